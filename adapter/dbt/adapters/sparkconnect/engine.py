"""A session on an engine that speaks Spark Connect."""

import atexit
import os
import re
import shutil
import socket
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from dbt.adapters.sparkconnect.copies import ASIDE
from dbt.adapters.sparkconnect.spark import LocalServer
from dbt.adapters.sparkconnect.storage import Storage, definitions_of, text_of
from dbt.adapters.sparkconnect.temporary import TemporaryFolder
from dbt_common.exceptions import DbtRuntimeError
from sqlglot import exp, parse_one

ADDRESSES = "'sail', 'sc://host:port' or 'local[2]'"
DEFAULT_PORT = 15002
# Spark's own client tries for ten minutes, with each statement. A server that was started again knows nothing of this
# session; these are five seconds, for a connection that is lost and found.
RETRIES = 4
# After them, as long as something listens there: two minutes more, for a server whose processors others take.
MORE_RETRIES, MILLISECONDS_BETWEEN = 12, 10_000
EXCLUDED_RULES = "spark.sql.optimizer.excludedRules"
WRONG_RULE = "org.apache.spark.sql.catalyst.optimizer.RemoveRedundantAliases"
# What Sail takes from the environment, unless that says otherwise: 65,536 rows at a time, as the start of long
# expressions costs more than the rows of its 8,192; and free memory stays, as giving it back and asking for it again
# takes a twentieth of the processor time.
SETTINGS_OF_SAIL = {"SAIL_EXECUTION__BATCH_SIZE": "65536", "MIMALLOC_PURGE_DELAY": "-1"}
# What changes tables, and answers nothing.
COMMAND = re.compile(r"\s*(create|drop|insert|alter)\b", re.IGNORECASE)
Answer = TypeVar("Answer")
# A table that is made before it takes the place of another, and that other one until it has.
MADE, BEFORE = "__made", "__before"
# What Spark says of a table, or of its files, that has another name since the statement began.
MISSING = ("TABLE_OR_VIEW_NOT_FOUND", "PATH_NOT_FOUND", "FILE_NOT_EXIST")


