"""Numbers and names as the report writes them."""

import html
from collections.abc import Sequence
from typing import Any

import pandas as pd


def is_missing(value: Any) -> bool:
    """Whether a cell of a table holds nothing: None, NaN, NaT or NA."""
    return value is None or value is pd.NA or value is pd.NaT or value != value


def count(number: Any) -> str:
    """A whole number with a separator for thousands."""
    return f"{number:,.0f}"


def money(amount: Any) -> str:
    """An amount in the currency of the log, with as many digits as a reader remembers."""
    for unit, name in ((1e9, "billion"), (1e6, "million")):
        if abs(amount) >= unit * 0.99995:
            return f"{amount / unit:,.2f} {name}"
    if abs(amount) >= 100 or amount == 0:
        return f"{amount:,.0f}"
    return f"{amount:,.2f}"


def percent(share: Any) -> str:
    """A share (0 to 1) in percent; only exactly 0 is 0 %, and only exactly 1 is 100 %."""
    if is_missing(share):
        return "–"
    if 0 < share < 0.001:
        return "under 0.1 %"
    if 0.995 <= share < 1:
        return f"{min(share, 0.999):.1%}".replace("%", " %")
    return (f"{share:.0%}" if abs(share) >= 0.0995 or share == 0 else f"{share:.1%}").replace("%", " %")


def plural(number: Any, one: str, many: str | None = None) -> str:
    """`1 customer`, `2 customers`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def sentence(text: str) -> str:
    """`text` with a capital first letter; the rest is unchanged."""
    return text[:1].upper() + text[1:]


def label(text: Any, longest: int = 44) -> str:
    """A text from the data for a chart, shortened and escaped: Plotly interprets a little HTML in texts."""
    name = " ".join(str(text).split())
    return html.escape(name if len(name) <= longest else name[: longest - 1] + "…", quote=False)


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
