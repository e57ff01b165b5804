"""How clean is the data? From the file's rows and amounts to the net sales, step by step."""

import itertools
from collections.abc import Callable
from typing import Any

import pandas as pd

from shop_toolkit.report.charts import (
    FALL,
    INK,
    RISE,
    Block,
    Card,
    Panel,
    Row,
    Tables,
    axis,
    names_axis,
    rows_height,
    rows_of,
    table_of,
    without_chart,
)
from shop_toolkit.report.data_texts import said
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked, ngettext
from shop_toolkit.report.words import count, is_missing, label, money, percent, sentence, unit_of_money

# The steps of the cleaning summary in a reader's words; others keep their name.
WORDS = {
    "cancelled_order": marked("cancelled orders"),
    "ignored_order": marked("no orders yet"),
    "other_currency": marked("other currencies"),
    "unreadable": marked("unreadable"),
    "implausible_date": marked("dates outside the log"),
    "missing_customer": marked("no customer named"),
    "duplicate": marked("duplicates"),
    "stock_adjustment": marked("stock adjustments"),
    "no_quantity": marked("no quantity"),
    "non_product": marked("not products"),
    "no_price": marked("no price"),
    "cancellation": marked("cancelling lines"),
    "taken back": marked("cancelled by them"),
}
NETTED = marked("cancellations and what they cancel")


def blocks(tables: Tables) -> list[Block]:
    """The section's blocks."""
    steps = tables["cleaning_summary"].sort_values("step_number")
    warnings = tables["input_warnings"]
    return [rows_left(steps), money_left(steps)] + ([] if warnings.empty else [doubts(warnings)])


def words_of(step: str) -> str:
    """A cleaning step in a reader's words."""
    return _(WORDS.get(step, step.replace("_", " ")))


def most(removed: "pd.Series[Any]", words: Callable[[Any], str]) -> str:
    """The end of a title: the step that removes most; empty if none removes anything.

    Args:
        removed: What each step removes, by step.
        words: Formats a number.
    """
    if removed.max() <= 0:
        return ""
    step = words_of(str(removed.idxmax()))
    return _("; most removed: {step} ({amount})", step=step, amount=words(removed.max()))


def rows_left(steps: pd.DataFrame) -> Block:
    """The waterfall of rows; `steps` is the cleaning summary in order."""
    name = "cleaning_rows"
    before = steps["rows_before"].iloc[0] if len(steps) else 0
    if not before:
        return without_chart(name, _("Rows that are used"), _("The file has no rows."))
    after = steps["rows_after"].iloc[-1]
    title = _("{share} of {count} rows are usable sales", share=percent(after / before), count=count(before))
    title += most(steps.set_index("step")["rows_removed"], count)
    columns = {
        "step": (_("step"), "text"),
        "rows_before": (_("rows before"), "count"),
        "rows_removed": (_("rows removed"), "count"),
        "rows_after": (_("rows after"), "count"),
    }
    return Block(
        name,
        title,
        note=_("Nothing is lost: every removed row is stored with its reason."),
        panels=[waterfall(steps, "rows", _("rows"), (_("rows of the file"), _("sale lines")), count)],
        table=table_of(steps.assign(step=steps["step"].map(words_of)), columns),
    )


def money_left(steps: pd.DataFrame) -> Block:
    """The waterfall of amounts; `steps` is the cleaning summary in order."""
    name = "cleaning_money"
    if steps.empty or not (steps["amount_before"].abs().max() > 0 or steps["amount_after"].abs().max() > 0):
        problem = _("The file's rows have no amounts.")
        return without_chart(name, _("From the file's total to the revenue"), problem)
    before, after = steps["amount_before"].iloc[0], steps["amount_after"].iloc[-1]
    title = _("{before} in the file become {after} of revenue", before=money(before), after=money(after))
    # Removing cancelling lines adds what they then cancel: only both together are a loss.
    netted = steps["step"].replace({"cancellation": NETTED, "taken back": NETTED})
    title += most(steps.groupby(netted, sort=False)["amount_removed"].sum(), money)
    columns = {
        "step": (_("step"), "text"),
        "amount_before": (_("amount before"), "money"),
        "amount_removed": (_("amount removed"), "money"),
        "amount_after": (_("amount after"), "money"),
        "units_removed": (_("units removed"), "count"),
    }
    ends = (_("total of the file"), _("revenue"))
    return Block(
        name,
        title,
        note=_(
            "Cancelling lines are negative, so removing them adds to the amount; what they cancel is then subtracted"
            " from its sales."
        ),
        panels=[waterfall(steps, "amount", _("amount ({unit})", unit=unit_of_money()), ends, money)],
        table=table_of(steps.assign(step=steps["step"].map(words_of)), columns),
    )


