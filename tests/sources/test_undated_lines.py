"""Lines without a date below one of the same order have what that one has; other rows without a date are rejected."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lines import Lines, lines_of
from real_request import real_request
from shop_toolkit.errors import InputError
from shop_toolkit.ingest.plan import plan_input
from test_ingest import write

HEADINGS = "order_id,order_date,customer_id,sku,item,qty,price"
COUNTED = """
    select invoice_id, product_id, customer_id, cast(ordered_at as varchar), gross_amount
    from {{ ref('int_transactions_flagged') }}
    where rejection_reason is null
    order by input_row
"""
REJECTED = "select rejection_reason, rejection_detail from {{ ref('int_transactions_flagged') }}"
REJECTED += " where rejection_reason is not null order by input_row"
ORDERS = ("1,2024-01-05,ann,A1,Mug,1,10", "1,,,B1,Cup,2,5", "2,2024-01-06,ben,A1,Mug,1,10", "2, , ,,Plate,1,7")


@contextmanager
def built(folder: Path, *lines: str, **settings: Any) -> Iterator[Lines]:
    with lines_of(write(folder / "log.csv", *lines), **settings) as built_lines:
        yield built_lines


def test_lines_have_date_and_customer_of_their_order(tmp_path: Path) -> None:
    with built(tmp_path, HEADINGS, *ORDERS) as lines:
        assert [(*row[:3], row[3][:10], int(row[4])) for row in lines.rows(COUNTED)] == [
            ("1", "A1", "ann", "2024-01-05", 10), ("1", "B1", "ann", "2024-01-05", 10),
            ("2", "A1", "ben", "2024-01-06", 10), ("2", "PLATE", "ben", "2024-01-06", 7),
        ]  # fmt: skip
        assert lines.rows(REJECTED) == []
        sentence = "Lines without a date that have that of the line above, as it is of the same order: 2."
        assert sentence in lines.messages


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        # another order, no order
        ("3,,,B1,Cup,1,5", "ordered_at is empty"),
        (",,,B1,Cup,1,5", "invoice_id is empty; ordered_at is empty"),
        # sums below the lines
        ("2,,,,Total:,2,17", "the row is a total of other rows; ordered_at is empty"),
        ("2,,,,Order total,,17", "the row is a total of other rows; quantity is empty; ordered_at is empty"),
        ("2,,,,VAT 20 %,,2.83", "quantity is empty; ordered_at is empty"),
        ("2,,,,,,17", "product_id is empty; quantity is empty; ordered_at is empty"),
        # a date that can't be read is not left out
        ("2,soon,,B1,Cup,1,5", "ordered_at 'soon' is not a date"),
    ],
)
def test_other_rows_without_a_date_are_rejected(row: str, detail: str, tmp_path: Path) -> None:
    with built(tmp_path, HEADINGS, *ORDERS, row) as lines:
        assert lines.rows(REJECTED) == [("unreadable", detail)]
        assert len(lines.rows(COUNTED)) == 4


@pytest.mark.parametrize("between", ["2,,,,Subtotal,2,17", "2,,,,VAT 20 %,,2.83"])
def test_a_sum_between_the_lines_of_an_order_ends_it_not(between: str, tmp_path: Path) -> None:
    with built(tmp_path, HEADINGS, *ORDERS, between, "2,,,C1,Pot,1,3", "3,,,D1,Pan,1,3") as lines:
        assert [row[:3] for row in lines.rows(COUNTED)][4:] == [("2", "C1", "ben")]
        # nor does the line of another order have this one's date
        assert [reason for reason, _ in lines.rows(REJECTED)] == ["unreadable"] * 2


def test_a_sum_has_no_customer_of_the_order_where_products_have_names_alone(tmp_path: Path) -> None:
    rows = [",".join([*row.split(",")[:3], *row.split(",")[4:]]) for row in (HEADINGS, *ORDERS, "2,,,,Total,2,17")]
    with built(tmp_path, *rows) as lines:
        assert [row[1] for row in lines.rows(COUNTED)] == ["MUG", "CUP", "MUG", "PLATE"]


def test_where_no_quantities_tell_lines_from_sums_none_has_the_date_of_its_order(tmp_path: Path) -> None:
    rows = ["order_id,order_date,customer_id,item,amount", "1,2024-01-05,ann,Mug,10", "1,,,Delivery,10"]
    with built(tmp_path, *rows, "2,2024-01-06,ben,Mug,10") as lines:
        assert [row[1] for row in lines.rows(COUNTED)] == ["MUG", "MUG"]
        assert lines.rows(REJECTED) == [("unreadable", "ordered_at is empty")]


def test_a_line_has_its_own_customer_where_it_names_one(tmp_path: Path) -> None:
    with built(tmp_path, HEADINGS, "1,2024-01-05,ann,A1,Mug,1,10", "1,,ben,B1,Cup,2,5", "1,,,C1,Pot,1,3") as lines:
        assert [row[2] for row in lines.rows(COUNTED)] == ["ann", "ben", "ann"]


def test_a_line_stays_without_a_date_where_the_file_begins_with_it(tmp_path: Path) -> None:
    """The order's first line is in another file."""
    write(tmp_path / "a.csv", HEADINGS, *ORDERS)
    write(tmp_path / "b.csv", HEADINGS, "2,,,B1,Cup,1,5", *ORDERS[2:])
    with lines_of(tmp_path / "*.csv") as lines:
        # the rest of the second file is in the first
        assert lines.rows(REJECTED) == [("unreadable", "ordered_at is empty")]
        assert len(lines.rows(COUNTED)) == 4


