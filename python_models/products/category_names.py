"""One row per prediction_run that learns in this build and category of its choice: what it is called, and its telling words."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {"prediction_run": "str", "category_name": "str", "top_terms": "str", "category": "int32"}


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Names from the words of the fitted products."""
    labels = dbt.ref("int_chosen_categories").order("prediction_run, product_id").df()
    if labels.empty:
        return typed(None, TYPES)

    from shop_toolkit.categories import name_categories

    catalogue = dbt.ref("int_catalogue").filter("is_learning").order("prediction_run, product_id").df()
    tables = [
        name_categories(catalogue[catalogue["prediction_run"] == prediction_run], chosen).assign(
            prediction_run=prediction_run
        )
        for prediction_run, chosen in labels.groupby("prediction_run")
    ]
    return typed(pd.concat(tables, ignore_index=True), TYPES)
