"""The rules that assign customers to segments, as sentences."""

from collections.abc import Mapping

import pandas as pd

from shop_toolkit.report.charts import Block, Card, table_of, without_chart
from shop_toolkit.report.colours import GREY
from shop_toolkit.report.segmentations import SEGMENTATIONS, ordered
from shop_toolkit.report.words import percent, plural, sentence

RULES_SHOWN = 3


def rules(segmentation: str, all_rules: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """The rules of a segmentation, the strongest of each segment on its card.

    Args:
        segmentation: broad or detailed.
        all_rules: segment_rules of the active version.
        segments: The mart of this name.
        colours: Colour by segment.
    """
    name, words = f"{segmentation}_rules", SEGMENTATIONS[segmentation]
    own = all_rules[all_rules["segmentation"] == segmentation]
    if own["segment"].nunique() < 2:
        problem = "There is one segment, so no rule is needed: everyone is in it."
        return without_chart(name, f"Rules of the {words}", problem)
    own = own.sort_values(["support", "rule_number"], ascending=[False, True])
    right = (own["confidence"] * own["support"]).sum() / max(own["support"].sum(), 1)
    cards = [
        card(segment, of_segment, colours.get(segment, GREY))
        for segment in ordered(segments, segmentation)["segment"]
        if len(of_segment := own[own["segment"] == segment])
    ]
    columns = {
        "rule_number": ("rule", "count"),
        "rule_text": ("in words", "text"),
        "segment": ("segment", "text"),
        "support": ("customers of the fit", "count"),
        "confidence": ("confidence", "share"),
    }
    return Block(
        name,
        f"{plural(len(own), 'rule')} define the {words} and agree with the clustering for {percent(right)} of the"
        " customers",
        note="The rules of most customers. The table has all; together they cover every possible customer once.",
        cards=cards,
        table=table_of(own.sort_values("rule_number"), columns),
        segmentation=segmentation,
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
    lead = f"{percent(covered)} of them by:" if len(own) > RULES_SHOWN else ""
    return Card(sentence(segment), colour, lead=lead, texts=texts)
