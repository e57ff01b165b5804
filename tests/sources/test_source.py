"""The input is a dbt source: it has an age, and what dbt does without a build works in an empty warehouse."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Shop, problem_of

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
    for name, age in (("a.csv", timedelta(days=400)), ("b.csv", timedelta())):
        path = tmp_path / name
        path.write_text(f"{HEADINGS}\n1,A,c,2011-01-31,1\n")
        seconds = (written - age).timestamp()
        os.utime(path, (seconds, seconds))
    shop = make_shop(transactions=f"{tmp_path}/*.csv")
    assert freshness(shop) == (status, written)


def test_a_table_is_as_fresh_as_its_last_date(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop(transactions="landing")
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute("create table landing as select 'c' as customer, '2011-01-31 10:30' as date, 1.5 as amount")
        warehouse.execute("insert into landing values ('c', '2010-12-31', 1), ('c', 'never', 1)")
    assert freshness(shop) == ("warn", datetime(2011, 1, 31, 10, 30, tzinfo=UTC))


def test_an_empty_warehouse_compiles(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop()
    result = shop.dbt("compile", "--select", "sources", "staging", "cleaning")
    assert result.success, problem_of(result)
    compiled = (shop.folder / "target/compiled/customer_segmentation/models/staging/base_transactions.sql").read_text()
    # One small query reads the input: which columns it has is data.
    assert 'from "shop"."sources"."transactions"' in " ".join(compiled.split()).replace("select * ", "")
    assert shop.tables() == set()


def test_only_runs_that_read_the_input_need_it(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    """Who has archived the files can still test and publish what is built."""
    shop = make_shop(transactions=f"{tmp_path}/archived.csv")
    for arguments in (
        ("seed",),
        ("build", "--select", "int_rfm_score_map"),
        ("test", "--select", "int_rfm_score_map"),
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
