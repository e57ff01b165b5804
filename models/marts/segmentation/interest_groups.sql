with customers as (

    select
        interest_group,
        customer_id,
        frequency,
        monetary,
        monetary / nullif(frequency, 0) as basket
    from {{ ref('customers') }}

),

version_in_use as (

    select model_version
    from {{ ref('int_active_version') }}

),

-- Groups of the version in use, also those that nobody is in any more, and what stands in for them.
groups as (

    select versions.interest_group
    from {{ ref('interest_group_versions') }} as versions
    inner join version_in_use
        on versions.model_version = version_in_use.model_version

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
        median(frequency) as usual_orders,
        median(basket) as usual_basket
    from customers
    group by 1

),

whole as (

    select
        count(*) as size,
        sum(monetary) as revenue,
        median(frequency) as usual_orders,
        median(basket) as usual_basket
    from customers

),

-- Each customer counts once, however much they spend: a few wholesalers would tell what everyone buys.
spends as (

    select
        customers.interest_group,
        interests.category_name,
        interests.category,
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
        sum(spend) over (partition by category) / nullif(sum(spend) over (), 0) as share_of_all
    from spends

),

ranked as (

    select
        *,
        row_number() over (partition by interest_group order by category = -1, spend desc, category asc) as place,
        row_number() over (
            partition by interest_group order by category = -1, share - share_of_all desc, category asc
        ) as place_apart
    from shares

),

favourites as (

    select
        interest_group,
        string_agg(format('{}: {:.0f} %', category_name, 100 * share), '; ' order by place) filter (
            where place <= 3
        ) as categories,
        max(
            case
                when place_apart = 1 and category >= 0 and share >= 1.25 * share_of_all
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

    select * from {{ ref('cluster_candidates') }}
    where segmentation = 'interest'

),

choice as (

    select
        max(reason) filter (where is_chosen) as chosen,
        min(reason) as why_none
    from candidates

),

-- Words for what differs by a quarter or more; medians, for the same reason.
apart as (

    select
        sizes.interest_group,
        nullif(concat_ws(
            '; ',
            favourites.words,
            case
                when sizes.usual_basket not between 0.8 * whole.usual_basket and 1.25 * whole.usual_basket
                    then format(
                        '{} baskets ({:,.0f}, typically {:,.0f})',
                        case when sizes.usual_basket > whole.usual_basket then 'larger' else 'smaller' end,
                        cast(sizes.usual_basket as double),
                        cast(whole.usual_basket as double)
                    )
            end,
            case
                when sizes.usual_orders not between 0.8 * whole.usual_orders and 1.25 * whole.usual_orders
                    then format(
                        '{} orders ({:g}, typically {:g})',
                        case when sizes.usual_orders > whole.usual_orders then 'more' else 'fewer' end,
                        cast(sizes.usual_orders as double),
                        cast(whole.usual_orders as double)
                    )
            end
        ), '') as words
    from sizes
    cross join whole
    left join favourites
        on sizes.interest_group = favourites.interest_group

)

select
    groups.interest_group,
    favourites.categories as leading_categories,
    case
        when groups.interest_group = 'all cancelled' then 'all cancelled of what they ordered'
        when groups.interest_group = 'all customers' then 'all customers are one group'
        when sizes.size > 0 then coalesce(apart.words, 'much like all customers')
    end as distinguishing_traits,
    case
        when groups.interest_group = 'all customers'
            then coalesce(choice.why_none, 'the version in use was fitted before interests were learned: add refit: true')
        when groups.interest_group <> 'all cancelled' then choice.chosen
    end as reason,
    version_in_use.model_version,
    coalesce(sizes.size, 0) as size,
    sizes.size / nullif(whole.size, 0) as share,
    cast(coalesce(sizes.revenue, 0) as decimal(18, 2)) as revenue,
    sizes.revenue / nullif(whole.revenue, 0) as revenue_share,
    sizes.mean_orders,
    cast(sizes.mean_basket as decimal(18, 2)) as mean_basket
from groups
cross join whole
cross join choice
cross join version_in_use
left join sizes
    on groups.interest_group = sizes.interest_group
left join favourites
    on groups.interest_group = favourites.interest_group
left join apart
    on groups.interest_group = apart.interest_group
