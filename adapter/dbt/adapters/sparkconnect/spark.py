"""Apache Spark on this machine: where it is, and a Connect server that ends with this process."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from dbt.adapters.sparkconnect.temporary import TemporaryFolder
from dbt_common.exceptions import DbtRuntimeError

HOST = "127.0.0.1"
CONNECT_SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
# Those that Spark 4.1 runs on: the ones from 23 on lack what its file systems ask of Java.
OLDEST_JAVA, FIRST_OTHER_JAVA = 17, 23
SECONDS_TO_START, SECONDS_TO_END = 120, 20
# Where `make spark` puts it, in the root of the project.
INSTALLED = ".spark/pyspark"
TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"
# Ends what it starts as soon as its input is closed: by us, or because this process is no more. What doesn't end by
# itself is killed with all of its group.
ENDS_WITH_US = """
import os, signal, subprocess, sys, threading, time
server = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
def end():
    sys.stdin.read()
    server.terminate()
    time.sleep(float(sys.argv[1]))
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=end, daemon=True).start()
sys.exit(server.wait())
"""
# A query of a model becomes one method, and methods of more than 8,000 bytes Java leaves to its interpreter.
JAVA_OPTIONS = "-XX:-DontCompileHugeMethods"
SETTINGS = {
    "spark.driver.host": HOST,
    "spark.driver.bindAddress": HOST,
    "spark.connect.grpc.binding.address": HOST,
    "spark.ui.showConsoleProgress": "false",
    # Plans of models are long. To write each out for the page, with each stage again, takes longer than small tables.
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "10000",
    "spark.sql.ui.retainedExecutions": "50",
    # The parser keeps what it learns of each statement, and never lets go of it by itself: after the models of a shop,
    # half of 2 GB, and Java does little more than look for free memory. These are about 100 MB.
    "spark.sql.parser.manageParserCaches": "true",
    "spark.sql.parser.parserDfaCacheFlushThreshold": "20000",
    # Sessions bring no classes of their own, which would be looked for in all archives with each class that is made.
    "spark.sql.artifact.isolation.enabled": "false",
    # On one machine, no data is nearer to one worker than to another.
    "spark.locality.wait": "0s",
}


def spark_home(folder: str | None) -> Path:
    """The folder of Apache Spark: that of SPARK_HOME, the package `pyspark` of this environment, or a given one.

    Raises:
        DbtRuntimeError: None of them holds Spark with its Connect server.
    """
    package = find_spec("pyspark")
    of_package = (package.submodule_search_locations if package is not None else None) or []
    named = os.environ.get("SPARK_HOME")
    places: list[str | None] = [named] if named else [*of_package, folder]
    for place in places:
        if place and any(Path(place, "jars").glob("spark-connect_*.jar")):
            return Path(place).absolute()
    where = f"SPARK_HOME is '{named}', which holds no Apache Spark 4" if named else "Apache Spark is not installed"
    raise DbtRuntimeError(
        f"{where}: run 'make spark', or name a folder by SPARK_HOME that has 'jars/spark-connect_….jar'."
    )


def environment_of(home: Path) -> dict[str, str]:
    """The environment in which Spark's own scripts find Java, and listen to this machine only.

    Args:
        home: The folder of Spark.

    Raises:
        DbtRuntimeError: There is no Java that Spark runs on.
    """
    refuse_without_java()
    # What would make its scripts clients of another server.
    kept = {name: value for name, value in os.environ.items() if name not in ("SPARK_REMOTE", "SPARK_CONNECT_MODE")}
    memory = {"SPARK_DRIVER_MEMORY": "2g"}
    return memory | kept | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": HOST, "SPARK_LOCAL_HOSTNAME": HOST}


def refuse_without_java() -> None:
    """Stop where there is no Java that Spark runs on."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home, "bin", "java")) if home else shutil.which("java")
    ask = f"Apache Spark needs Java {OLDEST_JAVA} or 21"
    # Debian 12 has 17 alone, and Debian 13 no 17: this package is the right one on each.
    command = "apt-get install default-jre-headless"
    advice = f"install one (on Debian 12 or 13: {command}), or name its folder by JAVA_HOME."
    if program is None or not Path(program).exists():
        raise DbtRuntimeError(f"{ask}, and there is none{f' in JAVA_HOME, {home}' if home else ''}: {advice}")
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    if found is None or not OLDEST_JAVA <= int(found.group(1)) < FIRST_OTHER_JAVA:
        version = found.group(1) if found else "of no known version"
        raise DbtRuntimeError(f"{ask}, and {program} is Java {version}: {advice}")


