"""What to do? What campaigns brought, and a card per segment.

A card holds the segment's profile, its strategy, the size of its campaign and of the control group.
"""

from collections.abc import Mapping

import pandas as pd

from shop_toolkit.report.charts import Block, Card, Row, Tables, largest, rows_of, table_of, without_chart
from shop_toolkit.report.colours import segment_colours
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked, ngettext, number_text
from shop_toolkit.report.sections.campaigns import LEAST_COMPARED, campaign_results, planned_campaigns
from shop_toolkit.report.sections.lists import lists_of
from shop_toolkit.report.segmentations import ordered, segmentations_of
from shop_toolkit.report.words import count, customers, is_missing, money, percent, sentence

STRATEGY = {
    "goal": marked("Goal"),
    "action": marked("Action"),
    "channel": marked("Channel"),
    "measure_of_success": marked("Measure"),
}


def blocks(tables: Tables) -> list[Block]:
    """The section's blocks: what campaigns brought, and one per segmentation."""
    campaigns = tables["rpt_segments"][
        ["segmentation", "segment", "addressed_customer_count", "control_customer_count", "audience"]
    ]
    segments = tables["segments"].merge(campaigns, on=["segmentation", "segment"], how="left", validate="one_to_one")
    colours = segment_colours(segments)
    shown = segmentations_of(segments)
    files = {
        (row["segmentation"], row["segment"]): lists_of(
            row["audience"], _("Their list, without the control group"), tables
        )
        for row in rows_of(segments)
        if not is_missing(row["audience"])
    }
    all_cards = [cards(segmentation, words, segments, colours, files) for segmentation, words in shown.items()]
    last_day = pd.to_datetime(tables["rpt_findings"]["as_of_date"]).max()
    planned = planned_campaigns(tables["campaigns"], tables["campaign_results"], last_day)
    results = campaign_results(tables["campaign_results"], planned)
    # What is there to see comes first.
    return [*all_cards, results] if results.problem else [results, *all_cards]


def cards(
    segmentation: str,
    words: str,
    segments: pd.DataFrame,
    colours: Mapping[str, str],
    files: Mapping[tuple[str, str], list[list[str]]],
) -> Block:
    """The cards of a segmentation's segments, best first.

    Args:
        segmentation: rfm, broad, detailed or custom.
        words: The segmentation's name in a text.
        segments: One row per segmentation and segment, with the size of its campaign.
        colours: Colour by segment.
        files: Name and path of each list of a segment, by segmentation and segment.
    """
    name, own = f"{segmentation}_cards", ordered(segments, segmentation)
    if own.empty:
        problem = _("No customer is in one of these segments: {segments}.", segments=_(words))
        return without_chart(name, sentence(_(words)), problem)
    best = largest(own, own["revenue_share"].fillna(0))
    title = _(
        "{segments}: start with “{segment}”, who bring {share} of the revenue",
        segments=sentence(_(words)),
        segment=best["segment"],
        share=percent(best["revenue_share"]),
    )
    heading = sentence(_(words))
    if is_missing(best["revenue_share"]) or len(own) == 1:
        title = ngettext(
            "{segments}: {count} segment",
            "{segments}: {count} segments",
            len(own),
            segments=heading,
            count=count(len(own)),
        )
    columns = {
        "segment": (_("segment"), "text"),
        "size": (_("customers"), "count"),
        "share": (_("share"), "share"),
        "revenue": (_("revenue"), "money"),
        "revenue_share": (_("share of the revenue"), "share"),
        "median_recency_days": (_("median days since the last order"), "number"),
        "median_frequency": (_("median orders"), "number"),
        "median_monetary": (_("median spend"), "money"),
        "addressed_customer_count": (_("customers addressed"), "count"),
        "control_customer_count": (_("control group"), "count"),
        "meaning": (_("meaning"), "text"),
        "distinguishing_traits": (_("distinguishing traits"), "text"),
        "goal": (_("goal"), "text"),
        "action": (_("action"), "text"),
        "channel": (_("channel"), "text"),
        "measure_of_success": (_("measure of success"), "text"),
    }
    all_cards = [
        card(row, colours[row["segment"]], files.get((segmentation, row["segment"]), [])) for row in rows_of(own)
    ]
    notes = []
    if any(map(is_too_few, rows_of(own))):
        notes.append(
            _(
                "A campaign is measured where both groups have {least} customers or more. Where the control group has"
                " fewer, a larger control_share in its row of seeds/campaigns.csv helps, up to 0.5.",
                least=LEAST_COMPARED,
            )
        )
    if own["control_customer_count"].fillna(0).any():
        notes.append(
            _(
                "Each customer is held out of a segment's list by a draw of their own, as its members change from day"
                " to day: how many are is near the share, not equal to it. A campaign of a name of its own holds out"
                " exactly its share."
            )
        )
    return Block(
        name, title, note=" ".join(notes), cards=all_cards, table=table_of(own, columns), segmentation=segmentation
    )


def short(number: float) -> str:
    """A median, with a digit after the point where it has one."""
    return number_text(number, 0 if float(number).is_integer() else 1)


def days_ago(days: float) -> str:
    """How long ago the median of the last orders was."""
    if is_missing(days):
        return "–"
    return _("{days} days ago", days=short(days)) if days else _("today")


def is_too_few(row: Row) -> bool:
    """Whether a campaign to a segment, as `audiences` draws it, leaves too few in one of its groups to compare them."""
    groups = (row["addressed_customer_count"], row["control_customer_count"])
    return not is_missing(groups[0]) and min(groups) < LEAST_COMPARED


def control_words(row: Row) -> str:
    """How many customers of a segment are held out, and that nothing can be measured by so few."""
    number = count(row["control_customer_count"])
    return _("{number}, too few to measure", number=number) if is_too_few(row) else number


def card(row: Row, colour: str, files: list[list[str]]) -> Card:
    """The card of a segment.

    Args:
        row: Its row of the segments.
        colour: Its colour.
        files: Name and path of each of its lists.
    """
    facts = [
        [customers(row["size"]), percent(row["share"])],
        [_("share of the revenue"), percent(row["revenue_share"])],
        [_("last order, median"), days_ago(row["median_recency_days"])],
        [_("orders, median"), "–" if is_missing(row["median_frequency"]) else short(row["median_frequency"])],
        [_("spend, median"), "–" if is_missing(row["median_monetary"]) else money(row["median_monetary"])],
    ]
    if not is_missing(row["addressed_customer_count"]):
        facts += [
            [_("to address"), count(row["addressed_customer_count"])],
            [_("control group"), control_words(row)],
        ]
    # What distinguishes it is in its figures above, and in the table.
    meaning = str(row["meaning"]).split(_(": typically "))[0]
    texts = [[_(heading), row[field]] for field, heading in STRATEGY.items()]
    return Card(sentence(row["segment"]), colour, lead=sentence(meaning), facts=facts, texts=texts, files=files)
