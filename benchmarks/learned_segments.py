"""How long the learned segments take, or other stages: the fit on a bounded sample, and the rules applied to everyone.

`python -m benchmarks.learned_segments [--stages STAGE ...] [--transactions PATH] [--customers N] [--repetitions N]`
prints medians in seconds of what dbt reports per model, in a fresh process and warehouse each time:

- `fit`: all models of the stages in a first build, but for
- `apply`: the range join that gives every customer their segments;
- `later build`: the same models in a second build, which fits nothing.

With `--customers` the log is made up: about two and a half orders a customer, of an amount and a day each. A loop
in plain Python is timed before each repetition, because shared machines are uneven.
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

import duckdb

from benchmarks.ground_floor import ROOT, plain_python_loop

STAGES = ("clustering", "segmentation")
APPLY = "int_customer_segments"
# Needed by the stage and stored as a mart.
FIT_MARTS = ("segment_rules",)

# Customers buy at a rate and drop out at a day of their own; hashes stand in for chance.
MADE_UP_LOG = """
    copy (
        with customers as (
            select
                customer,
                1 + cast(floor(-ln(1 - (hash(customer, 1) % 1000000) / 1000000.0) * 2) as integer) as orders,
                exp(3.5 + 2.2 * ((hash(customer, 2) % 1000000) / 1000000.0)) as typical_amount,
                (hash(customer, 3) % 700) as last_day
            from range($customers) as numbers (customer)
        ),
        orders as (
            select
                customer,
                typical_amount,
                last_day,
                unnest(range(orders)) as number
            from customers
        )
        select
            customer,
            date '2025-12-31' - cast(least(last_day + number * (10 + hash(customer, 4) % 60), 729) as integer) as date,
            cast(typical_amount * (0.5 + (hash(customer, number, 5) % 1000) / 1000.0) as decimal(18, 2)) as amount
        from orders
    ) to '$path' (format parquet)
"""


def build(transactions: str, folder: Path, stages: list[str]) -> dict[str, float]:
    """Seconds per model of these stages in one `dbt build` of the models, without their tests."""
    environment = os.environ | {
        "SHOP_WAREHOUSE": str(folder / "shop.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    kinds = ["--resource-type", "model", "--resource-type", "seed"]
    command = [str(Path(sys.executable).parent / "dbt"), "build", "--quiet", *kinds]
    # One model after the other: the fits use both cores by themselves.
    settings = ["--threads", "1", "--vars", json.dumps({"transactions": transactions})]
    subprocess.run([*command, *settings], cwd=ROOT, env=environment, check=True)
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    nodes = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    return {
        nodes[result["unique_id"]]["name"]: result["execution_time"]
        for result in results
        if result["unique_id"].startswith("model.")
        and (nodes[result["unique_id"]]["schema"] in stages or nodes[result["unique_id"]]["name"] in FIT_MARTS)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stages", nargs="+", default=STAGES, help="schemas, e.g. products interests prediction")
    parser.add_argument("--transactions", default="../shared/data/online_retail.csv")
    parser.add_argument("--customers", type=int, help="make a log of so many customers up instead")
    parser.add_argument("--repetitions", type=int, default=3)
    arguments = parser.parse_args()

    measured: dict[str, list[float]] = {}
    for _ in range(arguments.repetitions):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            transactions = arguments.transactions
            if arguments.customers:
                transactions = str(folder / "log.parquet")
                query = MADE_UP_LOG.replace("$customers", str(arguments.customers)).replace("$path", transactions)
                duckdb.execute(query)
            measured.setdefault("plain Python loop", []).append(plain_python_loop())
            first, later = (build(transactions, folder, arguments.stages) for _ in range(2))
        for name, seconds in first.items():
            measured.setdefault(name, []).append(seconds)
        measured.setdefault("fit", []).append(sum(first.values()) - first.get(APPLY, 0))
        measured.setdefault("apply", []).append(first.get(APPLY, 0))
        measured.setdefault("later build", []).append(sum(later.values()))
    for name, all_seconds in measured.items():
        median, least, most = statistics.median(all_seconds), min(all_seconds), max(all_seconds)
        print(f"{name:26} median {median:6.2f} s  (min {least:.2f}, max {most:.2f})")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{'peak memory of a process':26} {peak:.0f} MB")


if __name__ == "__main__":
    main()
