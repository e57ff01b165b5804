"""Campaigns: frozen audiences, and a lift that is neither found where there is none nor missed where there is one."""

import hashlib
import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Shop, exact_share, problem_of
from lines import MODELS, Given, connected, rendered
from scipy import stats
from shop_toolkit import settings_plugin
from shop_toolkit.campaigns import COLUMNS, read_campaigns
from shop_toolkit.conditions import CONDITION_COLUMNS, condition_problem
from shop_toolkit.report.sections.campaigns import FIRST_DAYS

START, AS_OF = date(2025, 6, 1), date(2025, 12, 31)
# The last day of the windows of a campaign from the start.
LAST = START + timedelta(days=89)
CHANGED = (
    "keeps whom it addressed on 2025-06-01: its row or a setting has changed. A campaign of another name draws another"
    " audience. This is said until 2025-08-29, the last of its days, or until all is as it was."
)
NOTHING_REPORTED = (
    "select {% for column, type in campaign_result_columns().items() %}"
    "cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}{% endfor %} where false"
)
TOO_SMALL = "Before anything is claimed, each group needs 30 customers: the smaller one has {}."
TOO_FEW_BUYERS = (
    "Before anything is claimed, 5 of the smaller group have to order if both groups are alike: here that is {}."
)
ROW = dict.fromkeys(COLUMNS, "") | {"name": "win back", "condition": "recency_days > 60", "start_date": "2025-06-01"}


class Campaigns:
    """The models of campaigns on given members and orders, in a database in memory."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        anchor = {"invoice_id": ["1"], "customer_id": ["1"], "order_date": [START]}
        self.given = Given(
            connection,
            int_orders=pd.DataFrame(anchor),
            model_versions=pd.DataFrame({"model_version": [1], "cause": ["first build"]}).assign(
                **{f"anchor_{name}": values for name, values in anchor.items()}
            ),
        )

    def store(self, name: str, rows: pd.DataFrame, **types: str) -> None:
        self.connection.register("given", rows)
        columns = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in types.items())
        self.connection.execute(f"create or replace table {name} as select {columns} from given")
        self.given.built.add(name)

    def orders(self, orders: pd.DataFrame) -> None:
        rows = orders.assign(is_net=True, valid_from=orders["order_date"], valid_until=None)
        self.store(
            "int_order_states_scd2", rows, customer_id="varchar", order_date="date", amount="decimal(18, 2)",
            is_net="boolean", valid_from="date", valid_until="date",
        )  # fmt: skip

    def members(self, members: pd.DataFrame) -> None:
        rows = members.assign(
            model_version=1, segmentation=None, segment=None, condition="true", end_date=None, recency_days=None,
            as_of_date=START - timedelta(days=1),
        )  # fmt: skip
        usual = {
            "control_share": 0.5, "expected_lift": 0.1, "start_date": START, "decided_on": START - timedelta(days=1),
        }  # fmt: skip
        rows = rows.assign(**{name: value for name, value in usual.items() if name not in rows})
        self.store(
            "campaign_members", rows, model_version="integer", campaign="varchar", customer_id="varchar",
            segmentation="varchar", segment="varchar", condition="varchar", monetary="decimal(18, 2)",
            is_control="boolean", expected_lift="double", start_date="date", end_date="date", recency_days="integer",
            as_of_date="date", control_share="double", decided_on="date",
        )  # fmt: skip

    def results(self, as_of: date = AS_OF, reported: str = NOTHING_REPORTED, **settings: Any) -> pd.DataFrame:
        """The rows of the model, by campaign and window."""
        self.given.settings |= settings
        self.store(
            "int_as_of_dates", pd.DataFrame({"role": ["as_of"], "as_of_date": [as_of]}), role="varchar",
            as_of_date="date",
        )  # fmt: skip
        query = MODELS["campaign_results"].read_text("utf-8")
        assert "{{ reported_campaign_results() | indent(8) }}" in query
        query = rendered(query.replace("{{ reported_campaign_results() | indent(8) }}", reported))
        self.connection.execute(f"create or replace table campaign_results as {query}")
        return self.connection.execute("from campaign_results order by campaign, window_days").df()


@pytest.fixture
def campaigns() -> Iterator[Campaigns]:
    with connected() as connection:
        yield Campaigns(connection)


@pytest.fixture(scope="module")
def shop_data(demo_shop: Shop) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The embedded shop's customers on the day before the start, and their orders as they are net by now."""
    with duckdb.connect(str(demo_shop.warehouse), read_only=True) as warehouse:
        customers = warehouse.execute(
            """
            select customer_id, monetary from core.int_customer_states_scd2
            where $day between valid_from and coalesce(valid_until, date '9999-12-31') order by 1
            """,
            {"day": START - timedelta(days=1)},
        ).df()
        orders = warehouse.execute(
            "select customer_id, order_date, amount from core.int_order_states_scd2 "
            "where is_net and valid_until is null"
        ).df()
    assert len(customers) > 400
    return customers, orders


