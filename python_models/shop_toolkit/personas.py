"""Names for clusters: each cluster's profile is matched to the persona prototype it fits, all at once."""

import shop_toolkit.scientific  # isort: skip # noqa: F401 - before any other that loads SciPy

from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

POSITIONS = ("recency", "frequency", "monetary")
PERSONA_COLUMNS = ("cluster", "persona", "distance")
# What must hold of a cluster's medians: its measure by the prefix of a persona's bounds.
CONDITIONS = {
    "orders": "median_frequency",
    "absence": "absence_gaps",
    "tenure": "tenure_gaps",
    "spend": "spend_ratio",
}
# How much each position says of a cluster's value.
VALUE_WEIGHTS = pd.Series({"recency": 2.0, "frequency": 1.0, "monetary": 1.0})
# More than any assignment costs.
UNTRUE = 1e6


def assign_personas(profiles: pd.DataFrame, prototypes: pd.DataFrame, poor_fit_distance: float) -> pd.DataFrame:
    """Name each cluster by the persona that it fits.

    Of all assignments in which each persona names at most one cluster, this is the one with the least total distance
    (Kuhn 1955, "The Hungarian method for the assignment problem"). The distance is Euclidean in three positions from 0
    to 1, 1 best: the share of customers that are worse, so that they mean the same in any shop and currency. A persona
    whose conditions a cluster's medians don't meet is no name for it, however near.

    Args:
        profiles: One row per cluster: cluster, the positions recency, frequency and monetary (0..1), and the measures
            of `CONDITIONS` (orders, gaps, gaps, ratio); a missing one meets conditions that bound nothing.
        prototypes: One row per persona: persona, its positions, and the bounds of its conditions (`orders_min`,
            inclusive, to `spend_max`, exclusive), missing where unbounded.
        poor_fit_distance: What a cluster without a name costs, in the units of the distance (0 to the square root of
            3): no persona is given at a larger one.

    Returns:
        One row per cluster: cluster, persona and distance; None and NaN where none fits. With more clusters than
        personas those that fit worst have no name.

    Raises:
        ValueError: A persona or a cluster has two rows, or a position is missing or outside 0 to 1.
    """
    for table, key in ((profiles, "cluster"), (prototypes, "persona")):
        if table[key].duplicated().any():
            raise ValueError(f"A {key} has two rows.")
        positions = table[list(POSITIONS)].to_numpy(dtype=float)
        if not ((positions >= 0) & (positions <= 1)).all():
            raise ValueError(f"Positions of each {key} must lie between 0 and 1.")
    clusters = profiles.sort_values("cluster", ignore_index=True)
    personas = prototypes.sort_values("persona", ignore_index=True)
    distances = np.linalg.norm(_positions(clusters)[:, None, :] - _positions(personas)[None, :, :], axis=2)
    distances[~meets_conditions(clusters, personas)] = UNTRUE
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


def value_orders(customers: pd.DataFrame, population: pd.DataFrame) -> dict[Any, int]:
    """What clusters that have no names are worth: by where their medians stand among all customers.

    Recency counts twice: by this measure the prototypes of personas have the value order of their segments.

    Args:
        customers: One row per clustered customer, with the cluster and the columns of the population.
        population: All customers: recency_days (days), frequency (orders), monetary (money).

    Returns:
        The value order by cluster, 1 worth most.
    """
    worth = positions_of(customers, population) @ VALUE_WEIGHTS
    orders: dict[Any, int] = worth.rank(method="dense", ascending=False).astype(int).to_dict()
    return orders


def positions_of(customers: pd.DataFrame, population: pd.DataFrame) -> pd.DataFrame:
    """The share of customers that are worse than the median of each cluster; ties count by half.

    The model int_cluster_profiles is the same in SQL, of the active version.

    Args:
        customers: As for `value_orders`.
        population: As for `value_orders`.

    Returns:
        One row per cluster: recency, frequency and monetary from 0 to 1, 1 best.
    """
    positions = {}
    # More days since the last order are worse, fewer orders and less money are.
    for position, measure, sign in zip(POSITIONS, ("recency_days", "frequency", "monetary"), (-1, 1, 1), strict=True):
        medians = customers[measure].astype(float).groupby(customers["cluster"]).median()
        ahead = np.sign(sign * (medians.to_numpy()[:, None] - population[measure].to_numpy(dtype=float)))
        positions[position] = pd.Series((ahead.mean(axis=1) + 1) / 2, medians.index)
    return pd.DataFrame(positions)


def meets_conditions(clusters: pd.DataFrame, personas: pd.DataFrame) -> np.ndarray:
    """Whether the medians of each cluster (n) meet the conditions of each persona (m): flags (n, m).

    The macro `persona_fits` is the same in SQL.
    """
    meets = np.full((len(clusters), len(personas)), fill_value=True)
    for condition, measure in CONDITIONS.items():
        values = clusters[measure].to_numpy(dtype=float)[:, None]
        least, below = (personas[f"{condition}_{side}"].to_numpy(dtype=float) for side in ("min", "max"))
        meets &= np.isnan(least) | (values >= least)
        meets &= np.isnan(below) | (values < below)
    return meets


def _positions(table: pd.DataFrame) -> np.ndarray:
    positions: np.ndarray = table[list(POSITIONS)].to_numpy(dtype=float)
    return positions
