"""The rows that a build reads, as its checks look at them: parsed once, in temporary tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from shop_toolkit.ingest.dates import read_dates
from shop_toolkit.ingest.money import MoneyReading, Readers, money_headings
from shop_toolkit.ingest.numbers import WrittenNumbers
from shop_toolkit.ingest.relation import NUMBER_COLUMNS, InputRelation
from shop_toolkit.ingest.transaction_log import TransactionLog
from shop_toolkit.ingest.undated import TABLE as DATED_LINES
from shop_toolkit.ingest.undated import dated_lines, may_have_undated_lines

# What the checks look at, in temporary tables: our columns and those of money, and the dates.
CHECKED_COLUMNS = ("ordered_at", *NUMBER_COLUMNS, "currency", "invoice_id", "product_id", "customer_id")
CHECKED_ROWS = "checked_rows"
CHECKED_DATES = "checked_dates"


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

    def with_money(
        self, connection: duckdb.DuckDBPyConnection, pending: InputRelation, money: MoneyReading, readers: Readers
    ) -> "CheckedRows":
        """The rows with the columns that a reading of their money makes of them: `pending` has them."""
        if money.is_plain:
            return self
        rows = money.revise(self.rows, readers) if not pending.parts else pending
        if pending.parts and self.dated_lines:
            rows, _ = dated_lines(connection, pending)
        # What was looked at are other columns.
        return replace(self, rows=replace(rows, dates=self.rows.dates), numbers=())


def read_once(log: TransactionLog, pending: Sequence[str], relation: InputRelation) -> CheckedRows:
    """Read all rows of pending files once: what the checks look at is kept, as to parse text is what takes time.

    Raises:
        InputError: A file is damaged; no table has changed by then.
    """
    connection, readers = log.connection, log.request.readers
    kinds = {file.kind for name in pending if (file := log.files[name]) is not None}
    # Of a Parquet file, the columns that no check looks at may be damaged.
    if "parquet" in kinds:
        log.check_rows_are_readable(pending)
    try:
        others = [] if relation.parts else list(dict.fromkeys(money_headings(relation).values()))
        # A table is no text that has to be parsed.
        rows = relation.kept(connection, CHECKED_ROWS, CHECKED_COLUMNS, others) if kinds else relation
        dated, date_columns = read_dates(connection, rows, readers, CHECKED_DATES)
        if not may_have_undated_lines(connection, dated):
            return CheckedRows(dated, date_columns)
        rows, filled = dated_lines(connection, rows)
        return CheckedRows(*read_dates(connection, rows, readers, CHECKED_DATES), dated_lines=filled)
    except duckdb.Error:
        log.check_rows_are_readable(pending)
        raise


def drop_checked_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary tables."""
    for table in (CHECKED_ROWS, CHECKED_DATES, DATED_LINES):
        connection.execute(f"drop table if exists {table}")
