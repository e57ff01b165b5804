"""A bad row is quarantined with its reason; a bad file or setting stops the build before any table changes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Shop, problem_of
from shop_toolkit.ingest.files import InputError, describe_files

HEADINGS = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
GOOD = "1,A,RED TIN,2,12/31/2010 8:26,2.55,c,UK"


@pytest.fixture(scope="module")
def built_shop(make_shop: Callable[..., Shop], tmp_path_factory: pytest.TempPathFactory) -> Shop:
    log = tmp_path_factory.mktemp("log") / "log.csv"
    # The rejected row is older than the first order, and has no readable quantity.
    log.write_text(f"{HEADINGS}\n{GOOD}\n0,A,RED TIN,two,12/1/2010 8:26,2.55,c,UK\n")
    return make_shop(transactions=str(log)).build()


def stopped(shop: Shop, **settings: Any) -> str:
    """The sentence that a build with these settings stops with; no table may have changed by then."""
    before = shop.tables(), shop.checksums(), shop.checksums("staging.base_transactions", "core.model_versions")
    result = shop.dbt("build", **settings)
    assert not result.success
    assert before == (
        shop.tables(), shop.checksums(), shop.checksums("staging.base_transactions", "core.model_versions")
    )  # fmt: skip
    return problem_of(result)


def test_bad_values_are_quarantined_with_the_column_named(
    make_shop: Callable[..., Shop], write_csv: Callable[..., Path]
) -> None:
    log = write_csv(
        HEADINGS,
        GOOD,
        "2,A,RED TIN,two,12/31/2010 8:26,2.55,c,UK",
        "3,A,RED TIN,2,2/31/2011 8:26,2.55,c,UK",
        "4,A,RED TIN,2,12/31/2010 8:26,1e99,c,UK",
        "5,A,RED TIN,2",
        "6,A,RED TIN,2,12/31/2010 8:26,2.55,c,UK,one,two,three",
        ',,,,,,,',
        '7,A,"two',
        'lines",2,12/31/2010 8:26,2.55,c,UK',
        '8,A,"open quote,2,12/31/2010 8:26,2.55,c,UK',
        GOOD,
        '9,A,"closed here",2,12/31/2010 8:26,2.55,c,UK',
    )  # fmt: skip
    shop = make_shop(transactions=str(log)).build("order_lines", "rejected_transactions")
    assert shop.rows("select input_row, rejection_reason, rejection_detail from rejected_transactions order by 1") == [
        (2, "unreadable", "quantity 'two' is not a number"),
        (3, "unreadable", "ordered_at '2/31/2011 8:26' is not a date"),
        (4, "unreadable", "unit_price '1e99' is not a possible unit_price"),
        (5, "unreadable", "unit_price is empty; ordered_at is empty"),
        (6, "unreadable", "the row has more fields than there are headings"),
        (7, "unreadable",
         "invoice_id is empty; product_id is empty; quantity is empty; unit_price is empty; ordered_at is empty"),
        (9, "unreadable", "a quote that nothing closes has swallowed 2 rows behind it;"
         " quantity is empty; unit_price is empty; ordered_at is empty"),
    ]  # fmt: skip
    assert shop.rows("select input_row from order_lines order by 1") == [(1,), (8,)]


@pytest.mark.parametrize("setting", ["as_of_date", "baseline_date"])
def test_a_date_before_the_log_or_in_the_future_stops_the_build(setting: str, built_shop: Shop) -> None:
    log = built_shop.settings["transactions"]
    for day, sentence in (
        ("2010-11-30", f"2010-11-30, but '{log}' begins on 2010-12-01. Set a later date, or leave it out."),
        ("2150-01-01", f"2150-01-01, a day in the future, and '{log}' ends on 2010-12-31. Set a day that has begun"),
    ):
        assert f"The setting '{setting}' is {sentence}" in stopped(built_shop, **{setting: day})


@pytest.mark.parametrize(("setting", "order"), [("as_of_date", "placed an order"), ("baseline_date", "a net order")])
def test_a_date_that_only_rejected_rows_precede_stops_the_build_before_customers_change(
    setting: str, order: str, built_shop: Shop
) -> None:
    before = built_shop.checksums("customers", "segment_history")
    settings: dict[str, Any] = {setting: "2010-12-30"}
    result = built_shop.dbt("build", "--exclude-resource-type", "unit_test", **settings)
    assert (
        f"The setting '{setting}' is 2010-12-30, but no customer had {order} by then: the first order is of"
        " 2010-12-31. Set a later date" in problem_of(result)
    )
    assert built_shop.checksums("customers", "segment_history") == before


def test_a_day_after_the_log_that_has_begun_is_no_mistake(built_shop: Shop, tmp_path: Path) -> None:
    """Nobody ordered since, and who asks knows it."""
    shop = built_shop.copy(tmp_path / "copy").build("customers", as_of_date="2011-02-28")
    assert shop.rows("select recency_days from customers") == [(59,)]


def test_a_log_of_headings_alone_builds_empty_tables(
    make_shop: Callable[..., Shop], write_csv: Callable[..., Path]
) -> None:
    shop = make_shop(transactions=str(write_csv(HEADINGS))).build_with_data_tests()
    assert shop.row("select count(*) from customers") == (0,)
    assert shop.row("select count(*) from core.model_versions") == (0,)
    assert shop.row("select sum(rows_before) from cleaning_summary") == (0,)


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        (["1,A,2", "2,B,3"], "No heading of '{path}' is known to hold customer_id, ordered_at, unit_price (or amount)."
                             " The headings there: 1, A, 2."),
        (["Customer ID,Total,When", "c,1,2011-01-01"], "No heading of '{path}' is known to hold ordered_at."
                                                       " The headings there: Customer ID, Total, When."),
        (["customer,date,amount", "c,01/02/2011,1", "c,02/03/2011,1"],
         "The dates of '{path}' could be month-day-year or day-month-year, e.g. '01/02/2011'."),
        (["customer,date,amount", "c,1 Brumaire,1"],
         "The dates of '{path}' are written in no known way, e.g. '1 Brumaire'."),
    ],
    ids=["no headings", "a required heading is missing", "day or month", "dates of another calendar"],
)  # fmt: skip
def test_a_log_that_cannot_be_understood_stops_the_build(
    log: list[str], sentence: str, built_shop: Shop, write_csv: Callable[..., Path]
) -> None:
    path = write_csv(*log)
    assert sentence.format(path=path) in stopped(built_shop, transactions=str(path))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.csv", b"", "is empty: it has not even a line of headings."),
        ("broken.parquet", b"PAR1 but no more", "cannot be read as Parquet"),
        ("broken.xlsx", b"PK but no more", "cannot be read as a workbook"),
        ("broken.csv.gz", b"\x1f\x8b but no more", "cannot be read as text"),
        ("picture.csv", b"\0\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not a text file"),
        ("log.json", b"{}", "ends in none of"),
        ("quoted.csv", b'"customer,date,""amount"""\n"c1,2024-01-05,""12,50"""\n', "is in quotes as a whole"),
        ("quoted_rows.csv", b'customer,date,amount\n"c1,2024-01-05,""12,50"""\n', "is in quotes as a whole"),
        ("blank.csv", b"\n, ,\n\n", "has no headings in its first line"),
    ],
)
def test_a_file_that_cannot_be_read_has_its_sentence(name: str, content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=re.escape(sentence)):
        describe_files(str(tmp_path / name))


