"""The page: blocks become HTML, figures become JSON in it, and one script draws them. It makes no request."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import jinja2
from markupsafe import Markup

from shop_toolkit.report.charts import shown
from shop_toolkit.report.words import count, money, percent

FOLDER = Path(__file__).resolve().parent
# Plotly adds an empty style element and fills it rule by rule, which a policy allows by the hash of nothing.
NO_STYLE = ""
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
    facts = [("revenue", money(shop["revenue"])), ("orders", count(orders)), ("customers", count(customers))]
    if orders:
        facts.append(("mean order", money(shop["revenue"] / orders)))
    if shop["net_customer_count"]:
        facts.append(("ordered again", percent(shop["repeat_customer_count"] / shop["net_customer_count"])))
    return facts


def day_of(date: Any) -> str:
    """A date such as `9 December 2011`."""
    return f"{date.day} {date:%B %Y}"


def page(shop: Mapping[str, Any], sections: Sequence[Mapping[str, Any]]) -> str:
    """The report as HTML.

    Args:
        shop: The key figures by name, as `key_figures` gives them.
        sections: Name, question and blocks (see `Block.as_dict`) of each section.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals |= {"shown": shown, "data_of": data_of}
    environment.filters["unbroken"] = lambda text: text.replace(" %", "\u00a0%")
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
    return environment.get_template("template.html").render(
        policy=policy,
        style=Markup(style),
        bundle=Markup(bundle),
        script=Markup(script),
        stub=style_not_needed(bundle),
        colours=colours,
        sections=sections,
        facts=facts_of(shop),
        period=period,
        as_of_date=day_of(shop["as_of_date"]) if shop["as_of_date"] else "–",
    )
