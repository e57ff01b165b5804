"""How our classifier does in a well-known public exercise, on a warehouse that is already built.

`python -m benchmarks.public_protocol [--warehouse PATH]` clusters customers by their baskets and by the shares of
their spend over product categories, then predicts the cluster of later customers from the mean basket and the shares.
It prints the accuracy of each model beside that of the largest cluster. The exercise flatters: it predicts clusters
from the purchases that made them, mostly of customers whose earlier purchases it was trained on.

Training ends two whole months before the last date. The categories are those of the backtest, which were learned
before that; a warehouse holds them after a build that fits (the first one, or one with `refit: true`).
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python_models"))

from shop_toolkit.clustering.algorithms import KMEANS_STARTS  # noqa: E402
from shop_toolkit.grids import CLASS_GRIDS, Grids  # noqa: E402
from shop_toolkit.prediction import VOTE, predict_classes, rank_classes  # noqa: E402
from shop_toolkit.prediction.estimators import SEED  # noqa: E402

WAREHOUSE = ROOT / "warehouse" / "shop.duckdb"
CLUSTERS = 11
# Column share_00 is that of `other`, share_01 that of category 0, and so on: as many as there can be categories.
SHARES = [f"share_{number:02d}" for number in range(31)]
# What the clusters see and the classifiers don't.
HIDDEN = ["basket_count", "smallest_basket", "largest_basket"]
REPORTED = (VOTE, "logistic_regression")

PURCHASES = """
    with runs as (
        select
            last_date,
            frozen_at,
            cast(date_trunc('month', last_date) - interval 2 month as date) as split_date
        from core.int_prediction_runs
        where prediction_run = 'backtest'
    )
    select
        case when category_days.event_date < runs.split_date then 'train' else 'test' end as role,
        category_days.customer_id,
        category_days.invoice_id,
        category_days.category_id,
        sum(category_days.amount) as amount
    from interests.int_category_days as category_days
    inner join runs
        on
            category_days.prediction_run = 'backtest'
            and category_days.event_date <= runs.last_date
            -- The categories may not be learned later than the training data.
            and runs.split_date > runs.frozen_at
    where category_days.amount > 0
    group by all
"""
CUSTOMERS = f"""
    with purchases as ({PURCHASES}),
    baskets as (
        select role, customer_id, invoice_id, sum(amount) as amount
        from purchases
        group by all
    ),
    basket_figures as (
        select
            role,
            customer_id,
            count(*) as basket_count,
            cast(min(amount) as double) as smallest_basket,
            cast(max(amount) as double) as largest_basket,
            cast(avg(amount) as double) as mean_basket
        from baskets
        group by all
    ),
    shares as (
        select
            role,
            customer_id,
            {
    ", ".join(
        f"coalesce(sum(amount) filter (where category_id = {number - 1}), 0) / sum(amount) as {share}"
        for number, share in enumerate(SHARES)
    )
}
        from purchases
        group by all
    )
    select
        row_number() over (order by role desc, customer_id asc) as sample_number,
        *
    from basket_figures
    inner join shares using (role, customer_id)
    order by sample_number
"""


def customers_of(warehouse: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Customers before the last two whole months, and customers since.

    Args:
        warehouse: A connection to a built warehouse.

    Returns:
        One row per role ('train' or 'test') and customer: sample_number, role, customer_id, basket figures (money)
        and the shares of spend (0..1). Empty where the warehouse holds no backtest.
    """
    return warehouse.sql(CUSTOMERS).df()


def label_by_clusters(customers: pd.DataFrame, measures: Sequence[str], clusters: int) -> list[str]:
    """Label customers by KMeans of the standardised measures of those whose role is train.

    Args:
        customers: One row per customer: role and the measures.
        measures: Columns to cluster by.
        clusters: Number of clusters.

    Returns:
        The label of each customer (n,): 'cluster 0', 'cluster 1', …
    """
    values = customers[list(measures)].to_numpy(dtype=float)
    train = (customers["role"] == "train").to_numpy()
    with threadpool_limits(1):
        scaler = StandardScaler().fit(values[train])
        found = KMeans(clusters, n_init=KMEANS_STARTS, random_state=SEED).fit(scaler.transform(values[train]))
        numbers = found.predict(scaler.transform(values))
    return [f"cluster {number}" for number in numbers]


def predict(customers: pd.DataFrame, grids: Grids = CLASS_GRIDS) -> pd.DataFrame:
    """The cluster of each test customer as the models predict it.

    Args:
        customers: Rows as `customers_of` returns them.
        grids: Models to fit, with the parameters to choose from.

    Returns:
        One row per model and test customer: model, sample_number, predicted and actual cluster.

    Raises:
        ValueError: There are too few customers for the clusters.
    """
    fewest = min((customers["role"] == role).sum() for role in ("train", "test"))
    if fewest <= CLUSTERS:
        raise ValueError(f"There are {fewest} customers in a part of the data; {CLUSTERS} clusters need more.")
    visible = ["mean_basket", *SHARES]
    labelled = customers.assign(outcome=label_by_clusters(customers, [*HIDDEN, *visible], CLUSTERS))
    ranked = rank_classes(predict_classes(labelled, visible, grids), 1)
    ranked = ranked[ranked["model"].isin(REPORTED)].rename(columns={"outcome": "predicted"})
    actual = labelled.set_index("sample_number")["outcome"].rename("actual")
    return ranked.join(actual, on="sample_number")[["model", "sample_number", "predicted", "actual"]]


def accuracies(predictions: pd.DataFrame) -> dict[str, float]:
    """Share of test customers whose cluster is predicted correctly.

    Args:
        predictions: Rows as `predict` returns them.

    Returns:
        The accuracy (0..1) of each model, and of `majority`: always the largest cluster of the test customers.
    """
    correct = predictions["predicted"] == predictions["actual"]
    found: dict[str, float] = correct.groupby(predictions["model"]).mean().to_dict()
    test = predictions.drop_duplicates("sample_number")["actual"]
    return found | {"majority": float(test.value_counts(normalize=True).max())}


def evaluate(path: Path) -> dict[str, float]:
    """Accuracies of the exercise on a built warehouse.

    Args:
        path: The DuckDB file; no other process may be writing to it.

    Returns:
        The accuracy (0..1) of each model and of the majority.

    Raises:
        ValueError: The warehouse holds no backtest, or too few customers.
    """
    with duckdb.connect(str(path), read_only=True) as warehouse:
        customers = customers_of(warehouse)
    if customers.empty:
        raise ValueError("The warehouse holds no backtest: build it with --vars '{refit: true}' first.")
    return accuracies(predict(customers))


def main() -> None:
    """Print the accuracy of each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warehouse", type=Path, default=Path(os.environ.get("SHOP_WAREHOUSE", WAREHOUSE)))
    try:
        found = evaluate(parser.parse_args().warehouse)
    except ValueError as problem:
        sys.exit(str(problem))
    for model, accuracy in sorted(found.items(), key=lambda item: -item[1]):
        print(f"{model:<24}{accuracy:>8.1%}")


if __name__ == "__main__":
    main()
