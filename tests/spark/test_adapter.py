"""A small dbt project on Sail: a seed, a view, tables, increments, a Python model and data tests."""

import json
import os
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow  # type: ignore[import-untyped]
import pytest
import yaml
from conftest import ROOT
from dbt.cli.main import dbtRunner, dbtRunnerResult
from pyarrow import parquet

if os.environ.get("SHOP_CI") is None:
    pytest.importorskip("pysail", reason="the extra 'spark' is not installed")

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.sparkconnect.connections import Cursor, schema_in
from dbt.adapters.sparkconnect.credentials import Credentials
from dbt.adapters.sparkconnect.engine import Engine, engine_at, from_files
from dbt.adapters.sparkconnect.impl import SparkConnectAdapter
from dbt.adapters.sparkconnect.storage import Storage
from dbt.adapters.sparkconnect.temporary import TemporaryFolder
from dbt.adapters.sparkconnect.translation import run_translated
from dbt_common.exceptions import DbtRuntimeError

FILES = {
    "dbt_project.yml": """
        name: small
        version: "1.0"
        profile: small
        model-paths: ["models"]
        macro-paths: ["macros"]
        seed-paths: ["seeds"]
        flags: {send_anonymous_usage_stats: false}
        on-run-start: ["select make_countries('small.sales')"]
        on-run-end: "insert into small_input.seen select '{{ var('until') }}' as until"
        seeds: {small: {sales: {+column_types: {amount: "decimal(18, 2)", word: varchar}}}}
    """,
    "profiles.yml": """
        small:
          target: small
          outputs:
            small:
              type: sparkconnect
              schema: small
              threads: 2
              settings: {TimeZone: UTC}
              module_paths: [MODULES]
              plugins: [{module: countries_plugin}]
              driver_functions: {make_countries: small_input}
              engine_tables: [seen]
    """,
    "modules/countries_plugin.py": """
        from dbt.adapters.duckdb.plugins import BasePlugin


        class Plugin(BasePlugin):
            def configure_connection(self, connection):
                def make_countries(sales: str) -> int:
                    with connection.cursor() as cursor:
                        cursor.execute("create schema if not exists small_input")
                        cursor.execute("create table if not exists small_input.seen (until varchar)")
                        tables = "information_schema.tables where table_schema || '.' || table_name = ?"
                        is_there = cursor.execute(f"select count(*) from {tables}", [sales]).fetchone()[0]
                        lines = f"(select count(*) from {sales})" if is_there else "0"
                        seen = "(select count(*) from small_input.seen)"
                        state = f"select {lines} as lines, {seen} as n"
                        cursor.execute(f"create or replace view small_input.state as {state}")
                        cursor.execute("create or replace table small_input.countries as select 'a' as customer, 1 n")
                    return 1

                connection.create_function("make_countries", make_countries, side_effects=True)
    """,
    "models/homes.sql": """
        {% if execute %}{% do run_query("set variable home = 'café'") %}{% endif %}
        {% set home = run_query("select getvariable('home') as home").rows[0][0] if execute %}
        select customer, n, '{{ home }}' as home from small_input.countries
    """,
    "seeds/sales.csv": "customer,day,amount,word\na,2024-01-01,1.50,it's\na,2024-01-02,2.25,007\nb,2024-01-02,,\n",
    "models/sales_typed.sql": """
        {{ config(materialized='view') }}
        select * replace (cast(day as date) as day) from {{ ref('sales') }}
        where day <= date '{{ var("until") }}'
    """,
    "models/customers.sql": """
        {{ config(materialized='table', contract={'enforced': true}) }}
        select count(*) as sales, customer, sum(amount) as amount from {{ ref('sales_typed') }} group by all
    """,
    "models/days.sql": """
        {{ config(materialized='incremental', unique_key='day') }}
        select day, cast('{{ var("until") }}' as date) as built_on, count(*) as sales from {{ ref('sales_typed') }}
        {% if is_incremental() %} where day >= (select max(day) from {{ this }}) {% endif %}
        group by day
    """,
    "models/runs.sql": """
        {{ config(materialized='incremental') }}
        select date '{{ var("until") }}' as built_on, count(*) as customers from {{ ref('customers') }}
    """,
    "models/scores.py": """
        def model(dbt, session):
            dbt.config(materialized="incremental")
            customers = dbt.ref("customers").df().sort_values("customer")
            customers["earlier_scores"] = len(session.sql(f"from {dbt.this}").df()) if dbt.is_incremental else 0
            customers["score"] = customers["sales"] * 2.0
            return customers[["customer", "score", "earlier_scores"]]
    """,
    "models/best.sql": "select customer from {{ ref('scores') }} qualify row_number() over (order by score desc) = 1",
    "models/models.yml": """
        models:
          - name: customers
            columns:
              - {name: customer, data_type: varchar, data_tests: [unique, not_null]}
              - {name: amount, data_type: "decimal(18, 1)", data_tests: [{not_null: {config: {severity: warn}}}]}
              - {name: sales, data_type: integer}
    """,
    "tests/assert_scores_of_all_customers.sql": """
        select customer from {{ ref('customers') }} anti join {{ ref('scores') }} using (customer)
    """,
    "macros/generate_schema_name.sql": """
        {% macro generate_schema_name(name, node) %}{{ target.schema }}{% endmacro %}
    """,
}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    # Sail writes its tables below the folder that it was started in.
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = text.splitlines()
        indent = " " * 8 if lines and not lines[0] else ""
        text = "\n".join(line.removeprefix(indent) for line in lines).lstrip("\n") + "\n"
        path.write_text(text.replace("MODULES", str(tmp_path / "project" / "modules")), "utf-8")
    return engine_at("sail")


