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
from shop_toolkit.report.segmentations import LEARNED, MOVING, SEGMENTATIONS
from shop_toolkit.report.words import percent, plural, sentence

# How segment_changes are counted: the section needs no more of them.
CHANGES = "segmentation, change_type, cause, count(*) as change_count, as_of_date"
CAUSES = {
    "new": ("first order", MUTED),
    "order": ("orders", ACCENT),
    "aging": ("time passing", PALE),
    "cancellation": ("cancellations", FALL),
    "late_data": ("late-arriving rows", RISE),
    "refit": ("new rules", INK),
}


def blocks(tables: Tables) -> list[Block]:
    """The section's blocks."""
    segments, drift = tables["segments"], tables["segment_drift"]
    colours = segment_colours(segments)
    return [
        alerts(tables["rpt_segments"], segments, colours),
        flows(tables["segment_transitions"], segments, colours),
        causes(tables["segment_changes"]),
        stay_rates(drift),
    ]


def technical_blocks(tables: Tables) -> list[Block]:
    """How good the alerts are, and how far customers have drifted from those that the rules were fitted on."""
    return [alert_backtest(tables["model_evaluations"]), drifted(tables["segment_drift"])]


def stay_rates(drift: pd.DataFrame) -> Block:
    """Which share of the customers is in the segment of the month before; `drift` is segment_drift."""
    name, heading = "stay_rates", "Who stays in their segment"
    own = drift[drift["measure"].str.endswith("_segment") & drift["stay_rate"].notna()]
    own = month_ends(own).sort_values(["measure", "as_of_date"])
    own = own.assign(segmentation=own["measure"].str.removesuffix("_segment"))
    if own.empty:
        return without_chart(name, heading, "No whole month has passed after the first one, so nobody could stay.")
    traces = [
        line_by_month(line, "stay_rate", measure, "%{y:.1%} stayed")
        for measure in MEASURES
        if len(line := latest(own[own["measure"] == measure]))
    ]
    means = {str(measure): rates.mean() for measure, rates in own.groupby("measure")["stay_rate"]}
    first, *others = means
    title = f"{percent(means[first])} of the customers stay in their {MEASURES[first][0][:-1]} from month to month"
    title += "".join(f", {percent(means[measure])} in their {MEASURES[measure][0][:-1]}" for measure in others)
    layout = layout_by_month("share that stayed", tickformat=".0%", range=[0, 1.03]) | LEGEND
    columns = {
        "segmentation": ("segmentation", "text"),
        "as_of_date": ("month to", "date"),
        "customer_count": ("customers", "count"),
        "stay_rate": ("share that stayed", "share"),
    }
    return Block(
        name,
        title,
        note=f"The title shows the mean of {plural(own['as_of_date'].nunique(), 'whole month')}.",
        panels=[Panel(traces, layout, 300)],
        table=table_of(own, columns),
    )


def causes(changes: pd.DataFrame) -> Block:
    """Why segments changed, by month; `changes` counts segment_changes as `CHANGES`."""
    name, heading = "change_causes", "Why segments change"
    own = changes[changes["segmentation"].isin(SEGMENTATIONS)]
    own = own.sort_values(["segmentation", "as_of_date", "change_type", "cause"])
    if own.empty:
        return without_chart(name, heading, "No customer has been in any segment, so none has changed.")
    panels = [
        cause_bars(segmentation, rows)
        for segmentation in MOVING
        if len(rows := own[own["segmentation"] == segmentation])
    ]
    columns = {
        "segmentation": ("segmentation", "text"),
        "as_of_date": ("until", "date"),
        "change_type": ("type", "text"),
        "cause": ("cause", "text"),
        "change_count": ("changes", "count"),
    }
    return Block(
        name,
        commonest_cause(own),
        note="The cause answers which segment each customer would be in if only time had passed, only new orders"
        " counted, and so on. Late-arriving rows and new rules also restate earlier months. A month that is not over"
        " is pale.",
        panels=panels,
        panel_width="middle",
        legend=[[words, colour, "■"] for cause, (words, colour) in CAUSES.items() if cause in set(own["cause"])],
        table=table_of(own, columns),
    )


def cause_bars(segmentation: str, rows: pd.DataFrame) -> Panel:
    """Stacked bars of changes by month and cause.

    Args:
        segmentation: broad, detailed or custom.
        rows: Its changes.
    """
    counts = latest(rows.groupby(["as_of_date", "cause"])["change_count"].sum().reset_index())
    counts["opacity"] = pd.to_datetime(counts["as_of_date"]).dt.is_month_end.map({True: 1.0, False: 0.45})
    traces = [
        {
            "type": "bar",
            "x": month_starts(part),
            "y": column(part, "change_count"),
            "name": words,
            "xperiod": "M1",
            "marker": {"color": colour, "opacity": column(part, "opacity")},
            "hovertemplate": "%{x|%B %Y}: %{y:,.0f} by " + words + "<extra></extra>",
        }
        for cause, (words, colour) in CAUSES.items()
        if len(part := counts[counts["cause"] == cause])
    ]
    layout = layout_by_month("changes of segment") | {"barmode": "stack"}
    return Panel(traces, layout, 320, sentence(SEGMENTATIONS[segmentation]), segmentation)


def commonest_cause(own: pd.DataFrame) -> str:
    """The title: the commonest cause of changes of learned segments, first orders apart."""
    learned = own[own["segmentation"].isin(LEARNED) & (own["cause"] != "new")]
    moves = learned[learned["segmentation"] == ("detailed" if "detailed" in set(learned["segmentation"]) else "broad")]
    if moves.empty:
        return "Nobody has changed segment yet: there are only first orders"
    sums = {str(cause): changes.sum() for cause, changes in moves.groupby("cause")["change_count"]}
    total = sum(sums.values())
    most = max(sums, key=lambda cause: sums[cause])
    title = (
        f"{percent(sums[most] / total)} of the changes of {moves['segmentation'].iloc[0]} segments"
        f" are caused by {CAUSES[most][0]}"
    )
    if most != "order" and "order" in sums:
        title += f", {percent(sums['order'] / total)} by orders"
    elif most != "aging" and "aging" in sums:
        title += f", {percent(sums['aging'] / total)} by time passing"
    return title
