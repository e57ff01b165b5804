"""Files as shops have them: odd names, encodings, kinds and headings; and damaged ones, each with one sentence."""

import gzip
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from openpyxl import Workbook
from shop_toolkit.errors import InputError, listed, sentence_of, shortened
from shop_toolkit.ingest.files import describe_files, workbook_rows
from shop_toolkit.ingest.headings import COLUMN_ALIASES, check_mapping, match_headings
from shop_toolkit.ingest.plan import plan_input
from shop_toolkit.ingest.plugin import prepare
from shop_toolkit.ingest.relation_of_input import relation_of_files
from shop_toolkit.ingest.source import prepare_input
from test_ingest import HEADINGS, as_json, ingest, request_for, write

ROW = "1,A,c,12/31/2010,1.50"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.create_function("workbook_rows", workbook_rows, ["VARCHAR"], "VARCHAR[][]")
        yield connection


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


def customers(warehouse: duckdb.DuckDBPyConnection, transactions: object, **settings: Any) -> list[tuple[str, str]]:
    """Each row's customer and the name of its file, as the source yields them."""
    prepare_input(warehouse, request_for(transactions, **settings))
    rows = warehouse.sql("select customer_id, file_name from sources.transactions order by all").fetchall()
    return [(customer, Path(name).name) for customer, name in rows]


def problem_of_file(warehouse: duckdb.DuckDBPyConnection, transactions: object) -> str:
    """The sentence that a build stops with; nothing may be in the warehouse by then."""
    problem = json_answer(warehouse, transactions)
    assert len(problem) < 500
    assert "\n" not in problem
    assert "Traceback" not in problem
    assert warehouse.sql("from information_schema.tables").fetchall() == []
    return problem


def json_answer(warehouse: duckdb.DuckDBPyConnection, transactions: object) -> str:
    return str(json.loads(prepare(warehouse, as_json(request_for(transactions)))).get("problem", ""))


# Names


@pytest.mark.parametrize(
    "name", ["a[1].csv", "a*.csv", "wh?t.csv", "a{b}.csv", "{{ 7 * 7 }}.csv", "it's.csv", "a]b.csv"]
)
def test_a_name_that_was_found_is_no_glob(name: str, warehouse: duckdb.DuckDBPyConnection, log: Path) -> None:
    write(log / name, HEADINGS, ROW)
    for other in ("a1.csv", "aa.csv", "what.csv", "ab.csv"):
        write(log / other, HEADINGS, ROW.replace(",c,", f",{other},"))
    assert customers(warehouse, log / name) == [("c", name)]
    found = {file: customer for customer, file in customers(warehouse, log / "*.csv")}
    assert found == {name: "c", "a1.csv": "a1.csv", "aa.csv": "aa.csv", "what.csv": "what.csv", "ab.csv": "ab.csv"}


def test_folders_named_like_partitions_add_no_columns(warehouse: duckdb.DuckDBPyConnection, log: Path) -> None:
    folder = log / "customer=nobody" / "amount=7"
    folder.mkdir(parents=True)
    duckdb.sql(f"copy (select 'c' as customer, date '2010-12-31' as date, 1.5 as amount) to '{folder}/a.parquet'")
    prepare_input(warehouse, request_for(folder / "a.parquet"))
    assert warehouse.sql("select customer_id, amount from sources.transactions").fetchall() == [("c", Decimal("1.5"))]


def test_a_file_that_links_lead_to_by_several_paths_is_read_once(
    warehouse: duckdb.DuckDBPyConnection, log: Path
) -> None:
    write(log / "a.csv", HEADINGS, ROW)
    (log / "again.csv").symlink_to(log / "a.csv")
    assert customers(warehouse, log / "*.csv") == [("c", "a.csv")]


