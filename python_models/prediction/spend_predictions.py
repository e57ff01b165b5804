"""One row per model in use and customer of today: the spend foretold. Empty where a naive guess is in use."""

import pandas as pd
from shop_toolkit.tables import in_batches, typed

TYPES = {"model": "str", "settings": "str", "sample_number": "int64", "amount": "float"}


def model(dbt, session):
    """Spend foretold from today by the model that the backtest found best, trained on all that is complete."""
    settled = dbt.ref("int_tuned_parameters").filter("task = 'spend'").df()
    frames = dbt.ref("int_spend_samples").filter("prediction_run = 'live'")
    features = dbt.ref("int_sample_features").columns
    train = frames.filter("role = 'train'").order("sample_number").df() if len(settled) else None
    if train is None or train.empty:
        return typed(None, TYPES)

    from shop_toolkit.grids import tuned_grids
    from shop_toolkit.prediction import fit_amounts

    grids = tuned_grids(dict(zip(settled["model"], settled["settings"], strict=True)), "amounts")
    names = [feature for feature in features if feature != "sample_number"]
    fitted = fit_amounts(train, names, grids)
    asked = frames.filter("role = 'predict'")
    tables = [one.forecast(batch) for batch in in_batches(asked, "sample_number") for one in fitted]
    return typed(pd.concat(tables, ignore_index=True) if tables else None, TYPES)
