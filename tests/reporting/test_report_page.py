"""The report as people open it: in a real browser, on paper, by keyboard, and under its policy."""

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from conftest import PUBLISHED, Shop
from playwright.sync_api import Browser, ElementHandle, FloatRect
from report_pages import HEIGHT, Tables, Visit, answered, blocks_of, shop_facts
from shop_toolkit.report.page import page as render
from shop_toolkit.report.sections import SECTIONS


def test_every_chart_is_drawn(visit: Visit, demo_shop: Shop) -> None:
    figures, charts = demo_shop.row(
        "select sum(figure_count), count(*) filter (where figure_count > 0) from reporting.rpt_charts"
    )
    marks = visit.page.eval_on_selector_all(
        ".plot",
        """all => all.map(plot => plot.querySelectorAll(
            '.point, .points path, .hm image, .scatterlayer path, .sankey-link'
        ).length)""",
    )
    assert len(marks) == figures
    assert min(marks) > 0
    assert charts == demo_shop.row("select chart_count from reporting.report_pages")[0] >= 16


def test_the_report_waits_for_the_tests_of_all_marts(demo_shop: Shop) -> None:
    nodes = json.loads((demo_shop.folder / "target" / "manifest.json").read_text())["nodes"]
    waiting, known = ["model.customer_segmentation.report_pages"], set()
    while waiting:
        for parent in nodes.get(waiting.pop(), {}).get("depends_on", {}).get("nodes", []):
            if parent not in known:
                known.add(parent)
                waiting.append(parent)
    assert {f"model.customer_segmentation.{mart}" for mart in PUBLISHED} <= known


def test_every_section_and_chart_of_the_demo_has_something_to_show(demo_shop: Shop) -> None:
    assert demo_shop.rows("select distinct question from reporting.rpt_charts order by 1") == sorted(
        (section.question,) for section in SECTIONS
    )
    assert (
        demo_shop.rows("select chart, failure_reason from reporting.rpt_charts where failure_reason is not null") == []
    )


def test_the_page_makes_no_request_and_logs_no_complaint(visit: Visit, report: Path) -> None:
    assert visit.complaints == []
    assert visit.requests == [report.as_uri()]


def test_the_page_has_no_network_address_outside_the_bundle(report: Path) -> None:
    content = report.read_text(encoding="utf-8")
    without_scripts = re.sub(r"<script>.*?</script>", "", content, flags=re.DOTALL)
    assert not re.search(r"https?://|src=|@import|url\(", without_scripts)


@pytest.mark.parametrize("width", [420, 1400])
def test_the_page_is_never_wider_than_the_screen(seen: Visit, width: int) -> None:
    assert seen.overflow() <= 0
    # With all tables open too: wide ones scroll in their own box.
    seen.page.eval_on_selector_all("details", "all => all.forEach(details => details.open = true)")
    drawn = 0
    for tab in SECTIONS:
        seen.show(tab.name)
        assert seen.overflow() <= 0, tab.name
        widths = seen.page.eval_on_selector_all(
            ".plot",
            """all => all.filter(one => one.offsetHeight).map(
                one => [one.querySelector('svg').getBoundingClientRect().width, one.clientWidth]
            )""",
        )
        assert all(drawn <= room + 1 for drawn, room in widths), tab.name
        drawn += len(widths)
    assert drawn > 40
    seen.page.eval_on_selector_all("details", "all => all.forEach(details => details.open = false)")
    if width == 1400:
        seen.unfold()


