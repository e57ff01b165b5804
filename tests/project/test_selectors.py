"""What a build takes by default and what with unit tests; and the unit tests themselves, once for the whole suite."""

from typing import Any

import pytest
from conftest import Shop, problem_of


@pytest.fixture(scope="module")
def project(demo_shop: Shop) -> dict[str, Any]:
    parsed = demo_shop.parsed()
    assert parsed is not None
    return {
        "unit tests": {test.name for test in parsed.unit_tests.values()},
        "others": {node.name for node in [*parsed.nodes.values(), *parsed.sources.values()]},
    }


def selected(shop: Shop, *options: str) -> set[str]:
    result = shop.dbt("ls", "--output", "name", *options)
    assert result.success, problem_of(result)
    return set(result.result)


def test_a_command_that_selects_nothing_leaves_unit_tests_out_and_nothing_else(
    demo_shop: Shop, project: dict[str, Any]
) -> None:
    names = selected(demo_shop)
    assert len(project["unit tests"]) > 100
    assert not names & project["unit tests"]
    assert not {name for name in project["others"] if name.split(".")[-1] not in {one.split(".")[-1] for one in names}}


def test_the_selector_ci_takes_everything(demo_shop: Shop, project: dict[str, Any]) -> None:
    assert selected(demo_shop, "--selector", "ci") == selected(demo_shop) | project["unit tests"]


def test_all_unit_tests_pass(copy_of_demo_shop: Shop, project: dict[str, Any]) -> None:
    """On a warehouse that is built: dbt asks it for the types of columns, and for nothing else."""
    result = copy_of_demo_shop.dbt("test", "--select", "test_type:unit")
    assert result.success, problem_of(result)
    assert {run.node.name for run in result.result.results} == project["unit tests"]
    assert {run.status for run in result.result.results} == {"pass"}
