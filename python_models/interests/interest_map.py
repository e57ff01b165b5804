"""One row per feature of customers' interests: how it enters the coordinates that customers are grouped by."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "feature": "str", "mean": "float", "scale": "float", "x": "float", "y": "float", "z": "float",
    "explained_variance": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Means, scales and principal components of the customers that are fitted."""
    features = dbt.ref("int_interests_to_fit").order("customer_id, feature").df()
    if features.empty:
        return typed(None, TYPES)

    # Here, as a build that fits nothing shouldn't wait for scikit-learn.
    from shop_toolkit.interests import fit_interest_map

    return typed(fit_interest_map(features), TYPES)
