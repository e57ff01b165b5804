"""All forms of one shop give the same marts, and common headings are known without any setting."""

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import DEMO_FILE, FORM_OF_INPUT, MARTS_OF_LINES, REAL_FILE, Shop
from openpyxl import Workbook

HEADINGS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
TYPED = f"""
    select
        InvoiceNo, StockCode, Description, Quantity::integer as Quantity,
        strptime(InvoiceDate, '%m/%d/%Y %H:%M') as InvoiceDate, UnitPrice::decimal(10, 2) as UnitPrice,
        CustomerID, Country
    from read_csv('{DEMO_FILE}', all_varchar = true, header = true)
"""


def as_semicolon_csv(folder: Path) -> str:
    """As a spreadsheet set to German saves it: Latin-1, semicolons, decimal commas, day before month."""
    text = folder / "deutsch.csv"
    duckdb.sql(
        f"""
        copy (
            select * replace (
                strftime(InvoiceDate, '%d.%m.%Y %H:%M') as InvoiceDate,
                replace(UnitPrice::varchar, '.', ',') as UnitPrice
            )
            from ({TYPED})
        ) to '{text}' (delimiter ';', header)
        """
    )
    text.write_bytes(text.read_text("utf-8").encode("latin-1"))
    return str(text)


def as_parquet(folder: Path) -> str:
    """As pandas saves it: customers with gaps are floating-point numbers."""
    path = folder / "log.parquet"
    duckdb.sql(f"copy (select * replace (CustomerID::double as CustomerID) from ({TYPED})) to '{path}'")
    return str(path)


def as_workbook(folder: Path) -> str:
    """With real dates and numbers, on two sheets, as a long log is exported; a third sheet is something else."""
    rows = duckdb.execute(TYPED).fetchall()
    book = Workbook(write_only=True)
    for title, part in (("2024", rows[:5000]), ("2025", rows[5000:])):
        sheet = book.create_sheet(title)
        sheet.append(HEADINGS)
        for row in part:
            cells = [int(cell) if isinstance(cell, str) and cell.isdigit() else cell for cell in row]
            sheet.append([float(cell) if index == 5 else cell for index, cell in enumerate(cells)])
    book.create_sheet("notes").append(["written by", "the shop"])
    path = folder / "log.xlsx"
    book.save(path)
    return str(path)


def as_zipped_csv(folder: Path) -> str:
    path = folder / "log.csv.gz"
    path.write_bytes(gzip.compress(DEMO_FILE.read_bytes()))
    return str(path)


def as_several_files(folder: Path) -> str:
    """One file a part, with a byte order mark, read by a glob."""
    lines = DEMO_FILE.read_text("utf-8").splitlines(keepends=True)
    for name, part in (("part-1.csv", lines[1:6000]), ("part-2.csv", lines[6000:])):
        (folder / name).write_text(lines[0] + "".join(part), "utf-8-sig")
    return str(folder / "part-*.csv")


def as_wide_file(folder: Path) -> str:
    """In UTF-16, as some spreadsheets export, tab-separated."""
    path = folder / "log.tsv"
    duckdb.sql(f"copy (from read_csv('{DEMO_FILE}', all_varchar = true)) to '{path}' (delimiter '\t', header)")
    path.write_bytes(path.read_text("utf-8").encode("utf-16"))
    return str(path)


@pytest.mark.parametrize(
    "form",
    [as_semicolon_csv, as_parquet, as_workbook, as_zipped_csv, as_several_files, as_wide_file],
    ids=lambda form: form.__name__,
)
def test_all_forms_of_one_shop_give_the_same_marts(
    form: Callable[[Path], str], make_shop: Callable[..., Shop], demo_shop: Shop, tmp_path: Path
) -> None:
    shop = make_shop(transactions=form(tmp_path)).build(*MARTS_OF_LINES)
    assert shop.checksums(*MARTS_OF_LINES, without=FORM_OF_INPUT) == demo_shop.checksums(
        *MARTS_OF_LINES, without=FORM_OF_INPUT
    )


def test_a_table_of_the_warehouse_gives_the_same_marts(make_shop: Callable[..., Shop], demo_shop: Shop) -> None:
    shop = make_shop(transactions="till.Sales Log")
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute("create schema till")
        connection.execute(f'create table till."Sales Log" as {TYPED}')
    shop.build(*MARTS_OF_LINES)
    assert shop.checksums(*MARTS_OF_LINES, without=FORM_OF_INPUT) == demo_shop.checksums(
        *MARTS_OF_LINES, without=FORM_OF_INPUT
    )


