"""What a row means: columns and signs that make it a sale, a return, or nothing at all."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import Shop, problem_of

MODELS = ("orders", "order_lines", "cancellations", "cancellation_matches", "rejected_transactions", "cleaning_summary")
RETURNS = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


@pytest.fixture
def shop_of(make_shop: Callable[..., Shop], tmp_path: Path) -> Callable[..., Shop]:
    """Builds what lines make of the lines of a file; the first is the headings."""

    def build(text: str, **settings: object) -> Shop:
        (tmp_path / "shop.csv").write_text(text.strip() + "\n", "utf-8")
        shop = make_shop(transactions=f"{tmp_path}/shop.csv", **settings)
        # The data tests are compiled once per settings: those of the defaults check all that needs no setting.
        return shop.build(*MODELS) if settings else shop.build_with_data_tests(*MODELS)

    return build


def revenue_by_customer(shop: Shop) -> dict[str, Decimal]:
    return dict(shop.rows("select customer_id, sum(revenue) from orders group by 1 order by 1"))


def rejected(shop: Shop) -> list[tuple[str, str, str]]:
    return shop.rows("select invoice_id, rejection_reason, rejection_detail from rejected_transactions order by 1, 2")


def test_an_orders_status_says_whether_it_is_a_sale(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(
        """
Order ID,SKU,Qty,Order Date,Price,Status,Customer ID
1,A,1,2024-01-05,10.00,completed,1901
2,A,1,2024-01-06,10.00,Cancelled,1901
3,A,1,2024-01-07,10.00,failed,1902
4,A,1,2024-01-07,10.00,PENDING_PAYMENT,1903
5,A,1,2024-01-07,10.00,Refunded,1904
6,A,1,2024-01-07,10.00,on its way,1905
7,A,1,2024-01-07,10.00,,1906
8,A,0,2024-01-07,,canceled,1907
"""
    )
    # a status that nobody listed, or none, is no reason to leave money out
    assert revenue_by_customer(shop) == {"1901": 10, "1905": 10, "1906": 10}
    assert rejected(shop) == [
        ("2", "cancelled_order", "the order is cancelled"),
        ("3", "cancelled_order", "the order is failed"),
        ("4", "ignored_order", "the status is pending payment"),
        ("5", "cancelled_order", "the order is refunded"),
        # what was never sold may lack a price
        ("8", "cancelled_order", "the order is canceled"),
    ]
    assert shop.rows(
        "select step, rows_removed from cleaning_summary where step in ('cancelled_order', 'ignored_order') order by 1"
    ) == [("cancelled_order", 4), ("ignored_order", 1)]


def test_the_lines_below_the_first_have_the_orders_status(shop_of: Callable[..., Shop], tmp_path: Path) -> None:
    headings = "Order ID,Financial Status,Currency,Created at,Lineitem quantity,Lineitem sku,Lineitem price,Email"
    lines = [
        "1001,paid,EUR,2024-03-01,2,MUG,10.00,m@shop.example",
        "1001,,,2024-03-01,3,PLATE,10.00,m@shop.example",
        "1002,voided,EUR,2024-03-02,1,LAMP,99.00,m@shop.example",
        "1002,,,2024-03-02,1,SHADE,9.00,m@shop.example",
    ]
    shop = shop_of("\n".join([headings, *lines]))
    assert shop.rows("select invoice_id, revenue from orders") == [("1001", 50)]
    assert [row[:2] for row in rejected(shop)] == [("1002", "cancelled_order")] * 2
    # the file grows: what was read is not read again, and the new order is complete
    (tmp_path / "shop.csv").write_text(
        "\n".join([headings, *lines, "1003,voided,EUR,2024-03-03,1,LAMP,9.00,n@shop.example",
                   "1003,,,2024-03-03,1,SHADE,9.00,n@shop.example"]) + "\n"
    )  # fmt: skip
    shop.build(*MODELS)
    assert shop.row("select count(*) from staging.base_transactions") == (6,)
    assert [row[:2] for row in rejected(shop)] == [("1002", "cancelled_order")] * 2 + [("1003", "cancelled_order")] * 2


def test_a_type_says_what_is_a_return(shop_of: Callable[..., Shop]) -> None:
    """Whatever its signs, it takes back the units that it names."""
    shop = shop_of(
        """
