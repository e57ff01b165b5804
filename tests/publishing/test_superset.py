"""The bundle for Superset: whole, true to the marts, and imported into a real Superset (`make soak`)."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from conftest import ROOT
from playwright.sync_api import Page, Response, sync_playwright

from dashboards.superset.bundle import (
    DASHBOARDS,
    DATASETS,
    WIDTH_OF_ROW,
    BundleError,
    Chart,
    Dataset,
    bundle,
    main,
    write_bundle,
)

CHARTS = [chart for dashboard in DASHBOARDS for chart in dashboard.charts]
BY_NAME = {dataset.name: dataset for dataset in DATASETS}
CHROMIUM = "/usr/bin/chromium"
DATA = "/api/v1/chart/data"


@pytest.fixture(scope="module")
def marts(published_demo: Path) -> Path:
    return published_demo / "marts.duckdb"


@pytest.fixture(scope="module")
def files(marts: Path) -> dict[str, dict[str, Any]]:
    return bundle(marts)


def of_kind(files: dict[str, dict[str, Any]], folder: str) -> list[dict[str, Any]]:
    return [content for name, content in files.items() if name.startswith(f"{folder}/")]


def connection_of(files: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """How Superset opens the database."""
    (database,) = of_kind(files, "databases")
    options: dict[str, Any] = database["extra"]["engine_params"]["connect_args"]
    return options


def source_of(dataset: Dataset) -> str:
    return f"({dataset.query}\n)" if dataset.query else dataset.name


def test_three_dashboards_have_twelve_charts_in_whole_rows() -> None:
    assert (len(DASHBOARDS), len(CHARTS)) == (3, 12)
    assert len({chart.title for chart in CHARTS}) == len(CHARTS)
    for dashboard in DASHBOARDS:
        for row in dashboard.rows:
            assert sum(chart.width for chart in row) == WIDTH_OF_ROW, [chart.title for chart in row]


def test_every_id_is_one_of_the_bundle_and_belongs_to_one_object(files: dict[str, dict[str, Any]]) -> None:
    (database,) = of_kind(files, "databases")
    datasets = {content["uuid"]: content for content in of_kind(files, "datasets")}
    charts = {content["uuid"]: content for content in of_kind(files, "charts")}
    every = [database["uuid"], *datasets, *charts, *(content["uuid"] for content in of_kind(files, "dashboards"))]
    assert len(set(every)) == len(every) == 1 + len(DATASETS) + len(CHARTS) + len(DASHBOARDS)
    assert {content["database_uuid"] for content in datasets.values()} == {database["uuid"]}
    assert {content["dataset_uuid"] for content in charts.values()} == set(datasets), "a dataset that no chart shows"
    shown: list[str] = []
    for dashboard in of_kind(files, "dashboards"):
        places = [place for place in dashboard["position"].values() if isinstance(place, dict)]
        children = {child for place in places for child in place.get("children", [])}
        assert children == {place["id"] for place in places} - {"ROOT_ID", "HEADER_ID"}
        here = {place["meta"]["uuid"]: place["meta"]["chartId"] for place in places if place["type"] == "CHART"}
        shown += here
        for native in dashboard["metadata"]["native_filter_configuration"]:
            assert {target["datasetUuid"] for target in native["targets"] if target} <= set(datasets)
            assert set(native["scope"]["excluded"]) <= set(here.values())
    assert sorted(shown) == sorted(charts)


def test_the_database_is_opened_for_reading_by_a_path_that_holds_anywhere(
    files: dict[str, dict[str, Any]], marts: Path
) -> None:
    (database,) = of_kind(files, "databases")
    assert database["sqlalchemy_uri"] == f"duckdb:///{marts}"
    assert marts.is_absolute()
    assert not any(database[right] for right in ("allow_dml", "allow_ctas", "allow_cvas", "allow_csv_upload"))


def test_who_asks_in_sql_reads_and_writes_no_file_of_the_server(
    files: dict[str, dict[str, Any]], marts: Path, tmp_path: Path
) -> None:
    """SQL Lab sends what a user writes: on a connection as the bundle has Superset open it."""
    secret, written = tmp_path / "secret.txt", tmp_path / "written.csv"
    secret.write_text("of the server")
    with duckdb.connect(str(marts), **connection_of(files)) as connection:
        assert connection.execute("select count(*) from customers").fetchall() == [(630,)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            connection.execute("create table x as select 1")
        for query in (f"select * from read_text('{secret}')", f"copy (select 1) to '{written}'"):
            with pytest.raises(duckdb.PermissionException):
                connection.execute(query)
        with pytest.raises(duckdb.InvalidInputException, match="while database is running"):
            connection.execute("set enable_external_access = true")
    assert not written.exists()


def query_of(chart: Chart) -> str:
    """SQL from what a chart names, as Superset writes it, with a place for the segmentation where it has one."""
    dataset, params = BY_NAME[chart.dataset], chart.params
    metrics = [*params.get("metrics", []), *([params["metric"]] if "metric" in params else [])]
    values = [f"{dataset.metrics[metric][0]} as {metric}" for metric in metrics]
    for_segmentation = "true" if chart.has_no_segment else "segmentation = ?"
    written = [given["sqlExpression"] for given in params.get("adhoc_filters", [])]
    grouped = f" group by {', '.join(names_of(chart))}" if names_of(chart) and values else ""
    query = f"select {', '.join([*names_of(chart), *values])} from {source_of(dataset)}"
    return query + f" where {' and '.join([for_segmentation, *written])}{grouped}"


def names_of(chart: Chart) -> list[str]:
    """The columns that a chart shows as they are."""
    names = [chart.params[name] for name in ("x_axis", "source", "target") if name in chart.params]
    return [*names, *chart.params.get("groupby", []), *chart.params.get("all_columns", [])]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.title)
def test_each_chart_has_rows_in_each_segmentation(chart: Chart, files: dict[str, dict[str, Any]], marts: Path) -> None:
    """On a connection as Superset opens it; a real one answers in `make soak`."""
    with duckdb.connect(str(marts), **connection_of(files)) as connection:
        for segmentation in ("rfm", "broad", "detailed"):
            rows = connection.execute(query_of(chart), [] if chart.has_no_segment else [segmentation]).fetchall()
            assert rows, segmentation
            values = [value for row in rows for value in row[len(names_of(chart)) :]]
            assert any(value is not None for value in values) or not values


def test_a_segment_without_customers_is_nothing_to_act_on(marts: Path) -> None:
    (chart,) = (chart for chart in CHARTS if chart.title == "What to do with each segment")
    with duckdb.connect(str(marts), read_only=True) as connection:
        # Before the mart, as a temporary table comes first.
        connection.execute(
            "create temp table segments as select * replace (if(segment = 'champions', 0, size) as size) from segments"
        )
        found = {name for name, *_ in connection.execute(query_of(chart), ["rfm"]).fetchall()}
        rows = connection.execute("select segment from segments where segmentation = 'rfm'").fetchall()
    assert found == {name for (name,) in rows} - {"champions"}


def test_a_first_order_is_no_move(marts: Path) -> None:
    """As many moves as the list of changes has, which names those of each customer."""
    (chart,) = (chart for chart in CHARTS if chart.title == "Moves between segments")
    with duckdb.connect(str(marts), read_only=True) as connection:
        for segmentation in ("rfm", "broad", "detailed"):
            flows = connection.execute(query_of(chart), [segmentation]).fetchall()
            (moves,) = (
                connection.execute(
                    "select count(*) from segment_changes"
                    " where change_type = 'movement' and from_segment is not null and segmentation = ?",
                    [segmentation],
                ).fetchone()
                or ()
            )
            assert "no order yet" not in {before for before, *_ in flows}
            assert sum(count for *_, count in flows) == moves > 0


def test_the_filters_reach_each_chart(files: dict[str, dict[str, Any]]) -> None:
    columns = {
        content["table_name"]: {column["column_name"]: column for column in content["columns"]}
        for content in of_kind(files, "datasets")
    }
    for chart in CHARTS:
        assert chart.has_no_segment or {"segmentation", "segment"} <= set(columns[chart.dataset]), chart.title
    for content in of_kind(files, "datasets"):
        date = content["main_dttm_col"]
        assert date is None or columns[content["table_name"]][date]["is_dttm"]
    by_id = {content["uuid"]: content["main_dttm_col"] for content in of_kind(files, "datasets")}
    for content in of_kind(files, "charts"):
        ranges = [given for given in content["params"]["adhoc_filters"] if given.get("operator") == "TEMPORAL_RANGE"]
        date = by_id[content["dataset_uuid"]]
        assert [given["subject"] for given in ranges] == ([date] if date else []), content["slice_name"]


def test_each_segmentation_shows_the_whole_shop(marts: Path) -> None:
    """Sums of the datasets, and the same of the marts that they are made from."""
    expected = {
        "customers_by_segment": ("sum(monetary)", "select sum(monetary) from customers"),
        "orders_by_segment": ("sum(revenue)", "select sum(revenue) from orders"),
        "interests_by_segment": ("sum(spend)", "select sum(spend) from customer_interests"),
        "alerts_by_segment": ("count(*)", "select count(*) from customer_alerts where state <> 'resolved'"),
        "moves_between_segments": (
            "sum(customer_count) filter (as_of_date = (select max(as_of_date) from segment_history))",
            "select count(*) from customers",
        ),
    }
    assert expected.keys() == {dataset.name for dataset in DATASETS if dataset.query}
    with duckdb.connect(str(marts), read_only=True) as connection:
        for name, (measure, query) in expected.items():
            found = connection.execute(
                f"select segmentation, {measure} from {source_of(BY_NAME[name])} group by segmentation"
            ).fetchall()
            (whole,) = connection.execute(query).fetchone() or ()
            assert dict(found) == dict.fromkeys(("rfm", "broad", "detailed"), whole), name


def test_nobody_whom_the_settings_leave_out_is_listed_as_overdue() -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table customers as from (values ('a', '343'), ('b', null)) as t (customer_id, rfm_score)"
        )
        connection.execute(
            "create table audiences as select customer_id, 'rfm' as segmentation, 'x' as segment from customers"
        )
        connection.execute("""
            create table customer_alerts as select customer_id, 'new' as state, 0 as recency_days,
            0 as typical_gap_days, 0 as days_overdue, 0 as expected_loss, date '2024-01-01' as alert_date from customers
        """)
        listed = connection.execute(f"select customer_id from {source_of(BY_NAME['alerts_by_segment'])}").fetchall()
    assert listed == [("a",)]


def test_the_command_writes_the_same_file_each_time(
    marts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "new" / "first.zip", tmp_path / "second.zip"
    assert main([str(marts), str(first)]) == main([str(marts), str(second)]) == 0
    assert first.read_bytes() == second.read_bytes()
    assert f"Written: {first}." in capsys.readouterr().out
    with zipfile.ZipFile(first) as written:
        contents = {name: yaml.safe_load(written.read(name)) for name in written.namelist()}
    assert contents["superset/metadata.yaml"]["type"] == "Dashboard"
    assert {name.split("/")[0] for name in contents} == {"superset"}


def test_make_passes_on_the_name_of_the_marts_as_it_is(tmp_path: Path) -> None:
    """The program that is run shows what it is given, one by line."""
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    program.chmod(0o755)
    command = ["make", "--silent", "--assume-old=.venv/installed", f"BIN={tmp_path}", "superset"]
    for given, expected in (({"MARTS": 'my "shop" of $HOME.duckdb'}, None), ({}, "published/marts.duckdb")):
        variables = {name: value for name, value in os.environ.items() if name != "MARTS"} | given
        done = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, check=True)
        name = expected or given["MARTS"]
        assert done.stdout.splitlines() == ["-m", "dashboards.superset.bundle", name, "target/superset.zip"]


def test_a_bundle_that_cannot_be_written_leaves_the_last_one(
    marts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "superset.zip"
    path.write_bytes(b"the last one")

    def stop(*_: Any, **__: Any) -> str:
        raise OSError("No space left on device")

    monkeypatch.setattr(yaml, "safe_dump", stop)
    with pytest.raises(OSError, match="No space left"):
        write_bundle(marts, path)
    assert path.read_bytes() == b"the last one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_sentence_says_why_there_is_no_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "marts.duckdb"
    assert main([str(missing), str(tmp_path / "x.zip")]) == 1
    assert f"There is no file {missing}: publish first, by make build." in capsys.readouterr().err
    duckdb.connect(str(missing)).close()
    with pytest.raises(BundleError, match=r"The dataset segments can't be read from .*segments does not exist"):
        bundle(missing)
    assert main([]) == 1


# A real Superset, in an environment of its own: SHOP_SUPERSET names its folder, or it is made, which takes minutes.

CONFIGURATION = """
import os
SECRET_KEY = os.environ["SUPERSET_SECRET"]
SQLALCHEMY_DATABASE_URI = "sqlite:///" + os.environ["SUPERSET_FOLDER"] + "/superset.db?check_same_thread=false"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
"""


class Superset:
    """A Superset with the bundle, and a browser that is logged in."""

    def __init__(self, environment: Path, folder: Path) -> None:
        self.bin = environment / "bin"
        self.folder = folder
        (folder / "superset_config.py").write_text(CONFIGURATION)
        self.password = secrets.token_hex(8)
        self.variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
            "SUPERSET_FOLDER": str(folder), "SUPERSET_SECRET": secrets.token_hex(32), "FLASK_APP": "superset",
            "SUPERSET_CONFIG_PATH": str(folder / "superset_config.py"), "SUPERSET_HOME": str(folder),
        }  # fmt: skip
        with socket.socket() as place:
            place.bind(("127.0.0.1", 0))
            self.port = place.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def run(self, *arguments: str) -> None:
        """A command of Superset."""
        done = subprocess.run(
            [str(self.bin / "superset"), *arguments],
            env=self.variables, cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def serve(self) -> "subprocess.Popen[bytes]":
        """Start the server and wait until it answers."""
        with (self.folder / "server.log").open("wb") as log:
            server = subprocess.Popen(
                [str(self.bin / "superset"), "run", "-h", "127.0.0.1", "-p", str(self.port)],
                env=self.variables, cwd=self.folder, stdout=log, stderr=log,
            )  # fmt: skip
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.address}/health").close()
                break
            except urllib.error.URLError:
                assert server.poll() is None, (self.folder / "server.log").read_text()
                time.sleep(1)
        return server


@pytest.fixture(scope="module")
def superset(tmp_path_factory: pytest.TempPathFactory, marts: Path) -> Iterator[Superset]:
    folder = tmp_path_factory.mktemp("superset")
    given = os.environ.get("SHOP_SUPERSET")
    environment = Path(given) if given else folder / "environment"
    if not given:
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        requirements = ROOT / "dashboards" / "superset" / "requirements.txt"
        install = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "-r", str(requirements)]
        subprocess.run(install, check=True)
    superset = Superset(environment, folder)
    superset.run("db", "upgrade")
    superset.run(
        "fab", "create-admin", "--username", "admin", "--password", superset.password, "--firstname", "A",
        "--lastname", "B", "--email", "a@example.org",
    )  # fmt: skip
    superset.run("init")
    assert main([str(marts), str(folder / "bundle.zip")]) == 0
    superset.run("import-dashboards", "-u", "admin", "-p", str(folder / "bundle.zip"))
    server = superset.serve()
    try:
        yield superset
    finally:
        server.terminate()
        server.wait(60)


@pytest.fixture(scope="module")
def page(superset: Superset) -> Iterator[Page]:
    if not Path(CHROMIUM).exists():
        assert not os.environ.get("SHOP_CI")
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        page = browser.new_page(viewport={"width": 1400, "height": 1500})
        page.set_default_timeout(120_000)
        page.request.post(f"{superset.address}/login/", form={"username": "admin", "password": superset.password})
        yield page
        browser.close()


def answers_of(page: Page, count: int, act: Any) -> dict[str, Response]:
    """What the server answers to the queries of charts, by the id of the chart, while `act` is done."""
    found: dict[str, Response] = {}

    def hear(response: Response) -> None:
        if DATA in response.url and (
            chart := json.loads(response.request.post_data or "{}")["form_data"].get("slice_id")
        ):
            found[str(chart)] = response

    page.on("response", hear)
    act()
    for _ in range(240):
        if len(found) >= count:
            break
        page.wait_for_timeout(500)
    page.wait_for_timeout(2_000)
    page.remove_listener("response", hear)
    return found


@pytest.mark.soak
@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda dashboard: dashboard.slug)
def test_every_chart_of_a_real_superset_answers_and_follows_the_filters(
    dashboard: Any, superset: Superset, page: Page
) -> None:
    count = len(dashboard.charts)
    address = f"{superset.address}/superset/dashboard/{dashboard.slug}/"
    by_score = answers_of(page, count, lambda: page.goto(address))
    assert len(by_score) == count
    for response in by_score.values():
        assert response.status == 200, response.text()
        for result in response.json()["result"]:
            assert result["rowcount"] > 0
            assert result["error"] is None
            assert result["rejected_filters"] == []
    assert page.locator(".dashboard-component-chart-holder").count() == count
    page.screenshot(path=superset.folder / f"{dashboard.slug}.png")
    if folder := os.environ.get("SHOP_PICTURES"):
        shutil.copy(superset.folder / f"{dashboard.slug}.png", folder)

    def choose_broad() -> None:
        page.locator("[data-test=form-item-value] .ant-select").first.click()
        page.locator(".ant-select-item-option", has_text="broad").click()
        page.locator("[data-test=filter-bar__apply-button]").click()

    filtered = [chart for chart in dashboard.charts if not chart.has_no_segment]
    broad = answers_of(page, len(filtered), choose_broad)
    assert len(broad) == len(filtered)
    for response in broad.values():
        assert response.status == 200, response.text()
        assert '"broad"' in (response.request.post_data or "")
    # A month that is asked for: the query as the page sent it, with other dates.
    for response in by_score.values():
        asked = response.request.post_data or ""
        if "TEMPORAL_RANGE" in asked:
            body = json.loads(asked)
            for query in body["queries"]:
                for given in query["filters"]:
                    given["val"] = "2025-06-01 : 2025-07-01" if given["op"] == "TEMPORAL_RANGE" else given["val"]
            narrowed = page.request.post(f"{superset.address}{DATA}", data=body)
            assert narrowed.status == 200, narrowed.text()
            assert narrowed.json()["result"][0]["query"] != response.json()["result"][0]["query"]
            assert "2025-07-01" in narrowed.json()["result"][0]["query"]
