"""What the setting `rfm_cut_points` accepts: a number of quantiles for all measures, or a mapping by measure."""

from collections.abc import Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import TypeGuard

# The measures of the scores, and what their bounds count.
MEASURES = {"recency_days": "days", "frequency": "orders", "monetary": "money"}
FEWEST_SCORES, MOST_SCORES = 3, 10
# What DECIMAL(18, 2) holds.
MOST_VALUE = 10**16 - 1


def is_score_count(value: object) -> bool:
    """Whether a value is a number of scores: a whole number from 3 to 10."""
    return isinstance(value, int) and not isinstance(value, bool) and FEWEST_SCORES <= value <= MOST_SCORES


def cut_points_problem(value: object) -> str | None:
    """What is wrong with a value of `rfm_cut_points`.

    Args:
        value: A number of scores, or a mapping from measures to a number of scores or to a list of bounds.

    Returns:
        One sentence; None if nothing is wrong.
    """
    if not isinstance(value, Mapping):
        return None
    return next(
        (problem for measure, wanted in value.items() if (problem := _measure_problem(str(measure), wanted))), None
    )


def _measure_problem(measure: str, wanted: object) -> str | None:
    if measure not in MEASURES:
        near = [name for name in MEASURES if measure and name.startswith(measure)]
        near = near or get_close_matches(measure, MEASURES, n=1)
        likely = f" Did you mean '{near[0]}'?" if near else ""
        return f"There is no measure '{measure}'; scores have {', '.join(MEASURES)}.{likely}"
    if is_score_count(wanted):
        return None
    if not isinstance(wanted, list):
        return (
            f"'{measure}' takes a number of quantiles, from {FEWEST_SCORES} to {MOST_SCORES}, or a list of bounds in"
            f" {MEASURES[measure]}, not {wanted!r}."
        )
    return _bounds_problem(measure, wanted)


def _bounds_problem(measure: str, bounds: list[object]) -> str | None:
    unit = MEASURES[measure]
    if not FEWEST_SCORES <= len(bounds) + 1 <= MOST_SCORES:
        return (
            f"'{measure}' has {len(bounds)} bounds; {FEWEST_SCORES} to {MOST_SCORES} scores take"
            f" {FEWEST_SCORES - 1} to {MOST_SCORES - 1}, as the last score is open."
        )
    numbers = [bound for bound in bounds if _is_bound(bound, measure)]
    if len(numbers) < len(bounds):
        wrong = next(bound for bound in bounds if not _is_bound(bound, measure))
        whole = "an amount with two decimals at most" if measure == "monetary" else f"a whole number of {unit}"
        return f"'{measure}' has the bound {wrong!r}; each is {whole}, from {_least(measure)} on."
    if all(first < second for first, second in pairwise(numbers)):
        return None
    return f"The bounds of '{measure}' must ascend, and {bounds!r} do not."


def _least(measure: str) -> int:
    """The least bound: one order is the least that has a score."""
    return int(measure == "frequency")


def _is_bound(bound: object, measure: str) -> TypeGuard[int | float]:
    if isinstance(bound, bool) or not isinstance(bound, int | float) or not _least(measure) <= bound <= MOST_VALUE:
        return False
    return round(bound, 2) == bound if measure == "monetary" else isinstance(bound, int)
