"""Apache Spark itself: what it says where something is missing, and builds on a cluster of which a part is killed."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import BIN
from conftest import PUBLISHED, QUICK_FIT, ROOT, Shop

if os.environ.get("SHOP_CI") is None:
    pytest.importorskip("sqlglot", reason="the extra 'spark' is not installed")

from dbt.adapters.sparkconnect.cluster import Cluster, Ports, main
from dbt.adapters.sparkconnect.engine import Engine
from dbt.adapters.sparkconnect.spark import environment_of, free_port, refuse_without_java, spark_home
from dbt.adapters.sparkconnect.translation import run_translated
from dbt_common.exceptions import DbtRuntimeError
from test_demo import unequal_marts

INSTALLED = ROOT / ".spark" / "pyspark"


def program(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True)
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
    with pytest.raises(DbtRuntimeError, match=r"and there is none: install one .on Debian: apt-get install"):
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


# With Spark itself ---------------------------------------------------------------------------------------------------

# Which lines cancel which sales, and the marts of lines that ask for it.
MATCHES = "int_cancellation_matches"
LINES = ("+order_lines", "+orders", "+cancellations", "+cancellation_matches", "+rejected_transactions")
MARTS_TO_COMPARE = tuple(selected.removeprefix("+") for selected in LINES)


def installed() -> Path:
    """Spark's folder; tests are skipped where it or Java is missing."""
    try:
        home = spark_home(str(INSTALLED))
        environment_of(home)
    except DbtRuntimeError as problem:
        if os.environ.get("SHOP_CI") is not None:
            raise
        pytest.skip(str(problem.msg))
    return home


def started(folder: Path, workers: int = 2, partitions: int = 4) -> Cluster:
    cluster = Cluster(folder, Ports(free_port(), free_port(), free_port()))
    with pytest.MonkeyPatch.context() as patch:
        # Of small tables, Java would take half of all time to compile its code once more, better.
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        cluster.start(installed(), workers=workers, cores=1, memory="1g", partitions=partitions)
    return cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = started(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.stop()


def build(cluster: Cluster, *selected: str, at: str = "", then: Callable[[], None] = lambda: None) -> tuple[int, str]:
    """Build on a cluster in a process of its own, and do something when a model starts.

    Returns:
        The exit code, and what dbt said.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    environment |= {"SHOP_SPARK": cluster.address, "PYTHONPATH": f"{ROOT / 'adapter'}"}
    command = [
        str(BIN / "dbt"), "--log-format", "json", "--no-write-json", "build", "--target", "spark",
        "--resource-type", "model", "--resource-type", "seed", "--profiles-dir", str(ROOT),
        "--target-path", str(cluster.folder / "target"), "--log-path", str(cluster.folder / "dbt"),
        "--vars", json.dumps(QUICK_FIT), *(("--select", *selected) if selected else ()),
    ]  # fmt: skip
    said = []
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if at and '"LogStartLine"' in line and f".{at} " in line:
                then()
    return process.returncode, "".join(said)


def kill(cluster: Cluster, name: str) -> None:
    """Kill a process of the cluster and those that it started, while the model that has begun is made."""
    time.sleep(1)
    os.killpg(cluster.processes()[name], signal.SIGKILL)


@pytest.mark.soak
def test_the_demo_on_a_cluster_equals_the_one_of_duckdb(cluster: Cluster, demo_shop: Shop) -> None:
    code, said = build(cluster)
    assert code == 0, said[-4_000:]
    assert unequal_marts(demo_shop, Engine(cluster.address), PUBLISHED) == {}


@pytest.mark.soak
@pytest.mark.parametrize("killed", ["worker-1", "worker-2"])
def test_a_build_whose_worker_is_killed_while_cancellations_are_matched_ends_equal(
    killed: str, tmp_path: Path, demo_shop: Shop
) -> None:
    cluster = started(tmp_path)
    try:
        code, said = build(cluster, *LINES, at=MATCHES, then=lambda: kill(cluster, killed))
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
        code, said = build(cluster, *LINES, at=MATCHES, then=lambda: kill(cluster, "connect"))
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
def test_a_replacement_that_was_cut_off_is_finished_by_the_next_process(cluster: Cluster) -> None:
    engine = Engine(cluster.address)
    engine.run("create schema if not exists cut_off")
    # Dropped, and not renamed yet; and made, while the old one was still there.
    engine.run("create table cut_off.lines__made as select 2 as line")
    engine.run("create table cut_off.orders as select 1 as number")
    engine.run("create table cut_off.orders__made as select 2 as number")
    next_engine = Engine(cluster.address)
    assert sorted(next_engine.relations("cut_off")) == [("lines", "table"), ("orders", "table")]
    assert next_engine.run("select * from cut_off.lines").to_pylist() == [{"line": 2}]
    # Files of a table that was never finished.
    (cluster.folder / "tables" / "cut_off.db" / "customers").mkdir()
    (cluster.folder / "tables" / "cut_off.db" / "customers" / "part-0.parquet").write_text("half", "utf-8")
    run_translated("create table cut_off.customers as select 1 as customer", next_engine)
    run_translated("insert into cut_off.customers select 2 as customer", next_engine)
    assert sorted(row["customer"] for row in next_engine.run("select * from cut_off.customers").to_pylist()) == [1, 2]
    run_translated("create or replace view cut_off.customers as select 3 as customer", next_engine)
    run_translated("create or replace table cut_off.customers as select 4 as customer", next_engine)
    assert next_engine.run("select * from cut_off.customers").to_pylist() == [{"customer": 4}]
    engine.run("drop schema cut_off cascade")
