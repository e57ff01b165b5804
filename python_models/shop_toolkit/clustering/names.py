"""What spaces, algorithms and candidates are called, and how a table of coordinates is read."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from shop_toolkit.parallel import PARALLEL_CUSTOMERS

FEATURES = ("recency_days", "frequency", "monetary")
RFM_SPACES = ("rfm", "log_rfm", "rfm_plane", "rfm_tsne")
# SQL computes its coordinates from the map that `interests.fit_interest_map` fits.
INTERESTS = "interests"
SPACES = (*RFM_SPACES, INTERESTS)
ALGORITHMS = ("kmeans", "gaussian_mixture", "ward", "hdbscan")
CLUSTER_COUNTS = tuple(range(2, 11))
NOISE = -1
SEED = 0

CANDIDATE = ["space", "algorithm", "k"]
# A candidate's space, algorithm and number of clusters.
Key = tuple[str, str, int]


def algorithms_of(space: str, algorithms: Sequence[str] = ALGORITHMS) -> tuple[str, ...]:
    """Algorithms that cluster a space, in the order of `ALGORITHMS`.

    Args:
        space: One of `SPACES`.
        algorithms: The algorithms asked for; at least KMeans.

    Returns:
        All that are asked for, but for interests KMeans alone, as SQL can assign a customer to the nearest centre.

    Raises:
        ValueError: An algorithm is unknown.
    """
    unknown = set(algorithms) - set(ALGORITHMS)
    if unknown:
        raise ValueError(f"Unknown algorithm {sorted(unknown)}; known are {', '.join(ALGORITHMS)}.")
    return ("kmeans",) if space == INTERESTS else tuple(name for name in ALGORITHMS if name in algorithms)


def by_space(coordinates: pd.DataFrame) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """The spaces of a table of coordinates, in the order of `SPACES`.

    Args:
        coordinates: Columns space, customer_id, x, y and z; z is missing in a plane.

    Yields:
        The space, the customers' ids (n,), sorted, and their points (n, d).
    """
    for space in SPACES:
        rows = coordinates[coordinates["space"] == space].sort_values("customer_id")
        if len(rows):
            points = rows[["x", "y", "z"]].dropna(axis=1, how="all").to_numpy(dtype=float)
            yield space, rows["customer_id"].to_numpy(), np.ascontiguousarray(points)


def worth_workers(coordinates: pd.DataFrame, workers: int) -> int:
    """As many processes as are worth their start: one for a small shop."""
    return workers if coordinates["space"].value_counts().max() >= PARALLEL_CUSTOMERS else 1


def count_problems(points: np.ndarray, counts: Sequence[int]) -> dict[int, str | None]:
    """Why points (n, d) can't be split into each of so many clusters; None where they can."""
    different = len(np.unique(points, axis=0))
    return {k: _count_problem(len(points), different, k) for k in counts}


def _count_problem(customers: int, different: int, k: int) -> str | None:
    if customers < k:
        return "fewer customers than clusters"
    if different == 1:
        return "all customers alike"
    if different < k:
        return "fewer different customers than clusters"
    return None


def number_clusters(clusters: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The same clusters under numbers that do not depend on the algorithm.

    Args:
        clusters: Cluster of each point (n,); noise is -1.
        points: Coordinates (n, d).

    Returns:
        Clusters (n,) numbered from 0 by descending size, then by mean coordinates; noise stays -1.
    """
    found, members = np.unique(clusters[clusters != NOISE], return_inverse=True)
    placed, sizes = points[clusters != NOISE], np.bincount(members, minlength=len(found))

    def order(cluster: int) -> tuple[float, ...]:
        # The mean counts among equally large clusters alone, and takes longer than all the rest.
        alike = (sizes == sizes[cluster]).sum() > 1
        return (-sizes[cluster], *(placed[members == cluster].mean(axis=0) if alike else ()))

    numbers = np.empty(len(found), dtype=int)
    numbers[sorted(range(len(found)), key=order)] = np.arange(len(found))
    numbered = np.full(len(clusters), NOISE)
    numbered[clusters != NOISE] = numbers[members]
    return numbered


def stack(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    """The rows of all tables with these columns; an empty table with them where there are none."""
    filled = [table for table in tables if len(table)]
    if not filled:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(filled, ignore_index=True)[list(columns)]
