{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with candidates as (

    {{ candidates_by_level(ref('interest_candidate_metrics')) | indent(4) }}

),

-- The candidates are few, so the stability of each is measured both in full and roughly, whichever counts.
measured as (

    select
        candidates.* exclude (
            {%- for column in ['bootstrap_samples', 'bootstrap_draws', 'min_jaccard', 'mean_adjusted_rand'] %}
            full_{{ column }}, rough_{{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        ),
        {% for column in ['bootstrap_samples', 'bootstrap_draws', 'min_jaccard', 'mean_adjusted_rand'] %}
        case when candidates.is_finalist then candidates.full_{{ column }} else candidates.rough_{{ column }} end
            as {{ column }}{{ ',' if not loop.last }}
        {% endfor %}
    from candidates
    {{ skip_existing_version('candidates') }}

),

{{ rank_candidates('measured') }}
