"""Each figure of the report in a real browser, equal to the marts."""

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import Shop
from playwright.sync_api import Browser
from report_pages import Tables, Visit, answered, blocks_of, shop_facts
from shop_toolkit.report import privacy, words
from shop_toolkit.report.page import page as render
from shop_toolkit.report.sections.movement import CAUSES


def test_sales_equal_the_marts(visit: Visit, demo_shop: Shop) -> None:
    months = demo_shop.rows("""
        select strftime(date_trunc('month', order_date), '%Y-%m-%d'), count(*), sum(revenue)::double
        from orders group by 1 order by 1
    """)
    shown = zip(
        *(visit.column("sales_by_month", heading) for heading in ("month from", "orders", "revenue")), strict=True
    )
    assert [(month, orders, pytest.approx(revenue)) for month, orders, revenue in months] == [
        row for row in shown if row[1]
    ]
    assert visit.drawn("sales_by_month", 0, "y") == visit.column("sales_by_month", "revenue")
    assert visit.drawn("sales_by_month", 1, "y") == visit.column("sales_by_month", "anonymous revenue")
    bars = visit.page.eval_on_selector_all("#sales_by_month .plot .point", "all => all.length")
    assert bars == 2 * len(visit.numbers("sales_by_month"))
    countries = demo_shop.rows("""
        select coalesce(country, 'not logged'), count(distinct customer_id), sum(revenue)::double from orders group by 1
    """)
    revenues = dict(
        zip(*(visit.column("sales_by_country", heading) for heading in ("country", "revenue")), strict=True)
    )
    named = {country: revenue for country, customers, revenue in countries if customers >= 5}
    assert {country: revenues[country] for country in named} == pytest.approx(named)
    assert sum(revenues.values()) == pytest.approx(sum(revenue for *_, revenue in countries))
    assert visit.drawn("sales_by_country", 0, "y") == [country for country in revenues if revenues[country] > 0]
    ((total,),) = demo_shop.rows("select count(*) from orders")
    assert sum(visit.column("sales_by_weekday_and_hour", "orders")) == total
    assert sum(itertools.chain(*visit.drawn("sales_by_weekday_and_hour", 0, "z"))) == total


def test_cleaning_equals_the_input_and_the_lines(visit: Visit, demo_shop: Shop) -> None:
    rows, revenue = demo_shop.row(
        "select count(*), (select sum(revenue)::double from order_lines) from staging.base_transactions"
    )
    assert visit.column("cleaning_rows", "rows before")[0] == rows
    assert visit.column("cleaning_rows", "rows after")[-1] == demo_shop.row("select count(*) from order_lines")[0]
    assert visit.column("cleaning_money", "amount after")[-1] == pytest.approx(revenue)
    assert sum(visit.drawn("cleaning_money", 0, "x")) == pytest.approx(revenue)


