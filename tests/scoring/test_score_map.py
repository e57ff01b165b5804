"""Which segment the seed gives a score cell."""

import pandas as pd
from lines import Given, connected


def test_a_block_of_the_seed_covers_its_cells() -> None:
    block = {
        "segment": "top", "recency_min": 4, "recency_to": 5, "frequency_min": 5, "frequency_to": 5, "monetary_min": 1,
        "monetary_to": 1, "repeat_segment": "again",
    }  # fmt: skip
    with connected() as connection:
        given = Given(connection, rfm_segments=pd.DataFrame([block]))
        cells = given.rows(
            """
            select segment, repeat_segment, recency_score, frequency_score, monetary_score from ({{ rfm_score_map() }})
            order by all
            """
        )
    assert cells == [("top", "again", 4, 5, 1), ("top", "again", 5, 5, 1)]
