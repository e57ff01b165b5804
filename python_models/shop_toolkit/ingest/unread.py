"""Columns that are not read although they contradict what is: a second status, marks, and units that were returned."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import duckdb

from shop_toolkit.errors import listed, shortened
from shop_toolkit.ingest.exports import comparable
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import COLUMN_ALIASES, in_quotes, mapping_example
from shop_toolkit.ingest.marks import MOST_WORDS, NOT_MARKED, Mark, mark_by_words, mark_of, may_mark_by_words, word_of
from shop_toolkit.ingest.money import MoneyReading, Readers, amount_of
from shop_toolkit.ingest.relation import NUMBER_COLUMNS, InputRelation, lower_text
from shop_toolkit.ingest.repeats import OPERATIONS, repeated_findings
from shop_toolkit.ingest.seeds import rows_of_seed
from shop_toolkit.quoting import quote_list, quote_text

STATUSES = (
    *COLUMN_ALIASES["order_status"], "fulfillmentstatus", "fulfilmentstatus", "deliverystatus", "shippingstatus",
    "shipmentstatus", "refundstatus", "returnstatus",
)  # fmt: skip
SAMPLED_ROWS = 10_000
# By the guest, the seller and so on.
CANCELLED_BY = "cancell?ed by "
MARKS_TABLE = "marked_rows"
IDS = ("customer_id", "product_id", "invoice_id")
# So few may be otherwise.
CHANCE = 0.1
RETURNED = ("refund", "refunded", "return", "returned", "canceled", "cancelled")
RETURNED_UNITS = {
    name for word in RETURNED for unit in ("quantity", "qty", "units") for name in (word + unit, unit + word)
}


def unread_findings(
    connection: duckdb.DuckDBPyConnection,
    pending: InputRelation,
    column_mapping: Mapping[str, Any],
    readers: Readers,
    money: MoneyReading,
) -> list[Finding]:
    """Look at columns beside ours that say otherwise. Rows are read once more where there are such columns.

    Args:
        connection: Where the relation can be read.
        pending: The rows that the build reads.
        column_mapping: The setting of that name: a status that it maps is the one that is meant.
        readers: How texts become numbers.
        money: What the columns of money mean. Where refunds are taken off, units that were returned are no doubt.
    """
    findings: list[Finding] = []
    for part in pending.parts or [pending]:
        for heading in part.others:
            name = comparable(heading)
            if name in STATUSES and "order_status" in part.columns and "order_status" not in column_mapping:
                findings += _contradicting_statuses(connection, part, heading)
            if name in RETURNED_UNITS and "refund" not in money.less:
                findings += _returned_units(connection, part, heading)
        revised = money.revise(part, readers)
        texts = _few_texts(connection, part, [name for name in part.others if _may_have_few_texts(name)])
        findings += _marked_rows(connection, revised, texts, column_mapping, readers)
        findings += repeated_findings(connection, revised, texts, column_mapping, readers)
    # A build stores each doubt once.
    rows: Counter[tuple[str, str]] = Counter()
    amounts: dict[tuple[str, str], Decimal] = {}
    for finding in findings:
        doubt = (finding.kind, finding.column_name or "")
        rows[doubt] += finding.row_count or 0
        if finding.amount is not None:
            amounts[doubt] = amounts.get(doubt, Decimal(0)) + Decimal(finding.amount)
    first = {(finding.kind, finding.column_name or ""): finding for finding in reversed(findings)}
    return [
        replace(finding, row_count=rows[doubt], amount=f"{amounts[doubt]:.2f}" if doubt in amounts else None)
        for doubt, finding in sorted(first.items())
    ]


def _contradicting_statuses(connection: duckdb.DuckDBPyConnection, part: InputRelation, heading: str) -> list[Finding]:
    """A warning of rows that count by the status that is read, and not by another one; there are few pairs of them."""
    counts_as = {row["status"]: row["counts_as"] for row in rows_of_seed("order_statuses")}
    used, other = (f"cast({sql} as varchar)" for sql in (part.columns["order_status"], part.others[heading]))
    pairs = connection.execute(f"select {used}, {other}, count(*) from {part.sql} group by all").fetchall()
    contradicting = [
        (rows, text)
        for status, text, rows in pairs
        if (counts_as.get(word_of(text)) == "cancelled" or re.match(CANCELLED_BY, word_of(text)))
        and counts_as.get(word_of(status), "sale") == "sale"
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
    few_texts: Mapping[str, Sequence[str]],
    column_mapping: Mapping[str, Any],
    readers: Readers,
) -> list[Finding]:
    """A warning of rows that columns mark as cancelled, paid back or tests, although they count as sales.

    A row with several marks counts once.
    """
    candidates = _candidates(part, few_texts, column_mapping)
    if not candidates:
        return []
    try:
        _create_marks(connection, part, candidates, readers)
        places = {
            heading: place
            for place, (heading, mark) in enumerate(candidates.items())
            if _is_mark(connection, place, mark.word)
        }
        if not places:
            return []
        first, *_ = marked = [f"mark_{place} = {quote_text(candidates[name].word)}" for name, place in places.items()]
        ((rows, amount, example),) = connection.execute(
            f"select count(*), sum(amount), min(written_{next(iter(places.values()))}) filter (where {first})"
            f" from {MARKS_TABLE} where is_sale and ({' or '.join(marked)})"
        ).fetchall()
    finally:
        connection.execute(f"drop table if exists {MARKS_TABLE}")
    marks = {heading: candidates[heading] for heading in places}
    return [_left_out(part, marks, column_mapping, int(rows), amount, example)]


def _candidates(
    part: InputRelation, few_texts: Mapping[str, Sequence[str]], column_mapping: Mapping[str, Any]
) -> dict[str, Mark]:
    """Columns that may mark rows, by their headings, or by the words of columns that have few."""
    candidates = {heading: mark for heading in part.others if (mark := mark_of(heading))}
    # A second status is compared with the first.
    compared = STATUSES if "order_status" in part.columns else ()
    for heading, texts in few_texts.items():
        if heading in part.others and comparable(heading) not in compared:
            mark = mark_by_words(heading, texts)
            # What the setting maps is the one that is meant.
            if mark is not None and mark.column not in column_mapping:
                candidates[heading] = mark
    return candidates


def _may_have_few_texts(heading: str) -> bool:
    """Whether the words of a column are worth a look, where they are few: those of statuses, types and operations."""
    is_of_words = may_mark_by_words(heading) or comparable(heading) in OPERATIONS
    return is_of_words and mark_of(heading) is None


def _few_texts(
    connection: duckdb.DuckDBPyConnection, part: InputRelation, headings: Sequence[str]
) -> dict[str, list[str]]:
    """The texts of those columns that have few, in lower case and sorted, by heading.

    The first rows show which have many; all rows are read once for the others.
    """
    few: dict[str, list[str]] = {heading: [] for heading in headings}
    for rows in (f"(select * from {part.sql} limit {SAMPLED_ROWS})", part.sql):
        texts = {heading: lower_text(part.others[heading]) for heading in few}
        if not texts:
            break
        lists = ", ".join(f"list_sort(list(distinct {text}) filter (where {text} <> ''))" for text in texts.values())
        (found,) = connection.execute(f"select {lists} from {rows}").fetchall()
        few = {
            heading: words or [] for heading, words in zip(few, found, strict=True) if len(words or []) <= MOST_WORDS
        }
    return few


def _create_marks(
    connection: duckdb.DuckDBPyConnection, part: InputRelation, marks: Mapping[str, Mark], readers: Readers
) -> None:
    """A table of all rows with their marks, and whether they count as sales without them."""
    sql_of = part.columns
    is_sale = [f"coalesce({readers.value(sql_of[name])} > 0, true)" for name in NUMBER_COLUMNS if name in sql_of]
    is_sale += [
        f"not coalesce(list_contains({quote_list(_no_sales(name))}, {_sql_word(sql_of[name])}), false)"
        for name in ("order_status", "transaction_type")
        if name in sql_of
    ]
    # Without codes, names distinguish products.
    ids = {"product_id": sql_of.get("product_description", "null"), **sql_of}
    texts = [f"trim(cast({ids.get(name, 'null')} as varchar)) as {name}" for name in IDS]
    for place, (heading, mark) in enumerate(marks.items()):
        texts.append(f"trim(cast({part.others[heading]} as varchar)) as written_{place}")
        texts.append(f"nullif(trim({mark.text(part.others[heading])}), '') as mark_{place}")
    connection.execute(
        f"create or replace temp table {MARKS_TABLE} as select {' and '.join(is_sale)} as is_sale,"
        f" {amount_of(part, readers)} as amount, {', '.join(texts)} from {part.sql}"
    )


def _is_mark(connection: duckdb.DuckDBPyConnection, place: int, word: str) -> bool:
    """Whether a column marks some rows that count as sales: fewer than half of them, and holds nothing else."""
    mark = f"mark_{place}"
    is_marked = f"is_sale and {mark} = {quote_text(word)}"
    ((rows, others, sales),) = connection.execute(
        f"""
        select
            count(*) filter (where {is_marked}),
            count(*) filter (where {mark} not in ({quote_text(word)}, {quote_text(NOT_MARKED)})),
            count(*) filter (where is_sale)
        from {MARKS_TABLE}
        """
    ).fetchall()
    if not rows or others or 2 * rows >= sales:
        return False
    # One day on several orders of a customer is that of a contract. The debit of one shop is the credit of another, but
    # what was given back was sold to the same.
    ((contracts, of, linked),) = connection.execute(
        f"""
        with marked as (
            select customer_id, product_id, invoice_id, written_{place} as written
            from {MARKS_TABLE}
            where {is_marked}
        ),
        sold as (
            select distinct customer_id, product_id
            from {MARKS_TABLE}
            where is_sale and {mark} is distinct from {quote_text(word)}
        ),
        days as (
            select count(distinct invoice_id) > 1 as has_several_orders
            from marked
            where regexp_matches(written, '[0-9].*[-/.]')
            group by customer_id, written
        )
        select
            (select count(*) from days where has_several_orders),
            (select count(*) from days),
            (
                select count(*)
                from marked
                inner join sold
                    on
                        marked.customer_id = sold.customer_id
                        -- Nothing may say what was sold.
                        and marked.product_id is not distinct from sold.product_id
            )
        """
    ).fetchall()
    return contracts <= CHANCE * of and (word != "credit" or linked >= (1 - CHANCE) * rows)


def _left_out(
    part: InputRelation,
    marks: Mapping[str, Mark],
    column_mapping: Mapping[str, Any],
    rows: int,
    amount: Decimal | None,
    example: str | None,
) -> Finding:
    """The warning: how the marks would count, or that they can't as their columns have headings."""
    headings = listed(marks, 60)
    shown, cells = f"{next(iter(marks))}: {example}", None if amount is None else f"{amount:.2f}"
    free: dict[str, str] = {}
    for heading, mark in marks.items():
        if mark.column not in part.columns:
            free.setdefault(mark.column, heading)
    if not free:
        column = next(iter(marks.values())).column
        return Finding(
            "marks_left_out", column, rows, shown,
            f"By '{headings}' they were cancelled, paid back or tests, but they count as sales by"
            f" '{shortened(part.headings[column], 60)}'. If they are none, leave them out of the export.",
            amount=cells,
        )  # fmt: skip
    mapping = mapping_example(column_mapping, in_quotes(free))
    return Finding(
        "marks_left_out", next(iter(free)), rows, shown,
        f"By '{headings}' they were cancelled, paid back or tests, but they count as sales. If they are none, add"
        f" --vars '{mapping}'.",
        amount=cells,
    )  # fmt: skip


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
