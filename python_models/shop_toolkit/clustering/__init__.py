"""Clusterings of customers: spaces, candidates, their metrics and their stability.

Everything here fits and measures; SQL chooses. Functions take and return data frames, sorted, and are equal from
run to run whatever the number of threads: fits are seeded, and run on one thread each.
"""

import shop_toolkit.scientific  # isort: skip # noqa: F401 - before any other that loads SciPy

from shop_toolkit.clustering.candidates import cluster_by_silhouette, fit_candidates
from shop_toolkit.clustering.metrics import measure_candidates
from shop_toolkit.clustering.names import ALGORITHMS, CANDIDATE, CLUSTER_COUNTS, INTERESTS, NOISE, RFM_SPACES, SPACES
from shop_toolkit.clustering.racing import race
from shop_toolkit.clustering.spaces import describe_spaces, embed
from shop_toolkit.clustering.stability import measure_stability
from shop_toolkit.clustering.tsne import place_customers

__all__ = [
    "ALGORITHMS",
    "CANDIDATE",
    "CLUSTER_COUNTS",
    "INTERESTS",
    "NOISE",
    "RFM_SPACES",
    "SPACES",
    "cluster_by_silhouette",
    "describe_spaces",
    "embed",
    "fit_candidates",
    "measure_candidates",
    "measure_stability",
    "place_customers",
    "race",
]
