"""Colours that colour-blind readers can distinguish; a segment has the same one throughout the report.

The pool is from published palettes (Okabe and Ito, 2008; Paul Tol's bright and muted, 2021), without colours that
vanish on white or on black paper, and was chosen so that the project's own segments lie far apart for every sight.
"""

import math
import zlib
from collections.abc import Collection
from functools import cache

import pandas as pd

from shop_toolkit.report.segmentations import ALL_CANCELLED, CUSTOM

POOL = (
    "#88CCEE", "#B8A000", "#DDCC77", "#EE6677", "#AA3377", "#117733", "#999933", "#228833", "#5B4FC4", "#56B4E9",
    "#0072B2", "#E69F00", "#009E73",
)  # fmt: skip
# Customers without a net order are not compared with others.
GREY = "#A0A6AD"
# Names that the project gives: chosen so that those of a segmentation lie far apart. They never depend on which of them
# a shop has.
NAMED = {
    ALL_CANCELLED: GREY,
    "champions": "#E69F00", "loyal": "#5B4FC4", "regulars": "#117733", "occasional": "#DDCC77",
    "newcomers": "#56B4E9", "at risk": "#AA3377", "lost": "#999933", "all customers": "#009E73", "growing": "#B8A000",
    "promising": "#228833", "hanging": "#EE6677", "sleeping": "#88CCEE", "gone": "#DDCC77",
    "potential loyal": "#56B4E9", "new": "#DDCC77", "needs attention": "#009E73", "about to sleep": "#0072B2",
    "can't lose": "#EE6677", "hibernating": "#88CCEE",
}  # fmt: skip
# Colours at least this far apart are different to everyone at a glance.
DIFFERENT = 12
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

    A name of the project's own has the colour of `NAMED`, whatever other segments there are. Another one begins with a
    place of the pool that depends on its letters alone, and takes the first colour from there that looks different from
    those of its own segmentations. So a segment that is new somewhere leaves the others their colours.

    Args:
        segments: One row per segmentation and segment, with its colour if that is decided.

    Returns:
        A colour `#rrggbb` by name.
    """
    if "colour" in segments:
        return dict(zip(segments["segment"], segments["colour"], strict=True))
    members = {key: sorted(set(rows)) for key, rows in segments.groupby("segmentation")["segment"]}
    colours = dict(NAMED)
    # What a shop defines itself comes last, as the segments that are learned were there before.
    for key in sorted(members, key=lambda key: (key == CUSTOM, key)):
        for name in members[key]:
            if name not in colours:
                beside = {
                    colours[other] for names in members.values() if name in names for other in names if other in colours
                }
                colours[name] = colour_of(name, beside)
    shown = set().union(*members.values())
    return {name: colour for name, colour in colours.items() if name in shown or name == ALL_CANCELLED}


def colour_of(name: str, beside: Collection[str]) -> str:
    """A colour of the pool for a name: the first that differs enough from those beside it, else the most unlike.

    Args:
        name: The name: where in the pool to begin.
        beside: Colours that are taken.
    """
    start = zlib.crc32(name.encode()) % len(POOL)

    def apart(colour: str) -> float:
        return min((distance(colour, other) for other in beside), default=math.inf)

    own = POOL[start:] + POOL[:start]
    return next((colour for colour in own if apart(colour) >= DIFFERENT), max(own, key=apart))
