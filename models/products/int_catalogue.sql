with lines as (

    select
        product_id,
        regexp_replace(product_description, '\s+', ' ', 'g') as spelling,
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

categories_before as (

    select * from {{ ref('int_previous_categories') }}

),

learning as (

    select * from {{ ref('int_category_learning_runs') }}

),

-- A prediction_run that learns asks for every product. Later builds ask for the products that came since, if there are categories at all.
asked as (

    select
        learning.prediction_run,
        first_sales.product_id,
        true as is_learning,
        first_sales.first_sold_date,
        learning.frozen_at
    from first_sales
    cross join learning

    union all

    select
        prediction_runs.prediction_run,
        first_sales.product_id,
        false as is_learning,
        first_sales.first_sold_date,
        prediction_runs.frozen_at
    from first_sales
    cross join {{ ref('int_prediction_runs') }} as prediction_runs
    where
        prediction_runs.prediction_run = 'live'
        and prediction_runs.prediction_run not in (select learning.prediction_run from learning)
        and prediction_runs.model_version in (select categories_before.model_version from categories_before)
        and first_sales.product_id not in (select categories_before.product_id from categories_before)

),

-- What is said of a product is what was known when the categories were learned, or on the first day that it was sold: rows of
-- later days change nothing. Cancellations are left alone, as they come later than their sales.
lines_known as (

    select
        asked.prediction_run,
        lines.*
    from lines
    inner join asked
        on
            lines.product_id = asked.product_id
            and lines.order_date <= greatest(asked.frozen_at, asked.first_sold_date)

),

description_variants as (

    select
        prediction_run,
        product_id,
        spelling,
        row_number() over (
            partition by prediction_run, product_id order by count(*) desc, max(ordered_at) desc, spelling asc
        ) as spelling_rank
    from lines_known
    where spelling is not null
    group by 1, 2, 3

),

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
        asked.product_id,
        description_variants.spelling as description,
        sold.revenue,
        sold.price,
        asked.is_learning,
        asked.first_sold_date,
        asked.is_learning and asked.first_sold_date <= asked.frozen_at as is_known
    from asked
    inner join sold
        on
            asked.prediction_run = sold.prediction_run
            and asked.product_id = sold.product_id
    left join description_variants
        on
            asked.prediction_run = description_variants.prediction_run
            and asked.product_id = description_variants.product_id
            and description_variants.spelling_rank = 1

),

-- Of a very large catalogue the products that earn most are learned from; the others are placed by their words.
ranked as (

    select
        *,
        row_number() over (partition by prediction_run, is_known order by revenue desc, product_id asc) as revenue_rank
    from described

)

select
    prediction_run,
    product_id,
    description,
    cast(revenue as decimal(18, 2)) as revenue,
    cast(price as decimal(18, 4)) as price,
    is_learning,
    is_known and revenue_rank <= {{ var('max_fit_products') }} as is_fitted,
    first_sold_date
from ranked