def drawn_members(customers: pd.DataFrame, count: int, control_share: float, seed: int) -> pd.DataFrame:
    """So many campaigns that address all customers, each with a draw of its own."""
    draws = np.random.default_rng(seed).random(count * len(customers))
    return pd.concat([customers] * count, ignore_index=True).assign(
        campaign=np.repeat([f"campaign {number:04}" for number in range(count)], len(customers)),
        is_control=draws < control_share,
    )


@pytest.mark.parametrize("control_share", [0.2, 0.5])
def test_campaigns_without_effect_are_significant_as_often_as_chance_allows(
    shop_data: tuple[pd.DataFrame, pd.DataFrame], campaigns: Campaigns, control_share: float
) -> None:
    customers, orders = shop_data
    campaigns.orders(orders)
    campaigns.members(drawn_members(customers, 1000, control_share, seed=1))
    results = campaigns.results()
    assert len(results) == 3000
    for _, window in results.groupby("window_days"):
        for significant in (
            window["is_significant"],
            window["is_conversion_significant"],
            window["revenue_p_value"] < 0.05,
        ):
            assert significant.mean() == pytest.approx(0.05, abs=0.015)
    assert set(results["verdict"]) == {"gain", "loss", "no effect shown"}


def test_a_planted_effect_is_found(shop_data: tuple[pd.DataFrame, pd.DataFrame], campaigns: Campaigns) -> None:
    """Each customer who is addressed orders once more, for 60: the interval holds it, as often as it promises."""
    customers, orders = shop_data
    members = drawn_members(customers, 100, 0.5, seed=2)
    members["customer_id"] = members["campaign"] + "|" + members["customer_id"]
    added = members.loc[~members["is_control"], ["customer_id"]].assign(amount=60.0, order_date=date(2025, 6, 20))
    copies = members[["customer_id"]].assign(own=members["customer_id"].str.split("|").str[1])
    usual = copies.merge(orders.astype({"amount": float}), left_on="own", right_on="customer_id", suffixes=("", "_own"))
    usual = usual[usual["order_date"].dt.date.between(START, date(2025, 6, 30))]
    campaigns.orders(pd.concat([usual[["customer_id", "order_date", "amount"]], added]))
    campaigns.members(members)
    results = campaigns.results().query("window_days == 30")
    assert (results["verdict"] == "gain").mean() > 0.9
    assert results["is_conversion_significant"].all()
    found = results[["adjusted_revenue_difference_low", "adjusted_revenue_difference_high"]].astype(float)
    holds = (found.iloc[:, 0] <= 60) & (found.iloc[:, 1] >= 60)
    assert 0.88 <= holds.mean() <= 1
    assert float(results["adjusted_revenue_difference"].astype(float).mean()) == pytest.approx(60, abs=3)
    sentence = results["verdict_text"].iloc[0]
    assert sentence.startswith("A gain: customers who were addressed spent ")


def expected(members: pd.DataFrame, revenue: pd.Series, lift: float) -> dict[str, float]:
    """What SciPy and a regression find, by other formulas than the SQL's."""
    control = members["is_control"].to_numpy()
    before, spend = members["monetary"].to_numpy(float), revenue.to_numpy(float)
    test = stats.ttest_ind(spend[~control], spend[control], equal_var=True)
    interval = test.confidence_interval(0.95)
    # Least squares of the spend on a constant, the treatment and the spend before.
    design = np.column_stack([np.ones(len(spend)), ~control, before])
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ spend
    degrees = len(spend) - 3
    variance = ((spend - design @ coefficients) ** 2).sum() / degrees
    error = np.sqrt(variance * inverse[1, 1])
    half_width = stats.t.ppf(0.975, degrees) * error
    shares = [(spend[group] > 0).mean() for group in (~control, control)]
    wilson = [
        stats.binomtest(int((spend[group] > 0).sum()), int(group.sum())).proportion_ci(0.95, "wilson")
        for group in (~control, control)
    ]
    hoped = min(shares[1] * (1 + lift), 1)
    z = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    return {
        "revenue_difference": spend[~control].mean() - spend[control].mean(),
        "revenue_difference_low": interval.low,
        "revenue_difference_high": interval.high,
        "revenue_p_value": test.pvalue,
        "adjusted_revenue_difference": coefficients[1],
        "adjusted_revenue_difference_low": coefficients[1] - half_width,
        "adjusted_revenue_difference_high": coefficients[1] + half_width,
        "adjusted_revenue_p_value": 2 * stats.t.sf(abs(coefficients[1] / error), degrees),
        "conversion_difference": shares[0] - shares[1],
        "conversion_difference_low": shares[0] - shares[1]
        - np.hypot(shares[0] - wilson[0].low, wilson[1].high - shares[1]),
        "conversion_difference_high": shares[0] - shares[1]
        + np.hypot(wilson[0].high - shares[0], shares[1] - wilson[1].low),
        "needed_customers_conversion": np.ceil(
            z**2 * (shares[1] * (1 - shares[1]) + hoped * (1 - hoped)) / (hoped - shares[1]) ** 2
        ),
        "needed_customers_revenue": np.ceil(2 * z**2 * variance / (lift * spend[control].mean()) ** 2),
    }  # fmt: skip


