"""Whether most rows can be read: where most can't, the input is misread, and cleaning would leave but a rest."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from shop_toolkit.ingest.errors import shortened
from shop_toolkit.ingest.files import InputError
from shop_toolkit.ingest.relation import NUMBER_COLUMNS, InputRelation

# A file or a month of fewer rows may well be wrong as a whole: that is no reason to stop the others.
FEW = 20


def check_readable(
    connection: duckdb.DuckDBPyConnection,
    pending: InputRelation,
    date_reader: str,
    number_reader: str,
    max_share: float,
    *,
    has_earlier_rows: bool,
) -> None:
    """Stop where most rows of the input, of a file or of a month have a date or a number that can't be read.

    An empty field can't be read either, unless the whole row is empty, or a status may say why: a cancelled order
    often lacks its price.

    Args:
        connection: Where the relation can be read.
        pending: The rows that the build reads.
        date_reader: SQL that reads `date_text` as a timestamp.
        number_reader: SQL that reads `number_text` as a number.
        max_share: The setting `max_unreadable_share`.
        has_earlier_rows: Whether earlier builds read rows of this input. Then a few rows that can't be read are no
            reason to stop, even where they are all that is new.

    Raises:
        InputError: More than this share of the rows can't be read.
    """
    readers = {"ordered_at": date_reader.replace("date_text", "ordered_at")}
    readers |= {
        column: number_reader.replace("number_text", column) for column in NUMBER_COLUMNS if column in pending.columns
    }
    rows = connection.execute(_query(pending, readers)).fetchall()
    total, unreadable = (sum(row[position] for row in rows) for position in (2, 3))
    if unreadable > max_share * total and (unreadable >= FEW or (unreadable == total and not has_earlier_rows)):
        raise _sentence(f"{unreadable} of {total} rows of {pending.name}", pending, list(readers), rows)
    for position, name in ((0, "'{}'"), (1, "{} in " + pending.name)):
        parts: dict[str, list[Any]] = {}
        for row in rows:
            if row[position] is not None:
                parts.setdefault(row[position], []).append(row)
        for part, part_rows in sorted(parts.items(), key=lambda item: item[0]):
            total, unreadable = (sum(row[number] for row in part_rows) for number in (2, 3))
            if unreadable > max_share * total and unreadable >= FEW:
                what = f"{unreadable} of {total} rows of {name.format(shortened(part, 100))}"
                raise _sentence(what, pending, list(readers), part_rows)


def _query(pending: InputRelation, readers: Mapping[str, str]) -> str:
    """One row per file and month: its rows, those that can't be read, and for each column how many and an example."""
    texts = ", ".join(f"trim(cast({pending.columns[column]} as varchar)) as {column}" for column in readers)
    numbers = [column for column in readers if column != "ordered_at"]
    may_be_empty = bool(pending.columns.keys() & {"order_status", "transaction_type"})
    is_filled = {column: f"{column} <> ''" if may_be_empty else "true" for column in readers}
    wrong = {column: f"{is_filled[column]} and {readers[column]} is null" for column in readers}
    flags = ", ".join(f"coalesce({wrong[column]}, false) as is_wrong_{column}" for column in numbers)
    any_number = " or ".join(f"is_wrong_{column}" for column in numbers)
    counts = ", ".join(
        f"coalesce(sum(row_count) filter (where is_wrong_{column}), 0), min({column}) filter (where is_wrong_{column})"
        for column in readers
    )
    examples = ", ".join(f"{column}, is_wrong_{column}" for column in numbers)
    return f"""
        with texts as (
            select cast({pending.file_name} as varchar) as file_name, {texts}
            from {pending.sql}
        ),
        checked as (
            select file_name, ordered_at, {", ".join(numbers)}, {flags}
            from texts
            where concat(ordered_at, {", ".join(numbers)}) <> ''
        ),
        -- Dates repeat, and few numbers are wrong: each date is parsed once.
        counted as (
            select
                file_name,
                ordered_at,
                {
        ", ".join(f"is_wrong_{column}, case when is_wrong_{column} then {column} end as {column}" for column in numbers)
    },
                count(*) as row_count
            from checked
            group by all
        ),
        dated as (
            select
                file_name,
                strftime({readers["ordered_at"]}, '%Y-%m') as month,
                ordered_at,
                coalesce({wrong["ordered_at"]}, false) as is_wrong_ordered_at,
                {examples},
                row_count
            from counted
        )
        select
            file_name,
            month,
            cast(sum(row_count) as bigint),
            cast(coalesce(sum(row_count) filter (where is_wrong_ordered_at or {any_number}), 0) as bigint),
            {counts}
        from dated
        group by 1, 2
        order by 1, 2
    """


def _sentence(
    what: str, pending: InputRelation, columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> InputError:
    counts = {column: sum(int(str(row[4 + 2 * place])) for row in rows) for place, column in enumerate(columns)}
    column = max(counts, key=lambda name: counts[name])
    place = columns.index(column)
    texts = [str(row[5 + 2 * place]) for row in rows if row[5 + 2 * place] is not None]
    example = f"e.g. '{shortened(min(texts), 40)}'" if any(texts) else "which is empty"
    hint = "decimal_separator" if column in NUMBER_COLUMNS else "date_format"
    return InputError(
        f"{what} can't be read: most often {column} ('{shortened(pending.headings.get(column, column), 60)}'),"
        f" {example}. Look at the settings column_mapping and {hint}, or accept that these rows are rejected with"
        " --vars '{max_unreadable_share: 1}'."
    )
