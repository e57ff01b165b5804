"""Proofs of what the columns of money mean: price × quantity against a total in the same file.

Line by line, and order by order. All lines are in a temporary table with their numbers while they are looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb

from shop_toolkit.ingest.money import PARTS, TOTALS, Readers, money_text
from shop_toolkit.ingest.money_signs import CENT, CENT_OF_UNIT, TOLERANCE, signed_lines
from shop_toolkit.ingest.relation import InputRelation

# So large a share of the rows or orders that can show it has to agree.
PROVEN = 0.95
# Of how many units a price is, or the share of the units counted that it is of; where nothing says it, of one.
UNITS = {"per": "coalesce(nullif(per, 0), 1)", "pack": "(1 / coalesce(nullif(pack, 0), 1))"}
# What remains of a line after a discount, by how that is written.
RESTS = {"line": "gross - {discount}", "percent": "gross * (1 - {discount} / 100)", "share": "gross * (1 - {discount})"}
# So many rows show what columns of whatever heading are.
SAMPLED_ROWS = 1_000
LINES = "money_lines"
# Those whose total has the sign of price and quantity.
AGREEING = "money_agreeing_lines"
ORDERS = "money_orders"


@contextmanager
def lines_of_money(
    connection: duckdb.DuckDBPyConnection,
    parts: Sequence[InputRelation],
    readers: Readers,
    found: Sequence[Mapping[str, str]],
    common: Sequence[str],
) -> Iterator[None]:
    """All lines with their numbers, in a table that is there within this block: what the rows hold is read once.

    Args:
        connection: Where the parts can be read.
        parts: The rows, by the form of their files.
        readers: How texts become numbers.
        found: Of each part, the headings of money (see `money_headings`).
        common: Those of them that all parts have.
    """
    try:
        _create_lines(connection, parts, readers, found, common)
        yield
    finally:
        connection.execute("".join(f"drop table if exists {table};" for table in (LINES, AGREEING, ORDERS)))


def _create_lines(
    connection: duckdb.DuckDBPyConnection,
    parts: Sequence[InputRelation],
    readers: Readers,
    found: Sequence[Mapping[str, str]],
    common: Sequence[str],
) -> None:
    """A table of all lines with their numbers: what the rows hold is read once."""
    names = ["quantity", "price", *(name for name in [*TOTALS, *PARTS] if name in common)]
    selects = []
    for part, headings in zip(parts, found, strict=True):
        sql_of = {"quantity": part.columns.get("quantity", "1"), "price": part.columns[money_column(part)]}
        sql_of |= {name: part.others[headings[name]] for name in common}
        texts = ", ".join(f"{money_text(name, sql_of[name], readers)} as {name}_text" for name in names)
        invoice = f"cast({part.columns['invoice_id']} as varchar)" if "invoice_id" in part.columns else "null"
        selects.append(
            f"select cast({part.file_name} as varchar) as file_name, nullif(trim({invoice}), '') as invoice_id,"
            f" {texts} from {part.sql}"
        )
    numbers = ", ".join(
        f"cast({readers.number.replace('number_text', f'{name}_text')} as double) as {name}" for name in names
    )
    connection.execute(
        f"create or replace temp table {LINES} as"
        f" select file_name, invoice_id, {numbers} from ({' union all '.join(selects)})"
    )


def money_column(relation: InputRelation) -> str:
    """Our column of the money: the price, or where there is none the amount."""
    return "unit_price" if "unit_price" in relation.columns else "amount"


def _columns(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {str(name) for name, *_ in connection.execute(f"describe {LINES}").fetchall()}


def _parts(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL: what is taken off and added, without a sign; null where the lines have none."""
    there = _columns(connection)
    return ", ".join(f"abs({part if part in there else 'cast(null as double)'}) as {part}" for part in PARTS)


def proof_of(connection: duckdb.DuckDBPyConnection, total: str) -> dict[str, int]:
    """How many lines and orders agree with each meaning of a total. Prices and amounts are rounded to the cent.

    Lines whose total has another sign than price and quantity show nothing of it, if they are fewer than the others:
    `contradicting` is how many they are, and `one_sided` how many there are if they are not fewer.
    """
    parts = _parts(connection)
    contradicting, others = _contradicting_lines(connection, total)
    is_few = contradicting < others
    lines = LINES
    if contradicting and is_few:
        lines = AGREEING
        connection.execute(
            f"create or replace temp table {AGREEING} as select * from ({signed_lines(LINES, total)})"
            " where not contradicts"
        )
    _create_orders(connection, total, parts, lines)
    counts = {
        "contradicting": contradicting if is_few else 0,
        "one_sided": 0 if is_few else contradicting,
    }
    for statement in (_counts_of_lines(total, parts, lines), _counts_of_orders()):
        cursor = connection.execute(statement)
        names = [str(column[0]) for column in cursor.description or ()]
        counts |= dict(zip(names, map(int, cursor.fetchall()[0]), strict=True))
    return counts


