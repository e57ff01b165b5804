-- The categories that customers spent on, in lines sold after the cutoff date and up to the end of
-- the horizon. Other is no interest: it ranks last.
with samples as (

    select * from {{ ref('int_samples') }}
    where sample_kind in ('known', 'newcomer')

),

prediction_runs as (

    select * from {{ ref('int_prediction_runs') }}

),

category_spend as (

    select * from {{ ref('int_category_days') }}

),

observed_samples as (

    select samples.*
    from samples
    inner join prediction_runs
        on
            samples.prediction_run = prediction_runs.prediction_run
            and samples.label_end_date <= prediction_runs.last_date

),

spend_in_horizon as (

    select
        observed_samples.sample_number,
        category_spend.category_id,
        cast(sum(category_spend.amount) as decimal(18, 2)) as amount
    from observed_samples
    inner join category_spend
        on
            observed_samples.prediction_run = category_spend.prediction_run
            and observed_samples.customer_id = category_spend.customer_id
            and observed_samples.cutoff_date < category_spend.sale_date
            and observed_samples.label_end_date >= category_spend.event_date
    group by 1, 2

),

categories as (

    select
        sample_number,
        category_id,
        cast(sum(amount) as decimal(18, 2)) as amount
    from spend_in_horizon
    group by 1, 2
    having sum(amount) > 0

)

select
    sample_number,
    category_id,
    amount,
    cast(
        row_number() over (
            partition by sample_number
            order by category_id = -1 asc, amount desc, category_id asc
        ) as integer
    ) as interest_rank
from categories
