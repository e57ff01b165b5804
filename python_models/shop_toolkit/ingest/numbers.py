"""How the input writes decimals: what a setting states, what earlier rows used, or what all its numbers show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from shop_toolkit.ingest.files import InputError
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.relation import NUMBER_COLUMNS, InputRelation

# A slip of the pen: so few numbers that are written in the other way leave no doubt of the rest.
SLIP = 0.01
NAMES = {".": "point", ",": "comma"}


@dataclass(frozen=True)
class WrittenNumbers:
    """What the texts of one column of numbers show in one file.

    Attributes:
        file_name: The file, or the table.
        column: Our name of the column.
        with_point: How many numbers can only be read with a decimal point, as 1,234.50 or 3.5.
        with_comma: How many numbers can only be read with a decimal comma, as 1.234,50 or 0,850.
        ambiguous: How many numbers can be read in both ways, as 1,250.
        example: One of the numbers that can be read in both ways.
        signs: How many rows name each currency, by its code.
    """

    file_name: str
    column: str
    with_point: int
    with_comma: int
    ambiguous: int
    example: str | None
    signs: Mapping[str, int]


def written_numbers(
    connection: duckdb.DuckDBPyConnection, relation: InputRelation, readers: Mapping[str, str], currency_reader: str
) -> list[WrittenNumbers]:
    """Look at all texts in the columns of numbers; typed columns show nothing and need nothing.

    Args:
        connection: Where the relation can be read.
        relation: The rows to look at.
        readers: For the decimal separators '.' and ',', SQL that reads `number_text` with it, null where it can't.
        currency_reader: SQL that yields the code of the currency in `number_text`, an empty text where there is none.

    Returns:
        One item for each file and column that has texts other than whole numbers.
    """
    columns = {column: relation.columns[column] for column in NUMBER_COLUMNS if column in relation.columns}
    # One scan for all columns. Whole numbers and plain texts of digits show nothing.
    texts = ", ".join(
        f"{{'column_name': '{column}',"
        f" 'number_text': case when typeof({sql}) = 'VARCHAR' then trim(cast({sql} as varchar)) end}}"
        for column, sql in columns.items()
    )
    rows = connection.execute(
        f"""
        with cells as (
            select cast({relation.file_name} as varchar) as file_name, unnest([{texts}]) as cell
            from {relation.sql}
        ),
        texts as (
            select file_name, cell.column_name, cell.number_text, count(*) as row_count
            from cells
            where cell.number_text is not null
            group by all
        ),
        readings as (
            select
                *,
                {readers["."]} as with_point,
                {readers[","]} as with_comma,
                {currency_reader} as sign
            from texts
            where not regexp_full_match(number_text, '[+-]?[0-9]*')
        ),
        counts as (
            select
                file_name,
                column_name,
                coalesce(sum(row_count) filter (where with_comma is null and with_point is not null), 0) as points,
                coalesce(sum(row_count) filter (where with_point is null and with_comma is not null), 0) as commas,
                coalesce(sum(row_count) filter (where with_point <> with_comma), 0) as ambiguous,
                min(number_text) filter (where with_point <> with_comma) as example
            from readings
            group by 1, 2
        ),
        sign_counts as (
            select file_name, column_name, map_from_entries(list((sign, row_count) order by sign)) as signs
            from (
                select file_name, column_name, sign, cast(sum(row_count) as bigint) as row_count
                from readings
                -- Words may begin as a code does: 'all inclusive' is no price in lek.
                where sign <> '' and (with_point is not null or with_comma is not null)
                group by 1, 2, 3
            )
            group by 1, 2
        )
        select
            counts.file_name,
            counts.column_name,
            cast(counts.points as bigint),
            cast(counts.commas as bigint),
            cast(counts.ambiguous as bigint),
            counts.example,
            sign_counts.signs
        from counts
        left join sign_counts
            on
                counts.file_name = sign_counts.file_name
                and counts.column_name = sign_counts.column_name
        order by counts.file_name, list_position({list(columns)}, counts.column_name)
        """
    ).fetchall()
    return [
        WrittenNumbers(file_name, column, points, commas, ambiguous, example, signs or {})
        for file_name, column, points, commas, ambiguous, example, signs in rows
    ]


def resolve_separator(
    numbers: Sequence[WrittenNumbers], input_name: str, *, configured: str | None, earlier: str | None
) -> str | None:
    """Find out which decimal separator the numbers have.

    A program writes the numbers of an export in one way, so what one column shows holds for the others, and what some
    files show for those that show nothing. A file that shows the opposite is another export: it stops the build.
    Numbers that are written in another way than their file are rejected, row by row.

    Args:
        numbers: What the columns of the files show.
        input_name: How sentences call the input.
        configured: The setting `decimal_separator`.
        earlier: What earlier rows of the input showed.

    Returns:
        '.' or ','; None where nothing shows it and nothing depends on it.

    Raises:
        InputError: Nothing shows it and numbers could be read in two ways; or files, columns or earlier rows contradict
            one another.
    """
    if configured is not None:
        return configured
    proofs = _proofs(numbers)
    separator = earlier or (max(proofs, key=lambda sign: proofs[sign]) if any(proofs.values()) else None)
    if separator is None:
        doubtful = next((column for column in numbers if column.ambiguous), None)
        if doubtful is not None:
            raise _question(input_name, doubtful, "nothing shows which")
        return None
    by_file: dict[str, list[WrittenNumbers]] = {}
    for column in numbers:
        by_file.setdefault(column.file_name, []).append(column)
    for file_name, columns in sorted(by_file.items()):
        name = input_name if len(by_file) == 1 else f"'{file_name}'"
        _check_file(columns, name, separator, "read so far" if earlier else "of other files")
    return separator


def _check_file(numbers: Sequence[WrittenNumbers], name: str, separator: str, others: str) -> None:
    """Raise InputError where the columns of one file show the other separator."""
    proofs = _proofs(numbers)
    other = "," if separator == "." else "."
    if proofs[other] > proofs[separator]:
        raise InputError(
            f"Numbers {others} have a decimal {NAMES[separator]}, but most of {name} have a decimal {NAMES[other]}."
            " Write them alike, or read this input by itself."
        )
    doubtful = next((column for column in numbers if column.ambiguous), None)
    if doubtful is not None and proofs[other] > SLIP * sum(proofs.values()):
        raise _question(name, doubtful, "other numbers show both")
    # What the file shows holds for a column that shows nothing itself: one that contradicts it, in however few rows, is
    # no such column.
    for column in numbers:
        own = _proofs([column])
        if column.ambiguous and own[other] > SLIP * sum(own.values()):
            raise _question(name, column, f"others there have a decimal {NAMES[other]}, unlike the other columns")


def _proofs(numbers: Sequence[WrittenNumbers]) -> dict[str, int]:
    """For each separator, how many numbers can only be read with it."""
    return {".": sum(column.with_point for column in numbers), ",": sum(column.with_comma for column in numbers)}


def _of_all_files(numbers: Sequence[WrittenNumbers]) -> list[WrittenNumbers]:
    """What each column shows in all files together."""
    return [
        WrittenNumbers(
            "",
            name,
            sum(column.with_point for column in columns),
            sum(column.with_comma for column in columns),
            sum(column.ambiguous for column in columns),
            min((column.example for column in columns if column.example is not None), default=None),
            {sign: sum(column.signs.get(sign, 0) for column in columns) for column in columns for sign in column.signs},
        )
        for name in dict.fromkeys(column.column for column in numbers)
        for columns in [[column for column in numbers if column.column == name]]
    ]


def _question(input_name: str, column: WrittenNumbers, reason: str) -> InputError:
    return InputError(
        f"Numbers of {input_name} could have a decimal point or a decimal comma, e.g. '{column.example}' in"
        f' {column.column}, and {reason}. Say which with --vars \'{{decimal_separator: ","}}\' (or ".").'
    )


def number_findings(numbers: Sequence[WrittenNumbers], separator: str | None, *, is_set: bool = False) -> list[Finding]:
    """What the numbers leave in doubt, once their decimal separator is known.

    Args:
        numbers: What the columns of the files show.
        separator: The decimal separator; None where nothing depends on it.
        is_set: Whether the setting `decimal_separator` states it.
    """
    findings = []
    for column in _of_all_files(numbers):
        others = column.with_comma if separator == "." else column.with_point if separator == "," else 0
        if others:
            findings.append(Finding(
                "other_decimal_separator", column.column, others, "",
                f"Numbers have a decimal {NAMES[separator or '.']}; these are written otherwise and are rejected."
                " Write them alike.",
            ))  # fmt: skip
        if column.ambiguous and separator is not None and not is_set and not any(_proofs([column]).values()):
            findings.append(Finding(
                "numbers_read_as_others", column.column, column.ambiguous, column.example or "",
                f"Numbers elsewhere have a decimal {NAMES[separator]}, so the other sign groups thousands here."
                " If that is right, set decimal_separator.",
            ))  # fmt: skip
    return findings
