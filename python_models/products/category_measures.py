"""One row per study that learns in this build and candidate: how good its categories are, and are they found again?"""

import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "study": "str", "algorithm": "str", "problem": "str",
    "k": "int32", "products": "int64", "categories_found": "int32",
    "smallest_share": "float", "largest_share": "float", "other_share": "float", "silhouette": "float",
    "mean_similarity": "float", "bootstrap_refits": "Int32",
    "minimum_jaccard": "float", "mean_jaccard": "float", "mean_adjusted_rand": "float",
}  # fmt: skip


def model(dbt, session):
    """Measures and stability of every candidate, or the reason why it has none."""
    settings = dbt.config.get("meta")
    texts = dbt.ref("product_texts").order("study, product_id").df()
    labels = dbt.ref("category_labels").order("study, k, product_id").df()
    if texts.empty:
        return typed(None, TYPES)

    from shop_toolkit.categories import measure_category_candidates, measure_category_stability

    tables = []
    for study, products in texts.groupby("study"):
        found = labels[labels["study"] == study]
        measures = measure_category_candidates(products, found)
        stability = measure_category_stability(products, found, int(settings["category_refits"]))
        tables.append(measures.merge(stability, on=["algorithm", "k"], how="left").assign(study=study))
    return typed(pd.concat(tables, ignore_index=True), TYPES)
