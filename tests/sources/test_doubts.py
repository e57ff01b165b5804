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


NUMBERS = [str(1000 + number) for number in range(12)]
# Customers come back after twelve days.
RETURNING = [*NUMBERS, *NUMBERS[:5]]


@pytest.mark.parametrize(
    ("before", "after", "example"),
    [
        (RETURNING, [f"C-{one}" for one in [*NUMBERS, "1"]], "1000 until 2024-01-22, C-1 from 2024-01-23"),
        (RETURNING, [f"{one}@a.example" for one in [*NUMBERS, "z"]],
         "1000 until 2024-01-22, 1000@a.example from 2024-01-23"),
        (RETURNING, [f"90{one}" for one in [*NUMBERS, "2000"]], "1000 until 2024-01-22, 901000 from 2024-01-23"),
        # nobody came back before, either
        (NUMBERS, [f"C-{number}" for number in [*NUMBERS, "1"]], None),
        # one of them comes back, on the last day or on the first one
        (RETURNING, [*(f"C-{number}" for number in NUMBERS), "1009"], None),
        (RETURNING, ["C-1 same day", *(f"C-{number}" for number in NUMBERS), "C-2"], None),
        # so soon, nobody needs to have come back
        (RETURNING, [f"C-{number}" for number in NUMBERS], None),
        # numbers that grow, of customers who come back or, by chance, don't
        ([*(str(number) for number in range(90, 105)), *(str(number) for number in range(90, 105))], ["200"], None),
        ([str(9980 + one) for one in [*range(20), *range(20)]], [str(10002 + one) for one in range(25)], None),
        # few
        (RETURNING, [f"C-{number}" for number in [*NUMBERS[:9], *NUMBERS[:9]]], None),
    ],
)  # fmt: skip
def test_ids_of_another_form_from_one_day_on_are_a_warning(
    before: list[str], after: list[str], example: str | None, tmp_path: Path
) -> None:
    rows = bought(*before, *after)
    if " same day" in rows[len(before)]:
        last_day = rows[len(before) - 1].split(",")[1]
        rows[len(before)] = f'0,{last_day},"C-1",s1,1,10.00'
    with lines_of(write(tmp_path / "log.csv", ORDERED, *rows)) as lines:
        expected = [("customer_id", len(before), 10 * len(before), example)] if example else []
        assert warnings(lines, "ids_changed") == expected


MOVING = "order_id,order_date,order_status,customer_id,sku,qty,unit_price"


def test_a_status_that_moved_on_between_two_files_is_a_warning(tmp_path: Path) -> None:
    write(
        tmp_path / "1.csv",
        MOVING,
        "1,2024-01-05,pending,c1,s1,1,10.00",
        "2,2024-01-06,processing,c1,s1,1,20.00",
        "3,2024-01-07,processing,c2,s1,1,30.00",
        "4,2024-01-08,processing,c2,s1,1,40.00",
        # Two units on lines of their own, one of which came back.
        "5,2024-01-09,completed,c3,s1,1,50.00",
        "5,2024-01-09,returned,c3,s1,1,50.00",
    )
    write(
        tmp_path / "2.csv",
        MOVING,
        "1,2024-01-05,completed,c1,s1,1,10.00",
        "2,2024-01-06,completed,c1,s1,1,20.00",
        "3,2024-01-07,refunded,c2,s1,1,30.00",
        "4,2024-01-08,processing,c2,s1,1,40.00",
        "6,2024-02-09,completed,c3,s1,1,60.00",
    )
    with lines_of(tmp_path / "*.csv") as lines:
        assert warnings(lines, "changed_statuses") == [("order_status", 2, 50, "2")]
    with lines_of(tmp_path / "2.csv") as lines:
        assert warnings(lines, "changed_statuses") == []