def kept_in(tmp_path: Path, folder: str) -> None:
    profile = tmp_path / "project" / "profiles.yml"
    profile.write_text(profile.read_text("utf-8") + f"      folder: {tmp_path / folder}\n", "utf-8")


def invoke(tmp_path: Path, command: str, **variables: str) -> dbtRunnerResult:
    project = str(tmp_path / "project")
    options = ["--project-dir", project, "--profiles-dir", project, "--quiet", "--vars", json.dumps(variables)]
    return dbtRunner().invoke([*command.split(), *options])


def rows_of(engine: Engine, table: str) -> list[tuple[Any, ...]]:
    rows = engine.run(f"select * from small.{table}").to_pylist()
    return sorted((tuple(str(value) for value in row.values()) for row in rows), key=repr)


def failures(result: dbtRunnerResult) -> list[str]:
    if result.exception is not None:
        return [str(result.exception)]
    return [f"{one.node.name}: {one.message}" for one in result.result if one.status not in ("success", "pass", "warn")]


def test_a_project_is_built_twice(tmp_path: Path, engine: Engine) -> None:
    assert failures(invoke(tmp_path, "build", until="2024-01-01")) == []
    assert engine.run("select * from small_input.state").to_pylist() == [{"lines": 0, "n": 0}]
    assert rows_of(engine, "customers") == [("a", "1.5", "1")]
    assert rows_of(engine, "scores") == [("a", "2.0", "0")]

    result = invoke(tmp_path, "build", until="2024-01-02")
    assert failures(result) == []
    assert {one.node.name for one in result.result if one.status == "warn"} == {"not_null_customers_amount"}
    assert rows_of(engine, "sales") == [
        ("a", "2024-01-01", "1.50", "it's"),
        ("a", "2024-01-02", "2.25", "007"),
        ("b", "2024-01-02", "None", "None"),
    ]
    assert rows_of(engine, "customers") == [("a", "3.8", "2"), ("b", "None", "1")]
    # The first day is replaced, as it is the last that was there, and not twice in the table.
    assert rows_of(engine, "days") == [("2024-01-01", "2024-01-02", "1"), ("2024-01-02", "2024-01-02", "2")]
    assert rows_of(engine, "runs") == [("2024-01-01", "1"), ("2024-01-02", "2")]
    assert rows_of(engine, "scores") == [("a", "4.0", "1"), ("b", "2.0", "1")]
    assert rows_of(engine, "best") == [("a",)]
    # A table that a function of a plugin made on the driver, and a variable of the driver.
    assert rows_of(engine, "homes") == [("a", "1", "café")]
    # What that function saw of a table that its call names, and of the state that statements change.
    assert engine.run("select * from small_input.state").to_pylist() == [{"lines": 3, "n": 1}]
    assert not [name for name, _ in engine.relations("small") if "__" in name]


