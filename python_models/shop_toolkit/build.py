"""`make build`: `dbt build` with a line per stage, and at its end in five lines what was found.

Run in the project's folder: `python -m shop_toolkit.build "{transactions: my_shop.csv}"`

Warnings, errors and the progress of long fits are shown as dbt writes them, and the exit code is dbt's.
"""

import gc
import json
import re
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
from shop_toolkit.spilling import watch_spilling
from shop_toolkit.warehouse import close_warehouse, schema_of, warehouse_path

# The layers in the order in which they begin, and what each does.
STAGES = {
    "seeds": "load what the shop knows",
    "sources": "read the input",
    "staging": "type every row",
    "cleaning": "flag and match rows",
    "core": "net orders and customer states",
    "scoring": "score customers",
    "clustering": "try clusterings",
    "products": "find product categories",
    "prediction": "backtest and predict",
    "interests": "add up interests",
    "segmentation": "choose segments and write rules",
    "history": "look back month by month",
    "marts": "write the marts",
    "metrics": "count metrics",
    "reporting": "draw the report",
    "publishing": "publish",
}
# Where the seconds of the last builds are kept, for the next one of their kind to say what to expect.
TIMES = Path("target") / "build_times.json"
KINDS_KEPT = 20
# dbt's message that a node begins, which is one for debugging.
NODE_BEGINS = frozenset({"NodeStart"})
# What dbt and the models say to people beside warnings and errors.
SENTENCES = ("JinjaLogInfo", "Note")
# dbt's message before it repeats what failed.
RUN_ENDS = "EndOfRunSummary"
# Where macros stopped a run, below the sentence that says why: the log has it.
CALLERS = re.compile(r"\s*(> (in|called by) .*)?")
# How dbt heads such a sentence, which the project's hooks have raised before any table changed.
HOOK = re.compile(r"\A(Encountered an error:\s*\n)?Compilation Error in operation [^\n]*on-run-start[^\n]*\n\s*")
WIDTH = 48


def duration(seconds: float) -> str:
    """Seconds as `8 s` or `1 min 39 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@dataclass
class Progress:
    """Says which stage a build has come to, and passes on what dbt warns of.

    Attributes:
        expected: By stage the second in which it began in the last build of the kind, and `end`; empty if unknown.
        say: Where lines go.
        clock: Seconds of a clock that never goes back; a test passes another one.
    """

    expected: Mapping[str, float]
    say: Callable[[str], None] = print
    clock: Callable[[], float] = time.monotonic
    began: dict[str, float] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    said: list[tuple[str, str]] = field(default_factory=list)
    has_failed: bool = False
    started: float = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock()

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return self.clock() - self.started

    def reach(self, stage: str) -> None:
        """Say that a stage has begun, once and when all before it have: tables of several are built at a time.

        A mart that needs little is built early, and says nothing of how far the build is.
        """
        if stage in STAGES:
            self.waiting.add(stage)
        for following in STAGES:
            if following in self.began:
                continue
            if following not in self.waiting:
                return
            self._begin(following)

    def _begin(self, stage: str) -> None:
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
        elif event.info.name == RUN_ENDS and event.data.num_errors:
            self.fail(event.data.num_errors)
        elif event.info.level in ("warn", "error") or (event.info.level == "info" and event.info.name in SENTENCES):
            node = getattr(event.data, "node_info", None)
            self.say_once(str(event.info.msg), getattr(node, "unique_id", ""))

    def fail(self, problems: int) -> None:
        """Say that the build failed, before the sentences that say why: they are what is left on the screen."""
        self.has_failed = True
        self.say(f"The build failed after {duration(self.seconds)}: {plural(problems, 'problem')}.")

    def say_once(self, message: str, node: str = "") -> None:
        """Say what dbt says, unless it was said: dbt reports an error as it happens and once more at its end.

        Args:
            message: What dbt says.
            node: The id of the node that it is about. Two tests may fail alike: only a message of the same node, or of
                none, is a repetition of an earlier one. Without a node it is about the whole run, and repeats that of
                any node.
        """
        lines = message.splitlines()
        while lines and CALLERS.fullmatch(lines[-1]):
            lines.pop()
        message = "\n".join(lines).rstrip()
        if HOOK.match(message):
            # Several sentences are lines of one message, which dbt indents.
            message = HOOK.sub("", message).replace("\n  ", "\n")
        plain = " ".join(message.split())
        if not any(plain in earlier for about, earlier in self.said if not node or about in (node, "")):
            self.said.append((node, plain))
            self.say(message)


def stage_of(node: Any) -> str:
    """The stage of a node by its place in the project; empty for a test or a hook, which has none."""
    if node.resource_type == "seed":
        return "seeds"
    path = Path(str(node.node_path)).parts
    return path[0] if node.resource_type == "model" and path else ""


def kind_of(settings: Mapping[str, Any], *, is_first: bool) -> str:
    """What builds have to share for their times to be alike: the input, and whether they fit.

    Args:
        settings: The settings of the build.
        is_first: Whether no build has fitted yet: such a build fits, a later one mostly doesn't.
    """
    return f"{'fits' if is_first or settings['refit'] else 'later'}: {settings['transactions']}"


def has_fitted(prefix: str | None) -> bool:
    """Whether an earlier build has fitted: one that was stopped before leaves a warehouse, too.

    Args:
        prefix: The setting `schema_prefix`.
    """
    path = warehouse_path()
    if not path.exists():
        return False
    try:
        with closing(duckdb.connect(path, read_only=True)) as connection:
            # The last table of a version.
            found = connection.execute(
                "select 1 from duckdb_tables() where (schema_name, table_name, estimated_size > 0) = (?, ?, true)",
                [schema_of("segmentation", prefix), "cluster_rules"],
            ).fetchall()
    except duckdb.Error:
        # What is wrong with it, dbt finds.
        return True
    return bool(found)


def last_times(kind: str, path: Path = TIMES) -> dict[str, float]:
    """When the stages of the last build of a kind began, and its end; empty if nothing is known."""
    times = _all_times(path).get(kind)
    return {str(name): float(seconds) for name, seconds in times.items()} if isinstance(times, dict) else {}


def keep_times(progress: Progress, kind: str, path: Path = TIMES) -> None:
    """Keep when the stages began, for the next build of the kind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    others = [(name, times) for name, times in _all_times(path).items() if name != kind and isinstance(times, dict)]
    kept = dict(others[1 - KINDS_KEPT :]) | {kind: progress.began | {"end": progress.seconds}}
    path.write_text(json.dumps(kept), encoding="utf-8")


