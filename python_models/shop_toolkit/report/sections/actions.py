"""What to do? A card per segment: its profile, its strategy, its size, and whom to leave alone."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from shop_toolkit.report.charts import Block, Card, table_of, without_chart
from shop_toolkit.report.colours import segment_colours
from shop_toolkit.report.sections.customers import SEGMENTATIONS, ordered
from shop_toolkit.report.words import is_missing, money, percent, plural, sentence

STRATEGY = {"goal": "Goal", "action": "Action", "channel": "Channel", "measure_of_success": "Measure"}


def blocks(tables: Mapping[str, pd.DataFrame]) -> list[Block]:
    """The section's blocks: one per segmentation."""
    # A campaign of each segment; those without one have no size of it.
    segments = tables["segments"].merge(
        tables["rpt_audiences"], on=["segmentation", "segment"], how="left", validate="one_to_one"
    )
    colours = segment_colours(segments)
    return [cards(segmentation, words, segments, colours) for segmentation, words in SEGMENTATIONS.items()]


def cards(segmentation: str, words: str, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """The cards of a segmentation's segments, best first."""
    name, own = f"{segmentation}_cards", ordered(segments, segmentation)
    if own.empty:
        return without_chart(name, sentence(words), f"No customer is in one of the {words}.")
    worth = own.loc[own["revenue_share"].fillna(0).idxmax()]
    title = (
        f"{sentence(words)}: start with {worth['segment']}, who bring {percent(worth['revenue_share'])} of the money"
    )
    if is_missing(worth["revenue_share"]) or len(own) == 1:
        title = f"{sentence(words)}: {plural(len(own), 'segment')}"
    return Block(
        name,
        title,
        cards=[card(row, colours[row["segment"]]) for row in own.to_dict("records")],
        table=table_of(
            own,
            {
                "segment": ("segment", "text"),
                "size": ("customers", "count"),
                "share": ("share", "share"),
                "revenue": ("money", "money"),
                "revenue_share": ("share of the money", "share"),
                "median_recency_days": ("median days since the last order", "number"),
                "median_frequency": ("median orders", "number"),
                "median_monetary": ("median money", "money"),
                "customers_addressed": ("customers addressed", "count"),
                "customers_left_alone": ("left alone", "count"),
                "meaning": ("meaning", "text"),
                "distinguishing_traits": ("what sets it apart", "text"),
                "goal": ("goal", "text"),
                "action": ("action", "text"),
                "channel": ("channel", "text"),
                "measure_of_success": ("measure of success", "text"),
            },
        ),
    )


def card(row: Mapping[str, Any], colour: str) -> Card:
    """One segment."""
    facts = [
        [plural(row["size"], "customer"), percent(row["share"])],
        ["share of the money", percent(row["revenue_share"])],
        [
            "last order, median",
            "–" if is_missing(row["median_recency_days"]) else f"{row['median_recency_days']:,g} days ago",
        ],
        ["orders, median", "–" if is_missing(row["median_frequency"]) else f"{row['median_frequency']:g}"],
        ["spent, median", "–" if is_missing(row["median_monetary"]) else money(row["median_monetary"])],
    ]
    if not is_missing(row["customers_addressed"]):
        facts += [
            ["to address", plural(row["customers_addressed"], "customer")],
            ["left alone, to compare", plural(row["customers_left_alone"], "customer")],
        ]
    texts = [["Apart by", row["distinguishing_traits"]]] if not is_missing(row["distinguishing_traits"]) else []
    texts += [[heading, row[field]] for field, heading in STRATEGY.items()]
    return Card(sentence(row["segment"]), colour, lead=sentence(row["meaning"]), facts=facts, texts=texts)
