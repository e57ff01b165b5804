"""One row per origin, model and frame that the backtest judges by: the spend foretold. Empty without a backtest."""

import json

import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "model": "str", "settings": "str", "sample_number": "int64", "amount": "float", "origin_date": "datetime64[us]",
}  # fmt: skip


def model(dbt, session):
    """Spend foretold from each origin by models that were trained on what was complete by then."""
    frames = dbt.ref("int_spend_samples").filter("prediction_run = 'backtest'").order("origin_date, sample_number").df()
    features = dbt.ref("int_sample_features").columns
    settings = dbt.config.get("meta")
    if frames.empty:
        return typed(None, TYPES)

    from shop_toolkit.prediction import forecast_amounts, tune

    names = [feature for feature in features if feature != "sample_number"]
    origins = [(origin, rows) for origin, rows in frames.groupby("origin_date")]
    # Tuned at the earliest origin, the settings have seen nothing that the others predict.
    grids = tune("amounts", origins[0][1], names, json.loads(settings["spend_param_grids"]))
    tables = [forecast_amounts(rows, names, grids).assign(origin_date=origin) for origin, rows in origins]
    return typed(pd.concat(tables, ignore_index=True), TYPES)
