"""Times of day that may be of a clock of twelve hours, and those that stand in a column of their own."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lines import Lines, lines_of
from test_ingest import write

HEADINGS = "order,customer,date,amount"
APART = "order,customer,date,Time,amount"


def warnings(lines: Lines, kind: str) -> list[tuple[Any, ...]]:
    query = "select row_count, example, suggestion from {{ ref('input_warnings') }}"
    return lines.rows(f"{query} where kind = '{kind}'")


@pytest.mark.parametrize(
    ("time", "is_doubtful"),
    [
        (lambda row: f"{row % 12 + 1}:{row % 60:02}", True),
        # half of a day, and days that begin at midnight
        (lambda row: f"{row % 11 + 1}:{row % 60:02} on one day", False),
        (lambda row: f"{row % 12:02}:{row % 59 + 1:02}:00", False),
        (lambda row: f"{row % 12 + 1}:{row % 60:02} PM", False),
        # a shop that is open in the mornings, and one that closes at two o'clock
        (lambda row: f"{row % 6 + 6}:{row % 60:02}", False),
        (lambda row: f"{row % 9 + 6}:{row % 60:02}", False),
        (lambda row: f"{row % 12:02}:{row % 60:02}:00Z", False),
        (lambda row: "00:00", False),
    ],
)
def test_a_clock_of_twelve_hours_without_halves_is_a_warning(
    time: Callable[[int], str], is_doubtful: bool, tmp_path: Path
) -> None:
    orders = [f"{row},c{row % 50},2024-{row % 12 + 1:02}-{row % 28 + 1:02} {time(row)},2.50" for row in range(1100)]
    for rows, expected in ((orders, is_doubtful), (orders[:900], False)):
        dated = [re.sub(",2024-[0-9-]+ (.*) on one day", r",2024-01-05 \1", row) for row in rows]
        with lines_of(write(tmp_path / "log.csv", HEADINGS, *dated)) as lines:
            assert bool(warnings(lines, "clock_of_12_hours")) == expected


def test_times_in_a_column_of_their_own_are_a_warning_with_the_mapping_that_reads_them(tmp_path: Path) -> None:
    orders = ["1,a,2024-01-05,10:15,2.50", "2,b,2024-01-06,9:15 PM,2.50", "3,b,2024-01-07,,2.50"]
    log = write(tmp_path / "log.csv", APART, *orders)
    advice = (
        "Dates have no time, and 'Time' has one, so nothing shows what came first on a day. If it is that of the order,"
        " add --vars '{column_mapping: {ordered_time: \"Time\"}}'."
    )
    with lines_of(log) as lines:
        assert warnings(lines, "times_left_out") == [(2, "Time: 10:15", advice)]
    with lines_of(log, column_mapping={"ordered_time": "Time"}) as lines:
        assert warnings(lines, "times_left_out") == []
        read = "select cast(ordered_at as varchar) from {{ ref('order_lines') }} order by 1"
        assert lines.rows(read) == [("2024-01-05 10:15:00",), ("2024-01-06 21:15:00",), ("2024-01-07 00:00:00",)]
        assert warnings(lines, "unused_columns") == []
    with lines_of(log, column_mapping={"ordered_time": []}) as lines:
        assert warnings(lines, "times_left_out") == []


@pytest.mark.parametrize(
    "orders",
    [
        # dates have times, a cell is none, and most are empty
        ["1,a,2024-01-05 10:00,10:15,2.50", "2,b,2024-01-06 11:00,9:15,2.50"],
        ["1,a,2024-01-05,10:15,2.50", "2,b,2024-01-06,noon,2.50"],
        # minutes and seconds
        ["1,a,2024-01-05,10:15,2.50", "2,b,2024-01-06,29:00,2.50"],
        ["1,a,2024-01-05,10:15,2.50", "2,b,2024-01-06,,2.50", "3,b,2024-01-07,,2.50"],
    ],
)
def test_other_columns_are_no_times_that_were_left_out(orders: list[str], tmp_path: Path) -> None:
    with lines_of(write(tmp_path / "log.csv", APART, *orders)) as lines:
        assert warnings(lines, "times_left_out") == []


@pytest.mark.parametrize("heading", ["Lesson length", "Delivery slot", "Opening time", "Dauer"])
def test_headings_of_other_times_are_not_proposed(heading: str, tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", APART.replace("Time", heading), "1,a,2024-01-05,01:30,2.50")
    with lines_of(log) as lines:
        assert warnings(lines, "times_left_out") == []


@pytest.mark.parametrize(
    ("day", "time", "read"),
    [
        # as a spreadsheet writes days, by the name of the month, and a time that is none
        ("2024-01-05 00:00:00", "10:15:30", "2024-01-05 10:15:30"),
        ("5. März 2024", "10:15", "2024-03-05 10:15:00"),
        ("31/12/2024", "10:15 p.m.", "2024-12-31 22:15:00"),
        ("2024-01-05", "noon", "2024-01-05 00:00:00"),
    ],
)
def test_day_and_time_become_one(day: str, time: str, read: str, tmp_path: Path) -> None:
    log = write(tmp_path / "log.csv", "order,customer,day,at,amount", f"1,a,{day},{time},2.50")
    with lines_of(log, column_mapping={"ordered_at": "day", "ordered_time": "at"}) as lines:
        assert lines.rows("select cast(ordered_at as varchar) from {{ ref('order_lines') }}") == [(read,)]
