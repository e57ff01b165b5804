"""Tuning: which hyperparameters are best, by cross-validation on the training rows alone."""

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GridSearchCV, PredefinedSplit

from shop_toolkit.grids import Grids, Settings, check_grids, combinations
from shop_toolkit.parallel import PARALLEL_CUSTOMERS, in_parallel
from shop_toolkit.prediction.calibration import probabilities_of
from shop_toolkit.prediction.estimators import fit_model, with_defaults
from shop_toolkit.prediction.reuse import keep_results
from shop_toolkit.prediction.samples import feature_values


class Search(NamedTuple):
    """How settings are compared: on the rows of so many customers that there are `rows` at most, in so many folds."""

    rows: int
    folds: int


# The fit itself takes all rows. Amounts are few and large, so their losses are the rougher ones; nine classes take
# nine times as long.
SEARCHES = {"amounts": Search(8000, 3), "classes": Search(3000, 2)}

# Settings of amounts are compared as if nobody spent more than all but one in a hundred do: on the real file these
# few make up three quarters of the squared error, and chose what their folds happened to like.
SEARCH_QUANTILE = 0.99

# A forest with fewer trees shows as well which settings are better.
SEARCH_TREES = 25

LOSS_DIGITS = 9


def best_settings(
    task: str, grids: Grids, values: np.ndarray, target: np.ndarray, customers: np.ndarray, workers: int = 2
) -> dict[str, Settings]:
    """The settings of each model with the least loss in cross-validation grouped by customer.

    A customer's rows are all learned from or all held out. The loss is the log-loss of classes, and the squared error
    of amounts cut at the 99 % quantile.

    Args:
        task: 'amounts' or 'classes'.
        grids: Values to try for each parameter, by model.
        values: Features (n, d).
        target: Amounts (n,) in money or, as numbers from 0, classes.
        customers: Whose rows they are (n,).
        workers: Processes; any number gives the same settings.

    Returns:
        One value per parameter, by model; of equally good settings the first. A model is left out where the rows are
        too few for any of its settings. With fewer than two customers nothing can be held out, and the first settings
        win.
    """
    rows, folds = search_folds(customers, SEARCHES[task])
    values, target = values[rows], target[rows]
    tried = {model: [one for one in combinations(grids[model]) if _can_fit(model, one, len(rows))] for model in grids}
    tried = {model: settings for model, settings in tried.items() if settings}
    splits = list(PredefinedSplit(folds).split()) if len(set(customers)) > 1 else []
    fewest = min((len(train) for train, _ in splits), default=0)
    open_to = {model: [one for one in tried[model] if _can_fit(model, one, fewest)] for model in tried}
    jobs = [
        (task, model, settings, values, target, splits)
        for model, settings in open_to.items()
        if len(tried[model]) > 1 and settings and splits
    ]
    found = in_parallel(_search, jobs, worth_workers(workers, len(rows)), f"settings for {task}", "models tuned")
    return {model: settings[0] for model, settings in tried.items()} | dict(found)


def _search(
    task: str,
    model: str,
    settings: Sequence[Settings],
    values: np.ndarray,
    target: np.ndarray,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
) -> tuple[str, Settings]:
    """A model and the best of its settings; of equally good ones the first."""
    if task == "amounts":
        score = partial(_amount_score, most=np.quantile(target, SEARCH_QUANTILE) or target.max())
    else:
        score = partial(_class_score, classes=target.max() + 1)
    grid = GridSearchCV(
        Tuned(task, model), {"settings": list(settings)}, scoring=score, cv=splits, refit=False, error_score="raise"
    )
    with keep_results():  # all settings are fitted to the same rows
        results = grid.fit(values, target).cv_results_
    return model, results["params"][results["rank_test_score"].argmin()]["settings"]


