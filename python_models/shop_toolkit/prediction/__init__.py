"""Models that forecast amounts of money and predict classes of customers, tuned on the training rows alone.

Everything here fits and predicts; SQL evaluates. A sample is one customer at one cutoff date, with what was known by
then (features) and, where it is known, what followed (amount or class). Functions take and return data frames,
sorted, and are equal for any number of processes and any order of the rows: fits are seeded, run on one thread each,
and what is random by nature (folds, samples) is drawn by a hash of the customer's id.
"""

import shop_toolkit.scientific  # isort: skip # noqa: F401 - before any other that loads SciPy

from shop_toolkit.prediction.amounts import AmountModel, fit_amounts, forecast_amounts
from shop_toolkit.prediction.classes import (
    VOTE,
    ClassModels,
    fit_calibrated,
    predict_classes,
    predict_ranks,
    rank_classes,
)
from shop_toolkit.prediction.reuse import do_by_samples, keep_results
from shop_toolkit.prediction.samples import join_categories
from shop_toolkit.prediction.tuning import tune

__all__ = [
    "VOTE",
    "AmountModel",
    "ClassModels",
    "do_by_samples",
    "fit_amounts",
    "fit_calibrated",
    "forecast_amounts",
    "join_categories",
    "keep_results",
    "predict_classes",
    "predict_ranks",
    "rank_classes",
    "tune",
]
