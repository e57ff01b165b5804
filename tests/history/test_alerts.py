"""Overdue alerts on made-up shops: which rule is chosen, and what an alert says, beside loops over days."""

import math
from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache, cached_property
from itertools import pairwise
from random import Random
from statistics import fmean
from typing import Any

import pandas as pd
import pytest
from lines import Given, connected

FIRST, TODAY = date(2024, 12, 1), date(2025, 12, 31)
MODELS = ("over 90 days", "typical gap of the shop", "typical gap", "stopped at 60 %", "stopped at 70 %")
Orders = dict[str, list[date]]
Outcome = tuple[bool, bool, float]


class MadeUpShop:
    """The orders of a shop by customer, and what loops over them say of its alerts."""

    def __init__(self, orders: Orders, last: date = TODAY) -> None:
        self.orders, self.last = orders, last
        days = [FIRST + timedelta(number) for number in range((last - FIRST).days + 1)]
        self.ends = [day for day in days if (day + timedelta(1)).day == 1]
        self.on = cache(lambda day: Day(self, day))
        self.outcomes = cache(self._outcomes)

    def tables(self) -> dict[str, pd.DataFrame]:
        """What the models read; one segment holds the customers with an even number."""
        states = [
            (customer, f"{customer}-{day}", day, day, None, True)
            for customer, days in self.orders.items()
            for day in days
            if day <= self.last
        ]
        snapshots = [
            (customer, end, self.segment(customer))
            for end in self.ends
            for customer, days in self.orders.items()
            if days[0] <= end
        ]
        customers = [
            (customer, self.segment(customer), len(known), 120.0, (self.last - known[-1]).days, 50.0, self.last)
            for customer, days in self.orders.items()
            if (known := [day for day in days if day <= self.last])
        ]
        made = {
            name: pd.DataFrame(rows, columns=columns.split())
            for name, rows, columns in (
                ("int_as_of_dates", [("as_of", self.last)], "role as_of_date"),
                ("int_snapshot_dates", [(end, True) for end in self.ends], "as_of_date is_month_end"),
                ("int_segment_snapshots", snapshots, "customer_id as_of_date detailed_segment"),
                ("int_customer_states_scd2", [(customer,) for customer in self.orders], "customer_id"),
                ("int_order_states_scd2", states, "customer_id invoice_id order_date valid_from valid_until is_net"),
                ("customers", customers, "customer_id detailed_segment frequency monetary recency_days"
                 " expected_spend_90_days as_of_date"),
            )
        }  # fmt: skip
        return made | {"int_segment_snapshots": without_moves(made["int_segment_snapshots"])}

    @staticmethod
    def segment(customer: str) -> str:
        return "even" if int(customer) % 2 == 0 else "odd"

    @cached_property
    def stop_days(self) -> int:
        start = min(day for days in self.orders.values() for day in days) + timedelta(60)
        return 180 if sum(start <= end <= self.last - timedelta(180) for end in self.ends) >= 2 else 90

    @cached_property
    def origins(self) -> list[date]:
        """Month ends on which it shows who stopped."""
        start = min(day for days in self.orders.values() for day in days) + timedelta(60)
        return [end for end in self.ends if start <= end <= self.last - timedelta(self.stop_days)]

    def _outcomes(self, model: str, end: date) -> dict[str, Outcome]:
        """By customer with an order in the stop horizon before: was an alert out, no order after, the score."""
        day, found = self.on(end), {}
        for customer, own in day.known.items():
            away = (end - own[-1]).days
            if away <= self.stop_days:
                following = [one for one in self.orders[customer] if end < one <= self.last]
                gone = not following or (following[0] - end).days > self.stop_days
                found[customer] = away > day.gap(model, customer, own), gone, day.score(own, away)
        return found