def test_a_file_that_cannot_be_read_stops_the_build(built_shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "broken.xlsx").write_bytes(b"PK but no more")
    sentence = stopped(built_shop, transactions=str(tmp_path / "broken.xlsx"))
    assert f"The input can't be read: '{tmp_path}/broken.xlsx' cannot be read as a workbook" in sentence


def test_wrong_settings_stop_the_build_with_a_sentence_each(built_shop: Shop) -> None:
    sentences = stopped(
        built_shop,
        transactions=7,
        as_of_dat="2011-12-09",
        as_of_date="2011-02-31",
        baseline_date="31.12.2011",
        refit="yes please",
        csv_delimiter=";;",
        csv_encoding="klingon",
        date_format="%Q%Y",
        decimal_separator=";",
        cancellation_invoice_prefix=3,
        column_mapping="x",
        max_fit_customers=5,
        max_broad_rules="many",
        bootstrap_samples=True,
        min_segment_share=2,
        min_stability="-",
        silhouette_tolerance=-0.1,
        force_broad_clustering="rfm kmeans 11",
        force_detailed_clustering=7,
        backtest_origins=0,
        max_training_customers=1.5,
        min_precision=0.2,
        control_share=0.95,
        control_salt=7,
        overdue_quantile=85,
        spend_param_grids={"decision_tree": {"depth": [3]}},
        classification_param_grids="all",
    )
    for sentence in (
        "The setting 'as_of_dat' is not known. Did you mean 'as_of_date'?",
        "The setting 'transactions' is 7; it takes a file, a glob, the name of a table in the warehouse, or a ref",
        "The setting 'as_of_date' is \"2011-02-31\"; it takes a date that exists, as YYYY-MM-DD.",
        "The setting 'baseline_date' is \"31.12.2011\"; it takes a date that exists, as YYYY-MM-DD.",
        "The setting 'refit' is \"yes please\"; it takes true or false.",
        "The setting 'csv_delimiter' is \";;\"; it takes one character",
        "The setting 'csv_encoding' is \"klingon\"; it takes utf-8, latin-1, utf-16, utf-16-be, utf-16-le, windows",
        "The setting 'date_format' is \"%Q%Y\"; it takes year-month-day, month-day-year, day-month-year,"
        " month-name, unix-seconds, unix-milliseconds, unix-microseconds, unix-nanoseconds, excel-serial, or a",
        "The setting 'decimal_separator' is \";\"; it takes '.' or ','.",
        "The setting 'cancellation_invoice_prefix' is 3; it takes the text",
        "The setting 'column_mapping' is \"x\"; it takes a mapping from our columns to your headings",
        "The setting 'max_fit_customers' is 5; it takes a whole number of customers, from 100 to 20000.",
        "The setting 'max_broad_rules' is \"many\"; it takes a whole number of rules, from 2 to 100.",
        "The setting 'bootstrap_samples' is true; it takes a whole number of refits, from 2 to 1000.",
        "The setting 'min_segment_share' is 2; it takes a share of the customers, from 0 to 0.5.",
        "The setting 'min_stability' is \"-\"; it takes a Jaccard coefficient, from 0 to 1.",
        "The setting 'silhouette_tolerance' is -0.1; it takes a share of the best silhouette, from 0 to 1.",
        "The setting 'force_broad_clustering' is \"rfm kmeans 11\";"
        " it takes a space, an algorithm and a number of clusters",
        "The setting 'force_detailed_clustering' is 7; it takes a space, an algorithm and a number of clusters",
        "The setting 'backtest_origins' is 0; it takes a whole number of origins, from 1 to 12.",
        "The setting 'max_training_customers' is 1.5; it takes a whole number of customers, from 100 to 200000.",
        "The setting 'min_precision' is 0.2; it takes a share of the newcomers, from 0.5 to 1.",
        "The setting 'control_share' is 0.95; it takes a share of each audience, from 0 to 0.9.",
        "The setting 'control_salt' is 7; it takes any text.",
        "The setting 'overdue_quantile' is 85; it takes a share of the pauses between orders, from 0.5 to 0.99.",
        "The setting 'spend_param_grids' is wrong. The grid of decision_tree knows no parameter 'depth'",
        "The setting 'classification_param_grids' is \"all\"; it takes a mapping from models to their settings",
    ):
        assert sentence in sentences


