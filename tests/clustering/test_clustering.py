"""The clustering toolkit against scikit-learn's own measures, hand-worked tables and degenerate shops."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shop_toolkit.clustering.candidates import fit_candidates
from shop_toolkit.clustering.metrics import measure_candidates, silhouettes
from shop_toolkit.clustering.names import CANDIDATE, NOISE, RFM_SPACES, number_clusters
from shop_toolkit.clustering.spaces import describe_spaces, embed, signed_log, standardise
from shop_toolkit.clustering.stability import measure_stability, recovery
from shop_toolkit.clustering.tsne import fit_tsne, place_customers
from shop_toolkit.parallel import PARALLEL_CUSTOMERS
from sklearn.metrics import adjusted_rand_score, silhouette_samples, silhouette_score
from sklearn.neighbors import NearestNeighbors

ROOT = Path(__file__).parents[2]
QUICK_SPACES = ("rfm", "log_rfm", "rfm_plane")


def shop(
    recency: Sequence[float] | np.ndarray,
    frequency: Sequence[float] | np.ndarray,
    monetary: Sequence[float] | np.ndarray,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:04}" for i in range(len(recency))],
            "recency_days": recency,
            "frequency": frequency,
            "monetary": monetary,
            "is_fitted": True,
        }
    )


def three_groups(size: int = 60, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    centres = np.repeat([[10, 8, 2500], [60, 2, 600], [250, 1, 200]], size, axis=0)
    values = np.abs(centres + random.normal(size=centres.shape) * [5, 0.4, 60])
    return shop(*values.T), np.repeat([0, 1, 2], size)


def labels_of(labels: pd.DataFrame, space: str, algorithm: str, k: int) -> np.ndarray:
    rows = labels[(labels["space"] == space) & (labels["algorithm"] == algorithm) & (labels["k"] == k)]
    clusters: np.ndarray = rows.sort_values("customer_id")["cluster"].to_numpy()
    return clusters


def test_silhouettes_equal_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    points = random.normal(size=(300, 3))
    clusterings = np.column_stack([random.integers(k, size=300) for k in (2, 5, 9)])
    clusterings[0, 1] = 5  # a customer alone in a cluster
    expected = [silhouette_score(points, clusters) for clusters in clusterings.T]
    assert silhouettes(points, clusterings) == pytest.approx(expected)


def test_noise_counts_zero_in_the_silhouette() -> None:
    random = np.random.default_rng(0)
    points, clusters = random.normal(size=(100, 2)), random.integers(3, size=100)
    noisy = np.where(np.arange(100) < 20, NOISE, clusters)
    expected = silhouette_samples(points[20:], clusters[20:]).sum() / 100
    assert silhouettes(points, noisy[:, None])[0] == pytest.approx(expected)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 4)), min_size=2, max_size=60))
def test_adjusted_rand_equals_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    original, again = np.array(pairs).T
    assert recovery(original, again, 4)[1] == pytest.approx(adjusted_rand_score(original, again))


def test_recovery_uses_the_most_similar_cluster() -> None:
    original = np.array([0, 0, 0, 0, 1, 1, 1, -1])
    again = np.array([1, 1, 1, 0, 0, 0, -1, 0])
    # Cluster 0 meets 1 in 3 of 4; cluster 1 meets 0 in 2 of 5 (three of its own, two more); 2 has nobody.
    jaccards, _ = recovery(original, again, 3)
    assert jaccards[:2] == pytest.approx([3 / 4, 2 / 5])
    assert np.isnan(jaccards[2])


def test_clusters_are_numbered_by_size_then_place() -> None:
    points = np.array([[5.0], [1.0], [1.0], [9.0], [9.0]])
    assert number_clusters(np.array([7, 3, 3, 0, 0]), points).tolist() == [2, 0, 0, 1, 1]


def test_clear_groups_are_found_stable_and_refound() -> None:
    population, truth = three_groups()
    coordinates = embed(population, QUICK_SPACES)
    labels = fit_candidates(coordinates, [2, 3, 4], workers=1)
    for algorithm in ("kmeans", "gaussian_mixture", "ward"):
        assert adjusted_rand_score(truth, labels_of(labels, "log_rfm", algorithm, 3)) > 0.95
    finalists = pd.DataFrame([("rfm", "kmeans", 3)], columns=CANDIDATE)
    stability = measure_stability(coordinates, labels, finalists, workers=1).set_index(CANDIDATE)
    assert stability.loc[("rfm", "kmeans", 3), "min_jaccard"] > 0.95
    assert stability.loc[("rfm", "kmeans", 3), "bootstrap_samples"] == 100
    # A fourth cluster has nothing to hold on to.
    assert stability.loc[("rfm", "kmeans", 4), "min_jaccard"] < 0.75
    assert stability.loc[("rfm", "kmeans", 4), "bootstrap_samples"] == 50


def test_only_the_requested_algorithms_and_counts_are_tried() -> None:
    population, _ = three_groups(20)
    coordinates = embed(population, ["rfm"])
    few = ("kmeans", "ward")
    labels = fit_candidates(coordinates, [2, 3], workers=1, algorithms=few)
    metrics = measure_candidates(coordinates, labels, ["rfm"], [2, 3], few)
    assert list(metrics[CANDIDATE].itertuples(index=False, name=None)) == [
        ("rfm", "kmeans", 2), ("rfm", "kmeans", 3), ("rfm", "ward", 2), ("rfm", "ward", 3),
    ]  # fmt: skip
    assert metrics["failure_reason"].isna().all()
    # Those that are tried find the same as among all.
    everything = fit_candidates(coordinates, [2, 3], workers=1)
    same = everything[everything["algorithm"].isin(few)].reset_index(drop=True)
    pd.testing.assert_frame_equal(labels, same)
    with pytest.raises(ValueError, match=r"Unknown algorithm \['birch'\]; known are kmeans"):
        fit_candidates(coordinates, [2], workers=1, algorithms=["birch"])


def test_labels_of_other_customers_are_refused() -> None:
    population, _ = three_groups(20)
    coordinates = embed(population, ["rfm"])
    labels = fit_candidates(coordinates, [2], workers=1)
    for measure in (measure_candidates, measure_stability):
        with pytest.raises(ValueError, match="are not of the customers that have coordinates"):
            measure(coordinates[1:], labels)


def test_structureless_customers_are_unstable() -> None:
    values = np.random.default_rng(3).uniform(1, 100, size=(3, 200))
    coordinates = embed(shop(*values), ["rfm"])
    labels = fit_candidates(coordinates, [6], workers=1)
    stability = measure_stability(coordinates, labels, workers=1)
    assert (stability["min_jaccard"] < 0.75).all()


def test_rows_are_equal_for_any_number_of_workers_and_order_of_rows() -> None:
    # Just enough customers for the work to be split.
    population, _ = three_groups(PARALLEL_CUSTOMERS // 3)
    alone = embed(population, ["rfm_plane"])
    shuffled = embed(population.sample(frac=1, random_state=0), ["rfm_plane"])
    pd.testing.assert_frame_equal(alone, shuffled)
    labels = fit_candidates(alone, [2, 3], workers=1)
    pd.testing.assert_frame_equal(labels, fit_candidates(alone, [2, 3], workers=2))
    pd.testing.assert_frame_equal(
        measure_candidates(alone, labels, ["rfm", "rfm_plane"], workers=1),
        measure_candidates(alone, labels, ["rfm", "rfm_plane"], workers=2),
    )
    pd.testing.assert_frame_equal(
        measure_stability(alone, labels, samples=20, workers=1),
        measure_stability(alone, labels, samples=20, workers=2),
    )


def test_a_small_shop_starts_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    population, _ = three_groups(20)
    asked = []

    def alone(work: Callable[..., Any], jobs: list[tuple[Any, ...]], workers: int, *_: str) -> list[Any]:
        asked.append(workers)
        return [work(*job) for job in jobs]

    for module in ("candidates", "metrics", "stability"):
        monkeypatch.setattr(f"shop_toolkit.clustering.{module}.in_parallel", alone)
    coordinates = embed(population, ["rfm_plane"])
    labels = fit_candidates(coordinates, [3], workers=2)
    measure_candidates(coordinates, labels, workers=2)
    measure_stability(coordinates, labels, workers=2)
    assert asked == [1, 1, 1]


def test_tsne_is_deterministic() -> None:
    population, _ = three_groups(20)
    first = embed(population, ["rfm_tsne"], tsne_iterations=300)
    assert len(first) == 60
    pd.testing.assert_frame_equal(first, embed(population, ["rfm_tsne"], tsne_iterations=300))


def in_another_process(standardised: np.ndarray, iterations: int, **variables: str) -> bytes:
    """The bytes of the map that another Python process fits to the same customers."""
    script = f"""
