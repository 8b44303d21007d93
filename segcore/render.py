"""Pictures of results: overlay, outline, cut-out, heat map. NumPy and Pillow only."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from PIL import Image, ImageFilter

Colour = tuple[int, int, int]
TEAL: Colour = (0, 158, 115)  # from Okabe and Ito's colour-blind-safe palette
HEAT_STOPS = (  # dark blue, purple, orange, yellow: rising in lightness, safe without hue
    (13, 8, 135),
    (126, 3, 168),
    (204, 71, 120),
    (248, 149, 64),
    (240, 249, 33),
)


def parse_colour(text: str) -> Colour:
    """Return the RGB values of ``#rrggbb``.

    Examples
    --------
    >>> parse_colour("#009e73")
    (0, 158, 115)
    """
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise ValueError(f"The colour is {text!r}; accepted is #rrggbb, such as #009e73.")
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def overlay(
    picture: np.ndarray, mask: np.ndarray, colour: Colour = TEAL, opacity: float = 0.5
) -> np.ndarray:
    """Blend a colour over the masked pixels.

    Parameters
    ----------
    picture : (height, width, 3) uint8
    mask : (height, width) bool
    colour : (red, green, blue), 0 to 255
    opacity : float
        0 leaves the picture, 1 paints the mask solid.

    Returns
    -------
    (height, width, 3) uint8
    """
    steps = np.arange(256)[:, None] * (1 - opacity) + np.array(colour) * opacity
    table = np.rint(steps).astype(np.uint8)
    result = picture.copy()
    for channel in range(3):
        np.copyto(result[..., channel], table[picture[..., channel], channel], where=mask)
    return result


def outline(
    picture: np.ndarray, mask: np.ndarray, colour: Colour = TEAL, width: int = 3
) -> np.ndarray:
    """Draw the mask's edge, `width` pixels inside it with a white line of one outside."""
    result = picture.copy()
    inside = mask & ~_filtered(mask, ImageFilter.MinFilter, width)
    outside = _filtered(mask, ImageFilter.MaxFilter, 1) & ~mask
    result[outside] = 255
    result[inside] = colour
    return result


def cutout(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the picture as (height, width, 4) uint8, transparent outside the mask."""
    result = np.zeros((*mask.shape, 4), np.uint8)
    np.copyto(result[..., :3], picture, where=mask[..., None])
    np.copyto(result[..., 3], 255, where=mask)
    return result


def heat_map(picture: np.ndarray, probability: np.ndarray, opacity: float = 0.5) -> np.ndarray:
    """Lay the probabilities, (height, width) uint8 for 0 to 1, over the grey picture.

    Colours run from dark blue over purple and orange to yellow; lightness rises with them.
    """
    grey = np.asarray(Image.fromarray(picture).convert("L").convert("RGB"))
    coloured = heat_colours()[probability]
    return np.rint(grey * (1 - opacity) + coloured * opacity).astype(np.uint8)


def heat_colours() -> np.ndarray:
    """Return the heat map's scale: (256, 3) uint8, for probabilities 0 to 1."""
    return colour_scale(HEAT_STOPS)


@cache
def colour_scale(stops: tuple[Colour, ...]) -> np.ndarray:
    """Return 256 colours, (256, 3) uint8 RGB, that go evenly from stop to stop."""
    table = np.array(stops, float)
    places = np.linspace(0, 255, len(table))
    channels = [np.interp(np.arange(256), places, table[:, c]) for c in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def checkerboard(rgba: np.ndarray, square: int = 12) -> np.ndarray:
    """Return (height, width, 3) uint8: a transparent picture over grey squares."""
    rows, columns = np.indices(rgba.shape[:2])
    squares = np.where((rows // square + columns // square) % 2, 205, 235).astype(np.uint8)
    return np.where(rgba[..., 3:] > 0, rgba[..., :3], squares[..., None])


def _filtered(
    mask: np.ndarray, kind: type[ImageFilter.MinFilter] | type[ImageFilter.MaxFilter], radius: int
) -> np.ndarray:
    """Return the mask eroded (MinFilter) or dilated (MaxFilter) by a square."""
    image = Image.fromarray(mask.astype(np.uint8)).filter(kind(2 * radius + 1))
    return np.asarray(image).astype(bool)
