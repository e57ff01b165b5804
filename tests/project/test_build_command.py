"""`make build`: a line per stage, what dbt warns of, and five lines at the end; test_commands.py runs it."""

import gc
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from conftest import ROOT, Shop
from dbt.artifacts.schemas.results import NodeStatus
from dbt.task import printer
from dbt_common.events.event_manager_client import add_callback_to_manager, cleanup_event_logger
from shop_toolkit import build
from shop_toolkit.build import Progress, duration, keep_times, last_times, main, stage_of, summary


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def node(path: str, kind: str = "model") -> Any:
    return SimpleNamespace(resource_type=kind, node_path=path)


def event(name: str, level: str = "debug", message: str = "", path: str = "") -> Any:
    info = SimpleNamespace(name=name, level=level, msg=message)
    return SimpleNamespace(info=info, data=SimpleNamespace(node_info=node(path)))


def test_a_stage_is_said_when_its_first_table_begins_and_once_in_order(tmp_path: Path) -> None:
    said: list[str] = []
    clock = Clock()
    progress = Progress({}, said.append, clock)
    progress.hear(SimpleNamespace(
        info=SimpleNamespace(name="NodeStart", level="debug", msg=""),
        data=SimpleNamespace(node_info=node("seeds/a.csv", "seed")),
    ))  # fmt: skip
    for seconds, path in (
        (1, "staging/stg_a.sql"),
        # before it reads the input; and a mart that needs little
        (2, "sources/a.sql"),
        (2, "staging/stg_b.sql"),
        (60, "marts/sales/a.sql"),
        (70.2, "cleaning/int_a.sql"),
        (80, "core/int_a.sql"),
        (81, "staging/c.sql"),
    ):
        clock.now = seconds
        progress.hear(event("NodeStart", path=path))
    assert [line.split(":")[0].split() for line in said] == [
        ["0", "s", "seeds"], ["2", "s", "sources"], ["2", "s", "staging"], ["1", "min", "10", "s", "cleaning"],
        ["1", "min", "20", "s", "core"],
    ]  # fmt: skip
    # The next build of the kind says what is left by these times.
    times = tmp_path / "target" / "times.json"
    clock.now = 90
    keep_times(progress, "fits: a.csv", times)
    assert last_times("later: a.csv", times) == last_times("fits: a.csv", tmp_path / "none.json") == {}
    keep_times(Progress({}, said.append, clock), "later: a.csv", times)
    again = Progress(last_times("fits: a.csv", times), said.append, clock)
    again.began |= dict.fromkeys(("seeds", "sources", "staging"), 0.0)
    said.clear()
    again.hear(event("NodeStart", path="cleaning/int_a.sql"))
    assert said[0].endswith("about 20 s left")


def test_every_folder_of_models_is_a_stage() -> None:
    """One that is none would never be said, and those after it neither, as each waits for all before it."""
    folders = {
        path.name for folder in ("models", "python_models") for path in (ROOT / folder).iterdir() if path.is_dir()
    }
    assert folders - {"shop_toolkit", "__pycache__"} | {"seeds"} == set(build.STAGES)


def test_the_time_left_is_that_of_builds_of_the_same_kind() -> None:
    settings = {"transactions": "a.csv", "refit": False}
    fits = build.kind_of(settings, is_first=True)
    assert fits == build.kind_of(settings | {"refit": True}, is_first=False)
    assert fits != build.kind_of(settings, is_first=False)
    assert fits != build.kind_of(settings | {"transactions": "b.csv"}, is_first=True)


def test_an_error_is_said_once() -> None:
    """As it happens, and not once more as the end of the run."""
    said: list[str] = []
    progress = Progress({}, said.append, Clock())
    progress.hear(event("RunResultError", "error", "Compilation Error in operation x\n  The setting 'a' is wrong.\n"))
    progress.say_once("The setting 'a' is wrong.")
    progress.say_once("Another.")
    assert said == ["Compilation Error in operation x\n  The setting 'a' is wrong.", "Another."]


