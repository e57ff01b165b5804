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
from shop_toolkit.report.privacy import LEAST_CUSTOMERS, WITHHELD_NOTE
from shop_toolkit.report.sections.customer_map import customer_map
from shop_toolkit.report.sections.profiles import profiles
from shop_toolkit.report.sections.rules import rules
from shop_toolkit.report.segmentations import LEARNED, SEGMENTATIONS, ordered
from shop_toolkit.report.words import is_missing, percent, sentence


def blocks(tables: Tables) -> list[Block]:
    """The section's blocks."""
    segments = tables["segments"]
    colours = segment_colours(segments)
    return [
        sizes(segments, colours),
        customer_map(tables["rpt_map_cells"], tables["rpt_map_points"], segments, colours),
        *(profiles(segmentation, tables["rpt_segments"], segments, colours) for segmentation in LEARNED),
        scores(tables["rpt_score_cells"]),
    ]


def rules_of(tables: Tables) -> list[Block]:
    """The rules of the learned segmentations, which are technical."""
    segments = tables["segments"]
    colours = segment_colours(segments)
    return [rules(segmentation, tables["segment_rules"], segments, colours) for segmentation in LEARNED]


def scores(cells: pd.DataFrame) -> Block:
    """Customers and their revenue by recency and frequency score; `cells` is rpt_score_cells."""
    name = "score_cells"
    total = cells["customer_count"].sum() if len(cells) else 0
    if not total:
        return without_chart(name, "Customers by score", "Nobody has scores: no customer has a net order.")
    cells = cells.assign(share=cells["customer_count"] / total)
    recencies, frequencies = (sorted(set(cells[f"{measure}_score"].tolist())) for measure in ("recency", "frequency"))
    panels = []
    for field, words in (("share", "customers"), ("revenue_share", "revenue")):
        matrix = pivot(cells, "frequency_score", "recency_score", field, frequencies, recencies)
        hover = "recency %{x}, frequency %{y}: %{z:.1%} of the " + words
        layout = {
            "xaxis": axis(f"recency score ({recencies[-1]}: most recent)", dtick=1, showgrid=False),
            "yaxis": axis(f"frequency score ({frequencies[-1]}: most often)", dtick=1, showgrid=False),
        }
        panels.append(
            Panel([heat_map(recencies, frequencies, matrix, percents(matrix), hover)], layout, 330, f"% of the {words}")
        )
    note = (
        "Scores are fifths of the customers of the baseline date, or what rfm_cut_points says, with frozen cut-points;"
        " equal values score equally."
    )
    columns = {
        "recency_score": ("recency score", "count"),
        "frequency_score": ("frequency score", "count"),
        "customer_count": ("customers", "count"),
        "share": ("share", "share"),
        "revenue": ("revenue", "money"),
        "revenue_share": ("share of the revenue", "share"),
    }
    return Block(
        name,
        best_scores(cells),
        note=f"{note} {WITHHELD_NOTE}" if cells["revenue"].isna().any() else note,
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
    words = f"scores {cell['recency_score']:.0f} and {cell['frequency_score']:.0f}"
    is_best = (cell["recency_score"], cell["frequency_score"]) == tuple(top)
    who = f"the most recent and most frequent ({words})" if is_best else f"those with {words}"
    if is_missing(cell["revenue_share"]):
        return f"{percent(cell['share'])} of the customers are {who}"
    return f"{percent(cell['share'])} of the customers, {who}, bring {percent(cell['revenue_share'])} of the revenue"


def sizes(segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """Share of the customers beside share of the revenue, of each segment.

    Args:
        segments: The mart of this name.
        colours: Colour by segment.
    """
    name = "segment_sizes"
    held = segments[segments["size"] > 0]
    if held.empty:
        return without_chart(name, "Segments and their revenue", "There are no customers, so no segment has any.")
    panels = []
    for segmentation, words in SEGMENTATIONS.items():
        own = ordered(segments, segmentation)
        if own.empty:
            continue
        ends = column(own, "share"), column(own, "revenue_share")
        figure = dumbbells(column(own, "segment"), *ends, [colours[segment] for segment in own["segment"]])
        layout = {"xaxis": shares_axis(*ends), "yaxis": names_axis(names=named_short(own["segment"], 26))}
        panels.append(Panel(figure, layout, rows_height(len(own)), sentence(words), segmentation))
    columns = {
        "segmentation": ("segmentation", "text"),
        "segment": ("segment", "text"),
        "size": ("customers", "count"),
        "share": ("share", "share"),
        "revenue": ("revenue", "money"),
        "revenue_share": ("share of the revenue", "share"),
    }
    return Block(
        name,
        best_segment(held),
        panels=panels,
        panel_width="middle",
        legend=[["share of the customers", MUTED, "○"], ["share of the revenue", MUTED, "●"]],
        table=table_of(held.sort_values(["segmentation", "display_order"]), columns),
    )


def best_segment(held: pd.DataFrame) -> str:
    """The title: the segment whose share of the revenue exceeds its share of the customers most."""
    learned = held[held["segmentation"] == "broad"] if (held["segmentation"] == "broad").any() else held
    best: Row = largest(learned, (learned["revenue_share"] - learned["share"]).fillna(0))
    if len(learned) == 1:
        return f"All customers are one segment, {best['segment']}: there is nothing to compare"
    if is_missing(best["revenue_share"]):
        return "Segments and their customers"
    return (
        f"{sentence(best['segment'])} are {percent(best['share'])} of the customers"
        f" and bring {percent(best['revenue_share'])} of the revenue"
    )
