"""Candidate clusterings: every algorithm with every number of clusters in every space."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from shop_toolkit.clustering.algorithms import KMEANS_STARTS, Fit, fit_algorithm
from shop_toolkit.clustering.kmeans import kmeans
from shop_toolkit.clustering.metrics import SILHOUETTE_CUSTOMERS, silhouettes
from shop_toolkit.clustering.names import (
    ALGORITHMS,
    CLUSTER_COUNTS,
    INTERESTS,
    SEED,
    algorithms_of,
    by_space,
    count_problems,
    number_clusters,
    stack,
    worth_workers,
)
from shop_toolkit.clustering.spaces import embed
from shop_toolkit.clustering.tsne import TSNE_ITERATIONS
from shop_toolkit.parallel import in_parallel

LABEL_COLUMNS = ("space", "algorithm", "k", "setting", "smallest_size", "customer_id", "cluster", "bic")

# The points (n, d), the algorithm, its numbers of clusters, and whether it runs until it converges.
Job = tuple[np.ndarray, str, list[int], bool]


def fit_candidates(
    coordinates: pd.DataFrame,
    cluster_counts: Iterable[int] = CLUSTER_COUNTS,
    workers: int = 2,
    algorithms: Sequence[str] = ALGORITHMS,
) -> pd.DataFrame:
    """Fit every candidate clustering.

    KMeans is the best of 10 starts, mixtures have full covariances, Ward is one tree cut at each k. HDBSCAN (Campello,
    Moulavi & Sander 2013) finds its own k with each of `HDBSCAN_SHARES` as the smallest size; of settings that find
    the same k the one with the least noise, then the smallest size, is the candidate.

    Args:
        coordinates: What `embed` returns.
        cluster_counts: Numbers of clusters to try.
        workers: Processes; any number gives the same rows.
        algorithms: Some of `ALGORITHMS`; interests are clustered by KMeans alone.

    Returns:
        One row per candidate (space, algorithm, k) and customer: the cluster of the customer, from 0 by descending
        size. HDBSCAN's k counts its clusters, cluster -1 is noise, and k = 0 means that all is noise. `bic` repeats a
        mixture's Bayesian information criterion on each of its rows; `smallest_size` is HDBSCAN's, as a share of
        customers. A candidate that cannot be fitted has no rows; `measure_candidates` gives the reason.

    Raises:
        ValueError: An algorithm is unknown.
    """
    workers = worth_workers(coordinates, workers)
    spaces = {space: (customers, points) for space, customers, points in by_space(coordinates)}
    keys: list[str] = []
    jobs: list[Job] = []
    for space, (_, points) in spaces.items():
        parts = _jobs(points, space, sorted(set(cluster_counts)), algorithms, workers)
        keys += [space] * len(parts)
        jobs += parts
    results = in_parallel(fit_algorithm, jobs, workers, "clusterings to choose from", "fits")
    tables = [
        _label_table(space, *spaces[space], fit)
        for space, fits in zip(keys, results, strict=True)
        for fit in fits
    ]  # fmt: skip
    return stack(tables, LABEL_COLUMNS)


def _jobs(points: np.ndarray, space: str, counts: list[int], algorithms: Sequence[str], workers: int) -> list[Job]:
    """The fits of one space, as parts that one process does at a time."""
    jobs: list[Job] = []
    for algorithm in algorithms_of(space, algorithms):
        # One k at a time keeps the workers busy to the end; Ward's tree and HDBSCAN's sizes belong together.
        apart = workers > 1 and algorithm in ("kmeans", "gaussian_mixture")
        jobs += [
            (points, algorithm, part, space == INTERESTS) for part in ([[k] for k in counts] if apart else [counts])
        ]
    return jobs


def _label_table(space: str, customers: np.ndarray, points: np.ndarray, fit: Fit) -> pd.DataFrame:
    columns = {
        "space": space,
        "algorithm": fit.algorithm,
        "k": fit.k,
        "setting": fit.setting,
        "smallest_size": fit.smallest_size,
        "customer_id": customers,
        "cluster": number_clusters(fit.clusters, points),
        "bic": fit.bic,
    }
    return pd.DataFrame(columns)


def cluster_by_silhouette(
    population: pd.DataFrame, space: str, fewest: int, most: int, tsne_iterations: int = TSNE_ITERATIONS
) -> pd.DataFrame:
    """Cluster customers by the KMeans of the best silhouette, without the whole search.

    A quick stand-in, for a past day whose clusters are only needed to evaluate predictions.

    Args:
        population: As for `embed`.
        space: One of `RFM_SPACES`.
        fewest: Fewest clusters to try.
        most: Most clusters to try.
        tsne_iterations: Steps of the t-SNE.

    Returns:
        One row per fitted customer: customer_id and cluster (from 0 by descending size). Of equal silhouettes the
        fewest clusters win. Empty where the space has no coordinates or nothing can be clustered.
    """
    coordinates = embed(population, [space], tsne_iterations)
    found = pd.DataFrame(columns=["customer_id", "cluster"])
    for _, customers, points in by_space(coordinates):
        problems = count_problems(points, range(fewest, most + 1))
        counts = [k for k, problem in problems.items() if not problem]
        if counts:
            with threadpool_limits(1):
                clusterings = np.column_stack([kmeans(points, k, KMEANS_STARTS, SEED) for k in counts])
                step = math.ceil(len(points) / SILHOUETTE_CUSTOMERS)
                values = silhouettes(points[::step], clusterings[::step])
            best = clusterings[:, int(np.argmax(values))]
            found = pd.DataFrame({"customer_id": customers, "cluster": number_clusters(best, points)})
    return found