def _contradicting_lines(connection: duckdb.DuckDBPyConnection, total: str) -> tuple[int, int]:
    """How many lines have a negative total although price and quantity are positive; and other totals but 0."""
    # Nearly all logs have none.
    if not connection.execute(
        f"select 1 from {LINES} where {total} < 0 and quantity > 0 and price > 0 limit 1"
    ).fetchall():
        return 0, 0
    ((contradicting, others),) = connection.execute(
        "select count(*) filter (where contradicts), count(*) filter (where not contradicts)"
        f" from ({signed_lines(LINES, total)}) where {total} <> 0"
    ).fetchall()
    return int(contradicting), int(others)


def money_of_contradicting_lines(connection: duckdb.DuckDBPyConnection, total: str) -> float:
    """What lines come to by price and quantity whose total has another sign."""
    ((amount,),) = connection.execute(
        f"select coalesce(sum(price * quantity), 0) from ({signed_lines(LINES, total)}) where contradicts"
    ).fetchall()
    return float(amount)


def lines_in_doubt(connection: duckdb.DuckDBPyConnection, total: str) -> tuple[int, float]:
    """How many lines have a total that neither the line nor its order explains, and what they come to by the price.

    As a unit's price counts, none is explained by a sum of prices.
    """
    _create_orders(connection, total, _parts(connection), LINES)
    ((rows, amount),) = connection.execute(
        f"""
        select count(*), coalesce(sum(price * quantity), 0)
        from {LINES}
        left join {ORDERS} as orders using (file_name, invoice_id)
        where
            abs(price * quantity - {LINES}.{total}) > {TOLERANCE}
            and not coalesce(orders.fits_less, false)
        """
    ).fetchall()
    return int(rows), float(amount)


def _create_orders(connection: duckdb.DuckDBPyConnection, total: str, parts: str, of_lines: str) -> None:
    """A table of the orders whose lines have one total, and which of the sums of their lines it is."""
    connection.execute(
        f"""
        create or replace temp table {ORDERS} as
        with lines as (
            select file_name, invoice_id, quantity, price, {total} as total, {parts}
            from {of_lines}
            where price is not null and quantity is not null
        ),
        sums as (
            select
                file_name,
                invoice_id,
                bool_or(abs(quantity) <> 1 and quantity <> 0 and price <> 0) as can_show,
                max(total) as total,
                sum(price * quantity) as gross,
                sum(price) as prices,
                sum({TOLERANCE}) as tolerance,
                coalesce(sum(discount), 0) as discount,
                [0, max(discount), sum(discount)] as discounts,
                coalesce(sum(tax), 0) as tax,
                list_distinct([0, max(tax), sum(tax)]) as taxes,
                list_distinct([0, max(shipping), sum(shipping)]) as shippings
            from lines
            where invoice_id is not null
            group by file_name, invoice_id
            having min(total) = max(total)
        ),
        -- What is added to the lines of an order: nothing, its tax, its shipping or both.
        extended as (
            select
                *,
                list_filter(flatten(list_transform(
                    taxes, lambda tax: list_transform(shippings, lambda shipping: tax + shipping)
                )), lambda extra: extra is not null) as extras
            from sums
        )
        select
            *,
            {_fits("gross", "[0]", "extras")} as fits_gross,
            {_fits("gross", "discounts", "extras")} as fits_less,
            {_fits("gross", "discounts[2:]", "extras")} as fits_before,
            {_fits("gross", "[discounts[2]]", "extras")} as fits_once,
            {_fits("prices", "discounts", "extras")} as fits_prices,
            {_fits("gross", "discounts", "shippings")} as fits_untaxed
        from extended
        """
    )


