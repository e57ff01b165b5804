"""One row per fitted model and customer of today: the spend predicted. Empty where a baseline is active."""

import json
from typing import Any

import duckdb
from shop_toolkit.registry import Rows
from shop_toolkit.tables import AMOUNT_TRAINING_ROWS, gathered, in_batches, typed, with_features, with_fewer_to_train

TYPES = {"model": "str", "settings": "str", "sample_number": "int64", "amount": "float"}


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Predict spend from today by the active model, trained on all that is complete."""
    active = dbt.ref("int_active_spend_model").df()
    samples = dbt.ref("int_spend_samples").filter("prediction_run = 'live'")
    samples, features = with_features(samples, dbt.ref("int_sample_features"))
    samples = samples.select("sample_number", "customer_id", "role", "amount", *features)
    parameters = [json.loads(text) for text in active["tuned_parameters"].dropna()]
    to_train = with_fewer_to_train(samples.filter("role = 'train'"), AMOUNT_TRAINING_ROWS)
    train = to_train.order("sample_number").df() if parameters else None
    if train is None or train.empty:
        return typed(None, TYPES)

    from shop_toolkit.grids import tuned_grids
    from shop_toolkit.prediction import fit_amounts

    fitted = fit_amounts(train, features, tuned_grids(parameters[0], "amounts"))
    customers = samples.filter("role = 'predict'")
    forecasts = (one.forecast(batch) for batch in in_batches(customers, "sample_number") for one in fitted)
    return gathered(session, forecasts, TYPES)
