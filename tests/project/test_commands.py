"""Every command of README and docs works, builds need no network, and what a newcomer meets first is right."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import BIN, COMMANDS, REAL_FILE_COMMAND, run
from conftest import MARTS, QUICK_FIT, ROOT, Shop, notes_on_the_project, problem_of
from dbt.cli.main import dbtRunnerResult
from test_determinism import STAGES

# Run elsewhere, or would run this very test.
NOT_RUN_HERE = {
    "make build": "a clean clone is built with it",
    "make test": ".ci/run calls it",
    "make soak": "run by hand",
    "make build VARS='{transactions: my_shop.csv}'": "tests/project/test_build_command.py runs what it runs",
    "make watch": "runs until it is stopped: tests/project/test_watch.py",
    "pytest": "this is it",
    "make explore": "serves until it is stopped: tests/publishing/test_explore.py",
    "make superset": "tests/publishing/test_superset.py runs what it runs",
    "make new SHOP=my_shop": "tests/project/test_package.py builds such a project",
    "make lint": ".ci/run runs the same tools",
    "git pull": "needs the repository that was cloned",
    "make lock": "needs uv and the package registry",
    "make benchmark": "run by hand",
    REAL_FILE_COMMAND: "the real shop is built with it",
    "dbt docs generate --static": "the shop of tests/project/test_documentation.py is documented with it",
}
# Query a warehouse that is built.
QUERIES = "dbt show"
# Programs that look for the project's artifacts in its own folder.
PROGRAMS = ("mf validate-configs", "python -m lineage")
# Asked of MetricFlow without the program, which takes seconds to start: tests/metrics/test_metrics.py.
METRICS = "mf query "
# Starts from a full build.
REFRESHING = "dbt build --selector refresh"
NO_NETWORK = "unshare --map-root-user --net"


def run_here(shop: Shop, command: str, *options: str) -> dbtRunnerResult:
    """Run a command of dbt in this process, with the settings of `--vars` over those of the shop."""
    program, *arguments = shlex.split(command)
    assert program == "dbt"
    settings: dict[str, Any] = {}
    if "--vars" in arguments:
        place = arguments.index("--vars")
        given = yaml.safe_load(arguments[place + 1])
        settings = {name: str(value) if isinstance(value, date) else value for name, value in given.items()}
        del arguments[place : place + 2]
    return shop.dbt(*arguments, *options, **settings)


@pytest.fixture(scope="module")
def described(documented_demo: Shop) -> Path:
    """The project with the embedded shop and its documentation: `mf` and `lineage` look in its own target folder."""
    project = documented_demo.folder / "project"
    project.mkdir()
    for path in ROOT.iterdir():
        if path.name not in ("target", "logs", ".git"):
            (project / path.name).symlink_to(path)
    (project / "target").symlink_to(documented_demo.folder / "target")
    return project


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith(QUERIES)])
def test_a_query_of_the_documents_is_answered(command: str, copy_of_demo_shop: Shop) -> None:
    result = run_here(copy_of_demo_shop, command)
    assert result.success, problem_of(result)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith(PROGRAMS)])
def test_a_question_about_metrics_and_columns_is_answered(command: str, described: Path) -> None:
    done = run(command, described.parent, project=described)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_for_the_real_file_builds_it(real_shop: Shop) -> None:
    """`real_shop` is built by this command, in a process of its own."""
    assert real_shop.row("select count(*) from customers") == (4_334,)


# Those that inspect it are run by tests/sources/test_inspection.py.
@pytest.mark.parametrize(
    "command",
    [
        command
        for command in COMMANDS
        if "my_shop.csv" in command and not command.startswith("make") and "inspect" not in command
    ],
)
def test_a_command_for_a_file_of_ones_own_builds_its_customers(
    command: str, copy_of_demo_shop: Shop, tmp_path: Path
) -> None:
    """Of the file that the warehouse was built from, so that nothing is fitted."""
    assert command.startswith("dbt build")
    shutil.copy(ROOT / "seeds/demo_shop/transactions.csv", tmp_path / "my_shop.csv")
    here = command.replace("my_shop.csv", str(tmp_path / "my_shop.csv"))
    kinds = ("--resource-type", "model", "--resource-type", "seed")
    result = run_here(copy_of_demo_shop, here, *kinds, "--select", "+customers")
    assert result.success, problem_of(result)
    day = re.search(r"as_of_date: ([0-9-]+)", command)
    assert copy_of_demo_shop.row("select distinct as_of_date::varchar from customers") == (
        day[1] if day else "2025-12-31",
    )


@pytest.mark.parametrize(
    "command",
    [
        command
        for command in COMMANDS
        if command not in {*NOT_RUN_HERE, REFRESHING}
        and not command.startswith((QUERIES, METRICS, *PROGRAMS))
        and "my_shop.csv" not in command
    ],
)
def test_another_command_of_the_documents_works(command: str, tmp_path: Path) -> None:
    assert not command.startswith("dbt"), "a whole build: choose where it belongs"
    done = run(command.replace("benchmarks/output", str(tmp_path / "output")), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_that_refreshes_works_after_a_build(demo_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the notes on the project that dbt left in an earlier run, as after a build: it reads them and no file."""
    assert REFRESHING in COMMANDS
    noted = notes_on_the_project()
    assert noted.parsed() is not None
    assert (noted.folder / "target" / "partial_parse.msgpack").exists()
    shutil.copy(demo_shop.warehouse, noted.warehouse)
    # dbt parses again for another connection.
    for name, value in noted._environment().items():
        monkeypatch.setenv(name, value)
    done = run(REFRESHING, noted.folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Unable to do partial parsing" not in done.stdout
    # What dbt itself writes without news is what the dbt of the tests wrote, which takes shortcuts. The versions name
    # the settings, which are not those of the quick fits here.
    tables = [table for table in (*MARTS, *STAGES) if table != "core.model_versions"]
    assert Shop(noted.folder).checksums(*tables) == demo_shop.checksums(*tables)


@pytest.mark.soak
def test_dbt_itself_builds_what_it_builds_with_shortcuts(demo_shop: Shop, tmp_path: Path) -> None:
    done = run(f"dbt build --vars '{json.dumps(QUICK_FIT)}'", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert Shop(tmp_path).checksums(*MARTS, *STAGES) == demo_shop.checksums(*MARTS, *STAGES)


@pytest.fixture(scope="module")
def network_can_be_cut() -> bool:
    return subprocess.run(f"{NO_NETWORK} true", shell=True, capture_output=True, check=False).returncode == 0


def test_a_clean_clone_builds_the_same_tables_with_four_threads_and_without_a_network(
    network_can_be_cut: bool, demo_shop: Shop, tmp_path: Path
) -> None:
    """By the README's first command. What git does not track is not there, the warehouse's folder for one.

    The other tests read a shop that dbt built in their process, with one thread (quick_dbt).
    """
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SHOP_", "DBT_"))}
    # The environment that runs this test stands in for the one that make would set up.
    command = f"make --assume-old=.venv/installed BIN={shlex.quote(str(BIN))} build VARS='{json.dumps(QUICK_FIT)}'"
    if network_can_be_cut:
        command = f"{NO_NETWORK} {command}"
    done = subprocess.run(
        command, shell=True, cwd=clone, env=environment | {"SHOP_THREADS": "4"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    # Commands in other tests don't write it (commands.run).
    assert (clone / "target" / "manifest.json").exists()
    built = Shop(clone / "warehouse")
    assert built.warehouse.exists()
    assert built.checksums(*MARTS, *STAGES) == demo_shop.checksums(*MARTS, *STAGES)


def test_the_network_could_be_cut_for_the_build_of_the_clone(network_can_be_cut: bool) -> None:
    """Else that build proved less than it claims."""
    if not network_can_be_cut:
        pytest.skip("this machine lets nobody cut a process off the network")


def test_programs_that_tests_start_can_be_stopped_though_a_script_started_pytest_in_the_background() -> None:
    script = """
import signal, subprocess, sys
from commands import leave_signals_to_children

numbers = (signal.SIGINT, signal.SIGHUP)
for number in numbers:
    signal.signal(number, signal.SIG_IGN)
leave_signals_to_children()
for number in numbers:
    signal.raise_signal(number)
    child = f"import _signal; print(_signal.getsignal({number}) != _signal.SIG_IGN)"
    subprocess.run([sys.executable, "-S", "-c", child], check=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == (["True", "True"], "")


def test_the_readme_begins_with_the_two_commands() -> None:
    assert COMMANDS[:2] == ["make build", "make test"]


@pytest.mark.parametrize("target", ["build", "inspect", "refresh", "watch"])
@pytest.mark.parametrize("settings", ["", """{csv_delimiter: ";", column_mapping: {unit_price: 'Preis netto'}}"""])
def test_make_hands_on_the_settings_as_they_are(tmp_path: Path, target: str, settings: str) -> None:
    """Quotes of both kinds, and what a shell would read as the end of a command."""
    for program in ("dbt", "python"):
        stand_in = tmp_path / program
        stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n', "utf-8")
        stand_in.chmod(0o755)
    done = subprocess.run(
        ["make", "--silent", "--assume-old=.venv/installed", f"BIN={tmp_path}", target, f"VARS={settings}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    *command, last = done.stdout.splitlines()
    if settings or target != "refresh":
        assert last == settings
        assert target != "refresh" or command[-1] == "--vars"
    else:
        assert "--vars" not in command


def test_nothing_names_a_host_or_a_path_of_this_machine() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    home = re.compile(r"(^|[^\w.])/(home|root|work|tmp)/")
    host = re.compile(r"https?://")
    for name in tracked.split("\0"):
        path = ROOT / name
        if name and path.suffix not in (".csv", ".png") and path != Path(__file__) and path.is_file():
            text = path.read_text("utf-8")
            assert not home.search(text), name
            if name == "requirements.lock":
                assert not host.search(text), name


def test_installation_announces_itself(tmp_path: Path) -> None:
    """Pip prints nothing for about a minute, so a line comes first."""
    command = ["make", "--dry-run", "--no-print-directory", f"VENV={tmp_path / 'venv'}", "install"]
    steps = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    assert steps[0].startswith("echo 'Installing the locked packages into"), steps[0]
