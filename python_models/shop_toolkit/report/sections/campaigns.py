"""What did campaigns bring? Each against its control group, by the mart campaign_results."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from shop_toolkit.report.charts import (
    FALL,
    MUTED,
    RISE,
    Block,
    Card,
    Figure,
    Panel,
    Row,
    axis,
    names_axis,
    rows_height,
    rows_of,
    table_of,
    without_chart,
)
from shop_toolkit.report.data_texts import said
from shop_toolkit.report.language import MINUS, marked, number_text, with_currency
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.privacy import CLAIMS
from shop_toolkit.report.words import count, day_of, is_missing, labels, percent, unit_of_money

# Older campaigns are in the table only: a shop may have one a week.
MOST_SHOWN = 6
# What macros/marts/campaigns.sql asks of a group before anything is claimed; a test compares the sentences.
LEAST_COMPARED, LEAST_BUYERS = 30, 5
# A gain is expected over the days of the forecast that stands beside it.
GAIN_DAYS = 90
# So long the week's actions leave out who is in a campaign: the first window.
FIRST_DAYS = 30
VERDICTS = {
    "gain": marked("gain"),
    "loss": marked("loss"),
    "no effect shown": marked("no effect shown"),
    "too few to say": marked("too few to say"),
    "not over yet": marked("not over yet"),
    "no control group": marked("no control group"),
}
# Colour, sign in the legend and Plotly's symbol of a difference: more than chance above or below zero, or neither.
SIGNS = {
    "rise": (marked("more"), RISE, "▲", "triangle-up"),
    "fall": (marked("less"), FALL, "▼", "triangle-down"),
    "level": (marked("no effect shown"), MUTED, "●", "circle"),
}


def campaign_results(results: pd.DataFrame, planned: str = "") -> Block:
    """What campaigns brought.

    Args:
        results: The mart of this name, as the report may show it.
        planned: A sentence about campaigns that begin later.
    """
    name = "campaign_results"
    if results.empty:
        problem = _("No campaign has begun: a row in seeds/campaigns.csv plans one, and its results are shown here.")
        return without_chart(name, _("What campaigns brought"), f"{problem} {planned}".strip())
    rows = results.sort_values(["start_date", "campaign", "window_days"], ascending=[False, True, True])
    last = list(dict.fromkeys(rows["campaign"]))[:MOST_SHOWN]
    own = rows[rows["campaign"].isin(last)]
    note = _(
        "Who was addressed, less who was held out: a mark per window of days from the start, its 95 % interval as a"
        " line. A line across zero shows no effect. Without a mark: not over yet, or too few to say. Three windows are"
        " three looks: decide beforehand which one counts."
    )
    if rows["campaign"].nunique() > MOST_SHOWN:
        note += " " + _("Shown are the last {count} campaigns; the table has all.", count=MOST_SHOWN)
    if planned:
        note += " " + planned
    panels = [panel for panel in (revenue_panel(own), conversion_panel(own)) if panel.data]
    return Block(
        name,
        title_of(rows),
        note=note,
        panels=panels,
        panel_width="middle",
        legend=[[_(words), colour, sign] for words, colour, sign, _symbol in SIGNS.values()] if panels else [],
        cards=[card(rows_of(own[own["campaign"] == campaign])) for campaign in last],
        table=table_of(
            rows.assign(
                verdict=[_(VERDICTS.get(verdict, verdict)) for verdict in rows["verdict"]],
                sentence=[verdict_sentence(row) for row in rows_of(rows)],
            ),
            table_columns(),
        ),
    )


def planned_campaigns(campaigns: pd.DataFrame, results: pd.DataFrame, last_day: pd.Timestamp) -> str:
    """A sentence about campaigns that begin later than the log reaches, the next ones first; empty without any.

    Args:
        campaigns: The seed of this name.
        results: campaign_results.
        last_day: The last day that the report covers.
    """
    # What is no date is said where campaigns are read: a run that only writes the report doesn't look at them.
    start_dates = pd.to_datetime(campaigns["start_date"].str.strip(), errors="coerce")
    rows = pd.DataFrame({"campaign": campaigns["name"].str.strip(), "start_date": start_dates})
    later = rows[(rows["start_date"] > last_day + pd.Timedelta(days=1)) & ~rows["campaign"].isin(results["campaign"])]
    if later.empty:
        return ""
    named = [
        f"{row['campaign']} ({day_of(row['start_date'])})"
        for row in rows_of(later.sort_values(["start_date", "campaign"]).head(MOST_SHOWN))
    ]
    return _(
        "Planned: {campaigns}. The first build whose log reaches the day before the start decides whom a campaign"
        " addresses.",
        campaigns=", ".join(named) + (", …" if len(later) > MOST_SHOWN else ""),
    )


def table_columns() -> dict[str, tuple[str, str]]:
    """Heading and kind of the table's columns."""
    return {
        "campaign": (_("campaign"), "text"),
        "start_date": (_("start"), "date"),
        "window_days": (_("days"), "count"),
        "window_end_date": (_("until"), "date"),
        "verdict": (_("verdict"), "text"),
        "sentence": (_("in a sentence"), "text"),
        "treatment_customer_count": (_("customers addressed"), "count"),
        "control_customer_count": (_("held out"), "count"),
        "treatment_conversion": (_("share who ordered"), "share"),
        "control_conversion": (_("share of the held out who ordered"), "share"),
        "conversion_difference": (_("difference of these shares"), "share"),
        "conversion_difference_low": (_("at least, 95 %"), "share"),
        "conversion_difference_high": (_("at most, 95 %"), "share"),
        "adjusted_revenue_difference": (_("more revenue per customer, adjusted"), "money"),
        "adjusted_revenue_difference_low": (_("revenue at least, 95 %"), "money"),
        "adjusted_revenue_difference_high": (_("revenue at most, 95 %"), "money"),
        "needed_customers_revenue": (_("customers needed in each group for the lift hoped for"), "count"),
        "restatement_count": (_("times restated"), "count"),
    }


