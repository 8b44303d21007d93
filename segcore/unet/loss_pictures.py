"""Pictures of a target, a prediction and what a loss says of each pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segcore.region_picture import BLUE, RED
from segcore.render import heat_colours

PAPER = 248
SCALE = 3  # pixels for each of the scene's
DASH = 8  # pixels of a dash, and of the gap after it

Pixels = NDArray[np.uint8]


def overlaid(target: NDArray[np.bool_], probability: NDArray[np.floating]) -> Pixels:
    """Draw the target in blue with a solid edge, the prediction in red with a dashed one.

    Parameters
    ----------
    target : (H, W) bool
    probability : (H, W) float in [0, 1]
        The surer, the stronger the red; its edge goes around what is above 0.5.

    Returns
    -------
    (3 H, 3 W, 3) uint8
    """
    picture = np.full((*target.shape, 3), PAPER, np.float32)
    for weight, colour in ((0.45 * target, BLUE), (0.55 * probability, RED)):
        picture += weight[..., None] * (np.array(colour, np.float32) - picture)
    shown = enlarged(np.rint(picture).astype(np.uint8))
    shown[_edge(enlarged(target))] = BLUE
    rows, columns = np.ogrid[: shown.shape[0], : shown.shape[1]]
    dashes = (rows + columns) // DASH % 2 == 0
    shown[_edge(enlarged(probability > 0.5)) & dashes] = RED
    return shown


def heat(values: NDArray[np.floating], high: float) -> Pixels:
    """Colour a map from dark blue, 0, to yellow, `high`: (3 H, 3 W, 3) uint8."""
    levels = np.clip(np.rint(values * (255 / high if high > 0 else 0)), 0, 255)
    return enlarged(heat_colours()[levels.astype(np.uint8)])


def enlarged(array: NDArray) -> NDArray:
    """Repeat each pixel `SCALE` times both ways."""
    return array.repeat(SCALE, axis=0).repeat(SCALE, axis=1)


def _edge(mask: NDArray[np.bool_], width: int = 2) -> NDArray[np.bool_]:
    """Return the mask's outermost pixels; it does not touch the picture's border."""
    inside = mask.copy()
    inside[width:] &= mask[:-width]
    inside[:-width] &= mask[width:]
    inside[:, width:] &= mask[:, :-width]
    inside[:, :-width] &= mask[:, width:]
    return mask & ~inside
