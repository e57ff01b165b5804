"""Names and texts that a shop may hold, in the page and in its CSVs: shown, and never executed."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from conftest import Shop
from playwright.sync_api import Browser
from report_pages import Tables, Visit, answered, blocks_of, shop_facts
from shop_toolkit.report.page import page as render
from shop_toolkit.report.sections import SECTIONS

# What an attacker types into fields that a shop logs.
SCRIPT = "<script>window.stolen = 1</script><img src=x onerror='window.stolen = 1'>"
ESCAPED_END = "</script><!-- <script>"
# Short enough for an axis to show it whole.
LINK = '<a href="//x.y">z</a>'
BOLD = "<b>bold</b><br>"
FORMULA = '=HYPERLINK("http://example.com","free")'


@pytest.fixture(scope="module")
def evil(tables: Tables) -> Tables:
    """The embedded shop, with a country, a segment, a category and a reason that nobody should execute."""
    changed = {name: table.copy() for name, table in tables.items()}
    changed["sales_by_country"]["country"] = [
        [SCRIPT, FORMULA, LINK, BOLD, "\t=1+1", "+1", "-1", "@sum", ESCAPED_END][place % 9]
        + ("" if place < 9 else str(place))
        for place in range(len(changed["sales_by_country"]))
    ]
    # Or the small ones would share a row.
    changed["sales_by_country"]["customer_count"] = 50
    segment = {"loyal": SCRIPT, "lost": FORMULA}
    for name, table in changed.items():
        for column in table.columns.intersection(["segment", "from_segment", "to_segment", "actual", "predicted"]):
            changed[name][column] = table[column].replace(segment)
    first = tables["product_categories"]["category_name"].iloc[0]
    for name in ("product_categories", "rpt_segment_interests"):
        changed[name]["category_name"] = changed[name]["category_name"].replace({first: LINK + ESCAPED_END})
    changed["product_categories"]["top_terms"] = SCRIPT
    changed["segments"]["action"] = SCRIPT
    changed["cluster_candidates"]["reason"] = SCRIPT
    # Two names cut alike stay two.
    changed["campaign_results"]["campaign"] += LINK + SCRIPT
    changed["campaign_results"]["condition"] = ESCAPED_END
    return changed


@pytest.fixture(scope="module")
def evil_visit(evil: Tables, demo_shop: Shop, browser: Browser, write_page: Callable[[str], Path]) -> Visit:
    return Visit(browser, write_page(render(shop_facts(demo_shop), answered(evil))), is_whole=True)


def test_texts_of_the_data_are_shown_and_never_executed(evil: Tables, evil_visit: Visit) -> None:
    seen, figures = evil_visit, sum(len(block.panels) for block in blocks_of(evil).values())
    assert seen.complaints == []
    assert len(seen.requests) == 1
    assert seen.page.evaluate("window.stolen === undefined")
    # The bundle, the page's own script, and one block of data for each figure.
    assert seen.page.eval_on_selector_all("script", "all => all.length") == figures + 2
    assert (
        seen.page.eval_on_selector_all(
            "main a:not([href^='#'], [href^='audiences/']), main img, main iframe, svg a", "all => all.length"
        )
        == 0
    )
    assert SCRIPT in seen.column("sales_by_country", "country")
    # Also where Plotly writes it: its ticks accept a little HTML.
    ticks = seen.page.eval_on_selector_all("#sales_by_country .ytick", "all => all.map(one => one.textContent)")
    assert any(tick.startswith("<script>") for tick in ticks)
    assert {LINK, BOLD} <= set(ticks)
    assert seen.page.inner_text("#broad_cards").count("<img src=x") >= 1
    assert seen.overflow() <= 0


def test_no_name_makes_a_tab_scroll_sideways_on_a_phone(
    evil: Tables, demo_shop: Shop, browser: Browser, write_page: Callable[[str], Path]
) -> None:
    """Nor a name without any blank, as columns, campaigns and segments of a shop's own can have."""
    name, changed = "a_name_without_any_blank_that_is_wider_than_a_phone_is", dict(evil)
    changed["input_warnings"] = pd.DataFrame(
        {
            "kind": ["ids_lost_digits"], "column_name": [name], "row_count": [123456789], "amount": [1234567.0],
            "suggestion": [f"Look at {name}."], "example": [None],
        }
    )  # fmt: skip
    changed["campaign_results"] = evil["campaign_results"].assign(campaign=name)
    changed["sales_by_country"] = evil["sales_by_country"].assign(country=name)
    for table in ("segments", "rpt_segments", "segment_rules", "segment_transitions"):
        changed[table] = evil[table].replace({SCRIPT: name})
    seen = Visit(browser, write_page(render(shop_facts(demo_shop), answered(changed))), 420)
    for tab in SECTIONS:
        seen.show(tab.name)
        for segmentation in ("broad", "detailed", "rfm"):
            if seen.page.locator(f"#{tab.name} .switch input[value={segmentation}]").count():
                seen.choose(segmentation)
            assert seen.overflow() <= 0, (tab.name, segmentation)
    assert seen.complaints == []


def test_a_spreadsheet_executes_no_text_of_a_csv(evil: Tables, evil_visit: Visit) -> None:
    countries = [row[0] for row in evil_visit.csv_of("sales_by_country")[1:]]
    assert {"'" + FORMULA, "'\t=1+1", "'+1", "'-1", "'@sum", SCRIPT} <= set(countries)
    assert not any(country.startswith(("=", "+", "-", "@", "\t", "\r")) for country in countries)
    # Numbers are no texts: a negative one stays a number.
    removed = [row[2] for row in evil_visit.csv_of("cleaning_money")[1:]]
    assert [float(value) for value in removed] == [float(value) for value in evil["cleaning_summary"]["amount_removed"]]


def test_no_text_ends_the_data_of_a_figure(evil: Tables, demo_shop: Shop) -> None:
    content = render(shop_facts(demo_shop), answered(evil))
    figures = re.findall(r'<script type="application/json">(.*?)</script>', content, flags=re.DOTALL)
    assert len(figures) == sum(len(block.panels) for block in blocks_of(evil).values())
    for figure in figures:
        assert not set(figure) & set("<>&\u2028\u2029")
        assert json.loads(figure)["data"]
