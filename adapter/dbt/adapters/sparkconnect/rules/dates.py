"""Rules for days, points in time and intervals."""

from dbt.adapters.sparkconnect.rules.nodes import (
    WHOLE_NUMBERS,
    Type,
    UntranslatableError,
    call,
    cast,
    is_date,
    is_of,
    literal,
    typed,
)
from dbt.adapters.sparkconnect.rules.registry import rule
from sqlglot import exp


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


@rule("the last day of a month is a date", exp.LastDay)
def last_day(node: exp.Expr) -> exp.Expr | None:
    """Spark's takes a date."""
    return call("last_day", node.this if is_date(node.this) else cast(node.this, "date"), returns="date")
