"""The text space: words with a weight and a direction each, learned from a catalogue."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from shop_toolkit.categories.words import same_words, words_of
from shop_toolkit.clustering.names import SEED

# On 3,659 real products 8 dimensions mix kinds, 16 make the categories less stable and add little.
TEXT_DIMENSIONS = 12

# In a small catalogue each word would have a dimension of its own, and no two would be close.
DESCRIPTIONS_PER_DIMENSION = 4

# A word of one description joins it to nothing; in a large catalogue the company of two or three is chance.
FEWEST_WORD_DESCRIPTIONS = 2

SMALLEST_WORD_SHARE = 0.0008

# Neighbours that a word is given beforehand in the proportions of the whole catalogue, so that the few
# neighbours of a rare word do not count as a peculiar company.
PRIOR_NEIGHBOURS = 50.0

# What a word counts grows with the square of how peculiar its company is: the silhouette gains 0.02.
PECULIARITY_EXPONENT = 2

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


def learn_text_space(descriptions: Iterable[str | None], dimensions: int = TEXT_DIMENSIONS) -> TextSpace:
    """Learn the space of the words that at least two different descriptions share, forms of one word together.

    1. Pieces of words join word forms (`same_words`).
    2. Which words stand together in a description is counted and turned into positive pointwise mutual
       information; at most `dimensions` leading ones of its singular value decomposition, scaled by the root of the
       singular values, are the direction of each word (Levy, Goldberg & Dagan 2015, "Improving distributional
       similarity with lessons learned from word embeddings").
    3. A word weighs its inverse document frequency times the square of how peculiar its company is (Kullback–Leibler
       divergence, in nats, of its neighbours from all neighbours): little for `pink`, much for `necklace`.

    Args:
        descriptions: Texts, or None; each different one counts once, whatever their order.
        dimensions: Dimensions at most; a small catalogue has fewer.

    Returns:
        The space.

    Raises:
        ValueError: No two descriptions share a word.
    """
    # Sorted, so that the order of the rows decides nothing; equal but for case and signs is equal.
    different = sorted({" ".join(words_of(text)) for text in descriptions} - {""})
    words, present = _shared_words(different)
    together = _neighbours(present)
    frequencies = np.asarray(present.sum(axis=0)).ravel()
    weights = np.log((1 + len(different)) / (1 + frequencies)) * peculiarity(together) ** PECULIARITY_EXPONENT
    if not weights.any():  # every word in every description
        weights = np.ones(len(weights))
    dimensions = min(dimensions, math.ceil(len(different) / DESCRIPTIONS_PER_DIMENSION), together.shape[0])
    with threadpool_limits(1):
        decomposition = TruncatedSVD(dimensions, random_state=SEED)
        decomposition.fit(_mutual_information(together))
    directions = decomposition.components_.T * np.sqrt(decomposition.singular_values_)
    return TextSpace(words, weights, unit_vectors(directions))


def _shared_words(texts: Sequence[str]) -> tuple[np.ndarray, sparse.csr_array]:
    """Words (w,) that several of the texts (n,) share, and how much (0..1) each text holds of each (n, w)."""
    found = CountVectorizer(analyzer=str.split, binary=True)
    counts = sparse.csr_array(found.fit_transform(texts), dtype=float)
    words = found.get_feature_names_out()
    similarity = same_words(words, words)
    shared = np.asarray((counts @ (similarity > 0).astype(float) > 0).sum(axis=0)).ravel()
    shared = shared >= max(FEWEST_WORD_DESCRIPTIONS, SMALLEST_WORD_SHARE * len(texts))
    if not shared.any():
        raise ValueError("No two descriptions share a word.")
    return words[shared], _at_most_one(counts @ sparse.csr_array(similarity[:, shared]))


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
