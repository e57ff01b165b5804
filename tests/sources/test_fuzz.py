"""Files that are damaged in random ways: a sentence and nothing changed, or every row in one place and its money right.

Each file follows from its number, so a failure can be looked at again: `file_of(number, folder)`.
"""

import csv
import gzip
import io
import json
import random
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb
import pytest
from conftest import ROOT
from lines import Lines, connected
from openpyxl import Workbook
from real_request import real_request
from shop_toolkit.ingest.plugin import prepare
from test_known_exports import CASES

Rows = list[list[str]]
PLACES = ("assert_every_input_row_is_in_one_place", "assert_money_of_the_input_is_all_accounted_for",
          "assert_summary_ends_with_the_revenue")  # fmt: skip
ODD_CELLS = (
    "", " ", "NaN", "null", "-", "0", "-1", "1e999", "1e5", "9" * 40, "0.005", "-0.00", "1,234", "1.234", "1.234,5",
    "1,234.5", "12,50 €", "$1,000.00", "(3.50)", "=1+1", '="007"', "0x10", "½", "٣", "１２", "1 000", "12.50 USD",
    "99999999999.99", "1234567890123.45", "2024-02-30", "0000-00-00", "31/12/2024", "12/31/2024", "2042-01-05",
    "1704492900", "45296.5", "2024-01-05T22:15:00Z", "2024-01-05 10:15 PM", "not a date", "C536365", "GUEST",
    "a@B.example",
    "6.54E+12", "\u200b12346\u00a0", "\u202eabc", "😀", "'; drop table x; --", "{{ 1 / 0 }}", "a\tb", "x" * 5_000,
    "'", '"', '"quoted"', "\\", "%s", "NULL", "True", "\u0000",
)  # fmt: skip
ODD_HEADINGS = (
    "",
    " ",
    "Total",
    "Price",
    "Status",
    "Currency",
    "Date",
    "Email",
    "order by",
    'a"b',
    "x" * 300,
    "№",
    "InvoiceNo",
)
SETTINGS: tuple[dict[str, Any], ...] = (
    {}, {}, {}, {}, {"decimal_separator": ","}, {"date_format": "day-month-year"}, {"currency": "EUR"},
    {"duplicates": "keep"}, {"cancellation_invoice_prefix": ""}, {"csv_encoding": "latin-1"}, {"csv_delimiter": ";"},
    {"refund_invoice_prefixes": ["5"]}, {"plausible_to": "2024-02-15"}, {"max_order_days": 0},
)  # fmt: skip


def shop_rows(chance: random.Random) -> tuple[Rows, str]:
    """A small shop in one of several forms, headings first, and its delimiter."""
    form = chance.choice(("classic", "german", "bare", "export"))
    if form == "export":
        text = chance.choice(list(CASES.values())).text.strip()
        delimiter = max("\t;,", key=text.split("\n", 1)[0].count)
        return list(csv.reader(io.StringIO(text), delimiter=delimiter)), delimiter
    lines = []
    for order in range(chance.randint(1, 25)):
        day = date(2024, 1, 13) + timedelta(days=chance.randint(0, 60))
        customer = chance.choice(("12346", "12347", "ann@shop.example", "", "12350"))
        for _ in range(chance.randint(1, 3)):
            units = chance.choice((1, 1, 2, 12, -1))
            price = Decimal(chance.randint(0, 5_000)) / 100
            invoice = f"{'C' if units < 0 else ''}{5000 + order}"
            lines.append((invoice, chance.choice("ABC"), units, day, price, customer))
    if form == "bare":
        return [["customer", "date", "amount"], *([c, d.isoformat(), str(u * p)] for _, _, u, d, p, c in lines)], ","
    if form == "german":
        headings = ["Order ID", "SKU", "Qty", "Order Date", "Price", "Customer ID", "Status"]
        states = ("paid", "failed", "")
        return [headings, *([i, s, str(u), f"{d:%d.%m.%Y}", str(p).replace(".", ","), c, chance.choice(states)]
                            for i, s, u, d, p, c in lines)], ";"  # fmt: skip
    headings = [
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    ]
    return [headings, *([i, s, f"THING {s}", str(u), f"{d:%m/%d/%Y} 8:26", str(p), c, "France"]
                        for i, s, u, d, p, c in lines)], ","  # fmt: skip


