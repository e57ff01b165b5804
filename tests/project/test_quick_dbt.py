"""What tests replace of dbt gives what dbt gives (tests/quick_dbt.py)."""

from types import SimpleNamespace

import pytest
from conftest import Shop
from dbt import compilation
from dbt.contracts.graph.manifest import Manifest

GIVEN = [
    SimpleNamespace(id="model.shop.orders", sql=" __dbt__cte__orders as (\nselect 1 as one\n)"),
    SimpleNamespace(id="model.shop.lines", sql=" __dbt__cte__lines as (\nwith a as (select 2 as two) from a\n)"),
]


@pytest.mark.parametrize(
    "query",
    [
        "with a as (select 1) select * from a",
        "\n\nWITH\n\n    a as (select 1),\n\n    b as (select 2)\n\nselect * from a",
        "-- why; and with what\n  -- a second line\nwith a as (select ';') select 1 from a",
        "/* with\n b */ with recursive\n a as (select 1) select * from a",
        "with -- why\n a as materialized (select 1) select 1",
        "select 1",
        f"{' ' * 60}select 1",
        "-- with\nselect * from (with a as (select 1) from a)",
        "select 1 union all (with a as (select 2) from a)",
        "with a as (select 1) from a; select 2",
    ],
)
def test_given_tables_are_put_before_the_ctes_of_a_model_as_dbt_does_it(query: str) -> None:
    inject = compilation.inject_ctes_into_sql
    assert inject is not inject.__wrapped__
    assert inject(query, GIVEN) == inject.__wrapped__(query, GIVEN)


def test_a_query_without_given_tables_stays_as_it_is() -> None:
    assert compilation.inject_ctes_into_sql("with a as (select 1) from a", []) == "with a as (select 1) from a"


def test_runs_share_what_they_only_read_and_nothing_that_they_write(demo_shop: Shop) -> None:
    one, other = demo_shop.parsed(), demo_shop.parsed()
    assert isinstance(one, Manifest)
    assert isinstance(other, Manifest)
    assert one.macros is other.macros
    for name in ("nodes", "unit_tests", "sources", "metrics", "exposures"):
        ours, theirs = getattr(one, name), getattr(other, name)
        assert ours.keys() == theirs.keys()
        assert not any(node is theirs[identifier] for identifier, node in ours.items())


def test_the_same_criteria_select_the_same_again_and_others_what_they_name(demo_shop: Shop) -> None:
    def selected(*options: str) -> list[str]:
        result = demo_shop.dbt("ls", "--output", "name", *options)
        assert result.success
        return sorted(result.result)

    orders = ("--select", "+int_orders", "--resource-type", "model")
    first = selected(*orders)
    assert "int_orders" in first
    assert selected("--select", "int_orders", "--resource-type", "model") == ["int_orders"]
    assert selected(*orders, "--exclude", "stg_transactions") == [name for name in first if name != "stg_transactions"]
    assert selected(*orders) == first
    assert set(selected("--select", "+int_orders")) > set(first)
