"""The first screen: figures of the last period, findings by money, and what to do this week.

What they say is computed by the model rpt_findings; here it becomes sentences.
"""

from collections.abc import Callable
from datetime import timedelta

import pandas as pd

from shop_toolkit import audiences
from shop_toolkit.campaigns import file_name_of
from shop_toolkit.report.charts import (
    Block,
    Card,
    KeyFigure,
    Row,
    Statement,
    Tables,
    rows_of,
    table_of,
    without_chart,
)
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import ngettext
from shop_toolkit.report.months import month
from shop_toolkit.report.privacy import LEAST_CUSTOMERS
from shop_toolkit.report.sections.campaigns import (
    FIRST_DAYS,
    GAIN_DAYS,
    LEAST_BUYERS,
    LEAST_COMPARED,
    with_gains,
)
from shop_toolkit.report.sections.lists import lists_of
from shop_toolkit.report.words import change, count, customers, day_of, is_missing, money, percent

AMOUNTS = ("revenue", "mean_order")


def blocks(tables: Tables) -> list[Block]:
    """The blocks of the first screen."""
    rows = with_gains(tables["rpt_findings"], tables["campaign_results"]).sort_values(["finding_type", "rank"])
    by_type = {name: rows[rows["finding_type"] == name] for name in ("figure", "finding", "action")}
    # Nearly every export has columns that are not used, and they change nothing.
    doubt_count = int((tables["input_warnings"]["kind"] != "unused_columns").sum())
    return [
        key_figures(by_type["figure"], doubt_count),
        findings(by_type["finding"]),
        actions(by_type["action"], tables),
    ]


def key_figures(rows: pd.DataFrame, doubt_count: int) -> Block:
    """Five numbers of the last period and their change, and how sure the input is.

    Args:
        rows: The figures of rpt_findings.
        doubt_count: How many doubts there are about the input, which the tab of data quality shows.
    """
    name = "key_figures"
    if rows.empty:
        return without_chart(name, _("The last weeks"), _("There is no order to count."))
    first = rows_of(rows)[0]
    days, until = int(first["period_days"]), pd.Timestamp(first["as_of_date"])
    title = ngettext(
        "The last {days} day: {first} to {last}",
        "The last {days} days: {first} to {last}",
        days,
        days=days,
        first=day_of(until - timedelta(days=days - 1)),
        last=day_of(until),
    )
    note = _("Orders of known customers, beside the {days} days before; the season is not taken out.", days=days)
    if rows["previous_amount"].isna().all():
        note = _("Orders of known customers. The log is too short to compare with a period before.")
    if doubt_count:
        note += " " + ngettext(
            "{count} thing in the input could not be decided: the tab Data quality says what to do.",
            "{count} things in the input could not be decided: the tab Data quality says what to do.",
            doubt_count,
            count=count(doubt_count),
        )
    columns = {
        "finding": (_("figure"), "text"),
        "amount": (_("last period"), "figure"),
        "previous_amount": (_("period before"), "figure"),
        "year_before_amount": (_("a year before"), "figure"),
    }
    names = names_of_figures()
    amounts = [column for column in columns if column != "finding"]
    cells = [
        {"finding": names[row["finding"]]} | {column: cell_of_figure(row, column) for column in amounts}
        for row in rows_of(rows)
    ]
    named = pd.DataFrame(cells, dtype=object)
    figures = [key_figure(row) for row in rows_of(rows)]
    return Block(name, title, note=note, key_figures=figures, table=table_of(named, columns))


def cell_of_figure(row: Row, column: str) -> float | int | None:
    """An amount of a figure; numbers of orders and customers are whole, and in one column with money."""
    amount = row[column]
    return amount if is_missing(amount) or row["finding"] in AMOUNTS else int(amount)


def names_of_figures() -> dict[str, str]:
    """The names of the figures."""
    return {
        "revenue": _("revenue"),
        "order_count": _("orders"),
        "mean_order": _("mean order"),
        "customer_count": _("customers who ordered"),
        "new_customer_count": _("first orders"),
    }


