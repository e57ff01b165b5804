{%- set measures = [
    'recency_score', 'frequency_score', 'monetary_score',
    'rfm_segment', 'broad_segment', 'detailed_segment'
] %}
{%- set min_share = 0.0001 %}

-- Counted once by all measures together: the history is long, the combinations are few.
with history_counts as (

    select
        model_version,
        as_of_date,
        {{ measures | join(',\n        ') }},
        count(*) as customer_count
    from {{ ref('int_segment_snapshots') }}
    where not is_withdrawn
    group by all

),

-- The customers of the day that each version was fitted at: later dates are compared with them.
baseline_facts as (

    select
        states.customer_id,
        states.country,
        versions.model_version,
        cast(versions.baseline_date - states.last_net_order_date as integer) as recency_days,
        states.frequency,
        states.monetary
    from {{ ref('model_versions') }} as versions
    inner join {{ ref('int_customer_states_scd2') }} as states
        on {{ is_valid_on('states', 'versions.baseline_date') | indent(12) }}
    where versions.model_version in (select history_counts.model_version from history_counts)

),

{{ assign_segments('baseline_facts') }},

baseline_counts as (

    select
        model_version,
        {{ measures | join(',\n        ') }},
        count(*) as customer_count
    from segmented
    group by all

),

expected as (

    {% for measure in measures %}
    select
        '{{ measure }}' as measure,
        model_version,
        coalesce(cast({{ measure }} as varchar), 'none') as bin,
        sum(customer_count) as customer_count
    from baseline_counts
    group by 1, 2, 3
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

actual as (

    {% for measure in measures %}
    select
        '{{ measure }}' as measure,
        model_version,
        as_of_date,
        coalesce(cast({{ measure }} as varchar), 'none') as bin,
        sum(customer_count) as customer_count
    from history_counts
    group by 1, 2, 3, 4
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

dates as (

    select distinct
        measure,
        model_version,
        as_of_date
    from actual

),

-- Every bin of either side on every date.
bins as (

    select
        measure,
        model_version,
        bin
    from expected

    union

    select
        measure,
        model_version,
        bin
    from actual

),

shares as (

    select
        dates.measure,
        dates.model_version,
        dates.as_of_date,
        bins.bin,
        coalesce(actual.customer_count, 0) as customer_count,
        coalesce(expected.customer_count, 0) as expected_count,
        coalesce(actual.customer_count / sum(actual.customer_count) over of_day, 0) as actual_share,
        coalesce(
            expected.customer_count / sum(expected.customer_count) over of_day, 0
        ) as expected_share
    from dates
    inner join bins
        on
            dates.measure = bins.measure
            and dates.model_version = bins.model_version
    left join actual
        on
            dates.measure = actual.measure
            and dates.as_of_date = actual.as_of_date
            and bins.bin = actual.bin
    left join expected
        on
            dates.measure = expected.measure
            and dates.model_version = expected.model_version
            and bins.bin = expected.bin
    window of_day as (partition by dates.measure, dates.as_of_date)

),

-- An empty bin counts as one in ten thousand, because zero has no logarithm.
floored as (

    select
        *,
        greatest(actual_share, {{ min_share }}) as actual,
        greatest(expected_share, {{ min_share }}) as expected
    from shares

),

indexes as (

    select
        measure,
        model_version,
        as_of_date,
        cast(sum(customer_count) as bigint) as customer_count,
        -- By chance, the index of two samples of one population is about (1 / n + 1 / m) times
        -- chi-squared (Yurdakul 2018): it is more than this in one of twenty cases.
        (1 / sum(customer_count) + 1 / nullif(sum(expected_count), 0))
        * {{ chi_squared_quantile('greatest(count(*) - 1, 1)') | indent(8) }} as chance_index,
        sum(cast((actual - expected) * ln(actual / expected) as decimal(18, 8)))
            as population_stability_index
    from floored
    group by 1, 2, 3

),

stay_rates as (

    select distinct
        concat(segmentation, '_segment') as measure,
        as_of_date,
        stay_rate
    from {{ ref('segment_transitions') }}

),

refit_agreement as (

    {{ refit_agreement() | indent(4) }}

)

select
    indexes.measure,
    cast(indexes.model_version as integer) as model_version,
    indexes.customer_count,
    cast(indexes.population_stability_index as double) as population_stability_index,
    case
        -- The day is compared with itself.
        when indexes.as_of_date = versions.baseline_date then 'baseline'
        when indexes.population_stability_index < 0.1 then 'stable'
        -- Of few customers, one or two who change make such an index.
        when
            indexes.population_stability_index <= 0.25
            or indexes.population_stability_index <= indexes.chance_index
            then 'moved'
        else 'shifted'
    end as drift_status,
    stay_rates.stay_rate,
    refit_agreement.adjusted_rand_index as adjusted_rand_vs_previous,
    indexes.as_of_date
from indexes
inner join {{ ref('model_versions') }} as versions
    on indexes.model_version = versions.model_version
left join stay_rates
    on
        indexes.measure = stay_rates.measure
        and indexes.as_of_date = stay_rates.as_of_date
left join refit_agreement
    on
        indexes.measure = concat(refit_agreement.segmentation, '_segment')
        and indexes.as_of_date = refit_agreement.as_of_date