def test_customers_are_counted_as_in_the_marts(visit: Visit, demo_shop: Shop) -> None:
    scores = demo_shop.rows("""
        select recency_score, frequency_score, count(*)
        from customers where recency_score is not null group by 1, 2 order by 1, 2
    """)
    headings = ("recency score", "frequency score", "customers")
    shown = zip(*(visit.column("score_cells", heading) for heading in headings), strict=True)
    assert [row for row in shown if row[2]] == scores
    assert sum(itertools.chain(*visit.drawn("score_cells", 0, "z"))) == pytest.approx(1)
    shares = dict(
        demo_shop.rows("""
        select broad_segment, sum(monetary)::double / (select sum(monetary) from customers) from customers group by 1
    """)
    )
    drawn = dict(zip(visit.drawn("segment_sizes", 2, "y"), visit.drawn("segment_sizes", 2, "x"), strict=True))
    assert drawn == pytest.approx(shares)
    sizes = demo_shop.rows("select detailed_segment, count(*) from customers group by 1 order by 1")
    shown = zip(
        *(visit.column("segment_sizes", heading) for heading in ("segmentation", "segment", "customers")), strict=True
    )
    assert sorted((segment, size) for segmentation, segment, size in shown if segmentation == "detailed") == sizes
    cells = demo_shop.rows("""
        select segmentation, customer_count::integer from reporting.rpt_map_marks
        where mark_type = 'cell' and customer_count >= 5 order by all
    """)
    on_map = zip(*(visit.column("map", heading) for heading in ("segmentation", "customers")), strict=True)
    assert sorted(on_map) == cells
    fitted = demo_shop.row("select count(*) from customers where embedding_x is not null")[0]
    assert 0.7 * fitted < sum(size for segmentation, size in cells if segmentation == "broad") <= fitted
    cards = visit.page.eval_on_selector_all("#campaigns [data-segmentation] .card", "all => all.length")
    assert cards == demo_shop.row("select count(*) from segments where size > 0")[0]
    campaigns = visit.page.eval_on_selector_all("#campaigns .card", "all => all.length") - cards
    assert campaigns == demo_shop.row("select count(distinct campaign) from campaign_results")[0]


def test_interests_equal_the_marts(visit: Visit, demo_shop: Shop) -> None:
    spends = demo_shop.rows("""
        select customers.broad_segment, interests.category_name, sum(interests.spend)::double
        from customer_interests as interests inner join customers using (customer_id)
        group by 1, 2 order by 1, 2
    """)
    headings = ("segmentation", "segment", "category", "spend")
    shown = zip(*(visit.column("interests_by_segment", heading) for heading in headings), strict=True)
    spent = [
        (segment, category, spend)
        for segmentation, segment, category, spend in shown
        if segmentation == "broad" and isinstance(spend, float) and spend
    ]
    known = {(segment, category): spend for segment, category, spend in spends}
    assert len(spent) > len(known) / 2
    assert all(known[segment, category] == pytest.approx(spend) for segment, category, spend in spent)


def test_moves_equal_the_history(visit: Visit, demo_shop: Shop) -> None:
    """Each customer's segment at a month's end beside the month before, counted independently."""
    (day,) = demo_shop.row("select max(as_of_date) from segment_history where as_of_date = last_day(as_of_date)")
    headings = ("segmentation", "from", "to", "customers")
    shown = sorted(zip(*(visit.column("segment_flows", heading) for heading in headings), strict=True))
    for panel, segmentation in enumerate(("broad", "detailed")):
        known = demo_shop.rows(f"""
            select coalesce(before.{segmentation}_segment, 'no order yet'), after.{segmentation}_segment, count(*)
            from segment_history as after
            left join segment_history as before
                on after.customer_id = before.customer_id
                and before.as_of_date = date_trunc('month', after.as_of_date) - interval 1 day
            where after.as_of_date = '{day}'
            group by 1, 2 order by 1, 2
        """)
        assert [row[1:] for row in shown if row[0] == segmentation] == known
        link = visit.drawn("segment_flows", 0, "link", panel)
        # Every band starts and ends at the node of its segment.
        names = [name.rsplit(" ", 1)[0] for name in visit.drawn("segment_flows", 0, "node", panel)["customdata"]]
        drawn = zip(link["source"], link["target"], link["value"], strict=True)
        assert sorted((names[source], names[target], value) for source, target, value in drawn) == sorted(
            (words.label("first order" if before == "no order yet" else before, 18), words.label(after, 18), customers)
            for before, after, customers in known
        )


