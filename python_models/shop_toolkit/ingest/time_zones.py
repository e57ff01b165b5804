"""Times of several clocks, or all of them in UTC: zones are dropped, so some rows count on another day."""

import re
from collections import Counter

import duckdb

from shop_toolkit.ingest.dates import written_dates
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.relation import InputRelation

HOUR = 60
# The zone behind a time of day: hours, letters or the name of a region.
ZONE = (
    r"(?i):[0-9]{2}(?:[.,][0-9]+)?\s*(?:[ap][.]?\s?m(?:[.]|\b))?\s*"
    r"((?:utc|gmt)?[+-][0-9]{2}(?::?[0-9]{2})?|z|utc|msk|[a-z]{1,4}t|[a-z_]+/[a-z_/]+)(?:\[[a-z_/]+\])?$"
)
# Letters that stand for UTC, and those of summer times that are not the letters of winter with another in the middle.
UTC = ("z", "utc", "gmt", "wet")
UTC_BY_NAME = ("z", "utc")
HOURS_OF_UTC = re.compile(r"(utc|gmt)?[+-]00(:?00)?")
WINTER_OF = {"bst": "gmt", "west": "wet", "cest": "cet", "eest": "eet"}


def zone_findings(connection: duckdb.DuckDBPyConnection, relation: InputRelation, column: str) -> list[Finding]:
    """A warning where times are of several clocks: zones are dropped, so each row counts on the day of its own.

    So does one where all of them are in UTC, as points in time of Parquet and of tables are: few shops live by it.
    Summer time moves a clock by an hour. Days without a time of day have no zone.

    Args:
        connection: Where the relation can be read.
        relation: The rows, with their table of dates; see `read_dates`.
        column: The column of that table that holds what is read.
    """
    zones = connection.execute(
        f"""
        select
            lower(regexp_extract(date_text, '{ZONE}', 1)) as zone,
            cast(sum(date_rows) as bigint),
            min(date_text),
            bool_or(not regexp_matches(date_text, '[T ]00:00(:00)?([.]0+)?([^0-9:.]|$)')),
            coalesce(bool_or(month({column}) between 4 and 9), false)
        from ({written_dates(relation)})
        where contains(date_text, ':')
        group by 1
        """
    ).fetchall()
    rows: Counter[int | str | None] = Counter()
    examples: dict[int | str | None, str] = {}
    for zone, zone_rows, example, _, _ in zones:
        clock = clock_of(zone)
        rows[clock] += int(zone_rows)
        examples[clock] = min(example, examples.get(clock, example))
    minutes = [clock for clock in rows if isinstance(clock, int)]
    # In winter, the hours from UTC are those of London, too.
    is_utc = all(zone in UTC_BY_NAME or (is_summer and HOURS_OF_UTC.fullmatch(zone)) for zone, *_, is_summer in zones)
    if zones and is_utc and any(has_hours for *_, has_hours, _ in zones):
        return [Finding(
            "times_in_utc", "ordered_at", rows.total(), examples[0],
            "All times are in UTC, so where the shop's clock is another one, orders of some hours count on the day"
            " before or after. Export the times of that clock, or convert them in a view of the warehouse that the"
            " setting 'transactions' names.",
        )]  # fmt: skip
    # A log of days has no times.
    if len(rows) < 2 or (len(minutes) == len(rows) and max(minutes) - min(minutes) <= HOUR):
        return []
    first, second, *_ = sorted(rows, key=lambda clock: (-rows[clock], examples[clock]))
    return [Finding(
        "mixed_time_zones", "ordered_at", rows.total() - rows[first], examples[second],
        f"Most times are written as '{examples[first]}', these in another zone. Zones are dropped, so each row counts"
        " on the day of its own clock. If the shop has one clock, export all times by it.",
    )]  # fmt: skip


def clock_of(zone: str) -> int | str | None:
    """The clock that a zone stands for, whatever the season where its letters say so.

    Args:
        zone: What stands behind a time, in lower case: `+01:00`, `gmt-0330`, `pst`, `europe/paris`, or nothing.

    Returns:
        Minutes from UTC where it says them; the letters of winter time or the region where it does not; None without
        a zone.
    """
    hours = re.search(r"([+-])([0-9]{2}):?([0-9]{2})?$", zone)
    if hours:
        sign, hour, minute = hours.groups(default="00")
        return int(f"{sign}1") * (int(hour) * 60 + int(minute))
    winter = WINTER_OF.get(zone) or re.sub("^([ecmp]|ak|ae|ac|nz)dt$", r"\1st", zone)
    return 0 if winter in UTC else winter or None
