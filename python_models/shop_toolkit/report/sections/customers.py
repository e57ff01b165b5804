"""Who are our customers? Scores, segments beside their revenue, profiles, the map and the rules."""

from collections.abc import Mapping

import pandas as pd

from shop_toolkit.report.charts import (
    MUTED,
    Block,
    Panel,
    Row,
    Tables,
    axis,
    column,
    dumbbells,
    heat_map,
    largest,
    named_short,
    names_axis,
    percents,
    pivot,
    rows_height,
    shares_axis,
    table_of,
    without_chart,
)  # fmt: skip
from shop_toolkit.report.colours import segment_colours
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked
from shop_toolkit.report.privacy import LEAST_CUSTOMERS, withheld_note
from shop_toolkit.report.sections.customer_map import customer_map
from shop_toolkit.report.sections.profiles import profiles
from shop_toolkit.report.sections.rules import bounds_of_scores, rules
from shop_toolkit.report.segmentations import LEARNED, SEGMENTATIONS, ordered, segmentations_of, segments_named, titled
from shop_toolkit.report.words import is_missing, percent

# By measure of a score cell its text on hover and its heading.
SCORE_MAPS = {
    "share": (
        marked("recency {recency}, frequency {frequency}: {share} of the customers"),
        marked("% of the customers"),
    ),
    "revenue_share": (
        marked("recency {recency}, frequency {frequency}: {share} of the revenue"),
        marked("% of the revenue"),
    ),
}


def blocks(tables: Tables) -> list[Block]:
    """The section's blocks."""
    segments = tables["segments"]
    colours = segment_colours(segments)
    return [
        sizes(segments, colours),
        customer_map(tables["rpt_map_cells"], tables["rpt_map_points"], segments, colours),
        *(
            profiles(segmentation, tables["rpt_segments"], segments, colours)
            for segmentation in segmentations_of(segments)
        ),
        scores(tables["rpt_score_cells"]),
    ]


def rules_of(tables: Tables) -> list[Block]:
    """The rules of the learned segmentations, which are technical."""
    segments = tables["segments"]
    colours = segment_colours(segments)
    return [
        *(rules(segmentation, tables["segment_rules"], segments, colours) for segmentation in LEARNED),
        bounds_of_scores(tables["rfm_cut_points"]),
    ]


def scores(cells: pd.DataFrame) -> Block:
    """Customers and their revenue by recency and frequency score; `cells` is rpt_score_cells."""
    name = "score_cells"
    total = cells["customer_count"].sum() if len(cells) else 0
    if not total:
        return without_chart(name, _("Customers by score"), _("Nobody has scores: no customer has a net order."))
    cells = cells.assign(share=cells["customer_count"] / total)
    recencies, frequencies = (sorted(set(cells[f"{measure}_score"].tolist())) for measure in ("recency", "frequency"))
    panels = []
    for field, (hover, heading) in SCORE_MAPS.items():
        matrix = pivot(cells, "frequency_score", "recency_score", field, frequencies, recencies)
        words = _(hover, recency="%{x}", frequency="%{y}", share="%{z:.1%}")
        layout = {
            "xaxis": axis(_("recency score ({best}: most recent)", best=recencies[-1]), dtick=1, showgrid=False),
            "yaxis": axis(_("frequency score ({best}: most often)", best=frequencies[-1]), dtick=1, showgrid=False),
        }
        figure = heat_map(recencies, frequencies, matrix, percents(matrix), words)
        panels.append(Panel([figure], layout, 330, _(heading)))
    note = _(
        "Scores are fifths of the customers of the baseline date, or what rfm_cut_points says, with frozen cut-points;"
        " equal values score equally."
    )
    columns = {
        "recency_score": (_("recency score"), "count"),
        "frequency_score": (_("frequency score"), "count"),
        "customer_count": (_("customers"), "count"),
        "share": (_("share"), "share"),
        "revenue": (_("revenue"), "money"),
        "revenue_share": (_("share of the revenue"), "share"),
    }
    return Block(
        name,
        best_scores(cells),
        note=f"{note} {withheld_note()}" if cells["revenue"].isna().any() else note,
        panels=panels,
        panel_width="middle",
        table=table_of(cells.sort_values(["recency_score", "frequency_score"]), columns),
    )


