"""What differs between DuckDB's SQL and the engine's: one rule for each difference.

A rule gets a typed node and returns what the engine has for it, or None. Rules are applied to the innermost nodes
first, so what a node holds is the engine's already.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.optimizer.annotate_types import TypeAnnotator

Change = Callable[[exp.Expr], exp.Expr | None]
Type = exp.DType
WHOLE_NUMBERS = frozenset(exp.DataType.INTEGER_TYPES)
# Numbers with more digits than 64 bits hold.
HUGE_NUMBERS = (Type.INT128, Type.UINT128, Type.INT256)

# What has at least so many parts is worth a name, where it would be written twice.
PARTS_WORTH_A_NAME = 20
# What no function of a list's element holds.
OF_SEVERAL_ROWS = (exp.AggFunc, exp.Window, exp.Query, exp.Explode)


class UntranslatableError(Exception):
    """What the engine has nothing for, in a few words."""


@dataclass(frozen=True)
class Rule:
    """One difference.

    Attributes:
        name: What the engine has instead, in a few words.
        kinds: The nodes that it looks at.
        functions: Names of functions that it looks at, too, of those that SQLGlot does not know.
        change: The node as the engine has it; None leaves it.
    """

    name: str
    kinds: tuple[type[exp.Expr], ...]
    functions: frozenset[str]
    change: Change

    def looks_at(self, node: exp.Expr) -> bool:
        """Whether the rule is one for such a node."""
        is_function = isinstance(node, exp.Anonymous) and node.name.lower() in self.functions
        return is_function or isinstance(node, self.kinds)


RULES: list[Rule] = []
# Functions that both engines call alike and SQLGlot does not know.
SAME_THERE = {"factorial"}
# What SQLGlot writes though it means something else there, and why.
REFUSED: dict[type[exp.Expr], str] = {
    exp.SimilarTo: "`similar to` has no translation: write regexp_full_match()",
    exp.Skewness: "skewness() is that of all rows there, and not of a sample",
    exp.Kurtosis: "kurtosis() is that of all rows there, and not of a sample",
}
NO_TYPES_THERE = (Type.TIME, Type.TIMETZ, Type.UTINYINT, Type.USMALLINT, Type.UINT, Type.UBIGINT, Type.BIT, Type.UUID)


def rule(name: str, *kinds: type[exp.Expr], functions: Iterable[str] = ()) -> Callable[[Change], Change]:
    """Add a function to the rules."""

    def add(change: Change) -> Change:
        RULES.append(Rule(name, kinds, frozenset(functions), change))
        return change

    return add


def apply_rules(tree: exp.Expr) -> exp.Expr:
    """A tree with every rule applied once to each node, the innermost first.

    Args:
        tree: With types; it is changed.
    """
    by_type: dict[type[exp.Expr], list[Rule]] = {}
    for node in reversed(list(tree.walk())):
        if type(node) not in by_type:
            # A rule for functions by their names looks at all that SQLGlot doesn't know.
            by_type[type(node)] = [
                one for one in RULES if issubclass(type(node), one.kinds) or isinstance(node, exp.Anonymous)
            ]
        for one in by_type[type(node)]:
            if one.looks_at(node):
                try:
                    changed = one.change(node)
                except UntranslatableError as reason:
                    raise UntranslatableError(f"{place_of(node)}{reason}") from None
                if changed is not None and changed is not node:
                    if not isinstance(node, exp.DataType):
                        changed.type = changed.type or node.type
                    if node is tree:
                        tree = changed
                    else:
                        node.replace(changed)
                    node = changed
        changes_list = isinstance(node, exp.Lambda) and isinstance(node.parent, exp.Transform | exp.ArrayFilter)
        if changes_list and len(node.expressions) > 1:
            # DuckDB counts elements from 1, Spark from 0.
            raise UntranslatableError(f"{place_of(node)}a lambda with the place of an element has no translation")
        if type(node) in REFUSED:
            raise UntranslatableError(f"{place_of(node)}{REFUSED[type(node)]}")
        if isinstance(node, exp.Anonymous) and "is_translated" not in node.meta and node.name.lower() not in SAME_THERE:
            raise UntranslatableError(f"{place_of(node)}{node.name}() has no translation")
    return tree


def place_of(node: exp.Expr) -> str:
    """The line of a node in the compiled SQL, as the beginning of a sentence; nothing where it is not known."""
    lines = [one.meta["line"] for one in node.walk() if "line" in one.meta]
    return f"line {lines[0]}: " if lines else ""


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


# How types follow from one another, in DuckDB.
TYPES = {
    **DuckDB.EXPRESSION_METADATA,
    exp.Sub: {"annotator": _type_of_difference},
    exp.Div: {"returns": Type.DOUBLE},
    exp.Avg: {"returns": Type.DOUBLE},
    exp.ArgMax: {"annotator": _type_of_element},
    exp.ArgMin: {"annotator": _type_of_element},
}


def is_of(node: exp.Expr | None, *kinds: Type) -> bool:
    """Whether a node is known to be of one of these types."""
    return node is not None and node.type is not None and node.type.this in kinds


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


def is_list(node: exp.Expr | None) -> bool:
    """Whether a node is a list."""
    return is_of(node, Type.ARRAY, Type.LIST)


def call(name: str, *arguments: exp.Expr | str | int, returns: str | exp.DataType | None = None) -> exp.Expr:
    """A call of a function of the engine."""
    nodes = [literal(one) if isinstance(one, str | int) else one.copy() for one in arguments]
    function = exp.Anonymous(this=name, expressions=nodes)
    function.meta["is_translated"] = True
    return typed(function, returns)


TEXT, WHOLE = exp.DataType.build("varchar"), exp.DataType.build("int")


def literal(value: str | int) -> exp.Expr:
    """A text or a whole number."""
    node = exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)
    node.type = TEXT if isinstance(value, str) else WHOLE
    return node


def typed(node: exp.Expr, kind: str | exp.DataType | None) -> exp.Expr:
    """A node that is known to be of a type."""
    if kind is not None:
        node.type = exp.DataType.build(kind)
    return node


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


def _recast(node: exp.Expr, value: exp.Expr, kind: exp.DataType | None = None) -> exp.Expr:
    """The same cast of another value, which fails as the given one does."""
    changed = node.copy()
    changed.set("this", value)
    changed.set("to", (kind or node.args["to"]).copy())
    return changed


# Numbers ----------------------------------------------------------------------------------------------------------


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


@rule("a mean is a double", exp.Avg)
def mean(node: exp.Expr) -> exp.Expr | None:
    """The mean of decimals stays a decimal there."""
    if isinstance(node.this, exp.Distinct):
        distinct = exp.Distinct(expressions=[cast(one, "double") for one in node.this.expressions])
        return typed(exp.Avg(this=distinct), "double")
    _refuse_time(node.this, "avg()")
    return typed(exp.Avg(this=cast(node.this, "double")), "double")


def _refuse_time(node: exp.Expr, function: str) -> None:
    if is_time(node):
        raise UntranslatableError(f"{function} of dates or timestamps has no translation")


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
        return _recast(node, call("bround", node.this))
    if is_decimal(node.this):
        return _recast(node, call("round", node.this, 0))
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
    return _recast(node, call("conv", call("concat", *digits), 16, 10))


@rule("a number that is written out as a double", exp.Cast, exp.TryCast)
def written_double(node: exp.Expr) -> exp.Expr | None:
    """There, it is a decimal before it is a double, and Sail rounds one of more than fifteen digits twice."""
    written = node.this.unnest()
    sign = "-" if isinstance(written, exp.Neg) else ""
    number = written.this if sign else written
    if not is_of(node, Type.DOUBLE) or not isinstance(number, exp.Literal) or number.is_string:
        return None
    return _recast(node, literal(f"{sign}{number.name}"))


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
    whole = _recast(node, pennies, exp.DataType.build(f"decimal({precision}, 0)"))
    penny = cast(literal(f"0.{'0' * (scale - 1)}1"), f"decimal({scale + 1}, {scale})")
    return _recast(node, exp.Paren(this=exp.Mul(this=whole, expression=penny)))


@rule("numbers of 128 bits are decimals", exp.DataType)
def huge_number(node: exp.Expr) -> exp.Expr | None:
    """The engine has none; a decimal of 38 digits holds all but the largest."""
    if node.this in NO_TYPES_THERE:
        raise UntranslatableError(f"{node.sql('duckdb')} is no type there")
    return exp.DataType.build("decimal(38, 0)") if node.this in HUGE_NUMBERS else None


# What `typeof` calls types that SQLGlot's words for DuckDB don't: there, each point in time is the wall clock's.
NAMES_OF_TYPES = {Type.TEXT: "VARCHAR", Type.VARCHAR: "VARCHAR", Type.INT: "INTEGER"} | dict.fromkeys(
    (Type.TIMESTAMP, Type.TIMESTAMPNTZ, Type.TIMESTAMPTZ), "TIMESTAMP"
)


@rule("the name of a type is DuckDB's", exp.Typeof)
def type_name(node: exp.Expr) -> exp.Expr | None:
    """There, types have other names; the translation knows them before the query runs."""
    kind = node.this.type
    if not _is_known(node.this) or kind is None or kind.args.get("nested"):
        raise UntranslatableError("typeof() of what has no known type, or holds other values, has no translation")
    return literal(NAMES_OF_TYPES.get(kind.this) or kind.sql("duckdb").replace(", ", ","))


# Days -------------------------------------------------------------------------------------------------------------


@rule("days between two dates", exp.Sub)
def days_between(node: exp.Expr) -> exp.Expr | None:
    """A difference of dates is an interval in Spark."""
    if is_date(node.this) and is_date(node.expression):
        return cast(call("datediff", node.this, node.expression), "bigint")
    return None


@rule("a date and a number of days", exp.Add, exp.Sub)
def shifted_date(node: exp.Expr) -> exp.Expr | None:
    """Spark adds no bigint to a date."""
    first, second = node.this, node.expression
    if isinstance(node, exp.Add) and is_date(second) and is_of(first, *WHOLE_NUMBERS):
        first, second = second, first
    if is_date(first) and is_of(second, *WHOLE_NUMBERS):
        return call("date_add" if isinstance(node, exp.Add) else "date_sub", first, cast(second, "int"), returns="date")
    return None


@rule("a date and an interval are a timestamp", exp.Add, exp.Sub)
def shifted_by_interval(node: exp.Expr) -> exp.Expr | None:
    """There, a date and whole days or months stay a date; Sail loses hours that are computed."""
    day, shift = node.this, node.expression
    if isinstance(node, exp.Add) and _is_interval(day):
        day, shift = shift, day
    if not (is_date(day) and _is_interval(shift)):
        return None
    return typed(type(node)(this=cast(day, "timestamp"), expression=shift.copy()), "timestamp")


def _is_interval(node: exp.Expr) -> bool:
    """Whether a node is an interval, or may be one."""
    node = node.unnest()
    if isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default")]
        return any(_is_interval(branch) for branch in branches if branch is not None)
    return isinstance(node, exp.Interval) or is_of(node, Type.INTERVAL)


@rule("the months between two days count how often one begins", exp.DateDiff, exp.TimestampDiff, exp.DatetimeDiff)
def units_between(node: exp.Expr) -> exp.Expr | None:
    """There, whole months are counted, from day to day."""
    unit = node.text("unit").upper() or "DAY"
    if unit == "DAY":
        return None
    parts_of_year = {"YEAR": 1, "QUARTER": 4, "MONTH": 12}
    if unit not in parts_of_year:
        raise UntranslatableError(f"date_diff() of '{unit.lower()}' has no translation")

    def counted(day: exp.Expr) -> exp.Expr:
        if unit == "YEAR":
            return call("year", day)
        years = exp.Mul(this=call("year", day), expression=literal(parts_of_year[unit]))
        return exp.Paren(this=exp.Add(this=years, expression=call(unit.lower(), day)))

    return cast(exp.Paren(this=exp.Sub(this=counted(node.this), expression=counted(node.expression))), "bigint")


@rule("seconds since 1970 have a fraction", exp.TimeToUnix)
def seconds_since_1970(node: exp.Expr) -> exp.Expr | None:
    """There, it is cut off."""
    micros = cast(call("unix_micros", exp.Cast(this=node.this.copy(), to=exp.DataType.build("timestamptz"))), "double")
    million = cast(literal(1_000_000), "double")
    return typed(exp.Paren(this=exp.Div(this=micros, expression=million, typed=False, safe=False)), "double")


@rule("the number of a weekday", exp.DayOfWeekIso)
def weekday_number(node: exp.Expr) -> exp.Expr | None:
    """Spark has no function from 1 for Monday to 7; Sail's `weekday` is wrong on Sundays."""
    day = exp.Add(this=call("dayofweek", node.this), expression=literal(5))
    remainder = exp.Mod(this=exp.Paren(this=day), expression=literal(7))
    return typed(exp.Paren(this=exp.Add(this=exp.Paren(this=remainder), expression=literal(1))), "bigint")


