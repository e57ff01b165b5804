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
INJECTED, REAL = "changes injected at month ends", "real stops at the last month end"
# Per split and metric its heading, its unit, and how its values are written.
METRICS = {
    (REAL, "recall"): ("Found in truth", "share of those who stopped", percent),
    (REAL, "precision"): ("Right in truth", "share of the alerts", percent),
    (INJECTED, "recall"): ("Found", "share of those made to stop", percent),
    (INJECTED, "precision"): ("Right", "share of the alerts", percent),
    (INJECTED, "median_delay_days"): ("Delay", "median days, less is better", lambda days: f"{days:,.0f}"),
    (INJECTED, "warnings_per_1000_customers_a_week"): (
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
        "expected_loss": ("expected loss", "money"),
        "median_days_overdue": ("median days overdue", "number"),
    }
    note = (
        f"{loss_sentence(own)}Alerts go by the rule that did best on this shop's past. The mart customer_alerts names"
        " the customers, with the probability that they have stopped and the expected loss."
    )
    return Block(
        name,
        overdue_title(own),
        note=f"{WITHHELD_NOTE} {note}" if own["revenue_at_risk"].isna().any() else note,
        panels=[
            overdue_bars(own, "overdue_customer_count", "Customers overdue", "customers", colours),
            overdue_bars(own, "revenue_at_risk", "Revenue at risk", "spend to date", colours),
            overdue_bars(own, "expected_loss", "Expected loss", "spend of 90 days", colours),
        ],
        panel_width="middle",
        table=table_of(own, columns),
    )


def overdue_title(own: pd.DataFrame) -> str:
    """How many customers are overdue, and which segment has spent most of what they have."""
    overdue, risk = int(own["overdue_customer_count"].sum()), own["revenue_at_risk"].astype(float).fillna(0)
    title = (
        f"{plural(overdue, 'customer')} ({percent(overdue / own['customer_count'].sum())})"
        f" {'is' if overdue == 1 else 'are'} away for longer than usual"
    )
    if risk.sum() > 0:
        worst, share = largest(own, risk)["segment"], percent(risk.max() / risk.sum())
        title += f"; {share} of the {money(risk.sum())} that they have spent comes from the segment “{worst}”"
    return title


def loss_sentence(own: pd.DataFrame) -> str:
    """What is likely to be lost with the overdue customers, and what that means; empty where nothing is.

    Args:
        own: One row per segment, with its expected loss; missing where it is withheld.
    """
    losses = own["expected_loss"].astype(float).fillna(0)
    if losses.sum() <= 0:
        return ""
    return (
        f"Of what they are expected to spend in the next 90 days, {money(losses.sum())} is likely to be lost, most of"
        f" it ({money(losses.max())}) in the segment “{largest(own, losses)['segment']}”: the spend of each, times the"
        " probability that the customer has stopped. "
    )


def overdue_bars(own: pd.DataFrame, field: str, title: str, unit: str, colours: Mapping[str, str]) -> Panel:
    """A bar per segment.

    Args:
        own: One row per segment, in order.
        field: Column of the values: overdue_customer_count, revenue_at_risk or expected_loss.
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
    """How good each rule for alerts would have been, and which is in use; `evaluations` is model_evaluations."""
    name, heading = "alert_backtest", "How good the alerts are"
    of_task = evaluations[evaluations["task"] == TASK]
    own = of_task[of_task["value"].notna()].sort_values(["split", "metric", "is_baseline", "model", "settings"])
    if own.empty:
        problem = "The alerts could not be backtested: no customer could be observed for long enough."
        return without_chart(name, heading, problem)
    columns = {
        "model": ("rule", "text"),
        "settings": ("settings", "text"),
        "split": ("evaluated by", "text"),
        "metric": ("metric", "text"),
        "value": ("value", "number"),
        "sample_size": ("evaluated on", "count"),
        "note": ("note", "text"),
    }
    rule, reason = rule_in_use(of_task)
    panels = [
        metric_bars(rows, key, rule)
        for key in METRICS
        if len(rows := own[(own["split"] == key[0]) & (own["metric"] == key[1])])
    ]
    return Block(
        name,
        backtest_title(own, rule),
        note=(
            f"The rule in use is “{rule}”: {reason}. In truth: who placed no order after the last month end on which"
            " that shows. Else half of those who went on ordering were made to stop at a month end; fewer do in truth."
        ),
        panels=panels,
        panel_width="middle",
        legend=[["rule in use", ACCENT, "■"], ["other rules", MUTED, "■"]],
        table=table_of(own, columns),
    )


def rule_in_use(of_task: pd.DataFrame) -> tuple[str, str]:
    """Name of the rule that alerts go by, and why; `of_task` are the task's rows of model_evaluations."""
    for row in rows_of(of_task[of_task["split"] == "rule in use"]):
        return row["model"], row["note"]
    return "typical gap", "no other was evaluated"


def backtest_title(own: pd.DataFrame, rule: str) -> str:
    """How soon and how often the rule in use would have been right."""
    values: dict[tuple[str, str], Any] = {
        (row["split"], row["metric"]): row["value"] for row in rows_of(own[own["model"] == rule])
    }
    delay, right = (values.get((INJECTED, metric)) for metric in ("median_delay_days", "precision"))
    found, true = (values.get((REAL, metric)) for metric in ("recall", "precision"))
    title = "The alerts in the backtest"
    if delay is not None:
        title = f"Customers who stop ordering are flagged after {delay:,.0f} days"
        if right is not None:
            title += f"; {percent(right)} of the alerts are right where half stop"
    if found is not None and true is not None:
        title += (
            f"; in truth {percent(found)} of those who stopped had an alert, and {percent(true)} of alerts were right"
        )
    return title


def metric_bars(rows: pd.DataFrame, key: tuple[str, str], rule: str) -> Panel:
    """A bar per rule.

    Args:
        rows: The metric's rows.
        key: Split and metric, one of `METRICS`.
        rule: The rule in use.
    """
    title, unit, words = METRICS[key]
    colours = [ACCENT if model == rule else MUTED for model in rows["model"]]
    names = [label(model, 26) for model in rows["model"]]
    figure = bars(names, column(rows, "value"), [words(value) for value in rows["value"]], colours)
    limits: dict[str, Any] = {"rangemode": "tozero"}
    if words is percent:
        limits = {"range": [0, 1], "tickformat": ".0%"}
    layout = {"xaxis": axis(unit, **limits), "yaxis": names_axis()}
    return Panel([figure], layout, rows_height(len(rows)), title)
