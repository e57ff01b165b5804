# ruff: noqa: E501 - rows as their systems write them
"""Exports of shop systems are read with no setting: made-up files with their systems' headings, and totals by hand."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import ROOT, Shop
from lines import Lines, connected, lines_of
from openpyxl import Workbook
from shop_toolkit.errors import InputError
from shop_toolkit.ingest.exports import EXPORTS, comparable, export_of
from shop_toolkit.ingest.headings import COLUMN_ALIASES, match_headings


@dataclass(frozen=True)
class Case:
    """A file, and what it says by its system's documentation.

    Attributes:
        text: The file.
        spent: Of each customer, what the orders come to.
        orders: How many orders there are.
        first: Order, product and time of the first sale line, by time and product.
        rejected: How many rows are rejected for which reason.
        export: What the build calls the export; None where the known headings are enough.
        encoding: How the text is written.
    """

    text: str
    spent: dict[str, str]
    orders: int
    first: tuple[str, str, str]
    rejected: dict[str, int] = field(default_factory=dict)
    export: str | None = None
    encoding: str = "utf-8"


CASES = {
    # Lines below an order's first hold the order, the e-mail address and the line; 1003 was paid back, 1004 never paid.
    "shopify": Case(
        """
Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Country,Shipping Country,Cancelled at,Refunded Amount,Id,Lineitem discount
#1001,ann@shop.example,paid,2024-03-01 10:00:00 +0100,fulfilled,EUR,35.00,5.00,0.00,40.00,0.00,2024-03-01 09:59:00 +0100,2,Mug - red,10.00,MUG-R,Ann A,DE,DE,,0.00,501,0.00
#1001,ann@shop.example,,,,,,,,,,2024-03-01 09:59:00 +0100,3,Plate,5.00,PLATE,,,,,,,0.00
#1002,Ben@shop.example,paid,2024-03-02 23:30:15 +0100,fulfilled,EUR,10.00,5.00,0.00,15.00,0.00,2024-03-02 23:30:15 +0100,1,Mug - red,10.00,MUG-R,Ben B,AT,AT,,0.00,502,0.00
#1003,ben@shop.example,refunded,2024-03-03 10:00:00 +0100,,EUR,99.00,0.00,0.00,99.00,0.00,2024-03-03 10:00:00 +0100,1,Lamp,90.00,LAMP,Ben B,AT,AT,2024-03-04 10:00:00 +0100,99.00,503,0.00
#1003,ben@shop.example,,,,,,,,,,2024-03-03 10:00:00 +0100,1,Shade,9.00,,,,,,,,0.00
#1004,ann@shop.example,pending,,,EUR,7.00,0.00,0.00,7.00,0.00,2024-03-05 08:00:00 +0100,1,Cup,7.00,CUP,Ann A,DE,DE,,0.00,504,0.00
""",
        {"ann@shop.example": "35.00", "ben@shop.example": "10.00"},
        2,
        ("#1001", "MUG-R", "2024-03-01 09:59:00"),
        {"cancelled_order": 2, "ignored_order": 1},
        "Shopify orders",
    ),
    # Lines below an order's first hold the order and the line alone; 12 was paid back, and 13 has one line.
    "squarespace": Case(
        """
Order ID,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Amount Refunded,Total,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Country
00011,ann@shop.example,PAID,2024-03-01 09:59:10 +0100,FULFILLED,EUR,42.00,5.00,0.00,0.00,47.00,0.00,2024-03-01 09:59:00 +0100,2,Mug,10.00,MUG,Ann A,DE
00011,,,,,,,,,,,,,3,Plate,5.00,PLATE,,
00011,,,,,,,,,,,,,1,Card,7.00,,,
00012,ann@shop.example,REFUNDED,2024-03-02 09:59:10 +0100,FULFILLED,EUR,10.00,5.00,0.00,15.00,15.00,0.00,2024-03-02 09:59:00 +0100,1,Mug,10.00,MUG,Ann A,DE
00012,,,,,,,,,,,,,1,Plate,5.00,PLATE,,
00013,Ben@shop.example,PAID,2024-03-03 09:59:10 +0100,FULFILLED,EUR,10.00,5.00,0.00,0.00,15.00,0.00,2024-03-03 09:59:00 +0100,1,Mug,10.00,MUG,Ben B,AT
""",
        {"ann@shop.example": "42.00", "ben@shop.example": "10.00"},
        2,
        ("00011", "CARD", "2024-03-01 09:59:00"),
        {"cancelled_order": 2},
    ),
    "woocommerce, order export": Case(
        """
Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Email (Billing),Country Code (Billing),Payment Method Title,Order Total Amount,Order Refund Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost
701,Completed,2024-03-01 10:15,,Ann,A,ann@shop.example,DE,Card,27.50,0,MUG-R,1,Mug red,2,10.00
701,Completed,2024-03-01 10:15,,Ann,A,ann@shop.example,DE,Card,27.50,0,,2,Gift wrap,1,2.50
702,Processing,2024-03-02 11:00,,Ben,B,ben@shop.example,AT,Card,10.00,0,MUG-R,1,Mug red,1,10.00
703,Failed,2024-03-02 11:05,,Ben,B,ben@shop.example,AT,Card,10.00,0,MUG-R,1,Mug red,1,10.00
704,Pending payment,2024-03-02 11:05,,Cid,C,cid@shop.example,AT,Card,10.00,0,MUG-R,1,Mug red,1,10.00
""",
        {"ann@shop.example": "22.50", "ben@shop.example": "10.00"},
        2,
        ("701", "GIFT WRAP", "2024-03-01 10:15:00"),
        {"cancelled_order": 1, "ignored_order": 1},
        "WooCommerce, Advanced Order Export",
    ),
    # The plugin may leave blank what is the order's below its first line.
    "woocommerce, an order's data on its first line alone": Case(
        """
Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Email (Billing),Country Code (Billing),Payment Method Title,Order Total Amount,Order Refund Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost
701,Completed,2024-03-01 10:15,,Ann,A,ann@shop.example,DE,Card,27.50,0,MUG-R,1,Mug red,2,10.00
,,,,,,,,,,,,2,Gift wrap,1,2.50
702,Processing,2024-03-02 11:00,,Ben,B,ben@shop.example,AT,Card,10.00,0,MUG-R,1,Mug red,1,10.00
703,Failed,2024-03-02 11:05,,Ben,B,ben@shop.example,AT,Card,12.50,0,MUG-R,1,Mug red,1,10.00
,,,,,,,,,,,,2,Gift wrap,1,2.50
""",
        {"ann@shop.example": "22.50", "ben@shop.example": "10.00"},
        2,
        ("701", "GIFT WRAP", "2024-03-01 10:15:00"),
        {"cancelled_order": 2},
        "WooCommerce, Advanced Order Export",
    ),
    # Guests have the number 0; the total of a line is after its discount.
    "woocommerce, customer and order export": Case(
        """
