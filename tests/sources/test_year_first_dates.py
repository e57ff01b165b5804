"""Dates of three parts with two digits each: the first may be the year. The rows prove it, or the build asks."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from real_request import real_request
from shop_toolkit.errors import InputError
from shop_toolkit.ingest import inspect_input
from shop_toolkit.ingest.plan import Plan, plan_input
from test_ingest import ingest, write


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def log_of(path: Path, texts: list[str]) -> Path:
    return write(path, "order;customer;date;price", *(f"{row};c{row % 7};{text};5" for row, text in enumerate(texts)))


def days(count: int, first: str = "2024-01-05", step: int = 11) -> list[date]:
    return [date.fromisoformat(first) + timedelta(days=step * place) for place in range(count)]


def written(form: str, some_days: list[date]) -> list[str]:
    return [day.strftime(form) for day in some_days]


@pytest.mark.parametrize("form", ["%y/%m/%d", "%y.%m.%d", "%y-%m-%d", "%y/%m/%d %H:%M", "%y-%m-%d %H:%M:%S"])
# Years, a month, and years of which both other orders read all dates, as in the first twelve of a century.
@pytest.mark.parametrize("some_days", [days(40), days(20, step=1), days(40, first="2011-01-03", step=7)])
def test_years_first_are_not_read_as_days(
    form: str, some_days: list[date], warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = log_of(tmp_path / "log.csv", written(form, some_days))
    with pytest.raises(InputError, match=r"could be year-month-day or .*day-month-year, e") as stopped:
        plan_input(warehouse, real_request(path))
    assert f"--vars '{{date_format: \"{form}\"}}'" in str(stopped.value)
    # the advice works
    assert plan_input(warehouse, real_request(path, date_format=form)).formats.date_format == form


def test_one_day_proves_nothing(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = log_of(tmp_path / "log.csv", ["13/02/24"] * 3)
    with pytest.raises(InputError) as stopped:
        plan_input(warehouse, real_request(path))
    assert str(stopped.value) == (
        f"The dates of '{path}' could be year-month-day or day-month-year, e.g. '13/02/24'. Say which with --vars"
        " '{date_format: \"%y/%m/%d\"}' or '{date_format: day-month-year}'."
    )
    assert plan_input(warehouse, real_request(path, date_format="day-month-year")).formats.date_format


@pytest.mark.parametrize(
    ("form", "some_days", "expected"),
    [
        ("%d/%m/%y", days(40), "day-month-year"),
        ("%d.%m.%y %H:%M", days(40), "day-month-year"),
        ("%m/%d/%y", days(40), "month-day-year"),
        # four days of one month
        ("%d/%m/%y", days(4, first="2024-02-13", step=1), "day-month-year"),
        # 27 to 31 can't be years that have begun
        ("%d/%m/%y", days(2, first="2024-02-28", step=1), "day-month-year"),
        # years that are no days, however many
        ("%d/%m/%y", days(300, first="1985-02-03", step=31), "day-month-year"),
        ("%d/%m/%y", days(600, first="2003-02-03", step=13), "day-month-year"),
    ],
)
def test_usual_dates_are_read_without_asking(
    form: str, some_days: list[date], expected: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = log_of(tmp_path / "log.csv", written(form, some_days))
    assert plan_input(warehouse, real_request(path)).formats.date_format == expected


def test_a_report_calls_no_date_proved_that_could_begin_with_the_year(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = log_of(tmp_path / "log.csv", written("%d/%m/%y", days(40)))
    inspect_input.main([f"{{transactions: {path}}}"])
    assert "Dates: day-month-year (it reads most)." in capsys.readouterr().out


# Each file for itself


def stored(warehouse: duckdb.DuckDBPyConnection, path: Path, text_of: str, some_days: list[date]) -> None:
    """A log that a build has read, and the days of its orders."""
    log_of(path.parent / "2024.csv", written(text_of, some_days))
    ingest(warehouse, real_request(path))
    warehouse.execute("create schema if not exists core")
    warehouse.execute("create or replace table core.int_orders (order_date date)")
    warehouse.executemany("insert into core.int_orders values (?)", [[day] for day in some_days])


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "*.csv"


LOG = days(200, step=2)
AFTER = "2025-02-08"
MISREAD = (
    r"The dates of '.*late.csv' seem to begin with the year, e\.g\. '25/0.*but the others are written as day-month"
)


@pytest.mark.parametrize("form", ["%d/%m/%y", "%d/%m/%Y"])
@pytest.mark.parametrize(
    "late",
    [
        # a month, of which each day would be one of another year; a day; three days
        days(20, first=AFTER, step=1), days(1, first=AFTER), days(3, first=AFTER, step=1),
    ],
)  # fmt: skip
def test_a_later_file_whose_years_are_first_stops_the_build(
    form: str, late: list[date], warehouse: duckdb.DuckDBPyConnection, logs: Path
) -> None:
    stored(warehouse, logs, form, LOG)
    log_of(logs.parent / "late.csv", written("%y/%m/%d", late))
    with pytest.raises(InputError, match=MISREAD):
        plan_input(warehouse, real_request(logs))
    # what the setting states is read so, with a warning
    (doubt,) = years_in_doubt(plan_input(warehouse, real_request(logs, date_format="day-month-year")))
    # 25/02/25 is one day by both
    assert doubt == (len({*late} - {date(2025, 2, 25)}), "late.csv: 25/02/08")


def test_the_first_build_looks_at_each_file(warehouse: duckdb.DuckDBPyConnection, logs: Path) -> None:
    log_of(logs.parent / "2024.csv", written("%d/%m/%Y", LOG))
    log_of(logs.parent / "late.csv", written("%y/%m/%d", days(3, first=AFTER, step=1)))
    with pytest.raises(InputError, match=MISREAD):
        plan_input(warehouse, real_request(logs))


def test_a_later_file_whose_years_are_last_is_warned_of_where_the_setting_has_them_first(
    warehouse: duckdb.DuckDBPyConnection, logs: Path
) -> None:
    log_of(logs.parent / "2024.csv", written("%y/%m/%d", LOG))
    assert years_in_doubt(plan_input(warehouse, real_request(logs, date_format="%y/%m/%d"))) == []
    log_of(logs.parent / "late.csv", written("%d/%m/%y", days(3, first=AFTER, step=1)))
    assert years_in_doubt(plan_input(warehouse, real_request(logs, date_format="%y/%m/%d"))) == [
        (3, "late.csv: 08/02/25")
    ]


def test_files_of_single_days_are_read_without_a_word(warehouse: duckdb.DuckDBPyConnection, logs: Path) -> None:
    """Also those of the 24th, which in another year would be days of 2024: other files have these."""
    each_day = days(963, first="2023-01-01", step=1)
    stored(warehouse, logs, "%d/%m/%y", each_day)
    for day in (*days(4, first="2025-08-21", step=1), date(2025, 9, 24), date(2025, 10, 23)):
        path = log_of(logs.parent / f"{day}.csv", [f"{day:%d/%m/%y}"])
        assert years_in_doubt(plan_input(warehouse, real_request(logs))) == [], day
        path.unlink()
    # and all at once
    for path in logs.parent.glob("*.csv"):
        path.unlink()
    for day in each_day[::7]:
        log_of(logs.parent / f"{day}.csv", [f"{day:%d/%m/%y}"])
    plan = plan_input(warehouse, real_request(logs, is_full_refresh=True))
    assert plan.formats.date_format == "day-month-year"
    assert years_in_doubt(plan) == []


def test_two_shops_may_have_a_file_for_each_day(warehouse: duckdb.DuckDBPyConnection, logs: Path) -> None:
    """Together the files show what one alone does not; one that is written otherwise is warned of all the same."""
    for day in days(365, first="2024-01-01", step=1):
        for shop in "ab":
            log_of(logs.parent / f"{shop}{day}.csv", [f"{day:%d/%m/%y}"] * 2)
    assert years_in_doubt(plan_input(warehouse, real_request(logs))) == []
    log_of(logs.parent / "b2024-08-01.csv", ["24/08/01"] * 3)
    assert years_in_doubt(plan_input(warehouse, real_request(logs))) == [(3, "b2024-08-01.csv: 24/08/01")]


def test_a_file_of_older_days_is_warned_of(warehouse: duckdb.DuckDBPyConnection, logs: Path) -> None:
    """Its days would be some of the log by the other order, but nothing shows that they are."""
    stored(warehouse, logs, "%d/%m/%Y", days(700, first="2023-01-01", step=1))
    log_of(logs.parent / "late.csv", ["24/10/21"] * 5)
    plan = plan_input(warehouse, real_request(logs))
    assert years_in_doubt(plan) == [(5, "late.csv: 24/10/21")]
    # a file that is read again is warned of again, as its new warning replaces the earlier one
    ingest(warehouse, real_request(logs))
    log_of(logs.parent / "late.csv", ["24/10/21"] * 6)
    assert years_in_doubt(plan_input(warehouse, real_request(logs))) == [(6, "late.csv: 24/10/21")]


def test_a_day_that_fits_the_log_by_both_orders_is_warned_of(warehouse: duckdb.DuckDBPyConnection, logs: Path) -> None:
    stored(warehouse, logs, "%d/%m/%y", days(104, first="2023-01-02", step=7))
    # a Sunday, or a Monday as all others
    log_of(logs.parent / "late.csv", ["24/09/23"] * 2)
    assert years_in_doubt(plan_input(warehouse, real_request(logs))) == [(2, "late.csv: 24/09/23")]


def years_in_doubt(plan: Plan) -> list[tuple[int | None, str]]:
    return [(doubt.row_count, doubt.example) for doubt in plan.findings if doubt.kind == "years_in_doubt"]
