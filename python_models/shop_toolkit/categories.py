"""Product categories learned from short descriptions: a text space, candidates, their measures, their names.

Everything here fits and measures; SQL chooses. Tables come in and go out as data frames, sorted, and are equal
from run to run whatever the number of processes and the order of rows.

Short names differ in two kinds of words: what a thing is (necklace, clock) and how it comes (pink, large, set
of). The frequent words are mostly of the second kind, and distances between bags of words sort a shop by
colour. So a word stands here for the company it keeps: pink, blue and red stand beside the same words and come
to lie together, and so do necklace and bracelet. Nothing is known of any language: no list of stop words or
colours, no stems.
"""

import functools
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize
from threadpoolctl import threadpool_limits

from shop_toolkit.clustering import NOISE, SEED, SILHOUETTE_CUSTOMERS, number_clusters, recovery, silhouettes
from shop_toolkit.parallel import in_parallel

ALGORITHM = "kmeans"
CATEGORY_COUNTS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20)
KMEANS_STARTS = 10
# Category of products that fit none.
OTHER = NOISE
OTHER_NAME = "other"

# Fewer different descriptions share too few words to say which belong together.
MINIMUM_DESCRIPTIONS = 10
# On 3,659 real products 8 dimensions mix kinds, 16 make the categories less stable and tell little more.
TEXT_DIMENSIONS = 12
# In a small catalogue each word would have a dimension of its own, and no two would come together.
DESCRIPTIONS_PER_DIMENSION = 4
COORDINATES = tuple(f"x{number:02}" for number in range(1, TEXT_DIMENSIONS + 1))

# Words whose pieces of 3 and 4 letters agree this well (cosine) are taken for forms of one word: candle and
# candles, фарфоровая and фарфоровый, but not light and lightning.
SAME_WORD_SIMILARITY = 0.76
# Shorter words have too few pieces to tell a form from another word: car and card, wall and wallet.
SHORTEST_INFLECTED = 5
WORD_PIECES = (3, 4)
# A word of one description joins it to nothing; in a large catalogue the company of two or three is chance.
MINIMUM_WORD_DESCRIPTIONS = 2
MINIMUM_WORD_SHARE = 0.0008
# Neighbours that a word is given beforehand in the proportions of the whole catalogue, so that the few
# neighbours of a rare word are not taken for a peculiar company.
PRIOR_NEIGHBOURS = 50.0
# What a word counts grows with the square of how peculiar its company is: the silhouette gains 0.02.
PECULIARITY_EXPONENT = 2
# Levy, Goldberg & Dagan 2015: flattens the frequencies of neighbours, else the rarest rule.
NEIGHBOUR_EXPONENT = 0.75
# Shorter vectors are rounding errors of words outside the dimensions kept.
SHORTEST_VECTOR = 1e-6

# A product less similar (cosine) to the nearest centre than this fits no category: that is an angle of 60
# degrees, where members of a category are at 35 in the mean.
ODD_SIMILARITY = 0.5
# Fewer products than this are odd ones that happen to be alike.
SMALLEST_CATEGORY = 3
# Centres this equally similar to a product leave the choice to the price.
PRICE_TIE = 0.01

# Refits per candidate, from fewer starts than the fit had: the figure errs on the unstable side.
BOOTSTRAP_REFITS = 20
BOOTSTRAP_STARTS = 3
BOOTSTRAP_BLOCK = 5
# To start processes takes longer than to fit fewer products than this in one.
PARALLEL_PRODUCTS = 1500

# Words that share this part of the products of either (Jaccard) are one expression.
SAME_PLACES = 0.8
TERMS = 6
# Shorter words of an alphabet (of, in, de, на) name nothing.
SHORTEST_TERM = 3
NAME_TERMS = 3

