"""Metrics equal the marts, and MetricFlow finds nothing wrong with them."""

import shlex
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from commands import COMMANDS
from conftest import ROOT, Shop
from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from dbt_metricflow.cli.main import query
from metricflow.engine.metricflow_engine import MetricFlowQueryRequest
from metricflow.validation.data_warehouse_model_validator import DataWarehouseModelValidator
from metricflow_semantic_interfaces.validations.semantic_manifest_validator import SemanticManifestValidator
from shop_toolkit.warehouse import close_warehouse

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def project(demo_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with its own target, where MetricFlow looks for the parsed project, and a copy of the warehouse."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "python_models", "tests"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "target").mkdir()
    shutil.copy(demo_shop.folder / "target" / "semantic_manifest.json", folder / "target")
    shutil.copy(demo_shop.warehouse, folder / "shop.duckdb")
    return folder


@pytest.fixture(scope="module")
def metricflow(project: Path) -> Iterator[CLIConfiguration]:
    """What `mf` sets up before each command, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        patch.setenv("SHOP_WAREHOUSE", str(project / "shop.duckdb"))
        configuration = CLIConfiguration()
        configuration.setup(project, project, configure_file_logging=False)
        try:
            yield configuration
        finally:
            close_warehouse()


@pytest.fixture(scope="module")
def ask(metricflow: CLIConfiguration) -> Ask:
    """Queries metrics by groups, in their order: rows with the groups first."""

    def asked(*metrics: str, by: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
        request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=by, order_by_names=by)
        table = metricflow.mf.query(request).result_df
        assert table is not None
        assert table.column_names == (*by, *metrics)
        return [tuple(map(plain, row)) for row in table.rows]

    return asked


def plain(cell: Any) -> Any:
    """Dates as dates and amounts as numbers, whatever MetricFlow returns."""
    if isinstance(cell, datetime):
        return cell.date()
    return float(cell) if isinstance(cell, Decimal) else cell


def of_marts(shop: Shop, query: str) -> list[tuple[Any, ...]]:
    return [tuple(map(plain, row)) for row in shop.rows(query)]


def test_nothing_is_wrong_with_the_metrics(metricflow: CLIConfiguration) -> None:
    manifest = metricflow.semantic_manifest
    validators: SemanticManifestValidator[Any] = SemanticManifestValidator()
    issues = validators.validate_semantic_manifest(manifest).all_issues
    assert issues == ()
    validator = DataWarehouseModelValidator(sql_client=metricflow.sql_client)
    for validate in (
        validator.validate_semantic_models,
        validator.validate_dimensions,
        validator.validate_entities,
        validator.validate_simple_metrics,
        validator.validate_metrics,
    ):
        assert validate(manifest).all_issues == ()


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("mf query ")])
def test_a_query_of_the_documents_is_answered(command: str, metricflow: CLIConfiguration) -> None:
    """By the function that `mf` calls; the program itself is run by tests/project/test_commands.py."""
    done = CliRunner().invoke(query, shlex.split(command)[2:], obj=metricflow)
    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()) > 2, done.output


def test_every_promised_metric_exists(metricflow: CLIConfiguration) -> None:
    names = {metric.name for metric in metricflow.mf.list_metrics()}
    assert {"revenue", "orders", "customers", "average_order_value", "repeat_rate", "segment_size"} <= names


def test_metrics_by_month_are_those_of_the_months(ask: Ask, demo_shop: Shop) -> None:
    """Several at once: joined to a time spine, MetricFlow would repeat each month for each of its days."""
    asked = ask("revenue", "orders", "customers", by=("metric_time__month",))
    assert len(asked) == 13
    assert asked == of_marts(
        demo_shop, "select month_start_date, revenue, order_count, customer_count from sales_by_month order by 1"
    )


def test_metrics_of_the_whole_log_are_those_of_the_order_lines(ask: Ask, demo_shop: Shop) -> None:
    (revenue, orders, customers, average), = ask("revenue", "orders", "customers", "average_order_value")  # fmt: skip
    assert [(revenue, orders, customers)] == of_marts(
        demo_shop,
        """
        select sum(revenue), count(distinct (invoice_id, customer_id)), count(distinct customer_id) from order_lines
        """,
    )
    assert average == pytest.approx(revenue / orders, abs=0.01)


def test_metrics_by_country_are_those_of_the_countries(ask: Ask, demo_shop: Shop) -> None:
    assert ask("revenue", "customers", by=("order__country",)) == of_marts(
        demo_shop, "select country, revenue, customer_count from sales_by_country where order_count > 0 order by 1"
    )


@pytest.mark.parametrize("segmentation", ["rfm", "broad", "detailed"])
def test_sizes_of_segments_are_those_of_the_segments(ask: Ask, demo_shop: Shop, segmentation: str) -> None:
    assert ask("segment_size", by=(f"customer__{segmentation}_segment",)) == of_marts(
        demo_shop, f"select segment, size from segments where segmentation = '{segmentation}' and size > 0 order by 1"
    )


def test_revenue_by_segment_is_what_its_customers_spent(ask: Ask, demo_shop: Shop) -> None:
    """The last day covered is the log's last day here, so spend as of it is all spend."""
    assert ask("revenue", by=("customer__broad_segment",)) == of_marts(
        demo_shop, "select segment, revenue from segments where segmentation = 'broad' order by 1"
    )


def test_the_repeat_rate_is_that_of_customers_with_a_net_order(ask: Ask, demo_shop: Shop) -> None:
    ((rate,),) = ask("repeat_rate")
    orders = [orders for (orders,) in demo_shop.rows(
        "select count(*) from orders where not is_fully_cancelled group by customer_id"
    )]  # fmt: skip
    assert rate == pytest.approx(sum(count > 1 for count in orders) / len(orders), abs=1e-9)
    assert 0.1 < rate < 0.9


def test_sizes_are_as_of_the_last_day(ask: Ask) -> None:
    ((day, size),) = ask("segment_size", by=("metric_time__day",))
    assert day == date(2025, 12, 31)
    assert size > 600
