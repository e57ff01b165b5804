"""Which versions can report the history."""

import pandas as pd
from lines import Given, connected


def test_only_usable_versions_whose_rules_were_stored_report_the_history() -> None:
    day, fifth = pd.Timestamp("2011-03-01").date(), pd.Timestamp("2011-03-05").date()
    versions = pd.DataFrame(
        [
            (1, "first build", "9", day),
            # cut off before its rules
            (2, "refit", "9", day),
            (3, "another shop", "7", day),
            (4, "refit", "9", fifth),
            # serves builds with its own baseline date alone
            (5, "another baseline date", "9", fifth),
        ],
        columns=["model_version", "cause", "anchor_invoice_id", "baseline_date"],
    ).assign(anchor_customer_id="c", anchor_order_date=day)
    with connected() as connection:
        given = Given(
            connection,
            model_versions=versions,
            int_orders=pd.DataFrame({"invoice_id": ["9"], "customer_id": ["c"], "order_date": [day]}),
            int_segment_rules=pd.DataFrame({"model_version": [1, 1, 3, 4, 5]}),
        )
        found = given.rows(
            """
            select model_version, previous_version, is_usable, baseline_date from ({{ history_versions() }}) order by 1
            """
        )
    assert found == [(1, None, True, day), (4, 1, True, fifth), (5, None, False, fifth)]
