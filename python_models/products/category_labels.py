"""One row per run that learns categories, candidate and product: the category that the product is in."""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_runs, with_stored_rows

TYPES = {
    "prediction_run": "str", "algorithm": "str", "product_id": "str", "model_version": "int32",
    "k": "int32", "category_id": "int32", "learned_group": "int32", "similarity": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Labels of every candidate of each run."""
    embeddings = dbt.ref("product_embeddings").order("product_id")
    pending = pending_runs(dbt, session, dbt.ref("product_embeddings"))
    if not pending:
        return with_stored_rows(dbt, session, [], TYPES)

    from shop_toolkit.categories import fit_category_candidates

    tables = [
        fit_category_candidates(
            embeddings.filter(f"prediction_run = '{run}' and model_version = {version}").df()
        ).assign(prediction_run=run, model_version=version)
        for run, version in pending
    ]
    return with_stored_rows(dbt, session, tables, TYPES)
