"""Which models are tried with which settings, and what a grid may hold: light, so that a build checks it at once.

`shop_toolkit.settings_plugin` makes `grid_problem` an SQL function.
"""

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

# The value of each parameter of a model, and the values to try of each, by model.
Settings = dict[str, Any]
Grids = Mapping[str, Mapping[str, Sequence[Any]]]

MOST_COMBINATIONS = 12

# What is tried by default. A parameter that a grid leaves out takes the first value here.
AMOUNT_GRIDS: Grids = {
    "linear_regression": {"target": ["square_root", "amount"], "alpha": [1000, 300, 3000]},
    "decision_tree": {"max_leaf_nodes": [16, 8, 32], "min_samples_leaf": [20, 50]},
    # Poisson loss is allowed but not tried: where few spend tens of thousands, its exponential forecasts millions.
    "gradient_boosting": {
        "target": ["square_root", "amount"], "loss": ["squared_error"], "learning_rate": [0.05],
        "max_leaf_nodes": [4, 8], "min_samples_leaf": [10, 5], "max_iter": [100],
        "l2_regularization": [0],
    },
}  # fmt: skip
CLASS_GRIDS: Grids = {
    "logistic_regression": {"C": [0.03, 0.1, 0.01]},
    "random_forest": {"min_samples_leaf": [15, 5], "n_estimators": [60]},
    "nearest_neighbours": {"n_neighbors": [60, 30, 15]},
    # Without l2_regularization the steps towards a rare class are so long that boosting is sure of what is wrong.
    "gradient_boosting": {
        "learning_rate": [0.2], "l2_regularization": [10], "max_leaf_nodes": [4, 8], "min_samples_leaf": [20],
        "max_iter": [20],
    },
}  # fmt: skip
DEFAULT_GRIDS: Mapping[str, Grids] = {"amounts": AMOUNT_GRIDS, "classes": CLASS_GRIDS}


def grid_problem(grids: str, task: str) -> str | None:
    """What is wrong with grids in JSON for a task (amounts or classes), as a sentence; None if nothing is."""
    try:
        check_grids(json.loads(grids), task)
    except ValueError as error:
        return str(error)
    return None


class Takes(NamedTuple):
    """The values that a parameter accepts: in words, and as a check of a value."""

    words: str
    holds: Callable[[object], bool]


def _whole(least: int, most: int) -> Takes:
    return Takes(
        f"whole numbers from {least} to {most}",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most,
    )


def _number(least: float, most: float) -> Takes:
    return Takes(
        f"numbers from {least:g} to {most:g}",
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most,
    )


def _word(*words: str) -> Takes:
    return Takes(" or ".join(words), lambda value: isinstance(value, str) and value in words)


_TARGET = _word("amount", "square_root")
_LEAVES, _LEAF_ROWS, _TREES = _whole(2, 256), _whole(1, 10_000), _whole(1, 200)
_BOOSTING = {
    "learning_rate": _number(0.001, 1), "max_leaf_nodes": _LEAVES, "min_samples_leaf": _LEAF_ROWS, "max_iter": _TREES,
    "l2_regularization": _number(0, 1e6),
}  # fmt: skip
# The names are scikit-learn's, but for `target`: what a regression learns.
PARAMETERS = {
    "amounts": {
        "linear_regression": {"target": _TARGET, "alpha": _number(1e-6, 1e9)},
        "decision_tree": {"max_leaf_nodes": _LEAVES, "min_samples_leaf": _LEAF_ROWS},
        "gradient_boosting": {"target": _TARGET, "loss": _word("squared_error", "poisson"), **_BOOSTING},
    },
    "classes": {
        "logistic_regression": {"C": _number(1e-6, 1e6)},
        "random_forest": {"min_samples_leaf": _LEAF_ROWS, "n_estimators": _TREES},
        "nearest_neighbours": {"n_neighbors": _whole(1, 1000)},
        "gradient_boosting": _BOOSTING,
    },
}


def check_grids(grids: Grids, task: str) -> None:
    """Check the grids of a task.

    Args:
        grids: {model: {parameter: [values]}}. Only the models named are fitted; a parameter left out takes the first
            value of the default grid.
        task: 'amounts' or 'classes'.

    Raises:
        ValueError: The task or the grids are wrong; the message is a sentence that says how.
    """
    if task not in PARAMETERS:
        raise ValueError(f"There is no task {task!r}; it is {' or '.join(PARAMETERS)}.")
    known = PARAMETERS[task]
    if not isinstance(grids, Mapping) or not grids:
        raise ValueError(f"The grids for {task} name no model; they take {', '.join(known)}.")
    for model, grid in grids.items():
        if model not in known:
            raise ValueError(f"The grids for {task} know no model {model!r}; they take {', '.join(known)}.")
        if not isinstance(grid, Mapping):
            raise ValueError(f"The grid of {model} is {grid!r}; it takes a list of values for each parameter.")
        for parameter, values in grid.items():
            if parameter not in known[model]:
                takes = ", ".join(known[model])
                raise ValueError(f"The grid of {model} knows no parameter {parameter!r}; it takes {takes}.")
            _check_values(model, parameter, values, known[model][parameter])
        if len(combinations(grid)) > MOST_COMBINATIONS:
            count = len(combinations(grid))
            raise ValueError(f"The grid of {model} has {count} combinations; it takes {MOST_COMBINATIONS} at most.")


def _check_values(model: str, parameter: str, values: object, takes: Takes) -> None:
    where = f"In the grid of {model}, {parameter}"
    if not isinstance(values, list | tuple) or not values:
        raise ValueError(f"{where} is {values!r}; it takes a list of {takes.words}.")
    for value in values:
        if not takes.holds(value):
            raise ValueError(f"{where} holds {value!r}; it takes {takes.words}.")


def combinations(grid: Mapping[str, Sequence[Any]]) -> list[Settings]:
    """Every combination of a grid's values, the first values first."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


def settings_text(settings: Settings) -> str:
    """'max_leaf_nodes 16, min_samples_leaf 20'."""
    return ", ".join(f"{parameter} {value}" for parameter, value in settings.items()) or "standard settings"


def tuned_grids(texts: Mapping[str, str], task: str) -> Grids:
    """Read tuned parameters from what `settings_text` wrote.

    Args:
        texts: Settings in words, by model.
        task: 'amounts' or 'classes'.

    Returns:
        One value of each parameter, by model. The models are those of the texts, whatever the settings of a later build
        ask for. What else the texts hold (a temperature, that a model is a mean of others) is no parameter and ignored.
    """
    tuned = {}
    for model in sorted(texts.keys() & PARAMETERS[task].keys()):
        words = [part.split(" ", 1) for part in texts[model].split(", ") if " " in part]
        tuned[model] = {name: [_value(word)] for name, word in words if name in PARAMETERS[task][model]}
    return tuned


def _value(word: str) -> object:
    try:
        return json.loads(word)
    except ValueError:
        return word
