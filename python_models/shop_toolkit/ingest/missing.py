"""The words that stand for "no value", as the seed `missing_values` lists them."""

from shop_toolkit.ingest.seeds import rows_of_seed
from shop_toolkit.quoting import quote_text


def missing_words(column: str) -> str:
    """SQL: the words in lower case that a column has instead of a value, and the empty text, in brackets for `in`."""
    words = [row["word"] for row in rows_of_seed("missing_values") if row["column_name"] in ("any", column)]
    return f"({', '.join(map(quote_text, ['', *words]))})"
