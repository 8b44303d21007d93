"""Colours of classes and objects: told apart by people who see few colours, too.

Things are saturated, stuff is muted, and both vary in lightness as well as in hue. The
tables were found by greedy search for the largest distance in OKLab between any two, as
seen normally and, simulated, without red- or green-sensitive cones (Machado et al. 2009).
Thirty-one colours cannot be told apart by everyone, so every picture has outlines, names
and, on stuff, a pattern besides.

References
----------
Ottosson 2020, "A perceptual color space for image processing" (OKLab); Machado, Oliveira
and Fernandes 2009, "A physiologically-based model for simulation of color vision deficiency".
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from segcore.class_sets import ClassSet
from segcore.render import Colour, parse_colour

_CLASSES = {
    "person": "#ff8700",
    "bicycle": "#4bc3ff",
    "car": "#6900f0",
    "motorcycle": "#a51e0f",
    "airplane": "#6987ff",
    "bus": "#ff0fff",
    "train": "#780078",
    "boat": "#1e4ba5",
    "bird": "#87ff00",
    "cat": "#f000a5",
    "dog": "#0000c3",
    "horse": "#2dc396",
    "sheep": "#b4ffa5",
    "cow": "#e187d2",
    "bottle": "#5a8700",
    "cup": "#a54bd2",
    "chair": "#2d5a00",
    "couch": "#a578d2",
    "potted plant": "#a5d25a",
    "dining table": "#ff96a5",
    "tv": "#784b87",
    "sky": "#b3d0e6",
    "building": "#a67468",
    "wall": "#dcd3bd",
    "ceiling": "#f3f0ea",
    "floor": "#7d6b45",
    "road": "#63666e",
    "vegetation": "#5f8a55",
    "ground": "#cfae7c",
    "water": "#4f7fa6",
    "furniture": "#4a3631",
}
_OBJECTS = (
    "#e64b2d #00ffff #0000ff #ffc300 #5a1e4b #1e96a5 #ff5aff #2d4b00 "
    "#ffa5b4 #a500a5 #b4ff87 #964b5a #3c69e1 #96b469 #ff2d96 #003c78"
).split()
_LIGHTNESS = (0.34, 0.9)
_SHADES = 7
PATTERNS = 5
"""Kinds of stuff in a row that look different without colour: see `drawing.pattern`."""


@cache
def class_colours(class_set: ClassSet) -> tuple[Colour, ...]:
    """Return the colour of each class; those that have no colour of their own get an object's."""
    return tuple(
        parse_colour(_CLASSES[name]) if name in _CLASSES else object_colour(i + 1)
        for i, name in enumerate(class_set.names)
    )


def object_colour(number: int) -> Colour:
    """Return the colour of the picture's object ``number``, from 1 on; 16 differ.

    Examples
    --------
    >>> object_colour(1), object_colour(1) == object_colour(17)
    ((230, 75, 45), True)
    """
    return parse_colour(_OBJECTS[(number - 1) % len(_OBJECTS)])


@cache
def shade(colour: Colour, number: int) -> Colour:
    """Return the shade of a class's colour for its object ``number``; 0 and 1 keep the colour.

    Seven in a row differ in lightness, by at least 0.05 of OKLab's 0 to 1.
    """
    if number < 2:
        return colour
    lab = oklab(np.array([colour]))[0]
    levels = np.linspace(*_LIGHTNESS, _SHADES)
    levels[np.abs(levels - lab[0]).argmin()] = lab[0]
    order = [float(lab[0])]
    while len(order) < _SHADES:  # each next one as far as can be from those before
        gaps = np.abs(levels[:, None] - order).min(axis=1)
        order.append(float(levels[gaps.argmax()]))
    lightness = order[(number - 1) % _SHADES]
    red, green, blue = _to_rgb(np.array([lightness, lab[1], lab[2]]))
    return red, green, blue


def pattern_of(class_set: ClassSet, index: int) -> int:
    """Return the number of a class's pattern, 1 to `PATTERNS`; 0, none, for things."""
    if class_set.classes[index].thing:
        return 0
    return 1 + class_set.stuff.index(index) % PATTERNS


# === OKLab ===

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(rgb: NDArray) -> NDArray[np.float64]:
    """Return sRGB values, 0 to 255, as light, 0 to 1."""
    values = np.asarray(rgb, float) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def oklab(rgb: NDArray) -> NDArray[np.float64]:
    """Return (n, 3) sRGB values, 0 to 255, as (n, 3) lightness, a, b."""
    return np.cbrt(linear(rgb) @ _TO_LMS.T) @ _TO_LAB.T


def _to_rgb(lab: NDArray[np.float64]) -> list[int]:
    """Return sRGB values; less colourful where no such colour can be shown."""
    for colourfulness in np.linspace(1, 0, 21):
        place = lab * (1, colourfulness, colourfulness)
        light = np.linalg.inv(_TO_LMS) @ (np.linalg.inv(_TO_LAB) @ place) ** 3
        if light.min() > -1e-3 and light.max() < 1 + 1e-3:
            break
    light = np.clip(light, 0, 1)
    values = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(values * 255).astype(int).tolist()
