"""The text space: words with a weight and a direction each, learned from a catalogue."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from shop_toolkit.categories.words import same_words, words_of
from shop_toolkit.clustering.names import SEED

# The centres of 25 categories, as many as there may be, span 24 dimensions; in fewer, kinds share one.
TEXT_DIMENSIONS = 24

# In a small catalogue each word would have a dimension of its own, and no two would be close.
DESCRIPTIONS_PER_DIMENSION = 4

# A word of one description joins it to nothing; in a large catalogue the company of two or three is chance.
FEWEST_WORD_DESCRIPTIONS = 2

SMALLEST_WORD_SHARE = 0.0008

# Neighbours that a word is given beforehand in the proportions of the whole catalogue, so that the few
# neighbours of a rare word do not count as a peculiar company.
PRIOR_NEIGHBOURS = 50.0

# What a word counts grows with the square of what distinguishes it.
WEIGHT_EXPONENT = 2

# Fewer different descriptions with a price show nothing of their words.
FEWEST_PRICES = 100

# As many products of any price are added to those of a word, so that two of one price prove nothing.
PRIOR_PRICES = 5.0

# What is left of the weight of a word that says nothing of the price, and of one at the end that says less of it.
PRICE_FLOOR = 0.1
SIDE_FLOOR = 0.25

# The words at one end have to explain this much more of the prices than those at the other.
SIDE_MARGIN = 1.1

# Levy, Goldberg & Dagan 2015: flattens the frequencies of neighbours, else the rarest rule.
NEIGHBOUR_EXPONENT = 0.75

# Shorter vectors are rounding errors of words outside the dimensions kept.
SHORTEST_VECTOR = 1e-6


class TextSpace(NamedTuple):
    """Words (w,) with a weight (w,) and a direction (w, d) each, learned from a catalogue."""

    words: np.ndarray
    weights: np.ndarray
    directions: np.ndarray

    def place(self, descriptions: Sequence[str | None]) -> tuple[np.ndarray, np.ndarray]:
        """Place descriptions in the space.

        Args:
            descriptions: Texts (n,), or None.

        Returns:
            Points (n, d) of length 1, a description without a known word at the origin; and how many of its words each
            description (n,) shares with the space.
        """
        found = CountVectorizer(analyzer=words_of, binary=True)
        try:
            counts = sparse.csr_array(found.fit_transform(descriptions), dtype=float)
        except ValueError:  # no words at all
            return np.zeros((len(descriptions), self.directions.shape[1])), np.zeros(len(descriptions), dtype=int)
        # A word that the space has not seen borrows its meaning from a form that it has.
        similarity = same_words(found.get_feature_names_out(), self.words)
        present = _at_most_one(counts @ similarity)
        weighted = normalize(present * self.weights[None, :])
        known = (counts @ (similarity.sum(axis=1) > 0).astype(float)).astype(int)
        points = np.asarray(weighted @ self.directions)
        return unit_vectors(points), known


def learn_text_space(
    descriptions: Iterable[str | None], prices: Iterable[float] | None = None, dimensions: int = TEXT_DIMENSIONS
) -> TextSpace:
    """Learn the space of the words that at least two different descriptions share, forms of one word together.

    1. Pieces of words join word forms (`same_words`).
    2. Which words stand together in a description is counted and turned into positive pointwise mutual
       information; at most `dimensions` leading ones of its singular value decomposition, scaled by the root of the
       singular values, are the direction of each word (Levy, Goldberg & Dagan 2015, "Improving distributional
       similarity with lessons learned from word embeddings").
    3. A word weighs the square of how peculiar its company is (Kullback–Leibler divergence, in nats, of its neighbours
       from all neighbours: little for `pink`, much for `necklace`), times what it says of the price (`price_shares`)
       and how near it stands to the end where the thing is named (`thing_sides`). A kind of thing has its price,
       a colour or a pattern hasn't.

    Args:
        descriptions: Texts (n,), or None; each different one counts once, whatever their order.
        prices: Price of a unit (n,), NaN where it is not known; None where no price is.
        dimensions: Dimensions at most; a small catalogue has fewer.

    Returns:
        The space.

    Raises:
        ValueError: No two descriptions share a word.
    """
    # Sorted, so that the order of the rows decides nothing; equal but for case and signs is equal.
    texts = [" ".join(words_of(text)) for text in descriptions]
    known = pd.Series([math.nan] * len(texts) if prices is None else prices, dtype=float)
    price_of = known.where(known > 0).groupby(texts).median().drop("", errors="ignore").sort_index()
    different = price_of.index.tolist()
    log_prices = np.log(price_of.to_numpy())
    words, present, positions = _shared_words(different)
    together = _neighbours(present)
    weights = (
        peculiarity(together) * price_shares(present, log_prices) * thing_sides(different, positions, log_prices)
    ) ** WEIGHT_EXPONENT
    if not weights.any():  # every word in every description
        weights = np.ones(len(weights))
    dimensions = min(dimensions, math.ceil(len(different) / DESCRIPTIONS_PER_DIMENSION), together.shape[0])
    with threadpool_limits(1):
        decomposition = TruncatedSVD(dimensions, random_state=SEED)
        decomposition.fit(_mutual_information(together))
    directions = decomposition.components_.T * np.sqrt(decomposition.singular_values_)
    return TextSpace(words, weights, unit_vectors(directions))


def _shared_words(texts: Sequence[str]) -> tuple[np.ndarray, sparse.csr_array, np.ndarray]:
    """Words (w,) that several of the texts (n,) share, how much (0..1) each text holds of each (n, w), and where.

    Where a word stands (w,) is the mean over its forms' places, from 0 for the first word of a text to 1 for the last.
    """
    found = CountVectorizer(analyzer=str.split, binary=True)
    counts = sparse.csr_array(found.fit_transform(texts), dtype=float)
    words = found.get_feature_names_out()
    similarity = same_words(words, words)
    forms = (similarity > 0).astype(float)
    shared = np.asarray((counts @ forms > 0).sum(axis=0)).ravel()
    shared = shared >= max(FEWEST_WORD_DESCRIPTIONS, SMALLEST_WORD_SHARE * len(texts))
    if not shared.any():
        raise ValueError("No two descriptions share a word.")
    places = _places(texts, found.vocabulary_)
    positions = forms.T @ places[0] / (forms.T @ places[1])
    return words[shared], _at_most_one(counts @ sparse.csr_array(similarity[:, shared])), positions[shared]


def _places(texts: Sequence[str], vocabulary: Mapping[str, int]) -> np.ndarray:
    """Sum of the places (0..1 in its text) of each word, and how often it occurs (2, v)."""
    sums = np.zeros((2, len(vocabulary)))
    for text in texts:
        words = text.split()
        for place, word in enumerate(words):
            sums[:, vocabulary[word]] += (place / (len(words) - 1) if len(words) > 1 else 1.0, 1.0)
    return sums


def _at_most_one(values: sparse.csr_array) -> sparse.csr_array:
    values = sparse.csr_array(values)
    values.data = np.minimum(values.data, 1.0)
    return values


def _neighbours(present: sparse.csr_array) -> sparse.csr_array:
    """Descriptions (w, w) that hold both words; a word that always stands alone is its own neighbour."""
    together = sparse.csr_array(present.T @ present)
    together = sparse.csr_array(together - sparse.diags_array(together.diagonal()))
    together.eliminate_zeros()
    alone = np.asarray(together.sum(axis=1)).ravel() == 0
    return sparse.csr_array(together + sparse.diags_array(alone.astype(float)))


def peculiarity(together: sparse.csr_array) -> np.ndarray:
    """How peculiar the company of each word is.

    Args:
        together: How many descriptions hold both words (w, w).

    Returns:
        Kullback–Leibler divergences (w,), in nats, of each word's neighbours from all words' neighbours.
        `PRIOR_NEIGHBOURS` in the proportions of the whole are added to each word's: where the neighbours are few, the
        divergence is near 0.
    """
    whole = np.asarray(together.sum(axis=0)).ravel() / together.sum()
    own = np.asarray(together.sum(axis=1)).ravel()
    cells = together.tocoo()
    row, column = cells.coords
    expected = whole[column]
    share = (cells.data + PRIOR_NEIGHBOURS * expected) / (own[row] + PRIOR_NEIGHBOURS)
    met = np.bincount(row, share * np.log(share / expected), minlength=len(own))
    never_met = np.maximum(1 - np.bincount(row, expected, minlength=len(own)), 0)
    shrink = PRIOR_NEIGHBOURS / (own + PRIOR_NEIGHBOURS)
    return np.maximum(met + never_met * shrink * np.log(shrink), 0)


def price_shares(present: sparse.csr_array, log_prices: np.ndarray) -> np.ndarray:
    """How much each word says of the price.

    Args:
        present: How much (0..1) each description holds of each word (n, w).
        log_prices: Logarithm of the price of each description (n,), NaN where it is not known.

    Returns:
        `PRICE_FLOOR` plus the share (0..1) of the variance of the logarithms that is gone among the descriptions with
        the word (w,); `PRIOR_PRICES` descriptions of the usual variance are added to each. All 1 where fewer than
        `FEWEST_PRICES` descriptions have a price, or all have the same.
    """
    known = _known_prices(log_prices)
    if known is None:
        return np.ones(present.shape[1])
    holds = (present[known] > 0).astype(float)
    values = log_prices[known] - log_prices[known].mean()
    usual = (values**2).mean()
    count = np.asarray(holds.sum(axis=0)).ravel()
    mean = holds.T @ values / np.maximum(count, 1)
    squares = holds.T @ values**2 - count * mean**2
    explained = 1 - (squares + PRIOR_PRICES * usual) / ((count + PRIOR_PRICES) * usual)
    shares: np.ndarray = PRICE_FLOOR + np.maximum(explained, 0)
    return shares


def thing_sides(texts: Sequence[str], positions: np.ndarray, log_prices: np.ndarray) -> np.ndarray:
    """How near each word stands to the end of descriptions where the thing is named.

    English and German say what a thing is last (`red wine glass`), French and Russian first. Which it is the prices
    show: a kind of thing has its price, so the words at that end explain more of them.

    Args:
        texts: Words of each description (n,), with blanks between.
        positions: Where each word stands (w,), from 0 for the first to 1 for the last.
        log_prices: Logarithm of the price of each description (n,), NaN where it is not known.

    Returns:
        `SIDE_FLOOR` plus the nearness (0..1) to that end (w,). All 1 where neither end explains `SIDE_MARGIN` times
        as much as the other, or there are too few prices (see `price_shares`).
    """
    known = _known_prices(log_prices)
    if known is None:
        return np.ones(len(positions))
    ends = [np.array([text.split()[end] for text in texts])[known] for end in (0, -1)]
    first, last = (_explained(words, log_prices[known]) for words in ends)
    if last > SIDE_MARGIN * first:
        return SIDE_FLOOR + positions
    if first > SIDE_MARGIN * last:
        return SIDE_FLOOR + 1 - positions
    return np.ones(len(positions))


def _known_prices(log_prices: np.ndarray) -> np.ndarray | None:
    """Which descriptions (n,) have a price; None where fewer than `FEWEST_PRICES` do, or all have the same."""
    known: np.ndarray = ~np.isnan(log_prices)
    return None if known.sum() < FEWEST_PRICES or np.ptp(log_prices[known]) == 0 else known


def _explained(words: np.ndarray, values: np.ndarray) -> float:
    """Share of the variance of values (n,) that groups of equal words (n,) explain; two usual ones join each group."""
    groups = pd.Series(values).groupby(words)
    count, usual = groups.size(), values.var()
    within = (groups.var(ddof=0) * count + 2 * usual) / (count + 2)
    return float(1 - (within * count).sum() / count.sum() / usual)


def _mutual_information(together: sparse.csr_array) -> sparse.csr_array:
    """log(share of the pair / share expected by chance) (w, w), 0 where negative."""
    own = np.asarray(together.sum(axis=1)).ravel()
    flattened = own**NEIGHBOUR_EXPONENT
    flattened /= flattened.sum()
    cells = together.tocoo()
    row, column = cells.coords
    values = np.log(cells.data / (own[row] * flattened[column]))
    information = sparse.csr_array((np.maximum(values, 0), (row, column)), shape=together.shape)
    information.eliminate_zeros()
    return information


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Rows (n, d) at length 1; rows that are rounding errors at the origin."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(lengths > SHORTEST_VECTOR, vectors / np.maximum(lengths, SHORTEST_VECTOR), 0.0)
