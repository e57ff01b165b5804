"""How time and memory of a whole build grow with the customers: default fits, tests of data, report, publication.

`python -m benchmarks.many_customers [--customers N ...] [--memory LIMIT] [--threads N] [--keep FOLDER]`
makes up a log of so many customers for each N, builds all of it in a process of its own, and prints wall and processor
seconds, peak memory of all processes, bytes spilled to disk, the size of the report, and the nodes that took longest or
held most memory. With several N the nodes also say how much they grew from the size before.

A customer has about two and a half orders of one or two lines, of products that the generator names, mostly of one
favourite category. `--threads 1` runs one node after the other, so that the memory of a node is its own. A loop in
plain Python is timed before each build, because shared machines are uneven. `--reckon 4000000` draws a line through
the processor seconds of each node in the first and the last size, and says what so many customers would take.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from benchmarks.ground_floor import ROOT, plain_python_loop

SECONDS_BETWEEN_SAMPLES = 0.2
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")

# Customers buy at a rate and drop out at a day of their own; hashes stand in for chance.
MADE_UP_LOG = """
    copy (
        with products as (
            select *, row_number() over (partition by category order by product_id) - 1 as place
            from products_of_the_generator
        ),
        categories as (
            select
                category,
                count(*) as size,
                list(product_id order by place) as product_ids,
                list(description order by place) as descriptions,
                row_number() over (order by category) - 1 as category_number
            from products
            group by category
        ),
        customers as (
            select
                customer,
                1 + cast(floor(-ln(1 - (hash(customer, 1) % 1000000) / 1000000.0) * 2) as integer) as orders,
                exp(1.5 + 2.2 * ((hash(customer, 2) % 1000000) / 1000000.0)) as typical_amount,
                hash(customer, 3) % 700 as last_day,
                hash(customer, 5) % (select count(*) from categories) as favourite
            from range($customers) as numbers (customer)
        ),
        orders as (
            select
                *,
                least(last_day + number * (10 + hash(customer, 4) % 60), 729) as days_ago,
                unnest(range(cast(1 + hash(customer, number, 6) % 2 as bigint))) as line
            from (select *, unnest(range(orders)) as number from customers)
        ),
        chosen as (
            select
                *,
                if(hash(customer, number, line, 7) % 10 < 7,
                    favourite, hash(customer, number, line, 8) % (select count(*) from categories)) as category_number,
                hash(customer, number, line, 9) as draw
            from orders
        )
        select
            cast(customer * 64 + number as varchar) as "InvoiceNo",
            product_ids[cast(draw % size as bigint) + 1] as "StockCode",
            descriptions[cast(draw % size as bigint) + 1] as "Description",
            cast(1 + draw % 5 as integer) as "Quantity",
            timestamp '2025-12-31 08:00:00' - to_days(cast(days_ago as integer))
                + to_minutes(cast(hash(customer, number, 10) % 600 as integer)) as "InvoiceDate",
            cast(typical_amount * (0.5 + draw % 1000 / 1000.0) / 2 as decimal(18, 2)) as "UnitPrice",
            cast(customer as varchar) as "CustomerID",
            'United Kingdom' as "Country"
        from chosen
        inner join categories on chosen.category_number = categories.category_number
    ) to '$path' (format parquet)
"""


class Sample(NamedTuple):
    """What a build used by a moment: seconds of the clock and of the processor, bytes in memory and spilled."""

    at: float
    processor_seconds: float
    memory_bytes: int
    spilled_bytes: int


class Run(NamedTuple):
    """How a command ended, what it printed if that was piped, its seconds by the clock, and what it used."""

    code: int
    output: str
    seconds: float
    samples: list[Sample]


class Node(NamedTuple):
    """What a node of the build took; with several threads others ran beside it."""

    name: str
    seconds: float
    processor_seconds: float
    memory_bytes: int
    spilled_bytes: int


def processes_below(process: int) -> Iterator[tuple[float, int]]:
    """Processor seconds, those of its ended children included, and bytes in memory of a process and all below it."""
    parents: dict[int, list[int]] = {}
    used: dict[int, tuple[float, int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(") ")[2].split()
            except OSError:  # it has ended meanwhile
                continue
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
            used[int(folder.name)] = (sum(map(int, fields[11:15])) / TICKS, int(fields[21]) * PAGE_BYTES)
    waiting = [process]
    while waiting:
        one = waiting.pop()
        waiting += parents.get(one, [])
        if one in used:
            yield used[one]


def spilled_bytes(folder: Path) -> int:
    """Bytes of DuckDB's temporary files."""
    sizes = 0
    for path in folder.glob("*.tmp/*"):
        try:
            sizes += path.stat().st_blocks * 512
        except OSError:  # it is deleted meanwhile
            continue
    return sizes