def test_the_real_file_as_a_workbook_gives_the_same_marts(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    """Its first 20,000 lines, written from the file's own texts, so only the reader can make a difference."""
    if not REAL_FILE.exists():
        pytest.skip("the real file is not at hand")
    lines = REAL_FILE.read_text("latin-1").splitlines(keepends=True)[:20_000]
    (tmp_path / "real.csv").write_text("".join(lines), "latin-1")
    book = Workbook(write_only=True)
    sheet = book.create_sheet("log")
    for row in csv.reader(lines):
        sheet.append([int(cell) if cell.isdigit() and len(cell) < 7 else cell or None for cell in row])
    book.save(tmp_path / "real.xlsx")
    # So few lines end before the 13th of the month, so the setting has to name the order of day and month.
    as_csv, as_xlsx = (
        make_shop(transactions=str(tmp_path / f"real.{form}"), date_format="month-day-year").build(*MARTS_OF_LINES)
        for form in ("csv", "xlsx")
    )
    assert as_xlsx.checksums(*MARTS_OF_LINES, without=FORM_OF_INPUT) == as_csv.checksums(
        *MARTS_OF_LINES, without=FORM_OF_INPUT
    )


@pytest.mark.parametrize(
    "headings",
    [
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country",
        " ORDER ID , sku ,Product Name,QTY,Order Date,Unit Price,customer_no,COUNTRY",
    ],
)
def test_common_headings_are_known(
    headings: str, make_shop: Callable[..., Shop], write_csv: Callable[..., Path]
) -> None:
    log = write_csv(headings, "1,A,RED TIN,2,12/31/2010 8:26,2.55,c,UK")
    shop = make_shop(transactions=str(log)).build("order_lines", "products")
    assert shop.rows(
        """
        select invoice_id, product_id, quantity, unit_price::float, customer_id, country, ordered_at::varchar
        from order_lines
        """
    ) == [("1", "A", 2, pytest.approx(2.55), "c", "UK", "2010-12-31 08:26:00")]
    assert shop.rows("select product_description from products") == [("RED TIN",)]


def test_own_headings_are_mapped_by_a_setting(make_shop: Callable[..., Shop], write_csv: Callable[..., Path]) -> None:
    log = write_csv("Beleg;Kunde;Tag;Summe;customer", "1;k;31.12.2010;2,50;other")
    shop = make_shop(
        transactions=str(log),
        column_mapping={"invoice_id": "Beleg", "customer_id": "Kunde", "ordered_at": "Tag", "amount": "Summe"},
    ).build("order_lines")
    assert shop.row("select invoice_id, customer_id, gross_amount::float from order_lines") == ("1", "k", 2.5)


def test_customer_date_and_amount_are_enough_for_rfm(
    make_shop: Callable[..., Shop], write_csv: Callable[..., Path]
) -> None:
    log = write_csv(
        "customer,date,amount",
        "a,2011-01-01,10.00", "a,2011-01-01,5.50", "a,2011-02-01,1.00", "b,2011-01-15,100.00",
    )  # fmt: skip
    shop = make_shop(transactions=str(log)).build()
    assert shop.rows("select customer_id, recency_days, frequency, monetary::float from customers order by 1") == [
        ("a", 0, 2, 16.5),
        ("b", 17, 1, 100.0),
    ]
    assert shop.rows("from products") == []
    assert shop.row("select count(*) from customers where rfm_segment is null") == (0,)


def test_repeated_headings_and_a_total_stay_with_the_row(
    make_shop: Callable[..., Shop], write_csv: Callable[..., Path]
) -> None:
    """A total may be the invoice's: the price counts. Columns that are none of ours distinguish rows."""
    headings = 'customer,date,price,Total,Note,note,Note,,"a ""quoted"" one"'
    log = write_csv(headings, "c,2011-01-01,2.00,50.00,a,b,c,d,e", "c,2011-01-01,2.00,50.00,a,b,x,d,e")
    shop = make_shop(transactions=str(log)).build("order_lines")
    assert shop.row("select count(*), sum(revenue)::float from order_lines") == (2, 4.0)
    assert shop.rows("select other_columns from staging.base_transactions where input_row = 1") == [
        ('{"Total":"50.00","Note":"a","note":"b","Note (column 7)":"c","(column 8)":"d","a \\"quoted\\" one":"e"}',)
    ]


def test_columns_that_are_none_of_ours_stay_with_the_rejected_row(
    make_shop: Callable[..., Shop], write_csv: Callable[..., Path]
) -> None:
    # Without invoices, equal rows would count.
    log = write_csv("customer,date,amount,till", "a,2011-01-01,10.00,7", "a,2011-01-01,10.00,8", "a,2011-01-01,10.00,8")
    shop = make_shop(transactions=str(log), duplicates="drop").build("order_lines", "rejected_transactions")
    assert shop.row("select count(*) from order_lines") == (2,)
    assert shop.rows("select rejection_reason, raw_row::json->>'other_columns' from rejected_transactions") == [
        ("duplicate", '{"till":"8"}')
    ]
