"""What the project needs of the locked DuckDB beyond what its documentation promises."""

from threading import Timer

import duckdb
from conftest import Shop

SECONDS_TO_WAIT = 120
# The shape of the mart `customers`: a common table is asked for its last day, which others are joined with, and one of
# these is also asked whether it has any rows.
QUERY = """
    with segments as (select * from customers),
    as_of as (select max(day) as day from segments),
    interests as (select spends.* from spends inner join as_of on spends.day <= as_of.day),
    all_groups as (select * from groups),
    current_groups as (select all_groups.* from all_groups inner join as_of on all_groups.day <= as_of.day),
    embeddings as (select places.* from places inner join as_of on places.day <= as_of.day)

    select
        segments.*,
        interests.value as interest,
        embeddings.value as place,
        case when not exists (select 1 from all_groups) then -1 else current_groups.value end as interest_group
    from segments
    left join interests on segments.customer_id = interests.customer_id
    left join current_groups on segments.customer_id = current_groups.customer_id
    left join embeddings on segments.customer_id = embeddings.customer_id
"""


def test_a_million_customers_are_joined_with_what_is_known_at_their_last_day() -> None:
    """DuckDB 2.0.0 waits for ever in this query, from some size between 500,000 and 1,000,000 rows on."""
    customers = 1_000_000
    with duckdb.connect(config={"threads": 2}) as connection:
        for table in ("customers", "spends", "groups", "places"):
            connection.execute(f"""
                create table {table} as
                select cast(number as varchar) as customer_id, date '2025-12-31' as day, number % 7 as value
                from range({customers}) as numbers (number)
            """)
        alarm = Timer(SECONDS_TO_WAIT, connection.interrupt)
        alarm.start()
        try:
            connection.execute(f"create table answers as {QUERY}")
        finally:
            alarm.cancel()
        counted = "count(*), count(interest), count(place), sum(interest_group)"
        assert connection.execute(f"select {counted} from answers").fetchall() == [
            (customers, customers, customers, sum(number % 7 for number in range(customers)))
        ]


def test_a_warehouse_is_stored_as_duckdb_1_3_does(demo_shop: Shop) -> None:
    """Texts are quicker to write and to clean from 1.3 on; what is published is for older readers, too."""
    with duckdb.connect(str(demo_shop.warehouse), read_only=True) as connection:
        ((stored,),) = connection.execute(
            "select tags['storage_version'] from duckdb_databases() where path is not null"
        ).fetchall()
    assert stored == "v1.3.0+"
