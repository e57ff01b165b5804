"""What dbt asks of a database, answered by the engine's catalogue."""

from collections.abc import Iterable
from typing import Any

from dbt.adapters.base.meta import available
from dbt.adapters.contracts.connection import AdapterResponse
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt.adapters.sparkconnect.connections import ConnectionManager
from dbt.adapters.sparkconnect.engine import Engine, quoted, text_in_duckdb, type_in_duckdb
from dbt.adapters.sparkconnect.translation import run_translated
from dbt_common.exceptions import DbtRuntimeError

# Commands that make tables. Others leave alone what a build has not finished: it may be running.
MAKES_TABLES = ("build", "run", "seed", "retry", "run-operation")


class SparkConnectAdapter(DuckDBAdapter):  # type: ignore[misc]  # dbt is not followed
    """dbt-duckdb's adapter, with tables on the engine."""

    ConnectionManager = ConnectionManager

    @classmethod
    def type(cls) -> str:
        """The name by which profiles and macros know the adapter."""
        return "sparkconnect"

    def _engine(self) -> Engine:
        engine: Engine = self.connections.get_thread_connection().handle.engine
        return engine

    def _catalog_supports_foreign_keys(self, database: str) -> bool:
        return False

    def list_schemas(self, database: str) -> list[str]:
        """Names of the schemas."""
        return self._engine().schemas()

    def check_schema_exists(self, database: str, schema: str) -> bool:
        """Whether there is a schema."""
        return schema in self._engine().schemas()

    def list_relations_without_caching(self, schema_relation: Any) -> list[Any]:
        """The tables and views of a schema; a command that makes some first puts right what a killed one left."""
        if self.config.args.which in MAKES_TABLES:
            self._engine().finish_replacements(schema_relation.schema)
        return [
            self.Relation.create(
                database=schema_relation.database, schema=schema_relation.schema, identifier=name, type=kind
            )
            for name, kind in self._engine().relations(schema_relation.schema)
        ]

    def get_columns_in_relation(self, relation: Any) -> list[Any]:
        """The columns of a table or view, with the names that DuckDB has for their types."""
        self._engine().keep_promise(relation.schema, relation.identifier)
        columns = self._engine().columns(relation.schema, relation.identifier)
        return [self.Column(name, type_in_duckdb(kind)) for name, kind in columns.items()]

    def drop_relation(self, relation: Any) -> None:
        """Drop a table or view."""
        self.cache_dropped(relation)
        self._engine().run(f"drop {relation.type} if exists `{relation.schema}`.`{relation.identifier}`")
        self._engine().changed(relation.schema, relation.identifier)

    @available  # type: ignore[untyped-decorator]  # dbt is not followed
    def make_schema(self, relation: Any) -> None:
        """Create a schema where it is missing."""
        self._engine().run(f"create schema if not exists `{relation.schema}`")

    @available  # type: ignore[untyped-decorator]  # dbt is not followed
    def load_seed(self, relation: Any, path: str, columns: str, delimiter: str) -> None:
        """Store a seed.

        Args:
            relation: Its table.
            path: Its file.
            columns: Names and DuckDB's types of its columns, as in a `create table`.
            delimiter: What separates fields.
        """
        driver = self.connections.get_thread_connection().handle.driver.cursor()
        driver.execute(f"create or replace temp table seed_rows ({columns})")
        file, mark = text_in_duckdb(path), text_in_duckdb(delimiter)
        driver.execute(f"copy seed_rows from {file} (format csv, header true, delimiter {mark})")
        self._engine().upload(relation.schema, relation.identifier, driver, "select * from seed_rows")

    @available  # type: ignore[untyped-decorator]  # dbt is not followed
    def copy_to_driver(self, relation: Any) -> None:
        """Let the driver read a table, until the next Python model of this thread ends."""
        self.connections.get_thread_connection().handle.cursor().show(relation.schema, relation.identifier)

    @available  # type: ignore[untyped-decorator]  # dbt is not followed
    def add_rows(
        self,
        relation: Any,
        query: str,
        unique_key: str | list[str] | None,
        on_schema_change: str = "ignore",
        full_refresh: bool | None = None,
    ) -> None:
        """Add the rows of a query to a table, in place of those that have their key.

        Args:
            relation: The table.
            query: In DuckDB's SQL; it may read the table.
            unique_key: The column or columns that decide what is replaced; None replaces nothing.
            on_schema_change: What happens where the query has other columns than the table: `append_new_columns` gives
                stored rows nulls in new ones, `sync_all_columns` drops those that the query lacks, too.
            full_refresh: What the model allows; False: it is never built as a whole.

        Raises:
            DbtRuntimeError: The query has other columns than the table, and nothing says what becomes of them.
        """
        engine = self._engine()
        schema, name = relation.schema, relation.identifier
        new = f"{name}__new"
        table, new_rows = f"{quoted(schema)}.{quoted(name)}", f"{quoted(schema)}.{quoted(new)}"
        run_translated(f"create or replace table {new_rows} as {query}", engine)
        stored, made = engine.columns(schema, name), engine.columns(schema, new)
        if set(stored) != set(made):
            remaining = {
                one: kind for one, kind in stored.items() if on_schema_change != "sync_all_columns" or one in made
            }
            new_ones = {one: kind for one, kind in made.items() if one not in stored}
            if on_schema_change not in ("append_new_columns", "sync_all_columns") or set(remaining) - set(made):
                differing = ", ".join(sorted(set(stored) ^ set(made)))
                advice = (
                    "its rows can't be computed again, so bring back what was removed from its query"
                    if full_refresh is False
                    else "build it with --full-refresh"
                )
                raise DbtRuntimeError(f"The columns of {name} have changed ({differing}): {advice}.")
            nulls = [f"cast(null as {type_in_duckdb(kind)}) as {quoted(one)}" for one, kind in new_ones.items()]
            selected = ", ".join([*map(quoted, remaining), *nulls])
            run_translated(f"create or replace table {table} as select {selected} from {table}", engine)
            stored = remaining | new_ones
        columns = _in_quotes(stored)
        # With the types of the table, as by an insert: a union would take the wider ones.
        typed = ", ".join(
            column if made[one] == kind else f"cast({column} as {type_in_duckdb(kind)}) as {column}"
            for one, kind in stored.items()
            for column in [quoted(one)]
        )
        added = f"select {typed} from {new_rows}"
        if unique_key:
            keys = _in_quotes([unique_key] if isinstance(unique_key, str) else unique_key)
            kept = f"select {columns} from {table} anti join {new_rows} using ({keys})"
            run_translated(f"create or replace table {table} as {kept} union all {added}", engine)
        else:
            run_translated(f"insert into {table} {added}", engine)
        run_translated(f"drop table {new_rows}", engine)

    def submit_python_job(self, parsed_model: dict[str, Any], compiled_code: str) -> AdapterResponse:
        """Run a Python model on the driver, with the rows that it asks for."""
        handle = self.connections.get_thread_connection().handle
        # The connection of the model's hooks, which may have set variables.
        cursor, engine = handle.cursor(), handle.engine
        driver = cursor.driver
        schema, name = parsed_model["schema"], parsed_model["alias"]
        driver.execute(f"create schema if not exists {quoted(schema)}")
        fitted = f"{quoted(schema)}.{quoted(f'{name}__fitted')}"

        def rows_of(table: str) -> Any:
            _, schema_of_table, name_of_table = table.replace('"', "").split(".")
            return driver.sql(cursor.query_of(schema_of_table, name_of_table))

        try:
            if engine.columns(schema, name):
                cursor.show(schema, name)
            # A run that failed may have left it.
            driver.execute(f"drop table if exists {fitted}")
            environment = DuckDBConnectionManager.env()
            environment.run_python_job(driver, rows_of, name, compiled_code, self.config.credentials)
            engine.upload(schema, name, driver, f"select * from {fitted}")
            driver.execute(f"drop table {fitted}")
        finally:
            cursor.drop_copies()
        return AdapterResponse(_message="OK")


def _in_quotes(names: Iterable[str]) -> str:
    """Names of columns as SQL, with commas between."""
    return ", ".join(map(quoted, names))
