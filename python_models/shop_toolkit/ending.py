"""The end of a process that has run dbt."""

import atexit
import os
import signal
import sys
import threading
from contextlib import suppress
from threading import Event, Timer

# Docker waits ten before it kills.
LONGEST_SECONDS = 5.0
# So long workers may take to end, before they are killed: joblib may wait for one that was ended while it started.
LONGEST_CLEANUP_SECONDS = 8.0
# What dbt says of a stop, a trace among it, is nothing for people.
STOPPING = Event()


def end(code: int) -> None:
    """End this process and those that it has started, with what they hold outside of themselves."""
    hanging = Timer(LONGEST_CLEANUP_SECONDS, _abandon, [code])
    hanging.daemon = True
    hanging.start()
    try:
        if "joblib" in sys.modules:
            from shop_toolkit.workers import stop_workers

            # A thread of joblib that still hands out work finds it gone, and would print a trace.
            threading.excepthook = lambda _: None
            stop_workers()
        # joblib's folders and the locks of joblib and dbt are freed here. Python's helpers, which outlive this process,
        # would free what is left, and warn of it.
        atexit._run_exitfuncs()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # DuckDB would print what it finds at the end of a process that dbt has run in.
        os._exit(code)


def _abandon(code: int) -> None:
    """End this process at once, and kill the workers."""
    if "joblib" in sys.modules:
        from shop_toolkit.workers import kill_workers

        kill_workers()
    os._exit(code)


def silence_helpers() -> None:
    """Keep from people what helpers of joblib and Python warn of: locks and folders of a process that was stopped.

    They outlive it, free these, and read here what to keep to themselves.
    """
    silent = "ignore:resource_tracker:UserWarning"
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, [os.environ.get("PYTHONWARNINGS"), silent]))


def exit_on_signals(sentence: str) -> None:
    """Turn Ctrl-C and the signals to end into `SystemExit`, so that what is held is let go of on the way out.

    Its code is the shell's: 128 and the signal's number. What is ignored stays so, as `nohup` has it.

    Args:
        sentence: What to say then.
    """
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    silence_helpers()

    def leave(number: int, _: object) -> None:
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)
        STOPPING.set()
        # Not by `print`, which a signal may have interrupted. A terminal that is closed hears nothing.
        with suppress(OSError):
            os.write(2, f"{sentence}\n".encode())
        # dbt waits for the models that it is building, and a fit may take minutes.
        late = Timer(LONGEST_SECONDS, end, [128 + number])
        late.daemon = True
        late.start()
        raise SystemExit(128 + number)

    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, leave)
