"""Prices of 100 or 1,000 units beside a column that says so: the amounts prove it, or the build asks."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lines import lines_of
from shop_toolkit.errors import InputError
from test_ingest import write

HEADINGS = "Beleg;Artikelnummer;Menge;Belegdatum;Preis;Preiseinheit;Kunde;Nettowert"
MAPPING = {
    "invoice_id": "Beleg", "product_id": "Artikelnummer", "quantity": "Menge", "ordered_at": "Belegdatum",
    "unit_price": "Preis", "customer_id": "Kunde",
}  # fmt: skip
# Screws of 4.99 a hundred, nails of 12.50 a thousand, and a hammer; by hand: 12.48, 3.13 and 19.90.
LINES = ["250;4,99;100;12,48", "250;12,50;1000;3,13", "1;19,90;1;19,90"]
SUM = Decimal("35.51")


def log_of(folder: Path, *lines: str, headings: str = HEADINGS) -> Path:
    rows = (
        f"{row};A{row};{quantity};2024-01-{row:02};{price};{per};c;{total}"
        for row, (quantity, price, per, total) in enumerate((line.split(";") for line in lines), 1)
    )
    return write(folder / "log.csv", headings, *rows)


def revenue(place: Path, **settings: Any) -> Decimal:
    with lines_of(place, **settings) as lines:
        ((sold,),) = lines.rows("select sum(gross_amount) from {{ ref('int_order_lines') }}")
        return Decimal(sold)


@pytest.mark.parametrize("per", ["Preiseinheit", "price_unit", "KPEIN", "per"])
def test_a_total_shows_that_prices_are_of_many_units(per: str, tmp_path: Path) -> None:
    log = log_of(tmp_path, *LINES, headings=HEADINGS.replace("Preiseinheit", per).replace("Nettowert", "Total"))
    with lines_of(log, column_mapping=MAPPING) as lines:
        assert f"'Total' is 'Preis' × quantity / '{per}': it is the amount of the line." in lines.messages
        assert lines.rows("select sum(gross_amount) from {{ ref('int_order_lines') }}") == [(SUM,)]


def test_few_prices_of_many_units_are_read_by_their_total_too(tmp_path: Path) -> None:
    """Price × quantity was the total in nearly all rows, so the others counted a hundredfold in silence."""
    log = log_of(tmp_path, *LINES[2:] * 30, LINES[0], headings=HEADINGS.replace("Nettowert", "Total"))
    assert revenue(log, column_mapping=MAPPING) == 30 * Decimal("19.90") + Decimal("12.48")


def test_a_total_of_unknown_heading_is_asked_for(tmp_path: Path) -> None:
    log = log_of(tmp_path, *LINES)
    with pytest.raises(InputError) as stopped, lines_of(log, column_mapping=MAPPING):
        pass
    assert str(stopped.value) == (
        f"By 'Preiseinheit', prices of '{log}' are of up to 1,000 units in 2 of 3 rows, and each would"
        " count for one. 'Nettowert' is price × quantity / units: have it counted with --vars"
        ' \'{column_mapping: {invoice_id: "Beleg", product_id: "Artikelnummer", quantity: "Menge", ordered_at:'
        ' "Belegdatum", customer_id: "Kunde", amount: "Nettowert"}}\'.'
    )
    advised = {column: heading for column, heading in MAPPING.items() if column != "unit_price"}
    assert revenue(log, column_mapping=advised | {"amount": "Nettowert"}) == SUM


@pytest.mark.parametrize(
    ("total", "cells"),
    [
        # neither texts show what a line comes to, nor zeros, a list price or a total that is blank in places
        ("Notiz", ("x", "y", "z")),
        ("Rabatt", ("0,00", "0,00", "0,00")),
        ("Listenpreis", ("4,99", "12,50", "19,90")),
        ("Total", ("12,48", "", "")),
    ],
)
def test_prices_of_many_units_without_a_total_stop_the_build(
    total: str, cells: tuple[str, ...], tmp_path: Path
) -> None:
    lines = [f"{line.rpartition(';')[0]};{cell}" for line, cell in zip(LINES, cells, strict=True)]
    log = log_of(tmp_path, *lines, headings=HEADINGS.replace("Nettowert", total))
    with pytest.raises(InputError) as stopped, lines_of(log, column_mapping=MAPPING):
        pass
    problem, _, solution = str(stopped.value).partition(" in 2 of 3 rows, ")
    assert problem == f"By 'Preiseinheit', prices of '{log}' are of up to 1,000 units"
    assert solution == (
        "and each would count for one. Divide them by it in a view of the warehouse that the setting 'transactions'"
        " names, and leave 'Preiseinheit' out of it; or leave it out of the export, if they are of one unit."
    )


def test_each_form_of_an_input_has_its_own_proof(tmp_path: Path) -> None:
    """The total is the amount in one file; the other has none."""
    log_of(tmp_path, *LINES * 3, headings=HEADINGS.replace("Nettowert", "Total"))
    (tmp_path / "log.csv").rename(tmp_path / "with.csv")
    assert revenue(tmp_path / "*.csv", column_mapping=MAPPING) == 3 * SUM
    log_of(tmp_path, "250;4,99;100;x", headings=HEADINGS.replace("Nettowert", "Notiz"))
    with pytest.raises(InputError, match="in 1 of 1 rows, and each would count for one"):
        revenue(tmp_path / "*.csv", column_mapping=MAPPING)


def test_a_price_unit_is_not_read_as_the_price_beside_it(tmp_path: Path) -> None:
    """`price_unit` is known as a unit's price, as Odoo calls it."""
    headings = "order_id;sku;qty;order_date;price;price_unit;customer_id;note"
    log = log_of(tmp_path, *LINES, headings=headings)
    with pytest.raises(InputError) as stopped, lines_of(log):
        pass
    assert str(stopped.value) == (
        f"'price_unit' of '{log}' would be read as the price, but seems to say of how many units 'price' is. Name the"
        " price with --vars '{column_mapping: {unit_price: \"price\"}}'."
    )
    # where it holds prices, it is one
    other = log_of(tmp_path, "2;9,00;4,50;x", "3;30,00;10,00;x", headings=headings)
    assert revenue(other) == 39


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(["2;4,99;1;9,98", "3;10,00;1;30,00"], "39.98", id="prices of one unit"),
        pytest.param(["2;4,99;;x", "3;10,00;0;x"], "39.98", id="nothing"),
        pytest.param(["2;4,99;Stück;x", "3;10,00;100er-Pack;x"], "39.98", id="words"),
        pytest.param(["2;4,99;6;x", "3;10,00;12;x", "1;1,00;100;x"], "40.98", id="sizes of packs"),
        # Packs of a hundred at the price of a pack.
        pytest.param(["2;4,99;100;9,98", "3;10,00;100;30,00", "1;5,00;1;5,00"], "44.98", id="totals of the price"),
    ],
)
@pytest.mark.parametrize("total", ["Total", "Nettowert"])
def test_other_prices_are_of_one_unit(total: str, lines: list[str], expected: str, tmp_path: Path) -> None:
    log = log_of(tmp_path, *lines, headings=HEADINGS.replace("Nettowert", total))
    assert revenue(log, column_mapping=MAPPING) == Decimal(expected)


