"""One row per prediction_run that learns in this build and candidate: how good its categories are, and are they found again?"""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "prediction_run": "str", "algorithm": "str", "failure_reason": "str",
    "k": "int32", "products": "int64", "categories_found": "int32",
    "smallest_share": "float", "largest_share": "float", "other_share": "float", "silhouette": "float",
    "mean_similarity": "float", "bootstrap_samples": "Int32",
    "min_jaccard": "float", "mean_jaccard": "float", "mean_adjusted_rand": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Measures and stability of every candidate, or the reason why it has none."""
    settings = dbt.config.get("meta")
    texts = dbt.ref("product_embeddings").order("prediction_run, product_id").df()
    labels = dbt.ref("category_labels").order("prediction_run, k, product_id").df()
    if texts.empty:
        return typed(None, TYPES)

    from shop_toolkit.categories import measure_category_candidates, measure_category_stability

    tables = []
    for prediction_run, products in texts.groupby("prediction_run"):
        found = labels[labels["prediction_run"] == prediction_run]
        measures = measure_category_candidates(products, found)
        stability = measure_category_stability(products, found, int(settings["category_bootstrap_samples"]))
        tables.append(
            measures.merge(stability, on=["algorithm", "k"], how="left").assign(prediction_run=prediction_run)
        )
    return typed(pd.concat(tables, ignore_index=True), TYPES)
