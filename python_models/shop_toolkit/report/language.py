"""The language and the locale of the report: texts from a gettext catalogue, numbers and dates as Babel writes them.

Texts in the code are English. `locales/<language>/LC_MESSAGES/report.po` translates them; a further language is one
further file. The catalogue is read as it is: nothing has to be compiled or installed.
"""

import gettext as standard
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "locales"
ENGLISH = "en"
MINUS = "\u2212"


@dataclass(frozen=True)
class Language:
    """How the report writes.

    Attributes:
        locale: A locale such as `en`, `en_GB` or `ru`.
        currency: Code of the currency of all amounts, such as `EUR`; empty if the log names none.
    """

    locale: str = ENGLISH
    currency: str = ""

    @property
    def code(self) -> str:
        """The language of the texts: that of the locale if it has a catalogue, else English."""
        code = re.split("[_-]", self.locale)[0]
        return code if code in languages() else ENGLISH


DEFAULT = Language()
CURRENT: ContextVar[Language] = ContextVar("language", default=DEFAULT)


@cache
def languages() -> tuple[str, ...]:
    """The languages of the texts."""
    return (ENGLISH, *sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/report.po")))


def language_of(settings: Mapping[str, Any]) -> Language:
    """The language that the settings `locale` and `currency` ask for."""
    return Language(str(settings["locale"]), str(settings["currency"] or "").strip().upper())


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Have texts, numbers and dates written in a language."""
    token = CURRENT.set(language)
    try:
        yield
    finally:
        CURRENT.reset(token)


@cache
def catalogue(code: str) -> standard.NullTranslations:
    """The texts of a language, compiled by Babel from its catalogue."""
    if code == ENGLISH:
        return standard.NullTranslations()
    # Here, as an English report needs none of it.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with (FOLDER / code / "LC_MESSAGES" / "report.po").open("rb") as texts:
        write_mo(compiled, read_po(texts, locale=code))
    compiled.seek(0)
    return standard.GNUTranslations(compiled)


def gettext(text: str, **parts: Any) -> str:
    """A text in the current language, with its named parts filled in."""
    translated = catalogue(CURRENT.get().code).gettext(text) if text else ""
    return translated.format(**parts) if parts else translated


def pgettext(context: str, text: str, **parts: Any) -> str:
    """A text that differs by its context, such as a word of several meanings."""
    translated = catalogue(CURRENT.get().code).pgettext(context, text)
    return translated.format(**parts) if parts else translated


def ngettext(one: str, many: str, number: Any, **parts: Any) -> str:
    """A text that depends on a number, with its named parts filled in; a number that is not whole takes the plural."""
    whole = int(number) if number == int(number) else 2
    return catalogue(CURRENT.get().code).ngettext(one, many, abs(whole)).format(**parts)


def marked(text: str) -> str:
    """The text as it is: marks it for the catalogue where it is translated later."""
    return text


@cache
def _numbers(locale: str) -> Any:
    from babel import Locale

    return Locale.parse(locale.replace("-", "_"))


def number_text(number: Any, digits: int) -> str:
    """A number with separators of the locale.

    Args:
        number: Any number.
        digits: How many digits it has after the point.
    """
    # What rounds to zero has no sign.
    return with_separators(f"{number:z,.{digits}f}")


def with_separators(text: str) -> str:
    """A number as Python writes it, such as `-1,234.50`, with separators of the locale and a minus, not a hyphen."""
    locale = CURRENT.get().locale
    if locale == ENGLISH:
        return text.replace("-", MINUS)
    from babel.numbers import format_decimal

    digits = len(text.partition(".")[2])
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    written = str(format_decimal(Decimal(text.replace(",", "")), format=pattern, locale=_numbers(locale)))
    return written.replace("-", MINUS)


def currency_sign() -> str:
    """The sign of the currency as the locale writes it; empty where the currency isn't known."""
    language = CURRENT.get()
    if not language.currency:
        return ""
    from babel.numbers import get_currency_symbol

    return str(get_currency_symbol(language.currency, locale=_numbers(language.locale)))


def with_currency(text: str) -> str:
    """The text of an amount with the sign of the currency where the locale puts it; as it is without a currency."""
    symbol = currency_sign()
    if not symbol:
        return text
    pattern = _numbers(CURRENT.get().locale).currency_formats["standard"]
    before, after = pattern.prefix[0], pattern.suffix[0]
    sign, text = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    if before and symbol[-1:].isalpha():
        before = before.replace("¤", "¤\u00a0")
    return f"{sign}{before.replace('¤', symbol)}{text}{after.replace('¤', symbol)}"


def date_text(day: Any, skeleton: str, pattern: str) -> str:
    """A date.

    Args:
        day: The date.
        skeleton: Its parts, as CLDR names them, such as `yMMMMd`.
        pattern: How strftime writes it in English, `{day}` being the day without a zero.
    """
    language = CURRENT.get()
    # Names of months are texts: beside English ones, a day of a locale without a catalogue is in digits.
    is_foreign = re.split("[_-]", language.locale)[0] != language.code
    if language.locale == ENGLISH or (is_foreign and skeleton != "yMMMMd"):
        return str(day.strftime(pattern).replace("{day}", str(day.day)))
    from babel.dates import format_date, format_skeleton

    if is_foreign:
        return str(format_skeleton("yMd", day, locale=_numbers(language.locale)))
    if skeleton == "yMMMMd":
        return str(format_date(day, "long", locale=_numbers(language.locale)))
    return str(format_skeleton(skeleton, day, locale=_numbers(language.locale)))


def month_names() -> Mapping[str, list[str]]:
    """Names of months for the charts, as Plotly's script takes them: `months` and `shortMonths`."""
    from babel.dates import get_month_names

    locale = _numbers(CURRENT.get().code)
    return {
        "months": [get_month_names("wide", "stand-alone", locale)[number] for number in range(1, 13)],
        "shortMonths": [get_month_names("abbreviated", "stand-alone", locale)[number] for number in range(1, 13)],
    }
