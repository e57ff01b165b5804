"""Texts that the tables hold in English, in the language of the report.

Names of segments, strategies, rules, reasons and metrics are written by SQL and seeds. The project's own are `WORDS`
and the seed segment_strategies; sentences with numbers are found by their patterns. What a shop writes itself
(products, categories, countries, campaigns, segments and strategies of its own) stays as it is: it is not looked up,
and a text is translated whole or not at all.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from shop_toolkit.report.colours import segment_colours
from shop_toolkit.report.language import CURRENT, ENGLISH, gettext, marked, with_separators
from shop_toolkit.report.segmentations import ALL_CANCELLED, CUSTOM

STRATEGIES = Path(__file__).parents[3] / "seeds" / "segment_strategies.csv"
TEXTS_OF_STRATEGIES = ("segment", "meaning", "goal", "action", "channel", "measure_of_success")

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
# What the project adds to the segments that a shop defines: who is in none of them, and what their seed leaves empty.
OWN_CUSTOM = (
    marked("other"), ALL_CANCELLED, marked("customer left out"), marked("country left out"), marked("too few orders"),
    marked("too many orders"), marked("too little revenue"), marked("too much revenue"), marked("not given"),
    marked("meet a condition of the shop"), marked("meet none of the conditions"), marked("none"),
    marked("look at the other segmentations"),
)  # fmt: skip
# Of a custom segment these are the shop's words; its traits are the project's.
SHOPS_OWN = (
    "segment", "to_segment", "from_segment", "subject", "goal", "action", "channel", "measure_of_success", "meaning",
    "rule_text",
)  # fmt: skip
# Of interest groups, which are called by a category and their baskets.
GROUP = re.compile(r"(.+); ((?:small|usual|large) baskets)(?:, ((?:few|many) orders))?( \d+)?", re.DOTALL)
NUMBER = re.compile(r"[+-]?\d[\d,]*(\.\d+)?")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Parts of patterns that are texts; the others are numbers.
NAMES = (
    "name", "reason", "category", "segmentation", "metric", "model", "models", "baseline", "evidence", "quoted",
    "second", "mapping", "settings",
)  # fmt: skip
# Those of them that are the shop's words or a setting, and days.
AS_THEY_ARE = ("category", "day", "quoted", "second", "mapping", "settings")
# Those that are one of `WORDS`, or the text is another.
KNOWN_NAMES = ("metric", "segmentation")
# Metrics that are called alike in every language.
METRICS = ("rmse",)
# Between the parts of a text that are each a text of their own.
SEPARATORS = ("; ", ", ")
TYPICALLY, ARROW = marked(": typically "), " → "
# What follows the meaning of a segment that has customers.
FIGURES = re.compile(r"(.*): typically (\S+ orders?, \S+ spent, the last (?:\S+ days? ago|today))", re.DOTALL)
WORDS = (
    # segmentations, types and causes of changes, drift
    marked("rfm"), marked("broad"), marked("detailed"), marked("custom"), marked("interest"), marked("movement"),
    marked("restatement"), marked("recency_score"), marked("frequency_score"),
    marked("monetary_score"), marked("broad_segment"), marked("detailed_segment"), marked("rfm_segment"),
    marked("stable"), marked("moved"), marked("shifted"),
    # segments of customers who are left out, and of groups
    *OWN_CUSTOM, marked("not known yet"), marked("no categories"), marked("every order was cancelled"),
    marked("much like the typical customer"), marked("much like all customers"),
    marked("all customers are one group"), marked("a bit of everything"), marked("small baskets"),
    marked("usual baskets"), marked("large baskets"), marked("few orders"), marked("many orders"),
    marked("Monday"), marked("Tuesday"), marked("Wednesday"), marked("Thursday"), marked("Friday"),
    marked("Saturday"), marked("Sunday"),
    # rules
    marked("last order today"), marked("the last today"), marked("any customer"), marked("1 order"),
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
    marked("known"), marked("newcomer"), marked("confidence"), marked("spend"), marked("baseline"),
    marked("no prediction"), marked("no other was evaluated"), marked("the history is too short"),
    # metrics
    marked("gain"),
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
    marked("known at the earliest origin: which model is compared is chosen by these"),
    marked("over all horizons, by customer; the ends of the one-sided 95 % intervals are by bootstrap"),
    marked("over all horizons, by customer; later than the samples that the threshold was found on"),
    marked("the best at earlier month ends"),
    marked("too early to say: that needs two month ends with 90 days after them"),
    marked(
        "of all moves by that cause: a longer absence alone never leads to a segment of more value, an order alone"
        " never to one of less"
    ),
    marked("a baseline is active: no model could be evaluated"),
    marked("no product categories: see failure_reason in product_categories"),
    marked("nobody to learn from: no customer was observed for long enough, or none ordered again"),
    marked("nobody to evaluate on: no customer was new, or none ordered again, after the origins"),
    marked("one class only: there is nothing to distinguish"),
    # doubts about the input
    marked("unreadable values"), marked("implausible dates"), marked("lone dates"), marked("crowded days"),
    marked("no sales"), marked("times in utc"), marked("future dates"), marked("clock of 12 hours"),
    marked("times left out"), marked("similar ids"), marked("ids changed"),
    marked("mostly rejected"), marked("many duplicates"), marked("ids lost digits"), marked("ids lost zeros"),
    marked("customer per order"),
    marked("one customer"),
    marked("placeholder ids"), marked("refunds without product"), marked("returns without sales"),
    marked("years in doubt"), marked("days in doubt"),
    marked("unknown statuses"), marked("unknown types"), marked("changed statuses"), marked("blank statuses"),
    marked("garbled letters"), marked("negative prices"), marked("cancelled refunds"),
    marked("negative quantities"), marked("positive cancellations"), marked("reused invoice numbers"),
    marked("other decimal separator"), marked("numbers read as others"), marked("mixed time zones"),
    marked("twin headings"), marked("customers elsewhere"), marked("totals in doubt"),
    marked("order totals in doubt"), marked("only zeros"), marked("sums of other lines"),
    marked("shares of other lines"), marked("given back but never sold"), marked("repeated orders"),
    marked("earlier versions"),
    marked("sold and cancelled"), marked("edited orders"), marked("marks left out"),
    marked("statuses left out"), marked("returned units left out"), marked("discounts left out"),
    marked("refunds left out"), marked("price units in doubt"), marked("taxes in doubt"), marked("unused columns"),
    # what to do about them
    marked("Look at these rows in rejected_transactions."),
    marked("They lie far outside the other dates. If they are right, say so with plausible_from or plausible_to."),
    marked(
        "So many rows of one day and time: a date that stands where the real one is missing? Then leave it out of the"
        " export."
    ),
    marked("Half of all rows or more are rejected for one reason. Is the column mapped rightly?"),
    marked(
        "By their status or type, half of all rows or more are no sales. If that is wrong, change what the words mean"
        " in seeds/order_statuses.csv or seeds/transaction_types.csv."
    ),
    marked(
        "Day and month of these dates are read as other files show it, but then their months change and their days"
        " hardly do. If they are the other way round, write the dates of these files as the others do."
    ),
    marked(
        "They equal an earlier row of their order in all columns, and are rejected as copies. If each piece or ticket"
        " is a row of its own, set duplicates: keep."
    ),
    marked(
        "None of these rows is a sale, so there are no customers. Where sales have negative quantities or "
        "prices, as in a ledger, turn their signs before the build."
    ),
    marked(
        "All times are in UTC, so where the shop's clock is another one, orders of some hours count on the "
        "day before or after. Export the times of that clock, or convert them in a view of the warehouse that"
        " the setting 'transactions' names."
    ),
    marked(
        "These rows are dated after today. Where years or days are read in another way than they are meant, "
        "set date_format; where they are deliveries to come, export the days of the orders."
    ),
    marked(
        "No time is after 12:59, and many are from 1 to 5 o'clock: do they lack AM and PM, or are they of a clock far"
        " from the shop's? Hours, and the order of what happened on one day, may be wrong. Export times of 24 hours."
    ),
    marked(
        "Orders of ids that differ in capital letters alone, or in signs between thousands: one customer may count as"
        " several. Write them alike in the export."
    ),
    marked(
        "From this day on all ids are of another form, and no customer from before comes back: one person may count as"
        " lost and as new. Give the rows of both times the same ids, or leave the earlier ones out."
    ),
    marked("A spreadsheet shortened these ids, so several customers may share one. Export them as text."),
    marked(
        "Orders of ids that differ in leading zeros alone, which spreadsheets drop: one customer may count as several."
        " Export ids as text."
    ),
    marked(
        "Each order has a customer of its own: nobody came back. If another column identifies people, name it in"
        " column_mapping."
    ),
    marked("All orders are of one customer. If another column identifies people, name it in column_mapping."),
    marked(
        "Orders of ids with far more orders than others. If one stands for many customers, add it to"
        " seeds/missing_values.csv."
    ),
    marked("Orders of this status count as sales. Say what it means in seeds/order_statuses.csv."),
    marked(
        "Rows of these types count as sales, but for negative ones. Say what they mean in seeds/transaction_types.csv,"
        " or that the column holds something else with column_mapping: {transaction_type: []}; discounts are best taken"
        " off the prices."
    ),
    marked(
        "They count as sales, but a later file has the same line with another status, which counts for itself. Delete"
        " the rows of these orders from the files in which they are outdated, and run dbt build --full-refresh."
    ),
    marked(
        "They count as sales, but other lines of these orders are cancelled or ignored. Put the lines of an order into"
        " one file, or give each line its status."
    ),
    marked(
        "Names that are written in two ways count as two. If the whole file is wrong, set csv_encoding; else export it"
        " again in one encoding."
    ),
    marked(
        "They are rejected and net nothing. Refunds: name what their invoices begin with in refund_invoice_prefixes; in"
        " invoices of sales, say refund in a column transaction_type, also by a view. Discounts: export prices after"
        " them, or name a column with what was paid for each line in column_mapping: {amount: …}."
    ),
    marked(
        "By their signs they give back, and by their status they are rejected as cancelled, but the sales that they are"
        " of count. Give these rows another status or none, also by a view."
    ),
    marked(
        "Their customers gave back, or were sent less, but their invoices do not begin as cancellations do. If they"
        " cancel, set cancellation_invoice_prefix to an empty text."
    ),
    marked(
        "Their invoices begin as cancellations do, but with a positive quantity they count as sales. If they take goods"
        " back, add the prefix to refund_invoice_prefixes."
    ),
    marked(
        "Refunds or discounts that name no product: nothing shows which sale they are of, so they net nothing. Export"
        " refunds with the products that they are for, and take discounts off the prices."
    ),
    marked(
        "Most returns find no earlier sale of their product to their customer, so these net nothing. Do they name the"
        " shop as the customer, or another product than sales do? Name columns that are alike in both in"
        " column_mapping, or mend the export."
    ),
    marked(
        "These dates may have their year at the other end than where it is read. If their days are wrong, write these"
        " files with years of four digits."
    ),
    marked(
        "Day and month of these dates are read as other files show it, but then their months change and their days"
        " hardly do. If they are the other way round, write the dates of these files as the others do."
    ),
    marked(
        "They are the sums of lines beside them in their orders, so this money counts twice: totals, or bundles whose"
        " parts are listed, too? Leave them out of the export, or add these products to seeds/non_product_codes.csv."
    ),
    marked(
        "They are the same share of the rest of their orders each time: a tax, a tip or a fee? They count as products"
        " that were sold; if they are none, add them to seeds/non_product_codes.csv."
    ),
    marked(
        "Nobody bought what they give back, so they net nothing: discounts or vouchers? Take them off the prices of the"
        " products that they are for."
    ),
    marked(
        "These orders stand there several times, in rows that are alike but for their status or a column that is not"
        " used: one for each payment, parcel or step? Then each counts: export one row for each line. Several pieces of"
        " a kind are right as they are."
    ),
    marked(
        "They count as sales, but the same orders stand there again as cancelled, line by line: a history of statuses?"
        " Export each line with its last status alone."
    ),
    marked(
        "They count as sales, but a later file has the same product of the same order with another quantity or price,"
        " which counts, too: was the order changed in between? Delete the rows of these orders from the files in which"
        " they are outdated, and run dbt build --full-refresh."
    ),
    marked("These numbers come again more than max_order_days later, so they are orders of their own."),
    marked(
        "Most numbers come again later with the same amount, and each time counts: right for the months of a contract."
        " If they are instalments of one order, export what was paid each time, or each order once."
    ),
    marked(
        "They are not taken off, because the rows do not show that prices are before them. Name a column with the"
        " amounts that were paid in column_mapping: {amount: …}."
    ),
    marked(
        "Nothing shows whether prices include these taxes. They count as they are; name a column with the amounts that"
        " should count in column_mapping: {amount: …}."
    ),
    marked(
        "It is the same on all lines of the few orders with several products. If it is the order's total, it counts"
        " once for each line: name the line's amount or a unit's price in column_mapping: {amount: …}."
    ),
    marked(
        "It is 0 wherever it is a number, so no row is a sale. Name the column with what was paid in column_mapping:"
        " {amount: …}."
    ),
    marked("They change nothing. If one of them is a column of ours, name it in the setting 'column_mapping'."),
    marked("Several columns have this heading and differ; the first one is read. Name one in column_mapping."),
    marked("Numbers have a decimal point; these are written otherwise and are rejected. Write them alike."),
    marked("Numbers have a decimal comma; these are written otherwise and are rejected. Write them alike."),
    marked(
        "Numbers elsewhere have a decimal point, so the other sign groups thousands here. If that is right, set"
        " decimal_separator."
    ),
    marked(
        "Numbers elsewhere have a decimal comma, so the other sign groups thousands here. If that is right, set"
        " decimal_separator."
    ),
)  # fmt: skip
# Sentences with numbers or names in them. The first that fits a text counts.
PATTERNS = (
    marked("They change nothing. By their names, some may be columns of ours: if so, add --vars '{settings}'."),
    marked(
        "Dates have no time, and '{quoted}' has one, so nothing shows what came first on a day. If it is that of the"
        " order, add --vars '{mapping}'."
    ),
    marked("last order within {days} day"), marked("last order within {days} days"),
    marked("last order {days} days ago or longer"), marked("last order {days} day ago or longer"),
    marked("last order {first} to {last} days ago"), marked("last order {days} days ago"),
    marked("last order {days} day ago"), marked("at most {count} orders"), marked("at least {count} orders"),
    marked("{first} to {last} orders"), marked("{count} orders"), marked("{amount} or more spent"),
    marked("{low} to under {high} spent"), marked("under {amount} spent"), marked("{amount} spent"),
    marked("the last {days} days ago"), marked("the last {days} day ago"),
    marked("stayed away longer (days since the last order: {own}, typically {typical})"),
    marked("bought more recently (days since the last order: {own}, typically {typical})"),
    marked("placed more orders (orders: {own}, typically {typical})"),
    marked("placed fewer orders (orders: {own}, typically {typical})"),
    marked("spend more (spent: {own}, typically {typical})"), marked("spend less (spent: {own}, typically {typical})"),
    marked("larger baskets ({own}, typically {typical})"), marked("smaller baskets ({own}, typically {typical})"),
    marked("more orders ({own}, typically {typical})"), marked("fewer orders ({own}, typically {typical})"),
    marked("{share} % of their money goes to {category}, of all customers {usual} %"),
    marked(
        "{fewest} to {most} categories were tried, and none of these numbers is good enough: each fails several checks,"
        " or one by far (what the smallest category holds, how many products fit none, and whether resamples find the"
        " same); {count} are found again best, but {reason}; products.int_category_candidates has the reason for each"
    ),
    marked("{count} categories: a catalogue has {fewest} to {most}"),
    marked("the smallest category holds {share} % of the products, less than {least} %"),
    marked("{share} % of the products fit no category, more than {most} %"),
    marked("the categories are not found again in resamples: mean Jaccard {value}, less than {least}"),
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
    marked("broad segment at day {days}"), marked("detailed segment at day {days}"),
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
    marked("{metric} {value}"), marked("mean of {models}"),
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
    marked(
        "season known: the same 90 days a year before brought {amount}, counted with a growth of {growth} % by {weeks}"
        " like-for-like week"
    ),
    marked("season known: the same 90 days a year before brought {amount}, and no like-for-like week shows the growth"),
    marked(
        "season known: the same 90 days a year before brought {amount} (the shape is that of {years} years), counted"
        " with a growth of {growth} % by {weeks} like-for-like weeks"
    ),
    marked(
        "season known: the same 90 days a year before brought {amount} (the shape is that of {years} years), counted"
        " with a growth of {growth} % by {weeks} like-for-like week"
    ),
    marked(
        "season known: the same 90 days a year before brought {amount} (the shape is that of {years} years), and no"
        " like-for-like week shows the growth"
    ),
    marked('"{name}" was the best at earlier month ends, but its lead at the last one may be chance'),
    marked(
        "too early to say: {count} customers at the last month end, of whom {stopped} stopped; {needed} and {least} are"
        " needed"
    ),
    marked("these figures are of a shorter horizon than {days} days"),
    marked("{baseline} says nothing of any customer, so {model} ({value}) is in use"),
    marked(
        "active: {metric} {value}, the best baseline ({baseline}) {other}; better by {low} at least (95 %, {count}"
        " customers)"
    ),
    marked(
        "{days} days of history; training on {first} days, evaluating on {last} and a month before take {needed}"
    ),
    marked(
        "one origin, newcomers of {first} days, as {days} days of history hold no more; {half} days ahead are evaluated"
        " too"
    ),
    marked("{known} of {all} origins, and one in the same season a year before"),
    marked("{known} of {all} origins, as {days} days of history hold no more"),
    marked("{known} of {all} origins"),
    # what to do about doubts of the input
    marked(
        "They are the last days of the log, and everybody is counted from there. If they are wrong, set plausible_to:"
        " {day}."
    ),
    marked("They are the first days of the log. If they are wrong, set plausible_from: {day}."),
    marked(
        "'{quoted}' is another one for each order, so customers are read from '{second}'. Name another column in"
        " 'column_mapping' where that is wrong."
    ),
    marked(
        "These rows have nothing in '{quoted}', but a customer in '{second}'. If that column identifies people, name it"
        " in 'column_mapping'."
    ),
    marked(
        "They count by '{quoted}', but by '{second}' they were cancelled or paid back. If that column decides, name it"
        " in 'column_mapping'."
    ),
    marked(
        "By '{quoted}' they were cancelled, paid back or tests, but they count as sales. If they are none, add --vars"
        " '{mapping}'."
    ),
    marked(
        "By '{quoted}' they were cancelled, paid back or tests, but they count as sales by '{second}'. If they are"
        " none, leave them out of the export."
    ),
    marked(
        "By '{quoted}' these orders stand there once for each step, and each counts. Export one row for each line; or"
        " name this column as order_status in column_mapping, and have all steps but the first ignored in"
        " seeds/order_statuses.csv."
    ),
    marked(
        "By '{quoted}' the same lines stand there as several documents of one sale, and each counts. Export one kind"
        " alone; or name this column as transaction_type in column_mapping, and have the other kinds ignored in"
        " seeds/transaction_types.csv."
    ),
    marked(
        "Each parcel is a row, and counts the whole '{quoted}' of its line: '{second}' adds up to it. Read that one"
        " with --vars '{mapping}'."
    ),
    marked(
        "The lines of '{quoted}' are of orders of other files, and count as sales. If they are refunds, say refund in a"
        " column transaction_type, also by a view, or export them with a negative quantity."
    ),
    marked(
        "By '{quoted}' the log has later versions of these orders, which count, too. Export the last version of each"
        " order alone."
    ),
    marked(
        "By '{quoted}' these prices are of several units, and each counts for one. If so, divide them by it, or name a"
        " column with the amounts of lines in column_mapping: {mapping}."
    ),
    marked(
        "The units in '{quoted}' came back or were cancelled, and count as sold. Export returns as rows of their own,"
        " or take these units off the quantity."
    ),
    marked(
        "Most times are written as '{quoted}', these in another zone. Zones are dropped, so each row counts on the day"
        " of its own clock. If the shop has one clock, export all times by it."
    ),
    marked(
        "It is negative, but '{quoted}' and the quantity are not: these rows count as sales. If they give back, say"
        " refund in a column transaction_type, also by a view, or export them with a negative quantity."
    ),
    marked(
        "They are not taken off: '{quoted}' is '{second}' less them. If it should count, name it in column_mapping:"
        " {mapping}."
    ),
    marked(
        "They are not taken off, and '{quoted}' is before them, as '{second}' shows. Take them off in a view of the"
        " warehouse that the setting 'transactions' names."
    ),
    marked(
        "It is neither '{quoted}' × quantity nor an order's sum of it. The price counts; if this should, name it in"
        " column_mapping: {mapping}."
    ),
)  # fmt: skip

# Texts that are called otherwise where people read them: in the tables a task has the segmentation's key.
TITLES = {
    "predict rfm segment at day {days}": marked("predict RFM segment at day {days}"),
    "rfm segment at day {days}": marked("RFM segment at day {days}"),
}


@cache
def own_texts() -> frozenset[str]:
    """The texts of the tables that are the project's own, but for those of `PATTERNS`."""
    with STRATEGIES.open(encoding="utf-8", newline="") as file:
        return frozenset(WORDS) | {row[name] for row in csv.DictReader(file) for name in TEXTS_OF_STRATEGIES}


