"""Who are our customers? Scores, segments beside their money, profiles, the map and the rules."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from shop_toolkit.report.charts import (
    MUTED,
    Block,
    Card,
    Panel,
    axis,
    column,
    dumbbells,
    heat_map,
    named_short,
    names_axis,
    percents,
    pivot,
    rows_height,
    shares_axis,
    table_of,
    without_chart,
)  # fmt: skip
from shop_toolkit.report.colours import GREY, segment_colours
from shop_toolkit.report.privacy import LEAST_CUSTOMERS
from shop_toolkit.report.words import count, is_missing, label, percent, plural, sentence

SEGMENTATIONS = {"broad": "broad segments", "detailed": "detailed segments", "rfm": "RFM segments"}
PROFILE = {"recency_rank": "recent", "frequency_rank": "often", "monetary_rank": "much"}
RULES_TOLD = 3


def blocks(tables: Mapping[str, pd.DataFrame]) -> list[Block]:
    """The section's blocks."""
    segments, profiles = tables["segments"], tables["rpt_segment_profiles"]
    colours = segment_colours(segments)
    return [
        scores(tables["rpt_score_cells"]),
        sizes(segments, colours),
        radar("broad", profiles, segments, colours),
        radar("detailed", profiles, segments, colours),
        embedding(tables["rpt_map_cells"], tables["rpt_map_points"], segments, colours),
        rules("broad", tables["segment_rules"], segments, colours),
        rules("detailed", tables["segment_rules"], segments, colours),
    ]


def scores(cells: pd.DataFrame) -> Block:
    """Customers and their money by recency and frequency score."""
    name = "score_cells"
    total = cells["customers"].sum() if len(cells) else 0
    if not total:
        return without_chart(name, "Customers by score", "Nobody has scores: no customer kept an order.")
    cells = cells.assign(share=cells["customers"] / total)
    best = cells[(cells["recency_score"] == 5) & (cells["frequency_score"] == 5)]
    told = best.iloc[0] if best["customers"].sum() >= LEAST_CUSTOMERS else cells.loc[cells["customers"].idxmax()]
    scores_told = f"scores {told['recency_score']:.0f} and {told['frequency_score']:.0f}"
    is_best = told["recency_score"] == told["frequency_score"] == 5
    who = f"the most recent and most frequent ({scores_told})" if is_best else f"those with {scores_told}"
    title = f"{percent(told['share'])} of the customers, {who}, bring {percent(told['revenue_share'])} of the money"
    if is_missing(told["revenue_share"]):
        title = f"{percent(told['share'])} of the customers are {who}"
    grades, panels = [1, 2, 3, 4, 5], []
    for field, words in (("share", "customers"), ("revenue_share", "money")):
        matrix = pivot(cells, "frequency_score", "recency_score", field, grades, grades)
        figure = heat_map(
            grades, grades, matrix, percents(matrix), "recency %{x}, frequency %{y}: %{z:.1%} of the " + words
        )
        layout = {
            "xaxis": axis("recency score (5: most recent)", dtick=1, showgrid=False),
            "yaxis": axis("frequency score (5: most often)", dtick=1, showgrid=False),
        }
        panels.append(Panel([figure], layout, 330, f"% of the {words}"))
    return Block(
        name,
        title,
        note="Scores are fifths of the customers of the baseline date, with frozen limits; equal values score equally."
        + (f" Money of fewer than {LEAST_CUSTOMERS} customers is not told." if cells["revenue"].isna().any() else ""),
        panels=panels,
        panel_width="middle",
        table=table_of(
            cells.sort_values(["recency_score", "frequency_score"]),
            {
                "recency_score": ("recency score", "count"),
                "frequency_score": ("frequency score", "count"),
                "customers": ("customers", "count"),
                "share": ("share", "share"),
                "revenue": ("money", "money"),
                "revenue_share": ("share of the money", "share"),
            },
        ),
    )


