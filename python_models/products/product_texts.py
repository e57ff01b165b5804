"""One row per study that learns categories in this build and product: where its description lies in the text space."""

import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "study": "str", "product_id": "str", "known_words": "int32", "price": "float", "is_fitted": "bool",
    "x01": "float", "x02": "float", "x03": "float", "x04": "float", "x05": "float", "x06": "float",
    "x07": "float", "x08": "float", "x09": "float", "x10": "float", "x11": "float", "x12": "float",
}  # fmt: skip


def model(dbt, session):
    """A text space for each study, learned from its fitted products; all its products have a place in it."""
    catalogue = dbt.ref("int_catalogue").filter("is_learning").order("study, product_id").df()
    if catalogue.empty:
        return typed(None, TYPES)

    from shop_toolkit.categories import describe_texts

    tables = [describe_texts(products).assign(study=study) for study, products in catalogue.groupby("study")]
    return typed(pd.concat(tables, ignore_index=True), TYPES)
