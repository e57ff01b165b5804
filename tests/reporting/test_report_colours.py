"""Colours, names and attributes of the figures."""

import html
import itertools
import json
import math
import re
from typing import Any

import pandas as pd
import plotly.graph_objects
import pytest
from conftest import ROOT
from report_pages import Tables, blocks_of
from shop_toolkit.report import colours, words
from shop_toolkit.report.charts import shown
from shop_toolkit.report.language import Language, speaking
from shop_toolkit.report.sections import first


def test_every_axis_has_a_title_with_its_unit(tables: Tables) -> None:
    for name, block in blocks_of(tables).items():
        for panel in block.panels:
            if "polar" in panel.layout or panel.data[0]["type"] == "sankey":
                continue
            axes = [panel.layout[key] for key in ("xaxis", "yaxis")]
            assert any(one["title"]["text"] for one in axes), name
            # Names on an axis speak for themselves; numbers don't.
            assert all(one["title"]["text"] for one in axes if one.get("type") != "category"), f"{name}: {panel.title}"


def test_axes_of_money_have_its_sign_where_the_setting_names_it(tables: Tables) -> None:
    with speaking(Language("en_GB", "EUR")):
        panels = [panel for block in blocks_of(tables).values() for panel in block.panels]
    axes = [panel.layout[key] for panel in panels for key in ("xaxis", "yaxis") if key in panel.layout]
    units = [part for one in axes for part in re.findall(r"\(([^;)]+)", one["title"]["text"])]
    assert units.count("€") == 5
    assert "currency of the log" not in units


def without_page_colours(value: Any) -> Any:
    """The figure with a colour in place of each that the page names."""
    if isinstance(value, str):
        return "#123456" if value.startswith("var(--") else value
    if isinstance(value, list | tuple):
        return [without_page_colours(part) for part in value]
    return {name: without_page_colours(part) for name, part in value.items()} if isinstance(value, dict) else value


def test_plotly_knows_every_attribute_of_the_figures(tables: Tables) -> None:
    for block in blocks_of(tables).values():
        for panel in block.panels:
            plotly.graph_objects.Figure(without_page_colours({"data": panel.data, "layout": panel.layout}))


def test_page_colours_are_those_of_the_style_sheet(tables: Tables) -> None:
    style = (ROOT / "python_models/shop_toolkit/report/style.css").read_text()
    texts = json.dumps([block.as_dict() for block in blocks_of(tables).values()])
    for name in set(re.findall(r"var\((--[\w-]+)\)", texts)):
        assert style.count(f"{name}:") == 2, f"{name} is not both a light and a dark colour"


def test_segments_of_a_segmentation_look_different_to_the_colour_blind() -> None:
    segments = pd.read_csv(ROOT / "seeds/segment_strategies.csv")
    chosen = colours.segment_colours(segments)
    for segmentation, own in segments.groupby("segmentation"):
        for one, other in itertools.combinations(own["segment"], 2):
            assert colours.distance(chosen[one], chosen[other]) > 12, f"{segmentation}: {one}, {other}"


def test_a_segment_keeps_its_colour_when_others_come_and_go() -> None:
    segments = pd.read_csv(ROOT / "seeds/segment_strategies.csv")[["segmentation", "segment"]]
    before = colours.segment_colours(segments)
    names = ["big spenders", "Zürich", "abroad", "loyal", "=1+1", "wholesale", "gifts", "weekend", "other"]
    own = pd.DataFrame({"segmentation": "custom", "segment": names})
    after = colours.segment_colours(pd.concat([own, segments]))
    assert {name: after[name] for name in before} == before
    # Also those of the shop: another one beside them, and each of the project's alone.
    later = pd.DataFrame({"segmentation": "custom", "segment": [*names, "zero returns"]})
    assert {name: colours.segment_colours(later)[name] for name in names} == {name: after[name] for name in names}
    for name, colour in before.items():
        alone = pd.DataFrame({"segmentation": ["broad"], "segment": [name]})
        if name != "any other":
            assert colours.segment_colours(alone)[name] == colour
    for one, other in itertools.combinations(names, 2):
        assert colours.distance(after[one], after[other]) > 12, f"{one}, {other}"


def test_a_segment_keeps_its_colour_throughout(tables: Tables) -> None:
    chosen = colours.segment_colours(tables["segments"])
    blocks = blocks_of(tables)
    for block in blocks.values():
        for card in block.cards:
            if card.colour:
                assert card.colour == {words.sentence(name): colour for name, colour in chosen.items()}[card.title]
    for panel in blocks["map"].panels:
        for trace in panel.data:
            assert trace["marker"]["color"] == chosen[html.unescape(trace["name"])]


