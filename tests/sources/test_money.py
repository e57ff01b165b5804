"""What the columns of money mean: where a price and a total are there, price × quantity decides."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from real_request import real_request
from shop_toolkit.errors import InputError
from shop_toolkit.ingest.plan import Plan, plan_input, planned_input
from shop_toolkit.ingest.source import prepare_input
from test_ingest import ingest, write

HEADINGS = "Order ID,SKU,Qty,Order Date,Price,Total,Customer ID"


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def planned(connection: duckdb.DuckDBPyConnection, path: Path, **settings: Any) -> Plan:
    return plan_input(connection, real_request(path, **settings))


def money_columns(plan: Plan) -> dict[str, str]:
    names = ("unit_price", "amount")
    return {name: plan.relation.headings[name] for name in names if name in plan.relation.columns}


def amounts(connection: duckdb.DuckDBPyConnection, path: Path, **settings: Any) -> list[str | None]:
    """The amounts that the source yields, in the order of the file."""
    prepare_input(connection, real_request(path, **settings))
    return [amount for (amount,) in connection.execute("select amount from sources.transactions").fetchall()]


# Which column is which


@pytest.mark.parametrize(
    ("headings", "lines", "columns", "sentence"),
    [
        pytest.param(
            HEADINGS, ["1,A,3,2024-01-05,3.33,9.99,7", "2,A,1,2024-01-06,5.00,5.00,7", "3,A,2,2024-01-07,4.00,8.00,8"],
            {"unit_price": "Price"}, "'Total' is 'Price' × quantity: 'Price' is the price of a unit.", id="line totals",
        ),
        pytest.param(
            HEADINGS, ["1,A,3,2024-01-05,30.00,30.00,7", "2,A,1,2024-01-06,5,5,7", "3,A,2,2024-01-07,8.00,8.00,8"],
            {"amount": "Price"}, "'Price' equals 'Total', whatever the quantity: it is the amount of the line.",
            id="the price is the line's amount",
        ),
        pytest.param(
            HEADINGS, ["1,A,3,2024-01-05,10.00,50.00,7", "1,B,2,2024-01-05,10.00,50.00,7", "3,A,2,2024-01-07,4,8,8"],
            {"unit_price": "Price"},
            "'Total' is the order's sum of 'Price' × quantity: 'Price' is the price of a unit.",
            id="the order's total on each line",
        ),
        pytest.param(
            HEADINGS, ["1,A,3,2024-01-05,10.00,50.00,7", "1,B,2,2024-01-05,10.00,,7", "3,A,2,2024-01-07,4,8,8"],
            {"unit_price": "Price"},
            "'Total' is the order's sum of 'Price' × quantity: 'Price' is the price of a unit.",
            id="the order's total on its first line",
        ),
        pytest.param(
            HEADINGS, ["1,A,3,2024-01-05,30.00,50.00,7", "1,B,2,2024-01-05,20.00,50.00,7", "3,A,2,2024-01-07,8,8,8"],
            {"amount": "Price"}, "'Total' is the order's sum of 'Price': that is the amount of the line.",
            id="the order's total of amounts",
        ),
        pytest.param(
            HEADINGS + ",Discount",
            ["1,A,3,2024-01-05,10.00,25.00,7,5.00", "2,A,2,2024-01-06,5.00,10.00,7,", "3,A,2,2024-01-07,4,7,8,-1.00"],
            {"amount": "Total"}, "'Total' is 'Price' × quantity less 'Discount': it is the amount of the line.",
            id="less a discount",
        ),
        pytest.param(
            HEADINGS + ",Tax,Shipping",
            ["1,A,3,2024-01-05,10.00,45.00,7,5.00,10.00", "2,A,2,2024-01-06,5.00,12.00,7,2.00,"],
            {"unit_price": "Price"},
            "'Total' is the order's sum of 'Price' × quantity: 'Price' is the price of a unit.",
            id="an order's total with tax and shipping",
        ),
        pytest.param(
            HEADINGS + ",Tax",
            ["1,A,3,2024-01-05,10.00,36.00,7,6.00", "1,B,2,2024-01-05,5.00,12.00,7,2.00"],
            {"unit_price": "Price"},
            "'Total' is 'Price' × quantity and 'Tax': 'Price' is a unit's price before tax.",
            id="a line's total with tax",
        ),
        pytest.param(
            HEADINGS + ",Units per case",
            ["1,A,3,2024-01-05,1.50,54.00,7,12", "2,A,1,2024-01-06,2.25,13.50,7,6", "3,B,2,2024-01-07,4,8,8,"],
            {"amount": "Total"}, "'Total' is 'Price' × quantity × 'Units per case': it is the amount of the line.",
            id="cases at the price of a piece",
        ),
        pytest.param(
            HEADINGS + ",Units per case,Discount %",
            ["1,A,3,2024-01-05,1.50,54.00,7,12,0", "2,A,1,2024-01-06,2.25,10.13,7,6,25", "3,B,2,2024-01-07,4,6,8,,25"],
            {"amount": "Total"},
            "'Total' is 'Price' × quantity × 'Units per case' less 'Discount %': it is the amount of the line.",
            id="cases at the price of a piece, less percents",
        ),
        pytest.param(
            HEADINGS.replace("Qty", "Qty (cases)") + ",Units per case",
            ["1,A,3,2024-01-05,1.50,54.00,7,12", "2,A,1,2024-01-06,2.25,13.50,7,6"],
            {"amount": "Total"}, "'Total' is 'Price' × quantity × 'Units per case': it is the amount of the line.",
            id="cases that the heading says",
        ),
        pytest.param(
            HEADINGS + ",Pack size", ["1,A,3,2024-01-05,1.50,4.50,7,12", "2,A,2,2024-01-06,2.25,4.50,7,6"],
            {"unit_price": "Price"}, "'Total' is 'Price' × quantity: 'Price' is the price of a unit.",
            id="pieces, whatever their pack holds",
        ),
        pytest.param(
            HEADINGS + ",VAT %", ["1,A,3,2024-01-05,10.00,35.70,7,19%", "2,A,2,2024-01-06,5.00,10.70,7,7%"],
            {"unit_price": "Price"}, "'Total' is 'Price' × quantity and 'VAT %': 'Price' is a unit's price before tax.",
            id="a line's total with a tax in percent",
        ),
        pytest.param(
            HEADINGS,
            ["1,A,3,2024-01-05,10.00,30.00,7", "2,A,1,2024-01-06,5.00,5.00,7", "3,A,-2,2024-01-07,-10.00,-20.00,7"],
            {"amount": "Total"},
            "'Total' is 'Price' × quantity, and negative where both are: it is the amount of the line.",
            id="a return with two minus signs",
        ),
        pytest.param(
            HEADINGS.replace("Total", "Net").replace("Price", "List price,Price"),
            ["1,A,3,2024-01-05,12,10.00,30.00,7", "2,A,2,2024-01-06,5,5,10,7"],
            {"unit_price": "Price"}, "'Net' is 'Price' × quantity: 'Price' is the price of a unit.", id="a net total",
        ),
        pytest.param(
            HEADINGS.replace("Total", "Gesamtpreis") + ",Rabatt %",
            ["1,A,3,2024-01-05,10.00,27.00,7,10", "2,A,2,2024-01-06,5.00,10.00,7,0"],
            {"amount": "Gesamtpreis"},
            "'Gesamtpreis' is 'Price' × quantity less 'Rabatt %' percent: it is the amount of the line.",
            id="a discount and a total in German",
        ),
        pytest.param(
            HEADINGS.replace("Total", "Net"), ["1,A,3,2024-01-05,11.90,25.21,7"], {"unit_price": "Price"}, None,
            id="a net amount that the price doesn't show",
        ),
        pytest.param(
            HEADINGS, ["1,A,1,2024-01-05,10.00,44.00,7"], {"unit_price": "Price"}, None, id="nothing can show it",
        ),
    ],
)  # fmt: skip
def test_price_times_quantity_decides_which_column_is_which(
    headings: str,
    lines: list[str],
    columns: dict[str, str],
    sentence: str | None,
    warehouse: duckdb.DuckDBPyConnection,
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "shop.csv", headings, *lines)
    plan = planned(warehouse, path)
    assert money_columns(plan) == columns
    assert list(plan.meaning) == ([sentence] if sentence else [])
    assert {finding.kind for finding in plan.findings} <= {"unused_columns"}
    # a setting decides without any proof
    total = headings.split(",")[5 + headings.count("List price")]
    assert money_columns(planned(warehouse, path, column_mapping={"amount": total})) == {"amount": total}
    price_is_set = money_columns(planned(warehouse, path, column_mapping={"unit_price": "Price"}))
    # that the price is a unit's leaves open what a line comes to
    assert price_is_set == (columns if columns.get("amount", "Price") != "Price" else {"unit_price": "Price"})


@pytest.mark.parametrize("total", ["Net", "Netto", "Net Amount", "Betrag", "Montant HT"])
def test_a_net_amount_that_equals_the_price_may_be_a_units(
    total: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """'Price' is net, and so is the other, each of a unit: 3 × 12.50, 2 × 20.00 and 2 × 4.00."""
    lines = ["1,A,3,2024-01-05,12.50,12.50,7", "2,A,2,2024-01-06,20.00,20.00,7", "3,B,2,2024-01-07,4,4,8"]
    plan = planned(warehouse, write(tmp_path / "shop.csv", HEADINGS.replace("Total", total), *lines))
    assert money_columns(plan) == {"unit_price": "Price"}
    assert list(plan.meaning) == []
    # an order's sum of the prices is no proof either, as nearly all have one line
    rows = [f"{number},A,2,2024-01-05,{number}.00,{number}.00,7" for number in range(1, 30)]
    rows += ["30,A,2,2024-01-05,1.00,3.00,7", "30,B,2,2024-01-05,2.00,3.00,7"]
    plan = planned(warehouse, write(tmp_path / "shop.csv", HEADINGS.replace("Total", total), *rows))
    assert money_columns(plan) == {"unit_price": "Price"}


def test_a_total_that_nothing_explains_is_a_warning(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = write(tmp_path / "shop.csv", HEADINGS, "1,A,3,2024-01-05,10.00,44.00,7", "2,A,2,2024-01-06,5.00,10.00,7")
    plan = planned(warehouse, path)
    assert (money_columns(plan), list(plan.meaning)) == ({"unit_price": "Price"}, [])
    finding = plan.findings[0]
    assert (finding.kind, finding.row_count, finding.example) == ("totals_in_doubt", 1, "Total")
    assert finding.suggestion == (
        "It is neither 'Price' × quantity nor an order's sum of it. The price counts; if this should, name it in"
        " column_mapping: {amount: …}."
    )


def test_decimal_commas_prove_as_much(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = write(tmp_path / "shop.csv", HEADINGS.replace(",", ";"), "1;A;3;2024-01-05;30,00 €;30,00 €;7")
    assert money_columns(planned(warehouse, path)) == {"amount": "Price"}


def test_typed_numbers_and_files_of_several_forms_prove_as_much(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    warehouse.execute(
        f"""
        copy (
            select '3' as "Order ID", 'A' as "SKU", 2.0 as "Qty", date '2024-01-07' as "Order Date", 10.5 as "Price",
                18.0 as "Total", '8' as "Customer ID", 3.0 as "Discount"
        ) to '{tmp_path}/b.parquet'
        """
    )
    write(tmp_path / "a.csv", HEADINGS.replace(",", ";") + ";Rabatt;Discount", "1;A;3;2024-01-05;10,00;25,00;7;x;5,00")
    path = tmp_path / "*"
    assert amounts(warehouse, path) == ["25,00", "18,0"]
    # with an order's total, the discount is taken off here
    write(tmp_path / "a.csv", HEADINGS.replace(",", ";") + ";Rabatt;Discount", "1;A;3;2024-01-05;10,00;30,00;7;x;5,00",
          "1;B;1;2024-01-05;5,00;;7;x;")  # fmt: skip
    assert amounts(warehouse, path) == ["25,71", "4,29", "18,00"]


# What is taken off


SHOPIFY = (
    "Order ID,Email,Financial Status,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem sku,Refunded Amount"
)


def test_an_orders_discount_and_refund_are_spread_over_its_lines_to_the_cent(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """By hand: 10.00 off 3 × 10.00, 3.33 and 6.67 is a quarter of each; of 9.99 and 10.02, 20.00 came back."""
    path = write(
        tmp_path / "shop.csv", SHOPIFY,
        "#1,m@x.example,paid,30.00,5.00,0.00,35.00,10.00,2024-03-01,3,Mug,10.00,MUG,0.00",
        "#1,m@x.example,,,,,,,2024-03-01,1,Pen,3.33,PEN,",
        "#1,m@x.example,,,,,,,2024-03-01,1,Cap,6.67,CAP,",
        "#2,n@x.example,partially_refunded,20.01,0.00,0.00,20.01,0.00,2024-03-02,3,Pen,3.33,PEN,20.00",
        "#2,n@x.example,,,,,,,2024-03-02,3,Pin,3.34,PIN,",
        "#3,n@x.example,paid,ten,0.00,0.00,9.00,1.00,2024-03-02,1,Pin,ten,PIN,",
    )  # fmt: skip
    plan = planned(warehouse, path)
    assert list(plan.meaning) == [
        "'Total' is the order's sum of 'Lineitem price' × quantity: 'Lineitem price' is the price of a unit.",
        "'Lineitem price' is before 'Discount Amount', which is taken off.",
        "'Refunded Amount' is taken off the amounts.",
    ]
    found = amounts(warehouse, path)
    assert found == ["22.50", "2.50", "5.00", "0.00", "0.01", "ten"]
    assert sum(Decimal(amount or 0) for amount in found[:3]) == Decimal("30.00")
    # the row keeps what it held
    rows = warehouse.execute("select other_columns->>'$.\"Lineitem price\"' from sources.transactions").fetchall()
    assert [row for (row,) in rows] == ["10.00", "3.33", "6.67", "3.33", "3.34", "ten"]
    assert all("Discount" not in heading and "Refunded" not in heading for heading in plan.relation.unused)


@pytest.mark.parametrize(
    ("part", "lines", "expected", "kind"),
    [
        # no total shows whether prices are before the discount
        ("Discount", ["1,A,2,2024-01-05,10.00,7,1.00", "2,A,1,2024-01-06,5.00,7,0"], None, "discounts_left_out"),
        ("Tax", ["1,A,2,2024-01-05,10.00,7,1.00", "2,A,1,2024-01-06,5.00,7,0"], None, "taxes_in_doubt"),
        # a line's refund; nothing else gives it back
        ("Refunded Amount", ["1,A,2,2024-01-05,10.00,7,5.00", "1,B,1,2024-01-05,5.00,7,0"], ["15.00", "5.00"], None),
        # an order's, on each of its lines
        (
            "Refunded Amount",
            ["1,A,2,2024-01-05,10.00,7,24.00", "1,B,1,2024-01-05,5.00,7,24.00"],
            ["0.80", "0.20"],
            None,
        ),
        # it could be the order's or the line's
        (
            "Refunded Amount",
            ["1,A,2,2024-01-05,10.00,7,5.00", "1,B,1,2024-01-05,5.00,7,5.00"],
            None,
            "refunds_left_out",
        ),
        # more than was paid, and what a line of the order gives back already
        ("Refunded Amount", ["1,A,2,2024-01-05,10.00,7,50.00"], None, "refunds_left_out"),
        ("Refunded Amount", ["1,A,2,2024-01-05,10.00,7,5.00", "1,A,-1,2024-01-05,10.00,7,"], None, "refunds_left_out"),
        ("Discount", ["1,A,2,2024-01-05,10.00,7,0.00", "2,A,1,2024-01-06,5.00,7,"], None, None),
    ],
)
def test_discounts_taxes_and_refunds_without_proof_are_a_warning(
    part: str,
    lines: list[str],
    expected: list[str] | None,
    kind: str | None,
    warehouse: duckdb.DuckDBPyConnection,
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "shop.csv", f"Order ID,SKU,Qty,Order Date,Price,Customer ID,{part}", *lines)
    without: list[str | None] = [None] * len(lines)
    assert amounts(warehouse, path) == (expected or without)
    findings = [finding for finding in planned(warehouse, path).findings if finding.kind != "unused_columns"]
    assert [finding.kind for finding in findings] == ([kind] if kind else [])
    if kind:
        count = sum(line.rsplit(",", 1)[1] not in ("", "0", "0.00") for line in lines)
        highest = max(float(line.rsplit(",", 1)[1] or 0) for line in lines)
        assert (findings[0].row_count, findings[0].example) == (count, f"{part}: {highest:g}")
        assert "column_mapping: {amount: …}" in findings[0].suggestion


def test_a_total_may_show_that_prices_are_after_the_discount_or_with_tax(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = write(tmp_path / "shop.csv", HEADINGS + ",Discount,VAT", "1,A,3,2024-01-05,10.00,30.00,7,5.00,4.79",
                 "2,A,2,2024-01-06,5.00,10.00,7,,1.60")  # fmt: skip
    plan = planned(warehouse, path)
    assert list(plan.meaning) == [
        "'Total' is 'Price' × quantity: 'Price' is the price of a unit.", "'Price' is after 'Discount'.",
    ]  # fmt: skip
    assert [finding.kind for finding in plan.findings] == ["unused_columns"]


@pytest.mark.parametrize("discounts", [("10", "0", "25"), ("10%", "0%", "25%"), ("0.1", "0", "0.25"), ("1", "0", "5")])
def test_a_total_with_tax_shows_that_prices_are_before_the_discount(
    discounts: tuple[str, str, str], warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Of 10.00, 5.00 and 20.00 less 10 %, nothing and 25 %, or less 1.00 and 5.00; with 20 % or with its money."""
    lines = ["1,A,2,2024-01-05,5.00,10.80,7", "2,A,1,2024-01-06,5.00,6.00,7", "3,A,4,2024-01-07,5.00,18.00,8"]
    written = [f"{line},{discount}" for line, discount in zip(lines, discounts, strict=True)]
    for heading, taxes in (("VAT %", ("20", "20", "20")), ("VAT", ("1.80", "1.00", "3.00"))):
        taxed = [f"{line},{tax}" for line, tax in zip(written, taxes, strict=True)]
        path = write(tmp_path / "shop.csv", f"{HEADINGS},Discount,{heading}", *taxed)
        assert amounts(warehouse, path) == ["9.00", "5.00", "15.00"]
        plan = planned(warehouse, path)
        assert list(plan.meaning) == [
            f"'Total' is 'Price' × quantity less 'Discount', and '{heading}': both are not in 'Price', and 'Discount'"
            " is taken off."
        ]
        assert {finding.kind for finding in plan.findings} <= {"unused_columns"}


