"""What a version of a publication holds: its manifest, and the files with their checksums."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "publication.json"
FILES_OF_MARTS = ("marts.duckdb", "parquet", "csv", MANIFEST)
# Bytes that are copied at once.
BLOCK = 1 << 20
# The same as it is listed in the manifest, and the bytes that it has in the CSV.
WrittenPart = list[Any]
# One published file: path, mart, format, row_count, bytes, checksum, and in a `Publication` its publication_id.
FileEntry = dict[str, Any]
# Its columns in the tables that list files, with their pandas types.
FILE_TYPES = {
    "path": "str", "mart": "str", "format": "str", "row_count": "Int64", "bytes": "int64", "checksum": "str",
    "publication_id": "str",
}  # fmt: skip


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
        parts = {
            mart: (
                of_mart["form"],
                [[value, int(count), total, int(size)] for value, count, total, size in of_mart["parts"]],
            )
            for mart, of_mart in manifest.get("parts", {}).items()
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    if not keys.keys() <= rows.keys():
        return None
    return Written(version, manifest["publication_id"], checksums, keys, rows, parts)


def files_of(manifest: Mapping[str, Any]) -> list[FileEntry]:
    """One entry per file: path (below the version's folder), mart, format, rows, bytes, checksum, publication_id."""
    return [{**file, "publication_id": manifest["publication_id"]} for file in manifest["files"]]


def entry(
    folder: Path, path: str, mart: str | None = None, rows: int | None = None, checksum: str | None = None
) -> FileEntry:
    """The manifest's entry of a file: path below `folder`, mart, format, row_count, bytes and checksum, if known."""
    file = folder / path
    return {
        "path": path, "mart": mart, "format": file.suffix[1:], "row_count": rows,
        "bytes": file.stat().st_size, "checksum": checksum or checksum_of(file),
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
