"""One row per version and candidate with two clusters or more: are its clusters found again in resamples?"""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_version, with_stored_rows

TYPES = {
    "space": "str", "algorithm": "str", "model_version": "int32", "k": "int32",
    "bootstrap_samples": "int32", "bootstrap_draws": "int32", "min_jaccard": "float", "mean_adjusted_rand": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Stability of every candidate; in full of those among the finalists, which SQL names, that win."""
    settings = dbt.config.get("meta")
    versions = dbt.ref("model_versions")
    embeddings = dbt.ref("space_embeddings").order("space, customer_id")
    all_labels = dbt.ref("candidate_labels").order("space, algorithm, k, customer_id")
    candidates = dbt.ref("int_candidates_by_level").order("space, algorithm, k")
    version = pending_version(dbt, session, versions)
    of_version = f"model_version = {version or 0}"
    labels = all_labels.filter(of_version).df()
    if labels.empty:
        return with_stored_rows(dbt, session, [], TYPES)

    from shop_toolkit.clustering import race

    stability = race(
        embeddings.filter(of_version).df(),
        labels,
        candidates.df(),
        int(settings["bootstrap_samples"]),
        float(settings["min_stability"]),
        float(settings["silhouette_tolerance"]),
    )
    return with_stored_rows(dbt, session, [stability.assign(model_version=version)], TYPES)
