"""The order of segments: which boxes must not be worth less than others, and the best labels that keep to it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from shop_toolkit.rules.boxes import Box

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
        order: Flags of `must_not_exceed` (m, m).

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
    # Who is in a tier is in those below, and who must not be exceeded is in each tier that the other is in.
    below, above = np.nonzero(order)
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


def within_reach(boxes: Sequence[Box], values: np.ndarray, tiers: Mapping[Any, int]) -> list[Box]:
    """Let only segments of the least value reach to any absence.

    A box without an upper bound of recency reaches as far as its own customers, and a tier as far as the farthest of
    its boxes and of those of better tiers. Who has stayed away longer is in the best tier that reaches so far. As the
    reach shrinks from tier to tier, boxes that keep to the order keep to it.

    Args:
        boxes: Boxes that share out the whole space.
        values: Features (n, 3) of the customers that they were fitted on.
        tiers: Tier by segment.

    Returns:
        Boxes that share out the whole space; cut where a tier ends.
    """
    ends = [_end(box, values) for box in boxes]
    # The absence from which each tier is out of reach, and the segment of each tier that reaches farthest.
    reach = {
        tier: max(end for box, end in zip(boxes, ends, strict=True) if tiers[box.segment] >= tier)
        for tier in {tiers[box.segment] for box in boxes}
    }
    lowest = min(reach)
    reach[lowest] = math.inf
    farthest = {
        tier: max(
            (end, str(box.segment), box.segment)
            for box, end in zip(boxes, ends, strict=True)
            if tiers[box.segment] == tier
        )[-1]
        for tier in reach
    }
    cut = []
    for box in boxes:
        start = box.lower[0]
        for tier in sorted((tier for tier in reach if tier <= tiers[box.segment]), reverse=True):
            end = min(reach[tier], box.upper[0])
            if start < end:
                segment = box.segment if tier == tiers[box.segment] else farthest[tier]
                cut.append(Box((start, *box.lower[1:]), (end, *box.upper[1:]), segment))
                start = end
    return cut


def _end(box: Box, values: np.ndarray) -> float:
    """The absence that a box ends before, in days."""
    if math.isfinite(box.upper[0]):
        return box.upper[0]
    return float(values[box.holds(values), 0].max(initial=-math.inf)) + 1
