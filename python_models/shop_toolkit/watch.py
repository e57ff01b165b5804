"""`make watch`: refresh whenever the input changes, until it is stopped.

Run in the project's folder: `python -m shop_toolkit.watch "{transactions: exports/*.csv}" [--seconds N]`

It is a loop around `dbt build --selector refresh`, in one process: dbt is loaded and the project is parsed once.
"""

import argparse
import gc
import logging
import math
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Event
from typing import Any

import duckdb

from shop_toolkit.ending import end, silence_helpers
from shop_toolkit.errors import first_line_of, named, shortened
from shop_toolkit.ingest.files import InputError, stamp_or_none, stamps
from shop_toolkit.ingest.inspect_input import settings_of_run
from shop_toolkit.ingest.relation_of_input import is_file_name, qualified_name
from shop_toolkit.outbox import Outbox
from shop_toolkit.quoting import quote_text
from shop_toolkit.report.words import plural
from shop_toolkit.spilling import watch_spilling
from shop_toolkit.warehouse import close_warehouse, schema_of, warehouse_path

# What identifies the state of the input: size and time of the last change by file, or the row count by table.
Stamps = Mapping[str, str]

SECONDS_BETWEEN_LOOKS = 1.0
# Before a refresh that failed is tried again on the same input: the first pause, doubled each time up to the longest.
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
MOST_DOUBLINGS = 10
LONGEST_SECONDS = 86_400.0
LONGEST_PROBLEM = 400
REFRESH = ("build", "--selector", "refresh")
# Nobody reads dbt's messages and files here. Its own log would write out each message before it drops those below its
# level, a twentieth of a refresh; `Refresher` writes warnings and errors to the same file.
OPTIONS = ("--no-write-json", "--log-level", "none", "--log-level-file", "none", "--no-use-colors")
LOGGED_LEVELS = ("warn", "error")
# dbt's message that a node has ended, which is one for debugging.
NODE_ENDS = frozenset({"NodeFinished"})
MOST_LOGGED_BYTES = 10_000_000
# The state that readers act on, per customer.
STATES = """
    select
        customers.customer_id,
        hash(rfm_segment, broad_segment, customers.detailed_segment, state) as state
    from {marts}.customers as customers
    left join {marts}.customer_alerts as alerts
        on customers.customer_id = alerts.customer_id
"""


class StoppedError(Exception):
    """Raised at the end of a node, for dbt to begin no other that depends on it."""


@dataclass(frozen=True)
class Outcome:
    """What a refresh did.

    Attributes:
        problem: Why it failed, as a sentence; None where it succeeded.
        lines: Rows of the input that are new.
        customers: Customers whose segments or alert are others than before.
        spilled: What DuckDB spilled to disk, as a sentence; None where it was nothing.
    """

    problem: str | None
    lines: int = 0
    customers: int = 0
    spilled: str | None = None


@dataclass
class Pause:
    """When to try again what failed: after a pause that grows.

    Attributes:
        clock: Seconds of a clock that never goes back.
        failures: How often it failed in a row.
        until: When the pause is over.
    """

    clock: Callable[[], float]
    failures: int = 0
    until: float = 0.0

    def failed(self) -> float:
        """Begin a pause, and return its seconds."""
        # Doubled no further than needed: after days of failures the power would be too large for a float.
        seconds = float(min(FIRST_PAUSE * 2 ** min(self.failures, MOST_DOUBLINGS), LONGEST_PAUSE))
        self.failures += 1
        self.until = self.clock() + seconds
        return seconds

    def succeeded(self) -> None:
        """End it."""
        self.failures = 0

    @property
    def is_over(self) -> bool:
        """Whether something failed, and it is time to try again."""
        return self.failures > 0 and self.clock() >= self.until