def watch(process: "subprocess.Popen[Any]", folder: Path, samples: list[Sample]) -> None:
    """Add samples of a process until it ends."""
    while process.poll() is None:
        used = list(processes_below(process.pid))
        processor_seconds, memory_bytes = sum(one for one, _ in used), sum(one for _, one in used)
        samples.append(Sample(time.time(), processor_seconds, memory_bytes, spilled_bytes(folder)))
        time.sleep(SECONDS_BETWEEN_SAMPLES)


def run_watched(command: list[str], environment: dict[str, str], folder: Path, stdout: int | None = None) -> Run:
    """Run a command on a folder's shop."""
    samples: list[Sample] = []
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=stdout, text=True) as process:
        watcher = threading.Thread(target=watch, args=(process, folder, samples))
        watcher.start()
        output, _ = process.communicate()
        seconds = time.perf_counter() - began
        watcher.join()
    return Run(process.returncode, output or "", seconds, samples)


def build(log: Path, folder: Path, memory: str | None, threads: int | None, settings: dict[str, Any]) -> list[Sample]:
    """Build a shop whole and return samples of what it used."""
    environment = os.environ | {"SHOP_WAREHOUSE": str(folder / "shop.duckdb")}
    if memory:
        environment["SHOP_MEMORY"] = memory
    variables = settings | {"transactions": str(log), "published_folder": str(folder / "published")}
    command = [
        str(Path(sys.executable).parent / "dbt"), "build", "--quiet", "--vars", json.dumps(variables),
        "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
    ]  # fmt: skip
    if threads:
        command += ["--threads", str(threads)]
    run = run_watched(command, environment, folder)
    if run.code:
        print(f"  the build failed with exit code {run.code}")
    return run.samples


def moment(text: str) -> float:
    """Seconds since 1970 of one of dbt's times."""
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC).timestamp()


def nodes_of(folder: Path, samples: list[Sample]) -> list[Node]:
    """What each node of the last build took, by the samples taken while it ran."""
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    nodes = []
    for result in results:
        ran = [timing for timing in result["timing"] if timing["name"] == "execute" and timing["completed_at"]]
        if not ran:
            continue
        began, ended = moment(ran[0]["started_at"]), moment(ran[0]["completed_at"])
        during = [one for one in samples if began <= one.at <= ended + SECONDS_BETWEEN_SAMPLES]
        before = max((one for one in samples if one.at < began), default=samples[0])
        processor_seconds = during[-1].processor_seconds - before.processor_seconds if during else 0
        memory = max((one.memory_bytes for one in during), default=0)
        spilled = max((one.spilled_bytes for one in during), default=0)
        # A test's own name is long; its beginning says which table it is of.
        name = result["unique_id"].split(".")[2][:60]
        nodes.append(Node(name, ended - began, processor_seconds, memory, spilled))
    return nodes