def was_seen_late(rows: pd.DataFrame) -> "pd.Series[bool]":
    """Whether it was decided on the start or later whom a campaign addresses; of an earlier release it isn't known."""
    return pd.to_datetime(rows["decided_on"]) >= pd.to_datetime(rows["start_date"])


def title_of(rows: pd.DataFrame) -> str:
    """How many campaigns show a gain or a loss, of those with a window that is over; each by its longest one.

    One that was seen on its start or later shows neither: nobody may have been written to by its draw.
    """
    over = rows[rows["is_complete"].astype(bool)]
    judged = over[~was_seen_late(over)].sort_values("window_days").groupby("campaign")["verdict"].last()
    gains, losses = (int((judged == verdict).sum()) for verdict in ("gain", "loss"))
    if not (rows["start_date"] <= rows["as_of_date"]).any():
        return _("What campaigns brought: none has begun")
    if over.empty:
        return _("What campaigns brought: too early to say, no {days} days are over yet", days=FIRST_DAYS)
    parts = {"all": count(over["campaign"].nunique()), "gains": count(gains), "losses": count(losses)}
    if gains or losses:
        return _("Campaigns with a gain: {gains} of {all}; with a loss: {losses}", **parts)
    return _("What campaigns brought: none of {all} shows an effect so far", all=parts["all"])


def card(windows: list[Row]) -> Card:
    """The card of a campaign: whom it addressed, and a sentence per window; `windows` are its rows."""
    first = windows[0]
    addressed, held_out = (count(first[f"{arm}_customer_count"]) for arm in ("treatment", "control"))
    days = [day_of(first["start_date"])]
    if not is_missing(first["end_date"]):
        days.append(day_of(first["end_date"]))
    audience = [] if is_missing(first["segment"]) else [f"{said(first['segmentation'])}: {first['segment']}"]
    audience += [] if is_missing(first["condition"]) else [words_of_condition(first["condition"])]
    texts = [[_("{days} days", days=int(row["window_days"])), verdict_sentence(row)] for row in windows]
    return Card(
        first["campaign"],
        facts=[[_("when"), " – ".join(days)], [_("customers addressed"), addressed], [_("held out"), held_out]],
        texts=[[_("Who"), "; ".join(audience)], *texts],
    )


def words_of_condition(condition: str) -> str:
    """The condition of a campaign as it may be shown: not where it names customers, whose ids may be addresses."""
    if "customer_id" in condition.casefold():
        return _("customers whom its row names by their ids")
    return condition


def amount(value: Any) -> str:
    """An amount to the hundredth, with the sign of the currency."""
    return with_currency(number_text(value, 2))


