"""What an order is: lines of one invoice number that lie near one another, whatever their days."""

import csv
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from conftest import DEMO_FILE, Shop

DEMO_TIME = "%m/%d/%Y %H:%M"


def test_orders_whose_lines_fall_on_two_days_build(make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    """The embedded shop, in which every fortieth invoice got its last line one to six days after the others.

    The data tests compute each figure again from the lines, up to each cutoff date.
    """
    with DEMO_FILE.open(encoding="utf-8") as file:
        headings, *lines = csv.reader(file)
    last_line_of = {line[0]: line for line in lines if not line[0].startswith("C")}
    several = {line[0] for line, previous in zip(lines[1:], lines, strict=False) if line[0] == previous[0]}
    for number, invoice in enumerate(sorted(several & last_line_of.keys())[::40]):
        line = last_line_of[invoice]
        moved = datetime.strptime(line[4], DEMO_TIME) + timedelta(days=1 + number % 6)
        line[4] = moved.strftime(DEMO_TIME)
    with (tmp_path / "shop.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([headings, *lines])
    shop = make_shop(transactions=f"{tmp_path}/shop.csv").build_with_data_tests(
        "int_sample_features", "int_spend_samples", "int_sample_splits", "int_prediction_origins", "customers",
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
