"""A shop fed incrementally: past reports stay, late-arriving rows are marked, a full refresh reports the same."""

from collections.abc import Callable
from datetime import date, timedelta
from hashlib import md5
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pytest
from conftest import Shop, day_of, demo_rows, problem_of, write_rows
from sklearn.metrics import adjusted_rand_score

SNAPSHOTS = ("segment_changes", "segment_history")
MODELS = ("segment_drift", "segment_changes", "segment_history", "int_history_evaluations")
HISTORY = ("models/history", "segment_history", "segment_changes", "segment_transitions", "segment_drift")
# A refresh leaves them out.
FITS = "model_versions+,+int_segment_rules"
WITHOUT_MARKS = """
    select * exclude (restated_by, original_rfm_segment, original_broad_segment, original_detailed_segment)
    from segment_history
"""
MOVEMENTS = """
    select * replace (if(from_segment is null, 'new', cause) as cause)
    from segment_changes where change_type = 'movement'
"""
LATE = date(2025, 6, 1), date(2025, 6, 30)


class FedShop:
    """A quarter of the embedded shop's customers, fed in three files; every build's history is stored."""

    def __init__(self, shop: Shop, log: Path, *, fits: bool) -> None:
        self.shop, self.log, self.fits = shop, log, fits
        self.headings, *rows = demo_rows()
        self.rows = [(day_of(row), row) for row in rows]
        # These rows arrive late: an invoice in ten of June.
        self.late = {
            row[0] for day, row in self.rows
            if LATE[0] <= day <= LATE[1] and row[0].isdigit() and int(row[0]) % 10 == 0
        }  # fmt: skip
        self.late_customers = {row[6] for _, row in self.rows if row[0] in self.late}
        self.history: dict[str, set[tuple[Any, ...]]] = {}
        self.changes: dict[str, set[tuple[Any, ...]]] = {}

    def feed(self, up_to: date, with_late: bool = False) -> None:
        write_rows(self.log, self.headings, [
            row for day, row in self.rows if day <= up_to and (with_late or row[0] not in self.late)
        ])  # fmt: skip

    def report(self, *models: str, **settings: Any) -> None:
        """Report the history by the rules that are stored, as a refresh does; or in a build that may fit others."""
        selection = [f"+{model}" for model in models or SNAPSHOTS]
        without = [] if self.fits else ["--exclude", FITS]
        result = self.shop.dbt("run", "--select", *selection, *without, **settings)
        assert result.success, problem_of(result)

    def keep(self, name: str) -> None:
        self.history[name] = set(self.shop.rows("from segment_history"))
        self.changes[name] = set(self.shop.rows("from segment_changes"))


@pytest.fixture(
    scope="module", params=[False, pytest.param(True, marks=pytest.mark.soak)], ids=["refreshed", "in whole builds"]
)
def fed(
    request: pytest.FixtureRequest, make_shop: Callable[..., Shop], tmp_path_factory: pytest.TempPathFactory
) -> FedShop:
    log = tmp_path_factory.mktemp("log") / "log.csv"
    fed = FedShop(make_shop(transactions=str(log)), log, fits=request.param)
    assert len(fed.late_customers) > 3
    fed.feed(date(2025, 9, 15))
    fed.shop.build(*MODELS)
    fed.keep("first")
    fed.feed(date(2025, 10, 20))
    fed.shop.run(*SNAPSHOTS)
    fed.keep("month")
    fed.feed(date(2025, 11, 12), with_late=True)
    fed.report()
    fed.keep("late")
    fed.report(*MODELS)
    fed.keep("same")
    fed.report(as_of_date="2025-08-15")
    fed.keep("earlier")
    return fed


def test_reports_of_days_that_are_over_stay_to_the_byte(fed: FedShop) -> None:
    """Scores that rank customers over all months at once would change each month with every new row."""
    over = {row for row in fed.history["first"] if row[1] <= date(2025, 8, 31)}
    assert over == {row for row in fed.history["month"] if row[1] <= date(2025, 8, 31)}
    movements = {row for row in fed.changes["first"] if row[-1] <= date(2025, 8, 31)}
    assert movements == {row for row in fed.changes["month"] if row[-1] <= date(2025, 8, 31)}
    # the last day gave way to the month's end
    assert {row[1] for row in fed.history["month"]} - {row[1] for row in fed.history["first"]} == {
        date(2025, 9, 30), date(2025, 10, 20),
    }  # fmt: skip
    assert date(2025, 9, 15) not in {row[1] for row in fed.history["month"]}