def verdict_sentence(row: Row) -> str:
    """The verdict on a window in the current language; in English it is verdict_text; `row` is its row of the mart."""
    text = sentence_of_verdict(row)
    if row["verdict"] == "no control group" or not was_seen_late(pd.DataFrame([row])).item():
        return text
    late = _(
        "The warehouse first saw this campaign when the log ended on {day}, which is not before its start: unless it"
        " was sent by this very draw, as from the list of a week's action or of an earlier build, the difference says"
        " nothing.",
        day=day_of(row["decided_on"]),
    )
    return f"{text} {late}"


def sentence_of_verdict(row: Row) -> str:
    """Like `verdict_sentence`, whenever it was decided whom the campaign addresses."""
    verdict = row["verdict"]
    if verdict == "no control group":
        return _("Nothing to compare with: nobody was held out, or everybody was.")
    if verdict == "not over yet" and row["start_date"] > row["as_of_date"]:
        return _(
            "Not begun yet: it starts on {start}, and the log ends on {day}.",
            start=day_of(row["start_date"]),
            day=day_of(row["as_of_date"]),
        )
    if verdict == "not over yet":
        return _(
            "Not over yet: its {days} days last until {until}, and the log ends on {day}.",
            days=int(row["window_days"]),
            until=day_of(row["window_end_date"]),
            day=day_of(row["as_of_date"]),
        )
    text = too_few(row) if verdict == "too few to say" else difference_sentence(row)
    if verdict in ("too few to say", "no effect shown") and not is_missing(row["needed_customers_revenue"]):
        text += " " + _(
            "To find {share} % more spend in {days} days four times in five, {count} customers in each group are"
            " needed.",
            days=int(row["window_days"]),
            share=number_text(100 * row["expected_lift"], 0),
            count=count(row["needed_customers_revenue"]),
        )
    return text


def too_few(row: Row) -> str:
    """Why nothing is claimed of a window that is over."""
    customers = [row[f"{arm}_customer_count"] for arm in ("treatment", "control")]
    # Who would order in the smaller group if both were alike, never rounded up to what is enough.
    expected = min(customers) * float(row["treatment_buyer_count"] + row["control_buyer_count"]) / sum(customers)
    text = _(
        "Too few to say: {buyers} of {customers} customers who were addressed ordered, and {others} of {held_out} who"
        " were held out.",
        buyers=row["treatment_buyer_count"],
        customers=row["treatment_customer_count"],
        others=row["control_buyer_count"],
        held_out=row["control_customer_count"],
    )
    if min(customers) < LEAST_COMPARED:
        text += " " + _(
            "Before anything is claimed, each group needs {least} customers: the smaller one has {count}.",
            least=LEAST_COMPARED,
            count=min(customers),
        )
    if expected < LEAST_BUYERS:
        text += " " + _(
            "Before anything is claimed, {least} of the smaller group have to order if both groups are alike: here that"
            " is {expected}.",
            least=LEAST_BUYERS,
            expected=number_text(math.floor(10 * expected) / 10, 1),
        )
    return text


def more_or_less(difference: Any) -> str:
    """A difference of amounts as people say it: `1.20 less` or `0.40 more`."""
    if difference < 0:
        return _("{amount} less", amount=amount(abs(difference)))
    return _("{amount} more", amount=amount(difference))


def difference_sentence(row: Row) -> str:
    """The difference of revenue with its interval."""
    parts = {
        name: more_or_less(row[f"adjusted_revenue_difference{end}"])
        for name, end in (("difference", ""), ("low", "_low"), ("high", "_high"))
    }
    if row["verdict"] == "gain":
        return _(
            "A gain: customers who were addressed spent {difference} on average than those who were held out (95 %"
            " interval: {low} to {high}), adjusted by what they had spent before.",
            **parts,
        )
    if row["verdict"] == "loss":
        return _(
            "A loss: customers who were addressed spent {difference} on average than those who were held out (95 %"
            " interval: {low} to {high}), adjusted by what they had spent before.",
            **parts,
        )
    return _(
        "No effect shown: customers who were addressed spent {difference} on average than those who were held out,"
        " which can be chance (95 % interval: {low} to {high}), adjusted by what they had spent before.",
        **parts,
    )


def revenue_panel(own: pd.DataFrame) -> Panel:
    """Differences of revenue per customer; `own` are the rows to show."""
    return differences(
        own,
        "adjusted_revenue_difference",
        _("Revenue per customer, adjusted"),
        axis(_("more spent than by who was held out ({unit})", unit=unit_of_money())),
        amount,
    )