def best_scores(cells: pd.DataFrame) -> str:
    """The title: the share of the best customers, or of the commonest scores where these are too few."""
    top = cells[["recency_score", "frequency_score"]].max()
    best = cells[(cells["recency_score"] == top.iloc[0]) & (cells["frequency_score"] == top.iloc[1])]
    is_best = best["customer_count"].sum() >= LEAST_CUSTOMERS
    cell = largest(best, best["customer_count"]) if is_best else largest(cells, cells["customer_count"])
    scores = {"recency": f"{cell['recency_score']:.0f}", "frequency": f"{cell['frequency_score']:.0f}"}
    is_best = (cell["recency_score"], cell["frequency_score"]) == tuple(top)
    if is_best:
        who = _("the most recent and most frequent (scores {recency} and {frequency})", **scores)
    else:
        who = _("those with scores {recency} and {frequency}", **scores)
    share = percent(cell["share"])
    if is_missing(cell["revenue_share"]):
        return _("{share} of the customers are {who}", share=share, who=who)
    return _(
        "{share} of the customers, {who}, bring {revenue_share} of the revenue",
        share=share,
        who=who,
        revenue_share=percent(cell["revenue_share"]),
    )


def sizes(segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """Share of the customers beside share of the revenue, of each segment.

    Args:
        segments: The mart of this name.
        colours: Colour by segment.
    """
    name = "segment_sizes"
    held = segments[segments["size"] > 0]
    if held.empty:
        problem = _("There are no customers, so no segment has any.")
        return without_chart(name, _("Segments and their revenue"), problem)
    panels, titles = [], {}
    for segmentation in SEGMENTATIONS:
        own = ordered(segments, segmentation)
        if own.empty:
            continue
        titles[segmentation] = best_segment(own)
        ends = column(own, "share"), column(own, "revenue_share")
        figure = dumbbells(column(own, "segment"), *ends, [colours[segment] for segment in own["segment"]])
        layout = {"xaxis": shares_axis(*ends), "yaxis": names_axis(names=named_short(own["segment"], 26))}
        panels.append(Panel(figure, layout, rows_height(len(own)), segments_named(segmentation), segmentation))
    columns = {
        "segmentation": (_("segmentation"), "word"),
        "segment": (_("segment"), "text"),
        "size": (_("customers"), "count"),
        "share": (_("share"), "share"),
        "revenue": (_("revenue"), "money"),
        "revenue_share": (_("share of the revenue"), "share"),
    }
    return Block(
        name,
        next(iter(titles.values())),
        titles=titles,
        panels=panels,
        panel_width="middle",
        legend=[[_("share of the customers"), MUTED, "○"], [_("share of the revenue"), MUTED, "●"]],
        table=table_of(held.sort_values(["segmentation", "display_order"]), columns),
    )


def best_segment(own: pd.DataFrame) -> str:
    """The title: the segment whose share of the revenue exceeds its share of the customers most.

    Args:
        own: The segments of a segmentation that have customers.
    """
    best: Row = largest(own, (own["revenue_share"] - own["share"]).fillna(0))
    if len(own) == 1:
        return _("All customers are one segment, “{segment}”: there is nothing to compare", segment=best["segment"])
    if is_missing(best["revenue_share"]):
        return _("Segments and their customers")
    words = _(
        "“{segment}” are {share} of the customers and bring {revenue_share} of the revenue",
        segment=best["segment"],
        share=percent(best["share"]),
        revenue_share=percent(best["revenue_share"]),
    )
    return titled(best["segmentation"], words)
