-- What a well-known public exercise learns from: the baskets and category shares of customers before the last two whole months,
-- and since. It tells clusters made of the same purchases that it tells them from, so its figures flatter.
with prediction_runs as (

    select
        prediction_run,
        last_date,
        cast(date_trunc('month', last_date) - interval 2 month as date) as split_date
    from {{ ref('int_prediction_runs') }}
    where
        prediction_run = 'backtest'
        -- What was learned of the categories is no younger than what is trained on.
        and cast(date_trunc('month', last_date) - interval 2 month as date) > frozen_at

),

amounts as (

    select
        case when category_days.event_date < prediction_runs.split_date then 'train' else 'test' end as role,
        category_days.customer_id,
        category_days.invoice_id,
        category_days.category,
        sum(category_days.amount) as amount
    from {{ ref('int_category_days') }} as category_days
    inner join prediction_runs
        on
            category_days.prediction_run = prediction_runs.prediction_run
            and category_days.event_date <= prediction_runs.last_date
    where category_days.amount > 0
    group by 1, 2, 3, 4

),

baskets as (

    select
        role,
        customer_id,
        invoice_id,
        sum(amount) as amount
    from amounts
    group by 1, 2, 3

),

basket_facts as (

    select
        role,
        customer_id,
        count(*) as baskets,
        cast(min(amount) as double) as least_basket,
        cast(max(amount) as double) as greatest_basket,
        cast(avg(amount) as double) as mean_basket
    from baskets
    group by 1, 2

),

shares as (

    select
        role,
        customer_id,
        {% for number in range(21) %}
        coalesce(sum(amount) filter (where category = {{ number - 1 }}), 0) / sum(amount) as share_{{ '%02d' % number }},
        {% endfor %}
        sum(amount) as amount
    from amounts
    group by 1, 2

)

select
    shares.role,
    shares.customer_id,
    basket_facts.baskets,
    basket_facts.least_basket,
    basket_facts.greatest_basket,
    basket_facts.mean_basket,
    {% for number in range(21) %}
    shares.share_{{ '%02d' % number }},
    {% endfor %}
    row_number() over (order by shares.role desc, shares.customer_id asc) as sample_number
from shares
inner join basket_facts
    on
        shares.role = basket_facts.role
        and shares.customer_id = basket_facts.customer_id
