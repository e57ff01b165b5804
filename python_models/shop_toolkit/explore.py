"""`make explore`: the published marts as pages that one can browse, filter and ask in SQL, by Datasette.

Run in the project's folder: `python -m shop_toolkit.explore "{published_folder: published}"`

Datasette reads SQLite. The newest publication is copied into a file of its own, which Datasette opens as one that never
changes: nobody can write, and a build that runs meanwhile is not disturbed. It listens on the loopback address only.
"""

import errno
import json
import os
import re
import signal
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import duckdb

from shop_toolkit.ingest.files import InputError
from shop_toolkit.ingest.inspect_input import settings_of_run
from shop_toolkit.quoting import quote_name

HOST = "127.0.0.1"
PORT = 8001
WEB_PORT = 80
LAST_PORT = 65_535
# The database's name is part of every address.
DATABASE = "shop"
QUESTIONS = Path("examples") / "ten_questions.ipynb"
ROWS_AT_A_TIME = 10_000
# Rows come before the descriptions of thirty columns, which the menu of each column shows, too.
STYLE = "dl.column-descriptions { max-height: 9em; overflow: auto; }"
# A question that takes longer is stopped, and more rows of its answer are cut off. The CSV of a table holds all rows.
MOST_ROWS = 2_000
LIMITS = {"sql_time_limit_ms": 10_000, "facet_time_limit_ms": 1_000, "max_returned_rows": MOST_ROWS, "max_csv_mb": 0}
ROWS_OF_ANSWERS = (
    "The CSV of a table holds all rows that its filters leave."
    f" The answer to a question holds {MOST_ROWS:,} at most, as a CSV too."
)


def questions(notebook: Path) -> dict[str, dict[str, str]]:
    """The questions of a notebook, for Datasette's list of queries.

    Args:
        notebook: A heading `## 1. Who …?` with a note below it, then a cell `ask(\"\"\"select …\"\"\")`, for each.

    Returns:
        By a name for addresses: `title`, `description` and `sql`.
    """
    found: dict[str, dict[str, str]] = {}
    title = note = ""
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            heading, _, note = text.partition("\n")
            title = heading.lstrip("# ")
        elif asked := re.fullmatch(r'ask\("""\n(.*)\n"""\)', text, re.DOTALL):
            sql = re.sub(r"^ {4}", "", asked[1], flags=re.MULTILINE)
            name = re.sub(r"\W+", "_", title.lower()).strip("_")
            found[name] = {"title": title, "description": note.strip(), "sql": sql}
    return found


def column_for_sqlite(name: str, kind: str) -> tuple[str, str]:
    """How SQLite holds a column: money as a float, dates as text, truth as 0 or 1.

    Args:
        name: The column's name.
        kind: Its type in DuckDB.

    Returns:
        The column's definition in SQLite, and the expression of its value in DuckDB.
    """
    if kind.startswith("DECIMAL") or kind in ("DOUBLE", "FLOAT", "HUGEINT"):
        return f"{quote_name(name)} real", f"cast({quote_name(name)} as double)"
    if kind.endswith("INT") or kind in ("INTEGER", "BOOLEAN"):
        return f"{quote_name(name)} integer", f"cast({quote_name(name)} as bigint)"
    return f"{quote_name(name)} text", f"cast({quote_name(name)} as varchar)"


def copy_marts(marts: Path, copy: Path) -> dict[str, Any]:
    """Copy every table of a publication into an SQLite file.

    Args:
        marts: The published `marts.duckdb`.
        copy: The file to write.

    Returns:
        Datasette's metadata: descriptions of the tables and columns, and the publication in the title.
    """
    tables: dict[str, Any] = {}
    with duckdb.connect(str(marts), read_only=True) as source, closing(sqlite3.connect(copy)) as target:
        target.execute("pragma journal_mode = off")
        target.execute("pragma synchronous = off")
        for name, comment in source.execute(
            "select table_name, comment from duckdb_tables() where schema_name = 'main' order by table_name"
        ).fetchall():
            columns = source.execute(
                "select column_name, data_type, comment from duckdb_columns()"
                " where schema_name = 'main' and table_name = ? order by column_index",
                [name],
            ).fetchall()
            definitions, values = zip(*(column_for_sqlite(column, kind) for column, kind, _ in columns), strict=True)
            target.execute(f"create table {quote_name(name)} ({', '.join(definitions)})")
            rows = source.execute(f"select {', '.join(values)} from main.{quote_name(name)}")
            insert = f"insert into {quote_name(name)} values ({', '.join('?' * len(columns))})"
            while batch := rows.fetchmany(ROWS_AT_A_TIME):
                target.executemany(insert, batch)
            tables[name] = {
                "description": comment or "",
                "columns": {column: text for column, _, text in columns if text},
            }
        target.commit()
        ((publication_id, published_at),) = source.execute("select * from publication").fetchall()
    about = f"Publication {publication_id[:8]} of {published_at:%Y-%m-%d %H:%M} UTC. Money is a float in these pages."
    return {"title": "Published marts", "description": about, "databases": {DATABASE: {"tables": tables}}}


