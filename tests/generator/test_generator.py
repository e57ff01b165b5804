import csv
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from generator import shop
from generator.__main__ import main

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "seeds" / "demo_shop"
DEMO_ARGUMENTS = ["--customers", "630", "--seed", "1"]
Row = dict[str, str]
# Per customer and product: time and quantity of sales and of cancellations.
Histories = dict[tuple[str, str], dict[str, list[tuple[datetime, int]]]]

FEE_CODES = {"POST", "C2", "DOT", "M", "D", "BANK CHARGES", "AMAZONFEE", "CRUK"}


def read_rows(path: Path, encoding: str = "utf-8") -> list[Row]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def file_bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*") if path.is_file()}


def is_sale(row: Row) -> bool:
    return int(row["Quantity"]) > 0 and row["StockCode"] not in FEE_CODES


def is_cancellation(row: Row) -> bool:
    return row["InvoiceNo"].startswith("C") and row["StockCode"] not in FEE_CODES


def ordered_at(row: Row) -> datetime:
    return datetime.strptime(row["InvoiceDate"], "%m/%d/%Y %H:%M")


@pytest.fixture(scope="module")
def demo() -> list[Row]:
    return read_rows(DEMO / "transactions.csv")


@pytest.fixture(scope="module")
def products() -> dict[str, Row]:
    return {row["product_id"]: row for row in read_rows(DEMO / "product_truth.csv")}


@pytest.fixture(scope="module")
def histories(demo: list[Row]) -> Histories:
    """Per customer and product: (time, quantity) of sales and of cancellations, in the log's order."""
    histories: Histories = defaultdict(lambda: {"sold": [], "cancelled": []})
    for row in demo:
        if row["CustomerID"] and (is_sale(row) or is_cancellation(row)):
            side = "cancelled" if is_cancellation(row) else "sold"
            key = row["CustomerID"], row["StockCode"].upper()
            histories[key][side].append((ordered_at(row), abs(int(row["Quantity"]))))
    return histories


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop, "CUSTOMERS_PER_CHUNK", 100)


def test_the_committed_demo_is_what_its_command_makes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "generator", *DEMO_ARGUMENTS, "--output", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True)
    # Campaigns are planned, not made up.
    planned = {"campaigns.csv": (DEMO / "campaigns.csv").read_bytes()}
    assert file_bytes(tmp_path) | planned == file_bytes(DEMO)
    assert f"python -m generator {' '.join(DEMO_ARGUMENTS)} --output seeds/demo_shop" in (
        ROOT / "generator" / "README.md"
    ).read_text(encoding="utf-8")


def test_the_demo_stays_under_a_megabyte() -> None:
    assert (DEMO / "transactions.csv").stat().st_size <= 1_000_000


def test_one_and_four_threads_write_the_same_bytes(tmp_path: Path, small_chunks: None) -> None:
    for threads in ("1", "4"):
        main(
            [
                "--customers",
                "250",
                "--format",
                "parquet",
                "--threads",
                threads,
                "--output",
                str(tmp_path / threads),
            ]
        )
    assert len(list((tmp_path / "4" / "transactions").iterdir())) == 3
    assert file_bytes(tmp_path / "1") == file_bytes(tmp_path / "4")


