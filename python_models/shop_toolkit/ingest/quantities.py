"""Quantities under a heading that is not known: the rows prove them, as prices times them are the lines' totals.

Each line would count as one unit, and with it most of the money would be missing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from shop_toolkit.errors import InputError, shortened
from shop_toolkit.ingest.headings import in_quotes, mapping_example
from shop_toolkit.ingest.money import Readers
from shop_toolkit.ingest.money_proofs import is_proven
from shop_toolkit.ingest.money_signs import CENT, CENT_OF_UNIT, TOLERANCE
from shop_toolkit.ingest.relation import InputRelation

# The first rows show which columns may be quantities and totals; all rows prove it.
SAMPLED_ROWS = 1_000
# So many of them have other quantities than one, or it may be chance.
LEAST_ROWS = 5


def check_quantities(
    connection: duckdb.DuckDBPyConnection,
    forms: Sequence[InputRelation],
    readers: Readers,
    column_mapping: Mapping[str, Any],
) -> None:
    """Stop where a column that is not read is the quantity by its numbers.

    Args:
        connection: Where the relations can be read.
        forms: The rows that the build reads, those of each form apart.
        readers: How texts become numbers.
        column_mapping: The setting of that name: an amount that it names decides, and a quantity that it says is not
            there.

    Raises:
        InputError: In nearly all rows a price times the number in one column is that in another one.
    """
    if not {"quantity", "amount"}.isdisjoint(column_mapping):
        return
    for rows in forms:
        if "unit_price" in rows.columns and "quantity" not in rows.columns:
            _check_form(connection, rows, readers, column_mapping)


def _check_form(
    connection: duckdb.DuckDBPyConnection, rows: InputRelation, readers: Readers, column_mapping: Mapping[str, Any]
) -> None:
    for quantity, total in _candidates(connection, rows, readers):
        number_of = {
            "price": rows.columns["unit_price"],
            "quantity": rows.others[quantity],
            "total": rows.others[total],
        }
        numbers = ", ".join(f"cast({readers.value(sql)} as double) as {name}" for name, sql in number_of.items())
        ((count, agreeing),) = connection.execute(
            f"""
            select
                count(*),
                count(*) filter (where abs(price * quantity - total) <= {TOLERANCE})
            from (select {numbers} from {rows.sql})
            where quantity not in (0, 1) and price <> 0 and total is not null
            """
        ).fetchall()
        if count >= LEAST_ROWS and is_proven(agreeing, count):
            price, shown = (shortened(name, 60) for name in (rows.headings["unit_price"], quantity))
            example = mapping_example(column_mapping, in_quotes({"quantity": quantity}))
            raise InputError(
                f"'{price}' × '{shown}' is '{shortened(total, 60)}' in {agreeing} of {count} rows of {rows.name}, so"
                f" '{shown}' seems to be the quantity, and without it each row counts as one unit. Name it with --vars"
                f" '{example}'; [] in its place, if each row is one unit."
            )


def _candidates(connection: duckdb.DuckDBPyConnection, rows: InputRelation, readers: Readers) -> list[tuple[str, str]]:
    """Headings of what may be a quantity and a total by the first rows, in the order of the columns."""
    texts = ", ".join(map(readers.text, (rows.columns["unit_price"], *rows.others.values())))
    # The reader of a text is long: written once, it reads all columns.
    read = f"list_transform([{texts}], lambda number_text: cast({readers.number} as double))"
    sampled = connection.execute(f"select {read} from {rows.sql} limit {SAMPLED_ROWS}").fetchall()
    if not sampled:
        return []
    prices, *others = zip(*(row for (row,) in sampled), strict=True)
    numbers = {
        heading: column
        for heading, column in zip(rows.others, others, strict=True)
        if is_proven(sum(number is not None for number in column), len(column))
    }
    quantities = {
        heading: column
        for heading, column in numbers.items()
        if all(number.is_integer() for number in column if number is not None)
        and sum(number not in (None, 0, 1) for number in column) >= LEAST_ROWS
    }
    return [
        (quantity, total)
        for quantity, column in quantities.items()
        for total, totals in numbers.items()
        if total != quantity and _agree(prices, column, totals)
    ]


def _agree(prices: Sequence[float | None], quantities: Sequence[float | None], totals: Sequence[float | None]) -> bool:
    """Whether prices times quantities are the totals in nearly all rows that show it."""
    shown = [
        abs(price * quantity - total) <= CENT + CENT_OF_UNIT * abs(quantity)
        for price, quantity, total in zip(prices, quantities, totals, strict=True)
        if price and quantity and total is not None and quantity != 1
    ]
    return len(shown) >= LEAST_ROWS and is_proven(sum(shown), len(shown))
