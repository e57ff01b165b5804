{#-
    What earlier builds told of the history, as relations (`rows`, `changes`, `days`, `dates`), and whether this build only looks back
    (`is_look`): with an `as_of_date` before the last one told it tells nothing new and leaves what was told as it is. None where all
    of it is to be told: in a first build, in a full refresh, and where one of the four is missing.
-#}
{% macro history_told() -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {%- set told = {
            'rows': stored_table(target.schema, 'segment_history'),
            'changes': stored_table(target.schema, 'segment_changes'),
            'days': stored_table('history', 'order_days_told'),
            'dates': stored_table('history', 'history_dates_told'),
        } -%}
        {%- if none not in told.values() | list -%}
            {%- set last_told = single_value('select max(as_of_date) from ' ~ told.dates) -%}
            {%- do told.update({
                'is_look': var('as_of_date') is not none and last_told is not none and var('as_of_date') | string < last_told | string
            }) -%}
            {{ return(told) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
