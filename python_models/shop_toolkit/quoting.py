"""Names and texts as SQL."""

from collections.abc import Sequence


def quote_text(text: str | None) -> str:
    """A text as an SQL literal; null for None."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """A column's or a table's name as SQL, whatever signs it holds."""
    return '"' + name.replace('"', '""') + '"'


def quote_list(texts: Sequence[str]) -> str:
    """Texts as an SQL list."""
    return f"[{', '.join(quote_text(text) for text in texts)}]"
