"""What a query knows before it runs: a column of a common table that is one text, or one truth value, in all rows.

Spark and Sail plan, and Spark compiles, each branch of a choice by such a column, also those that no row takes.
"""

from sqlglot import exp

# Where a column stays: what rows are grouped, ordered or joined by.
KEPT_IN = (exp.Group, exp.Order, exp.Window, exp.Join)
Values = dict[str, exp.Expr]


def with_constants(query: exp.Expr, stored: dict[str, Values]) -> exp.Expr:
    """A query with the values of such columns in their place, and the choices made that they decide.

    Args:
        query: In DuckDB's SQL, with its columns qualified; it is changed.
        stored: Values by table, such as `core.orders`, and column, of those that are stored.
    """
    tables = query.args.get("with_")
    if tables is None or len({one.alias for one in query.find_all(exp.CTE)}) < len(list(query.find_all(exp.CTE))):
        return query
    known = dict(stored)
    # Each stands behind those that it reads.
    for table in tables.expressions:
        _write_values(table.this, known)
        if isinstance(table.this, exp.Select):
            values = {one.alias_or_name: one.unalias() for one in table.this.selects}
            known[table.alias] = {name: value for name, value in values.items() if _is_constant(value)}
    _write_values(query, known, tables)
    return query


def _is_constant(value: exp.Expr) -> bool:
    return isinstance(value, exp.Boolean) or (isinstance(value, exp.Literal) and value.is_string)


def _write_values(part: exp.Expr, known: dict[str, Values], besides: exp.Expr | None = None) -> None:
    """Write values into the selects of a part of a query, and decide its choices.

    Args:
        part: It is changed.
        known: Values by common table and column.
        besides: What is left as it is.
    """
    selects = [one for one in part.find_all(exp.Select) if besides is None or not _is_in(one, besides)]
    for select in selects:
        values = _values_in(select, known)
        columns = [one for one in select.find_all(exp.Column) if one.name in values.get(one.table, {})]
        for column in columns:
            if column.find_ancestor(exp.Select) is select and column.find_ancestor(*KEPT_IN, exp.Select) is select:
                column.replace(values[column.table][column.name].copy())
    for choice in [one for select in selects for one in select.find_all(exp.Case)]:
        _decide(choice)


def _is_in(node: exp.Expr, outer: exp.Expr) -> bool:
    parent: exp.Expr | None = node
    while parent is not None and parent is not outer:
        parent = parent.parent
    return parent is outer


def _values_in(select: exp.Select, known: dict[str, Values]) -> dict[str, Values]:
    """Values by the name that a select gives a table, and by column: not where rows may lack the table."""
    source = select.args.get("from_")
    joins = select.args.get("joins") or []
    if source is None or any(join.side in ("RIGHT", "FULL") for join in joins):
        return {}
    read = [source.this, *(join.this for join in joins if join.side != "LEFT")]
    tables = [one for one in read if isinstance(one, exp.Table)]
    names = {one.alias_or_name: f"{one.db}.{one.name}" if one.db else one.name for one in tables}
    return {alias: known[name] for alias, name in names.items() if name in known}


def _decide(choice: exp.Case) -> None:
    """Leave the branches of a choice by a text out that are by others."""
    text = choice.this
    branches = choice.args["ifs"]
    if text is None or not _is_constant(text) or not all(_is_constant(one.this) for one in branches):
        return
    taken = next((one.args["true"] for one in branches if one.this == text), None)
    # It stays a choice, with the type and the name that it has.
    choice.set("this", None)
    choice.set("ifs", [exp.If(this=exp.true(), true=taken or choice.args.get("default") or exp.null())])
    choice.set("default", None)
