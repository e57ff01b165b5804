"""Why these segments? Every clustering that was tried, by silhouette and by stability, and the choice in words."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from shop_toolkit.report.charts import INK, MUTED, Block, Card, Panel, Table, axis, column, table_of, without_chart
from shop_toolkit.report.words import label, percent, plural, sentence

ALGORITHMS = {
    "kmeans": ("KMeans", "#0072B2", "circle", "●"),
    "gaussian_mixture": ("Gaussian mixture", "#D55E00", "diamond", "◆"),
    "ward": ("Ward", "#009E73", "square", "■"),
    "hdbscan": ("HDBSCAN", "#CC79A7", "triangle-up", "▲"),
}
SPACES = {
    "rfm": "recency, frequency, monetary", "log_rfm": "the logarithms", "rfm_plane": "the principal plane",
    "rfm_tsne": "the t-SNE map", "interests": "baskets and spend shares",
}  # fmt: skip
MOST_CLUSTERS = 10
SEGMENTATIONS = ("broad", "detailed", "interest")


def blocks(tables: Mapping[str, pd.DataFrame]) -> list[Block]:
    """The section's blocks."""
    candidates = tables["cluster_candidates"].sort_values(["segmentation", "space", "algorithm", "k"])
    return [
        silhouettes(candidates),
        stabilities(candidates, min_stability(tables["segment_rules"])),
        choices(candidates),
    ]


def min_stability(rules: pd.DataFrame) -> float | None:
    """The setting that the version was fitted with."""
    for settings in rules["settings"]:
        least: float | None = json.loads(settings).get("min_stability")
        return least
    return None


def name_of(candidate: Mapping[str, Any]) -> str:
    """A candidate as a reader calls it: `4 clusters by KMeans in the t-SNE map`."""
    algorithm = ALGORITHMS.get(candidate["algorithm"], (candidate["algorithm"],))[0]
    return f"{candidate['k']} clusters by {algorithm} in {SPACES.get(candidate['space'], candidate['space'])}"


def silhouettes(candidates: pd.DataFrame) -> Block:
    """Silhouettes over k; titled by what silhouette alone would have taken."""
    name, measured = "silhouettes", candidates.dropna(subset=["silhouette"])
    if measured.empty:
        return without_chart(
            name, "How far apart the clusters lie", "No clustering could be fitted; the table below says why."
        )
    best = {row["segmentation"]: row for row in measured.sort_values("silhouette").to_dict("records")}
    overruled = [row for row in (best[key] for key in SEGMENTATIONS if key in best) if not row["is_chosen"]]
    if overruled:
        # Of each the reason too: the gates may stop one and a tie another.
        title = "By silhouette alone " + "; ".join(
            f"the {row['segmentation']} segments would be {name_of(row)} ({row['silhouette']:.2f})"
            f" – not taken: {row['reason']}"
            for row in overruled
        )
    else:
        title = "The chosen clusterings have the best silhouette of all that were tried"
    return curves(
        name,
        title,
        "Silhouette: 1 where clusters lie far apart, 0 where they touch. Ringed: chosen.",
        candidates,
        "silhouette",
        "silhouette",
        None,
    )


def stabilities(candidates: pd.DataFrame, least: float | None) -> Block:
    """Minimum Jaccard over k; titled by how many are stable enough."""
    name, measured = "stabilities", candidates.dropna(subset=["min_jaccard"])
    if measured.empty:
        return without_chart(name, "How surely clusters come back", "No clustering could be refitted on resamples.")
    title = "How surely each clustering's least stable cluster comes back"
    if least is not None:
        stable = (measured["min_jaccard"] >= least).sum()
        title = f"{stable} of {len(measured)} clusterings come back when customers are drawn anew"
    return curves(
        name,
        title,
        "Minimum Jaccard: how much of the least stable cluster is found again in resamples."
        + (f" Dotted: at least {least:g} is asked for." if least is not None else "")
        + " Ringed: chosen.",
        candidates,
        "min_jaccard",
        "minimum Jaccard",
        least,
    )


