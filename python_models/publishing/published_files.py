"""One row per published file: what is in the folder that readers use, after the marts were copied there."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from shop_toolkit.audiences import audience_files
from shop_toolkit.postgres import ADDRESS, push
from shop_toolkit.progress import log_line
from shop_toolkit.publishing import FILE_TYPES, Mart, current_files, id_of, publication, publish_marts
from shop_toolkit.tables import typed


def model(dbt: Any, session: Any) -> pd.DataFrame:
    """Copy the marts to the folder of the setting, and to Postgres if the environment names a server.

    A hook in the yml makes the model wait for all marts and their tests; see `publish_marts`.
    """
    pages = dict(dbt.ref("report_pages").select("file_name", "content").fetchall())
    settings = dbt.config.get("meta")
    folder = json.loads(settings["published_folder"])
    folder = Path(folder) if folder else None

    def publish_all(marts: list[Mart]) -> None:
        publish(session, marts, pages, folder, settings["postgres_schema"])
        if folder:
            log_line(f"The report is {folder / 'report.html'}; {folder} holds the tables for readers, too.")

    publish_marts(session, publish_all)
    return typed(pd.DataFrame(current_files(folder) if folder else None, columns=list(FILE_TYPES)), FILE_TYPES)


def publish(session: Any, marts: Sequence[Mart], pages: Mapping[str, str], folder: Path | None, schema: str) -> None:
    """Write files, push to Postgres, and only then switch the files: a failure changes nothing for readers.

    Args:
        session: The build's connection to the warehouse.
        marts: The marts.
        pages: Content of each page by file name.
        folder: The folder that readers use; None publishes no files.
        schema: Schema on the Postgres server.
    """
    address = os.environ.get(ADDRESS)
    if folder is None:
        if address:
            push(session, marts, address, schema, id_of(session, marts, pages))
        return
    with (
        audience_files(session, marts, folder) as audiences,
        publication(session, marts, pages, folder, extracts=audiences) as written,
    ):
        if address:
            push(session, marts, address, schema, written.publication_id)