def test_the_page_prints_with_every_chart_inside_the_paper(visit: Visit) -> None:
    printed = visit
    paper = printed.page.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    # A summary: of the hundred figures those that everybody needs.
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 6
    printed.page.emulate_media(media="print")
    printed.page.set_viewport_size({"width": 700, "height": 1000})
    printed.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for _ in range(300):
        ends = printed.page.eval_on_selector_all(
            ".plot",
            """all => all.filter(one => one.offsetHeight).map(
                one => one.querySelector('svg').getBoundingClientRect().right - innerWidth
            )""",
        )
        if max(ends) <= 1:
            break
        printed.page.wait_for_timeout(100)
    assert len(ends) >= 14
    assert max(ends) <= 1
    # Of each tab, whichever was shown.
    assert printed.is_seen(".tab h2") == [True] * len(SECTIONS)
    assert printed.page.eval_on_selector_all("details", "all => all.filter(one => one.offsetHeight).length") == 0
    printed.page.emulate_media(media="screen")
    printed.page.set_viewport_size({"width": 1400, "height": 900})
    printed.page.evaluate("dispatchEvent(new Event('afterprint'))")


def test_the_page_can_be_read_by_a_screen_reader(visit: Visit) -> None:
    levels = visit.page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    assert visit.page.get_attribute("html", "lang") == "en"
    labels = visit.page.eval_on_selector_all(".plot", "all => all.map(one => one.getAttribute('aria-label'))")
    assert all(labels)
    identifiers = visit.page.eval_on_selector_all("[id]", "all => all.map(one => one.id)")
    own = [name for name in identifiers if not name.startswith(("clip", "legend", "topdefs", "g"))]
    assert len(own) == len(set(own))


def test_every_chart_has_its_numbers(visit: Visit) -> None:
    missing = visit.page.eval_on_selector_all(
        "article",
        "all => all.filter(one => !one.querySelector('tbody tr') && !one.querySelector('.problem')).map(one => one.id)",
    )
    assert missing == []


@pytest.mark.parametrize("width", [420, 1400])
def test_the_texts_of_the_waterfalls_are_whole(seen: Visit, width: int) -> None:
    seen.show("data")
    for chart in ("cleaning_rows", "cleaning_money"):
        (plot,) = seen.page.query_selector_all(f"#{chart} .plot")
        frame = box_of(plot)
        texts = [box_of(one) for one in plot.query_selector_all(".bartext")]
        assert len(texts) >= 7
        for text in texts:
            assert frame["x"] <= text["x"]
            assert text["x"] + text["width"] <= frame["x"] + frame["width"]
    seen.show("overview")


@pytest.mark.parametrize("width", [420, 1400])
def test_names_of_the_flows_are_apart_and_beside_their_nodes(seen: Visit, width: int) -> None:
    seen.show("movement/segment_flows")
    for segmentation in ("broad", "detailed"):
        seen.choose(segmentation)
        (plot,) = seen.page.query_selector_all(f"#segment_flows figure[data-segmentation={segmentation}] .plot")
        frame = box_of(plot)
        names = [box_of(one) for one in plot.query_selector_all(".annotation-text")]
        nodes = [box_of(one) for one in plot.query_selector_all(".node-rect")]
        assert len(names) == len(nodes) >= 4
        for name in names:
            assert frame["x"] <= name["x"]
            assert name["x"] + name["width"] <= frame["x"] + frame["width"]
        # Two columns of nodes, each with its name at its own height, except for the browser's rounding.
        for column_of_names, column_of_nodes in zip(columns_of(names), columns_of(nodes), strict=True):
            assert column_of_names == pytest.approx(column_of_nodes, abs=3)
            assert all(lower - upper >= 11 for upper, lower in itertools.pairwise(column_of_names))


def box_of(element: ElementHandle) -> FloatRect:
    box = element.bounding_box()
    assert box is not None
    return box


def columns_of(boxes: list[FloatRect]) -> list[list[float]]:
    """The heights of middles, of the boxes on the left and of those on the right."""
    middle = sum(box["x"] + box["width"] / 2 for box in boxes) / len(boxes)
    sides = ([box for box in boxes if (box["x"] + box["width"] / 2 > middle) == right] for right in (False, True))
    return [sorted(box["y"] + box["height"] / 2 for box in side) for side in sides]


