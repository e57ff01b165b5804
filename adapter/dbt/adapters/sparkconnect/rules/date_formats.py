"""Rules for dates that are read from texts, in formats that are written out."""

import re
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from dbt.adapters.sparkconnect.rules.nodes import UntranslatableError, bound_once, call, literal
from dbt.adapters.sparkconnect.rules.registry import rule
from sqlglot import exp

# The pattern of each part of a date's format, and the part of `2024-2-1 5:03:00.5` that it is.
DATE_PARTS = {
    "%Y": ("year", "([0-9]{4})"),
    "%m": ("month", "([0-9]{1,2})"),
    "%d": ("day", "([0-9]{1,2})"),
    "%H": ("hour", "([0-9]{1,2})"),
    "%I": ("hour", "(0?[1-9]|1[0-2])"),
    "%M": ("minute", "([0-9]{1,2})"),
    "%S": ("second", "([0-9]{1,2})"),
    "%f": ("fraction", "([0-9]{1,6})"),
    "%p": ("half", "([AaPp][Mm])"),
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# A year of two digits is one of the 20th century from 69 on.
CENTURIES = (("19", "(69|[7-9][0-9])"), ("20", "([0-5]?[0-9]|6[0-8])"))


@rule("a date that is written in one of several formats", functions=["try_strptime"])
def parsed_date(node: exp.Expr) -> exp.Expr | None:
    """Formats of Spark are others, and Sail's have no literal letters: a pattern turns each into an ISO date."""
    text, formats = node.expressions
    each = formats.expressions if isinstance(formats, exp.Array) else [formats]
    if not all(isinstance(one, exp.Literal) for one in each):
        raise UntranslatableError("try_strptime() has a format that is no literal")
    found = []
    for has_month, group in groupby((one.name for one in each), key=lambda form: "%b" in form):
        forms = [form.replace("%b", "<%m>") for form in group]
        found.append(bound_once(_with_months(text) if has_month else text, partial(_read, forms=forms)))
    return call("coalesce", *found, returns="timestamp") if len(found) > 1 else found[0]


def _with_months(text: exp.Expr) -> exp.Expr:
    """A text with numbers instead of the names of months, in marks: a number that is written is no name."""
    for number, month in enumerate(MONTHS, 1):
        text = call("regexp_replace", text, f"(?i){month}", f"<{number:02d}>", returns="varchar")
    return text


def _read(text: exp.Expr, forms: list[str]) -> exp.Expr:
    """SQL that reads a text in the first format of several that it is written in."""
    # Formats that differ by what stands between their parts alone are read by one pattern: of forty, all but five.
    groups: list[list[Reading]] = []
    for form in forms:
        for century, short_year in CENTURIES if "%y" in form else (("", ""),):
            reading = _reading(text, form, century, short_year)
            alike = max((place for place, group in enumerate(groups) if group[0].key == reading.key), default=None)
            # What stands before it and reads the same texts in another way goes on doing so.
            if alike is None or any(one.looks == reading.looks for group in groups[alike + 1 :] for one in group):
                groups.append([reading])
            else:
                groups[alike].append(reading)
    return call("coalesce", *map(_parsed, groups), returns="timestamp")


@dataclass(frozen=True)
class Reading:
    """One way to read a text as a date.

    Attributes:
        text: What is read.
        century: What stands before the digits of the year.
        parts: What the text holds, such as `year`, and the pattern of each.
        between: The patterns of what stands before the first part, between two of them, and behind the last.
    """

    text: exp.Expr
    century: str
    parts: list[tuple[str, str]]
    between: list[str]

    @property
    def key(self) -> str:
        """Alike for readings that find the same where both find something, as only parts are digits, AM and PM."""
        others = [one for one in self.between if re.search("[0-9AaPp]", one)]
        return repr((self.century, self.parts, others))

    @property
    def looks(self) -> str:
        """How texts look that it reads, with 0 for numbers and A for letters: others look otherwise."""
        parts = ["AA" if name == "half" else "0" for name, _ in self.parts]
        written = "".join(one for pair in zip(self.between, [*parts, ""], strict=True) for one in pair)
        return re.sub("0+", "0", re.sub("[0-9]", "0", re.sub("[A-Za-z]", "A", written)))


def _reading(text: exp.Expr, form: str, century: str, short_year: str) -> Reading:
    known = DATE_PARTS | {"%y": ("year", short_year)}
    parts: list[tuple[str, str]] = []
    between = [""]
    for token in re.findall(r"%-?[A-Za-z%]|[^%]+|%", form):
        # Numbers without a zero before them are read as those with one.
        part = known.get(token.replace("-", "") if token.startswith("%") else "")
        if part is not None:
            parts.append(part)
            between.append("")
        elif token.startswith("%") and token != "%%":
            raise UntranslatableError(f"try_strptime() has no translation of {token}")
        else:
            between[-1] += re.sub(r"([^A-Za-z0-9 #,:/-])", r"[\1]", token.replace("%%", "%"))
    # A part that another one follows at once has all its digits.
    for place, (name, _) in enumerate(parts[:-1]):
        if not between[place + 1] and not (name == "year" and not century):
            parts[place] = (name, "([0-9]{2})")
    return Reading(text, century, parts, between)


def _parsed(alike: list[Reading]) -> exp.Expr:
    """SQL that reads a text in formats of the same parts: null where it is in none of them."""
    text, parts = alike[0].text, alike[0].parts
    patterns = [
        "".join(f"{literals}{pattern}" for literals, (_, pattern) in zip(reading.between, parts, strict=False))
        + reading.between[-1]
        for reading in alike
    ]
    # Where another format is found, a part is empty.
    at = {
        name: "".join(f"${{{number * len(parts) + place}}}" for number in range(len(alike)))
        for place, (name, _) in enumerate(parts, 1)
    }
    written = f"{alike[0].century}{at['year']}-{at.get('month', '01')}-{at.get('day', '01')}"
    written += f" {at.get('hour', '00')}:{at.get('minute', '00')}:{at.get('second', '00')}"
    written += f".{at['fraction']}" if "fraction" in at else ""
    pattern = patterns[0] if len(patterns) == 1 else f"(?:{'|'.join(patterns)})"
    # Of another text nothing is left that could be read.
    iso = call("regexp_replace", text, f"^{pattern}$|^.*$", written, returns="varchar")
    read = exp.TryCast(this=iso, safe=True, to=exp.DataType.build("timestamp_ntz", dialect="spark"))
    if "half" not in at:
        return read
    is_midnight = exp.RegexpLike(this=text.copy(), expression=literal("(?i)[^0-9:]12:[0-9:.]+[^0-9]*am$"))
    is_afternoon = exp.RegexpLike(this=text.copy(), expression=literal("(?i)[^0-9:](0?[1-9]|1[01]):[0-9:.]+[^0-9]*pm$"))
    shift = exp.Case(
        ifs=[exp.If(this=is_midnight, true=literal(-12)), exp.If(this=is_afternoon, true=literal(12))],
        default=literal(0),
    )
    return exp.Add(this=read, expression=call("make_dt_interval", 0, shift))


# What has at least so many parts is worth a name, where it would be written twice.
PARTS_WORTH_A_NAME = 20
# What no function of a list's element holds.
OF_SEVERAL_ROWS = (exp.AggFunc, exp.Window, exp.Query, exp.Explode)


@rule("a value that is looked at before it is used is computed once", exp.Case)
def looked_at(node: exp.Expr) -> exp.Expr | None:
    """There, each copy is planned: that a date is plausible, for each format, made half of one model's statement."""
    choices = node.args["ifs"]
    if node.this is not None or node.args.get("default") is not None or len(choices) != 1:
        return None
    value, condition = choices[0].args["true"], choices[0].this
    if sum(1 for _ in value.walk()) < PARTS_WORTH_A_NAME or value.find(*OF_SEVERAL_ROWS):
        return None
    written = value.sql("spark")
    looked = condition.copy()
    copies = [one for one in looked.walk() if type(one) is type(value) and one.sql("spark") == written]
    for copy in copies:
        name = exp.to_identifier("one")
        name.type = value.type
        copy.replace(name)
    if not copies or looked.find(exp.Column, exp.Lambda, *OF_SEVERAL_ROWS):
        return None
    each = exp.Lambda(this=looked, expressions=[exp.to_identifier("one")])
    return call("try_element_at", call("filter", call("array", value), each), 1, returns=value.type)