def test_all_overdue_money_is_the_same_on_every_tab(visit: Visit, demo_shop: Shop, tables: Tables) -> None:
    spent, lost = demo_shop.row(
        "select sum(monetary)::double, sum(expected_loss)::double from customer_alerts where state <> 'resolved'"
    )
    block = blocks_of(tables)["alerts"]
    (overview,) = (one for one in blocks_of(tables)["findings"].statements if "away for longer than usual" in one.text)
    assert f"had spent {words.money(spent)}." in overview.text
    assert words.money(lost) in overview.evidence
    for segmentation in ("broad", "detailed", "rfm"):
        assert re.search(
            f"(of the|have spent) {words.money(spent)}( that they have spent|$)", block.titles[segmentation]
        )
        assert f"in the next 90 days, {words.money(lost)} is likely" in block.notes[segmentation]
    # What is too little to show alone is in the sum, and the note says so.
    assert "is not shown apart; sums hold it" in block.notes["detailed"]
    visit.show("movement")
    for segmentation in ("rfm", "broad", "detailed"):
        visit.choose(segmentation)
        assert block.titles[segmentation] in visit.page.inner_text("#alerts h3").replace("\u00a0", " ")


def test_titles_follow_the_segmentation_that_is_chosen(visit: Visit, tables: Tables) -> None:
    blocks, charts = blocks_of(tables), ("segment_sizes", "map", "interests_by_segment", "segment_flows")
    for chart in (*charts, "alerts", "change_causes"):
        titles = blocks[chart].titles
        assert list(titles) == ["broad", "detailed", "rfm"], chart
        assert blocks[chart].title == titles["broad"]
        for segmentation, title in titles.items():
            visit.show(chart)
            visit.choose(segmentation)
            assert visit.page.inner_text(f"#{chart} h3").replace("\u00a0", " ").startswith(title), chart
            shown = visit.page.eval_on_selector_all(
                f"#{chart} figure",
                "all => [...new Set(all.filter(one => one.offsetHeight).map(one => one.dataset.segmentation))]",
            )
            assert shown == [segmentation], chart
            # Also what a screen reader calls the link to the chart and its table.
            named = re.compile(re.escape(title).replace("\\ ", r"\s") + "$")
            article = visit.page.locator(f"#{chart}")
            assert article.get_by_role("link", name=named).count() == (article.locator(".anchor").count()), chart
            for numbers in article.locator("summary", has_text="Numbers").all_inner_texts():
                assert named.search(numbers), chart
    for segmentation in ("broad", "detailed", "rfm"):
        visit.show("customers")
        visit.choose(segmentation)
        names = [f"#{key}_profiles" for key in ("broad", "detailed", "rfm")]
        assert [visit.is_seen(name) for name in names] == [[segmentation in name] for name in names]
    # A finding about one segmentation leads to the chart of it.
    visit.show("overview")
    visit.page.locator("#findings a[data-choose=broad]").first.click()
    visit.wait()
    assert visit.page.evaluate("document.documentElement.dataset.segmentation") == "broad"
    visit.show("overview")


def test_causes_equal_the_marts(visit: Visit, demo_shop: Shop) -> None:
    known = demo_shop.rows("""
        select segmentation, strftime(as_of_date, '%Y-%m-%d'), change_type, cause, count(*)
        from segment_changes group by all order by all
    """)
    headings = ("segmentation", "until", "type", "cause", "changes")
    assert sorted(zip(*(visit.column("change_causes", heading) for heading in headings), strict=True)) == sorted(
        (*row[:3], CAUSES[row[3]][0], row[4]) for row in known
    )
    for panel, segmentation in enumerate(("broad", "detailed")):
        bars = visit.page.eval_on_selector_all(
            "#change_causes .plot", f"all => JSON.parse(JSON.stringify(all[{panel}].data.map(trace => trace.y)))"
        )
        assert sum(itertools.chain(*bars)) == sum(row[4] for row in known if row[0] == segmentation)


