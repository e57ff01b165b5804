"""DuckDB's SQL as the engine's: parsed once, typed by the engine's catalogue, changed by named rules, written once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dbt.adapters.events.logging import AdapterLogger
from dbt.adapters.sparkconnect.constants import with_constants
from dbt.adapters.sparkconnect.copies import aside_of, stored_aside
from dbt.adapters.sparkconnect.joins import with_crossed_tables_sent, with_joined_tables_first
from dbt.adapters.sparkconnect.rules import apply_rules
from dbt.adapters.sparkconnect.rules.aggregates import push_conditions
from dbt.adapters.sparkconnect.rules.nodes import UntranslatableError
from dbt.adapters.sparkconnect.rules.patterns import in_words_of_spark
from dbt.adapters.sparkconnect.rules.types import TYPES, decide_by_types
from dbt.adapters.sparkconnect.shapes import (
    compute_names_once,
    with_engine_shapes,
    with_plain_shapes,
    write_out_groups,
)
from dbt.adapters.sparkconnect.small_tables import empty_columns, write_out_small_tables
from dbt.adapters.sparkconnect.windows import with_windows_to_the_end
from dbt_common.exceptions import DbtRuntimeError
from sqlglot import ErrorLevel, exp, parse
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

if TYPE_CHECKING:
    from dbt.adapters.sparkconnect.engine import Engine


# What the materializations write before the query of a model, so that its lines are counted from there.
BEGIN_OF_QUERY = "/* query of the model */"
LOGGER = AdapterLogger("sparkconnect")


@dataclass(frozen=True)
class Statement:
    """A statement for the engine.

    Attributes:
        sql: In its dialect; of a table that is made, the query alone.
        changes: Schema and name of the table or view that it makes, replaces, fills or drops.
        makes: `table`, `view` or neither.
        reads_itself: Whether a table is made of the rows that it has.
        aside: The table that holds a common table of the query of the table that changes, until that one is made.
    """

    sql: str
    changes: list[tuple[str, str]] = field(default_factory=list)
    makes: str = ""
    reads_itself: bool = False
    aside: str = ""


def run_translated(sql: str, engine: Engine) -> Any:
    """Run statements in DuckDB's SQL on the engine; the result of the last one as an Arrow table, None without any.

    Args:
        sql: One or more statements in DuckDB's SQL.
        engine: Where they run.
    """
    asides: list[tuple[str, str]] = []
    try:
        return _run_all(translate(sql, engine), engine, asides)
    except DbtRuntimeError:
        raise
    except Exception as error:
        if not asides:
            raise
        LOGGER.info(f"The statement runs again without tables for its common tables, as it failed: {error}")
    # Sail calls some columns by another type than it stores them, of which a query that is copied has no notice.
    return _run_all(translate(sql, engine, stores_aside=False), engine, [])


def _run_all(statements: Iterator[Statement], engine: Engine, asides: list[tuple[str, str]]) -> Any:
    """Run statements; the result of the last one.

    Args:
        statements: The next one is translated once those before it have run.
        engine: Where they run.
        asides: Empty; in the end, schemas and names of the common tables that were stored meanwhile.
    """
    result = None
    try:
        for statement in statements:
            if statement.aside:
                ((schema, table),) = statement.changes
                asides.append((schema, statement.aside))
                engine.make_aside(schema, table, statement.aside, statement.sql)
            else:
                result = _run(statement, engine)
    finally:
        for schema, aside in asides:
            engine.drop_aside(schema, aside)
    return result


def _run(statement: Statement, engine: Engine) -> Any:
    if statement.makes == "table":
        ((schema, table),) = statement.changes
        return engine.make_table(schema, table, statement.sql, statement.reads_itself)
    if statement.makes == "view":
        for schema, view in statement.changes:
            engine.drop_other_kind(schema, view, "view")
    result = engine.run(statement.sql)
    for schema, table in statement.changes:
        engine.changed(schema, table, view=statement.sql if statement.makes == "view" else None)
    return result


def translate(sql: str, engine: Engine, stores_aside: bool = True) -> Iterator[Statement]:
    """The statements that do on the engine what this SQL does on DuckDB.

    Args:
        sql: One or more statements in DuckDB's SQL.
        engine: Where they will run; its catalogue knows the columns.
        stores_aside: Whether common tables of many copies are stored until a table is made of them, where the SQL is
            one statement.

    Raises:
        DbtRuntimeError: One sentence that names what has no translation, and its line.
    """
    before, mark, query = sql.partition(BEGIN_OF_QUERY)
    if mark:
        sql = before.replace("\n", " ") + query
    try:
        trees = [tree for tree in parse(sql, read="duckdb") if tree is not None]
    except ParseError as error:
        first = error.errors[0]
        raise DbtRuntimeError(f"This SQL can't be read, line {first['line']}: {first['description']}") from error
    for tree in trees:
        try:
            yield from _translated(tree, engine, stores_aside and len(trees) == 1)
        except UntranslatableError as reason:
            raise DbtRuntimeError(f"This SQL can't be translated for Spark, {reason}.") from None
        except SqlglotError as error:
            raise DbtRuntimeError(f"This SQL can't be translated for Spark: {error}") from error


def _translated(tree: exp.Expr, engine: Engine, stores_aside: bool) -> Iterator[Statement]:
    for table in tree.find_all(exp.Table):
        table.set("catalog", None)
    _refuse_other_statements(tree)
    changed = _target(tree)
    if isinstance(tree, exp.Delete):
        tree = _kept_rows(tree)
    elif isinstance(tree, exp.Insert) and not engine.inserts_whole:
        tree = _all_rows(tree, engine)
    query = tree if isinstance(tree, exp.Query) else tree.args.get("expression")
    if isinstance(query, exp.Subquery):
        query = query.unnest()
    if isinstance(query, exp.Query):
        for table in query.find_all(exp.Table):
            engine.keep_promise(table.db, table.name)
    if isinstance(query, exp.Query) and isinstance(tree, exp.Create) and tree.kind == "TABLE":
        write_out_small_tables(query, engine)
        ((schema, made),) = changed
        # A unit test makes tables without a schema, to learn the types of columns.
        stored = stored_aside(query, schema, made) if stores_aside and schema else ()
        for name, part in stored:
            yield Statement(_written(for_engine(part, engine, makes_rows=True)), changed, aside=aside_of(made, name))
    if isinstance(query, exp.Query):
        translated = for_engine(query, engine, isinstance(tree, exp.Create) and tree.kind == "TABLE")
        if query is tree:
            tree = translated
        else:
            tree.set("expression", translated)
    reads = {(table.db, table.name) for table in query.find_all(exp.Table)} if isinstance(query, exp.Query) else set()
    if not isinstance(tree, exp.Create):
        yield Statement(_written(tree), changed)
    elif tree.kind == "TABLE":
        yield Statement(_written(tree.args["expression"]), changed, "table", bool(reads.intersection(changed)))
    else:
        yield Statement(_written(tree), changed, (tree.kind or "").lower())


def _written(tree: exp.Expr) -> str:
    if isinstance(tree, exp.Insert):
        # As a whole, SQLGlot would write the query's common tables before the insert, where Sail doesn't read them.
        return f"INSERT INTO {_written(tree.this)} {_written(tree.expression)}"
    return tree.sql("spark", copy=False, unsupported_level=ErrorLevel.IGNORE)


def for_engine(query: exp.Expr, engine: Engine, makes_rows: bool) -> exp.Expr:
    """A query in DuckDB's SQL as a tree for the engine.

    Args:
        query: It is changed.
        engine: Its catalogue knows the columns.
        makes_rows: Whether its rows are stored now: a view is of what its tables will hold.
    """
    schema = MappingSchema(dialect="spark", normalize=True)
    for table in query.find_all(exp.Table):
        if table.db:
            columns = engine.columns(table.db, table.name)
            if columns:
                schema.add_table(exp.table_(table.name, db=table.db), columns, dialect="spark")
    query = with_plain_shapes(query)
    query = qualify(
        query, schema=schema, dialect="duckdb", validate_qualify_columns=False, quote_identifiers=True, identify=True
    )
    query = annotate_types(query, schema=schema, expression_metadata=TYPES, dialect="duckdb")
    # A common table carries what is known: without one, files need not be asked what they hold.
    if makes_rows and query.args.get("with_") is not None:
        read = {(table.db, table.name) for table in query.find_all(exp.Table) if table.db}
        known = {f"{one}.{name}": empty_columns(engine, one, name) for one, name in read}
        query = with_constants(query, known)
    decide_by_types(query)
    query = compute_names_once(query)
    write_out_groups(query)
    push_conditions(query)
    query = apply_rules(query)
    if engine.name == "sail":
        return with_windows_to_the_end(with_joined_tables_first(with_engine_shapes(query)))
    return in_words_of_spark(with_engine_shapes(with_crossed_tables_sent(query)))


def _refuse_other_statements(tree: exp.Expr) -> None:
    """Let pass what models, tests and materializations are made of."""
    if not isinstance(tree, exp.Query | exp.Create | exp.Insert | exp.Delete | exp.Drop):
        raise UntranslatableError(f"`{tree.key}` is no statement that has a translation")
    for part in ("using", "returning", "conflict", "alternative", "by_name"):
        if tree.args.get(part) and isinstance(tree, exp.Insert | exp.Delete):
            raise UntranslatableError(f"`{part.replace('_', ' ')}` of a statement has no translation")
    query = tree.args.get("expression")
    if isinstance(tree, exp.Insert) and not isinstance(query, exp.Query):
        raise UntranslatableError("only the rows of a query can be inserted")
    if isinstance(tree, exp.Create) and tree.kind == "TABLE" and query is None:
        raise UntranslatableError("only a table of the rows of a query can be made")


def _target(tree: exp.Expr) -> list[tuple[str, str]]:
    """What a statement makes, replaces, fills or drops."""
    if isinstance(tree, exp.Create | exp.Insert | exp.Delete | exp.Drop):
        # SQLGlot keeps what is dropped in another place than what is made.
        table = (tree if isinstance(tree, exp.Drop) else tree.this).find(exp.Table)
        # A schema has none.
        return [(table.db, table.name)] if table is not None and table.name else []
    return []


def _kept_rows(tree: exp.Delete) -> exp.Expr:
    """The table without the rows that would be deleted: plain tables of Spark can only be replaced."""
    table = tree.this
    condition = tree.args.get("where")
    kept = exp.select("*").from_(table.copy())
    if condition is None:
        kept = kept.where(exp.false())
    else:
        kept = kept.where(exp.not_(exp.func("coalesce", condition.this.copy(), exp.false())))
    return exp.Create(this=table.copy(), kind="TABLE", replace=True, expression=kept)


def _all_rows(tree: exp.Insert, engine: Engine) -> exp.Expr:
    """The table with the rows that would be inserted, where an insert that is cut off would leave a part of them.

    As by an insert, they get the types of the table.
    """
    table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    columns = engine.columns(table.db, table.name)
    inserted = [one.name for one in tree.this.expressions] if isinstance(tree.this, exp.Schema) else list(columns)
    alias = exp.TableAlias(this=exp.to_identifier("added"), columns=[exp.to_identifier(one) for one in inserted])
    added = exp.Subquery(this=tree.expression.copy(), alias=alias)
    values = [
        exp.alias_(
            exp.Cast(
                this=exp.column(one, quoted=True) if one in inserted else exp.null(),
                to=exp.DataType.build(kind, dialect="spark"),
            ),
            one,
            quoted=True,
        )
        for one, kind in columns.items()
    ]
    stored = exp.select(*(exp.column(one, quoted=True) for one in columns)).from_(table.copy())
    rows = exp.union(stored, exp.select(*values).from_(added), distinct=False)
    return exp.Create(this=table.copy(), kind="TABLE", replace=True, expression=rows)