def _all_times(path: Path) -> dict[str, Any]:
    try:
        times = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return times if isinstance(times, dict) else {}


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
        select
            (select count(*) from customer_alerts where state <> 'resolved'),
            (select count(*) from input_warnings where kind <> 'unused_columns')
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
    is_first = not has_fitted(in_effect["schema_prefix"])
    kind = kind_of(in_effect, is_first=is_first)
    progress = Progress(last_times(kind), say)
    say(f"{duration(0):>12}  read the project")
    # To parse the project makes a million objects, none of them garbage: to look for it takes a sixth of that time.
    # `shop_toolkit.dbt_overhead` has it looked for again when dbt opens the warehouse.
    gc.disable()
    # A first build fits; a later one mostly doesn't.
    if is_first:
        from shop_toolkit.workers import load_ahead

        load_ahead()
    # Here, because it takes a second to load.
    from dbt.cli.main import dbtRunner

    from shop_toolkit.dbt_overhead import Reader
    from shop_toolkit.dbt_shortcuts import project_written_once, take_shortcuts

    take_shortcuts()
    # Colours would be in the log and in a file that the output goes to, too.
    arguments = ["build", "--log-level", "none", "--no-use-colors", *(["--vars", settings] if settings else [])]
    try:
        with project_written_once(), watch_spilling(warehouse_path()) as spilled:
            done = dbtRunner(callbacks=[Reader(progress.hear, NODE_BEGINS)]).invoke(arguments)
    finally:
        gc.enable()
        close_warehouse()
    # dbt keeps it as it keeps an error.
    if isinstance(done.exception, SystemExit):
        raise done.exception
    if done.exception is not None:
        progress.say_once(str(done.exception))
        return 2
    spilled_lines = [sentence] if (sentence := spilled.sentence()) else []
    if not done.success:
        if not progress.has_failed:
            progress.fail(sum(str(run.status) in ("error", "fail") for run in done.result.results))
        for line in spilled_lines:
            say(line)
        return 1
    keep_times(progress, kind)
    folder = in_effect["published_folder"]
    with closing(duckdb.connect(warehouse_path(), read_only=True)) as connection:
        for line in ["", *summary(connection, progress.seconds, folder, in_effect["schema_prefix"]), *spilled_lines]:
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
