"""One row per task, origin, model, sample and class of the backtest: its probability. Empty without a backtest.

Of validation samples only the most likely class.
"""

import json
from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.registry import Rows
from shop_toolkit.tables import CLASS_TRAINING_ROWS, typed, typed_categories, with_features, with_fewer_to_train

TYPES = {
    "task": "str", "model": "str", "settings": "str", "role": "str", "outcome": "str", "horizon_days": "int32",
    "sample_number": "int64", "outcome_rank": "int32", "probability": "float", "origin_date": "datetime64[us]",
}  # fmt: skip
KEYS = ["task", "origin_date", "horizon_days"]
NEEDED = [*KEYS, "sample_number", "customer_id", "role", "outcome"]
# A process fits all tasks of an origin's samples: these fits are too small to share out, and have much in common.
WORKERS = 2
# The log's words for both steps.
TUNING, ORIGINS = "parameters of the classifiers", "backtest of the classifiers"


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Predict classes from each origin by models that were trained on what was complete by then."""
    samples = dbt.ref("int_classification_samples").filter("prediction_run = 'backtest'")
    settings = dbt.config.get("meta")
    samples = with_fewer_to_train(samples, CLASS_TRAINING_ROWS, KEYS)
    samples, features = with_features(samples, dbt.ref("int_sample_features"))
    rows = samples.order("task, origin_date, sample_number").select(*NEEDED, *features).df()
    if rows.empty:
        return typed(None, TYPES)

    from shop_toolkit.parallel import PARALLEL_SAMPLES
    from shop_toolkit.prediction import do_by_samples, join_categories, predict_ranks, tune

    grids = json.loads(settings["classification_param_grids"])
    rows_of = dict(list(rows.groupby(KEYS)))
    workers = WORKERS if len(rows) >= PARALLEL_SAMPLES else 1
    # Tuned at a task's earliest origin, the parameters have seen nothing that the others predict.
    earliest: dict[str, tuple[Any, ...]] = {}
    for key in rows_of:
        earliest.setdefault(key[0], key)
    tuning = {key: ("classes", rows_of[key], features, grids, 1) for key in earliest.values()}
    tuned = do_by_samples(tune, tuning, rows_of, workers, TUNING)
    jobs = {key: (rows, features, tuned[earliest[key[0]]], 1) for key, rows in rows_of.items()}
    predicted = do_by_samples(predict_ranks, jobs, rows_of, workers, ORIGINS)
    tables = [
        table.assign(task=pd.Categorical([task]).repeat(len(table)), origin_date=origin, horizon_days=days)
        for (task, origin, days), table in predicted.items()
        if len(table)
    ]
    return typed_categories(session, join_categories(tables), TYPES) if tables else typed(None, TYPES)
