"""The category toolkit against hand-made catalogues in several scripts, the embedded shop and degenerate shops."""

import itertools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.cluster import hierarchy
from scipy.cluster.hierarchy import linkage
from scipy.stats import entropy
from shop_toolkit.categories.candidates import (
    LABEL_COLUMNS,
    OTHER,
    PLACED_COLUMNS,
    _nearest,
    cut_tree,
    fit_category_candidates,
    place_products,
)
from shop_toolkit.categories.catalogue import COORDINATES, describe_catalogue, describe_texts
from shop_toolkit.categories.metrics import measure_category_candidates
from shop_toolkit.categories.names import (
    NAME_TERMS,
    TERMS,
    _unique_names,
    distinguishing_terms,
    expressions,
    name_categories,
)
from shop_toolkit.categories.stability import measure_category_stability
from shop_toolkit.categories.text_space import (
    FEWEST_PRICES,
    PRICE_FLOOR,
    PRIOR_NEIGHBOURS,
    PRIOR_PRICES,
    SIDE_FLOOR,
    learn_text_space,
    peculiarity,
    price_shares,
    thing_sides,
)
from shop_toolkit.categories.words import same_words, words_of
from sklearn.metrics import adjusted_rand_score, silhouette_score

from benchmarks.categories import judge, products_of

ROOT = Path(__file__).parents[2]
LABELLED_FILE = ROOT.parent / "shared" / "data" / "labelled_products.csv"

JEWELLERY = [
    "Gold pearl necklace", "Silver pearl bracelet", "Gold bead bracelet", "Silver bead necklaces", "Pearl earrings",
    "GOLD BEAD EARRINGS", "silver pearl necklace!", "Pearl bracelets, gold", "Bead necklace", "Silver earrings",
]  # fmt: skip
KITCHEN = [
    "Enamel coffee mug", "Striped coffee mug", "Enamel tea pot", "Striped tea-pot", "Coffee pot enamel",
    "STRIPED TEA MUG", "Tea mugs, enamel", "Coffee pot", "Striped enamel mug", "Tea pot",
]  # fmt: skip
CROCKERY_RUSSIAN = [
    "Кружка фарфоровая", "Кружки фарфоровые", "Тарелка фарфоровая", "Тарелки керамические", "Кружка керамическая",
    "ТАРЕЛКА КЕРАМИЧЕСКАЯ", "Чайник фарфоровый", "Чайник керамический", "Кружка чайная фарфоровая",
    "Тарелка, фарфоровая",
]  # fmt: skip
TOYS_RUSSIAN = [
    "Мягкая игрушка медведь", "Мягкая игрушка заяц", "Игрушка деревянная заяц", "Деревянный медведь игрушка",
    "Игрушки мягкие", "МЯГКИЙ ЗАЯЦ", "Кукла мягкая игрушка", "Деревянная кукла", "Кукла игрушка", "Мягкий медведь",
]  # fmt: skip
TEA_CHINESE = ["红茶茶杯", "绿茶茶杯", "白色茶杯", "红茶茶壶", "绿茶茶壶", "白色茶壶"]
PAPER_CHINESE = ["蓝色笔记本", "黄色笔记本", "笔记本套装", "蓝色铅笔本", "黄色铅笔本", "铅笔本套装"]

