"""How types follow from one another in DuckDB, and which of them the engine lacks."""

from dbt.adapters.sparkconnect.rules.nodes import (
    MOMENTS,
    Type,
    UntranslatableError,
    choose,
    is_date,
    is_known,
    literal,
)
from dbt.adapters.sparkconnect.rules.registry import rule
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.optimizer.annotate_types import TypeAnnotator


def _type_of_element(annotator: TypeAnnotator, node: exp.Expr) -> exp.Expr:
    """Where another value is greatest, SQLGlot doesn't know the type; with a number behind it is a list of several."""
    if node.args.get("count") is None:
        annotator._set_type(node, node.this.type)
    return node


def _type_of_difference(annotator: TypeAnnotator, node: exp.Sub) -> exp.Expr:
    """SQLGlot calls the days between two dates a date."""
    if is_date(node.this) and is_date(node.expression):
        annotator._set_type(node, Type.BIGINT)
        return node
    return annotator._annotate_binary(node)


# Functions that SQLGlot doesn't know, and rules translate.
TYPES_OF_FUNCTIONS = {"try_strptime": Type.TIMESTAMP, "to_seconds": Type.INTERVAL, "to_hours": Type.INTERVAL}


def _type_of_function(annotator: TypeAnnotator, node: exp.Anonymous) -> exp.Expr:
    annotator._set_type(node, TYPES_OF_FUNCTIONS.get(node.name.lower(), Type.UNKNOWN))
    return node


# How types follow from one another, in DuckDB.
TYPES = {
    **DuckDB.EXPRESSION_METADATA,
    exp.Sub: {"annotator": _type_of_difference},
    exp.Div: {"returns": Type.DOUBLE},
    exp.Avg: {"returns": Type.DOUBLE},
    exp.Anonymous: {"annotator": _type_of_function},
    exp.ArgMax: {"annotator": _type_of_element},
    exp.ArgMin: {"annotator": _type_of_element},
}
# Numbers with more digits than 64 bits hold.
HUGE_NUMBERS = (Type.INT128, Type.UINT128, Type.INT256)
NO_TYPES_THERE = (Type.TIME, Type.TIMETZ, Type.UTINYINT, Type.USMALLINT, Type.UINT, Type.UBIGINT, Type.BIT, Type.UUID)


@rule("numbers of 128 bits are decimals", exp.DataType)
def huge_number(node: exp.Expr) -> exp.Expr | None:
    """The engine has none; a decimal of 38 digits holds all but the largest."""
    if node.this in NO_TYPES_THERE:
        raise UntranslatableError(f"{node.sql('duckdb')} is no type there")
    return exp.DataType.build("decimal(38, 0)") if node.this in HUGE_NUMBERS else None


# What `typeof` calls types that SQLGlot's words for DuckDB don't: there, each point in time is the wall clock's.
NAMES_OF_TYPES = {
    Type.TEXT: "VARCHAR", Type.VARCHAR: "VARCHAR", Type.INT: "INTEGER", **dict.fromkeys(MOMENTS, "TIMESTAMP"),
}  # fmt: skip


@rule("the name of a type is DuckDB's", exp.Typeof)
def type_name(node: exp.Expr) -> exp.Expr | None:
    """There, types have other names; the translation knows them before the query runs."""
    kind = node.this.type
    if not is_known(node.this) or kind is None or kind.args.get("nested"):
        raise UntranslatableError("typeof() of what has no known type, or holds other values, has no translation")
    return literal(NAMES_OF_TYPES.get(kind.this) or kind.sql("duckdb").replace(", ", ","))


def decide_by_types(query: exp.Expr) -> None:
    """Leave out of a query what it does with other types than it has: `case when typeof(price) = 'VARCHAR' then …`.

    To translate, write and plan the reader of a text takes longer than all else of a column that is a number.

    Args:
        query: With types; it is changed.
    """
    for choice in list(query.find_all(exp.Case)):
        if choice.this is None and choice.find(exp.Typeof) is not None:
            _leave_out_branches(choice)


def _leave_out_branches(choice: exp.Case) -> None:
    branches = []
    for branch in choice.args["ifs"]:
        parts = list(branch.this.flatten()) if isinstance(branch.this, exp.And) else [branch.this]
        of_types = [_has_type(part) for part in parts]
        if False in of_types:
            continue
        remaining = [part for part, is_met in zip(parts, of_types, strict=True) if is_met is None]
        if not remaining:
            choice.set("default", branch.args["true"])
            break
        branch.set("this", exp.and_(*remaining))
        branches.append(branch)
    otherwise = choice.args.get("default") or exp.null()
    if not branches:
        choose(choice, otherwise)
        return
    choice.set("ifs", branches)
    choice.set("default", otherwise)


def _has_type(condition: exp.Expr) -> bool | None:
    """Whether a value has the type that a condition asks for; None of another condition, or of an unknown type."""
    if not isinstance(condition, exp.EQ) or not isinstance(condition.this, exp.Typeof):
        return None
    name = type_name(condition.this) if is_known(condition.this.this) else None
    return None if name is None else bool(name.name == condition.expression.name)
