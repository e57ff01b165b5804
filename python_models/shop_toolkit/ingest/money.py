"""What the columns of money mean: a unit's price, the amount of a line or of an order, and what was taken off it.

Headings leave it open, so the rows prove it: price × quantity against a total in the same file, line by line and order
by order. Without proof the price is that of a unit, and a warning says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from shop_toolkit.ingest.errors import InputError, shortened
from shop_toolkit.ingest.exports import comparable
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import COLUMN_ALIASES, mapping_example
from shop_toolkit.ingest.marks import mark_of
from shop_toolkit.ingest.relation import InputRelation, number_text

# So large a share of the rows or orders that can show it has to agree.
PROVEN = 0.95
# An order's total on each of its lines can be a coincidence in so few orders.
FEW_ORDERS = 10
TOTALS = (*COLUMN_ALIASES["amount"], "subtotal", "ordersubtotal", "ordertotal", "invoicetotal", "grandtotal")
PARTS: dict[str, tuple[str, ...]] = {
    "discount": (
        "discount", "discountamount", "linediscount", "itemdiscount", "lineitemdiscount", "totaldiscount",
        "discounttotal", "orderdiscount", "coupondiscount", "discountpercent", "discountpercentage", "discountrate",
    ),
    "refund": ("refundedamount", "refundamount", "amountrefunded", "totalrefunded", "refundtotal", "refunded"),
    "tax": (
        "tax", "taxes", "taxamount", "totaltax", "taxtotal", "ordertax", "itemtax", "lineitemtax", "salestax", "vat",
        "vatamount",
    ),
    "shipping": (
        "shipping", "shippingamount", "shippingcost", "shippingprice", "ordershipping", "freight", "freightvalue",
        "delivery", "deliveryfee",
    ),
}  # fmt: skip
LINES = "money_lines"
ORDERS = "money_orders"
PAID = "money_paid"


@dataclass(frozen=True)
class MoneyReading:
    """What the columns of money mean.

    Attributes:
        amount: Which column is the amount of a line, 'total' or 'price'; None where the price is that of a unit.
        total: The heading of the total, as it is compared.
        less: What is taken off the amounts, 'discount' or 'refund', and whether its column is of the 'line' or of the
            'order'; an order's is spread over its lines.
    """

    amount: str | None = None
    total: str | None = None
    less: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The reading as plain values, for storing it."""
        return {"amount": self.amount, "total": self.total, "less": dict(self.less)}

    @property
    def is_plain(self) -> bool:
        """Whether the price is that of a unit, and nothing is taken off."""
        return self == MoneyReading()

    def revise(self, relation: InputRelation, readers: "Readers") -> InputRelation:
        """The rows with the columns that this reading makes of them."""
        if self.is_plain or not {"unit_price", "quantity"} <= relation.columns.keys():
            return relation
        found = money_headings(relation)
        heading = found.get(self.total or "") if self.amount == "total" else relation.headings["unit_price"]
        if heading is None:
            return relation
        headings = {**relation.headings, "amount": heading}
        price = headings.pop("unit_price")
        sql_of = {**relation.others, price: relation.columns["unit_price"]}
        columns = {**relation.columns, "amount": sql_of[heading]}
        del columns["unit_price"]
        others = {name: sql for name, sql in sql_of.items() if name not in headings.values()}
        used = [found[part] for part in self.less if part in found]
        if used:
            # The amount is no longer what the heading's column holds, so the row keeps that, too.
            used, others = [*used, heading], {name: sql for name, sql in sql_of.items() if name in {*others, heading}}
        revised = replace(relation, columns=columns, others=others, headings=headings, used=used)
        return revised if not used else _net(relation, revised, self, readers)


@dataclass(frozen=True)
class Readers:
    """How texts become numbers.

    Attributes:
        number: SQL that reads `number_text`.
        currency: SQL that yields the code of the currency in `number_text`.
        separator: The decimal separator with which it reads.
    """

    number: str
    currency: str
    separator: str

    def text(self, sql: str) -> str:
        """SQL: a value as a text that `number` reads; typed numbers have a point, whatever the texts have."""
        return f"trim({number_text(f'({sql})', self.separator)})"

    def value(self, sql: str) -> str:
        """SQL: a value as a number, null where it is none."""
        return f"({self.number.replace('number_text', f'({self.text(sql)})')})"


