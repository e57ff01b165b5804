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
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked, ngettext, number_text
from shop_toolkit.report.segmentations import ALL_CANCELLED, SEGMENTATIONS, ordered, titled
from shop_toolkit.report.words import count, percent, unit_of_money, wrapped

# Fewer customers show little of what a segment wants.
ENOUGH = 30
# Some segments buy what hardly anyone wants many times as often, by chance.
RARE = 0.02
HEADINGS = {
    "broad": marked("Broad segments, % of their spend"),
    "detailed": marked("Detailed segments, % of their spend"),
    "rfm": marked("RFM segments, % of their spend"),
    "custom": marked("Custom segments, % of their spend"),
}


# More categories take as much room as the two blocks beside them.
MOST_IN_A_ROW = 14


def blocks(tables: Tables) -> list[Block]:
    """The section's blocks."""
    return [
        categories(tables["product_categories"]),
        groups(tables["interest_groups"]),
        by_segment(tables["rpt_segment_interests"], tables["segments"]),
    ]


def categories(rows: pd.DataFrame) -> Block:
    """Revenue by category, named by its top words; `rows` is product_categories."""
    name, heading = "categories", _("What kinds of things sell")
    learned = rows.dropna(subset=["category_id"])
    if learned.empty:
        problems = rows["failure_reason"].dropna().tolist()
        why = problems[0] if problems else _("the log has no products")
        return without_chart(name, heading, _("There are no product categories: {why}.", why=why))
    learned = learned.sort_values(["revenue", "category_name"], ascending=[False, True])
    first = learned.iloc[0]
    title = _(
        "“{category}” earns most: {share} of the revenue of products",
        category=first["category_name"],
        share=percent(first["revenue_share"]),
    )
    if len(learned) == 1:
        title = _("All products are in one category: “{category}”", category=first["category_name"])
    names = column(learned, "category_name")
    ticks = [wrapped(category, 26, 2) for category in names]
    figure = bars(names, column(learned, "revenue"), [percent(share) for share in learned["revenue_share"]], ACCENT)
    layout = {
        "xaxis": axis(_("revenue ({unit})", unit=unit_of_money())),
        "yaxis": names_axis(names=named_short(names, 26) | {"ticktext": ticks}),
    }
    columns = {
        "category_name": (_("category"), "text"),
        "top_terms": (_("words"), "text"),
        "product_count": (_("products"), "count"),
        "revenue": (_("revenue"), "money"),
        "revenue_share": (_("share"), "share"),
        "typical_price": (_("typical price"), "money"),
    }
    return Block(
        name,
        title,
        note=_origin_of_categories(learned),
        panels=[Panel([figure], layout, 70 + 40 * len(learned))],
        # Beside few, two other blocks would leave a hole below it.
        width="half tall" if len(learned) > MOST_IN_A_ROW else "half",
        table=table_of(learned, columns),
    )


def _origin_of_categories(categories: pd.DataFrame) -> str:
    """Where the categories come from, and whether they are second best; `categories` are rows of product_categories."""
    if categories["top_terms"].isna().all():
        return _("As the shop gives them, in a column of the log or in the seed given_categories.")
    origin = _(
        "Learned from the descriptions: words that say what a thing is count more than its colour or pattern."
        " A category is called by the words that distinguish it best from the others."
    )
    if not categories["is_fallback"].any():
        return origin
    reason = categories["reason"].iloc[0]
    fallback = _("They stand in, as no number of categories passes all checks: {reason}.", reason=reason)
    return f"{origin} {fallback}"


def by_segment(rows: pd.DataFrame, segments: pd.DataFrame) -> Block:
    """What each learned segment spends on each category, and what it spends on more than others do.

    Args:
        rows: rpt_segment_interests.
        segments: The mart of this name.
    """
    name, heading = "interests_by_segment", _("What each segment spends on")
    if rows.empty:
        return without_chart(name, heading, _("There are no interests: no categories, or no net sales in them."))
    usual = rows.drop_duplicates("category_name").sort_values(["usual_share", "category_name"], ascending=[False, True])
    names = list(usual["category_name"])
    panels, titles = [], {}
    for segmentation in SEGMENTATIONS:
        own = rows[rows["segmentation"] == segmentation]
        order = [segment for segment in ordered(segments, segmentation)["segment"] if segment in set(own["segment"])]
        if order:
            titles[segmentation] = most_unusual(own, ordered(segments, segmentation))
            panels.append(spend_map(segmentation, own, order, names))
    columns = {
        "segmentation": (_("segmentation"), "word"),
        "segment": (_("segment"), "text"),
        "category_name": (_("category"), "text"),
        "customer_count": (_("customers"), "count"),
        "spend": (_("spend"), "money"),
        "spend_share": (_("share of their spend"), "share"),
        "usual_share": (_("share of all spend"), "share"),
    }
    return Block(
        name,
        next(iter(titles.values()), heading),
        titles=titles,
        panels=panels,
        panel_width="middle",
        table=table_of(rows.sort_values(["segmentation", "segment", "category_name"]), columns),
    )


