"""Whether anything predicts the next interest better than what a customer has spent most on so far.

`python -m benchmarks.interests [--warehouse PATH]` takes the samples of the backtest from a warehouse that is already
built (by a build that fits: the first one, or one with `refit: true`), ranks the categories of each by several
methods, and prints accuracy, Recall@3 and NDCG@3 beside the personal top. Whatever a method fits, it fits on samples
whose outcome was known at the origin; its settings are chosen on those of the earliest origin. A method is better if
the lower end of a one-sided 95 % interval of the difference, by bootstrap over customers, is above 0.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from benchmarks.public_protocol import WAREHOUSE

HALF_LIVES = (30, 90, 180)
SEED = 0
BOOTSTRAP_SAMPLES = 1000
FEWEST_CUSTOMERS = 200

SAMPLES = """
    select
        used.sample_number, used.origin_date, used.role = 'test' as is_test,
        samples.customer_id, samples.sample_kind, samples.cutoff_date
    from prediction.int_classification_samples as used
    inner join prediction.int_samples as samples using (sample_number)
    where used.prediction_run = 'backtest' and used.task = 'interest' and used.outcome is not null
    order by used.origin_date, used.sample_number
"""
# What a customer had spent on each category by the cutoff, in several ways.
HISTORY = f"""
    with samples as (select distinct sample_number, customer_id, cutoff_date from ({SAMPLES}))
    select
        samples.sample_number,
        days.category_id,
        greatest(sum(days.amount), 0)::double as spend,
        count(distinct days.invoice_id)::double as orders,
        greatest(sum(days.amount) filter (where days.event_date > samples.cutoff_date - 30), 0)::double as last_month,
        {
    ", ".join(
        f"greatest(sum(days.amount::double * exp(-ln(2) * (samples.cutoff_date - days.event_date) / {days})), 0)"
        f" as decayed_{days}"
        for days in HALF_LIVES
    )
}
    from samples
    inner join interests.int_category_days as days
        on days.prediction_run = 'backtest'
        and days.customer_id = samples.customer_id
        and days.event_date <= samples.cutoff_date
    where days.category_id >= 0
    group by all
"""
OUTCOMES = """
    select sample_number, category_id, amount::double as amount
    from prediction.int_sample_interests
    where category_id >= 0
"""
# What all customers spent on each category in the 30 days before an origin, against the 150 days before that.
TREND = """
    select
        origins.origin_date,
        days.category_id,
        sum(days.amount) filter (where days.event_date > origins.origin_date - 30)::double as recent,
        sum(days.amount) filter (where days.event_date <= origins.origin_date - 30)::double as before
    from (select distinct origin_date from core.int_prediction_origins where prediction_run = 'backtest') as origins
    inner join interests.int_category_days as days
        on days.prediction_run = 'backtest'
        and days.event_date between origins.origin_date - 180 and origins.origin_date
    where days.category_id >= 0 and days.amount > 0
    group by all
"""


class Part(NamedTuple):
    """Samples (n,) and their figures by category (n, c): what was spent before, and what afterwards."""

    samples: pd.DataFrame
    history: Mapping[str, np.ndarray]
    outcome: np.ndarray

    def take(self, rows: np.ndarray) -> "Part":
        """These rows alone, a mask (n,)."""
        history = {name: values[rows] for name, values in self.history.items()}
        return Part(self.samples[rows], history, self.outcome[rows])


class Origin(NamedTuple):
    """What was known at an origin (train), what is judged (test), and the shop's trend by category (c,)."""

    train: Part
    test: Part
    trend: np.ndarray


# Ranks the categories of the samples of a part: scores (n, c), the best highest.
Method = Callable[[Origin, Part, Mapping[str, Any]], np.ndarray]


