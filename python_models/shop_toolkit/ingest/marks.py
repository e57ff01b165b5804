"""Columns that mark rows which are no sales, such as `Cancelled` or `is_refund`: by yes or no, or by the day of it.

They count where the setting `column_mapping` names them. Of those that it doesn't name, a warning counts the rows.
"""

from collections.abc import Iterator

from shop_toolkit.ingest.exports import comparable
from shop_toolkit.quoting import quote_list, quote_text

# Our columns that a mark may stand for.
MARKED = ("order_status", "transaction_type")
YES = ("true", "t", "yes", "y", "1", "1.0", "x", "✓", "ja", "oui", "si", "sí", "да")
NO = ("false", "f", "no", "n", "0", "0.0", "nein", "non", "нет")
# Both words are listed as sales, by the seed of statuses and by that of types.
NOT_MARKED = "sale"
CREDIT = ("c", "cr", "credit")
DEBIT = ("d", "dr", "debit")
# In German, by letters alone: a column S/H of ones and zeros may be of shipping and handling.
HABEN = ("h", "haben")
SOLL = ("s", "soll")
SOLL_HABEN = ("sh", "sollhaben", "sollhabenkz", "sollhabenkennzeichen", "shkennzeichen", "shkz", "shkzg")
# The day of a return may be that of what was hired, and a test may have one, too.
OF_NO_DAY = ("return", "returned", "test")
A_DAY = "[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([T ,].*)?|20[0-9]{6}"


def _marks(column: str, word: str, *names: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Headings as they compare, with `is`, the day and so on, to our column and the word that they stand for there."""
    for name in names:
        of_days = () if word in OF_NO_DAY else (f"{name}at", f"{name}on", f"{name}date")
        for heading in (name, f"is{name}", f"was{name}", f"{name}flag", *of_days):
            yield heading, (column, word)


# What the order became is its status; a row that gives back is of that type.
MARKS: dict[str, tuple[str, str]] = dict((
    *_marks("order_status", "cancelled", "cancelled", "canceled", "cancellation", "ordercancelled", "ordercanceled",
            "storniert", "annulé", "annulée", "anulado", "cancelado", "annullato", "geannuleerd", "anulowane",
            "отменен", "отмена"),
    *_marks("order_status", "voided", "voided", "void"),
    *_marks("order_status", "refunded", "refunded", "orderrefunded", "fullyrefunded", "erstattet", "remboursé"),
    *_marks("order_status", "returned", "returned"),
    *_marks("order_status", "chargeback", "chargeback", "chargedback"),
    *_marks("order_status", "trash", "deleted"),
    *_marks("order_status", "test", "test", "testorder"),
    *_marks("transaction_type", "refund", "refund"),
    *_marks("transaction_type", "return", "return", "retoure", "возврат"),
    *_marks("transaction_type", "credit", "creditnote", "creditmemo", "gutschrift", "storno"),
    # By the letters of either side, too.
    *_marks("transaction_type", "credit", "debitcredit", "creditdebit", "debitorcredit", "creditordebit", "dc", "drcr",
            "crdr", "debitcreditindicator", "creditdebitindicator", *SOLL_HABEN),
))  # fmt: skip


def mark_of(heading: str) -> tuple[str, str] | None:
    """Our column that a heading is a mark of, and the word for it there; None for other headings."""
    return MARKS.get(comparable(heading))


def marked_text(heading: str, column: str, sql: str) -> str:
    """SQL: the word that a mark stands for, where our column is mapped to its heading; other texts as they are.

    A blank stays one: of an order's lines, the first one may have the mark for all.
    """
    mark = mark_of(heading)
    if mark is None or mark[0] != column:
        return sql
    word = mark[1]
    text = f"trim(cast({sql} as varchar))"
    yes, no = (*YES, *(CREDIT if word == "credit" else ())), (*NO, *(DEBIT if word == "credit" else ()))
    if comparable(heading) in SOLL_HABEN:
        yes, no = HABEN, SOLL
    is_day = "" if word in OF_NO_DAY else f" or regexp_full_match({text}, {quote_text(A_DAY)})"
    return (
        f"case when list_contains({quote_list(yes)}, lower({text})){is_day}"
        f" then {quote_text(word)} when list_contains({quote_list(no)}, lower({text})) then {quote_text(NOT_MARKED)}"
        f" else cast({sql} as varchar) end"
    )
