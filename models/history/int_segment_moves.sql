{{ config(meta={'bytes_per_customer_and_date': 225}) }}

{%- set segmentations = ['rfm', 'broad', 'detailed'] %}

-- Each snapshot that this build has to write, beside the customer's snapshot of the date before,
-- which this build or an earlier one writes.
with delta as (

    {{ snapshots_to_write() | indent(4) }}

),

dates as (

    select * from {{ ref('int_snapshot_dates') }}

),

reported as (

    {{ reported_snapshots() | indent(4) }}

),

dates_before as (

    select distinct dates.previous_date as as_of_date
    from delta
    inner join dates
        on delta.as_of_date = dates.as_of_date

),

unchanged as (

    select reported.*
    from reported
    inner join dates_before
        on reported.as_of_date = dates_before.as_of_date
    inner join dates
        on
            reported.as_of_date = dates.as_of_date
            and not dates.is_due
    left join delta
        on
            reported.customer_id = delta.customer_id
            and reported.as_of_date = delta.as_of_date
    where delta.customer_id is null

),

before as (

    {% for snapshots in ['delta', 'unchanged'] %}
    select
        customer_id,
        as_of_date,
        rfm_segment,
        broad_segment,
        detailed_segment,
        model_version,
        recency_days,
        frequency,
        monetary,
        monetary_score
    from {{ snapshots }}
    where not is_withdrawn
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

paired as (

    select
        delta.*,
        before.as_of_date as previous_date,
        {% for segmentation in segmentations %}
        before.{{ segmentation }}_segment as {{ segmentation }}_before,
        {% endfor %}
        before.model_version as previous_version,
        before.recency_days as recency_before,
        before.frequency as frequency_before,
        before.monetary as monetary_before,
        before.monetary_score as monetary_score_before,
        not delta.is_withdrawn and before.customer_id is null as is_new
    from delta
    inner join dates
        on delta.as_of_date = dates.as_of_date
    left join before
        on
            delta.customer_id = before.customer_id
            and dates.previous_date = before.as_of_date

)

select
    *,
    not is_withdrawn
    and (
        is_new
        {% for segmentation in segmentations %}
        or {{ segmentation }}_segment <> {{ segmentation }}_before
        {% endfor %}
    ) as is_move
from paired
