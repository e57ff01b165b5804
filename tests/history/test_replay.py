"""However rows arrive and wherever builds are cut off, the history equals one build from scratch, and loops.

dbt compiles the history once in each of its states; plain DuckDB runs that SQL over small random shops, many times.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from conftest import ROOT, Shop, problem_of
from history_oracle import (
    SEGMENTATIONS,
    Event,
    Facts,
    Rule,
    Segments,
    Version,
    days_of,
    history_of,
    movements_of,
    version_of,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FIRST_DAY = date(2011, 1, 10)
SNAPSHOTS = "history.int_segment_snapshots"
# In the order in which dbt runs them.
STEPS = (
    "history.int_snapshot_dates",
    "core.int_order_states_scd2",
    "core.int_customer_states_scd2",
    "history.int_segment_moves",
    "history.int_counterfactual_segments",
    SNAPSHOTS,
    "main.segment_history",
    "main.segment_changes",
    "main.segment_transitions",
)
# Built before the steps, from the input's rows; the test fills them.
INPUT_OF_STEPS = ("ingest_plan", "int_changed_lines", "int_as_of_dates", "int_order_events_daily")
# What a run selects to write the history.
CHAIN = (
    *INPUT_OF_STEPS,
    "int_order_states_scd2",
    "int_customer_states_scd2",
    "int_snapshot_dates",
    "int_segment_moves",
    "int_counterfactual_segments",
    "int_segment_snapshots",
)
# The only step that keeps what earlier builds left.
LAST_STEP_BEFORE_SNAPSHOTS = STEPS.index(SNAPSHOTS) - 1
Rows = list[dict[str, Any]]
# The rows of the history by customer and date.
History = dict[tuple[str, date], dict[str, Any]]
MARKS = ("restated_by", "original_rfm_segment", "original_broad_segment", "original_detailed_segment")


@dataclass(frozen=True, repr=False)
class Compiled:
    """The SQL of the history by model: in a first build, in a later one, and in a later one with `as_of_date` set.

    `delete`: what a later build deletes from its snapshots first. Not part of the example that hypothesis prints.
    """

    first: dict[str, str]
    later: dict[str, str]
    later_with_date: dict[str, str]
    delete: str


@dataclass(frozen=True)
class Build:
    """What one build finds: the rows of the file by then, the day, the versions; and after which step it is cut off."""

    events: list[Event]
    as_of: date
    is_set: bool
    versions: list[Version]
    cut_off_after: int | None = None
    is_full_refresh: bool = False

    @property
    def writes_snapshots(self) -> bool:
        return self.cut_off_after is None or self.cut_off_after > LAST_STEP_BEFORE_SNAPSHOTS


@pytest.fixture(scope="module")
def compiled(make_shop: Callable[..., Shop]) -> Compiled:
    return compile_history(make_shop())


def compile_history(shop: Shop) -> Compiled:
    """The SQL of a warehouse that holds only what decides between the states."""

    def sql(*arguments: str, **variables: Any) -> dict[str, str]:
        names = [*INPUT_OF_STEPS, *(step.split(".")[1] for step in STEPS)]
        result = shop.dbt("compile", "--select", *names, *arguments, **variables)
        assert result.success, problem_of(result)
        return {
            run.node.name: run.node.compiled_code for run in result.result.results if run.node.resource_type == "model"
        }

    first = sql("--full-refresh")
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute("create schema history; create table history.int_segment_snapshots (customer_id varchar)")
    later, later_with_date = sql(), sql(as_of_date="2011-06-30")
    result = shop.dbt("compile", "--inline", "{{ delete_snapshots('table_to_delete_from') }}")
    assert result.success, problem_of(result)
    (inline,) = result.result.results
    assert first["int_snapshot_dates"] != later["int_snapshot_dates"] != later_with_date["int_snapshot_dates"]
    return Compiled(first, later, later_with_date, inline.node.compiled_code)


def test_a_run_that_leaves_out_a_part_of_the_chain_writes_no_history(make_shop: Callable[..., Shop]) -> None:
    """Else days would be processed without rows of theirs, and get marks of late data when the rows follow."""
    shop = make_shop()
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute("create schema history; create table history.int_segment_snapshots (customer_id varchar)")

    def writes_history(*models: str) -> bool:
        result = shop.dbt("compile", "--select", *models)
        assert result.success, problem_of(result)
        codes = {run.node.name: run.node.compiled_code for run in result.result.results}
        return not codes["int_segment_snapshots"].rstrip().endswith("where false")

    assert writes_history(*CHAIN)
    for left_out in CHAIN[:-1]:
        assert not writes_history(*(model for model in CHAIN if model != left_out)), left_out


def seed(name: str) -> str:
    return f"read_csv('{ROOT / 'seeds' / name}.csv', header = true)"


CELLS = [
    (int(row["recency_min"]), int(row["recency_to"]), int(row["frequency_min"]), int(row["frequency_to"]),
     int(row["monetary_min"]), int(row["monetary_to"]), row["segment"], row["repeat_segment"])
    for row in csv.DictReader((ROOT / "seeds" / "rfm_segments.csv").open())
]  # fmt: skip


class Warehouse:
    """An empty warehouse in memory in which builds report the history."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.read: tuple[History, Rows] | None = None
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("attach ':memory:' as shop; use shop")
        for schema in ("history", "core", "scoring", "segmentation", "seeds"):
            self.connection.execute(f"create schema {schema}")
        for name in ("rfm_segments", "segment_profiles", "segment_strategies"):
            self.connection.execute(f"create table seeds.{name} as select * from {seed(name)}")
        self.connection.execute("""
            create table core.int_order_events_daily (
                customer_id varchar, invoice_id varchar, event_date date, units decimal(18, 3), amount decimal(18, 2),
                cancelled_units decimal(18, 3), cancelled_amount decimal(18, 2), country varchar, line_count bigint
            );
            create table core.int_as_of_dates (role varchar, as_of_date date);
            create table core.int_orders (invoice_id varchar, customer_id varchar, order_date date);
            create table core.model_versions (
                model_version integer, cause varchar, anchor_invoice_id varchar, anchor_customer_id varchar,
                anchor_order_date date, baseline_date date
            );
            create table scoring.rfm_cut_points (
                model_version integer, measure varchar, cut_number integer, cut_point decimal(18, 2),
                score_group varchar
            );
            create table segmentation.int_segment_rules (
                model_version integer, segmentation varchar, rule_number integer, segment varchar, confidence double,
                recency_min integer, recency_max integer, frequency_min integer, frequency_max integer,
                monetary_min decimal(18, 2), monetary_max decimal(18, 2)
            )
        """)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def has(self, *tables: str) -> bool:
        there = {name for (name,) in self.rows("select concat(schema_name, '.', table_name) from duckdb_tables()")}
        return all((table if "." in table else f"main.{table}") in there for table in tables)

    def insert(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        self.connection.execute(f"delete from {table}")
        if rows:
            row = f"({', '.join('?' * len(rows[0]))})"
            values = [value for values in rows for value in values]
            self.connection.execute(f"insert into {table} values {', '.join([row] * len(rows))}", values)

    def fill(self, build: Build) -> None:
        order_days: dict[tuple[str, str, date], list[Any]] = {}
        for event in build.events:
            sums = order_days.setdefault((event.customer, event.invoice, event.day), [0, Decimal(0), 0, Decimal(0)])
            sign = -1 if event.is_cancelled else 1
            sums[0] += sign * event.units
            sums[1] += sign * event.amount
            sums[2] += event.units if event.is_cancelled else 0
            sums[3] += event.amount if event.is_cancelled else 0
        self.insert("core.int_order_events_daily", [(*key, *sums, "UK", 1) for key, sums in order_days.items()])
        self.insert("core.int_as_of_dates", [("as_of", build.as_of)])
        anchor = date(2010, 1, 1)
        self.insert("core.int_orders", [(f"anchor {version.number}", "anchor", anchor) for version in build.versions])
        self.insert("core.model_versions", [
            (version.number, "refit", f"anchor {version.number}", "anchor", anchor, version.baseline)
            for version in build.versions
        ])  # fmt: skip
        self.insert("scoring.rfm_cut_points", [
            (version.number, measure, number, cut, None)
            for version in build.versions
            for measure, cuts in version.cut_points.items()
            for number, cut in enumerate(cuts, start=1)
        ])  # fmt: skip
        self.insert("segmentation.int_segment_rules", [
            (version.number, segmentation, number, rule.segment, 1, *rule.recency, *rule.frequency, *rule.monetary)
            for version in build.versions
            for segmentation, rules in version.rules.items()
            for number, rule in enumerate(rules, start=1)
        ])  # fmt: skip

    def build(self, build: Build) -> None:
        self.fill(build)
        is_later = self.has(SNAPSHOTS) and not build.is_full_refresh
        with_date = self.compiled.later_with_date if build.is_set else self.compiled.later
        state = with_date if is_later else self.compiled.first
        self.read = None
        for number, step in enumerate(STEPS):
            sql = state[step.split(".")[1]]
            if step == SNAPSHOTS and is_later:
                # As the macro delete_changed_snapshots does.
                self.connection.execute(self.compiled.delete.replace("table_to_delete_from", step))
                self.connection.execute(f"insert into {step} {sql}")
            elif step in ("main.segment_history", "main.segment_changes"):
                self.connection.execute(f"create or replace view {step} as {sql}")
            else:
                self.connection.execute(f"create or replace table {step} as {sql}")
            if build.cut_off_after == number:
                break

    def history(self) -> History:
        return self.reported()[0]

    def changes(self) -> Rows:
        return self.reported()[1]

    def reported(self) -> tuple[History, Rows]:
        """The history and its changes in their order, read once after each build: to plan a query takes longest."""
        if self.read is None:
            if self.has_views():
                rows = self.dicts("from segment_history")
                history = {(row["customer_id"], row["as_of_date"]): row for row in rows}
                assert len(history) == len(rows), "a row is in the history twice"
                self.read = history, self.dicts("from segment_changes order by all")
            else:
                self.read = {}, []
        return self.read

    def dicts(self, query: str) -> Rows:
        table = self.connection.execute(query)
        names = [column[0] for column in table.description]
        return [dict(zip(names, row, strict=True)) for row in table.fetchall()]

    def has_views(self) -> bool:
        """Whether a build has got as far as the marts."""
        return bool(self.rows("select 1 from duckdb_views() where view_name = 'segment_changes'"))


def days(most: int) -> st.SearchStrategy[date]:
    """Any day, and the last ones of months more often: they are the snapshot dates."""
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
    """A sale, perhaps more of it the day after, and what is cancelled of it: nothing, some or all, at once or not."""
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
    """Builds that each find the rows that have arrived by then; late-arriving ones, and some that are deleted again."""
    all_orders = [draw(orders(number)) for number in range(draw(st.integers(1, 8)))]
    fitted = draw(versions())
    builds: list[Build] = []
    number_of_builds = draw(st.integers(2, 4))
    # Some customers are not known at first, some of their rows arrive later still, and a few are gone again.
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
            # Nothing is cancelled of a sale that the file does not hold.
            if spans[0][0] <= number < spans[0][1]:
                events += [event for event, (start, gone) in zip(order, spans, strict=True) if start <= number < gone]
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
                draw(st.integers(0, 7)) == 0,
            )
        )
        if draw(st.integers(0, 3)) == 0:
            builds.append(builds[-1])
    # The last build is whole, and finds all that has arrived.
    last = max((event.day for event in builds[-1].events), default=FIRST_DAY)
    return [*builds, replace(builds[-1], as_of=last, is_set=False, cut_off_after=None, is_full_refresh=False)]


