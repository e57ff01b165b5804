"""Evidence: a model is chosen on older samples, compared by customer, and its interval is the one that scipy finds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lines import MODELS, Given, connected, rendered
from scipy.stats import binomtest, bootstrap, poisson

FIRST, SECOND = np.datetime64("2025-05-01"), np.datetime64("2025-06-01")
PARTIAL = ["probability_of_actual", "brier_score", "log_loss", "recall_at_3", "ndcg_at_3"]


@pytest.fixture
def warehouse() -> Iterator[Given]:
    """A database in memory whose tables models find by their names."""
    with connected() as connection:
        yield Given(connection)


def frame_of(warehouse: Given, model: str) -> pd.DataFrame:
    """What a model of the project makes of the tables."""
    return warehouse.connection.execute(rendered(MODELS[model].read_text("utf-8"))).df()


def gains_of(figures: pd.DataFrame) -> dict[str, float]:
    rows = figures[figures["metric"].str.startswith("gain")]
    return dict(zip(rows["metric"], rows["value"], strict=True))


# --- classes ---------------------------------------------------------------------------------------------


def scores(right: dict[str, np.ndarray], customers: np.ndarray, origins: np.ndarray) -> pd.DataFrame:
    """Scores of models on test samples; all but `majority` are models, and none is ever confident."""
    tables = [
        pd.DataFrame(
            {
                "task": "rfm", "model": model, "settings": "s", "cohort": "order 1", "evidence_group": "30 days ahead",
                "customer_id": customers, "actual": "a", "horizon_days": 180, "origin_date": origins,
                "confidence": 0.5, "is_baseline": model == "majority", "is_correct": is_right, "is_confident": False,
                "sample_number": np.arange(len(customers)),
            }
        )
        for model, is_right in right.items()
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True).assign(**dict.fromkeys(PARTIAL, 0.5))


def validation(right: dict[str, int], origin: np.datetime64, of: int = 10) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions of `of` validation samples of an origin, so many of them right; and the samples."""
    numbers = np.arange(1000, 1000 + of)
    same = {"task": "rfm", "horizon_days": 180, "sample_number": numbers, "role": "validation", "origin_date": origin}
    predicted = [
        pd.DataFrame(same | {"model": model, "outcome": np.where(numbers < 1000 + count, "a", "b"), "outcome_rank": 1})
        for model, count in right.items()
    ]
    return pd.concat(predicted), pd.DataFrame(same | {"prediction_run": "backtest", "outcome": "a"})


