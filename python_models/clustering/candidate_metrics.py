"""One row per version and candidate, also of those that could not be fitted: how good it is."""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_version, with_stored_rows

TYPES = {
    "space": "str", "algorithm": "str", "setting": "str", "failure_reason": "str", "model_version": "int32",
    "k": "int32", "customer_count": "int64", "clusters_found": "int32",
    "smallest_share": "float", "noise_share": "float", "silhouette": "float",
    "calinski_harabasz": "float", "davies_bouldin": "float", "bic": "float", "explained_variance": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Metrics of the clusters of each candidate, or the reason why it has none."""
    settings = dbt.config.get("meta")
    versions = dbt.ref("model_versions")
    population = dbt.ref("int_fit_population").order("customer_id")
    levels = dbt.ref("cluster_levels").order("space")
    embeddings = dbt.ref("space_embeddings").order("space, customer_id")
    labels = dbt.ref("candidate_labels").order("space, algorithm, k, customer_id")
    version = pending_version(dbt, session, versions)
    if version is None:
        return with_stored_rows(dbt, session, [], TYPES)

    from shop_toolkit.candidate_spaces import with_facts_of_spaces
    from shop_toolkit.clustering import INTERESTS, describe_spaces, measure_candidates

    of_version = f"model_version = {version}"
    fitted = population.filter(of_version).df().assign(is_fitted=True)
    spaces = [space for (space,) in levels.select("space").fetchall() if space != INTERESTS]
    counts = range(2, int(settings["max_clusters"]) + 1)
    metrics = measure_candidates(embeddings.filter(of_version).df(), labels.filter(of_version).df(), spaces, counts)
    metrics = with_facts_of_spaces(metrics, describe_spaces(fitted, spaces))
    return with_stored_rows(dbt, session, [metrics.assign(model_version=version)], TYPES)
