-- Not materialized: DuckDB would store all lines, as they are read more than once.
with lines as not materialized (

    select
        product_id,
        product_description,
        other_columns,
        unit_price,
        gross_amount,
        ordered_at,
        cast(ordered_at as date) as order_date
    from {{ ref('int_transactions_flagged') }}
    where
        rejection_reason is null
        and not is_cancellation
        and product_id is not null

),

first_sales as (

    select
        product_id,
        min(order_date) as first_sold_date
    from lines
    group by 1

),

runs as (

    select distinct
        prediction_run,
        model_version,
        frozen_at,
        {{ has_learned_categories('runs') | indent(8) }} as has_learned
    from {{ ref('int_prediction_origins') }} as runs  -- noqa: AL05
    where model_version is not null

),

categorised as (

    {{ categorised_products() | indent(4) }}

),

given as (

    {{ given_categories('runs', 'lines', 'first_sales') | indent(4) }}

),

-- A run that learns categories asks for every product. Later builds ask for the products that are
-- new since, if there are categories at all.
asked as (

    select
        runs.prediction_run,
        runs.model_version,
        first_sales.product_id,
        not runs.has_learned as is_learning,
        first_sales.first_sold_date,
        runs.frozen_at
    from runs
    cross join first_sales
    where
        not runs.has_learned
        or (
            runs.prediction_run = 'live'
            and runs.model_version in (select categorised.model_version from categorised)
            and (runs.model_version, first_sales.product_id) not in (
                select (categorised.model_version, categorised.product_id)
                from categorised
            )
        )

),

-- A product is described by what was known when the categories were learned, or on the first day
-- that it was sold: rows of later days change nothing. Cancellations are ignored, as they are
-- later than their sales.
lines_known as not materialized (

    select
        asked.prediction_run,
        lines.*
    from lines
    inner join asked
        on
            lines.product_id = asked.product_id
            and lines.order_date <= greatest(asked.frozen_at, asked.first_sold_date)

),

{{ description_ranks('lines_known', ['prediction_run', 'product_id']) }},  -- noqa: PRS, LT01, LT09

sold as (

    select
        prediction_run,
        product_id,
        sum(gross_amount) as revenue,
        quantile_disc(unit_price, 0.5) as price
    from lines_known
    group by 1, 2

),

described as (

    select
        asked.prediction_run,
        asked.model_version,
        asked.product_id,
        variants.description,
        sold.revenue,
        sold.price,
        given.category_name as given_category,
        asked.prediction_run in (select any_given.prediction_run from given as any_given)
            as has_given_categories,
        asked.is_learning,
        asked.first_sold_date,
        asked.is_learning and asked.first_sold_date <= asked.frozen_at as is_known
    from asked
    inner join sold
        on
            asked.prediction_run = sold.prediction_run
            and asked.product_id = sold.product_id
    left join variants
        on
            asked.prediction_run = variants.prediction_run
            and asked.product_id = variants.product_id
            and variants.variant_rank = 1
    left join given
        on
            asked.prediction_run = given.prediction_run
            and asked.product_id = given.product_id

),

-- Of a very large catalogue the products that earn most are learned from; the others are placed by
-- their words.
ranked as (

    select
        *,
        row_number() over (
            partition by prediction_run, is_known
            order by revenue desc, product_id asc
        ) as revenue_rank
    from described

)

select
    prediction_run,
    product_id,
    description,
    given_category,
    model_version,
    cast(revenue as decimal(18, 2)) as revenue,
    cast(price as decimal(18, 4)) as price,
    is_learning,
    has_given_categories,
    is_known and revenue_rank <= {{ var('max_fit_products') }} as is_fitted,
    first_sold_date
from ranked