CATALOGUE_COLUMNS = ("products", "described_products", "different_descriptions", "failure_reason")
TEXT_COLUMNS = ("product_id", "is_fitted", "known_words", "price", *COORDINATES)
LABEL_COLUMNS = ("algorithm", "k", "product_id", "category", "similarity", "learned_group")
PLACED_COLUMNS = ("product_id", "known_words", "price", "category", "similarity", *COORDINATES)
MEASURE_COLUMNS = (
    "algorithm", "k", "products", "categories_found", "smallest_share", "largest_share", "other_share",
    "silhouette", "mean_similarity", "failure_reason",
)  # fmt: skip
STABILITY_COLUMNS = ("algorithm", "k", "bootstrap_samples", "min_jaccard", "mean_jaccard", "mean_adjusted_rand")
TERM_COLUMNS = ("category", "term_rank", "term", "weight", "products", "share_of_category", "share_of_all")
NAME_COLUMNS = ("category", "category_name", "top_terms", "products", "revenue", "typical_price")


# --- words -----------------------------------------------------------------------------------------------

APOSTROPHES = str.maketrans("", "", "'’ʼ`´")
# Thai, Lao, Burmese, Khmer, Japanese and Chinese are written without blanks between words.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


@functools.cache
def _is_letter(sign: str) -> bool:
    # Marks are the vowels of Indian scripts and the accents of others: part of the word.
    return unicodedata.category(sign)[0] in "LM"