def test_alerts_equal_the_marts(visit: Visit, demo_shop: Shop) -> None:
    headings = ("segmentation", "segment", "overdue", "spent so far", "expected loss")
    rows = list(zip(*(visit.column("alerts", heading) for heading in headings), strict=True))
    for place, segmentation in enumerate(("broad", "detailed", "rfm")):
        known = demo_shop.rows(f"""
            select customers.{segmentation}_segment, count(*), sum(alerts.monetary)::double, sum(expected_loss)::double
            from customer_alerts as alerts
            inner join customers on alerts.customer_id = customers.customer_id
            where state <> 'resolved' group by 1 order by 1
        """)
        shown = [row[1:] for row in rows if row[0] == segmentation]
        # the revenue of so few customers that it is withheld is not in the report
        hidden: list[bool] = privacy.few(pd.Series([row[1] for row in known])).tolist()
        assert sorted(row for row in shown if row[1]) == [
            row[:2] + (("", "") if is_hidden else tuple(map(pytest.approx, row[2:])))
            for row, is_hidden in zip(known, hidden, strict=True)
        ]
        first = 3 * place
        assert sum(visit.drawn("alerts", 0, "x", first)) == sum(row[1] for row in known)
        for panel, field in ((first + 1, 2), (first + 2, 3)):
            drawn = sum(row[field] for row, is_hidden in zip(known, hidden, strict=True) if not is_hidden)
            assert sum(filter(None, visit.drawn("alerts", 0, "x", panel))) == pytest.approx(drawn)
    values = demo_shop.rows("""
        select model, split, metric, value from model_evaluations
        where task = 'flag customers who stop ordering' order by 1, 2, 3
    """)
    of_rules = ("rule", "evaluated by", "metric", "value")
    figures = zip(*(visit.column("alert_backtest", heading) for heading in of_rules), strict=True)
    assert sorted(figures) == [
        (model, split, metric, pytest.approx(value)) for model, split, metric, value in values if value is not None
    ]


def test_drift_and_who_stays_equal_the_marts(visit: Visit, demo_shop: Shop) -> None:
    drifted = demo_shop.rows("""
        select measure, strftime(as_of_date, '%Y-%m-%d'), population_stability_index from segment_drift order by 1, 2
    """)
    headings = ("measure", "as of", "population stability index")
    shown = list(zip(*(visit.column("drift", heading) for heading in headings), strict=True))
    assert shown == [(measure, day, pytest.approx(value)) for measure, day, value in drifted]
    stayed = dict(
        demo_shop.rows("""
            select strftime(as_of_date, '%Y-%m-%d'), max(stay_rate) from segment_transitions
            where segmentation = 'broad' and previous_date is not null and as_of_date = last_day(as_of_date)
            group by 1 order by 1
        """)
    )
    headings = ("segmentation", "month to", "share that stayed")
    rates = zip(*(visit.column("stay_rates", heading) for heading in headings), strict=True)
    assert {day: rate for segmentation, day, rate in rates if segmentation == "broad"} == pytest.approx(stayed)
    assert visit.drawn("stay_rates", 0, "y") == pytest.approx(list(stayed.values()))


def test_cards_show_how_many_a_campaign_addresses_and_its_control_group(visit: Visit, demo_shop: Shop) -> None:
    for segmentation in ("broad", "detailed", "rfm"):
        known = demo_shop.rows(f"""
            select segment, count(*) filter (where not is_control), count(*) filter (where is_control)
            from audiences where segmentation = '{segmentation}' group by 1 order by 1
        """)
        headings = ("segment", "customers addressed", "control group")
        listed = zip(*(visit.column(f"{segmentation}_cards", heading) for heading in headings), strict=True)
        assert sorted(listed) == known
        visit.show(f"{segmentation}_cards")
        shown = dict(
            visit.page.eval_on_selector_all(
                f"#{segmentation}_cards .card",
                "all => all.map(card => [card.querySelector('h4').textContent, card.innerText])",
            )
        )
        for segment, addressed, control in known:
            facts = " ".join(shown[words.sentence(segment)].split())
            few = ", too few to measure" if min(addressed, control) < 30 else ""
            assert f" to address {words.count(addressed)} control group {words.count(control)}{few} Goal " in facts


