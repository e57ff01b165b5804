"""Whether a candidate's clusters are found again among other customers: the bootstrap of Hennig 2007."""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from shop_toolkit.clustering.algorithms import (
    KMEANS_STARTS,
    MIXTURE_STEPS,
    MIXTURE_TOLERANCE,
    hdbscan,
    ward,
)
from shop_toolkit.clustering.kmeans import kmeans
from shop_toolkit.clustering.metrics import clusters_of
from shop_toolkit.clustering.mixtures import mixture
from shop_toolkit.clustering.names import (
    ALGORITHMS,
    CANDIDATE,
    INTERESTS,
    NOISE,
    SEED,
    SPACES,
    Key,
    by_space,
    worth_workers,
)
from shop_toolkit.parallel import in_parallel

# Resamples of a finalist; other candidates get half of them.
BOOTSTRAP_SAMPLES = 100
# Refits that one worker does of a space at a time: Ward's tree is shared, and blocks keep both workers busy.
BOOTSTRAP_BLOCK = 5

STABILITY_COLUMNS = (
    "space", "algorithm", "k", "bootstrap_samples", "bootstrap_draws", "min_jaccard", "mean_adjusted_rand",
)  # fmt: skip


class Protocol(NamedTuple):
    """How a candidate is refitted: from how many draws at most, and with how much effort."""

    draws: Mapping[str, int]
    kmeans_starts: int
    mixture_tolerance: float
    mixture_steps: int
    share_of_samples: float


# Few draws and quick fits, for candidates that cannot win by other metrics: KMeans looks less stable than it is,
# mixtures and Ward scatter to both sides, so no screening figure may decide a winner.
SCREENING = Protocol(
    draws=dict.fromkeys(ALGORITHMS, 600),
    kmeans_starts=2,
    mixture_tolerance=1e-2,
    mixture_steps=2,
    share_of_samples=0.5,
)
# As fitted, on as many draws as there are customers. The figures of the other three hardly change beyond 2,000 draws,
# and their time does.
FINALIST = Protocol(
    draws={"kmeans": 10_000, "gaussian_mixture": 2000, "ward": 2000, "hdbscan": 2000},
    kmeans_starts=KMEANS_STARTS,
    mixture_tolerance=MIXTURE_TOLERANCE,
    mixture_steps=MIXTURE_STEPS,
    share_of_samples=1.0,
)
# Few candidates of one algorithm: half the refits from 3 cold starts, as those of product categories have, err on the
# unstable side.
INTEREST_FINALIST = FINALIST._replace(kmeans_starts=3, share_of_samples=0.5)
PROTOCOLS = (FINALIST, INTEREST_FINALIST, SCREENING)


class Candidate(NamedTuple):
    """A candidate to refit: k, HDBSCAN's smallest size (a share), its clusters (n,), how to refit it."""

    space: str
    algorithm: str
    k: int
    smallest_size: float
    clusters: np.ndarray
    protocol: Protocol


class Outcome(NamedTuple):
    """What one refit of one candidate found again: Jaccard per cluster (c,), adjusted Rand index."""

    key: Key
    jaccards: np.ndarray
    rand: float


Job = tuple[np.ndarray, list[Candidate], range]


def recovery(original: np.ndarray, refitted: np.ndarray, clusters: int) -> tuple[np.ndarray, float]:
    """How well a second clustering of the same points finds the clusters of the first one again.

    Args:
        original: Cluster of each point (n,), from 0; noise is -1.
        refitted: The same of the second clustering.
        clusters: How many clusters the first one has, also of points that are not here.

    Returns:
        For each cluster of `original` (clusters,) the Jaccard coefficient with the most similar one of `refitted`
        (Hennig 2007: points in both / points in either; NaN for a cluster without points here), and the adjusted Rand
        index of both clusterings (Hubert & Arabie 1985), for which noise is a group.
    """
    others = refitted.max(initial=NOISE) + 1
    # Row and column 0 are noise.
    cells = np.bincount((original + 1) * (others + 1) + refitted + 1, minlength=(clusters + 1) * (others + 1))
    both = cells.reshape(clusters + 1, others + 1)
    sizes, other_sizes = both.sum(axis=1), both.sum(axis=0)
    either = sizes[1:, None] + other_sizes[None, 1:] - both[1:, 1:]
    similar = both[1:, 1:] / np.maximum(either, 1)
    best = similar.max(axis=1, initial=0.0)
    return np.where(sizes[1:] > 0, best, np.nan), _adjusted_rand(both)


