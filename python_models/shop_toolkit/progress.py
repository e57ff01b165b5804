"""Long steps say in dbt's log and on the console how far they are; quick ones say nothing."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import count

from sklearn.manifold import _t_sne

SECONDS_BETWEEN = 10.0


def tell(sentence: str) -> None:
    """A line of dbt's own log, so that `--quiet` and the log's settings hold for it. Heard by nobody outside dbt."""
    # Here, as the processes that fits are handed to have no log to load.
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.functions import fire_event
    from dbt_common.events.types import Note

    fire_event(Note(msg=sentence), level=EventLevel.INFO)


class Progress:
    """Says `what`, how many of `total` are done and of what kind, no more often than every ten seconds.

    `seconds` is the clock and `tell` who is told, for tests to put others in their place.
    """

    def __init__(
        self,
        what: str,
        total: int,
        units: str,
        seconds: Callable[[], float] = time.monotonic,
        tell: Callable[[str], None] = tell,
    ):
        self.what, self.total, self.units = what, total, units
        self.seconds, self.tell = seconds, tell
        self.told_at = seconds()

    def reached(self, done: int) -> None:
        """Tells it when it is time to; the end is not told, as dbt says that the model is done."""
        if done < self.total and self.seconds() - self.told_at >= SECONDS_BETWEEN:
            self.told_at = self.seconds()
            self.tell(f"{self.what}: {done:,} of {self.total:,} {self.units}")

    def over(self, results: Iterable) -> Iterator:
        """The results as they come, each of them counted."""
        for done, result in enumerate(results, 1):
            self.reached(done)
            yield result


class StepsOfTsne:
    """While it is entered, `progress` hears every step of a t-SNE of this thread.

    scikit-learn has no callback for it, and what it prints would stand between dbt's lines; so its descent is counted.
    """

    _here = threading.local()

    def __init__(self, progress: Progress):
        self.progress = progress

    def __enter__(self) -> None:
        self._here.progress = self.progress

    def __exit__(self, *_: object) -> None:
        del self._here.progress

    @classmethod
    def descend(cls, objective: Callable, start: object, it: int, **options: object) -> tuple:
        """scikit-learn's gradient descent from step `it` on, with its steps counted where someone listens."""
        progress = getattr(cls._here, "progress", None)
        steps = count(it + 1)

        def counted(*arguments: object, **more: object) -> tuple:
            if progress is not None:
                progress.reached(next(steps))
            return objective(*arguments, **more)

        return _descend(counted, start, it, **options)


# A release that calls its descent otherwise is not told of, and fits as before.
if _descend := getattr(_t_sne, "_gradient_descent", None):
    _t_sne._gradient_descent = StepsOfTsne.descend