class Day:
    """What is known of a shop on a day."""

    def __init__(self, shop: MadeUpShop, day: date) -> None:
        cut = {customer: [one for one in days if one <= day] for customer, days in shop.orders.items()}
        self.known = {customer: days for customer, days in cut.items() if days}
        gaps = {customer: gaps_of(days) for customer, days in self.known.items()}
        self.everyone = [gap for own in gaps.values() for gap in own]
        self.alike: dict[str, list[int]] = {"even": [], "odd": []}
        for customer, own in gaps.items():
            self.alike[shop.segment(customer)] += own
        self.days_per_order = sum((day - days[0]).days for days in self.known.values()) / len(self.everyone)
        self.usual = {name: usual(pool) for name, pool in self.alike.items()} | {"everyone": usual(self.everyone)}

    def gap(self, model: str, customer: str, own: list[date]) -> int:
        """The last day of an absence without an alert, after the orders `own`."""
        if model == "over 90 days":
            return 90
        if model.startswith("stopped"):
            limit = 0.6 if "60" in model else 0.7
            return max(bisect_right(range(10_000), limit, key=lambda away: self.score(own, away)) - 1, 1)
        segment = MadeUpShop.segment(customer)
        if model == "typical gap of the shop" or (len(own) < 5 and len(self.alike[segment]) < 20):
            return self.usual["everyone"]
        return self.usual[segment] if len(own) < 5 else usual(gaps_of(own))

    def score(self, own: list[date], away: int) -> float:
        """The probability of having stopped: by the posterior odds of the modified BG/NBD with r = a = b = 1."""
        repeats, known_for = len(own) - 1, self.days_per_order + (own[-1] - own[0]).days
        stopped, alive = 1 / (1 + repeats), (known_for / (known_for + away)) ** (1 + repeats)
        return stopped / (stopped + alive)


def without_moves(snapshots: pd.DataFrame) -> pd.DataFrame:
    """Snapshots with the columns of moves, of which none happened."""
    columns = [
        f"{segmentation}_{what}"
        for segmentation in ("rfm", "broad", "detailed")
        for what in ("before", "segment", "cause")
    ]
    nothing = {column: None for column in columns if column not in snapshots}
    return snapshots.assign(**nothing, is_withdrawn=False, previous_date=snapshots["as_of_date"]).astype(
        dict.fromkeys(columns, "str")
    )


def gaps_of(days: list[date]) -> list[int]:
    return [(after - before).days for before, after in pairwise(days)]


def usual(pool: list[int]) -> int:
    """The least gap that 85 % of them are no longer than."""
    return next(gap for place, gap in enumerate(sorted(pool), 1) if place >= 0.85 * len(pool))


def informedness(outcomes: list[Outcome]) -> float:
    """The share found of those who stopped, less the share alerted of the others."""
    return fmean(alert for alert, gone, _ in outcomes if gone) - fmean(alert for alert, gone, _ in outcomes if not gone)


def with_long_pauses(size: int) -> Orders:
    """Customers who order every five days and pause for 85 after every seventh order; a third stops for good."""
    random, orders = Random(0), {}
    for number in range(size):
        day, days = FIRST + timedelta(random.randrange(60)), []
        stop = FIRST + timedelta(random.randrange(60, 400)) if number % 3 == 0 else TODAY
        while day <= min(stop, TODAY):
            days.append(day)
            day += timedelta(85 if len(days) % 7 == number % 7 else 5)
        orders[str(number)] = days
    return orders


def with_own_rates(size: int, rate_of_all: float, quits: float, seed: int) -> Orders:
    """Customers who order at a rate of their own, and may stop after each order."""
    random, orders = Random(seed), {}
    for number in range(size):
        rate, day = max(random.gammavariate(0.8, rate_of_all), 1e-4), FIRST + timedelta(random.randrange(300))
        days = [day]
        while random.random() > quits and (day := day + timedelta(1 + int(random.expovariate(rate)))) <= TODAY:
            days.append(day)
        orders[str(number)] = days
    return orders


SHOPS = {
    "long pauses": MadeUpShop(with_long_pauses(300)),
    "own rates": MadeUpShop(with_own_rates(1500, 1 / 40, 0.05, seed=1)),
    "hardly apart": MadeUpShop(with_own_rates(700, 1 / 60, 0.02, seed=1)),
    "few customers": MadeUpShop(with_long_pauses(60)),
    "a short log": MadeUpShop(with_own_rates(400, 1 / 45, 0.1, seed=2), last=date(2025, 3, 31)),
}
VERDICTS = {
    "long pauses": ("over 90 days", 'better than "typical gap" at earlier month ends, and at the last one, by'),
    "own rates": ("stopped at 60 %", 'better than "typical gap" at earlier month ends, and at the last one, by'),
    "hardly apart": ("typical gap", '"stopped at 60 %" was the best at earlier month ends, but its lead'),
    "few customers": ("typical gap", "too early to say: 5"),
    "a short log": ("typical gap", "too early to say: that needs two month ends with 90 days after them"),
}


@pytest.fixture(scope="module", params=SHOPS)
def case(request: pytest.FixtureRequest) -> Iterator[tuple[str, MadeUpShop, Given]]:
    shop = SHOPS[request.param]
    with connected() as connection:
        yield request.param, shop, Given(connection, **shop.tables())


