"""What the report keeps to itself: money, places and ranks that would tell of single customers.

Sections get their tables through `guarded` only, so that no chart, title or download can show more.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

# Of fewer customers than these the report tells no money.
LEAST_CUSTOMERS = 5
OTHERS = "other countries"


def few(customers: pd.Series) -> pd.Series:
    """Which rows of a whole to withhold: those of too few customers, and as many of the next larger as hide them.

    One row alone could be had back by taking all others from the whole.
    """
    rising = customers[customers > 0].sort_values(kind="stable")
    before = rising.cumsum() - rising
    withheld = (rising < LEAST_CUSTOMERS) | ((before > 0) & (before < LEAST_CUSTOMERS))
    return withheld.reindex(customers.index, fill_value=False)


def without_money(frame: pd.DataFrame, customers: str, money: Sequence[str], whole: Sequence[str] = ()) -> pd.DataFrame:
    """The frame with nothing in the columns `money` (the first says whether there is any) where it would tell of few.

    `whole` names the columns whose values make rows parts of the same whole.
    """
    if frame.empty:
        return frame
    frame = frame.reset_index(drop=True)
    paying = frame[customers].where(frame[money[0]].fillna(0) != 0, 0)
    withheld = paying.groupby([frame[name] for name in whole]).transform(few) if whole else few(paying)
    kept = ~withheld.astype(bool)
    return frame.assign(**{name: frame[name].astype(float).where(kept) for name in money if name in frame})


def pooled_countries(countries: pd.DataFrame) -> pd.DataFrame:
    """Countries of few customers as one row."""
    countries = countries.reset_index(drop=True)
    withheld = few(countries["customers"]) if len(countries) > 1 else pd.Series(False, countries.index)
    if not withheld.any():
        return countries
    sums = countries[withheld].select_dtypes("number").sum()
    return pd.concat([countries[~withheld], pd.DataFrame([sums.to_dict() | {"country": OTHERS}])], ignore_index=True)


def guarded(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables as the report may tell of them."""
    cells = tables["rpt_score_cells"]
    cells = cells.assign(revenue_share=cells["revenue"] / (cells["revenue"].sum() or 1) if len(cells) else 0.0)
    on_map, reliability = tables["rpt_map_cells"], tables["prediction_calibration"]
    spend_of_few = (reliability["measure"] == "spend") & (reliability["sample_size"] < LEAST_CUSTOMERS)
    return dict(tables) | {
        "sales_by_country": pooled_countries(tables["sales_by_country"]),
        "rpt_score_cells": without_money(cells, "customers", ["revenue", "revenue_share"]),
        "rpt_segment_interests": without_money(
            tables["rpt_segment_interests"], "customers", ["spend", "spend_share"], ["segmentation", "segment"]
        ),
        "rpt_map_cells": on_map[on_map["customers"] >= LEAST_CUSTOMERS],
        "segments": without_money(
            tables["segments"], "size", ["revenue", "revenue_share", "median_monetary"], ["segmentation"]
        ),
        "interest_groups": without_money(
            tables["interest_groups"], "size", ["revenue", "revenue_share", "mean_basket"]
        ),
        "prediction_calibration": reliability[~spend_of_few],
        "rpt_alerts": without_money(
            tables["rpt_alerts"], "overdue_customers", ["revenue_at_risk", "median_days_overdue"]
        ),
    }
