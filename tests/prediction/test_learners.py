"""Learners find a truth that is known, are the same for any order of rows and processes, and refuse no small shop."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from shop_toolkit.grids import AMOUNT_GRIDS as DEFAULT_AMOUNT_GRIDS
from shop_toolkit.grids import DEFAULT_GRIDS, Grids, check_grids
from shop_toolkit.parallel import PARALLEL_CUSTOMERS
from shop_toolkit.prediction.amounts import AMOUNT_COLUMNS, fit_amounts, forecast_amounts
from shop_toolkit.prediction.calibration import CALIBRATION_ROWS, fit_temperature, floored, tempered
from shop_toolkit.prediction.classes import CLASS_COLUMNS, VOTE, fit_calibrated, predict_classes, rank_classes
from shop_toolkit.prediction.estimators import fit_model
from shop_toolkit.prediction.features import feature_scaler
from shop_toolkit.prediction.labels import label_by_clusters
from shop_toolkit.prediction.tuning import SEARCHES, Search, best_settings, search_folds, tune
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import NearestNeighbors
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
    """Frames of customers, two each: some spend by what they spent, some do not come back; a class by their money."""
    random = np.random.default_rng(seed)
    frames = pd.DataFrame(
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
    frames["amount"] = np.where(random.random(size) < 0.5, 0, frames["money"] * frames["orders"] / 2)
    noisy = np.log(frames["money"]) + random.normal(0, 0.5, size)
    frames["outcome"] = np.select([noisy < 5.5, noisy < 6.5], ["low", "middle"], "high")
    return frames


def for_amounts(frames: pd.DataFrame) -> pd.DataFrame:
    return frames.assign(role=frames["role"].replace("validation", "predict"))


def told_amounts(frames: pd.DataFrame, workers: int = 1) -> pd.DataFrame:
    return forecast_amounts(for_amounts(frames), FEATURES, AMOUNT_GRIDS, workers)


def told_classes(frames: pd.DataFrame, workers: int = 1) -> pd.DataFrame:
    return predict_classes(frames, FEATURES, CLASS_GRIDS, workers)


def told_either(frames: pd.DataFrame, **options: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    return told_amounts(frames, **options), told_classes(frames, **options)


def by_frame(told: pd.DataFrame, model: str, value: str = "amount") -> pd.Series:
    return told[told["model"] == model].set_index("sample_number")[value]


def wide(told: pd.DataFrame, model: str) -> pd.DataFrame:
    return told[told["model"] == model].pivot(index="sample_number", columns="outcome", values="probability")


# --- amounts ---------------------------------------------------------------------------------------------


def test_a_linear_truth_is_recovered() -> None:
    random = np.random.default_rng(1)
    x = random.uniform(0, 10, (400, 2))
    frames = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "amount": 100 + 7 * x[:, 0] + 3 * x[:, 1]})
    frames = frames.assign(sample_number=range(400), customer_id=[str(i) for i in range(400)], role="train")
    frames.loc[300:, "role"] = "test"
    told = forecast_amounts(frames, ["a", "b"], {"linear_regression": {"target": ["amount"], "alpha": [1e-3]}}, 1)
    assert told["sample_number"].tolist() == list(range(300, 400))
    assert np.abs(told["amount"].to_numpy() - frames["amount"][300:].to_numpy()).max() < 0.3


def test_a_squared_truth_is_recovered_from_its_root() -> None:
    random = np.random.default_rng(2)
    x = random.uniform(1, 10, 400)
    frames = pd.DataFrame({"a": x, "amount": (5 + 2 * x) ** 2}).assign(
        sample_number=range(400), customer_id=[str(i) for i in range(400)], role=["train"] * 300 + ["predict"] * 100
    )
    grid: Grids = {"linear_regression": {"target": ["square_root"], "alpha": [1e-3]}}
    told = forecast_amounts(frames, ["a"], grid, workers=1)
    # A customer beyond those of the training is told as the last of them.
    assert told["amount"].to_numpy() == pytest.approx(frames["amount"][300:].to_numpy(), rel=0.02)


@pytest.mark.parametrize("target", ["amount", "square_root"])
def test_expected_amounts_have_the_mean_of_the_training_when_half_of_the_customers_spend_nothing(target: str) -> None:
    frames = for_amounts(shop(600)).assign(role="train")
    everyone = frames.assign(role="predict", sample_number=frames["sample_number"] + 1000)
    grid: Grids = {
        "linear_regression": {"target": [target]},
        "gradient_boosting": {"target": [target], "max_iter": [20]},
    }
    told = forecast_amounts(pd.concat([frames, everyone]), FEATURES, grid, workers=1)
    means = told.groupby("model")["amount"].mean()
    # In-sample both are unbiased, but for amounts below 0 that count as 0.
    assert means.to_numpy() == pytest.approx(frames["amount"].mean(), rel=0.06)
    assert (told["amount"] >= 0).all()


def test_a_tree_tells_what_scikit_learn_tells_with_the_settings_it_names() -> None:
    frames = for_amounts(shop())
    told = told_amounts(frames)
    settings = by_frame(told, "decision_tree", "settings").iloc[0]
    assert settings in ("max_leaf_nodes 2", "max_leaf_nodes 8")
    train = frames[frames["role"] == "train"]
    tree = DecisionTreeRegressor(max_leaf_nodes=int(settings[-1]), min_samples_leaf=20, random_state=0)
    tree.fit(train[FEATURES].astype(float), train["amount"])
    asked = frames[frames["role"] != "train"]
    assert by_frame(told, "decision_tree").to_numpy() == pytest.approx(tree.predict(asked[FEATURES].astype(float)))


def test_a_missing_value_is_the_median_and_flagged() -> None:
    train = pd.DataFrame({"a": [1.0, 2, 6, np.nan, np.nan] * 20, "amount": [10.0, 20, 60, 5, 5] * 20, "role": "train"})
    test = pd.DataFrame({"a": [1.5, np.nan], "amount": np.nan, "role": "predict"})
    frames = pd.concat([train, test], ignore_index=True)
    frames = frames.assign(sample_number=frames.index, customer_id=frames.index.astype(str))
    grid: Grids = {"linear_regression": {"target": ["amount"], "alpha": [1e-6]}}
    told = forecast_amounts(frames, ["a"], grid)["amount"]
    # Without the flag the missing would draw the line of the others down.
    assert told.to_numpy() == pytest.approx([15, 5], abs=0.05)


@pytest.mark.parametrize("target", ["amount", "square_root"])
def test_nobody_is_told_more_than_anyone_spent(target: str) -> None:
    frames = pd.DataFrame({"a": np.linspace(1, 10, 100), "b": np.tile([1.0, 10], 50)})
    frames["amount"] = 10 * frames["a"] + 10 * frames["b"]
    # Each of his features was seen, and never both at once: the line leads to 200, and the most was 145.
    unlike = frames["a"].gt(5) & frames["b"].gt(5)
    frames["role"] = np.where(unlike, "predict", "train")
    frames = frames.assign(sample_number=range(100), customer_id=[str(i) for i in range(100)])
    grid: Grids = {"linear_regression": {"target": [target], "alpha": [1e-3]}}
    told = forecast_amounts(frames, ["a", "b"], grid, 1)["amount"]
    assert told.max() == pytest.approx(frames.loc[~unlike, "amount"].max())


@pytest.mark.parametrize("target", ["amount", "square_root"])
def test_nobody_is_told_less_than_nothing(target: str) -> None:
    frames = pd.DataFrame({"a": np.linspace(1, 10, 100)})
    frames["amount"] = (100 * frames["a"] - 600).clip(lower=0)
    frames = frames.assign(sample_number=range(100), customer_id=[str(i) for i in range(100)])
    frames["role"] = np.where(np.arange(100) % 2, "train", "predict")
    grid: Grids = {"linear_regression": {"target": [target], "alpha": [1e-3]}}
    told = forecast_amounts(frames, ["a"], grid, 1)["amount"]
    assert told.min() == 0


def test_the_scaler_tells_what_the_usual_one_does() -> None:
    values = np.random.default_rng(3).normal(5, 3, (50, 3))
    usual = StandardScaler().fit_transform(np.hstack([values, np.sign(values) * np.log1p(np.abs(values))]))
    ours = feature_scaler(("raw", "log")).fit(values)
    assert ours.transform(values) == pytest.approx(usual)
    beyond = values.max(axis=0) * 100
    assert ours.transform(beyond[None]) == pytest.approx(ours.transform(values.max(axis=0)[None]))


def test_nobody_spends_anything() -> None:
    told = told_amounts(shop().assign(amount=0.0))
    assert (told["amount"] == 0).all()
    assert told["model"].nunique() == 3


def test_amounts_of_test_rows_are_not_looked_at() -> None:
    frames = for_amounts(shop())
    blind = frames.assign(amount=frames["amount"].where(frames["role"] == "train"))
    pd.testing.assert_frame_equal(told_amounts(frames), told_amounts(blind))


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
    told, outcomes = scaled_logits(20_000, 4, scale)
    assert fit_temperature(told, outcomes) == pytest.approx(1 / scale, rel=0.04)


def test_tempering_worked_by_hand() -> None:
    told = np.array([[0.8, 0.2], [0.5, 0.5]])
    # 0.8 : 0.2 is 4 : 1, squared 16 : 1, its root 2 : 1
    assert tempered(told, 0.5) == pytest.approx(np.array([[16 / 17, 1 / 17], [0.5, 0.5]]))
    assert tempered(told, 2) == pytest.approx(np.array([[2 / 3, 1 / 3], [0.5, 0.5]]))
    assert floored(np.array([[1.0, 0, 0]])) == pytest.approx(np.array([[1, 0.001, 0.001]]) / 1.002)


def test_few_rows_fit_no_temperature() -> None:
    told, outcomes = scaled_logits(CALIBRATION_ROWS - 1, 5, 3)
    assert fit_temperature(told, outcomes) == 1


def known_process(size: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Customers whose class is drawn with probabilities that are known."""
    random = np.random.default_rng(seed)
    frames = pd.DataFrame(random.normal(0, 1, (size, 3)), columns=["a", "b", "c"])
    logits = np.stack([frames["a"], frames["b"], np.zeros(size)], axis=1)
    truth = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    number = (truth.cumsum(axis=1) < random.random((size, 1))).sum(axis=1)
    frames = frames.assign(outcome=np.array(["x", "y", "z"])[number], sample_number=range(size))
    return frames.assign(customer_id=[str(i) for i in range(size)]), truth


