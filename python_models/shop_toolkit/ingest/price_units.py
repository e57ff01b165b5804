"""Prices of 100 or 1,000 units, as SAP has them beside a column such as `Preiseinheit`: each would count for one.

Where the amounts of lines prove it, these are read (`money_meaning`); here is what is left.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from shop_toolkit.errors import InputError, shortened
from shop_toolkit.ingest.exports import comparable
from shop_toolkit.ingest.headings import COLUMN_ALIASES, HINTS, in_quotes, mapping_example
from shop_toolkit.ingest.money import PARTS, MoneyReading, Readers, money_headings
from shop_toolkit.ingest.money_proofs import is_proven
from shop_toolkit.ingest.money_signs import CENT, CENT_OF_UNIT
from shop_toolkit.ingest.relation import InputRelation

# So many units a price is of, and so many of the numbers are such, or they are something else.
UNITS = (1, 10, 100, 1_000, 10_000, 100_000)
MOST = 0.9
# These rows show which column is the amount of a line.
SAMPLED_ROWS = 1_000


def check_price_units(
    connection: duckdb.DuckDBPyConnection,
    raw: InputRelation,
    checked: InputRelation,
    readers: Readers,
    column_mapping: Mapping[str, Any],
    money: MoneyReading,
) -> None:
    """Stop where prices count for one unit, and a column says that they are of several.

    Args:
        connection: Where the relations can be read.
        raw: The rows that the build reads, with all of their columns.
        checked: The same rows with those columns of money that are parsed already.
        readers: How texts become numbers.
        column_mapping: The setting of that name.
        money: What the columns of money mean. The amount of a line is that of all its units.

    Raises:
        InputError: There is such a column.
    """
    for rows in raw.parts or [raw]:
        is_amount = money.amount == "price" or (money.amount == "total" and money.total in money_headings(rows))
        if "unit_price" in rows.columns and not is_amount:
            if "unit_price" not in column_mapping:
                _check_price_is_none(connection, rows, readers, column_mapping)
            _check_form(connection, rows, rows if raw.parts else checked, readers, column_mapping)


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
) -> None:
    per = money_headings(rows).get("per")
    if per is None:
        return
    ((count, units, several, most),) = connection.execute(
        f"""
        select
            count(*), count(*) filter (where per in {UNITS}), count(*) filter (where per > 1),
            max(per) filter (where per in {UNITS})
        from (select {readers.value(checked.others[per])} as per from {checked.sql})
        where per <> 0
        """
    ).fetchall()
    if not several or units < MOST * count:
        return
    price, shown = (shortened(heading, 60) for heading in (rows.headings["unit_price"], per))
    divided, whole = _totals(connection, rows, readers, per)
    # The price is that of a unit, whatever the column says.
    if whole is not None and divided is None:
        return
    problem = (
        f"By '{shown}', the prices in '{price}' of {rows.name} are of up to {most:,.0f} units in {several} of {count}"
        " rows, and each would count for one."
    )
    if divided is not None:
        others = {column: heading for column, heading in column_mapping.items() if column != "unit_price"}
        example = mapping_example(others, in_quotes({"amount": divided}))
        raise InputError(
            f"{problem} '{shortened(divided, 60)}' is price × quantity / '{shown}': have it counted with --vars"
            f" '{example}'."
        )
    raise InputError(
        f"{problem} Divide them by it in a view of the warehouse that the setting 'transactions' names, and leave"
        f" '{shown}' out of it; or leave it out of the export, if they are of one unit."
    )


def _totals(
    connection: duckdb.DuckDBPyConnection, rows: InputRelation, readers: Readers, per: str
) -> tuple[str | None, str | None]:
    """The heading of what is price × quantity / units, and of what is price × quantity, by some rows of several."""
    quantity = rows.columns.get("quantity", "1")
    texts = ", ".join(map(readers.text, (rows.columns["unit_price"], quantity, *rows.others.values())))
    read = f"list_transform([{texts}], lambda number_text: cast({readers.number} as double))"
    sampled = connection.execute(
        f"select {read} from {rows.sql} where {readers.value(rows.others[per])} > 1 limit {SAMPLED_ROWS}"
    ).fetchall()
    if not sampled:
        return None, None
    prices, quantities, *others = zip(*(row for (row,) in sampled), strict=True)
    numbers = dict(zip(rows.others, others, strict=True))
    units = numbers.pop(per)
    ones = [1.0] * len(units)
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
