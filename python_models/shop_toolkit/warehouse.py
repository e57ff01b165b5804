"""The warehouse, the DuckDB file that SHOP_WAREHOUSE names in `profiles.yml`: its schemas, whether it can be opened."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from shop_toolkit.errors import named, reason_of, sentence_of

HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<process>[0-9]+)\)")


def schema_of(stage: str | None, prefix: str | None) -> str:
    """The schema of a stage, None for the marts; as the macro `schema_of` names it.

    Args:
        stage: A folder of `models/`, or `seeds`.
        prefix: The setting `schema_prefix`.
    """
    if stage is None:
        return prefix or "main"
    return f"{prefix}_{stage}" if prefix else stage


def warehouse_path() -> Path:
    """The DuckDB file of this process, as `profiles.yml` names it."""
    return Path(os.environ.get("SHOP_WAREHOUSE", "warehouse/shop.duckdb"))


def check_warehouse(path: str, config: Mapping[str, Any]) -> None:
    """Create the folder of the warehouse where it is missing, and open the warehouse once.

    Args:
        path: The DuckDB file.
        config: DuckDB's options, as dbt opens it with.

    Raises:
        RuntimeError: A sentence on why it can't be opened and what to do. dbt shows no trace of where it comes from.
    """
    if path.startswith(":") or "://" in path:
        return
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        duckdb.connect(path, config=dict(config)).close()
    except (OSError, duckdb.Error) as error:
        raise RuntimeError(sentence_of(_problem(path, error))) from error


def close_warehouse() -> None:
    """Close the database that a run of dbt in this process has left open.

    dbt-duckdb only drops its reference: an error that somebody keeps, with what its traceback holds, would keep it open
    for the next run.
    """
    # Here, because whoever doesn't run dbt need not load it.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    DuckDBConnectionManager.close_all_connections()
    if environment is not None:
        environment.close()


def _problem(path: str, error: Exception) -> str:
    warehouse = f"The warehouse {named(path)}"
    other = "name another file by the environment variable SHOP_WAREHOUSE"
    if "lock on file" in str(error):
        holder = HOLDER.search(str(error))
        by = f"{Path(holder['program']).name}, process {holder['process']}" if holder else "which one is unknown"
        return (
            f"{warehouse} is in use by another process ({by}): a build, or a program that reads it. Wait until that has"
            f" closed it, or {other}. Readers can use the published copies meanwhile."
        )
    if Path(path).is_dir():
        return f"{warehouse} is a folder: {other}."
    if "not a valid DuckDB database" in str(error):
        return f"{warehouse} is no DuckDB file: move it away, or {other}."
    return f"{warehouse} can't be opened: {reason_of(error)}. Make sure that it can be written, or {other}."
