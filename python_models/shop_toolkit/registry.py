"""Registries: tables of what was fitted, one set of rows per version, that a fit adds its own rows to.

A Python fit is an ordinary dbt table. It returns what is stored already, and where a version is still missing
also the rows of that version; so a version is fitted once and its rows never change.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import duckdb
import pandas as pd

from shop_toolkit.tables import typed

# What a Python model may return: rows that stay in DuckDB, or a data frame.
Rows: TypeAlias = duckdb.DuckDBPyRelation | pd.DataFrame


def stored_rows(dbt: Any, session: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyRelation | None:
    """What earlier builds stored in the table of the running model; None before its first build.

    Args:
        dbt: The object that dbt hands to a Python model.
        session: The connection that dbt hands to a Python model.

    Returns:
        A relation over the table as it is, or None.
    """
    this = dbt.this
    query = "select count(*) from information_schema.tables where table_schema = ? and table_name = ?"
    ((count,),) = session.execute(query, [this.schema, this.identifier]).fetchall()
    return session.query(f'select * from "{this.schema}"."{this.identifier}"') if count else None


def pending_version(dbt: Any, session: duckdb.DuckDBPyConnection, versions: duckdb.DuckDBPyRelation) -> int | None:
    """The active version, where the running model stores nothing of it yet.

    Args:
        dbt: The object that dbt hands to a Python model.
        session: The connection that dbt hands to a Python model.
        versions: The relation `model_versions` (model_version, is_active).

    Returns:
        The number of the version to fit, or None where there is nothing to fit.
    """
    active = [version for (version,) in versions.filter("is_active").select("model_version").fetchall()]
    stored = stored_rows(dbt, session)
    known = set() if stored is None else set(stored.select("model_version").distinct().fetchall())
    return next((version for version in active if (version,) not in known), None)


def pending_runs(dbt: Any, session: duckdb.DuckDBPyConnection, runs: duckdb.DuckDBPyRelation) -> list[tuple[str, int]]:
    """Runs of which the running model stores nothing yet.

    Args:
        dbt: The object that dbt hands to a Python model.
        session: The connection that dbt hands to a Python model.
        runs: A relation with prediction_run and model_version, in any order and with repeats.

    Returns:
        (prediction_run, model_version) of each run to fit, sorted.
    """
    asked = set(runs.select("prediction_run, model_version").distinct().fetchall())
    stored = stored_rows(dbt, session)
    known = set() if stored is None else set(stored.select("prediction_run, model_version").distinct().fetchall())
    return sorted(asked - known)


def with_stored_rows(
    dbt: Any,
    session: duckdb.DuckDBPyConnection,
    tables: Sequence[pd.DataFrame],
    types: Mapping[str, str],
) -> Rows:
    """What the running model returns: the stored rows, and after them those that this build fitted.

    Args:
        dbt: The object that dbt hands to a Python model.
        session: The connection that dbt hands to a Python model.
        tables: The rows that this build fitted, each with the columns of `types`; may be empty.
        types: The columns of the table, in order, with their pandas types.

    Returns:
        A relation where rows are stored (they stay in DuckDB), else a data frame with the columns of `types`.
    """
    filled = [table for table in tables if len(table)]
    fitted = typed(pd.concat(filled, ignore_index=True) if filled else None, types)
    stored = stored_rows(dbt, session)
    if stored is None:
        return fitted
    reused = stored.select(", ".join(types))
    return reused.union(session.from_df(fitted)) if len(fitted) else reused
