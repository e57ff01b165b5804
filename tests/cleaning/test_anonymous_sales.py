"""Which rejected lines count for the shop's totals."""

import pandas as pd
from lines import Given, connected

FLAGS = (
    "is_duplicate", "is_other_currency", "is_cancellation", "is_stock_adjustment", "has_no_quantity", "is_non_product",
    "has_no_price",
)  # fmt: skip


def test_only_otherwise_good_sales_without_a_customer_are_anonymous_sales() -> None:
    anonymous = {
        "input_row": 1, "rejection_reason": "missing_customer", "invoice_id": "1", "product_id": "A", "country": "UK",
        "quantity": 1, "gross_amount": 2, "ordered_at": pd.Timestamp("2024-01-01"),
    } | dict.fromkeys(FLAGS, False)  # fmt: skip
    others = [anonymous | {"input_row": number, flag: True} for number, flag in enumerate(FLAGS, 3)]
    lines = pd.DataFrame([anonymous, anonymous | {"input_row": 2, "rejection_reason": None}, *others])
    with connected() as connection:
        given = Given(connection, int_transactions_flagged=lines)
        assert given.rows("select input_row from ({{ anonymous_sales() }})") == [(1,)]
