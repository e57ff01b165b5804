"""Learners that foretell amounts of money and classes of customers, with settings chosen on the training rows alone.

Everything here fits and foretells; nothing is judged. A frame is one customer at one date, with what was known by
then (features) and, where it is known, what came after (amount or outcome). Tables come in and go out as data frames,
sorted, and are equal for any number of processes and any order of the rows: fits are seeded, run on one thread each,
and what is random by nature (folds, samples) is drawn by a hash of the customer's id.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from shop_toolkit.clustering import KMEANS_STARTS, signed_log
from shop_toolkit.grids import (
    AMOUNT_GRIDS,
    CLASS_GRIDS,
    DEFAULT_GRIDS,
    Grids,
    Settings,
    check_grids,
    combinations,
    settings_text,
)
from shop_toolkit.parallel import PARALLEL_CUSTOMERS, in_parallel

SEED = 0


class Search(NamedTuple):
    """How settings are compared: on so many customers' rows that there are `rows` at most, in so many folds."""

    rows: int
    folds: int


# The fit itself takes all rows. Amounts are few and large, so their losses are the rougher ones; nine classes take
# nine times as long.
SEARCHES = {"amounts": Search(8000, 3), "classes": Search(3000, 2)}
# Settings of amounts are compared as if nobody spent more than all but one in a hundred do: on the real file these
# few make up three quarters of the squared error, and chose what their folds happened to like.
SEARCH_QUANTILE = 0.99
# A forest with fewer trees tells as well which settings are better; a tree of few rows as well as one of many.
SEARCH_TREES = 25
FOREST_TREE_ROWS = 2000
# More rows to compare a million newcomers with would take minutes.
NEIGHBOUR_ROWS = 10_000
# Quantiles that boosting of classes sees of a feature: as good as 255, in half the time. Amounts keep 255, as the
# topmost quantile holds all wholesalers.
CLASS_BINS = 32
# Distances are measured in whole numbers of 1/1024 of a deviation: sums of their squares are exact, so the same
# neighbours are found whatever other rows are asked for at once.
FINENESS = 1024

# No event is impossible: what a forest or neighbours have never seen still gets this probability.
FLOOR = 1e-3
# Fewer validation rows than this would fit a temperature to chance.
CALIBRATION_ROWS = 30
TEMPERATURES = (0.2, 10.0)

# The last bits of a sum hang on how many rows are summed at once; results are rounded before they could show.
AMOUNT_DECIMALS = 6
PROBABILITY_DECIMALS = 9
LOSS_DIGITS = 9

VOTE = "soft_vote"
AMOUNT_ROLES = ("train", "test", "predict")
CLASS_ROLES = ("train", "validation", "test", "predict")
AMOUNT_COLUMNS = ("model", "settings", "sample_number", "amount")
CLASS_COLUMNS = ("model", "settings", "sample_number", "role", "outcome", "probability")

# --- settings -----------------------------------------------------------------------------------------------


def best_settings(
    task: str, grids: Grids, values: np.ndarray, target: np.ndarray, customers: Sequence[str], workers: int = 2
) -> dict[str, Settings]:
    """The settings of each model with the least loss in cross-validation grouped by customer.

    `values` (n, d) are features, `target` (n,) amounts or, as numbers from 0, classes, `customers` (n,) whose rows
    they are: a customer's rows are all learned from or all held out. The loss is the log-loss of classes, and the
    squared error of amounts cut at the 99 % quantile. Of equally good settings the first are taken. A model is left
    out where the rows are too few for any of its settings; with fewer than two customers nothing can be held out, and
    the first settings are taken.
    """
    rows, folds = search_folds(customers, SEARCHES[task])
    values, target = values[rows], target[rows]
    numbers = np.unique(folds) if len(set(customers)) > 1 else []
    fewest = min(((folds != fold).sum() for fold in numbers), default=len(rows))
    tried = {model: [one for one in combinations(grids[model]) if _can_fit(model, one, len(rows))] for model in grids}
    tried = {model: settings for model, settings in tried.items() if settings}
    asked = [(model, one) for model in tried for one in tried[model] if len(tried[model]) > 1]
    asked = [(model, one) for model, one in asked if _can_fit(model, one, fewest)]
    jobs = [(task, model, one, values, target, folds) for model, one in asked]
    workers = _workers(workers, len(rows))
    losses = (
        in_parallel(_held_out_loss, jobs, workers, f"settings for {task}", "combinations tried") if len(numbers) else []
    )
    best = {model: settings[0] for model, settings in tried.items()}
    least: dict[str, float] = {}
    for (model, one), loss in zip(asked, losses, strict=bool(losses)):
        if loss < least.get(model, np.inf):
            least[model], best[model] = loss, one
    return best