# Encodings


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "Żółty"), ("utf-16", "Żółty"), ("utf-16-be", "Żółty"), ("utf-32", "Żółty"), ("latin-1", "Noël"),
        ("cp1250", "Świąteczna łyżka żółta"), ("cp1251", "Красная свеча"), ("cp1252", "it’s €5"),
        ("cp932", "マグカップ（赤）"), ("euc-jp", "マグカップとりんご"), ("gb18030", "红色的杯子和苹果酱"),
        ("big5", "紅色的杯子和蘋果醬"), ("cp949", "빨간 머그컵과 사과 잼"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_every_encoding_is_read(
    encoding: str, name: str, suffix: str, warehouse: duckdb.DuckDBPyConnection, log: Path
) -> None:
    content = f'\ufeff{HEADINGS},note\n1,A,{name},12/31/2010,1.50,"two\nlines"\n' if encoding == "utf-16-be" else (
        f'{HEADINGS},note\n1,A,{name},12/31/2010,1.50,"two\nlines"\n'
    )  # fmt: skip
    path = log / f"log.csv{suffix}"
    path.write_bytes(gzip.compress(content.encode(encoding)) if suffix else content.encode(encoding))
    assert customers(warehouse, path) == [(name, path.name)]
    other = log / "plain.csv"
    write(other, HEADINGS + ",note", ROW + ",x")
    assert customers(warehouse, log / "*") == sorted([(name, path.name), ("c", "plain.csv")])


def test_a_copy_in_another_encoding_lasts_until_the_file_is_ingested(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path, log: Path
) -> None:
    (log / "log.csv").write_bytes(f"{HEADINGS}\n1,A,Красная свеча,12/31/2010,1.50\n".encode("cp1251"))
    request = request_for(log / "*.csv")
    plan = ingest(warehouse, request)
    assert plan.messages()[1] == f"Read as Windows-1251: {log}/log.csv."
    copies = tmp_path / "warehouse.duckdb.utf8"
    assert len(list(copies.iterdir())) == 1
    write(log / "next.csv", HEADINGS, ROW)
    ingest(warehouse, request)
    assert not copies.exists()
    assert warehouse.sql("select customer_id from staging.base_transactions order by 1").fetchall() == [
        ("c",), ("Красная свеча",),
    ]  # fmt: skip


def test_an_encoding_that_is_set_has_to_fit(log: Path) -> None:
    path = log / "log.csv"
    path.write_bytes("customer,date,amount,note\nc,2011-01-01,1,it’s €5\n".encode("cp1252"))
    with pytest.raises(InputError, match=r"is no Latin-1: it looks like Windows-1252\. Set csv_encoding: windows-1252"):
        describe_files(str(path), encoding="latin-1")
    with pytest.raises(InputError, match="is no UTF-8"):
        describe_files(str(path), encoding="utf-8")
    assert describe_files(str(path), encoding="windows-1252")[str(path)].encoding == "windows-1252"


# Files that differ


def test_files_of_several_kinds_and_headings_are_mapped_one_by_one(
    warehouse: duckdb.DuckDBPyConnection, log: Path
) -> None:
    write(log / "old.csv", "invoice;sku;customer;date;amount;till", "1;A;c;12/31/2010;1.50;7;surplus")
    write(log / "new.csv", "Amount,Country,Order Date,Customer ID,SKU,Order ID", "2.50,UK,12/30/2010,d,B,2")
    duckdb.sql(
        f"""copy (select '3' as invoice, 'C' as sku, 'e' as customer, '12/29/2010' as date, 3.5 as amount)
        to '{log}/log.parquet'"""
    )
    book = Workbook()
    book.active.append(["sku", "invoice", "customer", "date", "amount"])
    book.active.append(["D", "4", "f", "12/28/2010", 4.5])
    book.save(log / "log.xlsx")
    prepare_input(warehouse, request_for(log / "*"))
    rows = warehouse.sql(
        """
        select customer_id, invoice_id, product_id, amount, country, other_columns, surplus_field,
            parse_filename(file_name)
        from sources.transactions order by 1
        """
    ).fetchall()
    assert rows == [
        ("c", "1", "A", "1.50", None, '{"till":"7"}', "surplus", "old.csv"),
        ("d", "2", "B", "2.50", "UK", None, None, "new.csv"),
        ("e", "3", "C", "3.5", None, None, None, "log.parquet"),
        ("f", "4", "D", "4.5", None, None, None, "log.xlsx"),
    ]


def test_typed_numbers_beside_texts_with_a_decimal_comma_keep_their_value(
    warehouse: duckdb.DuckDBPyConnection, log: Path
) -> None:
    write(log / "a.csv", HEADINGS.replace(",", ";"), "1;A;c;12/31/2010;1.234,50")
    duckdb.sql(f"copy (select 'd' as customer, '12/31/2010' as date, 1.250 as amount, 1 as invoice, 2 as sku)"
               f" to '{log}/b.parquet'")  # fmt: skip
    prepare_input(warehouse, request_for(log / "*"))
    assert warehouse.sql("select amount from sources.transactions order by 1").fetchall() == [("1,250",), ("1.234,50",)]
    assert warehouse.sql("select decimal_separator from sources.input_profile").fetchall() == [(",",)]


def test_a_new_export_with_other_headings_leaves_earlier_rows_as_they_are(
    warehouse: duckdb.DuckDBPyConnection, log: Path
) -> None:
    request = request_for(log / "*.csv")
    write(log / "b.csv", HEADINGS, ROW)
    signature = ingest(warehouse, request).signature
    write(log / "a.csv", "amount,date,customer,sku,invoice,note", "2,12/30/2010,d,B,2,n")
    plan = ingest(warehouse, request)
    assert (plan.is_full_read, list(plan.pending), plan.signature) == (False, [str(log / "a.csv")], signature)
    # the file that was read first may be gone by then
    (log / "b.csv").unlink()
    write(log / "c.csv", "amount,date,customer,sku,invoice,note", "2,12/29/2010,e,B,3,n")
    plan = ingest(warehouse, request)
    assert (plan.is_full_read, list(plan.pending), plan.signature) == (False, [str(log / "c.csv")], signature)
    assert warehouse.sql("select list(customer_id order by 1) from staging.base_transactions").fetchall() == [
        (["c", "d", "e"],)
    ]


def test_a_file_that_gets_other_headings_is_read_again(warehouse: duckdb.DuckDBPyConnection, log: Path) -> None:
    request = request_for(log / "*.csv")
    write(log / "a.csv", HEADINGS, ROW)
    write(log / "b.csv", HEADINGS + ",note", ROW + ",n")
    ingest(warehouse, request)
    write(log / "b.csv", HEADINGS + ",remark", ROW + ",n")
    assert plan_input(warehouse, request).is_full_read


def test_files_that_mean_different_rows_stop_the_build(warehouse: duckdb.DuckDBPyConnection, log: Path) -> None:
    write(log / "a.csv", HEADINGS + ",qty", ROW + ",2")
    write(log / "b.csv", HEADINGS + ",Packs", ROW + ",2")
    problem = problem_of_file(warehouse, log / "*.csv")
    assert "/b.csv' has no heading that is known to hold quantity, but '" in problem
    assert "/a.csv' has one: 'qty'. Headings: invoice, sku, customer, date, amount, Packs." in problem
    mapping = {"quantity": ["qty", "Packs"]}
    assert customers(warehouse, log / "*.csv", column_mapping=mapping) == [("c", "a.csv"), ("c", "b.csv")]
    assert warehouse.sql("select quantity from sources.transactions").fetchall() == [("2",), ("2",)]


@pytest.mark.parametrize("mapping", [{}, {"unit_price": ["price", "total"]}])
def test_prices_of_one_file_and_amounts_of_another_are_not_read_alike(
    mapping: dict[str, object], warehouse: duckdb.DuckDBPyConnection, log: Path
) -> None:
    """What the build advised to do multiplied amounts by the quantity once more."""
    for file, money in (("a", "price"), ("b", "total")):
        write(log / f"{file}.csv", f"invoice,sku,customer,date,qty,{money}", "1,p,c,2024-01-05,2,3.00")
    problem = str(
        json.loads(prepare(warehouse, as_json(request_for(log / "*.csv", column_mapping=mapping))))["problem"]
    )
    assert "one file has prices of a unit and another amounts of a line: '" in problem
    assert "/a.csv' has 'price' and '" in problem
    assert "/b.csv' has 'total'. A price is multiplied" in problem
    # a heading that may hold either is what it is mapped to
    write(log / "b.csv", "invoice,sku,customer,date,qty,value", "1,p,c,2024-01-05,2,3.00")
    assert len(customers(warehouse, log / "*.csv", column_mapping={"unit_price": ["price", "value"]})) == 2
    warehouse.execute("drop schema sources cascade")
    # without a quantity, a price is the amount
    for file, money in (("a", "price"), ("b", "total")):
        write(log / f"{file}.csv", f"invoice,sku,customer,date,{money}", "1,p,c,2024-01-05,3.00")
    both = {"unit_price": ["price", "total"]}
    assert customers(warehouse, log / "*.csv", column_mapping=both) == [("c", "a.csv"), ("c", "b.csv")]


def test_thousands_of_files_are_listed(warehouse: duckdb.DuckDBPyConnection, log: Path) -> None:
    for number in range(1_000):
        write(log / f"{number}.csv", HEADINGS, f"{number},A,c,12/31/2010,1.50")
    prepare_input(warehouse, request_for(log / "*.csv"))
    assert warehouse.sql("select count(*), count(*) filter (where is_pending) from sources.input_files").fetchall() == [
        (1_000, 1_000)
    ]
    assert warehouse.sql("select count(*) from sources.transactions").fetchall() == [(1_000,)]


# Damage, each with a sentence


def test_a_damaged_archive_has_a_sentence(warehouse: duckdb.DuckDBPyConnection, log: Path) -> None:
    content = bytearray(
        gzip.compress("\n".join([HEADINGS, *(f"{n},A,c,12/31/2010,{n}" for n in range(5000))]).encode())
    )
    content[2000:2040] = b"\xff" * 40
    (log / "log.csv.gz").write_bytes(content)
    assert "log.csv.gz' cannot be read as text: " in problem_of_file(warehouse, log / "*")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("log.csv", gzip.compress(b"customer,date,amount"), "text: it holds a gzip archive. Rename it to end in .gz."),
        ("log.csv.gz", b"customer,date,amount", "text: it is no gzip archive. Rename it to end without '.gz'."),
        ("log.csv", b"PAR1 and more", "text: it holds Parquet. Rename it to end in .parquet."),
        (
            "log.txt",
            b"PK\3\4",
            "text: it holds a workbook or another ZIP archive. Rename it to end in .xlsx, or unpack",
        ),
        ("log.xlsx", b"customer,date,amount", "a workbook: it holds text. Rename it to end in .csv."),
        ("log.xls", b"\xef\xbb\xbf\r\n<HTML><table>", "a workbook: it holds a web page. Open it in a spreadsheet"),
        ("log.parquet", b"\xd0\xcf\x11\xe0", "Parquet: it holds a workbook. Rename it to end in .xls."),
        ("log.xlsb", b"no\0text", "a workbook: "),
    ],
    ids=["gzip", "no gzip", "Parquet", "ZIP", "text as xlsx", "web page as xls", "xls as Parquet", "text as xlsb"],
)
def test_a_file_that_is_not_what_its_name_says_has_a_sentence(
    name: str, content: bytes, sentence: str, warehouse: duckdb.DuckDBPyConnection, log: Path
) -> None:
    (log / name).write_bytes(content)
    assert f"{name}' cannot be read as {sentence}" in problem_of_file(warehouse, log / "*")


