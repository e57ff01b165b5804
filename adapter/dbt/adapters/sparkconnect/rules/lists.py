"""Rules for lists and maps."""

from dbt.adapters.sparkconnect.rules.nodes import (
    Type,
    UntranslatableError,
    call,
    cast,
    is_list,
    is_of,
    is_text,
    literal,
    typed,
    unless_null,
)
from dbt.adapters.sparkconnect.rules.registry import rule
from sqlglot import exp


@rule("distinct elements of a list, without nulls", exp.ArrayDistinct)
def distinct_elements(node: exp.Expr) -> exp.Expr | None:
    """There, null is one of them."""
    return call("array_distinct", call("array_compact", node.this), returns=node.type)


@rule("whether a list holds something", exp.Contains, exp.ArrayContains)
def held(node: exp.Expr) -> exp.Expr | None:
    """Spark's `contains` is one of texts, and Sail's lists hold no null instead of it being unknown."""
    if isinstance(node, exp.Contains) and not is_list(node.this):
        return None
    found = call("array_contains", node.this, node.expression)
    if isinstance(node.expression, exp.Literal):
        return typed(found, "boolean")
    return typed(unless_null(node.expression, found), "boolean")


@rule("the number of elements of a list", exp.Length)
def list_size(node: exp.Expr) -> exp.Expr | None:
    """Spark's `length` is one of texts."""
    return cast(call("array_size", node.this), "bigint") if is_list(node.this) else None


@rule("a map of two lists", exp.Map)
def map_of_lists(node: exp.Expr) -> exp.Expr | None:
    """Spark's `map` takes keys and values in turn."""
    return call("map_from_arrays", node.args["keys"], node.args["values"], returns=node.type)


@rule("a map that is written out", exp.ToMap)
def written_map(node: exp.Expr) -> exp.Expr | None:
    """Spark's `map` takes keys and values in turn. SQLGlot reads `map {…}[key]` as a map of `{…}[key]`.

    Where the key is a column, `case` finds its value: Sail would make the map for each row.
    """
    looked_up = isinstance(node.this, exp.Bracket)
    fields = node.this.this.expressions if looked_up else node.this.expressions
    pairs = [one for field in fields for one in (_key(field.this), field.expression)]
    if not looked_up:
        return call("map", *pairs)
    (key,) = node.this.expressions
    if isinstance(key, exp.Column) and all(isinstance(one, exp.Literal) for one in pairs):
        # With forty words, this took three quarters of the time to clean rows.
        choices = [
            exp.If(this=word.copy(), true=value.copy()) for word, value in zip(pairs[::2], pairs[1::2], strict=True)
        ]
        return typed(exp.Case(this=key.copy(), ifs=choices), pairs[1].type)
    return call("element_at", call("map", *pairs), key, returns=pairs[1].type)


def _key(key: exp.Expr) -> exp.Expr:
    return literal(key.name) if isinstance(key, exp.Identifier) else key


@rule("an element of a map or a list", exp.Bracket)
def element(node: exp.Expr) -> exp.Expr | None:
    """Keys of maps and places counted from 1 or from the end; SQLGlot counts literal places from 0."""
    if isinstance(node.parent, exp.ToMap):
        return None
    (key,) = node.expressions
    if is_of(node.this, Type.MAP) or is_text(key):
        return call("element_at", node.this, key, returns=node.type)
    if isinstance(key, exp.Literal):
        return call("try_element_at", node.this, int(key.name) + 1, returns=node.type)
    if isinstance(key, exp.Neg) and isinstance(key.this, exp.Literal):
        return call("try_element_at", node.this, 1 - int(key.this.name), returns=node.type)
    raise UntranslatableError("a list's element can't be found by an expression here")


@rule("whether anything in a list is true", functions=["list_bool_or"])
def any_of_list(node: exp.Expr) -> exp.Expr | None:
    """Spark's `exists` has no null where there is no list, or nothing in it."""
    each = exp.Lambda(this=exp.to_identifier("one"), expressions=[exp.to_identifier("one")])
    return call("exists", node.expressions[0], each, returns="boolean")


@rule("a list made one value", functions=["list_reduce"])
def reduced(node: exp.Expr) -> exp.Expr | None:
    """Spark's name for `list_reduce`."""
    if len(node.expressions) < 3:
        raise UntranslatableError("list_reduce() needs a value to begin with here")
    rows, change, start = node.expressions
    return call("aggregate", rows, start, change)