def without_marks(history: History) -> History:
    return {key: {name: value for name, value in row.items() if name not in MARKS} for key, row in history.items()}


def movements(warehouse: Warehouse) -> list[str]:
    """A build from scratch reports late-arriving customers as new."""
    return sorted(
        repr(row | {"cause": "new" if row["from_segment"] is None else row["cause"]})
        for row in warehouse.changes()
        if row["change_type"] == "movement"
    )


def assert_equals_loops(warehouse: Warehouse, build: Build) -> None:
    reported = {
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
    assert reported == {
        key: (version, (facts.recency, facts.frequency, facts.monetary), scores, segments)
        for key, (version, facts, scores, segments) in expected.items()
    }
    moved = {
        tuple(row[name] for name in ("customer_id", "segmentation", "as_of_date")): (
            row["from_segment"],
            row["to_segment"],
            "new" if row["from_segment"] is None else row["cause"],
            row["sufficient_causes"],
        )
        for row in warehouse.changes()
        if row["change_type"] == "movement"
    }
    assert moved == movements_of(build.events, build.as_of, build.versions, CELLS)


Report = tuple[int, Facts, Segments]


@dataclass
class FirstReports:
    """What was first reported of each customer on each date, remembered by the test and not by the code.

    `reports` holds None for customers who were not in the first report of a date.
    """

    days: list[date] = field(default_factory=list)
    versions: set[int] = field(default_factory=set)
    reports: dict[tuple[str, date], Report | None] = field(default_factory=dict)

    def is_earlier_as_of_date(self, build: Build) -> bool:
        return self.goes_on(build) and build.is_set and build.as_of < self.days[-1]

    def goes_on(self, build: Build) -> bool:
        """Whether the build goes on with this history: it is of the same shop, known by its versions."""
        return not build.is_full_refresh and bool(self.versions & {version.number for version in build.versions})

    def add(self, build: Build) -> None:
        """Record a build that wrote its snapshots."""
        if self.is_earlier_as_of_date(build):
            return
        history = history_of(build.events, build.as_of, build.versions, CELLS)
        days = days_of(build.events, build.as_of)
        closed = set(self.days[:-1]) if self.goes_on(build) else set()
        # The last date is open, also where it was over before a clock was put back.
        closed &= set(days[:-1])
        reports = {key: report for key, report in self.reports.items() if key[1] in closed}
        for (customer, day), (version, facts, _, segments) in history.items():
            if day not in closed:
                reports[customer, day] = (version, facts, segments)
            else:
                reports.setdefault((customer, day), None)
        self.days, self.reports = days, reports
        self.versions = {version_of(day, build.versions).number for day in days}

    def mark(self, key: tuple[str, date], version: int, facts: Facts) -> tuple[str | None, Segments | None]:
        """The expected mark of a row, and the segments that were first reported."""
        first = self.reports[key]
        if first is None:
            return "late_data", None
        if facts != first[1]:
            return "late_data", first[2]
        return ("refit", first[2]) if version != first[0] else (None, None)


def assert_marks_compare_with_the_first_report(warehouse: Warehouse, build: Build, first: FirstReports) -> None:
    expected_marks, expected_restatements = {}, set()
    for key, (version, facts, _, segments) in history_of(build.events, build.as_of, build.versions, CELLS).items():
        mark, original = first.mark(key, version, facts)
        expected_marks[key] = (mark, *(original or (None,) * 3))
        for segmentation, was, now in zip(SEGMENTATIONS, original or (), segments, strict=False):
            if was != now:
                expected_restatements.add((key[0], segmentation, key[1], was, now, mark))
    history = warehouse.history()
    assert {key: tuple(row[name] for name in MARKS) for key, row in history.items()} == expected_marks
    names = ("customer_id", "segmentation", "as_of_date", "from_segment", "to_segment", "cause")
    assert expected_restatements == {
        tuple(row[name] for name in names) for row in warehouse.changes() if row["change_type"] == "restatement"
    }


def assert_flows_are_those_of_the_history(warehouse: Warehouse) -> None:
    history = warehouse.history()
    days = sorted({day for _, day in history})
    flows: dict[tuple[Any, ...], list[Any]] = {}
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
        "select segmentation, from_segment, to_segment, previous_date, as_of_date, customer_count, revenue"
        " from segment_transitions"
    )
    assert len(rows) == len(flows)
    assert {tuple(key): [customers, revenue] for *key, customers, revenue in rows} == flows