@rule("a series that ends before it begins is empty", exp.GenerateSeries)
def series(node: exp.Expr) -> exp.Expr | None:
    """There, it runs backwards."""
    start, end, step = node.args["start"], node.args["end"], node.args.get("step")
    is_exclusive = node.args.get("is_end_exclusive")
    if isinstance(step, exp.Interval):
        if is_exclusive and not (is_date(end) and step.text("unit").upper() in ("DAY", "WEEK", "MONTH", "YEAR")):
            raise UntranslatableError("range() of timestamps has no translation: write generate_series()")
    elif step is not None and not (isinstance(step, exp.Literal) and int(step.name) > 0):
        raise UntranslatableError("a series has a step that is a whole number above 0 here")
    last = exp.Sub(this=end.copy(), expression=literal(1)) if is_exclusive else end.copy()
    if is_date(start) and isinstance(step, exp.Interval):
        start, last = cast(start, "timestamp"), cast(last, "timestamp")
    sequence = call("sequence", start, last, *([step] if step is not None else []))
    if isinstance(start, exp.Literal) and isinstance(end, exp.Literal) and int(start.name) < int(end.name):
        return typed(sequence, node.type)
    in_order = exp.LTE(this=start.copy(), expression=last.copy())
    # Where one end is null, so is the series.
    is_backwards = exp.GT(this=start.copy(), expression=last.copy())
    nothing = exp.Array(expressions=[])
    ifs = [exp.If(this=in_order, true=sequence), exp.If(this=is_backwards, true=nothing)]
    return typed(exp.Case(ifs=ifs), node.type)