def connect_command(home: Path, master: str, port: int, settings: Mapping[str, str]) -> list[str]:
    """What starts a Connect server.

    Args:
        home: The folder of Spark.
        master: Where its tasks run: `local[n]` or `spark://host:port`.
        port: Where it listens.
        settings: Spark's settings beside `SETTINGS`.
    """
    given = SETTINGS | {"spark.connect.grpc.binding.port": str(port), **settings}
    options = [option for name, value in given.items() for option in ("--conf", f"{name}={value}")]
    submit = str(home / "bin" / "spark-submit")
    return [submit, "--master", master, "--class", CONNECT_SERVER, *options, "spark-internal"]


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def wait_until(is_ready: Callable[[], bool], has_ended: Callable[[], bool], seconds: float = SECONDS_TO_START) -> bool:
    """Wait for a process that starts; False where it ends before it is ready, or takes too long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not has_ended():
        if is_ready():
            return True
        time.sleep(0.1)
    return False


def with_log(problem: str, log: Path) -> str:
    """A sentence on a problem, with the last error of a log and where to read on."""
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    errors = [line for line in lines if re.search(r"\bERROR\b|Exception\b", line)]
    said = f" ({errors[-1].strip()[:200]})" if errors else ""
    return f"{problem}{said}: see {log}."


class LocalServer:
    """A Connect server whose tasks run in its own process, on this machine; it ends with this process.

    Attributes:
        address: Where it is reached, with its token.
    """

    def __init__(self, master: str, home: str | None) -> None:
        """Start one.

        Args:
            master: `local`, `local[n]` or `local[*]`.
            home: Where Spark is looked for last.

        Raises:
            DbtRuntimeError: One sentence on what is missing, or why it ended.
        """
        found = spark_home(home)
        environment = environment_of(found)
        port, token = free_port(), secrets.token_hex(16)
        self._temporary = TemporaryFolder("shop_spark_")
        self._folder = self._temporary.path
        self._master, self._log = master, self._folder / "spark.log"
        threads = re.search(r"\d+", master)
        settings = {
            # Parts of shuffled rows: as many as are worth it on one machine, and not two hundred.
            "spark.sql.shuffle.partitions": str(2 * (int(threads.group()) if threads else os.cpu_count() or 1)),
            # The adapter keeps the catalogue.
            "spark.sql.catalogImplementation": "in-memory",
            "spark.sql.warehouse.dir": str(self._folder),
            "spark.local.dir": str(self._folder),
            "spark.ui.enabled": "false",
            "spark.driver.extraJavaOptions": JAVA_OPTIONS,
            # What opening a file costs: with the 4 MB of a distributed file system, one thread would get most rows of a
            # small log.
            "spark.sql.files.openCostInBytes": "1048576",
        }
        with self._log.open("w", encoding="utf-8") as output:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-c", ENDS_WITH_US, str(SECONDS_TO_END),
                    *connect_command(found, master, port, settings),
                ],
                stdin=subprocess.PIPE, stdout=output, stderr=output, env=environment | {TOKEN: token},
                start_new_session=True,
            )  # fmt: skip
        self.address = f"sc://localhost:{port}/;token={token}"
        if not wait_until(lambda: answers(port), lambda: self._process.poll() is not None):
            raise DbtRuntimeError(self.end_as_useless())

    def end_as_useless(self) -> str:
        """End it, and say so in one sentence; its log stays until another one is started."""
        self._end_process()
        return with_log(f"Apache Spark could not be started as '{self._master}'", self._log)

    def end(self) -> None:
        """End it, and delete what it wrote."""
        self._end_process()
        self._temporary.delete()

    def _end_process(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        # Its helper kills it by then; the helper itself may hang, too.
        try:
            self._process.wait(SECONDS_TO_END + 5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
