"""What do they want? Categories with their words, what each segment spends on them, and the interest groups."""

import pandas as pd

from shop_toolkit.report.charts import (
    ACCENT,
    MUTED,
    Block,
    Panel,
    Tables,
    axis,
    bars,
    column,
    dumbbells,
    heat_map,
    largest,
    named_short,
    names_axis,
    percents,
    pivot,
    rows_height,
    shares_axis,
    table_of,
    without_chart,
)  # fmt: skip
from shop_toolkit.report.segmentations import ALL_CANCELLED, LEARNED, SEGMENTATIONS, ordered
from shop_toolkit.report.words import percent, plural, sentence, wrapped

# Fewer customers show little of what a segment wants.
ENOUGH = 30
# Some segments buy what hardly anyone wants many times as often, by chance.
RARE = 0.02


def blocks(tables: Tables) -> list[Block]:
    """The section's blocks."""
    return [
        categories(tables["product_categories"]),
        groups(tables["interest_groups"]),
        by_segment(tables["rpt_segment_interests"], tables["segments"]),
    ]


def categories(rows: pd.DataFrame) -> Block:
    """Revenue by category, named by its top words; `rows` is product_categories."""
    name, heading = "categories", "What kinds of things sell"
    learned = rows.dropna(subset=["category_id"])
    if learned.empty:
        problems = rows["failure_reason"].dropna().tolist()
        why = problems[0] if problems else "the log has no products"
        return without_chart(name, heading, f"There are no product categories: {why}.")
    learned = learned.sort_values(["revenue", "category_name"], ascending=[False, True])
    first = learned.iloc[0]
    title = f"“{first['category_name']}” earns most: {percent(first['revenue_share'])} of the revenue of products"
    if len(learned) == 1:
        title = f"All products are in one category: “{first['category_name']}”"
    names = column(learned, "category_name")
    ticks = [wrapped(category, 26, 2) for category in names]
    figure = bars(names, column(learned, "revenue"), [percent(share) for share in learned["revenue_share"]], ACCENT)
    layout = {
        "xaxis": axis("revenue (currency of the log)"),
        "yaxis": names_axis(names=named_short(names, 26) | {"ticktext": ticks}),
    }
    columns = {
        "category_name": ("category", "text"),
        "top_terms": ("words", "text"),
        "product_count": ("products", "count"),
        "revenue": ("revenue", "money"),
        "revenue_share": ("share", "share"),
        "typical_price": ("typical price", "money"),
    }
    return Block(
        name,
        title,
        note=_origin_of_categories(learned),
        panels=[Panel([figure], layout, 70 + 40 * len(learned))],
        table=table_of(learned, columns),
    )


def _origin_of_categories(categories: pd.DataFrame) -> str:
    """Where the categories come from, and whether they are second best; `categories` are rows of product_categories."""
    if categories["top_terms"].isna().all():
        return "As the shop gives them, in a column of the log or in the seed given_categories."
    origin = (
        "Learned from the descriptions: words that say what a thing is count more than its colour or pattern."
        " A category is called by the words that distinguish it best from the others."
    )
    if not categories["is_fallback"].any():
        return origin
    reason = categories["reason"].iloc[0]
    return f"{origin} They stand in, as no number of categories passes all checks: {reason}."


def by_segment(rows: pd.DataFrame, segments: pd.DataFrame) -> Block:
    """What each learned segment spends on each category, and what it spends on more than others do.

    Args:
        rows: rpt_segment_interests.
        segments: The mart of this name.
    """
    name, heading = "interests_by_segment", "What each segment spends on"
    rows = rows[rows["segmentation"].isin(LEARNED)]
    if rows.empty:
        return without_chart(name, heading, "There are no interests: no categories, or no net sales in them.")
    usual = rows.drop_duplicates("category_name").sort_values(["usual_share", "category_name"], ascending=[False, True])
    names = list(usual["category_name"])
    panels = []
    for segmentation in LEARNED:
        own = rows[rows["segmentation"] == segmentation]
        order = [segment for segment in ordered(segments, segmentation)["segment"] if segment in set(own["segment"])]
        if order:
            panels.append(spend_map(segmentation, own, order, names))
    columns = {
        "segmentation": ("segmentation", "text"),
        "segment": ("segment", "text"),
        "category_name": ("category", "text"),
        "customer_count": ("customers", "count"),
        "spend": ("spend", "money"),
        "spend_share": ("share of their spend", "share"),
        "usual_share": ("share of all spend", "share"),
    }
    return Block(
        name,
        most_unusual(rows, segments),
        panels=panels,
        panel_width="middle",
        table=table_of(rows.sort_values(["segmentation", "segment", "category_name"]), columns),
    )