def test_another_process_finds_the_tables_as_the_last_statement_left_them(tmp_path: Path, engine: Engine) -> None:
    kept_in(tmp_path, "tables")
    assert failures(invoke(tmp_path, "build", until="2024-01-01")) == []
    tables = ("sales", "sales_typed", "customers", "days", "runs", "scores", "best")
    before = {table: rows_of(engine_at("sail", str(tmp_path / "tables")), table) for table in tables}
    # Killed while it added lines to one table and replaced another.
    shutil.copytree(tmp_path / "tables", tmp_path / "killed")
    (days,) = (tmp_path / "killed" / "small" / "days").iterdir()
    shutil.copy(next(days.iterdir()), days / "added.parquet")
    shutil.copytree(days, days.with_name("0123456789abcdef" * 2))
    (tmp_path / "killed" / "catalogue.json.partial").write_text("[", "utf-8")
    restored = engine_at("sail", str(tmp_path / "killed"))
    assert {table: rows_of(restored, table) for table in tables} == before
    assert sorted(path.name for path in days.parent.iterdir()) == [days.name]
    assert "added.parquet" not in [path.name for path in days.iterdir()]

    profile = tmp_path / "project" / "profiles.yml"
    profile.write_text(profile.read_text("utf-8").replace("/tables", "/killed"), "utf-8")
    assert failures(invoke(tmp_path, "build", until="2024-01-02")) == []
    assert rows_of(restored, "runs") == [("2024-01-01", "1"), ("2024-01-02", "2")]
    assert restored.run("select * from small_input.state").to_pylist() == [{"lines": 3, "n": 1}]
    assert restored.run("select until from small_input.seen order by 1").column(0).to_pylist() == [
        "2024-01-01",
        "2024-01-02",
    ]
    assert rows_of(restored, "days") == [("2024-01-01", "2024-01-02", "1"), ("2024-01-02", "2024-01-02", "2")]
    # What was replaced or dropped is no longer on the disk.
    entries = json.loads((tmp_path / "killed" / "catalogue.json").read_text("utf-8"))
    kept = {entry["location"] for entry in entries if "location" in entry}
    found = {path.relative_to(tmp_path / "killed").as_posix() for path in (tmp_path / "killed").glob("*/*/*")}
    assert found <= kept
    assert {entry["name"] for entry in entries} >= set(tables)


def test_the_engine_is_not_asked_for_columns_that_the_catalogue_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine("sail", str(tmp_path / "tables"))
    run_translated("create schema if not exists input", engine)
    run_translated("create or replace table input.lines as select 1 as line, date '2024-01-01' as day", engine)
    run_translated("create or replace view input.days as select day from input.lines", engine)
    monkeypatch.setattr(engine, "_ask", None)
    assert engine.columns("input", "lines") == {"line": "int", "day": "date"}
    assert engine.columns("input", "no_lines") == {}
    monkeypatch.undo()
    assert engine.columns("input", "days") == {"day": "date"}


def test_a_table_becomes_a_view_and_a_table_again(tmp_path: Path) -> None:
    engine = Engine("sail", str(tmp_path / "tables"))
    with duckdb.connect() as driver:
        for letter in ("a", "c"):
            engine.upload("input", "lines", driver, f"select '{letter}' as letter")
            assert engine.run("select letter from input.lines").to_pylist() == [{"letter": letter}]
            run_translated("create or replace view input.lines as select 'b' as letter", engine)
            assert engine.run("select letter from input.lines").to_pylist() == [{"letter": "b"}]
            # The rows of the table are no longer on the disk.
            assert list((tmp_path / "tables" / "input" / "lines").iterdir()) == []


