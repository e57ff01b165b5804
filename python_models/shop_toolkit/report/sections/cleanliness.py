"""How clean is the data? From the file's rows and money to the kept ones, step by step."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from shop_toolkit.report.charts import (
    FALL,
    INK,
    RISE,
    Block,
    Panel,
    axis,
    names_axis,
    rows_height,
    table_of,
    without_chart,
)
from shop_toolkit.report.words import count, label, money, percent, sentence

# The steps of the cleaning summary in a reader's words; others keep their name.
WORDS = {
    "unreadable": "unreadable", "missing_customer": "no customer named", "duplicate": "entered twice",
    "stock_adjustment": "stock adjustments", "non_product": "no products", "no_price": "no price",
    "cancellation": "cancelling lines", "taken back": "taken back by them",
}  # fmt: skip
NETTED = "cancellations and what they cancel"


def blocks(tables: Mapping[str, pd.DataFrame]) -> list[Block]:
    """The section's blocks."""
    steps = tables["cleaning_summary"].sort_values("step_number")
    return [rows_left(steps), money_left(steps)]


def words_of(step: str) -> str:
    """A cleaning step as a reader calls it."""
    return WORDS.get(step, step.replace("_", " "))


def most(removed: pd.Series, leave: str, words: Callable[[Any], str]) -> str:
    """The end of a title: the step that takes away most; `removed` is by step."""
    if removed.max() <= 0:
        return ""
    return f"; most that {leave}: {words_of(removed.idxmax())} ({words(removed.max())})"


def rows_left(steps: pd.DataFrame) -> Block:
    """The waterfall of rows."""
    name = "cleaning_rows"
    before = steps["rows_before"].iloc[0] if len(steps) else 0
    if not before:
        return without_chart(name, "Rows that are used", "The file holds no rows.")
    after = steps["rows_after"].iloc[-1]
    title = f"{percent(after / before)} of {count(before)} rows are sales that can be used"
    title += most(steps.set_index("step")["rows_removed"], "leave", count)
    columns = {
        "step": ("step", "text"),
        "rows_before": ("rows before", "count"),
        "rows_removed": ("rows removed", "count"),
        "rows_after": ("rows after", "count"),
    }
    return Block(
        name,
        title,
        note="Nothing is lost: what leaves is kept apart, row by row, with its reason.",
        panels=[waterfall(steps, "rows", "rows", "rows of the file", "kept sale lines", count)],
        table=table_of(steps, columns),
    )


def money_left(steps: pd.DataFrame) -> Block:
    """The waterfall of money."""
    name = "cleaning_money"
    if steps.empty or not (steps["amount_before"].abs().max() > 0 or steps["amount_after"].abs().max() > 0):
        return without_chart(name, "Money that is counted", "The file's rows hold no money.")
    before, after = steps["amount_before"].iloc[0], steps["amount_after"].iloc[-1]
    title = f"{money(before)} in the file become {money(after)} of revenue"
    # Cancelling lines add the money that is then taken back by them: only both together are a loss.
    netted = steps["step"].replace({"cancellation": NETTED, "taken back": NETTED})
    title += most(steps.groupby(netted, sort=False)["amount_removed"].sum(), "leaves", money)
    columns = {
        "step": ("step", "text"),
        "amount_before": ("money before", "money"),
        "amount_removed": ("money removed", "money"),
        "amount_after": ("money after", "money"),
        "units_removed": ("units removed", "count"),
    }
    return Block(
        name,
        title,
        note="Cancelling lines are negative, so leaving them out adds money; what they cancel is then"
        " taken off its sales.",
        panels=[waterfall(steps, "amount", "money (currency of the log)", "money of the file", "revenue", money)],
        table=table_of(steps, columns),
    )


def waterfall(
    steps: pd.DataFrame, measure: str, unit: str, first: str, last: str, words: Callable[[Any], str]
) -> Panel:
    """What each step takes away or adds, between the file and what is kept; steps that do nothing are left out."""
    steps = steps[steps[f"{measure}_removed"] != 0]
    removed = [-float(value) for value in steps[f"{measure}_removed"]]
    names = [sentence(first), *(label(sentence(words_of(step))) for step in steps["step"]), sentence(last)]
    ends = [steps[f"{measure}_before"].iloc[0], steps[f"{measure}_after"].iloc[-1]] if len(steps) else [0, 0]
    figure = {
        "type": "waterfall",
        "orientation": "h",
        "y": names,
        "x": [float(ends[0]), *removed, 0],
        "measure": ["absolute", *["relative"] * len(removed), "total"],
        "text": [
            words(ends[0]),
            *(f"{'+' if value > 0 else '−'} {words(abs(value))}" for value in removed),
            words(ends[1]),
        ],
        "textposition": "auto",
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{text}<extra></extra>",
        "connector": {"line": {"color": "var(--line)", "width": 1}},
        "increasing": {"marker": {"color": RISE}},
        "decreasing": {"marker": {"color": FALL}},
        "totals": {"marker": {"color": INK}},
    }
    return Panel([figure], {"xaxis": axis(unit), "yaxis": names_axis()}, rows_height(len(names), 90))
