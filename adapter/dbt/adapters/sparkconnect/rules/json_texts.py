"""Rules for JSON, which the engine keeps as text."""

import json

from dbt.adapters.sparkconnect.rules.nodes import (
    WHOLE_NUMBERS,
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


@rule("a row as JSON, with its nulls", functions=["to_json"])
def json_of_row(node: exp.Expr) -> exp.Expr | None:
    """There, `to_json` leaves out what is null."""
    if not isinstance(node.expressions[0], exp.Struct):
        return call("to_json", *node.expressions, returns="varchar")
    parts: list[exp.Expr] = []
    for field in node.expressions[0].expressions:
        parts += [
            literal(f"{',' if parts else '{'}{json.dumps(field.name, ensure_ascii=False)}:"),
            _json(field.expression),
        ]
    return call("concat", *parts, "}", returns="varchar")


def _json(value: exp.Expr) -> exp.Expr:
    """A value as JSON."""
    if is_text(value):
        listed = call("to_json", call("array", value))
        length = exp.Sub(this=call("length", listed), expression=literal(2))
        text = unless_null(value, call("substr", listed, 2, length))
    elif is_of(value, *WHOLE_NUMBERS, Type.DOUBLE, Type.FLOAT, Type.DECIMAL, Type.BOOLEAN):
        text = cast(value, "varchar")
    elif is_list(value) or is_of(value, Type.STRUCT, Type.MAP):
        raise UntranslatableError("to_json() of a row has no translation of what holds other values")
    else:
        text = call("concat", '"', cast(value, "varchar"), '"')
    return call("coalesce", text, "null", returns="varchar")


@rule("a list read from JSON", exp.FromJson)
def read_from_json(node: exp.Expr) -> exp.Expr | None:
    """DuckDB writes the form of the JSON as JSON."""
    return call("from_json", node.this, _type_of_json(json.loads(node.expression.name)))


def _type_of_json(form: object) -> str:
    if isinstance(form, list):
        return f"array<{_type_of_json(form[0])}>"
    if isinstance(form, dict):
        return "struct<" + ", ".join(f"{name}: {_type_of_json(one)}" for name, one in form.items()) + ">"
    return exp.DataType.build(str(form), dialect="duckdb").sql("spark")


@rule("a text as JSON is the text", exp.Cast, exp.TryCast)
def text_as_json(node: exp.Expr) -> exp.Expr | None:
    """There, JSON is written as text, and SQLGlot would make a JSON text of it."""
    if not is_of(node, Type.JSON):
        return None
    if not is_text(node.this) and not is_of(node.this, Type.JSON):
        raise UntranslatableError("only a text can be cast to JSON here")
    return typed(node.this.copy(), "json")


@rule("a member of a JSON object whose name is computed", exp.JSONExtractScalar)
def json_member(node: exp.Expr) -> exp.Expr | None:
    """There, names stand in no double quotes in a path.

    Not by `from_json`, which fails in Sail where it gets no rows.
    """
    path = node.expression
    if isinstance(path, exp.JSONPath | exp.Literal):
        return None
    parts = path.expressions
    if not (len(parts) > 1 and parts[0] == literal('$."') and parts[-1] == literal('"')):
        raise UntranslatableError("a path into JSON that is computed has the form concat('$.\"', …, '\"') here")
    name = call("concat", *(part.copy() for part in parts[1:-1]))
    return call(
        "get_json_object", node.this, call("concat", "$.", call("replace", name, '\\"', '"')), returns="varchar"
    )


@rule("the keys of a JSON object", exp.JSONKeys, functions=["json_keys"])
def json_keys(node: exp.Expr) -> exp.Expr | None:
    """Spark calls it `json_object_keys`."""
    values = [node.this] if isinstance(node, exp.JSONKeys) else node.expressions
    return call("json_object_keys", *values, returns="array<varchar>")