def test_damaged_pages_of_parquet_have_a_sentence(warehouse: duckdb.DuckDBPyConnection, log: Path) -> None:
    """The list of columns is at the end of the file, so it is whole."""
    for name in ("a", "b"):
        duckdb.sql(
            f"""copy (
                select 'c' as customer, '12/31/2010' as date, 1.5 as amount, md5(i::varchar) as note
                from range(2000) t(i)
            ) to '{log}/{name}.parquet'"""
        )
    path = log / "b.parquet"
    content = bytearray(path.read_bytes())
    content[3000:4000] = b"\xff" * 1000
    path.write_bytes(content)
    assert "/b.parquet' is damaged: " in problem_of_file(warehouse, log / "*")


def test_a_wide_text_that_was_cut_off_has_a_sentence(warehouse: duckdb.DuckDBPyConnection, log: Path) -> None:
    (log / "log.csv").write_bytes(f"{HEADINGS}\n{ROW}\n".encode("utf-16")[:-1])
    assert "log.csv' is no UTF-16: some of its bytes are none, or the file was cut off" in problem_of_file(
        warehouse, log / "*"
    )


def test_a_column_may_be_called_as_that_of_the_reader(warehouse: duckdb.DuckDBPyConnection, log: Path) -> None:
    duckdb.sql(
        f"""copy (
            select
                'c' as customer, '12/31/2010' as date, 1.5 as amount,
                1 as read_from, 2 as "Read_From_", 3 as filename
        ) to '{log}/a.parquet'"""
    )
    prepare_input(warehouse, request_for(log / "a.parquet"))
    assert warehouse.sql("select other_columns, parse_filename(file_name) from sources.transactions").fetchall() == [
        ('{"read_from":"1","Read_From_":"2","filename":"3"}', "a.parquet")
    ]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.symlink_to(path.parent / "gone.csv"), "is a link to a file that is not there"),
        (lambda path: path.symlink_to(path), "is a link to itself"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: os.mkfifo(path), "is no ordinary file"),
    ],
)
def test_what_is_no_file_has_a_sentence(
    make: Callable[[Path], object], sentence: str, warehouse: duckdb.DuckDBPyConnection, log: Path
) -> None:
    make(log / "log.csv")
    assert f"/log.csv' {sentence}" in problem_of_file(warehouse, log / "log.csv")
    assert f"/log.csv' {sentence}" in problem_of_file(warehouse, log / "*.csv")


