"""Masks as PNG: black and white, or a value an object, as in VOC's class and object files."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from segcore.images import MAX_PIXELS
from segcore.mask_files.errors import MaskFileError
from segcore.mask_files.sizes import check_size
from segcore.objects import MaskedObject, Patch, trimmed

VOID = 255  # VOC's border around objects
MAX_VALUES = 256
_INTEGER = ("1", "L", "P", "I", "I;16", "I;16B", "I;16L")


def read(data: bytes, size: tuple[int, int]) -> list[MaskedObject]:
    """Read a PNG file.

    With the values 0 and one other (1 or 255, say) it is one object. With more values each
    is an object of its own and 0 the background; among several of 8 bits, 255 is VOC's void
    and left out. Of coloured pictures each colour but black is an object. What an alpha
    channel makes wholly transparent is background.
    """
    values = _values(opened(data, size))
    present = np.unique(values)
    present = present[present != 0]
    if len(present) > 1 and values.dtype == np.uint8:
        present = present[present != VOID]
    if len(present) >= MAX_VALUES:
        raise MaskFileError(
            f"the file has {len(present)} different values, as a photo has; a mask has one value "
            "an object: save it without smoothing."
        )
    return [MaskedObject(_patch(values == value), label=str(int(value))) for value in present]


def opened(data: bytes, size: tuple[int, int]) -> Image.Image:
    """Return a PNG file of the picture's size whose check sums are right."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as checked:
            check_size((checked.height, checked.width), size)
            checked.verify()
    except Image.DecompressionBombError as error:
        raise MaskFileError(
            f"the file has more than the {MAX_PIXELS // 10**6} megapixels accepted; make it as "
            "large as the picture."
        ) from error
    return Image.open(io.BytesIO(data), formats=("PNG",))


def _values(image: Image.Image) -> NDArray:
    if image.mode == "1":
        return np.asarray(image, np.uint8)
    if image.mode in _INTEGER:
        return np.asarray(image)
    rgb = np.asarray(image.convert("RGB"), np.uint32)
    if (rgb == rgb[..., :1]).all():
        values = rgb[..., 0].astype(np.uint8)
    else:
        values = rgb[..., 0] + (rgb[..., 1] << 8) + (rgb[..., 2] << 16)
    if "A" in image.getbands():
        values[np.asarray(image.getchannel("A")) == 0] = 0
    return values


def _patch(mask: NDArray[np.bool_]) -> Patch:
    return trimmed(Patch(0, 0, mask))