def test_a_setting_says_that_no_column_holds_types(tmp_path: Path) -> None:
    """A heading may be one that is known, and its words those of other things."""
    log = write(tmp_path / "log.csv", HEADINGS, "Shipping,1,2024-01-05,c1,s1,1,10.00", "Box,2,2024-01-06,c1,s1,1,10.00")
    sales = "select count(*) from {{ ref('int_transactions_flagged') }} where rejection_reason is null"
    with lines_of(log) as lines:
        assert lines.rows(sales) == [(1,)]
    with lines_of(log, column_mapping={"transaction_type": []}) as lines:
        assert lines.rows(sales) == [(2,)]
        assert warnings(lines, "unknown_types") == []
        kept = "select other_columns ->> 'type' from {{ ref('base_transactions') }} order by 1"
        assert lines.rows(kept) == [("Box",), ("Shipping",)]


def sales_and_returns(days: int, *returns: tuple[int, str, str], first: int = 0) -> list[str]:
    """Rows of a sale per day, of product s0 to s4 to customer c0 to c6, and returns: day, customer, product."""
    start = date(2024, 1, 1)
    rows = [(day, f"Sale,{day}", f"c{day % 7}", f"s{day % 5}") for day in range(first, days)]
    rows += [(day, f"Return,R{day}", customer, product) for day, customer, product in returns]
    return [f"{words},{start + timedelta(day)},{customer},{product},1,10.00" for day, words, customer, product in rows]


def returns_of(*days: int, sold: int) -> list[tuple[int, str, str]]:
    """Returns of what was sold so many days before."""
    return [(day, f"c{(day - sold) % 7}", f"s{(day - sold) % 5}") for day in days]


LATE = (10, 17, 24, 31, 38, 44)


