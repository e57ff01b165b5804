{%- set segmentations = ['broad', 'detailed', 'rfm'] %}
with samples as (

    select * from {{ ref('int_samples') }}
    where
        prediction_run = 'live'
        and cutoff_event = 'today'

),

customer_features as (

    select * from {{ ref('int_point_in_time_features') }}

),

predictions as (

    select * from {{ ref('int_newcomer_predictions') }}

),

product_categories as (

    select * from {{ ref('int_products_by_category') }}
    where prediction_run = 'live'

),

newcomers as (

    select
        samples.customer_id,
        samples.first_order_date,
        samples.label_end_date as horizon_date,
        customer_features.orders_placed as orders_to_date,
        customer_features.tenure_days,
        samples.cutoff_date as as_of_date
    from samples
    inner join customer_features
        on
            samples.customer_id = customer_features.customer_id
            and samples.cutoff_date = customer_features.as_of_date

),

-- The segment of a baseline is the most likely one, but nothing shows how sure it is; one's own
-- purchases are a fair prediction of the next ones.
reported as (

    select
        *,
        case
            when is_confident or (task = 'interest' and is_baseline) then most_likely
            else 'too early to say'
        end as predicted
    from predictions

),

predictions_by_customer as (

    select
        customer_id,
        {% for task in segmentations + ['interest'] %}
        max(predicted) filter (where task = '{{ task }}') as {{ task }}_predicted,
        max(most_likely) filter (where task = '{{ task }}') as {{ task }}_most_likely,
        max(probability) filter (where task = '{{ task }}') as {{ task }}_probability,
        max(model) filter (where task = '{{ task }}') as {{ task }}_model,
        max(reason) filter (where task = '{{ task }}' and predicted = 'too early to say')
            as {{ task }}_reason,
        count(*) filter (where task = '{{ task }}') > 0 as has_{{ task }},
        {% endfor %}
        max(likely) filter (where task = 'interest') as likely_interests
    from reported
    group by 1

)

select
    newcomers.customer_id,
    {% for task in segmentations %}
    coalesce(predictions_by_customer.{{ task }}_predicted, 'too early to say')
        as predicted_{{ task }}_segment,
    predictions_by_customer.{{ task }}_most_likely as most_likely_{{ task }}_segment,
    predictions_by_customer.{{ task }}_model,
    case
        when predictions_by_customer.has_{{ task }} then predictions_by_customer.{{ task }}_reason
        else 'nobody like the customer was there to learn from'
    end as {{ task }}_reason,
    {% endfor %}
    coalesce(predictions_by_customer.interest_predicted, 'too early to say')
        as predicted_interest,
    predictions_by_customer.likely_interests,
    predictions_by_customer.interest_model,
    case
        when predictions_by_customer.has_interest then predictions_by_customer.interest_reason
        when not exists (select 1 from product_categories)
            then 'no product categories: see failure_reason in product_categories'
        else 'nobody like the customer was there to learn from'
    end as interest_reason,
    newcomers.orders_to_date,
    newcomers.tenure_days,
    predictions_by_customer.broad_probability,
    predictions_by_customer.detailed_probability,
    predictions_by_customer.rfm_probability,
    predictions_by_customer.interest_probability,
    newcomers.first_order_date,
    newcomers.horizon_date,
    newcomers.as_of_date
from newcomers
left join predictions_by_customer
    on newcomers.customer_id = predictions_by_customer.customer_id
