"""Common tables that an engine would compute many times: which of them are worth a table of their own meanwhile.

DuckDB keeps the rows of a common table that is read more than once. Spark and Sail put its query in each place that
reads it, and what that one reads into each of these: of 22 lines of a model they plan and run 700 queries.
"""

from collections import Counter
from collections.abc import Collection, Iterator

from sqlglot import exp

# What copies of a common table have to have at least together, as parts, so that a table is quicker.
PARTS_WORTH_A_TABLE = 1500
# How the names of tables end that hold common tables of a query until the table is made that it makes.
ASIDE = "__aside"


def aside_of(table: str, name: str) -> str:
    """The table that holds a common table of a name until a table is made of it."""
    return f"{table}__{name}{ASIDE}"


def stored_aside(query: exp.Expr, schema: str, table: str) -> Iterator[tuple[str, exp.Expr]]:
    """Names and queries of common tables to store before a query runs, in their order.

    Those that an author calls `materialized`, and those whose copies make up most of a plan, as long as that is worth
    it. Of stored tables alone an engine knows that they have few rows: it keeps these in memory, and else parts and
    sorts all rows that are joined with them. One that is `not materialized` is never stored: it has too many rows.

    Args:
        query: In DuckDB's SQL; once all are taken, it reads what is stored, and has no common table that it doesn't
            need.
        schema: Where the table is that the query makes, and what is stored meanwhile.
        table: The name of that table.
    """
    holder = _holder(query)
    tables = holder.args.get("with_") if holder is not None else None
    if holder is None or tables is None or tables.args.get("recursive"):
        return
    graph = _Graph(holder, tables)
    stored = graph.worth_a_table()
    parts = {name: graph.tables[name].this for name in stored}
    remaining = [one for one in tables.expressions if one.alias not in stored]
    holder.set("with_", None)
    for part in (*parts.values(), *(one.this for one in remaining), holder):
        _read_stored(part, stored, schema, table)
    for name, part in parts.items():
        yield name, with_needed(part, remaining)
    with_needed(holder, remaining)


def _holder(query: exp.Expr) -> exp.Expr | None:
    """The query that has the common tables of a model: it may be the only one that another reads."""
    if query.args.get("with_") is not None or not isinstance(query, exp.Select) or query.args.get("joins"):
        return query
    source = query.args.get("from_")
    inner = source.this.this if source is not None and isinstance(source.this, exp.Subquery) else None
    return inner if isinstance(inner, exp.Query) else None


class _Graph:
    """Which common tables read which, and how often each is computed where all are copied.

    Attributes:
        tables: The common tables by name, each behind those that it reads.
    """

    def __init__(self, holder: exp.Expr, tables: exp.With) -> None:
        self.tables: dict[str, exp.CTE] = {one.alias: one for one in tables.expressions}
        inner = {one.alias for one in holder.find_all(exp.CTE) if one.parent is not tables}
        self._refused = {name for name, one in self.tables.items() if not _can_be_stored(one)} | inner
        self._marked = {name for name, one in self.tables.items() if one.args.get("materialized")}
        self._reads: dict[str, Counter[str]] = {}
        self._parts: dict[str, int] = {}
        for name, one in self.tables.items():
            self._reads[name] = _read_in(one.this, self._reads.keys())
            self._parts[name] = sum(1 for _ in one.this.walk())
        whole = sum((_read_in(one, self.tables.keys()) for one in _outside(holder, tables)), Counter[str]())
        self._reads_of_query = whole

    def worth_a_table(self) -> list[str]:
        """Names of those to store, each behind those that it reads."""
        stored: set[str] = set()
        while True:
            copies, sizes = self._copied(stored)
            saved = {
                name: (copies[name] - 1) * sizes[name]
                for name in self.tables
                if copies[name] > 1 and name not in stored | self._refused
            }
            best = max(saved, key=lambda name: saved[name], default=None)
            if best is None or saved[best] < PARTS_WORTH_A_TABLE:
                break
            stored.add(best)
        for name in self._marked - self._refused:
            if self._copied(stored)[0][name]:
                stored.add(name)
        return [name for name in self.tables if name in stored]

    def _copied(self, stored: set[str]) -> tuple[Counter[str], dict[str, int]]:
        """How often each is computed, and how many parts it has with all that is copied into it."""
        sizes: dict[str, int] = {}
        for name, reads in self._reads.items():
            below = (times * sizes[one] for one, times in reads.items() if one not in stored)
            sizes[name] = self._parts[name] + sum(below)
        copies = Counter(self._reads_of_query)
        for name in reversed(self.tables):
            times = 1 if name in stored else copies[name]
            for one, reads_of_it in self._reads[name].items():
                copies[one] += times * reads_of_it
        return copies, sizes


def _can_be_stored(table: exp.CTE) -> bool:
    """Whether a common table has names and types that a table can have, and no more rows than its author wants."""
    selects = [table.this, *table.this.find_all(exp.Select)]
    has_nulls = any(isinstance(one.unalias(), exp.Null) for select in selects for one in select.selects)
    is_plain = not has_nulls and not table.args["alias"].columns and table.this.find(exp.With) is None
    return is_plain and isinstance(table.this, exp.Query) and table.args.get("materialized") is not False


def _outside(holder: exp.Expr, tables: exp.With) -> Iterator[exp.Expr]:
    """The parts of a query beside its common tables."""
    for one in holder.iter_expressions():
        if one is not tables:
            yield one


def _read_in(query: exp.Expr, names: Collection[str]) -> Counter[str]:
    """How often a query reads each of some common tables itself."""
    return Counter(table.name for table in query.find_all(exp.Table) if not table.db and table.name in names)


def _read_stored(query: exp.Expr, stored: list[str], schema: str, table: str) -> None:
    """Have a query read tables instead of common tables, by the same names."""
    for one in list(query.find_all(exp.Table)):
        if not one.db and one.name in stored:
            if not one.alias:
                one.set("alias", exp.TableAlias(this=exp.to_identifier(one.name, quoted=True)))
            one.set("this", exp.to_identifier(aside_of(table, one.name), quoted=True))
            one.set("db", exp.to_identifier(schema, quoted=True))


def with_needed(query: exp.Expr, tables: list[exp.CTE]) -> exp.Expr:
    """A query with those common tables that it needs."""
    needed = set(_read_in(query, [one.alias for one in tables]))
    for one in reversed(tables):
        if one.alias in needed:
            needed |= set(_read_in(one.this, [other.alias for other in tables]))
    used = [one.copy() for one in tables if one.alias in needed]
    query.set("with_", exp.With(expressions=used) if used else None)
    return query
