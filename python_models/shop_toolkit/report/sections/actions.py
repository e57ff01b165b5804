"""What to do? What campaigns brought, and a card per segment.

A card holds the segment's profile, its strategy, the size of its campaign and of the control group.
"""

from collections.abc import Mapping

import pandas as pd

from shop_toolkit.report.charts import Block, Card, Row, Tables, largest, rows_of, table_of, without_chart
from shop_toolkit.report.colours import segment_colours
from shop_toolkit.report.sections.campaigns import campaign_results
from shop_toolkit.report.segmentations import ordered, segmentations_of
from shop_toolkit.report.words import is_missing, money, percent, plural, sentence

STRATEGY = {"goal": "Goal", "action": "Action", "channel": "Channel", "measure_of_success": "Measure"}


def blocks(tables: Tables) -> list[Block]:
    """The section's blocks: what campaigns brought, and one per segmentation."""
    campaigns = tables["rpt_segments"][
        ["segmentation", "segment", "addressed_customer_count", "control_customer_count"]
    ]
    segments = tables["segments"].merge(campaigns, on=["segmentation", "segment"], how="left", validate="one_to_one")
    colours = segment_colours(segments)
    shown = segmentations_of(segments)
    all_cards = [cards(segmentation, words, segments, colours) for segmentation, words in shown.items()]
    results = campaign_results(tables["campaign_results"])
    # What is there to see comes first.
    return [*all_cards, results] if results.problem else [results, *all_cards]


def cards(segmentation: str, words: str, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """The cards of a segmentation's segments, best first.

    Args:
        segmentation: rfm, broad, detailed or custom.
        words: The segmentation's name in a text.
        segments: One row per segmentation and segment, with the size of its campaign.
        colours: Colour by segment.
    """
    name, own = f"{segmentation}_cards", ordered(segments, segmentation)
    if own.empty:
        return without_chart(name, sentence(words), f"No customer is in one of the {words}.")
    best = largest(own, own["revenue_share"].fillna(0))
    title = (
        f"{sentence(words)}: start with {best['segment']}, who bring {percent(best['revenue_share'])} of the revenue"
    )
    if is_missing(best["revenue_share"]) or len(own) == 1:
        title = f"{sentence(words)}: {plural(len(own), 'segment')}"
    columns = {
        "segment": ("segment", "text"),
        "size": ("customers", "count"),
        "share": ("share", "share"),
        "revenue": ("revenue", "money"),
        "revenue_share": ("share of the revenue", "share"),
        "median_recency_days": ("median days since the last order", "number"),
        "median_frequency": ("median orders", "number"),
        "median_monetary": ("median spend", "money"),
        "addressed_customer_count": ("customers addressed", "count"),
        "control_customer_count": ("control group", "count"),
        "meaning": ("meaning", "text"),
        "distinguishing_traits": ("distinguishing traits", "text"),
        "goal": ("goal", "text"),
        "action": ("action", "text"),
        "channel": ("channel", "text"),
        "measure_of_success": ("measure of success", "text"),
    }
    all_cards = [card(row, colours[row["segment"]]) for row in rows_of(own)]
    return Block(name, title, cards=all_cards, table=table_of(own, columns), segmentation=segmentation)


def card(row: Row, colour: str) -> Card:
    """The card of a segment: `row` is its row of the segments, `colour` its colour."""
    facts = [
        [plural(row["size"], "customer"), percent(row["share"])],
        ["share of the revenue", percent(row["revenue_share"])],
        [
            "last order, median",
            "–" if is_missing(row["median_recency_days"]) else f"{row['median_recency_days']:,g} days ago",
        ],
        ["orders, median", "–" if is_missing(row["median_frequency"]) else f"{row['median_frequency']:g}"],
        ["spend, median", "–" if is_missing(row["median_monetary"]) else money(row["median_monetary"])],
    ]
    if not is_missing(row["addressed_customer_count"]):
        facts += [
            ["to address", plural(row["addressed_customer_count"], "customer")],
            ["control group", plural(row["control_customer_count"], "customer")],
        ]
    # What distinguishes it is in its figures above, and in the table.
    meaning = str(row["meaning"]).split(": typically ")[0]
    texts = [[heading, row[field]] for field, heading in STRATEGY.items()]
    return Card(sentence(row["segment"]), colour, lead=sentence(meaning), facts=facts, texts=texts)
