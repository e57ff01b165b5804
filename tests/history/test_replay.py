"""Told build by build, in whatever order rows arrive, the history is what one build from scratch says, and loops say.

dbt compiles the history once in each of its states; plain DuckDB runs that SQL over small random shops, many times.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from conftest import ROOT, Shop, problem_of
from history_oracle import SEGMENTATIONS, Event, Rule, Version, days_of, history_of, movements_of, version_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FIRST_DAY = date(2011, 1, 10)
TOLD = ("segment_history", "segment_changes", "history.processed_order_events", "history.processed_snapshot_dates")
# In the order in which dbt runs them.
STEPS = (
    "history.int_history_versions",
    "history.int_snapshot_dates",
    "history.int_customer_states_scd2",
    "history.int_changed_customers",
    "history.int_history_delta",
    "main.segment_history",
    "history.int_segment_moves",
    "history.int_counterfactual_facts",
    "history.int_counterfactual_segments",
    "main.segment_changes",
    "main.segment_transitions",
    "history.processed_order_events",
    "history.processed_snapshot_dates",
)
# With the macro that says what a build tells anew of them.
INCREMENTAL = {
    "main.segment_history": "forget_due_and_touched",
    "main.segment_changes": "forget_due_and_touched",
    "main.segment_transitions": "forget_due_days",
    "history.processed_order_events": "forget_touched_customers",
}
VIEWS = ("scoring.int_rfm_score_map", "history.int_segment_values")
MARKS = ("restated_by", "original_rfm_segment", "original_broad_segment", "original_detailed_segment")


@dataclass(frozen=True)
class Compiled:
    """The SQL of the history by model: where nothing was told, where something was, and where the build looks back.

    `forget`: by macro, what is taken out of the table `table_to_forget` first.
    """

    untold: dict[str, str]
    told: dict[str, str]
    look: dict[str, str]
    forget: dict[str, str]


@dataclass(frozen=True)
class Build:
    """What one build finds: the rows of the file by then, the day, the versions; and after which step it is cut off."""

    events: list[Event]
    as_of: date
    is_set: bool
    versions: list[Version]
    cut_off_after: int | None


@pytest.fixture(scope="module")
def compiled(make_shop: Callable[..., Shop]) -> Compiled:
    return compile_history(make_shop())


def compile_history(shop: Shop) -> Compiled:
    """The SQL of an empty warehouse in which only stands what decides between the states."""
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute("create schema history; create schema scoring")
        connection.execute("create table segment_history (customer_id varchar)")
        connection.execute("create table segment_changes (customer_id varchar)")
        connection.execute("create table segment_transitions (as_of_date date)")
        connection.execute("create table orders (invoice_id varchar, customer_id varchar, order_date date)")
        connection.execute("create table history.processed_order_events (customer_id varchar)")
        connection.execute("create table history.processed_snapshot_dates (as_of_date date, model_version integer)")
        connection.execute(
            "create table scoring.rfm_cut_points"
            " (model_version integer, anchor_invoice_id varchar, anchor_customer_id varchar, anchor_order_date date)"
        )

    def sql(*arguments: str, **variables: Any) -> dict[str, str]:
        names = [step.split(".")[1] for step in (*STEPS, *VIEWS)]
        result = shop.dbt("compile", "--select", *names, *arguments, **variables)
        assert result.success, problem_of(result)
        return {
            run.node.name: run.node.compiled_code for run in result.result.results if run.node.resource_type == "model"
        }

    untold = sql("--full-refresh")
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute("insert into orders values ('1', 'c', '2011-01-01')")
        connection.execute("insert into scoring.rfm_cut_points values (1, '1', 'c', '2011-01-01')")
        connection.execute("insert into history.processed_snapshot_dates values ('2011-12-31', 1)")
    told, look = sql(), sql(as_of_date="2011-06-30")
    forget = {}
    for macro in set(INCREMENTAL.values()):
        result = shop.dbt("compile", "--inline", f"{{{{ {macro}('table_to_forget') }}}}")
        assert result.success, problem_of(result)
        (inline,) = result.result.results
        forget[macro] = inline.node.compiled_code
    assert told["int_snapshot_dates"] != untold["int_snapshot_dates"] != look["int_snapshot_dates"]
    return Compiled(untold, told, look, forget)


def seed(name: str) -> str:
    return f"read_csv('{ROOT / 'seeds' / name}.csv', header = true)"


CELLS = [
    (int(row["recency_min"]), int(row["recency_to"]), int(row["frequency_min"]), int(row["frequency_to"]),
     int(row["monetary_min"]), int(row["monetary_to"]), row["segment"])
    for row in csv.DictReader((ROOT / "seeds" / "rfm_segments.csv").open())
]  # fmt: skip


class Warehouse:
    """An empty warehouse in memory in which builds tell the history."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("attach ':memory:' as shop; use shop")
        for schema in ("history", "customers", "scoring", "segmentation", "seeds"):
            self.connection.execute(f"create schema {schema}")
        for name in ("rfm_segments", "segment_strategies"):
            self.connection.execute(f"create table seeds.{name} as select * from {seed(name)}")
        self.connection.execute("""
            create table core.int_order_events_daily (
                customer_id varchar, invoice_id varchar, event_date date, units decimal(18, 3), amount decimal(18, 2),
                cancelled_units decimal(18, 3), cancelled_amount decimal(18, 2)
            );
            create table core.int_as_of_dates (role varchar, as_of_date date);
            create table orders (invoice_id varchar, customer_id varchar, order_date date);
            create table core.model_versions (
                model_version integer, cause varchar, anchor_invoice_id varchar, anchor_customer_id varchar,
                anchor_order_date date, baseline_date date
            );
            create table scoring.rfm_cut_points (
                model_version integer, measure varchar, cut_number integer, cut_point decimal(18, 2)
            );
            create table segment_rules (
                model_version integer, segmentation varchar, rule_number integer, segment varchar, confidence double,
                recency_min integer, recency_max integer, frequency_min integer, frequency_max integer,
                monetary_min decimal(18, 2), monetary_max decimal(18, 2)
            )
        """)
        for view in VIEWS:
            self.connection.execute(f"create view {view} as {compiled.untold[view.split('.')[1]]}")

    def rows(self, query: str) -> list[tuple]:
        return self.connection.execute(query).fetchall()

    def has(self, *tables: str) -> bool:
        there = {name for (name,) in self.rows("select concat(schema_name, '.', table_name) from duckdb_tables()")}
        return all((table if "." in table else f"main.{table}") in there for table in tables)

    def last_told(self, versions: list[Version]) -> date | None:
        """As the macro processed_history says: of this shop, known by its versions."""
        if not self.has(*TOLD):
            return None
        numbers = ", ".join(str(version.number) for version in versions)
        ((last,),) = self.rows(
            f"select max(as_of_date) from history.processed_snapshot_dates where model_version in ({numbers})"
        )
        return last

    def insert(self, table: str, rows: list[tuple]) -> None:
        self.connection.execute(f"delete from {table}")
        if rows:
            row = f"({', '.join('?' * len(rows[0]))})"
            values = [value for values in rows for value in values]
            self.connection.execute(f"insert into {table} values {', '.join([row] * len(rows))}", values)

    def fill(self, build: Build) -> None:
        order_days: dict[tuple[str, str, date], list] = {}
        for event in build.events:
            sums = order_days.setdefault((event.customer, event.invoice, event.day), [0, Decimal(0), 0, Decimal(0)])
            sign = -1 if event.is_cancelled else 1
            sums[0] += sign * event.units
            sums[1] += sign * event.amount
            sums[2] += event.units if event.is_cancelled else 0
            sums[3] += event.amount if event.is_cancelled else 0
        self.insert("core.int_order_events_daily", [(*key, *sums) for key, sums in order_days.items()])
        self.insert("core.int_as_of_dates", [("as_of", build.as_of)])
        anchor = date(2010, 1, 1)
        self.insert("orders", [(f"anchor {version.number}", "anchor", anchor) for version in build.versions])
        self.insert("core.model_versions", [
            (version.number, "refit", f"anchor {version.number}", "anchor", anchor, version.baseline)
            for version in build.versions
        ])  # fmt: skip
        self.insert("scoring.rfm_cut_points", [
            (version.number, measure, number, cut)
            for version in build.versions
            for measure, cuts in version.cut_points.items()
            for number, cut in enumerate(cuts, start=1)
        ])  # fmt: skip
        self.insert("segment_rules", [
            (version.number, segmentation, number, rule.segment, 1, *rule.recency, *rule.frequency, *rule.monetary)
            for version in build.versions
            for segmentation, rules in version.rules.items()
            for number, rule in enumerate(rules, start=1)
        ])  # fmt: skip

    def build(self, build: Build) -> bool:
        """Run the build; whether it only looked back."""
        self.fill(build)
        last_told = self.last_told(build.versions)
        is_look = build.is_set and last_told is not None and build.as_of < last_told
        state = self.compiled.look if is_look else self.compiled.told if last_told else self.compiled.untold
        for number, step in enumerate(STEPS):
            sql = state[step.split(".")[1]]
            if step in INCREMENTAL and self.has(step):
                # As the macro delete_restated_history says.
                if state is self.compiled.told:
                    forget = self.compiled.forget[INCREMENTAL[step]]
                    self.connection.execute(forget.replace("table_to_forget", step))
                elif state is self.compiled.untold:
                    self.connection.execute(f"delete from {step}")
                self.connection.execute(f"insert into {step} {sql}")
            else:
                self.connection.execute(f"create or replace table {step} as {sql}")
            if build.cut_off_after == number:
                break
        return is_look

    def history(self) -> dict[tuple[str, date], dict[str, Any]]:
        if not self.has("segment_history"):
            return {}
        table = self.connection.execute("select * from segment_history")
        names = [column[0] for column in table.description]
        rows = [dict(zip(names, row, strict=True)) for row in table.fetchall()]
        history = {(row["customer_id"], row["as_of_date"]): row for row in rows}
        assert len(history) == len(rows), "a row stands in the history twice"
        return history

    def changes(self) -> list[tuple]:
        return self.rows("select * from segment_changes order by all")

    def closed_days(self, versions: list[Version]) -> set[date]:
        if not self.last_told(versions):
            return set()
        return {
            day for (day,) in self.rows("select as_of_date from history.processed_snapshot_dates where not is_open")
        }


