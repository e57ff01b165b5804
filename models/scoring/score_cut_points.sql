{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with new_versions as (

    select
        score_version,
        baseline_date
    from {{ ref('score_versions') }}
    {% if is_incremental() %}
    where score_version not in (select fitted.score_version from {{ this }} as fitted)
    {% endif %}

),

population as (

    select
        new_versions.score_version,
        facts.recency_days,
        facts.frequency,
        facts.monetary
    from new_versions
    inner join {{ ref('int_customer_facts') }} as facts
        on
            new_versions.baseline_date = facts.as_of_date
            and facts.frequency > 0

),

measured as (

    select
        score_version,
        measure,
        value,
        count(*) as customers
    from (
        select
            score_version,
            cast(recency_days as decimal(18, 2)) as recency_days,
            cast(frequency as decimal(18, 2)) as frequency,
            monetary
        from population
    ) as wide unpivot (value for measure in (recency_days, frequency, monetary))
    group by 1, 2, 3

),

cumulative as (

    select
        score_version,
        measure,
        value,
        sum(customers) over (
            partition by score_version, measure order by value rows between unbounded preceding and current row
        ) as customers_up_to,
        sum(customers) over (partition by score_version, measure) as customers_fitted
    from measured

),

cuts as (

    select unnest([1, 2, 3, 4]) as cut_number

)

-- The least value that at least so many fifths of the customers do not exceed. It is a value that occurs, and counted in
-- whole numbers, so that no rounding moves it.
select
    cumulative.score_version,
    cumulative.measure,
    cuts.cut_number,
    min(cumulative.value) as cut_point
from cumulative
inner join cuts
    on cumulative.customers_up_to * 5 >= cumulative.customers_fitted * cuts.cut_number
group by 1, 2, 3