def made_up(size: int = 260) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Customers with one to four samples, some easier to predict: what is right, whose, from which origin."""
    random = np.random.default_rng(3)
    customers = np.repeat([f"c{number}" for number in range(size)], random.integers(1, 5, size))
    ease = dict(zip(np.unique(customers), random.normal(0, 0.25, size), strict=True))
    chance = np.array([ease[customer] for customer in customers])
    right = {
        model: random.random(len(customers)) < level + chance
        for model, level in (("forest", 0.55), ("vote", 0.62), ("majority", 0.5))
    }
    return right, customers, np.where(random.random(len(customers)) < 0.5, FIRST, SECOND)


def evaluated(warehouse: Given, table: pd.DataFrame, chosen: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    warehouse.store(
        int_classification_scores=table,
        classification_backtests=chosen[0],
        int_classification_samples=chosen[1],
    )
    return frame_of(warehouse, "int_classification_evaluations")


def test_the_interval_of_a_classifier_is_that_of_scipys_bootstrap_over_customers(
    warehouse: Given,
) -> None:
    right, customers, origins = made_up()
    figures = evaluated(warehouse, scores(right, customers, origins), validation({"forest": 7, "vote": 6}, FIRST))
    found = gains_of(figures)
    difference = pd.Series(right["forest"].astype(int) - right["majority"].astype(int)).groupby(customers)
    sums, counts = difference.sum().to_numpy(), difference.size().to_numpy()
    assert found["gain"] == pytest.approx(sums.sum() / counts.sum())
    expected = bootstrap(
        (sums, counts),
        lambda gains, samples, axis: gains.sum(axis=axis) / samples.sum(axis=axis),
        paired=True,
        confidence_level=0.9,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    # A sixteenth of the interval's width: of a thousand resamples the ends are not closer.
    tolerance = (expected.high - expected.low) / 16
    assert found["gain_lower_bound"] == pytest.approx(expected.low, abs=tolerance)
    assert found["gain_upper_bound"] == pytest.approx(expected.high, abs=tolerance)
    assert set(figures.loc[figures["metric"] == "gain", "sample_size"]) == {len(counts)}
    assert set(figures.loc[figures["metric"] == "gain", "settings"]) == {"against majority"}


def test_more_samples_of_the_same_customers_are_no_more_evidence(warehouse: Given) -> None:
    right, customers, origins = made_up()
    chosen = validation({"forest": 7, "vote": 6}, FIRST)
    once = gains_of(evaluated(warehouse, scores(right, customers, origins), chosen))
    five = {model: np.tile(is_right, 5) for model, is_right in right.items()}
    often = gains_of(evaluated(warehouse, scores(five, np.tile(customers, 5), np.tile(origins, 5)), chosen))
    assert often == pytest.approx(once)
    shuffled = scores(right, customers, origins).sample(frac=1, random_state=1)
    assert gains_of(evaluated(warehouse, shuffled, chosen)) == once


def test_the_model_is_chosen_on_samples_of_the_earliest_origin_and_not_on_those_it_is_evaluated_on(
    warehouse: Given,
) -> None:
    right, customers, origins = made_up()
    table = scores(right, customers, origins)
    assert right["vote"].sum() > right["forest"].sum()
    first, later = validation({"forest": 7, "vote": 6}, FIRST), validation({"forest": 0, "vote": 10}, SECOND)
    both = tuple(pd.concat(tables) for tables in zip(first, later, strict=True))
    figures = evaluated(warehouse, table, (both[0], both[1]))
    assert set(figures.loc[figures["metric"] == "gain", "model"]) == {"forest"}
    choice = figures[figures["split"] == "choice"].set_index("model")
    assert choice["value"].to_dict() == {"forest": 0.7, "vote": 0.6}
    assert set(choice["origin_date"]) == {pd.Timestamp(FIRST)}
    # Another horizon's earliest origin lies after the first that is evaluated: it chooses nothing.
    other = table[table["origin_date"] == SECOND].assign(horizon_days=90)
    chosen = [pd.concat([old, new.assign(horizon_days=90)]) for old, new in zip(first, later, strict=True)]
    figures = evaluated(warehouse, pd.concat([table, other]), (chosen[0], chosen[1]))
    assert set(figures.loc[figures["metric"] == "gain", "model"]) == {"forest"}
    assert set(figures.loc[figures["split"] == "choice", "horizon_days"]) == {180}
    # Without any validation sample nothing is chosen: the vote stands for the models.
    none = (first[0].head(0), first[1].head(0))
    renamed = table.assign(model=table["model"].replace("vote", "soft_vote"))
    figures = evaluated(warehouse, renamed, none)
    assert set(figures.loc[figures["metric"] == "gain", "model"]) == {"soft_vote"}


def test_confident_predictions_are_counted_by_customer_and_as_far_ahead(warehouse: Given) -> None:
    right = {"forest": np.array([True, True, False, True, True, False]), "majority": np.zeros(6, dtype=bool)}
    table = scores(right, np.array(list("aabcdd")), np.full(6, FIRST))
    table["is_confident"] = ~table["is_baseline"] & (table["sample_number"] != 4)
    table["evidence_group"] = np.where(table["sample_number"] < 4, "30 days ahead", "60 days ahead")
    figures = evaluated(warehouse, table, validation({"forest": 7}, FIRST))
    sure = figures[figures["split"].str.startswith("where sure")].set_index(["split", "metric"])
    # a was right twice, b not, c was: two of three customers; d only counts where it is confident
    assert sure["sample_size"].groupby("split").first().to_dict() == {
        "where sure, 30 days ahead": 3, "where sure, 60 days ahead": 1,
    }  # fmt: skip
    assert sure["value"]["where sure, 30 days ahead", "precision_where_sure"] == pytest.approx(2 / 3)
    low = binomtest(2, 3, alternative="greater").proportion_ci(0.95, method="wilson").low
    assert sure["value"]["where sure, 30 days ahead", "precision_lower_bound"] == pytest.approx(low)
    assert sure["value"]["where sure, 60 days ahead", "precision_where_sure"] == 0


@pytest.mark.parametrize(("count", "of"), [(0, 7), (15, 20), (20, 20), (161, 200), (2300, 2356)])
def test_the_lower_end_of_a_precision_is_wilsons(warehouse: Given, count: int, of: int) -> None:
    query = rendered("select {{ wilson_lower_bound('share', 'size') }} from (select ? / ? as share, ? as size)")
    ((low,),) = warehouse.connection.execute(query, [count, of, of]).fetchall()
    expected = binomtest(count, of, alternative="greater").proportion_ci(0.95, method="wilson").low
    assert low == pytest.approx(expected, abs=1e-12)


def test_customers_count_in_a_resample_as_often_as_poissons_law_has_it(warehouse: Given) -> None:
    warehouse.connection.execute(
        "create table customers as select 'c' || n as customer_id from range(400) as numbers (n)"
    )
    weights = warehouse.connection.execute(
        rendered("with {{ bootstrap_weights('customers') }} select weight, count(*) from bootstrap_weights group by 1")
    ).fetchall()
    draws = 400 * 1024
    for weight, count in weights:
        assert count / draws == pytest.approx(poisson.pmf(weight, 1), abs=0.004)
    assert 1 - sum(count for _, count in weights) / draws == pytest.approx(poisson.pmf(0, 1), abs=0.004)
    by_resample = warehouse.connection.execute(
        rendered(
            "with {{ bootstrap_weights('customers') }} select resample, sum(weight) from bootstrap_weights group by 1"
        )
    ).fetchall()
    assert len(by_resample) == 1024
    # Resamples differ as sums of 400 draws of variance 1 do.
    assert np.std([total for _, total in by_resample]) == pytest.approx(20, rel=0.1)


def test_who_is_known_for_under_sixty_days_has_a_threshold_of_their_own(warehouse: Given) -> None:
    # 16 of 40 are right of the newer customers, and 200 of 200 of the others.
    number = np.arange(240)
    same = {"task": "interest", "horizon_days": 90, "origin_date": FIRST, "sample_number": number}
    samples = pd.DataFrame(
        same | {"confidence_group": np.where(number < 40, "newer", "older"), "outcome": np.where(number < 24, "b", "a")}
    )
    predictions = pd.DataFrame(
        same | {"model": "m", "role": "validation", "outcome_rank": 1, "outcome": "a", "probability": 0.9}
    )
    warehouse.store(samples=samples, predictions=predictions)
    found = warehouse.connection.execute(
        rendered(
            "with {{ confidence_thresholds('predictions', 'samples') }} "
            "select confidence_group, min_confidence from confidence_thresholds"
        )
    ).fetchall()
    assert dict(found) == {"newer": None, "older": 0.9}
    # Together they would pass, as 216 of 240 are right.
    warehouse.store(samples=samples.assign(confidence_group="all"))
    ((together,),) = warehouse.connection.execute(
        rendered(
            "with {{ confidence_thresholds('predictions', 'samples') }} "
            "select min_confidence from confidence_thresholds"
        )
    ).fetchall()
    assert together == 0.9


def newcomers(size: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Newcomers of whom seven in ten end as their own figures say, and a model that is right for six in ten.

    One segment in three is `lost`, the commonest of those trained on. Returns the samples, and what the model predicts.
    """
    number = np.arange(size)
    ends = np.array(["loyal", "regular", "lost"])[number % 3]
    other = np.array(["regular", "lost", "loyal"])[number % 3]
    same = {"task": "rfm", "horizon_days": 180, "origin_date": FIRST}
    tested = pd.DataFrame(
        same | {
            "role": "test", "cohort": "order 1", "customer_id": [f"c{one}" for one in number], "outcome": ends,
            "sample_number": number, "segment_without_order": np.where(number % 10 < 7, ends, other),
            "segment_at_cutoff": np.where(number % 10 < 2, ends, other),
        }
    )  # fmt: skip
    older = {"customer_id": "old", "cohort": "order 1", "segment_without_order": None, "segment_at_cutoff": None}
    validated = pd.DataFrame(
        same
        | older
        | {"role": "validation", "outcome": ["lost"] * 8 + ["loyal"] * 2, "sample_number": 1000 + np.arange(10)}
    )
    samples = pd.concat([tested, validated]).assign(
        prediction_run="backtest", confidence_group="g", evidence_group="30 days ahead", cutoff_event="order 1"
    )
    predicted = same | {"model": "forest", "settings": "s", "outcome_rank": 1, "probability": 0.4}
    model = pd.concat(
        [
            pd.DataFrame(
                predicted | {"role": "test", "sample_number": number, "outcome": np.where(number % 10 > 3, ends, other)}
            ),
            pd.DataFrame(predicted | {"role": "validation", "sample_number": 1000 + np.arange(10), "outcome": "lost"}),
        ]
    )
    return samples, model


