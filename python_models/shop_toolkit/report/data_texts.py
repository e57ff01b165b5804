"""Texts that the tables hold in English, in the language of the report.

Names of segments, strategies, rules, reasons and metrics are written by SQL and seeds. The catalogue has the project's
own; sentences with numbers are found by their patterns. What a shop writes itself (products, categories, countries,
campaigns, segments and strategies of its own) stays as it is.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

import pandas as pd

from shop_toolkit.report.colours import segment_colours
from shop_toolkit.report.language import CURRENT, ENGLISH, gettext, marked, with_separators

# What one table joins to another by is never translated alone: all tables are, by these columns.
COLUMNS = (
    "segment", "to_segment", "from_segment", "rfm_segment", "broad_segment", "detailed_segment", "subject",
    "interest_group", "goal", "action", "channel", "measure_of_success", "meaning", "distinguishing_traits",
    "rule_text", "failure_reason",
)  # fmt: skip
# Asked for by this name in the report's code, and translated where it is shown.
KEPT = ("no order yet",)
# The project's own among the categories, which are the shop's words otherwise.
OWN_CATEGORIES = ("other", "no categories")
NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?")
# Parts of patterns that are texts; the others are numbers.
NAMES = ("name", "reason", "category", "segmentation", "day", "metric", "model", "baseline", "evidence")
# Between the parts of a text that are each a text of their own.
SEPARATORS = (" → ", "; ", ": typically ", ", ")
WORDS = (
    # segmentations, types and causes of changes, drift
    marked("rfm"), marked("broad"), marked("detailed"), marked("custom"), marked("interest"), marked("movement"),
    marked("restatement"), marked("recency_score"), marked("frequency_score"),
    marked("monetary_score"), marked("broad_segment"), marked("detailed_segment"), marked("rfm_segment"),
    marked("stable"), marked("moved"), marked("shifted"),
    # segments of customers who are left out, and of groups
    marked("customer left out"), marked("country left out"), marked("too few orders"), marked("too many orders"),
    marked("too little revenue"), marked("too much revenue"), marked("other"), marked("not known yet"),
    marked("meet a condition of the shop"), marked("meet none of the conditions"), marked("none"),
    marked("look at the other segmentations"), marked("not given"), marked("no categories"),
    marked("every order was cancelled"), marked("much like the typical customer"),
    marked("small baskets"), marked("large baskets"), marked("few orders"), marked("many orders"),
    # rules
    marked("last order today"), marked("any customer"), marked("1 order"),
    # reasons of the choice
    marked("eight others have a better silhouette: it was not refitted in full"),
    marked("chosen: a setting asks for it"), marked("no candidate can be used"),
    marked("chosen for want of a better: none of those refitted in full passes, this is the most stable"),
    # tasks
    marked("flag customers who stop ordering"), marked("forecast 90-day spend"), marked("90-day spend"),
    marked("keep to the order of segments"), marked("predict next interest"), marked("next interest"),
    marked("reproduce broad clusters (in-sample)"), marked("reproduce detailed clusters (in-sample)"),
    # models
    marked("combination"), marked("decision tree"), marked("gradient boosting"), marked("last 90 days"),
    marked("linear regression"), marked("past rate"), marked("perfect ranking"), marked("ranked by spend to date"),
    marked("shop total"), marked("zero"), marked("broad rules"), marked("detailed rules"),
    marked("rfm score cells"), marked("current segment"), marked("logistic regression"), marked("majority"),
    marked("nearest neighbours"), marked("no further order"), marked("random forest"), marked("soft vote"),
    marked("global top"), marked("personal top"), marked("personal, then global top"), marked("largest segment"),
    marked("rules"), marked("over 90 days"), marked("typical gap of the shop"), marked("season known"),
    # ways of evaluating
    marked("changes injected at month ends"), marked("real stops at earlier month ends"),
    marked("real stops at the last month end"), marked("rule in use"), marked("all origins"), marked("choice"),
    marked("today"), marked("next 90 days"), marked("down by an order"), marked("up by aging"), marked("where sure"),
    marked("whole sample"), marked("active"), marked("fixed"), marked("chosen at each origin"),
    marked("standardised features"), marked("largest segment of the others"),
    # metrics
    marked("median_delay_days"), marked("precision"), marked("recall"),
    marked("warnings_per_1000_customers_a_week"), marked("informedness"), marked("brier_score"),
    marked("lead_lower_bound"), marked("mean_probability"), marked("accuracy"), marked("agreement"),
    marked("origins"), marked("moves_against_order"),
    # notes that are part of a sentence
    marked('better than "typical gap" at earlier month ends, and at the last one, by more than chance'),
    marked("typical gap"),
    # notes of evaluations
    marked("out of time: predicted from past dates, evaluated on what followed"),
    marked(
        "in-sample: re-learns the borders that a clustering drew from the same three features; predicts nothing"
    ),
    marked(
        "half of those who went on ordering were made to stop at a month end; fewer do in truth, and precision is lower"
        " then"
    ),
    marked("of all customers in the four weeks after each month end, nobody made to stop"),
    marked(
        "found of who stopped, less alerted of the others: by how much more than \"typical gap\", lower end of a"
        " one-sided 95 % interval"
    ),
    # doubts about the input
    marked("unreadable values"), marked("implausible dates"), marked("lone dates"), marked("crowded days"),
    marked("mostly rejected"), marked("ids lost digits"), marked("customer per order"), marked("placeholder ids"),
    marked("unknown statuses"), marked("blank statuses"), marked("garbled letters"), marked("negative prices"),
    marked("negative quantities"), marked("positive cancellations"), marked("reused invoice numbers"),
)  # fmt: skip
# Sentences with numbers or names in them. The first that fits a text counts.
PATTERNS = (
    marked("last order within {days} day"), marked("last order within {days} days"),
    marked("last order {days} days ago or longer"), marked("last order {days} day ago or longer"),
    marked("last order {first} to {last} days ago"), marked("last order {days} days ago"),
    marked("last order {days} day ago"), marked("at most {count} orders"), marked("at least {count} orders"),
    marked("{first} to {last} orders"), marked("{count} orders"), marked("{amount} or more spent"),
    marked("{low} to under {high} spent"), marked("under {amount} spent"), marked("{amount} spent"),
    marked("the last {days} days ago"), marked("the last {days} day ago"),
    marked("stayed away longer (days since the last order: {own}, typically {typical})"),
    marked("bought more recently (days since the last order: {own}, typically {typical})"),
    marked("order more often (orders: {own}, typically {typical})"),
    marked("order less often (orders: {own}, typically {typical})"),
    marked("spend more (spent: {own}, typically {typical})"), marked("spend less (spent: {own}, typically {typical})"),
    marked("larger baskets ({own}, typically {typical})"), marked("smaller baskets ({own}, typically {typical})"),
    marked("more orders ({own}, typically {typical})"), marked("fewer orders ({own}, typically {typical})"),
    marked("{share} % of their money goes to {category}, of all customers {usual} %"),
    marked("{count} clusters: {segmentation} segments are {fewest} to {most}"),
    marked("the smallest cluster holds {share} % of the customers, less than {least} %"),
    marked("a cluster is not found again in resamples: minimum Jaccard {value}, less than {least}"),
    marked("chosen: the best silhouette of those that pass, {value}"),
    marked(
        "chosen: silhouette {value} is within {share} % of the best that passes, {best}, and {count} clusters give more"
        " to work with"
    ),
    marked("silhouette {value} is more than {share} % below the best that passes, {best}"),
    marked("passes; a setting asks for {name}"), marked("as good as {name}, which gives more to work with"),
    marked("passes; {name} is preferred"), marked("else ruled out: {reason}"),
    marked("predict broad segment at day {days}"), marked("predict detailed segment at day {days}"),
    marked("predict rfm segment at day {days}"), marked("broad segment at day {days}"),
    marked("detailed segment at day {days}"), marked("rfm segment at day {days}"),
    marked("from {day}"), marked("day {number}"), marked("order {number}"), marked("{days} days ahead"),
    marked("fold {number}"), marked("quantile {share}"), marked("at most {count} rules"),
    marked("cross-validation in {count} folds"), marked("{count} rounds of trees with at most {most} leaves"),
    marked("{count} trees, {first} of {last} features per split"),
    marked("the season was known at {known} of {all} origins"),
    marked("half the horizon, as the history holds too few origins of {days} days"),
    marked("a baseline is active: {metric} {value}, {model} {other} is no better ({count} customers)"),
    marked(
        "a baseline is active, as it is too early to say that {model} ({metric} {value}) is better than {baseline}"
        " ({other}): {evidence}"
    ),
    marked("{count} customers were evaluated, {needed} are needed"),
    marked("{count} customers were evaluated"), marked("better by {low} to {high} (90 %)"),
    marked("these over all horizons, and at {days} days alone (the value): {evidence}"),
    marked("{metric} {value}"),
    marked(
        "at a month end, of customers who had ordered in the {days} days before; no order in the {after} days after is"
        " a stop"
    ),
    marked(
        "the probability of each alert that no order comes in {days} days, by the earlier month ends: the precision is"
        " what was observed"
    ),
    marked("broad cluster {number}"), marked("detailed cluster {number}"), marked("stopped at {share} %"),
    marked(
        "season not known: the transactions do not hold the same 90 days a year before, so the recent rate goes on and"
        " the interval is wide"
    ),
    marked(
        "season known: the same 90 days a year before brought {amount}, counted with a growth of {growth} % by {weeks}"
        " like-for-like weeks"
    ),
    marked("season known: the same 90 days a year before brought {amount}, and no like-for-like week shows the growth"),
)  # fmt: skip


@cache
def patterns() -> Mapping[str, re.Pattern[str]]:
    """What a text of each of `PATTERNS` looks like."""

    def part(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{'.+' if found[1] in NAMES else NUMBER.pattern})"

    return {pattern: re.compile(re.sub(r"\\{(\w+)\\}", part, re.escape(pattern))) for pattern in PATTERNS}


def said(text: str) -> str:
    """A text of the tables in the current language; as it is where the catalogue doesn't know it."""
    if CURRENT.get().code == ENGLISH or not text:
        return text
    if NUMBER.fullmatch(text):
        return ("+" if text.startswith("+") else "") + with_separators(text.lstrip("+"))
    # Models are called by words joined by underscores.
    for words in (text, text.replace("_", " ")):
        if (translated := gettext(words)) != words:
            return translated
    for pattern, looks in patterns().items():
        if found := looks.fullmatch(text):
            return gettext(pattern, **{name: said(part) for name, part in found.groupdict().items()})
    for separator in SEPARATORS:
        if separator in text:
            parts = text.split(separator)
            return (gettext(": typically ") if "typically" in separator else separator).join(map(said, parts))
    return text


