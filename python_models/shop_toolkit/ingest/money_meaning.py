"""Find out what the columns of money mean: a unit's price, the amount of a line or of an order, what was taken off it.

Headings leave it open, so the rows prove it (`money_proofs`). Without proof the price is that of a unit, and a warning
says so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from shop_toolkit.errors import InputError, shortened
from shop_toolkit.ingest.exports import comparable, export_called
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import COLUMN_ALIASES, mapping_example
from shop_toolkit.ingest.marks import mark_of
from shop_toolkit.ingest.money import NET_TOTALS, PARTS, TOTALS, MoneyReading, Readers, money_headings, money_value
from shop_toolkit.ingest.money_proofs import (
    RESTS,
    UNITS,
    comes_to,
    filled_lines,
    grain_of,
    is_proven,
    lines_in_doubt,
    lines_of_money,
    money_column,
    money_of_contradicting_lines,
    proof_of,
    refunded_orders,
    sampled_numbers,
)
from shop_toolkit.ingest.money_signs import CENT
from shop_toolkit.ingest.relation import InputRelation

# Columns of whatever heading are looked at in so many rows: to parse a long file once more takes time.
FIRST_ROWS = 20_000
# An order's total on each of its lines can be a coincidence in so few orders.
FEW_ORDERS = 10
SENTENCES = {
    "per": "'{total}' is '{price}' × quantity / '{per}': it is the amount of the line.",
    "pack": "'{total}' is '{price}' × quantity × '{pack}': it is the amount of the line.",
    "discounted": "'{total}' is '{price}' × quantity less '{discount}': it is the amount of the line.",
    "percent": "'{total}' is '{price}' × quantity less '{discount}' percent: it is the amount of the line.",
    "less and taxed": "'{total}' is '{price}' × quantity less '{discount}', and '{tax}': both are not in '{price}', and"
    " '{discount}' is taken off.",
    "signed": "'{total}' is '{price}' × quantity, and negative where both are: it is the amount of the line.",
    "line total": "'{total}' is '{price}' × quantity: '{price}' is the price of a unit.",
    "equal": "'{price}' equals '{total}', whatever the quantity: it is the amount of the line.",
    "taxed": "'{total}' is '{price}' × quantity and '{tax}': '{price}' is a unit's price before tax.",
    "order total": "'{total}' is the order's sum of '{price}' × quantity: '{price}' is the price of a unit.",
    "total of amounts": "'{total}' is the order's sum of '{price}': that is the amount of the line.",
}
# With these sources the total is the amount of the line: nothing has to be taken off.
FULL_TOTALS = ("per", "pack", "discounted", "percent")
# Counts of lines and orders by which the price is the amount of the line.
OF_AMOUNTS = ("equal", "orders_of_amounts")
# The part of the money, how it is taken off, a sentence about it, and a doubt; None where there is none.
_Shown = tuple[str, str | None, str | None, Finding | None]


@dataclass(frozen=True)
class MoneyMeaning:
    """What the rows show of the columns of money.

    Attributes:
        is_amount_shown: Whether they show which column is the amount of a line.
        amount: Which it is, as in `MoneyReading`.
        total: The heading of the total, as in `MoneyReading`.
        equal: The heading of a total that is price × quantity, as in `MoneyReading`: it may as well be read.
        less: Of what they show to be taken off or not: 'line', 'order', 'either' or 'none'.
        sentences: What was proved, for the log.
        findings: What stays in doubt, by the part of the money that it is of.
    """

    is_amount_shown: bool = False
    amount: str | None = None
    total: str | None = None
    equal: str | None = None
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
        holds = not self.is_amount_shown or (earlier.amount == "total" and self.equal == earlier.total)
        amount, total = (earlier.amount, earlier.total) if holds else (self.amount, self.total)
        return MoneyReading(amount, total, less)

    def doubts(self, reading: MoneyReading) -> list[Finding]:
        """What stays in doubt where earlier rows may have shown it."""
        return [finding for part, finding in self.findings.items() if part not in reading.less]


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
        doubts |= _unused(connection, relation, readers, found[0], common)
        of = _refunds_by_export(parts) if "refund" in common else ""
        if of:
            # Whatever these rows hold, as later ones are read alike.
            sentences = [f"'{found[0]['refund']}' is taken off the amounts."] if doubts.pop("refund", None) else []
            return MoneyMeaning(less={"refund": of}, sentences=sentences, findings=doubts)
        if "discount" not in doubts or not totals:
            return MoneyMeaning(findings=doubts)
        with lines_of_money(connection, parts, readers, found, common):
            return _total_after_discounts(connection, relation, found[0], totals, doubts)
    if not common:
        return MoneyMeaning()
    if any(part.continues != "false" for part in parts):
        # Their lines do not name their order, so no sum of an order is known.
        return MoneyMeaning(findings=_unused(connection, relation, readers, found[0], common))
    exports = (export_called(part.export) for part in parts)
    with_extras = {*NET_TOTALS, *(name for export in exports if export is not None for name in export.order_totals)}
    with lines_of_money(connection, parts, readers, found, common):
        proofs = {total: proof_of(connection, total) for total in totals}
        for total in proofs.keys() & set(NET_TOTALS):
            proofs[total] |= dict.fromkeys(OF_AMOUNTS, 0)
        return _decide(
            connection, relation, found[0], proofs, with_extras, is_price_set="unit_price" in column_mapping
        )  # fmt: skip


def _total_after_discounts(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    headings: Mapping[str, str],
    totals: Sequence[str],
    doubts: dict[str, Finding],
) -> MoneyMeaning:
    """What a log without quantities shows: a total is the price, or the amount, less the discount, or before it."""
    first = (relation.parts or [relation])[0]
    names = {"price": first.headings[money_column(first)], "discount": headings["discount"]}
    findings = {part: finding for part, finding in doubts.items() if part != "discount"}
    less = {"discount": "none"}
    proofs = {total: proof_of(connection, total) for total in totals}
    for total, proof in proofs.items():
        source = _source(proof)
        if source in ("discounted", "percent"):
            sentence = SENTENCES[source].format(total=headings[total], **names).replace(" × quantity", "")
            return MoneyMeaning(True, "total", total, None, less, [sentence], findings)
    if any(_is_total_of_lines(proof, "before", "totals_before") for proof in proofs.values()):
        sentence = f"'{names['price']}' is after '{names['discount']}'."
        return MoneyMeaning(True, less=less, sentences=[sentence], findings=findings)
    return MoneyMeaning(findings=doubts)


def _is_total_of_lines(proof: Mapping[str, int], lines: str, discount_lines: str) -> bool:
    """Whether lines with a discount agree, and so do all lines: one alone can be a coincidence."""
    return is_proven(proof[discount_lines], proof["discount_lines"]) and is_proven(proof[lines], proof["all_lines"])


def _source(proof: Mapping[str, int]) -> str | None:
    """What the total and the price are; None where the rows do not show it."""
    if proof["blank"] == 0:
        for name in UNITS:
            # Prices of one unit may come first, and those of a hundred later.
            is_shown = proof[f"{name}_lines"] == 0 or is_proven(proof[f"{name}_totals"], proof[f"{name}_lines"])
            if proof[f"{name}_units"] and is_shown and is_proven(proof[f"{name}_fitting"], proof["all_lines"]):
                return name
        if _is_total_of_lines(proof, "discounted", "discounts_before"):
            return "discounted"
        if _is_total_of_lines(proof, "reduced", "percents_before"):
            return "percent"
        is_negative = is_proven(proof["negative_totals"], proof["twice_negative"])
        if is_negative and is_proven(proof["undiscounted"] + proof["negative_totals"], proof["all_lines"]):
            return "signed"
    if _discount_before_tax(proof) is not None:
        return "less and taxed"
    if is_proven(proof["line_totals"], proof["lines"]):
        return "line total"
    if is_proven(proof["equal"], proof["lines"]):
        return "equal"
    if is_proven(proof["taxed"], proof["taxed_lines"]) and is_proven(
        proof["taxed"] + proof["line_totals"], proof["lines"]
    ):
        return "taxed"
    if is_proven(proof["order_totals"], proof["orders"]):
        return "order total"
    return "total of amounts" if is_proven(proof["orders_of_amounts"], proof["orders"]) else None


def _discount_before_tax(proof: Mapping[str, int]) -> str | None:
    """How discounts are written that prices are before, as well as before tax; None where the rows don't show it."""
    return next(
        (
            name
            for name in RESTS
            if is_proven(proof[f"{name}_taxed"], proof["taxed_discount_lines"])
            and is_proven(proof[f"{name}_taxed_fitting"], proof["all_lines"])
        ),
        None,
    )