def _adjusted_rand(both: np.ndarray) -> float:
    """Adjusted Rand index from a table of counts (rows, columns).

    scikit-learn's `adjusted_rand_score` gives the same, but counts the table again and takes 19 times as long as
    `recovery` as a whole; a build asks for it ten thousand times.
    """
    together = _pairs(both)
    rows, columns, everything = _pairs(both.sum(axis=1)), _pairs(both.sum(axis=0)), _pairs(both.sum())
    expected = rows * columns / everything if everything else 0.0
    possible = (rows + columns) / 2
    return (together - expected) / (possible - expected) if possible != expected else 1.0


def _pairs(counts: np.ndarray) -> float:
    return float((counts * (counts - 1) / 2).sum())


def measure_stability(
    coordinates: pd.DataFrame,
    labels: pd.DataFrame,
    finalists: pd.DataFrame | None = None,
    samples: int = BOOTSTRAP_SAMPLES,
    workers: int = 2,
) -> pd.DataFrame:
    """How surely the clusters of each candidate are found again when other customers happen to be drawn.

    The scheme is clusterboot of Hennig (2007, "Cluster-wise assessment of cluster stability") as in R's fpc: draw
    customers with replacement; cluster the distinct ones; match each cluster to the most similar new one on those
    customers; average the Jaccard coefficients per cluster over the resamples in which it has customers.

    Refits start cold: a start from the clusters already found would find them again and flatter. A resample with fewer
    different customers than clusters counts as finding nothing. The coordinates stay as they are, so for t-SNE this is
    the stability of the clusters given the map, not of the map.

    Args:
        coordinates: What `embed` returns.
        labels: What `fit_candidates` returns.
        finalists: Candidates (space, algorithm, k) that could win. They are refitted by the protocol `FINALIST`
            (`samples` times, in full; of interests by `INTEREST_FINALIST`), all others by `SCREENING` (half as often,
            quickly: a rough figure that may not decide a winner).
        samples: Resamples of a finalist.
        workers: Processes; fewer than `PARALLEL_CUSTOMERS` stay in this one. Resamples and seeds depend on
            space, protocol and the resample's number only: the same for all candidates, and equal for any number.

    Returns:
        One row per candidate with two clusters or more. min_jaccard (0..1) is that of the least stable cluster:
        from 0.75 it can be trusted, under 0.6 it cannot. mean_adjusted_rand averages the adjusted Rand index over the
        resamples. bootstrap_samples and bootstrap_draws say how many resamples of how many draws each rest on.

    Raises:
        ValueError: The labels are not of the customers that have coordinates.
    """
    refits = Refits(coordinates, labels, finalists, samples, workers)
    refits.reach({key: refits.most(key) for key in refits.candidates})
    return refits.table()


class Refits:
    """The refits of each candidate so far, of which more can be asked for.

    Args:
        coordinates: As for `measure_stability`.
        labels: As for `measure_stability`.
        finalists: As for `measure_stability`.
        samples: As for `measure_stability`.
        workers: As for `measure_stability`.

    Raises:
        ValueError: The labels are not of the customers that have coordinates.
    """

    def __init__(
        self,
        coordinates: pd.DataFrame,
        labels: pd.DataFrame,
        finalists: pd.DataFrame | None,
        samples: int,
        workers: int,
    ):
        self.samples = samples
        self.workers = worth_workers(coordinates, workers)
        named: set[Key] = set() if finalists is None else set(finalists[CANDIDATE].itertuples(index=False, name=None))
        found = {key: rows for key, rows in labels.groupby(CANDIDATE, sort=True) if rows["cluster"].max() >= 1}
        self.points: dict[str, np.ndarray] = {}
        self.candidates: dict[Key, Candidate] = {}
        for space, customers, points in by_space(coordinates):
            self.points[space] = points
            self.candidates |= {c[:3]: c for c in _candidates(space, customers, found, named)}
        self.outcomes: dict[Key, list[Outcome]] = {key: [] for key in self.candidates}

    def most(self, key: Key) -> int:
        """How often a candidate is refitted in full by its protocol."""
        return math.ceil(self.samples * self.candidates[key].protocol.share_of_samples)

    def reach(self, numbers: Mapping[Key, int]) -> None:
        """Refit candidates until each has as many refits as asked for, the same whatever was asked for before."""
        jobs = [job for space in self.points for job in self._jobs(space, numbers)]
        blocks = in_parallel(_refit_block, jobs, self.workers, "stability of clusterings", "rounds of refits")
        for outcome in itertools.chain.from_iterable(blocks):
            self.outcomes[outcome.key].append(outcome)

    def _jobs(self, space: str, numbers: Mapping[Key, int]) -> list[Job]:
        """The resamples of one space, in blocks that one process does at a time."""
        jobs: list[Job] = []
        asked = [self.candidates[key] for key in sorted(numbers) if key[0] == space]
        for algorithm, protocol in itertools.product(ALGORITHMS, PROTOCOLS):
            alike: dict[range, list[Candidate]] = {}
            for candidate in asked:
                if (candidate.algorithm, candidate.protocol) == (algorithm, protocol):
                    due = range(len(self.outcomes[candidate[:3]]), numbers[candidate[:3]])
                    alike.setdefault(due, []).append(candidate)
            for due, candidates in alike.items():
                block = BOOTSTRAP_BLOCK if self.workers > 1 else max(len(due), 1)
                jobs += [
                    (self.points[space], candidates, due[start : start + block]) for start in range(len(due))[::block]
                ]
        return jobs

    def table(self) -> pd.DataFrame:
        """What `measure_stability` returns, of the candidates that were refitted."""
        rows = []
        for key, outcomes in self.outcomes.items():
            if outcomes:
                draws = min(self.candidates[key].protocol.draws[key[1]], len(self.points[key[0]]))
                rand = float(np.mean([outcome.rand for outcome in outcomes]))
                least = float(cluster_jaccards(outcomes)[0].min())
                rows.append((*key, len(outcomes), draws, least, rand))
        return pd.DataFrame(rows, columns=list(STABILITY_COLUMNS)).sort_values(CANDIDATE, ignore_index=True)


