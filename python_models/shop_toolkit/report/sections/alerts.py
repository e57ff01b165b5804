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
from shop_toolkit.report.data_texts import said
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked, ngettext, number_text
from shop_toolkit.report.privacy import LEAST_CUSTOMERS
from shop_toolkit.report.segmentations import SEGMENTATIONS, ordered
from shop_toolkit.report.words import count, is_missing, label, money, percent

TASK = "flag customers who stop ordering"
INJECTED, REAL = "changes injected at month ends", "real stops at the last month end"
# Per split and metric its heading, its unit, and how its values are written.
METRICS = {
    (REAL, "recall"): (marked("Found in truth"), marked("share of those who stopped"), percent),
    (REAL, "precision"): (marked("Right in truth"), marked("share of the alerts"), percent),
    (INJECTED, "recall"): (marked("Found"), marked("share of those made to stop"), percent),
    (INJECTED, "precision"): (marked("Right"), marked("share of the alerts"), percent),
    (INJECTED, "median_delay_days"): (marked("Delay"), marked("median days, less is better"), count),
    (INJECTED, "warnings_per_1000_customers_a_week"): (
        marked("Work"),
        marked("alerts a week per 1,000 customers"),
        lambda number: number_text(number, 1),
    ),
}
# Of what overdue customers have spent, the share of one segment.
SPENT_MOSTLY = {
    "broad": marked("; {share} of the {amount} that they have spent comes from the broad segment “{segment}”"),
    "detailed": marked("; {share} of the {amount} that they have spent comes from the detailed segment “{segment}”"),
    "rfm": marked("; {share} of the {amount} that they have spent comes from the RFM segment “{segment}”"),
    "custom": marked("; {share} of the {amount} that they have spent comes from the custom segment “{segment}”"),
}


