"""How long `make build` takes on a new warehouse, tests of data, report and publication included, and a later one.

`python -m benchmarks.whole_build [--transactions PATH] [--repetitions N] [--nodes N]`
builds the embedded shop, or the log of that path, in a new warehouse and with an empty cache of dbt's, then once more
with both as they were left: that build fits nothing. It prints wall and processor seconds of all processes, the most
memory that they held together, and with `--nodes` which nodes took longest. A loop in plain Python is timed before each
build, because shared machines are uneven.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.ground_floor import ROOT, plain_python_loop, processor_seconds
from benchmarks.many_customers import nodes_of, run_watched, show

KINDS = ("first build", "later build, fits nothing")


class Figures(NamedTuple):
    """What a build took: seconds of the clock, of all processors and of the loop before it, and bytes in memory."""

    seconds: float
    processor_seconds: float
    memory_bytes: int
    loop_seconds: float


def make_build(transactions: str | None, folder: Path, nodes: int) -> Figures:
    """What `make build` takes in a folder's warehouse."""
    settings = {"published_folder": str(folder / "published")}
    settings |= {"transactions": transactions} if transactions else {}
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "python_models"),
        "SHOP_WAREHOUSE": str(folder / "shop.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    command = [sys.executable, "-m", "shop_toolkit.build", json.dumps(settings)]
    loop, used_before = plain_python_loop(), processor_seconds(resource.RUSAGE_CHILDREN)
    run = run_watched(command, environment, folder, subprocess.PIPE)
    used = processor_seconds(resource.RUSAGE_CHILDREN) - used_before
    if run.code:
        raise SystemExit(run.output)
    if nodes:
        show(nodes_of(folder, run.samples), {}, nodes)
    return Figures(run.seconds, used, max(one.memory_bytes for one in run.samples), loop)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transactions", help="default: the embedded shop")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--nodes", type=int, default=0, help="how many nodes to list")
    options = parser.parse_args()

    measured: dict[str, list[Figures]] = {kind: [] for kind in KINDS}
    for _ in range(options.repetitions):
        with tempfile.TemporaryDirectory() as folder:
            for kind, all_figures in measured.items():
                all_figures.append(make_build(options.transactions, Path(folder), options.nodes))
                print(f"  {kind}: {all_figures[-1].seconds:.1f} s", flush=True)
    for kind, all_figures in measured.items():
        median = Figures(*map(statistics.median, zip(*all_figures, strict=True)))
        walls = [figures.seconds for figures in all_figures]
        print(
            f"{kind}: median {median.seconds:.1f} s (min {min(walls):.1f}, max {max(walls):.1f}),"
            f" {median.processor_seconds:.1f} s of processor time, {median.memory_bytes / 1e9:.2f} GB,"
            f" loop {median.loop_seconds:.2f} s"
        )


if __name__ == "__main__":
    main()
