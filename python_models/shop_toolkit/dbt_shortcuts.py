"""What dbt repeats for each node and while it parses, done once: in the processes of our own commands and of the tests.

`dbt build` itself stays as it is. That a refresh, and in `make soak` a build, is the same with and without is tested
(tests/project/test_commands.py).
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING
from functools import cache
from itertools import chain, repeat
from operator import itemgetter
from typing import Any

from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt.adapters.duckdb.relation import DuckDBRelation
from dbt.adapters.reference_keys import _make_ref_key
from dbt.clients import jinja
from dbt.clients.jinja import MacroGenerator
from dbt.context import providers
from dbt.context.macros import MacroNamespaceBuilder
from dbt.graph import GraphQueue
from dbt.parser import manifest
from dbt.task.test import TestResultData, TestRunner
from dbt_common.behavior_flags import BehaviorFlagRendered
from dbt_common.clients import agate_helper
from dbt_common.clients.jinja import MacroFuzzEnvironment
from dbt_common.events.base_types import BaseEvent
from dbt_common.exceptions import DbtRuntimeError
from dbt_common.tests import enable_test_caching
from mashumaro.jsonschema import schema

Function = Callable[..., Any]


@cache
def take_shortcuts() -> None:
    """Have dbt in this process do once what it repeats; once, as each call would wrap what the one before wrapped."""
    # dbt's own: plugins and the parts of a file with macros are found once.
    enable_test_caching()
    # Else dbt looks through the source of each module on the stack, to name the one that asks.
    BehaviorFlagRendered._default_source = staticmethod(lambda: DuckDBAdapter.__module__)
    DuckDBAdapter.get_relation = relation_of(DuckDBAdapter.get_relation)
    DuckDBAdapter.get_columns_in_relation = columns_of
    providers.args_to_dict = once_for_the_same_options(providers.args_to_dict)
    BaseEvent.__init__, BaseEvent.__getattr__ = filled_when_read(BaseEvent.__init__, BaseEvent.__getattr__)
    jinja._render_cache = PlainTexts()
    MacroFuzzEnvironment.compile = once_for_each_text(MacroFuzzEnvironment.compile)
    MacroFuzzEnvironment.parse = once_for_each_text(MacroFuzzEnvironment.parse)
    # Of each value that a setting of dbt has by default, mashumaro makes a class, to write it into the schema that
    # dbt compares the settings with. It plays no part there.
    schema._default = lambda *_: MISSING
    MacroNamespaceBuilder.build_namespace = macros_of
    agate_helper.empty_table = cache(agate_helper.empty_table)
    agate_helper.build_type_tester = once_for_the_same_columns(agate_helper.build_type_tester)
    TestRunner.execute_data_test = in_one_statement(TestRunner.execute_data_test)
    GraphQueue._get_scores = longest_path_first


@contextmanager
def project_written_once() -> Iterator[None]:
    """Within it a build writes the whole project as JSON at its end alone, and not also before its first node."""
    write = manifest.write_manifest
    manifest.write_manifest = lambda *_, **__: None
    try:
        yield
    finally:
        manifest.write_manifest = write


def longest_path_first(_: GraphQueue, graph: Any) -> dict[str, int]:
    """The place of each node in the queue of those that are ready: first the one that most others in a row wait for.

    dbt takes first what little came before. Reckoned with the seconds of its nodes, a first build of the real file on
    two threads then takes 6 % longer than its longest path, which leads through clusterings and predictions of what
    they find; in this order less than 1 %.
    """
    places: dict[str, int] = {}
    for node in reversed(list(chain.from_iterable(GraphQueue._grouped_topological_sort(graph)))):
        places[node] = min((places[later] for later in graph.successors(node)), default=0) - 1
    return places


def in_one_statement(execute_data_test: Function) -> Function:
    """A data test as its compiled query alone, without the macros around it, which take longer than most tests.

    A test that stores its failures, or runs on another engine, is left to dbt.
    """

    def execute(runner: Any, test: Any, project: Any) -> Any:
        config = test.config
        if runner.adapter.type() != "duckdb" or test.should_store_failures or config.get("sql_header"):
            return execute_data_test(runner, test, project)
        limit = "" if config.limit is None else f"limit {config.limit}"
        query = f"""
            select
                {config.fail_calc} as failures,
                {config.fail_calc} {config.warn_if} as should_warn,
                {config.fail_calc} {config.error_if} as should_error
            from (
                {test.compiled_code}
                {limit}
            ) as dbt_internal_test
        """
        _, answer = runner.adapter.connections.add_query(query, auto_begin=False)
        ((failures, should_warn, should_error),) = answer.fetchall()
        return TestResultData(int(failures), bool(should_warn), bool(should_error), {"_message": "OK"})

    return execute


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


class PlainTexts(dict[str, Any]):
    """What dbt keeps of texts without any Jinja, such as the arguments of tests: each of a line is its own result.

    dbt compiles a thousand of them as templates. Jinja takes a line's end from the end of a text.
    """

    def __contains__(self, text: object) -> bool:
        """Whether the result of a text is known."""
        return super().__contains__(text) or (isinstance(text, str) and "\n" not in text and "\r" not in text)

    def __missing__(self, text: str) -> str:
        """The result of a line."""
        return text


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
