"""What the tests share: building a shop with dbt into a warehouse of its own, and comparing what was built."""

import csv
import gc
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from hashlib import md5
from pathlib import Path
from typing import Any

import duckdb
import pytest
import shop_toolkit  # noqa: F401  # first, as it sets how OpenMP waits before scikit-learn loads it
from commands import COMMANDS, REAL_FILE_COMMAND, leave_signals_to_children, run, with_settings
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from filelock import FileLock
from quick_dbt import packed, quicken, unpacked
from shop_toolkit.warehouse import close_warehouse

# A run of dbt makes a hundred thousand objects that live until its end. To look for garbage among them each time that
# 700 were added took a sixth of all processor time.
gc.set_threshold(100_000, 10, 10)
quicken()
leave_signals_to_children()

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
    "campaign_members",
    "campaign_results",
    "input_warnings",
    "published_files",
)
# What readers get copies of: all but the list of these copies.
PUBLISHED = tuple(mart for mart in MARTS if mart != "published_files")
# The marts of lines, orders and products: all that the form of the input could change.
MARTS_OF_LINES = MARTS[: MARTS.index("customers")]
# Those of them that rows are inserted into as they arrive.
MARTS_OF_ROWS = MARTS[: MARTS.index("products")]
# A build's stability figures are rougher with few refits, and nothing else changes.
QUICK_FIT = {
    "bootstrap_samples": 4,
    "category_bootstrap_samples": 2,
    "backtest_origins": 1,
    "tsne_iterations": 250,
    "max_clusters": 7,
    "rule_folds": 3,
    "spend_param_grids": {"linear_regression": {"alpha": [100]}, "gradient_boosting": {"max_iter": [20]}},
    "classification_param_grids": {"logistic_regression": {"C": [0.1]}},
    # Tests that run at the same time would publish into one folder.
    "published_folder": None,
}
# The real file is clustered in full; its classes are predicted by the regression alone, in a fifth of the time.
REAL_FIT = QUICK_FIT | {
    "bootstrap_samples": 100,
    "backtest_origins": 3,
    "tsne_iterations": 750,
    "max_clusters": 10,
    "rule_folds": 10,
}
# The quarter in which the small shop is closed, and a customer of two orders, sent back whole by one cancellation.
CLOSED = date(2025, 4, 1), date(2025, 6, 30)
SENDER_BACK = "99999"
SENT_BACK = (
    ("800001", "4", "7/10/2025 10:00"),
    ("800002", "2", "8/5/2025 10:00"),
    ("C800003", "-6", "9/12/2025 10:00"),
)
# Columns that the order of rows in the file decides, and the text that its form decides.
ROW_NUMBERS = ("input_row", "cancellation_row", "sale_row")
FORM_OF_INPUT = ("raw_row",)
# Fixtures of the report's tests, its pages in a browser, and those of the translation's, an engine with a few rows.
pytest_plugins = ["report_pages", "second_engine"]
# Test files that take half a minute or more, the longest first.
LONG_FILES = (
    "test_commands.py",
    "test_learned_segments.py",
    "test_determinism.py",
    "test_arrivals.py",
    "test_builds.py",
    "test_partial_runs.py",
    "test_refresh.py",
    "test_history.py",
    "test_selectors.py",
    "test_report_page.py",
    "test_replay.py",
    "test_incremental.py",
    "test_documentation.py",
    "test_package.py",
    "test_plausible_days.py",
)
# Of parsing: what is parsed for all tests is parsed so, which tests/project/test_documentation.py asks for.
WARNINGS_ARE_ERRORS = ("--show-all-deprecations", "--warn-error")
# The folder in which workers of pytest-xdist find what one of them made, and what was read from there.
SHARED: list[Path] = []
MADE: dict[str, bytes] = {}