def waterfall(
    steps: pd.DataFrame, measure: str, unit: str, ends: tuple[str, str], words: Callable[[Any], str]
) -> Panel:
    """What each step removes or adds, between the file and the result; steps without effect are left out.

    Args:
        steps: The cleaning summary in order.
        measure: rows or amount.
        unit: Title of the axis.
        ends: Names of the first and the last bar.
        words: Formats a number.
    """
    steps = steps[steps[f"{measure}_removed"] != 0]
    removed = [-float(value) for value in steps[f"{measure}_removed"]]
    names = [sentence(ends[0]), *(label(sentence(words_of(step))) for step in steps["step"]), sentence(ends[1])]
    first, last = (steps[f"{measure}_before"].iloc[0], steps[f"{measure}_after"].iloc[-1]) if len(steps) else (0, 0)
    changes = [f"{'+' if value > 0 else '−'} {words(abs(value))}" for value in removed]
    texts = [words(first), *changes, words(last)]
    figure = {
        "type": "waterfall",
        "orientation": "h",
        "y": names,
        "x": [float(first), *removed, 0],
        "measure": ["absolute", *["relative"] * len(removed), "total"],
        "text": texts,
        "textposition": "auto",
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{text}<extra></extra>",
        "connector": {"line": {"color": "var(--line)", "width": 1}},
        "increasing": {"marker": {"color": RISE}},
        "decreasing": {"marker": {"color": FALL}},
        "totals": {"marker": {"color": INK}},
    }
    levels = list(itertools.accumulate([float(first), *removed]))
    # Texts are right of what rises and left of what falls: room for the longest, as the page cuts off what is beyond.
    most, least, letters = max(0.0, *levels), min(0.0, *levels), max(map(len, texts))
    room = (most - least) * min(0.5, 0.045 * letters)
    across = axis(unit, range=[least - (room if least < 0 else 0), most + room], nticks=5)
    return Panel([figure], {"xaxis": across, "yaxis": names_axis()}, rows_height(len(names), 90))


def doubts(warnings: pd.DataFrame) -> Block:
    """What the build could not be sure of; without examples, as these may be ids of customers.

    Args:
        warnings: The mart input_warnings, at least one row.
    """
    name = "input_warnings"
    ranked = warnings.sort_values(["amount", "row_count", "kind"], ascending=[False, False, True], na_position="last")
    ranked = ranked.assign(
        kind=[sentence(_(kind.replace("_", " "))) for kind in ranked["kind"]],
        suggestion=ranked["suggestion"].map(said),
    )
    columns = {
        "kind": (_("doubt"), "text"),
        "column_name": (_("column"), "text"),
        "row_count": (_("rows"), "count"),
        "amount": (_("amount"), "money"),
        "suggestion": (_("what to do"), "text"),
    }
    return Block(
        name,
        ngettext(
            "{count} thing in the input could not be decided",
            "{count} things in the input could not be decided",
            len(ranked),
            count=count(len(ranked)),
        ),
        note=_("Examples are in the table input_warnings."),
        cards=[card_of(warning) for warning in rows_of(ranked)],
        table=table_of(ranked, columns),
    )


def card_of(warning: Row) -> Card:
    """A doubt with how much it concerns and what to do."""
    facts = {
        _("column"): warning["column_name"],
        _("rows"): None if is_missing(warning["row_count"]) else count(warning["row_count"]),
        _("amount"): None if is_missing(warning["amount"]) else money(warning["amount"]),
    }
    shown = [[name, fact] for name, fact in facts.items() if not is_missing(fact)]
    return Card(warning["kind"], lead=warning["suggestion"], facts=shown)