def test_every_figure_is_that_of_scipy(campaigns: Campaigns) -> None:
    random = np.random.default_rng(3)
    for number, (count, share) in enumerate([(64, 0.5), (90, 0.4), (300, 0.2), (5000, 0.1)]):
        members = pd.DataFrame({
            "campaign": f"campaign {number}",
            "customer_id": [f"c{place}" for place in range(count)],
            "monetary": random.lognormal(4, 1, count).round(2),
            "is_control": np.arange(count) < max(round(share * count), 31),
            "expected_lift": 0.2,
        })  # fmt: skip
        spend = np.where(random.random(count) < 0.6, members["monetary"] * random.uniform(0, 0.5, count), 0).round(2)
        spend = np.where((spend > 0) & ~members["is_control"], spend + 5, spend)
        revenue = pd.Series(spend, index=members["customer_id"])
        # Half of an order more on the last day of the window; the day after it and the day before do not count.
        orders = [
            revenue[revenue > 0].rename("amount").reset_index().assign(order_date=START),
            revenue[revenue > 9].mul(0.5).round(2).rename("amount").reset_index().assign(
                order_date=START + timedelta(days=29)
            ),
            revenue.iloc[:40].rename("amount").reset_index().assign(order_date=START - timedelta(days=1)),
            revenue.iloc[:40].rename("amount").reset_index().assign(order_date=START + timedelta(days=30)),
        ]  # fmt: skip
        campaigns.orders(pd.concat(orders))
        campaigns.members(members)
        (found,) = campaigns.results().query("window_days == 30").to_dict("records")
        total = revenue + revenue[revenue > 9].mul(0.5).round(2).reindex(revenue.index, fill_value=0)
        figures = expected(members, total, 0.2)
        for name, value in figures.items():
            tolerance = 0.0051 if "revenue_difference" in name else 1 if "needed" in name else 2e-6
            assert float(found[name]) == pytest.approx(value, abs=tolerance), name
        assert found["treatment_buyer_count"] + found["control_buyer_count"] == (total > 0).sum()
        assert float(found["treatment_revenue"] + found["control_revenue"]) == pytest.approx(total.sum())
        assert float(found["incremental_revenue"]) == pytest.approx(
            figures["adjusted_revenue_difference"] * (~members["is_control"]).sum(), abs=0.0051
        )


def test_quantiles_and_p_values_are_those_of_scipy(campaigns: Campaigns) -> None:
    rows = campaigns.given.rows(
        """
        with points as (
            select unnest([29.0, 57, 200, 100000]) as degrees, unnest(range(0, 60)) / 10 + 0.05 as t
        ),
        crossed as (select distinct first.degrees, second.t from points as first cross join points as second),
        spread as (select *, {{ student_t_spread('t', 'degrees') }} as spread from crossed where degrees is not null),
        normal as (select *, {{ student_t_as_normal('spread', 'degrees') }} as z from spread)
        select degrees, t, {{ student_t_quantile('degrees') }}, {{ normal_p_value('z') }} from normal
        """
    )
    assert len(rows) == 240
    for degrees, t, quantile, p_value in rows:
        degrees, t = float(degrees), float(t)
        assert quantile == pytest.approx(stats.t.ppf(0.975, degrees), abs=1e-6)
        assert p_value == pytest.approx(2 * stats.t.sf(t, degrees), abs=2e-7)


def test_quantiles_of_chi_squared_are_those_of_scipy() -> None:
    with connected() as connection:
        for degrees in range(2, 25):
            ((quantile,),) = connection.execute(
                rendered(f"select {{{{ chi_squared_quantile('{degrees}') }}}}")
            ).fetchall()
            assert quantile == pytest.approx(stats.chi2.ppf(0.95, degrees), rel=0.01)


def small_campaign(campaigns: Campaigns, treated: int, held_out: int, buyers: int | tuple[int, int]) -> None:
    """So many customers of each group, of whom the first ones order once for 10, or 20 from the second one on."""
    members = pd.DataFrame({
        "campaign": "c", "customer_id": [f"c{place}" for place in range(treated + held_out)], "monetary": 5,
        "is_control": [place >= treated for place in range(treated + held_out)],
    })  # fmt: skip
    of_treated, of_held_out = buyers if isinstance(buyers, tuple) else (buyers, buyers)
    places = [*range(min(of_treated, treated)), *range(treated, treated + min(of_held_out, held_out))]
    campaigns.members(members)
    campaigns.orders(
        pd.DataFrame(
            {
                "customer_id": [f"c{place}" for place in places],
                "order_date": START,
                "amount": [10 if place % 2 else 20 for place in places],
            }
        )
    )


