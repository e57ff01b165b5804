"""The files of a version: a database, Parquet and CSV of each mart, extracts and pages."""

import contextlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from shop_toolkit.publishing.marts import Extract, Mart, PublicationError, types_of
from shop_toolkit.publishing.reuse import Planned, copy_start, reuse_database, reuse_files
from shop_toolkit.publishing.versions import BLOCK, MANIFEST, Written, WrittenPart, at_once, entry, flush
from shop_toolkit.quoting import quote_name, quote_text

# Marts with fewer rows are sorted as they are.
MANY_ROWS = 500_000
# A text with more values than a byte doesn't repeat; so many rows show it.
FEW_VALUES, ROWS_THAT_SHOW = 255, 50_000
# So many rows are a row group of a table, and of a Parquet file that is written from it; DuckDB's number.
ROW_GROUP = 122_880
# DuckDB's name for files that 1.0 and everything later can read.
STORAGE_VERSION = "v1.0.0"
# Signs that make a spreadsheet read a text as a formula when they are first; the last four are full-width.
FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"
# Excel reads a CSV as UTF-8 only if it begins with this sign.
BYTE_ORDER_MARK = "\ufeff"


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
        checked = reuse_files(earlier, keys, aside, version.name)
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
        files = at_once(lambda file: entry(aside, file[0], file[1], file[2], checked.get(file[0])), listed)
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
    database, aside = quote_name(name), quote_name(f"rows of {name}")
    parts = folder / "parts"
    parts.mkdir()
    version = f"(storage_version {quote_text(STORAGE_VERSION)})"
    # A transaction changes one database only, so each mart has its own connection and with it its own transaction.
    with (
        connection.cursor() as connection,
        attached(connection, str(folder / "marts.duckdb"), database, version),
        attached(connection, ":memory:", aside),
    ):
        lacking = delete_other_rows(connection, name, marts, stored, aside)

        def write(planned: Planned) -> tuple[int, list[WrittenPart]]:
            mart = planned.mart.name
            with connection.cursor() as cursor:
                table = f"{database}.{quote_name(mart)}"
                return write_mart(cursor, planned, lacking.get(mart), folder, publication_id, table)

        # What begins as a copy waits for the disk, so it comes first: others are computed meanwhile.
        ordered = sorted(marts, key=lambda planned: planned.kept is None)
        ((threads,),) = connection.execute("select current_setting('threads')").fetchall()
        with ThreadPoolExecutor(threads) as pool:
            names = [planned.mart.name for planned in ordered]
            written = dict(zip(names, pool.map(write, ordered), strict=True))
        connection.execute(f"create table {database}.publication (publication_id varchar, published_at timestamp)")
        connection.execute(f"insert into {database}.publication values (?, ?)", [publication_id, published_at])
        description = "One row: which publication this is, and when it was made (UTC)."
        # In one transaction: alone, each comment would wait for the disk.
        with in_one_transaction(connection):
            for mart in [*(planned.mart for planned in marts), Mart("publication", "", description=description)]:
                comment(connection, f"{database}.{quote_name(mart.name)}", mart)
        connection.execute(f"checkpoint {database}")
    shutil.rmtree(parts)
    return written


@contextlib.contextmanager
def attached(connection: duckdb.DuckDBPyConnection, path: str, name: str, options: str = "") -> Iterator[None]:
    """Attach a database of this SQL name while the block runs: a process that publishes again needs it gone."""
    connection.execute(f"attach {quote_text(path)} as {name} {options}")
    try:
        yield
    finally:
        connection.execute(f"detach {name}")


