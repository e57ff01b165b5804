"""The words that stand for "no value", as the seed `missing_values` lists them."""

import csv
from pathlib import Path

from shop_toolkit.ingest.quoting import quote_text

SEED = Path(__file__).parents[3] / "seeds" / "missing_values.csv"


def missing_words(column: str) -> str:
    """SQL: the words in lower case that a column has instead of a value, and the empty text, in brackets for `in`.

    The seed's file is read, as its table is loaded after the input was looked at. A spreadsheet may have put a byte
    order mark before it.
    """
    with SEED.open(encoding="utf-8-sig", newline="") as seed:
        words = [row["word"] for row in csv.DictReader(seed) if row["column_name"] in ("any", column)]
    return f"({', '.join(map(quote_text, ['', *words]))})"
