"""How far customers are from those that the rules were fitted on."""

import pandas as pd

from shop_toolkit.report.charts import INK, Block, Figure, Panel, largest, table_of, threshold, without_chart
from shop_toolkit.report.months import LEGEND, MEASURES, latest, layout_by_month, line_by_month

INDEX = "population_stability_index"
# Above these values of the index customers have moved, or are another population.
MOVED, SHIFTED = 0.1, 0.25
# The first months after a shop opens are far off; the table has them.
DRIFT_SHOWN = 0.5


def drifted(drift: pd.DataFrame) -> Block:
    """The population stability index by month; `drift` is segment_drift."""
    name, heading = "drift", "How far the customers have drifted"
    if drift.empty:
        return without_chart(name, heading, "The history has no day yet, so nothing could drift.")
    own = drift.sort_values(["measure", "as_of_date"])
    panels = [
        panel
        for ending, title in (("_segment", "Segments"), ("_score", "Scores"))
        if (panel := index_lines(own, ending, title))
    ]
    note = "Against the customers that the rules were fitted on: below 0.1 is stable, above 0.25 another population."
    if own[INDEX].max() > DRIFT_SHOWN:
        note += f" What exceeds {DRIFT_SHOWN:g} is cut off here; the table has it."
    columns = {
        "measure": ("measure", "text"),
        "as_of_date": ("as of", "date"),
        "customer_count": ("customers", "count"),
        "model_version": ("version of the rules", "count"),
        INDEX: ("population stability index", "number"),
        "drift_status": ("status", "text"),
    }
    return Block(
        name,
        worst_measure(own),
        note=note,
        panels=panels,
        panel_width="middle",
        table=table_of(own, columns),
    )


def index_lines(own: pd.DataFrame, ending: str, title: str) -> Panel | None:
    """A line per measure, and the two thresholds; None if there is no such measure.

    Args:
        own: segment_drift, ordered.
        ending: End of the measures' names.
        title: Heading of the figure.
    """
    lines = {
        measure: rows
        for measure in MEASURES
        if measure.endswith(ending) and len(rows := latest(own[own["measure"] == measure]))
    }
    if not lines:
        return None
    top = max(SHIFTED, *(rows[INDEX].max() for rows in lines.values()))
    traces = [line_by_month(rows, INDEX, measure, "%{y:.3f}") for measure, rows in lines.items()]
    limits = [threshold(level) | {"line": {"color": INK, "width": 1, "dash": "dot"}} for level in (MOVED, SHIFTED)]
    names = [threshold_name(level, words) for level, words in ((MOVED, "0.1: moved"), (SHIFTED, "0.25: shifted"))]
    shown = [0, min(top * 1.08, DRIFT_SHOWN)]
    layout = layout_by_month("population stability index (no unit)", range=shown) | LEGEND
    return Panel(traces, layout | {"shapes": limits, "annotations": names}, 340, title)


def threshold_name(level: float, words: str) -> Figure:
    """The words above a threshold, at `level` of the vertical axis."""
    return {
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "y": level,
        "yanchor": "bottom",
        "text": words,
        "showarrow": False,
        "bgcolor": "var(--veil)",
    }


def worst_measure(own: pd.DataFrame) -> str:
    """The title: what drifted most by the last day, and whether it calls for new rules."""
    day = own["as_of_date"].max()
    today = own[own["as_of_date"] == day]
    when = f"{pd.Timestamp(day).day} {pd.Timestamp(day):%B %Y}"
    if (today["drift_status"] == "baseline").all():
        return f"The rules were fitted on {when}: from then on customers can drift"
    worst = largest(today, today[INDEX])
    words, value = MEASURES[worst["measure"]][0], float(worst[INDEX])
    words = f"the {words} score has" if worst["measure"].endswith("_score") else f"the {words} have"
    if value > SHIFTED:
        return f"On {when} {words} shifted (index {value:.2f}): it is time for new rules"
    if value >= MOVED:
        return f"On {when} {words} moved (index {value:.2f}), not far enough for new rules"
    return f"On {when} nothing has drifted: every index is below 0.1"
