"""What the spaces show, beside the metrics of their candidates."""

import numpy as np
import pandas as pd
import pytest
from shop_toolkit.candidate_spaces import describe_interest_space, with_facts_of_spaces
from shop_toolkit.clustering import INTERESTS


def test_a_space_that_could_not_be_made_is_why_all_its_candidates_fail() -> None:
    metrics = pd.DataFrame({
        "space": ["rfm_plane", "rfm_plane", "log_rfm", "rfm"],
        "k": [3, 4, 3, 3],
        "failure_reason": [None, "found 3 of 4 clusters only", "not fitted", None],
    })  # fmt: skip
    spaces = pd.DataFrame({
        "space": ["log_rfm", "rfm", "rfm_plane"],
        "explained_variance": [np.nan, np.nan, 0.9],
        "failure_reason": ["all customers alike", None, None],
    })  # fmt: skip
    rows = with_facts_of_spaces(metrics, spaces)
    assert rows["failure_reason"].tolist()[1:3] == ["found 3 of 4 clusters only", "all customers alike"]
    assert rows["failure_reason"].isna().tolist() == [True, False, False, True]
    assert rows["explained_variance"].tolist()[:2] == [0.9, 0.9]
    assert rows["explained_variance"].isna().tolist() == [False, False, True, True]


@pytest.mark.parametrize(
    ("customers", "has_features", "variances", "failure"),
    [
        (9, True, [0.8, 0.8], None),
        (9, False, [], "no product categories that customers could be interested in"),
        (9, True, [], "all customers alike"),
        (1, True, [], "one customer only"),
    ],
)
def test_the_interest_space_reports_why_nobody_has_a_place_in_it(
    customers: int, has_features: bool, variances: list[float], failure: str | None
) -> None:
    interest_map = pd.DataFrame({"explained_variance": pd.Series(variances, dtype=float)})
    row = describe_interest_space(customers, has_features, interest_map).iloc[0]
    assert (row["space"], row["customer_count"]) == (INTERESTS, customers)
    assert row["failure_reason"] == failure or (failure is None and pd.isna(row["failure_reason"]))
    assert row["explained_variance"] == 0.8 if variances else np.isnan(row["explained_variance"])
