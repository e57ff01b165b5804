"""The spend forecast of a shop with a busy autumn, two years long, and what its customers bought afterwards."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from conftest import Shop
from shop_toolkit.report.sections.predictions import next_quarter

FIRST, TODAY, LAST = date(2023, 11, 20), date(2025, 12, 10), date(2026, 3, 10)
# 52 weeks before today: the same season, whose own season a year before is in the log too.
SAME_SEASON = TODAY - timedelta(364)
# Orders a day and customer beside those of a usual month.
BUSY = {1: 0.5, 2: 0.6, 9: 1.5, 10: 2.2, 11: 3.2, 12: 1.4}
CUSTOMERS = 300
NAIVE = ("zero", "past rate", "last 90 days", "same days last year")


def made_up_log() -> pd.DataFrame:
    """One row per order of one line: customer_id, day, amount. A quarter of the customers buys before Christmas."""
    random = np.random.default_rng(7)
    days = [FIRST + timedelta(number) for number in range((LAST - FIRST).days + 1)]
    rows = []
    for customer in range(CUSTOMERS):
        rate, typical = random.gamma(1.5, 0.016), random.lognormal(4, 0.7)
        begin = int(random.integers(0, 700)) if customer % 3 == 1 else 0
        seasonal = customer % 4 == 0
        for day in days[begin:]:
            busy = BUSY.get(day.month, 1.0)
            # A tenth more a year.
            growth = 1.1 ** ((day - FIRST).days / 365)
            if random.random() < rate * growth * (busy**2 / 3 if seasonal else busy):
                rows.append((f"C{customer:03}", day, round(typical * random.lognormal(0, 0.4), 2)))
    return pd.DataFrame(rows, columns=["customer_id", "day", "amount"])


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    return made_up_log()


@pytest.fixture(scope="module")
def shop(build_once: Callable[..., Shop], log: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop as of today: what follows is not in its log."""
    path = tmp_path_factory.mktemp("log") / "seasons.csv"
    known = log[log["day"] <= TODAY]
    pd.DataFrame(
        {
            "InvoiceNo": range(500_000, 500_000 + len(known)),
            "StockCode": [f"{10_000 + number % 40}" for number in range(len(known))],
            "Description": [f"{('RED', 'BLUE')[number % 2]} MUG {number % 40}" for number in range(len(known))],
            "Quantity": 1,
            "InvoiceDate": [f"{day:%Y-%m-%d} 10:00:00" for day in known["day"]],
            "UnitPrice": known["amount"],
            "CustomerID": known["customer_id"],
            "Country": "United Kingdom",
        }
    ).to_csv(path, index=False)
    return build_once("seasons", lambda shop: shop.build("int_expected_spend"), transactions=str(path))


def bought(log: pd.DataFrame, after: date, until: date, known_by: date | None = None) -> pd.Series:
    """Amount by customer of what was bought after a day and up to another; of those alone who had bought by a day."""
    rows = log[(log["day"] > after) & (log["day"] <= until)]
    if known_by:
        first = log.groupby("customer_id")["day"].min()
        rows = rows[rows["customer_id"].map(first) <= known_by]
    return rows.groupby("customer_id")["amount"].sum()


def chance(log: pd.DataFrame, after: date, until: date) -> float:
    """The variance of the log of what was bought, of a compound Poisson process: a sale is a customer's day."""
    rows = log[(log["day"] > after) & (log["day"] <= until)]
    sales = rows.groupby(["customer_id", "day"])["amount"].sum()
    return float((sales**2).sum() / sales.sum() ** 2)


