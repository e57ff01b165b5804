"""Lines that are there several times: documents of one sale, changes of a table, parcels, refunds and instalments."""

import random
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from lines import lines_of
from test_ingest import write

START = date(2024, 1, 1)
WARNINGS = """
    select kind, column_name, row_count, cast(amount as double), example, suggestion
    from {{ ref('input_warnings') }}
    where kind in ('repeated_orders', 'earlier_versions', 'marks_left_out', 'reused_invoice_numbers', 'edited_orders')
    order by all
"""


def warnings(place: Path, **settings: Any) -> list[tuple[Any, ...]]:
    with lines_of(place, **settings) as lines:
        return lines.rows(WARNINGS)


def revenue(place: Path, **settings: Any) -> float:
    with lines_of(place, **settings) as lines:
        ((sold,),) = lines.rows("select cast(sum(revenue) as double) from {{ ref('int_order_lines') }}")
        return float(sold)


# Documents of a sale

DOCUMENTS = "doc_no,{heading},doc_date,customer_id,sku,qty,price"


def documents(*words: str, orders: Iterable[int] = range(15)) -> list[str]:
    """Each order once for each word, two days later each time and under a number of its own: 10.00 more for each."""
    return [
        f"{word[0]}{order},{word},{START + timedelta(order + 2 * place)},c{order % 4},P{order},1,{10 + 10 * order}.00"
        for order in orders
        for place, word in enumerate(words)
    ]


