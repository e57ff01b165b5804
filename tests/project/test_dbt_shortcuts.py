"""What dbt does once here is what it does each time elsewhere (shop_toolkit.dbt_shortcuts)."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from dbt.clients import jinja
from dbt.contracts.graph.manifest import Manifest
from dbt.parser import manifest
from dbt.task import runnable
from dbt.task import test as data_tests
from shop_toolkit.dbt_shortcuts import PlainTexts, in_one_statement, project_written_once


@pytest.mark.parametrize(
    "text", ["broad", "", " a  b ", "1", "1.50", "True", "none", "[1, 2]", "it's", '"x"', "a\\nb", "{ x }", "€", "a\t"]
)
def test_a_line_without_jinja_is_what_dbt_makes_of_it(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = PlainTexts()
    for known in (texts, dict[str, Any]()):
        monkeypatch.setattr(jinja, "_render_cache", known)
        assert jinja.get_rendered(text, {}, native=True) == text
    # Nothing was compiled, so nothing is kept.
    assert not texts


@pytest.mark.parametrize("text", ["a\n", "a\r\nb", "\n"])
def test_a_text_of_several_lines_is_left_to_jinja(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for known in (PlainTexts(), dict[str, Any]()):
        monkeypatch.setattr(jinja, "_render_cache", known)
        found.append(jinja.get_rendered(text, {}, native=True))
    assert found[0] == found[1] != text


def run_test(query: str, kind: str = "duckdb", **settings: Any) -> Any:
    """The result of a data test with the compiled query, on DuckDB; 'by dbt' where dbt runs it itself."""
    options = {"fail_calc": "count(*)", "warn_if": "!= 0", "error_if": "!= 0", "limit": None, "sql_header": None}
    stored = settings.pop("stored", False)
    config = SimpleNamespace(**options | settings, get=(options | settings).get)
    test = SimpleNamespace(config=config, compiled_code=query, should_store_failures=stored)
    with duckdb.connect() as connection:
        connections = SimpleNamespace(add_query=lambda asked, auto_begin: (None, connection.execute(asked)))
        runner = SimpleNamespace(adapter=SimpleNamespace(type=lambda: kind, connections=connections))
        return in_one_statement(lambda *_: "by dbt")(runner, test, None)


@pytest.mark.parametrize(
    ("query", "settings", "expected"),
    [
        ("from range(0)", {}, (0, False, False)),
        ("from range(3) -- why", {}, (3, True, True)),
        ("from range(3)", {"error_if": "> 5"}, (3, True, False)),
        ("from range(9)", {"limit": 4}, (4, True, True)),
        ("select 7 as missing", {"fail_calc": "max(missing)", "warn_if": "> 7"}, (7, False, True)),
    ],
)
def test_a_data_test_counts_what_fails(query: str, settings: dict[str, Any], expected: tuple[int, bool, bool]) -> None:
    assert run_test(query, **settings) == data_tests.TestResultData(*expected, {"_message": "OK"})


def test_what_is_more_than_a_query_is_left_to_dbt() -> None:
    assert run_test("from range(3)", stored=True) == "by dbt"
    assert run_test("from range(3)", sql_header="set x = 1") == "by dbt"
    assert run_test("from range(3)", kind="sparkconnect") == "by dbt"


def test_the_project_is_written_at_the_end_alone(tmp_path: Path) -> None:
    """Dbt writes it by this name once it is parsed, and by that of `runnable` when a build has ended."""
    write = manifest.write_manifest
    with project_written_once():
        manifest.write_manifest(Manifest(), str(tmp_path))
        assert list(tmp_path.iterdir()) == []
        runnable.write_manifest(Manifest(), str(tmp_path))
        assert (tmp_path / "manifest.json").exists()
    assert manifest.write_manifest is write
