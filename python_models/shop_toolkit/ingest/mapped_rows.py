"""Rows with our columns by their headings, as the export means them whose headings they are."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from shop_toolkit.ingest.cells import TIME_TEXT
from shop_toolkit.ingest.exports import Export, comparable, export_of
from shop_toolkit.ingest.headings import TIME_OF_DAY
from shop_toolkit.ingest.marks import MARKED, marked_text
from shop_toolkit.ingest.relation import InputRelation, lower_text
from shop_toolkit.quoting import quote_text


def mapped_rows(
    name: str,
    sql: str,
    file_name: str,
    surplus: str = "null",
    swallowed: str = "0",
    *,
    sql_of: Mapping[str, str],
    mapping: Mapping[str, str],
    heading_of: Mapping[str, str],
) -> InputRelation:
    """The rows of `sql` with our columns by their headings, as the export means them whose headings they are."""
    time = heading_of.get(TIME_OF_DAY)
    heading_of = {column: heading for column, heading in heading_of.items() if column != TIME_OF_DAY}
    export = export_of(sql_of)
    columns = {column: sql_of[heading] for column, heading in heading_of.items()}
    columns |= {
        column: marked_text(heading_of[column], column, columns[column]) for column in MARKED if column in columns
    }
    used = set(heading_of.values())
    shown = dict(heading_of)
    continues = "false"
    if export is not None:
        is_meant = {column for column, heading in heading_of.items() if _is_meant(export, column, heading)}
        continues = _continues(export, columns, is_meant)
        columns |= {column: _value(export, column, columns[column]) for column in is_meant}
        if not {"ordered_at", TIME_OF_DAY} & mapping.keys():
            times = (heading for heading in sql_of if comparable(heading) == export.time and heading not in used)
            time = next(times, None)
    if time is not None:
        columns["ordered_at"] = _with_time(columns["ordered_at"], sql_of[time])
        shown["ordered_at"] += f" and {time}"
        used.add(time)
    others = {heading: expression for heading, expression in sql_of.items() if heading not in used}
    return InputRelation(
        name, sql, columns, others, file_name, surplus, swallowed, shown,
        export=None if export is None else export.name, continues=continues,
    )  # fmt: skip


def _is_meant(export: Export, column: str, heading: str) -> bool:
    """Whether our column has the heading that the export means; the setting may name another."""
    return comparable(heading) in export.columns.get(column, "").split("|")


def _continues(export: Export, columns: Mapping[str, str], is_meant: AbstractSet[str]) -> str:
    """SQL that is true where a row is a further line of the order above it."""
    if export.first_line is not None and export.first_line[0] in is_meant:
        column, word = export.first_line
        return f"coalesce({lower_text(columns[column])} <> {quote_text(word)}, false)"
    if export.blanks_below and is_meant >= set(export.blanks_below):
        return " and ".join(f"coalesce({lower_text(columns[column])}, '') = ''" for column in export.blanks_below)
    return "false"


def _value(export: Export, column: str, sql: str) -> str:
    """SQL that yields the text of a column in our words."""
    if pattern := export.patterns.get(column):
        return f"nullif(regexp_extract(cast({sql} as varchar), {quote_text(pattern)}, 1), '')"
    if words := export.words.get(column):
        cases = " ".join(f"when {quote_text(word)} then {quote_text(ours)}" for word, ours in words.items())
        return f"case {lower_text(sql)} {cases} else cast({sql} as varchar) end"
    return sql


def _with_time(date: str, time: str) -> str:
    """SQL that yields date and time of day in one text, where the date is a day and the other text a time of day.

    A spreadsheet may write a day as the first moment of it. The name of its month may be a word.
    """
    date_text, time_text = (f"trim(cast({sql} as varchar))" for sql in (date, time))
    day = f"regexp_replace({date_text}, '[ T]00:00(:00([.]0+)?)?$', '')"
    return (
        f"case when regexp_full_match({day}, '[0-9]+[-/.][0-9]+[-/.][0-9]+|[^:]*([^-0-9:/., ]{{2}}|年)[^:]*')"
        f" and regexp_full_match({time_text}, '{TIME_TEXT}')"
        f" then concat({day}, ' ', {time_text}) else cast({date} as varchar) end"
    )
