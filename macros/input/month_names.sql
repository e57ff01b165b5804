{#-
    Names of months as logs write them, without the point of an abbreviation: twelve by line, in
    lower case, also as they are written without accents. None is the name of another month in any
    language. So Polish, Czech and Croatian are left out: what is November to one is October to
    another.
-#}
{% macro month_names() -%}
    {{ return([
        'jan feb mar apr may jun jul aug sep oct nov dec',
        'january february march april may june july august sept october november december',
        'january february march april may june july august september october november december',
        'januar februar märz april mai juni juli august september oktober november dezember',
        'jänner feber mär apr mai jun jul aug sep okt nov dez',
        'jaenner februar maerz april mai juni juli august september oktober november dezember',
        'jän feb mrz apr mai jun jul aug sept okt nov dez',
        'jan feb marz apr mai jun jul aug sep okt nov dez',
        'janvier février mars avril mai juin juillet août septembre octobre novembre décembre',
        'janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre',
        'janv févr mars avr mai juin juil août sept oct nov déc',
        'jan fév mars avr mai juin juil aout sep oct nov dec',
        'janv fevr mars avr mai juin juil aout sept oct nov dec',
        'enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre',
        'enero febrero marzo abril mayo junio julio agosto setiembre octubre noviembre diciembre',
        'ene feb mar abr may jun jul ago sept oct nov dic',
        'gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre'
        ~ ' dicembre',
        'gen feb mar apr mag giu lug ago set ott nov dic',
        'janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro',
        'janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro',
        'jan fev mar abr mai jun jul ago set out nov dez',
        'januari februari maart april mei juni juli augustus september oktober november december',
        'jan feb mrt apr mei jun jul aug sep okt nov dec',
        'januari februari mars april maj juni juli augusti september oktober november december',
        'januar februar marts april maj juni juli august september oktober november december',
        'januar februar mars april mai juni juli august september oktober november desember',
        'jan feb mar apr maj jun jul aug sep okt nov des',
        'ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie'
        ~ ' decembrie',
        'ian feb mar apr mai iun iul aug sept oct nov dec',
        'ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık',
        'ocak subat mart nisan mayis haziran temmuz agustos eylul ekim kasim aralik',
        'oca şub mar nis may haz tem ağu eyl eki kas ara',
        'oca sub mar nis may haz tem agu eyl eki kas ara',
        'январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь',
        'января февраля марта апреля мая июня июля августа сентября октября ноября декабря',
        'янв февр мар апр май июн июл авг сент окт нояб дек',
        'янв фев мар апр май июн июл авг сен окт ноя дек',
    ]) }}
{%- endmacro %}


{#- SQL: the number of a month, of two digits, by its name in lower case; else null. -#}
{% macro month_number(name) -%}
    {%- set numbers = {} -%}
    {%- for line in month_names() -%}
        {%- for month in line.split() -%}
            {%- do numbers.update({month: '%02d' % loop.index}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {#-
        One text with a place of the same length for each, longer than any name: to look up a place
        is a call that every engine has, and it names its argument once.
    -#}
    {%- set width = 12 -%}
    {%- set places = [] -%}
    {%- for month, number in numbers.items() -%}
        {%- do places.append('|' ~ month.ljust(width) ~ number) -%}
    {%- endfor -%}
    {%- set places = sql_text(places | join) -%}
    {%- set padded = 'rpad(' ~ name ~ ', ' ~ width ~ ", ' ')" -%}
    {%- set found = 'strpos(' ~ places ~ ", concat('|', " ~ padded ~ '))' -%}
    {{ return('substr(' ~ places ~ ', nullif(' ~ found ~ ', 0) + ' ~ (width + 1) ~ ', 2)') }}
{%- endmacro %}
