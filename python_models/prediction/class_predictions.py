"""One row per task, newcomer of today and likely class, of the models in use. Empty where naive guesses are in use.

The three likeliest classes of each newcomer, and the likeliest of those that a model was tuned by.
"""

import json

import pandas as pd
from shop_toolkit.tables import in_batches, typed

TYPES = {
    "task": "str", "model": "str", "settings": "str", "role": "str", "outcome": "str", "horizon_days": "int32",
    "frame_number": "int64", "outcome_rank": "int32", "probability": "float", "origin_date": "datetime64[us]",
}  # fmt: skip
LIKELIEST = 3


def model(dbt, session):
    """Classes foretold from today by the models that the backtest found best, trained on all that is complete."""
    in_use = dbt.ref("int_models_in_use").filter("task <> 'spend' and not is_baseline").order("task").df()
    known = dbt.ref("int_settings_in_use").df()
    frames = dbt.ref("int_class_frames").filter("study = 'live'")
    features = dbt.ref("int_frame_features").columns
    settings = dbt.config.get("meta")
    if in_use.empty:
        return typed(None, TYPES)

    from shop_toolkit.grids import settled_grids
    from shop_toolkit.learners import VOTE, fit_calibrated, rank_outcomes

    names = [feature for feature in features if feature != "frame_number"]
    tables = []
    for task, best in zip(in_use["task"], in_use["model"], strict=True):
        asked = frames.filter(f"task = '{task}'")
        learned = asked.filter("role in ('train', 'validation')").order("frame_number").df()
        if learned.empty:
            continue
        texts = known[known["task"] == task].set_index("model")["settings"].to_dict()
        grids = settled_grids(texts, json.loads(settings["class_grids"]), "classes")
        tried = grids if best == VOTE else {best: grids[best]}
        tuned, fitted = fit_calibrated(learned, names, tried)
        validation = learned[learned["role"] == "validation"]
        told = [rank_outcomes(tuned.foretell(validation, best), 1)] if len(validation) else []
        newcomers = asked.filter("role = 'predict'")
        for batch in in_batches(newcomers, "frame_number"):
            told.append(rank_outcomes(fitted.foretell(batch, best), LIKELIEST))
        same = learned.iloc[0]
        tables += [
            t.assign(task=task, horizon_days=same["horizon_days"], origin_date=same["origin_date"]) for t in told
        ]
    return typed(pd.concat(tables, ignore_index=True) if tables else None, TYPES)