def settle(task: str, frames: pd.DataFrame, features: Sequence[str], grids: Grids, workers: int = 2) -> Grids:
    """The grids with one value for each parameter: the best by the rows of `frames` to train on (see `best_settings`).

    What is settled at one date can be kept for later ones, whose rows it has not seen: searching takes most time.
    `frames` are those of `foretell_amounts` or `foretell_classes`. Models that the rows are too few for are left out;
    without any left, or without rows, the grids come back as they are.
    """
    check_grids(grids, task)
    train = frames[frames["role"] == "train"].sort_values("sample_number")
    if train.empty:
        return grids
    if task == "amounts":
        target = train["amount"].to_numpy(dtype=float)
    else:
        target = np.unique(train["outcome"].to_numpy(dtype=object), return_inverse=True)[1]
    best = best_settings(task, grids, _values(train, features), target, train["customer_id"].to_numpy(), workers)
    return {model: {name: [value] for name, value in best[model].items()} for model in best} or grids


def search_folds(customers: Sequence[str], search: Search) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the rows that settings are compared on, and the fold (0..) of each.

    Customers come in the order of a hash of their id; the first of them, to at most that many rows, are dealt out.
    A customer's rows are in one fold.
    """
    numbers, names = pd.factorize(np.asarray(customers, dtype=object))
    order = sorted(range(len(names)), key=lambda number: (_hash(names[number]), names[number]))
    place = np.argsort(order) if order else np.empty(0, dtype=int)
    rows_so_far = np.cumsum(np.bincount(numbers, minlength=len(names))[order])
    taken = max(int((rows_so_far <= search.rows).sum()), min(search.folds, len(names)))
    rows = np.flatnonzero(place[numbers] < taken)
    return rows, place[numbers[rows]] % search.folds


def _hash(text: str) -> bytes:
    return hashlib.blake2b(str(text).encode(), digest_size=8).digest()


def _workers(workers: int, rows: int) -> int:
    return workers if rows >= PARALLEL_CUSTOMERS else 1


def _can_fit(model: str, settings: Settings, rows: int) -> bool:
    """Whether so many rows are enough for the settings: neighbours have to be there."""
    return model != "nearest_neighbours" or rows >= _standard("classes", model, settings)["n_neighbors"]


def _standard(task: str, model: str, settings: Settings) -> Settings:
    return {parameter: values[0] for parameter, values in DEFAULT_GRIDS[task][model].items()} | settings


def _held_out_loss(
    task: str, model: str, settings: Settings, values: np.ndarray, target: np.ndarray, folds: np.ndarray
) -> float:
    """Sum of the losses of all rows, each by a model of the other folds; so rounded that equal ones are equal."""
    loss = 0.0
    most = (np.quantile(target, SEARCH_QUANTILE) or target.max()) if task == "amounts" else None
    if model == "random_forest":
        settings = settings | {"n_estimators": SEARCH_TREES}
    for fold in np.unique(folds):
        seen, held_out = folds != fold, folds == fold
        estimator = _fit(task, model, settings, values[seen], target[seen])
        if task == "amounts":
            told = _amounts(estimator, values[held_out])
            loss += ((np.minimum(told, most) - np.minimum(target[held_out], most)) ** 2).sum()
        else:
            told = _probabilities(estimator, values[held_out], target.max() + 1)
            loss -= np.log(told[np.arange(len(told)), target[held_out]]).sum()
    return float(f"{loss:.{LOSS_DIGITS}g}")


# --- models ----------------------------------------------------------------------------------------------


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


def _fit(task: str, model: str, settings: Settings, values: np.ndarray, target: np.ndarray) -> BaseEstimator:
    """The model of rows (n, d) and their amounts or classes (n,); a target that never varies needs none."""
    if (target == target[0]).all():
        return (DummyRegressor() if task == "amounts" else DummyClassifier()).fit(values, target)
    settings = _standard(task, model, settings)
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


def _amounts(estimator: BaseEstimator, values: np.ndarray) -> np.ndarray:
    """Amounts (n,) of rows (n, d)."""
    return estimator.predict(values) if len(values) else np.empty(0)


def _probabilities(estimator: BaseEstimator, values: np.ndarray, classes: int) -> np.ndarray:
    """Probabilities (n, classes) of rows (n, d), none below the floor; also of classes the model has not seen."""
    told = np.zeros((len(values), classes))
    if len(values):
        told[:, estimator.classes_] = estimator.predict_proba(values)
    return floored(told)


def _all_probabilities(estimators: list[BaseEstimator], values: np.ndarray, classes: int) -> list[np.ndarray]:
    return [_probabilities(estimator, values, classes) for estimator in estimators]


def floored(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities (n, c) of at least about FLOOR, adding up to 1."""
    raised = np.maximum(probabilities, FLOOR)
    return raised / raised.sum(axis=1, keepdims=True)


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n, c) to the power of 1 / temperature, adding up to 1: above 1 they come closer to each other."""
    logs = np.log(probabilities) / temperature
    raised = np.exp(logs - logs.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def fit_temperature(probabilities: np.ndarray, outcomes: np.ndarray) -> float:
    """The temperature with the least log-loss on rows (n, c) whose outcomes (n,) are known, as numbers from 0.

    Temperature scaling (Guo et al. 2017, "On calibration of modern neural networks"); 1 with too few rows.
    """
    if len(outcomes) < CALIBRATION_ROWS or probabilities.shape[1] < 2:
        return 1.0
    rows = np.arange(len(outcomes))

    def loss(log_temperature: float) -> float:
        return -np.log(tempered(probabilities, np.exp(log_temperature))[rows, outcomes]).mean()

    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded", options={"xatol": 1e-5})
    return round(float(np.exp(found.x)), 3)


# --- amounts ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AmountModel:
    """A fitted model of amounts, and its settings in words."""

    model: str
    settings: str
    features: tuple[str, ...]
    estimator: BaseEstimator

    def foretell(self, frames: pd.DataFrame) -> pd.DataFrame:
        """One row per frame: columns model, settings, sample_number and amount (money, at least 0)."""
        frames = frames.sort_values("sample_number")
        (amounts,) = in_parallel(_amounts, [(self.estimator, _values(frames, self.features))], 1)
        told = {"sample_number": frames["sample_number"].to_numpy(), "amount": np.round(amounts, AMOUNT_DECIMALS)}
        table = pd.DataFrame(told).assign(model=self.model, settings=self.settings)
        return table[list(AMOUNT_COLUMNS)]


def foretell_amounts(
    frames: pd.DataFrame, features: Sequence[str], grids: Grids = AMOUNT_GRIDS, workers: int = 2
) -> pd.DataFrame:
    """One row per model and frame to foretell: columns model, settings, sample_number and amount (money, at least 0).

    `frames` holds sample_number (whole, a key), customer_id, role ('train', 'test' or 'predict'), amount (money that
    came after, at least 0, needed for training only) and the `features` (numbers or booleans, may be missing). Rows
    come back for the roles test and predict, and none without training rows.

    Raises ValueError for wrong grids and wrong frames.
    """
    models = fit_amounts(frames, features, grids, workers)
    asked = frames[frames["role"] != "train"]
    tables = [model.foretell(asked) for model in models] if len(asked) else []
    return _stacked(tables, AMOUNT_COLUMNS, ["model", "sample_number"])


def fit_amounts(
    frames: pd.DataFrame, features: Sequence[str], grids: Grids = AMOUNT_GRIDS, workers: int = 2
) -> list[AmountModel]:
    """The models behind `foretell_amounts`, to foretell in batches: `models[0].foretell(batch)`."""
    check_grids(grids, "amounts")
    _check_frames(frames, features, AMOUNT_ROLES)
    train = frames[frames["role"] == "train"].sort_values("sample_number")
    if train.empty:
        return []
    values, amounts = _values(train, features), train["amount"].to_numpy(dtype=float, na_value=np.nan)
    if not (amounts >= 0).all():
        raise ValueError("A training row has no amount, or one below 0.")
    chosen = best_settings("amounts", grids, values, amounts, train["customer_id"].to_numpy(), workers)
    jobs = [("amounts", model, settings, values, amounts) for model, settings in chosen.items()]
    estimators = in_parallel(_fit, jobs, _workers(workers, len(train)))
    return [
        AmountModel(model, settings_text(settings), tuple(features), estimator)
        for (model, settings), estimator in zip(chosen.items(), estimators, strict=True)
    ]


# --- classes ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClassModels:
    """Fitted models of classes, by name, their settings in words and their temperatures; the vote is made of them."""

    features: tuple[str, ...]
    classes: tuple[str, ...]
    estimators: dict[str, BaseEstimator]
    settings: dict[str, str]
    temperatures: dict[str, float]

    def probabilities(self, frames: pd.DataFrame) -> dict[str, np.ndarray]:
        """Calibrated probabilities (n, c) of each frame's classes, by model; the frames in the order they have."""
        job = (list(self.estimators.values()), _values(frames, self.features), len(self.classes))
        (told,) = in_parallel(_all_probabilities, [job], 1)
        told = {
            model: tempered(p, self.temperatures.get(model, 1)) for model, p in zip(self.estimators, told, strict=True)
        }
        return told | {VOTE: tempered(floored(np.mean(list(told.values()), axis=0)), self.temperatures.get(VOTE, 1))}

    def foretell(self, frames: pd.DataFrame, model: str | None = None) -> pd.DataFrame:
        """One row per model, frame and class: columns model, settings, sample_number, role, outcome and probability.

        With `model` that one alone.
        """
        frames = frames.sort_values("sample_number")
        told = self.probabilities(frames)
        return pd.concat([self._table(frames, name, told[name]) for name in told if model in (None, name)])

    def _table(self, frames: pd.DataFrame, model: str, probabilities: np.ndarray) -> pd.DataFrame:
        table = frames[["sample_number", "role"]].iloc[np.repeat(np.arange(len(frames)), len(self.classes))]
        table = table.reset_index(drop=True)
        table["outcome"] = np.tile(np.array(self.classes, dtype=object), len(frames))
        table["probability"] = np.round(probabilities.ravel(), PROBABILITY_DECIMALS)
        return table.assign(model=model, settings=self.settings[model])[list(CLASS_COLUMNS)]


