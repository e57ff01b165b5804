{{ confidence_thresholds(ref('class_predictions'), 'live') }}
