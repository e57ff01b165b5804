"""Scores of any number from 3 to 10, and the names that their cells have, against a count by hand."""

from fractions import Fraction
from random import Random
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT
from lines import Given, connected, rendered

MEASURES = ("recency_days", "frequency", "monetary")
# The documented levels of each number of scores on the grid of five.
LEVELS = {
    3: [1, 3, 5],
    4: [1, 2, 4, 5],
    5: [1, 2, 3, 4, 5],
    6: [1, 2, 3, 3, 4, 5],
    7: [1, 2, 2, 3, 4, 4, 5],
    8: [1, 1, 2, 3, 3, 4, 5, 5],
    9: [1, 1, 2, 2, 3, 4, 4, 5, 5],
    10: [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
}
CELLS = pd.DataFrame(
    [
        {"segment": f"{recency}{frequency}{monetary}", "repeat_segment": None, "recency_min": recency,
         "recency_to": recency, "frequency_min": frequency, "frequency_to": frequency, "monetary_min": monetary,
         "monetary_to": monetary}
        for recency in range(1, 6) for frequency in range(1, 6) for monetary in range(1, 6)
    ]
)  # fmt: skip


def bounds_of(values: list[int], wanted: Any) -> list[int]:
    """The cut-points of one measure: fixed, or the least value that so large a part of the customers do not exceed."""
    if isinstance(wanted, list):
        return wanted
    ordered = sorted(values)
    return [
        next(value for value in ordered
             if Fraction(sum(other <= value for other in ordered), len(ordered)) >= Fraction(part, wanted))
        for part in range(1, wanted)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wanted",
    [3, 4, 6, 7, 8, 9, 10, {"recency_days": [7, 30, 90], "frequency": 10, "monetary": [0, 10, 20, 30, 40, 50]}],
    ids=lambda wanted: str(wanted) if isinstance(wanted, int) else "fixed and fitted",
)
def test_scores_and_segments_follow_the_setting(wanted: Any) -> None:
    chance = Random(5)
    customers = pd.DataFrame(
        [(f"c{number}", chance.randrange(200), 1 + chance.randrange(12), chance.randrange(60)) for number in range(97)],
        columns=["customer_id", *MEASURES],
    )
    with connected() as connection:
        given = Given(connection, rfm_segments=CELLS, population=customers.astype(dict.fromkeys(MEASURES, float)))
        given.settings = given.settings | {"rfm_cut_points": wanted}
        fitted = given.connection.sql(
            rendered("with {{ fit_cut_points('population') }} select 1 as model_version, * from cut_points")
        ).df()
        rules = pd.DataFrame(
            {"model_version": 1, "segmentation": ["broad", "detailed"], "segment": "any", "rule_number": 1,
             "confidence": 1.0}
        )  # fmt: skip
        bounds = {
            f"{measure}_{end}": None for measure in ("recency", "frequency", "monetary") for end in ("min", "max")
        }
        given.store(
            rfm_cut_points=fitted, int_segment_rules=rules.assign(**bounds).astype(dict.fromkeys(bounds, float))
        )
        given.store(facts=customers.assign(model_version=1, country="UK"))
        found = given.rows(
            """
            with {{ assign_segments('facts') }}
            select customer_id, recency_score, frequency_score, monetary_score, rfm_score, rfm_segment from segmented
            """
        )
    by_measure = {measure: wanted.get(measure, 5) if isinstance(wanted, dict) else wanted for measure in MEASURES}
    cuts = {measure: bounds_of(list(customers[measure]), of_measure) for measure, of_measure in by_measure.items()}
    expected = set()
    for customer in customers.itertuples():
        counts = {measure: len(bounds) + 1 for measure, bounds in cuts.items()}
        passed = {measure: sum(getattr(customer, measure) > cut for cut in bounds) for measure, bounds in cuts.items()}
        scores = [counts["recency_days"] - passed["recency_days"], 1 + passed["frequency"], 1 + passed["monetary"]]
        levels = [LEVELS[count][score - 1] for count, score in zip(counts.values(), scores, strict=True)]
        separator = "-" if max(counts.values()) == 10 else ""
        text = separator.join(str(score) for score in scores)
        expected.add((customer.customer_id, *scores, text, "".join(str(level) for level in levels)))
    assert set(found) == expected


def test_versions_with_other_numbers_of_scores_stand_side_by_side() -> None:
    """A version keeps the scores that it was fitted with, whatever the setting is by now."""
    cut_points = pd.DataFrame(
        [(version, measure, number, 10 * number) for version, cuts in ((1, 4), (2, 2))
         for measure in MEASURES for number in range(1, cuts + 1)],
        columns=["model_version", "measure", "cut_number", "cut_point"],
    ).assign(score_group=None)  # fmt: skip
    with connected() as connection:
        given = Given(connection, rfm_cut_points=cut_points)
        given.settings = given.settings | {"rfm_cut_points": 7}
        given.store(
            facts=pd.DataFrame({"model_version": [1, 2], "recency_days": 5, "frequency": 99, "monetary": 15}).assign(
                exclusion_reason=None
            )
        )
        found = given.rows(
            """
            with cut_points as ({{ cut_points_by_version(ref('rfm_cut_points')) }})
            select
                customers.model_version,
                {{ score('recency_days') }}, {{ score('frequency') }}, {{ score('monetary') }}
            from facts as customers inner join cut_points on customers.model_version = cut_points.model_version
            """
        )
    assert sorted(found) == [(1, 5, 5, 2), (2, 3, 3, 2)]


def test_scores_that_fixed_bounds_leave_empty_are_named() -> None:
    cut_points = pd.DataFrame(
        [(1, "frequency", 1), (1, "frequency", 2), (1, "frequency", 3), (1, "monetary", 1), (1, "monetary", 2),
         (1, "recency_days", 1), (1, "recency_days", 2), (2, "recency_days", 5)],
        columns=["model_version", "measure", "cut_number"],
    ).assign(score_group=None)  # fmt: skip
    # the last has no net order, so no scores
    customers = pd.DataFrame(
        [(1, 1, 1, 2, 3), (1, 1, 3, 2, 3), (None, 0, None, None, None)],
        columns=["model_version", "frequency", "frequency_score", "recency_score", "monetary_score"],
    )
    with connected() as connection:
        given = Given(connection, rfm_cut_points=cut_points, customers=customers)
        found = given.rows("{{ empty_scores('customers', 'rfm_cut_points', ['frequency', 'recency_days']) }}")
    assert found == [
        ("No customer has the frequency score 2, 4: the bounds of frequency in rfm_cut_points leave it empty.",),
        ("No customer has the recency score 1, 3: the bounds of recency_days in rfm_cut_points leave it empty.",),
    ]


def fitted_with(*settings: str) -> pd.DataFrame:
    return pd.DataFrame({"model_version": range(1, len(settings) + 1), "settings": settings})


@pytest.mark.parametrize(
    ("settings", "counts", "is_whole"),
    [
        ("{}", (4, 4, 4), True),
        ("{}", (4, 4, 3), False),
        # Right in sum alone.
        ("{}", (4, 5, 3), False),
        ('{"rfm_cut_points": 4}', (3, 3, 3), True),
        ('{"rfm_cut_points": 4}', (4, 4, 4), False),
        ('{"rfm_cut_points": 10, "score_within": "country"}', (9, 9, 9), True),
        ('{"rfm_cut_points": {"recency_days": [30, 90.5, 180], "monetary": 6}}', (3, 4, 5), True),
        ('{"rfm_cut_points": {"recency_days": [30, 90.5, 180], "monetary": 6}}', (2, 4, 5), False),
        ('{"rfm_cut_points": {"recency_days": [30, 90.5, 180], "monetary": 6}}', (3, 4, 4), False),
        ('{"rfm_cut_points": {"frequency": null, "monetary": [1, 2]}}', (4, 4, 2), True),
        ('{"rfm_cut_points": {"frequency": null, "monetary": [1, 2]}}', (4, 3, 2), False),
        ('{"rfm_cut_points": {"monetary": 4}}', (4, 4, 0), False),
    ],
)
def test_a_version_has_as_many_cut_points_as_its_settings_ask_for(
    settings: str, counts: tuple[int, ...], is_whole: bool
) -> None:
    cut_points = pd.DataFrame(
        [
            {"model_version": 1, "score_group": group, "measure": measure, "cut_number": number}
            for measure, count in zip(MEASURES, counts, strict=True)
            for number in range(1, count + 1)
            for group in (None, "UK")
        ]
    )
    text = (ROOT / "tests/segmentation/assert_a_version_with_rules_is_whole.sql").read_text("utf-8")
    with connected() as connection:
        given = Given(
            connection,
            int_segment_rules=pd.DataFrame({"model_version": [1, 1]}),
            model_versions=fitted_with(settings).assign(baseline_date="2024-01-01"),
            rfm_cut_points=cut_points,
            int_fit_population=pd.DataFrame({"model_version": [1, 1], "recency_days": [0, 3]}),
        )
        assert (given.rows(text) == []) is is_whole


def test_customers_of_small_countries_are_counted() -> None:
    cut_points = pd.DataFrame(
        [(1, None, "frequency"), (1, "UK", "frequency"), (2, "France", "frequency"), (1, "Chad", "excluded_countries")],
        columns=["model_version", "score_group", "measure"],
    )
    customers = pd.DataFrame(
        [("UK", "555"), ("France", "111"), ("France", "222"), ("Chad", "333"), (None, "111"), ("Chad", None)],
        columns=["country", "rfm_score"],
    ).assign(model_version=1)
    with connected() as connection:
        versions = fitted_with('{"score_within": "country", "seeds": "0"}', '{"rfm_cut_points": 4}')
        given = Given(connection, rfm_cut_points=cut_points, customers=customers, model_versions=versions)
        query = "{{ small_groups('customers', 'rfm_cut_points', 'model_versions', 'country') }}"
        found = given.rows(query)
        # The setting is new: whoever lives where, nobody has scores of a country yet.
        given.store(customers=customers.assign(model_version=2))
        waiting = given.rows(query)
        given.store(customers=customers[:1])
        assert given.rows(query) == []
    assert waiting == [
        (
            "Scores are among all customers: score_within is country, but version 2 was fitted without it. Add"
            " refit: true once.",
        )
    ]
    assert found == [
        (
            "4 customers of 2 values of country, or of none, are scored with the whole shop: fewer than 100 customers"
            " of each were there to fit scores on.",
        )
    ]
