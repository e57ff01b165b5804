"""What the tests share: building a shop with dbt into a warehouse of its own, and comparing what was built."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
import shop_toolkit  # noqa: F401  # first, as it tells OpenMP how to wait before scikit-learn loads it
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult

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
    "customers",
    "customer_interests",
    "interest_groups",
    "segments",
    "cluster_candidates",
    "segment_rules",
    "model_evaluations",
    "prediction_reliability",
    "new_customer_predictions",
    "segment_history",
    "segment_changes",
    "segment_transitions",
    "segment_drift",
    "customer_alerts",
    "audiences",
)
# The marts that tell of lines, orders and products: all that the form of the input could change.
MARTS_OF_LINES = MARTS[: MARTS.index("customers")]
# A build's stability figures are rougher with few refits, and nothing else changes.
QUICK_FIT = {
    "bootstrap_refits": 4,
    "category_refits": 2,
    "rolling_origins": 1,
    "spend_grids": {"linear_regression": {"alpha": [100]}, "gradient_boosting": {"max_iter": [20]}},
    "class_grids": {"logistic_regression": {"C": [0.1]}},
}
# The real file is clustered in full; its classes are foretold by the regression alone, which takes a fifth of the time.
REAL_FIT = QUICK_FIT | {"bootstrap_refits": 100, "category_refits": 20, "rolling_origins": 3}
# Columns that the order of rows in the file decides, and the text that its form decides.
ROW_NUMBERS = ("input_row", "cancellation_row", "sale_row")
FORM_OF_INPUT = ("row_as_it_came",)


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
        """Run dbt in this process with the shop's settings, overlaid with those given here."""
        environment = {"SHOP_WAREHOUSE": str(self.warehouse), "SHOP_THREADS": str(threads)}
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.project)
            for name, value in environment.items():
                patch.setenv(name, value)
            try:
                return dbtRunner().invoke(
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

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def row(self, query: str) -> tuple:
        (only,) = self.rows(query)
        return only

    def checksums(self, *tables: str, without: tuple[str, ...] = ()) -> dict[str, tuple]:
        """Row count and order-free checksum of each table; all marts where none is named."""
        sums = {}
        for table in tables or MARTS:
            columns = [name for (name, *_) in self.rows(f"describe {table}") if name not in without]
            sums[table] = self.row(f"select count(*), sum(hash(({', '.join(columns)}))::hugeint) from {table}")
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
def demo_shop(make_shop: Callable[..., Shop]) -> Shop:
    """The embedded shop, built once; tests only read it."""
    return make_shop().build()


@pytest.fixture(scope="session")
def real_shop(make_shop: Callable[..., Shop]) -> Shop:
    """The real file almost as users build it, once; tests only read it. Skips where the file is not at hand."""
    if not REAL_FILE.exists():
        pytest.skip(f"the real file is not at hand ({os.path.relpath(REAL_FILE, ROOT)})")
    return make_shop(transactions=str(REAL_FILE), **REAL_FIT).build()


@pytest.fixture
def write_csv(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Writes a CSV from lines of text; the first line holds the headings."""

    def write(*lines: str, name: str = "log.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("\n".join(lines).encode(encoding) + b"\n")
        return path

    return write
