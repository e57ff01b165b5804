"""What a file leaves open: currencies, twin headings, decimal signs. The rows prove it, or the build asks."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from lines import lines_of
from real_request import real_request
from shop_toolkit.errors import InputError
from shop_toolkit.ingest.plan import Plan, plan_input
from test_ingest import ingest, write

HEADINGS = "Order ID;SKU;Qty;Order Date;Price;Customer ID"


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def planned(connection: duckdb.DuckDBPyConnection, path: Path, *lines: str, **settings: Any) -> Plan:
    return plan_input(connection, real_request(write(path, *lines), **settings))


def priced(*prices: str) -> list[str]:
    return [HEADINGS, *(f"{row};A;1;2024-01-{row:02};{price};c" for row, price in enumerate(prices, 1))]


# Currencies


@pytest.mark.parametrize(
    ("prices", "found"),
    [
        (["12.50 €", "€3.00", "2.00 EUR", "eur 1.00", "7"], {"EUR"}),
        (["$5", "5 USD", "US$ 5.00"], {"USD"}),
        (["12.50 kr", "Kr. 3.00"], {"KR"}),
        (["100 руб.", "100 ₽", "RUB 100"], {"RUB"}),
    ],
)
def test_a_sign_and_a_code_name_one_currency(
    prices: list[str], found: set[str], warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    (code,) = found
    assert planned(warehouse, tmp_path / "log.csv", *priced(*prices)).currency is None
    assert planned(warehouse, tmp_path / "log.csv", *priced(*prices), currency=code.lower()).currency == code
    with pytest.raises(InputError, match=rf"is 'CHF', but the amounts of '.*' are in {code} \([0-9] rows\)\. Set one"):
        planned(warehouse, tmp_path / "log.csv", *priced(*prices), currency="CHF")


def test_signs_of_several_currencies_stop_the_build_as_a_column_of_them_does(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "log.csv"
    several = priced("9.50 €", "€ 3.00", "2.00 $")
    with pytest.raises(
        InputError,
        match=r"are in several currencies: EUR \(2 rows\), USD \(1 rows\)\. Convert .* '\{currency: EUR\}'",
    ):
        planned(warehouse, path, *several)
    # a sign chooses as well as a code
    assert [planned(warehouse, path, *several, currency=name).currency for name in ("$", "usd", " € ")] == [
        "USD", "USD", "EUR",
    ]  # fmt: skip
    # the column is closer to the truth than a sign, which may stand for the dollars of any country
    lines = [HEADINGS + ";Currency", "1;A;1;2024-01-05;$5;c;CAD", "2;A;1;2024-01-05;$5;c;cad", "3;A;1;2024-01-05;7;c;"]
    assert planned(warehouse, path, *lines).currency is None
    with pytest.raises(InputError, match=r"several currencies: CAD \(2 rows\), EUR \(1 rows\)"):
        planned(warehouse, path, *lines, "4;A;1;2024-01-05;€7;c;")


@pytest.mark.parametrize("dash", ["-", "–", "—", "--"])
def test_a_dash_is_no_currency(dash: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    lines = [HEADINGS + ";Currency", "1;A;1;2024-01-05;5;c;EUR", f"2;A;1;2024-01-05;5;c;{dash}"]
    assert planned(warehouse, tmp_path / "log.csv", *lines).currency is None
    path = write(tmp_path / "built.csv", *lines)
    with lines_of(path) as built:
        assert built.rows("select currency from {{ ref('stg_transactions') }} order by invoice_id") == [
            ("EUR",), (None,),
        ]  # fmt: skip


def test_words_are_no_signs(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    words = priced("9.50 €", "free", "all inclusive", "try later", "12 boxes")
    assert planned(warehouse, tmp_path / "log.csv", *words).currency is None


def test_the_setting_names_the_currency_of_a_log_that_names_none(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "log.csv"
    for written, code in (("EUR", "EUR"), ("rub", "RUB"), ("₽", "RUB")):
        plan = planned(warehouse, path, *priced("5", "6"), currency=written)
        assert (plan.currency, plan.findings) == (code, [])
    # what is misspelt would stand beside all amounts
    with pytest.raises(
        InputError, match=r"^The setting 'currency' is 'RUBL', which is no known code or sign of a currency"
    ):
        planned(warehouse, path, *priced("5", "6"), currency="RUBL")


def test_the_setting_names_no_currency_where_a_column_may_know_better(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lines = [HEADINGS + ";Curr;Note", "1;A;1;2024-01-05;5;c;usd;ALL", "2;A;1;2024-01-06;6;c;;in"]
    with pytest.raises(InputError, match=r"but 'Curr' seems to, e\.g\. USD\. Name it with .*\{currency: \"Curr\"\}"):
        planned(warehouse, tmp_path / "log.csv", *lines, currency="RUB")
    mapping = {"currency": "Curr"}
    with pytest.raises(InputError, match=r"is 'RUB', but the amounts of .* are in USD \(1 rows\)"):
        planned(warehouse, tmp_path / "log.csv", *lines, currency="RUB", column_mapping=mapping)


@pytest.mark.parametrize("heading", ["Ccy", "Währung", "Settled in"])
def test_codes_of_several_currencies_under_an_unknown_heading_stop_the_build(
    heading: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "log.csv"
    lines = [f"{HEADINGS};{heading}", *(f"{row};A;1;2024-01-05;{row};c;{'sek' if row % 2 else 'EUR'}"
                                        for row in range(1, 40)), "40;A;1;2024-01-05;1;c;?"]  # fmt: skip
    with pytest.raises(InputError) as stopped:
        planned(warehouse, path, *lines)
    assert str(stopped.value) == (
        f"The amounts of '{path}' seem to be in several currencies: '{heading}' holds SEK (20 rows), EUR (19 rows)."
        f" Name it with --vars '{{column_mapping: {{currency: \"{heading}\"}}}}', or say that no column holds"
        " currencies: {column_mapping: {currency: []}}."
    )
    # what it advises works
    assert planned(warehouse, path, *lines, column_mapping={"currency": []}).currency is None
    mapping = {"currency": heading}
    assert planned(warehouse, path, *lines, column_mapping=mapping, currency="EUR").currency == "EUR"


def test_codes_of_one_currency_and_other_words_stop_nothing(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Sizes, channels and countries in three letters are no currencies, even where one of them could be."""
    rows = zip(["ALL", "TOP", "web", "app", "USA", "DEU"] * 3, ["EUR", "eur", ""] * 6, strict=True)
    lines = [HEADINGS + ";Fits;Paid in", *(f"{row};A;1;2024-01-05;5;c;{fits};{code}"
                                           for row, (fits, code) in enumerate(rows))]  # fmt: skip
    assert planned(warehouse, tmp_path / "log.csv", *lines).currency is None
    # a column that is named knows better than another
    several = [HEADINGS + ";Currency;Settled in", "1;A;1;2024-01-05;5;c;EUR;USD", "2;A;1;2024-01-05;5;c;EUR;SEK"]
    assert planned(warehouse, tmp_path / "log.csv", *several).currency is None


