"""How rows that are equal are found: with all columns of all rows kept, or not."""

import duckdb
import pytest
from conftest import Shop
from lines import Given, connected, rendered


def test_rows_that_do_not_fit_into_memory_are_flagged_alike(demo_shop: Shop) -> None:
    """They are typed again instead of kept. Duplicates are what a comparison of all columns in Python finds."""
    (model,) = (demo_shop.folder / "target" / "compiled").rglob("int_transactions_flagged.sql")
    kept = "with transactions as materialized"
    assert kept in model.read_text()
    again = model.read_text().replace(kept, "with transactions as not materialized")
    columns = (
        "invoice_id, product_id, product_description, customer_id, country, quantity, unit_price, gross_amount,"
        " ordered_at, order_status, transaction_type, currency, other_columns, unreadable_detail is not null"
    )
    with duckdb.connect(str(demo_shop.warehouse), read_only=True) as connection:
        ((differ,),) = connection.execute(
            f"select count(*) from ((from ({again}) except all from cleaning.int_transactions_flagged)"
            f" union all (from cleaning.int_transactions_flagged except all from ({again})))"
        ).fetchall()
        rows = connection.execute(f"select {columns} from staging.stg_transactions order by input_row").fetchall()
        flags = connection.execute("select is_duplicate from cleaning.int_transactions_flagged order by input_row")
        is_duplicate = [flag for (flag,) in flags.fetchall()]
    assert differ == 0
    seen: set[tuple[object, ...]] = set()
    expected = []
    for row in rows:
        expected.append(row in seen)
        seen.add(row)
    assert is_duplicate == expected
    assert 0 < sum(is_duplicate) < len(rows)


@pytest.mark.parametrize(
    ("limit", "new_rows", "are_kept"),
    [("14MB", "true", False), ("14MB", "input_row > 10000", True), ("16MB", "true", True), ("-1", "true", True)],
)
def test_rows_are_kept_where_they_fit_into_memory(limit: str, new_rows: str, are_kept: bool) -> None:
    """50,000 rows take 15 MB; without a limit DuckDB calls the memory in a unit that it doesn't read."""
    with connected() as connection:
        connection.execute("create schema staging")
        connection.execute("create table staging.base_transactions as select range as input_row from range(50000)")
        Given(connection)
        connection.execute(f"set memory_limit = '{limit}'")
        assert rendered(f"{{{{ keeps_typed_rows('{new_rows}') }}}}") == str(are_kept)