def assert_snapshots_know_what_they_rest_on(warehouse: Warehouse) -> None:
    """A later build compares it with its own events: what is missing here would pass for late-arriving."""
    rows = warehouse.rows("""
        select snapshots.customer_id, snapshots.as_of_date from history.int_segment_snapshots as snapshots
        left join core.int_customer_states_scd2 as states
            on
                snapshots.customer_id = states.customer_id
                and snapshots.as_of_date between states.valid_from and coalesce(states.valid_until, date '9999-12-31')
        where snapshots.events_checksum is distinct from states.events_checksum
    """)
    assert rows == []


def assert_unchanged_rows_stay(before: History, was: Build, now: Build, warehouse: Warehouse) -> None:
    """Only customers with other rows change, from the first of these on, and days that other rules report."""
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
            # A date that was over and is the last one again carries no mark.
            unmarked = dict.fromkeys(MARKS) if day == days_now[-1] else {}
            assert after[key] == row | unmarked


RANDOM = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@RANDOM
@given(builds=arrivals(), data=st.data())
def test_the_history_is_the_same_whatever_the_order_of_arrival_and_whichever_run_is_put_back(
    builds: list[Build], data: st.DataObject, compiled: Compiled
) -> None:
    """A run that is put back may have found other rows and rules, and may be cut off anywhere."""
    replay(builds, compiled, data.draw(put_back_after(builds)))


