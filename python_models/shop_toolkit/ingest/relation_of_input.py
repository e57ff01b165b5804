"""The rows of files, or of a table of the warehouse, as a relation: files of several forms are each mapped."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate

import duckdb

from shop_toolkit.errors import InputError, listed, named, shortened
from shop_toolkit.ingest.exports import comparable
from shop_toolkit.ingest.files import FileDescription, first_cells, parquet_rows, pattern_of, row_of_headings
from shop_toolkit.ingest.headings import COLUMN_ALIASES, MONEY, check_mapping, mapping_for, match_headings
from shop_toolkit.ingest.mapped_rows import mapped_rows
from shop_toolkit.ingest.relation import NUMBER_COLUMNS, InputRelation
from shop_toolkit.ingest.rows_of_files import Locate, cell, csv_rows, swallowed_rows, workbook_sheets
from shop_toolkit.quoting import quote_list, quote_name, quote_text

# What DuckDB calls the place of a row in a Parquet file, and that of the file among those that it reads.
ROW_OF_FILE = "file_row_number"
PLACE_OF_FILE = "file_index"
FILE_NAME = re.compile(r"[/\\*?]|[.](csv|tsv|txt|parquet|pq|xlsx|xlsm|xls|xlsb|ods|gz|json)$")
# Without these a row means something else: files that are read together have the same of them.
DECISIVE_COLUMNS = ("invoice_id", "product_id", "quantity", "unit_price", "amount")
# Headings that name what a line or an order comes to, whatever they are mapped to.
UNMISTAKABLE_AMOUNT = re.compile("total|amount|betrag|summe|сумма")
# What the rows of one form become once it is known what their columns mean.
Revise = Callable[[InputRelation], InputRelation]


def as_it_is(relation: InputRelation) -> InputRelation:
    """The same relation."""
    return relation


def numbered(connection: duckdb.DuckDBPyConnection, relation: InputRelation, files: Sequence[str]) -> InputRelation:
    """The rows of Parquet files, each with its place among the rows of all: the files count their rows."""
    if relation.position is None or len(files) < 2:
        return relation
    patterns = quote_list([pattern_of(file) for file in files])
    counts = dict(connection.execute(f"select file_name, num_rows from parquet_file_metadata({patterns})").fetchall())
    before = [0, *accumulate(counts[file] for file in files)][:-1]
    place = f"cast({PLACE_OF_FILE} as bigint) + 1"
    return replace(relation, position=f"({before})[{place}] + {relation.position}")


def is_file_name(name: str) -> bool:
    """Whether a name is a file's or a glob: it has a slash, a wildcard or a known ending. Other names are tables."""
    return FILE_NAME.search(name.lower()) is not None


def relation_of_files(
    path: str,
    files: Mapping[str, FileDescription],
    only: Sequence[str],
    column_mapping: Mapping[str, str | Sequence[str]],
    locate: Locate = str,
    revise: Revise = as_it_is,
) -> InputRelation:
    """The rows of files. Files that differ in kind, headings or delimiter are each mapped to our columns.

    Args:
        path: The file or glob of the setting `transactions`.
        files: All files of the input, by path.
        only: The paths to read, at least one.
        column_mapping: The setting of that name.
        locate: Where DuckDB finds the rows of a file that it can't decode itself.
        revise: What the rows of one form become.

    Raises:
        InputError: A required column has no heading, or files differ in what a row of them means.
    """
    forms: dict[tuple[object, ...], list[str]] = {}
    for name, file in files.items():
        forms.setdefault(file.form, []).append(name)
    headings = [heading for names in forms.values() for heading in unique_headings(files[names[0]].headings)]
    check_mapping(headings, named(path), column_mapping)
    if len(forms) == 1:
        return revise(_relation_of_one_form(named(path), files, only, column_mapping, locate))
    # The first file stands for its form in sentences; a form without a file to read is checked all the same.
    relations = {
        names[0]: revise(_relation_of_one_form(named(names[0]), files, names, column_mapping, locate))
        for names in forms.values()
    }
    _check_forms_agree(files, relations)
    first = next(iter(relations.values()))
    to_read = [
        revise(_relation_of_one_form(named(names[0]), files, chosen, column_mapping, locate))
        for names in forms.values()
        if (chosen := [name for name in names if name in set(only)])
    ]
    return _stacked(named(path), to_read, list(relations.values()), first.headings)


