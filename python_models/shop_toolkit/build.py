"""`make build`: `dbt build` with a line per stage, and at its end in five lines what was found.

Run in the project's folder: `python -m shop_toolkit.build "{transactions: my_shop.csv}"`

Warnings, errors and the progress of long fits are shown as dbt writes them, and the exit code is dbt's.
"""

import gc
import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from shop_toolkit.ending import STOPPING, end, exit_on_signals
from shop_toolkit.ingest.files import InputError
from shop_toolkit.ingest.inspect_input import settings_of_run
from shop_toolkit.report.words import percent, plural
from shop_toolkit.warehouse import close_warehouse, schema_of, warehouse_path

# The layers in the order in which they are built, and what each does.
STAGES = {
    "seeds": "load what the shop knows",
    "sources": "read the input",
    "staging": "type every row",
    "cleaning": "flag and match rows",
    "core": "net orders and customer states",
    "products": "find product categories",
    "interests": "add up interests",
    "scoring": "score customers",
    "clustering": "try clusterings",
    "segmentation": "choose segments and write rules",
    "history": "look back month by month",
    "prediction": "backtest and predict",
    "marts": "write the marts",
    "metrics": "count metrics",
    "reporting": "draw the report",
    "publishing": "publish",
}
# Where the seconds of the last build are kept, for the next one to say what to expect.
TIMES = Path("target") / "build_times.json"
# dbt's message that a node begins, which is one for debugging.
NODE_BEGINS = frozenset({"NodeStart"})
# What dbt and the models say to people beside warnings and errors.
SENTENCES = ("JinjaLogInfo", "Note")
WIDTH = 48


def duration(seconds: float) -> str:
    """Seconds as `8 s` or `1 min 39 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@dataclass
class Progress:
    """Says which stage a build has come to, and passes on what dbt warns of.

    Attributes:
        expected: By stage the second in which it began in the last build, and `end`; empty if none is known.
        say: Where lines go.
        clock: Seconds of a clock that never goes back; a test passes another one.
    """

    expected: Mapping[str, float]
    say: Callable[[str], None] = print
    clock: Callable[[], float] = time.monotonic
    began: dict[str, float] = field(default_factory=dict)
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return self.clock() - self.started

    def reach(self, stage: str) -> None:
        """Say that a stage has begun, unless it has before: tables of several stages are built at a time."""
        if stage not in STAGES or stage in self.began:
            return
        self.began[stage] = self.seconds
        line = f"{duration(self.seconds):>12}  {f'{stage}: {STAGES[stage]}':<{WIDTH}}"
        if stage in self.expected and "end" in self.expected:
            left = max(self.expected["end"] - self.expected[stage], 0)
            line += f"about {duration(left)} left"
        self.say(line.rstrip())

    def hear(self, event: Any) -> None:
        """Take an event of dbt: the beginning of a node, or a sentence for people."""
        if event.info.name in NODE_BEGINS:
            self.reach(stage_of(event.data.node_info))
        elif event.info.level in ("warn", "error") or (event.info.level == "info" and event.info.name in SENTENCES):
            self.say(str(event.info.msg))


def stage_of(node: Any) -> str:
    """The stage of a node by its place in the project; empty for a test or a hook, which has none."""
    if node.resource_type == "seed":
        return "seeds"
    path = Path(str(node.node_path)).parts
    return path[0] if node.resource_type == "model" and path else ""


def last_times(path: Path = TIMES) -> dict[str, float]:
    """When the stages of the last build began, and its end; empty if nothing is known."""
    try:
        times = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): float(seconds) for name, seconds in times.items()} if isinstance(times, dict) else {}


def keep_times(progress: Progress, path: Path = TIMES) -> None:
    """Keep when the stages began, for the next build."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(progress.began | {"end": progress.seconds}), encoding="utf-8")


