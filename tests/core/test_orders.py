"""What an order is: lines of one invoice number that lie near one another, whatever their days."""

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Shop, demo_rows, write_rows

DEMO_TIME = "%m/%d/%Y %H:%M"
HEADINGS = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def test_orders_whose_lines_fall_on_two_days_build(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    """Half of the embedded shop, in which every twentieth invoice got its last line one to six days after the others.

    The data tests compute each figure again from the lines, up to each cutoff date.
    """
    headings, *lines = demo_rows(every=2)
    last_line_of = {line[0]: line for line in lines if not line[0].startswith("C")}
    several = {line[0] for line, previous in zip(lines[1:], lines, strict=False) if line[0] == previous[0]}
    for number, invoice in enumerate(sorted(several & last_line_of.keys())[::20]):
        line = last_line_of[invoice]
        moved = datetime.strptime(line[4], DEMO_TIME) + timedelta(days=1 + number % 6)
        line[4] = moved.strftime(DEMO_TIME)
    write_rows(tmp_path / "shop.csv", headings, lines)
    shop = make_shop(transactions=f"{tmp_path}/shop.csv").build_with_data_tests(
        "int_sample_features", "int_spend_samples", "int_classification_samples", "int_prediction_origins", "customers",
        "order_lines", "orders", "cancellation_matches",
    )  # fmt: skip
    assert shop.row("select count(*) from order_lines where order_date < ordered_at::date")[0] > 50
    assert shop.row(
        """
        with days as (
            select customer_id, invoice_id, min(ordered_at)::date as first_day from order_lines group by all
        )
        select count(*) from days inner join orders using (customer_id, invoice_id) where order_date <> first_day
        """
    ) == (0,)


def test_receipts_that_are_numbered_from_one_again_are_orders_of_their_own(
    make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    """Receipts 1 and 2 on five days, of two customers, and of nobody."""
    (tmp_path / "shop.csv").write_text(
        HEADINGS + "\n" + "".join(
            f"1,A,CUP,1,2024-0{month}-05 10:01:00,10,71,France\n2,A,CUP,2,2024-0{month}-05 10:02:00,10,72,France\n"
            f"3,A,CUP,1,2024-0{month}-05 10:03:00,10,,France\n"
            for month in range(1, 6)
        )
        + "C9,A,CUP,-1,2024-04-01 10:00:00,10,72,France\n"
    )  # fmt: skip
    shop = make_shop(transactions=f"{tmp_path}/shop.csv").build_with_data_tests(
        "orders", "cancellation_matches", "int_customer_states_scd2", "int_as_of_dates", "sales_by_month"
    )
    assert shop.rows(
        """
        select customer_id, frequency, last_order_date::varchar
        from core.int_customer_states_scd2 where valid_until is null order by 1
        """
    ) == [("71", 5, "2024-05-05"), ("72", 5, "2024-05-05")]
    assert shop.rows("select invoice_id, invoice_number, revenue from orders where customer_id = '72' order by 1") == [
        ("2", "2", 20), ("2 (2024-02-05)", "2", 20), ("2 (2024-03-05)", "2", 10), ("2 (2024-04-05)", "2", 20),
        ("2 (2024-05-05)", "2", 20),
    ]  # fmt: skip
    assert shop.row("select sale_invoice_id from cancellation_matches") == ("2 (2024-03-05)",)
    assert (
        shop.rows("select order_count, anonymous_order_count, anonymous_revenue from sales_by_month")
        == [(2, 1, 10)] * 5
    )


def orders_of_a_plain_loop(lines: list[tuple[str, str, date]], max_order_days: int) -> set[tuple[str, str, date]]:
    """Customer, number and first day of each order, of lines that are customer, number and day."""
    first_day: dict[tuple[str, str], date] = {}
    orders = set()
    for customer, number, day in sorted(lines, key=lambda line: line[2]):
        key = customer, number
        if key not in first_day or (day - first_day[key]).days > max_order_days:
            first_day[key] = day
        orders.add((*key, first_day[key]))
    return orders


@pytest.mark.parametrize("max_order_days", [0, 7])
def test_lines_that_arrive_in_any_order_make_the_orders_of_a_plain_loop(
    max_order_days: int, make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    """Few numbers, used again and again, with lines on the day that still belongs and on the day after it."""
    chance = random.Random(max_order_days)
    lines = []
    for customer, number in ((customer, number) for customer in "abc" for number in "123"):
        day = date(2024, 1, 1)
        for _ in range(12):
            day += timedelta(days=chance.choice([0, 1, 3, 7, 8, 40]))
            lines.append((customer, number, day))
    shop = make_shop(transactions=f"{tmp_path}/*.csv", max_order_days=max_order_days)
    of_file = defaultdict(list)
    for position, (customer, number, day) in enumerate(lines):
        of_file[chance.choice("wxy")].append(f"{number},P{position},CUP,1,{day} 10:00:00,1,{customer},France")
    for name, rows in sorted(of_file.items()):
        (tmp_path / f"{name}.csv").write_text("\n".join([HEADINGS, *chance.sample(rows, k=len(rows))]) + "\n")
        if shop.warehouse.exists():
            shop.run("int_orders", "int_customer_states_scd2")
        else:
            shop.build("orders", "int_customer_states_scd2")
    assert set(shop.rows("select customer_id, invoice_number, order_date from orders")) == orders_of_a_plain_loop(
        lines, max_order_days
    )
    assert shop.row("select sum(line_count), count(distinct (customer_id, invoice_id)) = count(*) from orders") == (
        len(lines),
        True,
    )
    states = "select customer_id, orders_placed from core.int_customer_states_scd2 where valid_until is null order by 1"
    assert shop.rows(states) == shop.rows("select customer_id, count(*) from orders group by 1 order by 1")
