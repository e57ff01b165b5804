"""What the tests share: building a shop with dbt into a warehouse of its own, and comparing what was built."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import shop_toolkit  # noqa: F401  # first, as it tells OpenMP how to wait before scikit-learn loads it
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
REAL_FILE = ROOT.parent / "shared" / "data" / "online_retail.csv"
DEMO_FILE = ROOT / "seeds" / "demo_shop" / "transactions.csv"

MARTS = (
    "order_lines",
    "cancellations",
    "cancellation_matches",
    "rejected_transactions",
    "cleaning_summary",
    "orders",
    "products",
    "product_categories",
    "sales_by_month",
    "sales_by_weekday",
    "sales_by_hour",
    "sales_by_weekday_and_hour",
    "sales_by_country",
    "sales_by_category",
    "order_value_bands",
    "top_products",
    "cohorts",
    "customers",
    "customer_interests",
    "interest_groups",
    "segments",
    "cluster_candidates",
    "segment_rules",
    "model_evaluations",
    "prediction_calibration",
    "prediction_confusion",
    "new_customer_predictions",
    "segment_history",
    "segment_changes",
    "segment_transitions",
    "segment_drift",
    "customer_alerts",
    "audiences",
    "published_files",
)
# What readers get copies of: all but the list of these copies.
PUBLISHED = tuple(mart for mart in MARTS if mart != "published_files")
# The marts that tell of lines, orders and products: all that the form of the input could change.
MARTS_OF_LINES = MARTS[: MARTS.index("customers")]
# Those of them that rows are put into as they come.
MARTS_OF_ROWS = MARTS[: MARTS.index("products")]
# A build's stability figures are rougher with few refits, and nothing else changes.
QUICK_FIT = {
    "bootstrap_samples": 4,
    "category_bootstrap_samples": 2,
    "backtest_origins": 1,
    "spend_param_grids": {"linear_regression": {"alpha": [100]}, "gradient_boosting": {"max_iter": [20]}},
    "classification_param_grids": {"logistic_regression": {"C": [0.1]}},
    # Tests that run at the same time would publish into one folder.
    "published_folder": None,
}
# The real file is clustered in full; its classes are foretold by the regression alone, which takes a fifth of the time.
REAL_FIT = QUICK_FIT | {"bootstrap_samples": 100, "category_bootstrap_samples": 20, "backtest_origins": 3}
# Columns that the order of rows in the file decides, and the text that its form decides.
ROW_NUMBERS = ("input_row", "cancellation_row", "sale_row")
FORM_OF_INPUT = ("raw_row",)
# What dbt made of the project's files, by the project and by the settings that the files' yml reads.
PARSED: dict[tuple, Manifest] = {}


@cache
def settings_read_by_parsing(project: Path) -> frozenset[str]:
    """Settings that a yml reads; SQL reads the others anew in each run (tests/project/test_documentation.py)."""
    files = [file for folder in ("models", "python_models") for file in (project / folder).rglob("*.yml")]
    return frozenset(name for file in files for name in re.findall(r"var\('(\w+)'\)", file.read_text("utf-8")))


@dataclass
class Shop:
    """A warehouse in a folder of its own, and the dbt runs that fill it."""

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    project: Path = ROOT

    @property
    def warehouse(self) -> Path:
        return self.folder / "shop.duckdb"

    def dbt(self, *arguments: str, threads: int = 2, **settings: Any) -> dbtRunnerResult:
        """Run dbt in this process with the shop's settings, overlaid with those given here.

        To parse the project takes longer than most runs: what was parsed with the same settings is used again.
        """
        parsed = None if arguments[0] == "parse" else self._parsed(self.settings | settings)
        return self._invoke(parsed, *arguments, threads=threads, **settings)

    def _parsed(self, settings: dict[str, Any]) -> Manifest | None:
        """The project as dbt parses it with these settings; none where dbt can't, so that the run says why."""
        read = {name: settings[name] for name in settings.keys() & settings_read_by_parsing(self.project)}
        key = (self.project, json.dumps(read, sort_keys=True))
        if key not in PARSED:
            result = self._invoke(None, "parse", **settings)
            if not result.success:
                return None
            PARSED[key] = result.result
            # dbt 1.11 can't copy them, and runs read them from selectors.yml.
            PARSED[key].selectors = {}
        # A run writes into it what it compiles.
        return PARSED[key].deepcopy()

    def _invoke(self, parsed: Manifest | None, *arguments: str, threads: int = 2, **settings: Any) -> dbtRunnerResult:
        environment = {"SHOP_WAREHOUSE": str(self.warehouse), "SHOP_THREADS": str(threads)}
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.project)
            for name, value in environment.items():
                patch.setenv(name, value)
            try:
                return dbtRunner(parsed).invoke(
                    [
                        *arguments,
                        "--vars", json.dumps(self.settings | settings),
                        "--target-path", str(self.folder / "target"),
                        "--log-path", str(self.folder / "logs"),
                        "--quiet",
                    ]
                )  # fmt: skip
            finally:
                # Else this process would keep the file locked.
                DuckDBConnectionManager.close_all_connections()

    def build(self, *models: str, threads: int = 2, **settings: Any) -> "Shop":
        """Build seeds and models without their tests, and fail with dbt's own words.

        With `models` only these and what they are made from.
        """
        selection = ["--select", *(f"+{model}" for model in models)] if models else []
        kinds = ["--resource-type", "model", "--resource-type", "seed"]
        result = self.dbt("build", *kinds, *selection, threads=threads, **settings)
        assert result.success, problem_of(result)
        return self

    def build_with_data_tests(self, *arguments: str, **settings: Any) -> "Shop":
        """Build as users do, all or what the arguments select, and fail with dbt's own words.

        Unit tests bring their own data: to run them again on another shop would tell nothing new.
        """
        result = self.dbt("build", "--exclude-resource-type", "unit_test", *arguments, **settings)
        assert result.success, problem_of(result)
        return self

    def copy(self, folder: Path, **settings: Any) -> "Shop":
        """The same warehouse, built as it is, in a folder that is made for it, with further settings."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder, settings=self.settings | settings)

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def row(self, query: str) -> tuple:
        (only,) = self.rows(query)
        return only

    def checksums(self, *tables: str, without: tuple[str, ...] = ()) -> dict[str, tuple]:
        """Row count and order-free checksum of each table; all marts where none is named."""
        sums = {}
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            for table in tables or MARTS:
                described = connection.execute(f"describe {table}").fetchall()
                columns = ", ".join(name for name, *_ in described if name not in without)
                query = f"select count(*), sum(hash(({columns}))::hugeint) from {table}"
                (sums[table],) = connection.execute(query).fetchall()
        return sums

    def tables(self) -> set[str]:
        if not self.warehouse.exists():
            return set()
        return {f"{schema}.{name}" for schema, name in self.rows(
            "select table_schema, table_name from information_schema.tables"
        )}  # fmt: skip


def problem_of(result: dbtRunnerResult) -> str:
    """What dbt says went wrong, in one text."""
    messages = [str(result.exception)] if result.exception else []
    messages += [str(run.message) for run in getattr(result.result, "results", []) if run.message]
    return "\n".join(messages)


@pytest.fixture(scope="session")
def make_shop(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Shop]:
    """Makes an empty warehouse with the given settings, and quick fits."""

    def make(**settings: Any) -> Shop:
        return Shop(tmp_path_factory.mktemp("shop"), QUICK_FIT | settings)

    return make


@pytest.fixture(scope="session")
def build_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[..., Shop]:
    """Builds a shop once for all workers of pytest-xdist and gives each a copy, as a DuckDB file has one writer."""
    workers = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent

    def build(name: str, builder: Callable[[Shop], object], **settings: Any) -> Shop:
        built, started = workers / f"{name}_built", Shop(workers / f"{name}_started", QUICK_FIT | settings)
        with FileLock(workers / f"{name}.lock"):
            if not built.exists():
                # What a worker that failed left behind.
                shutil.rmtree(started.folder, ignore_errors=True)
                started.folder.mkdir()
                builder(started)
                started.folder.rename(built)
        return replace(started, folder=built).copy(tmp_path_factory.mktemp(name) / "shop")

    return build


@pytest.fixture(scope="session")
def demo_shop(build_once: Callable[..., Shop]) -> Shop:
    """The embedded shop, built once; tests only read it."""
    return build_once("demo_shop", Shop.build)


@pytest.fixture
def copy_of_demo_shop(demo_shop: Shop, tmp_path: Path) -> Shop:
    """The embedded shop as it is after its first build, for tests of what comes next."""
    return demo_shop.copy(tmp_path / "copy_of_demo_shop")


@pytest.fixture(scope="session")
def real_shop(build_once: Callable[..., Shop]) -> Shop:
    """The real file almost as users build it, with the tests of its data, once; tests only read it.

    Skips where the file is not at hand.
    """
    if not REAL_FILE.exists():
        pytest.skip(f"the real file is not at hand ({os.path.relpath(REAL_FILE, ROOT)})")
    return build_once("real_shop", Shop.build_with_data_tests, transactions=str(REAL_FILE), **REAL_FIT)


@pytest.fixture
def write_csv(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Writes a CSV from lines of text; the first line holds the headings."""

    def write(*lines: str, name: str = "log.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("\n".join(lines).encode(encoding) + b"\n")
        return path

    return write
