"""The public exercise: which purchases it uses, and how it counts. Its figures are in benchmarks/README.md."""

from collections.abc import Iterator

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import Shop

from benchmarks.public_protocol import CLUSTERS, SHARES, accuracies, customers_of, evaluate, label_by_clusters, predict

PURCHASES = """
    select 'backtest' as prediction_run, * from (values
        -- two categories of one basket
        ('c', '1', -1, date '2011-09-30', 10),
        ('c', '1', 0, date '2011-09-30', 20),
        ('c', '2', 0, date '2011-09-30', 10),
        -- cancellations are no baskets
        ('c', '2', 0, date '2011-09-30', -10),
        ('c', '3', 19, date '2011-10-01', 7),
        ('b', '4', 0, date '2011-12-09', 5),
        -- after the last date
        ('b', '5', 0, date '2011-12-10', 5)
    ) as purchases (customer_id, invoice_id, category_id, event_date, amount)
    union all
    -- of another run
    select 'live', 'b', '6', 0, date '2011-12-01', 5
"""


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema core")
        connection.execute("create schema interests")
        connection.execute(f"create table interests.int_category_days as {PURCHASES}")
        yield connection


def runs(warehouse: duckdb.DuckDBPyConnection, frozen_at: str) -> None:
    warehouse.execute(
        f"""
        create table core.int_prediction_runs as
        select * from (values
            ('backtest', date '2011-12-09', date '{frozen_at}'),
            ('live', date '2012-05-31', date '2011-12-09')
        ) as runs (prediction_run, last_date, frozen_at)
        """
    )


def test_training_ends_two_months_before_the_last_one(warehouse: duckdb.DuckDBPyConnection) -> None:
    runs(warehouse, "2011-09-30")
    found = customers_of(warehouse).set_index("sample_number")
    columns = ["role", "customer_id", "basket_count", "smallest_basket", "largest_basket", "mean_basket"]
    assert found[columns].to_numpy().tolist() == [
        ["train", "c", 2, 10, 30, 20],
        ["test", "b", 1, 5, 5, 5],
        ["test", "c", 1, 7, 7, 7],
    ]
    spent = found[SHARES].loc[:, found[SHARES].any()]
    assert spent.to_dict("index") == {
        1: {"share_00": 0.25, "share_01": 0.75, "share_20": 0},
        2: {"share_00": 0, "share_01": 1, "share_20": 0},
        3: {"share_00": 0, "share_01": 0, "share_20": 1},
    }


def test_categories_learned_later_than_the_training_data_are_not_used(warehouse: duckdb.DuckDBPyConnection) -> None:
    runs(warehouse, "2011-10-01")
    assert customers_of(warehouse).empty


def test_models_are_compared_with_the_largest_cluster() -> None:
    actual = ["2", "2", "1", "1", "3"]
    predictions = pd.concat(
        pd.DataFrame({"model": model, "sample_number": range(1, 6), "predicted": predicted, "actual": actual})
        for model, predicted in (("soft_vote", ["2", "2", "2", "1", "3"]), ("random_forest", ["1", "2", "2", "2", "2"]))
    )
    assert accuracies(predictions) == {"soft_vote": 0.8, "random_forest": 0.2, "majority": 0.4}


def test_too_few_customers_are_a_sentence() -> None:
    with pytest.raises(ValueError, match=rf"There are 1 customers .* {CLUSTERS} clusters need more"):
        predict(pd.DataFrame({"role": ["train"] * 30 + ["test"], "customer_id": "c"}))


def test_the_exercise_runs_on_the_embedded_shop(demo_shop: Shop) -> None:
    found = evaluate(demo_shop.warehouse)
    assert set(found) == {"soft_vote", "logistic_regression", "majority"}
    assert found["majority"] < found["soft_vote"] <= 1


def test_groups_are_learned_from_training_customers_alone() -> None:
    random = np.random.default_rng(9)
    customers = pd.DataFrame(
        {"a": np.r_[random.normal(0, 1, 50), random.normal(100, 1, 50)], "b": 1.0, "role": "train"}
    )
    odd = pd.DataFrame({"a": [1e6, 0.0, 100.0], "b": [1.0] * 3, "role": "test"})
    found = label_by_clusters(pd.concat([customers, odd]), ["a", "b"], 2)
    assert len(set(found[:50])) == len(set(found[50:100])) == 1
    assert found[0] != found[50]
    # The one unlike all others is a test row: he gets no group of his own.
    assert found[100:] == [found[50], found[0], found[50]]
