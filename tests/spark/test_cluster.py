"""Apache Spark itself: what it says where something is missing, and builds on a cluster of which a part is killed."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from commands import BIN
from conftest import PUBLISHED, QUICK_FIT, REAL_FILE, ROOT, Shop, problem_of, write_rows

if os.environ.get("SHOP_CI") is None:
    pytest.importorskip("sqlglot", reason="the extra 'spark' is not installed")

from dbt.adapters.sparkconnect.cluster import Cluster, Ports, is_spark, main
from dbt.adapters.sparkconnect.engine import Engine
from dbt.adapters.sparkconnect.impl import SparkConnectAdapter
from dbt.adapters.sparkconnect.spark import (
    INSTALLED,
    LocalServer,
    environment_of,
    free_port,
    refuse_without_java,
    spark_home,
    wait_until,
)
from dbt.adapters.sparkconnect.translation import run_translated
from dbt_common.exceptions import DbtRuntimeError
from test_demo import MODELS, REFRESH, arrivals, unequal_marts


def program(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}' >&2\n", "utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What looks like a folder of Spark."""
    (tmp_path / "spark" / "jars").mkdir(parents=True)
    (tmp_path / "spark" / "jars" / "spark-connect_2.13-4.1.4.jar").touch()
    return tmp_path / "spark"


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ('openjdk version "17.0.15" 2025-04-15', None),
        ('openjdk version "21" 2023-09-19', None),
        ('java version "1.8.0_402"', "is Java 8: install one"),
        ('openjdk version "25.0.1" 2025-10-21', "is Java 25: install one"),
        ("sh: broken", "is Java of no known version: install one"),
    ],
)
def test_a_java_that_spark_does_not_run_on_is_one_sentence(
    version: str, sentence: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "jdk" / "bin" / "java", version)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    if sentence is None:
        refuse_without_java()
        return
    with pytest.raises(DbtRuntimeError, match=f"Apache Spark needs Java 17 or 21, and .+ {sentence}"):
        refuse_without_java()


def test_missing_java_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(DbtRuntimeError, match=r"and there is none in JAVA_HOME, .+: install one"):
        refuse_without_java()
    monkeypatch.delenv("JAVA_HOME")
    monkeypatch.setenv("PATH", str(tmp_path))
    advice = r"and there is none: install one .on Debian 12 or 13: apt-get install default-jre"
    with pytest.raises(DbtRuntimeError, match=advice):
        refuse_without_java()


