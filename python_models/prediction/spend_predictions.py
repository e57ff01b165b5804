"""One row per model in use and customer of today: the spend foretold. Empty where a naive guess is in use."""

import pandas as pd
from shop_toolkit.tables import in_batches, typed

TYPES = {"model": "str", "settings": "str", "frame_number": "int64", "amount": "float"}


def model(dbt, session):
    """Spend foretold from today by the model that the backtest found best, trained on all that is complete."""
    in_use = dbt.ref("int_models_in_use").filter("task = 'spend' and not is_baseline").df()
    known = dbt.ref("int_settings_in_use").filter("task = 'spend'").df()
    frames = dbt.ref("int_spend_frames").filter("study = 'live'")
    features = dbt.ref("int_frame_features").columns
    train = frames.filter("role = 'train'").order("frame_number").df() if len(in_use) else None
    if train is None or train.empty:
        return typed(None, TYPES)

    from shop_toolkit.grids import settled_grids
    from shop_toolkit.learners import fit_amounts

    best = in_use["model"].iloc[0]
    texts = dict(zip(known["model"], known["settings"], strict=True))
    grids = settled_grids(texts, "amounts")
    names = [feature for feature in features if feature != "frame_number"]
    # A combination takes what it needs of all.
    fitted = fit_amounts(train, names, {best: grids[best]} if best in grids else grids)
    asked = frames.filter("role = 'predict'")
    tables = [one.foretell(batch) for batch in in_batches(asked, "frame_number") for one in fitted]
    return typed(pd.concat(tables, ignore_index=True) if tables else None, TYPES)
