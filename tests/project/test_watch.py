"""`make watch`: refreshes when the input has changed and is still, goes on after failures, stops when asked to."""

import csv
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import duckdb
import pytest
from conftest import DEMO_FILE, ROOT, Shop
from shop_toolkit import watch
from shop_toolkit.ingest.files import InputError
from shop_toolkit.publishing import current_files
from shop_toolkit.watch import Outcome, Pause, Refresher, Stamps, Watcher, look_at_input, reason_of_message

DONE = Outcome(None, 3, 2)


class Script:
    """What a watcher sees and does, look by look, with a clock that a test moves."""

    def __init__(self, outcomes: list[Outcome] | None = None) -> None:
        self.now, self.input, self.outcomes = 0.0, {"a.csv": "1"}, outcomes or []
        self.refreshes: list[Stamps] = []
        self.said: list[str] = []
        self.watcher = Watcher(self.look, self.refresh, self.said.append, lambda: self.now)

    def look(self) -> Stamps:
        if not self.input:
            raise InputError("there is no file 'a.csv'.")
        return dict(self.input)

    def refresh(self) -> Outcome:
        self.refreshes.append(dict(self.input))
        return self.outcomes.pop(0) if self.outcomes else DONE

    def steps(self, count: int) -> int:
        """How many refreshes so many looks lead to."""
        before = len(self.refreshes)
        for _ in range(count):
            self.watcher.step()
        return len(self.refreshes) - before


def test_it_refreshes_once_at_the_start_and_once_after_each_change() -> None:
    script = Script()
    assert script.steps(5) == 1
    script.input["b.csv"] = "1"
    assert script.steps(5) == 1
    script.input["a.csv"] = "2"
    assert script.steps(5) == 1
    assert script.said == ["3 new lines, 2 changed customers, 0.0 s."] * 3


def test_it_waits_until_a_file_that_is_being_written_is_still() -> None:
    script = Script()
    script.steps(3)
    for size in range(2, 6):
        script.input["a.csv"] = str(size)
        assert script.steps(1) == 0
    assert script.steps(1) == 1
    assert script.refreshes[-1] == {"a.csv": "5"}


def test_a_file_that_changes_during_a_refresh_is_read_by_the_next_one() -> None:
    script = Script()
    seen = script.watcher.refresh

    def slow() -> Outcome:
        script.input = {"a.csv": "during"}
        return seen()

    script.watcher.refresh = slow
    script.steps(2)
    script.watcher.refresh = seen
    assert script.steps(3) == 1


def test_input_that_cannot_be_read_is_reported_once_and_waited_for() -> None:
    script = Script()
    script.input = {}
    assert script.steps(4) == 0
    assert script.said == ["The input can't be read yet: there is no file 'a.csv'."]
    script.input = {"a.csv": "1"}
    assert script.steps(2) == 1


def test_after_a_failure_it_goes_on_when_the_input_changes_or_a_growing_pause_is_over() -> None:
    failed = Outcome("segments: Got 1 result.")
    script = Script([failed, failed, failed])
    assert script.steps(5) == 1
    assert script.said == [
        "The refresh failed after 0.0 s: segments: Got 1 result. It is tried again when the input changes, or in 5 s."
    ]
    script.now = 5
    assert script.steps(5) == 1
    assert script.said[-1].endswith("or in 10 s.")
    script.now = 14
    assert script.steps(5) == 0
    script.input["a.csv"] = "2"
    assert script.steps(5) == 1
    script.now = 1000
    assert script.steps(5) == 1
    assert script.steps(5) == 0, "it succeeded"


def test_a_pause_grows_up_to_the_longest() -> None:
    pause = Pause(lambda: 0.0)
    assert [pause.failed() for _ in range(8)] == [5, 10, 20, 40, 80, 160, 300, 300]
    pause.succeeded()
    assert pause.failed() == 5


def test_the_state_of_the_input_is_that_of_its_files(tmp_path: Path) -> None:
    glob = str(tmp_path / "*.csv")
    with pytest.raises(InputError, match="there is no file"):
        look_at_input(glob, tmp_path / "none")
    (tmp_path / "a.csv").write_text("x")
    first = look_at_input(glob, tmp_path / "none")
    assert first == look_at_input(glob, tmp_path / "none")
    (tmp_path / "a.csv").write_text("xy")
    assert look_at_input(glob, tmp_path / "none") != first
    (tmp_path / "b.csv").touch()
    with pytest.raises(InputError, match="is empty"):
        look_at_input(glob, tmp_path / "none")


def test_the_state_of_a_table_is_its_number_of_rows(tmp_path: Path) -> None:
    warehouse = tmp_path / "shop.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema raw; create table raw.sales as from range(3)")
    assert look_at_input("raw.sales", warehouse) == {"raw.sales": "3"}
    with pytest.raises(InputError, match="missing"):
        look_at_input("raw.missing", warehouse)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Got 2 results, configured to fail if != 0", "Got 2 results, configured to fail if != 0"),
        (
            "Runtime Error in model x (models/x.sql)\n  no room\n  compiled code at target/x.sql",
            "no room",
        ),
        ("Compilation Error\n  This run fits nothing.\n  Run 'dbt build'.", "This run fits nothing. Run 'dbt build'."),
    ],
)
def test_a_failure_is_one_sentence_without_the_places_that_dbt_names(message: str, reason: str) -> None:
    assert reason_of_message(message) == reason


