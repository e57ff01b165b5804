"""Plan what a build ingests: `shop_toolkit.ingest.source` makes the views of it.

The plan answers three questions before any model runs:

- Do the rows of earlier builds still hold? They do unless a setting or a heading changed, or a full refresh is on.
- Which files are pending, because they are new or were written since a build read them?
- How are dates and numbers written?

What earlier builds read is in `sources.ingested_files`: `base_transactions` writes it in the transaction that
stores the rows.
"""

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import duckdb

from shop_toolkit.ingest.cents import check_cents
from shop_toolkit.ingest.currencies import check_currency, configured_currency
from shop_toolkit.ingest.customers import choose_customer, other_customer_headings
from shop_toolkit.ingest.dates import (
    check_dates_fit,
    check_day_settings,
    days_to_check,
    first_and_last_day,
    future_findings,
    read_dates,
    resolve_date_format,
    zone_findings,
)
from shop_toolkit.ingest.encodings import Utf8Copies
from shop_toolkit.ingest.errors import listed, named, reason_of, shortened
from shop_toolkit.ingest.files import FileDescription, InputError, describe_files, short_columns
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import in_quotes, likely_columns, mapping_example
from shop_toolkit.ingest.money import (
    MoneyMeaning,
    MoneyReading,
    Readers,
    meaning_of_money,
    money_headings,
    zero_findings,
)
from shop_toolkit.ingest.numbers import WrittenNumbers, number_findings, resolve_separator, written_numbers
from shop_toolkit.ingest.readability import check_readable
from shop_toolkit.ingest.relation import (
    DECISIVE_COLUMNS,
    NUMBER_COLUMNS,
    Formats,
    InputRelation,
    is_file_name,
    relation_of_files,
    relation_of_table,
    unique_headings,
)
from shop_toolkit.ingest.returns import NO_RETURNS, Returns, find_returns
from shop_toolkit.ingest.twins import twin_findings
from shop_toolkit.ingest.undated import TABLE as DATED_LINES
from shop_toolkit.ingest.undated import dated_lines, may_have_undated_lines, with_undated_lines
from shop_toolkit.ingest.unread import unread_findings
from shop_toolkit.ingest.years import year_findings

# Raise it when what the source or staging makes of a row changes: then every build reads the input again.
VERSION = 12
# Settings that decide what a row of the input means.
READING_SETTINGS = (
    "transactions", "csv_delimiter", "csv_encoding", "date_format", "decimal_separator", "cancellation_invoice_prefix",
    "max_order_days", "currency", "duplicates", "refund_invoice_prefixes",
)  # fmt: skip
# How many characters of headings that are not used the log names.
LONGEST_LIST = 1_500
# DuckDB's limit.
LONGEST_ROW_MEGABYTES = 2
# What the checks look at, in temporary tables: our columns and those of money, and the dates.
CHECKED_COLUMNS = ("ordered_at", *NUMBER_COLUMNS, "currency", "invoice_id", "product_id", "customer_id")
CHECKED_ROWS = "checked_rows"
CHECKED_DATES = "checked_dates"
# Where the rows decided which column identifies customers: its heading, part of the signature.
CUSTOMER_HEADING = "customer_heading"
DAY_SETTINGS = ("as_of_date", "baseline_date")
NOTHING_KNOWN = Formats(None, None)


