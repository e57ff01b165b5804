"""What a log leaves in doubt is counted in a warning, with the money and what to do."""

from pathlib import Path
from typing import Any

from lines import Lines, lines_of
from test_ingest import write

HEADINGS = "type,order_id,order_date,customer_id,sku,qty,unit_price"


def warnings(lines: Lines, kind: str) -> list[tuple[Any, ...]]:
    """Of this kind: column, rows, money and example."""
    query = "select column_name, row_count, amount, example from {{ ref('input_warnings') }}"
    return lines.rows(f"{query} where kind = '{kind}' order by all")


def test_a_type_that_no_seed_lists_is_a_warning(tmp_path: Path) -> None:
    log = write(
        tmp_path / "log.csv",
        HEADINGS,
        "Rechnung,1,2024-01-05,c1,s1,1,10.00",
        "Gutschrift,2,2024-01-06,c1,s1,1,10.00",
        "Rabatt,1,2024-01-05,c1,s2,1,2.00",
        "Muster,3,2024-01-07,c2,s1,1,4.00",
        "RABATT,3,2024-01-07,c2,s2,1,1.00",
        "Angebot,4,2024-01-08,c2,s1,1,10.00",
        ",5,2024-01-08,c2,s1,1,10.00",
    )
    with lines_of(log) as lines:
        assert warnings(lines, "unknown_types") == [("transaction_type", 3, 7, "rabatt, muster")]
        counted = "select invoice_id, sum(gross_amount) from {{ ref('int_transactions_flagged') }}"
        counted += " where rejection_reason is null and quantity < 0 group by 1"
        assert lines.rows(counted) == [("2", -10)]


def test_types_that_the_seed_lists_are_no_warning(tmp_path: Path) -> None:
    lines = [f"{word},{row},2024-01-05,c1,s1,1,10.00" for row, word in enumerate(["Facture", "avoir", "Devis"])]
    with lines_of(write(tmp_path / "log.csv", HEADINGS, *lines)) as built:
        assert warnings(built, "unknown_types") == []
