"""Long steps log how far they are, in dbt's log and on the console; quick ones log nothing."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

SECONDS_BETWEEN = 10.0

Result = TypeVar("Result")


def log_line(sentence: str) -> None:
    """Write a line to dbt's own log, so that `--quiet` and the log's settings hold for it."""
    # Here, as the processes that fits are handed to have no log to load.
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.functions import fire_event
    from dbt_common.events.types import Note

    fire_event(Note(msg=sentence), level=EventLevel.INFO)


class Progress:
    """Logs how many units of a step are done, no more often than every ten seconds.

    Args:
        what: What the step is for.
        total: How many units it has.
        units: What the units are.
        seconds: The clock, in seconds; a test passes another one.
        log: Where the lines go; a test passes another place.
    """

    def __init__(
        self,
        what: str,
        total: int,
        units: str,
        seconds: Callable[[], float] = time.monotonic,
        log: Callable[[str], None] = log_line,
    ):
        self.what, self.total, self.units = what, total, units
        self.seconds, self.log = seconds, log
        self.logged_at = seconds()

    def reached(self, done: int) -> None:
        """Log that so many units are done, when it is time to; not the end, as dbt logs that the model is done."""
        if done < self.total and self.seconds() - self.logged_at >= SECONDS_BETWEEN:
            self.logged_at = self.seconds()
            self.log(f"{self.what}: {done:,} of {self.total:,} {self.units}")

    def over(self, results: Iterable[Result]) -> Iterator[Result]:
        """The results as they arrive, each of them counted."""
        for done, result in enumerate(results, 1):
            self.reached(done)
            yield result
