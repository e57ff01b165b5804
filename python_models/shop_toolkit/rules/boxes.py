"""Boxes of the space of recency, frequency and monetary, and the bounds that read well."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

# Round money bounds that are tried, coarse to fine.
MONEY_STEPS = (1000, 500, 100, 50, 10, 5, 1, 0.5, 0.1, 0.05, 0.01)


@dataclass(frozen=True)
class Box:
    """Half-open box: lower[i] <= feature i < upper[i], infinite where unbounded; and the segment in it."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    segment: Any

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Whether each row of `values` (n, d) lies in the box."""
        inside: np.ndarray = (values >= np.array(self.lower)) & (values < np.array(self.upper))
        return np.asarray(inside.all(axis=1))


def split_bound(feature: str, left: float, right: float, threshold: float | None = None) -> float:
    """Find a bound that reads well and splits like a threshold.

    Args:
        feature: One of `FEATURES`.
        left: The greatest value that stays below the bound.
        right: The least value at the bound or above.
        threshold: Where the split is; None is the middle.

    Returns:
        A bound b with left < b <= right. Days and orders are whole: the first whole number above the threshold. Money
        is the roundest amount in the gap at most a quarter of it away from the threshold; `right` where no penny lies
        there, rounded up to one, as made-up customers may stand between pennies.
    """
    middle, quarter = (left + right) / 2 if threshold is None else threshold, (right - left) / 4
    if feature != "monetary":
        return float(min(math.floor(middle) + 1, right))
    for step in MONEY_STEPS:
        bound = round(math.floor(middle / step + 0.5) * step, 2)
        if max(left, middle - quarter) < bound <= min(right, middle + quarter):
            return bound
    return math.ceil(round(100 * right, 6)) / 100


def merge_boxes(boxes: Iterable[Box]) -> list[Box]:
    """The same partition with fewer boxes: two of one segment that form a box together become one."""
    merged = list(boxes)
    pair = _joinable(merged)
    while pair:
        first, second = pair
        joined = replace(
            first,
            lower=tuple(map(min, first.lower, second.lower)),
            upper=tuple(map(max, first.upper, second.upper)),
        )
        merged = [box for box in merged if box not in pair] + [joined]
        pair = _joinable(merged)
    return merged


def _joinable(boxes: Sequence[Box]) -> tuple[Box, Box] | None:
    for i, first in enumerate(boxes):
        for second in boxes[i + 1 :]:
            if first.segment == second.segment and _are_adjacent(first, second):
                return first, second
    return None


def _are_adjacent(first: Box, second: Box) -> bool:
    """Whether two boxes meet in one feature and are equal in all others."""
    sides = list(zip(first.lower, first.upper, second.lower, second.upper, strict=True))
    apart = [side for side in sides if side[:2] != side[2:]]
    return len(apart) == 1 and (apart[0][1] == apart[0][2] or apart[0][3] == apart[0][0])


def segments_of(values: np.ndarray, boxes: Sequence[Box]) -> np.ndarray:
    """Segment (n,) of the box that each customer (n, 3) is in."""
    segments = np.full(len(values), None, dtype=object)
    for box in boxes:
        segments[box.holds(values)] = box.segment
    return segments
