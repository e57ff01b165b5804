"""A clustering written as rules: a small tree whose leaves are boxes that share out the whole space."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.tree._tree import Tree

from shop_toolkit.parallel import PARALLEL_CUSTOMERS, in_parallel

FEATURES = ("recency_days", "frequency", "monetary")
BOUNDS = ("recency", "frequency", "monetary")
SEED = 0

MAXIMUM_RULES = 48
# One is enough: the forest that the rules learn from keeps them from learning single customers by heart.
SMALLEST_SUPPORT = 1
# Round money bounds that are tried, coarse to fine.
MONEY_STEPS = (1000, 500, 100, 50, 10, 5, 1, 0.5, 0.1, 0.05, 0.01)
# The forest that rules learn from beside the customers, how far (5 %) the customers made up for it to label are
# from real ones, and how many of them a real one counts as much as.
TEACHER_TREES = 50
NEARBY = 0.05
CUSTOMER_WEIGHT = 3
FOLDS = 10
METRIC = "agreement"
BASELINE = "largest_segment"
FOREST_TREES = 25

RULE_COLUMNS = (
    "recency_min", "recency_max", "frequency_min", "frequency_max", "monetary_min", "monetary_max",
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
    A box goes from `…_min` (inclusive) to `…_max` (exclusive), None where it is unbounded. The boxes share
    out the whole space: every customer, also one never seen, falls in exactly one. `support` counts the
    customers in the box, `confidence` how far they can be trusted to speak for others: (agreeing + 1) / (support + 2),
    the rule of succession (Laplace 1814), so that a rule made for one customer is no certainty; 1 where there is one
    segment only.

    The boxes are the leaves of a decision tree (CART, Breiman et al. 1984), cut back to the one with the
    fewest errors that has at most `max_rules` of them, each with at least `smallest_support` customers. So that
    its borders do not follow single customers, it also learns what a forest of extremely randomised trees says
    of customers made up nearby ("born again trees", Breiman & Shang 1996). Bounds lie in the gaps between
    customers, whole for days and orders and as round as the gap allows for money, which changes no customer's
    rule. Neighbours of the same segment that form a box together are one rule.

    Without customers there are no rules. Raises ValueError when lengths differ or a feature is missing.
    """
    values, labels = _checked(features, segments)
    if not len(values):
        return pd.DataFrame(columns=list(RULE_COLUMNS))
    several = len(np.unique(labels)) > 1
    rows = []
    for box in fit_boxes(values, labels, max_rules, smallest_support):
        inside = box.holds(values)
        bounds = [b for pair in zip(box.lower, box.upper, strict=True) for b in pair]
        agreeing, support = int((labels[inside] == box.segment).sum()), int(inside.sum())
        confidence = (agreeing + 1) / (support + 2) if several else 1.0
        rows.append((*(None if math.isinf(b) else b for b in bounds), box.segment, support, confidence))
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
    """Boxes of the features (n, 3) that tell the labels (n,), at most `max_rules`; in a fixed order."""
    made_up = _made_up_customers(values)
    forest = ExtraTreesClassifier(TEACHER_TREES, max_features=2, random_state=SEED).fit(values, labels)
    everyone = np.concatenate([values, made_up])
    names, numbers = np.unique(np.concatenate([labels, forest.predict(made_up)]), return_inverse=True)
    weights = np.repeat([CUSTOMER_WEIGHT, 1], [len(values), len(made_up)])
    tree = DecisionTreeClassifier(criterion="entropy", min_samples_leaf=smallest_support, random_state=SEED)
    tree.fit(everyone, numbers, sample_weight=weights)

    # What ends in each node: the weight of each label (nodes, labels), and how many customers there really are.
    passes = tree.decision_path(everyone).T
    told = passes @ (weights[:, None] * np.eye(len(names))[numbers])
    support = passes[:, : len(values)].sum(axis=1).A1
    ends = cut_back(tree.tree_, told.sum(axis=1) - told.max(axis=1), support >= smallest_support, max_rules)
    everything = Box((-math.inf,) * 3, (math.inf,) * 3, None)
    boxes = merge_boxes(_leaves(tree.tree_, 0, values, names[told.argmax(axis=1)], ends, everything))
    return sorted(boxes, key=lambda box: (box.lower, box.upper))


def _made_up_customers(values: np.ndarray) -> np.ndarray:
    """Four neighbours (4n, 3) of each customer: a little more or less recency, a little more or less money."""
    corners = [(1 + days, 1, 1 + money) for days in (-NEARBY, NEARBY) for money in (-NEARBY, NEARBY)]
    made_up = np.concatenate([values * corner for corner in corners])
    made_up[:, 0] = np.rint(made_up[:, 0])
    return made_up


