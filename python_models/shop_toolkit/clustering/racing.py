"""How many refits each candidate gets: few for those that can't win, all for the one that wins.

SQL chooses (`rank_candidates`), from the figures that are found here. This module only makes sure that each figure that
the choice rests on is sure enough, and that the winner's is measured in full.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from shop_toolkit.clustering.names import CANDIDATE, Key
from shop_toolkit.clustering.stability import Outcome, Refits, cluster_jaccards

# Every candidate gets this share of the resamples; a finalist that isn't settled yet gets as many again, and so on.
FIRST_SHARE = 0.2
# A cluster's mean Jaccard coefficient is settled when it is so many standard errors from the least that passes.
SETTLED_ERRORS = 3.0
# Few refits that happen to be alike prove nothing: the least standard deviation that they are credited with.
LEAST_DEVIATION = 0.1


class Finalist(NamedTuple):
    """A candidate that SQL may choose: who it is, and what it is compared by."""

    key: Key
    k: int
    silhouette: float
    is_forced: bool


def race(
    coordinates: pd.DataFrame,
    labels: pd.DataFrame,
    candidates: pd.DataFrame,
    samples: int,
    min_stability: float,
    silhouette_tolerance: float,
    workers: int = 2,
) -> pd.DataFrame:
    """Measure the stability of every candidate: roughly of those that can't win, in full of those that do.

    Racing as of Maron & Moore (1994, "Hoeffding races"): a candidate that has surely lost is measured no further. Every
    candidate starts with a fifth of the resamples. Within each segmentation the finalists are then looked at in the
    order of the choice: by silhouette until one is stable, then those within the tolerance by k. One whose side of
    `min_stability` isn't sure is refitted until it is. The first that is stable has won, and gets all resamples. Where
    none is stable, all finalists get them, as the most stable wins; so do those that a setting asks for.

    Args:
        coordinates: What `embed` returns.
        labels: What `fit_candidates` returns.
        candidates: One row per candidate: segmentation, space, algorithm, k, silhouette, is_finalist and is_forced.
        samples: Resamples of a candidate that is measured in full.
        min_stability: Least Jaccard coefficient (0..1) of a stable candidate's least stable cluster.
        silhouette_tolerance: Share of the best silhouette that more clusters may cost.
        workers: As for `measure_stability`.

    Returns:
        The columns of `measure_stability`; bootstrap_samples says how many resamples each row rests on. They are the
        first of those that `measure_stability` draws, so a candidate with all of them has the same figures. Without a
        finalist in a segmentation its other candidates decide: they get all that `measure_stability` gives them.

    Raises:
        ValueError: The labels are not of the customers that have coordinates.
    """
    refits = Refits(coordinates, labels, candidates[candidates["is_finalist"]], samples, workers)
    known = candidates[[key in refits.candidates for key in candidates[CANDIDATE].itertuples(index=False, name=None)]]
    has_finalist = known.groupby("segmentation")["is_finalist"].transform("any")
    first = math.ceil(FIRST_SHARE * samples)
    numbers = {}
    for key, is_race in zip(known[CANDIDATE].itertuples(index=False, name=None), has_finalist, strict=True):
        numbers[key] = min(first, refits.most(key)) if is_race else refits.most(key)
    refits.reach(numbers)
    for _, rivals in known.groupby("segmentation", sort=True):
        settle(refits, rivals, min_stability, silhouette_tolerance)
    return refits.table()


class Refitted(Protocol):
    """What `settle` needs of `Refits`; a test draws them."""

    outcomes: dict[Key, list[Outcome]]

    def most(self, key: Key) -> int:
        """How often a candidate is refitted in full."""

    def reach(self, numbers: Mapping[Key, int]) -> None:
        """Refit candidates until each has as many refits as asked for."""


def settle(refits: Refitted, rivals: pd.DataFrame, min_stability: float, silhouette_tolerance: float) -> None:
    """Refit the finalists of one segmentation until it is sure which of them SQL chooses, and that one in full.

    Args:
        refits: The first refits of each; more are added.
        rivals: The candidates of the segmentation, with the columns that `race` takes.
        min_stability: As for `race`.
        silhouette_tolerance: As for `race`.
    """
    finalists = _finalists(rivals[rivals["is_finalist"]])
    forced = [finalist.key for finalist in finalists if finalist.is_forced]
    if forced:
        refits.reach({key: refits.most(key) for key in forced})
        return

    def is_stable(finalist: Finalist) -> bool:
        key = finalist.key
        while not _is_sure(refits, key, min_stability):
            refits.reach({key: min(2 * len(refits.outcomes[key]), refits.most(key))})
        return bool(cluster_jaccards(refits.outcomes[key])[0].min() >= min_stability)

    while winner := winner_of(finalists, is_stable, silhouette_tolerance):
        # Algorithms that find the same clusters tie, and the most stable of them wins.
        equals = [f for f in finalists if (f.k, f.silhouette) == (winner.k, winner.silhouette)]
        refits.reach({finalist.key: refits.most(finalist.key) for finalist in equals})
        # What looked sure may fail in full; then another one wins.
        if any(is_stable(finalist) for finalist in equals):
            return
    refits.reach({finalist.key: refits.most(finalist.key) for finalist in finalists})


def _finalists(rows: pd.DataFrame) -> list[Finalist]:
    """The finalists of one segmentation, the best silhouette first."""
    finalists = [
        Finalist((row.space, row.algorithm, row.k), row.k, row.silhouette, row.is_forced)
        for row in rows.astype({"k": int}).itertuples(index=False)
    ]
    return sorted(finalists, key=lambda finalist: (-finalist.silhouette, finalist.k, finalist.key))


def _is_sure(refits: Refitted, key: Key, min_stability: float) -> bool:
    """Whether more refits would hardly move a candidate to the other side of the least stability."""
    outcomes = refits.outcomes[key]
    if len(outcomes) >= refits.most(key):
        return True
    means, deviations, present = cluster_jaccards(outcomes)
    margins = SETTLED_ERRORS * np.maximum(deviations, LEAST_DEVIATION) / np.sqrt(present)
    return bool((means + margins < min_stability).any() or (means - margins >= min_stability).all())


def winner_of(
    finalists: Sequence[Finalist], is_stable: Callable[[Finalist], bool], silhouette_tolerance: float
) -> Finalist | None:
    """The finalist that SQL chooses if it is stable, by asking of as few as possible whether they are.

    Args:
        finalists: Those of one segmentation, the best silhouette first.
        is_stable: Whether a finalist passes the gate of stability; slow.
        silhouette_tolerance: Share of the best silhouette of a stable one that more clusters may cost.

    Returns:
        Of those within the tolerance that are stable the one with the most clusters, then the best silhouette; None
        where none is stable.
    """
    best = next((finalist for finalist in finalists if is_stable(finalist)), None)
    if best is None:
        return None
    least = best.silhouette - silhouette_tolerance * abs(best.silhouette)
    within = [finalist for finalist in finalists if least <= finalist.silhouette <= best.silhouette]
    return next(
        finalist
        for finalist in sorted(within, key=lambda finalist: (-finalist.k, -finalist.silhouette))
        if is_stable(finalist)
    )
