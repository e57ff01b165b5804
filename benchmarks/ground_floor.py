"""How long the ground floor takes, beside a hand-written query that does the same work without dbt.

`python -m benchmarks.ground_floor [--transactions PATH | --lines N [--basket-factor N]] [--models-only]
[--repetitions N]` prints medians in seconds:

- `dbt build`: the whole of it in a fresh warehouse, tests included, as a process of its own;
- `models`: what dbt reports for the models before the customers stage, one after the other;
- `one query`: the same tables written by `hand_written.sql`, in one DuckDB connection with the same settings.

With `--lines` the log is made by the generator, as one Parquet file. With `--models-only` there is no whole `dbt build`
(an hour for a large log): dbt is asked for what the hand-written query writes, but for products, and the
processor time of dbt's run, its start and the plan of the input included, is printed beside that of the query. A loop
in plain Python is timed before each repetition, because shared machines are uneven.
"""

import argparse
import json
import os
import resource
import shutil
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
# What the hand-written query writes, too, but for products, which come with their categories.
BY_HAND = (
    "+orders", "+order_lines", "+cancellations", "+cancellation_matches", "+rejected_transactions", "+cleaning_summary",
)  # fmt: skip
MODELS_ONLY = ("--resource-type", "model", "--resource-type", "seed")


def plain_python_loop() -> float:
    """Seconds for five million additions: how fast this machine is just now."""
    began = time.perf_counter()
    total = 0
    for number in range(5_000_000):
        total += number
    return time.perf_counter() - began


def dbt_build(transactions: str, folder: Path, *arguments: str) -> tuple[float, float, float]:
    """Seconds of a `dbt build` in a new warehouse, of its models before the customers stage, and of the processor."""
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
    before = processor_seconds(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run([*command, *arguments], cwd=ROOT, env=environment, check=True)
    seconds = time.perf_counter() - began
    used = processor_seconds(resource.RUSAGE_CHILDREN) - before
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    models = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    of_models = sum(
        result["execution_time"]
        for result in results
        if result["unique_id"].startswith("model.")
        and models[result["unique_id"]]["schema"] not in LATER_STAGES
        and models[result["unique_id"]]["name"] not in LATER_MARTS
    )
    return seconds, of_models, used


def processor_seconds(whose: int) -> float:
    """Seconds that all processors have worked for this process or for those that it has waited for."""
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


def make_up_log(lines: int, basket_factor: float, folder: Path) -> str:
    """Have the generator write a log of about so many lines to a folder; the pattern of its Parquet files."""
    shop = ["--lines", str(lines), "--basket-factor", str(basket_factor), "--output", str(folder)]
    maker = [sys.executable, "-m", "generator", *shop, "--format", "parquet", "--memory-limit", "6GB"]
    subprocess.run(maker, cwd=ROOT, check=True)
    return f"{folder}/transactions/*.parquet"


def make_up_file(lines: int, basket_factor: float, folder: Path) -> str:
    """A made-up log as one Parquet file, and where it is: the hand-written query numbers the rows of one."""
    log = str(folder / "log.parquet")
    with duckdb.connect(config={"memory_limit": "6GB", "temp_directory": str(folder / "spilled")}) as connection:
        made = make_up_log(lines, basket_factor, folder / "made")
        connection.execute(f"copy (from read_parquet('{made}')) to '{log}'")
    shutil.rmtree(folder / "made")
    return log


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
        str(folder / "hand.duckdb"), config={"threads": 2, "storage_compatibility_version": "v1.3.0"}
    ) as connection:
        connection.execute(queries)
        ((revenue,),) = connection.execute("select sum(revenue) from order_lines").fetchall()
    seconds = time.perf_counter() - began
    print(f"  hand-written revenue {revenue}")
    return seconds


def measure(transactions: str, repetitions: int, *, is_whole: bool) -> dict[str, list[float]]:
    """Seconds by what was measured, of each repetition."""
    measured: dict[str, list[float]] = {}
    for _ in range(repetitions):
        seconds = {"plain Python loop": plain_python_loop()}
        if is_whole:
            with tempfile.TemporaryDirectory() as folder:
                seconds["dbt build"], _, _ = dbt_build(transactions, Path(folder))
        with tempfile.TemporaryDirectory() as folder:
            selected = () if is_whole else ("--select", *BY_HAND)
            # One model after the other, each with both cores, as the hand-written queries run.
            alone = (*MODELS_ONLY, *selected, "--threads", "1")
            _, seconds["models before customers"], used = dbt_build(transactions, Path(folder), *alone)
        if not is_whole:
            seconds["dbt, all processors"] = used
        with tempfile.TemporaryDirectory() as folder:
            before = processor_seconds(resource.RUSAGE_SELF)
            seconds["hand-written query"] = one_query(transactions, Path(folder))
            seconds["by hand, all processors"] = processor_seconds(resource.RUSAGE_SELF) - before
        for name, one in seconds.items():
            measured.setdefault(name, []).append(one)
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--transactions", default="../shared/data/online_retail.csv")
    parser.add_argument("--lines", type=int)
    parser.add_argument("--basket-factor", type=float, default=6)
    parser.add_argument("--models-only", action="store_true")
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        transactions = arguments.transactions
        if arguments.lines is not None:
            transactions = make_up_file(arguments.lines, arguments.basket_factor, Path(folder))
        measured = measure(transactions, arguments.repetitions, is_whole=not arguments.models_only)
    for name, all_seconds in measured.items():
        median, least, most = statistics.median(all_seconds), min(all_seconds), max(all_seconds)
        print(f"{name:26} median {median:6.2f} s  (min {least:.2f}, max {most:.2f})")
    ratios = [
        models / hand
        for models, hand in zip(measured["models before customers"], measured["hand-written query"], strict=True)
    ]
    print(f"{'models / hand-written':26} median {statistics.median(ratios):6.2f}")
    # Of all that this process has started: a generator may have needed more than dbt.
    if arguments.lines is None:
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{'peak memory of dbt':26} {peak:.0f} MB")


if __name__ == "__main__":
    main()