@dataclass(frozen=True)
class MoneyMeaning:
    """What the rows show of the columns of money.

    Attributes:
        is_amount_shown: Whether they show which column is the amount of a line.
        amount: Which it is, as in `MoneyReading`.
        total: The heading of the total, as in `MoneyReading`.
        less: Of what they show to be taken off or not: 'line', 'order', 'either' or 'none'.
        sentences: What was proved, for the log.
        findings: What stays in doubt, by the part of the money that it is of.
    """

    is_amount_shown: bool = False
    amount: str | None = None
    total: str | None = None
    less: Mapping[str, str] = field(default_factory=dict)
    sentences: Sequence[str] = ()
    findings: Mapping[str, Finding] = field(default_factory=dict)

    def over(self, earlier: MoneyReading) -> MoneyReading:
        """What holds where earlier rows showed something: what these rows do not show stays."""
        less = dict(earlier.less)
        for part, of in self.less.items():
            if of == "none":
                less.pop(part, None)
            elif of != "either" or part not in less:
                less[part] = "line" if of == "either" else of
        amount, total = (self.amount, self.total) if self.is_amount_shown else (earlier.amount, earlier.total)
        return MoneyReading(amount, total, less)

    def doubts(self, reading: MoneyReading) -> list[Finding]:
        """What stays in doubt where earlier rows may have shown it."""
        return [finding for part, finding in self.findings.items() if part not in reading.less]


def money_headings(relation: InputRelation) -> dict[str, str]:
    """Headings of columns of money beside ours: totals by their name as it is compared, parts by what they are."""
    heading_of = {comparable(heading): heading for heading in reversed(list(relation.others))}
    found = {alias: heading_of[alias] for alias in TOTALS if alias in heading_of}
    for part, aliases in PARTS.items():
        if (alias := next((alias for alias in aliases if alias in heading_of), None)) is not None:
            found[part] = heading_of[alias]
    return found


def meaning_of_money(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    readers: Readers,
    column_mapping: Mapping[str, Any],
) -> MoneyMeaning:
    """Find out from the rows what the columns of money mean.

    Args:
        connection: Where the relation can be read.
        relation: The rows, with the columns that their headings make of them.
        readers: How texts become numbers.
        column_mapping: The setting of that name. An amount that it names decides; so does a unit's price. Where it
            says that there is no amount, no total is one.

    Returns:
        What the rows show.

    Raises:
        InputError: The only amount is the order's, on each of its lines.
    """
    if column_mapping.get("amount", []) != []:
        return MoneyMeaning()
    parts = relation.parts or [relation]
    found = [money_headings(part) for part in parts]
    common = [name for name in found[0] if all(name in headings for headings in found)]
    totals = [name for name in common if name in TOTALS and "amount" not in column_mapping]
    if not all({"unit_price", "quantity"} <= part.columns.keys() for part in parts):
        doubts = _check_amounts_are_of_lines(connection, relation, readers, column_mapping)
        return MoneyMeaning(findings=doubts | _unused(connection, relation, readers, found[0], common))
    if not common:
        return MoneyMeaning()
    if any(part.continues != "false" for part in parts):
        # Their lines do not name their order, so no sum of an order is known.
        return MoneyMeaning(findings=_unused(connection, relation, readers, found[0], common))
    try:
        _create_lines(connection, parts, readers, found, common)
        proofs = {total: _proof(connection, total) for total in totals}
        return _decide(connection, relation, found[0], proofs, is_price_set="unit_price" in column_mapping)
    finally:
        connection.execute(f"drop table if exists {LINES}; drop table if exists {ORDERS}")


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
        sql_of = {"quantity": part.columns["quantity"], "price": part.columns["unit_price"]}
        sql_of |= {name: part.others[headings[name]] for name in common}
        texts = ", ".join(f"{_text(name, sql_of[name], readers)} as {name}_text" for name in names)
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


def _text(name: str, sql: str, readers: Readers) -> str:
    """SQL: a value of a column of money as a text that the readers read; a discount may be so many percent."""
    text = readers.text(sql)
    return f"replace({text}, '%', '')" if name == "discount" else text


# Proofs


