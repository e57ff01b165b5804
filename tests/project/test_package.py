"""The project as a package in a dbt project of somebody else."""

import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
import yaml
from commands import BIN
from conftest import ROOT
from dbt.cli.main import dbtRunner
from shop_toolkit.errors import InputError
from shop_toolkit.ingest.macros import load_macros
from shop_toolkit.new_project import create_project

SALES = "select * from read_csv('data/*.csv', all_varchar = true)"
HEADING = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID"
FIRST = [
    "1,A1,2,2024-03-01 10:00,1.50,anna",
    "1,A2,1,2024-03-01 10:00,4.00,anna",
    "2,A1,5,2024-03-05 10:00,1.50,ben",
    "3,GIFT,1,2024-03-06 10:00,9.00,ben",
]
LATER = ["C4,A1,-1,2024-03-07 10:00,1.50,anna", "5,A2,3,2024-03-08 10:00,4.00,ben"]


def dbt(folder: Path, *arguments: str) -> str:
    """Run dbt in a project as its owner does; returns what it printed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SHOP_", "DBT_"))}
    # To write down each statement and the whole project takes a quarter of the time, and nobody reads it here.
    options = ("--no-use-colors", "--log-level-file", "info", "--no-write-json")
    done = subprocess.run(
        [BIN / "dbt", *options, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_project_of_ones_own_builds_on_its_own_model_seed_and_schemas(tmp_path: Path) -> None:
    project = tmp_path / "Corner-Shop"
    subprocess.run(
        ["make", "--old-file", ".venv/installed", "new", f"SHOP={project}"], cwd=ROOT, check=True, capture_output=True
    )
    settings = project / "dbt_project.yml"
    settings.write_text(
        settings.read_text("utf-8").replace(
            "transactions: data/transactions.csv", "transactions: ref('corner_shop', 'sales')"
        )
    )
    (project / "models/sales.sql").write_text(SALES)
    (project / "models/shop_orders.sql").write_text(
        "{{ config(alias='orders') }} select count(*) as n from {{ ref('customer_segmentation', 'orders') }}"
    )
    (project / "seeds/non_product_codes.csv").write_text("code,match_type,label\nGIFT,exact,gift card\n")
    (project / "data/transactions.csv").write_text("\n".join([HEADING, *FIRST]))
    # In this process, as it only links the package.
    places = ("--project-dir", str(project), "--profiles-dir", str(project), "--log-path", str(project / "logs"))
    assert dbtRunner().invoke(["deps", *places, "--quiet"]).success

    part = (
        "+shop_orders",
        "+order_lines",
        "+cancellations",
        "+rejected_transactions",
        "--indirect-selection",
        "cautious",
    )
    printed = dbt(project, "build", "--select", *part)
    assert "WARN" not in printed.replace("WARN=0", "")
    with duckdb.connect(str(project / "warehouse.duckdb")) as warehouse:
        query = "select invoice_id, quantity - cancelled_quantity from segmentation.order_lines order by all"
        assert warehouse.execute(query).fetchall() == [("1", 1), ("1", 2), ("2", 5)]
        assert warehouse.execute("select n from main.orders").fetchall() == [(2,)]
        rejected = "select product_id, rejection_reason from segmentation.rejected_transactions"
        assert warehouse.execute(rejected).fetchall() == [("GIFT", "non_product")]

    # The owner's model is built before it is read, in each build.
    (project / "data/later.csv").write_text("\n".join([HEADING, *LATER]))
    dbt(project, "build", "--select", *part)
    with duckdb.connect(str(project / "warehouse.duckdb")) as warehouse:
        assert warehouse.execute(query).fetchall() == [("1", 1), ("1", 1), ("2", 5), ("5", 3)]
        assert warehouse.execute("select n from main.orders").fetchall() == [(3,)]
        schemas = "select distinct schema_name from duckdb_tables() union select schema_name from duckdb_views()"
        names = {name for (name,) in warehouse.execute(schemas).fetchall()}
    assert {name for name in names if name.startswith("segmentation")} > {"segmentation", "segmentation_core"}
    assert not names & {"core", "sources", "staging", "seeds", "cleaning"}


def test_a_new_project_has_the_plugins_and_the_functions_of_this_one(tmp_path: Path) -> None:
    create_project(tmp_path / "shop", ROOT)

    def connection(folder: Path, name: str) -> dict[str, object]:
        output: dict[str, object] = yaml.safe_load((folder / "profiles.yml").read_text())[name]["outputs"]["warehouse"]
        return {key: output[key] for key in ("plugins", "settings", "config_options", "threads")}

    assert connection(tmp_path / "shop", "shop") == connection(ROOT, "customer_segmentation")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("9 shops", "A dbt project can't be called '9_shops': name a folder with letters"),
        ("customer_segmentation", "A dbt project can't be called 'customer_segmentation'"),
        ("full", "exists and is not empty: name a new folder"),
    ],
)
def test_a_folder_that_can_hold_no_project_is_refused(name: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/notes.txt").touch()
    with pytest.raises(InputError, match=r"can't be called|exists") as refused:
        create_project(tmp_path / name, ROOT)
    assert sentence in str(refused.value)
    assert {path.name for path in tmp_path.rglob("*")} == {"full", "notes.txt"}


class StoppedError(Exception):
    """Stands for dbt's error."""


def stop(sentence: str) -> None:
    raise StoppedError(sentence)


