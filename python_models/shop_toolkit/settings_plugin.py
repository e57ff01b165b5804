"""What SQL cannot check of a setting; apart from what it checks with, which worker processes import without dbt.

dbt-duckdb loads this module as a plugin (`profiles.yml`).
"""

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb.func import FunctionNullHandling

from shop_toolkit.grids import grid_problem
from shop_toolkit.postgres import postgres_problem
from shop_toolkit.publishing import folder_problem

# A null is passed to the function and not answered with a null.
SPECIAL = FunctionNullHandling.SPECIAL


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt is not followed
    """Registers the functions that give the reason why a setting is wrong on each DuckDB connection that dbt opens."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the functions; dbt-duckdb calls this once for each database that it opens."""
        conn.create_function("grid_problem", grid_problem, ["VARCHAR"] * 2, "VARCHAR", null_handling=SPECIAL)
        conn.create_function("folder_problem", folder_problem, ["VARCHAR"], "VARCHAR", null_handling=SPECIAL)
        conn.create_function(
            "postgres_problem",
            postgres_problem,
            [],
            "VARCHAR",
            null_handling=SPECIAL,
            side_effects=True,
        )