def with_no_interests(warehouse: Given) -> None:
    shares = ", ".join(f"share_{number:02} double" for number in range(31))
    warehouse.connection.execute(
        f"""
        create or replace table int_sample_interests (
            sample_number bigint, category_id integer, interest_rank integer, amount decimal(18, 2)
        );
        create or replace table int_sample_features (sample_number bigint, {shares})
        """
    )
    warehouse.built |= {"int_sample_interests", "int_sample_features"}


def test_a_model_has_to_beat_what_a_newcomers_own_figures_say(warehouse: Given) -> None:
    samples, model = newcomers(300)
    with_no_interests(warehouse)
    warehouse.store(int_classification_samples=samples, classification_backtests=model)
    figures = frame_of(warehouse, "int_classification_evaluations")
    accuracy = figures[(figures["metric"] == "accuracy") & (figures["split"] == "all origins")].set_index("model")
    assert accuracy["value"].to_dict() == pytest.approx(
        {"majority": 1 / 3, "forest": 0.6, "no further order": 0.7, "current segment": 0.2}
    )
    assert accuracy["is_baseline"].to_dict() == {
        "majority": True, "forest": False, "no further order": True, "current segment": True,
    }  # fmt: skip
    # Against the majority it would be better beyond chance.
    assert gains_of(figures)["gain"] == pytest.approx(-0.1)
    assert set(figures.loc[figures["metric"] == "gain", "settings"]) == {"against no further order"}
    warehouse.store(
        classification_evaluations=figures.assign(model_version=1, train_to=FIRST),
        model_versions=pd.DataFrame({"model_version": [1], "is_active": [True]}),
    )
    active = frame_of(warehouse, "int_active_classification_models").set_index("task").loc["rfm"]
    assert (active["model"], active["is_baseline"]) == ("no further order", True)
    assert active["reason"] == "a baseline is active: accuracy 0.700, forest 0.600 is no better (300 customers)"


