"""Terms of the report in a sentence each, shown to whoever points at one or reaches it by keyboard."""

from shop_toolkit.report.language import gettext, marked

TERMS = {
    marked("net revenue"): marked("Sales minus what was cancelled of them, also where it was cancelled later."),
    marked("overdue"): marked(
        "Away for longer than the rule in use allows this customer, by their own rate of orders."
    ),
    marked("expected loss"): marked(
        "What a customer would spend in the next 90 days, times the probability that they have stopped ordering."
    ),
    marked("spent so far"): marked(
        "What the overdue customers have spent in all: how much they were worth to the shop, not what will be lost."
    ),
    marked("control group"): marked(
        "Customers of the same segment whom a campaign leaves out, drawn at random: what they do anyway is what the"
        " campaign is compared with."
    ),
    marked("cohort"): marked("Customers whose first order was in the same month."),
    marked("segment"): marked("Customers who are alike in how recently, how often and for how much they order."),
    marked("recency"): marked("How long ago the last order was that was not cancelled. A high score is a recent one."),
    marked("frequency"): marked("How many orders a customer has placed of which something was not cancelled."),
    marked("score"): marked(
        "Counted from 1; the highest is best. The bounds between scores stay as they were when the rules were fitted."
    ),
    marked("rank"): marked("Which share of all customers lies below: 90 % means that nine of ten have less."),
    marked("map of customers"): marked(
        "A drawing in which customers who order alike lie near each other. Left, right, up and down mean nothing."
    ),
    marked("rule"): marked("Bounds of recency, frequency and spend: whoever is within them is in the segment."),
    marked("confidence"): marked(
        "The share of customers within the bounds whom the clustering put in the same segment."
    ),
    marked("silhouette"): marked("How far apart groups lie: 1 is far apart, 0 is touching each other."),
    marked("clustering"): marked("A way to find groups of similar customers in their figures alone."),
    marked("minimum Jaccard"): marked(
        "How much of the least stable group is found again in random samples of the customers: 1 is all of it."
    ),
    marked("interest group"): marked("Customers who spend on the same kinds of products, in orders of similar size."),
    marked("cause"): marked(
        "The step (time passing, orders, cancellations or new rules) that adds most to the move, on average over the"
        " sequences in which the steps could have come."
    ),
    marked("backtest"): marked("What would have been said on past dates, compared with what was observed after them."),
    marked("population stability index"): marked(
        "How much customers differ from those that the rules were fitted on: below 0.1 hardly, above 0.25 a lot."
    ),
    marked("baseline"): marked("The simplest prediction, such as “as before”: a model has to beat it."),
    marked("RMSE"): marked("Root of the mean squared error: the typical error, in which large errors weigh more."),
    marked("in-sample"): marked("Evaluated on the customers that it was fitted on, so it predicts nothing."),
    marked("calibration"): marked("Whether what is said with 80 % confidence is right in 80 % of the cases."),
    marked("confusion"): marked("How often one class was predicted and another one was observed."),
}


def glossary(terms: list[str]) -> list[tuple[str, str, str]]:
    """Id, name and explanation of terms, in the current language.

    Args:
        terms: Keys of `TERMS`.
    """
    return [(f"term-{list(TERMS).index(term)}", gettext(term), gettext(TERMS[term])) for term in terms]
