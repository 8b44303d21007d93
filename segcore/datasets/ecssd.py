"""Pictures with one salient object each, in the layout of ECSSD.

``images/NAME.jpg`` and ``masks/NAME.png``: 0 background, 128 void, above it the object (Shi et
al., "Hierarchical Image Saliency Detection on Extended CSSD", TPAMI 2016; GrabCut's pictures
and masks, Rother et al. 2004, come the same way).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from segcore import images
from segcore.datasets.samples import VOID, DatasetError, Sample

GREY = 128
ALSO_IN_GRABCUT = frozenset(("0108",))  # the same photograph, there kept for evaluation


def recognises(root: Path) -> bool:
    """Say whether the folder has this layout."""
    return (root / "images").is_dir() and (root / "masks").is_dir()


def read(root: Path, split: str = "test") -> list[Sample]:
    """Return the samples; there is one part only.

    Parameters
    ----------
    root : Path
    split : {"train", "test"}
        "train" leaves out what is a picture of GrabCut's, too.

    Raises
    ------
    DatasetError
        If there are no pictures.
    """
    pictures = images.list_folder(root / "images") if recognises(root) else []
    if not pictures:
        raise DatasetError(f"{root} has no pictures in images/ with masks in masks/.")
    return [
        Sample(path.stem, path, partial(read_mask, root / "masks" / f"{path.stem}.png"))
        for path in pictures
        if split != "train" or path.stem not in ALSO_IN_GRABCUT
    ]


def read_mask(path: Path) -> np.ndarray:
    """Return a mask, (height, width) uint8: 0, 1 or `VOID`."""
    with Image.open(path) as opened:
        grey = np.asarray(opened.convert("L"))
    return np.where(grey == GREY, VOID, grey > GREY).astype(np.uint8)
