"""The map of customers: the plane of the embedding, in which neighbours are similar customers."""

from collections.abc import Mapping

import pandas as pd

from shop_toolkit.report.charts import Block, Figure, Panel, Table, axis, column, table_of, without_chart
from shop_toolkit.report.colours import GREY
from shop_toolkit.report.privacy import LEAST_CUSTOMERS
from shop_toolkit.report.segmentations import SEGMENTATIONS, ordered
from shop_toolkit.report.words import label, percent, plural, sentence

# Of rpt_map_marks the columns of cells and of customers.
CELLS = "segmentation, segment, map_row, map_column, x, y, segment_customer_count, customer_count"
POINTS = "broad_segment, detailed_segment, point_number, frequency, monetary, recency_days, x, y"
CELL_HOVER = "%{customdata[0]} customers, most of them: %{customdata[1]}<extra></extra>"
POINT_HOVER = (
    "%{customdata[1]}: last order %{customdata[2]} days ago, %{customdata[3]} orders, %{customdata[4]:,.0f} spent"
    "<extra></extra>"
)


def customer_map(
    cells: pd.DataFrame, points: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]
) -> Block:
    """The map by cells, or by customers if the setting report_customer_rows asks for them.

    Args:
        cells: Cells of rpt_map_marks, without cells of few customers.
        points: Customers of rpt_map_marks; empty unless the setting asks for them.
        segments: The mart of this name.
        colours: Colour by segment.
    """
    name = "map"
    if cells.empty:
        problem = (
            "There is no map: drawing one needs 30 different customers,"
            f" and places with fewer than {LEAST_CUSTOMERS} of them are not shown."
        )
        return without_chart(name, "The map of customers", problem)
    panels = [
        map_panel(segmentation, own, points, segments, colours)
        for segmentation in ("detailed", "broad")
        if len(own := cells[cells["segmentation"] == segmentation])
    ]
    detailed = cells[cells["segmentation"] == "detailed"]
    together = detailed["segment_customer_count"].sum() / detailed["customer_count"].sum()
    note = (
        "A dot is a cell of the map: the larger, the more customers; its colour is the segment of most of them."
        f" Cells of fewer than {LEAST_CUSTOMERS} customers are left out."
    )
    if len(points):
        note = "Each dot is a customer, without name or number (setting report_customer_rows)."
    return Block(
        name,
        f"Of {plural(detailed['customer_count'].sum(), 'customer')} on the map, {percent(together)} lie among their own"
        " segment",
        note=note,
        panels=panels,
        panel_width="middle",
        table=point_table(points) if len(points) else cell_table(cells),
    )


def map_panel(
    segmentation: str, cells: pd.DataFrame, points: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]
) -> Panel:
    """The map coloured by the segments of one segmentation.

    Args:
        segmentation: broad or detailed.
        cells: Cells of this segmentation.
        points: Customers to draw instead of cells, if any.
        segments: The mart of this name.
        colours: Colour by segment.
    """
    marks = points.rename(columns={f"{segmentation}_segment": "segment"}) if len(points) else cells
    traces = [
        segment_marks(segment, inside, len(points) > 0, colours.get(segment, GREY), cells["customer_count"].max())
        for segment in ordered(segments, segmentation)["segment"]
        if len(inside := marks[marks["segment"] == segment])
    ]
    plane = {"showgrid": False, "zeroline": False, "showticklabels": False}
    layout = {
        "xaxis": axis("no unit: near means similar", **plane),
        "yaxis": axis("no unit: near means similar", scaleanchor="x", **plane),
        "annotations": names_on_map(cells, colours),
    }
    return Panel(traces, layout, 460, sentence(SEGMENTATIONS[segmentation]), segmentation)


def segment_marks(segment: str, inside: pd.DataFrame, is_customers: bool, colour: str, most: int) -> Figure:
    """The marks of a segment.

    Args:
        segment: Its name.
        inside: Its cells or customers.
        is_customers: Whether marks are customers rather than cells.
        colour: Its colour.
        most: Customers of the largest cell.
    """
    fields = ("point_number", "recency_days", "frequency", "monetary") if is_customers else ("customer_count",)
    data = [column(inside, field) for field in fields]
    data.insert(1, [label(segment)] * len(inside))
    size = 4 if is_customers else [round(3 + 8 * (number / most) ** 0.5, 1) for number in data[0]]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [round(x, 2) for x in column(inside, "x")],
        "y": [round(y, 2) for y in column(inside, "y")],
        "name": label(segment, 26),
        "marker": {"color": colour, "line": {"width": 0}, "size": size},
        "opacity": 0.85,
        "customdata": [list(row) for row in zip(*data, strict=True)],
        "hovertemplate": POINT_HOVER if is_customers else CELL_HOVER,
    }


def names_on_map(cells: pd.DataFrame, colours: Mapping[str, str]) -> list[Figure]:
    """A name per segment, amid its cells; moved apart where two would cover each other.

    Args:
        cells: Cells of one segmentation.
        colours: Colour by segment.
    """
    extent = max(cells["x"].max() - cells["x"].min(), cells["y"].max() - cells["y"].min()) or 1
    places: list[tuple[float, float, str]] = []
    for segment, own in cells.groupby("segment"):
        x, y = ((own[name] * own["customer_count"]).sum() / own["customer_count"].sum() for name in ("x", "y"))
        # A segment may lie around another: its name goes to its own cell nearest to its middle.
        nearest = int(((own["x"] - x) ** 2 + (own["y"] - y) ** 2).to_numpy().argmin())
        places.append((float(own["y"].iloc[nearest]), float(own["x"].iloc[nearest]), str(segment)))
    placed: list[tuple[float, float, str]] = []
    for y, x, name in sorted(places):
        for other_y, other_x, other in placed:
            wide = 0.011 * extent * (len(name) + len(other))
            if abs(x - other_x) < wide and y - other_y < 0.07 * extent:
                y = other_y + 0.07 * extent
        placed.append((y, x, name))
    return [
        {
            "x": round(x, 2),
            "y": round(y, 2),
            "text": label(name, 26),
            "showarrow": False,
            "font": {"color": "var(--ink)", "size": 12},
            "bgcolor": "var(--veil)",
            "borderpad": 2,
            "bordercolor": colours.get(name, GREY),
        }
        for y, x, name in placed
    ]


def cell_table(cells: pd.DataFrame) -> Table:
    """The numbers of a map by cells."""
    return table_of(
        cells,
        {
            "segmentation": ("segmentation", "text"),
            "segment": ("segment of most", "text"),
            "x": ("x", "number"),
            "y": ("y", "number"),
            "customer_count": ("customers", "count"),
            "segment_customer_count": ("of this segment", "count"),
        },
    )


def point_table(points: pd.DataFrame) -> Table:
    """The numbers of a map by customers."""
    return table_of(
        points,
        {
            "point_number": ("customer on the map", "count"),
            "broad_segment": ("broad segment", "text"),
            "detailed_segment": ("detailed segment", "text"),
            "x": ("x", "number"),
            "y": ("y", "number"),
            "recency_days": ("days since the last order", "count"),
            "frequency": ("orders", "count"),
            "monetary": ("spend", "money"),
        },
    )