def localised(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables with texts in the current language.

    Args:
        tables: All tables of the report, by name.

    Returns:
        Tables whose `COLUMNS` are translated. The segments keep their colours, which go by their own names, in a
        column of that name; findings keep the segment's own name in `segment_key`.
    """
    segments = tables["segments"]
    colours = segment_colours(segments)
    with_colours = {
        "segments": segments.assign(colour=[colours[segment] for segment in segments["segment"]]),
        "rpt_findings": tables["rpt_findings"].assign(segment_key=tables["rpt_findings"]["subject"]),
    }
    return {name: translated(table) for name, table in (dict(tables) | with_colours).items()}


def translated(table: pd.DataFrame) -> pd.DataFrame:
    """A table with its `COLUMNS` in the current language."""
    if CURRENT.get().code == ENGLISH:
        return table
    return table.assign(**dict(columns_of(table)))


def columns_of(table: pd.DataFrame) -> Iterator[tuple[str, list[object]]]:
    """Name and translated texts of the columns of a table that hold texts."""
    if "category_name" in table:
        names = {name: gettext(name) for name in OWN_CATEGORIES}
        yield "category_name", [names.get(name, name) for name in table["category_name"]]
    for name in table.columns.intersection(list(COLUMNS)):
        yield name, [said(text) if isinstance(text, str) and text not in KEPT else text for text in table[name]]
