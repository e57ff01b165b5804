"""One row per version and candidate grouping by interests: how good it is, and are its clusters found again?"""

from typing import Any

import duckdb
from shop_toolkit.registry import Rows, pending_version, with_stored_rows

TYPES = {
    "space": "str", "algorithm": "str", "setting": "str", "failure_reason": "str", "model_version": "int32",
    "k": "int32", "customer_count": "int64", "clusters_found": "int32",
    "smallest_share": "float", "noise_share": "float", "silhouette": "float",
    "calinski_harabasz": "float", "davies_bouldin": "float", "bic": "float", "explained_variance": "float",
    "full_bootstrap_samples": "Int32", "full_bootstrap_draws": "Int32",
    "full_min_jaccard": "float", "full_mean_adjusted_rand": "float",
    "rough_bootstrap_samples": "Int32", "rough_bootstrap_draws": "Int32",
    "rough_min_jaccard": "float", "rough_mean_adjusted_rand": "float",
}  # fmt: skip
KEY = ["space", "algorithm", "k"]


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Metrics and stability of every candidate, or the reason why it has none; SQL decides which stability counts."""
    settings = dbt.config.get("meta")
    versions = dbt.ref("model_versions")
    population = dbt.ref("int_fit_population")
    features = dbt.ref("int_interest_features").filter("is_fitted").limit(1)
    maps = dbt.ref("interest_map").order("feature")
    located = dbt.ref("int_interest_coordinates").filter("is_fitted").order("customer_id")
    all_labels = dbt.ref("interest_candidate_labels").order("k, customer_id")
    version = pending_version(dbt, session, versions)
    if version is None:
        return with_stored_rows(dbt, session, [], TYPES)

    from shop_toolkit.candidate_spaces import describe_interest_space, with_facts_of_spaces
    from shop_toolkit.clustering import INTERESTS, measure_candidates, measure_stability

    of_version = f"model_version = {version}"
    labels, coordinates = all_labels.filter(of_version).df(), located.df().assign(space=INTERESTS)
    customers = len(population.filter(of_version).fetchall())
    space = describe_interest_space(customers, len(features.fetchall()) > 0, maps.filter(of_version).df())
    counts = range(2, int(settings["max_clusters"]) + 1)
    metrics = with_facts_of_spaces(measure_candidates(coordinates, labels, [INTERESTS], counts), space)
    samples = int(settings["bootstrap_samples"])
    for effort, finalists in (("full", labels[KEY].drop_duplicates()), ("rough", None)):
        stability = measure_stability(coordinates, labels, finalists, samples).set_index(KEY)
        metrics = metrics.join(stability.add_prefix(f"{effort}_"), on=KEY)
    return with_stored_rows(dbt, session, [metrics.assign(model_version=version)], TYPES)
