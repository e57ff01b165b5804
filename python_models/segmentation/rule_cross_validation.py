"""One row per segmentation, model, settings and fold: agreement with the clustering. Empty where no fit is due."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "segmentation": "str", "model": "str", "settings": "str", "metric": "str", "fold": "int32",
    "value": "float", "sample_size": "int64", "is_baseline": "bool",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """How well rules and reference classifiers re-learn the borders of the clusters, by cross-validation."""
    labelled = dbt.ref("int_customers_labelled").order("segmentation, customer_id").df()
    settings = dbt.config.get("meta")
    if labelled.empty:
        return typed(None, TYPES)

    from shop_toolkit.rules import cross_validate_rules, evaluate_classifiers

    tables = []
    for segmentation, customers in labelled.groupby("segmentation"):
        rules = cross_validate_rules(customers, customers["segment"], int(settings["max_rules"]))
        classifiers = evaluate_classifiers(customers, customers["segment"])
        tables += [table.assign(segmentation=segmentation) for table in (rules, classifiers)]
    return typed(pd.concat(tables, ignore_index=True), TYPES)
