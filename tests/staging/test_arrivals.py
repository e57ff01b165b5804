"""Lines are ingested once, in any order: builds that add to one another give the tables of one build of all lines."""

import csv
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import DEMO_FILE, FORM_OF_INPUT, MARTS_OF_ROWS, ROW_NUMBERS, Shop, problem_of

TABLES_OF_LINES = (
    "staging.base_transactions",
    "cleaning.int_transactions_flagged",
    "core.int_cancellation_matches",
    "core.int_order_events_daily",
    *MARTS_OF_ROWS,
)
# Rows that are equal in all columns may stand for one another.
WITHOUT = (*ROW_NUMBERS, *FORM_OF_INPUT, "file_name", "movement_number")
# With what they are made from: all models that process the input's rows.
MODELS = (
    "int_customer_states_scd2", "orders", "order_lines", "cancellations", "cancellation_matches",
    "rejected_transactions", "cleaning_summary",
)  # fmt: skip


@pytest.fixture(scope="module")
def log() -> tuple[str, list[str]]:
    """Headings and lines of a part of the embedded shop in which much is cancelled and much is wrong."""
    headings, *lines = DEMO_FILE.read_text("utf-8").splitlines()
    rows = list(csv.DictReader([headings, *lines]))
    returning = sorted({row["CustomerID"] for row in rows if row["InvoiceNo"].startswith("C")} - {""})[::4]
    part = [line for line, row in zip(lines, rows, strict=True) if row["CustomerID"] in {"", *returning}]
    # the same line three times in one file, and again in another
    return headings, part + part[:3] * 2


def contents(shop: Shop) -> dict[str, tuple[Any, ...]]:
    return shop.checksums(*TABLES_OF_LINES, without=WITHOUT)


def run(shop: Shop, *arguments: str, **settings: Any) -> None:
    """A run that leaves models out."""
    result = shop.dbt("run", *arguments, **settings)
    assert result.success, problem_of(result)


