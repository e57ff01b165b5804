"""Changes of customers that a command gets as JSON lines: each at least once, in order, and never a part of one.

The model `customer_changes_outbox` records them. They are marked as delivered after the command ended without an error,
so a process that is killed in between delivers them again; `change_id` identifies such repetitions.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event

import duckdb

from shop_toolkit.errors import reason_of, shortened
from shop_toolkit.ingest.files import stamp_or_none

OUTBOX = "customer_changes_outbox"
# A command gets so many changes at most; it runs again for the others.
MOST_LINES = 10_000
SECONDS_OF_COMMAND = 60.0
MOST_BYTES_OF_ERRORS = 10_000

# Runs a command with a text on its standard input; returns why it failed, None if it did not.
Run = Callable[[str, str], str | None]


def run_command(command: str, lines: str, seconds: float = SECONDS_OF_COMMAND) -> str | None:
    """Run a command of the shell with a text on its standard input.

    Args:
        command: The command.
        lines: The text.
        seconds: How long it may take; then it is killed, with what it started.

    Returns:
        Why it failed; None if it ended without an error.
    """
    try:
        code, errors = _ended(command, lines, seconds)
    except OSError as error:
        return f"it can't be run ({reason_of(error)})"
    if code is None:
        return f"it took longer than {seconds:.0f} s"
    return None if code == 0 else f"it ended with code {code}" + (f" ({errors})" if errors else "")


def _ended(command: str, lines: str, seconds: float) -> tuple[int | None, str]:
    """The code that a command ended with, None where it was killed, and what it wrote about errors, on one line."""
    # Files, as a pipe would stay open for what the command leaves in the background.
    with TemporaryFile() as given, TemporaryFile() as errors:
        given.write(lines.encode())
        given.seek(0)
        # In a session of its own: Ctrl-C is for the watcher, which waits until the command has ended.
        process = subprocess.Popen(command, shell=True, stdin=given, stderr=errors, start_new_session=True)
        try:
            code: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):  # it has just ended
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = None
        errors.seek(0)
        return code, shortened(errors.read(MOST_BYTES_OF_ERRORS).decode(errors="replace"), 120)


@dataclass
class Outbox:
    """Delivers what is recorded.

    Attributes:
        warehouse: The DuckDB file.
        command: The command of the setting `on_change`.
        run: Runs it; a test passes another one.
        stopping: Once it is set, no further batch is delivered.
        delivered: The id of the last change that was delivered and is not marked yet.
        schema: Where the table of changes is.
    """

    warehouse: Path
    command: str
    run: Run = run_command
    stopping: Event = field(default_factory=Event)
    delivered: str | None = None
    schema: str = "publishing"
    _found_empty: str | None = None

    def deliver(self) -> tuple[int, str | None]:
        """Deliver all changes that are pending, batch by batch until it is stopped.

        Returns:
            How many were delivered, and why others were not; None where none are left, the warehouse is in use or
            gone, or it was stopped.
        """
        count, file = 0, str(self.warehouse)
        while (found := stamp_or_none(file)) not in (None, self._found_empty):
            try:
                self._mark()
                if self.stopping.is_set():
                    return count, None
                batch = self._pending()
            except duckdb.Error:
                # In use by another process, which may be adding some; or no run has made the table yet.
                return count, None
            if not batch:
                self._found_empty = found if found == stamp_or_none(file) else None
                return count, None
            problem = self.run(self.command, "".join(f"{line}\n" for _, line in batch))
            if problem is not None:
                return count, problem
            self.delivered = batch[-1][0]
            count += len(batch)
        return count, None

    def _pending(self) -> list[tuple[str, str]]:
        """The first changes that are pending, in order: id and JSON."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(
                f"""
                select change_id, to_json(changes)
                from (
                    select * exclude (is_initial, delivered_at)
                    from {self.schema}.{OUTBOX}
                    where not is_initial and delivered_at is null
                    order by change_number
                    limit {MOST_LINES}
                ) as changes
                order by change_number
                """
            ).fetchall()

    def _mark(self) -> None:
        """Mark what was delivered."""
        if self.delivered is not None:
            with duckdb.connect(str(self.warehouse)) as connection:
                connection.execute(
                    f"""
                    update {self.schema}.{OUTBOX}
                    set delivered_at = cast(now() at time zone 'UTC' as timestamp)
                    where
                        delivered_at is null
                        and not is_initial
                        and change_number <= (select change_number from {self.schema}.{OUTBOX} where change_id = ?)
                    """,
                    [self.delivered],
                )
            self.delivered = None
