"""Masks, overlays and cut-outs as PNG files, one or many in a ZIP."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import PurePath, PureWindowsPath

import numpy as np

from segcore import images, render
from segcore.labels import Segmentation

FORMATS = ("mask", "overlay", "cutout")


def encode(
    kind: str,
    picture: np.ndarray,
    result: Segmentation,
    threshold: float = 0.5,
    colour: render.Colour = render.TEAL,
    opacity: float = 0.5,
) -> bytes:
    """Return a PNG file at the picture's own size.

    Parameters
    ----------
    kind : {"mask", "overlay", "cutout"}
        The mask with 0 and 255; the picture with the mask in `colour` over it; the
        foreground with everything else transparent.
    picture : (height, width, 3) uint8
    result : Segmentation
        Of that picture.
    threshold : float
        Probability from which a pixel is foreground, 0 to 1.
    """
    if kind not in FORMATS:
        raise ValueError(f"There is no format {kind!r}; accepted are {', '.join(FORMATS)}.")
    mask = result.mask(threshold)
    if kind == "overlay":
        return images.encode_png(render.overlay(picture, mask, colour, opacity))
    if kind == "cutout":
        return images.encode_png(render.cutout(picture, mask))
    return images.encode_png(mask)


def file_name(picture_name: str, kind: str) -> str:
    """Return the name of the exported file, without folders and characters that no disk takes.

    Examples
    --------
    >>> file_name("my cat.jpeg", "mask")
    'my cat_mask.png'
    >>> file_name("../what?.png", "mask")
    'what__mask.png'
    """
    return f"{stem(picture_name)}_{kind}.png"


def stem(picture_name: str) -> str:
    """Return a picture's name without suffix, folders and characters that no disk takes."""
    return re.sub(r'[\x00-\x1f<>:"|?*]', "_", PureWindowsPath(picture_name).stem)


def unique_names(names: Iterable[str]) -> Iterator[str]:
    """Yield file names, a number added where the name up to its suffix came before.

    Examples
    --------
    >>> list(unique_names(["a.png", "b.png", "A.jpg"]))
    ['a.png', 'b.png', 'A (2).jpg']
    """
    seen: set[str] = set()
    for name in names:
        path, number = PurePath(name), 1
        unique = path.stem
        while unique.casefold() in seen:
            number += 1
            unique = f"{path.stem} ({number})"
        seen.add(unique.casefold())
        yield f"{unique}{path.suffix}"


def zip_files(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a ZIP of (name, content) pairs, stored as they are, with a fixed date."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return stream.getvalue()
