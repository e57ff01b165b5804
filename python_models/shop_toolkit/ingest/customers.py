"""Which of several columns identifies the customer: an id that is another one for each order identifies nobody."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from shop_toolkit.errors import shortened
from shop_toolkit.ingest.exports import comparable
from shop_toolkit.ingest.findings import Finding
from shop_toolkit.ingest.headings import COLUMN_ALIASES
from shop_toolkit.ingest.missing import missing_words
from shop_toolkit.ingest.relation import InputRelation, lower_text

# Fewer orders prove nothing: a new shop may have sold to everybody once.
LEAST_ORDERS = 20
# So many orders without anybody who came back are worth a word, whatever other columns hold (see input_warnings).
WARNED_ORDERS = 50
# At least so many orders, and so large a share of all, are of somebody who ordered before.
LEAST_REPEATS = 2
REPEATED = 0.01
# Who has more of all orders is a placeholder.
MOST_OF_ONE = 0.2
# A column that is empty more often replaces no other.
FILLED = 0.95
# From this share of rows on, customers in another column are worth a word.
ELSEWHERE = 0.1
TABLE = "customer_columns"


@dataclass(frozen=True)
class Choice:
    """The column of customers, where the rows show that the headings alone would mislead.

    Attributes:
        heading: The heading to read customers from; None for the one that is found anyway.
        findings: What stays to be said about it.
    """

    heading: str | None
    findings: tuple[Finding, ...] = ()


NOTHING_TO_SAY = Choice(None)


def other_customer_headings(relation: InputRelation) -> list[str]:
    """Headings that are known to hold customers, but for the one that does, the best one first."""
    places = {alias: place for place, alias in enumerate(COLUMN_ALIASES["customer_id"])}
    known = [heading for heading in relation.others if comparable(heading) in places]
    return sorted(known, key=lambda heading: places[comparable(heading)])


def choose_customer(connection: duckdb.DuckDBPyConnection, relation: InputRelation) -> Choice:
    """Look at the rows where several columns could hold the customer.

    Args:
        connection: Where the relation can be read; a temporary table is made and dropped.
        relation: All rows of the input.

    Returns:
        Another heading where each order has an id of its own and the other column repeats.
    """
    others = {heading: relation.others[heading] for heading in other_customer_headings(relation)}
    if not others:
        return NOTHING_TO_SAY
    # Without orders, no id is one per order; a customer may still be elsewhere.
    columns = {"order_id": relation.columns.get("invoice_id", "null"), "id": relation.columns["customer_id"]}
    columns |= {f"other_{place}": sql for place, sql in enumerate(others.values())}
    texts = ", ".join(f"{lower_text(sql)} as {name}" for name, sql in columns.items())
    try:
        connection.execute(
            f"create or replace temp table {TABLE} as"
            f" select *, count(*) as row_count from (select {texts} from {relation.sql}) group by all"
        )
        return _choice(connection, relation, others)
    finally:
        connection.execute(f"drop table if exists {TABLE}")


def _choice(connection: duckdb.DuckDBPyConnection, relation: InputRelation, others: Mapping[str, str]) -> Choice:
    chosen = shortened(relation.headings["customer_id"], 60)
    if _is_one_per_order(connection):
        for place, heading in enumerate(others):
            if _repeats(connection, f"other_{place}"):
                finding = Finding(
                    "customer_per_order", "customer_id", None, heading,
                    f"'{chosen}' is another one for each order, so customers are read from"
                    f" '{shortened(heading, 60)}'. Name another column in 'column_mapping' where that is wrong.",
                )  # fmt: skip
                return Choice(heading, (finding,))
    for place, heading in enumerate(others):
        rows = _rows_elsewhere(connection, f"other_{place}")
        if rows:
            finding = Finding(
                "customers_elsewhere", "customer_id", rows, heading,
                f"These rows have nothing in '{chosen}', but a customer in '{shortened(heading, 60)}'. If that column"
                " identifies people, name it in 'column_mapping'.",
            )  # fmt: skip
            return Choice(None, (finding,))
    return NOTHING_TO_SAY


def is_one_per_order(orders: int, ids: int, pairs: int, least: int = LEAST_ORDERS) -> bool:
    """Whether each of enough orders has an id of its own.

    Args:
        orders: How many orders have an id.
        ids: How many ids there are.
        pairs: How many pairs of order and id there are.
        least: How many orders are enough.
    """
    return orders >= least and orders == ids == pairs


def _is_one_per_order(connection: duckdb.DuckDBPyConnection) -> bool:
    ((orders, ids, pairs),) = connection.execute(
        f"""
        select count(distinct order_id), count(distinct id), count(distinct (order_id, id))
        from {TABLE}
        where order_id <> '' and id not in {missing_words("customer_id")}
        """
    ).fetchall()
    return is_one_per_order(int(orders), int(ids), int(pairs))


def _repeats(connection: duckdb.DuckDBPyConnection, column: str) -> bool:
    """Whether a column names one customer for each order, and some of them again for others."""
    nobody = missing_words("customer_id")
    ((orders, filled_orders, pairs, ids, most),) = connection.execute(
        f"""
        with orders as (
            select distinct order_id, {column} as id
            from {TABLE}
            where order_id <> '' and id not in {nobody}
        ),
        filled as (select * from orders where id not in {nobody}),
        customers as (select id, count(*) as order_count from filled group by 1)
        select
            (select count(distinct order_id) from orders),
            (select count(distinct order_id) from filled),
            (select count(*) from filled),
            count(*),
            coalesce(max(order_count), 0)
        from customers
        """
    ).fetchall()
    repeats = filled_orders - ids
    return bool(
        pairs == filled_orders
        and filled_orders >= FILLED * orders
        and repeats >= max(LEAST_REPEATS, REPEATED * orders)
        and most <= MOST_OF_ONE * orders
    )


def _rows_elsewhere(connection: duckdb.DuckDBPyConnection, column: str) -> int:
    """How many rows have a customer in this column alone; 0 where they are few."""
    nobody = missing_words("customer_id")
    ((rows, all_rows),) = connection.execute(
        f"""
        select
            coalesce(sum(row_count) filter (
                where coalesce(id, '') in {nobody} and coalesce({column}, '') not in {nobody}
            ), 0),
            coalesce(sum(row_count), 0)
        from {TABLE}
        """
    ).fetchall()
    return int(rows) if rows > ELSEWHERE * all_rows else 0
