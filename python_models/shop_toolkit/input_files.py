"""What SQL cannot do to an input file: find its encoding, read a workbook, and fail with a sentence.

dbt-duckdb loads this module as a plugin (`profiles.yml`) and its two functions become SQL functions:

- `inspect_input(path, delimiter, encoding, known)` returns JSON: what the files are, their headings, how to read them,
  or in `problem` the sentence that says why they cannot be read. It never raises.
- `workbook_rows(path)` returns the rows below the headings of an XLSX workbook as lists of text.
"""

import codecs
import csv
import gzip
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from glob import glob
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
DELIMITERS = ",;\t|"
# What files that are read together have in common; a file without accents is UTF-8 and Latin-1 alike.
SHARED = {"headings", "delimiter"}
BLOCK_BYTES = 1 << 20
CONTROL_BYTES = re.compile(rb"[\x80-\x9f]")


class UnreadableInputError(ValueError):
    """An input that cannot be read at all; its message is a sentence for the person who named it."""


class Plugin(BasePlugin):
    """Registers this module's SQL functions on each DuckDB connection that dbt opens."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Register the functions; dbt-duckdb calls this once for each database that it opens."""
        conn.create_function("inspect_input", inspect_input, ["VARCHAR"] * 4, "VARCHAR", null_handling="special")
        conn.create_function("workbook_rows", workbook_rows, ["VARCHAR"], "VARCHAR[][]")


def inspect_input(
    path: str, delimiter: str | None = None, encoding: str | None = None, known: str | None = None
) -> str:
    """Describe an input file or glob as JSON.

    Keys: `kind` ('csv', 'parquet' or 'workbook'); `headings` (texts in file order) and, for CSV, `delimiter`, which all
    files share; `other_sheets` of workbooks, which are not read as their headings differ; `files`: path (sorted) to
    `stamp` (size in bytes and time of the last change in ns, one text), `asked` (the delimiter and encoding that were
    set) and `form` (what was found in this file, for CSV with its `encoding`). Or `problem` alone, one sentence.

    `delimiter` and `encoding` are what the user set; `None` means find out. `known` is the `files` of an earlier
    answer: a file that was not written since is not opened.
    """
    try:
        return json.dumps(_describe(path, delimiter, encoding, json.loads(known) if known else {}))
    except UnreadableInputError as error:
        return json.dumps({"problem": str(error)})


def workbook_rows(path: str) -> list[list[str | None]]:
    """Rows below the headings of a workbook (or of all workbooks that match a glob), each cell as text.

    Sheets with the headings of the first one are stacked, in the workbook's order: a sheet holds at most
    1,048,576 rows, so long logs come as several.
    """
    return [row for file in _matching_files(path) for row in _read_workbook(file, _modified(file)).rows]


def _describe(path: str, delimiter: str | None, encoding: str | None, known: dict[str, Any]) -> dict[str, Any]:
    paths = _matching_files(path)
    kinds = {_kind(file) for file in paths}
    if len(kinds) > 1:
        raise UnreadableInputError(f"'{path}' matches files of several kinds: give a glob that matches only one.")
    (kind,) = kinds
    form_of = {
        "csv": lambda file: _csv_form(file, delimiter, encoding, _modified(file)),
        "parquet": lambda file: {"headings": _parquet_headings(file)},
        "workbook": lambda file: _workbook_form(file),
    }[kind]
    asked = [delimiter, encoding]
    files = {}
    for file in paths:
        stamp, before = _stamp(file), known.get(file) or {}
        is_known = (before.get("stamp"), before.get("asked")) == (stamp, asked)
        files[file] = {"stamp": stamp, "asked": asked, "form": before["form"] if is_known else form_of(file)}
    first = files[paths[0]]["form"]
    for file in paths[1:]:
        if difference := _difference(first, files[file]["form"]):
            raise UnreadableInputError(
                f"'{file}' does not look like '{paths[0]}': {difference}. "
                "Files read together need the same headings and delimiter."
            )
    other_sheets = sorted({sheet for file in files.values() for sheet in file["form"].get("other_sheets", [])})
    shared = {key: first[key] for key in SHARED & first.keys()}
    return {"kind": kind, "files": files, "other_sheets": other_sheets, **shared}


def _difference(first: dict[str, Any], other: dict[str, Any]) -> str:
    return "; ".join(
        f"{key} {other[key]!r} instead of {first[key]!r}"
        for key in sorted(SHARED & first.keys())
        if other[key] != first[key]
    )


def _matching_files(path: str) -> list[str]:
    files = [path] if Path(path).exists() else sorted(glob(path, recursive=True))  # noqa: PTH207 - the pattern may be absolute
    if not files:
        raise UnreadableInputError(f"there is no file '{path}' (looked for from {Path.cwd().name}/).")
    for file in files:
        if Path(file).is_dir():
            raise UnreadableInputError(f"'{file}' is a folder: name a file in it, or a glob such as '{file}/*.csv'.")
        if Path(file).stat().st_size == 0:
            raise UnreadableInputError(f"'{file}' is empty: it has not even a line of headings.")
    return files


def _kind(file: str) -> str:
    suffixes = [suffix.lower() for suffix in Path(file).suffixes]
    suffix = next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")
    if suffix in PARQUET_SUFFIXES:
        return "parquet"
    if suffix in WORKBOOK_SUFFIXES:
        return "workbook"
    if suffix in CSV_SUFFIXES:
        return "csv"
    known = ", ".join(CSV_SUFFIXES + PARQUET_SUFFIXES + WORKBOOK_SUFFIXES)
    raise UnreadableInputError(f"'{file}' ends in none of {known}.")


