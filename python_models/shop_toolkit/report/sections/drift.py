"""How far customers are from those that the rules were fitted on."""

import pandas as pd

from shop_toolkit.report.charts import INK, Block, Figure, Panel, largest, table_of, threshold, without_chart
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked, number_text
from shop_toolkit.report.months import LEGEND, MEASURES, latest, layout_by_month, line_by_month
from shop_toolkit.report.words import day_of

INDEX = "population_stability_index"
# Above these values of the index customers have moved, or are another population.
MOVED, SHIFTED = 0.1, 0.25
# The first months after a shop opens are far off; the table has them.
DRIFT_SHOWN = 0.5
# What has drifted, by measure of segment_drift: shifted or moved.
SHIFT = {
    "recency_score": marked("On {day} the recency score has shifted (index {index}): it is time for new rules"),
    "frequency_score": marked("On {day} the frequency score has shifted (index {index}): it is time for new rules"),
    "monetary_score": marked("On {day} the monetary score has shifted (index {index}): it is time for new rules"),
    "broad_segment": marked("On {day} the broad segments have shifted (index {index}): it is time for new rules"),
    "detailed_segment": marked("On {day} the detailed segments have shifted (index {index}): it is time for new rules"),
    "rfm_segment": marked("On {day} the RFM segments have shifted (index {index}): it is time for new rules"),
}
MOVE = {
    "recency_score": marked("On {day} the recency score has moved (index {index}), not far enough for new rules"),
    "frequency_score": marked("On {day} the frequency score has moved (index {index}), not far enough for new rules"),
    "monetary_score": marked("On {day} the monetary score has moved (index {index}), not far enough for new rules"),
    "broad_segment": marked("On {day} the broad segments have moved (index {index}), not far enough for new rules"),
    "detailed_segment": marked(
        "On {day} the detailed segments have moved (index {index}), not far enough for new rules"
    ),
    "rfm_segment": marked("On {day} the RFM segments have moved (index {index}), not far enough for new rules"),
}


def drifted(drift: pd.DataFrame) -> Block:
    """The population stability index by month; `drift` is segment_drift."""
    name, heading = "drift", _("How far the customers have drifted")
    if drift.empty:
        return without_chart(name, heading, _("The history has no day yet, so nothing could drift."))
    own = drift.sort_values(["measure", "as_of_date"])
    panels = [
        panel
        for ending, title in (("_segment", _("Segments")), ("_score", _("Scores")))
        if (panel := index_lines(own, ending, title))
    ]
    note = _(
        "Against the customers that the rules were fitted on: below {moved} is stable, above {shifted} another"
        " population.",
        moved=number_text(MOVED, 1),
        shifted=number_text(SHIFTED, 2),
    )
    if own[INDEX].max() > DRIFT_SHOWN:
        note += " " + _("What exceeds {limit} is cut off here; the table has it.", limit=number_text(DRIFT_SHOWN, 1))
    columns = {
        "measure": (_("measure"), "word"),
        "as_of_date": (_("as of"), "date"),
        "customer_count": (_("customers"), "count"),
        "model_version": (_("version of the rules"), "count"),
        INDEX: (_("population stability index"), "number"),
        "drift_status": (_("status"), "word"),
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
    names = [threshold_name(level, words) for level, words in ((MOVED, _("0.1: moved")), (SHIFTED, _("0.25: shifted")))]
    shown = [0, min(top * 1.08, DRIFT_SHOWN)]
    layout = layout_by_month(_("population stability index (no unit)"), range=shown) | LEGEND
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
    when = day_of(pd.Timestamp(day))
    if (today["drift_status"] == "baseline").all():
        return _("The rules were fitted on {day}: from then on customers can drift", day=when)
    shifted = today[today["drift_status"] == "shifted"]
    candidates = shifted if len(shifted) else today
    worst = largest(candidates, candidates[INDEX])
    parts = {"day": when, "index": number_text(float(worst[INDEX]), 2)}
    # Of few customers, a high index may be chance.
    if worst["drift_status"] == "shifted":
        return _(SHIFT[worst["measure"]], **parts)
    if worst[INDEX] >= MOVED:
        return _(MOVE[worst["measure"]], **parts)
    return _("On {day} nothing has drifted: every index is below {moved}", day=when, moved=number_text(MOVED, 1))
