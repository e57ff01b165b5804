"""README and docs: short lines, links that lead somewhere, and names and defaults as they are in the project."""

import fcntl
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import MARTS, ROOT, Shop, warning_queries

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SUBJECTS = {
    "input", "cleaning", "segmentation", "categories-and-interests", "prediction", "history-and-refresh",
    "publishing-and-bi", "metrics", "settings", "decisions", "architecture",
    "cluster", "campaigns", "package", "questions",
}  # fmt: skip
LONGEST = 100


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines of a page outside of code and tables."""
    is_code = False
    for number, line in enumerate(page.read_text("utf-8").splitlines(), start=1):
        if line.startswith("```"):
            is_code = not is_code
        elif not is_code and not line.startswith("|"):
            yield number, line


def anchor(heading: str) -> str:
    """The anchor of a heading, by GitHub's rules."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor(line.lstrip("#")) for _, line in prose(page) if line.startswith("#")}


def test_the_readme_is_short() -> None:
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= 200
    assert [line for line in lines if len(line) > LONGEST] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_of_prose_are_short(page: Path) -> None:
    assert [number for number, line in prose(page) if len(line) > LONGEST] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        path, _, place = target.partition("#")
        linked = page if not path else (page.parent / path).resolve()
        assert linked.exists(), target
        if place:
            assert place in anchors(linked), target


FOLDERS = (
    "benchmarks",
    "dashboards",
    "docs",
    "examples",
    "generator",
    "macros",
    "models",
    "python_models",
    "seeds",
    "tests",
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_and_folder_that_a_page_names_exists(page: Path) -> None:
    """A name with a gap, such as models/<layer>/…, stands for many; what benchmarks write is not tracked."""
    named = {
        path
        for path in re.findall(r"`([\w./-]+/[\w./-]*)`", page.read_text("utf-8"))
        if path.split("/")[0] in FOLDERS and not path.startswith("benchmarks/output")
    }
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_each_kind_of_doubt_about_the_input_is_explained() -> None:
    findings = [path.read_text("utf-8") for path in (ROOT / "python_models").rglob("ingest/*.py")]
    kinds = set(re.findall(r'Finding\(\s*"(\w+)"', "\n".join(findings)))
    kinds |= set(re.findall(r"'(\w+)' as kind", warning_queries()))
    assert len(kinds) > 15
    rows = [line.split("|")[1] for line in (ROOT / "docs/input.md").read_text("utf-8").splitlines() if "|" in line]
    assert kinds - {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set()


def test_the_readme_leads_to_a_page_for_each_subject() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert {page.stem for page in (ROOT / "docs").glob("*.md")} == SUBJECTS
    assert all(f"](docs/{subject}.md)" in readme for subject in SUBJECTS)


def test_the_readme_shows_a_picture_of_the_report() -> None:
    picture = ROOT / "docs" / "images" / "report.png"
    assert "](docs/images/report.png)" in (ROOT / "README.md").read_text("utf-8")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 300_000


def test_the_readme_lists_exactly_the_marts() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    table = readme[readme.index("## What you get") : readme.index("## How it works")]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(MARTS)


def test_the_settings_are_described_with_their_defaults() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", (ROOT / "docs/settings.md").read_text("utf-8"), re.MULTILINE)
    described = {name: default for name, default in rows if not name.startswith("SHOP_")}
    settings = yaml.safe_load((ROOT / "dbt_project.yml").read_text("utf-8"))["vars"]
    assert described.keys() == settings.keys()
    for name, value in settings.items():
        if value is None or name == "transactions":
            continue
        if isinstance(value, dict) and value:
            assert described[name] == "see `dbt_project.yml`"
        else:
            written = yaml.safe_load(described[name].strip("`")) if described[name] != "`''`" else ""
            assert written == value, name


def test_each_seed_to_edit_is_described() -> None:
    described = re.findall(r"`(seeds/\w+\.csv)`", (ROOT / "docs/settings.md").read_text("utf-8"))
    assert set(described) == {f"seeds/{path.name}" for path in (ROOT / "seeds").glob("*.csv")}


def test_every_model_that_a_page_names_exists(demo_shop: Shop) -> None:
    manifest: dict[str, Any] = json.loads((demo_shop.folder / "target" / "manifest.json").read_text())
    models = {(node["schema"], node["name"]) for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    schemas = {schema for schema, _ in models} - {"main"}
    named = {
        (schema, name)
        for page in PAGES
        for schema, name in re.findall(r"`(\w+)\.(\w+)`", page.read_text("utf-8"))
        if schema in schemas
    }
    assert named
    assert named <= models


def test_a_refresh_by_the_clock_is_skipped_while_a_build_runs_and_that_is_no_failure(tmp_path: Path) -> None:
    """The lines for cron, with other programs in the place of make."""
    page = (ROOT / "docs" / "history-and-refresh.md").read_text("utf-8")
    build, refresh = re.findall(r"cd /srv/shop && (flock .*) >> build\.log", page)
    assert build == "flock warehouse.lock make build", "it waits"

    def code_of(program: str) -> int:
        command = refresh.replace("make refresh", program)
        assert command != refresh
        return subprocess.run(command, shell=True, cwd=tmp_path, check=False).returncode

    with (tmp_path / "warehouse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert code_of("touch refreshed") == 0
        assert not (tmp_path / "refreshed").exists()
    assert code_of("touch refreshed") == 0
    assert (tmp_path / "refreshed").exists()
    assert code_of("false") == 1, "a failed test"
