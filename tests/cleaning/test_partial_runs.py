"""The next build heals what a run leaves that excludes a model, fails, or has settings that are put back."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Shop, problem_of

HEADINGS = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
# Every incremental model that processes the input's rows.
MODELS = (
    "base_transactions",
    "int_transactions_flagged",
    "int_cancellation_matches",
    "int_order_lines",
    "int_orders",
    "int_order_events_daily",
    "int_order_states_scd2",
    "int_customer_states_scd2",
)
SELECTION = ("--select", *(f"+{model}" for model in MODELS))
# Tables: a view is up to date where a run excludes it.
LEFT_OUT = ("ingest_plan", "int_changed_lines", *MODELS)


def lines_of(number: int) -> list[str]:
    """A sale to an own customer, half of it cancelled; an anonymous sale; a cancellation of customer 0's."""
    day = f"1/{number + 13}/2011"
    return [
        f"{number}1,A,TIN,10,{day} 8:00,2.00,c{number},UK",
        f"C{number}2,A,TIN,-5,{day} 9:00,2.00,c{number},UK",
        f"{number}3,A,TIN,1,{day} 9:00,2.00,,UK",
        f"C{number}4,A,TIN,-1,{day} 9:00,2.00,c0,UK",
    ]


def add_file(folder: Path, number: int, lines: list[str]) -> None:
    (folder / f"{number:02}.csv").write_text("\n".join([HEADINGS, *lines]) + "\n")


def run(shop: Shop, *arguments: str, **settings: Any) -> None:
    result = shop.dbt("run", *arguments, **settings)
    assert result.success, problem_of(result)


def contents(shop: Shop) -> dict[str, list[tuple[Any, ...]]]:
    schemas = dict(shop.rows("select table_name, table_schema from information_schema.tables"))
    return {model: shop.rows(f"from {schemas[model]}.{model} order by all") for model in MODELS}


def watermark(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.rows("select last_row from sources.ingest_watermark")


@pytest.fixture(scope="module")
def built(make_shop: Callable[..., Shop], tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("files")
    add_file(folder, 0, lines_of(0))
    shop = make_shop(transactions=f"{folder}/*.csv").build(*MODELS, write_json=True)
    assert watermark(shop) == [(4,)]
    shutil.copy2(folder / "00.csv", shop.folder)
    return shop


def fresh(built: Shop, tmp_path: Path) -> tuple[Shop, Path]:
    """A copy of the built shop, and the folder that it has read, as it was read."""
    folder = Path(built.settings["transactions"]).parent
    for path in folder.iterdir():
        path.unlink()
    shutil.copy2(built.folder / "00.csv", folder)
    return built.copy(tmp_path / "shop"), folder


def test_the_models_are_all_that_process_rows(built: Shop) -> None:
    manifest = json.loads((built.folder / "target" / "manifest.json").read_text())
    incremental = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "incremental"
    }
    layers = {name for name, node in incremental.items() if node["fqn"][1] in ("staging", "cleaning", "core")} - {
        # fitted once a version, from customers
        "int_fit_population"
    }
    assert layers == set(MODELS)
    # The end of a run knows them by these parents (macros/sources/ingest_watermark.sql).
    known = {f"model.customer_segmentation.{name}" for name in ("ingest_plan", "int_changed_lines")}
    parents = known | {"source.customer_segmentation.shop.transactions"}
    assert {name for name, node in incremental.items() if parents & set(node["depends_on"]["nodes"])} == set(MODELS)
    # What they are made from besides: seeds, views, which are always up to date, and tables that it knows, too.
    above = {parent for name in MODELS for parent in incremental[name]["depends_on"]["nodes"]}
    tables = {
        name
        for name in above & manifest["nodes"].keys()
        if manifest["nodes"][name]["config"]["materialized"] == "table"
    }
    assert tables == known


def test_a_model_that_a_run_leaves_out_processes_its_rows_in_the_next_build(
    built: Shop, make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    """Each run brings lines of a customer of its own and excludes another model; the watermark moves at the end."""
    shop, folder = fresh(built, tmp_path)
    for number, model in enumerate(LEFT_OUT, 1):
        add_file(folder, number, lines_of(number))
        run(shop, *SELECTION, "--exclude", model)
        assert watermark(shop) == [(4,)], model
    run(shop, *SELECTION)
    assert watermark(shop) == [(4 * len(LEFT_OUT) + 4,)]
    at_once = make_shop(transactions=f"{folder}/*.csv").build(*MODELS)
    expected = contents(at_once)
    for model, rows in contents(shop).items():
        assert rows == expected[model], model
    # by hand: each customer has one order, of which half is cancelled; customer 0 gave back one piece more each time
    assert shop.rows(
        "select customer_id, revenue from core.int_orders where customer_id in ('c0', 'c3') order by 1"
    ) == [
        ("c0", 0),
        ("c3", 10),
    ]


def test_a_model_that_fails_keeps_the_watermark(built: Shop, tmp_path: Path) -> None:
    shop, folder = fresh(built, tmp_path)
    add_file(folder, 1, lines_of(1))
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        # The model refuses to change its columns.
        warehouse.execute("alter table core.int_orders add column other integer")
    assert not shop.dbt("run", *SELECTION).success
    assert watermark(shop) == [(4,)]
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute("alter table core.int_orders drop column other")
    run(shop, *SELECTION)
    assert watermark(shop) == [(8,)]
    assert shop.rows("select revenue from core.int_orders where customer_id = 'c1'") == [(10,)]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("int_transactions_flagged",), id="the flags"),
        pytest.param(("ingest_plan", "int_transactions_flagged"), id="the plan and the flags"),
        pytest.param(("ingest_plan", "base_transactions"), id="the plan and the rows"),
        pytest.param(SELECTION[1:], id="everything"),
    ],
)
def test_a_setting_that_is_put_back_leaves_nothing(arguments: tuple[str, ...], built: Shop, tmp_path: Path) -> None:
    shop, _ = fresh(built, tmp_path)
    before = contents(shop)
    run(shop, "--select", *arguments, cancellation_invoice_prefix="9")
    run(shop, *SELECTION)
    assert contents(shop) == before
    # and the next build plans to do nothing again
    run(shop, "--select", "ingest_plan")
    assert shop.rows("select is_full_reload from sources.ingest_plan") == [(False,)]


def test_codes_that_are_put_back_leave_nothing(built: Shop, tmp_path: Path) -> None:
    shop, _ = fresh(built, tmp_path)
    before = contents(shop)
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute("insert into seeds.non_product_codes values ('A', 'exact', 'a tin')")
    run(shop, "--select", "ingest_plan", "int_transactions_flagged")
    assert shop.rows("select count(*) from cleaning.int_transactions_flagged where is_non_product") == [(4,)]
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute("delete from seeds.non_product_codes where code = 'A'")
    run(shop, *SELECTION)
    assert contents(shop) == before


def test_other_codes_process_all_rows_without_reading_the_files(built: Shop, tmp_path: Path) -> None:
    shop, folder = fresh(built, tmp_path)
    (folder / "00.csv").rename(folder / "moved.csv.bak")
    add_file(folder, 1, lines_of(1))
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute("insert into seeds.non_product_codes values ('A', 'exact', 'a tin')")
    run(shop, *SELECTION)
    assert shop.rows("select count(*), bool_and(is_non_product) from cleaning.int_transactions_flagged") == [(8, True)]
    assert shop.rows("select count(*) from core.int_orders") == [(0,)]
