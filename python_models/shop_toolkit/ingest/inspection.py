"""Report how a build would read the input, and why, without building anything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import PurePath
from textwrap import wrap

import duckdb

from shop_toolkit.errors import InputError, listed
from shop_toolkit.ingest.checked_rows import CheckedRows
from shop_toolkit.ingest.customers import WARNED_ORDERS, is_one_per_order
from shop_toolkit.ingest.dates import OPEN_WAYS, YEAR_FIRST_READER
from shop_toolkit.ingest.files import FileDescription
from shop_toolkit.ingest.missing import missing_words
from shop_toolkit.ingest.numbers import NAMES, WrittenNumbers, written_numbers
from shop_toolkit.ingest.plan import Plan, planned_input
from shop_toolkit.ingest.relation import NUMBER_COLUMNS, InputRelation, quote_name
from shop_toolkit.ingest.request import Request

IDENTIFIERS = ("invoice_id", "product_id", "customer_id")
SHOWN_ROWS = 5
SHOWN_FILES = 10
WIDEST_CELL = 24
LINE_WIDTH = 110
LONGEST_LIST = 4_000
ENCODING_REASONS = {
    "utf-8": "every byte fits it",
    "latin-1": "not every byte fits UTF-8",
    "utf-16": "the file begins with its byte order mark",
}
INSPECTED = ("ordered_at", *NUMBER_COLUMNS, *IDENTIFIERS)


@dataclass(frozen=True)
class ColumnState:
    """How many rows of a column hold nothing, and how many hold what can't be read, with one such text."""

    column: str
    empty: int
    unreadable: int
    example: str | None


def inspect_input(connection: duckdb.DuckDBPyConnection, request: Request, identifier_reader: str) -> list[str]:
    """Report how a first build would read the whole input.

    Args:
        connection: Where the input can be read; nothing in it changes.
        request: What a build would ask for.
        identifier_reader: SQL that yields the identifier in `identifier_text`.

    Returns:
        Lines of text.

    Raises:
        InputError: A build would stop with this sentence.
    """
    request = replace(request, is_full_refresh=True, is_refresh=False)
    with planned_input(connection, request) as plan:
        # All rows are pending; where DuckDB can't decode a file, this relation reads its copy.
        plan = replace(plan, relation=plan.pending_relation or plan.relation)
        checked = plan.checked
        if checked is None:
            raise InputError(f"{plan.relation.name} holds no row.")
        return list(_lines(connection, request, plan, checked, identifier_reader))


def _lines(
    connection: duckdb.DuckDBPyConnection, request: Request, plan: Plan, checked: CheckedRows, identifier_reader: str
) -> Iterator[str]:
    rows = checked.rows
    counts = dict(connection.execute(f"select {rows.file_name}, count(*) from {rows.sql} group by 1").fetchall())
    row_count, file_count = sum(counts.values()), len(plan.files)
    place = "" if None in plan.files.values() else f" in {_counted(file_count, 'file')}"
    yield f"{plan.relation.name}: {_counted(row_count, 'row')}{place}."
    yield "Files"
    for name, file in list(plan.files.items())[:SHOWN_FILES]:
        shown = PurePath(name).name if file else name
        yield f"  {shown}: {_counted(counts.get(name, 0), 'row')}; {_form(request, file)}"
    if file_count > SHOWN_FILES:
        yield f"  and {file_count - SHOWN_FILES:,} more"
    yield "Headings"
    yield from _headings(request, plan.relation)
    yield f"Dates: {_dates(connection, request, plan, checked)}"
    yield from plan.lines
    numbers = checked.numbers or written_numbers(connection, rows, request.number_readers, request.currency_reader)
    yield f"Numbers: {_numbers(request, plan, numbers)}"
    yield from (f"Money: {sentence}" for sentence in plan.meaning)
    yield "First rows as they are understood"
    yield from _first_rows(connection, request, plan, identifier_reader)
    yield "Warnings"
    nothing = [] if row_count else ["  no rows: there is nothing but headings."]
    yield from [*nothing, *_warnings(connection, request, plan, checked, identifier_reader)] or ["  none"]


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _form(request: Request, file: FileDescription | None) -> str:
    if file is None:
        return "a table of the warehouse"
    if file.kind != "csv":
        sheets = f"; sheets with other headings, not read: {', '.join(file.other_sheets)}" if file.other_sheets else ""
        return file.kind + sheets
    is_delimiter_set = request.settings["csv_delimiter"] is not None
    delimiter = "set" if is_delimiter_set else "the heading line holds it most often"
    encoding = (
        "set"
        if request.settings["csv_encoding"] is not None
        else ENCODING_REASONS.get(file.encoding or "", "found from its bytes")
    )
    return f"csv, delimiter {file.delimiter!r} ({delimiter}), encoding {file.encoding} ({encoding})"


