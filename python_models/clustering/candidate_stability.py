"""One row per candidate with two clusters or more: are they found again in resamples? Empty where no fit is due."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "space": "str", "algorithm": "str", "k": "int32",
    "bootstrap_samples": "int32", "bootstrap_draws": "int32",
    "min_jaccard": "float", "mean_adjusted_rand": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Stability of every candidate; in full of those that SQL named contenders."""
    settings = dbt.config.get("meta")
    labels = dbt.ref("candidate_labels").order("space, algorithm, k, customer_id").df()
    if labels.empty:
        return typed(None, TYPES)

    from shop_toolkit.clustering import measure_stability

    coordinates = dbt.ref("space_embeddings").order("space, customer_id").df()
    contenders = dbt.ref("int_finalists").order("space, algorithm, k").df()
    return typed(measure_stability(coordinates, labels, contenders, int(settings["bootstrap_samples"])), TYPES)
