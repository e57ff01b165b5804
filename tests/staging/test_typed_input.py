"""Dates and numbers that have types need no texts, and mean what the same texts mean."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Shop
from lines import Lines, connected, lines_of
from shop_toolkit.ingest.files import InputError

COLUMNS = "invoice, sku, description, quantity, date, price, customer, country"
# What is plain, rounded, too large, too early, missing: all that staging does with values.
ROWS = """
    ('1', 'A', 'CUP', 2, timestamp '2024-01-03 10:00:00', 1.00005, '17850', 'France'),
    ('1', 'J', null, 1, timestamp '2024-01-03 10:00:00', 2.67500, '17850', 'France'),
    ('1', 'A ', ' CUP', 2, timestamp '2024-01-03 10:00:00', 1.00005, '17850.0', 'France'),
    ('2', 'J', 'JAR', 3, timestamp '2024-01-03 10:00:00.5', -0.00005, '17851', 'France'),
    ('3', 'J', 'JAR', 999999, timestamp '2024-01-04 10:00:00', 99999.99999, '17851', 'France'),
    ('3', 'J', 'JAR', 1000000, timestamp '2024-01-04 11:00:00', 100000.01500, '17851', 'France'),
    ('3', 'J', 'JAR', 2000000000, timestamp '2024-01-04 11:00:00', 1.5, '17851', 'France'),
    ('C4', 'J', 'JAR', -1, timestamp '2024-01-05 10:00:00', 2.67500, '17850', 'France'),
    ('5', 'J', 'JAR', -1, timestamp '2024-01-05 10:00:00', 2.67500, '17850', 'France'),
    ('6', 'J', 'JAR', 0, timestamp '2024-01-05 10:00:00', 2.67500, '17850', 'France'),
    ('7', 'J', 'JAR', null, timestamp '2024-01-05 10:00:00', null, '17850', 'France'),
    ('8', 'J', 'JAR', 1, null, 2, null, 'France'),
    ('9', 'J', 'JAR', 1, timestamp '1969-12-31 10:00:00', 2, '17852', 'France'),
    ('9', 'J', 'JAR', 1, timestamp '2200-01-01 10:00:00', 2, '17852', 'France'),
    ('total', 'J', 'JAR', 1, timestamp '2024-01-05 10:00:00', 2, '17852', 'France')
