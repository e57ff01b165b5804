"""Dates that are written in no known way: what they seem to be, and what to do about it."""

import re

# Three numbers, of which one is a year of four digits, and the time behind them.
PART = "[-/. ][0-9]{1,2}"
PARTS = re.compile(rf"(?:([0-9]{{4}}){PART}{PART}|[0-9]{{1,2}}{PART}[-/. ]([0-9]{{4}}))(?:\D.*)?")
# Years of other calendars that are of our time.
CALENDARS = {
    "Buddhist calendar, in which 2024 is 2567": range(2513, 2700),
    "Persian calendar, in which 2024 is 1403": range(1340, 1420),
    "Islamic calendar, in which 2024 is 1445": range(1420, 1500),
}
# The name of a month where dates with one have it: between day and year, or before the day.
WORD = r"([^0-9\s.,:;/-]{2,14})"
NAMED = (
    rf"^(?:[0-9]{{1,2}}[^0-9\s]{{0,2}}[ .-]{{1,2}}(?:de )?{WORD}[ .,-]+(?:de )?[0-9]{{2}}"
    rf"|{WORD}[ .-]{{1,2}}[0-9]{{1,2}}[ .,-]+[0-9]{{2}})"
)
CONVERT = "Convert them before the build, or in a view of the warehouse that the setting 'transactions' names."


def seeming(text: str) -> str:
    """What a date that nothing reads seems to be and what to do, as sentences; empty where it is like nothing known."""
    if any(sign.isdigit() and not sign.isascii() for sign in text):
        return f"They have digits of another script than 0 to 9. {CONVERT}"
    if parts := PARTS.fullmatch(text):
        year = int(parts[1] or parts[2])
        found = next((name for name, years in CALENDARS.items() if year in years), None)
        return f"Their years seem to be of the {found}. {CONVERT}" if found else ""
    if re.fullmatch(r"[0-9][.,][0-9]+[eE][+]?[0-9]+", text):
        return "A spreadsheet shortened them, and what it left out is lost. Export them again, as text."
    if re.fullmatch(r"(19|20)[0-9]{2}[-/. ]?(0[1-9]|1[0-2])|(0?[1-9]|1[0-2])[-/.](19|20)[0-9]{2}", text):
        return "They seem to name a month and no day. Map the column with the days by column_mapping."
    if re.fullmatch(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?( ?[aApP][.]?[mM][.]?)?", text):
        return "They are times without a day. Map the column with the days by column_mapping."
    if re.fullmatch(r"[0-9]{1,5}", text):
        return f"They seem to count days, or weeks, from one that they don't name. {CONVERT}"
    named = re.search(NAMED, text)
    word = named and (named[1] or named[2])
    return f"'{word}' is no name of a month that the build knows. {CONVERT}" if word else ""
