with spends as (

    select * from {{ ref('int_customer_category_spend') }}

),

-- Where no category is known there is nothing to be interested in, and baskets alone are what the
-- other segments show.
dates as (

    select distinct
        as_of_date,
        is_current
    from spends
    where
        exists (
            select 1 from spends as known
            where known.category_id >= 0
        )

),

fitted as (

    select
        population.customer_id,
        versions.baseline_date
    from {{ ref('int_fit_population') }} as population
    inner join {{ ref('model_versions') }} as versions
        on
            population.model_version = versions.model_version
            and versions.is_active

),

baskets as (

    select
        dates.as_of_date,
        dates.is_current,
        states.customer_id,
        states.amount
    from dates
    inner join {{ ref('int_order_states_scd2') }} as states
        on {{ is_valid_on('states', 'dates.as_of_date') }}
    where states.is_net

),

customers as (

    select
        as_of_date,
        is_current,
        customer_id,
        count(*) as baskets,
        min(amount) as smallest,
        sum(amount) / count(*) as mean,
        max(amount) as largest
    from baskets
    group by 1, 2, 3

),

-- Logarithms, as baskets differ by factors.
features as (

    select
        as_of_date,
        customer_id,
        unnest(['basket_count', 'smallest_basket', 'mean_basket', 'largest_basket']) as feature,
        unnest([
            ln(1 + cast(baskets as double)),
            ln(1 + cast(smallest as double)),
            ln(1 + cast(mean as double)),
            ln(1 + cast(largest as double))
        ]) as value,
        is_current
    from customers

    union all

    select
        as_of_date,
        customer_id,
        format('category_{:02d}', category_id) as feature,
        spend_share as value,
        is_current
    from spends
    where
        category_id >= 0
        and spend_share > 0

)

select
    features.as_of_date,
    features.customer_id,
    features.feature,
    features.value,
    features.is_current,
    fitted.customer_id is not null as is_fitted
from features
left join fitted
    on
        features.customer_id = fitted.customer_id
        and features.as_of_date = fitted.baseline_date
