"""The report's sections, in the order in which they are read. A new one is a module here and a line below."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from shop_toolkit.report.charts import Block
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

# Tables by name: marts and int_report_ models, read whole.
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Section:
    """A question, and the function that answers it in blocks from the tables."""

    name: str
    question: str
    tell: Callable[[Tables], list[Block]]

    def answer(self, tables: Tables) -> list[Block]:
        """The section's blocks, of tables that tell of no single customer."""
        return self.tell(guarded(tables))


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
