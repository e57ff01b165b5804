"""One wrong date moves nobody: which days of a log are plausible, however its rows arrive."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ROW_NUMBERS, Shop, problem_of
from hypothesis import given, settings
from hypothesis import strategies as st

HEADINGS = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
START = date(2022, 1, 3)
# What programs write where they have no date.
DEFAULT_DAYS = [date(year, 1, 1) for year in (1970, 1980, 1990, 2000, 2001, 2100)]
DEFAULT_DAYS += [date(year, 12, 31) for year in (2099, 2199)]
Days = dict[date, int]


def days_from(first: date, count: int, step: int = 1, rows: int = 1) -> Days:
    """Days at equal distances, with as many rows each."""
    return {first + timedelta(days=step * place): rows for place in range(count)}


def plausible_in_python(days: Days) -> tuple[date, date]:
    """The rules of docs/cleaning.md, one day after the other."""
    total = sum(days.values())

    def split(is_gap: Callable[[date, date], bool]) -> list[list[date]]:
        groups: list[list[date]] = []
        for day in sorted(days):
            if groups and not is_gap(groups[-1][-1], day):
                groups[-1].append(day)
            else:
                groups.append([day])
        return groups

    def rows(group: list[date]) -> int:
        return sum(days[day] for day in group)

    def density(group: list[date]) -> float:
        return len(group) / ((group[-1] - group[0]).days + 1)

    body = max(split(lambda one, other: (other - one).days > 1_096), key=lambda group: (rows(group), len(group)))
    longest = max(((other - one).days for one, other in pairwise(body)), default=0)
    parts = split(lambda one, other: (other - one).days > max(5 * longest, 1_827 if other <= body[0] else 1_096))
    main = next(part for part in parts if body[0] in part)

    def is_default(part: list[date]) -> bool:
        return len(part) == 1 and part[0] in DEFAULT_DAYS

    def is_stray(part: list[date]) -> bool:
        is_outweighed = rows(part) < rows(main) and (len(part) < len(main) or 10 * rows(part) <= rows(main))
        if len(part) <= 2:
            is_little = rows(part) <= max(20, total / 20)
        else:
            is_sparse = len(part) < 5 or density(part) < density(main) / 2
            is_little = rows(part) <= total / 100 and is_sparse
        return is_outweighed and (is_little or is_default(part))

    kept = [part for part in parts if not is_stray(part)]
    first, last = kept[0][0], kept[-1][-1]
    most = min(max(20, total / 20), rows(main))
    if sum(rows(part) for part in parts if part[-1] < first and not is_default(part)) > most:
        first = min(days)
    if sum(rows(part) for part in parts if part[0] > last and not is_default(part)) > most:
        last = max(days)
    return first, last


@pytest.fixture(scope="module")
def plausible_in_sql(make_shop: Callable[..., Shop]) -> Callable[[Days], tuple[date | None, date | None]]:
    """Runs the macro's SQL on days."""
    result = make_shop().dbt(
        "compile", "--inline", "with {{ plausible_days('listed_days') }} select first_day, last_day from plausible_days"
    )
    assert result.success, problem_of(result)
    (inline,) = result.result.results
    database = duckdb.connect()

    def plausible(days: Days) -> tuple[date | None, date | None]:
        database.execute("create or replace table listed_days (day date, row_count bigint)")
        database.execute("insert into listed_days select unnest(?), unnest(?)", [list(days), list(days.values())])
        (only,) = database.execute(inline.node.compiled_code).fetchall()
        return only

    return plausible


A_YEAR = days_from(START, 250, rows=4)
LAST = max(A_YEAR)


@pytest.mark.parametrize(
    ("log", "strays"),
    [
        # a typo of the year, of the decade, twice within 90 days, in several years, and a whole invoice of it
        (A_YEAR, {date(2042, 3, 6): 1}),
        (A_YEAR, {date(2032, 3, 6): 1}),
        (A_YEAR, {date(2042, 3, 6): 1, date(2042, 5, 6): 1}),
        (A_YEAR, {date(2034, 3, 6): 1, date(2042, 3, 6): 2, date(2099, 12, 31): 1}),
        (A_YEAR, {date(2042, 3, 6): 50}),
        # a default for what is missing, at both ends
        (A_YEAR, {date(1970, 1, 1): 3, date(2099, 12, 31): 3}),
        # which may stand for many rows, beside other strays
        (A_YEAR, {date(1970, 1, 1): 60}),
        (A_YEAR, {date(2000, 1, 1): 600, date(2007, 5, 6): 2, date(2099, 12, 31): 300}),
        # many in a large log: sparse, where the log has orders on every day
        (days_from(START, 400, rows=100), days_from(date(2042, 1, 7), 20, step=17)),
        # tiny logs
        ({START: 1, START + timedelta(days=31): 1}, {date(1970, 1, 1): 1, date(2099, 12, 31): 1}),
        (days_from(START, 3, step=30), {date(2042, 3, 6): 1, date(2042, 3, 8): 1}),
        # a log of a single day, and an order a year
        ({START: 30}, {date(2042, 3, 6): 1}),
        (days_from(date(2015, 5, 1), 8, step=365), {date(2042, 3, 6): 1}),
    ],
)  # fmt: skip
def test_days_far_outside_the_log_are_implausible(
    log: Days, strays: Days, plausible_in_sql: Callable[[Days], tuple[date, date]]
) -> None:
    assert plausible_in_sql(log | strays) == (min(log), max(log))


