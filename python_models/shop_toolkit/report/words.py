"""Numbers and names as the report writes them."""

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from shop_toolkit.report.language import (
    currency_sign,
    date_text,
    ngettext,
    number_text,
    with_currency,
    with_separators,
)
from shop_toolkit.report.language import gettext as _


def is_missing(value: Any) -> bool:
    """Whether a cell of a table holds nothing: None, NaN, NaT or NA."""
    return value is None or value is pd.NA or value is pd.NaT or value != value


def count(number: Any) -> str:
    """A whole number with a separator for thousands."""
    return number_text(number, 0)


def money(amount: Any) -> str:
    """An amount in the currency of the log, with as many digits as a reader remembers."""
    for unit, name in ((1e9, _("{number} billion")), (1e6, _("{number} million"))):
        if abs(amount) >= unit * 0.99995:
            return with_currency(name.format(number=number_text(amount / unit, 2)))
    # A sum of floats may lack a trifle: 3,093.50 is written alike in whatever order it was added up.
    amount = round(amount, 4)
    return with_currency(number_text(amount, 0 if abs(amount) >= 100 or amount == 0 else 2))


def rough_money(amount: Any, digits: int = 0) -> str:
    """An amount with few digits, where an exact one would be what somebody spent; below 10 at least to the tenth."""
    if abs(amount) >= 100 and not digits:
        return money(amount)
    return with_currency(number_text(amount, max(digits, 1) if 0 < abs(amount) < 9.95 else digits))


def unit_of_money() -> str:
    """What amounts are in, for the title of an axis: the sign of the currency where it is known."""
    return currency_sign() or _("currency of the log")


def exact_money(amount: Any) -> str:
    """An amount to the hundredth, for tables: their columns say that it is money."""
    return number_text(amount, 2)


def percent(share: Any) -> str:
    """A share (0 to 1) in percent; only exactly 0 is 0 %, and only exactly 1 is 100 %."""
    if is_missing(share):
        return "–"
    if 0 < share < 0.001:
        return _("under {share} %", share=number_text(0.1, 1))
    digits = 1
    if 0.995 <= share < 1:
        share = min(share, 0.999)
    elif abs(share) >= 0.0995 or share == 0:
        digits = 0
    return with_separators(f"{share:,.{digits}%}"[:-1]) + " %"


def change(now: Any, before: Any) -> str:
    """By how much a figure changed, in percent with its sign; empty where nothing was before."""
    if is_missing(before) or not before:
        return ""
    share = float(now) / float(before) - 1
    sign = "+" if share > 0 else "−" if share < 0 else "±"
    return f"{sign}{percent(abs(share))}"


def plural(number: Any, one: str, many: str | None = None) -> str:
    """`1 task`, `2 tasks`, for messages that are English."""
    return f"{count(number)} {ngettext(one, many or one + 's', number)}"


def customers(number: Any) -> str:
    """`1 customer`, `2 customers`."""
    return ngettext("{count} customer", "{count} customers", number, count=count(number))


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return _("{others} and {last}", others=", ".join(words[:-1]), last=words[-1])


def day_of(date: Any) -> str:
    """A date such as `9 December 2011`."""
    return date_text(date, "yMMMMd", "{day} %B %Y")


def sentence(text: str) -> str:
    """`text` with a capital first letter; the rest is unchanged."""
    return text[:1].upper() + text[1:]


def label(text: Any, longest: int = 44) -> str:
    """A text from the data for a chart, shortened and escaped: Plotly interprets a little HTML in texts."""
    name = " ".join(str(text).split())
    return html.escape(name if len(name) <= longest else name[: longest - 1] + "…", quote=False)


def labels(texts: Iterable[Any], longest: int = 44) -> dict[Any, str]:
    """Labels of texts: where several begin alike, the middle is left out of them instead of the end."""
    cut = {text: label(text, longest) for text in texts}
    shared = Counter(cut.values())
    return {text: cut[text] if shared[cut[text]] == 1 else label(_ends_of(text, longest), longest) for text in cut}


def _ends_of(text: Any, longest: int) -> str:
    name = " ".join(str(text).split())
    half = (longest - 1) // 2
    return name if len(name) <= longest else f"{name[: longest - 1 - half]}…{name[-half:]}"


def wrapped(text: Any, width: int = 24, lines: int = 3) -> str:
    """A label in at most `lines` lines of about `width` letters, broken between words."""
    parts: list[str] = []
    for word in str(text).split():
        if parts and len(parts[-1]) + 1 + len(word) <= width:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    if len(parts) > lines:
        parts = [*parts[: lines - 1], parts[lines - 1] + " …"]
    return "<br>".join(label(part, width + 6) for part in parts)
