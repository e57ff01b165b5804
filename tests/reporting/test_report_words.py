"""Numbers, words and languages of the report."""

import ast
import itertools
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from conftest import ROOT, Shop, warning_queries
from playwright.sync_api import Browser
from report_pages import Tables, Visit, answered, blocks_of, shop_facts
from shop_toolkit.report import words
from shop_toolkit.report.data_texts import localised, own_texts, said
from shop_toolkit.report.language import FOLDER, Language, languages, number_text, speaking
from shop_toolkit.report.months import month
from shop_toolkit.report.page import page as render
from shop_toolkit.report.sections import SECTIONS, first
from shop_toolkit.report.sections.choice import reason_words
from shop_toolkit.report.sections.predictions import confusion_table
from shop_toolkit.report.sections.sales import cohorts


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
        of_today = localised({"segments": segments.assign(meaning=meaning.replace("5 days ago", "today"))})
    assert of_today["segments"]["meaning"][0].endswith("потрачено 1\u00a0234, последний сегодня")
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
    found = set()
    for written in re.findall(r"((?:'(?:[^']|'')*'\s*(?:\|\|\s*)?)+)as suggestion", warning_queries()):
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


def test_every_kind_of_doubt_about_the_input_has_words() -> None:
    """Those that the demo's input leaves out, too."""
    modules = "".join(file.read_text("utf-8") for file in (ROOT / "python_models/shop_toolkit/ingest").glob("*.py"))
    kinds = {*re.findall(r'Finding\(\s*"(\w+)"', modules), *re.findall(r"'(\w+)' as kind", warning_queries())}
    assert len(kinds) > 30
    assert {kind for kind in kinds if kind.replace("_", " ") not in own_texts()} == set()


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
