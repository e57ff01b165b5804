"""Plan what a build ingests: `shop_toolkit.ingest.source` makes the views of it.

The plan answers three questions before any model runs:

- Do the rows of earlier builds still hold? They do unless a setting or a heading changed, or a full refresh is on
  (`ingested`).
- Which files are pending, because they are new or were written since a build read them (`transaction_log`)?
- How are dates and numbers written, and what does the money mean (`evidence`)?
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import duckdb

from shop_toolkit.errors import listed
from shop_toolkit.ingest.checked_rows import CheckedRows, drop_checked_rows
from shop_toolkit.ingest.currencies import configured_currency
from shop_toolkit.ingest.customers import choose_customer, other_customer_headings
from shop_toolkit.ingest.day_settings import check_day_settings, days_to_check, first_and_last_day
from shop_toolkit.ingest.evidence import Evidence, evidence_of
from shop_toolkit.ingest.files import FileDescription
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import in_quotes, likely_columns, mapping_example
from shop_toolkit.ingest.ingested import CUSTOMER_HEADING, Ingested, read_ingested, rows_that_hold, signature_of
from shop_toolkit.ingest.money import MoneyReading
from shop_toolkit.ingest.money_meaning import zero_findings
from shop_toolkit.ingest.readability import check_readable
from shop_toolkit.ingest.relation import Formats, InputRelation
from shop_toolkit.ingest.request import Request
from shop_toolkit.ingest.returns import NO_RETURNS, ReturnCounts, Returns, count_returns, find_returns
from shop_toolkit.ingest.transaction_log import TransactionLog, single_value, table_exists
from shop_toolkit.ingest.undated import with_undated_lines

# How many characters of headings that are not used the log names.
LONGEST_LIST = 1_500


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
        return_counts: How many rows of each file may give back, now or when an earlier build read it.
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
    return_counts: Mapping[str, ReturnCounts] = field(default_factory=dict)
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
    log = TransactionLog.find(connection, request, stored.descriptions)
    log, findings = _with_customers(log, stored)
    # An amount that the setting names decides, whatever earlier rows showed.
    money = MoneyReading() if request.column_mapping.get("amount") else stored.money
    try:
        yield _plan(log, stored, money, findings)
    finally:
        drop_checked_rows(connection)


def _with_customers(log: TransactionLog, stored: Ingested) -> tuple[TransactionLog, list[Finding]]:
    """The log with the column of customers that the rows show, where several columns could be it.

    What an earlier build decided holds for the rows that it read and for later ones; a full read decides again.
    """
    others = other_customer_headings(log.columns())
    if "customer_id" in log.request.column_mapping or not others:
        return log, []
    if stored.has_rows and not stored.has_other_headings(log.files):
        heading = stored.customer_heading
        held = _reading_customers_from(heading if heading in others else None, log)
        if signature_of(held, stored, held.columns(stored.money), stored.money) == stored.signature:
            return held, []
    try:
        choice = choose_customer(log.connection, log.rows())
    except duckdb.Error:
        log.check_rows_are_readable(list(log.files))
        raise
    return _reading_customers_from(choice.heading, log), list(choice.findings)


def _reading_customers_from(heading: str | None, log: TransactionLog) -> TransactionLog:
    """The log with a heading for customers; as it is for None."""
    if heading is None:
        return log
    mapping = {**log.request.column_mapping, "customer_id": [heading]}
    settings = {**log.request.settings, "column_mapping": mapping, CUSTOMER_HEADING: heading}
    return replace(log, request=replace(log.request, settings=settings))


def _plan(log: TransactionLog, stored: Ingested, money: MoneyReading, findings: Sequence[Finding]) -> Plan:
    """The plan where earlier rows showed what the columns of money mean; where new rows show another, all decide."""
    held = rows_that_hold(log, stored, money)
    pending = [name for name, file in log.files.items() if file is None or file != held.files.get(name)]
    evidence = evidence_of(log, pending, held)
    if held.has_rows and evidence.money != held.money:
        return _plan(log, stored, evidence.money, findings)
    _check_days(log, held, evidence.formats)
    log.copies.delete_others()
    return _plan_of(log, stored, held, pending, evidence, findings)


def _plan_of(
    log: TransactionLog,
    stored: Ingested,
    held: Ingested,
    pending: Sequence[str],
    evidence: Evidence,
    findings: Sequence[Finding],
) -> Plan:
    """The plan to read these files as their rows show."""
    request, formats, money, checked = log.request, evidence.formats, evidence.money, evidence.checked
    readers = request.money_readers(formats)
    relation = log.columns(money, formats)
    pending_relation = log.rows(pending, money, formats) if pending else None
    findings = [*findings, *evidence.findings]
    if checked is not None and pending_relation is not None:
        if checked.dated_lines:
            relation, pending_relation = with_undated_lines(relation), with_undated_lines(pending_relation)
        checked = checked.with_money(log.connection, pending_relation, money, readers)
        _check_most_are_read(log, pending_relation, checked, formats, held)
        # Later files may hold samples alone.
        findings += zero_findings(log.connection, checked.rows, readers) if not held.has_rows else []
    rows = None if checked is None else checked.rows.with_typed_numbers(readers.separator)
    counts = dict(held.returns)
    if rows is not None:
        for name, count in count_returns(log.connection, rows, pending, readers, request.returns).items():
            # What a file held before is still stored.
            counts[name] = counts.get(name, ReturnCounts()) | count
    returns = find_returns(
        log.connection, rows, request.rows if held.has_rows else None, counts.values(), readers, request.returns
    )
    return Plan(
        relation,
        pending_relation,
        log.files,
        pending,
        signature_of(log, stored, relation, money),
        formats,
        is_full_read=not held.has_rows,
        findings=[*findings, *_unused_columns(request, relation)],
        currency=configured_currency(log.connection, request.settings["currency"], request.currency_reader),
        meaning=evidence.meaning.sentences,
        returns=returns,
        return_counts=counts,
        dated_lines=0 if checked is None else checked.dated_lines,
        checked=checked,
    )


def _check_days(log: TransactionLog, held: Ingested, formats: Formats) -> None:
    """Check the day settings. Reading all dates is slow: a stored order of the day or before is proof enough."""
    connection, request = log.connection, log.request
    has_orders = held.has_rows and table_exists(connection, request.orders)
    earliest = f"select cast(min(order_date) as varchar) from {request.orders}"
    first_stored = single_value(connection, earliest) if has_orders else None
    days = days_to_check(request.days, first_stored, request.today)
    if days and formats.date_format is not None:
        relation, reader = log.rows(), request.readers[formats.date_format]
        first, last = first_and_last_day(connection, relation, reader, request.plausible_days)
        check_day_settings(days, first, last, request.today, relation.name)


def _check_most_are_read(
    log: TransactionLog, pending: InputRelation, checked: CheckedRows, formats: Formats, held: Ingested
) -> None:
    max_share = float(log.request.settings["max_unreadable_share"])
    readers = log.request.money_readers(formats)
    # Nothing is more than all rows.
    if max_share < 1:
        check_readable(
            log.connection, pending, checked.rows.with_typed_numbers(readers.separator),
            checked.date_column(formats.date_format), readers.number, max_share,
            has_earlier_rows=held.has_rows,
        )  # fmt: skip


def _unused_columns(request: Request, relation: InputRelation) -> list[Finding]:
    if not relation.unused:
        return []
    headings = listed(relation.unused)
    suggestion = "They change nothing. If one of them is a column of ours, name it in the setting 'column_mapping'."
    mapping = request.column_mapping
    if likely := likely_columns({*relation.headings, *mapping}, relation.unused):
        example = mapping_example(mapping, in_quotes(likely), LONGEST_LIST)
        suggestion = f"They change nothing. By their names, some may be columns of ours: if so, add --vars '{example}'."
    return [Finding("unused_columns", None, None, headings, suggestion)]