import sys
import numpy as np
from shop_toolkit.clustering.tsne import fit_tsne
standardised = np.frombuffer(sys.stdin.buffer.read()).reshape(-1, 3)
sys.stdout.buffer.write(fit_tsne(standardised, {iterations}).tobytes())
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "python_models")} | variables
    command = [sys.executable, "-c", script]
    return subprocess.run(
        command, check=True, capture_output=True, env=environment, input=standardised.tobytes()
    ).stdout


def test_a_map_has_the_same_bytes_for_any_number_of_threads_and_in_another_process() -> None:
    population, _ = three_groups(150)
    standardised = standardise(population[["recency_days", "frequency", "monetary"]].to_numpy())
    one, two = (fit_tsne(standardised, 60, workers=workers) for workers in (1, 2))
    assert one.tobytes() == two.tobytes() == in_another_process(standardised, 60)


def test_a_map_has_the_same_bytes_on_another_processor() -> None:
    """OpenBLAS adds up in another order on each kind; a hundred steps make another map of another last digit."""
    population, _ = three_groups(150)
    standardised = standardise(population[["recency_days", "frequency", "monetary"]].to_numpy())
    kinds = ("Prescott", "Haswell")
    one, two = (in_another_process(standardised, 300, OPENBLAS_CORETYPE=kind) for kind in kinds)
    assert one == two