@dataclass
class Watcher:
    """Looks at the input and refreshes when it has changed and is still.

    Attributes:
        look: The stamps of the input as it is now; raises InputError where it can't be read.
        refresh: Refreshes once.
        deliver: Delivers changes of customers; returns how many, and why others were not. None delivers nothing.
        say: Where sentences go.
        clock: Seconds of a clock that never goes back; a test passes another one.
        stopping: Set when nothing further should begin.
    """

    look: Callable[[], Stamps]
    refresh: Callable[[], Outcome]
    say: Callable[[str], None]
    deliver: Callable[[], tuple[int, str | None]] | None = None
    clock: Callable[[], float] = time.monotonic
    stopping: Event = field(default_factory=Event)
    pause: Pause = field(init=False)
    delivery_pause: Pause = field(init=False)
    _looked: Stamps | None = None
    _refreshed: Stamps | None = None
    _said: str | None = None

    def __post_init__(self) -> None:
        self.pause, self.delivery_pause = Pause(self.clock), Pause(self.clock)

    def step(self) -> None:
        """Look once; refresh if the input is as at the look before, and other than at the last refresh; deliver.

        The first refresh doesn't ask what is new: an earlier one may have failed.
        """
        self._look()
        is_due = not self.delivery_pause.failures or self.delivery_pause.is_over
        if self.deliver is not None and is_due and not self.stopping.is_set():
            self._deliver(self.deliver)

    def _look(self) -> None:
        try:
            now = self.look()
        except InputError as error:
            self._looked = None
            self._say_once(f"The input can't be read yet: {shortened(str(error), LONGEST_PROBLEM)}")
            return
        self._said = None
        is_still, self._looked = now == self._looked, now
        if is_still and (now != self._refreshed or self.pause.is_over):
            self._refresh(now)

    def _deliver(self, deliver: Callable[[], tuple[int, str | None]]) -> None:
        count, problem = deliver()
        if count:
            self.say(f"{plural(count, 'change')} delivered.")
        if problem is None:
            self.delivery_pause.succeeded()
            return
        pause = self.delivery_pause.failed()
        self.say(
            f"The command of 'on_change' failed: {problem}. No change is lost: it gets the same ones after the next"
            f" refresh, or in {pause:.0f} s."
        )

    def _refresh(self, now: Stamps) -> None:
        started = self.clock()
        outcome = self.refresh()
        # Also where it failed: another attempt on the same files waits for the pause.
        self._refreshed = now
        self.delivery_pause.until = self.clock()
        seconds = self.clock() - started
        if outcome.problem is None:
            self.pause.succeeded()
            lines, customers = plural(outcome.lines, "new line"), plural(outcome.customers, "changed customer")
            self.say(f"{lines}, {customers}, {seconds:.1f} s.")
        elif self.stopping.is_set():
            self.say(f"The refresh ended after {seconds:.1f} s: {outcome.problem}")
        else:
            pause = self.pause.failed()
            self.say(
                f"The refresh failed after {seconds:.1f} s: {outcome.problem} It is tried again when the input"
                f" changes, or in {pause:.0f} s."
            )
        if outcome.spilled is not None:
            self.say(outcome.spilled)

    def _say_once(self, sentence: str) -> None:
        if sentence != self._said:
            self._said = sentence
            self.say(sentence)


