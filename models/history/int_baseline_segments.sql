-- Each customer's segments on the day that a version was fitted. Drift compares later dates with
-- them.
with versions as (

    select distinct
        dates.model_version,
        versions.baseline_date as as_of_date
    from {{ ref('int_snapshot_dates') }} as dates
    inner join {{ ref('model_versions') }} as versions
        on dates.model_version = versions.model_version

),

facts as (

    select
        states.customer_id,
        versions.as_of_date,
        versions.model_version,
        cast(versions.as_of_date - states.last_net_order_date as integer) as recency_days,
        states.frequency,
        states.monetary
    from versions
    inner join {{ ref('int_customer_states_scd2') }} as states
        on {{ is_valid_on('states', 'versions.as_of_date') | indent(12) }}

),

{{ assign_segments('facts') }}

select
    customer_id,
    rfm_segment,
    broad_segment,
    detailed_segment,
    cast(model_version as integer) as model_version,
    cast(recency_score as integer) as recency_score,
    cast(frequency_score as integer) as frequency_score,
    cast(monetary_score as integer) as monetary_score
from segmented
