{#-
    SQL: CTEs over `order_days` (customer_id, segment, order_date: one row per day with a kept order), the last of them `usual_gaps`: how long
    each customer's pauses between orders usually are at most. A customer's own pauses tell after four of them; before that those
    of all pauses of the segment do, and of all customers where the segment has too few.
-#}
{% macro usual_gaps(order_days) -%}
gaps as (

    select
        customer_id,
        segment,
        order_date - lag(order_date) over (partition by customer_id order by order_date) as gap_days
    from {{ order_days }}

),

own_gaps as (

    select
        customer_id,
        segment,
        quantile_disc(gap_days, {{ var('usual_gap_quantile') }}) as gap_days,
        count(gap_days) as gaps
    from gaps
    group by 1, 2

),

segment_gaps as (

    select
        segment,
        quantile_disc(gap_days, {{ var('usual_gap_quantile') }}) as gap_days,
        count(gap_days) as gaps
    from gaps
    group by 1

),

all_gaps as (

    select quantile_disc(gap_days, {{ var('usual_gap_quantile') }}) as gap_days
    from gaps

),

usual_gaps as (

    select
        own_gaps.customer_id,
        case
            when own_gaps.gaps >= 4 then 'own pauses'
            when segment_gaps.gaps >= 20 then 'pauses of the segment'
            else 'pauses of all customers'
        end as judged_by,
        cast(case
            when own_gaps.gaps >= 4 then own_gaps.gap_days
            when segment_gaps.gaps >= 20 then segment_gaps.gap_days
            else all_gaps.gap_days
        end as integer) as usual_gap_days
    from own_gaps
    cross join all_gaps
    left join segment_gaps
        on own_gaps.segment is not distinct from segment_gaps.segment

)
{%- endmacro %}