"""
TYPES = [
    pytest.param("integer", "decimal(15, 5)", "timestamp", id="decimals"),
    pytest.param("double", "double", "timestamp", id="binary fractions"),
    pytest.param("bigint", "decimal(15, 5)", "date", id="days"),
]


def write(path: Path, rows: str, quantity: str, price: str, date: str, *, as_text: bool = False) -> Path:
    """A Parquet file of the rows, with types or with the texts of the same values."""
    typed = ", ".join(
        f"cast(cast({column} as {kind}) as {'varchar' if as_text else kind}) as {column}"
        for column, kind in (("quantity", quantity), ("date", date), ("price", price))
    )
    duckdb.sql(f"copy (select * replace ({typed}) from (values {rows}) as rows ({COLUMNS})) to '{path}'")
    return path


def what_becomes_of(path: object) -> dict[str, list[tuple[Any, ...]]]:
    with lines_of(path, max_unreadable_share=1) as lines:
        return {
            model: lines.rows(f"select * from {{{{ ref('{model}') }}}} order by input_row")
            for model in ("int_transactions_flagged", "int_order_lines", "rejected_transactions")
        }


@pytest.mark.parametrize(("quantity", "price", "date"), TYPES)
def test_a_typed_value_means_what_its_text_means(quantity: str, price: str, date: str, tmp_path: Path) -> None:
    typed = write(tmp_path / "typed.parquet", ROWS, quantity, price, date)
    texts = write(tmp_path / "texts.parquet", ROWS, quantity, price, date, as_text=True)
    found = what_becomes_of(typed)
    assert found == what_becomes_of(texts)
    assert [len(rows) for rows in found.values()] == [15, 3, 11]


def test_typed_rows_are_stored_with_their_types_and_without_keys(tmp_path: Path) -> None:
    write(tmp_path / "typed.parquet", ROWS, "integer", "decimal(15, 5)", "timestamp")
    query = """
        select typeof(quantity), typeof(ordered_at), typeof(unit_price), typeof(customer_id), count(row_key)
        from {{ ref('base_transactions') }}
        group by all
    """
    with lines_of(tmp_path / "typed.parquet") as lines:
        assert lines.rows(query) == [("INTEGER", "TIMESTAMP", "DECIMAL(15,5)", "VARCHAR", 0)]
    # A comma as the decimal sign is how texts write numbers: types would contradict the setting.
    with lines_of(tmp_path / "typed.parquet", decimal_separator=",") as lines:
        ((quantity, date, price, *_),) = lines.rows(query)
        assert (quantity, date, price) == ("VARCHAR", "TIMESTAMP", "VARCHAR")


A, B, C = (
    ", ".join(f"('{letter}{place}', 'A', 'CUP', {place}, timestamp '2024-0{month}-03 10:00:00', 2, 'c', 'UK')"
              for place in range(1, 4))
    for letter, month in (("A", 1), ("B", 2), ("C", 3))
)  # fmt: skip
# Of the first file, as it is and as another export writes it.
REPEATED = "('A2', 'A', 'CUP', 2, timestamp '2024-01-03 10:00:00', 2, 'c', 'UK'), "
DECORATED = "(' A3', '\"A\"', 'CUP', 3, timestamp '2024-01-03 10:00:00', 2, 'c', 'UK'), "


@pytest.mark.parametrize("rows_of_b", [B, REPEATED + DECORATED + B], ids=["apart", "overlapping"])
def test_rows_of_several_files_are_numbered_in_their_order(rows_of_b: str, tmp_path: Path) -> None:
    for name, rows in (("a", A), ("b", rows_of_b), ("c", C)):
        write(tmp_path / f"{name}.parquet", rows, "integer", "decimal(15, 5)", "timestamp")
    with lines_of(tmp_path / "*.parquet") as lines:
        found = lines.rows("select input_row, invoice_id from {{ ref('base_transactions') }} order by 1")
    assert found == list(enumerate(("A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3"), 1))


def test_later_files_of_other_types_are_compared_with_typed_rows(
    make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    types = ("integer", "decimal(15, 5)", "timestamp")
    without_date = "('X', 'A', 'CUP', 1, cast(null as timestamp), 2, 'c', 'UK')"
    shop = make_shop(transactions=f"{tmp_path}/*.parquet")
    query = "select input_row, trim(invoice_id), cast(unit_price as varchar) from staging.base_transactions order by 1"

    def built(name: str, rows: str, *, as_text: bool = False) -> list[tuple[Any, ...]]:
        write(tmp_path / f"{name}.parquet", rows, *types, as_text=as_text)
        return shop.build("base_transactions").rows(query)

    expected = [(place, invoice, "2.00000") for place, invoice in enumerate(("A1", "A2", "A3", "X", "B1", "B2"), 1)]
    assert built("a", f"{A}, {without_date}") == expected[:4]
    assert shop.build("base_transactions").rows(query) == expected[:4]
    b1, b2, b3 = B.split("), ")
    assert built("b", f"{REPEATED}{DECORATED}{without_date}, {b1}), {b2})") == expected
    # From texts on all is text, and no row that was stored with types comes twice.
    texts = built("c", f"{REPEATED}{without_date}, {b1}), {b3}", as_text=True)
    assert texts == [*expected, (7, "B3", "2.00000")]
    assert shop.rows("select distinct typeof(ordered_at), row_key is null from staging.base_transactions") == [
        ("VARCHAR", False)
    ]
    assert built("d", f"{DECORATED}{b2})") == texts


HEADINGS_OF_ORDERS = f"{COLUMNS}, status, currency"
# An export writes what is the order's on its first line, or pads it with blanks.
LINES_OF_ORDERS = """
    ('1', 'A', 'CUP', 2, timestamp '2024-01-03 10:00:00', 5, 'c', 'UK ', 'shipped', 'GBP'),
    ('1', 'B', 'JAR', 1, timestamp '2024-01-03 10:00:00', 5, 'c', 'UK', null, null),
    ('1', 'C', 'POT', 1, timestamp '2024-01-03 10:00:00', 5, 'c', null, '', ' '),
    ('2', 'B', 'JAR', 3, timestamp '2024-01-04 10:00:00', 5, 'c', ' UK', ' shipped', 'GBP')
