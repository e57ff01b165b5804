"""What lines make of an input, in a database in memory and without dbt: a file takes less than a second.

The plan is the build's, and the models are the project's SQL, rendered as dbt renders them in a first build. That dbt
builds the same is tested with one of them (tests/sources/test_known_exports.py).
"""

import datetime
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any

import duckdb
import pandas as pd
import yaml
from conftest import ROOT
from dbt_common.clients.jinja import get_template
from shop_toolkit.ingest.files import workbook_rows
from shop_toolkit.ingest.macros import load_macros
from shop_toolkit.ingest.request import Request
from shop_toolkit.ingest.source import prepare_input

MODELS = {path.stem: path for path in (ROOT / "models").rglob("*.sql")}
SEEDS = {path.stem: path for path in (ROOT / "seeds").rglob("*.csv")}
# Macros ask for these by their names in the warehouse.
SCHEMAS = {"ingest_plan": "sources", "base_transactions": "staging"}


class Lines:
    """The input of a first build, and each model that is asked for."""

    appends = False
    # Rows of the seed of this name.
    custom_segments: tuple[SimpleNamespace, ...] = ()

    def __init__(self, connection: duckdb.DuckDBPyConnection, **settings: Any) -> None:
        self.connection = connection
        self.settings = default_settings() | settings
        self.built: set[str] = set()
        CURRENT[:] = [self]
        self.messages = prepare_input(connection, Request(**context()["input_request"]()))
        connection.execute("create schema staging")

    def ref(self, name: str) -> str:
        """The table of a seed or model, built where it is missing."""
        table = f"{SCHEMAS.get(name, 'main')}.{name}"
        if name not in self.built:
            self.built.add(name)
            self.connection.execute(f"create or replace table {table} as {self._query(name)}")
            if name == "base_transactions":
                self.connection.execute(rendered("{{ insert_ingested_files() }}"))
        return table

    def append(self) -> None:
        """Append the rows of the input that are new to `base_transactions`, as a later build does."""
        table = self.ref("base_transactions")
        prepare_input(self.connection, Request(**context()["input_request"]()))
        self.appends = True
        self.connection.execute(rendered("{{ complete_row_keys() }}") or "select 1")
        self.connection.execute(f"insert into {table} {self._query('base_transactions')}")
        self.appends = False
        self.connection.execute(rendered("{{ delete_ingested_files() }}; {{ insert_ingested_files() }}"))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query with `ref`, as models have it."""
        return self.connection.execute(rendered(query)).fetchall()

    def _query(self, name: str) -> str:
        if name in SEEDS:
            return f"from read_csv('{SEEDS[name]}', header = true, all_varchar = true)"
        return rendered(MODELS[name].read_text("utf-8"))


class Given(Lines):
    """Models on given tables instead of an input."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, **tables: pd.DataFrame) -> None:
        self.connection, self.settings, self.built = connection, default_settings(), set()
        CURRENT[:] = [self]
        self.store(**tables)

    def store(self, **tables: pd.DataFrame) -> None:
        """Make or replace tables that models find by their names."""
        for name, rows in tables.items():
            self.connection.register("given", rows)
            self.connection.execute(f"create or replace table {name} as from given")
            self.built.add(name)


# The lines that macros and models are rendered for: to compile them takes longer than all else.
CURRENT: list[Lines] = []


@cache
def default_settings() -> dict[str, Any]:
    """The settings of dbt_project.yml."""
    settings: dict[str, Any] = yaml.safe_load((ROOT / "dbt_project.yml").read_text("utf-8"))["vars"]
    return settings


@cache
def context() -> dict[str, Any]:
    """What dbt offers to models in a first build of all."""
    given = {
        "var": lambda name: CURRENT[0].settings[name],
        "flags": SimpleNamespace(FULL_REFRESH=False, WHICH="build"),
        "run_started_at": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        "modules": SimpleNamespace(datetime=datetime, re=re),
        "execute": True,
        "target": SimpleNamespace(type="duckdb", database="memory", schema="main"),
        "uses_stored_rules": lambda: False,
        "given_settings": list,
        "custom_segments": lambda: CURRENT[0].custom_segments,
        "all_selected": lambda _: True,
        "ref": lambda name: CURRENT[0].ref(name),
        "source": lambda _, name: f"sources.{name}",
        "is_incremental": lambda: CURRENT[0].appends,
        "this": f"{SCHEMAS['base_transactions']}.base_transactions",
        "config": lambda **_: "",
        "existing_relation": existing_relation,
        "fromjson": json.loads,
        "single_value": lambda query: CURRENT[0].connection.execute(query).fetchall()[0][0],
    }
    return given | load_macros(ROOT / "macros", given)


def existing_relation(schema: str, name: str) -> str | None:
    """A relation of the current lines by its name, or none where there is none."""
    query = "select count(*) from information_schema.tables where table_schema = ? and table_name = ?"
    ((count,),) = CURRENT[0].connection.execute(query, [schema, name]).fetchall()
    return f"{schema}.{name}" if count else None


@cache
def compiled(text: str) -> Any:
    """A text with Jinja in it, ready to be rendered."""
    return get_template(text, dict(context()), None)


def rendered(text: str) -> str:
    """A text with its Jinja filled in."""
    return str(compiled(text).render(dict(context())))


@contextmanager
def connected() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database, with what dbt sets on the warehouse."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.create_function("workbook_rows", workbook_rows, ["VARCHAR"], "VARCHAR[][]")
        yield connection


@contextmanager
def lines_of(transactions: object, **settings: Any) -> Iterator[Lines]:
    """The lines of an input, in a database that lives as long as the block."""
    with connected() as connection:
        yield Lines(connection, transactions=str(transactions), **settings)
