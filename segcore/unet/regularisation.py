"""Dropout and batch normalisation in NumPy, as Keras computes them."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOMENTUM, EPSILON = 0.99, 1e-3  # Keras's defaults

Values = NDArray[np.float32]

# Robinson's compass masks: each answers where the picture grows brighter in one direction.
RING = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
DIRECTIONS = (
    "right-down",
    "down",
    "left-down",
    "left",
    "left-up",
    "up",
    "right-up",
    "right",
)


class Averages(NamedTuple):
    """Running averages of each channel, (channels,) float32; a network starts with 0 and 1."""

    mean: Values
    variance: Values

    @staticmethod
    def start(channels: int) -> Averages:
        """Return the averages of a layer that has seen nothing."""
        return Averages(np.zeros(channels, np.float32), np.ones(channels, np.float32))


def dropout(
    values: Values, rate: float, seed: int, whole_channels: bool = False
) -> tuple[Values, NDArray[np.bool_]]:
    """Set values to 0 at random and divide the others by ``1 - rate``, as in training.

    Parameters
    ----------
    values : (height, width, channels) float32
    rate : float
        Probability of being dropped, 0 to below 1.
    seed : int
        The same seed drops the same values; a higher rate drops more of them.
    whole_channels : bool
        Drop channels instead of single values.

    Returns
    -------
    values : (height, width, channels) float32
        Inverted dropout: its expectation is that of the input, so that a prediction, which
        drops nothing, needs no correction.
    kept : (height, width, channels) bool

    Raises
    ------
    ValueError
        If the rate is out of range.

    References
    ----------
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting",
    JMLR 2014; whole channels: Tompson et al., "Efficient object localization using
    convolutional networks", CVPR 2015.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"rate is {rate}; accepted are values from 0 to below 1.")
    shape = (1, 1, values.shape[-1]) if whole_channels else values.shape
    kept = np.random.default_rng(seed).random(shape) >= rate
    kept = np.broadcast_to(kept, values.shape)
    return np.where(kept, values / np.float32(1 - rate), np.float32(0)), kept


def normalise(
    batch: Values,
    averages: Averages | None,
    gamma: float = 1.0,
    beta: float = 0.0,
    epsilon: float = EPSILON,
) -> Values:
    """Return ``gamma (x - mean) / sqrt(variance + epsilon) + beta``, channel by channel.

    Parameters
    ----------
    batch : (..., channels) float32
    averages : Averages or None
        None, as in training: mean and variance are the batch's own. In a prediction they are
        the running averages.
    gamma, beta : float
        What the layer learns: the spread and the middle of what it passes on.
    epsilon : float
        Keeps the division from zero.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization", ICML 2015, algorithms 1 and 2.

    Examples
    --------
    >>> normalise(np.array([[1], [3]], np.float32), None, epsilon=0).ravel().tolist()
    [-1.0, 1.0]
    """
    mean, variance = statistics(batch) if averages is None else averages
    return gamma * (batch - mean) / np.sqrt(variance + np.float32(epsilon)) + beta


def update(averages: Averages, batch: Averages, momentum: float = MOMENTUM) -> Averages:
    """Return the running averages after one more batch, given by its `statistics`.

    ``momentum`` is the share that stays: 0.99 moves them by a hundredth of the way.
    """
    return Averages(
        *(
            np.float32(momentum) * old + np.float32(1 - momentum) * new
            for old, new in zip(averages, batch, strict=True)
        )
    )


def statistics(batch: Values) -> Averages:
    """Return mean and variance (divided by n) of each channel over all other axes."""
    axes = tuple(range(batch.ndim - 1))
    return Averages(batch.mean(axes), batch.var(axes))


def activation_batches(
    drift: float, growth: float, batches: int = 3, count: int = 2000, seed: int = 0
) -> list[Values]:
    """Return batches of activations whose mean and spread change from one to the next.

    Parameters
    ----------
    drift : float
        How much the mean, 0 in the first batch, rises each time.
    growth : float
        By what the standard deviation, 1 in the first batch, is multiplied each time.
    batches, count : int
        How many batches, and values in each.
    seed : int

    Returns
    -------
    list of (count, 1) float32
    """
    rng = np.random.default_rng(seed)
    return [
        (rng.standard_normal((count, 1)) * growth**i + drift * i).astype(np.float32)
        for i in range(batches)
    ]


@cache
def compass_masks() -> Values:
    """Return (8, 3, 3) float32 filters, one for each of `DIRECTIONS`.

    Robinson, "Edge detection by compass gradient masks", 1977.
    """
    around = np.array([-2, -1, 0, 1, 2, 1, 0, -1], np.float32)
    masks = np.zeros((len(DIRECTIONS), 3, 3), np.float32)
    for i, mask in enumerate(masks):
        mask[tuple(zip(*RING, strict=True))] = np.roll(around, i)
    return masks


def feature_maps(grey: Values) -> Values:
    """Filter a picture by the compass masks and cut off what is below 0 (ReLU).

    Parameters
    ----------
    grey : (height, width) float32
        Beyond its edge the last values go on.

    Returns
    -------
    (height, width, 8) float32, 0 or more
    """
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(grey, 1, mode="edge"), (3, 3))
    maps = np.einsum("hwyx,cyx->hwc", windows, compass_masks())
    return np.maximum(maps, 0)
