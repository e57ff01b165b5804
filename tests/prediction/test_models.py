"""Models find a truth that is known, are the same for any order of rows and processes, and refuse no small shop."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from shop_toolkit.grids import AMOUNT_GRIDS as DEFAULT_AMOUNT_GRIDS
from shop_toolkit.grids import DEFAULT_GRIDS, Grids, check_grids
from shop_toolkit.parallel import PARALLEL_CUSTOMERS
from shop_toolkit.prediction.amounts import AMOUNT_COLUMNS, fit_amounts, forecast_amounts
from shop_toolkit.prediction.calibration import CALIBRATION_ROWS, fit_temperature, floored, tempered
from shop_toolkit.prediction.classes import (
    CLASS_COLUMNS,
    VOTE,
    fit_calibrated,
    predict_classes,
    predict_ranks,
    rank_classes,
)
from shop_toolkit.prediction.estimators import CLASS_BINS, FINENESS, DrawnForest, SinglePrecisionRegression, fit_model
from shop_toolkit.prediction.features import VaryingFeatures, feature_scaler
from shop_toolkit.prediction.reuse import do_by_samples, keep_results, once
from shop_toolkit.prediction.tuning import SEARCHES, Search, best_settings, search_folds, tune
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_limits

FEATURES = ["recency_days", "orders", "money", "is_foreign", "gap_days"]
# Small enough for a test; the shapes are those of the defaults.
AMOUNT_GRIDS: Grids = {
    "linear_regression": {"target": ["square_root", "amount"], "alpha": [1, 1000]},
    "decision_tree": {"max_leaf_nodes": [2, 8]},
    "gradient_boosting": {"max_iter": [5], "min_samples_leaf": [5]},
}
CLASS_GRIDS: Grids = {
    "logistic_regression": {"C": [0.1, 10]},
    "random_forest": {"n_estimators": [8]},
    "nearest_neighbours": {"n_neighbors": [5, 15]},
    "gradient_boosting": {"max_iter": [3]},
}


def shop(size: int = 160, seed: int = 0) -> pd.DataFrame:
    """Samples of customers, two each: some spend by what they spent, some never order again; a class by their money."""
    random = np.random.default_rng(seed)
    samples = pd.DataFrame(
        {
            "sample_number": np.arange(size),
            "customer_id": [f"c{number // 2}" for number in range(size)],
            "role": np.where(
                np.arange(size) % 10 < 6, "train", np.where(np.arange(size) % 10 < 8, "validation", "test")
            ),
            "recency_days": random.integers(0, 300, size),
            "orders": random.geometric(0.4, size),
            "money": random.lognormal(6, 1, size),
            "is_foreign": random.random(size) < 0.2,
            "gap_days": np.where(random.random(size) < 0.3, np.nan, random.integers(1, 90, size)),
        }
    )
    samples["amount"] = np.where(random.random(size) < 0.5, 0, samples["money"] * samples["orders"] / 2)
    noisy = np.log(samples["money"]) + random.normal(0, 0.5, size)
    samples["outcome"] = np.select([noisy < 5.5, noisy < 6.5], ["low", "middle"], "high")
    return samples


def for_amounts(samples: pd.DataFrame) -> pd.DataFrame:
    return samples.assign(role=samples["role"].replace("validation", "predict"))


def forecasts_of(samples: pd.DataFrame, workers: int = 1) -> pd.DataFrame:
    return forecast_amounts(for_amounts(samples), FEATURES, AMOUNT_GRIDS, workers)


def predictions_of(samples: pd.DataFrame, workers: int = 1) -> pd.DataFrame:
    return predict_classes(samples, FEATURES, CLASS_GRIDS, workers)


def both_of(samples: pd.DataFrame, **options: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    return forecasts_of(samples, **options), predictions_of(samples, **options)


def by_sample(predicted: pd.DataFrame, model: str, value: str = "amount") -> pd.Series:
    return predicted[predicted["model"] == model].set_index("sample_number")[value]


def wide(predicted: pd.DataFrame, model: str) -> pd.DataFrame:
    return predicted[predicted["model"] == model].pivot(index="sample_number", columns="outcome", values="probability")


# --- amounts ---------------------------------------------------------------------------------------------


def test_a_linear_truth_is_recovered() -> None:
    random = np.random.default_rng(1)
    x = random.uniform(0, 10, (400, 2))
    samples = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "amount": 100 + 7 * x[:, 0] + 3 * x[:, 1]})
    samples = samples.assign(sample_number=range(400), customer_id=[str(i) for i in range(400)], role="train")
    samples.loc[300:, "role"] = "test"
    predicted = forecast_amounts(samples, ["a", "b"], {"linear_regression": {"target": ["amount"], "alpha": [1e-3]}}, 1)
    assert predicted["sample_number"].tolist() == list(range(300, 400))
    assert np.abs(predicted["amount"].to_numpy() - samples["amount"][300:].to_numpy()).max() < 0.3


def test_a_squared_truth_is_recovered_from_its_root() -> None:
    random = np.random.default_rng(2)
    x = random.uniform(1, 10, 400)
    samples = pd.DataFrame({"a": x, "amount": (5 + 2 * x) ** 2}).assign(
        sample_number=range(400), customer_id=[str(i) for i in range(400)], role=["train"] * 300 + ["predict"] * 100
    )
    grid: Grids = {"linear_regression": {"target": ["square_root"], "alpha": [1e-3]}}
    predicted = forecast_amounts(samples, ["a"], grid, workers=1)
    # A customer beyond those of the training has the forecast of the last of them.
    assert predicted["amount"].to_numpy() == pytest.approx(samples["amount"][300:].to_numpy(), rel=0.02)


@pytest.mark.parametrize("target", ["amount", "square_root"])
def test_expected_amounts_have_the_mean_of_the_training_when_half_of_the_customers_spend_nothing(target: str) -> None:
    samples = for_amounts(shop(600)).assign(role="train")
    everyone = samples.assign(role="predict", sample_number=samples["sample_number"] + 1000)
    grid: Grids = {
        "linear_regression": {"target": [target]},
        "gradient_boosting": {"target": [target], "max_iter": [20]},
    }
    predicted = forecast_amounts(pd.concat([samples, everyone]), FEATURES, grid, workers=1)
    means = predicted.groupby("model")["amount"].mean()
    # In-sample both are unbiased, but for amounts below 0 that count as 0.
    assert means.to_numpy() == pytest.approx(samples["amount"].mean(), rel=0.06)
    assert (predicted["amount"] >= 0).all()


def test_a_tree_forecasts_what_scikit_learn_does_with_the_settings_it_names() -> None:
    samples = for_amounts(shop())
    predicted = forecasts_of(samples)
    settings = by_sample(predicted, "decision_tree", "settings").iloc[0]
    assert settings in ("max_leaf_nodes 2", "max_leaf_nodes 8")
    train = samples[samples["role"] == "train"]
    tree = DecisionTreeRegressor(max_leaf_nodes=int(settings[-1]), min_samples_leaf=20, random_state=0)
    tree.fit(train[FEATURES].astype(float), train["amount"])
    later = samples[samples["role"] != "train"]
    assert by_sample(predicted, "decision_tree").to_numpy() == pytest.approx(
        tree.predict(later[FEATURES].astype(float))
    )


def test_a_missing_value_is_the_median_and_flagged() -> None:
    train = pd.DataFrame({"a": [1.0, 2, 6, np.nan, np.nan] * 20, "amount": [10.0, 20, 60, 5, 5] * 20, "role": "train"})
    test = pd.DataFrame({"a": [1.5, np.nan], "amount": np.nan, "role": "predict"})
    samples = pd.concat([train, test], ignore_index=True)
    samples = samples.assign(sample_number=samples.index, customer_id=samples.index.astype(str))
    grid: Grids = {"linear_regression": {"target": ["amount"], "alpha": [1e-6]}}
    predicted = forecast_amounts(samples, ["a"], grid)["amount"]
    # Without the flag the missing would draw the line of the others down.
    assert predicted.to_numpy() == pytest.approx([15, 5], abs=0.05)


@pytest.mark.parametrize("target", ["amount", "square_root"])
def test_no_forecast_is_more_than_anyone_spent(target: str) -> None:
    samples = pd.DataFrame({"a": np.linspace(1, 10, 100), "b": np.tile([1.0, 10], 50)})
    samples["amount"] = 10 * samples["a"] + 10 * samples["b"]
    # Each of his features was seen, and never both at once: the line leads to 200, and the most was 145.
    unlike = samples["a"].gt(5) & samples["b"].gt(5)
    samples["role"] = np.where(unlike, "predict", "train")
    samples = samples.assign(sample_number=range(100), customer_id=[str(i) for i in range(100)])
    grid: Grids = {"linear_regression": {"target": [target], "alpha": [1e-3]}}
    predicted = forecast_amounts(samples, ["a", "b"], grid, 1)["amount"]
    assert predicted.max() == pytest.approx(samples.loc[~unlike, "amount"].max())


@pytest.mark.parametrize("target", ["amount", "square_root"])
def test_no_forecast_is_negative(target: str) -> None:
    samples = pd.DataFrame({"a": np.linspace(1, 10, 100)})
    samples["amount"] = (100 * samples["a"] - 600).clip(lower=0)
    samples = samples.assign(sample_number=range(100), customer_id=[str(i) for i in range(100)])
    samples["role"] = np.where(np.arange(100) % 2, "train", "predict")
    grid: Grids = {"linear_regression": {"target": [target], "alpha": [1e-3]}}
    predicted = forecast_amounts(samples, ["a"], grid, 1)["amount"]
    assert predicted.min() == 0


def test_the_scaler_equals_the_usual_one() -> None:
    values = np.random.default_rng(3).normal(5, 3, (50, 3))
    usual = StandardScaler().fit_transform(np.hstack([values, np.sign(values) * np.log1p(np.abs(values))]))
    ours = feature_scaler(("raw", "log")).fit(values)
    assert ours.transform(values) == pytest.approx(usual)
    beyond = values.max(axis=0) * 100
    assert ours.transform(beyond[None]) == pytest.approx(ours.transform(values.max(axis=0)[None]))


def test_nobody_spends_anything() -> None:
    predicted = forecasts_of(shop().assign(amount=0.0))
    assert (predicted["amount"] == 0).all()
    assert predicted["model"].nunique() == 3


def test_amounts_of_test_rows_are_not_used() -> None:
    samples = for_amounts(shop())
    blind = samples.assign(amount=samples["amount"].where(samples["role"] == "train"))
    pd.testing.assert_frame_equal(forecasts_of(samples), forecasts_of(blind))


# --- classes ---------------------------------------------------------------------------------------------


def scaled_logits(size: int, seed: int, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of three classes, and outcomes drawn from them with the logits made `scale` times larger."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1, (size, 3))
    truth = np.exp(scale * logits) / np.exp(scale * logits).sum(axis=1, keepdims=True)
    outcomes = (truth.cumsum(axis=1) < random.random((size, 1))).sum(axis=1)
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), outcomes


@pytest.mark.parametrize("scale", [0.5, 1, 2])
def test_the_temperature_undoes_scaled_logits(scale: float) -> None:
    predicted, outcomes = scaled_logits(20_000, 4, scale)
    assert fit_temperature(predicted, outcomes) == pytest.approx(1 / scale, rel=0.04)


def test_tempering_worked_by_hand() -> None:
    predicted = np.array([[0.8, 0.2], [0.5, 0.5]])
    # 0.8 : 0.2 is 4 : 1, squared 16 : 1, its root 2 : 1
    assert tempered(predicted, 0.5) == pytest.approx(np.array([[16 / 17, 1 / 17], [0.5, 0.5]]))
    assert tempered(predicted, 2) == pytest.approx(np.array([[2 / 3, 1 / 3], [0.5, 0.5]]))
    assert floored(np.array([[1.0, 0, 0]])) == pytest.approx(np.array([[1, 0.001, 0.001]]) / 1.002)


def test_few_rows_fit_no_temperature() -> None:
    predicted, outcomes = scaled_logits(CALIBRATION_ROWS - 1, 5, 3)
    assert fit_temperature(predicted, outcomes) == 1


def known_process(size: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers whose class is drawn with probabilities that are known."""
    random = np.random.default_rng(seed)
    samples = pd.DataFrame(random.normal(0, 1, (size, 3)), columns=["a", "b", "c"])
    logits = np.stack([samples["a"], samples["b"], np.zeros(size)], axis=1)
    truth = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    number = (truth.cumsum(axis=1) < random.random((size, 1))).sum(axis=1)
    samples = samples.assign(outcome=np.array(["x", "y", "z"])[number], sample_number=range(size))
    return samples.assign(customer_id=[str(i) for i in range(size)]), truth


