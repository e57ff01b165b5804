"""Spaces, candidate clusterings, their measures and their stability.

Everything here fits and measures; nothing is chosen. Tables come in and go out as data frames, sorted, and
are equal from run to run whatever the number of threads: fits are seeded, and run on one thread each.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import (
    calinski_harabasz_score,
    davies_bouldin_score,
    pairwise_distances_chunked,
)
from sklearn.mixture import GaussianMixture
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from shop_toolkit.parallel import PARALLEL_CUSTOMERS, in_parallel
from shop_toolkit.progress import Progress, StepsOfTsne

FEATURES = ("recency_days", "frequency", "monetary")
RFM_SPACES = ("rfm", "log_rfm", "rfm_plane", "rfm_tsne")
# Its coordinates are made in SQL from the map that `interests.fit_interest_map` finds.
INTERESTS = "interests"
SPACES = (*RFM_SPACES, INTERESTS)
ALGORITHMS = ("kmeans", "gaussian_mixture", "ward", "hdbscan")
CLUSTER_COUNTS = tuple(range(2, 11))
NOISE = -1
SEED = 0

TSNE_PERPLEXITY = 50
TSNE_ITERATIONS = 1000
# A neighbourhood map of fewer customers shows chance, and the perplexity would have to shrink below 10.
TSNE_MINIMUM_CUSTOMERS = 30

KMEANS_STARTS = 10
# SQL puts customers into the group of the nearest centre, so there KMeans goes on until none changes its cluster.
INTEREST_STEPS = 2000
MIXTURE_TOLERANCE = 1e-3
MIXTURE_STEPS = 100
# HDBSCAN takes no number of clusters but the size of the smallest: these shares of the customers are tried.
HDBSCAN_SHARES = (0.005, 0.01, 0.02, 0.04, 0.08)
HDBSCAN_MINIMUM_SIZE = 5
# A customer is as dense as the distance to this share of all others (10 of 4,000) is short.
HDBSCAN_NEIGHBOUR_SHARE = 0.0025
HDBSCAN_MINIMUM_NEIGHBOURS = 3

# Above this many customers the silhouette is that of an evenly spaced sample.
SILHOUETTE_CUSTOMERS = 6000

# Refits that one worker does of a space at a time: Ward's tree is shared, and blocks keep both workers busy.
BOOTSTRAP_BLOCK = 5


# Refits of a candidate that could win; others get half of them.
BOOTSTRAP_REFITS = 100


class Protocol(NamedTuple):
    """How a candidate is refitted: from how many draws at most, and with how much effort."""

    draws: Mapping[str, int]
    kmeans_starts: int
    mixture_tolerance: float
    mixture_steps: int
    share_of_refits: float


# Few draws and quick fits, for candidates that cannot win by other measures: KMeans looks less stable than it
# is, mixtures and Ward scatter to both sides, so no screening figure may decide a winner.
SCREENING = Protocol(
    draws=dict.fromkeys(ALGORITHMS, 600),
    kmeans_starts=2,
    mixture_tolerance=1e-2,
    mixture_steps=2,
    share_of_refits=0.5,
)
# As fitted, on as many draws as there are customers. The figures of the other three hardly change beyond
# 2,000 draws, and their time does.
CONTENDER = Protocol(
    draws={"kmeans": 10_000, "gaussian_mixture": 2000, "ward": 2000, "hdbscan": 2000},
    kmeans_starts=KMEANS_STARTS,
    mixture_tolerance=MIXTURE_TOLERANCE,
    mixture_steps=MIXTURE_STEPS,
    share_of_refits=1.0,
)
# Few candidates of one algorithm: half the refits from 3 cold starts, as those of product categories have, err on the
# unstable side.
INTEREST_CONTENDER = CONTENDER._replace(kmeans_starts=3, share_of_refits=0.5)
PROTOCOLS = (CONTENDER, INTEREST_CONTENDER, SCREENING)

COORDINATE_COLUMNS = ("space", "customer_id", "x", "y", "z")
LABEL_COLUMNS = ("space", "algorithm", "k", "setting", "smallest_size", "customer_id", "cluster", "bic")
MEASURE_COLUMNS = (
    "space", "algorithm", "k", "setting", "customers", "clusters_found", "smallest_share", "noise_share",
    "silhouette", "calinski_harabasz", "davies_bouldin", "bic", "failure_reason",
)  # fmt: skip
STABILITY_COLUMNS = (
    "space", "algorithm", "k", "bootstrap_samples", "bootstrap_draws", "min_jaccard", "mean_adjusted_rand",
)  # fmt: skip
SPACE_COLUMNS = ("space", "customers", "dimensions", "explained_variance", "failure_reason")
CANDIDATE = ["space", "algorithm", "k"]


def algorithms_of(space: str) -> tuple[str, ...]:
    """Algorithms that cluster a space: of interests KMeans alone, as SQL can say which centre is nearest."""
    return ("kmeans",) if space == INTERESTS else ALGORITHMS


# --- spaces ----------------------------------------------------------------------------------------------


def standardise(values: np.ndarray) -> np.ndarray:
    """Columns (n, d) with mean 0 and variance 1; a column that never varies becomes 0."""
    return StandardScaler().fit_transform(values) if len(values) else values


def signed_log(values: np.ndarray) -> np.ndarray:
    """log(1 + v), mirrored for negative v, so that negative money keeps its order."""
    return np.sign(values) * np.log1p(np.abs(values))


def tsne_plane(standardised: np.ndarray, iterations: int = TSNE_ITERATIONS) -> np.ndarray:
    """Nonlinear plane (n, 2) of standardised features (n, d): neighbours stay together, distances mislead.

    t-SNE (van der Maaten & Hinton 2008), started from the principal components: nothing is random. The
    perplexity is at most a third of the customers, as neighbourhoods have to be smaller than the whole.
    """
    perplexity = min(TSNE_PERPLEXITY, (len(standardised) - 1) / 3)
    plane = TSNE(2, perplexity=perplexity, init="pca", max_iter=iterations, random_state=SEED)
    with StepsOfTsne(Progress(f"t-SNE of {len(standardised):,} customers", iterations, "steps")):
        return plane.fit_transform(standardised).astype(float)


def embed(
    population: pd.DataFrame, spaces: Sequence[str] = RFM_SPACES, tsne_iterations: int = TSNE_ITERATIONS
) -> pd.DataFrame:
    """One row per space and fitted customer: coordinates x, y and, in three dimensions, z.

    `population` holds customer_id, recency_days (days), frequency (orders), monetary (money) and is_fitted;
    only fitted customers get coordinates. The caller bounds their number. A space that these customers do not
    support (`describe_spaces` says why) has no rows.

    Raises ValueError for an unknown space, a missing column, a missing value or a customer who comes twice.
    """
    unknown = set(spaces) - set(RFM_SPACES)
    if unknown:
        raise ValueError(f"Unknown space {sorted(unknown)}; known are {', '.join(RFM_SPACES)}.")
    fitted = _fitted(population)
    values = fitted[list(FEATURES)].to_numpy(dtype=float)
    tables = []
    for space in spaces:
        if _space_problem(space, values):
            continue
        points = _coordinates(space, values, tsne_iterations)
        columns = {"space": space, "customer_id": fitted["customer_id"]}
        columns |= {axis: points[:, i] if i < points.shape[1] else np.nan for i, axis in enumerate("xyz")}
        tables.append(pd.DataFrame(columns))
    return _stacked(tables, COORDINATE_COLUMNS)


def describe_spaces(population: pd.DataFrame, spaces: Sequence[str] = RFM_SPACES) -> pd.DataFrame:
    """One row per space: what it is, or why these customers do not support it.

    Columns customers, dimensions, explained_variance (share, `rfm_plane` only) and `problem`, why the space has
    no coordinates (None when it has).
    """
    values = _fitted(population)[list(FEATURES)].to_numpy(dtype=float)
    rows = []
    for space in spaces:
        problem = _space_problem(space, values)
        explained = None
        if space == "rfm_plane" and not problem:
            explained = float(_principal_plane(standardise(values)).explained_variance_ratio_.sum())
        dimensions = 2 if space in ("rfm_plane", "rfm_tsne") else 3
        rows.append((space, len(values), dimensions, explained, problem))
    return pd.DataFrame(rows, columns=list(SPACE_COLUMNS)).astype({"explained_variance": float})


def _fitted(population: pd.DataFrame) -> pd.DataFrame:
    missing = {"customer_id", "is_fitted", *FEATURES} - set(population.columns)
    if missing:
        raise ValueError(f"The population lacks {', '.join(sorted(missing))}.")
    fitted = population[population["is_fitted"].astype(bool)].sort_values("customer_id", ignore_index=True)
    if fitted["customer_id"].duplicated().any():
        raise ValueError("A customer comes twice in the population.")
    if fitted[list(FEATURES)].isna().any(axis=None):
        raise ValueError("A fitted customer lacks recency, frequency or monetary.")
    return fitted


def _space_problem(space: str, values: np.ndarray) -> str | None:
    if not len(values):
        return "no customers"
    if len(values) == 1:
        return "one customer only"
    different = len(np.unique(values, axis=0))
    if different == 1:
        return "all customers alike"
    if space == "rfm_tsne" and different < TSNE_MINIMUM_CUSTOMERS:
        return f"fewer than {TSNE_MINIMUM_CUSTOMERS} different customers: too few for a nonlinear embedding"
    return None


def _coordinates(space: str, values: np.ndarray, tsne_iterations: int) -> np.ndarray:
    if space == "log_rfm":
        return standardise(signed_log(values))
    standardised = standardise(values)
    if space == "rfm_plane":
        return _principal_plane(standardised).transform(standardised)
    if space == "rfm_tsne":
        return tsne_plane(standardised, tsne_iterations)
    return standardised


def _principal_plane(standardised: np.ndarray) -> PCA:
    with threadpool_limits(1):
        return PCA(2, svd_solver="full").fit(standardised)


# --- candidates ------------------------------------------------------------------------------------------


class Fit(NamedTuple):
    """What one candidate found: the cluster of each point (n,), the setting in words, BIC for mixtures."""

    algorithm: str
    k: int
    setting: str
    clusters: np.ndarray
    bic: float = math.nan
    smallest_size: float = math.nan


def number_clusters(clusters: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Same clusters (n,), numbered 0.. by descending size, then by mean coordinates; noise stays -1."""
    found = np.unique(clusters[clusters != NOISE])

    def order(cluster: int) -> tuple:
        members = points[clusters == cluster]
        return (-len(members), *members.mean(axis=0))

    numbered = np.full(len(clusters), NOISE)
    for number, cluster in enumerate(sorted(found, key=order)):
        numbered[clusters == cluster] = number
    return numbered