def days(most: int) -> st.SearchStrategy[date]:
    """Any day, and the last ones of months more often: they are the ones that the history tells of."""
    ends = st.sampled_from([offset for offset in (21, 49, 80, 110) if offset <= most])
    return (st.integers(0, most) | ends).map(lambda offset: FIRST_DAY + timedelta(days=offset))


@st.composite
def boxes(draw: st.DrawFn, names: list[str]) -> list[Rule]:
    """Rules that share out the whole space: by days, then by orders or money."""
    recency = draw(st.sampled_from([1, 20, 31, 60]))
    frequency, monetary = draw(st.integers(2, 3)), draw(st.sampled_from([10, 25, 50]))
    segments = [draw(st.sampled_from(names)) for _ in range(4)]
    return [
        Rule(segments[0], recency=(None, recency), frequency=(None, frequency)),
        Rule(segments[1], recency=(None, recency), frequency=(frequency, None)),
        Rule(segments[2], recency=(recency, None), monetary=(None, monetary)),
        Rule(segments[3], recency=(recency, None), monetary=(monetary, None)),
    ]


@st.composite
def versions(draw: st.DrawFn) -> list[Version]:
    def cuts(most: int) -> list[int]:
        return sorted(draw(st.lists(st.integers(0, most), min_size=4, max_size=4)))

    return [
        Version(
            number,
            draw(days(150)),
            {"recency_days": cuts(90), "frequency": cuts(4), "monetary": cuts(60)},
            {
                "broad": draw(boxes(["loyal", "new", "lost"])),
                "detailed": draw(boxes(["champions", "made of a profile", "lost"])),
            },
        )
        for number in (1, 2)
    ]


