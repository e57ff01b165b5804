"""The four clustering algorithms, each on points of one space; all of them seeded."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.mixture import GaussianMixture

from shop_toolkit.clustering.names import NOISE, SEED, count_problem

KMEANS_STARTS = 10
# SQL assigns customers to the nearest centre of interests, so there KMeans runs until no customer changes its cluster.
CONVERGED_STEPS = 2000
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
    possible = [k for k in counts if not count_problem(points, k)]
    if not possible:
        return []
    if algorithm == "kmeans":
        setting = f"{KMEANS_STARTS} starts"
        return [Fit(algorithm, k, setting, kmeans(points, k, KMEANS_STARTS, SEED, converge)) for k in possible]
    if algorithm == "gaussian_mixture":
        fits = [(k, *mixture(points, k, SEED, MIXTURE_TOLERANCE, MIXTURE_STEPS)) for k in possible]
        return [Fit(algorithm, k, "full covariances", found, float(model.bic(points))) for k, found, model in fits]
    if algorithm == "ward":
        return [Fit(algorithm, k, "one tree", clusters) for k, clusters in ward(points, possible).items()]
    return _hdbscan_fits(points)


def kmeans(points: np.ndarray, k: int, starts: int, seed: int, converge: bool = False) -> np.ndarray:
    """Clusters (n,) of points (n, d); with `converge` each point is in the cluster of the nearest mean, else nearly."""
    until = {"tol": 0.0, "max_iter": CONVERGED_STEPS} if converge else {}
    clusters: np.ndarray = KMeans(k, n_init=starts, random_state=seed, **until).fit_predict(points)
    return clusters


def mixture(points: np.ndarray, k: int, seed: int, tolerance: float, steps: int) -> tuple[np.ndarray, GaussianMixture]:
    """Clusters (n,) of points (n, d) by a mixture of `k` Gaussians with full covariances, and the mixture."""
    model = GaussianMixture(k, random_state=seed, tol=tolerance, max_iter=steps)
    return model.fit_predict(points), model


def ward(points: np.ndarray, counts: Iterable[int]) -> dict[int, np.ndarray]:
    """Ward's tree (Ward 1963) cut into each number of clusters; equal heights can leave fewer.

    SciPy's tree, as scikit-learn's `AgglomerativeClustering` fits the tree again for each cut.
    """
    tree = linkage(points, method="ward")
    return {k: fcluster(tree, k, criterion="maxclust") - 1 for k in counts}


def _hdbscan_fits(points: np.ndarray) -> list[Fit]:
    """One fit per number of clusters found: that with the least noise, then with the smallest clusters."""
    best: dict[int, Fit] = {}
    for share in HDBSCAN_SHARES:
        if _smallest_size(len(points), share) > len(points):
            continue
        clusters = hdbscan(points, share)
        k = int(clusters.max()) + 1
        fit = Fit("hdbscan", k, f"smallest cluster {share:.1%} of customers", clusters, smallest_size=share)
        if k not in best or (clusters == NOISE).sum() < (best[k].clusters == NOISE).sum():
            best[k] = fit
    return [best[k] for k in sorted(best)]


def _smallest_size(customers: int, share: float) -> int:
    return max(HDBSCAN_SMALLEST_SIZE, round(share * customers))


def hdbscan(points: np.ndarray, share: float) -> np.ndarray:
    """Clusters (n,) of points (n, d), each of at least `share` of them; noise is -1.

    Campello, Moulavi & Sander 2013, "Density-based clustering based on hierarchical density estimates".
    """
    neighbours = max(HDBSCAN_FEWEST_NEIGHBOURS, round(HDBSCAN_NEIGHBOUR_SHARE * len(points)))
    model = HDBSCAN(
        min_cluster_size=_smallest_size(len(points), share),
        min_samples=min(neighbours, len(points)),
        copy=True,
    )
    clusters: np.ndarray = model.fit_predict(points)
    return clusters
