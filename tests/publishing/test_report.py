"""The report as people see it: drawn in a real browser, equal to the marts, safe with any text or hardly any data."""

import ast
import csv
import html
import io
import itertools
import json
import math
import os
import re
import shutil
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pandas as pd
import plotly.graph_objects
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from conftest import PUBLISHED, ROOT, Shop
from playwright.sync_api import Browser, ElementHandle, FloatRect, Page, sync_playwright
from shop_toolkit.report import colours, privacy, words
from shop_toolkit.report.charts import Block, Table, shown
from shop_toolkit.report.data_texts import localised, said
from shop_toolkit.report.glossary import glossary
from shop_toolkit.report.language import CURRENT, FOLDER, Language, languages, number_text, speaking
from shop_toolkit.report.months import month
from shop_toolkit.report.page import key_figures
from shop_toolkit.report.page import page as render
from shop_toolkit.report.sections import SECTIONS, answers, first
from shop_toolkit.report.sections import alerts as alert_blocks
from shop_toolkit.report.sections.campaigns import campaign_results
from shop_toolkit.report.sections.choice import reason_words
from shop_toolkit.report.sections.customer_map import CELLS, POINTS, customer_map
from shop_toolkit.report.sections.movement import CAUSES, CHANGES
from shop_toolkit.report.sections.predictions import confusion_table, models_in_use
from shop_toolkit.report.sections.rules import bounds, bounds_of_scores
from shop_toolkit.report.sections.sales import cohorts

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
TABLES = {
    "sales_by_month": "main", "sales_by_weekday": "main", "sales_by_weekday_and_hour": "main",
    "sales_by_country": "main", "cohorts": "main",
    "cleaning_summary": "main", "input_warnings": "main", "segments": "main", "segment_rules": "main",
    "cluster_candidates": "main",
    "product_categories": "main", "interest_groups": "main", "model_evaluations": "main",
    "prediction_calibration": "main", "prediction_confusion": "main", "segment_transitions": "main",
    "segment_drift": "main", "segment_changes": "main", "campaign_results": "main",
    "rpt_findings": "reporting", "rpt_segments": "reporting",
    "rpt_segment_interests": "reporting", "rpt_score_cells": "reporting", "rfm_cut_points": "scoring",
    "campaigns": "seeds",
}  # fmt: skip
HEIGHT = 900
# What an attacker types into fields that a shop logs.
SCRIPT = "<script>window.stolen = 1</script><img src=x onerror='window.stolen = 1'>"
ESCAPED_END = "</script><!-- <script>"
# Short enough for an axis to show it whole.
LINK = '<a href="//x.y">z</a>'
BOLD = "<b>bold</b><br>"
FORMULA = '=HYPERLINK("http://example.com","free")'

Tables = dict[str, pd.DataFrame]


def read_tables(shop: Shop) -> Tables:
    with duckdb.connect(str(shop.warehouse), read_only=True) as connection:
        relations = {name: connection.table(f"{schema}.{name}") for name, schema in TABLES.items()}
        relations["segment_changes"] = relations["segment_changes"].aggregate(CHANGES)
        marks = connection.table("reporting.rpt_map_marks")
        relations["rpt_map_cells"] = marks.filter("mark_type = 'cell'").select(CELLS)
        relations["rpt_map_points"] = marks.filter("mark_type = 'customer'").select(POINTS)
        tables = {name: relation.df() for name, relation in relations.items()}
    return tables | {"settings": pd.DataFrame({"min_test_customers": ["200"], "customer_emails": ["null"]})}


def shop_facts(shop: Shop) -> dict[str, Any]:
    with duckdb.connect(str(shop.warehouse), read_only=True) as connection:
        return key_figures(connection.table("main.orders"), connection.table("main.customers"))


def answered(tables: Tables) -> list[dict[str, Any]]:
    return [
        {
            "name": section.name,
            "tab": section.tab,
            "question": section.question,
            "blocks": [block.as_dict() for block in answer],
        }
        for section, answer in answers(tables)
    ]


