"""One row per version and product that is new since its categories were learned: the category that it is in."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.registry import Rows, with_stored_rows

TYPES = {
    "product_id": "str", "description": "str", "model_version": "int32", "known_words": "int32", "category_id": "int32",
    "similarity": "float", "price": "float",
    "x01": "float", "x02": "float", "x03": "float", "x04": "float", "x05": "float", "x06": "float",
    "x07": "float", "x08": "float", "x09": "float", "x10": "float", "x11": "float", "x12": "float",
    "x13": "float", "x14": "float", "x15": "float", "x16": "float", "x17": "float", "x18": "float",
    "x19": "float", "x20": "float", "x21": "float", "x22": "float", "x23": "float", "x24": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Places as given, or by the words that the categories were learned with; a product stays where it was placed."""
    products = dbt.ref("int_catalogue").filter("not is_learning").order("product_id").df()
    embeddings = dbt.ref("product_embeddings").filter("prediction_run = 'live' and is_fitted").order("product_id")
    labels = dbt.ref("category_labels").filter("prediction_run = 'live'").order("product_id")
    chosen = dbt.ref("int_category_candidates").filter("prediction_run = 'live' and is_chosen")
    tables: list[pd.DataFrame] = []
    for version, algorithm, k in chosen.select("model_version, algorithm, k").fetchall():
        new = products[products["model_version"] == version]
        if new.empty:
            continue
        learned = embeddings.filter(f"model_version = {version}").df()
        categories = labels.filter(f"model_version = {version} and k = {k}").df()
        learned = learned.merge(categories[["product_id", "category_id", "learned_group"]], on="product_id")
        if algorithm == "given":
            numbers = learned.dropna(subset="given_category").groupby("given_category")["category_id"].first()
            nowhere = dict.fromkeys([name for name in TYPES if name.startswith("x")], 0.0)
            placed = new[["product_id", "description", "price"]].assign(
                category_id=new["given_category"].map(numbers).fillna(-1), similarity=None, known_words=0, **nowhere
            )
            tables.append(placed.assign(model_version=version))
            continue

        from shop_toolkit.categories import place_products

        placed = place_products(learned, new).merge(new[["product_id", "description"]], on="product_id")
        tables.append(placed.assign(model_version=version))
    return with_stored_rows(dbt, session, tables, TYPES)
