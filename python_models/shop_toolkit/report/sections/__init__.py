"""The report's sections, in reading order. A new one is a module here and a line in `SECTIONS`."""

from collections.abc import Callable
from dataclasses import dataclass

from shop_toolkit.report.charts import Block, Tables
from shop_toolkit.report.privacy import guarded
from shop_toolkit.report.sections import (
    actions,
    choice,
    cleanliness,
    customers,
    interests,
    movement,
    predictions,
    sales,
)


@dataclass(frozen=True)
class Section:
    """A question and its answer.

    Attributes:
        name: Id in the page.
        question: The heading.
        answer_of: Returns the blocks from the tables.
    """

    name: str
    question: str
    answer_of: Callable[[Tables], list[Block]]


SECTIONS = (
    Section("sales", "What happened?", sales.blocks),
    Section("cleanliness", "How clean is the data?", cleanliness.blocks),
    Section("customers", "Who are our customers?", customers.blocks),
    Section("choice", "Why these segments?", choice.blocks),
    Section("interests", "What do they want?", interests.blocks),
    Section("movement", "Who is moving?", movement.blocks),
    Section("predictions", "How good are the predictions?", predictions.blocks),
    Section("actions", "What to do?", actions.blocks),
)


def answers(tables: Tables) -> list[tuple[Section, list[Block]]]:
    """Each section with its blocks, from tables that reveal no single customer.

    Args:
        tables: All tables of the report, by name.
    """
    shown = guarded(tables)
    return [(section, section.answer_of(shown)) for section in SECTIONS]