@dataclass(frozen=True)
class Request:
    """What dbt asks for.

    Attributes:
        settings: The settings of this run, by name.
        readers: For each known way to write a date, SQL that reads `date_text` as a timestamp.
        number_readers: For the decimal separators '.' and ',', SQL that reads `number_text` with it.
        currency_reader: SQL that yields the code of the currency in `number_text`, an empty text where there is none.
        plausible_days: CTEs over `days_of_input`, of which the last has the first and the last day that are plausible.
        is_full_refresh: Whether dbt runs with --full-refresh.
        is_refresh: Whether the run fits nothing and reads new rows by the stored rules.
        today: The latest day that has begun anywhere, as YYYY-MM-DD.
        numbers_rows: Whether each row needs its place in the input, as the engine that gets them keeps no order.
        schema: Where the source's views and the state of the pipeline are.
        rows: The table of the rows that earlier builds read.
        orders: The table of their orders; not the mart `orders`, which is a view.
        given: The names of the settings that the command line gives.
    """

    settings: Mapping[str, Any]
    readers: Mapping[str, str]
    number_readers: Mapping[str, str]
    currency_reader: str
    plausible_days: str
    is_full_refresh: bool
    is_refresh: bool
    today: str
    numbers_rows: bool = False
    schema: str = "sources"
    rows: str = "staging.base_transactions"
    orders: str = "core.int_orders"
    given: Sequence[str] = ()

    @property
    def transactions(self) -> str:
        """The file, glob or table that is the input."""
        return str(self.settings["transactions"]).strip()

    @property
    def days(self) -> dict[str, str]:
        """The day settings that are set, as YYYY-MM-DD."""
        return {name: str(self.settings[name]) for name in DAY_SETTINGS if self.settings.get(name) is not None}


@dataclass(frozen=True)
class Ingested:
    """What earlier builds read.

    Attributes:
        files: Each file with its description then; None for a table.
        signature: How it was read; None where no rows are stored.
        formats: How its dates and numbers are written, as far as its rows showed.
    """

    files: Mapping[str, FileDescription | None] = field(default_factory=dict)
    signature: str | None = None
    formats: Formats = NOTHING_KNOWN

    @property
    def descriptions(self) -> dict[str, FileDescription]:
        """The files among what was read."""
        return {name: file for name, file in self.files.items() if file is not None}

    @property
    def money(self) -> MoneyReading:
        """What its columns of money mean, as its rows showed."""
        return MoneyReading(**json.loads(self.signature or "{}").get("money", {}))

    @property
    def place(self) -> str | None:
        """The setting `transactions` that it was read with."""
        return None if self.signature is None else json.loads(self.signature)["transactions"]


@dataclass(frozen=True)
class CheckedRows:
    """Rows as the checks look at them, which are parsed once.

    Attributes:
        rows: The columns that checks look at.
        date_columns: For each known way to write dates, the column of `rows.dates` that holds what it reads.
        numbers: What the numbers show of how they are written; empty where nobody looked yet.
        dated_lines: How many rows have no date of their own, but that of their order.
    """

    rows: InputRelation
    date_columns: Mapping[str, str]
    numbers: Sequence[WrittenNumbers] = ()
    dated_lines: int = 0

    def date_column(self, date_format: str | None) -> str:
        """The column of dates that are read in this way. None: no row has a date, so none is read in whatever way."""
        return self.date_columns[date_format or next(iter(self.date_columns))]