def test_customers_are_placed_among_those_like_them() -> None:
    population, truth = three_groups(60)
    is_fitted = np.arange(len(truth)) % 5 > 0
    fitted, others = population[is_fitted], population[~is_fitted]
    plane = embed(fitted, ["rfm_tsne"], tsne_iterations=250)
    placed = place_customers(fitted, plane, others)
    assert placed["customer_id"].tolist() == sorted(others["customer_id"])
    assert placed[["x", "y"]].notna().all(axis=None)
    nearest = NearestNeighbors(n_neighbors=1).fit(plane[["x", "y"]]).kneighbors(placed[["x", "y"]])[1][:, 0]
    assert (truth[is_fitted][nearest] == truth[~is_fitted]).mean() > 0.95


def test_a_place_is_the_mean_of_the_nearest_five_weighted_by_the_inverse_of_their_distances() -> None:
    population, _ = three_groups(20)
    fitted, others = population[:50], population[50:]
    random = np.random.default_rng(1)
    plane = pd.DataFrame({"customer_id": fitted["customer_id"], "x": random.normal(size=50), "y": range(50)})
    features = fitted[["recency_days", "frequency", "monetary"]].to_numpy()
    deviation = features.std(axis=0)
    expected = []
    for customer in others[["recency_days", "frequency", "monetary"]].to_numpy():
        distances = np.sqrt((((features - customer) / deviation) ** 2).sum(axis=1))
        five = np.argsort(distances)[:5]
        expected.append(np.average(plane[["x", "y"]].to_numpy()[five], axis=0, weights=1 / distances[five]))
    placed = place_customers(fitted, plane, others)
    assert placed[["x", "y"]].to_numpy() == pytest.approx(np.array(expected))


