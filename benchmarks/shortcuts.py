"""What `make build` saves of a first parse and of data tests, in processor time; the results are equal.

`python -m benchmarks.shortcuts [--warehouse warehouse/shop.duckdb] [--settings "{transactions: …}"] [--repetitions 3]`
takes a warehouse that is built, with the settings of that build. Each measurement is a process of its own, with and
without in turn; the medians are printed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext

from benchmarks.ground_floor import ROOT

sys.path.insert(0, str(ROOT / "python_models"))

KINDS = ("parse", "data tests")


def seconds_of_dbt(kind: str, is_quick: bool, settings: str, target: str) -> tuple[float, object]:
    """Processor seconds of a first parse, or of the nodes of all data tests; and what came out."""
    from dbt.cli.main import dbtRunner
    from dbt.task.base import BaseRunner
    from shop_toolkit.dbt_shortcuts import project_written_once, take_shortcuts

    if is_quick:
        take_shortcuts()
    nodes: list[float] = []
    run_with_hooks = BaseRunner.run_with_hooks

    def timed(runner: BaseRunner, manifest: object) -> object:
        began = time.thread_time()
        result = run_with_hooks(runner, manifest)
        nodes.append(time.thread_time() - began)
        return result

    BaseRunner.run_with_hooks = timed
    options = ["--vars", settings, "--target-path", target, "--log-level", "none"]
    command = ["parse"] if kind == "parse" else ["test", "--exclude-resource-type", "unit_test"]
    began = time.process_time()
    with project_written_once() if is_quick else nullcontext():
        done = dbtRunner().invoke([*command, *options])
    spent = time.process_time() - began
    if done.exception is not None:
        raise SystemExit(str(done.exception))
    if kind == "parse":
        return spent, sorted(done.result.nodes)
    return sum(nodes), sorted((run.node.name, str(run.status), run.failures) for run in done.result.results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--warehouse", default="warehouse/shop.duckdb", help="a warehouse that is built")
    parser.add_argument("--settings", default="{}", help="the settings that it was built with")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("KIND", "QUICK"), help="measure this alone, and print it as JSON")
    options = parser.parse_args()
    if options.one:
        kind, is_quick = options.one[0], options.one[1] == "quick"
        with tempfile.TemporaryDirectory() as target:
            print(json.dumps(seconds_of_dbt(kind, is_quick, options.settings, target)))
        return
    environment = os.environ | {"SHOP_WAREHOUSE": options.warehouse, "SHOP_THREADS": "1"}
    for kind in KINDS:
        seconds: dict[str, list[float]] = {"plain": [], "quick": []}
        results = []
        for _ in range(options.repetitions):
            for way in seconds:
                command = [sys.executable, "-m", "benchmarks.shortcuts", "--one", kind, way]
                command += ["--settings", options.settings]
                done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True, text=True)
                spent, result = json.loads(done.stdout.splitlines()[-1])
                seconds[way].append(spent)
                results.append(result)
        if any(result != results[0] for result in results):
            raise SystemExit(f"{kind}: the results differ")
        before, after = (statistics.median(each) for each in seconds.values())
        print(f"{kind}: {before:.2f} s and {after:.2f} s of processor time, {after / before:.2f} of it")


if __name__ == "__main__":
    main()
