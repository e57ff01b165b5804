"""One row per candidate and fitted customer: the cluster that the customer is in. Empty where no fit is due."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "space": "str", "algorithm": "str", "setting": "str", "customer_id": "str",
    "k": "int32", "cluster": "int32", "smallest_size": "float", "bic": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Labels of every candidate: KMeans, Gaussian mixture, Ward and HDBSCAN in each space."""
    coordinates = dbt.ref("space_embeddings").order("space, customer_id").df()
    if coordinates.empty:
        return typed(None, TYPES)

    from shop_toolkit.clustering import fit_candidates

    return typed(fit_candidates(coordinates), TYPES)
