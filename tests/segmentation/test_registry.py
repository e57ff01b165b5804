"""Registries in Python: a fit returns what is stored and adds what is missing, once."""

from types import SimpleNamespace
from typing import Any

import duckdb
import pandas as pd
import pytest
from shop_toolkit.registry import pending_runs, pending_version, stored_rows, with_stored_rows

TYPES = {"name": "str", "model_version": "int32", "value": "float"}


@pytest.fixture
def session() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.fixture
def dbt() -> Any:
    """As dbt hands it to a Python model: `this` names the model's own table."""
    return SimpleNamespace(this=SimpleNamespace(schema="main", identifier="fits"))


def store(session: duckdb.DuckDBPyConnection, rows: str) -> None:
    session.execute(f"create or replace table fits as from (values {rows}) as rows (name, model_version, value)")


def versions(session: duckdb.DuckDBPyConnection, active: int | None) -> duckdb.DuckDBPyRelation:
    condition = f"model_version = {active}" if active else "false"
    return session.query(
        f"select model_version, {condition} as is_active from (values (1), (2)) as versions (model_version)"
    )


def test_before_the_first_build_nothing_is_stored(dbt: Any, session: duckdb.DuckDBPyConnection) -> None:
    assert stored_rows(dbt, session) is None
    assert pending_version(dbt, session, versions(session, 2)) == 2
    empty = with_stored_rows(dbt, session, [], TYPES)
    assert list(empty.columns) == list(TYPES)
    assert len(empty) == 0


def test_a_version_is_pending_until_its_rows_are_stored(dbt: Any, session: duckdb.DuckDBPyConnection) -> None:
    store(session, "('a', 1, 0.5)")
    assert pending_version(dbt, session, versions(session, 2)) == 2
    # what is not active is left alone, stored or not
    assert pending_version(dbt, session, versions(session, 1)) is None
    assert pending_version(dbt, session, versions(session, None)) is None


def test_stored_rows_are_kept_and_new_ones_added(dbt: Any, session: duckdb.DuckDBPyConnection) -> None:
    store(session, "('a', 1, 0.5), (null, 1, null)")
    fitted = pd.DataFrame({"value": [0.25], "model_version": [2], "name": ["b"], "other": [9]})
    rows = with_stored_rows(dbt, session, [fitted, pd.DataFrame()], TYPES).order("model_version, name").fetchall()
    assert rows == [("a", 1, 0.5), (None, 1, None), ("b", 2, 0.25)]
    assert with_stored_rows(dbt, session, [], TYPES).order("name").fetchall() == rows[:2]


def test_runs_are_pending_by_name_and_version(dbt: Any, session: duckdb.DuckDBPyConnection) -> None:
    runs = session.query(
        "from (values ('live', 2), ('backtest', 2), ('live', 2), ('live', 1)) as runs (prediction_run, model_version)"
    )
    assert pending_runs(dbt, session, runs) == [("backtest", 2), ("live", 1), ("live", 2)]
    session.execute("create table fits as select 'live' as prediction_run, 2 as model_version")
    assert pending_runs(dbt, session, runs) == [("backtest", 2), ("live", 1)]
