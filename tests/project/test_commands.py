"""Every command of README and docs works, builds need no network, and what a newcomer meets first is right."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import QUICK_FIT, REAL_FILE, REAL_FIT, ROOT, Shop

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
# Run elsewhere, or would run this very test.
NOT_RUN_HERE = {
    "make build": "a clean clone is built with it",
    "make test": ".ci/run calls it",
    "pytest": "this is it",
    "make lint": ".ci/run runs the same tools",
    "make lock": "needs uv and the package registry",
    "make benchmark": "run by hand",
}
# Ask a warehouse that is built.
ASKING_THE_TARGET = ("mf ", "python -m lineage")
ASKING = ("dbt show", "dbt docs", *ASKING_THE_TARGET)
# Goes on from a full build.
REFRESHING = "dbt build --selector refresh"
BIN = Path(sys.executable).parent


NO_NETWORK = "unshare --map-root-user --net"


def with_quick_fits(command: str, fits: dict[str, Any]) -> str:
    """A build whose figures are rougher than a user's, and nothing else.

    Unit tests are left to the build of a clean clone: they bring their own data, so that the input makes no difference.
    """
    settings = json.dumps(fits)[1:-1]
    command = command.replace("dbt build --vars '{", f"dbt build --vars '{{{settings}, ")
    return f"{command} --exclude-resource-type unit_test" if command.startswith("dbt build") else command


def run(
    command: str, folder: Path, fits: dict[str, Any] = QUICK_FIT, *, project: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "SHOP_WAREHOUSE": str(folder / "shop.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }
    command = with_quick_fits(command, fits)
    return subprocess.run(
        command, shell=True, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def built(demo_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the embedded shop, for commands that only ask."""
    return demo_shop.copy(tmp_path_factory.mktemp("built") / "shop").folder


@pytest.fixture(scope="module")
def described(built: Path) -> Path:
    """The project with that shop and its documentation in the target folder: `mf` and `lineage` look nowhere else."""
    project = built / "project"
    project.mkdir()
    for path in ROOT.iterdir():
        if path.name not in ("target", "logs", ".git"):
            (project / path.name).symlink_to(path)
    (project / "target").symlink_to(built / "target")
    done = run("dbt docs generate --quiet", built, project=project)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith(("dbt show", "dbt docs"))])
def test_a_question_of_the_readme_is_answered(command: str, built: Path) -> None:
    done = run(command, built)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith(ASKING_THE_TARGET)])
def test_a_question_about_metrics_and_columns_is_answered(command: str, built: Path, described: Path) -> None:
    done = run(command, built, project=described)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_for_the_real_file_works(real_shop: Shop, tmp_path: Path) -> None:
    """As a later build: the first one is the real shop itself, which is built with the same tests of its data."""
    (command,) = (command for command in COMMANDS if REAL_FILE.name in command)
    done = run(command, real_shop.copy(tmp_path / "real_shop").folder, REAL_FIT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [
        command
        for command in COMMANDS
        if command not in {*NOT_RUN_HERE, REFRESHING}
        and not command.startswith(ASKING)
        and REAL_FILE.name not in command
    ],
)
def test_a_command_of_the_readme_works(command: str, tmp_path: Path) -> None:
    if "my_shop.csv" in command:
        command = command.replace("my_shop.csv", str(tmp_path / "my_shop.csv"))
        shutil.copy(ROOT / "seeds/demo_shop/transactions.csv", tmp_path / "my_shop.csv")
    command = command.replace("benchmarks/output", str(tmp_path / "output"))
    done = run(command, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_command_that_refreshes_works_after_a_build(copy_of_demo_shop: Shop) -> None:
    """Twice, as dbt reads its own notes on the project in the second run."""
    assert REFRESHING in COMMANDS
    for _ in range(2):
        done = run(REFRESHING, copy_of_demo_shop.folder)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def network_can_be_cut() -> bool:
    return subprocess.run(f"{NO_NETWORK} true", shell=True, capture_output=True, check=False).returncode == 0


def test_a_clean_clone_builds_where_it_stands_and_without_a_network(network_can_be_cut: bool, tmp_path: Path) -> None:
    """By the README's first command. What git does not track is not there, the warehouse's folder for one."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SHOP_", "DBT_"))}
    # The environment that runs this test stands in for the one that make would set up.
    command = f"make --assume-old=.venv/installed BIN={shlex.quote(str(BIN))} build VARS='{json.dumps(QUICK_FIT)}'"
    if network_can_be_cut:
        command = f"{NO_NETWORK} {command}"
    done = subprocess.run(command, shell=True, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (clone / "warehouse" / "shop.duckdb").exists()


def test_the_network_could_be_cut_for_the_build_of_the_clone(network_can_be_cut: bool) -> None:
    """Else that build proved less than it says."""
    if not network_can_be_cut:
        pytest.skip("this machine lets nobody cut a process off the network")


def test_the_readme_begins_with_the_two_commands() -> None:
    assert COMMANDS[:2] == ["make build", "make test"]


def test_nothing_names_a_host_or_a_path_of_this_machine() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    home = re.compile(r"(^|[^\w.])/(home|root|work|tmp)/")
    host = re.compile(r"https?://")
    for name in tracked.split("\0"):
        path = ROOT / name
        if name and path.suffix != ".csv" and path != Path(__file__) and path.is_file():
            text = path.read_text("utf-8")
            assert not home.search(text), name
            if name == "requirements.lock":
                assert not host.search(text), name
