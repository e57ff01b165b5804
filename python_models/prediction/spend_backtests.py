"""One row per origin, model and later sample of the backtest: the spend predicted. Empty without a backtest."""

import json
from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import AMOUNT_TRAINING_ROWS, typed, with_features, with_fewer_to_train

TYPES = {
    "model": "str", "settings": "str", "sample_number": "int64", "amount": "float", "origin_date": "datetime64[us]",
}  # fmt: skip
NEEDED = ["origin_date", "sample_number", "customer_id", "role", "amount"]


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Predict spend from each origin by models that were trained on what was complete by then."""
    samples = dbt.ref("int_spend_samples").filter("prediction_run = 'backtest'")
    settings = dbt.config.get("meta")
    samples = with_fewer_to_train(samples, AMOUNT_TRAINING_ROWS, ["origin_date"])
    samples, features = with_features(samples, dbt.ref("int_sample_features"))
    rows = samples.order("origin_date, sample_number").select(*NEEDED, *features).df()
    if rows.empty:
        return typed(None, TYPES)

    from shop_toolkit.prediction import forecast_amounts, tune

    origins = list(rows.groupby("origin_date"))
    # Tuned at the earliest origin, the parameters have seen nothing that the others predict. What was known there also
    # chooses the model: by validation samples, from a date of their own.
    earliest = next((samples for _, samples in origins if (samples["role"] == "test").any()), origins[0][1])
    grids = tune("amounts", earliest, features, json.loads(settings["spend_param_grids"]))
    tables = [forecast_amounts(rows, features, grids).assign(origin_date=origin) for origin, rows in origins]
    return typed(pd.concat(tables, ignore_index=True), TYPES)
