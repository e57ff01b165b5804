"""How good the categories of each candidate are."""

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from shop_toolkit.categories.candidates import (
    ALGORITHM,
    CATEGORY_COUNTS,
    GIVEN,
    OTHER,
    Texts,
    categories_of,
    count_problems,
    texts_of,
)
from shop_toolkit.clustering.metrics import SILHOUETTE_CUSTOMERS, silhouettes

METRIC_COLUMNS = (
    "algorithm", "k", "product_count", "categories_found", "smallest_share", "largest_share", "other_share",
    "silhouette", "mean_similarity", "failure_reason",
)  # fmt: skip


def measure_category_candidates(
    texts: pd.DataFrame, labels: pd.DataFrame, category_counts: Iterable[int] = CATEGORY_COUNTS
) -> pd.DataFrame:
    """Measure every candidate categorisation, on the fitted products.

    Args:
        texts: What `describe_texts` returns.
        labels: What `fit_category_candidates` returns.
        category_counts: Numbers of categories that are expected.

    Returns:
        One row per candidate (algorithm, k), also of those that were expected and have no labels:

        - product_count: fitted ones; categories_found: without other
        - smallest_share, largest_share, other_share: of fitted products (0..1)
        - silhouette: of Euclidean distances in the text space (see `clustering.metrics.silhouettes`: other counts 0, so
          that putting the difficult products there earns nothing), of an evenly spaced sample above
          `SILHOUETTE_CUSTOMERS`; higher is better, comparable within one catalogue only
        - mean_similarity: cosine to the centre, mean over products that are in a category
        - failure_reason: None, or why there are no k categories

        Categories that are given are one row, without silhouette and similarity.

    Raises:
        ValueError: The labels are not of the products that have texts.
    """
    if GIVEN in set(labels["algorithm"]):
        return _measured_as_given(texts, labels)
    data = texts_of(texts)
    found = {k: rows.sort_values("product_id") for k, rows in labels.groupby("k")}
    keys = sorted(set(category_counts) | set(found))
    step = math.ceil(max(data.fitted.sum(), 1) / SILHOUETTE_CUSTOMERS)
    fitted = [k for k in keys if k in found]
    silhouette = {}
    if fitted:
        columns = np.column_stack([categories_of(data, found[k])[data.fitted] for k in fitted])
        values = silhouettes(data.points[data.fitted][::step], columns[::step])
        silhouette = dict(zip(fitted, values, strict=True))
    problems = count_problems(data, keys)
    rows = []
    for k in keys:
        if k in found:
            rows.append(_measured(data, k, found[k], silhouette[k]))
        else:
            nothing = [math.nan] * 5
            rows.append((ALGORITHM, k, int(data.fitted.sum()), 0, *nothing, problems[k] or "not fitted"))
    return pd.DataFrame(rows, columns=list(METRIC_COLUMNS))


def _measured(data: Texts, k: int, rows: pd.DataFrame, silhouette: float) -> tuple[object, ...]:
    """The row of one candidate that has labels."""
    categories = categories_of(data, rows)[data.fitted]
    placed = categories != OTHER
    sizes = np.bincount(categories[placed])
    similarity = rows["similarity"].to_numpy(dtype=float)[data.fitted]
    return (
        ALGORITHM, k, len(categories), len(sizes),
        sizes.min() / len(categories) if len(sizes) else math.nan,
        sizes.max() / len(categories) if len(sizes) else math.nan,
        1 - placed.mean(),
        silhouette,
        similarity[placed].mean() if placed.any() else math.nan,
        None if len(sizes) == k else f"found {len(sizes)} of {k} categories only",
    )  # fmt: skip


def _measured_as_given(texts: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """The row of the categories that are given."""
    fitted = labels[labels["product_id"].isin(texts.loc[texts["is_fitted"], "product_id"])]
    sizes = fitted.loc[fitted["category_id"] != OTHER, "category_id"].value_counts()
    shares = sizes / len(fitted)
    row = (
        GIVEN, len(sizes), len(fitted), len(sizes), shares.min(), shares.max(), 1 - shares.sum(),
        math.nan, math.nan, None,
    )  # fmt: skip
    return pd.DataFrame([row], columns=list(METRIC_COLUMNS))
