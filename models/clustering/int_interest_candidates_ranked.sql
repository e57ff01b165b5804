{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

{%- set figures = ['bootstrap_samples', 'bootstrap_draws', 'min_jaccard', 'mean_adjusted_rand'] %}

with candidates as (

    {{ candidates_by_level(ref('interest_candidate_metrics')) | indent(4) }}

),

-- The candidates are few, so the stability of each is measured both in full and roughly, whichever
-- counts.
measured as (

    select
        candidates.* exclude (
            {%- for figure in figures %}
            full_{{ figure }}, rough_{{ figure }}{{ ',' if not loop.last }}
            {%- endfor %}
        ),
        {% for figure in figures %}
        case
            when candidates.is_finalist then candidates.full_{{ figure }}
            else candidates.rough_{{ figure }}
        end as {{ figure }}{{ ',' if not loop.last }}
        {% endfor %}
    from candidates
    {{ skip_existing_version('candidates') }}

),

{{ rank_candidates('measured') }}