def test_calibrated_probabilities_are_close_to_the_truth() -> None:
    samples, truth = known_process(4000, 6)
    samples["role"] = np.repeat(["train", "validation", "test"], [1500, 1500, 1000])
    # A forest and neighbours that learn by heart are sure of themselves until they are calibrated.
    grids: Grids = {
        "logistic_regression": {"C": [1]},
        "random_forest": {"n_estimators": [30], "min_samples_leaf": [1]},
        "nearest_neighbours": {"n_neighbors": [3]},
        "gradient_boosting": {"max_iter": [20]},
    }
    predicted = predict_classes(samples, ["a", "b", "c"], grids, workers=1)
    plain = predict_classes(samples[samples["role"] != "validation"], ["a", "b", "c"], grids, workers=1)
    outcomes = samples["outcome"][3000:]
    losses = {
        model: (
            log_loss(outcomes, wide(predicted, model).loc[3000:]),
            log_loss(outcomes, wide(plain, model).loc[3000:]),
        )
        for model in predicted["model"].unique()
    }
    assert all(calibrated < before + 0.005 for calibrated, before in losses.values())
    assert losses["nearest_neighbours"][0] < losses["nearest_neighbours"][1] - 0.1
    # No model can be better than the truth; here the linear one and the vote are close to it.
    best = log_loss(outcomes, truth[3000:])
    assert losses["logistic_regression"][0] == pytest.approx(best, abs=0.01)
    assert losses["soft_vote"][0] == pytest.approx(best, abs=0.04)
    # Of those with a probability of 60 to 80 %, about that share is right.
    vote = wide(predicted, "soft_vote").loc[3000:]
    sure = vote.max(axis=1).between(0.6, 0.8)
    were_right = (vote.idxmax(axis=1) == outcomes.to_numpy())[sure].mean()
    assert were_right == pytest.approx(vote.max(axis=1)[sure].mean(), abs=0.06)