def show(nodes: list[Node], before: dict[str, Node], count: int) -> None:
    """Print the nodes that took longest, and those that held most memory."""
    print(f"  {'node':60} {'wall s':>8} {'grew':>6} {'cpu s':>8} {'peak MB':>8} {'spilled MB':>10}")
    longest = sorted(nodes, key=lambda node: -node.seconds)[:count]
    largest = sorted(nodes, key=lambda node: -node.memory_bytes)[: count // 2]
    for node in [*longest, *(node for node in largest if node not in longest)]:
        earlier = before.get(node.name)
        grew = f"{node.seconds / earlier.seconds:6.1f}" if earlier and earlier.seconds > 0.2 else " " * 6
        print(
            f"  {node.name:60} {node.seconds:8.1f} {grew} {node.processor_seconds:8.1f}"
            f" {node.memory_bytes / 1e6:8.0f} {node.spilled_bytes / 1e6:10.0f}"
        )


def show_reckoned(
    few: dict[str, Node], many: dict[str, Node], sizes: tuple[int, int], customers: int, count: int
) -> None:
    """Print what so many customers would take, node by node, if processor seconds grow in a straight line.

    Args:
        few: The nodes of the smaller size, by name.
        many: Those of the larger size.
        sizes: Both numbers of customers.
        customers: How many to reckon with.
        count: Nodes to list.
    """
    smaller, larger = sizes
    reckoned = {}
    for name, node in many.items():
        before = few.get(name, node).processor_seconds
        each = max(0.0, node.processor_seconds - before) / (larger - smaller)
        reckoned[name] = node.processor_seconds + each * (customers - larger)
    print(f"{customers:,} customers, reckoned: {sum(reckoned.values()):,.0f} s of processor time")
    for name in sorted(reckoned, key=lambda name: -reckoned[name])[:count]:
        print(f"  {name:60} {reckoned[name]:8.0f}")


def make_up_log(customers: int, folder: Path) -> Path:
    """Write a log of so many customers."""
    shop, path = folder / "products", folder / f"log_{customers}.parquet"
    if not path.exists():
        maker = [sys.executable, "-m", "generator", "--customers", "500", "--output", str(shop)]
        subprocess.run(maker, cwd=ROOT, check=True, capture_output=True)
        with duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(folder / "spilled")}) as connection:
            connection.execute(f"create table products_of_the_generator as from '{shop}/product_truth.csv'")
            aside = path.with_suffix(".partial")  # what is cut off is no log
            connection.execute(MADE_UP_LOG.replace("$customers", str(customers)).replace("$path", str(aside)))
            aside.replace(path)
    return path


def measure(customers: int, folder: Path, options: argparse.Namespace, before: dict[str, Node]) -> dict[str, Node]:
    """Build a shop of so many customers, print the figures, and return its nodes by name."""
    log = make_up_log(customers, folder)
    loop, began = plain_python_loop(), time.perf_counter()
    samples = build(log, folder, options.memory, options.threads, json.loads(options.settings))
    seconds = time.perf_counter() - began
    with duckdb.connect() as connection:
        ((lines,),) = connection.execute(f"select count(*) from '{log}'").fetchall()
    report = folder / "published" / "report.html"
    report_bytes = report.stat().st_size if report.exists() else 0
    print(
        f"{customers:,} customers, {lines:,} lines: {seconds:.0f} s, {samples[-1].processor_seconds:.0f} s of processor"
        f" time, {max(one.memory_bytes for one in samples) / 1e9:.2f} GB of all processes,"
        f" {max(one.spilled_bytes for one in samples) / 1e9:.2f} GB spilled,"
        f" {(folder / 'shop.duckdb').stat().st_size / 1e9:.2f} GB of warehouse,"
        f" report {report_bytes / 1e6:.2f} MB, loop {loop:.2f} s"
    )
    if not (folder / "target" / "run_results.json").exists():  # it broke off in the middle of a node
        return {}
    nodes = nodes_of(folder, samples)
    show(nodes, before, options.nodes)
    return {node.name: node for node in nodes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, nargs="+", default=[200_000, 400_000])
    parser.add_argument("--memory", help="DuckDB's limit, e.g. 4GB; default: its own")
    parser.add_argument("--threads", type=int, help="nodes at once; default: that of the profile")
    parser.add_argument("--nodes", type=int, default=25, help="how many nodes to list")
    parser.add_argument("--reckon", type=int, help="customers whose processor time to reckon from two sizes")
    parser.add_argument("--settings", default="{}", help="more settings, as JSON")
    parser.add_argument("--keep", type=Path, help="a folder for logs and warehouses, to look into them later")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as temporary:
        measured: list[dict[str, Node]] = []
        for customers in options.customers:
            folder = (options.keep or Path(temporary)).resolve() / str(customers)
            folder.mkdir(parents=True, exist_ok=True)
            measured.append(measure(customers, folder, options, measured[-1] if measured else {}))
        if options.reckon and len(measured) > 1:
            sizes = options.customers[0], options.customers[-1]
            show_reckoned(measured[0], measured[-1], sizes, options.reckon, options.nodes)


if __name__ == "__main__":
    main()