order_id,order_number,date,status,order_total,order_currency,customer_id,billing_email,billing_country,item_id,item_product_id,item_name,item_sku,item_quantity,item_subtotal,item_total
701,701,2024-03-01 10:15:00,completed,27.00,EUR,0,ann@shop.example,DE,1,11,Mug red,MUG-R,2,20.00,18.00
701,701,2024-03-01 10:15:00,completed,27.00,EUR,0,ann@shop.example,DE,2,12,Plate,PLATE,3,9.00,9.00
702,702,2024-03-02 11:00:00,on-hold,10.00,EUR,5,ben@shop.example,AT,3,11,Mug red,MUG-R,1,10.00,10.00
703,703,2024-03-03 11:00:00,completed,10.00,EUR,5,ben@shop.example,AT,4,11,Mug red,MUG-R,1,10.00,10.00
""",
        {"ann@shop.example": "27.00", "ben@shop.example": "10.00"},
        2,
        ("701", "MUG-R", "2024-03-01 10:15:00"),
        {"ignored_order": 1},
        "WooCommerce, Customer/Order CSV Export",
    ),
    # The second row is the variant of the first, without money of its own; a closed order was paid back.
    "magento": Case(
        """
increment_id,created_at,status,customer_id,customer_email,order_currency_code,billing_country_id,sku,name,product_type,qty_ordered,price,row_total,discount_amount
100000001,2024-03-01 10:15:00,complete,7,ann@shop.example,EUR,DE,TEE-M,Tee,configurable,2.0000,15.0000,30.0000,0.0000
100000001,2024-03-01 10:15:00,complete,7,ann@shop.example,EUR,DE,TEE-M,Tee M,simple,2.0000,0.0000,0.0000,0.0000
100000002,2024-03-02 10:15:00,processing,,ben@shop.example,EUR,AT,MUG,Mug,simple,3.0000,3.3333,10.0000,0.0000
100000003,2024-03-02 11:15:00,closed,,ben@shop.example,EUR,AT,MUG,Mug,simple,1.0000,3.3300,3.3300,0.0000
100000004,2024-03-02 12:15:00,canceled,,ben@shop.example,EUR,AT,MUG,Mug,simple,1.0000,3.3300,3.3300,0.0000
""",
        {"ann@shop.example": "30.00", "ben@shop.example": "10.00"},
        2,
        ("100000001", "TEE-M", "2024-03-01 10:15:00"),
        {"no_price": 1, "cancelled_order": 2},
        "Magento order items",
    ),
    # The grid of orders: of one order a part came back, of another all.
    "magento, grid of orders": Case(
        """
ID,Purchase Point,Purchase Date,Bill-to Name,Ship-to Name,Grand Total (Base),Grand Total (Purchased),Status,Customer Email,Total Refunded
000000001,Main,"Feb 1, 2024 9:00:00 AM",Ann A,Ann A,€71.75,€71.75,Complete,ann@shop.example,0
000000002,Main,"Feb 2, 2024 4:13:00 PM",Ben B,Ben B,€65.50,€65.50,Complete,ben@shop.example,3.00
000000003,Main,"Feb 13, 2024 4:13:00 PM",Ben B,Ben B,€10.00,€10.00,Closed,ben@shop.example,10.00
000000004,Main,"Feb 14, 2024 4:13:00 PM",Ben B,Ben B,€10.00,€10.00,Canceled,ben@shop.example,
""",
        {"ann@shop.example": "71.75", "ben@shop.example": "62.50"},
        2,
        ("000000001", "", "2024-02-01 09:00:00"),
        {"cancelled_order": 2},
        "Magento orders",
    ),
    "bigcommerce, a row per order": Case(
        """
Order ID,Customer ID,Customer Name,Customer Email,Customer Phone,Order Date,Order Time,Order Status,Subtotal (inc tax),Subtotal (ex tax),Tax Total,Order Total (inc tax),Order Total (ex tax),Payment Method,Total Quantity,Total Shipped,Date Shipped,Order Currency Code,Exchange Rate,Billing Country,Product Details
301,12,Ann A,ann@shop.example,,03/31/2024,22:15:00,Completed,20.00,16.00,4.00,25.00,20.00,Card,2,2,04/01/2024,USD,1.00,United States,"Product ID: 1, Product Qty: 2"
302,0,Ben B,ben@shop.example,,04/01/2024,08:05:30,Awaiting Fulfillment,10.00,8.00,2.00,10.00,8.00,Card,1,0,,USD,1.00,United States,"Product ID: 1, Product Qty: 1"
303,0,Ben B,ben@shop.example,,04/02/2024,09:00:00,Declined,10.00,8.00,2.00,10.00,8.00,Card,1,0,,USD,1.00,United States,"Product ID: 1, Product Qty: 1"
""",
        {"ann@shop.example": "25.00", "ben@shop.example": "10.00"},
        2,
        ("301", "", "2024-03-31 22:15:00"),
        {"cancelled_order": 1},
        "BigCommerce orders",
    ),
    "bigcommerce, a row per product": Case(
        """
