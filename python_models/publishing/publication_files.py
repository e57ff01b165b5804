"""One row per published file: what stands in the folder that readers use, after the marts were copied there."""

import json
import os
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.postgres import ADDRESS, push
from shop_toolkit.publishing import Mart, current_files, id_of, publication
from shop_toolkit.tables import typed

TYPES = {
    "path": "str", "mart": "str", "format": "str", "rows": "Int64", "bytes": "int64", "checksum": "str",
    "publication_id": "str",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Copy the marts to the folder of the setting, and to Postgres where the environment names a server."""
    tables = {
        "order_lines": dbt.ref("order_lines"),
        "cancellations": dbt.ref("cancellations"),
        "cancellation_matches": dbt.ref("cancellation_matches"),
        "rejected_transactions": dbt.ref("rejected_transactions"),
        "cleaning_summary": dbt.ref("cleaning_summary"),
        "orders": dbt.ref("orders"),
        "products": dbt.ref("products"),
        "product_categories": dbt.ref("product_categories"),
        "sales_by_month": dbt.ref("sales_by_month"),
        "sales_by_weekday": dbt.ref("sales_by_weekday"),
        "sales_by_hour": dbt.ref("sales_by_hour"),
        "sales_by_weekday_and_hour": dbt.ref("sales_by_weekday_and_hour"),
        "sales_by_country": dbt.ref("sales_by_country"),
        "sales_by_category": dbt.ref("sales_by_category"),
        "order_value_bands": dbt.ref("order_value_bands"),
        "top_products": dbt.ref("top_products"),
        "cohorts": dbt.ref("cohorts"),
        "customers": dbt.ref("customers"),
        "customer_interests": dbt.ref("customer_interests"),
        "interest_groups": dbt.ref("interest_groups"),
        "segments": dbt.ref("segments"),
        "cluster_candidates": dbt.ref("cluster_candidates"),
        "segment_rules": dbt.ref("segment_rules"),
        "model_evaluations": dbt.ref("model_evaluations"),
        "prediction_calibration": dbt.ref("prediction_calibration"),
        "prediction_confusion": dbt.ref("prediction_confusion"),
        "new_customer_predictions": dbt.ref("new_customer_predictions"),
        "segment_history": dbt.ref("segment_history"),
        "segment_changes": dbt.ref("segment_changes"),
        "segment_transitions": dbt.ref("segment_transitions"),
        "segment_drift": dbt.ref("segment_drift"),
        "customer_alerts": dbt.ref("customer_alerts"),
        "audiences": dbt.ref("audiences"),
    }
    # Pages beside them, by file name.
    pages = dict(dbt.ref("report_pages").select("file_name", "content").fetchall())
    settings = dbt.config.get("meta")
    named = json.loads(settings["published_folder"])
    folder = Path(named) if named else None
    ((context,),) = session.execute("select getvariable('publication_context')").fetchall()
    context = json.loads(context)
    if context["may_publish"]:
        marts = [Mart(name, table.sql_query(), **context["marts"][name]) for name, table in tables.items()]
        publish(session, marts, pages, folder, os.environ.get(ADDRESS), settings["postgres_schema"])
    return typed(pd.DataFrame(current_files(folder) if folder else None, columns=list(TYPES)), TYPES)


def publish(
    session: duckdb.DuckDBPyConnection,
    marts: list[Mart],
    pages: dict[str, str],
    folder: Path | None,
    address: str | None,
    schema: str,
) -> None:
    """Write files, push to Postgres, and only then let readers have the files: what fails changes nothing for them."""
    if folder is None:
        if address:
            push(session, marts, address, schema, id_of(session, marts, pages))
        return
    with publication(session, marts, pages, folder) as written:
        if address:
            push(session, marts, address, schema, written.publication_id)