def _stamp(file: str) -> str:
    """What tells that a file was not written again since it was read."""
    return f"{Path(file).stat().st_size} {_modified(file)}"


def _modified(file: str) -> int:
    return Path(file).stat().st_mtime_ns


@cache
def _csv_form(file: str, delimiter: str | None, encoding: str | None, modified: int) -> dict[str, Any]:
    """Headings, delimiter and encoding; kept, because several models of a build ask.

    `modified` (nanoseconds) is part of the key: a file that was written again is looked at again.
    """
    try:
        encoding = encoding or _find_encoding(file)
        with _open(file) as stream, io.TextIOWrapper(stream, _python_codec(encoding), newline="") as text:
            first_line = text.readline()
            delimiter = delimiter or _find_delimiter(first_line)
            # A heading in quotes may hold a line break: the reader takes the lines that it needs.
            headings = next(csv.reader(_chain(first_line, text), delimiter=delimiter))
    except (OSError, EOFError, UnicodeError, csv.Error) as error:
        raise UnreadableInputError(f"'{file}' cannot be read as text: {error}.") from error
    if "\0" in first_line:
        raise UnreadableInputError(f"'{file}' is not a text file: its first line holds zero bytes.")
    if encoding == "latin-1" and _has_control_bytes(file):
        raise UnreadableInputError(
            f"'{file}' is no Latin-1: it looks like Windows-1252, which DuckDB cannot read. "
            "Save it as UTF-8, e.g. with iconv -f cp1252 -t utf-8."
        )
    if not any(heading.strip() for heading in headings) or first_line.lower().startswith("sep="):
        raise UnreadableInputError(f"'{file}' has no headings in its first line, where they must stand.")
    return {"headings": headings, "delimiter": delimiter, "encoding": encoding}


def _chain(first_line: str, rest: io.TextIOWrapper) -> Iterator[str]:
    yield first_line
    yield from rest


def _open(file: str) -> BinaryIO:
    return gzip.open(file) if file.lower().endswith(".gz") else Path(file).open("rb")  # type: ignore[return-value]


def _python_codec(encoding: str) -> str:
    # utf-8-sig and utf-16 drop the byte order mark that would else become part of the first heading.
    return {"utf-8": "utf-8-sig"}.get(encoding, encoding)


def _find_encoding(file: str) -> str:
    """'utf-8' if every byte fits it, else 'latin-1'; 'utf-16' by its byte order mark.

    The whole file is read: a log may hold its first accented letter in its last line.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _open(file) as stream:
        block = stream.read(BLOCK_BYTES)
        if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        try:
            while block:
                decoder.decode(block)
                block = stream.read(BLOCK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1"
    return "utf-8"


def _has_control_bytes(file: str) -> bool:
    """Whether the file holds bytes that are control signs in Latin-1, and quotes, dashes or € in Windows-1252."""
    with _open(file) as stream:
        return any(CONTROL_BYTES.search(block) for block in iter(lambda: stream.read(BLOCK_BYTES), b""))


def _find_delimiter(heading_line: str) -> str:
    """The delimiter that the heading line holds most of; a comma where it holds none (a single column)."""
    counts = Counter(heading_line)
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])


def _parquet_headings(file: str) -> list[str]:
    try:
        with duckdb.connect() as connection:
            columns = connection.execute("describe select * from read_parquet(?)", [file]).fetchall()
    except duckdb.Error as error:
        raise UnreadableInputError(f"'{file}' cannot be read as Parquet: {_first_line(error)}.") from error
    return [name for name, *_ in columns]


class Workbook(NamedTuple):
    """A workbook as text: the headings of its first sheet, the rows below them, the sheets that have others."""

    headings: list[str]
    rows: list[list[str | None]]
    other_sheets: list[str]


def _workbook_form(file: str) -> dict[str, Any]:
    workbook = _read_workbook(file, _modified(file))
    return {"headings": workbook.headings, "other_sheets": workbook.other_sheets}


@lru_cache(maxsize=1)
def _read_workbook(file: str, modified: int) -> Workbook:
    """The workbook, kept, so that checking and loading parse it once.

    `modified` (nanoseconds) is part of the key: a workbook that was saved again is read again.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(file)
        sheets = {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}
    except (CalamineError, OSError) as error:
        raise UnreadableInputError(f"'{file}' cannot be read as a workbook: {_first_line(error)}.") from error
    headings_of = {name: [_text(cell) or "" for cell in sheet[0]] for name, sheet in sheets.items() if sheet}
    if not headings_of:
        raise UnreadableInputError(f"'{file}' holds no cell: it has not even a row of headings.")
    headings = next(iter(headings_of.values()))
    read = [name for name in headings_of if headings_of[name] == headings]
    rows = [[_text(cell) for cell in row] for name in read for row in sheets[name][1:]]
    return Workbook(headings, rows, [name for name in headings_of if name not in read])


def _text(cell: Any) -> str | None:
    """A cell as a CSV export of the sheet would hold it: whole numbers without '.0', dates as ISO 8601."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, date):
        return cell.isoformat(" ") if hasattr(cell, "hour") else cell.isoformat()
    return None if cell is None else str(cell)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
