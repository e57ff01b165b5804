"""Titles and notes of the figures, which follow the data; shops with little to show."""

import json

import duckdb
import pandas as pd
import pytest
from report_pages import Tables, blocks_of
from shop_toolkit.report import colours
from shop_toolkit.report.glossary import glossary
from shop_toolkit.report.page import key_figures
from shop_toolkit.report.sections import alerts as alert_blocks
from shop_toolkit.report.sections.actions import days_ago
from shop_toolkit.report.sections.movement import CHANGES


def test_categories_that_stand_in_are_said_to(tables: Tables) -> None:
    rows = tables["product_categories"]
    found = rows.dropna(subset=["category_id"])
    assert blocks_of(tables)["categories"].note.startswith("Learned from the descriptions")
    assert "stand in" not in blocks_of(tables)["categories"].note
    stand_in = blocks_of(tables | {"product_categories": rows.assign(is_fallback=True, reason="chosen for want of it")})
    assert stand_in["categories"].note.endswith("as no number of categories passes all checks: chosen for want of it.")
    ticks = stand_in["categories"].panels[0].layout["yaxis"]["ticktext"]
    assert {tick.replace("<br>", " ").rstrip("…") for tick in ticks} & set(found["category_name"])


def test_empty_tables_give_a_sentence_why_there_is_no_chart(tables: Tables) -> None:
    for name, block in blocks_of({name: table.head(0) for name, table in tables.items()}).items():
        assert block.problem.endswith("."), name
        assert not block.panels, name
        assert block.title, name


def test_a_shop_of_one_customer_has_a_report(tables: Tables) -> None:
    one = {name: table.head(0) for name, table in tables.items()}
    one["sales_by_month"] = (
        tables["sales_by_month"]
        .head(1)
        .assign(month_start_date=pd.Timestamp("2024-03-01"), revenue=50.0, anonymous_revenue=0.0, is_complete=False)
    )
    days, hours = tables["sales_by_weekday"], tables["sales_by_weekday_and_hour"]
    at_noon = (hours["weekday_number"] == 2) & (hours["hour_of_day"] == 12)
    one["sales_by_weekday_and_hour"] = hours.assign(order_count=at_noon.astype(int), revenue=at_noon * 50.0)
    one["sales_by_weekday"] = days.assign(order_count=(days["weekday_number"] == 2).astype(int))
    one["sales_by_country"] = tables["sales_by_country"].head(1).assign(country="Norway", revenue=50.0)
    one["cleaning_summary"] = (
        tables["cleaning_summary"]
        .tail(1)
        .assign(rows_before=1, rows_removed=0, rows_after=1, amount_before=50.0, amount_removed=0.0, amount_after=50.0)
    )
    segments = tables["segments"]
    one["segments"] = (
        segments[segments["segmentation"] != "rfm"]
        .groupby("segmentation")
        .head(1)
        .assign(segment="all customers", size=1, share=1.0, revenue=50.0, revenue_share=1.0)
    )
    one["rpt_segments"] = pd.DataFrame(
        {
            "segmentation": ["broad", "detailed"],
            "segment": "all customers",
            "customer_count": 1,
            "recency_rank": 0.0,
            "frequency_rank": 0.0,
            "monetary_rank": 0.0,
            "overdue_customer_count": 0,
            "spend_to_date": 0.0,
            "expected_loss": 0.0,
            "median_days_overdue": None,
            "addressed_customer_count": None,
            "control_customer_count": None,
        }
    )
    one["product_categories"] = (
        tables["product_categories"]
        .head(1)
        .assign(category_id=None, category_name="no categories", failure_reason="too few products with words")
    )
    blocks = blocks_of(one)
    assert blocks["sales_by_month"].title == "March 2024 brought 50.00"
    assert (
        blocks["sales_by_weekday_and_hour"].title
        == "The busiest hour is from 12 to 13 o'clock on Tuesdays: 100 % of all orders"
    )
    # a log of days: nothing is said of hours
    by_day = days.assign(order_count=days["weekday_number"].map({2: 3, 5: 1}).fillna(0).astype(int))
    days = blocks_of(one | {"sales_by_weekday": by_day, "sales_by_weekday_and_hour": hours.head(0)})
    assert days["sales_by_weekday_and_hour"].title == "Most orders are placed on Tuesdays: 75 % of all"
    assert "hour" not in json.dumps(days["sales_by_weekday_and_hour"].panels[0].data)
    assert days["sales_by_weekday_and_hour"].panels[0].data[0]["y"] == [0, 3, 0, 0, 1, 0, 0]
    assert blocks["sales_by_country"].title == "All revenue is from one country: Norway"
    assert blocks["cleaning_rows"].title == "100 % of 1 rows are usable sales"
    assert (
        blocks["segment_sizes"].title == "All customers are one segment, “all customers”: there is nothing to compare"
    )
    assert blocks["broad_profiles"].problem == "All customers are one segment: there is nothing to compare."
    assert blocks["categories"].problem == "There are no product categories: too few products with words."
    assert blocks["cohorts"].problem.startswith("The log has no whole month after the first one")
    assert blocks["map"].problem.startswith("There is no map")
    assert blocks["evaluations"].problem.startswith("No prediction could be evaluated")
    assert blocks["segment_flows"].problem.startswith("Nobody can have moved yet")
    assert blocks["alerts"].problem == "No customer is away for longer than usual."
    assert not any(fact[0] == "to address" for card in blocks["broad_cards"].cards for fact in card.facts)