def test_late_arriving_rows_change_their_customers_from_their_day_on_and_are_marked(fed: FedShop) -> None:
    closed = date(2025, 9, 30)
    changed = {row for row in fed.history["late"] - fed.history["month"] if row[1] <= closed}
    assert {row[0] for row in changed} == fed.late_customers
    assert min(row[1] for row in changed) == LATE[1]
    marked = set(fed.shop.rows("from segment_history where restated_by = 'late_data'"))
    assert changed == marked
    restatements = fed.shop.rows("""
        select count(*), bool_and(previous_date = as_of_date and cause = 'late_data')
        from segment_changes where change_type = 'restatement'
    """)
    ((restated, are_late),) = restatements
    assert restated > 0
    assert are_late


def test_the_same_build_twice_and_an_earlier_as_of_date_report_nothing_new(fed: FedShop) -> None:
    for name in ("same", "earlier"):
        assert fed.history[name] == fed.history["late"]
        assert fed.changes[name] == fed.changes["late"]
    logged = (fed.shop.folder / "logs" / "dbt.log").read_text()
    sentence = "The history reaches up to 2025-11-12 and stays as it is, because the setting 'as_of_date' is earlier:"
    assert logged.count(f"{sentence} 2025-08-15.") == 1


def test_cut_off_builds_with_settings_that_are_put_back_leave_nothing(fed: FedShop) -> None:
    """Of a later day, and with other order events of the same lines; both end with the history's table."""
    wrong: tuple[dict[str, Any], ...] = ({"as_of_date": "2026-02-15"}, {"duplicates": "keep"})
    for settings in wrong:
        fed.report("segment_history", **settings)
        cut_off = set(fed.shop.rows("from segment_history"))
        assert cut_off != fed.history["late"]
        fed.report()
        assert set(fed.shop.rows("from segment_history")) == fed.history["late"]
        assert set(fed.shop.rows("from segment_changes")) == fed.changes["late"]


def test_builds_from_scratch_report_what_incremental_builds_reported(fed: FedShop) -> None:
    reported, moved = set(fed.shop.rows(WITHOUT_MARKS)), set(fed.shop.rows(MOVEMENTS))
    fed.report()
    # cut off before the marts: no restatement is left without its mark
    result = fed.shop.dbt("run", "--full-refresh", "--select", "models/history")
    assert result.success, problem_of(result)
    assert fed.shop.rows("from segment_history where restated_by is not null") == []
    assert fed.shop.rows("from segment_changes where change_type = 'restatement'") == []
    fed.shop.run(*MODELS)
    assert (set(fed.shop.rows(WITHOUT_MARKS)), set(fed.shop.rows(MOVEMENTS))) == (reported, moved)
    # without the table, as in a first build
    with duckdb.connect(str(fed.shop.warehouse)) as connection:
        connection.execute("drop table history.int_segment_snapshots")
    result = fed.shop.dbt("run", "--select", *HISTORY)
    assert result.success, problem_of(result)
    # It was missing once, after a run that succeeded, and nothing showed whether the run had built it.
    seen = ({run.node.name: str(run.status) for run in result.result}, sorted(fed.shop.folder.iterdir()))
    assert "history.int_segment_snapshots" in fed.shop.tables(), seen
    assert len(fed.shop.rows("from segment_history")) == len(reported)
    assert (set(fed.shop.rows(WITHOUT_MARKS)), set(fed.shop.rows(MOVEMENTS))) == (reported, moved)
    fed.keep("late")


