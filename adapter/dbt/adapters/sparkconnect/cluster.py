"""`make cluster-up`, `make cluster-down`: a small cluster of Apache Spark on this machine.

A master, workers and a Connect server, each a process of its own that listens to this machine only. They go on when the
command has ended. In the folder:

    logs/        what each process writes
    run/         the id of each process
    tables/      the tables of builds, and `metastore`, the catalogue of them
    work/        what workers need meanwhile
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from dbt.adapters.sparkconnect.spark import (
    HOST,
    INSTALLED,
    JAVA_OPTIONS,
    SECONDS_TO_END,
    answers,
    connect_command,
    environment_of,
    spark_home,
    wait_until,
    with_log,
)
from dbt_common.exceptions import DbtRuntimeError

# The server plans each statement of a build once, and runs no tasks: to compile its code once more, better, takes Java
# longer than that saves. With one compiler alone, Java would keep 48 MB of code, and throw away what it needs again.
# Of a server that has lost a thread for want of memory, a build would wait for an answer for ever.
OPTIONS_OF_A_PLANNER = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+ExitOnOutOfMemoryError"
MASTER, WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"
# Writes its id to a file before it becomes the program, so that each that runs has its file, whenever we are killed.
BECOMES = ["sh", "-c", 'echo $$ > "$0" && exec "$@"']


@dataclass(frozen=True)
class Ports:
    """Where the cluster listens: its master, the master's page, and the Connect server."""

    master: int = 7077
    page: int = 8080
    connect: int = 15002

    def refuse_taken(self) -> None:
        """Stop where something listens already."""
        for name, port in vars(self).items():
            if answers(port):
                raise DbtRuntimeError(f"Port {port} is in use: end what listens there, or choose another by --{name}.")


class Cluster:
    """The processes of one folder."""

    def __init__(self, folder: Path, ports: Ports = Ports()) -> None:
        self.folder = folder.absolute()
        self.ports = ports

    @property
    def address(self) -> str:
        """Where its Connect server is."""
        return f"sc://{HOST}:{self.ports.connect}"

    def processes(self) -> dict[str, int]:
        """Ids of the processes that run, by their names, in the order in which they were started."""
        files = sorted((self.folder / "run").glob("*.pid"), key=lambda file: file.stat().st_mtime_ns)
        found = {file.stem: file.read_text("utf-8").strip() for file in files}
        # A file is empty where its process was killed as it wrote it.
        return {name: int(one) for name, one in found.items() if one.isdigit() and is_spark(int(one))}

    def start(self, home: Path, workers: int, cores: int, memory: str, partitions: int) -> None:
        """Start all processes and wait until they are ready.

        Args:
            home: The folder of Spark.
            workers: How many there are.
            cores: Of each worker.
            memory: Of each worker, such as `2g`.
            partitions: Into how many parts rows are shuffled at most.

        Raises:
            DbtRuntimeError: One sentence on what is missing, in use, or did not start.
        """
        if running := self.processes():
            raise DbtRuntimeError(
                f"The cluster in {self.folder} is running ({', '.join(running)}): run 'make cluster-down' first."
            )
        # The master takes no programs by HTTP.
        environment = environment_of(home) | {"SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false"}
        self.ports.refuse_taken()
        for name in ("logs", "run", "tables", "work"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        spark_class, master = str(home / "bin" / "spark-class"), f"spark://{HOST}:{self.ports.master}"
        try:
            self._start("master", [
                spark_class, MASTER, "--host", HOST, "--port", str(self.ports.master), "--webui-port",
                str(self.ports.page),
            ], environment, lambda: answers(self.ports.page))  # fmt: skip
            for number in range(1, workers + 1):
                self._start(f"worker-{number}", [
                    spark_class, WORKER, "--host", HOST, "--cores", str(cores), "--memory", memory, "--work-dir",
                    str(self.folder / "work"), "--webui-port", "0", master,
                ], environment, partial(self._has_workers, number))  # fmt: skip
            settings = {
                "spark.executor.memory": memory,
                "spark.executor.cores": str(cores),
                "spark.executor.extraJavaOptions": JAVA_OPTIONS,
                "spark.sql.shuffle.partitions": str(partitions),
                "spark.sql.catalogImplementation": "hive",
                "spark.sql.warehouse.dir": str(self.folder / "tables"),
                "spark.hadoop.javax.jdo.option.ConnectionURL":
                    f"jdbc:derby:;databaseName={self.folder / 'metastore'};create=true",
                "spark.driver.extraJavaOptions":
                    f"-Dderby.stream.error.file={self.folder / 'logs' / 'derby.log'} {OPTIONS_OF_A_PLANNER}",
                "spark.local.dir": str(self.folder / "work"),
            }  # fmt: skip
            command = connect_command(home, master, self.ports.connect, settings)
            self._start("connect", command, environment, lambda: answers(self.ports.connect))
        except BaseException:
            self.stop()
            raise

    def _start(self, name: str, command: list[str], environment: dict[str, str], is_ready: Callable[[], bool]) -> None:
        log = self.folder / "logs" / f"{name}.log"
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                [*BECOMES, str(self.folder / "run" / f"{name}.pid"), *command],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
                cwd=self.folder / "work", start_new_session=True,
            )  # fmt: skip
        if not wait_until(is_ready, lambda: process.poll() is not None):
            raise DbtRuntimeError(with_log(f"The {name} of the cluster did not start", log))

    def _has_workers(self, number: int) -> bool:
        """Whether the master knows so many workers."""
        try:
            # By no proxy.
            with build_opener(ProxyHandler({})).open(f"http://{HOST}:{self.ports.page}/json/", timeout=10) as page:
                return bool(json.load(page)["aliveworkers"] == number)
        except (OSError, HTTPException, ValueError):
            # It has opened its port, and its page not yet, or not all of it.
            return False

    def stop(self) -> list[str]:
        """End all processes, the last that was started first; names of those that ran."""
        running = self.processes()
        for process in reversed(running.values()):
            end(process)
        for file in (self.folder / "run").glob("*.pid"):
            file.unlink()
        return list(running)


