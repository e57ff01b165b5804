{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

select
    labels.space,
    labels.algorithm,
    labels.customer_id,
    due.rules_version,
    labels.k,
    labels.cluster
from {{ ref('candidate_labels') }} as labels
cross join {{ ref('int_fit_due') }} as due
{{ unless_stored('due') }}
