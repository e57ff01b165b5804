"""Forecasts of amounts of money."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin

from shop_toolkit.grids import AMOUNT_GRIDS, Grids, check_grids, settings_text
from shop_toolkit.parallel import in_parallel
from shop_toolkit.prediction.estimators import fit_model
from shop_toolkit.prediction.samples import check_samples, feature_values, in_pieces, stack
from shop_toolkit.prediction.tuning import best_settings, worth_workers

# The last bits of a sum hang on how many rows are summed at once; results are rounded before they could show.
AMOUNT_DECIMALS = 6

AMOUNT_COLUMNS = ("model", "settings", "sample_number", "amount")


@dataclass(frozen=True)
class AmountModel:
    """A fitted model of amounts, and its settings in words."""

    model: str
    settings: str
    features: tuple[str, ...]
    estimator: RegressorMixin

    def forecast(self, samples: pd.DataFrame) -> pd.DataFrame:
        """One row per sample: model, settings, sample_number and amount (money, at least 0)."""
        samples = samples.sort_values("sample_number")
        (amounts,) = in_parallel(_amounts, [(self.estimator, feature_values(samples, self.features))], 1)
        columns = {"sample_number": samples["sample_number"].to_numpy(), "amount": np.round(amounts, AMOUNT_DECIMALS)}
        table = pd.DataFrame(columns).assign(model=self.model, settings=self.settings)
        return table[list(AMOUNT_COLUMNS)]


def _amounts(estimator: RegressorMixin, values: np.ndarray) -> np.ndarray:
    """Amounts (n,) of rows (n, d)."""
    return in_pieces(estimator.predict, values) if len(values) else np.empty(0)


def forecast_amounts(
    samples: pd.DataFrame, features: Sequence[str], grids: Grids = AMOUNT_GRIDS, workers: int = 2
) -> pd.DataFrame:
    """Forecast amounts with each model, tuned and fitted on the training rows.

    Args:
        samples: One row per sample: sample_number (whole, a key), customer_id, role ('train', 'validation', 'test' or
            'predict'), amount (money that followed, at least 0, needed for training only) and the features (numbers or
            booleans, may be missing).
        features: Columns to learn from.
        grids: Values to try for each parameter, by model.
        workers: Processes; any number gives the same rows.

    Returns:
        One row per model and sample whose role is not train: model, settings, sample_number and amount (money, at
        least 0). No rows without training rows.

    Raises:
        ValueError: The grids or the samples are wrong.
    """
    models = fit_amounts(samples, features, grids, workers)
    later = samples[samples["role"] != "train"]
    tables = [model.forecast(later) for model in models] if len(later) else []
    return stack(tables, AMOUNT_COLUMNS, ["model", "sample_number"])


def fit_amounts(
    samples: pd.DataFrame, features: Sequence[str], grids: Grids = AMOUNT_GRIDS, workers: int = 2
) -> list[AmountModel]:
    """Fit the models behind `forecast_amounts`, to forecast in batches: `models[0].forecast(batch)`.

    Args:
        samples: As for `forecast_amounts`.
        features: Columns to learn from.
        grids: Values to try for each parameter, by model.
        workers: Processes; any number gives the same models.

    Returns:
        One fitted model per name of the grids; none without training rows.

    Raises:
        ValueError: The grids or the samples are wrong.
    """
    check_grids(grids, "amounts")
    check_samples(samples, features, "amount")
    train = samples[samples["role"] == "train"].sort_values("sample_number")
    if train.empty:
        return []
    values, amounts = feature_values(train, features), train["amount"].to_numpy(dtype=float, na_value=np.nan)
    if not (amounts >= 0).all():
        raise ValueError("A training row has no amount, or one below 0.")
    chosen = best_settings("amounts", grids, values, amounts, train["customer_id"].to_numpy(), workers)
    jobs = [("amounts", model, settings, values, amounts) for model, settings in chosen.items()]
    estimators = in_parallel(fit_model, jobs, worth_workers(workers, len(train)))
    return [
        AmountModel(model, settings_text(settings), tuple(features), estimator)
        for (model, settings), estimator in zip(chosen.items(), estimators, strict=True)
    ]
