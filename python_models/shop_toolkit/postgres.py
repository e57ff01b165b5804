"""Copies of the marts in a Postgres database, replaced in one transaction."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from shop_toolkit.publishing import Mart, PublicationError, types_of
from shop_toolkit.quoting import quote_name, quote_text

if TYPE_CHECKING:
    import psycopg

# Where the push goes. A connection string may hold a password, so it must not be in settings files and manifests.
ADDRESS = "SHOP_POSTGRES"
TYPES = {
    "BIGINT": "bigint", "BOOLEAN": "boolean", "DATE": "date", "DOUBLE": "double precision", "FLOAT": "real",
    "HUGEINT": "numeric(39,0)", "INTEGER": "integer", "SMALLINT": "smallint", "TIME": "time without time zone",
    "TIMESTAMP": "timestamp without time zone", "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "TINYINT": "smallint", "UBIGINT": "numeric(20,0)", "UINTEGER": "bigint", "UUID": "uuid", "VARCHAR": "text",
}  # fmt: skip
PUBLICATION = {"publication_id": "text", "pushed_at": "timestamp with time zone"}
# Any number: two pushes at the same time wait for each other on this lock.
LOCK = 5_317_264_108
SECONDS_TO_CONNECT = 15
# How long to wait for a table that somebody has locked.
SECONDS_TO_WAIT = 120
# Bytes per block sent.
BLOCK = 1 << 20


def postgres_problem() -> str | None:
    """Why the push that the environment asks for can't work, as a sentence; None if it can, or none is asked for."""
    address = os.environ.get(ADDRESS)
    if not address:
        return None
    try:
        import psycopg
    except ImportError:
        return (
            f"{ADDRESS} asks for the marts in Postgres, and the library for it is not installed. "
            "Install the extra 'postgres' (psycopg), or unset the variable."
        )
    if not is_address(address):
        # libpq's own message would repeat the password.
        return (
            f"{ADDRESS} is no connection string: it looks like postgresql://user@host/database or host=… dbname=…, and "
            "a sign such as @ or / in a password is written %40 or %2F. Correct the variable, or unset it."
        )
    try:
        psycopg.connect(address, connect_timeout=SECONDS_TO_CONNECT).close()
    except psycopg.Error as error:
        return (
            f"The Postgres server that {ADDRESS} names can't be reached: {one_line(error)} "
            "Correct the variable, or unset it."
        )
    return None


def is_address(address: str) -> bool:
    """Whether libpq can parse it, and no part of a password ended up in the host."""
    import psycopg

    try:
        parts = psycopg.conninfo.conninfo_to_dict(address)
    except psycopg.Error:
        return False
    return "@" not in str(parts.get("host", ""))


def push(
    connection: duckdb.DuckDBPyConnection, marts: Sequence[Mart], address: str, schema: str, publication_id: str
) -> bool:
    """Replace the tables of a schema with the marts, in one transaction.

    Readers are never blocked and see the old rows until the commit. Rows are deleted rather than truncated (readers
    of a truncated table wait, and find it empty if they began before), and tables are not swapped (a new one
    has no grants, no indexes and no views on it). A table is recreated only if its columns changed.

    Args:
        connection: A connection that can run the marts' queries.
        marts: The marts to push.
        address: libpq's connection string of the server.
        schema: Schema on the server; created if necessary.
        publication_id: The id that the table `publication` gets.

    Returns:
        False if the server already holds this publication.

    Raises:
        PublicationError: Something failed; the server is as it was.
    """
    # Here, because it is part of an extra that most builds do without.
    import psycopg

    try:
        with psycopg.connect(address, connect_timeout=SECONDS_TO_CONNECT) as server, server.cursor() as cursor:
            lock(cursor, schema)
            wanted = {mart.name: postgres_types(types_of(connection, mart.query)) for mart in marts}
            wanted["publication"] = PUBLICATION
            present = {name: columns_of(cursor, schema, name) for name in wanted}
            if present == wanted and pushed_id(cursor, schema) == publication_id:
                return False
            for name, columns in wanted.items():
                make_room(cursor, f"{quote_name(schema)}.{quote_name(name)}", columns, present[name])
            for mart in marts:
                table = f"{quote_name(schema)}.{quote_name(mart.name)}"
                copy(connection, cursor, mart, table, is_new=not present[mart.name])
            cursor.execute(f"insert into {quote_name(schema)}.publication values (%s, now())", [publication_id])
    except (psycopg.Error, duckdb.Error, OSError) as error:
        raise PublicationError(
            f"The marts are not pushed to Postgres: {one_line(error)} The server holds what it held before, and so do "
            f"the published files. Correct the cause and build again, or unset {ADDRESS}."
        ) from error
    return True


