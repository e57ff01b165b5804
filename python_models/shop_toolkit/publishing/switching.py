"""Publications one after the other: one build at a time, replaced by one rename, and old ones deleted."""

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from shop_toolkit.errors import first_line_of, shortened
from shop_toolkit.publishing.marts import Extract, Mart, PublicationError, content_in_run, id_of
from shop_toolkit.publishing.reuse import planned_of
from shop_toolkit.publishing.versions import (
    FILES_OF_MARTS,
    MANIFEST,
    FileEntry,
    already_written,
    files_of,
    flush,
    is_complete,
    manifest_in,
)
from shop_toolkit.publishing.writing import write_version
from shop_toolkit.quoting import quote_text

# A reader who resolved a version keeps it: this many stay beside the current one, and all that were current recently.
VERSIONS_BEFORE = 2
SECONDS_BEFORE = 600
# Below the folder of all marts: those that a refresh updates. Versions may follow each other within seconds, and
# those of ten minutes would fill the disk.
LIVE_FOLDER = "live"
LIVE_SECONDS_BEFORE = 60
# How long to wait for another build that publishes into the same folder.
SECONDS_TO_WAIT = 600
ID = re.compile(r"[0-9a-f]{32}")
LEFT_OVER = re.compile(r"[.][0-9a-f]{32}[.](partial|damaged)")


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
        contents = {mart.name: content_in_run(connection, mart) for mart in marts}
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
            publish([Mart(name, **mart, run=context["run"]) for name, mart in context["marts"].items()])
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
