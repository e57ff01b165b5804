"""The campaigns that a shop lists: what is wrong with a row is a sentence before any table changes.

`shop_toolkit.settings_plugin` makes `read_campaigns` an SQL function.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from itertools import chain, product
from pathlib import Path

from shop_toolkit.conditions import condition_problem
from shop_toolkit.errors import listed, named, sentence_of, shortened
from shop_toolkit.seed_files import LONGEST_NAME, UNREADABLE, Row, rows_of, unreadable

COLUMNS = ("name", "segmentation", "segment", "condition", "start_date", "end_date", "control_share", "expected_lift")
SEGMENTATIONS = ("rfm", "broad", "detailed")
# Not a name, but the strategy of segments that are named by their profile.
ANY_OTHER = "any other"
DATE = re.compile("[12][0-9]{3}-[0-9]{2}-[0-9]{2}")


def read_campaigns(path: str, folder: str = "", names: str = "{}") -> str:
    """The campaigns of a CSV, and what is wrong with them.

    Args:
        path: The file, with the headings of `COLUMNS`; sentences name it.
        folder: The folder that the path begins in; the current one where it is empty.
        names: JSON of what segments can be called, for `segment_names`; an empty one checks no names.

    Returns:
        JSON with `campaigns`, a list of rows by heading (an empty cell is null), and `problems`, a list of sentences.
    """
    try:
        headings, rows = rows_of(Path(folder, path), COLUMNS)
    except UNREADABLE as error:
        return json.dumps({"campaigns": [], "problems": [unreadable(path, error)]})
    missing = [name for name in COLUMNS if name not in headings]
    if missing:
        problems = [
            f"The file {named(path)} lacks the column {listed(missing)}: it lists campaigns under the headings "
            f"{', '.join(COLUMNS)}."
        ]
    else:
        known = segment_names(**json.loads(names)) if names != "{}" else {}
        problems = list(chain.from_iterable(problems_of(path, number, row, known) for number, row in rows))
        problems += repeated_names(path, rows)
    return json.dumps({
        "campaigns": [{name: value or None for name, value in row.items()} for _, row in rows],
        "problems": list(map(sentence_of, problems)),
    })  # fmt: skip


def segment_names(
    strategies: Sequence[str],
    words: Sequence[Sequence[str]],
    most_clusters: int,
    left_out: Sequence[str],
    learned: Mapping[str, list[str]],
) -> dict[str, list[str]]:
    """What a segment of each segmentation can be called, before anything is learned.

    Args:
        strategies: Path and folder of the seed `segment_strategies`.
        words: The words of which names by profile are made, by what they describe.
        most_clusters: How many segments a clustering can have; all of them may have one profile, and are numbered.
        left_out: What customers are called who take no part.
        learned: Names that earlier fits gave, by segmentation.

    Returns:
        Names by segmentation, those of the seed first; nothing where the seed can't be read, which dbt reports.
    """
    path, folder = strategies
    try:
        _, rows = rows_of(Path(folder, path), ("segmentation", "segment"))
    except UNREADABLE:
        return {}
    numbers = ("", *(f" {number}" for number in range(2, most_clusters + 1)))
    profiles = [f"{', '.join(parts)}{number}" for parts in product(*words) for number in numbers]
    return {
        segmentation: [
            *(row["segment"] for _, row in rows if row["segmentation"] == segmentation and row["segment"] != ANY_OTHER),
            *left_out,
            *learned.get(segmentation, []),
            *([] if segmentation == "rfm" else profiles),
        ]
        for segmentation in SEGMENTATIONS
    }


def problems_of(path: str, number: int, row: Row, known: Mapping[str, list[str]]) -> Iterator[str]:
    """What is wrong with a row by itself, as sentences; `known` are names that segments can have, by segmentation."""
    campaign = f"The campaign {named(row['name'])} (line {number} of {path})"
    if not row["name"]:
        yield f"Line {number} of {path} has no name. Give each campaign one of its own."
    elif len(row["name"]) > LONGEST_NAME or not file_name_of(row["name"]):
        yield f"{campaign} needs another name: of {LONGEST_NAME} characters at most, with a letter or digit."
    yield from audience_problems(campaign, row)
    names = known.get(row["segmentation"], [])
    if names and row["segment"] and row["segment"] not in names:
        near = get_close_matches(row["segment"], names, n=1)
        # Those by profile are hundreds.
        usual = [name for name in names if ", " not in name]
        end = f"did you mean {named(near[0])}?" if near else f"there are {listed(usual)}."
        yield (
            f"{campaign} addresses the segment {named(row['segment'])}, which is none of the segmentation "
            f"{row['segmentation']}: {end}"
        )
    yield from date_problems(campaign, row)
    for name, least, most in (("control_share", 0, 0.9), ("expected_lift", 0.001, 10)):
        if row[name] and not is_number(row[name], least, most):
            yield (
                f"{campaign} has the {name} {shortened(row[name], 40)}: it is a number from {least:g} to {most:g}, "
                "or empty for the default."
            )


def audience_problems(campaign: str, row: Row) -> Iterator[str]:
    """What is wrong with whom a campaign addresses. Names of learned segments are known only once they are learned."""
    if bool(row["segmentation"]) != bool(row["segment"]):
        yield f"{campaign} names a segment or a segmentation alone. Fill both, or neither and a condition."
    elif not row["segment"] and not row["condition"]:
        yield f"{campaign} addresses nobody in particular. Give it a segment or a condition ('true' is everybody)."
    if row["segmentation"] and row["segmentation"] not in SEGMENTATIONS:
        yield (
            f"{campaign} names the segmentation {shortened(row['segmentation'], 40)}: there are "
            f"{', '.join(SEGMENTATIONS)}."
        )
    if row["condition"] and (problem := condition_problem(row["condition"])):
        yield f"{campaign} has a condition that can't be used: {problem}"


def date_problems(campaign: str, row: Row) -> Iterator[str]:
    """What is wrong with the days of a campaign."""
    start, end = day_of(row["start_date"]), day_of(row["end_date"])
    if start is None:
        yield f"{campaign} has the start_date {named(row['start_date'])}: it needs a day as YYYY-MM-DD."
    if row["end_date"] and end is None:
        yield f"{campaign} has the end_date {named(row['end_date'])}: write a day as YYYY-MM-DD, or leave it empty."
    if start and end and end < start:
        yield f"{campaign} ends on {end}, before it starts on {start}. Set a later end_date, or leave it empty."


def repeated_names(path: str, rows: Sequence[tuple[int, Row]]) -> Iterator[str]:
    """Names that two campaigns share: by case and signs alone they would share a file, too."""
    first: dict[str, tuple[int, str]] = {}
    for number, row in rows:
        key = file_name_of(row["name"])
        if key and key in first:
            before, name = first[key]
            yield (
                f"The campaigns {named(name)} and {named(row['name'])} (lines {before} and {number} of {path}) have one"
                " name. Give the later one another: what the first one froze stays."
            )
        first.setdefault(key, (number, row["name"]))


def file_name_of(campaign: str) -> str:
    """A campaign's name as that of a file: small letters and digits, and hyphens between them."""
    return re.sub(r"[\W_]+", "-", campaign.lower()).strip("-")


def is_number(text: str, least: float, most: float) -> bool:
    """Whether a text is a number within bounds."""
    try:
        return least <= float(text) <= most
    except ValueError:
        return False


def day_of(text: str) -> date | None:
    """The day that a text names as YYYY-MM-DD; None where it names none."""
    try:
        return date.fromisoformat(text) if DATE.fullmatch(text) else None
    except ValueError:
        return None
