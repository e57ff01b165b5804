"""The same build on several engines side by side: lines → segments, by DuckDB, Sail and Apache Spark.

`python -m benchmarks.engines [--transactions PATH | --lines N] [--wholesaler SHARE] [--keep FOLDER]
[--engines duckdb sail local[2] cluster] [--partitions N] [--memory 4g] [--by-hand]`
builds `int_customer_segments` and all that it reads (rough fits, no tests) in an empty place for each engine, one after
the other, and prints for each

- seconds by the clock, of all and of the models in SQL;
- processor seconds and peak memory of all processes together, those of the cluster included;
- rows and megabytes that Spark shuffled, and how long its longest task took beside the sum of all;
- whether lines and segments are those of the first engine.

`cluster` is Spark's own: a master, two workers and a Connect server, as `make cluster-up` starts them. With `--lines`
the generator makes up the log; `--wholesaler 0.05` gives a twentieth of all orders to one customer.

With `--by-hand`, only what `hand_written.sql` writes as well is built, one model after the other, and that query runs
on the same engine afterwards, from the log on and without its products: its seconds are the last column.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import duckdb
from sqlglot import exp, parse

from benchmarks.ground_floor import BY_HAND, ROOT, hand_written, make_up_log, plain_python_loop
from benchmarks.many_customers import SECONDS_BETWEEN_SAMPLES, processes_below
from benchmarks.one_more_day import QUICK_FIT

sys.path.insert(0, str(ROOT / "adapter"))

from dbt.adapters.sparkconnect.cluster import Cluster, Ports
from dbt.adapters.sparkconnect.engine import Engine
from dbt.adapters.sparkconnect.spark import INSTALLED, free_port, spark_home
from dbt.adapters.sparkconnect.translation import run_translated

ENGINES = ("duckdb", "sail", "local[2]", "cluster")
SEGMENTS = ("+int_customer_segments",)
# What the hand-written queries write, and `BY_HAND` doesn't.
NOT_BUILT = ("products",)
WIDTHS = (7, 7, 7, 12, 8, 8, 7, 7)
# What is compared: rows, and sums that no order of rows changes.
FINGERPRINTS = {
    "int_order_lines": "count(*), sum(quantity), sum(revenue), sum(cancelled_amount)",
    "int_customer_segments": "count(*), sum(frequency), sum(monetary), sum(recency_days), sum(recency_score),"
    " count(*) filter (where rfm_segment = 'champions'), sum(md5_number(broad_segment) % 1000)",
}


class Shuffles(NamedTuple):
    """What Spark's tasks did: rows and bytes shuffled, seconds of all tasks, and of the longest one."""

    rows: int = 0
    megabytes: float = 0
    task_seconds: float = 0
    longest_seconds: float = 0


class Figures(NamedTuple):
    """What a build took."""

    seconds: float
    model_seconds: float
    processor_seconds: float
    memory_bytes: int
    shuffles: Shuffles
    fingerprints: list[object]
    hand_seconds: float = 0


def watch(process: "subprocess.Popen[bytes]", roots: list[int], peak: list[int]) -> None:
    """Note the most memory that the processes held together, until one of them ends."""
    while process.poll() is None:
        memory = sum(bytes_held for root in roots for _, bytes_held in processes_below(root))
        peak.append(memory)
        time.sleep(SECONDS_BETWEEN_SAMPLES)


def processor_seconds(roots: list[int]) -> float:
    """Processor seconds of processes and all below them."""
    return sum(seconds for root in roots for seconds, _ in processes_below(root))


