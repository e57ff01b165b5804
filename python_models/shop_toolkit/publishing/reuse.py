"""What a new version takes over from publications that have equal rows already."""

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from shop_toolkit.publishing.marts import Content, Mart, Part, content_key
from shop_toolkit.publishing.versions import BLOCK, Written, at_once, checksum_of


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
    def rows(self) -> int:
        """How many rows it has."""
        return sum(count for _, count, _ in self.content[1])

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


def planned_of(mart: Mart, content: Content, earlier: Sequence[Written]) -> Planned:
    """A mart beside what publications have of its first parts."""
    alone = Planned(mart, content, None)
    found = max(((alone.first_parts_in(written), -place) for place, written in enumerate(earlier)), default=(0, 0))
    return Planned(mart, content, (earlier[-found[1]], found[0])) if found[0] else alone


def reuse_files(
    earlier: Sequence[Written], keys: Mapping[str, str], folder: Path, publication_id: str
) -> dict[str, str]:
    """Take over CSVs and Parquet files that publications have of equal rows, unless they are gone or damaged.

    Args:
        earlier: The publications.
        keys: The `content_key` of each mart of the new one, by name.
        folder: Where the files go; it has the folders parquet and csv.
        publication_id: The id of the new publication.

    Returns:
        Checksums of the CSVs that are there now, by path.
    """
    marts = [mart for mart, key in keys.items() if any(written.keys.get(mart) == key for written in earlier)]
    files: list[tuple[str, str, str | None]] = [(f"csv/{mart}.csv", mart, None) for mart in marts]
    files += [(f"parquet/{mart}.parquet", mart, publication_id) for mart in marts]

    def take_over(file: tuple[str, str, str | None]) -> tuple[str, str | None]:
        path, mart, own_id = file
        having = (written for written in earlier if written.keys.get(mart) == keys[mart])
        return path, next((written.checksums[path] for written in having if reuse(written, path, folder, own_id)), None)

    return {path: checksum for path, checksum in at_once(take_over, files) if checksum and path.startswith("csv/")}


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
        if reuse(written, "marts.duckdb", folder, publication_id):
            return stored
    return {}


def reuse(written: Written, path: str, folder: Path, publication_id: str | None = None) -> bool:
    """Give a published file a second name, or copy it if it carries the id of its publication.

    Args:
        written: The publication that has it.
        path: Path of the file below the folder of a publication.
        folder: The folder of the new publication.
        publication_id: The id that a copy carries; None takes the same file.

    Returns:
        Whether it is there now. Where the disk is another one, the file is gone, damaged or can't be read, nothing is
        done.
    """
    new = folder / path
    if path not in written.checksums:
        return False
    try:
        if publication_id is None:
            new.hardlink_to(written.version / path)
        else:
            shutil.copyfile(written.version / path, new)
        if checksum_of(new) == written.checksums[path] and (
            new.suffix != ".parquet" or replace_id(new, written.publication_id, str(publication_id))
        ):
            return True
    except OSError:
        pass
    new.unlink(missing_ok=True)
    return False


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
