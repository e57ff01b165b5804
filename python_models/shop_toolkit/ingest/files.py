"""Find input files and describe them: kind, headings, delimiter, encoding; or fail with a sentence."""

import codecs
import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from glob import glob
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import duckdb

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
DELIMITERS = ",;\t|"
BLOCK_BYTES = 1 << 20
CONTROL_BYTES = re.compile(rb"[\x80-\x9f]")


class InputError(ValueError):
    """An input that a build cannot read; the message is a sentence for the person who named it."""


@dataclass(frozen=True)
class FileDescription:
    """What one input file looks like.

    Attributes:
        kind: 'csv', 'parquet' or 'workbook'.
        stamp: Size in bytes and time of the last change in nanoseconds, as one text.
        requested: The delimiter and the encoding that the settings ask for; None where they ask for none.
        headings: Texts of the first line, in file order.
        delimiter: Of a CSV file.
        encoding: Of a CSV file: 'utf-8', 'latin-1' or 'utf-16'.
        other_sheets: Sheets of a workbook that are not read, because their headings differ.
    """

    kind: str
    stamp: str
    requested: tuple[str | None, str | None]
    headings: tuple[str, ...]
    delimiter: str | None = None
    encoding: str | None = None
    other_sheets: tuple[str, ...] = ()

    @property
    def modified_at(self) -> datetime:
        """Time of the last change, in UTC."""
        return datetime.fromtimestamp(int(self.stamp.split()[1]) / 1e9, UTC)

    def to_json(self) -> dict[str, Any]:
        """The description as plain values, for storing it."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "FileDescription":
        """The description that `to_json` made plain values of."""
        as_tuples: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**as_tuples)


def describe_files(
    path: str,
    delimiter: str | None = None,
    encoding: str | None = None,
    ingested: Mapping[str, FileDescription] | None = None,
) -> dict[str, FileDescription]:
    """Describe an input file, or all files that a glob matches.

    Args:
        path: A file or a glob.
        delimiter: The delimiter of CSV files; None means find out.
        encoding: The encoding of CSV files; None means find out.
        ingested: Descriptions of files that an earlier build read. A file with the same stamp is not opened again.

    Returns:
        The description of each file, by its path, sorted.

    Raises:
        InputError: No file, several kinds of files, a file that cannot be read, or files that differ in headings.
    """
    paths = _matching_files(path)
    if len({_kind(file) for file in paths}) > 1:
        raise InputError(f"'{path}' matches files of several kinds: give a glob that matches only one.")
    requested = (delimiter, encoding)
    files = {}
    for file in paths:
        earlier = (ingested or {}).get(file)
        is_unchanged = earlier is not None and (earlier.stamp, earlier.requested) == (_stamp(file), requested)
        files[file] = earlier if earlier is not None and is_unchanged else _describe(file, requested)
    _check_alike(files)
    return files


def workbook_rows(path: str) -> list[list[str | None]]:
    """Rows below the headings of a workbook (or of all workbooks that match a glob), each cell as text.

    Sheets with the headings of the first one are stacked, in the workbook's order: a sheet holds at most
    1,048,576 rows, so long transaction logs span several.
    """
    return [row for file in _matching_files(path) for row in _read_workbook(file, _modified(file)).rows]


def _describe(file: str, requested: tuple[str | None, str | None]) -> FileDescription:
    # Before the file is opened: a file that grows meanwhile is read again by the next build.
    bare = FileDescription(_kind(file), _stamp(file), requested, ())
    if bare.kind == "parquet":
        return replace(bare, headings=_parquet_headings(file))
    if bare.kind == "workbook":
        workbook = _read_workbook(file, _modified(file))
        return replace(bare, headings=tuple(workbook.headings), other_sheets=tuple(workbook.other_sheets))
    headings, delimiter, encoding = _csv_form(file, *requested, _modified(file))
    return replace(bare, headings=headings, delimiter=delimiter, encoding=encoding)


def _check_alike(files: Mapping[str, FileDescription]) -> None:
    first_path, *other_paths = files
    first = files[first_path]
    for path in other_paths:
        other = files[path]
        differences = []
        if other.delimiter != first.delimiter:
            differences.append(f"delimiter {other.delimiter!r} instead of {first.delimiter!r}")
        if other.headings != first.headings:
            differences.append(f"headings {list(other.headings)!r} instead of {list(first.headings)!r}")
        if differences:
            raise InputError(
                f"'{path}' does not look like '{first_path}': {'; '.join(differences)}. "
                "Files read together need the same headings and delimiter."
            )


def _matching_files(path: str) -> list[str]:
    files = [path] if Path(path).exists() else sorted(glob(path, recursive=True))  # noqa: PTH207 - the pattern may be absolute
    if not files:
        raise InputError(f"there is no file '{path}' (looked for from {Path.cwd().name}/).")
    for file in files:
        if Path(file).is_dir():
            raise InputError(f"'{file}' is a folder: name a file in it, or a glob such as '{file}/*.csv'.")
        if Path(file).stat().st_size == 0:
            raise InputError(f"'{file}' is empty: it has not even a line of headings.")
    return files


def _kind(file: str) -> str:
    suffixes = [suffix.lower() for suffix in Path(file).suffixes]
    suffix = next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")
    for kind, known in (("csv", CSV_SUFFIXES), ("parquet", PARQUET_SUFFIXES), ("workbook", WORKBOOK_SUFFIXES)):
        if suffix in known:
            return kind
    raise InputError(f"'{file}' ends in none of {', '.join(CSV_SUFFIXES + PARQUET_SUFFIXES + WORKBOOK_SUFFIXES)}.")


def _stamp(file: str) -> str:
    return f"{Path(file).stat().st_size} {_modified(file)}"


def _modified(file: str) -> int:
    return Path(file).stat().st_mtime_ns


@cache
def _csv_form(
    file: str, delimiter: str | None, encoding: str | None, modified: int
) -> tuple[tuple[str, ...], str, str]:
    """Headings, delimiter and encoding; cached, because finding the encoding reads the whole file.

    `modified` (nanoseconds) is part of the key: a file that changed is read again.
    """
    try:
        encoding = encoding or _find_encoding(file)
        with _open(file) as stream, io.TextIOWrapper(stream, _python_codec(encoding), newline="") as text:
            first_line = text.readline()
            delimiter = delimiter or _find_delimiter(first_line)
            # A heading in quotes may hold a line break: the reader reads the lines that it needs.
            headings = next(csv.reader(_chain(first_line, text), delimiter=delimiter))
    except (OSError, EOFError, UnicodeError, csv.Error) as error:
        raise InputError(f"'{file}' cannot be read as text: {error}.") from error
    if "\0" in first_line:
        raise InputError(f"'{file}' is not a text file: its first line holds zero bytes.")
    if encoding == "latin-1" and _has_control_bytes(file):
        raise InputError(
            f"'{file}' is no Latin-1: it looks like Windows-1252, which DuckDB cannot read. "
            "Save it as UTF-8, e.g. with iconv -f cp1252 -t utf-8."
        )
    if not any(heading.strip() for heading in headings) or first_line.lower().startswith("sep="):
        raise InputError(f"'{file}' has no headings in its first line, where they must be.")
    return tuple(headings), delimiter, encoding


def _chain(first_line: str, rest: io.TextIOWrapper) -> Iterator[str]:
    yield first_line
    yield from rest


def _open(file: str) -> BinaryIO:
    return cast(BinaryIO, gzip.open(file) if file.lower().endswith(".gz") else Path(file).open("rb"))


def _python_codec(encoding: str) -> str:
    # utf-8-sig and utf-16 drop the byte order mark, which would otherwise become part of the first heading.
    return {"utf-8": "utf-8-sig"}.get(encoding, encoding)


def _find_encoding(file: str) -> str:
    """'utf-8' if every byte fits it, else 'latin-1'; 'utf-16' by its byte order mark.

    It reads the whole file: the first accented letter may be in the last line.
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
    """The delimiter that the heading line holds most often; a comma where it holds none (a single column)."""
    counts = Counter(heading_line)
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])