@pytest.mark.parametrize(
    ("treated", "held_out", "buyers", "as_of", "verdict", "sentence"),
    [
        (40, 29, 9, AS_OF, "too few to say", "9 of 40 customers who were addressed ordered, and 9 of 29"),
        # 7.5 of the 29 would order: that is enough, and no reason
        (40, 29, 9, AS_OF, "too few to say", f" who were held out. {TOO_SMALL.format(29)} To find 10 %"),
        (40, 30, 3, AS_OF, "too few to say", f"3 of 30 who were held out. {TOO_FEW_BUYERS.format(2.5)} To find 10 %"),
        # 6 of 30 ordered, but of all only 9 of 70: in a group of 30 that is 3.8
        (40, 30, (3, 6), AS_OF, "too few to say", f"6 of 30 who were held out. {TOO_FEW_BUYERS.format(3.8)} To find"),
        (29, 40, 3, AS_OF, "too few to say", f"{TOO_SMALL.format(29)} {TOO_FEW_BUYERS.format(2.5)}"),
        (40, 30, 9, AS_OF, "no effect shown", "customers in each group are needed"),
        (40, 0, 9, AS_OF, "no control group", "nobody was held out"),
        (0, 40, 9, AS_OF, "no control group", "or everybody was"),
        (40, 40, 0, AS_OF, "too few to say", "0 of 40"),
        (40, 40, 9, START + timedelta(days=28), "not over yet", "its 30 days last until 2025-06-30"),
        (40, 40, 9, START - timedelta(days=1), "not over yet", "Not begun yet: it starts on 2025-06-01, and the log"),
        (40, 40, 9, START + timedelta(days=29), "no effect shown", "To find 10 % more spend in 30 days four times"),
    ],
)
def test_a_claim_needs_customers_a_control_group_and_the_whole_window(
    campaigns: Campaigns,
    treated: int,
    held_out: int,
    buyers: int | tuple[int, int],
    as_of: date,
    verdict: str,
    sentence: str,
) -> None:
    small_campaign(campaigns, treated, held_out, buyers)
    found = campaigns.results(as_of).iloc[0]
    assert found["verdict"] == verdict
    assert sentence in found["verdict_text"]
    assert found["is_complete"] == (as_of >= date(2025, 6, 30))
    assert not found["is_significant"]
    measured = pd.notna(found["adjusted_revenue_difference_low"])
    assert measured == (verdict == "no effect shown" or (held_out == 30 and buyers in (3, (3, 6))) or buyers == 0)


def test_a_draw_on_the_start_or_later_says_what_its_difference_takes(campaigns: Campaigns) -> None:
    small_campaign(campaigns, 40, 40, 9)
    for decided, is_late in ((START - timedelta(days=1), False), (START, True), (None, False)):
        campaigns.connection.execute("update campaign_members set decided_on = $1", [decided])
        found = campaigns.results()
        assert list(found["verdict"].iloc[:1]) == ["no effect shown"]
        late = (
            " The warehouse first saw this campaign when the log ended on 2025-06-01, which is not before its start:"
            " unless it was sent by this very draw, as from the list of a week's action or of an earlier build, the"
            " difference says nothing."
        )
        assert [late in text for text in found["verdict_text"]] == [is_late] * 3


def test_a_campaign_that_addressed_nobody_has_no_results(campaigns: Campaigns) -> None:
    """Its row with no customer counts for nobody."""
    campaigns.orders(pd.DataFrame({"customer_id": [""], "order_date": [START], "amount": [1]}))
    campaigns.members(
        pd.DataFrame({"campaign": ["c", "d"], "customer_id": ["", "1"], "monetary": 5, "is_control": False})
    )
    assert set(campaigns.results()["campaign"]) == {"d"}


@pytest.mark.parametrize(
    ("now", "warning"),
    [
        ({}, None),
        ({"control_share": "0.4"}, CHANGED),
        ({"expected_lift": "0.2"}, CHANGED),
        ({"condition": "false"}, CHANGED),
        ({"name": "nobody"}, "addresses nobody: on the day before 2025-06-01 no customer was as its row says."),
        ({"name": "new", "start_date": "2026-02-01"}, "starts on 2026-02-01, and the log ends on 2025-08-29"),
        ({"name": "late"}, "starts on 2025-06-01, and the warehouse first saw it when the log ended on 2025-08-29:"),
        # Nobody is held out, and nothing is compared.
        ({"name": "all", "control_share": "0"}, None),
        # The log has grown since: it was said.
        ({"name": "long ago"}, None),
    ],
)
def test_a_row_that_was_changed_or_entered_after_the_start_is_a_warning(
    campaigns: Campaigns, now: dict[str, str], warning: str | None
) -> None:
    """As long as one of its windows is open, and the last build that was late."""
    row = ROW | {"name": "c", "condition": "true", "control_share": "0.5", "expected_lift": "0.1"}
    campaigns.given.store(campaigns=pd.DataFrame([row | now]))
    campaigns.store(
        "int_as_of_dates", pd.DataFrame({"role": ["as_of"], "as_of_date": [LAST]}), role="varchar", as_of_date="date"
    )
    campaigns.members(
        pd.DataFrame(
            {
                "campaign": ["c", "nobody", "late", "long ago", "all"],
                "customer_id": ["1", "", "1", "1", "1"],
                "monetary": 5,
                "is_control": False,
                "control_share": [0.5, 0.5, 0.5, 0.5, 0],
                "decided_on": [START - timedelta(days=1), LAST, LAST, START, LAST],
            }
        )
    )
    campaigns.given.settings |= {"transactions": "shop.csv"}
    path = ROOT / "tests/marts/assert_each_campaign_is_frozen_as_it_is_written.sql"
    found = campaigns.given.rows(path.read_text("utf-8"))
    assert len(found) == (warning is not None)
    assert all(str(warning) in sentence for _, sentence in found)
    campaigns.connection.execute("update int_as_of_dates set as_of_date = as_of_date + 1")
    found = campaigns.given.rows(path.read_text("utf-8"))
    assert [campaign for campaign, _ in found] == (["new"] if now.get("name") == "new" else [])


