"""Boxes of the space of recency, frequency and monetary, and the bounds that read well."""

import heapq
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

# Round money bounds that are tried, coarse to fine.
MONEY_STEPS = (1000, 500, 100, 50, 10, 5, 1, 0.5, 0.1, 0.05, 0.01)

# The segment, the feature and the bounds of all other features; and where the side is.
Side = tuple[tuple[Any, int, tuple[tuple[float, float], ...]], float]


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
    """The same partition with fewer boxes: two of one segment that form a box together become one.

    Each box has a number, and the pair of the least numbers is joined first. A joined box gets the next number.
    """
    merged: dict[int, Box] = {}
    pairs: list[tuple[int, int]] = []
    # Number of the box that starts or ends at a side.
    starting: dict[Side, int] = {}
    ending: dict[Side, int] = {}

    def add(number: int, box: Box) -> None:
        merged[number] = box
        for start, end in _sides(box):
            for other in (starting.get(end), ending.get(start)):
                if other is not None:
                    heapq.heappush(pairs, (other, number))
            starting[start] = ending[end] = number

    numbers = itertools.count()
    for box in boxes:
        add(next(numbers), box)
    while pairs:
        first, second = heapq.heappop(pairs)
        if first in merged and second in merged:
            add(next(numbers), _joined(merged.pop(first), merged.pop(second)))
    return list(merged.values())


def _joined(first: Box, second: Box) -> Box:
    lower, upper = tuple(map(min, first.lower, second.lower)), tuple(map(max, first.upper, second.upper))
    return replace(first, lower=lower, upper=upper)


def _sides(box: Box) -> Iterator[tuple[Side, Side]]:
    """The lower and the upper side of a box in each feature; two boxes form one where such sides are equal."""
    for feature, (start, end) in enumerate(zip(box.lower, box.upper, strict=True)):
        others = tuple(zip(box.lower, box.upper, strict=True))
        across = (box.segment, feature, others[:feature] + others[feature + 1 :])
        yield (across, start), (across, end)


def segments_of(values: np.ndarray, boxes: Sequence[Box]) -> np.ndarray:
    """Segment (n,) of the box that each customer (n, 3) is in."""
    segments = np.full(len(values), None, dtype=object)
    for box in boxes:
        segments[box.holds(values)] = box.segment
    return segments
