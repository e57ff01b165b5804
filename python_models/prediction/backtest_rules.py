"""One row per rule of the backtest's learned segments. Empty without a backtest."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "segmentation": "str", "segment": "str", "recency_min": "float", "recency_max": "float",
    "frequency_min": "float", "frequency_max": "float", "monetary_min": "float", "monetary_max": "float",
}  # fmt: skip
# The backtest doesn't choose between spaces: these are the ones that usually win.
SPACES = {"broad": "rfm_plane", "detailed": "rfm_tsne"}
# Half of what today's segments get: these only serve to evaluate predictions.
TSNE_ITERATIONS = 375
# A process clusters one of the spaces, so that the rest of the build goes on meanwhile.
WORKERS = 2
# The log's words for it.
CLUSTERINGS = ("segments of the backtest", "clusterings")


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Cluster the customers of the backtest's earliest origin and turn the clusters into rules."""
    features = dbt.ref("int_point_in_time_features").filter("is_fitted is not null").order("customer_id")
    population = features.select("customer_id, recency_days, frequency, monetary, is_fitted").df()
    levels = dbt.ref("cluster_levels").df()
    settings = dbt.config.get("meta")
    if population.empty:
        return typed(None, TYPES)

    from shop_toolkit.clustering import cluster_by_silhouette
    from shop_toolkit.parallel import PARALLEL_CUSTOMERS, in_parallel
    from shop_toolkit.personas import value_orders
    from shop_toolkit.rules import fit_rules

    fitted = population[population["is_fitted"]]
    bounds = levels.set_index("space")[["fewest_clusters", "most_clusters"]]
    jobs = [(fitted, space, *(int(bound) for bound in bounds.loc[space]), TSNE_ITERATIONS) for space in SPACES.values()]
    workers = WORKERS if len(fitted) >= PARALLEL_CUSTOMERS else 1
    clusterings = in_parallel(cluster_by_silhouette, jobs, workers, *CLUSTERINGS)
    tables = []
    for segmentation, clusters in zip(SPACES, clusterings, strict=True):
        customers = population.merge(clusters, on="customer_id").sort_values("customer_id")
        if customers.empty:  # too few or too similar for clusters: all are one segment
            customers = fitted.assign(cluster="all")
        # As published rules do, these keep to the value order of their segments, by what the day knows of it.
        most, orders = int(settings[f"max_{segmentation}_rules"]), value_orders(customers, population)
        rules = fit_rules(customers, customers["cluster"], most, value_orders=orders)
        names = [f"{segmentation} cluster {cluster}" for cluster in rules["segment"]]
        tables.append(rules.assign(segmentation=segmentation, segment=names))
    return typed(pd.concat(tables, ignore_index=True), TYPES)
