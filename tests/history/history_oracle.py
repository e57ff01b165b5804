"""The expected history, by loops over single events: no sums are carried along, and nothing is stored."""

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import combinations, permutations

from conftest import ROOT

SEGMENTATIONS = ("rfm", "broad", "detailed")
with (ROOT / "seeds" / "segment_strategies.csv").open(encoding="utf-8", newline="") as strategies:
    VALUES = {(row["segmentation"], row["segment"]): int(row["value_order"]) for row in csv.DictReader(strategies)}


@dataclass(frozen=True)
class Event:
    """A sale, or what was cancelled of the order later (`is_cancelled`)."""

    customer: str
    invoice: str
    day: date
    units: int
    amount: Decimal
    is_cancelled: bool = False


@dataclass(frozen=True)
class Rule:
    """A box; bounds are (from, below), None bounds nothing."""

    segment: str
    recency: tuple[int | None, int | None] = (None, None)
    frequency: tuple[int | None, int | None] = (None, None)
    monetary: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True)
class Version:
    number: int
    baseline: date
    cut_points: dict[str, list[int]]
    rules: dict[str, list[Rule]]


@dataclass(frozen=True)
class Facts:
    recency: int | None
    frequency: int
    monetary: Decimal


Segments = tuple[str, str, str]
# (recency from, to, frequency from, to, monetary from, to, segment)
Cell = tuple[int, int, int, int, int, int, str, str]


def month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def days_of(events: Iterable[Event], as_of: date) -> list[date]:
    """Month ends from the first event on, and the last day."""
    first = min((event.day for event in events), default=None)
    if first is None or as_of < first:
        return []
    days, day = [], month_end(first)
    while day <= as_of:
        days.append(day)
        day = month_end(day + timedelta(days=1))
    return sorted({*days, as_of})


def version_of(day: date, versions: list[Version]) -> Version:
    fitted = [version for version in versions if version.baseline <= day]
    if fitted:
        return max(fitted, key=lambda version: version.number)
    return min(versions, key=lambda version: version.number)


def order_day(event: Event, events: Iterable[Event]) -> date:
    return min(
        other.day for other in events
        if (other.customer, other.invoice) == (event.customer, event.invoice) and not other.is_cancelled
    )  # fmt: skip


def facts_of(events: list[Event], day: date) -> Facts | None:
    """Of one customer's events; None where nothing was ordered."""
    last_net, net, money = None, 0, Decimal(0)
    for invoice in {event.invoice for event in events}:
        own = [event for event in events if event.invoice == invoice]
        units = 0
        for event in own:
            units += -event.units if event.is_cancelled else event.units
            money += -event.amount if event.is_cancelled else event.amount
        if units > 0:
            net += 1
            placed = min(event.day for event in own if not event.is_cancelled)
            last_net = placed if last_net is None else max(last_net, placed)
    if not events:
        return None
    return Facts(None if last_net is None else (day - last_net).days, net, money)


def is_in(value: int | Decimal, bounds: tuple[int | None, int | None]) -> bool:
    least, below = bounds
    return (least is None or value >= least) and (below is None or value < below)


def scores_of(facts: Facts, version: Version) -> tuple[int, int, int] | None:
    if facts.frequency == 0 or facts.recency is None:
        return None
    recency = sum(facts.recency > cut for cut in version.cut_points["recency_days"])
    frequency = sum(facts.frequency > cut for cut in version.cut_points["frequency"])
    monetary = sum(facts.monetary > cut for cut in version.cut_points["monetary"])
    return 5 - recency, 1 + frequency, 1 + monetary


def segments_of(facts: Facts, version: Version, cells: list[Cell]) -> Segments:
    scores = scores_of(facts, version)
    if scores is None or facts.recency is None:
        return ("all cancelled",) * 3
    (rfm,) = [
        cell[7] if facts.frequency > 1 and cell[7] else cell[6] for cell in cells
        if cell[0] <= scores[0] <= cell[1] and cell[2] <= scores[1] <= cell[3] and cell[4] <= scores[2] <= cell[5]
    ]  # fmt: skip
    learned = []
    for segmentation in ("broad", "detailed"):
        (segment,) = [
            rule.segment for rule in version.rules[segmentation]
            if is_in(facts.recency, rule.recency)
            and is_in(facts.frequency, rule.frequency)
            and is_in(facts.monetary, rule.monetary)
        ]  # fmt: skip
        learned.append(segment)
    return (rfm, learned[0], learned[1])


