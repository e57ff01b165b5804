"""Rules as a table: fitted to the segments of customers, and applied to customers."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from shop_toolkit.rules.boxes import Box, segments_of
from shop_toolkit.rules.tree import FEATURES, MAX_RULES, SMALLEST_SUPPORT, fit_boxes

LOWER_BOUNDS = ("recency_min", "frequency_min", "monetary_min")
UPPER_BOUNDS = ("recency_max", "frequency_max", "monetary_max")
# The lower and the upper bound of each feature.
BOUNDS = tuple(bound for pair in zip(LOWER_BOUNDS, UPPER_BOUNDS, strict=True) for bound in pair)
RULE_COLUMNS = (*BOUNDS, "segment", "support", "confidence")


def fit_rules(
    features: pd.DataFrame,
    segments: Sequence[object] | np.ndarray,
    max_rules: int = MAX_RULES,
    smallest_support: int = SMALLEST_SUPPORT,
    value_orders: Mapping[Any, float] | None = None,
) -> pd.DataFrame:
    """Write a clustering as rules (see `tree.fit_boxes`).

    Bounds lie in the gaps between customers, whole for days and orders and as round as the gap allows for money, which
    changes no customer's rule. Adjacent boxes of one segment that form a box together are one rule.

    Args:
        features: One row per customer (n): recency_days (days), frequency (orders), monetary (money).
        segments: Segment of each customer (n,).
        max_rules: Rules at most.
        smallest_support: Customers of a rule at least; where rules keep to an order, those at its edge can have none.
        value_orders: Value order by segment, 1 worth most, that the rules keep to; None where the segments have none.

    Returns:
        One row per rule: the bounds of a box, its segment, support and confidence. A box goes from a lower bound
        (inclusive) to an upper bound (exclusive), missing where it is unbounded. The boxes share out the whole space:
        every customer, also one never seen, falls in exactly one. `support` counts the customers in the box;
        `confidence` (0..1) is how far they can be trusted to speak for others: (agreeing + 1) / (support + 2), the rule
        of succession (Laplace 1814), so that a rule made for one customer is no certainty; 1 where there is one segment
        only. No rows without customers.

    Raises:
        ValueError: Lengths differ, or a feature is missing.
    """
    values, labels = checked(features, segments)
    if not len(values):
        return pd.DataFrame(columns=list(RULE_COLUMNS))
    several = len(np.unique(labels)) > 1
    rows = []
    for box in fit_boxes(values, labels, max_rules, smallest_support, value_orders):
        inside = box.holds(values)
        bounds = [b for pair in zip(box.lower, box.upper, strict=True) for b in pair]
        agreeing, support = int((labels[inside] == box.segment).sum()), int(inside.sum())
        confidence = (agreeing + 1) / (support + 2) if several else 1.0
        rows.append((*(None if math.isinf(b) else b for b in bounds), box.segment, support, confidence))
    rules = pd.DataFrame(rows, columns=list(RULE_COLUMNS))
    return rules.astype(dict.fromkeys(BOUNDS, float))


def apply_rules(features: pd.DataFrame, rules: pd.DataFrame) -> np.ndarray:
    """Segment (n,) of each customer by the rules; the SQL range join gives the same."""
    values = features[list(FEATURES)].to_numpy(dtype=float)
    return segments_of(values, _boxes(rules))


def _boxes(rules: pd.DataFrame) -> list[Box]:
    lower = rules[list(LOWER_BOUNDS)].fillna(-math.inf).to_numpy()
    upper = rules[list(UPPER_BOUNDS)].fillna(math.inf).to_numpy()
    return [Box(tuple(a), tuple(b), s) for a, b, s in zip(lower, upper, rules["segment"], strict=True)]


def checked(features: pd.DataFrame, segments: Sequence[object] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 3) and labels (n,) of customers.

    Raises:
        ValueError: Lengths differ, or a feature is missing.
    """
    values = features[list(FEATURES)].to_numpy(dtype=float)
    labels = np.asarray(segments)
    if len(values) != len(labels):
        raise ValueError(f"{len(values)} customers have {len(labels)} labels.")
    if np.isnan(values).any():
        raise ValueError("A customer lacks recency, frequency or monetary.")
    return values, labels
