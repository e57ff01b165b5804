"""Whether 24/08/01 begins or ends with its year, file by file: others may be written so that this one is misread.

Both orders read such a date, as days that lie years apart. What a file itself shows counts, and whether its days are
near those of all other rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePath
from typing import Any

import duckdb

from shop_toolkit.errors import InputError, shortened
from shop_toolkit.ingest.dates import AMBIGUOUS, OPEN_WAYS, YEAR_FIRST_READER, YearFirst, written_dates
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.relation import InputRelation
from shop_toolkit.quoting import quote_list, quote_text

DAYS = "days_of_open_years"
# A quick look, before a date is read in another order.
TWO_DIGITS = "substr(date_text, 3, 1) in ('-', '/', '.')"
AS_READ = "as read"
OTHERWISE = "otherwise"
# Days of the past: those of the log by the other order, or older ones than the log as they are read.
MAYBE_OTHERWISE = "maybe otherwise"
# Rows so many days before the first or after the last of all others are still near them.
NEAR = 92
# So many days before and after a day are around it.
AROUND = 14
# So large a share of a file's rows decides where the file is.
MOST = 0.9


@dataclass(frozen=True)
class OpenFile:
    """A file of which each date may begin or end with the year.

    Attributes:
        name: Its path.
        rows: How many of its rows are another day by the other order.
        example: One of their texts.
        shown: By which order its own values show that it is written, AS_READ or OTHERWISE; None where they don't.
    """

    name: str
    rows: int
    example: str
    shown: str | None


def year_findings(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    date_format: str,
    readers: Mapping[str, str],
    today: str,
    plausible_days: str,
    *,
    orders: str | None,
    is_set: bool,
) -> list[Finding]:
    """A warning of files whose years may be first where they are read as last, or the other way round.

    Args:
        connection: Where the relation can be read; a temporary table is made and dropped.
        relation: The rows that the build reads; see `read_dates`.
        date_format: How their dates are read.
        readers: For each known way, SQL that reads `date_text` as a timestamp.
        today: The latest day that has begun anywhere, as YYYY-MM-DD.
        plausible_days: CTEs over `days_of_input`, as the macro of that name writes them.
        orders: The table of orders of earlier rows; None where there are none.
        is_set: Whether the setting `date_format` states how dates are written. Then nothing is asked.

    Raises:
        InputError: A file shows that its years are where they aren't read, and no setting says otherwise.
    """
    other = _other_reader(date_format, readers)
    if other is None:
        return []
    is_read_first = date_format.startswith("%y")
    files = _open_files(connection, relation, readers[date_format], other, today, is_read_first=is_read_first)
    if not files:
        return []
    try:
        connection.execute(f"create or replace temp table {DAYS} as {_days(relation, readers[date_format], other)}")
        files = _shown_together(connection, files, today, is_read_first=is_read_first)
        nearer = _nearer(connection, *_days_of_the_rest(connection, files, plausible_days, orders))
        verdicts = [(file, _verdict(connection, file, files, nearer.get(file.name), orders)) for file in files]
    finally:
        connection.execute(f"drop table if exists {DAYS}")
    wrong = [file for file, verdict in verdicts if verdict == OTHERWISE]
    if wrong and not is_set:
        # Only a setting has years read first.
        raise InputError(
            f"The dates of '{shortened(wrong[0].name, 120)}' seem to begin with the year, e.g. '{wrong[0].example}',"
            f" but the others are written as {date_format}. Write them alike, or, if they are, say so with --vars"
            f" '{{date_format: {date_format}}}'."
        )
    # What the setting states is no longer open.
    doubtful = wrong or [file for file, verdict in verdicts if verdict is None and not is_set]
    if not doubtful:
        return []
    return [Finding(
        "years_in_doubt", "ordered_at", sum(file.rows for file in doubtful),
        f"{PurePath(doubtful[0].name).name}: {doubtful[0].example}",
        "These dates may have their year at the other end than where it is read. If their days are wrong, write these"
        " files with years of four digits.",
    )]  # fmt: skip


def _verdict(
    connection: duckdb.DuckDBPyConnection,
    file: OpenFile,
    files: Sequence[OpenFile],
    near: str | None,
    orders: str | None,
) -> str | None:
    """By which order a file has to be read, by all that can show it; None where nothing does, or one contradicts."""
    found = {file.shown, near} - {None}
    if not found and _fills_a_gap(connection, file, files, orders):
        return AS_READ
    return found.pop() if len(found) == 1 and MAYBE_OTHERWISE not in found else None


def _shown_together(
    connection: duckdb.DuckDBPyConnection, files: Sequence[OpenFile], today: str, *, is_read_first: bool
) -> list[OpenFile]:
    """The files, of which those that show nothing by themselves have what they show together: each may hold one day."""
    names = quote_list([file.name for file in files if file.shown is None])
    days = f"select * from {DAYS} where list_contains({names}, file_name)"
    together = connection.execute(_shown_by("'all of them'", days, today, is_read_first)).fetchone()
    shown = None if together is None else _open_file(together, is_read_first=is_read_first).shown
    return [replace(file, shown=file.shown or shown) for file in files]


def _other_reader(date_format: str, readers: Mapping[str, str]) -> str | None:
    """SQL that reads `date_text` with its year of two digits at the other end; None where no date is open so."""
    if date_format in OPEN_WAYS or ("%y" in date_format and not date_format.startswith("%y")):
        return YEAR_FIRST_READER
    return f"coalesce({', '.join(readers[way] for way in reversed(OPEN_WAYS))})" if "%y" in date_format else None


def _days(relation: InputRelation, reader: str, other: str) -> str:
    """A query of the texts of dates that are read, by file: their rows, their day, and that by the other order."""
    return f"""
        select
            file_name,
            date_text,
            date_rows,
            cast({reader} as date) as day,
            cast(case when {TWO_DIGITS} then {other} end as date) as other_day
        from ({written_dates(relation)})
        where {reader} is not null
    """


def _open_files(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    reader: str,
    other: str,
    today: str,
    *,
    is_read_first: bool,
) -> list[OpenFile]:
    """The files of which nearly all dates can be read by the other order, as other days."""
    query = _shown_by("file_name", _days(relation, reader, other), today, is_read_first)
    return [_open_file(row, is_read_first=is_read_first) for row in connection.execute(query).fetchall()]


def _shown_by(file_name: str, days: str, today: str, is_read_first: bool) -> str:
    """A query of what `_open_file` takes, of the days of `_days`, where nearly all are open."""
    first, last = ("day", "other_day") if is_read_first else ("other_day", "day")
    today = f"date {quote_text(today)}"
    return f"""
        with days as ({days})
        select
            {file_name},
            sum(date_rows) filter (where other_day is not null),
            coalesce(sum(date_rows) filter (where {first} > {today} and {last} is not null), 0),
            coalesce(sum(date_rows) filter (where {last} > {today} and {first} is not null), 0),
            count(distinct year({first})),
            count(distinct day({first})),
            coalesce(sum(date_rows) filter (where other_day <> day), 0) as other_rows,
            min(date_text) filter (where other_day <> day)
        from days
        group by 1
        having
            sum(date_rows) filter (where other_day is not null) > {AMBIGUOUS} * sum(date_rows)
            and other_rows > 0
        order by 1
    """


def _open_file(row: Sequence[Any], *, is_read_first: bool) -> OpenFile:
    name, rows, future_first, future_last, firsts, lasts, other_rows, example = row
    meaning = {None: None, "first": AS_READ if is_read_first else OTHERWISE}
    meaning["last"] = OTHERWISE if is_read_first else AS_READ
    shown = YearFirst(int(rows), int(future_first), int(future_last), firsts, lasts, example).shown
    return OpenFile(name, int(other_rows), example, meaning[shown])


def _days_of_the_rest(
    connection: duckdb.DuckDBPyConnection, files: Sequence[OpenFile], plausible_days: str, orders: str | None
) -> tuple[date | None, date | None]:
    """The first and the last day of the rows that are read rightly; of all, where no file shows that it is one of them.

    None where one file is all.
    """
    is_other = f"not list_contains({quote_list([file.name for file in files if file.shown != AS_READ])}, file_name)"
    ((others, all_files),) = connection.execute(
        f"select count(distinct file_name) filter (where {is_other}), count(distinct file_name) from {DAYS}"
    ).fetchall()
    first, last = None, None
    if others or (orders is None and all_files > 1):
        ((first, last),) = connection.execute(
            f"""
            with days_of_input as (
                select day, sum(date_rows) as row_count
                from {DAYS}
                where {is_other if others else "true"}
                group by 1
            ),
            {plausible_days}
            select first_day, last_day
            from plausible_days
            """
        ).fetchall()
    if orders is not None:
        ((earlier, later),) = connection.execute(f"select min(order_date), max(order_date) from {orders}").fetchall()
        first = min((day for day in (first, earlier) if day is not None), default=None)
        last = max((day for day in (last, later) if day is not None), default=None)
    return first, last


def _nearer(connection: duckdb.DuckDBPyConnection, first: date | None, last: date | None) -> dict[str, str]:
    """For each file, by which order its days are near those of the rest; None where they are by both or by none.

    By the other order they have to go on where the rest ends: else the file may as well be one of older days.
    """
    if first is None or last is None:
        return {}
    near = f"between date '{first}' - {NEAR} and date '{last}' + {NEAR}"
    found = connection.execute(
        f"""
        select
            file_name,
            sum(date_rows),
            coalesce(sum(date_rows) filter (where day {near}), 0),
            coalesce(sum(date_rows) filter (where other_day {near}), 0),
            min(other_day) > date '{last}'
        from {DAYS}
        where other_day <> day
        group by 1
        """
    ).fetchall()
    nearer: dict[str, str] = {}
    for name, rows, as_read, otherwise, goes_on in found:
        most = [near_rows >= MOST * rows for near_rows in (as_read, otherwise)]
        few = [near_rows <= (1 - MOST) * rows for near_rows in (as_read, otherwise)]
        if most[0] and few[1]:
            nearer[name] = AS_READ
        elif most[1] and few[0]:
            nearer[name] = OTHERWISE if goes_on else MAYBE_OTHERWISE
    return nearer


def _fills_a_gap(
    connection: duckdb.DuckDBPyConnection, file: OpenFile, files: Sequence[OpenFile], orders: str | None
) -> bool:
    """Whether a file's days are missing elsewhere as they are read, and those by the other order are there already.

    It shows something only of days after all others, or where others have most of the days around: else any day may be
    missing.
    """
    name = quote_text(file.name)
    # What a file in doubt holds is no proof of another: two shops may have a file for the same day.
    known = f"not list_contains({quote_list([other.name for other in files if other.shown is None])}, file_name)"
    stored = "" if orders is None else f" union select order_date from {orders}"
    ((filling,),) = connection.execute(
        f"""
        with days_elsewhere as (select distinct day from {DAYS} where {known}{stored}),
        own_days as (
            select day, other_day, sum(date_rows) as row_count
            from {DAYS}
            where file_name = {name} and other_day <> day
            group by all
        ),
        compared as (
            select
                own_days.day,
                own_days.row_count,
                count(*) filter (where days_elsewhere.day = own_days.day) as same_days,
                count(*) filter (where days_elsewhere.day = own_days.other_day) as other_days,
                count(distinct days_elsewhere.day) filter (
                    where abs(date_diff('day', days_elsewhere.day, own_days.day)) <= {AROUND}
                ) as days_around,
                max(days_elsewhere.day) as last_day
            from own_days
            cross join days_elsewhere
            group by own_days.day, own_days.other_day, own_days.row_count
        )
        select coalesce(sum(row_count), 0)
        from compared
        where same_days = 0 and other_days > 0 and (day > last_day or days_around >= {AROUND / 2})
        """
    ).fetchall()
    return int(filling) >= MOST * file.rows