TEN_WORDS = ("одно", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять")


def catalogue_of(*groups: Sequence[str | None], price: float | np.ndarray = 1.0) -> pd.DataFrame:
    descriptions = list(itertools.chain(*groups))
    return pd.DataFrame(
        {
            "product_id": [f"p{i:04}" for i in range(len(descriptions))],
            "description": descriptions,
            "revenue": 10.0,
            "price": price,
        }
    )


def labels_of(products: pd.DataFrame, k: int) -> pd.DataFrame:
    return fit_category_candidates(describe_texts(products), [k])


def groups_of(*groups: Sequence[str | None]) -> np.ndarray:
    return np.repeat(range(len(groups)), [len(group) for group in groups])


@pytest.fixture(scope="module")
def demo() -> pd.DataFrame:
    """Products of the embedded shop, their most frequent description, and the true category of each."""
    lines = pd.read_csv(ROOT / "seeds" / "demo_shop" / "transactions.csv", dtype=str)
    description_variants = lines.dropna(subset="Description").groupby("StockCode")["Description"]
    described = description_variants.agg(lambda texts: texts.mode().iloc[0]).rename("description")
    truth = pd.read_csv(ROOT / "seeds" / "demo_shop" / "product_truth.csv", dtype=str)[["product_id", "category"]]
    products = truth.merge(described, left_on="product_id", right_index=True).assign(revenue=1.0, price=2.0)
    return products.sort_values("product_id", ignore_index=True)


@pytest.fixture(scope="module")
def demo_texts(demo: pd.DataFrame) -> pd.DataFrame:
    return describe_texts(demo)


@pytest.fixture(scope="module")
def demo_labels(demo_texts: pd.DataFrame) -> pd.DataFrame:
    return fit_category_candidates(demo_texts, (4, 8, 12))


# --- words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("SET/3 T-LIGHT HOLDER, 50'S", ["set", "light", "holder"]),
        ("CHILDREN'S Café  Crème", ["childrens", "café", "crème"]),
        ("Кружка «Ёжик» 300 мл", ["кружка", "ёжик", "мл"]),
        ("हिन्दी किताब", ["हिन्दी", "किताब"]),
        ("白色茶杯 mug", ["白色", "色茶", "茶杯", "mug"]),
        ("12345 - 7!", []),
        ("", []),
        (None, []),
        (float("nan"), []),
    ],
)
def test_words_are_runs_of_letters_in_any_script(description: str | None, words: list[str]) -> None:
    assert words_of(description) == words


@pytest.mark.parametrize(("word", "form"), [("necklace", "necklaces"), ("тарелка", "тарелки"), ("candle", "candles")])
def test_forms_of_a_word_are_alike(word: str, form: str) -> None:
    words = ["necklace", "necklaces", "candle", "candles", "тарелка", "тарелки", "glass", "grass", "car", "card"]
    likeness = same_words(words, words).toarray()
    assert likeness[words.index(word), words.index(form)] > 0
    assert likeness[words.index("glass"), words.index("grass")] == 0
    assert likeness[words.index("car"), words.index("card")] == 0
    assert np.diag(likeness) == pytest.approx(1)


def test_peculiarity_is_the_divergence_of_the_neighbours_from_all_neighbours() -> None:
    random = np.random.default_rng(0)
    together = np.triu(random.poisson(1.5, (12, 12)), 1)
    together = (together + together.T).astype(float)
    whole = together.sum(axis=0) / together.sum()
    smoothed = together + PRIOR_NEIGHBOURS * whole
    expected = [entropy(row, whole) for row in smoothed]
    assert peculiarity(sparse.csr_array(together)) == pytest.approx(expected)


def test_words_that_go_with_everything_weigh_least() -> None:
    """Colours are beside each thing, and things of a kind share their materials."""
    colours, kinds = ["pink", "blue", "white"], {"ring": "gold", "brooch": "gold", "bowl": "china", "plate": "china"}
    texts = [f"{colour} {kind}" for colour in colours for kind in kinds]
    texts += [f"{material} {kind}" for kind, material in kinds.items()]
    texts += [f"{colour} {material} {kind}" for colour in colours for kind, material in kinds.items()]
    space = learn_text_space(texts)
    weights = dict(zip(space.words, space.weights, strict=True))
    assert max(weights[colour] for colour in colours) < min(weights[kind] for kind in kinds)


