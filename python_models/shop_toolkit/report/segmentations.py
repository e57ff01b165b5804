"""What sections share about segmentations: their names, and the order of their segments."""

import pandas as pd

SEGMENTATIONS = {"broad": "broad segments", "detailed": "detailed segments", "rfm": "RFM segments"}
LEARNED = ("broad", "detailed")
# Customers without a net order, as every segmentation and the interest groups call them.
ALL_CANCELLED = "all cancelled"


def ordered(segments: pd.DataFrame, segmentation: str) -> pd.DataFrame:
    """The segments of a segmentation that have customers, best first.

    Args:
        segments: The mart of this name.
        segmentation: rfm, broad or detailed.
    """
    own = segments[(segments["segmentation"] == segmentation) & (segments["size"] > 0)]
    return own.sort_values("display_order")
