"""What a profile says: where the engine is, and what the driver runs."""

from dataclasses import dataclass, field
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials


@dataclass
class Credentials(DuckDBCredentials):  # type: ignore[misc]  # dbt is not followed
    """The engine, and what the DuckDB on the driver loads.

    Attributes:
        engine: Its address: `sail`, `sc://host:port` or `local[n]`.
        driver_functions: SQL functions that plugins register on the driver, and the schema whose relations each of them
            makes there for the engine; null where it makes none.
    """

    engine: str = field(default="sail", repr=False)
    driver_functions: dict[str, Any] = field(default_factory=dict)

    @property
    def type(self) -> str:
        """The name of the adapter."""
        return "sparkconnect"

    @property
    def unique_field(self) -> str:
        """What dbt hashes to distinguish installations; an address may hold a token."""
        return "spark"

    def _connection_keys(self) -> tuple[str, ...]:
        """What `dbt debug` shows: nothing that may hold a secret."""
        return ("database", "schema")
