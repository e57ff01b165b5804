"""Forests that label customers with segments, and the tree that learns their labels."""

from dataclasses import dataclass

import numpy as np
from sklearn.tree._tree import Tree

from shop_toolkit.trees import Rows, entropy_tree, extremely_randomised, resampled


@dataclass(frozen=True)
class Forest:
    """A forest, which predicts as scikit-learn's forests do.

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
    """Grow extremely randomised trees.

    Args:
        values: Features of customers (n, d).
        numbers: Number of the segment of each (n,), from 0 without gaps.
        trees: How many trees to grow.
        considered: Features that each split chooses from.
        seed: Seed of the forest.
    """
    rows = Rows.of(values, numbers)
    return Forest(extremely_randomised(rows, trees, considered, seed), rows.classes)


def random_forest(values: np.ndarray, numbers: np.ndarray, trees: int, considered: int, seed: int) -> Forest:
    """Grow a random forest: each tree on a resample of the customers.

    Args:
        values: Features of customers (n, d).
        numbers: Number of the segment of each (n,), from 0 without gaps.
        trees: How many trees to grow.
        considered: Features that each split chooses from.
        seed: Seed of the forest.
    """
    rows = Rows.of(values, numbers)
    return Forest(resampled(rows, trees, considered, seed), rows.classes)


def decision_tree(values: np.ndarray, numbers: np.ndarray, smallest_leaf: int, seed: int) -> Tree:
    """Grow a decision tree in full, by the entropy.

    Args:
        values: Features of customers (n, d).
        numbers: Number of the segment of each (n,), from 0.
        smallest_leaf: Customers of a leaf at least.
        seed: Seed of the order in which features are tried.
    """
    return entropy_tree(Rows.of(values, numbers), smallest_leaf, seed)
