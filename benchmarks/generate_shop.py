"""Measure how fast the generator writes a Parquet shop: `python benchmarks/generate_shop.py 5000000`."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).parent.parent
# The generator runs in a process of its own, so that its peak memory is not this script's.
CHILD = """
import resource, sys
from generator.__main__ import main
main(sys.argv[1:])
usage = resource.getrusage(resource.RUSAGE_SELF)
print(usage.ru_maxrss, usage.ru_utime + usage.ru_stime)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=int, nargs="?", default=5_000_000, help="about how many lines")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--memory-limit", default="4GB")
    parser.add_argument("--basket-factor", default="1")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--lines", str(options.lines), "--basket-factor", options.basket_factor]
        arguments += ["--threads", str(options.threads), "--memory-limit", options.memory_limit]
        arguments += ["--format", "parquet", "--output", folder]
        started = time.perf_counter()
        child = subprocess.run(
            [sys.executable, "-c", CHILD, *arguments], cwd=ROOT, check=True, capture_output=True, text=True
        )
        seconds = time.perf_counter() - started
        with duckdb.connect() as connection:
            count = "select count(*) from read_parquet(?)"
            lines = connection.execute(count, [f"{folder}/transactions/*.parquet"]).fetchall()[0][0]
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
    peak_kilobytes, processor_seconds = map(float, child.stdout.split())
    print(f"{lines:,} lines in {seconds:.1f} s: {lines / seconds:,.0f} lines a second")
    # Distinguishes a slow generator from a busy machine.
    print(f"{processor_seconds:.1f} processor seconds: {lines / processor_seconds:,.0f} lines each")
    print(f"{size / 1e6:,.0f} MB of Parquet, peak memory {peak_kilobytes / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
