"""Fitted versions as files, to carry them from one warehouse to another, on DuckDB or on an engine of a cluster.

    versions/
        manifest.json        which versions, which tables with which columns, and how many rows
        <table>.parquet      one registry each

An export is complete before its folder gets its name. The macros of `macros/core/carried_versions.sql` call these
functions; where the tables of a warehouse are elsewhere, DuckDB is shown them.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from shop_toolkit.errors import listed, named, reason_of, sentence_of
from shop_toolkit.ingest.files import parquet_rows
from shop_toolkit.quoting import quote_name, quote_text

MANIFEST = "manifest.json"
# Raise it where an older release couldn't read the files.
LAYOUT = 1
VERSIONS = "model_versions"
# What a version is known by: two warehouses that have it fitted it on the same orders with the same settings.
IDENTITY = (
    "model_version", "cause", "anchor_invoice_id", "anchor_customer_id", "anchor_order_date", "baseline_date",
    "settings", "customers_fitted",
)  # fmt: skip
# Where an import puts tables, for the warehouse to take over.
IMPORTED = "imported_versions"


class VersionsError(ValueError):
    """Why versions can't be carried: a sentence."""


def export_versions(connection: duckdb.DuckDBPyConnection, request: str) -> str:
    """Write registries to a folder; an earlier export there is replaced when the new one is complete.

    Args:
        connection: Where the tables can be read.
        request: JSON with `folder`, and `tables`: the tables as schema and name.

    Returns:
        JSON with `message`, or `problem`: a sentence.
    """
    asked = json.loads(request)
    try:
        return json.dumps({"message": _export(connection, asked["folder"], asked["tables"])})
    except (VersionsError, OSError, duckdb.Error) as error:
        return _problem(error, asked["folder"], "written")


def import_versions(connection: duckdb.DuckDBPyConnection, request: str) -> str:
    """Read an export into tables of the schema `imported_versions`.

    Args:
        connection: Where the tables are made.
        request: JSON with `folder`; `tables`: the columns of each registry by its name; and, of the tables that the
            warehouse has, schema and name of `model_versions` as `stored`, and of the members of campaigns as
            `members`.

    Returns:
        JSON with `message`, `schema` and `tables`: the names of those that were made; or `problem`: a sentence.
    """
    asked = json.loads(request)
    try:
        answer = _import(connection, asked["folder"], asked["tables"], asked.get("stored"), asked.get("members"))
    except (VersionsError, OSError, duckdb.Error) as error:
        return _problem(error, asked["folder"], "read")
    return json.dumps(answer)


def _problem(error: Exception, folder: str, done: str) -> str:
    if isinstance(error, VersionsError):
        return json.dumps({"problem": sentence_of(str(error))})
    return json.dumps({"problem": sentence_of(f"The versions in {named(folder)} can't be {done}: {reason_of(error)}.")})


