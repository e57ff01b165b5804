"""One row per run that learns categories and category of its choice: its name, and the words that set it apart."""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_runs, with_stored_rows

TYPES = {
    "prediction_run": "str", "category_name": "str", "top_terms": "str", "model_version": "int32",
    "category_id": "int32",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Names from the words of the fitted products."""
    embeddings = dbt.ref("product_embeddings").order("product_id")
    labels = dbt.ref("category_labels").order("product_id")
    chosen = dbt.ref("int_category_candidates").filter("is_chosen")
    pending = pending_runs(dbt, session, chosen)
    if not pending:
        return with_stored_rows(dbt, session, [], TYPES)

    from shop_toolkit.categories import name_categories

    number_of = {(run, version): k for run, version, k in chosen.select("prediction_run, model_version, k").fetchall()}
    tables = []
    for run, version in pending:
        of_run = f"prediction_run = '{run}' and model_version = {version}"
        categories = labels.filter(f"{of_run} and k = {number_of[run, version]}").df()
        names = name_categories(embeddings.filter(of_run).df(), categories)
        tables.append(names.assign(prediction_run=run, model_version=version))
    return with_stored_rows(dbt, session, tables, TYPES)
