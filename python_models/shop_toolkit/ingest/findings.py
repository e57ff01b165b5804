"""What reading the input could not be sure of: it goes on, and says so in the mart `input_warnings`."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

LONGEST_EXAMPLE = 200


@dataclass(frozen=True)
class Finding:
    """One doubt about the input, for a row of `input_warnings`.

    Attributes:
        kind: What it is, in words joined by underscores.
        column_name: Our column, or None where it is none of ours.
        row_count: How many rows it concerns, None where that is not counted.
        example: A value that shows it.
        suggestion: What to look at or to set, in a sentence.
        amount: The money of the rows, with two decimals; None where it is not counted.
    """

    kind: str
    column_name: str | None
    row_count: int | None
    example: str
    suggestion: str
    amount: str | None = None


def to_json(findings: Sequence[Finding]) -> str:
    """Findings as JSON text, for storing them with the file that they are of."""
    rows = [asdict(finding) | {"example": finding.example[:LONGEST_EXAMPLE]} for finding in findings]
    return json.dumps(rows, ensure_ascii=False)
