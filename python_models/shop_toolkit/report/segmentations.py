"""What sections share about segmentations: their names, and the order of their segments."""

import pandas as pd

SEGMENTATIONS = {
    "broad": "broad segments",
    "detailed": "detailed segments",
    "rfm": "RFM segments",
    "custom": "custom segments",
}
LEARNED = ("broad", "detailed")
# Segments that the shop defines itself: only where the seed custom_segments has rows.
CUSTOM = "custom"
# Those whose moves are drawn.
MOVING = (*LEARNED, CUSTOM)
# Customers without a net order, as every segmentation and the interest groups call them.
ALL_CANCELLED = "all cancelled"


def segmentations_of(segments: pd.DataFrame) -> dict[str, str]:
    """Key and name of the shop's segmentations.

    Args:
        segments: The mart of this name.
    """
    has_custom = (segments["segmentation"] == CUSTOM).any()
    return {key: words for key, words in SEGMENTATIONS.items() if key != CUSTOM or has_custom}


def ordered(segments: pd.DataFrame, segmentation: str) -> pd.DataFrame:
    """The segments of a segmentation that have customers, best first.

    Args:
        segments: The mart of this name.
        segmentation: rfm, broad, detailed or custom.
    """
    own = segments[(segments["segmentation"] == segmentation) & (segments["size"] > 0)]
    return own.sort_values("display_order")