def moved(*rows: tuple[str, str, int], day: str = "2024-02-29", before: str | None = "2024-01-31") -> pd.DataFrame:
    """Transitions of the broad segmentation on a day."""
    return pd.DataFrame(rows, columns=["from_segment", "to_segment", "customer_count"]).assign(
        segmentation="broad",
        revenue=1.0,
        transition_probability=0.5,
        previous_date=pd.to_datetime(before),
        as_of_date=pd.to_datetime(day),
    )


def test_moves_are_those_of_the_last_month_that_is_over(tables: Tables) -> None:
    first = moved(("no order yet", "loyal", 4), day="2024-01-31", before=None)
    over = moved(("loyal", "loyal", 3), ("loyal", "lost", 1), ("no order yet", "loyal", 1))
    begun = moved(("loyal", "lost", 4), day="2024-03-09", before="2024-02-29")
    block = blocks_of(tables | {"segment_transitions": pd.concat([over, begun])})["segment_flows"]
    assert block.title == (
        "25 % of the customers changed their broad segment in February 2024; 1 customer placed a first order"
    )
    assert sum(block.panels[0].data[0]["link"]["value"]) == 5
    # One day of history, and a second month that is not over: nobody could move.
    for few in (first, pd.concat([first, moved(("loyal", "lost", 4), day="2024-02-09")])):
        block = blocks_of(tables | {"segment_transitions": few})["segment_flows"]
        assert block.problem == "Nobody can have moved yet: that needs a whole month after the first one."
    # One segment has one band.
    alone = moved(("all customers", "all customers", 1))
    block = blocks_of(tables | {"segment_transitions": alone})["segment_flows"]
    assert block.title == (
        "0 % of the customers changed their broad segment in February 2024; nobody placed a first order"
    )
    assert block.points == 1


def test_a_segment_of_older_rules_is_grey(tables: Tables) -> None:
    older = moved(("older", "loyal", 2), ("loyal", "loyal", 2))
    node = blocks_of(tables | {"segment_transitions": older})["segment_flows"].panels[0].data[0]["node"]
    assert dict(zip(node["customdata"], node["color"], strict=True))["older 2"] == colours.GREY


@pytest.mark.parametrize("has_orders", [True, False])
def test_the_shop_has_key_figures_and_zeros_without_orders(*, has_orders: bool) -> None:
    with duckdb.connect() as connection:
        orders = connection.sql(
            """
            select * from (values (3, 1, 20, date '2011-01-05'), (2, 0, 5.5, date '2011-03-01'))
            as orders (units, cancelled_units, revenue, order_date)
            """
        )
        # one net order is no repeat order; nor is none
        customers = connection.sql("select unnest([2, 1, 0]) as frequency, date '2011-03-09' as as_of_date")
        found = key_figures(orders.filter(str(has_orders)), customers.filter(str(has_orders)))
    if has_orders:
        days = {"first_order_date": "2011-01-05", "last_order_date": "2011-03-01", "as_of_date": "2011-03-09"}
        expected = {"customer_count": 3, "repeat_customer_count": 1, "net_customer_count": 2, "order_count": 2}
        assert found == expected | {"units": 4, "revenue": 25.5} | {
            name: pd.Timestamp(day).date() for name, day in days.items()
        }
    else:
        counts = ("customer_count", "repeat_customer_count", "net_customer_count", "order_count", "units", "revenue")
        dates = ("first_order_date", "last_order_date", "as_of_date")
        assert found == dict.fromkeys(counts, 0) | dict.fromkeys(dates)