def test_a_chart_downloads_as_csv(visit: Visit) -> None:
    rows = visit.csv_of("sales_by_month")
    assert rows[0][:2] == ["month from", "orders"]
    assert [float(row[5]) for row in rows[1:]] == visit.column("sales_by_month", "revenue")


def test_a_tab_is_shown_alone_and_an_address_opens_its_tab(visit: Visit) -> None:
    names = [tab.name for tab in SECTIONS]
    for place, name in enumerate(names):
        visit.page.click(f"nav a[href='#{name}']")
        visit.wait()
        assert visit.is_seen(".tab") == [other == place for other in range(len(names))]
        assert visit.page.eval_on_selector_all("nav a[aria-current]", "all => all.map(one => one.hash)") == [f"#{name}"]
    # What somebody mails: the tab opens, also what is folded around the chart, and the chart is on the screen.
    visit.page.eval_on_selector_all("details", "all => all.forEach(details => details.open = false)")
    visit.show("models/evaluations")
    assert visit.is_seen("#evaluations .plot, #models > h2") == [True] * (len(visit.is_seen("#evaluations .plot")) + 1)
    top = visit.page.eval_on_selector("#evaluations", "one => one.getBoundingClientRect().top")
    assert 0 <= top < HEIGHT
    visit.show("alerts")
    assert visit.is_seen("#movement, #models") == [True, False]
    visit.show("nowhere")
    assert visit.is_seen("#overview") == [True]


def test_each_tab_takes_five_screens_at_most_before_unfolding(visit: Visit) -> None:
    visit.page.eval_on_selector_all("details", "all => all.forEach(details => details.open = false)")
    for tab in SECTIONS:
        visit.show(tab.name)
        height = visit.page.evaluate("document.documentElement.scrollHeight")
        assert height <= 5 * HEIGHT, tab.name
    visit.unfold()


def test_one_segmentation_is_shown_at_a_time(visit: Visit) -> None:
    for segmentation in ("detailed", "rfm", "broad"):
        visit.show("campaigns")
        visit.choose(segmentation)
        shown = visit.page.eval_on_selector_all(
            "#campaigns article", "all => all.filter(one => one.offsetHeight).map(one => one.dataset.segmentation)"
        )
        # What campaigns brought is about none.
        assert shown == [None, segmentation]
        heights = visit.page.eval_on_selector_all(
            f"#{segmentation}_cards .card", "all => all.map(one => Math.round(one.getBoundingClientRect().height))"
        )
        assert max(heights) - min(heights) <= 1
        visit.show("customers")
        shown = visit.page.eval_on_selector_all(
            "#segment_sizes figure", "all => all.filter(one => one.offsetHeight).map(one => one.dataset.segmentation)"
        )
        assert shown == [segmentation]
    # A link to a card of other segments switches to them.
    visit.show("campaigns/detailed_cards")
    assert visit.is_seen("#broad_cards, #detailed_cards") == [False, True]
    visit.choose("broad")


def test_a_search_leaves_the_rows_that_hold_all_its_words(visit: Visit) -> None:
    visit.show("change_causes")
    visit.page.eval_on_selector("#change_causes .numbers", "details => details.open = true")
    rows = visit.page.eval_on_selector_all("#change_causes tbody tr", "all => all.map(one => one.textContent)")
    found = [row for row in rows if "time passing" in row and "detailed" in row]
    assert 0 < len(found) < len(rows)
    visit.page.fill("#change_causes input[type=search]", "DETAILED passing")
    left = visit.page.eval_on_selector_all(
        "#change_causes tbody tr", "all => all.filter(one => one.offsetHeight).map(one => one.textContent)"
    )
    assert left == found
    assert visit.page.inner_text("#change_causes output") == f"{len(found)} of {len(rows)} rows"
    visit.page.fill("#change_causes input[type=search]", "")
    assert sum(visit.is_seen("#change_causes tbody tr")) == len(rows)