def priced_catalogue(is_head_last: bool) -> tuple[list[str], np.ndarray]:
    """Things in colours, each thing with its price; the thing is named last or first."""
    colours = ["pink", "blue", "white", "green", "golden"]
    kinds = {"ring": 9.0, "brooch": 12.0, "bowl": 4.0, "plate": 3.0, "lamp": 30.0, "candle": 1.5}
    materials = ["wooden", "paper", "glass", "metal"]
    named = [
        ([colour, material, kind] if is_head_last else [kind, material, colour], price)
        for (kind, price), colour, material in itertools.product(kinds.items(), colours, materials)
    ]
    return [" ".join(words) for words, _ in named], np.array([price for _, price in named])


def test_a_word_that_decides_the_price_is_what_a_thing_is() -> None:
    texts, prices = priced_catalogue(is_head_last=True)
    counts = np.array([[float(word in text.split()) for word in ("ring", "pink", "wooden")] for text in texts])
    shares = price_shares(sparse.csr_array(counts), np.log(prices))
    # twenty rings of one price, and five of the usual variance
    assert shares == pytest.approx([PRICE_FLOOR + 1 - PRIOR_PRICES / (20 + PRIOR_PRICES), PRICE_FLOOR, PRICE_FLOOR])
    for nothing_known in (np.full(len(texts), math.nan), np.log(np.ones(len(texts)))):
        assert price_shares(sparse.csr_array(counts), nothing_known).tolist() == [1, 1, 1]


@pytest.mark.parametrize("is_head_last", [True, False], ids=["as in English", "as in French"])
def test_prices_show_at_which_end_the_thing_is_named(is_head_last: bool) -> None:
    texts, prices = priced_catalogue(is_head_last)
    space = learn_text_space(texts, prices)
    weights = dict(zip(space.words, space.weights, strict=True))
    assert max(weights[word] for word in ("pink", "wooden")) < min(weights[word] for word in ("ring", "plate")) / 50
    places = np.array([0.0, 0.5, 1.0])
    assert thing_sides(texts, places, np.log(prices)) == pytest.approx(
        SIDE_FLOOR + (places if is_head_last else 1 - places)
    )
    assert thing_sides(texts, places, np.full(len(texts), math.nan)).tolist() == [1, 1, 1]


def test_an_absurd_price_of_few_products_says_nothing() -> None:
    texts, prices = priced_catalogue(is_head_last=True)
    few = learn_text_space(texts[: FEWEST_PRICES - 1], prices[: FEWEST_PRICES - 1] * np.random.default_rng(0).random())
    alone = learn_text_space(texts[: FEWEST_PRICES - 1])
    assert few.weights.tolist() == alone.weights.tolist()


# --- groups ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "groups",
    [(JEWELLERY, KITCHEN), (CROCKERY_RUSSIAN, TOYS_RUSSIAN), (TEA_CHINESE, PAPER_CHINESE)],
    ids=["English", "Russian", "Chinese"],
)
def test_obvious_groups_are_found_in_any_script(groups: Sequence[Sequence[str]]) -> None:
    labels = labels_of(catalogue_of(*groups), 2)
    assert adjusted_rand_score(groups_of(*groups), labels["category_id"]) == 1
    assert set(labels["category_id"]) == {0, 1}


def test_languages_mix_in_one_catalogue() -> None:
    groups = (JEWELLERY, KITCHEN, CROCKERY_RUSSIAN, TOYS_RUSSIAN)
    assert adjusted_rand_score(groups_of(*groups), labels_of(catalogue_of(*groups), 4)["category_id"]) > 0.9


def test_true_categories_of_the_embedded_shop_are_found(demo: pd.DataFrame, demo_labels: pd.DataFrame) -> None:
    scores = {k: adjusted_rand_score(demo["category"], rows["category_id"]) for k, rows in demo_labels.groupby("k")}
    assert scores[8] > 0.95
    assert scores[12] > 0.7


