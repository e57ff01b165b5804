"""Rows that give back: a setting names how they are marked, or the rows prove it, or they are warned of."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ROOT
from lines import Lines, connected, lines_of
from real_request import real_request
from shop_toolkit.ingest.money import Readers
from shop_toolkit.ingest.plan import plan_input
from shop_toolkit.ingest.relation import InputRelation
from shop_toolkit.ingest.returns import Returns, count_returns
from test_ingest import ingest, write

HEADINGS = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID"
SOLD = [f"{number},A,5,2024-01-05,10,{700 + number}" for number in range(101, 107)]


def returned(connection: duckdb.DuckDBPyConnection, path: Path, **settings: Any) -> tuple[str, list[str]]:
    plan = plan_input(connection, real_request(path, **settings))
    return plan.returns.cancellation_prefix, list(plan.returns.refund_prefixes)


@pytest.fixture
def connection() -> Any:
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize(
    ("rows", "cancellation_prefix", "refund_prefixes"),
    [
        pytest.param(["C104,A,2,2024-01-09,10,804"], "C", ["C"], id="a credit note names the invoice"),
        pytest.param(["C103,A,2,2024-01-09,-10,803"], "C", ["C"], id="at a negative price"),
        pytest.param(["c105,A,-2,2024-01-09,-10,805"], "C", ["C"], id="at a negative price and quantity"),
        pytest.param(["C104,A,2,2024-01-09,10,803"], "C", [], id="of another customer"),
        pytest.param(["C104,B,2,2024-01-09,10,804"], "C", [], id="of another product"),
        pytest.param(["C999,A,2,2024-01-09,10,804"], "C", [], id="of no invoice"),
        pytest.param(["CA-104,A,2,2024-01-09,10,804"], "C", [], id="names of invoices may begin so"),
        pytest.param(
            [f"C{number},A,-1,2024-01-09,10,801" for number in range(501, 521)] + ["C999,A,2,2024-01-09,10,804"] +
            [f"{number},A,5,2024-01-05,10,9" for number in range(601, 650)],
            "C", ["C"], id="nearly all that are marked are negative",
        ),
        pytest.param(["C104,A,-2,2024-01-09,10,804"], "C", [], id="nothing is open"),
        pytest.param(["R104,A,-2,2024-01-09,10,804"], "C", ["R"], id="letters of their own"),
        pytest.param(["R104,A,-2,2024-01-09,10,804", "R105,A,1,2024-01-09,10,805"], "", [], id="letters of both"),
        pytest.param(["107,A,-2,2024-01-09,10,804"], "", [], id="no mark but the sign"),
        pytest.param(["107,A,-2,2024-01-09,10,804", "C104,A,-1,2024-01-09,10,804"], "C", [], id="a mark beside none"),
        pytest.param(["107,A,-2,2024-01-09,10,", "108,A,-2,2024-01-09,10,NULL"], "C", [], id="stock adjustments"),
    ],
)  # fmt: skip
def test_rows_prove_how_returns_are_marked(
    rows: list[str],
    cancellation_prefix: str,
    refund_prefixes: list[str],
    connection: duckdb.DuckDBPyConnection,
    write_csv: Callable[..., Path],
) -> None:
    path = write_csv(HEADINGS, *SOLD, *rows)
    assert returned(connection, path) == (cancellation_prefix, refund_prefixes)
    # a setting that says it leaves nothing to find
    assert returned(connection, path, cancellation_invoice_prefix="") == ("", [])


def test_most_invoices_with_the_prefix_are_sales(
    connection: duckdb.DuckDBPyConnection, write_csv: Callable[..., Path]
) -> None:
    path = write_csv(HEADINGS, *(f"C{number},A,5,2024-01-05,10,7" for number in range(9)), "3,A,5,2024-01-05,10,7")
    assert returned(connection, path) == ("C", [])


def test_returns_are_netted_as_they_are_proved(write_csv: Callable[..., Path]) -> None:
    path = write_csv(
        HEADINGS, *SOLD,
        "C103,A,2,2024-01-09,-10,803", "C104,A,2,2024-01-09,10,804", "c105,A,-2,2024-01-09,-10,805",
        "R106,A,-2,2024-01-09,10,806",
    )  # fmt: skip
    with lines_of(path) as lines:
        assert "Invoices that begin with 'R' have negative quantities alone: they give back." in lines.messages
        assert "Invoices that begin with 'C' give back, whatever their signs." in lines.messages
        assert revenue(lines) == {"801": 50, "802": 50, "803": 30, "804": 30, "805": 30, "806": 30}


def test_negative_quantities_cancel_where_no_invoice_is_marked(write_csv: Callable[..., Path]) -> None:
    path = write_csv(HEADINGS, *SOLD, "201,A,-2,2024-01-09,10,804", "202,A,-9,2024-01-09,10,")
    with lines_of(path) as lines:
        assert revenue(lines)["804"] == 30
    # without invoices, too
    without = [",".join(line.split(",")[1:]) for line in (HEADINGS, *SOLD, "201,A,-2,2024-01-09,10,804")]
    with lines_of(write_csv(*without)) as lines:
        assert revenue(lines)["804"] == 30
    # unless another row shows that the shop marks them
    path = write_csv(HEADINGS, *SOLD, "201,A,-2,2024-01-09,10,804", "C103,A,-2,2024-01-09,10,803")
    with lines_of(path) as lines:
        assert revenue(lines) == {"801": 50, "802": 50, "803": 30, "804": 50, "805": 50, "806": 50}


@pytest.mark.parametrize("names", [("1", "2"), ("2", "1")])
def test_lines_without_the_status_that_another_file_has_are_a_warning(names: tuple[str, str], tmp_path: Path) -> None:
    """Whichever of the files is read first."""
    headings = "Order ID,SKU,Qty,Order Date,Price,Status,Customer ID"
    first, second = (tmp_path / f"{name}.csv" for name in names)
    first.write_text(f"{headings}\n1,A,1,2024-01-05,10,voided,7\n1,B,1,2024-01-05,10,,7\n2,A,1,2024-01-05,10,paid,8\n")
    # one line of the voided order, an order of somebody else with its number, and another line of the one that was paid
    second.write_text(f"{headings}\n1,C,3,2024-01-05,10,,7\n1,C,1,2024-01-05,10,,9\n2,C,1,2024-01-05,10,,8\n")
    with lines_of(tmp_path / "*.csv") as lines:
        table = lines.ref("input_warnings")
        found = lines.connection.execute(
            f"select row_count, amount, example from {table} where kind = 'blank_statuses'"
        ).fetchall()
        assert found == [(1, 30, "1")]


@pytest.mark.parametrize("status", ["", "paid"])
def test_lines_beside_fees_lack_no_status(status: str, tmp_path: Path) -> None:
    """A line of another type is ignored, which says nothing of the order."""
    rows = [
        f"{word},{order},A,1,2024-01-05,10,7,{of_line}"
        for order in range(3)
        for word, of_line in (("Sale", ""), ("Fee", status))
    ]
    log = write(tmp_path / "log.csv", "Type,Order ID,SKU,Qty,Order Date,Price,Customer ID,Status", *rows)
    with lines_of(log) as lines:
        assert lines.rows("select count(*) from {{ ref('order_lines') }}") == [(3,)]
        assert lines.rows("select * from {{ ref('input_warnings') }} where kind = 'blank_statuses'") == []


def test_later_rows_may_prove_what_earlier_ones_left_open(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    request = real_request(tmp_path / "*.csv")
    (tmp_path / "1.csv").write_text(f"{HEADINGS}\nC104,A,2,2024-01-09,10,804\n{SOLD[0]}\n{SOLD[1]}\n")
    assert ingest(connection, request).returns.refund_prefixes == []
    (tmp_path / "2.csv").write_text("\n".join([HEADINGS, *SOLD[2:]]) + "\n")
    for _ in range(2):
        plan = ingest(connection, request)
        assert (plan.is_full_read, plan.returns.refund_prefixes) == (False, ["C"])


def revenue(lines: Lines) -> dict[str, Decimal]:
    table = lines.ref("int_order_lines")
    return dict(lines.connection.execute(
        f"select customer_id, sum(gross_amount - cancelled_amount) from {table} group by 1 order by 1"
    ).fetchall())  # fmt: skip


def test_later_builds_count_the_rows_of_new_files_alone(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """To look through 105 million stored rows took a twentieth of each refresh."""
    request = real_request(tmp_path / "*.csv")
    (tmp_path / "1.csv").write_text(f"{HEADINGS}\nC104,A,-2,2024-01-09,10,804\n{SOLD[0]}\n{SOLD[1]}\n")
    (tmp_path / "2.csv").write_text("\n".join([HEADINGS, *SOLD[2:]]) + "\n")
    ingest(connection, request)
    stored = connection.sql("select parse_filename(file_name), returns from sources.ingested_files").fetchall()
    assert dict(stored) == {"1.csv": '{"backward": {}, "marked": {"negative": 1}}', "2.csv": None}
    # Rows that nobody reads can't say otherwise.
    connection.execute("update staging.base_transactions set quantity = '2'")
    (tmp_path / "3.csv").write_text(f"{HEADINGS}\n109,A,-1,2024-01-19,10,805\n")
    assert ingest(connection, request).returns.cancellation_prefix == "C"
    # What a file held before it was replaced is stored all the same, and is not forgotten.
    for number in (110, 111):
        (tmp_path / "1.csv").write_text(f"{HEADINGS}\n{SOLD[0]}\n{SOLD[1]}\n{number},A,1,2024-01-20,10,805\n")
        assert ingest(connection, request).returns.cancellation_prefix == "C"


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced daily", "a file a day"])
def test_rows_of_all_days_say_whether_most_that_are_marked_are_negative(is_replaced: bool, tmp_path: Path) -> None:
    """Nine returns of a day are nine tenths of its marked rows, not of those of the weeks that follow."""
    sold = [f"{number},A,5,2024-01-05,10,{number % 5}" for number in range(101, 161)]
    returned = [f"C{number},A,-1,2024-01-06,10,{number % 5}" for number in range(900, 909)]
    (tmp_path / "1.csv").write_text("\n".join([HEADINGS, *sold, *returned]) + "\n")
    with lines_of(tmp_path / "*.csv") as lines:
        lines.ref("base_transactions")
        for day in range(10, 20):
            file = tmp_path / f"{1 if is_replaced else day}.csv"
            file.write_text(f"{HEADINGS}\nC10{day},X1,3,2024-01-{day},20,{day % 5}\n")
            lines.append()
        lines.append()
        assert lines.rows("select refund_invoice_prefixes from sources.input_profile") == [([],)]
        stored = (
            "select coalesce(sum(cast(json_value(returns, '$.marked.negative') as int)), 0) from sources.ingested_files"
        )
        assert lines.rows(stored) == [(9,)]


@pytest.mark.parametrize("pattern", ["./log/*.csv", "log/../log/*.csv", "log//*.csv"])
def test_counts_belong_to_the_file_however_its_path_is_written(
    pattern: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "sold [1].csv").write_text("\n".join([HEADINGS, *SOLD]) + "\n")
    (tmp_path / "log" / "returned [1].csv").write_text(
        f"{HEADINGS}\n201,A,-2,2024-01-09,10,804\nC3,A,-1,2024-01-09,10,803\n"
    )
    for _ in range(2):
        assert ingest(connection, real_request(pattern)).returns.cancellation_prefix == "C"
        stored = connection.sql("select returns from sources.ingested_files order by file_name").fetchall()
        assert stored == [('{"backward": {"": 1}, "marked": {"negative": 1}}',), (None,)]


@pytest.mark.parametrize(
    ("kinds", "is_read"),
    [
        (("integer", "double", "decimal(9, 2)"), False),
        (("varchar", "varchar", "varchar"), True),
        (("enum ('-2', '3', '-4', '5', '6')", "decimal(9, 2)", "date"), True),
    ],
    ids=["with types", "texts", "types without a sign"],
)
def test_numbers_with_types_are_not_read_from_texts(
    kinds: tuple[str, str, str], is_read: bool, connection: duckdb.DuckDBPyConnection
) -> None:
    """To write and read the numbers of 105 million rows as texts took ten seconds."""
    columns = zip(("quantity", "unit_price", "amount"), kinds, strict=True)
    numbers = ", ".join(f"cast(cast({name} as varchar) as {kind}) as {name}" for name, kind in columns)
    connection.execute(f"""
        create table new as
        select 'new.parquet' as file_name, invoice_id, customer_id, product_id, {numbers}
        from (values
            ('104', '804', 'A', -2, 10.0, null),
            (' c105', '805', 'A', 3, -10.0, null),
            (' c106', '806', 'A', -4, 10.0, null),
            ('c107', '806', 'A', 5, 10.0, null),
            ('108', '807', 'A', 6, 10.0, null)
        ) as rows (invoice_id, customer_id, product_id, quantity, unit_price, amount)
    """)
    read = set()

    def number(text: str) -> float:
        read.add(text)
        return float(text)

    connection.create_function("read_number", number, ["VARCHAR"], "DOUBLE", side_effects=True)
    readers = Readers("read_number(number_text)", "''", ".")
    names = ("invoice_id", "customer_id", "product_id", "quantity", "unit_price")
    new = InputRelation("the file", "new", {name: f'"{name}"' for name in names}, {}, "file_name")

    def marked(prefix: str) -> dict[str, int]:
        (counts,) = count_returns(connection, new, ["new.parquet"], readers, Returns(prefix, [])).values()
        return counts.marked

    assert marked("C") == {"negative": 1, "negative price": 1, "positive": 1}
    assert read & {"-2", "3", "-4", "5", "6"} == ({"-2", "3", "-4", "5", "6"} if is_read else set())
    # A prefix may be a digit, too.
    assert marked("10") == {"positive": 1, "negative": 1}


def test_refunds_in_the_invoice_of_their_sale_are_read_by_the_view_that_the_page_shows(tmp_path: Path) -> None:
    """As no setting could distinguish them from their sale; a discount is none."""
    (tmp_path / "exports").mkdir()
    write(
        tmp_path / "exports" / "orders.csv", "Order ID,Order Date,Customer ID,SKU,Qty,Line Total",
        "1,2024-01-05,7,MUG,2,20.00", "1,2024-01-05,7,PEN,1,3.00", "1,2024-01-07,7,MUG,1,-10.00",
    )  # fmt: skip
    page = (ROOT / "docs" / "input.md").read_text("utf-8")
    view = page[page.index("create view orders_with_types") :].partition("```")[0]
    with connected() as connection:
        connection.execute(view.replace("exports/", f"{tmp_path}/exports/"))
        read = Lines(connection, transactions="orders_with_types")
        assert read.rows("select sum(revenue) from {{ ref('orders') }}") == [(13,)]
        assert read.rows("select kind from {{ ref('input_warnings') }}") == []
