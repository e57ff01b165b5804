"""Colours that colour-blind readers can distinguish; a segment has the same one throughout the report.

The pool is from published palettes (Okabe and Ito, 2008; Paul Tol's bright and muted, 2021), without colours that
vanish on white or on black paper, and was chosen so that the project's own segments lie far apart for every sight.
"""

import itertools
import math
from functools import cache

import pandas as pd

from shop_toolkit.report.segmentations import ALL_CANCELLED

POOL = (
    "#88CCEE", "#B8A000", "#DDCC77", "#EE6677", "#AA3377", "#117733", "#999933", "#228833", "#5B4FC4", "#56B4E9",
    "#0072B2", "#E69F00", "#009E73",
)  # fmt: skip
# Customers without a net order are not compared with others.
GREY = "#A0A6AD"
# How the two common kinds of colour-blindness see linear RGB: Machado, Oliveira and Fernandes (2009), severity 1.
SIGHTS = (
    ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
)


@cache
def seen(colour: str, sight: int) -> tuple[float, float, float]:
    """A colour `#rrggbb` in CIELAB (lightness, a, b), as seen with `SIGHTS[sight]`."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    red, green, blue = (sum(a * b for a, b in zip(row, linear, strict=True)) for row in SIGHTS[sight])
    tristimulus = (
        (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
        0.2126 * red + 0.7152 * green + 0.0722 * blue,
        (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089,
    )
    x, y, z = (max(value, 0) ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in tristimulus)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@cache
def distance(one: str, other: str) -> float:
    """How different two colours look to those who distinguish them worst (CIE76; 2 is just noticeable)."""
    return min(math.dist(seen(one, sight), seen(other, sight)) for sight in range(len(SIGHTS)))


def segment_colours(segments: pd.DataFrame) -> dict[str, str]:
    """A colour for each segment name, the same in all segmentations that have a segment of this name.

    Each name gets the colour that differs most from those of its own segmentations, in order of the size of these.

    Args:
        segments: One row per segmentation and segment, with display_order.

    Returns:
        A colour `#rrggbb` by name.
    """
    members = {
        name: list(rows) for name, rows in segments.sort_values("display_order").groupby("segmentation")["segment"]
    }
    colours = {ALL_CANCELLED: GREY}
    for name in itertools.chain(*(members[key] for key in sorted(members, key=lambda key: (len(members[key]), key)))):
        if name in colours:
            continue
        beside = {colours[other] for names in members.values() if name in names for other in names if other in colours}
        # The first of the pool if nothing is beside it; when all are used, the one least like its neighbours.
        free = [colour for colour in POOL if colour not in colours.values()] or list(POOL)
        colours[name] = max(free, key=lambda colour: min((distance(colour, other) for other in beside), default=0))
    return colours
