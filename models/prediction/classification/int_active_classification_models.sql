{{ active_models(
    ref('classification_evaluations'),
    [
        {
            'task': 'interest',
            'metric': 'accuracy',
            'horizon_days': 90,
            'default_baseline': 'personal, then global top',
        },
        {
            'task': 'broad',
            'metric': 'accuracy',
            'horizon_days': 180,
            'default_baseline': 'no further order',
        },
        {
            'task': 'detailed',
            'metric': 'accuracy',
            'horizon_days': 180,
            'default_baseline': 'no further order',
        },
        {
            'task': 'rfm',
            'metric': 'accuracy',
            'horizon_days': 180,
            'default_baseline': 'no further order',
        },
    ],
) }}
