"""A clustering written as rules: a small tree whose leaves are boxes that share out the whole space."""

import shop_toolkit.scientific  # isort: skip # noqa: F401 - before any other that loads SciPy

from shop_toolkit.rules.evaluation import cross_validate_rules, evaluate_classifiers
from shop_toolkit.rules.fit import apply_rules, fit_rules

__all__ = ["apply_rules", "cross_validate_rules", "evaluate_classifiers", "fit_rules"]