def test_changes_are_counted_by_day_and_cause_and_restatements_apart() -> None:
    february, march = (pd.Timestamp(day).date() for day in ("2011-02-28", "2011-03-31"))
    with duckdb.connect() as connection:
        changes = connection.sql(
            """
            select * from (values
                ('a', 'broad', 'movement', 'aging', date '2011-02-28'),
                ('b', 'broad', 'movement', 'aging', date '2011-02-28'),
                ('b', 'broad', 'movement', 'order', date '2011-03-31'),
                ('b', 'rfm', 'movement', 'aging', date '2011-02-28'),
                ('c', 'broad', 'movement', 'refit', date '2011-02-28'),
                ('d', 'broad', 'restatement', 'refit', date '2011-02-28')
            ) as changes (customer_id, segmentation, change_type, cause, as_of_date)
            """
        )
        counted = changes.aggregate(CHANGES).order("all").fetchall()
    assert counted == [
        ("broad", "movement", "aging", 2, february),
        ("broad", "movement", "order", 1, march),
        ("broad", "movement", "refit", 1, february),
        ("broad", "restatement", "refit", 1, february),
        ("rfm", "movement", "aging", 1, february),
    ]


def test_first_orders_are_no_moves(tables: Tables) -> None:
    changes = pd.DataFrame({"cause": ["new", "order", "aging"], "change_count": [50, 3, 1]}).assign(
        segmentation="detailed", change_type="movement", as_of_date=pd.Timestamp("2024-01-31")
    )
    block = blocks_of(tables | {"segment_changes": changes})["change_causes"]
    assert block.title == "75 % of the changes of detailed segments are caused by orders, 25 % by time passing"
    block = blocks_of(tables | {"segment_changes": changes.head(1)})["change_causes"]
    assert block.title == "Nobody has changed segment yet: there are only first orders"


@pytest.mark.parametrize(
    ("index", "status", "title"),
    [
        (0.09, "stable", "On 31 January 2024 nothing has drifted: every index is below 0.1"),
        (0.1, "moved", "On 31 January 2024 the recency score has moved (index 0.10), not far enough for new rules"),
        (0.25, "moved", "On 31 January 2024 the recency score has moved (index 0.25), not far enough for new rules"),
        (0.26, "shifted", "On 31 January 2024 the recency score has shifted (index 0.26): it is time for new rules"),
        # of few customers
        (0.39, "moved", "On 31 January 2024 the recency score has moved (index 0.39), not far enough for new rules"),
    ],
)
def test_the_title_of_drift_is_the_worst_measure_of_the_last_day(
    tables: Tables, index: float, status: str, title: str
) -> None:
    measures = tables["segment_drift"].drop_duplicates("measure")
    before = measures.assign(as_of_date=pd.Timestamp("2023-12-31"), population_stability_index=3.0)
    today = measures.assign(
        as_of_date=pd.Timestamp("2024-01-31"), population_stability_index=0.0, drift_status="stable"
    )
    today.loc[today["measure"] == "recency_score", ["population_stability_index", "drift_status"]] = [index, status]
    assert blocks_of(tables | {"segment_drift": pd.concat([before, today])})["drift"].title == title
    # compared with itself, a day says nothing
    today["drift_status"] = "baseline"
    title = "The rules were fitted on 31 January 2024: from then on customers can drift"
    assert blocks_of(tables | {"segment_drift": pd.concat([before, today])})["drift"].title == title


def test_the_report_defines_a_cause_once(tables: Tables) -> None:
    note = blocks_of(tables)["change_causes"].note
    ((_id, _name, meaning),) = glossary(["cause"])
    assert meaning.startswith("The step")
    assert "step" not in note


def test_the_first_screen_counts_doubts_about_the_input(tables: Tables) -> None:
    words = "2 things in the input could not be decided: the tab Data quality says what to do."
    doubt = {
        "kind": "garbled_letters",
        "column_name": "a",
        "row_count": 1,
        "amount": 1.0,
        "suggestion": "",
        "example": "",
    }
    # Columns that are not used change nothing.
    unused = doubt | {"kind": "unused_columns"}
    for doubts, end in (([doubt, doubt, unused], words), ([unused], blocks_of(tables)["key_figures"].note)):
        changed = dict(tables) | {"input_warnings": pd.DataFrame(doubts)}
        assert blocks_of(changed)["key_figures"].note.endswith(end)
    assert "could not be decided" not in blocks_of(tables)["key_figures"].note


def test_the_title_of_alerts_tells_a_segment_from_the_overdue() -> None:
    ranks = pd.DataFrame(
        {
            "segment": ["loyal", "at risk"],
            "overdue_customer_count": [3, 1],
            "customer_count": [10, 10],
            "spend_to_date": [600.0, 400.0],
        }
    )
    assert alert_blocks.overdue_title(ranks, "broad") == (
        "4 customers (20 %) are away for longer than usual; 60 % of the 1,000 that they have spent"
        " comes from the broad segment “loyal”"
    )


def test_the_median_of_a_shop_of_one_day_is_today() -> None:
    assert [days_ago(days) for days in (0, 1.5, 20, float("nan"))] == ["today", "1.5 days ago", "20 days ago", "–"]


