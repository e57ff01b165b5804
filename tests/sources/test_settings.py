"""One place defines the values that each setting accepts; sentences in a whole build are tested in tests/staging."""

import json
from typing import Any

import pytest
import yaml
from conftest import ROOT
from shop_toolkit.settings import RENAMED, SETTINGS, wrong_settings

DEFAULTS = yaml.safe_load((ROOT / "dbt_project.yml").read_text("utf-8"))["vars"]


def sentences(given: dict[str, Any], is_ours: bool = True) -> list[str]:
    written = json.dumps(dict.fromkeys(given, is_ours))
    found: list[str] = json.loads(wrong_settings(written, json.dumps(DEFAULTS | given)))
    return found


def test_settings_are_those_of_the_project_and_its_defaults_are_right() -> None:
    assert DEFAULTS.keys() == SETTINGS.keys()
    assert sentences({}) == []


def test_a_setting_of_another_package_is_no_mistake() -> None:
    others = {"elementary": {"days_back": 14}, "dbt_date:time_zone": "Europe/Berlin", "load_from": 2024}
    assert sentences(others, is_ours=False) == []
    (sentence,) = sentences({"published_foldr": "out"}, is_ours=False)
    assert sentence.endswith("Did you mean 'published_folder'?")


@pytest.mark.parametrize("name", RENAMED)
def test_an_old_setting_stops_the_build_with_its_new_name(name: str) -> None:
    names = RENAMED[name].split()
    now = " and ".join(f"'{new}'" for new in names)
    assert sentences({name: 1}) == [f"The setting '{name}' is now called {now}."]
    assert set(names) <= set(SETTINGS)
    assert name not in SETTINGS


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        ("transaction", "Did you mean 'transactions'?"),
        ("min_silhouette_share", "Did you mean 'min_segment_share'?"),
        ("colour", f"Known settings: {', '.join(SETTINGS)}."),
    ],
)
def test_an_unknown_setting_is_named_with_the_likely_one(name: str, likely: str) -> None:
    (sentence,) = sentences({name: 1})
    assert sentence == f"The setting '{name}' is not known. {likely}"


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        # leap years, and days that no month has
        ("as_of_date", ["2012-02-29", "2000-02-29", None], ["2011-02-29", "1900-02-29", "2011-04-31", "2011-13-01"]),
        ("as_of_date", [], ["20110101", "2011-1-1", "2011-W01-1", "0011-01-01", "", 20110101]),
        ("csv_delimiter", [";", None], ["", ";;", 1]),
        ("csv_encoding", ["utf-16", "cp1250"], ["UTF-8", ""]),
        ("date_format", ["%d.%m.%Y %H:%M", "%-d", "day-month-year"], ["%Q", "%", "plain", ""]),
        ("decimal_separator", [".", ",", None], [";", ""]),
        ("cancellation_invoice_prefix", ["", "C"], [None, 3]),
        ("refund_invoice_prefixes", [None, [], ["CN", "R"]], ["CN", ["CN", 3], [""]]),
        ("currency", ["EUR", None], ["", 3]),
        ("duplicates", ["keep", "drop", None], ["", True]),
        ("max_unreadable_share", [0, 0.5, 1], [-0.1, 1.1, None, "1"]),
        ("max_order_days", [0, 7, 3_650], [-1, 3_651, 1.5, True, None, "7"]),
        ("refit", [True], ["true", 1, None]),
        ("max_fit_customers", [100, 20_000], [99, 20_001, 100.0, True, None, "100"]),
        ("min_segment_share", [0, 0.5], [-0.1, 0.51, True, None, "0.1"]),
        ("min_precision", [0.5, 1], [0.49, 1.01]),
        ("min_test_customers", [20, 200], [19, 100_001, 200.0, None]),
        ("overdue_quantile", [0.5, 0.99], [0.4, 1]),
        ("control_share", [0, 0.9], [0.91]),
        ("force_broad_clustering", ["rfm_plane kmeans 3", "rfm ward 10", None],
         ["rfm ward 1", "rfm ward 11", "rfm ward"]),
        ("transactions", ["a.csv"], ["", " ", None, 7]),
        ("column_mapping", [{}], [None, "x", []]),
        ("published_folder", [None], ["", " ", 3]),
        ("postgres_schema", ["shop"], ["", None]),
        ("rfm_cut_points", [None, 3, 10, {}, {"frequency": 3, "recency_days": [0, 7]},
                            {"monetary": [0, 9.99, 10**16 - 1]}],
         [2, 11, 5.0, True, "5", [1, 2]]),
        ("score_within", ["country", None], ["channel", ""]),
        ("min_orders", [1, None], [0, 1.5, True, "2"]),
        ("max_revenue", [0, 9.99, None], [-1, 9.999, 10**16, True, "9"]),
        ("excluded_countries", [["France"], None], [[], "France", [""]]),
    ],
)  # fmt: skip
def test_bounds(name: str, right: list[Any], wrong: list[Any]) -> None:
    for value in right:
        assert sentences({name: value}) == [], value
    for value in wrong:
        shown = json.dumps(value, ensure_ascii=False)
        assert sentences({name: value}) == [f"The setting '{name}' is {shown}; it takes {SETTINGS[name].takes}."]


