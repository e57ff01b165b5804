"""One row per run that learns categories: how much text there is to learn from, or why nothing can be learned."""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_runs, with_stored_rows

TYPES = {
    "prediction_run": "str", "failure_reason": "str", "model_version": "int32",
    "product_count": "int64", "described_products": "int64", "different_descriptions": "int64",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """The fitted products of each run, counted."""
    runs = dbt.ref("int_prediction_origins").filter("model_version is not null")
    catalogue = dbt.ref("int_catalogue").filter("is_learning").order("product_id")
    pending = pending_runs(dbt, session, runs)
    if not pending:
        return with_stored_rows(dbt, session, [], TYPES)

    # Here, as a build that fits nothing shouldn't wait for scikit-learn.
    from shop_toolkit.categories import describe_catalogue

    tables = [
        describe_catalogue(catalogue.filter(f"prediction_run = '{run}'").df()).assign(
            prediction_run=run, model_version=version
        )
        for run, version in pending
    ]
    return with_stored_rows(dbt, session, tables, TYPES)
