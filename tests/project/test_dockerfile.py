"""The Dockerfile, which no test can build: what it copies and runs exists, and it leaves out what is a shop's own."""

import fnmatch
import importlib.util
import json
import re
import tomllib
from pathlib import PurePosixPath

import yaml
from conftest import ROOT
from packaging.specifiers import SpecifierSet

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
INSTRUCTIONS = [
    (name, rest) for name, _, rest in (line.partition(" ") for line in DOCKERFILE.splitlines() if line[:1].isupper())
]


def rest_of(name: str) -> list[str]:
    return [rest for found, rest in INSTRUCTIONS if found == name]


def is_ignored(path: str) -> bool:
    """Whether .dockerignore leaves a path out: the last line that fits decides."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").removeprefix("**/")
            names = PurePosixPath(path).parts if "**/" in line else PurePosixPath(path).parts[:1]
            if any(fnmatch.fnmatch(name, pattern) for name in names):
                ignored = not line.startswith("!")
    return ignored


def test_everything_that_is_copied_exists_and_is_not_ignored() -> None:
    sources = [source for rest in rest_of("COPY") for source in rest.split()[:-1]]
    assert len(sources) > 8
    assert [source for source in sources if not (ROOT / source).exists() or is_ignored(source)] == []


def test_what_a_shop_owns_is_left_out() -> None:
    for path in (".git/config", ".venv/bin/python", "warehouse/shop.duckdb", "published/report.html", "my_shop.csv",
                 ".user.yml", "models/__pycache__/x.pyc", "README.md"):  # fmt: skip
        assert is_ignored(path), path


def test_all_that_a_build_reads_is_copied() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text("utf-8"))
    read = {path for name, paths in project.items() if name.endswith("-paths") for path in paths}
    copied = {rest.split()[0] for rest in rest_of("COPY")}
    assert len(read) > 3
    assert read <= copied
    assert all(name in DOCKERFILE for name in ("profiles.yml", "selectors.yml", ".dbtignore", "adapter"))


def test_its_python_is_one_that_the_project_supports() -> None:
    (image,) = rest_of("FROM")
    version = re.fullmatch(r"python:(3\.\d+)-slim-\w+", image)
    assert version
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert version[1] in SpecifierSet(project["requires-python"])
    assert f"Programming Language :: Python :: {version[1]}" in project["classifiers"]


def test_it_is_installed_by_the_lock_and_nothing_is_built() -> None:
    (install,) = (rest for rest in rest_of("RUN") if "pip" in rest)
    assert "--require-hashes --requirement requirements.lock" in install
    assert "--require-hashes --requirement requirements.lock" in (ROOT / "Makefile").read_text("utf-8")
    assert [rest for rest in rest_of("RUN") if re.search(r"\bdbt\b|make |shop_toolkit", rest)] == []


def test_it_runs_as_a_user_without_rights_what_make_build_runs() -> None:
    names = [name for name, _ in INSTRUCTIONS]
    assert rest_of("USER") == ["shop"]
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert "useradd --create-home --uid 1000 shop" in rest_of("RUN")
    program, option, module = json.loads(rest_of("ENTRYPOINT")[0])
    assert f"$(BIN)/{program} {option} {module} " in (ROOT / "Makefile").read_text("utf-8")
    assert importlib.util.find_spec(module)
    (environment,) = rest_of("ENV")
    assert "PYTHONPATH=/project/python_models:/project/adapter " in environment


def test_it_is_stopped_by_a_signal_that_ends_a_build() -> None:
    """The first process of a container ignores the signal that Docker else sends, and is killed ten seconds later."""
    assert rest_of("STOPSIGNAL") == ["SIGINT"]
    # Without a shell, which would keep the signal to itself.
    assert rest_of("ENTRYPOINT")[0].startswith("[")