@rule("a number of seconds or hours as an interval", functions=["to_seconds", "to_hours"])
def seconds(node: exp.Expr) -> exp.Expr | None:
    """Spark's name for `to_seconds` and `to_hours`."""
    unit = [0, 0] if node.name.lower() == "to_seconds" else []
    return call("make_dt_interval", 0, *unit, *node.expressions, returns="interval")


@rule("microseconds since 1970 as a timestamp", exp.UnixToTime, functions=["make_timestamp"])
def timestamp_of_microseconds(node: exp.Expr) -> exp.Expr | None:
    """DuckDB's `make_timestamp` of one number."""
    if isinstance(node, exp.UnixToTime):
        if not is_of(node.this, *WHOLE_NUMBERS):
            raise UntranslatableError("epoch_ms() has a translation of whole numbers only")
        return None
    return cast(call("timestamp_micros", *node.expressions), "timestamp") if len(node.expressions) == 1 else None


# The pattern of each part of a date's format, and the part of `2024-2-1 5:03:00.5` that it is.
DATE_PARTS = {
    "%Y": ("year", "([0-9]{4})"),
    "%m": ("month", "([0-9]{1,2})"),
    "%d": ("day", "([0-9]{1,2})"),
    "%H": ("hour", "([0-9]{1,2})"),
    "%I": ("hour", "(0?[1-9]|1[0-2])"),
    "%M": ("minute", "([0-9]{1,2})"),
    "%S": ("second", "([0-9]{1,2})"),
    "%f": ("fraction", "([0-9]{1,6})"),
    "%p": ("half", "([AaPp][Mm])"),
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# A year of two digits is one of the 20th century from 69 on.
CENTURIES = (("19", "(69|[7-9][0-9])"), ("20", "([0-5]?[0-9]|6[0-8])"))


@rule("a date that is written in one of several formats", functions=["try_strptime"])
def parsed_date(node: exp.Expr) -> exp.Expr | None:
    """Formats of Spark are others, and Sail's have no literal letters: a pattern turns each into an ISO date."""
    text, formats = node.expressions
    each = formats.expressions if isinstance(formats, exp.Array) else [formats]
    if not all(isinstance(one, exp.Literal) for one in each):
        raise UntranslatableError("try_strptime() has a format that is no literal")
    found = []
    for has_month, group in groupby((one.name for one in each), key=lambda form: "%b" in form):
        forms = [form.replace("%b", "<%m>") for form in group]
        found.append(bound_once(_with_months(text) if has_month else text, partial(_read, forms=forms)))
    return call("coalesce", *found, returns="timestamp") if len(found) > 1 else found[0]


def _with_months(text: exp.Expr) -> exp.Expr:
    """A text with numbers instead of the names of months, in marks: a number that is written is no name."""
    for number, month in enumerate(MONTHS, 1):
        text = call("regexp_replace", text, f"(?i){month}", f"<{number:02d}>", returns="varchar")
    return text


def _read(text: exp.Expr, forms: list[str]) -> exp.Expr:
    """SQL that reads a text in the first format of several that it is written in."""
    # Formats that differ by what stands between their parts alone are read by one pattern: of forty, all but five.
    groups: list[list[Reading]] = []
    for form in forms:
        for century, short_year in CENTURIES if "%y" in form else (("", ""),):
            reading = _reading(text, form, century, short_year)
            alike = max((place for place, group in enumerate(groups) if group[0].key == reading.key), default=None)
            # What stands before it and reads the same texts in another way goes on doing so.
            if alike is None or any(one.looks == reading.looks for group in groups[alike + 1 :] for one in group):
                groups.append([reading])
            else:
                groups[alike].append(reading)
    return call("coalesce", *map(_parsed, groups), returns="timestamp")


@dataclass(frozen=True)
class Reading:
    """One way to read a text as a date.

    Attributes:
        text: What is read.
        century: What stands before the digits of the year.
        parts: What the text holds, such as `year`, and the pattern of each.
        between: The patterns of what stands before the first part, between two of them, and behind the last.
    """

    text: exp.Expr
    century: str
    parts: list[tuple[str, str]]
    between: list[str]

    @property
    def key(self) -> str:
        """Alike for readings that find the same where both find something, as only parts are digits, AM and PM."""
        others = [one for one in self.between if re.search("[0-9AaPp]", one)]
        return repr((self.century, self.parts, others))

    @property
    def looks(self) -> str:
        """How texts look that it reads, with 0 for numbers and A for letters: others look otherwise."""
        parts = ["AA" if name == "half" else "0" for name, _ in self.parts]
        written = "".join(one for pair in zip(self.between, [*parts, ""], strict=True) for one in pair)
        return re.sub("0+", "0", re.sub("[0-9]", "0", re.sub("[A-Za-z]", "A", written)))


def _reading(text: exp.Expr, form: str, century: str, short_year: str) -> Reading:
    known = DATE_PARTS | {"%y": ("year", short_year)}
    parts: list[tuple[str, str]] = []
    between = [""]
    for token in re.findall(r"%-?[A-Za-z%]|[^%]+|%", form):
        # Numbers without a zero before them are read as those with one.
        part = known.get(token.replace("-", "") if token.startswith("%") else "")
        if part is not None:
            parts.append(part)
            between.append("")
        elif token.startswith("%") and token != "%%":
            raise UntranslatableError(f"try_strptime() has no translation of {token}")
        else:
            between[-1] += re.sub(r"([^A-Za-z0-9 #,:/-])", r"[\1]", token.replace("%%", "%"))
    # A part that another one follows at once has all its digits.
    for place, (name, _) in enumerate(parts[:-1]):
        if not between[place + 1] and not (name == "year" and not century):
            parts[place] = (name, "([0-9]{2})")
    return Reading(text, century, parts, between)


def _parsed(alike: list[Reading]) -> exp.Expr:
    """SQL that reads a text in formats of the same parts: null where it is in none of them."""
    text, parts = alike[0].text, alike[0].parts
    patterns = [
        "".join(f"{literals}{pattern}" for literals, (_, pattern) in zip(reading.between, parts, strict=False))
        + reading.between[-1]
        for reading in alike
    ]
    # Where another format is found, a part is empty.
    at = {
        name: "".join(f"${{{number * len(parts) + place}}}" for number in range(len(alike)))
        for place, (name, _) in enumerate(parts, 1)
    }
    written = f"{alike[0].century}{at['year']}-{at.get('month', '01')}-{at.get('day', '01')}"
    written += f" {at.get('hour', '00')}:{at.get('minute', '00')}:{at.get('second', '00')}"
    written += f".{at['fraction']}" if "fraction" in at else ""
    pattern = patterns[0] if len(patterns) == 1 else f"(?:{'|'.join(patterns)})"
    # Of another text nothing is left that could be read.
    iso = call("regexp_replace", text, f"^{pattern}$|^.*$", written, returns="varchar")
    read = exp.TryCast(this=iso, safe=True, to=exp.DataType.build("timestamp_ntz", dialect="spark"))
    if "half" not in at:
        return read
    is_midnight = exp.RegexpLike(this=text.copy(), expression=literal("(?i)[^0-9:]12:[0-9:.]+[^0-9]*am$"))
    is_afternoon = exp.RegexpLike(this=text.copy(), expression=literal("(?i)[^0-9:](0?[1-9]|1[01]):[0-9:.]+[^0-9]*pm$"))
    shift = exp.Case(
        ifs=[exp.If(this=is_midnight, true=literal(-12)), exp.If(this=is_afternoon, true=literal(12))],
        default=literal(0),
    )
    return exp.Add(this=read, expression=call("make_dt_interval", 0, shift))


@rule("a value that is looked at before it is used is computed once", exp.Case)
def looked_at(node: exp.Expr) -> exp.Expr | None:
    """There, each copy is planned: that a date is plausible, for each format, made half of one model's statement."""
    choices = node.args["ifs"]
    if node.this is not None or node.args.get("default") is not None or len(choices) != 1:
        return None
    value, condition = choices[0].args["true"], choices[0].this
    if sum(1 for _ in value.walk()) < PARTS_WORTH_A_NAME or value.find(*OF_SEVERAL_ROWS):
        return None
    written = value.sql("spark")
    looked = condition.copy()
    copies = [one for one in looked.walk() if type(one) is type(value) and one.sql("spark") == written]
    for copy in copies:
        name = exp.to_identifier("one")
        name.type = value.type
        copy.replace(name)
    if not copies or looked.find(exp.Column, exp.Lambda, *OF_SEVERAL_ROWS):
        return None
    each = exp.Lambda(this=looked, expressions=[exp.to_identifier("one")])
    return call("try_element_at", call("filter", call("array", value), each), 1, returns=value.type)


@rule("the last day of a month is a date", exp.LastDay)
def last_day(node: exp.Expr) -> exp.Expr | None:
    """Spark's takes a date."""
    return call("last_day", node.this if is_date(node.this) else cast(node.this, "date"), returns="date")


def in_words_of_spark(tree: exp.Expr) -> exp.Expr:
    """The same for Spark, where Sail differs: how a replacement names groups, and how it writes a dollar."""
    for node in tree.find_all(exp.Anonymous):
        if node.name == "regexp_replace" and isinstance(node.expressions[2], exp.Literal):
            text = node.expressions[2].name
            node.expressions[2].set("this", re.sub(r"\$\{(\d+)\}", r"$\1", text.replace("$$", r"\$")))
    return tree


# Texts ------------------------------------------------------------------------------------------------------------


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
    if is_list(node.this) or is_list(node.expression) or not (_is_known(node.this) or _is_known(node.expression)):
        return call("concat", node.this, node.expression, returns=node.type)
    return call("concat", as_text(node.this), as_text(node.expression), returns="varchar")


def _is_known(node: exp.Expr) -> bool:
    return node.type is not None and not is_of(node, Type.UNKNOWN)


@rule("a replacement in a text", exp.RegexpReplace)
def replaced(node: exp.Expr) -> exp.Expr | None:
    """There, all that is found is replaced; Sail's groups are called `${1}` (see `in_words_of_spark`)."""
    replacement, modifiers = node.args["replacement"], node.args.get("modifiers")
    flags = modifiers.name if modifiers is not None else ""
    if "g" not in flags and not _is_found_once(node.expression):
        raise UntranslatableError("regexp_replace() without 'g' has no translation for such a pattern")
    pattern = _pattern(node.expression, flags)
    if isinstance(replacement, exp.Literal):
        text = replacement.name.replace("$", "$$")
        replacement = literal(re.sub(r"\\(\d)", r"${\1}", text))
    return call("regexp_replace", node.this, pattern, replacement, returns="varchar")


# A character of a pattern that a backslash stands before, or characters in brackets.
ESCAPED_OR_IN_BRACKETS = re.compile(r"\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]])*\]", re.DOTALL)


def _is_found_once(pattern: exp.Expr) -> bool:
    """Whether a pattern is found in one place of a text at most: it stands at one end, and is not empty there."""
    if not isinstance(pattern, exp.Literal):
        return False
    bare = ESCAPED_OR_IN_BRACKETS.sub("x", pattern.name.removeprefix("(?i)"))
    # Alternatives inside of a group all stand where it does.
    while (outer := re.sub(r"\((?:\?:)?[^()]*\)", "x", bare)) != bare:
        bare = outer
    each = bare.split("|")
    return all(one.startswith("^") for one in each) or all(re.search(r"[^*?}]\$$", one) for one in each)


# What these stand for is ASCII in DuckDB's patterns, and all of Unicode in Sail's.
CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}


