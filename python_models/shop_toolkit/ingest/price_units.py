"""Prices of 100 or 1,000 units, as SAP has them beside a column such as `Preiseinheit`: each would count for one.

Where the amounts of lines prove it, these are read (`money_meaning`); here is what is left.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from shop_toolkit.errors import InputError, shortened
from shop_toolkit.ingest.exports import comparable
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import COLUMN_ALIASES, HINTS, in_quotes, mapping_example
from shop_toolkit.ingest.money import PARTS, MoneyReading, Readers, money_headings, money_value
from shop_toolkit.ingest.money_proofs import is_proven, sampled_numbers
from shop_toolkit.ingest.money_signs import CENT, CENT_OF_UNIT
from shop_toolkit.ingest.relation import InputRelation

# So many units a price is of, and so many of the numbers are such, or they are something else.
UNITS = (1, 10, 100, 1_000, 10_000, 100_000)
MOST = 0.9
# Fewer rows of several units may be a slip of the pen.
FEW = 0.05
# The heading of a price may say it, too; one per 100 g may be no price of what is sold.
SAID_UNITS = re.compile(
    r"(?:\bper|\bpro|\bje|\bpor|\bpour|\bza|\bза|/)\s*(1[.,' ]?000|100|10)(?![0-9]|\s*(?:g|ml|kg|l)\b)"
)


def check_price_units(
    connection: duckdb.DuckDBPyConnection,
    raw: InputRelation,
    checked: InputRelation,
    readers: Readers,
    column_mapping: Mapping[str, Any],
    money: MoneyReading,
) -> list[Finding]:
    """Stop where prices count for one unit, and a column says that they are of several.

    Args:
        connection: Where the relations can be read.
        raw: The rows that the build reads, with all of their columns.
        checked: The same rows with those columns of money that are parsed already.
        readers: How texts become numbers.
        column_mapping: The setting of that name.
        money: What the columns of money mean. The amount of a line is that of all its units.

    Returns:
        Warnings, where few rows or words say so.

    Raises:
        InputError: There is such a column.
    """
    findings = []
    for rows in raw.parts or [raw]:
        is_amount = money.amount == "price" or (money.amount == "total" and money.total in money_headings(rows))
        if "unit_price" in rows.columns and not is_amount:
            if "unit_price" not in column_mapping:
                _check_price_is_none(connection, rows, readers, column_mapping)
            findings += [_check_form(connection, rows, rows if raw.parts else checked, readers, column_mapping)]
    return [finding for finding in findings if finding is not None][:1]


def _check_price_is_none(
    connection: duckdb.DuckDBPyConnection, rows: InputRelation, readers: Readers, column_mapping: Mapping[str, Any]
) -> None:
    """Raise InputError where `price_unit` is read as the price, but holds the units that a `price` beside it is of."""
    heading, names = rows.headings["unit_price"], (*COLUMN_ALIASES["unit_price"], *HINTS["unit_price"])
    price = next((other for other in rows.others if comparable(other) in names), None)
    if comparable(heading) not in PARTS["per"] or price is None:
        return
    number, other = readers.value(rows.columns["unit_price"]), rows.others[price]
    # Nothing shows yet how decimals are written, so what can't be read is a price, too.
    ((count, units, prices),) = connection.execute(
        f"""
        select
            count(*),
            count(*) filter (where per in {UNITS}),
            count(*) filter (where coalesce(price not in {UNITS}, regexp_matches(written, '[0-9]')))
        from (
            select {number} as per, {readers.value(other)} as price, {readers.text(other)} as written
            from {rows.sql}
        )
        where per is not null
        """
    ).fetchall()
    if count and units >= MOST * count and 2 * prices >= count:
        example = mapping_example(column_mapping, in_quotes({"unit_price": price}))
        raise InputError(
            f"'{shortened(heading, 60)}' of {rows.name} would be read as the price, but seems to say of how many units"
            f" '{shortened(price, 60)}' is. Name the price with --vars '{example}'."
        )


def _check_form(
    connection: duckdb.DuckDBPyConnection,
    rows: InputRelation,
    checked: InputRelation,
    readers: Readers,
    column_mapping: Mapping[str, Any],
) -> Finding | None:
    """A warning of few rows of several units, or of units that no plain number says; raise InputError of many."""
    heading, said = money_headings(rows).get("per"), SAID_UNITS.search(rows.headings["unit_price"].lower())
    if heading is None and said is None:
        return None
    written, units = _units(checked.others[heading] if heading is not None else None, said, readers)
    price, quantity = checked.columns["unit_price"], checked.columns.get("quantity", "1")
    ((count, usual, several, most, plain, amount),) = connection.execute(
        f"""
        select
            count(*),
            count(*) filter (where per in {UNITS}),
            count(*) filter (where per > 1),
            max(per),
            count(*) filter (where per > 1 and regexp_full_match(written, '[0-9., ]+')),
            try_cast(sum(price * quantity) filter (where per > 1) as decimal(18, 2))
        from (
            select {written} as written, {units} as per, {readers.value(price)} as price,
                {readers.value(quantity)} as quantity
            from {checked.sql}
        )
        where per > 0
        """
    ).fetchall()
    if not several:
        return None
    divided, whole = _totals(connection, rows, readers, heading, said)
    # The price is that of a unit, whatever the column says.
    if whole is not None and divided is None:
        return None
    shown = shortened(heading or rows.headings["unit_price"], 60)
    problem = (
        f"By '{shown}', prices of {rows.name} are of up to {most:,.0f} units in {several} of {count} rows, and each"
        " would count for one."
    )
    if divided is not None:
        others = {column: name for column, name in column_mapping.items() if column != "unit_price"}
        example = mapping_example(others, in_quotes({"amount": divided}))
        raise InputError(
            f"{problem} '{shortened(divided, 60)}' is price × quantity / units: have it counted with --vars"
            f" '{example}'."
        )
    if said is None and (plain < MOST * several or usual < MOST * count or several < FEW * count):
        return Finding(
            "price_units_in_doubt", "unit_price", int(several), f"{shown}: {float(most):g}",
            f"By '{shown}' these prices are of several units, and each counts for one. If so, divide them by it, or"
            " name a column with the amounts of lines in column_mapping: {amount: …}.",
            amount=None if amount is None else f"{amount:.2f}",
        )  # fmt: skip
    raise InputError(
        f"{problem} Divide them by it in a view of the warehouse that the setting 'transactions' names, and leave"
        f" '{shown}' out of it; or leave it out of the export, if they are of one unit."
    )


def _units(column: str | None, said: re.Match[str] | None, readers: Readers) -> tuple[str, str]:
    """SQL: of how many units the prices are, as it is written and as a number."""
    if column is None:
        number = re.sub("[^0-9]", "", said[1] if said is not None else "1")
        return f"'{number}'", number
    return readers.text(column), money_value("per", column, readers)


def _totals(
    connection: duckdb.DuckDBPyConnection,
    rows: InputRelation,
    readers: Readers,
    heading: str | None,
    said: re.Match[str] | None,
) -> tuple[str | None, str | None]:
    """The heading of what is price × quantity / units, and of what is price × quantity, by some rows of several."""
    _, units_of_row = _units(rows.others[heading] if heading is not None else None, said, readers)
    quantity = rows.columns.get("quantity", "1")
    columns = [rows.columns["unit_price"], quantity, *rows.others.values(), units_of_row]
    sampled = sampled_numbers(connection, rows.sql, columns, readers, f"{units_of_row} > 1")
    if not sampled:
        return None, None
    prices, quantities, *others, units = sampled
    numbers = {name: column for name, column in zip(rows.others, others, strict=True) if name != heading}
    ones: list[float | None] = [1.0] * len(units)
    divided, whole = (
        next((name for name, totals in numbers.items() if _agree(prices, quantities, totals, of)), None)
        for of in (units, ones)
    )
    return divided, whole


def _agree(
    prices: Sequence[float | None],
    quantities: Sequence[float | None],
    totals: Sequence[float | None],
    units: Sequence[float | None],
) -> bool:
    """Whether prices × quantities / units are the totals in nearly all rows that show it.

    Another price or a column of zeros shows nothing.
    """
    shown = [
        total is not None and abs(price * quantity / unit - total) <= CENT + CENT_OF_UNIT * abs(quantity) / unit
        for price, quantity, total, unit in zip(prices, quantities, totals, units, strict=True)
        if price and quantity and unit and quantity != unit and abs(price * quantity / unit) > 2 * CENT
    ]
    return is_proven(sum(shown), len(shown))
