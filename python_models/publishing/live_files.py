"""One row per file of the live publication: marts of customers and segments as the last refresh or build left them."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
from shop_toolkit.publishing import (
    FILE_TYPES,
    LIVE_FOLDER,
    LIVE_SECONDS_BEFORE,
    Mart,
    current_files,
    publication,
    publish_marts,
)
from shop_toolkit.tables import typed


def model(dbt: Any, session: Any) -> pd.DataFrame:
    """Copy the marts to the folder `live` below the one of the setting.

    Hooks in the yml prepare and check it as they do for `published_files`.
    """
    settings = dbt.config.get("meta")
    folder = json.loads(settings["published_folder"])
    folder = Path(folder) / LIVE_FOLDER if folder else None

    def publish(marts: list[Mart]) -> None:
        if folder:
            with publication(session, marts, {}, folder, LIVE_SECONDS_BEFORE):
                pass

    publish_marts(session, publish)
    return typed(pd.DataFrame(current_files(folder) if folder else None, columns=list(FILE_TYPES)), FILE_TYPES)
