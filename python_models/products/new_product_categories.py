"""One row per product that came after the categories of the version in use were learned: which of them it is in."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "product_id": "str", "known_words": "int32", "category": "int32", "similarity": "float", "price": "float",
    "x01": "float", "x02": "float", "x03": "float", "x04": "float", "x05": "float", "x06": "float",
    "x07": "float", "x08": "float", "x09": "float", "x10": "float", "x11": "float", "x12": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Places by the words that the categories were learned with; nothing is learned anew."""
    products = dbt.ref("int_catalogue").filter("not is_learning").order("product_id").df()
    learned = dbt.ref("int_previous_categories").filter("is_fitted").order("product_id").df()
    if products.empty:
        return typed(None, TYPES)

    from shop_toolkit.categories import place_products

    return typed(place_products(learned, products), TYPES)
