"""Rules for templates with values filled in: `format` and `printf`."""

import re
from collections.abc import Iterator

from dbt.adapters.sparkconnect.rules.nodes import (
    WHOLE_NUMBERS,
    UntranslatableError,
    as_text,
    call,
    cast,
    is_decimal,
    is_null,
    is_of,
    is_text,
    literal,
    typed,
    unless_null,
)
from dbt.adapters.sparkconnect.rules.registry import rule
from sqlglot import exp

FIELD = re.compile(r"(?<!\{)\{(?::([^{}]*))?\}(?!\})")
MORE_FIELDS = "format() has more fields than values"
# What a template may ask for that is read at run time.
FORMS = ("", ":g", ":.0f", ":.1f", ":.2f", ":.3f", ":.4f", ":,.0f", ":,.2f")


@rule("a text with values filled in", exp.Format)
def filled_in(node: exp.Expr) -> exp.Expr | None:
    """`{:.1f}` is `%.1f` there; a value without a format is its text."""
    template, values = _one_literal(node.this), list(node.expressions)
    if template is None:
        return _filled_at_run_time(node.this, values)
    return _filled_literal(template, values)


def _filled_literal(template: str, values: list[exp.Expr]) -> exp.Expr:
    """A template with the values filled in, which are taken from the list."""
    parts: list[exp.Expr] = []
    position = 0
    if re.search(r"[{}]", FIELD.sub("", template)):
        raise UntranslatableError("format() has no translation of braces that are no {} or {:…}")
    if len(FIELD.findall(template)) > len(values):
        raise UntranslatableError(MORE_FIELDS)
    for field in FIELD.finditer(template):
        if field.start() > position:
            parts.append(literal(template[position : field.start()]))
        parts.append(_formatted(values.pop(0), field.group(1) or ""))
        position = field.end()
    if position < len(template):
        parts.append(literal(template[position:]))
    return call("concat", *parts, returns="varchar")


def _filled_at_run_time(template: exp.Expr, values: list[exp.Expr]) -> exp.Expr:
    """Of a template that is a column: what stands between braces decides, row by row."""
    if isinstance(template, exp.Anonymous) and template.name == "concat":
        return _filled_in_pieces(template, list(values))
    pieces = call("split", template, "[{}]")
    parts = [call("element_at", pieces, 1)]
    for number, value in enumerate(values):
        parts += [
            _formatted_by(value, call("element_at", pieces, 2 * number + 2)),
            call("element_at", pieces, 2 * number + 3),
        ]
    return call("concat", *parts, returns="varchar")


def _filled_in_pieces(template: exp.Expr, values: list[exp.Expr]) -> exp.Expr:
    """Of a template that is joined of texts and columns: a text has its fields, and each column is one field."""
    parts: list[exp.Expr] = []
    for piece, is_never_null in _pieces_of(template):
        written = _one_literal(piece)
        if written is not None:
            parts.append(_filled_literal(written, values))
        elif not values:
            raise UntranslatableError(MORE_FIELDS)
        else:
            parts.append(_formatted_by(values.pop(0), piece, "{", "}", is_never_null))
    return call("concat", *parts, returns="varchar")


def _pieces_of(template: exp.Expr, is_never_null: bool = False) -> Iterator[tuple[exp.Expr, bool]]:
    """What a text is joined of, each with whether a null of it counts as none."""
    if not isinstance(template, exp.Anonymous) or template.name not in ("concat", "coalesce"):
        yield template, is_never_null
    elif template.name == "concat":
        for one in template.expressions:
            yield from _pieces_of(one)
    else:
        yield from _pieces_of(template.expressions[0], is_never_null=True)