class Engine:
    """A session, and the tables of its catalogue.

    Attributes:
        name: `sail` or `spark`, which differ in a few functions.
        session: The session of Spark Connect.
    """

    def __init__(
        self,
        address: str,
        folder: str | None = None,
        spark_home: str | None = None,
        shared_folder: str | None = None,
    ) -> None:
        """Connect, and start the engine where it runs on this machine.

        Args:
            address: `sail`, `sc://host:port` or `local[n]`.
            folder: Where the tables of an engine are that ends with this process; None keeps none.
            spark_home: Where Apache Spark is looked for last, if it is to be started.
            shared_folder: A folder that an engine elsewhere reads by the same path: rows go there as Parquet files, of
                any number, and not through the connection, for which they have to fit into our memory.

        Raises:
            DbtRuntimeError: One sentence on why there is no session.
        """
        self.server: Any = None
        self._gone: str | None = None
        # How often tables began or ceased to change their names.
        self._name_changes = 0
        self._lock = threading.RLock()
        self._ends_with_us = address == "sail" or address.startswith("local")
        self._shared_folder = _usable(shared_folder, self._ends_with_us) if shared_folder else None
        self._spark_home = spark_home
        if folder and address.startswith("local"):
            _refuse_pattern(folder)
        self.session = self._session(address)
        self.name = "sail" if self._is_sail() else "spark"
        self.session.conf.set("spark.sql.session.timeZone", "UTC")
        if self.name == "spark":
            # A rule of Spark 4.1 that shortens plans, and makes that of the findings of the report invalid.
            rules = self.session.conf.get(EXCLUDED_RULES, "") or ""
            self.session.conf.set(EXCLUDED_RULES, ",".join(filter(None, (rules, WRONG_RULE))))
        self._columns: dict[tuple[str, str], dict[str, str]] = {}
        # Relations of the driver that are stored once a statement reads them, and how.
        self._promised: dict[tuple[str, str], Callable[[], None]] = {}
        # Where common tables are stored by now.
        self._asides: dict[tuple[str, str], str] = {}
        # Schemas in which no replacement is left to finish.
        self._finished: set[str] = set()
        self._storage = Storage(folder) if folder and self._ends_with_us else None
        if self._storage is not None:
            self._storage.restore(self.run)

    @property
    def inserts_whole(self) -> bool:
        """Whether all rows of an insert are there, or none: Spark's plain tables get one file after the other."""
        return self.name == "sail" or self._storage is not None

    def _session(self, address: str) -> Any:
        if not (address == "sail" or re.fullmatch(r"sc://.+|local(\[(\d+|\*)\])?", address)):
            raise DbtRuntimeError(
                f"SHOP_SPARK is '{without_secrets(address)}', which is no address of an engine: set it to {ADDRESSES}."
            )
        try:
            from pyspark.sql.connect.session import SparkSession
        except ImportError:
            raise DbtRuntimeError(
                "The target 'spark' needs the packages of the extra 'spark': run 'pip install -r requirements.lock'."
            ) from None
        local_server: LocalServer | None = None
        try:
            if address == "sail":
                address = self._started_sail()
            elif address.startswith("sc://"):
                # Else the client would try for ten minutes.
                if not is_reachable(address):
                    raise DbtRuntimeError(reason_of(address))
            elif address.startswith("local"):
                local_server = LocalServer(address, self._spark_home)
                atexit.register(local_server.end)
                address = local_server.address
            session = SparkSession.builder.remote(address).create()
            if self.server is not None:
                # A connection within a process isn't lost: to be able to take up an answer again, the client would make
                # two more requests for each.
                session.client.disable_reattachable_execute()
            policies = retry_policies(address)
            # What has never answered may be no engine at all.
            session.client.set_retry_policies(policies[:1])
            # At the end of the process, the client would clear fits that no model makes there; where the engine has
            # ended already, it would try for ten minutes.
            clear_fits: Any = getattr(session.client, "_cleanup_ml_cache", None)
            atexit.unregister(clear_fits)
            session.sql("select 1").collect()
            session.client.set_retry_policies(policies)
            if problem := version_problem(session.version):
                raise DbtRuntimeError(problem)
            self._address = address
        except DbtRuntimeError:
            raise
        except Exception:
            problem = reason_of(address)
            if local_server is not None:
                # At the end of the process, it would delete its log.
                atexit.unregister(local_server.end)
                problem = local_server.end_as_useless()
            # Without its cause, whose text may hold the address and its token.
            raise DbtRuntimeError(problem) from None
        return session

    def _started_sail(self) -> str:
        for name, value in SETTINGS_OF_SAIL.items():
            os.environ.setdefault(name, value)
        try:
            from pysail.spark import SparkConnectServer
        except ImportError:
            raise DbtRuntimeError(
                "SHOP_SPARK is 'sail', but Sail is not installed: run 'pip install -r requirements.lock'."
            ) from None
        self.server = SparkConnectServer("127.0.0.1", 0)
        self.server.start(background=True)
        host, port = self.server.listening_address
        return f"sc://{host}:{port}"

    def _is_sail(self) -> bool:
        if self.server is not None:
            return True
        try:
            # Sail reports the version of Spark that it stands in for. Spark finds no group in `${1}`, and fails.
            rows = self.run("select regexp_replace('a', '(a)', '${1}') as letter").to_pylist()
        except Exception:
            return False
        return bool(rows == [{"letter": "a"}])

    def run(self, statement: str) -> Any:
        """Run a statement in the engine's dialect; its result as an Arrow table, with points in time as in DuckDB.

        One that misses a table, while another thread gives tables their names, is run once more after that.
        """
        return self._again_if_missed(lambda: self._run_once(statement))

    def _again_if_missed(self, question: Callable[[], Answer]) -> Answer:
        while True:
            changes = self._name_changes
            try:
                return question()
            except Exception as error:
                is_missing = any(reason in str(error) for reason in MISSING)
                # Odd while names change.
                if not is_missing or (changes % 2 == 0 and self._name_changes == changes):
                    raise
            with self._lock:
                pass

    def _run_once(self, statement: str) -> Any:
        return self._ask(lambda: self._answer(statement))

    def _answer(self, statement: str) -> Any:
        """In one request: `sql(…).toArrow()` of the client makes three, of which each plans a query once more."""
        from pyspark.sql.connect.plan import SQL
        from pyspark.sql.pandas.types import to_arrow_schema

        client, plan = self.session.client, SQL(statement)
        if COMMAND.match(statement):
            client.execute_command(plan.command(client))
            return None
        table, schema, _ = client.to_table(plan.to_proto(client), {})
        return without_zones(table.cast(to_arrow_schema(schema)))

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        """What the engine answers; where it has ended, one sentence at once, for all that a build still asks."""
        if self._gone is not None:
            raise DbtRuntimeError(self._gone)
        try:
            return question()
        except Exception:
            if is_reachable(self._address):
                raise
            place = without_secrets(self._address)
            self._gone = f"The engine at '{place}' has ended or can't be reached any more: start it and build again."
            # Without its cause, whose text may hold the address and its token.
            raise DbtRuntimeError(self._gone) from None

    def files_of(self, schema: str, table: str, folder: str) -> list[str]:
        """Parquet files with the rows of a table or view: its own, where they are on this machine, else a copy.

        Args:
            schema: Its schema.
            table: Its name.
            folder: Where a copy is made, batch by batch: a process of any size needs the memory of one.
        """
        files = self._storage.files_of(schema, table) if self._storage is not None else None
        return files or [self._again_if_missed(lambda: self._ask(lambda: self._copied(schema, table, folder)))]

    def _copied(self, schema: str, table: str, folder: str) -> str:
        from pyarrow import Table, parquet  # type: ignore[import-untyped]
        from pyspark.sql.pandas.types import to_arrow_schema

        frame = self.session.sql(f"select * from `{schema}`.`{table}`")
        kinds = to_arrow_schema(frame.schema)
        path = f"{folder}/{uuid.uuid4().hex}.parquet"
        batches = self.session.client.to_table_as_iterator(frame._plan.to_proto(self.session.client), {})
        with parquet.ParquetWriter(path, kinds) as writer:
            for batch in batches:
                if isinstance(batch, Table):
                    writer.write_table(batch.cast(kinds))
        return path

    def row_count(self, schema: str, table: str) -> int | None:
        """How many rows a table has whose files are on this machine, which say so; None of others."""
        return self._storage.row_count(schema, table) if self._storage is not None else None

    def null_columns(self, schema: str, table: str) -> list[str]:
        """Columns of a table that hold nothing, as far as its files are on this machine and say so."""
        return self._storage.null_columns(schema, table) if self._storage is not None else []

    def rows_in_files(self, query: exp.Expr) -> list[tuple[object, ...]] | None:
        """The rows of a query on tables whose files are on this machine: DuckDB reads a few faster than the engine.

        Args:
            query: In DuckDB's SQL, on tables that `row_count` counts; it is changed.

        Returns:
            None where the query needs what only the engine or the driver of a build has.
        """
        import duckdb

        for table in [one for one in query.find_all(exp.Table) if one.db]:
            rows = from_files(self.files_of(table.db, table.name, ""), self.columns(table.db, table.name))
            alias = exp.TableAlias(this=exp.to_identifier(table.alias_or_name, quoted=True))
            table.replace(exp.Subquery(this=parse_one(rows, read="duckdb"), alias=alias))
        with duckdb.connect(config={"threads": 1}) as driver:
            driver.execute("set TimeZone = 'UTC'")
            try:
                return driver.execute(query.sql("duckdb")).fetchall()
            except duckdb.Error:
                return None

    def columns(self, schema: str, table: str) -> dict[str, str]:
        """Types by column of a table or view, in Spark's words; empty where there is none."""
        with self._lock:
            if (schema, table) not in self._columns:
                self._columns[schema, table] = self._known_columns(schema, table)
            return self._columns[schema, table]

    def _known_columns(self, schema: str, table: str) -> dict[str, str]:
        """What a catalogue of ours has for a table; the engine is asked for others, and for those of a view."""
        if self._storage is not None and not self._storage.is_view(schema, table):
            return self._storage.columns_of(schema, table)
        return self._read_columns(schema, table)

    def _read_columns(self, schema: str, table: str) -> dict[str, str]:
        name = f"`{schema}`.`{table}`"
        if not self._ask(lambda: self.session.catalog.tableExists(name)):
            return {}
        return self._read_types(name)

    def _read_types(self, name: str) -> dict[str, str]:
        fields = self._ask(lambda: self.session.table(name).schema.fields)
        return {field.name: field.dataType.simpleString() for field in fields}

    def make_table(self, schema: str, table: str, query: str, reads_itself: bool = False) -> Any:
        """Store the rows of a query as a table, in place of what was there.

        Args:
            schema: Its schema.
            table: Its name.
            query: In the engine's dialect.
            reads_itself: Whether the query reads the table: its rows stay until all of them are read.
        """
        place, aside = f"`{schema}`.`{table}`", f"`{schema}`.`{table}{MADE}`"
        self.drop_other_kind(schema, table, "table")
        if self._storage is not None:
            return self._make_stored_table(self._storage, schema, table, query)
        if self.name == "spark":
            result = self._make_spark_table(schema, table, query)
        elif reads_itself:
            result = self.run(f"create or replace table {aside} as {query}")
            self.run(f"create or replace table {place} as select * from {aside}")
            self.run(f"drop table {aside}")
        else:
            result = self.run(f"create or replace table {place} as {query}")
        self.changed(schema, table)
        return result

    def drop_other_kind(self, schema: str, name: str, kind: str) -> None:
        """Drop a view where a table will be, or a table where a view will be.

        Spark replaces neither by the other; Sail would keep both, of which only the view would be kept track of.
        """
        if (self.name == "spark" or self._storage is not None) and self.columns(schema, name):
            if self._storage is not None:
                is_view = self._storage.is_view(schema, name)
            else:
                is_view = self.session.catalog.getTable(f"`{schema}`.`{name}`").tableType == "VIEW"
            if is_view != (kind == "view"):
                self.run(f"drop {'view' if is_view else 'table'} `{schema}`.`{name}`")
                self.changed(schema, name)

    def _make_spark_table(self, schema: str, table: str, query: str) -> Any:
        """Aside, as Spark's own catalogue replaces no table in one statement.

        A table is there once all of its rows are, and the old one is dropped last. So what a process leaves that is
        killed between two statements holds all rows, and the next build puts it right (`finish_replacements`).
        """
        self._finished.add(schema)
        if not self.columns(schema, table):
            return self.run(f"create table `{schema}`.`{table}` as {query}")
        made, before = f"{table}{MADE}", f"{table}{BEFORE}"
        for left in (made, before):
            self.run(f"drop table if exists `{schema}`.`{left}`")
        result = self.run(f"create table `{schema}`.`{made}` as {query}")
        # Meanwhile, no other thread asks for its columns, and one whose statement reads it runs that again.
        with self._lock:
            self._name_changes += 1
            try:
                self._rename(schema, table, before)
                self._rename(schema, made, table)
                self._run_once(f"drop table `{schema}`.`{before}`")
            finally:
                self._name_changes += 1
        return result

    def _rename(self, schema: str, table: str, name: str) -> None:
        """Give a table a name that no other has; under the lock, so that a missing one is no other thread's doing."""
        self._run_once(f"alter table `{schema}`.`{table}` rename to `{schema}`.`{name}`")

    def finish_replacements(self, schema: str) -> None:
        """Put right what a process left that was killed while it replaced a table; once in each schema.

        It takes what another process makes at that moment for such a rest: only what makes tables itself may ask for
        it, as nothing else may run then.
        """
        if self.name != "spark" or self._storage is not None:
            return
        with self._lock:
            if schema in self._finished:
                return
            self._finished.add(schema)
            if not self._ask(lambda: self.session.catalog.databaseExists(schema)):
                return
            tables = {one.name for one in self.session.catalog.listTables(schema)}
            for aside in sorted(one for one in tables if one.endswith(ASIDE)):
                self.run(f"drop table `{schema}`.`{aside}`")
            left = {one: one.removesuffix(MADE).removesuffix(BEFORE) for one in tables if one.endswith((MADE, BEFORE))}
            for table in sorted(set(left.values())):
                rests = [one for one in (f"{table}{MADE}", f"{table}{BEFORE}") if one in tables]
                if table not in tables:
                    # The new rows, where they are.
                    self._rename(schema, rests.pop(0), table)
                for rest in rests:
                    self.run(f"drop table `{schema}`.`{rest}`")
                self.changed(schema, table)

    def _make_stored_table(self, storage: Storage, schema: str, table: str, query: str) -> Any:
        """Aside, as Sail writes a table that is replaced where its rows were."""
        location, made = storage.new_location(schema, table), f"`{schema}`.`{table}{MADE}`"
        result = self.run(f"create table {made} using parquet location {text_of(location)} as {query}")
        try:
            columns = self._read_types(made)
        finally:
            self.run(f"drop table {made}")
        self._register(storage, schema, table, columns, location)
        return result

    def make_aside(self, schema: str, table: str, aside: str, query: str) -> None:
        """Store the rows of a common table until `drop_aside`.

        Args:
            schema: The schema of the table that will be made of it.
            table: That table, among whose files these are: what a process leaves that is killed, the next one deletes.
            aside: Its name.
            query: In the engine's dialect.
        """
        place, stored_at = f"`{schema}`.`{aside}`", ""
        # What a process left that was killed.
        self.run(f"drop table if exists {place}")
        if self._storage is not None:
            location = self._asides[schema, aside] = self._storage.new_location(schema, table)
            stored_at = f"using parquet location {text_of(location)} "
        self.run(f"create table {place} {stored_at}as {query}")
        with self._lock:
            self._columns[schema, aside] = self._read_types(place)

    def drop_aside(self, schema: str, aside: str) -> None:
        """Drop what `make_aside` stored, or tried to."""
        self.run(f"drop table if exists `{schema}`.`{aside}`")
        with self._lock:
            self._columns.pop((schema, aside), None)
        if (schema, aside) in self._asides:
            shutil.rmtree(self._asides.pop((schema, aside)), ignore_errors=True)

    def _register(self, storage: Storage, schema: str, table: str, columns: dict[str, str], location: str) -> None:
        """Make a table of rows that are in a place of ours."""
        self.run(f"drop table if exists `{schema}`.`{table}`")
        definitions = definitions_of(columns)
        self.run(f"create table `{schema}`.`{table}` ({definitions}) using parquet location {text_of(location)}")
        with self._lock:
            self._columns.pop((schema, table), None)
            storage.keep_table(schema, table, columns, location)

    def changed(self, schema: str, table: str, view: str | None = None) -> None:
        """Take note that a table or view was made, replaced, filled or dropped.

        Args:
            schema: Its schema.
            table: Its name.
            view: The statement that made it, if it is a view.
        """
        with self._lock:
            self._columns.pop((schema, table), None)
            self._promised.pop((schema, table), None)
            if self._storage is None:
                return
            if view is not None:
                self._storage.keep_view(schema, table, view)
            elif columns := self._read_columns(schema, table):
                self._storage.keep_table(schema, table, columns, None)
            else:
                self._storage.drop(schema, table)

    def upload(self, schema: str, table: str, driver: Any, query: str) -> None:
        """Store the rows of a query of the driver's DuckDB, in place of what was there.

        Where tables are files on this machine, the driver writes one, and no row travels; nor where the engine reads a
        folder of ours.

        Args:
            schema: The schema of the table.
            table: Its name.
            driver: A connection to DuckDB.
            query: In DuckDB's SQL.
        """
        from pyspark.sql.pandas.types import from_arrow_schema

        query = for_files(driver, query)
        self.run(f"create schema if not exists `{schema}`")
        schema_of_rows = from_arrow_schema(driver.sql(f"{query} limit 0").to_arrow_table().schema)
        if self._storage is not None:
            location = self._storage.new_location(schema, table)
            Path(location).mkdir(parents=True)
            driver.execute(f"copy ({query}) to {text_in_duckdb(f'{location}/rows.parquet')} (format parquet)")
            columns = {field.name: field.dataType.simpleString() for field in schema_of_rows.fields}
            self.drop_other_kind(schema, table, "table")
            self._register(self._storage, schema, table, columns, location)
            return
        if self._shared_folder is not None:
            rows = TemporaryFolder("shop_rows_", self._shared_folder)
            try:
                file = f"{rows.path}/rows.parquet"
                # Else a cluster would look for it in the file system that is its default, such as HDFS.
                address = f"file://{file}".replace("`", "``")
                driver.execute(f"copy ({query}) to {text_in_duckdb(file)} (format parquet)")
                values = (
                    f"cast(`{one.name}` as {one.dataType.simpleString()}) as `{one.name}`" for one in schema_of_rows
                )
                self.make_table(schema, table, f"select {', '.join(values)} from parquet.`{address}`")
            finally:
                rows.delete()
            return
        view = f"uploaded_{schema}_{table}".replace("`", "")
        rows = driver.sql(query).to_arrow_table()
        frame = self.session.createDataFrame(rows if len(rows) else [], schema_of_rows)
        frame.createOrReplaceTempView(view)
        self.make_table(schema, table, f"select * from `{view}`")
        self.session.catalog.dropTempView(view)

    def promise(self, schema: str, table: str, store: Callable[[], None]) -> None:
        """Take note of rows of the driver that `keep_promise` stores.

        Args:
            schema: The schema of their table.
            table: Its name.
            store: Stores them.
        """
        with self._lock:
            self._promised[schema, table] = store

    def promised(self) -> set[tuple[str, str]]:
        """Schemas and names of the tables whose rows only the driver has."""
        return set(self._promised)

    def keep_promise(self, schema: str, table: str) -> None:
        """Store the rows of a table if only the driver has them."""
        with self._lock:
            store = self._promised.get((schema, table))
            if store is not None:
                store()
                self._promised.pop((schema, table), None)

    def relations(self, schema: str) -> Sequence[tuple[str, str]]:
        """Names of the tables and views of a schema, each with `table` or `view`."""
        if not self._ask(lambda: self.session.catalog.databaseExists(schema)):
            return []
        found = self.session.catalog.listTables(schema)
        return [
            (one.name, "view" if "VIEW" in str(one.tableType).upper() else "table")
            for one in found
            if not one.isTemporary
        ]

    def schemas(self) -> list[str]:
        """Names of the schemas."""
        return [one.name for one in self._ask(lambda: self.session.catalog.listDatabases())]


