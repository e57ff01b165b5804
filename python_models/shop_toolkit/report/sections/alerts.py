"""Customers who are overdue, and how good such alerts would have been in the past."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from shop_toolkit.report.charts import (
    ACCENT,
    MUTED,
    Block,
    Panel,
    axis,
    bars,
    column,
    largest,
    named_short,
    names_axis,
    rows_height,
    rows_of,
    table_of,
    without_chart,
)
from shop_toolkit.report.colours import GREY
from shop_toolkit.report.privacy import WITHHELD_NOTE
from shop_toolkit.report.segmentations import ordered
from shop_toolkit.report.words import count, is_missing, label, money, percent, plural

TASK = "flag customers who stop ordering"
# Per metric its heading, its unit, and how its values are written.
METRICS = {
    "recall": ("Found", "share of those who stopped", percent),
    "precision": ("Right", "share of the alerts", percent),
    "median_delay_days": ("Delay", "median days, less is better", lambda days: f"{days:,.0f}"),
    "warnings_per_1000_customers_a_week": (
        "Work",
        "alerts a week per 1,000 customers",
        lambda number: f"{number:,.1f}",
    ),
}


def alerts(ranks: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """Overdue customers by detailed segment, and their revenue.

    Args:
        ranks: rpt_segments.
        segments: The mart of this name.
        colours: Colour by segment.
    """
    name, heading = "alerts", "Who is away for longer than usual"
    own = ranks[(ranks["segmentation"] == "detailed") & (ranks["customer_count"] > 0)]
    if not len(own) or not own["overdue_customer_count"].sum():
        return without_chart(name, heading, "No customer is away for longer than usual.")
    places = {segment: place for place, segment in enumerate(ordered(segments, "detailed")["segment"])}
    own = own.assign(
        place=own["segment"].map(places).fillna(len(places)),
        share=own["overdue_customer_count"] / own["customer_count"],
    ).sort_values(["place", "segment"])
    columns = {
        "segment": ("segment", "text"),
        "customer_count": ("customers", "count"),
        "overdue_customer_count": ("overdue", "count"),
        "share": ("share overdue", "share"),
        "revenue_at_risk": ("revenue at risk", "money"),
        "median_days_overdue": ("median days overdue", "number"),
    }
    note = (
        "Usual is what most of a customer's own gaps between orders stayed under, or those of the segment if a customer"
        " has too few. The mart customer_alerts names them."
    )
    return Block(
        name,
        overdue_title(own),
        note=f"{WITHHELD_NOTE} {note}" if own["revenue_at_risk"].isna().any() else note,
        panels=[
            overdue_bars(own, "overdue_customer_count", "Customers overdue", "customers", colours),
            overdue_bars(own, "revenue_at_risk", "Revenue at risk", "spend to date", colours),
        ],
        panel_width="middle",
        table=table_of(own, columns),
    )


def overdue_title(own: pd.DataFrame) -> str:
    """How many customers are overdue, and which segment has most of the revenue at risk."""
    overdue, risk = int(own["overdue_customer_count"].sum()), own["revenue_at_risk"].astype(float).fillna(0)
    title = (
        f"{plural(overdue, 'customer')} ({percent(overdue / own['customer_count'].sum())})"
        f" {'is' if overdue == 1 else 'are'} away for longer than usual"
    )
    if risk.sum() > 0:
        worst = largest(own, risk)["segment"]
        title += f"; {percent(risk.max() / risk.sum())} of the {money(risk.sum())} at risk is with {worst}"
    return title


def overdue_bars(own: pd.DataFrame, field: str, title: str, unit: str, colours: Mapping[str, str]) -> Panel:
    """A bar per segment.

    Args:
        own: One row per segment, in order.
        field: Column of the values: overdue_customer_count or revenue_at_risk.
        title: Heading of the figure.
        unit: Title of the axis.
        colours: Colour by segment.
    """
    names = list(own["segment"])
    words = count if field == "overdue_customer_count" else money
    texts = ["" if is_missing(value) else words(value) for value in own[field]]
    marks = [colours.get(segment, GREY) for segment in names]
    figure = bars(names, column(own, field), texts, marks, textposition="outside")
    # Room for the text of the longest bar.
    most = float(own[field].fillna(0).max())
    layout = {"xaxis": axis(unit, range=[0, most * 1.25 or 1]), "yaxis": names_axis(names=named_short(names, 26))}
    return Panel([figure], layout, rows_height(len(own)), title)


def alert_backtest(evaluations: pd.DataFrame) -> Block:
    """How good the alerts would have been, beside a plain rule; `evaluations` is model_evaluations."""
    name, heading = "alert_backtest", "How good the alerts are"
    own = evaluations[(evaluations["task"] == TASK) & evaluations["value"].notna()]
    own = own.sort_values(["metric", "is_baseline", "model", "settings"])
    if own.empty:
        problem = "The alerts could not be backtested: no customer could be observed for long enough."
        return without_chart(name, heading, problem)
    columns = {
        "model": ("model", "text"),
        "settings": ("settings", "text"),
        "metric": ("metric", "text"),
        "value": ("value", "number"),
        "sample_size": ("evaluated on", "count"),
        "note": ("note", "text"),
    }
    return Block(
        name,
        backtest_title(own),
        note=f"Backtested: {own['note'].iloc[0]}.",
        panels=[metric_bars(rows, metric) for metric in METRICS if len(rows := own[own["metric"] == metric])],
        panel_width="middle",
        legend=[["these alerts", ACCENT, "■"], ["plain rule", MUTED, "■"]],
        table=table_of(own, columns),
    )


def backtest_title(own: pd.DataFrame) -> str:
    """Delay and precision of the alerts beside the plain rule's."""
    values: dict[tuple[str, bool], Any] = {(row["metric"], row["is_baseline"]): row["value"] for row in rows_of(own)}
    delay, plain_delay = (values.get(("median_delay_days", baseline)) for baseline in (False, True))
    right, plain_right = (values.get(("precision", baseline)) for baseline in (False, True))
    if delay is None:
        return "The alerts in the backtest"
    title = f"Customers who stop ordering are flagged after {delay:,.0f} days"
    if plain_delay is not None:
        title += f", by “over 90 days” after {plain_delay:,.0f}"
    if right is not None and plain_right is not None:
        title += f"; {percent(right)} of the alerts are right, of the plain rule's {percent(plain_right)}"
    return title


def metric_bars(rows: pd.DataFrame, metric: str) -> Panel:
    """A bar per model.

    Args:
        rows: The metric's rows.
        metric: One of `METRICS`.
    """
    title, unit, words = METRICS[metric]
    colours = [MUTED if baseline else ACCENT for baseline in rows["is_baseline"]]
    names = [label(model, 26) for model in rows["model"]]
    figure = bars(names, column(rows, "value"), [words(value) for value in rows["value"]], colours)
    limits: dict[str, Any] = {"rangemode": "tozero"}
    if words is percent:
        limits = {"range": [0, 1], "tickformat": ".0%"}
    layout = {"xaxis": axis(unit, **limits), "yaxis": names_axis()}
    return Panel([figure], layout, rows_height(len(rows)), title)
