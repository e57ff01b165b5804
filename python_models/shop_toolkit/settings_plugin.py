"""Checks the warehouse before dbt opens it, makes the checks of settings SQL functions, and reduces dbt's overhead.

What carries fitted versions from one warehouse to another are SQL functions of it, too.

The checks stand apart, because worker processes import them without dbt.

dbt-duckdb loads this module as a plugin (`profiles.yml`).
"""

import json
from typing import Any

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb.func import FunctionNullHandling

from shop_toolkit.campaigns import read_campaigns
from shop_toolkit.custom_segments import custom_segment_problems
from shop_toolkit.dbt_overhead import reduce_overhead
from shop_toolkit.postgres import postgres_problem
from shop_toolkit.settings import setting_names, wrong_settings
from shop_toolkit.versions import export_versions, import_versions
from shop_toolkit.warehouse import check_warehouse

# A null is passed to the function and not answered with a null.
SPECIAL = FunctionNullHandling.SPECIAL


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is not followed
    """Checks each DuckDB database that dbt opens, and registers the checks of settings on it."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Check that the database can be opened; dbt-duckdb calls this right before it opens it."""
        check_warehouse(creds.path, config)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the functions; dbt-duckdb calls this once for each database that it opens."""
        reduce_overhead()
        conn.create_function("setting_names", lambda: json.dumps(setting_names()), [], "VARCHAR")
        conn.create_function("wrong_settings", wrong_settings, ["VARCHAR"] * 2, "VARCHAR", side_effects=True)
        conn.create_function(
            "custom_segment_problems", custom_segment_problems, ["VARCHAR"] * 2, "VARCHAR", side_effects=True
        )
        conn.create_function("read_campaigns", read_campaigns, ["VARCHAR"] * 3, "VARCHAR", side_effects=True)
        conn.create_function(
            "postgres_problem",
            postgres_problem,
            [],
            "VARCHAR",
            null_handling=SPECIAL,
            side_effects=True,
        )
        conn.create_function("export_versions", export_of_the_warehouse, ["VARCHAR"], "VARCHAR", side_effects=True)
        conn.create_function("import_versions", import_to_the_warehouse, ["VARCHAR"], "VARCHAR", side_effects=True)


def export_of_the_warehouse(request: str) -> str:
    """`export_versions` on the database that dbt has open."""
    with DuckDBConnectionManager.env().conn.cursor() as cursor:
        return export_versions(cursor, request)


def import_to_the_warehouse(request: str) -> str:
    """`import_versions` on the database that dbt has open."""
    with DuckDBConnectionManager.env().conn.cursor() as cursor:
        return import_versions(cursor, request)
