"""Why these segments? Every candidate by silhouette and by stability, and the choice in words."""

import re
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from shop_toolkit.report.charts import (
    INK,
    MUTED,
    Block,
    Card,
    Figure,
    Panel,
    Row,
    Table,
    Tables,
    axis,
    column,
    rows_of,
    table_of,
    threshold,
    without_chart,
)
from shop_toolkit.report.data_texts import said
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked, ngettext, number_text
from shop_toolkit.report.segmentations import settings_of_fit
from shop_toolkit.report.words import count, percent, sentence

ALGORITHMS = {
    "kmeans": ("KMeans", "#0072B2", "circle", "●"),
    "gaussian_mixture": (marked("Gaussian mixture"), "#D55E00", "diamond", "◆"),
    "ward": ("Ward", "#009E73", "square", "■"),
    "hdbscan": ("HDBSCAN", "#CC79A7", "triangle-up", "▲"),
}
SPACES = {
    "rfm": marked("recency, frequency, monetary"),
    "log_rfm": marked("the logarithms"),
    "rfm_plane": marked("the principal plane"),
    "rfm_tsne": marked("the t-SNE map"),
    "interests": marked("order values and spend shares"),
}
# What a candidate is in words, by its space.
CANDIDATES = {
    "rfm": marked("{k} clusters by {algorithm} in recency, frequency, monetary"),
    "log_rfm": marked("{k} clusters by {algorithm} in the logarithms"),
    "rfm_plane": marked("{k} clusters by {algorithm} in the principal plane"),
    "rfm_tsne": marked("{k} clusters by {algorithm} in the t-SNE map"),
    "interests": marked("{k} clusters by {algorithm} in order values and spend shares"),
}
# Which segments silhouette alone would have chosen.
OVERRULED = {
    "broad": marked("the broad segments would be {candidate} ({silhouette}) – not chosen: {reason}"),
    "detailed": marked("the detailed segments would be {candidate} ({silhouette}) – not chosen: {reason}"),
    "interest": marked("the interest segments would be {candidate} ({silhouette}) – not chosen: {reason}"),
}
CHOSEN = {"broad": marked("{k} broad"), "detailed": marked("{k} detailed"), "interest": marked("{k} interest")}
HEADINGS = {"broad": marked("Broad"), "detailed": marked("Detailed"), "interest": marked("Interest")}
# How reasons name a candidate.
NAMED = re.compile(rf"\b({'|'.join(sorted(SPACES, key=len, reverse=True))}) ({'|'.join(ALGORITHMS)}) k = (\d+)\b")
MOST_CLUSTERS = 10
SEGMENTATIONS = ("broad", "detailed", "interest")


def blocks(tables: Tables) -> list[Block]:
    """The section's blocks."""
    candidates = tables["cluster_candidates"].sort_values(["segmentation", "space", "algorithm", "k"])
    return [
        choices(candidates),
        silhouettes(candidates),
        stabilities(candidates, settings_of_fit(tables["segment_rules"]).get("min_stability")),
    ]


def name_of(candidate: Mapping[Hashable, Any]) -> str:
    """A candidate in a reader's words: `4 clusters by KMeans in the t-SNE map`."""
    algorithm = _(ALGORITHMS.get(candidate["algorithm"], (candidate["algorithm"],))[0])
    words = CANDIDATES.get(candidate["space"], f"{{k}} clusters by {{algorithm}} in {candidate['space']}")
    return _(words, k=candidate["k"], algorithm=algorithm)


def reason_words(reason: str) -> str:
    """Why a candidate won or lost, in the current language; other candidates are named as `name_of` names them."""

    def named(found: re.Match[str]) -> str:
        space, algorithm, k = found.groups()
        return _("“{candidate}”", candidate=name_of({"space": space, "algorithm": algorithm, "k": k}))

    return NAMED.sub(named, said(reason))


