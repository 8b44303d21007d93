"""What a method found in a picture, small enough to be remembered."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True)
class Finding:
    """A method's result, about 100 KB.

    Attributes
    ----------
    mask_png : bytes
        At working size.
    seconds : float
        When it was computed; since then it is remembered.
    steps : tuple of (title, PNG)
    histogram : (256,) int64 or None
        Of the channel that was thresholded.
    thresholds : tuple of float
    device : str
        Where a network ran, in words; empty for other methods.
    problem : str
        Why there is no result, empty if there is one.
    """

    mask_png: bytes = b""
    seconds: float = 0.0
    steps: tuple[tuple[str, bytes], ...] = ()
    histogram: NDArray[np.int64] | None = None
    thresholds: tuple[float, ...] = ()
    device: str = ""
    problem: str = ""

    def mask(self) -> NDArray[np.bool_]:
        """Return the (h, w) bool mask at working size."""
        return np.asarray(Image.open(io.BytesIO(self.mask_png))) > 127
