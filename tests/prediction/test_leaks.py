"""No prediction knows rows dated after its origin, and a planted leak is caught."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from conftest import DEMO_FILE, Shop
from lines import Given, connected, rendered

# The last origin of the embedded shop's backtest: spend is predicted from this date, segments from earlier ones.
ORIGIN = "2025-10-02"
# What predictions are made of, without the numbers of samples, which later samples may shift.
KNOWN = {
    "features": """
        select
            f.prediction_run, f.sample_kind, f.cutoff_event, f.customer_id, f.horizon_days,
            f.origin_date, f.cutoff_date,
            x.* exclude (sample_number)
        from prediction.int_samples as f inner join prediction.int_sample_features as x using (sample_number)
        where f.prediction_run = 'backtest' and f.cutoff_date <= date '{origin}'
    """,
    "classes of training samples": """
        select r.task, r.horizon_days, r.origin_date, r.role, f.customer_id, f.cutoff_date, o.task, o.outcome,
            o.segment_at_cutoff, o.segment_without_order
        from prediction.int_classification_samples as r
        inner join prediction.int_samples as f using (sample_number)
        left join prediction.int_sample_labels as o using (sample_number)
        where r.prediction_run = 'backtest' and r.role in ('train', 'validation')
    """,
    "totals of the shop": "select * from prediction.int_spend_totals where prediction_run = 'backtest'",
    "spend of training samples": """
        select a.origin_date, a.role, f.customer_id, f.cutoff_date, a.amount
        from prediction.int_spend_samples as a inner join prediction.int_samples as f using (sample_number)
        where a.prediction_run = 'backtest' and a.role = 'train'
    """,
    "categories": """
        select c.product_id, c.category_id, c.category_name
        from products.int_products_by_category as c
        where c.prediction_run = 'backtest' and product_id in (
            select product_id from core.int_order_lines where ordered_at::date <= date '{origin}'
        )
    """,
    "customers that cut-points are fitted on": """
        select customer_id, recency_days, frequency, monetary, is_within_bounds, is_fitted
        from prediction.int_point_in_time_features where is_fitted is not null
    """,
    "rules": "from prediction.backtest_rules",
    "spend predicted": """
        select b.model, b.settings, b.amount, b.origin_date, f.customer_id
        from prediction.spend_backtests as b inner join prediction.int_samples as f using (sample_number)
    """,
}
# Which samples are evaluated depends on later rows; what was predicted of them does not, nor how sure one had to be.
THRESHOLDS = """
    with samples as (
        select * from prediction.int_classification_samples where prediction_run = 'backtest'
    ),

    {{ confidence_thresholds('prediction.classification_backtests', 'samples') }}

    select task, model, confidence_group, horizon_days, origin_date, min_confidence, validation_samples
    from confidence_thresholds
"""
PREDICTED = """
    select
        b.task, b.model, b.settings, b.horizon_days, b.origin_date, b.outcome, b.probability,
        f.customer_id, f.cutoff_date
    from prediction.classification_backtests as b inner join prediction.int_samples as f using (sample_number)
    where f.cutoff_date <= date '{origin}'
