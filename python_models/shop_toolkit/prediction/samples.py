"""Samples as the models need them: checked, and their features as numbers."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

ROLES = ("train", "validation", "test", "predict")

# Rows that a model predicts at once: what it makes of more is new memory for the system each time, and takes up to four
# times as long.
ROWS_AT_ONCE = 5_000


def check_samples(samples: pd.DataFrame, features: Sequence[str], target: str) -> None:
    """Check that samples have the columns, features and roles that a task needs.

    Args:
        samples: One row per sample.
        features: Columns to learn from.
        target: Column to learn: amount or outcome.

    Raises:
        ValueError: A column is missing, there are no features, a role is unknown, or a sample has two rows.
    """
    needed = ["sample_number", "customer_id", "role", target, *features]
    missing = [column for column in needed if column not in samples]
    if missing:
        raise ValueError(f"The samples lack {', '.join(missing)}.")
    if not features:
        raise ValueError("There are no features to learn from.")
    unknown = sorted(set(samples["role"]) - set(ROLES), key=str)
    if unknown:
        raise ValueError(f"There is no role {unknown[0]!r}; roles are {', '.join(ROLES)}.")
    if samples["sample_number"].duplicated().any():
        raise ValueError("A sample_number has two rows.")


def feature_values(samples: pd.DataFrame, features: Sequence[str]) -> np.ndarray:
    """Features of samples as numbers (n, d), in this order; what is missing or infinite is NaN."""
    columns = [samples[feature].to_numpy(dtype=float, na_value=np.nan) for feature in features]
    values = np.column_stack(columns) if len(samples) else np.empty((0, len(features)))
    return np.where(np.isfinite(values), values, np.nan)


def in_pieces(predict: Callable[[np.ndarray], np.ndarray], values: np.ndarray) -> np.ndarray:
    """What a model predicts of rows (n, d), `ROWS_AT_ONCE` at a time; n is at least 1."""
    starts = range(0, len(values), ROWS_AT_ONCE)
    return np.concatenate([predict(values[start : start + ROWS_AT_ONCE]) for start in starts])


def stack(tables: list[pd.DataFrame], columns: Sequence[str], order: list[str]) -> pd.DataFrame:
    """The rows of all tables in this order; an empty table with these columns where there are none."""
    if not tables:
        return pd.DataFrame(columns=list(columns))
    return pd.concat(tables, ignore_index=True).sort_values(order, ignore_index=True)


def join_categories(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The rows of tables with the same columns, whose categories stay categories: pandas would make texts of them.

    Args:
        tables: One table at least.

    Returns:
        All rows, in their order. The categories of a column are those of all tables, sorted.
    """
    texts = [column for column, kind in tables[0].dtypes.items() if kind == "category"]
    joined = pd.concat([table.drop(columns=texts) for table in tables], ignore_index=True)
    for text in texts:
        joined[text] = union_categoricals([table[text] for table in tables], sort_categories=True)
    return joined[list(tables[0].columns)]
