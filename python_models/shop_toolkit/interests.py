"""The linear map from what customers buy to the few coordinates that they are grouped by."""

import shop_toolkit.scientific  # isort: skip # noqa: F401 - before any other that loads SciPy

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

AXES = ("x", "y", "z")
MAP_COLUMNS = ("feature", "mean", "scale", *AXES, "explained_variance")


def fit_interest_map(features: pd.DataFrame) -> pd.DataFrame:
    """Fit the principal components of the standardised features of customers.

    Args:
        features: One row per customer and feature: customer_id, feature and value; a value without a row is 0.

    Returns:
        One row per feature: feature, mean, scale, its loadings x, y and z, and explained_variance (share of the
        variance that the three keep, 0..1, the same on each row). A coordinate of a customer is the sum of
        (value - mean) / scale × loading over all features; a component that these customers do not have is 0. Empty
        where there are fewer than two different customers.
    """
    wide = features.pivot(index="customer_id", columns="feature", values="value").fillna(0.0).sort_index()
    wide = wide[sorted(wide.columns)]
    values = wide.to_numpy(dtype=float)
    if len(np.unique(values, axis=0)) < 2:
        return pd.DataFrame(columns=list(MAP_COLUMNS))
    scaler = StandardScaler().fit(values)
    with threadpool_limits(1):
        components = PCA(min(len(AXES), *values.shape), svd_solver="full").fit(scaler.transform(values))
    loadings = np.zeros((len(AXES), values.shape[1]))
    loadings[: len(components.components_)] = components.components_
    columns = {"feature": wide.columns, "mean": scaler.mean_, "scale": scaler.scale_}
    columns |= dict(zip(AXES, loadings, strict=True))
    columns["explained_variance"] = float(components.explained_variance_ratio_.sum())
    return pd.DataFrame(columns)[list(MAP_COLUMNS)]
