"""Candidate categories: KMeans of the descriptions, what fits no category, and products that are new."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from fastcluster import linkage_vector
from scipy import sparse
from threadpoolctl import threadpool_limits

from shop_toolkit.categories.catalogue import COORDINATES, coordinate_columns, typical_prices
from shop_toolkit.categories.text_space import learn_text_space, unit_vectors
from shop_toolkit.clustering.kmeans import kmeans_from
from shop_toolkit.clustering.names import NOISE, number_clusters

ALGORITHM = "kmeans"
# The shop's own categories: the only candidate where there are any.
GIVEN = "given"

CATEGORY_COUNTS = (4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 22, 25)

# A tree of more products takes memory with the square of their number; the others join by KMeans.
TREE_PRODUCTS = 5000

# Category of products that fit none.
OTHER = NOISE

# A product less similar (cosine) to the nearest centre than this fits no category: that is an angle of 60
# degrees, where members of a category are at 35 in the mean.
ODD_SIMILARITY = 0.5

# Fewer products than this are odd ones that happen to be alike.
SMALLEST_CATEGORY = 3

# Centres this equally similar to a product leave the choice to the price.
PRICE_TIE = 0.01

LABEL_COLUMNS = ("algorithm", "k", "product_id", "category_id", "similarity", "learned_group")

PLACED_COLUMNS = ("product_id", "known_words", "price", "category_id", "similarity", *COORDINATES)


class Texts(NamedTuple):
    """Products in the order of their ids: ids (n,), points (n, d), prices (n,), which are fitted (n,)."""

    products: np.ndarray
    points: np.ndarray
    prices: np.ndarray
    fitted: np.ndarray

    def take(self, rows: np.ndarray) -> "Texts":
        """These rows alone: numbers (m,) or a mask (n,)."""
        return Texts(*(values[rows] for values in self))


def texts_of(texts: pd.DataFrame) -> Texts:
    """What `describe_texts` returns, as arrays."""
    rows = texts.sort_values("product_id")
    points = np.ascontiguousarray(rows[list(COORDINATES)].to_numpy(dtype=float))
    prices = pd.to_numeric(rows["price"]).to_numpy(dtype=float)
    return Texts(rows["product_id"].to_numpy(), points, prices, rows["is_fitted"].to_numpy(dtype=bool))


def fit_category_candidates(texts: pd.DataFrame, category_counts: Iterable[int] = CATEGORY_COUNTS) -> pd.DataFrame:
    """Fit every candidate categorisation.

    KMeans on the fitted products finds centres, from those of Ward's tree cut into as many branches: one tree serves
    all candidates, and starts that are not drawn are found again among other products. Then every product goes to the
    centre of the greatest cosine. Where others are within `PRICE_TIE` of it, the price decides: the category whose
    median price is nearest by ratio.

    Args:
        texts: What `describe_texts` returns.
        category_counts: Numbers of categories to try.

    Returns:
        One row per candidate (algorithm, k) and product:

        - category_id: numbered from 0 by descending number of fitted products. -1 is *other*: products that no category
          fits, as they share no word with another product, as their similarity is below `ODD_SIMILARITY`, or as fewer
          than `SMALLEST_CATEGORY` products are in the category
        - similarity: cosine to the nearest centre (-1..1)
        - learned_group: the group whose mean is a centre, of fitted products that have words alone, else -1. A group
          has the number of its category, and one that became other a number beyond them; `place_products` computes the
          centres from it

        A candidate that cannot be fitted has no rows. Where categories are given, they are the only candidate
        (algorithm `GIVEN`), with as many as fitted products have and similarity NaN.
    """
    if texts["given_category"].notna().any():
        return _given_labels(texts)
    data = texts_of(texts)
    possible = [k for k, problem in count_problems(data, sorted(set(category_counts))).items() if not problem]
    tables = []
    with threadpool_limits(1):
        for k, (categories, similarity, groups) in zip(possible, categorise(data, possible), strict=True):
            columns = {
                "algorithm": ALGORITHM,
                "k": k,
                "product_id": data.products,
                "category_id": categories,
                "similarity": similarity,
                "learned_group": groups,
            }
            tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(LABEL_COLUMNS))


def _given_labels(texts: pd.DataFrame) -> pd.DataFrame:
    """Labels of the categories that are given: numbered as learned ones are; what no fitted product is in is other."""
    rows = texts.sort_values("product_id", ignore_index=True)
    sizes = rows.loc[rows["is_fitted"], "given_category"].value_counts().rename_axis("name").reset_index(name="size")
    numbered = sizes.sort_values(["size", "name"], ascending=[False, True], ignore_index=True)["name"]
    numbers = dict(zip(numbered, range(len(numbered)), strict=True))
    categories = rows["given_category"].map(numbers).fillna(OTHER).astype(int)
    columns = {
        "algorithm": GIVEN,
        "k": len(numbers),
        "product_id": rows["product_id"],
        "category_id": categories,
        "similarity": math.nan,
        "learned_group": categories.where(rows["is_fitted"], NOISE),
    }
    return pd.DataFrame(columns)


def _learnable(data: Texts) -> np.ndarray:
    return data.fitted & data.points.any(axis=1)


def count_problems(data: Texts, counts: Iterable[int]) -> dict[int, str | None]:
    """Why products can't be split into each of so many categories; None where they can."""
    different = len(np.unique(data.points[_learnable(data)].round(6), axis=0))
    if not different:
        return dict.fromkeys(counts, "no descriptions to learn from")
    return {k: "fewer different descriptions than categories" if different < k else None for k in counts}


