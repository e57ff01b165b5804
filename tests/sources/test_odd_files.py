"""Files as people have them, which hold more or less than lines of invoices: nothing of it counts twice or silently."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from lines import lines_of
from openpyxl import Workbook
from shop_toolkit.errors import InputError
from shop_toolkit.ingest import missing, seeds

HEADINGS = "Order ID,SKU,Item,Qty,Order Date,Price,Customer ID"
# 2 × 1.50, 1 × 2.50 and 3 × 4.00
LINES = (
    "1001,T1,Red tin,2,2024-01-10 10:00,1.50,501",
    "1002,T2,Blue tin,1,2024-01-11 10:00,2.50,502",
    "1003,T1,Red tin,3,2024-01-12 10:00,4.00,501",
)
SPENT = {"501": "15.00", "502": "2.50"}
BARE = ("customer,date,amount", "501,2024-01-10,15.00", "502,2024-01-11,2.50")
TOTAL = "the row is a total of other rows"


@dataclass(frozen=True)
class Odd:
    """A file, what its customers spent, what its rejected rows are called, and what is warned of."""

    lines: Sequence[str]
    spent: dict[str, str] = field(default_factory=lambda: SPENT)
    rejected: dict[str, int] = field(default_factory=dict)
    warned: dict[str, int | None] = field(default_factory=dict)
    encoding: str = "utf-8"


def with_more(heading: str, *cells: str) -> list[str]:
    return [f"{HEADINGS},{heading}", *(f"{line},{cell}" for line, cell in zip(LINES, cells, strict=True))]


def dated(*dates: str) -> list[str]:
    rows = [line.split(",") for line in LINES]
    return [HEADINGS, *(",".join([*row[:4], day, *row[5:]]) for row, day in zip(rows, dates, strict=True))]


ODD = {
    "blank lines above the headings": Odd(["", "", HEADINGS, *LINES]),
    "a blank row of a sheet above the headings": Odd([",,,,,,", HEADINGS, *LINES], encoding="utf-16"),
    "blank lines between blocks": Odd([HEADINGS, LINES[0], "", "", *LINES[1:], ""]),
    "the headings again": Odd(
        [HEADINGS, LINES[0], HEADINGS, *LINES[1:]],
        rejected={"quantity 'Qty' is not a number; unit_price 'Price' is not a possible unit_price; ordered_at"
                  " 'Order Date' is not a date": 1},
        warned={"unreadable_values": 1},
    ),
    "a total behind dated rows": Odd(
        [*BARE, "Total,2024-01-11,17.50"], rejected={TOTAL: 1}, warned={"unreadable_values": 1}
    ),
    "a total of nobody": Odd(
        ["date,customer,product,amount", "2024-01-10,501,tin,15.00", "2024-01-11,502,tin,2.50",
         "2024-01-11,,Grand Total:,17.50"],
        rejected={TOTAL: 1}, warned={"unreadable_values": 1},
    ),
    "totals of orders": Odd(
        [HEADINGS, *LINES, "Итого,T1,,6,2024-01-12 10:00,17.50,502"], rejected={TOTAL: 1},
        warned={"unreadable_values": 1},
    ),
    "the total of an order on a row of its own": Odd(
        [HEADINGS, *LINES, "1003,,Subtotal:,1,2024-01-12 10:00,12.00,501"], rejected={TOTAL: 1},
        warned={"unreadable_values": 1},
    ),
    "a total of nobody with a code": Odd(
        [HEADINGS, *LINES, "Total,T1,Red tin,6,2024-01-12 10:00,17.50,"], rejected={TOTAL: 1},
        warned={"unreadable_values": 1},
    ),
    "a product called Total": Odd(
        [HEADINGS, *LINES, "1004,T3,Total,1,2024-01-12 10:00,1.50,501"], spent=SPENT | {"501": "16.50"}
    ),
    "a product called Total where products have no codes": Odd(
        ["order,customer,date,item name,amount", "1,501,2024-01-10,tin,13.50", "1,501,2024-01-10,Total,1.50",
         "2,502,2024-01-11,tin,2.50"],
    ),
    "a customer called Total": Odd(
        [HEADINGS, *LINES, "1004,T1,Red tin,1,2024-01-12 10:00,1.50,Total"], spent=SPENT | {"Total": "1.50"}
    ),
    "more fields than headings": Odd(
        [HEADINGS, *LINES, "1004,T1,Red tin,1,2024-01-12 10:00,1.50,501,x"],
        rejected={"the row has more fields than there are headings": 1}, warned={"unreadable_values": 1},
    ),
    "ids as a spreadsheet marks text": Odd(
        [HEADINGS, *LINES, "'1003,T2,Blue tin,1,2024-01-12 10:00,1.00,'501",
         '"""1003""",T2,,1,2024-01-12 10:00,2.00,501'],
        spent={"501": "18.00", "502": "2.50"},
    ),
    "nobody, as a spreadsheet marks it": Odd(
        [HEADINGS, *LINES, *(f"1004,T1,Red tin,1,2024-01-12 10:00,1.50,{nobody}"
                             for nobody in ("0.0", "'0", '"""NULL"""', '"=""0"""'))],
        rejected={"customer_id is empty": 4}, warned={"mostly_rejected": 4},
    ),
    "names that begin with an apostrophe": Odd(
        ["customer,date,amount", "'t Hooft,2024-01-10,1.00", "t Hooft,2024-01-11,2.00"],
        spent={"'t Hooft": "1.00", "t Hooft": "2.00"},
    ),
    "percent taken off, as the total shows": Odd(
        with_more("Discount,Total", "10%,2.70", "0%,2.50", "5%,11.40"), spent={"501": "14.10", "502": "2.50"}
    ),
    "percent as a number": Odd(
        with_more("Discount %,Total", "10,2.70", "0,2.50", "5,11.40"), spent={"501": "14.10", "502": "2.50"}
    ),
    "percent as a share": Odd(
        with_more("Discount,Total", "0.1,2.70", "0,2.50", "0.05,11.40"), spent={"501": "14.10", "502": "2.50"}
    ),
    "percent that nothing shows": Odd(with_more("Discount", "10%", "0%", "5%"), warned={"discounts_left_out": 2}),
    "percent off an amount": Odd(
        [f"{BARE[0]},discount", *(f"{line},{percent}" for line, percent in zip(BARE[1:], ("10%", "0%"), strict=True))],
        warned={"discounts_left_out": 1},
    ),
    "a first heading of two lines": Odd(['"', f'{HEADINGS[:8]}"{HEADINGS[8:]}', *LINES]),
    "times with their zones by name and hours": Odd(
        dated("2024-01-10 23:30 UTC+02:00", "2024-01-11 23:30 GMT-0330", "2024-01-12 23:30 GMT-0330"),
        warned={"mixed_time_zones": 1},
    ),
    "times in UTC": Odd(
        dated("2024-01-10T23:30:00Z", "2024-07-11T23:30:00Z", "2024-07-12"), warned={"times_in_utc": 2}
    ),
    "times in UTC of a summer": Odd(
        dated("2024-07-10 23:30:00+00", "2024-07-11 23:30:00+00", "2024-07-12"), warned={"times_in_utc": 2}
    ),
    "times of London in winter": Odd(
        dated("2024-01-10 23:30:00 +0000", "2024-02-11 23:30:00 +0000", "2024-02-12")
    ),
    "days that are written as times in UTC": Odd(
        dated("2024-01-10T00:00:00.000Z", "2024-07-11T00:00:00+00:00", "2024-07-12 00:00 UTC")
    ),
    # Today is the first day of 2026 here.
    "rows of days to come": Odd(dated("2025-12-21", "2026-01-09", "2026-01-10"), warned={"future_dates": 2}),
    "quantities of sales with a minus": Odd(
        [HEADINGS, *(line.replace("tin,", "tin,-") for line in LINES)], spent={}, warned={"no_sales": 3},
    ),
    "times of several clocks": Odd(
        dated("2024-01-10T23:30:00+02:00", "2024-01-11T23:30:00Z", "2024-01-12T23:30:00Z"),
        warned={"mixed_time_zones": 1},
    ),
    "times with a zone and without": Odd(
        dated("2024-01-10 23:30:00", "2024-01-11T23:30:00Z", "2024-01-12T23:30:00Z"), warned={"mixed_time_zones": 1}
    ),
    "times of zones that have a name": Odd(
        dated("2024-01-10 23:30 PST", "2024-01-11 23:30 EST", "2024-01-12 23:30 est"), warned={"mixed_time_zones": 1}
    ),
    "times of regions": Odd(
        dated("2024-01-10 23:30 America/New_York", "2024-01-11 23:30 Europe/Paris", "2024-01-12 23:30 Europe/Paris"),
        warned={"mixed_time_zones": 1},
    ),
    "times of one zone by name, and without": Odd(
        dated("2024-01-10 23:30 CET", "2024-01-11 23:30", "2024-01-12 23:30"), warned={"mixed_time_zones": 1}
    ),
    "summer time by name": Odd(
        dated("2024-01-10 11:30:15 PM PST", "2024-07-11 11:30:15 PM PDT", "2024-07-12 11:30:15 PM PDT")
    ),
    "summer time of Europe by name": Odd(
        dated("2024-01-10 23:30 CET", "2024-07-11 23:30 CEST", "2024-07-12")
    ),
    "summer time of London by name": Odd(
        dated("2024-01-10 23:30 GMT", "2024-07-11 23:30 BST", "2024-07-12")
    ),
    "a region beside its hours": Odd(
        dated("2024-01-10 23:30+01:00[Europe/Paris]", "2024-07-11 23:30+02:00[Europe/Paris]", "2024-07-12")
    ),
    "summer time, and a day without a time": Odd(
        dated("2024-01-10 23:30 +0100", "2024-07-11 23:30 +0200", "2024-01-12")
    ),
    "letters of UTF-8 in another encoding": Odd(
        [HEADINGS, *LINES, "1004,T1,Tür 1,1,2024-01-12 10:00,1.00,501",
         "1004,T1,TÃ¼r 2,1,2024-01-12 10:00,1.00,501"],
        spent={"501": "17.00", "502": "2.50"}, warned={"garbled_letters": 1}, encoding="cp1252",
    ),
    "accents that are none of two bytes": Odd(
        [HEADINGS, *LINES, "1004,T1,CORAÇÃO É PÃO Â,1,2024-01-12 10:00,1.00,501"], spent={"501": "16.00", "502": "2.50"}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_line_counts_for_nothing_and_is_named(name: str, tmp_path: Path) -> None:
    odd = ODD[name]
    path = tmp_path / "log.csv"
    path.write_bytes(("\n".join(odd.lines) + "\n").encode(odd.encoding))
    with lines_of(path) as lines:
        spent = lines.rows("select customer_id, sum(revenue) from {{ ref('orders') }} group by 1")
        assert dict(spent) == {customer: Decimal(amount) for customer, amount in odd.spent.items()}
        rejected = lines.rows("select rejection_detail, count(*) from {{ ref('rejected_transactions') }} group by 1")
        assert dict(rejected) == odd.rejected
        warned = lines.rows(
            "select kind, row_count, column_name from {{ ref('input_warnings') }} where kind <> 'unused_columns'"
        )
        assert {kind: count for kind, count, _ in warned} == odd.warned
        # no column but one of ours
        assert {column for *_, column in warned} <= {
            "unit_price",
            "quantity",
            "ordered_at",
            "product_description",
            None,
        }


def stops(path: Path) -> str:
    with pytest.raises(InputError) as stopped, lines_of(path):
        pass
    assert len(str(stopped.value)) < 500
    return str(stopped.value)


def test_titles_above_the_headings_are_named(write_csv: Callable[..., Path], tmp_path: Path) -> None:
    sentence = (
        "seem to be in row 3 (Order ID, SKU, Item, Qty, Order Date, Price, Customer ID), below other text. Delete the"
        " rows above it: the first row must hold the headings."
    )
    assert sentence in stops(write_csv("Sales of January, 2024", "", HEADINGS, *LINES))
    assert sentence in stops(
        write_csv("Sales of January", "", *(line.replace(",", ";") for line in (HEADINGS, *LINES)))
    )
    book = Workbook()
    for row in ("Sales of January", "", HEADINGS, *LINES):
        book.active.append(row.split(","))
    book.save(tmp_path / "book.xlsx")
    assert sentence in stops(tmp_path / "book.xlsx")


def test_a_long_text_below_a_title_is_no_heading(write_csv: Callable[..., Path]) -> None:
    assert "No heading of" in stops(write_csv("Sales of January", "x" * 200_000, *LINES))


def test_words_for_missing_are_read_as_a_spreadsheet_saves_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seed = tmp_path / "missing_values.csv"
    seed.write_text("column_name,word\nany,null\ncustomer_id,nobody\n", "utf-8-sig")
    monkeypatch.setattr(seeds, "FOLDER", tmp_path)
    assert missing.missing_words("customer_id") == "('', 'null', 'nobody')"


def test_a_file_whose_lines_have_another_delimiter_stops_the_build(write_csv: Callable[..., Path]) -> None:
    sentence = stops(write_csv(HEADINGS.replace(",", ";"), *LINES))
    assert "3 of 3 rows of" in sentence
    assert "can't be read" in sentence
    # further lines of an order have its date
    odoo = "name,date_order,partner_id,order_line/product_id,order_line/product_uom_qty,order_line/price_subtotal"
    orders = [
        f"S{n},2024-03-01,Ann\n,,Mug,1,7.00\n,,Cup,1,7.00\n".replace(",Ann\n", ",Ann,Pot,1,7.00\n") for n in range(9)
    ]
    with lines_of(write_csv(odoo, *"".join(orders).replace("\n,,", "\n,,,").splitlines())) as lines:
        assert lines.rows("select sum(revenue), count(*) from {{ ref('orders') }}") == [(Decimal("189.00"), 9)]


def test_of_headings_in_two_rows_those_of_the_columns_are_named(write_csv: Callable[..., Path]) -> None:
    file = write_csv(
        "Billing documents",
        "Document,,Date,Customer,,Value",
        "Bill type,Billing doc,Billing date,Sold-to party,Name,Net value",
        "F2,90001,2024-01-05,c1,N,3.50",
    )
    sentence = stops(file)
    assert "seem to be in row 3 (Bill type, Billing doc, Billing date, Sold-to party, Name, Net value)" in sentence


def test_a_first_line_that_states_the_delimiter_is_read_as_excel_reads_it(write_csv: Callable[..., Path]) -> None:
    rows = [line.replace(",", ";").replace(".", ",") for line in (HEADINGS, *LINES)]
    for stated in ("sep=;", '"sep=;"', "SEP=;;;;", "\ufeffsep=;"):
        with lines_of(write_csv(stated, *rows)) as lines:
            spent = dict(lines.rows("select customer_id, sum(revenue) from {{ ref('orders') }} group by 1"))
            assert spent == {customer: Decimal(amount) for customer, amount in SPENT.items()}
    # Headings hold more commas than the delimiter that counts.
    log = write_csv("sep=|", "customer|date|amount|big, red, round, or new", "501|2024-01-10|15.00|no")
    with lines_of(log) as lines:
        assert lines.rows("select sum(revenue) from {{ ref('orders') }}") == [(Decimal("15.00"),)]


COMMAS = "order,date,customer,sku,qty,price,"


def test_cents_in_a_last_column_without_a_heading_stop_the_build(write_csv: Callable[..., Path]) -> None:
    rows = ["1,2024-01-05,c1,T1,1,12,50", "2,2024-01-06,c1,T1,1,1.007,95", "3,2024-01-06,c2,T1,1,7,"]
    sentence = (
        "seem to have lost their cents to the next column: in 2 of 3 rows 'price' is whole, two digits follow it, as in"
        " 1.007,95, and the last column, which has no heading, is filled."
    )
    assert sentence in stops(write_csv(COMMAS, *rows))
    # the columns behind the price have moved
    moved = stops(write_csv("order,price,date,customer,", "1,12,50,2024-01-06,c1", "2,7,95,2024-01-06,c1"))
    assert "in 2 of 2 rows 'price' is whole" in moved
    rows[1] = "2,2024-01-06,c1,T1,1,7,95"
    # what is no proof: prices with decimals, one digit, a note, a heading, a delimiter at the end of each line
    for headings, *others in (
        (COMMAS, "1,2024-01-05,c1,T1,1,12.00,50"),
        (COMMAS, "1,2024-01-05,c1,T1,1,12,5"),
        (COMMAS, *rows, "4,2024-01-05,c1,T1,1,12,gift"),
        (f"{COMMAS}vat", *rows),
        (COMMAS, *(f"{row[:-2]}," for row in rows[:1])),
    ):
        with lines_of(write_csv(headings, *others)) as lines:
            assert lines.rows("select count(*) from {{ ref('orders') }}") == [(len(others),)]
