"""The rows of the input as SQL, under our column names."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate

import duckdb

from shop_toolkit.errors import InputError, listed, named, shortened
from shop_toolkit.ingest.cells import TIME_TEXT
from shop_toolkit.ingest.exports import Export, comparable, export_of
from shop_toolkit.ingest.files import FileDescription, first_cells, parquet_rows, pattern_of, row_of_headings
from shop_toolkit.ingest.headings import (
    COLUMN_ALIASES,
    MONEY,
    TIME_OF_DAY,
    check_mapping,
    mapping_for,
    match_headings,
)
from shop_toolkit.ingest.marks import MARKED, marked_text
from shop_toolkit.quoting import quote_list as quote_list
from shop_toolkit.quoting import quote_name as quote_name
from shop_toolkit.quoting import quote_text as quote_text

NUMBER_COLUMNS = ("unit_price", "amount", "quantity")
# Types that staging reads without a trip through text, and that any later build can turn into the same text.
KEPT_DATES = ("DATE", "TIMESTAMP")
KEPT_NUMBERS = re.compile(r"(TINY|SMALL|BIG|U?)INT(EGER)?|DOUBLE|DECIMAL\([0-9]+,[0-9]+\)")
# What DuckDB calls the place of a row in a Parquet file, and that of the file among those that it reads.
ROW_OF_FILE = "file_row_number"
PLACE_OF_FILE = "file_index"
FILE_NAME = re.compile(r"[/\\*?]|[.](csv|tsv|txt|parquet|pq|xlsx|xlsm|xls|xlsb|ods|gz|json)$")
# Without these a row means something else: files that are read together have the same of them.
DECISIVE_COLUMNS = ("invoice_id", "product_id", "quantity", "unit_price", "amount")
# Headings that name what a line or an order comes to, whatever they are mapped to.
UNMISTAKABLE_AMOUNT = re.compile("total|amount|betrag|summe|сумма")
# Where DuckDB finds the rows of a file: in the file, or in a copy that it can decode.
Locate = Callable[[str], str]


@dataclass(frozen=True)
class Formats:
    """How dates and numbers are written; None where nothing shows it yet."""

    date_format: str | None
    decimal_separator: str | None


NOTHING_KNOWN = Formats(None, None)


@dataclass(frozen=True)
class InputRelation:
    """The input, or some files of it, as parts of a query.

    Attributes:
        name: How sentences call it.
        sql: An expression for a from clause.
        columns: Our column to SQL that yields its text; only columns that the input has.
        others: Heading to SQL, of the columns that are none of ours.
        file_name: SQL that yields the file (or the table) of a row.
        surplus: SQL that is not null where a row has more fields than there are headings.
        swallowed: SQL that counts the rows that an unclosed quote made part of a field.
        headings: Our column to its heading.
        other_columns: SQL that yields the columns that are none of ours as JSON, where rows differ in them.
        parts: The relations of which it is made, where files differ in their form.
        export: What the export is called whose headings these are; None for any other input.
        continues: SQL that is true where a row is a further line of the order above it.
        undated: SQL that is true where a row is a line without a date, which is of the order above it if it names that.
        used: Headings of `others` that decide about columns of ours.
        dates: A table of the texts of its dates, in which each is read already (see `read_dates`); None where there is
            none.
        has_types: Whether columns may be of other types than text.
        position: SQL that yields the place of a row among all, from 1 on; None where only reading them in order does.
        typed_numbers: Our column of numbers to SQL that yields its numbers with a type as texts with a point, where the
            column has the texts alone.
    """

    name: str
    sql: str
    columns: Mapping[str, str]
    others: Mapping[str, str]
    file_name: str
    surplus: str = "null"
    swallowed: str = "0"
    headings: Mapping[str, str] = field(default_factory=dict)
    other_columns: str | None = None
    parts: Sequence["InputRelation"] = ()
    export: str | None = None
    continues: str = "false"
    undated: str = "false"
    used: Sequence[str] = ()
    dates: str | None = None
    has_types: bool = False
    position: str | None = None
    typed_numbers: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_continued_orders(self) -> bool:
        """Whether lines may leave blank what the first line of their order holds."""
        continues = (self.continues, self.undated)
        return any(sql != "false" for sql in continues) or any(part.has_continued_orders for part in self.parts)

    @property
    def unused(self) -> list[str]:
        """Headings that change nothing."""
        return [heading for heading in self.others if heading not in self.used]

    def select(
        self,
        decimal_separator: str | None = None,
        *,
        more: Mapping[str, str] | None = None,
        hides_typed_numbers: bool = False,
        typed: Collection[str] = (),
    ) -> str:
        """A query of all rows: our columns as text, null where the input lacks them, then what else a row holds.

        Args:
            decimal_separator: How texts write decimals. Typed numbers become texts that are written so too.
            more: Names of further columns and their SQL, which are also read as text.
            hides_typed_numbers: Whether typed numbers are null: they show nothing of how texts write theirs.
            typed: Columns that stay of the type that they have.
        """
        if self.parts:
            return " union all ".join(part.select(decimal_separator) for part in self.parts)
        texts = [
            f"{self.columns[column]} as {column}"
            if column in typed
            else f"{self._text(column, decimal_separator, hides_typed_numbers)} as {column}"
            for column in COLUMN_ALIASES
        ]
        fields = ", ".join(f"{quote_text(heading)}, cast({sql} as varchar)" for heading, sql in self.others.items())
        other_columns = self.other_columns or (f"json_object({fields})" if fields else "null")
        return (
            ",\n    ".join(
                [
                    "select\n    " + texts[0],
                    *texts[1:],
                    f"cast({self.surplus} as varchar) as surplus_field",
                    f"cast({self.swallowed} as bigint) as swallowed_rows",
                    f"cast({self.continues} or {self.undated} as boolean) as continues_order",
                    f"cast({other_columns} as varchar) as other_columns",
                    f"cast({self.file_name} as varchar) as file_name",
                    f"cast({self.position or 'null'} as bigint) as input_position",
                    *(f"cast({sql} as varchar) as {name}" for name, sql in (more or {}).items()),
                ]
            )
            + f"\nfrom {self.sql}"
        )

    def kept_types(self, connection: duckdb.DuckDBPyConnection, formats: Formats) -> dict[str, str]:
        """Our columns of dates and numbers that need no trip through text, and their types.

        Args:
            connection: Where the relation can be read.
            formats: How texts are written. Where it is in another way than typed values, these are read as texts, too.
        """
        wanted = ["ordered_at"] if formats.date_format in {None, "year-month-day"} else []
        wanted += NUMBER_COLUMNS if formats.decimal_separator != "," else ()
        columns = {column: self.columns[column] for column in wanted if column in self.columns}
        if self.parts or not self.has_types or not columns:
            return {}
        selected = ", ".join(f"{sql} as {column}" for column, sql in columns.items())
        described = connection.execute(f"describe select {selected} from {self.sql}").fetchall()
        return {
            column: kind
            for column, kind, *_ in described
            if (kind in KEPT_DATES if column == "ordered_at" else KEPT_NUMBERS.fullmatch(kind))
        }

    def kept(
        self,
        connection: duckdb.DuckDBPyConnection,
        table: str,
        columns: Sequence[str],
        others: Sequence[str] = (),
    ) -> "InputRelation":
        """Some of the columns, typed as they are, in a temporary table: to parse a text file is what takes time.

        Args:
            connection: Where the relation can be read.
            table: The name of the table.
            columns: Those of ours to keep; the input may lack some.
            others: Headings of those to keep that are none of ours.
        """
        sql_of = {column: self.columns[column] for column in columns if column in self.columns}
        name_of = {heading: f"other_{place}" for place, heading in enumerate(others)}
        typed = {column: f"typed_{column}" for column in sql_of if column in self.typed_numbers}
        has_continued, has_undated = self.continues != "false", self.undated != "false"
        has_surplus = self.surplus != "null"
        selected = [
            f"{self.file_name} as file_name",
            *([f"nullif({self.surplus} is not null, false) as has_surplus"] if has_surplus else []),
            *(f"{self.typed_numbers[column]} as {name}" for column, name in typed.items()),
            *(f"{sql} as {name}" for name, sql in sql_of.items()),
            *(f"{self.others[heading]} as {name}" for heading, name in name_of.items()),
            *([f"{self.continues} as continues_order"] if has_continued else []),
            *([f"{self.undated} as is_undated_line"] if has_undated else []),
        ]
        connection.execute(f"create or replace temp table {table} as select {', '.join(selected)} from {self.sql}")
        return InputRelation(
            self.name, table, {name: name for name in sql_of}, name_of, "file_name",
            surplus="has_surplus" if has_surplus else "null", headings=self.headings, export=self.export,
            continues="continues_order" if has_continued else "false",
            undated="is_undated_line" if has_undated else "false", typed_numbers=typed,
        )  # fmt: skip

    def with_typed_numbers(self, decimal_separator: str) -> "InputRelation":
        """The same rows, of which the columns of numbers have those with a type, too, as texts with this separator."""
        numbers = {
            column: f"coalesce({self.columns[column]}, replace({sql}, '.', {quote_text(decimal_separator)}))"
            for column, sql in self.typed_numbers.items()
        }
        return replace(self, columns={**self.columns, **numbers}, typed_numbers={})

    def typed_number(self, column: str) -> str:
        """SQL that yields a number as a text where it has a type, else null."""
        sql = self.columns.get(column, "null")
        return f"case when typeof({sql}) <> 'VARCHAR' then cast({sql} as varchar) end"

    def _text(self, column: str, decimal_separator: str | None, hides_typed_numbers: bool) -> str:
        sql = self.columns.get(column, "null")
        text = f"cast({sql} as varchar)"
        if column not in NUMBER_COLUMNS or sql == "null":
            return text
        if hides_typed_numbers:
            return f"case when typeof({sql}) = 'VARCHAR' then {text} end"
        return number_text(sql, decimal_separator)


def number_text(sql: str, decimal_separator: str | None) -> str:
    """SQL: a number as a text with this separator. Texts have it already; typed numbers have a point."""
    text = f"cast({sql} as varchar)"
    if decimal_separator != ",":
        return text
    return f"case when typeof({sql}) = 'VARCHAR' then {text} else replace({text}, '.', ',') end"


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
        key: _cell(first.kind, position, heading)
        for position, (key, heading) in enumerate(zip(unique_headings(first.headings), first.headings, strict=True), 1)
    }
    mapping = mapping_for(list(sql_of), column_mapping)
    heading_of = _headings_of_file(name, only[0], first, mapping)
    mapped = partial(_mapped, sql_of=sql_of, mapping=mapping, heading_of=heading_of)
    width = len(first.headings)
    if first.kind == "parquet":
        file_column = _free_name("read_from", first.headings)
        relation = mapped(name, parquet_rows(only, file_column), file_column)
        has_places = not {ROW_OF_FILE, PLACE_OF_FILE} & {heading.lower() for heading in first.headings}
        return replace(relation, has_types=True, position=f"{ROW_OF_FILE} + 1" if has_places else None)
    if first.kind == "workbook":
        return mapped(name, _workbooks(only), "read_from", surplus=f"cells[{width + 1}]")
    return mapped(
        name, _csv_files(files, only, locate), "read_from",
        surplus=f"field_{width + 1}", swallowed=_swallowed_rows(first),
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
    mapped = _mapped(sentence_name, relation, quote_text(name), sql_of=sql_of, mapping=mapping, heading_of=heading_of)
    return replace(mapped, has_types=True)


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


def _cell(kind: str, position: int, heading: str) -> str:
    return {"csv": f"field_{position}", "workbook": f"cells[{position}]", "parquet": quote_name(heading)}[kind]


def _mapped(
    name: str,
    sql: str,
    file_name: str,
    surplus: str = "null",
    swallowed: str = "0",
    *,
    sql_of: Mapping[str, str],
    mapping: Mapping[str, str],
    heading_of: Mapping[str, str],
) -> InputRelation:
    """The rows of `sql` with our columns by their headings, as the export means them whose headings they are."""
    time = heading_of.get(TIME_OF_DAY)
    heading_of = {column: heading for column, heading in heading_of.items() if column != TIME_OF_DAY}
    export = export_of(sql_of)
    columns = {column: sql_of[heading] for column, heading in heading_of.items()}
    columns |= {
        column: marked_text(heading_of[column], column, columns[column]) for column in MARKED if column in columns
    }
    used = set(heading_of.values())
    shown = dict(heading_of)
    continues = "false"
    if export is not None:
        is_meant = {column for column, heading in heading_of.items() if _is_meant(export, column, heading)}
        continues = _continues(export, columns, is_meant)
        columns |= {column: _value(export, column, columns[column]) for column in is_meant}
        if not {"ordered_at", TIME_OF_DAY} & mapping.keys():
            times = (heading for heading in sql_of if comparable(heading) == export.time and heading not in used)
            time = next(times, None)
    if time is not None:
        columns["ordered_at"] = _with_time(columns["ordered_at"], sql_of[time])
        shown["ordered_at"] += f" and {time}"
        used.add(time)
    others = {heading: expression for heading, expression in sql_of.items() if heading not in used}
    return InputRelation(
        name, sql, columns, others, file_name, surplus, swallowed, shown,
        export=None if export is None else export.name, continues=continues,
    )  # fmt: skip


def _is_meant(export: Export, column: str, heading: str) -> bool:
    """Whether our column has the heading that the export means; the setting may name another."""
    return comparable(heading) in export.columns.get(column, "").split("|")


def _continues(export: Export, columns: Mapping[str, str], is_meant: AbstractSet[str]) -> str:
    """SQL that is true where a row is a further line of the order above it."""
    if export.first_line is not None and export.first_line[0] in is_meant:
        column, word = export.first_line
        return f"coalesce({_word(columns[column])} <> {quote_text(word)}, false)"
    if export.blanks_below and is_meant >= set(export.blanks_below):
        return " and ".join(f"coalesce({_word(columns[column])}, '') = ''" for column in export.blanks_below)
    return "false"


def _value(export: Export, column: str, sql: str) -> str:
    """SQL that yields the text of a column in our words."""
    if pattern := export.patterns.get(column):
        return f"nullif(regexp_extract(cast({sql} as varchar), {quote_text(pattern)}, 1), '')"
    if words := export.words.get(column):
        cases = " ".join(f"when {quote_text(word)} then {quote_text(ours)}" for word, ours in words.items())
        return f"case {_word(sql)} {cases} else cast({sql} as varchar) end"
    return sql


def _word(sql: str) -> str:
    return f"lower(trim(cast({sql} as varchar)))"


def _with_time(date: str, time: str) -> str:
    """SQL that yields date and time of day in one text, where the date is a day and the other text a time of day.

    A spreadsheet may write a day as the first moment of it. The name of its month may be a word.
    """
    date_text, time_text = (f"trim(cast({sql} as varchar))" for sql in (date, time))
    day = f"regexp_replace({date_text}, '[ T]00:00(:00([.]0+)?)?$', '')"
    return (
        f"case when regexp_full_match({day}, '[0-9]+[-/.][0-9]+[-/.][0-9]+|[^:]*([^-0-9:/., ]{{2}}|年)[^:]*')"
        f" and regexp_full_match({time_text}, '{TIME_TEXT}')"
        f" then concat({day}, ' ', {time_text}) else cast({date} as varchar) end"
    )


def _csv_files(files: Mapping[str, FileDescription], only: Sequence[str], locate: Locate) -> str:
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


def _workbooks(only: Sequence[str]) -> str:
    selects = [
        f"select unnest(workbook_rows({quote_text(path)})) as cells, {quote_text(path)} as read_from" for path in only
    ]
    return f"({' union all '.join(selects)})"


def _swallowed_rows(file: FileDescription) -> str:
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
