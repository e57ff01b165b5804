"""One row per block of the report: a finding with its figures as JSON, its numbers and its texts."""

import json
from typing import Any

import duckdb
import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "section": "str", "question": "str", "chart": "str", "title": "str", "failure_reason": "str", "content": "str",
    "block_number": "int32", "figures": "int32", "points": "int64", "table_rows": "int64",
}  # fmt: skip


def model(dbt: Any, session: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """What the report says, section by section."""
    marts = {
        "sales_by_month": dbt.ref("sales_by_month"),
        "sales_by_weekday_and_hour": dbt.ref("sales_by_weekday_and_hour"),
        "sales_by_country": dbt.ref("sales_by_country"),
        "cohorts": dbt.ref("cohorts"),
        "cleaning_summary": dbt.ref("cleaning_summary"),
        "segments": dbt.ref("segments"),
        "segment_rules": dbt.ref("segment_rules"),
        "cluster_candidates": dbt.ref("cluster_candidates"),
        "product_categories": dbt.ref("product_categories"),
        "interest_groups": dbt.ref("interest_groups"),
        "model_evaluations": dbt.ref("model_evaluations"),
        "prediction_calibration": dbt.ref("prediction_calibration"),
        "prediction_confusion": dbt.ref("prediction_confusion"),
        "segment_transitions": dbt.ref("segment_transitions"),
        "segment_drift": dbt.ref("segment_drift"),
        "rpt_changes": dbt.ref("rpt_changes"),
        "rpt_alerts": dbt.ref("rpt_alerts"),
        "rpt_audiences": dbt.ref("rpt_audiences"),
        "rpt_score_cells": dbt.ref("rpt_score_cells"),
        "rpt_segment_profiles": dbt.ref("rpt_segment_profiles"),
        "rpt_segment_interests": dbt.ref("rpt_segment_interests"),
        "rpt_map_cells": dbt.ref("rpt_map_cells"),
        "rpt_map_points": dbt.ref("rpt_map_points"),
    }
    ((version,),) = dbt.ref("int_active_version").aggregate("coalesce(max(model_version), 0)").fetchall()
    marts["segment_rules"] = marts["segment_rules"].filter(f"model_version = {version}")

    from shop_toolkit.report.sections import SECTIONS

    # In total order, or ties and tables would follow the threads of the build.
    tables = {name: relation.order("all").df() for name, relation in marts.items()}
    rows: list[dict[str, Any]] = []
    for section in SECTIONS:
        for block in section.answer(tables):
            rows.append({
                "section": section.name, "question": section.question, "chart": block.name, "title": block.title,
                "failure_reason": block.problem or None, "content": json.dumps(block.as_dict(), allow_nan=False),
                "block_number": len(rows) + 1, "figures": len(block.panels), "points": block.points,
                "table_rows": len(block.table.rows) if block.table else 0,
            })  # fmt: skip
    return typed(pd.DataFrame(rows), TYPES)
