"""Tables that keep their column types, also without rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import duckdb
import pandas as pd

from shop_toolkit.quoting import quote_text

# Rows read at once: of millions of customers the features would not fit in memory together.
BATCH_ROWS = 100_000

# Samples of role `train` that a fit of classes or amounts uses at most; today's models of classes also learn from all
# that choose. More teach next to nothing, in two to three times the time: docs/prediction.md has the figures.
CLASS_TRAINING_ROWS, AMOUNT_TRAINING_ROWS = 30_000, 100_000


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


def typed_categories(
    session: duckdb.DuckDBPyConnection, rows: pd.DataFrame, types: Mapping[str, str]
) -> duckdb.DuckDBPyRelation:
    """The rows of `typed`, where texts are categories: DuckDB writes out a million of them in a tenth of the time.

    Args:
        session: The connection that dbt hands to a Python model.
        rows: A table with these columns at least, whose texts are categories.
        types: pandas types by column.

    Returns:
        The rows with these columns alone, in their order and with their types.
    """
    numbers = {column: kind for column, kind in types.items() if kind != "str"}
    columns = [column if column in numbers else f"cast({column} as varchar) as {column}" for column in types]
    return session.from_df(rows[list(types)].astype(numbers)).select(", ".join(columns))


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


def with_fewer_to_train(
    samples: duckdb.DuckDBPyRelation, most: int, keys: Sequence[str] = ()
) -> duckdb.DuckDBPyRelation:
    """Samples without those to train on that are too many: the customers who come first by a hash of their id stay.

    Samples to choose, calibrate or evaluate by stay all.

    Args:
        samples: A row per use of a sample, with role and customer_id.
        most: Samples to train on at most.
        keys: Columns that identify a fit.

    Returns:
        The samples that stay. A customer's samples of a fit stay together.
    """
    so_far = f"count(*) over (partition by {', '.join([*keys, 'role'])} order by md5(customer_id), customer_id)"
    counted = samples.select(f"*, {so_far} as rows_so_far")
    return counted.filter(f"role <> 'train' or rows_so_far <= {most}").select("* exclude (rows_so_far)")


def in_batches(relation: duckdb.DuckDBPyRelation, key: str, rows: int | None = None) -> Iterator[pd.DataFrame]:
    """Read a relation in batches.

    Each batch queries its own part of the key's range, as a relation keeps no result between calls.

    Args:
        relation: The rows.
        key: A whole number or a text, null in no row; rows with the same one are in one batch.
        rows: Rows of a batch at most; None: `BATCH_ROWS`.

    Yields:
        The rows in the order of their key.

    Raises:
        ValueError: The key of a row is null.
    """
    numbered = relation.select(f"{key} as first_key, row_number() over (order by {key}) - 1 as place")
    starts = numbered.filter(f"place % {rows or BATCH_ROWS} = 0 or first_key is null")
    firsts = starts.select("first_key").distinct().order("first_key").fetchall()
    if (None,) in firsts:
        raise ValueError(f"{key} is null in some rows, which would be in no batch")
    bounds = [quote_text(first) if isinstance(first, str) else str(first) for (first,) in firsts]
    for first, following in zip(bounds, [*bounds, None][1:], strict=True):
        batch = relation.filter(f"{key} >= {first}" + (f" and {key} < {following}" if following else ""))
        yield batch.order(key).df()


def gathered(
    session: duckdb.DuckDBPyConnection, batches: Iterable[pd.DataFrame], types: Mapping[str, str]
) -> duckdb.DuckDBPyRelation:
    """Gather batches in DuckDB, so that Python never holds more than one of them.

    They are in a temporary table, which DuckDB moves to the disk where memory is short. It ends with the connection,
    or when the connection gathers others.

    Args:
        session: The connection that dbt hands to a Python model.
        batches: Tables with these columns at least.
        types: pandas types by column.

    Returns:
        The rows of all batches, in their order.
    """
    session.register("batch", typed(None, types))
    session.execute("create or replace temporary table gathered_batches as from batch")
    for batch in batches:
        # Categories become texts in DuckDB, which is quicker than in pandas.
        kept = {column: kind for column, kind in types.items() if batch[column].dtype != "category"}
        session.register("batch", batch[list(types)].astype(kept))
        session.execute("insert into gathered_batches from batch")
    session.unregister("batch")
    return session.query("from gathered_batches")
