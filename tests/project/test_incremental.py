"""A shop fed incrementally, in files that overlap or arrive late, has the lines and the history of one build."""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from conftest import FORM_OF_INPUT, MARTS_OF_ROWS, REAL_FILE, ROW_NUMBERS, Shop, problem_of

# What incremental builds record besides: which file a row was read from, and what they reported before it arrived.
ARRIVAL = (
    *ROW_NUMBERS,
    *FORM_OF_INPUT,
    "restated_by",
    *(f"original_{name}_segment" for name in ("rfm", "broad", "detailed")),
)
MOVEMENTS = """
    select * replace (if(from_segment is null, 'new', cause) as cause)
    from segment_changes
    where change_type = 'movement'
    order by all
"""
FIRST_BUILD = (
    "audiences",
    "customer_alerts",
    "segment_changes",
    "segment_drift",
    "segment_transitions",
    "segments",
    "int_customer_states_scd2",
    "orders",
    "cancellations",
    "rejected_transactions",
    "order_lines",
    "cancellation_matches",
    "segment_history",
)
DATE = re.compile(r"\b\d{1,2}/\d{1,2}/\d{4}(?= \d{1,2}:\d\d)")


def last_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


@dataclass(frozen=True)
class Feed:
    """A shop, its file, the day of it that arrives last, and the exports that it is split into."""

    shop: str
    encoding: str
    late: date
    # From the days of the file: the day before the first of each export, and its last day.
    exports: Callable[[list[date]], list[tuple[date, date]]]


def quarters_of_the_small_shop(days: list[date]) -> list[tuple[date, date]]:
    """Nine months, two months with the one before them again, and the last one."""
    september, november = date(2025, 9, 30), date(2025, 11, 30)
    return [(date.min, september), (date(2025, 8, 31), november), (november, max(days))]


def months_and_days_of_the_real_file(days: list[date]) -> list[tuple[date, date]]:
    """Months, each with the one before it again, and the last one by days."""
    november = date(2011, 11, 30)
    months = sorted({last_of_month(day) for day in days if day <= november})
    exports = [(months[max(number - 2, 0)] if number else date.min, month) for number, month in enumerate(months)]
    return exports + [(day - timedelta(days=1), day) for day in sorted({day for day in days if day > november})]


SMALL = Feed("small_shop", "utf-8", date(2025, 8, 21), quarters_of_the_small_shop)
REAL = Feed("real_shop", "latin-1", date(2011, 6, 15), months_and_days_of_the_real_file)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(SMALL, id="a quarter of the embedded shop"),
        pytest.param(REAL, id="the real file", marks=pytest.mark.soak),
    ],
)
def feed(request: pytest.FixtureRequest) -> Feed:
    chosen: Feed = request.param
    return chosen


@pytest.fixture(scope="module")
def at_once(feed: Feed, request: pytest.FixtureRequest) -> Shop:
    shop: Shop = request.getfixturevalue(feed.shop)
    return shop


@pytest.fixture(scope="module")
def fed(feed: Feed, at_once: Shop, build_once: Callable[..., Shop], shared: Path) -> Shop:
    """The shop after a build of the first export and a refresh after each of the others."""
    folder = shared / f"exports_of_{feed.shop}"
    file = REAL_FILE if feed is REAL else Path(at_once.settings["transactions"])

    def grow(shop: Shop) -> None:
        folder.mkdir()
        headings, *lines = file.read_text(feed.encoding).splitlines(keepends=True)
        days = [datetime.strptime(DATE.search(line).group(), "%m/%d/%Y").date() for line in lines]  # type: ignore[union-attr]
        assert feed.late in days
        for number, (after, until) in enumerate(feed.exports(days)):
            export = [
                line
                for line, day in zip(lines, days, strict=True)
                if (until == max(days) if day == feed.late else after < day <= until)
            ]
            (folder / f"until_{until}.csv").write_bytes((headings + "".join(export)).encode(feed.encoding))
            if number == 0:
                shop.build(*FIRST_BUILD)
            else:
                result = shop.dbt("build", "--selector", "refresh")
                assert result.success, problem_of(result)

    return build_once(f"fed_{feed.shop}", grow, transactions=f"{folder}/*.csv")


def test_a_shop_that_is_fed_incrementally_has_the_lines_of_one_build(fed: Shop, at_once: Shop) -> None:
    assert fed.checksums(*MARTS_OF_ROWS, without=ARRIVAL) == at_once.checksums(*MARTS_OF_ROWS, without=ARRIVAL)


def test_a_shop_that_is_fed_incrementally_has_the_history_of_one_build(feed: Feed, fed: Shop, tmp_path: Path) -> None:
    """With the versions that were fitted on the first export, all is read and computed once more."""
    at_once = fed.copy(tmp_path / "at_once")
    result = at_once.dbt("build", "--full-refresh", "--selector", "refresh")
    assert result.success, problem_of(result)
    tables = (
        *MARTS_OF_ROWS,
        "segment_history",
        "segment_transitions",
        "segment_drift",
        "customers",
        "customer_alerts",
        "audiences",
    )
    assert fed.checksums(*tables, without=ARRIVAL) == at_once.checksums(*tables, without=ARRIVAL)
    assert fed.rows(MOVEMENTS) == at_once.rows(MOVEMENTS)
    assert fed.row("select count(distinct model_version) from segment_history") == (1,)
    # late-arriving rows are marked, from their day on, for their customers
    marked = fed.rows(
        "select distinct customer_id, min(as_of_date) from segment_history where restated_by = 'late_data' group by 1"
    )
    late = fed.rows(f"select distinct customer_id from order_lines where ordered_at::date = '{feed.late}'")
    assert {customer for customer, _ in marked} >= {customer for (customer,) in late}
    assert min(day for _, day in marked) == last_of_month(feed.late)