def test_a_name_that_is_used_again_next_year_is_a_warning(campaigns: Campaigns) -> None:
    """Its members are those of the first time, long after the windows of that are over."""
    row = ROW | {"name": "c", "condition": "true", "control_share": "0.5", "expected_lift": "0.1"}
    campaigns.given.store(campaigns=pd.DataFrame([row | {"start_date": "2026-06-01"}]))
    campaigns.store(
        "int_as_of_dates",
        pd.DataFrame({"role": ["as_of"], "as_of_date": [date(2026, 5, 20)]}),
        role="varchar",
        as_of_date="date",
    )
    campaigns.members(pd.DataFrame({"campaign": ["c"], "customer_id": "1", "monetary": 5, "is_control": False}))
    campaigns.given.settings |= {"transactions": "shop.csv"}
    path = ROOT / "tests/marts/assert_each_campaign_is_frozen_as_it_is_written.sql"
    ((_, warning),) = campaigns.given.rows(path.read_text("utf-8"))
    assert CHANGED.replace("2025-08-29", "2026-08-29") in warning


def test_late_rows_restate_a_window_that_is_over_and_say_so(campaigns: Campaigns) -> None:
    """As long as the present figures are not the first ones; the count stays."""
    small_campaign(campaigns, 40, 40, 9)
    stored = "select * from stored"

    def build(as_of: date, order: str | None = None, reported: str = stored, **settings: Any) -> tuple[Any, ...]:
        if order:
            campaigns.connection.execute(order)
        found = campaigns.results(as_of, reported, **settings)
        campaigns.connection.execute("create or replace table stored as from campaign_results")
        row = found.iloc[0]
        return (
            row["restatement_count"],
            None if pd.isna(row["restated_on"]) else row["restated_on"].date(),
            None if pd.isna(row["original_treatment_revenue"]) else float(row["original_treatment_revenue"]),
            float(row["treatment_revenue"]),
        )

    late = "insert into int_order_states_scd2 select 'c39', date '2025-06-02', 7, true, date '2025-06-02', null::date"
    cancelled = "update int_order_states_scd2 set amount = 1 where customer_id = 'c0'"
    day = date(2025, 6, 30)
    assert build(day - timedelta(days=1), reported=NOTHING_REPORTED) == (0, None, None, 140)
    # the day that completes the window may bring more: that restates nothing
    assert build(day, late) == (0, None, None, 147)
    campaigns.connection.execute("create table complete as from int_order_states_scd2")
    assert build(day + timedelta(days=1)) == (0, None, None, 147)
    assert build(day + timedelta(days=2), cancelled) == (1, day + timedelta(days=2), 147, 128)
    assert build(day + timedelta(days=3)) == (1, day + timedelta(days=2), 147, 128)
    # an earlier date leaves the report as it is
    earlier = day - timedelta(days=9)
    assert build(earlier, "update int_order_states_scd2 set amount = 3", as_of_date=str(earlier))[0] == 1
    assert build(day + timedelta(days=4), as_of_date=None) == (2, day + timedelta(days=4), 147, 30)
    back = "create or replace table int_order_states_scd2 as from complete"
    assert build(day + timedelta(days=5), back) == (3, None, None, 147)


def test_the_report_knows_the_first_window() -> None:
    assert rendered("{{ campaign_windows() | min }}") == str(FIRST_DAYS)