class Refresher:
    """Refreshes in this process, by the project as it was parsed at the start.

    Args:
        settings: The settings of the command line, as YAML or JSON.
        warehouse: The DuckDB file.
        stopping: Set when no further node should begin.
        options: Options of dbt besides.
        prefix: The setting `schema_prefix`.
    """

    def __init__(
        self,
        settings: str,
        warehouse: Path,
        stopping: Event,
        options: tuple[str, ...] = (),
        prefix: str | None = None,
    ):
        self.options = [*OPTIONS, *(["--vars", settings] if settings else []), *options]
        self.warehouse = warehouse
        self.stopping = stopping
        self.manifest: Any = None
        self.shown = Shown(prefix)
        self.left_garbage = False

    def parse(self) -> None:
        """Parse the project.

        Raises:
            InputError: dbt can't, with its reason.
        """
        self.manifest, problem = self._invoke("parse")
        if problem is not None:
            raise InputError(problem)
        # What lives until the end is no garbage, and to look for some among it would take a sixth of each refresh. What
        # a refresh leaves is freed after it, see `rest`.
        gc.disable()
        gc.collect()
        gc.freeze()

    def __call__(self) -> Outcome:
        """Refresh once."""
        # What others have changed meanwhile is none of its changes.
        self.shown.look(self.warehouse)
        with watch_spilling(self.warehouse) as spilled:
            _, problem = self._invoke(*REFRESH)
        after = self.shown.look(self.warehouse)
        if problem is not None and self.stopping.is_set():
            problem = "it was stopped between two steps, and the next one goes on from there."
        self.left_garbage = True
        return Outcome(problem, after.lines, after.changed, spilled.sentence())

    def rest(self) -> None:
        """Free what the last refresh left, now that everybody has its results."""
        if self.left_garbage:
            gc.collect()
            self.left_garbage = False

    def _invoke(self, *command: str) -> tuple[Any, str | None]:
        """What dbt returns of a command, and what it reports as wrong, as a sentence."""
        # Here, because it takes a second to load.
        from dbt.cli.main import dbtRunner

        from shop_toolkit.dbt_overhead import Reader
        from shop_toolkit.dbt_shortcuts import take_shortcuts

        take_shortcuts()
        try:
            done = dbtRunner(self.manifest, callbacks=[Reader(self._hear, NODE_ENDS)]).invoke([*command, *self.options])
        finally:
            # One connection for a whole run, as each opening of the file costs as much as a model; none between runs.
            close_warehouse()
        return done.result, None if done.success else problem_of(done)

    def _hear(self, event: Any) -> None:
        """Log what dbt warns of; count a node as failed that ended after the order to stop, for none to follow it."""
        if event.info.level in LOGGED_LEVELS:
            self._log.warning("[%s] %s", event.info.level, event.info.msg)
        if self.stopping.is_set() and event.info.name in NODE_ENDS:
            raise StoppedError("stopped")

    @cached_property
    def _log(self) -> logging.Logger:
        """Writes to dbt's log."""
        from dbt.flags import get_flags

        handler = RotatingFileHandler(
            Path(get_flags().LOG_PATH) / "dbt.log", maxBytes=MOST_LOGGED_BYTES, backupCount=1, encoding="utf-8"
        )
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        log = logging.getLogger(__name__)
        log.propagate = False
        log.addHandler(handler)
        return log


def problem_of(done: Any) -> str:
    """What dbt reports as wrong in one sentence: its exception, or the first nodes that failed."""
    if done.exception is not None:
        return _sentence([reason_of_message(str(done.exception))])
    failed = [run for run in getattr(done.result, "results", []) if str(run.status) in ("error", "fail")]
    reasons = [f"{run.node.name}: {reason_of_message(str(run.message))}" for run in failed[:2]]
    return _sentence([*reasons, *([f"{len(failed) - 2} more"] if len(failed) > 2 else [])])


def reason_of_message(message: str) -> str:
    """What one of dbt's messages says is wrong, on one line; the first of its lines names the kind and the node."""
    lines = [line.strip() for line in message.splitlines() if line.strip() and "compiled code at" not in line]
    return " ".join(lines[1:] if len(lines) > 1 and re.match(r"[\w ]+ Error", lines[0]) else lines)


def _sentence(parts: Sequence[str]) -> str:
    return shortened("; ".join(parts), LONGEST_PROBLEM).rstrip(". ") + "."


@dataclass(frozen=True)
class Seen:
    """What a look at the warehouse shows; of the first one nothing is new.

    Attributes:
        lines: How many rows of the input were processed since the look before.
        changed: How many customers have other segments or another alert than at the look before.
    """

    lines: int
    changed: int