@contextmanager
def cluster_in(folder: Path, home: Path, memory: str, partitions: int) -> Iterator[Cluster]:
    """A cluster of two workers, which share the cores of this machine."""
    cluster = Cluster(folder, Ports(free_port(), free_port(), free_port()))
    cores = max(1, (os.cpu_count() or 2) // 2)
    cluster.start(home, workers=2, cores=cores, memory=memory, partitions=partitions)
    try:
        yield cluster
    finally:
        cluster.stop()


def shuffles_of(events: Path) -> Shuffles:
    """What the log of Spark's events says of its tasks."""
    rows = megabytes = 0.0
    seconds = [0.0]
    for file in events.rglob("*"):
        if not file.is_file():
            continue
        for line in file.read_text("utf-8", "replace").splitlines():
            if not line.startswith('{"Event":"SparkListenerTaskEnd"'):
                continue
            event = json.loads(line)
            written = (event.get("Task Metrics") or {}).get("Shuffle Write Metrics", {})
            rows += written.get("Shuffle Records Written", 0)
            megabytes += written.get("Shuffle Bytes Written", 0) / 1e6
            seconds.append((event["Task Info"]["Finish Time"] - event["Task Info"]["Launch Time"]) / 1000)
    return Shuffles(int(rows), megabytes, sum(seconds), max(seconds))


def fingerprints(folder: Path, engine: str, tables: list[str]) -> list[object]:
    """What is compared of the tables, read by DuckDB from where the engine stored them."""
    found: list[object] = []
    database = str(folder / "shop.duckdb") if engine == "duckdb" else ":memory:"
    with duckdb.connect(database, read_only=engine == "duckdb") as connection:
        for table in tables:
            schema = "core" if table == "int_order_lines" else "segmentation"
            files = [str(file) for file in folder.rglob("*.parquet") if table in file.parts]
            rows = f"{schema}.{table}" if engine == "duckdb" else f"read_parquet({files})"
            found += connection.execute(f"select {FINGERPRINTS[table]} from {rows}").fetchall()
    return found


def build(engine: str, folder: Path, options: argparse.Namespace) -> Figures:
    """Build on one engine."""
    events = folder / "events"
    events.mkdir(parents=True)
    # Spark reads its settings from here, whoever starts it.
    settings = {
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }
    if engine == "local[2]":
        settings["spark.sql.shuffle.partitions"] = str(options.partitions)
    (folder / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    with patch.dict(os.environ, {"SPARK_CONF_DIR": str(folder), "SPARK_DRIVER_MEMORY": options.memory}):
        if engine != "cluster":
            return run(engine, engine, folder, options, [])
        home = spark_home(str(ROOT / INSTALLED))
        with cluster_in(folder / "cluster", home, options.memory, options.partitions) as cluster:
            figures = run(engine, cluster.address, folder, options, list(cluster.processes().values()))
    # The log of events is complete once its server has ended.
    return figures._replace(shuffles=shuffles_of(events))


def seconds_by_hand(engine: str, address: str, folder: Path, log: str) -> float:
    """Seconds of the hand-written queries on an engine, translated as models are; the driver reads the log for both."""
    driver = duckdb.connect(str(folder / "hand.duckdb"), config={"threads": 2})
    queries = hand_written(log)
    names = re.findall(r"^create \w+ (\w+) as", queries, re.MULTILINE)
    made = [one for one in parse(queries, read="duckdb") if one is not None]
    first, *rest = (one for one in made if one.this.name not in NOT_BUILT)
    if engine == "duckdb":
        began = time.perf_counter()
        for query in (first, *rest):
            driver.execute(query.sql("duckdb"))
        return time.perf_counter() - began
    shared = str(folder / "shared") if engine == "cluster" else None
    there = Engine(address, str(folder / "tables_by_hand"), str(ROOT / INSTALLED), shared)
    began = time.perf_counter()
    there.run("create schema if not exists by_hand")
    there.upload("by_hand", "rows_read", driver, first.expression.sql("duckdb"))
    for query in rest:
        for table in query.find_all(exp.Table):
            if table.name in names:
                table.set("db", exp.to_identifier("by_hand"))
        run_translated(query.sql("duckdb"), there)
    return time.perf_counter() - began


def run(engine: str, address: str, folder: Path, options: argparse.Namespace, servers: list[int]) -> Figures:
    """Run dbt, and measure it together with the processes of a cluster."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    if engine == "duckdb":
        environment["SHOP_WAREHOUSE"] = str(folder / "shop.duckdb")
    else:
        environment |= {"SHOP_SPARK": address, "SHOP_SPARK_FOLDER": str(folder / "tables")}
    if engine == "cluster":
        # Through the connection, millions of lines don't fit into the memory of the server.
        environment["SHOP_SPARK_SHARED"] = str(folder / "shared")
    settings = QUICK_FIT | {"transactions": options.transactions}
    command = [
        str(Path(sys.executable).parent / "dbt"), "build", "--select", *(BY_HAND if options.by_hand else SEGMENTS),
        *(("--threads", "1") if options.by_hand else ()),
        "--resource-type", "model", "--resource-type", "seed", "--quiet", "--vars", json.dumps(settings),
        "--target", "warehouse" if engine == "duckdb" else "spark",
        "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), "--log-level-file", "info",
    ]  # fmt: skip
    peak: list[int] = []
    began, used_before = time.perf_counter(), os.times()
    servers_before = processor_seconds(servers)
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        watcher = threading.Thread(target=watch, args=(process, [process.pid, *servers], peak))
        watcher.start()
        code = process.wait()
        watcher.join()
    seconds, used = time.perf_counter() - began, os.times()
    if code:
        raise SystemExit(f"The build on {engine} failed.")
    processor = used.children_user + used.children_system - used_before.children_user - used_before.children_system
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    nodes = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    used_by_dbt = processor + processor_seconds(servers) - servers_before
    in_sql = [one["execution_time"] for one in results if nodes[one["unique_id"]].get("language") == "sql"
              and one["unique_id"].startswith("model.")]  # fmt: skip
    return Figures(
        seconds,
        sum(in_sql),
        used_by_dbt,
        max(peak),
        shuffles_of(folder / "events"),
        fingerprints(folder, engine, list(FINGERPRINTS)[: 1 if options.by_hand else None]),
        seconds_by_hand(engine, address, folder, options.transactions) if options.by_hand else 0,
    )


def log_of(options: argparse.Namespace, folder: Path) -> str:
    """The log that is built: a file, or one that is made up."""
    if not options.lines:
        return str(Path(options.transactions).resolve())
    path = folder / f"lines_{options.lines}_{options.wholesaler}.parquet"
    if not path.exists():
        made = folder / f"log_{options.lines}"
        log = f"{made}/transactions/*.parquet" if made.exists() else make_up_log(options.lines, 6, made)
        share = int(options.wholesaler * 1000)
        wholesaler = f"case when hash(InvoiceNo) % 1000 < {share} then '1' else CustomerID end"
        duckdb.execute(
            f"copy (select * replace ({wholesaler} as CustomerID) from '{log}') to '{path}' (format parquet)"
        )
    return str(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transactions", default=str(ROOT.parent / "shared/data/online_retail.csv"))
    parser.add_argument("--lines", type=int, help="make up a log of about so many lines")
    parser.add_argument("--wholesaler", type=float, default=0, help="the share of the orders that one customer has")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--partitions", type=int, default=4, help="into how many parts Spark shuffles rows")
    parser.add_argument("--memory", default="4g", help="of Spark's driver, and of each worker")
    parser.add_argument("--by-hand", action="store_true", help="beside the hand-written queries")
    parser.add_argument("--keep", type=Path, help="a folder for logs that are made up, and the tables")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        options.transactions = log_of(options, folder)
        first: list[object] = []
        titles = ["in SQL", "cpu s", "MB", "rows", "MB", "task s", "longest", "by hand"]
        print(f"{'engine':10} {'s':>7}", *(f"{title:>{width}}" for title, width in zip(titles, WIDTHS, strict=True)))
        for engine in options.engines:
            loop = plain_python_loop()
            # Spark takes brackets in a path for a pattern.
            place = Path(tempfile.mkdtemp(prefix=f"{engine.partition('[')[0]}-", dir=folder))
            figures = build(engine, place, options)
            first = first or figures.fingerprints
            shuffled = figures.shuffles
            print(
                f"{engine:10} {figures.seconds:7.1f} {figures.model_seconds:7.1f} {figures.processor_seconds:7.1f}"
                f" {figures.memory_bytes / 1e6:7.0f} {shuffled.rows:12,} {shuffled.megabytes:8.1f}"
                f" {shuffled.task_seconds:8.1f} {shuffled.longest_seconds:7.1f}"
                f" {figures.hand_seconds:7.1f}"
                f"  {'equal' if figures.fingerprints == first else figures.fingerprints}, loop {loop:.2f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