def test_two_processes_in_one_folder_are_refused(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path / "tables"))
    with pytest.raises(DbtRuntimeError, match="are in use by another process: wait until it ends, or name another"):
        Storage(str(tmp_path / "tables"))
    assert storage.folder == tmp_path / "tables"
    (tmp_path / "file").touch()
    with pytest.raises(DbtRuntimeError, match="can't hold tables"):
        Storage(str(tmp_path / "file"))


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_of_somebody_elses_files_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "clients/2024/invoices").mkdir(parents=True)
    (home / "clients/2024/invoices/1.pdf").touch()
    with pytest.raises(DbtRuntimeError, match=r"home holds other files and no catalogue\.json: name an empty folder"):
        Storage(str(home)).restore(print)
    assert files_in(home) == {"clients/2024/invoices/1.pdf"}
    # A catalogue of something else.
    for text in ("{}", "[1]", '[{"schema": "clients"}]', '{"tables": []}'):
        (home / "catalogue.json").write_text(text, "utf-8")
        with pytest.raises(DbtRuntimeError, match=r"can't hold tables: .+ or name another"):
            Storage(str(home)).restore(print)
        assert (home / "catalogue.json").read_text("utf-8") == text
    assert (home / "clients/2024/invoices/1.pdf").exists()


def test_a_folder_that_spark_takes_for_a_pattern_is_refused_and_not_made(tmp_path: Path) -> None:
    folder = tmp_path / "shop [new]"
    with pytest.raises(DbtRuntimeError, match=r"shop \[new\] can't hold tables of Spark, to which '\[' in a path is"):
        Engine("local[2]", str(folder))
    assert not folder.exists()


def test_only_what_the_adapter_wrote_is_deleted(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path))
    # What a build leaves that was killed before its first table: the next one goes on.
    assert files_in(tmp_path) == {".lock", "catalogue.json"}
    kept = Path(storage.new_location("clients", "2024"))
    unfinished, unknown = storage.new_location("clients", "2024"), storage.new_location("clients", "2023")
    for folder in (kept, Path(unfinished), Path(unknown), tmp_path / "clients/2024/invoices"):
        folder.mkdir(parents=True)
        (folder / "1.parquet").touch()
    storage.keep_table("clients", "2024", {"amount": "int"}, str(kept))
    (kept / "2.parquet").touch()
    (tmp_path / "notes.txt").touch()
    storage.restore(print)
    # The table that the catalogue doesn't know is built by the next build, and cleaned by the one after it.
    left = {Path(folder).relative_to(tmp_path).as_posix() + "/1.parquet" for folder in (kept, unknown)}
    others = {".lock", "catalogue.json", "notes.txt", "clients/2024/invoices/1.parquet"}
    assert files_in(tmp_path) == left | others


def test_the_profile_names_each_function_of_the_driver() -> None:
    modules = (ROOT / "python_models" / "shop_toolkit").rglob("*plugin.py")
    registered = {
        name for path in modules for name in re.findall(r'create_function\(\s*"(\w+)"', path.read_text("utf-8"))
    }
    target = yaml.safe_load((ROOT / "profiles.yml").read_text("utf-8"))["customer_segmentation"]["outputs"]["spark"]
    # The view of a workbook stays on the driver, too.
    assert set(target["driver_functions"]) == registered - {"workbook_rows"}


