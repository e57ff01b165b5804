"""The origin of a column, against what one can read in the models."""

import csv
import shutil
from pathlib import Path

import duckdb
import pytest
from conftest import PUBLISHED, Shop
from sqlglot import parse_one

from lineage.__main__ import column_of, tree, write_csv
from lineage.columns import Column, Project, by_position


@pytest.fixture(scope="module")
def project(demo_shop: Shop) -> Project:
    return Project.of_target(demo_shop.folder / "target")


@pytest.mark.parametrize(
    ("column", "sources"),
    [
        # a sum by order
        ("int_orders.cancelled_amount", {"int_order_lines.cancelled_amount"}),
        # through four CTEs, a macro and two filters
        ("sales_by_month.anonymous_revenue", {"int_shop_orders.revenue", "int_shop_orders.is_anonymous"}),
        # what is counted distinct, not the rows around it
        ("sales_by_weekday.customer_count", {"int_shop_orders.customer_id"}),
        # one table under another name
        ("customers.embedding_x", {"customer_embeddings.x"}),
        # both branches of a union
        ("int_order_events_daily.amount", {"int_transactions_flagged.gross_amount", "int_cancellation_matches.amount"}),
    ],
)
def test_a_column_is_traced_to_what_its_sql_names(project: Project, column: str, sources: set[str]) -> None:
    table, name = column.split(".")
    assert {str(source) for source in project.sources(table)[name]} == sources


def test_revenue_goes_back_to_prices_and_quantities_of_the_input(project: Project) -> None:
    lines = {line.strip().removesuffix("  (see above)") for line in tree(project, Column("order_lines", "revenue"))}
    assert {"base_transactions.unit_price", "base_transactions.quantity", "base_transactions.amount"} <= lines


def test_what_python_fits_is_marked_as_fitted(project: Project) -> None:
    lines = [line.strip() for line in tree(project, Column("segment_rules", "segment"))]
    assert "cluster_rules.segment  (fitted by Python from int_customers_labelled, model_versions)" in lines


def test_every_mart_can_be_followed(project: Project) -> None:
    """Each source is a column that there is, of a table that dbt knows the mart to be made from."""
    assert set(PUBLISHED) <= set(project.inputs("published_files"))
    for mart in PUBLISHED:
        sources = project.sources(mart)
        assert any(sources.values()), mart
        for source in {source for columns in sources.values() for source in columns}:
            assert source.table in project.inputs(mart), mart
            assert source.name in project.tables[source.table]["columns"], mart


def test_the_csv_has_a_row_per_source(project: Project, tmp_path: Path) -> None:
    few = Project(
        {name: project.tables[name] for name in ("int_orders", "int_order_lines", "int_cancellation_matches")}
    )
    few.tables["int_order_lines"] = few.tables["int_order_lines"] | {"depends_on": {"nodes": []}}
    few.tables["int_cancellation_matches"] = few.tables["int_cancellation_matches"] | {"depends_on": {"nodes": []}}
    path = tmp_path / "lineage.csv"
    written = write_csv(few, path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == written
    assert {
        "table": "int_orders",
        "column": "units",
        "source_table": "int_order_lines",
        "source_column": "quantity",
    } in rows


def test_a_wrong_name_and_a_missing_target_are_reported(project: Project, demo_shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="there is no table nothing"):
        column_of(project, "nothing.at_all")
    with pytest.raises(SystemExit, match="orders has the columns invoice_id"):
        column_of(project, "orders.nothing")
    with pytest.raises(SystemExit, match="run dbt docs generate first"):
        Project.of_target(tmp_path)
    shutil.copy(demo_shop.folder / "target" / "manifest.json", tmp_path)
    read = Project.of_target(tmp_path).inputs("cleaning_summary")
    assert read == ["int_cancellation_matches", "int_transactions_flagged"]


def test_a_union_by_name_is_the_same_by_position() -> None:
    text = """
        (select 1 as a, 2 as b union all select 3 as x, 4 as y)
        union all by name select 5 as c, 6 as a
        union all by name select 7 as b
    """
    query = by_position(parse_one(text, dialect="duckdb"))
    assert "BY NAME" not in query.sql("duckdb")
    assert sorted(duckdb.execute(query.sql("duckdb")).fetchall(), key=str) == sorted(
        duckdb.execute(text).fetchall(), key=str
    )