Order ID,Customer ID,Customer Email,Order Date,Order Time,Order Status,Order Total (inc tax),Order Currency Code,Billing Country,Product ID,Product Qty,Product SKU,Product Name,Product Unit Price,Product Total Price
301,12,ann@shop.example,31/03/2024,22:15:00,Shipped,25.00,USD,United States,1,2,MUG,Mug,10.00,20.00
301,12,ann@shop.example,31/03/2024,22:15:00,Shipped,25.00,USD,United States,2,1,CUP,Cup,5.00,5.00
302,0,ben@shop.example,01/04/2024,08:05:30,Refunded,10.00,USD,United States,1,1,MUG,Mug,10.00,10.00
""",
        {"ann@shop.example": "25.00"},
        1,
        ("301", "CUP", "2024-03-31 22:15:00"),
        {"cancelled_order": 1},
        "BigCommerce orders, a row per product",
    ),
    # States are numbers: 5 is delivered, 6 cancelled, 8 a payment that failed.
    "prestashop": Case(
        """
id_order,reference,id_customer,current_state,date_add,product_reference,product_name,product_quantity,unit_price_tax_incl
11,XKBKNABJK,4,5,2024-03-01 10:15:00,MUG,Mug,3,3.333333
11,XKBKNABJK,4,5,2024-03-01 10:15:00,CUP,Cup,1,5.000000
12,OHSATSERP,5,2,2024-03-02 10:15:00,MUG,Mug,2,3.500000
13,UOYEVOLI,5,6,2024-03-03 10:15:00,MUG,Mug,1,3.500000
14,FFATNOMMJ,5,8,2024-03-04 10:15:00,MUG,Mug,1,3.500000
""",
        {"4": "15.00", "5": "7.00"},
        2,
        ("11", "CUP", "2024-03-01 10:15:00"),
        {"cancelled_order": 2},
        "PrestaShop order details",
    ),
    # Net sales are after discounts and before tax; most items have no SKU, most sales no customer.
    "square": Case(
        """
Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name
2024-03-01,09:15:42,Eastern Time (US & Canada),Coffee,Latte,2.0,Large,,,$10.00,-$1.00,$9.00,$0.72,T1,P1,Till,,,Payment,Main St,,C1,Ann A
2024-03-01,09:15:42,Eastern Time (US & Canada),Food,Bagel,1.0,Regular,BAG,,$3.50,$0.00,$3.50,$0.28,T1,P1,Till,,,Payment,Main St,,C1,Ann A
2024-03-02,10:00:00,Eastern Time (US & Canada),Coffee,Latte,-1.0,Large,,,-$5.00,$0.50,-$4.50,-$0.36,T2,P2,Till,,,Refund,Main St,,C1,Ann A
2024-03-02,11:00:00,Eastern Time (US & Canada),Coffee,Latte,1.0,Large,,,$5.00,$0.00,$5.00,$0.40,T3,P3,Till,,,Payment,Main St,,,
""",
        {"C1": "8.00"},
        1,
        ("T1", "BAG", "2024-03-01 09:15:42"),
        {"missing_customer": 1},
        "Square item sales",
    ),
    # An invoice stands beside two payments alone. Of two payments a part came back, whatever their status says.
    "stripe": Case(
        """
id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Fee,Mode,Status,Statement Descriptor,Customer ID,Customer Description,Customer Email,Captured,Card Brand,Invoice ID,Transfer
ch_1,Subscription update,Payment complete.,2024-03-01 10:15,20.00,0.00,eur,20.00,0.60,Live,Paid,SHOP,cus_1,,ann@shop.example,true,Visa,in_1,tr_1
ch_2,,Payment complete.,2024-03-31 22:05,7.50,0.00,eur,7.50,0.60,Live,Paid,SHOP,,,ben@shop.example,true,Visa,,tr_1
ch_3,,The bank declined.,2024-03-31 22:07,7.50,0.00,eur,7.50,0.00,Live,Failed,SHOP,,,ben@shop.example,false,Visa,,
ch_4,Subscription update,Payment complete.,2024-04-01 10:15,20.00,20.00,eur,20.00,0.60,Live,Refunded,SHOP,cus_1,,ann@shop.example,true,Visa,in_2,tr_2
ch_5,,Payment complete.,2024-04-02 10:15,20.00,5.00,eur,20.00,0.60,Live,Paid,SHOP,cus_1,,ann@shop.example,true,Visa,,tr_2
ch_6,,Payment complete.,2024-04-03 10:15,10.00,4.00,eur,10.00,0.60,Live,Partially refunded,SHOP,,,ben@shop.example,true,Visa,,tr_2
""",
        {"ann@shop.example": "35.00", "ben@shop.example": "13.50"},
        4,
        ("ch_1", "", "2024-03-01 10:15:00"),
        {"cancelled_order": 2},
        "Stripe payments",
    ),
    # The price of an item is that of all its units.
    "amazon": Case(
        """
amazon-order-id\tmerchant-order-id\tpurchase-date\tlast-updated-date\torder-status\tproduct-name\tsku\tasin\titem-status\tquantity\tcurrency\titem-price\titem-tax\tship-country\tbuyer-email
026-1\t\t2024-03-01T10:15:00+00:00\t2024-03-02T10:15:00+00:00\tShipped\tMug\tMUG\tB001\tShipped\t3\tGBP\t30.00\t5.00\tGB\tann1@marketplace.example
026-2\t\t2024-03-02T10:15:00+00:00\t2024-03-02T10:15:00+00:00\tCancelled\tMug\tMUG\tB001\tCancelled\t0\t\t\t\tGB\tann1@marketplace.example
026-3\t\t2024-03-03T10:15:00+00:00\t2024-03-03T10:15:00+00:00\tShipped - Delivered to Buyer\tCup\tCUP\tB002\tShipped\t1\tGBP\t7.00\t1.17\tGB\tben2@marketplace.example
""",
        {"ann1@marketplace.example": "30.00", "ben2@marketplace.example": "7.00"},
        2,
        ("026-1", "MUG", "2024-03-01 10:15:00"),
        {"cancelled_order": 1},
        "Amazon orders",
    ),
    "amazon, unshipped orders": Case(
        """
