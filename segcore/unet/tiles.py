"""The overlap-tile strategy: how the original U-Net segments pictures of any size seamlessly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segcore.models.unet_sides import BORDER


def mirrored(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return what the network reads to answer for every pixel of a picture.

    Parameters
    ----------
    picture : (height, width, channels) uint8

    Returns
    -------
    (height + 184, width + 184, channels) uint8
        What lies beyond the picture is its mirror image.

    References
    ----------
    Ronneberger, Fischer and Brox, "U-Net", MICCAI 2015, figure 2.
    """
    return np.pad(picture, ((BORDER, BORDER), (BORDER, BORDER), (0, 0)), "reflect")