def marts_of(settings: Mapping[str, Any]) -> Path:
    """The published database, as it is now.

    Raises:
        InputError: Nothing is published.
    """
    folder = settings["published_folder"]
    if folder is None:
        raise InputError("Nothing is published, as the setting 'published_folder' is null. Name a folder and build.")
    marts = Path(folder) / "marts.duckdb"
    if not marts.exists():
        raise InputError(f"There is no publication in the folder {folder}. Build first: make build.")
    # The version's own folder, so that what follows is of one publication.
    return marts.resolve()


def check_port(port: int) -> None:
    """Check that a server can listen there.

    Raises:
        InputError: Another program does, or this user may not.
    """
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            place.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise InputError(
                    f"Port {port} is kept for administrators. Name one from 1024 on: make explore PORT={PORT}."
                ) from None
            other = port + 1 if port < LAST_PORT else port - 1
            raise InputError(f"Port {port} is in use. Name another one: make explore PORT={other}.") from None


def guarded(serve: Callable[..., Awaitable[None]], port: int) -> Callable[..., Awaitable[None]]:
    """Answer only who asks this machine by its own name, and have the CSV of a table hold all of its rows.

    A page of the web whose name leads to 127.0.0.1 ("DNS rebinding") would else read all customers in the browser.

    Args:
        serve: The server, by the interface ASGI.
        port: Where it listens.

    Returns:
        A server that refuses other hosts, and passes on the rest.
    """
    names = (HOST, "localhost")
    # A browser leaves out the port of the web.
    hosts = {f"{name}:{port}".encode() for name in names} | {name.encode() for name in names if port == WEB_PORT}

    async def answer(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            if dict(scope["headers"]).get(b"host", b"").lower() not in hosts:
                headers = [(b"content-type", b"text/plain; charset=utf-8")]
                await send({"type": "http.response.start", "status": 403, "headers": headers})
                sentence = f"These pages are for this machine only. Open http://{HOST}:{port}/{DATABASE}.\n"
                await send({"type": "http.response.body", "body": sentence.encode()})
                return
            if scope["path"].endswith(".csv"):
                asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
                kept = [(name, value) for name, value in asked if name not in ("_next", "_stream")]
                scope = scope | {"query_string": urlencode([*kept, ("_stream", "on")]).encode()}
        await serve(scope, receive, send)

    return answer


def explore(settings: Mapping[str, Any], port: int) -> None:
    """Serve the newest publication until Ctrl-C.

    Args:
        settings: The project's settings.
        port: Where to listen on the loopback address.

    Raises:
        InputError: Nothing is published, or the port is in use.
    """
    # Here, because it takes half a second to load.
    from datasette import hookimpl
    from datasette.cli import cli
    from datasette.plugins import pm

    marts = marts_of(settings)
    check_port(port)
    with tempfile.TemporaryDirectory(prefix="explore-") as folder:
        database, metadata = Path(folder) / f"{DATABASE}.db", Path(folder) / "metadata.json"
        about = copy_marts(marts, database)
        about["databases"][DATABASE] |= {"queries": questions(QUESTIONS), "description": ROWS_OF_ANSWERS}
        about["extra_css_urls"] = ["/style/explore.css"]
        metadata.write_text(json.dumps(about), "utf-8")
        style = Path(folder) / "style"
        style.mkdir()
        (style / "explore.css").write_text(STYLE, "utf-8")
        print(f"Open http://{HOST}:{port}/{DATABASE} and stop with Ctrl-C. {about['description']}")
        print("After the next build start again to see its publication.", flush=True)
        hook = hookimpl(lambda datasette: lambda serve: guarded(serve, port), specname="asgi_wrapper")
        # A class, as Datasette keeps its plugins in a set.
        pm.register(type("Guard", (), {"hook": staticmethod(hook)}), "guard")
        limits = [part for name, value in LIMITS.items() for part in ("--setting", name, str(value))]
        cli.main(
            ["serve", "--immutable", str(database), "--metadata", str(metadata),
             "--static", f"style:{style}", "--host", HOST, "--port", str(port), *limits],
            standalone_mode=False,
        )  # fmt: skip


def main(arguments: list[str]) -> int:
    """Serve by the settings of the command line and the variable PORT; return the exit code."""
    # The server passes signals on when it has stopped: then the copy is deleted on the way out.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    # A terminal that is closed: the server knows only the two above. With `nohup` it goes on.
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    try:
        port = os.environ.get("PORT") or str(PORT)
        if not re.fullmatch(r"\d{1,5}", port) or not 0 < int(port) <= LAST_PORT:
            raise InputError(
                f"PORT must be a number from 1 to {LAST_PORT}: {port}. Write for example make explore PORT=8002."
            )
        explore(settings_of_run(" ".join(arguments).strip()), int(port))
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
