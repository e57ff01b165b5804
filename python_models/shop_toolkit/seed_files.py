"""Seeds that a shop fills in, as texts: what is wrong with them is found before dbt loads them."""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from shop_toolkit.errors import named

# Of campaigns and segments: what they are called is shown in charts and is part of the names of files.
LONGEST_NAME = 80

Row = Mapping[str, str]
BREAK = re.compile("\r\n|\r|\n")

# Why `rows_of` can't read a file, as far as whoever filled it in can mend it.
UNREADABLE = (FileNotFoundError, ValueError, csv.Error)


def rows_of(path: Path, columns: Sequence[str]) -> tuple[list[str], list[tuple[int, Row]]]:
    """The headings of a CSV, and the texts of its rows.

    Args:
        path: The file.
        columns: The headings to read.

    Returns:
        Headings, and rows by heading with the line of the file that each begins in. A surplus cell has no heading,
        and a missing one is empty.

    Raises:
        FileNotFoundError: There is no such file.
        UnicodeDecodeError: The file isn't in UTF-8.
        csv.Error: A cell is longer than the module takes, as where a quote is never closed.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        headings = [heading.strip() for heading in reader.fieldnames or []]
        reader.fieldnames = headings
        return headings, [
            (reader.line_num - _breaks_within(row), {name: str(row.get(name) or "").strip() for name in columns})
            for row in reader
        ]


def _breaks_within(row: Mapping[str | None, str | list[str] | None]) -> int:
    """How many lines of the file a row takes beside its first; surplus cells are a list."""
    cells = [cell for value in row.values() for cell in (value if isinstance(value, list) else [value or ""])]
    return sum(len(BREAK.findall(cell)) for cell in cells)


def unreadable(path: str, error: Exception) -> str:
    """Why `rows_of` could not read a file, as a sentence that names it by `path`."""
    if isinstance(error, FileNotFoundError):
        return f"The file {named(path)} is missing. Put it back: without rows it needs its headings alone."
    if isinstance(error, csv.Error):
        return (
            f"The file {named(path)} can't be read as a CSV ({error}). Look for a cell that is too long, or a quote "
            "that nothing closes."
        )
    # Such as Windows-1252.
    return f"The file {named(path)} isn't in UTF-8. Save it as 'CSV UTF-8', or with that encoding."
