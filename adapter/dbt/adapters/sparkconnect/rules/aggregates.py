"""Rules for aggregates: means, quantiles, what is first, and lists in an order."""

from dbt.adapters.sparkconnect.rules.nodes import (
    WHOLE_NUMBERS,
    Type,
    UntranslatableError,
    as_text,
    call,
    cast,
    is_date,
    is_decimal,
    is_null,
    is_of,
    is_text,
    is_time,
    literal,
    typed,
    unless_null,
)
from dbt.adapters.sparkconnect.rules.registry import rule
from sqlglot import exp


@rule("a mean is a double", exp.Avg)
def mean(node: exp.Expr) -> exp.Expr | None:
    """The mean of decimals stays a decimal there."""
    if isinstance(node.this, exp.Distinct):
        distinct = exp.Distinct(expressions=[cast(one, "double") for one in node.this.expressions])
        return typed(exp.Avg(this=distinct), "double")
    _refuse_time(node.this, "avg()")
    return typed(exp.Avg(this=cast(node.this, "double")), "double")


@rule("a median of decimals is cut off at their last place", exp.Median)
def median(node: exp.Expr) -> exp.Expr | None:
    """DuckDB's median of decimals is a decimal; there it is a double."""
    _refuse_time(node.this, "median()")
    if isinstance(node.this, exp.Distinct):
        raise UntranslatableError("median(distinct …) has no translation")
    if isinstance(node.parent, exp.Window):
        raise UntranslatableError("median() over a window has no translation")
    if not is_decimal(node.this):
        return typed(call("median", cast(node.this, "double")), "double")
    kind = node.this.type
    if len(kind.expressions) < 2:
        raise UntranslatableError("median() of a decimal whose scale is not known: cast it to a double")
    scale = int(kind.expressions[1].name)
    unit = typed(exp.Literal.number(f"1{'0' * scale}"), "int")
    pennies = cast(exp.Mul(this=node.this.copy(), expression=unit), "double")
    middle = call("median", pennies, returns="double")
    whole = cast(
        exp.Paren(this=exp.Mul(this=call("sign", middle), expression=call("floor", call("abs", middle)))), "double"
    )
    quotient = exp.Div(this=whole, expression=cast(unit, "double"), typed=False, safe=False)
    return typed(exp.Cast(this=quotient, to=kind.copy()), kind.copy())


def _refuse_time(node: exp.Expr, function: str) -> None:
    if is_time(node):
        raise UntranslatableError(f"{function} of dates or timestamps has no translation")


@rule("a discrete quantile is an element of the sorted list", exp.PercentileDisc)
def discrete_quantile(node: exp.Expr) -> exp.Expr | None:
    """Sail has none of dates. The place is computed as DuckDB does."""
    share = _share(node)
    count = typed(exp.Count(this=node.this.copy()), "bigint")
    below = exp.Sub(this=count, expression=exp.Mul(this=count.copy(), expression=cast(share, "double")))
    place = exp.Sub(this=count.copy(), expression=call("floor", exp.Paren(this=below)))
    index = cast(call("greatest", cast(literal(1), "bigint"), cast(exp.Paren(this=place), "bigint")), "int")
    rows = call("sort_array", call("collect_list", node.this))
    empty = exp.EQ(this=count.copy(), expression=literal(0))
    element = call("element_at", rows, index)
    return typed(exp.Case(ifs=[exp.If(this=exp.Not(this=empty), true=element)]), node.this.type)


@rule("a continuous quantile", exp.PercentileCont)
def continuous_quantile(node: exp.Expr) -> exp.Expr | None:
    """Spark calls it `percentile`."""
    _refuse_time(node.this, "quantile_cont()")
    return call("percentile", cast(node.this, "double"), cast(_share(node), "double"), returns="double")


def _share(quantile: exp.Expr) -> exp.Expr:
    share = quantile.args.get("expression")
    if not isinstance(share, exp.Expr) or isinstance(share, exp.Array | exp.Order):
        raise UntranslatableError("a quantile has a column and one share here, and no order of its own")
    return share


@rule("the first of a group, in an order", exp.First)
def first(node: exp.Expr) -> exp.Expr | None:
    """Spark's `first` knows no order."""
    if not isinstance(node.this, exp.Order):
        return None
    return call("min_by", node.this.this, sort_key(node.this), returns=node.this.this.type)


