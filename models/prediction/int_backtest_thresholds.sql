{{ confidence_thresholds(ref('classification_backtests'), 'backtest') }}
