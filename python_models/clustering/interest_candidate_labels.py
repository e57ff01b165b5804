"""One row per version, candidate grouping by interests and fitted customer: the cluster that the customer is in."""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_version, with_stored_rows

TYPES = {
    "space": "str", "algorithm": "str", "setting": "str", "customer_id": "str", "model_version": "int32",
    "k": "int32", "cluster": "int32", "smallest_size": "float", "bic": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Labels of KMeans with each number of clusters."""
    settings = dbt.config.get("meta")
    versions = dbt.ref("model_versions")
    located = dbt.ref("int_interest_coordinates").filter("is_fitted").order("customer_id")
    version = pending_version(dbt, session, versions)
    coordinates = located.df() if version is not None else None
    if coordinates is None or coordinates.empty:
        return with_stored_rows(dbt, session, [], TYPES)

    from shop_toolkit.clustering import INTERESTS, fit_candidates

    labels = fit_candidates(coordinates.assign(space=INTERESTS), range(2, int(settings["max_clusters"]) + 1))
    return with_stored_rows(dbt, session, [labels.assign(model_version=version)], TYPES)
