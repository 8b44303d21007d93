"""The errors of a panoptic result as a layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segcore.render import Colour
from segcore.scenes.errors import FALSE, MISSED, TITLES, UNKNOWN, WRONG
from segcore.scenes.layers import Entry, Layer

# Okabe and Ito's colours; each with a pattern of its own
_COLOURS: dict[int, Colour] = {
    WRONG: (213, 94, 0),
    MISSED: (240, 228, 66),
    FALSE: (86, 180, 233),
    UNKNOWN: (150, 150, 150),
}
_PATTERNS = {WRONG: 3, MISSED: 1, FALSE: 2, UNKNOWN: 5}


def error_layer(errors: NDArray[np.uint8]) -> Layer:
    """Return a layer of `errors.error_map`'s kinds; what is right stays unlabelled."""
    areas = np.bincount(errors.ravel(), minlength=len(TITLES) + 1)
    middles = {kind: _middle(errors == kind) for kind in TITLES if areas[kind]}
    entries = tuple(
        Entry(
            kind,
            kind,
            TITLES[kind],
            0,
            None,
            int(areas[kind]),
            _COLOURS[kind],
            _PATTERNS[kind],
            middles[kind],
        )
        for kind in middles
    )
    return Layer(errors.astype(np.int32), entries)


def _middle(mask: NDArray[np.bool_]) -> tuple[int, int]:
    """Return the pixel of a mask that is nearest to its centre."""
    rows, columns = np.nonzero(mask)
    nearest = np.hypot(rows - rows.mean(), columns - columns.mean()).argmin()
    return int(columns[nearest]), int(rows[nearest])