def test_calibrated_probabilities_come_close_to_the_truth() -> None:
    frames, truth = known_process(4000, 6)
    frames["role"] = np.repeat(["train", "validation", "test"], [1500, 1500, 1000])
    # A forest and neighbours that learn by heart are sure of themselves until they are calibrated.
    grids: Grids = {
        "logistic_regression": {"C": [1]},
        "random_forest": {"n_estimators": [30], "min_samples_leaf": [1]},
        "nearest_neighbours": {"n_neighbors": [3]},
        "gradient_boosting": {"max_iter": [20]},
    }
    told = predict_classes(frames, ["a", "b", "c"], grids, workers=1)
    plain = predict_classes(frames[frames["role"] != "validation"], ["a", "b", "c"], grids, workers=1)
    outcomes = frames["outcome"][3000:]
    losses = {
        model: (log_loss(outcomes, wide(told, model).loc[3000:]), log_loss(outcomes, wide(plain, model).loc[3000:]))
        for model in told["model"].unique()
    }
    assert all(calibrated < before + 0.005 for calibrated, before in losses.values())
    assert losses["nearest_neighbours"][0] < losses["nearest_neighbours"][1] - 0.1
    # No model can tell more than the truth does; here the linear one and the vote come near it.
    best = log_loss(outcomes, truth[3000:])
    assert losses["logistic_regression"][0] == pytest.approx(best, abs=0.01)
    assert losses["soft_vote"][0] == pytest.approx(best, abs=0.04)
    # Of those told 60 to 80 %, about that share comes true.
    vote = wide(told, "soft_vote").loc[3000:]
    sure = vote.max(axis=1).between(0.6, 0.8)
    came_true = (vote.idxmax(axis=1) == outcomes.to_numpy())[sure].mean()
    assert came_true == pytest.approx(vote.max(axis=1)[sure].mean(), abs=0.06)


