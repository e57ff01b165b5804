"""Rules partition the space, equal the tree, and are evaluated on customers they have not seen."""

import itertools
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shop_toolkit.parallel import PARALLEL_CUSTOMERS
from shop_toolkit.rules.boxes import Box, merge_boxes, split_bound
from shop_toolkit.rules.cuts import Cuts
from shop_toolkit.rules.evaluation import cross_validate_rules, evaluate_classifiers
from shop_toolkit.rules.fit import LOWER_BOUNDS, UPPER_BOUNDS, apply_rules, fit_rules
from shop_toolkit.rules.forest import decision_tree, extremely_randomised_trees, random_forest
from shop_toolkit.rules.order import Reach, must_not_exceed, ordered_tiers, tiers_of
from shop_toolkit.rules.tree import FEATURES
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.tree._tree import Tree

customers = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 20), st.integers(-10_000, 10_000_000), st.sampled_from("abcd")),
    min_size=1,
    max_size=80,
)


def customers_of(rows: Sequence[tuple[int, int, int, str]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["recency_days", "frequency", "pennies", "segment"])
    return table.assign(monetary=table["pennies"] / 100)


@settings(max_examples=60, deadline=None)
@given(customers, customers)
def test_every_customer_falls_in_exactly_one_rule(
    seen: list[tuple[int, int, int, str]], unseen: list[tuple[int, int, int, str]]
) -> None:
    fitted = fit_rules(customers_of(seen), customers_of(seen)["segment"], max_rules=10)
    assert 1 <= len(fitted) <= 10
    extremes = [(-1, 0, -(10**12), "a"), (10**6, 10**6, 10**12, "a")]
    bounds = [
        (int(r), int(f), round(m * 100), "a")
        for r in fitted["recency_min"].dropna()
        for f in fitted["frequency_min"].dropna()
        for m in fitted["monetary_min"].dropna()
    ]
    everyone = customers_of(seen + unseen + extremes + bounds)
    counts = np.zeros(len(everyone), dtype=int)
    for rule in fitted.fillna(dict.fromkeys(LOWER_BOUNDS, -np.inf)).itertuples():
        inside = np.ones(len(everyone), dtype=bool)
        for lower, upper, feature in zip(LOWER_BOUNDS, UPPER_BOUNDS, FEATURES, strict=True):
            below = getattr(rule, upper)
            inside &= (everyone[feature] >= getattr(rule, lower)).to_numpy()
            inside &= (everyone[feature] < (np.inf if pd.isna(below) else below)).to_numpy()
        counts += inside
    assert (counts == 1).all()
    assert fitted["support"].sum() == len(seen)


value_orders = st.fixed_dictionaries({segment: st.integers(1, 4) for segment in "abcd"})


def values_at_corners(fitted: pd.DataFrame, orders: dict[str, int]) -> np.ndarray:
    """Value order (r, f, m) at the lower corner of each cell that all bounds together cut the space into.

    Rules change only at their bounds, so what holds from each cell to the next holds everywhere.
    """
    corners = [
        np.unique([-(10**9), *fitted[lower].dropna(), *fitted[upper].dropna()])
        for lower, upper in zip(LOWER_BOUNDS, UPPER_BOUNDS, strict=True)
    ]
    cells = pd.DataFrame(itertools.product(*corners), columns=list(FEATURES))
    values = np.array([orders[segment] for segment in apply_rules(cells, fitted)])
    return values.reshape([len(corner) for corner in corners])


@settings(max_examples=40, deadline=None)
@given(customers, value_orders, st.integers(2, 12))
def test_a_longer_absence_never_helps_and_more_orders_or_money_never_harm(
    seen: list[tuple[int, int, int, str]], orders: dict[str, int], max_rules: int
) -> None:
    table = customers_of(seen)
    fitted = fit_rules(table, table["segment"], max_rules, value_orders=orders)
    assert 1 <= len(fitted) <= max_rules
    assert fitted["support"].sum() == len(seen)
    values = values_at_corners(fitted, orders)
    assert (np.diff(values, axis=0) >= 0).all()
    assert (np.diff(values, axis=1) <= 0).all()
    assert (np.diff(values, axis=2) <= 0).all()


@settings(max_examples=20, deadline=None)
@given(customers, value_orders, st.integers(2, 12))
def test_who_is_away_longer_than_all_fitted_customers_is_in_the_segment_of_least_value(
    seen: list[tuple[int, int, int, str]], orders: dict[str, int], max_rules: int
) -> None:
    table = customers_of(seen)
    fitted = fit_rules(table, table["segment"], max_rules, value_orders=orders)
    longest = int(table["recency_days"].max())
    away = customers_of([(longest + 1, f, m, "") for f in (1, 99) for m in (-(10**4), 10**9)])
    found = {orders[segment] for segment in apply_rules(away, fitted)}
    assert found == {max(orders[segment] for segment in table["segment"])}


def test_without_value_orders_rules_may_break_any_order() -> None:
    """The case that the order rules out: what is learned from these customers alone is not monotone."""
    table = customers_of([(days, 1, 100, "ab"[days // 100 % 2]) for days in range(0, 400, 5)])
    plain = values_at_corners(fit_rules(table, table["segment"]), {"a": 1, "b": 2})
    assert not (np.diff(plain, axis=0) >= 0).all()
    ordered = fit_rules(table, table["segment"], value_orders={"a": 1, "b": 2})
    # one border is left, the one that errs for fewest
    assert ordered["segment"].tolist() == ["a", "b"]
    assert ordered["recency_min"].dropna().tolist() == [98]


def test_segments_of_one_value_are_separated_freely() -> None:
    table = customers_of([(days, 1, 100, "ab"[days // 100 % 2]) for days in range(0, 400, 5)])
    free = fit_rules(table, table["segment"], value_orders={"a": 1, "b": 1})
    pd.testing.assert_frame_equal(free, fit_rules(table, table["segment"]))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_other_tiers_that_keep_to_the_order_cost_less(data: st.DataObject) -> None:
    count, tiers = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 3))
    costs = np.array(data.draw(st.lists(st.lists(st.integers(0, 9), min_size=tiers, max_size=tiers),
                                        min_size=count, max_size=count)))  # fmt: skip
    # Edges from lower numbers to higher ones make no circle.
    order = np.triu(np.array(data.draw(st.lists(st.lists(st.booleans(), min_size=count, max_size=count),
                                                min_size=count, max_size=count))), 1)  # fmt: skip

    def cost(chosen: Sequence[int]) -> int:
        return int(costs[np.arange(count), list(chosen)].sum())

    allowed = [
        chosen
        for chosen in itertools.product(range(tiers), repeat=count)
        if all(chosen[i] <= chosen[j] for i, j in np.argwhere(order))
    ]
    found = tuple(ordered_tiers(costs, order).tolist())
    assert found in allowed
    best = [chosen for chosen in allowed if cost(chosen) == min(map(cost, allowed))]
    assert found == tuple(min(column) for column in zip(*best, strict=True))


def test_only_boxes_that_someone_can_improve_into_are_in_order() -> None:
    infinity = float("inf")
    anything = (-infinity, infinity)

    def box(days: tuple[float, float], orders: tuple[float, float], segment: str) -> Box:
        return Box((days[0], orders[0], -infinity), (days[1], orders[1], infinity), segment)

    recent_rare = box((-infinity, 90), (-infinity, 2), "newcomers")
    recent_frequent = box((-infinity, 90), (2, infinity), "loyal")
    long_ago = box((90, infinity), anything, "lost")
    flags = must_not_exceed([recent_rare, recent_frequent, long_ago])
    # a newcomer orders again; who is lost orders again, as often as it takes; nobody gets from loyal to newcomers
    assert np.argwhere(flags).tolist() == [[0, 1], [2, 0], [2, 1]]


def test_segments_of_one_value_order_share_a_tier() -> None:
    assert tiers_of(["lost", "loyal", "new", "hanging"], {"loyal": 1, "new": 4, "hanging": 4, "lost": 8}).tolist() == [
        0, 2, 1, 1,
    ]  # fmt: skip


def test_a_tier_reaches_no_further_than_its_customers_or_those_of_a_better_one() -> None:
    infinity = float("inf")
    # of 200 champions two were away for longer than 120 days
    days = np.array([*np.linspace(0, 120, 198).round(), 300, 350, 90, 90, 150, 400, 500])
    numbers = np.array([0] * 200 + [1, 1, 2, 3, 3])
    tiers = np.array([2, 1, 1, 0])
    reach = Reach.of(days, numbers, tiers)
    assert reach.ends.tolist() == [infinity, 151, 121]
    assert reach.farthest.tolist() == [3, 2, 0]
    # champions beyond 120 days are in the other segment that reaches 150, beyond that in the last
    assert reach.limited(days[[197, 198]], numbers[[197, 198]], tiers).tolist() == [0, 3]
    assert reach.limited(np.array([121, 150, 151]), np.array([0, 0, 1]), tiers).tolist() == [2, 2, 3]
    boxes = [
        Box((-infinity, 5, 7), (infinity, infinity, infinity), 0),
        Box((-infinity, 2, 7), (100, 5, infinity), 1),
        Box((100, 2, 7), (infinity, 5, infinity), 3),
    ]
    cut = reach.cut(boxes, tiers)
    assert [(box.lower[0], box.upper[0], box.segment) for box in cut if box.lower[1] == 5] == [
        (-infinity, 121, 0), (121, 151, 2), (151, infinity, 3),
    ]  # fmt: skip
    assert [box for box in cut if box.lower[1] < 5] == boxes[1:]
    assert [box.upper[0] for box in reach.in_one_step().cut(boxes[:1], tiers)] == [151, infinity]


def test_one_clear_border_is_two_rules_with_round_bounds() -> None:
    table = customers_of([(r, 1, m * 100, s) for r, m, s in [(5, 900, "low"), (6, 1100, "low")] * 3])
    table = pd.concat([table, customers_of([(5, 1, 130_000, "high"), (6, 1, 150_000, "high")] * 3)])
    fitted = fit_rules(table, table["segment"])
    assert fitted["segment"].tolist() == ["low", "high"]
    assert fitted["monetary_max"].tolist()[0] == fitted["monetary_min"].tolist()[1] == 1200
    assert fitted["recency_min"].isna().all()
    # six of six, and one more of each kind
    assert (fitted["confidence"] == 7 / 8).all()
    assert apply_rules(customers_of([(9, 1, 119_999, ""), (9, 1, 120_000, "")]), fitted).tolist() == [
        "low",
        "high",
    ]


@pytest.mark.parametrize(
    ("feature", "left", "right", "bound"),
    [
        ("frequency", 3, 4, 4),
        ("recency_days", 3, 7, 6),
        ("monetary", 10.01, 10.02, 10.02),
        ("monetary", 1140, 1163, 1150),
        ("monetary", -30, -10, -20),
    ],
)
def test_bounds_lie_in_the_gap_and_read_well(feature: str, left: float, right: float, bound: float) -> None:
    assert split_bound(feature, left, right) == bound


@given(st.integers(-(10**7), 10**9), st.integers(1, 10**7))
def test_money_bounds_change_no_decision(left: int, gap: int) -> None:
    assert left / 100 < split_bound("monetary", left / 100, (left + gap) / 100) <= (left + gap) / 100


def test_a_bound_stays_near_the_threshold_that_the_tree_found() -> None:
    assert split_bound("monetary", 100, 200, threshold=181) == 200
    assert split_bound("monetary", 100, 200, threshold=131) == 150
    assert split_bound("recency_days", 10, 40, threshold=30.5) == 31


def test_neighbours_of_one_segment_become_one_rule() -> None:
    infinity = float("inf")
    whole = ((-infinity,) * 2, (infinity,) * 2)
    boxes = [
        Box((-infinity, *whole[0]), (5, *whole[1]), "a"),
        Box((5, *whole[0]), (9, *whole[1]), "a"),
        Box((9, *whole[0]), (infinity, *whole[1]), "b"),
    ]
    merged = merge_boxes(boxes)
    assert {(box.lower[0], box.upper[0], box.segment) for box in merged} == {
        (-infinity, 9, "a"),
        (9, infinity, "b"),
    }


def joined_one_after_the_other(boxes: list[Box]) -> list[Box]:
    """The first two boxes of one segment that form a box together, again and again."""
    for first, second in itertools.combinations(boxes, 2):
        sides = [*zip(first.lower, first.upper, strict=True)], [*zip(second.lower, second.upper, strict=True)]
        apart = [(one, other) for one, other in zip(*sides, strict=True) if one != other]
        if first.segment == second.segment and len(apart) == 1:
            (one, other) = sorted(apart[0])
            if one[1] == other[0]:
                lower = tuple(map(min, first.lower, second.lower))
                upper = tuple(map(max, first.upper, second.upper))
                rest = [box for box in boxes if box not in (first, second)]
                return joined_one_after_the_other([*rest, Box(lower, upper, first.segment)])
    return boxes


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from("ab"), min_size=27, max_size=27), st.randoms(use_true_random=False))
def test_boxes_are_joined_in_pairs_in_the_order_of_the_boxes(segments: list[str], random: Random) -> None:
    corners = list(itertools.product(range(3), repeat=3))
    boxes = [
        Box(corner, tuple(side + 1 for side in corner), segment)
        for corner, segment in zip(corners, segments, strict=True)
    ]
    random.shuffle(boxes)
    assert merge_boxes(boxes) == joined_one_after_the_other(boxes)


def separable(size: int = 200) -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(0)
    table = customers_of([(int(r), 1, int(m), "") for r, m in random.integers(1, 1000, size=(size, 2))])
    return table, np.where(table["recency_days"] < 300, "new", "old")


@pytest.mark.parametrize("leaves", [1, 2, 3, 8, 20])
def test_a_tree_cut_back_has_no_more_errors_than_one_grown_best_split_first(leaves: int) -> None:
    random = np.random.default_rng(2)
    values, labels = random.normal(size=(300, 3)), random.integers(3, size=300)
    grown = DecisionTreeClassifier(criterion="entropy", random_state=0).fit(values, labels)
    weights = grown.tree_.value[:, 0] * grown.tree_.n_node_samples[:, None]
    errors = weights.sum(axis=1) - weights.max(axis=1)
    ends = Cuts.of(grown.tree_, errors, np.full(len(weights), True), leaves).ends(leaves)
    plain = DecisionTreeClassifier(criterion="entropy", max_leaf_nodes=leaves, random_state=0) if leaves > 1 else None
    plain_errors = (plain.fit(values, labels).predict(values) != labels).sum() if plain else errors[0]
    passes = grown.decision_path(values)[:, sorted(ends)]
    assert len(ends) <= leaves
    assert (passes.sum(axis=1) == 1).all()
    assert sum(errors[node] for node in ends) <= plain_errors + 1e-9
    if leaves == 20:
        assert sum(errors[node] for node in ends) < plain_errors


def prunings(tree: Tree, node: int, supported: np.ndarray) -> list[set[int]]:
    """Every way to end a tree below a node, as sets of nodes."""
    left, right = tree.children_left[node], tree.children_right[node]
    if left < 0 or not (supported[left] and supported[right]):
        return [{node}]
    below = itertools.product(prunings(tree, left, supported), prunings(tree, right, supported))
    return [{node}, *(ends | others for ends, others in below)]


@pytest.mark.parametrize("seed", range(12))
def test_of_all_ways_to_cut_a_tree_back_none_has_fewer_errors_or_as_many_with_fewer_leaves(seed: int) -> None:
    random = np.random.default_rng(seed)
    values, labels = random.integers(5, size=(14, 3)), random.integers(3, size=14)
    tree = DecisionTreeClassifier(random_state=0).fit(values, labels).tree_
    counts = np.rint(tree.value[:, 0] * tree.n_node_samples[:, None]).astype(int)
    errors, supported = counts.sum(axis=1) - counts.max(axis=1), tree.n_node_samples >= 1 + seed % 2

    def cost(ends: set[int]) -> tuple[int, int]:
        return int(errors[list(ends)].sum()), len(ends)

    every = prunings(tree, 0, supported)
    cuts = Cuts.of(tree, errors, supported, len(errors))
    best = [min(cost(ends) for ends in every if len(ends) <= leaves) for leaves in range(1, len(errors))]
    for leaves, expected in enumerate(best, start=1):
        assert cuts.ends(leaves) in every
        assert cost(cuts.ends(leaves)) == expected
    assert cuts.sizes() == sorted({size for _, size in best}, reverse=True)


@pytest.mark.parametrize("considered", [1, 2])
def test_forests_are_those_of_scikit_learn(considered: int) -> None:
    random = np.random.default_rng(considered)
    # Whole values repeat and segments overlap, so that votes tie.
    values, segments = random.integers(12, size=(150, 3)).astype(float), random.integers(4, size=150)
    others = random.integers(-3, 15, size=(400, 3)).astype(float)
    for ours, theirs in (
        (random_forest, RandomForestClassifier),
        (extremely_randomised_trees, ExtraTreesClassifier),
    ):
        forest = ours(values, segments, 20, considered, seed=3)
        expected = theirs(20, max_features=considered, random_state=3).fit(values, segments)
        for tree, model in zip(forest.trees, expected.estimators_, strict=True):
            np.testing.assert_array_equal(tree.threshold, model.tree_.threshold)
            np.testing.assert_array_equal(tree.value, model.tree_.value)
        np.testing.assert_array_equal(forest.predict(others), expected.predict(others))


@pytest.mark.parametrize("smallest", [1, 3])
def test_a_tree_is_that_of_scikit_learn(smallest: int) -> None:
    random = np.random.default_rng(smallest)
    values, segments = random.integers(12, size=(150, 3)).astype(float), random.integers(4, size=150)
    model = DecisionTreeClassifier(criterion="entropy", min_samples_leaf=smallest, random_state=5)
    expected, tree = model.fit(values, segments).tree_, decision_tree(values, segments, smallest, seed=5)
    for part in ("feature", "threshold", "children_left", "children_right", "value"):
        np.testing.assert_array_equal(getattr(tree, part), getattr(expected, part))


def curved(seed: int, size: int = 1500) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers of three segments whose borders run slantwise, as those of a clustering do."""
    random = np.random.default_rng(seed)
    draws = zip(
        random.integers(0, 365, size), random.geometric(0.4, size), random.lognormal(11, 1, size).round(), strict=True
    )
    table = customers_of([(int(r), int(f), int(m), "") for r, f, m in draws])
    height = table["monetary"] / 300 + table["frequency"] - table["recency_days"] / 60
    return table, np.digitize(height, [0, 4])


def test_rules_that_learn_from_the_forest_are_right_for_more_customers_than_a_plain_tree_of_their_size() -> None:
    ours, plain = [], []
    for seed in range(4):
        (seen, segments), (unseen, truth) = curved(seed), curved(seed + 100)
        segmented = apply_rules(unseen, fit_rules(seen, segments))
        tree = DecisionTreeClassifier(criterion="entropy", max_leaf_nodes=48, min_samples_leaf=2, random_state=0)
        features = list(FEATURES)
        ours.append((segmented == truth).mean())
        plain.append((tree.fit(seen[features], segments).predict(unseen[features]) == truth).mean())
    assert np.mean(ours) > np.mean(plain)


def test_held_out_agreement_is_high_for_borders_and_chance_for_noise() -> None:
    table, segments = separable()
    evaluation = cross_validate_rules(table, segments)
    assert len(evaluation) == 10
    assert evaluation["sample_size"].sum() == len(table)
    assert evaluation["value"].mean() > 0.97
    coins = np.random.default_rng(1).integers(2, size=len(table))
    # In-sample 48 rules learn much of the coins by heart: only customers held out show that nothing is there.
    assert cross_validate_rules(table, coins)["value"].mean() < 0.62


def test_reference_classifiers_are_compared_with_the_baseline() -> None:
    table, segments = separable(300)
    evaluation = evaluate_classifiers(table, segments, folds=2, workers=1)
    baseline = evaluation[evaluation["is_baseline"]]
    assert baseline["value"].mean() == pytest.approx((segments == "old").mean(), abs=0.02)
    others = evaluation[~evaluation["is_baseline"]].groupby("model")["value"].mean()
    assert set(others.index) == {"random_forest", "gradient_boosting", "logistic_regression"}
    assert (others > baseline["value"].mean()).all()


def test_reference_classifiers_agree_as_scikit_learn_cross_validates_them() -> None:
    table, segments = curved(0, size=250)
    found = evaluate_classifiers(table, segments, folds=2, workers=1)
    splits = StratifiedKFold(2, shuffle=True, random_state=0)
    boosting = {"learning_rate": 0.2, "max_leaf_nodes": 15, "early_stopping": False, "random_state": 0}
    models = [
        *(RandomForestClassifier(25, max_features=considered, random_state=0) for considered in (1, 2)),
        *(HistGradientBoostingClassifier(max_iter=rounds, **boosting) for rounds in (10, 20)),
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        DummyClassifier(),
    ]
    expected = [cross_val_score(model, table[list(FEATURES)].to_numpy(), segments, cv=splits) for model in models]
    assert found["value"].tolist() == np.concatenate(expected).tolist()


def test_evaluations_are_the_same_for_any_number_of_processes() -> None:
    table, segments = separable(PARALLEL_CUSTOMERS)
    for evaluate in (evaluate_classifiers, cross_validate_rules):
        alone = evaluate(table, segments, folds=2, workers=1)
        pd.testing.assert_frame_equal(evaluate(table, segments, folds=2, workers=2), alone)


def test_a_small_shop_starts_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def one_process(work: Callable[..., Any], jobs: list[tuple[Any, ...]], workers: int, *_: str) -> list[Any]:
        asked.append(workers)
        return [work(*job) for job in jobs]

    monkeypatch.setattr("shop_toolkit.rules.evaluation.in_parallel", one_process)
    table, segments = separable(PARALLEL_CUSTOMERS - 1)
    evaluate_classifiers(table, segments, folds=2, workers=2)
    cross_validate_rules(table, segments, folds=2, workers=2)
    assert asked == [1, 1]


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_few_customers_give_rows_not_errors(size: int) -> None:
    table = customers_of([(i, 1, 100 * i, "a" if i % 2 else "b") for i in range(size)])
    assert fit_rules(table, table["segment"])["support"].sum() == size
    assert len(cross_validate_rules(table, table["segment"])) >= 1
    assert len(evaluate_classifiers(table, table["segment"], workers=1)) >= 6


def test_lengths_must_match() -> None:
    table, _ = separable(5)
    with pytest.raises(ValueError, match="5 customers have 2 labels"):
        fit_rules(table, ["a", "b"])
