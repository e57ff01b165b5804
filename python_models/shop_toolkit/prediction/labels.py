"""Labels of customers by clusters of what they bought, for the public exercise that benchmarks reproduce."""

from collections.abc import Sequence

import pandas as pd
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from shop_toolkit.clustering.algorithms import KMEANS_STARTS
from shop_toolkit.prediction.estimators import SEED


def label_by_clusters(customers: pd.DataFrame, measures: Sequence[str], clusters: int) -> list[str]:
    """Label customers by KMeans of the standardised measures of those whose role is train.

    Args:
        customers: One row per customer: role and the measures.
        measures: Columns to cluster by.
        clusters: Number of clusters.

    Returns:
        The label of each customer (n,): 'cluster 0', 'cluster 1', …
    """
    values = customers[list(measures)].to_numpy(dtype=float)
    train = (customers["role"] == "train").to_numpy()
    with threadpool_limits(1):
        scaler = StandardScaler().fit(values[train])
        found = KMeans(clusters, n_init=KMEANS_STARTS, random_state=SEED).fit(scaler.transform(values[train]))
        numbers = found.predict(scaler.transform(values))
    return [f"cluster {number}" for number in numbers]
