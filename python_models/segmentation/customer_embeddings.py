"""One row per customer with a net order as of the date: the position of the customer on the t-SNE plane."""

from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.registry import Rows
from shop_toolkit.tables import gathered, in_batches, typed

TYPES = {"customer_id": "str", "x": "float", "y": "float", "as_of_date": "datetime64[us]"}
FIGURES = ["recency_days", "frequency", "monetary"]


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Who has the figures of the fit stands where the fit put them; others stand among the nearest of these."""
    versions = dbt.ref("model_versions").filter("is_active")
    facts = dbt.ref("int_customer_segments").filter("frequency > 0")
    population = dbt.ref("int_fit_population").order("customer_id")
    embeddings = dbt.ref("space_embeddings").filter("space = 'rfm_tsne'").order("customer_id")
    version = max((version for (version,) in versions.select("model_version").fetchall()), default=0)
    plane = embeddings.filter(f"model_version = {version}").select("customer_id, x, y").df()
    if plane.empty:
        return typed(None, TYPES)

    # Here, as a shop without a plane shouldn't wait for scikit-learn.
    from shop_toolkit.clustering import place_customers

    fitted = population.filter(f"model_version = {version}").df()

    def placed(customers: pd.DataFrame) -> pd.DataFrame:
        unchanged = customers.merge(fitted[["customer_id", *FIGURES]], on=["customer_id", *FIGURES])["customer_id"]
        others = customers[~customers["customer_id"].isin(unchanged)]
        places = pd.concat([plane[plane["customer_id"].isin(unchanged)], place_customers(fitted, plane, others)])
        return customers[["customer_id", "as_of_date"]].merge(places, on="customer_id")

    customers = facts.select("customer_id, as_of_date, recency_days, frequency, monetary")
    return gathered(session, map(placed, in_batches(customers, "customer_id")), TYPES)