@st.composite
def orders(draw: st.DrawFn, number: int) -> list[Event]:
    """A sale, perhaps more of it the day after, and what was taken back: nothing, some, all, at once or bit by bit."""
    customer, day = draw(st.sampled_from("abc")), draw(days(120))
    units, price = draw(st.integers(1, 3)), draw(st.sampled_from([Decimal("0.50"), Decimal(5), Decimal(20)]))
    sale = Event(customer, str(number), day, units, units * price)
    events = [sale]
    if draw(st.integers(0, 5)) == 0:
        events.append(replace(sale, day=day + timedelta(days=1), units=1, amount=price))
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2]))):
        left = units - sum(event.units for event in events if event.is_cancelled)
        if left:
            back = draw(st.integers(1, left))
            at = day + timedelta(days=draw(st.sampled_from([0, 1, 10, 40])))
            events.append(Event(customer, str(number), at, back, back * price, is_cancelled=True))
    return events


@st.composite
def arrivals(draw: st.DrawFn) -> list[Build]:
    """Builds that each find the rows that have come by then; late ones, and some that are gone again."""
    all_orders = [draw(orders(number)) for number in range(draw(st.integers(1, 8)))]
    fitted = draw(versions())
    builds: list[Build] = []
    number_of_builds = draw(st.integers(2, 4))
    # Some customers are not known at first, some of their rows come later still, and a few are gone again.
    known_from = {customer: draw(st.sampled_from([0, 0, 1])) for customer in "abc"}
    seen = [
        [
            (
                max(known_from[event.customer], draw(st.sampled_from([0, 0, 1, 2, 3]))),
                draw(st.sampled_from([9, 9, 9, 9, 2, 3])),
            )
            for event in order
        ]
        for order in all_orders
    ]
    for number in range(number_of_builds):
        events: list[Event] = []
        for order, spans in zip(all_orders, seen, strict=True):
            # Nothing is taken back of a sale that the file does not hold.
            if spans[0][0] <= number < spans[0][1]:
                events += [event for event, (come, gone) in zip(order, spans, strict=True) if come <= number < gone]
        last = max((event.day for event in events), default=FIRST_DAY)
        setting = draw(st.integers(-20, 200)) if draw(st.integers(0, 4)) == 0 else None
        builds.append(
            Build(
                events,
                last + timedelta(days=draw(st.sampled_from([0, 0, 3, 45])))
                if setting is None
                else FIRST_DAY + timedelta(days=setting),
                setting is not None,
                draw(st.sampled_from([fitted[:1], fitted, fitted, fitted[1:]])),
                draw(st.integers(0, len(STEPS) - 2)) if draw(st.integers(0, 3)) == 0 else None,
            )
        )
        if draw(st.integers(0, 3)) == 0:
            builds.append(builds[-1])
    # The last build is whole, and looks at all that has come.
    last = max((event.day for event in builds[-1].events), default=FIRST_DAY)
    return [*builds, replace(builds[-1], as_of=last, is_set=False, cut_off_after=None)]