Receipt No,Transaction Type,SKU,Qty,Date,Price,Customer ID
1,Sale,A,5,2024-01-05,10,1
2,Return,A,2,2024-01-06,10,1
3,Sale,A,5,2024-01-05,10,2
4,Refund,A,-2,2024-01-06,10,2
5,Sale,A,5,2024-01-05,10,3
6,credit-note,A,2,2024-01-06,-10,3
7,Sale,A,5,2024-01-05,10,4
8,refund,A,-2,2024-01-06,-10,4
9,Payout,,1,2024-01-06,100,4
"""
    )
    assert revenue_by_customer(shop) == {"1": 30, "2": 30, "3": 30, "4": 30}
    assert shop.rows("select quantity, matched_quantity from cancellations") == [(2, 2)] * 4
    assert [row[1] for row in rejected(shop)] == ["ignored_order"]


CREDIT_NOTES = f"""
{RETURNS}
103,A,CUP,5,2024-01-05 10:00:00,10,704,France
C103,A,CUP,2,2024-01-09 10:00:00,-10,704,France
104,A,CUP,5,2024-01-05 10:00:00,10,705,France
C104,A,CUP,2,2024-01-09 10:00:00,10,705,France
105,A,CUP,5,2024-01-05 10:00:00,10,706,France
c105,A,CUP,-2,2024-01-09 10:00:00,-10,706,France
106,A,CUP,5,2024-01-05 10:00:00,10,707,France
R106,A,CUP,-2,2024-01-09 10:00:00,10,707,France
"""


def test_refunding_prefixes_give_back_whatever_their_signs(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(CREDIT_NOTES, refund_invoice_prefixes=["c", "R"])
    assert revenue_by_customer(shop) == {"704": 30, "705": 30, "706": 30, "707": 30}


def test_a_line_without_a_code_is_a_product_by_its_name(shop_of: Callable[..., Shop]) -> None:
    shop = shop_of(
        f"""
{RETURNS}
1,,GIFT WRAP,1,2024-01-05 10:00:00,10,501,France
2,A1,CUP,1,2024-01-06 10:00:00,10,501,France
3,,engraved  ring,1,2024-01-07 10:00:00,900,502,France
4,,,1,2024-01-07 10:00:00,7,502,France
"""
    )
    assert revenue_by_customer(shop) == {"501": 20, "502": 900}
    assert shop.rows("select product_id from order_lines order by 1") == [("A1",), ("ENGRAVED RING",), ("GIFT WRAP",)]
    assert rejected(shop) == [("4", "unreadable", "product_id is empty")]


@pytest.mark.parametrize(
    ("headings", "setting", "count"),
    [
        ("Date,Price,Customer", None, 2),
        ("Date,Price,Customer", "drop", 1),
        ("Date,Price,Customer,Invoice", None, 1),
        ("Date,Price,Customer,Invoice", "keep", 2),
    ],
)
def test_equal_rows_are_purchases_where_no_invoice_tells_them_apart(
    headings: str, setting: str | None, count: int, shop_of: Callable[..., Shop], tmp_path: Path
) -> None:
    line = ",".join(["2024-01-05", "2.50", "7", "1"][: headings.count(",") + 1])
    shop = shop_of("\n".join([headings, line, line]), duplicates=setting)
    assert shop.row("select count(*) from order_lines") == (count,)
    # a file that repeats them repeats rows that were read
    (tmp_path / "shop.csv").write_text("\n".join([headings, line, line, line.replace("2.50", "3.50")]) + "\n")
    shop.build(*MODELS)
    assert shop.row("select count(*) from order_lines") == (count + 1,)


CURRENCIES = """
Order ID,SKU,Qty,Order Date,Price,Currency,Customer ID
1,A,1,2024-01-05,10.00,usd,1801
2,A,1,2024-01-06,1500.00,JPY,1801
3,A,1,2024-01-07,10.00,USD ,1802
"""


def test_several_currencies_stop_the_build_until_one_is_chosen(
    shop_of: Callable[..., Shop], make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    (tmp_path / "shop.csv").write_text(CURRENCIES.strip() + "\n")
    several = make_shop(transactions=f"{tmp_path}/shop.csv")
    result = several.dbt("run", "--select", "+orders")
    assert (
        "are in several currencies: USD (2 rows), JPY (1 rows). Convert them first, or read one alone with --vars"
        " '{currency: USD}'."
    ) in str(problem_of(result))
    shop = shop_of(CURRENCIES, currency="USD")
    assert revenue_by_customer(shop) == {"1801": 10, "1802": 10}
    assert rejected(shop) == [("2", "other_currency", "the currency is JPY")]
    result = shop.dbt("run", "--select", "+orders", currency="EUR")
    assert "The setting 'currency' is 'EUR', but the amounts of" in str(problem_of(result))
    assert revenue_by_customer(shop) == {"1801": 10, "1802": 10}


def test_a_sign_names_the_currency_of_a_row(shop_of: Callable[..., Shop]) -> None:
    lines = CURRENCIES.replace(",Currency", "").replace("10.00,usd", "$10.00").replace("1500.00,JPY", "¥1500")
    shop = shop_of(lines.replace("10.00,USD ", "10.00 USD"), currency="USD")
    assert revenue_by_customer(shop) == {"1801": 10, "1802": 10}
    assert rejected(shop) == [("2", "other_currency", "the currency is JPY")]


def test_a_later_file_in_another_currency_stops_the_build(shop_of: Callable[..., Shop], tmp_path: Path) -> None:
    first = CURRENCIES.replace("JPY", "USD")
    shop = shop_of(first)
    shop.settings["transactions"] = f"{tmp_path}/*.csv"
    shop.build(*MODELS)
    (tmp_path / "zz.csv").write_text(CURRENCIES.strip().splitlines()[0] + "\n4,A,1,2024-01-08,10.00,EUR,1802\n")
    result = shop.dbt("run", "--select", "+orders")
    assert "several currencies: USD (3 rows), EUR (1 rows)" in str(problem_of(result))
