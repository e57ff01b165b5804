"""Money that a log has twice: sums beside their parts, orders that stand there again, and versions of an order."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from lines import lines_of
from test_ingest import write

CODED = "order_id,order_date,customer_id,sku,qty,price"
NAMED = "order_id,order_date,customer_id,item,qty,amount"
KINDS = (
    "sums_of_other_lines", "shares_of_other_lines", "given_back_but_never_sold", "repeated_orders",
    "sold_and_cancelled", "edited_orders",
)  # fmt: skip


def doubts(place: Path, **settings: Any) -> list[tuple[Any, ...]]:
    """Warnings of these kinds: kind, rows, money and example."""
    query = "select kind, row_count, cast(amount as double), example from {{ ref('input_warnings') }}"
    with lines_of(place, **settings) as lines:
        return lines.rows(f"{query} where kind in {KINDS} order by all")


def orders(*of_lines: Sequence[str], more: str = "") -> list[str]:
    """Rows of orders of one day each; a line is its product, quantity and money."""
    return [
        f"{1000 + order},2024-01-{order % 28 + 1:02},c{order % 7},{line}{more}"
        for order, lines in enumerate(of_lines)
        for line in lines
    ]


# Sums


# Two or three lines of 10, 11, 12 ... and what they come to.
TOTALS = [
    [f"Mug,1,1{order}.00", "Plate,2,20.00", *["Lamp,1,7.50"] * (order % 2), f"Complete,1,{total}"]
    for order, total in enumerate(("30.00", "38.50", "32.00", "40.50", "34.00"))
]  # fmt: skip


def test_sums_below_the_lines_of_orders_are_a_warning(tmp_path: Path) -> None:
    rows = orders(*TOTALS)
    assert doubts(write(tmp_path / "log.csv", NAMED, *rows)) == [("sums_of_other_lines", 5, 175, "COMPLETE")]


@pytest.mark.parametrize("lines", [
    # too few to be no chance, or of one amount
    TOTALS[:4], [TOTALS[0]] * 9,
    # other orders show that it is a product
    [*TOTALS, ["Complete,1,9.00"]], [*TOTALS, ["Complete,1,9.00", "Mug,1,3.00", "Plate,1,5.00"]],
])  # fmt: skip
def test_an_amount_that_equals_others_by_chance_is_no_warning(lines: list[list[str]], tmp_path: Path) -> None:
    assert doubts(write(tmp_path / "log.csv", NAMED, *orders(*lines))) == []


def test_a_sum_is_also_of_postage_and_less_a_discount(tmp_path: Path) -> None:
    """Which are no products, and may stand between the lines and their sum."""
    rows = orders(
        *(
            [f"A,1,1{order}.00", "BB,2,5.00", "Versandkosten,1,4.00", "SALE,1,-2.00", f"SUM,1,{22 + order}.00"]
            for order in range(5)
        )
    )
    assert doubts(write(tmp_path / "log.csv", CODED, *rows)) == [("sums_of_other_lines", 5, 120, "SUM")]


@pytest.mark.parametrize("word", ["Subtotal", "Order total:", "Zwischensumme"])
def test_a_total_is_a_warning_by_its_name_and_its_amount(word: str, tmp_path: Path) -> None:
    sums = orders(["Mug,1,10.00", f"{word},1,10.00"], ["Mug,1,10.00", "Plate,1,5.00", f"{word},1,15.00"])
    found = [("sums_of_other_lines", 2, 25, word.upper())]
    assert doubts(write(tmp_path / "log.csv", NAMED, *sums)) == found
    # a name alone shows nothing
    others = orders(["Mug,1,10.00", f"{word},1,9.00"], ["Mug,1,10.00", f"{word},1,10.00"])
    assert doubts(write(tmp_path / "other.csv", NAMED, *others)) == []


def test_a_total_below_the_only_line_of_most_orders_is_a_warning(tmp_path: Path) -> None:
    rows = orders(*([f"P{order % 3},1,{order}.50", f"Paid,1,{order}.50"] for order in range(1, 11)))
    assert doubts(write(tmp_path / "log.csv", NAMED, *rows)) == [("sums_of_other_lines", 10, 60, "PAID")]
    # what is bought together for one price is none
    pairs = orders(*(["Left,1,5.00", "Right,1,5.00"] for _ in range(20)))
    assert doubts(write(tmp_path / "pairs.csv", NAMED, *pairs)) == []


def test_a_bundle_whose_parts_have_prices_too_is_a_warning(tmp_path: Path) -> None:
    set_of_three = ["SET,1,45.00", "A,1,20.00", "BB,2,10.00", "E,1,5.00"]
    rows = orders(*[set_of_three] * 10, ["A,1,20.00"])
    assert doubts(write(tmp_path / "log.csv", CODED, *rows)) == [("sums_of_other_lines", 10, 450, "SET")]
    # Of what stands between other products nothing shows where its parts end.
    rows = orders(*[["A,1,19.00", *set_of_three, "F,3,1.00"]] * 10)
    assert doubts(write(tmp_path / "log.csv", CODED, *rows)) == []


TICKETS = [f"TICKET,1,{price}.00" for price in range(10, 22)]
SHOPS_WITHOUT_SUMS = {
    "two tickets": [[f"{ticket},a", f"{ticket},b"] for ticket in TICKETS],
    "nights at a hotel": [[f"ROOM,1,{price}.00,a", f"ROOM,1,{price}.00,b", "MEAL,1,9.00,"] for price in range(50, 62)],
    "a shop of one price": [
        [*(f"P{number},1,1.00," for number in range(2 + order % 3)), "BIG,1,2.00,", "Q,1,1.00,"] for order in range(20)
    ],
}  # fmt: skip


@pytest.mark.parametrize("shop", SHOPS_WITHOUT_SUMS)
def test_ordinary_shops_have_no_sums(shop: str, tmp_path: Path) -> None:
    rows = orders(*SHOPS_WITHOUT_SUMS[shop])
    found = doubts(write(tmp_path / "log.csv", f"{CODED},seat", *rows))
    assert [kind for kind, *_ in found if kind != "repeated_orders"] == []


def test_rows_that_are_exported_twice_are_no_sums(tmp_path: Path) -> None:
    rows = orders(*([f"P{price},1,{price}.00", "Q,1,3.00"] for price in range(10, 22)))
    assert doubts(write(tmp_path / "log.csv", CODED, *(row for row in rows for _ in range(2)))) == []


def test_what_the_seed_of_codes_lists_is_no_product(tmp_path: Path) -> None:
    """As the warning advises: the code of a line that has none is its name."""
    words = (
        "Subtotal", "Shipping", "VAT 20 %", "VAT", "Gift card €50", "Delivery fee",
        "Gift card holder", "Tips", "Vat 69", "IVA 12", "TVA05", "GST-100",
    )  # fmt: skip
    rows = orders(*([f"{word},1,12.00"] for word in words))
    with lines_of(write(tmp_path / "log.csv", NAMED, *rows)) as lines:
        query = "select product_id from {{ ref('int_transactions_flagged') }} where rejection_reason"
        assert [name for (name,) in lines.rows(f"{query} is null order by 1")] == [
            "GIFT CARD HOLDER", "GST-100", "IVA 12", "SUBTOTAL", "TIPS", "TVA05", "VAT 69",
        ]  # fmt: skip
        assert len(lines.rows(f"{query} = 'non_product'")) == 5


# Taxes


def test_a_tax_as_a_product_is_a_warning(tmp_path: Path) -> None:
    """A fifth of what stands beside it, rounded to the cent."""
    taxed = [[f"A,1,{order}.03", f"LEVY,1,{(order + 0.03) / 5:.2f}"] for order in range(10, 20)]
    rows = orders(*taxed, ["BB,1,10.00", "A,1,5.55", "LEVY,1,3.11"], ["BB,1,10.00"])
    assert doubts(write(tmp_path / "log.csv", CODED, *rows)) == [("shares_of_other_lines", 11, 32.21, "LEVY")]
    # what is paid by weight, as the coffee beside it
    ground = orders(*([f"COFFEE,{units},20.00", f"GRINDING,{units},1.00"] for units in range(1, 21)))
    assert doubts(write(tmp_path / "ground.csv", CODED, *ground)) == []
    # a product with its refill is in few orders
    others = orders(*taxed, *[["BB,1,10.00"]] * 12)
    assert doubts(write(tmp_path / "others.csv", CODED, *others)) == []


# Discounts


def test_a_discount_as_a_return_of_what_nobody_bought_is_a_warning(tmp_path: Path) -> None:
    reduced = [["A,1,10.00", "SUMMER,-1,3.00"]] * 5
    log = write(tmp_path / "log.csv", CODED, *orders(*reduced))
    assert doubts(log) == [("given_back_but_never_sold", 5, -15, "SUMMER")]
    # somebody bought it, nobody unknown did, or it comes back by itself
    rows = orders(*reduced, ["SUMMER,1,3.00"])
    assert doubts(write(tmp_path / "sold.csv", CODED, *rows)) == []
    anonymous = "1,2024-01-05,,SUMMER,1,3.00"
    assert doubts(write(tmp_path / "unknown.csv", CODED, *orders(*reduced), anonymous)) == []
    alone = orders(*(lines[1:] for lines in reduced), *[["A,1,10.00"]] * 9)
    assert doubts(write(tmp_path / "alone.csv", CODED, *alone)) == []
    assert doubts(write(tmp_path / "few.csv", CODED, *orders(*reduced[:4]))) == []


# Orders that stand there several times


def repeated(steps: Iterable[str], of_lines: Sequence[Sequence[str]]) -> list[str]:
    return [row for step in steps for row in orders(*of_lines, more=f",{step}")]


TWO_LINES = [[f"A,1,{order}.00", "BB,2,4.00"] for order in range(10, 15)]


@pytest.mark.parametrize("heading", ["event", "order_status"])
def test_orders_with_a_row_for_each_step_are_a_warning(heading: str, tmp_path: Path) -> None:
    rows = repeated(("processing", "shipped", "delivered"), [*TWO_LINES, ["C,1,3.00"]])
    log = write(tmp_path / "log.csv", f"{CODED},{heading}", *rows)
    # 12 + 8 twice for 10 … 14, and the single line
    assert doubts(log) == [("repeated_orders", 22, 206, "6 orders, e.g. 1000")]


@pytest.mark.parametrize("lines", [
    # too few orders; lines alone, which may be two of a kind; orders in which another line stands there once
    TWO_LINES[:4], [["A,1,3.00"]] * 20,
])  # fmt: skip
def test_lines_that_are_two_of_a_kind_are_no_warning(lines: list[list[str]], tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", f"{CODED},engraving", *repeated(("Ann", "Ben"), lines))
    assert doubts(log) == []
    rows = [*repeated(("Ann", "Ben"), TWO_LINES), *orders(*[["C,1,1.00"]] * 5, more=",")]
    assert doubts(write(tmp_path / "log.csv", f"{CODED},engraving", *rows)) == []


def test_a_number_that_comes_again_each_month_is_no_order_that_stands_there_again(tmp_path: Path) -> None:
    rows = [
        f"S{number},2024-{month:02}-05,c{number},{line},paid,{month}"
        for number in range(6)
        for month in range(1, 7)
        for line in ("BASE,1,20.00", "ADDON,1,5.00")
    ]
    assert doubts(write(tmp_path / "log.csv", f"{CODED},order_status,period", *rows)) == []


def test_without_invoices_equal_lines_are_purchases(tmp_path: Path) -> None:
    rows = [row.partition(",")[2] for row in repeated(("cash", "card"), TWO_LINES)]
    assert doubts(write(tmp_path / "log.csv", f"{CODED.partition(',')[2]},paid_by", *rows)) == []


def test_an_orders_total_on_each_of_its_payments_is_a_warning(tmp_path: Path) -> None:
    headings = "order_id,order_date,customer_id,order_total,tender"
    mapping = {"amount": "order_total"}
    paid_twice = repeated(("card", "gift card"), [[f"{order}.00"] for order in range(10, 20)])
    log = write(tmp_path / "log.csv", headings, *paid_twice, "9,2024-01-05,c1,7.00,card")
    assert doubts(log, column_mapping=mapping) == [("repeated_orders", 10, 145, "10 orders, e.g. 1000")]
    # things of one price are things
    tickets = repeated(("row 1", "row 2"), [["15.00"]] * 12)
    assert doubts(write(tmp_path / "tickets.csv", headings, *tickets), column_mapping=mapping) == []


STATUSES = f"{CODED},order_status"


def test_orders_that_stand_there_as_sold_and_as_cancelled_are_a_warning(tmp_path: Path) -> None:
    rows = repeated(("completed", "cancelled"), [*TWO_LINES, ["C,1,3.00"]])
    others = ["1,2024-01-05,c1,A,1,10.00,completed", "2,2024-01-05,c1,A,1,10.00,cancelled"]
    log = write(tmp_path / "log.csv", STATUSES, *rows, *others)
    assert doubts(log) == [("sold_and_cancelled", 11, 103, "6 orders, e.g. 1000")]


def test_lines_of_which_some_came_back_are_no_warning(tmp_path: Path) -> None:
    rows = [*orders(*TWO_LINES, more=",completed"), *orders(*([lines[0]] for lines in TWO_LINES), more=",returned")]
    assert doubts(write(tmp_path / "log.csv", STATUSES, *rows)) == []
    # An order that waits for its payment first is counted once.
    paid = repeated(("pending", "completed"), TWO_LINES)
    assert doubts(write(tmp_path / "log.csv", STATUSES, *paid)) == []


def test_single_lines_with_two_statuses_are_a_warning_where_no_order_has_other_rows(tmp_path: Path) -> None:
    rows = repeated(("completed", "refunded"), [["A,1,5.00"]] * 10)
    assert doubts(write(tmp_path / "log.csv", STATUSES, *rows)) == [
        ("sold_and_cancelled", 10, 50, "10 orders, e.g. 1000")
    ]
    several = orders(*[["A,1,5.00", "BB,1,2.00"]] * 3, more=",completed")
    assert doubts(write(tmp_path / "log.csv", STATUSES, *rows, *(f"2{row}" for row in several))) == []


# Versions of an order


def test_an_order_that_a_later_file_has_otherwise_is_a_warning(tmp_path: Path) -> None:
    write(
        tmp_path / "1.csv",
        CODED,
        "1,2024-01-05,c1,A,1,10.00",
        "2,2024-01-06,c1,A,2,10.00",
        "2,2024-01-06,c1,BB,1,5.00",
        "3,2024-01-07,c2,A,1,10.00",
        # one file may hold a product twice, and another file the rest of an order
        "4,2024-01-08,c2,A,1,10.00",
        "4,2024-01-08,c2,A,2,10.00",
    )
    write(
        tmp_path / "2.csv",
        CODED,
        "2,2024-01-06,c1,A,3,10.00",
        "2,2024-01-06,c1,BB,1,5.00",
        "3,2024-01-07,c2,A,1,9.00",
        "4,2024-01-08,c2,C,1,4.00",
        # the number is used again
        "1,2024-02-05,c1,A,2,10.00",
    )
    assert doubts(tmp_path / "*.csv") == [("edited_orders", 2, 30, "2 orders, e.g. 2 in 1.csv and 2.csv")]