def _pattern(pattern: exp.Expr, flags: str = "") -> exp.Expr:
    """A pattern with its flags, as the engine reads it."""
    if unknown := set(flags) - set("gic"):
        raise UntranslatableError(f"the option '{min(unknown)}' of a pattern has no translation")
    mark = "(?i)" if "i" in flags else ""
    if isinstance(pattern, exp.Literal):
        return literal(mark + ESCAPED_OR_IN_BRACKETS.sub(_in_ascii, pattern.name))
    return call("concat", mark, pattern, returns="varchar") if mark else pattern


def _in_ascii(found: re.Match[str]) -> str:
    text = found.group()
    if not text.startswith("["):
        name = text[1:]
        if name.lower() not in CLASSES:
            return text
        return f"[{'^' if name.isupper() else ''}{CLASSES[name.lower()]}]"
    if not_in_brackets := re.search(r"\\[DWS]", text):
        raise UntranslatableError(f"{not_in_brackets.group()} in brackets of a pattern has no translation")
    return re.sub(r"\\.", lambda one: CLASSES.get(one.group()[1:], one.group()), text, flags=re.DOTALL)


@rule("a pattern of ASCII", exp.RegexpLike, exp.RegexpILike, exp.RegexpExtract, exp.RegexpExtractAll)
def ascii_pattern(node: exp.Expr) -> exp.Expr | None:
    r"""In Sail, `\s`, `\d` and `\w` are those of Unicode; options are lost."""
    option = node.args.get("flag") or node.args.get("parameters")
    changed = node.copy()
    changed.set("expression", _pattern(node.expression, option.name if option is not None else "").copy())
    changed.set("flag" if isinstance(node, exp.RegexpLike) else "parameters", None)
    return changed


