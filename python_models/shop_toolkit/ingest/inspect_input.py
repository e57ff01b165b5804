"""`make inspect`: what `dbt run-operation inspect_input` reports, without the start of dbt.

Run in the project's folder: `python -m shop_toolkit.ingest.inspect_input "{transactions: my_shop.csv}"`
"""

import datetime
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import yaml

from shop_toolkit.errors import named, repeating
from shop_toolkit.ingest.files import CSV_SUFFIXES, InputError, workbook_rows
from shop_toolkit.ingest.inspection import inspect_input
from shop_toolkit.ingest.macros import load_macros
from shop_toolkit.ingest.relation_of_input import is_file_name
from shop_toolkit.ingest.request import Request
from shop_toolkit.warehouse import warehouse_path

TEXTS = (*CSV_SUFFIXES, ".gz")


def main(arguments: list[str]) -> int:
    """Print the report, or the sentence with which a build would stop.

    Args:
        arguments: At most one: settings, as YAML or JSON, as dbt takes them with --vars.

    Returns:
        The exit code.
    """
    text = arguments[0] if arguments else ""
    try:
        settings = settings_of_run(text)
        try:
            print(*_report(settings), sep="\n")
        except InputError as error:
            raise InputError(repeating(str(error), _given(text))) from error
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def settings_of_run(text: str) -> dict[str, Any]:
    """The settings of a run in the project's folder: those of `dbt_project.yml`, overlaid with those of a text.

    Raises:
        InputError: The text is no mapping.
    """
    project = yaml.load(Path("dbt_project.yml").read_text("utf-8"), yaml.CSafeLoader)
    return {**project["vars"], **_given(text)}


def _given(text: str) -> dict[str, Any]:
    """The settings in a text of YAML or JSON."""
    try:
        given = yaml.safe_load(text) or {}
    except yaml.YAMLError:
        given = None
    if not isinstance(given, dict):
        raise InputError(
            f"The settings can't be read: {named(text)}. Write them as names and values in braces, e.g."
            " VARS='{transactions: my_shop.csv}'."
        )
    return given


def _report(settings: Mapping[str, Any]) -> list[str]:
    _check_settings(settings)
    macros = load_macros(Path("macros"), _context(settings))
    request = Request(**macros["input_request"]())
    with _connect(str(settings["transactions"])) as connection:
        connection.execute("set TimeZone = 'UTC'")
        # To register a function loads NumPy, so it is left out where no file can be a workbook.
        if not str(settings["transactions"]).lower().endswith(TEXTS):
            connection.create_function("workbook_rows", workbook_rows, ["VARCHAR"], "VARCHAR[][]")
        return inspect_input(connection, request, macros["clean_identifier"]("identifier_text"))


def _context(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the macros of the request ask dbt for, in a run that builds all."""
    return {
        "var": settings.__getitem__,
        "flags": SimpleNamespace(FULL_REFRESH=True),
        "target": SimpleNamespace(type="duckdb"),
        "run_started_at": datetime.datetime.now(datetime.UTC),
        "modules": SimpleNamespace(datetime=datetime),
        "uses_stored_rules": lambda: False,
        "given_settings": list,
    }


def _check_settings(settings: Mapping[str, Any]) -> None:
    from shop_toolkit.settings import wrong_settings

    given = json.dumps(dict.fromkeys(settings, True))
    if sentences := json.loads(wrong_settings(given, json.dumps(settings, default=str))):
        raise InputError("\n".join(sentences))


def _connect(transactions: str) -> duckdb.DuckDBPyConnection:
    """The warehouse where the input is a table of it; else a database in memory, so that builds can go on."""
    if is_file_name(transactions):
        return duckdb.connect()
    warehouse = warehouse_path()
    try:
        return duckdb.connect(warehouse, read_only=True)
    except duckdb.Error as error:
        raise InputError(
            f"The input can't be read: '{transactions}' is the name of a table, and the warehouse '{warehouse}' can't"
            " be opened: there is none, or another process uses it. Name a file with '{transactions: …}', or try later."
        ) from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