class Tuned(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A model of the grids whose settings are one parameter, as models share no scheme of names."""

    def __init__(self, task: str, model: str, settings: Settings | None = None):
        self.task = task
        self.model = model
        self.settings = settings

    def fit(self, values: np.ndarray, target: np.ndarray) -> "Tuned":
        """Fit on rows (n, d) and their amounts or classes (n,)."""
        settings = dict(self.settings or {})
        if self.model == "random_forest":
            settings["n_estimators"] = SEARCH_TREES
        self.fitted_ = fit_model(self.task, self.model, settings, values, target)
        return self


def _amount_score(tuned: Tuned, values: np.ndarray, amounts: np.ndarray, most: float) -> float:
    """Negative mean squared error of amounts cut at `most`; so rounded that equal ones are equal."""
    predicted = tuned.fitted_.predict(values)
    loss = mean_squared_error(np.minimum(amounts, most), np.minimum(predicted, most))
    return -float(f"{loss:.{LOSS_DIGITS}g}")


def _class_score(tuned: Tuned, values: np.ndarray, classes_of: np.ndarray, classes: int) -> float:
    """Negative log-loss, also of classes that the fold has not seen; so rounded that equal ones are equal.

    scikit-learn's `log_loss` refuses rows of one class only.
    """
    probabilities = probabilities_of(tuned.fitted_, values, classes)
    loss = -np.log(probabilities[np.arange(len(probabilities)), classes_of]).mean()
    return -float(f"{loss:.{LOSS_DIGITS}g}")


def tune(task: str, samples: pd.DataFrame, features: Sequence[str], grids: Grids, workers: int = 2) -> Grids:
    """Tune the hyperparameters of each model on the training rows of `samples` (see `best_settings`).

    What is tuned at one cutoff date can be kept for later ones, whose rows it has not seen: tuning takes most time.

    Args:
        task: 'amounts' or 'classes'.
        samples: As for `forecast_amounts` or `predict_classes`.
        features: Columns to learn from.
        grids: Values to try for each parameter, by model.
        workers: Processes; any number gives the same settings.

    Returns:
        The grids with one value for each parameter. Models that the rows are too few for are left out; without any
        left, or without training rows, the grids as they are.

    Raises:
        ValueError: The grids are wrong.
    """
    check_grids(grids, task)
    train = samples[samples["role"] == "train"].sort_values("sample_number")
    if train.empty:
        return grids
    if task == "amounts":
        target = train["amount"].to_numpy(dtype=float)
    else:
        target = np.unique(train["outcome"].to_numpy(dtype=object), return_inverse=True)[1]
    best = best_settings(task, grids, feature_values(train, features), target, train["customer_id"].to_numpy(), workers)
    return {model: {name: [value] for name, value in best[model].items()} for model in best} or grids


def search_folds(customers: np.ndarray, search: Search) -> tuple[np.ndarray, np.ndarray]:
    """Draw the rows that settings are compared on, and deal them out to folds.

    As scikit-learn's `GroupKFold`, but by chance and not by size. On the embedded shop `GroupKFold` chooses other
    settings for 4 of 19 models, which are no better on later data: the log-loss of the logistic regression is 1.022
    instead of 1.005, the error of boosted amounts 401 instead of 399.

    Args:
        customers: Whose rows they are (n,).
        search: How many rows and folds.

    Returns:
        Positions of the rows (m,), and the fold of each (m,), from 0. Customers are in the order of a hash of their id;
        the first of them, to at most that many rows, are dealt out. A customer's rows are in one fold.
    """
    numbers, names = pd.factorize(np.asarray(customers, dtype=object))
    order = sorted(range(len(names)), key=lambda number: (_hash(names[number]), names[number]))
    place = np.argsort(order) if order else np.empty(0, dtype=int)
    rows_so_far = np.cumsum(np.bincount(numbers, minlength=len(names))[order])
    drawn = max(int((rows_so_far <= search.rows).sum()), min(search.folds, len(names)))
    rows = np.flatnonzero(place[numbers] < drawn)
    return rows, place[numbers[rows]] % search.folds


def _hash(text: str) -> bytes:
    return hashlib.blake2b(str(text).encode(), digest_size=8).digest()


def worth_workers(workers: int, rows: int) -> int:
    """As many processes as are worth their start: one for few rows."""
    return workers if rows >= PARALLEL_CUSTOMERS else 1


def _can_fit(model: str, settings: Settings, rows: int) -> bool:
    """Whether so many rows are enough for the settings: neighbours have to be there."""
    return model != "nearest_neighbours" or rows >= with_defaults("classes", model, settings)["n_neighbors"]
