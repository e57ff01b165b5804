"""The selector `refresh` builds the segments and alerts of a full build, fits nothing and misses nothing."""

import csv
import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import DEMO_FILE, MARTS, Shop, problem_of
from shop_toolkit.publishing import FileEntry, current_files

REFRESH = ("build", "--selector", "refresh")
# What a full build has left, and a refresh reads unchanged: what was fitted or predicted, and the interests.
READ_UNCHANGED = {
    "rfm_cut_points",
    "int_segment_rules",
    "customer_embeddings",
    "int_history_evaluations",
    "int_customer_category_spend",
    "int_customer_interest_groups",
    "int_expected_spend",
}
REFRESHED_MARTS = {
    "order_lines", "cancellations", "cancellation_matches", "rejected_transactions", "cleaning_summary", "orders",
    "customers", "segments", "audiences", "customer_alerts",
    "segment_history", "segment_changes", "segment_transitions", "segment_drift",
}  # fmt: skip
# Of `customers`, what is as of the last full build.
LEFT_OF_CUSTOMERS = (
    "interest_category", "interest_group", "embedding_x", "embedding_y",
    "expected_spend_basis", "expected_spend_90_days", "expected_spend_low", "expected_spend_high",
    # of customer_alerts, which rest on shares of the past and on the expected spend
    "probability", "expected_loss",
)  # fmt: skip
# What a refresh copies for readers.
LIVE = (
    "audiences", "customer_alerts", "customers", "segment_changes", "segment_drift", "segment_transitions", "segments",
)  # fmt: skip
# What leaves the warehouse.
DELIVERED = {"live_files", "customer_changes_outbox"}
NEWCOMER = "990001"


@pytest.fixture(scope="module")
def manifest(demo_shop: Shop) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((demo_shop.folder / "target" / "manifest.json").read_text())
    return read


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}