def fit_candidates(
    coordinates: pd.DataFrame, cluster_counts: Iterable[int] = CLUSTER_COUNTS, workers: int = 2
) -> pd.DataFrame:
    """One row per candidate (space, algorithm, k) and customer: the cluster the customer is in.

    `coordinates` is what `embed` returns. KMeans has the best of 10 starts, mixtures have full covariances,
    Ward is one tree cut at each k. HDBSCAN (Campello, Moulavi & Sander 2013) finds its own k with each of
    `HDBSCAN_SHARES` as smallest size; of settings that find the same k the one with least noise, then the
    smallest size, is the candidate. Its k counts the clusters, cluster -1 is noise, and k = 0 means that all
    is noise. Clusters are numbered from 0 by descending size. `bic` repeats a mixture's Bayesian information
    criterion on each of its rows; `smallest_size` is HDBSCAN's, as a share of customers.

    A candidate that cannot be fitted has no rows; `measure_candidates` names the reason.
    """
    counts = sorted(set(cluster_counts))
    workers = _workers(coordinates, workers)
    spaces = {space: (customers, points) for space, customers, points in _by_space(coordinates)}
    keys, jobs = [], []
    for space, (_, points) in spaces.items():
        for algorithm in algorithms_of(space):
            # One k at a time keeps the workers busy to the end; Ward's tree and HDBSCAN's sizes belong together.
            apart = workers > 1 and algorithm in ("kmeans", "gaussian_mixture")
            for part in [[k] for k in counts] if apart else [counts]:
                keys.append(space)
                jobs.append((points, algorithm, part, space == INTERESTS))
    tables = []
    for space, fits in zip(keys, in_parallel(_fits, jobs, workers, "clusterings to choose from", "fits"), strict=True):
        customers, points = spaces[space]
        for fit in fits:
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
            tables.append(pd.DataFrame(columns))
    return _stacked(tables, LABEL_COLUMNS)


