"""Whether a candidate's categories are found again among other products: the bootstrap of Hennig 2007."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from shop_toolkit.categories.candidates import (
    ALGORITHM,
    OTHER,
    Texts,
    categories_of,
    categorise,
    count_problem,
    texts_of,
    worth_workers,
)
from shop_toolkit.clustering.names import SEED
from shop_toolkit.clustering.stability import recovery
from shop_toolkit.parallel import in_parallel

# Resamples per candidate, refitted from fewer starts than the fit had: the figure errs on the unstable side.
BOOTSTRAP_SAMPLES = 20

BOOTSTRAP_STARTS = 3

BOOTSTRAP_BLOCK = 5

STABILITY_COLUMNS = ("algorithm", "k", "bootstrap_samples", "min_jaccard", "mean_jaccard", "mean_adjusted_rand")


def measure_category_stability(
    texts: pd.DataFrame, labels: pd.DataFrame, samples: int = BOOTSTRAP_SAMPLES, workers: int = 2
) -> pd.DataFrame:
    """How surely the categories of each candidate are found again among other products.

    The scheme of Hennig 2007 as in `clustering.measure_stability`: draw products with replacement; categorise the
    distinct ones (3 cold starts, the same rules for other); match each category to the most similar new one. The text
    space stays as it is: this is the stability of the categories given the space.

    Args:
        texts: What `describe_texts` returns.
        labels: What `fit_category_candidates` returns.
        samples: Resamples of each candidate.
        workers: Processes; resamples depend on their number only, so any number gives the same rows.

    Returns:
        One row per candidate with two categories or more. min_jaccard (0..1) is that of the least stable category,
        mean_jaccard the mean over categories (a category under 0.5 has dissolved, from 0.75 it is stable);
        mean_adjusted_rand compares both categorisations, other being a group. bootstrap_samples counts the resamples
        they rest on.

    Raises:
        ValueError: The labels are not of the products that have texts.
    """
    data = texts_of(texts)
    data = data.take(data.fitted)
    keys, jobs = [], []
    for k, rows in labels.groupby("k"):
        chosen = rows[rows["product_id"].isin(data.products)].sort_values("product_id")
        categories = categories_of(data, chosen)
        if categories.max(initial=OTHER) < 1:
            continue
        for start in range(0, samples, BOOTSTRAP_BLOCK):
            keys.append(k)
            jobs.append((data, int(k), categories, range(start, min(start + BOOTSTRAP_BLOCK, samples))))
    outcomes: dict[int, list[tuple[np.ndarray, float]]] = {}
    refitted_blocks = in_parallel(
        _refit_block, jobs, worth_workers(data, workers), "stability of product categories", "rounds of refits"
    )
    for k, block in zip(keys, refitted_blocks, strict=True):
        outcomes.setdefault(k, []).extend(block)
    rows = []
    for k, refitted in outcomes.items():
        jaccards = np.array([jaccard for jaccard, _ in refitted])
        # A category without a product in any resample was never found again: 0.
        per_category = np.nansum(jaccards, axis=0) / np.maximum((~np.isnan(jaccards)).sum(axis=0), 1)
        rand = float(np.mean([rand for _, rand in refitted]))
        rows.append((ALGORITHM, k, samples, float(per_category.min()), float(per_category.mean()), rand))
    return pd.DataFrame(rows, columns=list(STABILITY_COLUMNS))


def _refit_block(data: Texts, k: int, categories: np.ndarray, numbers: Iterable[int]) -> list[tuple[np.ndarray, float]]:
    """Jaccard coefficient per category (c,) and adjusted Rand index of each of a few refits."""
    outcomes = []
    for number in numbers:
        random = np.random.default_rng([SEED, number])
        drawn = np.unique(random.integers(len(categories), size=len(categories)))
        sample = data.take(drawn)
        refitted = np.full(len(drawn), OTHER)
        if not count_problem(sample, k):
            refitted = categorise(sample, k, BOOTSTRAP_STARTS, number)[0]
        outcomes.append(recovery(categories[drawn], refitted, categories.max() + 1))
    return outcomes
