"""The rules that assign customers to segments, as sentences."""

from collections.abc import Mapping

import pandas as pd

from shop_toolkit.report.charts import Block, Card, table_of, without_chart
from shop_toolkit.report.colours import GREY
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked, ngettext
from shop_toolkit.report.segmentations import ordered
from shop_toolkit.report.words import count, percent, sentence

RULES_SHOWN = 3
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