def test_the_sentence_of_an_error_is_the_last_on_the_screen() -> None:
    """Neither which macros raised it stands below it, nor that the build failed."""
    said: list[str] = []
    progress = Progress({}, said.append, Clock())
    stopped = "Encountered an error:\nCompilation Error in operation shop-on-run-start-0 (./dbt_project.yml)\n  One.\n"
    stopped += "  Two.\n  \n  > in macro m (macros/m.sql)\n  > called by operation shop-on-run-start-0 (./a.yml)\n"
    progress.hear(event("MainEncounteredError", "error", stopped))
    assert said == ["One.\nTwo."]
    summary_of_run = event("EndOfRunSummary", "info")
    summary_of_run.data.num_errors = 2
    progress.hear(summary_of_run)
    problem = "  Compilation Error in model a\n  Three.\n  \n  > in macro m (m.sql)\n  > called by model a (a.sql)"
    progress.hear(event("RunResultError", "error", problem))
    assert said[1:] == ["The build failed after 0 s: 2 problems.", "  Compilation Error in model a\n  Three."]


def test_of_two_tests_that_fail_alike_both_say_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the messages that dbt itself makes of their results."""
    monkeypatch.setattr(printer.group_lookup, "get", lambda _: None)
    said: list[str] = []
    progress = Progress({}, said.append, Clock())

    def result(name: str, status: NodeStatus) -> Any:
        own = {"node_name": name, "unique_id": f"test.{name}", "resource_type": "test"}
        test = SimpleNamespace(
            name=name, unique_id=f"test.{name}", resource_type="test", original_file_path=f"{name}.sql", node_info=own
        )
        return SimpleNamespace(status=status, message="Got 3 results, configured to fail if != 0", node=test)

    results = [result("first", NodeStatus.Fail), result("second", NodeStatus.Fail), result("third", NodeStatus.Warn)]
    add_callback_to_manager(progress.hear)
    try:
        printer.print_run_end_messages(results)
    finally:
        cleanup_event_logger()
    plain = [re.sub("\x1b.*?m", "", line).strip() for line in said]
    assert plain[0] == "The build failed after 0 s: 2 problems."
    assert plain[1:] == [
        line
        for name, of in (("first", "Failure"), ("second", "Failure"), ("third", "Warning"))
        for line in (f"{of} in test {name} ({name}.sql)", "Got 3 results, configured to fail if != 0")
    ]


def test_a_build_that_was_stopped_before_it_fitted_leaves_the_next_one_to_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shop.duckdb"
    monkeypatch.setenv("SHOP_WAREHOUSE", str(path))
    assert not build.has_fitted(None)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create schema my_segmentation; create table my_segmentation.cluster_rules (model_version int)"
        )
    assert not build.has_fitted("my")
    with duckdb.connect(str(path)) as connection:
        connection.execute("insert into my_segmentation.cluster_rules values (1)")
    assert build.has_fitted("my")
    assert not build.has_fitted(None)


def test_warnings_errors_and_sentences_are_shown_whole_and_nothing_else() -> None:
    said: list[str] = []
    progress = Progress({}, said.append, Clock())
    shown = [("LogTestResult", "warn"), ("RunResultError", "error"), ("Note", "info"), ("JinjaLogInfo", "info")]
    hidden = [("LogModelResult", "info"), ("Note", "debug"), ("SQLQuery", "debug")]
    for name, level in shown + hidden:
        progress.hear(event(name, level, f"{name} {level}"))
    assert said == ["LogTestResult warn", "RunResultError error", "Note info", "JinjaLogInfo info"]


def test_only_tables_and_seeds_have_a_stage() -> None:
    assert stage_of(node("marts/core/customers.sql")) == "marts"
    assert stage_of(node("demo_shop/x.csv", "seed")) == "seeds"
    assert stage_of(node("marts/core/customers.sql", "test")) == ""
    assert duration(59.6) == "1 min 0 s"


def test_the_end_says_in_five_lines_what_was_found_and_what_to_open(demo_shop: Shop) -> None:
    with duckdb.connect(str(demo_shop.warehouse), read_only=True) as connection:
        lines = summary(connection, 99, "published")
        unpublished = summary(connection, 99, None)
    customers, overdue = demo_shop.row(
        "select (select count(*) from customers), (select count(*) from customer_alerts where state <> 'resolved')"
    )
    assert len(lines) == 5
    assert lines[0] == "Built in 1 min 39 s."
    assert lines[1].startswith("Read    11,396 rows: 77 % are sales (")
    assert f"{customers:,} customers in 3 broad segments; loyal bring 82 % of the revenue." in lines[2]
    assert f"{overdue:,} overdue customers" in lines[3]
    assert lines[4].split() == ["Open", "published/report.html"]
    assert "published" not in unpublished[4]


def test_the_end_reads_the_marts_where_the_prefix_puts_them(demo_shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "mine.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"attach '{demo_shop.warehouse}' as built (read_only); create schema mine")
        for mart in ("cleaning_summary", "customers", "orders", "segments", "customer_alerts", "input_warnings"):
            connection.execute(f"create table mine.mine.{mart} as from built.main.{mart}")
    with (
        duckdb.connect(str(demo_shop.warehouse), read_only=True) as built,
        duckdb.connect(str(path), read_only=True) as connection,
    ):
        assert summary(connection, 99, "published", "mine") == summary(built, 99, "published")
        assert "mine_reporting.report_pages" in summary(connection, 99, None, "mine")[4]


@pytest.mark.parametrize(
    ("result", "code", "end"),
    [
        (SimpleNamespace(success=False, exception=ValueError("it is broken"), result=None), 2, "it is broken"),
        (
            SimpleNamespace(
                success=False, exception=None,
                result=SimpleNamespace(results=[SimpleNamespace(status="fail"), SimpleNamespace(status="success")]),
            ),
            1,
            "The build failed after 0 s: 1 problem.",
        ),
    ],
)  # fmt: skip
def test_the_exit_code_of_dbt_is_kept(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    result: Any,
    code: int,
    end: str,
) -> None:
    heard: list[list[str]] = []

    class Runner:
        def __init__(self, callbacks: list[Any]) -> None:
            assert callbacks

        def invoke(self, arguments: list[str]) -> Any:
            heard.append(arguments)
            return result

    began: list[bool] = []
    monkeypatch.setattr("shop_toolkit.workers.load_ahead", lambda: began.append(True))
    monkeypatch.setattr("dbt.cli.main.dbtRunner", Runner)
    in_effect = {"transactions": "a", "refit": False, "schema_prefix": None}
    monkeypatch.setattr(build, "settings_of_run", lambda settings: in_effect)
    monkeypatch.setenv("SHOP_WAREHOUSE", str(tmp_path / "shop.duckdb"))
    assert main(["{a: 1}"]) == code
    assert capsys.readouterr().out.splitlines()[-1] == end
    assert heard == [["build", "--log-level", "none", "--no-use-colors", "--vars", "{a: 1}"]]
    assert gc.isenabled()
    # A first build fits, and another may not, nor one that dbt will say can't open the warehouse.
    (tmp_path / "shop.duckdb").touch()
    assert main(["{a: 1}"]) == code
    assert began == [True]


def test_settings_that_cannot_be_read_are_said_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["[1"]) == 1
    assert "The settings can't be read" in capsys.readouterr().err


def test_the_workers_of_fits_end_with_the_build(tmp_path: Path) -> None:
    """Whoever reads the output of the build would wait for them: `make build | tee build.log`."""
    script = "import os; from shop_toolkit.ending import end; from shop_toolkit.parallel import in_parallel;"
    script += "print(*in_parallel(os.getpid, [()] * 4, 2), flush=True); end(3)"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "python_models")}
    # A file: a pipe would be read until the workers have ended.
    with (tmp_path / "output").open("w") as output:
        done = subprocess.run([sys.executable, "-c", script], stdout=output, env=environment, check=False)
    workers = {int(text) for text in (tmp_path / "output").read_text().split()}
    assert done.returncode == 3
    assert workers
    assert [worker for worker in workers if Path(f"/proc/{worker}").exists()] == []


def test_nothing_is_left_to_clean_up_after_the_build() -> None:
    """Else Python's helpers, which outlive it, clean up, and warn below its last line of what leaked."""
    # With a lock of the kind that dbt has; they are freed as a process ends.
    script = "import os; from multiprocessing import get_context; from shop_toolkit.ending import end;"
    script += "from shop_toolkit.parallel import in_parallel; lock = get_context('spawn').RLock();"
    script += "in_parallel(abs, [(1,)] * 4, 2); end(3)"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "python_models")}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "")