def read(warehouse: duckdb.DuckDBPyConnection) -> list[Origin]:
    """The origins of the backtest, the earliest first.

    Args:
        warehouse: A connection to a built warehouse.

    Returns:
        One per origin; empty where there is no backtest, or there are no categories.
    """
    samples, history = warehouse.sql(SAMPLES).df(), warehouse.sql(HISTORY).df()
    outcomes, trends = warehouse.sql(OUTCOMES).df(), warehouse.sql(TREND).df()
    categories = sorted(set(history["category_id"]) | set(outcomes["category_id"]))

    def wide(rows: pd.DataFrame, value: str) -> np.ndarray:
        table = rows.pivot(index="sample_number", columns="category_id", values=value)
        filled: np.ndarray = table.reindex(samples["sample_number"], columns=categories).fillna(0.0).to_numpy()
        return filled

    figures = [name for name in history.columns if name not in ("sample_number", "category_id")]
    everything = Part(samples, {name: wide(history, name) for name in figures}, wide(outcomes, "amount"))
    # Who bought nothing but `other` afterwards has no interest to predict.
    everything = everything.take(everything.outcome.sum(axis=1) > 0)
    origins = []
    for origin in sorted(set(samples["origin_date"])):
        part = everything.take((everything.samples["origin_date"] == origin).to_numpy())
        is_test = part.samples["is_test"].to_numpy()
        trend = trends[trends["origin_date"] == origin].set_index("category_id").reindex(categories).fillna(0.0)
        ratio = (shares(trend["recent"].to_numpy()) + 0.01) / (shares(trend["before"].to_numpy()) + 0.01)
        origins.append(Origin(part.take(~is_test), part.take(is_test), ratio))
    return origins


def shares(values: np.ndarray) -> np.ndarray:
    """Rows (n, c), or one (c,), as shares of their sum; 0 where the sum is."""
    parts: np.ndarray = values / np.maximum(values.sum(axis=-1, keepdims=True), 1e-9)
    return parts


def usual(origin: Origin) -> np.ndarray:
    """The shares (c,) that all customers spent on each category, as far as their outcome was known."""
    return shares(shares(origin.train.outcome).sum(axis=0))


def with_prior(scores: np.ndarray, origin: Origin) -> np.ndarray:
    """Scores (n, c) in which the usual shares decide between equals, and where nothing is known."""
    return scores + 1e-6 * usual(origin)


def personal_top(origin: Origin, part: Part, settings: Mapping[str, Any]) -> np.ndarray:
    """Spend to date."""
    return with_prior(shares(part.history["spend"]), origin)


def order_counts(origin: Origin, part: Part, settings: Mapping[str, Any]) -> np.ndarray:
    """Orders that held the category, then spend."""
    orders = part.history["orders"] / np.maximum(part.history["orders"].max(axis=1, keepdims=True), 1)
    weight = settings["weight"]
    return with_prior(weight * orders + (1 - weight) * shares(part.history["spend"]), origin)


def recency_weighted(origin: Origin, part: Part, settings: Mapping[str, Any]) -> np.ndarray:
    """Spend with a half-life."""
    return with_prior(shares(part.history[f"decayed_{settings['half_life']}"]), origin)


def hierarchical_bayes(origin: Origin, part: Part, settings: Mapping[str, Any]) -> np.ndarray:
    """Mean of the posterior of a customer's shares: a Dirichlet prior around the usual ones, worth so much money."""
    scores: np.ndarray = part.history["spend"] + settings["money"] * usual(origin)
    return scores


def season_aware(origin: Origin, part: Part, settings: Mapping[str, Any]) -> np.ndarray:
    """The same prior, moved by what the shop sells more of lately: a log of a year holds no season twice."""
    trend = origin.trend ** settings["power"]
    scores: np.ndarray = (part.history["spend"] + settings["money"] * usual(origin)) * trend
    return scores


def recent_and_seasonal(origin: Origin, part: Part, settings: Mapping[str, Any]) -> np.ndarray:
    """The mean of the shares with a half-life and of those with the season-aware prior."""
    mixed: np.ndarray = shares(recency_weighted(origin, part, settings)) + shares(season_aware(origin, part, settings))
    return mixed


def co_purchase(origin: Origin, part: Part, settings: Mapping[str, Any]) -> np.ndarray:
    """What those who had spent on the same categories spent on next, beside the own shares."""
    before, after = shares(origin.train.history["spend"]), shares(origin.train.outcome)
    lift = shares(before.T @ after + 5 * usual(origin)[None, :]) / np.maximum(usual(origin), 1e-9)
    own = shares(part.history["spend"])
    next_shares = shares((own @ lift) * usual(origin))
    scores: np.ndarray = settings["own"] * own + (1 - settings["own"]) * next_shares
    return scores


