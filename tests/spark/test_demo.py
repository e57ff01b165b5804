"""The embedded shop on Sail: every mart is the one that DuckDB makes, also after another process opens the tables."""

import csv
import json
import math
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from commands import BIN
from conftest import DEMO_FILE, PUBLISHED, QUICK_FIT, ROOT, Shop, problem_of, write_rows
from shop_toolkit.warehouse import close_warehouse

if os.environ.get("SHOP_CI") is None:
    pytest.importorskip("pysail", reason="the extra 'spark' is not installed")

from dbt.adapters.sparkconnect.engine import Engine, engine_at
from dbt.adapters.sparkconnect.translation import run_translated
from dbt.cli.main import dbtRunner


def run_on_sail(folder: Path, *arguments: str, **settings: Any) -> Engine:
    """Run dbt on the tables of a folder, with a driver that knows nothing of earlier runs; the engine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.delenv("SHOP_WAREHOUSE", raising=False)
        patch.setenv("SHOP_SPARK", "sail")
        patch.setenv("SHOP_SPARK_FOLDER", str(folder / "tables"))
        options = [
            "--target",
            "spark",
            "--profiles-dir",
            str(ROOT),
            "--quiet",
            "--vars",
            json.dumps(QUICK_FIT | settings),
        ]
        options += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs"), "--no-write-json"]
        result = dbtRunner().invoke([*arguments, *options])
        close_warehouse()
        assert result.success, problem_of(result)
    return engine_at("sail", str(folder / "tables"))


def kill_on_sail(folder: Path, model: str, seconds: float, *arguments: str, **settings: Any) -> None:
    """Run dbt on the tables of a folder, and kill it and its engine so many seconds after a model began to be made."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    environment |= {"SHOP_SPARK_FOLDER": str(folder / "tables"), "PYTHONPATH": str(ROOT / "adapter")}
    command = [
        str(BIN / "dbt"), "--log-format", "json", "--no-write-json", *arguments, "--target", "spark",
        "--profiles-dir", str(ROOT), "--vars", json.dumps(QUICK_FIT | settings),
        "--target-path", str(folder / "killed"), "--log-path", str(folder / "killed"),
    ]  # fmt: skip
    said = []
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if '"LogStartLine"' in line and f".{model} " in line:
                time.sleep(seconds)
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, "".join(said)[-4_000:]


MODELS = ("build", "--resource-type", "model", "--resource-type", "seed")
REFRESH = ("build", "--selector", "refresh")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of Sail's tables, after one build of the embedded shop."""
    folder = tmp_path_factory.mktemp("engine")
    run_on_sail(folder, *MODELS)
    return folder / "tables"


def rows_of(table: Any) -> list[tuple[Any, ...]]:
    """Rows in an order that the last digits of doubles don't decide."""
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)

    def place(row: tuple[Any, ...]) -> tuple[str, ...]:
        exact = (str(value) for value in row if not isinstance(value, float))
        return (*exact, *(f"{value:.5g}" for value in row if isinstance(value, float)))

    return sorted((tuple(plain(value) for value in row) for row in rows), key=place)


def plain(value: Any) -> Any:
    return value.normalize() if isinstance(value, Decimal) else value


def is_equal(first: Any, second: Any) -> bool:
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=1e-9, abs_tol=1e-9)
    return bool(first == second)


def unequal_marts(
    shop: Shop, engine: Engine, marts: tuple[str, ...] = PUBLISHED, schema: str = "main"
) -> dict[str, str]:
    """Of each mart that differs, how; `schema` is the one that the engine has them in."""
    found = {}
    with duckdb.connect(str(shop.warehouse), read_only=True) as connection:
        for mart in marts:
            expected = connection.sql(f"select * from {mart}").to_arrow_table()
            table = engine.run(f"select * from {schema}.{mart}")
            if table.column_names != expected.column_names or len(table) != len(expected):
                found[mart] = f"{len(table)} rows of {table.column_names}, not {len(expected)}"
                continue
            pairs = list(zip(rows_of(table), rows_of(expected), strict=True))
            wrong = [pair for pair in pairs if not all(map(is_equal, *pair))]
            if wrong:
                found[mart] = f"{len(wrong)} rows, such as {wrong[0][0]}, not {wrong[0][1]}"
    return found