def ordered(segments: pd.DataFrame, segmentation: str) -> pd.DataFrame:
    """The segments of a segmentation that hold somebody, best first."""
    own = segments[(segments["segmentation"] == segmentation) & (segments["size"] > 0)]
    return own.sort_values("display_order")


def sizes(segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """Shares of customers beside shares of money."""
    name = "segment_sizes"
    held = segments[segments["size"] > 0]
    if held.empty:
        return without_chart(name, "Segments and their money", "There are no customers, so no segment holds anybody.")
    panels = []
    for segmentation, words in SEGMENTATIONS.items():
        own = ordered(segments, segmentation)
        if own.empty:
            continue
        marks = [colours[segment] for segment in own["segment"]]
        ends = column(own, "share"), column(own, "revenue_share")
        figure = dumbbells(column(own, "segment"), *ends, marks)
        layout = {"xaxis": shares_axis(*ends), "yaxis": names_axis(names=named_short(own["segment"], 26))}
        panels.append(Panel(figure, layout, rows_height(len(own)), sentence(words)))
    learned = held[held["segmentation"] == "broad"] if (held["segmentation"] == "broad").any() else held
    gap = (learned["revenue_share"] - learned["share"]).fillna(0)
    best = learned.loc[gap.idxmax()]
    title = (
        f"{sentence(best['segment'])} are {percent(best['share'])} of the customers"
        f" and bring {percent(best['revenue_share'])} of the money"
    )
    if is_missing(best["revenue_share"]):
        title = "Segments and their customers"
    if len(learned) == 1:
        title = f"All customers are one segment, {best['segment']}: there is nothing to compare"
    return Block(
        name,
        title,
        panels=panels,
        panel_width="middle",
        legend=[["share of the customers", MUTED, "○"], ["share of the money", MUTED, "●"]],
        table=table_of(
            held.sort_values(["segmentation", "display_order"]),
            {
                "segmentation": ("segmentation", "text"),
                "segment": ("segment", "text"),
                "size": ("customers", "count"),
                "share": ("share", "share"),
                "revenue": ("money", "money"),
                "revenue_share": ("share of the money", "share"),
            },
        ),
    )


def radar(segmentation: str, profiles: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """How each segment ranks among all customers, as a radar per segment."""
    name, words = f"{segmentation}_profiles", SEGMENTATIONS[segmentation]
    own = ordered(segments, segmentation)[["segment", "display_order"]].merge(
        profiles[profiles["segmentation"] == segmentation], on="segment"
    )
    if own.empty:
        return without_chart(
            name, f"Profiles of the {words}", "No customer kept an order, so there is nothing to profile."
        )
    if len(own) == 1:
        return without_chart(
            name, f"Profiles of the {words}", "All customers are one segment: there is nothing to compare."
        )
    own = own[own["customers"] >= LEAST_CUSTOMERS].sort_values("display_order")
    if len(own) < 2:
        problem = f"No two of them hold {LEAST_CUSTOMERS} customers, and of fewer no profile is told."
        return without_chart(name, f"Profiles of the {words}", problem)
    spokes = [*PROFILE.values(), next(iter(PROFILE.values()))]
    panels = []
    for row in own.to_dict("records"):
        values = [float(row[field]) for field in PROFILE]
        colour = colours[row["segment"]]
        figure = [
            {
                "type": "scatterpolar",
                "mode": "lines",
                "r": [0.5] * 4,
                "theta": spokes,
                "hoverinfo": "skip",
                "line": {"color": MUTED, "width": 1, "dash": "dot"},
            },
            {
                "type": "scatterpolar",
                "mode": "lines",
                "r": [*values, values[0]],
                "theta": spokes,
                "fill": "toself",
                "line": {"color": colour, "width": 2},
                "hovertemplate": "%{theta}: above %{r:.0%} of all<extra></extra>",
            },
        ]
        polar = {
            "radialaxis": {"range": [0, 1], "showticklabels": False, "dtick": 0.5},
            "angularaxis": {"rotation": 90},
        }
        panels.append(
            Panel(
                figure,
                {"polar": polar, "margin": {"t": 26, "b": 8, "l": 34, "r": 34}},
                180,
                f"{sentence(row['segment'])} ({count(row['customers'])})",
            )
        )
    spent = own["monetary_rank"].astype(float)
    best, least = own.loc[spent.idxmax()], own.loc[spent.idxmin()]
    title = (
        f"{sentence(best['segment'])} outspend {percent(float(best['monetary_rank']))} of all customers,"
        f" {least['segment']} {percent(float(least['monetary_rank']))}"
    )
    return Block(
        name,
        title,
        note="How recent, how often and how much they buy: mean rank among all customers, from 0 %"
        " (middle) to 100 % (rim)."
        " Dotted: 50 %.",
        panels=panels,
        panel_width="narrow",
        table=table_of(
            own,
            {"segment": ("segment", "text"), "customers": ("customers", "count")}
            | {field: (f"{spoke}, rank", "share") for field, spoke in PROFILE.items()},
        ),
    )


def embedding(cells: pd.DataFrame, points: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """The plane in which neighbours are customers alike; by cells, or by customers where the setting asks for them."""
    name = "map"
    if cells.empty:
        problem = (
            "There is no map: it takes 30 different customers to draw one,"
            f" and places with fewer than {LEAST_CUSTOMERS} of them are not shown."
        )
        return without_chart(name, "The map of customers", problem)
    panels = []
    for segmentation in ("detailed", "broad"):
        own = cells[cells["segmentation"] == segmentation]
        if own.empty:
            continue
        if points.empty:
            marks, hover = own, "%{customdata[0]} customers, most of them: %{customdata[1]}<extra></extra>"
        else:
            marks = points.rename(columns={f"{segmentation}_segment": "segment"})
            hover = (
                "%{customdata[1]}: last order %{customdata[2]} days ago, %{customdata[3]} orders,"
                " %{customdata[4]:,.0f} spent<extra></extra>"
            )
        traces = []
        for segment in ordered(segments, segmentation)["segment"]:
            inside = marks[marks["segment"] == segment]
            if inside.empty:
                continue
            fields = ("customers",) if points.empty else ("point_number", "recency_days", "frequency", "monetary")
            data = [column(inside, field) for field in fields]
            data.insert(1, [label(segment)] * len(inside))
            size: dict[str, Any] = (
                {"size": 4}
                if len(points)
                else {"size": [round(3 + 8 * (number / cells["customers"].max()) ** 0.5, 1) for number in data[0]]}
            )
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": [round(x, 2) for x in column(inside, "x")],
                    "y": [round(y, 2) for y in column(inside, "y")],
                    "name": label(segment, 26),
                    "marker": {"color": colours.get(segment, GREY), "line": {"width": 0}, **size},
                    "opacity": 0.85,
                    "customdata": [list(row) for row in zip(*data, strict=True)],
                    "hovertemplate": hover,
                }
            )
        plane = {"showgrid": False, "zeroline": False, "showticklabels": False}
        layout = {
            "xaxis": axis("no unit: near means alike", **plane),
            "yaxis": axis("no unit: near means alike", scaleanchor="x", **plane),
            "annotations": names_on_map(own, colours),
        }
        panels.append(Panel(traces, layout, 460, sentence(SEGMENTATIONS[segmentation])))
    detailed = cells[cells["segmentation"] == "detailed"]
    together = detailed["customers_of_segment"].sum() / detailed["customers"].sum()
    title = (
        f"Of {plural(detailed['customers'].sum(), 'customer')} on the map, {percent(together)} lie among"
        " their own segment"
    )
    note = (
        "A dot is a cell of the map: the larger, the more customers; coloured by the segment that most of them are in."
        f" Cells of fewer than {LEAST_CUSTOMERS} are left out."
    )
    if len(points):
        note = "Each dot is a customer, without name or number of the shop's (setting report_customer_rows)."
    table = table_of(
        cells,
        {
            "segmentation": ("segmentation", "text"),
            "segment": ("segment of most", "text"),
            "x": ("x", "number"),
            "y": ("y", "number"),
            "customers": ("customers", "count"),
            "customers_of_segment": ("of this segment", "count"),
        },
    )
    if len(points):
        table = table_of(
            points,
            {
                "point_number": ("customer on the map", "count"),
                "broad_segment": ("broad segment", "text"),
                "detailed_segment": ("detailed segment", "text"),
                "x": ("x", "number"),
                "y": ("y", "number"),
                "recency_days": ("days since the last order", "count"),
                "frequency": ("orders", "count"),
                "monetary": ("money", "money"),
            },
        )
    return Block(name, title, note=note, panels=panels, panel_width="middle", table=table)


def names_on_map(cells: pd.DataFrame, colours: Mapping[str, str]) -> list[dict[str, Any]]:
    """A name per segment, amid its cells; pushed apart where two would cover each other."""
    extent = max(cells["x"].max() - cells["x"].min(), cells["y"].max() - cells["y"].min()) or 1
    places = []
    for segment, own in cells.groupby("segment"):
        x, y = ((own[axis_name] * own["customers"]).sum() / own["customers"].sum() for axis_name in ("x", "y"))
        # A segment may lie around another: its name stands at its own cell nearest to its middle.
        nearest = ((own["x"] - x) ** 2 + (own["y"] - y) ** 2).idxmin()
        places.append([float(own.loc[nearest, "y"]), float(own.loc[nearest, "x"]), segment])
    placed: list[list[Any]] = []
    for y, x, segment in sorted(places):
        for other in placed:
            wide = 0.011 * extent * (len(segment) + len(other[2]))
            if abs(x - other[1]) < wide and y - other[0] < 0.07 * extent:
                y = other[0] + 0.07 * extent
        placed.append([y, x, segment])
    return [
        {
            "x": round(x, 2),
            "y": round(y, 2),
            "text": label(segment, 26),
            "showarrow": False,
            "font": {"color": "var(--ink)", "size": 12},
            "bgcolor": "var(--veil)",
            "borderpad": 2,
            "bordercolor": colours.get(segment, GREY),
        }
        for y, x, segment in placed
    ]


def rules(segmentation: str, every_rule: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """The rules by which customers are in their segments, the strongest of each as sentences."""
    name, words = f"{segmentation}_rules", SEGMENTATIONS[segmentation]
    own = every_rule[every_rule["segmentation"] == segmentation]
    if own["segment"].nunique() < 2:
        return without_chart(
            name, f"Rules of the {words}", "There is one segment, so no rule is needed: everyone is in it."
        )
    own = own.sort_values(["support", "rule_number"], ascending=[False, True])
    right = (own["confidence"] * own["support"]).sum() / max(own["support"].sum(), 1)
    cards = []
    for segment in ordered(segments, segmentation)["segment"]:
        told = own[own["segment"] == segment]
        if told.empty:
            continue
        covered = told["support"].head(RULES_TOLD).sum() / max(told["support"].sum(), 1)
        texts = [[sentence(text.rsplit(" → ", 1)[0]), ""] for text in told["rule_text"].head(RULES_TOLD)]
        rest = len(told) - RULES_TOLD
        lead = f"{percent(covered)} of them by:" if rest > 0 else ""
        cards.append(Card(sentence(segment), colours.get(segment, GREY), lead=lead, texts=texts))
    return Block(
        name,
        f"{plural(len(own), 'rule')} tell the {words}, and say of {percent(right)} of the customers"
        " what the clustering said",
        note="The rules that most customers fall under. All are in the table; they share out every possible customer.",
        cards=cards,
        table=table_of(
            own.sort_values("rule_number"),
            {
                "rule_number": ("rule", "count"),
                "rule_text": ("in words", "text"),
                "segment": ("segment", "text"),
                "support": ("customers fitted", "count"),
                "confidence": ("confidence", "share"),
            },
        ),
    )
