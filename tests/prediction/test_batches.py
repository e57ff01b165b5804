"""Models of all customers read and return them in batches: the size of a batch changes no row, nor their order."""

import hashlib
import importlib.util
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import duckdb
import pandas as pd
import pytest
from conftest import ROOT, Shop
from shop_toolkit import tables
from shop_toolkit.tables import gathered, in_batches, with_fewer_to_train

# In the embedded shop baselines are active: these take their places.
ACTIVE_MODELS = {
    "int_active_spend_model": """
        select '{"linear_regression": "alpha 100", "gradient_boosting": "max_iter 20"}' as tuned_parameters
    """,
    "int_active_classification_models": """
        select
            unnest(['broad', 'interest']) as task,
            unnest(['logistic_regression', 'soft_vote']) as model,
            '{"logistic_regression": "C 0.1"}' as tuned_parameters
    """,
}


class Refs:
    """What a Python model gets from dbt."""

    def __init__(self, session: duckdb.DuckDBPyConnection):
        self.session = session
        found = session.execute("select table_name, schema_name from duckdb_tables()").fetchall()
        self.schemas = dict(found)

    def ref(self, name: str) -> duckdb.DuckDBPyRelation:
        return self.session.query(ACTIVE_MODELS.get(name) or f'from {self.schemas[name]}."{name}"')


@pytest.fixture
def session(demo_shop: Shop) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(demo_shop.warehouse), read_only=True) as connection:
        yield connection


def python_model(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path, ROOT / "python_models" / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("segmentation/customer_embeddings.py", ["customer_id"]),
        ("prediction/spend_predictions.py", ["model", "sample_number"]),
        ("prediction/classification_predictions.py", ["task", "sample_number", "outcome_rank"]),
    ],
)
def test_a_model_of_all_customers_returns_the_same_rows_by_batches_of_any_size(
    session: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, path: str, key: list[str]
) -> None:
    model: Callable[[Any, duckdb.DuckDBPyConnection], duckdb.DuckDBPyRelation] = python_model(path).model
    at_once = model(Refs(session), session).df()
    monkeypatch.setattr(tables, "BATCH_ROWS", 100)
    by_hundreds = model(Refs(session), session).df()
    assert len(at_once) > 200
    assert by_hundreds.dtypes.equals(at_once.dtypes)
    assert not by_hundreds.duplicated(key).any()
    order = at_once.columns.tolist()
    pd.testing.assert_frame_equal(
        by_hundreds.sort_values(order, ignore_index=True),
        at_once.sort_values(order, ignore_index=True),
        check_exact=True,
    )


def test_tasks_of_the_same_newcomers_are_predicted_as_if_each_were_alone(
    session: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They share what is computed of a sample's features; interests have samples of their own."""
    models = {"broad": "nearest_neighbours", "interest": "logistic_regression", "rfm": "soft_vote"}
    parameters = '{"logistic_regression": "C 0.1", "nearest_neighbours": "n_neighbors 5"}'

    def predicted(*tasks: str) -> pd.DataFrame:
        rows = [f"('{task}', '{models[task]}', '{parameters}')" for task in tasks]
        active = f"from (values {', '.join(rows)}) as active (task, model, tuned_parameters)"
        monkeypatch.setitem(ACTIVE_MODELS, "int_active_classification_models", active)
        module = python_model("prediction/classification_predictions.py")
        monkeypatch.setattr(module, "CLASS_TRAINING_ROWS", 500)
        found = module.model(Refs(session), session).df()
        return found.sort_values(found.columns.tolist(), ignore_index=True)

    together = predicted(*models)
    assert dict(together.groupby("task")["model"].first()) == models
    for task in models:
        its_own = together[together["task"] == task].reset_index(drop=True)
        assert set(its_own["role"]) == {"validation", "predict"}
        pd.testing.assert_frame_equal(its_own, predicted(task), check_exact=True)


def test_customers_are_placed_in_the_order_of_their_ids(
    session: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "BATCH_ROWS", 100)
    placed = python_model("segmentation/customer_embeddings.py").model(Refs(session), session).df()
    assert placed["customer_id"].tolist() == sorted(placed["customer_id"])
    stored = session.query("select customer_id, x, y from segmentation.customer_embeddings order by customer_id").df()
    pd.testing.assert_frame_equal(placed[["customer_id", "x", "y"]], stored, check_exact=True)


def test_batches_of_a_text_key_are_the_whole_relation_in_order() -> None:
    texts = ["", "it's", "10", "9", "é", "a", "A", "'", "zz"]
    relation = duckdb.default_connection().from_df(pd.DataFrame({"id": texts, "place": range(len(texts))}))
    batches = list(in_batches(relation, "id", 2))
    assert [len(batch) for batch in batches] == [2, 2, 2, 2, 1]
    assert pd.concat(batches)["id"].tolist() == sorted(texts)


def test_rows_of_one_key_are_in_one_batch_and_none_may_lack_it() -> None:
    connection = duckdb.connect()
    relation = connection.query("select unnest([1, 1, 1, 2, 3]) as id")
    assert [batch["id"].tolist() for batch in in_batches(relation, "id", 2)] == [[1, 1, 1, 2], [3]]
    with pytest.raises(ValueError, match="id is null in some rows"):
        list(in_batches(connection.query("select unnest([1, 2, null]) as id"), "id", 2))


def test_of_too_many_samples_to_train_on_those_of_the_first_customers_by_hash_stay() -> None:
    samples = pd.DataFrame(
        [
            (task, role, f"c{customer}", customer * 10 + number)
            for task, customers in (("few", 30), ("many", 200))
            for role, each in (("train", 3), ("validation", 2), ("test", 1))
            for customer in range(customers)
            for number in range(each)
        ],
        columns=["task", "role", "customer_id", "sample_number"],
    )
    first = sorted(samples["customer_id"].unique(), key=lambda name: hashlib.md5(name.encode()).hexdigest())
    # 33 customers have 99 samples, one more has a 101st
    drawn = samples["customer_id"].isin(first[:33])
    expected = samples[(samples["role"] != "train") | (samples["task"] == "few") | drawn]
    with duckdb.connect() as connection:
        left = with_fewer_to_train(connection.from_df(samples), 100, ["task"])
        assert left.columns == samples.columns.tolist()
        assert sorted(left.fetchall()) == sorted(expected.itertuples(index=False, name=None))
        every = with_fewer_to_train(connection.from_df(samples), 600, ["task"])
        assert sorted(every.fetchall()) == sorted(samples.itertuples(index=False, name=None))


def test_gathered_batches_keep_their_order_and_types() -> None:
    types = {"name": "str", "number": "Int32", "on_day": "datetime64[us]", "share": "float"}
    day = pd.Timestamp("2024-05-06")
    batches = [
        pd.DataFrame({"share": [0.5], "name": ["b"], "number": [None], "on_day": [day], "more": [1]}),
        pd.DataFrame({"share": [None], "name": [None], "number": [3], "on_day": [None], "more": [2]}),
    ]
    with duckdb.connect() as connection:
        rows = gathered(connection, iter(batches), types)
        assert rows.fetchall() == [("b", None, day, 0.5), (None, 3, None, None)]
        assert list(map(str, rows.types)) == ["VARCHAR", "INTEGER", "TIMESTAMP", "DOUBLE"]
        # the next model of a connection begins with its own
        empty = gathered(connection, [], {"share": "float"})
        assert (empty.columns, empty.fetchall()) == (["share"], [])