@dataclass(frozen=True)
class Plan:
    """What a build ingests, and how.

    Attributes:
        relation: All rows of the input.
        pending_relation: The rows that the build reads; None where nothing is new.
        files: Each file of the input with its description; None for a table.
        pending: The files among them that the build reads.
        signature: Where it changes, earlier rows would be read in another way now.
        formats: How dates and numbers are written; None where nothing shows it yet.
        is_full_read: Whether the build replaces the rows of earlier builds.
        findings: What stays in doubt of the rows that the build reads.
        currency: The code of the one that is read; None where all rows are in one.
        meaning: What the rows show of the columns of money, as sentences.
        returns: How rows that give back are marked.
        dated_lines: How many of the rows that the build reads have no date of their own, but that of their order.
        checked: The rows that the build reads, as the checks looked at them; None where nothing is new. It is there
            within `planned_input`.
    """

    relation: InputRelation
    pending_relation: InputRelation | None
    files: Mapping[str, FileDescription | None]
    pending: Sequence[str]
    signature: str
    formats: Formats
    is_full_read: bool
    findings: Sequence[Finding] = ()
    currency: str | None = None
    meaning: Sequence[str] = ()
    returns: Returns = NO_RETURNS
    dated_lines: int = 0
    checked: CheckedRows | None = None

    @property
    def lines(self) -> list[str]:
        """A sentence about lines that have from their order what they leave blank; none where there are none."""
        what = "Lines without a date that have that of the line above, as it is of the same order"
        return [f"{what}: {self.dated_lines:,}."] if self.dated_lines else []

    def messages(self) -> list[str]:
        """Sentences about it for the log."""
        unused = f" Not used: {listed(self.relation.unused, LONGEST_LIST)}." if self.relation.unused else ""
        known = f" as {self.relation.export}" if self.relation.export else ""
        columns = ", ".join(self.relation.columns)
        sentences = [f"Reading {self.relation.name}{known}: {columns}.{unused}"]
        sentences += [*self.meaning, *self.returns.sentences]
        sentences += self.lines
        described = {name: file for name, file in self.files.items() if file is not None}
        copied: dict[str, list[str]] = {}
        for name in self.pending:
            if name in described and described[name].is_copied:
                copied.setdefault(str(described[name].encoding), []).append(name)
        sentences += [
            f"Read as {encoding.capitalize() if encoding.startswith('w') else encoding.upper()}: {listed(names)}."
            for encoding, names in copied.items()
        ]
        sheets = sorted({sheet for file in described.values() for sheet in file.other_sheets})
        return sentences + ([f"Sheets with other headings are not read: {listed(sheets)}."] if sheets else [])


def plan_input(connection: duckdb.DuckDBPyConnection, request: Request) -> Plan:
    """Decide what a build reads, and how; raises InputError where it cannot."""
    with planned_input(connection, request) as plan:
        return replace(plan, checked=None)


@contextmanager
def planned_input(connection: duckdb.DuckDBPyConnection, request: Request) -> Iterator[Plan]:
    """The same plan, with the rows that were looked at for it, which are dropped at the end."""
    stored = Ingested() if request.is_full_refresh else read_ingested(connection, request)
    files = _find_input(request, stored)
    copies = Utf8Copies(copies_folder(connection))
    request, findings = _with_customers(connection, request, stored, files, copies)
    try:
        yield _plan(connection, request, stored, files, copies, stored.money, findings)
    finally:
        for table in (CHECKED_ROWS, CHECKED_DATES, DATED_LINES):
            connection.execute(f"drop table if exists {table}")


