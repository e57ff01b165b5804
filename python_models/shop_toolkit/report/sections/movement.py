"""Who is moving? Last month's moves, why customers move, who stays away, and how far all of them have drifted."""

from collections.abc import Iterator, Mapping
from typing import Any

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
    axis,
    bars,
    column,
    named_short,
    names_axis,
    rows_height,
    table_of,
    without_chart,
)  # fmt: skip
from shop_toolkit.report.colours import GREY, segment_colours
from shop_toolkit.report.privacy import LEAST_CUSTOMERS
from shop_toolkit.report.sections.customers import SEGMENTATIONS, ordered
from shop_toolkit.report.sections.sales import month
from shop_toolkit.report.words import count, is_missing, label, money, percent, plural, sentence

# As segment_transitions calls who placed their first order since.
NEWCOMERS, NEWCOMERS_TOLD = "no order yet", "first order"
LEARNED = ("broad", "detailed")
CAUSES = {
    "new": ("first order", MUTED),
    "order": ("orders", ACCENT),
    "aging": ("time passing", PALE),
    "cancellation": ("cancellations", FALL),
    "late_data": ("late rows", RISE),
    "refit": ("new rules", INK),
}
MEASURES = {
    "recency_score": ("recency", ACCENT, "solid"),
    "frequency_score": ("frequency", MUTED, "dash"),
    "monetary_score": ("monetary", FALL, "dot"),
    "broad_segment": ("broad segments", ACCENT, "solid"),
    "detailed_segment": ("detailed segments", MUTED, "dash"),
    "rfm_segment": ("RFM segments", FALL, "dot"),
}
# Lines are told apart by colour and dashes, which a legend of the page can't draw.
LEGEND = {
    "showlegend": True,
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    "margin": {"t": 40},
}
WATCH = "flag customers who stop ordering"
MOVED, SHIFTED = 0.1, 0.25
# The first months after a shop opens are far off; they stand in the table.
DRIFT_SHOWN = 0.5
MONTHS = 36
# Pixels of a flow's figure: what a node and the gap between two need for their names.
NODE, GAP, THICKNESS, LETTERS = 16, 14, 12, 18


def blocks(tables: Mapping[str, pd.DataFrame]) -> list[Block]:
    """The section's blocks."""
    segments, drift = tables["segments"], tables["segment_drift"]
    colours = segment_colours(segments)
    return [
        flows(tables["segment_transitions"], segments, colours),
        stay_rates(drift),
        causes(tables["rpt_changes"]),
        alerts(tables["rpt_alerts"], segments, colours),
        watch(tables["model_evaluations"]),
        drifted(drift),
    ]


def of_whole_months(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of month ends."""
    return frame[pd.to_datetime(frame["as_of_date"]).dt.is_month_end]


def latest(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the newest months that a chart has room for."""
    days = sorted(frame["as_of_date"].unique())
    return frame[frame["as_of_date"].isin(days[-MONTHS:])]


def month_starts(frame: pd.DataFrame) -> list[str]:
    """The months of `as_of_date`, by their first days."""
    return [f"{pd.Timestamp(day):%Y-%m-01}" for day in frame["as_of_date"]]


def by_month(title: str, **more: object) -> dict[str, Any]:
    """The layout of something by month."""
    return {"xaxis": axis("month", type="date", showgrid=False, tickformat="%b<br>%Y"), "yaxis": axis(title, **more)}


def line_by_month(rows: pd.DataFrame, field: str, measure: str, value: str) -> dict[str, Any]:
    """One measure's dashed line over the months of `rows`; `value` is how plotly words a month's value on hover."""
    words, colour, dash = MEASURES[measure]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": month_starts(rows),
        "y": column(rows, field),
        "name": words,
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "size": 6},
        "hovertemplate": "%{x|%B %Y}: " + value + ", " + words + "<extra></extra>",
    }


