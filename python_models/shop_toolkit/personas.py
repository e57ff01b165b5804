"""Names for clusters: each cluster's profile is matched to the persona prototype it fits, all at once."""

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

POSITIONS = ("recency", "frequency", "monetary")
PERSONA_COLUMNS = ("cluster", "persona", "distance")


def assign_personas(profiles: pd.DataFrame, prototypes: pd.DataFrame, poor_fit_distance: float) -> pd.DataFrame:
    """One row per cluster: its persona and the distance to that persona's prototype, or None where none fits.

    `profiles` (cluster, recency, frequency, monetary) and `prototypes` (persona, recency, frequency,
    monetary) hold positions from 0 to 1, 1 best: the share of customers that are worse, so that they mean the
    same in any shop and currency. Distance is Euclidean in these positions (0 to the square root of 3).

    Of all assignments in which each persona names at most one cluster, this is the one with the least total
    distance (Kuhn 1955, linear sum assignment). To stay nameless costs `poor_fit_distance`: no persona is
    given at a larger distance, and with more clusters than personas the worst fitting stay nameless. Their
    distance is NaN.

    Raises ValueError for a persona or a cluster that comes twice, or a position missing or outside 0 to 1.
    """
    for table, key in ((profiles, "cluster"), (prototypes, "persona")):
        if table[key].duplicated().any():
            raise ValueError(f"A {key} comes twice.")
        positions = table[list(POSITIONS)].to_numpy(dtype=float)
        if not ((positions >= 0) & (positions <= 1)).all():
            raise ValueError(f"Positions of each {key} must lie between 0 and 1.")
    clusters = profiles.sort_values("cluster", ignore_index=True)
    personas = prototypes.sort_values("persona", ignore_index=True)
    distances = np.linalg.norm(_positions(clusters)[:, None, :] - _positions(personas)[None, :, :], axis=2)
    nameless = np.full((len(clusters), len(clusters)), float(poor_fit_distance))
    rows, columns = linear_sum_assignment(np.hstack([distances, nameless]))
    named = columns < len(personas)
    persona = np.full(len(clusters), None, dtype=object)
    distance = np.full(len(clusters), np.nan)
    persona[rows[named]] = personas["persona"].to_numpy(dtype=object)[columns[named]]
    distance[rows[named]] = distances[rows[named], columns[named]]
    columns = {
        "cluster": clusters["cluster"],
        "persona": pd.Series(persona, dtype=object),
        "distance": distance,
    }
    return pd.DataFrame(columns)[list(PERSONA_COLUMNS)]


def _positions(table: pd.DataFrame) -> np.ndarray:
    positions: np.ndarray = table[list(POSITIONS)].to_numpy(dtype=float)
    return positions