def cut_back(tree: Tree, errors: np.ndarray, supported: np.ndarray, most_leaves: int) -> set[int]:
    """Nodes where to end a tree so that it has the fewest errors with at most `most_leaves` leaves.

    `errors` (nodes,) is what a node would tell wrong as a leaf, `supported` (nodes,) whether it may be one. Of
    equally good trees it is the smallest. Exact, by dynamic programming (OPT, Bohanec & Bratko 1994): each
    node's fewest errors with 1, 2, … leaves come from those of its two children.
    """
    fewest: list[np.ndarray] = [errors[:0]] * tree.node_count
    on_the_left: list[np.ndarray] = [errors[:0]] * tree.node_count
    # Children come after their parents.
    for node in reversed(range(tree.node_count)):
        left, right = tree.children_left[node], tree.children_right[node]
        apart = left >= 0 and supported[left] and supported[right]
        leaves = min(most_leaves, len(fewest[left]) + len(fewest[right])) if apart else 1
        best, share = np.full(leaves, np.inf), np.zeros(leaves, dtype=int)
        best[0] = errors[node]
        for count in range(1, min(leaves, len(fewest[left]) + 1)):
            together = fewest[left][count - 1] + fewest[right][: leaves - count]
            here = np.arange(count, count + len(together))
            better = here[together < best[here]]
            best[better], share[better] = together[better - count], count
        fewest[node], on_the_left[node] = best, share
    ends, open_nodes = set(), [(0, int(fewest[0].argmin()) + 1)]
    while open_nodes:
        node, leaves = open_nodes.pop()
        if leaves == 1:
            ends.add(node)
        else:
            share = int(on_the_left[node][leaves - 1])
            open_nodes += [(tree.children_left[node], share), (tree.children_right[node], leaves - share)]
    return ends


def _majority(labels: np.ndarray) -> object:
    names, counts = np.unique(labels, return_counts=True)
    return names[np.argmax(counts)]


def _leaves(tree: Tree, node: int, customers: np.ndarray, segments: np.ndarray, ends: set[int], box: Box) -> list[Box]:
    """Boxes of the tree under a node, `customers` (m, 3) those in it, `segments` what each node would tell."""
    if node in ends:
        return [replace(box, segment=segments[node])]
    feature, threshold = tree.feature[node], tree.threshold[node]
    # The tree compares in single precision; customers are on the left as it says, the bound is exact.
    left = customers[:, feature].astype(np.float32) <= threshold
    below, above = customers[left], customers[~left]
    bound = split_bound(FEATURES[feature], below[:, feature].max(), above[:, feature].min(), threshold)
    lower, upper = list(box.lower), list(box.upper)
    lower[feature] = upper[feature] = bound
    return [
        *_leaves(tree, tree.children_left[node], below, segments, ends, replace(box, upper=tuple(upper))),
        *_leaves(tree, tree.children_right[node], above, segments, ends, replace(box, lower=tuple(lower))),
    ]


def split_bound(feature: str, left: float, right: float, threshold: float | None = None) -> float:
    """A bound b that reads well with left < b <= right: `left` stays below it, `right` is at it or above.

    Days and orders are whole: the first whole number above the threshold. Money is the roundest amount in the
    gap at most a quarter of it away from the threshold; `right` where no penny lies there, rounded up to one, as
    made-up customers may stand between pennies. Without a threshold it is the middle.
    """
    middle, quarter = (left + right) / 2 if threshold is None else threshold, (right - left) / 4
    if feature != "monetary":
        return float(min(math.floor(middle) + 1, right))
    for step in MONEY_STEPS:
        bound = round(math.floor(middle / step + 0.5) * step, 2)
        if max(left, middle - quarter) < bound <= min(right, middle + quarter):
            return bound
    return math.ceil(round(100 * right, 6)) / 100


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
    lower = rules[[f"{bound}_min" for bound in BOUNDS]].fillna(-math.inf).to_numpy()
    upper = rules[[f"{bound}_max" for bound in BOUNDS]].fillna(math.inf).to_numpy()
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
    splits = _folds(labels, folds)
    told = [
        _segments_of(values[test], fit_boxes(values[train], labels[train], max_rules, smallest_support))
        for train, test in splits
    ]
    return _evaluated("rules", f"at most {max_rules} rules", told, splits, labels, is_baseline=False)


def evaluate_classifiers(
    features: pd.DataFrame, segments: Sequence, folds: int = FOLDS, workers: int = 2
) -> pd.DataFrame:
    """One row per reference model, settings and fold, with the columns and folds of `cross_validate_rules`.

    Random forest, gradient boosting (a small grid of settings each), logistic regression of the standardised
    features, and the largest segment as the baseline. Every setting is reported, none is chosen.
    """
    values, labels = _checked(features, segments)
    splits = _folds(labels, folds)
    models = _classifiers()
    jobs = [(make, values[train], labels[train], values[test]) for _, _, make in models for train, test in splits]
    workers = workers if len(labels) >= PARALLEL_CUSTOMERS else 1
    told = in_parallel(_told, jobs, workers, "models to compare the rules with", "fits")
    tables = []
    for number, (model, settings, _) in enumerate(models):
        here = told[number * len(splits) : (number + 1) * len(splits)]
        tables.append(_evaluated(model, settings, here, splits, labels, is_baseline=model == BASELINE))
    return pd.concat(tables, ignore_index=True)


def _told(make: Callable, values: np.ndarray, labels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Segments (m,) of `others` (m, 3) by a model of customers (n, 3) and their labels (n,)."""
    if len(np.unique(labels)) < 2:
        return np.full(len(others), _majority(labels))
    return make().fit(values, labels).predict(others)


def _classifiers() -> list[tuple[str, str, Callable]]:
    models = []
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
    told: Sequence[np.ndarray],
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
    labels: np.ndarray,
    *,
    is_baseline: bool,
) -> pd.DataFrame:
    """Rows of one model that `told` the segments of the customers held out in each of the splits."""
    if not splits:
        reason = f"{settings}; fewer than two customers, so none can be held out"
        rows = [(model, reason, 1, METRIC, math.nan, len(labels), is_baseline)]
    else:
        rows = [
            (model, settings, fold, METRIC, float((segments == labels[test]).mean()), len(test), is_baseline)
            for fold, (segments, (_, test)) in enumerate(zip(told, splits, strict=True), start=1)
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