def test_missing_spark_is_one_sentence(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPARK_HOME", raising=False)
    # The package of this environment is the client alone, or Spark itself.
    monkeypatch.setattr("dbt.adapters.sparkconnect.spark.find_spec", lambda name: None)
    assert spark_home(str(home)) == home
    with pytest.raises(DbtRuntimeError, match="Apache Spark is not installed: run 'make spark', or name a folder"):
        spark_home(str(tmp_path / "nowhere"))
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    with pytest.raises(DbtRuntimeError, match=r"SPARK_HOME is '.+', which holds no Apache Spark 4: run 'make spark'"):
        spark_home(str(home))


def test_a_port_in_use_is_one_sentence(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program(tmp_path / "jdk" / "bin" / "java", 'openjdk version "17.0.15"')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    monkeypatch.setenv("SPARK_HOME", str(home))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = str(listener.getsockname()[1])
        ports = ["--master", str(free_port()), "--page", str(free_port()), "--connect", taken]
        assert main(["up", "--folder", str(tmp_path / "cluster"), *ports]) == 1
    said = capsys.readouterr().err
    assert said == f"Port {taken} is in use: end what listens there, or choose another by --connect.\n"


def test_what_does_not_start_is_one_sentence_and_nothing_is_left(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program(tmp_path / "jdk" / "bin" / "java", 'openjdk version "17.0.15"')
    program(home / "bin" / "spark-class", "ERROR Master: no space left")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    monkeypatch.setenv("SPARK_HOME", str(home))
    folder = tmp_path / "cluster"
    ports = [option for name in vars(Ports()) for option in (f"--{name}", str(free_port()))]
    assert main(["up", "--folder", str(folder), *ports]) == 1
    assert capsys.readouterr().err == (
        "The master of the cluster did not start (ERROR Master: no space left): see"
        f" {folder / 'logs' / 'master.log'}.\n"
    )
    assert list((folder / "run").iterdir()) == []
    assert main(["down", "--folder", str(folder)]) == 0
    assert capsys.readouterr().out == f"No cluster runs in {folder}.\n"


def test_another_process_with_the_id_of_one_that_has_ended_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as other:
        (tmp_path / "run" / "master.pid").write_text(str(other.pid), "utf-8")
        assert main(["down", "--folder", str(tmp_path)]) == 0
        assert capsys.readouterr().out == f"No cluster runs in {tmp_path}.\n"
        assert other.poll() is None
        other.kill()
    assert list((tmp_path / "run").iterdir()) == []


def test_a_process_is_known_by_the_end_of_a_long_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Spark's class stands behind the path of all its archives."""
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "run").mkdir()
    command = [
        sys.executable,
        "-c",
        "import time; print(flush=True); time.sleep(60)",
        "x" * 9_000,
        "org.apache.spark.deploy.master.Master",
    ]
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            (tmp_path / "run" / "master.pid").write_text(str(process.pid), "utf-8")
            # What is left where a process was killed as it wrote it.
            (tmp_path / "run" / "connect.pid").touch()
            assert main(["down", "--folder", str(tmp_path)]) == 0
            assert capsys.readouterr().out == "Ended: master.\n"
            assert process.wait(5) == -signal.SIGTERM
        finally:
            process.kill()
    assert list((tmp_path / "run").iterdir()) == []


def test_a_page_of_the_master_that_breaks_off_is_asked_again(tmp_path: Path) -> None:
    answers = ("HTTP/1.0 200 OK\r\n\r\n{", "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{", "what\r\n\r\n")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def answer() -> None:
            for text in answers:
                with listener.accept()[0] as asked:
                    asked.recv(9_999)
                    asked.sendall(text.encode())

        threading.Thread(target=answer, daemon=True).start()
        cluster = Cluster(tmp_path, Ports(page=listener.getsockname()[1]))
        assert [cluster._has_workers(1) for _ in answers] == [False] * len(answers)


# Listens where Spark's Connect server would, and doesn't end when it is asked to.
DEAF = """#!{python}
import os, re, signal, socket, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
listener = socket.create_server(("127.0.0.1", int(re.search(r"binding.port=(\\d+)", " ".join(sys.argv))[1])))
print(os.getpid(), "ERROR SparkConnectServer: no memory", flush=True)
for _ in range(600):
    listener.accept()[0].close()
"""


def test_a_server_that_does_not_end_is_killed_and_one_of_no_use_is_one_sentence(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    monkeypatch.setenv("SPARK_HOME", str(home))
    monkeypatch.setattr("dbt.adapters.sparkconnect.spark.SECONDS_TO_END", 0.2)
    monkeypatch.setattr("dbt.adapters.sparkconnect.engine.RETRIES", 0)
    program(tmp_path / "jdk" / "bin" / "java", 'openjdk version "17.0.15"')
    program(home / "bin" / "spark-submit", "").write_text(DEAF.format(python=sys.executable), "utf-8")
    made: list[LocalServer] = []
    start = LocalServer.__init__

    def noted(self: LocalServer, *arguments: Any) -> None:
        made.append(self)
        start(self, *arguments)

    monkeypatch.setattr(LocalServer, "__init__", noted)
    with pytest.raises(DbtRuntimeError) as raised:
        Engine("local[2]")
    (server,) = made
    log = server._folder / "spark.log"
    process = int(log.read_text("utf-8").split()[0])
    assert str(raised.value.msg) == (
        f"Apache Spark could not be started as 'local[2]' ({process} ERROR SparkConnectServer: no memory): see {log}."
    )
    assert raised.value.__suppress_context__
    assert wait_until(lambda: not is_spark(process), lambda: False, seconds=5)
    server.end()


class KilledError(Exception):
    """The process is no more."""


class MissingError(Exception):
    """A table is missed, in Spark's words."""


def killed() -> None:
    raise KilledError


class Catalogue:
    """Spark's catalogue: of statements, those that replacements are made of; a table is its rows."""

    def __init__(self, **tables: str) -> None:
        self.tables = tables

    def asked(self) -> Any:
        """What the client calls the catalogue."""
        return SimpleNamespace(
            databaseExists=lambda schema: True,
            listTables=lambda schema: [
                SimpleNamespace(name=name, tableType="MANAGED", isTemporary=False) for name in self.tables
            ],
        )

    def run(self, statement: str) -> None:
        names = re.findall(r"`shop`[.]`(\w+)`", statement)
        if statement.startswith("create table"):
            assert names[0] not in self.tables
            self.tables[names[0]] = statement.partition(" as ")[2]
        elif statement.startswith("drop table"):
            if "if exists" not in statement or names[0] in self.tables:
                self.rows_of(names[0])
                del self.tables[names[0]]
        else:
            old, new = names
            assert new not in self.tables
            self.tables[new] = self.rows_of(old)
            del self.tables[old]

    def rows_of(self, table: str) -> str:
        if table not in self.tables:
            raise MissingError(f"[TABLE_OR_VIEW_NOT_FOUND] The table or view `{table}` cannot be found.")
        return self.tables[table]


class Process(Engine):
    """A process on a cluster, to which something happens before one of its statements."""

    def __init__(self, catalogue: Catalogue, at: int = -1, then: Callable[[], object] = killed) -> None:
        self.name, self.catalogue = "spark", catalogue
        self.at, self.then = at, then
        self.session = SimpleNamespace(catalog=catalogue.asked())
        self._storage = None
        self._gone, self._address = None, "sc://cluster"
        self._columns = {}
        self._promised = {}
        self._finished = set()
        self._name_changes = 0
        self._lock = threading.RLock()
        self.was_asked = threading.Event()

    def _read_columns(self, schema: str, table: str) -> dict[str, str]:
        return {"line": "int"} if table in self.catalogue.tables else {}

    def drop_other_kind(self, schema: str, name: str, kind: str) -> None:
        """All are tables."""

    def _run_once(self, statement: str) -> Any:
        if statement.startswith("select"):
            try:
                return self.catalogue.rows_of("lines")
            finally:
                self.was_asked.set()
        if self.at == 0:
            self.then()
        self.at -= 1
        self.catalogue.run(statement)
        return None

    def _copied(self, schema: str, table: str, folder: str) -> str:
        return str(self._run_once(f"select * from {table}"))

    def lists(self, command: str) -> dict[str, str]:
        """What a command of dbt begins with; the tables after it."""
        adapter = SimpleNamespace(
            config=SimpleNamespace(args=SimpleNamespace(which=command)),
            _engine=lambda: self,
            Relation=SimpleNamespace(create=lambda **given: given["identifier"]),
        )
        relation: Any = SimpleNamespace(database="", schema="shop")
        SparkConnectAdapter.list_relations_without_caching(adapter, relation)  # type: ignore[arg-type]  # a stand-in
        return dict(self.catalogue.tables)


def replaced_by(process: Process, rows: str) -> bool:
    try:
        process.make_table("shop", "lines", rows)
    except KilledError:
        return False
    return True


def test_a_replacement_that_is_killed_anywhere_leaves_all_rows_to_the_next_build() -> None:
    seen = set()
    for statements in range(99):
        catalogue = Catalogue(lines="old", other="other")
        done = replaced_by(Process(catalogue, statements), "new")
        left = dict(catalogue.tables)
        # Another command leaves it alone.
        assert Process(catalogue).lists("show") == left
        for again in range(9):
            # The next build may be killed as well.
            try:
                rows = Process(catalogue, again).lists("build")
                break
            except KilledError:
                assert {"old", "new"} & set(catalogue.tables.values())
        assert sorted(rows) == ["lines", "other"]
        seen.add(rows["lines"])
        if done:
            assert rows == left == {"lines": "new", "other": "other"}
            break
        assert replaced_by(Process(catalogue), "newer")
        assert catalogue.tables == {"lines": "newer", "other": "other"}
    assert statements > 4
    assert seen == {"old", "new"}


def test_common_tables_that_a_killed_build_stored_are_dropped_by_the_next_one() -> None:
    catalogue = Catalogue(lines="old", lines__teas__aside="teas")
    assert set(Process(catalogue).lists("show")) == {"lines", "lines__teas__aside"}
    assert Process(catalogue).lists("build") == {"lines": "old"}


@pytest.mark.parametrize("command", ["show", "test", "build"])
@pytest.mark.parametrize("statement", range(6))
def test_another_process_beside_a_replacement_loses_no_rows(command: str, statement: int) -> None:
    """A second build, which nothing may run beside, can end the first one, and not the rows."""
    catalogue = Catalogue(lines="old")
    second = Process(catalogue)
    first = Process(catalogue, statement, lambda: second.lists(command))
    try:
        assert replaced_by(first, "new")
        assert catalogue.tables["lines"] == "new"
    except (AssertionError, MissingError):
        assert command == "build"
    assert Process(catalogue).lists("build") in ({"lines": "old"}, {"lines": "new"})


@pytest.mark.parametrize("asks", ["run", "files_of"])
@pytest.mark.parametrize("statement", range(6))
def test_another_thread_reads_a_table_at_any_moment_of_its_replacement(
    statement: int, asks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dbt.adapters.sparkconnect.engine.is_reachable", lambda address: True)
    read: list[str] = []

    def ask() -> None:
        reader.start()
        assert first.was_asked.wait(5)

    first = Process(Catalogue(lines="old"), statement, ask)

    def reads() -> None:
        read.extend([first.run("select * from lines")] if asks == "run" else first.files_of("shop", "lines", ""))

    reader = threading.Thread(target=reads, daemon=True)
    assert replaced_by(first, "new")
    reader.join(5)
    assert read in (["old"], ["new"])


def test_a_table_that_is_not_there_is_missed_once() -> None:
    process = Process(Catalogue())
    with pytest.raises(MissingError, match="TABLE_OR_VIEW_NOT_FOUND"):
        process.run("select * from lines")


# With Spark itself ---------------------------------------------------------------------------------------------------

# Which lines cancel which sales, and the marts of lines that ask for it.
MATCHES = "int_cancellation_matches"
LINES = ("+order_lines", "+orders", "+cancellations", "+cancellation_matches", "+rejected_transactions")
MARTS_TO_COMPARE = tuple(selected.removeprefix("+") for selected in LINES)
# So many seconds after lines began to be matched, one worker and the other in turn.
SECONDS_TO_KILLS = (0.2, 0.5, 0.8, 1.2, 1.6, 2, 2.5, 3, 3.5, 4)
KILLS = tuple((f"worker-{1 + number % 2}", seconds) for number, seconds in enumerate(SECONDS_TO_KILLS))


def installed() -> Path:
    """Spark's folder; tests are skipped where it or Java is missing."""
    try:
        home = spark_home(str(ROOT / INSTALLED))
        environment_of(home)
    except DbtRuntimeError as problem:
        if os.environ.get("SHOP_CI") is not None:
            raise
        pytest.skip(str(problem.msg))
    return home


def started(folder: Path, workers: int = 2, partitions: int = 4, memory: str = "1g") -> Cluster:
    cluster = Cluster(folder, Ports(free_port(), free_port(), free_port()))
    with pytest.MonkeyPatch.context() as patch:
        # Of small tables, Java would take half of all time to compile its code once more, better. With one compiler
        # alone it keeps 48 MB of code by default, and throws code away in a quarter of all time.
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC")
        cluster.start(installed(), workers=workers, cores=1, memory=memory, partitions=partitions)
    return cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = started(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


def build(
    cluster: Cluster,
    *selected: str,
    at: str = "",
    then: Callable[["subprocess.Popen[str]"], datetime] | None = None,
    arguments: tuple[str, ...] = MODELS,
    **settings: Any,
) -> tuple[int, str]:
    """Build on a cluster in a process of its own, and do something while a model is made.

    Args:
        cluster: The cluster.
        selected: What is built; all without any.
        at: The model.
        then: What is done with that process once it has begun; returns when.
        arguments: The command.
        settings: The shop's.

    Returns:
        The exit code, and what dbt said.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    environment |= {"SHOP_SPARK": cluster.address, "PYTHONPATH": f"{ROOT / 'adapter'}"}
    command = [
        str(BIN / "dbt"), "--log-format", "json", "--no-write-json", *arguments, "--target", "spark",
        "--profiles-dir", str(ROOT),
        "--target-path", str(cluster.folder / "target"), "--log-path", str(cluster.folder / "dbt"),
        "--vars", json.dumps(QUICK_FIT | settings), *(("--select", *selected) if selected else ()),
    ]  # fmt: skip
    said = []
    done, result = None, ""
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if then is not None and '"LogStartLine"' in line and f".{at} " in line:
                done = then(process)
            if '"LogModelResult"' in line and f".{at} " in line:
                result = json.loads(line)["info"]["ts"]
    if then is not None:
        # Else it was done beside a model that had ended.
        assert done is not None
        assert not result or datetime.fromisoformat(result) > done
    return process.returncode, "".join(said)


def kill(cluster: Cluster, name: str, seconds: float = 1) -> datetime:
    """Kill a process of the cluster and those that it started, some time after the model has begun; when that was."""
    time.sleep(seconds)
    process, now = cluster.processes()[name], datetime.now(UTC)
    os.killpg(process, signal.SIGKILL)
    return now


def kill_driver(process: "subprocess.Popen[str]") -> datetime:
    """Kill dbt a second after the model has begun; when that was. The server goes on with the statement."""
    time.sleep(1)
    now = datetime.now(UTC)
    process.kill()
    return now


@pytest.mark.soak
def test_the_demo_on_a_cluster_equals_the_one_of_duckdb(cluster: Cluster, demo_shop: Shop) -> None:
    code, said = build(cluster)
    assert code == 0, said[-4_000:]
    assert unequal_marts(demo_shop, Engine(cluster.address), PUBLISHED) == {}


@pytest.mark.soak
def test_the_real_file_on_a_cluster_equals_the_one_of_duckdb(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    if not REAL_FILE.exists():
        pytest.skip(f"the real file is not at hand ({os.path.relpath(REAL_FILE, ROOT)})")
    settings: dict[str, Any] = {"transactions": str(REAL_FILE)}
    shop, cluster = make_shop(**settings).build(), started(tmp_path, memory="2g")
    try:
        code, said = build(cluster, **settings)
        assert code == 0, said[-4_000:]
        assert unequal_marts(shop, Engine(cluster.address), PUBLISHED) == {}
    finally:
        cluster.stop()


@pytest.mark.soak
@pytest.mark.parametrize(("killed", "seconds"), KILLS)
def test_a_build_whose_worker_is_killed_while_cancellations_are_matched_ends_equal(
    killed: str, seconds: float, tmp_path: Path, demo_shop: Shop
) -> None:
    cluster = started(tmp_path)
    try:
        code, said = build(cluster, *LINES, at=MATCHES, then=lambda _: kill(cluster, killed, seconds))
        assert code == 0, said[-4_000:]
        assert set(cluster.processes()) == {"master", "worker-1", "worker-2", "connect"} - {killed}
        assert unequal_marts(demo_shop, Engine(cluster.address), MARTS_TO_COMPARE) == {}
    finally:
        cluster.stop()


@pytest.mark.soak
def test_after_a_build_whose_driver_is_killed_the_next_one_ends_equal(tmp_path: Path, demo_shop: Shop) -> None:
    """On another number of workers and of parts into which rows are shuffled, too."""
    cluster = started(tmp_path, workers=1, partitions=1)
    try:
        code, said = build(cluster, *LINES, at=MATCHES, then=lambda _: kill(cluster, "connect"))
        assert code != 0, said[-4_000:]
    finally:
        cluster.stop()
    cluster = started(tmp_path, workers=2, partitions=7)
    try:
        code, said = build(cluster, *LINES)
        assert code == 0, said[-4_000:]
        assert unequal_marts(demo_shop, Engine(cluster.address), MARTS_TO_COMPARE) == {}
    finally:
        cluster.stop()


@pytest.mark.soak
def test_new_lines_on_a_cluster_make_the_marts_of_duckdb_also_after_a_driver_that_was_killed(
    make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    """A refresh that is killed while lines are matched, and a build of all that is killed while marts are made."""
    (tmp_path / "log").mkdir()
    settings: dict[str, Any] = {"transactions": f"{tmp_path}/log/*.csv"}
    shop, cluster = make_shop(**settings), started(tmp_path / "cluster")
    try:
        steps = zip(arrivals(), (MODELS, REFRESH, MODELS), ("", MATCHES, "customer_alerts"), strict=True)
        rows = 0
        for number, (lines, arguments, killed) in enumerate(steps):
            write_rows(tmp_path / "log" / f"{number}.csv", list(lines[0]), [list(line.values()) for line in lines])
            result = shop.dbt(*arguments)
            assert result.success, problem_of(result)
            if killed:
                code, said = build(cluster, at=killed, then=kill_driver, arguments=arguments, **settings)
                assert code == -signal.SIGKILL, said[-4_000:]
            code, said = build(cluster, arguments=arguments, **settings)
            assert code == 0, said[-4_000:]
            engine = Engine(cluster.address)
            assert unequal_marts(shop, engine, PUBLISHED) == {}, arguments
            assert len(engine.run("select * from core.model_versions")) == 1
            plan = engine.run("select last_row, is_full_reload from sources.ingest_plan").to_pylist()
            stored = engine.run("select count(*) as rows from staging.base_transactions").to_pylist()[0]["rows"]
            # A build that was killed has not set the watermark: the next one reads its lines again.
            assert plan == [{"last_row": rows, "is_full_reload": number == 0}]
            rows = stored
    finally:
        cluster.stop()


@pytest.mark.soak
def test_a_replacement_that_was_cut_off_is_finished_by_the_next_process(cluster: Cluster) -> None:
    engine = Engine(cluster.address)
    engine.run("create schema if not exists cut_off")
    # The new ones have no place yet, the old one has lost its own; and they were made while it still had it.
    engine.run("create table cut_off.lines__made as select 2 as line")
    engine.run("create table cut_off.lines__before as select 1 as line")
    engine.run("create table cut_off.orders as select 1 as number")
    engine.run("create table cut_off.orders__made as select 2 as number")
    next_engine = Engine(cluster.address)
    next_engine.finish_replacements("cut_off")
    assert sorted(next_engine.relations("cut_off")) == [("lines", "table"), ("orders", "table")]
    assert next_engine.run("select * from cut_off.lines").to_pylist() == [{"line": 2}]
    run_translated("create or replace table cut_off.lines as select 3 as line", next_engine)
    assert next_engine.run("select * from cut_off.lines").to_pylist() == [{"line": 3}]
    # Files that a server left that was killed while it made a table: Spark says where they are.
    left = cluster.folder / "tables" / "cut_off.db" / "customers"
    left.mkdir()
    (left / "part-0.parquet").write_text("half", "utf-8")
    with pytest.raises(Exception, match=rf"LOCATION_ALREADY_EXISTS.+{left}"):
        run_translated("create table cut_off.customers as select 1 as customer", next_engine)
    shutil.rmtree(left)
    run_translated("create table cut_off.customers as select 1 as customer", next_engine)
    run_translated("insert into cut_off.customers select 2 as customer", next_engine)
    assert sorted(row["customer"] for row in next_engine.run("select * from cut_off.customers").to_pylist()) == [1, 2]
    run_translated("create or replace view cut_off.customers as select 3 as customer", next_engine)
    run_translated("create or replace table cut_off.customers as select 4 as customer", next_engine)
    assert next_engine.run("select * from cut_off.customers").to_pylist() == [{"customer": 4}]
    engine.run("drop schema cut_off cascade")