@pytest.fixture(scope="module")
def selected(demo_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of all that the selector selects: models and tests."""
    listing = Shop(tmp_path_factory.mktemp("listing"), demo_shop.settings)
    result = listing.dbt("ls", "--selector", "refresh", "--output", "name")
    assert result.success, problem_of(result)
    return set(result.result)


@pytest.fixture(scope="module")
def updated(models: dict[str, dict[str, Any]], selected: set[str]) -> set[str]:
    """Names of all that a refresh updates: what it selects, and views of it, which it need not create.

    Beside it, a view may read what a fit stored for good.
    """
    views = {name for name, model in models.items() if model["config"]["materialized"] == "view"} - selected
    stored = {name for name, model in models.items() if model["config"]["full_refresh"] is False}
    return selected | {
        name for name in views
        if parents_of(models[name]) & selected and parents_of(models[name]) - stored <= selected
    }  # fmt: skip


def parents_of(model: dict[str, Any]) -> set[str]:
    """Names of the models that a model reads."""
    return {parent.split(".")[-1] for parent in model["depends_on"]["nodes"] if parent.startswith("model.")}


def test_a_refresh_updates_lines_segments_moves_and_alerts_and_leaves_the_other_marts(
    models: dict[str, dict[str, Any]], selected: set[str], updated: set[str]
) -> None:
    assert updated & set(MARTS) == REFRESHED_MARTS
    assert {models[name]["config"]["materialized"] for name in updated - selected} == {"view"}
    assert {"int_snapshot_dates", "int_segment_snapshots"} <= selected


def test_a_refresh_reads_nothing_that_is_older_than_itself_but_what_was_fitted(
    models: dict[str, dict[str, Any]], selected: set[str]
) -> None:
    """Else it would mix old and new: what is between two of its models is one of them, or was decided on here.

    A view that is left out holds nothing: what it reads is checked in its stead.
    """
    views = {name for name, model in models.items() if model["config"]["materialized"] == "view"} - selected
    read: set[str] = set()
    frontier = selected & models.keys()
    while frontier:
        parents = {parent for name in frontier for parent in parents_of(models[name])} - selected
        frontier = (parents & views) - read
        read |= parents
    assert read - views == READ_UNCHANGED


def test_a_refresh_builds_nothing_that_only_other_runs_read(
    models: dict[str, dict[str, Any]], selected: set[str], updated: set[str]
) -> None:
    """What no model of it reads would cost time at each refresh; incremental tables must not miss rows."""
    read = {parent for name in updated & models.keys() for parent in parents_of(models[name])}
    spared = {
        name for name in selected & models.keys() - read - DELIVERED
        if models[name]["access"] != "public" and models[name]["config"]["materialized"] != "incremental"
    }  # fmt: skip
    assert not spared


def test_snapshots_are_written_after_all_that_reads_those_of_earlier_builds(models: dict[str, dict[str, Any]]) -> None:
    """Else a build would mistake what it has just written for the report of an earlier one."""
    asking = {name for name, model in models.items() if "reported_snapshots(" in model["raw_code"]}
    assert asking == {"int_snapshot_dates", "int_segment_moves"}
    before: set[str] = set()
    frontier = {"int_segment_snapshots"}
    while frontier:
        frontier = {parent for name in frontier for parent in parents_of(models[name])} - before
        before |= frontier
    assert asking <= before


def test_a_refresh_holds_all_that_ingests_rows_as_they_arrive(
    models: dict[str, dict[str, Any]], selected: set[str]
) -> None:
    """An incremental table that is left out once never gets the rows that it missed."""
    taking = {
        name for name, model in models.items()
        if model["config"]["materialized"] == "incremental" and model["config"]["full_refresh"] is not False
    }  # fmt: skip
    assert "int_segment_snapshots" in taking
    assert taking <= selected


def test_a_refresh_holds_no_fit_no_backtest_no_report_and_no_unit_test(
    manifest: dict[str, Any], models: dict[str, dict[str, Any]], selected: set[str]
) -> None:
    assert selected >= DELIVERED, "copies of its marts and changes to send on, and no fit"
    for name in selected & models.keys() - DELIVERED:
        model = models[name]
        assert model["language"] == "sql", name
        assert model["config"]["full_refresh"] is not False, f"{name} stores what was fitted"
        assert model["fqn"][1] not in ("clustering", "products", "interests", "prediction", "publishing"), name
    assert not selected & {"int_alert_backtest", "int_alert_evaluations", "int_history_evaluations"}
    assert not selected & {unit_test["name"] for unit_test in manifest["unit_tests"].values()}


def test_what_a_refresh_updates_of_customers_is_tested_in_it(selected: set[str]) -> None:
    assert {
        "unique_combination_of_columns_customers_customer_id",
        "unique_combination_of_columns_int_segment_moves_customer_id__as_of_date",
        "assert_segments_hold_every_customer",
        "assert_audiences_hold_every_customer_once",
        "assert_customers_hold_all_revenue_up_to_the_date",
        "assert_last_day_of_the_history_is_what_customers_are",
        "assert_last_day_follows_the_days_before",
    } <= selected


def refresh(shop: Shop, *, tests: bool = True, **settings: Any) -> None:
    result = shop.dbt(*REFRESH, *([] if tests else ["--exclude-resource-type", "test"]), **settings)
    assert result.success, problem_of(result)


def next_day(log: Path) -> None:
    """One more day: a newcomer, an order of a new product, a cancellation of an old sale, and a late-arriving sale."""
    with DEMO_FILE.open() as file:
        reader = csv.DictReader(file)
        headings, rows = list(reader.fieldnames or []), list(reader)
    last_day = max(datetime.strptime(row["InvoiceDate"], "%m/%d/%Y %H:%M") for row in rows)
    sale = next(
        row for row in rows
        if row["CustomerID"].isdigit() and row["InvoiceNo"].isdigit() and row["StockCode"].isdigit()
        and row["Quantity"].isdigit() and int(row["Quantity"]) > 2 and float(row["UnitPrice"]) > 1
    )  # fmt: skip
    tomorrow = (last_day + timedelta(days=1)).strftime("%m/%d/%Y 09:00")
    long_ago = (last_day - timedelta(days=100)).strftime("%m/%d/%Y 09:00")
    other = next(row["CustomerID"] for row in rows if row["CustomerID"] not in ("", sale["CustomerID"]))
    new_thing = {"StockCode": "99999", "Description": "new thing"}
    with log.open("w", newline="") as file:
        writer = csv.DictWriter(file, headings)
        writer.writeheader()
        writer.writerows([
            sale | {"InvoiceNo": NEWCOMER, "InvoiceDate": tomorrow, "CustomerID": NEWCOMER},
            sale | {"InvoiceNo": "990002", "InvoiceDate": tomorrow, "CustomerID": other} | new_thing,
            # of a sale that was processed long ago, and a late-arriving sale before it
            sale | {"InvoiceNo": "C990003", "InvoiceDate": tomorrow, "Quantity": "-2"},
            sale | {"InvoiceNo": "990000", "InvoiceDate": long_ago, "Quantity": "1"},
        ])  # fmt: skip


def parts_of(folder: Path, files: list[FileEntry]) -> list[list[Any]]:
    """The parts of `segment_changes` in a version of a publication that has these files."""
    manifest = folder / "versions" / files[0]["publication_id"] / "publication.json"
    return list(json.loads(manifest.read_text())["parts"]["segment_changes"]["parts"])


def assert_live_publication_equals_the_warehouse(shop: Shop, folder: Path) -> None:
    files = current_files(folder)
    assert {file["mart"] for file in files if file["format"] == "parquet"} == set(LIVE)
    assert {file["publication_id"] for file in files} == {(folder / "current").resolve().name}
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as reader:
        for mart in LIVE:
            in_warehouse = sorted(shop.rows(f"from {mart}"), key=str)
            in_parquet = f"from '{folder / 'parquet' / mart}.parquet'"
            for rows in (f"from {mart}", in_parquet):
                assert sorted(reader.execute(rows).fetchall(), key=str) == in_warehouse, rows
            with (folder / "csv" / f"{mart}.csv").open(encoding="utf-8-sig", newline="") as file:
                assert len(list(csv.DictReader(file))) == len(in_warehouse), mart
    listed = shop.rows("select path, checksum, publication_id from publishing.live_files order by path")
    assert listed == sorted((file["path"], file["checksum"], file["publication_id"]) for file in files)


def test_a_refresh_computes_the_segments_and_alerts_of_a_full_build(
    copy_of_demo_shop: Shop, models: dict[str, dict[str, Any]], updated: set[str], tmp_path: Path
) -> None:
    shop, exports = copy_of_demo_shop, tmp_path / "exports"
    exports.mkdir()
    shutil.copy(DEMO_FILE, exports / "first.csv")
    shop.settings |= {"transactions": f"{exports}/*.csv", "published_folder": str(tmp_path / "published")}
    shop.build("int_customer_states_scd2", "orders", "cancellations", "rejected_transactions")
    full = shop.copy(tmp_path / "full", published_folder=None)
    refresh(shop)
    early = current_files(tmp_path / "published" / "live")
    next_day(exports / "next.csv")
    # a build that was cut off left cut-points without rules: nothing of them may be used
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute("""
            insert into scoring.rfm_cut_points
            select * replace (model_version + 1 as model_version, 0 as cut_point) from scoring.rfm_cut_points
        """)
        warehouse.execute("""
            insert into core.model_versions
            select * replace (model_version + 1 as model_version, 'refit' as cause) from core.model_versions
        """)
    stored = [f"{model['schema']}.{name}" for name, model in models.items() if model["config"]["full_refresh"] is False]
    left = [mart for mart in MARTS if mart not in REFRESHED_MARTS | {"published_files"}]
    before = shop.checksums(*stored, *left)

    refresh(shop)
    published = tmp_path / "published"
    assert {path.name for path in published.iterdir()} == {"live"}, "all marts wait for a full build"
    assert_live_publication_equals_the_warehouse(shop, published / "live")
    live = current_files(published / "live")
    # a date that was over and published has another report now: of it and what follows nothing is kept
    assert {file["publication_id"] for file in live}.isdisjoint(file["publication_id"] for file in early)
    earlier, now = (parts_of(published / "live", version) for version in (early, live))
    changed = {value for value, *content in now if [value, *content] not in earlier}
    assert 2 < len(changed) < len(now)
    assert shop.row("select is_full_reload from sources.ingest_plan") == (False,)
    refreshed = shop.checksums(*REFRESHED_MARTS, without=LEFT_OF_CUSTOMERS)
    assert shop.checksums(*stored, *left) == before
    assert shop.row(f"""
        select interest_category, interest_group, expected_spend_90_days from customers where customer_id = '{NEWCOMER}'
    """) == (None, "not known yet", None)  # fmt: skip
    assert shop.row("select count(*) from customers where interest_group = 'not known yet'") == (1,)
    # nor does it fit when a setting requests it, and the same lines change nothing
    refresh(shop, tests=False, refit=True)
    assert shop.checksums(*stored, *left) == before
    assert shop.checksums(*REFRESHED_MARTS, without=LEFT_OF_CUSTOMERS) == refreshed
    # marts that were built without their tests are not published
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute("update seeds.segment_strategies set goal = 'another'")
    refresh(shop, tests=False)
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        ((goals,),) = warehouse.execute("select count(distinct goal) from segments").fetchall()
        assert goals == 1
        warehouse.execute("drop table seeds.segment_strategies")
        warehouse.execute(f"attach '{full.warehouse}' as full_shop (read_only)")
        warehouse.execute("create table seeds.segment_strategies as from full_shop.seeds.segment_strategies")
    assert current_files(published / "live") == live
    refresh(shop, tests=False)

    # also those tests that a refresh leaves to the full build; fits do not include a late-arriving sale yet
    options = ("--indirect-selection", "buildable", "--exclude", "test_type:unit", "assert_samples_know_nothing_later")
    result = shop.dbt("test", "--select", *sorted(updated & models.keys()), *options)
    assert result.success, problem_of(result)

    full.build("audiences", "customer_alerts", "segment_drift", *sorted(REFRESHED_MARTS))
    assert full.checksums(*REFRESHED_MARTS, without=LEFT_OF_CUSTOMERS) == refreshed


def test_the_last_day_has_the_segment_names_of_the_seed_and_days_that_are_over_keep_theirs(
    copy_of_demo_shop: Shop,
) -> None:
    shop = copy_of_demo_shop
    reported = "from segment_history where (as_of_date < (select max(as_of_date) from segment_history)) = {}"
    over, last_day = (set(shop.rows(reported.format(is_over))) for is_over in (True, False))
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        for seed in ("rfm_segments", "segment_strategies"):
            warehouse.execute(f"update seeds.{seed} set segment = 'on the rise' where segment = 'potential loyal'")
    # with the test that the last day reports what `customers` does
    refresh(shop)
    assert shop.row("select count(*) > 0 from customers where rfm_segment = 'on the rise'") == (True,)
    assert set(shop.rows(reported.format(True))) == over
    renamed = set(shop.rows(reported.format(False)))
    assert renamed == {
        tuple("on the rise" if value == "potential loyal" else value for value in row) for row in last_day
    }  # fmt: skip
    assert renamed != last_day
    refresh(shop, tests=False)
    assert set(shop.rows(reported.format(False))) == renamed
    assert set(shop.rows(reported.format(True))) == over


def test_a_refresh_of_an_empty_warehouse_stops_with_a_sentence(make_shop: Callable[..., Shop]) -> None:
    shop = make_shop()
    problem = problem_of(shop.dbt(*REFRESH))
    missing = "cluster_levels, custom_segments, customer_embeddings, int_customer_category_spend,"
    assert f"the warehouse lacks {missing}" in problem
    assert "Run 'dbt build' first." in problem
    assert shop.tables() == set()


def test_a_part_at_a_baseline_date_of_an_empty_warehouse_stops_with_a_sentence(make_shop: Callable[..., Shop]) -> None:
    """Nothing that this part reads is missing, but the rules of that date are."""
    shop = make_shop()
    problem = problem_of(shop.dbt("build", "--select", "+model_versions", baseline_date="2025-06-30"))
    assert "the warehouse lacks int_segment_rules. Run 'dbt build' first." in problem
    assert shop.tables() == set()


def test_a_refresh_at_a_baseline_date_without_rules_stops_before_any_table_changes(copy_of_demo_shop: Shop) -> None:
    shop = copy_of_demo_shop
    before = shop.checksums()
    problem = problem_of(shop.dbt(*REFRESH, baseline_date="2025-06-30"))
    assert "no rules were fitted at that day" in problem
    assert shop.checksums() == before


def test_a_refresh_that_would_read_something_else_stops_before_any_table_changes(copy_of_demo_shop: Shop) -> None:
    """As where the settings that the build was given are left out."""
    shop = copy_of_demo_shop
    before = shop.checksums()
    changes: list[dict[str, Any]] = [{"transactions": str(DEMO_FILE)}, {"cancellation_invoice_prefix": "X"}]
    for settings in changes:
        problem = problem_of(shop.dbt(*REFRESH, **settings))
        assert "in another way than the warehouse was read, from 'seeds/demo_shop/transactions.csv'" in problem
        assert shop.checksums() == before


def test_a_refresh_without_rules_of_its_log_changes_no_customer(copy_of_demo_shop: Shop) -> None:
    shop = copy_of_demo_shop
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute("update core.model_versions set anchor_invoice_id = 'of another shop'")
    segmented = [mart for mart in MARTS if mart.startswith(("segment", "customer", "audiences"))]
    before = shop.checksums(*segmented)
    problem = problem_of(shop.dbt(*REFRESH))
    assert "No stored rules were fitted on this log" in problem
    assert shop.checksums(*segmented) == before
