"""Which heading of the input holds which of our columns."""

import re
from collections.abc import Mapping, Sequence

from shop_toolkit.ingest.files import InputError

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
        "buyerid", "memberid", "accountid", "customeremail", "email", "customer",
    ),
    "country": ("country", "customercountry", "shippingcountry", "billingcountry", "countryname", "market"),
    "order_status": (
        "orderstatus", "financialstatus", "paymentstatus", "invoicestatus", "salestatus", "transactionstatus", "status",
    ),
    "transaction_type": (
        "transactiontype", "invoicetype", "documenttype", "recordtype", "linetype", "transactionkind", "kind", "type",
    ),
    "currency": ("currency", "currencycode", "ordercurrency", "transactioncurrency", "isocurrency"),
}  # fmt: skip
REQUIRED = ("customer_id", "ordered_at")


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
    _check_mapping(headings, input_name, column_mapping)
    found = dict(column_mapping)
    # Of headings that compare equal the first one counts.
    heading_of = {_comparable(heading): heading for heading in reversed(headings) if heading not in found.values()}
    for column, aliases in COLUMN_ALIASES.items():
        if column not in found and (alias := next((alias for alias in aliases if alias in heading_of), None)):
            found[column] = heading_of[alias]
    # A total may be the invoice's: the price counts, unless the setting names the amount. The other column stays raw.
    if "unit_price" in found and "amount" in found:
        prefers_amount = "amount" in column_mapping and "unit_price" not in column_mapping
        del found["unit_price" if prefers_amount else "amount"]
    _check_required(found, headings, input_name)
    return found


def _check_mapping(headings: Sequence[str], input_name: str, column_mapping: Mapping[str, str]) -> None:
    for column, heading in column_mapping.items():
        if column not in COLUMN_ALIASES:
            raise InputError(
                f"The setting 'column_mapping' names '{column}', which is none of our columns:"
                f" {', '.join(COLUMN_ALIASES)}."
            )
        if heading not in headings:
            raise InputError(
                f"The setting 'column_mapping' maps {column} to '{heading}', but {input_name}"
                f" has no such heading. {_present(headings)}"
            )


def _check_required(found: Mapping[str, str], headings: Sequence[str], input_name: str) -> None:
    missing = [column for column in REQUIRED if column not in found]
    if "unit_price" not in found and "amount" not in found:
        missing.append("unit_price (or amount)")
    if missing:
        example = f'{{column_mapping: {{{missing[0].split()[0]}: "{headings[0]}"}}}}'
        raise InputError(
            f"No heading of {input_name} is known to hold {', '.join(missing)}. {_present(headings)}"
            f" Say which it is, e.g. --vars '{example}'."
        )


def _present(headings: Sequence[str]) -> str:
    return f"The headings there: {', '.join(headings)}."


def _comparable(heading: str) -> str:
    return re.sub("[^a-z0-9]", "", heading.lower())
