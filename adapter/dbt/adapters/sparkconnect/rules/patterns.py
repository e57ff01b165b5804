"""Rules for regular expressions and `like`."""

import re

from dbt.adapters.sparkconnect.rules.nodes import UntranslatableError, call, literal, typed
from dbt.adapters.sparkconnect.rules.registry import rule
from sqlglot import exp


@rule("a replacement in a text", exp.RegexpReplace)
def replaced(node: exp.Expr) -> exp.Expr | None:
    """There, all that is found is replaced; Sail's groups are called `${1}` (see `in_words_of_spark`)."""
    replacement, modifiers = node.args["replacement"], node.args.get("modifiers")
    flags = modifiers.name if modifiers is not None else ""
    if "g" not in flags and not _is_found_once(node.expression):
        raise UntranslatableError("regexp_replace() without 'g' has no translation for such a pattern")
    pattern = _pattern(node.expression, flags)
    if isinstance(replacement, exp.Literal):
        text = replacement.name.replace("$", "$$")
        replacement = literal(re.sub(r"\\(\d)", r"${\1}", text))
    return call("regexp_replace", node.this, pattern, replacement, returns="varchar")


# A character of a pattern that a backslash stands before, or characters in brackets.
ESCAPED_OR_IN_BRACKETS = re.compile(r"\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]])*\]", re.DOTALL)


def _is_found_once(pattern: exp.Expr) -> bool:
    """Whether a pattern is found in one place of a text at most: it stands at one end, and is not empty there."""
    if not isinstance(pattern, exp.Literal):
        return False
    bare = ESCAPED_OR_IN_BRACKETS.sub("x", pattern.name.removeprefix("(?i)"))
    # Alternatives inside of a group all stand where it does.
    while (outer := re.sub(r"\((?:\?:)?[^()]*\)", "x", bare)) != bare:
        bare = outer
    each = bare.split("|")
    return all(one.startswith("^") for one in each) or all(re.search(r"[^*?}]\$$", one) for one in each)


# What these stand for is ASCII in DuckDB's patterns, and all of Unicode in Sail's.
CLASSES = {"d": "0-9", "w": "0-9A-Za-z_", "s": r"\t\n\f\r "}


def _pattern(pattern: exp.Expr, flags: str = "") -> exp.Expr:
    """A pattern with its flags, as the engine reads it."""
    if unknown := set(flags) - set("gic"):
        raise UntranslatableError(f"the option '{min(unknown)}' of a pattern has no translation")
    mark = "(?i)" if "i" in flags else ""
    if isinstance(pattern, exp.Literal):
        return literal(mark + ESCAPED_OR_IN_BRACKETS.sub(_in_ascii, pattern.name))
    return call("concat", mark, pattern, returns="varchar") if mark else pattern


def _in_ascii(found: re.Match[str]) -> str:
    text = found.group()
    if not text.startswith("["):
        name = text[1:]
        if name.lower() not in CLASSES:
            return text
        return f"[{'^' if name.isupper() else ''}{CLASSES[name.lower()]}]"
    if not_in_brackets := re.search(r"\\[DWS]", text):
        raise UntranslatableError(f"{not_in_brackets.group()} in brackets of a pattern has no translation")
    return re.sub(r"\\.", lambda one: CLASSES.get(one.group()[1:], one.group()), text, flags=re.DOTALL)


@rule("a pattern of ASCII", exp.RegexpLike, exp.RegexpILike, exp.RegexpExtract, exp.RegexpExtractAll)
def ascii_pattern(node: exp.Expr) -> exp.Expr | None:
    r"""In Sail, `\s`, `\d` and `\w` are those of Unicode; options are lost."""
    option = node.args.get("flag") or node.args.get("parameters")
    changed = node.copy()
    changed.set("expression", _pattern(node.expression, option.name if option is not None else "").copy())
    changed.set("flag" if isinstance(node, exp.RegexpLike) else "parameters", None)
    return changed


@rule("a pattern in which a backslash is one", exp.Like, exp.ILike)
def like(node: exp.Expr) -> exp.Expr | None:
    """There, it takes the meaning of `%` and `_` behind it."""
    pattern, changed = node.expression, node.copy()
    if isinstance(node.parent, exp.Escape):
        return None
    if not isinstance(pattern, exp.Literal):
        changed.set("expression", call("replace", pattern, "\\", "\\\\", returns="varchar"))
    elif "\\" in pattern.name:
        changed.set("expression", literal(pattern.name.replace("\\", "\\\\")))
    else:
        return None
    return changed


# Where a text ends; to Java, `$` is before a last line break, too.
END = r"\z"


@rule("a pattern that a whole text has", exp.RegexpFullMatch, functions=["regexp_full_match"])
def full_match(node: exp.Expr) -> exp.Expr | None:
    """`rlike` looks for it anywhere."""
    if isinstance(node, exp.RegexpFullMatch):
        text, pattern, options = node.this, node.expression, node.args.get("options")
    else:
        text, pattern, options, *_ = *node.expressions, None
    begin = f"{_pattern(literal(''), options.name if options is not None else '').name}^(?:"
    pattern = _pattern(pattern)
    whole = (
        literal(f"{begin}{pattern.name}){END}")
        if isinstance(pattern, exp.Literal)
        else call("concat", begin, pattern, f"){END}")
    )
    return typed(exp.RegexpLike(this=text.copy(), expression=whole), "boolean")


def in_words_of_spark(tree: exp.Expr) -> exp.Expr:
    """The same for Spark, where Sail differs: how a replacement names groups, and how it writes a dollar."""
    for node in tree.find_all(exp.Anonymous):
        if node.name == "regexp_replace" and isinstance(node.expressions[2], exp.Literal):
            text = node.expressions[2].name
            node.expressions[2].set("this", re.sub(r"\$\{(\d+)\}", r"$\1", text.replace("$$", r"\$")))
    return tree
