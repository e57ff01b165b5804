-- One row in any case: where nobody has a net order yet no version is active.
with active_version as (

    select max(model_version) as model_version
    from {{ ref('model_versions') }}
    where is_active

),

products as (

    select * from {{ ref('products') }}

),

categorised as (

    select * from {{ ref('int_products_by_category') }}
    where prediction_run = 'live'

),

-- The price that a product was categorised by.
prices as (

    select
        model_version,
        product_id,
        price
    from {{ ref('product_embeddings') }}
    where prediction_run = 'live'

    union all

    select
        model_version,
        product_id,
        price
    from {{ ref('new_product_categories') }}

),

categories as (

    select
        categorised.category_id,
        categorised.category_name,
        count(*) as product_count,
        sum(products.revenue) as revenue,
        quantile_disc(prices.price, 0.5) as typical_price,
        -- As decimals, as a sum of doubles depends on their order.
        avg(cast(categorised.similarity as decimal(9, 6))) as mean_similarity
    from categorised
    cross join active_version
    inner join products
        on categorised.product_id = products.product_id
    inner join prices
        on
            categorised.product_id = prices.product_id
            and active_version.model_version = prices.model_version
    group by 1, 2

),

names as (

    select names.*
    from {{ ref('category_names') }} as names
    inner join active_version
        on names.model_version = active_version.model_version
    where names.prediction_run = 'live'

),

candidates as (

    select candidates.*
    from {{ ref('int_category_candidates') }} as candidates
    inner join active_version
        on candidates.model_version = active_version.model_version
    where candidates.prediction_run = 'live'

),

choice as (

    select * from candidates
    where is_chosen

),

-- What was tried, and what comes nearest: where none is chosen, this says why.
tried as (

    select
        model_version,
        min(k) as fewest,
        max(k) as most,
        first(k order by mean_jaccard desc nulls last, k asc) as nearest,
        first(reason order by mean_jaccard desc nulls last, k asc) as reason
    from candidates
    group by 1

),

statistics as (

    select statistics.*
    from {{ ref('product_text_statistics') }} as statistics
    inner join active_version
        on statistics.model_version = active_version.model_version
    where statistics.prediction_run = 'live'

),

whole as (

    select
        count(*) as product_count,
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
        categories.category_id,
        categories.product_count,
        categories.revenue,
        categories.revenue / nullif(whole.revenue, 0) as revenue_share,
        categories.typical_price,
        categories.mean_similarity,
        choice.k,
        choice.silhouette,
        choice.min_jaccard,
        choice.mean_jaccard,
        choice.is_fallback
    from categories
    cross join whole
    cross join choice
    left join names
        on categories.category_id = names.category_id

),

-- Where nothing could be learned one row explains it, in each build that uses the version.
unlearned as (

    select
        'no categories' as category_name,
        null as top_terms,
        null as reason,
        case
            when active_version.model_version is null then 'no customer has a net order'
            when statistics.model_version is null
                then 'the active version was fitted before categories were learned: add refit: true'
            when statistics.failure_reason is not null then statistics.failure_reason
            when tried.nearest is null then 'no number of categories could be tried'
            when choice.k is null
                then concat(
                    tried.fewest,
                    ' to ',
                    tried.most,
                    ' categories were tried, and none of these numbers is good enough: each fails'
                    || ' several checks, or one by far (what the smallest category holds, how many'
                    || ' products fit none, and whether resamples find the same); ',
                    tried.nearest,
                    ' are found again best, but ',
                    tried.reason,
                    '; products.int_category_candidates has the reason for each'
                )
            else 'no products'
        end as failure_reason,
        active_version.model_version,
        null as category_id,
        whole.product_count,
        whole.revenue,
        null as revenue_share,
        null as typical_price,
        null as mean_similarity,
        null as k,
        null as silhouette,
        null as min_jaccard,
        null as mean_jaccard,
        null as is_fallback
    from active_version
    cross join whole
    left join statistics
        on active_version.model_version = statistics.model_version
    left join tried
        on active_version.model_version = tried.model_version
    left join choice
        on active_version.model_version = choice.model_version
    where not exists (select 1 from learned)

),

categories_or_none as (

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
    cast(category_id as integer) as category_id,
    product_count,
    cast(coalesce(revenue, 0) as decimal(18, 2)) as revenue,
    revenue_share,
    cast(typical_price as decimal(18, 2)) as typical_price,
    mean_similarity,
    cast(k as integer) as k,
    silhouette,
    min_jaccard,
    mean_jaccard,
    cast(is_fallback as boolean) as is_fallback
from categories_or_none
