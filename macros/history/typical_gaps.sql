{#-
    SQL: CTEs over `order_days` (as_of_date, customer_id, segment, order_date: one row per date and
    earlier day with a net order). The last of them is `typical_gaps`: the longest typical gap
    between a customer's orders. From four gaps on the customer's own gaps decide, before that those
    of the segment at the date, and those of all customers where the segment has fewer than twenty.
-#}
{% macro typical_gaps(order_days) -%}
gaps as (

    select
        as_of_date,
        customer_id,
        segment,
        order_date - lag(order_date) over (
            partition by as_of_date, customer_id
            order by order_date
        ) as gap_days
    from {{ order_days }}

),

own_gaps as (

    select
        as_of_date,
        customer_id,
        segment,
        {{ typical_gap_days() }} as gap_days,
        count(gap_days) as gaps
    from gaps
    group by 1, 2, 3

),

segment_gaps as (

    select
        as_of_date,
        segment,
        {{ typical_gap_days() }} as gap_days,
        count(gap_days) as gaps
    from gaps
    group by 1, 2

),

all_gaps as (

    select
        as_of_date,
        {{ typical_gap_days() }} as gap_days
    from gaps
    group by 1

),

based as (

    select
        own_gaps.*,
        segment_gaps.gap_days as segment_gap_days,
        all_gaps.gap_days as all_gap_days,
        case
            when own_gaps.gaps >= 4 then 'own pauses'
            when segment_gaps.gaps >= 20 then 'pauses of the segment'
            else 'pauses of all customers'
        end as gap_basis
    from own_gaps
    inner join segment_gaps
        on
            own_gaps.as_of_date = segment_gaps.as_of_date
            and own_gaps.segment = segment_gaps.segment
    inner join all_gaps
        on own_gaps.as_of_date = all_gaps.as_of_date

),

-- Null where nobody has ordered on a second day yet.
typical_gaps as (

    select
        as_of_date,
        customer_id,
        gap_basis,
        cast(case gap_basis
            when 'own pauses' then gap_days
            when 'pauses of the segment' then segment_gap_days
            else all_gap_days
        end as integer) as typical_gap_days
    from based

)
{%- endmacro %}


{#- SQL: the gap that the set share of gaps does not exceed; one that occurs. -#}
{% macro typical_gap_days() -%}
    quantile_disc(gap_days, {{ var('overdue_quantile') }})
{%- endmacro %}
