"""Which heading of the input holds which of our columns."""

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from shop_toolkit.ingest.errors import InputError, listed, shortened

# Best first; those that could mean something else last. Only letters and digits count: 'Invoice No.', 'invoice_no' and
# 'INVOICENO' are one heading.
COLUMN_ALIASES: dict[str, tuple[str, ...]] = {
    "invoice_id": (
        "invoiceno", "invoice", "invoiceid", "invoicenumber", "orderid", "orderno", "ordernumber",
        "transactionid", "receiptid", "receiptno", "basketid", "salesorderid", "billno", "order",
    ),
    "product_id": (
        "stockcode", "productid", "productcode", "sku", "itemid", "itemcode", "articleid", "articleno",
        "itemno", "productsku", "variantsku", "lineitemsku",
    ),
    "product_description": (
        "description", "productdescription", "productname", "itemname", "itemdescription",
        "lineitemname", "title", "product", "item", "article",
    ),
    "quantity": ("quantity", "qty", "units", "quantityordered", "orderquantity", "lineitemquantity", "itemcount"),
    "ordered_at": (
        "invoicedate", "orderdate", "orderedat", "transactiondate", "purchasedate", "saledate", "createdat",
        "orderpurchasetimestamp", "invoicedatetime", "invoicetime", "datetime", "timestamp", "date",
    ),
    "unit_price": ("unitprice", "priceeach", "itemprice", "priceperunit", "lineitemprice", "price"),
    "amount": (
        "lineamount", "linetotal", "amount", "totalprice", "totalamount", "salesamount", "amountspent",
        "transactionamount", "grossamount", "revenue", "sales", "total", "value",
    ),
    "customer_id": (
        "customerid", "customerno", "customernumber", "customercode", "custid", "clientid", "userid",
        "buyerid", "memberid", "accountid", "customeremail", "buyeremail", "email", "customer",
    ),
    "country": (
        "country", "customercountry", "shippingcountry", "shipcountry", "billingcountry", "countryname", "market",
    ),
    "order_status": (
        "orderstatus", "financialstatus", "paymentstatus", "invoicestatus", "salestatus", "transactionstatus", "status",
    ),
    "transaction_type": (
        "transactiontype", "invoicetype", "documenttype", "recordtype", "linetype", "transactionkind", "kind", "type",
    ),
    "currency": ("currency", "currencycode", "ordercurrency", "transactioncurrency", "isocurrency"),
}  # fmt: skip
REQUIRED = ("customer_id", "ordered_at")
# Exports whose headings mean something else than elsewhere: known by one heading, our column to theirs.
# Amazon's order reports: 'item-price' is that of all units (Selling Partner API, order report fields).
EXPORTS: dict[str, dict[str, str]] = {"amazonorderid": {"amount": "itemprice", "invoice_id": "amazonorderid"}}
# How alike a heading and a known one have to be for a hint.
ALIKE = 0.6


def match_headings(headings: Sequence[str], input_name: str, column_mapping: Mapping[str, str]) -> dict[str, str]:
    """Find the heading of each of our columns.

    Args:
        headings: Unique headings of the input, in its order.
        input_name: How sentences call the input.
        column_mapping: The setting of that name: our column to heading. It wins over the known aliases.

    Returns:
        Our column to heading, without the columns that the input lacks.

    Raises:
        InputError: The mapping names an unknown column or heading, or a required column has no heading.
    """
    check_mapping(headings, input_name, column_mapping)
    found = dict(column_mapping)
    # Of headings that compare equal the first one counts.
    heading_of = {_comparable(heading): heading for heading in reversed(headings) if heading not in found.values()}
    for export, meaning in EXPORTS.items():
        if export in heading_of and not found.keys() & {"unit_price", "amount"}:
            found |= {column: heading_of.pop(alias) for column, alias in meaning.items() if alias in heading_of}
    for column, aliases in COLUMN_ALIASES.items():
        if column not in found and (alias := next((alias for alias in aliases if alias in heading_of), None)):
            found[column] = heading_of[alias]
    # A total may be the invoice's: the price counts, unless the setting names the amount. The other column stays raw.
    if "unit_price" in found and "amount" in found:
        # An export's own meaning leaves no price: "item-price" is one of the names of a unit's price.
        is_of_export = any(_comparable(found["amount"]) == meaning["amount"] for meaning in EXPORTS.values())
        prefers_amount = "unit_price" not in column_mapping and ("amount" in column_mapping or is_of_export)
        del found["unit_price" if prefers_amount else "amount"]
    _check_required(found, headings, input_name)
    return found


