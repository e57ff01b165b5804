"""Same data, same tables: whatever the threads, the order of the file, and later rows."""

import random
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import (
    DEMO_FILE,
    FORM_OF_INPUT,
    MARTS,
    REAL_FILE,
    REAL_FIT,
    ROW_NUMBERS,
    Shop,
    day_of,
    demo_rows,
    write_rows,
)

# What a fit stores: equal from build to build, and never changed by a later one.
FITTED = (
    "core.model_versions",
    "scoring.rfm_cut_points",
    "segment_rules",
    "core.int_fit_population",
    "clustering.space_embeddings",
    "clustering.candidate_labels",
    "clustering.candidate_metrics",
    "clustering.candidate_stability",
    "clustering.int_candidates_ranked",
    "clustering.interest_map",
    "clustering.interest_candidate_labels",
    "clustering.interest_candidate_metrics",
    "clustering.int_interest_candidates_ranked",
    "segmentation.cluster_personas",
    "segmentation.cluster_rules",
    "segmentation.rule_cross_validation",
    "segmentation.int_interest_groups",
    "products.product_text_statistics",
    "products.product_embeddings",
    "products.category_labels",
    "products.category_metrics",
    "products.int_category_candidates",
    "products.category_names",
    "prediction.spend_evaluations",
    "prediction.classification_evaluations",
    "prediction.calibration_versions",
    "prediction.confusion_versions",
)
STAGES = (*FITTED, "products.new_product_categories", "core.int_cancellation_matches")

# What is built where only segments and fits are compared.
SEGMENTED = ("customers", "segments", *(table.split(".")[-1] for table in FITTED))


def shuffled(log: Path, folder: Path, encoding: str) -> str:
    headings, *rows = log.read_text(encoding).splitlines(keepends=True)
    random.Random(7).shuffle(rows)
    # Where the campaigns of the embedded shop lie beside its log.
    path = folder / log.parent.name / log.name
    path.parent.mkdir()
    if log == DEMO_FILE:
        shutil.copy(log.with_name("campaigns.csv"), path.parent)
    path.write_bytes((headings + "".join(rows)).encode(encoding))
    return str(path)


