"""How each segment ranks among all customers by recency, frequency and monetary."""

from collections.abc import Mapping, Sequence

import pandas as pd

from shop_toolkit.report.charts import MUTED, Block, Panel, largest, rows_of, table_of, without_chart
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked
from shop_toolkit.report.privacy import LEAST_CUSTOMERS
from shop_toolkit.report.segmentations import SEGMENTATIONS, ordered, titled
from shop_toolkit.report.words import count, percent, sentence

PROFILE = {"recency_rank": marked("recent"), "frequency_rank": marked("often"), "monetary_rank": marked("much")}


def profiles(segmentation: str, ranks: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """A radar chart per segment.

    Args:
        segmentation: rfm, broad, detailed or custom.
        ranks: rpt_segments.
        segments: The mart of this name.
        colours: Colour by segment.
    """
    name = f"{segmentation}_profiles"
    heading = _("Profiles: {segments}", segments=_(SEGMENTATIONS[segmentation]))
    known = ranks[(ranks["segmentation"] == segmentation) & (ranks["customer_count"] > 0)]
    own = ordered(segments, segmentation)[["segment", "display_order"]].merge(known, on="segment")
    if own.empty:
        return without_chart(name, heading, _("No customer has a net order, so there is nothing to profile."))
    if len(own) == 1:
        return without_chart(name, heading, _("All customers are one segment: there is nothing to compare."))
    own = own[own["customer_count"] >= LEAST_CUSTOMERS].sort_values("display_order")
    if len(own) < 2:
        problem = _("No two of them have {least} customers; profiles of fewer are not shown.", least=LEAST_CUSTOMERS)
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
        titled(
            segmentation,
            _(
                "“{best}” outspend {best_share} of all customers, “{least}” {least_share}",
                best=best["segment"],
                best_share=percent(float(best["monetary_rank"])),
                least=least["segment"],
                least_share=percent(float(least["monetary_rank"])),
            ),
        ),
        note=_(
            "How recently, how often and how much they buy: mean rank among all customers, from 0 % (middle) to 100 %"
            " (rim). Dotted: 50 %."
        ),
        panels=panels,
        panel_width="narrow",
        segmentation=segmentation,
        table=table_of(
            own,
            {"segment": (_("segment"), "text"), "customer_count": (_("customers"), "count")}
            | {field: (_("{measure}, rank", measure=_(spoke)), "share") for field, spoke in PROFILE.items()},
        ),
    )


def radar(ranks: Sequence[float], colour: str, title: str) -> Panel:
    """One segment's radar chart.

    Args:
        ranks: Mean percent ranks, 0 to 1, in the order of `PROFILE`.
        colour: The segment's colour.
        title: Heading of the figure.
    """
    spokes = [_(words) for words in PROFILE.values()]
    spokes.append(spokes[0])
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
        "hovertemplate": _("{measure}: above {share} of all", measure="%{theta}", share="%{r:.0%}") + "<extra></extra>",
    }
    polar = {"radialaxis": {"range": [0, 1], "showticklabels": False, "dtick": 0.5}, "angularaxis": {"rotation": 90}}
    layout = {"polar": polar, "margin": {"t": 26, "b": 8, "l": 34, "r": 34}}
    return Panel([middle, own], layout, 180, title)
