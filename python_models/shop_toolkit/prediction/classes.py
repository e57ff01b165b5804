"""Predictions of classes: the probability of each, calibrated, by several models and by their vote."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin

from shop_toolkit.grids import CLASS_GRIDS, Grids, Settings, check_grids, settings_text
from shop_toolkit.parallel import in_parallel
from shop_toolkit.prediction.calibration import (
    CALIBRATION_ROWS,
    fit_temperature,
    floored,
    probabilities_of,
    tempered,
)
from shop_toolkit.prediction.estimators import fit_model
from shop_toolkit.prediction.samples import check_samples, feature_values, join_categories, stack
from shop_toolkit.prediction.tuning import best_settings, worth_workers

PROBABILITY_DECIMALS = 9

VOTE = "soft_vote"

CLASS_COLUMNS = ("model", "settings", "sample_number", "role", "outcome", "probability")


@dataclass(frozen=True)
class ClassModels:
    """Fitted models of classes, by name, their settings in words and their temperatures; the vote is their mean."""

    features: tuple[str, ...]
    classes: tuple[str, ...]
    estimators: dict[str, ClassifierMixin]
    settings: dict[str, str]
    temperatures: dict[str, float]

    def probabilities(self, samples: pd.DataFrame) -> dict[str, np.ndarray]:
        """Calibrated probabilities (n, c) of the classes of samples (n rows, in their order), by model."""
        return self.calibrate(self.plain_probabilities(samples))

    def probabilities_by(self, samples: pd.DataFrame, model: str) -> np.ndarray:
        """Those of `probabilities` by one model; others compute nothing unless it is their vote."""
        if model == VOTE:
            return self.probabilities(samples)[VOTE]
        return replace(self, estimators={model: self.estimators[model]}).probabilities(samples)[model]

    def plain_probabilities(self, samples: pd.DataFrame) -> list[np.ndarray]:
        """What each estimator gives for probabilities (n, c), not calibrated."""
        job = (list(self.estimators.values()), feature_values(samples, self.features), len(self.classes))
        (plain,) = in_parallel(_all_probabilities, [job], 1)
        return plain

    def calibrate(self, plain: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
        """Calibrated probabilities (n, c) by model, from those of `plain_probabilities`."""
        calibrated = {
            model: tempered(p, self.temperatures.get(model, 1)) for model, p in zip(self.estimators, plain, strict=True)
        }
        # scikit-learn's `VotingClassifier` would fit the models again, and average what is not calibrated.
        vote = floored(np.mean(list(calibrated.values()), axis=0))
        return calibrated | {VOTE: tempered(vote, self.temperatures.get(VOTE, 1))}

    def predict(self, samples: pd.DataFrame) -> pd.DataFrame:
        """Predict the classes of samples.

        Args:
            samples: One row per sample: sample_number, role and the features.

        Returns:
            One row per model, sample and class: model, settings, sample_number, role, outcome, probability (0..1).
        """
        samples = samples.sort_values("sample_number")
        return self.table(samples, self.probabilities(samples))

    def table(self, samples: pd.DataFrame, by_model: Mapping[str, np.ndarray]) -> pd.DataFrame:
        """The rows of `predict`, from the probabilities (n, c) of the samples by model."""
        in_order = np.arange(len(self.classes))
        orders = {model: np.tile(in_order, (len(samples), 1)) for model in by_model}
        return pd.concat([self._rows(samples, model, by_model[model], orders[model]) for model in by_model])

    def ranked(
        self, samples: pd.DataFrame, by_model: Mapping[str, np.ndarray], most: int | None = None
    ) -> pd.DataFrame:
        """The rows of `rank_classes(table(samples, by_model), most)`, in less time as texts are categories."""
        names = sorted(by_model)
        # The classes are in the order of their names: a stable sort leaves equally likely ones in it.
        rounded = np.stack([np.round(by_model[name], PROBABILITY_DECIMALS) for name in names])
        order = np.argsort(-rounded, axis=2, kind="stable")[:, :, :most]
        models, count, each = order.shape
        model = np.repeat(np.arange(models), count * each)
        texts, text = np.unique([self.settings[name] for name in names], return_inverse=True)
        roles, role = np.unique(samples["role"].to_numpy(dtype=object), return_inverse=True)
        columns = {
            "model": pd.Categorical.from_codes(model, names),
            "settings": pd.Categorical.from_codes(text[model], texts.tolist()),
            "sample_number": np.tile(np.repeat(samples["sample_number"].to_numpy(), each), models),
            "role": pd.Categorical.from_codes(np.tile(np.repeat(role, each), models), roles),
            "outcome": pd.Categorical.from_codes(order.ravel(), list(self.classes)),
            "probability": np.take_along_axis(rounded, order, axis=2).ravel(),
            "outcome_rank": np.tile(np.arange(1, each + 1), models * count),
        }
        return pd.DataFrame(columns)

    def _rows(self, samples: pd.DataFrame, model: str, probabilities: np.ndarray, order: np.ndarray) -> pd.DataFrame:
        """The rows of one model: of each sample the classes with the numbers (n, k), in this order."""
        each = order.shape[1]
        columns = {
            "model": model,
            "settings": self.settings[model],
            "sample_number": np.repeat(samples["sample_number"].to_numpy(), each),
            "role": np.repeat(samples["role"].to_numpy(dtype=object), each),
            "outcome": np.array(self.classes, dtype=object)[order.ravel()],
            "probability": np.round(np.take_along_axis(probabilities, order, axis=1).ravel(), PROBABILITY_DECIMALS),
        }
        return pd.DataFrame(columns)[list(CLASS_COLUMNS)]


class CalibratedFits(NamedTuple):
    """Models of the training rows and of training and validation rows.

    `validation` has what the first ones give for probabilities (n, c) of the validation rows, in the order of their
    sample_number, by model.
    """

    trained: ClassModels
    retrained: ClassModels
    validation: dict[str, np.ndarray]

    def predict(self, samples: pd.DataFrame) -> Iterator[tuple[ClassModels, pd.DataFrame, dict[str, np.ndarray]]]:
        """Models, the samples they predict and the probabilities: first of validation rows, then of test rows."""
        samples = samples.sort_values("sample_number")
        validation, later = samples[samples["role"] == "validation"], samples[samples["role"].isin(["test", "predict"])]
        if len(validation):
            yield self.trained, validation, self.validation
        if len(later):
            yield self.retrained, later, self.retrained.probabilities(later)


def _all_probabilities(estimators: list[ClassifierMixin], values: np.ndarray, classes: int) -> list[np.ndarray]:
    return [probabilities_of(estimator, values, classes) for estimator in estimators]


def predict_classes(
    samples: pd.DataFrame, features: Sequence[str], grids: Grids = CLASS_GRIDS, workers: int = 2
) -> pd.DataFrame:
    """Predict classes with each model, tuned, fitted and calibrated, and with their vote.

    With validation rows the probabilities are calibrated: models of the training rows predict the validation rows, and
    a temperature of each model is fitted to that. Models of training and validation rows together, with the same
    temperatures, predict the other rows; these can have a class more.

    Args:
        samples: One row per sample: sample_number (whole, a key), customer_id, role ('train', 'validation', 'test' or
            'predict'), outcome (the class that followed, needed for training and validation) and the features (numbers
            or booleans, may be missing).
        features: Columns to learn from.
        grids: Values to try for each parameter, by model.
        workers: Processes; any number gives the same rows.

    Returns:
        One row per model, sample whose role is not train, and class: model, settings, sample_number, role, outcome,
        probability (0..1). A sample's probabilities add up to 1. `soft_vote` is the mean of the other models. No rows
        without training rows.

    Raises:
        ValueError: The grids or the samples are wrong.
    """
    fits = fit_calibrated(samples, features, grids, workers)
    if fits is None:
        return stack([], CLASS_COLUMNS, [])
    tables = [models.table(rows, by_model) for models, rows, by_model in fits.predict(samples)]
    return stack(tables, CLASS_COLUMNS, ["model", "sample_number", "outcome"])


def predict_ranks(samples: pd.DataFrame, features: Sequence[str], grids: Grids, workers: int = 2) -> pd.DataFrame:
    """Predict classes as `predict_classes` does, and rank them: of validation samples only the most likely one.

    Args:
        samples: As for `predict_classes`.
        features: Columns to learn from.
        grids: Values to try for each parameter, by model.
        workers: Processes; any number gives the same rows.

    Returns:
        The rows of `predict_classes` with outcome_rank: of test samples all classes, of validation samples rank 1.
        Texts are categories, which a process hands on much sooner.

    Raises:
        ValueError: The grids or the samples are wrong.
    """
    fits = fit_calibrated(samples, features, grids, workers)
    tables = []
    for models, rows, by_model in fits.predict(samples) if fits else ():
        most = 1 if (rows["role"] == "validation").all() else None
        tables.append(models.ranked(rows, by_model, most))
    if not tables:
        return stack([], [*CLASS_COLUMNS, "outcome_rank"], [])
    return join_categories(tables).sort_values(["model", "sample_number", "outcome_rank"], ignore_index=True)


def fit_calibrated(
    samples: pd.DataFrame, features: Sequence[str], grids: Grids = CLASS_GRIDS, workers: int = 2
) -> CalibratedFits | None:
    """Fit the models behind `predict_classes`, to predict in batches: `fits.retrained.predict(batch)`.

    Args:
        samples: As for `predict_classes`.
        features: Columns to learn from.
        grids: Values to try for each parameter, by model.
        workers: Processes; any number gives the same models.

    Returns:
        Models of the training rows, and models of training and validation rows, with the same settings and
        temperatures; both are the same without validation rows. None where there are no training rows, or too few for
        any model.

    Raises:
        ValueError: The grids or the samples are wrong, or a training or validation row has no class.
    """
    check_grids(grids, "classes")
    check_samples(samples, features, "outcome")
    samples = samples.sort_values("sample_number")
    train, validation = samples[samples["role"] == "train"], samples[samples["role"] == "validation"]
    if pd.concat([train, validation])["outcome"].isna().any():
        raise ValueError("A training or validation row has no outcome.")
    if train.empty:
        return None
    outcomes = np.unique(train["outcome"].to_numpy(dtype=object), return_inverse=True)[1]
    customers = train["customer_id"].to_numpy()
    chosen = best_settings("classes", grids, feature_values(train, features), outcomes, customers, workers)
    if not chosen:  # too few rows for any model
        return None
    first = _fit_classes(train, features, chosen, workers)
    if validation.empty:
        return CalibratedFits(first, first, {})
    plain = first.plain_probabilities(validation)
    first = _calibrated(first, plain, validation["outcome"].to_numpy(dtype=object))
    last = _fit_classes(samples[samples["role"].isin(["train", "validation"])], features, chosen, workers)
    same = len(last.classes) > 1 and len(first.classes) > 1
    last = replace(last, settings=first.settings, temperatures=first.temperatures) if same else last
    return CalibratedFits(first, last, first.calibrate(plain))


def _fit_classes(
    rows: pd.DataFrame, features: Sequence[str], chosen: Mapping[str, Settings], workers: int
) -> ClassModels:
    """Models of all rows, with the chosen settings and no temperatures."""
    classes, outcomes = np.unique(rows["outcome"].to_numpy(dtype=object), return_inverse=True)
    values = feature_values(rows, features)
    jobs = [("classes", model, settings, values, outcomes) for model, settings in chosen.items()]
    estimators = dict(zip(chosen, in_parallel(fit_model, jobs, worth_workers(workers, len(rows))), strict=True))
    if len(classes) > 1:
        settings = {model: settings_text(settings) for model, settings in chosen.items()}
        settings |= {VOTE: f"mean of {', '.join(chosen)}"}
    else:
        settings = dict.fromkeys([*chosen, VOTE], "one class only")
    return ClassModels(tuple(features), tuple(classes), estimators, settings, {})


def _calibrated(models: ClassModels, plain: Sequence[np.ndarray], outcomes: np.ndarray) -> ClassModels:
    """The models with temperatures fitted to rows that they have not seen; their settings name them.

    Args:
        models: Models without temperatures.
        plain: What each of them gives for probabilities (n, c) of the rows.
        outcomes: The classes (n,) of the rows; rows of a class that the models don't know are left out.
    """
    known = pd.Index(outcomes).isin(models.classes)
    if len(models.classes) < 2 or known.sum() < CALIBRATION_ROWS:
        return models
    plain = [probabilities[known] for probabilities in plain]
    numbers = np.searchsorted(np.array(models.classes, dtype=object), outcomes[known])
    by_model = zip(models.estimators, plain, strict=True)
    temperatures = {model: fit_temperature(probabilities, numbers) for model, probabilities in by_model}
    # The vote is the mean of the calibrated probabilities, and may be too cautious then.
    vote = replace(models, temperatures=temperatures).calibrate(plain)[VOTE]
    temperatures[VOTE] = fit_temperature(vote, numbers)
    settings = {model: f"{text}, temperature {temperatures[model]:g}" for model, text in models.settings.items()}
    return replace(models, settings=settings, temperatures=temperatures)


def rank_classes(predicted: pd.DataFrame, most: int | None = None) -> pd.DataFrame:
    """Rank the classes of each sample by their probability.

    Args:
        predicted: What `predict_classes` returns.
        most: Ranks to keep; None is all.

    Returns:
        The rows with outcome_rank: 1 is the most likely class of a model's sample, of equal ones the first by name.
    """
    order = ["model", "sample_number", "probability", "outcome"]
    ranked = predicted.sort_values(order, ascending=[True, True, False, True], ignore_index=True)
    ranked["outcome_rank"] = ranked.groupby(["model", "sample_number"]).cumcount() + 1
    return ranked if most is None else ranked[ranked["outcome_rank"] <= most]
