"""Settings of days against the days that the input covers."""

from collections.abc import Mapping
from datetime import date

import duckdb

from shop_toolkit.ingest.files import InputError
from shop_toolkit.ingest.relation import InputRelation


def first_and_last_day(
    connection: duckdb.DuckDBPyConnection, relation: InputRelation, reader: str, plausible_days: str
) -> tuple[date | None, date | None]:
    """The first and the last plausible day of the input; None where no row has a readable date.

    Args:
        connection: Where the relation can be read.
        relation: All rows of the input, rejected or not.
        reader: SQL that reads `date_text` as a timestamp.
        plausible_days: CTEs over `days_of_input`, as the macro of that name writes them.
    """
    ((first, last),) = connection.execute(
        f"""
        with written_dates as (
            select
                trim(cast({relation.columns["ordered_at"]} as varchar)) as date_text,
                count(*) as date_rows
            from {relation.sql}
            group by 1
        ),
        days_of_input as (
            select
                cast({reader} as date) as day,
                sum(date_rows) as row_count
            from written_dates
            where {reader} is not null
            group by 1
        ),
        {plausible_days}
        select first_day, last_day
        from plausible_days
        """
    ).fetchall()
    return first, last


def check_day_settings(
    days: Mapping[str, str], first: date | None, last: date | None, today: str, input_name: str
) -> None:
    """Raise InputError where a day setting names a day outside what the input covers.

    Args:
        days: Setting name to its day as YYYY-MM-DD.
        first: The first day of the input.
        last: The last day of the input.
        today: The latest day that has begun anywhere, as YYYY-MM-DD.
        input_name: How sentences call the input.
    """
    for name, day in days.items():
        if day > today and last is not None and day > last.isoformat():
            raise InputError(
                f"The setting '{name}' is {day}, a day in the future, and {input_name} ends on {last}."
                " Set a day that has begun, or leave it out."
            )
        if first is not None and day < first.isoformat():
            raise InputError(
                f"The setting '{name}' is {day}, but {input_name} begins on {first}. Set a later date, or leave it out."
            )


def days_to_check(days: Mapping[str, str], first_stored: str | None, today: str) -> dict[str, str]:
    """The day settings that reading the input must confirm: future ones, and those before the first stored order."""
    return {name: day for name, day in days.items() if day > today or first_stored is None or day < first_stored}
