{{ active_models(
    ref('spend_evaluations'),
    [
        {
            'task': 'spend',
            'metric': 'rmse',
            'horizon_days': 90,
            'default_baseline': 'past rate',
            'yardstick': 'zero',
        },
    ],
) }}
