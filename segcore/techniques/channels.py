"""Channels of a picture, and how arrays are made visible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segcore.techniques.types import Choice

CHANNELS = {
    "grey": "Grey",
    "red": "Red",
    "green": "Green",
    "blue": "Blue",
    "hue": "Hue (HSV)",
    "saturation": "Saturation (HSV)",
    "value": "Value (HSV)",
    "lightness": "Lightness L* (Lab)",
    "a": "Green to red a* (Lab)",
    "b": "Blue to yellow b* (Lab)",
}
CHANNEL = Choice(
    "channel",
    "Channel",
    "grey",
    CHANNELS,
    "The one number of each pixel that the method looks at.",
)
SPACES = {"lab": "Lab", "rgb": "RGB", "hsv": "HSV"}


def channel(picture: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """Return one of `CHANNELS` as (h, w) uint8.

    Hue, saturation, value and lightness are stretched to 0-255 from their whole range; a* and
    b* are moved up by 128. Raises `ValueError` for another name.
    """
    from skimage import color

    if name in ("red", "green", "blue"):
        return np.ascontiguousarray(picture[..., ("red", "green", "blue").index(name)])
    if name in ("hue", "saturation", "value"):
        place = ("hue", "saturation", "value").index(name)
        return _bytes(color.rgb2hsv(picture)[..., place] * 255)
    if name == "lightness":
        return _bytes(color.rgb2lab(picture)[..., 0] * 2.55)
    if name in ("a", "b"):
        return _bytes(color.rgb2lab(picture)[..., 1 if name == "a" else 2] + 128)
    if name != "grey":
        raise ValueError(f"There is no channel {name!r}; choose one of {', '.join(CHANNELS)}.")
    return _bytes(color.rgb2gray(picture) * 255)


def features(picture: NDArray[np.uint8], space: str, position: float) -> NDArray[np.float32]:
    """Return one row a pixel, (h * w, 3 or 5) float32: its colour, and its place if it counts.

    Colours are on a scale of about 0 to 100 in each of `SPACES`; places run from 0 to
    ``100 * position`` along the longer side.
    """
    from skimage import color

    convert = {
        "lab": color.rgb2lab,
        "rgb": lambda rgb: rgb / 2.55,
        "hsv": lambda rgb: color.rgb2hsv(rgb) * 100,
    }
    if space not in convert:
        raise ValueError(f"There is no colour space {space!r}; choose one of {', '.join(SPACES)}.")
    colours = convert[space](picture).reshape(-1, 3)
    if not position:
        return colours.astype(np.float32)
    places = np.indices(picture.shape[:2]).reshape(2, -1).T / max(picture.shape[:2])
    return np.hstack([colours, places * (100 * position)]).astype(np.float32)


def stretched(array: NDArray) -> NDArray[np.uint8]:
    """Return an array as uint8 from its smallest (0) to its largest value (255), for showing."""
    values = np.nan_to_num(np.asarray(array, np.float64))
    low, high = values.min(), values.max()
    return _bytes((values - low) * (255 / ((high - low) or 1)))


def coloured(regions: NDArray[np.integer], picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Paint each region in its mean colour, with white lines between; (h, w, 3) uint8."""
    from skimage import color, segmentation

    painted = color.label2rgb(regions, picture, kind="avg", bg_label=-1).astype(np.uint8)
    painted[segmentation.find_boundaries(regions, mode="inner")] = 255
    return painted


def _bytes(values: NDArray) -> NDArray[np.uint8]:
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)
