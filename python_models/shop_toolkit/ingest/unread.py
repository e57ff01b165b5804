"""Columns that are not read although they contradict what is: a second status, marks, and units that were returned."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import duckdb

from shop_toolkit.errors import shortened
from shop_toolkit.ingest.exports import comparable
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import COLUMN_ALIASES, in_quotes, mapping_example
from shop_toolkit.ingest.marks import NOT_MARKED, mark_of, marked_text
from shop_toolkit.ingest.money import Readers
from shop_toolkit.ingest.relation import NUMBER_COLUMNS, InputRelation
from shop_toolkit.ingest.seeds import rows_of_seed
from shop_toolkit.quoting import quote_list, quote_text

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
    readers: Readers,
    *,
    takes_refunds_off: bool,
) -> list[Finding]:
    """Look at columns beside ours that say otherwise. Rows are read once more where there are such columns.

    Args:
        connection: Where the relation can be read.
        pending: The rows that the build reads.
        column_mapping: The setting of that name: a status that it maps is the one that is meant.
        readers: How texts become numbers.
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
            findings += _marked_rows(connection, part, heading, column_mapping, readers)
    # A build stores each doubt once.
    rows: Counter[str] = Counter()
    amounts: dict[str, Decimal] = {}
    for finding in findings:
        rows[finding.kind] += finding.row_count or 0
        if finding.amount is not None:
            amounts[finding.kind] = amounts.get(finding.kind, Decimal(0)) + Decimal(finding.amount)
    first = {finding.kind: finding for finding in reversed(findings)}
    return [
        replace(finding, row_count=rows[kind], amount=f"{amounts[kind]:.2f}" if kind in amounts else None)
        for kind, finding in sorted(first.items())
    ]


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


def _marked_rows(
    connection: duckdb.DuckDBPyConnection,
    part: InputRelation,
    heading: str,
    column_mapping: Mapping[str, Any],
    readers: Readers,
) -> list[Finding]:
    """A warning of rows that a column marks as cancelled, paid back or a test, although they count as sales."""
    mark = mark_of(heading)
    if mark is None:
        return []
    column, word = mark
    sql_of = part.columns
    is_sale = [f"coalesce({readers.value(sql_of[name])} > 0, true)" for name in NUMBER_COLUMNS if name in sql_of]
    is_sale += [
        f"not coalesce(list_contains({quote_list(_no_sales(name))}, {_sql_word(sql_of[name])}), false)"
        for name in ("order_status", "transaction_type")
        if name in sql_of
    ]
    money = [readers.value(sql_of[name]) for name in ("unit_price", "amount") if name in sql_of][:1]
    if "unit_price" in sql_of and "quantity" in sql_of:
        money.append(readers.value(sql_of["quantity"]))
    text = marked_text(heading, column, part.others[heading])
    ((rows, others, all_rows, amount, example),) = connection.execute(
        f"""
        with marks as (
            select
                trim(cast({part.others[heading]} as varchar)) as written,
                nullif(trim({text}), '') as mark,
                {" and ".join(is_sale)} as is_sale,
                cast({" * ".join(money)} as decimal(18, 2)) as amount
            from {part.sql}
        )
        select
            count(*) filter (where is_sale and mark = {quote_text(word)}),
            count(*) filter (where mark not in ({quote_text(word)}, {quote_text(NOT_MARKED)})),
            count(*),
            sum(amount) filter (where is_sale and mark = {quote_text(word)}),
            min(written) filter (where is_sale and mark = {quote_text(word)})
        from marks
        """
    ).fetchall()
    # Where the column holds something else, too, or marks all, it is no such mark.
    if not rows or others or rows == all_rows:
        return []
    shown, cells = f"{heading}: {example}", None if amount is None else f"{amount:.2f}"
    if column in sql_of:
        return [Finding(
            "marks_left_out", column, int(rows), shown,
            f"By '{shortened(heading, 60)}' they were cancelled, paid back or tests, but they count as sales by"
            f" '{shortened(part.headings[column], 60)}'. If they are none, leave them out of the export.",
            amount=cells,
        )]  # fmt: skip
    example = mapping_example(column_mapping, in_quotes({column: heading}))
    return [Finding(
        "marks_left_out", column, int(rows), shown,
        f"By '{shortened(heading, 60)}' they were cancelled, paid back or tests, but they count as sales. If they are"
        f" none, add --vars '{example}'.",
        amount=cells,
    )]  # fmt: skip


def _no_sales(column: str) -> list[str]:
    """The words of a status or a type with which a row is no sale."""
    seed, name = {
        "order_status": ("order_statuses", "status"),
        "transaction_type": ("transaction_types", "transaction_type"),
    }[column]
    return [row[name] for row in rows_of_seed(seed) if row["counts_as"] != "sale"]


def _sql_word(sql: str) -> str:
    """SQL: a word as seeds list it (see the macro `comparable_word`)."""
    return rf"trim(regexp_replace(lower(cast({sql} as varchar)), '[\s\p{{P}}\p{{S}}]+', ' ', 'g'))"
