"""What the columns of money mean, and the rows with the columns that this makes of them.

A price is that of a unit, or the amount of a line; a total beside it may be the line's amount; and discounts and
refunds may have to be taken off. `money_meaning` finds out which it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from shop_toolkit.ingest.exports import comparable
from shop_toolkit.ingest.headings import COLUMN_ALIASES
from shop_toolkit.ingest.relation import InputRelation, number_text

# Loose words, or amounts without tax or fees: where rows show nothing of them, they are no doubt of the price.
# Those of a unit stand beside prices of a unit, so one that equals the price shows nothing.
NET_TOTALS = (
    "net", "netamount", "nettotal", "linenet", "netlinetotal", "netlineamount", "netvalue", "extendedprice",
    "extendedamount", "gesamt", "gesamtpreis", "gesamtbetrag", "positionsbetrag", "zeilenbetrag", "summe", "betrag",
    "netto", "nettobetrag", "montant", "montantht", "prixtotal", "importe", "preciototal", "importo", "prezzototale",
    "totale", "bedrag", "totaal", "totaalprijs", "wartość", "wartośćnetto", "kwota", "summa", "belopp", "beløb",
    "totalcharged", "amountcharged", "totalpaid", "amountpaid",
)  # fmt: skip
TOTALS = (
    *COLUMN_ALIASES["amount"], "subtotal", "ordersubtotal", "ordertotal", "invoicetotal", "grandtotal", *NET_TOTALS,
)  # fmt: skip
PARTS: dict[str, tuple[str, ...]] = {
    "discount": (
        "discount", "discountamount", "linediscount", "itemdiscount", "lineitemdiscount", "totaldiscount",
        "discounttotal", "orderdiscount", "coupondiscount", "discountpercent", "discountpercentage", "discountrate",
        "rabatt", "rabattbetrag", "rabattprozent", "nachlass", "remise", "descuento", "desconto", "sconto", "korting",
        "rabat", "tradediscount", "скидка", "суммаскидки", "процентскидки",
    ),
    "refund": ("refundedamount", "refundamount", "amountrefunded", "totalrefunded", "refundtotal", "refunded"),
    "tax": (
        "tax", "taxes", "taxamount", "totaltax", "taxtotal", "ordertax", "itemtax", "lineitemtax", "salestax", "vat",
        "vatamount",
    ),
    "shipping": (
        "shipping", "shippingamount", "shippingcost", "shippingprice", "shippingandhandling", "ordershipping",
        "freight", "freightvalue", "delivery", "deliveryfee",
    ),
    # Of how many units a price is, as SAP and wholesalers have it.
    "per": (
        "preiseinheit", "preiseinh", "preispro", "preisper", "preisje", "preismenge", "preisbasis", "kpein", "peinh",
        "priceuom", "pricinguom", "priceunit", "pricingunit",
        "unitofprice", "pricebase", "pricebasis", "pricequantity", "priceqty", "priceper",
        "per", "perunits", "perquantity", "unitédeprix", "unidaddeprecio", "unitàdiprezzo", "unitàprezzo",
        "prijseenheid", "jednostkaceny", "prisenhed", "prisenhet", "единицацены", "ценаза",
    ),
    # How many units of the price each counted unit has: cases of twelve, sold at the price of a piece.
    "pack": (
        "unitspercase", "unitsperpack", "unitsperbox", "unitspercarton", "unitspersalesunit", "qtypercase",
        "qtyperpack", "qtyperunitofmeasure", "quantityperunitofmeasure", "piecespercase", "piecesperpack",
        "piecesperbox", "pcspercase", "pcsperpack", "pcsperbox", "casesize", "casepack", "packsize", "packqty",
        "packquantity", "caseqty", "boxqty", "cartonqty", "conversionfactor", "uomfactor", "stückprokarton",
        "stückprove", "inhaltprove", "vpe", "vpemenge", "gebindegröße", "packungsgröße", "umrechnungsfaktor",
        "colisage", "unitésparcolis", "unidadesporcaja", "pezzipercartone", "aantalperdoos", "вупаковке",
    ),
}  # fmt: skip
# A number with letters or signs around it, and perhaps signs between thousands.
UNITS_AMONG_WORDS = r"[^0-9-]*[0-9]+([., ][0-9]{3})*([^0-9.,][^0-9]*)?"
PAID = "money_paid"


@dataclass(frozen=True)
class MoneyReading:
    """What the columns of money mean.

    Attributes:
        amount: Which column is the amount of a line, 'total' or 'price'; None where the price is that of a unit.
        total: The heading of the total, as it is compared.
        less: What is taken off the amounts, 'discount' or 'refund', and whether its column is of the 'line' or of the
            'order'; an order's is spread over its lines. A line's may be a 'percent' or a 'share' of its amount.
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
        # Without quantities, a price is an amount already, and so is an amount of a line, or of an order that has one.
        is_amount = not {"unit_price", "quantity"} <= relation.columns.keys()
        if not (self.amount or self.less) or (is_amount and self.amount == "price"):
            return relation
        found = money_headings(relation)
        column = "unit_price" if "unit_price" in relation.columns else "amount"
        heading = found.get(self.total or "") if self.amount == "total" else relation.headings[column]
        if heading is None:
            return relation
        headings = {**relation.headings, "amount": heading}
        money = relation.headings[column]
        sql_of = {**relation.others, money: relation.columns[column]}
        columns = {**relation.columns, "amount": sql_of[heading]}
        if column == "unit_price":
            del columns["unit_price"], headings["unit_price"]
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


