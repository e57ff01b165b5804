{#-
    What earlier builds told of the history, as relations (`rows`, `changes`, `days`, `dates`), up to which day (`last_date`), and
    whether this build only looks back (`is_look`): with an `as_of_date` before the last day told it tells nothing new and leaves what
    was told as it is. None where all of it is to be told: in a first build, in a full refresh, where one of the four is missing, and
    where it tells of another shop.
-#}
{% macro processed_history() -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {%- set told = {
            'rows': existing_relation(target.schema, 'segment_history'),
            'changes': existing_relation(target.schema, 'segment_changes'),
            'days': existing_relation('history', 'processed_order_events'),
            'dates': existing_relation('history', 'processed_snapshot_dates'),
        } -%}
        {%- set last_date = last_date_told(told.dates) if none not in told.values() | list -%}
        {%- if last_date -%}
            {%- do told.update({
                'last_date': last_date,
                'is_look': var('as_of_date') is not none and var('as_of_date') | string < last_date | string,
            }) -%}
            {{ return(told) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}


{#- The last day told of this shop, known by the last order of the versions that it was told with; none where there is none. -#}
{% macro last_date_told(dates_told) -%}
    {{ return(single_value(
        'select max(dates.as_of_date) from ' ~ dates_told ~ ' as dates'
        ~ ' inner join ' ~ existing_relation('scoring', 'rfm_cut_points') ~ ' as versions on dates.model_version = versions.model_version'
        ~ ' inner join ' ~ existing_relation(target.schema, 'orders') ~ ' as anchors on versions.anchor_invoice_id = anchors.invoice_id'
        ~ ' and versions.anchor_customer_id = anchors.customer_id and versions.anchor_order_date = anchors.order_date'
    )) }}
{%- endmacro %}


{#- Says that a build which looks back tells nothing new: who sets `as_of_date` by a clock sees that the clock went back. -#}
{% macro tell_look_back() -%}
    {%- set told = processed_history() -%}
    {%- if told and told.is_look -%}
        {%- do log(
            "The history is told up to " ~ told.last_date ~ " and stays as it is, as the setting 'as_of_date' looks back to "
            ~ var('as_of_date') ~ ". What is new is told by a build of that day or a later one, or without the setting.", info=true
        ) -%}
    {%- endif -%}
{%- endmacro %}
