"""Orders that a log has several times by a column that is not used: their steps, versions and exports."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from lines import lines_of
from test_ingest import write

HEADINGS = "order_id,order_date,customer_id,sku,qty,price"
KINDS = ("repeated_orders", "earlier_versions", "sold_and_cancelled", "edited_orders")
# As many orders as show something, of one line and of two.
SINGLE = [[f"P{order % 4},1,{order}.00"] for order in range(10, 20)]
TWO_LINES = [[f"A,1,{order}.00", "BB,2,4.00"] for order in range(10, 15)]
STEPS = ("ordered", "shipped", "delivered")


def doubts(place: Path, **settings: Any) -> list[tuple[Any, ...]]:
    """Warnings of these kinds: kind, rows, money and example."""
    query = "select kind, row_count, cast(amount as double), example from {{ ref('input_warnings') }}"
    with lines_of(place, **settings) as lines:
        return lines.rows(f"{query} where kind in {KINDS} order by all")


def advice(place: Path, kind: str) -> list[str]:
    with lines_of(place) as lines:
        query = f"select suggestion from {{{{ ref('input_warnings') }}}} where kind = '{kind}'"
        return [text for (text,) in lines.rows(query)]


def row(order: int, line: str, *more: object, days: int = 0) -> str:
    """A row of an order: some days after it, and what stands in further columns."""
    day = date(2024, 1, 1) + timedelta(order + days)
    return ",".join([f"{1000 + order},{day},c{order % 7},{line}", *map(str, more)])


def copies(
    orders: Sequence[Sequence[str]], words: Sequence[str], days: Sequence[int] = (0, 0, 0, 0, 0, 0)
) -> list[str]:
    """All lines of each order once for each word, so many days after the order."""
    return [
        row(order, line, word, days=later)
        for order, lines in enumerate(orders)
        for word, later in zip(words, days, strict=False)
        for line in lines
    ]


# Steps


@pytest.mark.parametrize("heading", ["event", "order_event", "step", "Vorgang", "Notiz"])
@pytest.mark.parametrize("days", [(0, 0, 0), (0, 2, 5), (0, 0, 12)])
@pytest.mark.parametrize(
    ("orders", "rows", "money"),
    [
        # 10 … 19 twice, and 10 + 8 … 14 + 8 twice
        (SINGLE, 20, 290),
        (TWO_LINES, 20, 200),
    ],
)
def test_a_row_for_each_step_of_a_line_is_a_warning(
    heading: str, days: Sequence[int], orders: list[list[str]], rows: int, money: float, tmp_path: Path
) -> None:
    log = write(tmp_path / "log.csv", f"{HEADINGS},{heading}", *copies(orders, STEPS, days))
    assert doubts(log) == [("repeated_orders", rows, money, f"{len(orders)} orders, e.g. 1000")]
    assert advice(log, "repeated_orders") == [
        f"By '{heading}' these orders stand there once for each step, and each counts. Export one row for each line; or"
        " name this column as order_status in column_mapping, and have all steps but the first ignored in"
        " seeds/order_statuses.csv."
    ]


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        # codes and words that nobody knows below a heading that says it, and the other way round
        ("event", ("10", "20", "30")),
        ("Vorgang", ("AB", "LS", "RE")),
        ("X", ("Bestellung eingegangen", "An Versand übergeben", "Zugestellt")),
        ("X", ("Zamówiono", "Wysłano", "Dostarczono")),
    ],
)
def test_steps_are_known_by_their_heading_or_their_words(heading: str, words: Sequence[str], tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", f"{HEADINGS},{heading}", *copies(SINGLE, words, (0, 1, 3)))
    assert doubts(log) == [("repeated_orders", 20, 290, "10 orders, e.g. 1000")]


def test_orders_of_which_some_steps_are_missing_count_as_often_as_they_are_there(tmp_path: Path) -> None:
    """At both ends of a log they begin before it, or go on behind it."""
    rows = [
        *copies(SINGLE, STEPS, (0, 2, 5)),
        *(row(20 + order, line, word) for order, (line,) in enumerate(SINGLE) for word in STEPS[1:]),
        *(row(40 + order, line, STEPS[0]) for order, (line,) in enumerate(SINGLE)),
    ]
    log = write(tmp_path / "log.csv", f"{HEADINGS},event", *rows)
    assert doubts(log) == [("repeated_orders", 30, 435, "20 orders, e.g. 1000")]


def test_a_step_that_a_later_file_has_is_a_warning(tmp_path: Path) -> None:
    write(tmp_path / "1.csv", f"{HEADINGS},event", *copies(SINGLE, STEPS[:1]))
    write(tmp_path / "2.csv", f"{HEADINGS},event", *copies(SINGLE, STEPS[1:], (2, 5)))
    assert doubts(tmp_path / "*.csv") == [("repeated_orders", 20, 290, "10 orders, e.g. 1000")]


def test_what_is_advised_about_steps_counts_each_order_once(tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", f"{HEADINGS},event", *copies(SINGLE, ("created", "pending", "delivered")))
    with lines_of(log, column_mapping={"order_status": "event"}) as lines:
        assert lines.rows("select sum(gross_amount) from {{ ref('int_order_lines') }}") == [(145,)]
    assert doubts(log, column_mapping={"order_status": "event"}) == []


def test_the_documents_of_an_order_count_as_often_as_there_are_types_of_sales(tmp_path: Path) -> None:
    """Both words are listed as sales."""
    log = write(tmp_path / "log.csv", f"{HEADINGS},document_type", *copies(SINGLE, ("order", "invoice")))
    assert doubts(log) == [("repeated_orders", 10, 145, "10 orders, e.g. 1000")]


# Versions


# A second line comes in the second version, and the first one has more units in the third.
def versions(words: Iterable[str] = "123", days: Sequence[int] = (0, 1, 2)) -> list[str]:
    return [
        row(order, line, word, days=later)
        for order in range(10)
        for word, later, lines in zip(
            words,
            days,
            (["A,1,10.00"], ["A,1,10.00", "BB,1,5.00"], ["A,3,10.00", "BB,1,5.00"]),
            strict=True,
        )
        for line in lines
    ]


@pytest.mark.parametrize("heading", ["revision", "Version", "Auftragsversion", "order_revision_no", "Änderungsnr."])
@pytest.mark.parametrize("days", [(0, 0, 0), (0, 1, 12)])
def test_earlier_versions_of_orders_are_a_warning(heading: str, days: Sequence[int], tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", f"{HEADINGS},{heading}", *versions(days=days))
    # 10 and 15 for each order
    assert doubts(log) == [("earlier_versions", 30, 250, "10 orders, e.g. 1000")]
    assert advice(log, "earlier_versions") == [
        f"By '{heading}' the log has later versions of these orders, which count, too. Export the last version of each"
        " order alone."
    ]


@pytest.mark.parametrize("words", [("v8", "v9", "v10"), ("A", "B", "C"), ("Rev. 0", "Rev. 1", "Rev. 2")])
def test_the_last_version_counts_wherever_it_stands(words: Sequence[str], tmp_path: Path) -> None:
    rows = versions(words)
    if words[0] != "A":
        rows.reverse()
    log = write(tmp_path / "log.csv", f"{HEADINGS},revision", *rows)
    assert doubts(log) == [("earlier_versions", 30, 250, "10 orders, e.g. 1000")]


def test_a_few_edited_orders_hide_no_history_of_statuses(tmp_path: Path) -> None:
    """Each order is placed and then shipped, but one is cancelled; in between a quarter got another amount."""
    rows = [
        f"{order},2024-02-{order + 1:02},c{order % 5},{10 + order + (order % 4 == 3 and later)}.00,{status}"
        for order in range(16)
        for later, status in enumerate(("placed", "cancelled" if order == 14 else "shipped"))
    ]
    log = write(tmp_path / "log.csv", "order_id,order_date,customer_id,amount,order_status", *rows)
    equal = [10 + order for order in range(16) if order % 4 < 3 and order != 14]
    assert doubts(log) == [
        ("repeated_orders", 11, sum(equal), "11 orders, e.g. 0"),
        ("sold_and_cancelled", 1, 24, "1 orders, e.g. 14"),
    ]


def flagged(heading: str, *last: str) -> list[str]:
    """A header and twelve orders, of which ten changed: each version but the last one has a no."""
    rows = []
    for order in range(12):
        # A third of the orders changed their amount, too, and the first of those that changed has three versions.
        versions = [f"{10 + order}.00"] * (3 if order == 2 else 2 if order > 2 else 1)
        versions[-1] = f"{10 + order + (order % 3 == 0)}.00"
        for place, amount in enumerate(versions, 1):
            status = ("processing", "shipped")[place - 1] if place < len(versions) else last[order % len(last)]
            is_last = "Y" if place == len(versions) else "N"
            rows.append(f"{order},2024-02-{order + 1:02},c{order % 5},{amount},{status},{is_last}")
    return [f"order_id,order_date,customer_id,amount,order_status,{heading}", *rows]


@pytest.mark.parametrize("heading", ["is_current", "Current flag", "is_latest"])
def test_all_versions_but_the_current_one_are_a_warning(heading: str, tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", *flagged(heading, "delivered"))
    # 12 twice, 13 … 21 once
    assert doubts(log) == [("earlier_versions", 11, 2 * 12 + sum(range(13, 22)), "10 orders, e.g. 10")]
    assert advice(log, "earlier_versions")[0].startswith(f"By '{heading}' the log has later versions of these orders")


def test_earlier_versions_of_orders_that_were_cancelled_are_a_warning(tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", *flagged("is_current", "delivered", "cancelled"))
    assert ("earlier_versions", 11, 2 * 12 + sum(range(13, 22)), "10 orders, e.g. 10") in doubts(log)


@pytest.mark.parametrize(("beginning", "end"), [("valid_from", "valid_to"), ("dbt_valid_from", "dbt_valid_to")])
@pytest.mark.parametrize("last", ["", "9999-12-31 00:00:00", "2999-12-31", "infinity"])
def test_versions_that_end_where_the_next_begins_are_a_warning(
    beginning: str, end: str, last: str, tmp_path: Path
) -> None:
    """Only the line that changed has another version."""
    times = [f"2024-03-01 {hour}:00:00" for hour in (10, 11, 12)]
    rows = [
        row(order, *version)
        for order in range(12)
        for version in (
            ("A,1,10.00", times[0], last),
            ("BB,1,5.00", times[0], times[1]),
            ("BB,2,5.00", times[1], times[2]),
            ("BB,3,5.00", times[2], last),
        )
    ]
    log = write(tmp_path / "log.csv", f"{HEADINGS},{beginning},{end}", *rows)
    assert doubts(log) == [("earlier_versions", 24, 12 * (5 + 10), "12 orders, e.g. 1000")]


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("export_date", ("2024-03-01", "2024-03-02", "2024-03-03")),
        ("Stichtag", ("01.03.2024", "02.03.2024", "03.03.2024")),
    ],
)
def test_an_order_that_several_exports_in_one_file_have_is_a_warning(
    heading: str, words: Sequence[str], tmp_path: Path
) -> None:
    log = write(tmp_path / "log.csv", f"{HEADINGS},{heading}", *versions(words, (0, 0, 0)))
    assert doubts(log) == [("earlier_versions", 30, 250, "10 orders, e.g. 1000")]


def test_an_order_that_stands_there_after_each_change_is_a_warning(tmp_path: Path) -> None:
    rows = [
        row(order, line, f"2024-03-{order + 1:02} {hour}:00:00")
        for order in range(10)
        for hour, units in ((10, 1), (12, 2))
        for line in (f"A,{units},10.00", "BB,1,5.00")
    ]
    log = write(tmp_path / "log.csv", f"{HEADINGS},updated_at", *rows)
    assert doubts(log) == [("earlier_versions", 20, 150, "10 orders, e.g. 1000")]


# Ordinary shops


def monthly(*words: str, lines: Sequence[str] = ("BASE,1,20.00", "ADDON,1,5.00"), every: int = 30) -> list[str]:
    """Subscriptions whose number comes again."""
    return [
        row(number, line, word, days=every * place)
        for number in range(12)
        for place, word in enumerate(words)
        for line in lines
    ]


def units(*words: str, orders: int = 30) -> list[str]:
    """A row for each unit of an order: most have one word, some have two."""
    return [
        row(order, "A,1,10.00", word, unit)
        for order in range(orders)
        for unit, word in enumerate((words[0], words[order % 5 == 0]))
    ]


NUMBERED = f"{HEADINGS},event,unit"
ORDINARY = {
    "an item's status for each unit": (NUMBERED, units("shipped", "backordered")),
    "a type of ticket": (NUMBERED.replace("event", "ticket_type"), units("adult", "child")),
    "a concert for each ticket": (NUMBERED, units("Mahler", "Haydn")),
    # Both evenings of a festival at one price, but most people go to one.
    "two evenings": (
        f"{HEADINGS},event",
        [
            *copies(SINGLE, ("Saturday", "Sunday")),
            *(row(20 + order, "P1,1,9.00", ("Saturday", "Sunday")[order % 2]) for order in range(30)),
        ],
    ),
    "sizes": (
        f"{HEADINGS},size",
        [row(order, "TEE,1,15.00", size) for order in range(30) for size in ("SM", "ML", "SL")[order % 3]],
    ),
    "engravings": (f"{HEADINGS},engraving", copies([["CUP,1,15.00"]] * 12, ("Ann", "Ben"))),
    "parcels with a part of the lines each": (
        f"{HEADINGS},parcel",
        [row(order, line, parcel) for order in range(20) for parcel, line in ((1, "A,2,5.00"), (2, "BB,1,4.00"))],
    ),
    "numbers of lines": (
        f"{HEADINGS},line_no",
        [row(order, "TICKET,1,15.00", number) for order in range(20) for number in range(1, 2 + order % 3)],
    ),
    "one product at two prices": (
        f"{HEADINGS},line_no",
        [row(order, line, place) for order in range(20) for place, line in enumerate(("A,1,10.00", "A,1,8.00"))],
    ),
    "months of subscriptions": (f"{HEADINGS},period", monthly("1", "2", "3", "4")),
    "months by name": (f"{HEADINGS},period", monthly("January", "February", "March")),
    "first and second month": (f"{HEADINGS},billing", monthly("initial", "renewal")),
    "renewals": (f"{HEADINGS},event", monthly("signup", "renewal", "renewal", "renewal")),
    # A week's deliveries on one invoice.
    "weekdays": (
        f"{HEADINGS},weekday",
        [
            row(order, line, (date(2024, 1, 1) + timedelta(order + days)).strftime("%A"), days=days)
            for order in range(0, 84, 7)
            for days in range(3)
            for line in ("MILK,2,1.00", "BREAD,1,3.00")
        ],
    ),
    "nights at a hotel": (f"{HEADINGS},night", monthly("1", "2", "3", lines=("ROOM,1,80.00",), every=1)),
    "versions of a product": (
        f"{HEADINGS},version",
        [
            row(order, "GAME,1,30.00", version)
            for order in range(30)
            for version in (("1",), ("2",), ("3",), ("1", "2"), ("2", "3"), ("1", "3"))[order % 6]
        ],
    ),
    "what customers are now": (
        f"{HEADINGS},current",
        [row(order, "A,1,10.00", "NY"[order % 2]) for order in range(30)],
    ),
    "a stock that is left": (
        f"{HEADINGS},is_current,unit",
        [
            row(order, "TICKET,1,15.00", flag, unit)
            for order in range(30)
            for unit, flag in enumerate(("YY", "YN", "NN")[order % 3])
        ],
    ),
    "months that are billed": (
        f"{HEADINGS},valid_from,valid_to",
        [
            row(number, "BASE,1,20.00", f"2024-0{month}-01", f"2024-0{month + 1}-01", days=30 * month)
            for number in range(12)
            for month in range(1, 5)
        ],
    ),
    "months on one invoice": (
        f"{HEADINGS},valid_from,valid_to",
        [
            row(number, "RENT,1,20.00", f"2024-0{month}-01", f"2024-0{month + 1}-01")
            for number in range(12)
            for month in range(1, 5)
        ],
    ),
    "tickets of two days": (
        f"{HEADINGS},valid_from,valid_to",
        [
            row(order, "DAY,1,20.00", f"2024-05-{day:02} 00:00", f"2024-05-{day:02} 23:59")
            for order in range(20)
            for day in (order + 1, order + 2)
        ],
    ),
    "one version": (f"{HEADINGS},version", copies(TWO_LINES * 3, ("1",))),
    "a time for each ticket": (
        f"{HEADINGS},updated_at",
        [
            row(order, "TICKET,1,15.00", f"2024-05-01 {order:02}:{minute:02}")
            for order in range(20)
            for minute in range(2)
        ],
    ),
    "a time for each unit of several products": (
        f"{HEADINGS},updated_at",
        [
            row(order, line, f"2024-05-01 {order:02}:{minute:02}")
            for order in range(20)
            for minute, line in enumerate(("A,1,5.00", "BB,1,4.00", "BB,1,4.00", "A,1,5.00")[order % 2 :])
        ],
    ),
    "deliveries of a box": (f"{HEADINGS},part", monthly("first delivery", "second delivery", every=7)),
    "deliveries by number": (f"{HEADINGS},part", monthly("delivery 1", "delivery 2", "delivery 3", every=7)),
    "two halves of a price": (
        f"{HEADINGS},billing",
        copies([["TOUR,1,500.00"]] * 12, ("first invoice", "final invoice"), (0, 14)),
    ),
    "stages of a project": (
        f"{HEADINGS},stage",
        copies([["WORK,1,1000.00"]] * 12, ("design", "build"), (0, 30)),
    ),
    "a deposit and the rest": (
        f"{HEADINGS},paid_for",
        copies([[f"TOUR,1,{price}.00"] for price in range(100, 120)], ("deposit", "balance"), (0, 14)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shop", ORDINARY)
def test_ordinary_shops_have_no_copies(shop: str, tmp_path: Path) -> None:
    headings, rows = ORDINARY[shop]
    assert doubts(write(tmp_path / "log.csv", headings, *rows)) == []