def stamps_of_warehouse(warehouse: Path) -> list[str | None]:
    """Stamps of a warehouse's file and of the log of what it doesn't hold yet, which change as somebody writes."""
    return [stamp_or_none(f"{warehouse}{ending}") for ending in ("", ".wal")]


class Shown:
    """Remembers what readers were shown, to count changes; in memory, as one number per customer.

    Args:
        prefix: The setting `schema_prefix`.
    """

    def __init__(self, prefix: str | None = None) -> None:
        self.marts = f"warehouse.{schema_of(None, prefix)}"
        self.watermark = f"warehouse.{schema_of('sources', prefix)}.ingest_watermark"
        self.memory = duckdb.connect(config={"threads": 1})
        self.memory.execute("create table states (customer_id varchar, state ubigint)")
        self.last_row: int | None = None
        self.files: list[str | None] | None = None

    def look(self, warehouse: Path) -> Seen:
        """Look at the warehouse, read-only; where it can't be opened nothing has changed.

        A warehouse that nobody has written to since the last look is not opened: a million customers take a second.
        """
        files = stamps_of_warehouse(warehouse)
        if files == self.files:
            return Seen(0, 0)
        try:
            self.memory.execute(f"attach {quote_text(str(warehouse))} as warehouse (read_only)")
        except duckdb.Error:
            return Seen(0, 0)
        try:
            seen = self._compare()
        except duckdb.Error:
            return Seen(0, 0)
        finally:
            self.memory.execute("detach warehouse")
        self.files = files
        return seen

    def _compare(self) -> Seen:
        ((last_row,),) = self.memory.execute(f"select coalesce(max(last_row), 0) from {self.watermark}").fetchall()
        self.memory.execute(f"create or replace temp table now as {STATES.format(marts=self.marts)}")
        ((changed,),) = self.memory.execute("""
            select count(*)
            from now
            full join states
                on now.customer_id = states.customer_id
            where now.state is distinct from states.state
        """).fetchall()
        self.memory.execute("create or replace table states as from now")
        before, self.last_row = self.last_row, int(last_row)
        return Seen(0, 0) if before is None else Seen(max(self.last_row - before, 0), int(changed))


@dataclass
class Input:
    """The input that is watched.

    Attributes:
        transactions: The setting: files, or a table of the warehouse.
        warehouse: The DuckDB file.
    """

    transactions: str
    warehouse: Path
    _counted: tuple[list[str | None], Stamps] | None = None

    def look(self) -> Stamps:
        """The stamps of the files that the setting matches, or the row count of the table that it names.

        Raises:
            InputError: It can't be read: no file, one that is still empty, or a warehouse that another process writes.
        """
        if is_file_name(self.transactions):
            return stamps(self.transactions)
        # To open the warehouse would shut out whoever wants to write the table: only where it may have changed.
        files = stamps_of_warehouse(self.warehouse)
        if self._counted is not None and self._counted[0] == files:
            return self._counted[1]
        rows, is_stored = self._count_rows()
        counted = {self.transactions: str(rows)}
        # A view may read what is elsewhere.
        self._counted = (files, counted) if is_stored else None
        return counted

    def _count_rows(self) -> tuple[int, bool]:
        """The rows of the table, and whether the warehouse stores them."""
        try:
            with closing(duckdb.connect(str(self.warehouse), read_only=True)) as connection:
                name = qualified_name(connection, self.transactions)
                ((rows, is_stored),) = connection.execute(
                    f"""
                    select
                        (select count(*) from {name}),
                        (
                            select count(*) > 0
                            from duckdb_tables()
                            where format('"{{}}"."{{}}"."{{}}"', database_name, schema_name, table_name) = $name
                        )
                    """,
                    {"name": name},
                ).fetchall()
        except duckdb.Error as error:
            raise InputError(f"{named(self.transactions)}: {first_line_of(error)}.") from error
        return int(rows), bool(is_stored)