@rule("a pattern in which a backslash is one", exp.Like, exp.ILike)
def like(node: exp.Expr) -> exp.Expr | None:
    """There, it takes the meaning of `%` and `_` behind it."""
    pattern, changed = node.expression, node.copy()
    if isinstance(node.parent, exp.Escape):
        return None
    if not isinstance(pattern, exp.Literal):
        changed.set("expression", call("replace", pattern, "\\", "\\\\", returns="varchar"))
    elif "\\" in pattern.name:
        changed.set("expression", literal(pattern.name.replace("\\", "\\\\")))
    else:
        return None
    return changed


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
    joined_texts = call("array_join", _in_order(value, order), separator, returns="varchar")
    is_any = exp.GT(this=typed(exp.Count(this=value.copy()), "bigint"), expression=literal(0))
    return typed(exp.Case(ifs=[exp.If(this=is_any, true=joined_texts)]), "varchar")


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
    return None


@rule("how a text ends", functions=["suffix"])
def ending(node: exp.Expr) -> exp.Expr | None:
    """Spark's name for `suffix`."""
    return call("endswith", *node.expressions, returns="boolean")


# Where a text ends; to Java, `$` is before a last line break, too.
END = r"\z"


@rule("a pattern that a whole text has", exp.RegexpFullMatch, functions=["regexp_full_match"])
def full_match(node: exp.Expr) -> exp.Expr | None:
    """`rlike` looks for it anywhere."""
    if isinstance(node, exp.RegexpFullMatch):
        text, pattern, options = node.this, node.expression, node.args.get("options")
    else:
        text, pattern, options, *_ = *node.expressions, None
    begin = f"{_pattern(literal(''), options.name if options is not None else '').name}^(?:"
    pattern = _pattern(pattern)
    whole = (
        literal(f"{begin}{pattern.name}){END}")
        if isinstance(pattern, exp.Literal)
        else call("concat", begin, pattern, f"){END}")
    )
    return typed(exp.RegexpLike(this=text.copy(), expression=whole), "boolean")


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


