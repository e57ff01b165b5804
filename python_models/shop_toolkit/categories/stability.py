"""Whether a candidate's categories are found again among other products: the bootstrap of Hennig 2007."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from shop_toolkit.categories.candidates import (
    ALGORITHM,
    GIVEN,
    OTHER,
    Texts,
    categories_of,
    categorise,
    count_problems,
    texts_of,
)
from shop_toolkit.clustering.names import SEED
from shop_toolkit.clustering.stability import recovery
from shop_toolkit.parallel import in_parallel

BOOTSTRAP_SAMPLES = 20

BOOTSTRAP_BLOCK = 5

# Fewer products than this are refitted in one process.
PARALLEL_PRODUCTS = 300

STABILITY_COLUMNS = ("algorithm", "k", "bootstrap_samples", "min_jaccard", "mean_jaccard", "mean_adjusted_rand")


def measure_category_stability(
    texts: pd.DataFrame, labels: pd.DataFrame, samples: int = BOOTSTRAP_SAMPLES, workers: int = 2
) -> pd.DataFrame:
    """How surely the categories of each candidate are found again among other products.

    The scheme of Hennig 2007 as in `clustering.measure_stability`: draw products with replacement; categorise the
    distinct ones as all products were, by a tree of their own and the same rules for other; match each category to the
    most similar new one. The text space stays as it is: this is the stability of the categories given the space.

    Args:
        texts: What `describe_texts` returns.
        labels: What `fit_category_candidates` returns.
        samples: Resamples of each candidate.
        workers: Processes; resamples depend on their number only, so any number gives the same rows.

    Returns:
        One row per candidate with two categories or more, none for categories that are given. min_jaccard (0..1) is
        that of the least stable category, mean_jaccard the mean over categories (a category under 0.5 has dissolved,
        from 0.75 it is stable); mean_adjusted_rand compares both categorisations, other being a group.
        bootstrap_samples counts the resamples they rest on.

    Raises:
        ValueError: The labels are not of the products that have texts.
    """
    if GIVEN in set(labels["algorithm"]):
        return pd.DataFrame(columns=list(STABILITY_COLUMNS))
    data = texts_of(texts)
    data = data.take(data.fitted)
    found = {}
    fitted = labels[labels["product_id"].isin(data.products)].sort_values(["k", "product_id"])
    for k, rows in fitted.groupby("k"):
        categories = categories_of(data, rows)
        if categories.max(initial=OTHER) >= 1:
            found[int(k)] = categories
    blocks = [range(start, min(start + BOOTSTRAP_BLOCK, samples)) for start in range(0, samples, BOOTSTRAP_BLOCK)]
    refitted = in_parallel(
        _refit_block,
        [(data, found, block) for block in blocks] if found else [],
        workers if len(data.products) >= PARALLEL_PRODUCTS else 1,
        "stability of product categories",
        "rounds of refits",
    )
    outcomes = [outcome for block in refitted for outcome in block]
    rows = []
    for k in found:
        jaccards = np.array([outcome[k][0] for outcome in outcomes])
        # A category without a product in any resample was never found again: 0.
        per_category = np.nansum(jaccards, axis=0) / np.maximum((~np.isnan(jaccards)).sum(axis=0), 1)
        rand = float(np.mean([outcome[k][1] for outcome in outcomes]))
        rows.append((ALGORITHM, k, samples, float(per_category.min()), float(per_category.mean()), rand))
    return pd.DataFrame(rows, columns=list(STABILITY_COLUMNS))


def _refit_block(
    data: Texts, found: Mapping[int, np.ndarray], numbers: Iterable[int]
) -> list[dict[int, tuple[np.ndarray, float]]]:
    """For each of a few resamples, by k: Jaccard coefficient per category (c,) and adjusted Rand index of the refit."""
    outcomes = []
    for number in numbers:
        random = np.random.default_rng([SEED, number])
        drawn = np.unique(random.integers(len(data.products), size=len(data.products)))
        sample = data.take(drawn)
        possible = [k for k, problem in count_problems(sample, found).items() if not problem]
        refitted = dict.fromkeys(found, np.full(len(drawn), OTHER))
        refitted |= {k: split[0] for k, split in zip(possible, categorise(sample, possible), strict=True)}
        outcomes.append({
            k: recovery(categories[drawn], refitted[k], categories.max() + 1) for k, categories in found.items()
        })  # fmt: skip
    return outcomes
