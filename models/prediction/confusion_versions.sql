{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

-- Of interests the scores hold numbers; names come from the categories that the backtest learned, which are not today's.
with categories as (

    select distinct
        cast(category as varchar) as category,
        category_name
    from {{ ref('int_products_by_category') }}
    where prediction_run = 'backtest'

),

scores as (

    select
        scores.task,
        scores.model,
        scores.horizon_days,
        coalesce(actual_categories.category_name, scores.actual) as actual,
        coalesce(said_categories.category_name, scores.predicted, 'no prediction') as predicted
    from {{ ref('int_classification_scores') }} as scores
    left join categories as actual_categories
        on
            scores.task = 'interest'
            and scores.actual = actual_categories.category
    left join categories as said_categories
        on
            scores.task = 'interest'
            and scores.predicted = said_categories.category

)

select
    scores.task,
    scores.model,
    scores.actual,
    scores.predicted,
    due.model_version,
    cast(scores.horizon_days as integer) as horizon_days,
    count(*) as sample_size
from scores
cross join {{ ref('int_pending_backtests') }} as due
{{ skip_existing_version('due') }}
group by 1, 2, 3, 4, 5, 6