@cache
def patterns() -> Mapping[str, re.Pattern[str]]:
    """What a text of each of `TITLES` and `PATTERNS` looks like."""

    def part(found: re.Match[str]) -> str:
        looks = ".+" if found[1] in NAMES else (DAY if found[1] == "day" else NUMBER).pattern
        return f"(?P<{found[1]}>{looks})"

    return {pattern: re.compile(re.sub(r"\\{(\w+)\\}", part, re.escape(pattern))) for pattern in (*TITLES, *PATTERNS)}


def said(text: str) -> str:
    """A text of the tables in the current language; as it is where it is not the project's own."""
    if CURRENT.get().code == ENGLISH:
        for pattern, title in TITLES.items():
            # Such as `RFM segment at day \g<days>`.
            text = patterns()[pattern].sub(re.sub(r"{(\w+)}", r"\\g<\1>", title), text)
        return text
    own = translation(text)
    return text if own is None else own


def translation(text: str) -> str | None:
    """The text in the current language; nothing if any part of it is not the project's own."""
    if (whole := translation_of_whole(text)) is not None:
        return whole
    for separator in SEPARATORS:
        for place in (found.start() for found in re.finditer(separator, text)):
            before, after = translation_of_whole(text[:place]), None
            if before is not None:
                after = translation(text[place + len(separator) :])
            if after is not None:
                return f"{before}{separator}{after}"
    return None