def test_a_customer_like_a_fitted_one_is_placed_where_that_one_is() -> None:
    population, _ = three_groups(20)
    plane = embed(population, ["rfm_tsne"], tsne_iterations=250)
    placed = place_customers(population, plane, population.assign(customer_id="new " + population["customer_id"]))
    assert placed[["x", "y"]].to_numpy() == pytest.approx(plane[["x", "y"]].to_numpy())


def test_a_place_depends_on_no_other_customer_and_on_no_order_of_rows() -> None:
    population, _ = three_groups(60)
    fitted, others = population[::2], population[1::2]
    plane = embed(fitted, ["rfm_tsne"], tsne_iterations=250)
    placed = place_customers(fitted, plane, others)
    one_by_one = [place_customers(fitted, plane, others[number : number + 1]) for number in range(len(others))]
    pd.testing.assert_frame_equal(placed, pd.concat(one_by_one, ignore_index=True), check_exact=True)
    shuffled = [table.sample(frac=1, random_state=0) for table in (fitted, plane, others)]
    pd.testing.assert_frame_equal(placed, place_customers(*shuffled), check_exact=True)


def test_without_a_map_nobody_is_placed_and_a_map_of_others_is_refused() -> None:
    population, _ = three_groups(20)
    plane = embed(population, ["rfm_tsne"], tsne_iterations=250)
    assert list(place_customers(population[:0], plane[:0], population).columns) == ["customer_id", "x", "y"]
    assert place_customers(population[:0], plane[:0], population).empty
    assert place_customers(population, plane, population[:0]).empty
    with pytest.raises(ValueError, match="not of the customers that the plane was fitted to"):
        place_customers(population[1:], plane, population)


def test_the_plane_reports_how_much_it_explains() -> None:
    population, _ = three_groups()
    spaces = describe_spaces(population).set_index("space")
    points = embed(population, ["rfm_plane"])
    # Standardised features have variance 3 together.
    expected = points[["x", "y"]].var(ddof=0).sum() / 3
    assert spaces.loc["rfm_plane", "explained_variance"] == pytest.approx(expected)


def test_negative_money_keeps_its_order() -> None:
    logs = signed_log(np.array([-100.0, -1.0, 0.0, 1.0, 100.0]))
    assert (np.diff(logs) > 0).all()
    assert logs[2] == 0


COUNTS = (2, 4)
DEGENERATE = {
    "nobody": shop([], [], []),
    "one customer": shop([3], [1], [20.0]),
    "two customers": shop([3, 9], [1, 2], [20.0, 50.0]),
    "all alike": shop([3] * 50, [1] * 50, [20.0] * 50),
    "three different": shop([3, 9, 30] * 20, [1, 2, 1] * 20, [20.0, 50.0, -5.0] * 20),
    "single orders": shop(range(40), [1] * 40, [float(i % 7) for i in range(40)]),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_shops_give_rows_with_reasons(name: str) -> None:
    population = DEGENERATE[name]
    coordinates = embed(population, tsne_iterations=250)
    labels = fit_candidates(coordinates, COUNTS, workers=1)
    measures = measure_candidates(coordinates, labels, cluster_counts=COUNTS)
    measure_stability(coordinates, labels, workers=1)
    # interests are clustered by KMeans alone
    expected = (len(RFM_SPACES) * 3 + 1) * len(COUNTS)
    assert (measures["algorithm"] != "hdbscan").sum() == expected
    sound = measures[measures["failure_reason"].isna()]
    assert (sound["clusters_found"] == sound["k"]).all()
    assert (sound["clusters_found"] >= 2).all()
    assert measures.loc[measures["silhouette"].isna(), "failure_reason"].notna().all()
    if name in ("nobody", "one customer", "all alike"):
        assert sound.empty


def test_wrong_input_is_reported() -> None:
    population, _ = three_groups(5)
    with pytest.raises(ValueError, match="Unknown space"):
        embed(population, ["umap"])
    with pytest.raises(ValueError, match="lacks monetary"):
        embed(population.drop(columns="monetary"))
    with pytest.raises(ValueError, match="has two rows"):
        embed(pd.concat([population, population]))
