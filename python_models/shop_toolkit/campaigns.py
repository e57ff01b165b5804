"""The campaigns that a shop lists: what is wrong with a row is a sentence before any table changes.

`shop_toolkit.settings_plugin` makes `read_campaigns` an SQL function.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb

from shop_toolkit.ingest.errors import first_line_of, listed, named, sentence_of, shortened
from shop_toolkit.ingest.quoting import quote_text

COLUMNS = ("name", "segmentation", "segment", "condition", "start_date", "end_date", "control_share", "expected_lift")
SEGMENTATIONS = ("rfm", "broad", "detailed")
# What a condition may ask of a customer, as of the day before the start: the columns of the CTE `candidates`
# in `campaign_members`.
CONDITION_COLUMNS = {
    "customer_id": "varchar", "country": "varchar", "rfm_score": "varchar", "rfm_segment": "varchar",
    "broad_segment": "varchar", "detailed_segment": "varchar", "orders_placed": "bigint", "frequency": "bigint",
    "monetary": "decimal(18, 2)", "recency_days": "integer", "recency_score": "integer", "frequency_score": "integer",
    "monetary_score": "integer", "first_order_date": "date", "last_order_date": "date", "last_net_order_date": "date",
    "as_of_date": "date",
}  # fmt: skip
# Names that read as columns, but ask the clock.
CLOCKS = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
LONGEST_NAME = 80
DATE = re.compile("[12][0-9]{3}-[0-9]{2}-[0-9]{2}")

Row = Mapping[str, str]


def read_campaigns(path: str, folder: str = "") -> str:
    """The campaigns of a CSV, and what is wrong with them.

    Args:
        path: The file, with the headings of `COLUMNS`; sentences name it.
        folder: The folder that the path begins in; the current one where it is empty.

    Returns:
        JSON with `campaigns`, a list of rows by heading (an empty cell is null), and `problems`, a list of sentences.
    """
    try:
        headings, rows = rows_of(Path(folder, path), COLUMNS)
    except (FileNotFoundError, ValueError):
        return json.dumps({"campaigns": [], "problems": [unreadable(path)]})
    missing = [name for name in COLUMNS if name not in headings]
    if missing:
        problems = [
            f"The file {named(path)} lacks the column {listed(missing)}: it lists campaigns under the headings "
            f"{', '.join(COLUMNS)}."
        ]
    else:
        problems = list(chain.from_iterable(problems_of(path, number, row) for number, row in rows))
        problems += repeated_names(path, rows)
    return json.dumps({
        "campaigns": [{name: value or None for name, value in row.items()} for _, row in rows],
        "problems": list(map(sentence_of, problems)),
    })  # fmt: skip


def rows_of(path: Path, columns: Sequence[str]) -> tuple[list[str], list[tuple[int, Row]]]:
    """The headings of a CSV, and the texts of its rows.

    Args:
        path: The file.
        columns: The headings to read.

    Returns:
        Headings, and rows by heading with their numbers, as a spreadsheet numbers them. A surplus cell has no heading,
        and a missing one is empty.

    Raises:
        UnicodeDecodeError: The file isn't in UTF-8.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        headings = [heading.strip() for heading in reader.fieldnames or []]
        reader.fieldnames = headings
        return headings, [
            (number, {name: str(row.get(name) or "").strip() for name in columns})
            for number, row in enumerate(reader, 2)
        ]


def unreadable(path: str) -> str:
    """What is wrong with a file of another encoding, such as Windows-1252, as a sentence."""
    return f"The file {named(path)} isn't in UTF-8. Save it as 'CSV UTF-8', or with that encoding."


def problems_of(path: str, number: int, row: Row) -> Iterator[str]:
    """What is wrong with a row by itself, as sentences."""
    campaign = f"The campaign {named(row['name'])} (row {number} of {path})"
    if not row["name"]:
        yield f"Row {number} of {path} has no name. Give each campaign one of its own."
    elif len(row["name"]) > LONGEST_NAME or not file_name_of(row["name"]):
        yield f"{campaign} needs another name: of {LONGEST_NAME} characters at most, with a letter or digit."
    yield from audience_problems(campaign, row)
    yield from date_problems(campaign, row)
    for name, least, most in (("control_share", 0, 0.9), ("expected_lift", 0.001, 10)):
        if row[name] and not is_number(row[name], least, most):
            yield (
                f"{campaign} has the {name} {shortened(row[name], 40)}: it is a number from {least:g} to {most:g}, "
                "or empty for the default."
            )


def audience_problems(campaign: str, row: Row) -> Iterator[str]:
    """What is wrong with whom a campaign addresses. Names of learned segments are known only once they are learned."""
    if bool(row["segmentation"]) != bool(row["segment"]):
        yield f"{campaign} names a segment or a segmentation alone. Fill both, or neither and a condition."
    elif not row["segment"] and not row["condition"]:
        yield f"{campaign} addresses nobody in particular. Give it a segment or a condition ('true' is everybody)."
    if row["segmentation"] and row["segmentation"] not in SEGMENTATIONS:
        yield (
            f"{campaign} names the segmentation {shortened(row['segmentation'], 40)}: there are "
            f"{', '.join(SEGMENTATIONS)}."
        )
    if row["condition"] and (problem := condition_problem(row["condition"])):
        yield f"{campaign} has a condition that can't be used: {problem}"


