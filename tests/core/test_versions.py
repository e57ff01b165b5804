"""Fitted versions as files: what one warehouse exports, another imports; what isn't whole gets a sentence."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ROOT, Shop, problem_of
from shop_toolkit.versions import export_versions, import_versions

TABLES = [("core", "model_versions"), ("scoring", "rfm_cut_points")]
COLUMNS = {
    "model_versions": [
        "model_version", "cause", "anchor_invoice_id", "anchor_customer_id", "settings", "customers_fitted",
        "is_active", "anchor_order_date", "baseline_date",
    ],
    "rfm_cut_points": ["model_version", "measure", "cut_point"],
    "cluster_rules": ["model_version", "rule"],
}  # fmt: skip


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("""
            create schema core; create schema scoring;
            create table core.model_versions as
            select
                cast(1 as integer) as model_version, 'first build' as cause, '007' as anchor_invoice_id,
                'é' as anchor_customer_id, '{"refit": false}' as settings, cast(20 as bigint) as customers_fitted,
                true as is_active, date '2024-02-29' as anchor_order_date, date '2024-03-01' as baseline_date;
            create table scoring.rfm_cut_points as
            select 1 as model_version, measure, cast(cut_point as decimal(18, 2)) as cut_point
            from (values ('monetary', 2.5), ('frequency', null)) as points (measure, cut_point);
        """)
        yield connection


def exported(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(
        export_versions(warehouse, json.dumps({"folder": str(folder), "tables": TABLES}))
    )
    return answer


def imported(
    folder: Path, stored: list[dict[str, Any]] | None = None, columns: dict[str, list[str]] = COLUMNS
) -> tuple[dict[str, Any], duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    request: dict[str, Any] = {"folder": str(folder), "tables": columns}
    if stored is not None:
        rows = ", ".join(f"({', '.join('?' * len(version))})" for version in stored)
        values = [value for version in stored for value in version.values()]
        connection.execute("create schema core")
        connection.execute(
            f"create table core.model_versions as from (values {rows}) as v ({', '.join(stored[0])})", values
        )
        request["stored"] = ["core", "model_versions"]
    return json.loads(import_versions(connection, json.dumps(request))), connection


def problem(folder: Path, **given: Any) -> str:
    return str(imported(folder, **given)[0]["problem"]).replace(str(folder), "versions")


def test_what_is_exported_is_imported_with_its_types(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    folder = tmp_path / "versions"
    assert exported(warehouse, folder)["message"] == f"Exported version 1 to '{folder}': 2 tables."
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    # Again, into the folder of the export before.
    assert "problem" not in exported(warehouse, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert [path.name for path in tmp_path.iterdir()] == ["versions"]

    versions = json.loads(first["manifest.json"])["versions"]
    for stored in (None, versions):
        answer, other = imported(folder, stored)
        assert answer["tables"] == ["model_versions", "rfm_cut_points"]
        for schema, name in TABLES:
            query = "select * from {} order by all"
            before, after = (
                connection.sql(query.format(f"{place}.{name}"))
                for connection, place in ((warehouse, schema), (other, answer["schema"]))
            )
            assert before.fetchall() == after.fetchall()
            assert dict(zip(before.columns, before.types, strict=True)) == dict(
                zip(after.columns, after.types, strict=True)
            )


def test_an_export_that_was_being_replaced_is_put_back(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported(warehouse, tmp_path / "a")
    (tmp_path / ".a.partial").mkdir()
    (tmp_path / "a").rename(tmp_path / ".a.before")
    assert "problem" not in imported(tmp_path / "a")[0]
    # Killed one step later.
    (tmp_path / ".a.before").mkdir()
    assert "problem" not in exported(warehouse, tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "b")
    assert "problem" not in exported(warehouse, Path())
    assert (tmp_path / "b" / "manifest.json").is_file()


def test_a_folder_of_other_files_is_not_replaced(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    answer = exported(warehouse, tmp_path)
    assert answer["problem"].replace(str(tmp_path), "versions") == (
        "The folder 'versions' holds other files and no manifest.json: name an empty folder or a new one."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    # A folder below a file.
    answer = exported(warehouse, tmp_path / "notes.txt" / "versions")
    assert "versions' can't be written: Not a directory." in answer["problem"]


def test_what_is_no_whole_export_gets_a_sentence(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    assert problem(tmp_path) == (
        "The folder 'versions' holds no manifest.json, so no versions: name one that 'dbt run-operation"
        " export_versions' wrote."
    )
    exported(warehouse, tmp_path / "a")
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text("utf-8"))

    def with_manifest(text: str) -> str:
        (tmp_path / "a" / "manifest.json").write_text(text, "utf-8")
        return problem(tmp_path / "a")

    for text in ("[", "[]", "{}", '{"layout": 1, "versions": [], "tables": {}}', json.dumps(manifest)[:-9]):
        assert with_manifest(text) == "The file 'versions/manifest.json' is damaged. Export the versions again."
    assert with_manifest(json.dumps(manifest | {"layout": 2})) == (
        "The export in 'versions' is of another release (layout 2, not 1). Export it again with this one."
    )
    (tmp_path / "a" / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    other = COLUMNS | {"rfm_cut_points": ["model_version", "measure", "bound"]}
    assert problem(tmp_path / "a", columns=other) == (
        "The table rfm_cut_points of the export in 'versions' is of another release: its columns differ (bound,"
        " cut_point). Export it again with this one."
    )
    known = {"model_versions": COLUMNS["model_versions"]}
    assert problem(tmp_path / "a", columns=known) == (
        "The export in 'versions' is of another release: it has the table rfm_cut_points. Export it again with this"
        " one."
    )
    # What becomes a part of a statement.
    columns = manifest["tables"]["rfm_cut_points"]["columns"]
    for kind in ("varchar) as a, (select 1", "INTEGER not null", "nosuch", 1):
        tables = {"rfm_cut_points": {"columns": columns | {"measure": kind}, "rows": 2}}
        assert with_manifest(json.dumps(manifest | {"tables": manifest["tables"] | tables})).startswith("The file '")
    (tmp_path / "a" / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    file = tmp_path / "a" / "rfm_cut_points.parquet"
    whole = file.read_bytes()
    damaged = (
        "The file 'versions/rfm_cut_points.parquet' is damaged or not what manifest.json says. Export the versions"
        " again."
    )
    for content in (whole[:-20], (tmp_path / "a" / "model_versions.parquet").read_bytes()):
        file.write_bytes(content)
        assert problem(tmp_path / "a") == damaged
    file.unlink()
    assert problem(tmp_path / "a") == damaged
    duckdb.sql(f"copy (select 1 as model_version, '' as measure, 1 as cut_point) to '{file}'")
    assert problem(tmp_path / "a") == damaged


def test_no_version_of_the_warehouse_is_lost(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    exported(warehouse, tmp_path / "a")
    (version,) = json.loads((tmp_path / "a" / "manifest.json").read_text("utf-8"))["versions"]
    assert "problem" not in imported(tmp_path / "a", [version])[0]
    end = (
        "importing would lose it. Import into a warehouse without versions, or into the one that the export continues."
    )
    assert problem(tmp_path / "a", stored=[version, version | {"model_version": 2}]) == (
        f"The warehouse has a version 2, fitted at 2024-03-01, and the export in 'versions' has none of this number:"
        f" {end}"
    )
    assert problem(tmp_path / "a", stored=[version | {"baseline_date": "2024-03-02"}]) == (
        f"The warehouse has a version 1, fitted at 2024-03-02, and the export in 'versions' has another one of this"
        f" number: {end}"
    )


def test_all_that_was_fitted_is_carried_to_an_empty_warehouse(
    demo_shop: Shop, make_shop: Callable[..., Shop], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--args", json.dumps({"folder": str(tmp_path / "versions")}))
    other = make_shop()
    assert not other.dbt("run-operation", "export_versions", *arguments).success
    assert "The warehouse has no fitted version to export. Run 'dbt build' first." in capfd.readouterr().out
    for shop, operation in ((demo_shop, "export_versions"), (other, "import_versions")):
        result = shop.dbt("run-operation", operation, *arguments)
        assert result.success, problem_of(result)
    registries = {
        path.stem
        for folder, mark in (("models", "full_refresh=false"), ("python_models", "with_stored_rows(dbt"))
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in (".sql", ".py") and "shop_toolkit" not in path.parts and mark in path.read_text("utf-8")
    }
    # It keeps no fits, but changes that wait for a command.
    registries = registries - {"customer_changes_outbox"} | {"model_versions"}
    tables = {table.split(".")[1]: table for table in other.tables()}
    assert set(tables) == registries
    assert other.checksums(*tables.values()) == demo_shop.checksums(*tables.values())
    assert other.row("select count(*) from information_schema.schemata where schema_name = 'imported_versions'") == (0,)
    # What the warehouse has decided or fitted since is not lost.
    member = "select 1 as model_version, 'spring' as campaign, 'a' as customer_id, true as is_control"
    for change, sentence in (
        (f"insert into campaign_members by name {member}", "The warehouse has members of the campaign 'spring'"),
        ("update core.model_versions set baseline_date = date '2020-02-02'", "The warehouse has a version 1, fitted"),
    ):
        with duckdb.connect(str(other.warehouse)) as connection:
            connection.execute(change)
        before = other.checksums(*other.tables())
        assert not other.dbt("run-operation", "import_versions", *arguments).success
        assert sentence in capfd.readouterr().out
        assert other.checksums(*other.tables()) == before