def written(folder: Path, headings: str, lines: list[str], name: str) -> Path:
    path = folder / name
    path.write_text("\n".join([headings, *lines]) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def at_once(
    make_shop: Callable[..., Shop], log: tuple[str, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """One build of all lines, in the order of the file."""
    folder = tmp_path_factory.mktemp("at_once")
    written(folder, *log, "all.csv")
    shop = make_shop(transactions=f"{folder}/*.csv").build(*MODELS)
    assert shop.row("select count(*) from cancellation_matches")[0] > 50
    return shop


@pytest.fixture(scope="module")
def fed_once(at_once: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A copy of that shop, with a folder of its own that already was read."""
    files = tmp_path_factory.mktemp("fed") / "files"
    shutil.copytree(folder_of(at_once), files)
    shop = at_once.copy(files.with_name("shop"), transactions=f"{files}/*.csv").build(*MODELS)
    shutil.copytree(files, files.with_name("files_as_read"))
    return shop


@pytest.fixture
def fed(fed_once: Shop, tmp_path: Path) -> Shop:
    """A copy of it, with the folder as it was read: as old, and in its place."""
    files = folder_of(fed_once)
    shutil.rmtree(files)
    shutil.copytree(files.with_name("files_as_read"), files)
    return fed_once.copy(tmp_path / "shop")


def folder_of(shop: Shop) -> Path:
    return Path(shop.settings["transactions"]).parent


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_arrival_gives_the_same_tables(
    seed: int, make_shop: Callable[..., Shop], at_once: Shop, log: tuple[str, list[str]], tmp_path: Path
) -> None:
    """Lines arrive shuffled, in files that repeat lines of one another."""
    chance, (headings, lines) = random.Random(seed), log
    in_files = [chance.sample([1, 2, 3], k=chance.choice([1, 1, 2])) for _ in lines]
    # lines that are equal stay in one file: only there they are several
    of_line = dict(zip(lines, in_files, strict=True))
    shop = make_shop(transactions=f"{tmp_path}/*.csv")
    for number in chance.sample([1, 2, 3], k=3):
        part = [line for line in lines if number in of_line[line]]
        written(tmp_path, headings, chance.sample(part, k=len(part)), f"{number}.csv")
        shop.build(*MODELS)
    assert contents(shop) == contents(at_once)


def test_a_file_that_was_read_is_not_opened_again_and_a_copy_of_it_adds_nothing(fed: Shop) -> None:
    before, first = contents(fed), folder_of(fed) / "all.csv"
    rows = fed.rows("from staging.base_transactions order by input_row")
    shutil.copy(first, folder_of(fed) / "export_of_the_last_months.csv")
    stat = first.stat()
    # as long, and as old: nothing shows that it is another
    first.write_bytes(b"?" * stat.st_size)
    os.utime(first, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    fed.build(*MODELS)
    assert fed.rows("from staging.base_transactions order by input_row") == rows
    assert contents(fed) == before
    assert dict(fed.rows("select parse_filename(file_name), is_pending from sources.input_files")) == {
        "all.csv": False,
        "export_of_the_last_months.csv": True,
    }
    # rows of a file that is gone stay
    first.unlink()
    fed.build(*MODELS)
    assert contents(fed) == before


def test_a_file_that_grows_adds_what_it_has_grown_by(fed: Shop, make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    path = folder_of(fed) / "all.csv"
    sale = "999001,22423,REGENCY CAKESTAND,12,12/30/2025 10:00,10.00,late,United Kingdom"
    back = "C999002,22423,REGENCY CAKESTAND,-5,12/31/2025 10:00,10.00,late,United Kingdom"
    between = "999000,22423,REGENCY CAKESTAND,4,12/31/2025 09:00,10.00,late,United Kingdom"
    for line in (sale, back, between):
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        fed.build(*MODELS)
    # last in, first out: four of the five are those of the sale just before, which arrived last
    assert fed.rows(
        "select sale_invoice_id, units from cancellation_matches where customer_id = 'late' order by 1"
    ) == [
        ("999000", 4),
        ("999001", 1),
    ]
    assert fed.rows("select invoice_id, revenue from orders where customer_id = 'late' order by 1") == [
        ("999000", 0),
        ("999001", 110),
    ]
    assert contents(make_shop(transactions=str(path)).build(*MODELS)) == contents(fed)


def test_the_next_build_completes_one_that_was_cut_off(fed: Shop, at_once: Shop, log: tuple[str, list[str]]) -> None:
    headings, lines = log
    shop = replace(fed, folder=fed.folder.with_name("cut"))
    shop.folder.mkdir()
    path = written(folder_of(fed), headings, lines[: len(lines) // 2], "all.csv")
    shop.build(*MODELS)
    written(path.parent, headings, lines, "all.csv")
    for cut in ([], ["int_transactions_flagged"], ["int_changed_lines", "order_lines"]):
        run(shop, "--select", "ingest_plan", "base_transactions", *cut)
    shop.build(*MODELS)
    assert contents(shop) == contents(at_once)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"cancellation_invoice_prefix": "5"}, id="with other settings"),
        pytest.param({}, id="in a full refresh"),
    ],
)
def test_the_next_build_completes_a_full_read_that_was_cut_off(fed: Shop, settings: dict[str, str]) -> None:
    """The rows have other numbers then, which the tables of lines do not know yet."""
    before, path = contents(fed), folder_of(fed) / "all.csv"
    headings, *lines = path.read_text("utf-8").splitlines()
    written(path.parent, headings, lines[::-1], "all.csv")
    options = [] if settings else ["--full-refresh"]
    run(fed, "--select", "ingest_plan", "base_transactions", *options, **settings)
    fed.build(*MODELS)
    assert contents(fed) == before
    assert fed.row(
        "select count(*) from order_lines where input_row not in (select input_row from staging.base_transactions)"
    ) == (0,)


def test_the_next_build_processes_what_a_partial_run_left_out(fed: Shop, log: tuple[str, list[str]]) -> None:
    line = "999001,22423,REGENCY CAKESTAND,12,12/30/2025 10:00,10.00,late,United Kingdom"
    written(folder_of(fed), log[0], [line], "next.csv")
    run(fed, "--select", "staging", "cleaning", "--exclude", "models/marts")
    assert fed.row("select count(*) from orders where customer_id = 'late'") == (0,)
    fed.build(*MODELS)
    assert fed.row("select revenue from orders where customer_id = 'late'") == (120,)


def test_rows_that_are_gone_from_the_input_are_not_lost_silently(fed: Shop) -> None:
    before, path = contents(fed), folder_of(fed) / "all.csv"
    path.rename(path.with_name("another.csv"))
    result = fed.dbt("run", "--select", *(f"+{model}" for model in MODELS), cancellation_invoice_prefix="5")
    assert not result.success
    assert "what was read is no longer there:" in problem_of(result)
    assert "dbt build --full-refresh" in problem_of(result)
    assert contents(fed) == before


def test_a_corrected_line_is_no_duplicate_of_the_one_that_could_not_be_read(
    fed: Shop, log: tuple[str, list[str]]
) -> None:
    line = "999001,22423,REGENCY CAKESTAND,12,12/30/2025 10:00,10.00,late,United Kingdom"
    for name, text in (("bad.csv", f"{line},one more"), ("good.csv", line)):
        written(folder_of(fed), log[0], [text], name)
        fed.build(*MODELS)
    assert fed.rows("select revenue from orders where customer_id = 'late'") == [(120,)]


def test_rows_that_are_written_otherwise_in_another_export_are_the_same_rows(
    make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    headings = "invoice_id,product_id,quantity,ordered_at,unit_price,customer_id,points"
    rows = ["1,10,2,2025-01-31 10:00:00,2.50,9001,7", "2,10,1,2025-01-31,18,9002,"]
    again = ["1,10.0,2.0,2025-01-31 10:00,2.5,9001.0,7.0", '2,10,1.000,2025-01-31 00:00:00,18.00,"=""9002""",']
    others = ["1,10,2,2025-01-31 10:00:00,2.51,9001,7", "1,10,2,2025-01-31 10:00:00,2.50,9001,7.5"]
    shop = make_shop(transactions=f"{tmp_path}/*.csv")
    written(tmp_path, headings, rows, "first.csv")
    shop.build("stg_transactions")
    written(tmp_path, headings, again + others, "next.csv")
    shop.build("stg_transactions")
    assert shop.rows("select input_row, unit_price from staging.stg_transactions order by 1") == [
        (1, Decimal("2.50")), (2, 18), (3, Decimal("2.51")), (4, Decimal("2.50"))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "others", "again"),
    [
        # 1,000 units and 1 unit; 1,250 and 1.25; morning and evening; with and without a currency
        (
            [
                "1;A;1,000;2025-01-31;1,250.50;c",
                "2;A;1;2025-01-31;1,250;c",
                "3;A;1;2025-01-31 10:00 AM;2;c",
                "4;A;1;2025-01-31;€5.50;c",
            ],
            [
                "1;A;1;2025-01-31;1,250.50;c",
                "2;A;1;2025-01-31;1.25;c",
                "3;A;1;2025-01-31 10:00 PM;2;c",
                "4;A;1;2025-01-31;5.50;c",
            ],
            ["1;A;1000;2025-01-31;1250.5;c", "2;A;1.0;2025-01-31 00:00:00;1250.00;c", "4;A;1;2025-01-31;€ 5.50;c"],
        ),
        # the same with a decimal comma
        (
            ["1;A;1.000;2025-01-31;1.250,50;c", "2;A;1;2025-01-31;1.250;c"],
            ["1;A;1;2025-01-31;1.250,50;c", "2;A;1;2025-01-31;1,25;c"],
            ["1;A;1000;2025-01-31;1250,5;c", "2;A;1,0;2025-01-31;1 250,00;c"],
        ),
    ],
)
def test_rows_are_compared_by_the_numbers_that_they_mean(
    rows: list[str], others: list[str], again: list[str], make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    headings = "invoice_id;product_id;quantity;ordered_at;unit_price;customer_id"
    shop = make_shop(transactions=f"{tmp_path}/*.csv")
    written(tmp_path, headings, rows, "first.csv")
    shop.build("base_transactions")
    written(tmp_path, headings, others + again, "next.csv")
    shop.build("base_transactions")
    texts = shop.rows(
        "select concat_ws(';', invoice_id, product_id, quantity, ordered_at, unit_price, customer_id)"
        " from staging.base_transactions order by input_row"
    )
    assert texts == [(row,) for row in rows + others]


def test_whole_prices_show_no_decimal_separator(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    headings = "invoice_id;product_id;quantity;ordered_at;unit_price;customer_id"
    shop = make_shop(transactions=f"{tmp_path}/*.csv")
    written(tmp_path, headings, ["1;A;1;2025-01-31;3;c"], "first.csv")
    shop.build(*MODELS)
    written(tmp_path, headings, ["2;A;1;2025-02-28;3,50;c"], "next.csv")
    shop.build(*MODELS)
    assert shop.rows("select invoice_id, revenue from orders order by 1") == [("1", 3), ("2", Decimal("3.50"))]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"cancellation_invoice_prefix": "5"}, id="a setting"),
        pytest.param({"column_mapping": {"country": "Description"}}, id="headings"),
    ],
)
def test_other_settings_or_headings_read_everything_again(
    fed: Shop, make_shop: Callable[..., Shop], change: dict[str, Any]
) -> None:
    before = contents(fed)
    fed.build(*MODELS, **change)
    assert fed.row("select is_full_reload from sources.ingest_plan") == (True,)
    assert contents(fed) != before
    assert contents(fed) == contents(make_shop(transactions=fed.settings["transactions"], **change).build(*MODELS))
    fed.build(*MODELS)
    assert contents(fed) == before


def test_other_codes_and_a_full_refresh_process_everything_again(fed: Shop) -> None:
    before = contents(fed)
    with duckdb.connect(str(fed.warehouse)) as warehouse:
        warehouse.execute("delete from seeds.non_product_codes where code = 'POST'")
    run(fed, "--select", *(f"+{model}" for model in MODELS))
    assert fed.row("select is_full_reload from sources.ingest_plan") == (True,)
    assert fed.row("select count(*) > 0 from order_lines where product_id = 'POST'") == (True,)
    # a build brings the seed as it is in its file
    assert contents(fed.build(*MODELS)) == before
    path = folder_of(fed) / "all.csv"
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(lines[:-500]) + "\n", "utf-8")
    # a file that lost lines removes no rows, until a full refresh
    assert contents(fed.build(*MODELS)) == before
    run(fed, "--full-refresh", "--select", *(f"+{model}" for model in MODELS))
    assert fed.row("select count(*) from staging.base_transactions") == (len(lines) - 501,)


