"""The next segment by aging alone, against a walk through the days that looks at each of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import pytest
from conftest import ROOT, Shop, problem_of
from history_oracle import SEGMENTATIONS, Facts, Rule, Version, segments_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lines import Given, connected, rendered
from test_replay import CELLS, boxes

AS_OF = date(2025, 12, 31)
MEASURES = ("recency_days", "frequency", "monetary")
NEXT = ", ".join(f"next_{name}_segment, next_{name}_segment_date" for name in SEGMENTATIONS)
NEXT_SEGMENTS = f"""
    with {{{{ assign_segments('facts') }}}}, {{{{ next_segments() }}}}
    select customer_id, {NEXT} from next_segments
"""
Walk = tuple[str | None, date | None]


def cut_rows(cuts: Mapping[str, Sequence[int]], group: str | None = None, version: int = 1) -> list[tuple[Any, ...]]:
    return [
        (version, measure, number, float(cut), group)
        for measure, of_measure in cuts.items() for number, cut in enumerate(of_measure, start=1)
    ]  # fmt: skip


def rule_rows(rules: dict[str, list[Rule]], version: int = 1) -> list[tuple[Any, ...]]:
    return [
        (version, segmentation, number, rule.segment, 1.0, *rule.recency, *rule.frequency, *rule.monetary)
        for segmentation, of_segmentation in rules.items() for number, rule in enumerate(of_segmentation, start=1)
    ]  # fmt: skip


def found(
    customers: Iterable[tuple[str, Facts, str]], cuts: list[tuple[Any, ...]], rules: list[tuple[Any, ...]]
) -> dict[str, tuple[Walk, Walk, Walk]]:
    """What the macro finds for customers of version 1: (id, facts, country)."""
    facts = pd.DataFrame(
        [
            (name, country, 1, of.recency, of.frequency, of.monetary, AS_OF - timedelta(days=of.recency or 0))
            for name, of, country in customers
        ],
        columns=["customer_id", "country", "model_version", *MEASURES, "last_net_order_date"],
    )
    bounds = [f"{measure}_{end}" for measure in ("recency", "frequency", "monetary") for end in ("min", "max")]
    rule_table = pd.DataFrame(
        rules, columns=["model_version", "segmentation", "rule_number", "segment", "confidence", *bounds]
    ).astype(dict.fromkeys(bounds, float))
    cut_table = pd.DataFrame(cuts, columns=["model_version", "measure", "cut_number", "cut_point", "score_group"])
    cells = pd.read_csv(ROOT / "seeds" / "rfm_segments.csv")
    with connected() as connection:
        tables = Given(connection, rfm_segments=cells, int_segment_rules=rule_table, facts=facts)
        tables.store(rfm_cut_points=cut_table.astype({"score_group": "string"}))
        connection.execute("alter table facts alter last_net_order_date type date")
        rows = connection.execute(rendered(NEXT_SEGMENTS)).fetchall()
    walks = {row[0]: (row[1:3], row[3:5], row[5:7]) for row in rows}
    assert len(walks) == len(rows) == len(facts), "a customer is there twice, or is missing"
    return walks


def walked(facts: Facts, version: Version, most_days: int) -> tuple[Walk, ...]:
    """Look at each day, one after the other, until the segment is another one."""
    if facts.recency is None:
        return ((None, None),) * 3
    today = segments_of(facts, version, CELLS)
    walks: list[Walk] = [(None, None)] * 3
    for ahead in range(1, most_days):
        later = segments_of(Facts(facts.recency + ahead, facts.frequency, facts.monetary), version, CELLS)
        for place in range(3):
            if walks[place][0] is None and later[place] != today[place]:
                walks[place] = (later[place], AS_OF + timedelta(days=ahead))
    return tuple(walks)


@st.composite
def steps(draw: st.DrawFn, names: list[str]) -> list[Rule]:
    """Rules by days, each band of days divided by money or by orders at a bound of its own."""
    days = sorted(draw(st.sets(st.integers(1, 90), min_size=1, max_size=4)))
    rules = []
    for first, below in zip([None, *days], [*days, None], strict=True):
        measure = draw(st.sampled_from(["frequency", "monetary"]))
        bound = draw(st.integers(2, 4) if measure == "frequency" else st.integers(5, 60))
        for bounds in ((None, bound), (bound, None)):
            rules.append(Rule(draw(st.sampled_from(names)), recency=(first, below), **{measure: bounds}))
    return rules


@st.composite
def versions(draw: st.DrawFn) -> Version:
    def cuts(most: int) -> list[int]:
        return sorted(draw(st.lists(st.integers(0, most), min_size=4, max_size=4)))

    names = ["loyal", "new", "at risk", "lost"]
    return Version(
        1,
        AS_OF,
        {"recency_days": cuts(90), "frequency": cuts(4), "monetary": cuts(60)},
        {"broad": draw(boxes(names)), "detailed": draw(steps(names))},
    )


customer_facts = st.builds(
    Facts, st.integers(0, 110), st.integers(1, 5), st.integers(0, 7000).map(lambda pennies: Decimal(pennies) / 100)
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(versions(), st.lists(customer_facts, min_size=1, max_size=12))
def test_the_next_segment_is_the_first_other_one_of_the_days_that_follow(version: Version, facts: list[Facts]) -> None:
    customers = [(str(number), of, "UK") for number, of in enumerate(facts)]
    walks = found(customers, cut_rows(version.cut_points), rule_rows(version.rules))
    for name, of, _ in customers:
        assert walks[name] == walked(of, version, 130), of


ONE_RULE = {"broad": [Rule("all customers")], "detailed": [Rule("all customers")]}


def test_a_customer_ages_by_the_scores_of_the_own_country() -> None:
    """One order of little money: new, promising, about to sleep, hibernating, lost."""
    cuts = {"recency_days": [10, 20, 30, 40], "frequency": [1, 2, 3, 4], "monetary": [10, 20, 30, 40]}
    own = cuts | {"recency_days": [100, 200, 300, 400]}
    of = Facts(10, 1, Decimal(5))
    walks = found(
        [("shop", of, "UK"), ("own", of, "France"), ("gone", Facts(41, 1, Decimal(5)), "UK")],
        [*cut_rows(cuts), *cut_rows(own, "France")],
        rule_rows(ONE_RULE),
    )
    never = (None, None)
    assert walks == {
        "shop": (("promising", AS_OF + timedelta(days=1)), never, never),
        "own": (("promising", AS_OF + timedelta(days=91)), never, never),
        "gone": (never, never, never),
    }


def test_three_scores_skip_the_levels_that_they_lack() -> None:
    cuts = {"recency_days": [10, 40], "frequency": [1, 2, 3, 4], "monetary": [10, 20, 30, 40]}
    walks = found([("a", Facts(0, 1, Decimal(5)), "UK")], cut_rows(cuts), rule_rows(ONE_RULE))
    assert walks["a"][0] == ("about to sleep", AS_OF + timedelta(days=11))


def test_a_bound_that_nobody_lives_to_see_is_never() -> None:
    """A date of it would be beyond what readers can hold."""
    cuts = {"recency_days": [10, 20, 9999999, 99999999], "frequency": [1, 2, 3, 4], "monetary": [10, 20, 30, 40]}
    rules = {
        "broad": [Rule("loyal", recency=(None, 2000000000)), Rule("lost", recency=(2000000000, None))],
        "detailed": [Rule("all customers")],
    }
    walks = found([("a", Facts(21, 1, Decimal(5)), "UK")], cut_rows(cuts), rule_rows(rules))
    assert walks["a"] == ((None, None),) * 3


def test_who_takes_no_part_has_no_next_segment() -> None:
    cuts = {"recency_days": [10, 20, 30, 40], "frequency": [1, 2, 3, 4], "monetary": [10, 20, 30, 40]}
    rules = {
        "broad": [Rule("loyal", recency=(None, 50)), Rule("lost", recency=(50, None))],
        "detailed": [Rule("all customers")],
    }
    walks = found(
        [("a", Facts(5, 1, Decimal(5)), "UK"), ("b", Facts(5, 2, Decimal(5)), "UK")],
        [*cut_rows(cuts), (1, "min_orders", 1, 2.0, None)],
        rule_rows(rules),
    )
    assert walks["a"] == ((None, None),) * 3
    assert walks["b"][1] == ("lost", AS_OF + timedelta(days=45))


@pytest.fixture(
    scope="module", params=[100, pytest.param(500, marks=pytest.mark.soak)], ids=lambda days: f"{days} days"
)
def aging_shop(request: pytest.FixtureRequest, demo_shop: Shop) -> duckdb.DuckDBPyConnection:
    """The shop's customers' segments on each day after its last one, by the model's own SQL."""
    result = demo_shop.dbt("compile", "--select", "int_customer_segments")
    assert result.success, problem_of(result)
    (compiled,) = (run.node.compiled_code for run in result.result.results if run.node.name == "int_customer_segments")
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"attach '{demo_shop.warehouse}' as stored (read_only)")
    # The model's tables, under the names that its SQL has.
    connection.execute(f"attach ':memory:' as {demo_shop.warehouse.stem}")
    for schema, name in connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'stored'"
    ).fetchall():
        if f'"{schema}"."{name}"' in compiled:
            connection.execute(f"create schema if not exists {demo_shop.warehouse.stem}.{schema}")
            connection.execute(
                f"create table {demo_shop.warehouse.stem}.{schema}.{name} as from stored.{schema}.{name}"
            )
    connection.execute(f"create table found as {compiled}")
    names = ", ".join(f"{name}_segment" for name in SEGMENTATIONS)
    # Of all days at once, as customers of their own on each: to plan the query takes longer than a day.
    connection.execute(f"""
        use {demo_shop.warehouse.stem}.core;
        create or replace table int_as_of_dates as
        select role, cast(as_of_date + unnest(range(1, {request.param + 1})::integer[]) as date) as as_of_date
        from int_as_of_dates where role = 'as_of';
        create or replace table int_customer_states_scd2 as
        select states.* replace (
            concat(states.customer_id, '@', dates.as_of_date) as customer_id,
            dates.as_of_date as valid_from, dates.as_of_date as valid_until
        )
        from int_customer_states_scd2 as states cross join int_as_of_dates as dates
        where states.valid_until is null;
        use memory
    """)
    connection.execute(f"""
        create table days as
        select split_part(customer_id, '@', 1) as customer_id, as_of_date, {names} from ({compiled})
    """)
    assert connection.execute("select count(*), count(distinct (customer_id, as_of_date)) from days").fetchone() == (
        connection.execute(f"select count(*) * {request.param}, count(*) * {request.param} from found").fetchone()
    )
    return connection