def cluster_jaccards(outcomes: Sequence[Outcome]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The Jaccard coefficients of each cluster of a candidate (c,): mean, standard deviation, in how many refits."""
    jaccards = np.array([outcome.jaccards for outcome in outcomes])
    present = np.maximum((~np.isnan(jaccards)).sum(axis=0), 1)
    # A cluster so small that no resample holds any of it was never found again: 0.
    means = np.nansum(jaccards, axis=0) / present
    deviations = np.sqrt(np.nansum((jaccards - means) ** 2, axis=0) / present)
    return means, deviations, present


def _candidates(
    space: str, customers: np.ndarray, found: Mapping[Key, pd.DataFrame], finalists: set[Key]
) -> list[Candidate]:
    """The candidates of one space, each with its protocol."""
    keys = [key for key in found if key[0] == space]
    if not keys:
        return []
    in_full = INTEREST_FINALIST if space == INTERESTS else FINALIST
    return [
        Candidate(
            *key, found[key]["smallest_size"].iloc[0], clusters, in_full if key in finalists else SCREENING
        )
        for key, clusters in zip(keys, clusters_of(customers, keys, found).T, strict=True)
    ]  # fmt: skip


def _refit_block(points: np.ndarray, candidates: Sequence[Candidate], numbers: Iterable[int]) -> list[Outcome]:
    """Outcomes of candidates of one space, algorithm and protocol in each of a few resamples."""
    space, algorithm, protocol = candidates[0].space, candidates[0].algorithm, candidates[0].protocol
    outcomes = []
    for number in numbers:
        random = np.random.default_rng([SEED, SPACES.index(space), number])
        drawn = np.unique(random.integers(len(points), size=min(protocol.draws[algorithm], len(points))))
        refitted = _refit(points[drawn], algorithm, candidates, number)
        for candidate in candidates:
            jaccards, rand = recovery(
                candidate.clusters[drawn], refitted[candidate.k], int(candidate.clusters.max()) + 1
            )
            outcomes.append(Outcome(candidate[:3], jaccards, rand))
    return outcomes


def _refit(points: np.ndarray, algorithm: str, candidates: Sequence[Candidate], seed: int) -> dict[int, np.ndarray]:
    """Clusters (m,) for each k of candidates of one algorithm in a resample (m, d); noise if impossible."""
    protocol = candidates[0].protocol
    # Different values of one coordinate are as many different points at least, and counted in a tenth of the time.
    different = len(np.unique(points[:, 0]))
    if different < max(candidate.k for candidate in candidates):
        different = len(np.unique(points, axis=0))
    possible = [candidate for candidate in candidates if candidate.k <= different]
    refitted = {candidate.k: np.full(len(points), NOISE) for candidate in candidates}
    if algorithm == "ward" and possible:
        refitted |= ward(points, [candidate.k for candidate in possible])
    if algorithm == "hdbscan":
        found = hdbscan(points, [candidate.smallest_size for candidate in possible])
        refitted |= {candidate.k: clusters for candidate, clusters in zip(possible, found, strict=True)}
    for candidate in possible:
        k = candidate.k
        if algorithm == "kmeans":
            refitted[k] = kmeans(points, k, protocol.kmeans_starts, seed)
        elif algorithm == "gaussian_mixture":
            joint = mixture(points, k, seed, protocol.mixture_tolerance, protocol.mixture_steps)
            refitted[k] = joint.argmax(axis=1)
    return refitted