"""
LATER_LINES = [
    f"('{invoice}', 'B', 'JAR', 1, timestamp '2024-01-0{invoice} 10:00:00', 5, 'c', 'UK ', 'shipped ', null)"
    for invoice in (5, 6)
]


@pytest.mark.parametrize("is_table", [False, True], ids=["files", "table"])
def test_stored_rows_are_found_again_where_columns_of_orders_are_completed(is_table: bool, tmp_path: Path) -> None:
    def deliver(connection: duckdb.DuckDBPyConnection, name: str, *rows: str, date: str = "timestamp") -> None:
        query = f"""
            select * replace (cast(date as {date}) as date)
            from (values {", ".join(rows)}) as rows ({HEADINGS_OF_ORDERS})
        """
        connection.execute(
            f"create or replace table sales as {query}"
            if is_table
            else f"copy ({query}) to '{tmp_path}/{name}.parquet'"
        )

    def found(lines: Lines) -> list[tuple[Any, ...]]:
        query = """
            select input_row, invoice_id, product_id, country, order_status, currency, typeof(ordered_at)
            from {{ ref('base_transactions') }}
            order by 1
        """
        return lines.rows(query)

    order = ("UK", "shipped", "GBP")
    expected: list[tuple[Any, ...]] = [
        (1, "1", "A", *order),
        (2, "1", "B", *order),
        (3, "1", "C", *order),
        (4, "2", "B", *order),
    ]
    expected += [(5, "5", "B", "UK", "shipped", None), (6, "6", "B", "UK", "shipped", None)]
    with connected() as connection:
        deliver(connection, "a", LINES_OF_ORDERS)
        lines = Lines(connection, transactions="sales" if is_table else f"{tmp_path}/*.parquet")
        assert found(lines) == [(*row, "TIMESTAMP") for row in expected[:4]]
        deliver(connection, "b", LINES_OF_ORDERS, LATER_LINES[0])
        lines.append()
        assert found(lines) == [(*row, "TIMESTAMP") for row in expected[:5]]
        # From texts on all is text.
        deliver(connection, "c", LINES_OF_ORDERS, *LATER_LINES, date="varchar")
        lines.append()
        assert found(lines) == [(*row, "VARCHAR") for row in expected]


def test_rows_stored_without_columns_of_orders_are_found_again_where_files_have_them(tmp_path: Path) -> None:
    """Such a row has no status and no currency: so has its key, computed when the later file arrives."""
    without = A.replace("'UK'", "' UK '")
    with_status = without.replace("' UK ')", "' UK ', null, null)")

    def deliver(name: str, columns: str, *rows: str) -> None:
        query = f"select * from (values {', '.join(rows)}) as rows ({columns})"
        duckdb.sql(f"copy ({query}) to '{tmp_path}/{name}.parquet'")

    def row_count() -> int:
        return int(lines.rows("select count(*) from {{ ref('base_transactions') }}")[0][0])

    deliver("a", COLUMNS, without)
    with lines_of(f"{tmp_path}/*.parquet") as lines:
        assert row_count() == 3
        deliver("b", HEADINGS_OF_ORDERS, with_status, LATER_LINES[0])
        lines.append()
        assert row_count() == 4
        deliver("c", COLUMNS, without)
        deliver("d", HEADINGS_OF_ORDERS, with_status, *LATER_LINES)
        lines.append()
        assert row_count() == 5


@pytest.mark.parametrize(
    ("column", "kind", "values"),
    [
        ("quantity", "varchar", ("18", "18.0")),
        ("price", "varchar", ("2.5", "2.50")),
        # The sum of 0.1 and 0.2, of which a key has nine decimals.
        ("price", "double", ("0.3", "0.30000000000000004")),
    ],
)
def test_numbers_that_are_equal_to_a_reader_are_one_row_of_two_files(
    column: str, kind: str, values: tuple[str, str], tmp_path: Path
) -> None:
    for name, value in zip("ab", values, strict=True):
        query = f"select * replace (cast('{value}' as {kind}) as {column}) from (values {A}) as rows ({COLUMNS})"
        duckdb.sql(f"copy ({query}) to '{tmp_path}/{name}.parquet'")
    with lines_of(tmp_path / "*.parquet") as lines:
        assert lines.rows("select count(*) from {{ ref('base_transactions') }}") == [(3,)]


@pytest.mark.parametrize("separator", [None, ","])
def test_numbers_of_several_types_are_readable(separator: str | None, tmp_path: Path) -> None:
    for month, kind in enumerate(("integer", "double", "bigint"), 1):
        rows = (A, B, C)[month - 1]
        query = f"select * replace (cast(quantity as {kind}) as quantity) from (values {rows}) as rows ({COLUMNS})"
        duckdb.sql(f"copy ({query}) to '{tmp_path}/{kind}_{month}.parquet'")
    query = "select quantity, unit_price, unreadable_detail from {{ ref('stg_transactions') }} order by 1"
    with lines_of(tmp_path / "*.parquet", decimal_separator=separator) as lines:
        assert lines.rows(query) == [(quantity, 2, None) for quantity in (1, 1, 1, 2, 2, 2, 3, 3, 3)]
    # A number that is missing can't be read in these files either.
    duckdb.sql(
        f"copy (select * replace (cast(null as integer) as price) from '{tmp_path}/double_2.parquet')"
        f" to '{tmp_path}/double_2.parquet'"
    )
    for name in ("integer_1", "bigint_3"):
        (tmp_path / f"{name}.parquet").unlink()
    with (
        pytest.raises(InputError, match=r"3 of 3 rows .* most often unit_price .*, which is empty"),
        lines_of(tmp_path / "*.parquet"),
    ):
        pass


ODOO = (
    '"Order Reference", "Order Date", "Customer", "Order Lines/Product", "Order Lines/Quantity",'
    ' "Order Lines/Unit Price"'
)
ODOO_LINE = "('{0}', timestamp '2024-01-0{0} 10:00:00', 'Ann', 'CUP', 2, 5.0)"
BELOW = "(null, null, null, 'JAR', 1, 4.0)"
WHOLE = "('1', timestamp '2024-01-01 10:00:00', 'Ann', 'JAR', 1, 4.0)"


@pytest.mark.parametrize("date", ["timestamp", "varchar"])
def test_lines_below_the_first_of_an_order_have_its_typed_date(date: str, tmp_path: Path) -> None:
    def deliver(name: str, *rows: str) -> None:
        typed = f'cast("Order Date" as {date}) as "Order Date"'
        query = f"select * replace ({typed}) from (values {', '.join(rows)}) as rows ({ODOO})"
        duckdb.sql(f"copy ({query}) to '{tmp_path}/{name}.parquet'")

    query = """
        select invoice_id, product_id, cast(ordered_at as varchar), customer_id
        from {{ ref('base_transactions') }}
        order by input_row
    """
    expected = [
        (invoice, product, f"2024-01-0{invoice} 10:00:00", "Ann") for invoice in "12" for product in ("CUP", "JAR")
    ]
    deliver("a", ODOO_LINE.format(1), BELOW)
    with lines_of(f"{tmp_path}/*.parquet") as lines:
        assert lines.rows(query) == expected[:2]
        deliver("b", ODOO_LINE.format(1), BELOW, ODOO_LINE.format(2), BELOW)
        lines.append()
        assert lines.rows(query) == expected
    # Another file may write on each line what these leave blank.
    deliver("c", WHOLE)
    with lines_of(f"{tmp_path}/[ac].parquet") as lines:
        assert lines.rows(query) == expected[:2]