def made_once(name: str, make: Callable[[], bytes | None]) -> bytes | None:
    """What `make` makes, once for all workers; none is made again."""
    if name not in MADE:
        (folder,) = SHARED
        path = folder / name
        with FileLock(f"{path}.lock"):
            if not path.exists():
                made = make()
                if made is None:
                    return None
                path.write_bytes(made)
            MADE[name] = path.read_bytes()
    return MADE[name]


def notes_on_the_project() -> "Shop":
    """The shop without settings by which the project is parsed for all: dbt leaves its notes on the project there."""
    (folder,) = SHARED
    return Shop(folder / "project")


@cache
def keep_what_runs_share() -> None:
    """After the first run: to look for garbage among modules and compiled macros takes half as long as a short run."""
    gc.collect()
    gc.freeze()


@cache
def settings_read_by_parsing() -> dict[str, bool]:
    """Settings that a yml reads, and whether as JSON; SQL reads the others in each run.

    A model has each by its name (tests/project/test_documentation.py).
    """
    files = [file for folder in ("models", "python_models") for file in (ROOT / folder).rglob("*.yml")]
    read = {match for file in files for match in re.findall(r"(tojson\()?var\('(\w+)'\)", file.read_text("utf-8"))}
    # Parsing names all tables by it: no shop here has one.
    return {name: bool(as_json) for as_json, name in read if name != "schema_prefix"}