def cluster_by_silhouette(
    population: pd.DataFrame, space: str, fewest: int, most: int, tsne_iterations: int = TSNE_ITERATIONS
) -> pd.DataFrame:
    """One row per fitted customer: the cluster it is in by the KMeans of the best silhouette.

    A quick stand-in for the whole search, for a past day whose clusters are only needed to judge predictions by.
    `population` is that of `embed`; of `fewest` to `most` clusters (3..5, say) those with the best silhouette are
    taken, of equals the fewer. Empty where the space has no coordinates or nothing can be clustered.
    """
    coordinates = embed(population, [space], tsne_iterations)
    found = pd.DataFrame(columns=["customer_id", "cluster"])
    for _, customers, points in _by_space(coordinates):
        counts = [k for k in range(fewest, most + 1) if not _count_problem(points, k)]
        if counts:
            with threadpool_limits(1):
                clusterings = np.column_stack([_kmeans(points, k, KMEANS_STARTS, SEED) for k in counts])
                step = math.ceil(len(points) / SILHOUETTE_CUSTOMERS)
                values = silhouettes(points[::step], clusterings[::step])
            best = clusterings[:, int(np.argmax(values))]
            found = pd.DataFrame({"customer_id": customers, "cluster": number_clusters(best, points)})
    return found


