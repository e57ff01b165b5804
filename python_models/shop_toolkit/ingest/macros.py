"""The project's Jinja macros without dbt, whose start takes three seconds: for commands that should answer at once.

Macros that only write SQL work here; those that ask the warehouse don't.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment

MACRO = re.compile(r"({%-?\s*macro\s+)(\w+)\(")
# In its own file a macro has another name than the one that is called, which stands for what it returns.
INNER = "macro_"
ENVIRONMENT = Environment(extensions=["jinja2.ext.do"])


def load_macros(folder: Path, context: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """The macros of a folder and of the folders in it, by name.

    Args:
        folder: Where the SQL files are.
        context: What dbt would offer to the macros, e.g. `var`, and what stands for macros that ask the warehouse.

    Returns:
        Each macro as a function; what it returns is what it returns in dbt.
    """
    # Outside dbt, `var` renders nothing: it is the macro `setting`.
    given = {"setting": context["var"]} | dict(context)
    names = dict[str, Any](given)
    names["return"] = _return
    names.setdefault("adapter", SimpleNamespace(dispatch=lambda name: names[f"default__{name}"]))
    for file in sorted(folder.rglob("*.sql")):
        template = _Lazy(file.read_text("utf-8"), names)
        names |= {name: template.macro(name) for _, name in MACRO.findall(template.text) if name not in given}
    return {name: macro for name, macro in names.items() if name not in context}


class _Lazy:
    """A file of macros that is compiled when the first of them is called."""

    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self.text = text
        self.names = names
        self.module: Any = None

    def macro(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if self.module is None:
                # Macros of one file and of others call one another by the shared names.
                text = MACRO.sub(rf"\1{INNER}\2(", self.text)
                self.module = ENVIRONMENT.from_string(text).make_module(dict(self.names))
            try:
                return getattr(self.module, INNER + name)(*arguments, **options)
            except _AnswerError as answer:
                return answer.value

        return call


class _AnswerError(Exception):
    """What a macro returns, on its way to its caller."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


def _return(value: Any = None) -> Any:
    raise _AnswerError(value)
