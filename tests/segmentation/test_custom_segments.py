"""The segments that a shop defines itself: what is wrong with one, and who is in which, against a count by hand."""

import json
from datetime import date, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT
from lines import MODELS, Given, connected
from shop_toolkit.custom_segments import COLUMNS, custom_segment_problems

SEGMENTS = (
    SimpleNamespace(name="it's much", condition="monetary > 100 -- much", value_order="1"),
    SimpleNamespace(name="abroad", condition="country <> 'UK' and recency_days <= 60", value_order="2"),
    SimpleNamespace(name="lost champions", condition="rfm_segment = 'lost' or orders_placed > 4", value_order=None),
)
FIRST = date(2011, 1, 31)


def problems(tmp_path: Path, *rows: dict[str, str], headings: tuple[str, ...] = COLUMNS) -> list[str]:
    path = tmp_path / "own.csv"
    pd.DataFrame(rows, columns=list(headings)).to_csv(path, index=False)
    found: list[str] = json.loads(custom_segment_problems("own.csv", str(tmp_path)))
    return found


def segment(**cells: str) -> dict[str, str]:
    return {"name": "own", "priority": "1", "condition": "frequency > 3"} | cells


def test_the_projects_own_seed_is_empty_and_right() -> None:
    assert (ROOT / "seeds" / "custom_segments.csv").read_text("utf-8") == ",".join(COLUMNS) + "\n"
    assert json.loads(custom_segment_problems("seeds/custom_segments.csv", str(ROOT))) == []


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("recency > 3", "there is no column 'recency'. Did you mean 'recency_days'?"),
        ("monetry > 3", "there is no column 'monetry'. Did you mean 'monetary'?"),
        ("frequency > > 3", 'syntax error at or near ">" (at character 13).'),
        ("frequency > 60; drop table customers", 'syntax error at or near ";" (at character 15).'),
        ("true) then 'x' when (true", 'syntax error at or near "then" (at character 7).'),
        ("frequency > (select 1)", "it queries a table. It may ask only for columns of the customer."),
        ("exists (from read_csv('x'))", "it queries a table. It may ask only for columns of the customer."),
        ("frequency", "it is no comparison, but a value of the type BIGINT."),
    ],
)
def test_a_wrong_condition_is_named(tmp_path: Path, condition: str, problem: str) -> None:
    (sentence,) = problems(tmp_path, segment(condition=condition))
    assert sentence == f"The segment 'own' (line 2 of own.csv) has a condition that can't be used: {problem}"


@pytest.mark.parametrize(
    "condition",
    [
        "count(*) > 1",
        "rank() over () > 1",
        "random() > 0.5",
        "current_date > as_of_date",
        "age(first_order_date) > interval 9 day",
        "rowid < 100",
    ],
)
def test_aggregates_windows_chance_and_the_clock_are_refused(tmp_path: Path, condition: str) -> None:
    (sentence,) = problems(tmp_path, segment(condition=condition))
    assert "has a condition that can't be used: " in sentence


def test_wrong_rows_are_named(tmp_path: Path) -> None:
    assert problems(tmp_path, segment(), segment(name="b", priority="2", value_order="3")) == []
    assert problems(tmp_path, headings=("name", "priority")) == [
        "The file 'own.csv' lacks the column condition, value_order, meaning, goal, action, channel,"
        " measure_of_success."
    ]
    found = problems(
        tmp_path, segment(), segment(priority="01"), segment(name="other", priority="x", condition=""),
        segment(name="c", priority="4", value_order="-1"),
    )  # fmt: skip
    assert found == [
        "The segment 'other' (line 4 of own.csv) needs another name: of 80 characters at most, and not 'other', which"
        " is who meets no condition.",
        "The segment 'other' (line 4 of own.csv) has the priority 'x': it needs a whole number, 1 for the first.",
        "The segment 'other' (line 4 of own.csv) has no condition. Give it one, e.g. recency_days > 60.",
        "The segment 'c' (line 5 of own.csv) has the value_order '-1': it needs a whole number, 1 for the first.",
        "Two segments of own.csv have the name own. Give each one of its own.",
        "Two segments of own.csv have the priority 1. Give each one of its own.",
    ]


def test_numbers_that_fit_no_integer_and_another_encoding_get_one_sentence(tmp_path: Path) -> None:
    assert problems(tmp_path, segment(priority="0000000000123456789", value_order="999999999")) == []
    found = problems(tmp_path, segment(priority="99999999999", value_order="1234567890"))
    assert found == [
        "The segment 'own' (line 2 of own.csv) has the priority '99999999999': it needs a number of 9 digits at most.",
        "The segment 'own' (line 2 of own.csv) has the value_order '1234567890': it needs a number of 9 digits at"
        " most.",
    ]
    (tmp_path / "own.csv").write_bytes(f"{','.join(COLUMNS)}\nGröße,1,true,,,,,,\n".encode("cp1252"))
    assert json.loads(custom_segment_problems("own.csv", str(tmp_path))) == [
        "The file 'own.csv' isn't in UTF-8. Save it as 'CSV UTF-8', or with that encoding."
    ]
    assert json.loads(custom_segment_problems("gone.csv", str(tmp_path))) == [
        "The file 'gone.csv' is missing. Put it back: without rows it needs its headings alone."
    ]


def test_a_cell_that_is_too_long_to_read_gets_one_sentence(tmp_path: Path) -> None:
    assert problems(tmp_path, segment(condition="true or " * 20_000 + "true")) == [
        "The file 'own.csv' can't be read as a CSV (field larger than field limit (131072)). Look for a cell that is"
        " too long, or a quote that nothing closes."
    ]


