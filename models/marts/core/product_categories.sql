with version_in_use as (

    select model_version
    from {{ ref('int_active_version') }}

),

products as (

    select * from {{ ref('products') }}

),

categorised as (

    select *
    from {{ ref('int_products_by_category') }}
    where prediction_run = 'live'

),

prices as (

    select
        product_category_versions.product_id,
        product_category_versions.price
    from {{ ref('product_category_versions') }} as product_category_versions
    inner join version_in_use
        on product_category_versions.model_version = version_in_use.model_version

),

categories as (

    select
        categorised.category,
        categorised.category_name,
        count(*) as products,
        sum(products.revenue) as revenue,
        quantile_disc(prices.price, 0.5) as typical_price,
        -- As decimals, as a sum of doubles hangs on their order.
        avg(cast(categorised.similarity as decimal(9, 6))) as mean_similarity
    from categorised
    inner join products
        on categorised.product_id = products.product_id
    inner join prices
        on categorised.product_id = prices.product_id
    group by 1, 2

),

names as (

    select category_name_versions.*
    from {{ ref('category_name_versions') }} as category_name_versions
    inner join version_in_use
        on category_name_versions.model_version = version_in_use.model_version

),

choice as (

    select candidates.*
    from {{ ref('category_candidate_versions') }} as candidates
    inner join version_in_use
        on candidates.model_version = version_in_use.model_version
    where candidates.is_chosen

),

whole as (

    select
        count(*) as products,
        sum(revenue) as revenue
    from products

),

learned as (

    select
        categories.category_name,
        nullif(names.top_terms, '') as top_terms,
        choice.reason,
        cast(null as varchar) as failure_reason,
        choice.model_version,
        categories.category,
        categories.products,
        categories.revenue,
        categories.revenue / nullif(whole.revenue, 0) as revenue_share,
        categories.typical_price,
        categories.mean_similarity,
        choice.k,
        choice.silhouette,
        choice.min_jaccard
    from categories
    cross join whole
    cross join choice
    left join names
        on categories.category = names.category

),

-- Where nothing could be learned one row says why, in this build and in all that use the version.
unlearned as (

    select
        'no categories' as category_name,
        null as top_terms,
        null as reason,
        coalesce(
            catalogue_versions.failure_reason,
            case
                when version_in_use.model_version is null then 'no customer has kept an order'
                when catalogue_versions.model_version is null
                    then 'the version in use was fitted before categories were learned: add refit: true'
                else 'no products'
            end
        ) as failure_reason,
        version_in_use.model_version,
        null as category,
        whole.products,
        whole.revenue,
        null as revenue_share,
        null as typical_price,
        null as mean_similarity,
        null as k,
        null as silhouette,
        null as min_jaccard
    from version_in_use
    cross join whole
    left join {{ ref('catalogue_versions') }} as catalogue_versions
        on version_in_use.model_version = catalogue_versions.model_version
    where (select count(*) from learned) = 0

),

told as (

    select * from learned

    union all

    select * from unlearned

)

select
    category_name,
    top_terms,
    reason,
    failure_reason,
    model_version,
    cast(category as integer) as category,
    products,
    cast(coalesce(revenue, 0) as decimal(18, 2)) as revenue,
    revenue_share,
    cast(typical_price as decimal(18, 2)) as typical_price,
    mean_similarity,
    cast(k as integer) as k,
    silhouette,
    min_jaccard
from told
