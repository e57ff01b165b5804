"""How well rules and other models re-learn the borders of a clustering, on customers held out."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from shop_toolkit.parallel import PARALLEL_CUSTOMERS, in_parallel
from shop_toolkit.rules.boxes import segments_of
from shop_toolkit.rules.fit import checked
from shop_toolkit.rules.tree import MAX_RULES, SEED, SMALLEST_SUPPORT, fit_boxes

FOLDS = 10

METRIC = "agreement"

BASELINE = "largest_segment"

FOREST_TREES = 25

EVALUATION_COLUMNS = ("model", "settings", "fold", "metric", "value", "sample_size", "is_baseline")


def cross_validate_rules(
    features: pd.DataFrame,
    segments: Sequence[object] | np.ndarray,
    max_rules: int = MAX_RULES,
    smallest_support: int = SMALLEST_SUPPORT,
    folds: int = FOLDS,
    value_orders: Mapping[Any, float] | None = None,
) -> pd.DataFrame:
    """Cross-validate the rules of a clustering.

    This shows how well rules re-learn the borders that a clustering drew from the same features, not how well anything
    is predicted. The folds are stratified and shuffled with a fixed seed.

    Args:
        features: One row per customer (n): recency_days (days), frequency (orders), monetary (money).
        segments: Segment of each customer (n,).
        max_rules: Rules at most.
        smallest_support: Customers of a rule at least.
        folds: Folds; fewer where there are fewer customers.
        value_orders: As for `fit_rules`.

    Returns:
        One row per fold: model ('rules'), settings, fold (from 1), metric ('agreement'), value (share of the customers
        held out whose segment the rules of the others give, 0..1), sample_size (customers held out), is_baseline. With
        fewer than two customers one row without a value, whose settings give the reason.

    Raises:
        ValueError: Lengths differ, or a feature is missing.
    """
    values, labels = checked(features, segments)
    splits = _folds(labels, folds)
    predicted = [
        segments_of(values[test], fit_boxes(values[train], labels[train], max_rules, smallest_support, value_orders))
        for train, test in splits
    ]
    return _evaluated("rules", f"at most {max_rules} rules", predicted, splits, labels, is_baseline=False)


def evaluate_classifiers(
    features: pd.DataFrame, segments: Sequence[object] | np.ndarray, folds: int = FOLDS, workers: int = 2
) -> pd.DataFrame:
    """Cross-validate reference models beside the rules.

    Random forest, gradient boosting (a small grid of settings each), logistic regression of the standardised features,
    and the largest segment as the baseline. Every setting is reported, none is chosen.

    Args:
        features: As for `cross_validate_rules`.
        segments: As for `cross_validate_rules`.
        folds: As for `cross_validate_rules`.
        workers: Processes; any number gives the same rows.

    Returns:
        One row per reference model, settings and fold, with the columns and folds of `cross_validate_rules`.

    Raises:
        ValueError: Lengths differ, or a feature is missing.
    """
    values, labels = checked(features, segments)
    splits = _folds(labels, folds)
    models = _classifiers()
    jobs = [(make, values[train], labels[train], values[test]) for _, _, make in models for train, test in splits]
    workers = workers if len(labels) >= PARALLEL_CUSTOMERS else 1
    predicted = in_parallel(_predict, jobs, workers, "models to compare the rules with", "fits")
    tables = []
    for number, (model, settings, _) in enumerate(models):
        here = predicted[number * len(splits) : (number + 1) * len(splits)]
        tables.append(_evaluated(model, settings, here, splits, labels, is_baseline=model == BASELINE))
    return pd.concat(tables, ignore_index=True)


def _predict(
    make: Callable[[], ClassifierMixin], values: np.ndarray, labels: np.ndarray, others: np.ndarray
) -> np.ndarray:
    """Segments (m,) of `others` (m, 3) by a model of customers (n, 3) and their labels (n,)."""
    # Numbers, as each tree of a forest would sort the names again.
    names, numbers = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        return np.full(len(others), names[0])
    predicted: np.ndarray = names[make().fit(values, numbers).predict(others)]
    return predicted


def _classifiers() -> list[tuple[str, str, Callable[[], ClassifierMixin]]]:
    """Name, settings in words and maker of each reference model."""
    models: list[tuple[str, str, Callable[[], ClassifierMixin]]] = []
    for considered in (1, 2):
        forest = partial(RandomForestClassifier, FOREST_TREES, max_features=considered, random_state=SEED)
        models.append(("random_forest", f"{FOREST_TREES} trees, {considered} of 3 features per split", forest))
    for rounds in (10, 20):
        boosting = partial(
            HistGradientBoostingClassifier, max_iter=rounds, learning_rate=0.2, max_leaf_nodes=15,
            early_stopping=False, random_state=SEED,
        )  # fmt: skip
        models.append(("gradient_boosting", f"{rounds} rounds of trees with at most 15 leaves", boosting))

    models.append(("logistic_regression", "standardised features", _logistic))
    models.append((BASELINE, "largest segment of the others", partial(DummyClassifier, strategy="most_frequent")))
    return models


def _logistic() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))


def _evaluated(
    model: str,
    settings: str,
    predicted: Sequence[np.ndarray],
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    labels: np.ndarray,
    *,
    is_baseline: bool,
) -> pd.DataFrame:
    """Rows of one model that `predicted` the segments of the customers held out in each of the splits."""
    if not splits:
        reason = f"{settings}; fewer than two customers, so none can be held out"
        rows = [(model, reason, 1, METRIC, math.nan, len(labels), is_baseline)]
    else:
        rows = [
            (model, settings, fold, METRIC, float((segments == labels[test]).mean()), len(test), is_baseline)
            for fold, (segments, (_, test)) in enumerate(zip(predicted, splits, strict=True), start=1)
        ]
    return pd.DataFrame(rows, columns=list(EVALUATION_COLUMNS))


def _folds(labels: np.ndarray, folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to learn from and rows held out; stratified when every segment reaches each fold.

    None with fewer than two customers.
    """
    if len(labels) < 2:
        return []
    count = min(folds, len(labels))
    smallest = np.unique(labels, return_counts=True)[1].min()
    kind = StratifiedKFold if smallest >= count else KFold
    return list(kind(count, shuffle=True, random_state=SEED).split(labels.reshape(-1, 1), labels))