def test_campaigns_equal_the_mart(tables: Tables, visit: Visit, demo_shop: Shop) -> None:
    query = "select campaign, window_days, verdict_text from campaign_results order by start_date desc, campaign, 2"
    known = demo_shop.rows(query)
    assert len(known) >= 9
    headings = ("campaign", "days", "in a sentence")
    listed = list(zip(*(visit.column("campaign_results", heading) for heading in headings), strict=True))
    # Dates are written as people write them.
    day = re.compile(r"2\d{3}-\d\d-\d\d")
    expected = [
        (*row[:2], day.sub(lambda found: words.day_of(pd.Timestamp(found[0])), str(row[2])).replace("\u00a0", " "))
        for row in known
    ]
    assert [(*row[:2], row[2].replace("\u00a0", " ")) for row in listed] == expected
    block = blocks_of(tables)["campaign_results"]
    assert [card.title for card in block.cards] == list(dict.fromkeys(row[0] for row in known))
    assert [text for card in block.cards for _, text in card.texts[1:]] == [row[2] for row in expected]
    marks = demo_shop.rows("""
        select campaign || ', ' || window_days, adjusted_revenue_difference::double, adjusted_revenue_difference_low,
            adjusted_revenue_difference_high
        from campaign_results where verdict in ('gain', 'loss', 'no effect shown')
    """)
    assert marks
    drawn = {}
    for trace in block.panels[0].data:
        error = trace["error_x"]
        for place, value, above, below in zip(trace["y"], trace["x"], error["array"], error["arrayminus"], strict=True):
            drawn[place] = (value, value - below, value + above)
    assert drawn == {place: pytest.approx([float(one) for one in ends]) for place, *ends in marks}


def test_custom_segments_have_a_place_in_the_switch_the_cards_and_the_moves(
    tables: Tables, demo_shop: Shop, browser: Browser, write_page: Callable[[str], Path]
) -> None:
    own = {"loyal": "big spenders", "lost": "lapsed abroad"}
    changed = dict(tables)
    for name in ("segments", "rpt_segments", "segment_transitions", "segment_changes"):
        broad = tables[name][tables[name]["segmentation"] == "broad"].assign(segmentation="custom")
        for column in broad.columns.intersection(["segment", "from_segment", "to_segment"]):
            broad[column] = broad[column].replace(own)
        changed[name] = pd.concat([tables[name], broad], ignore_index=True)
    before, after = blocks_of(tables), blocks_of(changed)
    assert set(after) - set(before) == {"custom_cards", "custom_profiles"}
    assert {"Big spenders", "Lapsed abroad"} < {card.title for card in after["custom_cards"].cards}
    for name in ("segment_sizes", "segment_flows", "change_causes"):
        drawn = [panel for panel in after[name].panels if panel.segmentation == "custom"]
        assert [panel.title for panel in drawn] == ["Custom segments"]
        assert [panel.segmentation for panel in before[name].panels] == [
            panel.segmentation for panel in after[name].panels if panel.segmentation != "custom"
        ]
    # They say nothing about the segments that are learned.
    for name in ("segment_flows", "change_causes", "alerts"):
        assert after[name].title == before[name].title
    seen = Visit(browser, write_page(render(shop_facts(demo_shop), answered(changed))))
    for tab, chart in (("campaigns", "custom_cards"), ("movement", "segment_flows"), ("customers", "segment_sizes")):
        seen.show(tab)
        seen.choose("custom")
        assert "Custom segments" in seen.page.inner_text(f"#{tab} .switch")
        assert seen.is_seen(f"#{chart}, #{chart} [data-segmentation=broad]")[0]
        assert not any(seen.is_seen(f"#{chart} [data-segmentation=broad], #broad_cards"))
    assert seen.complaints == []