def silhouettes(candidates: pd.DataFrame) -> Block:
    """Silhouettes over k; the title names what silhouette alone would have chosen."""
    name, measured = "silhouettes", candidates.dropna(subset=["silhouette"])
    if measured.empty:
        problem = _("No clustering could be fitted; the table below gives the reasons.")
        return without_chart(name, _("How far apart the clusters lie"), problem)
    best = {row["segmentation"]: row for row in rows_of(measured.sort_values("silhouette"))}
    overruled = [row for row in (best[key] for key in SEGMENTATIONS if key in best) if not row["is_chosen"]]
    title = _("The chosen clusterings have the best silhouette of all candidates")
    if overruled:
        # Each with its reason, because a gate may have stopped one and a tie another.
        others = "; ".join(
            _(
                OVERRULED[row["segmentation"]],
                candidate=name_of(row),
                silhouette=number_text(row["silhouette"], 2),
                reason=reason_words(row["reason"]),
            )
            for row in overruled
        )
        title = _("By silhouette alone {others}", others=others)
    note = _("Silhouette: 1 where clusters lie far apart, 0 where they touch. Ringed: chosen.")
    return curves(Block(name, title, note), candidates, "silhouette", _("silhouette (no unit)"), None)


def stabilities(candidates: pd.DataFrame, least: float | None) -> Block:
    """Minimum Jaccard over k; the title counts those that are stable enough.

    Args:
        candidates: cluster_candidates, ordered.
        least: The minimum that the version was fitted with, if known.
    """
    name, measured = "stabilities", candidates.dropna(subset=["min_jaccard"])
    if measured.empty:
        problem = _("No clustering could be refitted on resamples.")
        return without_chart(name, _("How stable the clusters are"), problem)
    title = _("How stable each clustering's least stable cluster is")
    if least is not None:
        stable = (measured["min_jaccard"] >= least).sum()
        title = _(
            "{stable} of {all} clusterings are stable: resamples find their clusters again",
            stable=count(stable),
            all=count(len(measured)),
        )
    notes = [_("Minimum Jaccard: how much of the least stable cluster resamples find again.")]
    if least is not None:
        notes.append(_("Dotted: the required {least}.", least=number_text(least, 2)))
    notes.append(_("Ringed: chosen."))
    block = Block(name, title, " ".join(notes))
    return curves(block, candidates, "min_jaccard", _("minimum Jaccard (no unit)"), least)


def curves(block: Block, candidates: pd.DataFrame, metric: str, words: str, least: float | None) -> Block:
    """A block with a panel per space: the metric over k, a line per algorithm.

    Args:
        block: Name, title and note.
        candidates: cluster_candidates, ordered.
        metric: Column of the metric.
        words: The metric's name with its unit.
        least: Where to draw a dotted line, if anywhere.
    """
    measured = candidates.dropna(subset=[metric])
    # With a few candidates of many more clusters, the curves would be squeezed into a corner.
    most = max([MOST_CLUSTERS, *measured.loc[measured["is_chosen"], "k"]])
    beyond = int((measured["k"] > most).sum())
    measured = measured[measured["k"] <= most]
    note = block.note
    if beyond:
        note += " " + ngettext(
            "Not drawn, but in the table: {count} clustering into more than {most} clusters.",
            "Not drawn, but in the table: {count} clusterings into more than {most} clusters.",
            beyond,
            count=count(beyond),
            most=most,
        )
    layout: Figure = {
        "xaxis": axis(_("k (number of clusters)"), dtick=1, range=[1.5, most + 0.5], showgrid=False),
        "yaxis": axis(words, range=[min([0.0, *measured[metric].astype(float)]) - 0.05, 1.05]),
    }
    if least is not None:
        layout["shapes"] = [threshold(least)]
    panels = [
        Panel(lines(own, metric), layout, 260, f"{_(HEADINGS[str(segmentation)])}: {_(SPACES.get(space, space))}")
        for (segmentation, space), own in measured.groupby(["segmentation", "space"], sort=False)
    ]
    drawn = set(measured["algorithm"])
    return Block(
        block.name,
        block.title,
        note=note,
        panels=panels,
        panel_width="middle",
        legend=[[_(words), colour, sign] for key, (words, colour, _symbol, sign) in ALGORITHMS.items() if key in drawn],
        table=candidates_table(candidates),
    )


