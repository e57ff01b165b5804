"""Dates that a build can't read as they are: it says what they seem to be, or which words it doesn't know."""

from pathlib import Path

import duckdb
import pytest
from babel import Locale
from lines import lines_of
from real_request import macros, real_request
from shop_toolkit.errors import InputError
from shop_toolkit.ingest.plan import plan_input
from test_ingest import write

HEADINGS = "order;customer;date;amount"
# Languages whose shops may be read, and neighbours of theirs whose months are called otherwise.
READ = ("en", "de", "de_AT", "fr", "es", "es_MX", "it", "pt", "pt_BR", "nl", "sv", "da", "nb", "ro", "tr", "ru")
OTHERS = (
    "pl", "cs", "sk", "hr", "bs", "sl", "sr_Latn", "uk", "bg", "mk", "lt", "lv", "et", "fi", "hu", "ca",
    "gl", "eu", "ga", "is", "sq", "id", "ms", "vi", "az", "el",
)  # fmt: skip


def log(path: Path, *days: str) -> Path:
    return write(path, HEADINGS, *(f"{row};c{row % 3};{day};{row}.50" for row, day in enumerate(days, 1)))


def stop(path: Path, *days: str) -> str:
    with duckdb.connect() as connection, pytest.raises(InputError) as stopped:
        plan_input(connection, real_request(log(path, *days)))
    assert len(str(stopped.value)) < 500
    return str(stopped.value)


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("05/01/2567 10:15", "of the Buddhist calendar, in which 2024 is 2567. Convert them before the build, or in a"),
        ("1402-10-15", "of the Persian calendar, in which 2024 is 1403. Convert"),
        ("1445/06/23", "of the Islamic calendar, in which 2024 is 1445. Convert"),
        ("٢٠٢٤-٠١-٠٥", "They have digits of another script than 0 to 9. Convert"),
        ("1.7045E+12", "A spreadsheet shortened them, and what it left out is lost."),
        ("202401", "They seem to name a month and no day. Map the column with the days"),
        ("01.2024", "They seem to name a month and no day."),
        ("10:15", "They are times without a day."),
        ("711", "They seem to count days, or weeks, from one that they don't name."),
        ("5 lis 2024", "'lis' is no name of a month that the build knows."),
        ("2024 W05", "Say how with --vars '{date_format: \"%d. %B %Y\"}' (a strptime format)."),
    ],
)
def test_the_sentence_says_what_unknown_dates_seem_to_be(day: str, sentence: str, tmp_path: Path) -> None:
    assert f"are written in no known way, e.g. '{day}'. " in (stopped := stop(tmp_path / "log.csv", day, day))
    assert sentence in stopped


def test_of_most_rows_the_sentence_says_it_too(tmp_path: Path) -> None:
    sentence = stop(tmp_path / "log.csv", *["2024-01-05"] * 20, *["2567-01-05"] * 30)
    assert "30 of 50 rows of" in sentence
    assert "e.g. '2567-01-05'. Their years seem to be of the Buddhist calendar" in sentence
    assert sentence.endswith("accept that these rows are rejected with --vars '{max_unreadable_share: 1}'.")


def test_names_of_months_that_are_not_known_stop_the_build(tmp_path: Path) -> None:
    """Polish ones, of which some are spelt as in English."""
    path = tmp_path / "log.csv"
    days = ["5 mar 2024", "6 maj 2024", "7 lis 2024", "8 lis 2024", "9 gru 2024"]
    assert "3 of 5 dates of" in stop(path, *days)
    assert "doesn't know as months: 'lis', 'gru', e.g. '7 lis 2024'. Write months as numbers" in stop(path, *days)
    # a slip of the pen is none, and the setting rejects the others
    with lines_of(log(path, *days[:3])) as lines:
        unreadable = "select row_count, example from {{ ref('input_warnings') }} where kind = 'unreadable_values'"
        assert lines.rows(unreadable) == [(1, "ordered_at '7 lis 2024' is not a date")]
    with lines_of(log(path, *days), date_format="month-name") as lines:
        assert lines.rows(unreadable) == [(3, "ordered_at '7 lis 2024' is not a date")]


def test_a_later_file_with_names_of_months_that_are_not_known_stops_the_build(tmp_path: Path) -> None:
    log(tmp_path / "1.csv", "5 mar 2024", "6 maj 2024")
    with lines_of(tmp_path / "*.csv") as lines:
        lines.ref("base_transactions")
        log(tmp_path / "2.csv", "7 mar 2024", "7 lis 2024", "8 lis 2024")
        with pytest.raises(InputError, match=r"2 of 3 dates of .* doesn't know as months: 'lis'"):
            lines.append()


@pytest.mark.parametrize(
    "days",
    [
        ["5. Mär 2024", "6. Mai 2024", "7. Okt 2024", "8. Dez 2024"],
        ["05 févr. 2024", "06 avr. 2024", "07 août 2024", "08 déc. 2024"],
        ["5 ene 2024", "6 abr 2024", "7 ago 2024", "8 dic 2024"],
    ],
)
def test_names_of_months_in_other_languages_are_read(days: list[str], tmp_path: Path) -> None:
    with lines_of(log(tmp_path / "log.csv", *days)) as lines:
        read = lines.rows("select day(ordered_at), month(ordered_at) from {{ ref('order_lines') }} order by 1")
        assert read == [(5, read[0][1]), (6, read[1][1]), (7, read[2][1]), (8, 12)]
        assert lines.rows("from {{ ref('input_warnings') }} where kind <> 'unused_columns'") == []


def months_of(language: str) -> dict[str, int]:
    """Names of months to their numbers, as the Unicode consortium collects them."""
    months = Locale.parse(language).months
    names = {
        name.lower().strip().rstrip("."): number
        for context in ("format", "stand-alone")
        for width in ("wide", "abbreviated")
        for number, name in months[context][width].items()
    }
    # The data of some languages is mixed with that of another script.
    return {name: number for name, number in names.items() if all(ord(letter) < 0x500 for letter in name)}


def test_known_names_of_months_mean_the_same_in_all_languages() -> None:
    known: dict[str, int] = {}
    for line in macros()["month_names"]():
        assert len(line.split()) == 12, line
        for number, name in enumerate(line.split(), 1):
            assert known.setdefault(name, number) == number, name
    for language in READ:
        assert {name: known.get(name) for name in months_of(language)} == months_of(language)
    for language in OTHERS:
        assert {name: number for name, number in months_of(language).items() if known.get(name, number) != number} == {}