def _workers(coordinates: pd.DataFrame, workers: int) -> int:
    """As many processes as are worth their start: 1 for a small shop."""
    return workers if coordinates["space"].value_counts().max() >= PARALLEL_CUSTOMERS else 1


def _by_space(coordinates: pd.DataFrame) -> Iterable[tuple[str, np.ndarray, np.ndarray]]:
    """Space, customer ids (n,) and points (n, d) in the order of customers; spaces in the order of SPACES."""
    for space in SPACES:
        rows = coordinates[coordinates["space"] == space].sort_values("customer_id")
        if len(rows):
            points = rows[["x", "y", "z"]].dropna(axis=1, how="all").to_numpy(dtype=float)
            yield space, rows["customer_id"].to_numpy(), np.ascontiguousarray(points)


def _fits(points: np.ndarray, algorithm: str, counts: Sequence[int], to_the_end: bool) -> list[Fit]:
    possible = [k for k in counts if not _count_problem(points, k)]
    if not possible:
        return []
    if algorithm == "kmeans":
        setting = f"{KMEANS_STARTS} starts"
        return [Fit(algorithm, k, setting, _kmeans(points, k, KMEANS_STARTS, SEED, to_the_end)) for k in possible]
    if algorithm == "gaussian_mixture":
        fits = [(k, *_mixture(points, k, SEED, MIXTURE_TOLERANCE, MIXTURE_STEPS)) for k in possible]
        return [Fit(algorithm, k, "full covariances", found, float(m.bic(points))) for k, m, found in fits]
    if algorithm == "ward":
        return [Fit(algorithm, k, "one tree", found) for k, found in _ward(points, possible).items()]
    return _hdbscan_fits(points)


def _count_problem(points: np.ndarray, k: int) -> str | None:
    if len(points) < k:
        return "fewer customers than clusters"
    different = len(np.unique(points, axis=0))
    if different == 1:
        return "all customers alike"
    if different < k:
        return "fewer different customers than clusters"
    return None


