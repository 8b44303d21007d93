"""The Oxford-IIIT Pet data set (Parkhi et al., "Cats and Dogs", CVPR 2012), as published.

``images/NAME.jpg``; ``annotations/trimaps/NAME.png`` with 1 pet, 2 background, 3 border;
``annotations/{trainval,test}.txt`` with a line ``NAME CLASS-ID SPECIES BREED-ID`` each.
The binary task counts the border as pet, as is usual.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from segcore.datasets.samples import DatasetError, Sample

BACKGROUND = 2
LISTS = {"train": "trainval.txt", "test": "test.txt"}


def recognises(root: Path) -> bool:
    """Say whether the folder has this layout."""
    return (root / "annotations" / "trainval.txt").is_file()


def read(root: Path, split: str) -> list[Sample]:
    """Return the samples of ``split``, "train" (the published trainval) or "test".

    Pictures that are listed but absent are returned too; loading them says so.
    """
    if split not in LISTS:
        raise DatasetError(f"There is no split {split!r}; accepted are train and test.")
    path = root / "annotations" / LISTS[split]
    if not path.is_file():
        raise DatasetError(f"{path} is missing; the data set is not complete.")
    lines = (line.split() for line in path.read_text("utf-8").splitlines())
    names = [words[0] for words in lines if words and not words[0].startswith("#")]
    return [
        Sample(
            name,
            root / "images" / f"{name}.jpg",
            partial(read_trimap, root / "annotations" / "trimaps" / f"{name}.png"),
        )
        for name in names
    ]


def read_trimap(path: Path) -> np.ndarray:
    """Return the (height, width) uint8 mask, 1 on the pet and its border."""
    with Image.open(path) as trimap:
        return (np.asarray(trimap) != BACKGROUND).astype(np.uint8)
