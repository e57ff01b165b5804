"""A clustering written as rules: a small tree whose leaves are boxes that share out the whole space."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

FEATURES = ("recency_days", "frequency", "monetary")
BOUNDS = ("recency", "frequency", "monetary")
SEED = 0

MAXIMUM_RULES = 48
# A rule made for one customer is learned by heart.
SMALLEST_SUPPORT = 2
# Round money bounds that are tried, coarse to fine.
MONEY_STEPS = (1000, 500, 100, 50, 10, 5, 1, 0.5, 0.1, 0.05, 0.01)
FOLDS = 10
METRIC = "agreement"
BASELINE = "largest_segment"
FOREST_TREES = 50

RULE_COLUMNS = (
    "recency_from", "recency_below", "frequency_from", "frequency_below", "monetary_from", "monetary_below",
    "segment", "support", "confidence",
)  # fmt: skip
EVALUATION_COLUMNS = ("model", "settings", "fold", "metric", "value", "sample_size", "is_baseline")


@dataclass(frozen=True)
class Box:
    """Half-open box: lower[i] <= feature i < upper[i], infinite where unbounded; and the segment in it."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    segment: object

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Whether each row of `values` (n, d) lies in the box."""
        return ((values >= self.lower) & (values < self.upper)).all(axis=1)


# --- rules -----------------------------------------------------------------------------------------------


def fit_rules(
    features: pd.DataFrame,
    segments: Sequence,
    max_rules: int = MAXIMUM_RULES,
    smallest_support: int = SMALLEST_SUPPORT,
) -> pd.DataFrame:
    """One row per rule: a box of recency (days), frequency (orders) and monetary (money), and its segment.

    `features` holds recency_days, frequency and monetary per customer (n rows), `segments` the label of each.
    A box goes from `…_from` (inclusive) to `…_below` (exclusive), None where it is unbounded. The boxes share
    out the whole space: every customer, also one never seen, falls in exactly one. `support` counts the
    customers in the box, `confidence` is the share of them whose label is the rule's.

    The boxes are the leaves of a decision tree (CART, Breiman et al. 1984) grown best split first, at most
    `max_rules` of them and each with at least `smallest_support` customers. Bounds lie in the gaps between
    customers, whole for days and orders and as round as the gap allows for money, which changes no customer's
    rule. Neighbours of the same segment that form a box together are one rule.

    Without customers there are no rules. Raises ValueError when lengths differ or a feature is missing.
    """
    values, labels = _checked(features, segments)
    if not len(values):
        return pd.DataFrame(columns=list(RULE_COLUMNS))
    rows = []
    for box in fit_boxes(values, labels, max_rules, smallest_support):
        inside = box.holds(values)
        bounds = [b for pair in zip(box.lower, box.upper, strict=True) for b in pair]
        confidence = float((labels[inside] == box.segment).mean())
        rows.append((*(None if math.isinf(b) else b for b in bounds), box.segment, int(inside.sum()), confidence))
    rules = pd.DataFrame(rows, columns=list(RULE_COLUMNS))
    return rules.astype(dict.fromkeys(RULE_COLUMNS[:6], float))


def apply_rules(features: pd.DataFrame, rules: pd.DataFrame) -> np.ndarray:
    """Segment (n,) of each customer by the rules; the SQL range join says the same."""
    values = features[list(FEATURES)].to_numpy(dtype=float)
    return _segments_of(values, _boxes(rules))


def fit_boxes(
    values: np.ndarray,
    labels: np.ndarray,
    max_rules: int = MAXIMUM_RULES,
    smallest_support: int = SMALLEST_SUPPORT,
) -> list[Box]:
    """Boxes of the features (n, 3) that tell the labels (n,), at most `max_rules`; in a fixed order.

    As neighbours merge, the tree may have more leaves than there are rules: it grows until the rules are used
    up.
    """
    boxes = [Box(lower=(-math.inf,) * 3, upper=(math.inf,) * 3, segment=_majority(labels))]
    leaves = max_rules
    while leaves >= 2:
        tree = DecisionTreeClassifier(
            criterion="entropy",
            max_leaf_nodes=leaves,
            min_samples_leaf=smallest_support,
            random_state=SEED,
        ).fit(values, labels)
        everyone = np.ones(len(values), dtype=bool)
        everything = Box((-math.inf,) * 3, (math.inf,) * 3, None)
        grown = merge_boxes(_leaves(tree, 0, values, labels, everyone, everything))
        if len(grown) <= max_rules:
            boxes = grown
        if len(grown) >= max_rules or tree.get_n_leaves() < leaves:
            break
        leaves += max_rules - len(grown)
    return sorted(boxes, key=lambda box: (box.lower, box.upper))


def _majority(labels: np.ndarray) -> object:
    names, counts = np.unique(labels, return_counts=True)
    return names[np.argmax(counts)]


def _leaves(
    model: DecisionTreeClassifier,
    node: int,
    values: np.ndarray,
    labels: np.ndarray,
    here: np.ndarray,
    box: Box,
) -> list[Box]:
    """Boxes of the leaves under a node that `here` (n,) marks the customers of."""
    tree = model.tree_
    feature = tree.feature[node]
    if feature < 0:
        return [replace(box, segment=_majority(labels[here]))]
    # The tree compares in single precision; customers are on the left as it says, the bound is exact.
    left = here & (values[:, feature].astype(np.float32) <= tree.threshold[node])
    right = here & ~left
    bound = split_bound(FEATURES[feature], values[left, feature].max(), values[right, feature].min())
    lower, upper = list(box.lower), list(box.upper)
    lower[feature] = upper[feature] = bound
    below, above = replace(box, upper=tuple(upper)), replace(box, lower=tuple(lower))
    return _leaves(model, tree.children_left[node], values, labels, left, below) + _leaves(
        model, tree.children_right[node], values, labels, right, above
    )


def split_bound(feature: str, left: float, right: float) -> float:
    """A bound b that reads well with left < b <= right: `left` stays below it, `right` is at it or above.

    Days and orders are whole: the first whole number above the middle. Money is the roundest amount in the
    middle half of the gap, where customers not yet seen are on their likelier side; `right` where no penny
    lies there.
    """
    middle, quarter = (left + right) / 2, (right - left) / 4
    if feature != "monetary":
        return float(min(math.floor(middle) + 1, right))
    for step in MONEY_STEPS:
        bound = round(math.floor(middle / step + 0.5) * step, 2)
        if middle - quarter < bound <= middle + quarter:
            return bound
    return float(right)


def merge_boxes(boxes: Iterable[Box]) -> list[Box]:
    """Same partition with fewer boxes: two of one segment that form a box together become one."""
    merged = list(boxes)
    pair = _joinable(merged)
    while pair:
        first, second = pair
        joined = replace(
            first,
            lower=tuple(map(min, first.lower, second.lower)),
            upper=tuple(map(max, first.upper, second.upper)),
        )
        merged = [box for box in merged if box not in pair] + [joined]
        pair = _joinable(merged)
    return merged


def _joinable(boxes: Sequence[Box]) -> tuple[Box, Box] | None:
    for i, first in enumerate(boxes):
        for second in boxes[i + 1 :]:
            if first.segment == second.segment and _touch(first, second):
                return first, second
    return None


def _touch(first: Box, second: Box) -> bool:
    """Whether two boxes meet in one feature and are equal in all others."""
    sides = list(zip(first.lower, first.upper, second.lower, second.upper, strict=True))
    apart = [side for side in sides if side[:2] != side[2:]]
    return len(apart) == 1 and (apart[0][1] == apart[0][2] or apart[0][3] == apart[0][0])


def _boxes(rules: pd.DataFrame) -> list[Box]:
    lower = rules[[f"{bound}_from" for bound in BOUNDS]].fillna(-math.inf).to_numpy()
    upper = rules[[f"{bound}_below" for bound in BOUNDS]].fillna(math.inf).to_numpy()
    return [Box(tuple(a), tuple(b), s) for a, b, s in zip(lower, upper, rules["segment"], strict=True)]


def _segments_of(values: np.ndarray, boxes: Sequence[Box]) -> np.ndarray:
    segments = np.full(len(values), None, dtype=object)
    for box in boxes:
        segments[box.holds(values)] = box.segment
    return segments


def _checked(features: pd.DataFrame, segments: Sequence) -> tuple[np.ndarray, np.ndarray]:
    values = features[list(FEATURES)].to_numpy(dtype=float)
    labels = np.asarray(segments)
    if len(values) != len(labels):
        raise ValueError(f"{len(values)} customers have {len(labels)} labels.")
    if np.isnan(values).any():
        raise ValueError("A customer lacks recency, frequency or monetary.")
    return values, labels


# --- how well rules and other models tell the segment ----------------------------------------------------


def cross_validate_rules(
    features: pd.DataFrame,
    segments: Sequence,
    max_rules: int = MAXIMUM_RULES,
    smallest_support: int = SMALLEST_SUPPORT,
    folds: int = FOLDS,
) -> pd.DataFrame:
    """One row per fold: the share of held-out customers whose segment the rules of the others tell.

    Columns model ('rules'), settings, fold (1..), metric ('agreement', 0..1), value, sample_size (customers
    held out), is_baseline. The folds are stratified and shuffled with a fixed seed. This says how well rules
    re-learn the borders that a clustering drew from the same features, not how well anything is predicted.
    With fewer than two customers there is one row without a value, and `settings` says why.
    """
    values, labels = _checked(features, segments)

    def tell(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        return _segments_of(values[test], fit_boxes(values[train], labels[train], max_rules, smallest_support))

    return _evaluated("rules", f"at most {max_rules} rules", tell, labels, folds, is_baseline=False)


def evaluate_classifiers(
    features: pd.DataFrame, segments: Sequence, folds: int = FOLDS, workers: int = 2
) -> pd.DataFrame:
    """One row per reference model, settings and fold, with the columns and folds of `cross_validate_rules`.

    Random forest, gradient boosting (a small grid of settings each), logistic regression of the standardised
    features, and the largest segment as the baseline. Every setting is reported, none is chosen.
    """
    values, labels = _checked(features, segments)
    tables = []
    for model, settings, make in _classifiers(workers):

        def tell(train: np.ndarray, test: np.ndarray, make: Callable = make) -> np.ndarray:
            if len(np.unique(labels[train])) < 2:
                return np.full(len(test), _majority(labels[train]))
            return make().fit(values[train], labels[train]).predict(values[test])

        tables.append(_evaluated(model, settings, tell, labels, folds, is_baseline=model == BASELINE))
    return pd.concat(tables, ignore_index=True)


def _classifiers(workers: int) -> list[tuple[str, str, Callable]]:
    models = []
    for considered in (1, 2):
        forest = partial(
            RandomForestClassifier, FOREST_TREES, max_features=considered, random_state=SEED, n_jobs=workers
        )
        models.append(("random_forest", f"{FOREST_TREES} trees, {considered} of 3 features per split", forest))
    for rounds in (20, 40):
        boosting = partial(
            HistGradientBoostingClassifier, max_iter=rounds, learning_rate=0.2, max_leaf_nodes=15,
            early_stopping=False, random_state=SEED,
        )  # fmt: skip
        models.append(("gradient_boosting", f"{rounds} rounds of trees with at most 15 leaves", boosting))

    def logistic() -> Pipeline:
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))

    models.append(("logistic_regression", "standardised features", logistic))
    models.append((BASELINE, "largest segment of the others", partial(DummyClassifier, strategy="most_frequent")))
    return models


def _evaluated(
    model: str, settings: str, tell: Callable, labels: np.ndarray, folds: int, *, is_baseline: bool
) -> pd.DataFrame:
    if len(labels) < 2:
        reason = f"{settings}; fewer than two customers, so none can be held out"
        rows = [(model, reason, 1, METRIC, math.nan, len(labels), is_baseline)]
    else:
        rows = [
            (
                model,
                settings,
                fold,
                METRIC,
                float((tell(train, test) == labels[test]).mean()),
                len(test),
                is_baseline,
            )
            for fold, (train, test) in enumerate(_folds(labels, folds), start=1)
        ]
    return pd.DataFrame(rows, columns=list(EVALUATION_COLUMNS))


def _folds(labels: np.ndarray, folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to learn from and rows held out; stratified when every segment reaches each fold."""
    count = min(folds, len(labels))
    smallest = np.unique(labels, return_counts=True)[1].min()
    kind = StratifiedKFold if smallest >= count else KFold
    return list(kind(count, shuffle=True, random_state=SEED).split(labels.reshape(-1, 1), labels))