def test_copies_of_rows_stay_while_a_thread_reads_them_and_no_longer(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    engine.run("create schema if not exists read_by_two")
    engine.run("create or replace table read_by_two.letters as select 'a' as letter")
    with duckdb.connect() as driver:
        driver.create_function("fails", lambda: 1 // 0, [], "BIGINT", side_effects=True)
        credentials = SimpleNamespace(driver_functions={"fails": "made_by_it"}, engine_tables=[], promised_tables=[])
        first, second = (Cursor(driver.cursor(), engine, credentials) for _ in range(2))
        first.show("read_by_two", "letters")
        engine.run("create or replace table read_by_two.letters as select 'b' as letter")
        second.show("read_by_two", "letters")
        second.drop_copies()
        assert driver.execute("from read_by_two.letters").fetchall() == [("b",)]
        with pytest.raises(duckdb.Error, match="integer division"):
            first.execute("select fails() /* read_by_two.letters */")
        assert list(temporary.iterdir()) == []
        assert driver.execute("select count(*) from duckdb_views() where view_name = 'letters'").fetchone() == (0,)


@pytest.mark.parametrize(
    ("sql", "schema"),
    [
        ("select make('eu_made_by_it')", "eu_made_by_it"),
        ("""select make('{"word": "it''s", "schema": "eu_made_by_it", "later": "my_made_by_it"}')""", "eu_made_by_it"),
        # Of another member, of another call, or no schema with a prefix: none of them is the function's.
        ("""select make('{"later": "my_made_by_it"}')""", "made_by_it"),
        ("""select make('{"word": "\\"schema\\": \\"my_made_by_it\\""}')""", "made_by_it"),
        ("""select make('["my_made_by_it"]'), 'my_made_by_it' as word""", "made_by_it"),
        ("select make(''), remake('my_made_by_it')", "made_by_it"),
        ("select make('my made_by_it')", "made_by_it"),
        ("select make('{my_made_by_it')", "made_by_it"),
    ],
)
def test_the_schema_that_a_function_fills_is_the_one_that_its_call_names(sql: str, schema: str) -> None:
    assert schema_in(sql, "make", "made_by_it") == schema


def create_make(driver: duckdb.DuckDBPyConnection, statements: str) -> None:
    """The SQL function `make(schema)` of the driver, which runs statements about that schema."""

    def make(schema: str) -> int:
        with driver.cursor() as cursor:
            cursor.execute(statements.format(schema))
        return 1

    driver.create_function("make", make, ["VARCHAR"], "BIGINT", side_effects=True)


@pytest.mark.parametrize("schema", ["made_by_it", "eu_made_by_it"])
def test_what_a_function_makes_is_stored_also_in_a_schema_with_a_prefix(schema: str, engine: Engine) -> None:
    with duckdb.connect() as driver:
        create_make(driver, "create schema {0}; create table {0}.letters as select 'a' as letter")
        credentials = SimpleNamespace(driver_functions={"make": "made_by_it"}, engine_tables=[], promised_tables=[])
        # The first could be a setting.
        call = f"select make('{schema}')"
        Cursor(driver.cursor(), engine, credentials).execute(f"select 'no_made_by_it' where false; {call}")
    assert engine.run(f"select letter from {schema}.letters").to_pylist() == [{"letter": "a"}]


def test_a_table_of_an_earlier_release_gets_the_columns_that_a_function_adds(engine: Engine) -> None:
    engine.run("create schema if not exists made_earlier")
    engine.run("create or replace table made_earlier.letters as select 'a' as letter")
    with duckdb.connect() as driver:
        create_make(driver, "alter table {0}.letters add column if not exists place integer")
        credentials = SimpleNamespace(
            driver_functions={"make": "made_earlier"}, engine_tables=["letters"], promised_tables=[]
        )
        for _ in range(2):
            Cursor(driver.cursor(), engine, credentials).execute("select make('made_earlier')")
        engine.run("insert into made_earlier.letters values ('b', 2)")
        cursor = Cursor(driver.cursor(), engine, credentials)
        # As a publication does after the start of its run: in place of the copy, which is older.
        cursor.show("made_earlier", "letters")
        assert driver.execute("from made_earlier.letters order by 1").fetchall() == [("a", None), ("b", 2)]
        cursor.drop_copies()
    rows = engine.run("select letter, place from made_earlier.letters order by 1").to_pylist()
    assert rows == [{"letter": "a", "place": None}, {"letter": "b", "place": 2}]


@pytest.mark.parametrize(
    ("query", "is_stored_once"),
    [
        (
            "with lines as (select *, place as row from {0}), other as (select * from made_long.profile)"
            " select row, word, cast(null as uhugeint) as key from lines",
            True,
        ),
        ("select place as row, upper(word) as word, cast(null as uhugeint) as key from {0}", False),
        ("select place as row, word, cast(null as uhugeint) as key from {0} where place > 0", False),
        ("select row_number() over (order by place) as row, word, cast(null as uhugeint) as key from {0}", False),
        ("select place as row, word, cast(null as uhugeint) as key from {0} cross join made_long.profile", False),
    ],
)
def test_rows_as_the_driver_has_them_are_stored_once(
    query: str, is_stored_once: bool, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "select range + 1 as place, 'A' as word, timestamp '2024-03-31 02:30:00' as at from range(3)"
    with duckdb.connect() as driver:
        create_make(
            driver,
            f"create schema if not exists {{0}}; create or replace view {{0}}.lines as {rows};"
            " create or replace table {0}.profile as select 1 as one",
        )
        monkeypatch.setattr(DuckDBConnectionManager, "env", lambda: SimpleNamespace(conn=driver))
        credentials = SimpleNamespace(
            driver_functions={"make": "made_long"}, engine_tables=[], promised_tables=["lines"]
        )
        with driver.cursor() as closed_later:
            Cursor(closed_later, engine, credentials).execute("select make('made_long')")
        cursor = Cursor(driver.cursor(), engine, credentials)
        engine.run("drop table if exists made_long.lines")
        lines = '"memory"."made_long"."lines"'
        cursor.execute(f"create or replace table made_long.kept as {query.format(lines)}")
        assert (engine.columns("made_long", "lines") == {}) == is_stored_once
        assert engine.run("select row, word, key from made_long.kept order by row").to_pylist() == [
            {"row": place, "word": "A", "key": None} for place in (1, 2, 3)
        ]
        assert engine.columns("made_long", "kept")["key"] == "decimal(38,0)"
        # Whoever asks for the rows later finds them, as they are.
        found = cursor.execute(f"select place, at from {lines} order by place").fetchall()
        assert found == [(place, datetime(2024, 3, 31, 2, 30)) for place in (1, 2, 3)]
        # What takes their place is no rows of the driver's.
        cursor.execute("select make('made_long')")
        cursor.execute(f"create or replace table {lines} as select 7 as place")
        assert cursor.execute(f"select * from {lines}").fetchall() == [(7,)]


def test_copies_that_a_killed_process_left_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    used = TemporaryFolder("shop_rows_")
    for name in ("shop_rows_killed", "shop_rows_made_now", "others"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.parquet").touch()
    for path in (used.path, tmp_path / "shop_rows_killed", tmp_path / "others"):
        os.utime(path, (0, 0))
    TemporaryFolder("shop_rows_").delete()
    assert {path.name for path in tmp_path.iterdir()} == {used.path.name, "shop_rows_made_now", "others"}
    used.delete()
    assert not used.path.exists()


def test_what_means_nothing_to_the_target_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_MEMORY", "4GB")
    monkeypatch.delenv("SHOP_WAREHOUSE", raising=False)
    with pytest.raises(DbtRuntimeError, match="SHOP_MEMORY can't be followed by this target"):
        Credentials(database="memory", schema="main", unused_variables=["SHOP_WAREHOUSE", "SHOP_MEMORY"])


def test_a_model_changes_its_materialization_but_not_its_columns(tmp_path: Path, engine: Engine) -> None:
    assert failures(invoke(tmp_path, "build --select +best", until="2024-01-02")) == []
    models = tmp_path / "project" / "models"
    for kind, customer in (("table", "b"), ("view", "a"), ("incremental", "c")):
        (models / "best.sql").write_text(
            f"{{{{ config(materialized='{kind}') }}}} select '{customer}' as customer", "utf-8"
        )
        assert failures(invoke(tmp_path, "run --select best", until="2024-01-02")) == []
        assert rows_of(engine, "best") == [(customer,)]
        assert [name for name, _ in engine.relations("small")].count("best") == 1
    (models / "best.sql").write_text("{{ config(materialized='incremental') }} select 'd' as client", "utf-8")
    (sentence,) = failures(invoke(tmp_path, "run --select best", until="2024-01-02"))
    assert "The columns of best have changed (client, customer): build it with --full-refresh." in sentence
    assert failures(invoke(tmp_path, "run --full-refresh --select best", until="2024-01-02")) == []


def test_columns_that_a_model_gains_are_null_in_rows_that_are_stored(tmp_path: Path, engine: Engine) -> None:
    model = tmp_path / "project" / "models" / "best.sql"

    def build(query: str, on_schema_change: str = "append_new_columns", full_refresh: str = "false") -> list[str]:
        config = f"materialized='incremental', on_schema_change='{on_schema_change}', full_refresh={full_refresh}"
        model.write_text(f"{{{{ config({config}) }}}} {query}", "utf-8")
        return failures(invoke(tmp_path, "run --select best", until="2024-01-01"))

    engine.run("create schema if not exists small")
    engine.run("drop table if exists small.best")
    assert build("select 'a' as customer") == []
    assert build("select 2.5 as score, 'b' as customer") == []
    assert rows_of(engine, "best") == [("a", "None"), ("b", "2.5")]
    (sentence,) = build("select 'c' as customer")
    assert "The columns of best have changed (score): its rows can't be computed again, so bring back" in sentence
    (sentence,) = build("select 'c' as customer, 1 as score, 2 as other", "fail", "none")
    assert "The columns of best have changed (other): build it with --full-refresh." in sentence
    assert build("select 3.5 as score, date '2024-01-01' as day", "sync_all_columns") == []
    assert rows_of(engine, "best") == [("2.5", "None"), ("3.5", "2024-01-01"), ("None", "None")]


def test_rows_are_replaced_by_several_columns(tmp_path: Path, engine: Engine) -> None:
    (tmp_path / "project" / "models" / "days.sql").write_text(
        "{{ config(materialized='incremental', unique_key=['day', 'customer']) }}"
        " select cast(day as date) as day, customer, '{{ var(\"until\") }}' as built_on from {{ ref('sales') }}"
        " {% if is_incremental() %} where customer = 'a' and day = '2024-01-02' {% endif %}",
        "utf-8",
    )
    for until in ("first", "second"):
        assert failures(invoke(tmp_path, "build --full-refresh --select sales", until=until)) == []
        refresh = "" if until == "second" else " --full-refresh"
        assert failures(invoke(tmp_path, f"run --select days{refresh}", until=until)) == []
    assert [(day, who, built) for day, who, built in rows_of(engine, "days")] == [
        ("2024-01-01", "a", "first"), ("2024-01-02", "a", "second"), ("2024-01-02", "b", "first"),
    ]  # fmt: skip


def test_rows_that_are_added_get_the_types_of_the_table(engine: Engine) -> None:
    engine.run("create schema if not exists small")
    engine.make_table("small", "amounts", "select 'a' as customer, cast(1.5 as decimal(18, 2)) as amount")
    adapter: Any = SimpleNamespace(_engine=lambda: engine)
    relation = SimpleNamespace(schema="small", identifier="amounts")
    for key, customer in (("customer", "b"), (None, "c")):
        query = f"select '{customer}' as customer, cast(2.125 as decimal(20, 3)) as amount"
        SparkConnectAdapter.add_rows(adapter, relation, query, key)
    assert engine.columns("small", "amounts") == {"customer": "string", "amount": "decimal(18,2)"}
    assert rows_of(engine, "amounts") == [("a", "1.50"), ("b", "2.13"), ("c", "2.13")]


@pytest.mark.parametrize("has_zone", [True, False])
def test_points_in_time_are_read_from_files_in_each_way_that_engines_write_them(has_zone: bool, tmp_path: Path) -> None:
    moment = datetime(2024, 2, 29, 12, 30)
    stored = pyarrow.array([moment.replace(tzinfo=UTC)], pyarrow.timestamp("us", "UTC"))
    file = tmp_path / "lines.parquet"
    # Without one as Spark writes them by itself, in 96 bits.
    parquet.write_table(pyarrow.table({"moment": stored}), file, use_deprecated_int96_timestamps=not has_zone)
    with duckdb.connect() as driver:
        driver.execute("set TimeZone = 'UTC'")
        rows = driver.sql(from_files([str(file)], {"moment": "timestamp"}))
        assert [str(kind) for kind in rows.types] == ["TIMESTAMP"]
        assert rows.fetchall() == [(moment,)]


def test_an_error_names_the_model_and_its_line(tmp_path: Path, engine: Engine) -> None:
    # It has a contract, whose columns stand above the query.
    (tmp_path / "project" / "models" / "customers.sql").write_text(
        "{{ config(contract={'enforced': true}) }}select '' as customer, 1 as amount,\n"
        "    jaro_similarity('a', 'b') as sales",
        "utf-8",
    )
    (sentence,) = failures(invoke(tmp_path, "run --select customers", until=""))
    assert "models/customers.sql" in sentence
    assert "line 2: jaro_similarity() has no translation" in sentence
