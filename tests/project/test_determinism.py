"""Same data, same tables: whatever the threads, the order of the file, and what is logged later."""

import csv
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from conftest import DEMO_FILE, FORM_OF_INPUT, MARTS, REAL_FILE, ROW_NUMBERS, Shop

STAGES = ("scoring.score_versions", "scoring.score_cut_points", "cleaning.int_stock_movements")


def shuffled(log: Path, folder: Path, encoding: str) -> str:
    headings, *rows = log.read_text(encoding).splitlines(keepends=True)
    random.Random(7).shuffle(rows)
    path = folder / "shuffled.csv"
    path.write_bytes((headings + "".join(rows)).encode(encoding))
    return str(path)


def test_four_threads_build_what_one_builds(make_shop: Callable[..., Shop], demo_shop: Shop) -> None:
    one, four = make_shop().build(threads=1), make_shop().build(threads=4)
    assert one.checksums(*MARTS, *STAGES) == four.checksums(*MARTS, *STAGES) == demo_shop.checksums(*MARTS, *STAGES)


def test_four_threads_build_the_real_file_as_one_does(make_shop: Callable[..., Shop], real_shop: Shop) -> None:
    for threads in (1, 4):
        shop = make_shop(transactions=str(REAL_FILE)).build(threads=threads)
        assert shop.checksums(*MARTS, *STAGES) == real_shop.checksums(*MARTS, *STAGES)


def test_the_order_of_rows_changes_nothing(make_shop: Callable[..., Shop], demo_shop: Shop, tmp_path: Path) -> None:
    shop = make_shop(transactions=shuffled(DEMO_FILE, tmp_path, "utf-8")).build()
    without = ROW_NUMBERS + FORM_OF_INPUT
    assert shop.checksums(without=without) == demo_shop.checksums(without=without)


def test_the_order_of_the_real_files_rows_changes_nothing(
    make_shop: Callable[..., Shop], real_shop: Shop, tmp_path: Path
) -> None:
    shop = make_shop(transactions=shuffled(REAL_FILE, tmp_path, "latin-1")).build()
    without = ROW_NUMBERS + FORM_OF_INPUT
    assert shop.checksums(without=without) == real_shop.checksums(without=without)


@pytest.fixture(scope="module")
def up_to_september(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's log as it stood at the end of September 2025."""
    path = tmp_path_factory.mktemp("log") / "log.csv"
    with DEMO_FILE.open(encoding="utf-8", newline="") as source, path.open("w", encoding="utf-8", newline="") as target:
        reader, writer = csv.reader(source), csv.writer(target)
        writer.writerow(next(reader))
        writer.writerows(row for row in reader if datetime.strptime(row[4], "%m/%d/%Y %H:%M") < datetime(2025, 10, 1))
    return path


def test_later_rows_change_nothing_that_was_said(make_shop: Callable[..., Shop], up_to_september: Path) -> None:
    """Point in time: the log grows by three months, and what is said as of September stays equal."""
    shop = make_shop(transactions=str(up_to_september)).build()
    then = shop.checksums("customers", "segments", *STAGES[:2])
    up_to_september.write_bytes(DEMO_FILE.read_bytes())
    shop.build(as_of_date="2025-09-30")
    assert shop.checksums("customers", "segments", *STAGES[:2]) == then
    now = shop.build()
    assert now.row("select max(as_of_date)::varchar, count(distinct score_version) from customers") == ("2025-12-31", 1)
    assert now.checksums(*STAGES[:2]) == {table: then[table] for table in STAGES[:2]}


def test_a_refit_adds_a_version_and_keeps_the_old(make_shop: Callable[..., Shop], demo_shop: Shop) -> None:
    shop = make_shop().build(baseline_date="2025-06-30")
    first = shop.rows("from scoring.score_cut_points order by all")
    shop.build(baseline_date="2025-12-31")
    shop.build(refit=True)
    assert shop.rows("select score_version, cause, baseline_date::varchar from scoring.score_versions order by 1") == [
        (1, "first build", "2025-06-30"),
        (2, "another baseline date", "2025-12-31"),
        (3, "refit", "2025-12-31"),
    ]
    assert shop.rows("from scoring.score_cut_points where score_version = 1 order by all") == first
    # the old version still tells what it told
    old = shop.build(baseline_date="2025-06-30")
    assert old.rows("select distinct score_version from customers where frequency > 0") == [(1,)]
    # fitted on the last day, anew or at first, the scores are the same
    new = shop.build(baseline_date="2025-12-31")
    assert new.checksums("customers", without=("score_version",)) == demo_shop.checksums(
        "customers", without=("score_version",)
    )


def test_a_look_back_changes_no_later_build(make_shop: Callable[..., Shop], demo_shop: Shop) -> None:
    shop = make_shop().build()
    shop.build(as_of_date="2025-03-31")
    assert shop.rows("select distinct is_looked_back from customers where frequency > 0") == [(True,)]
    shop.build(as_of_date="2025-03-31", baseline_date="2025-03-31")
    assert shop.rows("select distinct is_looked_back from customers where frequency > 0") == [(False,)]
    shop.build()
    assert shop.checksums("customers", "segments") == demo_shop.checksums("customers", "segments")


def test_another_shop_in_the_same_warehouse_is_not_scored_by_the_first(
    make_shop: Callable[..., Shop], demo_shop: Shop, write_csv: Callable[..., Path]
) -> None:
    """The trap of a warehouse that was tried on the demo first."""
    other = write_csv("customer,date,amount", "a,2011-01-13,10", "b,2011-01-14,1000")
    shop = make_shop().build()
    shop.build(transactions=str(other))
    assert shop.rows("select cause, customers_fitted from scoring.score_versions order by score_version") == [
        ("first build", demo_shop.row("select count(*) from customers where frequency > 0")[0]),
        ("another shop", 2),
    ]
    assert shop.rows("select customer_id, rfm_score, score_version from customers order by 1") == [
        ("a", "311", 2), ("b", "513", 2),
    ]  # fmt: skip
    shop.build()
    assert shop.checksums("customers") == demo_shop.checksums("customers")
