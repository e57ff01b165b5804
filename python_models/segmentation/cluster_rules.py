"""One row per version and rule: bounds of recency, frequency and monetary, and the segment within them."""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_version, with_stored_rows

TYPES = {
    "segmentation": "str", "segment": "str", "model_version": "int32", "support": "int64",
    "recency_min": "float", "recency_max": "float", "frequency_min": "float", "frequency_max": "float",
    "monetary_min": "float", "monetary_max": "float", "confidence": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Rules that set the chosen clusters apart, one segmentation at a time."""
    settings = dbt.config.get("meta")
    versions = dbt.ref("model_versions")
    labelled = dbt.ref("int_customers_labelled").order("segmentation, customer_id")
    version = pending_version(dbt, session, versions)
    if version is None:
        return with_stored_rows(dbt, session, [], TYPES)

    from shop_toolkit.rules import fit_rules

    tables = [
        fit_rules(
            customers,
            customers["segment"],
            int(settings[f"max_{segmentation}_rules"]),
            value_orders=dict(zip(customers["segment"], customers["value_order"], strict=True)),
        ).assign(segmentation=segmentation, model_version=version)
        for segmentation, customers in labelled.df().groupby("segmentation")
    ]
    return with_stored_rows(dbt, session, tables, TYPES)
