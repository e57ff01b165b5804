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
    due.model_version,
    labels.k,
    labels.cluster
from {{ ref('candidate_labels') }} as labels
cross join {{ ref('int_pending_fits') }} as due
{{ skip_existing_version('due') }}
