"""`make watch`: refreshes when the input has changed and is still, goes on after failures, stops when asked to."""

import csv
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import pytest
from conftest import DEMO_FILE, REAL_FILE, ROOT, Shop
from shop_toolkit import watch
from shop_toolkit.ingest.files import InputError
from shop_toolkit.outbox import Outbox, run_command
from shop_toolkit.publishing import LIVE_SECONDS_BEFORE, current_files
from shop_toolkit.watch import (
    Input,
    Outcome,
    Pause,
    Refresher,
    Seen,
    Shown,
    Stamps,
    Watcher,
    check_is_built,
    reason_of_message,
)

DONE = Outcome(None, 3, 2)
OUTBOX = "publishing.customer_changes_outbox"


class Script:
    """What a watcher sees and does, look by look, with a clock that a test moves."""

    def __init__(self, outcomes: list[Outcome] | None = None) -> None:
        self.now, self.input, self.outcomes = 0.0, {"a.csv": "1"}, outcomes or []
        self.refreshes: list[Stamps] = []
        self.said: list[str] = []
        self.watcher = Watcher(self.look, self.refresh, self.said.append, clock=lambda: self.now)

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
    script.input = {}
    assert script.steps(4) == 0
    script.input = {"a.csv": "1"}
    assert script.steps(4) == 0, "it is as it was"
    script.input = {}
    assert script.steps(4) == 0
    assert len([sentence for sentence in script.said if "can't be read" in sentence]) == 3


def test_what_a_refresh_spilled_is_said_after_it() -> None:
    sentence = "DuckDB spilled up to 1.2 GB to disk: more SHOP_MEMORY makes this faster."
    script = Script([Outcome(None, 3, 2, sentence)])
    script.steps(2)
    assert script.said == ["3 new lines, 2 changed customers, 0.0 s.", sentence]


def test_when_it_is_stopped_it_promises_no_other_attempt_and_delivers_nothing() -> None:
    script = Script()
    script.steps(1)

    def stopped() -> Outcome:
        script.watcher.stopping.set()
        return Outcome("it was stopped.")

    script.watcher.refresh, script.watcher.deliver = stopped, lambda: (1, None)
    script.steps(1)
    assert script.said == ["The refresh ended after 0.0 s: it was stopped."]


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


def test_a_command_that_fails_is_tried_again_after_each_refresh_and_after_a_growing_pause() -> None:
    script = Script()
    answers: list[tuple[int, str | None]] = [(0, "it ended with code 1"), (0, "it ended with code 1"), (2, None)]
    asked = []

    def deliver() -> tuple[int, str | None]:
        asked.append(script.now)
        return answers.pop(0) if answers else (0, None)

    script.watcher.deliver = deliver
    script.steps(2)
    assert script.said[0] == (
        "The command of 'on_change' failed: it ended with code 1. No change is lost: it gets the same ones after the"
        " next refresh, or in 5 s."
    )
    script.steps(3)
    assert asked == [0, 0], "once at the start, once after the refresh"
    script.now = 9
    script.steps(3)
    assert len(asked) == 2
    script.now = 10
    script.steps(3)
    assert asked == [0, 0, 10, 10, 10]
    assert script.said[-1] == "2 changes delivered."


def test_a_pause_grows_up_to_the_longest() -> None:
    pause = Pause(lambda: 0.0)
    assert [pause.failed() for _ in range(8)] == [5, 10, 20, 40, 80, 160, 300, 300]
    pause.succeeded()
    assert pause.failed() == 5
    assert Pause(lambda: 0.0, failures=2000).failed() == 300, "a week of failures"


def test_the_state_of_the_input_is_that_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    glob = str(tmp_path / "*.csv")
    with pytest.raises(InputError, match="there is no file"):
        Input(glob, tmp_path / "none").look()
    (tmp_path / "a.csv").write_text("x")
    first = Input(glob, tmp_path / "none").look()
    assert first == Input(glob, tmp_path / "none").look()
    (tmp_path / "a.csv").write_text("xy")
    assert Input(glob, tmp_path / "none").look() != first
    (tmp_path / "b.csv").touch()
    with pytest.raises(InputError, match="is empty"):
        Input(glob, tmp_path / "none").look()
    (tmp_path / "b.csv").unlink()

    def unplugged(_: str) -> str:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("shop_toolkit.ingest.files.stamp", unplugged)
    with pytest.raises(InputError, match="can't be read: Input/output error"):
        Input(glob, tmp_path / "none").look()


