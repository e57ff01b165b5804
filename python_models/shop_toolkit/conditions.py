"""Conditions on a customer that a shop writes itself, as SQL over `CONDITION_COLUMNS`: for campaigns and segments."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import duckdb

from shop_toolkit.errors import first_line_of, listed, shortened
from shop_toolkit.quoting import quote_text

# What a condition may ask of a customer as of a day: the columns of the CTE `candidates` in `campaign_members`, and of
# `facts` in the macro `custom_snapshots`.
CONDITION_COLUMNS = {
    "customer_id": "varchar", "country": "varchar", "rfm_score": "varchar", "rfm_segment": "varchar",
    "broad_segment": "varchar", "detailed_segment": "varchar", "orders_placed": "bigint", "frequency": "bigint",
    "monetary": "decimal(18, 2)", "recency_days": "integer", "recency_score": "integer", "frequency_score": "integer",
    "monetary_score": "integer", "first_order_date": "date", "last_order_date": "date", "last_net_order_date": "date",
    "as_of_date": "date",
}  # fmt: skip
# Names that read as columns, but ask the clock.
CLOCKS = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
# What stands before a condition where its syntax is checked.
BEFORE = "select customer_id from candidates where (\n"


def condition_problem(condition: str) -> str | None:
    """Why a condition can't decide about a customer, as a sentence; None where it can.

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
            for query in (f"{BEFORE}{condition}\n)", f"select customer_id from candidates where {is_met}"):
                tree = parsed(connection, query)
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


def parsed(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, Any]:
    """A query as DuckDB reads it: `error`, whether it can't be read, then why, or else its `statements`."""
    ((text,),) = connection.execute(f"select json_serialize_sql({quote_text(query)})").fetchall()
    try:
        tree: dict[str, Any] = json.loads(text)
    except RecursionError:
        return {"error": True, "error_message": "it has too many parts within one another"}
    return tree


def parts_of(tree: Any) -> Iterator[dict[str, Any]]:
    """All parts of a parsed query that have names, the outer ones before those within them."""
    parts = [tree]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            yield part
            parts += part.values()
        elif isinstance(part, list):
            parts += part


def columns_of(tree: Any) -> Iterator[list[str]]:
    """The columns that a parsed query names, each by its parts: those before its own name are tables."""
    for part in parts_of(tree):
        if part.get("class") == "COLUMN_REF":
            yield [name.lower() for name in part["column_names"]]


def forbidden_part(tree: Any, is_allowed: Callable[[str], bool]) -> str | None:
    """What a parsed condition may not hold, as a sentence."""
    for part in parts_of(tree):
        kind = part.get("class")
        if kind == "SUBQUERY":
            return "it queries a table. It may ask only for columns of the customer."
        if kind == "FUNCTION" and part["function_name"] == "age" and len(part["arguments"]) == 1:
            return "age() of one day asks the clock. Give it two, e.g. age(as_of_date, first_order_date)."
        if kind == "FUNCTION" and not is_allowed(part["function_name"]):
            return f"{part['function_name']}() does not always answer the same. Use as_of_date for today."
    if any(names[-1] in CLOCKS for names in columns_of(tree)):
        return "it asks the clock. Use as_of_date, the day as of which a customer is looked at."
    return None


def unknown_columns(tree: Any) -> list[str]:
    """What a parsed condition names that is none of `CONDITION_COLUMNS` by itself, such as `rowid` or `columns(*)`."""
    found = {".".join(names) for names in columns_of(tree)}
    if any(part.get("class") in ("STAR", "POSITIONAL_REFERENCE") for part in parts_of(tree)):
        found.add("columns of no name")
    return sorted(found - CONDITION_COLUMNS.keys())


def is_constant(connection: duckdb.DuckDBPyConnection, function: str) -> bool:
    """Whether DuckDB's function answers the same whenever it is asked; unknown ones are another error."""
    # Of timestamps with a time zone `age` and `-` depend on that zone, and not on the clock.
    found = connection.execute(
        """
        select distinct stability, lower(macro_definition) from duckdb_functions()
        where
            function_name = lower($name)
            and not list_has_any(parameter_types, ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ_NS'])
        """,
        {"name": function},
    ).fetchall()
    # DuckDB calls current_localtimestamp() constant; a macro may ask the clock, as ago() does, or a table.
    return "current_" not in function.lower() and all(
        (stability in (None, "CONSISTENT")) and not re.search("current_|select", definition or "")
        for stability, definition in found
    )