def check_is_built(warehouse: Path, prefix: str | None = None) -> None:
    """Raise InputError where no full build has left what a refresh starts from."""
    advice = "Run 'make build' first, with the same settings."
    if not warehouse.exists():
        raise InputError(f"There is no warehouse {named(str(warehouse))} to refresh. {advice}")
    try:
        with closing(duckdb.connect(str(warehouse), read_only=True)) as connection:
            relations = connection.execute("""
                select schema_name || '.' || table_name from duckdb_tables()
                union all
                select schema_name || '.' || view_name from duckdb_views()
            """).fetchall()
    except duckdb.Error:
        # In use by a build, say: the first refresh says so, and is tried again.
        return
    needed = {f"{schema_of(None, prefix)}.{mart}" for mart in ("customers", "customer_alerts", "segment_changes")}
    needed.add(f"{schema_of('sources', prefix)}.ingest_watermark")
    if not needed <= {relation for (relation,) in relations}:
        raise InputError(f"No full build has filled the warehouse {named(str(warehouse))} yet. {advice}")


def say(line: str) -> None:
    """Print a line with the time of day."""
    print(f"{datetime.now():%H:%M:%S}  {line}", flush=True)


def stop_on_signals(stopping: Event) -> None:
    """Have Ctrl-C and the signal to end set `stopping`; the second one ends the process at once."""

    def stop(*_: object) -> None:
        if stopping.is_set():
            os._exit(130)
        stopping.set()
        say("Stopping between two steps. Press Ctrl-C again to stop at once.")

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def watch(settings: str, seconds: float, stopping: Event, options: tuple[str, ...] = ()) -> None:
    """Refresh whenever the input changes, until `stopping` is set.

    Args:
        settings: The settings of the command line, as YAML or JSON.
        seconds: Seconds between two looks at the input.
        stopping: When it is set, the loop ends.
        options: Options of dbt besides.

    Raises:
        InputError: The settings are wrong, or there is no full build.
    """
    in_effect = settings_of_run(settings)
    transactions, command = str(in_effect["transactions"]).strip(), in_effect["on_change"]
    warehouse = warehouse_path()
    prefix = in_effect["schema_prefix"]
    check_is_built(warehouse, prefix)
    # One connection within a run; it is closed after each.
    os.environ["SHOP_KEEP_OPEN"] = "true"
    refresher = Refresher(settings, warehouse, stopping, options, prefix)
    say("Parsing the project.")
    refresher.parse()
    outbox = Outbox(warehouse, str(command), stopping=stopping, schema=schema_of("publishing", prefix))
    deliver = outbox.deliver if command else None
    watcher = Watcher(Input(transactions, warehouse).look, refresher, say, deliver, stopping=stopping)
    say(f"Watching {named(transactions)}. Ctrl-C stops.")
    while not stopping.is_set():
        watcher.step()
        refresher.rest()
        stopping.wait(seconds)
    say("Stopped.")


def seconds_of(text: str) -> float:
    """The seconds between two looks that a text gives.

    Raises:
        InputError: It gives no number of seconds up to a day.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= LONGEST_SECONDS:
        raise InputError(f"EVERY is {named(text)}; give the seconds between two looks, up to a day: EVERY=10.")
    return seconds


def main(arguments: list[str]) -> int:
    """Watch until a signal; return the exit code."""
    parser = argparse.ArgumentParser(prog="make watch", description="Refresh whenever the input changes.")
    parser.add_argument("settings", nargs="?", default="", help="settings as YAML or JSON, as for dbt's --vars")
    parser.add_argument("--seconds", default=str(SECONDS_BETWEEN_LOOKS), help="seconds between two looks at the input")
    given = parser.parse_args(arguments)
    stopping = Event()
    stop_on_signals(stopping)
    silence_helpers()
    try:
        watch(given.settings, seconds_of(given.seconds), stopping)
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    end(main(sys.argv[1:]))
