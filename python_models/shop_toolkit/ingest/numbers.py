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
# Signs that stand for the same currency as a code.
CODES = {"€": "EUR", "£": "GBP", "$": "USD", "US$": "USD", "¥": "JPY", "￥": "JPY", "₽": "RUB", "₹": "INR", "₺": "TRY"}


@dataclass(frozen=True)
class WrittenNumbers:
    """What the texts of one column of numbers show.

    Attributes:
        column: Our name of the column.
        with_point: How many numbers can only be read with a decimal point, as 1,234.50 or 3.5.
        with_comma: How many numbers can only be read with a decimal comma, as 1.234,50 or 0,850.
        ambiguous: How many numbers can be read in both ways, as 1,250.
        example: One of the numbers that can be read in both ways.
        signs: How many rows name each currency, by its sign or code in capitals.
    """

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
        currency_reader: SQL that yields the sign or code of the currency in `number_text`.

    Returns:
        One item for each column of numbers that the input has.
    """
    columns = {column: relation.columns[column] for column in NUMBER_COLUMNS if column in relation.columns}
    texts = "\nunion all\n".join(
        f"""
        select '{column}' as column_name, trim(cast({sql} as varchar)) as number_text, count(*) as row_count
        from {relation.sql}
        -- Whole numbers and plain texts of digits show nothing.
        where
            typeof({sql}) = 'VARCHAR'
            and not regexp_full_match(trim(cast({sql} as varchar)), '[+-]?[0-9]*')
        group by 1, 2
        """
        for column, sql in columns.items()
    )
    rows = connection.execute(
        f"""
        with texts as ({texts}),
        readings as (
            select
                *,
                {readers["."]} as with_point,
                {readers[","]} as with_comma,
                {currency_reader} as sign
            from texts
        )
        select
            column_name,
            sign,
            coalesce(sum(row_count) filter (where with_comma is null and with_point is not null), 0),
            coalesce(sum(row_count) filter (where with_point is null and with_comma is not null), 0),
            coalesce(sum(row_count) filter (where with_point <> with_comma), 0),
            min(number_text) filter (where with_point <> with_comma),
            sum(row_count)
        from readings
        group by 1, 2
        order by 1, 2
        """
    ).fetchall()
    return [_of_column(column, [row for row in rows if row[0] == column]) for column in columns]


def _of_column(column: str, rows: Sequence[tuple[str, str, int, int, int, str | None, int]]) -> WrittenNumbers:
    return WrittenNumbers(
        column,
        with_point=int(sum(row[2] for row in rows)),
        with_comma=int(sum(row[3] for row in rows)),
        ambiguous=int(sum(row[4] for row in rows)),
        example=min((row[5] for row in rows if row[5] is not None), default=None),
        signs={row[1]: int(row[6]) for row in rows if row[1]},
    )


def resolve_separator(
    numbers: Sequence[WrittenNumbers], input_name: str, *, configured: str | None, earlier: str | None
) -> str | None:
    """Find out which decimal separator the numbers have.

    One input writes its numbers in one way, so what one column shows holds for the others. Numbers that are written in
    another way are rejected, row by row.

    Args:
        numbers: What the columns show.
        input_name: How sentences call the input.
        configured: The setting `decimal_separator`.
        earlier: What earlier rows of the input showed.

    Returns:
        '.' or ','; None where nothing shows it and nothing depends on it.

    Raises:
        InputError: Nothing shows it and numbers could be read in two ways; or the columns, or earlier rows, contradict
            one another.
    """
    if configured is not None:
        return configured
    proofs = {".": sum(column.with_point for column in numbers), ",": sum(column.with_comma for column in numbers)}
    shown = max(proofs, key=lambda separator: proofs[separator]) if any(proofs.values()) else None
    doubtful = next((column for column in numbers if column.ambiguous), None)
    separator = earlier or shown
    if separator is None:
        if doubtful is not None:
            raise _question(input_name, doubtful, "nothing shows which")
        return None
    others = proofs["," if separator == "." else "."]
    if others > sum(proofs.values()) / 2:
        raise InputError(
            f"Numbers read so far have a decimal {NAMES[separator]}, but most of {input_name} have a decimal"
            f" {NAMES[shown or separator]}. Write them alike, or read this input by itself."
        )
    if doubtful is not None and others > SLIP * sum(proofs.values()):
        raise _question(input_name, doubtful, "other numbers show both")
    return separator


def _question(input_name: str, column: WrittenNumbers, reason: str) -> InputError:
    return InputError(
        f"Numbers of {input_name} could have a decimal point or a decimal comma, e.g. '{column.example}' in"
        f' {column.column}, and {reason}. Say which with --vars \'{{decimal_separator: ","}}\' (or ".").'
    )


def number_findings(numbers: Sequence[WrittenNumbers], separator: str | None) -> list[Finding]:
    """What the numbers leave in doubt, once their decimal separator is known."""
    findings = []
    for column in numbers:
        others = column.with_comma if separator == "." else column.with_point if separator == "," else 0
        if others:
            findings.append(Finding(
                "other_decimal_separator", column.column, others, "",
                f"Numbers have a decimal {NAMES[separator or '.']}; these are written otherwise and are rejected."
                " Write them alike.",
            ))  # fmt: skip
        if len({CODES.get(sign, sign) for sign in column.signs}) > 1:
            signs = sorted(column.signs, key=lambda sign: (-column.signs[sign], sign))
            findings.append(Finding(
                "several_currencies", column.column, sum(column.signs.values()), ", ".join(signs),
                "Amounts of several currencies are added up as if they were one. Convert them, or leave one in the"
                " input.",
            ))  # fmt: skip
    return findings
