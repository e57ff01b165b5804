{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
) }}

with pending as (

    {{ pending_versions() | indent(4) }}

),

labels as (

    {{ chosen_labels(
        ref('int_interest_candidates_ranked'),
        ref('interest_candidate_labels')
    ) | indent(4) }}

),

fitted_features as (

    select
        customer_id,
        feature,
        -- As decimals, as a sum of doubles depends on their order.
        cast(value as decimal(18, 9)) as value
    from {{ ref('int_interest_features') }}
    where is_fitted

),

sizes as (

    select
        cluster,
        count(*) as size,
        sum(count(*)) over () as customer_count
    from labels
    group by 1

),

sums as (

    select
        labels.cluster,
        fitted_features.feature,
        sum(fitted_features.value) as value
    from labels
    inner join fitted_features
        on labels.customer_id = fitted_features.customer_id
    group by 1, 2

),

features as (

    select
        feature,
        sum(value) as value
    from sums
    group by 1

),

-- Each group beside all customers. A share that is missing is 0.
profiles as (

    select
        sizes.cluster,
        sizes.size,
        features.feature,
        coalesce(sums.value, 0) / sizes.size as mean,
        features.value / sizes.customer_count as mean_of_all
    from sizes
    cross join features
    left join sums
        on
            sizes.cluster = sums.cluster
            and features.feature = sums.feature

),

names as (

    select names.*
    from {{ ref('category_names') }} as names
    inner join pending
        on names.model_version = pending.model_version
    where names.prediction_run = 'live'

),

-- What the group spends a larger part of its money on than customers do.
favourites as (

    select
        profiles.cluster,
        names.category_name,
        row_number() over (
            partition by profiles.cluster
            order by profiles.mean - profiles.mean_of_all desc, names.category_id asc
        ) as category_rank
    from profiles
    inner join names
        on profiles.feature = format('category_{:02d}', names.category_id)
    where profiles.mean >= 1.25 * profiles.mean_of_all

),

-- The features of baskets are logarithms: their difference is a ratio.
baskets as (

    select
        cluster,
        size,
        exp(max(mean - mean_of_all) filter (where feature = 'mean_basket')) as basket_ratio,
        exp(max(mean - mean_of_all) filter (where feature = 'basket_count')) as orders_ratio
    from profiles
    group by 1, 2

),

described as (

    select
        baskets.cluster,
        baskets.size,
        concat(
            coalesce(favourites.category_name, 'a bit of everything'),
            case
                when baskets.basket_ratio >= 1.25 then '; large baskets'
                when baskets.basket_ratio <= 0.8 then '; small baskets'
                else '; usual baskets'
            end,
            case
                when baskets.orders_ratio >= 1.25 then ', many orders'
                when baskets.orders_ratio <= 0.8 then ', few orders'
                else ''
            end
        ) as name
    from baskets
    left join favourites
        on
            baskets.cluster = favourites.cluster
            and favourites.category_rank = 1

),

-- Of groups with one description the second largest is numbered 2, and so on.
numbered as (

    select
        *,
        row_number() over (partition by name order by cluster) as number
    from described

),

centres as (

    select
        labels.cluster,
        cast(avg(cast(coordinates.x as decimal(18, 9))) as double) as x,
        cast(avg(cast(coordinates.y as decimal(18, 9))) as double) as y,
        cast(avg(cast(coordinates.z as decimal(18, 9))) as double) as z
    from labels
    inner join {{ ref('int_interest_coordinates') }} as coordinates
        on labels.customer_id = coordinates.customer_id
    where coordinates.is_fitted
    group by 1

),

named as (

    select
        case
            when numbered.number = 1 then numbered.name
            else concat(numbered.name, ' ', numbered.number)
        end as interest_group,
        numbered.cluster,
        numbered.size,
        centres.x,
        centres.y,
        centres.z
    from numbered
    inner join centres
        on numbered.cluster = centres.cluster

)

-- Where no groups could be found, all customers are one: each version has a row, so that no later
-- build fits it.
select
    coalesce(named.interest_group, 'all customers') as interest_group,
    pending.model_version,
    named.cluster,
    named.size,
    named.x,
    named.y,
    named.z
from pending
left join named
    on true