def cell(rows: Rows, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 4)):
        row = chance.choice(rows[1:] or rows)
        if row:
            row[chance.randrange(len(row))] = chance.choice(ODD_CELLS)


def column(rows: Rows, chance: random.Random) -> None:
    place, odd = chance.randrange(len(rows[0])), chance.choice(ODD_CELLS)
    for row in rows[1:]:
        if place < len(row) and chance.random() < 0.7:
            row[place] = odd


def heading(rows: Rows, chance: random.Random) -> None:
    rows[0][chance.randrange(len(rows[0]))] = chance.choice((*ODD_HEADINGS, *rows[0]))


def drop_column(rows: Rows, chance: random.Random) -> None:
    place = chance.randrange(len(rows[0]))
    for row in rows:
        del row[place : place + 1]


def repeat_column(rows: Rows, chance: random.Random) -> None:
    place = chance.randrange(len(rows[0]))
    for row in rows:
        row.append(row[place] if place < len(row) else "")


def widths(rows: Rows, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 3)):
        row = chance.choice(rows)
        if chance.random() < 0.5:
            row += ["more"] * chance.randint(1, 3)
        else:
            del row[chance.randrange(len(row) + 1) :]


def order_of_rows(rows: Rows, chance: random.Random) -> None:
    body = rows[1:]
    chance.shuffle(body)
    rows[1:] = [*body, *(list(row) for row in body[: chance.randint(0, 3)])]


def fewer(rows: Rows, chance: random.Random) -> None:
    del rows[chance.randrange(len(rows)) + 1 :]


def blank_rows(rows: Rows, chance: random.Random) -> None:
    rows.insert(chance.randrange(len(rows) + 1), [])
    rows.append([""] * len(rows[0]))


MUTATIONS_OF_ROWS: tuple[Callable[[Rows, random.Random], None], ...] = (
    cell, cell, cell, column, heading, drop_column, repeat_column, widths, order_of_rows, fewer, blank_rows,
)  # fmt: skip


