"""Target, prediction and what they share, drawn so that colour is never the only mark.

Target only is blue with stripes falling to the right, prediction only red with stripes
rising, the intersection yellow with both. Blue, red and yellow differ in lightness and
stay apart for all common kinds of colour blindness.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from segcore import images
from segcore.comparison import BOTH, PREDICTION_ONLY, TARGET_ONLY
from segcore.render import Colour

BLUE: Colour = (0, 114, 178)
RED: Colour = (214, 40, 57)
YELLOW: Colour = (244, 200, 20)
COLOURS = {TARGET_ONLY: BLUE, PREDICTION_ONLY: RED, BOTH: YELLOW}
_LINES = {TARGET_ONLY: (255, 255, 255), PREDICTION_ONLY: (255, 255, 255), BOTH: (40, 30, 0)}
_FALLING, _RISING = (TARGET_ONLY, BOTH), (PREDICTION_ONLY, BOTH)
GRID_LINE, PAPER = (150, 160, 166), (255, 255, 255)
_BAND = 256  # rows drawn at a time: bounds the memory


def paper(size: tuple[int, int], square: int) -> NDArray[np.uint8]:
    """Return white paper, (height × square, width × square, 3), squared if squares are visible."""
    height, width = size
    sheet = np.full((height * square, width * square, 3), PAPER, np.uint8)
    return squares(sheet, square) if square > 3 else sheet


def squares(picture: NDArray[np.uint8], square: int) -> NDArray[np.uint8]:
    """Return the picture with a thin line around each square of `square` pixels."""
    ruled = picture.copy()
    for lines in (ruled[::square], ruled[:, ::square], ruled[-1:], ruled[:, -1:]):
        lines[:] = np.rint(lines * 0.35 + np.array(GRID_LINE) * 0.65).astype(np.uint8)
    return ruled


def draw(
    picture: NDArray[np.uint8], regions: NDArray[np.uint8], opacity: float = 0.7
) -> NDArray[np.uint8]:
    """Draw the regions over a picture.

    Parameters
    ----------
    picture : (height, width, 3) uint8
    regions : (h, w) uint8
        0 neither, 1 target only, 2 prediction only, 3 both; scaled to the picture without
        smoothing.
    opacity : float
        Of the colours, 0 to 1; stripes and edges are always solid.

    Returns
    -------
    (height, width, 3) uint8
    """
    height, width = picture.shape[:2]
    codes = (
        regions
        if regions.shape == (height, width)
        else images.resize_mask(regions, (height, width))
    )
    result = picture.copy()
    period = max(6, round(max(height, width) / 80))
    line = max(1, period // 6)
    columns = np.arange(width)
    for top in range(0, height, _BAND):
        rows = np.arange(top, min(height, top + _BAND))[:, None]
        part, code = result[rows[0, 0] : rows[-1, 0] + 1], codes[rows[:, 0]]
        falling = (columns - rows) % period < line
        rising = (columns + rows) % period < line
        for value, colour in COLOURS.items():
            here = code == value
            if not here.any():
                continue
            blend = part[here] * (1 - opacity) + np.array(colour) * opacity
            part[here] = np.rint(blend).astype(np.uint8)
            stripes = here & (
                (falling if value in _FALLING else False) | (rising if value in _RISING else False)
            )
            part[stripes] = _LINES[value]
    _edges(result, codes, max(1, round(max(height, width) / 400)))
    return result


def number(
    picture: NDArray[np.uint8],
    places: tuple[Sequence[tuple[float, float]], Sequence[tuple[float, float]]],
    scale: float,
) -> NDArray[np.uint8]:
    """Write T1, T2, ... and P1, P2, ... at the objects' places, scaled by `scale`."""
    canvas = Image.fromarray(picture)
    pen = ImageDraw.Draw(canvas)
    size = max(11, round(max(picture.shape) / 34))
    font = ImageFont.load_default(size)
    for letter, points, colour, shift in (
        ("T", places[0], BLUE, -0.6),
        ("P", places[1], RED, 0.6),
    ):
        for i, (x, y) in enumerate(points, 1):
            pen.text(
                (x * scale, y * scale + shift * size),
                f"{letter}{i}",
                fill=(255, 255, 255),
                font=font,
                anchor="mm",
                stroke_width=max(2, size // 6),
                stroke_fill=colour,
            )
    return np.asarray(canvas)


def swatch(region: int, side: int = 22) -> NDArray[np.uint8]:
    """Return a square of a region's colour and pattern, for a legend."""
    return draw(np.full((side, side, 3), 255, np.uint8), np.full((side, side), region, np.uint8))


def _edges(picture: NDArray[np.uint8], codes: NDArray[np.uint8], width: int) -> None:
    """Draw dark lines where a region ends, in place."""
    across = codes[:, 1:] != codes[:, :-1]
    down = codes[1:] != codes[:-1]
    for step in range(width):
        part = picture[:, 1 + step :]
        part[across[:, : part.shape[1]]] = (20, 20, 20)
        part = picture[1 + step :]
        part[down[: part.shape[0]]] = (20, 20, 20)
