"""The parts of a report section: charts with their numbers, sentences and cards.

Figures are plain dictionaries in Plotly's terms: importing its Python classes would cost every build a second. A test
loads them into these classes. Colours of the page are named `var(--ink)`, so that it can be light or dark.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from shop_toolkit.report.data_texts import said
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked, number_text
from shop_toolkit.report.words import count, exact_money, is_missing, labels, percent

# Tables by name: marts and rpt_ models, read whole.
Tables = Mapping[str, pd.DataFrame]
# A row of a table, by column.
Row = Mapping[Hashable, Any]
# A trace or a layout in Plotly's terms.
Figure = dict[str, Any]

INK, MUTED, LINE, ACCENT, PALE = "var(--ink)", "var(--muted)", "var(--line)", "var(--accent)", "var(--pale)"
RISE, FALL = "var(--rise)", "var(--fall)"
HEAT = [
    [0, "var(--heat-0)"],
    [0.25, "var(--heat-1)"],
    [0.5, "var(--heat-2)"],
    [0.75, "var(--heat-3)"],
    [1, "var(--heat-4)"],
]
ROW_HEIGHT = 26


@dataclass(frozen=True)
class Table:
    """The numbers of a chart.

    Attributes:
        headings: Heading of each column.
        kinds: Kind of each column: text, word, count, money, figure (a whole number as a count, any other as
            money), share (0 to 1), number or date.
        rows: Cells by row.
    """

    headings: list[str]
    kinds: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True)
class Panel:
    """One figure; a chart with several shows them side by side where there is room.

    Attributes:
        data: Plotly's traces.
        layout: Plotly's layout.
        height: Height in pixels.
        title: Heading of the figure.
        segmentation: The segmentation that it is about, for the switch between them; empty if it is about none.
    """

    data: list[Figure]
    layout: Figure
    height: int = 340
    title: str = ""
    segmentation: str = ""


@dataclass(frozen=True)
class Card:
    """A heading with facts and texts beneath.

    Attributes:
        title: The heading.
        colour: Colour of a segment, or none.
        lead: First sentence.
        facts: Name and value of each fact.
        texts: Name and text of each paragraph; without a text the name is the paragraph.
        files: Name and path of each published file to open; the path is as from the report.
        link: The block that shows more, and the words of the link to it; empty without one.
    """

    title: str
    colour: str = ""
    lead: str = ""
    facts: list[list[str]] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)
    files: list[list[str]] = field(default_factory=list)
    link: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class KeyFigure:
    """A number of the first screen.

    Attributes:
        name: What it counts.
        value: The number.
        change: By how much it changed, with its sign; empty if nothing was before.
        direction: rise, fall or level.
        before: What it was before, in words.
        link: The block that shows more.
    """

    name: str
    value: str
    change: str
    direction: str
    before: str
    link: str


@dataclass(frozen=True)
class Statement:
    """A finding of the first screen.

    Attributes:
        text: The finding, in a sentence.
        evidence: What it rests on.
        link: The block that shows more.
        segmentation: The segmentation that it is about, which its link chooses; empty if it is about none.
    """

    text: str
    evidence: str
    link: str
    segmentation: str = ""


@dataclass(frozen=True)
class Block:
    """A finding: its title, what shows it, and its numbers.

    Attributes:
        name: Id in the page, and name of the CSV file.
        title: The finding, in a sentence.
        note: How to read the chart.
        problem: Why nothing is shown, in a sentence; empty if something is.
        panels: The figures.
        panel_width: Smallest width of a panel, as a step of the style sheet: narrow, middle or wide.
        legend: Name, colour and sign of each entry.
        cards: Cards instead of figures.
        key_figures: Numbers instead of figures.
        statements: Sentences instead of figures.
        table: The numbers.
        segmentation: The segmentation that the whole block is about; empty if it is about none or several.
        titles: The finding by segmentation, where each has its own; the page shows that of the chosen one.
        notes: Likewise how to read the chart.
        width: half or whole: how much of a row it takes; half tall also takes the row below.
        is_folded: Whether only its title is shown until somebody asks for it, because it is technical.
        is_printed: Whether it is part of the printed summary.
        terms: Terms of the glossary that it uses.
    """

    name: str
    title: str
    note: str = ""
    problem: str = ""
    panels: list[Panel] = field(default_factory=list)
    panel_width: str = "wide"
    legend: list[list[str]] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    key_figures: list[KeyFigure] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    table: Table | None = None
    segmentation: str = ""
    titles: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    width: str = "whole"
    is_folded: bool = False
    is_printed: bool = False
    terms: list[str] = field(default_factory=list)

    @property
    def points(self) -> int:
        """How many marks the figures hold."""
        return sum(marks(trace) for panel in self.panels for trace in panel.data)

    def as_dict(self) -> dict[str, Any]:
        """The block as plain lists and dictionaries."""
        return asdict(self)


def marks(trace: Mapping[str, Any]) -> int:
    """How many marks a trace draws."""
    if trace["type"] == "sankey":
        return len(trace["link"]["value"])
    return len(trace.get("y") or trace.get("r") or [])


def without_chart(name: str, title: str, problem: str) -> Block:
    """A block with a sentence on why it shows nothing."""
    return Block(name, title, problem=problem)


def plain(value: Any) -> Any:
    """A cell as a JSON value: text, whole number, number, true or null; dates as YYYY-MM-DD."""
    if is_missing(value):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool | int | str):
        return value
    number = float(value)
    return number if math.isfinite(number) else None


def column(frame: pd.DataFrame, name: str) -> list[Any]:
    """A column as a plain list."""
    return [plain(value) for value in frame[name].tolist()]


def table_of(frame: pd.DataFrame, columns: Mapping[str, tuple[str, str]]) -> Table:
    """The numbers of a chart from a data frame.

    Args:
        frame: One row per row of the table.
        columns: Heading and kind (see `Table`) of each column to show, by its name in the frame. Words are texts that
            the tables keep in English.
    """
    rows = [
        [said(cell) if isinstance(cell, str) else cell for cell in column(frame, name)]
        if kind == "word"
        else column(frame, name)
        for name, (_heading, kind) in columns.items()
    ]
    return Table(
        [heading for heading, _kind in columns.values()],
        ["text" if kind == "word" else kind for _heading, kind in columns.values()],
        [list(row) for row in zip(*rows, strict=True)],
    )


def largest(frame: pd.DataFrame, values: "pd.Series[Any]") -> Row:
    """The row in which `values` is largest, the first of equals.

    Args:
        frame: At least one row.
        values: One value per row of the frame; missing ones don't count.
    """
    rows: list[Row] = frame.loc[[values.astype(float).idxmax()]].to_dict("records")
    return rows[0]


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """The rows of a data frame, each by column."""
    return list(frame.to_dict("records"))


def axis(title: str = "", **more: Any) -> Figure:
    """An axis with its title and unit; `more` are further attributes of Plotly's axis."""
    return {"title": {"text": title}} | more