def evaluated(warehouse: Given) -> dict[tuple[str, str, str], float]:
    rows = warehouse.rows("""
        select model, split, metric, value from {{ ref('int_history_evaluations') }}
        where score_from is null and task = 'flag customers who stop ordering'
    """)
    return {(model, split, metric): value for model, split, metric, value in rows}


def test_rules_are_judged_by_who_stopped_in_truth(case: tuple[str, MadeUpShop, Given]) -> None:
    _, shop, warehouse = case
    figures = evaluated(warehouse)
    real = {key: value for key, value in figures.items() if key[1].startswith("real") and key[2] != "lead_lower_bound"}
    expected = {}
    for model in MODELS:
        splits = {"earlier month ends": shop.origins[:-1], "the last month end": shop.origins[-1:]}
        for name, ends in splits.items():
            pooled = [one for end in ends for one in shop.outcomes(model, end).values()]
            if not pooled:
                continue
            split = f"real stops at {name}"
            if any(alert for alert, *_ in pooled):
                expected[model, split, "precision"] = fmean(gone for alert, gone, _ in pooled if alert)
            expected[model, split, "recall"] = fmean(alert for alert, gone, _ in pooled if gone)
            expected[model, split, "informedness"] = informedness(pooled)
        # How honest the probability is: by the earlier month ends, on alerts of the last one.
        earlier = [sorted(shop.outcomes(model, end).items()) for end in shop.origins[:-1]]
        bins = shares_by_score([one for outcomes in earlier for _, one in outcomes])
        last = [one for end in shop.origins[-1:] for one in shop.outcomes(model, end).values() if one[0]]
        if bins and last:
            promised = [
                max((share for least, share in bins if least <= score + 1e-9), default=score) for *_, score in last
            ]
            split = "real stops at the last month end"
            expected[model, split, "mean_probability"] = fmean(promised)
            expected[model, split, "brier_score"] = fmean(
                (one - gone) ** 2 for one, (_, gone, _) in zip(promised, last, strict=True)
            )
    assert real == pytest.approx(expected)


def test_the_rule_in_use_was_the_best_on_earlier_months_and_beats_the_default_on_the_last(
    case: tuple[str, MadeUpShop, Given],
) -> None:
    name, shop, warehouse = case
    ((chosen, note),) = warehouse.rows(
        "select model, note from {{ ref('int_history_evaluations') }} where split = 'rule in use'"
    )
    expected, reason = VERDICTS[name]
    assert (chosen, note[: len(reason)]) == (expected, reason)
    if name == "a short log":
        return
    earlier = {
        model: informedness([one for end in shop.origins[:-1] for one in shop.outcomes(model, end).values()])
        for model in MODELS
    }
    best = max(MODELS, key=lambda model: earlier[model])
    of_best, of_default = (shop.outcomes(model, shop.origins[-1]) for model in (best, "typical gap"))
    differences: dict[bool, list[int]] = {True: [], False: []}
    for customer, (alert, gone, _) in of_best.items():
        differences[gone].append(alert - of_default[customer][0])
    lead = fmean(differences[True]) - fmean(differences[False])
    error = math.sqrt(
        sum(fmean((one - fmean(group)) ** 2 for one in group) / len(group) for group in differences.values())
    )
    measured = evaluated(warehouse)[best, "real stops at the last month end", "lead_lower_bound"]
    assert measured == pytest.approx(lead - 1.645 * error)
    is_evident = len(of_best) >= 200 and len(differences[True]) >= 30 and measured > 0
    assert (chosen == best) == is_evident


def alert_of(shop: MadeUpShop, model: str, customer: str) -> tuple[str, int, date] | None:
    """State, days overdue and day of the alert that a customer has on the shop's last day, if any."""
    today = shop.on(shop.last)
    own = today.known[customer]
    away, gap = (shop.last - own[-1]).days, today.gap(model, customer, own)
    if gap < away <= gap + 180:
        return "new" if away - gap <= 7 else "continuing", away - gap, own[-1] + timedelta(gap + 1)
    if away <= gap and (back := [place for place in range(1, len(own)) if (shop.last - own[place]).days < 7]):
        # what the rule said before the order that ended the absence, the day before
        before, paused = today.gap(model, customer, own[: back[0]]), gaps_of(own)[back[0] - 1] - 1
        if before < paused <= before + 180:
            return "resolved", paused - before, own[back[0] - 1] + timedelta(before + 1)
    return None