def test_every_mart_equals_the_one_of_duckdb(folder: Path, demo_shop: Shop, tmp_path: Path) -> None:
    engine = engine_at("sail", str(folder))
    assert engine.name == "sail"
    assert unequal_marts(demo_shop, engine) == {}
    # What a build was writing when it was killed.
    shutil.copytree(folder, tmp_path / "tables")
    (half_written,) = (tmp_path / "tables" / "core" / "int_orders").iterdir()
    shutil.copy(next(half_written.iterdir()), half_written / "added.parquet")
    shutil.copytree(half_written, half_written.with_name("0123456789abcdef" * 2))
    # As another process finds them.
    assert unequal_marts(demo_shop, Engine("sail", str(tmp_path / "tables"))) == {}
    assert [path.name for path in (tmp_path / "tables" / "core" / "int_orders").iterdir()] == [half_written.name]
    assert "added.parquet" not in [path.name for path in half_written.iterdir()]


@pytest.mark.soak
def test_lines_that_leave_blank_what_their_order_has_are_those_of_duckdb(
    make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    """Also refunds that name no product, and a line of another order than the one above."""
    log = tmp_path / "log.csv"
    lines = (
        "order_id,order_date,customer_id,sku,item,qty,price", "1,2024-01-05,ann,A1,Mug,1,10", "1,,,B1,Cup,2,5",
        "2,2024-01-06,ben,A1,Mug,1,10", "3,,,B1,Cup,2,5", "2,,,,Total,3,20", "4,2024-01-07,ben,,,,-5",
    )  # fmt: skip
    log.write_text("\n".join([*lines, ""]), "utf-8")
    marts = ("order_lines", "cancellations", "rejected_transactions", "input_warnings")
    shop = make_shop(transactions=str(log)).build(*marts)
    assert shop.row("select count(*), sum(revenue)::int, min(customer_id) from order_lines") == (3, 30, "ann")
    assert shop.row("select unmatched_quantity::int, customer_id from cancellations") == (1, "ben")
    selection = ("--select", *(f"+{mart}" for mart in marts))
    engine = run_on_sail(tmp_path, *MODELS, *selection, transactions=str(log))
    assert unequal_marts(shop, engine, marts) == {}


@pytest.mark.soak
def test_marts_are_published_and_what_they_propose_is_kept(folder: Path, tmp_path: Path) -> None:
    """Also on a table of an earlier release, which kept less of a proposal."""
    earlier = "select 'made earlier 2024-01-31' as campaign, 0.5::double as control_share, 0.5::double as draw"
    earlier = f"create or replace table sources.proposed_actions as {earlier}, date '2024-01-31' as proposed_on"
    run_translated(earlier, engine_at("sail", str(folder)))
    engine = run_on_sail(
        folder.parent, "build", "--select", "report_pages", "published_files", published_folder=str(tmp_path)
    )
    proposed = engine.run("select campaign, control_cut_point from sources.proposed_actions").to_pylist()
    by_action = {row["campaign"].rsplit(" ", 1)[0]: row["control_cut_point"] for row in proposed}
    assert {row["campaign"] for row in proposed if row["control_cut_point"] is None} == {"made earlier 2024-01-31"}
    assert by_action["win back"] is not None
    with (tmp_path / "audiences/actions/campaigns.csv").open(encoding="utf-8") as file:
        listed = {row["name"] for row in csv.DictReader(file)}
    assert listed == {row["campaign"] for row in proposed} - {"made earlier 2024-01-31"}
    with duckdb.connect(str(tmp_path / "marts.duckdb"), read_only=True) as published:
        counts = {mart: published.sql(f"select count(*) from {mart}").fetchall() for mart in PUBLISHED}
    assert counts == {mart: [(len(engine.run(f"select 1 from main.{mart}")),)] for mart in PUBLISHED}


@pytest.mark.soak
def test_schemas_with_a_prefix_hold_the_same_marts(demo_shop: Shop, tmp_path: Path) -> None:
    engine = run_on_sail(tmp_path, *MODELS, schema_prefix="eu")
    assert unequal_marts(demo_shop, engine, schema="eu") == {}
    assert "sources" not in engine.schemas()


@pytest.mark.soak
def test_all_unit_tests_pass_on_sail(folder: Path) -> None:
    """As `dbt test` runs them there; of those that DuckDB runs in test_selectors.py, some are run on Sail each time."""
    run_on_sail(folder.parent, "test", "--select", "test_type:unit")


def arrivals() -> Iterator[list[dict[str, str]]]:
    """The lines of the embedded shop in three parts: the second has late lines, and cancellations of old sales."""
    with DEMO_FILE.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    days = [datetime.strptime(line["InvoiceDate"], "%m/%d/%Y %H:%M") for line in lines]
    cuts = [max(days) - timedelta(days=before) for before in (40, 15)]
    parts: list[list[dict[str, str]]] = [[], [], []]
    for number, (line, day) in enumerate(zip(lines, days, strict=True)):
        part = sum(day >= cut for cut in cuts)
        parts[1 if part == 0 and number % 400 == 0 else part].append(line)
    sold = [line for line in parts[0] if line["CustomerID"] and int(line["Quantity"]) > 1 < float(line["UnitPrice"])]
    parts[1] += [
        line | {
            "InvoiceNo": f"C9{number:05d}",
            "Quantity": str(-int(line["Quantity"]) // (1 + number % 2)),
            "InvoiceDate": f"{cuts[0]:%m/%d/%Y} 12:{number:02d}",
        }
        for number, line in enumerate(sold[:: len(sold) // 50])
    ]  # fmt: skip
    yield from parts


@pytest.mark.soak
@pytest.mark.parametrize(
    "killed",
    [((), (), ()), ((), ("customer_alerts", "audiences"), ("customers", "segment_history"))],
    ids=["whole", "killed"],
)
def test_later_builds_process_new_lines_alone_and_make_the_marts_of_duckdb(
    killed: tuple[tuple[str, ...], ...], make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    """Also where each was killed before, with its engine, while marts were made: one mart after another.

    Not the first one: what it fits when it is killed is a version that the next one leaves behind.
    """
    (tmp_path / "log").mkdir()
    settings = {"transactions": f"{tmp_path}/log/*.csv"}
    shop, rows = make_shop(**settings), 0
    steps = zip(arrivals(), (MODELS, REFRESH, MODELS), killed, strict=True)
    for number, (lines, arguments, killed_at) in enumerate(steps):
        write_rows(tmp_path / "log" / f"{number}.csv", list(lines[0]), [list(line.values()) for line in lines])
        result = shop.dbt(*arguments)
        assert result.success, problem_of(result)
        # Each build has a process of its own, as the tables of a folder are one process's.
        folder = tmp_path / f"after_{number}"
        if number:
            shutil.copytree(tmp_path / f"after_{number - 1}" / "tables", folder / "tables")
        for model in killed_at:
            kill_on_sail(folder, model, 0.02, *arguments, **settings)
        engine = run_on_sail(folder, *arguments, **settings)
        assert unequal_marts(shop, engine) == {}, arguments
        plan = engine.run("select last_row, is_full_reload from sources.ingest_plan").to_pylist()
        assert plan == [{"last_row": rows, "is_full_reload": number == 0}]
        assert len(engine.run("select * from core.model_versions")) == 1
        rows = engine.run("select count(*) as rows from staging.base_transactions").to_pylist()[0]["rows"]


@pytest.mark.soak
def test_versions_are_carried_to_sail_and_back(demo_shop: Shop, make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    there, back = (("--args", json.dumps({"folder": str(tmp_path / name)})) for name in ("there", "back"))
    result = demo_shop.dbt("run-operation", "export_versions", *there)
    assert result.success, problem_of(result)
    run_on_sail(tmp_path, "run-operation", "import_versions", *there)
    engine = run_on_sail(tmp_path, *MODELS)
    assert unequal_marts(demo_shop, engine) == {}
    assert len(engine.run("select * from core.model_versions")) == 1
    run_on_sail(tmp_path, "run-operation", "export_versions", *back)
    other = make_shop()
    result = other.dbt("run-operation", "import_versions", *back)
    assert result.success, problem_of(result)
    # The build there was the second one, and the backtest is no longer pending.
    sums = (shop.checksums(*other.tables(), without=("is_backtest_pending",)) for shop in (other, demo_shop))
    assert next(sums) == next(sums)