def _counts_of_lines(total: str, parts: str, of_lines: str) -> str:
    """SQL: how many lines there are, and how many agree with each meaning."""
    counts = []
    for name, units in UNITS.items():
        rests = (
            rest.format(discount="coalesce(discount, 0)").replace("gross", f"gross / {units}")
            for rest in RESTS.values()
        )
        differences = ", ".join(f"abs({net} - total)" for net in (f"gross / {units}", *rests))
        fits = f"least({differences}) <= {CENT} + {CENT_OF_UNIT} * abs(quantity) / {units}"
        shows = f"{units} <> 1 and gross <> 0"
        counts += [
            f"count({name}) as {name}_units",
            f"count(*) filter (where {shows} and total is not null) as {name}_lines",
            f"count(*) filter (where {shows} and {fits}) as {name}_totals",
            f"count(*) filter (where {fits}) as {name}_fitting",
            f"count(*) filter (where {fits} and abs(gross / {units} - total) > {CENT} + {CENT_OF_UNIT} * abs(quantity)"
            f" / {units}) as {name}_discounted",
        ]
    for name, rest in RESTS.items():
        some, all_lines = (rest.format(discount=discount) for discount in ("discount", "coalesce(discount, 0)"))
        counts += [
            f"count(*) filter (where discount > 0 and tax > 0 and {_fits_taxed(some)}) as {name}_taxed",
            f"count(*) filter (where {_fits_taxed(all_lines)}) as {name}_taxed_fitting",
        ]
    return f"""
        with lines as (
            select
                abs(quantity) <> 1 and quantity <> 0 and price <> 0 as can_show,
                {TOLERANCE} as tolerance,
                price * quantity as gross, price, quantity, {total} as total, {parts}
            from {of_lines}
            where price is not null and quantity is not null
        )
        select
            count(*) filter (where total is null) as blank,
            count(total) as all_lines,
            count(*) filter (where can_show and total is not null) as lines,
            count(*) filter (where can_show and abs(gross - total) <= tolerance) as line_totals,
            count(*) filter (where can_show and abs(total) > abs(gross) + tolerance) as exceeding,
            count(*) filter (where can_show and abs(price - total) <= {CENT}) as equal,
            count(*) filter (where can_show and tax > 0 and {_fits_taxed("gross")}) as taxed,
            count(*) filter (where can_show and tax > 0 and total is not null) as taxed_lines,
            count(*) filter (where abs(gross - coalesce(discount, 0) - total) <= tolerance) as discounted,
            count(*) filter (where abs(gross - total) <= tolerance) as undiscounted,
            count(*) filter (where {_fits_percent("coalesce(discount, 0)")}) as reduced,
            count(*) filter (where discount > 0 and {_fits_percent("discount")}) as percents_before,
            count(*) filter (where {_fits_before("coalesce(discount, 0)")}) as before,
            count(*) filter (where discount > 0 and {_fits_before("discount")}) as totals_before,
            count(*) filter (where discount > 0 and total is not null) as discount_lines,
            count(*) filter (where discount > 0 and abs(gross - discount - total) <= tolerance) as discounts_before,
            count(*) filter (where discount > 0 and abs(gross - total) <= tolerance) as discounts_after,
            count(*) filter (where discount > 0 and tax > 0 and total is not null) as taxed_discount_lines,
            count(*) filter (where quantity < 0 and price < 0 and total is not null) as twice_negative,
            count(*) filter (where quantity < 0 and price < 0 and abs(gross + total) <= tolerance) as negative_totals,
            {", ".join(counts)}
        from lines
    """


def _counts_of_orders() -> str:
    """SQL: how many orders there are, and how many agree with each meaning."""
    return f"""
        select
            count(*) filter (where can_show) as orders,
            count(*) filter (where can_show and fits_less) as order_totals,
            count(*) filter (where can_show and fits_prices) as orders_of_amounts,
            count(*) filter (where discount > 0.005) as discount_orders,
            count(*) filter (where discount > 0.005 and fits_before and not fits_gross) as orders_before,
            count(*) filter (where discount > 0.005 and fits_once and not fits_gross) as orders_once,
            count(*) filter (where discount > 0.005 and fits_gross and not fits_before) as orders_after,
            count(*) filter (where tax > 0.005) as tax_orders,
            count(*) filter (where tax > 0.005 and fits_less and not fits_untaxed) as tax_added,
            count(*) filter (where tax > 0.005 and fits_untaxed) as tax_included
        from {ORDERS}
    """


def _fits_percent(discount: str) -> str:
    """SQL: whether the total is what remains of a line after a discount in percent, or as a share of 1."""
    rests = (RESTS[name].format(discount=discount) for name in ("share", "percent"))
    return "(" + " or ".join(f"abs({rest} - total) <= tolerance" for rest in rests) + ")"


def _fits_before(discount: str) -> str:
    """SQL: whether a line is what remains of the total after a discount, however it is written."""
    rests = (rest.format(discount=discount).replace("gross", "total") for rest in RESTS.values())
    return "(" + " or ".join(f"abs({rest} - gross) <= tolerance" for rest in rests) + ")"


