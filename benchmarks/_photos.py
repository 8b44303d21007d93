"""Photos of any size, made of scikit-image's cat."""

from __future__ import annotations

import io
from importlib import resources

import numpy as np
from PIL import Image

ONE_MEGAPIXEL = (1200, 900)
TWELVE_MEGAPIXELS = (4000, 3000)


def photo(size: tuple[int, int], number: int = 0) -> bytes:
    """Return a JPEG file with a cat, about as large as a camera's; each number another one.

    Parameters
    ----------
    size : (width, height)
    number : int
        Moves the cat sideways and draws other noise.
    """
    with resources.files("skimage.data").joinpath("chelsea.png").open("rb") as file:
        cat = Image.open(file).resize(size, Image.Resampling.BICUBIC)
    noise = np.random.default_rng(number).integers(-12, 13, (256, 256, 1))
    width, height = size
    grain = np.tile(noise, (-(-height // 256), -(-width // 256), 1))[:height, :width]
    pixels = np.roll(np.asarray(cat, np.int16), number * width // 20, axis=1) + grain
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=90)
    return file.getvalue()