def translation_of_whole(text: str) -> str | None:
    """Like `translation`, of a text that doesn't consist of several."""
    # Models are called by words joined by underscores.
    for words in (text, text.replace("_", " ")):
        if words in own_texts():
            return gettext(words)
    for pattern, looks in patterns().items():
        if found := looks.fullmatch(text):
            parts = {name: translation_of_part(name, part) for name, part in found.groupdict().items()}
            if None not in parts.values():
                return gettext(TITLES.get(pattern, pattern), **parts)
    return None


def translation_of_part(name: str, part: str) -> str | None:
    """What fills a part of a pattern; nothing if it can't be one.

    Args:
        name: The part's name in the pattern.
        part: What the text has there.
    """
    if name in AS_THEY_ARE or part in METRICS:
        return part
    if name in KNOWN_NAMES:
        return translation_of_whole(part)
    if name == "models":
        return ", ".join(map(said, part.split(", ")))
    if name in NAMES:
        return said(part)
    return ("+" if part.startswith("+") else "") + with_separators(part.lstrip("+"))


def said_of_custom(text: str) -> str:
    """A text about a segment that the shop defines, in the current language only where the project wrote it."""
    return gettext(text) if text in OWN_CUSTOM else text


def group_said(text: str) -> str:
    """The name of an interest group in the current language, but for the category in it."""
    if not (found := GROUP.fullmatch(text)):
        return said(text)
    category, baskets, orders, number = found.groups()
    if category in (*OWN_CATEGORIES, "a bit of everything"):
        category = gettext(category)
    words = ", ".join(gettext(part) for part in (baskets, orders) if part)
    return f"{category}; {words}{number or ''}"


