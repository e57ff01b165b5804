"""Columns that are not read although they contradict what is: a second status, and units that were returned."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import duckdb

from shop_toolkit.ingest.errors import shortened
from shop_toolkit.ingest.exports import comparable
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import COLUMN_ALIASES
from shop_toolkit.ingest.relation import InputRelation
from shop_toolkit.ingest.seeds import rows_of_seed

STATUSES = (
    *COLUMN_ALIASES["order_status"], "fulfillmentstatus", "fulfilmentstatus", "deliverystatus", "shippingstatus",
    "shipmentstatus", "refundstatus", "returnstatus",
)  # fmt: skip
RETURNED = ("refund", "refunded", "return", "returned", "canceled", "cancelled")
RETURNED_UNITS = {
    name for word in RETURNED for unit in ("quantity", "qty", "units") for name in (word + unit, unit + word)
}


def unread_findings(
    connection: duckdb.DuckDBPyConnection,
    pending: InputRelation,
    column_mapping: Mapping[str, Any],
    *,
    takes_refunds_off: bool,
) -> list[Finding]:
    """Look at columns beside ours that say otherwise. Rows are read once more where there are such columns.

    Args:
        connection: Where the relation can be read.
        pending: The rows that the build reads.
        column_mapping: The setting of that name: a status that it maps is the one that is meant.
        takes_refunds_off: Whether refunded money is taken off the amounts: then units that were returned are no doubt.
    """
    findings: list[Finding] = []
    for part in pending.parts or [pending]:
        for heading in part.others:
            name = comparable(heading)
            if name in STATUSES and "order_status" in part.columns and "order_status" not in column_mapping:
                findings += _contradicting_statuses(connection, part, heading)
            if name in RETURNED_UNITS and not takes_refunds_off:
                findings += _returned_units(connection, part, heading)
    # A build stores each doubt once.
    rows: Counter[str] = Counter()
    for finding in findings:
        rows[finding.kind] += finding.row_count or 0
    first = {finding.kind: finding for finding in reversed(findings)}
    return [replace(finding, row_count=rows[kind]) for kind, finding in sorted(first.items())]


def _contradicting_statuses(connection: duckdb.DuckDBPyConnection, part: InputRelation, heading: str) -> list[Finding]:
    """A warning of rows that count by the status that is read, and not by another one; there are few pairs of them."""
    counts_as = {row["status"]: row["counts_as"] for row in rows_of_seed("order_statuses")}
    used, other = (f"cast({sql} as varchar)" for sql in (part.columns["order_status"], part.others[heading]))
    pairs = connection.execute(f"select {used}, {other}, count(*) from {part.sql} group by all").fetchall()
    contradicting = [
        (rows, text)
        for status, text, rows in pairs
        if counts_as.get(_word(text)) == "cancelled" and counts_as.get(_word(status), "sale") == "sale"
    ]
    if not contradicting:
        return []
    chosen = shortened(part.headings["order_status"], 60)
    return [Finding(
        "statuses_left_out", "order_status", sum(rows for rows, _ in contradicting),
        f"{heading}: {max(contradicting)[1]}",
        f"They count by '{chosen}', but by '{shortened(heading, 60)}' they were cancelled or paid back. If that column"
        " decides, name it in 'column_mapping'.",
    )]  # fmt: skip


def _word(text: str | None) -> str:
    """A status as the seed lists it (see the macro `comparable_word`)."""
    return re.sub(r"[\W_]+", " ", text or "").strip().lower()


def _returned_units(connection: duckdb.DuckDBPyConnection, part: InputRelation, heading: str) -> list[Finding]:
    text = f"trim(cast({part.others[heading]} as varchar))"
    ((rows, example),) = connection.execute(
        f"select count(*), min({text}) from {part.sql} where regexp_matches({text}, '[1-9]')"
    ).fetchall()
    if not rows:
        return []
    return [Finding(
        "returned_units_left_out", "quantity", int(rows), f"{heading}: {example}",
        f"The units in '{shortened(heading, 60)}' came back or were cancelled, and count as sold. Export returns as"
        " rows of their own, or take these units off the quantity.",
    )]  # fmt: skip