def test_who_has_no_segment_yet_is_predicted_to_end_as_most_do(warehouse: Given) -> None:
    samples, _ = newcomers(3)
    samples = samples.assign(role=samples["role"].replace("test", "predict"))
    # The first has neither; the second is of a cohort that nobody was trained on; the third is of it and has none.
    samples.loc[samples["sample_number"] == 0, ["segment_at_cutoff", "segment_without_order"]] = None
    samples.loc[samples["sample_number"] == 2, ["segment_at_cutoff", "segment_without_order"]] = None
    samples.loc[samples["sample_number"].isin([1, 2]), "cohort"] = "order 3"
    with_no_interests(warehouse)
    warehouse.store(int_classification_samples=samples)
    found = frame_of(warehouse, "int_classification_baselines")
    first = found[found["outcome_rank"] == 1]
    assert sorted(zip(first["model"], first["sample_number"], first["outcome"], strict=True)) == [
        ("current segment", 0, "lost"), ("current segment", 1, "regular"), ("majority", 0, "lost"),
        ("no further order", 0, "lost"), ("no further order", 1, "regular"),
    ]  # fmt: skip


# --- what the backtest predicted -------------------------------------------------------------------------


def backtested(warehouse: Given, columns: str, **tables: str) -> list[tuple[Any, ...]]:
    """Columns of the predictions that samples, models and baselines make up, each given as SQL."""
    for name, query in tables.items():
        warehouse.connection.execute(f"create or replace table {name} as {query}")
        warehouse.built.add(name)
    return warehouse.rows(f"select {columns} from ({{{{ backtest_predictions() }}}}) order by all")


