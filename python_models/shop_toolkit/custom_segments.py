"""The segments that a shop defines itself: what is wrong with a row is a sentence before any table changes.

`shop_toolkit.settings_plugin` makes `custom_segment_problems` an SQL function.
"""

import json
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

import duckdb

from shop_toolkit.conditions import BEFORE, CONDITION_COLUMNS, columns_of, condition_problem, parsed
from shop_toolkit.errors import listed, named, sentence_of, shortened
from shop_toolkit.seed_files import LONGEST_NAME, UNREADABLE, Row, rows_of, unreadable

COLUMNS = (
    "name", "priority", "condition", "value_order", "meaning", "goal", "action", "channel", "measure_of_success",
)  # fmt: skip
# Who meets no condition.
RESERVED = "other"
# So many fit into an integer.
MOST_DIGITS = 9


def custom_segment_problems(path: str, folder: str = "") -> str:
    """What is wrong with the segments of a CSV.

    Args:
        path: The file, with the headings of `COLUMNS`; sentences name it.
        folder: The folder that the path begins in; the current one where it is empty.

    Returns:
        JSON list of sentences; an empty one where nothing is wrong.
    """
    try:
        headings, rows = rows_of(Path(folder, path), COLUMNS)
    except UNREADABLE as error:
        return json.dumps([unreadable(path, error)])
    missing = [name for name in COLUMNS if name not in headings]
    if missing:
        return json.dumps([f"The file {named(path)} lacks the column {listed(missing)}."])
    problems = [problem for number, row in rows for problem in _row_problems(path, number, row)]
    return json.dumps([sentence_of(problem) for problem in [*problems, *_doubled(path, [row for _, row in rows])]])


def _row_problems(path: str, number: int, row: Row) -> Iterator[str]:
    segment = f"The segment {named(row['name'])} (line {number} of {path})"
    if not row["name"] or len(row["name"]) > LONGEST_NAME or row["name"] == RESERVED:
        yield (
            f"{segment} needs another name: of {LONGEST_NAME} characters at most, and not '{RESERVED}', which is who"
            " meets no condition."
        )
    for name in ("priority", "value_order"):
        if not row[name].isdecimal() and not (name == "value_order" and not row[name]):
            yield f"{segment} has the {name} {named(row[name])}: it needs a whole number, 1 for the first."
        elif len(row[name].lstrip("0")) > MOST_DIGITS:
            yield f"{segment} has the {name} {named(row[name])}: it needs a number of {MOST_DIGITS} digits at most."
    if not row["condition"]:
        yield f"{segment} has no condition. Give it one, e.g. recency_days > 60."
    elif problem := _condition_problem(row["condition"]):
        yield f"{segment} has a condition that can't be used: {problem}"


def _doubled(path: str, rows: Sequence[Row]) -> Iterator[str]:
    """Names and priorities that two rows share: which comes first would be left to chance."""
    for column in ("name", "priority"):
        # 1 and 01 are one number.
        values = [row[column].lstrip("0") if column == "priority" else row[column] for row in rows if row[column]]
        if doubled := sorted({value for value in values if values.count(value) > 1}):
            yield f"Two segments of {path} have the {column} {listed(doubled)}. Give each one of its own."


def _condition_problem(condition: str) -> str | None:
    with duckdb.connect(config={"threads": 1}) as connection:
        tree = parsed(connection, f"{BEFORE}{condition}\n)")
    if tree["error"]:
        message = shortened(str(tree.get("error_message", "it can't be read")), 200)
        return f"{message}{_place(tree.get('position'), condition)}."
    unknown = sorted({names[-1] for names in columns_of(tree)} - CONDITION_COLUMNS.keys())
    # Names that ask the clock, and several statements, get their sentence below.
    for name in unknown:
        near = [column for column in CONDITION_COLUMNS if column.startswith(name)]
        if near := near or get_close_matches(name, CONDITION_COLUMNS, n=1):
            return f"there is no column '{name}'. Did you mean '{near[0]}'?"
    return condition_problem(condition)


def _place(position: object, condition: str) -> str:
    """Where in the condition the syntax ends to make sense, counted in characters from 1."""
    if not str(position).isdecimal():
        return ""
    within = min(max(int(str(position)) - len(BEFORE) + 1, 1), len(condition) + 1)
    return f" (at character {within})"