def foretell_classes(
    frames: pd.DataFrame, features: Sequence[str], grids: Grids = CLASS_GRIDS, workers: int = 2
) -> pd.DataFrame:
    """One row per model, frame and class: columns model, settings, sample_number, role, outcome, probability (0..1).

    `frames` holds sample_number (whole, a key), customer_id, role ('train', 'validation', 'test' or 'predict'), outcome
    (the class that came after, needed for training and validation) and the `features` (numbers or booleans, may be
    missing). Rows come back for all roles but train, and none without training rows; a frame's probabilities add up
    to 1. `soft_vote` is the mean of the others.

    With validation rows the probabilities are calibrated: they are foretold by models of the training rows, and a
    temperature of each model is fitted to that. The other rows are foretold with the same temperature by models of
    training and validation rows together, so they can have a class more.

    Raises ValueError for wrong grids and wrong frames.
    """
    first, last = fit_calibrated(frames, features, grids, workers)
    if first is None or last is None:
        return _stacked([], CLASS_COLUMNS, [])
    validation, asked = frames[frames["role"] == "validation"], frames[frames["role"].isin(["test", "predict"])]
    tables = [models.foretell(rows) for models, rows in ((first, validation), (last, asked)) if len(rows)]
    return _stacked(tables, CLASS_COLUMNS, ["model", "sample_number", "outcome"])


