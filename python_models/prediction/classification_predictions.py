"""One row per task, newcomer and likely class of the active models. Empty where baselines are active.

The three most likely classes of each newcomer, and the most likely one of each validation sample.
"""

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.registry import Rows
from shop_toolkit.tables import CLASS_TRAINING_ROWS, gathered, in_batches, typed, with_features, with_fewer_to_train

TYPES = {
    "task": "str", "model": "str", "settings": "str", "role": "str", "outcome": "str", "horizon_days": "int32",
    "sample_number": "int64", "outcome_rank": "int32", "probability": "float", "origin_date": "datetime64[us]",
}  # fmt: skip
NEEDED = ["task", "horizon_days", "origin_date", "sample_number", "customer_id", "role", "outcome"]
MOST_LIKELY = 3
# A process fits whole tasks: the fits of one task are too small to share out.
WORKERS = 2
# The log's words for the fits.
FITS = ("classifiers of segments and interests for today", "fits")


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Predict classes from today by the active models, trained on all that is complete."""
    active = dbt.ref("int_active_classification_models").filter("tuned_parameters is not null").order("task").df()
    samples = dbt.ref("int_classification_samples").filter("prediction_run = 'live'")
    known = with_fewer_to_train(samples.filter("role in ('train', 'validation')"), CLASS_TRAINING_ROWS, ["task"])
    known, features = with_features(known, dbt.ref("int_sample_features"))
    known = known.select(*NEEDED, *features)
    samples = with_features(samples, dbt.ref("int_sample_features"))[0].select(*NEEDED, *features)
    if active.empty:
        return typed(None, TYPES)

    from shop_toolkit.grids import tuned_grids
    from shop_toolkit.parallel import PARALLEL_SAMPLES, in_parallel
    from shop_toolkit.prediction import fit_calibrated

    jobs = []
    for task, parameters in zip(active["task"], active["tuned_parameters"], strict=True):
        labelled = known.filter(f"task = '{task}'")
        grids = tuned_grids(json.loads(parameters), "classes")
        jobs.append((labelled.order("sample_number").df(), features, grids, 1))
    workers = WORKERS if sum(len(labelled) for labelled, *_ in jobs) >= PARALLEL_SAMPLES else 1
    fits = in_parallel(fit_calibrated, jobs, workers, *FITS)
    predicted = (
        table
        for task, best, (labelled, *_), models in zip(active["task"], active["model"], jobs, fits, strict=True)
        if models is not None
        for table in predictions(samples.filter(f"task = '{task}'"), labelled, best, models)
    )
    return gathered(session, predicted, TYPES)


def predictions(samples: duckdb.DuckDBPyRelation, labelled: pd.DataFrame, best: str, models: Any) -> Iterator[Any]:
    """Predict the classes of a task's validation samples and newcomers.

    Args:
        samples: All samples of the task.
        labelled: Those that the models were fitted to.
        best: Name of the active model.
        models: The fitted models, `CalibratedFits`.

    Yields:
        One table per batch, with the columns of `TYPES`.
    """
    same = labelled.iloc[0][["task", "horizon_days", "origin_date"]]
    validation = labelled[labelled["role"] == "validation"]
    if len(validation):
        yield models.trained.ranked(validation, {best: models.validation[best]}, 1).assign(**same)
    for batch in in_batches(samples.filter("role = 'predict'"), "sample_number"):
        by_model = models.retrained.probabilities(batch)
        yield models.retrained.ranked(batch, {best: by_model[best]}, MOST_LIKELY).assign(**same)
