"""dbt in the process of the tests, without what costs time and what no test asks for.

What runs of one process repeat is done once, and messages that nobody reads are neither filled in nor written. Tests of
commands run dbt as it is, and compare what it builds with what is built so (tests/project/test_commands.py). Unit tests
run here alone: that their queries are those of dbt is tested by tests/project/test_quick_dbt.py.
"""

import gc
import pickle
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any

from dbt import compilation
from dbt.compilation import Compiler
from dbt.contracts.graph.manifest import Manifest
from dbt.events.logging import track_behavior_change_warn
from dbt.flags import get_flags
from dbt.graph.graph import Graph
from dbt.graph.selector import NodeSelector
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from shop_toolkit.dbt_shortcuts import take_shortcuts

Function = Callable[..., Any]
# All that dbt copies of a parsed project. dbt 1.11 pickles it with its fields in the wrong order, and can't copy
# selectors, which runs read from selectors.yml.
COPIED = (
    "nodes", "sources", "macros", "docs", "exposures", "functions", "metrics", "groups", "metadata", "disabled",
    "files", "state_check", "semantic_models", "unit_tests", "saved_queries",
)  # fmt: skip
# The larger part of them is only read.
NEVER_WRITTEN = ("macros", "docs", "groups", "files")
# What the project has none of: indexes, grants, and comments in the warehouse. And a cast of each value of a unit test.
SHORTER = {
    "macro.dbt.safe_cast":
        "{% macro safe_cast(field, type) %}cast({{ field }} as {{ type }}){% endmacro %}",
    "macro.dbt.create_indexes": "{% macro create_indexes(relation) %}{% endmacro %}",
    "macro.dbt_duckdb.drop_indexes_on_relation": "{% macro drop_indexes_on_relation(relation) %}{% endmacro %}",
    "macro.dbt.should_revoke":
        "{% macro should_revoke(existing_relation, full_refresh_mode=True) %}{% endmacro %}",
    "macro.dbt.apply_grants":
        "{% macro apply_grants(relation, grant_config, should_revoke=True) %}{% endmacro %}",
    "macro.dbt.persist_docs":
        "{% macro persist_docs(relation, model, for_relation=true, for_columns=true) %}{% endmacro %}",
}  # fmt: skip


def packed(parsed: Manifest) -> bytes:
    """The project as it was parsed, to be unpacked by any process."""
    for macro, text in SHORTER.items():
        parsed.macros[macro].macro_sql = text
    return pickle.dumps({name: getattr(parsed, name) for name in COPIED})


def unpacked(project: bytes) -> Manifest:
    """A copy of its own for a run of dbt, which writes into it what it compiles; what no run writes into, all share."""
    shared, flat_graph = shared_by_runs(project)
    with without_looking_for_garbage():
        parsed = Manifest(**shared | {name: pickle.loads(part) for name, part in parts_of(project).items()})
    parsed.flat_graph = flat_graph
    return parsed