def alerts(ranks: pd.DataFrame, totals: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """Overdue customers by segment, and their revenue.

    Args:
        ranks: rpt_segments, without the money of few.
        totals: What all overdue customers have spent and may spend, by segmentation.
        segments: The mart of this name.
        colours: Colour by segment.
    """
    name = "alerts"
    overdue = ranks[ranks["customer_count"] > 0]
    if not len(overdue) or not overdue["overdue_customer_count"].sum():
        heading = _("Who is away for longer than usual")
        return without_chart(name, heading, _("No customer is away for longer than usual."))
    titles, notes, tables, panels = {}, {}, [], []
    for segmentation in SEGMENTATIONS:
        own = in_order(overdue[overdue["segmentation"] == segmentation], ordered(segments, segmentation))
        if own.empty:
            continue
        whole = totals[totals["segmentation"] == segmentation].iloc[0]
        titles[segmentation] = overdue_title(own, segmentation, whole["spend_to_date"])
        notes[segmentation] = overdue_note(own, whole["expected_loss"])
        panels += overdue_panels(segmentation, own, colours)
        tables.append(own)
    columns = {
        "segmentation": (_("segmentation"), "word"),
        "segment": (_("segment"), "text"),
        "customer_count": (_("customers"), "count"),
        "overdue_customer_count": (_("overdue"), "count"),
        "share": (_("share overdue"), "share"),
        "spend_to_date": (_("spent so far"), "money"),
        "expected_loss": (_("expected loss"), "money"),
        "median_days_overdue": (_("median days overdue"), "number"),
    }
    return Block(
        name,
        next(iter(titles.values())),
        note=next(iter(notes.values())),
        titles=titles,
        notes=notes,
        panels=panels,
        panel_width="middle",
        table=table_of(pd.concat(tables), columns),
    )


def in_order(own: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """The rows of a segmentation, best first, with the share of the customers who are overdue.

    Args:
        own: Its rows of rpt_segments.
        segments: Its segments, best first.
    """
    places = {segment: place for place, segment in enumerate(segments["segment"])}
    return own.assign(
        place=own["segment"].map(places).fillna(len(places)),
        share=own["overdue_customer_count"] / own["customer_count"],
    ).sort_values(["place", "segment"])


def overdue_panels(segmentation: str, own: pd.DataFrame, colours: Mapping[str, str]) -> list[Panel]:
    """The figures of a segmentation: overdue customers, what they spent, and what may be lost of it.

    Args:
        segmentation: rfm, broad, detailed or custom.
        own: Its rows, in order.
        colours: Colour by segment.
    """
    figures = (
        ("overdue_customer_count", _("Customers overdue"), _("customers")),
        ("spend_to_date", _("Spent so far"), _("spent so far")),
        ("expected_loss", _("Expected loss"), _("spend of 90 days")),
    )
    return [overdue_bars(own, field, title, unit, colours, segmentation) for field, title, unit in figures]


def overdue_note(own: pd.DataFrame, loss: float) -> str:
    """What a segmentation's figures leave out, what is likely to be lost, and where the customers are named.

    Args:
        own: Its rows.
        loss: Expected loss of all overdue customers.
    """
    alone = ""
    if own["spend_to_date"].isna().any():
        alone = _("Revenue of fewer than {least} customers is not shown apart; sums hold it.", least=LEAST_CUSTOMERS)
        alone += " " + _("One more segment may be left out, or a subtraction would give it away.")
    where = _(
        "Alerts go by the rule that did best on this shop's past. The forecast is that of the model in use, the"
        " probability is how often such alerts were right at earlier month ends: the tab Models has both. The table"
        " customer_alerts names the customers."
    )
    return " ".join(filter(None, [alone, loss_sentence(own, loss).strip(), where]))


def overdue_title(own: pd.DataFrame, segmentation: str, total: float | None = None) -> str:
    """How many customers are overdue, and which segment has spent most of what they have.

    Args:
        own: One row per segment.
        segmentation: rfm, broad, detailed or custom.
        total: What all of them have spent; without it what the rows show.
    """
    overdue, risk = int(own["overdue_customer_count"].sum()), own["spend_to_date"].astype(float).fillna(0)
    total = risk.sum() if total is None else float(total)
    title = ngettext(
        "{count} customer ({share}) is away for longer than usual",
        "{count} customers ({share}) are away for longer than usual",
        overdue,
        count=count(overdue),
        share=percent(overdue / own["customer_count"].sum()),
    )
    # What is withheld might be the largest.
    if total > 0 and 0 < risk.max() >= total - risk.sum():
        title += _(
            SPENT_MOSTLY[segmentation],
            share=percent(risk.max() / total),
            amount=money(total),
            segment=largest(own, risk)["segment"],
        )
    elif total > 0:
        title += _("; they have spent {amount}", amount=money(total))
    return title


def loss_sentence(own: pd.DataFrame, total: float | None = None) -> str:
    """What is likely to be lost with the overdue customers, and what that means; empty where nothing is.

    Args:
        own: One row per segment, with its expected loss; missing where it is withheld.
        total: The expected loss of all of them; without it what the rows show.
    """
    losses = own["expected_loss"].astype(float).fillna(0)
    total = losses.sum() if total is None else float(total)
    if not total > 0:
        return ""
    if losses.max() < total - losses.sum():
        return _(
            "Of what they are expected to spend in the next 90 days, {amount} is likely to be lost: the spend of each,"
            " times the probability that the customer has stopped. ",
            amount=money(total),
        )
    return _(
        "Of what they are expected to spend in the next 90 days, {amount} is likely to be lost, most of it ({most}) in"
        " the segment “{segment}”: the spend of each, times the probability that the customer has stopped. ",
        amount=money(total),
        most=money(losses.max()),
        segment=largest(own, losses)["segment"],
    )


def overdue_bars(
    own: pd.DataFrame, field: str, title: str, unit: str, colours: Mapping[str, str], segmentation: str
) -> Panel:
    """A bar per segment.

    Args:
        own: One row per segment, in order.
        field: Column of the values: overdue_customer_count, spend_to_date or expected_loss.
        title: Heading of the figure.
        unit: Title of the axis.
        colours: Colour by segment.
        segmentation: rfm, broad, detailed or custom.
    """
    names = list(own["segment"])
    words = count if field == "overdue_customer_count" else money
    texts = [_("not shown") if is_missing(value) else words(value) for value in own[field]]
    marks = [colours.get(segment, GREY) for segment in names]
    # What is withheld gets a bar of no length, or its text would not be drawn.
    values = [0 if value is None else value for value in column(own, field)]
    figure = bars(names, values, texts, marks, textposition="outside")
    # Room for the text of the longest bar.
    most = float(own[field].fillna(0).max())
    layout = {"xaxis": axis(unit, range=[0, most * 1.25 or 1]), "yaxis": names_axis(names=named_short(names, 26))}
    return Panel([figure], layout, rows_height(len(own)), title, segmentation)


def alert_backtest(evaluations: pd.DataFrame) -> Block:
    """How good each rule for alerts would have been, and which is in use; `evaluations` is model_evaluations."""
    name, heading = "alert_backtest", _("How good the alerts are")
    of_task = evaluations[evaluations["task"] == TASK]
    own = of_task[of_task["value"].notna()].sort_values(["split", "metric", "is_baseline", "model", "settings"])
    if own.empty:
        problem = _("The alerts could not be backtested: no customer could be observed for long enough.")
        return without_chart(name, heading, problem)
    columns = {
        "model": (_("rule"), "word"),
        "settings": (_("settings"), "word"),
        "split": (_("evaluated by"), "word"),
        "metric": (_("metric"), "word"),
        "value": (_("value"), "number"),
        "sample_size": (_("evaluated on"), "count"),
        "note": (_("note"), "word"),
    }
    rule, reason = rule_in_use(of_task)
    note = _(
        "The rule in use is “{rule}”: {reason}. In truth: who placed no order after the last month end on which"
        " that shows. Else half of those who went on ordering were made to stop at a month end; fewer do in truth.",
        rule=said(rule),
        reason=said(reason),
    )
    if rule.endswith("%"):
        note += " " + _(
            "The share in its name is that of the model of orders by which it finds the day; the probability of an"
            " alert is how many of such customers had stopped in truth."
        )
    panels = [
        metric_bars(rows, key, rule)
        for key in METRICS
        if len(rows := own[(own["split"] == key[0]) & (own["metric"] == key[1])])
    ]
    return Block(
        name,
        backtest_title(own, rule),
        note=note,
        panels=panels,
        panel_width="middle",
        legend=[[_("rule in use"), ACCENT, "■"], [_("other rules"), MUTED, "■"]],
        table=table_of(own, columns),
    )


def rule_in_use(of_task: pd.DataFrame) -> tuple[str, str]:
    """Name of the rule that alerts go by, and why; `of_task` are the task's rows of model_evaluations."""
    for row in rows_of(of_task[of_task["split"] == "rule in use"]):
        return row["model"], row["note"]
    return marked("typical gap"), marked("no other was evaluated")


def backtest_title(own: pd.DataFrame, rule: str) -> str:
    """How soon and how often the rule in use would have been right."""
    values: dict[tuple[str, str], Any] = {
        (row["split"], row["metric"]): row["value"] for row in rows_of(own[own["model"] == rule])
    }
    delay, right = (values.get((INJECTED, metric)) for metric in ("median_delay_days", "precision"))
    found, true = (values.get((REAL, metric)) for metric in ("recall", "precision"))
    title = _("The alerts in the backtest")
    if delay is not None:
        title = ngettext(
            "Customers who stop ordering are flagged after {days} day",
            "Customers who stop ordering are flagged after {days} days",
            round(delay),
            days=count(delay),
        )
        if right is not None:
            title += _("; {share} of the alerts are right where half stop", share=percent(right))
    if found is not None and true is not None:
        title += _(
            "; in truth {found} of those who stopped had an alert, and {right} of alerts were right",
            found=percent(found),
            right=percent(true),
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
    names = [label(said(model), 26) for model in rows["model"]]
    figure = bars(names, column(rows, "value"), [words(value) for value in rows["value"]], colours)
    limits: dict[str, Any] = {"rangemode": "tozero"}
    if words is percent:
        limits = {"range": [0, 1], "tickformat": ".0%"}
    layout = {"xaxis": axis(_(unit), **limits), "yaxis": names_axis()}
    return Panel([figure], layout, rows_height(len(rows)), _(title))
