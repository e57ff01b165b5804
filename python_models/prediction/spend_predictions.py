"""One row per customer of today: the spend foretold by the model in use. Empty where a naive guess is in use."""

import json

import pandas as pd
from shop_toolkit.tables import typed

TYPES = {"model": "str", "settings": "str", "frame_number": "int64", "amount": "float"}
# Customers foretold at once: of millions the features would not fit in memory together.
BATCH_VECTORS = 50


def model(dbt, session):
    """Spend foretold from today by the model that the backtest found best, trained on all that is complete."""
    in_use = dbt.ref("int_models_in_use").filter("task = 'spend' and not is_baseline").df()
    frames = dbt.ref("int_spend_frames").filter("study = 'live'")
    features = dbt.ref("int_frame_features").columns
    settings = dbt.config.get("meta")
    train = frames.filter("role = 'train'").order("frame_number").df() if len(in_use) else None
    if train is None or train.empty:
        return typed(None, TYPES)

    from shop_toolkit.learners import fit_amounts

    best = in_use["model"].iloc[0]
    names = [feature for feature in features if feature != "frame_number"]
    (fitted,) = fit_amounts(train, names, {best: json.loads(settings["spend_grids"])[best]})
    asked = frames.filter("role = 'predict'")
    tables = []
    while len(batch := asked.fetch_df_chunk(BATCH_VECTORS)):
        tables.append(fitted.foretell(batch))
    return typed(pd.concat(tables, ignore_index=True) if tables else None, TYPES)
