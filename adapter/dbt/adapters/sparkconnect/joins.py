"""Joins in the order, and with the words, in which the engines compute them soonest."""

from collections.abc import Iterator
from itertools import takewhile

from sqlglot import exp


def _crossed_in(select: exp.Select) -> list[exp.Join]:
    """The tables and queries that a select crosses its rows with."""
    joins = select.args.get("joins") or []
    return [join for join in joins if join.kind == "CROSS" and isinstance(join.this, exp.Table | exp.Subquery)]


def with_crossed_tables_sent(query: exp.Expr) -> exp.Expr:
    """A query in which what rows are crossed with is sent to all tasks whole, for Spark.

    Where it doesn't know how few rows a query will have, it would sort and store the many for each of the few.

    Args:
        query: As rules leave it, before `cross_first`; it is changed.
    """
    for select in query.find_all(exp.Select):
        names = [join.alias_or_name for join in _crossed_in(select)]
        if names and all(names):
            columns = [exp.to_identifier(name, quoted=True) for name in names]
            select.set("hint", exp.Hint(expressions=[exp.Anonymous(this="BROADCAST", expressions=columns)]))
    return query


def cross_first(select: exp.Select) -> None:
    """What is crossed with a table comes before it: Sail goes through the second once for each row of the first.

    The project's queries name what has many rows first, and cross it with what has one or a few.
    """
    joins = select.args.get("joins") or []
    crossed = _crossed_in(select)
    kept = [join for join in joins if all(join is not one for one in crossed)]
    # A list that is unnested reads tables before it; an outer join with rows of its own would get them once per row.
    # Not where nothing is joined: Sail had rows of `int_snapshot_dates` twice then, in two unit tests.
    if (
        not crossed
        or not kept
        or any(join.side in ("RIGHT", "FULL") or isinstance(join.this, exp.Lateral) for join in kept)
    ):
        return
    source = select.args["from_"]
    many = exp.Join(this=source.this, kind="CROSS")
    source.set("this", crossed[0].this)
    select.set("joins", [*crossed[1:], many, *kept])


def with_joined_tables_first(query: exp.Expr) -> exp.Expr:
    """A query in which what is joined comes before what it is joined with, for Sail.

    Where it doesn't know how many rows there are, it keeps the first table in memory and goes through the second. The
    project's queries name the table of many rows first.

    Args:
        query: As the engine gets it; it is changed.
    """
    for select in list(query.find_all(exp.Select)):
        _join_backwards(select)
    return query


def _join_backwards(select: exp.Select) -> None:
    """`a left join b` as `b right join a`, and `a inner join b` as `b inner join a`; also several in a row."""
    joins = select.args.get("joins") or []
    # They begin with what is crossed, if anything (see `cross_first`): that stays together.
    crossed = list(takewhile(lambda join: join.kind == "CROSS", joins))
    others = joins[len(crossed) :]
    if not others or select.is_star or select.args.get("laterals") or not all(map(_joins_by_equality, others)):
        return
    # Sail 0.7 sorts below such a join what is sorted as a whole above it, and then refuses its own plan.
    if select.args.get("order") is not None or not all(one.args.get("partition_by") for one in _windows_of(select)):
        return
    first = select.args["from_"]
    for join in others:
        many = first.this.copy()
        many.set("joins", crossed)
        if crossed:
            many = exp.Subquery(this=many)
        side, kind = ("RIGHT", None) if join.side else (None, "INNER")
        crossed = [exp.Join(this=many, side=side, kind=kind, on=join.args["on"])]
        first.set("this", join.this)
    select.set("joins", crossed)


def _windows_of(select: exp.Select) -> Iterator[exp.Window]:
    return (one for one in select.find_all(exp.Window) if one.find_ancestor(exp.Select) is select)


def _joins_by_equality(join: exp.Join) -> bool:
    """Whether a join is an inner or left one of a table or a query, by what is equal: others aren't hashed."""
    condition = join.args.get("on")
    if (
        join.side not in ("", "LEFT")
        or join.kind not in ("", "INNER", "OUTER")
        or join.method
        or not isinstance(join.this, exp.Table | exp.Subquery)
        or condition is None
    ):
        return False
    parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    equalities = [part for part in (one.unnest() for one in parts) if isinstance(part, exp.EQ | exp.NullSafeEQ)]
    return any(one.this.find(exp.Column) and one.expression.find(exp.Column) for one in equalities)
