"""The map of interests against numpy, and interests and their groups from the log to the marts."""

import duckdb
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Shop
from shop_toolkit.interests import AXES, MAP_COLUMNS, fit_interest_map

from benchmarks.interests import judged, lower_end, personal_top, read


def long(values: np.ndarray) -> pd.DataFrame:
    """Features of customers (n, d), one row each; zeros are left out."""
    wide = pd.DataFrame(values, columns=[f"f{number}" for number in range(values.shape[1])])
    rows = wide.rename_axis("customer_id").reset_index().melt("customer_id", var_name="feature")
    return rows[rows["value"] != 0].astype({"customer_id": str})


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    random = np.random.default_rng(0)
    values = random.normal(size=(60, 5)) @ random.normal(size=(5, 5))
    values[::3, 1] = 0
    values[:, 4] = 7
    return values


def test_the_map_gives_the_principal_components_of_standardised_features(values: np.ndarray) -> None:
    found = fit_interest_map(long(values).sample(frac=1, random_state=1))
    coordinates = (values - found["mean"].to_numpy()) / found["scale"].to_numpy() @ found[list(AXES)].to_numpy()
    varying = values[:, :4]
    standardised = (varying - varying.mean(axis=0)) / varying.std(axis=0)
    variances, directions = np.linalg.eigh(np.cov(standardised.T, bias=True))
    assert coordinates.var(axis=0) == pytest.approx(variances[::-1][:3])
    assert np.abs(np.corrcoef((standardised @ directions[:, ::-1][:, :3]).T, coordinates.T)[:3, 3:]) == pytest.approx(
        np.eye(3), abs=1e-9
    )
    assert found["explained_variance"].unique() == pytest.approx(variances[::-1][:3].sum() / 4)
    # what never varies moves nobody
    assert (found.loc[found["feature"] == "f4", list(AXES)].abs().to_numpy() < 1e-12).all()


def test_few_customers_have_a_flat_map_or_none(values: np.ndarray) -> None:
    assert fit_interest_map(long(values[:1])).empty
    assert fit_interest_map(long(np.repeat(values[:1], 5, axis=0))).empty
    two = fit_interest_map(long(values[:2]))
    assert list(two.columns) == list(MAP_COLUMNS)
    assert two["explained_variance"].iloc[0] == pytest.approx(1)
    assert (two["z"] == 0).all()


def test_customers_of_the_embedded_shop_are_interested_in_what_they_favour(demo_shop: Shop) -> None:
    """Their favourite category is known; the category that most was spent on is mostly it."""
    truth = ROOT / "seeds" / "demo_shop"
    share = demo_shop.row(
        f"""
        with truth as (
            select customer_id::varchar as customer_id, favourite_category
            from read_csv('{truth / "customer_truth.csv"}', all_varchar = true)
        ),
        categories as (
            select products.category_name, max_by(truth.category, products.revenue) as true_category
            from products
            inner join read_csv('{truth / "product_truth.csv"}', all_varchar = true) as truth
                on products.product_id = truth.product_id
            group by 1
        )
        select avg((categories.true_category = truth.favourite_category)::int)
        from customers
        inner join truth using (customer_id)
        inner join categories on customers.interest_category = categories.category_name
        where customers.frequency >= 5
        """
    )[0]
    assert share > 0.5


def test_interest_groups_share_out_the_customers_of_the_embedded_shop(demo_shop: Shop) -> None:
    assert demo_shop.row("select sum(size), round(sum(share), 9), sum(revenue) from interest_groups") == demo_shop.row(
        "select count(*), 1.0, sum(monetary) from customers"
    )
    (chosen,) = demo_shop.rows("select k from cluster_candidates where segmentation = 'interest' and is_chosen")
    assert demo_shop.row("select count(*) from segmentation.int_interest_groups") == chosen
    labels, agreeing = demo_shop.row(
        """
        select count(*), count(*) filter (where labels.cluster = found.cluster)
        from clustering.interest_candidate_labels as labels
        inner join clustering.int_interest_candidates_ranked as chosen using (space, algorithm, k)
        inner join segmentation.int_customer_interest_groups as found using (customer_id)
        where chosen.is_chosen
        """
    )
    assert labels == agreeing == demo_shop.row("select count(*) from core.int_fit_population")[0]


def test_the_benchmark_of_interests_starts_from_the_personal_top_of_the_backtest(demo_shop: Shop) -> None:
    """What SQL predicts for each sample of a customer who has spent on a category is what the benchmark ranks first."""
    with duckdb.connect(str(demo_shop.warehouse), read_only=True) as warehouse:
        origins = read(warehouse)
        predicted = warehouse.sql(
            """
            select origin_date, sample_number, predicted::integer as category_id, is_correct, recall_at_3, ndcg_at_3
            from prediction.int_classification_scores where task = 'interest' and model = 'personal, then global top'
            """
        ).df()
        categories = [category for (category,) in warehouse.sql(
            "select distinct category_id from interests.int_category_days where category_id >= 0 order by 1"
        ).fetchall()]  # fmt: skip
    tables = [
        origin.test.samples.assign(
            found=np.array(categories)[personal_top(origin, origin.test, {}).argmax(axis=1)],
            is_known=origin.test.history["spend"].sum(axis=1) > 0,
        ).join(judged(personal_top(origin, origin.test, {}), origin.test.outcome).set_axis(origin.test.samples.index))
        for origin in origins
    ]
    both = pd.concat(tables).merge(predicted, on=["origin_date", "sample_number"], suffixes=("", "_sql"))
    both = both[both["is_known"]]
    assert len(both) > 100
    assert (both["found"] == both["category_id"]).all()
    assert both["accuracy"].tolist() == both["is_correct"].tolist()


def test_a_better_method_needs_evidence_by_customer() -> None:
    """Ten samples of one customer prove no more than one."""
    random = np.random.default_rng(0)
    customers = np.repeat(np.arange(30), 10)
    lucky = np.where(customers < 16, 0.1, -0.1)
    assert lower_end(lucky, customers) < 0 < lower_end(np.full(300, 0.01), customers)
    each = random.choice([0.3, -0.1], size=300)
    assert lower_end(each, np.arange(300)) > 0


def test_recall_and_gain_are_those_worked_out_by_hand() -> None:
    outcome = np.array([[5.0, 3.0, 0.0, 1.0], [0.0, 2.0, 0.0, 0.0]])
    found = judged(np.array([[0.1, 0.9, 0.2, 0.3], [0.4, 0.3, 0.2, 0.1]]), outcome)
    ideal, got = 5 + 3 / np.log2(3) + 1 / 2, 3 + 1 / np.log2(3)
    assert found["accuracy"].tolist() == [0, 0]
    assert found["recall_at_3"].tolist() == pytest.approx([2 / 3, 1])
    assert found["ndcg_at_3"].tolist() == pytest.approx([got / ideal, 1 / np.log2(3)])
