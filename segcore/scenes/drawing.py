"""Layers drawn over a picture, as the page's viewer draws them; NumPy and Pillow only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from segcore import images
from segcore.render import Colour
from segcore.scenes.layers import Layer

LOOKS = ("overlay", "flat", "outlines")
OPACITY = 0.6
PAPER: Colour = (245, 245, 245)
HATCH: Colour = (190, 190, 190)
_EDGE: Colour = (255, 255, 255)


def draw(
    picture: NDArray[np.uint8], layer: Layer, look: str = "overlay", names: bool = False
) -> NDArray[np.uint8]:
    """Return a layer over its picture, at the picture's size.

    Parameters
    ----------
    picture : (height, width, 3) uint8
    layer : Layer
        Of any size; scaled to the picture's, nearest neighbour.
    look : {"overlay", "flat", "outlines"}
        Colours over the picture; colours only, unlabelled pixels hatched; the picture with
        outlines in the colours.
    names : bool
        Whether names are written on the segments.
    """
    if look not in LOOKS:
        raise ValueError(f"There is no look {look!r}; accepted are {', '.join(LOOKS)}.")
    size = picture.shape[0], picture.shape[1]
    ids = images.resize_mask(layer.ids, size)
    width = max(1, round(max(size) / 700))
    if look == "outlines":
        result = _outlined(picture, ids, layer, width)
    else:
        result = _painted(picture, ids, layer, look == "flat", width)
    return _named(result, layer) if names else result


def pattern(number: int, size: tuple[int, int], unit: int = 1) -> NDArray[np.bool_]:
    """Return the lighter pixels of a pattern, (height, width) bool.

    0 none, 1 and 2 diagonals, 3 rows, 4 columns, 5 dots.
    """
    y, x = (np.arange(n) // unit for n in size)
    y = y[:, None]
    if number == 1:
        return (x + y) % 8 == 0
    if number == 2:
        return (x - y) % 8 == 0
    if number == 3:
        return np.broadcast_to(y % 7 == 0, size)
    if number == 4:
        return np.broadcast_to(x % 7 == 0, size)
    if number == 5:
        return (x % 6 == 0) & (y % 6 == 0)
    return np.zeros(size, bool)


def edges(ids: NDArray) -> NDArray[np.bool_]:
    """Return the labelled pixels that have a neighbour, of four, with another id."""
    result = np.zeros(ids.shape, bool)
    vertical, horizontal = ids[1:] != ids[:-1], ids[:, 1:] != ids[:, :-1]
    result[1:] |= vertical
    result[:-1] |= vertical
    result[:, 1:] |= horizontal
    result[:, :-1] |= horizontal
    return result & (ids != 0)


def _painted(
    picture: NDArray[np.uint8], ids: NDArray, layer: Layer, flat: bool, width: int
) -> NDArray[np.uint8]:
    size = ids.shape
    top = max((entry.id for entry in layer.entries), default=0)
    colours = np.zeros((top + 1, 3), np.uint8)
    for entry in layer.entries:
        colours[entry.id] = entry.colour
    paint = colours[ids]
    for number in sorted({entry.pattern for entry in layer.entries} - {0}):
        of_pattern = np.zeros(top + 1, bool)
        of_pattern[[entry.id for entry in layer.entries if entry.pattern == number]] = True
        lighter = pattern(number, size, width) & of_pattern[ids]
        paint[lighter] = 255 - (255 - paint[lighter]) // 2
    labelled = (ids != 0)[..., None]
    if flat:
        hatch = pattern(1, size, width)[..., None]
        ground = np.where(hatch, np.uint8(HATCH[0]), np.uint8(PAPER[0]))
        result = np.where(labelled, paint, ground)
    else:
        mixed = np.rint(picture * (1 - OPACITY) + paint * OPACITY).astype(np.uint8)
        result = np.where(labelled, mixed, picture)
    result[_thick(edges(ids), width - 1)] = _EDGE
    return result


def _outlined(
    picture: NDArray[np.uint8], ids: NDArray, layer: Layer, width: int
) -> NDArray[np.uint8]:
    result = picture.copy()
    edge = edges(ids)
    for entry in layer.entries:
        own = ids == entry.id
        inside = _thick(edge & own, 2 * width) & own
        result[inside] = entry.colour
    result[_thick(edge, width - 1)] = _EDGE
    return result


def _thick(mask: NDArray[np.bool_], radius: int) -> NDArray[np.bool_]:
    """Return a mask grown by so many pixels along the axes and diagonals."""
    for _ in range(max(0, radius)):
        grown = mask.copy()
        grown[1:] |= mask[:-1]
        grown[:-1] |= mask[1:]
        mask = grown.copy()
        mask[:, 1:] |= grown[:, :-1]
        mask[:, :-1] |= grown[:, 1:]
    return mask


def _named(pixels: NDArray[np.uint8], layer: Layer) -> NDArray[np.uint8]:
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)
    height = max(11, round(max(image.size) / 42))
    font = ImageFont.load_default(height)
    scale = image.height / layer.ids.shape[0], image.width / layer.ids.shape[1]
    taken: list[tuple[float, float, float, float]] = []
    for entry in sorted(layer.entries, key=lambda entry: -entry.area):
        if not entry.area:
            continue
        x, y = (entry.anchor[0] + 0.5) * scale[1], (entry.anchor[1] + 0.5) * scale[0]
        half = pen.textlength(entry.name, font) / 2 + 2
        x = min(max(x, half), max(half, image.width - half))
        box = (x - half, y - height * 0.7, x + half, y + height * 0.7)
        if any(_meet(box, other) for other in taken):
            continue
        taken.append(box)
        pen.text(
            (x, y),
            entry.name,
            "white",
            font,
            "mm",
            stroke_width=max(2, height // 7),
            stroke_fill="black",
        )
    return np.asarray(image)


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
