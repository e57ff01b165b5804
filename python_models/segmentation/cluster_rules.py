"""One row per rule of this build's fit: a box of recency, frequency and monetary. Empty where no fit is due."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "segmentation": "str", "segment": "str", "support": "int64",
    "recency_min": "float", "recency_max": "float", "frequency_min": "float", "frequency_max": "float",
    "monetary_min": "float", "monetary_max": "float", "confidence": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Rules that tell the chosen clusters apart, one segmentation at a time."""
    labelled = dbt.ref("int_customers_labelled").order("segmentation, customer_id").df()
    settings = dbt.config.get("meta")
    if labelled.empty:
        return typed(None, TYPES)

    from shop_toolkit.rules import fit_rules

    tables = [
        fit_rules(customers, customers["segment"], int(settings["max_rules"])).assign(segmentation=segmentation)
        for segmentation, customers in labelled.groupby("segmentation")
    ]
    return typed(pd.concat(tables, ignore_index=True), TYPES)
