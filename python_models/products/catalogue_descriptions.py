"""One row per study that learns categories in this build: how much text there is, or why nothing can be learned."""

import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "study": "str", "problem": "str",
    "products": "int64", "described_products": "int64", "different_descriptions": "int64",
}  # fmt: skip


def model(dbt, session):
    """The fitted products of each study, counted."""
    studies = dbt.ref("int_learning_studies").order("study").df()
    catalogue = dbt.ref("int_catalogue").order("study, product_id").df()
    if studies.empty:
        return typed(None, TYPES)

    # Here, as a build that fits nothing shouldn't wait for scikit-learn.
    from shop_toolkit.categories import describe_catalogue

    tables = [
        describe_catalogue(catalogue[catalogue["study"] == study]).assign(study=study) for study in studies["study"]
    ]
    return typed(pd.concat(tables, ignore_index=True), TYPES)
