"""Ways to write a date: all of a text is read or none of it, and what could mean two things is never guessed."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, Shop, problem_of
from lines import Lines, connected, lines_of
from shop_toolkit.ingest.dates import check_dates_fit, resolve_date_format
from shop_toolkit.ingest.files import InputError, describe_files
from shop_toolkit.ingest.relation import InputRelation
from shop_toolkit.ingest.relation_of_input import relation_of_files
from shop_toolkit.settings import DATE_ORDERS

ISO, MONTH_FIRST, DAY_FIRST, NAMED, SECONDS, MILLISECONDS, MICROSECONDS, NANOSECONDS, SERIAL = DATE_ORDERS


@pytest.fixture(scope="module")
def readers(make_shop: Callable[..., Shop]) -> dict[str, str]:
    """Of each known way, the project's SQL that reads `date_text` as rows are read."""
    return rendered(make_shop, "parse_timestamp_as")


@pytest.fixture(scope="module")
def quick_readers(make_shop: Callable[..., Shop]) -> dict[str, str]:
    """The same where it is open how dates are written."""
    return rendered(make_shop, "try_timestamp_as")


def rendered(make_shop: Callable[..., Shop], macro: str) -> dict[str, str]:
    result = make_shop().dbt(
        "compile",
        "--inline",
        "{% set readers = {} %}{% for way in date_orders() %}"
        f"{{% do readers.update({{way: {macro}('date_text', way)}}) %}}{{% endfor %}}{{{{ tojson(readers) }}}}",
    )
    assert result.success, problem_of(result)
    (inline,) = result.result.results
    read: dict[str, str] = json.loads(inline.node.compiled_code)
    assert tuple(read) == DATE_ORDERS
    return read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Japanese ones, and years of an era
        ("2025年3月4日", {ISO: "2025-03-04 00:00:00"}),
        ("2025年03月04日 14:05", {ISO: "2025-03-04 14:05:00"}),
        ("2025年3月4日(火) 14時05分30秒", {ISO: "2025-03-04 14:05:30"}),
        ("2025年12月31日23時59分", {ISO: "2025-12-31 23:59:00"}),
        ("令和7年3月4日", {ISO: "2025-03-04 00:00:00"}),
        ("令和元年5月1日", {ISO: "2019-05-01 00:00:00"}),
        ("平成31年4月30日 9:30", {ISO: "2019-04-30 09:30:00"}),
        ("2025/3/4 14:05", {ISO: "2025-03-04 14:05:00"}),
        ("2025年13月4日", {}),
        ("令和7年3月", {}),
        ("2025年3月4日 about noon", {}),
        # AM and PM: behind a blank or none, in any form, at midnight and at noon
        ("2024-01-05 10:15:00 AM", {ISO: "2024-01-05 10:15:00"}),
        ("2024-01-05  7:19:25 PM", {ISO: "2024-01-05 19:19:25"}),
        ("2024-01-06 12:30:00 AM", {ISO: "2024-01-06 00:30:00"}),
        ("2024-01-06 12:30 pm", {ISO: "2024-01-06 12:30:00"}),
        ("2024-01-06 11:30PM", {ISO: "2024-01-06 23:30:00"}),
        ("2024-01-06T11:30 p.m.", {ISO: "2024-01-06 23:30:00"}),
        ("31/03/2024 11:00 PM", {DAY_FIRST: "2024-03-31 23:00:00"}),
        ("3/31/2024, 11:00:05\u202fPM", {MONTH_FIRST: "2024-03-31 23:00:05"}),
        # beside hours of 24 where both agree, and not where they don't
        ("2024-01-05 15:30 PM", {ISO: "2024-01-05 15:30:00"}),
        ("2024-01-05 00:30 AM", {ISO: "2024-01-05 00:30:00"}),
        ("2024-01-05 15:30 AM", {}),
        ("2024-01-05 00:30 PM", {}),
        # zones are dropped: the shop's day is the wall clock's
        ("2024-03-01 23:30:15 +0100", {ISO: "2024-03-01 23:30:15"}),
        ("2024-03-01T23:30:15.250-05:00", {ISO: "2024-03-01 23:30:15.250000"}),
        ("2024-03-01 23:30:15 UTC", {ISO: "2024-03-01 23:30:15"}),
        ("2024-03-01 11:30:15 PM PST", {ISO: "2024-03-01 23:30:15"}),
        ("2024-01-05T10:00+01:00[Europe/Berlin]", {ISO: "2024-01-05 10:00:00"}),
        # A zone that begins as AM or PM does is neither.
        ("2024-01-05 12:30 America/New_York", {ISO: "2024-01-05 12:30:00"}),
        ("2024-01-05 23:30:15 America/New_York", {ISO: "2024-01-05 23:30:15"}),
        ("2024-01-05 12:30 a.m. America/New_York", {ISO: "2024-01-05 00:30:00"}),
        ("31.12.2010 8:26:00 CET", {DAY_FIRST: "2010-12-31 08:26:00"}),
        # other signs between
        ("2024/1/5 7:05", {ISO: "2024-01-05 07:05:00"}),
        ("2024.01.05", {ISO: "2024-01-05 00:00:00"}),
        ("20240105", {ISO: "2024-01-05 00:00:00"}),
        ("20240105101500", {ISO: "2024-01-05 10:15:00"}),
        ("2024-01-05 10:15:00,123", {ISO: "2024-01-05 10:15:00.123000"}),
        ("31.12.2010T08:26:11.5", {DAY_FIRST: "2010-12-31 08:26:11.500000"}),
        # years of two digits
        ("13/01/24 08:26", {DAY_FIRST: "2024-01-13 08:26:00"}),
        ("31/12/99", {DAY_FIRST: "1999-12-31 00:00:00"}),
        ("31/12/68, 10:00 PM", {DAY_FIRST: "2068-12-31 22:00:00"}),
        ("15/03/0024 10:00", {}),
        # either order
        ("12/12/24", {MONTH_FIRST: "2024-12-12 00:00:00", DAY_FIRST: "2024-12-12 00:00:00"}),
        ("12/13/24", {MONTH_FIRST: "2024-12-13 00:00:00"}),
        ("13.12.2024, 10:00", {DAY_FIRST: "2024-12-13 10:00:00"}),
        ("13-13-2024", {}),
        ("05/06/2024 7:00 PM", {MONTH_FIRST: "2024-05-06 19:00:00", DAY_FIRST: "2024-06-05 19:00:00"}),
        # names of months
        ("Jan 5, 2024 10:15:00 PM PST", {NAMED: "2024-01-05 22:15:00"}),
        ("5 January 2024", {NAMED: "2024-01-05 00:00:00"}),
        ("05-JAN-24", {NAMED: "2024-01-05 00:00:00"}),
        ("Jan-05-24", {NAMED: "2024-01-05 00:00:00"}),
        ("Fri, 05 Jan 2024 22:15:00 +0000", {NAMED: "2024-01-05 22:15:00"}),
        ("September 5th, 2024 at noon", {}),
        # in other languages, also as abbreviations and without accents
        ("5. März 2024", {NAMED: "2024-03-05 00:00:00"}),
        ("05. Mrz. 24 10:15", {NAMED: "2024-03-05 10:15:00"}),
        ("05-Mär-24", {NAMED: "2024-03-05 00:00:00"}),
        ("1 Mär 2024 10:15:30 UTC", {NAMED: "2024-03-01 10:15:30"}),
        ("1er août 2024", {NAMED: "2024-08-01 00:00:00"}),
        ("05-janv.-24", {NAMED: "2024-01-05 00:00:00"}),
        ("12 DÉC. 2024 22:15:00", {NAMED: "2024-12-12 22:15:00"}),
        ("12 de diciembre de 2024", {NAMED: "2024-12-12 00:00:00"}),
        ("5 marzo, 2024", {NAMED: "2024-03-05 00:00:00"}),
        ("5 февраля 2024 г., 10:15", {NAMED: "2024-02-05 10:15:00"}),
        ("5 Kasım 2024", {NAMED: "2024-11-05 00:00:00"}),
        # November to some, October to others
        ("5 listopada 2024", {}),
        ("5 septiembrexxxx 2024", {}),
        ("31 Feb 2024", {}),
        # numbers, by their range
        ("1704448800", {SECONDS: "2024-01-05 10:00:00"}),
        ("1704448800.5", {SECONDS: "2024-01-05 10:00:00.500000"}),
        ("1704448800123", {MILLISECONDS: "2024-01-05 10:00:00.123000"}),
        ("45296", {SERIAL: "2024-01-05 00:00:00"}),
        ("45296.427083333", {SERIAL: "2024-01-05 10:15:00"}),
        ("45296,25", {SERIAL: "2024-01-05 06:00:00"}),
        ("12345", {}),
        ("202401", {}),
        ("170444880012", {MILLISECONDS: "1975-05-27 17:48:00.012000"}),
        ("17044488001234", {}),
        ("1704448800123456", {MICROSECONDS: "2024-01-05 10:00:00.123456"}),
        ("170444880012345", {MICROSECONDS: "1975-05-27 17:48:00.012345"}),
        ("1704448800123456000", {NANOSECONDS: "2024-01-05 10:00:00.123456"}),
        ("170444880012345678901", {}),
        # no date, or something behind it
        ("2024-01-05T22:15:00 banana", {}),
        ("2024-01-05 banana", {}),
        ("2024-01-05 (BC)", {}),
        ("31/12/2010 8:26 banana", {}),
        ("5 January 2024 banana", {}),
        ("1704448800 banana", {}),
        ("epoch", {}),
        ("Epoch ", {}),
        ("infinity", {}),
        ("2024-02-30", {}),
        ("2024-01-05 25:00", {}),
        ("2024-01-05 13:61 PM", {}),
        ("1969-12-31", {}),
        ("2200-01-01", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_a_text_is_read_whole_or_not_at_all(
    text: str, expected: dict[str, str], readers: dict[str, str], quick_readers: dict[str, str]
) -> None:
    for sql_of in (readers, quick_readers):
        columns = ", ".join(f"cast({sql} as varchar)" for sql in sql_of.values())
        (row,) = duckdb.execute(f"select {columns} from (select ? as date_text)", [text]).fetchall()
        found = {way: datetime.fromisoformat(read) for way, read in zip(sql_of, row, strict=True) if read is not None}
        assert found == {way: datetime.fromisoformat(read) for way, read in expected.items()}


def relation_with(folder: Path, dates: list[str]) -> InputRelation:
    path = folder / "log.csv"
    path.write_text("\n".join(["customer,date,amount", *(f'c,"{day}",1' for day in dates)]) + "\n", "utf-8")
    files = describe_files(str(path))
    return relation_of_files(str(path), files, list(files), {})


TURNED = [
    "2024-05-01 10:00:00", "2024-07-01 10:00:00", "2024-09-02 10:00:00", "13/01/2024 10:00", "25/02/2024 10:00",
    "26/03/2024 10:00", "28/03/2024 10:00",
]  # fmt: skip


@pytest.mark.parametrize(
    ("dates", "way"),
    [
        (["1704448800", "1704535200"], SECONDS),
        (["1704448800123", "1704535200123"], MILLISECONDS),
        (["45296.5", "45297"], SERIAL),
        (["Jan 5, 2024", "Feb 5, 2024"], NAMED),
        (["2024-01-05 10:15:00 AM", "2024-01-05 7:19:25 PM"], ISO),
        # one slip of the pen, and what nobody can read
        ([*TURNED[3:], "2024-05-01"], DAY_FIRST),
        ([*TURNED[3:], "soon", "later", "never"], DAY_FIRST),
        ([], None),
    ],
)
def test_the_way_is_found_in_the_rows(
    dates: list[str], way: str | None, readers: dict[str, str], tmp_path: Path
) -> None:
    with duckdb.connect() as connection:
        assert resolve_date_format(connection, relation_with(tmp_path, dates), readers) == way


@pytest.mark.parametrize(
    ("dates", "sentence"),
    [
        (TURNED, "are written in two ways: 4 rows as day-month-year, e.g. '13/01/2024 10:00', and 3 as year-month-day"),
        # also far behind the first rows
        (["13/01/2024"] * 30_000 + ["2024-05-01"] * 2_000, "30000 rows as day-month-year, e.g. '13/01/2024', and 2000"),
        (["2024-01-05"] * 5 + ["45296"] * 2, "5 rows as year-month-day, e.g. '2024-01-05', and 2 as excel-serial"),
        (["13/01/2024"] * 5 + ["01/13/2024"] * 4, "rows as day-month-year, e.g. '13/01/2024', and 4 as month-day-year"),
    ],
)  # fmt: skip
def test_dates_in_two_ways_stop_the_build(
    dates: list[str], sentence: str, readers: dict[str, str], tmp_path: Path
) -> None:
    relation = relation_with(tmp_path, dates)
    with duckdb.connect() as connection:
        with pytest.raises(InputError, match="written in two ways") as error:
            resolve_date_format(connection, relation, readers)
        assert sentence in str(error.value)
        assert len(str(error.value)) <= 500 + len(str(tmp_path))
        way = DAY_FIRST if "/" in dates[0] or dates is TURNED else ISO
        # the same in a later file, and a setting that says which to read
        with pytest.raises(InputError, match=f"Dates read so far are written as {way}, but not every date of"):
            check_dates_fit(connection, relation, way, readers, is_set=False, has_earlier_rows=True)
        check_dates_fit(connection, relation, way, readers, is_set=True, has_earlier_rows=True)


def test_files_that_write_dates_in_different_ways_are_named_with_a_way_out(tmp_path: Path) -> None:
    """As no `date_format` reads both; the view that the page shows does."""
    headings = "Order ID,Customer ID,Order Date,Price"
    folder = tmp_path / "exports"
    folder.mkdir()
    for name, rows in (
        ("old.csv", ("1,a,03/04/2024,1.00", "2,b,25/03/2024,2.00", "3,b,26/03/2024,3.00")),
        ("new.csv", ("4,a,03/04/2025,4.00", "5,b,04/25/2025,5.00", "6,b,05/25/2025,6.00")),
    ):
        (folder / name).write_text("\n".join([headings, *rows]) + "\n", "utf-8")
    advice = (
        "A date_format holds for all files: write the dates of some as the others do, or read each file in its own way"
        ' by a view of the warehouse (docs/input.md, "Dates", shows one).'
    )
    with pytest.raises(InputError) as stopped, lines_of(folder / "*.csv"):
        pass
    assert str(stopped.value) == (
        f"The dates of '{folder}/*.csv' are written in two ways, by file: 'new.csv' as month-day-year, e.g."
        f" '03/04/2024', and 'old.csv' as day-month-year, e.g. '25/03/2024'. {advice}"
    )
    for date_format, file in ((DAY_FIRST, "new.csv"), (MONTH_FIRST, "old.csv")):
        with (
            pytest.raises(InputError, match=f"not every date of '.*{file}'") as stopped,
            lines_of(folder / "*.csv", date_format=date_format),
        ):
            pass
        assert advice[2:] in str(stopped.value)
        assert len(str(stopped.value)) <= 499 + len(str(tmp_path))
    page = (ROOT / "docs" / "input.md").read_text("utf-8")
    view = page[page.index("create view orders_of_both") :].partition("```")[0]
    with connected() as connection:
        connection.execute(view.replace("exports/", f"{folder}/"))
        lines = Lines(connection, transactions="orders_of_both")
        assert lines.rows("select cast(order_date as varchar), revenue from {{ ref('orders') }} order by 2") == [
            ("2024-04-03", 1), ("2024-03-25", 2), ("2024-03-26", 3),
            ("2025-03-04", 4), ("2025-04-25", 5), ("2025-05-25", 6),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "rows"),
    [
        ([f"{day:02}/02/2024" for day in range(1, 13)], 12),
        ([f"{day:02}/0{month}/2024" for day in range(1, 13) for month in (2, 3)], 24),
        # few days, days of one month in the way of the rest, a day that decides, and what comes each month on few days
        (["01/02/2024", "02/02/2024", "03/02/2024"], None),
        ([f"02/{day:02}/2024" for day in range(1, 13)], None),
        ([f"{day:02}/{day + 3:02}/2024" for day in range(1, 13)], None),
        ([f"{month:02}/{day:02}/2024" for month in range(1, 13) for day in (1, 4, 6, 8, 10, 12)], None),
    ],
)
def test_a_file_whose_days_are_read_as_months_is_a_warning(days: list[str], rows: int | None, tmp_path: Path) -> None:
    headings = "Order ID,Customer ID,Order Date,Price"
    dates = {"us.csv": [f"01/{day}/2024" for day in range(1, 29)], "eu.csv": days}
    for place, (name, written) in enumerate(dates.items()):
        orders = [f"{1000 * place + number},a,{day},1.00" for number, day in enumerate(written)]
        (tmp_path / name).write_text("\n".join([headings, *orders]) + "\n", "utf-8")
    query = "select row_count, example from {{ ref('input_warnings') }} where kind = 'days_in_doubt'"
    with lines_of(tmp_path / "*.csv") as lines:
        assert lines.rows(query) == ([(rows, f"eu.csv: {days[0]}")] if rows else [])
    with lines_of(tmp_path / "*.csv", date_format=MONTH_FIRST) as lines:
        assert lines.rows(query) == []


def test_a_shop_that_bills_on_the_first_of_each_month_is_no_doubt(tmp_path: Path) -> None:
    headings = "Order ID,Customer ID,Order Date,Price"
    firsts = [f"{month:02}/01/{{}}" for month in range(1, 13) for _ in range(3)]
    for year, others in ((2023, ["12/31/2023", "05/17/2023"]), (2024, [])):
        days = [*(day.format(year) for day in firsts), *others]
        rows = [f"{year}{number},c{number % 3},{day},1.00" for number, day in enumerate(days)]
        (tmp_path / f"{year}.csv").write_text("\n".join([headings, *rows]) + "\n", "utf-8")
    with lines_of(tmp_path / "*.csv") as lines:
        assert lines.rows("select kind from {{ ref('input_warnings') }} where kind = 'days_in_doubt'") == []