@pytest.mark.parametrize("heading", ["doc_type", "Vorgang", "document_type"])
@pytest.mark.parametrize(
    "words",
    [("Order", "Delivery", "Invoice"), ("Auftrag", "Lieferschein", "Rechnung"), ("Pedido", "Albarán", "Factura")],
)
def test_the_documents_of_a_sale_are_a_warning(heading: str, words: tuple[str, ...], tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", DOCUMENTS.format(heading=heading), *documents(*words))
    mapping = {"invoice_id": "doc_no", "ordered_at": "doc_date"}
    ((kind, column, rows, amount, example, suggestion),) = warnings(log, column_mapping=mapping)
    # 10 … 150, twice too often
    assert (kind, column, rows, amount) == ("repeated_orders", "transaction_type", 30, 2400)
    assert example == f"{heading}: {', '.join(words).lower()}"
    assert suggestion.startswith(f"By '{heading}' the same lines stand there as several documents of one sale")


def test_quotes_that_were_not_ordered_are_documents_too(tmp_path: Path) -> None:
    rows = [*documents("Quote", "Order", "Invoice"), *documents("Quote", orders=range(15, 20))]
    log = write(tmp_path / "log.csv", DOCUMENTS.format(heading="doc_type"), *rows)
    ((_, _, rows_of_others, amount, *_),) = warnings(
        log, column_mapping={"invoice_id": "doc_no", "ordered_at": "doc_date"}
    )
    assert (rows_of_others, amount) == (35, 2 * 1200 + 160 + 170 + 180 + 190 + 200)


def test_orders_of_one_channel_and_invoices_of_another_are_sales(tmp_path: Path) -> None:
    """The same customers buy the same products, but not as often."""
    chance = random.Random(1)
    rows = [
        f"{order},{word},{START + timedelta(order)},c{customer},P{product},1,5.00"
        for order in range(300)
        for word, customer, product in [
            (chance.choice(["Web order", "Invoice"]), chance.randrange(8), chance.randrange(10))
        ]
    ]
    log = write(tmp_path / "log.csv", DOCUMENTS.format(heading="doc_type"), *rows)
    assert warnings(log, column_mapping={"invoice_id": "doc_no", "ordered_at": "doc_date"}) == []


def test_standing_orders_of_several_channels_are_sales(tmp_path: Path) -> None:
    """The same customers have the same milk each week, in turn by mail order and from the round."""
    rows = [
        f"{week}-{customer},{word},{START + timedelta(7 * week)},c{customer},MILK,{1 + customer},3.00"
        for week in range(10)
        for customer, word in [(customer, ("Mail order", "Delivery")[week % 2]) for customer in range(20)]
    ]
    log = write(tmp_path / "log.csv", DOCUMENTS.format(heading="order_type"), *rows)
    assert warnings(log, column_mapping={"invoice_id": "doc_no", "ordered_at": "doc_date"}) == []


# Changes of a table

CHANGES = "op,changed_at,order_id,order_date,customer_id,sku,qty,price"


def changes(insert: str, update: str, delete: str) -> list[str]:
    rows = []
    for order in range(12):
        line = f"{START + timedelta(order)},c{order % 3},P{order % 4}"
        rows.append(f"{insert},2024-03-01,{order},{line},1,10.00")
        if order % 4 == 1:
            rows.append(f"{update},2024-03-02,{order},{line},3,10.00")
        if order % 4 == 2:
            rows.append(f"{delete},2024-03-02,{order},{line},1,10.00")
    return rows


@pytest.mark.parametrize("words", [("I", "U", "D"), ("insert", "update", "delete"), ("c", "u", "d")])
def test_a_list_of_changes_is_a_warning(words: tuple[str, str, str], tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", CHANGES, *changes(*words))
    ((kind, column, rows, amount, _, suggestion),) = warnings(log)
    assert (kind, column, rows, amount) == ("earlier_versions", "invoice_id", 6, 3 * 30 + 3 * 10)
    assert suggestion.startswith("By 'op' the log has later versions of these orders")


def test_letters_of_other_things_are_no_changes(tmp_path: Path) -> None:
    """Credits and debits, operators with these initials, and orders of which none is changed twice."""
    for words in (("c", "d", "d"), ("I", "U", "K")):
        assert warnings(write(tmp_path / "log.csv", CHANGES, *changes(*words))) == []
    rows = [f"{'IUD'[order % 3]},2024-03-01,{order},2024-02-{order + 1:02},c1,A,1,10.00" for order in range(20)]
    assert warnings(write(tmp_path / "log.csv", CHANGES, *rows)) == []


# Parcels

PARCELS = "order_id,order_date,customer_id,sku,{shipped},qty_ordered,unit_price"


def parcels(*, several: int) -> list[str]:
    """Orders of three units at 5.00, so many of them in a parcel of one and another of two."""
    return [
        f"{order},{START + timedelta(order)},c{order % 3},A,{units},3,5.00"
        for order in range(12)
        for units in ((1, 2) if order < several else (3,))
    ]


@pytest.mark.parametrize("shipped", ["qty_shipped", "Delivered Quantity"])
def test_a_row_for_each_parcel_of_a_line_is_a_warning(shipped: str, tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", PARCELS.format(shipped=shipped), *parcels(several=6))
    ((kind, column, rows, amount, _, suggestion),) = warnings(log)
    assert (kind, column, rows, amount) == ("repeated_orders", "quantity", 6, 6 * 15)
    assert suggestion == (
        f"Each parcel is a row, and counts the whole 'qty_ordered' of its line: '{shipped}' adds up to it. Read that"
        f""" one with --vars '{{column_mapping: {{quantity: "{shipped}"}}}}'."""
    )
    assert revenue(log) == 12 * 15 + 6 * 15
    assert revenue(log, column_mapping={"quantity": shipped}) == 12 * 15


def test_lines_that_were_shipped_in_part_are_no_parcels(tmp_path: Path) -> None:
    rows = [
        f"{order},{START + timedelta(order)},c{order % 3},A,{shipped},{ordered},5.00"
        for order in range(20)
        for shipped, ordered in (((1, 3), (3, 3)), ((2, 2),))[order % 2]
    ]
    assert warnings(write(tmp_path / "log.csv", PARCELS.format(shipped="qty_shipped"), *rows)) == []


# A file of refunds

ORDERS = "order_id,{day},customer_id,sku,quantity,unit_price"


def sold(orders: Iterable[int], *, days: int = 0) -> list[str]:
    return [f"{order},{START + timedelta(order + days)},c{order % 3},P{order % 4},1,10.00" for order in orders]


@pytest.mark.parametrize("name", ["refunds.csv", "Retouren 2024.csv", "credit_notes-2024.csv"])
@pytest.mark.parametrize("day", ["order_date", "refund_date"])
def test_a_file_of_refunds_beside_one_of_orders_is_a_warning(name: str, day: str, tmp_path: Path) -> None:
    write(tmp_path / "orders.csv", ORDERS.format(day="order_date"), *sold(range(20)))
    write(tmp_path / name, ORDERS.format(day=day), *sold(range(2, 20, 3), days=3))
    mapping = {"ordered_at": ["order_date", "refund_date"]}
    ((kind, column, rows, amount, example, suggestion),) = warnings(tmp_path / "*.csv", column_mapping=mapping)
    assert (kind, column, rows, amount, example) == ("marks_left_out", "transaction_type", 6, 60, name)
    assert suggestion.startswith(f"The lines of '{name}' are of orders of other files, and count as sales.")


@pytest.mark.parametrize(
    ("name", "orders"), [("returning customers.csv", range(2, 20, 3)), ("returns desk.csv", range(30, 40))]
)
def test_a_file_of_other_orders_is_no_refund(name: str, orders: range, tmp_path: Path) -> None:
    write(tmp_path / "orders.csv", ORDERS.format(day="order_date"), *sold(range(20)))
    write(tmp_path / name, ORDERS.format(day="order_date"), *sold(orders, days=3))
    assert warnings(tmp_path / "*.csv") == []


# Instalments


def payments(*, orders: int, months: int) -> list[str]:
    """Each order once a month with its amount, from 10.00 on."""
    return [
        f"{order},{START + timedelta(order + 30 * month)},c{order % 4},{10 + order}.00"
        for order in range(orders)
        for month in range(months)
    ]


def test_numbers_that_come_again_with_one_amount_may_be_instalments(tmp_path: Path) -> None:
    header = "order_id,payment_date,customer_id,order_amount"
    mapping = {"ordered_at": "payment_date", "amount": "order_amount"}
    log = write(tmp_path / "log.csv", header, *payments(orders=12, months=3))
    ((kind, _, rows, amount, _, suggestion),) = warnings(log, column_mapping=mapping)
    assert (kind, rows, amount) == ("reused_invoice_numbers", 24, 2 * sum(range(10, 22)))
    assert suggestion.startswith("Most numbers come again later with the same amount")
    # Numbers that begin again are of other orders.
    rows = [
        f"{order},{START + timedelta(order + 300 * again)},c{order % 4},{10 + order + again}.00"
        for order in range(12)
        for again in range(2)
    ]
    log = write(tmp_path / "others.csv", header, *rows)
    ((_, _, count, _, _, suggestion),) = warnings(log, column_mapping=mapping)
    assert (count, suggestion.split()[:2]) == (12, ["These", "numbers"])
