"""Exports of shop systems whose headings mean something else than elsewhere, or whose rows need their neighbours.

Most exports are read by the known headings alone (`COLUMN_ALIASES`). An export is listed here where one of its columns
would be taken for another, where its words mean something of its own, or where lines leave blank what is the order's.
Headings and words are written as they compare: letters and digits in lower case.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Export:
    """What the headings of one system's export mean.

    Headings that may stand for one another are separated by '|', the best one first.

    Attributes:
        name: What the system calls it.
        marks: Headings that no other export has together.
        columns: Our column to its heading. An empty text: the export has no such column, whatever a heading looks like.
        words: Our column to words of the export that mean something else elsewhere, and ours for them.
        patterns: Our column to a regular expression: its first group is the value.
        time: The heading of the time of day, where the date has a column of its own.
        blanks_below: Our columns that are all blank where a row is a further line of the order above it.
        first_line: Our column, and its only word in a row that begins an order.
        order_totals: Headings of totals of an order with what the buyer paid beside its lines, such as postage.
        refunds_of: What refunded amounts are of, a 'line' or an 'order', where the export's amounts are before them.
        undated: Why it can't be read as it is, where it has no dates; a sentence.
    """

    name: str
    marks: Sequence[str]
    columns: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)
    time: str = ""
    blanks_below: Sequence[str] = ()
    first_line: tuple[str, str] | None = None
    order_totals: Sequence[str] = ()
    refunds_of: str = ""
    undated: str = ""


AMAZON = {
    # The price of all units (Selling Partner API, order report fields).
    "amount": "itemprice", "invoice_id": "amazonorderid|orderid", "customer_id": "buyeremail",
    "order_status": "orderstatus", "quantity": "quantity|quantitypurchased", "product_description": "productname",
}  # fmt: skip
# Guests have no customer number in most shops, or one per order, but an e-mail address: it counts where there is one.
EXPORTS: tuple[Export, ...] = (
    Export(
        "Shopify orders",
        ("name", "lineitemquantity", "lineitemprice"),
        {"invoice_id": "name", "customer_id": "email|customerid", "product_id": "lineitemsku",
         "product_description": "lineitemname", "unit_price": "lineitemprice", "order_status": "financialstatus",
         "ordered_at": "createdat"},
    ),
    Export(
        "WooCommerce, Advanced Order Export",
        ("ordernumber", "itemname", "itemcost", "quantityrefund|ordertotalamount|paymentmethodtitle"),
        {"invoice_id": "ordernumber", "customer_id": "emailbilling|customeruserid", "ordered_at": "orderdate",
         "product_id": "sku", "product_description": "itemname", "quantity": "quantityrefund|quantity",
         "unit_price": "itemcost", "country": "countrycodebilling|countrynamebilling"},
        blanks_below=("invoice_id", "ordered_at", "customer_id"),
    ),
    Export(
        "WooCommerce, Customer/Order CSV Export",
        ("orderid|ordernumber", "itemname", "itemquantity", "itemtotal", "billingemail"),
        {"invoice_id": "ordernumber|orderid", "customer_id": "billingemail", "product_id": "itemsku|itemproductid",
         "product_description": "itemname", "quantity": "itemquantity", "amount": "itemtotal",
         "country": "billingcountry"},
    ),
    Export(
        "Magento order items",
        ("incrementid", "qtyordered"),
        {"invoice_id": "incrementid", "customer_id": "customeremail|customerid", "product_id": "sku",
         "product_description": "name", "quantity": "qtyordered", "amount": "rowtotal", "order_status": "status|state",
         "country": "billingcountryid|shippingcountryid|countryid", "currency": "ordercurrencycode|storecurrencycode"},
        # An order is closed once all of it was paid back.
        words={"order_status": {"closed": "refunded"}},
    ),
    Export(
        "Magento orders",
        ("purchasepoint", "purchasedate", "grandtotalbase|grandtotalpurchased"),
        {"invoice_id": "id", "customer_id": "customeremail", "ordered_at": "purchasedate",
         "amount": "grandtotalbase|grandtotalpurchased", "order_status": "status"},
        words={"order_status": {"closed": "refunded"}},
        refunds_of="line",
    ),
    Export(
        "BigCommerce orders, a row per product",
        ("orderid", "productqty", "producttotalprice|productunitprice"),
        {"customer_id": "customeremail|billingemail|customerid", "product_id": "productsku|productid",
         "product_description": "productname", "quantity": "productqty", "amount": "producttotalprice",
         "unit_price": "productunitprice", "country": "billingcountry", "currency": "ordercurrencycode"},
        time="ordertime",
    ),
    Export(
        "BigCommerce orders",
        ("orderid", "ordertotalinctax"),
        {"customer_id": "customeremail|billingemail|customerid", "amount": "ordertotalinctax",
         "country": "billingcountry", "currency": "ordercurrencycode"},
        time="ordertime",
    ),
    Export(
        "PrestaShop order details",
        ("idorder", "productquantity"),
        {"invoice_id": "idorder", "customer_id": "email|customeremail|idcustomer",
         "product_id": "productreference|productid", "product_description": "productname",
         "quantity": "productquantity", "amount": "totalpricetaxincl", "unit_price": "unitpricetaxincl|productprice",
         "ordered_at": "dateadd", "order_status": "currentstate|orderstate"},
        # The numbers that PrestaShop gives its own states.
        words={"order_status": {
            "1": "awaiting check payment", "2": "payment accepted", "3": "processing", "4": "shipped", "5": "delivered",
            "6": "cancelled", "7": "refunded", "8": "payment error", "9": "backordered",
            "10": "awaiting payment", "11": "payment accepted", "12": "awaiting payment",
        }},
    ),
    Export(
        "Square item sales",
        ("grosssales", "netsales", "qty", "eventtype"),
        {"invoice_id": "transactionid", "customer_id": "customerid|customerreferenceid", "product_id": "sku",
         "product_description": "item", "quantity": "qty", "amount": "netsales", "transaction_type": "eventtype",
         "ordered_at": "date"},
        time="time",
    ),
    Export(
        "Stripe payments",
        ("id", "amount", "amountrefunded", "createdutc|createddateutc"),
        # An invoice stands only beside payments of invoices; a description names no product.
        {"invoice_id": "id", "customer_id": "customeremail|customerid", "ordered_at": "createdutc|createddateutc",
         "amount": "amount", "order_status": "status", "product_description": "", "country": "cardaddresscountry"},
        refunds_of="line",
    ),
    Export("Amazon orders", ("amazonorderid", "itemprice"), AMAZON),
    Export("Amazon orders", ("orderitemid", "quantitypurchased", "itemprice"), AMAZON),
    Export(
        "Etsy sold order items",
        ("saledate", "listingid", "itemname"),
        {"invoice_id": "orderid", "customer_id": "buyer", "product_id": "listingid", "product_description": "itemname",
         "unit_price": "price", "ordered_at": "saledate"},
    ),
    Export(
        "eBay orders",
        ("salesrecordnumber", "soldfor"),
        # Buyers have a masked e-mail address per order.
        {"invoice_id": "ordernumber|salesrecordnumber", "customer_id": "buyerusername|userid",
         "product_id": "itemnumber", "product_description": "itemtitle", "unit_price": "soldfor",
         "ordered_at": "saledate", "country": "shiptocountry|buyercountry"},
        order_totals=("totalprice",),
    ),
    Export(
        "eBay transaction report",
        ("transactioncreationdate", "itemsubtotal", "netamount"),
        # The net amount is after fees; postage is beside the subtotal.
        {"invoice_id": "ordernumber", "ordered_at": "transactioncreationdate", "customer_id": "buyerusername",
         "product_id": "customlabel|itemid", "product_description": "itemtitle", "quantity": "quantity",
         "amount": "itemsubtotal", "transaction_type": "type", "currency": "transactioncurrency",
         "country": "shiptocountry"},
        words={"transaction_type": {"other fee": "fee", "shipping label": "fee"}},
    ),
    Export(
        "QuickBooks sales detail",
        ("transactiontype", "num", "productservice|productservicename", "amount"),
        {"invoice_id": "num", "ordered_at": "date|transactiondate", "customer_id": "customer|customerfullname|name",
         "product_description": "productservice|productservicename", "quantity": "qty|quantity", "amount": "amount",
         "transaction_type": "transactiontype"},
    ),
    Export(
        "SAP billing documents",
        ("vbeln", "fkart", "netwr"),
        {"invoice_id": "vbeln", "ordered_at": "fkdat|erdat", "customer_id": "kunag|kunrg|kunnr", "product_id": "matnr",
         "product_description": "arktx", "quantity": "fkimg", "amount": "netwr", "transaction_type": "fkart",
         "currency": "waerk", "country": "land1"},
        # The kinds that SAP brings along: invoices, debit memos, credit memos, returns and what cancels an invoice.
        words={"transaction_type": {
            "f1": "invoice", "f2": "invoice", "l2": "invoice", "g2": "credit memo", "re": "return",
            "s1": "cancellation", "f5": "proforma", "f8": "proforma",
        }},
    ),
    Export(
        "Lightspeed sales ledger",
        ("receiptnumber", "linetype", "details", "paid"),
        {"invoice_id": "receiptnumber", "customer_id": "customercode", "product_id": "sku",
         "product_description": "details", "amount": "total", "transaction_type": "linetype",
         "order_status": "status"},
        # A row for the receipt and one for what was paid stand beside the lines, with the same money.
        words={
            "transaction_type": {"sale": "order total", "payment": "payment of an order"},
            "order_status": {"closed": "completed"},
        },
        first_line=("transaction_type", "sale"),
    ),
    Export(
        "Odoo sales orders",
        ("orderlinesproduct|orderlineproductid|orderlinesproductinternalreference|orderlineproductiddefaultcode",
         "orderlinesquantity|orderlinesorderedquantity|orderlineproductuomqty"),
        {"invoice_id": "orderreference|name", "ordered_at": "orderdate|dateorder|creationdate",
         "customer_id": "customer|partnerid|partneridid",
         "product_id": "orderlinesproductinternalreference|orderlineproductiddefaultcode|orderlinesproduct"
                       "|orderlineproductid",
         "product_description": "orderlinesdescription|orderlinename",
         "quantity": "orderlinesquantity|orderlinesorderedquantity|orderlineproductuomqty",
         # After the discount of the line.
         "amount": "orderlinessubtotal|orderlinepricesubtotal|orderlinestotal|orderlinepricetotal",
         "unit_price": "orderlinesunitprice|orderlinepriceunit",
         "order_status": "status|state", "currency": "currency|currencyid", "country": "customercountry"},
        words={"order_status": {"sent": "quotation sent", "cancel": "cancelled"}},
        blanks_below=("invoice_id", "ordered_at", "customer_id"),
    ),
    Export(
        "Ozon orders",
        ("номерзаказа", "номеротправления", "принятвобработку"),
        # An order's number is that of its buyer, a hyphen, and a count.
        {"invoice_id": "номерзаказа", "customer_id": "номерзаказа", "ordered_at": "принятвобработку",
         "product_id": "артикул", "product_description": "названиетовара|наименованиетовара",
         "unit_price": "вашацена|вашастоимостьтовара|ценатовара", "order_status": "статус",
         "currency": "кодвалютытовара|кодвалютыотправления"},
        patterns={"customer_id": "^ *([0-9]+)-[0-9]+"},
    ),
    Export(
        "dunnhumby, The Complete Journey",
        ("householdkey", "basketid", "day", "transtime"),
        {},
        undated="its DAY counts from a day that it doesn't name. Choose a date for day 1 and make a view in the"
                " warehouse: create view baskets as select *, date '2024-01-01' + cast(\"DAY\" as integer) - 1 as"
                " order_date from 'transaction_data.csv'. Then set --vars '{transactions: baskets}'.",
    ),
)  # fmt: skip


def comparable(heading: str) -> str:
    """A heading as headings compare: its letters and digits, whatever the alphabet, in lower case."""
    text = unicodedata.normalize("NFKC", heading).casefold().replace("ё", "е")
    return re.sub(r"[\W_]", "", text)


def words_of(heading: str) -> list[str]:
    """The words of a heading, in lower case: of `Line Status`, `line_status` and `lineStatus` the same two."""
    text = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", " ", unicodedata.normalize("NFKC", heading))
    return re.findall(r"[^\W_]+", text.casefold())


def export_called(name: str | None) -> Export | None:
    """The export of this name; None where there is none."""
    return next((export for export in EXPORTS if export.name == name), None)


def export_of(headings: Iterable[str]) -> Export | None:
    """The export that these headings are known to be of; None for any other file."""
    names = {comparable(heading) for heading in headings}
    return next(
        (export for export in EXPORTS if all(not names.isdisjoint(mark.split("|")) for mark in export.marks)), None
    )