@dataclass
class Shop:
    """A warehouse in a folder of its own, and the dbt runs that fill it."""

    folder: Path
    settings: dict[str, Any] = field(default_factory=dict)
    # Models by their files, with a piece of their code and what replaces it: to see a test fail.
    edits: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def warehouse(self) -> Path:
        return self.folder / "shop.duckdb"

    def dbt(self, *arguments: str, threads: int = 1, **settings: Any) -> dbtRunnerResult:
        """Run dbt in this process with the shop's settings, overlaid with those given here.

        To parse the project takes longer than most runs: what was parsed once is used again. The JSON files of the
        whole project would take half of a short run: who reads them asks for them by --write-json. One thread, as each
        worker of pytest-xdist has one core: with two, each also starts processes of its own for the fits.
        """
        parsed = None if arguments[0] == "parse" else self.parsed(**settings)
        is_json_read = arguments[0] in ("docs", "parse") or "--write-json" in arguments
        json_option = [] if is_json_read else ["--no-write-json"]
        return self._invoke(parsed, *arguments, *json_option, threads=threads, **settings)

    def parsed(self, **settings: Any) -> Manifest | None:
        """The project as dbt parses it with these settings; none where dbt can't, so that the run reports why.

        It is parsed once for all shops: what a yml reads of the settings is filled in.
        """
        project = made_once("parsed", lambda: notes_on_the_project()._parse())
        if project is None:
            return None
        parsed = unpacked(project)
        given = self.settings | settings
        read = {name: json.dumps(given[name]) if as_json else given[name]
                for name, as_json in settings_read_by_parsing().items() if name in given}  # fmt: skip
        for node in parsed.nodes.values():
            node.config.meta |= {name: read[name] for name in read.keys() & node.config.meta.keys()}
        for file, (code, other) in self.edits.items():
            (model,) = (node for node in parsed.nodes.values() if node.original_file_path == file)
            assert model.raw_code.count(code) == 1, file
            model.raw_code = model.raw_code.replace(code, other)
        return parsed

    def _parse(self) -> bytes | None:
        result = self._invoke(None, "parse", *WARNINGS_ARE_ERRORS)
        return packed(result.result) if result.success else None

    def _invoke(self, parsed: Manifest | None, *arguments: str, threads: int = 1, **settings: Any) -> dbtRunnerResult:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(ROOT)
            for name, value in self._environment(threads).items():
                patch.setenv(name, value)
            try:
                return dbtRunner(parsed).invoke([*arguments, *self._options(**settings)])
            finally:
                # Else this process would keep the file locked.
                close_warehouse()
                keep_what_runs_share()

    def _environment(self, threads: int = 1) -> dict[str, str]:
        return {"SHOP_WAREHOUSE": str(self.warehouse), "SHOP_THREADS": str(threads)}

    def _options(self, **settings: Any) -> list[str]:
        return [
            "--vars", json.dumps(self.settings | settings),
            "--target-path", str(self.folder / "target"),
            "--log-path", str(self.folder / "logs"),
            # What dbt warns of; at the level of debugging it writes down each statement.
            "--log-level-file", "info",
            "--quiet",
        ]  # fmt: skip

    def killed_after(self, node: str, seconds: float, *arguments: str) -> None:
        """Run dbt in a process of its own, and kill it so many seconds after a node was built."""
        project = self.folder / "parsed"
        self.folder.mkdir(exist_ok=True)
        parsed = self.parsed()
        assert parsed is not None
        project.write_bytes(packed(parsed))
        script = Path(__file__).with_name("killed_build.py")
        command = [sys.executable, str(script), str(project), node, str(seconds), *arguments, *self._options()]
        modules = {"PYTHONPATH": os.pathsep.join([str(script.parent), str(ROOT / "python_models")])}
        killed = subprocess.run(
            command, cwd=ROOT, env=os.environ | modules | self._environment(), capture_output=True, text=True,
            check=False, start_new_session=True,
        )  # fmt: skip
        assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr

    def build(self, *models: str, threads: int = 1, write_json: bool = False, **settings: Any) -> "Shop":
        """Build seeds and models without their tests, and fail with dbt's own words.

        With `models` only these and what they are made from.
        """
        kinds = ["--resource-type", "model", "--resource-type", "seed", *(["--write-json"] if write_json else [])]
        selection = ["--select", *(f"+{model}" for model in models)] if models else []
        result = self.dbt("build", *kinds, *selection, threads=threads, **settings)
        assert result.success, problem_of(result)
        return self

    def run(self, *models: str, after: str = "", **settings: Any) -> "Shop":
        """Build models again on the seeds that are there, with what they are made from; fail with dbt's own words.

        With `after` only what follows from this model: what comes before it is up to date.
        """
        selection = [f"{after}+,+{model}" if after else f"+{model}" for model in models]
        result = self.dbt("run", "--select", *selection, **settings)
        assert result.success, problem_of(result)
        return self

    def build_with_data_tests(self, *models: str, **settings: Any) -> "Shop":
        """Build as `build` does, and check the data of it as `dbt build` does in between."""
        return self.build(*models, **settings).pass_data_tests(**settings)

    def pass_data_tests(self, **settings: Any) -> "Shop":
        """Check each data test of which all tables are there.

        dbt compiles the tests once for all shops: it takes longer to start each of them than to run it.
        """
        there, tests = {name.split(".")[1] for name in self.tables()}, self._data_tests(**settings)
        failures: dict[str, int] = {}
        # One connection: to open a warehouse takes longer than a test.
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            for name, test in tests.items():
                if there.issuperset(test["reads"]):
                    ((failing,),) = connection.execute(test["count_of_failing_rows"]).fetchall()
                    failures |= {name: failing} if failing else {}
        assert not failures, failures
        return self

    def _data_tests(self, **settings: Any) -> dict[str, dict[str, Any]]:
        """Of each data test that stops a build, by its name: the tables that it reads, and its SQL."""
        settings = {name: value for name, value in (self.settings | settings).items() if name != "transactions"}
        key = md5(json.dumps(settings, sort_keys=True).encode()).hexdigest()

        def compiled() -> bytes:
            result = self.dbt("compile", "--select", "test_type:data", **settings)
            assert result.success, problem_of(result)
            tests = [test.node for test in result.result.results if test.node.config.severity.lower() == "error"]
            assert len(tests) > 100
            return json.dumps({
                test.name: {
                    "reads": [node.split(".")[2] for node in test.depends_on.nodes if not node.startswith("source.")],
                    "count_of_failing_rows":
                        f"select {test.config.fail_calc} from ({test.compiled_code}) as failing_rows",
                }
                for test in tests
            }).encode()  # fmt: skip

        tests: dict[str, dict[str, Any]] = json.loads(made_once(f"data_tests_{key}", compiled) or b"")
        return tests

    def copy(self, folder: Path, **settings: Any) -> "Shop":
        """The same warehouse, built as it is, in a folder that is made for it, with further settings."""
        shutil.copytree(self.folder, folder)
        return replace(self, folder=folder, settings=self.settings | settings)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def row(self, query: str) -> tuple[Any, ...]:
        (only,) = self.rows(query)
        return only

    def checksums(self, *tables: str, without: tuple[str, ...] = ()) -> dict[str, tuple[Any, ...]]:
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