def key_figure(row: Row) -> KeyFigure:
    """A figure with its change; `row` is its row of rpt_findings."""
    words = money if row["finding"] in AMOUNTS else count
    now, before, year_before = (row[name] for name in ("amount", "previous_amount", "year_before_amount"))
    changed = change(now, before)
    direction = {"+": "rise", "−": "fall"}.get(changed[:1], "level")
    earlier = [] if is_missing(before) else [_("before: {value}", value=words(before))]
    if not is_missing(year_before):
        earlier.append(_("a year before: {value}", value=words(year_before)))
    name = names_of_figures()[row["finding"]]
    return KeyFigure(name, words(now), changed, direction, "; ".join(earlier), row["chart"])


def findings(rows: pd.DataFrame) -> Block:
    """Sentences ranked by money; `rows` are the findings of rpt_findings."""
    name, title = "findings", _("What stands out, by the money that it concerns")
    known = [row for row in rows_of(rows) if row["finding"] in SENTENCES]
    if not known:
        return without_chart(name, title, _("Nothing stands out yet: the log is too short, or too few customers."))
    statements = [
        Statement(
            *SENTENCES[row["finding"]](row),
            row["chart"],
            "" if is_missing(row["segmentation"]) else row["segmentation"],
        )
        for row in known
    ]
    said = pd.DataFrame(known).assign(text=[statement.text for statement in statements])
    columns = {
        "rank": (_("rank"), "count"),
        "text": (_("finding"), "text"),
        "amount": (_("money concerned"), "money"),
        "customer_count": (_("customers"), "count"),
    }
    return Block(name, title, statements=statements, table=table_of(said, columns))


def of_customers(row: Row) -> str:
    """`644 of 4,334 customers`."""
    return _("{count} of {all} customers", count=count(row["customer_count"]), all=count(row["of_customer_count"]))


def revenue_change(row: Row) -> tuple[str, str]:
    """How revenue changed, and whose orders made the change."""
    now, before = row["current_amount"], row["previous_amount"]
    parts = {
        "days": int(row["period_days"]),
        "now": money(now),
        "share": percent(abs(float(now) / float(before) - 1)),
    }
    if now >= before:
        text = _("The last {days} days brought {now}, {share} more than the {days} days before.", **parts)
    else:
        text = _("The last {days} days brought {now}, {share} less than the {days} days before.", **parts)
    return text, parts_of_change(row)


def parts_of_change(row: Row) -> str:
    """What the customers brought who came, stayed away or ordered in both periods, unless one of them is few."""
    if is_missing(row["gained_amount"]):
        return _(
            "Revenue of customers who came, stayed away or ordered in both periods is not shown: one of these groups"
            " has fewer than {least} customers.",
            least=LEAST_CUSTOMERS,
        )
    gained, lost = row["gained_amount"], row["lost_amount"]
    stayed = float(row["current_amount"]) - float(gained) - (float(row["previous_amount"]) - float(lost))
    parts = {"gained": money(gained), "lost": money(lost), "stayed": money(abs(stayed))}
    if stayed >= 0:
        return _(
            "Customers who had not ordered in the period before brought {gained}; those who stayed away had brought"
            " {lost}; those of both periods spent {stayed} more.",
            **parts,
        )
    return _(
        "Customers who had not ordered in the period before brought {gained}; those who stayed away had brought"
        " {lost}; those of both periods spent {stayed} less.",
        **parts,
    )


def best_segment(row: Row) -> tuple[str, str]:
    """The segment that brings most."""
    text = _(
        "Of the broad segments “{segment}” brings most: {share} of the customers, {revenue_share} of the revenue,"
        " {amount}.",
        segment=row["subject"],
        share=percent(row["customer_count"] / row["of_customer_count"]),
        revenue_share=percent(float(row["amount"]) / float(row["of_amount"])),
        amount=money(row["amount"]),
    )
    whole = _("{amount} of {all}", amount=money(row["amount"]), all=money(row["of_amount"]))
    return text, f"{of_customers(row)}; {whole}."