def mapping_for(headings: Sequence[str], column_mapping: Mapping[str, str | Sequence[str]]) -> dict[str, str]:
    """Our column to heading, for a file with these headings.

    The setting may list several headings of a column, where files differ: the first one that is there counts. Where
    none is, the column stays mapped to the first for `check_mapping` to report it, unless the known aliases find one.
    """
    mapping = {}
    for column, value in column_mapping.items():
        names = (
            [str(value)] if isinstance(value, str) or not isinstance(value, Sequence) else [str(one) for one in value]
        )
        if there := [name for name in names if name in headings]:
            mapping[column] = there[0]
    return mapping


def check_mapping(headings: Sequence[str], input_name: str, column_mapping: Mapping[str, str | Sequence[str]]) -> None:
    """Raise InputError where the setting names a column that is none of ours, or headings that no file has."""
    for column, value in column_mapping.items():
        names = [value] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)
        if column not in COLUMN_ALIASES:
            raise InputError(
                f"The setting 'column_mapping' names '{shortened(str(column), 40)}', which is none of our columns:"
                f" {', '.join(COLUMN_ALIASES)}."
            )
        if not set(names) & set(headings):
            wanted = shortened(str(names[0] if names else value), 60)
            hint = _likely(headings, [_comparable(wanted)])
            raise InputError(
                f"The setting 'column_mapping' maps {column} to '{wanted}', but {input_name}"
                f" has no such heading. {_present(headings)}"
                + (f" Perhaps you mean '{shortened(hint, 60)}'." if hint else "")
            )


def _check_required(found: Mapping[str, str], headings: Sequence[str], input_name: str) -> None:
    missing = [column for column in REQUIRED if column not in found]
    if "unit_price" not in found and "amount" not in found:
        missing.append("unit_price (or amount)")
    if missing:
        free = [heading for heading in headings if heading not in found.values()]
        column = missing[0].split()[0]
        names = {name: COLUMN_ALIASES[name] for name in ([column, "amount"] if column == "unit_price" else [column])}
        likely = {name: hint for name, aliases in names.items() if (hint := _likely(free, aliases))}
        column, hint = next(iter(likely.items()), (column, None))
        example = f'{{column_mapping: {{{column}: "{shortened(hint, 60) if hint else "your heading"}"}}}}'
        raise InputError(
            f"No heading of {input_name} is known to hold {', '.join(missing)}. {_present(headings)}"
            f" Say which it is, e.g. --vars '{example}'."
        )


def _likely(headings: Sequence[str], aliases: Sequence[str]) -> str | None:
    """The heading that is most like one of the known ones; None where none is like them."""

    def likeness(heading: str) -> float:
        name = _comparable(heading)[:40]
        within = max((0.9 for alias in aliases if name and len(alias) > 3 and alias in name), default=0)
        return max([within, *(SequenceMatcher(None, name, alias).ratio() for alias in aliases)])

    likenesses = {heading: likeness(heading) for heading in headings[:200]}
    best = max(likenesses, key=lambda heading: likenesses[heading], default=None)
    return best if best is not None and likenesses[best] >= ALIKE else None


def _present(headings: Sequence[str]) -> str:
    return f"The headings there: {listed(headings)}."


def _comparable(heading: str) -> str:
    return re.sub("[^a-z0-9]", "", heading.lower())