def test_temperatures_of_the_text_are_those_that_the_rows_have() -> None:
    frames = shop(600)
    told = told_classes(frames)
    text = by_frame(told, "random_forest", "settings").iloc[0]
    temperature = float(text.rsplit(" ", 1)[1])
    validation = frames[frames["role"] == "validation"]
    rows = wide(told, "random_forest").loc[validation["sample_number"]]
    # Undone, the temperature found again on the same rows is that of the text: they are not from the refit.
    undone = tempered(rows.to_numpy(), 1 / temperature)
    outcomes = np.searchsorted(rows.columns, validation["outcome"])
    assert fit_temperature(undone, outcomes) == pytest.approx(temperature, rel=0.01)


def test_validation_rows_are_told_without_them_and_the_others_with_them() -> None:
    frames = shop(600)
    told = told_classes(frames)
    without = frames[frames["role"] != "validation"]
    # The same rows asked for as a test, with nothing to calibrate on: the order of the classes is the same.
    blind = frames.assign(role=frames["role"].replace({"validation": "test", "test": "predict"}))
    as_test = wide(told_classes(blind), "logistic_regression")
    first = wide(told, "logistic_regression")
    numbers = frames.loc[frames["role"] == "validation", "sample_number"]
    assert (as_test.loc[numbers].rank(axis=1) == first.loc[numbers].rank(axis=1)).all(axis=None)
    tests = frames.loc[frames["role"] == "test", "sample_number"]
    refitted = wide(told_classes(without), "logistic_regression").loc[tests]
    assert np.abs(refitted - first.loc[tests]).max(axis=None) > 1e-4


