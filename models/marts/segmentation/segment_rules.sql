{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

-- What else the fit of a version stores comes first: a build that is cut off leaves no rules, and the next one fits again.
-- depends_on: {{ ref('candidate_versions') }}
-- depends_on: {{ ref('label_versions') }}
-- depends_on: {{ ref('coordinate_versions') }}
-- depends_on: {{ ref('evaluation_versions') }}
-- depends_on: {{ ref('catalogue_versions') }}
-- depends_on: {{ ref('category_candidate_versions') }}
-- depends_on: {{ ref('category_name_versions') }}
-- depends_on: {{ ref('product_category_versions') }}
-- depends_on: {{ ref('interest_map_versions') }}
-- depends_on: {{ ref('interest_group_versions') }}
with chosen as (

    select
        segmentation,
        format('{} {} {}', space, algorithm, k) as clustering
    from {{ ref('int_candidates_ranked') }}
    where is_chosen

),

rules as (

    select
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
            partition by segmentation
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
    settings_now.settings,
    due.model_version,
    cast(numbered.rule_number as integer) as rule_number,
    numbered.recency_min,
    numbered.recency_max,
    numbered.frequency_min,
    numbered.frequency_max,
    numbered.monetary_min,
    numbered.monetary_max,
    numbered.support,
    numbered.confidence,
    due.customers_fitted,
    due.baseline_date
from numbered
cross join {{ ref('int_pending_fits') }} as due
cross join {{ ref('int_fit_settings') }} as settings_now
left join chosen
    on numbered.segmentation = chosen.segmentation
{{ skip_existing_version('due') }}
