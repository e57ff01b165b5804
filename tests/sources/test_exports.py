"""Exports whose headings mean something else than elsewhere."""

from shop_toolkit.ingest.headings import match_headings


def test_the_item_price_of_amazons_reports_is_that_of_all_units() -> None:
    headings = ["amazon-order-id", "purchase-date", "order-status", "sku", "quantity", "currency", "item-price",
                "buyer-email", "ship-country"]  # fmt: skip
    assert match_headings(headings, "the report", {}) == {
        "invoice_id": "amazon-order-id", "ordered_at": "purchase-date", "order_status": "order-status",
        "product_id": "sku", "quantity": "quantity", "currency": "currency", "amount": "item-price",
        "customer_id": "buyer-email", "country": "ship-country",
    }  # fmt: skip
    assert match_headings(headings, "the report", {"unit_price": "item-price"})["unit_price"] == "item-price"
    assert "amount" not in match_headings(["order id", "date", "item-price", "customer"], "a shop", {})


def test_an_e_mail_address_is_the_customer_as_an_e_mail_is() -> None:
    """As in Xero's invoices."""
    headings = ["ContactName", "EmailAddress", "InvoiceNumber", "InvoiceDate", "LineAmount"]
    assert match_headings(headings, "the invoices", {})["customer_id"] == "EmailAddress"