@pytest.mark.parametrize("returns", [
    # As PayPal exports them, from the shop; and as Stripe does, with a product of their own.
    [(day, "shop", product) for day, _, product in returns_of(*LATE, sold=3)],
    [(day, customer, "refund") for day, customer, _ in returns_of(*LATE, sold=3)],
])  # fmt: skip
def test_returns_that_find_no_sale_are_a_warning(returns: list[tuple[int, str, str]], tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", HEADINGS, *sales_and_returns(45, *returns))
    with lines_of(log) as lines:
        assert warnings(lines, "returns_without_sales") == [(None, 6, -60, "R10")]


@pytest.mark.parametrize(("first", "returns"), [
    # They find their sales; half of them do; too few show it.
    (0, returns_of(*LATE, sold=3)),
    (0, [*returns_of(24, 31, 38, 44, sold=3), *((day, "shop", "s1") for day in (23, 30, 37, 43))]),
    (0, [(day, "shop", "s1") for day in LATE[-3:]]),
    # The log begins later than the shop, so the first returns are of earlier sales, and these are most.
    (30, [*returns_of(*range(31, 50), sold=20), *returns_of(51, 54, 57, 60, sold=20)]),
    # What customers give back after months is all that the first weeks have.
    (30, returns_of(*range(31, 50), sold=60)),
    # On the invoice of a sale it is taken off that.
    (0, [(day, f"c{day % 7}", "s9") for day in LATE]),
])  # fmt: skip
def test_returns_of_sales_that_the_log_cannot_have_are_no_warning(
    first: int, returns: list[tuple[int, str, str]], tmp_path: Path
) -> None:
    rows = sales_and_returns(61, *returns, first=first)
    is_on_sale = returns[0][2] == "s9"
    log = write(tmp_path / "log.csv", HEADINGS, *(row.replace(",R", ",") if is_on_sale else row for row in rows))
    with lines_of(log) as lines:
        assert warnings(lines, "returns_without_sales") == []


PAYPAL = (
    '"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net","From Email Address",'
    '"Transaction ID","Item Title","Item ID","Quantity","Reference Txn ID"'
)


def test_refunds_that_name_no_product_are_cancellations_that_net_nothing(tmp_path: Path) -> None:
    """As PayPal exports them: no title, no id and no quantity."""
    log = write(
        tmp_path / "log.csv",
        PAYPAL,
        '"31/01/2024","10:00:00","CET","Ann","Website Payment","Completed","EUR","20,00","-1,00","19,00","a@b.example",'
        '"T1","Mug","MUG","2",""',
        '"01/02/2024","10:00:00","CET","Ann","Payment Refund","Completed","EUR","-10,00","0,50","-9,50","a@b.example",'
        '"T2","","","","T1"',
        '"02/02/2024","10:00:00","CET","Ben","General Withdrawal","Completed","EUR","-9,00","0,00","-9,00",'
        '"d@b.example","T3","","","",""',
        # the type says that it gives back, whatever the sign
        '"02/02/2024","11:00:00","CET","Ann","Payment Refund","Completed","EUR","2,00","0,00","2,00","a@b.example",'
        '"T5","","","","T1"',
        # no refund, no product
        '"03/02/2024","10:00:00","CET","Ben","Website Payment","Completed","EUR","5,00","0,00","5,00","c@b.example",'
        '"T4","","","",""',
    )
    mapping = {"customer_id": "From Email Address", "amount": "Gross"}
    with lines_of(log, column_mapping=mapping) as lines:
        rows = lines.rows(
            """
            select invoice_id, rejection_reason, rejection_detail, is_cancellation, quantity, gross_amount
            from {{ ref('int_transactions_flagged') }}
            order by input_row
            """
        )
        assert [(*row[:4], *(None if value is None else float(value) for value in row[4:])) for row in rows] == [
            ("T1", None, None, False, 2, 20),
            ("T2", None, None, True, -1, -10),
            ("T3", "ignored_order", "the type is general withdrawal", True, -1, -9),
            ("T5", None, None, True, -1, -2),
            ("T4", "unreadable", "product_id is empty; quantity is empty", False, None, 5),
        ]
        assert warnings(lines, "refunds_without_product") == [("product_id", 2, -12, "T2")]
        assert lines.rows("select count(*) from {{ ref('int_cancellation_matches') }}") == [(0,)]


@pytest.mark.parametrize(
    ("orders", "named"),
    [
        # The best of a dozen, and the two best of ten, as business customers are.
        ([13, 9, 7, 6, 5, 4, 4, 3, 3, 2, 2, 2], []),
        ([14, 13, 7, 6, 5, 4, 4, 2, 2, 2], []),
        ([16, 13, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 1], []),
        # A till, and two of them.
        ([36, 9, 7, 6, 5, 4, 4, 3, 3, 2, 2, 2], [(36, "c0")]),
        ([30, 28, 5, 5, 4, 4, 3, 3, 2, 2, 2], [(58, "c0, c1")]),
    ],
)
def test_one_with_far_more_orders_than_others_is_a_warning(
    orders: list[int], named: list[tuple[int, str]], tmp_path: Path
) -> None:
    sold = [f"c{customer}" for customer, count in enumerate(orders) for _ in range(count)]
    days = [date(2024, 1, 1) + timedelta(order) for order in range(len(sold))]
    rows = [f"{order},{days[order * 37 % len(sold)]},{customer},5.00" for order, customer in enumerate(sold)]
    with lines_of(write(tmp_path / "log.csv", "order_id,order_date,customer_id,amount", *rows)) as lines:
        assert [(rows, example) for _, rows, _, example in warnings(lines, "placeholder_ids")] == named


def test_half_of_all_rows_without_a_sale_are_named_by_their_type(tmp_path: Path) -> None:
    """As a landlord's export has a payout beside each reservation."""
    rows = [
        f"{kind},{number},2024-01-{number + 1:02},c{number % 3},loft,1,50.00"
        for number in range(9)
        for kind in ("Payout", "Reservation")
    ]
    with lines_of(write(tmp_path / "log.csv", HEADINGS, *rows)) as lines:
        query = "select row_count, suggestion from {{ ref('input_warnings') }} where kind = 'mostly_rejected'"
        ((count, suggestion),) = lines.rows(query)
        assert (count, suggestion.split(",")[0]) == (9, "By their status or type")
        assert warnings(lines, "unknown_types") == []


@pytest.mark.parametrize(
    ("status", "sales", "open_words"),
    [
        ("wc-completed", 2, 0), ("wc-refunded", 1, 0), ("wc-on-hold", 1, 0), ("Verzonden", 2, 0), ("Geannuleerd", 1, 0),
        ("Zrealizowane", 2, 0), ("Anulowane", 1, 0), ("Shipped - Returned to Seller", 1, 0), ("Dispatched", 2, 0),
        ("cancelled_by_guest", 1, 0), ("Versendet", 2, 0), ("Storniert", 1, 0), ("Annullato", 1, 0), ("Not Paid", 1, 0),
        # All was paid back in one system, and all is done in another; somebody who did not come may have to pay.
        ("Closed", 2, 1), ("No-show", 2, 1),
    ],
)  # fmt: skip
def test_words_of_ordinary_systems_are_known(status: str, sales: int, open_words: int, tmp_path: Path) -> None:
    log = write(
        tmp_path / "log.csv", "order_id,order_date,customer_id,amount,status",
        "1,2024-01-05,a,5.00,completed", f"2,2024-01-06,b,5.00,{status}",
    )  # fmt: skip
    with lines_of(log) as lines:
        assert lines.rows("select count(*) from {{ ref('order_lines') }}") == [(sales,)]
        assert len(warnings(lines, "unknown_statuses")) == open_words


@pytest.mark.parametrize(
    ("word", "revenue"),
    [("Sales Receipt", 20), ("ACCREC", 20), ("ACCRECCREDIT", 0), ("voided", 10), ("Refund Receipt", 0)],
)
def test_types_of_ordinary_systems_are_known(word: str, revenue: int, tmp_path: Path) -> None:
    rows = ["Invoice,1,2024-01-05,c1,s1,1,10.00", f"{word},2,2024-01-06,c1,s1,1,10.00"]
    with lines_of(write(tmp_path / "log.csv", HEADINGS, *rows)) as lines:
        assert lines.rows("select sum(revenue) from {{ ref('orders') }}") == [(revenue,)]
        assert warnings(lines, "unknown_types") == []


@pytest.mark.parametrize("word", ["VOID", "Void Sale"])
def test_a_void_takes_back_no_other_sale_and_is_asked_about(word: str, tmp_path: Path) -> None:
    """Some tills write the sale that was voided, others its reversal: nothing shows which."""
    rows = ["Sale,1,2024-01-05,c1,s1,1,10.00", f"{word},2,2024-01-06,c1,s1,1,10.00"]
    with lines_of(write(tmp_path / "log.csv", HEADINGS, *rows)) as lines:
        assert lines.rows("select sum(revenue) from {{ ref('orders') }}") == [(20,)]
        assert len(warnings(lines, "unknown_types")) == 1


@pytest.mark.parametrize(
    ("status_of_sale", "refund", "left"),
    [
        # The refund alone has the status: of the order, and of one of its own that is as its sale.
        ("completed", "1,2024-01-09,refunded,c1,s1,-1,10.00", [(1, -10, "1")]),
        ("completed", "2,2024-01-09,wc-refunded,c1,s1,1,-10.00", [(1, -10, "2")]),
        # The sale has it, too.
        ("refunded", "2,2024-01-09,refunded,c1,s1,-1,10.00", []),
        ("refunded", "1,2024-01-09,refunded,c1,s1,-1,10.00", []),
        # The order was cancelled before it counted.
        ("completed", "2,2024-01-09,cancelled,c1,s1,1,10.00", []),
    ],
)
def test_a_refund_that_is_rejected_without_its_sale_is_a_warning(
    status_of_sale: str, refund: str, left: list[tuple[int, int, str]], tmp_path: Path
) -> None:
    others = [f"{order},2024-01-{order:02},completed,c{order},s1,1,5.00" for order in range(3, 9)]
    log = write(tmp_path / "log.csv", MOVING, f"1,2024-01-05,{status_of_sale},c1,s1,1,10.00", refund, *others)
    with lines_of(log) as lines:
        assert [row[1:] for row in warnings(lines, "cancelled_refunds")] == left
