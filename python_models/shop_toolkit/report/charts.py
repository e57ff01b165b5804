"""What a section of the report is made of: charts with their numbers, sentences and cards.

Figures are plain dictionaries in Plotly's words: importing its Python classes would cost every build a second. A test
puts them through these classes. Colours of the page are named `var(--ink)`, so that it can be light or dark.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd

from shop_toolkit.report.words import count, is_missing, label, percent

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
    """The numbers of a chart: headings, the kind of each column (text, count, money, share, number, date), and rows."""

    headings: list[str]
    kinds: list[str]
    rows: list[list[Any]]


@dataclass(frozen=True)
class Panel:
    """One figure; a chart of several shows them side by side where there is room."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]
    height: int = 340
    title: str = ""


@dataclass(frozen=True)
class Card:
    """A heading with facts and texts beneath; `colour` is one of a segment's."""

    title: str
    colour: str = ""
    lead: str = ""
    facts: list[list[str]] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True)
class Block:
    """A finding: its title, what shows it, and its numbers. `problem` says in a sentence why nothing is shown."""

    name: str
    title: str
    note: str = ""
    problem: str = ""
    panels: list[Panel] = field(default_factory=list)
    # The least width of a panel in pixels, as a step of the style sheet: narrow, middle or wide.
    panel_width: str = "wide"
    legend: list[list[str]] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    table: Table | None = None

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
    """A block that says why there is nothing to see."""
    return Block(name, title, problem=problem)


def plain(value: Any) -> Any:
    """A cell as JSON knows it: text, whole number, number, true or nothing; dates as YYYY-MM-DD."""
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
    """The table view of a frame: `columns` maps its columns to heading and kind."""
    rows = [column(frame, name) for name in columns]
    return Table(
        [heading for heading, _ in columns.values()],
        [kind for _, kind in columns.values()],
        [list(row) for row in zip(*rows, strict=True)],
    )


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    """An axis with its title and unit."""
    return {"title": {"text": title}} | more


def named_short(names: Iterable[Any], longest: int) -> dict[str, Any]:
    """The ticks of an axis of names: each stands where its whole name is, so that twins cut alike stay two."""
    names = list(names)
    return {"tickmode": "array", "tickvals": names, "ticktext": [label(name, longest) for name in names]}


def names_axis(title: str = "", names: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """An upright axis of names, the first on top, each at its place and none left out; `names` are shorter ticks."""
    ticks = names or {"tickmode": "linear", "dtick": 1}
    settings: dict[str, Any] = axis(title, type="category", autorange="reversed", showgrid=False)
    return settings | dict(ticks) | more


def shares_axis(*shares: Iterable[Any]) -> dict[str, Any]:
    """An axis of shares (0..1) on which a mark at 0 % stands clear of the names beside it."""
    top = max((share for own in shares for share in own if share is not None), default=0) or 1
    return axis("share of all", tickformat=".0%", range=[-0.05 * top, 1.06 * top])


def rows_height(rows: int, head: int = 70) -> int:
    """The height that so many names need."""
    return head + ROW_HEIGHT * max(rows, 1)


def bars(
    names: Sequence[str], values: Sequence[Any], texts: Sequence[str], colours: Any, **more: Any
) -> dict[str, Any]:
    """Lying bars with their values as texts."""
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
) -> dict[str, Any]:
    """A heat map from pale (least) to dark; `texts` are written into the cells where they fit."""
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


def dumbbells(
    names: Sequence[str], start: Sequence[Any], end: Sequence[Any], colours: Sequence[str]
) -> list[dict[str, Any]]:
    """Two shares (0..1) per name and a line from the open to the filled one."""
    links: dict[str, list[Any]] = {"x": [], "y": []}
    for name, one, other in zip(names, start, end, strict=True):
        links["x"] += [one, other, None]
        links["y"] += [name, name, None]
    return [
        {"type": "scatter", "mode": "lines", **links, "line": {"color": LINE, "width": 2}, "hoverinfo": "skip"},
        {
            "type": "scatter",
            "mode": "markers",
            "x": list(start),
            "y": list(names),
            "cliponaxis": False,
            "marker": {"size": 11, "symbol": "circle-open", "color": list(colours), "line": {"width": 2}},
            "hovertemplate": "%{y}: %{x:.1%} of the customers<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": list(end),
            "y": list(names),
            "cliponaxis": False,
            "marker": {"size": 12, "color": list(colours)},
            "hovertemplate": "%{y}: %{x:.1%} of the money<extra></extra>",
        },
    ]


def pivot(
    frame: pd.DataFrame, down: str, across: str, value: str, rows: Iterable[Any], columns: Iterable[Any]
) -> list[list[Any]]:
    """The values of a long frame as a matrix; None where there is no row."""
    known = {
        (row, place): plain(cell) for row, place, cell in zip(frame[down], frame[across], frame[value], strict=True)
    }
    columns = list(columns)
    return [[known.get((row, place)) for place in columns] for row in rows]


def percents(matrix: Iterable[Iterable[Any]]) -> list[list[str]]:
    """Shares (0..1) as short texts; nothing where there is none."""
    return [["" if is_missing(cell) else f"{cell:.0%}".removesuffix("%") for cell in row] for row in matrix]


def shown(value: Any, kind: str) -> str:
    """A cell of the table view as it is read."""
    if value is None:
        return "–"
    if kind == "text" or isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    words: dict[str, Callable[[Any], str]] = {
        "count": count,
        "money": lambda amount: f"{amount:,.2f}",
        "share": percent,
        "number": lambda number: f"{number:,.3f}",
    }
    return words[kind](value)
