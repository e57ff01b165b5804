{{ config(post_hook="{{ validate_campaign_segments(this) }}") }}

-- The hook compares with the campaigns that are listed.
-- depends_on: {{ ref('campaigns') }}
-- depends_on: {{ ref('rfm_segments') }}
with versions as (

    select * from {{ ref('model_versions') }}

),

fitted as (

    select
        model_version,
        count(*) as customers_fitted
    from {{ ref('int_fit_population') }}
    group by 1

),

chosen as (

    select
        model_version,
        segmentation,
        format('{} {} {}', space, algorithm, k) as clustering
    from {{ ref('int_candidates_ranked') }}
    where is_chosen

),

rules as (

    select
        model_version,
        segmentation,
        segment,
        cast(recency_min as integer) as recency_min,
        cast(recency_max as integer) as recency_max,
        cast(frequency_min as bigint) as frequency_min,
        cast(frequency_max as bigint) as frequency_max,
        cast(monetary_min as decimal(18, 2)) as monetary_min,
        cast(monetary_max as decimal(18, 2)) as monetary_max,
        support,
        confidence
    from {{ ref('cluster_rules') }}

),

numbered as (

    select
        *,
        row_number() over (
            partition by model_version, segmentation
            order by
                recency_min asc nulls first,
                frequency_min asc nulls first,
                monetary_min asc nulls first
        ) as rule_number
    from rules

)

select
    numbered.segmentation,
    numbered.segment,
    {{ rule_text('numbered') | indent(4) }} as rule_text,
    chosen.clustering,
    versions.settings,
    numbered.model_version,
    cast(numbered.rule_number as integer) as rule_number,
    numbered.recency_min,
    numbered.recency_max,
    numbered.frequency_min,
    numbered.frequency_max,
    numbered.monetary_min,
    numbered.monetary_max,
    numbered.support,
    numbered.confidence,
    fitted.customers_fitted,
    versions.baseline_date
from numbered
inner join versions
    on numbered.model_version = versions.model_version
inner join fitted
    on numbered.model_version = fitted.model_version
left join chosen
    on
        numbered.model_version = chosen.model_version
        and numbered.segmentation = chosen.segmentation