def test_the_state_of_a_table_is_its_number_of_rows(tmp_path: Path) -> None:
    warehouse = tmp_path / "shop.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema raw; create table raw.sales as from range(3)")
    table = Input("raw.sales", warehouse)
    assert table.look() == {"raw.sales": "3"}
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into raw.sales values (3)")
    assert table.look() == {"raw.sales": "4"}
    with pytest.raises(InputError, match="missing"):
        Input("raw.missing", warehouse).look()


def test_a_warehouse_that_is_unchanged_is_opened_once_to_look_at_a_table(tmp_path: Path) -> None:
    warehouse = tmp_path / "shop.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create table sales as from range(3)")
    table = Input("sales", warehouse)
    table.look()
    with duckdb.connect(str(warehouse)) as holder:
        # In one process another configuration of the same file is refused, as a lock of another process is.
        assert table.look() == {"sales": "3"}
        holder.execute("checkpoint; insert into sales values (3)")
        with pytest.raises(InputError, match="different configuration"):
            table.look()
    assert table.look() == {"sales": "4"}


def test_a_view_is_counted_at_each_look_as_it_may_read_files(tmp_path: Path) -> None:
    warehouse, files = tmp_path / "shop.duckdb", str(tmp_path / "*.csv")
    (tmp_path / "a.csv").write_text("customer\nc1\n")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"create view sales as from read_csv('{files}')")
    view = Input("sales", warehouse)
    assert view.look() == {"sales": "1"}
    (tmp_path / "b.csv").write_text("customer\nc2\n")
    assert view.look() == {"sales": "2"}


@pytest.mark.parametrize(("prefix", "marts", "sources"), [(None, "main", "sources"), ("mine", "mine", "mine_sources")])
def test_lines_and_changes_count_from_the_last_look_that_succeeded(
    prefix: str | None, marts: str, sources: str, tmp_path: Path
) -> None:
    warehouse, shown = tmp_path / "shop.duckdb", Shown(prefix)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"""
            create schema if not exists {marts};
            create schema {sources};
            create table {sources}.ingest_watermark as select 70 as last_row;
            create table {marts}.customer_alerts (customer_id varchar, state varchar);
            create table {marts}.segment_changes (customer_id varchar);
            create table {marts}.customers as
            select 'a' as customer_id, 'loyal' as rfm_segment, 'x' as broad_segment, 'y' as detailed_segment
        """)
    check_is_built(warehouse, prefix)
    assert shown.look(tmp_path / "none") == Seen(0, 0)
    assert shown.look(warehouse) == Seen(0, 0), "what the first look finds is not new"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"update {sources}.ingest_watermark set last_row = 75")
        connection.execute(f"update {marts}.customers set rfm_segment = 'lost'")
    assert shown.look(tmp_path / "none") == Seen(0, 0)
    assert shown.look(warehouse) == Seen(5, 1)
    assert shown.look(warehouse) == Seen(0, 0)


def test_a_warehouse_that_nobody_has_written_to_is_not_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse, shown, looks = tmp_path / "shop.duckdb", Shown(), []

    def compare() -> Seen:
        looks.append(1)
        return Seen(1, 1)

    monkeypatch.setattr(shown, "_compare", compare)
    for rows, count in ((1, 1), (2, 2)):
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(f"create or replace table written as from range({rows})")
        assert shown.look(warehouse) == Seen(1, 1)
        assert shown.look(warehouse) == Seen(0, 0)
        assert len(looks) == count


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


