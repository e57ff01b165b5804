-- Each day that is told anew beside the one before it, in each segmentation; a first day has none before it.
with fresh as (

    select
        fresh.*,
        dates.previous_date
    from {{ ref('int_history_delta') }} as fresh
    inner join {{ ref('int_snapshot_dates') }} as dates
        on fresh.as_of_date = dates.as_of_date

),

before as (

    select * from {{ ref('segment_history') }}

),

moved as (

    select
        fresh.customer_id,
        fresh.as_of_date,
        before.as_of_date as previous_date,
        {% for segmentation in ['rfm', 'broad', 'detailed'] %}
        before.{{ segmentation }}_segment as {{ segmentation }}_before,
        fresh.{{ segmentation }}_segment,
        fresh.original_{{ segmentation }}_segment,
        {% endfor %}
        fresh.restated_by,
        before.model_version as previous_version,
        fresh.model_version,
        before.recency_days as recency_before,
        before.frequency as frequency_before,
        before.monetary as monetary_before,
        fresh.recency_days,
        fresh.frequency,
        fresh.monetary,
        fresh.monetary_score,
        before.monetary_score as monetary_score_before,
        before.customer_id is null as is_new
    from fresh
    left join before
        on
            fresh.customer_id = before.customer_id
            and fresh.previous_date = before.as_of_date

)

select * from moved
where
    is_new
    or restated_by is not null
    {% for segmentation in ['rfm', 'broad', 'detailed'] %}
    or {{ segmentation }}_segment <> {{ segmentation }}_before
    {% endfor %}
