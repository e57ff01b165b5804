"""One row per version, space and fitted customer: the customer's coordinates in that space."""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_version, with_stored_rows

TYPES = {
    "space": "str", "customer_id": "str", "model_version": "int32", "x": "float", "y": "float", "z": "float",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Coordinates in each space of recency, frequency and monetary that the seed lists."""
    settings = dbt.config.get("meta")
    versions = dbt.ref("model_versions")
    population = dbt.ref("int_fit_population").order("customer_id")
    levels = dbt.ref("cluster_levels").order("space")
    version = pending_version(dbt, session, versions)
    if version is None:
        return with_stored_rows(dbt, session, [], TYPES)

    # Here, as a build that fits nothing shouldn't wait for scikit-learn.
    from shop_toolkit.clustering import INTERESTS, embed

    fitted = population.filter(f"model_version = {version}").df().assign(is_fitted=True)
    spaces = [space for (space,) in levels.select("space").fetchall() if space != INTERESTS]
    coordinates = embed(fitted, spaces, int(settings["tsne_iterations"]))
    return with_stored_rows(dbt, session, [coordinates.assign(model_version=version)], TYPES)
