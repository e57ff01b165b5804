"""What a query knows before it runs: columns that hold one value in all rows, or none.

Spark and Sail plan, and Spark compiles, each branch of a choice by such a column, also those that no row takes.
"""

from dbt.adapters.sparkconnect.rules.nodes import Type, choose, is_known, is_moment
from sqlglot import exp

# What an expression says of itself once it stands for the values of a stored table.
KNOWN = "value of a stored table"
# Where a column stays: what rows are ordered or joined by.
KEPT_IN = (exp.Order, exp.Window, exp.Join)
Values = dict[str, exp.Expr]


def known_value(value: str | bool) -> exp.Expr:
    """A text or a truth value that a stored table holds, as an expression that `with_constants` writes on."""
    known = exp.convert(value)
    known.type = exp.DataType.build(Type.BOOLEAN if isinstance(value, bool) else Type.TEXT)
    known.meta[KNOWN] = True
    return known


def known_null(kind: str) -> exp.Expr:
    """A null of a type of Spark, as an expression that `with_constants` writes on."""
    to = exp.DataType.build(kind, dialect="spark")
    known = exp.Cast(this=exp.null(), to=to)
    known.type = to.copy()
    known.meta[KNOWN] = True
    return known


def with_constants(query: exp.Expr, stored: dict[str, Values]) -> exp.Expr:
    """A query with known values in the place of columns, and the choices made that they decide.

    Args:
        query: In DuckDB's SQL, with its columns qualified, and types; it is changed.
        stored: Known values by table, such as `core.orders`, and column.
    """
    tables = query.args.get("with_")
    found = list(query.find_all(exp.CTE))
    # By its name, a common table couldn't be distinguished from another.
    if tables is None or len({one.alias for one in found}) < len(found):
        return query
    known = dict(stored)
    # Each stands behind those that it reads.
    for table in tables.expressions:
        _write_values(table.this, known)
        if isinstance(table.this, exp.Select) and not table.args["alias"].columns:
            values = {one.alias_or_name: one.unalias() for one in table.this.selects}
            known[table.alias] = {name: value for name, value in values.items() if value.meta.get(KNOWN)}
    _write_values(query, known)
    return query


def _write_values(part: exp.Expr, known: dict[str, Values]) -> None:
    """Write known values into the selects of a part of a query, and decide its choices."""
    for select in list(part.find_all(exp.Select)):
        values = _values_in(select, known)
        columns = [one for one in select.find_all(exp.Column) if one.name in values.get(one.table, {})]
        for column in columns:
            if column.find_ancestor(*KEPT_IN, exp.Select) is select:
                column.replace(values[column.table][column.name].copy())
    for choice in list(part.find_all(exp.Case)):
        _decide(choice)


def _values_in(select: exp.Select, known: dict[str, Values]) -> dict[str, Values]:
    """Values by the name that a select gives a table, and by column.

    Not where rows may lack the table, nor in a select of groups: by values alone, there would be one without rows.
    """
    source = select.args.get("from_")
    joins = select.args.get("joins") or []
    if source is None or select.args.get("group") or any(join.side in ("RIGHT", "FULL") for join in joins):
        return {}
    read = [source.this, *(join.this for join in joins if join.side != "LEFT")]
    tables = [one for one in read if isinstance(one, exp.Table) and not one.alias_column_names]
    names = {one.alias_or_name: f"{one.db}.{one.name}" if one.db else one.name for one in tables}
    return {alias: known[name] for alias, name in names.items() if name in known}


def _decide(choice: exp.Case) -> None:
    """Leave the branches of a choice by a known text out that are by others, if all are of one type."""
    text, branches, otherwise = choice.this, choice.args["ifs"], choice.args.get("default")
    if (
        text is None
        or not text.meta.get(KNOWN)
        or not all(_is_text(one) for one in (text, *(b.this for b in branches)))
    ):
        return
    values = [one.args["true"] for one in branches] + [otherwise or exp.null()]
    typed = [one for one in values if not isinstance(one, exp.Null)]
    if not all(map(is_known, typed)) or len(set(map(_kind, typed))) != 1:
        return
    taken = next((one.args["true"] for one in branches if one.this.name == text.name), otherwise)
    if taken is None or isinstance(taken, exp.Null):
        return
    choose(choice, taken)


def _kind(value: exp.Expr) -> str:
    """The type of a value: to the engine, all points in time are of one."""
    return "TIMESTAMP" if is_moment(value) else str(value.type)


def _is_text(value: exp.Expr) -> bool:
    return isinstance(value, exp.Literal) and value.is_string