def _formatted_by(
    value: exp.Expr, form: exp.Expr, before: str = "", after: str = "", is_never_null: bool = False
) -> exp.Expr:
    """A value in one of `FORMS`, which a column names; other texts stop the build.

    Args:
        value: What is written.
        form: The column.
        before: What it holds before the form.
        after: What it holds behind.
        is_never_null: Whether a null would be no field, which stops the build, too; else there is no text.
    """
    known = FORMS[:1] if is_text(value) else FORMS
    forms = [
        exp.If(
            this=exp.EQ(this=form.copy(), expression=literal(f"{before}{one}{after}")),
            true=_formatted(value, one.lstrip(":")),
        )
        for one in known
    ]
    if not is_never_null:
        forms.append(exp.If(this=is_null(form), true=cast(exp.Null(), "varchar")))
    unknown = call("raise_error", call("concat", "format() has no translation of ", call("coalesce", form, "null")))
    return exp.Case(ifs=forms, default=unknown)


def _one_literal(node: exp.Expr) -> str | None:
    """A text that may stand in several pieces, one below the other; None where it is no literal."""
    if isinstance(node, exp.Literal):
        return str(node.name)
    if isinstance(node, exp.Anonymous) and node.name == "concat":
        pieces = [_one_literal(part) for part in node.expressions]
        return None if None in pieces else "".join(piece for piece in pieces if piece is not None)
    return None


def _formatted(value: exp.Expr, form: str) -> exp.Expr:
    if form == "":
        # DuckDB makes a double of a decimal.
        return as_text(cast(value, "double") if is_decimal(value) else value)
    if form == "g":
        return _general(value)
    if re.fullmatch(r"0\d+d", form):
        text = call("format_string", f"%{form}", cast(value, "bigint"), returns="varchar")
        return unless_null(value, text)
    if form == "," and is_of(value, *WHOLE_NUMBERS):
        return call("format_number", cast(value, "double"), 0, returns="varchar")
    if number := re.fullmatch(r"([+,]?)\.(\d+)f", form):
        sign, places = number.groups()
        # The one function that rounds a half to the even digit, as DuckDB does. It separates thousands.
        text = call("format_number", cast(value, "double"), int(places), returns="varchar")
        if sign == ",":
            return text
        text = call("replace", text, ",", "", returns="varchar")
        plus = exp.Case(ifs=[exp.If(this=exp.LT(this=value.copy(), expression=literal(0)), true=literal(""))])
        plus.set("default", literal("+"))
        return call("concat", plus, text, returns="varchar") if sign else text
    raise UntranslatableError(f"format() has no translation of {{:{form}}}")


def _general(value: exp.Expr) -> exp.Expr:
    """A number without needless zeros; of one decimal place at most, as all that the project writes so has."""
    text = call("format_string", "%.1f", cast(value, "double"))
    is_short = exp.EQ(this=call("round", cast(value, "double"), 1), expression=cast(value, "double"))
    is_small = exp.LT(this=call("abs", cast(value, "double")), expression=literal(100_000))
    too_long = call("raise_error", "format() writes {:g} only of numbers below 100,000 with one decimal place")
    shortened = call("regexp_replace", text, "[.]0$", "")
    return exp.Case(
        ifs=[
            exp.If(this=is_null(value), true=cast(exp.Null(), "varchar")),
            exp.If(this=exp.And(this=is_short, expression=is_small), true=shortened),
        ],
        default=too_long,
    )


@rule("a text with values filled in as in C", functions=["printf"])
def filled_in_as_in_c(node: exp.Expr) -> exp.Expr | None:
    """Spark's name for `printf`; there, a null is a text."""
    template, *values = node.expressions
    fields = re.findall(r"%[^a-zA-Z%]*.", template.name) if isinstance(template, exp.Literal) else ["none"]
    unknown = [field for field in fields if not re.fullmatch(r"%(0\d+)?d|%s", field)]
    if unknown:
        raise UntranslatableError("printf() has a translation of %s, %d and %02d in a literal alone")
    text = call("format_string", template, *values, returns="varchar")
    for value in values:
        text = unless_null(value, text)
    return typed(text, "varchar")
