"""How well learned product categories agree with those that somebody gave.

`python -m benchmarks.categories FILE` reads a CSV of products with their categories (columns product_id,
product_description, sub_category or category, and unit_price if there is one), learns categories from the names alone,
and prints for each number of them: the gates, stability, and the agreement with the given ones. The given categories
are used for that alone: the row marked `chosen` is the one that `models/products/int_category_candidates.sql` chooses
without them. Beside it stand TF-IDF vectors, the textbook's way.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.preprocessing import normalize

from benchmarks.public_protocol import ROOT  # noqa: F401 - it makes the toolkit importable

from shop_toolkit.categories import (  # isort: skip
    describe_texts,
    fit_category_candidates,
    measure_category_candidates,
    measure_category_stability,
    name_categories,
)
from shop_toolkit.categories.words import words_of  # isort: skip

# The gates of int_category_candidates.
LEAST_SHARE, MOST_OTHER, LEAST_STABILITY = 0.01, 0.05, 0.75


def purity(given: np.ndarray, found: np.ndarray) -> float:
    """Share (0..1) of the products (n,) that are of the commonest given category of their found one."""
    cells = pd.crosstab(given, found).to_numpy()
    return float(cells.max(axis=0).sum() / cells.sum())


def agreement(given: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Normalised mutual information, adjusted Rand index and purity of categories found (n,) with those given (n,)."""
    return {
        "nmi": float(normalized_mutual_info_score(given, found)),
        "ari": float(adjusted_rand_score(given, found)),
        "purity": purity(given, found),
    }


def products_of(path: Path) -> tuple[pd.DataFrame, np.ndarray]:
    """Products as `describe_texts` takes them, sorted by their ids, and the category given to each (n,)."""
    rows = pd.read_csv(path).sort_values("product_id", ignore_index=True)
    given = rows["sub_category" if "sub_category" in rows else "category"].to_numpy()
    price = rows.get("unit_price", np.nan)
    products = rows.rename(columns={"product_description": "description"}).assign(price=price, revenue=1.0)
    return products[["product_id", "description", "price", "revenue"]], given


def judge(products: pd.DataFrame, given: np.ndarray, samples: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Learn categories and compare them with those given.

    Args:
        products: Rows as `products_of` returns them.
        given: The category given to each (n,).
        samples: Resamples of the stability.

    Returns:
        One row per number of categories (k, gates, stability, agreement, is_chosen), and the labels of all.
    """
    texts = describe_texts(products)
    labels = fit_category_candidates(texts)
    rows = measure_category_candidates(texts, labels).merge(measure_category_stability(texts, labels, samples), on="k")
    found = {k: group.sort_values("product_id")["category_id"].to_numpy() for k, group in labels.groupby("k")}
    agreements = pd.DataFrame([agreement(given, found[k]) for k in rows["k"]])
    rows = pd.concat([rows, agreements], axis=1)
    passes = (
        rows["failure_reason"].isna()
        & (rows["smallest_share"] >= LEAST_SHARE)
        & (rows["other_share"] <= MOST_OTHER)
        & (rows["mean_jaccard"] >= LEAST_STABILITY)
    )
    best = rows[passes].sort_values(["mean_jaccard", "silhouette"], ascending=False)["k"].head(1)
    shown = ["k", "smallest_share", "other_share", "silhouette", "mean_jaccard", *agreements.columns]
    return rows[shown].assign(is_chosen=rows["k"].isin(best)), labels


def by_tfidf(products: pd.DataFrame, k: int) -> np.ndarray:
    """Categories (n,) by KMeans on the hundred leading dimensions of TF-IDF vectors."""
    vectors = TfidfVectorizer(analyzer=words_of, min_df=2).fit_transform(products["description"])
    dense = TruncatedSVD(min(100, vectors.shape[1] - 1), random_state=0).fit_transform(vectors)
    found: np.ndarray = KMeans(k, n_init=10, random_state=0).fit_predict(normalize(dense))
    return found


def main() -> None:
    """Print the table, and the names of the categories that are chosen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--samples", type=int, default=20, help="resamples of the stability")
    arguments = parser.parse_args()
    products, given = products_of(arguments.file)
    rows, labels = judge(products, given, arguments.samples)
    print(rows.round(3).to_string(index=False))
    for k in rows.loc[rows["is_chosen"], "k"]:
        textbook = agreement(given, by_tfidf(products, int(k)))
        print(f"TF-IDF, k = {k}:", {name: round(value, 3) for name, value in textbook.items()})
        named = name_categories(products, labels[labels["k"] == k])
        print(named[["category_name", "product_count", "top_terms"]].to_string(index=False))


if __name__ == "__main__":
    main()