def _decide(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    headings: Mapping[str, str],
    proofs: Mapping[str, Mapping[str, int]],
    with_extras: Collection[str],
    *,
    is_price_set: bool,
) -> MoneyMeaning:
    """What the proofs show. Of the totals `with_extras` it is known that they hold more than the lines of an order."""
    price = (relation.parts or [relation])[0].headings["unit_price"]
    names = {"price": price, **{part: headings[part] for part in PARTS if part in headings}}
    total, source = next(
        ((total, found) for total, proof in proofs.items() if (found := _source(proof)) is not None), (None, None)
    )
    sentences: list[str] = []
    findings: dict[str, Finding] = {}
    if total is not None and source is not None:
        shown_total = SENTENCES[source].format(total=headings[total], **names)
        if source in UNITS and proofs[total][f"{source}_discounted"]:
            shown_total = shown_total.replace(": it is", f" less '{names['discount']}': it is")
        sentences.append(shown_total)
    if (doubt := _doubt_of_totals(connection, headings, price, proofs, total, with_extras)) is not None:
        findings["total"] = doubt
    is_less = source in FULL_TOTALS
    of_discount = "none" if is_less else None
    if total is not None and source == "less and taxed":
        of_discount = _discount_before_tax(proofs[total])
    is_total = is_less or source == "signed"
    amount = "total" if is_total else "price" if source in ("equal", "total of amounts") else None
    if is_price_set and amount == "price":
        amount, sentences = None, []
    less = {} if of_discount is None else {"discount": of_discount}
    shown = [_discounts(connection, names, proofs)] if of_discount is None else []
    for part, of, sentence, finding in (*shown, _refunds(connection, names), _taxes(connection, names, proofs, source)):
        less |= {part: of} if of is not None else {}
        sentences += [sentence] if sentence is not None else []
        findings |= {part: finding} if finding is not None else {}
    return MoneyMeaning(
        source is not None, amount, total if amount == "total" else None,
        total if source == "line total" else None, less,
        sentences=sentences, findings=findings,
    )  # fmt: skip


