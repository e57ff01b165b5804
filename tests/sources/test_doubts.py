"""What a log leaves in doubt is counted in a warning, with the money and what to do."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from lines import Lines, lines_of
from test_ingest import write

HEADINGS = "type,order_id,order_date,customer_id,sku,qty,unit_price"


def warnings(lines: Lines, kind: str) -> list[tuple[Any, ...]]:
    """Of this kind: column, rows, money and example."""
    query = "select column_name, row_count, amount, example from {{ ref('input_warnings') }}"
    return lines.rows(f"{query} where kind = '{kind}' order by all")


def test_a_type_that_no_seed_lists_is_a_warning(tmp_path: Path) -> None:
    log = write(
        tmp_path / "log.csv",
        HEADINGS,
        "Rechnung,1,2024-01-05,c1,s1,1,10.00",
        "Gutschrift,2,2024-01-06,c1,s1,1,10.00",
        "Rabatt,1,2024-01-05,c1,s2,1,2.00",
        "Muster,3,2024-01-07,c2,s1,1,4.00",
        "RABATT,3,2024-01-07,c2,s2,1,1.00",
        "Angebot,4,2024-01-08,c2,s1,1,10.00",
        ",5,2024-01-08,c2,s1,1,10.00",
    )
    with lines_of(log) as lines:
        assert warnings(lines, "unknown_types") == [("transaction_type", 3, 7, "rabatt, muster")]
        counted = "select invoice_id, sum(gross_amount) from {{ ref('int_transactions_flagged') }}"
        counted += " where rejection_reason is null and quantity < 0 group by 1"
        assert lines.rows(counted) == [("2", -10)]


def test_types_that_the_seed_lists_are_no_warning(tmp_path: Path) -> None:
    lines = [f"{word},{row},2024-01-05,c1,s1,1,10.00" for row, word in enumerate(["Facture", "avoir", "Devis"])]
    with lines_of(write(tmp_path / "log.csv", HEADINGS, *lines)) as built:
        assert warnings(built, "unknown_types") == []


STATUSES = "order_id,order_date,order_status,payment_status,customer_id,sku,qty,unit_price"


@pytest.mark.parametrize("mapping", [{}, {"order_status": "order_status"}])
def test_a_second_status_that_contradicts_is_a_warning(mapping: dict[str, str], tmp_path: Path) -> None:
    log = write(
        tmp_path / "log.csv",
        STATUSES,
        "1,2024-01-05,completed,paid,c1,s1,1,10.00",
        "2,2024-01-06,completed,Charged_Back,c1,s1,1,10.00",
        "3,2024-01-07,on its way,refunded,c2,s1,1,10.00",
        # No sale anyway, and one that may still be paid.
        "4,2024-01-08,cancelled,refunded,c2,s1,1,10.00",
        "5,2024-01-08,completed,pending,c2,s1,1,10.00",
    )
    with lines_of(log, column_mapping=mapping) as lines:
        expected = [("order_status", 2, None, "payment_status: refunded")]
        assert warnings(lines, "statuses_left_out") == ([] if mapping else expected)


def test_several_columns_that_contradict_are_one_doubt(tmp_path: Path) -> None:
    log = write(
        tmp_path / "log.csv",
        STATUSES.replace("payment_status", "payment_status,fulfillment_status"),
        "1,2024-01-05,completed,refunded,shipped,c1,s1,1,10.00",
        "2,2024-01-06,completed,paid,cancelled,c1,s1,1,10.00",
    )
    with lines_of(log) as lines:
        assert warnings(lines, "statuses_left_out") == [("order_status", 2, None, "payment_status: refunded")]


@pytest.mark.parametrize("heading", ["qty_refunded", "Quantity refunded", "Returned Qty"])
def test_units_that_came_back_beside_the_quantity_are_a_warning(heading: str, tmp_path: Path) -> None:
    headings = f"order_id,order_date,customer_id,sku,qty_ordered,{heading},unit_price"
    orders = [f"{order},2024-01-0{order},c1,s1,2,{back},10.00" for order, back in enumerate(["0", "1", "", "0.0"], 1)]
    with lines_of(write(tmp_path / "log.csv", headings, *orders)) as lines:
        assert warnings(lines, "returned_units_left_out") == [("quantity", 1, None, f"{heading}: 1")]
    with lines_of(write(tmp_path / "log.csv", headings, orders[0])) as lines:
        assert warnings(lines, "returned_units_left_out") == []


def test_units_that_came_back_are_no_doubt_where_their_money_is_taken_off(tmp_path: Path) -> None:
    headings = "order_id,order_date,customer_id,sku,qty,qty_refunded,unit_price,refunded_amount"
    orders = [f"{order},2024-01-{order:02},c{order},s1,2,{order % 2},10.00,{order % 2 * 10}" for order in range(1, 29)]
    with lines_of(write(tmp_path / "log.csv", headings, *orders)) as lines:
        assert warnings(lines, "returned_units_left_out") == warnings(lines, "refunds_left_out") == []


def test_ids_that_differ_in_leading_zeros_alone_are_a_warning(tmp_path: Path) -> None:
    log = write(
        tmp_path / "log.csv",
        "order_id,order_date,customer_id,sku,qty,unit_price",
        "1,2024-01-05,00006,s1,1,10.00",
        "2,2024-01-06,6,s1,1,5.00",
        "3,2024-01-06,6,s1,1,2.00",
        # Each of these is one customer.
        "4,2024-01-07,00007,s1,1,10.00",
        "5,2024-01-07,0c6,s1,1,10.00",
        "6,2024-01-07,c6,s1,1,10.00",
    )
    with lines_of(log) as lines:
        assert warnings(lines, "ids_lost_zeros") == [("customer_id", 3, 17, "00006, 6")]


def bought(*ids: str, first_day: int = 5) -> list[str]:
    """A line of an order for each customer, on one day after another."""
    return [f'{day},{date(2024, 1, 1) + timedelta(day)},"{one}",s1,1,10.00' for day, one in enumerate(ids, first_day)]


ORDERED = "order_id,order_date,customer_id,sku,qty,unit_price"


def test_ids_that_differ_in_case_or_thousands_alone_are_a_warning(tmp_path: Path) -> None:
    ids = ["AB-1", "ab-1", "ab-1 ", "12,345", "12345", "1.234.567", "1234567", "AB-2", "12,34", "123,45", "1 2345"]
    with lines_of(write(tmp_path / "log.csv", ORDERED, *bought(*ids))) as lines:
        example = "6 ids in place of 3: 1.234.567, 1234567"
        assert warnings(lines, "similar_ids") == [("customer_id", 7, 70, example)]
    with lines_of(write(tmp_path / "log.csv", ORDERED, *bought("AB-1", "AB-2", "12,346", "12345"))) as lines:
        assert warnings(lines, "similar_ids") == []


def test_random_ids_differ_in_case_on_purpose(tmp_path: Path) -> None:
    ids = ["aB3x", "Ab3x", "x9Kq", "zQ1t", "12,345", "12345"]
    with lines_of(write(tmp_path / "log.csv", ORDERED, *bought(*ids))) as lines:
        example = "2 ids in place of 1: 12,345, 12345"
        assert warnings(lines, "similar_ids") == [("customer_id", 2, 20, example)]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["DE"] * 50, [("customer_id", 50, 500, "DE")]),
        # few orders, of which a first customer may have placed all, and a second customer
        (["DE"] * 49, []),
        ([*["DE"] * 50, "AT"], []),
    ],
)
def test_one_customer_for_all_orders_is_a_warning(
    ids: list[str], expected: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    with lines_of(write(tmp_path / "log.csv", ORDERED, *bought(*ids, first_day=0))) as lines:
        assert warnings(lines, "one_customer") == expected