@pytest.mark.soak
@settings(RANDOM, max_examples=1_000)
@given(builds=arrivals(), data=st.data())
def test_a_thousand_random_orders_of_arrival_give_the_same_history(
    builds: list[Build], data: st.DataObject, compiled: Compiled
) -> None:
    replay(builds, compiled, data.draw(put_back_after(builds)))


@st.composite
def put_back_after(draw: st.DrawFn, builds: list[Build]) -> Build | None:
    """A build that the next ordinary one can put back: it goes on with its history and deletes no date of it.

    None where there is no history, for want of rows.
    """
    ordinary = builds[-1]
    others = [
        replace(
            other,
            as_of=other.as_of if other.is_set else max(other.as_of, ordinary.as_of),
            versions=versions,
            is_full_refresh=False,
        )
        for other in builds
        for versions in (ordinary.versions, other.versions)
    ]
    possible = [other for other in others if can_be_put_back(other, ordinary)]
    if not possible:
        return None
    # The same as the ordinary one only where no other is possible.
    return replace(
        draw(st.sampled_from([other for other in possible if not is_alike(other, ordinary)] or possible)),
        cut_off_after=draw(st.sampled_from([None, *range(len(STEPS) - 1)])),
    )


def is_alike(one: Build, other: Build) -> bool:
    return (one.events, one.as_of, one.versions) == (other.events, other.as_of, other.versions)


