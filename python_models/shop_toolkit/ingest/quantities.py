"""Quantities under a heading that is not known: the rows prove them, as prices times them are the lines' totals.

Each line would count as one unit, and with it most of the money would be missing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from shop_toolkit.errors import InputError, shortened
from shop_toolkit.ingest.headings import in_quotes, mapping_example
from shop_toolkit.ingest.money import Readers, money_headings, money_text, money_value
from shop_toolkit.ingest.money_proofs import RESTS, comes_to, is_proven, sampled_numbers
from shop_toolkit.ingest.money_signs import TOLERANCE
from shop_toolkit.ingest.relation import InputRelation

# So many of the first rows have other quantities than one, or it may be chance.
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
    for quantity, total, pack in _candidates(connection, rows, readers):
        discount = money_headings(rows).get("discount")
        number_of = {
            "price": rows.columns["unit_price"],
            "counted": rows.others[quantity],
            "total": rows.others[total],
            "pack": rows.others[pack] if pack else "1",
            "discount": "0" if discount is None else money_text("discount", rows.others[discount], readers),
        }
        numbers = ", ".join(f"cast({readers.value(sql)} as double) as {name}" for name, sql in number_of.items())
        nets = ("gross", *(rest.format(discount="coalesce(abs(discount), 0)") for rest in RESTS.values()))
        ((count, agreeing, discounted),) = connection.execute(
            f"""
            with numbers as (select {numbers} from {rows.sql}),
            counted as (select *, counted * coalesce(nullif(pack, 0), 1) as quantity from numbers)
            select
                count(*),
                count(*) filter (where least({", ".join(f"abs({net} - total)" for net in nets)}) <= {TOLERANCE}),
                count(*) filter (where abs(gross - total) > {TOLERANCE})
            from (select *, price * quantity as gross from counted)
            where counted not in (0, 1) and price <> 0 and total is not null
            """
        ).fetchall()
        if count >= LEAST_ROWS and is_proven(agreeing, count):
            price, shown = (shortened(name, 60) for name in (rows.headings["unit_price"], quantity))
            product = f"'{price}' × '{shown}'" + (f" × '{shortened(pack, 60)}'" if pack else "")
            product += f" less '{shortened(discount, 60)}'" if discount and discounted > count - agreeing else ""
            example = mapping_example(column_mapping, in_quotes({"quantity": quantity}))
            raise InputError(
                f"{product} is '{shortened(total, 60)}' in {agreeing} of {count} rows of {rows.name}, so"
                f" '{shown}' seems to be the quantity, and without it each row counts as one unit. Name it with --vars"
                f" '{example}'; [] in its place, if each row is one unit."
            )


def _candidates(
    connection: duckdb.DuckDBPyConnection, rows: InputRelation, readers: Readers
) -> list[tuple[str, str, str | None]]:
    """Headings of what may be a quantity, a total and the pieces of each by the first rows, in the order of columns."""
    money = money_headings(rows)
    pack, discount = money.get("pack"), money.get("discount")
    others = {
        name: money_value("discount", sql, readers) if name == discount else sql for name, sql in rows.others.items()
    }
    sampled = sampled_numbers(connection, rows.sql, [rows.columns["unit_price"], *others.values()], readers, "true")
    if not sampled:
        return []
    prices, *numbers_of_others = sampled
    read_columns = dict(zip(others, numbers_of_others, strict=True))
    discounts = read_columns.get(discount or "", [None] * len(prices))
    pieces_of: dict[str | None, Sequence[float | None]] = {None: [1.0] * len(prices)}
    if pack is not None:
        pieces_of[pack] = read_columns[pack]
    numbers = {
        heading: column
        for heading, column in read_columns.items()
        if is_proven(sum(number is not None for number in column), len(column))
    }
    quantities = {
        heading: column
        for heading, column in numbers.items()
        if all(number.is_integer() for number in column if number is not None)
        and sum(number not in (None, 0, 1) for number in column) >= LEAST_ROWS
    }
    return [
        (quantity, total, of)
        for of, pieces in pieces_of.items()
        for quantity, column in quantities.items()
        for total, totals in numbers.items()
        if total not in (quantity, of, discount)
        and quantity not in (of, discount)
        and _agree(prices, _pieces(column, pieces), totals, discounts)
    ]


def _pieces(counted: Sequence[float | None], pieces: Sequence[float | None]) -> list[float | None]:
    """How many pieces so many are, each of which holds some; one where nothing says how many."""
    return [number and number * (each or 1) for number, each in zip(counted, pieces, strict=True)]


def _agree(
    prices: Sequence[float | None],
    quantities: Sequence[float | None],
    totals: Sequence[float | None],
    discounts: Sequence[float | None],
) -> bool:
    """Whether prices times quantities, perhaps less discounts, are the totals in nearly all rows that show it."""
    shown = [
        comes_to(total, price, quantity, discount)
        for price, quantity, total, discount in zip(prices, quantities, totals, discounts, strict=True)
        if price and quantity and total is not None and quantity != 1
    ]
    return len(shown) >= LEAST_ROWS and is_proven(sum(shown), len(shown))