def _kmeans(points: np.ndarray, k: int, starts: int, seed: int, to_the_end: bool = False) -> np.ndarray:
    """Clusters (n,); `to_the_end` each point is in that of the nearest mean, else nearly so."""
    until = {"tol": 0.0, "max_iter": INTEREST_STEPS} if to_the_end else {}
    return KMeans(k, n_init=starts, random_state=seed, **until).fit_predict(points)


def _mixture(points: np.ndarray, k: int, seed: int, tolerance: float, steps: int) -> tuple[GaussianMixture, np.ndarray]:
    mixture = GaussianMixture(k, random_state=seed, tol=tolerance, max_iter=steps)
    return mixture, mixture.fit_predict(points)


def _ward(points: np.ndarray, counts: Iterable[int]) -> dict[int, np.ndarray]:
    """Ward's tree (Ward 1963) cut into each number of clusters; equal heights can leave fewer."""
    tree = linkage(points, method="ward")
    return {k: fcluster(tree, k, criterion="maxclust") - 1 for k in counts}


def _hdbscan_fits(points: np.ndarray) -> list[Fit]:
    best: dict[int, Fit] = {}
    for share in HDBSCAN_SHARES:
        smallest = _hdbscan_smallest_size(len(points), share)
        if smallest > len(points):
            continue
        clusters = _hdbscan(points, share)
        k = int(clusters.max()) + 1
        fit = Fit("hdbscan", k, f"smallest cluster {share:.1%} of customers", clusters, smallest_size=share)
        if k not in best or (clusters == NOISE).sum() < (best[k].clusters == NOISE).sum():
            best[k] = fit
    return [best[k] for k in sorted(best)]


def _hdbscan_smallest_size(customers: int, share: float) -> int:
    return max(HDBSCAN_MINIMUM_SIZE, round(share * customers))


def _hdbscan(points: np.ndarray, share: float) -> np.ndarray:
    neighbours = max(HDBSCAN_MINIMUM_NEIGHBOURS, round(HDBSCAN_NEIGHBOUR_SHARE * len(points)))
    model = HDBSCAN(
        min_cluster_size=_hdbscan_smallest_size(len(points), share),
        min_samples=min(neighbours, len(points)),
        copy=True,
    )
    return model.fit_predict(points)


# --- measures --------------------------------------------------------------------------------------------


def silhouettes(points: np.ndarray, clusterings: np.ndarray) -> np.ndarray:
    """Mean silhouette (c,) of many clusterings (n, c) of points (n, d); NaN with fewer than two clusters.

    Rousseeuw 1987: (b - a) / max(a, b) with a the mean distance to the own cluster, b to the nearest other
    one. All clusterings share one pass over the distances, so that 100 of them cost little more than one. A
    customer alone in a cluster counts 0, and so does noise (-1): leaving the difficult customers out earns
    nothing.
    """
    members = [_membership(clusters) for clusters in clusterings.T]
    stacked = np.hstack(members) if members else np.empty((len(points), 0))
    totals = np.zeros(clusterings.shape[1])
    start = 0
    with threadpool_limits(1):
        for distances in pairwise_distances_chunked(points, n_jobs=1, working_memory=64):
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
    return (clusters[:, None] == np.unique(clusters[clusters != NOISE])[None, :]).astype(float)