# Types of DuckDB that the engine lacks, and those that hold the same there.
STORED_AS = {
    "HUGEINT": "decimal(38, 0)",
    "UHUGEINT": "decimal(38, 0)",
    "UBIGINT": "decimal(20, 0)",
    "UINTEGER": "bigint",
    "USMALLINT": "integer",
    "UTINYINT": "smallint",
    "UUID": "varchar",
    "JSON": "varchar",
    # There, a point in time has a zone, and sessions are in UTC.
    "TIMESTAMP": "timestamptz",
    "TIMESTAMP_S": "timestamptz",
    "TIMESTAMP_MS": "timestamptz",
    "TIMESTAMP_NS": "timestamptz",
}


def without_zones(table: Any) -> Any:
    """An Arrow table of the engine with points in time that have no zone: its session is in UTC, as all of DuckDB's."""
    for place, field in enumerate(table.schema):
        kind = _without_zone(field.type)
        if kind != field.type:
            table = table.set_column(place, field.name, table.column(place).cast(kind))
    return table


def _without_zone(kind: Any) -> Any:
    """A type of Arrow with points in time that have no zone, also in lists, rows and maps."""
    import pyarrow
    from pyarrow import types

    if types.is_timestamp(kind):
        return pyarrow.timestamp(kind.unit)
    if types.is_list(kind):
        return pyarrow.list_(kind.value_field.with_type(_without_zone(kind.value_type)))
    if types.is_large_list(kind):
        return pyarrow.large_list(kind.value_field.with_type(_without_zone(kind.value_type)))
    if types.is_struct(kind):
        return pyarrow.struct([field.with_type(_without_zone(field.type)) for field in kind])
    if types.is_map(kind):
        return pyarrow.map_(_without_zone(kind.key_type), kind.item_field.with_type(_without_zone(kind.item_type)))
    return kind