@cache
def shared_by_runs(project: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """What no run changes of the project, and all of it as macros read it, by `graph`."""
    every = pickle.loads(project)
    parsed = Manifest(**every)
    parsed.build_flat_graph()
    return {name: every[name] for name in NEVER_WRITTEN}, parsed.flat_graph


@cache
def parts_of(project: bytes) -> dict[str, bytes]:
    """What each run gets a copy of."""
    return {name: pickle.dumps(part) for name, part in pickle.loads(project).items() if name not in NEVER_WRITTEN}


@contextmanager
def without_looking_for_garbage() -> Iterator[None]:
    """For as long as objects are made that all live: to look through them takes longer than to make them."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def quicken() -> None:
    """Have dbt in this process do once what it repeats, and leave out what nobody reads."""
    take_shortcuts()
    EventManager.fire_event = if_it_is_read(EventManager.fire_event)
    Compiler.compile = once_for_the_same_project(Compiler.compile)
    compilation.inject_ctes_into_sql = with_given_tables(compilation.inject_ctes_into_sql)
    NodeSelector.select_nodes = once_for_the_same_criteria(NodeSelector.select_nodes)
    Graph.get_subset_graph = once_for_the_same_nodes(Graph.get_subset_graph)


def if_it_is_read(fire_event: Function) -> Function:
    """A sixth of a build went into messages for debugging, which were written down nowhere and passed to nobody.

    Nor does a test read in the log that a model starts and is built.
    """

    def fire(manager: Any, event: BaseEvent, level: EventLevel | None = None, *rest: Any, **more: Any) -> None:
        level = level or event.level_tag()
        is_of_a_model = level == EventLevel.INFO and type(event).__name__ in ("LogStartLine", "LogModelResult")
        # dbt's own callback, which is always there, waits for warnings.
        is_asked_for = any(callback is not track_behavior_change_warn for callback in manager.callbacks)
        if is_asked_for or not (is_of_a_model or level == EventLevel.DEBUG):
            fire_event(manager, event, level, *rest, **more)

    return fire


def once_for_the_same_project(compile_graph: Function) -> Function:
    """What follows what in the project is the same in each run, whatever its settings."""
    graphs: dict[tuple[bool, frozenset[str]], Graph] = {}

    def compile_once(compiler: Any, manifest: Manifest, write: bool = True, add_test_edges: bool = False) -> Graph:
        key = (add_test_edges, frozenset(manifest.nodes))
        if key not in graphs or get_flags().WRITE_JSON:
            graphs[key] = compile_graph(compiler, manifest, write, add_test_edges)
        compiler.initialize()
        return graphs[key]

    return compile_once


def once_for_the_same_nodes(get_subset_graph: Function) -> Function:
    """The part of the graph that a run builds; the run takes out of its own copy what it has built."""

    def get_once(graph: Any, selected: Iterable[str]) -> Graph:
        subsets, nodes = graph.__dict__.setdefault("subsets", {}), frozenset(selected)
        if nodes not in subsets:
            subsets[nodes] = get_subset_graph(graph, nodes)
        return Graph(subsets[nodes].graph.copy())

    return get_once


def once_for_the_same_criteria(select_nodes: Function) -> Function:
    """What a selection finds in the same graph; dbt compares the names of all nodes for each criterion."""

    def select_once(selector: Any, spec: Any, *rest: Any, **more: Any) -> tuple[set[str], set[str]]:
        known: dict[Any, tuple[set[str], set[str]]] = selector.full_graph.__dict__.setdefault("selections", {})
        key = (type(selector), selector.include_empty_nodes, repr(spec))
        if key not in known:
            direct, indirect = select_nodes(selector, spec, *rest, **more)
            if not direct:
                # dbt warns of it in each run.
                return direct, indirect
            known[key] = direct, indirect
        direct, indirect = known[key]
        return set(direct), set(indirect)

    return select_once


# Comments and texts.
NO_CODE = re.compile(r"--[^\n]*|/\*.*?\*/|'[^']*'|\"[^\"]*\"", re.DOTALL)
# After blanks and comments a statement that begins with its CTEs.
BEGINS_WITH_CTES = re.compile(
    r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*with\b(?:\s+recursive\b)?\s+", re.IGNORECASE | re.DOTALL
)


def with_given_tables(inject: Function) -> Function:
    """A model's SQL after the CTEs of a unit test, without the parser of all its SQL, which takes half of the test."""

    @wraps(inject)
    def inject_quickly(sql: str, ctes: list[Any]) -> str:
        begins = BEGINS_WITH_CTES.match(sql)
        if not begins or not ctes or ";" in NO_CODE.sub("", sql):
            text: str = inject(sql, ctes)
            return text
        return f"{begins[0]}{', '.join(cte.sql for cte in ctes)}, {sql[begins.end() :]}"

    return inject_quickly
