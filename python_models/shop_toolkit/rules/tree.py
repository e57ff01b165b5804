"""The tree behind the rules: grown on customers and on a forest's answers, and cut back exactly."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.tree._tree import Tree

from shop_toolkit.rules.boxes import Box, merge_boxes, split_bound
from shop_toolkit.rules.cuts import Cuts
from shop_toolkit.rules.forest import decision_tree, extremely_randomised_trees
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
        tree = GrownTree.of(sample, sample.numbers, smallest_support, max_rules)
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
        forest = extremely_randomised_trees(values, numbers, TEACHER_TREES, considered=2, seed=SEED)
        return cls(values, np.concatenate([values, made_up]), names, np.concatenate([numbers, forest.predict(made_up)]))


@dataclass(frozen=True)
class GrownTree:
    """A full-grown tree, and what it is cut back to.

    Attributes:
        parents: Parent of each node (nodes,); that of the root is the root.
        leaf: Leaf of everyone in the sample (m,).
        counts: Who is in each node by the segment in the sample (nodes, k).
        cuts: The ways to cut the tree back.
        features: Feature that each node splits (nodes,).
        bounds: Where each node splits it (nodes,); NaN where all customers are on one side.
    """

    parents: np.ndarray
    leaf: np.ndarray
    counts: np.ndarray
    cuts: Cuts
    features: list[int]
    bounds: list[float]

    @classmethod
    def of(cls, sample: Sample, numbers: np.ndarray, smallest_support: int, most_leaves: int) -> "GrownTree":
        """Grow a tree.

        Args:
            sample: The customers that it learns from, and those made up nearby.
            numbers: Number of the segment of everyone (m,) that it learns.
            smallest_support: Customers of a node at least.
            most_leaves: Leaves at most that the tree will be cut back to.
        """
        tree = decision_tree(sample.everyone, numbers, smallest_support, SEED)
        parents, leaf = _parents(tree), tree.apply(sample.everyone.astype(np.float32))
        learned, counts = (_counts(parents, leaf, of, len(sample.names)) for of in (numbers, sample.numbers))
        customers = leaf[: len(sample.values)]
        support = _counts(parents, customers, np.zeros_like(customers), 1)[:, 0]
        cuts = Cuts.of(tree, learned.sum(axis=1) - learned.max(axis=1), support >= smallest_support, most_leaves)
        return cls(parents, leaf, counts, cuts, tree.feature.tolist(), _bounds(tree, parents, sample.values, customers))

    def leaves(self, most_leaves: int) -> list[Box]:
        """Boxes of the tree when it is cut back to so many leaves; the segment of each is the number of its node."""
        return self._below(0, self.cuts.ends(most_leaves), Box((-math.inf,) * 3, (math.inf,) * 3, None))

    def _below(self, node: int, ends: set[int], box: Box) -> list[Box]:
        if node in ends:
            return [replace(box, segment=node)]
        feature, bound = self.features[node], self.bounds[node]
        lower, upper = list(box.lower), list(box.upper)
        lower[feature] = upper[feature] = bound
        left, right = self.cuts.children[node].tolist()
        return [
            *self._below(left, ends, replace(box, upper=tuple(upper))),
            *self._below(right, ends, replace(box, lower=tuple(lower))),
        ]

    def places(self, leaves: Sequence[Box]) -> np.ndarray:
        """Which of the leaves that the tree was cut back to (l) everyone in the sample is in (m,)."""
        places = np.full(len(self.parents), -1)
        places[nodes_of(leaves)] = np.arange(len(leaves))
        for node, parent in enumerate(self.parents.tolist()):
            if places[node] < 0:
                places[node] = places[parent]
        in_leaf: np.ndarray = places[self.leaf]
        return in_leaf


def _parents(tree: Tree) -> np.ndarray:
    """Parent of each node (nodes,); that of the root is the root."""
    parents = np.zeros(tree.node_count, dtype=int)
    split = np.flatnonzero(tree.children_left >= 0)
    parents[tree.children_left[split]] = parents[tree.children_right[split]] = split
    return parents


def _joined(parents: np.ndarray, of_leaves: np.ndarray, join: np.ufunc) -> np.ndarray:
    """Join what the leaves hold (nodes, k) in each node above them."""
    joined = of_leaves.copy()
    # Children follow their parents.
    for node in range(len(parents) - 1, 0, -1):
        join(joined[parents[node]], joined[node], out=joined[parents[node]])
    return joined


def _counts(parents: np.ndarray, leaf: np.ndarray, numbers: np.ndarray, segments: int) -> np.ndarray:
    """Who is in each node by segment (nodes, k), from the leaf and the number of the segment of everyone (m,)."""
    counts = np.bincount(leaf * segments + numbers, minlength=len(parents) * segments)
    return _joined(parents, counts.reshape(-1, segments), np.add)


def _bounds(tree: Tree, parents: np.ndarray, values: np.ndarray, leaf: np.ndarray) -> list[float]:
    """Bound of each node's split (nodes,), between the customers (n, 3) that the tree puts on either side."""
    greatest, least = np.full((2, len(parents), 3), [[[-np.inf]], [[np.inf]]])
    np.maximum.at(greatest, leaf, values)
    np.minimum.at(least, leaf, values)
    greatest, least = _joined(parents, greatest, np.maximum), _joined(parents, least, np.minimum)
    below, above = greatest[tree.children_left, tree.feature], least[tree.children_right, tree.feature]
    bounds = [math.nan] * len(parents)
    # A leaf has no children; a side without customers has no greatest or least.
    for node in np.flatnonzero((tree.children_left >= 0) & np.isfinite(below) & np.isfinite(above)).tolist():
        feature = FEATURES[tree.feature[node]]
        bounds[node] = split_bound(feature, float(below[node]), float(above[node]), float(tree.threshold[node]))
    return bounds


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
    tree = GrownTree.of(sample, sample.numbers, smallest_support, OUTLINE_LEAVES)
    outline = tree.leaves(OUTLINE_LEAVES)
    labels = _ordered_labels(tree, outline, tiers)[tree.places(outline)]
    second = GrownTree.of(sample, labels, smallest_support, max_rules + max_rules // 2)
    for size in second.cuts.sizes():
        found = second.leaves(size)
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
