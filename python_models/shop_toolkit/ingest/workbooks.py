"""The rows of workbooks as text."""

import re
import zipfile
import zlib
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from shop_toolkit.errors import InputError, first_line_of, named, shortened

# A reader makes a grid of a sheet, up to its last row and column: about this many cells fit into the memory.
LARGEST_GRID = 50_000_000
# So many times more cells than are filled make a grid that is almost empty.
ALMOST_EMPTY = 10
SHEET = re.compile(r"xl/worksheets/[^/]+[.]xml")
ROW = re.compile(rb'<(?:\w+:)?row [^>]*?\br="([0-9]+)"')
WIDE_CELL = re.compile(rb' r="([A-Z]{2,3})[0-9]+"')
# A cell's own reference counts, whatever row it is in.
LOW_CELL = re.compile(rb' r="[A-Z]{1,3}([0-9]{6,7})"')
CELL = b' r="'
BLOCK_BYTES = 1 << 20
NARROW = 26


class Workbook(NamedTuple):
    """A workbook as text: the headings of its first sheet, the rows below them, the sheets with other headings."""

    headings: list[str]
    rows: list[list[str | None]]
    other_sheets: list[str]


@lru_cache(maxsize=1)
def read_workbook(file: str, modified: int) -> Workbook:
    """The workbook, cached, so that describing and loading parse it once.

    `modified` (nanoseconds) is part of the key: a workbook that changed is read again.

    Raises:
        InputError: The workbook cannot be read, or is empty.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        _check_extent(file)
        workbook = CalamineWorkbook.from_path(file)
        sheets = {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}
    except (CalamineError, OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, InputError):
            raise
        raise _unreadable(file, error) from error
    except BaseException as error:
        # The reader is written in Rust, and its panics are no exceptions of Python.
        if type(error).__name__ != "PanicException":
            raise
        raise _unreadable(file, error) from error
    headings_of = {name: [_text(cell) or "" for cell in sheet[0]] for name, sheet in sheets.items() if sheet}
    if not headings_of:
        raise InputError(f"{named(file)} holds no cell: it has not even a row of headings.")
    headings = next(iter(headings_of.values()))
    read = [name for name in headings_of if headings_of[name] == headings]
    rows = [[_text(cell) for cell in row] for name in read for row in sheets[name][1:]]
    return Workbook(headings, rows, [name for name in headings_of if name not in read])


def _unreadable(file: str, error: BaseException) -> InputError:
    return InputError(f"{named(file)} cannot be read as a workbook: {shortened(first_line_of(error), 120)}.")


def _check_extent(file: str) -> None:
    """Stop where a cell far from the others would make a grid that no memory holds.

    The size that a sheet declares may be wrong, so its cells decide. Only XLSX can be looked into so quickly.
    """
    if not zipfile.is_zipfile(file):
        return
    with zipfile.ZipFile(file) as archive:
        for name in filter(SHEET.fullmatch, archive.namelist()):
            rows, columns, cells = _extent(archive, name)
            if rows * columns > LARGEST_GRID and rows * columns > ALMOST_EMPTY * cells:
                raise InputError(
                    f"{named(file)} has a cell far from the others: a sheet reaches to row {rows:,} and column"
                    f" {columns:,}, but only {cells:,} cells are filled. Delete the rows and columns outside the table,"
                    " or save the sheet as CSV."
                )


def _extent(archive: zipfile.ZipFile, name: str) -> tuple[int, int, int]:
    """The last row and column of a sheet that hold a cell (26 columns at least), and how many cells there are."""
    rows, columns, cells = 0, NARROW, 0
    rest = b""
    with archive.open(name) as sheet:
        while block := sheet.read(BLOCK_BYTES):
            text = rest + block
            # A tag that the block cuts in two belongs to the next one.
            end = text.rfind(b"<") if len(block) == BLOCK_BYTES else len(text)
            text, rest = text[:end], text[end:]
            numbers = ROW.findall(text)
            rows = max([rows, *map(int, {*numbers, *LOW_CELL.findall(text)})])
            columns = max([columns, *(_column_number(letters) for letters in set(WIDE_CELL.findall(text)))])
            cells += text.count(CELL) - len(numbers)
    return rows, columns, cells


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number


def _text(cell: object) -> str | None:
    """A cell as a CSV export of the sheet would hold it: whole numbers without '.0', dates as ISO 8601."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return None if cell is None else str(cell)
