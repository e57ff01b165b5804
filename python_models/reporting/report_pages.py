"""One row per page of the report: the whole HTML file."""

import json
from typing import Any

import pandas as pd
from shop_toolkit.tables import typed

TYPES = {"file_name": "str", "content": "str", "chart_count": "int32", "bytes": "int64"}


def model(dbt: Any, session: Any) -> pd.DataFrame:
    """The report. A hook in the yml makes it wait for all marts and their tests."""
    blocks = dbt.ref("rpt_charts").order("block_number").df().to_dict("records")
    orders, customers = dbt.ref("orders"), dbt.ref("customers")

    from shop_toolkit.report.language import language_of, speaking
    from shop_toolkit.report.page import key_figures, page

    sections: dict[str, dict[str, Any]] = {}
    for block in blocks:
        section = sections.setdefault(
            block["section"],
            {"name": block["section"], "tab": block["tab"], "question": block["question"], "blocks": []},
        )
        section["blocks"].append(json.loads(block["content"]))
    with speaking(language_of(dbt.config.get("meta"))):
        content = page(key_figures(orders, customers), list(sections.values()))
    charts = sum(block["figure_count"] > 0 for block in blocks)
    row = {"file_name": "report.html", "content": content, "chart_count": charts, "bytes": len(content.encode())}
    return typed(pd.DataFrame([row]), TYPES)