def history_of(
    events: list[Event], as_of: date, versions: list[Version], cells: list[Cell]
) -> dict[tuple[str, date], tuple[int, Facts, tuple[int, int, int] | None, Segments]]:
    """(customer, day) → (version, facts, scores, segments)."""
    history = {}
    for day in days_of(events, as_of):
        version = version_of(day, versions)
        for customer in {event.customer for event in events}:
            facts = facts_of([event for event in events if event.customer == customer and event.day <= day], day)
            if facts:
                history[customer, day] = (
                    version.number, facts, scores_of(facts, version), segments_of(facts, version, cells)
                )  # fmt: skip
    return history


def value_of(segmentation: str, segment: str) -> int:
    """1 is worth most."""
    return VALUES[segmentation, segment if (segmentation, segment) in VALUES else "any other"]


def cause_of(
    steps: list[str], outcome: dict[frozenset[str], str], was: str, now: str, value: Callable[[str], int]
) -> str:
    """The step that adds most to a move, by walking through the steps in each order in which they could have come.

    `outcome` is the segment after some of the steps, whatever their order.
    """
    direction = value(now) - value(was)

    def advance(segment: str) -> int:
        if direction == 0:
            return int(segment == now)
        return value(segment) - value(was) if direction > 0 else value(was) - value(segment)

    added = dict.fromkeys(steps, 0)
    for walk in permutations(steps):
        for number, step in enumerate(walk):
            here, there = outcome[frozenset(walk[:number])], outcome[frozenset(walk[: number + 1])]
            added[step] += advance(there) - advance(here)
    assert added[max(steps, key=lambda step: added[step])] > 0, "a cause points against the move"
    return max(steps, key=lambda step: added[step])


def movements_of(
    events: list[Event], as_of: date, versions: list[Version], cells: list[Cell]
) -> dict[tuple[str, str, date], tuple[str | None, str, str, str | None]]:
    """(customer, segmentation, day) → (from, to, cause, what would have been enough alone)."""
    history = history_of(events, as_of, versions, cells)
    days = days_of(events, as_of)
    movements: dict[tuple[str, str, date], tuple[str | None, str, str, str | None]] = {}
    for (customer, day), (_, _, _, segments) in history.items():
        before_day = max((other for other in days if other < day), default=None)
        before = history.get((customer, before_day)) if before_day else None
        if before is None or before_day is None:
            for segmentation, segment in zip(SEGMENTATIONS, segments, strict=True):
                movements[customer, segmentation, day] = (None, segment, "new", None)
            continue

        own = [event for event in events if event.customer == customer and event.day <= day]
        past = [event for event in own if event.day <= before_day]
        sales = [event for event in own if event.day > before_day and not event.is_cancelled]
        cancelled_since = [event for event in own if event.day > before_day and event.is_cancelled]
        of_earlier = [event for event in cancelled_since if order_day(event, own) <= before_day]
        old, new = version_of(before_day, versions), version_of(day, versions)
        happened = {"aging": True, "order": sales, "cancellation": cancelled_since, "refit": new is not old}
        steps = [step for step, has_happened in happened.items() if has_happened]

        outcomes: dict[frozenset[str], Segments] = {}
        for some in (frozenset(some) for size in range(len(steps) + 1) for some in combinations(steps, size)):
            cancelled = cancelled_since if "order" in some else of_earlier
            known = past + (sales if "order" in some else []) + (cancelled if "cancellation" in some else [])
            facts = facts_of(known, day)
            assert facts is not None
            # Without time, orders since the date before are placed on the day, and nobody is longer away.
            if "aging" not in some and facts.recency is not None:
                facts = replace(facts, recency=max(facts.recency - (day - before_day).days, 0))
            outcomes[some] = segments_of(facts, new if "refit" in some else old, cells)
        assert (outcomes[frozenset()], outcomes[frozenset(steps)]) == (before[3], segments)
        alone = {
            "aging": frozenset({"aging"}),
            "order": frozenset({"aging", "order"}),
            "cancellation": frozenset({"aging", "cancellation"} if of_earlier else {"none"}),
            "refit": frozenset({"refit"}),
        }
        for position, segmentation in enumerate(SEGMENTATIONS):
            was, now = before[3][position], segments[position]
            if was == now:
                continue
            outcome = {some: result[position] for some, result in outcomes.items()}
            enough = [step for step, some in alone.items() if outcome.get(some) == now]
            cause = cause_of(steps, outcome, was, now, partial(value_of, segmentation))
            movements[customer, segmentation, day] = (was, now, cause, " · ".join(enough) or None)
    return movements
