"""How long `make watch` takes from one more file to published segments and alerts.

`python -m benchmarks.watch [--transactions PATH] [--lines N] [--day-lines N] [--basket-factor N] [--repetitions N]
[--keep FOLDER]`
builds a shop of all lines but the last ones as `benchmarks.one_more_day` does (they can share the folder of --keep),
then refreshes it in this process as the watcher does: by the project parsed once, with the live publication. Prints
wall and processor seconds of each refresh, how much of them its nodes are, and the memory of the process. The wait
until the file is still, two looks, comes on top. The warehouse and what is published are put back between repetitions,
or a later one would find that its files are there.
"""

import json
import os
import resource
import shutil
import statistics
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

from benchmarks.ground_floor import ROOT, plain_python_loop
from benchmarks.one_more_day import QUICK_FIT, copy_warehouse, shop_to_refresh

sys.path.insert(0, str(ROOT / "python_models"))

from shop_toolkit.watch import Refresher


class TimedRefresher(Refresher):
    """A refresher that remembers how long each node took."""

    def _invoke(self, *command: str) -> tuple[Any, str | None]:
        result, problem = super()._invoke(*command)
        self.nodes = {run.node.name: run.execution_time for run in getattr(result, "results", [])}
        return result, problem


def measure(refresh: TimedRefresher, what: str) -> tuple[float, float]:
    """Refresh once, print the figures, and return wall and processor seconds."""
    loop, wall, processor = plain_python_loop(), time.perf_counter(), time.process_time()
    outcome = refresh()
    seconds, processor_seconds = time.perf_counter() - wall, time.process_time() - processor
    refresh.rest()
    if outcome.problem is not None:
        raise SystemExit(outcome.problem)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{what}: {seconds:.1f} s ({processor_seconds:.1f} s), {outcome.lines:,} lines, {outcome.customers:,} changed,"
        f" {len(refresh.nodes)} nodes {sum(refresh.nodes.values()):.1f}, {peak:,.0f} MB, loop {loop:.2f} s"
    )
    ranked = sorted(refresh.nodes.items(), key=lambda node: -node[1])[:8]
    print("  " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in ranked))
    return seconds, processor_seconds


def put_back(kept: Path, folder: Path) -> None:
    """Replace a folder by links to the files of another one: what is published is never written to again."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(kept, folder, symlinks=True, copy_function=os.link)


def main() -> None:
    with shop_to_refresh(__doc__.splitlines()[0], day_lines=1_600) as (options, folder):
        warehouse, before, last = folder / "shop.duckdb", folder / "before.duckdb", folder / "read" / "last.parquet"
        os.environ |= {"SHOP_WAREHOUSE": str(warehouse), "SHOP_KEEP_OPEN": "true"}
        published, kept = folder / "published", folder / "published_before"
        settings = {"transactions": f"{folder}/read/*.parquet", "published_folder": str(published)}
        paths = ("--target-path", str(folder / "target"), "--log-path", str(folder / "logs"))
        refresh = TimedRefresher(json.dumps(QUICK_FIT | settings), warehouse, Event(), paths)
        refresh.parse()
        measure(refresh, "no new lines, the first")
        measure(refresh, "no new lines")
        copy_warehouse(warehouse, before, before)
        put_back(published, kept)
        measured = []
        for _ in range(options.repetitions):
            shutil.copy(folder / "last.parquet", last)
            measured.append(measure(refresh, "one more file"))
            last.unlink()
            copy_warehouse(before, warehouse, before)
            put_back(kept, published)
        before.unlink()
        shutil.rmtree(kept)
        for name, seconds in zip(("wall", "processor"), zip(*measured, strict=True), strict=True):
            print(f"{name}: median {statistics.median(seconds):.1f} s (min {min(seconds):.1f}, max {max(seconds):.1f})")


if __name__ == "__main__":
    main()