def test_russian_translation_of_the_embedded_shop_scores_as_well(demo: pd.DataFrame) -> None:
    """Every Latin letter becomes a Cyrillic one: nothing may hang on the alphabet."""
    latin, cyrillic = "abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопярстувшчюз"
    script = str.maketrans(latin + latin.upper(), cyrillic + cyrillic.upper())
    labels = labels_of(demo.assign(description=demo["description"].str.translate(script)), 8)
    assert adjusted_rand_score(demo["category"], labels["category_id"]) > 0.95


def test_a_tree_is_cut_into_as_many_branches_as_asked_for() -> None:
    """Also where merges are equally high: SciPy cuts both or none of them."""
    points = np.array([[0.0], [0.0], [1.0], [1.0], [10.0], [11.0], [30.0]])
    tree = linkage(points, "ward")
    for k in range(1, 8):
        assert len(set(cut_tree(tree, k))) == k
    assert adjusted_rand_score(cut_tree(tree, 3), [0, 0, 0, 0, 1, 1, 2]) == 1
    assert adjusted_rand_score(cut_tree(tree, 4), hierarchy.cut_tree(tree, 4).ravel()) == 1


# --- other -----------------------------------------------------------------------------------------------


def test_product_that_shares_no_word_goes_to_other() -> None:
    products = catalogue_of(JEWELLERY, KITCHEN, ["Zylqx", "Голограмма", None, "  ", "12 x 30"])
    labels = labels_of(products, 2)
    assert labels["category_id"].tolist()[-5:] == [OTHER] * 5
    assert labels["similarity"].tolist()[-5:] == [0] * 5
    assert (labels["category_id"][:-5] != OTHER).all()


def test_two_odd_products_alike_are_no_category() -> None:
    products = catalogue_of(JEWELLERY, KITCHEN, ["Holographic projector", "Holographic projector beamer"])
    texts = describe_texts(products)
    labels = fit_category_candidates(texts, [3])
    assert labels["category_id"].tolist()[-2:] == [OTHER] * 2
    measures = measure_category_candidates(texts, labels, [3])
    assert measures.loc[0, "failure_reason"] == "found 2 of 3 categories only"
    assert measures.loc[0, "other_share"] == pytest.approx(2 / 22)


def test_every_product_is_in_one_category_of_each_candidate(demo: pd.DataFrame, demo_labels: pd.DataFrame) -> None:
    for _, rows in demo_labels.groupby("k"):
        assert rows["product_id"].tolist() == demo["product_id"].tolist()
        sizes = rows.loc[rows["category_id"] != OTHER, "category_id"].value_counts().sort_index()
        assert sizes.index.tolist() == list(range(len(sizes)))
        assert sizes.is_monotonic_decreasing


# --- price -----------------------------------------------------------------------------------------------


def test_price_decides_ties_only() -> None:
    cosines = np.array([[0.9, 0.895], [0.9, 0.895], [0.9, 0.7], [0.895, 0.9]])
    ratios = np.array([[2.0, 0.1], [0.1, 2.0], [2.0, 0.1], [np.nan, np.nan]])
    assert _nearest(cosines, ratios).tolist() == [1, 0, 0, 1]


def test_prices_do_not_move_obvious_groups() -> None:
    price = np.random.default_rng(0).lognormal(sigma=2, size=20)
    price[[3, 8]] = [np.nan, 0]
    with_prices = labels_of(catalogue_of(JEWELLERY, KITCHEN, price=price), 2)
    pd.testing.assert_frame_equal(with_prices, labels_of(catalogue_of(JEWELLERY, KITCHEN, price=np.nan), 2))


def test_equal_descriptions_share_a_category(demo: pd.DataFrame) -> None:
    duplicates = demo.assign(
        product_id=demo["product_id"] + "-duplicate", price=500.0, description=demo["description"].str.lower()
    )
    labels = labels_of(pd.concat([demo, duplicates]), 12)
    category = labels.set_index("product_id")["category_id"]
    assert category[demo["product_id"]].tolist() == category[duplicates["product_id"]].tolist()


# --- determinism and points in time ----------------------------------------------------------------------


