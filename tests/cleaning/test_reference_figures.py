"""The real file gives the reference's figures, to the unit and to the penny."""

from decimal import Decimal

from conftest import Shop


def test_rows_go_where_the_reference_says(real_shop: Shop) -> None:
    assert real_shop.row("select count(*) from staging.base_transactions") == (541_909,)
    assert dict(real_shop.rows("select reason, count(*) from rejected_transactions group by 1")) == {
        "missing_customer": 135_080,
        "duplicate": 5_225,
        "non_product": 1_915,
        "no_price": 33,
    }
    assert real_shop.row("select count(*), sum(gross_amount) from order_lines") == (391_150, Decimal("8737227.64"))
    assert real_shop.row("select count(*), sum(quantity) from cancellations") == (8_506, 267_711)


def test_shop_has_the_references_size(real_shop: Shop) -> None:
    assert real_shop.row(
        "select count(distinct customer_id), count(distinct product_id), count(distinct country) from order_lines"
    ) == (4_334, 3_659, 37)
    assert real_shop.row("select count(*), count(*) filter (where is_fully_cancelled) from orders") == (18_402, 133)
    assert real_shop.row("select count(*) from products") == (3_659,)


def test_cancellations_match_what_the_reference_says(real_shop: Shop) -> None:
    assert real_shop.row("select sum(units), sum(amount) from cancellation_matches") == (248_964, Decimal("485536.73"))
    assert real_shop.row(
        "select sum(unmatched_quantity), count(*) filter (where matched_quantity = 0) from cancellations"
    ) == (18_747, 1_053)
    assert real_shop.row("select sum(revenue) from order_lines") == (Decimal("8251690.91"),)
    assert real_shop.row("select amount_after from cleaning_summary where step = 'taken back'") == (
        Decimal("8251690.91"),
    )


def test_customers_are_the_references(real_shop: Shop) -> None:
    assert real_shop.row(
        """
        select
            count(*), count(*) filter (where frequency = 0), round(avg(frequency) filter (where frequency > 0), 3),
            count(*) filter (where recency_days > 200), max(as_of_date)::varchar
        from customers
        """
    ) == (4_334, 10, 4.225, 742, "2011-12-09")
    assert real_shop.row("select recency_days, frequency, monetary from customers where customer_id = '12360'") == (
        52, 3, Decimal("2302.06"),
    )  # fmt: skip
    assert real_shop.row("select frequency, monetary, rfm_segment from customers where customer_id = '12346'") == (
        0, 0, "kept nothing",
    )  # fmt: skip


def test_most_one_order_customers_share_a_score(real_shop: Shop) -> None:
    """What ntile gets wrong on this file: 1,495 customers with one order, split by their number alone."""
    assert real_shop.rows("select distinct frequency_score from customers where frequency = 1") == [(1,)]
