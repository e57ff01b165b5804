"""The models behind the names of the grids, as scikit-learn estimators."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

from shop_toolkit.grids import DEFAULT_GRIDS, Settings
from shop_toolkit.prediction.features import VaryingFeatures, feature_scaler
from shop_toolkit.prediction.reuse import once
from shop_toolkit.trees import Rows, resampled

SEED = 0

# A tree of few rows is as good as one of many.
FOREST_TREE_ROWS = 2000

# More rows to compare a million newcomers with would take minutes.
NEIGHBOUR_ROWS = 10_000

# Quantiles that boosting of classes sees of a feature: as good as 255, in half the time. Amounts keep 255, as the
# topmost quantile holds all wholesalers.
CLASS_BINS = 32

# Distances are measured in whole numbers of 1/1024 of a deviation: sums of their squares are exact, so the same
# neighbours are found whatever other rows are predicted at once.
FINENESS = 1024


class MeanKept(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A regression whose amounts have the mean of the training amounts.

    The square of an expected root is too small as an expected amount; it is scaled by the ratio of the two means in
    training (Snowdon 1991, "A ratio estimator for bias correction in logarithmic regressions").
    """

    def __init__(self, regression: BaseEstimator):
        self.regression = regression

    def fit(self, values: np.ndarray, amounts: np.ndarray) -> "MeanKept":
        """Fit on rows (n, d) and amounts (n,) of at least 0."""
        mean = self.regression.fit(values, amounts).predict(values).mean()
        self.ratio_ = amounts.mean() / mean if mean > 0 else 1.0
        return self

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Amounts (n,) expected of rows (n, d)."""
        amounts: np.ndarray = self.ratio_ * self.regression.predict(values)
        return amounts


class WithinSeen(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A regression whose amounts are never below 0, nor above the greatest amount in training.

    Its formula is not trusted further than that: squares and exponentials of a wholesaler unlike any other explode.
    """

    def __init__(self, regression: BaseEstimator):
        self.regression = regression

    def fit(self, values: np.ndarray, amounts: np.ndarray) -> "WithinSeen":
        """Fit on rows (n, d) and amounts (n,) of at least 0."""
        self.most_ = amounts.max()
        self.regression.fit(values, amounts)
        return self

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Amounts (n,) expected of rows (n, d)."""
        amounts: np.ndarray = np.clip(self.regression.predict(values), 0, self.most_)
        return amounts


class SampledNeighbours(KNeighborsClassifier):  # type: ignore[misc]  # scikit-learn has no types
    """Nearest neighbours among at most `NEIGHBOUR_ROWS` evenly spaced rows, as each prediction compares with all."""

    def fit(self, values: np.ndarray, target: np.ndarray) -> "SampledNeighbours":
        """Keep rows (n, d) and their classes (n,)."""
        step = -(-len(values) // NEIGHBOUR_ROWS)
        self.rows_ = values[::step]
        super().fit(self.rows_, target[::step])
        self.numbers_ = np.searchsorted(self.classes_, target[::step])
        return self

    def predict_proba(self, values: np.ndarray) -> np.ndarray:
        """Shares (n, classes) of the classes among the neighbours of rows (n, d), which are the same for any target."""
        neighbours = once(
            ("neighbours", self.n_neighbors),
            (self.rows_, values),
            lambda: self.kneighbors(values, return_distance=False),
        )
        numbers = self.numbers_[neighbours]
        return np.column_stack([(numbers == number).mean(axis=1) for number in range(len(self.classes_))])


class SinglePrecisionRegression(LogisticRegression):  # type: ignore[misc]  # scikit-learn has no types
    """Logistic regression that is fitted in single precision and predicts in double precision.

    The steps of its descent read twice as many numbers at once. Where the descent ends is as exact as its tolerance.
    """

    def fit(self, values: np.ndarray, target: np.ndarray) -> "SinglePrecisionRegression":
        """Fit on rows (n, d) and their classes (n,)."""
        fitted = super().fit(values.astype(np.float32), target)
        # In single precision the last digits of a prediction hang on the other rows that are predicted at once.
        self.coef_: np.ndarray = fitted.coef_.astype(float)
        self.intercept_: np.ndarray = fitted.intercept_.astype(float)
        return self


class DrawnForest(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """scikit-learn's `RandomForestClassifier` with `max_samples`, the same to the last bit, in less time."""

    def __init__(self, n_estimators: int, min_samples_leaf: int, max_samples: int, random_state: int):
        self.n_estimators = n_estimators
        self.min_samples_leaf = min_samples_leaf
        self.max_samples = max_samples
        self.random_state = random_state

    def fit(self, values: np.ndarray, target: np.ndarray) -> "DrawnForest":
        """Fit on rows (n, d), which may have gaps, and their classes (n,)."""
        self.classes_, numbers = np.unique(target, return_inverse=True)
        considered = max(1, int(np.sqrt(values.shape[1])))
        self.trees_ = resampled(
            Rows.of(values, numbers), self.n_estimators, considered, self.random_state, self.max_samples,
            self.min_samples_leaf,
        )  # fmt: skip
        return self

    def predict_proba(self, values: np.ndarray) -> np.ndarray:
        """Probabilities (n, classes) of rows (n, d): the mean of the trees."""
        rows, probabilities = values.astype(np.float32), np.zeros((len(values), len(self.classes_)))
        for tree in self.trees_:
            probabilities += tree.predict(rows)
        return probabilities / self.n_estimators


