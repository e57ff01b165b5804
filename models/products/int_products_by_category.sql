with live as (

    select
        'live' as prediction_run,
        products.product_id,
        names.category_name,
        products.category,
        products.similarity
    from {{ ref('product_category_versions') }} as products
    inner join {{ ref('int_active_version') }} as version_in_use
        on products.model_version = version_in_use.model_version
    left join {{ ref('category_name_versions') }} as names
        on
            products.model_version = names.model_version
            and products.category = names.category

),

backtest as (

    select
        chosen.prediction_run,
        chosen.product_id,
        names.category_name,
        chosen.category,
        chosen.similarity
    from {{ ref('int_chosen_categories') }} as chosen
    left join {{ ref('category_names') }} as names
        on
            chosen.prediction_run = names.prediction_run
            and chosen.category = names.category
    where chosen.prediction_run = 'backtest'

),

products as (

    select * from live

    union all

    select * from backtest

)

select
    prediction_run,
    product_id,
    -- Names are of the categories that had a product when they were learned; the first odd one may come later.
    case when category = -1 then 'other' else category_name end as category_name,
    category,
    similarity
from products
