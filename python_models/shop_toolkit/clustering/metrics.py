"""How good the clusters of each candidate are."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, pairwise_distances_chunked
from threadpoolctl import threadpool_limits

from shop_toolkit.clustering.names import (
    ALGORITHMS,
    CANDIDATE,
    CLUSTER_COUNTS,
    NOISE,
    SPACES,
    Key,
    algorithms_of,
    by_space,
    count_problems,
    stack,
    worth_workers,
)
from shop_toolkit.parallel import in_parallel

# Above this many customers the silhouette is that of an evenly spaced sample.
SILHOUETTE_CUSTOMERS = 6000
# Megabytes of distances at a time. New memory from the system for larger pieces took a quarter of the time.
DISTANCE_MEMORY = 16

METRIC_COLUMNS = (
    "space", "algorithm", "k", "setting", "customer_count", "clusters_found", "smallest_share", "noise_share",
    "silhouette", "calinski_harabasz", "davies_bouldin", "bic", "failure_reason",
)  # fmt: skip


def silhouettes(points: np.ndarray, clusterings: np.ndarray) -> np.ndarray:
    """Mean silhouettes of many clusterings of the same points.

    Rousseeuw 1987, "Silhouettes: a graphical aid": (b - a) / max(a, b) with a the mean distance to the own cluster, b
    to the nearest other one. Our own, as all clusterings share one pass over the distances: 100 of them cost little
    more than one, where scikit-learn's `silhouette_score` computes the distances again for each.

    Args:
        points: Coordinates (n, d).
        clusterings: One column per clustering (n, c); noise is -1.

    Returns:
        Means (c,) over all points, -1..1; NaN with fewer than two clusters. A customer alone in a cluster counts 0, and
        so does noise: leaving the difficult customers out earns nothing.
    """
    members = [_membership(clusters) for clusters in clusterings.T]
    stacked = np.hstack(members) if members else np.empty((len(points), 0))
    totals = np.zeros(clusterings.shape[1])
    start = 0
    with threadpool_limits(1):
        for distances in pairwise_distances_chunked(points, n_jobs=1, working_memory=DISTANCE_MEMORY):
            rows = slice(start, start + len(distances))
            sums = distances @ stacked
            first = 0
            for column, membership in enumerate(members):
                last = first + membership.shape[1]
                totals[column] += _silhouette_sum(sums[:, first:last], membership, rows)
                first = last
            start += len(distances)
    counts = np.array([membership.shape[1] for membership in members])
    return np.where(counts >= 2, totals / max(len(points), 1), np.nan)


def _membership(clusters: np.ndarray) -> np.ndarray:
    """1 where a point (n,) is in a cluster (k,), else 0; noise is in none."""
    membership: np.ndarray = clusters[:, None] == np.unique(clusters[clusters != NOISE])[None, :]
    return membership.astype(float)


def _silhouette_sum(sums: np.ndarray, membership: np.ndarray, rows: slice) -> float:
    """Sum of the silhouettes of some rows, from their summed distances (r, k) to the members of each cluster."""
    sizes = membership.sum(axis=0)
    if len(sizes) < 2:
        return 0.0
    own = membership[rows].astype(bool)
    placed = own.any(axis=1)
    own_size = own[placed] @ sizes
    within = sums[placed][own[placed]] / np.maximum(own_size - 1, 1)
    nearest = np.where(own[placed], np.inf, sums[placed] / sizes).min(axis=1)
    larger = np.maximum(within, nearest)
    values = np.divide(nearest - within, larger, out=np.zeros_like(larger), where=larger > 0)
    return float(values[own_size > 1].sum())


def measure_candidates(
    coordinates: pd.DataFrame,
    labels: pd.DataFrame,
    spaces: Sequence[str] = SPACES,
    cluster_counts: Iterable[int] = CLUSTER_COUNTS,
    algorithms: Sequence[str] = ALGORITHMS,
    workers: int = 2,
) -> pd.DataFrame:
    """Measure every candidate.

    Args:
        coordinates: What `embed` returns.
        labels: What `fit_candidates` returns.
        spaces: Spaces whose candidates are expected.
        cluster_counts: Numbers of clusters that are expected.
        algorithms: Algorithms that are expected.
        workers: Processes, each of which measures a space at a time; any number gives the same rows.

    Returns:
        One row per candidate (space, algorithm, k), also of those that were expected and have no labels:

        - smallest_share, noise_share: of all fitted customers (0..1)
        - silhouette: see `silhouettes`; of an evenly spaced sample above `SILHOUETTE_CUSTOMERS`
        - calinski_harabasz (higher is better), davies_bouldin (lower is better): of customers that are not noise
        - bic: of mixtures, lower is better, comparable within one space only
        - failure_reason: None, or why the candidate is no clustering into k clusters

    Raises:
        ValueError: The labels are not of the customers that have coordinates, or an algorithm is unknown.
    """
    points_of = {space: (customers, points) for space, customers, points in by_space(coordinates)}
    found: dict[Key, pd.DataFrame] = dict(iter(labels.groupby(CANDIDATE, sort=True)))
    counts = sorted(set(cluster_counts))
    tables, jobs = [], []
    for space in spaces:
        customers, points = points_of.get(space, (np.empty(0, dtype=object), np.empty((0, 2))))
        keys = [key for key in found if key[0] == space]
        tables.append(_missing(space, points, keys, counts, algorithms))
        if keys:
            described = [(*key, *found[key].iloc[0][["setting", "bic"]]) for key in keys]
            jobs.append((points, clusters_of(customers, keys, found), described))
    if jobs:
        tables += in_parallel(_measured, jobs, worth_workers(coordinates, workers))
    return stack(tables, METRIC_COLUMNS).sort_values(CANDIDATE, ignore_index=True)


def _measured(
    points: np.ndarray, clusterings: np.ndarray, candidates: Sequence[tuple[str, str, int, str | None, float]]
) -> pd.DataFrame:
    """Rows for candidates (c) of a space: from points (n, d), clusters (n, c), and of each its key, setting and BIC."""
    step = math.ceil(len(points) / SILHOUETTE_CUSTOMERS)
    silhouette = silhouettes(points[::step], clusterings[::step])
    rows = []
    for column, (space, algorithm, k, setting, bic) in enumerate(candidates):
        clusters = clusterings[:, column]
        placed = clusters != NOISE
        sizes = np.bincount(clusters[placed])
        several = 1 < len(sizes) < placed.sum()
        rows.append((
            space, algorithm, k, setting, len(points), len(sizes),
            sizes.min() / len(points) if len(sizes) else math.nan,
            1 - placed.mean(),
            silhouette[column],
            calinski_harabasz_score(points[placed], clusters[placed]) if several else math.nan,
            davies_bouldin_score(points[placed], clusters[placed]) if several else math.nan,
            bic,
            _found_problem(k, len(sizes)),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(METRIC_COLUMNS))


def clusters_of(customers: np.ndarray, keys: Sequence[Key], found: Mapping[Key, pd.DataFrame]) -> np.ndarray:
    """Clusters (n, c) of the candidates `keys` (c,), in the order of the customers (n,).

    Raises:
        ValueError: A candidate has labels of other customers.
    """
    columns = []
    for key in keys:
        rows = found[key].sort_values("customer_id")
        if not np.array_equal(rows["customer_id"].to_numpy(), customers):
            raise ValueError(f"The labels of {key} are not of the customers that have coordinates.")
        columns.append(rows["cluster"].to_numpy(dtype=int))
    return np.column_stack(columns)


def _found_problem(k: int, found: int) -> str | None:
    if found == 0:
        return "found no cluster"
    if found == 1:
        return "found one cluster only"
    if found < k:
        return f"found {found} of {k} clusters only"
    return None


def _missing(
    space: str, points: np.ndarray, keys: Sequence[Key], counts: Sequence[int], algorithms: Sequence[str]
) -> pd.DataFrame:
    """Rows for the candidates of a space that were expected and have no labels."""
    rows = []
    for algorithm in algorithms_of(space, algorithms):
        # HDBSCAN finds its own k: it is missing only when it found nothing at all.
        expected = counts if algorithm != "hdbscan" else [0]
        present = {key[2] for key in keys if key[1] == algorithm}
        if algorithm == "hdbscan" and present:
            continue
        for k in expected:
            if k not in present:
                rows.append((space, algorithm, k, len(points), 0, _missing_problem(points, algorithm, k)))
    columns = ["space", "algorithm", "k", "customer_count", "clusters_found", "failure_reason"]
    return pd.DataFrame(rows, columns=columns).reindex(columns=list(METRIC_COLUMNS))


def _missing_problem(points: np.ndarray, algorithm: str, k: int) -> str:
    if not len(points):
        return "the space has no coordinates: too few customers, or all alike"
    if algorithm == "hdbscan":
        return "fewer customers than the smallest cluster size"
    return count_problems(points, [k])[k] or "not fitted"
