with predictions as (

    select * from {{ ref('classification_backtests') }}

),

samples as (

    select * from {{ ref('int_classification_samples') }}
    where prediction_run = 'backtest'

),

{{ confidence_thresholds('predictions', 'samples') }}

select * from confidence_thresholds
