"""Lines without a code are no products where their name is one that the seed lists."""

from pathlib import Path

from lines import lines_of
from test_ingest import write

LISTED = (
    "Versand", "versandkosten", "Portokosten", "Lieferkosten", "Trinkgeld", "Frais de port", "Frais de livraison",
    "Pourboire", "Verzendkosten", "Gastos de envío", "GASTOS DE ENVIO", "Spedizione", "Spese di spedizione",
)  # fmt: skip
# A wine, and what is sold for sending and for tips.
PRODUCTS = ("Porto", "Versandtasche", "Versand-Karton", "Trinkgeldkasse")


def test_postage_and_tips_of_other_languages_are_no_products(tmp_path: Path) -> None:
    rows = [f"{row},2024-01-05,c1,,{word},1,4.90" for row, word in enumerate((*LISTED, *PRODUCTS))]
    log = write(tmp_path / "log.csv", "order_id,order_date,customer_id,sku,item_name,quantity,unit_price", *rows)
    with lines_of(log) as lines:
        found = lines.rows(
            "select product_description, rejection_reason from {{ ref('int_transactions_flagged') }} order by input_row"
        )
    assert found == [*((word, "non_product") for word in LISTED), *((word, None) for word in PRODUCTS)]
