"""The rules that assign customers to segments, as sentences."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from shop_toolkit.report.charts import Block, Card, rows_of, table_of, without_chart
from shop_toolkit.report.colours import GREY
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked, ngettext, number_text, with_currency
from shop_toolkit.report.privacy import LEAST_CUSTOMERS
from shop_toolkit.report.segmentations import ordered
from shop_toolkit.report.words import count, percent, rough_money, sentence

RULES_SHOWN = 3
# The measures that customers are scored by.
MEASURES = {
    "recency_days": marked("Days since the last order"),
    "frequency": marked("Orders"),
    "monetary": marked("Spent"),
}
HEADINGS = {"broad": marked("Rules of the broad segments"), "detailed": marked("Rules of the detailed segments")}


def rules(segmentation: str, all_rules: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """The rules of a segmentation, the strongest of each segment on its card.

    Args:
        segmentation: broad or detailed.
        all_rules: segment_rules of the active version.
        segments: The mart of this name.
        colours: Colour by segment.
    """
    name = f"{segmentation}_rules"
    own = all_rules[all_rules["segmentation"] == segmentation]
    if own["segment"].nunique() < 2:
        problem = _("There is one segment, so no rule is needed: everyone is in it.")
        return without_chart(name, _(HEADINGS[segmentation]), problem)
    own = own.sort_values(["support", "rule_number"], ascending=[False, True])
    right = (own["confidence"] * own["support"]).sum() / max(own["support"].sum(), 1)
    cards = [
        card(segment, of_segment, colours.get(segment, GREY))
        for segment in ordered(segments, segmentation)["segment"]
        if len(of_segment := own[own["segment"] == segment])
    ]
    columns = {
        "rule_number": (_("rule"), "count"),
        "rule_text": (_("in words"), "text"),
        "segment": (_("segment"), "text"),
        "support": (_("customers of the fit"), "count"),
        "confidence": (_("confidence"), "share"),
    }
    return Block(
        name,
        title_of(segmentation, len(own), right),
        note=_("The rules of most customers. The table has all; together they cover every possible customer once."),
        cards=cards,
        table=table_of(own.sort_values("rule_number"), columns),
        segmentation=segmentation,
    )


def bounds_of_scores(cuts: pd.DataFrame) -> Block:
    """Which days, orders and amounts get which score; `cuts` is rfm_cut_points, as the report may show it."""
    name, heading = "cut_points", _("Bounds between the scores")
    own = cuts[cuts["measure"].isin(MEASURES)].sort_values(["score_group", "measure", "cut_number"])
    scores = [row for _key, part in own.groupby(["score_group", "measure"]) for row in bounds(part)]
    if not scores:
        return without_chart(name, heading, _("Nobody has scores yet, or so few have that bounds would show them."))
    whole = [row for row in scores if not row["score_group"]]
    countries = {"score_group": (_("country"), "text")} if len(whole) < len(scores) else {}
    columns = countries | {
        "measure": (_("measure"), "text"),
        "score": (_("score"), "count"),
        "bounds": (_("bounds"), "text"),
    }
    ordered_scores = sorted(
        scores, key=lambda row: (row["score_group"], list(MEASURES).index(row["key"]), -row["score"])
    )
    note = _(
        "Fixed when the rules were fitted, so that scores of different months can be compared. They are in the table"
        " rfm_cut_points; seeds/rfm_segments.csv says which scores have which RFM segment."
    )
    amounts = own.loc[own["measure"] == "monetary", "is_set"]
    # Where all amounts are withheld, no row is left that says whose they were.
    if amounts.empty or not amounts.all():
        # What single customers have spent.
        note += " " + _(
            "Amounts are rounded, and not shown around scores of fewer than {least} customers.", least=LEAST_CUSTOMERS
        )
    return Block(
        name,
        heading,
        note=note,
        cards=[
            Card(
                _(words),
                facts=[
                    [_("score {number}", number=row["score"]), row["bounds"]]
                    for row in sorted(whole, key=lambda row: -row["score"])
                    if row["key"] == key
                ],
            )
            for key, words in MEASURES.items()
            if any(row["key"] == key for row in whole)
        ],
        table=table_of(pd.DataFrame(ordered_scores), columns),
    )


def bounds(cuts: pd.DataFrame) -> list[dict[str, Any]]:
    """One row per score that a measure has, from the lowest bounds on; equal cut-points leave a score without any.

    Args:
        cuts: The cut-points of a measure, ascending; a value that equals one stays below it. Missing ones are withheld.
    """
    first, ends = rows_of(cuts)[0], cuts["cut_point"].astype(float).tolist()
    key, number = str(first["measure"]), len(ends) + 1
    # Days and orders are whole numbers: a bound between two of them is the lower one.
    if key != "monetary":
        ends = [math.floor(end) for end in ends]
    words: Callable[[float], str] = count
    if key == "monetary":
        words = amounts_as_set(ends) if first["is_set"] else amounts_apart(ends)
    rows = []
    for place, (low, high) in enumerate(zip([None, *ends], [*ends, None], strict=True)):
        if low is not None and high is not None and low >= high:
            continue
        if low != low or high != high:
            text = _("not shown")
        elif low is None:
            text = _("up to {high}", high=words(high))
        elif high is None:
            text = _("over {low}", low=words(low))
        elif key == "monetary":
            text = _("over {low} to {high}", low=words(low), high=words(high))
        elif low + 1 == high:
            text = words(high)
        else:
            text = _("{low} to {high}", low=words(low + 1), high=words(high))
        rows.append(
            {
                "score_group": first["score_group"],
                "key": key,
                "measure": _(MEASURES[key]),
                "score": number - place if key == "recency_days" else place + 1,
                "bounds": text,
            }
        )
    return rows


def amounts_apart(ends: list[float]) -> Callable[[float], str]:
    """How amounts are written: with as few digits as show that they differ, up to the hundredth."""
    known = {end for end in ends if not math.isnan(end)}
    digits = next((few for few in range(2) if len({rough_money(end, few) for end in known}) == len(known)), 2)
    return lambda end: rough_money(end, digits)


def amounts_as_set(ends: list[float]) -> Callable[[float], str]:
    """How amounts are written that the shop has set: as they are, in hundredths where one of them is no whole one."""
    digits = 0 if all(end == round(end) for end in ends) else 2
    return lambda end: with_currency(number_text(end, digits))


def title_of(segmentation: str, number: int, right: float) -> str:
    """How many rules there are, and how often they agree with the clustering.

    Args:
        segmentation: broad or detailed.
        number: How many there are.
        right: For which share of the customers they agree.
    """
    parts = {"count": count(number), "share": percent(right)}
    if segmentation == "broad":
        return ngettext(
            "{count} rule defines the broad segments and agrees with the clustering for {share} of the customers",
            "{count} rules define the broad segments and agree with the clustering for {share} of the customers",
            number,
            **parts,
        )
    return ngettext(
        "{count} rule defines the detailed segments and agrees with the clustering for {share} of the customers",
        "{count} rules define the detailed segments and agree with the clustering for {share} of the customers",
        number,
        **parts,
    )


def card(segment: str, own: pd.DataFrame, colour: str) -> Card:
    """The card of a segment: its strongest rules.

    Args:
        segment: Its name.
        own: Its rules, the strongest first.
        colour: Its colour.
    """
    covered = own["support"].head(RULES_SHOWN).sum() / max(own["support"].sum(), 1)
    texts = [[sentence(text.rsplit(" → ", 1)[0]), ""] for text in own["rule_text"].head(RULES_SHOWN)]
    lead = _("{share} of them by:", share=percent(covered)) if len(own) > RULES_SHOWN else ""
    return Card(sentence(segment), colour, lead=lead, texts=texts)
