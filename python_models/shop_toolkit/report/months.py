"""Charts by month: their axis, their lines, and which months they show."""

from typing import Any

import pandas as pd

from shop_toolkit.report.charts import ACCENT, FALL, MUTED, Figure, axis, column
from shop_toolkit.report.language import date_text, marked
from shop_toolkit.report.language import gettext as _

# Charts show this many months; the table below them has all.
MONTHS = 36
# Per measure of segment_drift its words, its colour and its dashes.
MEASURES = {
    "recency_score": (marked("recency"), ACCENT, "solid"),
    "frequency_score": (marked("frequency"), MUTED, "dash"),
    "monetary_score": (marked("monetary"), FALL, "dot"),
    "broad_segment": (marked("broad segments"), ACCENT, "solid"),
    "detailed_segment": (marked("detailed segments"), MUTED, "dash"),
    "rfm_segment": (marked("RFM segments"), FALL, "dot"),
}
# Lines differ in colour and dashes, which a legend of the page can't draw: Plotly draws this one.
LEGEND = {
    "showlegend": True,
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    "margin": {"t": 40},
}


def month(day: object) -> str:
    """The month of a day, such as `November 2011`."""
    return date_text(pd.Timestamp(day), "yMMMM", "%B %Y")


def month_ends(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows whose `as_of_date` is the last day of a month."""
    return frame[pd.to_datetime(frame["as_of_date"]).dt.is_month_end]


def latest(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last `MONTHS` different dates of `as_of_date`."""
    days = sorted(frame["as_of_date"].unique())
    return frame[frame["as_of_date"].isin(days[-MONTHS:])]


def month_starts(frame: pd.DataFrame) -> list[str]:
    """The first day of the month of each `as_of_date`, as YYYY-MM-DD."""
    return [f"{pd.Timestamp(day):%Y-%m-01}" for day in frame["as_of_date"]]


def layout_by_month(title: str, **more: Any) -> Figure:
    """The layout of a figure by month.

    Args:
        title: Title and unit of the vertical axis.
        more: Further attributes of it.
    """
    return {"xaxis": axis(_("month"), type="date", showgrid=False, tickformat="%b<br>%Y"), "yaxis": axis(title, **more)}


def line_by_month(rows: pd.DataFrame, field: str, measure: str, value: str) -> Figure:
    """The line of a measure.

    Args:
        rows: One row per month.
        field: Column of the values.
        measure: One of `MEASURES`.
        value: Plotly's template of a month's value on hover.
    """
    words, colour, dash = MEASURES[measure]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": month_starts(rows),
        "y": column(rows, field),
        "name": _(words),
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "size": 6},
        "hovertemplate": "%{x|%B %Y}: " + value + ", " + _(words) + "<extra></extra>",
    }