order-id\torder-item-id\tpurchase-date\tpayments-date\tbuyer-email\tbuyer-name\tsku\tproduct-name\tquantity-purchased\tcurrency\titem-price\titem-tax\tship-country
026-1\t11\t2024-03-01T10:15:00+00:00\t2024-03-01T10:16:00+00:00\tann1@marketplace.example\tAnn A\tMUG\tMug\t2\tGBP\t20.00\t3.33\tGB
026-1\t12\t2024-03-01T10:15:00+00:00\t2024-03-01T10:16:00+00:00\tann1@marketplace.example\tAnn A\tCUP\tCup\t1\tGBP\t7.00\t1.17\tGB
""",
        {"ann1@marketplace.example": "27.00"},
        1,
        ("026-1", "CUP", "2024-03-01 10:15:00"),
        {},
        "Amazon orders",
    ),
    "etsy": Case(
        """
Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Coupon Details,Discount Amount,Shipping Discount,Order Shipping,Order Sales Tax,Item Total,Currency,Transaction ID,Listing ID,Date Paid,Date Shipped,Ship Name,Ship Country,Order ID,Variations,Order Type,SKU
03/31/24,Ring,Ann A (annashop),2,18.50,,,0,0,4.20,0,37.00,USD,9001,501,03/31/24,04/01/24,Ann A,United States,801,Size:7,online,
03/31/24,Chain,Ann A (annashop),1,10.00,,,0,0,4.20,0,10.00,USD,9002,502,03/31/24,04/01/24,Ann A,United States,801,,online,CH-1
04/01/24,Ring,benben,1,18.50,,,0,0,4.20,0,18.50,USD,9003,501,04/01/24,,Ben B,Canada,802,,online,
""",
        {"Ann A (annashop)": "47.00", "benben": "18.50"},
        2,
        ("801", "501", "2024-03-31 00:00:00"),
        {},
        "Etsy sold order items",
    ),
    # An order of two items has a row of its sums above them; a note on the count closes the file.
    "ebay": Case(
        """
"Sales Record Number","Order Number","Buyer Username","Buyer Name","Buyer Email","Ship To Country","Buyer Country","Item Number","Item Title","Custom Label","Quantity","Sold For","Shipping And Handling","Total Price","Payment Method","Sale Date","Paid On Date","Transaction ID"
"31","05-1","ann_buys","Ann A","1ab@members.example","United States","United States","","","","3","$30.00","$5.00","$35.00","Card","Mar-31-24","Mar-31-24",""
"31","05-1","ann_buys","","","United States","","2210","Mug","MUG","2","$10.00","","","","Mar-31-24","","771"
"31","05-1","ann_buys","","","United States","","2211","Cup","","1","$10.00","","","","Mar-31-24","","772"
"32","05-2","ann_buys","Ann A","9zy@members.example","United States","United States","2210","Mug","MUG","1","$10.00","$5.00","$15.00","Card","Apr-01-24","Apr-01-24","773"
"2","record(s) downloaded,from Mar-31-24"
""",
        {"ann_buys": "40.00"},
        2,
        ("05-1", "2210", "2024-03-31 00:00:00"),
        {"unreadable": 2},
        "eBay orders",
    ),
    # The net amount is after fees; rows of fees and payouts have dashes; a mug came back.
    "ebay, transaction report": Case(
        """
Transaction creation date,Type,Order number,Buyer username,Ship to country,Net amount,Payout currency,Item ID,Transaction ID,Item title,Custom label,Quantity,Item subtotal,Shipping and handling,Gross transaction amount,Transaction currency
"Jan 3, 2024",Order,12-01,ann_buys,US,23.10,USD,2210,771,Mug,MUG,2,20.00,5.00,25.00,USD
"Jan 4, 2024",Order,12-02,ben_buys,DE,7.10,USD,2211,772,Cup,CUP,1,4.00,5.00,9.00,USD
"Jan 5, 2024",Other fee,--,--,--,-1.20,USD,--,--,--,--,--,--,--,--,--
"Jan 5, 2024",Payout,--,--,--,-20.00,USD,--,--,--,--,--,--,--,--,--
"Jan 9, 2024",Refund,12-01,ann_buys,US,-9.10,USD,2210,771,Mug,MUG,1,-10.00,0.00,-10.00,USD
""",
        {"ann_buys": "10.00", "ben_buys": "4.00"},
        2,
        ("12-01", "MUG", "2024-01-03 00:00:00"),
        {"ignored_order": 2},
        "eBay transaction report",
    ),
    # Lines of a sales receipt and of an invoice, one of which came back.
    "quickbooks": Case(
        """
Date,Transaction Type,Num,Customer,Product/Service,Memo/Description,Qty,Sales Price,Amount,Balance
02/01/2023,Sales Receipt,1000,Ann,Cup,,1,4.25,4.25,4.25
02/01/2023,Sales Receipt,1000,Ann,Plate,,3,12.00,36.00,40.25
02/14/2023,Invoice,1001,Ben,Cup,,2,4.25,8.50,48.75
02/20/2023,Credit Memo,1002,Ann,Plate,,-1,12.00,-12.00,36.75
""",
        {"Ann": "28.25", "Ben": "8.50"},
        2,
        ("1000", "CUP", "2023-02-01 00:00:00"),
        {},
        "QuickBooks sales detail",
    ),
    # A credit memo for one of three plates, and an invoice that was cancelled whole.
    "sap": Case(
        """
VBELN,FKART,FKDAT,KUNAG,MATNR,ARKTX,FKIMG,VRKME,NETWR,WAERK
90000000,F2,20240103,C106,PLT,Plate,3,EA,36.00,EUR
90000001,F2,20240104,C112,CUP,Cup,2,EA,8.50,EUR
91000000,G2,20240110,C106,PLT,Plate,1,EA,12.00,EUR
92000001,S1,20240111,C112,CUP,Cup,2,EA,8.50,EUR
""",
        {"C106": "24.00", "C112": "0.00"},
        2,
        ("90000000", "PLT", "2024-01-03 00:00:00"),
        {},
        "SAP billing documents",
    ),
    # A row for the receipt and one for the payment hold the money of the lines; the lines name no customer.
    "lightspeed": Case(
        """
