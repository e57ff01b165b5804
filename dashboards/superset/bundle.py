"""Three dashboards on the published marts as a bundle that Superset imports: `make superset`.

Run in the project's folder: `python -m dashboards.superset.bundle published/marts.duckdb target/superset.zip`

The bundle has the form of Superset's own exports: a database, datasets, charts and dashboards as YAML in a zip file.
Each has an id that its name decides, so that a later import can replace what the first one made. What a dataset shows
is SQL: a mart, or a file of the folder `datasets`.
"""

import json
import sys
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

DATABASE = "Customer segmentation"
# The form of the files, which Superset checks.
VERSION = "1.0.0"
QUERIES = Path(__file__).parent / "datasets"
# Zip files begin in this year; the time of writing would make every bundle another one.
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)
WIDTH_OF_ROW = 12
MONEY, COUNT, SHARE = ",.0f", ",d", ".1%"


class BundleError(Exception):
    """Why no bundle can be written, as a sentence."""


@dataclass(frozen=True)
class Dataset:
    """A mart, or a query of the folder `datasets`.

    Attributes:
        name: Name of the mart or of the file.
        metrics: By name the SQL of an aggregate, its title and its format.
        date: The column that a filter of dates applies to, if it has one.
        titles: Short titles of columns with long names; others are titled by their name.
    """

    name: str
    metrics: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    date: str | None = None
    titles: dict[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str | None:
        """The SQL of a dataset that is no mart."""
        path = QUERIES / f"{self.name}.sql"
        return path.read_text("utf-8").strip() if path.exists() else None


@dataclass(frozen=True)
class Chart:
    """A chart on a dataset.

    Attributes:
        title: Its title, which is its key, too.
        dataset: Name of the dataset.
        kind: Superset's name for the kind of chart.
        params: What the chart shows, as Superset names it.
        width: Columns of twelve that it takes.
        has_no_segment: Whether the filters by segment leave it as it is.
    """

    title: str
    dataset: str
    kind: str
    params: dict[str, Any]
    width: int = WIDTH_OF_ROW
    height: int = 50
    has_no_segment: bool = False


@dataclass(frozen=True)
class Dashboard:
    """Charts in rows below filters by segmentation, segment and date."""

    title: str
    slug: str
    description: str
    rows: tuple[tuple[Chart, ...], ...]

    @property
    def charts(self) -> list[Chart]:
        """All charts, in reading order."""
        return [chart for row in self.rows for chart in row]


DATASETS = (
    Dataset("segments"),
    Dataset(
        "customers_by_segment",
        {
            "customer_count": ("count(distinct customer_id)", "Customers", COUNT),
            "spent": ("sum(monetary)", "Spent so far", MONEY),
            "expected_spend": ("sum(expected_spend_90_days)", "Expected in 90 days", MONEY),
        },
        "last_order_date",
    ),
    Dataset(
        "orders_by_segment",
        {
            "order_count": ("count(*)", "Orders", COUNT),
            "revenue_of_orders": ("sum(revenue)", "Revenue", MONEY),
            "mean_order": ("avg(revenue)", "Mean order", MONEY),
        },
        "order_date",
    ),
    Dataset("interests_by_segment", {"spend_on_category": ("sum(spend)", "Spend", MONEY)}, "last_bought_date"),
    Dataset(
        "moves_between_segments",
        {"customers_at_date": ("sum(customer_count)", "Customers", COUNT)},
        "as_of_date",
    ),
    Dataset(
        "alerts_by_segment",
        {"loss": ("sum(expected_loss)", "Expected loss", MONEY)},
        "alert_date",
        {"recency_days": "Days away", "typical_gap_days": "Usual gap"},
    ),
    Dataset(
        "campaign_results",
        {},
        "start_date",
        {
            "window_days": "Days",
            "adjusted_revenue_difference": "Per customer",
            "adjusted_revenue_difference_low": "From",
            "adjusted_revenue_difference_high": "To",
        },
    ),
)

SEGMENTS = Dashboard(
    "Customers and segments",
    "shop-segments",
    "Who the customers are, what each segment brings and what to do with it.",
    (
        (
            Chart(
                "Customers",
                "customers_by_segment",
                "big_number_total",
                {"metric": "customer_count", "y_axis_format": COUNT},
                width=6,
                height=22,
            ),
            Chart(
                "Expected in the next 90 days",
                "customers_by_segment",
                "big_number_total",
                {"metric": "expected_spend", "y_axis_format": MONEY},
                width=6,
                height=22,
            ),
        ),
        (
            Chart(
                "Revenue by segment",
                "customers_by_segment",
                "echarts_timeseries_bar",
                {
                    "x_axis": "segment",
                    "metrics": ["spent"],
                    "orientation": "horizontal",
                    "x_axis_sort": "spent",
                    "x_axis_sort_asc": True,
                    "y_axis_format": MONEY,
                    "show_value": True,
                    "show_legend": False,
                },
                width=6,
            ),
            Chart(
                "What segments spend on",
                "interests_by_segment",
                "echarts_timeseries_bar",
                {
                    "x_axis": "segment",
                    "metrics": ["spend_on_category"],
                    "groupby": ["category_name"],
                    "orientation": "horizontal",
                    "stack": "Stack",
                    "contributionMode": "row",
                    "x_axis_sort_asc": True,
                    "y_axis_format": ".0%",
                },
                width=6,
            ),
        ),
        (
            Chart(
                "What to do with each segment",
                "segments",
                "table",
                {
                    "query_mode": "raw",
                    "all_columns": [
                        "segment",
                        "size",
                        "revenue_share",
                        "distinguishing_traits",
                        "goal",
                        "action",
                        "channel",
                    ],
                    "order_by_cols": ['["revenue_share", false]'],
                    "adhoc_filters": [
                        {"clause": "WHERE", "expressionType": "SQL", "sqlExpression": "size > 0"},
                    ],
                    "column_config": {"revenue_share": {"d3NumberFormat": SHARE}},
                },
            ),
        ),
    ),
)

SALES = Dashboard(
    "Sales by segment",
    "shop-sales",
    "How revenue and orders develop, by the segment that a customer is in today.",
    (
        (
            Chart(
                "Revenue by month and segment",
                "orders_by_segment",
                "echarts_timeseries_bar",
                {
                    "x_axis": "order_date",
                    "time_grain_sqla": "P1M",
                    "metrics": ["revenue_of_orders"],
                    "groupby": ["segment"],
                    "stack": "Stack",
                    "y_axis_format": MONEY,
                    "x_axis_time_format": "%b %Y",
                },
            ),
        ),
        (
            Chart(
                "Mean order by month and segment",
                "orders_by_segment",
                "echarts_timeseries_line",
                {
                    "x_axis": "order_date",
                    "time_grain_sqla": "P1M",
                    "metrics": ["mean_order"],
                    "groupby": ["segment"],
                    "y_axis_format": MONEY,
                    "x_axis_time_format": "%b %Y",
                },
                width=7,
            ),
            Chart(
                "Countries",
                "orders_by_segment",
                "table",
                {
                    "query_mode": "aggregate",
                    "groupby": ["country"],
                    "metrics": ["revenue_of_orders", "order_count", "mean_order"],
                    "timeseries_limit_metric": "revenue_of_orders",
                    "order_desc": True,
                },
                width=5,
            ),
        ),
    ),
)

MOVEMENT = Dashboard(
    "Movement and campaigns",
    "shop-movement",
    "Who moves between segments, who is overdue, and what campaigns brought.",
    (
        (
            Chart(
                "Customers by segment and month",
                "moves_between_segments",
                "echarts_area",
                {
                    "x_axis": "as_of_date",
                    "time_grain_sqla": "P1D",
                    "metrics": ["customers_at_date"],
                    "groupby": ["segment"],
                    "stack": "Stack",
                    "y_axis_format": COUNT,
                    "x_axis_time_format": "%b %Y",
                },
                width=6,
            ),
            Chart(
                "Moves between segments",
                "moves_between_segments",
                "sankey_v2",
                {
                    "source": "segment_before",
                    "target": "segment_after",
                    "metric": "customers_at_date",
                    "adhoc_filters": [
                        {"clause": "WHERE", "expressionType": "SQL", "sqlExpression": "is_move"},
                    ],
                },
                width=6,
            ),
        ),
        (
            Chart(
                "Overdue customers by what may be lost",
                "alerts_by_segment",
                "table",
                {
                    "query_mode": "raw",
                    "all_columns": [
                        "customer_id", "segment", "recency_days", "typical_gap_days", "days_overdue", "expected_loss",
                    ],
                    "order_by_cols": ['["expected_loss", false]'],
                    "show_cell_bars": False,
                },
                width=6,
            ),
            Chart(
                "Did the campaigns work?",
                "campaign_results",
                "table",
                {
                    "query_mode": "raw",
                    "all_columns": [
                        "campaign", "window_days", "adjusted_revenue_difference", "adjusted_revenue_difference_low",
                        "adjusted_revenue_difference_high", "verdict",
                    ],
                    "order_by_cols": ['["campaign", true]', '["window_days", true]'],
                    "show_cell_bars": False,
                },
                width=6,
                has_no_segment=True,
            ),
        ),
    ),
)  # fmt: skip

DASHBOARDS = (SEGMENTS, SALES, MOVEMENT)


def id_of(kind: str, name: str) -> str:
    """The id of an object: the same whenever and wherever it is written."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"customer-segmentation/superset/{kind}/{name}"))


def file_name(title: str) -> str:
    """A title as the name of a file."""
    return "_".join("".join(letter if letter.isalnum() else " " for letter in title).split())


def database_file(marts: Path) -> dict[str, Any]:
    """The database: the published file, opened for reading only, from where no query reaches another file."""
    return {
        "database_name": DATABASE,
        # A relative path would start where Superset was started.
        "sqlalchemy_uri": f"duckdb:///{marts.absolute()}",
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "extra": {
            "allows_virtual_table_explore": True,
            # `read_only` protects this file alone: queries could read and write others of the server.
            "engine_params": {"connect_args": {"read_only": True, "config": {"enable_external_access": False}}},
            "metadata_params": {},
        },
        "uuid": id_of("database", DATABASE),
        "version": VERSION,
    }


def dataset_file(dataset: Dataset, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """A dataset with the types of its columns, and the descriptions of those that are a mart's."""
    descriptions = dict(
        connection.execute(
            "select column_name, comment from duckdb_columns() where table_name = ? and comment is not null",
            [dataset.name],
        ).fetchall()
    )
    columns = connection.execute(f"describe {dataset.query or f'select * from {dataset.name}'}").fetchall()
    return {
        "table_name": dataset.name,
        "main_dttm_col": dataset.date,
        "description": None,
        "offset": 0,
        "cache_timeout": None,
        "schema": "main",
        "sql": dataset.query,
        "source_db_engine": "duckdb" if dataset.query else None,
        "params": None,
        "template_params": None,
        "filter_select_enabled": True,
        "fetch_values_predicate": None,
        "extra": None,
        "normalize_columns": False,
        "always_filter_main_dttm": False,
        "uuid": id_of("dataset", dataset.name),
        "metrics": [
            {
                "metric_name": name, "verbose_name": title, "metric_type": None, "expression": expression,
                "description": None, "d3format": number_format, "extra": None, "warning_text": None,
            }
            for name, (expression, title, number_format) in dataset.metrics.items()
        ],
        "columns": [
            {
                "column_name": name,
                "verbose_name": dataset.titles.get(name, name.replace("_", " ").capitalize()),
                "is_dttm": kind in ("DATE", "TIMESTAMP"), "is_active": True,
                "type": kind, "advanced_data_type": None, "groupby": True, "filterable": True, "expression": None,
                "description": descriptions.get(name), "python_date_format": None, "extra": None,
            }
            for name, kind, *_ in columns
        ],
        "version": VERSION,
        "database_uuid": id_of("database", DATABASE),
    }  # fmt: skip


def chart_file(chart: Chart) -> dict[str, Any]:
    """A chart; where its dataset has a date, the filter by date applies to it."""
    (date,) = (dataset.date for dataset in DATASETS if dataset.name == chart.dataset)
    filters = list(chart.params.get("adhoc_filters", []))
    if date:
        filters.append(
            {"clause": "WHERE", "expressionType": "SIMPLE", "subject": date, "operator": "TEMPORAL_RANGE",
             "comparator": "No filter"}
        )  # fmt: skip
    usual = {"viz_type": chart.kind, "row_limit": 10_000, "color_scheme": "supersetColors", "extra_form_data": {}}
    if chart.kind.startswith("echarts"):
        usual |= {"rich_tooltip": True, "show_legend": True, "legendType": "scroll", "legendOrientation": "top"}
    return {
        "slice_name": chart.title,
        "viz_type": chart.kind,
        "params": usual | chart.params | {"adhoc_filters": filters},
        "query_context": None,
        "cache_timeout": None,
        "uuid": id_of("chart", chart.title),
        "version": VERSION,
        "dataset_uuid": id_of("dataset", chart.dataset),
    }


def filters_of(dashboard: Dashboard, numbers: dict[str, int]) -> list[dict[str, Any]]:
    """The filters: one segmentation, at first that by score; some of its segments; some dates.

    Args:
        dashboard: The dashboard.
        numbers: By the title of a chart its number in the bundle.
    """
    without = [numbers[chart.title] for chart in dashboard.charts if chart.has_no_segment]

    def native(name: str, kind: str, target: dict[str, Any], excluded: list[int], **options: Any) -> dict[str, Any]:
        return {
            "id": f"NATIVE_FILTER-{id_of('filter', f'{dashboard.slug} {name}')}",
            "name": name,
            "filterType": kind,
            "type": "NATIVE_FILTER",
            "description": "",
            "targets": [target],
            "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
            "cascadeParentIds": [],
            "controlValues": {"enableEmptyFilter": False},
            "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        } | options

    def column(name: str) -> dict[str, Any]:
        return {"column": {"name": name}, "datasetUuid": id_of("dataset", "customers_by_segment")}

    choices = {"multiSelect": True, "enableEmptyFilter": False, "defaultToFirstItem": False, "inverseSelection": False,
               "searchAllOptions": False}  # fmt: skip
    first = ["rfm"]
    segmentation = native(
        "Segmentation", "filter_select", column("segmentation"), without,
        controlValues=choices | {"multiSelect": False, "enableEmptyFilter": True},
        defaultDataMask={
            "extraFormData": {"filters": [{"col": "segmentation", "op": "IN", "val": first}]},
            "filterState": {"value": first, "label": first[0]},
            "ownState": {},
        },
    )  # fmt: skip
    segment = native(
        "Segment", "filter_select", column("segment"), without,
        controlValues=choices, cascadeParentIds=[segmentation["id"]],
    )  # fmt: skip
    return [segmentation, segment, native("Dates", "filter_time", {}, [])]


def dashboard_file(dashboard: Dashboard, numbers: dict[str, int]) -> dict[str, Any]:
    """A dashboard: where its charts stand, and its filters.

    Args:
        dashboard: The dashboard.
        numbers: By the title of a chart its number in the bundle, which the import replaces.
    """
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": dashboard.title}},
    }
    for place, charts in enumerate(dashboard.rows, 1):
        row = f"ROW-{place}"
        position["GRID_ID"]["children"].append(row)
        position[row] = {
            "type": "ROW", "id": row, "children": [], "parents": ["ROOT_ID", "GRID_ID"],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }  # fmt: skip
        for chart in charts:
            name = f"CHART-{numbers[chart.title]}"
            position[row]["children"].append(name)
            position[name] = {
                "type": "CHART", "id": name, "children": [], "parents": ["ROOT_ID", "GRID_ID", row],
                "meta": {
                    "chartId": numbers[chart.title], "uuid": id_of("chart", chart.title), "sliceName": chart.title,
                    "width": chart.width, "height": chart.height,
                },
            }  # fmt: skip
    return {
        "dashboard_title": dashboard.title,
        "description": dashboard.description,
        "css": "",
        "slug": dashboard.slug,
        "uuid": id_of("dashboard", dashboard.slug),
        "position": position,
        "metadata": {
            "native_filter_configuration": filters_of(dashboard, numbers),
            "chart_configuration": {},
            "color_scheme": "supersetColors",
            "cross_filters_enabled": True,
            "default_filters": "{}",
            "expanded_slices": {},
            "refresh_frequency": 0,
            "timed_refresh_immune_slices": [],
        },
        "published": True,
        "version": VERSION,
    }


def bundle(marts: Path) -> dict[str, dict[str, Any]]:
    """All files of the bundle, by their path in it.

    Args:
        marts: The published `marts.duckdb`.

    Raises:
        BundleError: There is no such file, or it lacks a table or column that a dataset reads.
    """
    if not marts.exists():
        raise BundleError(f"There is no file {marts}: publish first, by make build.")
    charts = [chart for dashboard in DASHBOARDS for chart in dashboard.charts]
    numbers = {chart.title: number for number, chart in enumerate(charts, 1)}
    database = file_name(DATABASE)
    files: dict[str, dict[str, Any]] = {
        "metadata.yaml": {"version": VERSION, "type": "Dashboard", "timestamp": "2000-01-01T00:00:00+00:00"},
        f"databases/{database}.yaml": database_file(marts),
    }
    with duckdb.connect(str(marts), read_only=True) as connection:
        for dataset in DATASETS:
            try:
                files[f"datasets/{database}/{dataset.name}.yaml"] = dataset_file(dataset, connection)
            except duckdb.Error as error:
                raise BundleError(f"The dataset {dataset.name} can't be read from {marts}: {error}") from error
    files |= {f"charts/{file_name(chart.title)}_{numbers[chart.title]}.yaml": chart_file(chart) for chart in charts}
    files |= {
        f"dashboards/{file_name(dashboard.title)}.yaml": dashboard_file(dashboard, numbers) for dashboard in DASHBOARDS
    }
    return files


def write_bundle(marts: Path, path: Path) -> None:
    """Write the bundle of a publication: the same file whenever the publication has the same columns.

    It is written aside first, so that an interrupted run leaves the last one.

    Args:
        marts: The published `marts.duckdb`.
        path: The zip file to write.

    Raises:
        BundleError: The publication can't be read.
    """
    files = bundle(marts)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.partial")
    try:
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as written:
            for name, content in sorted(files.items()):
                entry = zipfile.ZipInfo(f"superset/{name}", WRITTEN_AT)
                # Through JSON, so that no value is written as a reference to an equal one.
                plain = json.loads(json.dumps(content))
                written.writestr(entry, yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def main(arguments: Sequence[str]) -> int:
    """Write the bundle of the file named first into the one named second; return the exit code."""
    if len(arguments) != 2:
        print("Name the published marts.duckdb and the zip file to write.", file=sys.stderr)
        return 1
    marts, path = map(Path, arguments)
    try:
        write_bundle(marts, path)
    except BundleError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"Written: {path}. Import it in Superset under Dashboards, or by: superset import-dashboards -u admin -p {path}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
