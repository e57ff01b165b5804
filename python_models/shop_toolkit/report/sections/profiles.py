"""How each segment ranks among all customers by recency, frequency and monetary."""

from collections.abc import Mapping, Sequence

import pandas as pd

from shop_toolkit.report.charts import MUTED, Block, Panel, largest, rows_of, table_of, without_chart
from shop_toolkit.report.privacy import LEAST_CUSTOMERS
from shop_toolkit.report.segmentations import SEGMENTATIONS, ordered
from shop_toolkit.report.words import count, percent, sentence

PROFILE = {"recency_rank": "recent", "frequency_rank": "often", "monetary_rank": "much"}


def profiles(segmentation: str, ranks: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """A radar chart per segment.

    Args:
        segmentation: broad or detailed.
        ranks: rpt_segments.
        segments: The mart of this name.
        colours: Colour by segment.
    """
    name, heading = f"{segmentation}_profiles", f"Profiles of the {SEGMENTATIONS[segmentation]}"
    known = ranks[(ranks["segmentation"] == segmentation) & (ranks["customer_count"] > 0)]
    own = ordered(segments, segmentation)[["segment", "display_order"]].merge(known, on="segment")
    if own.empty:
        return without_chart(name, heading, "No customer has a net order, so there is nothing to profile.")
    if len(own) == 1:
        return without_chart(name, heading, "All customers are one segment: there is nothing to compare.")
    own = own[own["customer_count"] >= LEAST_CUSTOMERS].sort_values("display_order")
    if len(own) < 2:
        problem = f"No two of them have {LEAST_CUSTOMERS} customers; profiles of fewer are not shown."
        return without_chart(name, heading, problem)
    panels = [
        radar(
            [float(row[field]) for field in PROFILE],
            colours[row["segment"]],
            f"{sentence(row['segment'])} ({count(row['customer_count'])})",
        )
        for row in rows_of(own)
    ]
    spent = own["monetary_rank"].astype(float)
    best, least = largest(own, spent), largest(own, -spent)
    return Block(
        name,
        f"{sentence(best['segment'])} outspend {percent(float(best['monetary_rank']))} of all customers,"
        f" {least['segment']} {percent(float(least['monetary_rank']))}",
        note="How recently, how often and how much they buy: mean rank among all customers, from 0 % (middle) to 100 %"
        " (rim). Dotted: 50 %.",
        panels=panels,
        panel_width="narrow",
        segmentation=segmentation,
        table=table_of(
            own,
            {"segment": ("segment", "text"), "customer_count": ("customers", "count")}
            | {field: (f"{spoke}, rank", "share") for field, spoke in PROFILE.items()},
        ),
    )


def radar(ranks: Sequence[float], colour: str, title: str) -> Panel:
    """One segment's radar chart.

    Args:
        ranks: Mean percent ranks, 0 to 1, in the order of `PROFILE`.
        colour: The segment's colour.
        title: Heading of the figure.
    """
    spokes = [*PROFILE.values(), next(iter(PROFILE.values()))]
    middle = {
        "type": "scatterpolar",
        "mode": "lines",
        "r": [0.5] * len(spokes),
        "theta": spokes,
        "hoverinfo": "skip",
        "line": {"color": MUTED, "width": 1, "dash": "dot"},
    }
    own = {
        "type": "scatterpolar",
        "mode": "lines",
        "r": [*ranks, ranks[0]],
        "theta": spokes,
        "fill": "toself",
        "line": {"color": colour, "width": 2},
        "hovertemplate": "%{theta}: above %{r:.0%} of all<extra></extra>",
    }
    polar = {"radialaxis": {"range": [0, 1], "showticklabels": False, "dtick": 0.5}, "angularaxis": {"rotation": 90}}
    layout = {"polar": polar, "margin": {"t": 26, "b": 8, "l": 34, "r": 34}}
    return Panel([middle, own], layout, 180, title)
