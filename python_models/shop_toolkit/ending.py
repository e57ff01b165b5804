"""The end of a process that has run dbt."""

import atexit
import os
import sys


def end(code: int) -> None:
    """End this process and those that it has started, with what they hold outside of themselves."""
    try:
        if "joblib" in sys.modules:
            from shop_toolkit.workers import stop_workers

            stop_workers()
        # joblib's folders and the locks of joblib and dbt are freed here. Python's helpers, which outlive this process,
        # would free what is left, and warn of it.
        atexit._run_exitfuncs()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        # DuckDB would print what it finds at the end of a process that dbt has run in.
        os._exit(code)