def without_marks(history: dict[tuple[str, date], dict[str, Any]]) -> dict[tuple[str, date], dict[str, Any]]:
    return {key: {name: value for name, value in row.items() if name not in MARKS} for key, row in history.items()}


def movements(warehouse: Warehouse) -> list[tuple]:
    """What came late is new to who tells it from scratch."""
    return warehouse.rows("""
        select * replace (if(from_segment is null, 'new', cause) as cause)
        from segment_changes
        where change_type = 'movement'
        order by all
    """)


def assert_equals_loops(warehouse: Warehouse, build: Build) -> None:
    told = {
        key: (
            row["model_version"],
            (row["recency_days"], row["frequency"], row["monetary"]),
            None if row["recency_score"] is None
            else (row["recency_score"], row["frequency_score"], row["monetary_score"]),
            tuple(row[f"{segmentation}_segment"] for segmentation in SEGMENTATIONS),
        )
        for key, row in warehouse.history().items()
    }  # fmt: skip
    expected = history_of(build.events, build.as_of, build.versions, CELLS)
    assert told == {
        key: (version, (facts.recency, facts.frequency, facts.monetary), scores, segments)
        for key, (version, facts, scores, segments) in expected.items()
    }
    moved = {
        (customer, segmentation, day): (was, now, "new" if was is None else cause, enough)
        for customer, segmentation, day, was, now, cause, enough in warehouse.rows("""
            select customer_id, segmentation, as_of_date, from_segment, to_segment, cause, sufficient_causes
            from segment_changes where change_type = 'movement'
        """)
    }
    assert moved == movements_of(build.events, build.as_of, build.versions, CELLS)


