"""The rows of CSV files and workbooks as SQL, each field a text."""

from collections.abc import Callable, Mapping, Sequence

from shop_toolkit.ingest.files import FileDescription, pattern_of
from shop_toolkit.quoting import quote_list, quote_name, quote_text

# Where DuckDB finds the rows of a file: in the file, or in a copy that it can decode.
Locate = Callable[[str], str]


def cell(kind: str, position: int, heading: str) -> str:
    """SQL: a cell of a row, by the kind of its file."""
    return {"csv": f"field_{position}", "workbook": f"cells[{position}]", "parquet": quote_name(heading)}[kind]


def csv_rows(files: Mapping[str, FileDescription], only: Sequence[str], locate: Locate) -> str:
    """CSV files as text, as they are: short rows are filled with nulls, one more field than headings catches long ones.

    Null padding with line breaks in quotes needs DuckDB's serial reader, which is no slower here.
    """
    first = files[only[0]]
    fields = ", ".join(f"'field_{position}': 'varchar'" for position in range(1, len(first.headings) + 2))
    # A file without accents is UTF-8 and Latin-1 alike, so files of one shop may seem to differ.
    paths_of: dict[str, list[str]] = {}
    for path in only:
        encoding = "utf-8, copied" if files[path].is_copied else files[path].encoding or "utf-8"
        paths_of.setdefault(encoding, []).append(path)
    relations = []
    for encoding, paths in paths_of.items():
        is_copied = encoding == "utf-8, copied"
        places = {locate(path): path for path in paths} if is_copied else {path: path for path in paths}
        rows = (
            f"read_csv({quote_list([pattern_of(place) for place in places])}, auto_detect = false, header = true"
            f", skip = {first.blank_lines}"
            f", delim = {quote_text(first.delimiter or ',')}, encoding = {quote_text(encoding.split(',')[0])}"
            f", quote = '\"', escape = '\"', null_padding = true, strict_mode = false, hive_partitioning = false"
            f", parallel = false, filename = 'read_from', columns = {{{fields}}})"
        )
        names = ", ".join(f"{quote_text(place)}: {quote_text(path)}" for place, path in places.items())
        relations.append(
            f"(select * replace (map {{{names}}}[read_from] as read_from) from {rows})" if is_copied else rows
        )
    return relations[0] if len(relations) == 1 else f"(from {' union all from '.join(relations)})"


def workbook_sheets(only: Sequence[str]) -> str:
    """The sheets of workbooks, with a list of cells for each row."""
    selects = [
        f"select unnest(workbook_rows({quote_text(path)})) as cells, {quote_text(path)} as read_from" for path in only
    ]
    return f"({' union all '.join(selects)})"


def swallowed_rows(file: FileDescription) -> str:
    """SQL: line breaks in fields that hold, behind one, a line with as many delimiters as a whole row has."""
    delimiters = len(file.headings) - 1
    if not delimiters:
        return "0"
    fields = ", ".join(f"field_{position}" for position in range(1, delimiters + 2))
    delimiter = quote_text(file.delimiter or ",")
    in_line = f"length(line) - length(replace(line, {delimiter}, ''))"
    lines = f"list_transform(string_split(field, chr(10))[2:], lambda line: {in_line})"
    swallowed = (
        f"case when list_max({lines}) >= {delimiters} then length(field) - length(replace(field, chr(10), '')) end"
    )
    with_breaks = f"list_filter([{fields}], lambda field: contains(field, chr(10)))"
    return f"coalesce(list_sum(list_transform({with_breaks}, lambda field: {swallowed})), 0)"
