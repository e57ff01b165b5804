"""Moves between segments in the last whole month, as bands between two columns of segments."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from shop_toolkit.report.charts import Block, Figure, Panel, Table, column, table_of, without_chart
from shop_toolkit.report.colours import GREY
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked, ngettext
from shop_toolkit.report.months import month, month_ends
from shop_toolkit.report.segmentations import SEGMENTATIONS, ordered, segments_named
from shop_toolkit.report.words import count, day_of, label, percent

# Customers without an order before, as segment_transitions calls them and as the figure does.
NEWCOMERS, NEWCOMERS_SHOWN = marked("no order yet"), marked("first order")
# How many changed their segment in a month, by segmentation.
CHANGED = {
    "broad": marked("{share} of the customers changed their broad segment in {month}"),
    "detailed": marked("{share} of the customers changed their detailed segment in {month}"),
    "rfm": marked("{share} of the customers changed their RFM segment in {month}"),
    "custom": marked("{share} of the customers changed their custom segment in {month}"),
}
# Pixels of a flow's figure: what a node and the gap between two need for their names.
NODE, GAP, THICKNESS, LETTERS = 16, 14, 12, 18

# A column of the figure: segment and number of customers of each node, from the top.
Side = Sequence[tuple[str, int]]


def flows(transitions: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """How many customers moved from which segment to which in the last whole month.

    Args:
        transitions: segment_transitions.
        segments: The mart of this name.
        colours: Colour by segment.
    """
    name, heading = "segment_flows", _("Moves between segments")
    whole = month_ends(transitions[transitions["previous_date"].notna()])
    whole = whole[whole["segmentation"].isin(SEGMENTATIONS)]
    if whole.empty:
        problem = _("Nobody can have moved yet: that needs a whole month after the first one.")
        return without_chart(name, heading, problem)
    day = whole["as_of_date"].max()
    own = whole[whole["as_of_date"] == day]
    moves = {
        segmentation: rows for segmentation in SEGMENTATIONS if len(rows := own[own["segmentation"] == segmentation])
    }
    titles = {segmentation: title_of(segmentation, rows, month(day)) for segmentation, rows in moves.items()}
    return Block(
        name,
        next(iter(titles.values())),
        note=_(
            "Left: segments on {first}, right: on {last}, with their customers; best on top. Pale bands stayed, strong"
            " ones moved. Who will move next without another order, and when, is in the table customers"
            " (next_broad_segment and others): today's rules are applied to each later day, nothing is estimated.",
            first=day_of(pd.Timestamp(own["previous_date"].iloc[0])),
            last=day_of(pd.Timestamp(day)),
        ),
        titles=titles,
        panels=[
            flow(rows, list(ordered(segments, segmentation)["segment"]), colours, segmentation)
            for segmentation, rows in moves.items()
        ],
        panel_width="middle",
        table=flow_table(own),
    )


def title_of(segmentation: str, own: pd.DataFrame, when: str) -> str:
    """The title: which share of the customers changed their segment, and how many are new.

    Args:
        segmentation: rfm, broad, detailed or custom.
        own: Its transitions of the month.
        when: The month in words.
    """
    newcomers = int(own.loc[own["from_segment"] == NEWCOMERS, "customer_count"].sum())
    known = own[own["from_segment"] != NEWCOMERS]
    if newcomers:
        first_orders = ngettext(
            "{count} customer placed a first order",
            "{count} customers placed a first order",
            newcomers,
            count=count(newcomers),
        )
    else:
        first_orders = _("nobody placed a first order")
    if known.empty:
        return _("In {month}, {first_orders}", month=when, first_orders=first_orders)
    moved = known.loc[known["from_segment"] != known["to_segment"], "customer_count"].sum()
    share = percent(moved / known["customer_count"].sum())
    return f"{_(CHANGED[segmentation], share=share, month=when)}; {first_orders}"


def flow_table(own: pd.DataFrame) -> Table:
    """The numbers of a month's transitions, of all segmentations."""
    places = {key: place for place, key in enumerate(SEGMENTATIONS)}
    left = own["from_segment"].replace({NEWCOMERS: _(NEWCOMERS)})
    table = own.assign(place=own["segmentation"].map(places), from_segment=left)
    table = table.sort_values(
        ["place", "customer_count", "from_segment", "to_segment"], ascending=[True, False, True, True]
    )
    columns = {
        "segmentation": (_("segmentation"), "word"),
        "from_segment": (_("from"), "text"),
        "to_segment": (_("to"), "text"),
        "customer_count": (_("customers"), "count"),
        "transition_probability": (_("share of those from there"), "share"),
        "revenue": (_("revenue of the month"), "money"),
    }
    return table_of(table, columns)