def named_short(names: Iterable[Any], longest: int) -> Figure:
    """Shortened ticks of an axis of names. Each is placed by its whole name: two names cut alike stay two.

    Args:
        names: Whole names.
        longest: Number of letters of a tick.
    """
    names = list(names)
    short = labels(names, longest)
    return {"tickmode": "array", "tickvals": names, "ticktext": [short[name] for name in names]}


def names_axis(title: str = "", names: Mapping[str, Any] | None = None, **more: Any) -> Figure:
    """A vertical axis of names, the first on top, none left out.

    Args:
        title: Title of the axis.
        names: Shortened ticks, see `named_short`.
        more: Further attributes of Plotly's axis.
    """
    ticks = dict(names) if names else {"tickmode": "linear", "dtick": 1}
    return axis(title, type="category", autorange="reversed", showgrid=False) | ticks | more


def shares_axis(*shares: Iterable[Any]) -> Figure:
    """An axis for these shares (0 to 1), with room between a mark at 0 % and the names beside it."""
    top = max((share for own in shares for share in own if share is not None), default=0) or 1
    return axis(_("share of all"), tickformat=".0%", range=[-0.05 * top, 1.06 * top])


def rows_height(rows: int, head: int = 70) -> int:
    """The height in pixels of a figure with this many names, below a head of `head` pixels."""
    return head + ROW_HEIGHT * max(rows, 1)