# Lists and rows ---------------------------------------------------------------------------------------------------


def _sort_key(order: exp.Order) -> exp.Expr:
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


@rule("the first of a group, in an order", exp.First)
def first(node: exp.Expr) -> exp.Expr | None:
    """Spark's `first` knows no order."""
    if not isinstance(node.this, exp.Order):
        return None
    return call("min_by", node.this.this, _sort_key(node.this), returns=node.this.this.type)


@rule("where another value is greatest or least, of those that are not null", exp.ArgMax, exp.ArgMin)
def extreme(node: exp.Expr) -> exp.Expr | None:
    """There, a value that is null counts."""
    by = unless_null(node.this, node.expression.copy())
    return call("max_by" if isinstance(node, exp.ArgMax) else "min_by", node.this, by, returns=node.this.type)


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


@rule("a list in an order", exp.ArrayAgg)
def ordered_list(node: exp.Expr) -> exp.Expr | None:
    """Spark's `collect_list` knows no order, so rows that begin with their order are sorted; it leaves out nulls."""
    if isinstance(node.this, exp.Distinct):
        # Sail can't run `collect_set` of an expression beside other aggregates.
        return call("array_distinct", call("collect_list", *node.this.expressions), returns=node.type)
    if not isinstance(node.this, exp.Order):
        return None
    return typed(_in_order(node.this.this, node.this), node.type)


def _in_order(value: exp.Expr, order: exp.Order) -> exp.Expr:
    """The list of a value of a group, in an order."""
    rows = call("named_struct", "place", _sort_key(order), "element", value)
    each = exp.Lambda(
        this=exp.Dot(this=exp.to_identifier("one"), expression=exp.to_identifier("element")),
        expressions=[exp.to_identifier("one")],
    )
    return call("transform", call("sort_array", call("collect_list", rows)), each)


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