def neighbours(origin: Origin, part: Part, settings: Mapping[str, Any]) -> np.ndarray:
    """TIFU-kNN (Hu et al. 2020): the own decayed vector beside the mean of the nearest customers' next baskets."""
    name = f"decayed_{settings['half_life']}"
    known, own = shares(origin.train.history[name]), shares(part.history[name])
    count = min(settings["neighbours"], len(known))
    near = NearestNeighbors(n_neighbors=count).fit(known).kneighbors(own, return_distance=False)
    theirs = shares(origin.train.outcome)[near].mean(axis=1)
    return with_prior(settings["own"] * own + (1 - settings["own"]) * theirs, origin)


def neighbours_and_season(origin: Origin, part: Part, settings: Mapping[str, Any]) -> np.ndarray:
    """The mean of next-basket neighbours and of the season-aware prior."""
    mixed: np.ndarray = shares(neighbours(origin, part, settings)) + shares(season_aware(origin, part, settings))
    return mixed


def stacked(origin: Origin, part: Part, settings: Mapping[str, Any]) -> np.ndarray:
    """Gradient boosting over pairs of sample and category, from all figures above.

    Beside the chance that the category is the one of most spend stands the share of spend that is expected of it: the
    first decides the top, the second the order behind it.
    """
    parameters = {
        "max_iter": settings["trees"], "learning_rate": 0.05, "max_leaf_nodes": 8, "l2_regularization": 10,
        "random_state": SEED,
    }  # fmt: skip
    known, asked = _pairs(origin, origin.train), _pairs(origin, part)
    is_top = origin.train.outcome == origin.train.outcome.max(axis=1, keepdims=True)
    chance = HistGradientBoostingClassifier(**parameters).fit(known, is_top.ravel()).predict_proba(asked)[:, 1]
    share = HistGradientBoostingRegressor(**parameters).fit(known, shares(origin.train.outcome).ravel()).predict(asked)
    weight = settings["share"]
    scores: np.ndarray = ((1 - weight) * chance + weight * share).reshape(part.outcome.shape)
    return scores


def _pairs(origin: Origin, part: Part) -> np.ndarray:
    """Features (n × c, f) of each sample and category."""
    by_category = [shares(values) for values in part.history.values()]
    ranks = (-part.history["spend"]).argsort(axis=1).argsort(axis=1)
    whole = np.broadcast_to(np.log1p(part.history["spend"].sum(axis=1))[:, None], part.outcome.shape)
    orders = np.broadcast_to(part.history["orders"].max(axis=1)[:, None], part.outcome.shape)
    shop = [np.broadcast_to(values, part.outcome.shape) for values in (usual(origin), origin.trend)]
    mixed = co_purchase(origin, part, {"own": 0.0})
    columns = [*by_category, ranks, np.log1p(part.history["spend"]), whole, orders, *shop, mixed]
    return np.column_stack([column.ravel() for column in columns])


METHODS: dict[str, tuple[Method, dict[str, list[Any]]]] = {
    "personal top": (personal_top, {}),
    "orders and spend": (order_counts, {"weight": [0.25, 0.5, 0.75]}),
    "recency-weighted shares": (recency_weighted, {"half_life": list(HALF_LIVES)}),
    "hierarchical Bayes": (hierarchical_bayes, {"money": [30.0, 100.0, 300.0, 1000.0]}),
    "season-aware prior": (season_aware, {"money": [30.0, 100.0, 300.0], "power": [0.25]}),
    "recency and season": (
        recent_and_seasonal, {"half_life": list(HALF_LIVES), "money": [30.0, 100.0, 300.0], "power": [0.25]},
    ),
    "co-purchase": (co_purchase, {"own": [0.3, 0.5, 0.7, 0.9]}),
    "next-basket neighbours (TIFU-kNN)": (
        neighbours, {"half_life": [90, 180], "neighbours": [50, 200], "own": [0.3, 0.5, 0.7]},
    ),
    "neighbours and season": (
        neighbours_and_season,
        {"half_life": [90], "neighbours": [50, 200], "own": [0.3, 0.5], "money": [100.0], "power": [0.25]},
    ),
    "stacked gradient boosting": (stacked, {"trees": [60], "share": [0.0, 0.5, 1.0]}),
}  # fmt: skip


