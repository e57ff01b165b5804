"""Predictions from the transactions to the marts: figures of scikit-learn and scipy, shops with little to learn."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import DEMO_FILE, ROOT, Shop
from scipy.stats import spearmanr
from shop_toolkit.grids import DEFAULT_GRIDS, grid_problem, tuned_grids
from shop_toolkit.prediction import rank_classes
from shop_toolkit.tables import in_batches, with_features
from sklearn import metrics

ALL_ORIGINS = "all origins"


def evaluated(shop: Shop, task: str, model: str, split: str = ALL_ORIGINS) -> dict[str, float]:
    where = f"task = '{task}' and model = '{model}' and split = '{split}'"
    return dict(shop.rows(f"select metric, value from model_evaluations where {where}"))


# What follows from which models are active.
CHOSEN = ("int_active_classification_models", "classification_predictions", "int_newcomer_predictions")
MARTS_OF_CHOICES = ("model_evaluations", "new_customer_predictions")


@pytest.fixture(scope="module")
def shop_with_a_lead(demo_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The embedded shop as if its model of broad segments had been further ahead: it beats no baseline."""
    shop = demo_shop.copy(tmp_path_factory.mktemp("lead") / "shop")
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute(
            """
            update prediction.classification_evaluations set value = 0.1
            where task = 'broad' and metric in ('gain', 'gain_lower_bound', 'gain_upper_bound')
            """
        )
    assert shop.dbt("run", "--select", *CHOSEN, *MARTS_OF_CHOICES).success
    return shop


