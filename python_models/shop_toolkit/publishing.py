"""Copies of the marts for readers: written aside, then all of them replaced by one rename.

    published/
        current -> versions/<publication id>        the one link that is replaced
        marts.duckdb -> current/marts.duckdb        and so for parquet, csv, publication.json and each page
        versions/<publication id>/
            marts.duckdb  parquet/<mart>.parquet  csv/<mart>.csv  publication.json  <page>

A version is complete before its folder has its name, and never changes afterwards.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

# Part of the id: raise it when files come to look otherwise while the marts stay as they are.
LAYOUT = 1
# DuckDB's own name for files that 1.0 and everything later can read.
STORAGE_VERSION = "v1.0.0"
MANIFEST = "publication.json"
FILES_OF_MARTS = ("marts.duckdb", "parquet", "csv", MANIFEST)
# Who resolved a version goes on with it: so many stay beside the current one, and all that were current lately.
VERSIONS_BEFORE = 2
SECONDS_BEFORE = 600
# Another build that publishes into the same folder is waited for so long.
SECONDS_TO_WAIT = 600
# What makes a spreadsheet take a text for a formula, when it stands first; the last four are full-width signs.
FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"
# Excel reads a CSV as UTF-8 only if it begins with this sign.
BYTE_ORDER_MARK = "\ufeff"
ID = re.compile(r"[0-9a-f]{32}")
LEFT_OVER = re.compile(r"[.][0-9a-f]{32}[.](partial|damaged)")


class PublicationError(RuntimeError):
    """Says in a sentence why nothing was published, and what to do."""


@dataclass(frozen=True)
class Mart:
    """A table to publish: SQL that yields it, and what is said of it."""

    name: str
    query: str
    key: tuple[str, ...] = ()
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)  # descriptions by column

    @property
    def ordered_query(self) -> str:
        """Rows in the order of the key, or of all columns where there is none: the same files whatever the threads."""
        return f"select * from ({self.query}) order by {', '.join(map(quoted, self.key)) or 'all'}"


@dataclass(frozen=True)
class Publication:
    """What readers find: its id, the folder of this version, and one entry per file (see `files_of`)."""

    publication_id: str
    folder: Path
    files: list[dict[str, Any]]


def quoted(name: str) -> str:
    """A name as SQL, whatever signs it holds."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str | Path) -> str:
    """A text as SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"


def types_of(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    """DuckDB's type of each column of a query, in the columns' order."""
    return {name: kind for name, kind, *_ in connection.execute(f"describe {query}").fetchall()}


def id_of(connection: duckdb.DuckDBPyConnection, marts: Sequence[Mart], pages: Mapping[str, str]) -> str:
    """32 hexadecimal digits that tell one content from another, whatever the order of rows.

    Of each mart: names, types, descriptions, number of rows and the sum of the rows' 64-bit hashes. DuckDB's
    version counts, as its hashes and files may change with it.
    """
    digest = hashlib.sha256(json.dumps([LAYOUT, duckdb.__version__]).encode())
    for mart in sorted(marts, key=lambda mart: mart.name):
        types = types_of(connection, mart.query)
        columns = ", ".join(map(quoted, types))
        content = connection.execute(
            f"select count(*), sum(hash(row({columns}))::hugeint)::varchar from ({mart.query})"
        ).fetchall()
        said = [mart.name, mart.key, mart.description, dict(mart.columns)]
        digest.update(json.dumps([said, list(types.items()), content], sort_keys=True).encode())
    digest.update(json.dumps(dict(pages), sort_keys=True).encode())
    return digest.hexdigest()[:32]


def safe_in_spreadsheet(column: str, kind: str) -> str:
    """SQL of a column for a spreadsheet: a text that would be taken for a formula gets an apostrophe, numbers none.

    `contains`, as a long `in (…)` becomes a join, which forgets the order of rows.
    """
    name = quoted(column)
    if kind != "VARCHAR":
        return name
    signs = " || ".join(f"chr({ord(sign)})" for sign in FORMULA_SIGNS)
    return f"case when {name} <> '' and contains({signs}, left({name}, 1)) then '''' || {name} else {name} end"


def is_complete(version: Path) -> bool:
    """Whether a version's folder holds every file that it was published with, byte for byte."""
    try:
        files = json.loads((version / MANIFEST).read_text("utf-8"))["files"]
        return all(checksum_of(version / file["path"]) == file["checksum"] for file in files)
    except (OSError, ValueError, KeyError):
        return False


