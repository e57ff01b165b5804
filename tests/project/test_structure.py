"""The house plan, held against dbt's manifest: layers, names, access, and how far a table stands from the input."""

import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from conftest import LONG_FILES, MARTS, ROOT, Shop
from dbt.contracts.graph.manifest import Manifest

# A model reads from its own layer or from those before it. The layer's word names the folder.
LAYERS = (
    "sources",
    "staging",
    "cleaning",
    "core",
    "products",
    "interests",
    "scoring",
    "clustering",
    "segmentation",
    "history",
    "prediction",
    "marts",
    "metrics",
    "reporting",
    "publishing",
)
# The prefix of a name says what kind of model it is, and in which layers it can stand.
PREFIXES = {
    "base_": {"staging"},
    "stg_": {"staging"},
    "int_": set(LAYERS[LAYERS.index("cleaning") : LAYERS.index("marts")]),
    "rpt_": {"reporting"},
}
MOST_PARENTS = 8
LONGEST_LINE = 100
# What gathers many tables by nature.
GATHERERS = {
    "published_files": "every mart, so that a publication waits for all of them and their tests",
    "report_pages": "every mart, so that the report waits for all of them and their tests",
    "rpt_charts": "every table that a chart is drawn from",
}
# Words of an earlier private language, in two halves so that this list does not find itself.
PRIVATE_WORDS = ("fore" + "tell", "fore" + "to" + "ld", "to" + "ld", "a" + "new", "is_" + "touched", "for" + "get_")


class Graph:
    """The models of the manifest by name, their parents and how many hops they stand from the input."""

    def __init__(self, manifest: Manifest) -> None:
        self.nodes: dict[str, Any] = {
            node.name: node for node in manifest.nodes.values() if node.resource_type in ("model", "seed")
        }
        names = {node.unique_id: node.name for node in self.nodes.values()}
        self.models = {name: node for name, node in self.nodes.items() if node.resource_type == "model"}
        self.parents = {
            name: sorted({names[parent] for parent in node.depends_on.nodes if parent in names})
            for name, node in self.nodes.items()
            if node.resource_type == "model"
        }
        self.sources = {
            name: [parent for parent in node.depends_on.nodes if parent.endswith(".shop.transactions")]
            for name, node in self.models.items()
        }
        self.hops = cache(self._hops)

    def layer(self, name: str) -> str:
        return str(self.models[name].fqn[1])

    def _hops(self, name: str) -> int:
        """Edges on the longest path from a model or seed that reads no other."""
        return max((1 + self.hops(parent) for parent in self.parents.get(name, ())), default=0)


@pytest.fixture(scope="module")
def graph(make_shop: Callable[..., Shop]) -> Graph:
    parsed = make_shop().parsed()
    assert parsed is not None
    return Graph(parsed)


def test_every_model_stands_in_the_folder_of_a_layer(graph: Graph) -> None:
    assert {graph.layer(name) for name in graph.models} <= set(LAYERS)


def test_no_model_reads_from_a_later_layer(graph: Graph) -> None:
    back = [
        f"{name} ({graph.layer(name)}) reads {parent} ({graph.layer(parent)})"
        for name, parents in graph.parents.items()
        for parent in parents
        if parent in graph.models and LAYERS.index(graph.layer(parent)) > LAYERS.index(graph.layer(name))
    ]
    assert back == []


def test_only_staging_reads_the_source(graph: Graph) -> None:
    readers = {name for name, sources in graph.sources.items() if sources}
    assert readers, "no model reads the source"
    assert {graph.layer(name) for name in readers} <= {"sources", "staging"}


def test_every_relation_is_a_ref_or_a_source(graph: Graph) -> None:
    """A table that is named outright is one that dbt does not build before."""
    named = {
        name: found
        for name, node in graph.models.items()
        if node.language == "sql"
        and (
            found := re.findall(
                r"(?<!distinct )\b(?:from|join)\s+([a-z_]+\.[a-z_]+)\b", re.sub(r"--.*", "", node.raw_code)
            )
        )
    }
    assert named == {}


def test_a_prefix_says_which_kind_of_model_it_is(graph: Graph) -> None:
    wrong = [
        name
        for name in graph.models
        for prefix, layers in PREFIXES.items()
        if name.startswith(prefix) and graph.layer(name) not in layers
    ]
    assert wrong == []
    assert all(name.startswith(("base_", "stg_")) for name in graph.models if graph.layer(name) == "staging")


def test_marts_are_public_and_nothing_else_is(graph: Graph) -> None:
    public = {name for name, node in graph.models.items() if node.access == "public"}
    assert public == set(MARTS)


def test_every_model_has_a_group_of_its_layer(graph: Graph) -> None:
    groups: dict[str, set[str]] = {}
    for name, node in graph.models.items():
        assert node.group, name
        groups.setdefault(graph.layer(name), set()).add(node.group)
    assert all(len(of_layer) == 1 for layer, of_layer in groups.items() if layer != "publishing"), groups


