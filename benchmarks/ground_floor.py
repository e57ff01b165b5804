"""How long the ground floor takes, beside a hand-written query that does the same work without dbt.

`python -m benchmarks.ground_floor [--transactions PATH] [--repetitions N]` prints medians in seconds:

- `dbt build`: the whole of it in a fresh warehouse, tests included, as a process of its own;
- `models`: what dbt reports for the models before the customers stage, one after the other;
- `one query`: the same tables written by `hand_written.sql`, in one DuckDB connection with the same settings.

A loop in plain Python is timed before each repetition, because shared machines are uneven.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parent.parent
# The customers stage and what follows it, and what is learned of products: all other models are before.
LATER_STAGES = ("customers", "scoring", "clustering", "segmentation", "products", "interests", "prediction")
LATER_MARTS = (
    "customers", "segments", "cluster_candidates", "segment_rules", "model_evaluations",
    "product_categories", "customer_interests", "interest_groups",
)  # fmt: skip
EARLY_MODELS = ("int_product_description_variants",)


def plain_python_loop() -> float:
    """Seconds for five million additions: how fast this machine is just now."""
    began = time.perf_counter()
    total = 0
    for number in range(5_000_000):
        total += number
    return time.perf_counter() - began


def dbt_build(transactions: str, folder: Path, *arguments: str) -> tuple[float, float]:
    """Seconds of a `dbt build` in a new warehouse, and of its models before the customers stage."""
    environment = os.environ | {
        "SHOP_WAREHOUSE": str(folder / "shop.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    command = [
        str(Path(sys.executable).parent / "dbt"),
        "build",
        "--quiet",
        "--vars",
        json.dumps({"transactions": transactions}),
    ]
    began = time.perf_counter()
    subprocess.run([*command, *arguments], cwd=ROOT, env=environment, check=True)
    seconds = time.perf_counter() - began
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    models = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    return seconds, sum(
        result["execution_time"]
        for result in results
        if result["unique_id"].startswith("model.")
        and (
            models[result["unique_id"]]["schema"] not in LATER_STAGES
            or models[result["unique_id"]]["name"] in EARLY_MODELS
        )
        and models[result["unique_id"]]["name"] not in LATER_MARTS
    )


def hand_written(transactions: str) -> str:
    """The hand-written queries for a CSV file in the UCI file's form, or for Parquet with types (one file)."""
    is_typed = transactions.endswith(".parquet")
    csv = "all_varchar = true, header = true, encoding = 'latin-1', null_padding = true, parallel = false"
    words = {
        # A view: whoever has Parquet needs no copy of it.
        "$kind": "view" if is_typed else "table",
        "$input_row": "file_row_number + 1" if is_typed else "row_number() over ()",
        "$rows": f"read_parquet('{transactions}')" if is_typed else f"read_csv('{transactions}', {csv})",
        "$ordered_at": "InvoiceDate" if is_typed else "try_strptime(InvoiceDate, '%m/%d/%Y %H:%M')",
    }
    queries = (ROOT / "benchmarks" / "hand_written.sql").read_text()
    for word, sql in words.items():
        queries = queries.replace(word, sql)
    return queries


def one_query(transactions: str, folder: Path) -> float:
    """Seconds of the hand-written queries, from opening a new file to closing it."""
    queries = hand_written(transactions)
    began = time.perf_counter()
    with duckdb.connect(
        str(folder / "hand.duckdb"), config={"threads": 2, "storage_compatibility_version": "v1.0.0"}
    ) as connection:
        connection.execute(queries)
        ((revenue,),) = connection.execute("select sum(revenue) from order_lines").fetchall()
    seconds = time.perf_counter() - began
    print(f"  hand-written revenue {revenue}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transactions", default="../shared/data/online_retail.csv")
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()

    measured: dict[str, list[float]] = {}
    for _ in range(arguments.repetitions):
        with tempfile.TemporaryDirectory() as folder:
            loop = plain_python_loop()
            build, _ = dbt_build(arguments.transactions, Path(folder))
        with tempfile.TemporaryDirectory() as folder:
            models_only = ("--resource-type", "model", "--resource-type", "seed")
            # One model after the other, each with both cores, as the hand-written queries run.
            _, models = dbt_build(arguments.transactions, Path(folder), *models_only, "--threads", "1")
        with tempfile.TemporaryDirectory() as folder:
            hand = one_query(arguments.transactions, Path(folder))
        for name, seconds in {
            "plain Python loop": loop,
            "dbt build": build,
            "models before customers": models,
            "hand-written query": hand,
        }.items():
            measured.setdefault(name, []).append(seconds)
    for name, all_seconds in measured.items():
        median, least, most = statistics.median(all_seconds), min(all_seconds), max(all_seconds)
        print(f"{name:26} median {median:6.2f} s  (min {least:.2f}, max {most:.2f})")
    ratios = [
        models / hand
        for models, hand in zip(measured["models before customers"], measured["hand-written query"], strict=True)
    ]
    print(f"{'models / hand-written':26} median {statistics.median(ratios):6.2f}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{'peak memory of dbt build':26} {peak:.0f} MB")


if __name__ == "__main__":
    main()