Date,Receipt number,Line type,Customer code,Customer name,Note,Quantity,Subtotal,Sales tax,Discount,Loyalty,Total,Paid,Details,Register,User,Status,Sku
2024-03-31 10:15:00,101,Sale,ann-a,Ann A,,3,25.00,5.00,0.00,0.00,30.00,30.00,2 X Mug + 1 X Cup,Main,Eve,Closed,
2024-03-31 10:15:00,101,Sale Line,,,,2,16.67,3.33,0.00,0.00,20.00,,Mug,Main,Eve,,MUG
2024-03-31 10:15:00,101,Sale Line,,,,1,8.33,1.67,0.00,0.00,10.00,,Cup,Main,Eve,,CUP
2024-03-31 10:15:00,101,Payment,,,,,,,,,30.00,30.00,Cash,Main,Eve,,
2024-04-01 10:15:00,102,Sale,,,,1,8.33,1.67,0.00,0.00,10.00,10.00,1 X Cup,Main,Eve,Closed,
2024-04-01 10:15:00,102,Sale Line,,,,1,8.33,1.67,0.00,0.00,10.00,,Cup,Main,Eve,,CUP
2024-04-02 10:15:00,103,Sale,ann-a,Ann A,,1,8.33,1.67,0.00,0.00,10.00,10.00,1 X Cup,Main,Eve,Voided,
2024-04-02 10:15:00,103,Sale Line,,,,1,8.33,1.67,0.00,0.00,10.00,,Cup,Main,Eve,,CUP
""",
        {"ann-a": "30.00"},
        1,
        ("101", "CUP", "2024-03-31 10:15:00"),
        {"ignored_order": 3, "cancelled_order": 2, "missing_customer": 1},
        "Lightspeed sales ledger",
    ),
    # Only the first line of an order names the order, its day and its customer; two orders hold the same second line.
    "odoo": Case(
        """
order_line/product_id,name,date_order,partner_id,state,order_line/product_uom_qty,order_line/price_unit,order_line/price_subtotal
Mug,S00002,2024-03-31 10:15:00,Ben B,sale,2,10.00,18.00
Cup,,,,,1,7.00,7.00
Mug,S00001,2024-03-01 10:15:00,Ann A,sale,1,10.00,10.00
Cup,,,,,1,7.00,7.00
Plate,,,,,1,4.00,4.00
Mug,S00003,2024-04-01 10:15:00,Ann A,cancel,1,10.00,10.00
Cup,,,,,1,7.00,7.00
Mug,S00004,2024-04-01 10:15:00,Ann A,sent,1,10.00,10.00
""",
        {"Ann A": "21.00", "Ben B": "25.00"},
        2,
        ("S00001", "CUP", "2024-03-01 10:15:00"),
        {"cancelled_order": 2, "ignored_order": 1},
        "Odoo sales orders",
    ),
    "odoo, with headings for people": Case(
        """
Order Reference;Order Date;Customer;Status;Order Lines/Product;Order Lines/Quantity;Order Lines/Unit Price
S00001;2024-03-01 10:15:00;Ann A;Sales Order;Mug;2;10,50
;;;;Cup;1;7,00
""",
        {"Ann A": "28.00"},
        1,
        ("S00001", "CUP", "2024-03-01 10:15:00"),
        {},
        "Odoo sales orders",
    ),
    "1c": Case(
        """
Дата;Номер;Вид операции;Контрагент;Артикул;Номенклатура;Количество;Цена;Сумма
31.03.2024 10:15:00;ЦБ-1;Реализация;ИП Иванов;КР-1;Кружка;2;1 250,50;2 501,00
31.03.2024 10:15:00;ЦБ-1;Реализация;ИП Иванов;;Чашка;1;99,00;99,00
01.04.2024 10:15:00;ЦБ-2;Возврат товаров от покупателя;ИП Иванов;КР-1;Кружка;1;1 250,50;1 250,50
01.04.2024 11:15:00;ЦБ-3;Реализация;ООО Ёлка;КР-1;Кружка;1;1 250,50;1 250,50
""",
        {"ИП Иванов": "1349.50", "ООО Ёлка": "1250.50"},
        2,
        ("ЦБ-1", "КР-1", "2024-03-31 10:15:00"),
        {},
        None,
        "windows-1251",
    ),
    # The number of an order begins with that of its buyer.
    "ozon": Case(
        """
Номер заказа;Номер отправления;Принят в обработку;Дата отгрузки;Статус;Дата доставки;Сумма отправления;Код валюты отправления;Название товара;OZON id;Артикул;Ваша цена;Код валюты товара;Количество
100200-0001;100200-0001-1;2024-03-01 10:15:00;2024-03-02 10:00:00;Доставлен;2024-03-04;700.00;RUB;Кружка;501;КР-1;350.00;RUB;2
100200-0002;100200-0002-1;2024-03-31 10:15:00;2024-04-01 10:00:00;Отменён;;350.00;RUB;Кружка;501;КР-1;350.00;RUB;1
100200-0003;100200-0003-1;2024-04-02 10:15:00;2024-04-03 10:00:00;Доставляется;;99.50;RUB;Чашка;502;ЧА-1;99.50;RUB;1
300400-0001;300400-0001-1;2024-04-02 11:15:00;2024-04-03 10:00:00;Ожидает отгрузки;;99.50;RUB;Чашка;502;ЧА-1;99.50;RUB;1
""",
        {"100200": "799.50", "300400": "99.50"},
        3,
        ("100200-0001", "КР-1", "2024-03-01 10:15:00"),
        {"cancelled_order": 1},
        "Ozon orders",
    ),
    # Each order has a customer number of its own; the other number is the person's.
    "olist": Case(
        """
