"""The processes that fit, of which joblib keeps two for all models. Light: nothing here loads what they load."""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from threading import Thread

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky import get_reusable_executor, reusable_executor

WORKERS = 2
# Joined at the end: two threads that free joblib's folders at once have its helper print a trace.
_WAITING: list[Thread] = []
LONGEST_SECONDS = 10.0


def one_thread_each() -> parallel_config:
    """How all ask joblib for the workers: whoever asked otherwise would have it start others."""
    return parallel_config(backend="loky", inner_max_num_threads=1)


def load_ahead() -> None:
    """Start the workers and have them load their libraries, and return at once.

    dbt parses a project on one core, for ten seconds; to load the libraries takes each worker two.
    """
    # Ctrl-C reaches all processes of a terminal; this one ends the workers, which would print a trace each.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with one_thread_each():
            loaded = Parallel(n_jobs=WORKERS, return_as="generator")(delayed(_load)() for _ in range(WORKERS))
    finally:
        signal.signal(signal.SIGINT, before)
    waiting = Thread(target=_wait, args=(loaded,), daemon=True)
    _WAITING.append(waiting)
    waiting.start()


def _wait(loaded: Iterable[None]) -> None:
    # A build that fails early ends them before they have loaded all.
    with suppress(Exception):
        list(loaded)


def _load() -> None:
    import_module("shop_toolkit.scientific")


def stop_workers() -> None:
    """End the worker processes, which else wait five minutes for more work, and hold the output of this one open."""
    get_reusable_executor(kill_workers=True).shutdown(wait=True)
    for waiting in _WAITING:
        waiting.join(LONGEST_SECONDS)


def kill_workers() -> None:
    """Kill the worker processes without a look at what they do."""
    executor = reusable_executor._executor
    for process in list(executor._processes or []) if executor is not None else []:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