def test_neither_order_of_rows_nor_processes_matter(demo: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop_toolkit.categories.stability.PARALLEL_PRODUCTS", 10)
    outcomes = []
    for rows, workers in ((demo, 1), (demo.sample(frac=1, random_state=3), 2)):
        texts = describe_texts(rows)
        labels = fit_category_candidates(texts, (5, 8))
        stability = measure_category_stability(texts, labels, 6, workers)
        chosen = labels[labels["k"] == 8]
        outcomes.append((texts, labels, stability, name_categories(rows, chosen)))
    for first, second in zip(*outcomes, strict=True):
        pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_products_that_are_not_fitted_change_nothing_and_get_a_category(demo: pd.DataFrame) -> None:
    fitted = demo.iloc[::2].assign(is_fitted=True)
    later = demo.iloc[1::2].assign(is_fitted=False)
    absurd = later.assign(product_id="z" + later["product_id"], description="NECKLACE KITCHEN MUG", price=1e6)
    alone, together = labels_of(fitted, 8), labels_of(pd.concat([fitted, later, absurd]), 8)
    both = together[together["product_id"].isin(fitted["product_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, both)
    category = together.set_index("product_id")["category_id"][later["product_id"]]
    assert adjusted_rand_score(later["category"], category) > 0.9


def test_a_product_placed_later_gets_what_it_would_have_got_unfitted(demo: pd.DataFrame) -> None:
    """Also with the words of a fitted product, with unknown words, with a group too small to be a category."""
    odd = catalogue_of(["Holographic projector", "Holographic projector beamer", "Zylqx", None]).assign(is_fitted=True)
    prices = np.random.default_rng(1).lognormal(sigma=1, size=len(demo))
    fitted = pd.concat([demo.assign(price=prices).iloc[::2].assign(is_fitted=True), odd])
    later = demo.assign(price=prices).iloc[1::2]
    duplicates = fitted.assign(product_id="duplicate of " + fitted["product_id"], price=99.0)
    later = pd.concat([later, duplicates, catalogue_of(["Голограмма", "holographic"]).assign(product_id=["x1", "x2"])])
    later = later.assign(is_fitted=False)
    for k in (9, 12):
        texts = describe_texts(pd.concat([fitted, later]))
        labels = fit_category_candidates(texts, [k])
        placed_rows = texts.drop(columns="is_fitted").merge(labels, on="product_id")
        learned = placed_rows[placed_rows["product_id"].isin(fitted["product_id"])].merge(
            fitted[["product_id", "description"]]
        )
        placed = place_products(learned, later)
        expected = placed_rows[placed_rows["product_id"].isin(later["product_id"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(placed, expected[list(PLACED_COLUMNS)])
        assert (learned.loc[learned["learned_group"] > learned["category_id"].max(), "category_id"] == OTHER).all()


# --- given categories ------------------------------------------------------------------------------------


def test_categories_learned_from_names_agree_with_those_that_somebody_gave() -> None:
    """The given ones serve to measure alone; the benchmark chooses as the build does."""
    if not LABELLED_FILE.exists():
        pytest.skip("the labelled products are not at hand (../shared/data/labelled_products.csv)")
    rows, _ = judge(*products_of(LABELLED_FILE), samples=4)
    (chosen,) = rows[rows["is_chosen"]].to_dict("records")
    assert chosen["k"] <= 25
    assert chosen["nmi"] >= 0.70
    assert chosen["purity"] >= 0.75


def test_categories_that_the_shop_gives_are_the_only_candidate() -> None:
    """Whatever the texts say; numbered by size, and other where none is given or no fitted product has it."""
    given = ["tools", "tools", "gifts", None, "tools", "gifts", "tools", "new"]
    products = catalogue_of(JEWELLERY[:8], [None] * 0).assign(
        given_category=given, is_fitted=[True] * 7 + [False], description=None
    )
    assert describe_catalogue(products)["failure_reason"].tolist() == [None]
    texts = describe_texts(products)
    labels = fit_category_candidates(texts)
    assert labels["category_id"].tolist() == [0, 0, 1, OTHER, 0, 1, 0, OTHER]
    assert set(zip(labels["algorithm"], labels["k"], strict=True)) == {("given", 2)}
    (measures,) = measure_category_candidates(texts, labels).to_dict("records")
    assert (measures["categories_found"], measures["product_count"], measures["failure_reason"]) == (2, 7, None)
    assert (measures["smallest_share"], measures["other_share"]) == pytest.approx((2 / 7, 1 / 7))
    assert measure_category_stability(texts, labels).empty
    named = name_categories(products, labels).set_index("category_id")["category_name"]
    assert named.to_dict() == {OTHER: "other", 0: "tools", 1: "gifts"}


# --- measures --------------------------------------------------------------------------------------------


def test_measures_equal_those_worked_out_otherwise(demo_texts: pd.DataFrame, demo_labels: pd.DataFrame) -> None:
    """Without the few products that are in other, so that scikit-learn knows no more of them."""
    odd = demo_labels.loc[(demo_labels["k"] == 8) & (demo_labels["category_id"] == OTHER), "product_id"]
    texts = demo_texts[~demo_texts["product_id"].isin(odd)]
    assert len(texts) >= 395
    labels = fit_category_candidates(texts, (4, 8, 12))
    measures = measure_category_candidates(texts, labels, (4, 8, 12)).set_index("k")
    category = labels.loc[labels["k"] == 8, "category_id"].to_numpy()
    points = texts[list(COORDINATES)].to_numpy()
    assert (category >= 0).all()
    assert measures.loc[8, "silhouette"] == pytest.approx(silhouette_score(points, category))
    assert measures.loc[8, "smallest_share"] == pytest.approx(np.bincount(category).min() / len(texts))
    assert measures.loc[8, "categories_found"] == 8
    assert measures["failure_reason"].isna().all()


def test_true_categories_are_found_again_in_resamples(demo_texts: pd.DataFrame, demo_labels: pd.DataFrame) -> None:
    stability = measure_category_stability(demo_texts, demo_labels, 6, workers=1).set_index("k")
    assert stability.loc[8, "min_jaccard"] > 0.9
    assert stability.loc[8, "mean_adjusted_rand"] > 0.9
    assert (stability["min_jaccard"] <= stability["mean_jaccard"]).all()


# --- names -----------------------------------------------------------------------------------------------


def test_names_are_distinguishing_whole_words() -> None:
    products = catalogue_of(JEWELLERY, KITCHEN, ["Zylqx"])
    named = name_categories(products, labels_of(products, 2)).set_index("category_id")
    assert named.loc[OTHER, "category_name"] == "other"
    assert named["category_name"].is_unique
    words = set(itertools.chain(*map(words_of, JEWELLERY + KITCHEN)))
    for top_terms in named.loc[[0, 1], "top_terms"]:
        assert set(top_terms.split(", ")) <= words
    jewellery = named.loc[labels_of(products, 2)["category_id"].iloc[0], "top_terms"]
    assert {"necklace", "bracelet"} & set(jewellery.split(", "))
    # necklaces and necklace are one term
    assert not {"necklace", "necklaces"} <= set(jewellery.split(", "))
    assert named.loc[[0, 1], "product_count"].tolist() == [10, 10]
    assert named["revenue"].sum() == 210


def test_terms_of_the_embedded_shop_belong_to_their_category(demo: pd.DataFrame, demo_labels: pd.DataFrame) -> None:
    chosen = demo_labels[demo_labels["k"] == 8]
    terms = distinguishing_terms(demo, chosen)
    assert terms.groupby("category_id").size().eq(TERMS).all()
    assert (terms["share_of_category"] > terms["share_of_all"]).all()
    # "fairy tale" is one expression, and so is "art déco"
    for expression in ({"fairy", "tale"}, {"art", "déco"}):
        assert terms["term"].isin(expression).sum() == 1
    names = name_categories(demo, chosen)["category_name"]
    assert names.is_unique
    # one expression or two, of the words that distinguish it
    assert names.str.count(", ").lt(NAME_TERMS).all()
    for name, top_terms in zip(names, name_categories(demo, chosen)["top_terms"], strict=True):
        assert name == "other" or all(set(part.split()) & set(top_terms.split(", ")) for part in name.split(", "))


def test_a_name_is_an_expression_or_two_in_the_plural_that_the_shop_writes() -> None:
    texts = [text.split() for text in ("red hot water bottle", "hot water bottle", "blue bottle", "vase")]
    bottles = {"bottles", "vases"}
    assert expressions(["bottle", "water", "vase"], texts, bottles) == ["hot water bottles", "vases"]
    # said by the first already, or of too few of them
    assert expressions(["bottle", "water", "hot"], texts, set()) == ["hot water bottle"]
    assert expressions(["bottle", "vase"], texts * 2 + [["bottle"]] * 8, bottles) == ["bottles"]


def test_categories_with_the_same_terms_get_different_names() -> None:
    terms = {0: ["red", "tin", "lid"], 1: ["red", "tin", "box"], 2: ["red", "tin"], 3: []}
    names = _unique_names([0, 1, 2, 3], terms)
    assert names == {0: "red, tin", 1: "red, tin, box", 2: "red, tin (2)", 3: "category 3"}


# --- nothing to learn from -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("descriptions", "failure_reason"),
    [
        ([], "no products"),
        ([None] * 20, "no product has a description in words"),
        (["", " ", "12/3"] * 5, "no product has a description in words"),
        (["Red mug"] * 30, "all products have the same description"),
        (["RED MUG", "red  mug!", "Red Mug 2"] * 10, "all products have the same description"),
        (KITCHEN[:6] * 3, "6 different descriptions only: categories take 10"),
        (list(TEN_WORDS), "no two descriptions share a word"),
    ],
)  # fmt: skip
def test_catalogues_without_enough_text_report_it_and_give_empty_tables(
    descriptions: list[str | None], failure_reason: str
) -> None:
    products = catalogue_of(descriptions)
    assert describe_catalogue(products)["failure_reason"].tolist() == [failure_reason]
    texts = describe_texts(products)
    labels = fit_category_candidates(texts)
    assert texts.empty
    assert labels.empty
    assert list(labels.columns) == list(LABEL_COLUMNS)
    assert measure_category_stability(texts, labels).empty
    measures = measure_category_candidates(texts, labels, (4, 5))
    assert measures["failure_reason"].tolist() == ["no descriptions to learn from"] * 2
    assert name_categories(products, labels).empty


def test_more_categories_than_descriptions_are_a_problem_of_the_candidate() -> None:
    texts = describe_texts(catalogue_of(JEWELLERY, KITCHEN))
    labels = fit_category_candidates(texts, (2, 50))
    assert set(labels["k"]) == {2}
    measures = measure_category_candidates(texts, labels, (2, 50))
    assert measures["failure_reason"].isna().tolist() == [True, False]
    assert measures.loc[1, "failure_reason"] == "fewer different descriptions than categories"


def test_descriptions_of_one_word_go_with_the_longer_ones_that_hold_it() -> None:
    products = catalogue_of(JEWELLERY, ["Necklace", "BRACELETS"], KITCHEN, ["mug", "Pot"])
    assert adjusted_rand_score(np.repeat([0, 1], [12, 12]), labels_of(products, 2)["category_id"]) == 1


def test_wrong_input_is_named() -> None:
    products = catalogue_of(JEWELLERY, KITCHEN)
    with pytest.raises(ValueError, match="lack price"):
        describe_texts(products.drop(columns="price"))
    with pytest.raises(ValueError, match="A product has two rows"):
        describe_texts(pd.concat([products, products]))
