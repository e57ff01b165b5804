"""The input is a dbt source: it has an age, and what dbt does without a build works in an empty warehouse."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Shop, problem_of
from shop_toolkit.warehouse import check_warehouse

HEADINGS = "invoice,sku,customer,date,amount"


def freshness(shop: Shop) -> tuple[str, datetime]:
    """What `dbt source freshness` reports of the transactions, and when they were last loaded."""
    result = shop.dbt("source", "freshness")
    (run,) = [run for run in result.result.results if run.node.resource_type == "source"]
    return str(run.status), run.max_loaded_at


@pytest.mark.parametrize(("days", "status"), [(0, "pass"), (8, "warn")])
def test_files_are_as_fresh_as_the_one_that_was_written_last(
    days: int, status: str, make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    written = datetime.now(UTC).replace(microsecond=0) - timedelta(days=days)
    # What a setting holds is data: it is not rendered.
    folder = tmp_path / "{{ 7 * 7 }}{% raw %}"
    folder.mkdir()
    for name, age in (("a.csv", timedelta(days=400)), ("b.csv", timedelta())):
        path = folder / name
        path.write_text(f"{HEADINGS}\n1,A,c,2011-01-31,1\n")
        seconds = (written - age).timestamp()
        os.utime(path, (seconds, seconds))
    shop = make_shop(transactions=f"{folder}/*.csv")
    assert freshness(shop) == (status, written)
    # The view of the rows does not outlive the run: who reads it later may be elsewhere, and the files gone.
    shutil.rmtree(folder)
    assert shop.rows("from sources.transactions") == []
    assert {"customer_id", "file_name"} <= {name for name, *_ in shop.rows("describe sources.transactions")}


def test_a_table_is_as_fresh_as_its_last_date(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(transactions="landing")
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute("create table landing as select 'c' as customer, '2011-01-31 10:30' as date, 1.5 as amount")
        # A date that is far too late says nothing of the others.
        warehouse.execute(
            "insert into landing values ('c', '2010-12-31', 1), ('c', 'never', 1), ('c', '2042-01-01', 1)"
        )
    assert freshness(shop) == ("warn", datetime(2011, 1, 31, 10, 30, tzinfo=UTC))


def test_an_empty_warehouse_compiles(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop()
    salt = "{{ 7 * 7 }}{% raw %}"
    result = shop.dbt("compile", "--select", "sources", "staging", "cleaning", "audiences", control_salt=salt)
    assert result.success, problem_of(result)
    compiled = {run.node.name: run.node.compiled_code for run in result.result.results}
    assert f"md5(concat_ws('|', '{salt}', " in compiled["audiences"]
    # One small query reads the input: which columns it has is data.
    assert 'from "shop"."sources"."transactions"' in " ".join(compiled["base_transactions"].split()).replace(
        "select * ", ""
    )
    assert shop.tables() == set()


def test_the_folder_of_a_warehouse_is_made(tmp_path: Path) -> None:
    check_warehouse(str(tmp_path / "a" / "b" / "shop.duckdb"), {"threads": 2})
    assert (tmp_path / "a" / "b").is_dir()
    check_warehouse(":memory:", {})


def test_a_warehouse_in_use_has_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    holding = f"import duckdb, sys; shop = duckdb.connect({str(path)!r}); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(RuntimeError) as raised:
            check_warehouse(str(path), {})
        other.communicate("")
    program = f"{Path(sys.executable).resolve().name}, process {other.pid}"
    assert str(raised.value) == (
        f"The warehouse '{path}' is in use by another process ({program}): a build, or a program that reads it. Wait"
        " until that has closed it, or name another file by the environment variable SHOP_WAREHOUSE. Readers can use"
        " the published copies meanwhile."
    )


def test_a_warehouse_that_cannot_be_opened_stops_the_run_with_one_sentence(
    make_shop: Callable[..., Shop], capfd: pytest.CaptureFixture[str]
) -> None:
    shop = make_shop()
    shop.warehouse.write_text("no database")
    result = shop.dbt("run-operation", "inspect_input")
    assert not result.success
    printed = capfd.readouterr().out
    assert f"The warehouse '{shop.warehouse}' is no DuckDB file: move it away, or name another file" in printed
    assert "Traceback" not in printed
    assert len(printed) < 600
    for path, problem in (
        (shop.folder, "is a folder: name another file"),
        (shop.warehouse / "shop.duckdb", "can't be opened: File exists. Make sure that it can be written"),
    ):
        with pytest.raises(RuntimeError, match=re.escape(f"The warehouse '{path}' {problem}")):
            check_warehouse(str(path), {})


def test_only_runs_that_read_the_input_need_it(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    """Who has archived the files can still test and publish what is built."""
    shop = make_shop(transactions=f"{tmp_path}/archived.csv")
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.sql(
            """
            create table customers (
                country varchar, recency_score integer, frequency_score integer, monetary_score integer,
                monetary decimal(18, 2)
            )
            """
        )
        warehouse.sql("create schema core; create table core.model_versions (model_version integer, is_active boolean)")
        warehouse.sql("create schema scoring")
        warehouse.sql(
            """
            create table scoring.rfm_cut_points (
                model_version integer, measure varchar, cut_number integer, cut_point decimal(18, 2),
                score_group varchar
            )
            """
        )
    for arguments in (
        ("seed",),
        ("build", "--select", "rpt_score_cells", "--exclude-resource-type", "unit_test"),
        ("test", "--select", "rpt_score_cells", "--exclude-resource-type", "unit_test"),
        ("test", "--select", "assert_each_score_cell_has_one_segment"),
    ):
        result = shop.dbt(*arguments)
        assert result.success, problem_of(result)
        assert result.result.results, arguments
    reading: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
        (("run", "--select", "ingest_plan"), {}),
        (("run", "--select", "base_transactions"), {}),
        (("run", "--select", "int_as_of_dates"), {"as_of_date": "2150-01-01"}),
        (("source", "freshness"), {}),
    )
    for stopped, settings in reading:
        assert "there is no file" in problem_of(shop.dbt(*stopped, **settings)), stopped
