"""Seeds that a shop fills in, as texts: what is wrong with them is found before dbt loads them."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from shop_toolkit.ingest.errors import named

# Of campaigns and segments: what they are called is shown in charts and is part of the names of files.
LONGEST_NAME = 80

Row = Mapping[str, str]

# Why `rows_of` can't read a file, as far as whoever filled it in can mend it.
UNREADABLE = (FileNotFoundError, ValueError, csv.Error)


def rows_of(path: Path, columns: Sequence[str]) -> tuple[list[str], list[tuple[int, Row]]]:
    """The headings of a CSV, and the texts of its rows.

    Args:
        path: The file.
        columns: The headings to read.

    Returns:
        Headings, and rows by heading with their numbers, as a spreadsheet numbers them. A surplus cell has no heading,
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
            (number, {name: str(row.get(name) or "").strip() for name in columns})
            for number, row in enumerate(reader, 2)
        ]


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
