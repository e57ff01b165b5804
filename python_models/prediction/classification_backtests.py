"""One row per task, origin, model, sample and class of the backtest: its probability. Empty without a backtest.

Of validation samples only the most likely class.
"""

import json
from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed, with_features

TYPES = {
    "task": "str", "model": "str", "settings": "str", "role": "str", "outcome": "str", "horizon_days": "int32",
    "sample_number": "int64", "outcome_rank": "int32", "probability": "float", "origin_date": "datetime64[us]",
}  # fmt: skip
KEYS = ["task", "origin_date", "horizon_days"]
# A process fits whole origins: the fits of one origin are too small to share out.
WORKERS = 2
# The log's words for both steps.
TUNING, ORIGINS = ("parameters of the classifiers", "tasks"), ("backtest of the classifiers", "origins")


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Predict classes from each origin by models that were trained on what was complete by then."""
    samples = dbt.ref("int_classification_samples").filter("prediction_run = 'backtest'")
    settings = dbt.config.get("meta")
    samples, features = with_features(samples, dbt.ref("int_sample_features"))
    rows = samples.order("task, origin_date, sample_number").df()
    if rows.empty:
        return typed(None, TYPES)

    from shop_toolkit.parallel import PARALLEL_SAMPLES, in_parallel
    from shop_toolkit.prediction import do_in_turn, group_by_rows, predict_ranks, tune

    grids = json.loads(settings["classification_param_grids"])
    rows_of = dict(list(rows.groupby(KEYS)))
    workers = WORKERS if len(rows) >= PARALLEL_SAMPLES else 1
    # Tuned at a task's earliest origin, the parameters have seen nothing that the others predict.
    earliest: dict[str, tuple[Any, ...]] = {}
    for key in rows_of:
        earliest.setdefault(key[0], key)
    # The three segmentations are predicted from the same samples: a process that fits all three prepares them once.
    groups = group_by_rows({key: rows_of[key] for key in earliest.values()})
    jobs = [(tune, [("classes", rows_of[key], features, grids, 1) for key in group]) for group in groups]
    results = in_parallel(do_in_turn, jobs, workers, *TUNING)
    tuned = {
        key[0]: found
        for group, of_group in zip(groups, results, strict=True)
        for key, found in zip(group, of_group, strict=True)
    }
    groups = group_by_rows(rows_of)
    jobs = [(predict_ranks, [(rows_of[key], features, tuned[key[0]], 1) for key in group]) for group in groups]
    tables = []
    for group, of_group in zip(groups, in_parallel(do_in_turn, jobs, workers, *ORIGINS), strict=True):
        tables += [
            predicted.assign(**dict(zip(KEYS, key, strict=True)))
            for key, predicted in zip(group, of_group, strict=True)
        ]
    return typed(pd.concat(tables, ignore_index=True), TYPES)