def _silhouette_sum(sums: np.ndarray, membership: np.ndarray, rows: slice) -> float:
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
) -> pd.DataFrame:
    """One row per candidate (space, algorithm, k): how good its clusters are, or the problem that it has.

    `coordinates` as from `embed`, `labels` as from `fit_candidates`. Candidates that were expected and have
    no labels are rows too, with the reason in `problem`; so no input gives an empty table.

    - smallest_share, noise_share: of all fitted customers (0..1)
    - silhouette: see `silhouettes`; of an evenly spaced sample above `SILHOUETTE_CUSTOMERS`
    - calinski_harabasz (higher is better), davies_bouldin (lower is better): of customers that are not noise
    - bic: of mixtures, lower is better, comparable within one space only
    - problem: None, or why the candidate is no clustering into k clusters
    """
    points_of = {space: (customers, points) for space, customers, points in _by_space(coordinates)}
    found = dict(iter(labels.groupby(CANDIDATE, sort=True)))
    counts = sorted(set(cluster_counts))
    tables = []
    for space in spaces:
        customers, points = points_of.get(space, (np.empty(0, dtype=object), np.empty((0, 2))))
        keys = [key for key in found if key[0] == space]
        tables.append(_measured(customers, points, keys, found))
        tables.append(_unfitted(space, points, keys, counts))
    return _stacked(tables, MEASURE_COLUMNS).sort_values(CANDIDATE, ignore_index=True)


