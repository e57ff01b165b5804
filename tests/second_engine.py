"""Sail with a few rows, which tests of the translation share. A plugin of pytest."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

if TYPE_CHECKING:
    from dbt.adapters.sparkconnect.engine import Engine

# Rows with what engines treat differently: nulls, halves, cents, texts of two bytes, days of two years.
ROWS = """
    create table shop.lines as
    select * replace (cast(share as double) as share) from (values
        ('a', 1, cast(10.25 as decimal(18, 2)), 0.5, date '2023-12-31', timestamp '2023-12-31 23:59:00', 'café', true),
        ('a', 2, cast(0.10 as decimal(18, 2)), 1.5, date '2024-02-29', timestamp '2024-02-29 00:00:00', 'tea', false),
        ('a', 3, cast(7.77 as decimal(18, 2)), 2.5, date '2024-03-01', timestamp '2024-03-01 12:30:00', null, true),
        ('b', 4, cast(-3.15 as decimal(18, 2)), null, date '2024-03-03', null, 'tea', null),
        ('b', null, null, -2.5, null, timestamp '2024-03-04 08:15:30', '12.50', false),
        ('c', 6, cast(74.12 as decimal(18, 2)), 1234.565, date '2024-07-07', timestamp '2024-07-07 01:00:00', '0', true)
    ) as rows (customer, quantity, amount, share, day, moment, word, is_new)
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    # The extra that it needs is not everywhere; the plugin is loaded for all tests.
    from dbt.adapters.sparkconnect.engine import engine_at

    with pytest.MonkeyPatch.context() as patch:
        # Sail writes its tables below the folder that it was started in.
        patch.chdir(tmp_path_factory.mktemp("sail"))
        yield engine_at("sail")


@pytest.fixture(scope="module")
def connection(engine: Engine) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema shop")
        connection.execute(ROWS)
        engine.upload("shop", "lines", connection, "from shop.lines")
        yield connection


def plain(value: Any) -> Any:
    """A value as both engines have it; numbers are compared as numbers."""
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() else f"{value:.12g}"
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else f"{value.normalize():f}"
    if isinstance(value, dict):
        return tuple(plain(one) for one in value.values())
    if isinstance(value, list | tuple):
        return tuple(plain(one) for one in value)
    return value


def rows_of(table: Any) -> list[tuple[Any, ...]]:
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return sorted((plain(row) for row in rows), key=repr)
