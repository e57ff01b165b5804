"""Copies of the marts for readers: written aside, then all of them replaced by one rename.

    published/
        current -> versions/<publication id>        the one link that is replaced
        marts.duckdb -> current/marts.duckdb        likewise parquet, csv, audiences, publication.json, each page
        versions/<publication id>/
            marts.duckdb  parquet/<mart>.parquet  csv/<mart>.csv  audiences/…  publication.json  <page>

A version is complete before its folder gets its name, and never changes afterwards. The folder `live` in it holds a
publication of its own, of the marts that a refresh updates. What a current publication has already of equal rows is
not written again: the new version gets a second name of the same CSV, and a copy of the Parquet file and the database,
which carry the publication's id. Of a mart in parts, such as dates, the first ones that are as before are copied, and
only what follows is written.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from shop_toolkit.ingest.errors import first_line_of, shortened
from shop_toolkit.ingest.quoting import quote_name, quote_text

# Part of the id: raise it when files change their form while the marts stay the same.
LAYOUT = 4
# DuckDB's name for files that 1.0 and everything later can read.
STORAGE_VERSION = "v1.0.0"
MANIFEST = "publication.json"
FILES_OF_MARTS = ("marts.duckdb", "parquet", "csv", MANIFEST)
# A reader who resolved a version keeps it: this many stay beside the current one, and all that were current recently.
VERSIONS_BEFORE = 2
SECONDS_BEFORE = 600
# Below the folder of all marts: those that a refresh updates. Versions may follow each other within seconds, and
# those of ten minutes would fill the disk.
LIVE_FOLDER = "live"
LIVE_SECONDS_BEFORE = 60
# How long to wait for another build that publishes into the same folder.
SECONDS_TO_WAIT = 600
# Signs that make a spreadsheet read a text as a formula when they are first; the last four are full-width.
FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"
# Excel reads a CSV as UTF-8 only if it begins with this sign.
BYTE_ORDER_MARK = "\ufeff"
ID = re.compile(r"[0-9a-f]{32}")
LEFT_OVER = re.compile(r"[.][0-9a-f]{32}[.](partial|damaged)")

# Bytes that are copied at once.
BLOCK = 1 << 20
# A part of a mart: its value as a text, number of rows, sum of their hashes.
Part = tuple[str | None, int, str | None]
# The same as it is listed in the manifest, and the bytes that it has in the CSV.
WrittenPart = list[Any]
# What `content_of` returns.
Content = tuple[list[tuple[str, str]], list[Part]]
# One published file: path, mart, format, row_count, bytes, checksum, and in a `Publication` its publication_id.
FileEntry = dict[str, Any]
# Its columns in the tables that list files, with their pandas types.
FILE_TYPES = {
    "path": "str", "mart": "str", "format": "str", "row_count": "Int64", "bytes": "int64", "checksum": "str",
    "publication_id": "str",
}  # fmt: skip


class PublicationError(RuntimeError):
    """A sentence on why nothing was published, and what to do."""


@dataclass(frozen=True)
class Mart:
    """A table to publish.

    Attributes:
        name: Name of the table and its files.
        query: SQL that returns its rows.
        key: Columns that identify a row; rows are published in their order.
        description: What the table is.
        columns: Descriptions by column.
        part: The column whose values part the rows into those that are published together, in its order; None: all
            are one part. For rows with a key that seldom change where the value is an early one.
    """

    name: str
    query: str
    key: tuple[str, ...] = ()
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    part: str | None = None

    def rows_after(self, value: str | None = None) -> str:
        """SQL of the rows whose part comes after a value, or of all rows, in their order."""
        where = "" if value is None else f" where {quote_name(str(self.part))} > {quote_text(value)}"
        return self.in_order(f"({self.query}){where}")

    def in_order(self, rows: str) -> str:
        """SQL of rows in the order of parts and then of the key, or of all columns without one.

        It is a total order, so that files are equal whatever the threads.
        """
        order = [self.part, *self.key] if self.part else self.key
        return f"select * from {rows} order by {', '.join(map(quote_name, order)) or 'all'}"


@dataclass(frozen=True)
class Extract:
    """A part of a mart as a CSV of its own, for programs that people upload it to.

    Attributes:
        path: Path of the file below the publication's folder; its first part is a name that readers use.
        mart: The mart that its rows are from.
        query: SQL that returns its rows.
        is_personal: Whether it holds what only who sends campaigns may read.
    """

    path: str
    mart: str
    query: str
    is_personal: bool = False


@dataclass(frozen=True)
class Publication:
    """What readers find.

    Attributes:
        publication_id: 32 hexadecimal digits, see `id_of`.
        folder: Folder of this version.
        files: One entry per file, see `files_of`.
    """

    publication_id: str
    folder: Path
    files: list[FileEntry]


@dataclass(frozen=True)
class Written:
    """What a publication has that another may use again.

    Attributes:
        version: Folder of the version.
        publication_id: Its id.
        checksums: Checksum of each file by its path below the folder.
        keys: The `content_key` of each mart, by name.
        rows: Number of rows of each mart, by name.
        parts: Of each mart in parts, by name: its `content_key` without rows, and its parts.
    """

    version: Path
    publication_id: str
    checksums: Mapping[str, str]
    keys: Mapping[str, str]
    rows: Mapping[str, int]
    parts: Mapping[str, tuple[str, list[WrittenPart]]]


@dataclass(frozen=True)
class Planned:
    """A mart to write, and what it has in common with what is written.

    Attributes:
        mart: The mart.
        content: What `content_of` returned for it.
        kept: The publication that has most of its first parts, and how many; None: none has any.
    """

    mart: Mart
    content: Content
    kept: tuple[Written, int] | None

    @property
    def parts(self) -> list[Part]:
        """Its parts; none where all rows are written at once."""
        parts = self.content[1]
        return parts if all(value is not None for value, *_ in parts) else []

    @property
    def key(self) -> str:
        """Of this key, files are equal; see `content_key`."""
        return content_key(self.mart, self.content)

    @property
    def form(self) -> str:
        """Of this key, parts that have the same rows have the same bytes."""
        return content_key(self.mart, (self.content[0], []))

    def first_parts_in(self, written: Written) -> int:
        """How many of its first parts a publication has."""
        form, parts = written.parts.get(self.mart.name, ("", []))
        if form != self.form:
            return 0
        pairs = zip(self.parts, (tuple(part[:3]) for part in parts), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def types_of(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    """DuckDB's type of each column of a query, in the columns' order."""
    return {name: kind for name, kind, *_ in connection.execute(f"describe {query}").fetchall()}


def id_of(
    connection: duckdb.DuckDBPyConnection,
    marts: Sequence[Mart],
    pages: Mapping[str, str],
    extracts: Sequence[Extract] = (),
    contents: Mapping[str, Content] | None = None,
) -> str:
    """The id of a publication, computed from its content, whatever the order of rows.

    It covers names, types, descriptions, number of rows and the sum of the rows' 64-bit hashes of each mart, the pages
    and the extracts. DuckDB's version counts too, because hashes and files may change with it.

    Args:
        connection: A connection that can run the marts' queries.
        marts: The marts to publish.
        pages: Content of each page by file name.
        extracts: Parts of marts.
        contents: What `content_of` returned for each mart, by name; None looks.

    Returns:
        32 hexadecimal digits.
    """
    contents = contents or {mart.name: content_of(connection, mart.query, mart.part) for mart in marts}
    digest = hashlib.sha256(json.dumps([LAYOUT, duckdb.__version__]).encode())
    for mart in sorted(marts, key=lambda mart: mart.name):
        described = [mart.name, mart.key, mart.part, mart.description, dict(mart.columns)]
        digest.update(json.dumps([described, *contents[mart.name]], sort_keys=True).encode())
    for extract in sorted(extracts, key=lambda extract: extract.path):
        described = [extract.path, extract.mart]
        digest.update(json.dumps([described, *content_of(connection, extract.query)], sort_keys=True).encode())
    digest.update(json.dumps(dict(pages), sort_keys=True).encode())
    return digest.hexdigest()[:32]


def content_of(connection: duckdb.DuckDBPyConnection, query: str, part: str | None = None) -> Content:
    """Columns with their types, and number and hashes of the rows of a query, whatever their order, part by part.

    Args:
        connection: A connection that can run the query.
        query: The query.
        part: The column whose values part the rows; None: all are one part.
    """
    types = types_of(connection, query)
    columns = ", ".join(map(quote_name, types))
    value = quote_name(part) if part else "null"
    by_part = f" group by {value} order by {value}" if part else ""
    content = connection.execute(
        f"select {value}::varchar, count(*), sum(hash(row({columns}))::hugeint)::varchar from ({query}){by_part}"
    ).fetchall()
    return list(types.items()), content


def content_key(mart: Mart, content: Content) -> str:
    """A mart's name, key, types and rows in 64 hexadecimal digits: CSVs of the same key are equal, byte for byte."""
    decides = [LAYOUT, duckdb.__version__, mart.name, mart.key, mart.part, *content]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()


