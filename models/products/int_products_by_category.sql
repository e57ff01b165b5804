with live as (

    select
        'live' as study,
        products.product_id,
        names.category_name,
        products.category,
        products.similarity
    from {{ ref('product_category_versions') }} as products
    inner join {{ ref('int_score_version_in_use') }} as version_in_use
        on products.rules_version = version_in_use.score_version
    left join {{ ref('category_name_versions') }} as names
        on
            products.rules_version = names.rules_version
            and products.category = names.category

),

backtest as (

    select
        chosen.study,
        chosen.product_id,
        names.category_name,
        chosen.category,
        chosen.similarity
    from {{ ref('int_chosen_categories') }} as chosen
    left join {{ ref('category_names') }} as names
        on
            chosen.study = names.study
            and chosen.category = names.category
    where chosen.study = 'backtest'

),

products as (

    select * from live

    union all

    select * from backtest

)

select
    study,
    product_id,
    -- Names are of the categories that had a product when they were learned; the first odd one may come later.
    case when category = -1 then 'other' else category_name end as category_name,
    category,
    similarity
from products
