"""Makes the checks of settings SQL functions; the checks stand apart, because worker processes import them without dbt.

dbt-duckdb loads this module as a plugin (`profiles.yml`).
"""

import json

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb.func import FunctionNullHandling

from shop_toolkit.postgres import postgres_problem
from shop_toolkit.settings import setting_names, wrong_settings

# A null is passed to the function and not answered with a null.
SPECIAL = FunctionNullHandling.SPECIAL


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is not followed
    """Registers the checks of settings on each DuckDB database that dbt opens."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the functions; dbt-duckdb calls this once for each database that it opens."""
        conn.create_function("setting_names", lambda: json.dumps(setting_names()), [], "VARCHAR")
        conn.create_function("wrong_settings", wrong_settings, ["VARCHAR"] * 2, "VARCHAR", side_effects=True)
        conn.create_function(
            "postgres_problem",
            postgres_problem,
            [],
            "VARCHAR",
            null_handling=SPECIAL,
            side_effects=True,
        )
