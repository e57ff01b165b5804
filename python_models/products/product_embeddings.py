"""One row per run that learns categories and product: what was known of it, and its place in the text space."""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_runs, with_stored_rows

TYPES = {
    "prediction_run": "str", "product_id": "str", "description": "str", "given_category": "str",
    "model_version": "int32", "known_words": "int32", "revenue": "float", "price": "float",
    "x01": "float", "x02": "float", "x03": "float", "x04": "float", "x05": "float", "x06": "float",
    "x07": "float", "x08": "float", "x09": "float", "x10": "float", "x11": "float", "x12": "float",
    "x13": "float", "x14": "float", "x15": "float", "x16": "float", "x17": "float", "x18": "float",
    "x19": "float", "x20": "float", "x21": "float", "x22": "float", "x23": "float", "x24": "float",
    "is_fitted": "bool",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """A text space for each run, learned from its fitted products; all its products have a place in it."""
    catalogue = dbt.ref("int_catalogue").filter("is_learning").order("product_id")
    pending = pending_runs(dbt, session, catalogue)
    if not pending:
        return with_stored_rows(dbt, session, [], TYPES)

    from shop_toolkit.categories import describe_texts

    tables = []
    for run, version in pending:
        products = catalogue.filter(f"prediction_run = '{run}'").df()
        facts = products[["product_id", "description", "revenue"]]
        texts = describe_texts(products).merge(facts, on="product_id")
        tables.append(texts.assign(prediction_run=run, model_version=version))
    return with_stored_rows(dbt, session, tables, TYPES)
