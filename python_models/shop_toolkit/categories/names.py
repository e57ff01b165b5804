"""Names of categories: the words that distinguish each from the others."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from shop_toolkit.categories.candidates import OTHER
from shop_toolkit.categories.catalogue import sorted_products, typical_prices
from shop_toolkit.categories.text_space import WEIGHT_EXPONENT, learn_text_space
from shop_toolkit.categories.words import UNSPACED, same_words, words_of

OTHER_NAME = "other"

# Words that share this part of the products of either (Jaccard) are one expression.
SAME_PLACES = 0.8

TERMS = 6

# Shorter words of an alphabet (of, in, de, на) name nothing.
SHORTEST_TERM = 3

NAME_TERMS = 2

# A word that stands beside this share of the places of a term belongs to its expression: hot water bottle.
EXPRESSION_SHARE = 0.6

EXPRESSION_WORDS = 3

# A second term has to be that of this share of the category's products, among those without the first.
SECOND_TERM_SHARE = 0.15

# How the shop may write the plural of a term; where it doesn't, the term stays as it is.
PLURALS = ("s", "es")

TERM_COLUMNS = ("category_id", "term_rank", "term", "weight", "product_count", "share_of_category", "share_of_all")

NAME_COLUMNS = ("category_id", "category_name", "top_terms", "product_count", "revenue", "typical_price")


def distinguishing_terms(products: pd.DataFrame, labels: pd.DataFrame, terms: int = TERMS) -> pd.DataFrame:
    """The words that best distinguish each category from the others.

    A word's weight is its part of the divergence of the category from the catalogue, share_of_category ×
    log(share_of_category / share_of_all), times the root of its weight in the text space, which leaves `pink` and `set`
    behind: a class-based TF-IDF in which each fitted product counts once.

    Args:
        products: As for `describe_texts`.
        labels: product_id and category_id of one candidate.
        terms: Words per category at most.

    Returns:
        One row per category and word, the weightiest first: category_id, term_rank (from 1), term, weight,
        product_count (how many of the category hold it), share_of_category and share_of_all (0..1). Words are whole
        words; of the forms of one word (candle, candles) the weightiest stands for all, and so does one word of a
        standing expression (sunday roast). Words of one product or of two letters count only where there is no other;
        in scripts without blanks the terms are pairs of letters. Other (-1) has no terms.
    """
    categories = sorted(set(labels["category_id"]) - {OTHER})
    if not categories:
        return pd.DataFrame(columns=list(TERM_COLUMNS))
    rows = sorted_products(products).merge(labels[["product_id", "category_id"]], on="product_id", validate="1:1")
    rows = rows[rows["is_fitted"]]
    prices = typical_prices(rows["description"], rows["price"], rows["is_fitted"])
    space = learn_text_space(rows["description"], prices)
    found = CountVectorizer(analyzer=words_of, binary=True)
    counts = sparse.csr_array(found.fit_transform(rows["description"].tolist()), dtype=float)
    words = found.get_feature_names_out()
    # Without the square that brings products of a kind together: few words would name all.
    space_weights = space.weights ** (1 / WEIGHT_EXPONENT)
    word_weights = pd.Series(space_weights, index=space.words).reindex(words, fill_value=0.0).to_numpy()
    vocabulary = _Vocabulary(words, word_weights, counts)
    tables = [
        _terms_of(category, np.flatnonzero(rows["category_id"] == category), vocabulary, terms)
        for category in categories
    ]
    return pd.concat(tables, ignore_index=True)[list(TERM_COLUMNS)]


class _Vocabulary(NamedTuple):
    """Words (w,), the weight of each in the text space (w,), and which products hold them (n, w)."""

    words: np.ndarray
    weights: np.ndarray
    counts: sparse.csr_array


def _terms_of(category: int, members: np.ndarray, vocabulary: _Vocabulary, terms: int) -> pd.DataFrame:
    """The rows of one category, whose products are the rows `members` (m,) of the vocabulary's counts."""
    words, counts = vocabulary.words, vocabulary.counts
    everywhere = np.asarray(counts.sum(axis=0)).ravel()
    inside = np.asarray(counts[members].sum(axis=0)).ravel()
    share, share_of_all = inside / len(members), everywhere / counts.shape[0]
    weight = share * np.log(np.maximum(share, 1e-12) / share_of_all) * vocabulary.weights
    readable = np.array([len(word) >= SHORTEST_TERM or bool(UNSPACED.match(word)) for word in words])
    # The first of these that leaves any word.
    choices = (readable & (inside > 1), readable & (inside > 0), inside > 0)
    eligible = next((choice for choice in choices if choice.any()), choices[-1])
    order = [word for word in np.lexsort((words, -inside, -weight)) if eligible[word]]
    chosen = _different_terms(words, counts[members], order, terms)
    columns = {
        "category_id": category,
        "term_rank": range(1, len(chosen) + 1),
        "term": words[chosen],
        "weight": weight[chosen],
        "product_count": inside[chosen].astype(int),
        "share_of_category": share[chosen],
        "share_of_all": share_of_all[chosen],
    }
    return pd.DataFrame(columns)