def test_lines_that_arrive_later_are_equal_to_those_that_are_there(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", HEADINGS, *ORDERS)
    with lines_of(tmp_path / "*.csv") as lines:
        lines.ref("base_transactions")
        write(tmp_path / "b.csv", HEADINGS, *ORDERS[2:], "2,,,C1,Pot,1,3")
        lines.append()
        query = "select product_description, ordered_at, customer_id from staging.base_transactions order by input_row"
        assert lines.connection.execute(query).fetchall()[3:] == [
            ("Plate", "2024-01-06", "ben"), ("Pot", "2024-01-06", "ben"),
        ]  # fmt: skip


def test_files_of_several_forms_and_typed_dates(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", HEADINGS, *ORDERS)
    rows = ["'3', date '2024-01-07', 'ann', 'A1', 'Mug', 1, 10", "'3', null, null, 'B1', 'Cup', 2, 5"]
    duckdb.sql(
        f"copy (select * from (values {', '.join(f'({row})' for row in rows)}) as log ({HEADINGS}))"
        f" to '{tmp_path / 'b.parquet'}'"
    )
    for pattern, count in (("b.parquet", 2), ("*.*", 6)):
        with lines_of(tmp_path / pattern) as lines:
            assert lines.rows(REJECTED) == []
            assert len(lines.rows(COUNTED)) == count
            assert {row[2:4] for row in lines.rows(COUNTED) if row[0] == "3"} == {("ann", "2024-01-07 00:00:00")}


def test_dates_that_are_missing_stop_a_build_as_before(tmp_path: Path) -> None:
    path = write(tmp_path / "log.csv", HEADINGS, ORDERS[0], *(f"{row},,ann,A1,Mug,1,10" for row in range(2, 40)))
    with duckdb.connect() as connection, pytest.raises(InputError, match=r"38 of 39 rows .* can't be read: most often"):
        plan_input(connection, real_request(path))
    # lines of one order are read, however many
    path = write(tmp_path / "log.csv", HEADINGS, ORDERS[0], *["1,,,A1,Mug,1,10"] * 38)
    with duckdb.connect() as connection:
        assert plan_input(connection, real_request(path)).dated_lines == 38
