"""Why a segment changed, for every outcome that up to three steps can have, against walks through the steps."""

from collections.abc import Callable
from functools import partial
from itertools import combinations, product

import duckdb
import pytest
from conftest import ROOT, Shop, problem_of
from history_oracle import cause_of, value_of

FLAGS = {"aging": "is_aged", "order": "is_ordered", "cancellation": "is_cancelled", "refit": "is_refitted"}
SEGMENTS = ("champions", "loyal", "lost")
# By customer: the steps that happened, and the segment after each combination of them.
Outcomes = dict[str, tuple[list[str], dict[frozenset[str], str]]]


def all_outcomes() -> Outcomes:
    """All that time can do alone, with one other step and with two, where the segment changes."""
    outcomes: Outcomes = {}
    for others in [(), ("order",), ("cancellation",), ("refit",), ("order", "cancellation")]:
        steps = ["aging", *others]
        subsets = [frozenset(some) for size in range(len(steps) + 1) for some in combinations(steps, size)]
        for segments in product(SEGMENTS, repeat=len(subsets)):
            if segments[0] != segments[-1]:
                outcomes[f"c{len(outcomes)}"] = (steps, dict(zip(subsets, segments, strict=True)))
    return outcomes


@pytest.fixture(scope="module")
def causes(make_shop: Callable[..., Shop]) -> dict[str, tuple[str, str]]:
    """The cause and the direction of each of `all_outcomes`, by customer."""
    result = make_shop().dbt("compile", "--full-refresh", "--select", "int_segment_snapshots", "segment_changes")
    assert result.success, problem_of(result)
    sql = {run.node.name: run.node.compiled_code for run in result.result.results}
    outcomes = all_outcomes()
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as shop; use shop; create schema history; create schema seeds")
        for seed in ("segment_strategies", "segment_profiles"):
            path = ROOT / "seeds" / f"{seed}.csv"
            connection.execute(f"create table seeds.{seed} as select * from read_csv('{path}', header = true)")
        connection.execute(f"""
            create table history.int_counterfactual_segments (
                customer_id varchar, as_of_date date, {", ".join(f"{flag} boolean" for flag in FLAGS.values())},
                single_cause varchar, rfm_segment varchar, broad_segment varchar, detailed_segment varchar
            )
        """)
        # No version: scores are levels.
        connection.execute("create schema scoring")
        connection.execute("""
            create table scoring.rfm_cut_points (
                model_version integer, measure varchar, cut_number integer, cut_point decimal(18, 2),
                score_group varchar
            )
        """)
        rows = [
            f"('{customer}', date '2011-02-28', {', '.join(str(step in some) for step in FLAGS)},"
            f" null, null, '{segment}', null)"
            for customer, (_, outcome) in outcomes.items()
            for some, segment in outcome.items()
        ]
        connection.execute(f"insert into history.int_counterfactual_segments values {', '.join(rows)}")
        moves = [
            f"('{customer}', '{outcome[frozenset()]}', '{outcome[frozenset(steps)]}')"
            for customer, (steps, outcome) in outcomes.items()
        ]
        connection.execute(f"""
            create table history.int_segment_moves as
            select
                customer_id, date '2011-02-28' as as_of_date, date '2011-01-31' as previous_date,
                broad_before, broad_segment, null::varchar as original_broad_segment,
                {
            ", ".join(
                f"null::varchar as {column}"
                for name in ("rfm", "detailed")
                for column in (f"{name}_before", f"{name}_segment", f"original_{name}_segment")
            )
        },
                1 as model_version, 1 as previous_version,
                null::varchar as restated_by, 0 as recency_before, 1 as frequency_before,
                1.00 as monetary_before, 1.00 as monetary, 1 as monetary_score_before, 1 as monetary_score,
                false as is_new, true as is_move, false as is_withdrawn
            from (values {", ".join(moves)}) as moves (customer_id, broad_before, broad_segment)
        """)
        connection.execute(f"create table history.int_segment_snapshots as {sql['int_segment_snapshots']}")
        found = connection.execute(f"select customer_id, cause, direction from ({sql['segment_changes']})").fetchall()
    return {customer: (cause, direction) for customer, cause, direction in found}


def test_the_cause_is_the_step_that_adds_most_on_all_ways_through_the_steps(
    causes: dict[str, tuple[str, str]],
) -> None:
    expected = {
        customer: cause_of(steps, outcome, outcome[frozenset()], outcome[frozenset(steps)], partial(value_of, "broad"))
        for customer, (steps, outcome) in all_outcomes().items()
    }
    assert len(expected) > 4_000
    assert {customer: cause for customer, (cause, _) in causes.items()} == expected


def test_a_step_that_can_only_lead_one_way_is_never_the_cause_of_the_other(
    causes: dict[str, tuple[str, str]],
) -> None:
    """Time lowers and orders raise: where that holds of every combination, no cause points the other way."""

    def leads(step: str, sign: int, outcome: dict[frozenset[str], str]) -> bool:
        return all(
            sign * (value_of("broad", outcome[some | {step}]) - value_of("broad", segment)) >= 0
            for some, segment in outcome.items()
            if some | {step} in outcome
        )

    for step, sign, against in (("aging", 1, "up"), ("order", -1, "down"), ("cancellation", 1, "up")):
        fitting = {
            customer for customer, (steps, outcome) in all_outcomes().items()
            if step in steps and leads(step, sign, outcome)
        }  # fmt: skip
        assert len(fitting) > 20
        assert {customer for customer in fitting if causes[customer] == (step, against)} == set()
