{#- Days that were told stay, but for those that the history tells anew of anybody. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_restated_history('day') }}",
) }}

{%- set segmentations = ['rfm', 'broad', 'detailed'] %}

-- depends_on: {{ ref('int_snapshot_dates') }}, {{ ref('int_changed_customers') }}
with history as (

    select * from {{ ref('segment_history') }}

),

dates as (

    select
        as_of_date,
        lag(as_of_date) over (order by as_of_date) as previous_date
    from {{ ref('segment_history') }}
    group by 1

),

steps as (

    select * from dates
    {% if is_incremental() %}
    where
        as_of_date not in (
            select days_told.as_of_date
            from {{ this }} as days_told
        )
    {% endif %}

),

-- Named one by one, so that only their part of the history is read.
history_before as (

    select * from history
    where as_of_date in (
        select steps.previous_date
        from steps
    )

),

-- From no segment come those who placed their first order since; `new` is an rfm segment of its own. All three segmentations at
-- once, as the history is long.
moves as (

    select
        steps.previous_date,
        after.as_of_date,
        {% for segmentation in segmentations %}
        coalesce(before.{{ segmentation }}_segment, 'no order yet') as {{ segmentation }}_before,
        after.{{ segmentation }}_segment,
        {% endfor %}
        after.monetary - coalesce(before.monetary, 0) as revenue
    from history as after
    inner join steps
        on after.as_of_date = steps.as_of_date
    left join history_before as before
        on
            after.customer_id = before.customer_id
            and steps.previous_date = before.as_of_date

),

flows as (

    {% for segmentation in segmentations %}
    select
        '{{ segmentation }}' as segmentation,
        previous_date,
        as_of_date,
        {{ segmentation }}_before as from_segment,
        {{ segmentation }}_segment as to_segment,
        count(*) as customers,
        sum(revenue) as revenue
    from moves
    group by 1, 2, 3, 4, 5
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    segmentation,
    from_segment,
    to_segment,
    customers,
    cast(revenue as decimal(18, 2)) as revenue,
    case
        when from_segment <> 'no order yet'
            then customers / sum(customers) over (partition by segmentation, as_of_date, from_segment)
    end as transition_probability,
    sum(customers) filter (where from_segment = to_segment) over (partition by segmentation, as_of_date)
    / nullif(sum(customers) filter (where from_segment <> 'no order yet') over (partition by segmentation, as_of_date), 0)
        as stay_rate,
    previous_date,
    as_of_date
from flows