def expected_total(log: pd.DataFrame, origin: date) -> float:
    """What a plain loop over the years expects: season x growth of like-for-like weeks x part of known customers."""
    logs = []
    for years in (1, 2, 3):
        same = origin - timedelta(364 * years)
        if log["day"].min() > same + timedelta(1):
            continue
        weeks = min(26, ((same - log["day"].min()).days + 1) // 7)
        windows = [(day - timedelta(7 * weeks), day) for day in (origin, same)]
        now, then = (bought(log, *window).sum() for window in windows)
        weight = 0.09 / (0.09 + 0.08 / weeks + sum(chance(log, *window) for window in windows))
        logs.append(np.log(bought(log, same, same + timedelta(90)).sum()) + weight * np.log(now / then))
    before = origin - timedelta(90)
    known_share = bought(log, before, origin, known_by=before).sum() / bought(log, before, origin).sum()
    return float(np.exp(np.mean(logs)) * known_share)


def test_totals_are_those_of_a_plain_loop_and_know_nothing_later(shop: Shop, log: pd.DataFrame) -> None:
    totals = shop.rows("""
        select prediction_run, origin_date, total_amount::double, customer_count, season
        from prediction.int_spend_totals order by origin_date
    """)
    assert [origin for _, origin, *_ in totals] == [SAME_SEASON, TODAY - timedelta(90), TODAY]
    for _, origin, total, customers, season in totals:
        assert total == pytest.approx(expected_total(log[log["day"] <= origin], origin), rel=1e-6)
        assert customers == log.loc[log["day"] <= origin, "customer_id"].nunique()
        assert season.startswith("season known: the same 90 days a year before brought ")


def test_the_backtest_holds_the_season_that_is_forecast_and_beats_every_naive_guess_there(shop: Shop) -> None:
    figures = pd.DataFrame(
        shop.rows(f"""
            select model, metric, value, note from prediction.spend_evaluations where split = 'from {SAME_SEASON}'
        """),
        columns=["model", "metric", "value", "note"],
    )
    assert figures["note"].str.contains("season known").all()
    values = figures.pivot(index="model", columns="metric", values="value")
    assert abs(values.loc["combination", "relative_bias"]) < 0.25
    assert set(NAIVE) < set(values.index)
    assert values.loc["combination", "rmse"] < values.loc[list(NAIVE), "rmse"].min()


def test_what_is_expected_of_today_comes_true_within_a_quarter_and_beats_every_naive_guess(
    shop: Shop, log: pd.DataFrame
) -> None:
    rows = shop.rows("""
        select customer_id, expected_spend::double, expected_spend_low::double, expected_spend_high::double, basis,
            total_low_factor, total_high_factor
        from prediction.int_expected_spend
    """)
    columns = ["customer_id", "expected", "low", "high", "basis", "least", "most"]
    expected = pd.DataFrame(rows, columns=columns).set_index("customer_id")
    observed = bought(log, TODAY, TODAY + timedelta(90)).reindex(expected.index, fill_value=0)
    assert set(expected["basis"]) == {"same season a year before"}
    total = expected["expected"].sum()
    assert total == pytest.approx(observed.sum(), rel=0.25)
    assert total * expected["least"].iloc[0] < observed.sum() < total * expected["most"].iloc[0]
    known = log[log["day"] <= TODAY]
    naive = {
        "zero": 0 * observed,
        "last 90 days": bought(known, TODAY - timedelta(90), TODAY),
        "same days last year": bought(known, SAME_SEASON, SAME_SEASON + timedelta(90)),
        "mean": 0 * observed + total / len(observed),
    }
    error = {
        name: np.sqrt(((guess.reindex(observed.index, fill_value=0) - observed) ** 2).mean())
        for name, guess in (naive | {"ours": expected["expected"]}).items()
    }
    assert min(error, key=lambda name: error[name]) == "ours", error
    inside = (expected["low"] <= observed) & (observed <= expected["high"])
    assert inside.mean() >= 0.9


def test_the_report_says_in_words_whether_the_season_is_known() -> None:
    values = {"expected_total": 1_097_800.0, "expected_total_low": 616_700.0, "expected_total_high": 1_954_000.0}
    evaluations = pd.DataFrame({"split": "next 90 days", "metric": list(values), "value": list(values.values())})
    assert next_quarter(evaluations.assign(note="season not known: the recent rate goes on")) == (
        " The customers of today are expected to spend 1.10 million in the next 90 days (616,700 to 1.95 million in"
        " nine cases of ten). Season not known: the recent rate goes on."
    )
    assert next_quarter(evaluations.assign(split="today", note="")) == ""
