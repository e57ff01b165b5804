"""The tree behind the rules: grown on customers and on a forest's answers, and cut back exactly."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.tree._tree import Tree

from shop_toolkit.rules.boxes import Box, merge_boxes, split_bound
from shop_toolkit.rules.order import Reach, must_not_exceed, ordered_tiers, tiers_of

FEATURES = ("recency_days", "frequency", "monetary")

SEED = 0

MAX_RULES = 48

# One is enough: the forest that the rules learn from keeps them from learning single customers by heart.
SMALLEST_SUPPORT = 1

# The forest that rules learn from beside the customers, and how far (5 %) the customers made up for it to label are
# from real ones.
TEACHER_TREES = 50

NEARBY = 0.05

# Leaves of the tree that shows where the borders can lie without breaking the order of the segments.
OUTLINE_LEAVES = 150


def fit_boxes(
    values: np.ndarray,
    labels: np.ndarray,
    max_rules: int = MAX_RULES,
    smallest_support: int = SMALLEST_SUPPORT,
    value_orders: Mapping[Any, float] | None = None,
) -> list[Box]:
    """Fit boxes that separate the labels.

    The boxes are the leaves of a decision tree (CART, Breiman et al. 1984), cut back to the one with the fewest errors
    that has at most `max_rules` of them, each with at least `smallest_support` customers. So that its borders do not
    follow single customers, it also learns the labels that a forest of extremely randomised trees gives customers made
    up nearby ("born again trees", Breiman & Shang 1996).

    With `value_orders` the boxes keep to them: with the other features fixed, more days since the last order never lead
    to a segment of more value, more orders or money never to one of less. A segment holds only absences that 99 of 100
    of its customers keep within, or of those of a better one, so that who has been away longer than all fitted
    customers is in the segment of the least value.

    Args:
        values: Features (n, 3) of at least one customer: recency (days), frequency (orders), monetary (money).
        labels: Segment of each customer (n,).
        max_rules: Boxes at most; where they keep to an order, two or more.
        smallest_support: Customers of a leaf at least.
        value_orders: Value order by segment, 1 worth most; None where the segments have none.

    Returns:
        Boxes that share out the whole space, sorted by their bounds.
    """
    sample = Sample.of(values, labels)
    if value_orders is None or len({value_orders[name] for name in sample.names}) < 2:
        tree = grown_tree(sample, sample.numbers, smallest_support)
        found = tree.leaves(max_rules)
        boxes = numbered(found, tree.counts[nodes_of(found)].argmax(axis=1))
    else:
        boxes = _ordered_boxes(sample, max_rules, smallest_support, tiers_of(sample.names, value_orders))
    named = [replace(box, segment=sample.names[box.segment]) for box in merge_boxes(boxes)]
    return sorted(named, key=lambda box: (box.lower, box.upper))


@dataclass(frozen=True)
class Sample:
    """What a tree learns from.

    Attributes:
        values: Features of the customers (n, 3).
        everyone: Features of the customers and of those made up nearby (m, 3), the customers first.
        names: Names of the segments (k,), sorted.
        numbers: Number of the segment of everyone (m,).
    """

    values: np.ndarray
    everyone: np.ndarray
    names: np.ndarray
    numbers: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, labels: np.ndarray) -> "Sample":
        """The customers with their labels, and those made up nearby with the labels that the forest gives them."""
        made_up = _made_up_customers(values)
        # Numbers, as each tree would sort the names again.
        names, numbers = np.unique(labels, return_inverse=True)
        forest = ExtraTreesClassifier(TEACHER_TREES, max_features=2, random_state=SEED).fit(values, numbers)
        return cls(values, np.concatenate([values, made_up]), names, np.concatenate([numbers, forest.predict(made_up)]))


@dataclass(frozen=True)
class GrownTree:
    """A full-grown tree.

    Attributes:
        model: The tree.
        sample: Who is counted in its nodes.
        counts: Who is in each node by the segment in the sample (nodes, k).
        errors: How many each node would label wrong as a leaf, by the labels that the tree learned (nodes,).
        supported: Whether each node holds enough customers (nodes,).
    """

    model: DecisionTreeClassifier
    sample: Sample
    counts: np.ndarray
    errors: np.ndarray
    supported: np.ndarray

    def leaves(self, most_leaves: int) -> list[Box]:
        """Boxes of the tree when it is cut back to so many leaves; the segment of each is the number of its node."""
        tree = self.model.tree_
        ends = cut_back(tree, self.errors, self.supported, most_leaves)
        everything = Box((-math.inf,) * 3, (math.inf,) * 3, None)
        return _leaves(tree, 0, self.sample.values, np.arange(tree.node_count), ends, everything)


def grown_tree(sample: Sample, numbers: np.ndarray, smallest_support: int) -> GrownTree:
    """Grow a tree.

    Args:
        sample: Who it learns from.
        numbers: Number of the segment of everyone (m,) that it learns.
        smallest_support: Customers of a node at least.
    """
    model = DecisionTreeClassifier(criterion="entropy", min_samples_leaf=smallest_support, random_state=SEED)
    passes = model.fit(sample.everyone, numbers).decision_path(sample.everyone).T
    learned, counts = (passes @ np.eye(len(sample.names), dtype=int)[labels] for labels in (numbers, sample.numbers))
    support = passes[:, : len(sample.values)].sum(axis=1).A1
    return GrownTree(model, sample, counts, learned.sum(axis=1) - learned.max(axis=1), support >= smallest_support)


def nodes_of(leaves: Sequence[Box]) -> np.ndarray:
    """Nodes (l,) of leaves."""
    return np.array([leaf.segment for leaf in leaves])


def numbered(boxes: Sequence[Box], numbers: np.ndarray) -> list[Box]:
    """Boxes with the numbers (l,) of their segments."""
    return [replace(box, segment=number) for box, number in zip(boxes, numbers.tolist(), strict=True)]


def _ordered_boxes(sample: Sample, max_rules: int, smallest_support: int, tiers: np.ndarray) -> list[Box]:
    """Boxes that keep to the order of the tiers (k,) of segments; the segment of each is its number.

    A large tree is labelled as well as the order allows. A second tree learns these labels, so that its borders lie
    where they keep to the order. It is cut back to the largest that makes at most `max_rules` boxes.
    """
    customers = len(sample.values)
    reach = Reach.of(sample.values[:, 0], sample.numbers[:customers], tiers)
    sample = replace(sample, numbers=reach.limited(sample.everyone[:, 0], sample.numbers, tiers))
    tree = grown_tree(sample, sample.numbers, smallest_support)
    outline = tree.leaves(OUTLINE_LEAVES)
    # Dense, as SciPy looks for the greatest of a sparse row by row.
    leaf = tree.model.decision_path(sample.everyone)[:, nodes_of(outline)].toarray().argmax(axis=1)
    labels = _ordered_labels(tree, outline, tiers)[leaf]
    second = grown_tree(sample, labels, smallest_support)
    for most_leaves in range(max_rules + max_rules // 2, 0, -1):
        found = second.leaves(most_leaves)
        whole = merge_boxes(numbered(found, _ordered_labels(second, found, tiers)))
        boxes = merge_boxes(reach.cut(whole, tiers))
        if len(boxes) <= max_rules:
            return boxes
    return reach.in_one_step().cut(whole, tiers)


def _ordered_labels(tree: GrownTree, leaves: Sequence[Box], tiers: np.ndarray) -> np.ndarray:
    """Number of the segment of each leaf (l,): the fewest errors that keep to the order of the tiers (k,)."""
    counts = tree.counts[nodes_of(leaves)]
    is_in_tier = tiers == np.arange(tiers.max() + 1)[:, None]
    right = np.stack([counts[:, members].max(axis=1) for members in is_in_tier], axis=1)
    chosen = ordered_tiers(counts.sum(axis=1, keepdims=True) - right, must_not_exceed(leaves))
    # Of a tier's segments the one of most customers.
    numbers: np.ndarray = np.where(is_in_tier[chosen], counts, -1).argmax(axis=1)
    return numbers


def _made_up_customers(values: np.ndarray) -> np.ndarray:
    """Four neighbours (4n, 3) of each customer: a little more or less recency, a little more or less money."""
    corners = [(1 + days, 1, 1 + money) for days in (-NEARBY, NEARBY) for money in (-NEARBY, NEARBY)]
    made_up = np.concatenate([values * corner for corner in corners])
    made_up[:, 0] = np.rint(made_up[:, 0])
    return made_up


def cut_back(tree: Tree, errors: np.ndarray, supported: np.ndarray, most_leaves: int) -> set[int]:
    """Cut a tree back to the one with the fewest errors that has at most `most_leaves` leaves.

    Exact, by dynamic programming (OPT, Bohanec & Bratko 1994, "Trading accuracy for simplicity in decision trees"):
    each node's fewest errors with 1, 2, … leaves follow from those of its two children. scikit-learn's cost-complexity
    pruning gives only some of these trees, and limits no support.

    Args:
        tree: The tree.
        errors: Weight that each node would label wrong as a leaf (nodes,).
        supported: Whether each node may be a leaf (nodes,).
        most_leaves: Leaves at most.

    Returns:
        Nodes where to end the tree; of equally good trees those of the smallest.
    """
    fewest: list[np.ndarray] = [errors[:0]] * tree.node_count
    on_the_left: list[np.ndarray] = [errors[:0]] * tree.node_count
    # Children follow their parents.
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
            left_leaves = int(on_the_left[node][leaves - 1])
            open_nodes += [
                (tree.children_left[node], left_leaves),
                (tree.children_right[node], leaves - left_leaves),
            ]
    return ends


def _leaves(tree: Tree, node: int, customers: np.ndarray, segments: np.ndarray, ends: set[int], box: Box) -> list[Box]:
    """Boxes of the tree under a node, `customers` (m, 3) those in it, `segments` the label of each node."""
    if node in ends:
        return [replace(box, segment=segments[node])]
    feature, threshold = tree.feature[node], tree.threshold[node]
    # The tree compares in single precision; customers are on the side that it puts them, the bound is exact.
    left = customers[:, feature].astype(np.float32) <= threshold
    below, above = customers[left], customers[~left]
    bound = split_bound(FEATURES[feature], below[:, feature].max(), above[:, feature].min(), threshold)
    lower, upper = list(box.lower), list(box.upper)
    lower[feature] = upper[feature] = bound
    return [
        *_leaves(tree, tree.children_left[node], below, segments, ends, replace(box, upper=tuple(upper))),
        *_leaves(tree, tree.children_right[node], above, segments, ends, replace(box, lower=tuple(lower))),
    ]