def test_the_vote_is_the_mean_of_the_others() -> None:
    frames = shop().query("role != 'validation'")
    told = told_classes(frames)
    mean = sum(wide(told, model) for model in CLASS_GRIDS) / 4
    assert wide(told, "soft_vote").to_numpy() == pytest.approx(mean.to_numpy(), abs=1e-8)


def test_neighbours_are_those_that_are_nearest() -> None:
    frames = shop().query("role != 'validation'")
    told = predict_classes(frames, ["recency_days", "money"], {"nearest_neighbours": {"n_neighbors": [7]}})
    train, test = frames[frames["role"] == "train"], frames[frames["role"] == "test"]
    scaler = StandardScaler().fit(np.log1p(train[["recency_days", "money"]]).to_numpy())
    seen, asked = (scaler.transform(np.log1p(part[["recency_days", "money"]]).to_numpy()) for part in (train, test))
    near = NearestNeighbors(n_neighbors=7, algorithm="ball_tree").fit(seen).kneighbors(asked)[1]
    shares = np.array([(train["outcome"].to_numpy()[near] == name).mean(axis=1) for name in ("high", "low", "middle")])
    floored = np.maximum(shares.T, 0.001)
    floored /= floored.sum(axis=1, keepdims=True)
    ours = wide(told, "nearest_neighbours").to_numpy()
    # Rounded to 1/1024 of a deviation, a neighbour at the border may be another.
    assert (np.abs(ours - floored).max(axis=1) < 1e-6).mean() > 0.95


@pytest.mark.parametrize("seed", range(3))
def test_probabilities_add_up_to_one_for_every_frame_but_training(seed: int) -> None:
    frames = shop(seed=seed)
    frames.loc[frames["sample_number"] % 10 == 9, "role"] = "predict"
    told = told_classes(frames)
    sums = told.groupby(["model", "sample_number"])["probability"].sum()
    assert sums.to_numpy() == pytest.approx(1, abs=1e-8)
    asked = frames[frames["role"] != "train"]
    assert sorted(told["sample_number"].unique()) == sorted(asked["sample_number"])
    assert told.groupby("model").size().eq(3 * len(asked)).all()
    roles = told.drop_duplicates("sample_number").set_index("sample_number")["role"]
    assert roles.to_dict() == asked.set_index("sample_number")["role"].to_dict()
    assert list(told.columns) == list(CLASS_COLUMNS)


# --- settings --------------------------------------------------------------------------------------------


# With seed 6 the few who spend most would choose otherwise.
@pytest.mark.parametrize("seed", [0, 6])
def test_settings_are_those_with_the_least_loss_on_customers_held_out(seed: int) -> None:
    frames = shop(600, seed).query("role == 'train'")
    values = frames[["recency_days", "orders", "money"]].to_numpy(dtype=float)
    amounts = frames["amount"].to_numpy()
    customers = frames["customer_id"].to_numpy()
    grid: Grids = {"decision_tree": {"max_leaf_nodes": [2, 4, 8, 16, 32]}}
    chosen = best_settings("amounts", grid, values, amounts, customers, 1)["decision_tree"]
    rows, folds = search_folds(customers, SEARCHES["amounts"])
    assert len(rows) == len(frames)
    # Amounts are compared as if nobody spent more than all but one in a hundred do.
    most = np.quantile(amounts, 0.99)
    errors: dict[int, float] = {}
    for leaves in grid["decision_tree"]["max_leaf_nodes"]:
        tree = DecisionTreeRegressor(max_leaf_nodes=leaves, min_samples_leaf=20, random_state=0)
        split = [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(3)]
        told = cross_val_predict(tree, values, amounts, cv=split)
        errors[leaves] = mean_squared_error(np.minimum(amounts, most), np.minimum(told, most))
    assert chosen == {"max_leaf_nodes": min(errors, key=errors.__getitem__)}
    assert len({round(error) for error in errors.values()}) > 1


