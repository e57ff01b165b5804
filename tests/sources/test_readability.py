"""A build stops where most rows can't be read, before anything changes."""

from pathlib import Path

import duckdb
import pytest
from shop_toolkit.ingest.dates import read_dates
from shop_toolkit.ingest.files import InputError, describe_files
from shop_toolkit.ingest.readability import check_readable
from shop_toolkit.ingest.relation import InputRelation
from shop_toolkit.ingest.relation_of_input import relation_of_files

HEADINGS = "Order ID,Qty,Order Date,Price,Customer ID"
DATE_READER = "try_cast(date_text as timestamp)"
NUMBER_READER = "try_cast(number_text as decimal(18, 4))"


def relation(folder: Path, **lines: list[str]) -> InputRelation:
    for name, rows in lines.items():
        (folder / f"{name}.csv").write_text("\n".join([HEADINGS, *rows]) + "\n", "utf-8")
    files = describe_files(f"{folder}/*.csv", None, None, {})
    return relation_of_files("shop", files, list(files), {})


def problem(rows: InputRelation, max_share: float = 0.5, *, has_earlier_rows: bool = False) -> str | None:
    with duckdb.connect() as connection:
        dated, columns = read_dates(connection, rows, {"iso": DATE_READER}, "dates")
        try:
            check_readable(
                connection, rows, dated, columns["iso"], NUMBER_READER, max_share, has_earlier_rows=has_earlier_rows
            )
        except InputError as error:
            return str(error)
    return None


def rows(good: int, wrong: int, day: str = "2024-01-05") -> list[str]:
    return [f"1,1,{day},10.00,7"] * good + [f"1,1,{day},12.50 €,7"] * wrong


def test_an_input_that_nobody_can_read_is_named_with_an_example(tmp_path: Path) -> None:
    assert problem(relation(tmp_path, a=rows(0, 4))) == (
        "4 of 4 rows of 'shop' can't be read: most often unit_price ('Price'), e.g. '12.50 €'. Look at the settings"
        " column_mapping and decimal_separator, or accept that these rows are rejected with --vars"
        " '{max_unreadable_share: 1}'."
    )
    # four rows that arrive later are no reason to stop
    assert problem(relation(tmp_path), has_earlier_rows=True) is None


@pytest.mark.parametrize(
    ("good", "wrong", "max_share", "stops"),
    [
        # few rows may be wrong, unless there are no others
        (1, 19, 0.5, False),
        (19, 20, 0.5, True),
        (20, 20, 0.5, False),
        (20, 20, 0.4, True),
        (0, 0, 0.5, False),
    ],
)
def test_more_than_the_share_stops(good: int, wrong: int, max_share: float, stops: bool, tmp_path: Path) -> None:
    assert (problem(relation(tmp_path, a=rows(good, wrong)), max_share) is not None) is stops


def test_a_file_or_a_month_can_be_misread_alone(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    found = problem(relation(tmp_path / "files", a=rows(90, 0), b=rows(0, 20)))
    assert found is not None
    assert found.startswith(f"20 of 20 rows of '{tmp_path}/files/b.csv' can't be read")
    (tmp_path / "months").mkdir()
    found = problem(relation(tmp_path / "months", a=rows(90, 0) + rows(5, 20, "2024-02-29")))
    assert found is not None
    assert found.startswith("20 of 25 rows of 2024-02 in 'shop' can't be read")
    (tmp_path / "few").mkdir()
    assert problem(relation(tmp_path / "few", a=rows(90, 0), b=rows(0, 19, "2024-02-29"))) is None


def test_empty_fields_and_dates_count_for_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    found = problem(relation(tmp_path / "empty", a=["1,1,2024-01-05,,7"] * 30))
    assert found is not None
    assert "most often unit_price ('Price'), which is empty. Look at" in found
    # an empty row is none; and where there is a status, it may be why a price is missing
    assert problem(relation(tmp_path / "empty", a=[",,,,"] * 30 + rows(1, 0))) is None
    lines = ["1,1,2024-01-05,,7,cancelled"] * 30
    (tmp_path / "empty" / "a.csv").write_text("\n".join([HEADINGS + ",Status", *lines]) + "\n", "utf-8")
    assert problem(relation(tmp_path / "empty")) is None
    (tmp_path / "dates").mkdir()
    found = problem(relation(tmp_path / "dates", a=["1,1,5th of May,1,7"] * 30 + rows(20, 0)))
    assert found is not None
    assert "30 of 50 rows of 'shop' can't be read: most often ordered_at ('Order Date'), e.g. '5th of May'." in found
    assert "date_format" in found


def test_rows_of_too_many_fields_can_not_be_read(tmp_path: Path) -> None:
    """A decimal comma without quotes makes two fields of a price, and what is in front of it is a number, too."""
    lines = [f"{number},1,2024-01-05,12,50,{number}" for number in range(30)]
    with duckdb.connect() as connection:
        read = relation(tmp_path, a=lines)
        kept = read.kept(connection, "kept", tuple(read.columns))
        assert connection.execute(f"select count(*), count({kept.surplus}) from kept").fetchall() == [(30, 30)]
    found = problem(relation(tmp_path, a=lines + rows(10, 0)))
    assert found is not None
    assert found.startswith("30 of 40 rows of 'shop' have more fields than there are headings, so nobody knows")
    assert "quotes around" in found
    # what stands behind the last field of few rows is rejected with them
    assert problem(relation(tmp_path, a=lines[:10] + rows(30, 0))) is None
    # and an empty one is none
    assert problem(relation(tmp_path, a=[f"{line}," for line in rows(30, 0)])) is None


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("{} pcs", "'pcs'"), ("{}/kg", "'/kg'"), ("{} CR", "'CR'"),
        ("{} €", "column_mapping and decimal_separator"), ("x{}", "column_mapping and decimal_separator"),
    ],
)  # fmt: skip
def test_letters_behind_numbers_are_named(written: str, advice: str, tmp_path: Path) -> None:
    sentence = problem(relation(tmp_path, a=[f"1,1,2024-01-05,{written.format('12.50')},7"] * 4))
    assert sentence is not None
    assert advice in sentence
    assert ("write numbers alone" in sentence) == advice.startswith("'")


APART = [
    ",,,,Ann", "1,1,2024-01-05,5.00,", "1,2,2024-01-05,7.00,", ",,,12.00,Total for Ann", ",,,,Ben",
    "2,1,2024-01-06,5.00,",
]  # fmt: skip


def test_customers_above_their_lines_are_named(tmp_path: Path) -> None:
    assert problem(relation(tmp_path, a=APART), has_earlier_rows=True) is None
    sentence = problem(relation(tmp_path, a=APART))
    assert sentence is not None
    assert sentence.startswith("No row of 'shop' has both a customer ('Customer ID') and a date ('Order Date')")


@pytest.mark.parametrize("lines", [
    # One row has both; nobody is known; dates stand on an order's first line alone.
    [*APART, "3,1,2024-01-07,5.00,Cem"],
    ["1,1,2024-01-05,5.00,", "2,1,2024-01-06,5.00,"],
    ["1,1,2024-01-05,5.00,Ann", "1,1,,5.00,Ann", "1,1,,5.00,Ann"],
])  # fmt: skip
def test_rows_without_customers_may_be_sales_to_nobody(lines: list[str], tmp_path: Path) -> None:
    sentence = problem(relation(tmp_path, a=lines))
    assert sentence is None or "customer" not in sentence
