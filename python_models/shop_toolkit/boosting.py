"""Gradient boosting of many classes, whose trees are small: most of the time goes into sums before their first split.

The trees are those of scikit-learn's `HistGradientBoostingClassifier`, to the last bit, which tests compare. It grows a
tree per class and step, and adds up the gradients of each by the bins of all features. Here those of all classes are
added up together. scikit-learn's compiled splitter does the rest, which pyproject.toml pins to a minor version.
"""

import shop_toolkit.scientific  # isort: skip # noqa: F401 - before any other that loads SciPy

from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from sklearn.ensemble._hist_gradient_boosting import gradient_boosting
from sklearn.ensemble._hist_gradient_boosting.common import (
    HISTOGRAM_DTYPE,
    PREDICTOR_RECORD_DTYPE,
    X_BITSET_INNER_DTYPE,
)
from sklearn.ensemble._hist_gradient_boosting.grower import TreeGrower, TreeNode
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

# With fewer trees a step, to add up one after the other takes no longer.
FEWEST_CLASSES = 3


class _Sums(local):
    """What the trees of one fit share, in each thread that fits."""

    binned: np.ndarray | None = None
    in_bins: csr_array | None = None
    gradients: np.ndarray | None = None
    histograms: np.ndarray | None = None

    def of_class(self, binned: np.ndarray, column: np.ndarray, of_all: tuple[np.ndarray, np.ndarray], bins: int) -> Any:
        """Sums (d, bins) of the class whose gradients are this column (n,) of those of all classes.

        Those of all classes are computed for the first column, as scikit-learn fills in new gradients before it.

        Args:
            binned: The bin of each row and feature (n, d).
            column: Gradients of the class (n,).
            of_all: Gradients and hessians of all classes (n, c).
            bins: How many bins there are.
        """
        gradients, hessians = of_all
        number = (_address(column) - _address(gradients)) // gradients.strides[1]
        if number == 0 or self.gradients is not gradients:
            self.gradients, self.histograms = gradients, self._of_all(binned, gradients, hessians, bins)
        assert self.histograms is not None
        return self.histograms[number]

    def _of_all(self, binned: np.ndarray, gradients: np.ndarray, hessians: np.ndarray, bins: int) -> np.ndarray:
        """Sums (c, d, bins) of gradients and hessians (n, c), added up row by row as scikit-learn does it."""
        if self.binned is not binned:
            self.binned, self.in_bins = binned, _rows_of_bins(binned, bins)
        assert self.in_bins is not None
        (features, classes), sums = (binned.shape[1], gradients.shape[1]), np.hstack([gradients, hessians], dtype=float)
        added = (self.in_bins @ sums).reshape(features, bins, 2, classes)
        histograms = np.empty((classes, features, bins), HISTOGRAM_DTYPE)
        histograms["sum_gradients"] = added[:, :, 0].transpose(2, 0, 1)
        histograms["sum_hessians"] = added[:, :, 1].transpose(2, 0, 1)
        histograms["count"] = np.diff(self.in_bins.indptr).reshape(features, bins)
        return histograms


_SUMS = _Sums()


def _address(array: np.ndarray) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _rows_of_bins(binned: np.ndarray, bins: int) -> csr_array:
    """1 where a row (n) is in a bin of a feature (d * bins), from the bins (n, d)."""
    rows, features = binned.shape
    sizes = np.concatenate([np.bincount(column, minlength=bins) for column in binned.T])
    in_order = np.concatenate([column.argsort(kind="stable") for column in binned.T])
    return csr_array((np.ones(rows * features), in_order, np.append(0, sizes.cumsum())), (features * bins, rows))


class SharingGrower(TreeGrower):  # type: ignore[misc]  # scikit-learn has no types
    """Grows the tree of one class, from sums that the trees of all classes share."""

    def __init__(self, **options: Any) -> None:
        """Take what scikit-learn's own takes."""
        self.gradients, self.bins = options["gradients"], options["n_bins"]
        self.of_all = (options["gradients"].base, options["hessians"].base)
        super().__init__(**options)

    def _initialize_root(self) -> None:
        """The root with its best split, as scikit-learn's own method makes it."""
        shapes = [(0,) if values is None else values.shape[1:] for values in self.of_all]
        if shapes[0] != shapes[1] or shapes[0] < (FEWEST_CLASSES,):
            super()._initialize_root()
            return
        histograms = _SUMS.of_class(self.X_binned, self.gradients, self.of_all, self.bins)
        # Every feature has all rows in its bins.
        first, rows = histograms[0], len(self.X_binned)
        self.root = TreeNode(
            depth=0,
            sample_indices=self.splitter.partition,
            partition_start=0,
            partition_stop=rows,
            sum_gradients=first["sum_gradients"].sum(),
            sum_hessians=first["sum_hessians"].sum(),
            value=0,
        )
        if rows < 2 * self.min_samples_leaf or self.root.sum_hessians < self.splitter.min_hessian_to_split:
            self._finalize_leaf(self.root)
            return
        self.root.histograms = histograms
        self._compute_best_split_and_push(self.root)

    def make_predictor(self, binning_thresholds: list[np.ndarray]) -> TreePredictor:
        """The tree as scikit-learn predicts with it; of features that are numbers alone."""
        nodes = np.zeros(self.n_nodes, dtype=PREDICTOR_RECORD_DTYPE)
        nodes[:] = [*self._records(self.root, binning_thresholds)]
        nothing = np.zeros((0, 8), dtype=X_BITSET_INNER_DTYPE)
        return TreePredictor(nodes, nothing, nothing)

    def _records(self, root: TreeNode, thresholds: list[np.ndarray]) -> list[tuple[Any, ...]]:
        """What `PREDICTOR_RECORD_DTYPE` holds of each node, a node before those below it, the left ones first."""
        records: list[tuple[Any, ...]] = []

        def add(node: TreeNode) -> None:
            split, place = node.split_info, len(records)
            gain = -1 if split is None else split.gain
            if node.is_leaf:
                records.append((node.value, node.n_samples, 0, 0, 0, 0, 0, gain, node.depth, 1, 0, 0, 0))
                return
            feature, bin_number = split.feature_idx, split.bin_idx
            # All gaps go to the right of the last bin that has values, the rest to the left.
            is_last = bin_number == self.n_bins_non_missing[feature] - 1
            threshold = np.inf if is_last else thresholds[feature][bin_number]
            records.append(())
            add(node.left_child)
            right = len(records)
            add(node.right_child)
            records[place] = (
                node.value, node.n_samples, feature, threshold, split.missing_go_to_left, place + 1, right, gain,
                node.depth, 0, bin_number, 0, 0,
            )  # fmt: skip

        add(root)
        return records


@contextmanager
def shared_sums() -> Iterator[None]:
    """Within it scikit-learn grows the same trees from shared sums. It offers no place for another grower."""
    gradient_boosting.TreeGrower = SharingGrower
    try:
        yield
    finally:
        gradient_boosting.TreeGrower = TreeGrower
