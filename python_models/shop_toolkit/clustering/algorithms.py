"""The four clustering algorithms, each on points of one space; all of them seeded."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from fastcluster import linkage_vector
from scipy.cluster.hierarchy import fcluster
from sklearn.cluster import HDBSCAN
from sklearn.cluster._hdbscan._tree import tree_to_labels

from shop_toolkit.clustering.kmeans import kmeans
from shop_toolkit.clustering.mixtures import information_criterion, mixture
from shop_toolkit.clustering.names import NOISE, SEED, count_problems

KMEANS_STARTS = 10
MIXTURE_TOLERANCE = 1e-3
MIXTURE_STEPS = 100
# HDBSCAN takes no number of clusters but the size of the smallest: these shares of the customers are tried.
HDBSCAN_SHARES = (0.005, 0.01, 0.02, 0.04, 0.08)
HDBSCAN_SMALLEST_SIZE = 5
# A customer is as dense as the distance to this share of all others (10 of 4,000) is short.
HDBSCAN_NEIGHBOUR_SHARE = 0.0025
HDBSCAN_FEWEST_NEIGHBOURS = 3


class Fit(NamedTuple):
    """What one candidate found: the cluster of each point (n,), the setting in words, BIC for mixtures."""

    algorithm: str
    k: int
    setting: str
    clusters: np.ndarray
    bic: float = math.nan
    smallest_size: float = math.nan


def fit_algorithm(points: np.ndarray, algorithm: str, counts: Sequence[int], converge: bool) -> list[Fit]:
    """Fit one algorithm with each number of clusters that the points support.

    Args:
        points: Coordinates (n, d) of one space.
        algorithm: One of `ALGORITHMS`.
        counts: Numbers of clusters; HDBSCAN finds its own and ignores them, unless none is possible.
        converge: Whether KMeans runs until no point changes its cluster.

    Returns:
        One fit per number of clusters, ascending.
    """
    possible = [k for k, problem in count_problems(points, counts).items() if not problem]
    if not possible:
        return []
    if algorithm == "kmeans":
        setting = f"{KMEANS_STARTS} starts"
        return [Fit(algorithm, k, setting, kmeans(points, k, KMEANS_STARTS, SEED, converge)) for k in possible]
    if algorithm == "gaussian_mixture":
        mixtures = {k: mixture(points, k, SEED, MIXTURE_TOLERANCE, MIXTURE_STEPS) for k in possible}
        return [
            Fit(algorithm, k, "full covariances", joint.argmax(axis=1), information_criterion(joint, points.shape[1]))
            for k, joint in mixtures.items()
        ]
    if algorithm == "ward":
        return [Fit(algorithm, k, "one tree", clusters) for k, clusters in ward(points, possible).items()]
    return _hdbscan_fits(points)


def ward(points: np.ndarray, counts: Iterable[int]) -> dict[int, np.ndarray]:
    """Ward's tree (Ward 1963) cut into each number of clusters; equal heights can leave fewer.

    fastcluster's tree (Müllner 2013, "fastcluster: Fast Hierarchical, Agglomerative Clustering Routines for R and
    Python") has the merges of SciPy's, without a matrix of all distances: in a plane of 4,000 points in a ninth of the
    time. scikit-learn's `AgglomerativeClustering` fits the tree again for each cut.
    """
    tree = linkage_vector(points, method="ward")
    return {k: fcluster(tree, k, criterion="maxclust") - 1 for k in counts}


def _hdbscan_fits(points: np.ndarray) -> list[Fit]:
    """One fit per number of clusters found: that with the least noise, then with the smallest clusters."""
    best: dict[int, Fit] = {}
    shares = [share for share in HDBSCAN_SHARES if _smallest_size(len(points), share) <= len(points)]
    for share, clusters in zip(shares, hdbscan(points, shares), strict=True):
        k = int(clusters.max()) + 1
        fit = Fit("hdbscan", k, f"smallest cluster {share:.1%} of customers", clusters, smallest_size=share)
        if k not in best or (clusters == NOISE).sum() < (best[k].clusters == NOISE).sum():
            best[k] = fit
    return [best[k] for k in sorted(best)]


def _smallest_size(customers: int, share: float) -> int:
    return max(HDBSCAN_SMALLEST_SIZE, round(share * customers))


def hdbscan(points: np.ndarray, shares: Sequence[float]) -> list[np.ndarray]:
    """Cluster points by density, with each of several least sizes of a cluster.

    Campello, Moulavi & Sander 2013, "Density-based clustering based on hierarchical density estimates". The tree of
    the densities is the same for all sizes: scikit-learn's `HDBSCAN` makes it once, and its own function cuts it.

    Args:
        points: Coordinates (n, d).
        shares: Least sizes, as shares of the points.

    Returns:
        Clusters (n,) for each share; noise is -1.
    """
    if not shares:
        return []
    neighbours = max(HDBSCAN_FEWEST_NEIGHBOURS, round(HDBSCAN_NEIGHBOUR_SHARE * len(points)))
    sizes = [_smallest_size(len(points), share) for share in shares]
    model = HDBSCAN(min_cluster_size=sizes[0], min_samples=min(neighbours, len(points)), copy=True).fit(points)
    tree = model._single_linkage_tree_
    return [model.labels_, *(tree_to_labels(tree, min_cluster_size=size)[0] for size in sizes[1:])]
