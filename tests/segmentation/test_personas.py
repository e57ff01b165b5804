"""Personas by optimal assignment, against every assignment tried one by one."""

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lines import SEEDS, Given, connected

sys.path.insert(0, str(Path(__file__).parents[2] / "python_models"))

from shop_toolkit.personas import CONDITIONS, VALUE_WEIGHTS, assign_personas, positions_of, value_orders

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


# --- clusters of a past day ------------------------------------------------------------------------------


ANCHOR = {
    "cause": "first build", "anchor_invoice_id": "1", "anchor_customer_id": "c1",
    "anchor_order_date": pd.Timestamp("2025-06-30").date(),
}  # fmt: skip


def customers_of_a_day(size: int, most_orders: int, seed: int) -> pd.DataFrame:
    """Customers with their figures and a cluster of three; many share a value."""
    random = np.random.default_rng(seed)
    frequency = random.integers(1, most_orders + 1, size)
    recency = random.integers(0, 40, size)
    return pd.DataFrame(
        {
            "customer_id": [f"c{number}" for number in range(size)], "recency_days": recency, "frequency": frequency,
            "monetary": random.integers(1, 20, size) * 10.0, "cluster": random.integers(0, 3, size),
            "tenure_days": recency + np.where(frequency > 1, random.integers(1, 300, size), 0),
        }
    )  # fmt: skip


@pytest.mark.parametrize(("size", "most_orders", "seed"), [(60, 6, 0), (61, 40, 1), (30, 1, 2)])
def test_clusters_of_a_past_day_are_measured_as_those_of_today(size: int, most_orders: int, seed: int) -> None:
    """Today's are measured in SQL. Who is left out of the clusters counts among all customers."""
    everyone = customers_of_a_day(size, most_orders, seed)
    clustered = everyone.iloc[5:]
    day = pd.Timestamp("2025-06-30")
    clustering: dict[str, Any] = {"model_version": 1, "space": "rfm", "algorithm": "kmeans", "k": 3}
    states = everyone.assign(
        first_order_date=day - pd.to_timedelta(everyone["tenure_days"], "D"), valid_from=day, valid_until=pd.NaT,
        last_net_order_date=day - pd.to_timedelta(everyone["recency_days"], "D"),
    )  # fmt: skip
    for column in ("first_order_date", "last_net_order_date", "valid_from", "valid_until"):
        states[column] = states[column].astype("datetime64[s]").dt.date
    with connected() as connection:
        warehouse = Given(
            connection,
            model_versions=pd.DataFrame(
                [ANCHOR | {"model_version": 1, "baseline_date": day.date(), "is_active": True}]
            ),
            int_fit_population=everyone.assign(model_version=1),
            int_candidates_ranked=pd.DataFrame([clustering | {"segmentation": "broad", "is_chosen": True}]),
            candidate_labels=clustered[["customer_id", "cluster"]].assign(**clustering),
            persona_prototypes=pd.read_csv(SEEDS["persona_prototypes"]),
        )
        connection.register("given_states", states)
        connection.execute(
            """
            create table int_customer_states_scd2 as
            select * replace (cast(valid_until as date) as valid_until) from given_states;
            -- No version before gave a name.
            create table int_orders (invoice_id varchar, customer_id varchar, order_date date);
            create schema segmentation;
            create table segmentation.int_segment_rules (
                segmentation varchar, segment varchar, model_version integer, recency_min integer, recency_max integer,
                frequency_min bigint, frequency_max bigint, monetary_min double, monetary_max double
            )
            """
        )
        warehouse.built |= {"int_customer_states_scd2", "int_orders"}
        table = warehouse.ref("int_cluster_profiles")
        expected = connection.execute(f"from {table} order by cluster").df()
    found = positions_of(clustered, everyone)
    assert found.index.tolist() == expected["cluster"].tolist()
    for position in ("recency", "frequency", "monetary"):
        assert found[position].to_numpy() == pytest.approx(expected[position].to_numpy(dtype=float)), position


def test_by_the_measure_of_value_the_prototypes_have_the_order_of_their_segments() -> None:
    prototypes, strategies = (pd.read_csv(SEEDS[name]) for name in ("persona_prototypes", "segment_strategies"))
    both = prototypes.rename(columns={"persona": "segment"}).merge(strategies, on=["segmentation", "segment"])
    assert len(both) == len(prototypes)
    for _, own in both.groupby("segmentation"):
        worth = own.set_index("value_order")[list(VALUE_WEIGHTS.index)] @ VALUE_WEIGHTS
        # Of two segments that are worth the same, either may be ahead.
        assert worth.sort_values(ascending=False).index.is_monotonic_increasing


def test_clusters_without_names_are_ranked_by_what_they_are_worth() -> None:
    rows = [(0, 300, 1, 10.0), (1, 2, 20, 2000.0), (2, 40, 3, 300.0), (3, 40, 3, 300.0)]
    columns = ["cluster", "recency_days", "frequency", "monetary"]
    customers = pd.DataFrame([row for row in rows for _ in range(5)], columns=columns)
    assert value_orders(customers, customers) == {1: 1, 2: 2, 3: 2, 0: 3}
