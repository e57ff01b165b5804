"""What the report withholds, and customers in it where a shop asks for them."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from conftest import Shop
from report_pages import Tables, blocks_of, read_tables, table_of
from shop_toolkit.report import privacy
from shop_toolkit.report.sections import alerts as alert_blocks
from shop_toolkit.report.sections.customer_map import customer_map
from shop_toolkit.report.sections.rules import bounds_of_scores


def test_the_sum_of_overdue_money_is_withheld_where_all_of_them_are_few(tables: Tables) -> None:
    few = tables["rpt_segments"].assign(overdue_customer_count=0, spend_to_date=0.0, expected_loss=0.0)
    first = few.groupby("segmentation").head(1).index
    few.loc[first, ["overdue_customer_count", "spend_to_date", "expected_loss"]] = [4, 98765.43, 98765.43]
    block = blocks_of(tables | {"rpt_segments": few})["alerts"]
    assert "98,765" not in json.dumps(block.as_dict())
    assert "98765" not in json.dumps(block.as_dict())


def test_the_page_has_no_customer_unless_asked_to(demo_shop: Shop, report: Path) -> None:
    content = re.sub(r"<script>.*?</script>", "", report.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert demo_shop.row("select count(*) from reporting.rpt_map_marks where mark_type = 'customer'")[0] == 0
    customers = {customer for (customer,) in demo_shop.rows("select customer_id from customers order by 1 limit 200")}
    assert all(map(str.isdecimal, customers))
    assert customers.isdisjoint(re.findall(r"(?<![\d.,])\d+(?![\d.,])", content))


def test_the_setting_adds_customers_without_ids_and_nothing_else_changes_the_page(
    demo_shop: Shop, tmp_path: Path, report: Path
) -> None:
    asked = Shop(tmp_path, demo_shop.settings)
    shutil.copy(demo_shop.warehouse, asked.warehouse)
    pages = ("--select", "reporting", "--exclude-resource-type", "unit_test")
    assert asked.dbt("build", *pages, threads=1, report_customer_rows=True).success
    content = asked.row("select content from reporting.report_pages")[0]
    before, after = (
        re.sub('<article id="map".*?</article>', "", text, flags=re.DOTALL)
        for text in (report.read_text("utf-8"), content)
    )
    assert before == after
    points, fitted = asked.row("""
        select (select count(*) from reporting.rpt_map_marks where mark_type = 'customer'), count(*)
        from customers where embedding_x is not null
    """)
    assert points == fitted > 0
    columns = {name for name, *_ in asked.rows("describe reporting.rpt_map_marks")}
    assert "customer_id" not in columns
    charted = blocks_of(read_tables(asked))["map"]
    assert charted.points == 3 * points
    assert len(table_of(charted).rows) == points
    assert "Each dot is a customer" in content


def test_the_map_calls_its_dots_customers_only_where_they_are() -> None:
    place: dict[str, Any] = {"x": 0.0, "y": 0.0}
    drawn = {key: {"segmentation": key, "segment": "loyal"} for key in ("broad", "custom")}
    cells = [own | place | {"customer_count": 40, "segment_customer_count": 40} for own in drawn.values()]
    point = place | {"point_number": 1, "frequency": 2, "monetary": 9.0, "recency_days": 3}
    point |= {f"{key}_segment": "loyal" for key in ("rfm", "broad", "detailed")}
    segments = pd.DataFrame([own | {"size": 40, "display_order": 1} for own in drawn.values()])
    block = customer_map(pd.DataFrame(cells), pd.DataFrame([point]), segments, {})
    assert block.notes["broad"].startswith("Each dot is a customer")
    assert block.notes["custom"].startswith("A dot is a cell")


def test_findings_write_rise_and_fall_and_leave_out_what_is_withheld(tables: Tables) -> None:
    rows = tables["rpt_findings"]
    change = rows[rows["finding"] == "revenue_change"].assign(rank=1)
    best = rows[rows["finding"] == "best_segment"].assign(rank=2)
    fall = change.assign(current_amount=60.0, previous_amount=100.0, amount=40.0, gained_amount=30.0, lost_amount=50.0)
    text, evidence = (
        getattr(blocks_of(tables | {"rpt_findings": fall})["findings"].statements[0], part)
        for part in ("text", "evidence")
    )
    assert text == "The last 90 days brought 60.00, 40 % less than the 90 days before."
    assert evidence == (
        "Customers who had not ordered in the period before brought 30.00; those who stayed away had brought 50.00;"
        " those of both periods spent 20.00 less."
    )
    category = change.assign(
        finding="category_change", subject="mugs", current_amount=90.0, previous_amount=60.0, amount=18.0, share=0.5,
        baseline_share=0.2,
    )  # fmt: skip
    said = blocks_of(tables | {"rpt_findings": category})["findings"].statements[0]
    assert said.text == "“mugs” brought 18.00 more than if it had grown like all products."
    assert said.evidence == "90.00 in 90 days, 60.00 before (+50 %); all products +20 %."
    down = change.assign(finding="moved_down", customer_count=1, moved_until=pd.Timestamp("2024-01-31"), amount=7.0)
    said = blocks_of(tables | {"rpt_findings": down})["findings"].statements[0]
    assert said.text == "1 customer moved to a lower broad segment in January 2024, and had spent 7.00."
    # of two customers: what they spent is nobody's business
    segments = tables["segments"].copy()
    few = (segments["segmentation"] == "broad") & (segments["segment"] == best["subject"].iloc[0])
    segments["size"] = segments["size"].mask(few, 2)
    changed = tables | {"rpt_findings": pd.concat([change, best]), "segments": segments}
    assert len(blocks_of(changed)["findings"].statements) == 1


def test_money_of_fewer_than_five_is_withheld_with_as_many_as_hide_it() -> None:
    def withheld(*customers: int) -> list[bool]:
        hidden: list[bool] = privacy.few(pd.Series(customers)).tolist()
        return hidden

    assert withheld(9, 5, 7) == [False, False, False]
    assert withheld(9, 3, 7) == [False, True, True]
    # Two small ones hide each other; nobody hides nothing.
    assert withheld(9, 3, 2, 0) == [False, True, True, False]
    assert withheld(9, 1, 1, 6) == [False, True, True, True]


def test_the_report_shows_no_revenue_of_few(tables: Tables) -> None:
    changed = {name: table.copy() for name, table in tables.items()}
    segments = changed["segments"]
    lost = (segments["segmentation"] == "broad") & (segments["segment"] == "lost")
    changed["segments"]["size"] = segments["size"].mask(lost, 2)
    changed["segments"]["revenue"] = segments["revenue"].astype(float).mask(lost, 98765.43)
    countries = changed["sales_by_country"] = tables["sales_by_country"].head(4).copy()
    countries["country"], countries["customer_count"] = ["A", "B", "C", "D"], [100, 3, 4, 50]
    countries["revenue"] = [900.0, 98765.43, 1.0, 99.0]
    cells = changed["rpt_score_cells"]
    best = (cells["recency_score"] == 5) & (cells["frequency_score"] == 5)
    cells["customer_count"], cells["revenue"] = (
        cells["customer_count"].mask(best, 1),
        cells["revenue"].mask(best, 98765.43),
    )
    changed["rpt_map_cells"]["customer_count"] = 4
    blocks = blocks_of(changed)
    assert "98765.43" not in json.dumps([block.as_dict() for block in blocks.values()])
    assert [row[0] for row in table_of(blocks["sales_by_country"]).rows] == ["other countries", "A", "D"]
    assert blocks["sales_by_country"].title.startswith("A brings")
    assert "fewer than 5" in blocks["sales_by_country"].note
    assert blocks["map"].problem
    assert not any("revenue" in heading for heading in table_of(blocks["cohorts"]).headings)


def test_bounds_say_that_all_amounts_are_withheld() -> None:
    cuts = pd.DataFrame(
        {"score_group": "", "measure": "frequency", "cut_number": [1, 2], "cut_point": [1.0, 2.0], "is_set": False}
    )
    assert bounds_of_scores(cuts).note.endswith("not shown around scores of fewer than 5 customers.")


def test_no_segment_is_called_the_largest_where_one_that_is_withheld_could_be() -> None:
    ranks = pd.DataFrame(
        {
            "segment": ["loyal", "at risk", "lost"],
            "overdue_customer_count": [3, 9, 6],
            "customer_count": [10, 10, 10],
            "spend_to_date": [None, None, 400.0],
            "expected_loss": [None, None, 40.0],
        }
    )
    title = "18 customers (60 %) are away for longer than usual; "
    assert alert_blocks.overdue_title(ranks, "broad", 900.0) == title + "they have spent 900"
    assert alert_blocks.overdue_title(ranks, "broad", 800.0).startswith(
        title + "50 % of the 800 that they have spent comes"
    )
    assert "90.00 is likely to be lost: the spend" in alert_blocks.loss_sentence(ranks, 90.0)
    assert "most of it (40.00) in the segment “lost”" in alert_blocks.loss_sentence(ranks, 80.0)
