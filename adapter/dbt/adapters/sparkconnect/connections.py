"""Statements in DuckDB's SQL, run by the engine."""

import json
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from dbt.adapters.contracts.connection import Connection
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.sparkconnect.engine import Engine, engine_at, from_files, quoted
from dbt.adapters.sparkconnect.moves import moved_rows
from dbt.adapters.sparkconnect.temporary import TemporaryFolder
from dbt.adapters.sparkconnect.translation import run_translated
from dbt_common.exceptions import DbtRuntimeError

# What dbt keeps of a run, in DuckDB's variables: they are the driver's.
VARIABLES = re.compile(r"(?:^|[*]/|;)\s*(?:re)?set\s+variable\b|\bgetvariable\s*\(", re.IGNORECASE)

NAMES_OF_TABLES = re.compile(r"(?=(?<!\w)([A-Za-z_]\w*)[.]([A-Za-z_]\w*))")


def schema_in(sql: str, function: str, schema: str) -> str:
    """The schema that a call of a function fills.

    No other text of the statement counts, nor any other of the request: settings are the user's words.

    Args:
        sql: With the call, whose argument is the name of the schema, or a JSON object with a member `schema`.
        function: What is called.
        schema: The schema without a prefix.

    Returns:
        The schema that the call names, if it is the given one or has a prefix and `_` before it; else the given one.
    """
    for argument in re.findall(rf"\b{re.escape(function)}\s*\(\s*'((?:[^']|'')*)'\s*\)", sql):
        named = argument.replace("''", "'")
        if named.startswith("{"):
            # What is no JSON, the function refuses.
            with suppress(ValueError):
                named = json.loads(named).get("schema")
        if isinstance(named, str) and re.fullmatch(rf"(?:\w+_)?{re.escape(schema)}", named):
            return named
    return schema


class ConnectionManager(DuckDBConnectionManager):  # type: ignore[misc]  # dbt is not followed
    """Opens cursors on the engine, and a DuckDB beside it."""

    TYPE = "sparkconnect"

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        """Open the driver's DuckDB and the engine's session."""
        # By its own class: plugins ask that one for the DuckDB of this run.
        DuckDBConnectionManager.open(connection)
        if not isinstance(connection.handle, Handle):
            credentials = connection.credentials
            engine = engine_at(
                credentials.engine, credentials.folder, credentials.spark_home, credentials.shared_folder
            )
            connection.handle = Handle(connection.handle, engine, credentials)
        return connection

    def add_begin_query(self) -> None:
        """The engine has no transactions."""

    def add_commit_query(self) -> None:
        """The engine has no transactions."""


class Shown:
    """Tables of the engine that the driver's threads read by one name each: the last that needs one drops it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._copies: dict[str, list[TemporaryFolder]] = {}
        self._users: dict[str, int] = {}

    def show(self, driver: Any, schema: str, name: str, query: str, copies: TemporaryFolder) -> None:
        """Make a view, in place of an older one that others may still read.

        Args:
            driver: The driver's DuckDB.
            schema: The schema of the view, as SQL.
            name: The view with its schema, as SQL.
            query: What it yields.
            copies: The folder with the files that the query reads, if they are copies.
        """
        with self._lock:
            driver.execute(f"create schema if not exists {schema}")
            driver.execute(f"create or replace view {name} as {query}")
            self._users[name] = self._users.get(name, 0) + 1
            self._copies.setdefault(name, []).append(copies)

    def drop(self, driver: Any, name: str) -> None:
        """Drop a view, unless it was shown to another thread as well, which still reads it."""
        with self._lock:
            self._users[name] -= 1
            if self._users[name]:
                return
            driver.execute(f"drop view if exists {name}")
            for copies in self._copies.pop(name):
                copies.delete()


SHOWN = Shown()


class Handle:
    """What dbt holds of a connection."""

    def __init__(self, driver: Any, engine: Engine, credentials: Any) -> None:
        self.driver = driver
        self.engine = engine
        self._cursor = Cursor(driver.cursor(), engine, credentials)

    def cursor(self) -> "Cursor":
        """The one cursor of the connection."""
        return self._cursor

    def close(self) -> None:
        """Close the driver's connection; the session serves others."""
        self._cursor.drop_copies()
        self.driver.close()

    def rollback(self) -> None:
        """The engine has no transactions."""


