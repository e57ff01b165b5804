"""What the first screen says of few customers and of any settings, on given tables and without dbt."""

import datetime
import itertools
import re

import pandas as pd
import pytest
from conftest import ROOT
from lines import Given, connected
from shop_toolkit.ingest.source import create_state
from shop_toolkit.report.charts import Row
from shop_toolkit.report.glossary import glossary
from shop_toolkit.report.language import Language, languages, speaking
from shop_toolkit.report.privacy import LEAST_CUSTOMERS
from shop_toolkit.report.sections.first import revenue_change

# Columns of the tables that have no rows here.
EMPTY = {
    "segments": {
        "segmentation": "str", "segment": "str", "size": "int", "revenue": "float", "display_order": "int",
        "action": "str", "channel": "str",
    },
    "customer_alerts": {"customer_id": "str", "state": "str", "monetary": "float", "expected_loss": "float"},
    "int_category_days": {
        "category_name": "str", "amount": "float", "event_date": "datetime64[ns]", "prediction_run": "str",
    },
    "sales_by_month": {"anonymous_revenue": "float", "revenue": "float"},
    "segment_changes": {
        "segmentation": "str", "direction": "str", "change_type": "str", "revenue_at_risk": "float",
        "as_of_date": "datetime64[ns]",
    },
}  # fmt: skip
LAST_DAY = datetime.date(2024, 6, 30)
# Nobody is in a campaign; one of long ago shows the types of its columns.
CAMPAIGN = {"customer_id": "", "segmentation": "rfm", "segment": "new", "start_date": datetime.date(2000, 1, 1)}


def sales(came: int, went: int, stayed: int) -> pd.DataFrame:
    """Orders of 40 now and 30 before, of customers who came, stayed away or ordered in both periods."""
    days = {"now": LAST_DAY, "before": LAST_DAY - datetime.timedelta(days=59)}
    groups = {"came": (came, ["now"]), "went": (went, ["before"]), "stayed": (stayed, ["now", "before"])}
    rows = [
        (f"{name} {number}", days[period], 40 if period == "now" else 30)
        for name, (count, periods) in groups.items()
        for number, period in itertools.product(range(count), periods)
    ]
    orders = pd.DataFrame(rows, columns=["customer_id", "order_date", "revenue"])
    return orders.assign(gross_amount=orders["revenue"], cancelled_amount=0)


def findings(orders: pd.DataFrame) -> dict[str, Row]:
    customers = pd.DataFrame({"customer_id": orders["customer_id"].unique()}).assign(
        frequency=2,
        monetary=1,
        recency_days=0,
        detailed_segment="",
        rfm_segment="",
        expected_spend_90_days=1,
        as_of_date=LAST_DAY,
    )
    return findings_of(orders, customers)


def findings_of(orders: pd.DataFrame, customers: pd.DataFrame) -> dict[str, Row]:
    empty = {
        name: pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in columns.items()})
        for name, columns in EMPTY.items()
    }
    model = (ROOT / "models/reporting/rpt_findings.sql").read_text("utf-8")
    with connected() as connection:
        create_state(connection, "sources")
        given = Given(
            connection,
            orders=orders,
            customers=customers.assign(model_version=1),
            campaign_members=pd.DataFrame([CAMPAIGN]),
            **empty,
        )
        given.rows(f"create table rpt_findings as {model}")
        rows = connection.table("rpt_findings").df()
    return {str(row["finding"]): row for row in rows.to_dict("records")}


@pytest.mark.parametrize(
    "sizes", [(6, 7, 8), (5, 5, 5), (0, 5, 5), (5, 0, 0), (1, 6, 6), (6, 1, 6), (6, 6, 4), (0, 1, 9), (0, 0, 3)]
)
def test_the_revenue_of_few_who_came_or_stayed_away_is_withheld(sizes: tuple[int, int, int]) -> None:
    came, went, stayed = sizes
    found = findings(sales(came, went, stayed))
    if went + stayed == 0:
        assert "revenue_change" not in found
        return
    change = found["revenue_change"]
    now, before = 40 * (came + stayed), 30 * (went + stayed)
    known = {"current_amount": now, "previous_amount": before, "amount": abs(now - before)}
    known |= {"customer_count": went, "of_customer_count": went + stayed}
    assert {name: change[name] for name in known} == known
    text, evidence = revenue_change(change)
    assert text.startswith("The last 30 days brought ")
    # What any of the three brought is the rest of a sum that is shown.
    if any(0 < size < LEAST_CUSTOMERS for size in sizes):
        assert pd.isna(change["gained_amount"])
        assert pd.isna(change["lost_amount"])
        assert evidence == (
            "Revenue of customers who came, stayed away or ordered in both periods is not shown: one of these groups"
            " has fewer than 5 customers."
        )
    else:
        assert (change["gained_amount"], change["lost_amount"]) == (40 * came, 30 * went)
        assert evidence.startswith("Customers who had not ordered in the period before brought ")


def test_the_second_order_is_asked_of_as_many_as_a_campaign_can_list() -> None:
    orders = sales(150, 0, 0)
    customers = pd.DataFrame({"customer_id": orders["customer_id"], "expected_spend_90_days": range(150)}).assign(
        frequency=1, monetary=40, recency_days=0, detailed_segment="", rfm_segment="", as_of_date=LAST_DAY
    )
    action = findings_of(orders, customers)["second_order"]
    known = {"customer_count": 100, "of_customer_count": 150, "amount": sum(range(50, 150))}
    assert {name: action[name] for name in known} == known


@pytest.mark.parametrize("language", languages())
def test_a_score_is_explained_as_any_setting_has_it(language: str) -> None:
    with speaking(Language(language)):
        ((_, name, text),) = glossary(["score"])
    assert name in ("score", "балл")
    # Some shops have three scores, or ten, and bounds of their own.
    assert not re.search(r"[0-9]{2}|[2-9]|fifth|пят", text)
    assert re.search("highest is best|высший – лучший", text)
