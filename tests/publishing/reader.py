"""A process that reads a published folder again and again, as other people's tools do while builds go on.

`python reader.py KIND FOLDER STOP OUTPUT` reads until the file STOP is there, then writes to OUTPUT what it saw:
[publication id, marker in segments, marker in interest_groups] without repetitions, and the number of readings.
"""

import csv
import json
import sys
import time
from pathlib import Path

import duckdb

# Between two readings: three readers that never rest leave builds no processor.
PAUSE = 0.1
Seen = tuple[str, int, int]
MARKED = ("segments", "interest_groups")


def from_database(folder: Path) -> Seen:
    """Three questions on one connection."""
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as reader:
        ((publication_id,),) = reader.execute("select publication_id from publication").fetchall()
        markers = [reader.execute(f"select distinct size from {mart}").fetchall() for mart in MARKED]
    return publication_id, *(size for ((size,),) in markers)


def from_files(folder: Path) -> Seen:
    """All Parquet and CSV files of the version that `current` leads to, which is resolved once."""
    version = (folder / "current").resolve()
    publication_id = json.loads((version / "publication.json").read_text())["publication_id"]
    with duckdb.connect() as reader:
        ids = reader.execute(
            "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'publication_id'",
            [str(version / "parquet" / "*.parquet")],
        ).fetchall()
        markers = [
            reader.execute("select distinct size from read_parquet(?)", [str(version / "parquet" / f"{mart}.parquet")])
            .fetchall() for mart in MARKED
        ]  # fmt: skip
    for mart, ((size,),) in zip(MARKED, markers, strict=True):
        with (version / "csv" / f"{mart}.csv").open(encoding="utf-8-sig") as file:
            sizes = {int(row["size"]) for row in csv.DictReader(file)}
        if sizes != {size}:
            raise AssertionError(f"{mart}: {sizes} in the CSV and {size} in Parquet")
    if set(ids) != {(publication_id,)} or version.name != publication_id:
        raise AssertionError(f"{version} has {publication_id}, its Parquet files {set(ids)}")
    return publication_id, *(size for ((size,),) in markers)


def from_stable_names(folder: Path) -> Seen:
    """Files by the names that never change, one by one: each is whole, though not all need be of one publication."""
    publication_id = json.loads((folder / "publication.json").read_text())["publication_id"]
    sizes = [
        duckdb.read_parquet(str(folder / "parquet" / f"{mart}.parquet")).aggregate("max(size), min(size)").fetchall()[0]
        for mart in MARKED
    ]
    with (folder / "csv" / "order_lines.csv").open(encoding="utf-8-sig") as file:
        rows = sum(1 for _ in csv.DictReader(file))
    if any(most != least for most, least in sizes) or rows < 1000:
        raise AssertionError(f"half a file: {sizes}, {rows}")
    return publication_id, 0, 0


def main(kind: str, folder: Path, stop: Path, output: Path) -> None:
    """Read until the file `stop` exists; an error ends it with an exit code."""
    read = {"database": from_database, "files": from_files, "stable names": from_stable_names}[kind]
    seen, readings = set(), 0
    while not stop.exists():
        seen.add(read(folder))
        readings += 1
        time.sleep(PAUSE)
    output.write_text(json.dumps({"seen": sorted(seen), "readings": readings}))


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))
