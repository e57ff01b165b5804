"""One row per model and customer judged by the public exercise: the cluster told, and the one that came."""

import json

from shop_toolkit.tables import typed

TYPES = {
    "model": "str", "settings": "str", "sample_number": "int64",
    "actual": "str", "outcome": "str", "probability": "float",
}  # fmt: skip
CLUSTERS = 11
# The clusters also see how many baskets there were, and the least and greatest of them.
HIDDEN = ("baskets", "least_basket", "greatest_basket")
KEYS = ("role", "customer_id", "sample_number")


def model(dbt, session):
    """Clusters of customers by baskets and categories, told from the mean basket and the categories alone."""
    customers = dbt.ref("int_public_protocol").order("sample_number").df()
    settings = dbt.config.get("meta")
    counts = customers["role"].value_counts()
    if min(counts.get("train", 0), counts.get("test", 0)) <= CLUSTERS:
        return typed(None, TYPES)

    from shop_toolkit.prediction import VOTE, label_by_clusters, predict_classes, rank_classes

    measures = [column for column in customers if column not in KEYS]
    customers["outcome"] = label_by_clusters(customers, measures, CLUSTERS)
    grids = json.loads(settings["classification_param_grids"])
    features = [measure for measure in measures if measure not in HIDDEN]
    told = rank_classes(predict_classes(customers, features, grids), 1)
    told = told[told["model"].isin([VOTE, "logistic_regression"])]
    actual = customers.set_index("sample_number")["outcome"].rename("actual")
    return typed(told.join(actual, on="sample_number"), TYPES)
