"""How long it takes from one more day of lines to changed alerts: `dbt build --selector refresh`.

`python -m benchmarks.one_more_day [--transactions PATH] [--lines N] [--day-lines N] [--basket-factor N]
[--repetitions N] [--keep FOLDER]`
builds a shop of all lines but the last ones (by default those of the last day), once, with quick fits; then adds a file
with those, refreshes, and prints wall and processor seconds, peak memory, and the models and tests that took longest.
Each repetition begins with the warehouse as it was before. A second figure is a refresh without new lines.

With `--lines` the log is made by the generator, in Parquet. With `--keep` the folder of the built shop stays, for more
runs. A loop in plain Python is timed before each repetition, because shared machines are uneven.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from benchmarks.ground_floor import ROOT, make_up_log, plain_python_loop

# Fits are stored and not made again: that they are rough changes nothing here.
QUICK_FIT = {
    "bootstrap_samples": 4,
    "category_bootstrap_samples": 2,
    "backtest_origins": 1,
    "spend_param_grids": {"linear_regression": {"alpha": [100]}},
    "classification_param_grids": {"logistic_regression": {"C": [0.1]}},
    "max_fit_customers": 500,
    "max_training_customers": 500,
    "max_fit_products": 1000,
    "published_folder": None,
}
# Its own process, so that its peak memory is not this script's.
CHILD = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


def split(log: str, folder: Path, day_lines: int | None) -> tuple[int, int]:
    """Write all lines but the last to `first.parquet`, the last to `last.parquet`; return how many there are of each.

    The last are those of the last day, or as many as were asked for. All columns stay text.
    """
    reader = (
        f"read_parquet('{log}')"
        if log.endswith(".parquet")
        else f"read_csv('{log}', all_varchar = true, encoding = 'latin-1')"
    )
    with duckdb.connect(config={"memory_limit": "8GB", "temp_directory": str(folder / "spilled")}) as connection:
        described = [name for name, *_ in connection.execute(f"describe from {reader}").fetchall()]
        date = next(name for name in described if "date" in name.lower())
        is_text = not log.endswith(".parquet")
        dated = f"strptime({date}, '%m/%d/%Y %H:%M')" if is_text else date
        if day_lines is None:
            cut = f"(select max({dated})::date from {reader})"
        else:
            cut = f"(select min(dated) from (select {dated} as dated from {reader} order by 1 desc limit {day_lines}))"
        ((cut_at,),) = connection.execute(f"select {cut}::timestamp::varchar").fetchall()
        counts = []
        for name, comparison in (("first", "<"), ("last", ">=")):
            (count,) = connection.execute(
                f"copy (from {reader} where {dated} {comparison} timestamp '{cut_at}') to '{folder}/{name}.parquet'"
            ).fetchall()[0]
            counts.append(count)
    return counts[0], counts[1]


def run(folder: Path, *arguments: str) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak megabytes of one dbt command on the folder's shop."""
    environment = os.environ | {"SHOP_WAREHOUSE": str(folder / "shop.duckdb")}
    settings = QUICK_FIT | {"transactions": f"{folder}/read/*.parquet"}
    command = [
        str(Path(sys.executable).parent / "dbt"), *arguments, "--quiet", "--vars", json.dumps(settings),
        "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
    ]  # fmt: skip
    began = time.perf_counter()
    child = subprocess.run(
        [sys.executable, "-c", CHILD, *command], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    seconds = time.perf_counter() - began
    *output, usage = child.stdout.strip().splitlines()
    code, processor_seconds, peak_kilobytes = usage.split()
    if code != "0":
        sys.exit("\n".join(output))
    return seconds, float(processor_seconds), float(peak_kilobytes) / 1024


def longest(folder: Path, count: int = 12) -> str:
    """The models and tests of the last run that took longest, with their seconds."""
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    ranked = sorted(results, key=lambda result: -result["execution_time"])[:count]
    return ", ".join(f"{result['unique_id'].split('.')[2]} {result['execution_time']:.1f}" for result in ranked)


def prepare(folder: Path, log: str | None, lines: int | None, day_lines: int | None, basket_factor: float) -> None:
    """The shop as it stands before the last lines arrive, once built and once refreshed."""
    folder.mkdir(parents=True, exist_ok=True)
    if lines is not None:
        log = make_up_log(lines, basket_factor, folder / "made")
    first, last = split(str(log), folder, day_lines)
    shutil.rmtree(folder / "made", ignore_errors=True)
    print(f"{first:,} lines, then {last:,} more")
    (folder / "read").mkdir()
    (folder / "first.parquet").rename(folder / "read" / "first.parquet")
    kinds = ("--resource-type", "model", "--resource-type", "seed")
    marts = (
        "+int_customer_states_scd2", "+orders", "+cancellations", "+rejected_transactions",
        "+order_lines", "+cancellation_matches", "+segment_history", "+segment_changes", "+segment_transitions",
        "+audiences", "+customer_alerts", "+segment_drift", "+segments",
    )  # fmt: skip
    seconds, processor_seconds, peak = run(folder, "build", *kinds, "--select", *marts)
    print(f"first build {seconds:.0f} s ({processor_seconds:.0f} s of processor time), {peak:,.0f} MB")
    print(f"  {longest(folder)}")
    (folder / "built").touch()


def copy_warehouse(source: Path, target: Path, aside: Path) -> None:
    """Copy a warehouse and wait until the disk has it; of `aside`, one of both, no byte stays in memory.

    What is measured next would otherwise wait for gigabytes that are still to be written, and read again what they
    have pushed out of memory, as no refresh of a shop does.
    """
    shutil.copy(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    if hasattr(os, "posix_fadvise"):
        with aside.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def shop_to_refresh(description: str, day_lines: int | None = None) -> Iterator[tuple[argparse.Namespace, Path]]:
    """The options of the command line, and the folder of a shop that is built up to its last lines."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--transactions", default="../shared/data/online_retail.csv")
    parser.add_argument("--lines", type=int)
    parser.add_argument("--day-lines", type=int, default=day_lines)
    parser.add_argument("--basket-factor", type=float, default=1)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.keep or Path(temporary) / "shop").resolve()
        if not (folder / "built").exists():
            prepare(folder, options.transactions, options.lines, options.day_lines, options.basket_factor)
        yield options, folder


def main() -> None:
    with shop_to_refresh(__doc__.splitlines()[0]) as (options, folder):
        warehouse, before = folder / "shop.duckdb", folder / "before.duckdb"
        # Also parses the project as the measured runs find it.
        print(f"no new lines: {run(folder, 'build', '--selector', 'refresh')[0]:.1f} s")
        # Whoever asks once and keeps nothing needs no second copy of a large warehouse.
        is_repeated = options.repetitions > 1 or options.keep is not None
        if is_repeated:
            copy_warehouse(warehouse, before, before)
        measured = []
        for _ in range(options.repetitions):
            loop = plain_python_loop()
            shutil.copy(folder / "last.parquet", folder / "read" / "last.parquet")
            measured.append(run(folder, "build", "--selector", "refresh"))
            seconds, processor_seconds, peak = measured[-1]
            print(f"refreshed in {seconds:.1f} s ({processor_seconds:.1f} s), {peak:,.0f} MB, loop {loop:.2f} s")
            print(f"  {longest(folder)}")
            (folder / "read" / "last.parquet").unlink()
            if is_repeated:
                copy_warehouse(before, warehouse, before)
        if is_repeated:
            before.unlink()
        walls = [seconds for seconds, *_ in measured]
        print(f"median {statistics.median(walls):.1f} s (min {min(walls):.1f}, max {max(walls):.1f})")


if __name__ == "__main__":
    main()
