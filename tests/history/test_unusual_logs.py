"""A shop that was closed for a quarter, and a customer who cancelled everything: all that depends on time holds."""

from datetime import date

import pytest
from conftest import CLOSED, SENDER_BACK, Shop

DURING_CLOSED = f"as_of_date between '{CLOSED[0]}' and '{CLOSED[1]}'"
ENDS_OF_CLOSED_MONTHS = [date(2025, 4, 30), date(2025, 5, 31), date(2025, 6, 30)]


@pytest.fixture(scope="module")
def shop(small_shop: Shop) -> Shop:
    """Built as users build it: all data tests pass."""
    return small_shop


def test_months_without_sales_have_snapshots_and_customers_only_age_in_them(shop: Shop) -> None:
    states = {
        day: set(shop.rows(f"""
            select customer_id, frequency, monetary, as_of_date - recency_days from segment_history
            where as_of_date = '{day}'
        """))
        for day in (date(2025, 3, 31), *ENDS_OF_CLOSED_MONTHS)
    }  # fmt: skip
    assert states[date(2025, 3, 31)]
    assert all(states[day] == states[date(2025, 3, 31)] for day in ENDS_OF_CLOSED_MONTHS)
    causes = f"select distinct cause, sufficient_causes from segment_changes where {DURING_CLOSED}"
    assert shop.rows(causes) == [("aging", "aging")]
    flows = f"""
        select as_of_date, sum(customer_count), sum(revenue), bool_or(from_segment = 'no order yet')
        from segment_transitions where {DURING_CLOSED} and segmentation = 'broad' group by 1 order by 1
    """
    assert shop.rows(flows) == [(day, len(states[date(2025, 3, 31)]), 0, False) for day in ENDS_OF_CLOSED_MONTHS]
    drift = f"""
        select as_of_date, count(*), count(population_stability_index), count(stay_rate)
        from segment_drift where {DURING_CLOSED} group by 1 order by 1
    """
    # three scores and three segmentations; scores have no stay rate
    assert shop.rows(drift) == [(day, 6, 6, 3) for day in ENDS_OF_CLOSED_MONTHS]


def test_months_without_sales_are_zeros_in_sales_and_cohorts(shop: Shop) -> None:
    closed = f"month_start_date between '{CLOSED[0]}' and '{CLOSED[1]}'"
    assert shop.rows(f"""
        select month_start_date, order_count, customer_count, revenue, is_complete from sales_by_month
        where {closed} order by 1
    """) == [(day.replace(day=1), 0, 0, 0, True) for day in ENDS_OF_CLOSED_MONTHS]  # fmt: skip
    # of each of the four cohorts before it
    active = shop.row(f"select count(*), sum(active_customer_count), sum(revenue) from cohorts where {closed}")
    assert active == (12, 0, 0)


def test_forecasts_and_report_stand_with_months_without_sales(shop: Shop) -> None:
    assert shop.row("select count(*) from customers where expected_spend_90_days is null") == (0,)
    evaluated = shop.rows("""
        select sample_size from model_evaluations
        where metric = 'origins' and (task like 'forecast %' or task like 'predict %')
    """)
    assert len(evaluated) == 5
    assert all(size > 0 for (size,) in evaluated)
    # The seed of campaigns that goes with the log of one's own has no rows.
    assert shop.rows("select chart, failure_reason from reporting.rpt_charts where failure_reason is not null") == [
        (
            "campaign_results",
            "No campaign has begun: a row in seeds/campaigns.csv plans one, and its results are shown here.",
        )
    ]
    moving = "'segment_flows', 'stay_rates', 'change_causes', 'alerts', 'alert_backtest', 'drift'"
    assert shop.row(f"select sum(figure_count) from reporting.rpt_charts where chart in ({moving})") == (24,)


def test_customers_who_cancelled_everything_count_until_then(shop: Shop) -> None:
    """Reports before the cancellation stay true: they know nothing of what followed."""
    bought, sent_back = date(2025, 7, 31), date(2025, 9, 30)
    history = shop.rows(f"""
        select as_of_date, frequency, recency_days, 'all cancelled' in (rfm_segment, broad_segment, detailed_segment)
        from segment_history where customer_id = '{SENDER_BACK}' order by 1
    """)
    assert history == [
        (bought, 1, 21, False),
        (date(2025, 8, 31), 2, 26, False),
        *((day, 0, None, True) for day in (sent_back, date(2025, 10, 31), date(2025, 11, 30), date(2025, 12, 31))),
    ]
    changes = shop.rows(f"""
        select segmentation, cause, sufficient_causes, to_segment, direction, as_of_date from segment_changes
        where customer_id = '{SENDER_BACK}' and (as_of_date > '2025-08-31' or cause = 'cancellation') order by 1
    """)
    assert changes == [
        (segmentation, "cancellation", "cancellation", "all cancelled", "down", sent_back)
        for segmentation in ("broad", "detailed", "rfm")
    ]


def test_no_alert_is_raised_for_customers_with_only_cancelled_orders(shop: Shop) -> None:
    today = "select frequency, monetary, rfm_score, rfm_segment, broad_segment, detailed_segment from customers"
    assert shop.rows(f"{today} where customer_id = '{SENDER_BACK}'") == [(0, 0, None, *["all cancelled"] * 3)]
    assert shop.rows(f"from customer_alerts where customer_id = '{SENDER_BACK}'") == []
    assert shop.rows("from customer_alerts") != []
