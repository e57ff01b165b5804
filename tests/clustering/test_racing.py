"""The race of the candidates leads to the choice that SQL makes when all of them are refitted in full."""

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from lines import Given, connected
from shop_toolkit.clustering import fit_candidates, measure_stability, race
from shop_toolkit.clustering.names import CANDIDATE, Key
from shop_toolkit.clustering.racing import Refitted, settle
from shop_toolkit.clustering.stability import Outcome

SAMPLES, FIRST, GATE, TOLERANCE = 100, 20, 0.75, 0.05
SHOPS = 150
# What rank_candidates reads beside what the race does.
FACTS = {
    "setting": "", "failure_reason": None, "model_version": 1, "customer_count": 500, "smallest_share": 0.1,
    "noise_share": 0.0, "calinski_harabasz": 1.0, "davies_bouldin": 1.0, "bic": None, "explained_variance": None,
    "is_in_range": True,
}  # fmt: skip


def candidates_of(shop: int) -> pd.DataFrame:
    """Eight finalists whose silhouettes are close, and others that are none."""
    random = np.random.default_rng(shop)
    counts = random.integers(3, 9, size=10)
    columns = {
        "segmentation": f"shop {shop}",
        "space": [f"space {number} of shop {shop}" for number in range(10)],
        "algorithm": "kmeans",
        "k": counts,
        "clusters_found": counts,
        "silhouette": np.sort(random.uniform(0.44, 0.5, size=10).round(4))[::-1],
        "is_finalist": np.arange(10) < 8,
        "is_forced": np.arange(10) == (random.integers(8) if shop % 10 == 0 else -1),
    }
    return pd.DataFrame(columns | FACTS)


class Drawn(Refitted):
    """Refits whose Jaccard coefficients are drawn: of some candidates far from the gate, of others close to it."""

    def __init__(self, candidates: pd.DataFrame, seed: int):
        random = np.random.default_rng([seed, 1])
        stable = 0.0 if seed % 7 == 0 else 0.6
        self.drawn: dict[Key, list[Outcome]] = {}
        for key in candidates[CANDIDATE].itertuples(index=False, name=None):
            mean = random.choice([random.uniform(0.85, 0.98), random.uniform(0.3, 0.8)], p=[stable, 1 - stable])
            values = np.clip(random.normal(mean, random.uniform(0.02, 0.2), size=(SAMPLES, 3)), 0, 1)
            self.drawn[key] = [Outcome(key, jaccards, 0.5) for jaccards in values]
        self.outcomes = {key: drawn[:FIRST] for key, drawn in self.drawn.items()}

    def most(self, key: Key) -> int:
        return SAMPLES

    def reach(self, numbers: Mapping[Key, int]) -> None:
        for key, number in numbers.items():
            assert number >= len(self.outcomes[key])
            self.outcomes[key] = self.drawn[key][:number]


def stability_of(outcomes: Mapping[Key, list[Outcome]]) -> pd.DataFrame:
    rows = [
        (*key, 1, len(found), 500, np.mean([outcome.jaccards for outcome in found], axis=0).min(), 0.5)
        for key, found in outcomes.items()
    ]
    columns = [*CANDIDATE, "model_version", "bootstrap_samples", "bootstrap_draws", "min_jaccard", "mean_adjusted_rand"]
    return pd.DataFrame(rows, columns=columns)


def chosen_by_sql(candidates: pd.DataFrame, stability: pd.DataFrame) -> pd.DataFrame:
    """The choice of each shop, by the project's own SQL."""
    with connected() as connection:
        versions = pd.DataFrame({"model_version": [1], "is_active": [True]})
        tables = {"int_candidates_by_level": candidates, "candidate_stability": stability, "model_versions": versions}
        given = Given(connection, **tables)
        query = f"select * from {given.ref('int_candidates_ranked')} where is_chosen order by segmentation"
        return connection.execute(query).df().set_index("segmentation")


def test_the_race_chooses_what_full_refits_choose_and_measures_it_in_full() -> None:
    tables, raced, full = [], [], []
    for shop in range(SHOPS):
        candidates = candidates_of(shop)
        refits = Drawn(candidates, shop)
        settle(refits, candidates, GATE, TOLERANCE)
        tables.append(candidates)
        raced.append(stability_of(refits.outcomes))
        full.append(stability_of(refits.drawn))
    candidates = pd.concat(tables, ignore_index=True)
    expected = chosen_by_sql(candidates, pd.concat(full, ignore_index=True))
    stability = pd.concat(raced, ignore_index=True)
    found = chosen_by_sql(candidates, stability)
    assert (found["bootstrap_samples"] == SAMPLES).all()
    assert found["is_fallback"].sum() >= 5
    columns = ["space", "k", "min_jaccard", "is_eligible", "is_fallback"]
    pd.testing.assert_frame_equal(found[columns], expected[columns])
    # And with fewer than half of the refits, though so many candidates are close to the gate.
    assert stability["bootstrap_samples"].sum() < 0.4 * SAMPLES * len(stability)


@pytest.fixture(scope="module")
def shop() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Coordinates of three groups of customers, and the clusters of some candidates."""
    random = np.random.default_rng(1)
    points = random.normal(size=(150, 2)) + np.repeat([[0, 0], [6, 0], [0, 6]], 50, axis=0)
    names = [f"c{number:03}" for number in range(150)]
    coordinates = pd.DataFrame(
        {"space": "rfm_plane", "customer_id": names, "x": points[:, 0], "y": points[:, 1], "z": np.nan}
    )
    return coordinates, fit_candidates(coordinates, [2, 3, 4], workers=1, algorithms=["kmeans", "ward"])


def test_figures_of_the_winner_are_those_of_full_refits(shop: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    coordinates, labels = shop
    candidates = labels[CANDIDATE].drop_duplicates(ignore_index=True).assign(
        segmentation="broad", silhouette=[0.5, 0.9, 0.6, 0.5, 0.89, 0.6], is_finalist=True, is_forced=False
    )  # fmt: skip
    candidates["is_finalist"] = candidates["k"] > 2
    key = ("rfm_plane", "kmeans", 3)
    raced = race(coordinates, labels, candidates, 50, GATE, TOLERANCE, workers=1).set_index(CANDIDATE)
    finalists = candidates[candidates["is_finalist"]]
    full = measure_stability(coordinates, labels, finalists, 50, workers=1).set_index(CANDIDATE)
    assert raced.loc[key].to_dict() == full.loc[key].to_dict()
    assert json.loads(raced["bootstrap_samples"].to_json(orient="values")) == [10, 50, 10, 10, 10, 10]
    assert list(raced.index) == list(full.index)


def test_where_there_is_no_finalist_the_others_are_refitted_as_often_as_without_a_race(
    shop: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    coordinates, labels = shop
    candidates = labels[CANDIDATE].drop_duplicates(ignore_index=True).assign(
        segmentation="broad", silhouette=0.5, is_finalist=False, is_forced=False
    )  # fmt: skip
    raced = race(coordinates, labels, candidates, 20, GATE, TOLERANCE, workers=1)
    pd.testing.assert_frame_equal(raced, measure_stability(coordinates, labels, None, 20, workers=1))