@pytest.fixture
def signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
def test_the_first_interrupt_asks_to_stop_and_the_second_one_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping, codes = Event(), list[int]()
    monkeypatch.setattr(os, "_exit", codes.append)
    watch.stop_on_signals(stopping)
    signal.raise_signal(signal.SIGINT)
    assert stopping.is_set()
    assert codes == []
    signal.raise_signal(signal.SIGINT)
    assert codes == [130]


def test_without_a_full_build_it_stops_with_a_sentence(tmp_path: Path) -> None:
    warehouse = tmp_path / "shop.duckdb"
    command = [sys.executable, "-m", "shop_toolkit.watch"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "python_models"), "SHOP_WAREHOUSE": str(warehouse)}
    for problem in ("There is no warehouse", "No full build has filled the warehouse"):
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert problem in done.stderr
        assert "Run 'make build' first" in done.stderr
        assert "Traceback" not in done.stderr
        duckdb.connect(str(warehouse)).close()


class Shops:
    """A copy of the embedded shop that reads a folder of files, and a refresher of it in this process."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        self.shop, self.exports, self.published = shop, folder / "exports", folder / "published"
        self.exports.mkdir()
        first = self.exports / "first.csv"
        shutil.copy2(DEMO_FILE, first)
        before, now = DEMO_FILE.relative_to(ROOT).as_posix(), f"{self.exports}/*.csv"
        # As if it had been built from there: to build it again would take as long as all that is tested here.
        with duckdb.connect(str(shop.warehouse)) as warehouse:
            for table in ("ingest_watermark", "ingested_files", "ingest_plan"):
                warehouse.execute(
                    f"update sources.{table} set input_signature = replace(input_signature, ?, ?)", [before, now]
                )
            warehouse.execute("update sources.ingested_files set file_name = ?", [str(first)])
        shop.settings |= {"transactions": now, "published_folder": str(self.published)}
        with DEMO_FILE.open(encoding="utf-8", newline="") as file:
            self.headings, *rows = list(csv.reader(file))
        self.sales = [row for row in rows if row[0].isdigit() and row[6].isdigit() and row[1].isdigit()][-40:]

    def refresher(self, stopping: Event) -> Refresher:
        refresher = Refresher("", self.shop.warehouse, stopping, tuple(self.shop._options()))
        refresher.manifest = self.shop.parsed()
        return refresher

    def arrive(self, number: int, lines: int = 10) -> None:
        """A file of the last sales once more, as other invoices of other customers."""
        with (self.exports / f"later_{number:04d}.csv").open("w", encoding="utf-8", newline="") as file:
            rows = [[f"9{number:04d}{row[0]}", *row[1:6], f"9{number:04d}", row[7]] for row in self.sales[:lines]]
            csv.writer(file).writerows([self.headings, *rows])

    def live(self) -> str:
        return str(current_files(self.published / "live")[0]["publication_id"])


@pytest.fixture
def shops(copy_of_demo_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shops:
    monkeypatch.chdir(ROOT)
    for name, value in copy_of_demo_shop._environment().items():
        monkeypatch.setenv(name, value)
    return Shops(copy_of_demo_shop, tmp_path)


class StopLater(Event):
    """Is set once it was asked for so often: dbt has begun to build then."""

    def __init__(self, asked: int) -> None:
        super().__init__()
        self.asked = asked

    def is_set(self) -> bool:
        self.asked -= 1
        return self.asked < 0


def test_refreshes_publish_new_lines_and_go_on_after_a_failure_and_after_being_stopped(shops: Shops) -> None:
    refresh = shops.refresher(Event())
    assert refresh() == Outcome(None, 0, 0)
    shops.arrive(1)
    assert refresh() == Outcome(None, 10, 1)
    assert shops.shop.row("select count(*) from customers where customer_id = '90001'") == (1,)
    live = shops.live()

    # a test that fails: nothing is published
    shops.arrive(2)
    with duckdb.connect(str(shops.shop.warehouse)) as warehouse:
        warehouse.execute("create table seeds.backup as from seeds.segment_strategies")
        warehouse.execute("insert into seeds.segment_strategies from seeds.backup where segment = 'lost'")
    failed = refresh()
    assert failed.problem is not None
    assert "assert_segments_hold_every_customer: Got " in failed.problem
    assert shops.live() == live
    with duckdb.connect(str(shops.shop.warehouse)) as warehouse:
        warehouse.execute("create or replace table seeds.segment_strategies as from seeds.backup")

    # stopped in the middle: nothing is published, and the next one goes on from there
    shops.arrive(3)
    stopped = shops.refresher(StopLater(400))()
    assert stopped.problem == "it was stopped between two steps, and the next one goes on from there."
    assert shops.live() == live
    assert refresh().problem is None
    assert shops.live() != live
    assert shops.shop.row("select count(*) from customers where customer_id in ('90001', '90002', '90003')") == (3,)
    with duckdb.connect(str(shops.published / "live" / "marts.duckdb"), read_only=True) as reader:
        in_warehouse = sorted(shops.shop.rows("from audiences"))
        assert sorted(reader.execute("from audiences").fetchall()) == in_warehouse
