"""What SQL cannot check of a setting; apart from what it checks with, which worker processes import without dbt.

dbt-duckdb loads this module as a plugin (`profiles.yml`).
"""

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from shop_toolkit.grids import grid_problem


class Plugin(BasePlugin):
    """Registers `grid_problem(grids, task)` on each DuckDB connection that dbt opens."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the function; dbt-duckdb calls this once for each database that it opens."""
        conn.create_function("grid_problem", grid_problem, ["VARCHAR"] * 2, "VARCHAR", null_handling="special")
