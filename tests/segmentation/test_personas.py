"""Personas by optimal assignment, against every assignment tried one by one."""

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "python_models"))

from shop_toolkit.personas import CONDITIONS, assign_personas

positions = st.lists(st.tuples(*[st.integers(0, 20)] * 3), min_size=1, max_size=4)


def table(key: str, names: Sequence[object], rows: Sequence[Sequence[float]] | np.ndarray) -> pd.DataFrame:
    values = pd.DataFrame(rows, columns=["recency", "frequency", "monetary"], dtype=float)
    anything = {f"{condition}_{side}": np.nan for condition in CONDITIONS for side in ("min", "max")}
    return values.assign(**{key: names}, **dict.fromkeys(CONDITIONS.values(), 1.0), **anything)


PROTOTYPES = table("persona", ["loyal", "lost", "middle"], [(0.8, 0.9, 0.9), (0.1, 0.2, 0.25), (0.6, 0.5, 0.5)])


@settings(max_examples=60, deadline=None)
@given(positions, positions)
def test_no_other_assignment_is_nearer(clusters: list[tuple[float, ...]], personas: list[tuple[float, ...]]) -> None:
    profiles = table("cluster", range(len(clusters)), np.array(clusters) / 20)
    prototypes = table("persona", [f"p{i}" for i in range(len(personas))], np.array(personas) / 20)
    named = assign_personas(profiles, prototypes, 0.4)
    cost = named["distance"].fillna(0.4).sum()
    away = np.linalg.norm(np.array(clusters)[:, None] / 20 - np.array(personas)[None] / 20, axis=2)
    choices = itertools.product(range(-1, len(personas)), repeat=len(clusters))
    unique = [c for c in choices if len({p for p in c if p >= 0}) == sum(p >= 0 for p in c)]
    assert cost == pytest.approx(min(sum(0.4 if p < 0 else away[i, p] for i, p in enumerate(c)) for c in unique))
    assert named["persona"].dropna().is_unique


def test_names_follow_the_profile_not_the_number() -> None:
    rows = [(0.58, 0.47, 0.48), (0.12, 0.19, 0.26), (0.77, 0.91, 0.90)]
    named = assign_personas(table("cluster", [0, 1, 2], rows), PROTOTYPES, 0.35)
    assert named["persona"].tolist() == ["middle", "lost", "loyal"]
    turned = assign_personas(table("cluster", [2, 0, 1], rows), PROTOTYPES, 0.35)
    assert turned["persona"].tolist() == ["lost", "loyal", "middle"]


def test_a_poor_fit_and_a_cluster_too_many_stay_nameless() -> None:
    rows = [(0.79, 0.9, 0.9), (0.8, 0.9, 0.88), (0.1, 0.99, 0.99)]
    named = assign_personas(table("cluster", [0, 1, 2], rows), PROTOTYPES, 0.35)
    assert named["persona"].tolist() == ["loyal", None, None]
    assert named["distance"].isna().tolist() == [False, True, True]


def test_positions_outside_0_to_1_are_reported() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        assign_personas(table("cluster", [0], [(32, 7, 2417)]), PROTOTYPES, 0.35)


SEED = pd.read_csv(Path(__file__).parents[2] / "seeds/persona_prototypes.csv")


def name_of(segmentation: str, **profile: float) -> object:
    """What the seed's personas call a cluster that stands where the wanted one is, with other figures."""
    cluster = pd.DataFrame([{"cluster": 0, **profile}])
    (name,) = assign_personas(cluster, SEED[SEED["segmentation"] == segmentation], 0.35)["persona"]
    return name


def standing_like(segmentation: str, persona: str) -> dict[str, float]:
    (row,) = SEED[(SEED["segmentation"] == segmentation) & (SEED["persona"] == persona)].to_dict("records")
    return {str(position): float(row[position]) for position in ("recency", "frequency", "monetary")}


@pytest.mark.parametrize(
    ("segmentation", "persona", "orders", "absence", "tenure", "spend", "name"),
    [
        # the rarest customers of a shop where everybody orders often are no newcomers
        ("detailed", "newcomers", 4, 0.5, 9, 0.3, None),
        ("detailed", "newcomers", 1, 0.8, 0.9, 0.4, "newcomers"),
        # one order, and more ago that were cancelled
        ("detailed", "newcomers", 1, 0.8, 4, 0.4, None),
        # the longest absence of a shop that began ten days ago
        ("broad", "at risk", 3, 0.7, 1, 1, "occasional"),
        ("broad", "at risk", 3, 2.5, 9, 1, "at risk"),
        ("broad", "lost", 1, 0.9, 1, 0.4, None),
        ("broad", "lost", 1, 5, 6, 0.4, "lost"),
        # the best of a shop whose customers hardly ever come back
        ("broad", "champions", 2, 0.5, 3, 3, None),
        ("broad", "champions", 9, 0.5, 9, 5, "champions"),
        # the best are gone as well
        ("broad", "champions", 9, 4, 20, 5, None),
        ("detailed", "loyal", 7, 0.3, 6, 4, "loyal"),
        ("detailed", "gone", 1, 6, 6, 0.3, "gone"),
        ("detailed", "gone", 1, 2.5, 3, 0.3, "sleeping"),
    ],
)
def test_a_name_is_true_of_the_figures_whatever_the_rank(
    segmentation: str, persona: str, orders: float, absence: float, tenure: float, spend: float, name: str | None
) -> None:
    assert name_of(
        segmentation, **standing_like(segmentation, persona), median_frequency=orders, absence_gaps=absence,
        tenure_gaps=tenure, spend_ratio=spend,
    ) == name  # fmt: skip


def test_figures_that_are_unknown_meet_only_conditions_that_ask_for_nothing() -> None:
    figures = {"median_frequency": 3, "absence_gaps": 1, "tenure_gaps": np.nan, "spend_ratio": np.nan}
    assert name_of("broad", **standing_like("broad", "regulars"), **figures) == "regulars"
    assert name_of("broad", **standing_like("broad", "loyal"), **figures) == "regulars"
