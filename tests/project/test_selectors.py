"""What a build takes by default and what with unit tests; and the unit tests themselves, once for the whole suite."""

import os
from collections import Counter
from pathlib import Path

import pytest
from conftest import Shop, problem_of
from dbt.cli.main import dbtRunnerResult

# Of the unit tests, one in so many is run on Sail as well; `make soak` runs all of them there.
ONE_IN = 12


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


@pytest.fixture(scope="module")
def tested(demo_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dbtRunnerResult]:
    """A folder with the SQL of all unit tests, and what came of them on a warehouse that is built.

    dbt asks it for the types of columns, and for nothing else.
    """
    shop = demo_shop.copy(tmp_path_factory.mktemp("unit_tests") / "shop")
    return shop.folder / "target" / "run", shop.dbt("test", "--select", "test_type:unit")


def test_all_unit_tests_pass(tested: tuple[Path, dbtRunnerResult], unit_tests: set[str]) -> None:
    _, result = tested
    assert result.success, problem_of(result)
    status = {run.node.name: run.status for run in result.result.results if run.node.resource_type == "unit_test"}
    assert status == dict.fromkeys(unit_tests, "pass")


def test_a_share_of_the_unit_tests_pass_on_sail(
    demo_shop: Shop, tested: tuple[Path, dbtRunnerResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their SQL as dbt compiles it for DuckDB: what the models make of made-up rows, and what is expected."""
    if os.environ.get("SHOP_CI") is None:
        pytest.importorskip("pysail", reason="the extra 'spark' is not installed")
    from dbt.adapters.sparkconnect.engine import engine_at
    from dbt.adapters.sparkconnect.translation import run_translated

    monkeypatch.chdir(tmp_path)
    engine = engine_at("sail")
    folder, _ = tested
    parsed = demo_shop.parsed()
    assert parsed is not None
    known = {test.name: test for test in parsed.unit_tests.values()}
    files = sorted(folder.rglob("test_*.sql"))
    assert sorted(path.stem for path in files) == sorted(known)
    # But for those that read a table of the warehouse: which version is whole is looked up in the tables of rules.
    tests = [path for path in files if '"shop"."' not in path.read_text("utf-8")]
    assert known.keys() - {path.stem for path in tests} == {
        name
        for name, test in known.items()
        if test.model == "model_versions" and not {"whole_versions", "existing_relation"} & test.overrides.macros.keys()
    }
    assert len(tests) > 200
    for path in tests[5::ONE_IN]:
        rows = Counter(
            tuple(f"{value:.9g}" if isinstance(value, float) else str(value) for value in row.values())
            for row in run_translated(path.read_text("utf-8"), engine).to_pylist()
        )
        # The last column says which of the two a row is.
        actual, expected = (
            {row[:-1]: count for row, count in rows.items() if row[-1] == kind} for kind in ("actual", "expected")
        )
        assert actual == expected, path.name
        # Rows that are written out are all there; of those of a query, any.
        written = known[path.stem].expect.rows
        assert sum(expected.values()) == len(written) if isinstance(written, list) else expected, path.name
