"""Our quick fits find, point by point, the clusters that scikit-learn's own estimators find."""

import warnings

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from shop_toolkit.clustering.algorithms import HDBSCAN_FEWEST_NEIGHBOURS, HDBSCAN_SHARES, hdbscan, ward
from shop_toolkit.clustering.kmeans import CONVERGED_STEPS, kmeans, kmeans_from
from shop_toolkit.clustering.mixtures import information_criterion, mixture
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_info, threadpool_limits


def points_of(kind: str, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    if kind == "groups":
        return random.normal(size=(400, 3)) + random.integers(6, size=(400, 1)) * [4, 2, 0]
    if kind == "skewed":
        return random.lognormal(sigma=1.5, size=(700, 2))
    if kind == "alike":  # customers of the same few figures
        return random.integers(4, size=(300, 2)).astype(float)
    return random.uniform(size=(90, 2))


KINDS = pytest.mark.parametrize("kind", ["groups", "skewed", "alike", "even"])


@KINDS
def test_kmeans_is_that_of_scikit_learn(kind: str) -> None:
    with threadpool_limits(1):
        for seed in range(5):
            points = points_of(kind, seed)
            for k, starts in ((2, 10), (5, 2), (9, 10)):
                expected = KMeans(k, n_init=starts, random_state=seed).fit_predict(points)
                assert np.array_equal(kmeans(points, k, starts, seed), expected)
            until = {"tol": 0.0, "max_iter": CONVERGED_STEPS}
            expected = KMeans(7, n_init=3, random_state=seed, **until).fit_predict(points)
            assert np.array_equal(kmeans(points, 7, 3, seed, converge=True), expected)


@KINDS
def test_kmeans_from_given_centres_is_that_of_scikit_learn(kind: str) -> None:
    with threadpool_limits(1):
        for seed in range(5):
            points = points_of(kind, seed)
            for k in (2, 9):
                expected = KMeans(k, init=points[:k], n_init=1).fit_predict(points)
                assert np.array_equal(kmeans_from(points, points[:k]), expected)


def test_kmeans_of_fewer_places_than_clusters_is_that_of_scikit_learn() -> None:
    points = np.array([[0.0, 0], [0, 0], [0, 0], [5, 5]])
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        expected = KMeans(3, n_init=2, random_state=0).fit_predict(points)
        assert np.array_equal(kmeans(points, 3, 2, 0), expected)


@KINDS
@pytest.mark.parametrize(("tolerance", "steps"), [(1e-2, 2), (1e-3, 100)])
def test_mixture_is_that_of_scikit_learn(kind: str, tolerance: float, steps: int) -> None:
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for seed in range(3):
            points = points_of(kind, seed)
            for k in (2, 5, 8):
                model = GaussianMixture(k, random_state=seed, tol=tolerance, max_iter=steps)
                joint = mixture(points, k, seed, tolerance, steps)
                assert np.array_equal(joint.argmax(axis=1), model.fit_predict(points))
                bic = information_criterion(joint, points.shape[1])
                assert bic == pytest.approx(model.bic(points), rel=1e-11)


# Not of customers alike: which of equally near ones are joined first is the library's own choice.
@pytest.mark.parametrize("kind", ["groups", "skewed", "even"])
def test_wards_clusters_are_those_of_scipy(kind: str) -> None:
    for seed in range(5):
        points = points_of(kind, seed)
        tree = linkage(points, "ward")
        for k, clusters in ward(points, range(2, 11)).items():
            assert np.array_equal(clusters, fcluster(tree, k, criterion="maxclust") - 1)


@KINDS
def test_hdbscan_of_several_sizes_is_that_of_scikit_learn(kind: str) -> None:
    points = points_of(kind, 1)
    for share, clusters in zip(HDBSCAN_SHARES, hdbscan(points, HDBSCAN_SHARES), strict=True):
        size = max(5, round(share * len(points)))
        expected = HDBSCAN(min_cluster_size=size, min_samples=HDBSCAN_FEWEST_NEIGHBOURS, copy=True).fit_predict(points)
        assert np.array_equal(clusters, expected)


def test_a_model_that_ends_leaves_others_one_thread_of_blas() -> None:
    first, second = threadpool_limits(1), threadpool_limits(1)
    first.restore_original_limits()
    threads = [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]
    second.restore_original_limits()
    assert threads
    assert set(threads) == {1}
