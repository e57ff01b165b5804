"""What the spaces that customers are clustered in show of them, beside the metrics of their candidates."""

import pandas as pd

from shop_toolkit.clustering import INTERESTS


def with_facts_of_spaces(metrics: pd.DataFrame, spaces: pd.DataFrame) -> pd.DataFrame:
    """Metrics of candidates with the explained variance of their space, and its failure where it has one.

    Args:
        metrics: One row per candidate, as `measure_candidates` returns them (space, failure_reason and more).
        spaces: One row per space (space, explained_variance, failure_reason).

    Returns:
        The rows of `metrics` with explained_variance (share, 0..1). A space that could not be made is the reason
        why all its candidates fail, whatever theirs would be.
    """
    facts = spaces.set_index("space")
    failures = metrics["space"].map(facts["failure_reason"])
    return metrics.assign(
        explained_variance=metrics["space"].map(facts["explained_variance"]).astype(float),
        failure_reason=failures.where(failures.notna(), metrics["failure_reason"]),
    )


def describe_interest_space(customers: int, has_features: bool, interest_map: pd.DataFrame) -> pd.DataFrame:
    """What the space of interests shows, or why customers have no place in it.

    Args:
        customers: Customers that are fitted.
        has_features: Whether they have any features of interests; without product categories they have none.
        interest_map: The map of the version, as `interests.fit_interest_map` returns it; may be empty.

    Returns:
        One row: space, customer_count, dimensions, explained_variance (share, 0..1; missing without a map) and
        failure_reason (None where the space has coordinates).
    """
    failure = None
    if not has_features:
        failure = "no product categories that customers could be interested in"
    elif interest_map.empty:
        failure = "one customer only" if customers == 1 else "all customers alike"
    return pd.DataFrame({
        "space": [INTERESTS],
        "customer_count": [customers],
        "dimensions": [3],
        "explained_variance": [float(interest_map["explained_variance"].max())],
        "failure_reason": pd.Series([failure], dtype=object),
    })  # fmt: skip
