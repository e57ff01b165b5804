"""The map of customers: the plane of the embedding, in which neighbours are similar customers."""

from collections.abc import Mapping

import pandas as pd

from shop_toolkit.report.charts import Block, Figure, Panel, Table, axis, column, table_of, without_chart
from shop_toolkit.report.colours import GREY
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import ngettext
from shop_toolkit.report.privacy import LEAST_CUSTOMERS
from shop_toolkit.report.segmentations import SEGMENTATIONS, ordered, segments_named
from shop_toolkit.report.words import count, label, percent

# Of rpt_map_marks the columns of cells and of customers.
CELLS = "segmentation, segment, map_row, map_column, x, y, segment_customer_count, customer_count"
POINTS = "rfm_segment, broad_segment, detailed_segment, point_number, frequency, monetary, recency_days, x, y"


def hover_of(*, is_customers: bool) -> str:
    """What a mark says on hover, as Plotly's template.

    Args:
        is_customers: Whether marks are customers rather than cells.
    """
    if not is_customers:
        words = _("{count} customers, most of them: {segment}", count="%{customdata[0]}", segment="%{customdata[1]}")
    else:
        words = _(
            "“{segment}”: last order {days} days ago, {orders} orders, {amount} spent",
            segment="%{customdata[1]}",
            days="%{customdata[2]}",
            orders="%{customdata[3]}",
            amount="%{customdata[4]:,.0f}",
        )
    return words + "<extra></extra>"


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
        problem = _(
            "There is no map: drawing one needs 30 different customers, and places with fewer than {least} of them are"
            " not shown.",
            least=LEAST_CUSTOMERS,
        )
        return without_chart(name, _("The map of customers"), problem)
    known = {
        segmentation: own for segmentation in SEGMENTATIONS if len(own := cells[cells["segmentation"] == segmentation])
    }
    titles = {segmentation: title_of(own) for segmentation, own in known.items()}
    of_cells = _(
        "A dot is a cell of the map: the larger, the more customers; its colour is the segment of most of them. Cells"
        " of fewer than {least} customers are left out.",
        least=LEAST_CUSTOMERS,
    )
    of_customers = _("Each dot is a customer, without name or number (setting report_customer_rows).")
    notes = {key: of_customers if draws_customers(key, points) else of_cells for key in known}
    return Block(
        name,
        next(iter(titles.values())),
        note=next(iter(notes.values())),
        titles=titles,
        notes=notes,
        panels=[map_panel(segmentation, own, points, segments, colours) for segmentation, own in known.items()],
        panel_width="middle",
        table=point_table(points) if len(points) else cell_table(cells),
    )


def draws_customers(segmentation: str, points: pd.DataFrame) -> bool:
    """Whether the map of a segmentation is of customers: of the shop's own segments there are cells alone.

    Args:
        segmentation: rfm, broad, detailed or custom.
        points: Customers to draw instead of cells, if any.
    """
    return len(points) > 0 and f"{segmentation}_segment" in points


def title_of(own: pd.DataFrame) -> str:
    """Which share of the customers lie in cells of their own segment; `own` are the cells of a segmentation."""
    number = int(own["customer_count"].sum())
    return ngettext(
        "Of {count} customer on the map, {share} lie among their own segment",
        "Of {count} customers on the map, {share} lie among their own segment",
        number,
        count=count(number),
        share=percent(own["segment_customer_count"].sum() / number),
    )


def map_panel(
    segmentation: str, cells: pd.DataFrame, points: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]
) -> Panel:
    """The map coloured by the segments of one segmentation.

    Args:
        segmentation: rfm, broad, detailed or custom.
        cells: Cells of this segmentation.
        points: Customers to draw instead of cells, if any.
        segments: The mart of this name.
        colours: Colour by segment.
    """
    is_customers = draws_customers(segmentation, points)
    marks = points.rename(columns={f"{segmentation}_segment": "segment"}) if is_customers else cells
    traces = [
        segment_marks(segment, inside, is_customers, colours.get(segment, GREY), cells["customer_count"].max())
        for segment in ordered(segments, segmentation)["segment"]
        if len(inside := marks[marks["segment"] == segment])
    ]
    plane = {"showgrid": False, "zeroline": False, "showticklabels": False}
    layout = {
        "xaxis": axis(_("no unit: near means similar"), **plane),
        "yaxis": axis(_("no unit: near means similar"), scaleanchor="x", **plane),
        "annotations": names_on_map(cells, colours),
    }
    return Panel(traces, layout, 460, segments_named(segmentation), segmentation)


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
        "hovertemplate": hover_of(is_customers=is_customers),
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
            "segmentation": (_("segmentation"), "word"),
            "segment": (_("segment of most"), "text"),
            "x": ("x", "number"),
            "y": ("y", "number"),
            "customer_count": (_("customers"), "count"),
            "segment_customer_count": (_("of this segment"), "count"),
        },
    )


def point_table(points: pd.DataFrame) -> Table:
    """The numbers of a map by customers."""
    return table_of(
        points,
        {
            "point_number": (_("customer on the map"), "count"),
            "broad_segment": (_("broad segment"), "text"),
            "detailed_segment": (_("detailed segment"), "text"),
            "rfm_segment": (_("RFM segment"), "text"),
            "x": ("x", "number"),
            "y": ("y", "number"),
            "recency_days": (_("days since the last order"), "count"),
            "frequency": (_("orders"), "count"),
            "monetary": (_("spend"), "money"),
        },
    )