def flow(rows: pd.DataFrame, best_first: list[str], colours: Mapping[str, str], segmentation: str) -> Panel:
    """One segmentation's moves.

    Args:
        rows: Its transitions of the month.
        best_first: Its segments of today, best first.
        colours: Colour by segment.
        segmentation: rfm, broad, detailed or custom.
    """
    rows = rows.sort_values(["from_segment", "to_segment"])
    sides = [side_of(rows, field, best_first) for field in ("from_segment", "to_segment")]
    most = max(len(side) for side in sides)
    tall = NODE * most * 1.6 + 60
    drawable = tall + GAP * (most - 1)
    total = int(rows["customer_count"].sum())
    middles = [list(node_middles([size for _, size in side], total, tall, drawable)) for side in sides]
    names = [[f"{label(shown(segment), LETTERS)} {count(size)}" for segment, size in side] for side in sides]
    longest = max(min(len(shown(segment)), LETTERS) + 1 + len(count(size)) for side in sides for segment, size in side)
    # Cyrillic letters are wider than Latin ones.
    is_wide = any(letter > "\u024f" for side in sides for segment, _size in side for letter in shown(segment))
    margin = 14 + int((7.8 if is_wide else 6.6) * longest)
    layout = {"margin": {"t": 12, "b": 12, "l": margin, "r": margin}, "annotations": names_beside(names, middles)}
    figure = bands(rows, sides, names, middles, colours)
    return Panel([figure], layout, int(drawable) + 24, segments_named(segmentation), segmentation)


def side_of(rows: pd.DataFrame, field: str, best_first: list[str]) -> Side:
    """The nodes of one column of the figure, best on top.

    Args:
        rows: A segmentation's transitions.
        field: from_segment or to_segment.
        best_first: Segments of today; one of older rules goes below these, newcomers last.
    """
    places = {segment: place for place, segment in enumerate(best_first)}
    sizes = {str(segment): int(own["customer_count"].sum()) for segment, own in rows.groupby(field)}

    def place(node: tuple[str, int]) -> tuple[bool, int, str]:
        return node[0] == NEWCOMERS, places.get(node[0], len(places)), node[0]

    return sorted(sizes.items(), key=place)


def bands(
    rows: pd.DataFrame,
    sides: Sequence[Side],
    names: Sequence[Sequence[str]],
    middles: Sequence[Sequence[float]],
    colours: Mapping[str, str],
) -> Figure:
    """Plotly's Sankey diagram of the transitions.

    Args:
        rows: A segmentation's transitions.
        sides: Nodes on the left and on the right.
        names: Name of each node.
        middles: Vertical middle of each node, see `node_middles`.
        colours: Colour by segment.
    """
    shades = [[colours.get(segment, GREY) for segment, _ in side] for side in sides]
    number = [{segment: at for at, (segment, _) in enumerate(side)} for side in sides]
    source = [number[0][segment] for segment in rows["from_segment"]]
    target = [len(sides[0]) + number[1][segment] for segment in rows["to_segment"]]
    stayed = rows["from_segment"] == rows["to_segment"]
    moves = zip(rows["from_segment"], rows["to_segment"], strict=True)
    return {
        "type": "sankey",
        "arrangement": "fixed",
        "domain": {"x": [0, 1], "y": [0, 1]},
        "node": {
            "x": [0.001] * len(sides[0]) + [0.999] * len(sides[1]),
            "y": [*middles[0], *middles[1]],
            "pad": GAP,
            "thickness": THICKNESS,
            "line": {"width": 0},
            "color": [*shades[0], *shades[1]],
            "customdata": [*names[0], *names[1]],
            "hovertemplate": _("{name} customers", name="%{customdata}") + "<extra></extra>",
        },
        "link": {
            "source": source,
            "target": target,
            "value": column(rows, "customer_count"),
            "color": [
                translucent(shades[0][at], 0.22 if same else 0.7) for at, same in zip(source, stayed, strict=True)
            ],
            "customdata": [f"{label(shown(one), 26)} → {label(shown(other), 26)}" for one, other in moves],
            "hovertemplate": _("{name}: {count} customers", name="%{customdata}", count="%{value:,.0f}")
            + "<extra></extra>",
        },
        # Plotly would write names over the bands.
        "textfont": {"size": 1, "color": "rgba(0,0,0,0)"},
    }


def names_beside(names: Sequence[Sequence[str]], middles: Sequence[Sequence[float]]) -> list[Figure]:
    """The names of the nodes, outside of the bands: on the left of the first column and the right of the second."""
    return [
        {
            "xref": "paper",
            "yref": "paper",
            "x": side,
            "y": 1 - middle,
            "xanchor": "left" if side else "right",
            "yanchor": "middle",
            "xshift": 6 if side else -6,
            "text": text,
            "showarrow": False,
        }
        for side in (0, 1)
        for middle, text in zip(middles[side], names[side], strict=True)
    ]


def translucent(colour: str, opacity: float) -> str:
    """A colour `#rrggbb` with an opacity from 0 to 1, as CSS."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def shown(segment: str) -> str:
    """A segment's name in the figure."""
    return _(NEWCOMERS_SHOWN) if segment == NEWCOMERS else segment


def node_middles(sizes: list[int], total: int, tall: float, drawable: float) -> Iterator[float]:
    """The vertical middle of each node of a column, centred in the figure.

    Args:
        sizes: Customers of each node, from the top.
        total: Customers of all nodes.
        tall: Pixels that all nodes have together.
        drawable: Pixels of the figure.

    Yields:
        0 is the top, 1 the bottom.
    """
    start = (drawable - tall - GAP * (len(sizes) - 1)) / 2
    for size in sizes:
        height = tall * size / total
        yield round((start + height / 2) / drawable, 4)
        start += height + GAP
