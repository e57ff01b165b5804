"""How well rules and other models re-learn the borders of a clustering, on customers held out."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from shop_toolkit.parallel import PARALLEL_CUSTOMERS, in_parallel
from shop_toolkit.rules.boxes import segments_of
from shop_toolkit.rules.fit import checked
from shop_toolkit.rules.forest import random_forest
from shop_toolkit.rules.tree import MAX_RULES, SEED, SMALLEST_SUPPORT, fit_boxes

FOLDS = 10

METRIC = "agreement"

BASELINE = "largest_segment"

FOREST_TREES = 25
FOREST_FEATURES = (1, 2)

BOOSTING_ROUNDS = (10, 20)

EVALUATION_COLUMNS = ("model", "settings", "fold", "metric", "value", "sample_size", "is_baseline")


def cross_validate_rules(
    features: pd.DataFrame,
    segments: Sequence[object] | np.ndarray,
    max_rules: int = MAX_RULES,
    smallest_support: int = SMALLEST_SUPPORT,
    folds: int = FOLDS,
    value_orders: Mapping[Any, float] | None = None,
    workers: int = 2,
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
        workers: Processes; any number gives the same rows.

    Returns:
        One row per fold: model ('rules'), settings, fold (from 1), metric ('agreement'), value (share of the customers
        held out whose segment the rules of the others give, 0..1), sample_size (customers held out), is_baseline. With
        fewer than two customers one row without a value, whose settings give the reason.

    Raises:
        ValueError: Lengths differ, or a feature is missing.
    """
    values, labels = checked(features, segments)
    names, numbers = np.unique(labels, return_inverse=True)
    splits = _folds(numbers, folds)
    orders = None if value_orders is None else {number: value_orders[name] for number, name in enumerate(names)}
    jobs = [
        (values[train], numbers[train], values[test], max_rules, smallest_support, orders) for train, test in splits
    ]
    what = "rules for customers held out"
    predicted = in_parallel(_segments_by_rules, jobs, _worth_workers(workers, labels), what, "folds")
    return _evaluated("rules", f"at most {max_rules} rules", predicted, splits, numbers)


def _segments_by_rules(
    values: np.ndarray,
    numbers: np.ndarray,
    others: np.ndarray,
    max_rules: int,
    smallest_support: int,
    value_orders: Mapping[int, float] | None,
) -> np.ndarray:
    """Segments (m,) of `others` (m, 3) by rules fitted to customers (n, 3) and their segments (n,)."""
    return segments_of(others, fit_boxes(values, numbers, max_rules, smallest_support, value_orders))


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
    numbers = np.unique(labels, return_inverse=True)[1]
    splits = _folds(numbers, folds)
    jobs = [(values[train], numbers[train], values[test]) for train, test in splits]
    what = "models to compare the rules with"
    of_folds = in_parallel(_segments_by_models, jobs, _worth_workers(workers, labels), what, "folds")
    settings_of = [(model, settings) for model, grid, _ in MODELS for settings in grid]
    tables = [
        _evaluated(model, settings, [of_fold[place] for of_fold in of_folds], splits, numbers, model == BASELINE)
        for place, (model, settings) in enumerate(settings_of)
    ]
    return pd.concat(tables, ignore_index=True)


def _worth_workers(workers: int, labels: np.ndarray) -> int:
    """As many processes as are worth their start for the labels of customers (n,)."""
    return workers if len(labels) >= PARALLEL_CUSTOMERS else 1


def _segments_by_models(values: np.ndarray, numbers: np.ndarray, others: np.ndarray) -> list[np.ndarray]:
    """Segments (m,) of `others` (m, 3) by each model and settings that learned customers (n, 3) and their segments."""
    # Without gaps, also where nobody of a segment is among the customers.
    present, classes = np.unique(numbers, return_inverse=True)
    if len(present) < 2:
        return [np.full(len(others), present[0]) for _, settings, _ in MODELS for _ in settings]
    return [present[found] for _, _, predict in MODELS for found in predict(values, classes, others)]


def _by_forests(values: np.ndarray, classes: np.ndarray, others: np.ndarray) -> Iterator[np.ndarray]:
    for considered in FOREST_FEATURES:
        yield random_forest(values, classes, FOREST_TREES, considered, SEED).predict(others)


def _by_boosting(values: np.ndarray, classes: np.ndarray, others: np.ndarray) -> Iterator[np.ndarray]:
    """Fewer rounds are the first of more."""
    boosting = HistGradientBoostingClassifier(
        max_iter=max(BOOSTING_ROUNDS), learning_rate=0.2, max_leaf_nodes=15, early_stopping=False, random_state=SEED
    )
    stages = list(boosting.fit(values, classes).staged_predict(others))
    for rounds in BOOSTING_ROUNDS:
        yield stages[rounds - 1]


def _by_logistic_regression(values: np.ndarray, classes: np.ndarray, others: np.ndarray) -> Iterator[np.ndarray]:
    yield make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(values, classes).predict(others)


def _by_largest_segment(values: np.ndarray, classes: np.ndarray, others: np.ndarray) -> Iterator[np.ndarray]:
    yield DummyClassifier(strategy="most_frequent").fit(values, classes).predict(others)


# Name of each reference model, its settings in words, and what predicts with each of these.
MODELS: tuple[tuple[str, tuple[str, ...], Callable[..., Iterator[np.ndarray]]], ...] = (
    (
        "random_forest",
        tuple(f"{FOREST_TREES} trees, {considered} of 3 features per split" for considered in FOREST_FEATURES),
        _by_forests,
    ),
    (
        "gradient_boosting",
        tuple(f"{rounds} rounds of trees with at most 15 leaves" for rounds in BOOSTING_ROUNDS),
        _by_boosting,
    ),
    ("logistic_regression", ("standardised features",), _by_logistic_regression),
    (BASELINE, ("largest segment of the others",), _by_largest_segment),
)


def _evaluated(
    model: str,
    settings: str,
    predicted: Sequence[np.ndarray],
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    numbers: np.ndarray,
    is_baseline: bool = False,
) -> pd.DataFrame:
    """Rows of one model that `predicted` the segments of the customers held out in each of the splits."""
    if not splits:
        reason = f"{settings}; fewer than two customers, so none can be held out"
        rows = [(model, reason, 1, METRIC, math.nan, len(numbers), is_baseline)]
    else:
        rows = [
            (model, settings, fold, METRIC, float((segments == numbers[test]).mean()), len(test), is_baseline)
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
