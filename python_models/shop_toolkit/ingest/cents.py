"""Columns of money in hundredths of a currency, by a heading that says so or as Stripe's API has them.

As they are, they would count a hundredfold.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from shop_toolkit.errors import InputError, shortened
from shop_toolkit.ingest.exports import comparable
from shop_toolkit.ingest.headings import COLUMN_ALIASES, MONEY
from shop_toolkit.ingest.money import Readers
from shop_toolkit.ingest.relation import InputRelation

HUNDREDTHS = frozenset((
    "cent", "cents", "minor", "pence", "pennies", "centime", "centimes", "centavo", "centavos", "céntimos", "centesimi",
    "céntimo", "centimos", "penny", "pfennig", "grosz", "grosze", "groszy", "øre", "öre", "ore", "haléř", "haléře",
    "haléřů", "копейка", "копейки", "копеек", "коп",
))  # fmt: skip
# Stripe's API has all money in the smallest unit of its currency, under these headings of charges, payment intents,
# invoices, sessions and their lines. Its dashboard exports amounts with decimals, under `Created (UTC)`.
STRIPE_MONEY = frozenset((
    "amount", "amountcaptured", "amountreceived", "amountpaid", "amountdue", "amounttotal", "amountsubtotal",
    "amountexcludingtax", "unitamount", "unitamountdecimal", "priceunitamount", "planamount", "subtotal", "total",
))  # fmt: skip
STRIPE_HEADINGS = ("currency", "created")
# Of these one beside them is enough, of what other systems may have, too, it takes two.
STRIPE_MARKS = frozenset((
    "amountrefunded", "amountcaptured", "amountcapturable", "amountreceived", "balancetransaction", "latestcharge",
    "livemode", "unitamount", "unitamountdecimal", "priceunitamount",
))  # fmt: skip
COMMON_MARKS = frozenset((
    "object", "amountpaid", "amountdue", "amounttotal", "amountsubtotal", "paymentintent", "paymentmethod",
    "receiptemail", "statementdescriptor", "captured",
))  # fmt: skip
STRIPE_IDS = "(ch|py|pi|in|ii|il|li|cs|cus|sub|txn|price|prod)_[A-Za-z0-9_]{8,}"
UNIX_SECONDS = "[0-9]{9,10}([.]0*)?"
# It charges half a dollar or 0.30 pounds at least, so where many amounts are smaller, they are of whole units.
LEAST_CHARGE, FEW = 30, 0.05
NEARLY_ALL = 0.95
# Of these, the API has whole units.
WITHOUT_HUNDREDTHS = (
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
# A number that is written with two decimals is of whole units, even if these are zeros.
TWO_DECIMALS = r"[.,][0-9]{2}\D*$"
IS_WHOLE = f"number = floor(number) and not regexp_matches(written, '{TWO_DECIMALS}')"


def check_cents(
    connection: duckdb.DuckDBPyConnection,
    forms: Sequence[InputRelation],
    readers: Readers,
    column_mapping: Mapping[str, Any],
) -> None:
    """Stop where a column of money is one of hundredths, by its heading or by others, and by its numbers, all whole.

    Args:
        connection: Where the relations can be read.
        forms: The rows of a first build, those of each form apart: a few later ones may well be of whole prices.
        readers: How texts become numbers.
        column_mapping: The setting of that name. Where it names a heading of Stripe's that is read anyhow, it says that
            this holds whole units.

    Raises:
        InputError: There is such a column.
    """
    for rows in forms:
        for column in (column for column in MONEY if column in rows.columns):
            heading = rows.headings.get(column, "")
            # `priceCents` has two words, and `Percent` one.
            words = re.findall(r"[^\W\d_]+", re.sub(r"([a-zа-я])([A-ZА-Я])", r"\1 \2", heading).lower())
            if not HUNDREDTHS.isdisjoint(words):
                _check_named(connection, rows, readers, column)
            elif comparable(heading) in STRIPE_MONEY and not (column in column_mapping and _is_known(column, heading)):
                _check_stripe(connection, rows, readers, column)


def _is_known(column: str, heading: str) -> bool:
    """Whether a heading is read as this column without a setting."""
    return comparable(heading) in COLUMN_ALIASES[column]


def _check_named(connection: duckdb.DuckDBPyConnection, rows: InputRelation, readers: Readers, column: str) -> None:
    """Raise InputError where a column of hundredths by its heading holds whole numbers alone."""
    text, number = (read(rows.columns[column]) for read in (readers.text, readers.value))
    ((all_whole,),) = connection.execute(
        f"select bool_and({IS_WHOLE}) from (select {text} as written, {number} as number from {rows.sql})"
    ).fetchall()
    if all_whole:
        raise InputError(
            f"'{shortened(rows.headings[column], 60)}' of {rows.name} seems to hold hundredths of the currency: its"
            " heading says so, and all its numbers are whole. Divide it by 100 in a view of the warehouse that the"
            " setting 'transactions' names, or give it a heading without that word."
        )


def _check_stripe(connection: duckdb.DuckDBPyConnection, rows: InputRelation, readers: Readers, column: str) -> None:
    """Raise InputError where the headings are those of Stripe's API, and what they hold is written as it does."""
    column_of = {comparable(rows.headings.get(name, name)): sql for name, sql in rows.columns.items()}
    column_of |= {comparable(heading): sql for heading, sql in rows.others.items()}
    is_marked = not STRIPE_MARKS.isdisjoint(column_of)
    if not (is_marked or len(COMMON_MARKS & column_of.keys()) > 1) or not column_of.keys() >= set(STRIPE_HEADINGS):
        return
    text, number = (read(rows.columns[column]) for read in (readers.text, readers.value))
    code, created, name = (
        f"trim(cast({column_of.get(heading, 'null')} as varchar))" for heading in (*STRIPE_HEADINGS, "id")
    )
    ((whole, small, seconds, ids),) = connection.execute(
        f"""
        select
            count(*) filter (where {IS_WHOLE}) / count(*),
            count(*) filter (where number < {LEAST_CHARGE}) / count(*),
            count(*) filter (where regexp_full_match(created, '{UNIX_SECONDS}')) / count(*),
            count(*) filter (where regexp_full_match(id, '{STRIPE_IDS}')) / count(*)
        from (
            select {text} as written, {number} as number, upper({code}) as code, {created} as created, {name} as id
            from {rows.sql}
        )
        where number > 0 and code not in {WITHOUT_HUNDREDTHS}
        """
    ).fetchall()
    # A slip of the pen shows nothing, and common headings may be any system's.
    evidence = ids if not is_marked else max(seconds or 0, ids or 0)
    if whole is not None and min(whole, evidence) >= NEARLY_ALL and small <= FEW:
        heading = shortened(rows.headings[column], 60)
        # No command to be pasted: nearly always they are hundredths.
        is_known = _is_known(column, rows.headings[column])
        way = (
            f"column_mapping: {{{column}: {heading}}} says so" if is_known else "give it another heading, such as Price"
        )
        raise InputError(
            f"'{heading}' of {rows.name} seems to hold hundredths of the currency: the headings are those of Stripe's"
            f" API, and all its numbers are whole. Divide it by 100 in a view of the warehouse that the setting"
            " 'transactions' names, under another heading, and name that in column_mapping: {amount: …}. If they are"
            f" whole units, {way}."
        )
