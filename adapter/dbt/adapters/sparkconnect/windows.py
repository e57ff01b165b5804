"""Windows as Sail computes them soonest.

What ends at the current row, Sail 0.7 computes a partition at a time, with a copy of all columns and a state of its
own: of partitions of a few rows, that takes 3 to 4 µs for each function. What reaches to the end of the partition, it
computes of all rows at once, in a third of the time or less. So figures up to the current row of rows in an order are
written as figures from the current row on in the reverse order.
"""

from dbt.adapters.sparkconnect.rules.nodes import WHOLE_NUMBERS, Type, cast, is_of, literal, typed
from sqlglot import exp

# In any order, their sums are the same to the last digit.
EXACT = WHOLE_NUMBERS | {Type.DECIMAL}
UP_TO_CURRENT_ROW = ("UNBOUNDED", "PRECEDING", "CURRENT ROW")


def with_windows_to_the_end(query: exp.Expr) -> exp.Expr:
    """A query whose windows reach to the end of their partitions, as far as that gives the same.

    Args:
        query: As the engine gets it, with types; every order of a window is total. It is changed.
    """
    by_order: dict[tuple[int, str], list[exp.Window]] = {}
    for window in query.find_all(exp.Window):
        partition, order = window.args.get("partition_by"), window.args.get("order")
        if partition and order is not None:
            rows = ", ".join(one.sql() for one in (*partition, *order.expressions))
            by_order.setdefault((id(window.find_ancestor(exp.Select)), rows), []).append(window)
    for windows in by_order.values():
        _reach_to_the_end(windows)
    return query


def _reach_to_the_end(windows: list[exp.Window]) -> None:
    """Change windows of one order: in both directions, rows would be sorted twice."""
    if any(_is_running(one) or isinstance(one.this, exp.RowNumber) or _is_of_next_row(one, exp.Lag) for one in windows):
        for window in windows:
            _turn_round(window)
    elif all(_is_of_next_row(one, exp.Lead) for one in windows):
        for window in windows:
            _take_first_behind(window)


def _turn_round(window: exp.Window) -> None:
    """Write a function of a window by the reverse order of its rows."""
    function = window.this
    is_number = isinstance(function, exp.RowNumber)
    if not (_is_running(window) or is_number or isinstance(function, exp.Lag | exp.Lead)):
        return
    for ordered in window.args["order"].expressions:
        ordered.set("desc", not ordered.args.get("desc"))
        ordered.set("nulls_first", not ordered.args.get("nulls_first"))
    if is_number:
        window.set("this", typed(exp.Count(this=literal(1)), "bigint"))
        _set_frame(window, "CURRENT ROW")
        window.replace(cast(window, "int"))
    elif _is_of_next_row(window, exp.Lag):
        _take_first_behind(window)
    elif isinstance(function, exp.Lag | exp.Lead):
        other = exp.Lead if isinstance(function, exp.Lag) else exp.Lag
        window.set("this", other(**function.args))
    else:
        _set_frame(window, "CURRENT ROW")


def _take_first_behind(window: exp.Window) -> None:
    window.set("this", exp.FirstValue(this=window.this.this))
    _set_frame(window, "1", "FOLLOWING")


def _set_frame(window: exp.Window, start: str, side: str | None = None) -> None:
    frame = exp.WindowSpec(kind="ROWS", start=start, start_side=side, end="UNBOUNDED", end_side="FOLLOWING")
    window.set("spec", frame)


def _is_running(window: exp.Window) -> bool:
    """Whether a window adds up, counts or compares all rows up to the current one, and finds the same backwards."""
    function, frame = window.this, window.args.get("spec")
    if frame is None or isinstance(function.this, exp.Distinct):
        return False
    bounds = tuple(str(frame.args.get(part)).upper() for part in ("start", "start_side", "end"))
    is_exact = isinstance(function, exp.Min | exp.Max | exp.Count) or (
        isinstance(function, exp.Sum) and is_of(function.this, *EXACT)
    )
    return is_exact and str(frame.args.get("kind")).upper() == "ROWS" and bounds == UP_TO_CURRENT_ROW


def _is_of_next_row(window: exp.Window, kind: type[exp.Lag] | type[exp.Lead]) -> bool:
    """Whether a window looks at the row next to the current one, and finds null where there is none."""
    function = window.this
    return isinstance(function, kind) and not function.args.get("offset") and not function.args.get("default")
