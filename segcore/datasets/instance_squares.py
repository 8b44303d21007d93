"""Squares for a detector: letterboxed for the validation, changed at random for training."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageEnhance

from segcore import images
from segcore.datasets.copy_paste import Bank, paste
from segcore.datasets.instances import InstanceScene, targets

GREY = 127  # beyond the picture: 0 once normalised
SCALES = (0.7, 1.6)  # of the picture that just fits
ASPECT = 0.1  # how much its proportions change, of the logarithm
PASTED = 0.5  # probability that objects are pasted
MOST_PASTED = 3
LEAST_VISIBLE = 0.12  # of an object; what shows less of itself is void
COLOUR = 0.25  # how much brightness, contrast and saturation change


def letterbox(scene: InstanceScene, side: int) -> tuple[np.ndarray, ...]:
    """Return picture, (side, side, 3) uint8, boxes, classes and ids as `targets` gives them.

    The picture just fits; grey lies at the right or below.
    """
    size = images.fit_size(scene.ids.shape, side)
    picture = np.full((side, side, 3), GREY, np.uint8)
    ids = np.zeros((side, side), np.uint8)
    picture[: size[0], : size[1]] = images.resize(scene.picture, size)
    ids[: size[0], : size[1]] = images.resize_mask(scene.ids, size)
    return picture, *targets(ids, scene.classes)


def random_square(
    scene: InstanceScene, side: int, bank: Bank | None, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """Return a changed picture and its targets, as `letterbox` does.

    Scale, proportions, place, mirroring, pasted objects and colours are random, in this order.
    """
    picture, ids, scale = _moved(scene, side, rng)
    classes = list(scene.classes)
    before = np.bincount(scene.ids.ravel(), minlength=256)[1 : len(classes) + 1] * scale
    if bank is not None and rng.random() < PASTED:
        for _ in range(rng.integers(1, MOST_PASTED + 1)):
            paste(picture, ids, classes, bank, rng)
    # A pasted object that another one hides for the most part stays a target: it was whole.
    least = np.zeros(len(classes))
    least[: len(before)] = LEAST_VISIBLE * before
    return _coloured(picture, rng), *targets(ids, classes, least)


def _moved(
    scene: InstanceScene, side: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return a square of picture and ids, and how many pixels one pixel became."""
    height, width = scene.ids.shape
    scale = side / max(height, width) * np.exp(rng.uniform(*np.log(SCALES)))
    stretch = np.exp(rng.uniform(-ASPECT, ASPECT))
    factors = (scale * stretch, scale / stretch)
    flip = rng.random() < 0.5
    windows = [
        _window(length, factor, side, rng)
        for length, factor in zip((height, width), factors, strict=True)
    ]
    (top, rows, y, new_height), (left, columns, x, new_width) = windows
    picture = np.full((side, side, 3), GREY, np.uint8)
    ids = np.zeros((side, side), np.uint8)
    cut = Image.fromarray(scene.picture).resize(
        (new_width, new_height),
        Image.Resampling.BILINEAR,
        box=(left, top, left + columns, top + rows),
    )
    picture[y : y + new_height, x : x + new_width] = np.asarray(cut)
    sampled = [
        (start + (np.arange(new) + 0.5) * length / new).astype(np.intp)
        for start, length, new in ((top, rows, new_height), (left, columns, new_width))
    ]
    ids[y : y + new_height, x : x + new_width] = scene.ids[np.ix_(*sampled)]
    if flip:
        picture, ids = picture[:, ::-1].copy(), ids[:, ::-1].copy()
    return picture, ids, factors[0] * factors[1]


def _window(
    length: int, factor: float, side: int, rng: np.random.Generator
) -> tuple[float, float, int, int]:
    """Return start and length of what is shown, its place in the square and its new length."""
    new = round(length * factor)
    if new >= side:
        shown = min(side / factor, length)
        return rng.uniform(0, length - shown), shown, 0, side
    new = max(1, new)
    return 0.0, float(length), int(rng.integers(0, side - new + 1)), new


def _coloured(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    changed = Image.fromarray(picture)
    for change in (ImageEnhance.Color, ImageEnhance.Contrast, ImageEnhance.Brightness):
        changed = change(changed).enhance(1 + rng.uniform(-COLOUR, COLOUR))
    return np.array(changed)