def _export(connection: duckdb.DuckDBPyConnection, folder: str, tables: Sequence[Sequence[str]]) -> str:
    versions = _rows_of(connection, next((table for table in tables if table[1] == VERSIONS), None))
    if not versions:
        raise VersionsError("The warehouse has no fitted version to export. Run 'dbt build' first.")
    place = _place(folder)
    if place.exists() and not (place.is_dir() and (not any(place.iterdir()) or (place / MANIFEST).is_file())):
        raise VersionsError(
            f"The folder {named(folder)} holds other files and no {MANIFEST}: name an empty folder or a new one."
        )
    aside, before = _neighbour(place, "partial"), _neighbour(place, "before")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        described = {name: _write(connection, aside, schema, name) for schema, name in tables}
        manifest = {"layout": LAYOUT, "versions": versions, "tables": described}
        (aside / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), "utf-8")
        if place.exists():
            place.rename(before)
            aside.rename(place)
            shutil.rmtree(before)
        else:
            aside.rename(place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    numbers = listed(str(version["model_version"]) for version in versions)
    return f"Exported version {numbers} to {named(folder)}: {len(described)} tables."


def _place(folder: str) -> Path:
    """A folder of versions; a process that was killed while it replaced the export there may have left it aside."""
    place = Path(folder).resolve()
    before = _neighbour(place, "before")
    if before.is_dir():
        if place.exists():
            shutil.rmtree(before)
        else:
            before.rename(place)
    return place


def _neighbour(place: Path, kind: str) -> Path:
    return place.parent / f".{place.name}.{kind}"


def _write(connection: duckdb.DuckDBPyConnection, folder: Path, schema: str, name: str) -> dict[str, Any]:
    """Write one table; what the manifest says of it."""
    query = f"select * from {quote_name(schema)}.{quote_name(name)} order by all"
    columns = {column: kind for column, kind, *_ in connection.execute(f"describe {query}").fetchall()}
    path = quote_text(str(folder / f"{name}.parquet"))
    ((rows,),) = connection.execute(f"copy ({query}) to {path} (format parquet)").fetchall()
    return {"columns": columns, "rows": rows}


def _rows_of(connection: duckdb.DuckDBPyConnection, table: Sequence[str] | None) -> list[dict[str, Any]]:
    """What the versions of a table, given by schema and name, are known by, in their order, as JSON holds it."""
    if table is None:
        return []
    columns = ", ".join(f"cast({name} as varchar)" for name in IDENTITY[1:])
    place = ".".join(map(quote_name, table))
    rows = connection.execute(f"select cast(model_version as integer), {columns} from {place} order by 1").fetchall()
    return [dict(zip(IDENTITY, row, strict=True)) for row in rows]


def _import(
    connection: duckdb.DuckDBPyConnection,
    folder: str,
    tables: Mapping[str, Sequence[str]],
    stored: Sequence[str] | None,
    members: Sequence[str] | None,
) -> dict[str, Any]:
    manifest = _manifest(folder)
    _check_none_is_lost(folder, manifest["versions"], _rows_of(connection, stored))
    described: dict[str, dict[str, Any]] = manifest["tables"]
    if unknown := sorted(described.keys() - tables.keys()) or sorted({VERSIONS} - described.keys()):
        raise VersionsError(
            f"The export in {named(folder)} is of another release: it {'lacks' if unknown == [VERSIONS] else 'has'} the"
            f" table {listed(unknown)}. Export it again with this one."
        )
    connection.execute(f"drop schema if exists {IMPORTED} cascade; create schema {IMPORTED}")
    for name, table in described.items():
        _read(connection, folder, name, table, tables[name])
    if members is not None:
        _check_no_member_is_lost(connection, folder, members)
    numbers = listed(str(version["model_version"]) for version in manifest["versions"])
    return {
        "message": f"Imported version {numbers} from {named(folder)}: {len(described)} tables.",
        "schema": IMPORTED,
        "tables": sorted(described),
    }


def _manifest(folder: str) -> dict[str, Any]:
    path = _place(folder) / MANIFEST
    if not path.is_file():
        raise VersionsError(
            f"The folder {named(folder)} holds no {MANIFEST}, so no versions: name one that 'dbt run-operation"
            " export_versions' wrote."
        )
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        layout = manifest["layout"]
        known = {version["model_version"] for version in manifest["versions"]}
        whole = layout != LAYOUT or (
            bool(known) and all(set(version) == set(IDENTITY) for version in manifest["versions"])
            and all(re.fullmatch("[a-z0-9_]+", name) and table["columns"] and isinstance(table["rows"], int)
                    and all(_is_type(kind) for kind in table["columns"].values())
                    for name, table in manifest["tables"].items())
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, duckdb.Error):
        whole = False
    if not whole:
        raise VersionsError(f"The file {named(str(Path(folder, MANIFEST)))} is damaged. Export the versions again.")
    if layout != LAYOUT:
        raise VersionsError(
            f"The export in {named(folder)} is of another release (layout {layout}, not {LAYOUT}). Export it again with"
            " this one."
        )
    return manifest


def _is_type(kind: str) -> bool:
    """Whether a text is a type as DuckDB writes it, and nothing else: it becomes a part of a statement."""
    return str(duckdb.sqltype(kind)) == kind


def _check_none_is_lost(
    folder: str, versions: Sequence[Mapping[str, Any]], stored: Sequence[Mapping[str, Any]]
) -> None:
    """Stop where the warehouse has a version that the export lacks, or another one of its number."""
    exported = {version["model_version"]: version for version in versions}
    for version in stored:
        number = version["model_version"]
        if dict(version) != exported.get(number):
            found = "another one" if number in exported else "none"
            raise VersionsError(
                f"The warehouse has a version {number}, fitted at {version['baseline_date']}, and the export in"
                f" {named(folder)} has {found} of this number: importing would lose it."
                " Import into a warehouse without versions, or into the one that the export continues."
            )


def _check_no_member_is_lost(connection: duckdb.DuckDBPyConnection, folder: str, members: Sequence[str]) -> None:
    """Stop where the warehouse has a member of a campaign that the import lacks, or drew another control group.

    A version decides all else that is stored of it. Whom a campaign addresses is decided on a day: a warehouse that
    goes on after its export decides more.
    """
    schema, name = members
    is_imported = connection.execute(
        "select 1 from duckdb_tables() where schema_name = ? and table_name = ?", [IMPORTED, name]
    ).fetchone()
    others = f"anti join {IMPORTED}.{quote_name(name)} using (model_version, campaign, customer_id, is_control)"
    ((campaign,),) = connection.execute(
        f"select min(campaign) from {quote_name(schema)}.{quote_name(name)} {others if is_imported else ''}"
    ).fetchall()
    if campaign is not None:
        connection.execute(f"drop schema {IMPORTED} cascade")
        raise VersionsError(
            f"The warehouse has members of the campaign {named(campaign)}, and the export in {named(folder)} lacks some"
            " of them: importing would lose them. Import into a warehouse without versions."
        )


def _read(
    connection: duckdb.DuckDBPyConnection, folder: str, name: str, table: Mapping[str, Any], expected: Sequence[str]
) -> None:
    """Make one table, with the types that the manifest names; a file that is not what it says stops it."""
    path = str(Path(folder, f"{name}.parquet"))
    if set(table["columns"]) != set(expected):
        differing = listed(sorted(set(table["columns"]) ^ set(expected)))
        raise VersionsError(
            f"The table {name} of the export in {named(folder)} is of another release: its columns differ"
            f" ({differing}). Export it again with this one."
        )
    damaged = VersionsError(
        f"The file {named(path)} is damaged or not what {MANIFEST} says. Export the versions again."
    )
    rows = parquet_rows([path])
    try:
        columns = ", ".join(
            f"cast({quote_name(one)} as {table['columns'][one]}) as {quote_name(one)}" for one in expected
        )
        made = f"{IMPORTED}.{quote_name(name)}"
        connection.execute(f"create table {made} as select {columns} from {rows}")
        ((count,),) = connection.execute(f"select count(*) from {made}").fetchall()
    except duckdb.Error as error:
        raise damaged from error
    if count != table["rows"]:
        raise damaged