def overdue(row: Row) -> tuple[str, str]:
    """Customers who are away for longer than usual."""
    text = ngettext(
        "{count} customer ({share}) is away for longer than usual and had spent {amount}.",
        "{count} customers ({share}) are away for longer than usual and had spent {amount}.",
        row["customer_count"],
        count=count(row["customer_count"]),
        share=percent(row["customer_count"] / row["of_customer_count"]),
        amount=money(row["amount"]),
    )
    evidence = _(
        "Of what they would spend in the next 90 days, {lost} is likely to be lost: the forecast of each, times the"
        " probability that the customer has stopped.",
        lost=money(row["lost_amount"]),
    )
    return text, evidence


def one_order(row: Row) -> tuple[str, str]:
    """Customers who never placed a second order."""
    text = _(
        "{count} customers ({share}) ordered once and not again for {days} days or longer: they spent {amount}.",
        count=count(row["customer_count"]),
        share=percent(row["customer_count"] / row["of_customer_count"]),
        days=int(row["period_days"]),
        amount=money(row["amount"]),
    )
    return text, _("{customers} with an order.", customers=of_customers(row))


def category_change(row: Row) -> tuple[str, str]:
    """The category that grew most unlike the others."""
    parts = {
        "category": row["subject"],
        "amount": money(row["amount"]),
        "now": money(row["current_amount"]),
        "before": money(row["previous_amount"]),
        "change": change(row["current_amount"], row["previous_amount"]),
        "usual": change(1 + row["baseline_share"], 1),
        "days": int(row["period_days"]),
    }
    if row["share"] >= row["baseline_share"]:
        text = _("“{category}” brought {amount} more than if it had grown like all products.", **parts)
    else:
        text = _("“{category}” brought {amount} less than if it had grown like all products.", **parts)
    return text, _("{now} in {days} days, {before} before ({change}); all products {usual}.", **parts)


def anonymous(row: Row) -> tuple[str, str]:
    """Sales whose buyers nobody can address."""
    text = _(
        "{share} of the sales ({amount}) name no customer: nobody can write to these buyers.",
        share=percent(float(row["amount"]) / float(row["of_amount"])),
        amount=money(row["amount"]),
    )
    return text, _("{amount} of {all} in the log.", amount=money(row["amount"]), all=money(row["of_amount"]))


def cancelled(row: Row) -> tuple[str, str]:
    """What was cancelled."""
    parts = {
        "share": percent(row["share"]),
        "amount": money(row["amount"]),
        "all": money(row["of_amount"]),
        "days": int(row["period_days"]),
    }
    text = ngettext(
        "{share} of what was ordered in the last {days} day was cancelled: {amount} of {all}.",
        "{share} of what was ordered in the last {days} days was cancelled: {amount} of {all}.",
        int(row["period_days"]),
        **parts,
    )
    if is_missing(row["baseline_share"]):
        return text, _("There is no period before to compare with.")
    before = percent(row["baseline_share"])
    return text, _("In the {days} days before it was {before}.", before=before, **parts)


def moved_down(row: Row) -> tuple[str, str]:
    """Customers whose segment is a lower one than a month before."""
    text = ngettext(
        "{count} customer moved to a lower broad segment in {month}, and had spent {amount}.",
        "{count} customers moved to a lower broad segment in {month}, and had spent {amount}.",
        row["customer_count"],
        count=count(row["customer_count"]),
        month=month(row["moved_until"]),
        amount=money(row["amount"]),
    )
    return text, _("At the end of the month, beside the end of the month before.")


# By finding what writes its sentence and its evidence.
SENTENCES: dict[str, Callable[[Row], tuple[str, str]]] = {
    "revenue_change": revenue_change, "best_segment": best_segment, "overdue": overdue, "one_order": one_order,
    "category_change": category_change, "anonymous": anonymous, "cancelled": cancelled, "moved_down": moved_down,
}  # fmt: skip