def _headings(request: Request, relation: InputRelation) -> Iterator[str]:
    width = max(map(len, relation.headings))
    for column, heading in relation.headings.items():
        yield f"  {column:<{width}}  {heading}{' (set)' if column in request.settings['column_mapping'] else ''}"
    if relation.unused:
        yield from wrap(
            f"not used: {listed(relation.unused, LONGEST_LIST)}", LINE_WIDTH,
            initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip


def _dates(connection: duckdb.DuckDBPyConnection, request: Request, plan: Plan, checked: CheckedRows) -> str:
    date_format = plan.formats.date_format
    if date_format is None:
        return "no row has one."
    if request.settings["date_format"] is not None:
        return f"{date_format} (set)."
    columns = checked.date_columns
    others = [f"{column} is null" for order, column in columns.items() if order != date_format]
    # A first part above twelve may be a year of two digits: then the values of all parts decide.
    others += [f"{YEAR_FIRST_READER} is null"] if date_format in OPEN_WAYS else []
    proofs = connection.execute(
        f"""
        select date_text
        from {checked.rows.dates}
        where {columns[date_format]} is not null and {" and ".join(others)}
        order by {columns[date_format]}, date_text
        limit 1
        """
    ).fetchall()
    reason = f"'{proofs[0][0]}' can't be read in another way" if proofs else "it reads most"
    return f"{date_format} ({reason})."


def _numbers(request: Request, plan: Plan, numbers: Sequence[WrittenNumbers]) -> str:
    separator = plan.formats.decimal_separator
    if separator is None:
        return "whole or typed; nothing depends on the decimal separator."
    points, commas = sum(column.with_point for column in numbers), sum(column.with_comma for column in numbers)
    reason = (
        "set"
        if request.settings["decimal_separator"] is not None
        else f"{_counted(points, 'number')} can only have a point, {commas:,} only a comma"
    )
    return f"decimal {NAMES[separator]} ({reason})."


def _first_rows(
    connection: duckdb.DuckDBPyConnection, request: Request, plan: Plan, identifier_reader: str
) -> Iterator[str]:
    columns = list(plan.relation.columns)
    texts = ", ".join(f"cast({sql} as varchar) as {quote_name(name)}" for name, sql in plan.relation.columns.items())
    values = ", ".join(f"cast({_reading(request, plan, column, identifier_reader)} as varchar)" for column in columns)
    query = f"select {values} from (select {texts} from {plan.relation.sql} limit {SHOWN_ROWS}) as texts"
    rows = connection.execute(query).fetchall()
    cells = [columns, *([_shown(column, value) for column, value in zip(columns, row, strict=True)] for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(columns))]
    for row in cells:
        yield "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _shown(column: str, value: str | None) -> str:
    """A value for a reader, without the zeros that a decimal type adds."""
    return _cell(f"{Decimal(value).normalize():f}" if value is not None and column in NUMBER_COLUMNS else value)


def _cell(value: str | None) -> str:
    text = "(none)" if value is None else " ".join(value.split())
    return text if len(text) <= WIDEST_CELL else text[: WIDEST_CELL - 1] + "…"


def _reading(request: Request, plan: Plan, column: str, identifier_reader: str) -> str:
    """SQL that reads a column of the rows `texts` as a build does."""
    text = f"texts.{column}"
    if column == "ordered_at":
        reader = request.readers[plan.formats.date_format or "year-month-day"]
        return f"(select {reader} from (select trim({text}) as date_text))"
    if column in NUMBER_COLUMNS:
        reader = request.number_readers[plan.formats.decimal_separator or "."]
        return f"(select {reader} from (select trim({text}) as number_text))"
    cleaned = f"trim({text})"
    if column in IDENTIFIERS:
        cleaned = f"(select {identifier_reader} from (select {text} as identifier_text))"
    return f"case when lower({cleaned}) not in {missing_words(column)} then {cleaned} end"


def _warnings(
    connection: duckdb.DuckDBPyConnection, request: Request, plan: Plan, checked: CheckedRows, identifier_reader: str
) -> Iterator[str]:
    rows = checked.rows
    for column in (column for column in INSPECTED if column in rows.columns):
        reading = _reading(request, plan, column, identifier_reader)
        state = ColumnState(column, *_state(connection, checked, plan, column, reading))
        if state.empty:
            yield f"  {state.column}: {_counted(state.empty, 'row')} {'holds' if state.empty == 1 else 'hold'} nothing."
        if state.unreadable:
            what = f"{_counted(state.unreadable, 'row')} can't be read, e.g. '{_cell(state.example)}'"
            yield f"  {state.column}: {what}, and will be rejected."
    yield from _customers(connection, rows)
    for finding in plan.findings:
        about = finding.column_name or finding.kind.replace("_", " ")
        count = "" if finding.row_count is None else _counted(finding.row_count, "row")
        yield f"  {about}: {'; '.join(part for part in (count, finding.example) if part)}. {finding.suggestion}"


def _customers(connection: duckdb.DuckDBPyConnection, rows: InputRelation) -> Iterator[str]:
    """A warning where each order has a customer of its own."""
    if "invoice_id" not in rows.columns:
        return
    texts = ", ".join(
        f"trim(cast({rows.columns[name]} as varchar)) as {name}" for name in ("invoice_id", "customer_id")
    )
    # To group rows by both is quicker than to count distinct pairs.
    ((orders, ids, pairs),) = connection.execute(
        f"""
        with pairs as (
            select distinct {texts}
            from {rows.sql}
        )
        select count(distinct invoice_id), count(distinct customer_id), count(*)
        from pairs
        where invoice_id <> '' and customer_id <> ''
        """
    ).fetchall()
    if is_one_per_order(orders, ids, pairs, WARNED_ORDERS):
        yield (
            f"  customer_id: each of {orders:,} orders has another one. If another column identifies people, name"
            " it in the setting 'column_mapping'."
        )


def _state(
    connection: duckdb.DuckDBPyConnection, checked: CheckedRows, plan: Plan, column: str, reading: str
) -> tuple[int, int, str | None]:
    # Any text but a word for "missing" is an identifier.
    nothing = "not is_read" if column in IDENTIFIERS else "coalesce(trim(text), '') = ''"
    rows = checked.rows
    texts = (
        f"select cast({rows.columns[column]} as varchar) as {column}, count(*) as row_count from {rows.sql} group by 1"
    )
    if column == "ordered_at":
        reading = checked.date_column(plan.formats.date_format)
        texts = f"select date_text as ordered_at, date_rows as row_count, {reading} from {rows.dates}"
    ((empty, unreadable, example),) = connection.execute(
        f"""
        with texts as ({texts}),
        readings as (
            select {column} as text, row_count, {reading} is not null as is_read
            from texts
        )
        select
            coalesce(sum(row_count) filter (where {nothing}), 0),
            coalesce(sum(row_count) filter (where not is_read and not ({nothing})), 0),
            min(text) filter (where not is_read and not ({nothing}))
        from readings
        """
    ).fetchall()
    return int(empty), int(unreadable), example
