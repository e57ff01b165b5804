"""One row per block of the report: a finding with its figures as JSON, its numbers and its texts."""

import json
from typing import Any

import pandas as pd
from shop_toolkit.tables import typed

TYPES = {
    "section": "str", "tab": "str", "question": "str", "chart": "str", "title": "str", "failure_reason": "str",
    "content": "str", "block_number": "int32", "figure_count": "int32", "point_count": "int64", "row_count": "int64",
}  # fmt: skip


def model(dbt: Any, session: Any) -> pd.DataFrame:
    """The report's findings, section by section."""
    # Here, because importing it costs every dbt command time.
    from shop_toolkit.report.language import language_of, speaking
    from shop_toolkit.report.sections.customer_map import CELLS, POINTS
    from shop_toolkit.report.sections.movement import CHANGES

    relations = {
        "sales_by_month": dbt.ref("sales_by_month"),
        "sales_by_weekday": dbt.ref("sales_by_weekday"),
        "sales_by_weekday_and_hour": dbt.ref("sales_by_weekday_and_hour"),
        "sales_by_country": dbt.ref("sales_by_country"),
        "cohorts": dbt.ref("cohorts"),
        "cleaning_summary": dbt.ref("cleaning_summary"),
        "input_warnings": dbt.ref("input_warnings"),
        "segments": dbt.ref("segments"),
        "segment_rules": dbt.ref("segment_rules"),
        "rfm_cut_points": dbt.ref("rfm_cut_points"),
        "cluster_candidates": dbt.ref("cluster_candidates"),
        "product_categories": dbt.ref("product_categories"),
        "interest_groups": dbt.ref("interest_groups"),
        "model_evaluations": dbt.ref("model_evaluations"),
        "prediction_calibration": dbt.ref("prediction_calibration"),
        "prediction_confusion": dbt.ref("prediction_confusion"),
        "segment_transitions": dbt.ref("segment_transitions"),
        "segment_drift": dbt.ref("segment_drift"),
        "segment_changes": dbt.ref("segment_changes"),
        "campaigns": dbt.ref("campaigns"),
        "campaign_results": dbt.ref("campaign_results"),
        "rpt_findings": dbt.ref("rpt_findings"),
        "rpt_score_cells": dbt.ref("rpt_score_cells"),
        "rpt_segments": dbt.ref("rpt_segments"),
        "rpt_segment_interests": dbt.ref("rpt_segment_interests"),
        "rpt_map_cells": dbt.ref("rpt_map_marks").filter("mark_type = 'cell'").select(CELLS),
        "rpt_map_points": dbt.ref("rpt_map_marks").filter("mark_type = 'customer'").select(POINTS),
    }
    # Older versions' rules assign nobody today.
    active = dbt.ref("model_versions").filter("is_active")
    ((version,),) = active.aggregate("coalesce(max(model_version), 0)").fetchall()
    for name in ("segment_rules", "rfm_cut_points"):
        relations[name] = relations[name].filter(f"model_version = {version}")
    relations["segment_changes"] = relations["segment_changes"].aggregate(CHANGES)
    # In total order, or ties and tables would follow the threads of the build.
    tables = {name: relation.order("all").df() for name, relation in relations.items()}
    tables["settings"] = pd.DataFrame([dbt.config.get("meta")])
    with speaking(language_of(dbt.config.get("meta"))):
        rows = findings(tables)
    return typed(pd.DataFrame(rows), TYPES)


def findings(tables: dict[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """One row per finding, by column.

    Args:
        tables: The report's tables by name.
    """
    # Here, because importing it costs every dbt command time.
    from shop_toolkit.report.sections import answers

    blocks = [(section, block) for section, answer in answers(tables) for block in answer]
    return [
        {
            "section": section.name, "tab": section.tab, "question": section.question, "chart": block.name,
            "title": block.title,
            "failure_reason": block.problem or None, "content": json.dumps(block.as_dict(), allow_nan=False),
            "block_number": number, "figure_count": len(block.panels), "point_count": block.points,
            "row_count": len(block.table.rows) if block.table else 0,
        }
        for number, (section, block) in enumerate(blocks, start=1)
    ]  # fmt: skip
