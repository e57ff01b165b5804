"""One row per candidate, also of those that could not be fitted: how good it is. Empty where no fit is due."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "space": "str", "algorithm": "str", "setting": "str", "failure_reason": "str",
    "k": "int32", "customers": "int64", "clusters_found": "int32",
    "smallest_share": "float", "noise_share": "float", "silhouette": "float",
    "calinski_harabasz": "float", "davies_bouldin": "float", "bic": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Measures of the clusters of each candidate, or the reason why it has none."""
    if dbt.ref("int_fit_population").filter("is_fitted").limit(1).df().empty:
        return typed(None, TYPES)

    from shop_toolkit.clustering import measure_candidates

    coordinates = dbt.ref("space_embeddings").order("space, customer_id").df()
    labels = dbt.ref("candidate_labels").order("space, algorithm, k, customer_id").df()
    levels = dbt.ref("cluster_levels").order("space").df()
    return typed(measure_candidates(coordinates, labels, levels["space"].tolist()), TYPES)