def test_light_and_dark_follow_the_system_and_the_switch(visit: Visit) -> None:
    def paper() -> tuple[str, str]:
        visit.wait()
        mark = visit.page.eval_on_selector_all(
            "#sales_by_month .plot", "all => all[0].querySelector('.bars path').style.fill"
        )
        return visit.page.evaluate("getComputedStyle(document.body).backgroundColor"), mark

    visit.show("overview")
    light = paper()
    visit.page.emulate_media(color_scheme="dark")
    dark = paper()
    assert light[0] == "rgb(255, 255, 255)"
    assert light[0] != dark[0]
    assert light[1] != dark[1]
    seen = []
    for _ in range(3):
        visit.page.click("button.theme")
        seen.append((visit.page.inner_text("button.theme"), paper()))
    assert seen == [("Colours: light", light), ("Colours: dark", dark), ("Colours: automatic", dark)]
    visit.page.emulate_media(color_scheme="light")
    assert paper() == light


def test_a_term_is_explained_to_pointer_and_keyboard(visit: Visit) -> None:
    visit.show("overview")
    visit.page.bring_to_front()
    term = visit.page.locator("#actions .gloss", has_text="control group")
    name = str(term.get_attribute("aria-describedby"))
    assert visit.is_seen(f"#{name}") == [False]
    term.focus()
    assert visit.is_seen(f"#{name}") == [True]
    assert "drawn at random" in visit.page.inner_text(f"#{name}")
    visit.page.keyboard.press("Escape")
    assert visit.is_seen(f"#{name}") == [False]
    visit.page.locator("h1").hover()
    term.hover()
    assert visit.is_seen(f"#{name}") == [True]
    visit.page.locator("h1").hover()
    assert visit.is_seen(f"#{name}") == [False]


def test_the_accessibility_checker_finds_nothing_serious(
    tables: Tables, demo_shop: Shop, browser: Browser, write_page: Callable[[str], Path]
) -> None:
    """By axe-core, with its default rules. Rows of a table are alike, so that three of each are enough."""
    sections = answered(tables)
    for block in itertools.chain(*(section["blocks"] for section in sections)):
        if block["table"]:
            block["table"]["rows"] = block["table"]["rows"][:3]
        block["panels"] = block["panels"][:1]
    seen = Visit(browser, write_page(render(shop_facts(demo_shop), sections)))
    seen.page.evaluate(AXE_SCRIPT)
    # Each tab as it is shown: what is hidden takes as long, and nothing is found in it.
    context = "{exclude: ['.plot svg', '.tab:not(.shown)']}"
    violations = f"axe.run({context}, {{resultTypes: ['violations']}}).then(found => found.violations)"
    for tab in SECTIONS:
        seen.page.eval_on_selector_all(f"#{tab.name} details", "all => all.forEach(details => details.open = true)")
        seen.show(tab.name)
        found = seen.page.evaluate(violations)
        assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] != "minor"] == [], tab.name
    # It finds what is broken.
    seen.page.evaluate("document.querySelector('nav ul').setAttribute('role', 'banana')")
    assert seen.page.evaluate("axe.run('nav').then(found => found.violations.length)")


def test_names_on_the_axes_are_in_the_order_of_the_rows(visit: Visit) -> None:
    ticks = visit.page.eval_on_selector_all(
        "#segment_sizes .plot", "all => [...all[0].querySelectorAll('.ytick')].map(one => one.textContent)"
    )
    assert sorted(ticks) == sorted(visit.drawn("segment_sizes", 2, "y"))


def test_months_are_named_below_their_bars(visit: Visit) -> None:
    visit.show("sales_by_month")
    places = visit.page.evaluate("""() => {
        const chart = document.querySelector('#sales_by_month .plot');
        const middle = one => (box => (box.left + box.right) / 2)(one.getBoundingClientRect());
        return [[...chart.querySelectorAll('.bars')[0].querySelectorAll('.point path')].map(middle),
                [...chart.querySelectorAll('.xtick text')].map(middle)];
    }""")
    bars, ticks = places
    assert ticks
    width = bars[1] - bars[0]
    assert all(min(abs(tick - bar) for bar in bars) < width / 4 for tick in ticks)


