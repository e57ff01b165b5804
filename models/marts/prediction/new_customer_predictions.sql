with newcomers as (

    select
        frames.customer_id,
        frames.first_order_date,
        frames.label_until as horizon_date,
        facts.orders_placed as orders_to_date,
        facts.tenure_days as tenure_days,
        frames.known_until as as_of_date
    from {{ ref('int_samples') }} as frames
    inner join {{ ref('int_point_in_time_features') }} as facts
        on
            frames.customer_id = facts.customer_id
            and frames.known_until = facts.as_of_date
    where
        frames.prediction_run = 'live'
        and frames.moment = 'today'

),

predictions as (

    select * from {{ ref('int_newcomer_predictions') }}

),

-- Below the confidence that was right four times in five it is too early to say; a naive guess says nothing of a single customer.
told as (

    select
        customer_id,
        {% for task in ['broad', 'detailed', 'rfm'] %}
        max(case when is_sure then likeliest else 'too early to say' end) filter (where task = '{{ task }}')
            as predicted_{{ task }}_segment,
        max(likeliest) filter (where task = '{{ task }}') as most_likely_{{ task }}_segment,
        max(probability) filter (where task = '{{ task }}') as {{ task }}_probability,
        max(model) filter (where task = '{{ task }}') as {{ task }}_model,
        {% endfor %}
        -- One's own purchases are a fair guess at the next ones.
        max(case when is_sure or is_baseline then likeliest else 'too early to say' end) filter (where task = 'interest')
            as predicted_interest,
        max(likely) filter (where task = 'interest') as likely_interests,
        max(probability) filter (where task = 'interest') as interest_probability,
        max(model) filter (where task = 'interest') as interest_model
    from predictions
    group by 1

)

select
    newcomers.customer_id,
    {% for task in ['broad', 'detailed', 'rfm'] %}
    coalesce(told.predicted_{{ task }}_segment, 'too early to say') as predicted_{{ task }}_segment,
    told.most_likely_{{ task }}_segment,
    told.{{ task }}_model,
    {% endfor %}
    coalesce(told.predicted_interest, 'too early to say') as predicted_interest,
    told.likely_interests,
    told.interest_model,
    newcomers.orders_to_date,
    newcomers.tenure_days,
    told.broad_probability,
    told.detailed_probability,
    told.rfm_probability,
    told.interest_probability,
    newcomers.first_order_date,
    newcomers.horizon_date,
    newcomers.as_of_date
from newcomers
left join told
    on newcomers.customer_id = told.customer_id
