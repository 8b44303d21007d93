"""Masks as one transparent PNG file to lay over a picture in the browser."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from segcore.objects import Patch
from segcore.render import Colour

FILL, EDGE = 110, 255  # opacity of a mask's inside and of its outline
MOST = 127  # masks: two colours each, and one for nothing


def overlay(layers: Sequence[tuple[Patch, Colour]], size: tuple[int, int]) -> bytes:
    """Return an indexed PNG file, about 5 KB; later masks cover earlier ones.

    Parameters
    ----------
    layers : sequence of (patch, colour)
        The last `MOST` of them are drawn.
    size : (height, width)
    """
    if not layers:
        return b""
    indices = np.zeros(size, np.uint8)
    colours, opacities = [0, 0, 0], [0]
    for number, (patch, colour) in enumerate(layers[-MOST:]):
        part = indices[patch.window]
        part[patch.mask] = 2 * number + 1
        part[edge(patch.mask)] = 2 * number + 2
        colours += [*colour, *colour]
        opacities += [FILL, EDGE]
    picture = Image.fromarray(indices)
    picture.putpalette(colours)
    file = io.BytesIO()
    picture.save(file, "PNG", transparency=bytes(opacities), compress_level=4)
    return file.getvalue()


def edge(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask's pixels that have a neighbour outside it, of the four beside them."""
    inside = np.pad(mask, 1)
    core = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    return mask & ~core