order_id,customer_id,order_status,order_purchase_timestamp,order_item_id,product_id,seller_id,price,freight_value,customer_unique_id,customer_zip_code_prefix,customer_state,product_category_name
o1,c1,delivered,2017-10-02 10:56:33,1,p1,s1,29.99,8.72,u1,03149,SP,utilidades_domesticas
o1,c1,delivered,2017-10-02 10:56:33,2,p1,s1,29.99,8.72,u1,03149,SP,utilidades_domesticas
o2,c2,shipped,2017-10-12 10:56:33,1,p2,s1,10.00,8.72,u1,03149,SP,perfumaria
o3,c3,canceled,2017-10-13 10:56:33,1,p2,s1,10.00,8.72,u2,03149,SP,perfumaria
o4,c4,delivered,2017-10-13 11:56:33,1,p2,s1,10.00,8.72,u2,03149,SP,perfumaria
""",
        {"u1": "69.98", "u2": "10.00"},
        3,
        ("o1", "P1", "2017-10-02 10:56:33"),
        {"cancelled_order": 1},
    ),
    "uci, first file": Case(
        """
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
536366,22633,HAND WARMER,6,12/13/2010 8:28,1.85,17850,United Kingdom
C536367,85123A,T-LIGHT HOLDER,-1,12/14/2010 9:00,2.55,17850,United Kingdom
""",
        {"17850": "23.85"},
        2,
        ("536365", "85123A", "2010-12-01 08:26:00"),
    ),
    "uci, second file": Case(
        """
Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
489434,85048,GLASS BALL,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom
489435,22350,CAT BOWL,2,2009-12-01 07:46:00,2.55,13085.0,United Kingdom
489436,22350,CAT BOWL,2,2009-12-01 07:46:00,2.55,,United Kingdom
""",
        {"13085": "88.50"},
        2,
        ("489434", "85048", "2009-12-01 07:45:00"),
        {"missing_customer": 1},
    ),
    # The value is that of the line.
    "dunnhumby, the complete journey": Case(
        """
household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,coupon_match_disc,week,transaction_timestamp
900,330,31198570044,1095275,2,1.00,0,0,0,1,2017-01-01 11:53:26
900,330,31198570047,9878513,1,0.99,0.10,0,0,1,2017-01-01 12:10:28
1228,406,31198655051,1041453,1,1.43,0.15,0,0,1,2017-01-01 12:26:30
""",
        {"900": "1.99", "1228": "1.43"},
        3,
        ("31198570044", "1095275", "2017-01-01 11:53:26"),
    ),
    "dunnhumby, sort of real": Case(
        """
