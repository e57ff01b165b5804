"""Boosting from shared sums grows the trees that scikit-learn grows (shop_toolkit.boosting)."""

from collections.abc import Callable

import numpy as np
import pytest
from shop_toolkit.boosting import SharingGrower, shared_sums
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.ensemble._hist_gradient_boosting import gradient_boosting

SETTINGS = {"max_iter": 4, "early_stopping": False, "random_state": 0, "max_bins": 32}


def rows(count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Features with gaps, ties and one that never varies, and classes that hang on them."""
    random = np.random.default_rng(count)
    values = np.column_stack([random.normal(size=(count, 3)), random.integers(0, 4, count), np.ones(count)])
    values[random.random(count) < 0.2, 1] = np.nan
    known = np.nan_to_num(values[:, 1]) + values[:, 0] + 0.3 * random.normal(size=count)
    return values, np.searchsorted(np.quantile(known, np.arange(1, classes) / classes), known)


@pytest.mark.parametrize(
    ("classes", "leaves", "count"),
    # Of few rows no tree is split.
    [(2, 4, 300), (3, 2, 300), (7, 8, 300), (7, None, 500), (4, 8, 30)],
)
def test_trees_of_shared_sums_are_those_of_scikit_learn(classes: int, leaves: int | None, count: int) -> None:
    values, numbers = rows(count, classes)
    usual = HistGradientBoostingClassifier(max_leaf_nodes=leaves, **SETTINGS).fit(values, numbers)
    ours = HistGradientBoostingClassifier(max_leaf_nodes=leaves, **SETTINGS)
    with shared_sums():
        ours.fit(values, numbers)
        # Of other rows nothing is left.
        ours.fit(values, numbers)
    for trees, others in zip(ours._predictors, usual._predictors, strict=True):
        for tree, other in zip(trees, others, strict=True):
            assert (tree.nodes == other.nodes).all()
    later = rows(200, classes)[0]
    assert (ours.predict_proba(later) == usual.predict_proba(later)).all()


def test_sums_are_shared_from_three_classes_on_and_scikit_learn_is_left_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A regression and two classes have one tree a step."""
    sums: list[int] = []
    of_class: Callable[..., np.ndarray] = SharingGrower._initialize_root.__globals__["_SUMS"].of_class

    def counted(*given: object) -> np.ndarray:
        sums.append(1)
        return of_class(*given)

    monkeypatch.setattr("shop_toolkit.boosting._SUMS.of_class", counted)
    before = gradient_boosting.TreeGrower
    values, numbers = rows(300, 5)
    with shared_sums():
        HistGradientBoostingRegressor(**SETTINGS).fit(values, numbers)
        HistGradientBoostingClassifier(**SETTINGS).fit(values, numbers > 2)
        assert not sums
        HistGradientBoostingClassifier(**SETTINGS).fit(values, numbers)
    assert len(sums) == 4 * 5
    assert gradient_boosting.TreeGrower is before is not SharingGrower