def spend_map(segmentation: str, own: pd.DataFrame, order: list[str], names: list[str]) -> Panel:
    """The heat map of a segmentation: categories down, segments across.

    Args:
        segmentation: rfm, broad, detailed or custom.
        own: Its rows of rpt_segment_interests.
        order: Its segments, best first.
        names: The categories, the largest first.
    """
    shares = pivot(own, "category_name", "segment", "spend_share", names, order)
    places = {"segment": "%{x}", "share": "%{z:.1%}", "category": "%{y}"}
    figure = heat_map(order, names, shares, percents(shares), _("“{segment}”: {share} on “{category}”", **places))
    words = _("segment (in the cells: % of its spend)")
    layout = {
        "xaxis": axis(words, type="category", tickangle=-40, showgrid=False, side="bottom") | named_short(order, 22),
        "yaxis": names_axis(names=named_short(names, 24)),
    }
    return Panel([figure], layout, rows_height(len(names), 130), _(HEADINGS[segmentation]), segmentation)


def most_unusual(rows: pd.DataFrame, segments: pd.DataFrame) -> str:
    """The title: the segment and category of the largest share beside the usual one.

    Args:
        rows: The rows of a segmentation.
        segments: Its segments.
    """
    large = set(segments.loc[segments["size"] >= ENOUGH, "segment"])
    apart = rows[rows["segment"].isin(large)].dropna(subset=["spend_share"])
    apart = apart[apart["usual_share"] >= RARE]
    ratio = apart["spend_share"] / apart["usual_share"]
    if apart.empty or ratio.max() < 1.1:
        return _("All segments spend on the same things")
    most = largest(apart, ratio)
    words = _(
        "“{segment}” spend {times} times the usual share on “{category}” ({share} against {usual})",
        segment=most["segment"],
        times=number_text(ratio.max(), 1),
        category=most["category_name"],
        share=percent(most["spend_share"]),
        usual=percent(most["usual_share"]),
    )
    return titled(most["segmentation"], words)


def groups(rows: pd.DataFrame) -> Block:
    """Interest groups: their shares of customers and revenue; `rows` is interest_groups."""
    name, heading = "interest_groups", _("Customers who want the same things")
    found = rows[rows["size"] > 0].sort_values(["size", "interest_group"], ascending=[False, True])
    number = int((found["interest_group"] != _(ALL_CANCELLED)).sum())
    if number < 2:
        reasons = [reason for reason in rows["reason"] if isinstance(reason, str)]
        why = f": {reasons[0]}" if reasons else ""
        problem = _("No groups of customers who want the same things could be learned{why}.", why=why)
        return without_chart(name, heading, problem)
    best = largest(found, (found["revenue_share"] - found["share"]).fillna(0))
    names = column(found, "interest_group")
    ends = column(found, "share"), column(found, "revenue_share")
    ticks = named_short(names, 24) | {"ticktext": [wrapped(name, 24, 3) for name in names]}
    layout = {"xaxis": shares_axis(*ends), "yaxis": names_axis(names=ticks)}
    columns = {
        "interest_group": (_("group"), "text"),
        "leading_categories": (_("spends most on"), "text"),
        "distinguishing_traits": (_("distinguishing traits"), "text"),
        "size": (_("customers"), "count"),
        "share": (_("share"), "share"),
        "revenue": (_("revenue"), "money"),
        "revenue_share": (_("share of the revenue"), "share"),
        "mean_orders": (_("mean orders"), "number"),
        "mean_basket": (_("mean order value"), "money"),
    }
    return Block(
        name,
        ngettext(
            "{count} group wants the same things in the same way; “{group}” bring {share} of the revenue",
            "{count} groups want the same things in the same way; “{group}” bring {share} of the revenue",
            number,
            count=count(number),
            group=best["interest_group"],
            share=percent(best["revenue_share"]),
        ),
        panels=[Panel(dumbbells(names, *ends, [ACCENT] * len(found)), layout, 70 + 52 * len(found))],
        legend=[[_("share of the customers"), MUTED, "○"], [_("share of the revenue"), MUTED, "●"]],
        table=table_of(found, columns),
    )
