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
    from {{ ref('int_candidates_judged') }}
    where is_chosen

),

rules as (

    select
        segmentation,
        segment,
        cast(recency_from as integer) as recency_from,
        cast(recency_below as integer) as recency_below,
        cast(frequency_from as bigint) as frequency_from,
        cast(frequency_below as bigint) as frequency_below,
        cast(monetary_from as decimal(18, 2)) as monetary_from,
        cast(monetary_below as decimal(18, 2)) as monetary_below,
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
                recency_from asc nulls first,
                frequency_from asc nulls first,
                monetary_from asc nulls first
        ) as rule_number
    from rules

)

select
    numbered.segmentation,
    numbered.segment,
    {{ rule_sentence('numbered') | indent(4) }} as sentence,
    chosen.clustering,
    settings_now.settings,
    due.rules_version,
    cast(numbered.rule_number as integer) as rule_number,
    numbered.recency_from,
    numbered.recency_below,
    numbered.frequency_from,
    numbered.frequency_below,
    numbered.monetary_from,
    numbered.monetary_below,
    numbered.support,
    numbered.confidence,
    due.customers_fitted,
    due.baseline_date
from numbered
cross join {{ ref('int_fit_due') }} as due
cross join {{ ref('int_fit_settings') }} as settings_now
left join chosen
    on numbered.segmentation = chosen.segmentation
{{ unless_stored('due') }}
