"""The set-based matching against a plain stack: last in, first out, for hundreds of random histories."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from conftest import Shop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lines import Given, connected

MODELS = ("core.int_cancellation_matches",)
FIRST_MOMENT = datetime(2011, 1, 1)


# Units and money per pair of cancellation and sale.
Matches = dict[tuple[int, int], tuple[int, Decimal]]


@dataclass(frozen=True)
class Movement:
    """A sale (positive) or a cancellation (negative) of some units, some hours after the start."""

    customer: str
    product: str
    hours: int
    units: int
    price: Decimal
    invoice: int

    @property
    def order(self) -> tuple[Any, ...]:
        """Time, sales before cancellations, then content; never the place in the file."""
        invoice = f"C{self.invoice}" if self.units < 0 else str(self.invoice)
        return self.hours, self.units < 0, invoice, self.price, self.units


def match_with_a_stack(movements: list[Movement]) -> Matches:
    """Units and money per pair of cancellation and sale, by place in the list."""
    stacks: dict[tuple[str, str], list[list[int]]] = defaultdict(list)
    matches: Matches = {}
    for place in sorted(range(len(movements)), key=lambda place: (movements[place].order, place)):
        movement = movements[place]
        stack = stacks[movement.customer, movement.product]
        if movement.units > 0:
            stack.append([place, movement.units])
            continue
        missing = -movement.units
        while missing and stack:
            sale, left = stack[-1]
            units = min(missing, left)
            matches[place, sale] = units, units * movements[sale].price
            missing -= units
            stack[-1][1] -= units
            if not stack[-1][1]:
                stack.pop()
    return matches


@pytest.fixture(scope="module")
def match_in_sql(make_shop: Callable[..., Shop]) -> Callable[[list[Movement]], Matches]:
    """Runs the compiled models on movements, in a database that stands in for the warehouse."""
    shop = make_shop()
    assert shop.dbt("compile", "--select", *(name.split(".")[1] for name in MODELS)).success
    compiled = {
        name: next(Path(shop.folder / "target" / "compiled").rglob(f"{name.split('.')[1]}.sql")).read_text()
        for name in MODELS
    }
    database = duckdb.connect()
    database.execute("attach ':memory:' as shop; create schema shop.cleaning; create schema shop.core; set threads = 2")

    def match(movements: list[Movement]) -> Matches:
        database.execute(
            """
            create or replace table shop.cleaning.int_transactions_flagged (
                input_row bigint, invoice_id varchar, product_id varchar, product_description varchar,
                customer_id varchar, country varchar, rejection_reason varchar, other_columns varchar,
                quantity decimal(18, 3), unit_price decimal(18, 4), gross_amount decimal(18, 2),
                is_cancellation boolean, ordered_at timestamp
            )
            """
        )
        database.executemany(
            """
            insert into shop.cleaning.int_transactions_flagged
            values (?, ?, ?, null, ?, null, null, null, ?, ?, ?, ?, ?)
            """,
            [
                (
                    place,
                    movement.order[2],
                    movement.product,
                    movement.customer,
                    movement.units,
                    movement.price,
                    movement.units * movement.price,
                    movement.units < 0,
                    FIRST_MOMENT + timedelta(hours=movement.hours),
                )
                for place, movement in enumerate(movements)
            ],
        )
        for name, query in compiled.items():
            database.execute(f"create or replace table shop.{name} as {query}")
        found = database.execute(
            "select cancellation_row, sale_row, units, amount from shop.core.int_cancellation_matches"
        ).fetchall()
        return {(cancellation, sale): (units, amount) for cancellation, sale, units, amount in found}

    return match


movement = st.builds(
    Movement,
    customer=st.sampled_from("abc"),
    product=st.sampled_from("AB"),
    # few times, so that ties are common
    hours=st.integers(0, 12),
    units=st.integers(-12, 12).filter(bool),
    price=st.sampled_from([Decimal("0.10"), Decimal("1.25"), Decimal("2.00")]),
    invoice=st.integers(1, 4),
)


HISTORIES = st.lists(movement, min_size=1, max_size=60, unique_by=lambda one: (one.customer, one.product, one.order))
RANDOM = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@RANDOM
@given(movements=HISTORIES)
def test_matching_is_what_a_plain_stack_does(movements: list[Movement], match_in_sql: Callable[..., Any]) -> None:
    """Each example holds six histories (three customers, two products): nine hundred in all."""
    assert match_in_sql(movements) == match_with_a_stack(movements)


@pytest.mark.soak
@settings(RANDOM, max_examples=2_000)
@given(movements=HISTORIES)
def test_matching_of_twelve_thousand_histories_is_what_a_plain_stack_does(
    movements: list[Movement], match_in_sql: Callable[..., Any]
) -> None:
    assert match_in_sql(movements) == match_with_a_stack(movements)


def test_the_oracle_itself_is_right() -> None:
    """Worked by hand: 10 bought, 5 bought, 3 sent back, 4 bought, 7 sent back."""
    history = [
        Movement("c", "A", hours, units, Decimal(1), hours) for hours, units in enumerate([10, 5, -3, 4, -7, -99])
    ]
    by_hand: dict[tuple[int, int], tuple[int, int]] = {
        (2, 1): (3, 3), (4, 3): (4, 4), (4, 1): (2, 2), (4, 0): (1, 1), (5, 0): (9, 9)
    }  # fmt: skip
    assert match_with_a_stack(history) == {pair: (units, Decimal(money)) for pair, (units, money) in by_hand.items()}


def stock_movements(columns: str, rows: list[tuple[Any, ...]], result: str) -> list[tuple[Any, ...]]:
    """Movements in order, of lines that have these columns; the others are equal in all of them."""
    lines = pd.DataFrame(rows, columns=columns.split()).assign(customer_id="c")
    equal = {
        "invoice_id": "1", "product_id": "A", "unit_price": 1, "product_description": None, "country": None,
        "other_columns": None, "ordered_at": FIRST_MOMENT, "gross_amount": 1, "quantity": 1, "is_cancellation": False,
    }  # fmt: skip
    with connected() as connection:
        given_lines = Given(connection, lines=lines.assign(**{name: equal[name] for name in equal.keys() - set(lines)}))
        return given_lines.rows(
            "with {{ stock_movements('lines') }} "
            f"select {result} from stock_movements order by product_id, movement_number"
        )


def test_levels_are_clipped_at_zero() -> None:
    days = [FIRST_MOMENT + timedelta(days=day) for day in range(4)]
    lines = [
        # nothing to give back yet
        (1, "A", -4, True, days[0]),
        (2, "A", 10, False, days[1]),
        # more than is left
        (3, "A", -12, True, days[2]),
        (4, "A", 5, False, days[3]),
        # never cancelled: no movement
        (5, "B", 5, False, days[3]),
        # begins with a sale: nothing is clipped
        (6, "D", 5, False, days[2]),
        (7, "D", -2, True, days[3]),
    ]
    assert stock_movements(
        "input_row product_id quantity is_cancellation ordered_at",
        lines,
        "input_row, movement_number, level_before, level_after",
    ) == [(1, 1, 0, 0), (2, 2, 0, 10), (3, 3, 10, 0), (4, 4, 0, 5), (6, 1, 0, 5), (7, 2, 5, 3)]


def test_ties_in_time_are_ordered_by_content() -> None:
    """Sales before cancellations, then invoice, price, quantity, amount and texts; never the order of the file."""
    lines = [
        (1, "C1", -4, 1, -4, True, "x", "x", "x"),
        (2, "9", 1, 1, 1, False, "x", "x", "x"),
        (3, "8", 1, 2, 1, False, "x", "x", "x"),
        (4, "8", 2, 1, 1, False, "x", "x", "x"),
        (5, "8", 1, 1, 2, False, "x", "x", "x"),
        (6, "8", 1, 1, 1, False, "y", "x", "x"),
        (7, "8", 1, 1, 1, False, "x", "y", "x"),
        (8, "8", 1, 1, 1, False, "x", "x", "y"),
        (9, "8", 1, 1, 1, False, "x", "x", "x"),
    ]
    texts = "product_description country other_columns"
    columns = f"input_row invoice_id quantity unit_price gross_amount is_cancellation {texts}"
    assert stock_movements(columns, lines, "input_row, movement_number") == [
        (row, place) for place, row in enumerate(range(9, 0, -1), 1)
    ]


@settings(max_examples=20, deadline=None, derandomize=True)
@given(units=st.lists(st.integers(-12, 12).filter(bool), min_size=1, max_size=40))
def test_a_level_is_the_balance_that_never_falls_below_zero(units: list[int]) -> None:
    lines = [(row, quantity, quantity < 0, FIRST_MOMENT + timedelta(hours=row)) for row, quantity in enumerate(units)]
    found = stock_movements("input_row quantity is_cancellation ordered_at", lines, "level_before, level_after")
    level, expected = 0, []
    for quantity in units if min(units) < 0 else []:
        expected.append((level, max(level + quantity, 0)))
        level = expected[-1][1]
    assert found == expected
