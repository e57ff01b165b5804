"""Decimal commas that were read as delimiters: cents stand in the next column, and the last one, unnamed, is filled.

Where a row has as many fields as there are headings, because one of these is blank, nothing else shows it.
"""

import re
from collections.abc import Sequence

import duckdb

from shop_toolkit.errors import InputError, shortened
from shop_toolkit.ingest.headings import MONEY
from shop_toolkit.ingest.relation import InputRelation

# What a column without a heading is called.
UNNAMED = re.compile(r"\(column [0-9]+\)")
FIELD = re.compile(r"field_([0-9]+)")
# More than so many of all rows with a price look so: whole prices may be written without decimals.
MOST = 0.5


def check_commas(connection: duckdb.DuckDBPyConnection, forms: Sequence[InputRelation]) -> None:
    """Stop where prices seem to have lost their cents to the next column.

    Args:
        connection: Where the relations can be read.
        forms: The rows that the build reads, those of each form apart.

    Raises:
        InputError: Wherever the last column, which has no heading, is filled, a whole price has two digits behind it.
    """
    for rows in forms:
        last = FIELD.fullmatch(rows.surplus)
        width = int(last[1]) - 1 if last else 0
        is_unnamed = any(sql == f"field_{width}" and UNNAMED.fullmatch(name) for name, sql in rows.others.items())
        for column in (column for column in MONEY if is_unnamed and column in rows.columns):
            if place := FIELD.fullmatch(rows.columns[column]):
                _check_column(connection, rows, rows.headings[column], int(place[1]), width)


def _check_column(
    connection: duckdb.DuckDBPyConnection, rows: InputRelation, heading: str, place: int, width: int
) -> None:
    """Raise InputError where the column at a place and the one behind it seem to be one number."""
    price, cents, last = (f"coalesce(trim(field_{number}), '')" for number in (place, place + 1, width))
    is_whole = f"regexp_full_match({price}, '[+-]?[0-9]+([. ][0-9]{{3}})*')"
    is_apart = f"{is_whole} and regexp_full_match({cents}, '[0-9]{{2}}')"
    ((priced, filled, apart, example),) = connection.execute(
        f"""
        select
            count(*) filter (where {price} <> ''),
            count(*) filter (where {last} <> ''),
            count(*) filter (where {last} <> '' and {is_apart}),
            min(concat({price}, ',', {cents})) filter (where {last} <> '' and {is_apart})
        from {rows.sql}
        """
    ).fetchall()
    if apart == filled and apart > MOST * priced:
        raise InputError(
            f"Prices of {rows.name} seem to have lost their cents to the next column: in {apart} of {priced} rows"
            f" '{shortened(heading, 60)}' is whole, two digits follow it, as in {example}, and the last column, which"
            " has no heading, is filled. If these are decimal commas, export the file with quotes around numbers or"
            " with another delimiter; else give the last column a heading."
        )
