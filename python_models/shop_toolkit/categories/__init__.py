"""Product categories learned from short descriptions: a text space, candidates, their metrics, their names.

Everything here fits and measures; SQL chooses. Functions take and return data frames, sorted, and are equal from
run to run whatever the number of processes and the order of rows.

Short names hold two kinds of words: what a thing is (necklace, clock) and its variant (pink, large, set of). The
frequent words are mostly of the second kind, and distances between bags of words sort a shop by colour. So a word
is placed here by the company it keeps: pink, blue and red are beside the same words and end up close, and so do
necklace and bracelet. Nothing is known of any language: no list of stop words or colours, no stems.
"""

import shop_toolkit.scientific  # isort: skip # noqa: F401 - before any other that loads SciPy

from shop_toolkit.categories.candidates import fit_category_candidates, place_products
from shop_toolkit.categories.catalogue import describe_catalogue, describe_texts
from shop_toolkit.categories.metrics import measure_category_candidates
from shop_toolkit.categories.names import name_categories
from shop_toolkit.categories.stability import measure_category_stability

__all__ = [
    "describe_catalogue",
    "describe_texts",
    "fit_category_candidates",
    "measure_category_candidates",
    "measure_category_stability",
    "name_categories",
    "place_products",
]