def test_alerts_are_evaluated_as_loops_evaluate_them(fed: FedShop) -> None:
    shop = fed.shop
    events = shop.rows("select customer_id, invoice_id, event_date, units from core.int_order_events_daily")
    placed: dict[tuple[str, str], date] = {}
    for customer, invoice, day, _ in events:
        placed[customer, invoice] = min(day, placed.get((customer, invoice), day))
    last_day = max(day for _, _, day, _ in events)
    segments = {
        (customer, day): segment
        for customer, day, segment in shop.rows("select customer_id, as_of_date, detailed_segment from segment_history")
    }
    ends = [day for (day,) in shop.rows("select as_of_date from history.int_snapshot_dates where is_month_end")]

    rules = ("typical gap", "over 90 days", "typical gap of the shop", "stopped at 60 %", "stopped at 70 %")
    outcomes: dict[str, list[tuple[bool, bool, bool, int, bool]]] = {rule: [] for rule in rules}
    for end in (day for day in ends if day <= last_day - timedelta(days=120)):
        left: dict[tuple[str, str], float] = {}
        for customer, invoice, day, units in events:
            if day <= end:
                left[customer, invoice] = left.get((customer, invoice), 0) + units
        ordered: dict[str, list[date]] = {}
        for key, units in left.items():
            if units > 0:
                ordered[key[0]] = sorted({*ordered.get(key[0], []), placed[key]})
        gaps = {
            customer: [(after - before).days for before, after in pairwise(dates)]
            for customer, dates in ordered.items()
        }
        all_gaps = [gap for other in ordered for gap in gaps[other]]
        longest_of_all = next(
            gap for gap in sorted(all_gaps) if sum(other <= gap for other in all_gaps) >= 0.85 * len(all_gaps)
        )
        rate_of_all = sum((end - dates[0]).days for dates in ordered.values()) / len(all_gaps)
        for customer, dates in ordered.items():
            pool = gaps[customer]
            if len(pool) < 4:
                cohort = [other for other in ordered if segments[other, end] == segments[customer, end]]
                pool = [gap for other in cohort for gap in gaps[other]]
                if len(pool) < 20:
                    pool = [gap for other in ordered for gap in gaps[other]]
            # the least gap that 85 % of them are no longer than
            usual = next(gap for gap in sorted(pool) if sum(other <= gap for other in pool) >= 0.85 * len(pool))
            following = [day for (other, _), day in placed.items() if other == customer and day > end]
            pauses = {"typical gap": usual, "over 90 days": 90, "typical gap of the shop": longest_of_all}
            for percent in (60, 70):
                # until the first day with a score above it
                known, chances = rate_of_all + (dates[-1] - dates[0]).days, len(dates)
                pauses[f"stopped at {percent} %"] = next(
                    max(away - 1, 1)
                    for away in range(10_000)
                    if 1 / (1 + chances * (known / (known + away)) ** chances) > percent / 100
                )
            alerts = {rule: dates[-1] + timedelta(days=pause + 1) for rule, pause in pauses.items()}
            is_tried = bool(following) and all(alert > end for alert in alerts.values())
            is_stopped = is_tried and md5(f"{customer}|{end}".encode()).hexdigest() < "8"
            for rule, alert in alerts.items():
                is_unbroken = not following or alert < min(following)
                is_warned = is_tried and alert <= end + timedelta(days=120) and (is_stopped or is_unbroken)
                in_four_weeks = end < alert <= end + timedelta(days=28) and is_unbroken
                outcomes[rule].append((is_tried, is_stopped, is_warned, (alert - end).days, in_four_weeks))

    expected = {}
    for rule, samples in outcomes.items():
        right = [delay for _, stopped, warned, delay, _ in samples if stopped and warned]
        expected[rule, "precision"] = len(right) / sum(warned for *_, warned, _, _ in samples)
        expected[rule, "recall"] = len(right) / sum(stopped for _, stopped, *_ in samples)
        expected[rule, "median_delay_days"] = median(right)
        a_week = sum(sample[-1] for sample in samples) / 4
        expected[rule, "warnings_per_1000_customers_a_week"] = 1000 * a_week / len(samples)
    measured = shop.rows("""
        select model, metric, value from history.int_history_evaluations where split = 'changes injected at month ends'
    """)
    assert {(model, metric): value for model, metric, value in measured} == pytest.approx(expected)


def test_after_a_refit_the_agreement_with_the_version_before_is_the_adjusted_rand_index(fed: FedShop) -> None:
    """The last test of this shop, as it adds a version."""
    query = """
        select customer_id, rfm_segment, broad_segment, detailed_segment from segment_history
        where as_of_date = '2025-11-12' order by 1
    """
    old = fed.shop.rows(query)
    agreements = """
        select measure, adjusted_rand_vs_previous from segment_drift
        where adjusted_rand_vs_previous is not null
    """
    assert fed.shop.rows(agreements) == []
    fed.shop.run("segment_drift", *SNAPSHOTS, refit=True)
    fed.keep("refit")
    new = fed.shop.rows(query)
    assert dict(fed.shop.rows(agreements)) == pytest.approx({
        f"{name}_segment": adjusted_rand_score([row[column] for row in old], [row[column] for row in new])
        for column, name in enumerate(("rfm", "broad", "detailed"), start=1)
    })  # fmt: skip
    # the new rules report the day that they were fitted on, and nothing before it
    assert fed.shop.rows("""
        select distinct as_of_date::varchar, restated_by from segment_history where model_version = 2
    """) == [("2025-11-12", None)]  # fmt: skip
    assert {row for row in fed.history["refit"] if row[1] < date(2025, 11, 12)} == {
        row for row in fed.history["late"] if row[1] < date(2025, 11, 12)
    }