def _check_forms_agree(files: Mapping[str, FileDescription], relations: Mapping[str, InputRelation]) -> None:
    first_name, *other_names = relations
    for name in other_names:
        _check_money_agrees(relations, first_name, name)
        for column in DECISIVE_COLUMNS:
            if (column in relations[name].columns) != (column in relations[first_name].columns):
                has, lacks = (name, first_name) if column in relations[name].columns else (first_name, name)
                raise InputError(
                    f"'{shortened(lacks, 80)}' has no heading that is known to hold {column}, but"
                    f" '{shortened(has, 80)}' has one: '{shortened(relations[has].headings[column], 40)}'."
                    f" Headings: {listed(files[lacks].headings)}. Map both by the setting 'column_mapping'"
                    f" ({column}: [one heading, the other]), or read these files apart."
                )


def _check_money_agrees(relations: Mapping[str, InputRelation], *names: str) -> None:
    """Raise InputError where one file has prices of a unit and another amounts of a line, whatever they are mapped to.

    Where nothing says how many were sold, they are the same.
    """
    if not all("quantity" in relations[name].columns for name in names):
        return
    kinds, shown = set(), []
    for name in names:
        for column in (column for column in MONEY if column in relations[name].columns):
            heading = relations[name].headings[column]
            says_amount = UNMISTAKABLE_AMOUNT.search(comparable(heading)) and relations[name].export is None
            kinds.add("amount" if says_amount else column)
            shown.append(f"'{shortened(name, 80)}' has '{shortened(heading, 40)}'")
    if len(kinds) > 1:
        raise InputError(
            f"By the headings, one file has prices of a unit and another amounts of a line: {' and '.join(shown)}."
            " A price is multiplied by the quantity and an amount is not, so one of them would be counted wrongly."
            " Export all files with the same column of money, or rename a heading that says something else than it"
            " holds."
        )


def _stacked(
    name: str, parts: Sequence[InputRelation], forms: Sequence[InputRelation], headings: Mapping[str, str]
) -> InputRelation:
    """The rows of several relations under the names of our columns."""
    columns = [column for column in COLUMN_ALIASES if any(column in form.columns for form in forms)]
    others = list(dict.fromkeys(heading for form in forms for heading in form.others))
    sql_of_others = {heading: f"other_{position}" for position, heading in enumerate(others)}
    # The JSON of a row holds what its file has: rows read earlier stay equal when files with other columns arrive.
    has_types = any(part.has_types for part in parts)
    typed = {column: f"typed_{column}" for column in NUMBER_COLUMNS if has_types and column in columns}
    selects = [
        part.select(
            more={name: part.others.get(heading, "null") for heading, name in sql_of_others.items()}
            | {name: part.typed_number(column) for column, name in typed.items()},
            hides_typed_numbers=True,
        )
        for part in parts
    ]
    return InputRelation(
        name, f"({' union all '.join(selects)})", {column: column for column in columns}, sql_of_others,
        "file_name", "surplus_field", "swallowed_rows", headings, "other_columns", parts,
        used=list(dict.fromkeys(heading for form in forms for heading in form.used)), continues="continues_order",
        typed_numbers=typed,
    )  # fmt: skip


def _relation_of_one_form(
    name: str,
    files: Mapping[str, FileDescription],
    only: Sequence[str],
    column_mapping: Mapping[str, str | Sequence[str]],
    locate: Locate,
) -> InputRelation:
    first = files[only[0]]
    sql_of = {
        key: cell(first.kind, position, heading)
        for position, (key, heading) in enumerate(zip(unique_headings(first.headings), first.headings, strict=True), 1)
    }
    mapping = mapping_for(list(sql_of), column_mapping)
    heading_of = _headings_of_file(name, only[0], first, mapping)
    mapped = partial(mapped_rows, sql_of=sql_of, mapping=mapping, heading_of=heading_of)
    width = len(first.headings)
    if first.kind == "parquet":
        file_column = _free_name("read_from", first.headings)
        relation = mapped(name, parquet_rows(only, file_column), file_column)
        has_places = not {ROW_OF_FILE, PLACE_OF_FILE} & {heading.lower() for heading in first.headings}
        return replace(relation, has_types=True, position=f"{ROW_OF_FILE} + 1" if has_places else None)
    if first.kind == "workbook":
        return mapped(name, workbook_sheets(only), "read_from", surplus=f"cells[{width + 1}]")
    return mapped(
        name, csv_rows(files, only, locate), "read_from",
        surplus=f"field_{width + 1}", swallowed=swallowed_rows(first),
    )  # fmt: skip


