"""One row per study that learns in this build, candidate and product: the category that the product is in."""

import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "study": "str", "algorithm": "str", "product_id": "str",
    "k": "int32", "category": "int32", "learned_group": "int32", "similarity": "float",
}  # fmt: skip


def model(dbt, session):
    """Labels of every candidate of each study."""
    texts = dbt.ref("product_texts").order("study, product_id").df()
    if texts.empty:
        return typed(None, TYPES)

    from shop_toolkit.categories import fit_category_candidates

    tables = [fit_category_candidates(products).assign(study=study) for study, products in texts.groupby("study")]
    return typed(pd.concat(tables, ignore_index=True), TYPES)