def _plan(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    stored: Ingested,
    files: Mapping[str, FileDescription | None],
    copies: Utf8Copies,
    money: MoneyReading,
    findings: Sequence[Finding],
) -> Plan:
    """The plan where earlier rows showed what the columns of money mean; where new rows show another, all decide."""
    relation = _relation(connection, request, files, list(files), money=money)
    signature = _signature(connection, request, stored, files, relation, money)
    is_full_read = stored.signature != signature or _has_other_headings(stored, files)
    if is_full_read:
        _check_refresh(request, stored)
        _check_nothing_is_lost(connection, request, stored, relation, files)
    pending = [name for name, file in files.items() if is_full_read or file is None or file != stored.files.get(name)]
    formats = NOTHING_KNOWN if is_full_read else stored.formats
    meaning = MoneyMeaning()
    doubts: list[Finding] = []
    stored_rows = None if is_full_read else request.rows
    checked = None
    if pending:
        raw = _relation(connection, request, files, pending, copies)
        # The rows of a table have no order.
        raw = with_undated_lines(raw) if is_file_name(request.transactions) else raw
        checked = _read_once(connection, request, files, pending, raw, copies)
        formats, checked, doubts = _look_at_rows(
            connection, request, raw, checked, formats, stored_rows, _short_columns(files, pending)
        )
        doubts += _years_in_doubt(connection, request, checked, formats, None if is_full_read else stored)
        # Files of several forms may call a total by several names.
        meaning = _meaning_of_money(connection, request, raw if raw.parts else checked.rows, formats)
        shown = meaning.over(MoneyReading() if is_full_read else money)
        if shown != money and not is_full_read:
            everything = _relation(connection, request, files, list(files), copies)
            shown = _meaning_of_money(connection, request, everything, formats).over(MoneyReading())
            if shown != money:
                return _plan(connection, request, stored, files, copies, shown, findings)
        money = shown
        doubts += meaning.doubts(money)
        doubts += unread_findings(
            connection, raw, request.settings["column_mapping"], takes_refunds_off="refund" in money.less
        )
    _check_days(connection, request, files, copies, formats, is_full_read)
    copies.delete_others()
    relation = _relation(connection, request, files, list(files), money=money, formats=formats)
    pending_relation = _relation(connection, request, files, pending, copies, money, formats) if pending else None
    if checked is not None and checked.dated_lines and pending_relation is not None:
        relation, pending_relation = with_undated_lines(relation), with_undated_lines(pending_relation)
    readers = _readers(request, formats)
    if checked is not None and pending_relation is not None:
        checked = _with_money(connection, checked, pending_relation, money, readers)
        _check_most_are_read(connection, request, pending_relation, checked, formats, has_earlier_rows=not is_full_read)
        # Later files may hold samples alone.
        doubts += zero_findings(connection, checked.rows, readers) if is_full_read else []
    returns = find_returns(
        connection, None if checked is None else checked.rows.with_typed_numbers(readers.separator), stored_rows,
        readers, _configured_returns(request),
    )  # fmt: skip
    return Plan(
        relation,
        pending_relation,
        files,
        pending,
        _signature(connection, request, stored, files, relation, money),
        formats,
        is_full_read,
        findings=[*findings, *doubts, *_unused_columns(request, relation)],
        currency=configured_currency(connection, request.settings["currency"], request.currency_reader),
        meaning=meaning.sentences,
        returns=returns,
        dated_lines=0 if checked is None else checked.dated_lines,
        checked=checked,
    )


def _configured_returns(request: Request) -> Returns:
    prefixes = [str(prefix).upper() for prefix in request.settings["refund_invoice_prefixes"] or []]
    return Returns(str(request.settings["cancellation_invoice_prefix"]), prefixes)


def _look_at_rows(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    pending: InputRelation,
    checked: CheckedRows,
    earlier: Formats,
    stored_rows: str | None,
    short: Collection[str] | None,
) -> tuple[Formats, CheckedRows, list[Finding]]:
    """How the pending rows are written, and what stays in doubt; raises InputError where it is open what they mean.

    `checked` has the columns of them that most checks look at; with it comes back what its numbers show.
    """
    findings = twin_findings(connection, pending, request.settings["column_mapping"])
    formats, numbers = _formats(connection, request, checked, earlier)
    findings += zone_findings(connection, checked.rows, checked.date_column(formats.date_format))
    findings += future_findings(connection, checked.rows, checked.date_column(formats.date_format), request.today)
    is_set = request.settings["decimal_separator"] is not None
    findings += number_findings(numbers, formats.decimal_separator, is_set=is_set)
    readers = _readers(request, formats)
    check_currency(
        connection, checked.rows, numbers, readers.currency, readers.number, parts=pending.parts or [pending],
        configured=request.settings["currency"], column_mapping=request.settings["column_mapping"],
        stored_rows=stored_rows, short=short,
    )  # fmt: skip
    if stored_rows is None:
        check_cents(connection, pending.parts or [pending], readers)
    return formats, replace(checked, numbers=numbers), findings


def _years_in_doubt(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    checked: CheckedRows,
    formats: Formats,
    stored: Ingested | None,
) -> list[Finding]:
    """A warning of files whose years may be at the other end of their dates; `stored` is what earlier builds read."""
    if formats.date_format is None:
        return []
    has_orders = stored is not None and _exists(connection, request.orders)
    return year_findings(
        connection, checked.rows, formats.date_format, checked.date_columns, request.today, request.plausible_days,
        orders=request.orders if has_orders else None,
        is_set=request.settings["date_format"] is not None,
    )  # fmt: skip


