"""Tables of rows as the driver has them: it writes these itself, and the engine needs no copy of the rows beside it."""

from collections.abc import Collection
from typing import NamedTuple

from dbt.adapters.sparkconnect.copies import with_needed
from sqlglot import exp, parse
from sqlglot.errors import ParseError

# What names columns and rows.
PLAIN = (
    exp.Alias, exp.Column, exp.CTE, exp.DataType, exp.From, exp.Identifier, exp.Null, exp.Select, exp.Star, exp.Table,
    exp.TableAlias, exp.With,
)  # fmt: skip


class Move(NamedTuple):
    """A table, and the query of the driver that yields its rows."""

    schema: str
    table: str
    query: str


def moved_rows(sql: str, promised: Collection[tuple[str, str]]) -> Move | None:
    """The table that a statement makes of rows as they are, which only the driver has; None of any other statement.

    A query that computes something is the engine's: what it stores is compared with what it computes later.

    Args:
        sql: One or more statements in DuckDB's SQL.
        promised: Schemas and names of the tables whose rows only the driver has.
    """
    # As dbt writes the names of relations.
    if not any(f'"{schema}"."{table}"' in sql for schema, table in promised):
        return None
    try:
        trees = parse(sql, read="duckdb")
    except ParseError:
        # The translation says why.
        return None
    made = trees[0]
    if len(trees) > 1 or not isinstance(made, exp.Create) or made.kind != "TABLE":
        return None
    query = made.args.get("expression")
    if not isinstance(query, exp.Select):
        return None
    common_tables = query.args.get("with_")
    with_needed(query, common_tables.expressions if common_tables is not None else [])
    if not all(map(_is_plain, query.walk())):
        return None
    read = {(one.db, one.name) for one in query.find_all(exp.Table) if one.db}
    if not read or not read.issubset(promised):
        return None
    for one in query.find_all(exp.Table):
        one.set("catalog", None)
    target = made.this.find(exp.Table)
    return Move(target.db, target.name, query.sql("duckdb"))


def _is_plain(node: exp.Expr) -> bool:
    """Whether a part of a query names columns and rows, and computes nothing."""
    return isinstance(node, PLAIN) or (isinstance(node, exp.Cast) and isinstance(node.this, exp.Null))
