"""What a small table lists, written into a query that looks it up for many rows.

DuckDB looks a value up in a table of a few words almost for nothing. Spark and Sail join all rows with that table,
once for each place that asks: of a row of many columns, each join copies them all.
"""

from collections.abc import Iterator
from typing import Protocol

from dbt.adapters.sparkconnect.copies import with_needed
from sqlglot import exp

# A table with so many rows at most may be looked at before a query runs, and one with so many is long.
FEW_ROWS, MANY_ROWS = 1_000, 100_000
# What is written out at most.
LONGEST_LIST = 200


class Catalogue(Protocol):
    """What is asked of an engine."""

    def row_count(self, schema: str, table: str) -> int | None:
        """How many rows a table has; None where that is not known without a look at it."""


class Lookup:
    """A condition `value in (select text from …)` of a query, and the query that lists the texts."""

    def __init__(self, condition: exp.In, query: exp.Expr) -> None:
        self._condition = condition
        self.query = query

    def write_out(self, texts: list[object]) -> None:
        """Put the texts in place of the query that lists them, if they are texts and few."""
        distinct = sorted({text for text in texts if isinstance(text, str)})
        if len(distinct) > LONGEST_LIST or any(not isinstance(text, str) for text in texts):
            return
        if not distinct:
            self._condition.replace(exp.false())
            return
        self._condition.set("query", None)
        self._condition.set("expressions", [exp.Literal.string(text) for text in distinct])


def small_lookups(query: exp.Expr, catalogue: Catalogue) -> Iterator[Lookup]:
    """The conditions of a query on a long table that look a value up in small ones.

    Args:
        query: In DuckDB's SQL.
        catalogue: Of the engine.
    """
    conditions = [one for one in query.find_all(exp.In) if one.args.get("query") is not None]
    if not conditions:
        return
    found = list(query.find_all(exp.CTE))
    names = {one.alias for one in found}
    if len(names) < len(found) or any(one.args.get("recursive") for one in query.find_all(exp.With)):
        # By its name, one couldn't be distinguished from another.
        return
    counts = {
        (table.db, table.name): catalogue.row_count(table.db, table.name)
        for table in query.find_all(exp.Table)
        if table.db
    }
    if not any((count or 0) >= MANY_ROWS for count in counts.values()):
        return
    for condition in conditions:
        select = condition.args["query"].unnest()
        if not isinstance(select, exp.Select) or not _stands_alone(select):
            continue
        alone = with_needed(select.copy(), found)
        read = list(alone.find_all(exp.Table))
        rows = [counts.get((table.db, table.name)) for table in read if table.db]
        are_known = all(table.db or table.name in names for table in read)
        if are_known and rows and all(count is not None and count <= FEW_ROWS for count in rows):
            yield Lookup(condition, alone)


def _stands_alone(select: exp.Select) -> bool:
    """Whether a query of one column reads nothing of the query around it, as far as its names show."""
    sources = [select.args.get("from_"), *(select.args.get("joins") or [])]
    names = {source.this.alias_or_name for source in sources if source is not None}
    return len(select.selects) == 1 and all(column.table in names for column in select.find_all(exp.Column))