BASELINES = """
    select
        'backtest' as prediction_run, 'rfm' as task, 'majority' as model, 'm' as settings, 'a' as outcome,
        60 as sample_number, 1 as outcome_rank, 180 as horizon_days, 0.8::double as probability,
        date '2011-06-06' as origin_date
"""


def test_a_model_is_confident_from_where_it_was_right_four_times_in_five(warehouse: Given) -> None:
    found = backtested(
        warehouse,
        "task, model, cohort, sample_number, horizon_days, min_confidence, validation_samples, is_baseline",
        classification_backtests="""
            select coalesce(listed.task, 'rfm') as task, listed.model, 's' as settings, listed.role, 'a' as outcome,
                coalesce(listed.horizon_days, 180) as horizon_days, number as sample_number, outcome_rank,
                probability::double as probability, coalesce(listed.origin_date, date '2011-06-06') as origin_date
            from (values
                -- samples 1 to 20, of which 16 were right: just enough; five more that were wrong are too many
                ('four in five', 'validation', 1, 0.9, 1, 20, null, null, null),
                ('four in five', 'validation', 1, 0.5, 51, 55, null, null, null),
                -- of newcomers of two orders
                ('four in five', 'validation', 1, 0.99, 56, 59, null, null, null),
                -- 19 that were right prove nothing
                ('nineteen', 'validation', 1, 0.9, 21, 39, null, null, null),
                -- nor do ten of equal confidence, of which one was right: they count together
                ('ties', 'validation', 1, 0.9, 21, 39, null, null, null),
                ('ties', 'validation', 1, 0.7, 40, 49, null, null, null),
                -- 15 of 20, and five that were right: 20 of 25
                ('later', 'validation', 1, 0.9, 2, 20, null, null, null),
                ('later', 'validation', 1, 0.8, 21, 26, null, null, null),
                -- neither test samples nor less likely classes set a threshold
                ('nineteen', 'test', 1, 0.8, 40, 40, null, null, null),
                ('nineteen', 'validation', 2, 0.8, 40, 40, null, null, null),
                -- right in another task, at another horizon, from another origin
                ('nineteen', 'validation', 1, 0.9, 1, 40, 'broad', null, null),
                ('nineteen', 'validation', 1, 0.9, 1, 40, null, 90, null),
                ('nineteen', 'validation', 1, 0.9, 1, 40, null, null, date '2011-06-12'),
                -- to evaluate on: a newcomer of one order, and one of two
                ('four in five', 'test', 1, 0.8, 60, 61, null, null, null),
                ('nineteen', 'test', 1, 0.8, 60, 60, null, null, null),
                ('ties', 'test', 1, 0.8, 60, 60, null, null, null), ('later', 'test', 1, 0.8, 60, 60, null, null, null)
            ) as listed (
                model, role, outcome_rank, probability, first_sample, last_sample, task, horizon_days, origin_date
            )
            cross join range(1, 62) as samples (number)
            where number between first_sample and last_sample
        """,
        int_classification_samples="""
            -- samples 17 to 20 and from 41 to 59 have another class; 56 to 59 and 61 are sampled after another order
            select *, 'n' as customer_id, 'g' as evidence_group, confidence_group as cohort from (
            select 'backtest' as prediction_run, 'rfm' as task,
                case when number >= 60 then 'test' else 'validation' end as role,
                case when number between 56 and 59 or number = 61 then 'order 2' else 'order 1' end
                    as confidence_group,
                180 as horizon_days, date '2011-06-06' as origin_date, number as sample_number,
                case when number between 17 and 20 or number between 41 and 59 then 'b' else 'a' end as outcome
            from range(1, 62) as samples (number)
            union all
            -- the same samples in another run, task, horizon and origin
            select run, task, 'validation', 'order 1', horizon_days, origin_date, number, 'a'
            from range(1, 60) as samples (number)
            cross join (values
                ('live', 'rfm', 180, date '2011-06-06'), ('backtest', 'broad', 180, date '2011-06-06'),
                ('backtest', 'rfm', 90, date '2011-06-06'), ('backtest', 'rfm', 180, date '2011-06-12')
            ) as others (run, task, horizon_days, origin_date)
            ) as samples
        """,
        # Nothing is learned that could be confident.
        int_classification_baselines=BASELINES,
    )
    assert found == [
        ("rfm", "four in five", "order 1", 60, 180, 0.9, 25, False),
        # apart from the others of its model
        ("rfm", "four in five", "order 2", 61, 180, None, 4, False),
        ("rfm", "later", "order 1", 60, 180, 0.8, 25, False),
        ("rfm", "majority", "order 1", 60, 180, None, None, True),
        ("rfm", "nineteen", "order 1", 60, 180, None, 19, False),
        ("rfm", "ties", "order 1", 60, 180, None, 29, False),
    ]