def _refuse_pattern(folder: str) -> None:
    """Stop where Spark would look for the tables of a folder in others, or in none."""
    path = str(Path(folder).absolute())
    if found := re.search(r"[][{}*?\\]", path):
        raise DbtRuntimeError(
            f"The folder {path} can't hold tables of Spark, to which '{found.group()}' in a path is part of a pattern:"
            " name another by SHOP_SPARK_FOLDER."
        )


def _usable(folder: str, ends_with_us: bool) -> Path:
    """A folder that the engine reads, which is made where it is missing.

    Raises:
        DbtRuntimeError: It can't be used, or means nothing to an engine whose tables are files of ours.
    """
    if ends_with_us:
        raise DbtRuntimeError(
            "SHOP_SPARK_SHARED means nothing to Sail and Spark of this process, which read SHOP_SPARK_FOLDER: unset it."
        )
    path = Path(folder).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
        TemporaryFolder("shop_rows_", path).delete()
    except OSError as error:
        raise DbtRuntimeError(
            f"The folder {path} can't be used ({error.strerror}): name another by SHOP_SPARK_SHARED, or unset it."
        ) from None
    return path


def text_in_duckdb(value: str) -> str:
    """A text as SQL of the driver's DuckDB."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as SQL of the driver's DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def for_files(driver: Any, query: str) -> str:
    """A query of the driver's DuckDB with columns of types that the engine has."""
    columns = []
    for name, kind, *_ in driver.execute(f"describe {query}").fetchall():
        column = quoted(name)
        stored = "varchar" if kind.startswith("ENUM") else STORED_AS.get(kind)
        if stored == "timestamptz":
            columns.append(f"timezone('UTC', cast({column} as timestamp)) as {column}")
        else:
            columns.append(f"cast({column} as {stored}) as {column}" if stored else column)
    return f"select {', '.join(columns)} from ({query})"


