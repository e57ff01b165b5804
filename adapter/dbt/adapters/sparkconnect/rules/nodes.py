"""Nodes of SQL with types: what a rule asks of them and what it makes them of."""

from collections.abc import Callable

from sqlglot import exp

Type = exp.DType
WHOLE_NUMBERS = frozenset(exp.DataType.INTEGER_TYPES)
MOMENTS = (Type.TIMESTAMP, Type.TIMESTAMPNTZ, Type.TIMESTAMPTZ)


class UntranslatableError(Exception):
    """What the engine has nothing for, in a few words."""


def place_of(node: exp.Expr) -> str:
    """The line of a node in the compiled SQL, as the beginning of a sentence; nothing where it is not known."""
    lines = [one.meta["line"] for one in node.walk() if "line" in one.meta]
    return f"line {lines[0]}: " if lines else ""


def is_of(node: exp.Expr | None, *kinds: Type) -> bool:
    """Whether a node is known to be of one of these types."""
    return node is not None and node.type is not None and node.type.this in kinds


def is_known(node: exp.Expr) -> bool:
    """Whether the type of a node is known."""
    return node.type is not None and not is_of(node, Type.UNKNOWN)


def is_date(node: exp.Expr | None) -> bool:
    """Whether a node is a day."""
    return is_of(node, Type.DATE)


def is_decimal(node: exp.Expr | None) -> bool:
    """Whether a node is a decimal."""
    return is_of(node, Type.DECIMAL)


def is_text(node: exp.Expr | None) -> bool:
    """Whether a node is a text."""
    return is_of(node, *exp.DataType.TEXT_TYPES)


def is_time(node: exp.Expr | None) -> bool:
    """Whether a node is a day or a point in time."""
    return is_of(node, *exp.DataType.TEMPORAL_TYPES)


def is_moment(node: exp.Expr | None) -> bool:
    """Whether a node is a point in time: to the engine, all are of one type."""
    return is_of(node, *MOMENTS)


def is_list(node: exp.Expr | None) -> bool:
    """Whether a node is a list."""
    return is_of(node, Type.ARRAY, Type.LIST)


def choose(choice: exp.Case, value: exp.Expr) -> None:
    """Have a choice yield one value in any case. It stays a choice, with the type and the name that it has."""
    choice.set("this", None)
    choice.set("ifs", [exp.If(this=exp.true(), true=value)])
    choice.set("default", None)


TEXT, WHOLE = exp.DataType.build("varchar"), exp.DataType.build("int")


def typed(node: exp.Expr, kind: str | exp.DataType | None) -> exp.Expr:
    """A node that is known to be of a type."""
    if kind is not None:
        node.type = exp.DataType.build(kind)
    return node


def literal(value: str | int) -> exp.Expr:
    """A text or a whole number."""
    node = exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)
    node.type = TEXT if isinstance(value, str) else WHOLE
    return node


def call(name: str, *arguments: exp.Expr | str | int, returns: str | exp.DataType | None = None) -> exp.Expr:
    """A call of a function of the engine."""
    nodes = [literal(one) if isinstance(one, str | int) else one.copy() for one in arguments]
    function = exp.Anonymous(this=name, expressions=nodes)
    function.meta["is_translated"] = True
    return typed(function, returns)


def cast(node: exp.Expr, kind: str | exp.DataType) -> exp.Expr:
    """A node cast to a type, by the engine's own cast."""
    return typed(exp.Cast(this=node.copy(), to=exp.DataType.build(kind)), kind)


def as_text(node: exp.Expr) -> exp.Expr:
    """A node as a text."""
    return node.copy() if is_text(node) else cast(node, "varchar")


def is_null(node: exp.Expr) -> exp.Expr:
    """Whether a node is null."""
    is_compound = isinstance(node, exp.Binary | exp.Unary | exp.Predicate) and not isinstance(node, exp.Paren)
    value = exp.Paren(this=node.copy()) if is_compound else node.copy()
    return typed(exp.Is(this=value, expression=exp.Null()), "boolean")


def unless_null(node: exp.Expr, value: exp.Expr) -> exp.Expr:
    """A value where a node is not null, else null."""
    return exp.Case(ifs=[exp.If(this=exp.Not(this=is_null(node)), true=value)])


def bound_once(value: exp.Expr, used: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """SQL that uses a value in several places and computes it in one: plans of copies take longer than their rows.

    Args:
        value: What is used; a column is used as it is.
        used: What is made of it, and of no column beside it.
    """
    if isinstance(value, exp.Column | exp.Literal):
        return used(value)
    name = exp.to_identifier("one")
    name.type = value.type
    body = used(name)
    each = exp.Lambda(this=body, expressions=[exp.to_identifier("one")])
    return call("element_at", call("transform", call("array", value), each), 1, returns=body.type)


def recast(node: exp.Expr, value: exp.Expr, kind: exp.DataType | None = None) -> exp.Expr:
    """The same cast of another value, which fails as the given one does."""
    changed = node.copy()
    changed.set("this", value)
    changed.set("to", (kind or node.args["to"]).copy())
    return changed
