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
from itertools import repeat
from operator import itemgetter
from typing import Any

from dbt import compilation
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt.adapters.duckdb.relation import DuckDBRelation
from dbt.adapters.reference_keys import _make_ref_key
from dbt.clients.jinja import MacroGenerator
from dbt.compilation import Compiler
from dbt.context import providers
from dbt.context.macros import MacroNamespaceBuilder
from dbt.contracts.graph.manifest import Manifest
from dbt.events.logging import track_behavior_change_warn
from dbt.flags import get_flags
from dbt.graph.graph import Graph
from dbt.graph.selector import NodeSelector
from dbt_common.behavior_flags import BehaviorFlagRendered
from dbt_common.clients import agate_helper
from dbt_common.clients.jinja import MacroFuzzEnvironment
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.exceptions import DbtRuntimeError
from dbt_common.tests import enable_test_caching

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


class Macros(dict[str, Any]):
    """All macros that a model may use by their names: those of the project before those of dbt."""

    def __init__(self, packages: dict[str, dict[str, Any]], of_dbt: list[str]) -> None:
        """Join the macros of the packages; `of_dbt` names dbt's own packages, of which the first come first."""
        self.of_dbt: dict[str, Any] = {}
        for name in reversed(of_dbt):
            self.of_dbt |= packages.get(name, {})
        self.packages = {name: macros for name, macros in packages.items() if name not in of_dbt}
        super().__init__(self.of_dbt | {"dbt": self.of_dbt} | self.packages)
        for macros in self.packages.values():
            self.update(macros)

    def get_from_package(self, package: str | None, name: str) -> Any:
        """The macro of a package, by which dbt finds the one of the adapter."""
        if package is None:
            return self.get(name)
        return (self.of_dbt if package == "dbt" else self.packages[package]).get(name)


class BoundMacro(tuple[Any, ...], MacroGenerator):  # type: ignore[misc]  # dbt is not followed
    """A macro with what all macros of a context share. A tuple, as Python makes these without a call of its own.

    dbt makes seven hundred for each model and macro that it renders.
    """

    __init__, __eq__, __hash__ = object.__init__, object.__eq__, object.__hash__
    macro = property(itemgetter(0))
    context = property(lambda bound: bound[1][0])
    node = property(lambda bound: bound[1][1])
    stack = property(lambda bound: bound[1][2])


def macros_of(builder: Any, macros: dict[str, dict[str, Any]], context: dict[str, Any]) -> Macros:
    """What dbt collects for each model and macro that it renders, without a check of each name."""
    shared = repeat((context, builder.node, builder.thread_ctx))
    packages = {
        package: dict(zip(named, map(BoundMacro, zip(named.values(), shared, strict=False)), strict=True))
        for package, named in macros.items()
    }
    return Macros(packages, builder.internal_package_names_order)


def columns_of(adapter: Any, relation: Any) -> list[Any]:
    """The columns of a relation, none where it is missing, without the macro that asks for them."""
    try:
        _, described = adapter.connections.add_query(f"describe {relation.render()}", auto_begin=False)
    except DbtRuntimeError as problem:
        if "does not exist" in str(problem).lower():
            return []
        raise
    return [adapter.Column(name, kind) for name, kind, *_ in described.fetchall()]


def relation_of(get_relation: Function) -> Function:
    """A table by its name, where dbt knows what its schema holds: else it compares the names of all tables, twice."""

    def find(adapter: Any, database: str, schema: str, identifier: str) -> Any:
        if not adapter._schema_is_cached(database, schema):
            return get_relation(adapter, database=database, schema=schema, identifier=identifier)
        key = _make_ref_key(DuckDBRelation.create(database=database, schema=schema, identifier=identifier))
        with adapter.cache.lock:
            known = adapter.cache.relations.get(key)
        return None if known is None else known.inner

    return find


def once_for_the_same_options(args_to_dict: Function) -> Function:
    """The options of a run, which each node gets a copy of."""
    known: list[tuple[Any, dict[str, Any]]] = []

    def options_of(options: Any) -> dict[str, Any]:
        if not known or known[0][0] is not options:
            known[:] = [(options, args_to_dict(options))]
        return dict(known[0][1])

    return options_of


def quicken() -> None:
    """Have dbt in this process do once what it repeats, and leave out what nobody reads."""
    # dbt's own: plugins and the parts of a file with macros are found once.
    enable_test_caching()
    # Else dbt looks through the source of each module on the stack, to name the one that asks.
    BehaviorFlagRendered._default_source = staticmethod(lambda: DuckDBAdapter.__module__)
    DuckDBAdapter.get_relation = relation_of(DuckDBAdapter.get_relation)
    providers.args_to_dict = once_for_the_same_options(providers.args_to_dict)
    BaseEvent.__init__, BaseEvent.__getattr__ = filled_when_read(BaseEvent.__init__, BaseEvent.__getattr__)
    EventManager.fire_event = if_it_is_read(EventManager.fire_event)
    Compiler.compile = once_for_the_same_project(Compiler.compile)
    compilation.inject_ctes_into_sql = with_given_tables(compilation.inject_ctes_into_sql)
    NodeSelector.select_nodes = once_for_the_same_criteria(NodeSelector.select_nodes)
    Graph.get_subset_graph = once_for_the_same_nodes(Graph.get_subset_graph)
    MacroFuzzEnvironment.compile = once_for_each_text(MacroFuzzEnvironment.compile)
    MacroNamespaceBuilder.build_namespace = macros_of
    DuckDBAdapter.get_columns_in_relation = columns_of
    agate_helper.empty_table = cache(agate_helper.empty_table)
    agate_helper.build_type_tester = once_for_the_same_columns(agate_helper.build_type_tester)


def filled_when_read(fill: Function, get_attribute: Function) -> tuple[Function, Function]:
    """To fill in a message, value by value, takes longer than to write it down."""

    def remember(event: Any, *given: Any, **named: Any) -> None:
        event.__dict__["given"] = (given, named)

    def read(event: Any, name: str) -> Any:
        if "given" in event.__dict__:
            given, named = event.__dict__.pop("given")
            fill(event, *given, **named)
        return event.__dict__["pb_msg"] if name == "pb_msg" else get_attribute(event, name)

    return remember, read


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


def once_for_each_text(compile_template: Function) -> Function:
    """A model's Jinja is the same in each run; what it is filled with comes later."""
    compiled: dict[tuple[type, str], Any] = {}

    def compile_once(environment: Any, source: Any, *rest: Any, **more: Any) -> Any:
        if rest or more or not isinstance(source, str):
            return compile_template(environment, source, *rest, **more)
        key = (type(environment), source)
        if key not in compiled:
            compiled[key] = compile_template(environment, source)
        return compiled[key]

    return compile_once


def once_for_the_same_columns(build_type_tester: Function) -> Function:
    """What reads the types of a result takes longer to make than to use."""

    @cache
    def made(text_columns: frozenset[str], options: tuple[tuple[str, Any], ...]) -> Any:
        return build_type_tester(text_columns, **dict(options))

    def make_once(text_columns: Iterable[str], **options: Any) -> Any:
        return made(frozenset(text_columns), tuple(options.items()))

    return make_once
