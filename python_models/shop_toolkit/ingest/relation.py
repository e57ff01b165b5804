"""The rows of the input as SQL, under our column names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from shop_toolkit.ingest.files import FileDescription, InputError
from shop_toolkit.ingest.headings import COLUMN_ALIASES, match_headings

NUMBER_COLUMNS = ("unit_price", "amount", "quantity")
FILE_NAME = re.compile(r"[/\\*?]|[.](csv|tsv|txt|parquet|pq|xlsx|xlsm|xls|xlsb|ods|gz|json)$")


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
    """

    name: str
    sql: str
    columns: Mapping[str, str]
    others: Mapping[str, str]
    file_name: str
    surplus: str = "null"
    swallowed: str = "0"
    headings: Mapping[str, str] = field(default_factory=dict)

    def select(self, decimal_separator: str | None = None) -> str:
        """A query of all rows: our columns as text, null where the input lacks them, then what else a row holds.

        Args:
            decimal_separator: How texts write decimals. Typed numbers become texts that are written so too.
        """
        texts = [f"{self._text(column, decimal_separator)} as {column}" for column in COLUMN_ALIASES]
        fields = ", ".join(f"{quote_text(heading)}, cast({sql} as varchar)" for heading, sql in self.others.items())
        other_columns = f"json_object({fields})" if fields else "null"
        return (
            ",\n    ".join(
                [
                    "select\n    " + texts[0],
                    *texts[1:],
                    f"cast({self.surplus} as varchar) as surplus_field",
                    f"cast({self.swallowed} as bigint) as swallowed_rows",
                    f"cast({other_columns} as varchar) as other_columns",
                    f"cast({self.file_name} as varchar) as file_name",
                ]
            )
            + f"\nfrom {self.sql}"
        )

    def _text(self, column: str, decimal_separator: str | None) -> str:
        sql = self.columns.get(column, "null")
        text = f"cast({sql} as varchar)"
        if column not in NUMBER_COLUMNS or decimal_separator != "," or sql == "null":
            return text
        return f"case when typeof({sql}) = 'VARCHAR' then {text} else replace({text}, '.', ',') end"


def is_file_name(name: str) -> bool:
    """Whether a name is a file's or a glob: it has a slash, a wildcard or a known ending. Other names are tables."""
    return FILE_NAME.search(name.lower()) is not None


def relation_of_files(
    path: str, files: Mapping[str, FileDescription], only: Sequence[str], column_mapping: Mapping[str, str]
) -> InputRelation:
    """The rows of files.

    Args:
        path: The file or glob of the setting `transactions`.
        files: All files of the input, by path; they are alike.
        only: The paths to read, at least one.
        column_mapping: The setting of that name.

    Raises:
        InputError: A required column has no heading.
    """
    first = next(iter(files.values()))
    sql_of: dict[str, str] = {}
    for position, heading in enumerate(first.headings, 1):
        # Text is read by position: a heading that is blank or repeated gets its position as part of its name.
        name = heading if heading and heading not in sql_of else f"{heading} (column {position})".strip()
        sql_of[name] = _cell(first.kind, position, heading)
    name = f"'{path}'"
    heading_of = match_headings(list(sql_of), name, column_mapping)
    columns, others = _split(sql_of, heading_of)
    width = len(first.headings)
    if first.kind == "parquet":
        sql = f"read_parquet({quote_list(only)}, filename = 'read_from')"
        return InputRelation(name, sql, columns, others, "read_from", headings=heading_of)
    if first.kind == "workbook":
        cells = f"cells[{width + 1}]"
        return InputRelation(name, _workbooks(only), columns, others, "read_from", cells, headings=heading_of)
    return InputRelation(
        name, _csv_files(files, only), columns, others, "read_from", f"field_{width + 1}", _swallowed_rows(first),
        heading_of,
    )  # fmt: skip


def relation_of_table(
    connection: duckdb.DuckDBPyConnection, name: str, column_mapping: Mapping[str, str]
) -> InputRelation:
    """The rows of a table or view of the warehouse, named as table, schema.table or database.schema.table.

    Raises:
        InputError: There is no such table, or a required column has no heading.
    """
    relation = _qualified_name(connection, name)
    try:
        described = connection.execute(f"describe select * from {relation}").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise InputError(
            f"The input can't be read: the warehouse has no table '{name}' (a file's name would hold a slash or end in"
            " .csv, .parquet or .xlsx). Set it with --vars '{transactions: …}'."
        ) from error
    sql_of = {column: quote_name(column) for column, *_ in described}
    sentence_name = f"the table '{name}'"
    heading_of = match_headings(list(sql_of), sentence_name, column_mapping)
    columns, others = _split(sql_of, heading_of)
    return InputRelation(sentence_name, relation, columns, others, quote_text(name), headings=heading_of)


def _qualified_name(connection: duckdb.DuckDBPyConnection, name: str) -> str:
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


def _split(sql_of: Mapping[str, str], heading_of: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    columns = {column: sql_of[heading] for column, heading in heading_of.items()}
    others = {heading: sql for heading, sql in sql_of.items() if heading not in heading_of.values()}
    return columns, others


def _csv_files(files: Mapping[str, FileDescription], only: Sequence[str]) -> str:
    """CSV files as text, as they are: short rows are filled with nulls, one more field than headings catches long ones.

    Null padding with line breaks in quotes needs DuckDB's serial reader, which is no slower here.
    """
    first = next(iter(files.values()))
    fields = ", ".join(f"'field_{position}': 'varchar'" for position in range(1, len(first.headings) + 2))
    # A file without accents is UTF-8 and Latin-1 alike, so files of one shop may seem to differ.
    paths_of: dict[str, list[str]] = {}
    for path in only:
        paths_of.setdefault(files[path].encoding or "utf-8", []).append(path)
    relations = [
        f"read_csv({quote_list(paths)}, auto_detect = false, header = true"
        f", delim = {quote_text(first.delimiter or ',')}, encoding = {quote_text(encoding)}"
        f", quote = '\"', escape = '\"', null_padding = true, strict_mode = false"
        f", parallel = false, filename = 'read_from', columns = {{{fields}}})"
        for encoding, paths in paths_of.items()
    ]
    return relations[0] if len(relations) == 1 else f"(from {' union all from '.join(relations)})"


def _workbooks(only: Sequence[str]) -> str:
    selects = [
        f"select unnest(workbook_rows({quote_text(path)})) as cells, {quote_text(path)} as read_from" for path in only
    ]
    return f"({' union all '.join(selects)})"


def _swallowed_rows(file: FileDescription) -> str:
    """SQL: line breaks in fields that hold, behind one, as many delimiters as a whole row has."""
    delimiters = len(file.headings) - 1
    if not delimiters:
        return "0"
    row = rf"\n[^\n]*({re.escape(file.delimiter or ',')}[^\n]*){{{delimiters}}}"
    counts = [
        f"case when contains({field}, chr(10)) and regexp_matches({field}, {quote_text(row)})"
        f" then length({field}) - length(replace({field}, chr(10), '')) else 0 end"
        for field in (f"field_{position}" for position in range(1, delimiters + 2))
    ]
    return " + ".join(counts)


def quote_text(text: str | None) -> str:
    """A text as an SQL literal; null for None."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """A column's or a table's name as SQL, whatever signs it holds."""
    return '"' + name.replace('"', '""') + '"'


def quote_list(texts: Sequence[str]) -> str:
    """Texts as an SQL list."""
    return f"[{', '.join(quote_text(text) for text in texts)}]"