def test_no_model_has_more_parents_than_a_reader_can_hold(graph: Graph) -> None:
    many = {name: len(parents) for name, parents in graph.parents.items() if len(parents) > MOST_PARENTS}
    assert set(many) <= set(GATHERERS), many


def test_no_model_only_hands_rows_to_a_child_that_reads_its_parent_too(graph: Graph) -> None:
    """dbt-project-evaluator's "rejoining of upstream concepts": the model in the middle belongs into its only child."""
    children: dict[str, set[str]] = {}
    for name, parents in graph.parents.items():
        for parent in parents:
            children.setdefault(parent, set()).add(name)
    rejoined = [
        f"{parent} -> {middle} -> {child}"
        for middle, below in children.items()
        if middle in graph.models and len(below) == 1 and len(graph.parents[middle]) == 1
        for child in below
        for parent in graph.parents[middle]
        if parent in graph.parents[child]
    ]
    assert rejoined == []


def test_tables_stand_near_the_input(graph: Graph) -> None:
    """Figures that were reached: a change may lower them."""
    assert len(graph.models) <= 138
    assert graph.hops("customers") <= 29
    assert graph.hops("published_files") <= 35
    assert median(graph.hops(name) for name in graph.models) <= 20


def tracked_files() -> list[Path]:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def test_lines_of_sql_are_short_also_where_sqlfluff_does_not_look() -> None:
    """It measures what a template writes: not macros, nor what a loop repeats."""
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked_files()
        # What one file would be without dbt is dense on purpose.
        if path.suffix == ".sql" and path.parent.name != "benchmarks"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if len(line) > LONGEST_LINE
    ]
    assert found == []


def without_template(source: str) -> str:
    """A macro's SQL: no comments and tags, `x` for what an expression writes, and texts empty."""
    sql = re.sub(r"\{#.*?#\}|--.*?$", "", source, flags=re.DOTALL | re.MULTILINE)
    sql = re.sub(r"\{%.*?%\}", " ", sql, flags=re.DOTALL)
    return re.sub(r"'(?:[^']|'')*'", "''", re.sub(r"\{\{.*?\}\}", "x", sql, flags=re.DOTALL))


@pytest.mark.parametrize("break_rule", [None, "SELECT 1", "from x alias", "from x\njoin y"])
def test_macros_are_written_as_sqlfluff_has_models_written(break_rule: str | None) -> None:
    """Lower case, `as` before each alias, and the kind of each join. With a rule broken, the test finds it."""
    after_table = "as|on|using|where|inner|left|cross|full|group|order|union|window|limit|having|qualify|unpivot|pivot"
    rules = {
        "a keyword in capitals": r"\b[A-Z][A-Z_]+\b",
        "an alias without as": rf"\b(?:from|join)[ ]+[\w.]+[ ]+(?!(?:{after_table})\b)\w+",
        "a join of no kind": r"(?<!inner )(?<!left )(?<!cross )(?<!full )\bjoin\b",
    }
    sources = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in (ROOT / "macros").rglob("*.sql")}
    assert len(sources) > 50
    if break_rule:
        sources = {"broken": f"{{% macro broken() %}}\n{break_rule}\n{{% endmacro %}}"}
    found = [
        f"{path}: {rule}: {match.group()}"
        for path, source in sources.items()
        for rule, pattern in rules.items()
        for match in re.finditer(pattern, without_template(source))
    ]
    assert len(found) == (1 if break_rule else 0), found


def test_sources_speak_the_words_of_the_field() -> None:
    private = re.compile(
        "|".join(rf"\b{word}" if word.endswith("_") else rf"\b{word}s?\b" for word in PRIVATE_WORDS), re.IGNORECASE
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in tracked_files()
        if path.name != "CHANGELOG.md" and path.suffix not in (".csv", ".png", ".lock")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if private.search(line)
    ]
    assert found == []


def test_scipy_and_scikit_learn_are_loaded_in_one_place_first() -> None:
    """Two threads of a build that load parts of SciPy at once can get a module that is only half there."""
    toolkit = ROOT / "python_models" / "shop_toolkit"
    scientific = re.compile(r"^(?:import|from) (?:scipy|sklearn)\b", re.MULTILINE)
    first = re.compile(r'\A"""(?:.|\n)*?"""\n\nimport shop_toolkit\.scientific\b')
    for path in sorted(toolkit.rglob("*.py")):
        if path.name != "scientific.py" and scientific.search(path.read_text("utf-8")):
            # A package's first line runs before any module of it.
            entrance = path if path.parent == toolkit else path.with_name("__init__.py")
            assert first.search(entrance.read_text("utf-8")), path


def test_the_files_that_start_first_exist() -> None:
    """Else one that was renamed starts last, and a worker ends alone with it."""
    assert set(LONG_FILES) <= {path.name for path in (ROOT / "tests").rglob("test_*.py")}
