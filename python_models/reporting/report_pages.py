"""One row per page of the report: the whole HTML file."""

import json
from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {"file_name": "str", "content": "str", "charts": "int32", "bytes": "int64"}


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """The report, once all marts have passed their tests: those that it draws from and those that it does not."""
    blocks = dbt.ref("rpt_charts").order("block_number").df().to_dict("records")
    (shop,) = dbt.ref("rpt_shop").df().astype(object).where(lambda cell: cell.notna(), None).to_dict("records")
    # A report must not tell of a shop of which any mart is wrong: a failed test of one of these stops it.
    dbt.ref("report_charts")
    dbt.ref("order_lines")
    dbt.ref("cancellations")
    dbt.ref("cancellation_matches")
    dbt.ref("rejected_transactions")
    dbt.ref("products")
    dbt.ref("new_customer_predictions")
    dbt.ref("sales_by_weekday")
    dbt.ref("sales_by_hour")
    dbt.ref("sales_by_category")
    dbt.ref("order_value_bands")
    dbt.ref("top_products")
    dbt.ref("segment_history")

    from shop_toolkit.report.page import page

    sections: dict[str, dict[str, Any]] = {}
    for block in blocks:
        section = sections.setdefault(
            block["section"], {"name": block["section"], "question": block["question"], "blocks": []}
        )
        section["blocks"].append(json.loads(block["content"]))
    content = page(shop, list(sections.values()))
    charts = int(sum(block["figures"] > 0 for block in blocks))
    row = {"file_name": "report.html", "content": content, "charts": charts, "bytes": len(content.encode())}
    return typed(pd.DataFrame([row]), TYPES)