@pytest.mark.parametrize(
    "log",
    [
        pytest.param({}, id="nothing"),
        pytest.param({START: 1}, id="one day"),
        pytest.param(A_YEAR | days_from(LAST + timedelta(days=800), 1), id="closed for two years, the first order"),
        pytest.param(A_YEAR | days_from(LAST + timedelta(days=1_096), 1), id="closed for three years"),
        pytest.param(A_YEAR | {START - timedelta(days=1_800): 1}, id="a pilot order nearly five years before"),
        pytest.param(A_YEAR | {LAST + timedelta(days=400): 2}, id="a pre-order"),
        pytest.param(A_YEAR | days_from(date(2012, 1, 1), 100, rows=4), id="an old part that is much of the log"),
        pytest.param(A_YEAR | days_from(LAST + timedelta(days=1_500), 6, rows=1), id="opened again, on every day"),
        pytest.param(A_YEAR | {date(1970, 1, 2): 60}, id="a day far before the log that has many rows"),
        pytest.param(A_YEAR | {date(2018, 1, 1): 60}, id="an early day that is no default"),
        pytest.param(days_from(date(1999, 12, 1), 250, rows=4), id="a log that covers a default day"),
        pytest.param({date(1970, 1, 1): 60, START: 30}, id="a default for most rows: nothing says which is wrong"),
        pytest.param(A_YEAR | days_from(date(2042, 1, 1), 40, step=30), id="many rows, far out"),
        pytest.param(days_from(date(1990, 6, 1), 9, step=1_461), id="an order every four years"),
        pytest.param(days_from(date(1990, 6, 1), 4, step=700) | {date(2005, 1, 1): 1}, id="an order every two years"),
        pytest.param({START: 1, date(2042, 3, 6): 1}, id="two orders: nothing says which is wrong"),
        pytest.param(days_from(START, 4, step=30) | days_from(date(2042, 1, 1), 4), id="two halves"),
    ],
)
def test_what_a_shop_may_honestly_have_is_plausible(
    log: Days, plausible_in_sql: Callable[[Days], tuple[date | None, date | None]]
) -> None:
    assert plausible_in_sql(log) == (min(log, default=None), max(log, default=None))


