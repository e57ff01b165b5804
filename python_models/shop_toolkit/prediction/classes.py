"""Predictions of classes: the probability of each, calibrated, by several models and by their vote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
from shop_toolkit.prediction.samples import check_samples, feature_values, stack
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
        job = (list(self.estimators.values()), feature_values(samples, self.features), len(self.classes))
        (plain,) = in_parallel(_all_probabilities, [job], 1)
        calibrated = {
            model: tempered(p, self.temperatures.get(model, 1)) for model, p in zip(self.estimators, plain, strict=True)
        }
        # scikit-learn's `VotingClassifier` would fit the models again, and average what is not calibrated.
        vote = floored(np.mean(list(calibrated.values()), axis=0))
        return calibrated | {VOTE: tempered(vote, self.temperatures.get(VOTE, 1))}

    def predict(self, samples: pd.DataFrame, model: str | None = None) -> pd.DataFrame:
        """Predict the classes of samples.

        Args:
            samples: One row per sample: sample_number, role and the features.
            model: The only model to predict with; None is all.

        Returns:
            One row per model, sample and class: model, settings, sample_number, role, outcome, probability (0..1).
        """
        samples = samples.sort_values("sample_number")
        by_model = self.probabilities(samples)
        return pd.concat([self._table(samples, name, by_model[name]) for name in by_model if model in (None, name)])

    def _table(self, samples: pd.DataFrame, model: str, probabilities: np.ndarray) -> pd.DataFrame:
        table = samples[["sample_number", "role"]].iloc[np.repeat(np.arange(len(samples)), len(self.classes))]
        table = table.reset_index(drop=True)
        table["outcome"] = np.tile(np.array(self.classes, dtype=object), len(samples))
        table["probability"] = np.round(probabilities.ravel(), PROBABILITY_DECIMALS)
        return table.assign(model=model, settings=self.settings[model])[list(CLASS_COLUMNS)]


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
    first, last = fits
    validation, later = samples[samples["role"] == "validation"], samples[samples["role"].isin(["test", "predict"])]
    tables = [models.predict(rows) for models, rows in ((first, validation), (last, later)) if len(rows)]
    return stack(tables, CLASS_COLUMNS, ["model", "sample_number", "outcome"])


def fit_calibrated(
    samples: pd.DataFrame, features: Sequence[str], grids: Grids = CLASS_GRIDS, workers: int = 2
) -> tuple[ClassModels, ClassModels] | None:
    """Fit the models behind `predict_classes`, to predict in batches: `models.predict(batch)`.

    Args:
        samples: As for `predict_classes`.
        features: Columns to learn from.
        grids: Values to try for each parameter, by model.
        workers: Processes; any number gives the same models.

    Returns:
        Models of the training rows, and models of training and validation rows, with the same settings and
        temperatures. None where there are no training rows, or too few for any model.

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
    classes, outcomes = np.unique(train["outcome"].to_numpy(dtype=object), return_inverse=True)
    customers = train["customer_id"].to_numpy()
    chosen = best_settings("classes", grids, feature_values(train, features), outcomes, customers, workers)
    if not chosen:  # too few rows for any model
        return None
    first = _fit_classes(train, features, chosen, workers)
    if validation.empty:
        return first, first
    known = validation[validation["outcome"].isin(classes)]
    first = _calibrated(first, known) if len(known) else first
    last = _fit_classes(samples[samples["role"].isin(["train", "validation"])], features, chosen, workers)
    same = len(last.classes) > 1 and len(first.classes) > 1
    return first, replace(last, settings=first.settings, temperatures=first.temperatures) if same else last


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


def _calibrated(models: ClassModels, rows: pd.DataFrame) -> ClassModels:
    """The models with temperatures fitted to rows that they have not seen; their settings name them."""
    if len(models.classes) < 2 or len(rows) < CALIBRATION_ROWS:
        return models
    outcomes = np.searchsorted(np.array(models.classes, dtype=object), rows["outcome"].to_numpy(dtype=object))
    plain = models.probabilities(rows)
    temperatures = {model: fit_temperature(p, outcomes) for model, p in plain.items() if model != VOTE}
    # The vote is the mean of the calibrated probabilities, and may be too cautious then.
    vote = replace(models, temperatures=temperatures).probabilities(rows)[VOTE]
    temperatures[VOTE] = fit_temperature(vote, outcomes)
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