def _measured(customers: np.ndarray, points: np.ndarray, keys: list[tuple], found: Mapping) -> pd.DataFrame:
    if not keys:
        return pd.DataFrame(columns=list(MEASURE_COLUMNS))
    clusterings = _clusterings(customers, keys, found)
    step = math.ceil(len(points) / SILHOUETTE_CUSTOMERS)
    silhouette = silhouettes(points[::step], clusterings[::step])
    rows = []
    for column, (space, algorithm, k) in enumerate(keys):
        clusters = clusterings[:, column]
        placed = clusters != NOISE
        sizes = np.bincount(clusters[placed])
        several = 1 < len(sizes) < placed.sum()
        first = found[space, algorithm, k].iloc[0]
        rows.append((
            space, algorithm, k, first["setting"], len(points), len(sizes),
            sizes.min() / len(points) if len(sizes) else math.nan,
            1 - placed.mean(),
            silhouette[column],
            calinski_harabasz_score(points[placed], clusters[placed]) if several else math.nan,
            davies_bouldin_score(points[placed], clusters[placed]) if several else math.nan,
            first["bic"],
            _found_problem(k, len(sizes)),
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(MEASURE_COLUMNS))


def _clusterings(customers: np.ndarray, keys: Sequence[tuple], found: Mapping) -> np.ndarray:
    """Clusters (n, c) of the candidates `keys` in the order of the customers."""
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


def _unfitted(space: str, points: np.ndarray, keys: list[tuple], counts: Sequence[int]) -> pd.DataFrame:
    """Rows for the candidates of a space that were expected and found nothing that could be labelled."""
    rows = []
    for algorithm in algorithms_of(space):
        # HDBSCAN finds its own k: it is missing only when it found nothing at all.
        expected = counts if algorithm != "hdbscan" else [0]
        present = {key[2] for key in keys if key[1] == algorithm}
        if algorithm == "hdbscan" and present:
            continue
        for k in expected:
            if k not in present:
                rows.append((space, algorithm, k, len(points), 0, _unfitted_problem(space, points, algorithm, k)))
    columns = ["space", "algorithm", "k", "customers", "clusters_found", "failure_reason"]
    return pd.DataFrame(rows, columns=columns).reindex(columns=list(MEASURE_COLUMNS))


def _unfitted_problem(space: str, points: np.ndarray, algorithm: str, k: int) -> str:
    if not len(points):
        return "the space has no coordinates: too few customers, or all alike"
    if algorithm == "hdbscan":
        return "fewer customers than the smallest cluster size"
    return _count_problem(points, k) or "not fitted"


# --- stability -------------------------------------------------------------------------------------------


def recovery(original: np.ndarray, again: np.ndarray, clusters: int) -> tuple[np.ndarray, float]:
    """How well a second clustering (n,) of the same points finds the first one's clusters (n,) again.

    Returns for each of the `clusters` of `original` the Jaccard coefficient with the most similar one of
    `again` (Hennig 2007: points in both / points in either; NaN for a cluster without points here), and the
    adjusted Rand index of both clusterings (Hubert & Arabie 1985). Noise (-1) is no cluster; for the Rand
    index it is a group.
    """
    others = again.max(initial=NOISE) + 1
    # Row and column 0 are noise.
    cells = np.bincount((original + 1) * (others + 1) + again + 1, minlength=(clusters + 1) * (others + 1))
    both = cells.reshape(clusters + 1, others + 1)
    sizes, other_sizes = both.sum(axis=1), both.sum(axis=0)
    either = sizes[1:, None] + other_sizes[None, 1:] - both[1:, 1:]
    similar = both[1:, 1:] / np.maximum(either, 1)
    best = similar.max(axis=1, initial=0.0)
    return np.where(sizes[1:] > 0, best, np.nan), _adjusted_rand(both)


def _adjusted_rand(both: np.ndarray) -> float:
    """Adjusted Rand index from a table of counts; sklearn's spends most of its time on checks."""
    together = _pairs(both)
    rows, columns, everything = _pairs(both.sum(axis=1)), _pairs(both.sum(axis=0)), _pairs(both.sum())
    expected = rows * columns / everything if everything else 0.0
    possible = (rows + columns) / 2
    return (together - expected) / (possible - expected) if possible != expected else 1.0


def _pairs(counts: np.ndarray) -> float:
    return float((counts * (counts - 1) / 2).sum())


class Candidate(NamedTuple):
    """A candidate to refit: k, HDBSCAN's smallest size (a share), its clusters (n,), how to refit it."""

    space: str
    algorithm: str
    k: int
    smallest_size: float
    clusters: np.ndarray
    protocol: Protocol


def measure_stability(
    coordinates: pd.DataFrame,
    labels: pd.DataFrame,
    contenders: pd.DataFrame | None = None,
    refits: int = BOOTSTRAP_REFITS,
    workers: int = 2,
) -> pd.DataFrame:
    """One row per candidate: how surely its clusters come back when other customers happen to be drawn.

    `contenders` (space, algorithm, k) names the candidates that could win: they are refitted by the protocol
    `CONTENDER` (`refits` times, in full; of interests by `INTEREST_CONTENDER`), all others by `SCREENING` (half
    as often, quickly: a rough figure that may not decide a winner). The scheme is clusterboot of Hennig (2007,
    "Cluster-wise assessment of cluster stability") as in R's fpc: draw customers with replacement; cluster the
    distinct ones anew; match each cluster to the most similar new one on those customers; average the Jaccard
    coefficients per cluster over the refits in which it has customers. min_jaccard (0..1) is that of the
    least stable cluster: from 0.75 it can be trusted, under 0.6 it cannot. mean_adjusted_rand averages the
    adjusted Rand index over the refits. bootstrap_samples and bootstrap_draws tell what it rests on. A candidate
    with fewer than two clusters has no row.

    Refits start cold: a start from the clusters already found would find them again and flatter. A resample
    with fewer different customers than clusters counts as finding nothing. The coordinates stay as they are,
    so for t-SNE this is the stability of the clusters given the map, not of the map.

    Resamples and seeds depend on space, protocol and refit only: the same for all candidates, and equal for
    any number of `workers` (processes; 1 stays in this one, and so do fewer than `PARALLEL_CUSTOMERS`).
    """
    workers = _workers(coordinates, workers)
    named = set() if contenders is None else set(contenders[CANDIDATE].itertuples(index=False, name=None))
    found = {key: rows for key, rows in labels.groupby(CANDIDATE, sort=True) if rows["cluster"].max() >= 1}
    jobs, sizes = [], {}
    for space, customers, points in _by_space(coordinates):
        sizes[space] = len(points)
        keys = [key for key in found if key[0] == space]
        candidates = [
            Candidate(
                *key, found[key]["smallest_size"].iloc[0], clusters, _protocol(space) if key in named else SCREENING
            )
            for key, clusters in zip(keys, _clusterings(customers, keys, found).T if keys else [], strict=True)
        ]
        for algorithm in ALGORITHMS:
            for protocol in PROTOCOLS:
                due = [c for c in candidates if (c.algorithm, c.protocol) == (algorithm, protocol)]
                numbers = range(_refits(protocol, refits) if due else 0)
                block = BOOTSTRAP_BLOCK if workers > 1 else max(len(numbers), 1)
                jobs += [(points, due, numbers[start : start + block]) for start in numbers[::block]]
    outcomes = in_parallel(_refit_block, jobs, workers, "stability of clusterings", "rounds of refits")
    rows = [
        (*key, _refits(protocol, refits), min(protocol.draws[key[1]], sizes[key[0]]), minimum, rand)
        for key, protocol, minimum, rand in _summarised(outcomes)
    ]
    return pd.DataFrame(rows, columns=list(STABILITY_COLUMNS)).sort_values(CANDIDATE, ignore_index=True)


def _protocol(space: str) -> Protocol:
    return INTEREST_CONTENDER if space == INTERESTS else CONTENDER


def _refits(protocol: Protocol, refits: int) -> int:
    return math.ceil(refits * protocol.share_of_refits)


class Outcome(NamedTuple):
    """What one refit of one candidate found again: Jaccard per cluster (c,), adjusted Rand index."""

    key: tuple[str, str, int]
    protocol: Protocol
    jaccards: np.ndarray
    rand: float


def _refit_block(points: np.ndarray, candidates: Sequence[Candidate], numbers: Iterable[int]) -> list[Outcome]:
    """Outcomes of candidates of one space, algorithm and protocol in each of a few resamples."""
    space, algorithm, protocol = candidates[0].space, candidates[0].algorithm, candidates[0].protocol
    outcomes = []
    for number in numbers:
        random = np.random.default_rng([SEED, SPACES.index(space), number])
        drawn = np.unique(random.integers(len(points), size=min(protocol.draws[algorithm], len(points))))
        again = _refit(points[drawn], algorithm, candidates, number)
        for candidate in candidates:
            jaccards, rand = recovery(candidate.clusters[drawn], again[candidate.k], candidate.clusters.max() + 1)
            outcomes.append(Outcome(candidate[:3], protocol, jaccards, rand))
    return outcomes


def _refit(points: np.ndarray, algorithm: str, candidates: Sequence[Candidate], seed: int) -> dict[int, np.ndarray]:
    """Clusters (m,) for each k of candidates of one algorithm in a resample (m, d); noise if impossible."""
    protocol = candidates[0].protocol
    different = len(np.unique(points, axis=0))
    possible = [candidate for candidate in candidates if candidate.k <= different]
    again = {candidate.k: np.full(len(points), NOISE) for candidate in candidates}
    if algorithm == "ward" and possible:
        again |= _ward(points, [candidate.k for candidate in possible])
    for candidate in possible:
        k = candidate.k
        if algorithm == "kmeans":
            again[k] = _kmeans(points, k, protocol.kmeans_starts, seed)
        elif algorithm == "gaussian_mixture":
            again[k] = _mixture(points, k, seed, protocol.mixture_tolerance, protocol.mixture_steps)[1]
        elif algorithm == "hdbscan":
            again[k] = _hdbscan(points, candidate.smallest_size)
    return again


def _summarised(blocks: Iterable[list[Outcome]]) -> Iterable[tuple[tuple, Protocol, float, float]]:
    """Candidate, protocol, Jaccard coefficient of the least stable cluster and mean adjusted Rand index."""
    by_candidate: dict[tuple, list[Outcome]] = {}
    for outcome in itertools.chain.from_iterable(blocks):
        by_candidate.setdefault(outcome.key, []).append(outcome)
    for key, outcomes in by_candidate.items():
        jaccards = np.array([outcome.jaccards for outcome in outcomes])
        present = np.maximum((~np.isnan(jaccards)).sum(axis=0), 1)
        # A cluster so small that no resample holds any of it was never found again: 0.
        per_cluster = np.nansum(jaccards, axis=0) / present
        rand = float(np.mean([outcome.rand for outcome in outcomes]))
        yield key, outcomes[0].protocol, float(per_cluster.min()), rand


def _stacked(tables: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    if not filled:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(filled, ignore_index=True)[list(columns)]
