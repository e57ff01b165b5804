"""Words of a description in any script, and which of them are forms of one word."""

import functools
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

# Words whose pieces of 3 and 4 letters agree this well (cosine) count as forms of one word: candle and
# candles, фарфоровая and фарфоровый, but not light and lightning.
SAME_WORD_SIMILARITY = 0.76

# Shorter words have too few pieces to distinguish a form from another word: car and card, wall and wallet.
SHORTEST_INFLECTED = 5

WORD_PIECES = (3, 4)
# Words compared at a time.
WORD_BLOCK = 2000

APOSTROPHES = str.maketrans("", "", "'’ʼ`´")

# Thai, Lao, Burmese, Khmer, Japanese and Chinese are written without blanks between words.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


@functools.cache
def _is_letter(sign: str) -> bool:
    # Marks are the vowels of Indian scripts and the accents of others: part of the word.
    return unicodedata.category(sign)[0] in "LM"


def words_of(description: str | None) -> list[str]:
    """Split a description into words: runs of two letters or more in any script.

    Digits, signs and apostrophes are dropped (`T-LIGHT 50'S` is `light`), as sizes and counts do not describe
    the kind of product.

    Args:
        description: Text, or None.

    Returns:
        Words in their order, in lower case; of scripts without blanks each pair of neighbouring letters. None has no
        words.
    """
    if not isinstance(description, str):
        return []
    text = unicodedata.normalize("NFKC", description).lower().translate(APOSTROPHES)
    runs = "".join(sign if _is_letter(sign) else " " for sign in text).split()
    words = []
    for run in runs:
        for unspaced in UNSPACED.findall(run):
            words += [unspaced[i : i + 2] for i in range(len(unspaced) - 1)] or [unspaced]
        words += [part for part in UNSPACED.sub(" ", run).split() if len(part) > 1]
    return words


def _pieces(word: str) -> list[str]:
    """Pieces of a word from its beginning on; its end is not marked, as that is where forms differ."""
    if len(word) < SHORTEST_INFLECTED:
        return [word]
    marked = f" {word}"
    return [marked[i : i + size] for size in WORD_PIECES for i in range(len(marked) - size + 1)]


def same_words(words: Sequence[str] | np.ndarray, others: Sequence[str] | np.ndarray) -> sparse.csr_array:
    """Similarity of word forms, by the pieces that they are made of.

    Args:
        words: Words (n,).
        others: Words (m,) to compare them with.

    Returns:
        Cosines (n, m) of the pieces' indicators; those below `SAME_WORD_SIMILARITY` are 0.
    """
    pieces = CountVectorizer(analyzer=_pieces, binary=True)
    known = normalize(pieces.fit_transform(others).astype(float))
    compared = normalize(pieces.transform(words).astype(float))
    # In blocks: most pairs share a piece or two and are dropped at once.
    blocks = []
    for start in range(0, len(words), WORD_BLOCK):
        similarity = sparse.csr_array(compared[start : start + WORD_BLOCK] @ known.T)
        similarity.data[similarity.data < SAME_WORD_SIMILARITY] = 0
        similarity.eliminate_zeros()
        blocks.append(similarity)
    return sparse.csr_array(sparse.vstack(blocks))