def is_spark(process: int) -> bool:
    """Whether a process runs, and is one of Spark's: ids are given again."""
    if Path("/proc/self/cmdline").exists():
        try:
            # Empty, once it has ended and waits for its parent to notice.
            return b"org.apache.spark" in Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:
            return False
    # All of it, behind a long path of classes: without `ww`, only what a terminal is wide.
    listed = ["ps", "-ww", "-o", "stat=,args=", "-p", str(process)]
    said = subprocess.run(listed, capture_output=True, text=True, check=False).stdout
    return "org.apache.spark" in said and not said.lstrip().startswith("Z")


def end(process: int) -> None:
    """End a process and those that it started; at once where it doesn't end by itself."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process, kind)
        except ProcessLookupError:
            return
        until = time.monotonic() + SECONDS_TO_END
        while is_spark(process) and time.monotonic() < until:
            time.sleep(0.1)
        if not is_spark(process):
            break


def main(arguments: list[str]) -> int:
    """Start or end a cluster.

    Args:
        arguments: `up` or `down`, and options.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="cluster", description="A small cluster of Apache Spark on this machine.")
    parser.add_argument("command", choices=["up", "down"])
    parser.add_argument("--folder", type=Path, default=Path("warehouse/cluster"), help="where its files go")
    parser.add_argument("--home", default=INSTALLED, help="where Spark is looked for last")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cores", type=int, default=max(1, (os.cpu_count() or 2) // 2), help="of each worker")
    parser.add_argument("--memory", default="2g", help="of each worker")
    parser.add_argument("--partitions", type=int, help="into how many parts rows are shuffled; two per core")
    for name, port in vars(Ports()).items():
        parser.add_argument(f"--{name}", type=int, default=port, help=f"port of the {name}", metavar="PORT")
    options = parser.parse_args(arguments)
    cluster = Cluster(options.folder, Ports(options.master, options.page, options.connect))
    if options.command == "down":
        ended = cluster.stop()
        print(f"Ended: {', '.join(ended)}." if ended else f"No cluster runs in {options.folder}.")
        return 0
    partitions = options.partitions or 2 * options.workers * options.cores
    try:
        cluster.start(spark_home(options.home), options.workers, options.cores, options.memory, partitions)
    except DbtRuntimeError as problem:
        print(problem.msg, file=sys.stderr)
        return 1
    print(f"The cluster is ready, with its page at http://{HOST}:{options.page}: SHOP_SPARK={cluster.address}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
