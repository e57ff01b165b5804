"""What a build takes by default and what with unit tests; and the unit tests themselves, once for the whole suite."""

import pytest
from conftest import Shop, problem_of


@pytest.fixture(scope="module")
def unit_tests(demo_shop: Shop) -> set[str]:
    parsed = demo_shop.parsed()
    assert parsed is not None
    names = {test.name for test in parsed.unit_tests.values()}
    assert len(names) > 100
    return names


def selected(shop: Shop, *options: str) -> set[str]:
    result = shop.dbt("ls", "--output", "name", *options)
    assert result.success, problem_of(result)
    return set(result.result)


def test_a_command_that_selects_nothing_leaves_unit_tests_out_and_nothing_else(
    demo_shop: Shop, unit_tests: set[str]
) -> None:
    parsed = demo_shop.parsed()
    assert parsed is not None
    others = {
        node.name
        for node in [*parsed.nodes.values(), *parsed.sources.values(), *parsed.exposures.values()]
        if node.resource_type != "operation"
    }
    names = selected(demo_shop)
    assert not names & unit_tests
    # a source goes by the name of its schema and its own
    assert others <= {name.split(".")[-1] for name in names}


def test_the_selector_ci_selects_everything(demo_shop: Shop, unit_tests: set[str]) -> None:
    assert selected(demo_shop, "--selector", "ci") == selected(demo_shop) | unit_tests


def test_all_unit_tests_pass(copy_of_demo_shop: Shop, unit_tests: set[str]) -> None:
    """On a warehouse that is built: dbt asks it for the types of columns, and for nothing else."""
    result = copy_of_demo_shop.dbt("test", "--select", "test_type:unit")
    assert result.success, problem_of(result)
    status = {run.node.name: run.status for run in result.result.results if run.node.resource_type == "unit_test"}
    assert status == dict.fromkeys(unit_tests, "pass")