def test_a_class_less_likely_than_not_is_never_confident(warehouse: Given) -> None:
    found = backtested(
        warehouse,
        "task, model, cohort, sample_number, horizon_days, min_confidence, validation_samples",
        # Twenty samples, all right, and ten more at less than one in two; and two to evaluate on.
        classification_backtests="""
            select 'interest' as task, 'a model' as model, 's' as settings,
                case when number > 30 then 'test' else 'validation' end as role, 'a' as outcome, 90 as horizon_days,
                number as sample_number, 1 as outcome_rank,
                case when number > 20 then 0.49 else 0.5 end::double as probability, date '2011-06-06' as origin_date
            from range(1, 33) as samples (number)
        """,
        # Known customers and newcomers share a threshold.
        int_classification_samples="""
            select 'backtest' as prediction_run, 'interest' as task,
                case when number > 30 then 'test' else 'validation' end as role,
                case when number between 16 and 31 then 'known' else 'newcomer' end as cohort,
                'g' as confidence_group, 'e' as evidence_group, 'n' as customer_id, 90 as horizon_days,
                date '2011-06-06' as origin_date, number as sample_number, 'a' as outcome
            from range(1, 33) as samples (number)
        """,
        int_classification_baselines=f"{BASELINES} where false",
    )
    assert found == [
        ("interest", "a model", "known", 31, 90, 0.5, 30),
        ("interest", "a model", "newcomer", 32, 90, 0.5, 30),
    ]


