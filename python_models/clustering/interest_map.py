"""One row per version and feature of customers' interests: how it enters the coordinates of the interest space."""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_version, with_stored_rows

TYPES = {
    "feature": "str", "model_version": "int32", "mean": "float", "scale": "float",
    "x": "float", "y": "float", "z": "float", "explained_variance": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Means, scales and principal components of the customers that are fitted."""
    versions = dbt.ref("model_versions")
    features = dbt.ref("int_interest_features").filter("is_fitted").order("customer_id, feature")
    version = pending_version(dbt, session, versions)
    fitted = features.df() if version is not None else None
    if fitted is None or fitted.empty:
        return with_stored_rows(dbt, session, [], TYPES)

    # Here, as a build that fits nothing shouldn't wait for scikit-learn.
    from shop_toolkit.interests import fit_interest_map

    return with_stored_rows(dbt, session, [fit_interest_map(fitted).assign(model_version=version)], TYPES)
