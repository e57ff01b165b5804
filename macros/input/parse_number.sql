{#-
    SQL: a trimmed text as a number of the given decimal type, null where it is none.

    `decimal_separator` is SQL. A grouping sign counts only where it groups by threes: with a
    decimal point '1,5' is not 15, and '0,850' is not 850. Blanks and apostrophes in a number group
    too: '2 12.50' is not 212.50. Signs of currencies and the blanks around a number are left out.
-#}
{% macro parse_number(text, type, decimal_separator) -%}
    {#-
        Nearly every text is a plain number, with its decimal point or comma: the expensive way is
        for the rest.
    -#}
    coalesce(
            try_cast(
                case
                    when {{ decimal_separator }} = ','
                        then case
                            when not contains({{ text }}, '.') then replace({{ text }}, ',', '.')
                        end
                    else {{ text }}
                end as {{ type }}
            ),
            {{ decorated_number(text, type, decimal_separator) }}
        )
{%- endmacro %}


{#-
    SQL: a text as a number, also with groups of digits, a sign of its currency, brackets or a minus
    behind it; null where it can't be read so. Groups are of three digits, or of two before the last
    three as in India, and don't begin with 0. A decimal comma becomes a point first: to prepare an
    expression for each of the two takes the engine milliseconds, in each query that reads numbers.
-#}
{% macro decorated_number(text, type, decimal_separator) -%}
    {%- set pattern = (
        '^[+-]?([0-9]*|[1-9][0-9]{0,2}([,][0-9]{3})+'
        ~ '|[1-9][0-9]?([,][0-9]{2})+[,][0-9]{3})([.][0-9]*)?$'
    ) -%}
    {%- set with_point -%}
        translate(
            {{ bare_number(text) }},
            ',._',
            case {{ decimal_separator }} when ',' then '.,,' else ',.,' end
        )
    {%- endset -%}
    {#- Extracted rather than matched, so that a query names the digits once: see below. -#}
    try_cast(replace(regexp_extract({{ with_point }}, '{{ pattern }}'), ',', '') as {{ type }})
{%- endmacro %}


{#-
    SQL: a text without the blanks around its number and the sign of a currency before or behind
    it; blanks and apostrophes between digits become '_', a minus behind the number or brackets
    around it a minus before it. A text that has a '_' is none of a number, and gets another sign.
-#}
{% macro bare_number(text) -%}
    {%- set blanks = "[\\s''’‘`´\\x{00A0}\\x{2000}-\\x{200B}\\x{202F}"
        ~ "\\x{205F}\\x{2060}\\x{FEFF}]" -%}
    {%- set signs = currency_pattern() -%}
    {%- set grouped -%}
        regexp_replace(translate({{ text }}, '_', '#'), '([0-9]){{ blanks }}+([0-9])', '\1_\2', 'g')
    {%- endset -%}
    {%- set closed_up = "regexp_replace(" ~ grouped ~ ", '" ~ blanks ~ "', '', 'g')" -%}
    {%- set ascii_minus = "translate(" ~ closed_up ~ ", '−–', '--')" -%}
    {%- set unsigned -%}
        regexp_replace(
            {{ ascii_minus }}, '(?i)^([(+-]*)({{ signs }})|({{ signs }})([)-]?)$', '\1\4', 'g'
        )
    {%- endset -%}
    regexp_replace(
        regexp_replace({{ unsigned }}, '^\(([0-9.,_]+)\)$', '-\1'), '^([0-9.,_]*[0-9])-$', '-\1'
    )
{%- endmacro %}


{#-
    SQL: the sign or the code of the currency in a text, in capitals; an empty text where there is
    none.
-#}
{% macro currency_sign(text) -%}
    {%- set signs = currency_pattern() -%}
    {%- set after_number = '(?i)[0-9.,\\s\\x{00A0}\\x{202F}-](' ~ signs ~ ')[)\\s-]*$' %}
    upper(regexp_extract({{ text }}, '(?i)^[(\s+−–-]*({{ signs }})([^\p{L}]|$)', 1)
        || regexp_extract({{ text }}, '{{ after_number }}', 1))
{%- endmacro %}


{#-
    SQL: the sign or the code of the currency of a row, in capitals and without a dot: that of its
    column of currencies, or where this is blank that of its price, else of its amount; null where
    there is none.
-#}
{% macro currency_sign_of_row(currency, unit_price, amount) -%}
    {%- set is_blank = "(" ~ currency ~ " is null or trim(" ~ currency ~ ") = '')" -%}
    {#-
        To prepare an expression for signs takes the engine milliseconds, in each query that reads
        it: the two texts that come first have one in common.
    -#}
    {%- set first_text -%}
        case when {{ is_blank }} then {{ unit_price }} else {{ currency }} end
    {%- endset -%}
    coalesce(
        {{ sign_unless_number(first_text) }},
        case when {{ is_blank }} then {{ sign_unless_number(amount) }} end
    )
{%- endmacro %}


{#- SQL: the same of one text. A plain number has no sign: only the others are searched for one. -#}
{% macro sign_unless_number(text) -%}
    case
        when regexp_matches({{ text }}, '[^0-9.,+-]')
            then nullif(replace({{ currency_sign(text) }}, '.', ''), '')
    end
{%- endmacro %}


{#-
    SQL: the code of the currency that a text names by its code or its sign; an empty text where
    there is none.
-#}
{% macro currency_code(text) -%}
    coalesce({{ code_of_sign(sign_unless_number(text)) }}, '')
{%- endmacro %}


{#-
    SQL: the code of the currency of a sign or a code, null where there is none. '$5' and '5 USD'
    are of one currency.
-#}
{% macro code_of_sign(sign) -%}
    {%- set codes = {
        '€': 'EUR', '£': 'GBP', '$': 'USD', 'US$': 'USD', '¥': 'JPY', '￥': 'JPY', '₽': 'RUB',
        '₹': 'INR', '₺': 'TRY', '₴': 'UAH', '₸': 'KZT', '₩': 'KRW', '₫': 'VND', '₱': 'PHP',
        '₪': 'ILS', '฿': 'THB', '₦': 'NGN', 'A$': 'AUD', 'AU$': 'AUD', 'C$': 'CAD', 'CA$': 'CAD',
        'NZ$': 'NZD', 'HK$': 'HKD', 'S$': 'SGD', 'NT$': 'TWD', 'MX$': 'MXN', 'R$': 'BRL',
        'ZŁ': 'PLN', 'KČ': 'CZK', 'FT': 'HUF', 'RS': 'INR', 'RP': 'IDR', 'RM': 'MYR', 'TL': 'TRY',
        'LEI': 'RON', 'ЛВ': 'BGN', 'РУБ': 'RUB', 'Р': 'RUB', 'ГРН': 'UAH', 'ТГ': 'KZT',
        'FR': 'CHF', 'SFR': 'CHF',
    } -%}
    coalesce(
                map {{ '{ ' }}{% for name, code in codes.items() -%}
                    '{{ name }}': '{{ code }}'{{ ', ' if not loop.last }}
                {%- endfor %}{{ ' }' }}[{{ sign }}],
                {{ sign }}
            )
{%- endmacro %}


{#-
    A regular expression for signs and codes of currencies: any sign (also 'R$' and 'US$'), the
    codes of ISO 4217, and short forms in use. Other letters make a text no number: 12 boxes are no
    price.
-#}
{% macro currency_pattern() -%}
    {%- set codes = [
        'AED', 'AFN', 'ALL', 'AMD', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN', 'BAM', 'BBD', 'BDT', 'BGN',
        'BHD', 'BIF', 'BMD', 'BND', 'BOB', 'BRL', 'BSD', 'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF',
        'CHF', 'CLP', 'CNY', 'COP', 'CRC', 'CUP', 'CVE', 'CZK', 'DJF', 'DKK', 'DOP', 'DZD', 'EGP',
        'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL', 'GHS', 'GIP', 'GMD', 'GNF', 'GTQ', 'GYD',
        'HKD', 'HNL', 'HTG', 'HUF', 'IDR', 'ILS', 'INR', 'IQD', 'IRR', 'ISK', 'JMD', 'JOD', 'JPY',
        'KES', 'KGS', 'KHR', 'KMF', 'KPW', 'KRW', 'KWD', 'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD',
        'LSL', 'LYD', 'MAD', 'MDL', 'MGA', 'MKD', 'MMK', 'MNT', 'MOP', 'MRU', 'MUR', 'MVR', 'MWK',
        'MXN', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR', 'NZD', 'OMR', 'PAB', 'PEN', 'PGK',
        'PHP', 'PKR', 'PLN', 'PYG', 'QAR', 'RON', 'RSD', 'RUB', 'RWF', 'SAR', 'SBD', 'SCR', 'SDG',
        'SEK', 'SGD', 'SHP', 'SLE', 'SOS', 'SRD', 'SSP', 'STN', 'SYP', 'SZL', 'THB', 'TJS', 'TMT',
        'TND', 'TOP', 'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'UGX', 'USD', 'UYU', 'UZS', 'VES', 'VND',
        'VUV', 'WST', 'XAF', 'XCD', 'XOF', 'XPF', 'YER', 'ZAR', 'ZMW', 'ZWG',
    ] -%}
    {%- set short_forms = [
        'kr\\.?', 'zł', 'kč', 'ft', 'rs\\.?', 'rp\\.?', 'rm', 'tl', 'lei', 'din\\.?', 'лв\\.?',
        'руб\\.?', 'р\\.?', 'грн\\.?', 'сом', 'тг', 's?fr\\.?',
    ] -%}
    {{ return('[a-z]{0,3}\\p{Sc}|' ~ (codes + short_forms) | join('|')) }}
{%- endmacro %}
