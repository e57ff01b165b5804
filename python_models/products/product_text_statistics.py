"""One row per prediction_run that learns categories in this build: how much text there is, or why nothing can be learned."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "prediction_run": "str", "failure_reason": "str",
    "products": "int64", "described_products": "int64", "different_descriptions": "int64",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The fitted products of each prediction_run, counted."""
    prediction_runs = dbt.ref("int_category_learning_runs").order("prediction_run").df()
    catalogue = dbt.ref("int_catalogue").order("prediction_run, product_id").df()
    if prediction_runs.empty:
        return typed(None, TYPES)

    # Here, as a build that fits nothing shouldn't wait for scikit-learn.
    from shop_toolkit.categories import describe_catalogue

    tables = [
        describe_catalogue(catalogue[catalogue["prediction_run"] == prediction_run]).assign(
            prediction_run=prediction_run
        )
        for prediction_run in prediction_runs["prediction_run"]
    ]
    return typed(pd.concat(tables, ignore_index=True), TYPES)
