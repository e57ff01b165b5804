"""Trees of a few thousand rows, a thousand and more of them in a build.

The trees and the random numbers are those of scikit-learn's `DecisionTreeClassifier`, `RandomForestClassifier` and
`ExtraTreesClassifier`, which tests compare. With so few rows their checks and conversions around each tree take as long
as to grow it. Here scikit-learn's compiled builder grows it, which pyproject.toml pins to a minor version.
"""

import shop_toolkit.scientific  # isort: skip # noqa: F401 - before any other that loads SciPy

from dataclasses import dataclass

import numpy as np
from sklearn.tree._criterion import ClassificationCriterion, Entropy, Gini
from sklearn.tree._splitter import BestSplitter, RandomSplitter, Splitter
from sklearn.tree._tree import DepthFirstTreeBuilder, Tree

MOST_DEPTH = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Rows:
    """Rows as the builder reads them.

    Attributes:
        points: Features (n, d) in single precision; NaN is a gap.
        numbers: Number of the class of each (n, 1), from 0.
        classes: How many classes there are.
    """

    points: np.ndarray
    numbers: np.ndarray
    classes: int

    @classmethod
    def of(cls, values: np.ndarray, numbers: np.ndarray) -> "Rows":
        """Convert features (n, d) and numbers of classes (n,), from 0."""
        points, column = (np.ascontiguousarray(part) for part in (values.astype(np.float32), numbers[:, None]))
        return cls(points, column.astype(float), int(numbers.max()) + 1)


def entropy_tree(rows: Rows, smallest_leaf: int, seed: int) -> Tree:
    """Grow a decision tree in full, by the entropy (CART, Breiman et al. 1984).

    Args:
        rows: What it learns from.
        smallest_leaf: Rows of a leaf at least.
        seed: Seed of the order in which features are tried.
    """
    return _grown(rows, Entropy, BestSplitter, rows.points.shape[1], seed, smallest_leaf)


def extremely_randomised(rows: Rows, trees: int, considered: int, seed: int) -> list[Tree]:
    """Grow extremely randomised trees (Geurts, Ernst & Wehenkel 2006, "Extremely randomized trees").

    Args:
        rows: What they learn from.
        trees: How many trees to grow.
        considered: Features that each split chooses from.
        seed: Seed of the forest.
    """
    return [_grown(rows, Gini, RandomSplitter, considered, tree_seed) for tree_seed in _seeds(trees, seed)]


def resampled(
    rows: Rows, trees: int, considered: int, seed: int, drawn: int | None = None, smallest_leaf: int = 1
) -> list[Tree]:
    """Grow the trees of a random forest (Breiman 2001, "Random forests"), each from the rows that it drew.

    scikit-learn hands each tree all rows, those that it didn't draw with a weight of 0.

    Args:
        rows: What they learn from.
        trees: How many trees to grow.
        considered: Features that each split chooses from.
        seed: Seed of the forest.
        drawn: How many rows each tree draws, with replacement; None is as many as there are.
        smallest_leaf: Different rows of a leaf at least.
    """
    count = len(rows.points)
    has_gaps = np.isnan(rows.points).any(axis=0)
    gaps = has_gaps if has_gaps.any() else None
    grown = []
    for tree_seed in _seeds(trees, seed):
        random = np.random.RandomState(tree_seed)
        times = np.bincount(random.randint(0, count, count if drawn is None else drawn, dtype=np.int32))
        found = np.flatnonzero(times)
        own = Rows(rows.points[found], rows.numbers[found], rows.classes)
        weights = times[found].astype(float)
        grown.append(_grown(own, Gini, BestSplitter, considered, tree_seed, smallest_leaf, weights, gaps))
    return grown


def _grown(
    rows: Rows,
    criterion: type[ClassificationCriterion],
    splitter: type[Splitter],
    considered: int,
    seed: int,
    smallest_leaf: int = 1,
    weights: np.ndarray | None = None,
    gaps: np.ndarray | None = None,
) -> Tree:
    """Grow a tree in full, as `fit` of scikit-learn's trees does after its checks.

    Args:
        rows: What it learns from.
        criterion: What a split is chosen by.
        splitter: How a split is looked for.
        considered: Features that each split chooses from.
        seed: Seed of the tree.
        smallest_leaf: Rows of a leaf at least.
        weights: Weight of each row (n,); None is 1.
        gaps: Which features (d,) have gaps; None is none.
    """
    classes = np.array([rows.classes], dtype=np.intp)
    tree = Tree(rows.points.shape[1], classes, 1)
    random = np.random.RandomState(seed)
    splits = splitter(criterion(1, classes), considered, smallest_leaf, 0.0, random, None)
    builder = DepthFirstTreeBuilder(splits, max(2, 2 * smallest_leaf), smallest_leaf, 0.0, MOST_DEPTH, 0.0)
    builder.build(tree, rows.points, rows.numbers, weights, gaps)
    return tree


def _seeds(trees: int, seed: int) -> list[int]:
    """The seed of each tree, as scikit-learn's forests draw them."""
    seeds: list[int] = np.random.RandomState(seed).randint(np.iinfo(np.int32).max, size=trees).tolist()
    return seeds