def can_be_put_back(wrong: Build, ordinary: Build) -> bool:
    """Not where a history of another shop is replaced, or dates vanish, which are deleted."""
    first = FirstReports()
    first.add(ordinary)
    days = set(first.days[:-1])
    if first.is_earlier_as_of_date(wrong):
        return True
    if not (first.goes_on(wrong) and days <= set(days_of(wrong.events, wrong.as_of))):
        return False
    first.add(wrong)
    return first.goes_on(ordinary)


A_SALE, ANOTHER_SALE = (
    Event("a", "1", FIRST_DAY, 2, Decimal(10)),
    Event("b", "2", FIRST_DAY + timedelta(days=40), 1, Decimal(50)),
)
LATE_SALE = Event("a", "3", FIRST_DAY + timedelta(days=1), 1, Decimal(30))
AFTER_SNAPSHOTS = STEPS.index(SNAPSHOTS)


def simple_version(number: int = 1, baseline: date = FIRST_DAY, segments: tuple[str, str] = ("new", "lost")) -> Version:
    cut_points = {"recency_days": [1, 2, 3, 4], "frequency": [1, 2, 3, 4], "monetary": [1, 2, 3, 4]}
    rules = [Rule(segments[0], recency=(None, 30)), Rule(segments[1], recency=(30, None))]
    return Version(number, baseline, cut_points, {"broad": rules, "detailed": rules})


def reported_after(builds: list[Build], compiled: Compiled) -> tuple[History, Rows]:
    warehouse = Warehouse(compiled)
    try:
        for build in builds:
            warehouse.build(build)
        return warehouse.reported()
    finally:
        warehouse.connection.close()


def test_the_last_day_stays_after_a_cut_off_build_of_a_later_day(compiled: Compiled) -> None:
    build = Build([A_SALE, ANOTHER_SALE], date(2011, 2, 19), False, [simple_version()])
    later = replace(build, as_of=date(2011, 6, 30), is_set=True, cut_off_after=AFTER_SNAPSHOTS)
    history, changes = reported_after([build], compiled)
    assert {day for _, day in history} == {date(2011, 1, 31), date(2011, 2, 19)}
    assert reported_after([build, later, build], compiled) == (history, changes)