def test_classes_are_compared_by_log_loss() -> None:
    # Where one feature tells the class exactly, hardly any regularisation is best; of pure noise, as much as can be.
    random = np.random.default_rng(7)
    values = random.normal(0, 1, (400, 3))
    customers = np.array([str(i) for i in range(400)])
    grid: Grids = {"logistic_regression": {"C": [1e-6, 100]}}
    told = (values[:, 0] > 0).astype(int)
    assert best_settings("classes", grid, values, told, customers, 1)["logistic_regression"] == {"C": 100}
    coins = random.integers(2, size=400)
    assert best_settings("classes", grid, values, coins, customers, 1)["logistic_regression"] == {"C": 1e-6}


def test_a_customer_is_in_one_fold_and_large_searches_take_whole_customers() -> None:
    customers = np.array([f"c{number % 700}" for number in range(2100)])
    rows, folds = search_folds(customers, Search(1000, 3))
    assert 990 < len(rows) <= 1000
    assert pd.Series(folds).groupby(customers[rows]).nunique().eq(1).all()
    assert pd.Series(customers[rows]).value_counts().eq(3).all()
    assert np.bincount(folds).min() > 300
    # Customers are drawn by their own hash: a smaller search takes some of those that a larger one takes.
    fewer = search_folds(customers, Search(500, 3))[0]
    assert set(customers[fewer]) < set(customers[rows])