class Blocks(Mapping[str, Block]):
    """The report's blocks by name, in its order. All take half a second: a part is answered as it is asked for."""

    PARTS = tuple(replace(tab, answer_of=(part,)) for tab in SECTIONS for part in tab.answer_of)
    # Of blocks that were answered before, the place of their part.
    places: ClassVar[dict[str, int]] = {}

    def __init__(self, tables: Tables) -> None:
        self.tables, self.language = tables, CURRENT.get()
        self.answered: dict[int, dict[str, Block]] = {}

    def part(self, place: int) -> dict[str, Block]:
        if place not in self.answered:
            with speaking(self.language):
                ((_, blocks),) = answers(self.tables, [self.PARTS[place]])
            self.answered[place] = {block.name: block for block in blocks}
            self.places.update(dict.fromkeys(self.answered[place], place))
        return self.answered[place]

    def __getitem__(self, name: str) -> Block:
        for place in sorted(range(len(self.PARTS)), key=lambda place: place != self.places.get(name)):
            if name in self.part(place):
                return self.part(place)[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return itertools.chain(*map(self.part, range(len(self.PARTS))))

    def __len__(self) -> int:
        return len(list(iter(self)))


# The last ones, by the place of their tables in memory: most tests ask for those of the embedded shop.
LAST: dict[tuple[int, Language], Blocks] = {}


def blocks_of(tables: Tables) -> Blocks:
    key = (id(tables), CURRENT.get())
    # Other tables can be where some were that are gone.
    known = LAST.pop(key, None)
    LAST[key] = known if known and known.tables is tables else Blocks(tables)
    if len(LAST) > 3:
        LAST.pop(next(iter(LAST)))
    return LAST[key]


@pytest.fixture(scope="module")
def tables(demo_shop: Shop) -> Tables:
    """The tables of the embedded shop's report; tests change copies."""
    return read_tables(demo_shop)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A real Chromium. Its absence is a failure only where .ci/run promises it (SHOP_CI)."""
    if not Path(CHROMIUM).exists():
        if os.environ.get("SHOP_CI"):
            pytest.fail(f"there is no {CHROMIUM}, though .ci/run installs it")
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()


class Visit:
    """A page with its messages and requests."""

    def __init__(self, browser: Browser, path: Path, width: int = 1400, is_whole: bool = False) -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": HEIGHT}, accept_downloads=True)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.wait()
        if is_whole:
            self.unfold()

    def wait(self) -> None:
        """Wait until all figures that can be seen are drawn."""
        # By a selector: a function would be evaluated as text, which the page's policy forbids.
        self.page.wait_for_selector("html[data-drawn]", state="attached", timeout=120_000)

    def show(self, place: str) -> None:
        """Go to a tab or a block, as a link to it does."""
        self.page.evaluate(
            """place => new Promise(arrive => {
                addEventListener('hashchange', () => setTimeout(arrive), {once: true});
                if (location.hash === '#' + place) dispatchEvent(new Event('hashchange'));
                else location.hash = place;
            })""",
            place,
        )
        self.wait()

    def choose(self, segmentation: str) -> None:
        """Switch to another segmentation in the tab that is shown."""
        self.page.locator(f".tab.shown .switch input[value={segmentation}]").check()
        self.wait()

    def unfold(self) -> None:
        """Have every figure drawn: in each tab, with all that is folded, of each segmentation."""
        self.page.eval_on_selector_all("details.folded", "all => all.forEach(details => details.open = true)")
        for tab in SECTIONS:
            self.show(tab.name)
            for radio in self.page.query_selector_all(f"#{tab.name} .switch input"):
                self.choose(str(radio.get_attribute("value")))
        self.show(SECTIONS[0].name)

    def is_seen(self, selector: str) -> list[bool]:
        """Whether each element that the selector finds is on the screen or below."""
        seen: list[bool] = self.page.eval_on_selector_all(selector, "all => all.map(one => one.offsetHeight > 0)")
        return seen

    def overflow(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def numbers(self, chart: str) -> list[list[Any]]:
        """The table view: numbers as numbers, other cells as texts."""
        rows: list[list[Any]] = self.page.eval_on_selector_all(
            f"#{chart} tbody tr",
            """rows => rows.map(row => [...row.cells].map(cell => {
                const data = cell.querySelector('data');
                const isNumber = cell.classList.contains('n') && cell.textContent;
                return isNumber ? Number(data ? data.value : cell.textContent) : cell.textContent;
            }))""",
        )
        return rows

    def column(self, chart: str, heading: str) -> list[Any]:
        headings = self.page.eval_on_selector_all(f"#{chart} thead th", "cells => cells.map(cell => cell.textContent)")
        return [row[headings.index(heading)] for row in self.numbers(chart)]

    def drawn(self, chart: str, trace: int, field: str, panel: int = 0) -> Any:
        """What Plotly got to draw."""
        return self.page.eval_on_selector_all(
            f"#{chart} .plot", f"all => JSON.parse(JSON.stringify(all[{panel}].data[{trace}].{field}))"
        )

    def csv_of(self, chart: str) -> list[list[str]]:
        self.show(chart)
        self.page.eval_on_selector(f"#{chart} .numbers", "details => details.open = true")
        with self.page.expect_download() as waiting:
            self.page.click(f"#{chart} .download")
        text = Path(waiting.value.path()).read_bytes().decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text, newline="")))


@pytest.fixture(scope="module")
def write_page(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    def write(content: str) -> Path:
        path = tmp_path_factory.mktemp("report") / "report.html"
        path.write_text(content, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def report(demo_shop: Shop, write_page: Callable[[str], Path]) -> Path:
    return write_page(demo_shop.row("select content from reporting.report_pages where file_name = 'report.html'")[0])


@pytest.fixture(scope="module")
def visit(browser: Browser, report: Path) -> Visit:
    """The embedded shop's report on a wide screen; tests only read it."""
    return Visit(browser, report, is_whole=True)


@pytest.fixture(scope="module")
def phone(browser: Browser, report: Path) -> Visit:
    """The same on a phone, with figures drawn as they come into view."""
    return Visit(browser, report, 420)


@pytest.fixture
def seen(request: pytest.FixtureRequest, width: int) -> Visit:
    """The embedded shop's report on a screen of that width."""
    visit: Visit = request.getfixturevalue({420: "phone", 1400: "visit"}[width])
    return visit


# The page of the embedded shop


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


def test_every_axis_has_a_title_with_its_unit(tables: Tables) -> None:
    for name, block in blocks_of(tables).items():
        for panel in block.panels:
            if "polar" in panel.layout or panel.data[0]["type"] == "sankey":
                continue
            axes = [panel.layout[key] for key in ("xaxis", "yaxis")]
            assert any(one["title"]["text"] for one in axes), name
            # Names on an axis speak for themselves; numbers don't.
            assert all(one["title"]["text"] for one in axes if one.get("type") != "category"), f"{name}: {panel.title}"


def test_axes_of_money_have_its_sign_where_the_setting_names_it(tables: Tables) -> None:
    with speaking(Language("en_GB", "EUR")):
        panels = [panel for block in blocks_of(tables).values() for panel in block.panels]
    axes = [panel.layout[key] for panel in panels for key in ("xaxis", "yaxis") if key in panel.layout]
    units = [part for one in axes for part in re.findall(r"\(([^;)]+)", one["title"]["text"])]
    assert units.count("€") == 5
    assert "currency of the log" not in units


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


def test_the_sum_of_overdue_money_is_withheld_where_all_of_them_are_few(tables: Tables) -> None:
    few = tables["rpt_segments"].assign(overdue_customer_count=0, spend_to_date=0.0, expected_loss=0.0)
    first = few.groupby("segmentation").head(1).index
    few.loc[first, ["overdue_customer_count", "spend_to_date", "expected_loss"]] = [4, 98765.43, 98765.43]
    block = blocks_of(tables | {"rpt_segments": few})["alerts"]
    assert "98,765" not in json.dumps(block.as_dict())
    assert "98765" not in json.dumps(block.as_dict())


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


def test_cards_say_where_a_control_group_is_too_small_to_measure(tables: Tables) -> None:
    sizes = {"champions": (270, 30), "loyal": (271, 29), "new": (29, 30), "lost": (None, None)}
    ranks = tables["rpt_segments"].copy()
    of_rfm = ranks["segmentation"] == "rfm"
    for place, name in enumerate(("addressed_customer_count", "control_customer_count")):
        found = ranks["segment"].map({segment: counts[place] for segment, counts in sizes.items()})
        ranks[name] = ranks[name].where(~of_rfm, found.fillna(30).mask(ranks["segment"] == "lost"))
    blocks = blocks_of(tables | {"rpt_segments": ranks})
    groups = {card.title: dict(card.facts).get("control group") for card in blocks["rfm_cards"].cards}
    assert {name: groups[name] for name in ("Champions", "Loyal", "New", "Lost")} == {
        "Champions": "30", "Loyal": "29, too few to measure", "New": "30, too few to measure", "Lost": None,
    }  # fmt: skip
    assert blocks["rfm_cards"].note.startswith("A campaign is measured where both groups have 30 customers or more.")
    assert blocks["rfm_cards"].note.endswith(" A campaign of a name of its own holds out exactly its share.")
    enough = ranks.assign(addressed_customer_count=30, control_customer_count=30)
    assert blocks_of(tables | {"rpt_segments": enough})["rfm_cards"].note.startswith("Each customer is held out of ")
    nobody = ranks.assign(addressed_customer_count=float("nan"), control_customer_count=float("nan"))
    assert blocks_of(tables | {"rpt_segments": nobody})["rfm_cards"].note == ""


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


def campaign(name: str, days: int, verdict: str, difference: float | None = None, **more: Any) -> dict[str, Any]:
    """A row of campaign_results: differences lie 10 around theirs, also of shares in percent."""
    row: dict[str, Any] = {
        "campaign": name, "window_days": days, "verdict": verdict, "segmentation": "detailed", "segment": "loyal",
        "condition": None, "start_date": pd.Timestamp("2024-03-01"), "end_date": None,
        "window_end_date": pd.Timestamp("2024-03-30"), "as_of_date": pd.Timestamp("2024-12-31"),
        "is_complete": verdict != "not over yet", "expected_lift": 0.1, "needed_customers_revenue": 1234.0,
        "decided_on": pd.NaT, "restatement_count": 0,
    }  # fmt: skip
    for arm, customers in (("treatment", 200), ("control", 100)):
        row |= {f"{arm}_customer_count": customers, f"{arm}_buyer_count": 40, f"{arm}_conversion": 40 / customers}
    for place, end in ((0, ""), (-10, "_low"), (10, "_high")):
        row[f"adjusted_revenue_difference{end}"] = None if difference is None else difference + place
        row[f"conversion_difference{end}"] = None if difference is None else (difference + place) / 100
    return row | more


def test_campaigns_claim_what_the_mart_claims(tables: Tables) -> None:
    rows = [
        campaign("a", 30, "gain", 12.5),
        campaign("a", 60, "loss", -12.5),
        campaign("a", 90, "not over yet"),
        campaign("b", 30, "no effect shown", 0.0, start_date=pd.Timestamp("2024-04-01")),
        # What so few spent could be computed from the difference.
        campaign("b", 60, "too few to say", 98765.43, start_date=pd.Timestamp("2024-04-01")),
        campaign("c", 30, "no control group", start_date=pd.Timestamp("2024-01-01")),
    ]
    block = blocks_of(tables | {"campaign_results": pd.DataFrame(rows)})["campaign_results"]
    assert block.title == "Campaigns with a gain: 0 of 3; with a loss: 1"
    assert "98765" not in json.dumps(block.as_dict())
    for panel in block.panels:
        assert [trace["y"] for trace in panel.data] == [["a, 30"], ["a, 60"], ["b, 30"]]
        assert len({trace["marker"]["symbol"] for trace in panel.data}) == 3
        # The last campaign is on top.
        assert panel.layout["yaxis"]["categoryarray"] == ["b, 30", "a, 30", "a, 60"]
    assert block.panels[0].data[0]["text"] == ["a, 30 days: 12.50 (2.50 to 22.50, 95 %)"]
    assert block.panels[1].data[1]["text"] == ["a, 60 days: −12 % (−22 % to −2.5 %, 95 %)"]
    assert [[text[1].split(":")[0] for text in card.texts] for card in block.cards] == [
        ["detailed", "No effect shown", "Too few to say"],
        ["detailed", "A gain", "A loss", "Not over yet"],
        ["detailed", "Nothing to compare with"],
    ]
    assert block.cards[1].texts[2][1] == (
        "A loss: customers who were addressed spent 12.50 less on average than those who were held out (95 % interval:"
        " 22.50 less to 2.50 less), adjusted by what they had spent before."
    )
    unclear = block.cards[0].texts[1][1]
    assert "which can be chance (95 % interval: 10.00 less to 10.00 more)" in unclear
    assert unclear.endswith(
        "To find 10 % more spend in 30 days four times in five, 1,234 customers in each group are needed."
    )
    unknown = campaign_results(pd.DataFrame([rows[2]]))
    assert unknown.title == "What campaigns brought: too early to say, no 30 days are over yet"
    assert not unknown.panels
    assert not unknown.legend
    late = (
        " The warehouse first saw this campaign when the log ended on {day}, which is not before its start: unless it"
        " was sent by this very draw, as from the list of a week's action or of an earlier build, the difference says"
        " nothing."
    )
    for day, sentence in {29: "", 1: late.format(day="1 March 2024")}.items():
        decided = pd.Timestamp(2024, 2 if day == 29 else 3, day)
        found = campaign_results(pd.DataFrame([rows[0] | {"decided_on": decided}]))
        assert found.cards[0].texts[1][1] == block.cards[1].texts[1][1] + sentence
        # What says nothing isn't counted.
        title = "What campaigns brought: none of 1 shows an effect so far"
        assert found.title == (title if sentence else "Campaigns with a gain: 1 of 1; with a loss: 0")
    few = "Before anything is claimed, each group needs 30 customers: the smaller one has 29."
    buyers = "Before anything is claimed, 5 of the smaller group have to order if both groups are alike: here that is "
    for held_out, bought, own, reasons in (
        (29, 40, 29, few), (100, 9, 4, f"{buyers}4.3."), (29, 20, 4, f"{few} {buyers}3.0."),
    ):  # fmt: skip
        small = rows[4] | {"control_customer_count": held_out, "treatment_buyer_count": bought}
        found = campaign_results(pd.DataFrame([small | {"control_buyer_count": own}]))
        assert f" who were held out. {reasons} To find" in found.cards[0].texts[1][1]
    # Its members are decided on the day before, and nobody has been written to.
    waits = campaign("d", 30, "not over yet", start_date=pd.Timestamp("2025-01-01"))
    waiting = campaign_results(pd.DataFrame([waits]))
    assert waiting.title == "What campaigns brought: none has begun"
    assert waiting.cards[0].texts[1][1] == (
        "Not begun yet: it starts on 1 January 2025, and the log ends on 31 December 2024."
    )
    # One that begins later isn't decided yet: its row is all that is known.
    days = ["2026-05-01", " 2026-03-01", "2026-03-01", "2026-01-01", "2024-01-01", "2026-02-30"]
    plan = pd.DataFrame({"name": ["e", "f ", "d", "tomorrow", "over", "no day"], "start_date": days})
    planned = (
        "Planned: f (1 March 2026), e (1 May 2026). The first build whose log reaches the day before the start decides"
        " whom a campaign addresses."
    )
    shown = blocks_of(tables | {"campaigns": plan, "campaign_results": pd.DataFrame([*rows, waits])})
    assert shown["campaign_results"].note == f"{block.note} {planned}"
    nothing = blocks_of(tables | {"campaigns": plan, "campaign_results": tables["campaign_results"].head(0)})
    assert nothing["campaign_results"].problem.endswith(
        f"and its results are shown here. {planned.replace('f (', 'd (1 March 2026), f (')}"
    )
    # Names that begin alike look different, as those of a week's action are.
    weekly = [rows[0] | {"campaign": f"win back 2024-02-{day}"} for day in (21, 28)]
    (revenue, *_others) = campaign_results(pd.DataFrame([*weekly, rows[3] | {"campaign": "a & b"}])).panels
    assert revenue.layout["yaxis"]["ticktext"] == [
        "a &amp; b, 30 days", "win back …24-02-21, 30 days", "win back …24-02-28, 30 days",
    ]  # fmt: skip
    # One has the same label in each panel, also where another has no figure.
    missing: dict[str, Any] = dict.fromkeys(f"conversion_difference{end}" for end in ("", "_low", "_high"))
    for panel in campaign_results(pd.DataFrame([weekly[0], weekly[1] | missing])).panels:
        assert "win back …24-02-21, 30 days" in panel.layout["yaxis"]["ticktext"]
    # Nor does one count whose first days aren't over.
    assert campaign_results(pd.DataFrame([*rows, rows[2] | {"campaign": "e"}, waits])).title == block.title


def test_without_campaigns_a_sentence_stands_below_the_cards(tables: Tables) -> None:
    none = tables | {"campaign_results": tables["campaign_results"].head(0)}
    (names,) = ([block.name for block in own] for section, own in answers(none) if section.name == "campaigns")
    assert names == ["broad_cards", "detailed_cards", "rfm_cards", "campaign_results"]
    assert blocks_of(none)["campaign_results"].problem.startswith("No campaign has begun: a row in seeds/campaigns.csv")
    (names,) = ([block.name for block in own] for section, own in answers(tables) if section.name == "campaigns")
    assert names == ["campaign_results", "broad_cards", "detailed_cards", "rfm_cards"]


def test_many_campaigns_leave_the_earlier_ones_to_the_table() -> None:
    rows = [
        campaign(f"week {week}", 30, "gain", 12.5, start_date=pd.Timestamp("2024-01-01") + pd.Timedelta(weeks=week))
        for week in range(20)
    ]
    block = campaign_results(pd.DataFrame(rows))
    assert [card.title for card in block.cards] == [f"week {week}" for week in range(19, 13, -1)]
    assert block.panels[0].layout["yaxis"]["categoryarray"] == [f"{card.title}, 30" for card in block.cards]
    assert len(table_of(block).rows) == 20
    assert block.note.endswith("Shown are the last 6 campaigns; the table has all.")
    assert block.title == "Campaigns with a gain: 20 of 20; with a loss: 0"


def test_a_gain_is_expected_by_the_last_campaign_to_the_same_segment(tables: Tables) -> None:
    actions = tables["rpt_findings"]
    best = actions[actions["finding"] == "keep_best"].assign(
        subject="loyal", customer_count=220, control_customer_count=20
    )
    earlier, later = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-06-01")

    def gain(*rows: dict[str, Any]) -> tuple[str, list[list[str]]]:
        results = privacy.claims_alone(pd.DataFrame(rows))
        _, _, block = first.blocks({**tables, "rpt_findings": best, "campaign_results": results})
        assert table_of(block).rows[0][-1] == block.cards[0].facts[-1][1]
        return block.cards[0].facts[-1][1], block.cards[0].texts[3:]

    known = campaign("first", 90, "gain", 12.5, start_date=earlier)
    source = [["Gain expected from", "the 90 days of the campaign “first”"]]
    # 200 customers who get it, 12.50 more each, and 10 less or more
    assert gain(known) == ("2,500 (500 to 4,500, 95 %)", source)
    assert gain(campaign("second", 90, "no effect shown", 1.0, start_date=later), known) == (
        "200 (−1,800 to 2,200, 95 %)",
        [["Gain expected from", "the 90 days of the campaign “second”"]],
    )
    # too few, drawn on its start, another window, a part of the segment, other customers
    for other in (
        campaign("second", 90, "too few to say", 1.0, start_date=later),
        campaign("second", 90, "gain", 11.0, start_date=later, decided_on=later),
        campaign("second", 30, "gain", 11.0, start_date=later),
        campaign("second", 90, "gain", 11.0, start_date=later, condition="recency_days > 60"),
        campaign("second", 90, "gain", 11.0, start_date=later, segment="lost"),
        campaign("second", 90, "gain", 11.0, start_date=later, segmentation="broad"),
        campaign("second", 90, "gain", 11.0, start_date=later, segmentation=None, segment=None, condition="true"),
    ):
        assert gain(other) == ("not known", [])
        assert gain(known, other) == ("2,500 (500 to 4,500, 95 %)", source)


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


def table_of(block: Block) -> Table:
    assert block.table is not None
    return block.table


def box_of(element: ElementHandle) -> FloatRect:
    box = element.bounding_box()
    assert box is not None
    return box


def columns_of(boxes: list[FloatRect]) -> list[list[float]]:
    """The heights of middles, of the boxes on the left and of those on the right."""
    middle = sum(box["x"] + box["width"] / 2 for box in boxes) / len(boxes)
    sides = ([box for box in boxes if (box["x"] + box["width"] / 2 > middle) == right] for right in (False, True))
    return [sorted(box["y"] + box["height"] / 2 for box in side) for side in sides]


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


def test_a_chart_downloads_as_csv(visit: Visit) -> None:
    rows = visit.csv_of("sales_by_month")
    assert rows[0][:2] == ["month from", "orders"]
    assert [float(row[5]) for row in rows[1:]] == visit.column("sales_by_month", "revenue")


def test_the_page_has_no_customer_unless_asked_to(demo_shop: Shop, report: Path) -> None:
    content = re.sub(r"<script>.*?</script>", "", report.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert demo_shop.row("select count(*) from reporting.rpt_map_marks where mark_type = 'customer'")[0] == 0
    customers = {customer for (customer,) in demo_shop.rows("select customer_id from customers order by 1 limit 200")}
    assert all(map(str.isdecimal, customers))
    assert customers.isdisjoint(re.findall(r"(?<![\d.,])\d+(?![\d.,])", content))


def test_the_setting_adds_customers_without_ids_and_nothing_else_changes_the_page(
    demo_shop: Shop, tmp_path: Path, report: Path
) -> None:
    asked = Shop(tmp_path, demo_shop.settings)
    shutil.copy(demo_shop.warehouse, asked.warehouse)
    pages = ("--select", "reporting", "--exclude-resource-type", "unit_test")
    assert asked.dbt("build", *pages, threads=1, report_customer_rows=True).success
    content = asked.row("select content from reporting.report_pages")[0]
    before, after = (
        re.sub('<article id="map".*?</article>', "", text, flags=re.DOTALL)
        for text in (report.read_text("utf-8"), content)
    )
    assert before == after
    points, fitted = asked.row("""
        select (select count(*) from reporting.rpt_map_marks where mark_type = 'customer'), count(*)
        from customers where embedding_x is not null
    """)
    assert points == fitted > 0
    columns = {name for name, *_ in asked.rows("describe reporting.rpt_map_marks")}
    assert "customer_id" not in columns
    charted = blocks_of(read_tables(asked))["map"]
    assert charted.points == 3 * points
    assert len(table_of(charted).rows) == points
    assert "Each dot is a customer" in content


def test_the_map_calls_its_dots_customers_only_where_they_are() -> None:
    place: dict[str, Any] = {"x": 0.0, "y": 0.0}
    drawn = {key: {"segmentation": key, "segment": "loyal"} for key in ("broad", "custom")}
    cells = [own | place | {"customer_count": 40, "segment_customer_count": 40} for own in drawn.values()]
    point = place | {"point_number": 1, "frequency": 2, "monetary": 9.0, "recency_days": 3}
    point |= {f"{key}_segment": "loyal" for key in ("rfm", "broad", "detailed")}
    segments = pd.DataFrame([own | {"size": 40, "display_order": 1} for own in drawn.values()])
    block = customer_map(pd.DataFrame(cells), pd.DataFrame([point]), segments, {})
    assert block.notes["broad"].startswith("Each dot is a customer")
    assert block.notes["custom"].startswith("A dot is a cell")


# Finding one's way


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


# The first screen


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


def test_findings_write_rise_and_fall_and_leave_out_what_is_withheld(tables: Tables) -> None:
    rows = tables["rpt_findings"]
    change = rows[rows["finding"] == "revenue_change"].assign(rank=1)
    best = rows[rows["finding"] == "best_segment"].assign(rank=2)
    fall = change.assign(current_amount=60.0, previous_amount=100.0, amount=40.0, gained_amount=30.0, lost_amount=50.0)
    text, evidence = (
        getattr(blocks_of(tables | {"rpt_findings": fall})["findings"].statements[0], part)
        for part in ("text", "evidence")
    )
    assert text == "The last 90 days brought 60.00, 40 % less than the 90 days before."
    assert evidence == (
        "Customers who had not ordered in the period before brought 30.00; those who stayed away had brought 50.00;"
        " those of both periods spent 20.00 less."
    )
    category = change.assign(
        finding="category_change", subject="mugs", current_amount=90.0, previous_amount=60.0, amount=18.0, share=0.5,
        baseline_share=0.2,
    )  # fmt: skip
    said = blocks_of(tables | {"rpt_findings": category})["findings"].statements[0]
    assert said.text == "“mugs” brought 18.00 more than if it had grown like all products."
    assert said.evidence == "90.00 in 90 days, 60.00 before (+50 %); all products +20 %."
    down = change.assign(finding="moved_down", customer_count=1, moved_until=pd.Timestamp("2024-01-31"), amount=7.0)
    said = blocks_of(tables | {"rpt_findings": down})["findings"].statements[0]
    assert said.text == "1 customer moved to a lower broad segment in January 2024, and had spent 7.00."
    # of two customers: what they spent is nobody's business
    segments = tables["segments"].copy()
    few = (segments["segmentation"] == "broad") & (segments["segment"] == best["subject"].iloc[0])
    segments["size"] = segments["size"].mask(few, 2)
    changed = tables | {"rpt_findings": pd.concat([change, best]), "segments": segments}
    assert len(blocks_of(changed)["findings"].statements) == 1


# Any text


def test_categories_that_stand_in_are_said_to(tables: Tables) -> None:
    rows = tables["product_categories"]
    found = rows.dropna(subset=["category_id"])
    assert blocks_of(tables)["categories"].note.startswith("Learned from the descriptions")
    assert "stand in" not in blocks_of(tables)["categories"].note
    stand_in = blocks_of(tables | {"product_categories": rows.assign(is_fallback=True, reason="chosen for want of it")})
    assert stand_in["categories"].note.endswith("as no number of categories passes all checks: chosen for want of it.")
    ticks = stand_in["categories"].panels[0].layout["yaxis"]["ticktext"]
    assert {tick.replace("<br>", " ").rstrip("…") for tick in ticks} & set(found["category_name"])


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


# Figures and colours


def without_page_colours(value: Any) -> Any:
    """The figure with a colour in place of each that the page names."""
    if isinstance(value, str):
        return "#123456" if value.startswith("var(--") else value
    if isinstance(value, list | tuple):
        return [without_page_colours(part) for part in value]
    return {name: without_page_colours(part) for name, part in value.items()} if isinstance(value, dict) else value


def test_plotly_knows_every_attribute_of_the_figures(tables: Tables) -> None:
    for block in blocks_of(tables).values():
        for panel in block.panels:
            plotly.graph_objects.Figure(without_page_colours({"data": panel.data, "layout": panel.layout}))


def test_page_colours_are_those_of_the_style_sheet(tables: Tables) -> None:
    style = (ROOT / "python_models/shop_toolkit/report/style.css").read_text()
    texts = json.dumps([block.as_dict() for block in blocks_of(tables).values()])
    for name in set(re.findall(r"var\((--[\w-]+)\)", texts)):
        assert style.count(f"{name}:") == 2, f"{name} is not both a light and a dark colour"


def test_segments_of_a_segmentation_look_different_to_the_colour_blind() -> None:
    segments = pd.read_csv(ROOT / "seeds/segment_strategies.csv")
    chosen = colours.segment_colours(segments)
    for segmentation, own in segments.groupby("segmentation"):
        for one, other in itertools.combinations(own["segment"], 2):
            assert colours.distance(chosen[one], chosen[other]) > 12, f"{segmentation}: {one}, {other}"


def test_a_segment_keeps_its_colour_when_others_come_and_go() -> None:
    segments = pd.read_csv(ROOT / "seeds/segment_strategies.csv")[["segmentation", "segment"]]
    before = colours.segment_colours(segments)
    names = ["big spenders", "Zürich", "abroad", "loyal", "=1+1", "wholesale", "gifts", "weekend", "other"]
    own = pd.DataFrame({"segmentation": "custom", "segment": names})
    after = colours.segment_colours(pd.concat([own, segments]))
    assert {name: after[name] for name in before} == before
    # Also those of the shop: another one beside them, and each of the project's alone.
    later = pd.DataFrame({"segmentation": "custom", "segment": [*names, "zero returns"]})
    assert {name: colours.segment_colours(later)[name] for name in names} == {name: after[name] for name in names}
    for name, colour in before.items():
        alone = pd.DataFrame({"segmentation": ["broad"], "segment": [name]})
        if name != "any other":
            assert colours.segment_colours(alone)[name] == colour
    for one, other in itertools.combinations(names, 2):
        assert colours.distance(after[one], after[other]) > 12, f"{one}, {other}"


def test_a_segment_keeps_its_colour_throughout(tables: Tables) -> None:
    chosen = colours.segment_colours(tables["segments"])
    blocks = blocks_of(tables)
    for block in blocks.values():
        for card in block.cards:
            if card.colour:
                assert card.colour == {words.sentence(name): colour for name, colour in chosen.items()}[card.title]
    for panel in blocks["map"].panels:
        for trace in panel.data:
            assert trace["marker"]["color"] == chosen[html.unescape(trace["name"])]


def test_red_and_green_look_alike_to_some() -> None:
    # Black and white are 100 apart for everyone; a red and a green of the same lightness only to most eyes.
    assert colours.distance("#000000", "#FFFFFF") == pytest.approx(100, abs=1)
    red, green = "#B04040", "#507A30"
    to_most = math.dist(colours.seen(red, 0), colours.seen(green, 0))
    assert to_most > 60
    assert all(math.dist(colours.seen(red, sight), colours.seen(green, sight)) < to_most / 2 for sight in (1, 2))
    assert colours.distance(red, green) < 10


def test_marks_are_placed_by_the_whole_name_so_that_names_cut_alike_stay_two(tables: Tables) -> None:
    alike = ["some time ago, occasional, low spend", "some time ago, occasional, high spend"]
    rename = {"segment": dict(zip(["loyal", "lost"], alike, strict=True))}
    rename |= {"actual": rename["segment"], "predicted": rename["segment"]}
    changed = {
        name: table.assign(**{key: table[key].replace(rename[key]) for key in table.columns.intersection(list(rename))})
        for name, table in tables.items()
    }
    confused = changed["prediction_confusion"]
    first = confused["task"].iloc[0]
    changed["prediction_confusion"] = confused[confused["task"] == first].head(2).assign(actual=alike, predicted=alike)
    names = sorted(changed["interest_groups"].loc[changed["interest_groups"]["size"] > 0, "interest_group"])
    blocks = blocks_of(changed)
    assert set(alike) < set(blocks["segment_sizes"].panels[0].data[2]["y"])
    assert set(alike) < set(blocks["interests_by_segment"].panels[0].data[0]["x"])
    assert sorted(blocks["interest_groups"].panels[0].data[2]["y"]) == names
    figure = blocks["confusion"].panels[0]
    assert sorted(figure.data[0]["x"]) == sorted(figure.data[0]["y"]) == sorted(alike)
    for panel in (blocks["segment_sizes"].panels[0], figure):
        ticks = panel.layout["yaxis"]
        assert len(ticks["tickvals"]) == len(set(ticks["tickvals"])) == len(ticks["ticktext"])
        assert max(len(text) for text in ticks["ticktext"]) < 36


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


# What the report withholds


def test_money_of_fewer_than_five_is_withheld_with_as_many_as_hide_it() -> None:
    def withheld(*customers: int) -> list[bool]:
        hidden: list[bool] = privacy.few(pd.Series(customers)).tolist()
        return hidden

    assert withheld(9, 5, 7) == [False, False, False]
    assert withheld(9, 3, 7) == [False, True, True]
    # Two small ones hide each other; nobody hides nothing.
    assert withheld(9, 3, 2, 0) == [False, True, True, False]
    assert withheld(9, 1, 1, 6) == [False, True, True, True]


def test_the_report_shows_no_revenue_of_few(tables: Tables) -> None:
    changed = {name: table.copy() for name, table in tables.items()}
    segments = changed["segments"]
    lost = (segments["segmentation"] == "broad") & (segments["segment"] == "lost")
    changed["segments"]["size"] = segments["size"].mask(lost, 2)
    changed["segments"]["revenue"] = segments["revenue"].astype(float).mask(lost, 98765.43)
    countries = changed["sales_by_country"] = tables["sales_by_country"].head(4).copy()
    countries["country"], countries["customer_count"] = ["A", "B", "C", "D"], [100, 3, 4, 50]
    countries["revenue"] = [900.0, 98765.43, 1.0, 99.0]
    cells = changed["rpt_score_cells"]
    best = (cells["recency_score"] == 5) & (cells["frequency_score"] == 5)
    cells["customer_count"], cells["revenue"] = (
        cells["customer_count"].mask(best, 1),
        cells["revenue"].mask(best, 98765.43),
    )
    changed["rpt_map_cells"]["customer_count"] = 4
    blocks = blocks_of(changed)
    assert "98765.43" not in json.dumps([block.as_dict() for block in blocks.values()])
    assert [row[0] for row in table_of(blocks["sales_by_country"]).rows] == ["other countries", "A", "D"]
    assert blocks["sales_by_country"].title.startswith("A brings")
    assert "fewer than 5" in blocks["sales_by_country"].note
    assert blocks["map"].problem
    assert not any("revenue" in heading for heading in table_of(blocks["cohorts"]).headings)


# Words


def test_numbers_are_written_as_people_write_them() -> None:
    assert [words.money(amount) for amount in (1119642, 999_960, 8251690.91, 12345.6, 99.5, 0, -2_500_000)] == [
        "1.12 million",
        "1.00 million",
        "8.25 million",
        "12,346",
        "99.50",
        "0",
        "−2.50 million",
    ]
    assert [words.percent(share) for share in (0, 0.0004, 0.034, 0.0997, 0.82, 0.9996, 1, float("nan"))] == [
        "0 %",
        "under 0.1 %",
        "3.4 %",
        "10 %",
        "82 %",
        "99.9 %",
        "100 %",
        "–",
    ]
    assert [number_text(number, 1) for number in (-0.04, -0.06, 1234.56)] == ["0.0", "−0.1", "1,234.6"]
    assert words.listed([]) == ""
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.label("<b>&") == "&lt;b&gt;&amp;"


def texts_in_code() -> set[Any]:
    """All texts of the report that can be translated; one that depends on a number as singular and plural."""
    found = extract_from_dir(
        str(ROOT / "python_models/shop_toolkit/report"),
        [("**.py", "python"), ("template.html", "jinja2.ext:babel_extract")],
        keywords={"_": None, "gettext": None, "marked": None, "ngettext": (1, 2)},
    )
    strategies = pd.read_csv(ROOT / "seeds/segment_strategies.csv")
    texts = strategies[["segment", "meaning", "goal", "action", "channel", "measure_of_success"]].to_numpy().ravel()
    return {text for _, _, text, _, _ in found} | set(texts)


@pytest.mark.parametrize("code", languages()[1:])
def test_a_catalogue_has_every_text_with_its_named_parts(code: str) -> None:
    with (FOLDER / code / "LC_MESSAGES" / "report.po").open("rb") as file:
        messages = [message for message in read_po(file, locale=code) if message.id]
    translated = {message.id: message.string or "" for message in messages}
    assert set(translated) == texts_in_code()
    for text, others in translated.items():
        originals = [text] if isinstance(text, str) else list(text)
        parts = {frozenset(re.findall(r"{(\w+)}", one)) for one in originals}
        for other in [others] if isinstance(others, str) else others:
            assert other, text
            assert frozenset(re.findall(r"{(\w+)}", other)) in parts, text


def test_a_locale_writes_numbers_money_and_dates_its_own_way() -> None:
    day = pd.Timestamp("2011-12-09")
    written = {}
    for locale, currency in (("en", ""), ("en_GB", "GBP"), ("en_US", "USD"), ("de_DE", "EUR"), ("ru", "RUB")):
        with speaking(Language(locale, currency)):
            texts = [words.money(1119642), words.money(-99.5), words.percent(0.034), words.day_of(day), month(day)]
            written[locale] = [re.sub(r"[\u00a0\u202f]", " ", text) for text in texts]
    assert written == {
        "en": ["1.12 million", "−99.50", "3.4 %", "9 December 2011", "December 2011"],
        "en_GB": ["£1.12 million", "−£99.50", "3.4 %", "9 December 2011", "December 2011"],
        "en_US": ["$1.12 million", "−$99.50", "3.4 %", "December 9, 2011", "December 2011"],
        # Texts are English, and so are names of months.
        "de_DE": ["1,12 million €", "−99,50 €", "3,4 %", "9.12.2011", "December 2011"],
        "ru": ["1,12 млн ₽", "−99,50 ₽", "3,4 %", "9 декабря 2011 г.", "декабрь 2011 г."],
    }


@pytest.fixture(scope="module")
def russian_visit(tables: Tables, demo_shop: Shop, browser: Browser, write_page: Callable[[str], Path]) -> Visit:
    """The embedded shop's report in Russian; tests only read it."""
    with speaking(Language("ru", "RUB")):
        content = render(shop_facts(demo_shop), answered(tables))
    return Visit(browser, write_page(content))


def test_a_russian_page_has_russian_texts_numbers_and_months(
    russian_visit: Visit, tables: Tables, demo_shop: Shop
) -> None:
    seen = russian_visit
    seen.show("overview")
    assert seen.complaints == []
    assert seen.page.get_attribute("html", "lang") == "ru"
    assert seen.page.inner_text("nav li") == "Обзор"
    assert seen.page.inner_text("#actions h3").startswith("Что сделать на этой неделе")
    figure = seen.page.inner_text("#key_figures .value").replace("\u00a0", " ")
    assert re.fullmatch(r"\d+ \d{3} ₽", figure)
    ticks = seen.page.eval_on_selector_all("#sales_by_month .xtick", "all => all.map(one => one.textContent)")
    assert any("янв" in tick for tick in ticks)
    # k and M are English: thousands are written out.
    amounts = seen.page.eval_on_selector_all("#overview .ytick", "all => all.map(one => one.textContent)")
    assert any(re.fullmatch(r"\d+\s\d{3}", amount) for amount in amounts), amounts
    assert [amount for amount in amounts if re.search(r"\d[kMB]$", amount)] == []
    assert seen.page.text_content("#sales_by_month .ytitle") == "выручка (₽)"
    # The default is as if there were no languages.
    assert "₽" not in render(shop_facts(demo_shop), answered(tables))


# Names that look like the project's words, numbers and sentences.
HOSTILE = (
    "VIP 2024", "2024", "LEGO 10000", "Work", "from Italy", "gift, zero", "lost", "zero", "rules", "gift; zero",
    "recall 5", "1 order", "2 orders", "last order today → lost", "mugs: typically 3 orders", "none, other",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_language_changes_the_words_of_the_shop(name: str) -> None:
    strategy = dict.fromkeys(("goal", "action", "channel", "measure_of_success", "rule_text"), name)
    group = f"{name}; small baskets, many orders 2"
    traits = f"45 % of their money goes to {name}, of all customers 20 %; small baskets"
    tables = {
        "segments": pd.DataFrame([strategy | {"segmentation": "custom", "segment": name, "meaning": name}]),
        "segment_transitions": pd.DataFrame([{"segmentation": "custom", "from_segment": name, "to_segment": name}]),
        "rpt_findings": pd.DataFrame([{"segmentation": None, "subject": name}]),
        "product_categories": pd.DataFrame([{"category_name": name}]),
        "interest_groups": pd.DataFrame([{"interest_group": group, "distinguishing_traits": traits}]),
    }
    confused = {"task": "predict next interest", "model": "personal top", "sample_size": 1, "share_of_actual": 1.0}
    with speaking(Language("ru")):
        shown = localised(tables)
        confusion = confusion_table(pd.DataFrame([confused | {"actual": name, "predicted": name}]))
    for table in ("segments", "segment_transitions", "rpt_findings", "product_categories"):
        own = shown[table][tables[table].columns]
        assert own.to_dict() == tables[table].to_dict(), table
    (own_group,) = shown["interest_groups"].to_dict("records")
    assert own_group["interest_group"] == f"{name}; небольшие чеки, много заказов 2"
    assert own_group["distinguishing_traits"].endswith("; небольшие чеки")
    assert f"«{name}»" in own_group["distinguishing_traits"]
    assert confusion.rows[0][2:4] == [name, name]


def test_a_task_is_named_as_the_segmentation_is() -> None:
    assert said("predict rfm segment at day 180") == "predict RFM segment at day 180"
    assert said("rfm segment at day 90, from 2025-06-17") == "RFM segment at day 90, from 2025-06-17"
    assert said("rfm segments of ours") == "rfm segments of ours"


def test_lists_are_named_alike_in_every_language(tables: Tables) -> None:
    """Files are named by the segments' own names."""
    paths = []
    for locale in ("en", "ru"):
        with speaking(Language(locale)):
            blocks = [blocks_of(tables)[f"{name}_cards"] for name in ("broad", "detailed", "rfm")]
        paths.append([path for block in blocks for card in block.cards for _, path in card.files])
    assert paths[0] == paths[1]
    assert "audiences/broad/loyal-customer-ids.csv" in paths[0]


def test_reasons_of_a_choice_name_candidates_in_words() -> None:
    reason = "as good as rfm_plane gaussian_mixture k = 4, which gives more to work with"
    english = "as good as “4 clusters by Gaussian mixture in the principal plane”, which gives more to work with"
    assert reason_words(reason) == english
    with speaking(Language("ru")):
        assert "_" not in reason_words(reason)
        assert "«гауссова смесь, кластеров 4: главная плоскость»" in reason_words(reason)
    assert reason_words("passes; interests kmeans k = 5 is preferred").startswith("passes; “5 clusters by KM")


def test_a_language_changes_the_words_of_the_project() -> None:
    meaning = "VIP 2024: typically 1 order, 1,234 spent, the last 5 days ago"
    segments = pd.DataFrame(
        [
            {"segmentation": "custom", "segment": "other", "meaning": meaning},
            {"segmentation": "rfm", "segment": "lost", "meaning": "last order today → lost"},
        ]
    ).assign(rule_text=lambda rows: rows["meaning"])
    findings = pd.DataFrame([{"segmentation": "broad", "subject": "lost"}])
    with speaking(Language("ru")):
        shown = localised({"segments": segments, "rpt_findings": findings})
        split = said("from 2025-06-17, day 30")
        note = said("a baseline is active: rmse 379.9, combination 380.6 is no better (497 customers)")
    assert list(shown["segments"]["segment"]) == ["прочие", "потерянные"]
    assert (
        shown["segments"]["meaning"][0].replace("\u00a0", " ")
        == "VIP 2024: обычно 1 заказ, потрачено 1 234, последний 5 дн. назад"
    )
    assert shown["segments"]["rule_text"][1] == "последний заказ сегодня → потерянные"
    assert list(shown["rpt_findings"]["subject"]) == ["потерянные"]
    assert split == "с 2025-06-17, день 30"
    assert note.startswith("действует базовый прогноз: rmse 379,9, ")


def suggestions_in_code() -> set[str]:
    """What to do about each doubt, as it is written where doubts are found; what a row fills in is `A`."""
    sql = (ROOT / "models/marts/core/input_warnings.sql").read_text("utf-8")
    found = set()
    for written in re.findall(r"((?:'(?:[^']|'')*'\s*(?:\|\|\s*)?)+)as suggestion", sql):
        found.add("".join(part.replace("''", "'") for part in re.findall(r"'((?:[^']|'')*)'", written)))
    for path in (ROOT / "python_models/shop_toolkit/ingest").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding":
                parts = call.args[-1].values if isinstance(call.args[-1], ast.JoinedStr) else [call.args[-1]]
                for sign in ("point", "comma"):
                    texts = [
                        str(part.value)
                        if isinstance(part, ast.Constant)
                        else (sign if "NAMES" in ast.unparse(part) else "A")
                        for part in parts
                        if isinstance(part, ast.Constant | ast.FormattedValue)
                    ]
                    found.add("".join(texts))
    return found - {""}


def test_each_doubt_has_its_advice_in_every_language() -> None:
    advice = suggestions_in_code() | {
        "They are the last days of the log, and everybody is counted from there. If they are wrong, set plausible_to:"
        " 2011-12-09.",
        "They are the first days of the log. If they are wrong, set plausible_from: 2011-12-09.",
    }
    assert len(advice) > 25
    with speaking(Language("ru")):
        assert {text for text in advice if not re.search("[а-я]", said(text))} == set()
        shown = said(
            "These rows have nothing in 'Zero', but a customer in 'lost'. If that column identifies people, name it in"
            " 'column_mapping'."
        )
    assert "«Zero»" in shown
    assert "«lost»" in shown


@pytest.mark.parametrize(
    "note",
    [
        "a baseline is active: no model could be evaluated",
        "active: accuracy 0.750, the best baseline (majority) 0.500; better by 0.125 at least (95 %, 200 customers)",
        "a baseline is active: rmse 10.0, combination 10.0 is no better (300 customers); these figures are of a shorter"
        " horizon than 180 days",
        "too early to say: 20 customers at the last month end, of whom 3 stopped; 200 and 30 are needed",
        '"over 90 days" was the best at earlier month ends, but its lead at the last one may be chance',
        "40 days of history; training on 90 days, evaluating on 90 and a month before take 210",
        "one origin, newcomers of 30 days, as 200 days of history hold no more; 45 days ahead are evaluated too",
        "2 of 3 origins, as 200 days of history hold no more", "3 of 3 origins",
        "2 of 3 origins, and one in the same season a year before", "one class only: there is nothing to distinguish",
        "season known: the same 90 days a year before brought 1,000 (the shape is that of 3 years), counted with a"
        " growth of -5.2 % by 4 like-for-like weeks",
        "season known: the same 90 days a year before brought 1, counted with a growth of +5.2 % by 1 like-for-like"
        " week",
    ],
)  # fmt: skip
def test_rare_notes_of_evaluations_are_translated(note: str) -> None:
    with speaking(Language("ru")):
        shown = said(note)
    assert not re.search("[a-z]{4,}", shown.replace("rmse", "")), shown


def title_of_cohorts(again: int) -> str:
    months = [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01")]
    rows = [
        {"cohort_month_start_date": first, "months_since_first": later, "cohort_customer_count": 100}
        | {"active_customer_count": again if later else 100, "retention": again / 100, "is_complete": True}
        for first in months
        for later in (0, 1)
    ]
    return cohorts(pd.DataFrame(rows)).title


def test_the_numbers_of_figures_are_whole_where_they_count() -> None:
    days = {"period_days": 90, "as_of_date": pd.Timestamp("2024-03-09"), "chart": "sales_by_month"}
    amounts = {"revenue": (1234.5, 75.0), "order_count": (1075.0, None)}
    rows = [
        days | {"finding": name, "amount": now, "previous_amount": before, "year_before_amount": None}
        for name, (now, before) in amounts.items()
    ]
    table = first.key_figures(pd.DataFrame(rows), 0).table
    assert table
    cells = [[shown(cell, kind) for cell, kind in zip(row, table.kinds, strict=True)] for row in table.rows]
    assert cells == [["revenue", "1,234.50", "75.00", "–"], ["orders", "1,075", "–", "–"]]


def test_a_sum_of_floats_is_rounded_as_its_amount_is() -> None:
    assert words.money(3093.4999999999995) == words.money(3093.5) == "3,094"


@pytest.mark.parametrize(
    ("customers", "held_out", "are_held_out", "reason"),
    [
        (59, 0, True, "each group needs 30 customers, and these are fewer than 60"),
        (60, 0, False, "the setting control_share is 0"),
        # Who was held out when the list was drawn has left it.
        (90, 29, True, "each group needs 30 customers, and of the list as it is now the smaller one has 29"),
        (59, 30, True, "the smaller one has 29"),
        (60, 0, True, "the smaller one has 0"),
        (60, 30, True, "add the row of its campaign"),
    ],
)
def test_an_action_says_why_it_cant_be_measured(customers: int, held_out: int, are_held_out: bool, reason: str) -> None:
    row: dict[Hashable, Any] = {"customer_count": customers, "control_customer_count": held_out}
    assert first.how_to_measure(row, False, are_held_out).count(reason) == 1
    segments = pd.DataFrame({"control_customer_count": [None, 3 if are_held_out else 0]})
    assert first.holds_out({"rpt_segments": segments}) == are_held_out


def test_a_campaign_to_customers_by_their_ids_names_none_of_them(tables: Tables) -> None:
    results = tables["campaign_results"].assign(condition="Customer_ID in ('ann@shop.example')")
    cards = blocks_of(dict(tables) | {"campaign_results": results})["campaign_results"].cards
    assert cards
    for card in cards:
        assert card.texts[0][0] == "Who"
        assert card.texts[0][1].endswith("customers whom its row names by their ids")
        assert "ann@" not in str(card)


def test_bounds_say_that_all_amounts_are_withheld() -> None:
    cuts = pd.DataFrame(
        {"score_group": "", "measure": "frequency", "cut_number": [1, 2], "cut_point": [1.0, 2.0], "is_set": False}
    )
    assert bounds_of_scores(cuts).note.endswith("not shown around scores of fewer than 5 customers.")


def title_of_days(days: int) -> str:
    figure = {"finding": "revenue", "amount": 9.0, "previous_amount": None, "year_before_amount": None}
    row = figure | {"period_days": days, "as_of_date": pd.Timestamp("2024-03-09"), "chart": "sales_by_month"}
    return first.key_figures(pd.DataFrame([row]), 0).title.partition(":")[0]


def words_of_cancelled(days: int) -> str:
    row: dict[Any, Any] = {"share": 0.1, "amount": 9.0, "of_amount": 90.0, "period_days": days, "baseline_share": None}
    return first.cancelled(row)[0].partition(":")[0]


@pytest.mark.parametrize(
    ("said_of", "number", "english", "russian"),
    [
        (title_of_days, 1, "The last 1 day", "Последний 1 день"),
        (title_of_days, 3, "The last 3 days", "Последние 3 дня"),
        (title_of_days, 30, "The last 30 days", "Последние 30 дней"),
        (words_of_cancelled, 1, "in the last 1 day was", "за последний 1 день"),
        (words_of_cancelled, 3, "in the last 3 days was", "за последние 3 дня"),
        (words_of_cancelled, 7, "in the last 7 days was", "за последние 7 дней"),
        (title_of_cohorts, 1, "1 orders again", "снова заказывает 1"),
        (title_of_cohorts, 21, "21 order again", "снова заказывает 21"),
        (title_of_cohorts, 2, "2 order again", "снова заказывают 2"),
    ],
)
def test_a_number_decides_how_a_sentence_goes_on(
    said_of: Callable[[int], str], number: int, english: str, russian: str
) -> None:
    assert english in said_of(number)
    with speaking(Language("ru")):
        assert russian in said_of(number)


def test_hours_are_written_as_on_a_clock_in_russian(tables: Tables) -> None:
    with speaking(Language("ru")):
        title = blocks_of(tables)["sales_by_weekday_and_hour"].title
    assert re.search(r"с \d+:00 до \d+:00 – [\d,]+ % всех заказов", title.replace("\u00a0", " "))


@pytest.mark.parametrize("locale", ["en_GB", "de_DE"])
def test_a_locale_without_a_catalogue_has_figures_with_its_numbers(
    locale: str, tables: Tables, demo_shop: Shop, browser: Browser, write_page: Callable[[str], Path]
) -> None:
    with speaking(Language(locale, "EUR")):
        content = render(shop_facts(demo_shop), answered(tables))
    seen = Visit(browser, write_page(content), 420)
    assert seen.complaints == []
    assert seen.overflow() <= 0
    drawn = seen.page.eval_on_selector_all("#overview .plot", "all => all.map(one => !!one.querySelector('.main-svg'))")
    assert drawn == [True] * 4
    ticks = seen.page.eval_on_selector_all("#sales_by_month .xtick", "all => all.map(one => one.textContent)")
    assert any(re.search("[A-Z][a-z]{2}", tick) for tick in ticks), ticks


def all_texts(seen: Visit) -> set[str]:
    """Every text that somebody can see: of all tabs and segmentations, with figures and open tables, and on hover."""
    seen.page.eval_on_selector_all("details", "all => all.forEach(details => details.open = true)")
    for tab in SECTIONS:
        seen.show(tab.name)
        for segmentation in ("broad", "detailed", "rfm"):
            if seen.page.locator(f"#{tab.name} .switch input[value={segmentation}]").count():
                seen.choose(segmentation)
    # What was drawn stays in the page when it is hidden.
    assert seen.page.locator(".plot:not(:has(.main-svg))").count() == 0
    return set(
        seen.page.evaluate("""() => {
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
            while (walker.nextNode()) {
                const text = walker.currentNode;
                if (!text.parentElement.closest('script, style')) found.push(text.data);
            }
            for (const one of document.querySelectorAll('[aria-label]')) found.push(one.ariaLabel);
            for (const plot of document.querySelectorAll('.plot')) {
                for (const trace of plot.data || []) {
                    const parts = [trace, trace.node, trace.link].filter(Boolean);
                    found.push(...parts.map((part) => part.hovertemplate || ''));
                }
            }
            return found;
        }""")
    )


def words_of(texts: Iterable[Any]) -> set[str]:
    """The English words of texts, in lower case: without paths of files, and without what Plotly fills in."""
    plain = (re.sub(r"%{[^}]*}|\w+/\S+", "", str(text).lower()) for text in texts)
    return set(itertools.chain(*(re.findall(r"(?<!\w)[a-z]{3,}(?!\w)", text) for text in plain)))


def test_a_russian_page_says_nothing_in_english(russian_visit: Visit, tables: Tables) -> None:
    """Of the words of the English catalogue: but for what the shop itself wrote, and names of tables and settings."""
    texts = all_texts(russian_visit)
    # Brackets within brackets, and a full stop after "31 декабря 2025 г."
    assert [text for text in texts if re.search(r"\([^()]*\(|[^.]\.\.(?!\.)", text)] == []
    with (FOLDER / "ru" / "LC_MESSAGES" / "report.po").open("rb") as file:
        messages = [message for message in read_po(file, locale="ru") if message.id]
    flat = [
        [one for text in texts for one in ([text] if isinstance(text, str) else list(text or []))]
        for texts in ([message.id for message in messages], [message.string for message in messages])
    ]
    parts = re.compile(r"{\w+}")
    english, russian = (words_of(parts.sub("", text) for text in texts) for texts in flat)
    data = [
        tables["product_categories"][["category_name", "top_terms"]], tables["sales_by_country"][["country"]],
        tables["campaign_results"][["campaign", "condition"]], tables["prediction_confusion"][["actual", "predicted"]],
    ]  # fmt: skip
    written = words_of(itertools.chain(*(table.to_numpy().ravel() for table in data)))
    # Of the demo's candidates; a name of an algorithm or a space is that of a setting.
    written |= words_of(tables["cluster_candidates"]["algorithm"]) | words_of(tables["cluster_candidates"]["space"])
    assert len(english) > 500
    said = {text for text in texts if words_of([text]) & (english - russian - written - {"extra", "rmse"})}
    assert said == set()


def test_a_long_title_beside_a_low_figure_is_not_cut_off(russian_visit: Visit) -> None:
    russian_visit.show("models/stabilities")
    beyond = russian_visit.page.eval_on_selector_all(
        "#stabilities .plot",
        """all => all.map(plot => {
            const [figure, title] = ["svg", ".ytitle"].map(name => plot.querySelector(name).getBoundingClientRect());
            return Math.max(figure.top - title.top, title.bottom - figure.bottom);
        })""",
    )
    assert len(beyond) >= 4
    assert max(beyond) <= 0


# Shops with little to show


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
        == "Most orders are placed on Tuesdays from 12 to 13 o'clock: 100 % of all"
    )
    # a log of days: nothing is said of hours
    by_day = days.assign(order_count=days["weekday_number"].map({2: 3, 5: 1}).fillna(0).astype(int))
    days = blocks_of(one | {"sales_by_weekday": by_day, "sales_by_weekday_and_hour": hours.head(0)})
    assert days["sales_by_weekday_and_hour"].title == "Most orders are placed on Tuesdays: 75 % of all"
    assert "hour" not in json.dumps(days["sales_by_weekday_and_hour"].panels[0].data)
    assert days["sales_by_weekday_and_hour"].panels[0].data[0]["y"] == [0, 3, 0, 0, 1, 0, 0]
    assert blocks["sales_by_country"].title == "All revenue is from one country: Norway"
    assert blocks["cleaning_rows"].title == "100 % of 1 rows are usable sales"
    assert blocks["segment_sizes"].title == "All customers are one segment, all customers: there is nothing to compare"
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
    ("index", "title"),
    [
        (0.09, "On 31 January 2024 nothing has drifted: every index is below 0.1"),
        (0.1, "On 31 January 2024 the recency score has moved (index 0.10), not far enough for new rules"),
        (0.25, "On 31 January 2024 the recency score has moved (index 0.25), not far enough for new rules"),
        (0.26, "On 31 January 2024 the recency score has shifted (index 0.26): it is time for new rules"),
    ],
)
def test_the_title_of_drift_is_the_worst_measure_of_the_last_day(tables: Tables, index: float, title: str) -> None:
    measures = tables["segment_drift"].drop_duplicates("measure")
    before = measures.assign(as_of_date=pd.Timestamp("2023-12-31"), population_stability_index=3.0)
    today = measures.assign(
        as_of_date=pd.Timestamp("2024-01-31"), population_stability_index=0.0, drift_status="stable"
    )
    today.loc[today["measure"] == "recency_score", "population_stability_index"] = index
    assert blocks_of(tables | {"segment_drift": pd.concat([before, today])})["drift"].title == title
    # compared with itself, a day says nothing
    today["drift_status"] = "baseline"
    title = "The rules were fitted on 31 January 2024: from then on customers can drift"
    assert blocks_of(tables | {"segment_drift": pd.concat([before, today])})["drift"].title == title


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


GAINS = ("gain", "gain_lower_bound", "gain_upper_bound")


@pytest.mark.parametrize(
    ("evidence", "customers", "why"),
    [
        ("better", 300, "Better than the best baseline by 5.0 percentage points at least (95 % sure), on"
         " 300 customers."),
        ("too few customers", 74, "Too early to say whether the best learned model, “random forest”, is better: 74"
         " customers were evaluated, 200 are needed."),
        ("no better", 300, "The best learned model, “random forest”, was no better, on 300 customers."),
        ("may be chance", 300, "The best learned model, “random forest”, was between 5.0 percentage points"
         " worse and 20.0 percentage points better than the best baseline (90 % interval) on 300 customers: that may be"
         " chance."),
        ("may be chance", 301, "The best learned model, “random forest”, was as good as the best baseline or up to"
         " 20.0 percentage points better (90 % interval) on 301 customers: that may be chance."),
        ("may be chance", 302, "The best learned model, “random forest”, was as good as the best baseline (90 %"
         " interval) on 302 customers: any difference may be chance."),
        ("not evaluated", 0, "No learned model could be evaluated."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("horizon", ["180", "90"])
def test_a_card_says_why_a_model_is_in_use(evidence: str, customers: int, why: str, horizon: str) -> None:
    """By the evidence of the mart, and also where a short history was evaluated at half the horizon."""
    is_baseline = evidence != "better"
    # One that rounds to nothing is no number of percentage points.
    high = 0.0004 if customers == 302 else 0.2
    low = -0.0004 if customers in {301, 302} else -0.05 if is_baseline else 0.05
    used = {
        "task": "predict broad segment at day 180", "model": "majority" if is_baseline else "random_forest",
        "metric": "accuracy", "split": "today", "evidence": evidence, "value": 0.5, "sample_size": 300,
        "is_baseline": is_baseline, "note": "why",
    }  # fmt: skip
    known = [
        used | {"task": f"predict {segments} segment at day {horizon}", "model": "random_forest", "metric": metric,
                "split": "all origins", "value": value, "sample_size": customers}
        for segments, gains in (("detailed", (0.9, 0.8, 0.99)), ("broad", (0.1, low, high)))
        for metric, value in zip(GAINS, gains, strict=True)
        if evidence != "not evaluated"
    ]  # fmt: skip
    block = models_in_use(pd.DataFrame([used, *known]), 200)
    (card,) = block.cards
    assert (card.title, card.texts) == ("Broad segment at day 180", [[why, ""]])
    assert card.lead == ("By “majority”, a baseline" if is_baseline else "By “random forest”, a learned model")


def test_the_report_defines_a_cause_once(tables: Tables) -> None:
    note = blocks_of(tables)["change_causes"].note
    ((_id, _name, meaning),) = glossary(["cause"])
    assert meaning.startswith("The step")
    assert "step" not in note


def test_the_models_in_use_are_those_of_the_mart(tables: Tables) -> None:
    today = tables["model_evaluations"].query("split == 'today'")
    rows = blocks_of(tables)["models_in_use"].table
    assert rows
    assert sorted(row[1] for row in rows.rows) == sorted(model.replace("_", " ") for model in today["model"])


def test_bounds_of_scores_are_where_scores_change(tables: Tables, demo_shop: Shop) -> None:
    """Each score's bounds, read back from the page, hold the least and the greatest value of its customers."""
    cards = {card.title: dict(card.facts) for card in blocks_of(tables)["cut_points"].cards}
    for title, name, column in (
        ("Days since the last order", "recency", "recency_days"),
        ("Orders", "frequency", "frequency"),
        ("Spent", "monetary", "monetary"),
    ):
        known = demo_shop.rows(f"""
            select {name}_score, min({column})::double, max({column})::double from customers
            where {name}_score is not null group by 1 order by 1
        """)
        assert len(cards[title]) == len(known)
        for score, least, most in known:
            text = cards[title][f"score {score}"]
            ends = [float(number.replace(",", "")) for number in re.findall(r"[\d,.]+", text)]
            # Amounts are rounded to whole ones.
            rounded = 0.5 if column == "monetary" else 0
            low = -math.inf if text.startswith("up to") else ends[0] - rounded
            high = math.inf if text.startswith("over") and " to " not in text else ends[-1] + rounded
            assert low <= least <= most <= high, (title, score, text)
            assert not text.startswith("over") or least > low
            assert column != "monetary" or all(end == round(end) for end in ends)


def with_monetary_scores(tables: Tables, counts: Sequence[int]) -> pd.DataFrame:
    """rpt_score_cells with so many customers by monetary score, from 1 on; a score that nobody has is no row."""
    cells = tables["rpt_score_cells"]
    rows = [{"monetary_score": score, "customer_count": number} for score, number in enumerate(counts, 1) if number]
    return pd.concat([cells[cells["monetary_score"].isna()], pd.DataFrame(rows)], ignore_index=True)


def test_bounds_of_few_show_no_money(tables: Tables) -> None:
    few = dict(tables) | {"rpt_score_cells": with_monetary_scores(tables, [24])}
    assert [card.title for card in blocks_of(few)["cut_points"].cards] == ["Days since the last order", "Orders"]


@pytest.mark.parametrize(
    ("counts", "withheld"),
    [
        ((9, 5, 9, 9, 9), []),
        ((9, 4, 9, 9, 9), [1, 2, 3]),
        ((9, 9, 9, 9, 1), [4, 5]),
        # Nobody has the score beside it: the bound behind shows what they spent, too.
        ((3, 0, 9, 9, 9), [1, 2, 3]),
        ((20, 9, 0, 0, 2), [2, 3, 4, 5]),
        ((9, 0, 9, 9, 9), []),
    ],
)  # fmt: skip
def test_bounds_around_scores_of_few_show_no_money(
    tables: Tables, counts: tuple[int, ...], withheld: list[int]
) -> None:
    cuts = pd.DataFrame(
        {"score_group": "", "measure": "monetary", "cut_number": [1, 2, 3, 4], "cut_point": [9.99, 100.5, 1234.56, 2e6]}
    )
    changed = dict(tables) | {"rfm_cut_points": cuts, "rpt_score_cells": with_monetary_scores(tables, counts)}
    (card,) = blocks_of(changed)["cut_points"].cards
    known = ["up to 10", "over 10 to 100", "over 100 to 1,235", "over 1,235 to 2.00 million", "over 2.00 million"]
    assert [words for _score, words in card.facts] == [
        "not shown" if score in withheld else known[score - 1] for score in (5, 4, 3, 2, 1)
    ]


def test_bounds_that_the_shop_has_set_are_shown_as_they_are(tables: Tables) -> None:
    """They are what nobody has spent, however few customers lie between them."""
    settings = {"rfm_cut_points": {"monetary": [49.5, 1234.56], "frequency": 3}}
    cuts = pd.DataFrame({"score_group": "", "measure": "monetary", "cut_number": [1, 2], "cut_point": [49.5, 1234.56]})
    changed = dict(tables) | {
        "segment_rules": tables["segment_rules"].assign(settings=json.dumps(settings)),
        "rfm_cut_points": cuts, "rpt_score_cells": with_monetary_scores(tables, [1, 2, 1]),
    }  # fmt: skip
    block = blocks_of(changed)["cut_points"]
    assert [words for _score, words in block.cards[0].facts] == [
        "over 1,234.56", "over 49.50 to 1,234.56", "up to 49.50",
    ]  # fmt: skip
    assert "rounded" not in block.note
    quantiles = tables["segment_rules"].assign(settings=json.dumps({"rfm_cut_points": {"monetary": 3}}))
    assert "cut_points" not in {
        block.name for block in blocks_of(changed | {"segment_rules": quantiles}).values() if block.cards
    }
    assert [row["bounds"] for row in bounds(cuts.assign(cut_point=[50.0, 1000.0], is_set=True))] == [
        "up to 50", "over 50 to 1,000", "over 1,000",
    ]  # fmt: skip


def test_equal_cut_points_leave_a_score_without_bounds() -> None:
    cuts = pd.DataFrame(
        {"score_group": "", "measure": "frequency", "cut_number": [1, 2, 3, 4], "cut_point": [1.0, 1.0, 2.0, 5.0]}
    )
    assert [(row["score"], row["bounds"]) for row in bounds(cuts)] == [
        (1, "up to 1"), (3, "2"), (4, "3 to 5"), (5, "over 5"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cut_points", "expected"),
    [
        ([0.0, 40.4], ["up to 0", "over 0 to 40", "over 40"]),
        ([100.2, 100.4], ["up to 100.2", "over 100.2 to 100.4", "over 100.4"]),
        ([0.02, 0.04], ["up to 0.02", "over 0.02 to 0.04", "over 0.04"]),
        ([1.231e6, 1.234e6], ["up to 1,231,000.0", "over 1,231,000.0 to 1,234,000.0", "over 1,234,000.0"]),
    ],
)
def test_bounds_of_money_that_differ_are_written_so(cut_points: list[float], expected: list[str]) -> None:
    cuts = pd.DataFrame({"score_group": "", "measure": "monetary", "cut_number": range(1, 3), "cut_point": cut_points})
    assert [row["bounds"] for row in bounds(cuts.assign(is_set=False))] == expected


def test_the_first_screen_counts_doubts_about_the_input(tables: Tables) -> None:
    words = "2 things in the input could not be decided: the tab Data quality says what to do."
    doubt = {
        "kind": "unused_columns",
        "column_name": "a",
        "row_count": 1,
        "amount": 1.0,
        "suggestion": "",
        "example": "",
    }
    changed = dict(tables) | {"input_warnings": pd.DataFrame([doubt, doubt])}
    assert blocks_of(changed)["key_figures"].note.endswith(words)
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


def test_no_segment_is_called_the_largest_where_one_that_is_withheld_could_be() -> None:
    ranks = pd.DataFrame(
        {
            "segment": ["loyal", "at risk", "lost"],
            "overdue_customer_count": [3, 9, 6],
            "customer_count": [10, 10, 10],
            "spend_to_date": [None, None, 400.0],
            "expected_loss": [None, None, 40.0],
        }
    )
    title = "18 customers (60 %) are away for longer than usual; "
    assert alert_blocks.overdue_title(ranks, "broad", 900.0) == title + "they have spent 900"
    assert alert_blocks.overdue_title(ranks, "broad", 800.0).startswith(
        title + "50 % of the 800 that they have spent comes"
    )
    assert "90.00 is likely to be lost: the spend" in alert_blocks.loss_sentence(ranks, 90.0)
    assert "most of it (40.00) in the segment “lost”" in alert_blocks.loss_sentence(ranks, 80.0)


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


def test_the_title_of_calibration_names_the_worst_task_and_the_direction(tables: Tables) -> None:
    today = tables["model_evaluations"].head(1).assign(split="today", evidence="better", is_baseline=False)
    tasks = ("predict a", "predict b")
    evaluations = pd.concat([today.assign(task=task, model="tree") for task in tasks])
    evaluations = pd.concat([evaluations, *(evaluations.assign(split="all origins", metric=gain) for gain in GAINS)])
    points = pd.DataFrame(
        {
            "task": [tasks[0], tasks[0], tasks[1]],
            "model": "tree",
            "measure": "confidence",
            "bin": [1, 2, 1],
            # a is off by 0.2 in both directions, b by 0.1 in one
            "predicted": [0.5, 0.9, 0.8],
            "observed": [0.7, 0.7, 0.7],
            "sample_size": [50, 50, 10],
        }
    )
    changed = tables | {"model_evaluations": evaluations, "prediction_calibration": points}
    title = "The model for b is too sure: its confidence is 80 % and it is right in 70 %; the others are nearer"
    assert blocks_of(changed)["calibration"].title == title


def test_the_report_counts_only_tasks_with_evidence(tables: Tables) -> None:
    """Tasks of which it is too early to say are named, and neither won nor lost; no other title speaks of them."""
    today = tables["model_evaluations"].head(1).assign(split="today", model="tree", metric="accuracy", value=0.5)
    figures = today.assign(split="all origins", note="n")
    # How much the model gained, on how many customers: b's lost, c's is ahead and e's behind on too few; no model of d
    # could be evaluated.
    gains = {
        "predict a at day 180": (0.1, 200, "better"), "predict b": (0.0, 200, "no better"),
        "predict d": (None, 0, "not evaluated"), "predict c at day 180": (0.1, 200, "may be chance"),
        "predict e": (-0.1, 199, "too few customers"),
    }  # fmt: skip
    rows = [
        today.assign(task=task, note="n", evidence=evidence, is_baseline=evidence != "better")
        for task, (_, _, evidence) in gains.items()
    ]
    rows += [figures.assign(task=task) for task in [*gains, "predict c at day 90"]]
    rows += [
        figures.assign(task=task, metric=metric, value=gain, sample_size=customers)
        for task, (gain, customers, _) in gains.items()
        for metric in GAINS
        if gain is not None
    ]
    # c was further off than a, and more often wrong: at any horizon.
    points = pd.DataFrame(
        {
            "task": ["predict a at day 180", "predict c at day 90", "predict c at day 180"],
            "model": "tree", "measure": "confidence", "bin": 1, "predicted": [0.8, 0.9, 0.9],
            "observed": [0.7, 0.1, 0.1], "sample_size": 13,
        }
    )  # fmt: skip
    confused = pd.DataFrame(
        [("predict a at day 180", "new", "lost", 1), ("predict c at day 90", "old", "new", 9)],
        columns=["task", "actual", "predicted", "sample_size"],
    ).assign(model="tree", share_of_actual=1.0)
    changed = tables | {
        "model_evaluations": pd.concat(rows), "prediction_calibration": points, "prediction_confusion": confused,
    }  # fmt: skip
    blocks = blocks_of(changed)
    assert blocks["evaluations"].title == (
        "Models beat the best baseline in 1 of 2 tasks; a baseline predicts b; too early to say: c at day 180, d and e"
    )
    assert blocks["calibration"].title.startswith("The model for a at day 180 is too sure")
    assert "the others" not in blocks["calibration"].title
    assert blocks["confusion"].title.startswith("The commonest mistake: “lost” was predicted and “new” observed")
    early = pd.concat([row for row in rows if row["task"].iloc[0][8] in "cde"])
    titles = {name: block.title for name, block in blocks_of(changed | {"model_evaluations": early}).items()}
    assert titles["evaluations"] == "Too early to say whether models beat their baselines: c at day 180, d and e"
    only = confused[confused["task"].str.contains(" c ")]
    block = blocks_of(changed | {"prediction_confusion": only})["confusion"]
    assert block.title == "What is confused with what"


def test_the_title_of_the_confusion_names_no_cluster_without_a_name(tables: Tables) -> None:
    rows = pd.DataFrame(
        [
            ("predict broad segment", "tree", "broad cluster 0", "broad cluster 1", 30, 1.0),
            ("predict rfm segment", "tree", "new", "lost", 10, 1.0),
        ],
        columns=["task", "model", "actual", "predicted", "sample_size", "share_of_actual"],
    )
    title = blocks_of(tables | {"prediction_confusion": rows})["confusion"].title
    assert title == "The commonest mistake: “lost” was predicted and “new” observed (10 times, rfm segment)"
    assert (
        blocks_of(tables | {"prediction_confusion": rows.head(1)})["confusion"].title
        == "0 % of the predictions are right"
    )


def test_clusterings_off_the_axis_are_counted_in_the_note(tables: Tables) -> None:
    block = blocks_of(tables)["silhouettes"]
    candidates = tables["cluster_candidates"].dropna(subset=["silhouette"])
    left_out = int((candidates["k"] > 10).sum())
    assert left_out
    assert f"{left_out} clusterings into more than 10 clusters" in block.note
    for panel in block.panels:
        low, high = panel.layout["xaxis"]["range"]
        assert all(low < k < high for trace in panel.data for k in trace["x"])
    drawn = sum(len(trace["x"]) for panel in block.panels for trace in panel.data if "name" in trace)
    assert drawn == len(candidates) - left_out
    overruled = candidates.sort_values("silhouette").drop_duplicates("segmentation", keep="last")
    reasons = overruled.loc[~overruled["is_chosen"], "reason"]
    assert len(reasons)
    assert all(f"not chosen: {reason}" in block.title for reason in reasons)


def test_profiles_are_compared_by_what_they_spend(tables: Tables) -> None:
    profiles = tables["rpt_segments"].copy()
    lost = profiles["segment"] == "lost"
    # Nobody is less recent or orders less often, but they spend most.
    profiles["monetary_rank"] = profiles["monetary_rank"].astype(float).mask(lost, 0.99)
    title = blocks_of(tables | {"rpt_segments": profiles})["broad_profiles"].title
    assert title.startswith("Broad segments: lost outspend 99 % of all customers")


def test_countries_of_similar_revenue_have_an_axis_too(tables: Tables) -> None:
    alike = tables["sales_by_country"].head(2).assign(country=["A", "B"], customer_count=50, revenue=[300.0, 700.0])
    assert blocks_of(tables | {"sales_by_country": alike})["sales_by_country"].panels[0].layout["xaxis"]["range"] == [
        2,
        3,
    ]


def test_a_log_without_countries_is_not_from_one_country(tables: Tables) -> None:
    one = tables["sales_by_country"].head(1).assign(country="not logged", customer_count=50, revenue=700.0)
    block = blocks_of(tables | {"sales_by_country": one})["sales_by_country"]
    assert block.title == "Sales by country"
    assert "doesn't say in which country" in block.problem


def test_predictions_that_could_not_be_evaluated_do_not_count_as_lost(tables: Tables) -> None:
    evaluations = tables["model_evaluations"]
    in_sample = evaluations[evaluations["task"].str.endswith("(in-sample)")]
    today = evaluations[evaluations["split"] == "today"].assign(
        is_baseline=True, model="majority", value=None, evidence="not evaluated"
    )
    origins = today.head(1).assign(split="all origins", metric="origins", value=0.0, note="30 days of history take 210")
    changed = tables | {"model_evaluations": pd.concat([in_sample, origins, today])}
    block = blocks_of(changed)["evaluations"]
    assert block.title == "No prediction could be evaluated yet: 30 days of history take 210"
    assert len(block.panels) == in_sample["task"].nunique()


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
