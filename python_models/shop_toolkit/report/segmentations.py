"""What sections share about segmentations: their names, and the order of their segments."""

import json
from typing import Any

import pandas as pd

from shop_toolkit.report.language import gettext as _
from shop_toolkit.report.language import marked
from shop_toolkit.report.words import sentence

SEGMENTATIONS = {
    "broad": marked("broad segments"),
    "detailed": marked("detailed segments"),
    "rfm": marked("RFM segments"),
    "custom": marked("custom segments"),
}
LEARNED = ("broad", "detailed")
# Segments that the shop defines itself: only where the seed custom_segments has rows.
CUSTOM = "custom"
# Customers without a net order, as every segmentation and the interest groups call them.
ALL_CANCELLED = marked("all cancelled")


def segments_named(segmentation: str) -> str:
    """The name of a segmentation as a heading, in the current language."""
    return sentence(_(SEGMENTATIONS[segmentation]))


def titled(segmentation: str, title: str) -> str:
    """A title that names a segment, with its segmentation: some names, such as loyal, occur in several."""
    return _("{segments}: {title}", segments=segments_named(segmentation), title=title)


def segmentations_of(segments: pd.DataFrame) -> dict[str, str]:
    """Key and name of the shop's segmentations.

    Args:
        segments: The mart of this name.
    """
    has_custom = (segments["segmentation"] == CUSTOM).any()
    return {key: words for key, words in SEGMENTATIONS.items() if key != CUSTOM or has_custom}


def settings_of_fit(rules: pd.DataFrame) -> dict[str, Any]:
    """The settings that a version was fitted with, by name; empty without rules.

    Args:
        rules: segment_rules of the version.
    """
    for settings in rules["settings"]:
        known: dict[str, Any] = json.loads(settings)
        return known
    return {}


def ordered(segments: pd.DataFrame, segmentation: str) -> pd.DataFrame:
    """The segments of a segmentation that have customers, best first.

    Args:
        segments: The mart of this name.
        segmentation: rfm, broad, detailed or custom.
    """
    own = segments[(segments["segmentation"] == segmentation) & (segments["size"] > 0)]
    return own.sort_values("display_order")
