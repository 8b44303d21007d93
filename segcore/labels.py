"""What every engine returns, whatever the method behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from segcore import images


def level(threshold: float) -> int:
    """Return the 8-bit probability at which a pixel counts as foreground.

    Parameters
    ----------
    threshold : float
        In [0, 1]. At least 1 comes out, so that a threshold of 0 still leaves out the
        pixels whose probability rounds to 0.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"The threshold is {threshold}; accepted are values from 0 to 1.")
    return max(1, round(threshold * 255))


@dataclass(frozen=True)
class Segmentation:
    """Foreground and background of one picture.

    Attributes
    ----------
    coarse : (h, w) uint8
        Probability of the foreground, 0 to 255 for 0 to 1, at the network's own size.
    size : (height, width)
        The picture's size in pixels.
    model : str
        Name of the model.
    device : str
        Where it ran, in words.
    seconds : dict of str to float
        Time of each stage, in the order they ran.
    """

    coarse: np.ndarray
    size: tuple[int, int]
    model: str
    device: str
    seconds: dict[str, float] = field(default_factory=dict)

    def probability(self, size: tuple[int, int] | None = None) -> np.ndarray:
        """Return the probabilities, 0 to 255, at the picture's size (or the one given)."""
        return images.resize(self.coarse, size or self.size)

    def mask(self, threshold: float = 0.5) -> np.ndarray:
        """Return the (height, width) bool mask at the picture's size."""
        return self.probability() >= level(threshold)