@pytest.mark.parametrize("segmentation", SEGMENTATIONS)
def test_the_shop_says_on_each_day_to_come_what_was_announced(
    aging_shop: duckdb.DuckDBPyConnection, segmentation: str
) -> None:
    """Day by day as refreshes without new orders would."""
    wrong = aging_shop.execute(f"""
        with changes as (
            select
                days.customer_id,
                min(days.as_of_date) as day,
                arg_min(days.{segmentation}_segment, days.as_of_date) as segment
            from days
            inner join found using (customer_id)
            where days.{segmentation}_segment <> found.{segmentation}_segment
            group by 1
        )
        select found.customer_id
        from found
        left join changes using (customer_id)
        where
            if(found.next_{segmentation}_segment_date <= (select max(as_of_date) from days),
               (found.next_{segmentation}_segment_date, found.next_{segmentation}_segment), null)
            is distinct from if(changes.customer_id is null, null, (changes.day, changes.segment))
    """).fetchall()
    assert wrong == []
    ((changing, staying),) = aging_shop.execute(f"""
        select
            count(*) filter (where next_{segmentation}_segment_date <= (select max(as_of_date) from days)),
            count(*) filter (where next_{segmentation}_segment is null)
        from found
    """).fetchall()
    assert changing > 50
    assert staying > 50
