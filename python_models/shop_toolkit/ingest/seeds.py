"""Seeds as their files have them: their tables are loaded after the input was looked at."""

import csv
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "seeds"


def rows_of_seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed by heading. A spreadsheet may have put a byte order mark before its file."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8-sig", newline="") as seed:
        return list(csv.DictReader(seed))
