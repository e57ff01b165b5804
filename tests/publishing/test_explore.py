"""`make explore`: the newest publication in a browser, for reading only and for this machine only."""

import csv
import errno
import io
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from commands import COMMANDS
from conftest import PUBLISHED, ROOT
from shop_toolkit.explore import (
    DATABASE,
    HOST,
    LAST_PORT,
    MOST_ROWS,
    QUESTIONS,
    check_port,
    column_for_sqlite,
    copy_marts,
    main,
    questions,
)
from shop_toolkit.ingest.files import InputError

if os.environ.get("SHOP_CI") is None:
    pytest.importorskip("datasette", reason="the extra `explore` is not installed")

LISTENING = "0A"


def free_port() -> int:
    with socket.socket() as place:
        place.bind((HOST, 0))
        return int(place.getsockname()[1])


@contextmanager
def explored(published: Path, temporary: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The page's address and its process, started as `make explore` starts it."""
    recipe = (ROOT / "Makefile").read_text("utf-8").split("\nexplore:")[1].splitlines()[1]
    command = recipe.strip().replace("$(BIN)/python", sys.executable).replace("$$", "$")
    port = free_port()
    environment = os.environ | {
        "VARS": f"{{published_folder: {published}}}", "PORT": str(port), "TMPDIR": str(temporary),
    }  # fmt: skip
    with subprocess.Popen(
        f"exec env {command}", shell=True, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as server:  # fmt: skip
        try:
            address = f"http://{HOST}:{port}/{DATABASE}"
            for _ in range(600):
                with socket.socket() as place:
                    if place.connect_ex((HOST, port)) == 0 or server.poll() is not None:
                        break
                time.sleep(0.1)
            assert server.poll() is None, server.stdout and server.stdout.read()
            yield address, server
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


def answer(address: str, query: str = "") -> Any:
    """What the page answers to an SQL query, as JSON."""
    try:
        with urllib.request.urlopen(f"{address}.json?{query}") as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        return json.load(error)


def asked(sql: str) -> str:
    return urllib.parse.urlencode({"sql": sql, "_shape": "array"})


def test_a_mart_is_asked_and_nothing_can_be_written(published_demo: Path, tmp_path: Path) -> None:
    assert "make explore" in COMMANDS
    with duckdb.connect(str(published_demo / "marts.duckdb"), read_only=True) as marts:
        expected = marts.execute("select count(*), round(sum(monetary), 2)::double from customers").fetchone()
    with explored(published_demo, tmp_path) as (address, server):
        (row,) = answer(address, asked("select count(*) as n, round(sum(monetary), 2) as spent from customers"))
        assert (row["n"], row["spent"]) == expected
        for statement in (
            "delete from customers", "create table x as select 1", "attach 'x.db' as x", "pragma writable_schema = 1",
            "with x as (select 1) delete from customers", "select 1; delete from customers",
        ):  # fmt: skip
            assert not answer(address, asked(statement))["ok"], statement
        assert answer(address, asked("select count(*) as n from customers"))[0]["n"] == row["n"]
        (database,) = answer(address.replace(DATABASE, "-/databases"))
        assert (database["name"], database["is_mutable"]) == (DATABASE, False)
        listed = answer(address)
        assert {table["name"] for table in listed["tables"]} == {*PUBLISHED, "publication"}
        assert [query["name"] for query in listed["queries"]] == list(questions(ROOT / QUESTIONS))
        with urllib.request.urlopen(f"{address}/customers") as response:
            page = response.read().decode()
        assert "One row per customer." in page
        assert "What they spent." in page
        # No address of another machine: the page works offline.
        hosts = set(re.findall(r'(?:src|href)="https?://([^/":]+)', page))
        assert hosts <= {HOST, "datasette.io"}, "datasette.io is a link to click"
        assert addresses_of(server.pid) == {"127.0.0.1"}
        for host, status in (
            ("evil.example", 403), (f"evil.example:{port_of(address)}", 403), ("", 403),
            (f"localhost:{port_of(address)}", 200), (f"127.0.0.1:{port_of(address)}", 200),
        ):  # fmt: skip
            assert status_by(host, address) == status, host
        # More than the page of a table and the answer to a question hold, also from the second page on.
        lines = answer(address, asked("select count(*) as n from order_lines"))[0]["n"]
        assert lines > MOST_ROWS
        for query in ("", "?_size=max", "?_next=100&_size=max"):
            assert len(rows_of(f"{address}/order_lines.csv{query}")) == lines, query
        assert (
            len(rows_of(f"{address}.csv?{urllib.parse.urlencode({'sql': 'select * from order_lines'})}")) == MOST_ROWS
        )
        with urllib.request.urlopen(address) as response:
            assert "holds 2,000 at most" in response.read().decode()
        # The copy is deleted at the end, also where the terminal is closed.
        assert list(tmp_path.glob("explore-*"))
        server.send_signal(signal.SIGHUP)
        server.wait(30)
    assert list(tmp_path.glob("explore-*")) == []
    assert server.returncode == 0


def port_of(address: str) -> int:
    return int(urllib.parse.urlsplit(address).port or 0)


def status_by(host: str, address: str) -> int:
    """What the page answers to a request in the name of a host."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"{address}/customers.json?_size=1", headers={"Host": host})
        ) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code if b"for this machine only" in error.read() else 0


def rows_of(address: str) -> list[list[str]]:
    """The rows of a CSV without its headings."""
    with urllib.request.urlopen(address) as response:
        return list(csv.reader(io.StringIO(response.read().decode(), newline="")))[1:]


def addresses_of(process: int) -> set[str]:
    """The addresses at which a process listens, as Linux lists them."""
    sockets = {str(path.readlink()) for path in Path(f"/proc/{process}/fd").iterdir() if path.is_symlink()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and f"socket:[{fields[9]}]" in sockets:
                host = bytes.fromhex(fields[1].split(":")[0])
                found.add(".".join(map(str, reversed(host))) if len(host) == 4 else host.hex())
    return found


def test_each_question_of_the_notebook_has_the_same_answer_in_both_engines(
    published_demo: Path, tmp_path: Path
) -> None:
    marts = published_demo / "marts.duckdb"
    copy_marts(marts, tmp_path / "shop.db")
    asked = questions(ROOT / QUESTIONS)
    assert len(asked) == 10
    with duckdb.connect(str(marts), read_only=True) as one, closing(sqlite3.connect(tmp_path / "shop.db")) as other:
        for question in asked.values():
            expected = one.execute(question["sql"]).fetchall()
            found = other.execute(question["sql"]).fetchall()
            assert expected, question["title"]
            assert [[plain(value) for value in row] for row in found] == [
                [plain(value) for value in row] for row in expected
            ], question["title"]


def plain(value: object) -> str:
    """A value without what the two engines write differently: dates are texts in SQLite, money is a float."""
    try:
        return f"{float(value):.1f}"  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(value)


def test_each_kind_of_column_keeps_its_values(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as connection:
        connection.execute("""
            create table "odd ""name" as
            select 12.30::decimal(18, 2) as money, date '2025-01-31' as day, timestamp '2025-01-31 10:00:00' as moment,
                true as flag, 7::hugeint as many, ['a', 'b'] as texts, null::integer as none, 'ü' as "a ""text"
        """)
        connection.execute("create table publication as select 'id' as publication_id, now()::timestamp as at")
    copy_marts(tmp_path / "marts.duckdb", tmp_path / "shop.db")
    with closing(sqlite3.connect(tmp_path / "shop.db")) as copy:
        assert copy.execute('select * from "odd ""name"').fetchall() == [
            (12.3, "2025-01-31", "2025-01-31 10:00:00", 1, 7.0, "[a, b]", None, "ü")
        ]
    assert column_for_sqlite("n", "UBIGINT") == ('"n" integer', 'cast("n" as bigint)')


@pytest.mark.parametrize(
    ("settings", "port", "sentence"),
    [
        ("{published_folder: null}", "", "Nothing is published, as the setting 'published_folder' is null."),
        ("{published_folder: none/such}", "", "There is no publication in the folder none/such. Build first:"),
        ("{published_folder: DEMO}", "TAKEN", "is in use. Name another one: make explore PORT="),
        ("{published_folder: DEMO}", "many", "PORT must be a number from 1 to 65535: many."),
        ("{published_folder: DEMO}", "99999", "PORT must be a number from 1 to 65535: 99999."),
    ],
)
def test_a_sentence_says_why_nothing_is_shown(
    settings: str,
    port: str,
    sentence: str,
    published_demo: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        monkeypatch.setenv("PORT", port.replace("TAKEN", str(taken.getsockname()[1])))
        assert main([settings.replace("DEMO", str(published_demo))]) == 1
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("port", "number", "sentence"),
    [
        (80, errno.EACCES, "Port 80 is kept for administrators. Name one from 1024 on: make explore PORT=8001."),
        (80, errno.EADDRINUSE, "Port 80 is in use. Name another one: make explore PORT=81."),
        (LAST_PORT, errno.EADDRINUSE, "Port 65535 is in use. Name another one: make explore PORT=65534."),
    ],
)
def test_a_sentence_names_a_port_that_can_be_taken(
    port: int, number: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Place(socket.socket):
        def bind(self, *_: Any) -> None:
            raise OSError(number, "no")

    monkeypatch.setattr("shop_toolkit.explore.socket.socket", Place)
    with pytest.raises(InputError) as error:
        check_port(port)
    assert str(error.value) == sentence
