"""One row per task, origin, model, frame and class of the backtest: how likely it seemed. Empty without a backtest.

Of the frames that a model was tuned by only the likeliest class.
"""

import json

import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "task": "str", "model": "str", "settings": "str", "role": "str", "outcome": "str", "horizon_days": "int32",
    "sample_number": "int64", "outcome_rank": "int32", "probability": "float", "origin_date": "datetime64[us]",
}  # fmt: skip
KEYS = ["task", "origin_date", "horizon_days"]
# Whole origins at once: the fits of one are too small to share out.
WORKERS = 2
# What the log says of them.
SETTINGS, ORIGINS = ("settings of the class models", "tasks"), ("backtest of classes", "origins foretold from")


def model(dbt, session):
    """Classes foretold from each origin by models that were trained on what was complete by then."""
    frames = (
        dbt.ref("int_classification_samples")
        .filter("prediction_run = 'backtest'")
        .order("task, origin_date, sample_number")
        .df()
    )
    features = dbt.ref("int_sample_features").columns
    settings = dbt.config.get("meta")
    if frames.empty:
        return typed(None, TYPES)

    from shop_toolkit.parallel import PARALLEL_SAMPLES, in_parallel
    from shop_toolkit.prediction import predict_classes, rank_classes, tune

    names = [feature for feature in features if feature != "sample_number"]
    grids = json.loads(settings["classification_param_grids"])
    frames_of = dict(list(frames.groupby(KEYS)))
    workers = WORKERS if len(frames) >= PARALLEL_SAMPLES else 1
    # Tuned at the earliest origin of a task, the settings have seen nothing that the others predict.
    earliest = {}
    for task, *origin in frames_of:
        earliest.setdefault(task, (task, *origin))
    jobs = [("classes", frames_of[key], names, grids, 1) for key in earliest.values()]
    settled = dict(zip(earliest, in_parallel(tune, jobs, workers, *SETTINGS), strict=True))
    jobs = [(rows, names, settled[key[0]], 1) for key, rows in frames_of.items()]
    tables = []
    for key, told in zip(frames_of, in_parallel(predict_classes, jobs, workers, *ORIGINS), strict=True):
        ranked = rank_classes(told)
        ranked = ranked[(ranked["role"] == "test") | (ranked["outcome_rank"] == 1)]
        tables.append(ranked.assign(**dict(zip(KEYS, key, strict=True))))
    return typed(pd.concat(tables, ignore_index=True), TYPES)