def test_temperatures_of_the_text_are_those_that_the_rows_have() -> None:
    samples = shop(600)
    predicted = predictions_of(samples)
    text = by_sample(predicted, "random_forest", "settings").iloc[0]
    temperature = float(text.rsplit(" ", 1)[1])
    validation = samples[samples["role"] == "validation"]
    rows = wide(predicted, "random_forest").loc[validation["sample_number"]]
    # Undone, the temperature found again on the same rows is that of the text: they are not from the refit.
    undone = tempered(rows.to_numpy(), 1 / temperature)
    outcomes = np.searchsorted(rows.columns, validation["outcome"])
    assert fit_temperature(undone, outcomes) == pytest.approx(temperature, rel=0.01)


def test_validation_rows_are_predicted_without_them_and_the_others_with_them() -> None:
    samples = shop(600)
    predicted = predictions_of(samples)
    without = samples[samples["role"] != "validation"]
    # The same rows as a test, with nothing to calibrate on: the order of the classes is the same.
    blind = samples.assign(role=samples["role"].replace({"validation": "test", "test": "predict"}))
    as_test = wide(predictions_of(blind), "logistic_regression")
    first = wide(predicted, "logistic_regression")
    numbers = samples.loc[samples["role"] == "validation", "sample_number"]
    assert (as_test.loc[numbers].rank(axis=1) == first.loc[numbers].rank(axis=1)).all(axis=None)
    tests = samples.loc[samples["role"] == "test", "sample_number"]
    refitted = wide(predictions_of(without), "logistic_regression").loc[tests]
    assert np.abs(refitted - first.loc[tests]).max(axis=None) > 1e-4


