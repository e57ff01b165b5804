"""Files whose days and months may be the other way round than other files show it: 03/02/2024 where all days are low.

A file of which each date can be read both ways is read as the rest. If its months change then and its days don't, it is
the other way that makes days of one month; but for a shop that bills on the first of each month anyhow.
"""

from collections.abc import Mapping, Sequence
from pathlib import PurePath

import duckdb

from shop_toolkit.ingest.dates import FEWEST_DAYS, OPEN_WAYS, written_dates
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.relation import InputRelation, quote_list


def day_findings(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    date_format: str | None,
    readers: Mapping[str, str],
    *,
    orders: str | None,
    is_set: bool,
) -> list[Finding]:
    """A warning of files whose dates can be read with the day first and with the month first, and look read wrongly.

    Args:
        connection: Where the relation can be read.
        relation: The rows, with their table of dates; see `read_dates`.
        date_format: How the build reads dates; one of `readers`.
        readers: For each known way, SQL that reads `date_text` as a timestamp.
        orders: The table of the orders of rows that earlier builds read; None where there is none.
        is_set: Whether the setting `date_format` states it: then it is not open.
    """
    if date_format not in OPEN_WAYS or is_set:
        return []
    as_read, other = (readers[way] for way in sorted(OPEN_WAYS, key=lambda way: way != date_format))
    doubtful = connection.execute(
        f"""
        select
            file_name,
            cast(sum(date_rows) filter (where {as_read} is not null) as bigint),
            min(date_text),
            list(distinct day({as_read}))
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
    usual = _usual_days(connection, relation, as_read, [file for file, *_ in doubtful], orders) if doubtful else set()
    doubtful = [file for file in doubtful if not usual or not usual.issubset(file[-1])]
    if not doubtful:
        return []
    file, _, example, _ = doubtful[0]
    return [Finding(
        "days_in_doubt", "ordered_at", sum(rows for _, rows, *_ in doubtful), f"{PurePath(file).name}: {example}",
        "Day and month of these dates are read as other files show it, but then their months change and their days"
        " hardly do. If they are the other way round, write the dates of these files as the others do.",
    )]  # fmt: skip


def _usual_days(
    connection: duckdb.DuckDBPyConnection,
    relation: InputRelation,
    reader: str,
    doubtful: Sequence[str],
    orders: str | None,
) -> set[int]:
    """The days of the month, at most four, on which half of the rows of other files and of earlier orders are."""
    stored = "" if orders is None else f" union all select day(order_date), count(*) from {orders} group by 1"
    found = connection.execute(
        f"""
        with days as (
            select day({reader}) as day, sum(date_rows) as row_count
            from ({written_dates(relation)})
            where not list_contains({quote_list(doubtful)}, file_name)
            group by 1
            {stored}
        )
        select day, sum(row_count) as row_count
        from days
        where day is not null
        group by 1
        order by 2 desc, 1
        """
    ).fetchall()
    half, usual = sum(rows for _, rows in found) / 2, set()
    for day, rows in found[:FEWEST_DAYS]:
        usual.add(int(day))
        half -= rows
        if half <= 0:
            return usual
    return set()