# A type of the engine that holds points in time with a zone.
HOLDS_TIMES = re.compile(r"\btimestamp\b")


def type_in_duckdb(kind: str) -> str:
    """A type of the engine as DuckDB calls it, where each point in time is the wall clock's."""
    if kind == "void":
        # Of nulls alone.
        return "INTEGER"
    return exp.DataType.build(kind, dialect="spark").sql("duckdb").replace("TIMESTAMPTZ", "TIMESTAMP")


def from_files(files: Sequence[str], columns: dict[str, str]) -> str:
    """SQL of the driver's DuckDB that yields the rows of files of the engine, with points in time as DuckDB has them.

    Args:
        files: Parquet files, at least one.
        columns: The engine's types by column.
    """
    # Spark stores points in time without a zone unless a setting says so: in UTC, as the driver's session has them.
    selected = (
        f"timezone('UTC', cast({name} as timestamptz)) as {name}"
        if kind == "timestamp"
        else f"cast({name} as {type_in_duckdb(kind)}) as {name}"
        if HOLDS_TIMES.search(kind)
        else name
        for name, kind in ((quoted(column), kind) for column, kind in columns.items())
    )
    # Each name is taken for a pattern.
    listed = ", ".join(text_in_duckdb(re.sub(r"[*?\[]", r"[\g<0>]", file)) for file in files)
    return f"select {', '.join(selected)} from read_parquet([{listed}], hive_partitioning = false)"


