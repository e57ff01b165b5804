"""What dbt does once here is what it does each time elsewhere (shop_toolkit.dbt_shortcuts)."""

from dataclasses import MISSING
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from dbt.artifacts.resources import ModelConfig
from dbt.clients import jinja
from dbt.contracts.graph.manifest import Manifest
from dbt.graph import GraphQueue
from dbt.graph.graph import nx
from dbt.parser import manifest
from dbt.task import runnable
from dbt.task import test as data_tests
from dbt_common.dataclass_schema import jsonschema
from mashumaro.jsonschema import build_json_schema, schema
from shop_toolkit.dbt_shortcuts import PlainTexts, in_one_statement, longest_path_first, project_written_once


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


def test_default_values_play_no_other_part_in_what_dbt_compares_settings_with(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for default in (MISSING, "a text"):
        monkeypatch.setattr(schema, "_default", lambda *_, default=default: default)
        found.append(build_json_schema(ModelConfig).to_dict())
    assert "'default': 'a text'" in str(found[1])
    assert found[0] == without_defaults(found[1])
    # What JSON Schema calls `default` explains, and decides nothing.
    for settings in ({"materialized": "table", "tags": ["a"]}, {"materialized": 3}, {"enabled": "perhaps"}):
        problems = [[str(one) for one in jsonschema.Draft7Validator(each).iter_errors(settings)] for each in found]
        assert len(problems[0]) == len(problems[1]) == (settings != {"materialized": "table", "tags": ["a"]})


def without_defaults(part: Any) -> Any:
    """A schema without the default values in it; a property of that name stays."""
    if isinstance(part, dict):
        return {key: without_defaults(value) for key, value in part.items() if key != "default"}
    return [without_defaults(value) for value in part] if isinstance(part, list) else part


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


def test_the_longest_path_begins_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here `campaigns` waits though nothing comes before it, which is why dbt would take it first."""
    monkeypatch.setattr(GraphQueue, "_get_scores", longest_path_first)
    names = ("campaigns", "codes", "lines", "orders", "customers", "segments", "names")
    nodes = {name: SimpleNamespace(name=name) for name in names}
    project = SimpleNamespace(expect=nodes.__getitem__)
    follows = [("lines", "orders"), ("codes", "orders"), ("orders", "customers"), ("customers", "segments")]
    follows += [("lines", "names"), ("campaigns", "segments")]
    queue = GraphQueue(nx.DiGraph(follows), project, set(names))
    found = []
    while not queue.empty():
        found.append(queue.get().name)
        queue.mark_done(found[-1])
    assert found == ["codes", "lines", "orders", "campaigns", "customers", "names", "segments"]