def members_of(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.rows("from campaign_members order by all")


def test_who_was_addressed_stays_whatever_comes_later(copy_of_demo_shop: Shop) -> None:
    """Other rows of the past, another draw, another share and a full refresh; and from nothing it is the same again."""
    shop = copy_of_demo_shop
    frozen = members_of(shop)
    found = "count(distinct campaign), count(*) > 300, bool_and(decided_on = start_date - 1)"
    assert shop.row(f"select {found} from campaign_members") == (3, True, True)
    verdicts = shop.rows("select window_days, verdict from campaign_results order by start_date, window_days")
    assert [verdict for _, verdict in verdicts[-2:]] == ["not over yet"] * 2
    build = ("run", "--select", "campaign_members", "campaign_results")
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute("create table kept as from campaign_members; drop table campaign_members")
    result = shop.dbt(*build)
    assert result.success, problem_of(result)
    assert members_of(shop) == frozen
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        # late rows have changed what everybody was on every day
        warehouse.execute(
            "update core.int_customer_states_scd2 set frequency = 9, monetary = 1, last_net_order_date = valid_from"
        )
    result = shop.dbt(*build, "--full-refresh", control_salt="pepper", control_share=0.7)
    assert result.success, problem_of(result)
    assert members_of(shop) == frozen
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute(
            "insert into seeds.campaigns by name select 'new' as name, 'broad' as segmentation, 'whales' as segment, "
            "'2025-06-01' as start_date"
        )
    # As soon as segments are learned, before customers have them, by a run that draws members.
    learned = ("run", "--select", "int_segment_rules")
    for selected in (build, (*learned, "campaign_members")):
        problem = problem_of(shop.dbt(*selected))
        assert (
            "The campaign 'new' addresses the segment 'whales', which is none of the segmentation broad: they are"
            in problem
        )
        assert "loyal" in problem
    assert "int_segment_rules" in problem
    result = shop.dbt(*learned)
    assert result.success, problem_of(result)
    assert members_of(shop) == frozen


def test_a_wrong_row_stops_a_build_before_any_table_changes(make_shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    problems = json.dumps({"campaigns": [], "problems": ["One sentence.", "Another."]})
    monkeypatch.setattr(settings_plugin, "read_campaigns", lambda path, folder, names: problems)
    shop = make_shop()
    assert "One sentence.\nAnother." in "\n".join(
        line.strip() for line in problem_of(shop.dbt("build", "--select", "campaign_members")).splitlines()
    )
    assert shop.tables() == set()


def written(folder: Path, *rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> list[str]:
    path = folder / "campaigns.csv"
    pd.DataFrame(list(rows), columns=list(columns)).to_csv(path, index=False)
    found = json.loads(read_campaigns("campaigns.csv", str(folder)))
    assert len(found["campaigns"]) == len(rows)
    problems: list[str] = found["problems"]
    return problems


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"name": ""}, "Line 2 of campaigns.csv has no name."),
        ({"name": "?!"}, "needs another name"),
        ({"segmentation": "rfm"}, "names a segment or a segmentation alone"),
        ({"condition": ""}, "addresses nobody in particular"),
        ({"segmentation": "wide", "segment": "lost"}, "names the segmentation wide: there are rfm, broad, detailed."),
        ({"start_date": "1/6/2025"}, "has the start_date '1/6/2025': it needs a day as YYYY-MM-DD."),
        ({"start_date": "2025-02-30"}, "it needs a day"),
        ({"end_date": "soon"}, "has the end_date 'soon'"),
        ({"end_date": "2025-05-31"}, "ends on 2025-05-31, before it starts on 2025-06-01."),
        ({"control_share": "half"}, "has the control_share half: it is a number from 0 to 0.9"),
        ({"control_share": "0.95"}, "from 0 to 0.9"),
        ({"expected_lift": "nan"}, "has the expected_lift nan"),
        ({"condition": "frequency >"}, "syntax error"),
        ({"condition": "age > 3"}, 'Referenced column "age" not found'),
        ({"condition": "monetary"}, "it is no comparison"),
        ({"condition": "count(*) > 1"}, "cannot contain aggregates"),
        ({"condition": "customer_id in (select customer_id from customers)"}, "it queries a table"),
        ({"condition": "last_order_date > current_date - 30"}, "it asks the clock"),
        ({"condition": "last_order_date > now() - interval 30 day"}, "now() does not always answer the same"),
        ({"condition": "random() < 0.5"}, "random() does not always answer the same"),
        ({"condition": "true) limit (1"}, "syntax error"),
        ({"condition": "true) end or case when true then (true"}, "syntax error"),
        ({"condition": "age(first_order_date) > interval 30 day"}, "age() of one day asks the clock"),
        ({"condition": "last_order_date > current_localtimestamp()"}, "current_localtimestamp() does not always"),
        ({"condition": "last_order_date > ago('30 days')"}, "ago() does not always answer the same"),
        ({"condition": "rowid < 100"}, "it may not use rowid. It may use customer_id"),
        ({"condition": "columns('.*_days') > 1"}, "it may not use columns of no name"),
        ({"condition": "candidates.frequency > 1"}, "it may not use candidates.frequency"),
        ({"condition": "true; drop table customers"}, "syntax error"),
        ({"condition": f"monetary{' + 1' * 900} > 0"}, "it has too many parts within one another"),
    ],
)
def test_a_row_that_cannot_be_used_gets_one_sentence(tmp_path: Path, row: dict[str, str], sentence: str) -> None:
    (problem,) = written(tmp_path, ROW | row)
    assert sentence in problem
    assert "ine 2 of campaigns.csv" in problem