def test_a_table_adds_what_it_has_grown_by(
    make_shop: Callable[..., Shop], at_once: Shop, log: tuple[str, list[str]]
) -> None:
    headings, lines = log
    shop = make_shop(transactions="landing")
    path = written(shop.folder, headings, lines, "all.csv")
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute(f"create table landing as from read_csv('{path}', all_varchar = true) limit 700")
    shop.build(*MODELS)
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute(f"insert into landing from read_csv('{path}', all_varchar = true) offset 700")
    assert contents(shop.build(*MODELS)) == contents(at_once)


def test_files_of_one_shop_may_differ_in_their_encoding(fed: Shop) -> None:
    """A month without accents is UTF-8 as well as Latin-1."""
    line = "999003,22423,CAFÉ AU LAIT,1,12/31/2025 10:00,2.00,late,España"
    headings = (folder_of(fed) / "all.csv").read_text("utf-8").splitlines()[0]
    (folder_of(fed) / "latin.csv").write_bytes(f"{headings}\n{line}\n".encode("latin-1"))
    (folder_of(fed) / "utf.csv").write_text(f"{headings}\n{line.replace('999003', '999004')}\n", "utf-8")
    fed.build(*MODELS)
    assert fed.rows("select distinct country from order_lines where customer_id = 'late'") == [("España",)]