def test_a_rule_that_is_called_by_a_share_is_explained(tables: Tables) -> None:
    """The probability of an alert is another one than that in the rule's name."""
    evaluations = tables["model_evaluations"]
    in_use = evaluations["split"] == "rule in use"
    assert in_use.any()
    for rule, is_explained in (("stopped at 60 %", True), ("typical gap", False)):
        model = evaluations["model"].where(~in_use, rule)
        note = blocks_of(tables | {"model_evaluations": evaluations.assign(model=model)})["alert_backtest"].note
        assert ("The share in its name is that of the model of orders" in note) == is_explained


def test_what_is_likely_to_be_lost_is_said_in_a_sentence() -> None:
    segments = pd.DataFrame({"segment": ["loyal", "at risk", "lost"], "expected_loss": [20.0, 1200.0, None]})
    assert alert_blocks.loss_sentence(segments) == (
        "Of what they are expected to spend in the next 90 days, 1,220 is likely to be lost, most of it (1,200) in the"
        " segment “at risk”: the spend of each, times the probability that the customer has stopped. "
    )
    assert alert_blocks.loss_sentence(segments.assign(expected_loss=0.0)) == ""


def test_titles_follow_the_data(tables: Tables) -> None:
    months = (
        tables["sales_by_month"]
        .head(3)
        .assign(
            month_start_date=pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"]),
            revenue=[10.0, 30.0, 500.0],
            anonymous_revenue=0.0,
            is_complete=[True, True, False],
        )
    )
    # March is not over: it can't be the best month.
    changed = tables | {"sales_by_month": months}
    assert blocks_of(changed)["sales_by_month"].title == "February 2024 brought 30.00, 1.5 times the mean month"
    changed = tables | {"sales_by_month": months.assign(revenue=0.0)}
    assert blocks_of(changed)["sales_by_month"].title == "January 2024 brought 0"
    changed = tables | {"sales_by_month": months.assign(anonymous_revenue=[99.0, 0.0, 0.0])}
    assert (
        blocks_of(changed)["sales_by_month"].title
        == "February 2024 brought 30.00 from known customers, 1.5 times their mean month"
    )
    cohorts = pd.DataFrame(
        {
            "cohort_month_start_date": pd.to_datetime(["2023-12-01"] * 2 + ["2024-01-01"] * 2 + ["2024-02-01"] * 2),
            "months_since_first": [0, 1] * 3,
            "cohort_customer_count": [500, 500, 30, 30, 10, 10],
            "active_customer_count": [500, 400, 30, 6, 10, 4],
            "retention": [1, 0.8, 1, 0.2, 1, 0.4],
            "revenue": 1.0,
            "cumulative_revenue": 1.0,
            "is_complete": True,
        }
    )
    # 10 of 40, and not the mean of 20 % and 40 %; who bought in the log's first month may be an old customer
    assert (
        blocks_of(tables | {"cohorts": cohorts})["cohorts"].title
        == "Of 100 newcomers 25 order again in the month after"
    )


def test_what_cancellations_remove_is_net_of_what_they_add(tables: Tables) -> None:
    steps = pd.DataFrame(
        {
            "step_number": [1, 2, 3],
            "step": ["no_price", "cancellation", "taken back"],
            "rows_before": 9, "rows_removed": [1, 2, 0], "rows_after": 6,
            "amount_before": [500.0, 450.0, 750.0],
            "amount_removed": [50.0, -300.0, 320.0],
            "amount_after": [450.0, 750.0, 430.0],
            "units_removed": 0,
        }
    )  # fmt: skip
    title = blocks_of(tables | {"cleaning_summary": steps})["cleaning_money"].title
    assert title == "500 in the file become 430 of revenue; most removed: no price (50.00)"
    more = steps.assign(amount_removed=[50.0, -300.0, 380.0], amount_after=[450.0, 750.0, 370.0])
    title = blocks_of(tables | {"cleaning_summary": more})["cleaning_money"].title
    assert title.endswith("most removed: cancellations and what they cancel (80.00)")


def test_profiles_are_compared_by_what_they_spend(tables: Tables) -> None:
    profiles = tables["rpt_segments"].copy()
    lost = profiles["segment"] == "lost"
    # Nobody is less recent or orders less often, but they spend most.
    profiles["monetary_rank"] = profiles["monetary_rank"].astype(float).mask(lost, 0.99)
    title = blocks_of(tables | {"rpt_segments": profiles})["broad_profiles"].title
    assert title.startswith("Broad segments: “lost” outspend 99 % of all customers")


def test_a_log_without_countries_is_not_from_one_country(tables: Tables) -> None:
    one = tables["sales_by_country"].head(1).assign(country="not logged", customer_count=50, revenue=700.0)
    block = blocks_of(tables | {"sales_by_country": one})["sales_by_country"]
    assert block.title == "Sales by country"
    assert "doesn't say in which country" in block.problem
