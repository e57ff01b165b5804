"""One row per version, segmentation, model, settings and fold: agreement with the clustering."""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_version, with_stored_rows

TYPES = {
    "segmentation": "str", "model": "str", "settings": "str", "metric": "str", "model_version": "int32",
    "fold": "int32", "value": "float", "sample_size": "int64", "is_baseline": "bool",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """How well rules and reference classifiers reproduce the borders of the clusters, by cross-validation."""
    settings = dbt.config.get("meta")
    versions = dbt.ref("model_versions")
    labelled = dbt.ref("int_customers_labelled").order("segmentation, customer_id")
    version = pending_version(dbt, session, versions)
    if version is None:
        return with_stored_rows(dbt, session, [], TYPES)

    from shop_toolkit.rules import cross_validate_rules, evaluate_classifiers

    folds = int(settings["rule_folds"])
    tables = []
    for segmentation, customers in labelled.df().groupby("segmentation"):
        rules = cross_validate_rules(
            customers,
            customers["segment"],
            int(settings[f"max_{segmentation}_rules"]),
            folds=folds,
            value_orders=dict(zip(customers["segment"], customers["value_order"], strict=True)),
        )
        classifiers = evaluate_classifiers(customers, customers["segment"], folds)
        tables += [table.assign(segmentation=segmentation, model_version=version) for table in (rules, classifiers)]
    return with_stored_rows(dbt, session, tables, TYPES)
