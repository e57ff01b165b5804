"""KMeans of a few hundred or thousand points, many thousands of times in a build.

The steps, the random numbers and so the clusters are those of scikit-learn's `KMeans`, which a test compares. With so
few points its checks and conversions around each step take two thirds of the time. Here all starts are drawn together,
and each step is scikit-learn's compiled one, which pyproject.toml pins to a minor version.
"""

import numpy as np
from sklearn.cluster._k_means_common import _inertia_dense, _is_same_clustering
from sklearn.cluster._k_means_lloyd import lloyd_iter_chunked_dense

# scikit-learn's own defaults.
TOLERANCE = 1e-4
STEPS = 300
# SQL assigns customers to the nearest centre of interests, so there KMeans runs until no customer changes its cluster.
CONVERGED_STEPS = 2000


def kmeans(points: np.ndarray, k: int, starts: int, seed: int, converge: bool = False) -> np.ndarray:
    """Cluster points around `k` means, as `KMeans(k, n_init=starts, random_state=seed)` of scikit-learn does.

    Args:
        points: Coordinates (n, d), finite; at least `k` points.
        k: Clusters.
        starts: How often it starts from other centres; the start with the least inertia wins.
        seed: Seed of the centres.
        converge: Whether it runs until no point changes its cluster, so that each is in the cluster of the nearest
            mean; else nearly.

    Returns:
        Clusters (n,). The caller keeps BLAS to one thread.
    """
    centred = np.ascontiguousarray(points - points.mean(axis=0))
    tolerance = 0.0 if converge else float(points.var(axis=0).mean()) * TOLERANCE
    steps = CONVERGED_STEPS if converge else STEPS
    best, least = None, np.inf
    for centres in _plus_plus(centred, k, starts, seed):
        clusters, inertia = _lloyd(centred, centres.copy(), tolerance, steps)
        # Rounding may call the same clustering better: its numbers of the clusters would be others.
        if best is None or (inertia < least and not _is_same_clustering(clusters, best, k)):
            best, least = clusters, inertia
    assert best is not None
    return best


def kmeans_from(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Cluster points from given centres, as `KMeans(k, init=centres, n_init=1)` of scikit-learn does.

    Args:
        points: Coordinates (n, d), finite.
        centres: Centres to start from (k, d).

    Returns:
        Clusters (n,), by the centre that each started from. The caller keeps BLAS to one thread.
    """
    mean = points.mean(axis=0)
    centred = np.ascontiguousarray(points - mean)
    return _lloyd(centred, centres - mean, float(points.var(axis=0).mean()) * TOLERANCE, STEPS)[0]


def _plus_plus(points: np.ndarray, k: int, starts: int, seed: int) -> np.ndarray:
    """Centres (starts, k, d) to start from: greedy k-means++ (Arthur & Vassilvitskii 2007), all starts at once.

    Each further centre is the best of a few points, drawn by their squared distance to the nearest centre so far.
    """
    trials, rows = 2 + int(np.log(k)), np.arange(starts)
    uniform = np.random.RandomState(seed).random_sample((starts, 1 + (k - 1) * trials))
    shares = np.full(len(points), 1 / len(points)).cumsum()
    first = (shares / shares[-1]).searchsorted(uniform[:, 0], side="right")
    chosen = np.empty((starts, k), dtype=int)
    chosen[:, 0] = first
    norms, doubled = np.einsum("ij,ij->i", points, points), np.ascontiguousarray(-2 * points.T)
    nearest = _squared_distances(points, first, norms, doubled)
    ones = np.ones(len(points))
    total = nearest @ ones
    for number in range(1, k):
        drawn = uniform[:, 1 + (number - 1) * trials : 1 + number * trials] * total[:, None]
        sums = nearest.cumsum(axis=1)
        tried = np.stack([row.searchsorted(values) for row, values in zip(sums, drawn, strict=True)])
        np.minimum(tried, len(points) - 1, out=tried)
        distances = _squared_distances(points, tried.ravel(), norms, doubled).reshape(starts, trials, -1)
        np.minimum(distances, nearest[:, None], out=distances)
        totals = distances @ ones
        best = totals.argmin(axis=1)
        total, nearest, chosen[:, number] = totals[rows, best], distances[rows, best], tried[rows, best]
    centres: np.ndarray = points[chosen]
    return centres


def _squared_distances(points: np.ndarray, some: np.ndarray, norms: np.ndarray, doubled: np.ndarray) -> np.ndarray:
    """Squared distances (m, n) of `some` (m,) points from all, given their squared norms (n,) and -2 times them."""
    distances: np.ndarray = points[some] @ doubled
    distances += norms[some, None]
    distances += norms
    np.maximum(distances, 0, out=distances)
    return distances


def _lloyd(points: np.ndarray, centres: np.ndarray, tolerance: float, steps: int) -> tuple[np.ndarray, float]:
    """Clusters (n,) and their inertia (Lloyd 1982, "Least squares quantization in PCM") from centres (k, d)."""
    ones, moved = np.ones(len(points)), np.empty_like(centres)
    clusters, before = np.full(len(points), -1, dtype=np.int32), b""
    weights, shifts = np.zeros(len(centres)), np.zeros(len(centres))
    converged = False
    for _ in range(steps):
        lloyd_iter_chunked_dense(points, ones, centres, moved, weights, clusters, shifts, 1)
        centres, moved = moved, centres
        # Bytes compare ten times as fast as arrays of a few hundred numbers.
        now = clusters.tobytes()
        converged = now == before
        if converged or shifts @ shifts <= tolerance:
            break
        before = now
    if not converged:
        # The last step moved the centres: each point goes to the nearest of them as they are now.
        lloyd_iter_chunked_dense(points, ones, centres, centres, weights, clusters, shifts, 1, update_centers=False)
    return clusters, _inertia_dense(points, ones, centres, clusters, 1)
