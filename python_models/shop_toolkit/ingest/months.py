"""Names of months that the build doesn't know, beside others that are spelt as known ones are."""

from collections.abc import Mapping

import duckdb

from shop_toolkit.errors import InputError, listed, shortened
from shop_toolkit.ingest.dates import is_mixed, written_dates
from shop_toolkit.ingest.relation import InputRelation
from shop_toolkit.ingest.unknown_dates import NAMED

# What `date_format` calls dates with names of months.
MONTH_NAME = "month-name"


def check_names_of_months(
    connection: duckdb.DuckDBPyConnection, relation: InputRelation, reader: str, readers: Mapping[str, str]
) -> None:
    """Stop where dates with names of months have some that the build doesn't know: others are spelt alike, and read.

    Args:
        connection: Where the relation can be read.
        relation: The rows, with their table of dates; see `read_dates`.
        reader: SQL that reads `date_text` with the name of a month.
        readers: The same for each known way.

    Raises:
        InputError: More than one row, and more than a slip of the pen, has such a name.
    """
    words = connection.execute(
        f"""
        with written_dates as ({written_dates(relation)}),
        unread as (
            select
                date_text,
                date_rows,
                lower(concat(regexp_extract(date_text, '{NAMED}', 1), regexp_extract(date_text, '{NAMED}', 2))) as word
            from written_dates
            where coalesce({", ".join(readers.values())}) is null
        )
        select word, cast(sum(date_rows) as bigint), min(date_text)
        from unread
        where word <> ''
        group by 1
        order by 2 desc, 1
        """
    ).fetchall()
    if not words:
        return
    rows = sum(count for _, count, _ in words)
    ((read_rows,),) = connection.execute(
        f"select cast(coalesce(sum(date_rows) filter (where {reader} is not null), 0) as bigint)"
        f" from ({written_dates(relation)})"
    ).fetchall()
    if is_mixed(rows, rows + int(read_rows)):
        names = listed([f"'{word}'" for word, *_ in words], 80)
        raise InputError(
            f"{rows} of {rows + int(read_rows)} dates of {relation.name} have words that the build doesn't know as"
            f" months: {names}, e.g. '{shortened(words[0][2], 40)}'. Write months as numbers, or reject these rows with"
            " --vars '{date_format: month-name}'."
        )