def test_a_later_file_with_other_dates_stops_the_build_with_a_sentence(fed: Shop) -> None:
    before = contents(fed)
    headings = (folder_of(fed) / "all.csv").read_text("utf-8").splitlines()[0]
    line = "999003,22423,CAFÉ AU LAIT,1,2025-12-31T10:00,2.00,late,España"
    written(folder_of(fed), headings, [line], "other.csv")
    result = fed.dbt("run", "--select", *(f"+{model}" for model in MODELS))
    assert not result.success
    assert "Dates read so far are written as month-day-year, but no date of" in problem_of(result)
    assert "other.csv' is written so, e.g. '2025-12-31T10:00'" in problem_of(result)
    assert contents(fed) == before


def test_a_file_that_repeats_another_but_for_its_export_time_causes_a_warning(
    make_shop: Callable[..., Shop], log: tuple[str, list[str]], tmp_path: Path
) -> None:
    headings, lines = log
    settings = {"transactions": f"{tmp_path}/*.csv", "date_format": "month-day-year"}
    for name, count, exported_at in (("a.csv", 60, "monday"), ("b.csv", 40, "tuesday")):
        exported = [f"{line},{exported_at}" for line in lines[:count]]
        written(tmp_path, f"{headings},ExportedAt", exported, name)
    shop = make_shop(**settings).build("base_transactions")
    test = ("test", "--select", "assert_no_file_repeats_lines_of_another")
    assert "warn" in [run.status for run in shop.dbt(*test).result]
    log_text = (shop.folder / "logs" / "dbt.log").read_text()
    assert f"40 lines of {tmp_path}/b.csv are in {tmp_path}/a.csv too" in log_text
    assert "columns that the build does not read (ExportedAt): they count twice" in log_text

    # what is once more in the second file is equal there, and a duplicate
    written(tmp_path, f"{headings},ExportedAt", [f"{line},monday" for line in lines[:60] + lines[:1]], "b.csv")
    repeated = make_shop(**settings).build("base_transactions")
    assert repeated.row("select count(*) from staging.base_transactions") == (61,)
    assert "pass" in [run.status for run in repeated.dbt(*test).result]

    # a line that is known by its text alone is one, whichever file it is in
    written(tmp_path, headings, lines[:40], "b.csv")
    written(tmp_path, headings, lines[:60], "a.csv")
    alike = make_shop(**settings).build("base_transactions")
    assert "pass" in [run.status for run in alike.dbt(*test).result]