def _doubt_of_totals(
    connection: duckdb.DuckDBPyConnection,
    headings: Mapping[str, str],
    price: str,
    proofs: Mapping[str, Mapping[str, int]],
    total: str | None,
    with_extras: Collection[str],
) -> Finding | None:
    """A warning of lines whose total neither the line nor the order explains; None where there are none.

    Where a total is explained (`total`), some may still be negative although price and quantity are not: refunds?
    """
    shown = shortened(price, 40)
    if total is None:
        open_totals = [
            name
            for name, proof in proofs.items()
            # What is before tax or fees can be less than price × quantity, and hardly more.
            if proof["lines"]
            and (name not in with_extras or ("net" in name and 2 * proof["exceeding"] > proof["lines"]))
        ]
        open_totals += [name for name, proof in proofs.items() if proof["one_sided"]]
        rows, amount = lines_in_doubt(connection, open_totals[0]) if open_totals else (0, 0.0)
        # Negative totals are among them.
        if rows:
            return Finding(
                "totals_in_doubt", "unit_price", rows, headings[open_totals[0]],
                f"It is neither '{shown}' × quantity nor an order's sum of it. The price counts; if this should, name"
                " it in column_mapping: {amount: …}.",
                amount=f"{amount:.2f}",
            )  # fmt: skip
    signed = total or next((name for name, proof in proofs.items() if proof["contradicting"]), None)
    if signed is None or not proofs[signed]["contradicting"]:
        return None
    return Finding(
        "totals_in_doubt", "unit_price", proofs[signed]["contradicting"], headings[signed],
        f"It is negative, but '{shown}' and the quantity are not: these rows count as sales. If they give back, say"
        " refund in a column transaction_type, also by a view, or export them with a negative quantity.",
        amount=f"{money_of_contradicting_lines(connection, signed):.2f}",
    )  # fmt: skip


