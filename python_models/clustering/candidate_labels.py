"""One row per version, candidate and fitted customer: the cluster that the customer is in."""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_version, with_stored_rows

TYPES = {
    "space": "str", "algorithm": "str", "setting": "str", "customer_id": "str", "model_version": "int32",
    "k": "int32", "cluster": "int32", "smallest_size": "float", "bic": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Labels of every candidate: KMeans, Gaussian mixture, Ward and HDBSCAN in each space."""
    settings = dbt.config.get("meta")
    versions = dbt.ref("model_versions")
    embeddings = dbt.ref("space_embeddings").order("space, customer_id")
    version = pending_version(dbt, session, versions)
    coordinates = embeddings.filter(f"model_version = {version or 0}").df()
    if coordinates.empty:
        return with_stored_rows(dbt, session, [], TYPES)

    from shop_toolkit.clustering import fit_candidates

    labels = fit_candidates(coordinates, range(2, int(settings["max_clusters"]) + 1))
    return with_stored_rows(dbt, session, [labels.assign(model_version=version)], TYPES)
