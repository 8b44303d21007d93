"""Feature maps as pictures and figures: colours, contact sheets, order, facts. No network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from segcore.render import colour_scale

ORDERS = ("network order", "most active")
GAP = 2  # pixels between channels
GAP_GREY = 128  # seen on a light and on a dark page
# Viridis of Smith and van der Walt, at nine equal steps: its lightness rises evenly from dark
# purple to yellow, so it reads without telling hues apart.
VIRIDIS = (
    (68, 1, 84),
    (71, 44, 122),
    (59, 81, 139),
    (44, 113, 142),
    (33, 144, 141),
    (39, 173, 129),
    (92, 200, 99),
    (170, 220, 50),
    (253, 231, 37),
)


@dataclass(frozen=True)
class Facts:
    """A feature map in figures.

    Attributes
    ----------
    low, high, mean : float
        Of all its values.
    zeros : float
        Share of values that are exactly zero, in [0, 1].
    silent : int
        Channels that are zero everywhere.
    channels : int
        Channels in all.
    """

    low: float
    high: float
    mean: float
    zeros: float
    silent: int
    channels: int


def mosaic(feature_map: NDArray[np.floating], columns: int, side: int) -> NDArray[np.uint8]:
    """Put the channels side by side, each with colours of its own.

    They go from its smallest value, or 0 if that is more, to its largest, or 0: zero is always
    within the scale, a channel that is zero everywhere is dark, and one that is the same
    positive number everywhere is yellow.

    Parameters
    ----------
    feature_map : (height, width, channels) float
        Finite.
    columns : int
        Channels in a row; fewer where there are fewer.
    side : int
        Height and width of a channel in pixels. A smaller one is enlarged so that its
        pixels stay squares of one colour; of a larger one areas are averaged.

    Returns
    -------
    (rows * (side + GAP) - GAP, columns * (side + GAP) - GAP, 3) uint8
        RGB; the gaps, and places that are left over in the last row, are grey.

    Raises
    ------
    ValueError
        If the array has another number of axes or is empty, or a number is less than 1.
    """
    if feature_map.ndim != 3 or not feature_map.size:
        raise ValueError(f"given {feature_map.shape}; accepted: (height, width, channels)")
    if columns < 1 or side < 1:
        raise ValueError(f"columns={columns}, side={side}: each must be 1 or more.")
    channels = feature_map.shape[2]
    columns = min(columns, channels)
    rows, step = -(-channels // columns), side + GAP
    sheet = np.full((rows * step - GAP, columns * step - GAP, 3), GAP_GREY, np.uint8)
    for i in range(channels):
        top, left = i // columns * step, i % columns * step
        resized = _resized(_levels(feature_map[..., i]), side)
        sheet[top : top + side, left : left + side] = _coloured(resized)
    return sheet


def order(feature_map: NDArray[np.floating], by: str) -> NDArray[np.intp]:
    """Return the channels' numbers in the order in which to show them.

    Parameters
    ----------
    feature_map : (height, width, channels) float
    by : {"network order", "most active"}
        As the network has them, or by the mean of the absolute values, the largest first;
        equal ones stay in the network's order.

    Returns
    -------
    (channels,) intp

    Raises
    ------
    ValueError
        If `by` is anything else.
    """
    if by not in ORDERS:
        raise ValueError(f"by={by!r}; accepted are {', '.join(ORDERS)}.")
    if by == "network order":
        return np.arange(feature_map.shape[2])
    activity = np.abs(feature_map).mean(axis=(0, 1), dtype=np.float64)
    return np.argsort(-activity, kind="stable")


def facts(feature_map: NDArray[np.floating]) -> Facts:
    """Return a feature map, (height, width, channels) float, in figures."""
    zero = feature_map == 0
    return Facts(
        low=float(feature_map.min()),
        high=float(feature_map.max()),
        mean=float(feature_map.mean(dtype=np.float64)),
        zeros=float(zero.mean()),
        silent=int(zero.all(axis=(0, 1)).sum()),
        channels=feature_map.shape[2],
    )


def _levels(map2d: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return a channel as places on the scale, 0 to 255."""
    if map2d.ndim != 2 or not map2d.size:
        raise ValueError(f"given {map2d.shape}; accepted: (height, width), not empty")
    low, high = min(0.0, float(map2d.min())), max(0.0, float(map2d.max()))
    span = high - low or 1.0
    return ((map2d.astype(np.float64) - low) * (255 / span)).astype(np.float32)


def _resized(levels: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    smaller = max(levels.shape) > side
    how = Image.Resampling.BOX if smaller else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(levels).resize((side, side), how))


def _coloured(levels: NDArray[np.float32]) -> NDArray[np.uint8]:
    return colour_scale(VIRIDIS)[np.rint(levels).astype(np.uint8)]