def _discounts(
    connection: duckdb.DuckDBPyConnection, names: Mapping[str, str], proofs: Mapping[str, Mapping[str, int]]
) -> _Shown:
    """Whether discounts are taken off prices: a total shows whether prices are before or after them."""
    rows, _, example = filled_lines(connection, names, "discount")
    if not rows:
        return "discount", None, None, None
    name, price = names["discount"], names["price"]
    for proof in proofs.values():
        of = None
        if is_proven(proof["orders_before"], proof["discount_orders"]):
            is_of_order = is_proven(proof["orders_once"], proof["discount_orders"])
            of = grain_of(connection, "discount") or ("order" if is_of_order else "line")
        elif _is_total_of_lines(proof, "discounted", "discounts_before"):
            of = "line"
        if of is not None:
            return "discount", of, f"'{price}' is before '{name}', which is taken off.", None
        if is_proven(proof["orders_after"], proof["discount_orders"]) or _is_total_of_lines(
            proof, "undiscounted", "discounts_after"
        ):
            return "discount", "none", f"'{price}' is after '{name}'.", None
    return "discount", None, None, _left_out("discounts_left_out", rows, f"{name}: {example:g}")


def _refunds(connection: duckdb.DuckDBPyConnection, names: Mapping[str, str]) -> _Shown:
    """Whether refunds are taken off prices: none is more than what was paid, and no line gives the same money back."""
    rows, least, example = filled_lines(connection, names, "refund")
    if not rows or _is_mark(names["refund"], least, example):
        return "refund", None, None, None
    of = grain_of(connection, "refund")
    refunded, fitting = refunded_orders(connection, of)
    if of is not None and is_proven(fitting, refunded):
        return "refund", of, f"'{names['refund']}' is taken off the amounts.", None
    return "refund", None, None, _left_out("refunds_left_out", rows, f"{names['refund']}: {example:g}")


def _refunds_by_export(parts: Sequence[InputRelation]) -> str:
    """What refunds are taken off, a 'line' or an 'order', as the export has amounts before them; empty for others.

    Rows alone prove it only once some refunds are of all that was paid, and what was read until then would change.
    """
    export = export_called(parts[0].export)
    is_of_one = all(part.export == parts[0].export and "amount" in part.columns for part in parts)
    return export.refunds_of if export is not None and is_of_one else ""


