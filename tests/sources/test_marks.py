"""Columns that mark rows as no sales, by yes or no or by a day: a warning, and what they do once they are mapped."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lines import lines_of
from test_ingest import write

HEADINGS = "order_id,order_date,customer_id,sku,qty,price"
WARNINGS = """
    select column_name, row_count, cast(amount as double), example, suggestion
    from {{ ref('input_warnings') }}
    where kind = 'marks_left_out'
"""


def log_of(folder: Path, heading: str, *marks: str, more: str = "") -> Path:
    """Orders of 20.00, each with a mark."""
    rows = [f"{order},2024-01-0{order},c1,A,2,10.00{more},{mark}" for order, mark in enumerate(marks, 1)]
    return write(folder / "log.csv", f"{HEADINGS}{',order_status' if more else ''},{heading}", *rows)


def warnings(place: Path, **settings: Any) -> list[tuple[Any, ...]]:
    with lines_of(place, **settings) as lines:
        return lines.rows(WARNINGS)


def revenue(place: Path, **settings: Any) -> Decimal:
    """What is left of the sales, without what was given back."""
    with lines_of(place, **settings) as lines:
        ((sold,),) = lines.rows("select sum(revenue) from {{ ref('int_order_lines') }}")
        assert lines.rows(WARNINGS) == []
        return Decimal(sold)


@pytest.mark.parametrize(
    ("heading", "yes", "no", "column", "left"),
    [
        ("Cancelled", "TRUE", "FALSE", "order_status", 40),
        ("Canceled at", "2024-02-01 10:15", "", "order_status", 40),
        ("is_voided", "1", "0", "order_status", 40),
        ("Refunded", "Yes", "No", "order_status", 40),
        ("Refunded", "1", "0", "order_status", 40),
        ("test_order", "y", "n", "order_status", 40),
        # these rows give back what the others sold
        ("is_refund", "t", "f", "transaction_type", 20),
        ("Return flag", "x", "", "transaction_type", 20),
        ("D/C", "C", "D", "transaction_type", 20),
        ("Debit/Credit", "cr", "dr", "transaction_type", 20),
        # in German, and as SAP calls it
        ("S/H", "H", "S", "transaction_type", 20),
        ("Soll/Haben-Kennzeichen", "Haben", "Soll", "transaction_type", 20),
        ("SHKZG", "H", "S", "transaction_type", 20),
    ],
)
def test_a_mark_is_a_warning_and_counts_once_it_is_mapped(
    heading: str, yes: str, no: str, column: str, left: int, tmp_path: Path
) -> None:
    log = log_of(tmp_path, heading, no, no, yes)
    advice = f"""If they are none, add --vars '{{column_mapping: {{{column}: "{heading}"}}}}'."""
    assert warnings(log) == [
        (
            column, 1, 20, f"{heading}: {yes}",
            f"By '{heading}' they were cancelled, paid back or tests, but they count as sales. {advice}",
        )
    ]  # fmt: skip
    assert revenue(log, column_mapping={column: heading}) == left


@pytest.mark.parametrize("marks", [
    # nothing is marked, or half is, or a day is; and the column holds something else
    ("0", "0", "0"), ("1", "1", "1"), ("1", "0", "1", "0"), ("2024-02-01", "", ""),
    ("2", "1", "0"), ("A", "B", "A"), ("12.50", "0", "1"),
])  # fmt: skip
def test_a_column_that_is_no_mark_is_no_warning(marks: tuple[str, ...], tmp_path: Path) -> None:
    for heading in ("Test", "Return", "Return date"):
        assert warnings(log_of(tmp_path, heading, *marks)) == []
    assert warnings(log_of(tmp_path, "Cancelled quantity", "0", "1", "0")) == []
    # shipping and handling
    assert warnings(log_of(tmp_path, "S/H", "0", "1", "0")) == []


def test_a_mark_beside_a_status_is_a_warning_where_the_status_is_that_of_a_sale(tmp_path: Path) -> None:
    rows = [
        f"{order},2024-01-05,c1,A,1,10.00,{status},{day}"
        for order, (status, day) in enumerate(
            [("paid", ""), ("refunded", "2024-01-06"), ("paid", "2024-01-07"), ("paid", "")]
        )
    ]
    log = write(tmp_path / "log.csv", f"{HEADINGS},order_status,cancelled_at", *rows)
    ((column, count, amount, _, advice),) = warnings(log)
    assert (column, count, amount) == ("order_status", 1, 10)
    assert advice.endswith("count as sales by 'order_status'. If they are none, leave them out of the export.")


def test_a_row_that_gives_back_anyway_needs_no_mark(tmp_path: Path) -> None:
    rows = ["1,2024-01-05,c1,A,2,10.00,0", "2,2024-01-06,c1,A,-1,10.00,1", "3,2024-01-07,c1,A,1,-10.00,1"]
    assert warnings(write(tmp_path / "log.csv", f"{HEADINGS},is_refund", *rows)) == []


def test_a_line_without_a_mark_is_sold_although_the_one_above_it_is_cancelled(tmp_path: Path) -> None:
    rows = ["1,2024-01-05,c1,A,1,10.00,true", "1,2024-01-05,c1,BB,1,5.00,false"]
    log = write(tmp_path / "log.csv", f"{HEADINGS},cancelled", *rows)
    assert revenue(log, column_mapping={"order_status": "cancelled"}) == 5


def test_zeros_and_ones_are_no_refunded_money(tmp_path: Path) -> None:
    log = log_of(tmp_path, "Refunded", "0", "1", "0")
    with lines_of(log) as lines:
        assert lines.rows("select sum(gross_amount) from {{ ref('int_order_lines') }}") == [(60,)]
        assert not any("Refunded" in sentence and "taken off" in sentence for sentence in lines.messages)
    amounts = write(tmp_path / "amounts.csv", HEADINGS.replace("price", "amount,refunded"), "1,2024-01-05,c1,A,2,10,1")
    with lines_of(amounts) as lines:
        assert lines.rows("select kind from {{ ref('input_warnings') }} where kind = 'refunds_left_out'") == []


def test_a_slip_of_the_pen_stops_nothing(tmp_path: Path) -> None:
    rows = ["1,2024-01-05,c1,A,1,10.00,0", "2,2024-01-06,c1,A,9780306406157000,9780306406157000,1"]
    rows += ["3,2024-01-07,c1,A,1,5.00,1", *(f"{order},2024-01-08,c1,A,1,7.00,0" for order in range(4, 9))]
    ((_, count, amount, *_),) = warnings(write(tmp_path / "log.csv", f"{HEADINGS},cancelled", *rows))
    assert (count, amount) == (2, 5)


def test_a_row_with_two_marks_counts_once_and_as_its_money_is_read(tmp_path: Path) -> None:
    """The price is that of the line, as the total shows."""
    rows = [
        f"{order},2024-01-05,c{order},A,3,{order}5.00,{order}5.00,{int(order == 1)},{int(order < 3)}"
        for order in range(1, 8)
    ]
    log = write(tmp_path / "log.csv", f"{HEADINGS},total,cancelled,is_refund", *rows)
    ((column, count, amount, example, advice),) = warnings(log)
    assert (column, count, amount, example) == ("order_status", 2, 40, "cancelled: 1")
    assert '{order_status: "cancelled", transaction_type: "is_refund"}' in advice


def test_letters_of_debit_and_credit_need_what_was_sold_to_the_same_customer(tmp_path: Path) -> None:
    for heading, credit, debit in (("D/C", "C", "D"), ("S/H", "H", "S")):
        marks = {order: credit if order == 1 else debit for order in range(1, 6)}
        rows = [f"{order},2024-01-0{order},c{order},A,2,10.00,{mark}" for order, mark in marks.items()]
        assert warnings(write(tmp_path / "log.csv", f"{HEADINGS},{heading}", *rows)) == []


def test_letters_of_debit_and_credit_count_where_products_have_names_alone(tmp_path: Path) -> None:
    rows = [f"{order},2024-01-0{order},c1,Mug,2,10.00,{'H' if order == 3 else 'S'}" for order in range(1, 6)]
    log = write(tmp_path / "log.csv", f"{HEADINGS.replace('sku', 'item_name')},S/H", *rows)
    assert [(count, amount) for _, count, amount, *_ in warnings(log)] == [(1, 20)]


def test_a_day_on_several_orders_of_a_customer_is_that_of_a_contract(tmp_path: Path) -> None:
    rows = [
        f"{10 * customer + month},2024-0{month}-05,c{customer},A,1,10.00,{'2024-09-01' if customer == 1 else ''}"
        for customer in range(1, 6)
        for month in range(1, 5)
    ]
    assert warnings(write(tmp_path / "log.csv", f"{HEADINGS},cancelled_at", *rows)) == []


def test_refunds_of_at_most_one_are_money(tmp_path: Path) -> None:
    refunds = ("0.50", "1.00", "0", "0")
    rows = [f"{order},2024-01-05,c{order},A,1,10.00,{refund}" for order, refund in enumerate(refunds)]
    with lines_of(write(tmp_path / "log.csv", f"{HEADINGS},refunded", *rows)) as lines:
        assert lines.rows("select sum(gross_amount) from {{ ref('int_order_lines') }}") == [(Decimal("38.50"),)]


@pytest.mark.parametrize(
    ("heading", "marks", "column", "left"),
    [
        ("Attendee Status", ("Attending", "Not Attending", "attending"), "order_status", 40),
        # of a line, so that a blank one is not that of the line above
        ("Line Status", ("OK", "VOID", "OK"), "order_status", 40),
        ("orderLineState", ("OK", "VOID", "OK"), "order_status", 40),
        ("Ticket state", ("cancelled", "here", "here"), "order_status", 40),
        # it gives back what the others sold
        ("Vorgang", ("Verkauf", "STORNO", "Verkauf"), "transaction_type", 20),
        ("movement", ("sale", "Sales return", "sale"), "transaction_type", 20),
    ],
)
def test_a_status_or_type_under_any_heading_is_a_warning_by_its_words(
    heading: str, marks: tuple[str, ...], column: str, left: int, tmp_path: Path
) -> None:
    log = log_of(tmp_path, heading, *marks)
    ((found, rows, amount, _, suggestion),) = warnings(log)
    assert (found, rows, amount) == (column, 1, 20)
    assert f'{column}: "{heading}"' in suggestion
    assert revenue(log, column_mapping={column: heading}) == left


def test_letters_of_debit_and_credit_need_no_product(tmp_path: Path) -> None:
    """An extract of a ledger may have none."""
    rows = [f"{number},2024-01-0{number},c1,20.00,{letter}" for number, letter in enumerate("SHSS", 1)]
    log = write(tmp_path / "log.csv", "order_id,order_date,customer_id,amount,S/H", *rows)
    ((column, count, amount, *_),) = warnings(log)
    assert (column, count, amount) == ("transaction_type", 1, 20)


@pytest.mark.parametrize(
    ("heading", "marks"),
    [
        ("Ticket type", ("Single", "Return", "Single")),
        ("Card type", ("Debit", "Credit", "Debit")),
        ("Customer status", ("ok", "cancelled", "ok")),
        ("Subscription status", ("paid", "cancelled", "paid")),
        ("Shipping State", ("CA", "NY", "TX")),
        ("Note", ("paid", "cancelled", "paid")),
        ("Cart", ("sale", "refund", "sale")),
        # most rows of a list of what was cancelled
        ("Ticket state", ("cancelled", "cancelled", "paid")),
    ],
)
def test_words_of_other_things_are_no_marks(heading: str, marks: tuple[str, ...], tmp_path: Path) -> None:
    assert warnings(log_of(tmp_path, heading, *marks)) == []


def test_a_column_with_many_words_is_no_status(tmp_path: Path) -> None:
    rows = [f"{number},2024-01-05,c1,A,2,10.00,{word}" for number, word in enumerate(["cancelled", *range(21)])]
    assert warnings(write(tmp_path / "log.csv", f"{HEADINGS},Ticket state", *rows)) == []


@pytest.mark.parametrize(
    ("heading", "marks", "left"),
    [
        ("trans_type", ("SALE", "REFUND", "SALE"), 20),
        ("order_status", ("Received", "Refused", "Canceled"), 20),
    ],
)
def test_statuses_and_types_are_read(heading: str, marks: tuple[str, ...], left: int, tmp_path: Path) -> None:
    assert revenue(log_of(tmp_path, heading, *marks)) == left


def test_who_cancelled_is_part_of_a_status_that_is_left_out(tmp_path: Path) -> None:
    log = log_of(tmp_path, "status", "ok", "cancelled_by_guest", "ok", more=",paid")
    with lines_of(log) as lines:
        found = "select row_count, example from {{ ref('input_warnings') }} where kind = 'statuses_left_out'"
        assert lines.rows(found) == [(1, "status: cancelled_by_guest")]


@pytest.mark.parametrize(
    ("heading", "credit", "sale"),
    [("Belegart", "GS", "RE"), ("FKART", "G2", "F2"), ("tran_code", "R", "S"), ("doc type", "CN", "INV")],
)
def test_codes_of_documents_are_marks_and_count_once_they_are_mapped(
    heading: str, credit: str, sale: str, tmp_path: Path
) -> None:
    log = log_of(tmp_path, heading, sale, sale, credit)
    ((column, rows, amount, example, suggestion),) = warnings(log)
    assert (column, rows, amount, example) == ("transaction_type", 1, 20, f"{heading}: {credit}")
    assert f'transaction_type: "{heading}"' in suggestion
    assert revenue(log, column_mapping={"transaction_type": heading}) == 20


@pytest.mark.parametrize(
    ("heading", "marks"),
    [
        # of other codes, of one kind alone, and in SAP RE is no invoice
        ("tran_code", ("S", "R", "X", "S")), ("Belegart", ("GS", "RE", "LS", "RE")), ("tran_code", ("S", "S", "S")),
        ("order type", ("S", "R", "S")), ("FKART", ("F2", "ZF", "G2")),
    ],
)  # fmt: skip
def test_other_codes_are_no_marks(heading: str, marks: tuple[str, ...], tmp_path: Path) -> None:
    assert warnings(log_of(tmp_path, heading, *marks)) == []


def test_a_code_of_what_was_never_sold_is_no_mark(tmp_path: Path) -> None:
    rows = [f"{order},2024-01-0{order},c{order},A,2,10.00,{'SR'[order == 3]}" for order in range(1, 6)]
    assert warnings(write(tmp_path / "log.csv", f"{HEADINGS},tran_code", *rows)) == []


@pytest.mark.parametrize("heading", ["return_reason", "Reason for return", "Retourengrund"])
@pytest.mark.parametrize("none", ["", "None", "-"])
def test_the_reason_of_a_return_is_a_mark(heading: str, none: str, tmp_path: Path) -> None:
    rows = [f"{order},2024-01-0{order},c1,A,2,10.00,{none}" for order in range(1, 5)]
    rows.insert(2, "2,2024-01-04,c1,A,2,10.00,too small")
    log = write(tmp_path / "log.csv", f"{HEADINGS},{heading}", *rows)
    ((column, count, amount, example, _),) = warnings(log)
    assert (column, count, amount, example) == ("transaction_type", 1, 20, f"{heading}: too small")
    assert revenue(log, column_mapping={"transaction_type": heading}) == 60