def _headings_of_file(name: str, file: str, description: FileDescription, mapping: Mapping[str, str]) -> dict[str, str]:
    """Our columns to headings, as `match_headings` finds them; where it can't, titles may stand above them."""
    headings = unique_headings(description.headings)
    try:
        return match_headings(headings, name, mapping, lambda: first_cells(file, description, headings))
    except InputError:
        _check_rows_below(file, description, mapping)
        raise


def _check_rows_below(file: str, description: FileDescription, mapping: Mapping[str, str]) -> None:
    """Raise InputError where the columns that are needed are found in a row below the first."""

    def is_known(cells: Sequence[str]) -> bool:
        try:
            match_headings(unique_headings(cells), file, mapping)
        except InputError:
            return False
        return True

    if (found := row_of_headings(file, description, is_known)) is not None:
        number, cells = found
        # Headings of groups stand above those of columns, which are more, and no values.
        below = row_of_headings(file, description, lambda row: _are_headings_below(row, cells))
        if below is not None and below[0] == number + 1:
            number, cells = below
        raise InputError(
            f"The headings of {named(file)} seem to be in row {number} ({listed(filter(None, cells), 80)}), below other"
            " text. Delete the rows above it: the first row must hold the headings."
        )


def _are_headings_below(row: Sequence[str], above: Sequence[str]) -> bool:
    """Whether a row has more headings than the one above it, each another one and none with a digit."""
    texts = [cell.strip() for cell in row if cell.strip()]
    is_text = not any(character.isdigit() for text in texts for character in text)
    return is_text and len(set(texts)) == len(texts) > sum(bool(cell.strip()) for cell in above)


def unique_headings(headings: Sequence[str]) -> list[str]:
    """The headings of a file: one that is blank or repeated gets its position as part of its name."""
    names: dict[str, None] = {}
    for position, heading in enumerate(headings, 1):
        is_new = heading and heading not in names
        names[heading if is_new else f"{heading} (column {position})".strip()] = None
    return list(names)


def _free_name(name: str, headings: Sequence[str]) -> str:
    """A name that none of the headings has."""
    used = {heading.lower() for heading in headings}
    while name in used:
        name += "_"
    return name


def relation_of_table(
    connection: duckdb.DuckDBPyConnection, name: str, column_mapping: Mapping[str, str | Sequence[str]]
) -> InputRelation:
    """The rows of a table or view of the warehouse, named as table, schema.table or database.schema.table.

    Raises:
        InputError: There is no such table, or a required column has no heading.
    """
    relation = qualified_name(connection, name)
    try:
        described = connection.execute(f"describe select * from {relation}").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise InputError(
            f"The input can't be read: the warehouse has no table {named(name)} (a file's name would hold a slash or"
            " end in .csv, .parquet or .xlsx). Set it with --vars '{transactions: …}'."
        ) from error
    sql_of = {column: quote_name(column) for column, *_ in described}
    sentence_name = f"the table {named(name)}"
    check_mapping(list(sql_of), sentence_name, column_mapping)
    mapping = mapping_for(list(sql_of), column_mapping)
    heading_of = match_headings(list(sql_of), sentence_name, mapping)
    rows = mapped_rows(sentence_name, relation, quote_text(name), sql_of=sql_of, mapping=mapping, heading_of=heading_of)
    return replace(rows, has_types=True)


def qualified_name(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """A table's name as SQL, with database and schema; as it is where there is no such table.

    In the views of the schema `sources` a bare name would be looked up there first: `transactions` is one of them.
    """
    *places, table = name.split(".")
    found = connection.execute(
        """
        with relations as (
            select database_name, schema_name, table_name from duckdb_tables()
            union all
            select database_name, schema_name, view_name from duckdb_views()
        )
        select database_name, schema_name, table_name
        from relations
        where
            lower(table_name) = lower($table)
            and case len($places)
                when 0 then database_name = current_database() and schema_name = current_schema()
                when 1 then
                    (database_name = current_database() and lower(schema_name) = lower($places[1]))
                    or (lower(database_name) = lower($places[1]) and schema_name = 'main')
                when 2 then lower(database_name) = lower($places[1]) and lower(schema_name) = lower($places[2])
                else false
            end
        order by database_name = current_database() desc, schema_name = 'main', database_name
        """,
        {"table": table, "places": places},
    ).fetchall()
    return ".".join(quote_name(part) for part in (found[0] if found else name.split(".")))