class _OnceBinned:
    """Boosting that sorts equal rows into bins once, for all targets and settings.

    scikit-learn offers no place for it: this overrides the step of its own that sorts.
    """

    def _bin_data(self, values: np.ndarray, sample_weight: None, is_training_data: bool) -> np.ndarray:
        def bin_rows() -> tuple[object, np.ndarray]:
            binned = super(_OnceBinned, self)._bin_data(values, sample_weight, is_training_data)  # type: ignore[misc]
            return self._bin_mapper, binned

        self._bin_mapper: object
        name = ("bins", self.max_bins)  # type: ignore[attr-defined]
        self._bin_mapper, binned = once(name, (values,), bin_rows)
        return binned


class BoostedClasses(_OnceBinned, HistGradientBoostingClassifier):  # type: ignore[misc]  # scikit-learn has no types
    """Gradient boosting of classes, without early stopping."""


class BoostedAmounts(_OnceBinned, HistGradientBoostingRegressor):  # type: ignore[misc]  # scikit-learn has no types
    """Gradient boosting of amounts, without early stopping."""


def with_defaults(task: str, model: str, settings: Settings) -> Settings:
    """The settings of a model, with the first value of the default grid for each parameter left out."""
    return {parameter: values[0] for parameter, values in DEFAULT_GRIDS[task][model].items()} | settings


def fit_model(task: str, model: str, settings: Settings, values: np.ndarray, target: np.ndarray) -> BaseEstimator:
    """Fit a model of the grids.

    Args:
        task: 'amounts' or 'classes'.
        model: A name of the grids.
        settings: Values of its parameters; one left out takes the first value of the default grid.
        values: Features (n, d).
        target: Amounts (n,) in money or, as numbers from 0, classes.

    Returns:
        The fitted model; of a target that never varies one that predicts just that.
    """
    if (target == target[0]).all():
        return (DummyRegressor() if task == "amounts" else DummyClassifier()).fit(values, target)
    settings = with_defaults(task, model, settings)
    made = _regressor(model, settings) if task == "amounts" else _classifier(model, settings, len(values))
    return made.fit(values, target)


def _regressor(model: str, settings: Settings) -> BaseEstimator:
    """The regression of that name with its settings, not fitted."""
    learned = {parameter: value for parameter, value in settings.items() if parameter != "target"}
    if model == "linear_regression":
        regressor = make_pipeline(feature_scaler(), Ridge(**learned))
    elif model == "decision_tree":
        regressor = DecisionTreeRegressor(**learned, random_state=SEED)
    else:
        fixed = {"early_stopping": False, "random_state": SEED}
        regressor = make_pipeline(VaryingFeatures(), BoostedAmounts(**learned, **fixed))
    if settings.get("target") == "square_root":
        # A wholesaler weighs less than in a regression of the amount.
        of_roots = TransformedTargetRegressor(regressor, func=np.sqrt, inverse_func=_squared, check_inverse=False)
        regressor = MeanKept(of_roots)
    return WithinSeen(regressor)


def _squared(roots: np.ndarray) -> np.ndarray:
    """Squares of roots; that of a negative one is 0."""
    squares: np.ndarray = np.clip(roots, 0, None) ** 2
    return squares


def _classifier(model: str, settings: Settings, rows: int) -> BaseEstimator:
    """The classifier of that name with its settings, not fitted, for so many rows."""
    if model == "logistic_regression":
        return make_pipeline(feature_scaler(), SinglePrecisionRegression(**settings, tol=1e-3, max_iter=200))
    if model == "nearest_neighbours":
        return make_pipeline(feature_scaler(("log",), FINENESS), SampledNeighbours(**settings, algorithm="brute"))
    if model == "random_forest":
        return DrawnForest(**settings, max_samples=min(rows, FOREST_TREE_ROWS), random_state=SEED)
    fixed = {"max_bins": CLASS_BINS, "early_stopping": False, "random_state": SEED}
    return make_pipeline(VaryingFeatures(), BoostedClasses(**settings, **fixed))
