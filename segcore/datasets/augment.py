"""Random changes of a training picture and, where they move pixels, of its mask.

The arithmetic is written once, over an array namespace ``xp``: ``numpy`` for the preview in
the server, ``tensorflow.experimental.numpy`` for training. The random numbers come from
outside, so that both can be given the same ones.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from segcore.datasets.augmentation import Augmentation

GREY = np.array([0.299, 0.587, 0.114], np.float32)  # luma of ITU-R BT.601
ELASTIC_POINTS = 4  # a side of the grid of random vectors


class Draws(NamedTuple):
    """The random numbers of one picture; the settings say how much they change.

    All are float32 scalars, -1 to 1 from limit to limit, but for

    - ``flip``: mirrored if below 0;
    - ``shift``: (2,), rows and columns;
    - ``elastic``: (4, 4, 2), rows and columns, of standard deviation 1.
    """

    angle: Any
    zoom: Any
    flip: Any
    shift: Any
    elastic: Any
    saturation: Any
    contrast: Any
    brightness: Any


def augment(
    picture, mask, side: int, settings: Augmentation | None, draws: Draws | None, xp: Any
) -> tuple[Any, Any]:
    """Return a changed picture and mask; the same draws give the same change.

    Parameters
    ----------
    picture : (height, width, 3) uint8 array of xp
        Height and width must be known, in a graph too.
    mask : (height, width) integer array of xp
    side : int
        Side of the square that is returned.
    settings : Augmentation or None
        None only resizes.
    draws : Draws or None
        None only with settings None.
    xp : module
        ``numpy`` or ``tensorflow.experimental.numpy``.

    Returns
    -------
    picture : (side, side, 3) float32 array, values 0 to 255; bilinear
    mask : (side, side) array of the mask's dtype; nearest neighbour

    Notes
    -----
    All moves are one map from the output's pixels to places in the input, so that pixels
    are interpolated once. Beyond the picture's edge both are mirrored.
    """
    if settings is None or draws is None:
        line = _line(side)
        grid = xp.asarray(np.stack(np.meshgrid(line, line, indexing="ij"), -1))
        return sample(picture, mask, grid, xp)
    picture, mask = sample(picture, mask, _grid(side, settings, draws, xp), xp)
    return _colour(picture, settings, draws, xp), mask


def sample(picture, mask, grid, xp: Any) -> tuple[Any, Any]:
    """Look up picture (bilinear) and mask (nearest) at ``grid``.

    `grid` is (side, side, 2) float32: y and x, -1 to 1 from edge to edge of the input.
    """
    height, width = picture.shape[:2]
    last = np.array([height - 1, width - 1], np.int32)
    places = (grid + 1) / 2 * (last + 1).astype(np.float32) - 0.5
    places = _mirror(places, last.astype(np.float32), xp)
    floor = xp.floor(places)
    low = xp.asarray(floor, np.int32)
    high = xp.minimum(low + 1, last)
    flat, flat_mask = xp.reshape(picture, (-1, 3)), xp.reshape(mask, (-1,))

    def at(y, x):
        return xp.asarray(xp.take(flat, y * width + x, axis=0), np.float32)

    part = places - floor
    y, x = part[..., :1], part[..., 1:]
    top = at(low[..., 0], low[..., 1]) * (1 - x) + at(low[..., 0], high[..., 1]) * x
    bottom = at(high[..., 0], low[..., 1]) * (1 - x) + at(high[..., 0], high[..., 1]) * x
    nearest = xp.minimum(xp.asarray(xp.floor(places + 0.5), np.int32), last)
    return (
        top * (1 - y) + bottom * y,
        xp.take(flat_mask, nearest[..., 0] * width + nearest[..., 1], axis=0),
    )


@cache
def bicubic_weights(side: int, points: int = ELASTIC_POINTS) -> np.ndarray:
    """Return the matrix that enlarges a line of points, (side, points) float32.

    Notes
    -----
    Keys' kernel with a = -0.5 at pixel centres, as in ``tf.image.resize(method="bicubic")``:
    points beyond the ends weigh nothing, the others are scaled to a sum of 1, and distances
    are rounded to 1/1024, the step of TensorFlow's table (``resize_bicubic_op.cc``).

    References
    ----------
    Keys, "Cubic convolution interpolation for digital image processing", 1981, equation 15.
    """
    where = (np.arange(side) + 0.5) * points / side - 0.5
    floor = np.floor(where)
    where = floor + np.rint((where - floor) * 1024) / 1024
    d = np.abs(where[:, None] - np.arange(points))
    near = (1.5 * d - 2.5) * d**2 + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    weights = np.where(d <= 1, near, np.where(d < 2, far, 0))
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def _line(side: int) -> np.ndarray:
    """Return the pixel centres of a line, -1 to 1 from edge to edge."""
    return (np.arange(side, dtype=np.float32) * 2 + 1) / side - 1


def _grid(side: int, settings: Augmentation, draws: Draws, xp: Any):
    y, x = _line(side)[:, None], _line(side)
    if settings.flip:
        x = xp.where(draws.flip < 0, -x, x)
    angle = draws.angle * (settings.rotation * np.pi / 180)
    zoom = xp.exp(draws.zoom * float(np.log1p(settings.scale)))
    cos, sin = zoom * xp.cos(angle), zoom * xp.sin(angle)
    grid = xp.stack([y * cos - x * sin, y * sin + x * cos], axis=-1)
    grid = grid + 2 * settings.shift * draws.shift
    if settings.elastic:
        weights = bicubic_weights(side)
        rows = xp.einsum("ya,abc->ybc", weights, draws.elastic)
        grid = grid + 2 * settings.elastic * xp.einsum("xb,ybc->yxc", weights, rows)
    return grid


def _colour(picture, settings: Augmentation, draws: Draws, xp: Any):
    grey = xp.tensordot(picture, GREY, 1)[..., None]
    picture = grey + (picture - grey) * (1 + settings.saturation * draws.saturation)
    mean = xp.mean(grey)
    picture = mean + (picture - mean) * (1 + settings.contrast * draws.contrast)
    return xp.clip(picture + 255 * settings.brightness * draws.brightness, 0, 255)


def _mirror(places, last, xp: Any):
    """Fold coordinates back into [0, last] by reflection at both ends."""
    period = np.maximum(2 * last, np.float32(1e-6))
    folded = places % period
    return xp.clip(xp.minimum(folded, period - folded), 0, last)