def _parquet_headings(file: str) -> tuple[str, ...]:
    try:
        with duckdb.connect() as connection:
            columns = connection.execute("describe select * from read_parquet(?)", [file]).fetchall()
    except duckdb.Error as error:
        raise InputError(f"'{file}' cannot be read as Parquet: {first_line_of(error)}.") from error
    return tuple(name for name, *_ in columns)


class Workbook(NamedTuple):
    """A workbook as text: the headings of its first sheet, the rows below them, the sheets with other headings."""

    headings: list[str]
    rows: list[list[str | None]]
    other_sheets: list[str]


@lru_cache(maxsize=1)
def _read_workbook(file: str, modified: int) -> Workbook:
    """The workbook, cached, so that describing and loading parse it once.

    `modified` (nanoseconds) is part of the key: a workbook that changed is read again.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(file)
        sheets = {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}
    except (CalamineError, OSError) as error:
        raise InputError(f"'{file}' cannot be read as a workbook: {first_line_of(error)}.") from error
    headings_of = {name: [_text(cell) or "" for cell in sheet[0]] for name, sheet in sheets.items() if sheet}
    if not headings_of:
        raise InputError(f"'{file}' holds no cell: it has not even a row of headings.")
    headings = next(iter(headings_of.values()))
    read = [name for name in headings_of if headings_of[name] == headings]
    rows = [[_text(cell) for cell in row] for name in read for row in sheets[name][1:]]
    return Workbook(headings, rows, [name for name in headings_of if name not in read])


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


def first_line_of(error: Exception) -> str:
    """The first line of an error's message without its full stop, or the error's name."""
    lines: Sequence[str] = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
