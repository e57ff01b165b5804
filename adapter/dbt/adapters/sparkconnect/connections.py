"""Statements in DuckDB's SQL, run by the engine."""

import re
from collections.abc import Sequence
from typing import Any

from dbt.adapters.contracts.connection import Connection
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.sparkconnect.engine import Engine, engine_at
from dbt.adapters.sparkconnect.translation import run_translated
from dbt_common.exceptions import DbtRuntimeError

# What dbt keeps of a run, in DuckDB's variables: they are the driver's.
VARIABLES = re.compile(r"(?:^|[*]/|;)\s*(?:re)?set\s+variable\b|\bgetvariable\s*\(", re.IGNORECASE)


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
            engine = engine_at(credentials.engine, credentials.folder, credentials.spark_home)
            connection.handle = Handle(connection.handle, engine, credentials.driver_functions)
        return connection

    def add_begin_query(self) -> None:
        """The engine has no transactions."""

    def add_commit_query(self) -> None:
        """The engine has no transactions."""


class Handle:
    """What dbt holds of a connection."""

    def __init__(self, driver: Any, engine: Engine, driver_functions: dict[str, str | None]) -> None:
        self.driver = driver
        self.engine = engine
        self._cursor = Cursor(driver.cursor(), engine, driver_functions)
        self._copies: list[str] = []

    def copy_to_driver(self, schema: str, table: str) -> None:
        """Copy a table of the engine to the driver, where it has the same name."""
        driver, name = self._cursor.driver, f'"{schema}"."{table}"'
        rows = self.engine.run(f"select * from `{schema}`.`{table}`")
        driver.execute(f'create schema if not exists "{schema}"')
        driver.register("copied_rows", rows)
        driver.execute(f"create or replace table {name} as select * from copied_rows")
        driver.unregister("copied_rows")
        self._copies.append(name)

    def drop_copies(self) -> None:
        """Drop the tables that were copied to the driver."""
        for name in self._copies:
            self._cursor.driver.execute(f"drop table if exists {name}")
        self._copies = []

    def cursor(self) -> "Cursor":
        """The one cursor of the connection."""
        return self._cursor

    def close(self) -> None:
        """Close the driver's connection; the session serves others."""
        self.driver.close()

    def rollback(self) -> None:
        """The engine has no transactions."""


class Cursor:
    """Runs a statement where it belongs and holds its result."""

    def __init__(self, driver: Any, engine: Engine, driver_functions: dict[str, str | None]) -> None:
        self.driver = driver
        self.engine = engine
        self.driver_functions = driver_functions
        self.description: list[tuple[Any, ...]] = []
        self.rowcount = -1
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, sql: str, bindings: Sequence[Any] | None = None) -> "Cursor":
        """Run one or more statements in DuckDB's SQL; the result is the last one's."""
        if bindings:
            raise DbtRuntimeError("Values can't be bound to a statement that is translated: write them into its SQL.")
        self.description, self._rows, self.rowcount = [], [], -1
        functions = [name for name in self.driver_functions if re.search(rf"\b{re.escape(name)}\s*\(", sql)]
        if functions or VARIABLES.search(sql):
            self.driver.execute(sql)
            self._rows = self.driver.fetchall()
            self.description = list(self.driver.description or [])
            for name in functions:
                self._carry(self.driver_functions[name])
            return self
        result = run_translated(sql, self.engine)
        if result is not None:
            self._keep(result)
        return self

    def _carry(self, schema: str | None) -> None:
        """Store on the engine what a function made on the driver for it."""
        if schema is None:
            return
        names = self.driver.execute(
            "select table_name from information_schema.tables where table_schema = ? order by 1", [schema]
        ).fetchall()
        for (name,) in names:
            rows = self.driver.sql(f'select * from "{schema}"."{name}"').to_arrow_table()
            self.engine.upload(schema, name, rows)

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