def actions(rows: pd.DataFrame, tables: Tables) -> Block:
    """What to do this week; `rows` are the actions of rpt_findings, `tables` the report's."""
    name, title = "actions", _("What to do this week")
    known = [row for row in rows_of(rows) if row["finding"] in ACTIONS]
    if not known:
        return without_chart(name, title, _("Nobody to address yet: no group has five customers."))
    cards = [ACTIONS[row["finding"]](row, tables) for row in known]
    planned = pd.DataFrame(known).assign(what=[card.title for card in cards], gain=[gain_of(row) for row in known])
    columns = {
        "rank": (_("rank"), "count"),
        "what": (_("what"), "text"),
        "customer_count": (_("customers"), "count"),
        "control_customer_count": (_("control group"), "count"),
        "amount": (_("at stake in 90 days"), "money"),
        "gain": (_("expected gain"), "text"),
    }
    return Block(
        name,
        title,
        note=_(
            "A gain is known once a campaign to the same segment was measured against its control group. Until then,"
            " what is at stake: the forecast for these customers. Who is in a campaign that began in the last {days}"
            " days is left out.",
            days=FIRST_DAYS,
        ),
        cards=cards,
        table=table_of(planned, columns),
    )


def gain_of(row: Row) -> str:
    """The expected gain with its interval, if a campaign to the same segment was measured."""
    if is_missing(row.get("gain")):
        return _("not known")
    return _(
        "{gain} ({low} to {high}, 95 %)",
        gain=money(row["gain"]),
        low=money(row["gain_low"]),
        high=money(row["gain_high"]),
    )


def action_card(row: Row, tables: Tables, action: str, title: str, who: str, what: str, stake: str) -> Card:
    """The card of an action.

    Args:
        row: Its row of rpt_findings.
        tables: The report's tables.
        action: Its name, as the publication knows it.
        title: What to do, in a few words.
        who: Who the customers are.
        what: What to do, and where.
        stake: What the money at stake is.
    """
    at_stake = "–" if is_missing(row["amount"]) else money(row["amount"])
    facts = [
        [_("how many"), customers(row["customer_count"])],
        [_("to address"), count(row["customer_count"] - row["control_customer_count"])],
        [_("control group"), count(row["control_customer_count"])],
        [stake, at_stake],
        [_("expected gain"), gain_of(row)],
    ]
    measured = how_to_measure(row, is_entered(action, row, tables), holds_out(tables))
    texts = [[_("Who"), who], [_("What"), what], [_("To measure it"), measured]]
    if not is_missing(row.get("gain_campaign")):
        source = _("the {days} days of the campaign “{campaign}”", days=GAIN_DAYS, campaign=row["gain_campaign"])
        texts.append([_("Gain expected from"), source])
    files = files_of(action, row, tables)
    return Card(title, facts=facts, texts=texts, files=files, link=[row["chart"], _("See the chart")])


def files_of(action: str, row: Row, tables: Tables) -> list[list[str]]:
    """The files of an action: whom it addresses, and its campaign where a control group measures it.

    Args:
        action: Its name, as the publication knows it.
        row: Its row of rpt_findings.
        tables: The report's tables.
    """
    audience = f"{audiences.ACTIONS}/{file_name_of(action)}"
    if not row["control_customer_count"]:
        return lists_of(audience, _("Their list"), tables)
    return [
        *lists_of(audience, _("Their list, without the control group"), tables),
        [_("The row of its campaign"), f"{audiences.FOLDER}/{audiences.ACTIONS}/campaigns.csv"],
    ]


def is_entered(action: str, row: Row, tables: Tables) -> bool:
    """Whether the row of an action's campaign is in the shop's list of campaigns.

    Args:
        action: Its name, as the publication knows it.
        row: Its row of rpt_findings.
        tables: The report's tables.
    """
    campaign = f"{action} {pd.Timestamp(row['as_of_date']):%Y-%m-%d}"
    return campaign in set(tables["campaign_results"]["campaign"])


def holds_out(tables: Tables) -> bool:
    """Whether the shop holds customers out at all, as the setting `control_share` says."""
    return bool(tables["rpt_segments"]["control_customer_count"].fillna(0).any())


