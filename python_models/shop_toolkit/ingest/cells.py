"""What the first cells of a column look like: days, prices, e-mail addresses. It is good for hints alone."""

import re
from collections.abc import Sequence

DAY = re.compile(
    r"([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{4}|[0-9]{2})"
    r"|\D{0,2}([0-9]{1,4}|元)年[0-9]{1,2}月[0-9]{1,2}日)(\D.*)?"
)
# With two decimals, and the sign or the code of a currency on either side.
MONEY = re.compile(r"[-+(]?\D{0,4}[0-9]{1,3}([., ']?[0-9]{3})*[.,][0-9]{2}\D{0,5}")
CENTS = re.compile(r"[0-9]{1,4}[.,][0-9]{2}")
# A time of day, for Python and for DuckDB.
TIME_TEXT = r"(?i)([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?( ?[ap][.]?m[.]?)?"
TIME = re.compile(TIME_TEXT)
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
# DE and AT are countries, or states, or units.
TWO_LETTERS = re.compile(r"[A-Za-z]{2}")
# So many cells that are all the same are those of a constant column, such as the shop's own number.
CONSTANT = 10


def are_days(cells: Sequence[str]) -> bool:
    """Whether all cells that hold something hold a day."""
    return _are(DAY, cells)


def are_times(cells: Sequence[str]) -> bool:
    """Whether all cells that hold something hold a time of day."""
    return _are(TIME, cells)


def look_like(column: str, cells: Sequence[str]) -> bool:
    """Whether the cells that hold something are what one of our columns may hold, and few others do."""
    pattern = {"ordered_at": DAY, "unit_price": MONEY, "amount": MONEY, "customer_id": ADDRESS}.get(column)
    return pattern is not None and _are(pattern, cells) and not (pattern is MONEY and are_days(cells))


def can_hold(column: str, cells: Sequence[str]) -> bool:
    """Whether the cells leave it possible that they are of one of our columns: no price is without a digit.

    A column that holds nothing is none of ours, and one that is the same in all rows names no customers or days. Money
    is in most rows: of debit and credit, one is what was sold. Cents are no customers.
    """
    filled = _filled(cells)
    is_empty = bool(cells) and not filled
    is_constant = len(filled) >= CONSTANT and len(set(filled)) == 1
    if is_empty or (is_constant and column in ("customer_id", "ordered_at")):
        return False
    if column == "customer_id":
        return not any(_are(pattern, cells) for pattern in (DAY, TWO_LETTERS, CENTS))
    if column in ("unit_price", "amount") and 2 * len(filled) < len(cells):
        return False
    return not filled or any(character.isdigit() for cell in filled for character in cell)


def _are(pattern: re.Pattern[str], cells: Sequence[str]) -> bool:
    filled = _filled(cells)
    return bool(filled) and all(pattern.fullmatch(cell) for cell in filled)


def _filled(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells if cell.strip()]