def _short_columns(files: Mapping[str, FileDescription | None], pending: Sequence[str]) -> set[str] | None:
    """Headings of pending files that may hold codes of three letters; None where all may."""
    found: set[str] = set()
    for name in pending:
        file = files[name]
        short = None if file is None else short_columns(name, file, unique_headings(file.headings))
        if short is None:
            return None
        found |= short
    return found


def _with_money(
    connection: duckdb.DuckDBPyConnection,
    checked: CheckedRows,
    pending: InputRelation,
    money: MoneyReading,
    readers: Readers,
) -> CheckedRows:
    """The rows with the columns that a reading of their money makes of them: `pending` has them."""
    if money.is_plain:
        return checked
    rows = money.revise(checked.rows, readers) if not pending.parts else pending
    if pending.parts and checked.dated_lines:
        rows, _ = dated_lines(connection, pending)
    # What was looked at are other columns.
    return replace(checked, rows=replace(rows, dates=checked.rows.dates), numbers=())


def _check_most_are_read(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    pending: InputRelation,
    checked: CheckedRows,
    formats: Formats,
    *,
    has_earlier_rows: bool,
) -> None:
    max_share = float(request.settings["max_unreadable_share"])
    readers = _readers(request, formats)
    # Nothing is more than all rows.
    if max_share < 1:
        check_readable(
            connection, pending, checked.rows.with_typed_numbers(readers.separator),
            checked.date_column(formats.date_format), readers.number, max_share,
            has_earlier_rows=has_earlier_rows,
        )  # fmt: skip


def _readers(request: Request, formats: Formats) -> Readers:
    separator = formats.decimal_separator or "."
    return Readers(request.number_readers[separator], request.currency_reader, separator)


def _meaning_of_money(
    connection: duckdb.DuckDBPyConnection, request: Request, relation: InputRelation, formats: Formats
) -> MoneyMeaning:
    return meaning_of_money(connection, relation, _readers(request, formats), request.settings["column_mapping"])


def copies_folder(connection: duckdb.DuckDBPyConnection) -> Path:
    """Where copies of files in other encodings are: beside the warehouse, or with the temporary files of the system."""
    path = _single(connection, "select path from duckdb_databases() where database_name = current_database()")
    return Path(f"{path}.utf8") if path else Path(gettempdir()) / f"shop_input_{os.getpid()}.utf8"


def read_ingested(connection: duckdb.DuckDBPyConnection, request: Request) -> Ingested:
    """What earlier builds read, as the warehouse records it; nothing where their rows are gone."""
    if not (_exists(connection, f"{request.schema}.ingested_files") and _exists(connection, request.rows)):
        return Ingested()
    rows = connection.execute(
        "select file_name, input_signature, details, date_format, decimal_separator"
        f" from {request.schema}.ingested_files"
    ).fetchall()
    if not rows:
        return Ingested()
    files = {
        name: None if details is None else FileDescription.from_json(json.loads(details))
        for name, _, details, _, _ in rows
    }
    date_format, separator = ({row[column] for row in rows} - {None} for column in (3, 4))
    return Ingested(files, rows[0][1], Formats(max(date_format, default=None), max(separator, default=None)))


def input_signature(request: Request, relation: InputRelation, money: MoneyReading) -> str:
    """Text that changes where earlier rows would be read in another way now; new files do not change it."""
    parts = {name: request.settings[name] for name in READING_SETTINGS}
    parts |= {} if money.is_plain else {"money": money.to_json()}
    parts |= {"version": VERSION, "columns": dict(relation.columns), "others": list(relation.others)}
    if CUSTOMER_HEADING in request.settings:
        parts[CUSTOMER_HEADING] = request.settings[CUSTOMER_HEADING]
    return json.dumps(parts | {"transactions": request.transactions}, sort_keys=True, ensure_ascii=False)


