"""Columns that mark rows which are no sales, such as `Cancelled` or `is_refund`: by yes or no, or by the day of it.

They count where the setting `column_mapping` names them. Of those that it doesn't name, a warning counts the rows.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shop_toolkit.ingest.exports import comparable
from shop_toolkit.quoting import quote_list, quote_text

# Our columns that a mark may stand for.
MARKED = ("order_status", "transaction_type")
YES = ("true", "t", "yes", "y", "1", "1.0", "x", "✓", "ja", "oui", "si", "sí", "да")
NO = ("false", "f", "no", "n", "0", "0.0", "nein", "non", "нет")
# Both words are listed as sales, by the seed of statuses and by that of types.
NOT_MARKED = "sale"
A_DAY = "[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([T ,].*)?|20[0-9]{6}"


class Mark(NamedTuple):
    """What a column marks rows as.

    Attributes:
        column: Our column that it stands for.
        word: The word that a marked row has there.
        yes: Texts that mark a row, in lower case.
        no: Texts that mark none.
        is_also_day: Whether the day of it marks a row, too.
    """

    column: str
    word: str
    yes: Sequence[str] = YES
    no: Sequence[str] = NO
    is_also_day: bool = True


def _headings(mark: Mark, *names: str) -> Iterator[tuple[str, Mark]]:
    """Headings of a mark as they compare: its names, with `is`, the day and so on."""
    for name in names:
        of_days = (f"{name}at", f"{name}on", f"{name}date") if mark.is_also_day else ()
        for heading in (name, f"is{name}", f"was{name}", f"{name}flag", *of_days):
            yield heading, mark


# By the letters of either side, too.
CREDIT = Mark("transaction_type", "credit", (*YES, "c", "cr", "credit"), (*NO, "d", "dr", "debit"))
# In German, by letters alone: a column S/H of ones and zeros may be of shipping and handling.
HABEN = Mark("transaction_type", "credit", ("h", "haben"), ("s", "soll"))
SOLL_HABEN = ("sh", "sollhaben", "sollhabenkz", "sollhabenkennzeichen", "shkennzeichen", "shkz", "shkzg")
# What the order became is its status; a row that gives back is of that type. The day of a return may be that of what
# was hired, and a test may have one, too.
MARKS: dict[str, Mark] = dict((
    *_headings(Mark("order_status", "cancelled"), "cancelled", "canceled", "cancellation", "ordercancelled",
               "ordercanceled", "storniert", "annulé", "annulée", "anulado", "cancelado", "annullato", "geannuleerd",
               "anulowane", "отменен", "отмена"),
    *_headings(Mark("order_status", "voided"), "voided", "void"),
    *_headings(Mark("order_status", "refunded"), "refunded", "orderrefunded", "fullyrefunded", "erstattet",
               "remboursé"),
    *_headings(Mark("order_status", "returned", is_also_day=False), "returned"),
    *_headings(Mark("order_status", "chargeback"), "chargeback", "chargedback"),
    *_headings(Mark("order_status", "trash"), "deleted"),
    *_headings(Mark("order_status", "test", is_also_day=False), "test", "testorder"),
    *_headings(Mark("transaction_type", "refund"), "refund"),
    *_headings(Mark("transaction_type", "return", is_also_day=False), "return", "retoure", "возврат"),
    *_headings(CREDIT, "creditnote", "creditmemo", "gutschrift", "storno", "debitcredit", "creditdebit",
               "debitorcredit", "creditordebit", "dc", "drcr", "crdr", "debitcreditindicator", "creditdebitindicator",
               *SOLL_HABEN),
    *((heading, HABEN) for heading in SOLL_HABEN),
))  # fmt: skip


def mark_of(heading: str) -> Mark | None:
    """What a heading marks rows as; None for other headings."""
    return MARKS.get(comparable(heading))


def marked_text(heading: str, column: str, sql: str) -> str:
    """SQL: the word that a mark stands for, where our column is mapped to its heading; other texts as they are.

    A blank stays one: of an order's lines, the first one may have the mark for all.
    """
    mark = mark_of(heading)
    if mark is None or mark.column != column:
        return sql
    text = f"trim(cast({sql} as varchar))"
    is_day = f" or regexp_full_match({text}, {quote_text(A_DAY)})" if mark.is_also_day else ""
    return (
        f"case when list_contains({quote_list(mark.yes)}, lower({text})){is_day} then {quote_text(mark.word)}"
        f" when list_contains({quote_list(mark.no)}, lower({text})) then {quote_text(NOT_MARKED)}"
        f" else cast({sql} as varchar) end"
    )
