-- Column share_00 is that of `other`, share_01 that of category 0, and so on: as many as there can be categories.
with moments as (

    select distinct
        prediction_run,
        customer_id,
        known_until as as_of_date
    from {{ ref('int_samples') }}

),

spent as (

    select
        moments.prediction_run,
        moments.customer_id,
        moments.as_of_date,
        category_days.category,
        greatest(sum(category_days.amount), 0) as amount
    from moments
    inner join {{ ref('int_category_days') }} as category_days
        on
            moments.prediction_run = category_days.prediction_run
            and moments.customer_id = category_days.customer_id
            and moments.as_of_date >= category_days.event_date
    group by 1, 2, 3, 4

)

select
    prediction_run,
    customer_id,
    as_of_date,
    {% for number in range(21) %}
    coalesce(sum(amount) filter (where category = {{ number - 1 }}) / nullif(sum(amount), 0), 0) as share_{{ '%02d' % number }},
    {% endfor %}
    count(*) filter (where amount > 0) as categories_bought
from spent
group by 1, 2, 3