def bars(names: Sequence[str], values: Sequence[Any], texts: Sequence[str], colours: Any, **more: Any) -> Figure:
    """Horizontal bars, each with its value as a text.

    Args:
        names: Name of each bar.
        values: Length of each bar.
        texts: Text on each bar.
        colours: One colour, or one per bar.
        more: Further attributes of Plotly's bars.
    """
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(names),
        "x": list(values),
        "text": list(texts),
        "textposition": "auto",
        "cliponaxis": False,
        "marker": {"color": colours},
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    } | more


def heat_map(
    across: Sequence[Any],
    down: Sequence[Any],
    values: Sequence[Sequence[Any]],
    texts: Sequence[Sequence[str]],
    hover: str,
    **more: Any,
) -> Figure:
    """A heat map from pale (smallest) to dark.

    Args:
        across: Names of the columns.
        down: Names of the rows.
        values: A list of cells per row.
        texts: Texts of the cells, shown where they fit.
        hover: Plotly's template of the text on hover.
        more: Further attributes of Plotly's heat map.
    """
    return {
        "type": "heatmap",
        "x": list(across),
        "y": list(down),
        "z": [list(row) for row in values],
        "text": [list(row) for row in texts],
        "texttemplate": "%{text}",
        "hovertemplate": hover + "<extra></extra>",
        "colorscale": HEAT,
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hoverongaps": False,
    } | more


def threshold(level: float) -> Figure:
    """A dotted horizontal line across a figure, at `level` of its vertical axis."""
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": level,
        "y1": level,
        "line": {"color": MUTED, "width": 1, "dash": "dot"},
    }


def dumbbells(names: Sequence[str], start: Sequence[Any], end: Sequence[Any], colours: Sequence[str]) -> list[Figure]:
    """Per name its share of the customers (open mark), its share of the revenue (filled), and a line between them.

    Args:
        names: Names, one per row of the figure.
        start: Share of the customers of each, 0 to 1.
        end: Share of the revenue of each, 0 to 1, or None.
        colours: Colour of each.
    """
    links: dict[str, list[Any]] = {"x": [], "y": []}
    for name, one, other in zip(names, start, end, strict=True):
        links["x"] += [one, other, None]
        links["y"] += [name, name, None]
    line = {"type": "scatter", "mode": "lines", **links, "line": {"color": LINE, "width": 2}, "hoverinfo": "skip"}
    marks_of = {
        marked("{name}: {share} of the customers"): (
            start,
            {"size": 11, "symbol": "circle-open", "color": list(colours), "line": {"width": 2}},
        ),
        marked("{name}: {share} of the revenue"): (end, {"size": 12, "color": list(colours)}),
    }
    return [
        line,
        *(
            {
                "type": "scatter",
                "mode": "markers",
                "x": list(shares),
                "y": list(names),
                "cliponaxis": False,
                "marker": marker,
                "hovertemplate": _(words, name="%{y}", share="%{x:.1%}") + "<extra></extra>",
            }
            for words, (shares, marker) in marks_of.items()
        ),
    ]


def pivot(
    frame: pd.DataFrame, down: str, across: str, value: str, rows: Iterable[Any], columns: Iterable[Any]
) -> list[list[Any]]:
    """The values of a long data frame as a matrix.

    Args:
        frame: One row per cell.
        down: Column that names the matrix' row.
        across: Column that names the matrix' column.
        value: Column of the values.
        rows: Names of the rows, in order.
        columns: Names of the columns, in order.

    Returns:
        A list of cells per row; None where the data frame has no row.
    """
    known = {
        (row, place): plain(cell) for row, place, cell in zip(frame[down], frame[across], frame[value], strict=True)
    }
    columns = list(columns)
    return [[known.get((row, place)) for place in columns] for row in rows]


def percents(matrix: Iterable[Iterable[Any]]) -> list[list[str]]:
    """Shares (0 to 1) as short texts without the sign; empty where there is none."""
    return [["" if is_missing(cell) else f"{cell:.0%}".removesuffix("%") for cell in row] for row in matrix]


def shown(value: Any, kind: str) -> str:
    """A cell of a `Table` as a text for people."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if kind == "text" or isinstance(value, str):
        return str(value)
    formats: dict[str, Callable[[Any], str]] = {
        "count": count,
        "money": exact_money,
        "figure": lambda number: (count if isinstance(number, int) else exact_money)(number),
        "share": percent,
        "number": lambda number: number_text(number, 3),
    }
    return formats[kind](value)
