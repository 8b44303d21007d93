"""Cell nuclei of the Data Science Bowl 2018: ``images/*.png``, ``labels/*.png``, ``SPLIT.txt``.

The labels are 16-bit numbers of the nuclei, 0 for the background.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from segcore.datasets.samples import DatasetError
from segcore.datasets.targets import SOURCES, Targets, TargetSample

SPLITS = ("train", "test")


def recognises(root: Path) -> bool:
    """Say whether the folder has this layout."""
    return (root / "labels").is_dir() and (root / "train.txt").is_file()


def read(root: Path, split: str) -> list[TargetSample]:
    """Return the samples of ``split``, "train" or "test".

    Raises
    ------
    DatasetError
        If the list of the part is missing.
    """
    path = root / f"{split}.txt"
    if split not in SPLITS or not path.is_file():
        raise DatasetError(f"{root} has no {split}.txt that lists its pictures.")
    return [
        TargetSample(
            name,
            root / "images" / f"{name}.png",
            partial(_read, root / "labels" / f"{name}.png"),
            SOURCES["nuclei"],
        )
        for name in path.read_text("utf-8").split()
    ]


def _read(path: Path) -> Targets:
    with Image.open(path) as opened:
        ids = np.asarray(opened).astype(np.int32)
    ground = int(ids.max()) + 1
    ids[ids == 0] = ground
    nuclei = frozenset(int(i) for i in np.unique(ids) if i != ground)
    return Targets(ids, dict.fromkeys(nuclei, 1.0), nuclei)
