"""What is reported of an input before anything is built, by dbt and without it."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from commands import BIN, COMMANDS, run
from conftest import ROOT, Shop, problem_of
from shop_toolkit.errors import repeating
from shop_toolkit.ingest import inspect_input
from shop_toolkit.ingest.macros import load_macros

LOG = (
    "Order ID;SKU;Item;Qty;Order Date;Price;Customer ID;Channel",
    "1;A; Red  tin ;2;31/01/2024 10:00;1.250,50;12346.0;web",
    "2;B;Blue tin;x;01/02/2024;3,00;;shop",
    "3;B;Blue tin;1,5;01/02/2024;€ 3,00;Ann@shop.example;shop",
)
# Written down by hand from the lines above.
REPORT = """\
Files
  log.csv: 3 rows; csv, delimiter ';' (the heading line holds it most often), encoding utf-8 (every byte fits it)
Headings
  invoice_id           Order ID
  product_id           SKU
  product_description  Item
  quantity             Qty
  ordered_at           Order Date
  unit_price           Price
  customer_id          Customer ID
  not used: Channel
Dates: day-month-year ('31/01/2024 10:00' can't be read in another way).
Numbers: decimal comma (0 numbers can only have a point, 4 only a comma).
First rows as they are understood
  invoice_id  product_id  product_description  quantity  ordered_at           unit_price  customer_id
  1           A           Red tin              2         2024-01-31 10:00:00  1250.5      12346
  2           B           Blue tin             (none)    2024-02-01 00:00:00  3           (none)
  3           B           Blue tin             1.5       2024-02-01 00:00:00  3           ann@shop.example
Warnings
  quantity: 1 row can't be read, e.g. 'x', and will be rejected.
  customer_id: 1 row holds nothing.
  unused columns: Channel. They change nothing. If one of them is a column of ours, name it in the setting\
 'column_mapping'."""


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command runs in the project's folder; no warehouse is there."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("SHOP_WAREHOUSE", str(tmp_path / "none.duckdb"))


def test_it_reports_how_an_input_would_be_read(
    write_csv: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = write_csv(*LOG)
    assert inspect_input.main([f"{{transactions: {log}}}"]) == 0
    assert capsys.readouterr().out == f"'{log}': 3 rows in 1 file.\n{REPORT}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"], "it changes nothing"


def test_it_names_what_settings_decide(write_csv: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    log = write_csv("who,when,what", "a,01/02/2024,5")
    settings = (
        f"{{transactions: {log}, date_format: day-month-year, csv_delimiter: ',', csv_encoding: latin-1,"
        " decimal_separator: '.', column_mapping: {customer_id: who, ordered_at: when, amount: what}}"
    )
    assert inspect_input.main([settings]) == 0
    report = capsys.readouterr().out
    for line in (
        "delimiter ',' (set), encoding latin-1 (set)",
        "  customer_id  who (set)",
        "Dates: day-month-year (set).",
        "Numbers: decimal point (set).",
        "2024-02-01 00:00:00",
        "Warnings\n  none\n",
    ):
        assert line in report


def test_it_warns_of_what_the_numbers_leave_in_doubt(
    write_csv: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    log = write_csv(
        "customer;date;amount", "a;2024-01-05;€ 1,50", "b;2024-01-06;€ 2.50", "c;2024-01-06;€ 2.60",
        *["d;2024-01-07;3,50"] * 300,
    )  # fmt: skip
    assert inspect_input.main([f"{{transactions: {log}}}"]) == 0
    assert "\n  amount: 2 rows. Numbers have" in capsys.readouterr().out


def test_it_names_all_columns_that_are_not_used(
    write_csv: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    unused = [f"remark number {number}" for number in range(40)]
    log = write_csv(",".join(["customer", "date", "amount", *unused]), "a,2024-01-05,5" + "," * 40)
    assert inspect_input.main([f"{{transactions: {log}}}"]) == 0
    report = capsys.readouterr().out
    listed = report[report.index("  not used:") : report.index("Dates:")]
    assert " ".join(listed.split()) == f"not used: {', '.join(unused)}"
    assert max(map(len, listed.splitlines())) <= 110
    write_csv(",".join(["customer", "date", "amount", *(f"{name} of many" for name in unused * 10)]))
    assert inspect_input.main([f"{{transactions: {log}}}"]) == 0
    assert "(400 in all)" in " ".join(capsys.readouterr().out.split())


def test_it_proposes_columns_by_their_words_in_other_languages(
    write_csv: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    log = write_csv(
        "Kundennr,Datum,Betrag,Rechnungsdatum,Mengeneinheit,Artikelgruppe,Landkreis,Artikelnummer,Menge,"
        "Artikelbezeichnung,Land,Rechnungsnr",
        "a,2024-01-05,5,2024-01-06,kg,hot,Celle,1,2,tea,DE,77",
    )
    mapped = "customer_id: Kundennr, ordered_at: Datum, amount: Betrag"
    assert inspect_input.main([f"{{transactions: {log}, column_mapping: {{{mapped}}}}}"]) == 0
    proposed = 'quantity: "Menge", product_id: "Artikelnummer", product_description: "Artikelbezeichnung"'
    proposed = f'invoice_id: "Rechnungsnr", {proposed}, country: "Land"'
    shown = f'customer_id: "Kundennr", ordered_at: "Datum", amount: "Betrag", {proposed}'
    report = capsys.readouterr().out
    assert f"may be columns of ours: if so, add --vars '{{column_mapping: {{{shown}}}}}'." in report
    # What is proposed can be used as it is.
    assert inspect_input.main([f"{{transactions: {log}, column_mapping: {{{shown}}}}}"]) == 0
    report = capsys.readouterr().out
    assert "  not used: Rechnungsdatum, Mengeneinheit, Artikelgruppe, Landkreis\n" in report
    assert "may be columns of ours" not in report


def test_what_it_proposes_can_be_pasted_however_much_is_mapped(
    write_csv: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    mapped = {
        "invoice_id": "Belegnummer", "ordered_at": "Belegdatum", "customer_id": "Kundennummer", "quantity": "Menge",
        "product_id": "Artikelnummer", "unit_price": "Einzelpreis", "transaction_type": "Belegart",
        "currency": "Währung",
    }  # fmt: skip
    log = write_csv(",".join([*mapped.values(), "Bezeichnung"]), "1,2024-01-05,a,1,2,5.00,Rechnung,EUR,tea")
    setting = ", ".join(f'{column}: "{heading}"' for column, heading in mapped.items())
    assert inspect_input.main([f"{{transactions: {log}, column_mapping: {{{setting}}}}}"]) == 0
    proposed = f'{{column_mapping: {{{setting}, product_description: "Bezeichnung"}}}}'
    assert f"add --vars '{proposed}'." in " ".join(capsys.readouterr().out.split())


def test_it_says_that_there_are_headings_only(
    write_csv: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect_input.main([f"{{transactions: {write_csv('customer,date,amount')}}}"]) == 0
    assert capsys.readouterr().out.endswith("\nWarnings\n  no rows: there is nothing but headings.\n")


def test_words_for_missing_are_those_of_the_seed(
    write_csv: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ("1,Guest,N/A,2024-01-05,5", "2, #N/A ,Unknown,2024-01-06,5", "N/A,,UK,2024-01-06,5", "4,c,UK,2024-01-06,5")
    log = write_csv("order,customer,country,date,amount", *rows)
    assert inspect_input.main([f"{{transactions: {log}}}"]) == 0
    report = capsys.readouterr().out
    assert "  customer_id: 3 rows hold nothing.\n" in report
    assert "  invoice_id: 1 row holds nothing.\n" in report
    assert "row can't be read" not in report
    assert "rows can't be read" not in report
    assert report.count("(none)") == 6


def test_it_lists_files_with_their_rows(
    write_csv: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(12):
        write_csv("customer,date,amount", *(["a,2024-01-05,5"] * (number + 1)), name=f"part-{number:02}.csv")
    assert inspect_input.main([f"{{transactions: '{tmp_path}/part-*.csv'}}"]) == 0
    report = capsys.readouterr().out
    assert "78 rows in 12 files." in report
    assert "  part-09.csv: 10 rows; " in report
    assert "part-10.csv" not in report
    assert "  and 2 more\n" in report


def test_it_reads_a_table_of_the_warehouse_and_leaves_it_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    warehouse = tmp_path / "till.duckdb"
    monkeypatch.setenv("SHOP_WAREHOUSE", str(warehouse))
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create table log as select 'a' as customer, date '2024-01-05' as date, 5.5::decimal(9, 2) as amount"
        )
    before = warehouse.read_bytes()
    assert inspect_input.main(["{transactions: log}"]) == 0
    report = capsys.readouterr().out
    assert "the table 'log': 1 row in 1 file." not in report
    assert "the table 'log': 1 row." in report
    assert "  log: 1 row; a table of the warehouse\n" in report
    assert "Numbers: whole or typed; nothing depends on the decimal separator." in report
    assert warehouse.read_bytes() == before


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ("{transactions: none.csv}", "there is no file 'none.csv'"),
        ("{transactions: '{{ 7 * 7 }}.csv'}", "there is no file '{{ 7 * 7 }}.csv'"),
        ("{transactions: log}", "'log' is the name of a table, and the warehouse"),
        ("{transaction: log}", "The setting 'transaction' is not known."),
        ("{max_order_days: none}", "The setting 'max_order_days' is"),
        ("my_shop.csv", "The settings can't be read: 'my_shop.csv'. Write them as"),
        ("{transactions: [", "The settings can't be read: '{transactions: ['. Write them as"),
    ],
)
def test_it_stops_with_the_sentence_of_a_build(settings: str, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert inspect_input.main([settings]) == 1
    printed = capsys.readouterr()
    assert problem in printed.err
    assert not printed.out


def test_advice_says_which_settings_the_next_command_has_to_repeat(
    write_csv: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    log = write_csv("Kunde;Order Date;Price", "1;2024-01-05;3")
    assert inspect_input.main([f"{{transactions: {log}, csv_delimiter: ;}}"]) == 1
    assert capsys.readouterr().err.endswith(
        "e.g. --vars '{column_mapping: {customer_id: \"Kunde\"}}'."
        " Repeat there what this command sets, too: transactions, csv_delimiter.\n"
    )
    assert repeating("Set it with --vars '{refit: true}'.", ["refit"]) == "Set it with --vars '{refit: true}'."
    assert repeating("There is no file.", ["transactions"]) == "There is no file."
    # a column may be called as a setting is
    advice = "Name it with --vars '{column_mapping: {currency: \"Whrg\"}}'."
    repeated = f"{advice} Repeat there what this command sets, too: currency."
    assert repeating(advice, ["currency", "column_mapping"]) == repeated


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("lokale: en", "The setting 'lokale' is not known. Did you mean 'locale'?\n"),
        ("", "There is no setting 'locale' in dbt_project.yml. Write its line there again,"),
    ],
)
def test_a_setting_that_the_project_has_lost_stops_with_a_sentence(
    line: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = (ROOT / "dbt_project.yml").read_text("utf-8")
    (tmp_path / "dbt_project.yml").write_text(re.sub("(?m)(?<=^  )locale:.*$", line, project), "utf-8")
    monkeypatch.chdir(tmp_path)
    assert inspect_input.main([""]) == 1
    assert capsys.readouterr().err.startswith(problem)


def test_both_commands_of_the_documents_report_the_same(
    write_csv: Callable[..., Path], tmp_path: Path, make_shop: Callable[..., Shop]
) -> None:
    """What dbt renders is what is rendered without it: each line that one reports, the other reports too."""
    log = write_csv(*LOG)
    by_make, by_dbt = (command for command in COMMANDS if "inspect" in command)
    make = f"make --assume-old=.venv/installed BIN={shlex.quote(str(BIN))} "
    done = run(by_make.replace("make ", make, 1).replace("my_shop.csv", str(log)), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    shop = make_shop(transactions=str(log))
    program, *operation, _, _ = shlex.split(by_dbt)
    assert program == "dbt"
    result = shop.dbt(*operation)
    assert result.success, problem_of(result)
    logged = (shop.folder / "logs" / "dbt.log").read_text("utf-8")
    for line in REPORT.splitlines():
        assert line in done.stdout, line
        assert line in logged, line


def test_dbt_stops_with_the_sentence_of_a_build(
    make_shop: Callable[..., Shop], capfd: pytest.CaptureFixture[str]
) -> None:
    result = make_shop(transactions="none.csv").dbt("run-operation", "inspect_input")
    assert not result.success
    assert "there is no file 'none.csv'" in capfd.readouterr().out


def test_macros_work_without_dbt_as_they_do_in_it(tmp_path: Path) -> None:
    """They return values of any type, call macros of other files and dispatch by the adapter."""
    (tmp_path / "b.sql").write_text(
        "{#- why -#}\n{% macro words() -%} {{ return(['a', var('word')]) }} {%- endmacro %}\n"
        "{% macro default__shout(text) -%} {{ text | upper }} {%- endmacro %}"
    )
    (tmp_path / "a.sql").write_text(
        "{% macro shout(text) -%} {{ return(adapter.dispatch('shout')(text)) }} {%- endmacro %}"
        "{% macro all_words(joined=' ') -%}"
        "{%- set found = [] -%}{%- for word in words() -%}{%- do found.append(shout(word)) -%}{%- endfor -%}"
        "{{ return(found | join(joined)) }} {%- endmacro %}"
    )
    macros = load_macros(tmp_path, {"var": {"word": "b"}.__getitem__})
    assert macros["words"]() == ["a", "b"]
    assert macros["all_words"](joined="-") == "A-B"
