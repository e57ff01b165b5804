"""What the report withholds: revenue, places and ranks that would reveal single customers.

Sections get their tables through `guarded` only, so that no chart, title or download can show more.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from shop_toolkit.report.charts import Tables
from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked
from shop_toolkit.report.segmentations import settings_of_fit

# The report shows no revenue of fewer customers than these.
LEAST_CUSTOMERS = 5
OTHERS = marked("other countries")
# Verdicts on a campaign that claim something; the figures of others can be those of a few customers who ordered.
CLAIMS = ("gain", "loss", "no effect shown")
DIFFERENCES = tuple(
    f"{name}{end}" for name in ("conversion_difference", "adjusted_revenue_difference") for end in ("", "_low", "_high")
)


def withheld_note() -> str:
    """That money of few is missing."""
    return _("Revenue of fewer than {least} customers is not shown.", least=LEAST_CUSTOMERS)


def few(customers: "pd.Series[Any]") -> "pd.Series[bool]":
    """Which rows of a whole to withhold: those of too few customers, and as many of the next larger as hide them.

    A single withheld row could be computed by subtracting all others from the whole.

    Args:
        customers: Number of customers of each row.

    Returns:
        Whether to withhold each row.
    """
    rising = customers[customers > 0].sort_values(kind="stable")
    before = rising.cumsum() - rising
    withheld = (rising < LEAST_CUSTOMERS) | ((before > 0) & (before < LEAST_CUSTOMERS))
    return withheld.reindex(customers.index, fill_value=False)


def without_money(frame: pd.DataFrame, customers: str, money: Sequence[str], whole: Sequence[str] = ()) -> pd.DataFrame:
    """The data frame with missing values in the columns `money` where they would reveal single customers.

    Args:
        frame: Any table.
        customers: Column with the number of customers of a row.
        money: Columns to withhold; where the first one is zero, nothing is revealed.
        whole: Columns whose values make rows parts of the same whole.
    """
    if frame.empty:
        return frame
    frame = frame.reset_index(drop=True)
    paying = frame[customers].where(frame[money[0]].fillna(0) != 0, 0)
    withheld = paying.groupby([frame[name] for name in whole]).transform(few) if whole else few(paying)
    shown = ~withheld.astype(bool)
    return frame.assign(**{name: frame[name].astype(float).where(shown) for name in money if name in frame})


def pooled_countries(countries: pd.DataFrame) -> pd.DataFrame:
    """The countries, with those of few customers added up in one row."""
    countries = countries.reset_index(drop=True)
    withheld = few(countries["customer_count"]) if len(countries) > 1 else pd.Series(False, countries.index)
    if not withheld.any():
        return countries
    sums = countries[withheld].select_dtypes("number").sum()
    return pd.concat([countries[~withheld], pd.DataFrame([sums.to_dict() | {"country": OTHERS}])], ignore_index=True)


def findings_without(findings: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """The findings without those about segments whose money is withheld.

    Args:
        findings: rpt_findings.
        segments: The segments, with missing revenue where it is withheld.
    """
    withheld = segments[segments["revenue"].isna()]
    hidden = set(zip(withheld["segmentation"], withheld["segment"], strict=True))
    keys = zip(findings["segmentation"], findings["subject"], strict=True)
    return findings.loc[[key not in hidden for key in keys]]


def claims_alone(results: pd.DataFrame) -> pd.DataFrame:
    """Results of campaigns, with missing differences where too few customers are compared to claim anything.

    Args:
        results: campaign_results.
    """
    is_claim = results["verdict"].isin(CLAIMS)
    return results.assign(**{name: results[name].astype(float).where(is_claim) for name in DIFFERENCES})


def overdue_totals(ranks: pd.DataFrame) -> pd.DataFrame:
    """What all overdue customers have spent and may spend, by segmentation; missing where they are few.

    Beside it `without_money` hides so many segments that they are not few together.

    Args:
        ranks: rpt_segments with all money.
    """
    money = ["spend_to_date", "expected_loss"]
    totals = ranks.assign(**{name: ranks[name].astype(float) for name in money}).groupby("segmentation")
    sums = totals[[*money, "overdue_customer_count"]].sum().reset_index()
    shown = sums["overdue_customer_count"] >= LEAST_CUSTOMERS
    return sums.assign(**{name: sums[name].where(shown) for name in money})


def cuts_without_money(cuts: pd.DataFrame, scores: pd.DataFrame, setting: object) -> pd.DataFrame:
    """Cut-points as the report may show them: one of money is what a customer spent, unless the shop has set it.

    Amounts of countries are left out, and all where customers are few for so many scores. Around a score of few, they
    are missing.

    Args:
        cuts: rfm_cut_points of the active version.
        scores: Customers (`customer_count`) by `monetary_score`, without countries that have cut-points of their own.
        setting: The setting `rfm_cut_points` that the version was fitted with.

    Returns:
        The cut-points, and whether they are set (`is_set`).
    """
    shown = cuts.assign(score_group=cuts["score_group"].fillna("")).astype({"score_group": "str"})
    own = setting if isinstance(setting, Mapping) else {}
    shown = shown.assign(is_set=[isinstance(own.get(measure), list) for measure in shown["measure"]])
    is_money = (shown["measure"] == "monetary") & ~shown["is_set"].astype(bool)
    number = int((is_money & (shown["score_group"] == "")).sum())
    counts = dict(zip(scores["monetary_score"], scores["customer_count"], strict=True))
    enough = sum(counts.values()) >= LEAST_CUSTOMERS * (1 + number)
    withheld = is_money & shown["cut_number"].isin(cuts_beside_few(counts, number))
    shown = shown.assign(cut_point=shown["cut_point"].astype(float).mask(withheld))
    return shown[~is_money | (enough & (shown["score_group"] == ""))]


def cuts_beside_few(counts: Mapping[int, int], number: int) -> set[int]:
    """Numbers of the cut-points beside scores of few customers; cut-point 1 lies between the scores 1 and 2.

    Where nobody has a score, the cut-points on both sides of it bound the next ones.

    Args:
        counts: Customers by score.
        number: How many cut-points there are.
    """

    def nearest(scores: Sequence[int]) -> int:
        return next((counts[score] for score in scores if counts.get(score)), LEAST_CUSTOMERS)

    return {
        cut
        for cut in range(1, number + 1)
        if min(nearest(range(cut, 0, -1)), nearest(range(cut + 1, number + 2))) < LEAST_CUSTOMERS
    }


def guarded(tables: Tables) -> dict[str, pd.DataFrame]:
    """The tables as the report may show them.

    Args:
        tables: All tables of the report, by name.
    """
    is_pair = tables["rpt_score_cells"]["monetary_score"].isna()
    cells, monetary_scores = tables["rpt_score_cells"][is_pair], tables["rpt_score_cells"][~is_pair]
    cells = cells.assign(revenue_share=cells["revenue"] / (cells["revenue"].sum() or 1) if len(cells) else 0.0)
    on_map, calibration = tables["rpt_map_cells"], tables["prediction_calibration"]
    spend_of_few = (calibration["measure"] == "spend") & (calibration["sample_size"] < LEAST_CUSTOMERS)
    segments = without_money(
        tables["segments"], "size", ["revenue", "revenue_share", "median_monetary"], ["segmentation"]
    )
    return dict(tables) | {
        "rpt_findings": findings_without(tables["rpt_findings"], segments),
        "rfm_cut_points": cuts_without_money(
            tables["rfm_cut_points"],
            monetary_scores,
            settings_of_fit(tables["segment_rules"]).get("rfm_cut_points"),
        ),
        "sales_by_country": pooled_countries(tables["sales_by_country"]),
        "rpt_score_cells": without_money(cells, "customer_count", ["revenue", "revenue_share"]),
        "rpt_segment_interests": without_money(
            tables["rpt_segment_interests"], "customer_count", ["spend", "spend_share"], ["segmentation", "segment"]
        ),
        "rpt_map_cells": on_map[on_map["customer_count"] >= LEAST_CUSTOMERS],
        "segments": segments,
        "campaign_results": claims_alone(tables["campaign_results"]),
        "interest_groups": without_money(
            tables["interest_groups"], "size", ["revenue", "revenue_share", "mean_basket"]
        ),
        "prediction_calibration": calibration[~spend_of_few],
        "overdue_totals": overdue_totals(tables["rpt_segments"]),
        "rpt_segments": without_money(
            tables["rpt_segments"],
            "overdue_customer_count",
            ["spend_to_date", "expected_loss", "median_days_overdue"],
            ["segmentation"],
        ),
    }