def words_of(description: str | None) -> list[str]:
    """Words of a description in their order, in small letters: runs of two letters or more in any script.

    Digits, signs and apostrophes fall out (`T-LIGHT 50'S` is `light`), for sizes and counts say nothing of the
    kind. In scripts without blanks each pair of neighbouring letters is a word. None has no words.
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
    """Pieces of a word from its beginning on; its end is not marked, as there words change."""
    if len(word) < SHORTEST_INFLECTED:
        return [word]
    begun = f" {word}"
    return [begun[i : i + size] for size in WORD_PIECES for i in range(len(begun) - size + 1)]


def same_words(words: Sequence[str], others: Sequence[str]) -> sparse.csr_array:
    """Likeness (n, m) of word forms, 0 or `SAME_WORD_SIMILARITY`..1: cosine of the pieces they are made of."""
    pieces = CountVectorizer(analyzer=_pieces, binary=True)
    known = normalize(pieces.fit_transform(others).astype(float))
    asked = normalize(pieces.transform(words).astype(float))
    # In blocks: most pairs share a piece or two and are dropped at once.
    blocks = []
    for start in range(0, len(words), 2000):
        likeness = sparse.csr_array(asked[start : start + 2000] @ known.T)
        likeness.data[likeness.data < SAME_WORD_SIMILARITY] = 0
        likeness.eliminate_zeros()
        blocks.append(likeness)
    return sparse.csr_array(sparse.vstack(blocks))


class TextSpace(NamedTuple):
    """Words (w,) with a weight (w,) and a direction (w, d) each, learned from a catalogue."""

    words: np.ndarray
    weights: np.ndarray
    directions: np.ndarray

    def place(self, descriptions: Sequence[str | None]) -> tuple[np.ndarray, np.ndarray]:
        """Points (n, d) of length 1 and how many of its words each description shares with the space.

        A description without a known word is at the origin.
        """
        found = CountVectorizer(analyzer=words_of, binary=True)
        try:
            counts = sparse.csr_array(found.fit_transform(descriptions), dtype=float)
        except ValueError:  # no words at all
            return np.zeros((len(descriptions), self.directions.shape[1])), np.zeros(len(descriptions), dtype=int)
        # Also a word never seen lends its meaning from a form that was.
        likeness = same_words(found.get_feature_names_out(), self.words)
        present = _at_most_one(counts @ likeness)
        weighted = normalize(present * self.weights[None, :])
        known = (counts @ (likeness.sum(axis=1) > 0).astype(float)).astype(int)
        points = np.asarray(weighted @ self.directions)
        return _directions(points), known


def learn_text_space(descriptions: Iterable[str | None], dimensions: int = TEXT_DIMENSIONS) -> TextSpace:
    """Space of the words that at least two different descriptions share, forms of one word together.

    1. Pieces of words join word forms (`same_words`).
    2. Which words stand together in a description is counted and turned into positive pointwise mutual
       information; at most `dimensions` leading ones of its singular value decomposition, scaled by the root of the
       singular values, are the direction of each word (Levy, Goldberg & Dagan 2015, "Improving distributional
       similarity with lessons learned from word embeddings").
    3. A word weighs its inverse document frequency times the square of how peculiar its company is (Kullback–Leibler
       divergence, in nats, of its neighbours from all neighbours): little for `pink`, much for `necklace`.

    Each different description counts once. Raises ValueError where no word is shared.
    """
    # Sorted, so that the order of the rows decides nothing; equal but for case and signs is equal.
    different = sorted({" ".join(words_of(text)) for text in descriptions} - {""})
    found = CountVectorizer(analyzer=str.split, binary=True)
    counts = sparse.csr_array(found.fit_transform(different), dtype=float)
    words = found.get_feature_names_out()
    likeness = same_words(words, words)
    shared = np.asarray((counts @ (likeness > 0).astype(float) > 0).sum(axis=0)).ravel()
    shared = shared >= max(MINIMUM_WORD_DESCRIPTIONS, MINIMUM_WORD_SHARE * len(different))
    if not shared.any():
        raise ValueError("No two descriptions share a word.")
    present = _at_most_one(counts @ sparse.csr_array(likeness[:, shared]))
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
    return TextSpace(words[shared], weights, _directions(directions))


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
    """Kullback–Leibler divergence (w,), in nats, of each word's neighbours (w, w) from all words' neighbours.

    `PRIOR_NEIGHBOURS` in the proportions of the whole are added to each word's: where the neighbours are few,
    the divergence is near 0.
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


def _directions(vectors: np.ndarray) -> np.ndarray:
    """Rows (n, d) at length 1; rows that are rounding errors at the origin."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(lengths > SHORTEST_VECTOR, vectors / np.maximum(lengths, SHORTEST_VECTOR), 0.0)


# --- texts -----------------------------------------------------------------------------------------------


def describe_catalogue(products: pd.DataFrame) -> pd.DataFrame:
    """One row: how much text there is to learn from, and `problem`, why nothing can be learned (None if it can).

    `products` is that of `describe_texts`; only fitted ones are counted. Descriptions are different when they
    differ in more than case, digits and signs.
    """
    fitted = _sorted_products(products).query("is_fitted")
    texts = [" ".join(words_of(text)) for text in fitted["description"]]
    described, different = sum(map(bool, texts)), len(set(texts) - {""})
    row = (len(fitted), described, different, _catalogue_problem(texts))
    return pd.DataFrame([row], columns=list(CATALOGUE_COLUMNS))


def _catalogue_problem(texts: Sequence[str]) -> str | None:
    different = set(texts) - {""}
    if not texts:
        return "no products"
    if not different:
        return "no product has a description in words"
    if len(different) == 1:
        return "all products have the same description"
    if len(different) < MINIMUM_DESCRIPTIONS:
        return f"{len(different)} different descriptions only: categories take {MINIMUM_DESCRIPTIONS}"
    words = [set(text.split()) for text in different]
    if sum(map(len, words)) == len(set().union(*words)):
        return "no two descriptions share a word"
    return None


def describe_texts(products: pd.DataFrame) -> pd.DataFrame:
    """One row per product: where its description lies in the text space of the catalogue.

    `products` holds product_id, description (text, may be None), revenue and price (money; price is the typical
    one of a unit, may be missing), and may hold is_fitted: the space is learned from fitted products alone, so
    that products of a later day change nothing (all are fitted where the column lacks). The caller bounds
    their number: 20,000 take 2 s here, and about two minutes to fit and refit as all candidates.

    x01..x12 are coordinates of length 1 in all (see `learn_text_space`): the cosine of two products is their
    similarity, and Euclidean distances order pairs alike. A product whose words no other one has lies at the
    origin, known_words 0. Dimensions that a small catalogue does not have are 0. `price` is the median price of
    fitted products with equal words, so that equal descriptions share a category; without any, the product's own.
    Empty where `describe_catalogue` names a problem.

    Raises ValueError for a missing column or a product that comes twice.
    """
    rows = _sorted_products(products)
    if describe_catalogue(products)["failure_reason"].iloc[0]:
        return pd.DataFrame(columns=list(TEXT_COLUMNS))
    space = learn_text_space(rows.loc[rows["is_fitted"], "description"])
    with threadpool_limits(1):
        points, known = space.place(rows["description"].tolist())
    columns = {
        "product_id": rows["product_id"],
        "is_fitted": rows["is_fitted"],
        "known_words": known,
        "price": _prices(rows["description"], rows["price"], rows["is_fitted"]),
    }
    return pd.DataFrame(columns | _coordinates(points))[list(TEXT_COLUMNS)]


def _coordinates(points: np.ndarray) -> dict[str, np.ndarray]:
    padded = np.pad(points, ((0, 0), (0, TEXT_DIMENSIONS - points.shape[1])))
    return {name: padded[:, i] for i, name in enumerate(COORDINATES)}


def _prices(descriptions: pd.Series, prices: pd.Series, is_fitted: pd.Series) -> pd.Series:
    """Median price of fitted products with equal words; where no fitted one has them, the product's own."""
    texts = pd.Series([" ".join(words_of(text)) for text in descriptions], index=descriptions.index)
    known = prices.where(prices > 0)
    medians = known[is_fitted].groupby(texts[is_fitted]).median()
    return texts.map(medians).astype(float).fillna(known)


def _sorted_products(products: pd.DataFrame) -> pd.DataFrame:
    missing = {"product_id", "description", "revenue", "price"} - set(products.columns)
    if missing:
        raise ValueError(f"The products lack {', '.join(sorted(missing))}.")
    rows = products.sort_values("product_id", ignore_index=True)
    if rows["product_id"].duplicated().any():
        raise ValueError("A product comes twice.")
    fitted = rows["is_fitted"].astype(bool) if "is_fitted" in rows else True
    description = rows["description"].astype(object).where(rows["description"].notna(), None)
    numbers = {name: pd.to_numeric(rows[name]).astype(float) for name in ("revenue", "price")}
    rows = rows.assign(is_fitted=fitted, description=description, **numbers)
    return rows[["product_id", "description", "revenue", "price", "is_fitted"]]


# --- candidates ------------------------------------------------------------------------------------------


class Texts(NamedTuple):
    """Products in the order of their ids: ids (n,), points (n, d), prices (n,), which are fitted (n,)."""

    products: np.ndarray
    points: np.ndarray
    prices: np.ndarray
    fitted: np.ndarray

    def take(self, rows: np.ndarray) -> "Texts":
        """These rows alone: numbers (m,) or a mask (n,)."""
        return Texts(*(values[rows] for values in self))


def _texts(texts: pd.DataFrame) -> Texts:
    rows = texts.sort_values("product_id")
    points = np.ascontiguousarray(rows[list(COORDINATES)].to_numpy(dtype=float))
    prices = pd.to_numeric(rows["price"]).to_numpy(dtype=float)
    return Texts(rows["product_id"].to_numpy(), points, prices, rows["is_fitted"].to_numpy(dtype=bool))


def fit_category_candidates(
    texts: pd.DataFrame, category_counts: Iterable[int] = CATEGORY_COUNTS, workers: int = 2
) -> pd.DataFrame:
    """One row per candidate (algorithm, k) and product: its category and how similar it is to its centre.

    `texts` is what `describe_texts` returns. KMeans (best of 10 starts) on the fitted products finds centres;
    then every product goes to the centre of the greatest cosine. Where others are within `PRICE_TIE` of it, the
    price decides: the category whose median price is nearest by ratio. Categories are numbered from 0 by
    descending number of fitted products.

    Category -1 is *other*: products that no category fits, as they share no word with another product, as their
    cosine to the nearest centre (`similarity`) is below `ODD_SIMILARITY`, or as fewer than `SMALLEST_CATEGORY`
    products are in the category. `learned_group` is the group whose mean is a centre: of fitted products that have
    words alone, else -1; a group has the number of its category, and one that became other a number beyond them.
    `place_products` makes the centres anew from it. A candidate that cannot be fitted has no rows.
    """
    counts = sorted(set(category_counts))
    data = _texts(texts)
    possible = [k for k in counts if not _count_problem(data, k)]
    jobs = [(data, k, KMEANS_STARTS, SEED) for k in possible]
    tables = []
    for k, (categories, similarity, groups) in zip(
        possible,
        in_parallel(_categorise, jobs, _workers(data, workers), "product categories to choose from", "fits"),
        strict=True,
    ):
        columns = {
            "algorithm": ALGORITHM,
            "k": k,
            "product_id": data.products,
            "category": categories,
            "similarity": similarity,
            "learned_group": groups,
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(LABEL_COLUMNS))


def _workers(data: Texts, workers: int) -> int:
    """As many processes as are worth their start: 1 for a small catalogue."""
    return workers if len(data.products) >= PARALLEL_PRODUCTS else 1


def _learnable(data: Texts) -> np.ndarray:
    return data.fitted & data.points.any(axis=1)


def _count_problem(data: Texts, k: int) -> str | None:
    points = data.points[_learnable(data)]
    if not len(points):
        return "no descriptions to learn from"
    if len(np.unique(points.round(6), axis=0)) < k:
        return "fewer different descriptions than categories"
    return None


def _categorise(data: Texts, k: int, starts: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Category (n,), similarity (n,) to the nearest centre, and the group (n,) that a product was learned in.

    Category and group are -1 for other products, and for those that were not learned from.
    """
    learned = np.flatnonzero(_learnable(data))
    found = KMeans(k, n_init=starts, random_state=seed).fit_predict(data.points[learned])
    groups = np.full(len(data.products), NOISE)
    groups[learned] = number_clusters(found, data.points[learned])
    nearest, similarity = _nearest_groups(data, data, groups)
    categories = np.where(similarity < ODD_SIMILARITY, OTHER, nearest)
    sizes = np.bincount(categories[data.fitted] + 1, minlength=groups.max() + 2)[1:]
    kept = sizes >= SMALLEST_CATEGORY
    categories = np.where((categories != OTHER) & ~kept[categories], OTHER, categories)
    # Sizes have changed a little: number again, by the fitted ones; groups that became other come last.
    before = categories[data.fitted]
    numbers = np.full(len(kept) + 1, OTHER)
    numbers[before] = number_clusters(before, data.points[data.fitted])
    numbers[:-1][~kept] = kept.sum() + np.arange((~kept).sum())
    numbers[OTHER] = OTHER
    return numbers[categories], similarity, numbers[groups]


def _nearest_groups(data: Texts, learned: Texts, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Group (n,) whose centre is nearest to each product of `data`, and the cosine (n,) to it.

    `groups` (m,) are those of the products `learned`, numbered from 0; -1 is none.
    """
    members = [np.flatnonzero(groups == number) for number in range(groups.max() + 1)]
    centres = _directions(np.array([learned.points[group].mean(axis=0) for group in members]))
    typical = np.array([_median(np.log(learned.prices[group])) for group in members])
    cosines = data.points @ centres.T
    nearest = _nearest(cosines, np.abs(np.log(data.prices)[:, None] - typical[None, :]))
    return nearest, cosines[np.arange(len(nearest)), nearest]


def place_products(learned: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """One row per product of `products`: its category among those that were learned before.

    `learned` holds product_id, description, price, category and learned_group of the fitted products, as
    `describe_texts` and `fit_category_candidates` told them; the text space is learned from them again, which gives
    the same. `products` holds product_id, description and price. What is said of a product equals what would
    have been said had it been there, not fitted, when the categories were learned. Columns as in texts and labels.
    """
    fitted = learned.sort_values("product_id", ignore_index=True)
    new = products.sort_values("product_id", ignore_index=True)
    rows = pd.concat([fitted, new], keys=["fitted", "new"])[["product_id", "description", "price"]].reset_index()
    rows["description"] = rows["description"].astype(object).where(rows["description"].notna(), None)
    is_fitted = rows["level_0"] == "fitted"
    space = learn_text_space(rows.loc[is_fitted, "description"])
    with threadpool_limits(1):
        points, known = space.place(rows["description"].tolist())
    prices = _prices(rows["description"], pd.to_numeric(rows["price"]).astype(float), is_fitted)
    data = Texts(rows["product_id"].to_numpy(), points, prices.to_numpy(), is_fitted.to_numpy())
    before, after = data.take(data.fitted), data.take(~data.fitted)
    nearest, similarity = _nearest_groups(after, before, fitted["learned_group"].to_numpy(dtype=int))
    is_net = np.isin(nearest, fitted["category"]) & (similarity >= ODD_SIMILARITY)
    columns = {
        "product_id": after.products,
        "known_words": known[~data.fitted],
        "price": after.prices,
        "category": np.where(is_net, nearest, OTHER),
        "similarity": similarity,
    }
    return pd.DataFrame(columns | _coordinates(after.points))[list(PLACED_COLUMNS)]


def _median(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else math.nan


def _nearest(cosines: np.ndarray, price_ratios: np.ndarray) -> np.ndarray:
    """Column of the greatest cosine (n, k) per row; of ties that with the nearest price, where it is known."""
    tied = cosines >= cosines.max(axis=1, keepdims=True) - PRICE_TIE
    apart = np.where(tied & ~np.isnan(price_ratios), price_ratios, np.inf)
    by_price = (tied.sum(axis=1) > 1) & np.isfinite(apart).any(axis=1)
    return np.where(by_price, apart.argmin(axis=1), cosines.argmax(axis=1))


# --- measures --------------------------------------------------------------------------------------------


def measure_category_candidates(
    texts: pd.DataFrame, labels: pd.DataFrame, category_counts: Iterable[int] = CATEGORY_COUNTS
) -> pd.DataFrame:
    """One row per expected candidate (algorithm, k): how good its categories of the fitted products are.

    - products: fitted ones; categories_found: without other
    - smallest_share, largest_share, other_share: of fitted products (0..1)
    - silhouette: of Euclidean distances in the text space (see `clustering.silhouettes`: other counts 0, so that
      putting the difficult products there earns nothing), of an evenly spaced sample above
      `clustering.SILHOUETTE_CUSTOMERS`; higher is better, comparable within one catalogue only
    - mean_similarity: cosine to the centre, mean over products that are in a category
    - problem: None, or why there are no k categories
    """
    data = _texts(texts)
    found = {k: rows.sort_values("product_id") for k, rows in labels.groupby("k")}
    keys = sorted(set(category_counts) | set(found))
    step = math.ceil(max(data.fitted.sum(), 1) / SILHOUETTE_CUSTOMERS)
    fitted = [k for k in keys if k in found]
    silhouette = {}
    if fitted:
        columns = np.column_stack([_categories_of(data, found[k])[data.fitted] for k in fitted])
        values = silhouettes(data.points[data.fitted][::step], columns[::step])
        silhouette = dict(zip(fitted, values, strict=True))
    rows = []
    for k in keys:
        if k not in found:
            nothing = [math.nan] * 5
            rows.append((ALGORITHM, k, int(data.fitted.sum()), 0, *nothing, _count_problem(data, k) or "not fitted"))
            continue
        categories = _categories_of(data, found[k])[data.fitted]
        placed = categories != OTHER
        sizes = np.bincount(categories[placed])
        similarity = found[k]["similarity"].to_numpy(dtype=float)[data.fitted]
        rows.append((
            ALGORITHM, k, len(categories), len(sizes),
            sizes.min() / len(categories) if len(sizes) else math.nan,
            sizes.max() / len(categories) if len(sizes) else math.nan,
            1 - placed.mean(),
            silhouette[k],
            similarity[placed].mean() if placed.any() else math.nan,
            None if len(sizes) == k else f"found {len(sizes)} of {k} categories only",
        ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(MEASURE_COLUMNS))


def _categories_of(data: Texts, rows: pd.DataFrame) -> np.ndarray:
    if not np.array_equal(rows["product_id"].to_numpy(), data.products):
        raise ValueError("The labels are not of the products that have texts.")
    return rows["category"].to_numpy(dtype=int)


def measure_category_stability(
    texts: pd.DataFrame, labels: pd.DataFrame, refits: int = BOOTSTRAP_REFITS, workers: int = 2
) -> pd.DataFrame:
    """One row per candidate with two categories or more: are they found again among other products?

    The scheme of Hennig 2007 as in `clustering.measure_stability`: products are drawn with replacement, the
    distinct ones are categorised anew (3 cold starts, the same rules for other), and each category is matched to
    the most similar new one. min_jaccard is that of the least stable category, mean_jaccard the mean over
    categories (a category under 0.5 has dissolved, from 0.75 it is stable); mean_adjusted_rand compares both
    categorisations, other being a group. The text space stays as it is: this is the stability of the categories
    given the space. Resamples depend on the refit's number only, for any number of `workers`.
    """
    data = _texts(texts)
    data = data.take(data.fitted)
    keys, jobs = [], []
    for k, rows in labels.groupby("k"):
        chosen = rows[rows["product_id"].isin(data.products)].sort_values("product_id")
        categories = _categories_of(data, chosen)
        if categories.max(initial=OTHER) < 1:
            continue
        for start in range(0, refits, BOOTSTRAP_BLOCK):
            keys.append(k)
            jobs.append((data, int(k), categories, range(start, min(start + BOOTSTRAP_BLOCK, refits))))
    outcomes: dict[int, list] = {}
    refitted_blocks = in_parallel(
        _refit_block, jobs, _workers(data, workers), "stability of product categories", "rounds of refits"
    )
    for k, block in zip(keys, refitted_blocks, strict=True):
        outcomes.setdefault(k, []).extend(block)
    rows = []
    for k, refitted in outcomes.items():
        jaccards = np.array([jaccard for jaccard, _ in refitted])
        # A category without a product in any resample was never found again: 0.
        per_category = np.nansum(jaccards, axis=0) / np.maximum((~np.isnan(jaccards)).sum(axis=0), 1)
        rand = float(np.mean([rand for _, rand in refitted]))
        rows.append((ALGORITHM, k, refits, float(per_category.min()), float(per_category.mean()), rand))
    return pd.DataFrame(rows, columns=list(STABILITY_COLUMNS))


def _refit_block(data: Texts, k: int, categories: np.ndarray, numbers: Iterable[int]) -> list[tuple[np.ndarray, float]]:
    """Jaccard coefficient per category (c,) and adjusted Rand index of each of a few refits."""
    outcomes = []
    for number in numbers:
        random = np.random.default_rng([SEED, number])
        drawn = np.unique(random.integers(len(categories), size=len(categories)))
        sample = data.take(drawn)
        again = np.full(len(drawn), OTHER)
        if not _count_problem(sample, k):
            again = _categorise(sample, k, BOOTSTRAP_STARTS, number)[0]
        outcomes.append(recovery(categories[drawn], again, categories.max() + 1))
    return outcomes


# --- names -----------------------------------------------------------------------------------------------


def telling_terms(products: pd.DataFrame, labels: pd.DataFrame, terms: int = TERMS) -> pd.DataFrame:
    """One row per category and telling word: the `terms` words that tell it best from the others.

    `labels` holds the product_id and category of one candidate. A word's weight is its part of the divergence
    of the category from the catalogue, share_of_category × log(share_of_category / share_of_all), times
    its weight in the text space, which leaves `pink` and `set` behind: a class-based TF-IDF in which each fitted
    product counts once. Words are whole words; of the forms of one word (candle, candles) the weightiest
    stands for all, and so does one word of a standing expression (sunday roast). Words of one product or of two
    letters tell nothing, unless there is no other; in scripts without blanks the terms are pairs of letters.
    Other (-1) has no terms.
    """
    categories = sorted(set(labels["category"]) - {OTHER})
    if not categories:
        return pd.DataFrame(columns=list(TERM_COLUMNS))
    rows = _sorted_products(products).merge(labels[["product_id", "category"]], on="product_id", validate="1:1")
    rows = rows[rows["is_fitted"]]
    space = learn_text_space(rows["description"])
    found = CountVectorizer(analyzer=words_of, binary=True)
    counts = sparse.csr_array(found.fit_transform(rows["description"].tolist()), dtype=float)
    words = found.get_feature_names_out()
    word_weights = pd.Series(space.weights, index=space.words).reindex(words, fill_value=0.0).to_numpy()
    everywhere = np.asarray(counts.sum(axis=0)).ravel()
    readable = np.array([len(word) >= SHORTEST_TERM or bool(UNSPACED.match(word)) for word in words])
    tables = []
    for category in categories:
        members = np.flatnonzero(rows["category"] == category)
        inside = np.asarray(counts[members].sum(axis=0)).ravel()
        share, share_of_all = inside / len(members), everywhere / len(rows)
        weight = share * np.log(np.maximum(share, 1e-12) / share_of_all) * word_weights
        # The first of these that leaves any word.
        choices = (readable & (inside > 1), readable & (inside > 0), inside > 0)
        telling = next((choice for choice in choices if choice.any()), choices[-1])
        order = [word for word in np.lexsort((words, -inside, -weight)) if telling[word]]
        chosen = _different_terms(words, counts[members], order, terms)
        columns = {
            "category": category,
            "term_rank": range(1, len(chosen) + 1),
            "term": words[chosen],
            "weight": weight[chosen],
            "products": inside[chosen].astype(int),
            "share_of_category": share[chosen],
            "share_of_all": share_of_all[chosen],
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)[list(TERM_COLUMNS)]


def _different_terms(words: np.ndarray, counts: sparse.csr_array, order: Sequence[int], terms: int) -> list[int]:
    """The first `terms` of the words in this order that say something new.

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
    """One row per category: a name that no other has, and what it holds.

    `labels` holds the product_id and category of one candidate. The name is the first three telling terms
    ("necklace, bracelet, earrings"); where two categories would share it, the later one gets as many of its next
    terms as make it differ, and failing that its number. Category -1 is "other". top_terms are the six telling
    terms; products are counted, revenue is their sum (money), typical_price the median price of a unit (money):
    of all products, fitted or not.
    """
    if labels.empty:
        return pd.DataFrame(columns=list(NAME_COLUMNS))
    rows = _sorted_products(products).merge(labels[["product_id", "category"]], on="product_id", validate="1:1")
    found = telling_terms(products, labels)
    terms_of = {category: group["term"].tolist() for category, group in found.groupby("category")}
    names = _unique_names(sorted(set(rows["category"]) - {OTHER}), terms_of) | {OTHER: OTHER_NAME}
    named = rows.groupby("category", as_index=False).agg(
        products=("product_id", "size"), revenue=("revenue", "sum"), typical_price=("price", "median")
    )
    named["category_name"] = named["category"].map(names)
    named["top_terms"] = [", ".join(terms_of.get(category, [])) for category in named["category"]]
    return named[list(NAME_COLUMNS)]


def _unique_names(categories: Sequence[int], terms_of: dict[int, list[str]]) -> dict[int, str]:
    names: dict[int, str] = {}
    taken = {OTHER_NAME}
    for category in categories:
        terms = terms_of.get(category, [])
        tries = [", ".join(terms[:count]) for count in range(NAME_TERMS, max(len(terms), NAME_TERMS) + 1)]
        # The number comes last: it says nothing, and another refit gives another.
        tries.append(f"{tries[0]} ({category})" if tries[0] else f"category {category}")
        names[category] = next(name for name in tries if name and name not in taken)
        taken.add(names[category])
    return names
