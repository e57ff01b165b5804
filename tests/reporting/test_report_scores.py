"""Bounds of the scores, and the models in use, as the report shows them."""

import json
import math
import re
from collections.abc import Sequence

import pandas as pd
import pytest
from conftest import Shop
from report_pages import Tables, blocks_of
from shop_toolkit.report.sections.predictions import models_in_use
from shop_toolkit.report.sections.rules import bounds

GAINS = ("gain", "gain_lower_bound", "gain_upper_bound")


@pytest.mark.parametrize(
    ("evidence", "customers", "why"),
    [
        ("better", 300, "Better than the best baseline by 5.0 percentage points at least (95 % sure), on"
         " 300 customers."),
        ("too few customers", 74, "Too early to say whether the best learned model, “random forest”, is better: 74"
         " customers were evaluated, 200 are needed."),
        ("no better", 300, "The best learned model, “random forest”, was no better, on 300 customers."),
        ("may be chance", 300, "The best learned model, “random forest”, was between 5.0 percentage points"
         " worse and 20.0 percentage points better than the best baseline (90 % interval) on 300 customers: that may be"
         " chance."),
        ("may be chance", 301, "The best learned model, “random forest”, was as good as the best baseline or up to"
         " 20.0 percentage points better (90 % interval) on 301 customers: that may be chance."),
        ("may be chance", 302, "The best learned model, “random forest”, was as good as the best baseline (90 %"
         " interval) on 302 customers: any difference may be chance."),
        ("not evaluated", 0, "No learned model could be evaluated."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("horizon", ["180", "90"])
def test_a_card_says_why_a_model_is_in_use(evidence: str, customers: int, why: str, horizon: str) -> None:
    """By the evidence of the mart, and also where a short history was evaluated at half the horizon."""
    is_baseline = evidence != "better"
    # One that rounds to nothing is no number of percentage points.
    high = 0.0004 if customers == 302 else 0.2
    low = -0.0004 if customers in {301, 302} else -0.05 if is_baseline else 0.05
    used = {
        "task": "predict broad segment at day 180", "model": "majority" if is_baseline else "random_forest",
        "metric": "accuracy", "split": "today", "evidence": evidence, "value": 0.5, "sample_size": 300,
        "is_baseline": is_baseline, "note": "why",
    }  # fmt: skip
    known = [
        used | {"task": f"predict {segments} segment at day {horizon}", "model": "random_forest", "metric": metric,
                "split": "all origins", "value": value, "sample_size": customers}
        for segments, gains in (("detailed", (0.9, 0.8, 0.99)), ("broad", (0.1, low, high)))
        for metric, value in zip(GAINS, gains, strict=True)
        if evidence != "not evaluated"
    ]  # fmt: skip
    block = models_in_use(pd.DataFrame([used, *known]), 200)
    (card,) = block.cards
    assert (card.title, card.texts) == ("Broad segment at day 180", [[why, ""]])
    assert card.lead == ("By “majority”, a baseline" if is_baseline else "By “random forest”, a learned model")


def test_the_models_in_use_are_those_of_the_mart(tables: Tables) -> None:
    today = tables["model_evaluations"].query("split == 'today'")
    rows = blocks_of(tables)["models_in_use"].table
    assert rows
    assert sorted(row[1] for row in rows.rows) == sorted(model.replace("_", " ") for model in today["model"])


def test_bounds_of_scores_are_where_scores_change(tables: Tables, demo_shop: Shop) -> None:
    """Each score's bounds, read back from the page, hold the least and the greatest value of its customers."""
    cards = {card.title: dict(card.facts) for card in blocks_of(tables)["cut_points"].cards}
    for title, name, column in (
        ("Days since the last order", "recency", "recency_days"),
        ("Orders", "frequency", "frequency"),
        ("Spent", "monetary", "monetary"),
    ):
        known = demo_shop.rows(f"""
            select {name}_score, min({column})::double, max({column})::double from customers
            where {name}_score is not null group by 1 order by 1
        """)
        assert len(cards[title]) == len(known)
        for score, least, most in known:
            text = cards[title][f"score {score}"]
            ends = [float(number.replace(",", "")) for number in re.findall(r"[\d,.]+", text)]
            # Amounts are rounded to whole ones.
            rounded = 0.5 if column == "monetary" else 0
            low = -math.inf if text.startswith("up to") else ends[0] - rounded
            high = math.inf if text.startswith("over") and " to " not in text else ends[-1] + rounded
            assert low <= least <= most <= high, (title, score, text)
            assert not text.startswith("over") or least > low
            assert column != "monetary" or all(end == round(end) for end in ends)


def with_monetary_scores(tables: Tables, counts: Sequence[int]) -> pd.DataFrame:
    """rpt_score_cells with so many customers by monetary score, from 1 on; a score that nobody has is no row."""
    cells = tables["rpt_score_cells"]
    rows = [{"monetary_score": score, "customer_count": number} for score, number in enumerate(counts, 1) if number]
    return pd.concat([cells[cells["monetary_score"].isna()], pd.DataFrame(rows)], ignore_index=True)


def test_bounds_of_few_show_no_money(tables: Tables) -> None:
    few = dict(tables) | {"rpt_score_cells": with_monetary_scores(tables, [24])}
    assert [card.title for card in blocks_of(few)["cut_points"].cards] == ["Days since the last order", "Orders"]


@pytest.mark.parametrize(
    ("counts", "withheld"),
    [
        ((9, 5, 9, 9, 9), []),
        ((9, 4, 9, 9, 9), [1, 2, 3]),
        ((9, 9, 9, 9, 1), [4, 5]),
        # Nobody has the score beside it: the bound behind shows what they spent, too.
        ((3, 0, 9, 9, 9), [1, 2, 3]),
        ((20, 9, 0, 0, 2), [2, 3, 4, 5]),
        ((9, 0, 9, 9, 9), []),
    ],
)  # fmt: skip
def test_bounds_around_scores_of_few_show_no_money(
    tables: Tables, counts: tuple[int, ...], withheld: list[int]
) -> None:
    cuts = pd.DataFrame(
        {"score_group": "", "measure": "monetary", "cut_number": [1, 2, 3, 4], "cut_point": [9.99, 100.5, 1234.56, 2e6]}
    )
    changed = dict(tables) | {"rfm_cut_points": cuts, "rpt_score_cells": with_monetary_scores(tables, counts)}
    (card,) = blocks_of(changed)["cut_points"].cards
    known = ["up to 10", "over 10 to 100", "over 100 to 1,235", "over 1,235 to 2.00 million", "over 2.00 million"]
    assert [words for _score, words in card.facts] == [
        "not shown" if score in withheld else known[score - 1] for score in (5, 4, 3, 2, 1)
    ]


def test_bounds_that_the_shop_has_set_are_shown_as_they_are(tables: Tables) -> None:
    """They are what nobody has spent, however few customers lie between them."""
    settings = {"rfm_cut_points": {"monetary": [49.5, 1234.56], "frequency": 3}}
    cuts = pd.DataFrame({"score_group": "", "measure": "monetary", "cut_number": [1, 2], "cut_point": [49.5, 1234.56]})
    changed = dict(tables) | {
        "segment_rules": tables["segment_rules"].assign(settings=json.dumps(settings)),
        "rfm_cut_points": cuts, "rpt_score_cells": with_monetary_scores(tables, [1, 2, 1]),
    }  # fmt: skip
    block = blocks_of(changed)["cut_points"]
    assert [words for _score, words in block.cards[0].facts] == [
        "over 1,234.56", "over 49.50 to 1,234.56", "up to 49.50",
    ]  # fmt: skip
    assert "rounded" not in block.note
    quantiles = tables["segment_rules"].assign(settings=json.dumps({"rfm_cut_points": {"monetary": 3}}))
    assert "cut_points" not in {
        block.name for block in blocks_of(changed | {"segment_rules": quantiles}).values() if block.cards
    }
    assert [row["bounds"] for row in bounds(cuts.assign(cut_point=[50.0, 1000.0], is_set=True))] == [
        "up to 50", "over 50 to 1,000", "over 1,000",
    ]  # fmt: skip


def test_equal_cut_points_leave_a_score_without_bounds() -> None:
    cuts = pd.DataFrame(
        {"score_group": "", "measure": "frequency", "cut_number": [1, 2, 3, 4], "cut_point": [1.0, 1.0, 2.0, 5.0]}
    )
    assert [(row["score"], row["bounds"]) for row in bounds(cuts)] == [
        (1, "up to 1"), (3, "2"), (4, "3 to 5"), (5, "over 5"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cut_points", "expected"),
    [
        ([0.0, 40.4], ["up to 0", "over 0 to 40", "over 40"]),
        ([100.2, 100.4], ["up to 100.2", "over 100.2 to 100.4", "over 100.4"]),
        ([0.02, 0.04], ["up to 0.02", "over 0.02 to 0.04", "over 0.04"]),
        ([1.231e6, 1.234e6], ["up to 1,231,000.0", "over 1,231,000.0 to 1,234,000.0", "over 1,234,000.0"]),
    ],
)
def test_bounds_of_money_that_differ_are_written_so(cut_points: list[float], expected: list[str]) -> None:
    cuts = pd.DataFrame({"score_group": "", "measure": "monetary", "cut_number": range(1, 3), "cut_point": cut_points})
    assert [row["bounds"] for row in bounds(cuts.assign(is_set=False))] == expected


def test_the_title_of_calibration_names_the_worst_task_and_the_direction(tables: Tables) -> None:
    today = tables["model_evaluations"].head(1).assign(split="today", evidence="better", is_baseline=False)
    tasks = ("predict a", "predict b")
    evaluations = pd.concat([today.assign(task=task, model="tree") for task in tasks])
    evaluations = pd.concat([evaluations, *(evaluations.assign(split="all origins", metric=gain) for gain in GAINS)])
    points = pd.DataFrame(
        {
            "task": [tasks[0], tasks[0], tasks[1]],
            "model": "tree",
            "measure": "confidence",
            "bin": [1, 2, 1],
            # a is off by 0.2 in both directions, b by 0.1 in one
            "predicted": [0.5, 0.9, 0.8],
            "observed": [0.7, 0.7, 0.7],
            "sample_size": [50, 50, 10],
        }
    )
    changed = tables | {"model_evaluations": evaluations, "prediction_calibration": points}
    title = "The model for b is too sure: its confidence is 80 % and it is right in 70 %; the others are nearer"
    assert blocks_of(changed)["calibration"].title == title


def test_the_report_counts_only_tasks_with_evidence(tables: Tables) -> None:
    """Tasks of which it is too early to say are named, and neither won nor lost; no other title speaks of them."""
    today = tables["model_evaluations"].head(1).assign(split="today", model="tree", metric="accuracy", value=0.5)
    figures = today.assign(split="all origins", note="n")
    # How much the model gained, on how many customers: b's lost, c's is ahead and e's behind on too few; no model of d
    # could be evaluated.
    gains = {
        "predict a at day 180": (0.1, 200, "better"), "predict b": (0.0, 200, "no better"),
        "predict d": (None, 0, "not evaluated"), "predict c at day 180": (0.1, 200, "may be chance"),
        "predict e": (-0.1, 199, "too few customers"),
    }  # fmt: skip
    rows = [
        today.assign(task=task, note="n", evidence=evidence, is_baseline=evidence != "better")
        for task, (_, _, evidence) in gains.items()
    ]
    rows += [figures.assign(task=task) for task in [*gains, "predict c at day 90"]]
    rows += [
        figures.assign(task=task, metric=metric, value=gain, sample_size=customers)
        for task, (gain, customers, _) in gains.items()
        for metric in GAINS
        if gain is not None
    ]
    # c was further off than a, and more often wrong: at any horizon.
    points = pd.DataFrame(
        {
            "task": ["predict a at day 180", "predict c at day 90", "predict c at day 180"],
            "model": "tree", "measure": "confidence", "bin": 1, "predicted": [0.8, 0.9, 0.9],
            "observed": [0.7, 0.1, 0.1], "sample_size": 13,
        }
    )  # fmt: skip
    confused = pd.DataFrame(
        [("predict a at day 180", "new", "lost", 1), ("predict c at day 90", "old", "new", 9)],
        columns=["task", "actual", "predicted", "sample_size"],
    ).assign(model="tree", share_of_actual=1.0)
    changed = tables | {
        "model_evaluations": pd.concat(rows), "prediction_calibration": points, "prediction_confusion": confused,
    }  # fmt: skip
    blocks = blocks_of(changed)
    assert blocks["evaluations"].title == (
        "Models beat the best baseline in 1 of 2 tasks; a baseline predicts b; too early to say: c at day 180, d and e"
    )
    assert blocks["calibration"].title.startswith("The model for a at day 180 is too sure")
    assert "the others" not in blocks["calibration"].title
    assert blocks["confusion"].title.startswith("The commonest mistake: “lost” was predicted and “new” observed")
    early = pd.concat([row for row in rows if row["task"].iloc[0][8] in "cde"])
    titles = {name: block.title for name, block in blocks_of(changed | {"model_evaluations": early}).items()}
    assert titles["evaluations"] == "Too early to say whether models beat their baselines: c at day 180, d and e"
    only = confused[confused["task"].str.contains(" c ")]
    block = blocks_of(changed | {"prediction_confusion": only})["confusion"]
    assert block.title == "What is confused with what"


def test_the_title_of_the_confusion_names_no_cluster_without_a_name(tables: Tables) -> None:
    rows = pd.DataFrame(
        [
            ("predict broad segment", "tree", "broad cluster 0", "broad cluster 1", 30, 1.0),
            ("predict rfm segment", "tree", "new", "lost", 10, 1.0),
        ],
        columns=["task", "model", "actual", "predicted", "sample_size", "share_of_actual"],
    )
    title = blocks_of(tables | {"prediction_confusion": rows})["confusion"].title
    assert title == "The commonest mistake: “lost” was predicted and “new” observed (10 times, rfm segment)"
    assert (
        blocks_of(tables | {"prediction_confusion": rows.head(1)})["confusion"].title
        == "0 % of the predictions are right"
    )


def test_predictions_that_could_not_be_evaluated_do_not_count_as_lost(tables: Tables) -> None:
    evaluations = tables["model_evaluations"]
    in_sample = evaluations[evaluations["task"].str.endswith("(in-sample)")]
    today = evaluations[evaluations["split"] == "today"].assign(
        is_baseline=True, model="majority", value=None, evidence="not evaluated"
    )
    origins = today.head(1).assign(split="all origins", metric="origins", value=0.0, note="30 days of history take 210")
    changed = tables | {"model_evaluations": pd.concat([in_sample, origins, today])}
    block = blocks_of(changed)["evaluations"]
    assert block.title == "No prediction could be evaluated yet: 30 days of history take 210"
    assert len(block.panels) == in_sample["task"].nunique()
