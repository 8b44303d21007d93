"""Pascal VOC 2012's segmentation, as published: a class for each pixel.

``ImageSets/Segmentation/val.txt`` lists names; ``JPEGImages/NAME.jpg``;
``SegmentationClass/NAME.png`` with 0 background, 1 to 20 as `segcore.class_sets.VOC_NAMES`
and 255 void (Everingham and Winn, VOC2012 Development Kit, section 5).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from segcore.datasets.samples import DatasetError, Sample

LISTS = Path("ImageSets") / "Segmentation"


def recognises(root: Path) -> bool:
    """Say whether the folder has this layout."""
    return (root / LISTS).is_dir()


def read(root: Path, split: str) -> list[Sample]:
    """Return the samples of ``split``, "train" or "val"; their masks hold VOC's classes."""
    path = root / LISTS / f"{split}.txt"
    if not path.is_file():
        raise DatasetError(f"{path} is missing; the data set has no such split.")
    return [
        Sample(
            name,
            root / "JPEGImages" / f"{name}.jpg",
            partial(read_classes, root / "SegmentationClass" / f"{name}.png"),
        )
        for name in path.read_text("utf-8").split()
    ]


def read_classes(path: Path) -> np.ndarray:
    """Return the (height, width) uint8 classes."""
    with Image.open(path) as classes:
        return np.array(classes)