@rule("any value of a group is its least", exp.IgnoreNulls)
def any_value(node: exp.Expr) -> exp.Expr | None:
    """Sail looks for any text a group at a time."""
    if not isinstance(node.this, exp.AnyValue):
        return None
    value = node.this.this
    has_order = is_text(value) or is_time(value) or is_of(value, *WHOLE_NUMBERS, Type.DECIMAL)
    return typed(exp.Min(this=value.copy()), value.type) if has_order else None


@rule("where another value is greatest or least, of those that are not null", exp.ArgMax, exp.ArgMin)
def extreme(node: exp.Expr) -> exp.Expr | None:
    """There, a value that is null counts."""
    by = unless_null(node.this, node.expression.copy())
    return call("max_by" if isinstance(node, exp.ArgMax) else "min_by", node.this, by, returns=node.this.type)


@rule("a list in an order", exp.ArrayAgg)
def ordered_list(node: exp.Expr) -> exp.Expr | None:
    """Spark's `collect_list` knows no order, so rows that begin with their order are sorted; it leaves out nulls."""
    if isinstance(node.this, exp.Distinct):
        # Sail can't run `collect_set` of an expression beside other aggregates.
        return call("array_distinct", call("collect_list", *node.this.expressions), returns=node.type)
    if not isinstance(node.this, exp.Order):
        return None
    return typed(list_in_order(node.this.this, node.this), node.type)


@rule("texts of a group, in an order", exp.GroupConcat)
def listed(node: exp.Expr) -> exp.Expr | None:
    """A sorted list is joined: Sail's `listagg` takes twenty times as long. It stays where there is more to it."""
    separator = node.args.get("separator") or literal(",")
    if not isinstance(node.this, exp.Order):
        raise UntranslatableError(
            "string_agg() needs an order here: a query that is read twice is computed twice, and the texts would differ"
        )
    order, value = node.this, as_text(node.this.this)
    if isinstance(node.parent, exp.Filter | exp.Window) or any(
        one.args.get("desc") and (is_text(one.this) or is_date(one.this)) for one in order.expressions
    ):
        texts = call("listagg", value, separator, returns="varchar")
        return exp.WithinGroup(this=texts, expression=exp.Order(expressions=[one.copy() for one in order.expressions]))
    joined_texts = call("array_join", list_in_order(value, order), separator, returns="varchar")
    is_any = exp.GT(this=typed(exp.Count(this=value.copy()), "bigint"), expression=literal(0))
    return typed(exp.Case(ifs=[exp.If(this=is_any, true=joined_texts)]), "varchar")


def sort_key(order: exp.Order) -> exp.Expr:
    """A row that is less where it comes first: nulls last, and what falls is counted backwards."""
    parts: list[exp.Expr] = []
    for ordered in order.expressions:
        value = ordered.this
        parts.append(exp.Not(this=is_null(value)) if ordered.args.get("nulls_first") else is_null(value))
        if not ordered.args.get("desc"):
            parts.append(value.copy())
        elif is_of(value, Type.BOOLEAN):
            parts.append(exp.Not(this=exp.Paren(this=value.copy())))
        elif is_text(value) or is_date(value):
            raise UntranslatableError("an aggregate can't be ordered by a falling text or date here")
        else:
            parts.append(exp.Neg(this=exp.Paren(this=value.copy())))
    return call("struct", *parts)


def list_in_order(value: exp.Expr, order: exp.Order) -> exp.Expr:
    """The list of a value of a group, in an order."""
    rows = call("named_struct", "place", sort_key(order), "element", value)
    each = exp.Lambda(
        this=exp.Dot(this=exp.to_identifier("one"), expression=exp.to_identifier("element")),
        expressions=[exp.to_identifier("one")],
    )
    return call("transform", call("sort_array", call("collect_list", rows)), each)


def push_conditions(tree: exp.Expr) -> None:
    """Move the conditions of aggregates into what they look at, where the engine has no `filter`."""
    for node in list(tree.find_all(exp.Filter)):
        aggregate, where = node.this, node.expression.this
        if isinstance(node.parent, exp.Window) or isinstance(aggregate, exp.PercentileDisc | exp.Median):
            _push(aggregate, where)
            node.replace(aggregate)


def _push(aggregate: exp.Expr, where: exp.Expr) -> None:
    value = aggregate.this
    if isinstance(value, exp.Distinct | exp.Order):
        raise UntranslatableError("filter (…) has no translation here")
    if isinstance(value, exp.Star):
        value = literal(1)
    chosen = exp.Case(ifs=[exp.If(this=where.copy(), true=value.copy())])
    chosen.type = value.type
    aggregate.set("this", chosen)