def test_both_segmentations_cannot_be_the_same_clustering(built_shop: Shop) -> None:
    sentence = stopped(built_shop, force_broad_clustering="rfm ward 4", force_detailed_clustering="rfm ward 4")
    assert (
        "The settings 'force_broad_clustering' and 'force_detailed_clustering' ask for the same candidate" in sentence
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"transactions": "no/such/file.csv"}, "there is no file 'no/such/file.csv'"),
        ({"transactions": "no_such_table"}, "the warehouse has no table 'no_such_table'"),
        ({"date_format": "%d.%m.%Y"}, 'is "%d.%m.%Y", but no date of'),
        (
            {"column_mapping": {"client": "CustomerID"}},
            "names 'client', which is none of our columns. Did you mean 'customer_id'?",
        ),
        ({"column_mapping": {"customer_id": "Kunde"}}, "has no such heading. The headings there: InvoiceNo,"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_setting_that_does_not_fit_the_input_stops_the_build(
    settings: dict[str, Any], sentence: str, built_shop: Shop
) -> None:
    assert sentence in stopped(built_shop, **settings)


def test_an_ambiguous_date_is_read_as_the_setting_defines(
    make_shop: Callable[..., Shop], write_csv: Callable[..., Path]
) -> None:
    log = write_csv("customer,date,amount", "c,01/02/2011,1")
    for date_format, day in (("day-month-year", "2011-02-01"), ("%m/%d/%Y", "2011-01-02")):
        shop = make_shop(transactions=str(log), date_format=date_format).build("order_lines")
        assert shop.row("select order_date::varchar from order_lines") == (day,)
