-- Else a model would be scored twice by one sample.
with predictions as (

    {{ backtest_predictions() | indent(4) }}

)

select
    task,
    horizon_days,
    origin_date,
    model,
    sample_number,
    outcome_rank,
    count(*) as prediction_count
from predictions
group by 1, 2, 3, 4, 5, 6
having count(*) > 1
