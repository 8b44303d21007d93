"""What an augmentation does to one picture and its mask, in NumPy, for the form of a training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from segcore.datasets.augment import ELASTIC_POINTS, Draws, augment
from segcore.datasets.augmentation import Augmentation


def preview(
    picture: np.ndarray,
    mask: np.ndarray,
    settings: Augmentation | None,
    side: int,
    seed: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture and its mask as a training could see them.

    Parameters
    ----------
    picture : (height, width, 3) uint8
    mask : (height, width) uint8
    settings : Augmentation or None
        None only resizes.
    side : int
        Side of the square that is returned, 1 or more.
    seed : int or None
        0 or more: a random change. The same seed gives the same random numbers whatever the
        settings are, so that a stronger setting shows more of the same. None: each change
        as far as its setting goes; see `full`.

    Returns
    -------
    picture : (side, side, 3) uint8
    mask : (side, side) uint8
        Nearest neighbour: no value that `mask` has not.

    Raises
    ------
    ValueError
        If picture and mask are not of one size.

    Notes
    -----
    The arithmetic is that of the training, the random numbers are not: TensorFlow draws
    others from the same seed.
    """
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.shape[:2] != mask.shape:
        raise ValueError(
            f"picture is {picture.shape} and mask {mask.shape}; accepted are (height, width, 3) "
            "and (height, width). Resize one to the other's size."
        )
    draws = full() if seed is None else draw(seed)
    changed, moved = augment(picture, mask, side, settings, draws, np)
    return np.rint(changed).astype(np.uint8), moved


def only(settings: Augmentation, name: str) -> Augmentation:
    """Return the settings with everything off but one.

    Raises
    ------
    ValueError
        If `name` is no setting.

    Examples
    --------
    >>> only(Augmentation(rotation=20), "rotation") == replace(Augmentation.off(), rotation=20)
    True
    """
    if name not in vars(settings):
        raise ValueError(f"There is no setting {name!r}; accepted are {', '.join(vars(settings))}.")
    return replace(Augmentation.off(), **{name: getattr(settings, name)})


def draw(seed: int) -> Draws:
    """Return the random numbers of one picture from NumPy's generator."""
    rng = np.random.default_rng(seed)
    numbers = rng.uniform(-1, 1, 8).astype(np.float32)
    elastic = rng.standard_normal((ELASTIC_POINTS, ELASTIC_POINTS, 2), np.float32)
    angle, zoom, flip, saturation, contrast, brightness = numbers[2:]
    return Draws(angle, zoom, flip, numbers[:2], elastic, saturation, contrast, brightness)


def full() -> Draws:
    """Return the draw that goes to the upper limit of each setting and is mirrored.

    Elastic displacements have no limit: one typical field is shown, always the same.
    """
    one = np.float32(1)
    return Draws(
        angle=one,
        zoom=one,
        flip=-one,
        shift=np.ones(2, np.float32),
        elastic=draw(0).elastic,
        saturation=one,
        contrast=one,
        brightness=one,
    )