class Cursor:
    """Runs a statement where it belongs and holds its result."""

    def __init__(self, driver: Any, engine: Engine, credentials: Any) -> None:
        self.driver = driver
        self.engine = engine
        self.driver_functions: dict[str, str | None] = credentials.driver_functions
        self.engine_tables: list[str] = credentials.engine_tables
        self.promised_tables: list[str] = credentials.promised_tables
        self.description: list[tuple[Any, ...]] = []
        self.rowcount = -1
        self._rows: list[tuple[Any, ...]] = []
        self._shown: list[str] = []
        self._copies: TemporaryFolder | None = None

    def query_of(self, schema: str, table: str) -> str:
        """SQL of the driver that yields the rows of a table of the engine, batch by batch, until `drop_copies`."""
        if self._copies is None:
            self._copies = TemporaryFolder("shop_rows_")
        return self._query_of(schema, table, self._copies)

    def _query_of(self, schema: str, table: str, copies: TemporaryFolder) -> str:
        files = self.engine.files_of(schema, table, str(copies.path))
        return from_files(files, self.engine.columns(schema, table))

    def show(self, schema: str, table: str) -> None:
        """Let the driver read a table of the engine under its own name, until `drop_copies`."""
        name, copies = f"{quoted(schema)}.{quoted(table)}", TemporaryFolder("shop_rows_")
        try:
            SHOWN.show(self.driver, quoted(schema), name, self._query_of(schema, table, copies), copies)
        except BaseException:
            copies.delete()
            raise
        self._shown.append(name)

    def drop_copies(self) -> None:
        """Take back what the driver was shown of the engine's tables."""
        while self._shown:
            SHOWN.drop(self.driver, self._shown.pop())
        if self._copies is not None:
            self._copies.delete()
            self._copies = None

    def execute(self, sql: str, bindings: Sequence[Any] | None = None) -> "Cursor":
        """Run one or more statements in DuckDB's SQL; the result is the last one's."""
        if bindings:
            raise DbtRuntimeError("Values can't be bound to a statement that is translated: write them into its SQL.")
        self.description, self._rows, self.rowcount = [], [], -1
        functions = [name for name in self.driver_functions if re.search(rf"\b{re.escape(name)}\s*\(", sql)]
        if functions or VARIABLES.search(sql):
            self._run_on_driver(sql, functions)
            return self
        if move := moved_rows(sql, self.engine.promised()):
            self.engine.upload(move.schema, move.table, self.driver, move.query)
            return self
        result = run_translated(sql, self.engine)
        if result is not None:
            self._keep(result)
        return self

    def _run_on_driver(self, sql: str, functions: Sequence[str]) -> None:
        schemas = ((name, self.driver_functions[name]) for name in functions)
        filled = [schema_in(sql, name, schema) for name, schema in schemas if schema is not None]
        try:
            if filled:
                self._show_named(sql)
            for schema in filled:
                self._copy_state(schema)
            self.driver.execute(sql)
            self._rows = self.driver.fetchall()
            self.description = list(self.driver.description or [])
            for schema in filled:
                self._carry(schema)
        finally:
            for schema in filled:
                self._drop_state(schema)
            if filled:
                self.drop_copies()

    def _show_named(self, sql: str) -> None:
        """Let the driver read the tables of the engine that a call names, such as `staging.lines`."""
        schemas = set(self.engine.schemas())
        for schema, table in sorted(set(NAMES_OF_TABLES.findall(sql))):
            if schema in schemas and self.engine.columns(schema, table):
                self.show(schema, table)

    def _copy_state(self, schema: str) -> None:
        """Copy tables that a function on the driver looks at, and makes where they are missing."""
        for name in self.engine_tables:
            table = f"{quoted(schema)}.{quoted(name)}"
            if self.engine.columns(schema, name):
                self.driver.execute(f"create schema if not exists {quoted(schema)}")
                self.driver.execute(f"create table {table} as {self.query_of(schema, name)}")

    def _drop_state(self, schema: str) -> None:
        """Drop these copies: the engine's tables change, and are shown to the driver by views of the same names."""
        for name in self.engine_tables:
            self.driver.execute(f"drop table if exists {quoted(schema)}.{quoted(name)}")

    def _carry(self, schema: str) -> None:
        """Store on the engine what a function made on the driver for it."""
        tables = self.driver.execute(
            "select table_name, list(column_name order by ordinal_position) from information_schema.columns"
            " where table_schema = ? group by 1 order by 1",
            [schema],
        ).fetchall()
        for name, columns in tables:
            # Not of tables that are shown to the driver during the call alone.
            if name in self.promised_tables and not self._shown:
                self._promise(schema, name)
            # An earlier release may have made the engine's with fewer columns.
            elif name not in self.engine_tables or list(self.engine.columns(schema, name)) != columns:
                self.engine.upload(schema, name, self.driver, f"select * from {quoted(schema)}.{quoted(name)}")

    def _promise(self, schema: str, name: str) -> None:
        """Have a relation that a function made on the driver stored on the engine once a statement reads it."""

        def store() -> None:
            # This connection may be closed by then.
            with DuckDBConnectionManager.env().conn.cursor() as driver:
                driver.execute("set TimeZone = 'UTC'")
                self.engine.upload(schema, name, driver, f"select * from {quoted(schema)}.{quoted(name)}")

        self.engine.promise(schema, name, store)

    def _keep(self, result: Any) -> None:
        self.description = [(name, None, None, None, None, None, None) for name in result.column_names]
        columns = [column.to_pylist() for column in result.columns]
        self._rows = list(zip(*columns, strict=True)) if columns else []
        self.rowcount = len(self._rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        """The next rows."""
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""
        rows, self._rows = self._rows, []
        return rows

    def interrupt(self) -> None:
        """Stop what the session runs."""
        self.engine.session.interruptAll()

    def close(self) -> None:
        """Close the driver's cursor."""
        self.driver.close()
