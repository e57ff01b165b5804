"""Who takes part in scores and segments, and among whom customers are scored, against a count by hand."""

from collections import defaultdict
from datetime import date, timedelta
from random import Random
from typing import Any

import pandas as pd
import pytest
from lines import Given, connected, rendered

MEASURES = ("recency_days", "frequency", "monetary")
FILTERS: dict[str, Any] = {
    "excluded_customers": ["c1", "it's c2"],
    "included_countries": ["UK", "France", "Côte d'Ivoire", "Chad"],
    "excluded_countries": ["France"],
    "min_orders": 2,
    "max_orders": 10,
    "min_revenue": 5.5,
    "max_revenue": 50,
}

BOUNDS = [f"{measure}_{end}" for measure in ("recency", "frequency", "monetary") for end in ("min", "max")]
ONE_RULE = pd.DataFrame(
    {"model_version": 1, "segmentation": ["broad", "detailed"], "segment": "any", "rule_number": 1, "confidence": 1.0}
).assign(**{name: pd.array([None, None], "Int64") for name in BOUNDS})
NO_CELLS = pd.DataFrame(
    {name: pd.Series(dtype=int) for name in (*BOUNDS, "recency_to", "frequency_to", "monetary_to")}
    | {name: pd.Series(dtype=str) for name in ("segment", "repeat_segment")}
)


def customers_of(count: int) -> pd.DataFrame:
    chance = Random(3)
    names = ["UK", "UK", "UK", "UK", "France", "Côte d'Ivoire", "Ch", "United", None]
    rows = [
        ("it's c2" if number == 2 else f"c{number}", chance.choice(names), chance.randrange(300),
         chance.choice([0, 1, 2, 3, 5, 9, 10, 11]), chance.choice([0, 5.49, 5.5, 7, 20, 50, 50.01]))
        for number in range(count)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["customer_id", "country", *MEASURES])


def reason_of(customer: Any, filters: dict[str, Any]) -> str | None:
    """Why a customer is left out: the first of the settings that applies."""
    if customer.frequency == 0:
        return None
    country = None if pd.isna(customer.country) else customer.country
    outside = {
        "customer left out": customer.customer_id in filters.get("excluded_customers", ()),
        "country left out": country not in filters.get("included_countries", [country])
        or country in filters.get("excluded_countries", ()),
        "too few orders": customer.frequency < filters.get("min_orders", 0),
        "too many orders": customer.frequency > filters.get("max_orders", 10**9),
        "too little revenue": customer.monetary < filters.get("min_revenue", 0),
        "too much revenue": customer.monetary > filters.get("max_revenue", 10**9),
    }
    return next((reason for reason, applies in outside.items() if applies), None)