def translucent(colour: str, opacity: float) -> str:
    """A colour `#rrggbb` that lets others through."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def flows(transitions: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """From which segment to which customers went in the last whole month."""
    name, heading = "segment_flows", "Moves between segments"
    whole = of_whole_months(transitions[transitions["previous_date"].notna()])
    whole = whole[whole["segmentation"].isin(SEGMENTATIONS)]
    if whole.empty:
        return without_chart(name, heading, "Nobody can have moved yet: it takes a whole month after the first one.")
    day = whole["as_of_date"].max()
    own = whole[whole["as_of_date"] == day]
    panels, told = [], []
    for segmentation in LEARNED:
        rows = own[own["segmentation"] == segmentation]
        if rows.empty:
            continue
        panels.append(flow(rows, list(ordered(segments, segmentation)["segment"]), colours, segmentation))
        known = rows[rows["from_segment"] != NEWCOMERS]
        moved = known.loc[known["from_segment"] != known["to_segment"], "customers"].sum()
        if len(known):
            told.append((percent(moved / known["customers"].sum()), segmentation))
    first = own[own["from_segment"] == NEWCOMERS].groupby("segmentation")["customers"].sum()
    newcomers = int(first.max()) if len(first) else 0
    first_orders = f"{plural(newcomers, 'customer') if newcomers else 'nobody'} placed a first order"
    title = f"In {month(day)}, {first_orders}"
    if told:
        title = f"{told[0][0]} of the customers changed their {told[0][1]} segment in {month(day)}"
        title += (
            "".join(f", {share} their {segmentation} one" for share, segmentation in told[1:]) + f"; {first_orders}"
        )
    table = own.assign(place=own["segmentation"].map({key: place for place, key in enumerate(SEGMENTATIONS)}))
    table = table.sort_values(["place", "customers", "from_segment", "to_segment"], ascending=[True, False, True, True])
    return Block(
        name,
        title,
        note=f"Left: segments on {pd.Timestamp(own['previous_date'].iloc[0]):%d %B %Y}, right: on"
        f" {pd.Timestamp(day):%d %B %Y}, with customers; best on top. Pale bands stayed, strong ones moved.",
        panels=panels,
        panel_width="middle",
        table=table_of(
            table,
            {
                "segmentation": ("segmentation", "text"),
                "from_segment": ("from", "text"),
                "to_segment": ("to", "text"),
                "customers": ("customers", "count"),
                "transition_probability": ("share of those from there", "share"),
                "revenue": ("money of the month", "money"),
            },
        ),
    )


def flow(rows: pd.DataFrame, best_first: list[str], colours: Mapping[str, str], segmentation: str) -> Panel:
    """One segmentation's moves as bands between two columns of segments, whose names stand outside of them."""
    places = {segment: place for place, segment in enumerate(best_first)}

    def place(side: tuple[str, int]) -> tuple[bool, int, str]:
        # A segment of older rules that nobody is in today stands below those of today; newcomers last.
        return side[0] == NEWCOMERS, places.get(side[0], len(places)), side[0]

    rows = rows.sort_values(["from_segment", "to_segment"])
    sides = [
        sorted(((segment, int(own["customers"].sum())) for segment, own in rows.groupby(field)), key=place)
        for field in ("from_segment", "to_segment")
    ]
    most = max(len(side) for side in sides)
    total = int(rows["customers"].sum())
    tall = NODE * most * 1.6 + 60
    drawable = tall + GAP * (most - 1)
    middles = [list(node_middles([size for _, size in side], total, tall, drawable)) for side in sides]
    names = [[f"{label(named(segment), LETTERS)} {count(size)}" for segment, size in side] for side in sides]
    longest = max(min(len(named(segment)), LETTERS) + 1 + len(count(size)) for side in sides for segment, size in side)
    margin = 14 + int(6.6 * longest)
    shades = [[colours.get(segment, GREY) for segment, _ in side] for side in sides]
    number = [{segment: at for at, (segment, _) in enumerate(side)} for side in sides]
    source = [number[0][segment] for segment in rows["from_segment"]]
    target = [len(sides[0]) + number[1][segment] for segment in rows["to_segment"]]
    stayed = rows["from_segment"] == rows["to_segment"]
    figure = {
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
            "hovertemplate": "%{customdata} customers<extra></extra>",
        },
        "link": {
            "source": source,
            "target": target,
            "value": column(rows, "customers"),
            "color": [
                translucent(shades[0][at], 0.22 if same else 0.7) for at, same in zip(source, stayed, strict=True)
            ],
            "customdata": [
                f"{label(named(one), 26)} → {label(other, 26)}"
                for one, other in zip(rows["from_segment"], rows["to_segment"], strict=True)
            ],
            "hovertemplate": "%{customdata}: %{value:,.0f} customers<extra></extra>",
        },
        # Plotly would write names over the bands.
        "textfont": {"size": 1, "color": "rgba(0,0,0,0)"},
    }
    beside = [
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
    layout = {"margin": {"t": 12, "b": 12, "l": margin, "r": margin}, "annotations": beside}
    return Panel([figure], layout, int(drawable) + 24, sentence(SEGMENTATIONS[segmentation]))


def named(segment: str) -> str:
    """A segment as the figure calls it."""
    return NEWCOMERS_TOLD if segment == NEWCOMERS else segment


def node_middles(sizes: list[int], total: int, tall: float, drawable: float) -> Iterator[float]:
    """Where nodes of these sizes stand one below the other, amid the figure (0 top, 1 bottom)."""
    start = (drawable - tall - GAP * (len(sizes) - 1)) / 2
    for size in sizes:
        height = tall * size / total
        yield round((start + height / 2) / drawable, 4)
        start += height + GAP


def stay_rates(drift: pd.DataFrame) -> Block:
    """Which share of the customers is in the segment of the month before."""
    name, heading = "stay_rates", "Who stays in their segment"
    own = drift[drift["measure"].str.endswith("_segment") & drift["stay_rate"].notna()]
    own = of_whole_months(own).sort_values(["measure", "as_of_date"])
    own = own.assign(segmentation=own["measure"].str.removesuffix("_segment"))
    if own.empty:
        return without_chart(name, heading, "No whole month has passed after the first one, so nobody could stay.")
    traces = []
    for measure in MEASURES:
        line = latest(own[own["measure"] == measure])
        if line.empty:
            continue
        traces.append(line_by_month(line, "stay_rate", measure, "%{y:.1%} stayed"))
    means = own.groupby("measure")["stay_rate"].mean()
    first, *others = means.index
    title = f"{percent(means[first])} of the customers stay in their {MEASURES[first][0][:-1]} from month to month"
    title += "".join(f", {percent(means[measure])} in their {MEASURES[measure][0][:-1]}" for measure in others)
    return Block(
        name,
        title,
        note=f"The title tells the mean of {plural(own['as_of_date'].nunique(), 'whole month')}.",
        panels=[Panel(traces, by_month("share that stayed", tickformat=".0%", range=[0, 1.03]) | LEGEND, 300)],
        table=table_of(
            own,
            {
                "segmentation": ("segmentation", "text"),
                "as_of_date": ("month to", "date"),
                "customers": ("customers", "count"),
                "stay_rate": ("share that stayed", "share"),
            },
        ),
    )


def causes(changes: pd.DataFrame) -> Block:
    """Why segments changed, by month."""
    name, heading = "change_causes", "Why segments change"
    own = changes[changes["segmentation"].isin(SEGMENTATIONS)].sort_values(
        ["segmentation", "as_of_date", "change_type", "cause"]
    )
    if own.empty:
        return without_chart(name, heading, "No customer has been in any segment, so none has changed.")
    panels = []
    for segmentation in LEARNED:
        rows = own[own["segmentation"] == segmentation]
        if rows.empty:
            continue
        counts = latest(rows.groupby(["as_of_date", "cause"], as_index=False)["changes"].sum())
        counts["opacity"] = pd.to_datetime(counts["as_of_date"]).dt.is_month_end.map({True: 1.0, False: 0.45})
        traces = [
            {
                "type": "bar",
                "x": month_starts(part),
                "y": column(part, "changes"),
                "name": words,
                "xperiod": "M1",
                "marker": {"color": colour, "opacity": column(part, "opacity")},
                "hovertemplate": "%{x|%B %Y}: %{y:,.0f} by " + words + "<extra></extra>",
            }
            for cause, (words, colour) in CAUSES.items()
            if len(part := counts[counts["cause"] == cause])
        ]
        layout = by_month("changes of segment") | {"barmode": "stack"}
        panels.append(Panel(traces, layout, 320, sentence(SEGMENTATIONS[segmentation])))
    learned = own[own["segmentation"].isin(LEARNED) & (own["cause"] != "new")]
    moves = learned[learned["segmentation"] == ("detailed" if "detailed" in set(learned["segmentation"]) else "broad")]
    title = "Nobody has changed segment yet: all that happened are first orders"
    if len(moves):
        sums = moves.groupby("cause")["changes"].sum()
        most = max(sorted(sums.index), key=lambda cause: sums[cause])
        words = CAUSES[most][0]
        title = (
            f"{percent(sums[most] / sums.sum())} of the changes of {moves['segmentation'].iloc[0]} segments"
            f" come from {words}"
        )
        if most != "order" and "order" in sums:
            title += f", {percent(sums['order'] / sums.sum())} from orders"
        elif most != "aging" and "aging" in sums:
            title += f", {percent(sums['aging'] / sums.sum())} from time passing"
    shown = [CAUSES[cause] for cause in CAUSES if cause in set(own["cause"])]
    return Block(
        name,
        title,
        note="Decided by asking which segment each customer would be in had only time passed, had only orders come, and"
        " so on. Late rows and new rules also change what was told of months before. A month that is not over is pale.",
        panels=panels,
        panel_width="middle",
        legend=[[words, colour, "■"] for words, colour in shown],
        table=table_of(
            own,
            {
                "segmentation": ("segmentation", "text"),
                "as_of_date": ("until", "date"),
                "change_type": ("change_type", "text"),
                "cause": ("cause", "text"),
                "changes": ("changes", "count"),
            },
        ),
    )


def alerts(counts: pd.DataFrame, segments: pd.DataFrame, colours: Mapping[str, str]) -> Block:
    """Who is away for longer than usual, and what they have spent."""
    name, heading = "alerts", "Who is away for longer than usual"
    if not len(counts) or not counts["overdue_customers"].sum():
        return without_chart(name, heading, "No customer is away for longer than usual.")
    places = {segment: place for place, segment in enumerate(ordered(segments, "detailed")["segment"])}
    own = counts.assign(
        place=counts["segment"].map(places).fillna(len(places)), share=counts["overdue_customers"] / counts["customers"]
    ).sort_values(["place", "segment"])
    names = list(own["segment"])
    marks = [colours.get(segment, GREY) for segment in names]
    panels = []
    for field, words, title, unit in (
        ("overdue_customers", count, "Customers overdue", "customers"),
        ("revenue_at_risk", money, "Money at stake", "money spent so far"),
    ):
        texts = ["" if is_missing(value) else words(value) for value in own[field]]
        figure = bars(names, column(own, field), texts, marks, textposition="outside")
        # Room for the text of the longest bar.
        most = float(own[field].fillna(0).max())
        layout = {"xaxis": axis(unit, range=[0, most * 1.25 or 1]), "yaxis": names_axis(names=named_short(names, 26))}
        panels.append(Panel([figure], layout, rows_height(len(own)), title))
    withheld = (
        f"Money of fewer than {LEAST_CUSTOMERS} customers is not told. " if own["revenue_at_risk"].isna().any() else ""
    )
    overdue, stake = int(own["overdue_customers"].sum()), own["revenue_at_risk"].astype(float).fillna(0)
    worst = own.loc[stake.idxmax()]
    title = (
        f"{plural(overdue, 'customer')} ({percent(overdue / own['customers'].sum())})"
        f" {'is' if overdue == 1 else 'are'} away for longer than usual"
    )
    if stake.sum() > 0:
        title += (
            f"; {percent(stake.max() / stake.sum())} of the {money(stake.sum())} at stake is with {worst['segment']}"
        )
    return Block(
        name,
        title,
        note=withheld
        + "Usual is what most of a customer's own pauses between orders stayed under, or those of the segment where"
        " a customer has too few. Who it is stands in the mart customer_alerts.",
        panels=panels,
        panel_width="middle",
        table=table_of(
            own,
            {
                "segment": ("segment", "text"),
                "customers": ("customers", "count"),
                "overdue_customers": ("overdue", "count"),
                "share": ("share overdue", "share"),
                "revenue_at_risk": ("money at stake", "money"),
                "median_days_overdue": ("median days over", "number"),
            },
        ),
    )


def watch(evaluations: pd.DataFrame) -> Block:
    """How good the warnings would have been, beside a plain rule."""
    name, heading = "watch", "How good the warnings are"
    own = evaluations[(evaluations["task"] == WATCH) & evaluations["value"].notna()]
    own = own.sort_values(["metric", "is_baseline", "model", "settings"])
    if own.empty:
        return without_chart(
            name, heading, "The warnings could not be tried on the past: no customer could be watched for long enough."
        )
    panels = []
    for metric, title, unit, words in (
        ("recall", "Found", "share of those who stopped", percent),
        ("precision", "Right", "share of the warnings", percent),
        ("median_delay_days", "Delay", "median days, less is better", lambda days: f"{days:,.0f}"),
        (
            "warnings_per_1000_customers_a_week",
            "Work",
            "warnings a week per 1,000 customers",
            lambda number: f"{number:,.1f}",
        ),
    ):
        rows = own[own["metric"] == metric]
        if rows.empty:
            continue
        marks = [MUTED if baseline else ACCENT for baseline in rows["is_baseline"]]
        names = [label(model, 26) for model in rows["model"]]
        figure = bars(names, column(rows, "value"), [words(value) for value in rows["value"]], marks)
        limits = {"range": [0, 1], "tickformat": ".0%"} if words is percent else {"rangemode": "tozero"}
        layout = {"xaxis": axis(unit, **limits), "yaxis": names_axis()}
        panels.append(Panel([figure], layout, rows_height(len(rows)), title))
    values = {(row["metric"], row["is_baseline"]): row["value"] for row in own.to_dict("records")}
    delay, plain_delay = (values.get(("median_delay_days", baseline)) for baseline in (False, True))
    right, plain_right = (values.get(("precision", baseline)) for baseline in (False, True))
    title = "The warnings, tried on the past"
    if delay is not None:
        title = f"Customers who stop are noticed after {delay:,.0f} days"
        if plain_delay is not None:
            title += f", by “over 90 days” after {plain_delay:,.0f}"
        if right is not None and plain_right is not None:
            title += f"; {percent(right)} of the warnings are right, of the plain rule's {percent(plain_right)}"
    return Block(
        name,
        title,
        note=f"Tried on the past: {own['note'].iloc[0]}.",
        panels=panels,
        panel_width="middle",
        legend=[["this watch", ACCENT, "■"], ["plain rule", MUTED, "■"]],
        table=table_of(
            own,
            {
                "model": ("model", "text"),
                "settings": ("settings", "text"),
                "metric": ("metric", "text"),
                "value": ("value", "number"),
                "sample_size": ("judged on", "count"),
                "note": ("note", "text"),
            },
        ),
    )


def drifted(drift: pd.DataFrame) -> Block:
    """How far customers are from those that the rules were fitted on."""
    name, heading = "drift", "How far the customers have drifted"
    if drift.empty:
        return without_chart(name, heading, "No day of the history is told, so nothing could drift.")
    own = drift.sort_values(["measure", "as_of_date"])
    panels, index = [], "population_stability_index"
    for ending, title in (("_segment", "Segments"), ("_score", "Scores")):
        traces, top = [], SHIFTED
        for measure in MEASURES:
            line = latest(own[own["measure"] == measure])
            if not measure.endswith(ending) or line.empty:
                continue
            top = max(top, line[index].max())
            traces.append(line_by_month(line, index, measure, "%{y:.3f}"))
        if not traces:
            continue
        limits = [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": limit,
                "y1": limit,
                "line": {"color": INK, "width": 1, "dash": "dot"},
            }
            for limit in (MOVED, SHIFTED)
        ]
        names = [
            {
                "xref": "paper",
                "x": 0,
                "xanchor": "left",
                "y": limit,
                "yanchor": "bottom",
                "text": words,
                "showarrow": False,
                "bgcolor": "var(--veil)",
            }
            for limit, words in ((MOVED, "0.1: moved"), (SHIFTED, "0.25: shifted"))
        ]
        shown = [0, min(top * 1.08, DRIFT_SHOWN)]
        layout = by_month("population stability index (no unit)", range=shown) | LEGEND
        panels.append(Panel(traces, layout | {"shapes": limits, "annotations": names}, 340, title))
    day = own["as_of_date"].max()
    today = own[own["as_of_date"] == day]
    worst = today.loc[today[index].idxmax()]
    words, value = MEASURES[worst["measure"]][0], float(worst[index])
    words = f"the {words} score has" if worst["measure"].endswith("_score") else f"the {words} have"
    when = f"{pd.Timestamp(day).day} {pd.Timestamp(day):%B %Y}"
    title = f"On {when} nothing has drifted: every index is under 0.1"
    if value > SHIFTED:
        title = f"On {when} {words} shifted (index {value:.2f}): it is time for new rules"
    elif value >= MOVED:
        title = f"On {when} {words} moved (index {value:.2f}), not far enough for new rules"
    note = "Against the customers that the rules were fitted on: under 0.1 is stable, past 0.25 another population."
    if own[index].max() > DRIFT_SHOWN:
        note += f" What is past {DRIFT_SHOWN:g} is cut off here; the table has it."
    return Block(
        name,
        title,
        note=note,
        panels=panels,
        panel_width="middle",
        table=table_of(
            own,
            {
                "measure": ("measure", "text"),
                "as_of_date": ("as of", "date"),
                "customers": ("customers", "count"),
                "model_version": ("rules version", "count"),
                index: ("population stability index", "number"),
                "drift_status": ("drift_status", "text"),
            },
        ),
    )
