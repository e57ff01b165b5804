"""The error that stops a build because of its input, and the parts that sentences about errors are made of."""

import re
from collections.abc import Iterable, Sequence

LONGEST_SENTENCE = 499
LONGEST_NAME = 160
LONGEST_LIST = 150
# The setting that an advice gives: what follows it may name columns that are called as settings are.
ADVISED = re.compile(r"--vars '\{(\w+):")


class InputError(ValueError):
    """An input that a build cannot read; the message is a sentence for the person who named it."""


def shortened(text: str, length: int) -> str:
    """A text on one line, its middle left out where it is longer than `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length // 2]}…{line[len(line) - length // 2 + 1 :]}"


def named(path: str) -> str:
    """A path in quotes, short enough for a sentence."""
    return f"'{shortened(path, LONGEST_NAME)}'"


def listed(texts: Iterable[str], longest: int = LONGEST_LIST) -> str:
    """As many of the texts as fit into so many characters, and how many there are where some do not."""
    all_texts = list(texts)
    names = [shortened(text, min(60 if len(all_texts) > 1 else LONGEST_LIST, longest)) for text in all_texts]
    shown = len(names)
    while shown > 1 and len(", ".join(names[:shown])) > longest:
        shown -= 1
    return ", ".join(names[:shown]) + (f", … ({len(names):,} in all)" if shown < len(names) else "")


def sentence_of(problem: str) -> str:
    """A problem as one line that is short enough to be read; what is cut off is shown by an ellipsis."""
    line = " ".join(problem.split())
    return line if len(line) <= LONGEST_SENTENCE else f"{line[: LONGEST_SENTENCE - 1]}…"


def repeating(problem: str, given: Iterable[str]) -> str:
    """A problem, and where it advises a setting, which others the next command has to repeat.

    Args:
        problem: A sentence. As it advises `--vars`, taken literally the next command would have no other setting.
        given: The names of the settings that this command gives.
    """
    advised = ADVISED.findall(problem)
    others = [name for name in given if name not in advised]
    if not advised or not others:
        return problem
    return f"{problem} Repeat there what this command sets, too: {listed(others)}."


def first_line_of(error: BaseException) -> str:
    """The first line of an error's message without its full stop, or the error's name."""
    lines: Sequence[str] = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def reason_of(error: BaseException) -> str:
    """Why something failed, for the end of a sentence: what the system says, without the path that it repeats."""
    system = error.strerror if isinstance(error, OSError) else None
    return shortened(system or first_line_of(error), 120)
