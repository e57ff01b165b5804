"""Columns of money whose heading names hundredths of a currency: as they are, they would count a hundredfold."""

import re
from collections.abc import Sequence

import duckdb

from shop_toolkit.errors import InputError, shortened
from shop_toolkit.ingest.headings import MONEY
from shop_toolkit.ingest.money import Readers
from shop_toolkit.ingest.relation import InputRelation

HUNDREDTHS = frozenset((
    "cent", "cents", "minor", "pence", "pennies", "centime", "centimes", "centavo", "centavos", "céntimos", "centesimi",
    "céntimo", "centimos", "penny", "pfennig", "grosz", "grosze", "groszy", "øre", "öre", "ore", "haléř", "haléře",
    "haléřů", "копейка", "копейки", "копеек", "коп",
))  # fmt: skip
# A number that is written with two decimals is of whole units, even if these are zeros.
TWO_DECIMALS = r"[.,][0-9]{2}\D*$"


def check_cents(connection: duckdb.DuckDBPyConnection, forms: Sequence[InputRelation], readers: Readers) -> None:
    """Stop where a column of money is one of hundredths, by its heading and by its numbers, which are all whole.

    Args:
        connection: Where the relations can be read.
        forms: The rows of a first build, those of each form apart: a few later ones may well be of whole prices.
        readers: How texts become numbers.

    Raises:
        InputError: There is such a column.
    """
    for rows in forms:
        _check_form(connection, rows, readers)


def _check_form(connection: duckdb.DuckDBPyConnection, rows: InputRelation, readers: Readers) -> None:
    for column in MONEY:
        heading = rows.headings.get(column, "")
        # `priceCents` has two words, and `Percent` one.
        words = re.findall(r"[^\W\d_]+", re.sub(r"([a-zа-я])([A-ZА-Я])", r"\1 \2", heading).lower())
        if column not in rows.columns or HUNDREDTHS.isdisjoint(words):
            continue
        text, number = (read(rows.columns[column]) for read in (readers.text, readers.value))
        is_whole = f"number = floor(number) and not regexp_matches(written, '{TWO_DECIMALS}')"
        ((all_whole,),) = connection.execute(
            f"select bool_and({is_whole}) from (select {text} as written, {number} as number from {rows.sql})"
        ).fetchall()
        if all_whole:
            raise InputError(
                f"'{shortened(heading, 60)}' of {rows.name} seems to hold hundredths of the currency: its heading says"
                " so, and all its numbers are whole. Divide it by 100 in a view of the warehouse that the setting"
                " 'transactions' names, or give it a heading without that word."
            )
