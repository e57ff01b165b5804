"""Tables that keep their column types, also without rows."""

from collections.abc import Iterator, Mapping

import duckdb
import pandas as pd

# Rows read at once: of millions of customers the features would not fit in memory together.
BATCH_ROWS = 100_000


def typed(rows: pd.DataFrame | None, types: Mapping[str, str]) -> pd.DataFrame:
    """Give a table the columns and types that its model promises.

    A table's columns are typed by its data where there is any, and an empty one would be of no type: this build may fit
    nothing, and the next one adds to the same tables.

    Args:
        rows: A table with these columns at least; None has no rows.
        types: pandas types by column.

    Returns:
        The rows with these columns alone, in their order and with their types.
    """
    if rows is None:
        rows = pd.DataFrame(columns=list(types))
    return rows[list(types)].astype(dict(types))


def with_features(
    samples: duckdb.DuckDBPyRelation, features: duckdb.DuckDBPyRelation
) -> tuple[duckdb.DuckDBPyRelation, list[str]]:
    """Samples with their features beside them, and the names of the features.

    Args:
        samples: A row per use of a sample, with its `sample_number`.
        features: A row per `sample_number`; every other column is a feature.

    Returns:
        The samples that have features, with the columns of both; the feature names in the order of the columns.
    """
    names = [column for column in features.columns if column != "sample_number"]
    return samples.join(features, "sample_number"), names


def in_batches(relation: duckdb.DuckDBPyRelation, key: str, rows: int = BATCH_ROWS) -> Iterator[pd.DataFrame]:
    """Read a relation in batches.

    Each batch queries its own part of the key's range, as a relation keeps no result between calls.

    Args:
        relation: The rows.
        key: A whole number, of each row another.
        rows: Rows of a batch at most.

    Yields:
        The rows in the order of their key.
    """
    ((least, most),) = relation.aggregate(f"min({key}), max({key})").fetchall()
    if least is None:
        return
    for start in range(least, most + 1, rows):
        batch = relation.filter(f"{key} between {start} and {start + rows - 1}").order(key).df()
        if len(batch):
            yield batch
