"""What new rows show of the input: how dates and numbers are written, what its money means, and what stays in doubt.

Where they leave open what they mean, the build stops with a sentence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shop_toolkit.ingest.cents import check_cents
from shop_toolkit.ingest.checked_rows import CheckedRows, read_once
from shop_toolkit.ingest.clocks import clock_findings, times_left_out
from shop_toolkit.ingest.currencies import check_currency
from shop_toolkit.ingest.dates import check_dates_fit, future_findings, resolve_date_format
from shop_toolkit.ingest.day_order import day_findings
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import MONEY
from shop_toolkit.ingest.ingested import Ingested
from shop_toolkit.ingest.lost_commas import check_commas
from shop_toolkit.ingest.money import MoneyReading, Readers
from shop_toolkit.ingest.money_meaning import MoneyMeaning, meaning_of_money, net_findings
from shop_toolkit.ingest.months import MONTH_NAME, check_names_of_months
from shop_toolkit.ingest.numbers import WrittenNumbers, number_findings, resolve_separator, written_numbers
from shop_toolkit.ingest.price_units import check_price_units
from shop_toolkit.ingest.quantities import check_quantities
from shop_toolkit.ingest.relation import Formats, InputRelation
from shop_toolkit.ingest.time_zones import zone_findings
from shop_toolkit.ingest.transaction_log import TransactionLog, table_exists
from shop_toolkit.ingest.twins import twin_findings
from shop_toolkit.ingest.undated import with_undated_lines
from shop_toolkit.ingest.unread import unread_findings
from shop_toolkit.ingest.years import year_findings


@dataclass(frozen=True)
class Evidence:
    """What the rows show that a build reads.

    Attributes:
        formats: How dates and numbers are written.
        money: What the columns of money mean, of all rows.
        checked: The rows as they were looked at; None where nothing is new.
        meaning: What the new ones show of the money.
        findings: What stays in doubt of them.
    """

    formats: Formats
    money: MoneyReading
    checked: CheckedRows | None = None
    meaning: MoneyMeaning = field(default_factory=MoneyMeaning)
    findings: Sequence[Finding] = ()


def evidence_of(log: TransactionLog, pending: Sequence[str], held: Ingested) -> Evidence:
    """Look at the rows of pending files.

    Args:
        log: The input.
        pending: Its files that the build reads; or its table.
        held: What earlier builds read, and what of it holds.

    Raises:
        InputError: It is open what they mean, or a setting doesn't fit them.
    """
    if not pending:
        return Evidence(held.formats, held.money)
    raw = log.rows(pending)
    # The rows of a table have no order.
    raw = raw if log.is_table else with_undated_lines(raw)
    checked = read_once(log, pending, raw)
    check_commas(log.connection, raw.parts or [raw])
    findings = twin_findings(log.connection, raw, log.request.column_mapping)
    formats, numbers = _formats(log, checked, held.formats)
    checked = replace(checked, numbers=numbers)
    has_orders = held.has_rows and table_exists(log.connection, log.request.orders)
    orders = log.request.orders if has_orders else None
    findings += _findings_of_formats(log, checked, formats, orders)
    _check_money(log, raw, checked, formats, held, log.short_columns(pending))
    findings += _year_findings(log, checked, formats, orders)
    of_pending = {name: log.files[name] for name in pending}
    findings += times_left_out(log.connection, checked.rows, raw, of_pending, log.request.column_mapping)
    # Files of several forms may call a total by several names.
    meaning = _meaning_of_money(log, raw if raw.parts else checked.rows, formats)
    money = _money_of_all_rows(log, meaning, formats, held)
    findings += check_price_units(
        log.connection, raw, checked.rows, log.request.money_readers(formats), log.request.column_mapping, money
    )
    nets = net_findings(log.connection, raw, checked.rows, log.request.money_readers(formats)) if money.is_plain else []
    shown = {finding.kind for finding in nets}
    findings += [*nets, *(finding for finding in meaning.doubts(money) if finding.kind not in shown)]
    findings += unread_findings(
        log.connection, raw, log.request.column_mapping, log.request.money_readers(formats), money
    )
    return Evidence(formats, money, checked, meaning, findings)


def _formats(log: TransactionLog, checked: CheckedRows, earlier: Formats) -> tuple[Formats, list[WrittenNumbers]]:
    """How the pending rows are written, and what their numbers show of it."""
    connection, request, pending = log.connection, log.request, checked.rows
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
    if date_format == MONTH_NAME and configured is None:
        check_names_of_months(connection, pending, checked.date_column(date_format), checked.date_columns)
    numbers = written_numbers(connection, pending, request.number_readers, request.currency_reader)
    separator = resolve_separator(
        numbers,
        pending.name,
        configured=request.settings["decimal_separator"],
        earlier=earlier.decimal_separator,
    )
    return Formats(date_format, separator), numbers


def _findings_of_formats(
    log: TransactionLog, checked: CheckedRows, formats: Formats, orders: str | None
) -> list[Finding]:
    dates = checked.date_column(formats.date_format)
    is_separator_set = log.request.settings["decimal_separator"] is not None
    return [
        *zone_findings(log.connection, checked.rows, dates),
        *future_findings(log.connection, checked.rows, dates, log.request.today),
        *clock_findings(log.connection, checked.rows, dates),
        *day_findings(
            log.connection,
            checked.rows,
            formats.date_format,
            checked.date_columns,
            orders=orders,
            is_set=log.request.settings["date_format"] is not None,
        ),
        *number_findings(checked.numbers, formats.decimal_separator, is_set=is_separator_set),
    ]


def _check_money(
    log: TransactionLog,
    raw: InputRelation,
    checked: CheckedRows,
    formats: Formats,
    held: Ingested,
    short: set[str] | None,
) -> None:
    """Raise InputError where money is in several currencies or in hundredths, or where quantities are not read."""
    request, parts = log.request, raw.parts or [raw]
    readers = request.money_readers(formats)
    check_currency(
        log.connection, checked.rows, checked.numbers, readers.currency, readers.number, parts=parts,
        configured=request.settings["currency"], column_mapping=request.column_mapping,
        stored_rows=request.rows if held.has_rows else None, short=short,
    )  # fmt: skip
    check_quantities(log.connection, parts, readers, request.column_mapping)
    if not (held.has_rows and _has_amounts(log, readers)):
        check_cents(log.connection, parts, readers, request.column_mapping)


def _has_amounts(log: TransactionLog, readers: Readers) -> bool:
    """Whether earlier builds read money: headings alone, and zeros, show nothing of it."""
    money = " or ".join(f"{readers.value(column)} <> 0" for column in MONEY)
    return bool(log.connection.execute(f"select 1 from {log.request.rows} where {money} limit 1").fetchall())


def _year_findings(log: TransactionLog, checked: CheckedRows, formats: Formats, orders: str | None) -> list[Finding]:
    """A warning of files whose years may be at the other end of their dates."""
    if formats.date_format is None:
        return []
    request = log.request
    return year_findings(
        log.connection, checked.rows, formats.date_format, checked.date_columns, request.today, request.plausible_days,
        orders=orders,
        is_set=request.settings["date_format"] is not None,
    )  # fmt: skip


def _meaning_of_money(log: TransactionLog, relation: InputRelation, formats: Formats) -> MoneyMeaning:
    readers = log.request.money_readers(formats)
    return meaning_of_money(log.connection, relation, readers, log.request.column_mapping)


def _money_of_all_rows(log: TransactionLog, meaning: MoneyMeaning, formats: Formats, held: Ingested) -> MoneyReading:
    """What the columns of money mean: where new rows show another than earlier ones, all decide."""
    money = meaning.over(held.money)
    if held.has_rows and money != held.money:
        return _meaning_of_money(log, log.rows(), formats).over(MoneyReading())
    return money
