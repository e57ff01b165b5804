"""Rules for texts: joined, cut, counted and hashed."""

from dbt.adapters.sparkconnect.rules.nodes import (
    UntranslatableError,
    as_text,
    call,
    cast,
    is_known,
    is_list,
    literal,
    typed,
)
from dbt.adapters.sparkconnect.rules.registry import rule
from sqlglot import exp


@rule("texts joined, and null counts as none", exp.Concat)
def joined(node: exp.Expr) -> exp.Expr | None:
    """There, one null makes all of it null; lists are joined as they are."""
    if isinstance(node, exp.ConcatWs):
        separator, *parts = node.expressions
        return call("concat_ws", separator, *(as_text(part) for part in parts), returns="varchar")
    if any(is_list(part) for part in node.expressions):
        return call("concat", *(_list_or_none(part) for part in node.expressions), returns=node.type)
    return call("concat", *(_never_null(part) for part in node.expressions), returns="varchar")


@rule("lists joined, and null counts as none", exp.ArrayConcat)
def joined_lists(node: exp.Expr) -> exp.Expr | None:
    """There, one null makes all of it null."""
    return call("concat", *(_list_or_none(part) for part in (node.this, *node.expressions)), returns=node.type)


def _list_or_none(part: exp.Expr) -> exp.Expr:
    if isinstance(part, exp.Array):
        return part
    return call("coalesce", part, exp.Array(expressions=[]), returns=part.type)


def _never_null(part: exp.Expr) -> exp.Expr:
    if isinstance(part, exp.Literal):
        return as_text(part)
    return call("coalesce", as_text(part), "", returns="varchar")


@rule("texts put together by ||", exp.DPipe)
def piped(node: exp.Expr) -> exp.Expr | None:
    """Numbers are no texts to Sail."""
    if is_list(node.this) or is_list(node.expression) or not (is_known(node.this) or is_known(node.expression)):
        return call("concat", node.this, node.expression, returns=node.type)
    return call("concat", as_text(node.this), as_text(node.expression), returns="varchar")


@rule("a sentence that stops the build", functions=["error"])
def stop(node: exp.Expr) -> exp.Expr | None:
    """Spark's name for `error`."""
    return call("raise_error", *node.expressions)


@rule("the bytes of a text", functions=["strlen"])
def byte_count(node: exp.Expr) -> exp.Expr | None:
    """`strlen` counts bytes."""
    return call("octet_length", *node.expressions, returns="bigint")


@rule("a part of a text", exp.Substring)
def part_of_text(node: exp.Expr) -> exp.Expr | None:
    """Places before the first are skipped there, and in DuckDB are a part of the length."""
    start = node.args.get("start")
    if node.text("start") == "0" or (isinstance(start, exp.Neg) and node.args.get("length") is not None):
        raise UntranslatableError("substr() has a length from the first place on only: write left() or right()")
    if isinstance(start, exp.Neg) and start.this.name == "1":
        # Of texts of a dozen letters, Sail finds the last one so in half the time.
        return typed(exp.Right(this=node.this.copy(), expression=literal(1)), "varchar")
    return None


@rule("how a text ends", functions=["suffix"])
def ending(node: exp.Expr) -> exp.Expr | None:
    """Spark's name for `suffix`."""
    return call("endswith", *node.expressions, returns="boolean")


@rule("a hash as a key is a text", functions=["md5_number"])
def hash_key(node: exp.Expr) -> exp.Expr | None:
    """128 bits are more than a decimal holds; keys are only compared."""
    return call("md5", *node.expressions, returns="varchar")


@rule("a hash that values are compared by", functions=["hash"])
def hash_of_values(node: exp.Expr) -> exp.Expr | None:
    """Another number than DuckDB's: equal values have one, which is all that may be asked of it."""
    return call("xxhash64", *node.expressions, returns="bigint")


@rule("a hash as a number of 64 bits", functions=["md5_number_lower"])
def hash_number(node: exp.Expr) -> exp.Expr | None:
    """The last eight bytes of the hash, the lowest first."""
    digest = call("md5", *node.expressions)
    halves = []
    for start in (25, 17):
        digits = call("concat", *(call("substr", digest, start + 2 * byte, 2) for byte in (3, 2, 1, 0)))
        halves.append(cast(call("conv", digits, 16, 10), "decimal(20, 0)"))
    upper = exp.Mul(this=halves[0], expression=cast(exp.Literal.number(2**32), "decimal(10, 0)"))
    return typed(cast(exp.Paren(this=exp.Add(this=upper, expression=halves[1])), "decimal(20, 0)"), "decimal(20, 0)")