def safe_in_spreadsheet(column: str, kind: str) -> str:
    """SQL of a column for a spreadsheet: a text that reads as a formula gets an apostrophe, other values stay.

    Most texts begin with a letter or a digit: what lies between signs in the order of texts is not looked at further,
    which saves a tenth of a CSV's time. The SQL uses `contains`, because DuckDB turns a long `in (…)` into a join that
    loses the order of rows.

    Args:
        column: Name of the column.
        kind: DuckDB's type of it.
    """
    name = quote_name(column)
    if kind != "VARCHAR":
        return name
    signs = " || ".join(f"chr({ord(sign)})" for sign in FORMULA_SIGNS)
    # By Unicode numbers: "." follows "-", "A" follows "@", and the full-width signs come last.
    first_wide = min(sign for sign in FORMULA_SIGNS if not sign.isascii())
    harmless = f"{name} >= '.' and {name} < '=' or {name} >= 'A' and {name} < chr({ord(first_wide)})"
    is_formula = f"{name} <> '' and contains({signs}, left({name}, 1))"
    return f"case when {harmless} then {name} when {is_formula} then '''' || {name} else {name} end"


def is_complete(version: Path) -> bool:
    """Whether a version's folder holds every file of its manifest, byte for byte."""
    manifest = manifest_in(version)
    try:
        if manifest is None:
            return False
        found = at_once(checksum_of, [version / file["path"] for file in manifest["files"]])
        return found == [file["checksum"] for file in manifest["files"]]
    except OSError:
        return False