@pytest.mark.parametrize("heading", ["pack_size", "Verpackungseinheit", "unit", "VPE"])
def test_a_shop_of_packs_has_prices_of_packs(heading: str, tmp_path: Path) -> None:
    log = log_of(tmp_path, "2;4,99;100;x", "3;10,00;50;x", headings=HEADINGS.replace("Preiseinheit", heading))
    assert revenue(log, column_mapping=MAPPING) == Decimal("39.98")


def test_later_files_may_have_prices_of_many_units(tmp_path: Path) -> None:
    log_of(tmp_path, "2;4,99;1;9,98")
    with lines_of(tmp_path / "*.csv", column_mapping=MAPPING) as lines:
        lines.ref("base_transactions")
        later = tmp_path / "later"
        later.mkdir()
        log_of(later, *LINES).rename(tmp_path / "later.csv")
        with pytest.raises(InputError, match="By 'Preiseinheit', prices"):
            lines.append()


def doubts(place: Path, **settings: Any) -> list[tuple[Any, ...]]:
    query = "select row_count, cast(amount as double), example from {{ ref('input_warnings') }}"
    with lines_of(place, column_mapping=MAPPING, **settings) as lines:
        return lines.rows(f"{query} where kind = 'price_units_in_doubt'")


def test_one_slip_of_the_pen_is_a_warning(tmp_path: Path) -> None:
    log = log_of(tmp_path, *["1;19,90;1;x"] * 25, "2;5,00;100;x")
    assert doubts(log) == [(1, 10, "Preiseinheit: 100")]


