"""The report's tabs, by reader, in reading order. A new one is a module here and a line in `SECTIONS`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shop_toolkit.report.charts import Block, Tables
from shop_toolkit.report.data_texts import localised
from shop_toolkit.report.language import gettext, marked
from shop_toolkit.report.privacy import guarded
from shop_toolkit.report.sections import (
    actions,
    choice,
    cleanliness,
    customers,
    first,
    interests,
    movement,
    predictions,
    sales,
)
from shop_toolkit.report.sections.lists import with_audiences


@dataclass(frozen=True)
class Section:
    """A tab: a question and its answer.

    Attributes:
        name: Id in the page.
        tab: Its name in the navigation.
        question: The heading.
        answer_of: Return blocks from the tables; one after the other they are the tab.
    """

    name: str
    tab: str
    question: str
    answer_of: tuple[Callable[[Tables], list[Block]], ...]


SECTIONS = (
    Section("overview", marked("Overview"), marked("What happened, and what to do?"), (first.blocks, sales.blocks)),
    Section("customers", marked("Customers"), marked("Who are our customers?"), (customers.blocks,)),
    Section("products", marked("Products"), marked("What do they want?"), (interests.blocks,)),
    Section("movement", marked("Movement"), marked("Who is moving?"), (movement.blocks,)),
    Section("campaigns", marked("Campaigns"), marked("Whom to address, and how?"), (actions.blocks,)),
    Section("data", marked("Data quality"), marked("How clean is the data?"), (cleanliness.blocks,)),
    Section(
        "models",
        marked("Models"),
        marked("How were the segments chosen, and how good are the predictions?"),
        (choice.blocks, customers.rules_of, predictions.blocks, movement.technical_blocks),
    ),
)

HALF: dict[str, Any] = {"width": "half"}
FOLDED: dict[str, Any] = {"is_folded": True}
PRINTED: dict[str, Any] = {"is_printed": True}
# Where a block stands in its tab, and which terms it uses; others take a whole row.
PLACES: dict[str, dict[str, Any]] = {
    "key_figures": PRINTED | {"terms": ["net revenue"]},
    "findings": PRINTED | {"terms": ["overdue", "expected loss"]},
    "actions": PRINTED | {"terms": ["control group", "expected loss"]},
    "sales_by_month": HALF | PRINTED,
    "sales_by_weekday_and_hour": HALF | PRINTED,
    "sales_by_country": HALF | PRINTED,
    "cohorts": HALF | PRINTED | {"terms": ["cohort"]},
    "segment_sizes": HALF | PRINTED | {"terms": ["segment"]},
    "map": {"width": "half tall", "terms": ["map of customers"]},
    "score_cells": PRINTED | {"terms": ["recency", "frequency", "score"]},
    "broad_profiles": HALF | {"terms": ["rank"]},
    "detailed_profiles": HALF | {"terms": ["rank"]},
    "rfm_profiles": HALF | {"terms": ["rank"]},
    "custom_profiles": HALF | {"terms": ["rank"]},
    "broad_rules": FOLDED | {"terms": ["rule", "confidence"]},
    "detailed_rules": FOLDED | {"terms": ["rule", "confidence"]},
    "cut_points": FOLDED | {"terms": ["score", "recency", "frequency"]},
    "silhouettes": FOLDED | {"terms": ["silhouette", "clustering"]},
    "stabilities": FOLDED | {"terms": ["minimum Jaccard", "clustering"]},
    "choices": PRINTED | {"terms": ["silhouette", "minimum Jaccard"]},
    "categories": PRINTED,
    "interest_groups": HALF | PRINTED | {"terms": ["interest group"]},
    "interests_by_segment": HALF,
    "segment_flows": PRINTED,
    "stay_rates": HALF,
    "change_causes": HALF | {"terms": ["cause"]},
    "alerts": PRINTED | {"terms": ["overdue", "spent so far", "expected loss"]},
    "alert_backtest": FOLDED | PRINTED | {"terms": ["backtest"]},
    "drift": FOLDED | PRINTED | {"terms": ["population stability index"]},
    "cleaning_rows": HALF | PRINTED,
    "cleaning_money": HALF | PRINTED | {"terms": ["net revenue"]},
    "models_in_use": {"terms": ["baseline"]},
    "evaluations": FOLDED | PRINTED | {"terms": ["baseline", "RMSE", "in-sample"]},
    "calibration": FOLDED | {"terms": ["calibration"]},
    "confusion": FOLDED | {"terms": ["confusion"]},
    "campaign_results": {"terms": ["control group"]},
    "broad_cards": PRINTED | {"terms": ["control group"]},
    "detailed_cards": PRINTED | {"terms": ["control group"]},
    "rfm_cards": PRINTED | {"terms": ["control group"]},
    "custom_cards": PRINTED | {"terms": ["control group"]},
}


def answers(tables: Tables, sections: Sequence[Section] = SECTIONS) -> list[tuple[Section, list[Block]]]:
    """Each tab with its blocks, from tables that reveal no single customer; texts in the current language.

    Args:
        tables: All tables of the report, by name.
        sections: The tabs to answer; all of them where none are named.
    """
    shown = localised(with_audiences(guarded(tables)))
    return [
        (
            replace(section, tab=gettext(section.tab), question=gettext(section.question)),
            [replace(block, **PLACES.get(block.name, {})) for part in section.answer_of for block in part(shown)],
        )
        for section in sections
    ]
