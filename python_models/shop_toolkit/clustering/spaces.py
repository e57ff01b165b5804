"""The spaces that customers are clustered in, made of recency, frequency and monetary."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from shop_toolkit.clustering.names import FEATURES, RFM_SPACES, stack
from shop_toolkit.clustering.tsne import TSNE_ITERATIONS, fit_tsne

# A neighbourhood map of fewer customers shows chance, and the perplexity would have to shrink below 10.
TSNE_FEWEST_CUSTOMERS = 30

COORDINATE_COLUMNS = ("space", "customer_id", "x", "y", "z")
SPACE_COLUMNS = ("space", "customer_count", "dimensions", "explained_variance", "failure_reason")


def standardise(values: np.ndarray) -> np.ndarray:
    """Columns (n, d) with mean 0 and variance 1; a column that never varies becomes 0."""
    if not len(values):
        return values
    standardised: np.ndarray = StandardScaler().fit_transform(values)
    return standardised


def signed_log(values: np.ndarray) -> np.ndarray:
    """log(1 + v), mirrored for negative v, so that negative money keeps its order."""
    logs: np.ndarray = np.sign(values) * np.log1p(np.abs(values))
    return logs


def embed(
    population: pd.DataFrame, spaces: Sequence[str] = RFM_SPACES, tsne_iterations: int = TSNE_ITERATIONS
) -> pd.DataFrame:
    """Coordinates of the fitted customers in each space.

    Args:
        population: One row per customer: customer_id, recency_days (days), frequency (orders), monetary (money) and
            is_fitted. Only fitted customers get coordinates; the caller bounds their number.
        spaces: Some of `RFM_SPACES`.
        tsne_iterations: Steps of the t-SNE; fewer make a rougher map.

    Returns:
        One row per space and fitted customer: space, customer_id, x, y and, in three dimensions, z. A space that these
        customers do not support (`describe_spaces` gives the reason) has no rows.

    Raises:
        ValueError: A space is unknown, a column or a value is missing, or a customer has two rows.
    """
    unknown = set(spaces) - set(RFM_SPACES)
    if unknown:
        raise ValueError(f"Unknown space {sorted(unknown)}; known are {', '.join(RFM_SPACES)}.")
    fitted = fitted_customers(population)
    values = fitted[list(FEATURES)].to_numpy(dtype=float)
    tables = []
    for space in spaces:
        if _space_problem(space, values):
            continue
        points = _coordinates(space, values, tsne_iterations)
        columns = {"space": space, "customer_id": fitted["customer_id"]}
        columns |= {axis: points[:, i] if i < points.shape[1] else np.nan for i, axis in enumerate("xyz")}
        tables.append(pd.DataFrame(columns))
    return stack(tables, COORDINATE_COLUMNS)


def describe_spaces(population: pd.DataFrame, spaces: Sequence[str] = RFM_SPACES) -> pd.DataFrame:
    """What each space is made of, or why these customers do not support it.

    Args:
        population: As for `embed`.
        spaces: Some of `RFM_SPACES`.

    Returns:
        One row per space: space, customer_count (fitted ones), dimensions, explained_variance (share of the variance
        of all features, 0..1, of `rfm_plane` only) and failure_reason, why the space has no coordinates (None where it
        has).

    Raises:
        ValueError: A column or a value is missing, or a customer has two rows.
    """
    values = fitted_customers(population)[list(FEATURES)].to_numpy(dtype=float)
    rows = []
    for space in spaces:
        problem = _space_problem(space, values)
        explained = None
        if space == "rfm_plane" and not problem:
            explained = float(_principal_plane(standardise(values)).explained_variance_ratio_.sum())
        dimensions = 2 if space in ("rfm_plane", "rfm_tsne") else 3
        rows.append((space, len(values), dimensions, explained, problem))
    return pd.DataFrame(rows, columns=list(SPACE_COLUMNS)).astype({"explained_variance": float})


def fitted_customers(population: pd.DataFrame) -> pd.DataFrame:
    """The fitted rows of a population, sorted by customer_id, checked as `embed` promises."""
    missing = {"customer_id", "is_fitted", *FEATURES} - set(population.columns)
    if missing:
        raise ValueError(f"The population lacks {', '.join(sorted(missing))}.")
    fitted = population[population["is_fitted"].astype(bool)].sort_values("customer_id", ignore_index=True)
    if fitted["customer_id"].duplicated().any():
        raise ValueError("A customer has two rows in the population.")
    if fitted[list(FEATURES)].isna().any(axis=None):
        raise ValueError("A fitted customer lacks recency, frequency or monetary.")
    return fitted


def _space_problem(space: str, values: np.ndarray) -> str | None:
    if not len(values):
        return "no customers"
    if len(values) == 1:
        return "one customer only"
    different = len(np.unique(values, axis=0))
    if different == 1:
        return "all customers alike"
    if space == "rfm_tsne" and different < TSNE_FEWEST_CUSTOMERS:
        return f"fewer than {TSNE_FEWEST_CUSTOMERS} different customers: too few for a nonlinear embedding"
    return None


def _coordinates(space: str, values: np.ndarray, tsne_iterations: int) -> np.ndarray:
    """Points (n, 2) or (n, 3) of customers (n, 3) in a space that they support."""
    if space == "log_rfm":
        return standardise(signed_log(values))
    standardised = standardise(values)
    if space == "rfm_plane":
        plane: np.ndarray = _principal_plane(standardised).transform(standardised)
        return plane
    if space == "rfm_tsne":
        return fit_tsne(standardised, tsne_iterations)
    return standardised


def _principal_plane(standardised: np.ndarray) -> PCA:
    with threadpool_limits(1):
        return PCA(2, svd_solver="full").fit(standardised)
