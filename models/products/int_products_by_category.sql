with runs as (

    select
        prediction_run,
        model_version
    from {{ ref('int_prediction_runs') }}

),

learned as (

    select
        runs.prediction_run,
        runs.model_version,
        labels.product_id,
        labels.category_id,
        labels.similarity
    from runs
    inner join {{ ref('int_category_candidates') }} as chosen
        on
            runs.prediction_run = chosen.prediction_run
            and runs.model_version = chosen.model_version
            and chosen.is_chosen
    inner join {{ ref('category_labels') }} as labels
        on
            chosen.prediction_run = labels.prediction_run
            and chosen.model_version = labels.model_version
            and chosen.algorithm = labels.algorithm
            and chosen.k = labels.k

),

placed as (

    select
        runs.prediction_run,
        runs.model_version,
        products.product_id,
        products.category_id,
        products.similarity
    from runs
    inner join {{ ref('new_product_categories') }} as products
        on
            runs.prediction_run = 'live'
            and runs.model_version = products.model_version

),

products as (

    select * from learned

    union all

    select * from placed

)

select
    products.prediction_run,
    products.product_id,
    -- Names are of the categories that had a product when they were learned; the first odd one may
    -- appear later.
    case when products.category_id = -1 then 'other' else names.category_name end as category_name,
    products.category_id,
    products.similarity
from products
left join {{ ref('category_names') }} as names
    on
        products.prediction_run = names.prediction_run
        and products.model_version = names.model_version
        and products.category_id = names.category_id
