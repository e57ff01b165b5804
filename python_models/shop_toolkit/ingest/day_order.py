"""Files whose days and months may be the other way round than other files show it: 03/02/2024 where all days are low.

A file of which each date can be read both ways is read as the rest. If its months change then and its days don't, it is
the other way that makes days of one month.
"""

from collections.abc import Mapping
from pathlib import PurePath

import duckdb

from shop_toolkit.ingest.dates import FEWEST_DAYS, OPEN_WAYS, written_dates
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.relation import InputRelation


def day_findings(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    date_format: str | None,
    readers: Mapping[str, str],
    *,
    is_set: bool,
) -> list[Finding]:
    """A warning of files whose dates can be read with the day first and with the month first, and look read wrongly.

    Args:
        connection: Where the relation can be read.
        relation: The rows, with their table of dates; see `read_dates`.
        date_format: How the build reads dates; one of `readers`.
        readers: For each known way, SQL that reads `date_text` as a timestamp.
        is_set: Whether the setting `date_format` states it: then it is not open.
    """
    if date_format not in OPEN_WAYS or is_set:
        return []
    as_read, other = (readers[way] for way in sorted(OPEN_WAYS, key=lambda way: way != date_format))
    doubtful = connection.execute(
        f"""
        select file_name, cast(sum(date_rows) filter (where {as_read} is not null) as bigint), min(date_text)
        from ({written_dates(relation)})
        where date_text <> ''
        group by 1
        having
            count(*) filter (where ({as_read} is null) <> ({other} is null)) = 0
            and count(distinct month({as_read})) >= {FEWEST_DAYS}
            and count(distinct month({as_read})) > 2 * count(distinct day({as_read}))
        order by 1
        """
    ).fetchall()
    if not doubtful:
        return []
    file, _, example = doubtful[0]
    return [Finding(
        "days_in_doubt", "ordered_at", sum(rows for _, rows, _ in doubtful), f"{PurePath(file).name}: {example}",
        "Day and month of these dates are read as other files show it, but then their months change and their days"
        " hardly do. If they are the other way round, write the dates of these files as the others do.",
    )]  # fmt: skip