LOGS = st.lists(
    st.tuples(
        st.integers(0, 80),
        st.integers(1, 400),
        st.sampled_from([1, 2, 8, 60]),
        st.sampled_from([1, 1, 7, 40, 370, 900]),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=100, deadline=None, derandomize=True)
@given(LOGS)
def test_the_rules_hold_for_any_log(
    plausible_in_sql: Callable[[Days], tuple[date, date]], stretches: list[tuple[int, int, int, int]]
) -> None:
    """Stretches of orders from 1970 to 2140, long and short, dense and sparse, with many rows and few."""
    days: Counter[date] = Counter()
    for place, (year, count, rows, step) in enumerate(stretches):
        first = date(1970 + 2 * year, 1, 1) + timedelta(days=41 * place)
        days.update(days_from(first, 1 + count % (4 if place else 400), step, rows))
    first, last = plausible_in_sql(dict(days))
    assert (first, last) == plausible_in_python(dict(days))
    rejected = sum(count for day, count in days.items() if not first <= day <= last and day not in DEFAULT_DAYS)
    assert rejected <= max(40, 0.1 * sum(days.values()))


# In a warehouse


def write(folder: Path, name: str, lines: list[str]) -> None:
    (folder / name).write_text("\n".join([HEADINGS, *lines]) + "\n", "utf-8")


SALES = [f"{number},A,CUP,2,2024-01-{number % 28 + 1:02} 10:00:00,10,80{number % 5},France" for number in range(1, 57)]
WRONG = [
    "901,A,CUP,1,2042-03-06 10:00:00,10,801,France",
    # an anonymous sale, a cancellation, and what is rejected for another reason as well
    "902,A,CUP,1,2042-03-07 10:00:00,10,,France",
    "C903,A,CUP,-1,2099-12-31 10:00:00,10,801,France",
    "904,POST,POSTAGE,1,1970-01-01 00:00:00,10,802,France",
]
# Three orders more of that time are no slip of the pen any more: with them, four days and ten rows.
SAME_TIME = [f"92{number},A,CUP,1,2042-04-{number:02} 10:00:00,10,803,France" for number in range(1, 8)]
MODELS = ("int_customer_states_scd2", "orders", "cleaning_summary", "rejected_transactions",
          "int_as_of_dates", "cancellations", "order_lines")  # fmt: skip
# What later builds have to write: the others are views of it.
WRITTEN = ("int_customer_states_scd2", "int_orders", "cleaning_summary", "int_as_of_dates")
TABLES = ("cleaning.int_transactions_flagged", "core.int_order_events_daily",
          "core.int_as_of_dates", "core.int_customer_states_scd2", "cleaning_summary", "orders", "order_lines",
          "cancellations", "rejected_transactions")  # fmt: skip


def contents(shop: Shop) -> dict[str, tuple[Any, ...]]:
    return shop.checksums(*TABLES, without=ROW_NUMBERS)


def rejected(shop: Shop) -> list[tuple[Any, ...]]:
    return shop.rows(
        "select invoice_id from rejected_transactions where rejection_reason = 'implausible_date' order by 1"
    )


@pytest.fixture(scope="module")
def with_typos(make_shop: Callable[..., Shop], tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("files")
    write(folder, "all.csv", SALES + WRONG)
    return make_shop(transactions=f"{folder}/*.csv").build_with_data_tests(*MODELS)


def test_a_wrong_date_is_rejected_and_moves_no_day(with_typos: Shop) -> None:
    assert rejected(with_typos) == [("901",), ("902",), ("904",), ("C903",)]
    assert with_typos.rows("select distinct as_of_date from core.int_as_of_dates") == [(date(2024, 1, 28),)]
    assert with_typos.row(
        "select count(*) from cleaning.int_transactions_flagged where rejection_reason = 'missing_customer'"
    ) == (0,)  # fmt: skip
    assert with_typos.row(
        "select rejection_detail from rejected_transactions where invoice_id = '901'"
    ) == ("the date 2042-03-06 lies outside the days of the log",)  # fmt: skip
    assert with_typos.row(
        "select rows_removed, amount_removed from cleaning_summary where step = 'implausible_date'"
    ) == (4, 20)  # fmt: skip


def test_settings_accept_what_is_far_out_and_reject_what_is_near(with_typos: Shop, tmp_path: Path) -> None:
    shop = with_typos.copy(tmp_path / "shop")
    before = contents(shop)
    shop.run(*WRITTEN, plausible_to="2042-12-31")
    assert rejected(shop) == [("904",), ("C903",)]
    assert shop.rows("select distinct as_of_date from core.int_as_of_dates") == [(date(2042, 3, 7),)]
    shop.run(*WRITTEN, plausible_from="2024-01-03", plausible_to="2024-01-27")
    assert shop.row("select min(order_date), max(order_date) from orders") == (date(2024, 1, 3), date(2024, 1, 27))
    # and a setting that is put back leaves nothing
    shop.run(*WRITTEN)
    assert contents(shop) == before


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_arrival_rejects_the_same_rows(
    seed: int, make_shop: Callable[..., Shop], with_typos: Shop, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    lines = chance.sample(SALES + WRONG, k=len(SALES) + len(WRONG))
    if seed == 2:
        # The wrong dates first: alone, nothing says that they are.
        lines = sorted(lines, key=SALES.__contains__)
    shop = make_shop(transactions=f"{tmp_path}/*.csv")
    for number, end in enumerate((4, 30, len(lines))):
        write(tmp_path, f"{number}.csv", lines[:end])
        if number == 0:
            shop.build(*MODELS)
        else:
            shop.run(*WRITTEN)
    assert contents(shop) == contents(with_typos)


def test_later_rows_make_a_day_plausible_and_a_build_without_news_changes_nothing(
    with_typos: Shop, make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    write(tmp_path, "all.csv", SALES + WRONG)
    shop = with_typos.copy(tmp_path / "shop", transactions=f"{tmp_path}/*.csv").run(*WRITTEN)
    write(tmp_path, "next.csv", SAME_TIME)
    # cut off after the flags: the next build completes what follows from them
    shop.run("int_transactions_flagged").run(*WRITTEN)
    assert rejected(shop) == [("904",), ("C903",)]
    assert shop.row("select max(order_date) from orders") == (date(2042, 4, 7),)
    assert contents(shop) == contents(make_shop(transactions=f"{tmp_path}/*.csv").build(*MODELS))
    before = contents(shop)
    assert contents(shop.run(*WRITTEN)) == before
    assert shop.row("select count(*) from sources.ingest_watermark") == (1,)