def checksum_of(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def current_files(folder: Path) -> list[dict[str, Any]]:
    """The files of the publication that readers find in a folder, one entry each; none where nothing was published."""
    try:
        return files_of(json.loads((folder / "current" / MANIFEST).read_text("utf-8")))
    except (OSError, ValueError):
        return []


def files_of(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One entry per file: path (below the version's folder), mart, format, rows, bytes, checksum, publication_id."""
    return [{**file, "publication_id": manifest["publication_id"]} for file in manifest["files"]]


@contextlib.contextmanager
def publication(
    connection: duckdb.DuckDBPyConnection, marts: Sequence[Mart], pages: Mapping[str, str], folder: Path
) -> Iterator[Publication]:
    """Write a publication aside; readers get it when the `with` block ends, and keep the last one if it raises.

    Content that is published already is not written again. Raises PublicationError where the folder can't be used.
    """
    publication_id = id_of(connection, marts, pages)
    version = folder / "versions" / publication_id
    try:
        version.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=SECONDS_TO_WAIT):
            names = [*FILES_OF_MARTS, *pages]
            refuse_names_of_others(folder, names)
            for left_over in version.parent.iterdir():
                if LEFT_OVER.fullmatch(left_over.name):
                    shutil.rmtree(left_over)
            if not is_complete(version):
                write_version(connection, marts, pages, version)
            manifest = json.loads((version / MANIFEST).read_text("utf-8"))
            yield Publication(publication_id, version, files_of(manifest))
            switch(folder, version, names)
            forget_old_versions(folder, version)
    except Timeout as error:
        raise PublicationError(
            f"The marts are not published: another build has been publishing into {folder} for {SECONDS_TO_WAIT} "
            "seconds. Wait for it, or give this one its own folder by the setting 'published_folder'."
        ) from error
    except (OSError, duckdb.IOException) as error:
        raise PublicationError(
            f"The marts are not published, and readers keep what was published before: {error}. Make sure that the "
            f"folder {folder} can be written and has room, or name another by the setting 'published_folder' "
            "(null: publish no files)."
        ) from error


def folder_problem(folder: str) -> str | None:
    """A sentence where nothing could be published into a folder; None where it could, or can be made."""
    path = Path(folder)
    try:
        refuse_names_of_others(path, FILES_OF_MARTS)
        while not path.exists():
            path = path.parent
    except (OSError, PublicationError) as error:
        return str(error)
    if not path.is_dir():
        return f"{path} is a file, and it takes a folder."
    if not os.access(path, os.W_OK | os.X_OK):
        return f"The folder {path} can't be written to by this user."
    return None


def refuse_names_of_others(folder: Path, names: Sequence[str]) -> None:
    """Raise where a name that readers use is taken by something that no publication made."""
    for name in ("current", *names):
        if (folder / name).exists() and not (folder / name).is_symlink():
            raise PublicationError(
                f"The marts are not published: {folder / name} stands there and was not published. Move it away, or "
                "name another folder by the setting 'published_folder'."
            )


def write_version(
    connection: duckdb.DuckDBPyConnection, marts: Sequence[Mart], pages: Mapping[str, str], version: Path
) -> None:
    """Write all files of a version aside, make sure that they are on the disk, then give their folder its name."""
    aside = version.with_name(f".{version.name}.partial")
    try:
        for name in ("parquet", "csv"):
            (aside / name).mkdir(parents=True)
        published_at = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
        rows = write_marts(connection, marts, aside, version.name, published_at)
        files = [entry(aside, "marts.duckdb")]
        for kind in ("parquet", "csv"):
            files += [entry(aside, f"{kind}/{mart}.{kind}", mart, rows[mart]) for mart in sorted(rows)]
        for name in sorted(pages):
            (aside / name).write_text(pages[name], "utf-8", newline="")
            files.append(entry(aside, name))
        manifest = {"publication_id": version.name, "published_at": f"{published_at.isoformat()}Z", "files": files}
        (aside / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
        for path in [*aside.rglob("*"), aside]:
            if path.is_file():
                # Nobody is to change what was published, a tool that opens a database for writing for one.
                path.chmod(path.stat().st_mode & ~0o222)
            flush(path)
        damaged = version.with_name(f".{version.name}.damaged")
        if version.exists():
            version.replace(damaged)
        aside.replace(version)
        flush(version.parent)
        shutil.rmtree(damaged, ignore_errors=True)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_marts(
    connection: duckdb.DuckDBPyConnection,
    marts: Sequence[Mart],
    folder: Path,
    publication_id: str,
    published_at: datetime,
) -> dict[str, int]:
    """Write marts.duckdb, and from its sorted tables Parquet and CSV, several marts at once; rows by mart."""
    database = quoted(f"publication {publication_id}")
    # A transaction changes one database only, so each mart gets a connection and with it a transaction of its own.
    connection = connection.cursor()
    connection.execute(
        f"attach {text(folder / 'marts.duckdb')} as {database} (storage_version {text(STORAGE_VERSION)})"
    )
    try:

        def write(mart: Mart) -> int:
            with connection.cursor() as cursor:
                return write_mart(cursor, mart, folder, publication_id, f"{database}.{quoted(mart.name)}")

        ((threads,),) = connection.execute("select current_setting('threads')").fetchall()
        with ThreadPoolExecutor(threads) as pool:
            rows = dict(zip([mart.name for mart in marts], pool.map(write, marts), strict=True))
        connection.execute(f"create table {database}.publication (publication_id varchar, published_at timestamp)")
        connection.execute(f"insert into {database}.publication values (?, ?)", [publication_id, published_at])
        comment(connection, f"{database}.publication", Mart("publication", "", description=(
            "One row: which publication this is, and when it was made (UTC)."
        )))  # fmt: skip
        connection.execute(f"checkpoint {database}")
    finally:
        connection.execute(f"detach {database}")
        connection.close()
    return rows


def write_mart(cursor: duckdb.DuckDBPyConnection, mart: Mart, folder: Path, publication_id: str, table: str) -> int:
    """Write one mart as table, Parquet and CSV; returns its number of rows."""
    ((rows,),) = cursor.execute(f"create table {table} as {mart.ordered_query}").fetchall()
    comment(cursor, table, mart)
    cursor.execute(
        f"copy (from {table}) to {text(folder / 'parquet' / f'{mart.name}.parquet')}"
        f" (format parquet, compression zstd, kv_metadata {{publication_id: {text(publication_id)}}})"
    )
    columns = [
        f"{safe_in_spreadsheet(name, kind)} as {quoted(name if position else BYTE_ORDER_MARK + name)}"
        for position, (name, kind) in enumerate(types_of(cursor, f"from {table}").items())
    ]
    cursor.execute(
        f"copy (select {', '.join(columns)} from {table})"
        f" to {text(folder / 'csv' / f'{mart.name}.csv')} (format csv, header true)"
    )
    return int(rows)


def comment(cursor: duckdb.DuckDBPyConnection, table: str, mart: Mart) -> None:
    """Tell tools that show a database what its tables and columns are."""
    if mart.description:
        cursor.execute(f"comment on table {table} is {text(mart.description)}")
    for name, description in mart.columns.items():
        cursor.execute(f"comment on column {table}.{quoted(name)} is {text(description)}")


def entry(folder: Path, path: str, mart: str | None = None, rows: int | None = None) -> dict[str, Any]:
    """What is told of a file: path below `folder`, mart, format, rows, bytes and checksum."""
    file = folder / path
    return {
        "path": path, "mart": mart, "format": file.suffix[1:], "rows": rows,
        "bytes": file.stat().st_size, "checksum": checksum_of(file),
    }  # fmt: skip


def flush(path: Path) -> None:
    """Have a file or a folder on the disk, so that a power cut after the switch loses nothing."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def switch(folder: Path, version: Path, names: Sequence[str]) -> None:
    """Let every name that readers use lead to another version, by replacing the one link that they all go through."""
    current = folder / "current"
    if current.is_symlink() and current.exists():
        # From now on it counts as old; see `forget_old_versions`.
        os.utime(current.resolve())
    link(current, Path("versions") / version.name)
    for name in names:
        link(folder / name, Path("current") / name)
    for path in folder.iterdir():
        # A page that is made no more.
        if path.is_symlink() and path.readlink().parent == Path("current") and path.name not in names:
            path.unlink()
    flush(folder)


def link(path: Path, target: Path) -> None:
    """Have a symbolic link lead to `target`; nobody sees it missing meanwhile."""
    if path.is_symlink() and path.readlink() == target:
        return
    aside = path.with_name(f".{path.name}.partial")
    aside.unlink(missing_ok=True)
    aside.symlink_to(target)
    aside.replace(path)


def forget_old_versions(folder: Path, current: Path) -> None:
    """Delete versions that nobody reads any more; whatever no publication made stays."""
    others = [path for path in (folder / "versions").iterdir() if ID.fullmatch(path.name) and path != current]
    others.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in others[VERSIONS_BEFORE:]:
        if path.stat().st_mtime < time.time() - SECONDS_BEFORE:
            shutil.rmtree(path)
