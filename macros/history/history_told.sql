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
            {%- do told.update({'is_look': is_look_back(told.dates)}) -%}
            {{ return(told) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}


{#- Whether the `as_of_date` lies before the last day told of the same shop, known by the last order of the versions told with. -#}
{% macro is_look_back(dates_told) -%}
    {%- if var('as_of_date') is none -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set last_told = single_value(
        'select max(dates.as_of_date) from ' ~ dates_told ~ ' as dates'
        ~ ' inner join ' ~ stored_table('scoring', 'score_cut_points') ~ ' as versions on dates.rules_version = versions.score_version'
        ~ ' inner join ' ~ stored_table(target.schema, 'orders') ~ ' as anchors on versions.anchor_invoice_id = anchors.invoice_id'
        ~ ' and versions.anchor_customer_id = anchors.customer_id and versions.anchor_order_date = anchors.order_date'
    ) -%}
    {{ return(last_told is not none and var('as_of_date') | string < last_told | string) }}
{%- endmacro %}
