"""What earlier builds read, and whether their rows still hold: not where a setting or a heading has changed.

It is in `sources.ingested_files`: `base_transactions` writes it in the transaction that stores the rows.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from shop_toolkit.errors import listed, named
from shop_toolkit.ingest.files import FileDescription, InputError
from shop_toolkit.ingest.money import MoneyReading
from shop_toolkit.ingest.relation import NOTHING_KNOWN, Formats, InputRelation
from shop_toolkit.ingest.relation_of_input import DECISIVE_COLUMNS, is_file_name
from shop_toolkit.ingest.request import Request
from shop_toolkit.ingest.returns import ReturnCounts
from shop_toolkit.ingest.transaction_log import TransactionLog, single_value, table_exists

# Raise it when what the source or staging makes of a row changes: then every build reads the input again.
VERSION = 20
# Settings that decide what a row of the input means.
READING_SETTINGS = (
    "transactions", "csv_delimiter", "csv_encoding", "date_format", "decimal_separator", "cancellation_invoice_prefix",
    "max_order_days", "currency", "duplicates", "refund_invoice_prefixes",
)  # fmt: skip
FORMATS = ("date_format", "decimal_separator")
# Where the rows decided which column identifies customers: its heading, part of the signature.
CUSTOMER_HEADING = "customer_heading"


@dataclass(frozen=True)
class Ingested:
    """What earlier builds read.

    Attributes:
        files: Each file with its description then; None for a table.
        signature: How it was read; None where no rows are stored.
        formats: How its dates and numbers are written, as far as its rows showed.
        returns: How many rows of each file may give back.
    """

    files: Mapping[str, FileDescription | None] = field(default_factory=dict)
    signature: str | None = None
    formats: Formats = NOTHING_KNOWN
    returns: Mapping[str, ReturnCounts] = field(default_factory=dict)

    @property
    def has_rows(self) -> bool:
        """Whether there are any."""
        return self.signature is not None

    @property
    def descriptions(self) -> dict[str, FileDescription]:
        """The files among what was read."""
        return {name: file for name, file in self.files.items() if file is not None}

    @property
    def money(self) -> MoneyReading:
        """What its columns of money mean, as its rows showed."""
        return MoneyReading(**json.loads(self.signature or "{}").get("money", {}))

    @property
    def customer_heading(self) -> str | None:
        """The heading of customers, where the rows decided between several."""
        heading: str | None = json.loads(self.signature or "{}").get(CUSTOMER_HEADING)
        return heading

    @property
    def place(self) -> str | None:
        """The setting `transactions` that it was read with."""
        return None if self.signature is None else json.loads(self.signature)["transactions"]

    def has_other_headings(self, files: Mapping[str, FileDescription | None]) -> bool:
        """Whether a file that was read has other headings now."""
        descriptions = self.descriptions
        return any(
            file is not None and name in descriptions and descriptions[name].headings != file.headings
            for name, file in files.items()
        )


def read_ingested(connection: duckdb.DuckDBPyConnection, request: Request) -> Ingested:
    """What earlier builds read, as the warehouse records it; nothing where their rows are gone."""
    if not (table_exists(connection, f"{request.schema}.ingested_files") and table_exists(connection, request.rows)):
        return Ingested()
    stored = connection.execute(f"from {request.schema}.ingested_files")
    # An earlier release may have made the table with fewer columns; its rows don't hold now.
    names = [name for name, *_ in stored.description]
    rows = [dict(zip(names, row, strict=True)) for row in stored.fetchall()]
    if not rows:
        return Ingested()
    files = {row["file_name"]: _described(row["details"]) for row in rows}
    formats = (max((row[name] for row in rows if row[name]), default=None) for name in FORMATS)
    returns = {row["file_name"]: ReturnCounts.from_json(json.loads(row.get("returns") or "{}")) for row in rows}
    return Ingested(files, rows[0]["input_signature"], Formats(*formats), returns)


def _described(details: str | None) -> FileDescription | None:
    """What was recorded of a file; None of a table."""
    return None if details is None else FileDescription.from_json(json.loads(details))


def rows_that_hold(log: TransactionLog, stored: Ingested, money: MoneyReading) -> Ingested:
    """Those of earlier builds that a build with this reading of the money goes on from: all of them or none.

    Raises:
        InputError: They don't hold, and the run can't read them again, or some of them are no longer there.
    """
    relation = log.columns(money)
    if stored.signature == signature_of(log, stored, relation, money) and not stored.has_other_headings(log.files):
        return stored
    _check_refresh(log.request, stored)
    _check_nothing_is_lost(log, stored, relation)
    return Ingested()


def signature_of(log: TransactionLog, stored: Ingested, relation: InputRelation, money: MoneyReading) -> str:
    """How the input is read. Files with other headings that arrive later leave it as it is.

    Each form of the files that are there or were read has a signature of its own. Earlier rows hold where one of these
    is theirs, and the input still has the columns that decide what a row means.
    """
    present = log.described
    described = stored.descriptions | present
    forms = {file.form: name for name, file in reversed(described.items())}
    if log.is_table or len(forms) == 1:
        return _signature(log.request, relation, money)
    signatures = []
    for name in sorted(forms.values(), key=lambda name: name not in present):
        try:
            of_form = log.of_files({name: described[name]}).columns(money)
        except InputError:
            # A mapping may name headings of other files alone.
            continue
        if all((column in of_form.columns) == (column in relation.columns) for column in DECISIVE_COLUMNS):
            signatures.append(_signature(log.request, of_form, money))
    if stored.signature in signatures:
        return stored.signature
    return signatures[0] if signatures else _signature(log.request, relation, money)


def _signature(request: Request, relation: InputRelation, money: MoneyReading) -> str:
    """Text that changes where earlier rows would be read in another way now; new files do not change it."""
    parts = {name: request.settings[name] for name in READING_SETTINGS}
    parts |= {} if money.is_plain else {"money": money.to_json()}
    parts |= {"version": VERSION, "columns": dict(relation.columns), "others": list(relation.others)}
    if CUSTOMER_HEADING in request.settings:
        parts[CUSTOMER_HEADING] = request.settings[CUSTOMER_HEADING]
    return json.dumps(parts | {"transactions": request.transactions}, sort_keys=True, ensure_ascii=False)


def _check_refresh(request: Request, stored: Ingested) -> None:
    if request.is_refresh and stored.place is not None:
        raise InputError(
            f"This run reads {named(request.transactions)} in another way than the warehouse was read, from"
            f" {named(stored.place)}: with other settings, headings or files. Refresh with the settings of the build,"
            " or run 'dbt build'."
        )


def _check_nothing_is_lost(log: TransactionLog, stored: Ingested, relation: InputRelation) -> None:
    """Stop a build that would read the same place again, where rows that earlier builds read there are gone."""
    if stored.place is None or not _is_same_place(stored.place, log.request.transactions):
        return
    present = {os.path.realpath(name): file for name, file in log.described.items()}
    missing = [name for name in stored.files if name not in log.files and os.path.realpath(name) not in present]
    shrunken = [
        name
        for name, file in stored.descriptions.items()
        if (now := present.get(os.path.realpath(name))) is not None and now.size < file.size
    ]
    is_shorter = log.is_table and single_value(
        log.connection, f"select (select count(*) from {relation.sql}) < (select count(*) from {log.request.rows})"
    )
    if missing or shrunken or is_shorter:
        raise InputError(
            f"Settings or headings have changed, so {relation.name} must be read again, but "
            + ("rows that were read are no longer in it" if log.is_table
               else f"what was read is no longer there: {listed(missing)}" if missing
               else f"files are shorter than when they were read: {listed(shrunken)}")
            + ". Put it back, or run 'dbt build --full-refresh' to go on with what is there now."
        )  # fmt: skip


def _is_same_place(place: str, other: str) -> bool:
    """Whether two values of the setting `transactions` mean the same files or table, however they are spelled."""
    if is_file_name(place) != is_file_name(other):
        return False
    return place == other or (is_file_name(place) and Path(place).resolve() == Path(other).resolve())
