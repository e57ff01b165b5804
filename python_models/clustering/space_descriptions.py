"""One row per space: how much of the customers it shows, or why it shows nothing. Empty where no fit is due."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "space": "str",
    "failure_reason": "str",
    "customers": "int64",
    "dimensions": "int32",
    "explained_variance": "float",
}


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """What each space that the seed lists makes of the customers that are fitted."""
    population = dbt.ref("int_fit_population").filter("is_fitted").order("customer_id").df()
    levels = dbt.ref("cluster_levels").order("space").df()
    features = dbt.ref("int_interests_to_fit").limit(1).df()
    interest_map = dbt.ref("interest_map").order("feature").df()
    if population.empty:
        return typed(None, TYPES)

    from shop_toolkit.clustering import INTERESTS, describe_spaces

    spaces = levels["space"].tolist()
    tables = [describe_spaces(population, [space for space in spaces if space != INTERESTS])]
    if INTERESTS in spaces:
        problem = None
        if features.empty:
            problem = "no product categories that customers could be interested in"
        elif interest_map.empty:
            problem = "one customer only" if len(population) == 1 else "all customers alike"
        description = {"space": INTERESTS, "failure_reason": problem, "customers": len(population), "dimensions": 3}
        tables.append(pd.DataFrame([description | {"explained_variance": interest_map["explained_variance"].max()}]))
    return typed(pd.concat(tables, ignore_index=True), TYPES)
