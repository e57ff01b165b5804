{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

-- Which class was predicted how often of each actual class. Interests are numbers of categories
-- there; their names are those that the backtest learned, which are not today's.
with scores as (

    select * from {{ ref('int_classification_scores') }}

),

prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}
    where prediction_run = 'backtest'

),

products_by_category as (

    select * from {{ ref('int_products_by_category') }}
    where prediction_run = 'backtest'

),

categories as (

    select distinct
        'interest' as task,
        cast(category_id as varchar) as category_id,
        category_name
    from products_by_category

),

named_scores as (

    select
        scores.task,
        scores.model,
        scores.horizon_days,
        coalesce(actual_categories.category_name, scores.actual) as actual,
        coalesce(predicted_categories.category_name, scores.predicted, 'no prediction')
            as predicted
    from scores
    left join categories as actual_categories
        on
            scores.task = actual_categories.task
            and scores.actual = actual_categories.category_id
    left join categories as predicted_categories
        on
            scores.task = predicted_categories.task
            and scores.predicted = predicted_categories.category_id

)

select
    named_scores.task,
    named_scores.model,
    named_scores.actual,
    named_scores.predicted,
    prediction_runs.model_version,
    cast(named_scores.horizon_days as integer) as horizon_days,
    count(*) as sample_size
from named_scores
cross join prediction_runs
{{ skip_existing_version('prediction_runs') }}
group by 1, 2, 3, 4, 5, 6