def test_another_seed_makes_another_shop(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        main(["--customers", "50", "--seed", seed, "--output", str(tmp_path / seed)])
    first, second = file_bytes(tmp_path / "1"), file_bytes(tmp_path / "2")
    assert all(first[name] != second[name] for name in first)


def test_csv_and_parquet_hold_the_same_rows(tmp_path: Path, small_chunks: None) -> None:
    main(["--customers", "250", "--output", str(tmp_path / "csv")])
    main(["--customers", "250", "--format", "parquet", "--output", str(tmp_path / "parquet")])
    with duckdb.connect() as connection:
        from_parquet = connection.execute(
            f"""
            select * replace (strftime("InvoiceDate", '%-m/%-d/%Y %-H:%M') as "InvoiceDate")
            from '{tmp_path}/parquet/transactions/*.parquet'
            """
        ).fetchall()
    as_text = [tuple("" if value is None else str(value) for value in row) for row in from_parquet]
    from_csv = [tuple(row.values()) for row in read_rows(tmp_path / "csv" / "transactions.csv")]
    assert Counter(as_text) == Counter(from_csv)


def test_parquet_columns_have_their_types(tmp_path: Path) -> None:
    main(["--customers", "20", "--format", "parquet", "--output", str(tmp_path)])
    with duckdb.connect() as connection:
        described = connection.execute(f"describe from '{tmp_path}/transactions/*.parquet'").fetchall()
    assert {name: kind for name, kind, *_ in described} == {
        "InvoiceNo": "VARCHAR",
        "StockCode": "VARCHAR",
        "Description": "VARCHAR",
        "Quantity": "INTEGER",
        "InvoiceDate": "TIMESTAMP",
        "UnitPrice": "DECIMAL(10,2)",
        "CustomerID": "VARCHAR",
        "Country": "VARCHAR",
    }


def test_parts_of_an_earlier_larger_shop_are_removed(tmp_path: Path, small_chunks: None) -> None:
    for customers in ("150", "100"):
        main(["--customers", customers, "--format", "parquet", "--output", str(tmp_path)])
    assert [path.name for path in (tmp_path / "transactions").iterdir()] == ["part-000.parquet"]


def test_an_invoice_number_is_one_document_across_chunks(tmp_path: Path, small_chunks: None) -> None:
    main(["--customers", "250", "--output", str(tmp_path)])
    documents = defaultdict(set)
    for row in read_rows(tmp_path / "transactions.csv"):
        documents[row["InvoiceNo"].removeprefix("C")].add((row["InvoiceDate"], row["CustomerID"]))
    assert max(len(headers) for headers in documents.values()) == 1


def test_lines_asks_for_about_that_many(tmp_path: Path) -> None:
    main(["--lines", "20000", "--seed", "5", "--output", str(tmp_path)])
    assert len(read_rows(tmp_path / "transactions.csv")) == pytest.approx(20_000, rel=0.15)


def test_latin_1_and_crlf_hold_the_same_text(tmp_path: Path) -> None:
    main(["--customers", "100", "--output", str(tmp_path / "a")])
    main(
        [
            "--customers",
            "100",
            "--encoding",
            "latin-1",
            "--line-ending",
            "crlf",
            "--output",
            str(tmp_path / "b"),
        ]
    )
    expected = (tmp_path / "a" / "transactions.csv").read_bytes().decode("utf-8")
    assert (tmp_path / "b" / "transactions.csv").read_bytes() == expected.replace("\n", "\r\n").encode("latin-1")


def test_a_clean_shop_has_none_of_the_dirt(tmp_path: Path) -> None:
    main(["--customers", "200", "--clean", "--output", str(tmp_path)])
    canonical = {row["product_id"]: row["description"] for row in read_rows(tmp_path / "product_truth.csv")}
    rows = read_rows(tmp_path / "transactions.csv")
    assert len(rows) > 1000
    for row in rows:
        assert row["CustomerID"]
        assert int(row["Quantity"]) > 0
        assert float(row["UnitPrice"]) > 0
        assert canonical[row["StockCode"]] == row["Description"]


def test_the_log_is_in_order_of_time(demo: list[Row]) -> None:
    times = [ordered_at(row) for row in demo]
    assert times == sorted(times)
    assert (times[0].date().isoformat(), times[-1].date().isoformat()) == ("2024-12-01", "2025-12-31")


def test_an_eighth_or_so_of_the_lines_has_no_customer(demo: list[Row]) -> None:
    assert 0.10 < sum(not row["CustomerID"] for row in demo) / len(demo) < 0.16


def test_about_one_line_in_a_hundred_is_an_exact_duplicate(demo: list[Row]) -> None:
    copies = sum(count - 1 for count in Counter(tuple(row.values()) for row in demo).values())
    assert 0.006 < copies / len(demo) < 0.016


def test_every_fee_code_is_there_and_is_no_product(demo: list[Row], products: dict[str, Row]) -> None:
    assert {row["StockCode"] for row in demo} & FEE_CODES == FEE_CODES
    assert not FEE_CODES & set(products)


def test_stock_adjustments_exist_with_and_without_a_customer(demo: list[Row]) -> None:
    adjustments = [row for row in demo if int(row["Quantity"]) < 0 and row["InvoiceNo"][0] != "C"]
    with_customer = sum(bool(row["CustomerID"]) for row in adjustments)
    assert 0 < with_customer < len(adjustments) / 2


def test_only_cancelling_invoices_start_with_c_and_all_their_quantities_are_negative(demo: list[Row]) -> None:
    assert {int(row["Quantity"]) < 0 for row in demo if row["InvoiceNo"].startswith("C")} == {True}
    assert all(row["InvoiceNo"].removeprefix("C").isdigit() for row in demo)


def test_zero_prices_are_there_with_and_without_a_description(demo: list[Row]) -> None:
    zero = [row for row in demo if is_sale(row) and float(row["UnitPrice"]) == 0]
    assert {bool(row["Description"]) for row in zero} == {True, False}


def test_letters_outside_ascii_are_there_and_fit_latin_1(demo: list[Row]) -> None:
    foreign = [row["Description"] for row in demo if not row["Description"].isascii()]
    assert foreign
    assert all(description.encode("latin-1") for description in foreign)


def test_lower_case_codes_stand_for_known_products(demo: list[Row], products: dict[str, Row]) -> None:
    lower = {row["StockCode"] for row in demo if row["StockCode"] != row["StockCode"].upper()}
    assert lower
    assert {code.upper() for code in lower} <= set(products)


def test_some_products_are_spelt_in_several_ways(demo: list[Row], products: dict[str, Row]) -> None:
    other = {
        row["Description"]
        for row in demo
        if is_sale(row) and row["Description"] not in ("", products[row["StockCode"].upper()]["description"])
    }
    assert any("  " in description for description in other)
    assert any(description.endswith(" ") for description in other)
    assert any("  " not in description and description == description.strip() for description in other)


def test_cancellations_are_full_partial_and_across_several_sales(histories: Histories) -> None:
    kinds = set()
    for history in histories.values():
        sold, cancelled = history["sold"], history["cancelled"]
        if len(sold) == 1 and len(cancelled) == 1 and cancelled[0][0] > sold[0][0]:
            kinds.add("full" if cancelled[0][1] == sold[0][1] else "partial")
        if len(cancelled) == 1:
            earlier = [units for at, units in sold if at < cancelled[0][0]]
            if earlier and max(earlier) < cancelled[0][1] <= sum(earlier):
                kinds.add("across sales")
    assert kinds == {"full", "partial", "across sales"}


def test_some_cancellations_have_no_sale(histories: Histories) -> None:
    assert any(
        at < min((sale for sale, _ in history["sold"]), default=datetime.max)
        for history in histories.values()
        for at, _ in history["cancelled"]
    )


def test_some_sales_are_cancelled_more_than_once(histories: Histories) -> None:
    assert any(
        len(history["sold"]) == 1 and len([at for at, _ in history["cancelled"] if at > history["sold"][0][0]]) == 2
        for history in histories.values()
    )


def test_some_orders_are_cancelled_whole(demo: list[Row]) -> None:
    orders: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    cancelling: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in demo:
        if is_sale(row) or is_cancellation(row):
            side = cancelling if is_cancellation(row) else orders
            key = row["CustomerID"], row["InvoiceNo"]
            side[key][row["StockCode"].upper()] += abs(int(row["Quantity"]))
    whole = [
        units
        for (customer, _), units in cancelling.items()
        if len(units) > 1 and any(units == ordered for (other, _), ordered in orders.items() if other == customer)
    ]
    assert whole


def test_the_truth_covers_every_customer_and_product(demo: list[Row], products: dict[str, Row]) -> None:
    truth = read_rows(DEMO / "customer_truth.csv")
    assert [row["customer_id"] for row in truth] == sorted({row["CustomerID"] for row in demo} - {""})
    sold = {row["StockCode"].upper() for row in demo} - FEE_CODES
    assert sold <= set(products)
    assert len({row["category"] for row in products.values()}) == 8
    assert len({row["archetype"] for row in truth}) == 10


def test_nobody_orders_before_joining_or_after_dropping_out(demo: list[Row]) -> None:
    truth = {row["customer_id"]: row for row in read_rows(DEMO / "customer_truth.csv")}
    dropped_out = 0
    for row in demo:
        if row["CustomerID"] and is_sale(row):
            customer = truth[row["CustomerID"]]
            day = ordered_at(row).date().isoformat()
            dropped_out += bool(customer["dropped_out_on"])
            assert customer["joined_on"] <= day <= (customer["dropped_out_on"] or day)
    assert dropped_out > 100


def test_a_few_customers_order_from_two_countries(demo: list[Row]) -> None:
    countries = defaultdict(set)
    for row in demo:
        countries[row["CustomerID"]].add(row["Country"])
    del countries[""]
    assert 1 <= sum(len(names) == 2 for names in countries.values()) <= 15


def test_weekdays_hours_and_seasons_follow_the_settings(demo: list[Row]) -> None:
    orders = {row["InvoiceNo"]: ordered_at(row) for row in demo if is_sale(row)}.values()
    weekdays = Counter(at.isoweekday() for at in orders)
    hours = Counter(at.hour for at in orders)
    months = Counter(at.month for at in orders if at.year == 2025)
    assert weekdays[6] == 0
    assert weekdays.most_common(1)[0][0] == 4
    assert hours.most_common(1)[0][0] == 12
    assert 6 <= min(hours) <= max(hours) <= 20
    assert months.most_common(1)[0][0] == 11
    assert months[1] < months[6] < months[10]


def test_garden_and_christmas_sell_in_their_seasons(demo: list[Row], products: dict[str, Row]) -> None:
    months: dict[str, Counter[int]] = defaultdict(Counter)
    for row in demo:
        if is_sale(row):
            months[products[row["StockCode"].upper()]["category"]][ordered_at(row).month] += 1
    assert months["garden"][5] / sum(months["garden"].values()) > months["kitchen"][5] / sum(months["kitchen"].values())
    assert months["christmas"][11] > 2 * months["christmas"][5]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--customers", "many"], "'many' is not a whole number from 1 to 100,000,000."),
        (["--customers", "0"], "'0' is not a whole number from 1 to 100,000,000."),
        (["--customers", "5", "--lines", "5"], "not allowed with argument"),
        ([], "one of the arguments --customers --lines is required"),
        (["--customers", "5", "--first-day", "2024-02-30"], "'2024-02-30' is not a date like 2024-12-01."),
        (["--customers", "5", "--first-day", "2024-01-31"], "'2024-01-31' is after the 28th"),
        (
            ["--customers", "5", "--memory-limit", "lots"],
            "'lots' is not an amount of memory like 4GB or 500MB.",
        ),
        (["--customers", "5", "--basket-factor", "0"], "'0' is not a number above 0 and up to 50."),
        (["--customers", "5", "--format", "xlsx"], "invalid choice: 'xlsx'"),
    ],
)
def test_a_bad_argument_ends_with_a_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--output", str(tmp_path)])
    assert stopped.value.code == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_output_that_is_a_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "shop"
    output.write_text("something else")
    with pytest.raises(SystemExit) as stopped:
        main(["--customers", "5", "--output", str(output)])
    assert stopped.value.code == 2
    assert "is a file, not a folder." in capsys.readouterr().err