def test_filters_that_leave_nobody_in_stop_the_build() -> None:
    assert sentences({"min_orders": 3, "max_orders": 3, "min_revenue": 1, "max_revenue": 1}) == []
    assert sentences({"min_orders": 3, "max_orders": 2}) == [
        "The setting 'min_orders' is 3, more than 'max_orders', 2; nobody is between them."
    ]
    assert sentences({"included_countries": ["UK", "France"], "excluded_countries": ["France"]}) == [
        "The settings 'included_countries' and 'excluded_countries' both list France; take it out of one."
    ]


@pytest.mark.parametrize(
    ("cut_points", "sentence"),
    [
        ({"recency": 5}, "There is no measure 'recency'; scores have recency_days, frequency, monetary."
         " Did you mean 'recency_days'?"),
        ({"x": 5}, "There is no measure 'x'; scores have recency_days, frequency, monetary."),
        ({"frequency": 2},
         "'frequency' takes a number of quantiles, from 3 to 10, or a list of bounds in orders, not 2."),
        ({"recency_days": [30]}, "'recency_days' has 1 bounds; 3 to 10 scores take 2 to 9, as the last score is open."),
        ({"recency_days": list(range(10))},
         "'recency_days' has 10 bounds; 3 to 10 scores take 2 to 9, as the last score is open."),
        ({"recency_days": [30, 90, 90]}, "The bounds of 'recency_days' must ascend, and [30, 90, 90] do not."),
        ({"frequency": [0, 3]}, "'frequency' has the bound 0; each is a whole number of orders, from 1 on."),
        ({"recency_days": [1.5, 3]}, "'recency_days' has the bound 1.5; each is a whole number of days, from 0 on."),
        ({"recency_days": [True, 3]},
         "'recency_days' has the bound True; each is a whole number of days, from 0 on."),
        ({"monetary": [1, 9.995]},
         "'monetary' has the bound 9.995; each is an amount with two decimals at most, from 0 on."),
        ({"monetary": [1, 10**16]},
         f"'monetary' has the bound {10**16}; each is an amount with two decimals at most, from 0 on."),
    ],
)  # fmt: skip
def test_wrong_cut_points_are_named(cut_points: dict[str, Any], sentence: str) -> None:
    assert sentences({"rfm_cut_points": cut_points}) == [f"The setting 'rfm_cut_points' is wrong. {sentence}"]


def test_a_setting_may_be_wrong_in_more_than_its_kind() -> None:
    (sentence,) = sentences({"spend_param_grids": {"decision_tree": {"depth": [3]}}})
    assert sentence.startswith("The setting 'spend_param_grids' is wrong. The grid of decision_tree knows no parameter")
    (sentence,) = sentences({"force_broad_clustering": "rfm ward 4", "force_detailed_clustering": "rfm ward 4"})
    assert "ask for the same candidate" in sentence