def _columns(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {str(name) for name, *_ in connection.execute(f"describe {LINES}").fetchall()}


def _proof(connection: duckdb.DuckDBPyConnection, total: str) -> dict[str, int]:
    """How many lines and orders agree with each meaning of a total. Prices and amounts are rounded to the cent."""
    there = _columns(connection)
    parts = ", ".join(f"abs({part if part in there else 'cast(null as double)'}) as {part}" for part in PARTS)
    connection.execute(
        f"""
        create or replace temp table {ORDERS} as
        with lines as (
            select file_name, invoice_id, quantity, price, {total} as total, {parts}
            from {LINES}
            where price is not null and quantity is not null
        ),
        sums as (
            select
                bool_or(abs(quantity) <> 1 and quantity <> 0 and price <> 0) as can_show,
                max(total) as total,
                sum(price * quantity) as gross,
                sum(price) as prices,
                sum(0.006 + 0.005 * abs(quantity)) as tolerance,
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
    query = f"""
        with lines as (
            select
                abs(quantity) <> 1 and quantity <> 0 and price <> 0 as can_show,
                0.006 + 0.005 * abs(quantity) as tolerance,
                price * quantity as gross, price, {total} as total, {parts}
            from {LINES}
            where price is not null and quantity is not null
        )
        select
            count(*) filter (where total is null) as blank,
            count(total) as all_lines,
            count(*) filter (where can_show and total is not null) as lines,
            count(*) filter (where can_show and abs(gross - total) <= tolerance) as line_totals,
            count(*) filter (where can_show and abs(price - total) <= 0.006) as equal,
            count(*) filter (where can_show and tax > 0 and abs(gross + tax - total) <= tolerance) as taxed,
            count(*) filter (where can_show and tax > 0 and total is not null) as taxed_lines,
            count(*) filter (where abs(gross - coalesce(discount, 0) - total) <= tolerance) as discounted,
            count(*) filter (where abs(gross - total) <= tolerance) as undiscounted,
            count(*) filter (where {_fits_percent("coalesce(discount, 0)")}) as reduced,
            count(*) filter (where discount > 0 and {_fits_percent("discount")}) as percents_before,
            count(*) filter (where discount > 0 and total is not null) as discount_lines,
            count(*) filter (where discount > 0 and abs(gross - discount - total) <= tolerance) as discounts_before,
            count(*) filter (where discount > 0 and abs(gross - total) <= tolerance) as discounts_after
        from lines
    """
    orders = f"""
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
    counts: dict[str, int] = {}
    for statement in (query, orders):
        cursor = connection.execute(statement)
        names = [str(column[0]) for column in cursor.description or ()]
        counts |= dict(zip(names, map(int, cursor.fetchall()[0]), strict=True))
    return counts


def _fits_percent(discount: str) -> str:
    """SQL: whether the total is what remains of a line after a discount in percent, or as a share of 1."""
    rests = [f"(1 - {discount})", f"(1 - {discount} / 100)"]
    return "(" + " or ".join(f"abs(gross * {rest} - total) <= tolerance" for rest in rests) + ")"


def _fits(sum_of_lines: str, discounts: str, extras: str) -> str:
    """SQL: whether a sum less one of the discounts and with one of the extras is the order's total."""
    return (
        f"coalesce(list_bool_or(flatten(list_transform({discounts}, lambda less: list_transform({extras},"
        f" lambda extra: abs({sum_of_lines} - less + extra - total) <= tolerance)))), false)"
    )


# Decisions


def _is_proven(count: int, of: int) -> bool:
    return of > 0 and count >= PROVEN * of


def _is_total_of_lines(proof: Mapping[str, int], lines: str, discount_lines: str) -> bool:
    """Whether lines with a discount agree, and so do all lines: one alone can be a coincidence."""
    return _is_proven(proof[discount_lines], proof["discount_lines"]) and _is_proven(proof[lines], proof["all_lines"])


def _source(proof: Mapping[str, int]) -> str | None:
    """What the total and the price are; None where the rows do not show it."""
    if proof["blank"] == 0 and _is_total_of_lines(proof, "discounted", "discounts_before"):
        return "discounted"
    if proof["blank"] == 0 and _is_total_of_lines(proof, "reduced", "percents_before"):
        return "percent"
    if _is_proven(proof["line_totals"], proof["lines"]):
        return "line total"
    if _is_proven(proof["equal"], proof["lines"]):
        return "equal"
    if _is_proven(proof["taxed"], proof["taxed_lines"]) and _is_proven(
        proof["taxed"] + proof["line_totals"], proof["lines"]
    ):
        return "taxed"
    if _is_proven(proof["order_totals"], proof["orders"]):
        return "order total"
    return "total of amounts" if _is_proven(proof["orders_of_amounts"], proof["orders"]) else None


SENTENCES = {
    "discounted": "'{total}' is '{price}' × quantity less '{discount}': it is the amount of the line.",
    "percent": "'{total}' is '{price}' × quantity less '{discount}' percent: it is the amount of the line.",
    "line total": "'{total}' is '{price}' × quantity: '{price}' is the price of a unit.",
    "equal": "'{price}' equals '{total}', whatever the quantity: it is the amount of the line.",
    "taxed": "'{total}' is '{price}' × quantity and '{tax}': '{price}' is a unit's price before tax.",
    "order total": "'{total}' is the order's sum of '{price}' × quantity: '{price}' is the price of a unit.",
    "total of amounts": "'{total}' is the order's sum of '{price}': that is the amount of the line.",
}


def _decide(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    headings: Mapping[str, str],
    proofs: Mapping[str, Mapping[str, int]],
    *,
    is_price_set: bool,
) -> MoneyMeaning:
    price = (relation.parts or [relation])[0].headings["unit_price"]
    names = {"price": price, **{part: headings[part] for part in PARTS if part in headings}}
    total, source = next(
        ((total, found) for total, proof in proofs.items() if (found := _source(proof)) is not None), (None, None)
    )
    sentences, findings = [], {}
    if total is not None and source is not None:
        sentences.append(SENTENCES[source].format(total=headings[total], **names))
    elif doubtful := next((name for name, proof in proofs.items() if proof["lines"]), None):
        findings["total"] = _total_in_doubt(headings[doubtful], price, proofs[doubtful])
    is_less = source in ("discounted", "percent")
    amount = "total" if is_less else "price" if source in ("equal", "total of amounts") else None
    if is_price_set and amount == "price":
        amount, sentences = None, []
    less: dict[str, str] = {"discount": "none"} if is_less else {}
    shown = [] if is_less else [_discounts(connection, names, proofs)]
    for part, of, sentence, finding in (*shown, _refunds(connection, names), _taxes(connection, names, proofs, source)):
        less |= {part: of} if of is not None else {}
        sentences += [sentence] if sentence is not None else []
        findings |= {part: finding} if finding is not None else {}
    return MoneyMeaning(
        source is not None, amount, total if amount == "total" else None, less, sentences, findings
    )  # fmt: skip


def _total_in_doubt(total: str, price: str, proof: Mapping[str, int]) -> Finding:
    return Finding(
        "totals_in_doubt", "unit_price", proof["lines"] - proof["line_totals"], total,
        f"It is neither '{shortened(price, 40)}' × quantity nor an order's sum of it. The price counts; if this should,"
        " name it in column_mapping: {amount: …}.",
    )  # fmt: skip


# The part of the money, how it is taken off, a sentence about it, and a doubt; None where there is none.
_Shown = tuple[str, str | None, str | None, Finding | None]


def _discounts(
    connection: duckdb.DuckDBPyConnection, names: Mapping[str, str], proofs: Mapping[str, Mapping[str, int]]
) -> _Shown:
    """Whether discounts are taken off prices: a total shows whether prices are before or after them."""
    rows, example = _filled(connection, names, "discount")
    if not rows:
        return "discount", None, None, None
    name, price = names["discount"], names["price"]
    for proof in proofs.values():
        of = None
        if _is_proven(proof["orders_before"], proof["discount_orders"]):
            is_of_order = _is_proven(proof["orders_once"], proof["discount_orders"])
            of = _grain(connection, "discount") or ("order" if is_of_order else "line")
        elif _is_total_of_lines(proof, "discounted", "discounts_before"):
            of = "line"
        if of is not None:
            return "discount", of, f"'{price}' is before '{name}', which is taken off.", None
        if _is_proven(proof["orders_after"], proof["discount_orders"]) or _is_total_of_lines(
            proof, "undiscounted", "discounts_after"
        ):
            return "discount", "none", f"'{price}' is after '{name}'.", None
    return "discount", None, None, _left_out("discounts_left_out", rows, f"{name}: {example:g}")


def _refunds(connection: duckdb.DuckDBPyConnection, names: Mapping[str, str]) -> _Shown:
    """Whether refunds are taken off prices: none is more than what was paid, and no line gives the same money back."""
    rows, example = _filled(connection, names, "refund")
    if not rows or (example == 1 and mark_of(names["refund"])):
        # 0 and 1 mark what was refunded.
        return "refund", None, None, None
    of = _grain(connection, "refund")
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
    if of is not None and _is_proven(int(fitting), int(refunded)):
        return "refund", of, f"'{names['refund']}' is taken off the amounts.", None
    return "refund", None, None, _left_out("refunds_left_out", rows, f"{names['refund']}: {example:g}")


def _grain(connection: duckdb.DuckDBPyConnection, part: str) -> str | None:
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
    if _is_proven(once, several) or (_is_proven(same, several) and too_much):
        return "order"
    return None if same else "line"


def _taxes(
    connection: duckdb.DuckDBPyConnection,
    names: Mapping[str, str],
    proofs: Mapping[str, Mapping[str, int]],
    source: str | None,
) -> _Shown:
    """A warning where taxes stand beside prices, and no total shows whether prices include them."""
    rows, example = _filled(connection, names, "tax")
    is_shown = source == "taxed" or any(
        _is_proven(proof[name], proof["tax_orders"])
        for proof in proofs.values()
        for name in ("tax_added", "tax_included")
    )
    if not rows or is_shown:
        return "tax", None, None, None
    return "tax", None, None, Finding(
        "taxes_in_doubt", "unit_price", rows, f"{names['tax']}: {example:g}",
        "Nothing shows whether prices include these taxes. They count as they are; name a column with the amounts that"
        " should count in column_mapping: {amount: …}.",
    )  # fmt: skip


def _filled(connection: duckdb.DuckDBPyConnection, names: Mapping[str, str], part: str) -> tuple[int, float]:
    """How many lines have an amount other than 0, and the highest."""
    if part not in names:
        return 0, 0.0
    ((rows, example),) = connection.execute(
        f"select count(*), coalesce(max(abs({part})), 0) from {LINES} where {part} <> 0"
    ).fetchall()
    return int(rows), float(example)


def _left_out(kind: str, rows: int, example: str) -> Finding:
    return Finding(
        kind, "unit_price", rows, example,
        "They are not taken off, because the rows do not show that prices are before them. Name a column with the"
        " amounts that were paid in column_mapping: {amount: …}.",
    )  # fmt: skip


# Logs with amounts alone


def _unused(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    readers: Readers,
    headings: Mapping[str, str],
    common: Sequence[str],
) -> dict[str, Finding]:
    """Warnings of discounts and refunds beside amounts: nothing shows whether the amounts are before them."""
    findings = {}
    for part in (part for part in ("discount", "refund") if part in common):
        sql = relation.others.get(headings[part])
        if sql is None:
            continue
        text = f"(select {_text(part, sql, readers)} as number_text)"
        ((rows, example),) = connection.execute(
            f"select count(*), max(number) from (select (select abs({readers.number}) from {text}) as number"
            f" from {relation.sql}) where number > 0"
        ).fetchall()
        if rows and not (example == 1 and mark_of(headings[part])):
            findings[part] = _left_out(f"{part}s_left_out", int(rows), f"{headings[part]}: {float(example):g}")
    return findings


def _check_amounts_are_of_lines(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    readers: Readers,
    column_mapping: Mapping[str, Any],
) -> dict[str, Finding]:
    """A warning where the amount of an order seems to stand on each of its lines: it would count once for each.

    Raises:
        InputError: It does in so many orders that this is no coincidence.
    """
    if not {"amount", "invoice_id", "product_id"} <= relation.columns.keys():
        return {}
    columns = relation.columns
    ((orders, same, kinds, rows),) = connection.execute(
        f"""
        with texts as (
            select
                {relation.file_name} as file_name,
                nullif(trim(cast({columns["invoice_id"]} as varchar)), '') as invoice_id,
                cast({columns["product_id"]} as varchar) as product_id,
                {readers.text(columns["amount"])} as number_text
            from {relation.sql}
        ),
        orders as (
            select
                min(amount) = max(amount) as is_same,
                max(amount) as amount,
                count(*) as line_count
            from (select *, {readers.number} as amount from texts)
            where invoice_id is not null and amount <> 0
            group by file_name, invoice_id
            having count(distinct product_id) > 1
        )
        select
            count(*),
            count(*) filter (where is_same),
            count(distinct amount) filter (where is_same),
            coalesce(sum(line_count) filter (where is_same), 0)
        from orders
        """
    ).fetchall()
    # Everything may have one price.
    if not _is_proven(same, orders) or kinds <= max(1, orders / 4):
        return {}
    heading = shortened(relation.headings["amount"], 60)
    if orders >= FEW_ORDERS:
        raise InputError(
            f"'{heading}' of {relation.name} is the same on all lines of {same} of {orders} orders with several"
            " products: it seems to be the order's total and would count once for each line. Name the line's amount or"
            f" a unit's price with --vars '{mapping_example(column_mapping, {'amount': '…'})}'"
            f' (or "{heading}", if it is the line\'s).'
        )
    return {"order_total": Finding(
        "order_totals_in_doubt", "amount", int(rows), heading,
        "It is the same on all lines of the few orders with several products. If it is the order's total, it counts"
        " once for each line: name the line's amount or a unit's price in column_mapping: {amount: …}.",
    )}  # fmt: skip


def zero_findings(connection: duckdb.DuckDBPyConnection, rows: InputRelation, readers: Readers) -> list[Finding]:
    """A warning where all prices or amounts are 0: then no row is a sale, and another column may hold them."""
    findings = []
    for column in (column for column in ("unit_price", "amount") if column in rows.columns):
        numbers = f"(select {readers.value(rows.columns[column])} as number from {rows.sql})"
        # The first other number is proof enough.
        if not connection.execute(f"select 1 from {numbers} where number <> 0 limit 1").fetchall():
            ((zeros,),) = connection.execute(f"select count(*) from {numbers} where number = 0").fetchall()
            if zeros:
                findings.append(Finding(
                    "only_zeros", column, int(zeros), shortened(rows.headings.get(column, column), 60),
                    "It is 0 wherever it is a number, so no row is a sale. Name the column with what was paid in"
                    " column_mapping: {amount: …}.",
                ))  # fmt: skip
    return findings


# Amounts less discounts and refunds


def _net(raw: InputRelation, revised: InputRelation, reading: MoneyReading, readers: Readers) -> InputRelation:
    """The rows with an amount from which discounts and refunds are taken, exact to the cent for each order."""
    found = money_headings(raw)
    price, quantity = revised.columns["amount"], raw.columns["quantity"]
    values = {"price": price, "quantity": quantity} | {part: raw.others[found[part]] for part in reading.less}
    numbers = ", ".join(f"{readers.value(sql)} as {PAID}_{name}" for name, sql in values.items())
    invoice = (
        f"nullif(trim(cast({raw.columns['invoice_id']} as varchar)), '')" if "invoice_id" in raw.columns else "null"
    )
    order = f"partition by {raw.file_name}, coalesce({invoice}, cast({PAID}_line as varchar))"
    net = f"{PAID}_gross" + "".join(_taken_off(part, of, order) for part, of in reading.less.items())
    # What can't be read stays as it is, and the sign of a currency stays with its amount.
    currency = readers.currency.replace("number_text", f"({readers.text(price)})")
    written = f"replace(cast(try_cast({net} as decimal(18, 2)) as varchar), '.', '{readers.separator}')"
    unread = f"case when {PAID}_price is null or {PAID}_quantity is null then {readers.text(price)} else 'too much' end"
    gross = f"try_cast({PAID}_price as decimal(15, 4))"
    if reading.amount is None:
        gross += f" * try_cast({PAID}_quantity as decimal(12, 3))"
    sql = f"""(
        select *, coalesce(trim({currency} || ' ' || {written}), {unread}) as {PAID}
        from (
            select *, sum({PAID}_gross) over ({order}) as {PAID}_total
            from (
                select *, try_cast({gross} as decimal(18, 2)) as {PAID}_gross
                from (select *, row_number() over () as {PAID}_line, {numbers} from {raw.sql})
            )
        )
        order by {PAID}_line
    )"""
    return replace(revised, sql=sql, position=None, columns={**revised.columns, "amount": PAID})


def _taken_off(part: str, of: str, order: str) -> str:
    """SQL: what is taken off the amount of a line. An order's is spread over its lines by their amounts."""
    number = f"abs(coalesce({PAID}_{part}, 0))"
    if of == "line":
        return f" - least({number}, greatest({PAID}_gross, 0))"
    running = f"{order} order by {PAID}_line rows between unbounded preceding"
    so_far, before = (
        f"round(cast(least(max({number}) over ({order}), {PAID}_total) as double)"
        f" * cast(coalesce(sum({PAID}_gross) over ({window}), 0) as double) / cast({PAID}_total as double), 2)"
        for window in (f"{running} and current row", f"{running} and 1 preceding")
    )
    return f" - case when {PAID}_total > 0 then {so_far} - {before} else 0 end"