@pytest.mark.parametrize("model", MODELS)
def test_alerts_follow_each_rule_that_may_be_in_use(model: str) -> None:
    """What one rule doesn't need of the past is not computed for it."""
    shop = SHOPS["own rates"]
    in_use = pd.DataFrame({"model": [model], "split": "rule in use", "score_from": [None], "value": [None]})
    with connected() as connection:
        tables = shop.tables() | {"int_history_evaluations": in_use.astype({"score_from": float, "value": float})}
        rows = Given(connection, **tables).rows(
            "select customer_id, state, days_overdue, alert_date, rule from {{ ref('customer_alerts') }}"
        )
    expected = {customer: alert_of(shop, model, customer) for customer in shop.on(shop.last).known}
    assert {customer: tuple(values) for customer, *values in rows} == {
        customer: (*alert, model) for customer, alert in expected.items() if alert
    }
    assert {row[1] for row in rows} >= {"continuing", "resolved"}


def test_an_alert_has_a_state_a_probability_and_an_expected_loss(case: tuple[str, MadeUpShop, Given]) -> None:
    name, shop, warehouse = case
    ((chosen,),) = warehouse.rows("select model from {{ ref('int_history_evaluations') }} where split = 'rule in use'")
    bins = shares_by_score([one for end in shop.origins for one in shop.outcomes(chosen, end).values()])
    today = shop.on(shop.last)
    expected: dict[str, tuple[Any, ...]] = {}
    for customer, own in today.known.items():
        away = (shop.last - own[-1]).days
        score = today.score(own, away)
        probability = max((share for least, share in bins if least <= score + 1e-9), default=score)
        if alert := alert_of(shop, chosen, customer):
            state, days_overdue, since = alert
            is_over = state == "resolved"
            loss = 0 if is_over else pytest.approx(50 * probability, abs=0.0051)
            expected[customer] = (state, days_overdue, 0 if is_over else pytest.approx(probability), loss, since)
    rows = warehouse.rows("""
        select customer_id, state, days_overdue, probability, expected_loss::double, alert_date
        from {{ ref('customer_alerts') }}
    """)
    assert {customer: tuple(values) for customer, *values in rows} == expected
    if name in ("own rates", "hardly apart", "a short log"):
        assert {state for state, *_ in expected.values()} == {"new", "continuing", "resolved"}
    # who is long lost is silent
    lost = {customer for customer, own in today.known.items() if (shop.last - own[-1]).days > 290}
    assert not lost & expected.keys()


def shares_by_score(outcomes: list[Outcome]) -> list[tuple[float, float]]:
    """By tenth of the customers in order of their score: the least score, and which share stopped, never falling."""
    ordered = sorted(outcomes, key=lambda one: one[2])
    if not ordered:
        return []
    total = fmean(gone for _, gone, _ in ordered)
    sizes = [len(ordered) // 10 + (number < len(ordered) % 10) for number in range(10)]
    shares, begin, most = [], 0, 0.0
    for size in sizes:
        group = ordered[begin : begin + size]
        begin += size
        most = max(most, (sum(gone for _, gone, _ in group) + 10 * total) / (size + 10))
        shares.append((group[0][2], most))
    return shares


def test_moves_against_the_order_of_segments_are_counted() -> None:
    """By cause: waiting that moves to a segment of more value, and an order that moves to one of less."""
    moves = [
        ("aging", "loyal", "lost", 5), ("aging", "lost", "loyal", 2), ("aging", "occasional", "newcomers", 1),
        ("order", "lost", "loyal", 4), ("order", "champions", "loyal", 3), ("order", "occasional", "newcomers", 1),
        # a cancellation may move anyone down, and who is new or was withdrawn has not moved
        ("cancellation", "loyal", "lost", 7), ("new", None, "loyal", 9),
    ]  # fmt: skip
    rows = [
        {"customer_id": f"{place}-{number}", "broad_cause": cause, "broad_before": before, "broad_segment": segment}
        for place, (cause, before, segment, count) in enumerate(moves)
        for number in range(count)
    ]
    snapshots = without_moves(pd.DataFrame(rows).assign(as_of_date=date(2025, 2, 28)))
    withdrawn = snapshots[snapshots["broad_cause"] == "order"].assign(is_withdrawn=True)
    shop = SHOPS["a short log"]
    with connected() as connection:
        tables = shop.tables() | {"int_segment_snapshots": pd.concat([snapshots, withdrawn])}
        found = Given(connection, **tables).rows("""
            select model, split, value, sample_size from {{ ref('int_history_evaluations') }}
            where task = 'keep to the order of segments' order by all
        """)
    assert found == [("broad rules", "down by an order", 3, 8), ("broad rules", "up by aging", 2, 8)]