def localised(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables with texts in the current language.

    Args:
        tables: All tables of the report, by name.

    Returns:
        Tables whose `COLUMNS` are translated. The segments keep their colours, which go by their own names, in a
        column of that name.
    """
    segments = tables["segments"]
    colours = segment_colours(segments)
    with_colours = {
        "segments": segments.assign(colour=[colours[segment] for segment in segments["segment"]]),
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
    is_custom = table["segmentation"].isin([CUSTOM]) if "segmentation" in table else pd.Series(False, table.index)
    # The subject of a finding is a segment or, without a segmentation, a category.
    is_category = table["segmentation"].isna() if "segmentation" in table else is_custom
    for name in table.columns.intersection(list(COLUMNS)):
        others = said_of_custom if name in SHOPS_OWN else said
        yield (
            name,
            [
                cell_said(name, text, others=others if custom else said)
                if isinstance(text, str) and not (name == "subject" and category)
                else text
                for text, custom, category in zip(table[name], is_custom, is_category, strict=True)
            ],
        )


def cell_said(name: str, text: str, others: Callable[[str], str]) -> str:
    """A text of one of `COLUMNS` in the current language.

    Args:
        name: The column.
        text: What it holds.
        others: How texts of the row are translated that need no way of their own.
    """
    if text in KEPT:
        return text
    if name == "interest_group":
        return group_said(text)
    if name == "meaning" and (found := FIGURES.fullmatch(text)):
        # These are the project's, whoever wrote what the name means.
        return others(found[1]) + gettext(TYPICALLY) + said(found[2])
    if name == "rule_text" and ARROW in text:
        conditions, _, segment = text.partition(ARROW)
        return others(conditions) + ARROW + others(segment)
    return others(text)