def date_problems(campaign: str, row: Row) -> Iterator[str]:
    """What is wrong with the days of a campaign."""
    start, end = day_of(row["start_date"]), day_of(row["end_date"])
    if start is None:
        yield f"{campaign} has the start_date {named(row['start_date'])}: it needs a day as YYYY-MM-DD."
    if row["end_date"] and end is None:
        yield f"{campaign} has the end_date {named(row['end_date'])}: write a day as YYYY-MM-DD, or leave it empty."
    if start and end and end < start:
        yield f"{campaign} ends on {end}, before it starts on {start}. Set a later end_date, or leave it empty."


def repeated_names(path: str, rows: Sequence[tuple[int, Row]]) -> Iterator[str]:
    """Names that two campaigns share: by case and signs alone they would share a file, too."""
    first: dict[str, tuple[int, str]] = {}
    for number, row in rows:
        key = file_name_of(row["name"])
        if key and key in first:
            before, name = first[key]
            yield (
                f"The campaigns {named(name)} and {named(row['name'])} (rows {before} and {number} of {path}) have one "
                "name. Give the later one another: what the first one froze stays."
            )
        first.setdefault(key, (number, row["name"]))


def file_name_of(campaign: str) -> str:
    """A campaign's name as that of a file: small letters and digits, and hyphens between them."""
    return re.sub(r"[\W_]+", "-", campaign.lower()).strip("-")


def is_number(text: str, least: float, most: float) -> bool:
    """Whether a text is a number within bounds."""
    try:
        return least <= float(text) <= most
    except ValueError:
        return False


def day_of(text: str) -> date | None:
    """The day that a text names as YYYY-MM-DD; None where it names none."""
    try:
        return date.fromisoformat(text) if DATE.fullmatch(text) else None
    except ValueError:
        return None


def condition_problem(condition: str) -> str | None:
    """Why a condition can't decide who is addressed, as a sentence; None where it can.

    It may ask only for what `CONDITION_COLUMNS` hold, as other tables know of later days, and give the same answer
    whenever it is asked.
    """
    columns = ", ".join(f"{name} {kind}" for name, kind in CONDITION_COLUMNS.items())
    # In brackets by itself: what closes a CASE and opens another can't be read. Then as the model has it: what ends
    # the filter, such as a limit, can't be read there.
    is_met = f"case when true then (\n{condition}\n) end"
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"create table candidates ({columns})")
        try:
            for part in (f"(\n{condition}\n)", is_met):
                query = f"select customer_id from candidates where {part}"
                ((parsed,),) = connection.execute(f"select json_serialize_sql({quote_text(query)})").fetchall()
                tree = json.loads(parsed)
                if tree["error"] or len(tree["statements"]) != 1:
                    return f"{shortened(tree.get('error_message', 'it is several statements'), 200)}."
            if problem := forbidden_part(tree, partial(is_constant, connection)):
                return problem
            connection.execute(query)
            # DuckDB knows more of a table than its columns, e.g. `rowid`.
            if unknown := unknown_columns(tree):
                return f"it may not use {listed(unknown)}. It may use {listed(CONDITION_COLUMNS, 400)}."
            ((_, kind, *_),) = connection.execute(f"describe select {is_met} as is_met from candidates").fetchall()
        except duckdb.Error as error:
            return f"{shortened(first_line_of(error).rstrip('!'), 200)}. It may use {listed(CONDITION_COLUMNS, 400)}."
    return None if kind == "BOOLEAN" else f"it is no comparison, but a value of the type {kind}."


def forbidden_part(tree: Any, is_allowed: Any) -> str | None:
    """What a parsed condition may not hold, as a sentence."""
    parts: list[Any] = [tree]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            kind = part.get("class")
            if kind == "SUBQUERY":
                return "it queries a table. It may ask only for columns of the customer."
            if kind == "COLUMN_REF" and part["column_names"][-1].lower() in CLOCKS:
                return "it asks the clock. Use as_of_date, the day before the start."
            if kind == "FUNCTION" and part["function_name"] == "age" and len(part["arguments"]) == 1:
                return "age() of one day asks the clock. Give it two, e.g. age(as_of_date, first_order_date)."
            if kind == "FUNCTION" and not is_allowed(part["function_name"]):
                return (
                    f"{part['function_name']}() does not always answer the same. Use as_of_date for today, and "
                    "control_share for chance."
                )
            parts += part.values()
        elif isinstance(part, list):
            parts += part
    return None


def unknown_columns(tree: Any) -> list[str]:
    """What a parsed condition names that is none of `CONDITION_COLUMNS` by itself, such as `rowid` or `columns(*)`."""
    found: set[str] = set()
    parts: list[Any] = [tree]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            if part.get("class") == "COLUMN_REF":
                found.add(".".join(part["column_names"]).lower())
            elif part.get("class") in ("STAR", "POSITIONAL_REFERENCE"):
                found.add("columns of no name")
            parts += part.values()
        elif isinstance(part, list):
            parts += part
    return sorted(found - CONDITION_COLUMNS.keys())


def is_constant(connection: duckdb.DuckDBPyConnection, function: str) -> bool:
    """Whether DuckDB's function answers the same whenever it is asked; unknown ones are another error."""
    found = connection.execute(
        "select distinct stability, lower(macro_definition) from duckdb_functions() where function_name = lower($name)",
        {"name": function},
    ).fetchall()
    # DuckDB calls current_localtimestamp() constant; a macro may ask the clock, as ago() does, or a table.
    return "current_" not in function.lower() and all(
        (stability in (None, "CONSISTENT")) and not re.search("current_|select", definition or "")
        for stability, definition in found
    )
