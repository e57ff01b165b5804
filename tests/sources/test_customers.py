"""Which column identifies the customer: an id that is another one for each order identifies nobody."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lines import lines_of
from real_request import real_request
from shop_toolkit.ingest import inspect_input
from shop_toolkit.ingest.plan import Plan, plan_input
from test_ingest import ingest, write

ORDERS = 30
# Ten people with three orders each.
PEOPLE = [f"person-{order % 10}@shop.example" for order in range(ORDERS)]
HEADINGS = "order_id,order_date,price,customer_id,email"


def rows(ids: Sequence[str], others: Sequence[str], first_order: int = 0) -> list[str]:
    """A line per order."""
    return [
        f"{first_order + order},2024-01-{1 + order % 28:02},5.00,{one},{other}"
        for order, (one, other) in enumerate(zip(ids, others, strict=True))
    ]


PER_ORDER = [f"c{order}" for order in range(ORDERS)]


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def planned(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., Plan]:
    def plan(*lines: str, **settings: Any) -> Plan:
        return plan_input(warehouse, real_request(write(tmp_path / "log.csv", *lines), **settings))

    return plan


def kinds(plan: Plan) -> list[str]:
    return [finding.kind for finding in plan.findings if finding.column_name == "customer_id"]


def test_an_id_per_order_gives_way_to_a_column_that_repeats(planned: Callable[..., Plan]) -> None:
    plan = planned(HEADINGS, *rows(PER_ORDER, PEOPLE))
    assert plan.relation.headings["customer_id"] == "email"
    (finding,) = (finding for finding in plan.findings if finding.kind == "customer_per_order")
    assert finding.example == "email"
    assert finding.suggestion == (
        "'customer_id' is another one for each order, so customers are read from 'email'. Name another column in"
        " 'column_mapping' where that is wrong."
    )


def test_an_e_mail_address_per_order_gives_way_too(planned: Callable[..., Plan]) -> None:
    """Marketplaces mask them."""
    masked = [f"{order}x@marketplace.example" for order in range(ORDERS)]
    plan = planned("order_id,order_date,price,buyer_email,buyer", *rows(masked, PEOPLE))
    assert plan.relation.headings["customer_id"] == "buyer"


@pytest.mark.parametrize(
    ("ids", "others", "settings"),
    [
        # few orders prove nothing
        (PER_ORDER[:19], PEOPLE[:19], {}),
        # the other column is one per order, too
        (PER_ORDER, [f"{order}@shop.example" for order in range(ORDERS)], {}),
        # it has one customer for nearly all, or is empty for many
        (PER_ORDER, ["till@shop.example"] * 10 + [f"{order}@shop.example" for order in range(20)], {}),
        (PER_ORDER, [*PEOPLE[:20], *[""] * 10], {}),
        # somebody came back by the first column
        ([*PER_ORDER[:-1], "c0"], PEOPLE, {}),
        # a setting says so
        (PER_ORDER, PEOPLE, {"column_mapping": {"customer_id": "customer_id"}}),
    ],
)
def test_it_stays_where_nothing_proves_the_other_column(
    ids: list[str], others: list[str], settings: dict[str, Any], planned: Callable[..., Plan]
) -> None:
    plan = planned(HEADINGS, *rows(ids, others), **settings)
    assert plan.relation.headings["customer_id"] == "customer_id"
    assert kinds(plan) == []


def test_without_orders_nothing_is_one_per_order(planned: Callable[..., Plan]) -> None:
    lines = [line.split(",", 1)[1] for line in [HEADINGS, *rows(PER_ORDER, PEOPLE)]]
    assert planned(*lines).relation.headings["customer_id"] == "customer_id"


def test_an_order_of_two_people_has_no_customer_in_that_column(planned: Callable[..., Plan]) -> None:
    second_lines = [f"{order},2024-01-01,5.00,c{order},other-{order % 7}@shop.example" for order in range(ORDERS)]
    plan = planned(HEADINGS, *rows(PER_ORDER, PEOPLE), *second_lines)
    assert plan.relation.headings["customer_id"] == "customer_id"


def test_customers_in_another_column_are_warned_of(planned: Callable[..., Plan]) -> None:
    guests = ["0" if order % 3 == 0 else f"c{order % 5}" for order in range(ORDERS)]
    plan = planned(HEADINGS, *rows(guests, PEOPLE))
    assert plan.relation.headings["customer_id"] == "customer_id"
    (finding,) = (finding for finding in plan.findings if finding.kind == "customers_elsewhere")
    assert (finding.row_count, finding.example) == (10, "email")


def test_customers_in_another_column_are_warned_of_without_orders(planned: Callable[..., Plan]) -> None:
    some = ["" if order % 2 else f"c{order % 5}" for order in range(ORDERS)]
    plan = planned(*(line.split(",", 1)[1] for line in [HEADINGS, *rows(some, PEOPLE)]))
    (finding,) = (finding for finding in plan.findings if finding.kind == "customers_elsewhere")
    assert (finding.row_count, finding.example) == (15, "email")


def test_what_the_first_build_decided_holds_until_all_is_read_again(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    request = real_request(tmp_path / "*.csv")
    write(tmp_path / "a.csv", HEADINGS, *rows(PER_ORDER, PEOPLE))
    assert ingest(warehouse, request).relation.headings["customer_id"] == "email"
    # These alone prove nothing.
    write(tmp_path / "b.csv", HEADINGS, *rows(["c99"], ["new@shop.example"], first_order=99))
    plan = ingest(warehouse, request)
    assert (plan.is_full_read, plan.relation.headings["customer_id"]) == (False, "email")
    assert warehouse.sql("select customer_id from staging.base_transactions where invoice_id = '99'").fetchall() == [
        ("new@shop.example",)
    ]
    # Nor is what was decided for one place held for another.
    (tmp_path / "other").mkdir()
    write(tmp_path / "other" / "c.csv", HEADINGS, *rows(["c99"] * 30, PEOPLE))
    other = real_request(tmp_path / "other" / "*.csv")
    assert plan_input(warehouse, other).relation.headings["customer_id"] == "customer_id"


def test_it_is_decided_over_files_of_several_forms_and_encodings(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lines = rows(PER_ORDER, PEOPLE)
    write(tmp_path / "a.csv", HEADINGS, *lines[:15])
    (tmp_path / "b.csv").write_bytes("\n".join([f"{HEADINGS},Примечание", *lines[15:]]).encode("windows-1251"))
    plan = plan_input(warehouse, real_request(tmp_path / "*.csv"))
    assert [part.headings["customer_id"] for part in plan.relation.parts] == ["email", "email"]


def test_orders_without_anybody_who_came_back_are_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    headings = "order_id,order_date,price,customer_id"
    lines = [f"{order},2024-01-{1 + order % 28:02},5.00,c{order}" for order in range(50)]
    log = write(tmp_path / "log.csv", headings, *lines)
    query = "select row_count, amount from {{ ref('input_warnings') }} where kind = 'customer_per_order'"
    with lines_of(log) as built:
        assert built.rows(query) == [(50, 250)]
    assert inspect_input.main([f"{{transactions: {log}}}"]) == 0
    assert "  customer_id: each of 50 orders has another one." in capsys.readouterr().out
    write(tmp_path / "log.csv", headings, *lines, "50,2024-02-01,5.00,c0")
    with lines_of(log) as built:
        assert built.rows(query) == []
    assert inspect_input.main([f"{{transactions: {log}}}"]) == 0
    assert "orders has another one" not in capsys.readouterr().out