def _find_input(request: Request, stored: Ingested) -> dict[str, FileDescription | None]:
    if not is_file_name(request.transactions):
        return {request.transactions: None}
    try:
        return dict(
            describe_files(
                request.transactions,
                request.settings["csv_delimiter"],
                request.settings["csv_encoding"],
                stored.descriptions,
            )
        )
    except InputError as error:
        raise InputError(
            f"The input can't be read: {shortened(str(error), 440)} Set it with --vars '{{transactions: …}}'."
        ) from error


def _relation(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    files: Mapping[str, FileDescription | None],
    only: Sequence[str],
    copies: Utf8Copies | None = None,
    money: MoneyReading | None = None,
    formats: Formats = NOTHING_KNOWN,
) -> InputRelation:
    """The rows of some files (or of the table), with the columns that a reading of their money makes of them."""
    mapping = request.settings["column_mapping"]
    descriptions = {name: file for name, file in files.items() if file is not None}

    def revise(relation: InputRelation) -> InputRelation:
        return relation if money is None else money.revise(relation, _readers(request, formats))

    if not descriptions:
        return revise(relation_of_table(connection, request.transactions, mapping))

    def locate(name: str) -> str:
        file = descriptions[name]
        return name if copies is None else copies.copy_of(name, file.stamp, str(file.encoding))

    return relation_of_files(request.transactions, descriptions, only, mapping, locate, revise)


def _with_customers(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    stored: Ingested,
    files: Mapping[str, FileDescription | None],
    copies: Utf8Copies,
) -> tuple[Request, list[Finding]]:
    """The request with the column of customers that the rows show, where several columns could be it.

    What an earlier build decided holds for the rows that it read and for later ones; a full read decides again.
    """
    relation = _relation(connection, request, files, list(files))
    others = other_customer_headings(relation)
    if "customer_id" in request.settings["column_mapping"] or not others:
        return request, []
    if stored.signature is not None and not _has_other_headings(stored, files):
        heading = json.loads(stored.signature).get(CUSTOMER_HEADING)
        held = _reading_customers_from(heading if heading in others else None, request)
        of_held = _relation(connection, held, files, list(files), money=stored.money)
        if _signature(connection, held, stored, files, of_held, stored.money) == stored.signature:
            return held, []
    try:
        choice = choose_customer(connection, _relation(connection, request, files, list(files), copies))
    except duckdb.Error:
        _check_rows_are_readable(connection, request, files, list(files), copies)
        raise
    return _reading_customers_from(choice.heading, request), list(choice.findings)


def _reading_customers_from(heading: str | None, request: Request) -> Request:
    """The request with a heading for customers; as it is for None."""
    if heading is None:
        return request
    mapping = {**request.settings["column_mapping"], "customer_id": [heading]}
    return replace(request, settings={**request.settings, "column_mapping": mapping, CUSTOMER_HEADING: heading})


def _signature(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    stored: Ingested,
    files: Mapping[str, FileDescription | None],
    relation: InputRelation,
    money: MoneyReading,
) -> str:
    """How the input is read. Files with other headings that arrive later leave it as it is.

    Each form of the files that are there or were read has a signature of its own. Earlier rows hold where one of these
    is theirs, and the input still has the columns that decide what a row means.
    """
    present = {name: file for name, file in files.items() if file is not None}
    described = stored.descriptions | present
    forms = {file.form: name for name, file in reversed(described.items())}
    if not present or len(forms) == 1:
        return input_signature(request, relation, money)
    signatures = []
    for name in sorted(forms.values(), key=lambda name: name not in present):
        try:
            of_form = _relation(connection, request, {name: described[name]}, [name], money=money)
        except InputError:
            # A mapping may name headings of other files alone.
            continue
        if all((column in of_form.columns) == (column in relation.columns) for column in DECISIVE_COLUMNS):
            signatures.append(input_signature(request, of_form, money))
    if stored.signature in signatures:
        return stored.signature
    return signatures[0] if signatures else input_signature(request, relation, money)