SHOP_WEEK,SHOP_DATE,SHOP_WEEKDAY,SHOP_HOUR,QUANTITY,SPEND,PROD_CODE,PROD_CODE_10,CUST_CODE,BASKET_ID,BASKET_SIZE,STORE_CODE,STORE_REGION
200607,20060413,5,20,2,1.86,PRD0900121,CL00063,CUST0000410727,994100100398294,L,STORE00001,E02
200607,20060412,4,19,1,0.93,PRD0901135,CL00201,CUST0000410727,994100100398295,S,STORE00001,E02
200607,20060412,4,19,1,0.93,PRD0901135,CL00201,,994100100532897,S,STORE00001,E02
""",
        {"CUST0000410727": "2.79"},
        2,
        ("994100100398295", "PRD0901135", "2006-04-12 00:00:00"),
        {"missing_customer": 1},
    ),
}


def check(case: Case, lines: Lines) -> None:
    spent = lines.rows("select customer_id, sum(revenue) from {{ ref('orders') }} group by 1")
    assert dict(spent) == {customer: Decimal(amount) for customer, amount in case.spent.items()}
    assert lines.rows("select count(*) from {{ ref('orders') }}") == [(case.orders,)]
    ((order, product, ordered_at),) = lines.rows(
        "select invoice_id, coalesce(product_id, ''), cast(ordered_at as varchar) from {{ ref('order_lines') }}"
        " order by ordered_at, invoice_id, product_id limit 1"
    )
    assert (order, product, ordered_at) == case.first
    rejected = lines.rows("select rejection_reason, count(*) from {{ ref('rejected_transactions') }} group by 1")
    assert dict(rejected) == case.rejected
    # Nobody has to say what a word of the export means.
    doubts = lines.rows(
        "select kind, example from {{ ref('input_warnings') }}"
        " where kind like '%status%' or kind in ('totals_in_doubt', 'refunds_left_out')"
    )
    assert doubts == []


@pytest.mark.parametrize("name", CASES)
def test_a_known_export_is_read_with_no_setting(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    path = tmp_path / ("export.txt" if "\t" in case.text else "export.csv")
    path.write_bytes(case.text.lstrip().encode(case.encoding))
    with lines_of(path) as lines:
        known = f" as {case.export}: " if case.export else "export.csv': "
        assert known in lines.messages[0]
        check(case, lines)


def test_each_export_has_a_file_here() -> None:
    assert {export.name for export in EXPORTS if not export.undated} == {case.export for case in CASES.values()} - {
        None
    }


def test_the_documents_name_each_export() -> None:
    page = (ROOT / "docs" / "input.md").read_text("utf-8")
    assert [export.name for export in EXPORTS if re.split(r"[ ,]", export.name)[0] not in page] == []


def test_an_export_without_dates_asks_for_them(tmp_path: Path) -> None:
    headings = ["household_key", "BASKET_ID", "DAY", "PRODUCT_ID", "QUANTITY", "SALES_VALUE", "TRANS_TIME"]
    with pytest.raises(InputError) as stopped:
        match_headings(headings, "'transaction_data.csv'", {})
    view = (
        "create view baskets as select *, date '2024-01-01' + cast(\"DAY\" as integer) - 1 as order_date from"
        " 'transaction_data.csv'"
    )
    assert str(stopped.value) == (
        "'transaction_data.csv' is an export of dunnhumby, The Complete Journey: its DAY counts from a day that it doesn't"
        f" name. Choose a date for day 1 and make a view in the warehouse: {view}. Then set --vars"
        " '{transactions: baskets}'."
    )
    # what the sentence says works
    log = tmp_path / "transaction_data.csv"
    log.write_text(f"{','.join(headings)}\n7,9001,1,A,2,3.00,1631\n7,9002,60,A,1,1.50,0905\n", "utf-8")
    with connected() as connection:
        connection.execute(view.replace("transaction_data.csv", str(log)))
        lines = Lines(connection, transactions="baskets")
        assert lines.rows(
            "select invoice_id, cast(ordered_at as varchar), revenue from {{ ref('orders') }} order by 1"
        ) == [("9001", "2024-01-01 00:00:00", Decimal("3.00")), ("9002", "2024-02-29 00:00:00", Decimal("1.50"))]
    assert match_headings([*headings, "order_date"], "it", {})["ordered_at"] == "order_date"


def test_ebays_export_has_blank_lines_and_a_count_below(tmp_path: Path) -> None:
    case = CASES["ebay"]
    headings, *lines_of_orders = case.text.strip().split("\n")
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(["", headings, "", *lines_of_orders, "", "3,record(s) downloaded", ""]), case.encoding)
    with lines_of(path) as lines:
        assert "as eBay orders: " in lines.messages[0]
        spent = lines.rows("select customer_id, sum(revenue) from {{ ref('orders') }} group by 1")
        assert dict(spent) == {customer: Decimal(amount) for customer, amount in case.spent.items()}
        rejected = lines.rows("select rejection_reason, count(*) from {{ ref('rejected_transactions') }} group by 1")
        assert dict(rejected) == case.rejected | {"unreadable": 1 + case.rejected.get("unreadable", 0)}


def test_lines_of_an_order_in_a_workbook_have_what_the_first_one_holds(tmp_path: Path) -> None:
    case = CASES["odoo"]
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in case.text.strip().splitlines():
        sheet.append([cell or None for cell in line.split(",")])
    book.save(tmp_path / "sale.order.xlsx")
    with lines_of(tmp_path / "sale.order.xlsx") as lines:
        check(case, lines)


def test_a_build_reads_them_as_these_tests_do(make_shop: Callable[..., Shop], write_csv: Callable[..., Path]) -> None:
    """And orders that arrive later in the same file, above the others, get their own lines."""
    headings, *orders = CASES["odoo"].text.strip().splitlines()
    shop = make_shop(transactions=str(write_csv(headings, *orders, name="odoo.csv")))
    query = "select * exclude (row_key) from staging.base_transactions order by input_row"
    with lines_of(shop.settings["transactions"]) as lines:
        lines.ref("base_transactions")
        expected = lines.rows(query)
    assert shop.build("base_transactions").rows(query) == expected
    write_csv(headings, "Mug,S00009,2024-05-01 10:15:00,Cid C,sale,1,10.00,10.00", "Cup,,,,,1,7.00,7.00", *orders,
              name="odoo.csv")  # fmt: skip
    query = "select invoice_id, customer_id, product_id, amount from staging.base_transactions where input_row > 8"
    assert shop.build("base_transactions").rows(query) == [
        ("S00009", "Cid C", "Mug", "10.00"),
        ("S00009", "Cid C", "Cup", "7.00"),
    ]


def test_lines_without_an_order_above_them_are_rejected(tmp_path: Path) -> None:
    headings, *orders = CASES["odoo"].text.strip().splitlines()
    (tmp_path / "cut.csv").write_text("\n".join([headings, *orders[1:4]]) + "\n", "utf-8")
    with lines_of(tmp_path / "cut.csv") as lines:
        assert lines.rows("select input_row, rejection_reason from {{ ref('rejected_transactions') }}") == [
            (1, "unreadable")
        ]
        assert lines.rows("select sum(revenue) from {{ ref('orders') }}") == [(17,)]


def test_a_setting_wins_over_what_is_known_of_an_export(tmp_path: Path) -> None:
    (tmp_path / "ozon.csv").write_text(CASES["ozon"].text.lstrip(), "utf-8")
    # A column of its own for customers is read as it is.
    mapping = {"customer_id": "Номер отправления", "amount": "Сумма отправления"}
    with lines_of(tmp_path / "ozon.csv", column_mapping=mapping) as lines:
        assert lines.rows("select customer_id, gross_amount from {{ ref('order_lines') }} order by 1") == [
            ("100200-0001-1", Decimal("700.00")),
            ("100200-0003-1", Decimal("99.50")),
            ("300400-0001-1", Decimal("99.50")),
        ]
    headings = CASES["bigcommerce, a row per order"].text.split("\n")[1].split(",")
    assert match_headings(headings, "it", {"amount": "Order Total (ex tax)"})["amount"] == "Order Total (ex tax)"


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Invoice No.", "invoiceno"),
        ("Lineitem quantity", "lineitemquantity"),
        ("order_line/price_unit", "orderlinepriceunit"),
        ("Номер заказа", "номерзаказа"),
        ("Учёт", "учет"),
        ("№ заказа", "noзаказа"),
        ("Größe", "grösse"),
    ],
)
def test_headings_compare_by_their_letters_and_digits(heading: str, expected: str) -> None:
    assert comparable(heading) == expected


def test_other_files_are_no_export() -> None:
    assert export_of(["Name", "Email", "Quantity", "Price"]) is None
    assert export_of(["order_id", "order_item_id", "item_price", "quantity"]) is None
    # What an item costs the shop, and receipts whose lines are sales.
    assert export_of(["Order Number", "Item Name", "Item Cost", "Item Price"]) is None
    assert export_of(["Receipt Number", "Line Type", "Details", "Total", "Customer Code"]) is None


@pytest.mark.parametrize(
    ("headings", "example"),
    [
        # each column that is missing, with the heading that is like it
        (["Beleg", "Kundennr.", "Belegdatum", "Einzelpreis"],
         'customer_id: "Kundennr.", ordered_at: "Belegdatum", unit_price: "Einzelpreis", invoice_id: "Beleg"'),
        (["No.", "Order Date", "Gross amount", "Client name"], 'customer_id: "Client name"'),
        (["order_amount_paid", "purchase-day", "client_ref"],
         'customer_id: "client_ref", ordered_at: "purchase-day", amount: "order_amount_paid"'),
        # what was paid for the way is no amount of a line, and a birthday no day of an order
        (["shipping_amount_paid", "birth date", "purchase-day", "client_ref"],
         'customer_id: "client_ref", ordered_at: "purchase-day", unit_price: "your heading"'),
        (["Номер", "Код партнера-клиента", "День продажи (дата)", "Сумма, руб."],
         'customer_id: "Код партнера-клиента", ordered_at: "День продажи (дата)", amount: "Сумма, руб."'),
        (["a", "b", "c"],
         'customer_id: "your heading", ordered_at: "your heading", unit_price: "your heading"'),
        # days that aren't called dates, and an amount that isn't one of them
        (["Kundennr.", "Bestellt am", "Betrag"],
         'customer_id: "Kundennr.", ordered_at: "Bestellt am", amount: "Betrag"'),
        (["Kundennr.", "Verkaufstag", "Umsatz"],
         'customer_id: "Kundennr.", ordered_at: "Verkaufstag", amount: "Umsatz"'),
        (["Client name", "Tag", "price"], 'customer_id: "Client name", ordered_at: "Tag"'),
        # a discount is no price, whatever it is called; a price with a rate of the tax in its heading is one
        (["Date facture", "Code client", "Référence", "Désignation", "Qté", "Remise %", "PU HT", "Montant HT"],
         'customer_id: "Code client", ordered_at: "Date facture", unit_price: "PU HT", quantity: "Qté",'
         ' product_id: "Référence", product_description: "Désignation"'),
        (["Date facture", "Code client", "Remise %", "Montant HT"],
         'customer_id: "Code client", ordered_at: "Date facture", amount: "Montant HT"'),
        (["Client name", "order date", "Price off %", "Sconto prezzo", "Prix remise", "Price percent"],
         'customer_id: "Client name", unit_price: "your heading"'),
        (["Client name", "order date", "Preis inkl. 19 %"], 'customer_id: "Client name", unit_price: "Preis inkl. 19 %"'),
        # no heading stands for two columns
        (["customer date", "price"], 'customer_id: "customer date", ordered_at: "your heading"'),
        # also the columns that a log can do without, as far as there is room
        (["Kundennr", "Datum", "Betrag", "Menge", "Land", "Belegnr", "Artikelnummer", "Artikelbezeichnung"],
         'customer_id: "Kundennr", ordered_at: "Datum", amount: "Betrag", invoice_id: "Belegnr", quantity: "Menge",'
         ' product_id: "Artikelnummer", product_description: "Artikelbezeichnung", country: "Land"'),
        # a status, without which cancelled orders would count
        (["E-mail", "Numer zamówienia", "Data zamówienia", "Status zamówienia", "Nazwa produktu", "Ilość", "Cena"],
         'ordered_at: "Data zamówienia", unit_price: "Cena", invoice_id: "Numer zamówienia", order_status: "Status'
         ' zamówienia", quantity: "Ilość", product_description: "Nazwa produktu"'),
        ([f"{word} {'x' * 30}" for word in ("Kundennr", "Datum", "Betrag")] + ["Menge", "Land", "Belegnr"],
         f'customer_id: "Kundennr {"x" * 30}", ordered_at: "Datum {"x" * 30}", amount: "Betrag {"x" * 30}",'
         ' invoice_id: "Belegnr", quantity: "Menge"'),
    ],
)  # fmt: skip
def test_a_hint_names_the_heading_that_is_like_each_missing_column(headings: list[str], example: str) -> None:
    with pytest.raises(InputError) as stopped:
        match_headings(headings, "it", {})
    assert str(stopped.value).endswith(f"Say which it is, e.g. --vars '{{column_mapping: {{{example}}}}}'.")
    assert len(str(stopped.value)) < 500


def test_a_hint_repeats_what_the_setting_holds_already() -> None:
    """The setting is replaced as a whole."""
    headings = ["Kundennummer", "Bestelldatum", "Stückpreis", *"abcdefghijkl"]
    with pytest.raises(InputError) as stopped:
        match_headings(headings, "it", {"ordered_at": "Bestelldatum", "unit_price": "Stückpreis", "currency": ""})
    assert str(stopped.value).endswith(
        'e.g. --vars \'{column_mapping: {ordered_at: "Bestelldatum", unit_price: "Stückpreis", currency: [],'
        ' customer_id: "Kundennummer"}}\'.'
    )
    many = dict(zip([name for name in COLUMN_ALIASES if name != "customer_id"], headings[1:], strict=False))
    with pytest.raises(InputError) as stopped:
        match_headings(headings, "it", many)
    assert str(stopped.value).endswith("e.g. --vars '{column_mapping: {customer_id: \"Kundennummer\", …}}'.")


def test_a_hint_stays_short_however_long_the_headings_are() -> None:
    headings = [f"{word} {'very ' * 60}long" for word in ("client", "datum", "preis")] + ["x" * 500] * 3
    for mapping in ({}, {"customer_id": f"clients {'very ' * 60}long"}):
        with pytest.raises(InputError) as stopped:
            match_headings(headings, f"'{'f' * 160}'", mapping)
        assert len(str(stopped.value)) < 500
        assert "client very" in str(stopped.value)[-240:]


def test_a_japanese_export_is_read_with_the_mapping_that_the_stop_names(tmp_path: Path) -> None:
    """In Shift-JIS, as spreadsheets save it there."""
    path = tmp_path / "orders.csv"
    text = """
注文番号,注文日,会員番号,商品コード,商品名,数量,単価
1001,2025年3月4日 14時05分,M1,A-1,マグカップ（赤）,2,1200
1002,令和7年3月5日,M2,A-2,りんごジャム,1,580
"""
    path.write_bytes(text.lstrip().encode("cp932"))
    with pytest.raises(InputError) as stopped, lines_of(path):
        pass
    mapping = {
        "customer_id": "会員番号", "ordered_at": "注文日", "unit_price": "単価", "invoice_id": "注文番号",
        "quantity": "数量", "product_id": "商品コード", "product_description": "商品名",
    }  # fmt: skip
    example = ", ".join(f'{column}: "{heading}"' for column, heading in mapping.items())
    assert f"--vars '{{column_mapping: {{{example}}}}}'" in str(stopped.value)
    with lines_of(path, column_mapping=mapping) as lines:
        assert lines.messages[-1] == f"Read as SHIFT-JIS: {path}."
        query = "select customer_id, cast(ordered_at as varchar), revenue from {{ ref('order_lines') }} order by 1"
        assert lines.rows(query) == [("M1", "2025-03-04 14:05:00", 2400), ("M2", "2025-03-05 00:00:00", 580)]