def lines(own: pd.DataFrame, metric: str) -> list[Figure]:
    """A line per algorithm over k, and a ring around the chosen candidate.

    Args:
        own: Candidates of one space.
        metric: Column of the metric.
    """
    traces: list[Figure] = []
    for algorithm, line in own.groupby("algorithm", sort=False):
        words, colour, symbol, _sign = ALGORITHMS.get(str(algorithm), (str(algorithm), MUTED, "x", "×"))
        traces.append({
            "type": "scatter",
            "mode": "lines+markers",
            "x": column(line, "k"),
            "y": column(line, metric),
            "name": _(words),
            "line": {"color": colour, "width": 1.5},
            "marker": {"color": colour, "symbol": symbol, "size": 7},
            "hovertemplate": f"{_(words)}, k = %{{x}}: %{{y:.3f}}<extra></extra>",
        })  # fmt: skip
    chosen = own[own["is_chosen"]]
    if len(chosen):
        traces.append({
            "type": "scatter",
            "mode": "markers",
            "x": column(chosen, "k"),
            "y": column(chosen, metric),
            "marker": {"symbol": "circle-open", "size": 18, "color": INK, "line": {"width": 2}},
            "hoverinfo": "skip",
        })  # fmt: skip
    return traces


def candidates_table(candidates: pd.DataFrame) -> Table:
    """Every candidate with its metrics and why it won or lost."""
    return table_of(
        candidates,
        {
            "segmentation": (_("segmentation"), "word"),
            "space": (_("space"), "text"),
            "algorithm": (_("algorithm"), "text"),
            "k": ("k", "count"),
            "silhouette": (_("silhouette"), "number"),
            "min_jaccard": (_("minimum Jaccard"), "number"),
            "mean_adjusted_rand": (_("mean adjusted Rand"), "number"),
            "smallest_share": (_("smallest share"), "share"),
            "is_eligible": (_("passes"), "text"),
            "is_chosen": (_("chosen"), "text"),
            "reason": (_("reason"), "word"),
        },
    )


def choices(candidates: pd.DataFrame) -> Block:
    """What was chosen for each segmentation, and why, in words."""
    name = "choices"
    if candidates.empty:
        return without_chart(name, _("The choice"), _("No clustering was tried: no customer has a net order."))
    cards = []
    for segmentation in SEGMENTATIONS:
        own = candidates[candidates["segmentation"] == segmentation]
        cards += [choice_card(row) for row in rows_of(own[own["is_chosen"]])]
        if len(own) and not own["is_chosen"].any():
            commonest = own["reason"].value_counts().sort_index().idxmax()
            texts = [[_("Most candidates: {reason}.", reason=reason_words(str(commonest))), ""]]
            lead = _("Nothing could be chosen: all are one segment")
            cards.append(Card(_(HEADINGS[segmentation]), lead=lead, texts=texts))
    chosen = candidates[candidates["is_chosen"]]
    words = [_(CHOSEN[row["segmentation"]], k=row["k"]) for row in rows_of(chosen)]
    title = _("No clustering was chosen: all customers are one segment")
    if words:
        title = _("Chosen: {clusters} clusters", clusters=", ".join(words))
    finalists = candidates[candidates["is_finalist"] | candidates["is_chosen"]]
    return Block(
        name,
        title,
        note=_(
            "First the gates: number of clusters, smallest share, stability. Then silhouette, and of those nearly as"
            " good the one with more clusters."
        ),
        cards=cards,
        table=candidates_table(finalists if words else candidates),
    )


def choice_card(row: Row) -> Card:
    """The card of a chosen candidate."""
    facts = [
        [_("silhouette"), "–" if pd.isna(row["silhouette"]) else number_text(row["silhouette"], 3)],
        [_("minimum Jaccard"), "–" if pd.isna(row["min_jaccard"]) else number_text(row["min_jaccard"], 2)],
        [_("smallest share"), percent(row["smallest_share"])],
    ]
    lead = sentence(name_of(row))
    if row["is_fallback"]:
        lead = _("{candidate} – a fallback, because none passes", candidate=lead)
    reason = sentence(reason_words(row["reason"])) + "."
    return Card(_(HEADINGS[row["segmentation"]]), lead=lead, facts=facts, texts=[[reason, ""]])