def test_models_and_baselines_are_evaluated_on_the_same_samples(warehouse: Given) -> None:
    june, september = "date '2011-06-06'", "date '2011-09-10'"
    found = backtested(
        warehouse,
        "task, model, settings, cohort, actual, outcome, horizon_days, sample_number, outcome_rank, probability,"
        " is_baseline, origin_date::varchar",
        int_classification_samples=f"""
            select *, 'g' as confidence_group, 'e' as evidence_group, 'n' as customer_id
            from (values
                ('backtest', 'rfm', 'test', 'order 1', 'lost', 1, 180, {june}),
                ('backtest', 'interest', 'test', 'known', '4', 2, 90, {september}),
                -- a training sample of a later origin; a sample of today
                ('backtest', 'rfm', 'train', 'order 1', 'lost', 1, 180, date '2011-12-03'),
                ('live', 'rfm', 'predict', 'order 1', null, 3, 180, date '2011-12-09')
            ) as samples (prediction_run, task, role, cohort, outcome, sample_number, horizon_days, origin_date)
        """,
        classification_backtests=f"""
            select 'rfm' as task, 'a model' as model, 's' as settings, 180 as horizon_days, 1 as sample_number,
                {june} as origin_date, *
            from (values
                ('test', 'new', 1, 0.7::double),
                ('test', 'lost', 2, 0.3),
                -- a validation sample
                ('validation', 'new', 1, 0.9)
            ) as predictions (role, outcome, outcome_rank, probability)
        """,
        int_classification_baselines=f"""
            select *, 1 as outcome_rank
            from (values
                ('backtest', 'rfm', 'majority', 'of newcomers', 'lost', 1, 180, 0.8::double, {june}),
                ('backtest', 'interest', 'majority', 'of all', '4', 2, 90, 0.4, {september}),
                ('backtest', 'interest', 'personal top', 'by spend', '5', 2, 90, null, {september}),
                -- at another horizon and origin, in another run
                ('backtest', 'rfm', 'majority', 'of newcomers', 'lost', 1, 90, 0.1, {june}),
                ('backtest', 'rfm', 'majority', 'of newcomers', 'lost', 1, 180, 0.1, date '2011-05-07'),
                ('live', 'rfm', 'majority', 'of newcomers', 'lost', 1, 180, 0.1, {june}),
                ('live', 'interest', 'personal top', 'by spend', '6', 2, 90, null, {september}),
                ('backtest', 'interest', 'personal top', 'by spend', '7', 2, 90, null, date '2011-08-11')
            ) as baselines (
                prediction_run, task, model, settings, outcome, sample_number, horizon_days, probability, origin_date
            )
        """,
    )
    assert found == [
        ("interest", "majority", "of all", "known", "4", "4", 90, 2, 1, 0.4, True, "2011-09-10"),
        ("interest", "personal top", "by spend", "known", "4", "5", 90, 2, 1, None, True, "2011-09-10"),
        ("rfm", "a model", "s", "order 1", "lost", "lost", 180, 1, 2, 0.3, False, "2011-06-06"),
        ("rfm", "a model", "s", "order 1", "lost", "new", 180, 1, 1, 0.7, False, "2011-06-06"),
        ("rfm", "majority", "of newcomers", "order 1", "lost", "lost", 180, 1, 1, 0.8, True, "2011-06-06"),
    ]


# --- spend -----------------------------------------------------------------------------------------------


def forecasts(size: int = 240) -> pd.DataFrame:
    """Forecasts of spend from two origins, and validation samples where another model is better."""
    random = np.random.default_rng(5)
    tables: list[pd.DataFrame] = []
    for origin, role in ((FIRST, "test"), (SECOND, "test"), (np.datetime64("2025-01-31"), "validation")):
        observed = np.round(random.lognormal(5, 1, size), 2)
        errors = {"combination": 60, "linear_regression": 50 if role == "test" else 90, "past rate": 75, "zero": 400}
        tables += [
            pd.DataFrame(
                {
                    "model": model, "settings": "s", "role": role, "observed": observed,
                    "customer_id": [f"c{number}" for number in range(size)], "origin_date": origin,
                    "predicted": np.round(observed + random.normal(0, error, size), 2),
                    "sample_number": np.arange(size) + 1000 * len(tables),
                }
            )
            for model, error in errors.items()
        ]  # fmt: skip
    table = pd.concat(tables, ignore_index=True)
    return table.assign(is_baseline=table["model"].isin(["past rate", "zero"]))