def test_predictions_equal_the_marts(visit: Visit, demo_shop: Shop) -> None:
    shown = zip(*(visit.column("evaluations", heading) for heading in ("task", "model", "split", "value")), strict=True)
    known = {
        (task.replace("rfm", "RFM"), model): value
        for task, model, value in demo_shop.rows("""
            select task, model, value from model_evaluations
            where split = 'all origins' and metric in ('accuracy', 'rmse')
        """)
    }
    assert {(task, model): value for task, model, split, value in shown if split == "all origins"} == pytest.approx(
        known
    )
    expected = dict(
        demo_shop.rows("""
        select replace(task, 'rfm', 'RFM'), sample_size from model_evaluations
        where split = 'all origins' and metric = 'accuracy' and task like 'predict %' and model = 'majority'
    """)
    )
    counted = zip(*(visit.column("confusion", heading) for heading in ("task", "samples")), strict=True)
    sums: dict[str, float] = {}
    for task, size in counted:
        sums[task] = sums.get(task, 0) + size
    assert sums == expected
    for panel in range(len(expected)):
        assert [sum(row) for row in visit.drawn("confusion", 0, "z", panel)] == pytest.approx(
            [1] * len(visit.drawn("confusion", 0, "y", panel))
        )


def test_figures_compare_the_last_period_with_the_one_before(visit: Visit, demo_shop: Shop) -> None:
    """Counted from the orders, day by day, without the model's SQL."""
    orders = demo_shop.rows("select customer_id, order_date, revenue from orders order by all")
    last = max(day for _, day, _ in orders)
    first: dict[str, Any] = {}
    for customer, day, _ in orders:
        first[customer] = min(day, first.get(customer, day))
    expected: dict[str, list[float]] = {}
    for start, end in ((89, 0), (179, 90)):
        own = [(customer, day, amount) for customer, day, amount in orders if end <= (last - day).days <= start]
        values = {
            "revenue": sum(amount for *_, amount in own),
            "orders": len(own),
            "customers who ordered": len({customer for customer, *_ in own}),
            "first orders": len({customer for customer, day, _ in own if day == first[customer]}),
        }
        values["mean order"] = values["revenue"] / values["orders"]
        for name, value in values.items():
            expected.setdefault(name, []).append(float(value))
    headings = ("figure", "last period", "period before")
    shown = zip(*(visit.column("key_figures", heading) for heading in headings), strict=True)
    assert {name: values for name, *values in shown} == {
        name: pytest.approx(values, abs=0.01) for name, values in expected.items()
    }
    assert len(visit.is_seen("#key_figures .figures > div")) == 5


def test_findings_are_ranked_by_money_and_equal_the_marts(visit: Visit, demo_shop: Shop) -> None:
    amounts = visit.column("findings", "money concerned")
    assert 3 <= len(amounts) <= 6
    assert amounts == sorted(amounts, reverse=True)
    said = dict(
        demo_shop.rows("select finding, amount::double from reporting.rpt_findings where finding_type = 'finding'")
    )
    known = {
        "best_segment": "select max(revenue) from segments where segmentation = 'broad'",
        "overdue": "select sum(monetary) from customer_alerts where state <> 'resolved'",
        "one_order": "select sum(monetary) from customers where frequency = 1 and recency_days >= 90",
        "anonymous": "select sum(anonymous_revenue) from sales_by_month",
        "cancelled": """select sum(cancelled_amount) from orders
            where order_date > (select max(as_of_date) - 90 from customers)""",
        "revenue_change": """select abs(sum(case when age < 90 then revenue else -revenue end))
            from (select revenue, (select max(as_of_date) from customers) - order_date as age from orders)
            where age < 180""",
    }
    assert len(said.keys() & known.keys()) >= 4
    for finding, query in known.items():
        if finding in said:
            assert said[finding] == pytest.approx(float(demo_shop.row(query)[0])), finding
    # Each leads to its chart.
    visit.show("overview")
    links = visit.page.eval_on_selector_all(
        "#findings li a, #actions .card .more a, #key_figures dt a", "all => all.map(one => one.hash.slice(1))"
    )
    assert len(links) == len(amounts) + 3 + 5
    for link in dict.fromkeys(links):
        visit.show(link)
        assert visit.is_seen(f"#{link.split('/')[1]}") == [True], link


