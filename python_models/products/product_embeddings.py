"""One row per prediction_run that learns categories in this build and product: where its description lies in the text space."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "prediction_run": "str", "product_id": "str", "known_words": "int32", "price": "float", "is_fitted": "bool",
    "x01": "float", "x02": "float", "x03": "float", "x04": "float", "x05": "float", "x06": "float",
    "x07": "float", "x08": "float", "x09": "float", "x10": "float", "x11": "float", "x12": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """A text space for each prediction_run, learned from its fitted products; all its products have a place in it."""
    catalogue = dbt.ref("int_catalogue").filter("is_learning").order("prediction_run, product_id").df()
    if catalogue.empty:
        return typed(None, TYPES)

    from shop_toolkit.categories import describe_texts

    tables = [
        describe_texts(products).assign(prediction_run=prediction_run)
        for prediction_run, products in catalogue.groupby("prediction_run")
    ]
    return typed(pd.concat(tables, ignore_index=True), TYPES)
