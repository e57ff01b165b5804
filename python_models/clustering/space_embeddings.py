"""One row per space and fitted customer: where the customer stands in it. Empty where no fit is due."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {"space": "str", "customer_id": "str", "x": "float", "y": "float", "z": "float"}


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Coordinates of the customers that are fitted, in each space that the seed lists."""
    population = dbt.ref("int_fit_population").filter("is_fitted").order("customer_id").df()
    levels = dbt.ref("cluster_levels").order("space").df()
    interests = dbt.ref("int_interest_coordinates").filter("is_fitted").order("customer_id").df()
    if population.empty:
        return typed(None, TYPES)

    # Here, as a build that fits nothing shouldn't wait for scikit-learn.
    from shop_toolkit.clustering import INTERESTS, embed

    spaces = levels["space"].tolist()
    tables = [embed(population, [space for space in spaces if space != INTERESTS])]
    if INTERESTS in spaces:
        tables.append(interests.assign(space=INTERESTS))
    return typed(pd.concat(tables, ignore_index=True), TYPES)