def test_rows_of_one_customer_do_not_choose_the_settings() -> None:
    # Every customer comes four times with the same features and a random amount of his own: learnt by heart it is exact
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
def test_a_wrong_grid_is_told_in_a_sentence(grids: Grids, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check_grids(grids, "amounts")
    with pytest.raises(ValueError, match=sentence):
        forecast_amounts(for_amounts(shop()), FEATURES, grids)


def test_a_parameter_left_out_takes_the_first_value_of_the_default() -> None:
    frames = for_amounts(shop())
    first = {"decision_tree": {name: values[:1] for name, values in DEFAULT_AMOUNT_GRIDS["decision_tree"].items()}}
    told = forecast_amounts(frames, FEATURES, {"decision_tree": {}})
    assert (told["settings"] == "standard settings").all()
    assert (told["amount"] == forecast_amounts(frames, FEATURES, first)["amount"]).all()


def test_settled_settings_are_those_that_are_chosen_anyway() -> None:
    amounts, classes = for_amounts(shop()), shop()
    settled = tune("amounts", amounts, FEATURES, AMOUNT_GRIDS, 1)
    assert all(len(values) == 1 for grid in settled.values() for values in grid.values())
    pd.testing.assert_frame_equal(forecast_amounts(amounts, FEATURES, settled, 1), told_amounts(amounts))
    settled = tune("classes", classes, FEATURES, CLASS_GRIDS, 1)
    pd.testing.assert_frame_equal(predict_classes(classes, FEATURES, settled, 1), told_classes(classes))


def test_without_training_rows_nothing_is_settled() -> None:
    frames = shop().assign(role="test")
    assert tune("amounts", frames, FEATURES, AMOUNT_GRIDS, 1) == AMOUNT_GRIDS
    with pytest.raises(ValueError, match="know no model 'forest'"):
        tune("amounts", frames, FEATURES, {"forest": {}}, 1)


# --- ranks and groups ------------------------------------------------------------------------------------


def test_the_likeliest_class_has_rank_one_and_of_equal_ones_the_first_by_name() -> None:
    told = pd.DataFrame({"model": "m", "sample_number": [1, 1, 1, 2, 2], "outcome": list("cabba")})
    told["probability"] = [0.4, 0.2, 0.4, 0.5, 0.5]
    ranked = rank_classes(told)
    assert ranked.groupby("sample_number")["outcome"].agg("".join).to_dict() == {1: "bca", 2: "ab"}
    assert ranked["outcome_rank"].tolist() == [1, 2, 3, 1, 2]
    assert rank_classes(told, 1)["outcome"].tolist() == ["b", "a"]


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


# --- what may not matter ---------------------------------------------------------------------------------


def assert_equal(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    """To the last bit, so that a build is equal to the build before."""
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)


def test_the_order_of_rows_does_not_matter() -> None:
    frames = shop()
    shuffled = frames.sample(frac=1, random_state=1).reset_index(drop=True)
    for ours, theirs in zip(told_either(frames), told_either(shuffled), strict=True):
        assert_equal(ours, theirs)


def test_the_number_of_processes_does_not_matter() -> None:
    # Enough training rows that processes are started.
    frames = shop(600)
    assert (frames["role"] == "train").sum() >= PARALLEL_CUSTOMERS
    for ours, theirs in zip(told_either(frames, workers=1), told_either(frames, workers=2), strict=True):
        assert_equal(ours, theirs)


def test_a_small_shop_starts_no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def one_process(work: Callable[..., Any], jobs: list[tuple[Any, ...]], workers: int, *_: str) -> list[Any]:
        asked.append(workers)
        return [work(*job) for job in jobs]

    for module in ("amounts", "classes", "tuning"):
        monkeypatch.setattr(
            f"shop_toolkit.prediction.{module}.in_parallel",
            one_process,
        )
    told_either(shop(240), workers=2)
    assert set(asked) == {1}


def test_other_test_rows_change_nothing() -> None:
    frames = shop()
    more = shop(300, seed=9).assign(role="test")
    more = more.assign(sample_number=more["sample_number"] + 1000, amount=np.nan, outcome=None)
    for ours, theirs in zip(told_either(frames), told_either(pd.concat([frames, more])), strict=True):
        theirs = theirs[theirs["sample_number"] < 1000].reset_index(drop=True)
        assert_equal(ours, theirs)


@pytest.mark.parametrize("seed", range(3))
def test_neighbours_equally_far_away_are_the_same_for_one_customer_and_for_many(seed: int) -> None:
    # Customers are alike to the last feature, and which of them are the nearest ten may not hang on rounding. Distances
    # in floating point differ in their last bits: of these customers some would be told something else alone.
    random = np.random.default_rng(seed)
    kinds = random.lognormal(0, 1, (40, 30))
    customers, classes = kinds[random.integers(40, size=250)], random.integers(4, size=250)
    asked = kinds[random.integers(40, size=300)] * random.choice([1, 1.1], (300, 1))
    with threadpool_limits(1):
        fitted = fit_model("classes", "nearest_neighbours", {"n_neighbors": 10}, customers, classes)
        alone = np.vstack([fitted.predict_proba(asked[number : number + 1]) for number in range(300)])
        assert (alone == fitted.predict_proba(asked)).all()


def test_batches_are_told_as_the_whole_is() -> None:
    frames = for_amounts(shop())
    models = fit_amounts(frames, FEATURES, AMOUNT_GRIDS)
    asked = frames[frames["role"] != "train"]
    batches = [model.forecast(batch) for model in models for batch in (asked[50:], asked[:50])]
    told = pd.concat(batches).sort_values(["model", "sample_number"], ignore_index=True)
    assert_equal(told, told_amounts(frames))
    fits = fit_calibrated(shop(), FEATURES, CLASS_GRIDS)
    assert fits is not None
    fitted = fits[1]
    tests = shop().query("role == 'test'")
    told = pd.concat([*(fitted.predict(tests[i : i + 1]) for i in range(9)), fitted.predict(tests[9:])])
    told = told.sort_values(["model", "sample_number", "outcome"], ignore_index=True)
    whole = told_classes(shop()).query("role == 'test'").reset_index(drop=True)
    assert_equal(told, whole)


# --- small and odd shops ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 4, 6])
@pytest.mark.parametrize("validation", [0, 3])
def test_few_rows_give_rows_not_errors(size: int, validation: int) -> None:
    frames = shop(size + validation + 2)
    roles = ["train"] * size + ["validation"] * validation + ["test"] * 2
    amounts, classes = told_either(frames.assign(role=roles))
    assert set(amounts["model"]) == set(AMOUNT_GRIDS)
    assert amounts.groupby("model").size().eq(validation + 2).all()
    assert classes.groupby(["model", "sample_number"])["probability"].sum().to_numpy() == pytest.approx(1, abs=1e-8)
    assert classes["sample_number"].nunique() == validation + 2
    # Five neighbours cannot be found among fewer rows.
    assert ("nearest_neighbours" in set(classes["model"])) == (size >= 5)


@pytest.mark.parametrize("role", ["train", "test"])
def test_without_training_or_without_test_rows_there_is_nothing_to_tell(role: str) -> None:
    other = {"train": "test", "test": "train"}[role]
    for table, columns in zip(told_either(shop().assign(role=other)), (AMOUNT_COLUMNS, CLASS_COLUMNS), strict=True):
        assert table.empty
        assert list(table.columns) == list(columns)
    for table in told_either(shop().iloc[:0]):
        assert table.empty


def test_one_class_is_certain() -> None:
    told = told_classes(shop().assign(outcome="low"))
    assert (told["probability"] == 1).all()
    assert (told["settings"] == "one class only").all()
    assert set(told["model"]) == {*CLASS_GRIDS, VOTE}


def test_a_class_that_comes_first_in_validation_is_told_from_then_on() -> None:
    frames = shop()
    new = frames["role"].eq("validation") & frames["money"].gt(700)
    told = told_classes(frames.assign(outcome=frames["outcome"].mask(new, "new")))
    classes = told.groupby("role")["outcome"].unique()
    assert set(classes["validation"]) == {"high", "low", "middle"}
    assert set(classes["test"]) == {"high", "low", "middle", "new"}
    assert told.groupby(["model", "sample_number"])["probability"].sum().to_numpy() == pytest.approx(1, abs=1e-8)
    # Also where the training knew one class alone.
    told = told_classes(frames.assign(outcome=np.where(new, "new", "old")))
    assert set(told.query("role == 'test'")["outcome"]) == {"new", "old"}
    assert (told.query("role == 'validation'")["probability"] == 1).all()


def test_a_class_rarer_than_the_folds_is_told() -> None:
    frames = shop()
    rare = frames["sample_number"] == frames.loc[frames["role"] == "train", "sample_number"].iloc[0]
    told = told_classes(frames.assign(outcome=frames["outcome"].mask(rare, "rare")))
    assert (told.loc[told["outcome"] == "rare", "probability"] < 0.2).all()
    assert (told["probability"] > 0).all()


@pytest.mark.parametrize("value", [7.0, np.nan, np.inf])
def test_features_that_never_vary_do_no_harm(value: float) -> None:
    frames = shop().assign(**dict.fromkeys(FEATURES, value))
    amounts, classes = told_either(frames)
    assert amounts.groupby("model")["amount"].nunique().eq(1).all()
    assert classes.groupby(["model", "role", "outcome"])["probability"].nunique().eq(1).all()


def test_columns_as_a_warehouse_gives_them_are_read() -> None:
    frames = shop()
    typed = frames.astype({"orders": "Int32", "is_foreign": "boolean", "gap_days": "Float64", "customer_id": "str"})
    typed.loc[frames.index[:5], "is_foreign"] = pd.NA
    plain = frames.astype({"is_foreign": float})
    plain.loc[frames.index[:5], "is_foreign"] = np.nan
    for ours, theirs in zip(told_either(plain), told_either(typed), strict=True):
        pd.testing.assert_frame_equal(ours, theirs)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"role": "holdout"}, "no role 'holdout'"),
        ({"sample_number": 1}, "A sample_number has two rows"),
        ({"amount": np.nan, "outcome": None}, "no amount|no outcome"),
    ],
)
def test_wrong_frames_are_told_in_a_sentence(change: dict[str, Any], sentence: str) -> None:
    for foretell in (told_amounts, told_classes):
        with pytest.raises(ValueError, match=sentence):
            foretell(shop().assign(**change))


def test_a_missing_column_is_named() -> None:
    for foretell in (told_amounts, told_classes):
        with pytest.raises(ValueError, match="The samples lack gap_days"):
            foretell(shop().drop(columns="gap_days"))
    with pytest.raises(ValueError, match="no features"):
        forecast_amounts(for_amounts(shop()), [], AMOUNT_GRIDS)
    with pytest.raises(ValueError, match="below 0"):
        told_amounts(shop().assign(amount=-1.0))
