"""One row per task, origin, model, frame and class of the backtest: how likely it seemed. Empty without a backtest.

Of the frames that a model was tuned by only the likeliest class.
"""

import json

import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "task": "str", "model": "str", "settings": "str", "role": "str", "outcome": "str", "horizon_days": "int32",
    "frame_number": "int64", "outcome_rank": "int32", "probability": "float", "origin_date": "datetime64[us]",
}  # fmt: skip
KEYS = ["task", "origin_date", "horizon_days"]


def model(dbt, session):
    """Classes foretold from each origin by models that were trained on what was complete by then."""
    frames = dbt.ref("int_class_frames").filter("study = 'backtest'").order("task, origin_date, frame_number").df()
    features = dbt.ref("int_frame_features").columns
    settings = dbt.config.get("meta")
    if frames.empty:
        return typed(None, TYPES)

    from shop_toolkit.learners import foretell_classes, rank_outcomes, settle

    names = [feature for feature in features if feature != "frame_number"]
    grids, tables = {}, []
    for key, rows in frames.groupby(KEYS):
        # Settled at a task's earliest origin, the settings have seen nothing that the others foretell.
        task = key[0]
        if task not in grids:
            grids[task] = settle("classes", rows, names, json.loads(settings["class_grids"]))
        ranked = rank_outcomes(foretell_classes(rows, names, grids[task]))
        told = ranked[(ranked["role"] == "test") | (ranked["outcome_rank"] == 1)]
        tables.append(told.assign(**dict(zip(KEYS, key, strict=True))))
    return typed(pd.concat(tables, ignore_index=True), TYPES)
