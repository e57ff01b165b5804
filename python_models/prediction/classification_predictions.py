"""One row per task, newcomer of today and likely class, of the models in use. Empty where naive guesses are in use.

The three likeliest classes of each newcomer, and the likeliest of those that a model was tuned by.
"""

import pandas as pd
from shop_toolkit.tables import in_batches, typed

TYPES = {
    "task": "str", "model": "str", "settings": "str", "role": "str", "outcome": "str", "horizon_days": "int32",
    "sample_number": "int64", "outcome_rank": "int32", "probability": "float", "origin_date": "datetime64[us]",
}  # fmt: skip
LIKELIEST = 3
# Whole tasks at once: the fits of one are too small to share out.
WORKERS = 2
# What the log says of them.
FITS = ("models of segments and interests for today", "fits")


def model(dbt, session):
    """Classes foretold from today by the models that the backtest found best, trained on all that is complete."""
    in_use = dbt.ref("int_active_models").filter("task <> 'spend' and not is_baseline").order("task").df()
    settled = dbt.ref("int_tuned_parameters").df()
    frames = dbt.ref("int_classification_samples").filter("prediction_run = 'live'")
    features = dbt.ref("int_sample_features").columns
    if in_use.empty:
        return typed(None, TYPES)

    from shop_toolkit.grids import tuned_grids
    from shop_toolkit.parallel import PARALLEL_SAMPLES, in_parallel
    from shop_toolkit.prediction import fit_calibrated, rank_classes

    names = [feature for feature in features if feature != "sample_number"]
    jobs, best_of = [], dict(zip(in_use["task"], in_use["model"], strict=True))
    for task in best_of:
        texts = settled[settled["task"] == task].set_index("model")["settings"].to_dict()
        learned = frames.filter(f"task = '{task}' and role in ('train', 'validation')").order("sample_number").df()
        jobs.append((learned, names, tuned_grids(texts, "classes"), 1))
    workers = WORKERS if sum(len(learned) for learned, *_ in jobs) >= PARALLEL_SAMPLES else 1
    tables = []
    for job, (tuned, fitted) in zip(jobs, in_parallel(fit_calibrated, jobs, workers, *FITS), strict=True):
        if fitted is None:
            continue
        same = job[0].iloc[0][["task", "horizon_days", "origin_date"]]
        best = best_of[same["task"]]
        validation = job[0][job[0]["role"] == "validation"]
        told = [rank_classes(tuned.predict(validation, best), 1)] if len(validation) else []
        newcomers = frames.filter(f"task = '{same['task']}' and role = 'predict'")
        for batch in in_batches(newcomers, "sample_number"):
            told.append(rank_classes(fitted.predict(batch, best), LIKELIEST))
        tables += [table.assign(**same) for table in told]
    return typed(pd.concat(tables, ignore_index=True) if tables else None, TYPES)
