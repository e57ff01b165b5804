"""What SQL cannot check of a setting; apart from what it checks with, which worker processes import without dbt.

dbt-duckdb loads this module as a plugin (`profiles.yml`).
"""

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from shop_toolkit.grids import grid_problem
from shop_toolkit.postgres import postgres_problem
from shop_toolkit.publishing import folder_problem


class Plugin(BasePlugin):
    """Registers what says of a setting why it is wrong on each DuckDB connection that dbt opens."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the functions; dbt-duckdb calls this once for each database that it opens."""
        conn.create_function("grid_problem", grid_problem, ["VARCHAR"] * 2, "VARCHAR", null_handling="special")
        conn.create_function("folder_problem", folder_problem, ["VARCHAR"], "VARCHAR", null_handling="special")
        conn.create_function(
            "postgres_problem", postgres_problem, [], "VARCHAR", null_handling="special", side_effects=True
        )
