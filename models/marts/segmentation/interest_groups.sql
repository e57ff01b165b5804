with customers as (

    select
        interest_group,
        customer_id,
        frequency,
        monetary,
        monetary / nullif(frequency, 0) as basket
    from {{ ref('customers') }}

),

-- One row in any case: where nobody has a net order yet no version is active.
active_version as (

    select max(model_version) as model_version
    from {{ ref('model_versions') }}
    where is_active

),

-- Groups of the active version, also those without customers, and what replaces them.
groups as (

    select interest_groups.interest_group
    from {{ ref('int_interest_groups') }} as interest_groups
    inner join active_version
        on interest_groups.model_version = active_version.model_version

    union

    select interest_group
    from customers

),

sizes as (

    select
        interest_group,
        count(*) as size,
        sum(monetary) as revenue,
        sum(frequency) / count(*) as mean_orders,
        sum(monetary) / nullif(sum(frequency), 0) as mean_basket,
        cast(median(frequency) as double) as median_orders,
        cast(median(basket) as double) as median_basket
    from customers
    group by 1

),

whole as (

    select
        count(*) as size,
        sum(monetary) as revenue,
        cast(median(frequency) as double) as median_orders,
        cast(median(basket) as double) as median_basket
    from customers

),

-- Each customer counts once, however much they spend: a few wholesalers would decide what everyone
-- buys.
spends as (

    select
        customers.interest_group,
        interests.category_name,
        interests.category_id,
        sum(cast(interests.spend_share as decimal(18, 9))) as spend
    from {{ ref('customer_interests') }} as interests
    inner join customers
        on interests.customer_id = customers.customer_id
    group by 1, 2, 3

),

shares as (

    select
        *,
        spend / nullif(sum(spend) over (partition by interest_group), 0) as share,
        sum(spend) over (partition by category_id) / nullif(sum(spend) over (), 0) as share_of_all
    from spends

),

ranked as (

    select
        *,
        row_number() over (
            partition by interest_group
            order by category_id = -1, spend desc, category_id asc
        ) as category_rank,
        row_number() over (
            partition by interest_group
            order by category_id = -1, share - share_of_all desc, category_id asc
        ) as difference_rank
    from shares

),

favourites as (

    select
        interest_group,
        string_agg(
            format('{}: {:.0f} %', category_name, 100 * share), '; ' order by category_rank
        ) filter (where category_rank <= 3) as categories,
        max(
            case
                when difference_rank = 1 and category_id >= 0 and share >= 1.25 * share_of_all
                    then format(
                        '{:.0f} % of their money goes to {}, of all customers {:.0f} %',
                        100 * share,
                        category_name,
                        100 * share_of_all
                    )
            end
        ) as words
    from ranked
    group by 1

),

candidates as (

    select candidates.*
    from {{ ref('int_interest_candidates_ranked') }} as candidates
    inner join active_version
        on candidates.model_version = active_version.model_version

),

choice as (

    select
        max(reason) filter (where is_chosen) as chosen,
        min(reason) as why_none
    from candidates

),

{{ compared_traits(
    'interest_groups', 'sizes', 'whole', ['interest_group'], ['median_basket', 'median_orders']
) }},

compared_baskets as (

    select
        interest_group,
        string_agg(trait, '; ' order by display_order) as words
    from traits
    group by 1

),

distinguished as (

    select
        sizes.interest_group,
        nullif(concat_ws('; ', favourites.words, compared_baskets.words), '') as traits
    from sizes
    left join favourites
        on sizes.interest_group = favourites.interest_group
    left join compared_baskets
        on sizes.interest_group = compared_baskets.interest_group

)

select
    groups.interest_group,
    favourites.categories as leading_categories,
    case
        when groups.interest_group = 'all cancelled' then 'every order was cancelled'
        when groups.interest_group = 'all customers' then 'all customers are one group'
        when sizes.size > 0 then coalesce(distinguished.traits, 'much like all customers')
    end as distinguishing_traits,
    case
        when groups.interest_group = 'all customers'
            then coalesce(
                choice.why_none,
                'the active version was fitted before interests were learned: add refit: true'
            )
        when groups.interest_group <> 'all cancelled' then choice.chosen
    end as reason,
    active_version.model_version,
    coalesce(sizes.size, 0) as size,
    sizes.size / nullif(whole.size, 0) as share,
    cast(coalesce(sizes.revenue, 0) as decimal(18, 2)) as revenue,
    sizes.revenue / nullif(whole.revenue, 0) as revenue_share,
    sizes.mean_orders,
    cast(sizes.mean_basket as decimal(18, 2)) as mean_basket
from groups
cross join whole
cross join choice
cross join active_version
left join sizes
    on groups.interest_group = sizes.interest_group
left join favourites
    on groups.interest_group = favourites.interest_group
left join distinguished
    on groups.interest_group = distinguished.interest_group