def assert_marks_say_what_was_told_first(
    before: dict[tuple[str, date], dict[str, Any]], closed: set[date], warehouse: Warehouse
) -> None:
    """`closed`: the days that were over when `before` was told."""
    facts = ("recency_days", "frequency", "monetary")
    closed_days = {day for _, day in before if day in closed}
    for (customer, day), row in warehouse.history().items():
        was = before.get((customer, day))
        first: list[str | None] = [None] * 3
        if day not in closed_days:
            # After a clock that jumped back a marked day may be the last one: it stays as it is until it is told anew.
            if was == row:
                continue
            mark = None
        elif was is None:
            mark = "late_data"
        else:
            if any(was[fact] != row[fact] for fact in facts):
                mark = "late_data"
            elif was["model_version"] != row["model_version"]:
                mark = "refit"
            else:
                mark = was["restated_by"]
            prefix = "original_" if was["restated_by"] else ""
            first = [was[f"{prefix}{segmentation}_segment"] if mark else None for segmentation in SEGMENTATIONS]
        assert row["restated_by"] == mark
        assert [row[f"original_{segmentation}_segment"] for segmentation in SEGMENTATIONS] == first
    restated = {
        (customer, segmentation, day, row[f"original_{segmentation}_segment"], now, row["restated_by"])
        for (customer, day), row in warehouse.history().items()
        for segmentation in SEGMENTATIONS
        if row[f"original_{segmentation}_segment"] not in (None, now := row[f"{segmentation}_segment"])
    }
    assert restated == set(warehouse.rows("""
        select customer_id, segmentation, as_of_date, from_segment, to_segment, cause
        from segment_changes where change_type = 'restatement'
    """))  # fmt: skip


def assert_flows_are_those_of_the_history(warehouse: Warehouse) -> None:
    history = warehouse.history()
    days = sorted({day for _, day in history})
    flows: dict[tuple, list] = {}
    for previous, day in zip([None, *days], days, strict=False):
        for (customer, _), row in ((key, row) for key, row in history.items() if key[1] == day):
            was = history.get((customer, previous), {}) if previous else {}
            for segmentation in SEGMENTATIONS:
                name = f"{segmentation}_segment"
                flow = flows.setdefault(
                    (segmentation, was.get(name, "no order yet"), row[name], previous, day), [0, Decimal(0)]
                )
                flow[0] += 1
                flow[1] += row["monetary"] - was.get("monetary", 0)
    rows = warehouse.rows(
        "select segmentation, from_segment, to_segment, previous_date, as_of_date, customers, revenue"
        " from segment_transitions"
    )
    assert len(rows) == len(flows)
    assert {tuple(key): [customers, revenue] for *key, customers, revenue in rows} == flows


