"""The order of segments: which boxes must not be worth less than others, and the best labels that keep to it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from shop_toolkit.rules.boxes import Box

# The share of a segment's customers that have been away for no longer than it reaches.
REACH = 0.99

# Days since the last order count against a customer, orders and money for one.
HIGHER_IS_BETTER = (False, True, True)


def tiers_of(segments: Sequence[object] | np.ndarray, value_orders: Mapping[Any, float]) -> np.ndarray:
    """Tier (n,) of each segment: 0 for those of the least value, segments of one value order share one.

    Args:
        segments: Names of segments (n,).
        value_orders: Value order by segment, 1 worth most.
    """
    orders = np.array([value_orders[segment] for segment in segments], dtype=float)
    tiers: np.ndarray = np.unique(-orders, return_inverse=True)[1]
    return tiers


def must_not_exceed(boxes: Sequence[Box]) -> np.ndarray:
    """Which boxes must not be worth more than which others.

    Args:
        boxes: Disjoint boxes (m).

    Returns:
        Flags (m, m): [i, j] where some customer in box i could turn into one in box j by ordering sooner, more often or
        for more, so that j must be worth at least as much as i.
    """
    lower = np.array([box.lower for box in boxes])
    upper = np.array([box.upper for box in boxes])
    flags = ~np.eye(len(boxes), dtype=bool)
    for feature, higher_is_better in enumerate(HIGHER_IS_BETTER):
        worse, better = (lower, upper) if higher_is_better else (upper, lower)
        start, end = worse[:, None, feature], better[None, :, feature]
        flags &= start < end if higher_is_better else start > end
    return flags


def ordered_tiers(costs: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Find the tiers of least total cost that keep to the order, exactly.

    This is isotonic regression with any costs on a partial order, a minimum cut (Picard 1976, "Maximal closure of a
    graph and applications to combinatorial problems"): node (i, t) is on the source's side where box i is in tier t or
    above. Of equally good answers it is the one with the lowest tiers, whatever flow was found.

    Args:
        costs: What each box costs in each tier (m, k), whole numbers.
        order: Flags of `must_not_exceed` (m, m), without circles, as those of a tree's leaves are.

    Returns:
        Tier of each box (m,).
    """
    count, steps = costs.shape[0], costs.shape[1] - 1
    if not steps:
        return np.zeros(count, dtype=int)
    price = np.diff(costs, axis=1)
    node = np.arange(count * steps).reshape(count, steps)
    source, sink = count * steps, count * steps + 1
    never = int(np.abs(price).sum()) + 1
    # Who is in a tier is in those below, and who must not be exceeded is in each tier that the other is in. What
    # follows by way of a third box needs no edge.
    steps_of_one = order.astype(np.float32)
    below, above = np.nonzero(order & ~(steps_of_one @ steps_of_one > 0))
    edges = [
        (np.full_like(node[price < 0], source), node[price < 0], -price[price < 0]),
        (node[price > 0], np.full_like(node[price > 0], sink), price[price > 0]),
        (node[:, 1:].ravel(), node[:, :-1].ravel(), np.full(count * (steps - 1), never)),
        (node[below].ravel(), node[above].ravel(), np.full(len(below) * steps, never)),
    ]
    starts, ends, capacities = (np.concatenate(part) for part in zip(*edges, strict=True))
    graph = csr_array((capacities.astype(np.int32), (starts, ends)), shape=(sink + 1, sink + 1))
    left = graph - maximum_flow(graph, source, sink).flow
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    reached = np.zeros(sink + 1, dtype=bool)
    reached[breadth_first_order(left, source, return_predecessors=False)] = True
    tiers: np.ndarray = reached[node].sum(axis=1)
    return tiers


@dataclass(frozen=True)
class Reach:
    """How long an absence each tier allows.

    Attributes:
        ends: The absence in days that each tier ends before (k,), shrinking from tier to tier; the lowest has no end.
        farthest: Number of the segment of each tier that reaches farthest (k,).
    """

    ends: np.ndarray
    farthest: np.ndarray

    @classmethod
    def of(cls, days: np.ndarray, numbers: np.ndarray, tiers: np.ndarray) -> "Reach":
        """The reach of the tiers of customers.

        A tier ends where 99 of 100 customers of a segment of it, or of a better tier, have ordered more recently.

        Args:
            days: Days since the last order of each customer (n,).
            numbers: Number of the segment of each customer (n,); each segment has one.
            tiers: Tier of each segment.
        """
        of_segment = np.array(
            [np.quantile(days[numbers == number], REACH, method="lower") + 1 for number in range(len(tiers))]
        )
        members = [np.flatnonzero(tiers == tier) for tier in range(tiers.max() + 1)]
        of_tier = np.array([of_segment[numbers].max() for numbers in members])
        ends = np.maximum.accumulate(of_tier[::-1])[::-1]
        ends[0] = math.inf
        return cls(ends, np.array([numbers[of_segment[numbers].argmax()] for numbers in members]))

    def limited(self, days: np.ndarray, numbers: np.ndarray, tiers: np.ndarray) -> np.ndarray:
        """Numbers of segments (n,): who has been away for too long is in the best tier that reaches so far."""
        best = (days[:, None] < self.ends).sum(axis=1) - 1
        limited: np.ndarray = np.where(tiers[numbers] > best, self.farthest[best], numbers)
        return limited

    def cut(self, boxes: Sequence[Box], tiers: np.ndarray) -> list[Box]:
        """The same boxes, cut where a tier ends; the segment of each is its number.

        Boxes that keep to the order keep to it, as the reach shrinks from tier to tier.
        """
        cut = []
        for box in boxes:
            tier, start = tiers[box.segment], box.lower[0]
            for lower_tier in range(tier, -1, -1):
                end = min(float(self.ends[lower_tier]), box.upper[0])
                if start < end:
                    number = box.segment if lower_tier == tier else self.farthest[lower_tier]
                    cut.append(Box((start, *box.lower[1:]), (end, *box.upper[1:]), number))
                    start = end
        return cut

    def in_one_step(self) -> "Reach":
        """The same with all tiers but the lowest ending where the farthest of them ends."""
        return replace(self, ends=np.array([math.inf, *np.full(len(self.ends) - 1, self.ends[1:].max(initial=0))]))
