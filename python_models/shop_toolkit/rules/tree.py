"""The tree behind the rules: grown on customers and on a forest's answers, and cut back exactly."""

import math
from dataclasses import replace

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.tree._tree import Tree

from shop_toolkit.rules.boxes import Box, merge_boxes, split_bound

FEATURES = ("recency_days", "frequency", "monetary")

SEED = 0

MAX_RULES = 48

# One is enough: the forest that the rules learn from keeps them from learning single customers by heart.
SMALLEST_SUPPORT = 1

# The forest that rules learn from beside the customers, how far (5 %) the customers made up for it to label are from
# real ones, and how many of them a real one weighs as much as.
TEACHER_TREES = 50

NEARBY = 0.05

CUSTOMER_WEIGHT = 3


def fit_boxes(
    values: np.ndarray,
    labels: np.ndarray,
    max_rules: int = MAX_RULES,
    smallest_support: int = SMALLEST_SUPPORT,
) -> list[Box]:
    """Fit boxes that separate the labels.

    The boxes are the leaves of a decision tree (CART, Breiman et al. 1984), cut back to the one with the fewest errors
    that has at most `max_rules` of them, each with at least `smallest_support` customers. So that its borders do not
    follow single customers, it also learns the labels that a forest of extremely randomised trees gives customers made
    up nearby ("born again trees", Breiman & Shang 1996).

    Args:
        values: Features (n, 3) of at least one customer: recency (days), frequency (orders), monetary (money).
        labels: Segment of each customer (n,).
        max_rules: Boxes at most.
        smallest_support: Customers of a box at least.

    Returns:
        Boxes that share out the whole space, sorted by their bounds.
    """
    made_up = _made_up_customers(values)
    forest = ExtraTreesClassifier(TEACHER_TREES, max_features=2, random_state=SEED).fit(values, labels)
    everyone = np.concatenate([values, made_up])
    names, numbers = np.unique(np.concatenate([labels, forest.predict(made_up)]), return_inverse=True)
    weights = np.repeat([CUSTOMER_WEIGHT, 1], [len(values), len(made_up)])
    tree = DecisionTreeClassifier(criterion="entropy", min_samples_leaf=smallest_support, random_state=SEED)
    tree.fit(everyone, numbers, sample_weight=weights)

    # What ends in each node: the weight of each label (nodes, labels), and how many customers there really are.
    passes = tree.decision_path(everyone).T
    weight_of = passes @ (weights[:, None] * np.eye(len(names))[numbers])
    support = passes[:, : len(values)].sum(axis=1).A1
    ends = cut_back(tree.tree_, weight_of.sum(axis=1) - weight_of.max(axis=1), support >= smallest_support, max_rules)
    everything = Box((-math.inf,) * 3, (math.inf,) * 3, None)
    boxes = merge_boxes(_leaves(tree.tree_, 0, values, names[weight_of.argmax(axis=1)], ends, everything))
    return sorted(boxes, key=lambda box: (box.lower, box.upper))


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