def assert_what_is_told_is_all_there_is(warehouse: Warehouse) -> None:
    """Also of days after the last one told: what is missing there would be taken for late."""
    told = warehouse.rows("select * from history.processed_order_events order by all")
    assert told == warehouse.rows("select * from core.int_order_events_daily order by all")


def assert_untouched_rows_stay(
    before: dict[tuple[str, date], dict[str, Any]], was: Build, now: Build, warehouse: Warehouse
) -> None:
    """Only customers with other rows change, from the first of these on, and days that other rules tell."""
    after = warehouse.history()
    changed = set(was.events) ^ set(now.events)
    days_before, days_now = days_of(was.events, was.as_of), days_of(now.events, now.as_of)
    for key, row in before.items():
        customer, day = key
        is_changed = any(event.customer == customer and event.day <= day for event in changed)
        same_rules = (
            day in days_before
            and day in days_now
            and version_of(day, was.versions).number == version_of(day, now.versions).number
        )
        if not is_changed and same_rules:
            assert after[key] == row


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(builds=arrivals())
def test_whatever_the_order_of_arrival_the_history_is_the_same(builds: list[Build], compiled: Compiled) -> None:
    replay(builds, compiled)


def test_who_moved_is_told_anew_where_only_the_day_before_is_told_by_other_rules(compiled: Compiled) -> None:
    """Too rare to be drawn: the first version is gone, and with it the refit between January and February."""

    def version(number: int, baseline: date, segments: list[str]) -> Version:
        cut_points = {"recency_days": [1, 2, 3, 4], "frequency": [1, 2, 3, 4], "monetary": [1, 2, 3, 4]}
        rules = [Rule(segments[0], recency=(None, 30)), Rule(segments[1], recency=(30, None))]
        return Version(number, baseline, cut_points, {"broad": rules, "detailed": rules})

    first = version(1, date(2011, 1, 20), ["loyal", "loyal"])
    second = version(2, date(2011, 2, 20), ["new", "lost"])
    build = Build([Event("a", "1", FIRST_DAY, 1, Decimal(5))], date(2011, 2, 28), False, [first, second], None)
    without_first = replace(build, versions=[second])
    assert movements_of(build.events, build.as_of, [first, second], CELLS)["a", "broad", build.as_of][2] == "refit"
    assert movements_of(build.events, build.as_of, [second], CELLS)["a", "broad", build.as_of][2] == "aging"
    replay([build, without_first], compiled)


def replay(builds: list[Build], compiled: Compiled) -> None:
    """Run the builds, and look after each whole one at what it told."""
    warehouse = Warehouse(compiled)
    # The last build that was not cut off, unless one was since.
    whole: Build | None = None
    try:
        for build in builds:
            before, changes, closed = warehouse.history(), [], warehouse.closed_days(build.versions)
            if warehouse.has("segment_changes"):
                changes = warehouse.changes()
            if warehouse.build(build):
                assert (before, changes) == (warehouse.history(), warehouse.changes())
                continue
            if build.cut_off_after is not None:
                whole = None
                continue
            assert_equals_loops(warehouse, build)
            assert_flows_are_those_of_the_history(warehouse)
            assert_what_is_told_is_all_there_is(warehouse)
            assert_marks_say_what_was_told_first(before, closed, warehouse)
            if whole:
                assert_untouched_rows_stay(before, whole, build, warehouse)
            whole = build

        from_scratch = Warehouse(compiled)
        from_scratch.build(builds[-1])
        assert without_marks(warehouse.history()) == without_marks(from_scratch.history())
        assert movements(warehouse) == movements(from_scratch)
        from_scratch.connection.close()
    finally:
        warehouse.connection.close()
