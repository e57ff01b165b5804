"""The transaction log that a request names, as it is there: its files, or its table, and how to reach their rows."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import duckdb

from shop_toolkit.errors import named, reason_of, shortened
from shop_toolkit.ingest.encodings import Utf8Copies
from shop_toolkit.ingest.files import FileDescription, InputError, describe_files, short_columns
from shop_toolkit.ingest.money import MoneyReading
from shop_toolkit.ingest.relation import NOTHING_KNOWN, Formats, InputRelation
from shop_toolkit.ingest.relation_of_input import is_file_name, relation_of_files, relation_of_table, unique_headings
from shop_toolkit.ingest.request import Request

# DuckDB's limit.
LONGEST_ROW_MEGABYTES = 2


@dataclass(frozen=True)
class TransactionLog:
    """The files or the table of a request.

    Attributes:
        connection: Where DuckDB reads them, and where the rows of earlier builds are.
        request: What dbt asks for.
        files: Each file with its description; None for a table.
        copies: Copies of files in encodings that DuckDB doesn't know.
    """

    connection: duckdb.DuckDBPyConnection
    request: Request
    files: Mapping[str, FileDescription | None]
    copies: Utf8Copies

    @classmethod
    def find(
        cls, connection: duckdb.DuckDBPyConnection, request: Request, known: Mapping[str, FileDescription]
    ) -> "TransactionLog":
        """Look which files there are and what they look like; `known` are those that earlier builds described."""
        return cls(connection, request, _find_files(request, known), Utf8Copies(_copies_folder(connection)))

    @property
    def described(self) -> dict[str, FileDescription]:
        """The files; none where the log is a table."""
        return {name: file for name, file in self.files.items() if file is not None}

    @property
    def is_table(self) -> bool:
        """Whether it is a table, whose rows have no order."""
        return not self.described

    def of_files(self, files: Mapping[str, FileDescription | None]) -> "TransactionLog":
        """The log as it would be of these files alone."""
        return replace(self, files=files)

    def columns(self, money: MoneyReading | None = None, formats: Formats = NOTHING_KNOWN) -> InputRelation:
        """All rows, where only their columns matter: no file is copied so that DuckDB can read it.

        Args:
            money: The reading of the money that decides which columns there are; None for those of the files.
            formats: How numbers are written, for that reading.
        """
        return self._relation(list(self.files), None, money, formats)

    def rows(
        self,
        only: Sequence[str] | None = None,
        money: MoneyReading | None = None,
        formats: Formats = NOTHING_KNOWN,
    ) -> InputRelation:
        """The rows of some files or, with None, of all, as DuckDB can read them; see `columns`."""
        return self._relation(list(self.files) if only is None else only, self.copies, money, formats)

    def short_columns(self, names: Sequence[str]) -> set[str] | None:
        """Headings of these files that may hold codes of three letters; None where all may."""
        found: set[str] = set()
        for name in names:
            file = self.files[name]
            short = None if file is None else short_columns(name, file, unique_headings(file.headings))
            if short is None:
                return None
            found |= short
        return found

    def check_rows_are_readable(self, names: Sequence[str]) -> None:
        """Read all rows of files once, so that damage stops the build with a sentence and before any table changes.

        The files are read together, and only where that fails one by one, to name the one that is damaged.
        """
        # A workbook was read in whole for its headings.
        names = [name for name in names if (file := self.files[name]) is not None and file.kind != "workbook"]
        relation = self.rows(names) if names else None
        if relation is None or not any(_damage(self.connection, part) for part in relation.parts or [relation]):
            return
        for name in names:
            problem = _damage(self.connection, self.of_files({name: self.files[name]}).rows())
            if problem is not None:
                raise InputError(f"The input can't be read: {named(name)} {problem}")

    def _relation(
        self, only: Sequence[str], copies: Utf8Copies | None, money: MoneyReading | None, formats: Formats
    ) -> InputRelation:
        request, files = self.request, self.described

        def revise(relation: InputRelation) -> InputRelation:
            return relation if money is None else money.revise(relation, request.money_readers(formats))

        if self.is_table:
            return revise(relation_of_table(self.connection, request.transactions, request.column_mapping))

        def locate(name: str) -> str:
            return name if copies is None else copies.copy_of(name, files[name].stamp, str(files[name].encoding))

        return relation_of_files(request.transactions, files, only, request.column_mapping, locate, revise)


def table_exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the warehouse has a table of this name, written with its schema."""
    schema, name = table.split(".")
    places = "table_catalog = current_database() and table_schema = ? and table_name = ?"
    found = connection.execute(f"select count(*) from information_schema.tables where {places}", [schema, name])
    return bool(found.fetchall()[0][0])


def single_value(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    """The value of a query that yields one."""
    ((value,),) = connection.execute(query).fetchall()
    return value


def _find_files(request: Request, known: Mapping[str, FileDescription]) -> dict[str, FileDescription | None]:
    if not is_file_name(request.transactions):
        return {request.transactions: None}
    settings = request.settings
    try:
        return dict(describe_files(request.transactions, settings["csv_delimiter"], settings["csv_encoding"], known))
    except InputError as error:
        raise InputError(
            f"The input can't be read: {shortened(str(error), 440)} Set it with --vars '{{transactions: …}}'."
        ) from error


def _copies_folder(connection: duckdb.DuckDBPyConnection) -> Path:
    """Where copies of files in other encodings are: beside the warehouse, or with the temporary files of the system."""
    path = single_value(connection, "select path from duckdb_databases() where database_name = current_database()")
    return Path(f"{path}.utf8") if path else Path(gettempdir()) / f"shop_input_{os.getpid()}.utf8"


def _damage(connection: duckdb.DuckDBPyConnection, relation: InputRelation) -> str | None:
    """What is wrong with rows that DuckDB can't read, as the end of a sentence; None where it reads them all."""
    columns = [*relation.columns.values(), *relation.others.values()] if "read_parquet" in relation.sql else []
    counted = f"hash([{', '.join(f'hash({column})' for column in columns)}])" if columns else "1"
    try:
        connection.execute(f"select count({counted}) from {relation.sql}").fetchall()
    except duckdb.Error as error:
        if line := re.search(r"CSV Error on Line: ([0-9]+)(?s:.)*Maximum line size", str(error)):
            return (
                f"holds a row of more than {LONGEST_ROW_MEGABYTES} MB, at line {int(line[1]):,} or behind it. Look for"
                " a quote there that nothing closes, and close or remove it."
            )
        return f"is damaged: {reason_of(error)}. Export or copy it again."
    return None
