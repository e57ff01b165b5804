{{ confidence_thresholds(ref('classification_predictions'), 'live') }}
