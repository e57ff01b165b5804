"""One row per prediction_run that learns in this build, candidate and product: the category that the product is in."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "prediction_run": "str", "algorithm": "str", "product_id": "str",
    "k": "int32", "category": "int32", "learned_group": "int32", "similarity": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Labels of every candidate of each prediction_run."""
    texts = dbt.ref("product_embeddings").order("prediction_run, product_id").df()
    if texts.empty:
        return typed(None, TYPES)

    from shop_toolkit.categories import fit_category_candidates

    tables = [
        fit_category_candidates(products).assign(prediction_run=prediction_run)
        for prediction_run, products in texts.groupby("prediction_run")
    ]
    return typed(pd.concat(tables, ignore_index=True), TYPES)
