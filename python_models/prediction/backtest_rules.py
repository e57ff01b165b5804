"""One row per rule that the backtest's learned segments are told by. Empty where there is no backtest."""

import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "segmentation": "str", "segment": "str", "recency_min": "float", "recency_max": "float",
    "frequency_min": "float", "frequency_max": "float", "monetary_min": "float", "monetary_max": "float",
}  # fmt: skip
# The spaces that the segmentations come from as a rule; the backtest doesn't choose between spaces.
SPACES = {"broad": "rfm_plane", "detailed": "rfm_tsne"}
# Half of what the segments in use get: the map is only needed to judge predictions by.
TSNE_ITERATIONS = 500


def model(dbt, session):
    """Clusters of the customers of the day on which the backtest freezes what it learns, as rules."""
    population = dbt.ref("int_backtest_population").order("customer_id").df()
    levels = dbt.ref("cluster_levels").df()
    settings = dbt.config.get("meta")
    if population.empty:
        return typed(None, TYPES)

    from shop_toolkit.clustering import cluster_by_silhouette
    from shop_toolkit.rules import fit_rules

    bounds = levels.set_index("space")
    tables = []
    for segmentation, space in SPACES.items():
        fewest, most = bounds.loc[space, ["fewest_clusters", "most_clusters"]]
        clusters = cluster_by_silhouette(population, space, int(fewest), int(most), TSNE_ITERATIONS)
        customers = population.merge(clusters, on="customer_id").sort_values("customer_id")
        if customers.empty:  # too few or too much alike for clusters: all are one segment
            customers = population[population["is_fitted"]].assign(cluster="all")
        segments = [f"{segmentation} cluster {cluster}" for cluster in customers["cluster"]]
        rules = fit_rules(customers, segments, int(settings["max_rules"]))
        tables.append(rules.assign(segmentation=segmentation))
    return typed(pd.concat(tables, ignore_index=True), TYPES)
