"""Columns that mark rows which are no sales: `Cancelled` by yes, no or a day, statuses and types by their words.

So do codes of documents (RE and GS), and the reason of a return. They count where the setting `column_mapping` names
them. Of those that it doesn't name, a warning counts the rows.
"""

import re
from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from shop_toolkit.ingest.exports import comparable, words_of
from shop_toolkit.ingest.headings import HINTS
from shop_toolkit.ingest.seeds import rows_of_seed
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
        is_also_text: Whether any other text does, as reasons do.
    """

    column: str
    word: str
    yes: Sequence[str] = YES
    no: Sequence[str] = NO
    is_also_day: bool = True
    is_also_text: bool = False

    def text(self, sql: str) -> str:
        """SQL: the word that it stands for, or that of a sale; other texts as they are.

        A blank stays one: of an order's lines, the first one may have the mark for all.
        """
        text = f"trim(cast({sql} as varchar))"
        is_day = f" or regexp_full_match({text}, {quote_text(A_DAY)})" if self.is_also_day else ""
        is_text = f" when {text} <> '' then {quote_text(self.word)}" if self.is_also_text else ""
        return (
            f"case when list_contains({quote_list(self.yes)}, lower({text})){is_day} then {quote_text(self.word)}"
            f" when list_contains({quote_list(self.no)}, lower({text})) then {quote_text(NOT_MARKED)}"
            f"{is_text} else cast({sql} as varchar) end"
        )


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
# Why a row came back: any reason but a word for none. Why one was cancelled may be said of a contract.
REASON = Mark("transaction_type", "return", (), (*NO, "-", "--", "none", "null", "n/a", "na", "keine", "keiner"),
              is_also_day=False, is_also_text=True)  # fmt: skip
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
    *((heading, REASON) for heading in ("returnreason", "reasonforreturn", "refundreason", "rückgabegrund",
                                        "retourengrund", "retouregrund", "motifderetour", "motivodevolucion",
                                        "motivodevolución", "motivodireso", "retourreden", "причинавозврата")),
))  # fmt: skip
# Codes of documents mark rows only where a column holds no others.
OF_LETTERS = Mark("transaction_type", "credit", ("r", "rt", "rtn", "ret", "rf", "c", "cn", "cr", "crn", "cm"),
                  ("s", "sl", "sal", "i", "in", "inv"), False)  # fmt: skip
GERMAN = Mark("transaction_type", "credit", ("gs", "gu", "ga", "st", "sr", "rk"), ("re", "rg", "ar"), False)
# In SAP, `RE` is a credit note for what came back.
SAP = Mark("transaction_type", "credit", ("g2", "s1", "re"), ("f1", "f2", "l2", "s2"), False)
CODES = {
    **dict.fromkeys(("trancode", "transcode", "transactioncode", "doccode", "documentcode", "doctype"), OF_LETTERS),
    **dict.fromkeys(("belegart", "belegtyp", "dokumentart", "dokumenttyp", "vorgangsart", "vorgangstyp"), GERMAN),
    **dict.fromkeys(("fkart", "billingtype"), SAP),
}

# Last words of headings of statuses and of types.
STATUS_WORDS = {"status", "state", "zustand", "statut", "estado", "stato", "stan", "статус", "состояние"}
TYPE_WORDS = {
    "type", "typ", "tipo", "art", "kind", "action", "operation", "vorgang", "event", "movement", "transaction", "тип",
    "вид",
}  # fmt: skip
# Whose or of what other things they are: a customer may be blocked, and a subscription cancelled whose orders were all
# paid.
OF_OTHERS = {
    "customer", "client", "kunde", "kunden", "member", "account", "user", "contract", "subscription", "abo", "contact",
    "email", "loyalty", "card", "karte", "product", "article", "coupon", "shipping", "billing",
}  # fmt: skip
# The seeds of the words, their columns of words and what counts as no sale there.
SEEDS = {
    "order_status": ("order_statuses", "status", "cancelled"),
    "transaction_type": ("transaction_types", "transaction_type", "return"),
}
# A card may be of credit or debit, and a debit of one shop is the credit of another.
OF_TWO_MEANINGS = {"credit", "debit"}
# Under a heading of statuses these need no word of a sale beside them.
PLAIN = (
    "cancel", "cancelled", "canceled", "refunded", "fully refunded", "void", "voided", "chargeback", "charged back",
)  # fmt: skip
# Columns with more words than this hold something else.
MOST_WORDS = 20


def mark_of(heading: str) -> Mark | None:
    """What a heading marks rows as; None for other headings."""
    return MARKS.get(comparable(heading))


def marked_text(heading: str, column: str, sql: str) -> str:
    """SQL: the word that a mark stands for, where our column is mapped to its heading; other texts as they are."""
    mark = mark_of(heading) or CODES.get(comparable(heading))
    return sql if mark is None or mark.column != column else mark.text(sql)


def _ends_with(heading: str, words: Set[str]) -> bool:
    return not words.isdisjoint(words_of(heading)[-1:])


def may_mark_by_words(heading: str) -> bool:
    """Whether a heading is one of statuses or types of orders, so that its words are worth a look."""
    if comparable(heading) in CODES or comparable(heading) in HINTS["order_status"]:
        return True
    return _ends_with(heading, STATUS_WORDS | TYPE_WORDS) and OF_OTHERS.isdisjoint(words_of(heading))


def mark_by_words(heading: str, texts: Sequence[str]) -> Mark | None:
    """What a column marks rows as by its words, which the seeds of statuses and of types list.

    Args:
        heading: One that may have such words.
        texts: All texts of the column, in lower case and without blank ones.

    Returns:
        The mark; None where no word says that a row is no sale, or where nothing says that the words are of sales.
    """
    code = CODES.get(comparable(heading))
    if code is not None and not set(texts).isdisjoint(code.yes):
        return code
    found = {}
    for column, (seed, name, no_sale) in SEEDS.items():
        counts_as = {row[name]: row["counts_as"] for row in rows_of_seed(seed) if row[name] not in OF_TWO_MEANINGS}
        yes = [text for text in texts if counts_as.get(word_of(text)) == no_sale]
        is_plain = _ends_with(heading, STATUS_WORDS) and any(word_of(text) in PLAIN for text in yes)
        if yes and (is_plain or any(counts_as.get(word_of(text)) == "sale" for text in texts)):
            found[column] = Mark(column, word_of(yes[0]), yes, [text for text in texts if text not in yes], False)
    return max(found.values(), key=lambda mark: len(mark.yes), default=None)


def word_of(text: str | None) -> str:
    """A status or type as the seeds list it (see the macro `comparable_word`)."""
    return re.sub(r"[\W_]+", " ", text or "").strip().lower()