def test_the_vote_is_the_mean_of_the_others() -> None:
    samples = shop().query("role != 'validation'")
    predicted = predictions_of(samples)
    mean = sum(wide(predicted, model) for model in CLASS_GRIDS) / 4
    assert wide(predicted, "soft_vote").to_numpy() == pytest.approx(mean.to_numpy(), abs=1e-8)


def test_neighbours_are_those_that_are_nearest() -> None:
    samples = shop().query("role != 'validation'")
    predicted = predict_classes(samples, ["recency_days", "money"], {"nearest_neighbours": {"n_neighbors": [7]}})
    train, test = samples[samples["role"] == "train"], samples[samples["role"] == "test"]
    scaler = StandardScaler().fit(np.log1p(train[["recency_days", "money"]]).to_numpy())
    seen, later = (scaler.transform(np.log1p(part[["recency_days", "money"]]).to_numpy()) for part in (train, test))
    near = NearestNeighbors(n_neighbors=7, algorithm="ball_tree").fit(seen).kneighbors(later)[1]
    shares = np.array([(train["outcome"].to_numpy()[near] == name).mean(axis=1) for name in ("high", "low", "middle")])
    floored = np.maximum(shares.T, 0.001)
    floored /= floored.sum(axis=1, keepdims=True)
    ours = wide(predicted, "nearest_neighbours").to_numpy()
    # Rounded to 1/1024 of a deviation, a neighbour at the border may be another.
    assert (np.abs(ours - floored).max(axis=1) < 1e-6).mean() > 0.95


@pytest.mark.parametrize("seed", range(3))
def test_probabilities_add_up_to_one_for_every_sample_but_training(seed: int) -> None:
    samples = shop(seed=seed)
    samples.loc[samples["sample_number"] % 10 == 9, "role"] = "predict"
    predicted = predictions_of(samples)
    sums = predicted.groupby(["model", "sample_number"])["probability"].sum()
    assert sums.to_numpy() == pytest.approx(1, abs=1e-8)
    later = samples[samples["role"] != "train"]
    assert sorted(predicted["sample_number"].unique()) == sorted(later["sample_number"])
    assert predicted.groupby("model").size().eq(3 * len(later)).all()
    roles = predicted.drop_duplicates("sample_number").set_index("sample_number")["role"]
    assert roles.to_dict() == later.set_index("sample_number")["role"].to_dict()
    assert list(predicted.columns) == list(CLASS_COLUMNS)


# --- settings --------------------------------------------------------------------------------------------


# With seed 6 the few who spend most would choose otherwise.
@pytest.mark.parametrize("seed", [0, 6])
def test_settings_are_those_with_the_least_loss_on_customers_held_out(seed: int) -> None:
    samples = shop(600, seed).query("role == 'train'")
    values = samples[["recency_days", "orders", "money"]].to_numpy(dtype=float)
    amounts = samples["amount"].to_numpy()
    customers = samples["customer_id"].to_numpy()
    grid: Grids = {"decision_tree": {"max_leaf_nodes": [2, 4, 8, 16, 32]}}
    chosen = best_settings("amounts", grid, values, amounts, customers, 1)["decision_tree"]
    rows, folds = search_folds(customers, SEARCHES["amounts"])
    assert len(rows) == len(samples)
    # Amounts are compared as if nobody spent more than all but one in a hundred do.
    most = np.quantile(amounts, 0.99)
    errors: dict[int, float] = {}
    for leaves in grid["decision_tree"]["max_leaf_nodes"]:
        tree = DecisionTreeRegressor(max_leaf_nodes=leaves, min_samples_leaf=20, random_state=0)
        split = [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(3)]
        predicted = cross_val_predict(tree, values, amounts, cv=split)
        errors[leaves] = mean_squared_error(np.minimum(amounts, most), np.minimum(predicted, most))
    assert chosen == {"max_leaf_nodes": min(errors, key=errors.__getitem__)}
    assert len({round(error) for error in errors.values()}) > 1


def test_classes_are_compared_by_log_loss() -> None:
    # Where one feature gives the class exactly, hardly any regularisation is best; of pure noise, as much as can be.
    random = np.random.default_rng(7)
    values = random.normal(0, 1, (400, 3))
    customers = np.array([str(i) for i in range(400)])
    grid: Grids = {"logistic_regression": {"C": [1e-6, 100]}}
    predicted = (values[:, 0] > 0).astype(int)
    assert best_settings("classes", grid, values, predicted, customers, 1)["logistic_regression"] == {"C": 100}
    coins = random.integers(2, size=400)
    assert best_settings("classes", grid, values, coins, customers, 1)["logistic_regression"] == {"C": 1e-6}


def test_a_customer_is_in_one_fold_and_large_searches_use_whole_customers() -> None:
    customers = np.array([f"c{number % 700}" for number in range(2100)])
    rows, folds = search_folds(customers, Search(1000, 3))
    assert 990 < len(rows) <= 1000
    assert pd.Series(folds).groupby(customers[rows]).nunique().eq(1).all()
    assert pd.Series(customers[rows]).value_counts().eq(3).all()
    assert np.bincount(folds).min() > 300
    # Customers are drawn by their own hash: a smaller search uses some of those that a larger one uses.
    fewer = search_folds(customers, Search(500, 3))[0]
    assert set(customers[fewer]) < set(customers[rows])


def test_rows_of_one_customer_do_not_choose_the_settings() -> None:
    # Every customer has four rows with the same features and a random amount of his own: learnt by heart it is exact
    # for rows held out, and worthless for customers held out.
    random = np.random.default_rng(8)
    customers = np.repeat([str(i) for i in range(60)], 4)
    values = np.repeat(random.normal(size=(60, 1)), 4, axis=0)
    amounts = np.repeat(random.lognormal(size=60), 4)
    grid: Grids = {"decision_tree": {"max_leaf_nodes": [60, 2], "min_samples_leaf": [1]}}
    chosen = best_settings("amounts", grid, values, amounts, customers, 1)["decision_tree"]
    assert chosen["max_leaf_nodes"] == 2