def outbox_of(folder: Path, changes: int) -> Path:
    """A warehouse with so many changes to deliver, and a state that nobody gets."""
    warehouse = folder / "shop.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"""
            create schema publishing;
            create table {OUTBOX} as
            select
                range as change_number, md5(range::varchar) as change_id, 'c' || range as customer_id,
                12.50::decimal(18, 2) as expected_loss, range = 0 as is_initial, null::timestamp as delivered_at
            from range({changes} + 1)
        """)
    return warehouse


def pending(warehouse: Path) -> int:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        ((count,),) = connection.execute(
            f"select count(*) from {OUTBOX} where not is_initial and delivered_at is null"
        ).fetchall()
    return int(count)


def test_changes_are_delivered_in_order_and_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop_toolkit.outbox.MOST_LINES", 2)
    warehouse, received = outbox_of(tmp_path, 5), tmp_path / "received"
    outbox = Outbox(warehouse, f"cat >> {received}; echo . >> {received}")
    assert outbox.deliver() == (5, None)
    lines = received.read_text().splitlines()
    assert [json.loads(line)["customer_id"] for line in lines if line != "."] == ["c1", "c2", "c3", "c4", "c5"]
    assert lines.count(".") == 3
    assert json.loads(lines[0]) == {
        "change_number": 1, "change_id": "c4ca4238a0b923820dcc509a6f75849b", "customer_id": "c1", "expected_loss": 12.5,
    }  # fmt: skip
    assert pending(warehouse) == 0
    assert outbox.deliver() == (0, None)


def test_it_stops_between_two_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop_toolkit.outbox.MOST_LINES", 2)
    warehouse, stopping = outbox_of(tmp_path, 5), Event()
    assert Outbox(warehouse, "", lambda *_: stopping.set(), stopping).deliver() == (2, None)
    assert Outbox(warehouse, "", lambda *_: None).deliver() == (3, None)


def test_what_a_command_refused_is_delivered_again_before_later_changes(tmp_path: Path) -> None:
    warehouse, received = outbox_of(tmp_path, 2), tmp_path / "received"
    assert Outbox(warehouse, "no_such_command_at_all").deliver()[1] is not None
    outbox = Outbox(warehouse, f"cat >> {received}; exit 3")
    assert outbox.deliver() == (0, "it ended with code 3")
    assert pending(warehouse) == 2
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"insert into {OUTBOX} values (3, 'later', 'c3', null, false, null)")
    outbox.command = f"cat >> {received}"
    assert outbox.deliver() == (3, None)
    ids = [json.loads(line)["customer_id"] for line in received.read_text().splitlines()]
    assert ids == ["c1", "c2", "c1", "c2", "c3"]


def test_a_watcher_that_is_killed_before_it_marks_delivers_again_with_the_same_ids(tmp_path: Path) -> None:
    warehouse, batches = outbox_of(tmp_path, 2), list[str]()

    def killed(_: str, lines: str) -> str | None:
        batches.append(lines)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Outbox(warehouse, "", killed).deliver()
    assert Outbox(warehouse, "", lambda _, lines: batches.append(lines)).deliver() == (2, None)
    assert batches[0] == batches[1]


def test_a_warehouse_in_use_is_marked_later_and_delivered_once(tmp_path: Path) -> None:
    warehouse, batches = outbox_of(tmp_path, 2), list[str]()
    holder = duckdb.connect()

    def run(_: str, lines: str) -> None:
        batches.append(lines)
        # Another configuration of the same file in one process is refused as a lock of another process is.
        holder.execute(f"attach '{warehouse}' as used (read_only)")

    outbox = Outbox(warehouse, "", run)
    assert outbox.deliver() == (2, None)
    assert pending(warehouse) == 2
    holder.close()
    assert outbox.deliver() == (0, None)
    assert pending(warehouse) == 0
    assert len(batches) == 1


def test_a_command_that_hangs_is_killed() -> None:
    assert run_command("sleep 60 | cat", "x", seconds=0.2) == "it took longer than 0 s"
    assert run_command("true", "x" * 1_000_000) is None
    assert run_command("echo no address >&2; exit 2", "") == "it ended with code 2 (no address)"


def test_a_command_has_ended_when_its_shell_has() -> None:
    assert run_command("sleep 3 & cat > /dev/null", "x", seconds=1) is None


def test_a_command_that_cannot_be_run_has_failed() -> None:
    problem = run_command("true " + "x" * 5_000_000, "")
    assert problem is not None
    assert problem.startswith("it can't be run (")


def test_a_warehouse_that_is_gone_has_nothing_to_deliver(tmp_path: Path) -> None:
    assert Outbox(tmp_path / "none", "true").deliver() == (0, None)


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


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("seconds", ["soon", "0", "-1", "nan", "inf", "1e9"])
def test_seconds_that_are_none_stop_it_with_a_sentence(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert watch.main([f"--seconds={seconds}"]) == 1
    assert capsys.readouterr().err == (
        f"EVERY is '{seconds}'; give the seconds between two looks, up to a day: EVERY=10.\n"
    )


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
    """A copy of a shop that reads a folder of files, and a refresher of it in this process."""

    def __init__(self, shop: Shop, folder: Path, log: Path = DEMO_FILE, encoding: str = "utf-8") -> None:
        self.shop, self.exports, self.published = shop, folder / "exports", folder / "published"
        self.encoding = encoding
        self.exports.mkdir()
        first = self.exports / "first.csv"
        shutil.copy2(log, first)
        before, now = Path(os.path.relpath(log, ROOT)).as_posix(), f"{self.exports}/*.csv"
        # As if it had been built from there: to build it again would take as long as all that is tested here.
        with duckdb.connect(str(shop.warehouse)) as warehouse:
            for table in ("ingest_watermark", "ingested_files", "ingest_plan"):
                warehouse.execute(
                    f"update sources.{table} set input_signature = replace(input_signature, ?, ?)", [before, now]
                )
            warehouse.execute("update sources.ingested_files set file_name = ?", [str(first)])
        shop.settings |= {"transactions": now, "published_folder": str(self.published)}
        with log.open(encoding=encoding, newline="") as file:
            self.headings, *rows = list(csv.reader(file))
        self.sales = [row for row in rows if row[0].isdigit() and row[6].isdigit() and row[1].isdigit()][-2_000:]

    def refresher(self, stopping: Event) -> Refresher:
        refresher = Refresher("", self.shop.warehouse, stopping, tuple(self.shop._options()))
        refresher.manifest = self.shop.parsed()
        return refresher

    def arrive(self, number: int, lines: int = 10) -> None:
        """A file of the last sales once more, as other invoices of other customers, each with 40 lines."""
        written = self.exports / "being_written"
        with written.open("w", encoding=self.encoding, newline="") as file:
            rows = [
                [f"9{number:04d}{row[0]}", *row[1:6], f"9{number:04d}{place // 40 or ''}", row[7]]
                for place, row in enumerate(self.sales[-40:] if lines <= 40 else self.sales)
            ]
            csv.writer(file).writerows([self.headings, *rows[:lines]])
        written.rename(self.exports / f"later_{number:04d}.csv")

    def live(self) -> str:
        return str(current_files(self.published / "live")[0]["publication_id"])


@pytest.fixture
def shops(copy_of_demo_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shops:
    monkeypatch.chdir(ROOT)
    for name, value in copy_of_demo_shop._environment().items():
        monkeypatch.setenv(name, value)
    return Shops(copy_of_demo_shop, tmp_path)


def stop_after(refresher: Refresher, node: str) -> Refresher:
    """The same refresher, which is asked to stop while a node ends."""
    go_on = refresher._hear

    def stop(event: Any) -> None:
        if event.info.name == "NodeFinished" and event.data.node_info.node_name == node:
            refresher.stopping.set()
        go_on(event)

    refresher._hear = stop  # type: ignore[method-assign]
    return refresher


def test_refreshes_publish_new_lines_and_go_on_after_a_failure_and_after_being_stopped(shops: Shops) -> None:
    shops.shop.settings["on_change"] = "as below"
    sent: list[str] = []
    answers = ["it ended with code 1", None]

    def run(_: str, lines: str) -> str | None:
        sent.append(lines)
        return answers.pop(0)

    outbox = Outbox(shops.shop.warehouse, "as below", run)
    refresh = shops.refresher(Event())
    # the states that changes are compared with: nothing to send
    assert refresh() == Outcome(None, 0, 0)
    assert shops.shop.row(f"select count(*), bool_and(is_initial) from {OUTBOX}") == (
        *shops.shop.row("select count(*) from customers"), True,
    )  # fmt: skip
    assert outbox.deliver() == (0, None)
    shops.arrive(1)
    assert refresh() == Outcome(None, 10, 1)
    assert outbox.deliver() == (0, "it ended with code 1")
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
    stopped = stop_after(shops.refresher(Event()), "base_transactions")()
    assert stopped.problem == "it was stopped between two steps, and the next one goes on from there."
    assert shops.live() == live
    assert refresh().problem is None
    assert shops.live() != live
    assert shops.shop.row("select count(*) from customers where customer_id in ('90001', '90002', '90003')") == (3,)
    with duckdb.connect(str(shops.published / "live" / "marts.duckdb"), read_only=True) as reader:
        in_warehouse = sorted(shops.shop.rows("from audiences"))
        assert sorted(reader.execute("from audiences").fetchall()) == in_warehouse

    # what the command had refused comes first; then it is marked, and nothing comes twice
    assert outbox.deliver() == (3, None)
    refused, delivered = sent
    assert delivered.startswith(refused)
    changes = [json.loads(line) for line in delivered.splitlines()]
    assert [change["customer_id"] for change in changes] == ["90001", "90002", "90003"]
    assert [change["rfm_segment_before"] for change in changes] == [None] * 3
    now = dict(shops.shop.rows("select customer_id, rfm_segment from customers"))
    assert [change["rfm_segment"] for change in changes] == [now[f"9000{number}"] for number in (1, 2, 3)]
    assert changes[0]["rfm_cause"] == "new"
    assert outbox.deliver() == (0, None)
    assert shops.shop.row(f"select count(*) from {OUTBOX} where delivered_at is not null") == (3,)

    # without a view that a build left out when it was killed, nothing is published either
    live = shops.live()
    shops.arrive(4)
    with duckdb.connect(str(shops.shop.warehouse)) as warehouse:
        warehouse.execute("drop view segment_changes")
    refresh()
    assert shops.live() == live
    with pytest.raises(InputError, match="No full build has filled the warehouse"):
        watch.check_is_built(shops.shop.warehouse)


class WatchProcess:
    """`make watch` on a shop, in a process of its own, and what Linux and the disk say of it."""

    def __init__(self, shops: Shops) -> None:
        self.shops = shops
        self.warehouse, self.live = shops.shop.warehouse, shops.published / "live"
        folder = shops.shop.folder
        environment = os.environ | shops.shop._environment() | {
            "PYTHONPATH": str(ROOT / "python_models"), "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        }  # fmt: skip
        command = [sys.executable, "-m", "shop_toolkit.watch", "--seconds", "0.2", json.dumps(shops.shop.settings)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def wait_for(self, *parts: str) -> None:
        """Read its lines up to one for each of the parts, in this order; fail with a line that reports a failure."""
        assert self.process.stdout is not None
        said: list[str] = []
        for part in parts:
            for line in self.process.stdout:
                said.append(line)
                assert "failed" not in line, said
                if part in line:
                    break
            else:
                raise AssertionError(f"it ended before it said '{part}': {said}")

    def stop(self) -> str:
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=120)[0]

    def state(self) -> dict[str, float]:
        """What must not grow: megabytes in memory and of files, what is open, tables; and seconds so far."""
        folder = Path("/proc") / str(self.process.pid)
        pages = int((folder / "statm").read_text().split()[1])
        ticks = (folder / "stat").read_text().rpartition(") ")[2].split()[11:13]
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            ((tables, temporary),) = connection.execute(
                "select count(*), count(*) filter (temporary or table_name like '%\\_\\_dbt\\_%' escape '\\')"
                " from (select table_name, temporary from duckdb_tables()"
                " union all select view_name, temporary from duckdb_views() where not internal)"
            ).fetchall()
        return {
            "memory": pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
            "threads": len(list((folder / "task").iterdir())),
            "open files": len(list((folder / "fd").iterdir())),
            "warehouse": megabytes(self.warehouse),
            "published": megabytes(*self.live.rglob("*")),
            "versions": len(list((self.live / "versions").iterdir())),
            "tables": tables,
            "temporary tables": temporary,
            "processor seconds": sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"),
        }


def megabytes(*paths: Path) -> float:
    """Megabytes of files; those that are deleted meanwhile have none."""
    sizes = 0
    for path in paths:
        with suppress(FileNotFoundError):
            sizes += path.lstat().st_size if path.is_file() and not path.is_symlink() else 0
    return sizes / 1e6


def check_that_nothing_grows(shops: Shops, refreshes: int, lines: int, *, growth: float) -> None:
    """Refresh again and again by `make watch`, each time with a further file, and look at what it leaves each time.

    Bounds: what a refresh replaces stays in the warehouse as room for the next one, so the file gets no larger than
    with all tables twice; versions are deleted a minute after they were current, and two stay; a process that leaked
    only what dbt says of one node, 50 kB, would grow by 3 MB each time.

    Args:
        shops: The shop.
        refreshes: How many.
        lines: Lines of each file.
        growth: How many times as many lines there are at the end: by so much the figures may grow.
    """
    shops.shop.settings["on_change"] = "cat > /dev/null"
    watched = WatchProcess(shops)
    states, ended = list[dict[str, float]](), list[float]()
    try:
        watched.wait_for("Watching", "0 new lines")
        before = watched.state()
        for number in range(1, refreshes + 1):
            shops.arrive(number, lines)
            # What changed is delivered before the next look at the input, and says that the warehouse is let go of.
            watched.wait_for(f"{lines:,} new lines", "delivered")
            ended.append(time.time())
            states.append(watched.state())
            # What was current in the last minute, when this refresh published; the current one; two more.
            recent = sum(end > ended[-1] - watch_seconds() for end in ended)
            assert states[-1]["versions"] <= recent + 3
    finally:
        said = watched.stop()
        record(states)
    assert watched.process.returncode == 0, said
    ten, early, late = states[:10], states[refreshes // 5], states[refreshes // 2 :]
    assert {state["temporary tables"] for state in states} == {0}, states
    assert {state["tables"] for state in states} == {before["tables"]}, states
    # The middle one: a file or two may be open for a moment, while a leak of one each time would leave a hundred.
    for name in ("open files", "threads"):
        assert statistics.median(state[name] for state in late) <= max(state[name] for state in ten), (name, states)
    assert max(state["memory"] for state in late) < early["memory"] * growth + 60, states
    assert max(state["warehouse"] for state in late) < 2 * growth * before["warehouse"], states
    assert max(state["published"] / state["versions"] for state in late) < growth * 1.2 * max(
        state["published"] / state["versions"] for state in ten
    ), states
    # Seconds of the processor, which other work on the machine changes less than those of the clock.
    spent = [now["processor seconds"] for now in states]
    first, last = (spent[9] - spent[0]) / 9, (spent[-1] - spent[-11]) / 10
    assert last < 1.5 * growth * first, (first, last)
    ((customers, kept),) = shops.shop.rows(
        f"select (select count(*) from customers), count(*) from {OUTBOX} where delivered_at is not null or is_initial"
    )
    # Those of the last run are pruned by the next.
    assert kept <= customers + 20 + lines


def record(states: list[dict[str, float]]) -> None:
    """Print a state now and then, which pytest shows with `-s` or where the test fails."""
    for number in sorted({0, 1, 4, 9, len(states) // 5, len(states) // 2, len(states) - 10, len(states) - 1}):
        if 0 <= number < len(states):
            print(number + 1, {name: round(value, 1) for name, value in states[number].items()}, flush=True)


needs_linux = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory and open files are read as Linux has them"
)


@pytest.mark.soak
@needs_linux
def test_two_hundred_refreshes_grow_neither_memory_nor_files(shops: Shops) -> None:
    """Ten lines each, as exports of an hour; at the end there are 18 % more than at first."""
    check_that_nothing_grows(shops, 200, 10, growth=1.18)


@pytest.mark.soak
@needs_linux
def test_refreshes_of_the_real_shop_grow_neither_memory_nor_files(real_shop: Shop, tmp_path: Path) -> None:
    """1,600 lines each, as many as a day has: two months of days."""
    shops = Shops(real_shop.copy(tmp_path / "shop"), tmp_path, REAL_FILE, "latin-1")
    check_that_nothing_grows(shops, 50, 1_600, growth=1.15)


def watch_seconds() -> float:
    """For how long a version of the live publication stays, with some time for a refresh to publish and to end."""
    return LIVE_SECONDS_BEFORE + 60