def fit_calibrated(
    frames: pd.DataFrame, features: Sequence[str], grids: Grids = CLASS_GRIDS, workers: int = 2
) -> tuple[ClassModels | None, ClassModels | None]:
    """Models of the training rows, and of training and validation rows, with the same settings and temperatures."""
    check_grids(grids, "classes")
    _check_frames(frames, features, CLASS_ROLES)
    frames = frames.sort_values("sample_number")
    train, validation = frames[frames["role"] == "train"], frames[frames["role"] == "validation"]
    if pd.concat([train, validation])["outcome"].isna().any():
        raise ValueError("A training or validation row has no outcome.")
    if train.empty:
        return None, None
    classes, outcomes = np.unique(train["outcome"].to_numpy(dtype=object), return_inverse=True)
    customers = train["customer_id"].to_numpy()
    chosen = best_settings("classes", grids, _values(train, features), outcomes, customers, workers)
    if not chosen:  # too few rows for any model
        return None, None
    first = _fit_classes(train, features, chosen, workers)
    if validation.empty:
        return first, first
    known = validation[validation["outcome"].isin(classes)]
    first = _calibrated(first, known) if len(known) else first
    last = _fit_classes(frames[frames["role"].isin(["train", "validation"])], features, chosen, workers)
    same = len(last.classes) > 1 and len(first.classes) > 1
    return first, replace(last, settings=first.settings, temperatures=first.temperatures) if same else last


