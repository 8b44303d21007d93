"""A drawn data set: overlapping shapes on textured ground, with their exact masks.

Made on the fly from seeds; picture i of a split is always the same. The foreground is any
disc, rectangle, star or ring; ground and shapes have colours and textures of their own, so
that neither brightness nor hue alone gives the mask away.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from PIL import Image, ImageDraw

from segcore.datasets.samples import DatasetError, DrawnSample

SIDE = 96
COUNTS = {"train": 320, "test": 64}
SHAPES = ("disc", "rectangle", "star", "ring")


def read(split: str) -> list[DrawnSample]:
    """Return the samples of ``split``, "train" or "test"."""
    if split not in COUNTS:
        raise DatasetError(f"There is no split {split!r}; accepted are train and test.")
    number = list(COUNTS).index(split)
    return [
        DrawnSample(f"synthetic-{split}-{i:03d}", partial(draw, (number, i)))
        for i in range(COUNTS[split])
    ]


def draw(seed: tuple[int, int], side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Draw a picture.

    Returns
    -------
    picture : (side, side, 3) uint8
    mask : (side, side) uint8
        1 on the shapes.
    """
    rng = np.random.default_rng([20151505, *seed])
    ground = _colour(rng)
    picture = _texture(rng, ground, side)
    mask = np.zeros((side, side), np.uint8)
    for _ in range(rng.integers(1, 5)):
        shape = _shape(rng, side)
        picture = np.where(shape[..., None], _texture(rng, _colour(rng, ground), side), picture)
        mask |= shape
    picture += rng.normal(0, rng.uniform(2, 9), picture.shape)
    return picture.clip(0, 255).astype(np.uint8), mask


def _colour(rng: np.random.Generator, other: np.ndarray | None = None) -> np.ndarray:
    """Return a colour that can be told from another one."""
    while True:
        colour = rng.uniform(25, 230, 3)
        if other is None or np.linalg.norm(colour - other) > 90:
            return colour


def _texture(rng: np.random.Generator, colour: np.ndarray, side: int) -> np.ndarray:
    """Return (side, side, 3) float: a colour with clouds, stripes or a gradient."""
    rows, columns = np.mgrid[:side, :side] / side
    kind = rng.integers(3)
    if kind == 0:
        coarse = Image.fromarray(rng.uniform(-1, 1, (6, 6)).astype(np.float32))
        pattern = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC))
    else:
        angle = rng.uniform(0, np.pi)
        along = rows * np.sin(angle) + columns * np.cos(angle)
        pattern = np.sin(rng.uniform(15, 50) * along) if kind == 1 else 2 * along - 1
    return colour + pattern[..., None] * rng.uniform(8, 28)


def _shape(rng: np.random.Generator, side: int) -> np.ndarray:
    """Return a (side, side) uint8 mask of one shape somewhere in the picture."""
    canvas = Image.new("1", (side, side))
    pen = ImageDraw.Draw(canvas)
    x, y = rng.uniform(0.15, 0.85, 2) * side
    radius = rng.uniform(0.12, 0.3) * side
    kind = rng.choice(SHAPES)
    if kind in ("disc", "ring"):
        flat = rng.uniform(0.6, 1)
        pen.ellipse((x - radius, y - flat * radius, x + radius, y + flat * radius), fill=1)
        if kind == "ring":
            hole = 0.5 * radius
            pen.ellipse((x - hole, y - flat * hole, x + hole, y + flat * hole), fill=0)
    else:
        points = 4 if kind == "rectangle" else 10
        angles = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(points) / points
        radii = radius * np.where(np.arange(points) % 2, 1 if points == 4 else 0.45, 1)
        corners = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], 1)
        pen.polygon([tuple(corner) for corner in corners], fill=1)
    return np.asarray(canvas).astype(np.uint8)