def test_a_seed_is_found_in_the_project_that_switched_the_packages_off() -> None:
    nodes = {
        f"{kind}.{package}.{name}": SimpleNamespace(resource_type=kind, name=name, schema=f"{package}_{kind}s")
        for kind, package, name in (
            ("seed", "my_shop", "custom_segments"), ("seed", "customer_segmentation", "custom_segments"),
            ("test", "my_shop", "campaigns"), ("seed", "my_shop", "campaigns"),
        )
    }  # fmt: skip
    conditions = {"a": "frequency > 1 -- two", "it's b": "true"}
    macros = load_macros(
        ROOT / "macros",
        {
            "var": None,
            "execute": True,
            "project_name": "my_shop",
            "graph": SimpleNamespace(nodes=nodes),
            "exceptions": SimpleNamespace(raise_compiler_error=stop),
            "campaign_conditions": lambda: conditions,
        },
    )
    assert macros["seed_of"]("campaigns").schema == "my_shop_seeds"
    assert macros["seed_of"]("custom_segments").schema == "customer_segmentation_seeds"
    with pytest.raises(StoppedError, match=r"The seed 'rfm_segments' is switched off and has no copy"):
        macros["seed_of"]("rfm_segments")
    rows = (
        "(values ('a', 'x', 2), ('it''s b', 'y', 1), ('c', null, 1)) as rows (campaign, campaign_condition, frequency)"
    )
    query = f"select campaign, {macros['meets_campaign_condition']()} from {rows} order by 1"
    assert duckdb.execute(query).fetchall() == [("a", True), ("c", True), ("it's b", True)]
    # a condition that isn't there never means everybody
    del conditions["a"]
    with pytest.raises(duckdb.Error, match="condition of the campaign a was changed"):
        duckdb.execute(f"select {macros['meets_campaign_condition']()} from {rows}").fetchall()


@pytest.mark.parametrize(("name", "clashes"), [("customers", True), ("shop_customers", False)])
def test_a_project_with_a_model_of_the_same_name_is_stopped(name: str, clashes: bool) -> None:
    def node(package: str, name: str) -> SimpleNamespace:
        return SimpleNamespace(package_name=package, name=name, resource_type="model")

    nodes = {
        "model.customer_segmentation.customers": node("customer_segmentation", "customers"),
        f"model.my_shop.{name}": node("my_shop", name),
    }
    macros = load_macros(
        ROOT / "macros",
        {
            "var": None,
            "execute": True,
            "project_name": "my_shop",
            "graph": SimpleNamespace(nodes=nodes),
            "exceptions": SimpleNamespace(raise_compiler_error=stop),
        },
    )
    if clashes:
        with pytest.raises(StoppedError, match=r"my_shop has models that customer_segmentation has, too \(customers\)"):
            macros["validate_package"]()
    else:
        macros["validate_package"]()


def test_versions_are_looked_up_where_the_prefix_puts_their_tables() -> None:
    asked = []

    def existing_relation(schema: str, name: str) -> str:
        asked.append((schema, name))
        return f"{schema}.{name}"

    context = {"var": lambda name: "shop", "execute": True, "existing_relation": existing_relation}
    macros = load_macros(ROOT / "macros", context)
    for macro in ("whole_versions", "versions_with_rules"):
        macros[macro]()
    assert asked == [
        ("shop_scoring", "rfm_cut_points"),
        ("shop_segmentation", "int_segment_rules"),
        ("shop_segmentation", "cluster_rules"),
    ]


@pytest.mark.parametrize(
    ("project", "written"),
    [
        # The settings of this project, also below its name.
        ("customer_segmentation", {"refitt": True, "currency": True, "their_own": True, "duplicates": False}),
        # Of a project that uses it, those below its name; on the command line there may be others of its own.
        ("my_shop", {"refitt": True, "currency": False}),
    ],
)
def test_settings_that_somebody_wrote_are_looked_at(project: str, written: dict[str, bool]) -> None:
    settings = {"customer_segmentation": {"refitt": True}, "their_own": 1, "duplicates": "keep"}
    context = {
        "var": None,
        "project_name": project,
        "invocation_args_dict": {"vars": {"currency": "EUR", "their_own": 2}},
        "adapter": SimpleNamespace(config=SimpleNamespace(vars=SimpleNamespace(to_dict=lambda: settings))),
    }
    assert load_macros(ROOT / "macros", context)["written_settings"]() == written


def test_no_sql_names_a_schema_or_takes_the_package_for_the_project() -> None:
    texts = {path.relative_to(ROOT): path.read_text("utf-8") for path in (ROOT / "macros").rglob("*.sql")}
    known = {Path("macros/schema/this_package.sql"), Path("macros/input/validate_package.sql")}
    assert {path for path, text in texts.items() if "project_name" in text} == known
    assert [path for path, text in texts.items() if re.search(r"existing_relation\(\s*'", text)] == []
    # Schemas of the stages are the folders of the models.
    stages = "|".join(path.name for path in (ROOT / "models").iterdir() if path.name not in ("marts", "sources"))
    named = re.compile(rf"\b(from|join|into|table|exists)\s+({stages}|sources|seeds)\.\w", re.IGNORECASE)
    files = [path for folder in ("models", "macros", "tests") for path in (ROOT / folder).rglob("*.sql")]
    assert [path for path in files if named.search(path.read_text("utf-8"))] == []