def _different_terms(words: np.ndarray, counts: sparse.csr_array, order: Sequence[int], terms: int) -> list[int]:
    """The first `terms` of the words in this order that add something.

    Left out are other forms of a word before, and words that stand where one before stands in the products
    `counts` (n, w): of `sunday roast` one word is enough.
    """
    # The first few dozen hold enough words that differ: no need to compare thousands.
    candidates = list(order[: terms * 10])
    if not candidates:
        return []
    alike = same_words(words[candidates], words[candidates]).toarray() > 0
    held = counts[:, candidates]
    both = (held.T @ held).toarray()
    either = both.diagonal()[:, None] + both.diagonal()[None, :] - both
    alike |= both >= SAME_PLACES * either
    chosen: list[int] = []
    for i in range(len(candidates)):
        if len(chosen) < terms and not alike[i, chosen].any():
            chosen.append(i)
    return [candidates[i] for i in chosen]


def name_categories(products: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Name each category so that no other has the name.

    The name is the first distinguishing term, as the expression that it stands in (`hot water bottles`), and the next
    one where enough of the products are without the first ("necklaces, bracelets"). Where two categories would share
    it, the later one gets as many of its next terms as make it differ, and failing that its number. Category -1 is
    "other". Categories that are given keep their names, and have no terms.

    Args:
        products: As for `describe_texts`.
        labels: product_id and category_id of one candidate.

    Returns:
        One row per category: category_id, category_name, top_terms (the six distinguishing terms), and of all its
        products, fitted or not: product_count, revenue (money) and typical_price (the median price of a unit,
        money).
    """
    if labels.empty:
        return pd.DataFrame(columns=list(NAME_COLUMNS))
    rows = sorted_products(products).merge(labels[["product_id", "category_id"]], on="product_id", validate="1:1")
    named = rows.groupby("category_id", as_index=False).agg(
        product_count=("product_id", "size"), revenue=("revenue", "sum"), typical_price=("price", "median")
    )
    if rows["given_category"].notna().any():
        given = rows.drop_duplicates("category_id").set_index("category_id")["given_category"]
        named["category_name"] = named["category_id"].map(given).where(named["category_id"] != OTHER, OTHER_NAME)
        return named.assign(top_terms="")[list(NAME_COLUMNS)]
    found = distinguishing_terms(products, labels)
    terms_of = {category: group["term"].tolist() for category, group in found.groupby("category_id")}
    texts = rows["description"].map(words_of)
    vocabulary = set().union(*texts)
    expressions_of = {
        category: expressions(terms, texts[(rows["category_id"] == category) & rows["is_fitted"]].tolist(), vocabulary)
        for category, terms in terms_of.items()
    }
    names = _unique_names(sorted(set(rows["category_id"]) - {OTHER}), expressions_of) | {OTHER: OTHER_NAME}
    named["category_name"] = named["category_id"].map(names)
    named["top_terms"] = [", ".join(terms_of.get(category, [])) for category in named["category_id"]]
    return named[list(NAME_COLUMNS)]


def expressions(terms: Sequence[str], texts: Sequence[Sequence[str]], vocabulary: set[str]) -> list[str]:
    """What a category is called, best first.

    Args:
        terms: Its distinguishing terms, best first.
        texts: Words of its descriptions, in their order.
        vocabulary: All words of the catalogue.

    Returns:
        The terms as the expressions that they stand in, in the plural where the shop writes one; those that only say
        again what one before says are left out. The second is one of `SECOND_TERM_SHARE` of the descriptions that lack
        the first, or there is only one.
    """
    found: dict[str, set[str]] = {}
    for term in terms:
        words = _expression(term, texts)
        if any(set(words) & said for said in found.values()):
            continue
        plural = next((words[-1] + end for end in PLURALS if words[-1] + end in vocabulary), words[-1])
        found[" ".join([*words[:-1], plural])] = set(words) | {plural}
    if len(found) > 1:
        first, second = list(found.values())[:2]
        added = sum(bool(second & set(text)) and not first & set(text) for text in texts)
        if added < SECOND_TERM_SHARE * len(texts):
            return list(found)[:1]
    return list(found)


def _expression(term: str, texts: Sequence[Sequence[str]]) -> list[str]:
    """The words that stand around a term nearly everywhere in the texts, and the term, in their order."""
    words = [term]
    while len(words) < EXPRESSION_WORDS:
        neighbours: Counter[tuple[int, str]] = Counter()
        places = 0
        for text in texts:
            for start in range(len(text) - len(words) + 1):
                end = start + len(words)
                if list(text[start:end]) == words:
                    places += 1
                    neighbours.update([(0, text[start - 1])] if start else [])
                    neighbours.update([(1, text[end])] if end < len(text) else [])
        readable = [(count, side, word) for (side, word), count in neighbours.items() if len(word) >= SHORTEST_TERM]
        count, side, word = max(readable, default=(0, 0, ""))
        if count < max(EXPRESSION_SHARE * places, 2) or UNSPACED.match(term):
            break
        words = [*words, word] if side else [word, *words]
    return words


def _unique_names(categories: Sequence[int], terms_of: Mapping[int, list[str]]) -> dict[int, str]:
    """The name of each category, from its terms."""
    names: dict[int, str] = {}
    used = {OTHER_NAME}
    for category in categories:
        terms = terms_of.get(category, [])
        tries = [", ".join(terms[:count]) for count in range(NAME_TERMS, max(len(terms), NAME_TERMS) + 1)]
        # The number is the last resort: it means nothing, and another refit gives another.
        tries.append(f"{tries[0]} ({category})" if tries[0] else f"category {category}")
        names[category] = next(name for name in tries if name and name not in used)
        used.add(names[category])
    return names