@pytest.mark.parametrize(("text", "units"), [("100 Stück", 100), ("per 1.000", 1000), ("C", 100), ("M", 1000)])
def test_units_among_words_are_a_warning_or_proven(text: str, units: int, tmp_path: Path) -> None:
    log = log_of(tmp_path, f"250;4,00;{text};x", "2;5,00;EA;x")
    assert doubts(log) == [(1, 1000, f"Preiseinheit: {units}")]
    total = f"{1000 / units:.2f}".replace(".", ",")
    headings = HEADINGS.replace("Nettowert", "Total")
    assert revenue(log_of(tmp_path, f"250;4,00;{text};{total}", "2;5,00;EA;10,00", headings=headings),
                   column_mapping=MAPPING) == 10 + Decimal(1000) / units  # fmt: skip


@pytest.mark.parametrize("heading", ["Price per 100", "Preis/100", "Preis je 1.000"])
def test_the_heading_of_a_price_may_say_its_units(heading: str, tmp_path: Path) -> None:
    headings = HEADINGS.replace("Preis;Preiseinheit", f"{heading};Notiz")
    mapping = MAPPING | {"unit_price": heading}
    units = 1000 if "1.000" in heading else 100
    lines = [f"250;4,99;x;{f'{round(1247.5 / units + 1e-9, 2):.2f}'.replace('.', ',')}"]
    log = log_of(tmp_path, *lines, headings=headings)
    with pytest.raises(InputError, match="have it counted with --vars"), lines_of(log, column_mapping=mapping):
        pass
    log = log_of(tmp_path, "250;4,99;x;y", headings=headings)
    with pytest.raises(InputError, match=f"of up to {units:,} units in 1 of 1"), lines_of(log, column_mapping=mapping):
        pass
    # a total shows that it is of one unit
    log = log_of(tmp_path, "2;4,99;x;9,98", headings=headings)
    assert revenue(log, column_mapping=mapping) == Decimal("9.98")


def test_a_later_file_of_single_units_shows_nothing_else(tmp_path: Path) -> None:
    """Each refresh read all files again, or stopped where the first was gone."""
    headings = HEADINGS.replace("Nettowert", "Total")
    for first, later in ((LINES, LINES[2:]), (LINES[2:], LINES)):
        folder = tmp_path / str(len(first))
        folder.mkdir()
        log_of(folder, *first, headings=headings).rename(folder / "first.csv")
        with lines_of(folder / "*.csv", column_mapping=MAPPING) as lines:
            lines.ref("base_transactions")
            (folder / "first.csv").unlink()
            log_of(folder, *later, headings=headings)
            lines.append()
            kept = lines.rows("select count(*) from {{ ref('base_transactions') }}")
            assert kept == [(len(first) + len(later),)]