def _taxes(
    connection: duckdb.DuckDBPyConnection,
    names: Mapping[str, str],
    proofs: Mapping[str, Mapping[str, int]],
    source: str | None,
) -> _Shown:
    """A warning where taxes stand beside prices, and no total shows whether prices include them."""
    rows, _, example = filled_lines(connection, names, "tax")
    is_shown = source in ("taxed", "less and taxed") or any(
        is_proven(proof[name], proof["tax_orders"])
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


def _is_mark(heading: str, least: float, highest: float) -> bool:
    """Whether a column holds 0 and 1 for what was refunded, and no money."""
    return least == highest == 1 and mark_of(heading) is not None


def _left_out(kind: str, rows: int, example: str) -> Finding:
    return Finding(
        kind, "unit_price", rows, example,
        "They are not taken off, because the rows do not show that prices are before them. Name a column with the"
        " amounts that were paid in column_mapping: {amount: …}.",
    )  # fmt: skip


def net_findings(
    connection: duckdb.DuckDBPyConnection, raw: InputRelation, checked: InputRelation, readers: Readers
) -> list[Finding]:
    """Warnings of an amount, also one that the setting names, that another column shows to be before what is taken off.

    Args:
        connection: Where the relations can be read.
        raw: The rows that the build reads, with all of their columns.
        checked: The same rows with those columns of money that are parsed already.
        readers: How texts become numbers.
    """
    findings = []
    first = (raw.parts or [raw])[0]
    headings = money_headings(first)
    if "amount" not in first.columns or _refunds_by_export([first]):
        return []
    amount = first.columns["amount"]
    for part, doubt in _unused(connection, raw if raw.parts else checked, readers, headings, list(headings)).items():
        taken = first.others[headings[part]]
        others = {name: sql for name, sql in first.others.items() if name != headings[part]}
        read = money_value(part, taken, readers)
        others |= {first.headings["quantity"]: first.columns["quantity"]} if "quantity" in first.columns else {}
        columns = [amount, read, *others.values()]
        rows = f"(select * from {first.sql} limit {FIRST_ROWS})"
        amounts, parts, *totals = sampled_numbers(connection, rows, columns, readers, f"{read} <> 0") or [[], []]
        for name, net in zip(others, totals, strict=False):
            if _is_net(amounts, parts, net):
                findings.append(Finding(
                    doubt.kind, "amount", doubt.row_count, doubt.example,
                    f"They are not taken off: '{shortened(name, 40)}' is '{shortened(first.headings['amount'], 40)}'"
                    " less them. If it should count, name it in column_mapping: {amount: …}.",
                ))  # fmt: skip
                break
        else:
            before = _price_before(first, dict(zip(others, totals, strict=False)), amounts, parts)
            if part == "refund" and before is not None:
                findings.append(Finding(
                    doubt.kind, "amount", doubt.row_count, doubt.example,
                    f"They are not taken off, and '{shortened(first.headings['amount'], 40)}' is before them, as"
                    f" '{shortened(before, 40)}' shows. Take them off in a view of the warehouse that the setting"
                    " 'transactions' names.",
                ))  # fmt: skip
    return findings


def _price_before(
    rows: InputRelation,
    numbers: Mapping[str, Sequence[float | None]],
    amounts: Sequence[float | None],
    refunds: Sequence[float | None],
) -> str | None:
    """The heading of a price that shows amounts to be before refunds: they are it × quantity, perhaps less discounts.

    Of what was paid back as a whole, a status may have said that it is no sale.
    """
    price = next((name for name in numbers if comparable(name) in COLUMN_ALIASES["unit_price"]), None)
    if price is None:
        return None
    ones = [1.0] * len(amounts)
    quantities = numbers.get(rows.headings.get("quantity", ""), ones)
    discounts = numbers.get(money_headings(rows).get("discount", ""), [None] * len(amounts))
    has_status = not {"order_status", "transaction_type"}.isdisjoint(rows.columns)
    shown = [
        comes_to(amount, of_unit, quantity, discount)
        for amount, refund, of_unit, quantity, discount in zip(
            amounts, refunds, numbers[price], quantities, discounts, strict=True
        )
        if amount and refund and of_unit and quantity and not (has_status and abs(refund) == abs(amount))
    ]
    return price if is_proven(sum(shown), len(shown)) else None


def _is_net(amounts: Sequence[float | None], parts: Sequence[float | None], totals: Sequence[float | None]) -> bool:
    """Whether totals are the amounts less the parts, or less so many percent; of all that was paid it shows nothing."""
    shown = [
        total is not None and min(abs(amount - net - total) for net in (abs(part), amount * abs(part) / 100)) <= CENT
        for amount, part, total in zip(amounts, parts, totals, strict=True)
        if amount and part and abs(part) != abs(amount)
    ]
    return is_proven(sum(shown), len(shown))


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
        ((rows, least, example),) = connection.execute(
            "select count(*), min(number), max(number)"
            f" from (select abs({money_value(part, sql, readers)}) as number from {relation.sql}) where number > 0"
        ).fetchall()
        if rows and not _is_mark(headings[part], least, example):
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
    if not is_proven(same, orders) or kinds <= max(1, orders / 4):
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