@pytest.mark.parametrize("name", ["x" * 5_000 + ".csv", "/".join(["folder"] * 1_000) + "/log.csv", "a\0b.csv"])
def test_a_name_that_no_file_can_have_has_a_sentence(name: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    assert " is no name of a file: " in problem_of_file(warehouse, name)


def test_thousands_of_columns_are_read(warehouse: duckdb.DuckDBPyConnection, log: Path) -> None:
    more = ",".join(f"column {number}" for number in range(3_000))
    cells = ",".join(str(number) for number in range(3_000))
    path = write(log / "a.csv", f"{HEADINGS},{more}", f"{ROW},{cells}")
    assert customers(warehouse, path) == [("c", "a.csv")]
    assert warehouse.sql(
        "select len(json_keys(other_columns)), swallowed_rows from sources.transactions"
    ).fetchall() == [(3_000, 0)]
    write(path, f"id,{more}", f"1,{cells}")
    warehouse.execute("drop schema sources cascade")
    problem = problem_of_file(warehouse, path)
    assert "is known to hold customer_id, ordered_at, unit_price (or amount)" in problem
    assert "(3,001 in all)" in problem


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_field_of_megabytes_has_a_sentence(quote: str, warehouse: duckdb.DuckDBPyConnection, log: Path) -> None:
    write(log / "a.csv", HEADINGS, ROW)
    write(log / "b.csv", HEADINGS, ROW, f"2,{quote}A{'x' * 2_500_000}{quote},c,12/31/2010,1.50", ROW)
    problem = problem_of_file(warehouse, log / "*.csv")
    assert "/b.csv' holds a row of more than 2 MB, at line 3 or behind it" in problem


@pytest.mark.parametrize("rows", [3, 20_000])
def test_an_unclosed_quote_in_the_headings_has_a_sentence(
    rows: int, warehouse: duckdb.DuckDBPyConnection, log: Path
) -> None:
    write(log / "a.csv", HEADINGS.replace("sku", '"sku'), *[ROW] * rows)
    assert "/a.csv' opens a quote in its headings that nothing closes" in problem_of_file(warehouse, log / "a.csv")


@pytest.mark.parametrize("is_in_its_row", [True, False])
def test_a_cell_far_from_the_others_has_a_sentence(
    is_in_its_row: bool, warehouse: duckdb.DuckDBPyConnection, log: Path
) -> None:
    """The size that the sheet declares says nothing of it, nor does the row that the cell stands in."""
    book = Workbook()
    book.active.append(HEADINGS.split(","))
    book.active.append(ROW.split(","))
    book.active["XFD1048576" if is_in_its_row else "F2"] = "x"
    book.save(log / "far.xlsx")
    with zipfile.ZipFile(log / "far.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b'ref="A1:XFD1048576"', b'ref="A1:E2"').replace(b'"F2"', b'"XFD1048576"')
    with zipfile.ZipFile(log / "log.xlsx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    problem = problem_of_file(warehouse, log / "log.xlsx")
    assert "reaches to row 1,048,576 and column 16,384, but only 11 cells are filled" in problem


@pytest.mark.parametrize("damage", ["a sheet that can't be unpacked", "a way of packing that is unknown", "a password"])
def test_a_damaged_or_locked_workbook_has_a_sentence(
    damage: str, warehouse: duckdb.DuckDBPyConnection, log: Path
) -> None:
    book = Workbook()
    book.active.append(HEADINGS.split(","))
    book.save(log / "log.xlsx")
    content = bytearray((log / "log.xlsx").read_bytes())
    with zipfile.ZipFile(log / "log.xlsx") as archive:
        sheet = archive.getinfo("xl/worksheets/sheet1.xml")
    entry = content.rindex(b"PK\x01\x02", 0, content.rindex(sheet.filename.encode()))
    if damage == "a password":
        content[sheet.header_offset + 6] |= 1
        content[entry + 8] |= 1
    elif damage == "a way of packing that is unknown":
        content[sheet.header_offset + 8] = content[entry + 10] = 77
    else:
        start = sheet.header_offset + 30 + len(sheet.filename)
        content[start : start + sheet.compress_size] = b"\xff" * sheet.compress_size
    (log / "log.xlsx").write_bytes(content)
    assert "/log.xlsx' cannot be read as a workbook: " in problem_of_file(warehouse, log / "log.xlsx")


# Sentences


def test_a_sentence_is_short_and_of_one_line() -> None:
    assert shortened("a" * 50 + "\n" + "b" * 50, 11) == "aaaaa…bbbb"
    assert len(sentence_of("word " * 300)) == 499
    assert listed(["a", "b"]) == "a, b"
    assert listed([f"heading {number}" for number in range(1_234)]).endswith("heading 12, … (1,234 in all)")


@pytest.mark.parametrize(
    ("headings", "hint"),
    [
        (["Till", "Cust. Ident", "date", "amount"], 'customer_id: "Cust. Ident"'),
        (["Till", "customer", "Dates", "amount"], 'ordered_at: "Dates"'),
        (["Till", "customer", "date", "Net amounts"], 'amount: "Net amounts"'),
        (
            ["1", "A", "2"],
            'customer_id: "your heading", ordered_at: "your heading", unit_price: "your heading"',
        ),
        # a date is no customer, and a tax or a fee no amount
        (
            ["Billing date", "Sold-to party", "Net value"],
            'customer_id: "Sold-to party", ordered_at: "Billing date", amount: "Net value"',
        ),
        (
            ["Billing date", "Net value"],
            'customer_id: "your heading", ordered_at: "Billing date", amount: "Net value"',
        ),
        (["Date", "Customer", "Sales Tax", "Fee", "Gross", "Net"], 'amount: "Gross"'),
        (["Date", "Customer", "Sales Tax", "Total discount"], 'unit_price: "your heading"'),
        # nor is a country or a kind of goods a customer, or what identifies a till
        (
            ["Date", "price", "Land", "Kod towaru", "Kundenartikel", "Table number"],
            'customer_id: "your heading", product_id: "Kod towaru", country: "Land"',
        ),
        (["Date", "price", "First Name", "Last Name", "Postcode"], 'customer_id: "your heading"'),
        # nor is the number of another order an amount, a total or a list price the price of a unit, or the day when
        # something begins, ends or comes back that of the order
        (["Date", "Customer", "parent_id", "transaction_code", "total_sales"], 'amount: "total_sales"'),
        (["Date", "Customer", "line_item_total", "line_item_unit_amount"], 'unit_price: "line_item_unit_amount"'),
        (["Date", "Customer", "List Price", "Gross Total", "Net Price"], 'unit_price: "Net Price"'),
        (["Customer", "price", "Check-in", "Check-out", "Booked on"], 'ordered_at: "Booked on"'),
        (["Customer", "price", "refund_date"], 'ordered_at: "your heading"'),
        # of Polish, French and German invoices, of tills and tickets, and of Business Central
        (
            ["Numer faktury", "Data sprzedaży", "Kod towaru", "Nabywca", "Cena brutto"],
            'customer_id: "Nabywca", ordered_at: "Data sprzedaży", unit_price: "Cena brutto",'
            ' invoice_id: "Numer faktury", product_id: "Kod towaru"',
        ),
        (
            ["N° commande", "Date", "Client", "price", "pcs"],
            'customer_id: "Client", invoice_id: "N° commande", quantity: "pcs"',
        ),
        # numbers of orders and products, as several languages call them
        *(
            (
                [order, "Date", "Klant", product, "price"],
                f'customer_id: "Klant", invoice_id: "{order}", product_id: "{product}"',
            )
            for order, product in {
                "Bestelnummer": "EAN",
                "Numero ordine": "Codice articolo",
                "Nº Factura": "Código del producto",
                "Numer zamówienia": "Kod produktu",
                "bon_nr": "artikel_nr",
                "booking_ref": "Material number",
                "AppointmentId": "plu",
                "trans_no": "Référence produit",
                "N° de commande": "Code article",
            }.items()
        ),
        (
            ["Sipariş No", "Tarih", "Müşteri", "Ürün", "Adet", "Birim Fiyat", "Tutar"],
            'customer_id: "Müşteri", ordered_at: "Tarih", unit_price: "Birim Fiyat", invoice_id: "Sipariş No",'
            ' quantity: "Adet", product_description: "Ürün"',
        ),
        (
            ["订单号", "下单时间", "客户编号", "商品编码", "商品名称", "数量", "单价"],
            'customer_id: "客户编号", ordered_at: "下单时间", unit_price: "单价", invoice_id: "订单号",'
            ' quantity: "数量", product_id: "商品编码", product_description: "商品名称"',
        ),
        (["Date", "Customer", "Adeb"], 'unit_price: "your heading"'),
        (["Check #", "Date", "Loyalty ID", "price"], 'customer_id: "Loyalty ID", invoice_id: "Check #"'),
        (
            ["booking", "Date", "Card number", "price", "tickets"],
            'customer_id: "Card number", invoice_id: "booking", quantity: "tickets"',
        ),
        (
            ["Posting Date", "Kontrahent", "Unit Price Excl. VAT", "VAT", "Stk."],
            'customer_id: "Kontrahent", ordered_at: "Posting Date", unit_price: "Unit Price Excl. VAT",'
            ' quantity: "Stk."',
        ),
        (["Date", "Customer", "VAT", "Line Amount Excl. VAT"], 'amount: "Line Amount Excl. VAT"'),
    ],
)
def test_a_hint_names_the_heading_that_it_likely_is(headings: list[str], hint: str) -> None:
    with pytest.raises(InputError) as raised:
        match_headings(headings, "it", {})
    assert f"e.g. --vars '{{column_mapping: {{{hint}}}}}'" in str(raised.value)


@pytest.mark.parametrize(
    ("headings", "advice"),
    [
        (["Date", "price", "First Name", "Last Name"],
         "Where names alone say who it is, join them, best with a postcode, in a view of the warehouse."),
        (["Date", "Customer", "Debit", "Credit"],
         "If 'Credit' holds what was paid back, have one amount of both in a view."),
        (["Date", "Customer", "Debit"], "have one amount of both"),
    ],
)  # fmt: skip
def test_what_is_in_several_columns_is_for_a_view(headings: list[str], advice: str) -> None:
    with pytest.raises(InputError) as raised:
        match_headings(headings, "it", {})
    assert (advice in str(raised.value)) == (len(headings) > 3)


@pytest.mark.parametrize(
    ("headings", "example"),
    [
        (["Unit Price Net", "Net Amount", "VAT Amount", "Gross Amount"], 'amount: "Net Amount"'),
        (["Gross amount", "Amount excl. VAT"], 'amount: "Amount excl. VAT"'),
        (["gross_amount", "Amount (netto)"], 'amount: "Amount (netto)"'),
        (["gross_amount", "amount HT"], 'amount: "amount HT"'),
        (["unit_price_tax_incl", "unit_price_tax_excl"], 'unit_price: "unit_price_tax_excl"'),
    ],
)
def test_money_with_and_without_tax_is_a_question(headings: list[str], example: str) -> None:
    headings = ["customer", "date", *headings]
    with pytest.raises(InputError) as raised:
        match_headings(headings, "it", {"country": ""})
    assert f"with tax and without. Say which counts, e.g. --vars '{{column_mapping: {{country: [], {example}" in str(
        raised.value
    )
    column, _, heading = example.partition(": ")
    for answer in (heading.strip('"'), next(one for one in headings if "gross" in one.lower() or "incl" in one)):
        assert match_headings(headings, "it", {column: answer})[column] == answer


@pytest.mark.parametrize(
    ("money", "others"),
    [
        # net sales are after discounts; a price decides; another thing without tax; one of the two alone
        ("Net Sales", ["Gross Sales"]),
        ("price", ["Gross Amount", "Net Amount"]),
        ("Gross Amount", ["Net Weight", "Net Shipping", "Shipping amount excl. tax"]),
        ("Gross Amount", ["VAT Amount"]),
    ],
)
def test_money_of_one_kind_is_no_question(money: str, others: list[str]) -> None:
    assert money in match_headings(["customer", "date", money, *others], "it", {}).values()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("customer", "Did you mean 'customer_id'?"),
        ("Preis", "Did you mean 'unit_price'?"),
        ("ordered_on", "Did you mean 'ordered_at'?"),
        ("shade", f"They are {', '.join(COLUMN_ALIASES)}."),
    ],
)
def test_a_mapping_of_a_column_that_is_none_names_the_one_like_it(name: str, meant: str) -> None:
    with pytest.raises(InputError) as raised:
        match_headings(["customer", "date", "amount"], "it", {name: "date"})
    assert str(raised.value) == f"The setting 'column_mapping' names '{name}', which is none of our columns. {meant}"


def test_a_mapping_to_a_heading_that_is_not_there_names_the_one_like_it() -> None:
    with pytest.raises(InputError, match=r"maps customer_id to 'Kunde', but it has no such heading.*Perhaps you mean"):
        match_headings(["Kunden", "date", "amount"], "it", {"customer_id": "Kunde"})


@pytest.mark.parametrize(
    ("headings", "mapping", "sentence"),
    [
        # several headings that are not there
        (["Kunden", "date", "price"], {"customer_id": "Kunde", "country": "Land"},
         "The setting 'column_mapping' maps customer_id to 'Kunde', country to 'Land', but it has no such headings. The"
         " headings there: Kunden, date, price. Say which they are, e.g. --vars '{column_mapping: {customer_id:"
         ' "Kunden", country: "your heading"}}\'.'),
        # and a column that has none either
        (["Kunden", "Datum", "price", "n"], {"customer_id": "Kunde", "quantity": "n"},
         "The setting 'column_mapping' maps customer_id to 'Kunde', but it has no such heading. No heading is known to"
         " hold ordered_at either. The headings there: Kunden, Datum, price, n. Say which they are, e.g. --vars"
         ' \'{column_mapping: {quantity: "n", customer_id: "Kunden", ordered_at: "Datum"}}\'.'),
        # what is known without the setting
        (["customer", "Datum", "price"], {"customer_id": "Kunde"},
         "The setting 'column_mapping' maps customer_id to 'Kunde', but it has no such heading. No heading is known to"
         " hold ordered_at either. The headings there: customer, Datum, price. Say which they are, e.g. --vars"
         ' \'{column_mapping: {customer_id: "customer", ordered_at: "Datum"}}\'.'),
    ],
)  # fmt: skip
def test_all_that_is_wrong_with_a_mapping_is_one_sentence(
    headings: list[str], mapping: dict[str, str], sentence: str
) -> None:
    with pytest.raises(InputError) as raised:
        match_headings(headings, "it", mapping)
    assert str(raised.value) == sentence


def test_no_hint_is_of_a_column_that_the_setting_says_is_not_there() -> None:
    with pytest.raises(InputError, match=r'amount: \[\], customer_id: "Kunden", unit_price: "your heading"'):
        check_mapping(["Kunden", "date", "Betrag"], "it", {"customer_id": "Kunde", "amount": []})


def test_a_sentence_about_many_headings_stays_short() -> None:
    headings = [f"{'very ' * 30}long {number}" for number in range(20)]
    for columns in (1, 2, len(COLUMN_ALIASES)):
        mapping = {column: f"{column} {'very ' * 30}" for column in list(COLUMN_ALIASES)[:columns]}
        with pytest.raises(InputError) as raised:
            match_headings(headings, f"'{'f' * 160}'", mapping)
        assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    ("lines", "hint"),
    [
        # no word is known
        (["Vevo;Mikor;Mennyi", "a@b.example;2024-01-05;5,50", "c@d.example;2024-01-06;"],
         'customer_id: "Vevo", ordered_at: "Mikor", unit_price: "Mennyi"'),
        # a word that is of a time of day, and one of a day
        (["Klient;Zeit;Wann;Preis", "7;10:15;05.01.2024;5"],
         'customer_id: "Klient", ordered_at: "Wann", unit_price: "Preis"'),
        (["Klient;Zeit;Preis", "7;10:15;5"], 'customer_id: "Klient", ordered_at: "Zeit", unit_price: "Preis"'),
        # since when they are customers, and what prices are per
        (["Klient seit;Klient;Preis je;Summe;Datum", "2024-01-05;7;Box;5;2024-01-06"],
         'customer_id: "Klient", ordered_at: "Datum", amount: "Summe"'),
        # the whole of an invoice of SAP
        (["Faktura;Position;Fakturadatum;Auftraggeber;Name 1;Land;Material;Bezeichnung;Fakturierte Menge;Nettowert"]
         + [f"9000{row};10;05.01.2024;100{row};Anna;DE;CH-1;Chair;2,000;258,00" for row in range(3)],
         'customer_id: "Auftraggeber", ordered_at: "Fakturadatum", amount: "Nettowert", invoice_id: "Faktura",'
         ' quantity: "Fakturierte Menge", product_description: "Bezeichnung", country: "Land"'),
        # money is no customer, and what is in few rows not what was sold
        (["Date;Customer Paid;Patient ID;price", "2024-01-05;13,00;PT1;6,50", "2024-01-06;0,00;PT2;6,50"],
         'customer_id: "Patient ID"'),
        (["Date;Customer;Gross Debit;Gross Credit", "2024-01-05;a;;5,00", "2024-01-06;b;;5,00", "2024-01-07;a;5,00;"],
         'amount: "Gross Credit"'),
        (["Date;Customer;Code;Debit;Credit", "2024-01-05;a;1000;6,00;", "2024-01-06;b;1000;5,00;",
          "2024-01-07;a;9000;;6,00"],
         'amount: "Debit"'),
        # a column that holds nothing, one that is the same in each row, and codes of countries
        (["settlement-start-date;buyer-shop;ship-id;member place;posted-date;price"]
         + [f"2024-01-01;shop;;DE;2024-01-{day:02};5.00" for day in range(1, 21)],
         'customer_id: "your heading", ordered_at: "posted-date"'),
        (["opened-day;shopper;price"] + [f"2024-01-01;a{row}@b.example;5.00" for row in range(20)],
         'customer_id: "shopper", ordered_at: "your heading"'),
        (["Datum;contact;price"] + [f"2024-01-{day:02};shop@b.example;5.00" for day in range(1, 21)],
         'customer_id: "your heading", ordered_at: "Datum"'),
    ],
)  # fmt: skip
def test_a_hint_looks_at_the_first_cells(lines: list[str], hint: str, log: Path) -> None:
    path = str(write(log / "a.csv", *lines))
    with pytest.raises(InputError) as raised:
        relation_of_files(path, describe_files(path), [path], {})
    assert f"e.g. --vars '{{column_mapping: {{{hint}}}}}'" in str(raised.value)


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ({"customer_id": [], "ordered_at": []},
         "says that no column of '.*' holds customer_id and ordered_at, which every log needs. The headings there:"
         " invoice.*e.g. --vars '{column_mapping: {customer_id: \"your heading\", ordered_at: \"your heading\"}}'"),
        ({"unit_price": [], "amount": []}, "says that no column of '.*' holds unit_price or amount, which every log"),
        # there is no other column of money
        ({"amount": []}, r"is known to hold unit_price \(or amount\)"),
    ],
)  # fmt: skip
def test_no_column_that_every_log_needs_can_be_left_out(
    mapping: dict[str, Any], sentence: str, warehouse: duckdb.DuckDBPyConnection, log: Path
) -> None:
    path = write(log / "a.csv", HEADINGS, ROW)
    with pytest.raises(InputError, match=sentence):
        prepare_input(warehouse, request_for(path, column_mapping=mapping))


def test_the_columns_that_are_not_used_are_listed(warehouse: duckdb.DuckDBPyConnection, log: Path) -> None:
    path = write(log / "a.csv", HEADINGS + ",till,note", ROW + ",1,n")
    assert prepare_input(warehouse, request_for(path))[0].endswith("customer_id. Not used: till, note.")
