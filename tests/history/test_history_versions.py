"""Which versions can report the history, and how far two of them agree."""

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


def test_a_refit_that_moves_one_of_four_differs_from_one_that_moves_none() -> None:
    january, february = pd.Timestamp("2011-01-31").date(), pd.Timestamp("2011-02-28").date()
    snapshots = pd.DataFrame(
        [
            ("a", february, "x", "p", 1, False),
            ("b", february, "x", "p", 2, False),
            ("c", february, "x", "q", 3, False),
            ("d", february, "y", "q", 4, False),
            # withdrawn; of another day
            ("e", february, "y", "q", 4, True),
            ("d", january, "x", "p", 4, False),
        ],
        columns=["customer_id", "as_of_date", "broad_segment", "detailed_segment", "monetary", "is_withdrawn"],
    ).assign(rfm_segment="lost", recency_days=1, frequency=1, model_version=2)
    # the old rules: two and two, broad and detailed
    rules = pd.DataFrame(
        [
            (1, segmentation, segment, least, most)
            for segmentation in ("broad", "detailed")
            for segment, least, most in (("low", None, 3), ("high", 3, None))
        ]
        + [(2, "broad", "x", None, None)],
        columns=["model_version", "segmentation", "segment", "monetary_min", "monetary_max"],
    ).assign(rule_number=1, confidence=1.0)
    bounds = ("recency_min", "recency_max", "frequency_min", "frequency_max")
    cut_points = pd.DataFrame(
        [
            (1, measure, number, cut)
            for measure, cut in (("recency_days", 1), ("frequency", 1), ("monetary", 9))
            for number in range(1, 5)
        ],
        columns=["model_version", "measure", "cut_number", "cut_point"],
    ).assign(score_group=pd.Series(dtype=str))
    versions = pd.DataFrame({"model_version": [1, 2], "cause": ["first build", "refit"]}).assign(
        anchor_invoice_id="9", anchor_customer_id="c", anchor_order_date=january, baseline_date=january
    )
    with connected() as connection:
        given = Given(
            connection,
            int_segment_snapshots=snapshots,
            int_segment_rules=rules.assign(**dict.fromkeys(bounds, pd.array([pd.NA] * len(rules), "Int64"))),
            rfm_cut_points=cut_points,
            int_customer_states_scd2=snapshots[["customer_id"]].drop_duplicates().assign(
                country="UK", valid_from=february, valid_until=None
            ),
            rfm_segments=pd.DataFrame(
                [("new", 5, 5, 1, 1, 1, 1, None)],
                columns=[
                    "segment", "recency_min", "recency_to", "frequency_min", "frequency_to", "monetary_min",
                    "monetary_to", "repeat_segment",
                ],
            ),
            model_versions=versions,
            int_orders=pd.DataFrame({"invoice_id": ["9"], "customer_id": ["c"], "order_date": [january]}),
        )  # fmt: skip
        found = given.rows("from ({{ refit_agreement() }}) order by segmentation")
    assert found == [
        # of 6 pairs 1 is together by both, 2 by the old, 3 by the new: (1 - 2 * 3 / 6) / ((2 + 3) / 2 - 1) = 0
        ("broad", 0, february),
        # other names, the same groups
        ("detailed", 1, february),
        # all in one segment by both: nothing is left to chance
        ("rfm", 1, february),
    ]