def test_red_and_green_look_alike_to_some() -> None:
    # Black and white are 100 apart for everyone; a red and a green of the same lightness only to most eyes.
    assert colours.distance("#000000", "#FFFFFF") == pytest.approx(100, abs=1)
    red, green = "#B04040", "#507A30"
    to_most = math.dist(colours.seen(red, 0), colours.seen(green, 0))
    assert to_most > 60
    assert all(math.dist(colours.seen(red, sight), colours.seen(green, sight)) < to_most / 2 for sight in (1, 2))
    assert colours.distance(red, green) < 10


def test_marks_are_placed_by_the_whole_name_so_that_names_cut_alike_stay_two(tables: Tables) -> None:
    alike = ["some time ago, occasional, low spend", "some time ago, occasional, high spend"]
    rename = {"segment": dict(zip(["loyal", "lost"], alike, strict=True))}
    rename |= {"actual": rename["segment"], "predicted": rename["segment"]}
    changed = {
        name: table.assign(**{key: table[key].replace(rename[key]) for key in table.columns.intersection(list(rename))})
        for name, table in tables.items()
    }
    confused = changed["prediction_confusion"]
    first = confused["task"].iloc[0]
    changed["prediction_confusion"] = confused[confused["task"] == first].head(2).assign(actual=alike, predicted=alike)
    names = sorted(changed["interest_groups"].loc[changed["interest_groups"]["size"] > 0, "interest_group"])
    blocks = blocks_of(changed)
    assert set(alike) < set(blocks["segment_sizes"].panels[0].data[2]["y"])
    assert set(alike) < set(blocks["interests_by_segment"].panels[0].data[0]["x"])
    assert sorted(blocks["interest_groups"].panels[0].data[2]["y"]) == names
    figure = blocks["confusion"].panels[0]
    assert sorted(figure.data[0]["x"]) == sorted(figure.data[0]["y"]) == sorted(alike)
    for panel in (blocks["segment_sizes"].panels[0], figure):
        ticks = panel.layout["yaxis"]
        assert len(ticks["tickvals"]) == len(set(ticks["tickvals"])) == len(ticks["ticktext"])
        assert max(len(text) for text in ticks["ticktext"]) < 36


def test_the_numbers_of_figures_are_whole_where_they_count() -> None:
    days = {"period_days": 90, "as_of_date": pd.Timestamp("2024-03-09"), "chart": "sales_by_month"}
    amounts = {"revenue": (1234.5, 75.0), "order_count": (1075.0, None)}
    rows = [
        days | {"finding": name, "amount": now, "previous_amount": before, "year_before_amount": None}
        for name, (now, before) in amounts.items()
    ]
    table = first.key_figures(pd.DataFrame(rows), 0).table
    assert table
    cells = [[shown(cell, kind) for cell, kind in zip(row, table.kinds, strict=True)] for row in table.rows]
    assert cells == [["revenue", "1,234.50", "75.00", "–"], ["orders", "1,075", "–", "–"]]


def test_a_sum_of_floats_is_rounded_as_its_amount_is() -> None:
    assert words.money(3093.4999999999995) == words.money(3093.5) == "3,094"


def test_clusterings_off_the_axis_are_counted_in_the_note(tables: Tables) -> None:
    block = blocks_of(tables)["silhouettes"]
    candidates = tables["cluster_candidates"].dropna(subset=["silhouette"])
    left_out = int((candidates["k"] > 10).sum())
    assert left_out
    assert f"{left_out} clusterings into more than 10 clusters" in block.note
    for panel in block.panels:
        low, high = panel.layout["xaxis"]["range"]
        assert all(low < k < high for trace in panel.data for k in trace["x"])
    drawn = sum(len(trace["x"]) for panel in block.panels for trace in panel.data if "name" in trace)
    assert drawn == len(candidates) - left_out
    overruled = candidates.sort_values("silhouette").drop_duplicates("segmentation", keep="last")
    reasons = overruled.loc[~overruled["is_chosen"], "reason"]
    assert len(reasons)
    assert all(f"not chosen: {reason}" in block.title for reason in reasons)


def test_countries_of_similar_revenue_have_an_axis_too(tables: Tables) -> None:
    alike = tables["sales_by_country"].head(2).assign(country=["A", "B"], customer_count=50, revenue=[300.0, 700.0])
    assert blocks_of(tables | {"sales_by_country": alike})["sales_by_country"].panels[0].layout["xaxis"]["range"] == [
        2,
        3,
    ]