"""
LEAKS = {
    "features see two months ahead": (
        "models/prediction/samples/int_point_in_time_features.sql",
        "is_valid_on('order_states', 'dates.as_of_date')",
        "is_valid_on('order_states', 'dates.as_of_date + 60')",
    ),
    "shares see two months ahead": (
        "models/prediction/samples/int_sample_features.sql",
        "and cutoffs.cutoff_date >= category_spend.event_date",
        "and cutoffs.cutoff_date + 60 >= category_spend.event_date",
    ),
    "test samples of interests train": (
        "models/prediction/classification/int_classification_samples.sql",
        "origins.origin_date >= samples.label_end_date as is_complete,\n        samples_with_interest",
        "true as is_complete,\n        samples_with_interest",
    ),
    "test samples of spend train": (
        "models/prediction/spend/int_spend_samples.sql",
        "when samples.label_end_date <= dates.origin_date then 'train'",
        "when true then 'train'",
    ),
    "later samples choose the model of spend": (
        "models/prediction/spend/int_spend_samples.sql",
        "min(origin_date) - max(horizon_days) as origin_date",
        "min(origin_date) as origin_date",
    ),
}


def with_absurd_rows(log: Path, folder: Path) -> Path:
    """The transactions, and after the origin: all buy for millions, cancel earlier orders, and strangers order."""
    path = folder / "absurd.csv"
    with log.open(encoding="utf-8", newline="") as source, path.open("w", encoding="utf-8", newline="") as target:
        reader, writer = csv.reader(source), csv.writer(target)
        writer.writerow(next(reader))
        rows = list(reader)
        writer.writerows(rows)
        customers = sorted({row[6] for row in rows if row[6]})
        for number, customer in enumerate([*customers, *(f"STRANGER{i}" for i in range(200))]):
            invoice = f"9{number:06}"
            writer.writerow([invoice, "ABSURD", "PLUGH XYZZY", "9000", "11/20/2025 10:00", "900", customer, "Nowhere"])
        day = datetime.fromisoformat(ORIGIN)
        sales = [row for row in rows if row[6] and row[3].isdigit() and _date(row) < day][-3000:]
        for number, (_, product, name, quantity, _, price, customer, country) in enumerate(sales):
            when = "10/05/2025 09:00"
            writer.writerow([f"C8{number:06}", product, name, f"-{quantity}", when, price, customer, country])
    return path


def _date(row: list[str]) -> datetime:
    return datetime.strptime(row[4], "%m/%d/%Y %H:%M")


@pytest.fixture(scope="module")
def absurd_shop(build_once: Callable[..., Shop], tmp_path_factory: pytest.TempPathFactory) -> Shop:
    log = with_absurd_rows(DEMO_FILE, tmp_path_factory.mktemp("log"))
    return build_once(
        "absurd_shop",
        lambda shop: shop.build("int_classification_scores", "int_spend_predictions"),
        transactions=str(log),
    )


def test_absurd_rows_after_the_origin_are_there(demo_shop: Shop, absurd_shop: Shop) -> None:
    query = "select max(amount) > 8000000, count(*) from prediction.int_spend_samples"
    assert absurd_shop.row(query)[0]
    assert not demo_shop.row(query)[0]


@pytest.mark.parametrize("what", KNOWN)
def test_absurd_rows_after_the_origin_change_nothing(demo_shop: Shop, absurd_shop: Shop, what: str) -> None:
    query = f"{KNOWN[what].format(origin=ORIGIN)} order by all"
    known = demo_shop.rows(query)
    assert known
    assert absurd_shop.rows(query) == known


def test_absurd_rows_after_the_origin_change_no_class_predicted(demo_shop: Shop, absurd_shop: Shop) -> None:
    query = PREDICTED.format(origin=ORIGIN)
    known, absurd = ({row[:6] + row[7:]: row[6] for row in shop.rows(query)} for shop in (demo_shop, absurd_shop))
    both = known.keys() & absurd.keys()
    assert len(both) > len(known) / 2
    assert {key: known[key] for key in both} == {key: absurd[key] for key in both}


def test_absurd_rows_after_the_origin_change_no_threshold(demo_shop: Shop, absurd_shop: Shop) -> None:
    with connected() as connection:
        # For the settings.
        Given(connection)
        query = rendered(THRESHOLDS)
    known, absurd = ({row[:5]: row[5:] for row in shop.rows(query)} for shop in (demo_shop, absurd_shop))
    both = known.keys() & absurd.keys()
    assert len(both) > 0.8 * len(known)
    assert {key: known[key] for key in both} == {key: absurd[key] for key in both}
    # Only groups of whom nobody is evaluated are missing.
    tested = "select task, confidence_group, horizon_days, origin_date from prediction.int_classification_samples"
    groups = set(absurd_shop.rows(f"{tested} where prediction_run = 'backtest' and role = 'test'"))
    assert not groups & {(key[0], *key[2:]) for key in known.keys() - both}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_caught(copy_of_demo_shop: Shop, leak: str) -> None:
    file, right, wrong = LEAKS[leak]
    shop = replace(copy_of_demo_shop, edits={file: (right, wrong)})
    models = dict.fromkeys((Path(file).stem, "int_sample_features"))
    assert shop.dbt("run", "--select", *models).success
    assert not shop.dbt("test", "--select", "assert_samples_know_nothing_later").success
