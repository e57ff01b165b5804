"""The page: blocks become HTML, figures become JSON in it, and one script draws them. It makes no request."""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import jinja2
from markupsafe import Markup

from shop_toolkit.report.charts import shown
from shop_toolkit.report.glossary import glossary
from shop_toolkit.report.language import CURRENT, ENGLISH, gettext, month_names, ngettext
from shop_toolkit.report.segmentations import SEGMENTATIONS
from shop_toolkit.report.words import count, day_of, money, percent, sentence

FOLDER = Path(__file__).resolve().parent
# Plotly adds an empty style element and fills it rule by rule, which a policy allows by the hash of nothing.
NO_STYLE = ""
# Shorter tables need no search.
ROWS_TO_SEARCH = 12
FIGURES_OF_ORDERS = """
    count(*) as order_count,
    cast(coalesce(sum(units - cancelled_units), 0) as double) as units,
    cast(coalesce(sum(revenue), 0) as double) as revenue,
    min(order_date) as first_order_date,
    max(order_date) as last_order_date
"""
FIGURES_OF_CUSTOMERS = """
    count(*) as customer_count,
    count(*) filter (where frequency > 1) as repeat_customer_count,
    count(*) filter (where frequency > 0) as net_customer_count,
    max(as_of_date) as as_of_date
"""


@cache
def plotly_bundle() -> str:
    """Plotly's script, from its package."""
    return resources.files("plotly").joinpath("package_data", "plotly.min.js").read_text(encoding="utf-8")


@cache
def packed(bundle: str) -> str:
    """The script as the page unpacks it: a third of its size, compressed by zlib and written in base 64."""
    return base64.b64encode(zlib.compress(bundle.encode(), level=9)).decode()


def style_not_needed(bundle: str) -> str | None:
    """The id of the style element that Plotly adds for world maps, unless the page has an element of this id."""
    found = re.search(r'getElementById\("([0-9a-f]{64})"\)', bundle)
    return found[1] if found else None


def source_hash(text: str) -> str:
    """How a content security policy names an inline script or style."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def data_of(value: Any) -> Markup:
    """JSON for a script element; no sign in it can end the element or begin another."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)


def colour_names(sections: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """A CSS class by colour of a card or legend: the policy allows no style attributes."""
    blocks = [block for section in sections for block in section["blocks"]]
    colours = [card["colour"] for block in blocks for card in block["cards"]]
    colours += [colour for block in blocks for _, colour, _ in block["legend"]]
    return {colour: f"colour-{place}" for place, colour in enumerate(sorted(set(filter(None, colours))))}


def key_figures(orders: duckdb.DuckDBPyRelation, customers: duckdb.DuckDBPyRelation) -> dict[str, Any]:
    """The key figures of the shop by name; of a shop without orders its dates are None.

    Args:
        orders: The mart of that name.
        customers: The mart of that name.
    """
    counted = (orders.aggregate(FIGURES_OF_ORDERS), customers.aggregate(FIGURES_OF_CUSTOMERS))
    return {
        name: value
        for relation in counted
        for name, value in zip(relation.columns, relation.fetchall()[0], strict=True)
    }


def facts_of(shop: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of what the page says of the shop; `shop` as `key_figures` gives it."""
    orders, customers = shop["order_count"] or 0, shop["customer_count"] or 0
    facts = [
        (gettext("revenue"), money(shop["revenue"])),
        (gettext("orders"), count(orders)),
        (gettext("customers"), count(customers)),
    ]
    if orders:
        facts.append((gettext("mean order"), money(shop["revenue"] / orders)))
    if shop["net_customer_count"]:
        again = shop["repeat_customer_count"] / shop["net_customer_count"]
        facts.append((gettext("ordered again"), percent(again)))
    return facts


def segmentations_of(section: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Key and name of the segmentations that a tab shows one at a time; none where it shows them together."""
    used = {panel["segmentation"] for block in section["blocks"] for panel in block["panels"]}
    used |= {block["segmentation"] for block in section["blocks"]}
    used |= {key for block in section["blocks"] for key in block["titles"]}
    names = [(key, sentence(gettext(words))) for key, words in SEGMENTATIONS.items() if key in used]
    return names if len(names) > 1 else []


def places_of(sections: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The address of each block in the page, such as `customers/segment_sizes`."""
    return {block["name"]: f"{section['name']}/{block['name']}" for section in sections for block in section["blocks"]}


def texts_of_script() -> dict[str, Any]:
    """What the page's script needs to write: names of months, separators, and sentences."""
    texts: dict[str, Any] = {
        "found": gettext("{found} of {all} rows"),
        "auto": gettext("Colours: automatic"),
        "light": gettext("Colours: light"),
        "dark": gettext("Colours: dark"),
    }
    if CURRENT.get().locale != ENGLISH:
        sample = count(1000), percent(0.015)
        texts["separators"] = sample[1][1] + sample[0][1]
    # Texts of other locales are English, and Plotly's own English is the one that it falls back on: it stays whole.
    if CURRENT.get().code != ENGLISH:
        texts["months"] = month_names()
    return texts


@cache
def template() -> jinja2.Template:
    """The page's template."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals |= {
        "shown": shown, "data_of": data_of, "_": gettext, "ngettext": ngettext, "glossary": glossary,
        "segmentations_of": segmentations_of, "sentence": sentence, "rows_to_search": ROWS_TO_SEARCH,
    }  # fmt: skip
    environment.filters["unbroken"] = lambda text: text.replace(" %", "\u00a0%")
    return environment.get_template("template.html")


def page(shop: Mapping[str, Any], sections: Sequence[Mapping[str, Any]]) -> str:
    """The report as HTML, in the current language.

    Args:
        shop: The key figures by name, as `key_figures` gives them.
        sections: Name, tab, question and blocks (see `Block.as_dict`) of each section.
    """
    bundle, script = plotly_bundle(), (FOLDER / "page.js").read_text(encoding="utf-8")
    colours = colour_names(sections)
    style = (FOLDER / "style.css").read_text(encoding="utf-8")
    style += "".join(f".{name}{{--colour:{colour}}}" for colour, name in colours.items())
    policy = (
        f"default-src 'none'; script-src {source_hash(bundle)} {source_hash(script)};"
        f" style-src {source_hash(style)} {source_hash(NO_STYLE)}; img-src data:; base-uri 'none'; form-action 'none'"
    )
    period = " – ".join(
        dict.fromkeys(day_of(shop[day]) for day in ("first_order_date", "last_order_date") if shop[day])
    )
    used = {term for section in sections for block in section["blocks"] for term in block["terms"]}
    return template().render(
        policy=policy,
        style=Markup(style),
        bundle=packed(bundle),
        script=Markup(script),
        stub=style_not_needed(bundle),
        language=CURRENT.get().code,
        texts=json.dumps(texts_of_script(), ensure_ascii=False),
        colours=colours,
        sections=sections,
        places=places_of(sections),
        terms=glossary(sorted(used)),
        facts=facts_of(shop),
        period=period,
        as_of_date=day_of(shop["as_of_date"]) if shop["as_of_date"] else "–",
    )
