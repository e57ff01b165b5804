{#-
    SQL: CTEs that say which order each sale line is of. The last of them, `lines_of_orders`, has
    the columns of `lines`, with the order as `invoice_id` and the number as `invoice_number`. An
    order's lines lie within `max_order_days` of its first one: a number that is used again after
    that begins another order. Only earlier lines decide it, so later rows change no earlier order.
    `lines` names a relation of sale lines, `keys` the columns that identify a number in it.
-#}
{% macro lines_of_orders(lines, keys=['customer_id', 'invoice_id']) -%}
{%- set key_list = keys | join(',\n        ') -%}
-- Nearly all numbers are used once: days are compared only where they lie far apart.
repeated_numbers as (

    select
        {{ key_list }}
    from {{ lines }}
    group by all
    having date_diff('day', min(ordered_at), max(ordered_at)) > {{ var('max_order_days') }}

),

days_of_numbers as (

    select
        {%- for key in keys %}
        {{ lines }}.{{ key }},
        {%- endfor %}
        list_sort(list(distinct cast({{ lines }}.ordered_at as date))) as days
    from {{ lines }}
    inner join repeated_numbers
        on
            {%- for key in keys %}
            {{ lines }}.{{ key }} = repeated_numbers.{{ key }}
            {{- ' and' if not loop.last }}
            {%- endfor %}
    group by all

),

order_starts as (

    select
        {{ key_list }},
        unnest({{ first_days_of_orders('days') }}) as first_day
    from days_of_numbers

),

order_spans as (

    select
        *,
        lead(first_day, 1, date '9999-12-31') over by_day - 1 as last_day,
        row_number() over by_day as order_number
    from order_starts
    window by_day as (partition by {{ keys | join(', ') }} order by first_day)

),

reused_numbers as (

    select
        {{ key_list }},
        first_day,
        last_day,
        concat(invoice_id, ' (', first_day, ')') as order_id
    from order_spans
    where order_number > 1

),

lines_of_orders as (

    select
        {{ lines }}.* replace (
            coalesce(reused_numbers.order_id, {{ lines }}.invoice_id) as invoice_id
        ),
        {{ lines }}.invoice_id as invoice_number
    from {{ lines }}
    left join reused_numbers
        on
            {%- for key in keys %}
            {{ lines }}.{{ key }} = reused_numbers.{{ key }} and
            {%- endfor %}
            cast({{ lines }}.ordered_at as date)
            between reused_numbers.first_day and reused_numbers.last_day

)
{%- endmacro %}


{#- SQL: of a sorted list of days, those on which an order begins. -#}
{% macro first_days_of_orders(days) -%}
    {{ return(adapter.dispatch('first_days_of_orders')(days)) }}
{%- endmacro %}


{% macro default__first_days_of_orders(days) -%}
    list_reduce(
            list_transform({{ days }}, lambda day: [day]),
            lambda starts, next_day: case
                when next_day[1] - starts[-1] > {{ var('max_order_days') }} then starts || next_day
                else starts
            end
        )
{%- endmacro %}