def test_what_a_thread_of_joblib_meets_while_workers_are_ended_is_not_shown() -> None:
    """One that still hands out work may find it gone, which happens once in many builds that fail at once."""
    script = """
from threading import Thread
from shop_toolkit import workers
from shop_toolkit.ending import end

def stop():
    handing_out = Thread(target=lambda: {}[1])
    handing_out.start()
    handing_out.join()

workers.stop_workers = stop
end(1)
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "python_models")}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 1)


def test_workers_load_their_libraries_ahead_and_are_those_that_fit() -> None:
    """And this process loads none of them, as dbt has it parse meanwhile."""
    script = """
import os, sys
from joblib.externals.loky import reusable_executor
from shop_toolkit.ending import end
from shop_toolkit.workers import load_ahead

load_ahead()
print("sklearn" in sys.modules)
started = set(reusable_executor._executor._processes)
from shop_toolkit.parallel import in_parallel

print(len(started), set(in_parallel(os.getpid, [()] * 8, 2)) <= started)
end(0)
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "python_models")}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False, timeout=120
    )
    assert (done.stdout.split(), done.stderr, done.returncode) == (["False", "2", "True"], "", 0)


def test_workers_end_with_a_build_that_fails_before_any_fit() -> None:
    script = "from shop_toolkit.ending import end; from shop_toolkit.workers import load_ahead; load_ahead(); end(1)"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "python_models")}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False, timeout=60
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_build_that_is_stopped_leaves_no_workers(number: signal.Signals, tmp_path: Path) -> None:
    """They would keep 400 MB, and hold open the output of the build."""
    # As `make` runs it, but for dbt, which takes seconds to load.
    script = """
import os, runpy, sys, time
from contextlib import nullcontext
from types import ModuleType, SimpleNamespace
from joblib.externals.loky import reusable_executor

class Runner:
    def __init__(self, callbacks):
        pass

    def invoke(self, arguments):
        try:
            print("workers", *reusable_executor._executor._processes, flush=True)
            time.sleep(60)
        except BaseException as error:
            return SimpleNamespace(exception=error)

sys.modules["dbt.cli.main"] = ModuleType("main")
sys.modules["dbt.cli.main"].dbtRunner = Runner
# They change dbt, which isn't there.
sys.modules["shop_toolkit.dbt_shortcuts"] = SimpleNamespace(take_shortcuts=dict, project_written_once=nullcontext)
sys.argv = ["build"]
runpy.run_module("shop_toolkit.build", run_name="__main__")
"""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "python_models"), "SHOP_WAREHOUSE": str(tmp_path / "shop.duckdb"),
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        cwd=ROOT, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout
        try:
            workers = next(line for line in process.stdout if line.startswith("workers")).split()[1:]
            # Ctrl-C reaches all processes of a terminal, the workers too.
            (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
            output, errors = process.communicate(timeout=20)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert (process.returncode, output, errors) == (
        128 + number, "", "The build was stopped. The next one makes up for it.\n",
    )  # fmt: skip
    assert len(workers) == 2
    assert [worker for worker in workers if Path(f"/proc/{worker}").exists()] == []