def categorise(data: Texts, counts: Sequence[int]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Split the products of a catalogue into at most as many categories as each of the counts says.

    Args:
        data: Products (n,).
        counts: Numbers of groups that KMeans looks for; `count_problems` has none with them.

    Returns:
        For each count category (n,), similarity (n,) to the nearest centre, and the group (n,) that a product was
        learned in. Category and group are -1 for other products, and for those that were not learned from.
    """
    learned = np.flatnonzero(_learnable(data))
    points = data.points[learned]
    step = math.ceil(max(len(points), 1) / TREE_PRODUCTS)
    tree = linkage_vector(points[::step], method="ward") if counts else np.empty((0, 4))
    split = []
    for k in counts:
        branches = cut_tree(tree, k)
        starts = _means(points[::step], branches)
        found = kmeans_from(points, starts)
        groups = np.full(len(data.products), NOISE)
        groups[learned] = number_clusters(found, points)
        split.append(_categories_of_groups(data, groups))
    return split


def cut_tree(tree: np.ndarray, k: int) -> np.ndarray:
    """The branches (n,) that a tree of n leaves falls into when all but its last k - 1 merges are made.

    SciPy's `fcluster` merges equally high ones together, so that fewer may be left; its `cut_tree` takes seconds.

    Args:
        tree: Merges (n - 1, 4) in their order, as `linkage_vector` returns them.
        k: Branches, at most n.

    Returns:
        Numbers of the branches, from 0.
    """
    leaves = len(tree) + 1
    parent = np.arange(2 * leaves - 1)
    merges = np.arange(max(leaves - k, 0))
    for side in (0, 1):
        parent[tree[merges, side].astype(int)] = leaves + merges
    # Each step doubles how far up a node looks, until all see their root.
    while not np.array_equal(parent, roots := parent[parent]):
        parent = roots
    return np.unique(parent[:leaves], return_inverse=True)[1]


def _categories_of_groups(data: Texts, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Category, similarity and group (n,) of the products, from the group (n,) of those that were learned from."""
    nearest, similarity = _nearest_groups(data, data, groups)
    categories = np.where(similarity < ODD_SIMILARITY, OTHER, nearest)
    sizes = np.bincount(categories[data.fitted] + 1, minlength=groups.max() + 2)[1:]
    large_enough = sizes >= SMALLEST_CATEGORY
    categories = np.where((categories != OTHER) & ~large_enough[categories], OTHER, categories)
    # Sizes have changed a little: number again, by the fitted ones; groups that became other are last.
    before = categories[data.fitted]
    numbers = np.full(len(large_enough) + 1, OTHER)
    numbers[before] = number_clusters(before, data.points[data.fitted])
    numbers[:-1][~large_enough] = large_enough.sum() + np.arange((~large_enough).sum())
    numbers[OTHER] = OTHER
    return numbers[categories], similarity, numbers[groups]


def _nearest_groups(data: Texts, learned: Texts, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Group (n,) whose centre is nearest to each product of `data`, and the cosine (n,) to it.

    `groups` (m,) are those of the products `learned`, numbered from 0; -1 is none.
    """
    in_group = groups != NOISE
    centres = unit_vectors(_means(learned.points[in_group], groups[in_group]))
    typical = _medians(np.log(learned.prices[in_group]), groups[in_group], len(centres))
    cosines = data.points @ centres.T
    nearest = _nearest(cosines, np.abs(np.log(data.prices)[:, None] - typical[None, :]))
    return nearest, cosines[np.arange(len(nearest)), nearest]


def place_products(learned: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Place new products in categories that were learned before.

    Args:
        learned: Fitted products: product_id, description, price, category_id and learned_group, as `describe_texts` and
            `fit_category_candidates` returned them. The text space is learned from them again, which gives the same.
        products: New products: product_id, description and price.

    Returns:
        One row per product of `products`, with columns as in texts and labels. It equals the row that the product would
        have had, not fitted, when the categories were learned.
    """
    fitted = learned.sort_values("product_id", ignore_index=True)
    new = products.sort_values("product_id", ignore_index=True)
    rows = pd.concat([fitted, new], keys=["fitted", "new"])[["product_id", "description", "price"]].reset_index()
    rows["description"] = rows["description"].astype(object).where(rows["description"].notna(), None)
    is_fitted = rows["level_0"] == "fitted"
    space = learn_text_space(rows.loc[is_fitted, "description"], pd.to_numeric(rows.loc[is_fitted, "price"]))
    with threadpool_limits(1):
        points, known = space.place(rows["description"].tolist())
    prices = typical_prices(rows["description"], pd.to_numeric(rows["price"]).astype(float), is_fitted)
    data = Texts(rows["product_id"].to_numpy(), points, prices.to_numpy(), is_fitted.to_numpy())
    before, after = data.take(data.fitted), data.take(~data.fitted)
    nearest, similarity = _nearest_groups(after, before, fitted["learned_group"].to_numpy(dtype=int))
    is_net = np.isin(nearest, fitted["category_id"]) & (similarity >= ODD_SIMILARITY)
    columns = {
        "product_id": after.products,
        "known_words": known[~data.fitted],
        "price": after.prices,
        "category_id": np.where(is_net, nearest, OTHER),
        "similarity": similarity,
    }
    return pd.DataFrame(columns | coordinate_columns(after.points))[list(PLACED_COLUMNS)]


def _means(points: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Means (g, d) of points (n, d) by their group (n,), numbered from 0 and none of them empty."""
    # Rows of the product add up the members one after the other, without a copy of each group.
    members = sparse.csr_array(
        (np.ones(len(groups)), np.argsort(groups, kind="stable"), np.append(0, np.bincount(groups).cumsum())),
        shape=(groups.max() + 1, len(groups)),
    )
    means: np.ndarray = members @ points / np.bincount(groups)[:, None]
    return means


def _medians(values: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    """Medians (g,) of values (n,) by their group (n,), of `count` groups, without the NaN; NaN where all are."""
    known = ~np.isnan(values)
    values, groups = values[known], groups[known]
    ordered = values[np.lexsort((values, groups))]
    sizes = np.bincount(groups, minlength=count)
    first = sizes.cumsum() - sizes
    medians = np.full(count, math.nan)
    some = sizes > 0
    low, high = (first + (sizes - 1) // 2)[some], (first + sizes // 2)[some]
    medians[some] = (ordered[low] + ordered[high]) / 2
    return medians


def _nearest(cosines: np.ndarray, price_ratios: np.ndarray) -> np.ndarray:
    """Column of the greatest cosine (n, k) per row; of ties that with the nearest price, where it is known."""
    tied = cosines >= cosines.max(axis=1, keepdims=True) - PRICE_TIE
    apart = np.where(tied & ~np.isnan(price_ratios), price_ratios, np.inf)
    by_price = (tied.sum(axis=1) > 1) & np.isfinite(apart).any(axis=1)
    nearest: np.ndarray = np.where(by_price, apart.argmin(axis=1), cosines.argmax(axis=1))
    return nearest


def categories_of(data: Texts, rows: pd.DataFrame) -> np.ndarray:
    """Categories (n,) of the products, from the rows of one candidate in the order of their ids.

    Raises:
        ValueError: The rows are of other products.
    """
    if not np.array_equal(rows["product_id"].to_numpy(), data.products):
        raise ValueError("The labels are not of the products that have texts.")
    categories: np.ndarray = rows["category_id"].to_numpy(dtype=int)
    return categories