def test_an_empty_shop_has_a_page(
    tables: Tables, demo_shop: Shop, browser: Browser, write_page: Callable[[str], Path]
) -> None:
    nothing = dict.fromkeys(shop_facts(demo_shop)) | {
        "order_count": 0, "customer_count": 0, "repeat_customer_count": 0, "net_customer_count": 0, "revenue": 0,
    }  # fmt: skip
    empty = {name: table.head(0) for name, table in tables.items()}
    seen = Visit(browser, write_page(render(nothing, answered(empty))), 420)
    assert seen.complaints == []
    assert seen.page.eval_on_selector_all(".problem", "all => all.length") == len(blocks_of(empty))
    assert seen.overflow() <= 0


def test_the_policy_forbids_what_the_page_does_not_need(
    tables: Tables, demo_shop: Shop, browser: Browser, write_page: Callable[[str], Path]
) -> None:
    empty = {name: table.head(0) for name, table in tables.items()}
    seen = Visit(browser, write_page(render(shop_facts(demo_shop), answered(empty))))
    seen.page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.stolen = 1';
        document.body.append(script);
        const image = document.createElement('img');
        image.src = 'http://127.0.0.1:9/stolen';
        document.body.append(image);
        return fetch('http://127.0.0.1:9/stolen').catch(() => null);
    }""")
    assert seen.page.evaluate("window.stolen === undefined")
    assert len([text for text in seen.complaints if "Content Security Policy" in text]) >= 3


def test_a_page_whose_charts_the_policy_forbids_says_so(
    tables: Tables, demo_shop: Shop, browser: Browser, write_page: Callable[[str], Path]
) -> None:
    """Where something on the way has changed the page, such as a filter of mails."""
    empty = {name: table.head(0) for name, table in tables.items()}
    content = render(shop_facts(demo_shop), answered(empty))
    changed = re.sub("script-src (&#39;|')sha256-[^ ]+", "script-src", content, count=1)
    assert changed != content
    page = browser.new_page()
    page.goto(write_page(changed).as_uri())
    page.wait_for_selector("#undrawn", state="visible", timeout=20_000)


def test_the_report_stays_small_whatever_the_shop(tables: Tables, demo_shop: Shop) -> None:
    """Ten years, 240 countries and a full map with its points: what grows with customers is bounded."""
    points = 4000
    large = dict(tables)
    large["rpt_map_points"] = pd.DataFrame(
        {
            "rfm_segment": "lost",
            "broad_segment": "lost",
            "detailed_segment": "lost",
            "point_number": range(points),
            "frequency": 123,
            "monetary": 123456.78,
            "recency_days": 365,
            "x": 12.345678,
            "y": -12.345678,
        }
    )
    large["sales_by_country"] = pd.concat([tables["sales_by_country"]] * 20)
    months = pd.date_range("2014-01-01", periods=120, freq="MS")
    large["cohorts"] = pd.DataFrame(
        [
            (start, (month.year - start.year) * 12 + month.month - start.month)
            for start in months
            for month in months
            if month >= start
        ],
        columns=["cohort_month_start_date", "months_since_first"],
    ).assign(
        cohort_customer_count=1e6,
        active_customer_count=1e5,
        retention=0.1,
        revenue=1e8,
        cumulative_revenue=1e9,
        is_complete=True,
    )
    for name, kinds in (("segment_drift", ["measure"]), ("segment_changes", ["segmentation", "cause"])):
        each = tables[name].drop_duplicates(kinds)
        large[name] = pd.concat([each.assign(as_of_date=month) for month in months])
    assert len(render(shop_facts(demo_shop), answered(large)).encode()) < 5_000_000
