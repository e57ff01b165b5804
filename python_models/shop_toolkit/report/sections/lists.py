"""Links from the report to the published lists of whom somebody writes to."""

from collections.abc import Mapping

import pandas as pd

from shop_toolkit import audiences
from shop_toolkit.report.charts import Tables


def lists_of(audience: str, words: str, tables: Tables) -> list[list[str]]:
    """Name and path of each list of an audience, as from the report: both are in the published folder.

    Args:
        audience: Folder and name of the audience below that of all audiences.
        words: What the list of customer ids is called.
        tables: The report's tables; `settings` says whether there are lists with addresses.
    """
    path = f"{audiences.FOLDER}/{audience}"
    lists = [[words, f"{path}-customer-ids.csv"]]
    # As JSON, of which nothing else is read: the report names no file of addresses.
    if tables["settings"]["customer_emails"].iloc[0] != "null":
        lists += [[form.capitalize(), f"{path}-{form}.csv"] for form in audiences.FORMS]
    return lists


def with_audiences(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables, with folder and name of each segment's audience in the column `audience` of rpt_segments.

    Of a segment that addresses nobody it is missing. Files are named by the segments' own names, whatever the language.

    Args:
        tables: The report's tables by name, before they are translated.
    """
    ranks = tables["rpt_segments"]
    own = ranks[ranks["addressed_customer_count"].fillna(0) > 0]
    found = sorted(zip(own["segmentation"], own["segment"], strict=True))
    names = dict(zip(found, audiences.names_of_segments(found), strict=True))
    keys = zip(ranks["segmentation"], ranks["segment"], strict=True)
    return dict(tables) | {"rpt_segments": ranks.assign(audience=[names.get(key) for key in keys])}
