"""The benchmark that judges a build on later data, on the embedded shop: what it recomputes is what the build holds."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from conftest import Shop

from benchmarks.later_data import SEGMENTATIONS, Figure, Later, judge, split_log, table, top_fifth


@pytest.fixture(scope="module")
def later(demo_shop: Shop) -> Later:
    """As if the last hundred days were later than the build: its claims know them, so they are no evidence here."""
    shop = Later(demo_shop.warehouse, demo_shop.warehouse)
    shop.cut -= timedelta(100)
    shop.until = shop.cut + timedelta(90)
    return shop


def test_segments_on_the_last_day_are_those_of_the_customers(later: Later) -> None:
    customers = later.customers
    found = later.segments_on(customers["as_of_date"]).reindex(customers.index)
    assert len(customers) > 500
    for name in SEGMENTATIONS:
        assert found[name].tolist() == customers[f"{name}_segment"].tolist()


def test_money_of_a_window_is_that_of_its_lines_less_what_was_cancelled_by_its_end(
    later: Later, demo_shop: Shop
) -> None:
    lines = demo_shop.rows("select input_row, customer_id, ordered_at::date, gross_amount::double from order_lines")
    cancelled = demo_shop.rows("select sale_row, cancelled_at::date, amount::double from cancellation_matches")
    sold = {row: (customer, amount) for row, customer, day, amount in lines if later.cut < day <= later.until}
    expected = dict.fromkeys(later.customers.index, 0.0)
    for customer, amount in sold.values():
        expected[customer] += amount
    for row, day, amount in cancelled:
        if row in sold and day <= later.until:
            expected[sold[row][0]] -= amount
    assert later.bought(later.cut, later.until).to_dict() == pytest.approx(expected, abs=1e-6)


def test_customers_of_one_rank_count_in_part() -> None:
    money = pd.Series([10.0, 30.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert top_fifth(money, money) == 1
    # two of the four best, who bring 40 between them
    assert top_fifth(pd.Series([1] * 4 + [0] * 6), money) == 0.5


def test_all_claims_are_judged_beside_naive_guesses(later: Later) -> None:
    figures = judge(later)
    assert {figure.claim.split("'")[0].split(" ")[-1] for figure in figures} >= {
        "segments", "spend", "interest", "newcomers", "alerts",
    }  # fmt: skip
    assert all(figure.naive and figure.sample_size > 0 for figure in figures)
    spend = {figure.metric.split(" (")[0]: figure for figure in figures if figure.claim == "spend"}
    assert spend["sum / observed"].naive["zero"] == 0
    observed = later.bought(later.cut, later.until)
    assert spend["RMSE"].naive["zero"] == pytest.approx((observed**2).mean() ** 0.5)


def test_the_table_is_markdown() -> None:
    text = table([Figure("spend", "RMSE", 1234.5, {"zero": 2000, "past rate": 0.5}, 1200)])
    assert text.splitlines()[-1] == "| spend | RMSE | 1,234 | zero 2,000 · past rate 0.500 | 1,200 |"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_log_is_split_after_a_day(tmp_path: Path, encoding: str) -> None:
    log = tmp_path / "log.csv"
    rows = ["1,CAFÉ,12/1/2010 8:26", "2,TIN,12/1/2010 23:59", "3,MUG,12/2/2010 0:00"]
    log.write_text("\n".join(["InvoiceNo,Description,InvoiceDate", *rows]) + "\n", encoding)
    first, later = split_log(log, date(2010, 12, 1), tmp_path, "InvoiceDate", "%m/%d/%Y %H:%M")
    assert first.read_text("utf-8").splitlines()[1:] == rows[:2]
    assert later.read_text("utf-8").splitlines()[1:] == rows[2:]
