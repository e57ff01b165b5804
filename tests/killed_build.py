"""A build that is killed, in a process of its own, as by the machine's owner or a power cut.

`python killed_build.py PROJECT NODE SECONDS ARGUMENTS…` runs dbt on a project that is parsed (quick_dbt), and kills its
process and those that it started so many seconds after a node was built.
"""

import os
import signal
import sys
import time
from pathlib import Path
from threading import Timer
from typing import Any

import shop_toolkit  # noqa: F401  # first, as it sets how OpenMP waits before scikit-learn loads it
from dbt.cli.main import dbtRunner
from quick_dbt import unpacked


def kill() -> None:
    os.killpg(0, signal.SIGKILL)


def main(project: str, node: str, seconds: str, *arguments: str) -> None:
    """Run dbt; whoever starts this gives it a process group of its own."""

    def watch(event: Any) -> None:
        if event.info.name == "NodeFinished" and event.data.node_info.node_name == node:
            # A timer that is already due would let dbt go on for a moment.
            Timer(float(seconds), kill).start() if float(seconds) else kill()

    if dbtRunner(unpacked(Path(project).read_bytes()), callbacks=[watch]).invoke(list(arguments)).success:
        # The node was one of the last.
        time.sleep(float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
