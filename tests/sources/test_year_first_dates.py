"""Dates of three parts with two digits each: the first may be the year. The rows prove it, or the build asks."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from real_request import real_request
from shop_toolkit.ingest import inspect_input
from shop_toolkit.ingest.errors import InputError
from shop_toolkit.ingest.plan import plan_input
from test_ingest import write


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
