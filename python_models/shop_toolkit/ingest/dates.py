"""How the input writes dates: what a setting states, what earlier rows used, or what the rows show."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePath

import duckdb

from shop_toolkit.errors import listed, shortened
from shop_toolkit.ingest.files import InputError
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.relation import InputRelation, quote_text
from shop_toolkit.ingest.unknown_dates import seeming

SAMPLE_ROWS = 20_000
# A few wrong dates must not tip the scale: where the second-best order is this close, all rows are read.
CLOSE = 0.9
# Where two orders read nearly the same share of the dates, nothing decides between them.
AMBIGUOUS = 0.99
# More than one row, and more than this share of all, in another known way are no slip: the dates are written in two.
MIXED = 0.02
# What to do where files write their dates in several ways: the setting is one for all of them.
APART = (
    "A date_format holds for all files: write the dates of some as the others do, or read each file in its own way by a"
    ' view of the warehouse (docs/input.md, "Dates", shows one).'
)
# Ways of which one text may be read by both.
OPEN_WAYS = ("month-day-year", "day-month-year")
# Three parts of two digits, of which the first may be the year, and the time behind them.
YEAR_FIRST = "^([0-9]{2})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[^0-9].*)?$"
YEAR_FIRST_READER = rf"try_strptime(regexp_replace(date_text, '{YEAR_FIRST}', '#\1-\2-\3'), '#%y-%m-%d')"
# Days take at least so many values, and more than twice as many as years do.
FEWEST_DAYS = 4


@dataclass(frozen=True)
class WrittenForms:
    """What the dates of some rows look like.

    Attributes:
        dated_rows: How many rows hold a date text.
        example: One date text.
        rows_read: How many of these rows each order of year, month and day reads.
    """

    dated_rows: int
    example: str | None
    rows_read: Mapping[str, int]

    def ranked(self) -> list[str]:
        """The orders, the one that reads most dates first."""
        return sorted(self.rows_read, key=lambda order: -self.rows_read[order])

    def is_close(self, share: float) -> bool:
        """Whether the second-best order reads more than this share of what the best one reads."""
        best, second = self.ranked()[:2]
        return self.rows_read[second] > share * self.rows_read[best]


@dataclass(frozen=True)
class YearFirst:
    """What dates of three parts with two digits each show of whether the first or the last part is the year.

    Attributes:
        rows: How many rows can be read year first.
        future_rows: How many of them would be in the future then.
        future_rows_as_read: How many would be in the future by the order that reads most.
        first_parts: How many values the first part takes.
        last_parts: How many values the last part takes.
        example: One of the texts.
    """

    rows: int
    future_rows: int
    future_rows_as_read: int
    first_parts: int
    last_parts: int
    example: str | None

    @property
    def shown(self) -> str | None:
        """Where the rows prove that the year is, 'first' or 'last': it is few values, and not in the future."""
        is_future, is_future_as_read = (
            rows > MIXED * self.rows for rows in (self.future_rows, self.future_rows_as_read)
        )
        if is_future != is_future_as_read:
            return "last" if is_future else "first"
        for place, days, years in (
            ("last", self.first_parts, self.last_parts), ("first", self.last_parts, self.first_parts)
        ):  # fmt: skip
            if days >= FEWEST_DAYS and days > 2 * years:
                return place
        return None


def read_dates(
    connection: duckdb.DuckDBPyConnection, relation: InputRelation, readers: Mapping[str, str], table: str
) -> tuple[InputRelation, Mapping[str, str]]:
    """Read each text of a date once, in every way, for all that asks how dates are written.

    Only day and month can be read in two ways, and what a setting states: the ways that come after are tried with texts
    that none before them reads.

    Args:
        connection: Where the relation can be read.
        relation: The rows.
        readers: For each known way, SQL that reads `date_text` as a timestamp.
        table: The name of a temporary table: a row for each file and text, and a column for each way.

    Returns:
        The relation with its table of dates, and for each way the column that holds what it reads.
    """
    column_of = {name: f"read_{place}" for place, name in enumerate(readers)}
    query = written_dates(relation)
    before: list[str] = []
    for name in sorted(readers, key=lambda name: name not in OPEN_WAYS):
        is_apart = name not in OPEN_WAYS and "%" not in name
        is_unread = " and ".join(["true", *(f"{column} is null" for column in before if is_apart)])
        query = f"select *, case when {is_unread} then {readers[name]} end as {column_of[name]} from ({query})"
        before += [column_of[name]] if "%" not in name else []
    connection.execute(f"create or replace temp table {table} as {query}")
    return replace(relation, dates=table), column_of


def written_dates(relation: InputRelation) -> str:
    """A query of the texts of dates, by file, with how many rows hold each."""
    if relation.dates is not None:
        return f"select * from {relation.dates}"
    # To write a date as a text takes longer than to count equal ones.
    return f"""
        select file_name, trim(cast(date_value as varchar)) as date_text, sum(date_rows) as date_rows
        from (
            select
                {relation.file_name} as file_name, {relation.columns["ordered_at"]} as date_value, count(*) as date_rows
            from {relation.sql}
            group by 1, 2
        )
        group by 1, 2
    """


def resolve_date_format(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    readers: Mapping[str, str],
    today: str = date.max.isoformat(),
) -> str | None:
    """Find out from the rows how dates are written.

    Args:
        connection: Where the relation can be read.
        relation: The rows to look at.
        readers: For each order of year, month and day, SQL that reads `date_text` as a timestamp.
        today: The latest day that has begun anywhere, as YYYY-MM-DD.

    Returns:
        The order that reads the dates; None where there are none.

    Raises:
        InputError: No order reads any date, two orders read the dates equally well, the year may be first, or the
            dates are written in two ways.
    """
    forms = written_forms(connection, relation, readers, SAMPLE_ROWS)
    if forms.is_close(CLOSE) or not forms.dated_rows:
        forms = written_forms(connection, relation, readers, None)
    if not forms.dated_rows:
        return None
    check_years_are_last(connection, relation, forms, readers, today)
    date_format, second = forms.ranked()[:2]
    if forms.rows_read[second] and forms.is_close(AMBIGUOUS):
        # Two ways that read as many dates, but others each, leave nothing to choose between.
        check_dates_are_alike(connection, relation, date_format, {way: readers[way] for way in (date_format, second)})
    check_dates_are_clear(forms, relation.name)
    check_dates_are_alike(connection, relation, date_format, readers)
    return date_format


def written_forms(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    readers: Mapping[str, str],
    row_limit: int | None,
) -> WrittenForms:
    """What the dates of the first `row_limit` rows (None: of all) look like."""
    counts = ",\n".join(_rows_read(sql) for sql in readers.values())
    # Dates repeat: each text is parsed once.
    query = f"""
        with written_dates as ({written_dates(relation) if row_limit is None else _first_dates(relation, row_limit)})
        select
            coalesce(sum(date_rows) filter (where date_text <> ''), 0),
            min(date_text) filter (where date_text <> ''),
            {counts}
        from written_dates
    """
    ((dated_rows, example, *rows_read),) = connection.execute(query).fetchall()
    rows_by_order = {order: int(rows) for order, rows in zip(readers, rows_read, strict=True)}
    return WrittenForms(int(dated_rows), example, rows_by_order)


def _first_dates(relation: InputRelation, row_limit: int) -> str:
    """A query of the texts of dates in the first rows, with how many of these hold each."""
    texts = f"""
        select
            date_text,
            count(*) as date_rows
        from (
            select
                {relation.file_name} as file_name,
                trim(cast({relation.columns["ordered_at"]} as varchar)) as date_text
            from {relation.sql}
            limit {row_limit}
        )
        group by 1
    """
    if relation.dates is None:
        return texts
    readings = f"select distinct on (date_text) * exclude (file_name, date_rows) from {relation.dates}"
    return f"select * from ({texts}) left join ({readings}) using (date_text)"


def check_dates_are_clear(forms: WrittenForms, input_name: str) -> None:
    """Raise InputError where no order reads any date, or two orders read the dates equally well."""
    best, second = forms.ranked()[:2]
    if forms.rows_read[best] == 0:
        advice = seeming(forms.example or "")
        raise InputError(
            f"The dates of {input_name} are written in no known way, e.g. '{shortened(str(forms.example), 60)}'. "
            + (advice or "Say how with --vars '{date_format: \"%d. %B %Y\"}' (a strptime format).")
        )
    if forms.rows_read[second] > 0 and forms.is_close(AMBIGUOUS):
        raise InputError(
            f"The dates of {input_name} could be {best} or {second}, e.g. '{forms.example}'. Say which with --vars"
            f" '{{date_format: {best}}}'."
        )


def check_years_are_last(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    forms: WrittenForms,
    readers: Mapping[str, str],
    today: str,
) -> None:
    """Raise InputError where dates such as 24/08/01 may begin with the year, and nothing shows that they don't.

    The order that reads most dates reads these as well: as the first of August, with another year for each day.
    """
    best = forms.ranked()[0]
    if best not in OPEN_WAYS:
        return
    for row_limit in (SAMPLE_ROWS, None):
        rows, shown = _year_first(connection, relation, readers[best], today, row_limit)
        if shown.rows <= AMBIGUOUS * rows or (row_limit is None and shown.shown == "last"):
            return
    orders = [order for order in OPEN_WAYS if forms.rows_read.get(order, 0) > AMBIGUOUS * forms.rows_read[best]]
    asked = " or ".join(f"'{{date_format: {order}}}'" for order in orders)
    raise InputError(
        f"The dates of {relation.name} could be year-month-day or {' or '.join(orders)}, e.g. '{shown.example}'. Say"
        f" which with --vars '{{date_format: \"{_year_first_format(str(shown.example))}\"}}' or {asked}."
    )


def _year_first(
    connection: duckdb.DuckDBPyConnection, relation: InputRelation, reader: str, today: str, row_limit: int | None
) -> tuple[int, YearFirst]:
    """How many of the first `row_limit` rows (None: of all) have a date, and what those show that may be year first."""
    ((rows, first, future, future_as_read, first_parts, last_parts, example),) = connection.execute(
        f"""
        with written_dates as ({written_dates(relation) if row_limit is None else _first_dates(relation, row_limit)}),
        parsed as (
            select date_text, date_rows, {reader} as as_read, {YEAR_FIRST_READER} as year_first
            from written_dates
        )
        select
            coalesce(sum(date_rows) filter (where as_read is not null or year_first is not null), 0),
            coalesce(sum(date_rows) filter (where year_first is not null), 0),
            coalesce(sum(date_rows) filter (where year_first > {quote_text(today)}::date), 0),
            coalesce(sum(date_rows) filter (
                where year_first is not null and as_read >= {quote_text(today)}::date + interval 1 day
            ), 0),
            count(distinct year(year_first)),
            count(distinct day(year_first)),
            min(date_text) filter (where year_first is not null)
        from parsed
        """
    ).fetchall()
    return int(rows), YearFirst(int(first), int(future), int(future_as_read), first_parts, last_parts, example)


def _year_first_format(text: str) -> str:
    """The strptime format of a date that begins with a year of two digits."""
    separators = re.findall("[-/.]", text)
    time = re.search("([ T][0-9]{1,2}:[0-9]{2})(:[0-9]{2})?$", text)
    of_time = "" if time is None else f"{time[1][0]}%H:%M{':%S' if time[2] else ''}"
    return f"%y{separators[0]}%m{separators[1]}%d{of_time}"


def check_dates_are_alike(
    connection: duckdb.DuckDBPyConnection, relation: InputRelation, date_format: str, readers: Mapping[str, str]
) -> None:
    """Raise InputError where some dates are written as `date_format` and others in another known way.

    A spreadsheet that takes 01/05/2024 for a day of January turns it into 2024-01-05 and leaves 13/05/2024 a text: the
    first half of such dates is wrong, and no date shows it.
    """
    others = {name: sql for name, sql in readers.items() if name != date_format}
    # One scan of all rows: the first ones may be alike. Each text is parsed once.
    query = f"""
        with written_dates as ({written_dates(relation)}),
        parsed as (
            select *, {readers[date_format]} is not null as is_read
            from written_dates
            where date_text <> ''
        ),
        named as (
            select
                *,
                case
                    when is_read then {quote_text(date_format)}
                    {" ".join(f"when {sql} is not null then {quote_text(name)}" for name, sql in others.items())}
                end as way
            from parsed
        )
        select way, sum(date_rows), min(date_text)
        from named
        where way is not null
        group by 1
        order by way = {quote_text(date_format)} desc, 2 desc, 1
    """
    ways = [(str(way), int(rows), str(example)) for way, rows, example in connection.execute(query).fetchall()]
    if len(ways) > 1 and is_mixed(ways[1][1], sum(rows for _, rows, _ in ways)):
        (_, rows, example), (other, other_rows, other_example) = ways[:2]
        by_file = _files_by_way(connection, relation, readers[date_format], readers[other])
        if by_file is not None:
            raise InputError(
                f"The dates of {relation.name} are written in two ways, by file: {by_file[0]} as {date_format}, e.g."
                f" '{example}', and {by_file[1]} as {other}, e.g. '{other_example}'. {APART}"
            )
        raise InputError(
            f"The dates of {relation.name} are written in two ways: {rows} rows as {date_format}, e.g. '{example}', and"
            f" {other_rows} as {other}, e.g. '{other_example}'. A spreadsheet may have turned day and month of some."
            f" Write them alike, or reject those of another way with --vars '{{date_format: {date_format}}}'."
        )


def _files_by_way(
    connection: duckdb.DuckDBPyConnection, relation: InputRelation, reader: str, other: str
) -> tuple[str, str] | None:
    """The files that write dates in one way alone and those that write them in another; None where a file has both."""
    files = connection.execute(
        f"""
        select
            file_name,
            coalesce(bool_or({reader} is not null and {other} is null), false),
            coalesce(bool_or({other} is not null and {reader} is null), false)
        from ({written_dates(relation)})
        group by 1
        order by 1
        """
    ).fetchall()
    if any(is_one and is_other for _, is_one, is_other in files):
        return None
    first, second = ([f"'{PurePath(file).name}'" for file, *shown in files if shown[place]] for place in (0, 1))
    return (listed(first, 80), listed(second, 80)) if first and second else None


def future_findings(
    connection: duckdb.DuckDBPyConnection, rows: InputRelation, column: str, today: str
) -> list[Finding]:
    """A warning where rows are dated after today: more of them than slips of the pen, which lie far outside the log.

    Args:
        connection: Where the relation can be read.
        rows: The rows, with their table of dates (see `read_dates`).
        column: The column of that table that holds what is read.
        today: The latest day that has begun anywhere, as YYYY-MM-DD.
    """
    is_later = f"cast({column} as date) > date '{today}'"
    ((count, all_rows, example),) = connection.execute(
        f"select cast(sum(date_rows) filter (where {is_later}) as bigint), cast(sum(date_rows) as bigint),"
        f" max_by(date_text, ({column}, date_text)) filter (where {is_later}) from {rows.dates}"
    ).fetchall()
    if not is_mixed(int(count or 0), int(all_rows or 0)):
        return []
    return [Finding(
        "future_dates", "ordered_at", int(count), str(example),
        "These rows are dated after today. Where years or days are read in another way than they are meant, set"
        " date_format; where they are deliveries to come, export the days of the orders.",
    )]  # fmt: skip


def is_mixed(rows: int, all_rows: int) -> bool:
    """Whether so many rows, of all that have a date, in another known way are no slip of the pen."""
    return rows > 1 and rows > MIXED * all_rows


def check_dates_fit(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    date_format: str,
    readers: Mapping[str, str],
    *,
    is_set: bool,
    has_earlier_rows: bool,
) -> None:
    """Raise InputError where a file writes its dates in another way than they are read.

    Args:
        connection: Where the relation can be read.
        relation: The rows to look at.
        date_format: How the build reads dates; one of `readers`.
        readers: For each known way, SQL that reads `date_text` as a timestamp.
        is_set: Whether the setting `date_format` states it.
        has_earlier_rows: Whether earlier builds read rows of this input. Then a file without any readable date is no
            reason to stop: its rows are quarantined.
    """
    as_read = _rows_read(readers[date_format])
    is_other = f"{readers[date_format]} is null and coalesce({', '.join(readers.values())}) is not null"
    other_rows = f"coalesce(sum(date_rows) filter (where {is_other}), 0)"
    mixed = f"or ({other_rows} > 1 and {other_rows} > {MIXED} * sum(date_rows))"
    best = f"greatest({', '.join(_rows_read(sql) for sql in readers.values())})"
    unfit = connection.execute(
        f"""
        with written_dates as ({written_dates(relation)})
        select
            file_name,
            min(date_text) filter (where {readers[date_format]} is null),
            {as_read} = 0
        from written_dates
        where date_text <> ''
        group by 1
        having
            {as_read} < {best} {"" if has_earlier_rows else f"or {as_read} = 0"} {"" if is_set else mixed}
        order by 1
        limit 1
        """
    ).fetchall()
    for file_name, example, is_none_read in unfit:
        raise InputError(
            (f"The setting 'date_format' is {json.dumps(date_format)}" if is_set
             else f"Dates read so far are written as {date_format}")
            + f", but {'no date' if is_none_read else 'not every date'} of '{file_name}' is written so,"
            f" e.g. '{example}'."
            + (f" Set the way that reads it. Where other files are written so: {APART[0].lower()}{APART[1:]}" if is_set
               else f" {APART}")
        )  # fmt: skip


def _rows_read(reader: str) -> str:
    """SQL: how many rows, of dates that are listed once each, a reader parses."""
    return f"coalesce(sum(date_rows) filter (where {reader} is not null), 0)"