def fifths(values: list[float]) -> list[float]:
    ordered = sorted(values)
    return [ordered[-(-len(ordered) * part // 5) - 1] for part in range(1, 5)]


def scored(customers: pd.DataFrame, **settings: Any) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The customers with scores and segments, and the cut-points that were fitted on those who take part."""
    with connected() as connection:
        given = Given(connection, states=customers.astype({"monetary": float}))
        given.settings = given.settings | settings
        connection.execute(
            rendered("""
            create table population as
            select country, cast(recency_days as decimal(18, 2)) as recency_days,
                cast(frequency as decimal(18, 2)) as frequency, cast(monetary as decimal(18, 2)) as monetary
            from states where frequency > 0 and {{ takes_part('states') }}
        """)
        )
        fitted = connection.sql(
            rendered("with {{ fit_cut_points('population') }} select 1 as model_version, * from cut_points")
        ).df()
        given.store(rfm_cut_points=fitted, int_segment_rules=ONE_RULE, rfm_segments=NO_CELLS)
        # Whatever the settings are by now, a version keeps those of its fit.
        given.settings = given.settings | dict.fromkeys((*FILTERS, "score_within"), None)
        connection.execute("create table facts as select *, 1 as model_version from states")
        found = given.rows("""
            with {{ assign_segments('facts') }}
            select customer_id, recency_score, frequency_score, monetary_score, rfm_score is null,
                exclusion_reason, broad_segment, detailed_segment, broad_rule, detailed_confidence
            from segmented
        """)
        cuts = given.rows("""
            select coalesce(score_group, ''), measure, list(cut_point order by cut_number)
            from {{ ref('rfm_cut_points') }} where measure in ('recency_days', 'frequency', 'monetary') group by 1, 2
        """)
    return found, cuts


@pytest.mark.parametrize(
    "filters",
    [{}, FILTERS, {"min_orders": 3}, {"excluded_countries": ["UK"]}],
    ids=["none", "all", "orders", "country"],
)
@pytest.mark.parametrize("within", [None, "country"])
def test_who_is_left_out_has_the_reason_as_segment_and_counts_for_nobodys_score(
    filters: dict[str, Any], within: str | None
) -> None:
    customers = customers_of(700)
    found, cuts = scored(customers, **filters, score_within=within)
    reasons = {customer.customer_id: reason_of(customer, filters) for customer in customers.itertuples()}
    groups: dict[str, list[Any]] = defaultdict(list)
    for customer in customers.itertuples():
        if customer.frequency and reasons[customer.customer_id] is None:
            groups[""].append(customer)
            if within and not pd.isna(customer.country):
                groups[str(customer.country)].append(customer)
    bounds = {
        (name, measure): fifths([float(getattr(member, measure)) for member in members])
        for name, members in groups.items() if name == "" or len(members) >= 100
        for measure in MEASURES
    }  # fmt: skip
    assert {(name, measure): [float(cut) for cut in of_cut] for name, measure, of_cut in cuts} == bounds
    assert within is None or filters == {"excluded_countries": ["UK"]} or ("UK", "frequency") in bounds
    expected: set[tuple[Any, ...]] = set()
    for customer in customers.itertuples():
        reason = reasons[customer.customer_id]
        if customer.frequency == 0 or reason:
            segment = reason or "all cancelled"
            expected.add((customer.customer_id, None, None, None, True, reason, segment, segment, None, None))
            continue
        group = str(customer.country) if (str(customer.country), "frequency") in bounds else ""
        passed = [sum(getattr(customer, measure) > cut for cut in bounds[group, measure]) for measure in MEASURES]
        scores = (5 - passed[0], 1 + passed[1], 1 + passed[2])
        expected.add((customer.customer_id, *scores, False, None, "any", "any", 1, 1.0))
    assert set(found) == expected


def test_a_customer_who_moves_is_scored_where_the_orders_of_the_day_say() -> None:
    """A move of country is an order's doing: without it the customer is still in the old one."""
    day, before = date(2011, 2, 28), date(2011, 1, 31)
    orders = pd.DataFrame(
        [("c", "1", "UK", before, before), ("c", "2", "France", day, day)],
        columns=["customer_id", "invoice_id", "country", "order_date", "valid_from"],
    ).assign(valid_until=None, units=1, amount=10, cancelled_units=0, cancelled_amount=0)
    customer_states = orders[["customer_id", "country", "valid_from"]].assign(
        valid_until=[day - timedelta(days=1), None]
    )
    move = {"customer_id": "c", "as_of_date": day, "previous_date": before, "is_move": True, "is_new": False,
            "model_version": 1, "previous_version": 1, "recency_days": 0, "frequency": 2, "monetary": 20,
            "recency_before": 0, "frequency_before": 1, "monetary_before": 10}  # fmt: skip
    cut_points = pd.DataFrame(
        [(1, None, measure, number, number) for measure in MEASURES for number in range(1, 5)]
        + [(1, "France", "excluded_countries", 1, None)],
        columns=["model_version", "score_group", "measure", "cut_number", "cut_point"],
    )
    with connected() as connection:
        given = Given(
            connection,
            int_snapshot_dates=pd.DataFrame({"as_of_date": [move["as_of_date"]]}),
            int_segment_moves=pd.DataFrame([move]).astype({"recency_days": "int32", "recency_before": "int32"}),
            int_order_states_scd2=orders,
            int_customer_states_scd2=customer_states,
            rfm_cut_points=cut_points,
            int_segment_rules=ONE_RULE,
            rfm_segments=NO_CELLS,
        )
        found = given.rows(
            "select is_aged, is_ordered, broad_segment from {{ ref('int_counterfactual_segments') }} order by all"
        )
    left_out = "country left out"
    assert found == [(False, False, "any"), (False, True, left_out), (True, False, "any"), (True, True, left_out)]
