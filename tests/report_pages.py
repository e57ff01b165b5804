"""The pages and tables of the report that tests of it share; a real browser visits them. A plugin of pytest."""

import csv
import io
import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pandas as pd
import pytest
from conftest import Shop
from playwright.sync_api import Browser, Page, sync_playwright
from shop_toolkit.report.charts import Block, Table
from shop_toolkit.report.language import CURRENT, Language, speaking
from shop_toolkit.report.page import key_figures
from shop_toolkit.report.sections import SECTIONS, answers
from shop_toolkit.report.sections.customer_map import CELLS, POINTS
from shop_toolkit.report.sections.movement import CHANGES

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


def table_of(block: Block) -> Table:
    assert block.table is not None
    return block.table