def expected_segment(row: Any) -> str:
    if row.monetary > 100:
        return "it's much"
    if row.country not in (None, "UK") and row.recency_days is not None and row.recency_days <= 60:
        return "abroad"
    return "lost champions" if row.rfm_segment == "lost" or row.orders_placed > 4 else "other"


def shop(months: int) -> tuple[list[SimpleNamespace], list[SimpleNamespace]]:
    """Snapshots of thirty customers at so many month ends, and their states from each month end on."""
    snapshots, states = [], []
    for number in range(30):
        chance, before = Random(number), None
        row = SimpleNamespace(frequency=0, monetary=0, orders_placed=0, last_order_date=None, country=None)
        for month in range(months):
            day = FIRST + timedelta(days=31 * month)
            if chance.random() < 0.4:
                row.frequency, row.orders_placed = row.frequency + 1, row.orders_placed + 1
                row.monetary, row.last_order_date = row.monetary + chance.choice([10, 40, 90]), day - timedelta(days=2)
                row.country = chance.choice(["UK", "France", None])
            elif row.frequency and chance.random() < 0.2:
                row.frequency, row.monetary = row.frequency - 1, max(row.monetary - 60, 0)
            if not row.orders_placed:
                continue
            now = SimpleNamespace(
                **vars(row), customer_id=f"c{number}", as_of_date=day, previous_date=before and before.as_of_date,
                recency_days=(day - row.last_order_date).days if row.frequency else None,
                rfm_segment=chance.choice(["lost", "loyal"]), model_version=1 + (month > 2),
                rfm_cause="new" if before is None else None, before=before,
            )  # fmt: skip
            snapshots.append(now)
            states.append(SimpleNamespace(**vars(now), valid_from=day, valid_until=day + timedelta(days=30)))
            before = now
    return snapshots, states


def expected_cause(row: SimpleNamespace) -> str | None:
    before = row.before
    if before is None:
        return "new"
    if expected_segment(row) == expected_segment(before):
        return None
    if row.last_order_date > before.as_of_date:
        return "order"
    if row.frequency < before.frequency or row.monetary < before.monetary:
        return "cancellation"
    return "refit" if row.model_version != before.model_version else "aging"


def found_in(months: int) -> tuple[set[tuple[Any, ...]], list[SimpleNamespace]]:
    """What the project's SQL finds in a shop of so many months, and the snapshots that it found it in."""
    snapshots, states = shop(months)
    known = pd.DataFrame([vars(row) for row in snapshots]).drop(columns="before")
    known["recency_days"] = known["recency_days"].astype("Int64")
    scores = ("recency_score", "frequency_score", "monetary_score", "rfm_score", "broad_segment", "detailed_segment")
    columns = ["customer_id", "country", "orders_placed", "last_order_date", "valid_from", "valid_until"]
    with connected() as connection:
        given = Given(
            connection,
            int_segment_snapshots=known.assign(is_withdrawn=False, **dict.fromkeys(scores)),
            int_customer_states_scd2=pd.DataFrame([vars(row) for row in states])[columns].assign(
                first_order_date=FIRST, last_net_order_date=FIRST
            ),
        )
        given.custom_segments = SEGMENTS
        found = given.rows(
            "select customer_id, as_of_date, custom_segment, custom_before, custom_cause"
            " from ({{ custom_snapshots() }})"
        )
    return set(found), snapshots


def test_the_first_condition_that_is_met_names_the_segment_at_each_date() -> None:
    found, snapshots = found_in(6)
    assert found == {
        (row.customer_id, row.as_of_date, expected_segment(row), row.before and expected_segment(row.before),
         expected_cause(row))
        for row in snapshots
    }  # fmt: skip
    assert {segment for _, _, segment, *_ in found} == {"it's much", "abroad", "lost champions", "other"}
    assert {cause for *_, cause in found} == {None, "new", "order", "cancellation", "refit", "aging"}


def test_later_months_leave_the_segments_of_earlier_ones() -> None:
    (later, _), (earlier, _) = found_in(6), found_in(4)
    last = max(day for _, day, *_ in earlier)
    assert {row for row in later if row[1] <= last} == earlier


def test_without_rows_there_is_no_fourth_segmentation() -> None:
    with connected() as connection:
        given = Given(connection)
        assert given.rows("select {{ custom_segment() }}, {{ sql_list(segmentations()) }}") == [
            (None, ["rfm", "broad", "detailed"])
        ]


def test_the_report_counts_custom_segments_only_where_there_are_some() -> None:
    customers = pd.DataFrame(
        [("1", "abroad", 2), ("2", "abroad", 1), ("3", "other", 1), ("4", "other", 0)],
        columns=["customer_id", "custom_segment", "frequency"],
    ).assign(rfm_segment="new", broad_segment="new", detailed_segment="new")
    for measure in ("recency", "frequency", "monetary"):
        customers[f"{measure}_percent_rank"] = [0.5, 0.25, 1.0, None]
    alerts = pd.DataFrame(
        {"customer_id": ["2"], "monetary": 7.0, "expected_loss": 3.0, "days_overdue": 4, "state": "new"}
    )
    audiences = pd.DataFrame({"segmentation": "custom", "segment": "abroad", "is_control": [True, False]})
    with connected() as connection:
        given = Given(connection, customers=customers, customer_alerts=alerts, audiences=audiences)
        query = MODELS["rpt_segments"].read_text("utf-8")
        assert {row[0] for row in given.rows(query)} == {"rfm", "broad", "detailed"}
        given.custom_segments = SEGMENTS
        found = [
            (row[1], row[2], row[3], row[6], float(row[7]), row[10], row[11])
            for row in given.rows(query)
            if row[0] == "custom"
        ]
    assert sorted(found, key=str) == [("abroad", 2, 0.375, 1, 7.0, 1, 1), ("other", 1, 1.0, 0, 0.0, None, None)]
