"""Times of day: a clock of twelve hours that says neither AM nor PM, and times that stand apart from their days."""

from collections.abc import Mapping
from typing import Any

import duckdb

from shop_toolkit.errors import shortened
from shop_toolkit.ingest.cells import TIME_TEXT, are_times
from shop_toolkit.ingest.exports import comparable
from shop_toolkit.ingest.files import FileDescription, first_cells
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import TIME_OF_DAY, in_quotes, mapping_example
from shop_toolkit.ingest.relation import InputRelation
from shop_toolkit.ingest.relation_of_input import unique_headings
from shop_toolkit.ingest.time_zones import UTC_BY_NAME

# Fewer rows, or days, prove nothing: a shop may be open in the mornings, and a day may be half over.
LEAST_ROWS = 1_000
LEAST_DAYS = 7
# So many hours of the day occur by a clock of twelve, and so large a share of rows is from one to six o'clock: it is
# the afternoon.
LEAST_HOURS = 8
AFTERNOON = 0.1
NAMES_HALF = r"(?i)[0-9] ?[ap][.]? ?m\b"
# Words in headings of times that are none of an order: how long something takes, or when it is to be.
OTHER_TIMES = (
    "length", "duration", "slot", "opening", "closing", "deliver", "pickup", "ship", "arriv", "wait", "dauer", "liefer",
    "abhol", "durée", "duree", "duración", "duracion", "durata", "длительность", "доставк",
)  # fmt: skip
# So large a share of the rows has a time in the other column.
FILLED = 0.5


def clock_findings(connection: duckdb.DuckDBPyConnection, rows: InputRelation, column: str) -> list[Finding]:
    """A warning where times seem to be of a clock of twelve hours, and don't say which half of the day is meant.

    Args:
        connection: Where the relation can be read.
        rows: The rows, with their table of dates (see `read_dates`).
        column: The column of that table that holds what is read.
    """
    timed = f"{rows.dates} where {column} <> date_trunc('day', {column})"
    ((count, days, first_hour, last_hour, hours, afternoon, example),) = connection.execute(
        f"""
        select
            cast(coalesce(sum(date_rows), 0) as bigint),
            count(distinct date_trunc('day', {column})),
            min(hour({column})),
            max(hour({column})),
            count(distinct hour({column})),
            cast(coalesce(sum(date_rows) filter (where hour({column}) between 1 and 5), 0) as bigint),
            max_by(date_text, ({column}, date_text)) filter (where hour({column}) between 1 and 5)
        from {timed}
        """
    ).fetchall()
    if count < LEAST_ROWS or days < LEAST_DAYS or hours < LEAST_HOURS or afternoon < AFTERNOON * count:
        return []
    # By a clock of twelve hours, a day begins at 12:00.
    if first_hour < 1 or last_hour > 12:
        return []
    # Where times are in UTC, there is a warning of that.
    is_clear = " or ".join(
        [f"regexp_matches(date_text, '{NAMES_HALF}')", *(f"suffix(lower(date_text), '{zone}')" for zone in UTC_BY_NAME)]
    )
    ((is_said,),) = connection.execute(f"select bool_or({is_clear}) from {timed}").fetchall()
    if is_said:
        return []
    return [Finding(
        "clock_of_12_hours", "ordered_at", count, str(example),
        "No time is after 12:59, and many are from 1 to 5 o'clock: do they lack AM and PM, or are they of a clock far"
        " from the shop's? Hours, and the order of what happened on one day, may be wrong. Export times of 24 hours.",
    )]  # fmt: skip


def times_left_out(
    connection: duckdb.DuckDBPyConnection,
    rows: InputRelation,
    pending: InputRelation,
    files: Mapping[str, FileDescription | None],
    column_mapping: Mapping[str, Any],
) -> list[Finding]:
    """A warning where days have no time, and another column holds times of day alone.

    Args:
        connection: Where the relations can be read.
        rows: The rows, with their table of dates (see `read_dates`).
        pending: The same rows with all columns.
        files: The files that they are of, with their descriptions; None for a table.
        column_mapping: The setting of that name, which may name the column of times.
    """
    if TIME_OF_DAY in column_mapping:
        return []
    filled = f"select 1 from {rows.dates} where date_text <> ''"
    has_time = r"contains(date_text, ':') and not regexp_matches(date_text, '[ T]00:00(:00([.]0+)?)?$')"
    days, times = (connection.execute(f"{query} limit 1").fetchall() for query in (filled, f"{filled} and {has_time}"))
    if times or not days:
        return []
    of_times = {heading for name, file in files.items() if file is not None for heading in _of_times(name, file)}
    for part in pending.parts or [pending]:
        for heading in part.others:
            if heading in of_times and not any(word in comparable(heading) for word in OTHER_TIMES):
                return _left_out(connection, part, heading, column_mapping)
    return []


def _of_times(name: str, file: FileDescription) -> list[str]:
    """Headings of a file's columns whose first cells are times, as far as they can be looked at."""
    names = unique_headings(file.headings)
    if file.kind == "parquet":
        return [heading for heading, kind in zip(names, file.types, strict=True) if kind == "TIME"]
    return [heading for heading, cells in first_cells(name, file, names).items() if are_times(cells)]


def _left_out(
    connection: duckdb.DuckDBPyConnection, part: InputRelation, heading: str, column_mapping: Mapping[str, Any]
) -> list[Finding]:
    """The warning of a column whose first cells are times, if all others are, too."""
    text = f"trim(cast({part.others[heading]} as varchar))"
    ((count, filled, times, example),) = connection.execute(
        f"""
        select
            count(*),
            count(*) filter (where {text} <> ''),
            count(*) filter (where regexp_full_match({text}, '{TIME_TEXT}')),
            min({text}) filter (where {text} <> '')
        from {part.sql}
        """
    ).fetchall()
    if times < filled or filled < FILLED * count:
        return []
    mapping = mapping_example(column_mapping, in_quotes({TIME_OF_DAY: heading}))
    return [Finding(
        "times_left_out", "ordered_at", int(times), f"{heading}: {example}",
        f"Dates have no time, and '{shortened(heading, 60)}' has one, so nothing shows what came first on a day. If it"
        f" is that of the order, add --vars '{mapping}'.",
    )]  # fmt: skip