def spend_figures(warehouse: Given, table: pd.DataFrame) -> pd.DataFrame:
    warehouse.store(predictions=table)
    warehouse.connection.execute(
        """
        create or replace table int_spend_predictions as
        select * replace (
            cast(predicted as decimal(18, 2)) as predicted, cast(observed as decimal(18, 2)) as observed,
            cast(origin_date as date) as origin_date
        ) from predictions;
        create or replace table int_prediction_runs as
        select 'backtest' as prediction_run, 1 as model_version, date '2024-01-01' as history_from;
        create or replace table int_prediction_origins as
        select 'backtest' as prediction_run, 'forecast' as task, 90 as horizon_days, 0 as cohort_days,
            unnest([date '2025-05-01', date '2025-06-01']) as origin_date, date '2024-01-01' as history_from;
        create or replace table int_spend_totals as
        select 'backtest' as prediction_run, date '2025-05-01' as origin_date, 's' as season, false as is_season_known
        """
    )
    warehouse.built |= {
        "int_spend_predictions", "int_prediction_runs", "int_prediction_origins", "int_spend_totals",
    }  # fmt: skip
    return frame_of(warehouse, "spend_evaluations")


def test_the_interval_of_a_forecast_is_that_of_scipys_bootstrap_over_customers(
    warehouse: Given,
) -> None:
    table = forecasts()
    figures = spend_figures(warehouse, table)
    found = gains_of(figures)
    # Of the two models the one that was better before is compared, though the other is better now.
    assert set(figures.loc[figures["metric"] == "gain", "model"]) == {"combination"}
    assert set(figures.loc[figures["metric"] == "gain", "settings"]) == {"against past rate"}
    tested = table[table["role"] == "test"]
    squared = tested.assign(error=(tested["predicted"] - tested["observed"]) ** 2).pivot(
        index="customer_id", columns=["model", "origin_date"], values="error"
    )
    columns = [
        squared[model, pd.Timestamp(origin)].to_numpy()
        for model in ("past rate", "combination")
        for origin in (FIRST, SECOND)
    ]

    def gain(*errors: np.ndarray, axis: int) -> np.ndarray:
        old_first, old_second, new_first, new_second = (np.sqrt(error.mean(axis=axis)) for error in errors)
        mean: np.ndarray = (old_first + old_second - new_first - new_second) / 2
        return mean

    assert found["gain"] == pytest.approx(gain(*columns, axis=0), rel=1e-6)
    expected = bootstrap(
        columns, gain, paired=True, confidence_level=0.9, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    tolerance = (expected.high - expected.low) / 16
    assert found["gain_lower_bound"] == pytest.approx(expected.low, abs=tolerance)
    assert found["gain_upper_bound"] == pytest.approx(expected.high, abs=tolerance)
    assert set(figures.loc[figures["metric"] == "gain", "sample_size"]) == {240}
    shuffled = spend_figures(warehouse, table.sample(frac=1, random_state=2))
    assert gains_of(shuffled) == found


def test_without_a_period_to_choose_by_the_combination_is_compared(warehouse: Given) -> None:
    table = forecasts()
    figures = spend_figures(warehouse, table[table["role"] == "test"])
    assert set(figures.loc[figures["metric"] == "gain", "model"]) == {"combination"}
    assert "choice" not in set(figures["split"])
    # What was chosen by is no evaluation.
    with_validation = spend_figures(warehouse, table)
    assert set(with_validation.loc[with_validation["split"] == "choice", "model"]) == {
        "combination",
        "linear_regression",
    }
    same = ["model", "settings", "split", "metric", "value", "sample_size"]
    pd.testing.assert_frame_equal(
        with_validation.loc[with_validation["split"] != "choice", same].sort_values(same).reset_index(drop=True),
        figures[same].sort_values(same).reset_index(drop=True),
    )