def test_a_discount_as_a_share_is_exact_to_the_cent(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A third of 6,000.00, and a seventh of 7,000.00."""
    lines = ["1,A,2,2024-01-05,3000.00,4800.00,7,0.333333,800.00", "2,A,1,2024-01-06,7000.00,7200.00,7,0.142857,1200"]
    path = write(tmp_path / "shop.csv", f"{HEADINGS},Discount,VAT", *lines)
    assert amounts(warehouse, path) == ["4000.00", "6000.00"]


@pytest.mark.parametrize("price", ["Price", "Amount"])
@pytest.mark.parametrize("discounts", [("2.00", "", "5.00"), ("20%", "", "25%")])
def test_a_total_shows_the_discount_of_a_log_without_quantities(
    price: str, discounts: tuple[str, str, str], warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lines = ["1,A,2024-01-05,10.00,8.00,7", "2,A,2024-01-06,5.00,5.00,7", "3,B,2024-01-07,20.00,15.00,8"]
    rows = [f"{line},{discount}" for line, discount in zip(lines, discounts, strict=True)]
    path = write(tmp_path / "shop.csv", f"Order ID,SKU,Order Date,{price},Total,Customer ID,Discount", *rows)
    assert amounts(warehouse, path) == ["8.00", "5.00", "15.00"]
    plan = planned(warehouse, path)
    percent = " percent" if "%" in discounts[0] else ""
    assert list(plan.meaning) == [f"'Total' is '{price}' less 'Discount'{percent}: it is the amount of the line."]
    assert {finding.kind for finding in plan.findings} <= {"unused_columns"}
    # what the total doesn't show stays a doubt
    path = write(path, f"Order ID,SKU,Order Date,{price},Total,Customer ID,Discount", *rows, "4,A,2024-01-08,9,9,7,3")
    assert [finding.kind for finding in planned(warehouse, path).findings][:1] == ["discounts_left_out"]


@pytest.mark.parametrize("discounts", [("2.00", "", "5.00"), ("20%", "", "25%")])
def test_a_total_before_discounts_shows_that_amounts_are_after_them(
    discounts: tuple[str, str, str], warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lines = ["1,A,2024-01-05,8.00,10.00,7", "2,A,2024-01-06,5.00,5.00,7", "3,B,2024-01-07,15.00,20.00,8"]
    rows = [f"{line},{discount}" for line, discount in zip(lines, discounts, strict=True)]
    headings = "Order ID,SKU,Order Date,Total,Subtotal,Customer ID,Discount"
    path = write(tmp_path / "shop.csv", headings, *rows)
    plan = planned(warehouse, path)
    assert money_columns(plan) == {"amount": "Total"}
    assert list(plan.meaning) == ["'Total' is after 'Discount'."]
    assert {finding.kind for finding in plan.findings} <= {"unused_columns"}
    # what the total doesn't show stays a doubt
    path = write(path, headings, *rows, "4,A,2024-01-08,9,9,7,3")
    assert [finding.kind for finding in planned(warehouse, path).findings][:1] == ["discounts_left_out"]


@pytest.mark.parametrize(("part", "kind"), [("Discount", "discounts_left_out"), ("Refunded", "refunds_left_out")])
def test_an_amount_before_what_is_taken_off_is_a_warning_also_where_it_is_named(
    part: str, kind: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A hint offered Gross, and the money of all discounts was there without a word."""
    lines = ["1,A,2,2024-01-05,22.00,2.20,19.80,7", "2,B,1,2024-01-06,5.00,0,5.00,7", "3,B,1,2024-01-06,5.00,1,4.00,7"]
    headings = f"Order ID,SKU,Qty,Order Date,Gross,{part},Money paid,Customer ID"
    path = write(tmp_path / "shop.csv", headings, *lines)
    doubts = [
        (finding.kind, finding.row_count, finding.example, finding.suggestion)
        for finding in planned(warehouse, path, column_mapping={"amount": "Gross"}).findings
        if finding.kind != "unused_columns"
    ]
    advice = (
        "They are not taken off: 'Money paid' is 'Gross' less them. If it should count, name it in column_mapping:"
        " {amount: …}."
    )
    assert doubts == [(kind, 2, f"{part}: 2.2", advice)]
    others = [line.replace("19.80", "19.70") for line in lines]
    for answer, rows in (("Money paid", lines), ("Gross", others)):
        findings = planned(warehouse, write(path, headings, *rows), column_mapping={"amount": answer}).findings
        assert {finding.kind for finding in findings} == {"unused_columns"}


@pytest.mark.parametrize("total", ["Total", "Net Amount"])
def test_a_net_amount_above_the_price_is_in_doubt_as_any_total_is(
    total: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Twelve pieces of a case, but for some rebate: most of the money was missing without a word."""
    headings = HEADINGS.replace("Total", total)
    path = write(tmp_path / "shop.csv", headings, "1,A,3,2024-01-05,1.50,51.30,7", "2,A,2,2024-01-06,2.25,51.30,7")
    doubts = [(finding.kind, finding.row_count, finding.example) for finding in planned(warehouse, path).findings]
    assert doubts[:1] == [("totals_in_doubt", 2, total)]


SUBSCRIPTION = "Order ID,Qty,Order Date,Price,Discount,Total charged,Amount refunded,Customer ID,Status"


def test_an_amount_that_prices_show_to_be_before_refunds_is_a_warning_where_it_is_named(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Whoever named it as the warning of discounts says had refunds in the revenue without a word."""
    lines = [
        "1,1,2024-01-05,20.00,4.00,16.00,8.00,7,success",
        "2,3,2024-01-06,5.00,0,15.00,4.00,7,success",
        "3,1,2024-01-07,9.90,0,9.90,0,8,success",
        "4,1,2024-01-08,9.90,0,9.90,9.90,8,refunded",
    ]
    path = write(tmp_path / "shop.csv", SUBSCRIPTION, *lines)
    assert amounts(warehouse, path) == ["8.00", "11.00", "9.90", "0.00"]
    doubts = [
        (finding.kind, finding.row_count, finding.suggestion)
        for finding in planned(warehouse, path, column_mapping={"amount": "Total charged"}).findings
        if finding.kind != "unused_columns"
    ]
    advice = (
        "They are not taken off, and 'Total charged' is before them, as 'Price' shows. Take them off in a view of the"
        " warehouse that the setting 'transactions' names."
    )
    assert doubts == [("refunds_left_out", 3, advice)]
    # after them it is no doubt, nor where the status says of all of them that they are no sales
    after = [lines[0].replace("16.00", "8.00"), lines[1].replace("15.00", "11.00"), lines[2]]
    for others in (after, lines[2:]):
        write(path, SUBSCRIPTION, *others)
        findings = planned(warehouse, path, column_mapping={"amount": "Total charged"}).findings
        assert {finding.kind for finding in findings} == {"unused_columns"}


def test_discounts_beside_amounts_are_a_warning(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = write(tmp_path / "shop.csv", "Order ID,Date,Customer,Amount,Discount", "1,2024-01-05,7,10.00,1.50")
    finding = planned(warehouse, path).findings[0]
    assert (finding.kind, finding.row_count, finding.example) == ("discounts_left_out", 1, "Discount: 1.5")


def test_an_orders_total_on_each_line_stops_a_log_of_amounts_until_it_is_named(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    headings = "Order ID,SKU,Date,Customer,Total"
    lines = [f"{order},{sku},2024-01-05,7,{order}.50" for order in range(1, 13) for sku in "AB"]
    path = write(tmp_path / "shop.csv", headings, *lines)
    with pytest.raises(InputError) as stopped:
        planned(warehouse, path)
    assert str(stopped.value) == (
        f"'Total' of '{path}' is the same on all lines of 12 of 12 orders with several products: it seems to be the"
        " order's total and would count once for each line. Name the line's amount or a unit's price with --vars"
        " '{column_mapping: {amount: …}}' (or \"Total\", if it is the line's)."
    )
    with pytest.raises(InputError, match=r'column_mapping: \{customer_id: "Customer", amount: …\}'):
        planned(warehouse, path, column_mapping={"customer_id": "Customer"})
    assert money_columns(planned(warehouse, path, column_mapping={"amount": "Total"})) == {"amount": "Total"}
    # everything at one price, or amounts of their own, are a line's
    everything = [line.rsplit(",", 1)[0] + ",9.99" for line in lines]
    assert money_columns(planned(warehouse, write(path, headings, *everything))) == {"amount": "Total"}
    own = [line + str(number) for number, line in enumerate(lines)]
    assert money_columns(planned(warehouse, write(path, headings, *own))) == {"amount": "Total"}


def test_an_orders_total_on_each_line_of_few_orders_is_a_warning(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    headings = "Order ID,SKU,Date,Customer,Total"
    single = [f"{order},A,2024-01-05,7,{order}.50" for order in range(20, 40)]
    lines = [f"{order},{sku},2024-01-05,7,{order}.50" for order in range(1, 10) for sku in "ABC"]
    path = write(tmp_path / "shop.csv", headings, *lines, *single)
    (finding,) = planned(warehouse, path).findings
    assert (finding.kind, finding.row_count, finding.example) == ("order_totals_in_doubt", 27, "Total")
    assert "all lines of the few orders with several products" in finding.suggestion
    assert not planned(warehouse, path, column_mapping={"amount": "Total"}).findings
    # one order can be a coincidence, and everything may have one price
    for few in (lines[:3], [line.rsplit(",", 1)[0] + ",9.99" for line in lines]):
        assert not planned(warehouse, write(path, headings, *few, *single)).findings


@pytest.mark.parametrize("column", ["Total", "Price"])
def test_amounts_that_are_all_zero_are_a_warning(
    column: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    headings = f"Order ID,SKU,Qty,Date,Customer,{column}"
    lines = [f"{order},A,1,2024-01-05,7,{amount}" for order, amount in enumerate(["0.00", "0", "n/a"] * 2)]
    (finding,) = planned(warehouse, write(tmp_path / "shop.csv", headings, *lines)).findings
    assert (finding.kind, finding.row_count, finding.example) == ("only_zeros", 4, column)
    assert not planned(warehouse, write(tmp_path / "shop.csv", headings, *lines, "9,A,1,2024-01-05,7,0.01")).findings


# New files


def test_what_was_proved_holds_until_all_rows_show_something_else(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    request = real_request(tmp_path / "*.csv")
    write(tmp_path / "1.csv", HEADINGS, "1,A,3,2024-01-05,30.00,30.00,7")
    assert money_columns(ingest(warehouse, request)) == {"amount": "Price"}
    # a file that shows nothing, and none at all
    write(tmp_path / "2.csv", HEADINGS, "2,A,1,2024-01-06,5.00,5.00,7")
    for _ in range(2):
        plan = ingest(warehouse, request)
        assert (money_columns(plan), plan.is_full_read) == ({"amount": "Price"}, False)
    # a file that shows another meaning: all rows decide, and here they leave it open
    write(tmp_path / "3.csv", HEADINGS, "3,A,3,2024-01-07,3,9,7")
    plan = ingest(warehouse, request)
    assert (money_columns(plan), plan.is_full_read) == ({"unit_price": "Price"}, True)
    assert plan.findings[0].kind == "totals_in_doubt"
    assert ingest(warehouse, request).is_full_read is False
    # most rows of all files prove a meaning
    lines = (f"{number},A,3,2024-01-07,{3 * number},{3 * number},7" for number in range(4, 44))
    write(tmp_path / "4.csv", HEADINGS, *lines)
    plan = ingest(warehouse, request)
    assert (money_columns(plan), plan.is_full_read) == ({"amount": "Price"}, True)
    assert ingest(warehouse, request).is_full_read is False


def test_a_discount_that_earlier_files_proved_is_taken_off_in_later_ones(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    request = real_request(tmp_path / "*.csv")
    first = tmp_path / "1.csv"
    write(first, HEADINGS + ",Discount", "1,A,3,2024-01-05,10.00,35.00,7,5.00", "1,B,1,2024-01-05,10.00,,7,",
          "2,A,1,2024-01-05,10.00,8.00,7,2.00")  # fmt: skip
    ingest(warehouse, request)
    assert warehouse.execute("select amount from sources.transactions").fetchall() == [("26.25",), ("8.75",), ("8.00",)]
    # neither without a discount nor without a total to prove it, and not without the earlier file
    first.unlink()
    write(tmp_path / "2.csv", HEADINGS + ",Discount", "3,A,3,2024-01-06,10.00,30.00,7,", "4,A,1,2024-01-06,5.00,,7,1")
    plan = ingest(warehouse, request)
    assert plan.is_full_read is False
    assert warehouse.execute("select amount from sources.transactions").fetchall() == [("30.00",), ("4.00",)]
    assert [finding.kind for finding in plan.findings] == ["unused_columns"]


@pytest.mark.parametrize("total", ["Total", "Refunded Amount"])
def test_a_file_is_parsed_once(total: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """To parse text is what takes time before a build, so all checks look at what was parsed for the first."""
    lines = ["1,A,3,2024-01-05,10.00,30.00,7", "C2,A,-1,2024-01-06,5.00,5.00,7", "3,A,2,2024-01-07,4.00,8.00,8"]
    path = write(tmp_path / "log.csv", HEADINGS.replace("Total", total), *lines)
    parsed: list[str] = []

    class Watched:
        def execute(self, query: str, *parameters: object) -> duckdb.DuckDBPyConnection:
            parsed.extend(["read_csv"] * (" read_csv(" in query))
            return warehouse.execute(query, *parameters)

    with planned_input(Watched(), real_request(path)) as plan:  # type: ignore[arg-type]
        assert plan.pending == [str(path)]
        assert parsed == ["read_csv"]
    assert warehouse.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]


# What the sign of a total shows


# Two orders; the first gives a part back in its own order.
SALES = ["1,A,2,2024-01-05,20.00,40.00,7", "1,BB,1,2024-01-05,5.00,5.00,7", "2,A,3,2024-01-06,20.00,60.00,8"]
REFUND = "1,A,2,2024-01-05,20.00,-40.00,7"
NEGATIVE = (
    "It is negative, but 'Price' and the quantity are not: these rows count as sales. If they give back, say refund in"
    " a column transaction_type, also by a view, or export them with a negative quantity."
)


@pytest.mark.parametrize(
    ("lines", "rows", "amount", "sentence"),
    [
        # few among many, of which one unit shows as much as several
        ([*SALES * 20, REFUND, "3,A,1,2024-01-07,20.00,-10.00,7"], 2, "60.00", NEGATIVE),
        # as many as make it no proof of what the total is
        ([*SALES, REFUND], 1, "40.00", NEGATIVE),
        (
            ["1,A,3,2024-01-05,10.00,44.00,7", "2,A,2,2024-01-06,5.00,10.00,7", "3,A,1,2024-01-07,5.00,-4.00,7"],
            2, "35.00", "It is neither 'Price' × quantity nor an order's sum of it. The price counts; if this should,"
            " name it in column_mapping: {amount: …}.",
        ),
    ],
)  # fmt: skip
def test_totals_that_nothing_explains_are_counted_with_their_money(
    lines: list[str], rows: int, amount: str, sentence: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    numbered = [f"{number}{line}" for number, line in enumerate(lines)]
    findings = planned(warehouse, write(tmp_path / "shop.csv", HEADINGS, *numbered)).findings
    found = [
        (finding.row_count, finding.amount, finding.suggestion)
        for finding in findings
        if finding.kind == "totals_in_doubt"
    ]
    assert found == [(rows, amount, sentence)]


@pytest.mark.parametrize("total", ["-20.00", "-15.00"])
def test_the_negative_total_of_an_exchange_is_no_doubt(
    total: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Two came back and one was bought, also with a fee."""
    exchange = [f"9,A,-2,2024-01-06,20.00,{total},7", f"9,BB,1,2024-01-06,20.00,{total},7"]
    orders = [f"{number},A,3,2024-01-05,20.00,60.00,7" for number in range(100, 140)]
    plan = planned(warehouse, write(tmp_path / "shop.csv", HEADINGS, *orders, *exchange))
    assert [finding.kind for finding in plan.findings] == ["unused_columns"]


# Refunds beside amounts


def test_refunds_beside_amounts_are_a_warning(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    headings = "Order ID,SKU,Order Date,Amount,Customer ID,Refunded Amount"
    path = write(tmp_path / "shop.csv", headings, "1,A,2024-01-05,20.00,7,20.00", "2,A,2024-01-05,30.00,7,4.00")
    assert amounts(warehouse, path) == ["20.00", "30.00"]
    kinds = [finding.kind for finding in planned(warehouse, path).findings]
    assert "refunds_left_out" in kinds


def test_refunds_of_stripes_export_are_taken_off_whenever_they_arrive(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Where earlier files are gone, nothing has to be read again."""
    headings = "id,Created (UTC),Amount,Amount Refunded,Currency,Status,Customer Email"
    request = real_request(tmp_path / "*.csv")
    first = write(tmp_path / "1.csv", headings, "ch_1,2024-03-01 10:15,20.00,0.00,eur,Paid,a@x.example")
    ingest(warehouse, request)
    first.unlink()
    write(tmp_path / "2.csv", headings, "ch_2,2024-03-02 10:15,20.00,5.00,eur,Paid,a@x.example")
    plan = ingest(warehouse, request)
    assert not plan.is_full_read
    assert warehouse.execute("select amount from sources.transactions").fetchall() == [("15.00",)]
    # an amount that the setting names counts as it is
    path = tmp_path / "2.csv"
    assert amounts(warehouse, path, column_mapping={"amount": "Amount"}) == ["20.00"]