def flipped(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def cut(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    return content[:start] + content[start + chance.choice((1, 7, len(content))) :]


def inserted(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    piece = chance.choice((b'"', b"\x00", b"\r", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b",,,,,,,,,", content[:200]))
    return content[:place] + piece + content[place:]


MUTATIONS_OF_BYTES = (flipped, cut, inserted)


def text_of(rows: Rows, delimiter: str, chance: random.Random) -> bytes:
    """The rows as CSV, in any encoding and with any line ends."""
    text = io.StringIO()
    quotes_all = chance.random() < 0.3
    ends = chance.choice(("\n", "\n", "\r\n", "\r"))
    quoting: Literal[0, 1] = csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, lineterminator=ends, quoting=quoting).writerows(rows)
    encoding = chance.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252", "cp1251"))
    return text.getvalue().encode(encoding, "replace")


def file_of(number: int, folder: Path) -> tuple[Path, dict[str, Any], int | None]:
    """Write the damaged file of a number, and choose settings for it.

    Returns:
        The file, the settings, and how many rows it has; None where no byte of it is sure.
    """
    chance = random.Random(number)
    rows, delimiter = shop_rows(chance)
    for _ in range(chance.randint(0, 3)):
        if rows and rows[0]:
            chance.choice(MUTATIONS_OF_ROWS)(rows, chance)
    kind = chance.choice(("csv", "csv", "csv", "csv", "txt", "csv.gz", "xlsx", "parquet"))
    path = folder / f"fuzz-{number}.{kind}"
    if kind == "xlsx":
        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in rows:
            sheet.append([re.sub("[\x00-\x08\x0b-\x1f]", "", one)[:30_000] for one in row])
        book.save(path)
    elif kind == "parquet":
        names = ", ".join('"' + f"{name or 'none'} {place}".replace('"', '""') + '" varchar' if name in rows[0][:place]
                          else '"' + (name or "none").replace('"', '""') + '" varchar'
                          for place, name in enumerate(rows[0]))  # fmt: skip
        with duckdb.connect() as connection:
            try:
                connection.execute(f"create table log ({names})")
            except duckdb.Error:
                connection.execute("create or replace table log (a varchar)")
                rows = [["a"]]
            width = len(rows[0])
            for row in rows[1:]:
                cells = [*(one.replace("\0", "") for one in row), *[""] * width][:width]
                connection.execute(f"insert into log values ({', '.join(['?'] * width)})", cells)
            connection.execute(f"copy log to '{path}' (format parquet)")
    else:
        path.write_bytes(text_of(rows, delimiter, chance))
    content = path.read_bytes()
    row_count: int | None = len(rows) - 1
    if kind != "parquet" and not all(any(one.strip() for one in row) for row in rows):
        # An empty line is no row of a text, nor its headings; and a sheet may end before its empty rows.
        row_count = None if kind == "xlsx" else sum(1 for row in rows if row) - 1
    if any("\0" in one for row in rows for one in row):
        row_count = None
    if chance.random() < 0.4 and content:
        content, row_count = chance.choice(MUTATIONS_OF_BYTES)(content, chance), None
    path.write_bytes(gzip.compress(content, mtime=0) if kind == "csv.gz" else content)
    if kind == "csv.gz" and chance.random() < 0.3:
        path.write_bytes(flipped(path.read_bytes(), chance))
        row_count = None
    return path, chance.choice(SETTINGS), row_count


def check(number: int, folder: Path) -> str:
    """Read the file of a number as a build does; return the sentence with which a build stops, if any."""
    path, settings, row_count = file_of(number, folder)
    request = real_request(path, **settings)
    with connected() as connection:
        answer = json.loads(prepare(connection, json.dumps(request.__dict__)))
        if problem := answer.get("problem", ""):
            assert len(problem) < 500, problem
            assert "\n" not in problem
            assert "Traceback" not in problem
            assert connection.execute("select * from duckdb_tables()").fetchall() == [], "nothing changed"
            return str(problem)
        lines = Lines(connection, transactions=str(path), **settings)
        for name in PLACES:
            assert lines.rows((ROOT / "tests" / "cleaning" / f"{name}.sql").read_text("utf-8")) == [], name
        if row_count is not None:
            assert lines.rows("select count(*) from {{ ref('base_transactions') }}") == [(row_count,)]
        check_money(lines)
    return ""


def check_money(lines: Lines) -> None:
    """Plain numbers come to what a person would reckon, line by line."""
    ((separator,),) = lines.rows("select decimal_separator from {{ ref('ingest_plan') }}")
    number = re.compile(rf"-?[0-9]{{1,8}}([{separator}][0-9]{{1,2}})?")
    rows = lines.rows(
        """
        select texts.quantity, texts.unit_price, texts.amount, typed.gross_amount, plan.has_quantity, typed.is_return
        from {{ ref('base_transactions') }} as texts
        inner join {{ ref('stg_transactions') }} as typed using (input_row)
        cross join {{ ref('ingest_plan') }} as plan
        """
    )
    for quantity, price, amount, gross_amount, has_quantity, is_return in rows:
        units = quantity if has_quantity else "1"
        texts = [units, price] if price is not None else [amount]
        if is_return or not all(text is not None and number.fullmatch(text.strip()) for text in texts):
            continue
        values = [Decimal(text.strip().replace(",", ".")) for text in texts]
        product = values[0] * values[1] if len(values) == 2 else values[0]
        expected = product.quantize(Decimal("0.01"), ROUND_HALF_UP)
        # A line of more is a slip of the pen; a total without units has no price.
        if abs(expected) < 10**11 and gross_amount is not None:
            assert gross_amount == expected, (quantity, price, amount)


@pytest.mark.parametrize("tens", range(4))
def test_damaged_files_are_refused_or_read_to_the_last_row(tens: int, tmp_path: Path) -> None:
    sentences = [check(number, tmp_path) for number in range(10 * tens, 10 * tens + 10)]
    # Some are read: else nothing but refusals would be tested.
    assert sentences.count("") >= 2


@pytest.mark.soak
@pytest.mark.parametrize("tens", range(30))
def test_three_hundred_damaged_files_are_refused_or_read(tens: int, tmp_path: Path) -> None:
    for number in range(1_000 + 10 * tens, 1_000 + 10 * tens + 10):
        check(number, tmp_path)
