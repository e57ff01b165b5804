"""Whether most rows can be read: where most can't, the input is misread, and cleaning would leave but a rest."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from shop_toolkit.errors import shortened
from shop_toolkit.ingest.files import InputError
from shop_toolkit.ingest.relation import NUMBER_COLUMNS, InputRelation
from shop_toolkit.ingest.unknown_dates import seeming

# A file or a month of fewer rows may well be wrong as a whole: that is no reason to stop the others.
FEW = 20
# A unit or the side of an account behind a number: `3 pcs`, `8.50/kg`, `12.00 CR`.
BEHIND_NUMBER = re.compile(r"[-+]?[0-9][0-9.,' ]*?\s*(/?\s*[^\W\d_]\D{0,11})")


def check_readable(
    connection: duckdb.DuckDBPyConnection,
    pending: InputRelation,
    rows: InputRelation,
    date_column: str,
    number_reader: str,
    max_share: float,
    *,
    has_earlier_rows: bool,
) -> None:
    """Stop where most rows of the input, of a file or of a month have a date or a number that can't be read.

    So has a row of more fields than there are headings: which of its fields is which, nobody knows. An empty field
    can't be read either, unless the whole row is empty, or a status may say why: a cancelled order often lacks its
    price.

    Args:
        connection: Where the relation can be read.
        pending: The rows that the build reads.
        rows: The same rows, as far as they are looked at here, with their table of dates.
        date_column: The column of that table that holds what is read (see `read_dates`).
        number_reader: SQL that reads `number_text` as a number.
        max_share: The setting `max_unreadable_share`.
        has_earlier_rows: Whether earlier builds read rows of this input. Then a few rows that can't be read are no
            reason to stop, even where they are all that is new.

    Raises:
        InputError: More than this share of the rows can't be read, or no row has both a customer and a date.
    """
    if not has_earlier_rows:
        _check_customers(connection, rows, pending)
    readers = {
        column: number_reader.replace("number_text", column) for column in NUMBER_COLUMNS if column in pending.columns
    }
    # Nearly every input is read as it is: only where so many rows could be unreadable they are looked at closely.
    quick = connection.execute(_quick_query(rows, list(readers), date_column)).fetchall()
    if _most_unreadable(quick, max_share, has_earlier_rows):
        may_be_empty = bool(pending.columns.keys() & {"order_status", "transaction_type"})
        counts = connection.execute(_query(rows, readers, date_column, may_be_empty)).fetchall()
        for position, part, part_rows in _most_unreadable(counts, max_share, has_earlier_rows):
            total, unreadable = _counts(part_rows)
            places = {None: pending.name, 0: f"'{shortened(part, 100)}'", 1: f"{part} in {pending.name}"}
            place = places[position]
            columns = ["ordered_at", *readers]
            surplus = sum(row[4] for row in part_rows)
            if surplus > unreadable / 2:
                raise InputError(
                    f"{surplus} of {total} rows of {place} have more fields than there are headings, so nobody knows"
                    " which is which. Where commas stand within numbers or texts, export the file with quotes around"
                    " them, or with another delimiter; where a heading is missing, add it to the first line; or accept"
                    " that these rows are rejected with --vars '{max_unreadable_share: 1}'."
                )
            raise _sentence(f"{unreadable} of {total} rows of {place}", pending, columns, part_rows)


def _check_customers(connection: duckdb.DuckDBPyConnection, rows: InputRelation, pending: InputRelation) -> None:
    """Stop where customers stand above their lines, as in reports for people. Nearly every first row shows others."""
    customer, day = (
        f"trim(coalesce(cast({rows.columns[name]} as varchar), ''))" for name in ("customer_id", "ordered_at")
    )
    ((has_both, is_apart),) = connection.execute(
        f"""
        select
            exists(select 1 from {rows.sql} where {customer} <> '' and {day} <> ''),
            exists(select 1 from {rows.sql} where {customer} <> '' and {day} = '')
            and exists(select 1 from {rows.sql} where {customer} = '' and {day} <> '')
        """
    ).fetchall()
    if is_apart and not has_both:
        name, date = (shortened(pending.headings.get(column, column), 60) for column in ("customer_id", "ordered_at"))
        raise InputError(
            f"No row of {pending.name} has both a customer ('{name}') and a date ('{date}'): customers seem to stand on"
            " rows of their own, above their lines, as in a report that is grouped by customer. Export a list with the"
            " customer in each row, or name another column in the setting 'column_mapping'."
        )


_Rows = Sequence[Sequence[Any]]


def _most_unreadable(rows: _Rows, max_share: float, has_earlier_rows: bool) -> list[tuple[int | None, str, _Rows]]:
    """Parts of the input of which too much can't be read.

    Args:
        rows: The counts of each file and month: file, month, rows, rows that can't be read.
        max_share: The setting `max_unreadable_share`.
        has_earlier_rows: Whether earlier builds read rows of this input.

    Returns:
        For all rows (None), files (0) and months (1): which it is, and its rows.
    """
    total, unreadable = _counts(rows)
    found: list[tuple[int | None, str, _Rows]] = []
    if unreadable > max_share * total and (unreadable >= FEW or (unreadable == total and not has_earlier_rows)):
        found.append((None, "", rows))
    for position in (0, 1):
        parts: dict[str, list[Sequence[Any]]] = {}
        for row in rows:
            if row[position] is not None:
                parts.setdefault(row[position], []).append(row)
        for part, part_rows in sorted(parts.items(), key=lambda item: item[0]):
            total, unreadable = _counts(part_rows)
            if unreadable > max_share * total and unreadable >= FEW:
                found.append((position, part, part_rows))
    return found


def _counts(rows: _Rows) -> tuple[int, int]:
    return sum(row[2] for row in rows), sum(row[3] for row in rows)


def _texts(rows: InputRelation, columns: Sequence[str]) -> str:
    return ", ".join(f"trim(cast({rows.columns[column]} as varchar)) as {column}" for column in columns)


def _dated(rows: InputRelation, date_column: str) -> str:
    """A query of `counted` with `parsed_date`: what its dates were read as before."""
    return f"""
        select counted.*, dates.{date_column} as parsed_date
        from counted
        left join {rows.dates} as dates
            on counted.file_name is not distinct from dates.file_name
            and counted.ordered_at = dates.date_text
    """


def _quick_query(rows: InputRelation, numbers: Sequence[str], date_column: str) -> str:
    """As `_query`, but a number counts as unreadable where it is no plain one: at least as many rows as there are."""
    doubtful = " or ".join(
        f"case when typeof({sql}) = 'VARCHAR' then try_cast(trim(cast({sql} as varchar)) as decimal(18, 4))"
        f" else try_cast({sql} as decimal(18, 4)) end is null"
        for sql in (rows.columns[column] for column in numbers)
    )
    return f"""
        -- Dates repeat, and those that have a type take longer to write than to count.
        with values_of_dates as (
            select
                {rows.file_name} as file_name,
                {rows.columns["ordered_at"]} as date_value,
                count(*) as row_count,
                count(*) filter (where {rows.surplus} is not null or {doubtful}) as doubtful_rows
            from {rows.sql}
            group by 1, 2
        ),
        counted as (
            select
                cast(file_name as varchar) as file_name,
                trim(cast(date_value as varchar)) as ordered_at,
                row_count,
                doubtful_rows
            from values_of_dates
        ),
        dated as ({_dated(rows, date_column)})
        select
            file_name,
            strftime(parsed_date, '%Y-%m'),
            cast(sum(row_count) as bigint),
            cast(sum(case when parsed_date is null then row_count else doubtful_rows end) as bigint)
        from dated
        group by 1, 2
    """


def _query(rows: InputRelation, readers: Mapping[str, str], date_column: str, may_be_empty: bool) -> str:
    """One row per file and month: its rows, those that can't be read, and those of too many fields.

    Behind these, for each column how many can't be read, and an example.
    """
    numbers = list(readers)
    whole_row = ", ".join(f"trim(cast({sql} as varchar))" for sql in rows.columns.values())
    is_filled = {column: f"{column} <> ''" if may_be_empty else "true" for column in ("ordered_at", *numbers)}
    flags = ", ".join(
        f"coalesce({is_filled[column]} and {reader} is null, false) as is_wrong_{column}"
        for column, reader in readers.items()
    )
    is_wrong = " or ".join(["has_surplus", *(f"is_wrong_{column}" for column in ("ordered_at", *numbers))])
    counts = ", ".join(
        f"coalesce(sum(row_count) filter (where is_wrong_{column}), 0), min({column}) filter (where is_wrong_{column})"
        for column in ("ordered_at", *numbers)
    )
    wrong_texts = ", ".join(
        f"is_wrong_{column}, case when is_wrong_{column} then {column} end as {column}" for column in numbers
    )
    return f"""
        with texts as (
            select
                cast({rows.file_name} as varchar) as file_name,
                {rows.continues} as continues_order,
                {rows.surplus} is not null as has_surplus,
                {_texts(rows, ["ordered_at", *numbers])}
            from {rows.sql}
            where concat({whole_row}) <> ''
        ),
        checked as (
            select file_name, continues_order, has_surplus, ordered_at, {", ".join(numbers)}, {flags}
            from texts
        ),
        -- Dates repeat, and few numbers are wrong.
        counted as (
            select file_name, continues_order, has_surplus, ordered_at, {wrong_texts}, count(*) as row_count
            from checked
            group by all
        ),
        parsed as ({_dated(rows, date_column)}),
        dated as (
            select
                *,
                -- A further line of an order has the date of the first one.
                coalesce(
                    (ordered_at <> '' or not continues_order) and {is_filled["ordered_at"]} and parsed_date is null,
                    false
                ) as is_wrong_ordered_at
            from parsed
        )
        select
            file_name,
            strftime(parsed_date, '%Y-%m') as month,
            cast(sum(row_count) as bigint),
            cast(coalesce(sum(row_count) filter (where {is_wrong}), 0) as bigint),
            cast(coalesce(sum(row_count) filter (where has_surplus), 0) as bigint),
            {counts}
        from dated
        group by 1, 2
        order by 1, 2
    """


def _sentence(
    what: str, pending: InputRelation, columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> InputError:
    counts = {column: sum(int(str(row[5 + 2 * place])) for row in rows) for place, column in enumerate(columns)}
    column = max(counts, key=lambda name: counts[name])
    place = columns.index(column)
    texts = [str(row[6 + 2 * place]) for row in rows if row[6 + 2 * place] is not None]
    example = f"e.g. '{shortened(min(texts), 40)}'" if any(texts) else "which is empty"
    hint = "decimal_separator" if column in NUMBER_COLUMNS else "date_format"
    advice = seeming(min(texts)) if texts and column == "ordered_at" else ""
    if column in NUMBER_COLUMNS and texts and (behind := BEHIND_NUMBER.fullmatch(min(texts))):
        advice = (
            f"If '{shortened(behind[1], 20)}' is a unit or a sign, write numbers alone in the export or by a view, with"
            " a minus for what is given back"
        )
    advice = advice.rstrip(".") if advice else f"Look at the settings column_mapping and {hint}"
    return InputError(
        f"{what} can't be read: most often {column} ('{shortened(pending.headings.get(column, column), 60)}'),"
        f" {example}. {advice}, or accept that these rows are rejected with --vars '{{max_unreadable_share: 1}}'."
    )