def judged(scores: np.ndarray, outcome: np.ndarray) -> pd.DataFrame:
    """How well scores (n, c) rank what was spent afterwards (n, c): accuracy, recall_at_3 and ndcg_at_3 per sample."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :3]
    best = np.argsort(-outcome, axis=1, kind="stable")[:, :3]
    rows = np.arange(len(outcome))[:, None]
    to_find = (outcome[rows, best] > 0).sum(axis=1)
    top = np.take_along_axis(outcome, best, axis=1)
    found = np.array([len(set(found) & set(wanted[:count])) for found, wanted, count in zip(
        order.tolist(), best.tolist(), to_find.tolist(), strict=True
    )])  # fmt: skip
    discounts = 1 / np.log2(np.arange(2, 5))
    columns = {
        # Of two categories with as much spend the first is the interest, as in the backtest.
        "accuracy": order[:, 0] == best[:, 0],
        "recall_at_3": found / to_find,
        "ndcg_at_3": (outcome[rows, order] * discounts).sum(axis=1) / (top * discounts).sum(axis=1),
    }
    return pd.DataFrame(columns).astype(float)


def settings_of(grid: Mapping[str, list[Any]]) -> Iterable[dict[str, Any]]:
    """All combinations of a grid."""
    return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def choose(method: Method, grid: Mapping[str, list[Any]], origin: Origin) -> dict[str, Any]:
    """The setting of most accuracy on the later half of what was known at an origin, fitted on the earlier half."""
    candidates = list(settings_of(grid))
    if len(candidates) == 1:
        return candidates[0]
    is_early = (origin.train.samples["cutoff_date"] <= origin.train.samples["cutoff_date"].median()).to_numpy()
    early, late = origin.train.take(is_early), origin.train.take(~is_early)
    known = Origin(early, late, np.ones_like(origin.trend))
    accuracies = [judged(method(known, late, one), late.outcome)["accuracy"].mean() for one in candidates]
    return candidates[int(np.argmax(accuracies))]


def lower_end(difference: np.ndarray, customers: np.ndarray) -> float:
    """The 5 % quantile of the mean difference (n,) over resamples of customers (n,)."""
    numbers, index = np.unique(customers, return_inverse=True)
    sums, counts = np.bincount(index, difference), np.bincount(index)
    random = np.random.default_rng(SEED)
    drawn = random.integers(len(numbers), size=(BOOTSTRAP_SAMPLES, len(numbers)))
    return float(np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), 0.05))


def evaluate(origins: list[Origin]) -> pd.DataFrame:
    """Judge all methods on the test samples of all origins.

    Args:
        origins: What `read` returns, one or more.

    Returns:
        One row per method: its settings, accuracy, recall_at_3 and ndcg_at_3 (0..1), for each the difference to the
        personal top's and its lower end, and how many customers and samples they rest on.
    """
    customers = np.concatenate([origin.test.samples["customer_id"].to_numpy() for origin in origins])
    rows, baseline = [], pd.DataFrame()
    for name, (method, grid) in METHODS.items():
        settings = choose(method, grid, origins[0])
        figures = pd.concat(
            [judged(method(origin, origin.test, settings), origin.test.outcome) for origin in origins],
            ignore_index=True,
        )
        baseline = figures if baseline.empty else baseline
        row: dict[str, Any] = {"method": name, "settings": ", ".join(f"{key} {one:g}" for key, one in settings.items())}
        for metric in figures:
            difference = (figures[metric] - baseline[metric]).to_numpy()
            row |= {metric: figures[metric].mean(), f"{metric}_lower_end": lower_end(difference, customers)}
        rows.append(row)
    enough = len(set(customers)) >= FEWEST_CUSTOMERS
    table = pd.DataFrame(rows).assign(customers=len(set(customers)), samples=len(customers))
    return table.assign(is_better=enough & (table["accuracy_lower_end"] > 0))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warehouse", type=Path, default=Path(os.environ.get("SHOP_WAREHOUSE", WAREHOUSE)))
    with duckdb.connect(str(parser.parse_args().warehouse), read_only=True) as warehouse:
        origins = read(warehouse)
    if not origins:
        sys.exit("The warehouse holds no backtest of interests: build it with --vars '{refit: true}' first.")
    with threadpool_limits(1):
        print(evaluate(origins).round(4).to_string(index=False))


if __name__ == "__main__":
    main()
