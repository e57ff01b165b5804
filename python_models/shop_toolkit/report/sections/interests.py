"""What do they want? Categories with their words, what each segment spends on them, and the interest groups."""

from collections.abc import Mapping

import pandas as pd

from shop_toolkit.report.charts import (
    ACCENT,
    MUTED,
    Block,
    Panel,
    axis,
    bars,
    column,
    dumbbells,
    heat_map,
    named_short,
    names_axis,
    percents,
    pivot,
    rows_height,
    shares_axis,
    table_of,
    without_chart,
)  # fmt: skip
from shop_toolkit.report.sections.customers import SEGMENTATIONS, ordered
from shop_toolkit.report.words import percent, plural, sentence, wrapped

# Fewer customers than this say little of what a segment wants.
ENOUGH = 30
# And what hardly anyone wants is bought many times as often by some, by chance.
RARE = 0.02


def blocks(tables: Mapping[str, pd.DataFrame]) -> list[Block]:
    """The section's blocks."""
    return [
        categories(tables["product_categories"]),
        by_segment(tables["rpt_segment_interests"], tables["segments"]),
        groups(tables["interest_groups"]),
    ]


def categories(rows: pd.DataFrame) -> Block:
    """Revenue by category, each called by its telling words."""
    name, heading = "categories", "What kinds of things sell"
    learned = rows.dropna(subset=["category"])
    if learned.empty:
        problems = rows["failure_reason"].dropna().tolist()
        why = problems[0] if problems else "the shop logs no products"
        return without_chart(name, heading, f"There are no product categories: {why}.")
    learned = learned.sort_values(["revenue", "category_name"], ascending=[False, True])
    first = learned.iloc[0]
    title = f"“{first['category_name']}” earns most: {percent(first['revenue_share'])} of the revenue of products"
    if len(learned) == 1:
        title = f"All products are of one category: “{first['category_name']}”"
    names, ticks = column(learned, "category_name"), []
    for row in learned.to_dict("records"):
        terms = row["top_terms"] if isinstance(row["top_terms"], str) and row["top_terms"] else row["category_name"]
        ticks.append(wrapped(terms, 26, 2))
    texts = [percent(share) for share in learned["revenue_share"]]
    figure = bars(names, column(learned, "revenue"), texts, ACCENT)
    layout = {
        "xaxis": axis("revenue (currency of the log)"),
        "yaxis": names_axis(names=named_short(names, 26) | {"ticktext": ticks}),
    }
    return Block(
        name,
        title,
        note="Learned from the descriptions; the price decides only between two categories equally near. A category"
        " is called by the words that tell it best from the others.",
        panels=[Panel([figure], layout, 70 + 40 * len(learned))],
        table=table_of(
            learned,
            {
                "category_name": ("category", "text"),
                "top_terms": ("words", "text"),
                "products": ("products", "count"),
                "revenue": ("revenue", "money"),
                "revenue_share": ("share", "share"),
                "typical_price": ("typical price", "money"),
            },
        ),
    )


def by_segment(rows: pd.DataFrame, segments: pd.DataFrame) -> Block:
    """What each learned segment spends on each category, and what it spends on more than others do."""
    name, heading = "interests_by_segment", "What each segment spends on"
    rows = rows[rows["segmentation"].isin(("broad", "detailed"))]
    if rows.empty:
        return without_chart(name, heading, "There are no interests to tell: no categories, or nothing kept in them.")
    usual = rows.drop_duplicates("category_name").sort_values(["usual_share", "category_name"], ascending=[False, True])
    names = list(usual["category_name"])
    panels = []
    for segmentation in ("broad", "detailed"):
        own = rows[rows["segmentation"] == segmentation]
        order = [segment for segment in ordered(segments, segmentation)["segment"] if segment in set(own["segment"])]
        if not order:
            continue
        shares = pivot(own, "category_name", "segment", "spend_share", names, order)
        figure = heat_map(order, names, shares, percents(shares), "%{x}: %{z:.1%} on %{y}")
        layout = {
            "xaxis": axis(
                "segment (in the cells: % of its spend)", type="category", tickangle=-40, showgrid=False, side="bottom"
            )
            | named_short(order, 22),
            "yaxis": names_axis(names=named_short(names, 24)),
        }
        panels.append(
            Panel(
                [figure],
                layout,
                rows_height(len(names), 130),
                f"{sentence(SEGMENTATIONS[segmentation])}, % of their spend",
            )
        )
    sizes = segments.set_index(["segmentation", "segment"])["size"].to_dict()
    keys = zip(rows["segmentation"], rows["segment"], strict=True)
    apart = rows[[sizes.get(key, 0) >= ENOUGH for key in keys]].dropna(subset=["spend_share"])
    apart = apart[apart["usual_share"] >= RARE]
    title = "All segments spend on the same things"
    if len(apart):
        ratio = apart["spend_share"] / apart["usual_share"]
        most = apart.loc[ratio.idxmax()]
        if ratio.max() >= 1.1:
            title = (
                f"{sentence(most['segment'])} spend {ratio.max():.1f} times the usual share on"
                f" “{most['category_name']}”"
                f" ({percent(most['spend_share'])} against {percent(most['usual_share'])})"
            )
    return Block(
        name,
        title,
        panels=panels,
        panel_width="middle",
        table=table_of(
            rows.sort_values(["segmentation", "segment", "category_name"]),
            {
                "segmentation": ("segmentation", "text"),
                "segment": ("segment", "text"),
                "category_name": ("category", "text"),
                "customers": ("customers", "count"),
                "spend": ("spend", "money"),
                "spend_share": ("share of their spend", "share"),
                "usual_share": ("share of all spend", "share"),
            },
        ),
    )


def groups(rows: pd.DataFrame) -> Block:
    """Interest groups: their shares of customers and money, and what leads their spend."""
    name, heading = "interest_groups", "Customers who want the same things"
    found = rows[rows["size"] > 0].sort_values(["size", "interest_group"], ascending=[False, True])
    if len(found[found["interest_group"] != "all cancelled"]) < 2:
        reasons = [reason for reason in rows["reason"] if isinstance(reason, str)]
        why = f": {reasons[0]}" if reasons else ""
        return without_chart(name, heading, f"No groups of customers who want the same things could be learned{why}.")
    best = found.loc[(found["revenue_share"] - found["share"]).fillna(0).idxmax()]
    title = (
        f"{plural(len(found[found['interest_group'] != 'all cancelled']), 'group')} want the same"
        " things in the same way;"
        f" “{best['interest_group']}” bring {percent(best['revenue_share'])} of the money"
    )
    names = column(found, "interest_group")
    ends = column(found, "share"), column(found, "revenue_share")
    figure = dumbbells(names, *ends, [ACCENT] * len(found))
    ticks = named_short(names, 24) | {"ticktext": [wrapped(name, 24, 3) for name in names]}
    layout = {"xaxis": shares_axis(*ends), "yaxis": names_axis(names=ticks)}
    return Block(
        name,
        title,
        panels=[Panel(figure, layout, 70 + 52 * len(found))],
        legend=[["share of the customers", MUTED, "○"], ["share of the money", MUTED, "●"]],
        table=table_of(
            found,
            {
                "interest_group": ("group", "text"),
                "leading_categories": ("spends most on", "text"),
                "distinguishing_traits": ("what sets it apart", "text"),
                "size": ("customers", "count"),
                "share": ("share", "share"),
                "revenue": ("money", "money"),
                "revenue_share": ("share of the money", "share"),
                "mean_orders": ("mean orders", "number"),
                "mean_basket": ("mean basket", "money"),
            },
        ),
    )
