{#-
    SQL: CTEs that say which order each sale line is of. The last of them, `lines_of_orders`, has
    the columns of `lines`, with the order as `invoice_id`, the number as `invoice_number` and the
    day of the order's first line as `order_date`. An order's lines lie within `max_order_days` of
    its first one: a number that is used again after that begins another order. Only earlier lines
    decide it, so later rows change no earlier order. `lines` names a relation of sale lines, `keys`
    the columns that identify a number in it.
-#}
{% macro lines_of_orders(lines, keys=['customer_id', 'invoice_id']) -%}
{%- set key_list = keys | join(',\n        ') -%}
-- Nearly all numbers are of one day: days are compared only where there are several.
numbers_of_several_days as (

    select
        {{ key_list }}
    from {{ lines }}
    group by all
    having cast(min(ordered_at) as date) <> cast(max(ordered_at) as date)

),

days_of_numbers as (

    select
        {%- for key in keys %}
        {{ lines }}.{{ key }},
        {%- endfor %}
        list_sort(list(distinct cast({{ lines }}.ordered_at as date))) as days
    from {{ lines }}
    inner join numbers_of_several_days
        on
            {%- for key in keys %}
            {{ lines }}.{{ key }} = numbers_of_several_days.{{ key }}
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

-- Materialized, so that an engine that doesn't know how few there are keeps them in memory, and
-- doesn't part all lines by what they are joined by.
order_spans as materialized (

    select
        *,
        lead(first_day, 1, date '9999-12-31') over by_day - 1 as last_day,
        row_number() over by_day as order_number
    from order_starts
    window by_day as (partition by {{ keys | join(', ') }} order by first_day)

),

lines_of_orders as (

    select
        {{ lines }}.* replace (
            case
                when order_spans.order_number > 1
                    then concat({{ lines }}.invoice_id, ' (', order_spans.first_day, ')')
                else {{ lines }}.invoice_id
            end as invoice_id
        ),
        {{ lines }}.invoice_id as invoice_number,
        coalesce(order_spans.first_day, cast({{ lines }}.ordered_at as date)) as order_date
    from {{ lines }}
    left join order_spans
        on
            {%- for key in keys %}
            {{ lines }}.{{ key }} = order_spans.{{ key }} and
            {%- endfor %}
            cast({{ lines }}.ordered_at as date)
            between order_spans.first_day and order_spans.last_day

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
                when date_diff('day', starts[-1], next_day[1]) <= {{ var('max_order_days') }}
                    then starts
                else starts || next_day
            end,
            cast([] as date[])
        )
{%- endmacro %}
