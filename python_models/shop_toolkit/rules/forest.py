"""Trees and forests of a few thousand customers, a thousand and more of them in a build.

The trees, the random numbers and so the predictions are those of scikit-learn's `DecisionTreeClassifier`,
`RandomForestClassifier` and `ExtraTreesClassifier`, which a test compares. With so few customers their checks and
conversions around each tree take as long as to grow it. Here scikit-learn's compiled builder grows it, which
pyproject.toml pins to a minor version.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.tree._criterion import ClassificationCriterion, Entropy, Gini
from sklearn.tree._splitter import BestSplitter, RandomSplitter, Splitter
from sklearn.tree._tree import DepthFirstTreeBuilder, Tree

MOST_DEPTH = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Forest:
    """A forest.

    Attributes:
        trees: The trees.
        segments: How many segments they learned, numbered from 0.
    """

    trees: list[Tree]
    segments: int

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Number of the segment (n,) of each row of `values` (n, d): of equal votes the first."""
        # Sorted rows take the same branches one after the other, which halves the time.
        order = np.lexsort(values.T[::-1])
        points = values[order].astype(np.float32)
        votes = np.zeros((len(values), self.segments))
        for tree in self.trees:
            votes += tree.predict(points)
        predicted = np.empty(len(values), dtype=int)
        predicted[order] = (votes / len(self.trees)).argmax(axis=1)
        return predicted


def extremely_randomised_trees(
    values: np.ndarray, numbers: np.ndarray, trees: int, considered: int, seed: int
) -> Forest:
    """Grow extremely randomised trees (Geurts, Ernst & Wehenkel 2006, "Extremely randomized trees").

    Args:
        values: Features of customers (n, d).
        numbers: Number of the segment of each (n,), from 0 without gaps.
        trees: How many trees to grow.
        considered: Features that each split chooses from.
        seed: Seed of the forest.
    """
    data = Data.of(values, numbers)
    grown = [_grown(data, Gini, RandomSplitter, considered, tree_seed) for tree_seed in _seeds(trees, seed)]
    return Forest(grown, data.segments)


def random_forest(values: np.ndarray, numbers: np.ndarray, trees: int, considered: int, seed: int) -> Forest:
    """Grow a random forest (Breiman 2001, "Random forests"): each tree on a resample of the customers.

    Args:
        values: Features of customers (n, d).
        numbers: Number of the segment of each (n,), from 0 without gaps.
        trees: How many trees to grow.
        considered: Features that each split chooses from.
        seed: Seed of the forest.
    """
    data, count = Data.of(values, numbers), len(numbers)
    grown = []
    for tree_seed in _seeds(trees, seed):
        drawn = np.random.RandomState(tree_seed).randint(0, count, count, dtype=np.int32)
        weights = np.bincount(drawn, minlength=count).astype(float)
        grown.append(_grown(data, Gini, BestSplitter, considered, tree_seed, weights=weights))
    return Forest(grown, data.segments)


def decision_tree(values: np.ndarray, numbers: np.ndarray, smallest_leaf: int, seed: int) -> Tree:
    """Grow a decision tree in full, by the entropy (CART, Breiman et al. 1984).

    Args:
        values: Features of customers (n, d).
        numbers: Number of the segment of each (n,), from 0.
        smallest_leaf: Customers of a leaf at least.
        seed: Seed of the order in which features are tried.
    """
    return _grown(Data.of(values, numbers), Entropy, BestSplitter, values.shape[1], seed, smallest_leaf)


@dataclass(frozen=True)
class Data:
    """Customers as the builder reads them.

    Attributes:
        points: Features (n, d) in single precision.
        numbers: Number of the segment of each (n, 1), from 0.
        segments: How many segments there are.
    """

    points: np.ndarray
    numbers: np.ndarray
    segments: int

    @classmethod
    def of(cls, values: np.ndarray, numbers: np.ndarray) -> "Data":
        """Convert features (n, d), finite, and numbers of segments (n,)."""
        points, column = (np.ascontiguousarray(part) for part in (values.astype(np.float32), numbers[:, None]))
        return cls(points, column.astype(float), int(numbers.max()) + 1)


def _grown(
    data: Data,
    criterion: type[ClassificationCriterion],
    splitter: type[Splitter],
    considered: int,
    seed: int,
    smallest_leaf: int = 1,
    weights: np.ndarray | None = None,
) -> Tree:
    """Grow a tree in full, as `fit` of scikit-learn's trees does after its checks.

    Args:
        data: Whom it learns from.
        criterion: What a split is chosen by.
        splitter: How a split is looked for.
        considered: Features that each split chooses from.
        seed: Seed of the tree.
        smallest_leaf: Customers of a leaf at least.
        weights: Weight of each customer (n,); None is 1.
    """
    segments = np.array([data.segments], dtype=np.intp)
    tree = Tree(data.points.shape[1], segments, 1)
    random = np.random.RandomState(seed)
    splits = splitter(criterion(1, segments), considered, smallest_leaf, 0.0, random, None)
    builder = DepthFirstTreeBuilder(splits, max(2, 2 * smallest_leaf), smallest_leaf, 0.0, MOST_DEPTH, 0.0)
    builder.build(tree, data.points, data.numbers, weights)
    return tree


def _seeds(trees: int, seed: int) -> list[int]:
    """The seed of each tree, as scikit-learn's forests draw them."""
    random = np.random.RandomState(seed)
    return [int(random.randint(np.iinfo(np.int32).max)) for _ in range(trees)]