def summary(
    connection: duckdb.DuckDBPyConnection, seconds: float, published_folder: str | None, prefix: str | None = None
) -> list[str]:
    """What a build found, in five lines.

    Args:
        connection: The warehouse.
        seconds: How long the build took.
        published_folder: The setting of this name.
        prefix: The setting `schema_prefix`.
    """
    ((database,),) = connection.execute("select current_database()").fetchall()
    connection.execute(f'use "{database}"."{schema_of(None, prefix)}"')

    def row(query: str) -> tuple[Any, ...]:
        ((*values,),) = connection.execute(query).fetchall()
        return tuple(values)

    rows, lines = row("select max_by(rows_before, -step_number), max_by(rows_after, step_number) from cleaning_summary")
    customers, orders = row("select (select count(*) from customers), (select count(*) from orders)")
    segments, best, share = row("""
        select count(*), max_by(segment, revenue), coalesce(max(revenue_share), 0)
        from segments
        where segmentation = 'broad' and size > 0 and segment <> 'all cancelled'
    """)
    overdue, warnings = row("""
        select (select count(*) from customer_alerts where state <> 'resolved'), (select count(*) from input_warnings)
    """)
    used = percent(lines / rows) if rows else "0 %"
    found = f"{plural(customers, 'customer')} in {plural(segments, 'broad segment')}"
    found += f"; {best} bring {percent(share)} of the revenue" if best else ""
    report = (
        f"{published_folder}/report.html"
        if published_folder
        else f"the report is in {schema_of('reporting', prefix)}.report_pages"
    )
    return [
        f"Built in {duration(seconds)}.",
        f"Read    {plural(rows or 0, 'row')}: {used} are sales ({plural(orders, 'order')}); cleaning_summary says why.",
        f"Found   {found}.",
        f"Look at {plural(overdue, 'overdue customer')} and {plural(warnings, 'doubt')} in the input"
        " (tables customer_alerts, input_warnings).",
        f"Open    {report}",
    ]


def build(settings: str, say: Callable[[str], None] = print) -> int:
    """Build the project; return dbt's exit code.

    Args:
        settings: The settings of the command line, as YAML or JSON.
        say: Where lines go.

    Raises:
        InputError: The settings can't be read.
        SystemExit: A signal stopped it.
    """
    in_effect = settings_of_run(settings)
    progress = Progress(last_times(), say)
    say(f"{duration(0):>12}  read the project")
    # To parse the project makes a million objects, none of them garbage: to look for it takes a sixth of that time.
    # `shop_toolkit.dbt_overhead` has it looked for again when dbt opens the warehouse.
    gc.disable()
    # A first build fits; a later one mostly doesn't.
    if not warehouse_path().exists():
        from shop_toolkit.workers import load_ahead

        load_ahead()
    # Here, because it takes a second to load.
    from dbt.cli.main import dbtRunner

    from shop_toolkit.dbt_overhead import Reader

    arguments = ["build", "--log-level", "none", *(["--vars", settings] if settings else [])]
    try:
        done = dbtRunner(callbacks=[Reader(progress.hear, NODE_BEGINS)]).invoke(arguments)
    finally:
        gc.enable()
        close_warehouse()
    # dbt keeps it as it keeps an error.
    if isinstance(done.exception, SystemExit):
        raise done.exception
    if done.exception is not None:
        say(str(done.exception))
        return 2
    if not done.success:
        failed = [run for run in done.result.results if str(run.status) in ("error", "fail")]
        say(f"The build failed after {duration(progress.seconds)}: {plural(len(failed), 'problem')}, see above.")
        return 1
    keep_times(progress)
    folder = in_effect["published_folder"]
    with closing(duckdb.connect(warehouse_path(), read_only=True)) as connection:
        for line in ["", *summary(connection, progress.seconds, folder, in_effect["schema_prefix"])]:
            say(line)
    return 0


def main(arguments: list[str]) -> int:
    """Build by the settings of the command line; return the exit code."""

    def say(line: str) -> None:
        if not STOPPING.is_set():
            print(line, flush=True)

    try:
        return build(" ".join(arguments).strip(), say)
    except InputError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    exit_on_signals("The build was stopped. The next one makes up for it.")
    code: Any = 1
    try:
        code = main(sys.argv[1:])
    except SystemExit as stopped:
        code = stopped.code
    except Exception:
        traceback.print_exc()
    finally:
        end(code)
