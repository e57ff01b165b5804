"""The models behind the names of the grids, as scikit-learn estimators."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

from shop_toolkit.clustering.spaces import signed_log
from shop_toolkit.grids import DEFAULT_GRIDS, Settings

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


class FeatureScaler(TransformerMixin, BaseEstimator):
    """Features (n, d) as a linear model or a distance can use them: filled, in several forms, standardised.

    Money is heavy-tailed: one wholesaler would outweigh all others in the raw form, and be lost in the log alone. So
    each feature comes in the `forms` asked for ('raw', 'root', 'log'; signed). A missing value is the median of
    the training rows, with a flag beside it. A value outside of those seen in training counts as the nearest seen, so
    that no line is drawn further than the data; a feature that never varies becomes 0. With a
    `fineness` the result is in whole numbers of that part of a deviation.
    """

    def __init__(self, forms: tuple[str, ...] = ("raw", "root", "log"), fineness: int | None = None):
        self.forms = forms
        self.fineness = fineness

    def fit(self, values: np.ndarray, target: np.ndarray | None = None) -> "FeatureScaler":
        """Learn medians, bounds, means and deviations from the rows (n, d); the target is not looked at."""
        missing = np.isnan(values)
        # The median of no value at all is 0.
        known = [column[~np.isnan(column)] for column in values.T]
        self.medians_ = np.array([np.median(column) if len(column) else 0.0 for column in known])
        self.with_gaps_ = missing.any(axis=0)
        spread = self._spread(values)
        self.lowest_, self.highest_ = spread.min(axis=0), spread.max(axis=0)
        self.means_, deviations = spread.mean(axis=0), spread.std(axis=0)
        # A constant has a deviation of a rounding error, which would be blown up to noise.
        self.deviations_ = np.where(self.highest_ > self.lowest_, deviations, np.inf)
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Rows (n, d) as (n, d * forms + features with gaps)."""
        spread = np.clip(self._spread(values), self.lowest_, self.highest_)
        standardised = (spread - self.means_) / self.deviations_
        return np.rint(standardised * self.fineness) if self.fineness else standardised

    def _spread(self, values: np.ndarray) -> np.ndarray:
        missing = np.isnan(values)
        filled = np.where(missing, self.medians_, values)
        forms = {"raw": lambda v: v, "root": lambda v: np.sign(v) * np.sqrt(np.abs(v)), "log": signed_log}
        return np.hstack([*(forms[form](filled) for form in self.forms), missing[:, self.with_gaps_].astype(float)])


class KnownFeatures(TransformerMixin, BaseEstimator):
    """Features (n, d) as trees can use them: as they are, but for those of which nothing is known in training."""

    def fit(self, values: np.ndarray, target: np.ndarray | None = None) -> "KnownFeatures":
        """Learn of which features the rows (n, d) know nothing; the target is not looked at."""
        self.unknown_ = np.isnan(values).all(axis=0)
        return self

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Rows (n, d) with 0 for the features unknown in training: boosting cannot draw quantiles of nothing."""
        return np.where(self.unknown_, 0.0, values)


class SquareRootRegression(RegressorMixin, BaseEstimator):
    """A regression of the square root of an amount, told as an amount: a wholesaler weighs less, and none is negative.

    The square of an expected root is too small as an expected amount; it is scaled by the ratio of the two means in
    training (Snowdon 1991, "A ratio estimator for bias correction in logarithmic regressions").
    """

    def __init__(self, regression: BaseEstimator):
        self.regression = regression

    def fit(self, values: np.ndarray, amounts: np.ndarray) -> "SquareRootRegression":
        """Fit on rows (n, d) and amounts (n,) of at least 0."""
        self.ratio_ = 1.0
        self.regression.fit(values, np.sqrt(amounts))
        told = self.predict(values).mean()
        self.ratio_ = amounts.mean() / told if told > 0 else 1.0
        return self

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Amounts (n,) expected of rows (n, d)."""
        return self.ratio_ * np.clip(self.regression.predict(values), 0, None) ** 2


class WithinSeen(RegressorMixin, BaseEstimator):
    """A regression of amounts that tells nobody less than nothing, or more than the most that anyone spent in training.

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
        return np.clip(self.regression.predict(values), 0, self.most_)


class SampledNeighbours(KNeighborsClassifier):
    """Nearest neighbours among at most `NEIGHBOUR_ROWS` evenly spaced rows: a row told is compared with all of them."""

    def fit(self, values: np.ndarray, target: np.ndarray) -> "SampledNeighbours":
        """Keep rows (n, d) and their classes (n,)."""
        step = -(-len(values) // NEIGHBOUR_ROWS)
        return super().fit(values[::step], target[::step])


def with_defaults(task: str, model: str, settings: Settings) -> Settings:
    """The settings of a model, with the first value of the default grid for each parameter left out."""
    return {parameter: values[0] for parameter, values in DEFAULT_GRIDS[task][model].items()} | settings


def fit_model(task: str, model: str, settings: Settings, values: np.ndarray, target: np.ndarray) -> BaseEstimator:
    """The model of rows (n, d) and their amounts or classes (n,); a target that never varies needs none."""
    if (target == target[0]).all():
        return (DummyRegressor() if task == "amounts" else DummyClassifier()).fit(values, target)
    settings = with_defaults(task, model, settings)
    made = _regressor(model, settings) if task == "amounts" else _classifier(model, settings, len(values))
    return made.fit(values, target)


def _regressor(model: str, settings: Settings) -> BaseEstimator:
    learned = {parameter: value for parameter, value in settings.items() if parameter != "target"}
    if model == "linear_regression":
        regressor = make_pipeline(FeatureScaler(), Ridge(**learned))
    elif model == "decision_tree":
        regressor = DecisionTreeRegressor(**learned, random_state=SEED)
    else:
        fixed = {"early_stopping": False, "random_state": SEED}
        regressor = make_pipeline(KnownFeatures(), HistGradientBoostingRegressor(**learned, **fixed))
    return WithinSeen(SquareRootRegression(regressor) if settings.get("target") == "square_root" else regressor)


def _classifier(model: str, settings: Settings, rows: int) -> BaseEstimator:
    if model == "logistic_regression":
        return make_pipeline(FeatureScaler(), LogisticRegression(**settings, tol=1e-3, max_iter=200))
    if model == "nearest_neighbours":
        return make_pipeline(FeatureScaler(("log",), FINENESS), SampledNeighbours(**settings, algorithm="brute"))
    if model == "random_forest":
        return RandomForestClassifier(**settings, max_samples=min(rows, FOREST_TREE_ROWS), random_state=SEED)
    fixed = {"max_bins": CLASS_BINS, "early_stopping": False, "random_state": SEED}
    return make_pipeline(KnownFeatures(), HistGradientBoostingClassifier(**settings, **fixed))