def lock(cursor: "psycopg.Cursor[Any]", schema: str) -> None:
    """Wait for other pushes, and create the schema if it doesn't exist."""
    cursor.execute(f"set local lock_timeout = '{SECONDS_TO_WAIT}s'")
    cursor.execute(f"select pg_advisory_xact_lock({LOCK})")
    cursor.execute("select to_regnamespace(%s) is null", [quote_name(schema)])
    if cursor.fetchone() == (True,):
        cursor.execute(f"create schema {quote_name(schema)}")


def pushed_id(cursor: "psycopg.Cursor[Any]", schema: str) -> str | None:
    """The id of the publication on the server; None if there is not exactly one."""
    cursor.execute(f"select publication_id from {quote_name(schema)}.publication")
    rows = cursor.fetchall()
    return str(rows[0][0]) if len(rows) == 1 else None


def one_line(error: Exception) -> str:
    """A server's message on one line, ended like a sentence."""
    return " ".join(str(error).split()).rstrip(".") + "."


def postgres_types(types: dict[str, str]) -> dict[str, str]:
    """Postgres' type of each column by DuckDB's; a type that Postgres doesn't have becomes text."""
    return {
        name: kind.replace("DECIMAL", "numeric") if kind.startswith("DECIMAL") else TYPES.get(kind, "text")
        for name, kind in types.items()
    }


def columns_of(cursor: "psycopg.Cursor[Any]", schema: str, table: str) -> dict[str, str]:
    """The columns of a table on the server and their types; empty if there is no such table."""
    cursor.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
        [f"{quote_name(schema)}.{quote_name(table)}"],
    )
    return dict(cursor.fetchall())


def make_room(cursor: "psycopg.Cursor[Any]", table: str, columns: dict[str, str], present: dict[str, str]) -> None:
    """Empty a table, or recreate it if its columns changed.

    Args:
        cursor: The server's cursor, inside the transaction.
        table: SQL name of the table.
        columns: Postgres' types by column, as they must be.
        present: Postgres' types by column, as they are.
    """
    if present == columns:
        cursor.execute(f"delete from {table}")
        return
    cursor.execute(f"drop table if exists {table}")
    cursor.execute(
        f"create table {table} ({', '.join(f'{quote_name(name)} {kind}' for name, kind in columns.items())})"
    )


def copy(
    connection: duckdb.DuckDBPyConnection, cursor: "psycopg.Cursor[Any]", mart: Mart, table: str, *, is_new: bool
) -> None:
    """Send the rows of a mart by COPY, and with a new table its descriptions.

    Args:
        connection: A connection that can run the mart's query.
        cursor: The server's cursor, inside the transaction.
        mart: The mart.
        table: SQL name of the table on the server.
        is_new: Whether the table was just created.
    """
    with tempfile.TemporaryDirectory() as folder, connection.cursor() as reader:
        path = Path(folder) / "rows.txt"
        types = types_of(reader, mart.query)
        columns = ", ".join(sendable(name, kind) for name, kind in types.items())
        reader.execute(
            f"copy (select {columns} from ({mart.query})) to {quote_text(str(path))}"
            r" (format csv, header false, delimiter '\t', quote '', escape '', nullstr '\N')"
        )
        names = ", ".join(map(quote_name, types))
        with path.open("rb") as rows, cursor.copy(f"copy {table} ({names}) from stdin") as stream:
            while block := rows.read(BLOCK):
                stream.write(block)
    if is_new:
        cursor.execute(f"comment on table {table} is {quote_text(mart.description)}")
        for name, description in mart.columns.items():
            cursor.execute(f"comment on column {table}.{quote_name(name)} is {quote_text(description)}")


def sendable(column: str, kind: str) -> str:
    """SQL of a column in the text format of Postgres' COPY, which has no character 0 in texts."""
    value = f"{quote_name(column)}::varchar"
    if TYPES.get(kind, "text") == "text" and not kind.startswith("DECIMAL"):
        for sign, escaped in ((0, ""), (92, r"\\"), (9, r"\t"), (10, r"\n"), (13, r"\r")):
            value = f"replace({value}, chr({sign}), '{escaped}')"
    return f"{value} as {quote_name(column)}"