def test_the_mapping_can_say_that_no_column_holds_currencies(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Not "all", which is the code of the lek, nor what the heading of currencies holds."""
    none: dict[str, list[str]] = {"currency": []}
    lines = [HEADINGS + ";Sent to;Currency", "1;A;1;2024-01-05;5;c;all;club points", "2;A;1;2024-01-06;6;c;ALL;"]
    nameless = [line.rpartition(";")[0] for line in lines]
    with pytest.raises(
        InputError,
        match=r"but 'Sent to' seems to, e\.g\. ALL\. .*, or say .*: \{column_mapping: \{currency: \[\]\}\}\.$",
    ):
        planned(warehouse, tmp_path / "log.csv", *nameless, currency="EUR")
    for written in (nameless, lines):
        plan = planned(warehouse, tmp_path / "log.csv", *written, currency="EUR", column_mapping=none)
        assert (plan.currency, "currency" in plan.relation.columns) == ("EUR", False)
    # others that every log needs have to be there
    with pytest.raises(InputError, match=r"no column of '.*' holds customer_id, which every log needs"):
        planned(warehouse, tmp_path / "log.csv", *lines, column_mapping={"customer_id": []})


def test_rows_of_another_currency_stop_a_build_whose_setting_named_the_first_ones(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    request = real_request(tmp_path / "*.csv", currency="RUB")
    write(tmp_path / "a.csv", *priced("9.50", "3.00"))
    ingest(warehouse, request)
    write(tmp_path / "b.csv", *priced("9.50 $"))
    with pytest.raises(InputError, match=r"is 'RUB', but the amounts of .* are in USD \(1 rows\)"):
        plan_input(warehouse, request)


def test_a_later_file_in_another_currency_stops_the_build(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    request = real_request(tmp_path / "*.csv")
    write(tmp_path / "a.csv", *priced("9.50 €", "3.00"))
    ingest(warehouse, request)
    write(tmp_path / "b.csv", *priced("9.00", "8.00"))
    # what names no currency is in the one of the rest
    assert not ingest(warehouse, request).is_full_read
    write(tmp_path / "c.csv", *priced("9.50 $"))
    with pytest.raises(InputError, match=r"several currencies: EUR \(1 rows\), USD \(1 rows\)"):
        plan_input(warehouse, request)
    (tmp_path / "c.csv").unlink()
    # the setting holds where nothing is new, and where the new rows name no currency
    plan = plan_input(warehouse, real_request(tmp_path / "*.csv", currency="EUR"))
    assert (plan.currency, plan.is_full_read) == ("EUR", True)


# Twin headings


TWINS = (
    "Order ID,Date,Date,Price,Price,Qty,SKU,Customer ID",
    "1,2024-01-05,2024-01-09,10.00,8.00,1,A,1",
    "2,2024-01-06,2024-01-10,10.00,8.00,1,A,2",
)


def test_twin_headings_that_differ_stop_the_build_until_one_is_named(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "log.csv"
    with pytest.raises(InputError) as stopped:
        planned(warehouse, path, *TWINS)
    assert str(stopped.value) == (
        f"Columns 'Date' and 'Date (column 3)' of '{path}' could both be ordered_at, and differ in 2 rows. Say which it"
        ' is with --vars \'{column_mapping: {ordered_at: "Date (column 3)"}}\' (or "Date").'
    )
    # the setting is replaced as a whole, so the advice repeats what it holds
    with pytest.raises(InputError, match="could both be unit_price") as stopped:
        planned(warehouse, path, *TWINS, column_mapping={"ordered_at": "Date", "quantity": ["Menge", "Qty"]})
    assert (
        '--vars \'{column_mapping: {ordered_at: "Date", quantity: ["Menge", "Qty"],'
        ' unit_price: "Price (column 5)"}}\' (or "Price")'
    ) in str(stopped.value)
    plan = planned(warehouse, path, *TWINS, column_mapping={"ordered_at": "Date (column 3)", "unit_price": "Price"})
    assert (plan.relation.columns["ordered_at"], plan.relation.columns["unit_price"]) == ("field_3", "field_4")


def test_twins_that_hold_the_same_or_nothing_leave_nothing_open(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    same = [",".join([line.split(",")[0], *[line.split(",")[1]] * 2, *[line.split(",")[3]] * 2, *line.split(",")[5:]])
            for line in TWINS]  # fmt: skip
    assert [finding.kind for finding in planned(warehouse, tmp_path / "log.csv", *same).findings] == ["unused_columns"]
    empty = ["Customer-ID,customer_id,date,price", "7,,2024-01-05,1", "8,,2024-01-06,1"]
    assert planned(warehouse, tmp_path / "log.csv", *empty).relation.headings["customer_id"] == "Customer-ID"
    with pytest.raises(InputError, match=r"'Customer-ID' and 'customer_id' of .* could both be customer_id"):
        planned(warehouse, tmp_path / "log.csv", *empty, "9,10,2024-01-06,1")


def test_twins_that_are_names_only_are_a_warning(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    lines = ["customer,date,price,Country,Country", "7,2024-01-05,1,DE,FR", "8,2024-01-06,1,DE,DE"]
    (finding, *_) = planned(warehouse, tmp_path / "log.csv", *lines).findings
    assert (finding.kind, finding.column_name, finding.row_count, finding.example) == (
        "twin_headings", "country", 1, "Country, Country (column 5)",
    )  # fmt: skip


# Decimal signs


def quantities(*texts: str) -> list[str]:
    return [HEADINGS, *(f"{row};A;{text};2024-01-05;3,50;c" for row, text in enumerate(texts, 1))]


def test_what_one_column_proves_holds_for_another_that_shows_nothing(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    plan = planned(warehouse, tmp_path / "log.csv", *quantities("1.500", *["1"] * 300))
    assert plan.formats.decimal_separator == ","
    # what it was read as is not hidden
    (finding,) = plan.findings
    assert (finding.kind, finding.column_name, finding.row_count, finding.example) == (
        "numbers_read_as_others", "quantity", 1, "1.500",
    )  # fmt: skip
    # a setting leaves no doubt; nor does a column that proves it by itself
    assert not planned(warehouse, tmp_path / "log.csv", *quantities("1.500", "2"), decimal_separator=",").findings
    assert not planned(warehouse, tmp_path / "log.csv", *quantities("1.500", "0,5")).findings


def test_a_column_that_contradicts_the_others_stops_the_build(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """0.500 can only have a point: then 1.500 is no 1500, however many prices have a comma."""
    with pytest.raises(InputError) as stopped:
        planned(warehouse, tmp_path / "log.csv", *quantities("1.500", "0.500", *["1"] * 300))
    assert re.search(
        r"could have a decimal point or a decimal comma, e\.g\. '1\.500' in quantity, and others there have a decimal"
        r" point, unlike the other columns\. Say which with --vars", str(stopped.value)
    )  # fmt: skip
    # without a number in doubt, the one that is written otherwise is rejected
    plan = planned(warehouse, tmp_path / "log.csv", *quantities("0.500", *["1"] * 300))
    assert [finding.kind for finding in plan.findings] == ["other_decimal_separator"]


def test_the_project_asks_for_codes_of_currencies() -> None:
    with duckdb.connect() as connection:
        reader = real_request("x.csv").currency_reader
        texts = {"12.50 €": "EUR", "-$2.50": "USD", "(R$ 5)": "BRL", "5 zł": "PLN", "12.50": "", "five": "", "€": "EUR"}
        query = f"select {reader} from (select unnest(?::varchar[]) as number_text)"
        assert [code for (code,) in connection.execute(query, [list(texts)]).fetchall()] == list(texts.values())


# Hundredths


@pytest.mark.parametrize("heading", ["price_cents", "Unit Price (cents)", "amountMinor", "Цена, коп."])
def test_hundredths_are_not_read_as_money(heading: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """The advice to map such a heading made all money a hundredfold."""
    mapping = {"unit_price": heading}
    lines = [line.replace("Price", heading) for line in priced("1250", "300", "")]
    with pytest.raises(InputError, match=rf"'{re.escape(heading)}' of '.*' seems to hold hundredths of the currency: "):
        planned(warehouse, tmp_path / "log.csv", *lines, column_mapping=mapping)
    # numbers that are not whole are no hundredths, and a share of a hundred is another word
    lines = [line.replace("Price", heading) for line in priced("12.50", "3.00")]
    assert planned(warehouse, tmp_path / "log.csv", *lines, column_mapping=mapping).relation.headings["unit_price"]
    lines = [line.replace("Price", heading) for line in priced("12,00", "3,00")]
    assert planned(warehouse, tmp_path / "log.csv", *lines, column_mapping=mapping, decimal_separator=",")
    assert planned(warehouse, tmp_path / "log.csv", lines[0], column_mapping=mapping)
    lines = [line.replace("Price", "Percentage price") for line in priced("12", "3")]
    assert planned(warehouse, tmp_path / "log.csv", *lines, column_mapping={"unit_price": "Percentage price"})


def test_each_form_of_an_input_may_be_in_hundredths(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    write(tmp_path / "a.csv", *priced("3.50", "4.20"))
    write(tmp_path / "b.csv", *(line.replace("Price", "price_cents") for line in priced("350", "420")))
    mapping = {"unit_price": ["Price", "price_cents"]}
    with pytest.raises(InputError, match=r"'price_cents' of '.*b\.csv' seems to hold hundredths"):
        plan_input(warehouse, real_request(tmp_path / "*.csv", column_mapping=mapping))


STRIPE = "id,object,amount,amount_refunded,currency,created,customer,paid"
CHARGES = [
    f"ch_3PqR{row:08},charge,{amount},0,usd,{1704492900 + 86400 * row},cus_Q{row % 3:09},true"
    for row, amount in enumerate(("1999", "4900", "50", "250000"), 1)
]


def charges(headings: str = STRIPE, **others: str) -> list[str]:
    """Charges as Stripe's API has them, with other values in some columns."""
    rows = [dict(zip(STRIPE.split(","), line.split(","), strict=True)) | others for line in CHARGES]
    return [headings, *(",".join(row.get(heading, "x") for heading in headings.split(",")) for row in rows)]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(charges(), id="charges"),
        pytest.param(charges("amount,amount_refunded,currency,created,customer"), id="the least of them"),
        pytest.param(charges(created="2024-01-05 22:15:00"), id="days that were converted"),
        pytest.param(
            [line.replace("amount,", "total,").replace("amount_refunded", "amount_due") for line in charges()],
            id="invoices",
        ),
        pytest.param([*charges()[:1], *charges()[1:] * 10, charges(amount="19.99", id="manual-1")[1]], id="one slip"),
        pytest.param(charges(currency="ugx"), id="a currency that is written with hundredths"),
        pytest.param(charges(f"{STRIPE},payment_intent"), id="more columns"),
    ],
)
def test_amounts_of_stripes_api_are_not_read_as_whole_units(
    lines: list[str], warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """1999 were 1,999 dollars in place of 19.99, once the day and the customer were mapped."""
    with pytest.raises(InputError) as stopped:
        planned(warehouse, tmp_path / "charges.csv", *lines, column_mapping={"ordered_at": "created"})
    heading = "total" if "total" in lines[0] else "amount"
    assert str(stopped.value) == (
        f"'{heading}' of '{tmp_path}/charges.csv' seems to hold hundredths of the currency: the headings are those of"
        " Stripe's API, and all its numbers are whole. Divide it by 100 in a view of the warehouse that the setting"
        " 'transactions' names, under another heading, and name that in column_mapping: {amount: …}. If they are whole"
        f" units, column_mapping: {{amount: {heading}}} says so."
    )
    said = {"ordered_at": "created", "amount": heading}
    assert planned(warehouse, tmp_path / "charges.csv", *lines, column_mapping=said).relation.headings["amount"]


def test_a_heading_of_stripes_that_has_to_be_mapped_anyhow_is_no_answer(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lines = [line.replace("amount,", "unit_amount,") for line in charges()]
    mapping = {"ordered_at": "created", "unit_price": "unit_amount"}
    with pytest.raises(InputError, match=r"If they are whole units, give it another heading, such as Price\.$"):
        planned(warehouse, tmp_path / "prices.csv", *lines, column_mapping=mapping)


@pytest.mark.parametrize("first", [[], charges(amount="0")[1:]])
def test_earlier_files_without_money_show_nothing_of_whole_units(
    first: list[str], warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    request = real_request(tmp_path / "*.csv", column_mapping={"ordered_at": "created"})
    write(tmp_path / "1.csv", STRIPE, *first)
    ingest(warehouse, request)
    write(tmp_path / "2.csv", *charges())
    with pytest.raises(InputError, match="seems to hold hundredths"):
        plan_input(warehouse, request)
    # cents show it
    write(tmp_path / "2.csv", *charges(amount="19.99"))
    ingest(warehouse, request)
    write(tmp_path / "3.csv", *charges(amount="20"))
    assert not plan_input(warehouse, request).is_full_read


def test_what_the_sentence_about_stripe_advises_works(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = write(tmp_path / "charges.csv", *charges())
    warehouse.execute(f"create view charges as select * exclude (amount), amount / 100 as charged from '{path}'")
    mapping = {"ordered_at": "created", "amount": "charged"}
    ingest(warehouse, real_request("charges", column_mapping=mapping))
    amounts = warehouse.execute("select cast(amount as double) from sources.transactions order by 1").fetchall()
    assert amounts == [(0.5,), (19.99,), (49,), (2500,)]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(charges(currency="jpy"), id="a currency without hundredths"),
        pytest.param([*charges(), charges(amount="19.99")[1]], id="an amount with cents"),
        pytest.param([*charges(), charges(amount="20.00")[1]], id="an amount with cents of zero"),
        pytest.param([*charges(), *charges(amount="12")[1:]], id="smaller amounts than are charged"),
        pytest.param(charges("id,amount,currency,created,customer,paid"), id="other headings"),
        pytest.param(
            charges("amount,amount_refunded,currency,created,customer", created="2024-01-05"), id="days, and no ids"
        ),
        pytest.param(charges()[:1], id="no rows"),
        pytest.param(
            charges("id,amount,amount_paid,currency,created,customer,payment_method", id="7", currency="inr"),
            id="headings that any shop may have",
        ),
    ],
)
def test_other_amounts_beside_a_currency_are_of_whole_units(
    lines: list[str], warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    plan = planned(warehouse, tmp_path / "charges.csv", *lines, column_mapping={"ordered_at": "created"})
    assert plan.relation.headings["amount"] == "amount"


# Quantities


def counted(*heading_and_cells: str, total: str = "Summe", cells: tuple[str, ...] = ()) -> list[str]:
    """Lines of a price, a column of some heading and the total of both, which the third line has rounded."""
    heading, *numbers = heading_and_cells
    totals = cells or ("5,00", "7,50", "3,33", "1.250,00", "10,00", "4,00", "9,00", "2,50")
    prices = ("2,50", "2,50", "1,11", "12,50", "5,00", "2,00", "4,50", "2,50")
    return [
        f"Order ID;SKU;{heading};Order Date;Price;Customer ID;{total}",
        *(
            f"{row};A;{number};2024-01-{row:02};{price};c;{amount}"
            for row, (number, price, amount) in enumerate(zip(numbers, prices, totals, strict=False), 1)
        ),
    ]


WITH_TAX = ("3,00", "3,00", "1,33", "15,00", "6,00", "2,40", "5,40", "3,00")
PIECES = ("2", "3", "3", "100", "2", "2", "2", "1")


@pytest.mark.parametrize("total", ["Total", "Summe netto"])
def test_a_quantity_of_unknown_heading_is_asked_for(
    total: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Each line counted as one unit, and most of the money was missing in silence."""
    lines = counted("Zählung", *PIECES, total=total)
    sentence = (
        rf"^'Price' × 'Zählung' is '{total}' in 7 of 7 rows of '.*', so 'Zählung' seems to be the quantity, .* Name it"
        r""" with --vars '\{column_mapping: \{quantity: "Zählung"\}\}'; \[\] in its place, if each row is one unit\.$"""
    )
    with pytest.raises(InputError, match=sentence):
        planned(warehouse, tmp_path / "log.csv", *lines)
    for answer, read in (("Zählung", {"quantity"}), ([], set())):
        plan = planned(warehouse, tmp_path / "log.csv", *lines, column_mapping={"quantity": answer})
        assert {"quantity"} & plan.relation.columns.keys() == read


@pytest.mark.parametrize(
    ("more", "product"), [("", "'Zählung' × 'VPE'"), (";0;12,5;50%", "'Zählung' × 'VPE' less 'Rabatt %'")]
)
def test_a_quantity_of_cases_is_asked_for(
    more: str, product: str, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Cases of 12, 6 and 4 pieces at the price of a piece; of no discount, an eighth and a half."""
    rests = [1.0, 0.875, 0.5] if more else [1.0] * 3
    lines = ["Order ID;SKU;Zählung;Order Date;Price;Customer ID;Total;VPE" + (";Rabatt %" if more else "")]
    for row in range(9):
        counted, pieces, price = row + 1, (12, 6, 4)[row % 3], 2.5 + row
        total = f"{counted * pieces * price * rests[row % 3]:.2f}".replace(".", ",")
        percent = ";" + more.split(";")[1:][row % 3] if more else ""
        price_text = f"{price:.2f}".replace(".", ",")
        lines.append(f"{row};A;{counted};2024-01-{row + 10};{price_text};c;{total};{pieces}{percent}")
    with pytest.raises(InputError, match=rf"^'Price' × {product} is 'Total' in 8 of 8 rows .*quantity: \"Zählung\""):
        planned(warehouse, tmp_path / "log.csv", *lines)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(counted("Zone", *PIECES, cells=("5", "8", "3", "7", "10", "4", "9", "2")), id="other totals"),
        pytest.param(counted("Rate", *["1"] * 8), id="one each time"),
        pytest.param(counted("Rate", *["1,2"] * 8, cells=WITH_TAX), id="a share"),
        pytest.param(counted("Zone", *PIECES[:4]), id="few lines"),
        pytest.param(counted("Zone", *PIECES)[:1], id="no lines"),
        pytest.param(counted("Notiz", *"abcdefgh"), id="texts"),
    ],
)  # fmt: skip
def test_other_numbers_are_no_quantities(
    lines: list[str], warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert "quantity" not in planned(warehouse, tmp_path / "log.csv", *lines).relation.columns