def _has_other_headings(stored: Ingested, files: Mapping[str, FileDescription | None]) -> bool:
    """Whether a file that was read has other headings now."""
    descriptions = stored.descriptions
    return any(
        file is not None and name in descriptions and descriptions[name].headings != file.headings
        for name, file in files.items()
    )


def _read_once(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    files: Mapping[str, FileDescription | None],
    pending: Sequence[str],
    relation: InputRelation,
    copies: Utf8Copies,
) -> CheckedRows:
    """Read all pending rows once: what the checks look at is kept, as to parse text is what takes time.

    Raises:
        InputError: A file is damaged; no table has changed by then.
    """
    kinds = {file.kind for name in pending if (file := files[name]) is not None}
    # Of a Parquet file, the columns that no check looks at may be damaged.
    if "parquet" in kinds:
        _check_rows_are_readable(connection, request, files, pending, copies)
    try:
        others = [] if relation.parts else list(dict.fromkeys(money_headings(relation).values()))
        # A table is no text that has to be parsed.
        rows = relation.kept(connection, CHECKED_ROWS, CHECKED_COLUMNS, others) if kinds else relation
        dated, date_columns = read_dates(connection, rows, request.readers, CHECKED_DATES)
        if not may_have_undated_lines(connection, dated):
            return CheckedRows(dated, date_columns)
        rows, filled = dated_lines(connection, rows)
        return CheckedRows(*read_dates(connection, rows, request.readers, CHECKED_DATES), dated_lines=filled)
    except duckdb.Error:
        _check_rows_are_readable(connection, request, files, pending, copies)
        raise


def _check_rows_are_readable(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    files: Mapping[str, FileDescription | None],
    pending: Sequence[str],
    copies: Utf8Copies,
) -> None:
    """Read all rows of pending files once, so that damage stops the build with a sentence and before any table changes.

    The files are read together, and only where that fails one by one, to name the one that is damaged.
    """
    # A workbook was read in whole for its headings.
    names = [name for name in pending if (file := files[name]) is not None and file.kind != "workbook"]
    relation = _relation(connection, request, files, names, copies) if names else None
    if relation is None or not any(_damage(connection, part) for part in relation.parts or [relation]):
        return
    for name in names:
        problem = _damage(connection, _relation(connection, request, {name: files[name]}, [name], copies))
        if problem is not None:
            raise InputError(f"The input can't be read: {named(name)} {problem}")


def _damage(connection: duckdb.DuckDBPyConnection, relation: InputRelation) -> str | None:
    """What is wrong with rows that DuckDB can't read, as the end of a sentence; None where it reads them all."""
    columns = [*relation.columns.values(), *relation.others.values()] if "read_parquet" in relation.sql else []
    counted = f"hash([{', '.join(f'hash({column})' for column in columns)}])" if columns else "1"
    try:
        connection.execute(f"select count({counted}) from {relation.sql}").fetchall()
    except duckdb.Error as error:
        if line := re.search(r"CSV Error on Line: ([0-9]+)(?s:.)*Maximum line size", str(error)):
            return (
                f"holds a row of more than {LONGEST_ROW_MEGABYTES} MB, at line {int(line[1]):,} or behind it. Look for"
                " a quote there that nothing closes, and close or remove it."
            )
        return f"is damaged: {reason_of(error)}. Export or copy it again."
    return None


def _check_refresh(request: Request, stored: Ingested) -> None:
    if request.is_refresh and stored.place is not None:
        raise InputError(
            f"This run reads {named(request.transactions)} in another way than the warehouse was read, from"
            f" {named(stored.place)}: with other settings, headings or files. Refresh with the settings of the build,"
            " or run 'dbt build'."
        )