def test_no_mark_stays_of_a_cut_off_build_with_a_setting_that_is_put_back(compiled: Compiled) -> None:
    """Another prefix of cancelling invoices makes other order events of the same lines."""
    build = Build([A_SALE, ANOTHER_SALE], date(2011, 2, 19), False, [simple_version()])
    others = [replace(A_SALE, units=1, amount=Decimal(5)), replace(ANOTHER_SALE, amount=Decimal(7)), LATE_SALE]
    other_prefix = replace(build, events=others, cut_off_after=AFTER_SNAPSHOTS)
    history, changes = reported_after([build], compiled)
    assert reported_after([build, other_prefix, build], compiled) == (history, changes)
    # also where it was not cut off
    assert reported_after([build, replace(other_prefix, cut_off_after=None), build], compiled) == (history, changes)
    assert all(row["restated_by"] is None for row in history.values())


def test_a_cut_off_full_refresh_drops_marks_and_restatements_together(compiled: Compiled) -> None:
    others = [ANOTHER_SALE, replace(LATE_SALE, customer="c", day=FIRST_DAY)]
    late = Build([A_SALE, *others], date(2011, 2, 19), False, [simple_version()])
    # With it the customer is no longer new at the end of January, which is over.
    gone = replace(late, events=[replace(A_SALE, day=A_SALE.day - timedelta(days=10)), *others])
    from_scratch = reported_after([gone], compiled)
    refreshed = replace(gone, is_full_refresh=True)
    warehouse = Warehouse(compiled)
    try:
        warehouse.build(gone)
        for cut_off_after in (None, *range(AFTER_SNAPSHOTS, len(STEPS))):
            warehouse.build(late)
            history, changes = warehouse.reported()
            assert {row["restated_by"] for row in history.values()} == {None, "late_data"}
            assert "restatement" in {row["change_type"] for row in changes}
            warehouse.build(replace(refreshed, cut_off_after=cut_off_after))
            warehouse.build(gone)
            assert warehouse.reported() == from_scratch
    finally:
        warehouse.connection.close()


def test_who_moved_is_computed_again_where_only_the_date_before_has_other_rules(compiled: Compiled) -> None:
    """Too rare to be drawn: the first version is gone, and with it the refit between January and February."""
    first = simple_version(1, date(2011, 1, 20), ("loyal", "loyal"))
    second = simple_version(2, date(2011, 2, 20), ("new", "lost"))
    build = Build([Event("a", "1", FIRST_DAY, 1, Decimal(5))], date(2011, 2, 28), False, [first, second])
    without_first = replace(build, versions=[second])
    assert movements_of(build.events, build.as_of, [first, second], CELLS)["a", "broad", build.as_of][2] == "refit"
    assert movements_of(build.events, build.as_of, [second], CELLS)["a", "broad", build.as_of][2] == "aging"
    replay([build, without_first], compiled)


def replay(builds: list[Build], compiled: Compiled, put_back: Build | None = None) -> None:
    """Run the builds, and check what each whole one reports, and that the last one does so after a run put back."""
    warehouse, first = Warehouse(compiled), FirstReports()
    # The last build that was not cut off, unless one was since.
    whole: Build | None = None
    try:
        for build in builds:
            before, changes, had_views = warehouse.history(), warehouse.changes(), warehouse.has_views()
            is_earlier_as_of_date = first.is_earlier_as_of_date(build)
            warehouse.build(build)
            if build.writes_snapshots:
                first.add(build)
            if is_earlier_as_of_date:
                if had_views:
                    assert (before, changes) == (warehouse.history(), warehouse.changes())
                continue
            if build.cut_off_after is not None:
                whole = None
                continue
            assert_equals_loops(warehouse, build)
            assert_flows_are_those_of_the_history(warehouse)
            assert_snapshots_know_what_they_rest_on(warehouse)
            assert_marks_compare_with_the_first_report(warehouse, build, first)
            if whole and not build.is_full_refresh:
                assert_unchanged_rows_stay(before, whole, build, warehouse)
            whole = build

        from_scratch = Warehouse(compiled)
        from_scratch.build(builds[-1])
        assert without_marks(warehouse.history()) == without_marks(from_scratch.history())
        assert movements(warehouse) == movements(from_scratch)
        from_scratch.connection.close()

        if put_back:
            before, changes = warehouse.reported()
            warehouse.build(put_back)
            warehouse.build(builds[-1])
            assert warehouse.reported() == (before, changes)
    finally:
        warehouse.connection.close()