@pytest.mark.parametrize("task", ["amounts", "classes"])
def test_the_default_grids_are_good_ones(task: str) -> None:
    check_grids(DEFAULT_GRIDS[task], task)
    check_grids({"gradient_boosting": {}}, task)


@pytest.mark.parametrize(
    ("grids", "sentence"),
    [
        ({}, "name no model; they take linear_regression, decision_tree, gradient_boosting"),
        ({"forest": {}}, "know no model 'forest'; they take linear_regression"),
        ({"decision_tree": {"depth": [3]}}, "knows no parameter 'depth'; it takes max_leaf_nodes, min_samples_leaf"),
        ({"decision_tree": [8]}, "is \\[8\\]; it takes a list of values for each parameter"),
        (
            {"decision_tree": {"max_leaf_nodes": []}},
            "max_leaf_nodes is \\[\\]; it takes a list of whole numbers from 2",
        ),
        ({"decision_tree": {"max_leaf_nodes": 8}}, "max_leaf_nodes is 8; it takes a list of whole numbers"),
        ({"decision_tree": {"max_leaf_nodes": [True]}}, "holds True; it takes whole numbers from 2 to 256"),
        ({"decision_tree": {"max_leaf_nodes": [1]}}, "holds 1; it takes whole numbers from 2 to 256"),
        ({"linear_regression": {"alpha": ["high"]}}, "holds 'high'; it takes numbers from 1e-06"),
        ({"linear_regression": {"alpha": [float("nan")]}}, "holds nan; it takes numbers"),
        ({"gradient_boosting": {"loss": ["gamma"]}}, "holds 'gamma'; it takes squared_error or poisson"),
        ({"gradient_boosting": {"max_iter": [201]}}, "holds 201; it takes whole numbers from 1 to 200"),
        ({"decision_tree": {"max_leaf_nodes": list(range(2, 15))}}, "has 13 combinations; it takes 12 at most"),
    ],
)
def test_a_wrong_grid_is_refused_with_a_sentence(grids: Grids, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check_grids(grids, "amounts")
    with pytest.raises(ValueError, match=sentence):
        forecast_amounts(for_amounts(shop()), FEATURES, grids)


def test_a_parameter_left_out_has_the_first_value_of_the_default() -> None:
    samples = for_amounts(shop())
    first = {"decision_tree": {name: values[:1] for name, values in DEFAULT_AMOUNT_GRIDS["decision_tree"].items()}}
    predicted = forecast_amounts(samples, FEATURES, {"decision_tree": {}})
    assert (predicted["settings"] == "standard settings").all()
    assert (predicted["amount"] == forecast_amounts(samples, FEATURES, first)["amount"]).all()


def test_tuned_settings_are_those_that_are_chosen_anyway() -> None:
    amounts, classes = for_amounts(shop()), shop()
    tuned = tune("amounts", amounts, FEATURES, AMOUNT_GRIDS, 1)
    assert all(len(values) == 1 for grid in tuned.values() for values in grid.values())
    pd.testing.assert_frame_equal(forecast_amounts(amounts, FEATURES, tuned, 1), forecasts_of(amounts))
    tuned = tune("classes", classes, FEATURES, CLASS_GRIDS, 1)
    pd.testing.assert_frame_equal(predict_classes(classes, FEATURES, tuned, 1), predictions_of(classes))


def test_without_training_rows_nothing_is_tuned() -> None:
    samples = shop().assign(role="test")
    assert tune("amounts", samples, FEATURES, AMOUNT_GRIDS, 1) == AMOUNT_GRIDS
    with pytest.raises(ValueError, match="know no model 'forest'"):
        tune("amounts", samples, FEATURES, {"forest": {}}, 1)


# --- ranks -----------------------------------------------------------------------------------------------


def test_the_most_likely_class_has_rank_one_and_of_equal_ones_the_first_by_name() -> None:
    predicted = pd.DataFrame({"model": "m", "sample_number": [1, 1, 1, 2, 2], "outcome": list("cabba")})
    predicted["probability"] = [0.4, 0.2, 0.4, 0.5, 0.5]
    ranked = rank_classes(predicted)
    assert ranked.groupby("sample_number")["outcome"].agg("".join).to_dict() == {1: "bca", 2: "ab"}
    assert ranked["outcome_rank"].tolist() == [1, 2, 3, 1, 2]
    assert rank_classes(predicted, 1)["outcome"].tolist() == ["b", "a"]


# --- what may not matter ---------------------------------------------------------------------------------


def assert_equal(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """To the last bit, so that a build is equal to the build before."""
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def test_the_order_of_rows_does_not_matter() -> None:
    samples = shop()
    shuffled = samples.sample(frac=1, random_state=1).reset_index(drop=True)
    for ours, theirs in zip(both_of(samples), both_of(shuffled), strict=True):
        assert_equal(ours, theirs)


def test_the_number_of_processes_does_not_matter() -> None:
    # Enough training rows that processes are started.
    samples = shop(600)
    assert (samples["role"] == "train").sum() >= PARALLEL_CUSTOMERS
    for ours, theirs in zip(both_of(samples, workers=1), both_of(samples, workers=2), strict=True):
        assert_equal(ours, theirs)


def test_a_small_shop_starts_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def one_process(work: Callable[..., Any], jobs: list[tuple[Any, ...]], workers: int, *_: str) -> list[Any]:
        started.append(workers)
        return [work(*job) for job in jobs]

    for module in ("amounts", "classes", "tuning"):
        monkeypatch.setattr(
            f"shop_toolkit.prediction.{module}.in_parallel",
            one_process,
        )
    both_of(shop(240), workers=2)
    assert set(started) == {1}


def test_other_test_rows_change_nothing() -> None:
    samples = shop()
    more = shop(300, seed=9).assign(role="test")
    more = more.assign(sample_number=more["sample_number"] + 1000, amount=np.nan, outcome=None)
    for ours, theirs in zip(both_of(samples), both_of(pd.concat([samples, more])), strict=True):
        theirs = theirs[theirs["sample_number"] < 1000].reset_index(drop=True)
        assert_equal(ours, theirs)


@pytest.mark.parametrize("seed", range(3))
def test_neighbours_equally_far_away_are_the_same_for_one_customer_and_for_many(seed: int) -> None:
    # Customers are alike to the last feature, and which of them are the nearest ten may not hang on rounding. Distances
    # in floating point differ in their last bits: of these customers some would have another prediction alone.
    random = np.random.default_rng(seed)
    kinds = random.lognormal(0, 1, (40, 30))
    customers, classes = kinds[random.integers(40, size=250)], random.integers(4, size=250)
    later = kinds[random.integers(40, size=300)] * random.choice([1, 1.1], (300, 1))
    with threadpool_limits(1):
        fitted = fit_model("classes", "nearest_neighbours", {"n_neighbors": 10}, customers, classes)
        alone = np.vstack([fitted.predict_proba(later[number : number + 1]) for number in range(300)])
        assert (alone == fitted.predict_proba(later)).all()


def test_batches_are_predicted_as_the_whole_is() -> None:
    samples = for_amounts(shop())
    models = fit_amounts(samples, FEATURES, AMOUNT_GRIDS)
    later = samples[samples["role"] != "train"]
    batches = [model.forecast(batch) for model in models for batch in (later[50:], later[:50])]
    predicted = pd.concat(batches).sort_values(["model", "sample_number"], ignore_index=True)
    assert_equal(predicted, forecasts_of(samples))
    fits = fit_calibrated(shop(), FEATURES, CLASS_GRIDS)
    assert fits is not None
    fitted = fits.retrained
    tests = shop().query("role == 'test'")
    predicted = pd.concat([*(fitted.predict(tests[i : i + 1]) for i in range(9)), fitted.predict(tests[9:])])
    predicted = predicted.sort_values(["model", "sample_number", "outcome"], ignore_index=True)
    whole = predictions_of(shop()).query("role == 'test'").reset_index(drop=True)
    assert_equal(predicted, whole)


# --- what is computed once --------------------------------------------------------------------------------


def rows_with_gaps(size: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Features, of which one has gaps, one is always 3 and one has many equal values; and classes that hang on them."""
    random = np.random.default_rng(11)
    values = random.normal(size=(size, 8))
    values[random.random(size) < 0.3, 2] = np.nan
    values[:, 4], values[:, 5] = 3, random.integers(0, 3, size)
    classes = np.digitize(values[:, 0] + values[:, 5] + random.normal(0, 0.5, size), [-0.5, 1, 2])
    return values, classes


def test_a_regression_fitted_in_single_precision_is_the_usual_one_to_its_tolerance() -> None:
    random = np.random.default_rng(2)
    values = random.normal(size=(500, 6))
    classes = (values[:, 0] + random.normal(size=500) > 0).astype(int) + (values[:, 1] > 1)
    ours = SinglePrecisionRegression(C=0.1, tol=1e-3, max_iter=200).fit(values, classes)
    usual = LogisticRegression(C=0.1, tol=1e-3, max_iter=200).fit(values, classes)
    predicted = ours.predict_proba(values)
    np.testing.assert_allclose(predicted, usual.predict_proba(values), atol=2e-3)
    # A row is predicted in double precision: the same alone as among others.
    np.testing.assert_allclose(ours.predict_proba(values[:1]), predicted[:1], rtol=0, atol=1e-14)


@pytest.mark.parametrize("rows", [60, 200])
def test_the_forest_is_that_of_scikit_learn_to_the_last_bit(rows: int) -> None:
    values, classes = rows_with_gaps()
    usual = RandomForestClassifier(12, min_samples_leaf=3, max_samples=rows, random_state=4).fit(
        values[:200], classes[:200]
    )
    ours = DrawnForest(12, 3, rows, 4).fit(values[:200], classes[:200])
    assert (ours.predict_proba(values) == usual.predict_proba(values)).all()
    # Without gaps trees look for splits in another way.
    whole = np.nan_to_num(values)
    usual, ours = usual.fit(whole[:200], classes[:200]), ours.fit(whole[:200], classes[:200])
    assert (ours.predict_proba(values) == usual.predict_proba(values)).all()


def test_boosting_is_that_of_scikit_learn_with_features_that_never_vary() -> None:
    values, classes = rows_with_gaps()
    fixed: dict[str, Any] = {"early_stopping": False, "random_state": 0}
    settings = {
        "learning_rate": 0.3,
        "max_leaf_nodes": 5,
        "min_samples_leaf": 10,
        "max_iter": 6,
        "l2_regularization": 1,
    }
    usual = HistGradientBoostingClassifier(**settings, **fixed, max_bins=CLASS_BINS).fit(values[:300], classes[:300])
    amounts = HistGradientBoostingRegressor(**settings, **fixed).fit(values[:300], 2.0 ** classes[:300])
    with keep_results():
        for _ in range(2):  # computed, and kept
            ours = fit_model("classes", "gradient_boosting", settings, values[:300], classes[:300])
            assert (ours.predict_proba(values) == usual.predict_proba(values)).all()
            target = settings | {"target": "amount"}
            ours = fit_model("amounts", "gradient_boosting", target, values[:300], 2.0 ** classes[:300])
            assert (ours.predict(values) == amounts.predict(values).clip(0, 8)).all()


def test_neighbours_are_those_of_scikit_learn_for_any_target() -> None:
    values, classes = rows_with_gaps()
    later = values[300:]
    with keep_results():
        for rows in (slice(0, 300), slice(30, 300)):
            scaler = feature_scaler(("log",), FINENESS).fit(values[rows])
            for target in (classes, classes % 2, np.where(classes > 2, "high", "low")):
                usual = KNeighborsClassifier(7, algorithm="brute").fit(scaler.transform(values[rows]), target[rows])
                ours = fit_model("classes", "nearest_neighbours", {"n_neighbors": 7}, values[rows], target[rows])
                expected = usual.predict_proba(scaler.transform(later))
                assert ours.predict_proba(later) == pytest.approx(expected, abs=1e-12)


def test_the_same_rows_are_scaled_by_what_a_scaler_has_learned() -> None:
    values, _ = rows_with_gaps()
    kinds = [(rows, forms) for rows in (200, 300) for forms in (("raw",), ("log",))]

    def scaled() -> list[np.ndarray]:
        return [feature_scaler(forms).fit(values[:rows]).transform(values) for rows, forms in kinds]

    alone = scaled()
    with keep_results():
        for ours, theirs in zip([*scaled(), *scaled()], [*alone, *alone], strict=True):
            assert (ours == theirs).all()


def test_only_features_that_vary_are_left() -> None:
    nothing, gaps = np.full(4, np.nan), np.array([1, np.nan, 1, 1])
    values = np.column_stack([nothing, np.ones(4), gaps, np.arange(4.0)])
    assert np.array_equal(VaryingFeatures().fit_transform(values), values[:, 2:], equal_nan=True)
    # What varies later only is unknown to a model.
    assert (VaryingFeatures().fit(values[:1]).transform(values) == np.zeros((4, 1))).all()


def test_equal_arrays_are_computed_once_and_others_again() -> None:
    asked = []

    def doubled(name: str, array: np.ndarray) -> np.ndarray:
        def compute() -> np.ndarray:
            asked.append(name)
            return array * 2

        return once(name, (array,), compute)

    numbers = np.arange(6.0)
    with keep_results():
        first = doubled("a", numbers)
        assert doubled("a", numbers.copy()) is first
        with keep_results():  # the outer one keeps
            assert doubled("a", numbers) is first
        assert (doubled("a", numbers + 1) == 2 * numbers + 2).all()
        assert doubled("a", numbers.reshape(2, 3)).shape == (2, 3)
        assert doubled("a", numbers.astype(int)).dtype == int
        doubled("b", numbers)
        assert asked == ["a", "a", "a", "a", "b"]
        with pytest.raises(ValueError, match="read-only"):
            first += 1
    doubled("a", numbers)
    doubled("a", numbers)
    assert asked == ["a", "a", "a", "a", "b", "a", "a"]


def test_what_was_not_needed_for_long_is_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop_toolkit.prediction.reuse.KEPT_BYTES", 100)
    asked: list[str] = []

    def zeros(name: str, size: int) -> np.ndarray:
        asked.append(name)
        return np.zeros(size)

    with keep_results():
        for name in ("a", "b", "a", "c", "a", "b", "large", "a"):
            size = 20 if name == "large" else 6
            once(name, (), partial(zeros, name, size))
    # Two of them fit: c replaces b, and what is too large for any replaces all.
    assert asked == ["a", "b", "c", "b", "large", "a"]


def test_tasks_of_the_same_samples_are_predicted_as_each_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    samples, others = shop(), shop(seed=3)
    grids: Grids = {model: CLASS_GRIDS[model] for model in CLASS_GRIDS if model != "random_forest"}
    tables = {
        "value": samples,
        "other customers": others,
        "is high": samples.assign(outcome=samples["outcome"].eq("high").astype(str)),
        "other roles": samples.assign(role=samples["role"].replace("validation", "test")),
    }
    jobs = {name: (table, FEATURES, grids, 1) for name, table in tables.items()}
    alone = {name: predict_classes(*job) for name, job in jobs.items()}
    fitted = []
    scale = StandardScaler.fit

    def counted(scaler: StandardScaler, rows: np.ndarray, *target: np.ndarray) -> StandardScaler:
        fitted.append(len(rows))
        return scale(scaler, rows, *target)

    monkeypatch.setattr(StandardScaler, "fit", counted)
    together = do_by_samples(predict_classes, jobs, tables, 1)
    assert list(together) == list(jobs)
    for name in jobs:
        assert_equal(together[name], alone[name])
    shared = len(fitted)
    for job in jobs.values():
        do_by_samples(predict_classes, {0: job}, {0: job[0]}, 1)
    # One of the four tables has the rows of another: a quarter less of what they need one by one.
    assert shared < len(fitted) - shared


def test_ranks_are_those_of_the_predictions() -> None:
    samples = shop(300)
    texts = dict.fromkeys(("model", "settings", "role", "outcome"), "str")
    ranked = rank_classes(predictions_of(samples))
    ranked = ranked[(ranked["role"] == "test") | (ranked["outcome_rank"] == 1)].reset_index(drop=True)
    assert_equal(predict_ranks(samples, FEATURES, CLASS_GRIDS, 1).astype(texts), ranked)
    without = samples[samples["role"] != "validation"]
    ranked = rank_classes(predictions_of(without))
    assert_equal(predict_ranks(without, FEATURES, CLASS_GRIDS, 1).astype(texts), ranked)
    for role in ("train", "test"):
        assert predict_ranks(samples.assign(role=role), FEATURES, CLASS_GRIDS, 1).empty


# --- small and odd shops ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 4, 6])
@pytest.mark.parametrize("validation", [0, 3])
def test_few_rows_give_rows_not_errors(size: int, validation: int) -> None:
    samples = shop(size + validation + 2)
    roles = ["train"] * size + ["validation"] * validation + ["test"] * 2
    amounts, classes = both_of(samples.assign(role=roles))
    assert set(amounts["model"]) == set(AMOUNT_GRIDS)
    assert amounts.groupby("model").size().eq(validation + 2).all()
    assert classes.groupby(["model", "sample_number"])["probability"].sum().to_numpy() == pytest.approx(1, abs=1e-8)
    assert classes["sample_number"].nunique() == validation + 2
    # Five neighbours cannot be found among fewer rows.
    assert ("nearest_neighbours" in set(classes["model"])) == (size >= 5)


@pytest.mark.parametrize("role", ["train", "test"])
def test_without_training_or_without_test_rows_there_are_no_predictions(role: str) -> None:
    other = {"train": "test", "test": "train"}[role]
    for table, columns in zip(both_of(shop().assign(role=other)), (AMOUNT_COLUMNS, CLASS_COLUMNS), strict=True):
        assert table.empty
        assert list(table.columns) == list(columns)
    for table in both_of(shop().iloc[:0]):
        assert table.empty


def test_one_class_is_certain() -> None:
    predicted = predictions_of(shop().assign(outcome="low"))
    assert (predicted["probability"] == 1).all()
    assert (predicted["settings"] == "one class only").all()
    assert set(predicted["model"]) == {*CLASS_GRIDS, VOTE}


def test_a_class_new_in_validation_is_predicted_from_then_on() -> None:
    samples = shop()
    new = samples["role"].eq("validation") & samples["money"].gt(700)
    predicted = predictions_of(samples.assign(outcome=samples["outcome"].mask(new, "new")))
    classes = predicted.groupby("role")["outcome"].unique()
    assert set(classes["validation"]) == {"high", "low", "middle"}
    assert set(classes["test"]) == {"high", "low", "middle", "new"}
    assert predicted.groupby(["model", "sample_number"])["probability"].sum().to_numpy() == pytest.approx(1, abs=1e-8)
    # Also where the training knew one class alone.
    predicted = predictions_of(samples.assign(outcome=np.where(new, "new", "old")))
    assert set(predicted.query("role == 'test'")["outcome"]) == {"new", "old"}
    assert (predicted.query("role == 'validation'")["probability"] == 1).all()


def test_a_class_rarer_than_the_folds_is_predicted() -> None:
    samples = shop()
    rare = samples["sample_number"] == samples.loc[samples["role"] == "train", "sample_number"].iloc[0]
    predicted = predictions_of(samples.assign(outcome=samples["outcome"].mask(rare, "rare")))
    assert (predicted.loc[predicted["outcome"] == "rare", "probability"] < 0.2).all()
    assert (predicted["probability"] > 0).all()


@pytest.mark.parametrize("value", [7.0, np.nan, np.inf])
def test_features_that_never_vary_do_no_harm(value: float) -> None:
    samples = shop().assign(**dict.fromkeys(FEATURES, value))
    amounts, classes = both_of(samples)
    assert amounts.groupby("model")["amount"].nunique().eq(1).all()
    assert classes.groupby(["model", "role", "outcome"])["probability"].nunique().eq(1).all()


def test_columns_as_a_warehouse_gives_them_are_read() -> None:
    samples = shop()
    typed = samples.astype({"orders": "Int32", "is_foreign": "boolean", "gap_days": "Float64", "customer_id": "str"})
    typed.loc[samples.index[:5], "is_foreign"] = pd.NA
    plain = samples.astype({"is_foreign": float})
    plain.loc[samples.index[:5], "is_foreign"] = np.nan
    for ours, theirs in zip(both_of(plain), both_of(typed), strict=True):
        pd.testing.assert_frame_equal(ours, theirs)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"role": "holdout"}, "no role 'holdout'"),
        ({"sample_number": 1}, "A sample_number has two rows"),
        ({"amount": np.nan, "outcome": None}, "no amount|no outcome"),
    ],
)
def test_wrong_samples_are_refused_with_a_sentence(change: dict[str, Any], sentence: str) -> None:
    for fit in (forecasts_of, predictions_of):
        with pytest.raises(ValueError, match=sentence):
            fit(shop().assign(**change))


def test_a_missing_column_is_named() -> None:
    for fit in (forecasts_of, predictions_of):
        with pytest.raises(ValueError, match="The samples lack gap_days"):
            fit(shop().drop(columns="gap_days"))
    with pytest.raises(ValueError, match="no features"):
        forecast_amounts(for_amounts(shop()), [], AMOUNT_GRIDS)
    with pytest.raises(ValueError, match="below 0"):
        forecasts_of(shop().assign(amount=-1.0))