def demo_rows(every: int = 4) -> list[list[str]]:
    """The headings of the embedded shop's log, and its rows of every fourth customer, or of every other `every`."""
    with DEMO_FILE.open(encoding="utf-8", newline="") as file:
        headings, *rows = csv.reader(file)
    return [headings, *(row for row in rows if row[6].isdigit() and int(row[6]) % every == 0)]


def day_of(row: list[str]) -> date:
    """The day of a row of the embedded shop's log."""
    return datetime.strptime(row[4], "%m/%d/%Y %H:%M").date()


def write_rows(path: Path, headings: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([headings, *rows])


def exact_share(share: Decimal, count: int) -> int:
    """A share of so many customers in whole ones; of two that are as near, the more."""
    return int((share * count).quantize(Decimal(1), ROUND_HALF_UP))


def warning_queries() -> str:
    """The SQL of all models that look for doubts about the input."""
    return "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "models/core/warnings").glob("*.sql")))


def problem_of(result: dbtRunnerResult) -> str:
    """What dbt reports as wrong, in one text."""
    messages = [str(result.exception)] if result.exception else []
    messages += [str(run.message) for run in getattr(result.result, "results", []) if run.message]
    return "\n".join(messages)


@pytest.fixture(scope="session", autouse=True)
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder that all workers of pytest-xdist see."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "shared"
    folder.mkdir(exist_ok=True)
    SHARED[:] = [folder]
    return folder


@pytest.fixture(scope="session")
def make_shop(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Shop]:
    """Makes an empty warehouse with the given settings, and quick fits."""

    def make(**settings: Any) -> Shop:
        return Shop(tmp_path_factory.mktemp("shop"), QUICK_FIT | settings)

    return make


@pytest.fixture(scope="session")
def build_once(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Callable[..., Shop]:
    """Builds a shop once for all workers of pytest-xdist and gives each a copy, as a DuckDB file has one writer."""

    def build(name: str, builder: Callable[[Shop], object], **settings: Any) -> Shop:
        built, started = shared / f"{name}_built", Shop(shared / f"{name}_started", QUICK_FIT | settings)
        with FileLock(shared / f"{name}.lock"):
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
    return build_once("demo_shop", lambda shop: shop.build(write_json=True))


@pytest.fixture(scope="session")
def documented_demo(demo_shop: Shop, build_once: Callable[..., Shop]) -> Shop:
    """The embedded shop with the documentation that dbt writes of it, as one page and as files; tests only read it."""

    def build(shop: Shop) -> None:
        shutil.copy(demo_shop.warehouse, shop.warehouse)
        result = shop.dbt("docs", "generate", "--static")
        assert result.success, problem_of(result)

    return build_once("documented_demo", build)


@pytest.fixture(scope="session")
def small_shop(build_once: Callable[..., Shop], shared: Path) -> Shop:
    """A quarter of the embedded shop's customers, closed from April to June; one more sent both orders back.

    Built once with its data tests, for tests of fits and versions, which take half as long; tests only read it.
    """
    log = shared / "small_shop.csv"

    def build(shop: Shop) -> None:
        headings, *rows = demo_rows()
        rows = [row for row in rows if not CLOSED[0] <= day_of(row) <= CLOSED[1]]
        rows += [[invoice, *rows[0][1:3], quantity, ordered_at, rows[0][5], SENDER_BACK, rows[0][7]]
                 for invoice, quantity, ordered_at in SENT_BACK]  # fmt: skip
        write_rows(log, headings, rows)
        shop.build_with_data_tests()

    return build_once("small_shop", build, transactions=str(log))


@pytest.fixture
def copy_of_small_shop(small_shop: Shop, tmp_path: Path) -> Shop:
    """A quarter of the embedded shop as it is after its first build, for tests of what follows."""
    return small_shop.copy(tmp_path / "copy_of_small_shop")


@pytest.fixture(scope="session")
def published_demo(demo_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder `published` with the embedded shop's marts as BI tools read them; the other files are left out."""
    folder = tmp_path_factory.mktemp("project") / "published"
    folder.mkdir()
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        connection.execute(f"attach '{demo_shop.warehouse}' as shop (read_only)")
        for mart in PUBLISHED:
            connection.execute(f"create table {mart} as from shop.{mart}")
        connection.execute("create table publication as select '1a2b3c4d5e' as publication_id, now()::timestamp as at")
        connection.execute("comment on table customers is 'One row per customer.'")
        connection.execute("comment on column customers.monetary is 'What they spent.'")
    return folder


@pytest.fixture
def copy_of_demo_shop(demo_shop: Shop, tmp_path: Path) -> Shop:
    """The embedded shop as it is after its first build, for tests of what follows."""
    return demo_shop.copy(tmp_path / "copy_of_demo_shop")


@pytest.fixture(scope="session")
def real_shop(build_once: Callable[..., Shop]) -> Shop:
    """The real file, built once by the README's command, with the tests of its data; tests only read it.

    Skips where the file is not at hand.
    """
    if not REAL_FILE.exists():
        pytest.skip(f"the real file is not at hand ({os.path.relpath(REAL_FILE, ROOT)})")

    def build(shop: Shop) -> None:
        assert REAL_FILE_COMMAND in COMMANDS
        done = run(with_settings(REAL_FILE_COMMAND, shop.settings), shop.folder)
        assert done.returncode == 0, done.stdout + done.stderr

    return build_once("real_shop", build, **REAL_FIT)


def pytest_configure() -> None:
    """Have temporary folders in memory, where it has room and programs may run.

    DuckDB waits for the disk at each commit, two hundred times a build.
    """
    memory, state = Path("/dev/shm"), Path("/proc/meminfo")
    if memory.is_dir() and state.exists() and not os.statvfs(memory).f_flag & os.ST_NOEXEC:
        available = int(re.findall(r"MemAvailable: +(\d+) kB", state.read_text("utf-8"))[0]) * 1024
        if min(available, shutil.disk_usage(memory).free) > 8e9:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take minutes first, so that no worker is left alone with one at the end; then by the shops they build.

    The first builds the real file, while the other worker builds the embedded shop for the second. Last are those that
    build none: so short that the workers end together.
    """
    fixtures = {item: set(getattr(item, "fixturenames", ())) for item in items}
    places = {file: place for place, file in enumerate(LONG_FILES)}
    shops = Counter(
        item.path for item in items if fixtures[item] & {"make_shop", "copy_of_demo_shop", "copy_of_small_shop"}
    )
    items.sort(key=lambda item: (
        places.get(item.path.name, len(places)), -shops[item.path], str(item.path), "real_shop" not in fixtures[item]
    ))  # fmt: skip


@pytest.fixture
def write_csv(tmp_path: Path) -> Callable[..., Path]:
    """Writes a CSV from lines of text; the first line holds the headings."""

    def write(*lines: str, name: str = "log.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("\n".join(lines).encode(encoding) + b"\n")
        return path

    return write
