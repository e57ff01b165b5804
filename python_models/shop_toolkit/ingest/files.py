"""Find input files and describe them: kind, headings, delimiter, encoding; or fail with a sentence."""

import csv
import errno
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cache
from glob import glob
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import Any

import duckdb

from shop_toolkit.errors import InputError as InputError
from shop_toolkit.errors import first_line_of as first_line_of
from shop_toolkit.errors import named, reason_of, shortened
from shop_toolkit.ingest.encodings import NATIVE, UNREADABLE, find_encoding, open_text
from shop_toolkit.ingest.workbooks import read_workbook
from shop_toolkit.quoting import quote_text

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
DELIMITERS = ",;\t|"
GZIP = b"\x1f\x8b"
# How files begin that are no text: what they are, and what their names end in.
BEGINNINGS = {
    b"PAR1": ("Parquet", ".parquet"),
    b"PK\x03\x04": ("a workbook or another ZIP archive", ".xlsx, or unpack it"),
    b"\xd0\xcf\x11\xe0": ("a workbook", ".xls"),
    GZIP: ("a gzip archive", ".gz"),
}
EXPECTED = {"csv": (None,), "parquet": (b"PAR1",), "workbook": (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")}
SPOKEN = {"csv": "text", "parquet": "Parquet", "workbook": "a workbook"}
WEB_PAGES = (b"<html", b"<!doctype html", b"<table", b"<?xml")
# What is longer is no line of headings.
LONGEST_HEADINGS = 1 << 20
MOST_LINES_OF_HEADINGS = 50
# So many rows from the first one on may be titles.
MOST_TITLES = 20
# A first line that names the delimiter.
STATED_DELIMITER = re.compile(r'"?sep=([^\w\s"]|\t)"?[,;\t|]*', re.IGNORECASE)
# So many lines show which columns may hold codes.
LINES_LOOKED_AT = 200


@dataclass(frozen=True)
class FileDescription:
    """What one input file looks like.

    Attributes:
        kind: 'csv', 'parquet' or 'workbook'.
        stamp: Size in bytes and time of the last change in nanoseconds, as one text.
        requested: The delimiter and the encoding that the settings ask for; None where they ask for none.
        headings: Texts of the first line, in file order.
        delimiter: Of a CSV file.
        encoding: Of a CSV file; one of `shop_toolkit.ingest.encodings.ENCODINGS`.
        other_sheets: Sheets of a workbook that are not read, because their headings differ.
        types: Of a Parquet file, the type of each column.
        blank_lines: How many lines of a CSV file are before its headings, blank or with the delimiter.
    """

    kind: str
    stamp: str
    requested: tuple[str | None, str | None]
    headings: tuple[str, ...]
    delimiter: str | None = None
    encoding: str | None = None
    other_sheets: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    blank_lines: int = 0

    @property
    def form(self) -> tuple[object, ...]:
        """What files that are read by one function have in common."""
        return self.kind, self.headings, self.types, self.delimiter, self.blank_lines

    @property
    def size(self) -> int:
        """Size in bytes."""
        return int(self.stamp.split()[0])

    @property
    def modified_at(self) -> datetime:
        """Time of the last change, in UTC."""
        return datetime.fromtimestamp(int(self.stamp.split()[1]) / 1e9, UTC)

    @property
    def is_copied(self) -> bool:
        """Whether DuckDB does not know the encoding, so that it reads a copy in UTF-8."""
        return self.encoding is not None and self.encoding not in NATIVE

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
        InputError: There is no file, or one that cannot be read.
    """
    paths = _matching_files(path)
    requested = (delimiter, encoding)
    files = {}
    for file in paths:
        earlier = (ingested or {}).get(file)
        is_unchanged = earlier is not None and (earlier.stamp, earlier.requested) == (stamp(file), requested)
        files[file] = earlier if earlier is not None and is_unchanged else _describe(file, requested)
    return files


def stamps(path: str) -> dict[str, str]:
    """Each file that a name or glob matches, with its size and the time of its last change.

    Args:
        path: A file, or a glob.

    Returns:
        Stamps by file, as `FileDescription` has them.

    Raises:
        InputError: There is no such file, or one of them can't be read yet: it is empty, say.
    """
    try:
        return {file: stamp(file) for file in _matching_files(path)}
    except OSError as error:
        raise InputError(f"{named(path)} can't be read: {reason_of(error)}.") from error


def workbook_rows(path: str) -> list[list[str | None]]:
    """Rows below the headings of a workbook (or of all workbooks that match a glob), each cell as text.

    Sheets with the headings of the first one are stacked, in the workbook's order: a sheet holds at most
    1,048,576 rows, so long transaction logs span several.
    """
    return [row for file in _matching_files(path) for row in read_workbook(file, _modified(file)).rows]


def _describe(file: str, requested: tuple[str | None, str | None]) -> FileDescription:
    # Before the file is opened: a file that grows meanwhile is read again by the next build.
    bare = FileDescription(_kind(file), stamp(file), requested, ())
    _check_content(file, bare.kind)
    if bare.kind == "parquet":
        columns = _parquet_columns(file)
        return replace(bare, headings=tuple(columns), types=tuple(columns.values()))
    if bare.kind == "workbook":
        workbook = read_workbook(file, _modified(file))
        return replace(bare, headings=tuple(workbook.headings), other_sheets=tuple(workbook.other_sheets))
    headings, delimiter, encoding, blank_lines = _csv_form(file, *requested, _modified(file))
    return replace(bare, headings=headings, delimiter=delimiter, encoding=encoding, blank_lines=blank_lines)


def row_of_headings(
    file: str, description: FileDescription, is_it: Callable[[Sequence[str]], bool]
) -> tuple[int, list[str]] | None:
    """Among the first rows of a text or a workbook, below its headings, one that is a row of headings instead.

    Args:
        file: The file.
        description: What it looks like.
        is_it: Whether the cells of a row are headings.

    Returns:
        The number of its row, from 1 on, and its cells; None where there is none.
    """
    if description.kind == "workbook":
        rows: Iterable[Sequence[str | None]] = read_workbook(file, _modified(file)).rows
        for number, cells in enumerate(islice(rows, MOST_TITLES), 2):
            if is_it(texts := [cell or "" for cell in cells]):
                return number, texts
        return None
    if description.kind != "csv":
        return None
    with open_text(file, str(description.encoding)) as text:
        for number, line in enumerate(islice(iter(lambda: text.readline(LONGEST_HEADINGS), ""), MOST_TITLES), 1):
            # Titles hold no delimiter, so another one may be right.
            try:
                texts = next(csv.reader([line.strip("\r\n")], delimiter=_find_delimiter(line)), [])
            except csv.Error:  # a cell of more than 131,072 characters
                continue
            if is_it(texts):
                return number, texts
    return None


def short_columns(file: str, description: FileDescription, names: Sequence[str]) -> set[str] | None:
    """Columns of a CSV file whose first cells hold three letters or nothing; None where that is not known.

    To look at a few lines spares parsing the file for columns that can't hold codes.

    Args:
        file: The file.
        description: What it looks like.
        names: What its columns are called, one for each heading.
    """
    if description.kind != "csv":
        return None
    columns = first_cells(file, description, names)
    short = set()
    for name, column in columns.items():
        cells = [cell for cell in column if cell]
        if sum(len(cell) == 3 for cell in cells) >= len(cells) / 2:
            short.add(name)
    return short if columns else None


def first_cells(file: str, description: FileDescription, names: Sequence[str]) -> dict[str, list[str]]:
    """The cells of the first rows of a text or a workbook, by column; nothing where they can't be read.

    Args:
        file: The file.
        description: What it looks like.
        names: What its columns are called, one for each heading.
    """
    rows: list[Sequence[str | None]] = []
    try:
        if description.kind == "workbook":
            rows = list(islice(read_workbook(file, _modified(file)).rows, LINES_LOOKED_AT))
        elif description.kind == "csv":
            with open_text(file, str(description.encoding)) as text:
                for _ in range(description.blank_lines):
                    text.readline(LONGEST_HEADINGS)
                rows = list(islice(csv.reader(text, delimiter=str(description.delimiter)), LINES_LOOKED_AT))
    except (*UNREADABLE, csv.Error):
        return {}
    rows = [row for row in rows if list(row) != list(description.headings)]
    return {
        name: [(row[position] or "").strip() for row in rows if len(row) > position]
        for position, name in enumerate(names)
    }


def _matching_files(path: str) -> list[str]:
    if "\0" in path:
        raise InputError(f"{named(path)} is no name of a file: it holds a zero byte.")
    try:
        files = [path] if Path(path).exists() else sorted(glob(path, recursive=True))  # noqa: PTH207 - may be absolute
    except OSError as error:
        raise InputError(f"{named(path)} is no name of a file: {reason_of(error)}.") from error
    if not files:
        place = "" if Path(path).is_absolute() else f" in the folder {named(Path.cwd().name)}, from which paths begin"
        raise InputError(f"there is no file {named(path)}{place}.")
    for file in files:
        _check_is_file(file)
    return _without_links_to_the_same(files)


def _check_is_file(file: str) -> None:
    try:
        status = Path(file).stat()
    except OSError as error:
        if not Path(file).is_symlink():
            raise InputError(f"{named(file)} can't be opened: {reason_of(error)}.") from error
        target = "itself" if error.errno == errno.ELOOP else "a file that is not there"
        raise InputError(f"{named(file)} is a link to {target}: mend the link, or move it away.") from error
    if stat.S_ISDIR(status.st_mode):
        raise InputError(
            f"{named(file)} is a folder: name a file in it, or a glob such as '{shortened(file, 80)}/*.csv'."
        )
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{named(file)} is no ordinary file: the build reads files that stay as they are.")
    if status.st_size == 0:
        raise InputError(f"{named(file)} is empty: it has not even a line of headings.")
    if not os.access(file, os.R_OK):
        raise InputError(f"{named(file)} can't be opened: this user may not read it.")


def _without_links_to_the_same(files: list[str]) -> list[str]:
    """Each file once: links among folders may lead to it by many paths, of which the shortest counts."""
    shortest: dict[str, str] = {}
    for file in sorted(files, key=len):
        shortest.setdefault(os.path.realpath(file), file)
    return sorted(shortest.values())


def _kind(file: str) -> str:
    suffixes = [suffix.lower() for suffix in Path(file).suffixes]
    suffix = next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), "")
    for kind, known in (("csv", CSV_SUFFIXES), ("parquet", PARQUET_SUFFIXES), ("workbook", WORKBOOK_SUFFIXES)):
        if suffix in known:
            return kind
    raise InputError(f"{named(file)} ends in none of {', '.join(CSV_SUFFIXES + PARQUET_SUFFIXES + WORKBOOK_SUFFIXES)}.")


def _check_content(file: str, kind: str) -> None:
    """Raise InputError where a file holds something else than its name says."""
    with Path(file).open("rb") as stream:
        start = stream.read(4096)
    beginning = next((sign for sign in BEGINNINGS if start.startswith(sign)), None)
    is_zipped = file.lower().endswith(".gz")
    if beginning == GZIP if is_zipped else beginning in EXPECTED[kind]:
        return
    problem = f"{named(file)} cannot be read as {SPOKEN[kind]}: it "
    if beginning is not None:
        content, ending = BEGINNINGS[beginning]
        raise InputError(f"{problem}holds {content}. Rename it to end in {ending}.")
    if is_zipped:
        raise InputError(f"{problem}is no gzip archive. Rename it to end without '.gz'.")
    if kind != "csv" and b"\0" not in start:
        if start.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(WEB_PAGES):
            raise InputError(f"{problem}holds a web page. Open it in a spreadsheet, and save it as .xlsx.")
        raise InputError(f"{problem}holds text. Rename it to end in .csv.")


def stamp(file: str) -> str:
    """Size of a file and the time of its last change, as a text; raises OSError where it is gone."""
    return f"{Path(file).stat().st_size} {_modified(file)}"


def stamp_or_none(file: str) -> str | None:
    """As `stamp`, None where the file is gone."""
    try:
        return stamp(file)
    except OSError:
        return None


def _modified(file: str) -> int:
    return Path(file).stat().st_mtime_ns


@cache
def _csv_form(
    file: str, delimiter: str | None, encoding: str | None, modified: int
) -> tuple[tuple[str, ...], str, str, int]:
    """Headings, delimiter, encoding and how many lines are above the headings.

    Cached, because finding the encoding reads the whole file. `modified` (nanoseconds) is part of the key: a file that
    changed is read again.
    """
    encoding = find_encoding(file, encoding)
    try:
        with open_text(file, encoding) as text:
            first_line, lines_above, stated = _line_of_headings(text)
            delimiter = delimiter or stated or _find_delimiter(first_line)
            headings = _headings(file, first_line, text, delimiter)
            lines = list(islice(iter(lambda: text.readline(LONGEST_HEADINGS), ""), MOST_TITLES))
    except (*UNREADABLE, csv.Error) as error:
        raise InputError(
            f"{named(file)} cannot be read as text: {reason_of(error)}. Export or copy it again."
        ) from error
    if not any(heading.strip() for heading in headings):
        raise InputError(f"{named(file)} has no headings in its first line, where they must be.")
    _check_lines_have_fields(file, first_line, headings, delimiter, lines)
    return headings, delimiter, encoding, lines_above


def _line_of_headings(text: TextIOWrapper) -> tuple[str, int, str | None]:
    """The first line that holds more than blanks and delimiters, how many are before it, and the delimiter they state.

    Excel reads `sep=;` in a first line as the delimiter, and so do programs that write for it.
    """
    line, lines_above, stated = text.readline(LONGEST_HEADINGS).removeprefix("\ufeff"), 0, None
    while line and lines_above < MOST_LINES_OF_HEADINGS:
        found = STATED_DELIMITER.fullmatch(line.rstrip("\r\n"))
        if found is None and not _is_blank(line):
            break
        stated = stated or (found and found[1])
        line, lines_above = text.readline(LONGEST_HEADINGS), lines_above + 1
    return line, lines_above, stated


def _check_lines_have_fields(
    file: str, first_line: str, headings: Sequence[str], delimiter: str, lines: Sequence[str]
) -> None:
    """Raise InputError where quotes make one field of each whole line: of the headings, or of the first rows.

    So do programs that export a line as a text, and spreadsheets that got all of a line in one cell.
    """
    is_of_headings = len(headings) == 1
    looked_at = [first_line] if is_of_headings else [line for line in lines if line.strip()]
    fields = [_fields_within(line, delimiter) for line in looked_at]
    if fields and all(number > 2 and (is_of_headings or number == len(headings)) for number in fields):
        raise InputError(
            f"Each line of {named(file)} is in quotes as a whole, e.g. {shortened(looked_at[0], 60)}, so that it is one"
            " field. Remove the quotes around the lines, and write two quotes within them as one."
        )


def _fields_within(line: str, delimiter: str) -> int:
    """How many fields the only field of a line holds; 0 where the line has several."""
    try:
        cells = next(csv.reader([line.strip("\r\n")], delimiter=delimiter), [])
        return len(next(csv.reader(cells, delimiter=delimiter), [])) if len(cells) == 1 else 0
    except csv.Error:
        return 0


def _is_blank(line: str) -> bool:
    """Whether a line holds no text; a quote that it leaves open begins a heading of several lines."""
    return not line.strip(f'{DELIMITERS} "\r\n') and line.count('"') % 2 == 0


def _headings(file: str, first_line: str, rest: TextIOWrapper, delimiter: str) -> tuple[str, ...]:
    """The fields of the first row; a heading in quotes may hold a line break, so it may take several lines."""
    if "\0" in first_line:
        raise InputError(f"{named(file)} is not a text file: its first line holds zero bytes.")
    if len(first_line) == LONGEST_HEADINGS:
        raise InputError(f"{named(file)} has no headings: its first line is longer than a megabyte.")
    quotes = 0

    def lines() -> Iterator[str]:
        nonlocal quotes
        further = islice(iter(lambda: rest.readline(LONGEST_HEADINGS), ""), MOST_LINES_OF_HEADINGS)
        for line in chain([first_line], further):
            quotes += line.count('"')
            yield line

    reader = csv.reader(lines(), delimiter=delimiter)
    try:
        headings = next(reader)
    except csv.Error:
        headings, quotes = [], 1
    if (not headings and quotes) or (reader.line_num > 1 and quotes % 2):
        raise InputError(f"{named(file)} opens a quote in its headings that nothing closes: close it, or remove it.")
    return tuple(headings)


def _find_delimiter(heading_line: str) -> str:
    """The delimiter that the heading line holds most often; a comma where it holds none (a single column)."""
    counts = Counter(heading_line)
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])


def pattern_of(file: str) -> str:
    """A glob that matches this file alone: DuckDB takes each name for a pattern."""
    return re.sub(r"[*?\[]", r"[\g<0>]", file)


def parquet_rows(files: Iterable[str], file_column: str | None = None) -> str:
    """SQL that reads Parquet files, as they are: the folders that they are in add no columns."""
    patterns = ", ".join(quote_text(pattern_of(file)) for file in files)
    file_name = "" if file_column is None else f", filename = {quote_text(file_column)}"
    return f"read_parquet([{patterns}], hive_partitioning = false{file_name})"


def _parquet_columns(file: str) -> dict[str, str]:
    try:
        with duckdb.connect() as connection:
            columns = connection.execute(f"describe from {parquet_rows([file])}").fetchall()
    except duckdb.Error as error:
        raise InputError(f"{named(file)} cannot be read as Parquet: {reason_of(error)}.") from error
    return {name: kind for name, kind, *_ in columns}
