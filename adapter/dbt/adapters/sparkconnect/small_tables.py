"""What small tables hold, written into a query on a long one.

DuckDB looks a value up in a table of a few words almost for nothing, and keeps what a query says of one row apart from
what it does with each. Spark and Sail join all rows with such a table, once for each place that asks: of a row of many
columns, each join copies them all. And what a query does where the one row says otherwise is planned and compiled.
"""

from typing import Protocol

from dbt.adapters.sparkconnect.constants import known_null, known_value
from dbt.adapters.sparkconnect.copies import with_needed
from sqlglot import exp

# A table with so many rows at most may be looked at before a query runs, and one with so many is long.
FEW_ROWS, MANY_ROWS = 1_000, 100_000
# What is written out at most.
LONGEST_LIST = 200
# What has a row where its table has none or several, or the other way round.
# Functions that SQLGlot doesn't know may be of several, too.
OF_OTHER_ROWS = (exp.AggFunc, exp.Window, exp.UDTF, exp.Explode, exp.Anonymous)


class Catalogue(Protocol):
    """What is asked of an engine."""

    def row_count(self, schema: str, table: str) -> int | None:
        """How many rows a table has; None where that is not known without a look at it."""

    def columns(self, schema: str, table: str) -> dict[str, str]:
        """Types by column, in Spark's words."""

    def null_columns(self, schema: str, table: str) -> list[str]:
        """Columns that hold nothing, of a table whose rows can be counted."""

    def rows_in_files(self, query: exp.Expr) -> list[tuple[object, ...]] | None:
        """The rows of a query in DuckDB's SQL on such tables; None where it needs the engine."""


def write_out_small_tables(query: exp.Expr, catalogue: Catalogue) -> None:
    """Write what a query on a long table finds in small ones into it.

    Args:
        query: In DuckDB's SQL; it is changed.
        catalogue: Of the engine.
    """
    small = _SmallTables(query, catalogue)
    if not small.are_beside_many_rows:
        return
    found: dict[str, list[tuple[object, ...]] | None] = {}
    for condition in list(query.find_all(exp.In)):
        select = condition.args["query"].unnest() if condition.args.get("query") is not None else None
        if isinstance(select, exp.Select) and _stands_alone(select) and (alone := small.alone(select)) is not None:
            asked = alone.sql("duckdb")
            if asked not in found:
                found[asked] = catalogue.rows_in_files(alone)
            if (rows := found[asked]) is not None:
                _list_texts(condition, [row[0] for row in rows])
    for table in small.common_tables:
        if _may_be_one_row(table, query) and (alone := small.alone(table.this)) is not None:
            rows = catalogue.rows_in_files(alone)
            if rows is not None and len(rows) == 1:
                _write_values(table.this, rows[0])


def empty_columns(catalogue: Catalogue, schema: str, table: str) -> dict[str, exp.Expr]:
    """Columns of a long table that hold nothing, as nulls of their types.

    Args:
        catalogue: Of the engine.
        schema: Of the table.
        table: Its name.
    """
    if (catalogue.row_count(schema, table) or 0) < MANY_ROWS:
        return {}
    columns = catalogue.columns(schema, table)
    return {name: known_null(columns[name]) for name in catalogue.null_columns(schema, table)}


class _SmallTables:
    """The tables that a query reads, and how many rows they have.

    Attributes:
        common_tables: Those of the query.
    """

    def __init__(self, query: exp.Expr, catalogue: Catalogue) -> None:
        self.common_tables = list(query.find_all(exp.CTE))
        self._names = {one.alias for one in self.common_tables}
        read = {(table.db, table.name) for table in query.find_all(exp.Table) if table.db}
        self._counts = {(schema, name): catalogue.row_count(schema, name) for schema, name in read}
        is_recursive = any(one.args.get("recursive") for one in query.find_all(exp.With))
        # By its name, a common table couldn't be distinguished from another.
        self._are_known = len(self._names) == len(self.common_tables) and not is_recursive

    @property
    def are_beside_many_rows(self) -> bool:
        """Whether the query reads a long table, and it is known what is read of the others."""
        return self._are_known and any((count or 0) >= MANY_ROWS for count in self._counts.values())

    def alone(self, part: exp.Expr) -> exp.Expr | None:
        """A part of the query with the common tables that it needs; None where it reads more than small tables."""
        alone = with_needed(part.copy(), self.common_tables)
        read = list(alone.find_all(exp.Table))
        rows = [self._counts.get((table.db, table.name)) for table in read if table.db]
        are_known = all(table.db or table.name in self._names for table in read)
        is_small = are_known and rows and all(count is not None and count <= FEW_ROWS for count in rows)
        return alone if is_small else None


def _stands_alone(select: exp.Select) -> bool:
    """Whether a query of one column reads nothing of the query around it, as far as its names show."""
    sources = [select.args.get("from_"), *(select.args.get("joins") or [])]
    names = {source.this.alias_or_name for source in sources if source is not None}
    return len(select.selects) == 1 and all(column.table in names for column in select.find_all(exp.Column))


def _list_texts(condition: exp.In, texts: list[object]) -> None:
    """Put texts in place of the query that lists them, if they are texts and few."""
    distinct = sorted({text for text in texts if isinstance(text, str)})
    if len(distinct) > LONGEST_LIST or any(not isinstance(text, str) for text in texts):
        return
    if not distinct:
        condition.replace(exp.false())
        return
    condition.set("query", None)
    condition.set("expressions", [exp.Literal.string(text) for text in distinct])


def _may_be_one_row(table: exp.CTE, query: exp.Expr) -> bool:
    """Whether rows are crossed with a common table, whose own columns can be replaced one by one."""
    select = table.this
    return (
        isinstance(select, exp.Select)
        and not select.is_star
        and not select.args.get("group")
        and not any(one.find_ancestor(exp.Select) is select for one in select.find_all(*OF_OTHER_ROWS))
        and any(join.kind == "CROSS" and join.this.name == table.alias for join in query.find_all(exp.Join))
    )


def _write_values(select: exp.Select, values: tuple[object, ...]) -> None:
    """Put texts and truth values in place of what yields them in a row; others may have a type of their own."""
    for projection, value in zip(list(select.selects), values, strict=True):
        if isinstance(value, str | bool):
            projection.replace(exp.alias_(known_value(value), projection.alias_or_name, quoted=True))
