{{ confidence_thresholds(ref('class_backtests'), 'backtest') }}