def how_to_measure(row: Row, is_campaign: bool, is_anybody_held_out: bool) -> str:
    """How to make an action of these files a campaign, or why it can't be measured.

    Args:
        row: Its row of rpt_findings.
        is_campaign: Whether it is one by now.
        is_anybody_held_out: Whether the shop holds customers out at all.
    """
    if is_campaign:
        return _(
            "it is in the list of campaigns: the tab Campaigns compares both groups from {days} days after its start"
            " on, where enough of each order ({buyers} or more)",
            days=FIRST_DAYS,
            buyers=LEAST_BUYERS,
        )
    held_out = row["control_customer_count"]
    if min(held_out, row["customer_count"] - held_out) < LEAST_COMPARED:
        return why_not_measured(row, is_anybody_held_out)
    return _(
        "add the row of its campaign to seeds/campaigns.csv: the next build holds out the same control group, and the"
        " tab Campaigns then compares both groups, where enough of each order ({buyers} or more)",
        buyers=LEAST_BUYERS,
    )


def why_not_measured(row: Row, is_anybody_held_out: bool) -> str:
    """Why an action can't be measured: it has no control group, or the smaller group is too small.

    Args:
        row: Its row of rpt_findings.
        is_anybody_held_out: Whether the shop holds customers out at all.
    """
    held_out = row["control_customer_count"]
    if not held_out and row["customer_count"] < 2 * LEAST_COMPARED:
        return _(
            "not possible: nobody is held out to compare with, as each group needs {least} customers, and these are"
            " fewer than {both}",
            least=LEAST_COMPARED,
            both=2 * LEAST_COMPARED,
        )
    if not held_out and not is_anybody_held_out:
        return _("not possible: nobody is held out to compare with, as the setting control_share is 0")
    # Drawn when the list had others: see the macro action_members.
    return _(
        "not possible: each group needs {least} customers, and of the list as it is now the smaller one has {count}",
        least=LEAST_COMPARED,
        count=count(min(held_out, row["customer_count"] - held_out)),
    )


def win_back(row: Row, tables: Tables) -> Card:
    """Overdue customers with most to lose."""
    parts = {"count": count(row["customer_count"]), "all": count(row["of_customer_count"])}
    return action_card(
        row,
        tables,
        "win back",
        _("Write to overdue customers"),
        _("all {all} overdue customers", all=parts["all"])
        if row["customer_count"] == row["of_customer_count"]
        else _(
            "the {count} of {all} overdue customers with the highest expected loss ({share} of it)",
            **parts,
            share=percent(float(row["amount"]) / float(row["of_amount"] or 1)),
        ),
        _("ask what is missing, and show what is new among what they buy; a personal e-mail"),
        _("likely to be lost"),
    )


def second_order(row: Row, tables: Tables) -> Card:
    """Newcomers who could place a second order."""
    parts = {"count": count(row["customer_count"]), "all": count(row["of_customer_count"])}
    return action_card(
        row,
        tables,
        "second order",
        _("Win the second order"),
        _("all {all} customers whose only order is at most 60 days old, and who are not overdue", all=parts["all"])
        if row["customer_count"] == row["of_customer_count"]
        else _(
            "the {count} of {all} customers with the highest forecast spend whose only order is at most 60 days old,"
            " and who are not overdue",
            **parts,
        ),
        _("a welcome series, help with the first purchase, a small incentive; by e-mail"),
        _("forecast spend"),
    )


def keep_best(row: Row, tables: Tables) -> Card:
    """The segment that brings most."""
    return action_card(
        row,
        tables,
        "keep the best",
        _("Keep the best: “{segment}” of the detailed segments", segment=row["subject"]),
        who_is_best(row["subject"], tables["segments"]),
        f"{row['action']}; {row['channel']}",
        _("forecast spend"),
    )


def who_is_best(segment: str, segments: pd.DataFrame) -> str:
    """Who the best segment is, beside the broad one that has its name and other customers.

    Args:
        segment: The detailed segment.
        segments: The mart of this name.
    """
    namesakes = segments[(segments["segmentation"] == "broad") & (segments["segment"] == segment)]
    if namesakes.empty:
        return _("the detailed segment that brings most")
    return _(
        "the detailed segment that brings most; the broad one of this name is another, of {customers}",
        customers=customers(namesakes["size"].iloc[0]),
    )


# By action what writes its card.
ACTIONS: dict[str, Callable[[Row, Tables], Card]] = {
    "win_back": win_back, "second_order": second_order, "keep_best": keep_best,
}  # fmt: skip
