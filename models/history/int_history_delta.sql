{%- set told = processed_history() %}

-- What this build has to tell: every customer on days that were not told, and whose past was touched, from there on.
with facts as (

    select
        states.customer_id,
        dates.as_of_date,
        dates.model_version,
        cast(dates.as_of_date - states.last_net_order_date as integer) as recency_days,
        states.frequency,
        states.monetary,
        dates.is_month_end,
        dates.is_backfilled
    from {{ ref('int_snapshot_dates') }} as dates
    inner join {{ ref('int_customer_states_scd2') }} as states
        on
            dates.as_of_date >= states.valid_from
            and dates.as_of_date <= coalesce(states.valid_until, date '9999-12-31')
    left join {{ ref('int_changed_customers') }} as touched
        on
            states.customer_id = touched.customer_id
            and dates.as_of_date >= touched.changed_from
    where
        dates.is_due
        or touched.customer_id is not null

),

{{ segments_of('facts') }}

{% if told %},

-- What a day that is over was said to be: on the last day, what is still to come is not late.
told_before as (

    select history.*
    from {{ told.rows }} as history
    inner join {{ told.dates }} as dates_told
        on
            history.as_of_date = dates_told.as_of_date
            and not dates_told.is_open

),

closed_dates as (

    select distinct as_of_date
    from told_before

),

compared as (

    select
        segmented.*,
        case
            when closed_dates.as_of_date is null then null
            when told_before.customer_id is null then 'late_data'
            when
                told_before.frequency <> segmented.frequency
                or told_before.monetary <> segmented.monetary
                or coalesce(told_before.recency_days, -1) <> coalesce(segmented.recency_days, -1)
                then 'late_data'
            when told_before.model_version <> segmented.model_version then 'refit'
            else told_before.restated_by
        end as restated_by,
        case when told_before.restated_by is null then told_before.rfm_segment else told_before.original_rfm_segment end
            as original_rfm_segment,
        case when told_before.restated_by is null then told_before.broad_segment else told_before.original_broad_segment end
            as original_broad_segment,
        case when told_before.restated_by is null then told_before.detailed_segment else told_before.original_detailed_segment end
            as original_detailed_segment
    from segmented
    left join closed_dates
        on segmented.as_of_date = closed_dates.as_of_date
    left join told_before
        on
            segmented.customer_id = told_before.customer_id
            and segmented.as_of_date = told_before.as_of_date

)
{% else %},

compared as (

    select
        *,
        cast(null as varchar) as restated_by,
        cast(null as varchar) as original_rfm_segment,
        cast(null as varchar) as original_broad_segment,
        cast(null as varchar) as original_detailed_segment
    from segmented

)
{% endif %}

select
    customer_id,
    as_of_date,
    rfm_score,
    rfm_segment,
    broad_segment,
    detailed_segment,
    restated_by,
    case when restated_by is not null then original_rfm_segment end as original_rfm_segment,
    case when restated_by is not null then original_broad_segment end as original_broad_segment,
    case when restated_by is not null then original_detailed_segment end as original_detailed_segment,
    cast(model_version as integer) as model_version,
    recency_days,
    frequency,
    monetary,
    cast(recency_score as integer) as recency_score,
    cast(frequency_score as integer) as frequency_score,
    cast(monetary_score as integer) as monetary_score,
    is_month_end,
    is_backfilled
from compared