def _fit_classes(rows: pd.DataFrame, features: Sequence[str], chosen: dict[str, Settings], workers: int) -> ClassModels:
    classes, outcomes = np.unique(rows["outcome"].to_numpy(dtype=object), return_inverse=True)
    values = _values(rows, features)
    jobs = [("classes", model, settings, values, outcomes) for model, settings in chosen.items()]
    estimators = dict(zip(chosen, in_parallel(_fit, jobs, _workers(workers, len(rows))), strict=True))
    if len(classes) > 1:
        settings = {model: settings_text(settings) for model, settings in chosen.items()}
        settings |= {VOTE: f"mean of {', '.join(chosen)}"}
    else:
        settings = dict.fromkeys([*chosen, VOTE], "one class only")
    return ClassModels(tuple(features), tuple(classes), estimators, settings, {})


def _calibrated(models: ClassModels, rows: pd.DataFrame) -> ClassModels:
    """The models with temperatures fitted to rows that they have not seen, and that in words."""
    if len(models.classes) < 2 or len(rows) < CALIBRATION_ROWS:
        return models
    outcomes = np.searchsorted(np.array(models.classes, dtype=object), rows["outcome"].to_numpy(dtype=object))
    plain = models.probabilities(rows)
    temperatures = {model: fit_temperature(p, outcomes) for model, p in plain.items() if model != VOTE}
    # The vote is taken of what the others say when calibrated, and may be too cautious then.
    vote = replace(models, temperatures=temperatures).probabilities(rows)[VOTE]
    temperatures[VOTE] = fit_temperature(vote, outcomes)
    settings = {model: f"{text}, temperature {temperatures[model]:g}" for model, text in models.settings.items()}
    return replace(models, settings=settings, temperatures=temperatures)


# --- frames ----------------------------------------------------------------------------------------------


def _check_frames(frames: pd.DataFrame, features: Sequence[str], roles: Sequence[str]) -> None:
    needed = ["sample_number", "customer_id", "role", "amount" if roles is AMOUNT_ROLES else "outcome", *features]
    missing = [column for column in needed if column not in frames]
    if missing:
        raise ValueError(f"The frames lack {', '.join(missing)}.")
    if not features:
        raise ValueError("There are no features to learn from.")
    unknown = sorted(set(frames["role"]) - set(roles), key=str)
    if unknown:
        raise ValueError(f"The frames know no role {unknown[0]!r}; it is one of {', '.join(roles)}.")
    if frames["sample_number"].duplicated().any():
        raise ValueError("A sample_number comes twice.")


def _values(frames: pd.DataFrame, features: Sequence[str]) -> np.ndarray:
    """Features (n, d) as numbers; what is missing or infinite is NaN."""
    columns = [frames[feature].to_numpy(dtype=float, na_value=np.nan) for feature in features]
    values = np.column_stack(columns) if len(frames) else np.empty((0, len(features)))
    return np.where(np.isfinite(values), values, np.nan)


def _stacked(tables: list[pd.DataFrame], columns: Sequence[str], order: list[str]) -> pd.DataFrame:
    if not tables:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(tables, ignore_index=True).sort_values(order, ignore_index=True)


def rank_outcomes(told: pd.DataFrame, most: int | None = None) -> pd.DataFrame:
    """Foretold probabilities with `outcome_rank`: 1 is the likeliest class of a model's frame; `most` of each at most.

    Of equally likely classes the first by name comes first.
    """
    order = ["model", "sample_number", "probability", "outcome"]
    ranked = told.sort_values(order, ascending=[True, True, False, True], ignore_index=True)
    ranked["outcome_rank"] = ranked.groupby(["model", "sample_number"]).cumcount() + 1
    return ranked if most is None else ranked[ranked["outcome_rank"] <= most]


def label_by_clusters(customers: pd.DataFrame, measures: Sequence[str], clusters: int) -> list[str]:
    """Cluster (n,) of each customer, by KMeans of the standardised measures of the customers whose role is train."""
    values = customers[list(measures)].to_numpy(dtype=float)
    train = (customers["role"] == "train").to_numpy()
    with threadpool_limits(1):
        scaler = StandardScaler().fit(values[train])
        found = KMeans(clusters, n_init=KMEANS_STARTS, random_state=SEED).fit(scaler.transform(values[train]))
        numbers = found.predict(scaler.transform(values))
    return [f"cluster {number}" for number in numbers]
