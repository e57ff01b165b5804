"""Who is moving? Last month's moves, why customers move, who is overdue, and how far all of them have drifted."""

import pandas as pd

from shop_toolkit.report.charts import (
    ACCENT,
    FALL,
    INK,
    MUTED,
    PALE,
    RISE,
    Block,
    Panel,
    Tables,
    column,
    table_of,
    without_chart,
)
from shop_toolkit.report.colours import segment_colours
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked, ngettext
from shop_toolkit.report.months import (
    LEGEND,
    MEASURES,
    latest,
    layout_by_month,
    line_by_month,
    month_ends,
    month_starts,
)
from shop_toolkit.report.sections.alerts import alert_backtest, alerts
from shop_toolkit.report.sections.drift import drifted
from shop_toolkit.report.sections.flows import flows
from shop_toolkit.report.segmentations import SEGMENTATIONS, segments_named
from shop_toolkit.report.words import count, percent

# How segment_changes are counted: the section needs no more of them.
CHANGES = "segmentation, change_type, cause, count(*) as change_count, as_of_date"
CAUSES = {
    "new": (marked("first order"), MUTED),
    "order": (marked("orders"), ACCENT),
    "aging": (marked("time passing"), PALE),
    "cancellation": (marked("cancellations"), FALL),
    "late_data": (marked("rows that arrived late"), RISE),
    "refit": (marked("new rules"), INK),
}
# Whose changes, and what they are caused by.
CHANGES_OF = {
    "broad": marked("{share} of the changes of broad segments"),
    "detailed": marked("{share} of the changes of detailed segments"),
    "rfm": marked("{share} of the changes of RFM segments"),
    "custom": marked("{share} of the changes of custom segments"),
}
CAUSED_BY = {
    "order": marked("{changes} are caused by orders"),
    "aging": marked("{changes} are caused by time passing"),
    "cancellation": marked("{changes} are caused by cancellations"),
    "late_data": marked("{changes} are caused by rows that arrived late"),
    "refit": marked("{changes} are caused by new rules"),
}
# How many stay in their segment, by measure of segment_drift.
STAYING = {
    "broad_segment": marked("{share} in their broad segment"),
    "detailed_segment": marked("{share} in their detailed segment"),
    "rfm_segment": marked("{share} in their RFM segment"),
}


def blocks(tables: Tables) -> list[Block]:
    """The section's blocks."""
    segments, drift = tables["segments"], tables["segment_drift"]
    colours = segment_colours(segments)
    return [
        alerts(tables["rpt_segments"], tables["overdue_totals"], segments, colours),
        flows(tables["segment_transitions"], segments, colours),
        causes(tables["segment_changes"]),
        stay_rates(drift),
    ]


def technical_blocks(tables: Tables) -> list[Block]:
    """How good the alerts are, and how far customers have drifted from those that the rules were fitted on."""
    return [alert_backtest(tables["model_evaluations"]), drifted(tables["segment_drift"])]


def stay_rates(drift: pd.DataFrame) -> Block:
    """Which share of the customers is in the segment of the month before; `drift` is segment_drift."""
    name, heading = "stay_rates", _("Who stays in their segment")
    own = drift[drift["measure"].isin(STAYING) & drift["stay_rate"].notna()]
    own = month_ends(own).sort_values(["measure", "as_of_date"])
    own = own.assign(segmentation=own["measure"].str.removesuffix("_segment"))
    if own.empty:
        problem = _("No whole month has passed after the first one, so nobody could stay.")
        return without_chart(name, heading, problem)
    traces = [
        line_by_month(line, "stay_rate", measure, _("{share} stayed", share="%{y:.1%}"))
        for measure in MEASURES
        if len(line := latest(own[own["measure"] == measure]))
    ]
    means = {str(measure): rates.mean() for measure, rates in own.groupby("measure")["stay_rate"]}
    shares = ", ".join(
        _(words, share=percent(means[measure])) for measure, words in STAYING.items() if measure in means
    )
    layout = layout_by_month(_("share that stayed"), tickformat=".0%", range=[0, 1.03]) | LEGEND
    columns = {
        "segmentation": (_("segmentation"), "word"),
        "as_of_date": (_("month to"), "date"),
        "customer_count": (_("customers"), "count"),
        "stay_rate": (_("share that stayed"), "share"),
    }
    months = own["as_of_date"].nunique()
    return Block(
        name,
        _("Customers who stay from month to month: {shares}", shares=shares),
        note=ngettext(
            "The title shows the mean of {count} whole month.",
            "The title shows the mean of {count} whole months.",
            months,
            count=count(months),
        ),
        panels=[Panel(traces, layout, 300)],
        table=table_of(own, columns),
    )


