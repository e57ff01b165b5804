"""Tables that keep their column types, also without rows."""

from collections.abc import Mapping

import pandas as pd


def typed(rows: pd.DataFrame | None, types: Mapping[str, str]) -> pd.DataFrame:
    """`rows` with the columns of `types` alone, in their order and with their pandas types; None has no rows.

    A table's columns come from its data where there is any, and an empty one would be of no type: this build
    may fit nothing, and the next one adds to the same tables.
    """
    if rows is None:
        rows = pd.DataFrame(columns=list(types))
    return rows[list(types)].astype(dict(types))
