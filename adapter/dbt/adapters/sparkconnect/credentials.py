"""What a profile says: where the engine is, and what the driver runs."""

import os
from dataclasses import dataclass, field
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt_common.exceptions import DbtRuntimeError


@dataclass
class Credentials(DuckDBCredentials):  # type: ignore[misc]  # dbt is not followed
    """The engine, and what the DuckDB on the driver loads.

    Attributes:
        engine: Its address: `sail`, `sc://host:port` or `local[n]`.
        driver_functions: SQL functions that plugins register on the driver, and the schema whose relations each of them
            makes there for the engine; null where it makes none. A call may put `eu_` or the like before it.
        engine_tables: Tables in such a schema that are the engine's, as statements change them: a function gets copies,
            and what it makes of them is stored where the engine has none.
        promised_tables: Relations in such a schema that may have many rows: they are stored once a statement computes
            something of them, and the driver itself writes a table of their rows as they are.
        folder: Where the tables of an engine that ends with the process are between two of them; null keeps none. Other
            engines have their own place.
        spark_home: Where Apache Spark is looked for last, if it is to be started.
        shared_folder: What an engine elsewhere reads by the same path, for rows on their way there; empty sends them
            through the connection.
        unused_variables: Variables of the environment that mean something to another target alone.
    """

    engine: str = field(default="sail", repr=False)
    driver_functions: dict[str, Any] = field(default_factory=dict)
    engine_tables: list[str] = field(default_factory=list)
    promised_tables: list[str] = field(default_factory=list)
    folder: str | None = None
    spark_home: str | None = None
    shared_folder: str | None = None
    unused_variables: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse what the environment asks for in vain."""
        super().__post_init__()
        given = [name for name in self.unused_variables if os.environ.get(name)]
        if given:
            raise DbtRuntimeError(
                f"{' and '.join(given)} can't be followed by this target, whose tables are on an engine that speaks"
                " Spark Connect: unset it."
            )

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