def _check_nothing_is_lost(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    stored: Ingested,
    relation: InputRelation,
    files: Mapping[str, FileDescription | None],
) -> None:
    """Stop a build that would read the same place again, where rows that earlier builds read there are gone."""
    if stored.place is None or not _is_same_place(stored.place, request.transactions):
        return
    present = {os.path.realpath(name): file for name, file in files.items() if file is not None}
    missing = [name for name in stored.files if name not in files and os.path.realpath(name) not in present]
    shrunken = [
        name
        for name, file in stored.descriptions.items()
        if (now := present.get(os.path.realpath(name))) is not None and now.size < file.size
    ]
    is_table = None in files.values()
    is_shorter = is_table and _single(
        connection, f"select (select count(*) from {relation.sql}) < (select count(*) from {request.rows})"
    )
    if missing or shrunken or is_shorter:
        raise InputError(
            f"Settings or headings have changed, so {relation.name} must be read again, but "
            + ("rows that were read are no longer in it" if is_table
               else f"what was read is no longer there: {listed(missing)}" if missing
               else f"files are shorter than when they were read: {listed(shrunken)}")
            + ". Put it back, or run 'dbt build --full-refresh' to go on with what is there now."
        )  # fmt: skip


def _is_same_place(place: str, other: str) -> bool:
    """Whether two values of the setting `transactions` mean the same files or table, however they are spelled."""
    if is_file_name(place) != is_file_name(other):
        return False
    return place == other or (is_file_name(place) and Path(place).resolve() == Path(other).resolve())


def _formats(
    connection: duckdb.DuckDBPyConnection, request: Request, checked: CheckedRows, earlier: Formats
) -> tuple[Formats, list[WrittenNumbers]]:
    """How the pending rows are written, and what their numbers show of it."""
    pending = checked.rows
    configured = request.settings["date_format"]
    date_format = configured or earlier.date_format
    if date_format is None:
        date_format = resolve_date_format(connection, pending, checked.date_columns, request.today)
    else:
        check_dates_fit(
            connection,
            pending,
            date_format,
            checked.date_columns,
            is_set=configured is not None,
            has_earlier_rows=earlier.date_format is not None,
        )
    numbers = written_numbers(connection, pending, request.number_readers, request.currency_reader)
    separator = resolve_separator(
        numbers,
        pending.name,
        configured=request.settings["decimal_separator"],
        earlier=earlier.decimal_separator,
    )
    return Formats(date_format, separator), numbers


def _unused_columns(request: Request, relation: InputRelation) -> list[Finding]:
    if not relation.unused:
        return []
    headings = listed(relation.unused)
    suggestion = "They change nothing. If one of them is a column of ours, name it in the setting 'column_mapping'."
    mapping = request.settings["column_mapping"]
    if likely := likely_columns({*relation.headings, *mapping}, relation.unused):
        example = mapping_example(mapping, in_quotes(likely))
        suggestion = f"They change nothing. By their names, some may be columns of ours: if so, add --vars '{example}'."
    return [Finding("unused_columns", None, None, headings, suggestion)]


def _check_days(
    connection: duckdb.DuckDBPyConnection,
    request: Request,
    files: Mapping[str, FileDescription | None],
    copies: Utf8Copies,
    formats: Formats,
    is_full_read: bool,
) -> None:
    """Check the day settings. Reading all dates is slow: a stored order of the day or before is proof enough."""
    has_orders = not is_full_read and _exists(connection, request.orders)
    earliest = f"select cast(min(order_date) as varchar) from {request.orders}"
    first_stored = _single(connection, earliest) if has_orders else None
    days = days_to_check(request.days, first_stored, request.today)
    if days and formats.date_format is not None:
        relation = _relation(connection, request, files, list(files), copies)
        reader = request.readers[formats.date_format]
        first, last = first_and_last_day(connection, relation, reader, request.plausible_days)
        check_day_settings(days, first, last, request.today, relation.name)


def _exists(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    schema, name = table.split(".")
    places = "table_catalog = current_database() and table_schema = ? and table_name = ?"
    found = connection.execute(f"select count(*) from information_schema.tables where {places}", [schema, name])
    return bool(found.fetchall()[0][0])


def _single(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    ((value,),) = connection.execute(query).fetchall()
    return value