def curves(
    name: str, title: str, note: str, candidates: pd.DataFrame, measure: str, words: str, least: float | None
) -> Block:
    """A panel per space: the measure over k, a line per algorithm."""
    measured = candidates.dropna(subset=[measure])
    # Where some have many more clusters than others the curves would be squeezed into a corner.
    most = max([MOST_CLUSTERS, *measured.loc[measured["is_chosen"], "k"]])
    beyond = int((measured["k"] > most).sum())
    measured = measured[measured["k"] <= most]
    if beyond:
        note += f" Not drawn, but in the table: {plural(beyond, 'clustering')} into more than {most} clusters."
    low = min([0.0, *measured[measure].astype(float)])
    panels, seen = [], []
    for (segmentation, space), own in measured.groupby(["segmentation", "space"], sort=False):
        traces = []
        for algorithm, line in own.groupby("algorithm", sort=False):
            words_of, colour, symbol, _ = ALGORITHMS.get(algorithm, (algorithm, MUTED, "x", "×"))
            seen.append(algorithm)
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "x": column(line, "k"),
                    "y": column(line, measure),
                    "name": words_of,
                    "line": {"color": colour, "width": 1.5},
                    "marker": {"color": colour, "symbol": symbol, "size": 7},
                    "hovertemplate": f"{words_of}, k = %{{x}}: %{{y:.3f}}<extra></extra>",
                }
            )
        chosen = own[own["is_chosen"]]
        if len(chosen):
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": column(chosen, "k"),
                    "y": column(chosen, measure),
                    "marker": {"symbol": "circle-open", "size": 18, "color": INK, "line": {"width": 2}},
                    "hoverinfo": "skip",
                }
            )
        layout: dict[str, Any] = {
            "xaxis": axis("k (number of clusters)", dtick=1, range=[1.5, most + 0.5], showgrid=False),
            "yaxis": axis(f"{words} (no unit)", range=[low - 0.05, 1.05]),
        }
        if least is not None:
            layout["shapes"] = [
                {
                    "type": "line",
                    "xref": "paper",
                    "x0": 0,
                    "x1": 1,
                    "y0": least,
                    "y1": least,
                    "line": {"color": MUTED, "width": 1, "dash": "dot"},
                }
            ]
        panels.append(Panel(traces, layout, 260, f"{sentence(segmentation)}: {SPACES.get(space, space)}"))
    return Block(
        name,
        title,
        note=note,
        panels=panels,
        panel_width="middle",
        legend=[[ALGORITHMS[key][i] for i in (0, 1, 3)] for key in ALGORITHMS if key in seen],
        table=candidates_table(candidates),
    )


def candidates_table(candidates: pd.DataFrame) -> Table:
    """Every candidate with its measures and why it won or lost."""
    return table_of(
        candidates,
        {
            "segmentation": ("segmentation", "text"),
            "space": ("space", "text"),
            "algorithm": ("algorithm", "text"),
            "k": ("k", "count"),
            "silhouette": ("silhouette", "number"),
            "min_jaccard": ("minimum Jaccard", "number"),
            "mean_adjusted_rand": ("mean adjusted Rand", "number"),
            "smallest_share": ("smallest share", "share"),
            "is_eligible": ("passes", "text"),
            "is_chosen": ("chosen", "text"),
            "reason": ("reason", "text"),
        },
    )


def choices(candidates: pd.DataFrame) -> Block:
    """What was chosen for each segmentation, and why, in words."""
    name = "choices"
    chosen = candidates[candidates["is_chosen"]]
    if candidates.empty:
        return without_chart(name, "The choice", "No clustering was tried: nobody kept an order.")
    cards = []
    for segmentation in SEGMENTATIONS:
        own = candidates[candidates["segmentation"] == segmentation]
        if own.empty:
            continue
        for row in own[own["is_chosen"]].to_dict("records"):
            facts = [
                ["silhouette", "–" if pd.isna(row["silhouette"]) else f"{row['silhouette']:.3f}"],
                ["minimum Jaccard", "–" if pd.isna(row["min_jaccard"]) else f"{row['min_jaccard']:.2f}"],
                ["smallest share", percent(row["smallest_share"])],
            ]
            lead = sentence(name_of(row)) + (" – a stand-in, as none passes" if row["is_fallback"] else "")
            cards.append(
                Card(sentence(segmentation), lead=lead, facts=facts, texts=[[sentence(row["reason"]) + ".", ""]])
            )
        if not own["is_chosen"].any():
            commonest = own["reason"].value_counts().sort_index().idxmax()
            texts = [[f"Most candidates: {commonest}.", ""]]
            cards.append(Card(sentence(segmentation), lead="Nothing could be chosen: all are one segment", texts=texts))
    words = [f"{row['k']} {label(row['segmentation'])}" for row in chosen.to_dict("records")]
    title = (
        f"Chosen: {', '.join(words)} clusters" if words else "No clustering was chosen: all customers are one segment"
    )
    table = (
        candidates_table(candidates[candidates["is_finalist"] | candidates["is_chosen"]])
        if words
        else (candidates_table(candidates))
    )
    note = (
        "First the gates: number of clusters, smallest share, stability; then silhouette, and of those nearly as good"
        " the one with more clusters."
    )
    return Block(name, title, note=note, cards=cards, table=table)
