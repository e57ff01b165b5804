"""Rules for numbers: quotients, logarithms, and casts that round."""

from dbt.adapters.sparkconnect.rules.nodes import (
    WHOLE_NUMBERS,
    Type,
    UntranslatableError,
    call,
    cast,
    is_decimal,
    is_of,
    literal,
    recast,
    typed,
)
from dbt.adapters.sparkconnect.rules.registry import rule
from sqlglot import exp


@rule("a quotient is a double", exp.Div)
def quotient(node: exp.Expr) -> exp.Expr | None:
    """Decimals divided stay decimals there, and a division by zero is an error and not infinite."""
    dividend, divisor = cast(node.this, "double"), cast(node.expression, "double")
    plain = exp.Div(this=dividend, expression=divisor, typed=False, safe=False)
    written = node.expression.unnest()
    if isinstance(written, exp.Nullif) or (isinstance(written, exp.Literal) and float(written.name)):
        return typed(plain, "double")
    is_zero = exp.EQ(this=divisor.copy(), expression=cast(literal(0), "double"))
    # Some engines compute both branches.
    plain.set("expression", exp.Nullif(this=divisor.copy(), expression=cast(literal(0), "double")))
    infinite = exp.Mul(this=dividend.copy(), expression=cast(literal("inf"), "double"))
    return typed(exp.Case(ifs=[exp.If(this=is_zero, true=infinite)], default=plain), "double")


@rule("a whole quotient is `div`", exp.IntDiv)
def whole_quotient(node: exp.Expr) -> exp.Expr | None:
    """Spark writes `a div b`."""
    if any(is_decimal(one) or is_of(one, Type.DOUBLE, Type.FLOAT) for one in (node.this, node.expression)):
        raise UntranslatableError("`//` of numbers that are not whole is no whole quotient in DuckDB: write `/`")
    return exp.Paren(this=call("div", node.this, node.expression, returns="bigint"))


@rule("a logarithm is of base 10", exp.Log)
def logarithm(node: exp.Expr) -> exp.Expr | None:
    """Spark's `log` of one number is the natural one."""
    return call("log10", node.this, returns="double") if node.args.get("expression") is None else None


@rule("numbers become whole by rounding", exp.Cast, exp.TryCast)
def rounded(node: exp.Expr) -> exp.Expr | None:
    """There, a cast cuts off what is behind the point."""
    if not is_of(node, *WHOLE_NUMBERS):
        return None
    if is_of(node.this, Type.DOUBLE, Type.FLOAT):
        return recast(node, call("bround", node.this))
    if is_decimal(node.this):
        return recast(node, call("round", node.this, 0))
    return None


@rule("a text of hexadecimal digits as a number", exp.Cast, exp.TryCast)
def hexadecimal(node: exp.Expr) -> exp.Expr | None:
    """A cast there knows no `0x`."""
    text = node.this
    if not (is_of(node, *WHOLE_NUMBERS) and isinstance(text, exp.Anonymous) and text.name == "concat"):
        return None
    mark, *digits = text.expressions
    if not (isinstance(mark, exp.Literal) and mark.name == "0x"):
        return None
    return recast(node, call("conv", call("concat", *digits), 16, 10))


@rule("a number that is written out as a double", exp.Cast, exp.TryCast)
def written_double(node: exp.Expr) -> exp.Expr | None:
    """There, it is a decimal before it is a double, and Sail rounds one of more than fifteen digits twice."""
    written = node.this.unnest()
    sign = "-" if isinstance(written, exp.Neg) else ""
    number = written.this if sign else written
    if not is_of(node, Type.DOUBLE) or not isinstance(number, exp.Literal) or number.is_string:
        return None
    return recast(node, literal(f"{sign}{number.name}"))


@rule("doubles become decimals by rounding their binary value", exp.Cast, exp.TryCast)
def decimal_of_double(node: exp.Expr) -> exp.Expr | None:
    """There, a cast rounds the decimal digits that a double is written with."""
    if not (is_decimal(node) and is_of(node.this, Type.DOUBLE, Type.FLOAT)) or not node.args["to"].expressions:
        return None
    precision, scale = (int(one.name) for one in node.args["to"].expressions)
    if scale == 0 or precision + scale > 36:
        return None
    factor = cast(typed(exp.Literal.number(f"1{'0' * scale}"), "int"), "double")
    pennies = call("round", exp.Mul(this=exp.Paren(this=node.this.copy()), expression=factor))
    whole = recast(node, pennies, exp.DataType.build(f"decimal({precision}, 0)"))
    penny = cast(literal(f"0.{'0' * (scale - 1)}1"), f"decimal({scale + 1}, {scale})")
    return recast(node, exp.Paren(this=exp.Mul(this=whole, expression=penny)))