def test_actions_count_whom_their_lists_hold(visit: Visit, demo_shop: Shop) -> None:
    known = {
        "Write to overdue customers": """select least(count(*), 100),
            sum(expected_loss) filter (where place <= 100)::double from (
                select expected_loss, row_number() over (order by expected_loss desc) as place
                from customer_alerts where state <> 'resolved'
            )""",
        "Win the second order": """select count(*), sum(expected_spend_90_days)::double from customers
            where frequency = 1 and recency_days <= 60
            and customer_id not in (select customer_id from customer_alerts where state <> 'resolved')""",
        "Keep the best: “loyal” of the detailed segments": """
            select count(*), sum(expected_spend_90_days)::double from customers where detailed_segment = 'loyal'""",
    }
    headings = ("what", "customers", "at stake in 90 days", "expected gain")
    shown = {row[0]: row[1:] for row in zip(*(visit.column("actions", one) for one in headings), strict=True)}
    assert shown == {name: (*map(pytest.approx, demo_shop.row(query)), "not known") for name, query in known.items()}


def test_actions_lead_to_their_files_and_say_how_to_measure_them(visit: Visit, tables: Tables) -> None:
    cards = {card.title: card for card in blocks_of(tables)["actions"].cards}
    assert {title: [path for _, path in card.files] for title, card in cards.items()} == {
        "Keep the best: “loyal” of the detailed segments": [
            "audiences/actions/keep-the-best-customer-ids.csv",
            "audiences/actions/campaigns.csv",
        ],
        "Write to overdue customers": [
            "audiences/actions/win-back-customer-ids.csv",
            "audiences/actions/campaigns.csv",
        ],
        "Win the second order": [
            "audiences/actions/second-order-customer-ids.csv",
            "audiences/actions/campaigns.csv",
        ],
    }
    for card in cards.values():
        (name, measured) = card.texts[2]
        assert name == "To measure it"
        assert measured.startswith("add the row of its campaign to seeds/campaigns.csv")
    # One has become a campaign; one of the same name is of another day.
    results = pd.concat([tables["campaign_results"]] * 2).iloc[:2]
    results = results.assign(campaign=["win back 2025-12-31", "second order 2025-12-30"])
    entered = blocks_of(dict(tables) | {"campaign_results": results})["actions"].cards
    assert [card.title for card in entered if "it is in the list of campaigns" in card.texts[2][1]] == [
        "Write to overdue customers"
    ]
    # Nobody who was held out is in the list any more.
    few = tables["rpt_findings"].assign(control_customer_count=0)
    for card in blocks_of(dict(tables) | {"rpt_findings": few})["actions"].cards:
        assert not any(path.endswith("campaigns.csv") for _, path in card.files)
        assert card.texts[2][1].startswith("not possible: each group needs 30 customers, and of the list as it is now")
    # Of overdue customers there are more; a segment of this name is in two segmentations.
    assert cards["Win the second order"].texts[0][1].startswith("all 61 customers whose only order is")
    assert cards["Write to overdue customers"].texts[0][1].startswith("the 100 of 108 overdue customers with")
    who = cards["Keep the best: “loyal” of the detailed segments"].texts[0][1]
    assert who.endswith("; the broad one of this name is another, of 133 customers")
    visit.show("overview")
    links = visit.page.eval_on_selector_all("#actions .file a", "all => all.map(one => one.getAttribute('href'))")
    assert links == [path for card in blocks_of(tables)["actions"].cards for _, path in card.files]