@pytest.mark.parametrize(
    ("segmentation", "segment", "end"),
    [
        ("rfm", "champions", None),
        ("broad", "all customers", None),
        ("broad", "too much revenue", None),
        # by its profile, one of several of a kind, and of an earlier fit
        ("detailed", "recent, rare, low spend", None),
        ("detailed", "long ago, frequent, high spend 2", None),
        ("detailed", "long ago, frequent, high spend 10", None),
        ("detailed", "long ago, frequent, high spend 11", "did you mean 'long ago, frequent, high spend 1"),
        ("detailed", "old hands", None),
        ("rfm", "recent, rare, low spend", "which is none of the segmentation rfm: there are champions, loyal,"),
        ("broad", "at-risk", "which is none of the segmentation broad: did you mean 'at risk'?"),
        ("detailed", "whales", "there are loyal, growing, promising, hanging, newcomers, at risk,"),
        ("broad", "any other", "there are champions,"),
    ],
)
def test_a_segment_that_nothing_can_be_called_is_found_before_anything_is_learned(
    tmp_path: Path, segmentation: str, segment: str, end: str | None
) -> None:
    row = ROW | {"segmentation": segmentation, "segment": segment, "condition": ""}
    pd.DataFrame([row]).to_csv(tmp_path / "campaigns.csv", index=False)
    names = {
        "strategies": ["seeds/segment_strategies.csv", str(ROOT)],
        "words": [["recent", "long ago"], ["frequent", "rare"], ["high spend", "low spend"]],
        "most_clusters": 10,
        "left_out": ["too much revenue"],
        "learned": {"detailed": ["old hands"]},
    }
    problems = json.loads(read_campaigns("campaigns.csv", str(tmp_path), json.dumps(names)))["problems"]
    assert [end in problem for problem in problems] == ([] if end is None else [True])


def test_rows_that_can_be_used_get_none(tmp_path: Path) -> None:
    assert written(
        tmp_path,
        ROW | {"end_date": "2025-06-01", "control_share": "0", "expected_lift": "0.05"},
        ROW | {"name": "Größe", "segmentation": "rfm", "segment": "lost", "condition": ""},
        ROW | {"name": "comment", "condition": "customer_id in ('1', '2') -- these two"},
        ROW | {"name": "age", "condition": "age(as_of_date, First_Order_Date) > interval 30 day"},
    ) == []  # fmt: skip


def test_a_sentence_of_duckdb_ends_once() -> None:
    problem = str(condition_problem("length(frequency) > 1"))
    assert "cast" in problem
    assert "!" not in problem
    assert ". It may use customer_id" in problem


def test_a_file_of_another_encoding_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "campaigns.csv").write_bytes(f"{','.join(COLUMNS)}\nGröße,,,true,2025-06-01,,,\n".encode("cp1252"))
    assert json.loads(read_campaigns("campaigns.csv", str(tmp_path))) == {
        "campaigns": [],
        "problems": ["The file 'campaigns.csv' isn't in UTF-8. Save it as 'CSV UTF-8', or with that encoding."],
    }
    assert json.loads(read_campaigns("gone.csv", str(tmp_path)))["problems"] == [
        "The file 'gone.csv' is missing. Put it back: without rows it needs its headings alone."
    ]


def test_a_cell_that_is_too_long_to_read_gets_one_sentence(tmp_path: Path) -> None:
    condition = f"customer_id in ({', '.join(map(str, range(100_000, 120_000)))})"
    pd.DataFrame([ROW | {"condition": condition}]).to_csv(tmp_path / "campaigns.csv", index=False)
    assert json.loads(read_campaigns("campaigns.csv", str(tmp_path)))["problems"] == [
        "The file 'campaigns.csv' can't be read as a CSV (field larger than field limit (131072)). Look for a cell that"
        " is too long, or a quote that nothing closes."
    ]


def test_two_campaigns_of_one_name_and_a_file_without_a_heading_are_found(tmp_path: Path) -> None:
    (problem,) = written(tmp_path, ROW, ROW | {"name": "Win-Back"})
    assert "The campaigns 'win back' and 'Win-Back' (lines 2 and 3 of campaigns.csv) have one name." in problem
    (problem,) = written(tmp_path, ROW, columns=COLUMNS[:-1])
    assert "lacks the column expected_lift" in problem


def test_a_sentence_names_the_line_in_which_its_row_begins(tmp_path: Path) -> None:
    """Neither blank lines nor cells of several lines shift it."""
    rows = '\na,,,"true\r\n or\n false",2025-06-01\nb,,,true,soon\n\nc,,,"true\n",then,,,,"x\ny"\n'
    (tmp_path / "campaigns.csv").write_bytes(f"{','.join(COLUMNS)}\n{rows}".encode())
    problems = json.loads(read_campaigns("campaigns.csv", str(tmp_path)))["problems"]
    assert [problem.partition(")")[0] for problem in problems] == [
        "The campaign 'b' (line 6 of campaigns.csv", "The campaign 'c' (line 8 of campaigns.csv",
    ]  # fmt: skip


def test_a_condition_may_use_each_column_of_a_customer(demo_shop: Shop) -> None:
    assert condition_problem(" and ".join(f"{column} is not null" for column in CONDITION_COLUMNS)) is None
    described = {name: kind.lower().replace(",", ", ") for name, kind, *_ in demo_shop.rows("describe customers")}
    assert {name: described[name] for name in CONDITION_COLUMNS} == CONDITION_COLUMNS