def manifest_in(version: Path) -> dict[str, Any] | None:
    """The manifest in a version's folder; None where there is none, or it isn't what a build wrote."""
    try:
        manifest = json.loads((version / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    try:
        is_whole = isinstance(manifest["publication_id"], str) and all(
            isinstance(file[name], str) for file in manifest["files"] for name in ("path", "checksum")
        )
    except (KeyError, TypeError):
        is_whole = False
    return manifest if is_whole else None


def at_once(function: Callable[[Any], Any], files: Sequence[Any]) -> list[Any]:
    """What a function returns of each file, in their order: on one core, the checksums of gigabytes take seconds."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(function, files))


def checksum_of(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def current_files(folder: Path) -> list[FileEntry]:
    """The files of the current publication in a folder, one entry each; none where nothing was published."""
    manifest = manifest_in(folder / "current")
    return [] if manifest is None else files_of(manifest)


def already_written(folder: Path) -> Written | None:
    """What the current publication in a folder has; None without one that says so."""
    version = (folder / "current").resolve()  # another build may replace the link meanwhile
    manifest = manifest_in(version)
    keys = manifest and manifest.get("content_keys")
    if manifest is None or not isinstance(keys, dict):
        return None
    files = manifest["files"]
    checksums = {file["path"]: file["checksum"] for file in files}
    try:
        rows = {file["mart"]: int(file["row_count"]) for file in files if file["path"].startswith("parquet/")}
        parts = {mart: (of_mart["form"], of_mart["parts"]) for mart, of_mart in manifest.get("parts", {}).items()}
    except (AttributeError, KeyError, TypeError):
        return None
    return Written(version, manifest["publication_id"], checksums, keys, rows, parts)


def files_of(manifest: Mapping[str, Any]) -> list[FileEntry]:
    """One entry per file: path (below the version's folder), mart, format, rows, bytes, checksum, publication_id."""
    return [{**file, "publication_id": manifest["publication_id"]} for file in manifest["files"]]


@contextlib.contextmanager
def publication(
    connection: duckdb.DuckDBPyConnection,
    marts: Sequence[Mart],
    pages: Mapping[str, str],
    folder: Path,
    seconds_before: float | None = None,
    extracts: Sequence[Extract] = (),
) -> Iterator[Publication]:
    """Write a publication aside; readers get it when the `with` block ends, and keep the last one if it raises.

    Content that is already published is not written again.

    Args:
        connection: A connection that can run the marts' queries.
        marts: The marts to publish.
        pages: Content of each page by file name.
        folder: The folder that readers use; created if necessary.
        seconds_before: Versions that were current in the last so many seconds stay; None: `SECONDS_BEFORE`.
        extracts: Parts of marts.

    Yields:
        The publication, written but not yet visible.

    Raises:
        PublicationError: The folder can't be used, or another build keeps publishing into it.
    """
    try:
        contents = {mart.name: content_of(connection, mart.query, mart.part) for mart in marts}
        publication_id = id_of(connection, marts, pages, extracts, contents)
        version = folder / "versions" / publication_id
        version.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=SECONDS_TO_WAIT):
            names = [*FILES_OF_MARTS, *pages, *sorted({extract.path.split("/")[0] for extract in extracts})]
            refuse_foreign_files(folder, names)
            delete_left_overs(version.parent)
            if not is_complete(version):
                found = [already_written(folder / LIVE_FOLDER), already_written(folder)]
                earlier = [one for one in found if one]
                planned = [planned_of(mart, contents[mart.name], earlier) for mart in marts]
                write_version(connection, planned, pages, version, earlier, extracts)
            manifest = manifest_in(version)
            if manifest is None:
                raise OSError(f"the file {version / MANIFEST} can't be read back")
            yield Publication(publication_id, version, files_of(manifest))
            switch(folder, version, names)
            delete_old_versions(folder, version, SECONDS_BEFORE if seconds_before is None else seconds_before)
    except Timeout as error:
        raise PublicationError(
            f"The marts are not published: another build has been publishing into {folder} for {SECONDS_TO_WAIT} "
            "seconds. Wait for it, or give this one its own folder by the setting 'published_folder'."
        ) from error
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        raise PublicationError(
            "The marts are not published, and readers keep the last publication:"
            f" {shortened(first_line_of(error), 200)}. An earlier version of the project has built some of them: run a"
            " whole 'dbt build'."
        ) from error
    except (OSError, duckdb.OperationalError, duckdb.FatalException) as error:
        # The folder is named once, and may be a long path.
        problem = first_line_of(error).replace(f"{folder}/", "")
        raise PublicationError(
            "The marts are not published, and readers keep the last publication:"
            f" {shortened(problem, 200)}. Make sure that the folder {shortened(str(folder), 80)} is"
            " writable and has room, or name another by the setting 'published_folder' (null: publish no files)."
        ) from error


def publish_marts(session: Any, publish: Callable[[list[Mart]], None]) -> None:
    """Publish the marts of a model, if its run may.

    A hook before the model describes them in the variable `publication_context`. A hook after it stops the run with the
    sentence in `publication_problem`: of an error in a Python model dbt shows the whole trace.

    Args:
        session: The build's connection to the warehouse.
        publish: Publishes the marts, or raises PublicationError.
    """
    ((context,),) = session.execute("select getvariable('publication_context')").fetchall()
    context = json.loads(context)
    if context["may_publish"]:
        try:
            publish([Mart(name, **mart) for name, mart in context["marts"].items()])
        except PublicationError as error:
            session.execute(f"set variable publication_problem = {quote_text(str(error))}")


def folder_problem(folder: str) -> str | None:
    """Why nothing could be published into a folder, as a sentence; None if it could, or the folder can be created."""
    path = Path(folder)
    try:
        refuse_foreign_files(path, FILES_OF_MARTS)
        while not path.exists():
            path = path.parent
    except (OSError, PublicationError) as error:
        return str(error)
    if not path.is_dir():
        return f"{path} is a file; the setting takes a folder."
    if not os.access(path, os.W_OK | os.X_OK):
        return f"This user can't write to the folder {path}."
    return None


def refuse_foreign_files(folder: Path, names: Sequence[str]) -> None:
    """Check that no name that readers use belongs to a file that no publication wrote.

    Raises:
        PublicationError: A file or folder of such a name exists and is no link.
    """
    for name in ("current", *names):
        if (folder / name).exists() and not (folder / name).is_symlink():
            raise PublicationError(
                f"The marts are not published: {folder / name} exists and was not published. Move it away, or "
                "name another folder by the setting 'published_folder'."
            )


def delete_left_overs(versions: Path) -> None:
    """Delete what an interrupted build left half-written."""
    for path in versions.iterdir():
        if LEFT_OVER.fullmatch(path.name):
            shutil.rmtree(path)


def planned_of(mart: Mart, content: Content, earlier: Sequence[Written]) -> Planned:
    """A mart beside what publications have of its first parts."""
    alone = Planned(mart, content, None)
    found = max(((alone.first_parts_in(written), -place) for place, written in enumerate(earlier)), default=(0, 0))
    return Planned(mart, content, (earlier[-found[1]], found[0])) if found[0] else alone


def write_version(
    connection: duckdb.DuckDBPyConnection,
    marts: Sequence[Planned],
    pages: Mapping[str, str],
    version: Path,
    earlier: Sequence[Written],
    extracts: Sequence[Extract] = (),
) -> None:
    """Write all files of a version aside, flush them to the disk, then give their folder its name.

    Args:
        connection: A connection that can run the marts' queries.
        marts: The marts to publish.
        pages: Content of each page by file name.
        version: The folder that the version gets; its name is the publication's id.
        earlier: Publications whose files may be used again.
        extracts: Parts of marts.
    """
    aside = version.with_name(f".{version.name}.partial")
    try:
        for name in ("parquet", "csv"):
            (aside / name).mkdir(parents=True)
        published_at = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
        keys = {planned.mart.name: planned.key for planned in marts}
        reuse_files(earlier, keys, aside, version.name)
        stored = reuse_database(earlier, marts, aside, version.name)
        written = write_marts(connection, marts, stored, aside, version.name, published_at)
        listed: list[tuple[str, str | None, int | None]] = [("marts.duckdb", None, None)]
        for kind in ("parquet", "csv"):
            listed += [(f"{kind}/{mart}.{kind}", mart, written[mart][0]) for mart in sorted(written)]
        for extract in sorted(extracts, key=lambda extract: extract.path):
            listed.append((extract.path, extract.mart, write_extract(connection, extract, aside)))
        for name in sorted(pages):
            (aside / name).write_text(pages[name], "utf-8", newline="")
            listed.append((name, None, None))
        files = at_once(lambda file: entry(aside, *file), listed)
        manifest = {
            "publication_id": version.name, "published_at": f"{published_at.isoformat()}Z", "files": files,
            "content_keys": keys,
            "parts": {
                planned.mart.name: {"form": planned.form, "parts": written[planned.mart.name][1]}
                for planned in marts if planned.parts
            },
        }  # fmt: skip
        (aside / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
        for path in [*aside.rglob("*"), aside]:
            if path.is_file():
                # Nobody may change a published file, not even a tool that opens a database for writing.
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


def reuse_files(earlier: Sequence[Written], keys: Mapping[str, str], folder: Path, publication_id: str) -> None:
    """Take over CSVs and Parquet files that publications have of equal rows, unless they are gone or damaged.

    Args:
        earlier: The publications.
        keys: The `content_key` of each mart of the new one, by name.
        folder: Where the files go; it has the folders parquet and csv.
        publication_id: The id of the new publication.
    """
    for written in earlier:
        for mart, key in written.keys.items():
            if keys.get(mart) == key:
                reuse(written, f"csv/{mart}.csv", folder)
                reuse(written, f"parquet/{mart}.parquet", folder, publication_id)


def reuse_database(
    earlier: Sequence[Written], marts: Sequence[Planned], folder: Path, publication_id: str
) -> dict[str, int]:
    """Begin the database as a copy of the one that has most rows of it, if that has not more other ones.

    What is other in the copy is deleted in `write_marts`: its room is used again.

    Args:
        earlier: The publications.
        marts: The marts of the new one.
        folder: Where the database goes.
        publication_id: The id of the new publication.

    Returns:
        How many of their first parts the tables will have that stay in the copy, by mart; none where there is no copy.
    """
    copies = []
    for written in earlier:
        stored, rows = {}, 0
        for planned in marts:
            name = planned.mart.name
            first = planned.first_parts_in(written)
            if written.keys.get(name) == planned.key:
                stored[name] = len(planned.content[1])
                rows += written.rows[name]
            elif first:
                stored[name] = first
                rows += sum(count for _, count, _ in planned.parts[:first])
        if stored and 2 * rows >= sum(written.rows.values()):
            copies.append((rows, written, stored))
    for _, written, stored in sorted(copies, key=lambda copy: -copy[0]):
        reuse(written, "marts.duckdb", folder, publication_id)
        if (folder / "marts.duckdb").exists():
            return stored
    return {}


def reuse(written: Written, path: str, folder: Path, publication_id: str | None = None) -> None:
    """Give a published file a second name, or copy it if it carries the id of its publication.

    Args:
        written: The publication that has it.
        path: Path of the file below the folder of a publication.
        folder: The folder of the new publication.
        publication_id: The id that a copy carries; None takes the same file. Where the disk is another one, it is not
            there, damaged or can't be read, nothing is done.
    """
    new = folder / path
    if new.exists() or path not in written.checksums:
        return
    try:
        if publication_id is None:
            new.hardlink_to(written.version / path)
        else:
            shutil.copyfile(written.version / path, new)
        if checksum_of(new) == written.checksums[path] and (
            new.suffix != ".parquet" or replace_id(new, written.publication_id, str(publication_id))
        ):
            return
    except OSError:
        pass
    new.unlink(missing_ok=True)


def replace_id(path: Path, before: str, now: str) -> bool:
    """Replace the publication's id in the metadata of a Parquet file.

    The metadata are the file's end: as many bytes as the number says that is before the last four (Apache Parquet, File
    Format). Ids are equally long, so nothing moves.

    Args:
        path: The file.
        before: The id that it carries.
        now: The id to write.

    Returns:
        Whether the id was there, once.
    """
    with path.open("r+b") as file:
        end = file.seek(-8, os.SEEK_END)
        start = end - int.from_bytes(file.read(4), "little")
        file.seek(start)
        metadata = file.read(end - start)
        if metadata.count(before.encode()) != 1:
            return False
        file.seek(start + metadata.index(before.encode()))
        file.write(now.encode())
    return True


def write_marts(
    connection: duckdb.DuckDBPyConnection,
    marts: Sequence[Planned],
    stored: Mapping[str, int],
    folder: Path,
    publication_id: str,
    published_at: datetime,
) -> dict[str, tuple[int, list[WrittenPart]]]:
    """Write marts.duckdb, and from its sorted tables Parquet and CSVs, several marts at once; not what is there.

    Args:
        connection: A connection that can run the marts' queries.
        marts: The marts to write.
        stored: How many of their first parts tables that are there are to keep, by mart; others are dropped.
        folder: Where the files go; it has the folders parquet and csv.
        publication_id: The id that the files carry.
        published_at: When the publication was made, in UTC.

    Returns:
        Number of rows by mart, and its parts.
    """
    name = f"publication {publication_id}"
    database = quote_name(name)
    # A transaction changes one database only, so each mart has its own connection and with it its own transaction.
    connection = connection.cursor()
    connection.execute(
        f"attach {quote_text(str(folder / 'marts.duckdb'))} as {database}"
        f" (storage_version {quote_text(STORAGE_VERSION)})"
    )
    parts = folder / "parts"
    parts.mkdir()
    try:
        delete_other_rows(connection, name, marts, stored)

        def write(planned: Planned) -> tuple[int, list[WrittenPart]]:
            with connection.cursor() as cursor:
                table = f"{database}.{quote_name(planned.mart.name)}"
                return write_mart(cursor, planned, stored.get(planned.mart.name), folder, publication_id, table)

        ((threads,),) = connection.execute("select current_setting('threads')").fetchall()
        with ThreadPoolExecutor(threads) as pool:
            names = [planned.mart.name for planned in marts]
            written = dict(zip(names, pool.map(write, marts), strict=True))
        connection.execute(f"create table {database}.publication (publication_id varchar, published_at timestamp)")
        connection.execute(f"insert into {database}.publication values (?, ?)", [publication_id, published_at])
        description = "One row: which publication this is, and when it was made (UTC)."
        # In one transaction: alone, each comment would wait for the disk.
        with in_one_transaction(connection):
            for mart in [*(planned.mart for planned in marts), Mart("publication", "", description=description)]:
                comment(connection, f"{database}.{quote_name(mart.name)}", mart)
        connection.execute(f"checkpoint {database}")
    finally:
        connection.execute(f"detach {database}")
        connection.close()
    shutil.rmtree(parts)
    return written


def delete_other_rows(
    connection: duckdb.DuckDBPyConnection, name: str, marts: Sequence[Planned], stored: Mapping[str, int]
) -> None:
    """Delete what a copied database has beside what stays in it, and free its room for what will be written.

    Args:
        connection: A connection.
        name: Name of the database.
        marts: The marts to write.
        stored: How many of their first parts tables keep, by mart.
    """
    database = quote_name(name)
    tables = connection.execute("select table_name from duckdb_tables() where database_name = ?", [name]).fetchall()
    for (table,) in tables:
        if table not in stored:
            connection.execute(f"drop table {database}.{quote_name(table)}")
    for planned in marts:
        parts = planned.parts[: stored.get(planned.mart.name, 0)]
        if parts:
            connection.execute(
                f"delete from {database}.{quote_name(planned.mart.name)}"
                f" where {quote_name(str(planned.mart.part))} > {quote_text(parts[-1][0])}"
            )
    connection.execute(f"checkpoint {database}")


@contextlib.contextmanager
def in_one_transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what the block does, or roll it back: an aborted transaction would hide its error from what follows."""
    connection.begin()
    try:
        yield
    except duckdb.Error:
        connection.rollback()
        raise
    connection.commit()


def write_mart(
    cursor: duckdb.DuckDBPyConnection,
    planned: Planned,
    stored: int | None,
    folder: Path,
    publication_id: str,
    table: str,
) -> tuple[int, list[WrittenPart]]:
    """Write one mart as table, Parquet and CSV, each unless it is there.

    Args:
        cursor: A connection of its own.
        planned: The mart.
        stored: How many of its first parts the table has; None: there is no table.
        folder: Where the files go; it has the folders parquet and csv, and parts for what is added to them.
        publication_id: The id in the Parquet file's metadata.
        table: SQL name of the table in the published database.

    Returns:
        Number of rows, and the parts.
    """
    mart, parts = planned.mart, planned.parts
    if stored is None:
        cursor.execute(f"create table {table} as {mart.rows_after()}")
    elif stored < len(parts):
        cursor.execute(f"insert into {table} {mart.rows_after(parts[stored - 1][0])}")
    parquet = folder / "parquet" / f"{mart.name}.parquet"
    if not parquet.exists():
        # Of parts the table has them in order, but in other portions, which row groups would follow, than one that is
        # written at once: a sort hands on equal ones.
        rows = mart.in_order(table) if mart.part else f"from {table}"
        cursor.execute(
            f"copy ({rows}) to {quote_text(str(parquet))}"
            f" (format parquet, compression zstd, kv_metadata {{publication_id: {quote_text(publication_id)}}})"
        )
    sizes = write_csv(cursor, planned, folder, table)
    ((rows,),) = cursor.execute(f"select count(*) from {table}").fetchall()
    # A CSV that was taken over has sizes that its manifest may not list.
    return int(rows), [[*part, size] for part, size in zip(parts, sizes, strict=False)]


def write_csv(cursor: duckdb.DuckDBPyConnection, planned: Planned, folder: Path, table: str) -> list[int]:
    """Write one mart as CSV unless it is there, parts after those that were written earlier.

    Args:
        cursor: A connection.
        planned: The mart.
        folder: Where the file goes.
        table: SQL name of the table with the rows.

    Returns:
        Bytes of each part; the heading belongs to the first.
    """
    name = f"csv/{planned.mart.name}.csv"
    sizes: list[int] = []
    if planned.kept:
        written, count = planned.kept
        sizes = [size for *_, size in written.parts[planned.mart.name][1][:count]]
    if (folder / name).exists():
        return sizes
    columns = [
        f"{safe_in_spreadsheet(column, kind)} as {quote_name(column if place else BYTE_ORDER_MARK + column)}"
        for place, (column, kind) in enumerate(types_of(cursor, f"from {table}").items())
    ]

    def write(rows: str, path: Path, header: bool) -> None:
        cursor.execute(
            f"copy (select {', '.join(columns)} from {rows})"
            f" to {quote_text(str(path))} (format csv, header {str(header).lower()})"
        )

    if not planned.parts:
        write(table, folder / name, True)
        return []
    if not (planned.kept and copy_start(planned.kept[0], name, folder, sum(sizes))):
        sizes = []
    part = folder / "parts" / f"{planned.mart.name}.csv"
    for value, *_ in planned.parts[len(sizes) :]:
        write(f"{table} where {quote_name(str(planned.mart.part))} = {quote_text(value)}", part, not sizes)
        sizes.append(part.stat().st_size)
        with (folder / name).open("ab") as file, part.open("rb") as source:
            shutil.copyfileobj(source, file, BLOCK)
    return sizes


def copy_start(written: Written, path: str, folder: Path, size: int) -> bool:
    """Copy the first bytes of a published file, unless it is not there, damaged or can't be read.

    Args:
        written: The publication that has it.
        path: Path of the file below the folder of a publication.
        folder: The folder of the new publication.
        size: How many bytes.

    Returns:
        Whether they are there now.
    """
    checksum, left = hashlib.sha256(), size
    try:
        with (written.version / path).open("rb") as file, (folder / path).open("wb") as new:
            while block := file.read(BLOCK):
                checksum.update(block)
                new.write(block[:left])
                left -= min(left, len(block))
        if not left and checksum.hexdigest() == written.checksums.get(path):
            return True
    except OSError:
        pass
    (folder / path).unlink(missing_ok=True)
    return False


def write_extract(connection: duckdb.DuckDBPyConnection, extract: Extract, folder: Path) -> int:
    """Write a part of a mart as CSV: safe in a spreadsheet, and without a byte order mark, as programs read it.

    Args:
        connection: The connection that can run its query.
        extract: What to write.
        folder: The publication's folder.

    Returns:
        Number of rows.
    """
    path = folder / extract.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if extract.is_personal:
        # For others neither the folder nor the file is ever readable, not even while it is written: see
        # `use_tmp_file`, too.
        path.parent.chmod(path.parent.stat().st_mode & ~0o027)
        path.touch(0o640)
    columns = [
        f"{safe_in_spreadsheet(name, kind)} as {quote_name(name)}"
        for name, kind in types_of(connection, extract.query).items()
    ]
    ((rows,),) = connection.execute(
        f"copy (select {', '.join(columns)} from ({extract.query}) order by all)"
        f" to {quote_text(str(path))} (format csv, header true, use_tmp_file false)"
    ).fetchall()
    if extract.is_personal:
        path.chmod(path.stat().st_mode & ~0o007)
    return int(rows)


def comment(cursor: duckdb.DuckDBPyConnection, table: str, mart: Mart) -> None:
    """Store the descriptions of a table and its columns in the database, for tools that show them.

    A database that is a copy has earlier ones, which end where there are none any more.
    """
    cursor.execute(f"comment on table {table} is {quote_text(mart.description) if mart.description else 'null'}")
    descriptions: dict[str, str | None] = {**dict.fromkeys(types_of(cursor, f"from {table}")), **mart.columns}
    for name, description in descriptions.items():
        text = quote_text(description) if description else "null"
        cursor.execute(f"comment on column {table}.{quote_name(name)} is {text}")


def entry(folder: Path, path: str, mart: str | None = None, rows: int | None = None) -> FileEntry:
    """The manifest's entry of a file: path below `folder`, mart, format, row_count, bytes and checksum."""
    file = folder / path
    return {
        "path": path, "mart": mart, "format": file.suffix[1:], "row_count": rows,
        "bytes": file.stat().st_size, "checksum": checksum_of(file),
    }  # fmt: skip


def flush(path: Path) -> None:
    """Flush a file or a folder to the disk, so that a power cut after the switch loses nothing."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def switch(folder: Path, version: Path, names: Sequence[str]) -> None:
    """Point every name that readers use to another version, by replacing the one link that they all go through.

    Args:
        folder: The folder that readers use.
        version: The version's folder.
        names: Names that readers use, below `folder`.
    """
    current = folder / "current"
    if current.is_symlink() and current.exists():
        # Its age counts from now on; see `delete_old_versions`.
        os.utime(current.resolve())
    link(current, Path("versions") / version.name)
    for name in names:
        link(folder / name, Path("current") / name)
    for path in folder.iterdir():
        # A page that no longer exists.
        if path.is_symlink() and path.readlink().parent == Path("current") and path.name not in names:
            path.unlink()
    flush(folder)


def link(path: Path, target: Path) -> None:
    """Point a symbolic link to `target`; it is never missing meanwhile."""
    if path.is_symlink() and path.readlink() == target:
        return
    aside = path.with_name(f".{path.name}.partial")
    aside.unlink(missing_ok=True)
    aside.symlink_to(target)
    aside.replace(path)


def delete_old_versions(folder: Path, current: Path, seconds_before: float) -> None:
    """Delete versions that nobody reads any more; files that no publication wrote stay."""
    others = [path for path in (folder / "versions").iterdir() if ID.fullmatch(path.name) and path != current]
    others.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in others[VERSIONS_BEFORE:]:
        if path.stat().st_mtime < time.time() - seconds_before:
            shutil.rmtree(path)