def _fits_taxed(net: str) -> str:
    """SQL: whether the total is a net amount and its tax, which is written in money, in percent or as a share of 1."""
    tax = "coalesce(tax, 0)"
    taxed = (f"{net} + {tax}", f"({net}) * (1 + {tax} / 100)", f"({net}) * (1 + {tax})")
    return f"least({', '.join(f'abs({sum_of_both} - total)' for sum_of_both in taxed)}) <= tolerance"


def _fits(sum_of_lines: str, discounts: str, extras: str) -> str:
    """SQL: whether a sum less one of the discounts and with one of the extras is the order's total."""
    return (
        f"coalesce(list_bool_or(flatten(list_transform({discounts}, lambda less: list_transform({extras},"
        f" lambda extra: abs({sum_of_lines} - less + extra - total) <= tolerance)))), false)"
    )


def comes_to(amount: float, price: float, quantity: float, discount: float | None) -> bool:
    """Whether an amount is price × quantity, perhaps less a discount, which is money, a percentage or a share."""
    gross, less = price * quantity, abs(discount or 0)
    nets = (gross, gross - less, gross * (1 - less / 100), gross * (1 - less))
    return min(abs(net - amount) for net in nets) <= CENT + CENT_OF_UNIT * abs(quantity)


def is_proven(count: int, of: int) -> bool:
    """Whether so many of those that can show something agree."""
    return of > 0 and count >= PROVEN * of


def grain_of(connection: duckdb.DuckDBPyConnection, part: str) -> str | None:
    """Whether a column holds what was taken off a line or off an order; None where the lines of orders do not show it.

    An order's stands on one of its lines, and the others are blank; or it stands on each, and sums to more than the
    order. Where no order has several lines, both are the same.
    """
    ((several, once, same, too_much),) = connection.execute(
        f"""
        select
            count(*),
            count(*) filter (where filled = 1),
            count(*) filter (where filled = line_count and lowest = highest),
            count(*) filter (where filled = line_count and lowest = highest and highest * line_count > gross + 0.01)
        from (
            select
                count(*) as line_count,
                count({part}) as filled,
                min(abs({part})) as lowest,
                max(abs({part})) as highest,
                sum(price * quantity) as gross
            from {LINES}
            where invoice_id is not null
            group by file_name, invoice_id
            having count(*) > 1 and max(abs({part})) > 0
        )
        """
    ).fetchall()
    if not several:
        return "either"
    if is_proven(once, several) or (is_proven(same, several) and too_much):
        return "order"
    return None if same else "line"


def refunded_orders(connection: duckdb.DuckDBPyConnection, of: str | None) -> tuple[int, int]:
    """How many orders have a refund, and in how many it can be taken off what was paid; `of` is what `grain_of` says.

    None is more than what was paid, and no line gives the same money back.
    """
    there = _columns(connection)
    others = " + ".join(f"coalesce(abs(max({part})), 0)" for part in ("tax", "shipping") if part in there) or "0"
    refund = "max(abs(refund))" if of == "order" else "sum(abs(refund))"
    ((refunded, fitting),) = connection.execute(
        f"""
        select
            count(*),
            count(*) filter (where not has_returns and refund <= paid + 0.01)
        from (
            select
                {refund} as refund,
                sum(price * quantity) + {others} as paid,
                coalesce(bool_or(quantity < 0 or price < 0), false) as has_returns
            from (select *, row_number() over () as line from {LINES})
            group by file_name, coalesce(invoice_id, cast(line as varchar))
            having max(abs(refund)) > 0
        )
        """
    ).fetchall()
    return int(refunded), int(fitting)


def filled_lines(
    connection: duckdb.DuckDBPyConnection, names: Mapping[str, str], part: str
) -> tuple[int, float, float]:
    """How many lines have an amount other than 0, the least and the highest."""
    if part not in names:
        return 0, 0.0, 0.0
    ((rows, least, highest),) = connection.execute(
        f"select count(*), coalesce(min(abs({part})), 0), coalesce(max(abs({part})), 0) from {LINES} where {part} <> 0"
    ).fetchall()
    return int(rows), float(least), float(highest)


def sampled_numbers(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: Sequence[str], readers: Readers, where: str
) -> list[list[float | None]]:
    """The numbers in some columns, each a list, of some rows that meet a condition; empty where none does."""
    texts = ", ".join(map(readers.text, columns))
    read = f"list_transform([{texts}], lambda number_text: cast({readers.number} as double))"
    sampled = connection.execute(f"select {read} from {rows} where {where} limit {SAMPLED_ROWS}").fetchall()
    return [list(column) for column in zip(*(numbers for (numbers,) in sampled), strict=True)]
