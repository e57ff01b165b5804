"""Where the descriptions of a catalogue lie in its text space, and why there may be nothing to learn from."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from shop_toolkit.categories.text_space import TEXT_DIMENSIONS, learn_text_space
from shop_toolkit.categories.words import words_of

# Fewer different descriptions share too few words to show which belong together.
FEWEST_DESCRIPTIONS = 10

COORDINATES = tuple(f"x{number:02}" for number in range(1, TEXT_DIMENSIONS + 1))

CATALOGUE_COLUMNS = ("product_count", "described_products", "different_descriptions", "failure_reason")

TEXT_COLUMNS = ("product_id", "is_fitted", "given_category", "known_words", "price", *COORDINATES)


def describe_catalogue(products: pd.DataFrame) -> pd.DataFrame:
    """Count the texts that there are to learn from.

    Args:
        products: As for `describe_texts`; only fitted ones are counted.

    Returns:
        One row: product_count, described_products, different_descriptions (they differ in more than case, digits and
        signs) and failure_reason, why nothing can be learned (None if it can, or if the categories are given).

    Raises:
        ValueError: A column is missing, or a product has two rows.
    """
    rows = sorted_products(products)
    fitted = rows[rows["is_fitted"]]
    texts = [" ".join(words_of(text)) for text in fitted["description"]]
    described, different = sum(map(bool, texts)), len(set(texts) - {""})
    problem = None if fitted["given_category"].notna().any() else _catalogue_problem(texts)
    row = (len(fitted), described, different, problem)
    return pd.DataFrame([row], columns=list(CATALOGUE_COLUMNS))


def _catalogue_problem(texts: Sequence[str]) -> str | None:
    different = set(texts) - {""}
    if not texts:
        return "no products"
    if not different:
        return "no product has a description in words"
    if len(different) == 1:
        return "all products have the same description"
    if len(different) < FEWEST_DESCRIPTIONS:
        return f"{len(different)} different descriptions only: categories take {FEWEST_DESCRIPTIONS}"
    words = [set(text.split()) for text in different]
    if sum(map(len, words)) == len(set().union(*words)):
        return "no two descriptions share a word"
    return None


def describe_texts(products: pd.DataFrame) -> pd.DataFrame:
    """Place the description of each product in the text space of the catalogue.

    Args:
        products: One row per product: product_id, description (text, may be None), revenue and price (money; price is
            the typical one of a unit, may be missing). It may hold is_fitted: the space is learned from fitted products
            alone, so that products of a later day change nothing; without the column all are fitted. The caller bounds
            their number: 20,000 take 2 s here, and about half a minute to fit and refit as all candidates. It may hold
            given_category (text or None), too: where any is given, nothing is learned and no text is placed.

    Returns:
        One row per product: product_id, is_fitted, given_category, known_words, price and x01..x24, coordinates of
        length 1 in all (see `learn_text_space`): the cosine of two products is their similarity, and Euclidean
        distances order pairs the same way. A product whose words no other one has lies at the origin, known_words 0.
        Dimensions that a small catalogue does not have are 0. `price` is the median price of fitted products with equal
        words, so that equal descriptions share a category; without any, the product's own. Empty where
        `describe_catalogue` gives a reason.

    Raises:
        ValueError: A column is missing, or a product has two rows.
    """
    rows = sorted_products(products)
    if describe_catalogue(products)["failure_reason"].iloc[0]:
        return pd.DataFrame(columns=list(TEXT_COLUMNS))
    prices = typical_prices(rows["description"], rows["price"], rows["is_fitted"])
    if rows["given_category"].notna().any():
        nowhere = coordinate_columns(np.zeros((len(rows), TEXT_DIMENSIONS)))
        columns = {name: rows[name] for name in ("product_id", "is_fitted", "given_category")}
        return pd.DataFrame(columns | {"known_words": 0, "price": prices} | nowhere)[list(TEXT_COLUMNS)]
    space = learn_text_space(rows.loc[rows["is_fitted"], "description"], prices[rows["is_fitted"]])
    with threadpool_limits(1):
        points, known = space.place(rows["description"].tolist())
    columns = {
        "product_id": rows["product_id"],
        "is_fitted": rows["is_fitted"],
        "given_category": None,
        "known_words": known,
        "price": prices,
    }
    return pd.DataFrame(columns | coordinate_columns(points))[list(TEXT_COLUMNS)]


def coordinate_columns(points: np.ndarray) -> dict[str, np.ndarray]:
    """Columns x01..x24 of points (n, d); dimensions beyond d are 0."""
    padded = np.pad(points, ((0, 0), (0, TEXT_DIMENSIONS - points.shape[1])))
    return {name: padded[:, i] for i, name in enumerate(COORDINATES)}


def typical_prices(descriptions: pd.Series, prices: pd.Series, is_fitted: pd.Series) -> pd.Series:
    """Median price of fitted products with equal words; where no fitted one has them, the product's own."""
    texts = pd.Series([" ".join(words_of(text)) for text in descriptions], index=descriptions.index)
    known = prices.where(prices > 0)
    medians = known[is_fitted].groupby(texts[is_fitted]).median()
    return texts.map(medians).astype(float).fillna(known)


def sorted_products(products: pd.DataFrame) -> pd.DataFrame:
    """Products sorted by their id, with one type per column, checked as `describe_texts` promises."""
    missing = {"product_id", "description", "revenue", "price"} - set(products.columns)
    if missing:
        raise ValueError(f"The products lack {', '.join(sorted(missing))}.")
    rows = products.sort_values("product_id", ignore_index=True)
    if rows["product_id"].duplicated().any():
        raise ValueError("A product has two rows.")
    fitted = rows["is_fitted"].astype(bool) if "is_fitted" in rows else True
    description = rows["description"].astype(object).where(rows["description"].notna(), None)
    given = rows["given_category"].astype(object) if "given_category" in rows else pd.Series(None, rows.index, object)
    numbers = {name: pd.to_numeric(rows[name]).astype(float) for name in ("revenue", "price")}
    rows = rows.assign(
        is_fitted=fitted, description=description, given_category=given.where(given.notna(), None), **numbers
    )
    return rows[["product_id", "description", "revenue", "price", "is_fitted", "given_category"]]
