"""The commands of README and docs, and running them as users do: by a shell, with dbt as it is."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# In reading order, each once.
COMMANDS = list(
    dict.fromkeys(
        line.split("  #")[0].strip()
        for page in PAGES
        for block in re.findall(r"```bash\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        for line in re.sub(r"\\\n\s*", "", block).splitlines()
        if line.strip() and not line.startswith("#")
    )
)
# The first that builds another file than the demo's.
REAL_FILE_COMMAND = "dbt build --vars '{transactions: ../shared/data/online_retail.csv}'"
BIN = Path(sys.executable).parent


def run(command: str, folder: Path, *, project: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command in the project's folder, with its warehouse, target and logs in `folder`."""
    environment = os.environ | {
        "SHOP_WAREHOUSE": str(folder / "shop.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        # Nobody reads each statement, nor the project as JSON, which `make build` writes (test_commands.py).
        "DBT_LOG_LEVEL_FILE": "info",
        "DBT_WRITE_JSON": "false",
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(
        command, shell=True, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def with_settings(command: str, settings: dict[str, Any]) -> str:
    """A build with settings beside those that it names."""
    return command.replace("--vars '{", f"--vars '{{{json.dumps(settings)[1:-1]}, ")


def leave_signals_to_children() -> None:
    """Have what tests start end by Ctrl-C and with its terminal, whoever started pytest.

    A script that starts pytest in the background has it ignore Ctrl-C, and `nohup` the end of its terminal; programs
    inherit that. This process goes on ignoring them, by a handler that does nothing: handlers are not inherited.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
