"""One row per task, newcomer and likely class of the active models. Empty where baselines are active.

The three most likely classes of each newcomer, and the most likely one of each validation sample.
"""

import json
from collections.abc import Iterator, Mapping
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
# A process fits all tasks of the same samples, which have much in common.
WORKERS = 2
# The log's words for the fits.
FITS = "classifiers of segments and interests for today"
# Of so many newcomers at once, what their tasks have in common is small enough to be kept: see `keep_results`.
ROWS_AT_ONCE = 20_000


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> Rows:
    """Predict classes from today by the active models, trained on all that is complete."""
    active = dbt.ref("int_active_classification_models").filter("tuned_parameters is not null").order("task").df()
    samples = dbt.ref("int_classification_samples").filter("prediction_run = 'live'")
    known = with_fewer_to_train(samples.filter("role in ('train', 'validation')"), CLASS_TRAINING_ROWS, ["task"])
    known, features = with_features(known, dbt.ref("int_sample_features"))
    known = known.select(*NEEDED, *features)
    if active.empty:
        return typed(None, TYPES)

    from shop_toolkit.grids import tuned_grids
    from shop_toolkit.parallel import PARALLEL_SAMPLES
    from shop_toolkit.prediction import do_by_samples, fit_calibrated

    labelled = {task: known.filter(f"task = '{task}'").order("sample_number").df() for task in active["task"]}
    jobs = {
        task: (labelled[task], features, tuned_grids(json.loads(parameters), "classes"), 1)
        for task, parameters in zip(active["task"], active["tuned_parameters"], strict=True)
    }
    workers = WORKERS if sum(map(len, labelled.values())) >= PARALLEL_SAMPLES else 1
    fits = do_by_samples(fit_calibrated, jobs, labelled, workers, FITS)
    fitted = {task: fit for task, fit in fits.items() if fit is not None}
    best = dict(zip(active["task"], active["model"], strict=True))
    # The tasks' samples of newcomers are mostly the same, and have the same features: they are read once.
    flags = "".join(f", bool_or(task = '{task}') as {flag_of(task)}" for task in fitted)
    newcomers = samples.filter("role = 'predict'").aggregate("sample_number, role" + flags)
    newcomers = with_features(newcomers, dbt.ref("int_sample_features"))[0]
    return gathered(session, predictions(newcomers, labelled, fitted, best), TYPES)


def flag_of(task: str) -> str:
    """The column that says whether a sample belongs to a task."""
    return f"is_of_task_{task}"


def predictions(
    newcomers: duckdb.DuckDBPyRelation,
    labelled: Mapping[str, pd.DataFrame],
    fitted: Mapping[str, Any],
    best: Mapping[str, str],
) -> Iterator[pd.DataFrame]:
    """Predict the classes of all tasks' validation samples and newcomers.

    Args:
        newcomers: A row per sample to predict, with its features, and whether it belongs to each task.
        labelled: By task, the samples that the models were fitted to.
        fitted: By task, the fitted models, `CalibratedFits`; a task without any is left out.
        best: By task, the name of the active model.

    Yields:
        One table per task and batch, with the columns of `TYPES`.
    """
    from shop_toolkit.prediction import keep_results

    same = {
        task: {"task": pd.Categorical([task]), **labelled[task].iloc[0][["horizon_days", "origin_date"]]}
        for task in fitted
    }
    for task, fits in fitted.items():
        validation = labelled[task][labelled[task]["role"] == "validation"]
        if len(validation):
            by_model = {best[task]: fits.validation[best[task]]}
            yield with_columns(fits.trained.ranked(validation, by_model, 1), same[task])
    for batch in in_batches(newcomers, "sample_number"):
        for start in range(0, len(batch), ROWS_AT_ONCE):
            rows = batch.iloc[start : start + ROWS_AT_ONCE]
            tables = []
            with keep_results():
                for task, fits in fitted.items():
                    its_own = rows[rows[flag_of(task)]]
                    if len(its_own):
                        by_model = {best[task]: fits.retrained.probabilities_by(its_own, best[task])}
                        ranked = fits.retrained.ranked(its_own, by_model, MOST_LIKELY)
                        tables.append(with_columns(ranked, same[task]))
            yield from tables


def with_columns(table: pd.DataFrame, same: Mapping[str, Any]) -> pd.DataFrame:
    """A table with columns that are the same in all of its rows."""
    repeated = {name: one.repeat(len(table)) if isinstance(one, pd.Categorical) else one for name, one in same.items()}
    return table.assign(**repeated)
