"""Lines without a date below one of the same order: exports may write what is the order's on its first line alone.

The line above is proof: it is of the same file, names the same order and has a date. Other rows without a date stay so,
and are rejected.
"""

from dataclasses import replace

import duckdb

from shop_toolkit.ingest.relation import InputRelation
from shop_toolkit.ingest.seeds import rows_of_seed
from shop_toolkit.quoting import quote_list

TABLE = "dated_lines"
# Our columns that the checks look at of those that a line has from its order; base_transactions fills in more.
FILLED = ("ordered_at", "customer_id")


def with_undated_lines(relation: InputRelation) -> InputRelation:
    """The same rows, of which those without a date continue the order above them, if it is theirs."""
    parts = [with_undated_lines(part) for part in relation.parts]
    return replace(relation, parts=parts, undated=_is_undated_line(relation))


def _is_undated_line(relation: InputRelation) -> str:
    """SQL that is true where a row is a line of an order and has no date, and null where it is none but names an order.

    A line says how many of what were sold, which sums, taxes and fees of an order seldom do. These may stand between
    its lines, so they begin no order.
    """
    names = [column for column in ("product_id", "product_description") if column in relation.columns]
    if not names or not {"invoice_id", "quantity"} <= relation.columns.keys():
        return "false"
    words = quote_list([row["word"] for row in rows_of_seed("missing_values") if row["column_name"] == "total"])
    is_total = " or ".join(
        f"coalesce(list_contains({words}, lower(rtrim({_text(relation, name)}, ' :'))), false)" for name in names
    )
    return (
        f"case when {_text(relation, 'ordered_at')} is not null then false"
        f" when {_text(relation, 'invoice_id')} is null then false"
        f" when {_text(relation, 'quantity')} is not null"
        f" and coalesce({', '.join(_text(relation, name) for name in names)}) is not null and not ({is_total})"
        " then true end"
    )


def dated_lines(connection: duckdb.DuckDBPyConnection, relation: InputRelation) -> tuple[InputRelation, int]:
    """Give lines without a date what their order has, for the checks, as base_transactions does for the models.

    Args:
        connection: Where the relation can be read; a temporary table is made.
        relation: The rows in the order of their files.

    Returns:
        The rows without a table of dates, and how many of them have the date of their order.
    """
    filled = {column: f"filled_{column}" for column in FILLED if column in relation.columns}
    values = ", ".join(
        f"case when is_of_order and {_text(relation, column)} is null"
        f" then first_value({relation.columns[column]}) over order_above else {relation.columns[column]} end as {name}"
        for column, name in filled.items()
    )
    invoice, day = (_text(relation, column) for column in ("invoice_id", "ordered_at"))
    connection.execute(
        f"""
        create or replace temp table {TABLE} as
        with placed as (
            select *, {relation.undated} as is_undated, row_number() over () as line_place
            from {relation.sql}
        ),
        numbered as (
            select
                *,
                count(*) filter (where not is_undated) over (
                    partition by {relation.file_name} order by line_place rows unbounded preceding
                ) as order_place
            from placed
        ),
        compared as (
            select
                *,
                is_undated
                and {invoice} = first_value({invoice}) over order_above
                and first_value({day}) over order_above is not null as is_of_order
            from numbered
            window order_above as (partition by {relation.file_name}, order_place order by line_place)
        )
        select *, {values}
        from compared
        window order_above as (partition by {relation.file_name}, order_place order by line_place)
        """
    )
    ((rows,),) = connection.execute(f"select count(*) filter (where is_of_order) from {TABLE}").fetchall()
    return replace(relation, sql=TABLE, columns={**relation.columns, **filled}, dates=None), int(rows)


def may_have_undated_lines(connection: duckdb.DuckDBPyConnection, relation: InputRelation) -> bool:
    """Whether a row is a line without a date: the table of dates (see `read_dates`) is short, and most show none."""
    if relation.undated == "false":
        return False
    lacks_date = f"select 1 from {relation.dates} where coalesce(date_text, '') = '' limit 1"
    lines = f"select 1 from {relation.sql} where {relation.undated} limit 1"
    return all(connection.execute(query).fetchall() for query in (lacks_date, lines))


def _text(relation: InputRelation, column: str) -> str:
    return f"nullif(trim(cast({relation.columns[column]} as varchar)), '')"
