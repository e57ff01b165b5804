"""One row per run that learns categories and candidate: how good its categories are, and are they found again?"""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_runs, with_stored_rows

TYPES = {
    "prediction_run": "str", "algorithm": "str", "failure_reason": "str", "model_version": "int32",
    "k": "int32", "product_count": "int64", "categories_found": "int32",
    "smallest_share": "float", "largest_share": "float", "other_share": "float", "silhouette": "float",
    "mean_similarity": "float", "bootstrap_samples": "Int32",
    "min_jaccard": "float", "mean_jaccard": "float", "mean_adjusted_rand": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Metrics and stability of every candidate, or the reason why it has none."""
    settings = dbt.config.get("meta")
    embeddings = dbt.ref("product_embeddings").order("product_id")
    labels = dbt.ref("category_labels").order("k, product_id")
    pending = pending_runs(dbt, session, dbt.ref("product_embeddings"))
    if not pending:
        return with_stored_rows(dbt, session, [], TYPES)

    from shop_toolkit.categories import measure_category_candidates, measure_category_stability

    samples = int(settings["category_bootstrap_samples"])
    tables = []
    for run, version in pending:
        of_run = f"prediction_run = '{run}' and model_version = {version}"
        products, found = embeddings.filter(of_run).df(), labels.filter(of_run).df()
        metrics = measure_category_candidates(products, found)
        stability = measure_category_stability(products, found, samples)
        metrics = metrics.merge(stability, on=["algorithm", "k"], how="left")
        tables.append(metrics.assign(prediction_run=run, model_version=version))
    return with_stored_rows(dbt, session, tables, TYPES)
