"""The dbt-duckdb plugin that reads the input: `profiles.yml` names it, and dbt calls its SQL functions.

- `prepare_input(request)` reads and returns JSON (see `prepare`); the hook at the start of a run calls it
- `prepare_state(schema)` creates the tables of the pipeline's state alone: the input is a model that is built later
- `inspect_input(request, identifier_reader)` returns JSON too; `dbt run-operation inspect_input` calls it
- `workbook_rows(path)` returns the rows below the headings of a workbook as lists of text; the source's view calls it
"""

import json

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.plugins import BasePlugin

from shop_toolkit.errors import InputError, reason_of, repeating, sentence_of
from shop_toolkit.ingest.files import workbook_rows
from shop_toolkit.ingest.inspection import inspect_input
from shop_toolkit.ingest.request import Request
from shop_toolkit.ingest.source import RELATIONS, create_state, prepare_input


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is not followed
    """Registers the SQL functions on each DuckDB database that dbt opens."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the functions; dbt-duckdb calls this once for each database that it opens."""
        conn.create_function("workbook_rows", workbook_rows, ["VARCHAR"], "VARCHAR[][]")
        conn.create_function("prepare_input", prepare_on_the_warehouse, ["VARCHAR"], "VARCHAR", side_effects=True)
        conn.create_function("prepare_state", prepare_state_of_the_warehouse, ["VARCHAR"], "VARCHAR", side_effects=True)
        conn.create_function("inspect_input", inspect_from_the_warehouse, ["VARCHAR"] * 2, "VARCHAR", side_effects=True)


def prepare_on_the_warehouse(request: str) -> str:
    """`prepare` on the database that dbt has open; a function that held the connection would never free it."""
    warehouse: duckdb.DuckDBPyConnection = DuckDBConnectionManager.env().conn
    return prepare(warehouse, request)


def prepare(conn: duckdb.DuckDBPyConnection, request: str) -> str:
    """Prepare the source `shop`; see `shop_toolkit.ingest.source.prepare_input`.

    Args:
        conn: The database. The work runs on a second connection to it, because the first one waits for this function.
        request: JSON with the fields of `Request`.

    Returns:
        JSON: `messages`, sentences for the log, and `relations`, the names of the views and tables that are in the
        schema `sources` now; or `problem`, a sentence on why the build stops.
    """
    asked = Request(**json.loads(request))
    with conn.cursor() as cursor:
        # A second connection has settings of its own; dbt sets those of the profile on the first.
        cursor.execute("set TimeZone = 'UTC'")
        try:
            return json.dumps({"messages": prepare_input(cursor, asked), "relations": RELATIONS})
        except InputError as error:
            return json.dumps({"problem": repeating(sentence_of(str(error)), asked.given)})
        except (duckdb.Error, OSError) as error:
            # Whatever else a file or the machine may have in store.
            return json.dumps({"problem": sentence_of(f"The input can't be read: {reason_of(error)}.")})


def prepare_state_of_the_warehouse(schema: str) -> str:
    """Create the tables of the pipeline's state where they are missing; returns their names as a JSON list."""
    warehouse: duckdb.DuckDBPyConnection = DuckDBConnectionManager.env().conn
    with warehouse.cursor() as cursor:
        create_state(cursor, schema)
    return json.dumps(RELATIONS["table"])


def inspect_from_the_warehouse(request: str, identifier_reader: str) -> str:
    """Report how a build would read the input; see `shop_toolkit.ingest.inspection.inspect_input`.

    Returns:
        JSON: `messages`, the lines of the report, or `problem`, the sentence with which a build would stop.
    """
    warehouse: duckdb.DuckDBPyConnection = DuckDBConnectionManager.env().conn
    asked = Request(**json.loads(request))
    with warehouse.cursor() as cursor:
        cursor.execute("set TimeZone = 'UTC'")
        try:
            return json.dumps({"messages": inspect_input(cursor, asked, identifier_reader)})
        except InputError as error:
            return json.dumps({"problem": repeating(sentence_of(str(error)), asked.given)})
        except (duckdb.Error, OSError) as error:
            return json.dumps({"problem": sentence_of(f"The input can't be read: {reason_of(error)}.")})