def money_text(name: str, sql: str, readers: Readers) -> str:
    """SQL: a value of a column of money as a text that the readers read; a discount or a tax may be so many percent.

    Units may stand among words, as in "per 100" and "1.000 Stück", or be C and M, as in the US.
    """
    text = readers.text(sql)
    if name == "per":
        return (
            f"case upper({text}) when 'EA' then '1' when 'C' then '100' when 'M' then '1000'"
            f" else case when regexp_full_match({text}, '{UNITS_AMONG_WORDS}')"
            f" then regexp_replace({text}, '[^0-9]', '', 'g') else {text} end end"
        )
    return f"trim(replace({text}, '%', ''))" if name in ("discount", "tax") else text


def money_value(name: str, sql: str, readers: Readers) -> str:
    """SQL: a value of a column of money as a number; see `money_text`."""
    return f"(select {readers.number} from (select {money_text(name, sql, readers)} as number_text))"


def amount_of(relation: InputRelation, readers: Readers) -> str:
    """SQL: what a row comes to; null where it has no money, or more than money can be, as by a slip of the pen."""
    sql_of = relation.columns
    money = [sql_of[name] for name in ("unit_price", "amount") if name in sql_of][:1]
    if "unit_price" in sql_of and "quantity" in sql_of:
        money.append(sql_of["quantity"])
    amount = " * ".join(f"cast({readers.value(sql)} as double)" for sql in money)
    return f"try_cast({amount} as decimal(18, 2))"


def money_headings(relation: InputRelation) -> dict[str, str]:
    """Headings of columns of money beside ours: totals by their name as it is compared, parts by what they are."""
    heading_of = {comparable(heading): heading for heading in reversed(list(relation.others))}
    found = {alias: heading_of[alias] for alias in TOTALS if alias in heading_of}
    for part, aliases in PARTS.items():
        if (alias := next((alias for alias in aliases if alias in heading_of), None)) is not None:
            found[part] = heading_of[alias]
    return found


def _net(raw: InputRelation, revised: InputRelation, reading: MoneyReading, readers: Readers) -> InputRelation:
    """The rows with an amount from which discounts and refunds are taken, exact to the cent for each order."""
    found = money_headings(raw)
    price = revised.columns["amount"]
    is_of_unit = reading.amount is None and {"unit_price", "quantity"} <= raw.columns.keys()
    quantity = raw.columns["quantity"] if is_of_unit else "1"
    values = {"price": price, "quantity": quantity} | {part: raw.others[found[part]] for part in reading.less}
    texts = {name: money_text(name, sql, readers) for name, sql in values.items()}
    numbers = ", ".join(
        f"({readers.number.replace('number_text', f'({text})')}) as {PAID}_{name}" for name, text in texts.items()
    )
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
    if is_of_unit:
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
    if of in ("percent", "share"):
        share = f"try_cast({number} as decimal(9, 6))" + (" * 0.01" if of == "percent" else "")
        return f" - {PAID}_gross + round({PAID}_gross * greatest(1 - {share}, 0), 2)"
    running = f"{order} order by {PAID}_line rows between unbounded preceding"
    so_far, before = (
        f"round(cast(least(max({number}) over ({order}), {PAID}_total) as double)"
        f" * cast(coalesce(sum({PAID}_gross) over ({window}), 0) as double) / cast({PAID}_total as double), 2)"
        for window in (f"{running} and current row", f"{running} and 1 preceding")
    )
    return f" - case when {PAID}_total > 0 then {so_far} - {before} else 0 end"
