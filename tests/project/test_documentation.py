"""The yml files describe what was built; dbt on DuckDB checks neither names nor keys by itself."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from commands import COMMANDS
from conftest import MARTS, PUBLISHED, ROOT, WARNINGS_ARE_ERRORS, Shop, problem_of, settings_read_by_parsing
from dbt.clients import yaml_helper
from dbt.contracts.graph.manifest import Manifest
from shop_toolkit.settings import SETTINGS

KNOWN_KEYS = {
    "file": {
        "version",
        "models",
        "seeds",
        "unit_tests",
        "semantic_models",
        "metrics",
        "exposures",
        "groups",
        "sources",
    },
    "model": {"name", "description", "columns", "data_tests", "config", "time_spine"},
    "column": {"name", "data_type", "description", "data_tests", "constraints", "granularity"},
    "unit test": {"name", "model", "overrides", "given", "expect", "description"},
    "exposure": {"name", "label", "type", "maturity", "description", "owner", "depends_on"},
    "metric": {"name", "label", "description", "type", "type_params"},
}


@pytest.fixture(scope="module")
def manifest(demo_shop: Shop) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((demo_shop.folder / "target" / "manifest.json").read_text())
    return read


def tables_of(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed"))


def properties() -> Iterator[tuple[Path, dict[str, Any]]]:
    for folder in ("models", "python_models", "seeds"):
        # What is in shop_toolkit is no part of this project: files of projects that `make new` writes.
        for path in sorted(set((ROOT / folder).rglob("*.yml")) - set((ROOT / folder).rglob("shop_toolkit/**/*.yml"))):
            # By dbt, as the parser written in Python takes eight times as long.
            yield path, yaml_helper.safe_load(path.read_text())


def test_every_table_has_exactly_the_columns_that_its_yml_describes(manifest: dict[str, Any], demo_shop: Shop) -> None:
    columns: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for schema, table, name, kind in demo_shop.rows(
        "select table_schema, table_name, column_name, data_type from information_schema.columns"
    ):
        columns.setdefault((schema, table), []).append((name, re.sub(r"\s", "", kind.lower())))
    for node in tables_of(manifest):
        built = columns[node["schema"], node["alias"]]
        written = [
            (column["name"], re.sub(r"\s", "", (column["data_type"] or "").lower()))
            for column in node["columns"].values()
        ]
        assert sorted(written) == sorted(built), node["name"]


def test_every_table_and_column_is_described(manifest: dict[str, Any]) -> None:
    for node in tables_of(manifest):
        assert re.match(r"One row( |:)", node["description"]), node["name"]
        for column in node["columns"].values():
            assert column["description"].strip(), f"{node['name']}.{column['name']}"


def test_every_metric_and_exposure_is_described(manifest: dict[str, Any]) -> None:
    described = [*manifest["exposures"].values(), *manifest["metrics"].values(), *manifest["semantic_models"].values()]
    for model in manifest["semantic_models"].values():
        described += [*model["entities"], *model["dimensions"], *model["measures"]]
    assert len(described) > 30
    for node in described:
        assert (node["description"] or "").strip(), node["name"]


def test_exposures_name_what_leaves_the_project(manifest: dict[str, Any]) -> None:
    marts = {exposure["name"]: {node.split(".")[-1] for node in exposure["depends_on"]["nodes"]}
             for exposure in manifest["exposures"].values()}  # fmt: skip
    assert set(marts) == {
        "report", "published_tables", "segment_classifier", "newcomer_classifier", "spend_forecast", "audience_files",
    }  # fmt: skip
    # published_files waits for every mart (tests/publishing/test_publication.py)
    assert marts["published_tables"] == {"published_files"}


def test_the_documentation_is_one_file_with_all_tables_and_their_columns(documented_demo: Shop) -> None:
    assert "dbt docs generate --static" in COMMANDS
    target = documented_demo.folder / "target"
    page = (target / "static_index.html").read_text()
    # the page holds both files and needs no server to fetch them; it reports to nobody that it is read
    for name in ("manifest", "catalog"):
        assert json.dumps(json.loads((target / f"{name}.json").read_text())) in page
    metadata = json.loads((target / "manifest.json").read_text())["metadata"]
    assert metadata["send_anonymous_usage_stats"] is False
    catalog = json.loads((target / "catalog.json").read_text())
    tables = {node["metadata"]["name"]: node["columns"] for node in catalog["nodes"].values()}
    assert set(MARTS) <= set(tables)
    assert [column["type"] for name, column in tables["sales_by_country"].items() if name == "revenue"] == [
        "DECIMAL(18,2)"
    ]


def test_every_mart_is_under_contract(manifest: dict[str, Any]) -> None:
    marts = {node["name"]: node for node in tables_of(manifest) if "marts" in node["fqn"]}
    assert set(marts) == set(PUBLISHED)
    assert all(node["config"]["contract"]["enforced"] for node in marts.values())


def test_no_key_of_a_yml_is_misspelt() -> None:
    for path, content in properties():
        assert set(content) <= KNOWN_KEYS["file"], path
        for node in content.get("models", []) + content.get("seeds", []):
            assert set(node) <= KNOWN_KEYS["model"], f"{path}: {node['name']}"
            for column in node.get("columns", []):
                assert set(column) <= KNOWN_KEYS["column"], f"{path}: {node['name']}.{column['name']}"
        for test in content.get("unit_tests", []):
            assert set(test) <= KNOWN_KEYS["unit test"], f"{path}: {test['name']}"
        for kind in ("exposure", "metric"):
            for node in content.get(f"{kind}s", []):
                assert set(node) <= KNOWN_KEYS[kind], f"{path}: {node['name']}"


def test_every_setting_is_known_and_has_a_reason_to_change_it(manifest: dict[str, Any]) -> None:
    text = (ROOT / "dbt_project.yml").read_text()
    variables = yaml.safe_load(text)["vars"]
    known = set(SETTINGS)
    assert set(variables) == known
    for name in variables:
        assert re.search(rf"^  {name}: .*  # \S", text, re.MULTILINE), f"{name} has no line with a reason"
        assert f"`{name}`" in (ROOT / "docs" / "settings.md").read_text(), f"{name} is not in docs/settings.md"


def test_every_key_is_tested(manifest: dict[str, Any]) -> None:
    """A key is what the description of a table names in brackets."""
    tests = [node["test_metadata"] | {"on": node["attached_node"]}
             for node in manifest["nodes"].values() if node.get("test_metadata")]  # fmt: skip
    for identifier, node in manifest["nodes"].items():
        if node["resource_type"] != "model" or node["config"]["materialized"] == "view":
            continue
        key = re.search(r"\(((?:`\w+`(?:, )?)+)\)", node["description"])
        assert key, f"{node['name']} names no key"
        columns = re.findall(r"`(\w+)`", key[1])
        assert any(
            test["on"] == identifier
            and test["name"] == "unique_combination_of_columns"
            and test["kwargs"]["columns"] == columns
            for test in tests
        ), f"{node['name']}: no test of its key {columns}"


def test_parsing_warns_of_nothing(make_shop: Callable[..., Shop]) -> None:
    """All tests use what is parsed so (tests/conftest.py)."""
    shop = make_shop()
    if shop.parsed() is None:
        pytest.fail(problem_of(shop.dbt("parse", *WARNINGS_ARE_ERRORS)))


def test_settings_change_of_what_is_parsed_only_what_a_yml_reads(make_shop: Callable[..., Shop]) -> None:
    """So that tests parse the project once, and fill in what a yml reads of a shop's settings."""
    read: dict[str, Any] = {
        "min_test_customers": 20, "max_broad_rules": 5, "max_detailed_rules": 6, "rule_folds": 4,
        "tsne_iterations": 300, "max_clusters": 8, "bootstrap_samples": 3, "category_bootstrap_samples": 5,
        "min_stability": 0.97, "silhouette_tolerance": 0.1,
        "spend_param_grids": {"linear_regression": {"alpha": [1, 10]}},
        "classification_param_grids": {"logistic_regression": {"C": [0.5], "penalty": ["l1"]}},
        "published_folder": "exports/of shop's", "postgres_schema": "other", "locale": "de_DE", "currency": "EUR",
        "customer_emails": {"file": "x.csv", "customer_id": "id", "email": "mail"},
    }  # fmt: skip
    others: dict[str, Any] = {
        "transactions": "a_table", "column_mapping": {"customer_id": "Kunde"}, "csv_delimiter": ";",
        "csv_encoding": "latin-1", "date_format": "%d.%m.%Y", "decimal_separator": ",",
        "cancellation_invoice_prefix": "", "max_order_days": 0, "duplicates": "keep",
        "refund_invoice_prefixes": ["CN"], "max_unreadable_share": 0.9,
        "plausible_from": "2025-01-01", "plausible_to": "2025-12-31",
        "as_of_date": "2025-03-31", "baseline_date": "2025-03-31", "refit": True,
        "rfm_cut_points": {"recency_days": [30, 90], "monetary": 4},
        "score_within": "country", "min_orders": 2, "max_orders": 50, "min_revenue": 10, "max_revenue": 9999.5,
        "included_countries": ["Germany"], "excluded_countries": ["France"], "excluded_customers": ["1"],
        "max_fit_customers": 100, "min_segment_share": 0.1,
        "force_broad_clustering": "rfm ward 4", "force_detailed_clustering": "rfm ward 5", "max_fit_products": 100,
        "backtest_origins": 2, "max_training_customers": 100, "min_precision": 0.5,
        "report_customer_rows": True, "on_change": "cat",
        "control_share": 0.5, "control_salt": "x", "overdue_quantile": 0.5,
    }  # fmt: skip
    known = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["vars"]
    assert read.keys() == settings_read_by_parsing().keys()
    # Parsing names all tables by the prefix: no shop of the tests has one.
    assert others.keys() | read.keys() == known.keys() - {"schema_prefix"}
    one, other = make_shop(**read).parsed(), make_shop(**read).dbt("parse", **others).result

    def parsed(manifest: Manifest) -> dict[str, tuple[Any, ...]]:
        return {
            identifier: (node.raw_code, sorted(node.depends_on.nodes), sorted(node.depends_on.macros),
                         {name: value for name, value in node.config.to_dict().items() if name != "vars"})
            for identifier, node in manifest.nodes.items() if node.resource_type != "seed"
        }  # fmt: skip

    assert parsed(one) == parsed(other)