def spend_map(segmentation: str, own: pd.DataFrame, order: list[str], names: list[str]) -> Panel:
    """The heat map of a segmentation: categories down, segments across.

    Args:
        segmentation: broad or detailed.
        own: Its rows of rpt_segment_interests.
        order: Its segments, best first.
        names: The categories, the largest first.
    """
    shares = pivot(own, "category_name", "segment", "spend_share", names, order)
    figure = heat_map(order, names, shares, percents(shares), "%{x}: %{z:.1%} on %{y}")
    words = "segment (in the cells: % of its spend)"
    layout = {
        "xaxis": axis(words, type="category", tickangle=-40, showgrid=False, side="bottom") | named_short(order, 22),
        "yaxis": names_axis(names=named_short(names, 24)),
    }
    title = f"{sentence(SEGMENTATIONS[segmentation])}, % of their spend"
    return Panel([figure], layout, rows_height(len(names), 130), title, segmentation)


def most_unusual(rows: pd.DataFrame, segments: pd.DataFrame) -> str:
    """The title: the segment and category of the largest share beside the usual one."""
    sizes = segments.set_index(["segmentation", "segment"])["size"].to_dict()
    keys = zip(rows["segmentation"], rows["segment"], strict=True)
    apart = rows[[sizes.get(key, 0) >= ENOUGH for key in keys]].dropna(subset=["spend_share"])
    apart = apart[apart["usual_share"] >= RARE]
    ratio = apart["spend_share"] / apart["usual_share"]
    if apart.empty or ratio.max() < 1.1:
        return "All segments spend on the same things"
    most = largest(apart, ratio)
    return (
        f"{sentence(most['segment'])} spend {ratio.max():.1f} times the usual share on “{most['category_name']}”"
        f" ({percent(most['spend_share'])} against {percent(most['usual_share'])})"
    )


def groups(rows: pd.DataFrame) -> Block:
    """Interest groups: their shares of customers and revenue; `rows` is interest_groups."""
    name, heading = "interest_groups", "Customers who want the same things"
    found = rows[rows["size"] > 0].sort_values(["size", "interest_group"], ascending=[False, True])
    number = int((found["interest_group"] != ALL_CANCELLED).sum())
    if number < 2:
        reasons = [reason for reason in rows["reason"] if isinstance(reason, str)]
        why = f": {reasons[0]}" if reasons else ""
        return without_chart(name, heading, f"No groups of customers who want the same things could be learned{why}.")
    best = largest(found, (found["revenue_share"] - found["share"]).fillna(0))
    names = column(found, "interest_group")
    ends = column(found, "share"), column(found, "revenue_share")
    ticks = named_short(names, 24) | {"ticktext": [wrapped(name, 24, 3) for name in names]}
    layout = {"xaxis": shares_axis(*ends), "yaxis": names_axis(names=ticks)}
    columns = {
        "interest_group": ("group", "text"),
        "leading_categories": ("spends most on", "text"),
        "distinguishing_traits": ("distinguishing traits", "text"),
        "size": ("customers", "count"),
        "share": ("share", "share"),
        "revenue": ("revenue", "money"),
        "revenue_share": ("share of the revenue", "share"),
        "mean_orders": ("mean orders", "number"),
        "mean_basket": ("mean order value", "money"),
    }
    return Block(
        name,
        f"{plural(number, 'group')} want the same things in the same way;"
        f" “{best['interest_group']}” bring {percent(best['revenue_share'])} of the revenue",
        panels=[Panel(dumbbells(names, *ends, [ACCENT] * len(found)), layout, 70 + 52 * len(found))],
        legend=[["share of the customers", MUTED, "○"], ["share of the revenue", MUTED, "●"]],
        table=table_of(found, columns),
    )
