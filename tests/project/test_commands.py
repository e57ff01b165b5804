"""Every command of the README works; nothing is asked of a network; what a newcomer meets first is right."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import QUICK_FIT, REAL_FILE, ROOT

README = (ROOT / "README.md").read_text()
COMMANDS = [
    line.split("  #")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if line.strip() and not line.startswith("#")
]
# Run elsewhere, or would run this very test.
NOT_RUN_HERE = {
    "make test": ".ci/run calls it",
    "pytest": "this is it",
    "make lint": ".ci/run runs the same tools",
    "make lock": "needs uv and the package registry",
    "make benchmark": "run by hand",
}
# Ask a warehouse that is built.
ASKING = ("dbt show", "dbt docs", "mf ", "python -m lineage")
BIN = Path(sys.executable).parent


def with_quick_fits(command: str) -> str:
    """A build whose figures are rougher than a user's, and nothing else."""
    settings = json.dumps(QUICK_FIT)[1:-1]
    if "--vars" in command:
        return command.replace("--vars '{", f"--vars '{{{settings}, ")
    command = command.replace("make build", f"make build VARS='{{{settings}}}'")
    return command.replace("dbt build", f"dbt build --vars '{{{settings}}}'")


def run(
    command: str, folder: Path, *, project: Path = ROOT, without_network: bool = False
) -> subprocess.CompletedProcess:
    environment = os.environ | {
        "SHOP_WAREHOUSE": str(folder / "shop.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
    }
    command = with_quick_fits(command)
    # The environment that runs this test stands in for the one that make would set up.
    command = command.replace("make ", f"make --assume-old=.venv/installed BIN={shlex.quote(str(BIN))} ")
    if without_network:
        command = f"unshare --map-root-user --net {command}"
    return subprocess.run(
        command, shell=True, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the embedded shop, for commands that only ask."""
    folder = tmp_path_factory.mktemp("built")
    done = run("dbt build --resource-type model --resource-type seed --quiet", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def project_of_built(built: Path) -> Path:
    """The project with the target of that folder, for `mf` looks nowhere else."""
    project = built / "project"
    project.mkdir()
    for path in ROOT.iterdir():
        if path.name not in ("target", "logs", ".git"):
            (project / path.name).symlink_to(path)
    (project / "target").symlink_to(built / "target")
    return project


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith(ASKING)])
def test_a_question_of_the_readme_is_answered(command: str, built: Path, project_of_built: Path) -> None:
    done = run(command, built, project=project_of_built)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [command for command in COMMANDS if command not in NOT_RUN_HERE and not command.startswith(ASKING)],
)
def test_a_command_of_the_readme_works(command: str, tmp_path: Path) -> None:
    if str(REAL_FILE.relative_to(ROOT.parent)) in command and not REAL_FILE.exists():
        pytest.skip("the real file is not at hand")
    if "my_shop.csv" in command:
        command = command.replace("my_shop.csv", str(tmp_path / "my_shop.csv"))
        shutil.copy(ROOT / "seeds/demo_shop/transactions.csv", tmp_path / "my_shop.csv")
    command = command.replace("benchmarks/output", str(tmp_path / "output"))
    done = run(command, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_clean_clone_builds_where_it_stands(tmp_path: Path) -> None:
    """What git does not track is not there, the warehouse's folder for one."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SHOP_", "DBT_"))}
    command = [str(BIN / "dbt"), "build", "--quiet", "--resource-type", "model", "--resource-type", "seed"]
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (clone / "warehouse" / "shop.duckdb").exists()


def test_the_readme_begins_with_the_two_commands() -> None:
    assert COMMANDS[:2] == ["make build", "make test"]


@pytest.mark.skipif(
    subprocess.run("unshare --map-root-user --net true", shell=True, capture_output=True, check=False).returncode != 0,
    reason="this machine lets nobody cut a process off the network",
)
def test_a_build_needs_no_network(tmp_path: Path) -> None:
    done = run("dbt build --exclude-resource-type unit_test", tmp_path, without_network=True)
    assert done.returncode == 0, done.stdout + done.stderr


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