def conversion_panel(own: pd.DataFrame) -> Panel:
    """Differences of the share who ordered; `own` are the rows to show."""
    return differences(
        own,
        "conversion_difference",
        _("Share who ordered"),
        axis(_("more who ordered, of all in a group"), tickformat=".0%"),
        lambda share: f"{MINUS if share < 0 else ''}{percent(abs(share))}",
    )


def differences(own: pd.DataFrame, field: str, title: str, across: Figure, words: Callable[[Any], str]) -> Panel:
    """Differences as marks with their intervals, a row per campaign and window.

    Args:
        own: The rows to show.
        field: Column of the difference; its interval is in the columns with `_low` and `_high` after it.
        title: Heading of the figure.
        across: The axis of the differences.
        words: Writes a difference.
    """
    known = own[own[field].notna()]
    # Of all campaigns, so that one has the same label in each panel.
    short = labels(own["campaign"], 18)
    # By the whole name, as two names may be cut alike.
    names = {
        f"{row['campaign']}, {row['window_days']}": _(
            "{campaign}, {days} days", campaign=short[row["campaign"]], days=int(row["window_days"])
        )
        for row in rows_of(known)
    }
    kinds: dict[str, list[Row]] = {kind: [] for kind in SIGNS}
    for row in rows_of(known):
        kinds["rise" if row[f"{field}_low"] > 0 else "fall" if row[f"{field}_high"] < 0 else "level"].append(row)
    data = [marks_of(rows, field, names, kind, words) for kind, rows in kinds.items() if rows]
    ticks = {"tickmode": "array", "tickvals": list(names), "ticktext": list(names.values())}
    zero = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": 0, "x1": 0, "line": {"color": MUTED, "width": 1}}
    down = names_axis(names=ticks, categoryorder="array", categoryarray=list(names))
    return Panel(data, {"xaxis": across, "yaxis": down, "shapes": [zero]}, rows_height(len(names)), title)


def marks_of(rows: list[Row], field: str, names: Mapping[str, str], kind: str, words: Callable[[Any], str]) -> Figure:
    """Marks of one kind with their intervals.

    Args:
        rows: Rows with a difference.
        field: Its column.
        names: Shown name by place on the axis.
        kind: A key of `SIGNS`.
        words: Writes a difference.
    """
    _words, colour, _sign, symbol = SIGNS[kind]
    places = [f"{row['campaign']}, {row['window_days']}" for row in rows]
    ends = [[float(row[f"{field}{end}"]) for row in rows] for end in ("", "_low", "_high")]
    texts = [
        _("{value} ({low} to {high}, 95 %)", value=words(value), low=words(low), high=words(high))
        for value, low, high in zip(*ends, strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": ends[0],
        "y": places,
        "text": [f"{names[place]}: {text}" for place, text in zip(places, texts, strict=True)],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": colour, "size": 11, "symbol": symbol},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - value for value, high in zip(ends[0], ends[2], strict=True)],
            "arrayminus": [value - low for value, low in zip(ends[0], ends[1], strict=True)],
            "color": colour,
            "thickness": 2,
            "width": 4,
        },
    }


def with_gains(actions: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """Actions with the gain to expect of them, and the campaign that it is known from; missing where none is.

    That is the difference per customer of the last campaign to the same whole segment that was decided before its start
    and measured over `GAIN_DAYS` days, times the customers to address: without those who are held out.

    Args:
        actions: rpt_findings, with segmentation, subject, customer_count and control_customer_count.
        results: campaign_results, as the report may show it.
    """
    known = results[
        (results["window_days"] == GAIN_DAYS)
        & results["verdict"].isin(CLAIMS)
        & results["condition"].isna()
        & ~was_seen_late(results)
    ].sort_values(["start_date", "campaign"])
    last = {(row["segmentation"], row["segment"]): row for row in rows_of(known) if not is_missing(row["segment"])}
    found = [last.get((row["segmentation"], row["subject"])) for row in rows_of(actions)]
    counts = (actions["customer_count"] - actions["control_customer_count"]).tolist()
    gains = {
        f"gain{end}": [
            None if row is None else float(row[f"adjusted_revenue_difference{end}"]) * float(customers)
            for row, customers in zip(found, counts, strict=True)
        ]
        for end in ("", "_low", "_high")
    }
    return actions.assign(**gains, gain_campaign=[None if row is None else row["campaign"] for row in found])