def version_problem(version: str) -> str | None:
    """Why an engine of a version of Spark can't be used, in one sentence; None where it can."""
    found = re.match(r"\d+", version)
    if found and int(found.group()) < 4:
        return f"SHOP_SPARK leads to Spark {version}: the target needs 4.0 or later."
    return None


def without_secrets(address: str) -> str:
    """An address without its user and its parameters, of which one may be a token."""
    return re.sub(r"[;?].*|(?<=//)[^/]*@", "", address, flags=re.DOTALL)


def is_reachable(address: str) -> bool:
    """Whether something listens at an address of Spark Connect."""
    try:
        place = urlsplit(address)
        socket.create_connection((place.hostname, place.port or DEFAULT_PORT), timeout=10).close()
    except (OSError, ValueError):
        return False
    return True


def retry_policies(address: str) -> list[Any]:
    """When Spark's client asks once more: a few times in any case, and longer where something listens.

    Args:
        address: Where the engine is.
    """
    from pyspark.sql.connect.client.retries import DefaultPolicy

    class WhileItListens(DefaultPolicy):  # type: ignore[misc,unused-ignore]  # Spark is not followed
        """As Spark's own, but a server that has ended is not waited for."""

        def can_retry(self, e: BaseException) -> bool:
            return bool(super().can_retry(e)) and is_reachable(address)

    patient = WhileItListens(
        max_retries=MORE_RETRIES, initial_backoff=MILLISECONDS_BETWEEN, max_backoff=MILLISECONDS_BETWEEN
    )
    return [DefaultPolicy(max_retries=RETRIES), patient]


def reason_of(address: str) -> str:
    """Why there is no session, in one sentence."""
    return f"No engine answers at '{without_secrets(address)}': start it, or set SHOP_SPARK to {ADDRESSES}."


ENGINES: dict[tuple[str, str | None, str | None], Engine] = {}
LOCK = threading.Lock()


def engine_at(
    address: str, folder: str | None = None, spark_home: str | None = None, shared_folder: str | None = None
) -> Engine:
    """The one session of this process on an engine; see `Engine`."""
    with LOCK:
        place = address, folder, shared_folder or None
        if place not in ENGINES:
            ENGINES[place] = Engine(address, folder, spark_home, shared_folder)
        return ENGINES[place]