@pytest.mark.parametrize(
    ("log", "encoding", "threads", "fit"),
    [
        pytest.param(DEMO_FILE, "utf-8", 2, {}, id="the embedded shop"),
        pytest.param(REAL_FILE, "latin-1", 4, REAL_FIT, id="the real file", marks=pytest.mark.soak),
    ],
)
def test_neither_the_order_of_rows_nor_the_number_of_threads_changes_anything(
    log: Path,
    encoding: str,
    threads: int,
    fit: dict[str, Any],
    make_shop: Callable[..., Shop],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """That four threads build what one builds, row numbers included, is tested with a clean clone (test_commands)."""
    in_order: Shop = request.getfixturevalue("demo_shop" if log == DEMO_FILE else "real_shop")
    shop = make_shop(transactions=shuffled(log, tmp_path, encoding), **fit).build(threads=threads)
    without = ROW_NUMBERS + FORM_OF_INPUT
    assert shop.checksums(*MARTS, *STAGES, without=without) == in_order.checksums(*MARTS, *STAGES, without=without)


def test_later_rows_change_nothing_as_of_an_earlier_date(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    """Point in time: the log grows by three months, and all as of September stays equal."""
    log = tmp_path / "log.csv"
    headings, *rows = demo_rows(every=2)
    write_rows(log, headings, [row for row in rows if day_of(row) < date(2025, 10, 1)])
    shop = make_shop(transactions=str(log)).build(*SEGMENTED)
    # A stored backtest is no longer pending: a state of the warehouse, not of the fit.
    state = ("is_backtest_pending",)
    then = shop.checksums("customers", "segments", *FITTED, without=state)
    assert [table for table, (count, _) in then.items() if not count] == []
    write_rows(log, headings, rows)
    shop.run(*SEGMENTED, as_of_date="2025-09-30")
    assert shop.checksums("customers", "segments", *FITTED, without=state) == then
    now = shop.run(*SEGMENTED)
    assert now.row("select max(as_of_date), count(distinct model_version) from customers") == (
        max(map(day_of, rows)),
        1,
    )
    assert now.checksums(*FITTED, without=state) == {table: then[table] for table in FITTED}


def test_a_refit_adds_a_version_and_keeps_the_old(copy_of_small_shop: Shop, small_shop: Shop) -> None:
    carried_over = "select count(carried_over_segment) > 0, min(jaccard) > 0.5 from segmentation.int_cluster_profiles"
    tables = ("customers", "segment_rules", "int_cluster_profiles")
    ((last_day,),) = small_shop.rows("select distinct as_of_date::varchar from customers")
    shop = copy_of_small_shop.run(*tables, after="int_as_of_dates", baseline_date="2025-06-30")
    # half a year apart some clusters are still mostly the same customers
    assert shop.row(carried_over) == (True, True)
    first = shop.rows("from scoring.rfm_cut_points order by all")
    rules = shop.rows("from segment_rules order by all")
    segments = shop.rows("select customer_id, broad_segment, detailed_segment from customers order by 1")
    assert first[: small_shop.row("select count(*) from scoring.rfm_cut_points")[0]] == small_shop.rows(
        "from scoring.rfm_cut_points order by all"
    )
    shop.run(*tables, after="int_as_of_dates", baseline_date=last_day, refit=True)
    assert shop.row(carried_over) == (True, True)
    assert shop.rows("select model_version, cause, baseline_date::varchar from core.model_versions order by 1") == [
        (1, "first build", last_day),
        (2, "another baseline date", "2025-06-30"),
        (3, "refit", last_day),
    ]
    assert shop.rows("from scoring.rfm_cut_points where model_version < 3 order by all") == first
    assert shop.rows("from segment_rules where model_version < 3 order by all") == rules
    assert shop.rows("select distinct model_version from segment_rules order by 1") == [(1,), (2,), (3,)]
    # fitted on the last day, again or at first, the scores are the same; segments may keep the names of June
    without = ("model_version", "broad_segment", "detailed_segment")
    assert shop.checksums("customers", without=without) == small_shop.checksums("customers", without=without)
    # the old version still gives the segments that it gave
    old = shop.run("customers", after="int_as_of_dates", baseline_date="2025-06-30")
    assert old.rows("select distinct model_version from customers where frequency > 0") == [(2,)]
    assert old.rows("select customer_id, broad_segment, detailed_segment from customers order by 1") == segments


def test_a_backfill_changes_no_later_build(copy_of_small_shop: Shop, small_shop: Shop) -> None:
    shop = copy_of_small_shop
    shop.run("customers", after="int_as_of_dates", as_of_date="2025-03-31")
    assert shop.rows("select distinct is_backfilled from customers where frequency > 0") == [(True,)]
    shop.run("customers", after="int_as_of_dates", as_of_date="2025-03-31", baseline_date="2025-03-31")
    assert shop.rows("select distinct is_backfilled from customers where frequency > 0") == [(False,)]
    shop.run("customers", "segments", after="int_as_of_dates")
    assert shop.checksums("customers", "segments") == small_shop.checksums("customers", "segments")


def test_another_shop_in_the_same_warehouse_is_not_scored_by_the_first(
    copy_of_small_shop: Shop, small_shop: Shop, write_csv: Callable[..., Path]
) -> None:
    """The trap of a warehouse that was tried on the demo first."""
    other = write_csv("customer,date,amount", "a,2011-01-13,10", "b,2011-01-14,1000")
    shop = copy_of_small_shop
    shop.run("customers", transactions=str(other))
    assert shop.rows("select cause, customers_fitted from core.model_versions order by model_version") == [
        ("first build", small_shop.row("select count(*) from customers where frequency > 0")[0]),
        ("another shop", 2),
    ]
    assert shop.rows("select customer_id, rfm_score, model_version from customers order by 1") == [
        ("a", "311", 2), ("b", "513", 2),
    ]  # fmt: skip
    shop.run("customers")
    assert shop.checksums("customers") == small_shop.checksums("customers")