def causes(changes: pd.DataFrame) -> Block:
    """Why segments changed, by month; `changes` counts segment_changes as `CHANGES`."""
    name, heading = "change_causes", _("Why segments change")
    own = changes[changes["segmentation"].isin(SEGMENTATIONS)]
    own = own.sort_values(["segmentation", "as_of_date", "change_type", "cause"])
    if own.empty:
        problem = _("No customer has been in any segment, so none has changed.")
        return without_chart(name, heading, problem)
    known = {
        segmentation: rows for segmentation in SEGMENTATIONS if len(rows := own[own["segmentation"] == segmentation])
    }
    titles = {segmentation: commonest_cause(segmentation, rows) for segmentation, rows in known.items()}
    columns = {
        "segmentation": (_("segmentation"), "word"),
        "as_of_date": (_("until"), "date"),
        "change_type": (_("type"), "word"),
        "cause": (_("cause"), "text"),
        "change_count": (_("changes"), "count"),
    }
    return Block(
        name,
        next(iter(titles.values())),
        note=_(
            "Rows that arrive late and new rules also correct earlier months (restatements). A month that is not over"
            " is pale. The table segment_changes has each change with its customer, and in sufficient_causes what alone"
            " would have led there."
        ),
        titles=titles,
        panels=[cause_bars(segmentation, rows) for segmentation, rows in known.items()],
        panel_width="middle",
        legend=[[_(words), colour, "■"] for cause, (words, colour) in CAUSES.items() if cause in set(own["cause"])],
        table=table_of(own.assign(cause=[_(CAUSES[cause][0]) for cause in own["cause"]]), columns),
    )


def cause_bars(segmentation: str, rows: pd.DataFrame) -> Panel:
    """Stacked bars of changes by month and cause.

    Args:
        segmentation: rfm, broad, detailed or custom.
        rows: Its changes.
    """
    counts = latest(rows.groupby(["as_of_date", "cause"])["change_count"].sum().reset_index())
    counts["opacity"] = pd.to_datetime(counts["as_of_date"]).dt.is_month_end.map({True: 1.0, False: 0.45})
    traces = [
        {
            "type": "bar",
            "x": month_starts(part),
            "y": column(part, "change_count"),
            "name": _(words),
            "xperiod": "M1",
            "marker": {"color": colour, "opacity": column(part, "opacity")},
            "hovertemplate": _("{month}: {count} by {cause}", month="%{x|%B %Y}", count="%{y:,.0f}", cause=_(words))
            + "<extra></extra>",
        }
        for cause, (words, colour) in CAUSES.items()
        if len(part := counts[counts["cause"] == cause])
    ]
    layout = layout_by_month(_("changes of segment")) | {"barmode": "stack"}
    return Panel(traces, layout, 320, segments_named(segmentation), segmentation)


def commonest_cause(segmentation: str, own: pd.DataFrame) -> str:
    """The title: the commonest cause of changes, first orders apart.

    Args:
        segmentation: rfm, broad, detailed or custom.
        own: Its changes.
    """
    moves = own[own["cause"] != "new"]
    if moves.empty:
        return _("Nobody has changed segment yet: there are only first orders")
    sums = {str(cause): changes.sum() for cause, changes in moves.groupby("cause")["change_count"]}
    total = sum(sums.values())
    most = max(sums, key=lambda cause: sums[cause])
    whose = _(CHANGES_OF[segmentation], share=percent(sums[most] / total))
    title = _(CAUSED_BY[most], changes=whose)
    if most != "order" and "order" in sums:
        title += _(", {share} by orders", share=percent(sums["order"] / total))
    elif most != "aging" and "aging" in sums:
        title += _(", {share} by time passing", share=percent(sums["aging"] / total))
    return title