def test_a_campaign_holds_out_exactly_its_share(copy_of_demo_shop: Shop) -> None:
    """The first by a hash, computed here without SQL; halves of a customer are held out, too."""
    shop, day = copy_of_demo_shop, date(2025, 12, 31)
    campaigns = {
        "a third": ("0.333", 400), "half": ("0.5", 67), "one of eleven": ("0.136", 11), "few": ("0.1", 4),
        "broad: loyal": ("0.1", None), "to the loyal": ("0.1", None),
    }  # fmt: skip
    ids = [customer for (customer,) in shop.rows("select customer_id from customers order by 1")]
    to_loyal = {"segmentation": "broad", "segment": "loyal"}
    rows = [
        {"name": name, "control_share": share, "start_date": str(day + timedelta(days=1))}
        | (to_loyal if size is None else {"condition": f"customer_id in {tuple(ids[:size])}"})
        for name, (share, size) in campaigns.items()
    ]
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.register("given", pd.DataFrame(rows))
        warehouse.execute("insert into seeds.campaigns by name from given")
    result = shop.dbt("run", "--select", "campaign_members")
    assert result.success, problem_of(result)
    members = {
        campaign: dict(zip(customers, groups, strict=True))
        for campaign, customers, groups in shop.rows(
            "select campaign, list(customer_id order by customer_id), list(is_control order by customer_id)"
            f" from campaign_members where start_date > '{day}' group by 1"
        )
    }
    # Whom the list of a segment leaves out is drawn by chance, as its members change: the campaign of this name, too.
    listed = shop.rows("select customer_id, is_control from audiences where campaign = 'broad: loyal'")
    assert members.pop("broad: loyal") == dict(listed)
    assert len(members) == len(rows) - 1
    for campaign, groups in members.items():
        count = exact_share(Decimal(campaigns[campaign][0]), len(groups))
        drawn = sorted(groups, key=lambda customer: hashlib.md5(f"|{campaign}|{customer}".encode()).hexdigest()[:8])
        assert {customer for customer, is_control in groups.items() if is_control} == set(drawn[:count]), campaign
    counts = {campaign: (len(groups), sum(groups.values())) for campaign, groups in members.items()}
    assert counts["half"] == (67, 34)
    assert counts["one of eleven"] == (11, 1)
    assert counts["few"] == (4, 0)


def test_an_action_of_the_week_was_drawn_in_time_whenever_its_row_is_entered(
    copy_of_demo_shop: Shop, tmp_path: Path
) -> None:
    """Its list went out by the draw that its campaign goes by; one of another name, share or salt was not."""
    shop, day = copy_of_demo_shop, date(2025, 12, 31)
    published = shop.dbt("build", "--select", "report_pages", "published_files", published_folder=str(tmp_path))
    assert published.success, problem_of(published)
    action, start = f"win back {day}", day + timedelta(days=1)
    share, cut_point = shop.row(
        f"select control_share, control_cut_point from sources.proposed_actions where campaign = '{action}'"
    )
    assert share > 0
    rows = [(action, share, start), (f"{action} again", share, start), (f"second order {day}", 0.5, start)]
    rows += [(f"keep the best {day}", None, day)]
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        # The next day's lines are there before the rows are.
        warehouse.execute("update core.int_as_of_dates set as_of_date = as_of_date + 1 where role = 'as_of'")
        warehouse.executemany(
            "insert into seeds.campaigns by name select $1 as name, $2::varchar as control_share,"
            " $3::varchar as start_date, 'true' as condition",
            rows,
        )
    result = shop.dbt("run", "--select", "campaign_members")
    assert result.success, problem_of(result)
    decided = f"select distinct campaign, decided_on from campaign_members where start_date >= '{day}' order by 1"
    assert shop.rows(decided) == [
        (f"keep the best {day}", start), (f"second order {day}", start), (action, day), (f"{action} again", start)
    ]  # fmt: skip
    groups = "select customer_id, is_control from campaign_members where campaign = '{}'"
    as_listed = {
        customer: int(hashlib.md5(f"|{action}|{customer}".encode()).hexdigest()[:8], 16) / 2**32 < cut_point
        for customer, _ in shop.rows(groups.format(action))
    }
    # More than the list had: they are on the one or the other side of its cut-point.
    assert len(as_listed) > 400
    assert dict(shop.rows(groups.format(action))) == as_listed
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute("drop table campaign_members; update sources.proposed_actions set model_version = 9")
    result = shop.dbt("run", "--select", "campaign_members")
    assert result.success, problem_of(result)
    assert {decided_on for _, decided_on in shop.rows(decided)} == {start}, "another shop's proposals count"
    with duckdb.connect(str(shop.warehouse)) as warehouse:
        warehouse.execute("drop table campaign_members; update sources.proposed_actions set model_version = 1")
    result = shop.dbt("run", "--select", "campaign_members", control_salt="pepper")
    assert result.success, problem_of(result)
    assert {decided_on for _, decided_on in shop.rows(decided)} == {start}
