"""Columns of money whose heading names hundredths of a currency: as they are, they would count a hundredfold."""

import re

import duckdb

from shop_toolkit.ingest.errors import InputError, shortened
from shop_toolkit.ingest.headings import MONEY
from shop_toolkit.ingest.money import Readers
from shop_toolkit.ingest.relation import InputRelation

HUNDREDTHS = frozenset((
    "cent", "cents", "minor", "pence", "pennies", "centime", "centimes", "centavo", "centavos", "céntimos", "centesimi",
    "grosz", "grosze", "groszy", "øre", "öre", "ore", "haléř", "haléře", "копейка", "копейки", "копеек", "коп",
))  # fmt: skip


def check_cents(connection: duckdb.DuckDBPyConnection, rows: InputRelation, readers: Readers) -> None:
    """Stop where a column of money is one of hundredths, by its heading and by its numbers, which are all whole.

    Args:
        connection: Where the relation can be read.
        rows: The rows that the build reads.
        readers: How texts become numbers.

    Raises:
        InputError: There is such a column.
    """
    for column in MONEY:
        heading = rows.headings.get(column, "")
        # `priceCents` has two words, and `Percent` one.
        words = re.findall(r"[^\W\d_]+", re.sub(r"([a-zа-я])([A-ZА-Я])", r"\1 \2", heading).lower())
        if column not in rows.columns or HUNDREDTHS.isdisjoint(words):
            continue
        numbers = f"(select {readers.value(rows.columns[column])} as number from {rows.sql})"
        if not connection.execute(f"select 1 from {numbers} where number <> floor(number) limit 1").fetchall():
            raise InputError(
                f"'{shortened(heading, 60)}' of {rows.name} seems to hold hundredths of the currency: its heading says"
                " so, and all its numbers are whole. Divide it by 100 in a view of the warehouse that the setting"
                " 'transactions' names, or give it a heading without that word."
            )
