"""Tests that compare the history by sums of numbers find the faults that a comparison of its rows finds."""

from pathlib import Path

import pytest
from lines import Given, connected, rendered

FOLDER = Path(__file__).parent
MOVEMENTS = "assert_movements_rebuild_the_history"
CUSTOMERS = "assert_every_customer_is_in_the_history_from_the_first_order_on"
TABLES = """
    create table int_snapshot_dates as
    select *, false as is_earlier_as_of_date
    from (values (date '2024-01-31'), (date '2024-02-29'), (date '2024-03-31')) as dates (as_of_date);

    create table int_order_events_daily as
    from (values ('a', date '2024-01-05'), ('a', date '2024-03-30'), ('b', date '2024-01-31'), ('c', date '2024-02-01'))
    as events (customer_id, event_date);

    create table segment_history as
    from (values
        ('a', date '2024-01-31', 'new', 'many', 'first'),
        ('a', date '2024-02-29', 'new', 'many', 'second'),
        ('a', date '2024-03-31', 'lost', 'many', 'second'),
        ('b', date '2024-01-31', 'lost', 'few', 'second'),
        ('b', date '2024-02-29', 'lost', 'few', 'second'),
        ('b', date '2024-03-31', 'lost', 'many', 'first'),
        ('c', date '2024-02-29', 'new', 'few', 'first'),
        ('c', date '2024-03-31', 'new', 'few', 'first')
    ) as history (customer_id, as_of_date, rfm_segment, broad_segment, detailed_segment);

    create table segment_changes as
    select *, 'movement' as change_type
    from (values
        ('a', date '2024-01-31', 'rfm', null, 'new'),
        ('a', date '2024-01-31', 'broad', null, 'many'),
        ('a', date '2024-01-31', 'detailed', null, 'first'),
        ('a', date '2024-02-29', 'detailed', 'first', 'second'),
        ('a', date '2024-03-31', 'rfm', 'new', 'lost'),
        ('b', date '2024-01-31', 'rfm', null, 'lost'),
        ('b', date '2024-01-31', 'broad', null, 'few'),
        ('b', date '2024-01-31', 'detailed', null, 'second'),
        ('b', date '2024-03-31', 'broad', 'few', 'many'),
        ('b', date '2024-03-31', 'detailed', 'second', 'first'),
        ('c', date '2024-02-29', 'rfm', null, 'new'),
        ('c', date '2024-02-29', 'broad', null, 'few'),
        ('c', date '2024-02-29', 'detailed', null, 'first')
    ) as changes (customer_id, as_of_date, segmentation, from_segment, to_segment);
"""


@pytest.mark.parametrize(
    ("test", "fault"),
    [
        # another segment at a date
        (
            MOVEMENTS,
            "update segment_history set rfm_segment = 'lost'"
            " where customer_id = 'c' and as_of_date = '2024-02-29'",
        ),
        # likewise, and each segment has as many customers as before
        (
            MOVEMENTS,
            "update segment_history set customer_id = translate(customer_id, 'ab', 'ba')"
            " where as_of_date = '2024-02-29'",
        ),
        # one segment under the name of another segmentation
        (MOVEMENTS, "update segment_history set rfm_segment = broad_segment, broad_segment = rfm_segment"),
        # a movement is missing, is there twice, leads elsewhere, is of another date, customer or segmentation
        (MOVEMENTS, "delete from segment_changes where customer_id = 'b' and from_segment = 'few'"),
        (MOVEMENTS, "insert into segment_changes from segment_changes where from_segment = 'few'"),
        (MOVEMENTS, "insert into segment_changes from segment_changes where customer_id = 'c'"),
        (
            MOVEMENTS,
            "update segment_changes set from_segment = to_segment, to_segment = from_segment"
            " where from_segment = 'few'",
        ),
        (MOVEMENTS, "update segment_changes set as_of_date = '2024-02-29' where from_segment = 'few'"),
        # one leads from a segment to the same
        (MOVEMENTS, "insert into segment_changes values ('c', '2024-03-31', 'rfm', 'new', 'new', 'movement')"),
        (MOVEMENTS, "update segment_changes set customer_id = translate(customer_id, 'ab', 'ba')"),
        (MOVEMENTS, "update segment_changes set segmentation = 'rfm' where from_segment = 'few'"),
        # a customer is missing at a date or at all, and one is there whom nobody knows
        (CUSTOMERS, "delete from segment_history where customer_id = 'a' and as_of_date = '2024-02-29'"),
        (CUSTOMERS, "delete from segment_history where customer_id = 'c'"),
        (CUSTOMERS, "insert into segment_history by name select 'd' as customer_id, date '2024-02-29' as as_of_date"),
        # as many rows as before: of each date, of each customer, and of both
        (
            CUSTOMERS,
            "update segment_history set customer_id = 'b' where customer_id = 'a' and as_of_date = '2024-02-29'",
        ),
        (
            CUSTOMERS,
            "update segment_history set as_of_date = '2024-03-31'"
            " where customer_id = 'a' and as_of_date = '2024-02-29'",
        ),
        (
            CUSTOMERS,
            "update segment_history set customer_id = translate(customer_id, 'ac', 'ca')"
            " where as_of_date = '2024-01-31' or as_of_date = '2024-03-31' and customer_id = 'a'",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_found(test: str, fault: str) -> None:
    with connected() as connection:
        tables = ["int_snapshot_dates", "int_order_events_daily", "segment_history", "segment_changes"]
        Given(connection).built.update(tables)
        connection.execute(TABLES)
        query = rendered((FOLDER / f"{test}.sql").read_text("utf-8"))
        assert connection.execute(query).fetchall() == []
        connection.execute(fault)
        assert connection.execute(query).fetchall() != []