def delete_other_rows(
    connection: duckdb.DuckDBPyConnection, name: str, marts: Sequence[Planned], stored: Mapping[str, int], aside: str
) -> dict[str, str]:
    """Delete what a copied database has beside what stays in it, and free its room for what will be written.

    Of a table to which rows will be added, only whole row groups stay, and its last rows are kept aside: so its row
    groups, and those of a Parquet file of it, are the ones of a table that is written at once.

    Args:
        connection: A connection.
        name: Name of the database.
        marts: The marts to write.
        stored: How many of their first parts tables keep, by mart.
        aside: SQL name of a database for rows that are kept aside.

    Returns:
        SQL of the rows that each table that stays lacks then, in their order, by mart; empty where it lacks nothing.
    """
    database, lacking = quote_name(name), dict.fromkeys(stored, "")
    tables = connection.execute("select table_name from duckdb_tables() where database_name = ?", [name]).fetchall()
    for (table,) in tables:
        if table not in stored:
            connection.execute(f"drop table {database}.{quote_name(table)}")
    for planned in marts:
        mart, parts = planned.mart, planned.parts[: stored.get(planned.mart.name, 0)]
        if not parts:
            continue
        table, kept = quote_name(mart.name), sum(count for _, count, _ in parts)
        ((rows,),) = connection.execute(f"select count(*) from {database}.{table}").fetchall()
        if rows == kept and len(parts) == len(planned.parts):
            continue
        whole = kept - kept % ROW_GROUP
        connection.execute(
            f"create table {aside}.{table} as from {database}.{table} where rowid >= {whole} and rowid < {kept}"
        )
        connection.execute(f"delete from {database}.{table} where rowid >= {whole}")
        lacking[mart.name] = mart.in_order(f"(from {aside}.{table} union all {mart.rows_after(str(parts[-1][0]))})")
    connection.execute(f"checkpoint {database}")
    return lacking


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
    lacking: str | None,
    folder: Path,
    publication_id: str,
    table: str,
) -> tuple[int, list[WrittenPart]]:
    """Write one mart as table, Parquet and CSV, each unless it is there.

    Args:
        cursor: A connection of its own.
        planned: The mart.
        lacking: SQL of the rows that the table lacks, in their order; empty: none; None: there is no table.
        folder: Where the files go; it has the folders parquet and csv, and parts for what is added to them.
        publication_id: The id in the Parquet file's metadata.
        table: SQL name of the table in the published database.

    Returns:
        Number of rows, and the parts.

    Raises:
        PublicationError: The table has not as many rows as were looked at when the publication was planned.
    """
    mart, parts = planned.mart, planned.parts
    if lacking is None:
        cursor.execute(f"create table {table} as {sorted_rows(cursor, planned)}")
    elif lacking:
        cursor.execute(f"insert into {table} {lacking}")
    ((rows,),) = cursor.execute(f"select count(*) from {table}").fetchall()
    if rows != planned.rows:
        raise PublicationError(
            f"The marts are not published, and readers keep the last publication: {mart.name} has {rows:,} rows now and"
            f" had {planned.rows:,} when it was looked at. Build again while nobody else changes it."
        )
    parquet = folder / "parquet" / f"{mart.name}.parquet"
    if not parquet.exists():
        cursor.execute(
            f"copy (from {table}) to {quote_text(str(parquet))}"
            f" (format parquet, compression zstd, kv_metadata {{publication_id: {quote_text(publication_id)}}})"
        )
    sizes = write_csv(cursor, planned, folder, table)
    return int(rows), [[*part, size] for part, size in zip(parts, sizes, strict=True)]


def sorted_rows(cursor: duckdb.DuckDBPyConnection, planned: Planned) -> str:
    """SQL of all rows of a mart in their order; while they are sorted, a number stands for each text that repeats.

    Names of segments and what to do about them are most of a row, and what doesn't fit into memory goes to the disk.

    Args:
        cursor: A connection.
        planned: The mart.
    """
    mart, query = planned.mart, planned.mart.query
    is_large = planned.rows >= MANY_ROWS
    texts = repeated_texts(cursor, query, [*mart.key, mart.part]) if mart.key and is_large else {}
    if not texts:
        return mart.in_order(f"({query})")
    numbered = [f"{column}::enum({', '.join(map(quote_text, values))}) as {column}" for column, values in texts.items()]
    ordered = mart.in_order(f"(select * replace ({', '.join(numbered)}) from ({query}))")
    return f"select * replace ({', '.join(f'{column}::varchar as {column}' for column in texts)}) from ({ordered})"


def repeated_texts(
    cursor: duckdb.DuckDBPyConnection, query: str, left_out: Sequence[str | None]
) -> dict[str, list[str]]:
    """The values of each text that has few, by SQL name.

    They are looked for where the query reads no more than a table, which holds a text once for thousands of rows.

    Args:
        cursor: A connection.
        query: The query.
        left_out: Columns not to look at.
    """
    ((_, plan),) = cursor.execute(f"explain (format json) {query}").fetchall()
    if not set(re.findall(r'"name": *"(\w+) *"', plan)) <= {"SEQ_SCAN", "PROJECTION", "FILTER"}:
        return {}
    texts = {}
    for name, kind in types_of(cursor, query).items():
        column = quote_name(name)
        if kind != "VARCHAR" or name in left_out:
            continue
        # The first rows of a text that hardly repeats show it.
        for rows in (f"select {column} from ({query}) limit {ROWS_THAT_SHOW}", query):
            values = cursor.execute(
                f"select distinct {column} from ({rows}) where {column} is not null order by 1 limit {FEW_VALUES + 1}"
            ).fetchall()
            if len(values) > FEW_VALUES:
                break
        else:
            texts[column] = [value for (value,) in values] or [""]
    return texts


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