@pytest.fixture(scope="module")
def shop_of_few_tests(shop_with_a_lead: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The same where twenty customers are enough to evaluate a model on."""
    shop = shop_with_a_lead.copy(tmp_path_factory.mktemp("few_tests") / "shop")
    result = shop.dbt("run", "--select", *CHOSEN, *MARTS_OF_CHOICES, min_test_customers=20)
    assert result.success
    return shop


@pytest.fixture(scope="module")
def class_probabilities(demo_shop: Shop) -> pd.DataFrame:
    """The regression's probabilities of interests: a row per sample, a column per class, and the actual class."""
    rows = demo_shop.rows(
        """
        select sample_number, actual, outcome, probability from prediction.int_classification_predictions
        where task = 'interest' and model = 'logistic_regression' and actual is not null
        """
    )
    predicted = pd.DataFrame(rows, columns=["sample", "actual", "outcome", "probability"])
    return predicted.pivot(index=["sample", "actual"], columns="outcome", values="probability").reset_index("actual")


def test_metrics_of_classes_are_those_of_scikit_learn(demo_shop: Shop, class_probabilities: pd.DataFrame) -> None:
    actual, probabilities = class_probabilities["actual"], class_probabilities.drop(columns="actual")
    predicted = probabilities.idxmax(axis=1)
    found = evaluated(demo_shop, "predict next interest", "logistic_regression")
    assert len(actual) > 100
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(actual, predicted))
    assert found["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(actual, predicted))
    labels = list(probabilities.columns)
    assert found["log_loss"] == pytest.approx(metrics.log_loss(actual, probabilities, labels=labels), rel=1e-6)
    observed = np.array([[label == one for label in labels] for one in actual], dtype=float)
    assert found["brier_score"] == pytest.approx(
        ((probabilities.to_numpy() - observed) ** 2).sum(axis=1).mean(), rel=1e-6
    )
    confidence, right = probabilities.max(axis=1).to_numpy(), (predicted == actual).to_numpy()
    bins = np.clip((confidence * 10).astype(int), 0, 9)
    gaps = [abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean() for b in set(bins)]
    assert found["expected_calibration_error"] == pytest.approx(sum(gaps), rel=1e-6)
    calibration = demo_shop.rows(
        "select bin, observed, sample_size from prediction_calibration "
        "where task = 'predict next interest' and model = 'logistic_regression' order by 1"
    )
    assert calibration == [
        (b + 1, pytest.approx(right[bins == b].mean()), (bins == b).sum()) for b in sorted(set(bins))
    ]


def test_ndcg_is_that_of_scikit_learn(demo_shop: Shop, class_probabilities: pd.DataFrame) -> None:
    probabilities = class_probabilities.drop(columns="actual")
    rows = demo_shop.rows(
        "select sample_number, category_id::varchar, amount::double from prediction.int_sample_interests"
    )
    spent = pd.DataFrame(rows, columns=["sample", "category", "amount"]).pivot_table(
        index="sample", columns="category", values="amount", fill_value=0
    )
    spent = spent.reindex(index=probabilities.index, columns=probabilities.columns, fill_value=0)
    found = evaluated(demo_shop, "predict next interest", "logistic_regression")
    assert found["ndcg_at_3"] == pytest.approx(metrics.ndcg_score(spent, probabilities, k=3), abs=2e-3)


def test_metrics_of_spend_are_those_of_numpy_and_scipy(demo_shop: Shop) -> None:
    rows = demo_shop.rows(
        "select predicted::double, observed::double from prediction.int_spend_predictions"
        " where model = 'combination' and role = 'test'"
    )
    predicted, actual = np.array(rows).T
    found = evaluated(demo_shop, "forecast 90-day spend", "combination")
    assert found["rmse"] == pytest.approx(np.sqrt(np.mean((predicted - actual) ** 2)))
    assert found["mae"] == pytest.approx(np.abs(predicted - actual).mean())
    assert found["bias"] == pytest.approx((predicted - actual).mean())
    assert found["spearman"] == pytest.approx(spearmanr(predicted, actual).statistic)
    top = np.argsort(-predicted)[: int(np.ceil(0.2 * len(predicted)))]
    assert found["revenue_in_top_20_percent"] == pytest.approx(actual[top].sum() / actual.sum(), abs=0.01)


def test_a_samples_features_are_those_of_a_plain_loop(demo_shop: Shop) -> None:
    """The features of a few samples, counted from the lines of the marts one by one."""
    lines = demo_shop.rows("select customer_id, invoice_id, ordered_at::date, gross_amount from order_lines")
    cancelled = demo_shop.rows(
        "select customer_id, sale_invoice_id, cancelled_at::date, amount from cancellation_matches"
    )
    samples = demo_shop.rows(
        """
        select f.customer_id, f.cutoff_date, x.monetary, x.orders_placed, x.days_since_order, x.greatest_order
        from prediction.int_samples as f inner join prediction.int_sample_features as x using (sample_number)
        where f.prediction_run = 'backtest' order by md5(f.sample_number::varchar) limit 40
        """
    )
    for customer, day, monetary, orders_placed, days_since_order, greatest_order in samples:
        orders: dict[str, list[Any]] = {}
        for owner, invoice, when, amount in lines:
            if owner == customer and when <= day:
                order = orders.setdefault(invoice, [when, 0])
                order[0], order[1] = min(order[0], when), order[1] + amount
        for owner, invoice, when, amount in cancelled:
            if owner == customer and when <= day:
                orders[invoice][1] -= amount
        assert monetary == pytest.approx(float(sum(amount for _, amount in orders.values())))
        assert orders_placed == len(orders)
        assert days_since_order == (day - max(when for when, _ in orders.values())).days
        assert greatest_order == pytest.approx(float(max(amount for _, amount in orders.values())))


def test_predictions_of_the_embedded_shop_have_skill(demo_shop: Shop) -> None:
    """Its customers have a rate, a drop-out time and a taste of their own: there is something to predict."""
    assert evaluated(demo_shop, "predict broad segment at day 180", "logistic_regression")["skill"] > 0.3
    interest = evaluated(demo_shop, "predict next interest", "logistic_regression")
    assert interest["accuracy"] > 0.65
    assert interest["ndcg_at_3"] > 0.75
    active = demo_shop.rows("select task, model, is_baseline, note from model_evaluations where split = 'today'")
    assert len(active) == 5
    assert all(note.startswith("active: ") != is_baseline for _, _, is_baseline, note in active)
    # There are too few newcomers to say more of them.
    early = {task for task, _, is_baseline, note in active if is_baseline and "too early to say" in note}
    assert {f"predict {segmentation} segment at day 180" for segmentation in ("broad", "detailed", "rfm")} <= early


def test_every_customer_of_today_has_a_prediction(demo_shop: Shop) -> None:
    assert demo_shop.row("select count(*) from customers where expected_spend_90_days is null") == (0,)
    assert demo_shop.row("select min(expected_spend_90_days) >= 0 from customers") == (True,)
    assert demo_shop.row(
        """
        select count(*) from customers as c full join new_customer_predictions as p using (customer_id)
        where (c.first_order_date > c.as_of_date - 180) <> (p.predicted_rfm_segment is not null)
        """
    ) == (0,)


def test_without_enough_confidence_and_evidence_it_is_too_early_to_say(shop_of_few_tests: Shop) -> None:
    rows = shop_of_few_tests.rows(
        """
        select p.predicted_broad_segment, p.most_likely_broad_segment, p.broad_probability, p.broad_reason,
            n.min_confidence, n.precision_lower_bound, n.tested_customers
        from new_customer_predictions as p
        inner join prediction.int_newcomer_predictions as n on p.customer_id = n.customer_id and n.task = 'broad'
        """
    )
    assert rows
    for predicted, most_likely, probability, reason, minimum, lowest, tested in rows:
        sure = minimum is not None and probability >= minimum and tested >= 20 and lowest >= 0.75
        assert (predicted == most_likely) == sure == (reason is None)
        assert predicted in (most_likely, "too early to say")


def test_with_enough_customers_a_better_model_predicts_newcomers(shop_of_few_tests: Shop) -> None:
    active = dict(
        shop_of_few_tests.rows("select task, model from model_evaluations where split = 'today' and not is_baseline")
    )
    chosen = dict(shop_of_few_tests.rows("select task, model from model_evaluations where metric = 'gain'"))
    ahead = shop_of_few_tests.rows(
        "select task from model_evaluations where metric = 'gain_lower_bound' and value > 0 and sample_size >= 20"
    )
    assert set(active) - {"forecast 90-day spend"} == {task for (task,) in ahead} - {"forecast 90-day spend"}
    assert "predict broad segment at day 180" in active
    assert all(chosen[task] == model for task, model in active.items())
    assert shop_of_few_tests.row(
        "select count(*) > 0 and count(*) = count(broad_probability) from new_customer_predictions"
        " where most_likely_broad_segment is not null"
    ) == (True,)


def test_a_model_on_fewer_customers_is_too_early_to_say_whatever_its_lead(shop_with_a_lead: Shop) -> None:
    """The same shop: only the customers that are needed differ."""
    rows = shop_with_a_lead.rows(
        """
        select distinct evaluations.sample_size, today.note
        from model_evaluations as evaluations
        inner join model_evaluations as today on evaluations.task = today.task and today.split = 'today'
        where evaluations.metric = 'gain_lower_bound' and evaluations.value > 0 and today.is_baseline
        """
    )
    assert rows
    for customers, note in rows:
        assert customers < 200
        assert f"{customers} customers were evaluated, 200 are needed" in note
    assert shop_with_a_lead.row(
        "select count(*) from new_customer_predictions"
        " where predicted_broad_segment <> 'too early to say' or broad_reason is null"
    ) == (0,)


# --- shops that give little to learn from ----------------------------------------------------------------


def test_customers_who_never_order_again_leave_nothing_to_learn_of_interests(
    make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    """The embedded shop, of each customer the first invoice only."""
    path = tmp_path / "once.csv"
    first: dict[str, str] = {}
    with DEMO_FILE.open(encoding="utf-8", newline="") as source, path.open("w", encoding="utf-8", newline="") as target:
        reader, writer = csv.reader(source), csv.writer(target)
        writer.writerow(next(reader))
        for row in reader:
            if row[6] and not row[0].startswith("C") and first.setdefault(row[6], row[0]) == row[0]:
                writer.writerow(row)
    shop = make_shop(transactions=str(path)).build("model_evaluations", "customers", "new_customer_predictions")
    notes = dict(shop.rows("select task, note from model_evaluations where metric = 'origins'"))
    assert "nobody to learn from" in notes["predict next interest"]
    assert dict(shop.rows("select task, is_baseline from model_evaluations where split = 'today'"))[
        "predict next interest"
    ]
    assert shop.row("select count(*) from customers where expected_spend_90_days is null") == (0,)
    # a baseline remains: their one order
    assert shop.row("select count(distinct predicted_interest) > 3 from new_customer_predictions") == (True,)


# --- settings and tables ---------------------------------------------------------------------------------


def test_the_projects_grids_are_the_toolkits() -> None:
    settings = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    assert {
        "amounts": settings["spend_param_grids"],
        "classes": settings["classification_param_grids"],
    } == DEFAULT_GRIDS


def test_tuned_grids_read_the_text_of_settings() -> None:
    texts = {
        "linear_regression": "target square_root, alpha 0.5, temperature 1.3",
        "decision_tree": "standard settings",
        "combination": "mean of linear_regression, decision_tree",
    }
    assert tuned_grids(texts, "amounts") == {
        "linear_regression": {"target": ["square_root"], "alpha": [0.5]},
        "decision_tree": {},
    }


def test_a_problem_of_grids_is_a_sentence() -> None:
    assert grid_problem(json.dumps(DEFAULT_GRIDS["amounts"]), "amounts") is None
    assert "knows no parameter 'depth'" in (grid_problem('{"decision_tree": {"depth": [3]}}', "amounts") or "")


def test_likelier_outcomes_rank_first_and_ties_go_by_name() -> None:
    predicted = pd.DataFrame(
        {
            "model": "m",
            "sample_number": [1, 1, 1, 2, 2],
            "outcome": list("cabab"),
            "probability": [0.2, 0.4, 0.4, 0.1, 0.9],
        }
    )
    ranked = rank_classes(predicted.sample(frac=1, random_state=3))
    assert ranked[["sample_number", "outcome", "outcome_rank"]].to_numpy().tolist() == [
        [1, "a", 1], [1, "b", 2], [1, "c", 3], [2, "b", 1], [2, "a", 2],
    ]  # fmt: skip
    assert rank_classes(predicted, 1)["outcome"].tolist() == ["a", "b"]


def test_batches_are_the_whole_relation_in_order() -> None:
    relation = duckdb.default_connection().from_query(
        "select n * 3 as key, 'x' || n as text from range(50) as numbers(n)"
    )
    batches = list(in_batches(relation, "key", 40))
    assert max(map(len, batches)) <= 40
    assert pd.concat(batches)["key"].tolist() == list(range(0, 150, 3))
    assert list(in_batches(duckdb.default_connection().from_query("select 1 as key where false"), "key")) == []


def test_samples_have_their_features() -> None:
    samples = duckdb.default_connection().from_query(
        """
        select * from (values (1, 'train', 7.0), (2, 'predict', null), (1, 'test', 7.0))
            as samples (sample_number, role, amount)
        """
    )
    features = duckdb.default_connection().from_query(
        "select * from (values (1, 5.0), (2, 6.0), (3, 9.0)) as features (sample_number, monetary)"
    )
    joined, names = with_features(samples.filter("role <> 'test'"), features)
    assert names == ["monetary"]
    assert joined.order("sample_number").fetchall() == [(1, "train", 7.0, 5.0), (2, "predict", None, 6.0)]
