"""Tables of an engine that ends with its process: as Parquet in a folder, with a catalogue beside them.

    warehouse/spark/
        catalogue.json                  what there is, replaced by one rename after each change
        <schema>/<table>/<id>/…parquet  the rows of a table; each replacement has a folder of its own

What the catalogue doesn't list is not there: the next process deletes what one that was killed has left, in the tables
that the catalogue knows and by the ids that are given here. Nothing else in the folder is ours.
"""

import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from dbt_common.exceptions import DbtRuntimeError
from filelock import FileLock, Timeout
from pyarrow import parquet  # type: ignore[import-untyped]

CATALOGUE, LOCK = "catalogue.json", ".lock"
# As `new_location` gives them.
ID = re.compile("[0-9a-f]{32}")
# By schema and name of a relation: a table's `columns`, `location` and `files`, or a view's `statement`.
Entries = dict[tuple[str, str], dict[str, Any]]


def text_of(value: str) -> str:
    """A text as SQL of the engine."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def definitions_of(columns: dict[str, str]) -> str:
    """Columns as SQL of the engine, each with its type."""
    return ", ".join(f"`{column}` {kind}" for column, kind in columns.items())


class Storage:
    """The folder of one engine."""

    def __init__(self, folder: str) -> None:
        """Open a folder, which is made where it is missing.

        Args:
            folder: Its path.

        Raises:
            DbtRuntimeError: It can't be used, holds files of something else, or another process uses it.
        """
        self.folder = Path(folder).absolute()
        self._lock = FileLock(self.folder / LOCK, timeout=0)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._refuse_other_files()
            self._lock.acquire()
            self._entries = self._read()
            if not (self.folder / CATALOGUE).exists():
                # So that what a first build leaves, if it is killed, is known as ours.
                self._write()
        except Timeout:
            raise DbtRuntimeError(
                f"The tables in {folder} are in use by another process: wait until it ends, or name another folder by"
                " SHOP_SPARK_FOLDER."
            ) from None
        except (OSError, ValueError, KeyError) as error:
            self._lock.release()
            raise DbtRuntimeError(
                f"The folder {folder} can't hold tables: {error}. Make sure that it can be written and that its"
                f" {CATALOGUE} is whole, or name another by SHOP_SPARK_FOLDER."
            ) from error

    def _refuse_other_files(self) -> None:
        found = {path.name for path in self.folder.iterdir()}
        if CATALOGUE not in found and found - {LOCK, f"{CATALOGUE}.partial"}:
            raise DbtRuntimeError(
                f"The folder {self.folder} holds other files and no {CATALOGUE}: name an empty folder or a new one by"
                " SHOP_SPARK_FOLDER, as the tables of a build go there."
            )

    def _read(self) -> Entries:
        path = self.folder / CATALOGUE
        if not path.exists():
            return {}
        entries = json.loads(path.read_text("utf-8"))
        if not (isinstance(entries, list) and all(isinstance(one, dict) for one in entries)):
            raise ValueError(f"{CATALOGUE} lists no tables")
        return {(one.pop("schema"), one.pop("name")): one for one in entries}

    def _write(self) -> None:
        aside = self.folder / f"{CATALOGUE}.partial"
        entries = [{"schema": schema, "name": name, **entry} for (schema, name), entry in self._entries.items()]
        with aside.open("w", encoding="utf-8") as file:
            json.dump(entries, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self.folder / CATALOGUE)

    def files_of(self, schema: str, table: str) -> list[str] | None:
        """The Parquet files of a table, in an order; None where it is a view or not there."""
        entry = self._entries.get((schema, table), {})
        if "files" not in entry:
            return None
        return [str(self.folder / entry["location"] / name) for name in entry["files"]]

    def row_count(self, schema: str, table: str) -> int | None:
        """How many rows the files of a table have; None where it has none, or is a view."""
        files = self.files_of(schema, table)
        return sum(one.num_rows for one in map(parquet.read_metadata, files)) if files else None

    def null_columns(self, schema: str, table: str) -> list[str]:
        """Columns of which the files of a table say that no row has a value."""
        # Of lists, an empty one counts as null there.
        nested = ("array", "map", "struct")
        columns = {name for name, kind in self.columns_of(schema, table).items() if not kind.startswith(nested)}
        for metadata in map(parquet.read_metadata, self.files_of(schema, table) or []):
            for group in map(metadata.row_group, range(metadata.num_row_groups)):
                for chunk in map(group.column, range(group.num_columns)):
                    if chunk.statistics is None or chunk.statistics.null_count != group.num_rows:
                        columns.discard(chunk.path_in_schema)
        return sorted(columns)

    def columns_of(self, schema: str, table: str) -> dict[str, str]:
        """Types by column of a table; empty where it is a view or not there."""
        columns: dict[str, str] = self._entries.get((schema, table), {}).get("columns", {})
        return columns

    def is_view(self, schema: str, name: str) -> bool:
        """Whether a relation is a view."""
        return "statement" in self._entries.get((schema, name), {})

    def new_location(self, schema: str, table: str) -> str:
        """A folder for the rows of a table that will be made."""
        return str(self.folder / schema / table / uuid.uuid4().hex)

    def keep_table(self, schema: str, table: str, columns: dict[str, str], location: str | None) -> None:
        """Take note of a table after its rows have changed.

        Args:
            schema: Its schema.
            table: Its name.
            columns: Types by column.
            location: Where its rows are now; None: where they were, and more.
        """
        before = self._entries.pop((schema, table), {})
        location = location or before.get("location")
        if location is None:
            return
        place = self.folder / location
        files = sorted(path.name for path in place.glob("*.parquet"))
        location = place.relative_to(self.folder).as_posix()
        self._entries[schema, table] = {"columns": columns, "location": location, "files": files}
        self._write()
        self._delete_rows(before, location)

    def keep_view(self, schema: str, view: str, statement: str) -> None:
        """Take note of a view that was made."""
        before = self._entries.pop((schema, view), {})
        self._entries[schema, view] = {"statement": statement}
        self._write()
        self._delete_rows(before, None)

    def drop(self, schema: str, name: str) -> None:
        """Take note that a table or view is gone, and delete its rows."""
        before = self._entries.pop((schema, name), None)
        if before is not None:
            self._write()
            self._delete_rows(before, None)

    def _delete_rows(self, entry: dict[str, Any], location: str | None) -> None:
        old = entry.get("location")
        if old is not None and (location is None or self.folder / old != self.folder / location):
            self._delete_folder(self.folder / old)

    def _delete_folder(self, path: Path) -> None:
        """Delete rows, if they are in a folder that was made here."""
        if ID.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)

    def restore(self, run: Callable[[str], Any]) -> None:
        """Register every table and view with an engine that has none.

        Args:
            run: Runs a statement in the engine's dialect.
        """
        self._delete_left_overs()
        for schema in sorted({schema for schema, _ in self._entries}):
            run(f"create schema if not exists `{schema}`")
        views = []
        for (schema, name), entry in self._entries.items():
            if "statement" in entry:
                views.append(entry["statement"])
                continue
            columns, location = definitions_of(entry["columns"]), text_of(str(self.folder / entry["location"]))
            run(f"create table `{schema}`.`{name}` ({columns}) using parquet location {location}")
        _run_in_any_order(views, run)

    def _delete_left_overs(self) -> None:
        """Delete rows that no table has: a table that was not finished, or lines that were being added."""
        kept = {self.folder / entry["location"]: entry["files"] for entry in self._entries.values() if "files" in entry}
        for path in self._folders_of_rows():
            if path not in kept:
                self._delete_folder(path)
                continue
            for file in path.iterdir():
                if file.name not in kept[path]:
                    file.unlink()

    def _folders_of_rows(self) -> Iterator[Path]:
        """The folders of rows of the tables that the catalogue knows."""
        for schema, name in self._entries:
            found = list((self.folder / schema / name).glob("*"))
            yield from (path for path in found if ID.fullmatch(path.name) and path.is_dir())


def _run_in_any_order(statements: list[str], run: Callable[[str], Any]) -> None:
    """Run statements of which one may need another: those that fail are tried again after the rest."""
    while statements:
        failed = []
        for statement in statements:
            try:
                run(statement)
            except Exception:
                failed.append(statement)
        if len(failed) == len(statements):
            # What they read is gone; the next build makes them anyhow.
            return
        statements = failed
